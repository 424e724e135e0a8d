//! Who changed what, from what, to what: written in the transaction of the change, never rewritten.

use chrono::{DateTime, Utc};
use diesel::pg::PgConnection;
use diesel::prelude::*;
use domain::people::AuditAction;
use serde_json::Value;
use uuid::Uuid;

use crate::error::Result;
use schema::audit_entries;

/// A change, to be written down.
pub struct Change {
    pub actor_id: Option<Uuid>,
    pub action: AuditAction,
    /// What kind of thing: `product`, `snooze`.
    pub entity: &'static str,
    pub entity_id: String,
    /// Of a thing that belongs to one store.
    pub store_id: Option<Uuid>,
    /// None: there was nothing.
    pub before: Option<Value>,
    /// None: there is nothing any more.
    pub after: Option<Value>,
}

pub fn record(conn: &mut PgConnection, change: Change, now: DateTime<Utc>) -> Result<()> {
    diesel::insert_into(audit_entries::table)
        .values((
            audit_entries::id.eq(Uuid::now_v7()),
            audit_entries::actor_id.eq(change.actor_id),
            audit_entries::action.eq(change.action.as_str()),
            audit_entries::entity.eq(change.entity),
            audit_entries::entity_id.eq(change.entity_id),
            audit_entries::store_id.eq(change.store_id),
            audit_entries::before.eq(change.before),
            audit_entries::after.eq(change.after),
            audit_entries::occurred_at.eq(now),
        ))
        .execute(conn)?;
    Ok(())
}
