//! SQL of recipes: what is made of what, size by size.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use diesel::pg::PgConnection;
use diesel::prelude::*;
use domain::catalogue::Ingredient;
use domain::language::Text;
use domain::menu::{ModifierKind, SizeCode};
use domain::money::Cents;
use domain::recipe::Line;
use domain::stock::{Quantity, Unit};
use serde_json::Value;
use uuid::Uuid;

use crate::catalogue::columns::{grouped, text, word, words};
use crate::error::Result;
use schema::{
    ingredients, modifier_groups, modifier_ingredients, modifier_sizes, modifiers, product_modifier_groups, recipes,
    variant_ingredients, variants,
};

/// A recipe without its ingredients.
#[derive(Queryable, Selectable)]
#[diesel(table_name = recipes, check_for_backend(diesel::pg::Pg))]
pub(super) struct RecipeRow {
    pub(super) preparation_seconds: i32,
    pub(super) bake_seconds: i32,
    pub(super) steps: Value,
    pub(super) photo_url: Option<String>,
    pub(super) oven_celsius: Option<i32>,
    pub(super) version: i32,
    pub(super) updated_at: DateTime<Utc>,
}

/// A live size of a product, with or without a recipe.
pub(super) struct Size {
    pub(super) variant_id: Uuid,
    pub(super) code: SizeCode,
    pub(super) name: Text,
    pub(super) price: Cents,
    /// What there is most of comes first.
    pub(super) lines: Vec<Line>,
}

/// A modifier that a product offers.
pub(super) struct Modifier {
    pub(super) id: Uuid,
    pub(super) name: Text,
    pub(super) kind: ModifierKind,
    pub(super) removes: Option<Uuid>,
    pub(super) sizes: Vec<ModifierSize>,
}

pub(super) struct ModifierSize {
    pub(super) code: SizeCode,
    pub(super) price: Cents,
    pub(super) lines: Vec<Line>,
}

/// What is known of an ingredient.
pub(super) struct Known {
    pub(super) ingredient: Ingredient,
    pub(super) unit: Unit,
    /// Of 1000 units.
    pub(super) cost: Option<Cents>,
}

pub(super) fn recipe(conn: &mut PgConnection, product_id: Uuid) -> Result<Option<RecipeRow>> {
    Ok(recipes::table.find(product_id).select(RecipeRow::as_select()).first(conn).optional()?)
}

/// In the order of the menu.
pub(super) fn sizes(conn: &mut PgConnection, product_id: Uuid) -> Result<Vec<Size>> {
    let rows = variants::table
        .filter(variants::product_id.eq(product_id).and(variants::archived_at.is_null()))
        .order((variants::position, variants::id))
        .select((variants::id, variants::size_code, variants::name, variants::price_cents))
        .load::<(Uuid, String, Value, i64)>(conn)?;
    let lines = variant_ingredients::table
        .filter(variant_ingredients::variant_id.eq_any(rows.iter().map(|(id, ..)| *id).collect::<Vec<_>>()))
        .order((variant_ingredients::quantity_milli.desc(), variant_ingredients::ingredient_id))
        .select((
            variant_ingredients::variant_id,
            variant_ingredients::ingredient_id,
            variant_ingredients::quantity_milli,
            variant_ingredients::waste_basis_points,
        ))
        .load::<(Uuid, Uuid, i64, i32)>(conn)?;
    let mut lines = grouped(lines.into_iter().map(|(variant, id, milli, waste)| (variant, line(id, milli, waste))));
    rows.into_iter()
        .map(|(variant_id, code, name, cents)| {
            let (code, name, price) = (word(code)?, text(name)?, Cents(cents));
            Ok(Size { variant_id, code, name, price, lines: lines.remove(&variant_id).unwrap_or_default() })
        })
        .collect()
}

