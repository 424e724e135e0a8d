alter table categories
  add column windows jsonb not null default '[]',
  add column archived_at timestamptz,
  add column version integer not null default 1;
comment on column categories.windows is 'When it is sold: [{"weekdays": ["monday"], "opens": "11:30", "closes": "15:00"}]; empty: always';

alter table products
  drop constraint products_kind_check,
  add constraint products_kind_check check (kind in ('pizza', 'side', 'drink', 'dessert', 'combo')),
  add column diets text[] not null default '{}'
    constraint products_diets_check check (diets <@ array['vegetarian', 'vegan', 'halal', 'kosher', 'gluten_free', 'lactose_free']),
  add column image_urls text[] not null default '{}',
  add column halves_allowed boolean not null default true,
  add column version integer not null default 1;
comment on column products.halves_allowed is 'Whether it may be one half of a pizza of two; asked only where a portion policy exists for its kind';

alter table modifier_groups
  add column free_quantity integer not null default 0,
  add column archived_at timestamptz,
  add column version integer not null default 1,
  add constraint modifier_groups_free_check check (free_quantity between 0 and maximum);
comment on column modifier_groups.free_quantity is 'So many of the chosen modifiers cost nothing: the dearest ones';

alter table modifiers
  add column kind text not null default 'extra'
    constraint modifiers_kind_check check (kind in ('extra', 'choice', 'remove')),
  add column maximum integer not null default 10 check (maximum between 1 and 10),
  add column is_default boolean not null default false,
  add column removes_ingredient_id uuid references ingredients,
  add constraint modifiers_removes_check check ((kind = 'remove') = (removes_ingredient_id is not null));
comment on column modifiers.maximum is 'How many of it one unit of a product may have';
comment on column modifiers.is_default is 'Chosen for a customer who chooses nothing in its group';
comment on column modifiers.removes_ingredient_id is 'What a modifier of kind remove leaves out of the recipe';

create table portion_policies (
  product_kind text primary key
    constraint portion_policies_product_kind_check check (product_kind in ('pizza', 'side', 'drink', 'dessert', 'combo')),
  price_rule text not null
    constraint portion_policies_price_rule_check check (price_rule in ('max', 'average')),
  extras_percent integer not null check (extras_percent in (50, 100)),
  version integer not null default 1
);
comment on table portion_policies is 'How two halves of one unit are priced; a kind without a row has no halves. Owned by products.';
comment on column portion_policies.extras_percent is 'What an extra on one half costs, of its price on the whole';

create table combo_slots (
  id uuid primary key,
  product_id uuid not null references products,
  name jsonb not null,
  minimum integer not null check (minimum >= 0),
  maximum integer not null,
  position integer not null,
  constraint combo_slots_bounds_check check (maximum between greatest(minimum, 1) and 10)
);
create index combo_slots_product_id_idx on combo_slots (product_id);
comment on table combo_slots is 'A choice inside a combo: how many components at least and at most. Owned by products.';

create table combo_slot_variants (
  slot_id uuid not null references combo_slots on delete cascade,
  variant_id uuid not null references variants,
  surcharge_cents bigint not null check (surcharge_cents >= 0),
  primary key (slot_id, variant_id)
);
comment on table combo_slot_variants is 'What can fill a slot, and what it costs on top of the combo. Owned by products.';

create table price_overrides (
  id uuid primary key,
  store_id uuid references stores,
  service_type text
    constraint price_overrides_service_type_check check (service_type in ('delivery', 'collection')),
  channel text
    constraint price_overrides_channel_check check (channel in ('web', 'app', 'phone', 'counter', 'partner')),
  variant_id uuid references variants,
  modifier_id uuid,
  size_code text
    constraint price_overrides_size_code_check check (size_code in ('small', 'medium', 'large', 'regular')),
  price_cents bigint not null check (price_cents >= 0),
  valid_from date,
  valid_until date,
  archived_at timestamptz,
  version integer not null default 1,
  constraint price_overrides_target_check
    check (num_nonnulls(variant_id, modifier_id) = 1 and (modifier_id is null) = (size_code is null)),
  constraint price_overrides_days_check check (valid_until >= valid_from),
  foreign key (modifier_id, size_code) references modifier_sizes
);
comment on table price_overrides is 'Another price for some store, service, channel or days; the most particular one counts. Owned by products.';
comment on column price_overrides.valid_from is 'First day, local to the store; null: since ever';
comment on column price_overrides.valid_until is 'Last day, inclusive; null: for ever';

alter table tax_rates add column version integer not null default 1;

create table snoozes (
  id uuid primary key,
  store_id uuid not null references stores,
  ingredient_id uuid references ingredients,
  variant_id uuid references variants,
  modifier_id uuid references modifiers,
  until timestamptz,
  reason text,
  created_by uuid references users,
  created_at timestamptz not null,
  constraint snoozes_target_check check (num_nonnulls(ingredient_id, variant_id, modifier_id) = 1)
);
create unique index snoozes_target_key on snoozes (store_id, coalesce(ingredient_id, variant_id, modifier_id));
comment on table snoozes is 'What a store cannot sell for a while, whatever the stock says. Owned by menu.';
comment on column snoozes.until is 'When it comes back by itself; null: when somebody says so';
