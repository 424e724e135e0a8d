//! What the chain sells, as managers keep it: products with their sizes, and combos with their slots.

use actix_web::{delete, get, post, put, web};
use chrono::{DateTime, Utc};
use diesel::pg::PgConnection;
use domain::language::Text;
use domain::menu::{Diet, ProductKind, SizeCode};
use domain::money::Money;
use domain::tax::TaxCategory;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::clock;
use crate::db::Db;
use crate::error::Result;
use crate::http::answer::Answer;
use crate::http::auth::{Managers, Staff};
use crate::http::edit::{self, IfMatch, IfMatchHeader, Kept, Tagged};
use crate::http::idempotency::answer_once;
use crate::http::page::Page;
use crate::http::receive::{Body, IdempotencyHeader, Path, Post, Query};
use crate::products::{product_rules, product_tables};

/// What the chain sells, in every store.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Product {
    pub(super) id: Uuid,
    #[schema(example = "reine")]
    pub(super) slug: String,
    pub(super) category_id: Uuid,
    pub(super) kind: ProductKind,
    pub(super) name: Text,
    pub(super) description: Text,
    pub(super) tax_category: TaxCategory,
    #[schema(example = 1)]
    pub(super) position: i32,
    pub(super) diets: Vec<Diet>,
    /// The first one is the main one.
    pub(super) image_urls: Vec<ImageUrl>,
    pub(super) halves_allowed: bool,
    /// In the order they are offered in.
    pub(super) modifier_group_ids: Vec<Uuid>,
    /// The sizes in which it is sold, in the order of the menu.
    pub(super) variants: Vec<ProductVariant>,
    /// Of a combo, in the order in which they are filled.
    #[schema(example = json!([]))]
    pub(super) slots: Vec<ProductSlot>,
    /// Taken off the menu.
    pub(super) archived: bool,
    /// Counts the changes; in quotes it is the `ETag`.
    #[schema(example = 1)]
    pub(super) version: i32,
}

/// A product in one size.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct ProductVariant {
    /// What carts and orders name: it stays with the size.
    pub(super) id: Uuid,
    pub(super) size_code: SizeCode,
    pub(super) name: Text,
    /// VAT included.
    pub(super) price: Money,
}

/// A choice inside a combo.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct ProductSlot {
    pub(super) id: Uuid,
    pub(super) name: Text,
    #[schema(example = 1)]
    pub(super) minimum: i32,
    #[schema(example = 1)]
    pub(super) maximum: i32,
    /// In the order of the menu. Archived ones stay in it, and are not offered until they come back.
    pub(super) variants: Vec<SlotVariant>,
}

/// What can fill a slot.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct SlotVariant {
    /// A size of another product, which is no combo itself.
    pub(super) variant_id: Uuid,
    /// What it costs on top of the combo.
    pub(super) surcharge: Money,
}

/// An address of an image.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[schema(
    value_type = String,
    format = "uri",
    pattern = r"^https://[^/\s]+",
    max_length = 2000,
    example = "https://static.ocpizza.example/products/reine.jpg"
)]
pub(super) struct ImageUrl(pub(super) String);

/// What a manager writes of a product.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct ProductBody {
    /// Names it in URLs and files.
    #[schema(min_length = 1, max_length = 64, pattern = "^[a-z0-9]+(-[a-z0-9]+)*$", example = "reine")]
    pub(super) slug: String,
    /// The heading it stands under; while that is archived, it is not on the menu.
    pub(super) category_id: Uuid,
    pub(super) kind: ProductKind,
    pub(super) name: Text,
    pub(super) description: Text,
    pub(super) tax_category: TaxCategory,
    /// Its place under its heading: lower ones come first.
    #[schema(minimum = 0, maximum = 10000, example = 1)]
    pub(super) position: i32,
    /// What it is fit for, each once.
    #[serde(default)]
    #[schema(max_items = 6)]
    pub(super) diets: Vec<Diet>,
    /// Each once; the first one is the main one.
    #[serde(default)]
    #[schema(max_items = 10)]
    pub(super) image_urls: Vec<ImageUrl>,
    /// Whether it may be one half of a pizza of two; asked only where its kind has halves.
    #[serde(default = "allowed")]
    #[schema(default = true)]
    pub(super) halves_allowed: bool,
    /// Groups that are not archived, each once, in the order they are offered in.
    #[serde(default)]
    #[schema(max_items = 50)]
    pub(super) modifier_group_ids: Vec<Uuid>,
    /// In the order of the menu, each size once.
    #[schema(min_items = 1, max_items = 10)]
    pub(super) variants: Vec<VariantBody>,
    /// At least one for a combo, none for everything else; in the order in which they are filled.
    #[serde(default)]
    #[schema(max_items = 10, example = json!([]))]
    pub(super) slots: Vec<SlotBody>,
}

