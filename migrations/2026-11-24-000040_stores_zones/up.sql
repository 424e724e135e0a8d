create table delivery_zones (
  id uuid primary key,
  store_id uuid not null references stores,
  name text not null,
  radius_metres integer check (radius_metres > 0),
  polygon jsonb,
  postcodes text[] not null default '{}',
  minimum_cents bigint not null default 0 check (minimum_cents >= 0),
  tiers jsonb not null,
  extra_minutes integer not null default 0 check (extra_minutes between 0 and 240),
  position integer not null default 0,
  archived_at timestamptz,
  version integer not null default 1,
  constraint delivery_zones_shape_check check (num_nonnulls(radius_metres, polygon) = 1)
);
create index delivery_zones_store_id_idx on delivery_zones (store_id);
comment on table delivery_zones is 'Where a store delivers, from which amount on, and at what fee. Owned by stores.';
comment on column delivery_zones.radius_metres is 'Around the store; a zone has a radius or a polygon';
comment on column delivery_zones.polygon is '[[longitude, latitude], …] in WGS 84 degrees, as in GeoJSON, open or closed';
comment on column delivery_zones.postcodes is 'Also served, for addresses without coordinates';
comment on column delivery_zones.tiers is '[{"fromCents": 0, "feeCents": 250}, {"fromCents": 3000, "feeCents": 0}], ascending, the first from 0';
comment on column delivery_zones.position is 'The first zone that holds the address counts';

insert into delivery_zones (id, store_id, name, radius_metres, tiers)
select gen_random_uuid(), id, 'Zone 1', delivery_radius_metres,
  jsonb_build_array(jsonb_build_object('fromCents', 0, 'feeCents', delivery_fee_cents))
  || case when free_delivery_from_cents is null then '[]'::jsonb
     else jsonb_build_array(jsonb_build_object('fromCents', free_delivery_from_cents, 'feeCents', 0)) end
from stores;

-- Nothing is released yet, so the contraction need not wait for a release of its own.
alter table stores drop column delivery_radius_metres, drop column delivery_fee_cents, drop column free_delivery_from_cents;
