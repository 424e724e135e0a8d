create table ingredients (
  id uuid primary key,
  slug text not null constraint ingredients_slug_key unique,
  name jsonb not null,
  unit text not null
    constraint ingredients_unit_check check (unit in ('g', 'ml', 'piece')),
  allergens text[] not null
    constraint ingredients_allergens_check check (allergens <@ array['gluten', 'crustaceans', 'eggs', 'fish', 'peanuts',
      'soy', 'milk', 'nuts', 'celery', 'mustard', 'sesame', 'sulphites', 'lupin', 'molluscs'])
);
comment on table ingredients is 'What recipes are made of and stock counts. Owned by recipes.';
comment on column ingredients.allergens is 'Of the 14 of EU regulation 1169/2011, annex II';

create table recipes (
  product_id uuid primary key references products,
  preparation_seconds integer not null check (preparation_seconds >= 0),
  bake_seconds integer not null check (bake_seconds >= 0),
  steps jsonb not null
);
comment on table recipes is 'How a product is made: the cooks'' aide-mémoire. Owned by recipes.';
comment on column recipes.steps is 'By language: {"fr": [step, …], "en": [step, …]}';

create table variant_ingredients (
  variant_id uuid not null references variants,
  ingredient_id uuid not null references ingredients,
  quantity_milli bigint not null check (quantity_milli > 0),
  primary key (variant_id, ingredient_id)
);
create index variant_ingredients_ingredient_id_idx on variant_ingredients (ingredient_id);
comment on table variant_ingredients is 'What one portion of a variant takes from stock. Owned by recipes.';
comment on column variant_ingredients.quantity_milli is 'Thousandths of the ingredient''s unit';

create table modifier_ingredients (
  modifier_id uuid not null,
  size_code text not null,
  ingredient_id uuid not null references ingredients,
  quantity_milli bigint not null check (quantity_milli > 0),
  primary key (modifier_id, size_code, ingredient_id),
  foreign key (modifier_id, size_code) references modifier_sizes
);
comment on table modifier_ingredients is 'What one portion of a modifier takes from stock, by size. Owned by recipes.';
comment on column modifier_ingredients.quantity_milli is 'Thousandths of the ingredient''s unit';