fn allowed() -> bool {
    true
}

/// What a manager writes of a product in one size.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct VariantBody {
    /// As it was read, or left out: a variant is known by its size.
    #[serde(default)]
    #[schema(example = json!(null))]
    pub(super) id: Option<Uuid>,
    pub(super) size_code: SizeCode,
    pub(super) name: Text,
    /// VAT included.
    pub(super) price: Money,
}

/// What a manager writes of a choice inside a combo.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct SlotBody {
    /// As it was read, for a slot that stays; without it this is a new one.
    #[serde(default)]
    #[schema(example = json!(null))]
    pub(super) id: Option<Uuid>,
    pub(super) name: Text,
    /// So many of it must be chosen; 0: it may stay empty.
    #[schema(minimum = 0, maximum = 10, example = 1)]
    pub(super) minimum: i32,
    /// So many of it can be chosen, not fewer than `minimum`.
    #[schema(minimum = 1, maximum = 10, example = 1)]
    pub(super) maximum: i32,
    /// Sizes of other products, each once. An archived one can stay where it was, but not be added.
    #[schema(min_items = 1, max_items = 100)]
    pub(super) variants: Vec<SlotVariant>,
}

#[derive(Clone, Copy, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Path)]
struct ProductPath {
    /// The product.
    #[param(rename = "productId")]
    product_id: Uuid,
}

/// Which products are listed.
#[derive(Clone, Copy, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query, rename_all = "camelCase")]
pub(super) struct ProductsQuery {
    /// true: those that were archived, instead of those that are in use.
    #[serde(default)]
    #[param(default = false)]
    pub(super) archived: bool,
    /// Only what stands under this heading.
    pub(super) category_id: Option<Uuid>,
    /// Only what is of this kind.
    pub(super) kind: Option<ProductKind>,
}

impl Kept for Product {
    const ENTITY: &'static str = "product";
    type Body = ProductBody;

    fn version(&self) -> i32 {
        self.version
    }

    fn store_id(&self) -> Option<Uuid> {
        None
    }

    fn find(conn: &mut PgConnection, id: Uuid) -> Result<Option<Product>> {
        product_tables::find(conn, id)
    }

    fn insert(conn: &mut PgConnection, id: Uuid, body: &ProductBody, now: DateTime<Utc>) -> Result<()> {
        product_rules::check(conn, id, body)?;
        product_tables::insert(conn, id, body, now)
    }

    fn replace(conn: &mut PgConnection, id: Uuid, version: i32, body: &ProductBody, now: DateTime<Utc>) -> Result<bool> {
        product_rules::check(conn, id, body)?;
        product_tables::replace(conn, id, version, body, now)
    }

    fn archive(conn: &mut PgConnection, id: Uuid, version: i32, now: DateTime<Utc>) -> Result<bool> {
        product_tables::archive(conn, id, version, now)
    }
}

/// List the products
///
/// As managers keep them, in every language. In the order of the menu, all on one page.
#[utoipa::path(tag = "catalogue", security(("bearer" = ["manager", "admin"])), params(ProductsQuery),
    responses((status = 200, description = "The products", body = Page<Product>)))]
