//! What moves an order before and after the kitchen: accept, reject, cancel, collect.

use actix_web::{post, web};
use chrono::{DateTime, TimeDelta, Utc};
use diesel::pg::PgConnection;
use domain::language::Language;
use domain::money::{Cents, Money};
use domain::order::{OrderCommand, ServiceType};
use domain::payment::PaymentMethod;
use domain::people::Actor;
use serde::Deserialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::catalogue::Catalogues;
use crate::db::Db;
use crate::deliveries::ledger as deliveries;
use crate::error::{Code, Error, Fault, Result};
use crate::events;
use crate::http::answer::Answer;
use crate::http::auth::{OrderCaller, Shop, Staff};
use crate::http::idempotency::{Once, answer_once};
use crate::http::problem::Speaks;
use crate::http::receive::{IdempotencyHeader, Path, Post};
use crate::kitchen::ledger as kitchen;
use crate::menu::announce;
use crate::orders::orders::OrderPath;
use crate::orders::place;
use crate::orders::queries::{self, OrderRow};
use crate::orders::transition::{By, Outcome, illegal, transition};
use crate::orders::view::{self, Order};
use crate::payments::ledger::{self as payments, Taken};
use crate::promotions::ledger as promotions;
use crate::stock::ledger as stock;
use crate::stores::queries::{self as stores, StoreRow};

/// How an order is accepted.
#[derive(Clone, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct AcceptOrder {
    /// When the customer can expect it, within the next 24 hours; by the store's usual times when absent.
    promised_at: Option<DateTime<Utc>>,
}

/// Why.
#[derive(Clone, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct OrderReason {
    #[schema(max_length = 300, example = "changed_my_mind")]
    reason: Option<String>,
}

/// What the customer paid with at hand-over.
#[derive(Clone, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct HandOver {
    payment: Option<HandOverPayment>,
}

#[derive(Clone, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct HandOverPayment {
    /// The method chosen when the order was placed, when absent.
    method: Option<PaymentMethod>,
    /// Cash that was handed over, at least what is due: the answer says the change.
    tendered: Option<Money>,
}

impl HandOver {
    pub fn taken(&self) -> Taken {
        let payment = self.payment.as_ref();
        Taken {
            method: payment.and_then(|p| p.method),
            tendered: payment.and_then(|p| p.tendered).map(|money| Cents(money.amount)),
        }
    }
}

/// Accept an order
///
/// The store will make it: the kitchen gets its ticket, drivers see the delivery. Accepting again changes nothing.
#[utoipa::path(tag = "orders", security(("bearer" = ["counter", "cook", "manager", "admin"])),
    params(OrderPath, IdempotencyHeader), request_body = AcceptOrder,
    responses((status = 200, description = "The order", body = Order), (status = 409, description = "invalid_transition")))]
#[post("/v1/orders/{orderId}/accept")]
pub(crate) async fn accept_order(
    staff: Staff<Shop>,
    db: web::Data<Db>,
    Path(path): Path<OrderPath>,
    Speaks(language): Speaks,
    post: Post<AcceptOrder>,
) -> Result<Answer> {
    let Post { body, once } = post;
    by_staff(staff, db, path, language, once, move |conn, order, by, now| accept(conn, order, &body, by, now)).await
}

/// Reject an order
///
/// The store cannot make it: the ingredients are free again, nothing is due.
#[utoipa::path(tag = "orders", security(("bearer" = ["counter", "cook", "manager", "admin"])),
    params(OrderPath, IdempotencyHeader), request_body = OrderReason,
    responses((status = 200, description = "The order", body = Order), (status = 409, description = "invalid_transition")))]
#[post("/v1/orders/{orderId}/reject")]
pub(crate) async fn reject_order(
    staff: Staff<Shop>,
    db: web::Data<Db>,
    catalogues: web::Data<Catalogues>,
    Path(path): Path<OrderPath>,
    Speaks(language): Speaks,
    post: Post<OrderReason>,
) -> Result<Answer> {
    let Post { body, once } = post;
    by_staff(staff, db, path, language, once, move |conn, order, by, now| {
        let by = By { reason: body.reason.clone(), ..by };
        call_off(conn, &catalogues, order.id, OrderCommand::Reject, &by, now)
    })
    .await
}

/// Cancel an order
///
/// Customers can until the kitchen starts, the counter too; afterwards only a manager. What the kitchen has not used goes
/// back to stock. Cancelling again changes nothing.
#[utoipa::path(tag = "orders", security(("bearer" = []), ("trackingToken" = [])),
    params(OrderPath, IdempotencyHeader), request_body = OrderReason,
    responses((status = 200, description = "The order", body = Order),
        (status = 403, description = "forbidden"), (status = 409, description = "invalid_transition")))]
#[post("/v1/orders/{orderId}/cancel")]
pub(crate) async fn cancel_order(
    caller: OrderCaller,
    db: web::Data<Db>,
    catalogues: web::Data<Catalogues>,
    Path(path): Path<OrderPath>,
    Speaks(language): Speaks,
    post: Post<OrderReason>,
) -> Result<Answer> {
    let Post { body, once } = post;
    answer_once(&db, once, move |conn, now| {
        let order = queries::find(conn, path.order_id)?;
        let actors = caller.actors(order.store_id, order.customer_id, &order.tracking_token)?;
        let by = By { reason: body.reason.clone(), ..By::user(actors.clone(), caller.user_id()) };
        let order = call_off(conn, &catalogues, order.id, OrderCommand::Cancel, &by, now)?;
        answer(conn, order, language, &actors)
    })
    .await
}

