alter table stores
  add column delivery_radius_metres integer not null default 3000 check (delivery_radius_metres > 0),
  add column delivery_fee_cents bigint not null default 0 check (delivery_fee_cents >= 0),
  add column free_delivery_from_cents bigint check (free_delivery_from_cents > 0);
update stores s set
  delivery_radius_metres = coalesce(z.radius_metres, 3000),
  delivery_fee_cents = (z.tiers -> 0 ->> 'feeCents')::bigint,
  free_delivery_from_cents = (select (tier ->> 'fromCents')::bigint from jsonb_array_elements(z.tiers) tier
    where tier ->> 'feeCents' = '0' and tier ->> 'fromCents' <> '0' limit 1)
from delivery_zones z where z.store_id = s.id and z.position = 0;
alter table stores alter column delivery_radius_metres drop default, alter column delivery_fee_cents drop default;
comment on column stores.free_delivery_from_cents is 'From this amount of items on, delivery is free; null: never';
drop table delivery_zones;
