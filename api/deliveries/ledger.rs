//! Opening and cancelling the delivery of an order. Called inside the transaction of a use case; never calls back.

use chrono::{DateTime, Utc};
use diesel::pg::PgConnection;
use diesel::prelude::*;
use domain::delivery::DeliveryState;
use domain::event::EventType;
use serde_json::json;
use uuid::Uuid;

use crate::error::Result;
use crate::events::Fact;
use schema::deliveries;

/// Shows an accepted order to the drivers.
pub fn open(conn: &mut PgConnection, order_id: Uuid, store_id: Uuid, now: DateTime<Utc>) -> Result<Fact> {
    let id = Uuid::now_v7();
    diesel::insert_into(deliveries::table)
        .values((
            deliveries::id.eq(id),
            deliveries::order_id.eq(order_id),
            deliveries::store_id.eq(store_id),
            deliveries::state.eq(DeliveryState::Pending.as_str()),
            deliveries::opened_at.eq(now),
        ))
        .execute(conn)?;
    Ok(fact(EventType::DeliveryCreated, id, order_id, DeliveryState::Pending))
}

/// Takes a cancelled order off the drivers' lists, if it is on them.
pub fn cancel(conn: &mut PgConnection, order_id: Uuid, now: DateTime<Utc>) -> Result<Option<Fact>> {
    let over = [DeliveryState::Cancelled.as_str(), DeliveryState::Delivered.as_str()];
    let cancelled =
        diesel::update(deliveries::table.filter(deliveries::order_id.eq(order_id).and(deliveries::state.ne_all(over))))
            .set((
                deliveries::state.eq(DeliveryState::Cancelled.as_str()),
                deliveries::closed_at.eq(now),
                deliveries::version.eq(deliveries::version + 1),
            ))
            .returning(deliveries::id)
            .get_result::<Uuid>(conn)
            .optional()?;
    Ok(cancelled.map(|id| fact(EventType::DeliveryCancelled, id, order_id, DeliveryState::Cancelled)))
}

pub fn fact(kind: EventType, delivery_id: Uuid, order_id: Uuid, state: DeliveryState) -> Fact {
    let payload = json!({ "deliveryId": delivery_id, "orderId": order_id, "state": state });
    Fact { kind, order_id: Some(order_id), payload }
}
