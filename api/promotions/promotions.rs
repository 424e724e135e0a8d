//! What makes an order cheaper, as managers keep it.

use actix_web::{delete, get, post, put, web};
use chrono::{DateTime, Utc};
use diesel::pg::PgConnection;
use diesel::prelude::*;
use domain::language::Text;
use domain::money::{Cents, Money};
use domain::promotion::{Conditions, PromotionKind};
use serde::{Deserialize, Serialize};
use serde_json::Value;
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
use crate::promotions::{check, ledger};
use schema::promotions;

/// What makes an order cheaper, by itself or with a coupon.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Promotion {
    id: Uuid,
    #[serde(flatten)]
    body: PromotionBody,
    /// Orders that have it and were not cancelled.
    #[schema(example = 12)]
    uses: i32,
    /// Taken out of use.
    archived: bool,
    /// Counts the changes; in quotes it is the `ETag`.
    #[schema(example = 1)]
    version: i32,
}

/// What a manager writes of a promotion.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(example = json!({
    "name": { "fr": "10 % sur les pizzas", "en": "10 % off pizzas" },
    "kind": "percent",
    "percentBasisPoints": 1000,
    "conditions": { "serviceTypes": ["collection"], "minimum": { "amount": 2000, "currency": "EUR" } },
    "validUntil": "2026-12-31T22:59:59Z",
    "needsCoupon": true,
    "stackable": false,
    "maximumUses": 500,
    "maximumUsesPerCustomer": 1,
}))]
pub(super) struct PromotionBody {
    pub(super) name: Text,
    pub(super) kind: PromotionKind,
    /// Exactly for `percent`: 1000 is 10 %.
    #[schema(minimum = 1, maximum = 10000, example = 1000)]
    pub(super) percent_basis_points: Option<i32>,
    /// Exactly for `amount`: more than nothing.
    pub(super) amount: Option<Money>,
    /// Exactly for `buy_x_get_y`: so many are paid.
    #[schema(minimum = 1, maximum = 50, example = json!(null))]
    pub(super) buy_quantity: Option<i32>,
    /// Exactly for `buy_x_get_y`: so many more are free, the cheapest ones.
    #[schema(minimum = 1, maximum = 50, example = json!(null))]
    pub(super) get_quantity: Option<i32>,
    #[serde(default)]
    pub(super) conditions: Conditions,
    /// null: since ever.
    #[schema(example = "2026-11-30T23:00:00Z")]
    pub(super) valid_from: Option<DateTime<Utc>>,
    /// It ends there; null: never.
    #[schema(example = "2026-12-31T22:59:59Z")]
    pub(super) valid_until: Option<DateTime<Utc>>,
    /// Only with a coupon; else by itself.
    needs_coupon: bool,
    /// May be combined with others that may.
    stackable: bool,
    /// So many orders in all; null: any number.
    #[schema(minimum = 1, maximum = 100000000, example = 500)]
    pub(super) maximum_uses: Option<i32>,
    /// So many orders of one customer, by account, phone number or e-mail address; null: any number.
    #[schema(minimum = 1, maximum = 1000000, example = 1)]
    maximum_uses_per_customer: Option<i32>,
}

#[derive(Clone, Copy, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Path)]
pub(super) struct PromotionPath {
    /// The promotion.
    #[param(rename = "promotionId")]
    pub(super) promotion_id: Uuid,
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = promotions, check_for_backend(diesel::pg::Pg))]
struct PromotionRow {
    id: Uuid,
    name: Value,
    #[diesel(deserialize_as = String)]
    kind: PromotionKind,
    percent_basis_points: Option<i32>,
    amount_cents: Option<i64>,
    buy_quantity: Option<i32>,
    get_quantity: Option<i32>,
    conditions: Value,
    valid_from: Option<DateTime<Utc>>,
    valid_until: Option<DateTime<Utc>>,
    needs_coupon: bool,
    stackable: bool,
    maximum_uses: Option<i32>,
    maximum_uses_per_customer: Option<i32>,
    archived_at: Option<DateTime<Utc>>,
    version: i32,
}

/// What a body says, in columns.
#[derive(Insertable, AsChangeset)]
#[diesel(table_name = promotions, treat_none_as_null = true)]
struct PromotionColumns {
    name: Value,
    kind: &'static str,
    percent_basis_points: Option<i32>,
    amount_cents: Option<i64>,
    buy_quantity: Option<i32>,
    get_quantity: Option<i32>,
    conditions: Value,
    valid_from: Option<DateTime<Utc>>,
    valid_until: Option<DateTime<Utc>>,
    needs_coupon: bool,
    stackable: bool,
    maximum_uses: Option<i32>,
    maximum_uses_per_customer: Option<i32>,
}

