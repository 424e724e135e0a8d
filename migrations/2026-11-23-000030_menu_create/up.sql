create table tax_rates (
  category text not null
    constraint tax_rates_category_check check (category in ('prepared_food', 'closed_container', 'alcohol')),
  service_type text not null
    constraint tax_rates_service_type_check check (service_type in ('any', 'delivery', 'collection')),
  rate_basis_points integer not null check (rate_basis_points between 0 and 10000),
  valid_from date not null,
  primary key (category, service_type, valid_from)
);
comment on table tax_rates is 'VAT by category, service and date, in basis points: 1000 is 10 %. Owned by products.';
comment on column tax_rates.service_type is 'any: every service that has no rate of its own';

create table categories (
  id uuid primary key,
  slug text not null constraint categories_slug_key unique,
  name jsonb not null,
  position integer not null
);
comment on table categories is 'The headings of the menu. Owned by products.';
comment on column categories.name is 'By language: {"fr": …, "en": …}';

create table products (
  id uuid primary key,
  slug text not null constraint products_slug_key unique,
  category_id uuid not null references categories,
  kind text not null
    constraint products_kind_check check (kind in ('pizza', 'side', 'drink', 'dessert')),
  name jsonb not null,
  description jsonb not null,
  tax_category text not null
    constraint products_tax_category_check check (tax_category in ('prepared_food', 'closed_container', 'alcohol')),
  position integer not null,
  archived_at timestamptz
);
comment on table products is 'What the chain sells, in every store. Owned by products.';

create table variants (
  id uuid primary key,
  product_id uuid not null references products,
  size_code text not null
    constraint variants_size_code_check check (size_code in ('small', 'medium', 'large', 'regular')),
  name jsonb not null,
  price_cents bigint not null check (price_cents >= 0),
  position integer not null,
  archived_at timestamptz,
  constraint variants_product_size_key unique (product_id, size_code)
);
comment on table variants is 'A product in one size, with its price. Owned by products.';
comment on column variants.price_cents is 'VAT included';

create table modifier_groups (
  id uuid primary key,
  slug text not null constraint modifier_groups_slug_key unique,
  name jsonb not null,
  minimum integer not null check (minimum >= 0),
  maximum integer not null,
  constraint modifier_groups_bounds_check check (maximum >= minimum and maximum > 0)
);
comment on table modifier_groups is 'A choice offered on products: how many modifiers at least and at most. Owned by products.';

create table modifiers (
  id uuid primary key,
  group_id uuid not null references modifier_groups,
  slug text not null constraint modifiers_slug_key unique,
  name jsonb not null,
  position integer not null,
  archived_at timestamptz
);
comment on table modifiers is 'One option of a group. Owned by products.';

create table modifier_sizes (
  modifier_id uuid not null references modifiers,
  size_code text not null
    constraint modifier_sizes_size_code_check check (size_code in ('small', 'medium', 'large', 'regular')),
  price_cents bigint not null check (price_cents >= 0),
  primary key (modifier_id, size_code)
);
comment on table modifier_sizes is 'The price of a modifier by size; a size that is missing cannot take it. Owned by products.';

create table product_modifier_groups (
  product_id uuid not null references products,
  group_id uuid not null references modifier_groups,
  position integer not null,
  primary key (product_id, group_id)
);
comment on table product_modifier_groups is 'Which groups a product offers. Owned by products.';
