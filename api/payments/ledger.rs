//! The only writer of payments. Every function is called inside the transaction of a use case and never calls back.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use diesel::pg::PgConnection;
use diesel::prelude::*;
use domain::money::Cents;
use domain::payment::{PaymentMethod, PaymentStatus};
use uuid::Uuid;

use crate::error::{Error, Fault, Result};
use schema::payments;

#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = payments, check_for_backend(diesel::pg::Pg))]
pub struct PaymentRow {
    pub id: Uuid,
    pub order_id: Uuid,
    #[diesel(deserialize_as = String)]
    pub method: PaymentMethod,
    #[diesel(deserialize_as = String)]
    pub status: PaymentStatus,
    pub amount_cents: i64,
    pub tendered_cents: Option<i64>,
    pub collected_at: Option<DateTime<Utc>>,
}

impl PaymentRow {
    /// Cash given back, once some was handed over.
    pub fn change(&self) -> Option<Cents> {
        self.tendered_cents.map(|tendered| Cents(tendered - self.amount_cents))
    }
}

/// What was handed over at the door or the counter.
#[derive(Clone, Copy, Debug, Default)]
pub struct Taken {
    /// The method chosen when the order was placed, unless another one was used.
    pub method: Option<PaymentMethod>,
    /// Cash handed over; exactly what is due when not told.
    pub tendered: Option<Cents>,
}

/// The amount is due at hand-over.
pub fn open(conn: &mut PgConnection, order_id: Uuid, method: PaymentMethod, amount: Cents) -> Result<PaymentRow> {
    Ok(diesel::insert_into(payments::table)
        .values((
            payments::id.eq(Uuid::now_v7()),
            payments::order_id.eq(order_id),
            payments::method.eq(method.as_str()),
            payments::status.eq(PaymentStatus::Due.as_str()),
            payments::amount_cents.eq(amount.0),
        ))
        .returning(PaymentRow::as_returning())
        .get_result(conn)?)
}

/// Takes what is due. Nothing due (already taken): nothing happens.
pub fn collect(
    conn: &mut PgConnection,
    order_id: Uuid,
    taken: Taken,
    collected_by: Option<Uuid>,
    now: DateTime<Utc>,
) -> Result<()> {
    let due = payments::table
        .filter(payments::order_id.eq(order_id).and(payments::status.eq(PaymentStatus::Due.as_str())))
        .for_no_key_update()
        .select(PaymentRow::as_select())
        .first(conn)
        .optional()?;
    let Some(due) = due else { return Ok(()) };
    let method = taken.method.unwrap_or(due.method);
    if taken.tendered.is_some() && method != PaymentMethod::Cash {
        return Err(Error::invalid(vec![Fault::new("/payment/tendered", "only_with_cash")]));
    }
    if taken.tendered.is_some_and(|tendered| tendered.0 < due.amount_cents) {
        return Err(Error::invalid(vec![Fault::new("/payment/tendered", "below_total")]));
    }
    diesel::update(payments::table.find(due.id))
        .set((
            payments::method.eq(method.as_str()),
            payments::status.eq(PaymentStatus::Collected.as_str()),
            payments::tendered_cents.eq(taken.tendered.map(|tendered| tendered.0)),
            payments::collected_at.eq(now),
            payments::collected_by.eq(collected_by),
        ))
        .execute(conn)?;
    Ok(())
}

/// Nothing is due any more.
pub fn cancel(conn: &mut PgConnection, order_id: Uuid) -> Result<()> {
    let due = payments::table.filter(payments::order_id.eq(order_id).and(payments::status.eq(PaymentStatus::Due.as_str())));
    diesel::update(due).set(payments::status.eq(PaymentStatus::Cancelled.as_str())).execute(conn)?;
    Ok(())
}

/// The payment that counts of each order: the one that is not cancelled, else the latest.
pub fn of_orders(conn: &mut PgConnection, order_ids: &[Uuid]) -> Result<BTreeMap<Uuid, PaymentRow>> {
    let rows: Vec<PaymentRow> = payments::table
        .filter(payments::order_id.eq_any(order_ids))
        .order((payments::order_id, payments::id))
        .select(PaymentRow::as_select())
        .load(conn)?;
    Ok(rows.into_iter().map(|row| (row.order_id, row)).collect())
}
