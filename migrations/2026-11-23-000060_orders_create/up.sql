create table order_counters (
  store_id uuid not null references stores on delete cascade,
  business_date date not null,
  last_number integer not null,
  primary key (store_id, business_date)
);
comment on table order_counters is 'The last order number given in a business day of a store. Owned by orders.';

create table orders (
  id uuid primary key,
  store_id uuid not null references stores,
  number text not null,
  business_date date not null,
  channel text not null
    constraint orders_channel_check check (channel in ('web')),
  service_type text not null
    constraint orders_service_type_check check (service_type in ('delivery', 'collection')),
  status text not null
    constraint orders_status_check check (status in ('pending_payment', 'placed', 'accepted', 'in_preparation', 'ready',
      'out_for_delivery', 'delivered', 'collected', 'delivery_failed', 'cancelled', 'rejected', 'expired')),
  customer_id uuid references users on delete set null,
  contact jsonb not null,
  address jsonb,
  note text,
  language text not null
    constraint orders_language_check check (language in ('fr', 'en')),
  items_cents bigint not null check (items_cents >= 0),
  delivery_fee_cents bigint not null check (delivery_fee_cents >= 0),
  discount_cents bigint not null check (discount_cents >= 0),
  tip_cents bigint not null check (tip_cents >= 0),
  tax_cents bigint not null check (tax_cents >= 0),
  total_cents bigint not null check (total_cents >= 0),
  taxes jsonb not null,
  tracking_token text not null constraint orders_tracking_token_key unique,
  placed_at timestamptz not null,
  promised_at timestamptz not null,
  closed_at timestamptz,
  reason text,
  version integer not null default 1,
  constraint orders_total_check check (total_cents = items_cents + delivery_fee_cents - discount_cents + tip_cents),
  constraint orders_number_key unique (store_id, business_date, number),
  constraint orders_address_check check ((service_type = 'delivery') = (address is not null)),
  constraint orders_closed_check
    check ((status in ('delivered', 'collected', 'cancelled', 'rejected', 'expired')) = (closed_at is not null))
);
create index orders_customer_id_idx on orders (customer_id, placed_at desc) where customer_id is not null;
create index orders_open_idx on orders (store_id, placed_at) where closed_at is null;
create index orders_store_id_idx on orders (store_id, placed_at desc);
comment on table orders is 'A sale, from the click to the door. Owned by orders; status is written by orders::transition alone.';
comment on column orders.number is 'What people say aloud: store code and number of the business day, PAR-42';
comment on column orders.contact is 'Snapshot: {"name": …, "phone": …, "email": …}';
comment on column orders.address is 'Snapshot of where to deliver; null for collection';
comment on column orders.taxes is '[{"rateBasisPoints": …, "baseCents": …, "taxCents": …}]';
comment on column orders.tracking_token is 'The secret of the tracking page: whoever has it may follow and cancel';
comment on column orders.closed_at is 'When it came to a terminal status';
comment on column orders.reason is 'Why it was cancelled, rejected or failed';

create table order_lines (
  id uuid primary key,
  order_id uuid not null references orders,
  position integer not null,
  product_id uuid not null references products,
  variant_id uuid not null references variants,
  name jsonb not null,
  variant_name jsonb not null,
  quantity integer not null check (quantity > 0),
  unit_price_cents bigint not null check (unit_price_cents >= 0),
  modifiers jsonb not null,
  tax_rate_basis_points integer not null,
  total_cents bigint not null check (total_cents >= 0),
  note text,
  constraint order_lines_position_key unique (order_id, position)
);
comment on table order_lines is 'What was sold, as it was named and priced then; never updated. Owned by orders.';
comment on column order_lines.unit_price_cents is 'Of one unit without its modifiers, VAT included';
comment on column order_lines.modifiers is '[{"modifierId", "name", "quantity", "unitPriceCents"}], of each unit';

alter table carts add constraint carts_order_id_fkey foreign key (order_id) references orders;

create table payments (
  id uuid primary key,
  order_id uuid not null references orders,
  method text not null
    constraint payments_method_check check (method in ('cash', 'card_terminal')),
  status text not null
    constraint payments_status_check check (status in ('due', 'collected', 'cancelled')),
  amount_cents bigint not null check (amount_cents >= 0),
  tendered_cents bigint check (tendered_cents >= amount_cents),
  collected_at timestamptz,
  collected_by uuid references users,
  created_at timestamptz not null default now(),
  constraint payments_collected_check check ((status = 'collected') = (collected_at is not null))
);
create unique index payments_order_open_key on payments (order_id) where status <> 'cancelled';
comment on table payments is 'What is due at hand-over and what was taken. Owned by payments.';
comment on column payments.tendered_cents is 'What the customer handed over in cash: the change is the rest';