/// Hand an order over at the counter
///
/// For collection: takes what is due and closes the order.
#[utoipa::path(tag = "orders", security(("bearer" = ["counter", "cook", "manager", "admin"])),
    params(OrderPath, IdempotencyHeader), request_body = HandOver,
    responses((status = 200, description = "The order", body = Order), (status = 409, description = "invalid_transition")))]
#[post("/v1/orders/{orderId}/collect")]
pub(crate) async fn collect_order(
    staff: Staff<Shop>,
    db: web::Data<Db>,
    Path(path): Path<OrderPath>,
    Speaks(language): Speaks,
    post: Post<HandOver>,
) -> Result<Answer> {
    let Post { body, once } = post;
    by_staff(staff, db, path, language, once, move |conn, order, by, now| collect(conn, order, body.taken(), &by, now)).await
}

/// A command by the staff of the order's store, answered with the order as it is then.
async fn by_staff(
    staff: Staff<Shop>,
    db: web::Data<Db>,
    path: OrderPath,
    language: Language,
    once: Option<Once>,
    work: impl Fn(&mut PgConnection, OrderRow, By, DateTime<Utc>) -> Result<OrderRow> + Send + 'static,
) -> Result<Answer> {
    answer_once(&db, once, move |conn, now| {
        let order = queries::find(conn, path.order_id)?;
        let actors = staff.owning(order.store_id, "order")?;
        let order = work(conn, order, By::user(actors.clone(), Some(staff.user.id)), now)?;
        answer(conn, order, language, &actors)
    })
    .await
}

/// Promises a time, and shows the order to cooks and drivers.
fn accept(conn: &mut PgConnection, order: OrderRow, body: &AcceptOrder, by: By, now: DateTime<Utc>) -> Result<OrderRow> {
    if body.promised_at.is_some_and(|at| at <= now || at > now + TimeDelta::hours(24)) {
        return Err(Error::invalid(vec![Fault::new("/promisedAt", "not_within_a_day")]));
    }
    let store = stores::find(conn, order.store_id)?;
    let promised_at = body.promised_at.unwrap_or_else(|| usual_promise(&store, &order, now));
    let by = By { promised_at: Some(promised_at), ..by };
    let (order, moved) = match transition(conn, order.id, OrderCommand::Accept, &by, now)? {
        Outcome::Same(order) => return Ok(order),
        Outcome::Moved(order, moved) => (order, moved),
    };
    let due_at = promised_at - store.road(order.service_type);
    let mut facts = vec![moved, kitchen::open_ticket(conn, order.id, order.store_id, due_at, now)?];
    if order.service_type == ServiceType::Delivery {
        facts.push(deliveries::open(conn, order.id, order.store_id, now)?);
    }
    events::record(conn, order.store_id, facts, by.user_id, now)?;
    Ok(order)
}

/// As long from now as it was promised to take, or when it was wanted, if that is later.
fn usual_promise(store: &StoreRow, order: &OrderRow, now: DateTime<Utc>) -> DateTime<Utc> {
    match order.requested_at {
        Some(wanted) => wanted.max(place::promise(store, order.service_type, now)),
        None => now + (order.promised_at - order.placed_at),
    }
}

/// Takes what is due; a delivery is handed over by its driver, not here.
fn collect(conn: &mut PgConnection, order: OrderRow, taken: Taken, by: &By, now: DateTime<Utc>) -> Result<OrderRow> {
    if order.service_type != ServiceType::Collection {
        return Err(illegal(&order, OrderCommand::Collect));
    }
    let (order, moved) = match transition(conn, order.id, OrderCommand::Collect, by, now)? {
        Outcome::Same(order) => return Ok(order),
        Outcome::Moved(order, moved) => (order, moved),
    };
    payments::collect(conn, order.id, taken, by.user_id, now)?;
    events::record(conn, order.store_id, vec![moved], by.user_id, now)?;
    Ok(order)
}

/// Ends an order that will not be handed over, whoever ends it: what it holds of stock goes back, nothing is due, and it
/// leaves the screens of cooks and drivers.
fn call_off(
    conn: &mut PgConnection,
    catalogues: &Catalogues,
    order_id: Uuid,
    command: OrderCommand,
    by: &By,
    now: DateTime<Utc>,
) -> Result<OrderRow> {
    let (order, moved) = match transition(conn, order_id, command, by, now)? {
        Outcome::Same(order) => return Ok(order),
        Outcome::Moved(order, moved) => (order, moved),
    };
    let mut facts = vec![moved];
    facts.extend(kitchen::void_ticket(conn, order.id)?);
    facts.extend(deliveries::cancel(conn, order.id, now)?);
    payments::cancel(conn, order.id)?;
    let given_back = stock::release(conn, order.store_id, order.id)?;
    promotions::release(conn, order.id)?;
    facts.extend(announce::given_back(conn, catalogues, order.store_id, &given_back, now)?);
    events::record(conn, order.store_id, facts, by.user_id, now)?;
    Ok(order)
}

/// The job behind the acceptance deadline: an order that nobody answered is rejected; one that was answered stays.
pub fn reject_unaccepted(conn: &mut PgConnection, catalogues: &Catalogues, order_id: Uuid, now: DateTime<Utc>) -> Result<()> {
    let by = By { reason: Some("not_accepted_in_time".to_owned()), ..By::system() };
    match call_off(conn, catalogues, order_id, OrderCommand::MissDeadline, &by, now) {
        Err(error) if error.code == Code::InvalidTransition => Ok(()),
        outcome => outcome.map(|_| ()),
    }
}

fn answer(conn: &mut PgConnection, order: OrderRow, language: Language, actors: &[Actor]) -> Result<Answer> {
    Answer::ok(&view::one(conn, order, language, actors)?)
}
