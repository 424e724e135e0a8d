drop table recipe_versions;
alter table modifier_ingredients drop column waste_basis_points;
alter table variant_ingredients drop column waste_basis_points;
update recipes set steps = jsonb_build_object(
  'fr', (select coalesce(jsonb_agg(step -> 'fr' order by position), '[]') from jsonb_array_elements(steps) with ordinality as s(step, position)),
  'en', (select coalesce(jsonb_agg(step -> 'en' order by position), '[]') from jsonb_array_elements(steps) with ordinality as s(step, position)));
alter table recipes drop column photo_url, drop column oven_celsius, drop column version, drop column updated_at;
comment on column recipes.steps is 'By language: {"fr": [step, …], "en": [step, …]}';
alter table ingredients
  drop column may_contain, drop column allergens_known, drop column cost_cents_per_thousand, drop column archived_at,
  drop column version;
