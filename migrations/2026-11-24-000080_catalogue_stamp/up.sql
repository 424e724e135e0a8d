create table catalogue_stamp (
  singleton boolean primary key default true check (singleton),
  stamp uuid not null
);
comment on table catalogue_stamp is 'Another value after every change of what is sold and at what price; written by triggers. Owned by catalogue.';

-- A random value, not a counter: one that was seen inside a transaction that rolled back never comes again.
create function stamp_catalogue() returns trigger language plpgsql as $$
begin
  insert into catalogue_stamp (stamp) values (gen_random_uuid()) on conflict (singleton) do update set stamp = excluded.stamp;
  perform pg_notify('ocpizza_catalogue', '');
  return null;
end $$;

do $$
declare
  name text;
begin
  foreach name in array array['categories', 'products', 'variants', 'modifier_groups', 'modifiers', 'modifier_sizes',
    'product_modifier_groups', 'portion_policies', 'combo_slots', 'combo_slot_variants', 'price_overrides', 'tax_rates',
    'ingredients', 'recipes', 'variant_ingredients', 'modifier_ingredients', 'delivery_zones']
  loop
    execute format('create trigger %I after insert or update or delete on %I for each statement execute function stamp_catalogue()',
      name || '_stamp', name);
  end loop;
end $$;
-- Placing an order counts the uses of a promotion: that is no change of the catalogue.
create trigger promotions_stamp after insert or delete or update of version on promotions
  for each statement execute function stamp_catalogue();
insert into catalogue_stamp (stamp) values (gen_random_uuid());
