create table kitchen_tickets (
  id uuid primary key,
  order_id uuid not null constraint kitchen_tickets_order_key unique references orders,
  store_id uuid not null references stores,
  state text not null
    constraint kitchen_tickets_state_check check (state in ('queued', 'in_progress', 'done', 'voided')),
  opened_at timestamptz not null,
  due_at timestamptz not null,
  started_at timestamptz,
  started_by uuid references users,
  done_at timestamptz,
  version integer not null default 1
);
create index kitchen_tickets_open_idx on kitchen_tickets (store_id, due_at) where state in ('queued', 'in_progress');
create index kitchen_tickets_store_idx on kitchen_tickets (store_id, opened_at desc);
comment on table kitchen_tickets is 'What the kitchen has to make for one order. Owned by kitchen.';
comment on column kitchen_tickets.due_at is 'When it must leave the kitchen';

create table kitchen_items (
  id uuid primary key,
  ticket_id uuid not null references kitchen_tickets,
  order_line_id uuid not null references order_lines,
  unit_index integer not null,
  state text not null
    constraint kitchen_items_state_check check (state in ('queued', 'in_progress', 'done', 'voided')),
  constraint kitchen_items_unit_key unique (ticket_id, order_line_id, unit_index)
);
comment on table kitchen_items is 'One unit to make: two Reines are two items. Owned by kitchen.';
