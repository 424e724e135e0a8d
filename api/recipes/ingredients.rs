//! What recipes are made of, as managers keep it.

use std::collections::BTreeSet;

use actix_web::{delete, get, post, put, web};
use chrono::{DateTime, Utc};
use diesel::pg::PgConnection;
use diesel::prelude::*;
use domain::language::Text;
use domain::menu::Allergen;
use domain::money::{Cents, Money};
use domain::stock::Unit;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::catalogue::columns::{text, word, words};
use crate::clock;
use crate::db::Db;
use crate::error::{Code, Error, Fault, OnConstraint, Result};
use crate::http::answer::Answer;
use crate::http::auth::{Everybody, Managers, Staff, Team};
use crate::http::edit::{self, IfMatch, IfMatchHeader, Kept, Tagged};
use crate::http::idempotency::answer_once;
use crate::http::page::Page;
use crate::http::receive::{Body, IdempotencyHeader, Path, Post, Query};
use crate::recipes::search::Search;
use schema::{
    ingredients, modifier_groups, modifier_ingredients, modifiers, products, stock_levels, stores, variant_ingredients, variants,
};

/// What recipes are made of and stock counts.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Ingredient {
    id: Uuid,
    #[serde(flatten)]
    body: IngredientBody,
    /// No recipe may take it any more.
    archived: bool,
    /// Counts the changes; in quotes it is the `ETag`.
    #[schema(example = 1)]
    version: i32,
}

/// What a manager writes of an ingredient.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct IngredientBody {
    /// Names it in URLs and files.
    #[schema(min_length = 1, max_length = 64, pattern = "^[a-z0-9]+(-[a-z0-9]+)*$", example = "mozzarella")]
    slug: String,
    name: Text,
    /// What its quantities count: it stays as it is once a recipe or a stock level counts in it.
    unit: Unit,
    /// What is in it, each once.
    #[schema(max_items = 14, example = json!(["milk"]))]
    allergens: Vec<Allergen>,
    /// Traces that the supplier warns of, each once, none of `allergens`.
    #[serde(default)]
    #[schema(max_items = 14, example = json!(["nuts"]))]
    may_contain: Vec<Allergen>,
    /// false: nobody has looked. `allergens` then means «at least these», and no dish with it passes for free of anything.
    allergens_known: bool,
    /// What 1000 units cost: a kilogram, a litre, a thousand pieces. null: unknown. Only managers are told.
    #[serde(default)]
    cost_per_thousand: Option<Money>,
}

#[derive(Clone, Copy, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Path)]
struct IngredientPath {
    /// The ingredient.
    #[param(rename = "ingredientId")]
    ingredient_id: Uuid,
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct IngredientsQuery {
    /// true: those that were archived, instead of those that are in use.
    #[serde(default)]
    #[param(default = false)]
    archived: bool,
    /// Part of a name, in either language, or of the slug; capitals do not matter.
    #[param(max_length = 100, example = "mozza")]
    q: Option<String>,
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = ingredients, check_for_backend(diesel::pg::Pg))]
struct IngredientRow {
    id: Uuid,
    slug: String,
    name: Value,
    unit: String,
    allergens: Vec<Option<String>>,
    may_contain: Vec<Option<String>>,
    allergens_known: bool,
    cost_cents_per_thousand: Option<i64>,
    archived_at: Option<DateTime<Utc>>,
    version: i32,
}

impl TryFrom<IngredientRow> for Ingredient {
    type Error = Error;

    fn try_from(row: IngredientRow) -> Result<Ingredient> {
        let body = IngredientBody {
            slug: row.slug,
            name: text(row.name)?,
            unit: word(row.unit)?,
            allergens: words(row.allergens)?,
            may_contain: words(row.may_contain)?,
            allergens_known: row.allergens_known,
            cost_per_thousand: row.cost_cents_per_thousand.map(|cents| Cents(cents).into()),
        };
        Ok(Ingredient { id: row.id, body, archived: row.archived_at.is_some(), version: row.version })
    }
}

impl IngredientBody {
    fn check(&self) -> Result<()> {
        let mut seen = BTreeSet::new();
        let lists = [("allergens", &self.allergens), ("mayContain", &self.may_contain)];
        let all =
            lists.iter().flat_map(|(name, list)| list.iter().enumerate().map(move |(index, allergen)| (name, index, allergen)));
        let again = all.filter(|(.., allergen)| !seen.insert(**allergen));
        let faults: Vec<Fault> = again.map(|(name, index, _)| Fault::new(format!("/{name}/{index}"), "duplicate")).collect();
        if faults.is_empty() { Ok(()) } else { Err(Error::invalid(faults)) }
    }

    fn columns(&self) -> Result<Columns> {
        let column = |list: &[Allergen]| list.iter().map(|allergen| Some(allergen.as_str().to_owned())).collect();
        Ok(Columns {
            slug: self.slug.clone(),
            name: serde_json::to_value(&self.name)?,
            unit: self.unit.into(),
            allergens: column(&self.allergens),
            may_contain: column(&self.may_contain),
            allergens_known: self.allergens_known,
            cost_cents_per_thousand: self.cost_per_thousand.map(|cost| cost.amount),
        })
    }
}

