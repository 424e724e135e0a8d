//! SQL of orders.

use chrono::{DateTime, NaiveDate, Utc};
use diesel::pg::PgConnection;
use diesel::prelude::*;
use diesel::sql_types::{Date, Integer, Uuid as SqlUuid};
use domain::language::Language;
use domain::order::{Channel, OrderStatus, ServiceType};
use serde_json::Value;
use uuid::Uuid;

use crate::error::{Error, Result};
use schema::{order_lines, orders};

#[derive(Clone, Debug, Queryable, Selectable, Insertable)]
#[diesel(table_name = orders, check_for_backend(diesel::pg::Pg))]
pub struct OrderRow {
    pub id: Uuid,
    pub store_id: Uuid,
    pub number: String,
    pub business_date: NaiveDate,
    #[diesel(deserialize_as = String, serialize_as = String)]
    pub channel: Channel,
    #[diesel(deserialize_as = String, serialize_as = String)]
    pub service_type: ServiceType,
    #[diesel(deserialize_as = String, serialize_as = String)]
    pub status: OrderStatus,
    pub customer_id: Option<Uuid>,
    pub contact: Value,
    pub address: Option<Value>,
    pub note: Option<String>,
    #[diesel(deserialize_as = String, serialize_as = String)]
    pub language: Language,
    pub items_cents: i64,
    pub delivery_fee_cents: i64,
    pub discount_cents: i64,
    pub tip_cents: i64,
    pub tax_cents: i64,
    pub total_cents: i64,
    pub taxes: Value,
    pub adjustments: Value,
    pub requested_at: Option<DateTime<Utc>>,
    pub age_confirmed: bool,
    pub tracking_token: String,
    pub placed_at: DateTime<Utc>,
    pub promised_at: DateTime<Utc>,
    pub closed_at: Option<DateTime<Utc>>,
    pub reason: Option<String>,
    pub version: i32,
}

#[derive(Clone, Debug, Queryable, Selectable, Insertable)]
#[diesel(table_name = order_lines, check_for_backend(diesel::pg::Pg))]
pub struct OrderLineRow {
    pub id: Uuid,
    pub order_id: Uuid,
    pub position: i32,
    pub product_id: Uuid,
    pub variant_id: Uuid,
    pub second_variant_id: Option<Uuid>,
    pub name: Value,
    pub second_name: Option<Value>,
    pub variant_name: Value,
    pub quantity: i32,
    pub unit_price_cents: i64,
    pub modifiers: Value,
    pub components: Value,
    pub total_cents: i64,
    pub discount_cents: i64,
    pub taxes: Value,
    pub note: Option<String>,
}

/// Which orders of a store are listed.
pub(super) struct Filter {
    pub(super) store_id: Option<Uuid>,
    pub(super) customer_id: Option<Uuid>,
    pub(super) status: Option<OrderStatus>,
    pub(super) before: Option<Uuid>,
    pub(super) limit: i64,
}

pub fn find(conn: &mut PgConnection, id: Uuid) -> Result<OrderRow> {
    let found = orders::table.find(id).select(OrderRow::as_select()).first(conn).optional()?;
    found.ok_or_else(|| Error::not_found("order"))
}

pub(super) fn find_by_token(conn: &mut PgConnection, token: &str) -> Result<OrderRow> {
    let found = orders::table.filter(orders::tracking_token.eq(token)).select(OrderRow::as_select()).first(conn).optional()?;
    found.ok_or_else(|| Error::not_found("order"))
}

pub fn lines(conn: &mut PgConnection, order_ids: &[Uuid]) -> Result<Vec<OrderLineRow>> {
    Ok(order_lines::table
        .filter(order_lines::order_id.eq_any(order_ids))
        .order((order_lines::order_id, order_lines::position))
        .select(OrderLineRow::as_select())
        .load(conn)?)
}

/// Newest first: ids are UUIDv7.
pub(super) fn list(conn: &mut PgConnection, filter: &Filter) -> Result<Vec<OrderRow>> {
    let mut query = orders::table.order(orders::id.desc()).limit(filter.limit).select(OrderRow::as_select()).into_boxed();
    if let Some(store_id) = filter.store_id {
        query = query.filter(orders::store_id.eq(store_id));
    }
    if let Some(customer_id) = filter.customer_id {
        query = query.filter(orders::customer_id.eq(customer_id));
    }
    if let Some(status) = filter.status {
        query = query.filter(orders::status.eq(status.as_str()));
    }
    if let Some(before) = filter.before {
        query = query.filter(orders::id.lt(before));
    }
    Ok(query.load(conn)?)
}

pub(super) fn insert(conn: &mut PgConnection, order: &OrderRow, lines: &[OrderLineRow]) -> Result<()> {
    diesel::insert_into(orders::table).values(order.clone()).execute(conn)?;
    diesel::insert_into(order_lines::table).values(lines).execute(conn)?;
    Ok(())
}

#[derive(QueryableByName)]
struct Number {
    #[diesel(sql_type = Integer)]
    last_number: i32,
}

/// The next order number of a store's business day. Its row stays locked until the end of the transaction, so numbers have
/// no gap; that is why it is taken late.
pub(super) fn next_number(conn: &mut PgConnection, store_id: Uuid, day: NaiveDate) -> Result<i32> {
    let next: Number = diesel::sql_query(
        "insert into order_counters as c (store_id, business_date, last_number) values ($1, $2, 1)
         on conflict (store_id, business_date) do update set last_number = c.last_number + 1
         returning last_number",
    )
    .bind::<SqlUuid, _>(store_id)
    .bind::<Date, _>(day)
    .get_result(conn)?;
    Ok(next.last_number)
}
