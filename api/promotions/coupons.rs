//! The words that bring a promotion, as managers keep them.

use actix_web::{delete, get, post, put, web};
use chrono::{DateTime, Utc};
use diesel::pg::PgConnection;
use diesel::prelude::*;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::clock;
use crate::db::Db;
use crate::error::{Code, Fault, OnConstraint, Result};
use crate::http::answer::Answer;
use crate::http::auth::{Managers, Staff};
use crate::http::edit::{self, IfMatch, IfMatchHeader, Kept, Tagged};
use crate::http::idempotency::answer_once;
use crate::http::page::{Page, PageQuery, page};
use crate::http::receive::{Body, IdempotencyHeader, Path, Post, Query};
use crate::promotions::{check, ledger, promotions};
use schema::coupons;

/// A word that brings a promotion.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Coupon {
    id: Uuid,
    #[serde(flatten)]
    body: CouponBody,
    /// Orders that have it and were not cancelled.
    #[schema(example = 12)]
    uses: i32,
    /// Taken out of use.
    archived: bool,
    /// Counts the changes; in quotes it is the `ETag`.
    #[schema(example = 1)]
    version: i32,
}

/// What a manager writes of a coupon.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct CouponBody {
    /// What it brings: a promotion that needs a coupon.
    promotion_id: Uuid,
    /// What customers type, in capitals or not; kept in capitals.
    #[schema(min_length = 3, max_length = 32, pattern = "^[A-Za-z0-9_-]*$", example = "BIENVENUE10")]
    code: String,
    /// null: as soon as its promotion holds.
    #[schema(example = "2026-11-30T23:00:00Z")]
    valid_from: Option<DateTime<Utc>>,
    /// It ends there; null: with its promotion.
    #[schema(example = "2026-12-31T22:59:59Z")]
    valid_until: Option<DateTime<Utc>>,
    /// So many orders in all; null: any number.
    #[schema(minimum = 1, maximum = 100000000, example = 500)]
    maximum_uses: Option<i32>,
    /// So many orders of one customer, by account, phone number or e-mail address; null: any number.
    #[schema(minimum = 1, maximum = 1000000, example = 1)]
    maximum_uses_per_customer: Option<i32>,
}

#[derive(Clone, Copy, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Path)]
struct CouponPath {
    /// The coupon.
    #[param(rename = "couponId")]
    coupon_id: Uuid,
}

#[derive(Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query, rename_all = "camelCase")]
pub(super) struct CouponsQuery {
    /// Only those of this promotion.
    promotion_id: Option<Uuid>,
    /// true: those that were archived, instead of those that are in use.
    #[serde(default)]
    #[param(default = false)]
    archived: bool,
    /// How many at the most.
    #[param(minimum = 1, maximum = 100, default = 50)]
    limit: Option<i64>,
    /// `nextCursor` of the page before.
    #[param(pattern = "^[A-Za-z0-9_-]{22}$")]
    cursor: Option<String>,
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = coupons, check_for_backend(diesel::pg::Pg))]
struct CouponRow {
    id: Uuid,
    promotion_id: Uuid,
    code: String,
    valid_from: Option<DateTime<Utc>>,
    valid_until: Option<DateTime<Utc>>,
    maximum_uses: Option<i32>,
    maximum_uses_per_customer: Option<i32>,
    archived_at: Option<DateTime<Utc>>,
    version: i32,
}

/// What a body says, in columns.
#[derive(Insertable, AsChangeset)]
#[diesel(table_name = coupons, treat_none_as_null = true)]
pub(super) struct CouponColumns {
    pub(super) promotion_id: Uuid,
    pub(super) code: String,
    pub(super) valid_from: Option<DateTime<Utc>>,
    pub(super) valid_until: Option<DateTime<Utc>>,
    pub(super) maximum_uses: Option<i32>,
    pub(super) maximum_uses_per_customer: Option<i32>,
}

impl CouponBody {
    fn columns(&self) -> CouponColumns {
        CouponColumns {
            promotion_id: self.promotion_id,
            code: self.code.to_ascii_uppercase(),
            valid_from: self.valid_from,
            valid_until: self.valid_until,
            maximum_uses: self.maximum_uses,
            maximum_uses_per_customer: self.maximum_uses_per_customer,
        }
    }

