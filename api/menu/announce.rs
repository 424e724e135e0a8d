//! Telling a store's stream what can be made, or no longer, in the transaction that changed it.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use diesel::pg::PgConnection;
use domain::availability::{Made, Servings, Shelf, Snoozed, availability, changes, count, may_show, told};
use domain::catalogue::Catalogue;
use domain::event::EventType;
use domain::stock::{Demand, Quantity};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::catalogue::Catalogues;
use crate::error::Result;
use crate::events::{self, Fact};
use crate::menu::queries;

type Levels = BTreeMap<Uuid, Quantity>;

/// After an order has reserved this. `before` is what was left of its ingredients. Most orders change nothing that a customer
/// could see: then nothing is read.
pub fn taken(
    conn: &mut PgConnection,
    catalogues: &Catalogues,
    catalogue: &Catalogue,
    (store_id, at): (Uuid, DateTime<Utc>),
    before: &Levels,
    taken: &Demand,
) -> Result<Option<Fact>> {
    if !may_show(catalogue, before, &moved(before, taken, -1)) {
        return Ok(None);
    }
    events::hold(conn, store_id)?;
    // What was snoozed while this order waited is seen now.
    let (catalogue, snoozed) = catalogues.at(conn, store_id, at)?;
    let now = queries::available(conn, store_id)?;
    let earlier = shelf(moved(&now, taken, 1), &snoozed);
    Ok(told_of(&changes(&count(&catalogue, &earlier), &count(&catalogue, &shelf(now, &snoozed)))))
}

/// After an order has given this back.
pub fn given_back(
    conn: &mut PgConnection,
    catalogues: &Catalogues,
    store_id: Uuid,
    given: &Demand,
    at: DateTime<Utc>,
) -> Result<Option<Fact>> {
    if given.is_empty() {
        return Ok(None);
    }
    events::hold(conn, store_id)?;
    let (catalogue, snoozed) = catalogues.at(conn, store_id, at)?;
    let now = queries::available(conn, store_id)?;
    let earlier = moved(&now, given, -1);
    if !may_show(&catalogue, &earlier, &now) {
        return Ok(None);
    }
    let (earlier, now) = (shelf(earlier, &snoozed), shelf(now, &snoozed));
    Ok(told_of(&changes(&count(&catalogue, &earlier), &count(&catalogue, &now))))
}

/// After something was snoozed, or came back. The caller holds the store's counter since before it read `before`.
pub(super) fn snoozed(
    conn: &mut PgConnection,
    catalogues: &Catalogues,
    store_id: Uuid,
    before: &Snoozed,
    at: DateTime<Utc>,
) -> Result<Option<Fact>> {
    let (catalogue, after) = catalogues.at(conn, store_id, at)?;
    let now = queries::available(conn, store_id)?;
    let (earlier, now) = (shelf(now.clone(), before), shelf(now, &after));
    Ok(told_of(&changes(&count(&catalogue, &earlier), &count(&catalogue, &now))))
}

fn shelf(available: Levels, snoozed: &Snoozed) -> Shelf {
    Shelf { available, snoozed: snoozed.clone() }
}

fn moved(levels: &Levels, by: &Demand, sign: i64) -> Levels {
    let mut moved = levels.clone();
    for (ingredient, quantity) in by {
        let level = moved.entry(*ingredient).or_default();
        *level = Quantity(level.0 + sign * quantity.0);
    }
    moved
}

/// The event, if anything differs for those who read the menu. It says to everybody what the menu says to everybody.
fn told_of(changed: &Servings) -> Option<Fact> {
    if changed.is_empty() {
        return None;
    }
    let (mut variants, mut modifiers): (Vec<Value>, Vec<Value>) = (Vec::new(), Vec::new());
    for (made, count) in changed {
        let (word, left) = (availability(*count), told(*count));
        match made {
            Made::Variant(id) => variants.push(json!({ "variantId": id, "availability": word, "servingsLeft": left })),
            Made::Modifier(id, size) => {
                modifiers.push(json!({ "modifierId": id, "sizeCode": size, "availability": word, "servingsLeft": left }));
            }
        }
    }
    let payload = json!({ "variants": variants, "modifiers": modifiers });
    Some(Fact { kind: EventType::MenuAvailabilityChanged, order_id: None, payload })
}
