//! Which orders have a promotion.

use actix_web::{get, web};
use chrono::{DateTime, Utc};
use diesel::pg::PgConnection;
use diesel::prelude::*;
use domain::money::{Cents, Money};
use domain::promotion::RedemptionState;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::db::Db;
use crate::error::{Error, Result};
use crate::http::auth::{Managers, Staff};
use crate::http::page::{Page, PageQuery, page};
use crate::http::receive::{Path, Query};
use crate::promotions::promotions::{self, PromotionPath};
use schema::{coupons, redemptions};

/// An order that has a promotion, or had it until it was cancelled.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Redemption {
    order_id: Uuid,
    /// The coupon that brought it; null: it came by itself.
    coupon_id: Option<Uuid>,
    #[schema(example = "BIENVENUE10")]
    coupon_code: Option<String>,
    /// What it took off.
    discount: Money,
    state: RedemptionState,
    used_at: DateTime<Utc>,
}

#[derive(Queryable)]
struct RedemptionRow {
    order_id: Uuid,
    coupon_id: Option<Uuid>,
    coupon_code: Option<String>,
    discount_cents: i64,
    #[diesel(deserialize_as = String)]
    state: RedemptionState,
    used_at: DateTime<Utc>,
}

/// List the uses of a promotion
///
/// Newest first, with those that were given back. They do not tell who the customers are.
#[utoipa::path(tag = "promotions", security(("bearer" = ["manager", "admin"])), params(PromotionPath, PageQuery),
    responses((status = 200, description = "A page of uses", body = Page<Redemption>)))]
#[get("/v1/promotions/{promotionId}/redemptions")]
pub(crate) async fn list_redemptions(
    _staff: Staff<Managers>,
    db: web::Data<Db>,
    Path(path): Path<PromotionPath>,
    Query(query): Query<PageQuery>,
) -> Result<web::Json<Page<Redemption>>> {
    let (limit, before) = (query.limit()?, query.before()?);
    let rows = db.run(move |conn| rows(conn, path.promotion_id, before, limit + 1)).await?;
    Ok(web::Json(page(
        rows,
        limit,
        |row| row.order_id,
        |row| Redemption {
            order_id: row.order_id,
            coupon_id: row.coupon_id,
            coupon_code: row.coupon_code,
            discount: Cents(row.discount_cents).into(),
            state: row.state,
            used_at: row.used_at,
        },
    )))
}

fn rows(conn: &mut PgConnection, promotion_id: Uuid, before: Option<Uuid>, limit: i64) -> Result<Vec<RedemptionRow>> {
    if promotions::takes_coupons(conn, promotion_id)?.is_none() {
        return Err(Error::not_found("promotion"));
    }
    let mut redemptions = redemptions::table
        .left_join(coupons::table)
        .filter(redemptions::promotion_id.eq(promotion_id))
        .order(redemptions::order_id.desc())
        .limit(limit)
        .select((
            redemptions::order_id,
            redemptions::coupon_id,
            coupons::code.nullable(),
            redemptions::discount_cents,
            redemptions::state,
            redemptions::used_at,
        ))
        .into_boxed();
    if let Some(before) = before {
        redemptions = redemptions.filter(redemptions::order_id.lt(before));
    }
    Ok(redemptions.load(conn)?)
}
