//! The choices that products offer, as managers keep them: groups with their modifiers and what these take.

use actix_web::{delete, get, post, put, web};
use chrono::{DateTime, Utc};
use diesel::pg::PgConnection;
use domain::language::Text;
use domain::menu::{ModifierKind, SizeCode};
use domain::money::Money;
use domain::stock::Quantity;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::clock;
use crate::db::Db;
use crate::error::Result;
use crate::http::answer::Answer;
use crate::http::auth::{Managers, Staff};
use crate::http::edit::{self, ArchivedQuery, IfMatch, IfMatchHeader, Kept, Tagged};
use crate::http::idempotency::answer_once;
use crate::http::page::Page;
use crate::http::receive::{Body, IdempotencyHeader, Path, Post, Query};
use crate::products::{modifier_rules, modifier_tables};

/// A choice that products offer: how many modifiers at least and at most.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct ModifierGroup {
    pub(super) id: Uuid,
    #[schema(example = "toppings")]
    pub(super) slug: String,
    pub(super) name: Text,
    #[schema(example = 0)]
    pub(super) minimum: i32,
    #[schema(example = 5)]
    pub(super) maximum: i32,
    /// So many of the chosen modifiers cost nothing: the dearest ones.
    #[schema(example = 0)]
    pub(super) free_quantity: i32,
    /// In the order they are offered in.
    pub(super) modifiers: Vec<Modifier>,
    /// No product offers it.
    pub(super) archived: bool,
    /// Counts the changes; in quotes it is the `ETag`.
    #[schema(example = 1)]
    pub(super) version: i32,
}

/// One option of a group.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Modifier {
    /// What carts and orders name.
    pub(super) id: Uuid,
    #[schema(example = "extra-mozzarella")]
    pub(super) slug: String,
    pub(super) name: Text,
    pub(super) kind: ModifierKind,
    /// How many of it one unit of a product may have.
    #[schema(example = 2)]
    pub(super) maximum: i32,
    /// Chosen for a customer who chooses nothing in a group that wants a choice.
    #[schema(example = false)]
    pub(super) is_default: bool,
    /// What one of kind `remove` leaves out of the recipe.
    #[schema(example = json!(null))]
    pub(super) removes_ingredient_id: Option<Uuid>,
    /// The sizes that can take it, smallest first.
    pub(super) sizes: Vec<ModifierSize>,
}

/// A modifier on a product of one size.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct ModifierSize {
    pub(super) size_code: SizeCode,
    /// Of one portion, VAT included.
    pub(super) price: Money,
    /// What one portion takes from stock, each ingredient once; empty: nothing.
    #[serde(default)]
    #[schema(max_items = 50)]
    pub(super) ingredients: Vec<ModifierQuantity>,
}

/// How much of an ingredient one portion of a modifier takes.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct ModifierQuantity {
    /// One that is not archived.
    pub(super) ingredient_id: Uuid,
    /// What ends up in the dish, in the ingredient's unit, with at most three decimals.
    #[schema(value_type = f64, minimum = 0.001, maximum = 100_000, example = 40)]
    pub(super) quantity: Quantity,
    /// Lost while preparing, on top of the quantity: 500 is 5 %.
    #[serde(default)]
    #[schema(minimum = 0, maximum = 10_000, default = 0, example = 0)]
    pub(super) waste_basis_points: i32,
}

/// What a manager writes of a group of modifiers.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct ModifierGroupBody {
    /// Names it in files.
    #[schema(min_length = 1, max_length = 64, pattern = "^[a-z0-9]+(-[a-z0-9]+)*$", example = "toppings")]
    pub(super) slug: String,
    pub(super) name: Text,
    /// So many must be chosen; 0: none need be.
    #[schema(minimum = 0, maximum = 50, example = 0)]
    pub(super) minimum: i32,
    /// So many can be chosen, not fewer than `minimum`.
    #[schema(minimum = 1, maximum = 50, example = 5)]
    pub(super) maximum: i32,
    /// So many of the chosen ones cost nothing, the dearest first; not more than `maximum`.
    #[serde(default)]
    #[schema(minimum = 0, maximum = 50, default = 0, example = 0)]
    pub(super) free_quantity: i32,
    /// In the order they are offered in.
    #[schema(max_items = 100)]
    pub(super) modifiers: Vec<ModifierBody>,
}

