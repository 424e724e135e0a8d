//! The headings of the menu, as managers keep them.

use actix_web::{delete, get, post, put, web};
use chrono::{DateTime, Utc};
use diesel::pg::PgConnection;
use diesel::prelude::*;
use domain::hours::Window;
use domain::language::Text;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::clock;
use crate::db::Db;
use crate::error::{Code, OnConstraint, Result};
use crate::http::answer::Answer;
use crate::http::auth::{Managers, Staff};
use crate::http::edit::{self, ArchivedQuery, IfMatch, IfMatchHeader, Kept, Tagged};
use crate::http::idempotency::answer_once;
use crate::http::page::Page;
use crate::http::receive::{Body, IdempotencyHeader, Path, Post, Query};
use schema::categories;

/// A heading of the menu.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Category {
    id: Uuid,
    #[serde(flatten)]
    body: CategoryBody,
    /// Taken off the menu.
    archived: bool,
    /// Counts the changes; in quotes it is the `ETag`.
    #[schema(example = 1)]
    version: i32,
}

/// What a manager writes of a heading of the menu.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct CategoryBody {
    /// Names it in URLs and files.
    #[schema(min_length = 1, max_length = 64, pattern = "^[a-z0-9]+(-[a-z0-9]+)*$", example = "pizzas")]
    slug: String,
    name: Text,
    /// Lower ones come first.
    #[schema(minimum = 0, maximum = 10000, example = 1)]
    position: i32,
    /// When it is sold, on the store's wall clock; empty: always.
    #[serde(default)]
    #[schema(max_items = 20)]
    windows: Vec<Window>,
}

#[derive(Clone, Copy, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Path)]
struct CategoryPath {
    /// The category.
    #[param(rename = "categoryId")]
    category_id: Uuid,
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = categories, check_for_backend(diesel::pg::Pg))]
struct CategoryRow {
    id: Uuid,
    slug: String,
    name: Value,
    position: i32,
    windows: Value,
    archived_at: Option<DateTime<Utc>>,
    version: i32,
}

impl TryFrom<CategoryRow> for Category {
    type Error = crate::error::Error;

    fn try_from(row: CategoryRow) -> Result<Category> {
        let (name, windows) = (serde_json::from_value(row.name)?, serde_json::from_value(row.windows)?);
        let body = CategoryBody { slug: row.slug, name, position: row.position, windows };
        Ok(Category { id: row.id, body, archived: row.archived_at.is_some(), version: row.version })
    }
}

impl Kept for Category {
    const ENTITY: &'static str = "category";
    type Body = CategoryBody;

    fn version(&self) -> i32 {
        self.version
    }

    fn store_id(&self) -> Option<Uuid> {
        None
    }

    fn find(conn: &mut PgConnection, id: Uuid) -> Result<Option<Category>> {
        let row = categories::table.find(id).select(CategoryRow::as_select()).first(conn).optional()?;
        row.map(Category::try_from).transpose()
    }

    fn insert(conn: &mut PgConnection, id: Uuid, body: &CategoryBody, _: DateTime<Utc>) -> Result<()> {
        diesel::insert_into(categories::table)
            .values((
                categories::id.eq(id),
                categories::slug.eq(&body.slug),
                categories::name.eq(serde_json::to_value(&body.name)?),
                categories::position.eq(body.position),
                categories::windows.eq(serde_json::to_value(&body.windows)?),
            ))
            .execute(conn)
            .on_constraint("categories_slug_key", Code::AlreadyExists)
            .map_err(|error| error.with("names", &body.slug))?;
        Ok(())
    }

    fn replace(conn: &mut PgConnection, id: Uuid, version: i32, body: &CategoryBody, _: DateTime<Utc>) -> Result<bool> {
        let written = diesel::update(categories::table.find(id).filter(categories::version.eq(version)))
            .set((
                categories::slug.eq(&body.slug),
                categories::name.eq(serde_json::to_value(&body.name)?),
                categories::position.eq(body.position),
                categories::windows.eq(serde_json::to_value(&body.windows)?),
                categories::archived_at.eq(None::<DateTime<Utc>>),
                categories::version.eq(version + 1),
            ))
            .execute(conn)
            .on_constraint("categories_slug_key", Code::AlreadyExists)
            .map_err(|error| error.with("names", &body.slug))?;
        Ok(written == 1)
    }

