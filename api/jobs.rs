//! Work outside the request: enqueued in the transaction that wants it, done by the worker at least once.
//!
//! A claim pushes `run_at` forward by a lease and holds no connection while the work is done; a worker that dies leaves a
//! job that comes due again.

use chrono::{DateTime, TimeDelta, Utc};
use diesel::pg::PgConnection;
use diesel::prelude::*;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::error::Result;
use schema::jobs;

/// Everything that is done in the background; payloads are ids.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Job {
    /// The acceptance deadline of an order has passed.
    RejectUnaccepted { order_id: Uuid },
    /// A snooze that was given an end has come to it.
    EndSnooze { snooze_id: Uuid },
    /// Old carts, idempotency keys, sessions and log-in attempts.
    Purge,
}

pub struct Claimed {
    pub id: Uuid,
    /// As it was enqueued: perhaps by a newer version that knows more kinds than this one.
    pub job: serde_json::Value,
    pub attempts: i32,
}

/// After so many failures an operator has to look.
const MAX_ATTEMPTS: i32 = 10;

fn lease() -> TimeDelta {
    TimeDelta::minutes(2)
}

/// Enqueues a job; one that waits already under the same dedupe key stays as it is.
pub fn enqueue(conn: &mut PgConnection, job: &Job, run_at: DateTime<Utc>, dedupe_key: Option<&str>) -> Result<()> {
    diesel::insert_into(jobs::table)
        .values((
            jobs::id.eq(Uuid::now_v7()),
            jobs::job.eq(serde_json::to_value(job)?),
            jobs::run_at.eq(run_at),
            jobs::dedupe_key.eq(dedupe_key),
        ))
        .on_conflict(jobs::dedupe_key)
        .do_nothing()
        .execute(conn)?;
    Ok(())
}

/// Takes the job that has been due longest, if any, for the length of the lease.
pub fn claim(conn: &mut PgConnection, now: DateTime<Utc>) -> Result<Option<Claimed>> {
    let due = jobs::table
        .filter(jobs::run_at.le(now).and(jobs::dead_at.is_null()))
        .order(jobs::run_at)
        .limit(1)
        .for_update()
        .skip_locked()
        .select((jobs::id, jobs::job, jobs::attempts))
        .first::<(Uuid, serde_json::Value, i32)>(conn)
        .optional()?;
    let Some((id, job, attempts)) = due else { return Ok(None) };
    diesel::update(jobs::table.find(id)).set((jobs::run_at.eq(now + lease()), jobs::attempts.eq(attempts + 1))).execute(conn)?;
    Ok(Some(Claimed { id, job, attempts: attempts + 1 }))
}

/// Done: the job is gone, in the transaction that did its work.
pub fn finish(conn: &mut PgConnection, id: Uuid) -> Result<()> {
    diesel::delete(jobs::table.find(id)).execute(conn)?;
    Ok(())
}

/// Failed: again later, later each time; after the last attempt it stays as dead. Answers whether it is dead now.
pub fn fail(conn: &mut PgConnection, claimed: &Claimed, error: &str, now: DateTime<Utc>) -> Result<bool> {
    let dead = claimed.attempts >= MAX_ATTEMPTS;
    let wait = TimeDelta::seconds(5 << claimed.attempts.min(10));
    diesel::update(jobs::table.find(claimed.id))
        .set((jobs::last_error.eq(error), jobs::run_at.eq(now + wait), jobs::dead_at.eq(dead.then_some(now))))
        .execute(conn)?;
    Ok(dead)
}