/// What a manager writes of one option of a group.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct ModifierBody {
    /// As it was read, for a modifier that stays. Without it the slug tells: one that this group has or had is the same
    /// modifier, any other is a new one.
    #[serde(default)]
    #[schema(example = json!(null))]
    pub(super) id: Option<Uuid>,
    /// Names it in files; no other modifier of the chain has it.
    #[schema(min_length = 1, max_length = 64, pattern = "^[a-z0-9]+(-[a-z0-9]+)*$", example = "extra-mozzarella")]
    pub(super) slug: String,
    pub(super) name: Text,
    pub(super) kind: ModifierKind,
    /// How many of it one unit of a product may have.
    #[schema(minimum = 1, maximum = 10, example = 2)]
    pub(super) maximum: i32,
    /// Chosen for a customer who chooses nothing in a group that wants a choice.
    #[serde(default)]
    #[schema(default = false, example = false)]
    pub(super) is_default: bool,
    /// What it leaves out of the recipe, an ingredient that is not archived: of kind `remove`, and of no other kind.
    #[serde(default)]
    #[schema(example = json!(null))]
    pub(super) removes_ingredient_id: Option<Uuid>,
    /// Each size once. A size of a product that is not here cannot take it.
    #[schema(min_items = 1, max_items = 10)]
    pub(super) sizes: Vec<ModifierSize>,
}

#[derive(Clone, Copy, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Path)]
struct ModifierGroupPath {
    /// The group of modifiers.
    #[param(rename = "modifierGroupId")]
    modifier_group_id: Uuid,
}

impl Kept for ModifierGroup {
    const ENTITY: &'static str = "modifier_group";
    type Body = ModifierGroupBody;

    fn version(&self) -> i32 {
        self.version
    }

    fn store_id(&self) -> Option<Uuid> {
        None
    }

    fn find(conn: &mut PgConnection, id: Uuid) -> Result<Option<ModifierGroup>> {
        modifier_tables::find(conn, id)
    }

    fn insert(conn: &mut PgConnection, id: Uuid, body: &ModifierGroupBody, now: DateTime<Utc>) -> Result<()> {
        let modifiers = modifier_rules::check(conn, id, body)?;
        modifier_tables::insert(conn, id, body, &modifiers, now)
    }

    fn replace(conn: &mut PgConnection, id: Uuid, version: i32, body: &ModifierGroupBody, now: DateTime<Utc>) -> Result<bool> {
        let modifiers = modifier_rules::check(conn, id, body)?;
        modifier_tables::replace(conn, id, version, body, &modifiers, now)
    }

    fn archive(conn: &mut PgConnection, id: Uuid, version: i32, now: DateTime<Utc>) -> Result<bool> {
        let written = modifier_tables::archive(conn, id, version, now)?;
        if written {
            // After the change: who writes a product shares its groups, so that whoever was first is seen by now.
            modifier_rules::is_offered_by_none(conn, id)?;
        }
        Ok(written)
    }
}

/// List the modifier groups
///
/// As managers keep them, in every language. By slug, all on one page.
#[utoipa::path(tag = "catalogue", security(("bearer" = ["manager", "admin"])), params(ArchivedQuery),
    responses((status = 200, description = "The groups", body = Page<ModifierGroup>)))]
#[get("/v1/modifier-groups")]
pub(crate) async fn list_modifier_groups(
    _staff: Staff<Managers>,
    db: web::Data<Db>,
    Query(query): Query<ArchivedQuery>,
) -> Result<web::Json<Page<ModifierGroup>>> {
    let data = db.run(move |conn| modifier_tables::list(conn, query.archived)).await?;
    Ok(web::Json(Page { data, next_cursor: None }))
}

