drop table snoozes;
alter table tax_rates drop column version;
drop table price_overrides;
drop table combo_slot_variants;
drop table combo_slots;
drop table portion_policies;
alter table modifiers
  drop column kind, drop column maximum, drop column is_default, drop column removes_ingredient_id;
alter table modifier_groups drop column free_quantity, drop column archived_at, drop column version;
alter table products
  drop constraint products_kind_check,
  add constraint products_kind_check check (kind in ('pizza', 'side', 'drink', 'dessert')),
  drop column diets, drop column image_urls, drop column halves_allowed, drop column version;
alter table categories drop column windows, drop column archived_at, drop column version;