    fn check(&self, conn: &mut PgConnection) -> Result<()> {
        let promotion = match promotions::takes_coupons(conn, self.promotion_id)? {
            Some(true) => None,
            Some(false) => Some(Fault::new("/promotionId", "not_offered")),
            None => Some(Fault::new("/promotionId", "not_found")),
        };
        check::none(promotion.into_iter().chain(check::days(self.valid_from, self.valid_until)).collect())
    }
}

impl CouponRow {
    fn with_uses(self, uses: i32) -> Coupon {
        let body = CouponBody {
            promotion_id: self.promotion_id,
            code: self.code,
            valid_from: self.valid_from,
            valid_until: self.valid_until,
            maximum_uses: self.maximum_uses,
            maximum_uses_per_customer: self.maximum_uses_per_customer,
        };
        Coupon { id: self.id, body, uses, archived: self.archived_at.is_some(), version: self.version }
    }
}

fn with_uses(conn: &mut PgConnection, rows: Vec<CouponRow>) -> Result<Vec<Coupon>> {
    let ids: Vec<Uuid> = rows.iter().map(|row| row.id).collect();
    let mut uses = ledger::uses_of_coupons(conn, &ids)?;
    let coupons = rows.into_iter().map(|row| {
        let used = uses.remove(&row.id).unwrap_or_default();
        row.with_uses(used)
    });
    Ok(coupons.collect())
}

impl Kept for Coupon {
    const ENTITY: &'static str = "coupon";
    type Body = CouponBody;

    fn version(&self) -> i32 {
        self.version
    }

    fn store_id(&self) -> Option<Uuid> {
        None
    }

    fn find(conn: &mut PgConnection, id: Uuid) -> Result<Option<Coupon>> {
        let rows = coupons::table.find(id).select(CouponRow::as_select()).load(conn)?;
        Ok(with_uses(conn, rows)?.pop())
    }

    fn insert(conn: &mut PgConnection, id: Uuid, body: &CouponBody, _: DateTime<Utc>) -> Result<()> {
        body.check(conn)?;
        let columns = body.columns();
        diesel::insert_into(coupons::table)
            .values((coupons::id.eq(id), &columns))
            .execute(conn)
            .on_constraint("coupons_code_key", Code::AlreadyExists)
            .map_err(|error| error.with("names", &columns.code))?;
        Ok(())
    }

    fn replace(conn: &mut PgConnection, id: Uuid, version: i32, body: &CouponBody, _: DateTime<Utc>) -> Result<bool> {
        body.check(conn)?;
        if body.maximum_uses.is_some() || body.maximum_uses_per_customer.is_some() {
            let uses = ledger::recount_coupon(conn, id)?;
            check::is_enough(body.maximum_uses, uses)?;
        }
        let columns = body.columns();
        let written = diesel::update(coupons::table.find(id).filter(coupons::version.eq(version)))
            .set((&columns, coupons::archived_at.eq(None::<DateTime<Utc>>), coupons::version.eq(version + 1)))
            .execute(conn)
            .on_constraint("coupons_code_key", Code::AlreadyExists)
            .map_err(|error| error.with("names", &columns.code))?;
        Ok(written == 1)
    }

    fn archive(conn: &mut PgConnection, id: Uuid, version: i32, now: DateTime<Utc>) -> Result<bool> {
        let written = diesel::update(coupons::table.find(id).filter(coupons::version.eq(version)))
            .set((coupons::archived_at.eq(now), coupons::version.eq(version + 1)))
            .execute(conn)?;
        Ok(written == 1)
    }
}

/// List the coupons
///
/// Newest first.
#[utoipa::path(tag = "promotions", security(("bearer" = ["manager", "admin"])), params(CouponsQuery),
    responses((status = 200, description = "A page of coupons", body = Page<Coupon>)))]
