alter table order_lines add column tax_rate_basis_points integer;
update order_lines set tax_rate_basis_points = (taxes -> 0 ->> 'rateBasisPoints')::integer;
alter table order_lines
  alter column tax_rate_basis_points set not null,
  drop column second_variant_id, drop column second_name, drop column components, drop column discount_cents, drop column taxes;
comment on column order_lines.modifiers is '[{"modifierId", "name", "quantity", "unitPriceCents"}], of each unit';
alter table orders
  drop constraint orders_channel_check,
  add constraint orders_channel_check check (channel in ('web')),
  drop column adjustments, drop column requested_at, drop column age_confirmed;
