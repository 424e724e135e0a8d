//! SQL of carts.

use chrono::{DateTime, TimeDelta, Utc};
use diesel::pg::PgConnection;
use diesel::prelude::*;
use domain::money::Cents;
use domain::order::{Channel, ServiceType};
use domain::selection::{ChosenComponent, ChosenModifier, Selection};
use serde_json::Value;
use uuid::Uuid;

use crate::carts::address::Address;
use crate::carts::totals::SoldTotals;
use crate::error::{Error, Result};
use schema::{cart_lines, carts, orders};

/// A cart that nobody touches is forgotten.
const CART_HOURS: i64 = 24;

#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = carts, check_for_backend(diesel::pg::Pg))]
pub struct CartRow {
    pub id: Uuid,
    pub token_hash: Vec<u8>,
    pub store_id: Uuid,
    #[diesel(deserialize_as = String)]
    pub service_type: ServiceType,
    #[diesel(deserialize_as = String)]
    pub channel: Channel,
    pub customer_id: Option<Uuid>,
    pub order_id: Option<Uuid>,
    address: Option<Value>,
    pub requested_at: Option<DateTime<Utc>>,
    coupons: Vec<Option<String>>,
    pub tip_cents: i64,
    pub note: Option<String>,
    pub age_confirmed: bool,
    pub version: i32,
    pub expires_at: DateTime<Utc>,
}

impl CartRow {
    pub fn address(&self) -> Result<Option<Address>> {
        Ok(self.address.clone().map(serde_json::from_value).transpose()?)
    }

    /// The codes that were entered, in capitals.
    pub fn coupons(&self) -> Vec<String> {
        self.coupons.iter().flatten().cloned().collect()
    }
}

/// What a customer wants of the menu, so many times.
#[derive(Clone, Debug)]
pub struct WantedLine {
    pub id: Uuid,
    pub selection: Selection,
    pub quantity: u32,
    pub note: Option<String>,
    /// The price of one unit when the customer last agreed to it.
    pub seen: Option<Cents>,
}

/// A cart at its beginning.
pub(super) struct NewCart {
    pub(super) id: Uuid,
    pub(super) token_hash: Vec<u8>,
    pub(super) store_id: Uuid,
    pub(super) service_type: ServiceType,
    pub(super) channel: Channel,
    pub(super) customer_id: Option<Uuid>,
}

/// What may be changed of a cart besides its lines; what is absent stays.
#[derive(Default, AsChangeset)]
#[diesel(table_name = carts)]
pub(super) struct CartChange {
    pub(super) store_id: Option<Uuid>,
    pub(super) service_type: Option<&'static str>,
    pub(super) customer_id: Option<Option<Uuid>>,
    pub(super) address: Option<Option<Value>>,
    pub(super) requested_at: Option<Option<DateTime<Utc>>>,
    pub(super) coupons: Option<Vec<String>>,
    pub(super) tip_cents: Option<i64>,
    pub(super) note: Option<Option<String>>,
    pub(super) age_confirmed: Option<bool>,
}

pub(super) fn expiry(now: DateTime<Utc>) -> DateTime<Utc> {
    now + TimeDelta::hours(CART_HOURS)
}

pub(super) fn insert(conn: &mut PgConnection, cart: NewCart, now: DateTime<Utc>) -> Result<CartRow> {
    Ok(diesel::insert_into(carts::table)
        .values((
            carts::id.eq(cart.id),
            carts::token_hash.eq(&cart.token_hash),
            carts::store_id.eq(cart.store_id),
            carts::service_type.eq(cart.service_type.as_str()),
            carts::channel.eq(cart.channel.as_str()),
            carts::customer_id.eq(cart.customer_id),
            carts::created_at.eq(now),
            carts::expires_at.eq(expiry(now)),
        ))
        .returning(CartRow::as_returning())
        .get_result(conn)?)
}

pub(super) fn find(conn: &mut PgConnection, id: Uuid, now: DateTime<Utc>) -> Result<Option<CartRow>> {
    let alive = carts::table.find(id).filter(carts::expires_at.gt(now));
    Ok(alive.select(CartRow::as_select()).first(conn).optional()?)
}

/// The same, locked: no line comes or goes while an order is made of it.
pub fn lock(conn: &mut PgConnection, id: Uuid, now: DateTime<Utc>) -> Result<Option<CartRow>> {
    let alive = carts::table.find(id).filter(carts::expires_at.gt(now));
    Ok(alive.for_no_key_update().select(CartRow::as_select()).first(conn).optional()?)
}

/// The newest open cart of a customer.
pub(super) fn latest_of(conn: &mut PgConnection, customer_id: Uuid, now: DateTime<Utc>) -> Result<Option<CartRow>> {
    let open = carts::table.filter(carts::customer_id.eq(customer_id).and(carts::order_id.is_null()));
    let newest = open.filter(carts::expires_at.gt(now)).order(carts::id.desc());
    Ok(newest.select(CartRow::as_select()).first(conn).optional()?)
}

