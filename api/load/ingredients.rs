//! Ingredients, and what recipes take of them.

use diesel::pg::PgConnection;
use diesel::prelude::*;
use domain::stock::Quantity;
use serde_json::{Value, json};
use uuid::Uuid;

use super::values::Ingredients;
use super::{Faults, Ids, Source};
use crate::error::Result;
use schema::ingredients;

const WRITE: &str = "
  insert into ingredients as old (id, slug, name, unit, allergens, may_contain, allergens_known, cost_cents_per_thousand)
  select id, slug, name, unit, allergens, may_contain, allergens_known, cost_cents_per_thousand
  from jsonb_populate_recordset(null::ingredients, $1)
  on conflict (slug) do update set
    name = excluded.name, unit = excluded.unit, allergens = excluded.allergens, may_contain = excluded.may_contain,
    allergens_known = excluded.allergens_known, cost_cents_per_thousand = excluded.cost_cents_per_thousand,
    archived_at = null, version = old.version + 1
  where old.archived_at is not null
    or (old.name, old.unit, old.allergens, old.may_contain, old.allergens_known, old.cost_cents_per_thousand)
      is distinct from (excluded.name, excluded.unit, excluded.allergens, excluded.may_contain, excluded.allergens_known,
        excluded.cost_cents_per_thousand)";

/// What a recipe takes of one ingredient at most.
const MOST: Quantity = Quantity(100_000_000);

pub(super) fn ids(conn: &mut PgConnection) -> Result<Ids> {
    Ok(ingredients::table.select((ingredients::slug, ingredients::id)).load::<(String, Uuid)>(conn)?.into_iter().collect())
}

pub(super) fn ingredients(conn: &mut PgConnection, source: &Source) -> Result<()> {
    let mut faults = Faults::of(source);
    let entries = &source.document.ingredients;
    faults.distinct(entries.iter().enumerate().map(|(index, entry)| (&entry.slug, format!("/ingredients/{index}/slug"))));
    for (index, entry) in entries.iter().enumerate() {
        if !entry.may_contain.is_disjoint(&entry.allergens) {
            faults.add(&format!("/ingredients/{index}/mayContain"), "what it contains is no trace");
        }
    }
    faults.check()?;
    let row = |entry: &super::document::IngredientEntry| {
        json!({
            "id": Uuid::now_v7(),
            "slug": entry.slug,
            "name": entry.name,
            "unit": entry.unit,
            "allergens": entry.allergens,
            "may_contain": entry.may_contain,
            "allergens_known": entry.allergens_known,
            "cost_cents_per_thousand": entry.cost_cents_per_thousand,
        })
    };
    faults.write(conn, "/ingredients", WRITE, entries.iter().map(row).collect())
}

/// The lines of a recipe, those that can be resolved.
pub(super) fn lines(entries: &Ingredients, at: &str, ids: &Ids, faults: &mut Faults<'_>) -> Vec<Line> {
    let mut found = Vec::new();
    faults.length(entries.len(), 0..=50, &format!("{at}/ingredients"));
    for (slug, portion) in entries {
        let pointer = format!("{at}/ingredients/{slug}");
        if !(1..=MOST.0).contains(&portion.quantity.0) {
            faults.add(&pointer, "a quantity is above zero and at most 100000");
        } else if let Some(ingredient_id) = faults.resolve(ids, slug, "ingredient", &pointer) {
            let (quantity_milli, waste_basis_points) = (portion.quantity.0, portion.waste_basis_points);
            found.push(Line { ingredient_id, quantity_milli, waste_basis_points });
        }
    }
    found
}

/// What a recipe takes of one ingredient.
pub(super) struct Line {
    ingredient_id: Uuid,
    quantity_milli: i64,
    waste_basis_points: i32,
}

impl Line {
    /// A row of `variant_ingredients`.
    pub(super) fn of_variant(&self, variant_id: Uuid) -> Value {
        json!({
            "variant_id": variant_id,
            "ingredient_id": self.ingredient_id,
            "quantity_milli": self.quantity_milli,
            "waste_basis_points": self.waste_basis_points,
        })
    }

    /// A row of `modifier_ingredients`.
    pub(super) fn of_modifier(&self, modifier_id: Uuid, size: domain::menu::SizeCode) -> Value {
        json!({
            "modifier_id": modifier_id,
            "size_code": size,
            "ingredient_id": self.ingredient_id,
            "quantity_milli": self.quantity_milli,
            "waste_basis_points": self.waste_basis_points,
        })
    }
}