/// The modifiers that a product offers in some of its sizes, in the order they are offered in. What can be left out is
/// offered where it is in the recipe.
pub(super) fn modifiers(conn: &mut PgConnection, product_id: Uuid, sizes: &[Size]) -> Result<Vec<Modifier>> {
    let rows = product_modifier_groups::table
        .inner_join(modifier_groups::table.inner_join(modifiers::table))
        .filter(product_modifier_groups::product_id.eq(product_id))
        .filter(modifier_groups::archived_at.is_null().and(modifiers::archived_at.is_null()))
        .order((product_modifier_groups::position, modifier_groups::id, modifiers::position, modifiers::id))
        .select((modifiers::id, modifiers::name, modifiers::kind, modifiers::removes_ingredient_id))
        .load::<(Uuid, Value, String, Option<Uuid>)>(conn)?;
    let ids: Vec<Uuid> = rows.iter().map(|(id, ..)| *id).collect();
    let mut made = modifier_sizes(conn, &ids)?;
    let mut modifiers = Vec::new();
    let in_recipe = |id: Uuid| sizes.iter().flat_map(|size| &size.lines).any(|line| line.ingredient == id);
    for (id, name, kind, removes) in rows {
        let mut made = made.remove(&id).unwrap_or_default();
        made.retain(|of| sizes.iter().any(|size| size.code == of.code));
        if !made.is_empty() && removes.is_none_or(in_recipe) {
            modifiers.push(Modifier { id, name: text(name)?, kind: word(kind)?, removes, sizes: made });
        }
    }
    Ok(modifiers)
}

fn modifier_sizes(conn: &mut PgConnection, ids: &[Uuid]) -> Result<BTreeMap<Uuid, Vec<ModifierSize>>> {
    let lines = modifier_ingredients::table
        .filter(modifier_ingredients::modifier_id.eq_any(ids))
        .order((modifier_ingredients::quantity_milli.desc(), modifier_ingredients::ingredient_id))
        .select((
            modifier_ingredients::modifier_id,
            modifier_ingredients::size_code,
            modifier_ingredients::ingredient_id,
            modifier_ingredients::quantity_milli,
            modifier_ingredients::waste_basis_points,
        ))
        .load::<(Uuid, String, Uuid, i64, i32)>(conn)?;
    let keyed = lines.into_iter().map(|(modifier, size, id, milli, waste)| ((modifier, size), line(id, milli, waste)));
    let mut lines = grouped(keyed);
    let rows = modifier_sizes::table
        .filter(modifier_sizes::modifier_id.eq_any(ids))
        .select((modifier_sizes::modifier_id, modifier_sizes::size_code, modifier_sizes::price_cents))
        .load::<(Uuid, String, i64)>(conn)?;
    let size = |(modifier, code, cents): (Uuid, String, i64)| {
        let lines = lines.remove(&(modifier, code.clone())).unwrap_or_default();
        Ok((modifier, ModifierSize { code: word(code)?, price: Cents(cents), lines }))
    };
    let mut sizes = grouped(rows.into_iter().map(size).collect::<Result<Vec<_>>>()?);
    sizes.values_mut().for_each(|sizes| sizes.sort_by_key(|size| size.code));
    Ok(sizes)
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = ingredients, check_for_backend(diesel::pg::Pg))]
struct KnownRow {
    id: Uuid,
    slug: String,
    name: Value,
    unit: String,
    allergens: Vec<Option<String>>,
    may_contain: Vec<Option<String>>,
    allergens_known: bool,
    cost_cents_per_thousand: Option<i64>,
}

/// The ingredients of these sizes and modifiers, by id.
pub(super) fn ingredients(conn: &mut PgConnection, sizes: &[Size], modifiers: &[Modifier]) -> Result<BTreeMap<Uuid, Known>> {
    let of_sizes = sizes.iter().flat_map(|size| &size.lines);
    let of_modifiers = modifiers.iter().flat_map(|modifier| &modifier.sizes).flat_map(|size| &size.lines);
    let removed = modifiers.iter().filter_map(|modifier| modifier.removes);
    let ids: Vec<Uuid> = of_sizes.chain(of_modifiers).map(|line| line.ingredient).chain(removed).collect();
    let rows = ingredients::table.filter(ingredients::id.eq_any(ids)).select(KnownRow::as_select()).load(conn)?;
    let known = |row: KnownRow| {
        let ingredient = Ingredient {
            id: row.id,
            slug: row.slug,
            name: text(row.name)?,
            allergens: words(row.allergens)?,
            may_contain: words(row.may_contain)?,
            allergens_known: row.allergens_known,
        };
        Ok((row.id, Known { ingredient, unit: word(row.unit)?, cost: row.cost_cents_per_thousand.map(Cents) }))
    };
    rows.into_iter().map(known).collect()
}

fn line(ingredient: Uuid, milli: i64, waste_basis_points: i32) -> Line {
    Line { ingredient, quantity: Quantity(milli), waste_basis_points }
}