/// What of a row a manager writes.
#[derive(Insertable, AsChangeset)]
#[diesel(table_name = ingredients, treat_none_as_null = true)]
struct Columns {
    slug: String,
    name: Value,
    unit: String,
    allergens: Vec<Option<String>>,
    may_contain: Vec<Option<String>>,
    allergens_known: bool,
    cost_cents_per_thousand: Option<i64>,
}

impl Kept for Ingredient {
    const ENTITY: &'static str = "ingredient";
    type Body = IngredientBody;

    fn version(&self) -> i32 {
        self.version
    }

    fn store_id(&self) -> Option<Uuid> {
        None
    }

    fn find(conn: &mut PgConnection, id: Uuid) -> Result<Option<Ingredient>> {
        let row = ingredients::table.find(id).select(IngredientRow::as_select()).first(conn).optional()?;
        row.map(Ingredient::try_from).transpose()
    }

    fn insert(conn: &mut PgConnection, id: Uuid, body: &IngredientBody, _: DateTime<Utc>) -> Result<()> {
        body.check()?;
        diesel::insert_into(ingredients::table)
            .values((ingredients::id.eq(id), body.columns()?))
            .execute(conn)
            .on_constraint("ingredients_slug_key", Code::AlreadyExists)
            .map_err(|error| error.with("names", &body.slug))?;
        Ok(())
    }

    fn replace(conn: &mut PgConnection, id: Uuid, version: i32, body: &IngredientBody, _: DateTime<Utc>) -> Result<bool> {
        body.check()?;
        let before = ingredients::table.find(id).select(ingredients::unit).for_no_key_update().first::<String>(conn)?;
        if before != body.unit.as_str() {
            refuse_in_use(counting(conn, id)?)?;
        }
        let written = diesel::update(ingredients::table.find(id).filter(ingredients::version.eq(version)))
            .set((body.columns()?, ingredients::archived_at.eq(None::<DateTime<Utc>>), ingredients::version.eq(version + 1)))
            .execute(conn)
            .on_constraint("ingredients_slug_key", Code::AlreadyExists)
            .map_err(|error| error.with("names", &body.slug))?;
        Ok(written == 1)
    }

    fn archive(conn: &mut PgConnection, id: Uuid, version: i32, now: DateTime<Utc>) -> Result<bool> {
        let written = diesel::update(ingredients::table.find(id).filter(ingredients::version.eq(version)))
            .set((ingredients::archived_at.eq(now), ingredients::version.eq(version + 1)))
            .execute(conn)?;
        if written == 0 {
            return Ok(false);
        }
        // After the change: who writes a recipe shares the row, so that whoever was first is seen by now.
        let on_sale = takers(conn, id)?.into_iter().filter(|taker| taker.on_sale);
        refuse_in_use(on_sale.map(|taker| taker.slug).collect())?;
        Ok(true)
    }
}

fn refuse_in_use(names: BTreeSet<String>) -> Result<()> {
    if names.is_empty() {
        return Ok(());
    }
    let listed = names.iter().map(String::as_str).collect::<Vec<_>>().join(", ");
    Err(Error::new(Code::InUse).with("names", listed).extend("usedBy", json!(names)))
}

/// A product or a modifier that takes an ingredient, or leaves it out.
struct Taker {
    slug: String,
    on_sale: bool,
}

fn takers(conn: &mut PgConnection, id: Uuid) -> Result<Vec<Taker>> {
    let of_variants = variant_ingredients::table
        .inner_join(variants::table.inner_join(products::table))
        .filter(variant_ingredients::ingredient_id.eq(id))
        .select((products::slug, variants::archived_at.is_null().and(products::archived_at.is_null())))
        .load::<(String, bool)>(conn)?;
    let adding =
        modifier_ingredients::table.filter(modifier_ingredients::ingredient_id.eq(id)).select(modifier_ingredients::modifier_id);
    let of_modifiers = modifiers::table
        .inner_join(modifier_groups::table)
        .filter(modifiers::id.eq_any(adding).or(modifiers::removes_ingredient_id.eq(id).assume_not_null()))
        .select((modifiers::slug, modifiers::archived_at.is_null().and(modifier_groups::archived_at.is_null())))
        .load::<(String, bool)>(conn)?;
    Ok(of_variants.into_iter().chain(of_modifiers).map(|(slug, on_sale)| Taker { slug, on_sale }).collect())
}

/// All that counts in its unit: products and modifiers on sale or not, and stores.
fn counting(conn: &mut PgConnection, id: Uuid) -> Result<BTreeSet<String>> {
    let kept = stock_levels::table.inner_join(stores::table).filter(stock_levels::ingredient_id.eq(id)).select(stores::slug);
    let stores = kept.load::<String>(conn)?;
    Ok(takers(conn, id)?.into_iter().map(|taker| taker.slug).chain(stores).collect())
}

