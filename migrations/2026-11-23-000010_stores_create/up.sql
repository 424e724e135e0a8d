create table stores (
  id uuid primary key,
  slug text not null constraint stores_slug_key unique,
  code text not null constraint stores_code_key unique
    constraint stores_code_check check (code ~ '^[A-Z]{3}$'),
  name text not null,
  line1 text not null,
  postcode text not null,
  city text not null,
  latitude double precision not null check (latitude between -90 and 90),
  longitude double precision not null check (longitude between -180 and 180),
  phone text not null,
  email text not null,
  time_zone text not null,
  business_day_cutoff time not null,
  service_types text[] not null
    constraint stores_service_types_check check (service_types <@ array['delivery', 'collection']),
  delivery_radius_metres integer not null check (delivery_radius_metres > 0),
  delivery_fee_cents bigint not null check (delivery_fee_cents >= 0),
  free_delivery_from_cents bigint check (free_delivery_from_cents > 0),
  preparation_minutes integer not null check (preparation_minutes > 0),
  delivery_minutes integer not null check (delivery_minutes > 0),
  acceptance_deadline_minutes integer not null check (acceptance_deadline_minutes > 0),
  updated_at timestamptz not null default now()
);
comment on table stores is 'A point of sale. Owned by stores.';
comment on column stores.code is 'Three capitals that open every order number of the store';
comment on column stores.time_zone is 'IANA zone: opening hours and the business day are local to it';
comment on column stores.business_day_cutoff is 'Local time at which a new business day (and order numbering) begins';
comment on column stores.free_delivery_from_cents is 'From this amount of items on, delivery is free; null: never';
comment on column stores.acceptance_deadline_minutes is 'An order that nobody accepted by then is rejected by a job';

create table store_hours (
  store_id uuid not null references stores on delete cascade,
  service_type text not null
    constraint store_hours_service_type_check check (service_type in ('delivery', 'collection')),
  weekday smallint not null check (weekday between 1 and 7),
  opens_minute smallint not null check (opens_minute between 0 and 1439),
  closes_minute smallint not null check (closes_minute > opens_minute and closes_minute <= opens_minute + 1440),
  primary key (store_id, service_type, weekday, opens_minute)
);
comment on table store_hours is 'Weekly opening hours by service. Owned by stores.';
comment on column store_hours.weekday is 'ISO: 1 is Monday';
comment on column store_hours.opens_minute is 'Minutes after local midnight';
comment on column store_hours.closes_minute is 'Minutes after the midnight of the opening day: above 1440 the service goes on past midnight';