/// The newest other open cart of a customer, locked.
pub(super) fn lock_other(conn: &mut PgConnection, customer_id: Uuid, than: Uuid, now: DateTime<Utc>) -> Result<Option<CartRow>> {
    let open = carts::table.filter(carts::customer_id.eq(customer_id).and(carts::order_id.is_null()));
    let newest = open.filter(carts::expires_at.gt(now).and(carts::id.ne(than))).order(carts::id.desc());
    Ok(newest.for_no_key_update().select(CartRow::as_select()).first(conn).optional()?)
}

/// A change: the version moves on, and so does the expiry.
pub(super) fn change(conn: &mut PgConnection, id: Uuid, change: CartChange, now: DateTime<Utc>) -> Result<CartRow> {
    Ok(diesel::update(carts::table.find(id))
        .set((change, carts::version.eq(carts::version + 1), carts::expires_at.eq(expiry(now))))
        .returning(CartRow::as_returning())
        .get_result(conn)?)
}

/// The cart has become this order.
pub fn close(conn: &mut PgConnection, id: Uuid, order_id: Uuid) -> Result<()> {
    diesel::update(carts::table.find(id)).set(carts::order_id.eq(order_id)).execute(conn)?;
    Ok(())
}

/// Forgets a cart and its lines.
pub(super) fn delete(conn: &mut PgConnection, id: Uuid) -> Result<()> {
    diesel::delete(carts::table.find(id)).execute(conn)?;
    Ok(())
}

/// The secret of the order that a cart became, and what was to be paid.
pub(super) fn ordered(conn: &mut PgConnection, order_id: Uuid) -> Result<(String, SoldTotals)> {
    Ok(orders::table.find(order_id).select((orders::tracking_token, SoldTotals::as_select())).first(conn)?)
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = cart_lines, check_for_backend(diesel::pg::Pg))]
struct LineRow {
    id: Uuid,
    variant_id: Uuid,
    second_variant_id: Option<Uuid>,
    quantity: i32,
    modifiers: Value,
    components: Value,
    note: Option<String>,
    seen_cents: Option<i64>,
}

pub fn lines(conn: &mut PgConnection, cart_id: Uuid) -> Result<Vec<WantedLine>> {
    let rows: Vec<LineRow> = cart_lines::table
        .filter(cart_lines::cart_id.eq(cart_id))
        .order((cart_lines::position, cart_lines::id))
        .select(LineRow::as_select())
        .load(conn)?;
    rows.into_iter()
        .map(|row| {
            let selection = Selection {
                variant_id: row.variant_id,
                second_variant_id: row.second_variant_id,
                modifiers: serde_json::from_value::<Vec<ChosenModifier>>(row.modifiers)?,
                components: serde_json::from_value::<Vec<ChosenComponent>>(row.components)?,
            };
            let quantity = u32::try_from(row.quantity).map_err(Error::internal)?;
            Ok(WantedLine { id: row.id, selection, quantity, note: row.note, seen: row.seen_cents.map(Cents) })
        })
        .collect()
}

/// Writes a line, a new one behind those that are there.
pub(super) fn write_line(conn: &mut PgConnection, cart_id: Uuid, line: &WantedLine) -> Result<()> {
    let last = cart_lines::table
        .filter(cart_lines::cart_id.eq(cart_id))
        .select(diesel::dsl::max(cart_lines::position))
        .first::<Option<i32>>(conn)?;
    let changes = (
        cart_lines::quantity.eq(i32::try_from(line.quantity).map_err(Error::internal)?),
        cart_lines::variant_id.eq(line.selection.variant_id),
        cart_lines::second_variant_id.eq(line.selection.second_variant_id),
        cart_lines::modifiers.eq(serde_json::to_value(&line.selection.modifiers)?),
        cart_lines::components.eq(serde_json::to_value(&line.selection.components)?),
        cart_lines::note.eq(&line.note),
        cart_lines::seen_cents.eq(line.seen.map(|cents| cents.0)),
    );
    let place = (cart_lines::id.eq(line.id), cart_lines::cart_id.eq(cart_id), cart_lines::position.eq(last.unwrap_or(0) + 1));
    diesel::insert_into(cart_lines::table)
        .values((place, changes.clone()))
        .on_conflict(cart_lines::id)
        .do_update()
        .set(changes)
        .execute(conn)?;
    Ok(())
}

/// The customer has seen what each line costs now.
pub(super) fn see_prices(conn: &mut PgConnection, seen: &[(Uuid, Cents)]) -> Result<()> {
    use diesel::sql_types::{Array, BigInt, Uuid as SqlUuid};
    let (ids, cents): (Vec<Uuid>, Vec<i64>) = seen.iter().map(|(id, price)| (*id, price.0)).unzip();
    diesel::sql_query("update cart_lines l set seen_cents = s.cents from unnest($1, $2) as s(id, cents) where l.id = s.id")
        .bind::<Array<SqlUuid>, _>(ids)
        .bind::<Array<BigInt>, _>(cents)
        .execute(conn)?;
    Ok(())
}

pub(super) fn delete_line(conn: &mut PgConnection, id: Uuid) -> Result<()> {
    diesel::delete(cart_lines::table.find(id)).execute(conn)?;
    Ok(())
}

/// Forgets carts that nobody touched for long; an order needs its cart no more.
pub fn purge(conn: &mut PgConnection, now: DateTime<Utc>) -> Result<usize> {
    Ok(diesel::delete(carts::table.filter(carts::expires_at.lt(now))).execute(conn)?)
}
