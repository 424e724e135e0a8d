//! The drivers' list.

use actix_web::{get, web};
use chrono::{DateTime, Utc};
use diesel::pg::PgConnection;
use diesel::prelude::*;
use domain::delivery::DeliveryState;
use domain::money::{Cents, Money};
use domain::order::OrderStatus;
use domain::payment::{PaymentMethod, PaymentStatus};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::carts::address::Address;
use crate::db::Db;
use crate::error::{Error, Result};
use crate::http::auth::{Dispatch, Staff};
use crate::http::page::Page;
use crate::http::receive::{Path, Query};
use crate::http::store_path::StorePath;
use crate::orders::view::Contact;
use crate::payments::ledger::{self as payments, PaymentRow};
use schema::{deliveries, orders};

/// The way of one order to its door.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Delivery {
    id: Uuid,
    order_id: Uuid,
    /// The order's number.
    #[schema(example = "PAR-42")]
    number: String,
    store_id: Uuid,
    state: DeliveryState,
    /// Whether the kitchen is done: only then it can leave.
    order_status: OrderStatus,
    driver_id: Option<Uuid>,
    contact: Contact,
    address: Address,
    promised_at: DateTime<Utc>,
    /// What is to be taken at the door; nothing when it was paid.
    due: Money,
    payment_method: PaymentMethod,
    /// Cash to give back, once it was handed over.
    change: Option<Money>,
    opened_at: DateTime<Utc>,
    picked_up_at: Option<DateTime<Utc>>,
    departed_at: Option<DateTime<Utc>>,
    closed_at: Option<DateTime<Utc>>,
    failure_reason: Option<String>,
    /// Counts the changes.
    #[schema(example = 1)]
    version: i32,
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = deliveries, check_for_backend(diesel::pg::Pg))]
pub(super) struct DeliveryRow {
    pub(super) id: Uuid,
    pub(super) order_id: Uuid,
    pub(super) store_id: Uuid,
    pub(super) driver_id: Option<Uuid>,
    #[diesel(deserialize_as = String)]
    pub(super) state: DeliveryState,
    opened_at: DateTime<Utc>,
    picked_up_at: Option<DateTime<Utc>>,
    departed_at: Option<DateTime<Utc>>,
    closed_at: Option<DateTime<Utc>>,
    failure_reason: Option<String>,
    version: i32,
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct DeliveriesQuery {
    /// Only deliveries that stand there; all that are not over when absent.
    state: Option<DeliveryState>,
}

const OPEN: &[DeliveryState] =
    &[DeliveryState::Pending, DeliveryState::Assigned, DeliveryState::PickedUp, DeliveryState::EnRoute, DeliveryState::Failed];

/// List the deliveries of a store
///
/// Oldest first; of those that are over, the newest first. At most 200.
#[utoipa::path(tag = "deliveries", security(("bearer" = ["counter", "driver", "manager", "admin"])),
    params(StorePath, DeliveriesQuery),
    responses((status = 200, description = "The deliveries", body = Page<Delivery>)))]
#[get("/v1/stores/{storeId}/deliveries")]
pub(crate) async fn list_deliveries(
    staff: Staff<Dispatch>,
    db: web::Data<Db>,
    Path(path): Path<StorePath>,
    Query(query): Query<DeliveriesQuery>,
) -> Result<web::Json<Page<Delivery>>> {
    let data = db
        .run(move |conn| {
            let store_id = path.resolve(conn)?;
            staff.at(store_id)?;
            let states = query.state.as_ref().map_or(OPEN, std::slice::from_ref);
            let words: Vec<&str> = states.iter().map(|state| state.as_str()).collect();
            let of_store = deliveries::table
                .filter(deliveries::store_id.eq(store_id).and(deliveries::state.eq_any(words)))
                .limit(200)
                .select(DeliveryRow::as_select());
            let over = states.iter().all(|state| !OPEN.contains(state));
            let rows = if over {
                of_store.order(deliveries::opened_at.desc()).load(conn)?
            } else {
                of_store.order(deliveries::id).load(conn)?
            };
            views(conn, rows)
        })
        .await?;
    Ok(web::Json(Page { data, next_cursor: None }))
}

pub(super) fn find(conn: &mut PgConnection, id: Uuid) -> Result<DeliveryRow> {
    let found = deliveries::table.find(id).select(DeliveryRow::as_select()).first(conn).optional()?;
    found.ok_or_else(|| Error::not_found("delivery"))
}

pub(super) fn view(conn: &mut PgConnection, id: Uuid) -> Result<Delivery> {
    let row = find(conn, id)?;
    views(conn, vec![row])?.into_iter().next().ok_or_else(|| Error::not_found("delivery"))
}

type OrderPart = (Uuid, String, String, serde_json::Value, Option<serde_json::Value>, DateTime<Utc>);

fn views(conn: &mut PgConnection, rows: Vec<DeliveryRow>) -> Result<Vec<Delivery>> {
    let order_ids: Vec<Uuid> = rows.iter().map(|row| row.order_id).collect();
    let orders = orders::table
        .filter(orders::id.eq_any(&order_ids))
        .select((orders::id, orders::number, orders::status, orders::contact, orders::address, orders::promised_at))
        .load::<OrderPart>(conn)?;
    let mut payments = payments::of_orders(conn, &order_ids)?;
    rows.into_iter()
        .map(|row| {
            let part = orders.iter().find(|part| part.0 == row.order_id);
            let part = part.ok_or_else(|| Error::internal("a delivery without an order"))?.clone();
            let payment = payments.remove(&row.order_id);
            let payment = payment.ok_or_else(|| Error::internal("an order without a payment"))?;
            one(row, part, payment)
        })
        .collect()
}

fn one(row: DeliveryRow, order: OrderPart, payment: PaymentRow) -> Result<Delivery> {
    let (_, number, order_status, contact, address, promised_at) = order;
    let address = address.ok_or_else(|| Error::internal("a delivery without an address"))?;
    let due = if payment.status == PaymentStatus::Due { payment.amount_cents } else { 0 };
    Ok(Delivery {
        id: row.id,
        order_id: row.order_id,
        number,
        store_id: row.store_id,
        state: row.state,
        order_status: OrderStatus::try_from(order_status).map_err(Error::internal)?,
        driver_id: row.driver_id,
        contact: serde_json::from_value(contact)?,
        address: serde_json::from_value(address)?,
        promised_at,
        due: Cents(due).into(),
        payment_method: payment.method,
        change: payment.change().map(Into::into),
        opened_at: row.opened_at,
        picked_up_at: row.picked_up_at,
        departed_at: row.departed_at,
        closed_at: row.closed_at,
        failure_reason: row.failure_reason,
        version: row.version,
    })
}