#[get("/v1/products")]
pub(crate) async fn list_products(
    _staff: Staff<Managers>,
    db: web::Data<Db>,
    Query(query): Query<ProductsQuery>,
) -> Result<web::Json<Page<Product>>> {
    let data = db.run(move |conn| product_tables::list(conn, query)).await?;
    Ok(web::Json(Page { data, next_cursor: None }))
}

/// Create a product
///
/// A size of it has no recipe yet, and cannot be sold until one is written with `PUT /v1/products/{productId}/recipe`; a
/// combo needs none, it is made of what fills its slots.
#[utoipa::path(tag = "catalogue", security(("bearer" = ["manager", "admin"])), params(IdempotencyHeader),
    request_body = ProductBody,
    responses((status = 201, description = "The product", body = Product), (status = 409, description = "already_exists")))]
#[post("/v1/products")]
pub(crate) async fn create_product(staff: Staff<Managers>, db: web::Data<Db>, post: Post<ProductBody>) -> Result<Answer> {
    let Post { body, once } = post;
    answer_once(&db, once, move |conn, now| {
        let (id, product) = edit::create::<Product>(conn, staff.user.id, &body, now)?;
        Answer::created(format!("/v1/products/{id}"), &product)
    })
    .await
}

/// Read a product
#[utoipa::path(tag = "catalogue", security(("bearer" = ["manager", "admin"])), params(ProductPath),
    responses((status = 200, description = "The product", body = Product, headers(("ETag" = String, description = "The version")))))]
#[get("/v1/products/{productId}")]
pub(crate) async fn find_product(
    _staff: Staff<Managers>,
    db: web::Data<Db>,
    Path(path): Path<ProductPath>,
) -> Result<Tagged<Product>> {
    Ok(edit::tagged(db.run(move |conn| edit::find(conn, path.product_id)).await?))
}

/// Replace a product
///
/// The body is the whole of it. An archived product comes back. Carts and orders name variants, so these are known by their
/// size: one that is sent no more is archived, one that is sent again comes back as it was known, with its recipe; a new one
/// has no recipe yet, and cannot be sold until one is written with `PUT /v1/products/{productId}/recipe`. Slots that are not
/// sent back with their `id` are deleted. A product that a combo offers cannot become a combo: 409 `in_use`, and `usedBy`
/// lists the slugs of these combos.
#[utoipa::path(tag = "catalogue", security(("bearer" = ["manager", "admin"])), params(ProductPath, IfMatchHeader),
    request_body = ProductBody,
    responses((status = 200, description = "The product", body = Product, headers(("ETag" = String, description = "The version"))),
        (status = 409, description = "already_exists, in_use")))]
#[put("/v1/products/{productId}")]
pub(crate) async fn replace_product(
    staff: Staff<Managers>,
    db: web::Data<Db>,
    Path(path): Path<ProductPath>,
    expected: IfMatch,
    Body(body): Body<ProductBody>,
) -> Result<Tagged<Product>> {
    let (user, now) = (staff.user.id, clock::now());
    Ok(edit::tagged(db.tx(move |conn| edit::replace(conn, user, path.product_id, expected, &body, now)).await?))
}

/// Archive a product
///
/// It leaves the menu, and the slots of combos that offer it: a combo that has nothing else for a slot that must be filled
/// cannot be ordered meanwhile. Nothing is lost.
#[utoipa::path(tag = "catalogue", security(("bearer" = ["manager", "admin"])), params(ProductPath, IfMatchHeader),
    responses((status = 204, description = "It is archived")))]
#[delete("/v1/products/{productId}")]
pub(crate) async fn archive_product(
    staff: Staff<Managers>,
    db: web::Data<Db>,
    Path(path): Path<ProductPath>,
    expected: IfMatch,
) -> Result<Answer> {
    let (user, now) = (staff.user.id, clock::now());
    db.tx(move |conn| edit::archive::<Product>(conn, user, path.product_id, expected, now)).await?;
    Ok(Answer::no_content())
}