/// List the ingredients
///
/// By slug. Names are in every language; what they cost is told to managers only.
#[utoipa::path(tag = "recipes", security(("bearer" = ["counter", "cook", "driver", "manager", "admin"])), params(IngredientsQuery),
    responses((status = 200, description = "The ingredients", body = Page<Ingredient>)))]
#[get("/v1/ingredients")]
pub(crate) async fn list_ingredients(
    staff: Staff<Everybody>,
    db: web::Data<Db>,
    Query(query): Query<IngredientsQuery>,
) -> Result<web::Json<Page<Ingredient>>> {
    let search = Search::of(query.q)?;
    let mut data = db
        .run(move |conn| {
            let rows = ingredients::table
                .filter(ingredients::archived_at.is_not_null().eq(query.archived))
                .order(ingredients::slug)
                .select(IngredientRow::as_select())
                .load(conn)?;
            rows.into_iter().map(Ingredient::try_from).collect::<Result<Vec<_>>>()
        })
        .await?;
    data.retain(|ingredient| search.finds(&ingredient.body.slug, &ingredient.body.name));
    if !staff.user.memberships.iter().any(|membership| Managers::ROLES.contains(&membership.role)) {
        data.iter_mut().for_each(|ingredient| ingredient.body.cost_per_thousand = None);
    }
    Ok(web::Json(Page { data, next_cursor: None }))
}

/// Create an ingredient
#[utoipa::path(tag = "recipes", security(("bearer" = ["manager", "admin"])), params(IdempotencyHeader),
    request_body = IngredientBody,
    responses((status = 201, description = "The ingredient", body = Ingredient), (status = 409, description = "already_exists")))]
#[post("/v1/ingredients")]
pub(crate) async fn create_ingredient(staff: Staff<Managers>, db: web::Data<Db>, post: Post<IngredientBody>) -> Result<Answer> {
    let Post { body, once } = post;
    answer_once(&db, once, move |conn, now| {
        let (id, ingredient) = edit::create::<Ingredient>(conn, staff.user.id, &body, now)?;
        Answer::created(format!("/v1/ingredients/{id}"), &ingredient)
    })
    .await
}

/// Read an ingredient
#[utoipa::path(tag = "recipes", security(("bearer" = ["manager", "admin"])), params(IngredientPath),
    responses((status = 200, description = "The ingredient", body = Ingredient, headers(("ETag" = String, description = "The version")))))]
#[get("/v1/ingredients/{ingredientId}")]
pub(crate) async fn find_ingredient(
    _staff: Staff<Managers>,
    db: web::Data<Db>,
    Path(path): Path<IngredientPath>,
) -> Result<Tagged<Ingredient>> {
    Ok(edit::tagged(db.run(move |conn| edit::find(conn, path.ingredient_id)).await?))
}

/// Replace an ingredient
///
/// The body is the whole of it. An archived ingredient comes back. Its unit cannot be changed once a recipe or a stock level
/// counts in it: 409 `in_use`, and `usedBy` lists the slugs of products, modifiers and stores.
#[utoipa::path(tag = "recipes", security(("bearer" = ["manager", "admin"])), params(IngredientPath, IfMatchHeader),
    request_body = IngredientBody,
    responses((status = 200, description = "The ingredient", body = Ingredient, headers(("ETag" = String, description = "The version"))),
        (status = 409, description = "already_exists, in_use")))]
#[put("/v1/ingredients/{ingredientId}")]
pub(crate) async fn replace_ingredient(
    staff: Staff<Managers>,
    db: web::Data<Db>,
    Path(path): Path<IngredientPath>,
    expected: IfMatch,
    Body(body): Body<IngredientBody>,
) -> Result<Tagged<Ingredient>> {
    let (user, now) = (staff.user.id, clock::now());
    Ok(edit::tagged(db.tx(move |conn| edit::replace(conn, user, path.ingredient_id, expected, &body, now)).await?))
}

/// Archive an ingredient
///
/// Only when no recipe of a product or modifier on sale takes it or leaves it out: else 409 `in_use`, and `usedBy` lists
/// their slugs. What stores have of it stays on their shelves.
#[utoipa::path(tag = "recipes", security(("bearer" = ["manager", "admin"])), params(IngredientPath, IfMatchHeader),
    responses((status = 204, description = "It is archived"), (status = 409, description = "in_use")))]
#[delete("/v1/ingredients/{ingredientId}")]
pub(crate) async fn archive_ingredient(
    staff: Staff<Managers>,
    db: web::Data<Db>,
    Path(path): Path<IngredientPath>,
    expected: IfMatch,
) -> Result<Answer> {
    let (user, now) = (staff.user.id, clock::now());
    db.tx(move |conn| edit::archive::<Ingredient>(conn, user, path.ingredient_id, expected, now)).await?;
    Ok(Answer::no_content())
}
