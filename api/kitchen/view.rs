//! Tickets on the wire: what a cook needs, nobody's name or address.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use diesel::pg::PgConnection;
use diesel::prelude::*;
use domain::kitchen::KitchenState;
use domain::language::{Language, Text};
use domain::menu::{ModifierKind, Portion};
use domain::order::ServiceType;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::carts::sold::{SoldComponent, SoldModifier};
use crate::error::{Error, Result};

use schema::{kitchen_items, kitchen_tickets, order_lines, orders};

/// What the kitchen has to make for one order.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct KitchenTicket {
    pub(super) id: Uuid,
    pub(super) order_id: Uuid,
    /// The order's number.
    #[schema(example = "PAR-42")]
    pub(super) number: String,
    pub(super) store_id: Uuid,
    pub(super) state: KitchenState,
    pub(super) service_type: ServiceType,
    pub(super) opened_at: DateTime<Utc>,
    /// When it must leave the kitchen.
    pub(super) due_at: DateTime<Utc>,
    pub(super) started_at: Option<DateTime<Utc>>,
    /// The cook.
    pub(super) started_by: Option<Uuid>,
    pub(super) done_at: Option<DateTime<Utc>>,
    /// The customer's note to the store.
    pub(super) note: Option<String>,
    pub(super) items: Vec<KitchenItem>,
    /// Counts the changes.
    #[schema(example = 1)]
    pub(super) version: i32,
}

/// One unit to make.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct KitchenItem {
    id: Uuid,
    order_line_id: Uuid,
    product_id: Uuid,
    variant_id: Uuid,
    #[schema(example = "Reine")]
    name: String,
    /// The other half, when it is of two halves.
    #[schema(example = "Chèvre miel")]
    second_name: Option<String>,
    #[schema(example = "Moyenne 31 cm")]
    variant_name: String,
    modifiers: Vec<KitchenOption>,
    /// What a combo is made of.
    components: Vec<KitchenComponent>,
    note: Option<String>,
    state: KitchenState,
}

/// An option of what is to be made.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct KitchenOption {
    /// `remove` is worth showing loudly: somebody may not eat it.
    kind: ModifierKind,
    /// «2 × Mozzarella», or «½ Reine: 1 × Mozzarella» on one half.
    #[schema(example = "2 × Mozzarella")]
    text: String,
}

/// A part of a combo.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct KitchenComponent {
    variant_id: Uuid,
    #[schema(example = "Reine")]
    name: String,
    /// The other half, when it is of two halves.
    #[schema(example = "Chèvre miel")]
    second_name: Option<String>,
    #[schema(example = "Moyenne 31 cm")]
    variant_name: String,
    /// As on an item.
    modifiers: Vec<KitchenOption>,
}

#[derive(Queryable)]
pub(super) struct TicketRow {
    id: Uuid,
    order_id: Uuid,
    store_id: Uuid,
    #[diesel(deserialize_as = String)]
    state: KitchenState,
    opened_at: DateTime<Utc>,
    due_at: DateTime<Utc>,
    started_at: Option<DateTime<Utc>>,
    started_by: Option<Uuid>,
    done_at: Option<DateTime<Utc>>,
    version: i32,
    number: String,
    #[diesel(deserialize_as = String)]
    service_type: ServiceType,
    note: Option<String>,
}

#[derive(Queryable)]
struct ItemRow {
    ticket_id: Uuid,
    id: Uuid,
    #[diesel(deserialize_as = String)]
    state: KitchenState,
    order_line_id: Uuid,
    product_id: Uuid,
    variant_id: Uuid,
    name: serde_json::Value,
    second_name: Option<serde_json::Value>,
    variant_name: serde_json::Value,
    modifiers: serde_json::Value,
    components: serde_json::Value,
    note: Option<String>,
}

/// At most 200 tickets of a store in these states: those due first first, and of those that are over the newest first.
pub(super) fn list(
    conn: &mut PgConnection,
    store_id: Uuid,
    states: &[KitchenState],
    language: Language,
) -> Result<Vec<KitchenTicket>> {
    let words: Vec<&str> = states.iter().map(|state| state.as_str()).collect();
    let of_store = tickets().filter(kitchen_tickets::store_id.eq(store_id).and(kitchen_tickets::state.eq_any(words))).limit(200);
    let over = states.iter().all(|state| matches!(state, KitchenState::Done | KitchenState::Voided));
    let rows = if over {
        of_store.order(kitchen_tickets::opened_at.desc()).load::<TicketRow>(conn)?
    } else {
        of_store.order((kitchen_tickets::due_at, kitchen_tickets::id)).load::<TicketRow>(conn)?
    };
    with_items(conn, rows, language)
}

