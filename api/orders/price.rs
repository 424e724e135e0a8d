//! A dry run: what a basket would cost, without a cart.

use actix_web::{HttpRequest, post, web};
use chrono::{DateTime, TimeDelta, Utc};
use diesel::pg::PgConnection;
use domain::money::{Cents, Money};
use domain::order::{Channel, ServiceType};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::accounts::admit_coupon;
use crate::carts::address::Address;
use crate::carts::lines::{AddCartLine, MAX_UNITS, wanted_line};
use crate::carts::problems::CartProblem;
use crate::carts::quote::quote;
use crate::carts::totals::Totals;
use crate::carts::view::{CartCoupon, CartLine, quote_view};
use crate::carts::wanted::Wanted;
use crate::carts::{CouponCode, HORIZON_DAYS, MAX_TIP_CENTS, may_use};
use crate::catalogue::Catalogues;
use crate::clock;
use crate::db::Db;
use crate::error::{Error, Fault, Result};
use crate::http::auth::{MaybeSignedIn, User};
use crate::http::problem::Speaks;
use crate::http::receive::Body;
use crate::http::store_path;
use crate::promotions::ledger::identities;
use crate::stores::queries as stores;

/// A basket to price.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct PriceBasket {
    /// Id or slug of the store.
    #[schema(max_length = 64, example = "paris-bastille")]
    store_id: String,
    service_type: ServiceType,
    /// `web` when absent; `phone` and `counter` are for the staff of the store.
    #[schema(example = "web")]
    channel: Option<Channel>,
    #[schema(max_items = 50)]
    lines: Vec<AddCartLine>,
    address: Option<Address>,
    /// When it is wanted; as soon as possible when absent.
    requested_at: Option<DateTime<Utc>>,
    #[serde(default)]
    #[schema(max_items = 5, example = json!(["BIENVENUE"]))]
    coupons: Vec<CouponCode>,
    /// For the staff, at most 1000 €.
    tip: Option<Money>,
    #[serde(default)]
    #[schema(default = false)]
    age_confirmed: bool,
}

/// What a basket costs now, and what stands in the way of ordering it.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct BasketPrice {
    store_id: Uuid,
    service_type: ServiceType,
    /// Their ids are of this answer only.
    lines: Vec<CartLine>,
    coupons: Vec<CartCoupon>,
    totals: Totals,
    problems: Vec<CartProblem>,
}

/// Price a basket
///
/// A dry run: nothing is stored and nothing reserved, so no `Idempotency-Key` is taken. The figures and problems are those that
/// a cart with the same content would show.
#[utoipa::path(tag = "orders", security((), ("bearer" = [])), request_body = PriceBasket,
    responses((status = 200, description = "The price", body = BasketPrice), (status = 429, description = "too_many_requests")))]
#[post("/v1/orders/price")]
pub(crate) async fn price_order(
    request: HttpRequest,
    MaybeSignedIn(user): MaybeSignedIn,
    db: web::Data<Db>,
    catalogues: web::Data<Catalogues>,
    Speaks(language): Speaks,
    Body(body): Body<PriceBasket>,
) -> Result<web::Json<BasketPrice>> {
    let now = clock::now();
    if !body.coupons.is_empty() {
        admit_coupon(&db, &request, now).await?;
    }
    let price = db.run(move |conn| {
        let wanted = wanted(conn, &catalogues, &body, user.as_ref(), now)?;
        let quote = quote(conn, &catalogues, wanted, now)?;
        let shown = quote_view(conn, &quote, language, now)?;
        Ok(BasketPrice {
            store_id: quote.store.id,
            service_type: quote.wanted.service_type,
            lines: shown.lines,
            coupons: shown.coupons,
            totals: shown.totals,
            problems: shown.problems,
        })
    });
    Ok(web::Json(price.await?))
}

fn wanted(
    conn: &mut PgConnection,
    catalogues: &Catalogues,
    body: &PriceBasket,
    user: Option<&User>,
    now: DateTime<Utc>,
) -> Result<Wanted> {
    let store_id =
        store_path::resolve(conn, &body.store_id).map_err(|_| Error::invalid(vec![Fault::new("/storeId", "not_found")]))?;
    let mut faults: Vec<Fault> = body.address.iter().flat_map(Address::faults).collect();
    if !stores::find(conn, store_id)?.services().contains(&body.service_type) {
        faults.push(Fault::new("/serviceType", "not_offered"));
    }
    if body.lines.iter().map(|line| line.quantity).sum::<u32>() > MAX_UNITS {
        faults.push(Fault::new("/lines", "too_large_in_all").with("limit", MAX_UNITS));
    }
    let channel = body.channel.unwrap_or(Channel::Web);
    if !may_use(channel, user, store_id) {
        faults.push(Fault::new("/channel", "not_offered"));
    }
    if body.tip.is_some_and(|tip| tip.amount > MAX_TIP_CENTS) {
        faults.push(Fault::new("/tip/amount", "too_large").with("limit", MAX_TIP_CENTS));
    }
    if body.requested_at.is_some_and(|at| at <= now || at > now + TimeDelta::days(HORIZON_DAYS)) {
        faults.push(Fault::new("/requestedAt", "not_within_a_week"));
    }
    let catalogue = catalogues.current(conn)?;
    let mut lines = Vec::new();
    for (index, line) in body.lines.iter().enumerate() {
        match wanted_line(&catalogue, Uuid::now_v7(), line, &format!("/lines/{index}")) {
            Ok(line) => lines.push(line),
            Err(error) => faults.extend(error.faults),
        }
    }
    if !faults.is_empty() {
        return Err(Error::invalid(faults));
    }
    // In the order in which they were sent: problems point at them.
    let coupons: Vec<String> = body.coupons.iter().map(CouponCode::in_capitals).collect();
    if let Some(index) = (1..coupons.len()).find(|&index| coupons.iter().take(index).any(|code| Some(code) == coupons.get(index)))
    {
        return Err(Error::invalid(vec![Fault::new(format!("/coupons/{index}"), "duplicate")]));
    }
    Ok(Wanted {
        store_id,
        service_type: body.service_type,
        channel,
        address: body.address.clone().filter(|_| body.service_type == ServiceType::Delivery),
        requested_at: body.requested_at,
        coupons,
        tip: Cents(body.tip.map_or(0, |tip| tip.amount)),
        age_confirmed: body.age_confirmed,
        lines,
        identities: identities(user.map(|user| user.id), None, None),
    })
}
