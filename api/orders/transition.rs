//! The only writer of `orders.status`: a compare-and-set against the allow-list, with one event for each move.

use chrono::{DateTime, Utc};
use diesel::pg::PgConnection;
use diesel::prelude::*;
use domain::event::EventType;
use domain::machine::Step;
use domain::order::{OrderCommand, OrderStatus, step};
use domain::people::Actor;
use serde_json::json;
use uuid::Uuid;

use crate::error::{Code, Error, Result};
use crate::events::Fact;
use crate::orders::queries::{self, OrderRow};
use schema::orders;

/// Who asks, and why.
#[derive(Clone, Debug)]
pub struct By {
    pub actors: Vec<Actor>,
    pub user_id: Option<Uuid>,
    pub reason: Option<String>,
    /// A new promise that comes with the move.
    pub promised_at: Option<DateTime<Utc>>,
}

impl By {
    pub fn user(actors: Vec<Actor>, user_id: Option<Uuid>) -> By {
        By { actors, user_id, reason: None, promised_at: None }
    }

    pub fn system() -> By {
        By::user(vec![Actor::System], None)
    }
}

pub enum Outcome {
    Moved(OrderRow, Fact),
    /// It had happened before.
    Same(OrderRow),
}

/// Moves an order, or says why not. Somebody else may move it between our look and our write: then we look again, and the
/// allow-list decides on what is there now. From a move on the order's row is locked until the transaction ends.
pub fn transition(
    conn: &mut PgConnection,
    order_id: Uuid,
    command: OrderCommand,
    by: &By,
    now: DateTime<Utc>,
) -> Result<Outcome> {
    loop {
        let order = queries::find(conn, order_id)?;
        let to = match step(order.status, command, &by.actors) {
            Step::Moved(to) => to,
            Step::Same => return Ok(Outcome::Same(order)),
            Step::Forbidden if by.actors == [Actor::Customer] => return Err(illegal(&order, command)),
            Step::Forbidden => return Err(Error::new(Code::Forbidden)),
            Step::Illegal => return Err(illegal(&order, command)),
        };
        let from = order.status;
        let moved = diesel::update(orders::table.find(order_id).filter(orders::status.eq(from.as_str())))
            .set((
                orders::status.eq(to.as_str()),
                orders::version.eq(orders::version + 1),
                by.reason.as_ref().map(|reason| orders::reason.eq(reason)),
                by.promised_at.map(|at| orders::promised_at.eq(at)),
                to.is_terminal().then(|| orders::closed_at.eq(now)),
            ))
            .returning(OrderRow::as_returning())
            .get_result(conn)
            .optional()?;
        if let Some(order) = moved {
            let fact = Fact { kind: event_of(to), order_id: Some(order_id), payload: payload(&order, Some(from)) };
            return Ok(Outcome::Moved(order, fact));
        }
    }
}

/// Not in this state. A customer who comes too late gets the same: the state, not the role, is in the way.
pub(super) fn illegal(order: &OrderRow, command: OrderCommand) -> Error {
    Error::illegal_move("order", order.status.as_str(), command.as_str())
}

/// What a screen needs to know of an order that moved.
pub(super) fn payload(order: &OrderRow, from: Option<OrderStatus>) -> serde_json::Value {
    json!({
        "orderId": order.id,
        "number": order.number,
        "from": from,
        "status": order.status,
        "serviceType": order.service_type,
        "promisedAt": order.promised_at,
        "reason": order.reason,
        "version": order.version,
    })
}

fn event_of(status: OrderStatus) -> EventType {
    match status {
        // Waiting for a payment is no news to a store; being placed is.
        OrderStatus::PendingPayment | OrderStatus::Placed => EventType::OrderPlaced,
        OrderStatus::Accepted => EventType::OrderAccepted,
        OrderStatus::InPreparation => EventType::OrderInPreparation,
        OrderStatus::Ready => EventType::OrderReady,
        OrderStatus::OutForDelivery => EventType::OrderOutForDelivery,
        OrderStatus::Delivered => EventType::OrderDelivered,
        OrderStatus::Collected => EventType::OrderCollected,
        OrderStatus::DeliveryFailed => EventType::OrderDeliveryFailed,
        OrderStatus::Cancelled => EventType::OrderCancelled,
        OrderStatus::Rejected => EventType::OrderRejected,
        OrderStatus::Expired => EventType::OrderExpired,
    }
}
