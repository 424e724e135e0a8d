//! Things that managers keep as whole documents: read with an `ETag`, written back with `If-Match`, archived instead of
//! deleted, and every change written down.

use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::http::header;
use actix_web::{FromRequest, HttpRequest, HttpResponse, Responder};
use chrono::{DateTime, Utc};
use diesel::pg::PgConnection;
use domain::people::AuditAction;
use serde::{Deserialize, Serialize};
use utoipa::IntoParams;
use uuid::Uuid;

use crate::audit::{self, Change};
use crate::error::{Code, Error, Fault, Result};
use crate::http::auth;

/// Protects what others changed meanwhile.
#[derive(IntoParams)]
#[into_params(parameter_in = Header)]
#[expect(dead_code, reason = "it documents a header; IfMatch reads it")]
pub struct IfMatchHeader {
    /// The `ETag` of the answer that the change is based on: the version in quotes.
    #[param(rename = "If-Match", max_length = 20, example = "\"3\"")]
    if_match: String,
}

/// Protects what others changed meanwhile.
#[derive(IntoParams)]
#[into_params(parameter_in = Header)]
#[expect(dead_code, reason = "it documents a header; MaybeIfMatch reads it")]
pub struct MaybeIfMatchHeader {
    /// The `ETag` of the answer that the change is based on: the version in quotes. Without it the change is made whatever
    /// the version is.
    #[param(rename = "If-Match", required = false, max_length = 20, example = "\"3\"")]
    if_match: Option<String>,
}

/// The version that the caller has read; none with `*` or without the header.
#[derive(Clone, Copy, Debug)]
pub struct MaybeIfMatch(Option<i32>);

/// The version that the caller has read: without it nothing is changed.
#[derive(Clone, Copy, Debug)]
pub struct IfMatch(MaybeIfMatch);

impl MaybeIfMatch {
    /// Whatever the version is.
    pub fn any() -> MaybeIfMatch {
        MaybeIfMatch(None)
    }

    /// Fails when the thing is not what the caller has read.
    pub fn check(self, present: i32) -> Result<()> {
        match self.0 {
            Some(version) if version != present => Err(Error::version_conflict(present)),
            _ => Ok(()),
        }
    }
}

impl FromRequest for MaybeIfMatch {
    type Error = Error;
    type Future = Ready<Result<Self>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let read = |sent: String| {
            let tag = sent.trim().trim_start_matches("W/").trim_matches('"').to_owned();
            let version = if tag == "*" { Ok(None) } else { tag.parse().map(Some) };
            version.map_err(|_| Error::invalid(vec![Fault::new("If-Match", "invalid_format")]))
        };
        ready(auth::header(request, "if-match").map_or(Ok(None), read).map(MaybeIfMatch))
    }
}

impl FromRequest for IfMatch {
    type Error = Error;
    type Future = Ready<Result<Self>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        if !request.headers().contains_key(header::IF_MATCH) {
            return ready(Err(Error::new(Code::PreconditionRequired)));
        }
        ready(MaybeIfMatch::from_request(request, payload).into_inner().map(IfMatch))
    }
}

/// Which of the kept things are listed.
#[derive(Clone, Copy, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ArchivedQuery {
    /// true: those that were archived, instead of those that are in use.
    #[serde(default)]
    #[param(default = false)]
    pub archived: bool,
}

/// A document with its version as `ETag`.
pub struct Tagged<T> {
    pub body: T,
    pub version: i32,
}

impl<T: Serialize> Responder for Tagged<T> {
    type Body = actix_web::body::BoxBody;

    fn respond_to(self, _: &HttpRequest) -> HttpResponse {
        let etag = header::EntityTag::new_strong(self.version.to_string());
        HttpResponse::Ok().insert_header(header::ETag(etag)).json(self.body)
    }
}

/// A document that managers keep. `Body` is what they send to create or to replace it.
pub trait Kept: Serialize + Sized {
    /// Its name in the audit log and in «not found».
    const ENTITY: &'static str;
    type Body;

    fn version(&self) -> i32;
    /// The store it belongs to, if it is of one store only.
    fn store_id(&self) -> Option<Uuid>;
    /// Archived or not.
    fn find(conn: &mut PgConnection, id: Uuid) -> Result<Option<Self>>;
    fn insert(conn: &mut PgConnection, id: Uuid, body: &Self::Body, now: DateTime<Utc>) -> Result<()>;
    /// Writes the whole of it, brings it back if it was archived, and moves its version on; false when its version is
    /// another one, in which case nothing has happened.
    fn replace(conn: &mut PgConnection, id: Uuid, version: i32, body: &Self::Body, now: DateTime<Utc>) -> Result<bool>;
    /// Takes it out of use and moves its version on; false when its version is another one.
    fn archive(conn: &mut PgConnection, id: Uuid, version: i32, now: DateTime<Utc>) -> Result<bool>;
}

/// Reads one, or 404.
pub fn find<K: Kept>(conn: &mut PgConnection, id: Uuid) -> Result<K> {
    K::find(conn, id)?.ok_or_else(|| Error::not_found(K::ENTITY))
}

pub fn tagged<K: Kept>(body: K) -> Tagged<K> {
    Tagged { version: body.version(), body }
}

pub fn create<K: Kept>(conn: &mut PgConnection, actor_id: Uuid, body: &K::Body, now: DateTime<Utc>) -> Result<(Uuid, K)> {
    let id = Uuid::now_v7();
    K::insert(conn, id, body, now)?;
    let after: K = find(conn, id)?;
    write_down(conn, actor_id, AuditAction::Create, id, (None, Some(&after)), now)?;
    Ok((id, after))
}

/// Replaces it as a whole; what it was is in the audit log.
pub fn replace<K: Kept>(
    conn: &mut PgConnection,
    actor_id: Uuid,
    id: Uuid,
    IfMatch(expected): IfMatch,
    body: &K::Body,
    now: DateTime<Utc>,
) -> Result<K> {
    let before: K = find(conn, id)?;
    expected.check(before.version())?;
    let replaced = K::replace(conn, id, before.version(), body, now)?;
    let after: K = find(conn, id)?;
    if !replaced {
        return Err(Error::version_conflict(after.version()));
    }
    write_down(conn, actor_id, AuditAction::Update, id, (Some(&before), Some(&after)), now)?;
    Ok(after)
}

pub fn archive<K: Kept>(
    conn: &mut PgConnection,
    actor_id: Uuid,
    id: Uuid,
    IfMatch(expected): IfMatch,
    now: DateTime<Utc>,
) -> Result<()> {
    let before: K = find(conn, id)?;
    expected.check(before.version())?;
    let archived = K::archive(conn, id, before.version(), now)?;
    let after: K = find(conn, id)?;
    if !archived {
        return Err(Error::version_conflict(after.version()));
    }
    write_down(conn, actor_id, AuditAction::Archive, id, (Some(&before), Some(&after)), now)
}

fn write_down<K: Kept>(
    conn: &mut PgConnection,
    actor_id: Uuid,
    action: AuditAction,
    id: Uuid,
    (before, after): (Option<&K>, Option<&K>),
    now: DateTime<Utc>,
) -> Result<()> {
    let store_id = after.or(before).and_then(Kept::store_id);
    let json = |document: Option<&K>| document.map(serde_json::to_value).transpose();
    let (before, after) = (json(before)?, json(after)?);
    let change =
        Change { actor_id: Some(actor_id), action, entity: K::ENTITY, entity_id: id.to_string(), store_id, before, after };
    audit::record(conn, change, now)
}