pub(super) fn find(conn: &mut PgConnection, id: Uuid, language: Language) -> Result<Option<KitchenTicket>> {
    let rows = tickets().filter(kitchen_tickets::id.eq(id)).load::<TicketRow>(conn)?;
    Ok(with_items(conn, rows, language)?.into_iter().next())
}

#[diesel::dsl::auto_type]
fn tickets() -> _ {
    kitchen_tickets::table.inner_join(orders::table).select((
        kitchen_tickets::id,
        kitchen_tickets::order_id,
        kitchen_tickets::store_id,
        kitchen_tickets::state,
        kitchen_tickets::opened_at,
        kitchen_tickets::due_at,
        kitchen_tickets::started_at,
        kitchen_tickets::started_by,
        kitchen_tickets::done_at,
        kitchen_tickets::version,
        orders::number,
        orders::service_type,
        orders::note,
    ))
}

fn with_items(conn: &mut PgConnection, rows: Vec<TicketRow>, language: Language) -> Result<Vec<KitchenTicket>> {
    let ids: Vec<Uuid> = rows.iter().map(|row| row.id).collect();
    let items = kitchen_items::table
        .inner_join(order_lines::table)
        .filter(kitchen_items::ticket_id.eq_any(&ids))
        .order((order_lines::position, kitchen_items::unit_index))
        .select((
            kitchen_items::ticket_id,
            kitchen_items::id,
            kitchen_items::state,
            order_lines::id,
            order_lines::product_id,
            order_lines::variant_id,
            order_lines::name,
            order_lines::second_name,
            order_lines::variant_name,
            order_lines::modifiers,
            order_lines::components,
            order_lines::note,
        ))
        .load::<ItemRow>(conn)?;
    let mut by_ticket: BTreeMap<Uuid, Vec<KitchenItem>> = BTreeMap::new();
    for row in items {
        by_ticket.entry(row.ticket_id).or_default().push(item_view(row, language)?);
    }
    Ok(rows.into_iter().map(|row| ticket_view(by_ticket.remove(&row.id).unwrap_or_default(), row)).collect())
}

fn item_view(row: ItemRow, language: Language) -> Result<KitchenItem> {
    let modifiers: Vec<SoldModifier> = serde_json::from_value(row.modifiers)?;
    let components: Vec<SoldComponent> = serde_json::from_value(row.components)?;
    let text = |json: serde_json::Value| Ok::<_, Error>(serde_json::from_value::<Text>(json)?);
    let (name, second) = (text(row.name)?, row.second_name.map(text).transpose()?);
    let component = |component: &SoldComponent| KitchenComponent {
        variant_id: component.variant_id,
        name: component.name.get(language).to_owned(),
        second_name: component.second_name.as_ref().map(|name| name.get(language).to_owned()),
        variant_name: component.variant_name.get(language).to_owned(),
        modifiers: options(&component.modifiers, &component.name, component.second_name.as_ref(), language),
    };
    Ok(KitchenItem {
        id: row.id,
        order_line_id: row.order_line_id,
        product_id: row.product_id,
        variant_id: row.variant_id,
        modifiers: options(&modifiers, &name, second.as_ref(), language),
        components: components.iter().map(component).collect(),
        name: name.get(language).to_owned(),
        second_name: second.map(|name| name.get(language).to_owned()),
        variant_name: text(row.variant_name)?.get(language).to_owned(),
        note: row.note,
        state: row.state,
    })
}

/// Options as cooks read them.
fn options(modifiers: &[SoldModifier], first: &Text, second: Option<&Text>, language: Language) -> Vec<KitchenOption> {
    let option = |modifier: &SoldModifier| {
        let text = format!("{} × {}", modifier.quantity, modifier.name.get(language));
        let half = match modifier.portion {
            Portion::Whole => None,
            Portion::FirstHalf => Some(first),
            Portion::SecondHalf => second.or(Some(first)),
        };
        let text = half.map_or(text.clone(), |half| format!("½ {}: {text}", half.get(language)));
        KitchenOption { kind: modifier.kind, text }
    };
    modifiers.iter().map(option).collect()
}

fn ticket_view(items: Vec<KitchenItem>, row: TicketRow) -> KitchenTicket {
    KitchenTicket {
        id: row.id,
        order_id: row.order_id,
        number: row.number,
        store_id: row.store_id,
        state: row.state,
        service_type: row.service_type,
        opened_at: row.opened_at,
        due_at: row.due_at,
        started_at: row.started_at,
        started_by: row.started_by,
        done_at: row.done_at,
        note: row.note,
        items,
        version: row.version,
    }
}
