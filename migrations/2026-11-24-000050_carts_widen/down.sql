alter table cart_lines drop column second_variant_id, drop column components, drop column seen_cents;
comment on column cart_lines.modifiers is '[{"modifierId": …, "quantity": …}], of each unit';
drop index carts_customer_id_idx;
alter table carts
  drop column channel, drop column address, drop column requested_at, drop column coupons, drop column tip_cents,
  drop column note, drop column age_confirmed;
