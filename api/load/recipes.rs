//! Recipes, and the versions that are kept of them.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use diesel::pg::PgConnection;
use diesel::prelude::*;
use domain::menu::SizeCode;
use domain::stock::Quantity;
use serde::Serialize;
use serde_json::{Value, json};
use uuid::Uuid;

use super::Faults;
use super::document::RecipeEntry;
use crate::error::{Error, Result};
use schema::{recipe_versions, recipes, variant_ingredients, variants};

const WRITE: &str = "
  insert into recipes (product_id, preparation_seconds, bake_seconds, oven_celsius, photo_url, steps)
  select product_id, preparation_seconds, bake_seconds, oven_celsius, photo_url, steps
  from jsonb_populate_recordset(null::recipes, $1)
  on conflict (product_id) do update set
    preparation_seconds = excluded.preparation_seconds, bake_seconds = excluded.bake_seconds,
    oven_celsius = excluded.oven_celsius, photo_url = excluded.photo_url, steps = excluded.steps";

/// A recipe as `recipe_versions` keeps it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Kept {
    preparation_seconds: i32,
    bake_seconds: i32,
    #[serde(skip_serializing_if = "Option::is_none")]
    oven_celsius: Option<i32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    photo_url: Option<String>,
    steps: Value,
    sizes: Vec<KeptSize>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct KeptSize {
    size_code: SizeCode,
    ingredients: Vec<KeptIngredient>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct KeptIngredient {
    ingredient_id: Uuid,
    quantity: Quantity,
    waste_basis_points: i32,
}

pub(super) fn recipes<'a>(
    conn: &mut PgConnection,
    faults: &mut Faults<'_>,
    entries: impl Iterator<Item = (Uuid, &'a RecipeEntry)>,
) -> Result<()> {
    let row = |(product_id, entry): (Uuid, &RecipeEntry)| {
        json!({
            "product_id": product_id,
            "preparation_seconds": entry.prep_seconds,
            "bake_seconds": entry.bake_seconds,
            "oven_celsius": entry.oven_celsius,
            "photo_url": entry.photo_url,
            "steps": entry.steps,
        })
    };
    faults.write(conn, "/products", WRITE, entries.map(row).collect())
}

/// Every recipe, with what each size takes, by product.
pub(super) fn documents(conn: &mut PgConnection) -> Result<BTreeMap<Uuid, Value>> {
    let mut sizes = sizes(conn)?;
    let rows = recipes::table
        .select((
            recipes::product_id,
            recipes::preparation_seconds,
            recipes::bake_seconds,
            recipes::oven_celsius,
            recipes::photo_url,
            recipes::steps,
        ))
        .load::<(Uuid, i32, i32, Option<i32>, Option<String>, Value)>(conn)?;
    rows.into_iter()
        .map(|(product, preparation_seconds, bake_seconds, oven_celsius, photo_url, steps)| {
            let sizes = sizes.remove(&product).unwrap_or_default();
            let kept = Kept { preparation_seconds, bake_seconds, oven_celsius, photo_url, steps, sizes };
            Ok((product, serde_json::to_value(kept)?))
        })
        .collect()
}

fn sizes(conn: &mut PgConnection) -> Result<BTreeMap<Uuid, Vec<KeptSize>>> {
    let rows = variant_ingredients::table
        .inner_join(variants::table)
        .filter(variants::archived_at.is_null())
        .order((
            variants::product_id,
            variants::position,
            variants::id,
            variant_ingredients::quantity_milli.desc(),
            variant_ingredients::ingredient_id,
        ))
        .select((
            variants::product_id,
            variants::size_code,
            variant_ingredients::ingredient_id,
            variant_ingredients::quantity_milli,
            variant_ingredients::waste_basis_points,
        ))
        .load::<(Uuid, String, Uuid, i64, i32)>(conn)?;
    let mut products: BTreeMap<Uuid, Vec<KeptSize>> = BTreeMap::new();
    for (product, size, ingredient_id, milli, waste_basis_points) in rows {
        let sizes = products.entry(product).or_default();
        let ingredient = KeptIngredient { ingredient_id, quantity: Quantity(milli), waste_basis_points };
        match sizes.last_mut() {
            Some(last) if last.size_code.as_str() == size => last.ingredients.push(ingredient),
            _ => {
                let size_code = SizeCode::try_from(size).map_err(Error::internal)?;
                sizes.push(KeptSize { size_code, ingredients: vec![ingredient] });
            }
        }
    }
    Ok(products)
}

/// Moves the versions of these recipes on.
pub(super) fn move_on(conn: &mut PgConnection, changed: &[Uuid], now: DateTime<Utc>) -> Result<()> {
    diesel::update(recipes::table.filter(recipes::product_id.eq_any(changed)))
        .set((recipes::version.eq(recipes::version + 1), recipes::updated_at.eq(now)))
        .execute(conn)?;
    Ok(())
}

/// Keeps every version in force that is not kept yet.
pub(super) fn keep(conn: &mut PgConnection, documents: &BTreeMap<Uuid, Value>) -> Result<()> {
    let is_kept = recipe_versions::product_id.eq(recipes::product_id).and(recipe_versions::version.eq(recipes::version));
    let new = recipes::table
        .filter(diesel::dsl::not(diesel::dsl::exists(recipe_versions::table.filter(is_kept))))
        .select((recipes::product_id, recipes::version, recipes::updated_at))
        .load::<(Uuid, i32, DateTime<Utc>)>(conn)?;
    let row = |(product, version, at): (Uuid, i32, DateTime<Utc>)| {
        Some((
            recipe_versions::product_id.eq(product),
            recipe_versions::version.eq(version),
            recipe_versions::document.eq(documents.get(&product)?),
            recipe_versions::created_at.eq(at),
        ))
    };
    let rows: Vec<_> = new.into_iter().filter_map(row).collect();
    diesel::insert_into(recipe_versions::table).values(rows).execute(conn)?;
    Ok(())
}
