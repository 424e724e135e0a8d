//! What drivers do: claim, pick up, depart, hand over, or come back with it.

use actix_web::{post, web};
use chrono::{DateTime, Utc};
use diesel::pg::PgConnection;
use diesel::prelude::*;
use domain::delivery::{DeliveryCommand, DeliveryState, step};
use domain::event::EventType;
use domain::machine::Step;
use domain::order::{OrderCommand, OrderStatus};
use domain::people::Actor;
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::db::Db;
use crate::deliveries::deliveries::{self as read, Delivery, DeliveryRow};
use crate::deliveries::ledger;
use crate::error::{Code, Error, Result};
use crate::events;
use crate::http::answer::Answer;
use crate::http::auth::{Managers, Road, Staff, Team};
use crate::http::idempotency::{Once, answer_once};
use crate::http::receive::{IdempotencyHeader, NoBody, Path, Post};
use crate::orders::HandOver;
use crate::orders::queries as orders;
use crate::orders::transition::{By, Outcome, transition};
use crate::payments::ledger::{self as payments, Taken};
use schema::deliveries;

#[derive(Clone, Copy, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Path)]
struct DeliveryPath {
    /// The delivery.
    #[param(rename = "deliveryId")]
    delivery_id: Uuid,
}

/// Why it could not be handed over.
#[derive(Clone, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct DeliveryFailure {
    #[schema(min_length = 1, max_length = 300, example = "nobody_there")]
    reason: String,
}

/// Take a delivery
///
/// The first driver gets it; the second is told `already_claimed`.
#[utoipa::path(tag = "deliveries", security(("bearer" = ["driver", "manager", "admin"])), params(DeliveryPath, IdempotencyHeader),
    request_body = NoBody,
    responses((status = 200, description = "The delivery", body = Delivery),
        (status = 409, description = "invalid_transition, already_claimed")))]
#[post("/v1/deliveries/{deliveryId}/claim")]
pub(crate) async fn claim_delivery(
    staff: Staff<Road>,
    db: web::Data<Db>,
    Path(path): Path<DeliveryPath>,
    post: Post<NoBody>,
) -> Result<Answer> {
    run(staff, db, path, post.once, Move::plain(DeliveryCommand::Claim)).await
}

/// Pick a delivery up
///
/// It is in the bag. The kitchen must be done with the order.
#[utoipa::path(tag = "deliveries", security(("bearer" = ["driver", "manager", "admin"])), params(DeliveryPath, IdempotencyHeader),
    request_body = NoBody,
    responses((status = 200, description = "The delivery", body = Delivery),
        (status = 409, description = "invalid_transition, already_claimed")))]
#[post("/v1/deliveries/{deliveryId}/pickup")]
pub(crate) async fn pickup_delivery(
    staff: Staff<Road>,
    db: web::Data<Db>,
    Path(path): Path<DeliveryPath>,
    post: Post<NoBody>,
) -> Result<Answer> {
    run(staff, db, path, post.once, Move::plain(DeliveryCommand::Pickup)).await
}

/// Depart with a delivery
///
/// The order is out for delivery, and its customer is told.
#[utoipa::path(tag = "deliveries", security(("bearer" = ["driver", "manager", "admin"])), params(DeliveryPath, IdempotencyHeader),
    request_body = NoBody,
    responses((status = 200, description = "The delivery", body = Delivery),
        (status = 409, description = "invalid_transition, already_claimed")))]
#[post("/v1/deliveries/{deliveryId}/depart")]
pub(crate) async fn depart_delivery(
    staff: Staff<Road>,
    db: web::Data<Db>,
    Path(path): Path<DeliveryPath>,
    post: Post<NoBody>,
) -> Result<Answer> {
    run(staff, db, path, post.once, Move::plain(DeliveryCommand::Depart)).await
}

