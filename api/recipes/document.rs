//! A recipe as managers write it: the whole of it in every language. Each writing is a version, and every version is kept.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use diesel::pg::PgConnection;
use diesel::prelude::*;
use domain::language::Language;
use domain::menu::SizeCode;
use domain::people::AuditAction;
use domain::stock::Quantity;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::audit::{self, Change};
use crate::error::{Error, Fault, Result};
use crate::recipes::queries;
use schema::{ingredients, products, recipe_versions, recipes, variant_ingredients, variants};

/// What a manager writes of a recipe.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct RecipeBody {
    /// The work of one pair of hands, oven not counted.
    #[schema(minimum = 0, maximum = 7200, example = 150)]
    preparation_seconds: i32,
    /// 0: it does not go into the oven.
    #[schema(minimum = 0, maximum = 7200, example = 300)]
    bake_seconds: i32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 0, maximum = 600, example = 320)]
    oven_celsius: Option<i32>,
    /// What it looks like when it is right.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(
        max_length = 1000,
        pattern = r"^https://[^\s/]+(/\S*)?$",
        example = "https://static.ocpizza.example/recipes/reine.jpg"
    )]
    photo_url: Option<String>,
    /// In the order they are done.
    #[schema(max_items = 50)]
    steps: Vec<RecipeStepBody>,
    /// What each size takes, each size once. A size of the product that is not here has no recipe, and cannot be sold.
    #[schema(max_items = 10)]
    sizes: Vec<RecipeSizeBody>,
}

#[derive(Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct RecipeStepBody {
    #[schema(min_length = 1, max_length = 1000, pattern = r"\S", example = "Étaler la pâte du centre vers les bords.")]
    fr: String,
    #[schema(min_length = 1, max_length = 1000, pattern = r"\S", example = "Stretch the dough from the centre outwards.")]
    en: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(
        max_length = 1000,
        pattern = r"^https://[^\s/]+(/\S*)?$",
        example = "https://static.ocpizza.example/recipes/reine-1.jpg"
    )]
    pub(super) photo_url: Option<String>,
}

#[derive(Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct RecipeSizeBody {
    /// One of the sizes that the product is sold in.
    size_code: SizeCode,
    /// What one takes, each ingredient once.
    #[schema(min_items = 1, max_items = 50)]
    ingredients: Vec<IngredientQuantityBody>,
}

/// How much of an ingredient.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct IngredientQuantityBody {
    /// One that is not archived.
    ingredient_id: Uuid,
    /// What ends up in the dish, in the ingredient's unit, with at most three decimals.
    #[schema(value_type = f64, minimum = 0.001, maximum = 100_000, example = 115)]
    quantity: Quantity,
    /// Lost while preparing, on top of the quantity: 500 is 5 %. Stock and cost count it.
    #[serde(default)]
    #[schema(minimum = 0, maximum = 10_000, default = 0, example = 500)]
    waste_basis_points: i32,
}

impl RecipeStepBody {
    pub(super) fn text(&self, language: Language) -> String {
        match language {
            Language::Fr => self.fr.clone(),
            Language::En => self.en.clone(),
        }
    }
}

/// A version of a recipe.
#[derive(Queryable, Selectable)]
#[diesel(table_name = recipe_versions, check_for_backend(diesel::pg::Pg))]
pub(super) struct VersionRow {
    pub(super) version: i32,
    pub(super) document: Value,
    pub(super) actor_id: Option<Uuid>,
    pub(super) created_at: DateTime<Utc>,
}

/// Who writes, and when.
#[derive(Clone, Copy)]
pub(super) struct Writer {
    pub(super) actor_id: Uuid,
    pub(super) now: DateTime<Utc>,
}

/// The version in force. A recipe that came with a file is not among the versions yet: it is read from the tables.
pub(super) fn in_force(conn: &mut PgConnection, product_id: Uuid) -> Result<Option<VersionRow>> {
    let Some(row) = queries::recipe(conn, product_id)? else { return Ok(None) };
    let kept = recipe_versions::table.find((product_id, row.version)).select(VersionRow::as_select()).first(conn).optional()?;
    if kept.is_some() {
        return Ok(kept);
    }
    let size = |size: queries::Size| {
        let lines = size.lines.into_iter().map(|line| IngredientQuantityBody {
            ingredient_id: line.ingredient,
            quantity: line.quantity,
            waste_basis_points: line.waste_basis_points,
        });
        RecipeSizeBody { size_code: size.code, ingredients: lines.collect() }
    };
    let sizes = queries::sizes(conn, product_id)?;
    let body = RecipeBody {
        preparation_seconds: row.preparation_seconds,
        bake_seconds: row.bake_seconds,
        oven_celsius: row.oven_celsius,
        photo_url: row.photo_url,
        steps: serde_json::from_value(row.steps)?,
        sizes: sizes.into_iter().filter(|size| !size.lines.is_empty()).map(size).collect(),
    };
    let document = serde_json::to_value(&body)?;
    Ok(Some(VersionRow { version: row.version, document, actor_id: None, created_at: row.updated_at }))
}

/// Holds the product, so that its recipe is written by one at a time, and tells the version in force. 404 without a product.
pub(super) fn hold(conn: &mut PgConnection, product_id: Uuid) -> Result<Option<VersionRow>> {
    let found = products::table.find(product_id).select(products::id).for_no_key_update().first::<Uuid>(conn).optional()?;
    found.ok_or_else(|| Error::not_found("product"))?;
    in_force(conn, product_id)
}

