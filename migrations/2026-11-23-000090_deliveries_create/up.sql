create table deliveries (
  id uuid primary key,
  order_id uuid not null constraint deliveries_order_key unique references orders,
  store_id uuid not null references stores,
  driver_id uuid references users,
  state text not null
    constraint deliveries_state_check check (state in ('pending', 'assigned', 'picked_up', 'en_route', 'delivered',
      'failed', 'cancelled')),
  opened_at timestamptz not null,
  claimed_at timestamptz,
  picked_up_at timestamptz,
  departed_at timestamptz,
  closed_at timestamptz,
  failure_reason text,
  version integer not null default 1,
  constraint deliveries_driver_check check (state in ('pending', 'cancelled') or driver_id is not null)
);
create index deliveries_open_idx on deliveries (store_id, opened_at)
  where state in ('pending', 'assigned', 'picked_up', 'en_route', 'failed');
create index deliveries_store_idx on deliveries (store_id, opened_at desc);
comment on table deliveries is 'The way of one order to its door. Owned by deliveries.';