/// Hand a delivery over
///
/// Takes what is due and closes the order.
#[utoipa::path(tag = "deliveries", security(("bearer" = ["driver", "manager", "admin"])), params(DeliveryPath, IdempotencyHeader),
    request_body = HandOver,
    responses((status = 200, description = "The delivery", body = Delivery),
        (status = 409, description = "invalid_transition, already_claimed")))]
#[post("/v1/deliveries/{deliveryId}/complete")]
pub(crate) async fn complete_delivery(
    staff: Staff<Road>,
    db: web::Data<Db>,
    Path(path): Path<DeliveryPath>,
    post: Post<HandOver>,
) -> Result<Answer> {
    let handed = Move { taken: post.body.taken(), ..Move::plain(DeliveryCommand::Complete) };
    run(staff, db, path, post.once, handed).await
}

/// Report that a delivery failed
///
/// Nobody there, wrong address, refused: a manager sends it again or cancels the order.
#[utoipa::path(tag = "deliveries", security(("bearer" = ["driver", "manager", "admin"])), params(DeliveryPath, IdempotencyHeader),
    request_body = DeliveryFailure,
    responses((status = 200, description = "The delivery", body = Delivery),
        (status = 409, description = "invalid_transition, already_claimed")))]
#[post("/v1/deliveries/{deliveryId}/fail")]
pub(crate) async fn fail_delivery(
    staff: Staff<Road>,
    db: web::Data<Db>,
    Path(path): Path<DeliveryPath>,
    post: Post<DeliveryFailure>,
) -> Result<Answer> {
    let failed = Move { reason: Some(post.body.reason), ..Move::plain(DeliveryCommand::Fail) };
    run(staff, db, path, post.once, failed).await
}

/// Send a failed delivery again
///
/// It waits for a driver as before. To give up, cancel the order.
#[utoipa::path(tag = "deliveries", security(("bearer" = ["manager", "admin"])), params(DeliveryPath, IdempotencyHeader),
    request_body = NoBody,
    responses((status = 200, description = "The delivery", body = Delivery), (status = 409, description = "invalid_transition")))]
#[post("/v1/deliveries/{deliveryId}/retry")]
pub(crate) async fn retry_delivery(
    staff: Staff<Managers>,
    db: web::Data<Db>,
    Path(path): Path<DeliveryPath>,
    post: Post<NoBody>,
) -> Result<Answer> {
    run(staff, db, path, post.once, Move::plain(DeliveryCommand::Retry)).await
}

/// A command with what comes along with it.
struct Move {
    command: DeliveryCommand,
    taken: Taken,
    reason: Option<String>,
}

impl Move {
    fn plain(command: DeliveryCommand) -> Move {
        Move { command, taken: Taken::default(), reason: None }
    }
}

async fn run<T: Team + Send + 'static>(
    staff: Staff<T>,
    db: web::Data<Db>,
    path: DeliveryPath,
    key: Option<Once>,
    asked: Move,
) -> Result<Answer> {
    answer_once(&db, key, move |conn, now| {
        let delivery = read::find(conn, path.delivery_id)?;
        let actors = staff.owning(delivery.store_id, "delivery")?;
        let by = By { reason: asked.reason.clone(), ..By::user(actors, Some(staff.user.id)) };
        check_driver(&delivery, &by, asked.command)?;
        match step(delivery.state, asked.command, &by.actors) {
            Step::Moved(to) => go(conn, &delivery, to, &asked, &by, now)?,
            Step::Same => {}
            Step::Forbidden => return Err(Error::new(Code::Forbidden)),
            Step::Illegal => return Err(Error::illegal_move("delivery", delivery.state.as_str(), asked.command.as_str())),
        }
        Answer::ok(&read::view(conn, delivery.id)?)
    })
    .await
}