impl PromotionBody {
    fn columns(&self) -> Result<PromotionColumns> {
        Ok(PromotionColumns {
            name: serde_json::to_value(&self.name)?,
            kind: self.kind.as_str(),
            percent_basis_points: self.percent_basis_points,
            amount_cents: self.amount.map(|amount| amount.amount),
            buy_quantity: self.buy_quantity,
            get_quantity: self.get_quantity,
            conditions: serde_json::to_value(&self.conditions)?,
            valid_from: self.valid_from,
            valid_until: self.valid_until,
            needs_coupon: self.needs_coupon,
            stackable: self.stackable,
            maximum_uses: self.maximum_uses,
            maximum_uses_per_customer: self.maximum_uses_per_customer,
        })
    }
}

impl PromotionRow {
    fn with_uses(self, uses: i32) -> Result<Promotion> {
        let body = PromotionBody {
            name: serde_json::from_value(self.name)?,
            kind: self.kind,
            percent_basis_points: self.percent_basis_points,
            amount: self.amount_cents.map(|amount| Cents(amount).into()),
            buy_quantity: self.buy_quantity,
            get_quantity: self.get_quantity,
            conditions: serde_json::from_value(self.conditions)?,
            valid_from: self.valid_from,
            valid_until: self.valid_until,
            needs_coupon: self.needs_coupon,
            stackable: self.stackable,
            maximum_uses: self.maximum_uses,
            maximum_uses_per_customer: self.maximum_uses_per_customer,
        };
        Ok(Promotion { id: self.id, body, uses, archived: self.archived_at.is_some(), version: self.version })
    }
}

fn with_uses(conn: &mut PgConnection, rows: Vec<PromotionRow>) -> Result<Vec<Promotion>> {
    let ids: Vec<Uuid> = rows.iter().map(|row| row.id).collect();
    let uses = ledger::uses_of_promotions(conn, &ids)?;
    rows.into_iter()
        .map(|row| {
            let used = uses.get(&row.id).copied().unwrap_or_default();
            row.with_uses(used)
        })
        .collect()
}

impl Kept for Promotion {
    const ENTITY: &'static str = "promotion";
    type Body = PromotionBody;

    fn version(&self) -> i32 {
        self.version
    }

    fn store_id(&self) -> Option<Uuid> {
        None
    }

    fn find(conn: &mut PgConnection, id: Uuid) -> Result<Option<Promotion>> {
        let rows = promotions::table.find(id).select(PromotionRow::as_select()).load(conn)?;
        Ok(with_uses(conn, rows)?.pop())
    }

    fn insert(conn: &mut PgConnection, id: Uuid, body: &PromotionBody, _: DateTime<Utc>) -> Result<()> {
        check::promotion(conn, body)?;
        diesel::insert_into(promotions::table).values((promotions::id.eq(id), body.columns()?)).execute(conn)?;
        Ok(())
    }

    fn replace(conn: &mut PgConnection, id: Uuid, version: i32, body: &PromotionBody, _: DateTime<Utc>) -> Result<bool> {
        check::promotion(conn, body)?;
        if body.maximum_uses.is_some() || body.maximum_uses_per_customer.is_some() {
            let uses = ledger::recount_promotion(conn, id)?;
            check::is_enough(body.maximum_uses, uses)?;
        }
        let written = diesel::update(promotions::table.find(id).filter(promotions::version.eq(version)))
            .set((body.columns()?, promotions::archived_at.eq(None::<DateTime<Utc>>), promotions::version.eq(version + 1)))
            .execute(conn)?;
        Ok(written == 1)
    }

    fn archive(conn: &mut PgConnection, id: Uuid, version: i32, now: DateTime<Utc>) -> Result<bool> {
        let written = diesel::update(promotions::table.find(id).filter(promotions::version.eq(version)))
            .set((promotions::archived_at.eq(now), promotions::version.eq(version + 1)))
            .execute(conn)?;
        Ok(written == 1)
    }
}

