//! Placing and reading orders.

use actix_web::{get, post, web};
use domain::order::OrderStatus;
use domain::people::Actor;
use serde::Deserialize;
use utoipa::IntoParams;
use uuid::Uuid;

use crate::carts::CartCaller;
use crate::catalogue::Catalogues;
use crate::db::Db;
use crate::error::Result;
use crate::http::answer::Answer;
use crate::http::auth::{Everybody, OrderCaller, SignedIn, Staff};
use crate::http::idempotency::answer_once;
use crate::http::page::{Page, PageQuery, page};
use crate::http::problem::Speaks;
use crate::http::receive::{Path, PostOnce, Query, RequiredIdempotencyHeader};
use crate::http::store_path;
use crate::orders::place::{self, Buyer, PlaceOrder};
use crate::orders::queries::{self, Filter};
use crate::orders::view::{self, Order};

#[derive(Clone, Copy, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Path)]
pub(super) struct OrderPath {
    /// The order.
    #[param(rename = "orderId")]
    pub(super) order_id: Uuid,
}

#[derive(Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query, rename_all = "camelCase")]
pub(super) struct OrdersQuery {
    /// Id or slug of the store.
    #[param(max_length = 64, example = "paris-bastille")]
    store_id: String,
    /// Only orders that stand there.
    status: Option<OrderStatus>,
    /// How many at the most.
    #[param(minimum = 1, maximum = 100, default = 50)]
    limit: Option<i64>,
    /// `nextCursor` of the page before.
    #[param(pattern = "^[A-Za-z0-9_-]{22}$")]
    cursor: Option<String>,
}

/// Place an order
///
/// Turns a cart into an order that is paid at hand-over. In one step it is priced again, its ingredients are reserved, its
/// coupons used, and the store is told; if anything stands in the way, nothing has happened: the cart's `problems` say it
/// beforehand. Keep `trackingToken`: with it (header `Tracking-Token`)
/// an anonymous customer follows and cancels the order.
#[utoipa::path(tag = "orders", security(("cartToken" = []), ("bearer" = [])), params(RequiredIdempotencyHeader),
    request_body = PlaceOrder,
    responses((status = 201, description = "The order", body = Order),
        (status = 409, description = "out_of_stock, price_changed, store_closed, outside_zone, below_minimum, requested_time_passed, cart_already_ordered, cart_empty, product_unavailable, options_invalid, not_served_now, age_confirmation_required, coupon_invalid")))]
#[post("/v1/orders")]
pub(crate) async fn place_order(
    caller: CartCaller,
    db: web::Data<Db>,
    catalogues: web::Data<Catalogues>,
    Speaks(language): Speaks,
    post: PostOnce<PlaceOrder>,
) -> Result<Answer> {
    let PostOnce { body, once } = post;
    let buyer = Buyer { caller, language };
    answer_once(&db, once, move |conn, now| place::place(conn, &catalogues, &buyer, &body, now)).await
}

/// List the orders of a store
///
/// Newest first.
#[utoipa::path(tag = "orders", security(("bearer" = ["counter", "cook", "driver", "manager", "admin"])), params(OrdersQuery),
    responses((status = 200, description = "A page of orders", body = Page<Order>), (status = 404, description = "not_found")))]
#[get("/v1/orders")]
pub(crate) async fn list_orders(
    staff: Staff<Everybody>,
    db: web::Data<Db>,
    Query(query): Query<OrdersQuery>,
    Speaks(language): Speaks,
) -> Result<web::Json<Page<Order>>> {
    let pages = PageQuery { limit: query.limit, cursor: query.cursor };
    let (limit, before) = (pages.limit()?, pages.before()?);
    let found = db
        .run(move |conn| {
            let store_id = store_path::resolve(conn, &query.store_id)?;
            let actors = staff.at(store_id)?;
            let filter = Filter { store_id: Some(store_id), customer_id: None, status: query.status, before, limit: limit + 1 };
            let rows = queries::list(conn, &filter)?;
            view::orders(conn, rows, language, &actors)
        })
        .await?;
    Ok(web::Json(page(found, limit, |order| order.id, |order| order)))
}

/// List the own orders
///
/// Of the logged-in customer, newest first.
#[utoipa::path(tag = "me", security(("bearer" = [])), params(PageQuery),
    responses((status = 200, description = "A page of orders", body = Page<Order>)))]
#[get("/v1/me/orders")]
pub(crate) async fn list_my_orders(
    SignedIn(user): SignedIn,
    db: web::Data<Db>,
    Query(query): Query<PageQuery>,
    Speaks(language): Speaks,
) -> Result<web::Json<Page<Order>>> {
    let (limit, before) = (query.limit()?, query.before()?);
    let found = db
        .run(move |conn| {
            let filter = Filter { store_id: None, customer_id: Some(user.id), status: None, before, limit: limit + 1 };
            let rows = queries::list(conn, &filter)?;
            view::orders(conn, rows, language, &[Actor::Customer])
        })
        .await?;
    Ok(web::Json(page(found, limit, |order| order.id, |order| order)))
}

/// Read an order
///
/// For its customer (by account, or by `Tracking-Token`) and for the staff of its store.
#[utoipa::path(tag = "orders", security(("bearer" = []), ("trackingToken" = [])), params(OrderPath),
    responses((status = 200, description = "The order", body = Order)))]
#[get("/v1/orders/{orderId}")]
pub(crate) async fn find_order(
    caller: OrderCaller,
    db: web::Data<Db>,
    Path(path): Path<OrderPath>,
    Speaks(language): Speaks,
) -> Result<web::Json<Order>> {
    let order = db
        .run(move |conn| {
            let row = queries::find(conn, path.order_id)?;
            let actors = caller.actors(row.store_id, row.customer_id, &row.tracking_token)?;
            view::one(conn, row, language, &actors)
        })
        .await?;
    Ok(web::Json(order))
}