/// Writes the next version of a recipe. The product is held: see [`hold`].
pub(super) fn write(
    conn: &mut PgConnection,
    product_id: Uuid,
    before: Option<VersionRow>,
    body: &RecipeBody,
    writer: Writer,
) -> Result<()> {
    let lines = resolve(conn, product_id, body)?;
    if let Some(before) = &before {
        keep(conn, product_id, before)?;
    }
    let after = VersionRow {
        version: before.as_ref().map_or(0, |before| before.version) + 1,
        document: serde_json::to_value(body)?,
        actor_id: Some(writer.actor_id),
        created_at: writer.now,
    };
    if !keep(conn, product_id, &after)? {
        return Err(Error::internal("recipe_versions is ahead of recipes"));
    }
    let row = (
        recipes::preparation_seconds.eq(body.preparation_seconds),
        recipes::bake_seconds.eq(body.bake_seconds),
        recipes::steps.eq(serde_json::to_value(&body.steps)?),
        recipes::photo_url.eq(&body.photo_url),
        recipes::oven_celsius.eq(body.oven_celsius),
        recipes::version.eq(after.version),
        recipes::updated_at.eq(writer.now),
    );
    diesel::insert_into(recipes::table)
        .values((recipes::product_id.eq(product_id), row.clone()))
        .on_conflict(recipes::product_id)
        .do_update()
        .set(row)
        .execute(conn)?;
    replace_lines(conn, product_id, &lines)?;
    let change = Change {
        actor_id: Some(writer.actor_id),
        action: if before.is_some() { AuditAction::Update } else { AuditAction::Create },
        entity: "recipe",
        entity_id: product_id.to_string(),
        store_id: None,
        before: before.map(|before| before.document),
        after: Some(after.document),
    };
    audit::record(conn, change, writer.now)
}

/// Puts a version where all are kept; false when it is there already.
fn keep(conn: &mut PgConnection, product_id: Uuid, row: &VersionRow) -> Result<bool> {
    let kept = diesel::insert_into(recipe_versions::table)
        .values((
            recipe_versions::product_id.eq(product_id),
            recipe_versions::version.eq(row.version),
            recipe_versions::document.eq(&row.document),
            recipe_versions::actor_id.eq(row.actor_id),
            recipe_versions::created_at.eq(row.created_at),
        ))
        .on_conflict_do_nothing()
        .execute(conn)?;
    Ok(kept == 1)
}

fn replace_lines(conn: &mut PgConnection, product_id: Uuid, lines: &[(Uuid, &IngredientQuantityBody)]) -> Result<()> {
    let live = variants::table.filter(variants::product_id.eq(product_id).and(variants::archived_at.is_null()));
    let of_live = variant_ingredients::variant_id.eq_any(live.select(variants::id));
    diesel::delete(variant_ingredients::table.filter(of_live)).execute(conn)?;
    let row = |(variant_id, line): &(Uuid, &IngredientQuantityBody)| {
        (
            variant_ingredients::variant_id.eq(*variant_id),
            variant_ingredients::ingredient_id.eq(line.ingredient_id),
            variant_ingredients::quantity_milli.eq(line.quantity.0),
            variant_ingredients::waste_basis_points.eq(line.waste_basis_points),
        )
    };
    diesel::insert_into(variant_ingredients::table).values(lines.iter().map(row).collect::<Vec<_>>()).execute(conn)?;
    Ok(())
}

/// The lines of each variant. Shares the ingredients, so that none is archived meanwhile.
fn resolve<'a>(
    conn: &mut PgConnection,
    product_id: Uuid,
    body: &'a RecipeBody,
) -> Result<Vec<(Uuid, &'a IngredientQuantityBody)>> {
    let live: BTreeMap<SizeCode, Uuid> =
        queries::sizes(conn, product_id)?.into_iter().map(|size| (size.code, size.variant_id)).collect();
    let named: BTreeSet<Uuid> = body.sizes.iter().flat_map(|size| &size.ingredients).map(|line| line.ingredient_id).collect();
    let known: BTreeMap<Uuid, (String, bool)> = ingredients::table
        .filter(ingredients::id.eq_any(named))
        .order(ingredients::id)
        .select((ingredients::id, (ingredients::slug, ingredients::archived_at.is_not_null())))
        .for_share()
        .load::<(Uuid, (String, bool))>(conn)?
        .into_iter()
        .collect();
    let (mut lines, mut faults, mut seen) = (Vec::new(), Vec::new(), BTreeSet::new());
    for (index, size) in body.sizes.iter().enumerate() {
        let at = format!("/sizes/{index}");
        let variant = live.get(&size.size_code).copied();
        if !seen.insert(size.size_code) {
            faults.push(Fault::new(format!("{at}/sizeCode"), "duplicate"));
        } else if variant.is_none() {
            faults.push(Fault::new(format!("{at}/sizeCode"), "not_offered"));
        }
        let mut inside = BTreeSet::new();
        for (place, line) in size.ingredients.iter().enumerate() {
            let at = format!("{at}/ingredients/{place}/ingredientId");
            match known.get(&line.ingredient_id) {
                _ if !inside.insert(line.ingredient_id) => faults.push(Fault::new(at, "duplicate")),
                None => faults.push(Fault::new(at, "not_found")),
                Some((slug, true)) => faults.push(Fault::new(at, "archived").with("name", slug)),
                Some((_, false)) => lines.extend(variant.map(|variant| (variant, line))),
            }
        }
    }
    if faults.is_empty() { Ok(lines) } else { Err(Error::invalid(faults)) }
}
