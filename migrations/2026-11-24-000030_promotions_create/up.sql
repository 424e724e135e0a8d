create table promotions (
  id uuid primary key,
  name jsonb not null,
  kind text not null
    constraint promotions_kind_check check (kind in ('percent', 'amount', 'buy_x_get_y', 'free_delivery')),
  percent_basis_points integer check (percent_basis_points between 1 and 10000),
  amount_cents bigint check (amount_cents > 0),
  buy_quantity integer check (buy_quantity between 1 and 50),
  get_quantity integer check (get_quantity between 1 and 50),
  conditions jsonb not null default '{}',
  valid_from timestamptz,
  valid_until timestamptz,
  needs_coupon boolean not null,
  stackable boolean not null,
  maximum_uses integer check (maximum_uses > 0),
  maximum_uses_per_customer integer check (maximum_uses_per_customer > 0),
  uses integer not null default 0,
  archived_at timestamptz,
  version integer not null default 1,
  constraint promotions_uses_check check (uses >= 0 and uses <= maximum_uses),
  constraint promotions_days_check check (valid_until > valid_from),
  constraint promotions_effect_check check (
    (kind = 'percent') = (percent_basis_points is not null) and (kind = 'amount') = (amount_cents is not null)
    and (kind = 'buy_x_get_y') = (buy_quantity is not null) and (buy_quantity is null) = (get_quantity is null))
);
comment on table promotions is 'What makes an order cheaper, by itself or with a coupon. Owned by promotions.';
comment on column promotions.conditions is 'Where, when and on what: see domain::promotion::Conditions';
comment on column promotions.uses is 'Orders that have it and were not cancelled';

create table coupons (
  id uuid primary key,
  promotion_id uuid not null references promotions,
  code text not null constraint coupons_code_key unique
    constraint coupons_code_check check (code ~ '^[A-Z0-9_-]{3,32}$'),
  valid_from timestamptz,
  valid_until timestamptz,
  maximum_uses integer check (maximum_uses > 0),
  maximum_uses_per_customer integer check (maximum_uses_per_customer > 0),
  uses integer not null default 0,
  archived_at timestamptz,
  version integer not null default 1,
  constraint coupons_uses_check check (uses >= 0 and uses <= maximum_uses),
  constraint coupons_days_check check (valid_until > valid_from)
);
create index coupons_promotion_id_idx on coupons (promotion_id);
comment on table coupons is 'A word that brings a promotion. Owned by promotions.';
comment on column coupons.uses is 'Orders that have it and were not cancelled';

create table redemptions (
  order_id uuid not null references orders,
  promotion_id uuid not null references promotions,
  coupon_id uuid references coupons,
  identities text[] not null,
  discount_cents bigint not null check (discount_cents >= 0),
  state text not null
    constraint redemptions_state_check check (state in ('used', 'released')),
  used_at timestamptz not null,
  primary key (order_id, promotion_id)
);
create index redemptions_identities_idx on redemptions using gin (identities);
create index redemptions_promotion_id_idx on redemptions (promotion_id, used_at desc);
create index redemptions_coupon_id_idx on redemptions (coupon_id) where coupon_id is not null;
comment on table redemptions is 'Which order used which promotion; given back when the order is cancelled. Owned by promotions.';
comment on column redemptions.identities is 'Hashes of account, phone number and e-mail address: what makes two guests the same customer';