/// Create a modifier group
///
/// `already_exists` names the slug that is taken: that of the group, or those of modifiers.
#[utoipa::path(tag = "catalogue", security(("bearer" = ["manager", "admin"])), params(IdempotencyHeader),
    request_body = ModifierGroupBody,
    responses((status = 201, description = "The group", body = ModifierGroup), (status = 409, description = "already_exists")))]
#[post("/v1/modifier-groups")]
pub(crate) async fn create_modifier_group(
    staff: Staff<Managers>,
    db: web::Data<Db>,
    post: Post<ModifierGroupBody>,
) -> Result<Answer> {
    let Post { body, once } = post;
    answer_once(&db, once, move |conn, now| {
        let (id, group) = edit::create::<ModifierGroup>(conn, staff.user.id, &body, now)?;
        Answer::created(format!("/v1/modifier-groups/{id}"), &group)
    })
    .await
}

/// Read a modifier group
#[utoipa::path(tag = "catalogue", security(("bearer" = ["manager", "admin"])), params(ModifierGroupPath),
    responses((status = 200, description = "The group", body = ModifierGroup, headers(("ETag" = String, description = "The version")))))]
#[get("/v1/modifier-groups/{modifierGroupId}")]
pub(crate) async fn find_modifier_group(
    _staff: Staff<Managers>,
    db: web::Data<Db>,
    Path(path): Path<ModifierGroupPath>,
) -> Result<Tagged<ModifierGroup>> {
    Ok(edit::tagged(db.run(move |conn| edit::find(conn, path.modifier_group_id)).await?))
}

/// Replace a modifier group
///
/// The body is the whole of it. An archived group comes back. Modifiers that are sent no more are archived, because carts
/// and orders name them; one that is sent again, by its `id` or its slug, comes back. A size that an override of its price
/// names cannot be taken away: 409 `in_use`, and `usedBy` lists the ids of these overrides.
#[utoipa::path(tag = "catalogue", security(("bearer" = ["manager", "admin"])), params(ModifierGroupPath, IfMatchHeader),
    request_body = ModifierGroupBody,
    responses((status = 200, description = "The group", body = ModifierGroup, headers(("ETag" = String, description = "The version"))),
        (status = 409, description = "already_exists, in_use")))]
#[put("/v1/modifier-groups/{modifierGroupId}")]
pub(crate) async fn replace_modifier_group(
    staff: Staff<Managers>,
    db: web::Data<Db>,
    Path(path): Path<ModifierGroupPath>,
    expected: IfMatch,
    Body(body): Body<ModifierGroupBody>,
) -> Result<Tagged<ModifierGroup>> {
    let (user, now) = (staff.user.id, clock::now());
    Ok(edit::tagged(db.tx(move |conn| edit::replace(conn, user, path.modifier_group_id, expected, &body, now)).await?))
}

/// Archive a modifier group
///
/// Only when no product offers it but archived ones: else 409 `in_use`, and `usedBy` lists the slugs of these products.
#[utoipa::path(tag = "catalogue", security(("bearer" = ["manager", "admin"])), params(ModifierGroupPath, IfMatchHeader),
    responses((status = 204, description = "It is archived"), (status = 409, description = "in_use")))]
#[delete("/v1/modifier-groups/{modifierGroupId}")]
pub(crate) async fn archive_modifier_group(
    staff: Staff<Managers>,
    db: web::Data<Db>,
    Path(path): Path<ModifierGroupPath>,
    expected: IfMatch,
) -> Result<Answer> {
    let (user, now) = (staff.user.id, clock::now());
    db.tx(move |conn| edit::archive::<ModifierGroup>(conn, user, path.modifier_group_id, expected, now)).await?;
    Ok(Answer::no_content())
}