/// A driver moves the own deliveries only; a manager may step in, but claims like everybody.
fn check_driver(delivery: &DeliveryRow, by: &By, command: DeliveryCommand) -> Result<()> {
    let taken_by_other = delivery.driver_id.is_some_and(|driver| Some(driver) != by.user_id);
    let may_step_in = by.actors.contains(&Actor::Manager) && command != DeliveryCommand::Claim;
    if taken_by_other && !may_step_in { Err(Error::new(Code::AlreadyClaimed)) } else { Ok(()) }
}

/// Moves the order first (that locks its row, as everybody does), then the delivery, then the money.
fn go(
    conn: &mut PgConnection,
    delivery: &DeliveryRow,
    to: DeliveryState,
    asked: &Move,
    by: &By,
    now: DateTime<Utc>,
) -> Result<()> {
    let mut facts = Vec::new();
    let order_command = match asked.command {
        DeliveryCommand::Depart => Some(OrderCommand::Depart),
        DeliveryCommand::Complete => Some(OrderCommand::Deliver),
        DeliveryCommand::Fail => Some(OrderCommand::FailDelivery),
        DeliveryCommand::Retry => Some(OrderCommand::RetryDelivery),
        _ => None,
    };
    if let Some(command) = order_command
        && let Outcome::Moved(_, moved) = transition(conn, delivery.order_id, command, by, now)?
    {
        facts.push(moved);
    }
    if asked.command == DeliveryCommand::Pickup {
        let order = orders::find(conn, delivery.order_id)?;
        if order.status != OrderStatus::Ready {
            return Err(Error::illegal_move("order", order.status.as_str(), asked.command.as_str()));
        }
    }
    if !write(conn, delivery, to, by, now)? {
        // Somebody was faster between our look and our write.
        return Err(match asked.command {
            DeliveryCommand::Claim => Error::new(Code::AlreadyClaimed),
            command => Error::illegal_move("delivery", delivery.state.as_str(), command.as_str()),
        });
    }
    if to == DeliveryState::Delivered {
        payments::collect(conn, delivery.order_id, asked.taken, by.user_id, now)?;
    }
    facts.push(ledger::fact(event_of(to), delivery.id, delivery.order_id, to));
    events::record(conn, delivery.store_id, facts, by.user_id, now)
}

/// Compare and set; false when the delivery is not in the state we saw any more.
fn write(conn: &mut PgConnection, delivery: &DeliveryRow, to: DeliveryState, by: &By, now: DateTime<Utc>) -> Result<bool> {
    let from = delivery.state;
    let driver = match to {
        DeliveryState::Assigned => Some(by.user_id),
        DeliveryState::Pending => Some(None),
        _ => None,
    };
    let written = diesel::update(deliveries::table.find(delivery.id).filter(deliveries::state.eq(from.as_str())))
        .set((
            deliveries::state.eq(to.as_str()),
            deliveries::version.eq(deliveries::version + 1),
            driver.map(|driver| deliveries::driver_id.eq(driver)),
            (to == DeliveryState::Assigned).then(|| deliveries::claimed_at.eq(now)),
            (to == DeliveryState::PickedUp).then(|| deliveries::picked_up_at.eq(now)),
            (to == DeliveryState::EnRoute).then(|| deliveries::departed_at.eq(now)),
            (to == DeliveryState::Delivered).then(|| deliveries::closed_at.eq(now)),
            by.reason.as_ref().map(|reason| deliveries::failure_reason.eq(reason)),
        ))
        .execute(conn)?;
    Ok(written == 1)
}

fn event_of(state: DeliveryState) -> EventType {
    match state {
        DeliveryState::Pending => EventType::DeliveryCreated,
        DeliveryState::Assigned => EventType::DeliveryAssigned,
        DeliveryState::PickedUp => EventType::DeliveryPickedUp,
        DeliveryState::EnRoute => EventType::DeliveryEnRoute,
        DeliveryState::Delivered => EventType::DeliveryDelivered,
        DeliveryState::Failed => EventType::DeliveryFailed,
        DeliveryState::Cancelled => EventType::DeliveryCancelled,
    }
}
