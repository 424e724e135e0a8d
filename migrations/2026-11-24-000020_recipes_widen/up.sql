alter table ingredients
  add column may_contain text[] not null default '{}'
    constraint ingredients_may_contain_check check (may_contain <@ array['gluten', 'crustaceans', 'eggs', 'fish', 'peanuts',
      'soy', 'milk', 'nuts', 'celery', 'mustard', 'sesame', 'sulphites', 'lupin', 'molluscs']),
  add column allergens_known boolean not null default true,
  add column cost_cents_per_thousand bigint check (cost_cents_per_thousand >= 0),
  add column archived_at timestamptz,
  add column version integer not null default 1;
comment on column ingredients.may_contain is 'Traces that the supplier warns of';
comment on column ingredients.allergens_known is 'false: nobody has looked; that none is listed means nothing';
comment on column ingredients.cost_cents_per_thousand is 'Of 1000 units: a kilogram, a litre, a thousand pieces; null: unknown';

alter table recipes
  add column photo_url text,
  add column oven_celsius integer check (oven_celsius between 0 and 600),
  add column version integer not null default 1,
  add column updated_at timestamptz not null default now();
update recipes set steps = (
  select coalesce(jsonb_agg(jsonb_build_object('fr', fr.text, 'en', coalesce(en.text, fr.text)) order by fr.position), '[]')
  from jsonb_array_elements_text(steps -> 'fr') with ordinality as fr(text, position)
  left join jsonb_array_elements_text(steps -> 'en') with ordinality as en(text, position) using (position)
);
comment on column recipes.steps is '[{"fr": …, "en": …, "photoUrl": …}]; the photo may be absent';
comment on column recipes.version is 'The version in force; recipe_versions keeps them all';

alter table variant_ingredients add column waste_basis_points integer not null default 0 check (waste_basis_points between 0 and 10000);
comment on column variant_ingredients.waste_basis_points is 'Lost while preparing, on top of the quantity: 500 is 5 %';
alter table modifier_ingredients add column waste_basis_points integer not null default 0 check (waste_basis_points between 0 and 10000);
comment on column modifier_ingredients.waste_basis_points is 'Lost while preparing, on top of the quantity: 500 is 5 %';

create table recipe_versions (
  product_id uuid not null references products,
  version integer not null,
  document jsonb not null,
  actor_id uuid references users,
  created_at timestamptz not null,
  primary key (product_id, version)
);
comment on table recipe_versions is 'Every version of a recipe as it was written; append-only. Owned by recipes.';
