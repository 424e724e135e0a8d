//! The cooks' queue.

use actix_web::{get, post, web};
use chrono::{DateTime, Utc};
use diesel::pg::PgConnection;
use domain::event::EventType;
use domain::kitchen::{KitchenCommand, KitchenState, step};
use domain::language::Language;
use domain::machine::Step;
use domain::order::OrderCommand;
use serde::Deserialize;
use utoipa::IntoParams;
use uuid::Uuid;

use crate::db::Db;
use crate::error::{Code, Error, Result};
use crate::events;
use crate::http::answer::Answer;
use crate::http::auth::{Everybody, Kitchen, Staff};
use crate::http::idempotency::answer_once;
use crate::http::page::Page;
use crate::http::problem::Speaks;
use crate::http::receive::{IdempotencyHeader, NoBody, Path, Post, Query};
use crate::http::store_path::StorePath;
use crate::kitchen::ledger;
use crate::kitchen::view::{self, KitchenTicket};
use crate::orders::transition::{By, Outcome, transition};
use crate::stock::ledger as stock;

#[derive(Clone, Copy, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Path)]
struct TicketPath {
    /// The ticket.
    #[param(rename = "ticketId")]
    ticket_id: Uuid,
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct TicketsQuery {
    /// Only tickets that stand there; queued and in progress when absent.
    state: Option<KitchenState>,
}

/// Read the kitchen queue
///
/// What is to be made, due first first; of what is over, the newest first. At most 200.
#[utoipa::path(tag = "kitchen", security(("bearer" = ["counter", "cook", "driver", "manager", "admin"])),
    params(StorePath, TicketsQuery),
    responses((status = 200, description = "The tickets", body = Page<KitchenTicket>)))]
#[get("/v1/stores/{storeId}/kitchen/tickets")]
pub(crate) async fn list_kitchen_tickets(
    staff: Staff<Everybody>,
    db: web::Data<Db>,
    Path(path): Path<StorePath>,
    Query(query): Query<TicketsQuery>,
    Speaks(language): Speaks,
) -> Result<web::Json<Page<KitchenTicket>>> {
    let data = db
        .run(move |conn| {
            let store_id = path.resolve(conn)?;
            staff.at(store_id)?;
            let open = [KitchenState::Queued, KitchenState::InProgress];
            view::list(conn, store_id, query.state.as_ref().map_or(&open[..], std::slice::from_ref), language)
        })
        .await?;
    Ok(web::Json(Page { data, next_cursor: None }))
}

/// Start a ticket
///
/// The ingredients leave the stock, and the customer can no longer cancel. Starting again changes nothing.
#[utoipa::path(tag = "kitchen", security(("bearer" = ["cook", "manager", "admin"])), params(TicketPath, IdempotencyHeader),
    request_body = NoBody,
    responses((status = 200, description = "The ticket", body = KitchenTicket), (status = 409, description = "invalid_transition")))]
#[post("/v1/kitchen/tickets/{ticketId}/start")]
pub(crate) async fn start_ticket(
    staff: Staff<Kitchen>,
    db: web::Data<Db>,
    Path(path): Path<TicketPath>,
    Speaks(language): Speaks,
    post: Post<NoBody>,
) -> Result<Answer> {
    command(staff, db, path.ticket_id, KitchenCommand::Start, language, post).await
}

/// Bump a ticket
///
/// Everything on it is made: the order is ready. Bumping again changes nothing.
#[utoipa::path(tag = "kitchen", security(("bearer" = ["cook", "manager", "admin"])), params(TicketPath, IdempotencyHeader),
    request_body = NoBody,
    responses((status = 200, description = "The ticket", body = KitchenTicket), (status = 409, description = "invalid_transition")))]
#[post("/v1/kitchen/tickets/{ticketId}/bump")]
pub(crate) async fn bump_ticket(
    staff: Staff<Kitchen>,
    db: web::Data<Db>,
    Path(path): Path<TicketPath>,
    Speaks(language): Speaks,
    post: Post<NoBody>,
) -> Result<Answer> {
    command(staff, db, path.ticket_id, KitchenCommand::Bump, language, post).await
}

async fn command(
    staff: Staff<Kitchen>,
    db: web::Data<Db>,
    ticket_id: Uuid,
    command: KitchenCommand,
    language: Language,
    post: Post<NoBody>,
) -> Result<Answer> {
    answer_once(&db, post.once, move |conn, now| {
        let (order_id, store_id, state) = ledger::find(conn, ticket_id)?;
        let by = By::user(staff.owning(store_id, "ticket")?, Some(staff.user.id));
        match step(state, command, &by.actors) {
            Step::Moved(to) => cook(conn, ticket_id, order_id, (state, to), &by, now)?,
            Step::Same => {}
            Step::Forbidden => return Err(Error::new(Code::Forbidden)),
            Step::Illegal => return Err(Error::illegal_move("ticket", state.as_str(), command.as_str())),
        }
        let ticket = view::find(conn, ticket_id, language)?.ok_or_else(|| Error::not_found("ticket"))?;
        Answer::ok(&ticket)
    })
    .await
}

/// Moves the order first (that locks its row, as everybody does), then the ticket, then the stock.
fn cook(
    conn: &mut PgConnection,
    ticket_id: Uuid,
    order_id: Uuid,
    (from, to): (KitchenState, KitchenState),
    by: &By,
    now: DateTime<Utc>,
) -> Result<()> {
    let order_command = match to {
        KitchenState::InProgress => OrderCommand::StartPreparation,
        _ => OrderCommand::FinishPreparation,
    };
    // Another tap was faster: the answer shows where the ticket stands now.
    let Outcome::Moved(order, moved) = transition(conn, order_id, order_command, by, now)? else { return Ok(()) };
    let actor = by.user_id.ok_or_else(|| Error::internal("a cook without an account"))?;
    if !ledger::move_ticket(conn, ticket_id, (from, to), actor, now)? {
        return Err(Error::internal(format!("ticket {ticket_id} and order {order_id} have parted")));
    }
    if to == KitchenState::InProgress {
        stock::consume(conn, order.store_id, order.id, by.user_id, now)?;
    }
    let facts = vec![moved, ledger::fact(EventType::KitchenTicketUpdated, ticket_id, order_id, to)];
    events::record(conn, order.store_id, facts, by.user_id, now)
}
