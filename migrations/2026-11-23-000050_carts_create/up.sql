create table carts (
  id uuid primary key,
  token_hash bytea not null,
  store_id uuid not null references stores,
  service_type text not null
    constraint carts_service_type_check check (service_type in ('delivery', 'collection')),
  customer_id uuid references users on delete set null,
  order_id uuid,
  version integer not null default 1,
  created_at timestamptz not null default now(),
  expires_at timestamptz not null
);
create index carts_expires_at_idx on carts (expires_at);
comment on table carts is 'What a customer is about to order. Owned by carts.';
comment on column carts.token_hash is 'SHA-256 of the secret that lets an anonymous customer come back';
comment on column carts.order_id is 'The order it became; null while it is open';

create table cart_lines (
  id uuid primary key,
  cart_id uuid not null references carts on delete cascade,
  position integer not null,
  variant_id uuid not null references variants,
  quantity integer not null check (quantity between 1 and 50),
  modifiers jsonb not null,
  note text
);
create index cart_lines_cart_id_idx on cart_lines (cart_id);
comment on table cart_lines is 'A variant with its modifiers, so many times. Owned by carts.';
comment on column cart_lines.modifiers is '[{"modifierId": …, "quantity": …}], of each unit';
