alter table carts
  add column channel text not null default 'web'
    constraint carts_channel_check check (channel in ('web', 'app', 'phone', 'counter', 'partner')),
  add column address jsonb,
  add column requested_at timestamptz,
  add column coupons text[] not null default '{}',
  add column tip_cents bigint not null default 0 check (tip_cents between 0 and 100000),
  add column note text,
  add column age_confirmed boolean not null default false;
create index carts_customer_id_idx on carts (customer_id) where customer_id is not null and order_id is null;
comment on column carts.requested_at is 'When the customer wants it; null: as soon as possible';
comment on column carts.coupons is 'Codes in capitals, in the order they were entered';

alter table cart_lines
  add column second_variant_id uuid references variants,
  add column components jsonb not null default '[]',
  add column seen_cents bigint;
comment on column cart_lines.modifiers is '[{"modifierId": …, "quantity": …, "portion": "whole"}], of each unit';
comment on column cart_lines.second_variant_id is 'The other half, when the unit is of two halves';
comment on column cart_lines.components is 'What fills the slots of a combo: [{"slotId", "variantId", "secondVariantId", "modifiers"}]';
comment on column cart_lines.seen_cents is 'The price of one unit when the customer last agreed to it; null: not yet asked';