#[get("/v1/coupons")]
pub(crate) async fn list_coupons(
    _staff: Staff<Managers>,
    db: web::Data<Db>,
    Query(query): Query<CouponsQuery>,
) -> Result<web::Json<Page<Coupon>>> {
    let pages = PageQuery { limit: query.limit, cursor: query.cursor };
    let (limit, before) = (pages.limit()?, pages.before()?);
    let found = db
        .run(move |conn| {
            let mut coupons = coupons::table
                .filter(coupons::archived_at.is_not_null().eq(query.archived))
                .order(coupons::id.desc())
                .limit(limit + 1)
                .select(CouponRow::as_select())
                .into_boxed();
            if let Some(promotion_id) = query.promotion_id {
                coupons = coupons.filter(coupons::promotion_id.eq(promotion_id));
            }
            if let Some(before) = before {
                coupons = coupons.filter(coupons::id.lt(before));
            }
            let rows = coupons.load(conn)?;
            with_uses(conn, rows)
        })
        .await?;
    Ok(web::Json(page(found, limit, |coupon| coupon.id, |coupon| coupon)))
}

/// Create a coupon
///
/// For a promotion that needs one. For many codes at once see `POST /v1/promotions/{promotionId}/coupons/batch`.
#[utoipa::path(tag = "promotions", security(("bearer" = ["manager", "admin"])), params(IdempotencyHeader),
    request_body = CouponBody,
    responses((status = 201, description = "The coupon", body = Coupon), (status = 409, description = "already_exists")))]
#[post("/v1/coupons")]
pub(crate) async fn create_coupon(staff: Staff<Managers>, db: web::Data<Db>, post: Post<CouponBody>) -> Result<Answer> {
    let Post { body, once } = post;
    answer_once(&db, once, move |conn, now| {
        let (id, coupon) = edit::create::<Coupon>(conn, staff.user.id, &body, now)?;
        Answer::created(format!("/v1/coupons/{id}"), &coupon)
    })
    .await
}

/// Read a coupon
#[utoipa::path(tag = "promotions", security(("bearer" = ["manager", "admin"])), params(CouponPath),
    responses((status = 200, description = "The coupon", body = Coupon, headers(("ETag" = String, description = "The version")))))]
#[get("/v1/coupons/{couponId}")]
pub(crate) async fn find_coupon(
    _staff: Staff<Managers>,
    db: web::Data<Db>,
    Path(path): Path<CouponPath>,
) -> Result<Tagged<Coupon>> {
    Ok(edit::tagged(db.run(move |conn| edit::find(conn, path.coupon_id)).await?))
}

/// Replace a coupon
///
/// The body is the whole of it. An archived coupon comes back. Orders that have it keep what it brought; `maximumUses` cannot go
/// below their number.
#[utoipa::path(tag = "promotions", security(("bearer" = ["manager", "admin"])), params(CouponPath, IfMatchHeader),
    request_body = CouponBody,
    responses((status = 200, description = "The coupon", body = Coupon, headers(("ETag" = String, description = "The version"))),
        (status = 409, description = "already_exists")))]
#[put("/v1/coupons/{couponId}")]
pub(crate) async fn replace_coupon(
    staff: Staff<Managers>,
    db: web::Data<Db>,
    Path(path): Path<CouponPath>,
    expected: IfMatch,
    Body(body): Body<CouponBody>,
) -> Result<Tagged<Coupon>> {
    let (user, now) = (staff.user.id, clock::now());
    Ok(edit::tagged(db.tx(move |conn| edit::replace(conn, user, path.coupon_id, expected, &body, now)).await?))
}

/// Archive a coupon
///
/// It brings nothing any more; its code stays taken, and replacing it brings it back.
#[utoipa::path(tag = "promotions", security(("bearer" = ["manager", "admin"])), params(CouponPath, IfMatchHeader),
    responses((status = 204, description = "It is archived")))]
#[delete("/v1/coupons/{couponId}")]
pub(crate) async fn archive_coupon(
    staff: Staff<Managers>,
    db: web::Data<Db>,
    Path(path): Path<CouponPath>,
    expected: IfMatch,
) -> Result<Answer> {
    let (user, now) = (staff.user.id, clock::now());
    db.tx(move |conn| edit::archive::<Coupon>(conn, user, path.coupon_id, expected, now)).await?;
    Ok(Answer::no_content())
}
