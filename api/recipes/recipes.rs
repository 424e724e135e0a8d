//! The recipes of products: read by those who cook, written by managers.

use actix_web::{get, put, web};
use diesel::prelude::*;
use domain::menu::ProductKind;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::catalogue::columns::{text, word};
use crate::clock;
use crate::db::Db;
use crate::error::{Code, Error, Result};
use crate::http::auth::{Everybody, Managers, Staff};
use crate::http::edit::{IfMatch, MaybeIfMatch, Tagged};
use crate::http::page::Page;
use crate::http::problem::Speaks;
use crate::http::receive::{Body, Path, Query};
use crate::recipes::document::{self, RecipeBody, Writer};
use crate::recipes::search::Search;
use crate::recipes::view::{self, Recipe};
use schema::{categories, products, recipes};

/// A product in the list of recipes.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct RecipeSummary {
    product_id: Uuid,
    #[schema(example = "Reine")]
    name: String,
    kind: ProductKind,
    /// false: nobody has written it yet.
    has_recipe: bool,
    #[schema(example = 150)]
    preparation_seconds: Option<i32>,
    #[schema(example = 300)]
    bake_seconds: Option<i32>,
    #[schema(example = "https://static.ocpizza.example/recipes/reine.jpg")]
    photo_url: Option<String>,
}

#[derive(Clone, Copy, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Path)]
pub(super) struct ProductPath {
    /// The product.
    #[param(rename = "productId")]
    pub(super) product_id: Uuid,
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct RecipesQuery {
    /// Part of a name, in either language, or of the slug; capitals do not matter.
    #[param(max_length = 100, example = "reine")]
    q: Option<String>,
}

/// Protects what others changed meanwhile.
#[derive(IntoParams)]
#[into_params(parameter_in = Header)]
#[expect(dead_code, reason = "it documents a header; IfMatch and MaybeIfMatch read it")]
struct RecipeIfMatchHeader {
    /// The `ETag` of the recipe that the change is based on: the version in quotes. Required, but for the first recipe of a
    /// product: that one is written without it, or on `"0"`.
    #[param(rename = "If-Match", required = false, max_length = 20, example = "\"3\"")]
    if_match: Option<String>,
}

/// List the recipes
///
/// The cooks' aide-mémoire: every product on sale, in the order of the menu, with or without a recipe.
#[utoipa::path(tag = "recipes", security(("bearer" = ["counter", "cook", "driver", "manager", "admin"])), params(RecipesQuery),
    responses((status = 200, description = "The products", body = Page<RecipeSummary>)))]
#[get("/v1/recipes")]
pub(crate) async fn list_recipes(
    _staff: Staff<Everybody>,
    db: web::Data<Db>,
    Query(query): Query<RecipesQuery>,
    Speaks(language): Speaks,
) -> Result<web::Json<Page<RecipeSummary>>> {
    let search = Search::of(query.q)?;
    let data = db
        .run(move |conn| {
            let of_recipe = (recipes::preparation_seconds, recipes::bake_seconds, recipes::photo_url);
            let rows = products::table
                .inner_join(categories::table)
                .left_join(recipes::table)
                .filter(products::archived_at.is_null().and(categories::archived_at.is_null()))
                .order((categories::position, categories::id, products::position, products::id))
                .select(((products::id, products::slug, products::name, products::kind), of_recipe.nullable()))
                .load::<((Uuid, String, Value, String), Option<(i32, i32, Option<String>)>)>(conn)?;
            let mut found = Vec::new();
            for ((product_id, slug, name, kind), recipe) in rows {
                let name = text(name)?;
                if !search.finds(&slug, &name) {
                    continue;
                }
                found.push(RecipeSummary {
                    product_id,
                    name: name.get(language).to_owned(),
                    kind: word(kind)?,
                    has_recipe: recipe.is_some(),
                    preparation_seconds: recipe.as_ref().map(|(seconds, ..)| *seconds),
                    bake_seconds: recipe.as_ref().map(|(_, seconds, _)| *seconds),
                    photo_url: recipe.and_then(|(.., photo_url)| photo_url),
                });
            }
            Ok(found)
        })
        .await?;
    Ok(web::Json(Page { data, next_cursor: None }))
}

/// Read the recipe of a product
///
/// In the language of the request: the steps, the quantities for each size, and what each option adds or leaves out. What
/// managers edit, in every language, is the `document` of the first of `GET /v1/products/{productId}/recipe/versions`.
#[utoipa::path(tag = "recipes", security(("bearer" = ["counter", "cook", "driver", "manager", "admin"])), params(ProductPath),
    responses((status = 200, description = "The recipe", body = Recipe, headers(("ETag" = String, description = "The version")))))]
#[get("/v1/products/{productId}/recipe")]
pub(crate) async fn find_recipe(
    _staff: Staff<Everybody>,
    db: web::Data<Db>,
    Path(path): Path<ProductPath>,
    Speaks(language): Speaks,
) -> Result<Tagged<Recipe>> {
    Ok(db.run(move |conn| view::recipe(conn, path.product_id, language)).await?.tagged())
}

/// Write the recipe of a product
///
/// The body is the whole of it: a size of the product that is not in `sizes` has no recipe any more, and cannot be sold. It
/// counts from now on; orders that were placed keep what they have reserved. Every writing makes a version, none is lost.
/// The first recipe of a product needs no `If-Match`, every later one does.
#[utoipa::path(tag = "recipes", security(("bearer" = ["manager", "admin"])), params(ProductPath, RecipeIfMatchHeader),
    request_body = RecipeBody,
    responses((status = 200, description = "The recipe", body = Recipe, headers(("ETag" = String, description = "The version"))),
        (status = 428, description = "precondition_required")))]
#[put("/v1/products/{productId}/recipe")]
pub(crate) async fn replace_recipe(
    staff: Staff<Managers>,
    db: web::Data<Db>,
    Path(path): Path<ProductPath>,
    sent: Option<IfMatch>,
    expected: MaybeIfMatch,
    Body(body): Body<RecipeBody>,
    Speaks(language): Speaks,
) -> Result<Tagged<Recipe>> {
    let writer = Writer { actor_id: staff.user.id, now: clock::now() };
    let recipe = db
        .tx(move |conn| {
            let before = document::hold(conn, path.product_id)?;
            if before.is_some() && sent.is_none() {
                return Err(Error::new(Code::PreconditionRequired));
            }
            expected.check(before.as_ref().map_or(0, |before| before.version))?;
            document::write(conn, path.product_id, before, &body, writer)?;
            view::recipe(conn, path.product_id, language)
        })
        .await?;
    Ok(recipe.tagged())
}
