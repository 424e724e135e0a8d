//! A repeated POST gets the first answer. The answer is stored in the transaction that did the work: both or neither.

use chrono::{DateTime, TimeDelta, Utc};
use diesel::pg::PgConnection;
use diesel::prelude::*;
use diesel::sql_types::{Binary, Bool, Nullable, SmallInt, Text, Timestamptz};
use uuid::Uuid;

use crate::clock;
use crate::db::Db;
use crate::error::{Code, Error, Result};
use crate::http::answer::Answer;
use schema::idempotency_keys;

/// How long answers are kept.
pub fn kept() -> TimeDelta {
    TimeDelta::hours(24)
}

/// Who asks, under which key, for what.
#[derive(Clone, Debug)]
pub struct Once {
    pub principal: String,
    pub key: String,
    /// SHA-256 of method, path and body.
    pub fingerprint: Vec<u8>,
}

#[derive(QueryableByName)]
struct Lock {
    #[diesel(sql_type = Bool)]
    free: bool,
}

#[derive(QueryableByName)]
struct Seen {
    #[diesel(sql_type = Binary)]
    fingerprint: Vec<u8>,
    #[diesel(sql_type = SmallInt)]
    status: i16,
    #[diesel(sql_type = Text)]
    body: String,
    #[diesel(sql_type = Nullable<Text>)]
    location: Option<String>,
}

/// The whole of a POST: one transaction, in which the work is done once.
pub(crate) async fn answer_once(
    db: &Db,
    key: Option<Once>,
    work: impl Fn(&mut PgConnection, DateTime<Utc>) -> Result<Answer> + Send + 'static,
) -> Result<Answer> {
    let now = clock::now();
    db.tx(move |conn| once(conn, key.as_ref(), now, |conn| work(conn, now))).await
}

/// Does the work, unless the same was done before: then its answer comes again. The same key with other content is a
/// mistake of the client (422); one that is being worked on right now is to be asked again (409).
///
/// Must be the whole of a transaction: two processes are kept apart by a lock that lives until it ends.
fn once(
    conn: &mut PgConnection,
    once: Option<&Once>,
    now: DateTime<Utc>,
    work: impl FnOnce(&mut PgConnection) -> Result<Answer>,
) -> Result<Answer> {
    let Some(once) = once else { return work(conn) };
    // First the lock, then the look: the other way round an answer that is committed in between stays unseen.
    let free: Lock = diesel::sql_query("select pg_try_advisory_xact_lock(hashtextextended($1 || ' ' || $2, 0)) as free")
        .bind::<Text, _>(&once.principal)
        .bind::<Text, _>(&once.key)
        .get_result(conn)?;
    let seen: Option<Seen> = diesel::sql_query(
        "select fingerprint, status, body, location from idempotency_keys
         where principal = $1 and key = $2 and created_at > $3",
    )
    .bind::<Text, _>(&once.principal)
    .bind::<Text, _>(&once.key)
    .bind::<Timestamptz, _>(now - kept())
    .get_result(conn)
    .optional()?;
    if let Some(seen) = seen {
        if seen.fingerprint != once.fingerprint {
            return Err(Error::new(Code::IdempotencyMismatch));
        }
        let status = u16::try_from(seen.status).map_err(Error::internal)?;
        return Ok(Answer { status, body: seen.body, replayed: true, location: seen.location });
    }
    if !free.free {
        return Err(in_flight());
    }
    let answer = work(conn)?;
    let saved = diesel::sql_query(
        "insert into idempotency_keys as k (principal, key, fingerprint, status, body, created_at, location)
         values ($1, $2, $3, $4, $5, $6, $8)
         on conflict (principal, key) do update
         set fingerprint = excluded.fingerprint, status = excluded.status, body = excluded.body,
           created_at = excluded.created_at, location = excluded.location
         where k.created_at <= $7",
    )
    .bind::<Text, _>(&once.principal)
    .bind::<Text, _>(&once.key)
    .bind::<Binary, _>(&once.fingerprint)
    .bind::<SmallInt, _>(i16::try_from(answer.status).map_err(Error::internal)?)
    .bind::<Text, _>(&answer.body)
    .bind::<Timestamptz, _>(now)
    .bind::<Timestamptz, _>(now - kept())
    .bind::<Nullable<Text>, _>(&answer.location)
    .execute(conn)?;
    if saved == 1 { Ok(answer) } else { Err(in_flight()) }
}

fn in_flight() -> Error {
    Error { retry_after_seconds: Some(1), ..Error::new(Code::IdempotencyInFlight) }
}

/// Forgets answers that are no longer kept.
pub fn purge(conn: &mut PgConnection, now: DateTime<Utc>) -> Result<usize> {
    let old = idempotency_keys::table.filter(idempotency_keys::created_at.le(now - kept()));
    Ok(diesel::delete(old).execute(conn)?)
}

/// The name under which a user's keys are kept apart from everybody else's.
pub fn principal_of_user(id: Uuid) -> String {
    format!("user:{id}")
}
