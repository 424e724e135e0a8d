//! What a recipe was: every version, and the way back to one.

use actix_web::{get, post, web};
use chrono::{DateTime, Utc};
use diesel::pg::PgConnection;
use diesel::prelude::*;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::db::Db;
use crate::error::{Error, Result};
use crate::http::answer::Answer;
use crate::http::auth::{Managers, Staff};
use crate::http::idempotency::answer_once;
use crate::http::page::{Page, PageQuery, page};
use crate::http::problem::Speaks;
use crate::http::receive::{IdempotencyHeader, NoBody, Path, Post, Query, validated};
use crate::recipes::document::{self, RecipeBody, VersionRow, Writer};
use crate::recipes::recipes::ProductPath;
use crate::recipes::view::{self, Recipe};
use schema::{recipe_versions, users};

/// A recipe as it was written once.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct RecipeVersion {
    #[schema(example = 3)]
    version: i32,
    /// Who wrote it; null: it came with a file.
    actor_id: Option<Uuid>,
    #[schema(example = "Lucie Moreau")]
    actor_name: Option<String>,
    created_at: DateTime<Utc>,
    /// As it was written.
    #[schema(value_type = RecipeBody)]
    document: Value,
}

#[derive(Clone, Copy, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Path)]
struct RecipeVersionPath {
    /// The product.
    #[param(rename = "productId")]
    product_id: Uuid,
    /// The version.
    #[param(minimum = 1, example = 2)]
    version: i32,
}

/// List the versions of a recipe
///
/// Newest first: the first is the one in force. Its `document` is what a manager edits and sends back to
/// `PUT /v1/products/{productId}/recipe`, with its `version` in quotes as `If-Match`.
#[utoipa::path(tag = "recipes", security(("bearer" = ["manager", "admin"])), params(ProductPath, PageQuery),
    responses((status = 200, description = "The versions", body = Page<RecipeVersion>)))]
#[get("/v1/products/{productId}/recipe/versions")]
pub(crate) async fn list_recipe_versions(
    _staff: Staff<Managers>,
    db: web::Data<Db>,
    Path(path): Path<ProductPath>,
    Query(query): Query<PageQuery>,
) -> Result<web::Json<Page<RecipeVersion>>> {
    let (limit, before) = (query.limit()?, query.before()?);
    let rows = db.run(move |conn| versions(conn, path.product_id, limit, before)).await?;
    let view = |(row, actor_name): (VersionRow, Option<String>)| RecipeVersion {
        version: row.version,
        actor_id: row.actor_id,
        actor_name,
        created_at: row.created_at,
        document: row.document,
    };
    Ok(web::Json(page(rows, limit, |(row, _)| cursor(row.version), view)))
}

/// Cursors are made of ids; a version's is its number.
fn cursor(version: i32) -> Uuid {
    Uuid::from_u128(u128::from(version.unsigned_abs()))
}

/// One more than `limit`, if there are so many.
fn versions(
    conn: &mut PgConnection,
    product_id: Uuid,
    limit: i64,
    before: Option<Uuid>,
) -> Result<Vec<(VersionRow, Option<String>)>> {
    let in_force = document::in_force(conn, product_id)?.ok_or_else(|| Error::not_found("recipe"))?;
    let before = before.map_or(i32::MAX, |cursor| i32::try_from(cursor.as_u128()).unwrap_or(i32::MAX));
    let mut rows = recipe_versions::table
        .left_join(users::table)
        .filter(recipe_versions::product_id.eq(product_id).and(recipe_versions::version.lt(before)))
        .order(recipe_versions::version.desc())
        .limit(limit + 1)
        .select((VersionRow::as_select(), users::name.nullable()))
        .load::<(VersionRow, Option<String>)>(conn)?;
    let newest = rows.first().map_or(0, |(row, _)| row.version);
    if newest < in_force.version && in_force.version < before {
        rows.insert(0, (in_force, None));
    }
    Ok(rows)
}

/// Bring a version of a recipe back
///
/// Writes its document as a new version. When the document is that of the version in force, nothing changes. What it names may
/// be gone meanwhile: 422 `invalid_request`, with pointers into that `document`; `archived` are ingredients to be brought back
/// first, `not_offered` are sizes that the product is no longer sold in: edit the document and `PUT` it.
#[utoipa::path(tag = "recipes", security(("bearer" = ["manager", "admin"])), params(RecipeVersionPath, IdempotencyHeader),
    request_body = NoBody, responses((status = 200, description = "The recipe", body = Recipe)))]
#[post("/v1/products/{productId}/recipe/versions/{version}/restore")]
pub(crate) async fn restore_recipe_version(
    staff: Staff<Managers>,
    db: web::Data<Db>,
    Path(path): Path<RecipeVersionPath>,
    post: Post<NoBody>,
    Speaks(language): Speaks,
) -> Result<Answer> {
    answer_once(&db, post.once, move |conn, now| {
        let missing = || Error::not_found("version");
        let in_force = document::hold(conn, path.product_id)?.ok_or_else(missing)?;
        if in_force.version != path.version {
            let wanted = recipe_versions::table.find((path.product_id, path.version)).select(recipe_versions::document);
            let document = wanted.first::<Value>(conn).optional()?.ok_or_else(missing)?;
            if document != in_force.document {
                let body: RecipeBody = validated(document)?;
                let writer = Writer { actor_id: staff.user.id, now };
                document::write(conn, path.product_id, Some(in_force), &body, writer)?;
            }
        }
        Answer::ok(&view::recipe(conn, path.product_id, language)?)
    })
    .await
}
