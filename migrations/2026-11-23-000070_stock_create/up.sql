create table stock_levels (
  store_id uuid not null references stores,
  ingredient_id uuid not null references ingredients,
  on_hand_milli bigint not null,
  reserved_milli bigint not null default 0
    constraint stock_levels_reserved_check check (reserved_milli >= 0),
  safety_milli bigint not null default 0 check (safety_milli >= 0),
  updated_at timestamptz not null default now(),
  primary key (store_id, ingredient_id)
) with (fillfactor = 70);
comment on table stock_levels is 'How much of an ingredient a store has; available is on hand - reserved - safety. Owned by stock::ledger.';
comment on column stock_levels.on_hand_milli is 'Thousandths of the ingredient''s unit; equals the sum of the movements';
comment on column stock_levels.reserved_milli is 'Equals the sum of the held reservations';
comment on column stock_levels.safety_milli is 'Kept back: never promised to a customer';

create table stock_reservations (
  order_line_id uuid not null references order_lines,
  ingredient_id uuid not null references ingredients,
  store_id uuid not null references stores,
  quantity_milli bigint not null check (quantity_milli > 0),
  state text not null
    constraint stock_reservations_state_check check (state in ('held', 'consumed', 'released')),
  primary key (order_line_id, ingredient_id)
);
create index stock_reservations_held_idx on stock_reservations (store_id, ingredient_id) where state = 'held';
comment on table stock_reservations is 'What an order line takes or would take from stock. Owned by stock::ledger.';

create table stock_movements (
  id uuid primary key,
  store_id uuid not null references stores,
  ingredient_id uuid not null references ingredients,
  kind text not null
    constraint stock_movements_kind_check check (kind in ('count', 'consumption')),
  quantity_milli bigint not null check (quantity_milli <> 0),
  order_line_id uuid references order_lines,
  actor_id uuid references users,
  moved_at timestamptz not null default now()
);
create unique index stock_movements_line_key on stock_movements (order_line_id, ingredient_id, kind)
  where order_line_id is not null;
create index stock_movements_store_idx on stock_movements (store_id, id desc);
comment on table stock_movements is 'Every change of stock on hand; append-only. Owned by stock::ledger.';
comment on column stock_movements.quantity_milli is 'Signed: consumption is negative';
