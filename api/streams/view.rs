//! Events on the wire, and who sees which.

use chrono::{DateTime, Utc};
use diesel::pg::PgConnection;
use diesel::prelude::*;
use domain::event::EventType;
use domain::people::Actor;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::error::{Error, Result};
use crate::events::EventRow;
use crate::http::auth::OrderCaller;
use schema::orders;

/// Something that happened in a store.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Event {
    /// Counts the events of the store: the cursor of streams (`Last-Event-ID`) and polls (`after`).
    #[schema(example = 1042)]
    seq: i64,
    #[schema(value_type = String, example = "order.ready")]
    r#type: EventType,
    store_id: Uuid,
    order_id: Option<Uuid>,
    occurred_at: DateTime<Utc>,
    /// Enough to update a screen; its members depend on the type.
    #[schema(value_type = Object)]
    data: serde_json::Value,
}

impl Event {
    pub(super) fn new(row: &EventRow) -> Event {
        Event {
            seq: row.seq,
            r#type: row.type_,
            store_id: row.store_id,
            order_id: row.order_id,
            occurred_at: row.occurred_at,
            data: row.payload.clone(),
        }
    }
}

/// What a reader wants to see: a whole store, or one order, with the eyes of its customer or of staff.
#[derive(Clone, Copy)]
pub(super) struct Scope {
    pub(super) store_id: Uuid,
    pub(super) order_id: Option<Uuid>,
    reader: Reads,
}

/// How much of it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Reads {
    Everything,
    /// What the customer of the order may see.
    AsCustomer,
    /// What anybody may see who reads the menu.
    Menu,
}

impl Scope {
    pub(super) fn store(store_id: Uuid) -> Scope {
        Scope { store_id, order_id: None, reader: Reads::Everything }
    }

    pub(super) fn menu(store_id: Uuid) -> Scope {
        Scope { store_id, order_id: None, reader: Reads::Menu }
    }

    /// One order, if the caller may see it.
    pub(super) fn order(conn: &mut PgConnection, caller: &OrderCaller, order_id: Uuid) -> Result<Scope> {
        let found = orders::table
            .find(order_id)
            .select((orders::store_id, orders::customer_id, orders::tracking_token))
            .first::<(Uuid, Option<Uuid>, String)>(conn)
            .optional()?;
        let (store_id, customer_id, token) = found.ok_or_else(|| Error::not_found("order"))?;
        let actors = caller.actors(store_id, customer_id, &token)?;
        let only = actors.iter().all(|actor| *actor == Actor::Customer);
        Ok(Scope { store_id, order_id: Some(order_id), reader: if only { Reads::AsCustomer } else { Reads::Everything } })
    }

    pub(super) fn shows(&self, row: &EventRow) -> bool {
        let of_order = self.order_id.is_none_or(|id| row.order_id == Some(id));
        of_order
            && match self.reader {
                Reads::Everything => true,
                Reads::AsCustomer => row.type_.is_for_customer(),
                Reads::Menu => row.type_.is_for_everybody(),
            }
    }
}

#[derive(Clone, Copy, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Path)]
pub(super) struct OrderEventsPath {
    /// The order.
    #[param(rename = "orderId")]
    pub(super) order_id: Uuid,
}