    fn archive(conn: &mut PgConnection, id: Uuid, version: i32, now: DateTime<Utc>) -> Result<bool> {
        let written = diesel::update(categories::table.find(id).filter(categories::version.eq(version)))
            .set((categories::archived_at.eq(now), categories::version.eq(version + 1)))
            .execute(conn)?;
        Ok(written == 1)
    }
}

/// List the categories
///
/// As managers keep them, in every language. In the order of the menu.
#[utoipa::path(tag = "catalogue", security(("bearer" = ["manager", "admin"])), params(ArchivedQuery),
    responses((status = 200, description = "The categories", body = Page<Category>)))]
#[get("/v1/categories")]
pub(crate) async fn list_categories(
    _staff: Staff<Managers>,
    db: web::Data<Db>,
    Query(query): Query<ArchivedQuery>,
) -> Result<web::Json<Page<Category>>> {
    let data = db
        .run(move |conn| {
            let rows = categories::table
                .filter(categories::archived_at.is_not_null().eq(query.archived))
                .order((categories::position, categories::id))
                .select(CategoryRow::as_select())
                .load(conn)?;
            rows.into_iter().map(Category::try_from).collect::<Result<Vec<_>>>()
        })
        .await?;
    Ok(web::Json(Page { data, next_cursor: None }))
}

/// Create a category
#[utoipa::path(tag = "catalogue", security(("bearer" = ["manager", "admin"])), params(IdempotencyHeader),
    request_body = CategoryBody,
    responses((status = 201, description = "The category", body = Category), (status = 409, description = "already_exists")))]
#[post("/v1/categories")]
pub(crate) async fn create_category(staff: Staff<Managers>, db: web::Data<Db>, post: Post<CategoryBody>) -> Result<Answer> {
    let Post { body, once } = post;
    answer_once(&db, once, move |conn, now| {
        let (id, category) = edit::create::<Category>(conn, staff.user.id, &body, now)?;
        Answer::created(format!("/v1/categories/{id}"), &category)
    })
    .await
}

/// Read a category
#[utoipa::path(tag = "catalogue", security(("bearer" = ["manager", "admin"])), params(CategoryPath),
    responses((status = 200, description = "The category", body = Category, headers(("ETag" = String, description = "The version")))))]
#[get("/v1/categories/{categoryId}")]
pub(crate) async fn find_category(
    _staff: Staff<Managers>,
    db: web::Data<Db>,
    Path(path): Path<CategoryPath>,
) -> Result<Tagged<Category>> {
    Ok(edit::tagged(db.run(move |conn| edit::find(conn, path.category_id)).await?))
}

/// Replace a category
///
/// The body is the whole of it. An archived category comes back.
#[utoipa::path(tag = "catalogue", security(("bearer" = ["manager", "admin"])), params(CategoryPath, IfMatchHeader),
    request_body = CategoryBody,
    responses((status = 200, description = "The category", body = Category, headers(("ETag" = String, description = "The version"))),
        (status = 409, description = "already_exists")))]
#[put("/v1/categories/{categoryId}")]
pub(crate) async fn replace_category(
    staff: Staff<Managers>,
    db: web::Data<Db>,
    Path(path): Path<CategoryPath>,
    expected: IfMatch,
    Body(body): Body<CategoryBody>,
) -> Result<Tagged<Category>> {
    let (user, now) = (staff.user.id, clock::now());
    Ok(edit::tagged(db.tx(move |conn| edit::replace(conn, user, path.category_id, expected, &body, now)).await?))
}

/// Archive a category
///
/// It and its products leave the menu; nothing is lost.
#[utoipa::path(tag = "catalogue", security(("bearer" = ["manager", "admin"])), params(CategoryPath, IfMatchHeader),
    responses((status = 204, description = "It is archived")))]
#[delete("/v1/categories/{categoryId}")]
pub(crate) async fn archive_category(
    staff: Staff<Managers>,
    db: web::Data<Db>,
    Path(path): Path<CategoryPath>,
    expected: IfMatch,
) -> Result<Answer> {
    let (user, now) = (staff.user.id, clock::now());
    db.tx(move |conn| edit::archive::<Category>(conn, user, path.category_id, expected, now)).await?;
    Ok(Answer::no_content())
}
