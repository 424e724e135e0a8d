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
struct Seen {
    #[diesel(sql_type = Bool)]
    free: bool,
    #[diesel(sql_type = Nullable<Binary>)]
    fingerprint: Option<Vec<u8>>,
    #[diesel(sql_type = Nullable<SmallInt>)]
    status: Option<i16>,
    #[diesel(sql_type = Nullable<Text>)]
    body: Option<String>,
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
/// Must be the whole of a transaction: two processes are kept apart by a lock that lives until it ends. Should the first
/// have ended between our look and our lock, the insert finds its row and ours is undone.
fn once(
    conn: &mut PgConnection,
    once: Option<&Once>,
    now: DateTime<Utc>,
    work: impl FnOnce(&mut PgConnection) -> Result<Answer>,
) -> Result<Answer> {
    let Some(once) = once else { return work(conn) };
    let seen: Seen = diesel::sql_query(
        "select pg_try_advisory_xact_lock(hashtextextended($1 || ' ' || $2, 0)) as free, k.fingerprint, k.status, k.body
         from (select 1) as one
         left join idempotency_keys k on k.principal = $1 and k.key = $2 and k.created_at > $3",
    )
    .bind::<Text, _>(&once.principal)
    .bind::<Text, _>(&once.key)
    .bind::<Timestamptz, _>(now - kept())
    .get_result(conn)?;
    if let (Some(fingerprint), Some(status), Some(body)) = (seen.fingerprint, seen.status, seen.body) {
        if fingerprint != once.fingerprint {
            return Err(Error::new(Code::IdempotencyMismatch));
        }
        let status = u16::try_from(status).map_err(Error::internal)?;
        return Ok(Answer { status, body, replayed: true, location: None });
    }
    if !seen.free {
        return Err(in_flight());
    }
    let answer = work(conn)?;
    let saved = diesel::sql_query(
        "insert into idempotency_keys as k (principal, key, fingerprint, status, body, created_at)
         values ($1, $2, $3, $4, $5, $6)
         on conflict (principal, key) do update
         set fingerprint = excluded.fingerprint, status = excluded.status, body = excluded.body,
           created_at = excluded.created_at
         where k.created_at <= $7",
    )
    .bind::<Text, _>(&once.principal)
    .bind::<Text, _>(&once.key)
    .bind::<Binary, _>(&once.fingerprint)
    .bind::<SmallInt, _>(i16::try_from(answer.status).map_err(Error::internal)?)
    .bind::<Text, _>(&answer.body)
    .bind::<Timestamptz, _>(now)
    .bind::<Timestamptz, _>(now - kept())
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