/// Whether a promotion takes coupons; none when there is no such promotion.
pub(super) fn takes_coupons(conn: &mut PgConnection, id: Uuid) -> Result<Option<bool>> {
    let takes = promotions::needs_coupon.and(promotions::archived_at.is_null());
    Ok(promotions::table.find(id).select(takes).first(conn).optional()?)
}

/// List the promotions
///
/// Of the whole chain, newest first.
#[utoipa::path(tag = "promotions", security(("bearer" = ["manager", "admin"])), params(ArchivedQuery),
    responses((status = 200, description = "The promotions", body = Page<Promotion>)))]
#[get("/v1/promotions")]
pub(crate) async fn list_promotions(
    _staff: Staff<Managers>,
    db: web::Data<Db>,
    Query(query): Query<ArchivedQuery>,
) -> Result<web::Json<Page<Promotion>>> {
    let data = db
        .run(move |conn| {
            let rows = promotions::table
                .filter(promotions::archived_at.is_not_null().eq(query.archived))
                .order(promotions::id.desc())
                .select(PromotionRow::as_select())
                .load(conn)?;
            with_uses(conn, rows)
        })
        .await?;
    Ok(web::Json(Page { data, next_cursor: None }))
}

/// Create a promotion
///
/// It holds from `validFrom` on; one without coupon takes itself off every order that fits. Of `percentBasisPoints`, `amount`,
/// `buyQuantity` and `getQuantity` send those of its `kind`, and no others.
#[utoipa::path(tag = "promotions", security(("bearer" = ["manager", "admin"])), params(IdempotencyHeader),
    request_body = PromotionBody,
    responses((status = 201, description = "The promotion", body = Promotion)))]
#[post("/v1/promotions")]
pub(crate) async fn create_promotion(staff: Staff<Managers>, db: web::Data<Db>, post: Post<PromotionBody>) -> Result<Answer> {
    let Post { body, once } = post;
    answer_once(&db, once, move |conn, now| {
        let (id, promotion) = edit::create::<Promotion>(conn, staff.user.id, &body, now)?;
        Answer::created(format!("/v1/promotions/{id}"), &promotion)
    })
    .await
}

/// Read a promotion
#[utoipa::path(tag = "promotions", security(("bearer" = ["manager", "admin"])), params(PromotionPath),
    responses((status = 200, description = "The promotion", body = Promotion, headers(("ETag" = String, description = "The version")))))]
#[get("/v1/promotions/{promotionId}")]
pub(crate) async fn find_promotion(
    _staff: Staff<Managers>,
    db: web::Data<Db>,
    Path(path): Path<PromotionPath>,
) -> Result<Tagged<Promotion>> {
    Ok(edit::tagged(db.run(move |conn| edit::find(conn, path.promotion_id)).await?))
}

/// Replace a promotion
///
/// The body is the whole of it. An archived promotion comes back. Orders that have it keep it as it was; `maximumUses` cannot go
/// below their number.
#[utoipa::path(tag = "promotions", security(("bearer" = ["manager", "admin"])), params(PromotionPath, IfMatchHeader),
    request_body = PromotionBody,
    responses((status = 200, description = "The promotion", body = Promotion, headers(("ETag" = String, description = "The version")))))]
#[put("/v1/promotions/{promotionId}")]
pub(crate) async fn replace_promotion(
    staff: Staff<Managers>,
    db: web::Data<Db>,
    Path(path): Path<PromotionPath>,
    expected: IfMatch,
    Body(body): Body<PromotionBody>,
) -> Result<Tagged<Promotion>> {
    let (user, now) = (staff.user.id, clock::now());
    Ok(edit::tagged(db.tx(move |conn| edit::replace(conn, user, path.promotion_id, expected, &body, now)).await?))
}

/// Archive a promotion
///
/// No further order gets it, and its coupons bring nothing; orders that have it keep it.
#[utoipa::path(tag = "promotions", security(("bearer" = ["manager", "admin"])), params(PromotionPath, IfMatchHeader),
    responses((status = 204, description = "It is archived")))]
#[delete("/v1/promotions/{promotionId}")]
pub(crate) async fn archive_promotion(
    staff: Staff<Managers>,
    db: web::Data<Db>,
    Path(path): Path<PromotionPath>,
    expected: IfMatch,
) -> Result<Answer> {
    let (user, now) = (staff.user.id, clock::now());
    db.tx(move |conn| edit::archive::<Promotion>(conn, user, path.promotion_id, expected, now)).await?;
    Ok(Answer::no_content())
}
