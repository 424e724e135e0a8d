alter table orders
  drop constraint orders_channel_check,
  add constraint orders_channel_check check (channel in ('web', 'app', 'phone', 'counter', 'partner')),
  add column adjustments jsonb not null default '[]',
  add column requested_at timestamptz,
  add column age_confirmed boolean not null default false;
comment on column orders.adjustments is 'What made discount_cents: [{"promotionId", "couponCode", "name", "amountCents"}]';
comment on column orders.requested_at is 'When the customer wants it; null: as soon as possible';
comment on column orders.age_confirmed is 'The customer has declared to be of age: there is alcohol in it';

alter table order_lines
  add column second_variant_id uuid references variants,
  add column second_name jsonb,
  add column components jsonb not null default '[]',
  add column discount_cents bigint not null default 0 check (discount_cents between 0 and total_cents),
  add column taxes jsonb not null default '[]';
update order_lines
set taxes = jsonb_build_array(jsonb_build_object('rateBasisPoints', tax_rate_basis_points, 'grossCents', total_cents));
alter table order_lines drop column tax_rate_basis_points;
update order_lines
set modifiers = (select jsonb_agg('{"kind": "extra", "portion": "whole", "freeQuantity": 0}' || sold order by position)
  from jsonb_array_elements(modifiers) with ordinality as m(sold, position))
where modifiers <> '[]';
comment on column order_lines.modifiers is '[{"modifierId", "kind", "name", "quantity", "portion", "freeQuantity", "unitPriceCents"}], of each unit';
comment on column order_lines.second_variant_id is 'The other half, when the unit is of two halves';
comment on column order_lines.components is 'What fills a combo: [{"slotId", "variantId", "name", "variantName", "modifiers", …}], of each unit';
comment on column order_lines.discount_cents is 'This line''s share of the discounts; total_cents is before it';
comment on column order_lines.taxes is '[{"rateBasisPoints", "grossCents"}] of the line after its discount; a combo has several rates';
