//! What happened in a store, numbered without a gap in the order of commits.
//!
//! The number comes from a counter row whose lock is held until commit: number n + 1 cannot become visible before n, so a
//! reader that asks for «after n» misses nothing. Placing orders is serialized by the store's stock rows anyway. A rule
//! follows: `record` is the last thing a transaction does, so that nobody waits for stock while holding the counter.

use chrono::{DateTime, Utc};
use diesel::pg::PgConnection;
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Jsonb, Nullable, Text, Timestamptz, Uuid as SqlUuid};
use domain::event::EventType;
use serde_json::Value;
use uuid::Uuid;

use crate::error::Result;
use schema::events;

/// The channel on which PostgreSQL tells every process that a store has news; the payload is the store's id.
pub const CHANNEL: &str = "ocpizza_events";

/// Something that happened, to be written down.
pub struct Fact {
    pub kind: EventType,
    pub order_id: Option<Uuid>,
    pub payload: Value,
}

#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = events, check_for_backend(diesel::pg::Pg))]
pub struct EventRow {
    pub store_id: Uuid,
    pub seq: i64,
    pub order_id: Option<Uuid>,
    #[diesel(deserialize_as = String)]
    pub type_: EventType,
    pub payload: Value,
    pub occurred_at: DateTime<Utc>,
}

/// Appends what happened in one store and wakes its readers at commit. One statement.
pub fn record(
    conn: &mut PgConnection,
    store_id: Uuid,
    facts: Vec<Fact>,
    actor_id: Option<Uuid>,
    now: DateTime<Utc>,
) -> Result<()> {
    let kinds: Vec<&str> = facts.iter().map(|f| f.kind.as_str()).collect();
    let orders: Vec<Option<Uuid>> = facts.iter().map(|f| f.order_id).collect();
    let payloads: Vec<&Value> = facts.iter().map(|f| &f.payload).collect();
    diesel::sql_query(
        "with counter as (
           insert into event_counters as c (store_id, last_seq) values ($1, cardinality($2))
           on conflict (store_id) do update set last_seq = c.last_seq + cardinality($2)
           returning last_seq - cardinality($2) as base
         ), added as (
           insert into events (store_id, seq, order_id, type, payload, actor_id, occurred_at)
           select $1, counter.base + f.position, f.order_id, f.type, f.payload, $5, $6
           from counter, unnest($2, $3, $4) with ordinality as f(type, order_id, payload, position)
         )
         select pg_notify($7, $1::text)",
    )
    .bind::<SqlUuid, _>(store_id)
    .bind::<Array<Text>, _>(kinds)
    .bind::<Array<Nullable<SqlUuid>>, _>(orders)
    .bind::<Array<Jsonb>, _>(payloads)
    .bind::<Nullable<SqlUuid>, _>(actor_id)
    .bind::<Timestamptz, _>(now)
    .bind::<Text, _>(CHANNEL)
    .execute(conn)?;
    Ok(())
}

/// Takes the store's counter now, until the transaction ends: what is read from here on is what the readers of the next
/// event will find. Nothing that another transaction may hold for long may be waited for after it.
pub fn hold(conn: &mut PgConnection, store_id: Uuid) -> Result<()> {
    diesel::sql_query(
        "insert into event_counters as c (store_id, last_seq) values ($1, 0)
         on conflict (store_id) do update set last_seq = c.last_seq",
    )
    .bind::<SqlUuid, _>(store_id)
    .execute(conn)?;
    Ok(())
}

/// The events of a store after a cursor, oldest first; of one order when asked.
pub fn after(conn: &mut PgConnection, store_id: Uuid, order_id: Option<Uuid>, seq: i64, limit: i64) -> Result<Vec<EventRow>> {
    let mut query = events::table
        .filter(events::store_id.eq(store_id).and(events::seq.gt(seq)))
        .order(events::seq)
        .limit(limit)
        .select(EventRow::as_select())
        .into_boxed();
    if let Some(order_id) = order_id {
        query = query.filter(events::order_id.eq(order_id));
    }
    Ok(query.load(conn)?)
}

/// The number of the newest event of a store; 0 before the first.
pub fn latest(conn: &mut PgConnection, store_id: Uuid) -> Result<i64> {
    #[derive(QueryableByName)]
    struct Latest {
        #[diesel(sql_type = BigInt)]
        seq: i64,
    }
    let latest: Latest =
        diesel::sql_query("select coalesce((select last_seq from event_counters where store_id = $1), 0) as seq")
            .bind::<SqlUuid, _>(store_id)
            .get_result(conn)?;
    Ok(latest.seq)
}
