//! Opening and voiding the ticket of an order. Called inside the transaction of a use case; never calls back.

use chrono::{DateTime, Utc};
use diesel::pg::PgConnection;
use diesel::prelude::*;
use diesel::sql_types::{Array, Integer, Text, Uuid as SqlUuid};
use domain::event::EventType;
use domain::kitchen::KitchenState;
use serde_json::json;
use uuid::Uuid;

use crate::error::{Error, Result};
use crate::events::Fact;
use schema::{kitchen_items, kitchen_tickets, order_lines};

/// Puts an accepted order before the cooks: one item for each unit.
pub fn open_ticket(
    conn: &mut PgConnection,
    order_id: Uuid,
    store_id: Uuid,
    due_at: DateTime<Utc>,
    now: DateTime<Utc>,
) -> Result<Fact> {
    let ticket_id = Uuid::now_v7();
    diesel::insert_into(kitchen_tickets::table)
        .values((
            kitchen_tickets::id.eq(ticket_id),
            kitchen_tickets::order_id.eq(order_id),
            kitchen_tickets::store_id.eq(store_id),
            kitchen_tickets::state.eq(KitchenState::Queued.as_str()),
            kitchen_tickets::opened_at.eq(now),
            kitchen_tickets::due_at.eq(due_at),
        ))
        .execute(conn)?;
    let lines = order_lines::table
        .filter(order_lines::order_id.eq(order_id))
        .order(order_lines::position)
        .select((order_lines::id, order_lines::quantity))
        .load::<(Uuid, i32)>(conn)?;
    let units = lines.iter().flat_map(|(line, quantity)| (1..=*quantity).map(|unit| (Uuid::now_v7(), *line, unit)));
    let (mut ids, mut line_ids, mut indexes) = (Vec::new(), Vec::new(), Vec::new());
    for (id, line, unit) in units {
        ids.push(id);
        line_ids.push(line);
        indexes.push(unit);
    }
    diesel::sql_query(
        "insert into kitchen_items (id, ticket_id, order_line_id, unit_index, state)
         select i.id, $1, i.line, i.unit, $5 from unnest($2, $3, $4) as i(id, line, unit)",
    )
    .bind::<SqlUuid, _>(ticket_id)
    .bind::<Array<SqlUuid>, _>(ids)
    .bind::<Array<SqlUuid>, _>(line_ids)
    .bind::<Array<Integer>, _>(indexes)
    .bind::<Text, _>(KitchenState::Queued.as_str())
    .execute(conn)?;
    Ok(fact(EventType::KitchenTicketCreated, ticket_id, order_id, KitchenState::Queued))
}

/// Takes a cancelled order off the cooks' screens, if it is on them.
pub fn void_ticket(conn: &mut PgConnection, order_id: Uuid) -> Result<Option<Fact>> {
    let voided = KitchenState::Voided.as_str();
    let ticket = diesel::update(
        kitchen_tickets::table.filter(kitchen_tickets::order_id.eq(order_id).and(kitchen_tickets::state.ne(voided))),
    )
    .set((kitchen_tickets::state.eq(voided), kitchen_tickets::version.eq(kitchen_tickets::version + 1)))
    .returning(kitchen_tickets::id)
    .get_result::<Uuid>(conn)
    .optional()?;
    let Some(ticket_id) = ticket else { return Ok(None) };
    diesel::update(kitchen_items::table.filter(kitchen_items::ticket_id.eq(ticket_id)))
        .set(kitchen_items::state.eq(voided))
        .execute(conn)?;
    Ok(Some(fact(EventType::KitchenTicketVoided, ticket_id, order_id, KitchenState::Voided)))
}

/// Moves a ticket and all its items from one state to the next; false when the ticket is not in that state (any more).
pub fn move_ticket(
    conn: &mut PgConnection,
    ticket_id: Uuid,
    (from, to): (KitchenState, KitchenState),
    actor_id: Uuid,
    now: DateTime<Utc>,
) -> Result<bool> {
    let started = to == KitchenState::InProgress;
    let moved = diesel::update(
        kitchen_tickets::table.filter(kitchen_tickets::id.eq(ticket_id).and(kitchen_tickets::state.eq(from.as_str()))),
    )
    .set((
        kitchen_tickets::state.eq(to.as_str()),
        kitchen_tickets::version.eq(kitchen_tickets::version + 1),
        started.then(|| (kitchen_tickets::started_at.eq(now), kitchen_tickets::started_by.eq(actor_id))),
        (to == KitchenState::Done).then(|| kitchen_tickets::done_at.eq(now)),
    ))
    .execute(conn)?;
    if moved == 0 {
        return Ok(false);
    }
    let items = kitchen_items::table.filter(kitchen_items::ticket_id.eq(ticket_id));
    diesel::update(items.filter(kitchen_items::state.eq(from.as_str())))
        .set(kitchen_items::state.eq(to.as_str()))
        .execute(conn)?;
    Ok(true)
}

pub fn fact(kind: EventType, ticket_id: Uuid, order_id: Uuid, state: KitchenState) -> Fact {
    Fact { kind, order_id: Some(order_id), payload: json!({ "ticketId": ticket_id, "orderId": order_id, "state": state }) }
}

/// Order, store and state of a ticket.
pub fn find(conn: &mut PgConnection, ticket_id: Uuid) -> Result<(Uuid, Uuid, KitchenState)> {
    let row = kitchen_tickets::table
        .find(ticket_id)
        .select((kitchen_tickets::order_id, kitchen_tickets::store_id, kitchen_tickets::state))
        .first::<(Uuid, Uuid, String)>(conn)
        .optional()?;
    let (order_id, store_id, state) = row.ok_or_else(|| Error::not_found("ticket"))?;
    Ok((order_id, store_id, KitchenState::try_from(state).map_err(Error::internal)?))
}
