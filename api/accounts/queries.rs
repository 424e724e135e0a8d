//! SQL of accounts.

use std::net::IpAddr;

use chrono::{DateTime, TimeDelta, Utc};
use diesel::pg::PgConnection;
use diesel::prelude::*;
use diesel::sql_types::{Array, Integer, Text, Timestamptz};
use domain::language::Language;
use domain::people::Role;
use uuid::Uuid;

use crate::accounts::passwords;
use crate::config::Secret;
use crate::error::{Error, Result};
use crate::http::auth::{Membership, User, hash_of};
use schema::{login_attempts, memberships, refresh_tokens, sessions, users};

/// A session that nobody refreshes ends.
const SESSION_DAYS: i64 = 30;
/// Failed log-ins within the window before an account, or an address, has to wait.
const ACCOUNT_ATTEMPTS: i32 = 5;
const ADDRESS_ATTEMPTS: i32 = 50;
/// Guesses at one account from everywhere: higher, or anybody could lock anybody out.
const ACCOUNT_EVERYWHERE_ATTEMPTS: i32 = 100;
/// New accounts from one address: hashing their passwords must not keep others from logging in.
const REGISTRATIONS: i32 = 200;
/// Coupons tried from one address: more than a family enters, fewer than guessing needs.
const COUPONS: i32 = 200;
const WINDOW_MINUTES: i64 = 15;

#[derive(Insertable)]
#[diesel(table_name = users)]
pub(super) struct NewUser {
    pub(super) id: Uuid,
    pub(super) email: String,
    pub(super) name: String,
    pub(super) phone: Option<String>,
    pub(super) password_hash: String,
    pub(super) language: &'static str,
    pub(super) is_demo: bool,
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = users, check_for_backend(diesel::pg::Pg))]
pub(super) struct UserRow {
    pub(super) id: Uuid,
    pub(super) email: String,
    pub(super) name: String,
    pub(super) phone: Option<String>,
    pub(super) password_hash: String,
    #[diesel(deserialize_as = String)]
    pub(super) language: Language,
    pub(super) status: String,
    pub(super) is_demo: bool,
}

pub(super) enum Rotation {
    Done(User),
    Reused { session_id: Uuid },
    Unknown,
}

pub(super) fn insert_user(conn: &mut PgConnection, new: &NewUser) -> QueryResult<usize> {
    diesel::insert_into(users::table).values(new).execute(conn)
}

pub(super) fn find_by_email(conn: &mut PgConnection, email: &str) -> Result<Option<UserRow>> {
    Ok(users::table.filter(users::email.eq(email)).select(UserRow::as_select()).first(conn).optional()?)
}

pub(super) fn find(conn: &mut PgConnection, id: Uuid) -> Result<UserRow> {
    let found = users::table.find(id).select(UserRow::as_select()).first(conn).optional()?;
    found.ok_or_else(|| Error::not_found("account"))
}

/// The same, locked: roles are set by one at a time.
pub(super) fn lock(conn: &mut PgConnection, id: Uuid) -> Result<UserRow> {
    let found = users::table.find(id).for_no_key_update().select(UserRow::as_select()).first(conn).optional()?;
    found.ok_or_else(|| Error::not_found("account"))
}

pub(super) fn memberships(conn: &mut PgConnection, user_id: Uuid) -> Result<Vec<Membership>> {
    let rows = memberships::table
        .filter(memberships::user_id.eq(user_id))
        .order(memberships::id)
        .select((memberships::store_id, memberships::role))
        .load::<(Option<Uuid>, String)>(conn)?;
    rows.into_iter()
        .map(|(store_id, role)| Ok(Membership { store_id, role: Role::try_from(role).map_err(Error::internal)? }))
        .collect()
}

/// Gives roles; one that is there already stays.
pub fn grant(conn: &mut PgConnection, user_id: Uuid, roles: &[Membership]) -> Result<()> {
    for role in roles {
        diesel::insert_into(memberships::table)
            .values((
                memberships::id.eq(Uuid::now_v7()),
                memberships::user_id.eq(user_id),
                memberships::store_id.eq(role.store_id),
                memberships::role.eq(role.role.as_str()),
            ))
            .on_conflict_do_nothing()
            .execute(conn)?;
    }
    Ok(())
}

pub(super) fn revoke_roles(conn: &mut PgConnection, user_id: Uuid, roles: &[Membership]) -> Result<()> {
    for role in roles {
        let of_user = memberships::table.filter(memberships::user_id.eq(user_id).and(memberships::role.eq(role.role.as_str())));
        diesel::delete(of_user.filter(memberships::store_id.is_not_distinct_from(role.store_id))).execute(conn)?;
    }
    Ok(())
}

pub(super) fn open_session(conn: &mut PgConnection, user_id: Uuid, hash: &[u8], now: DateTime<Utc>) -> Result<()> {
    let id = Uuid::now_v7();
    diesel::insert_into(sessions::table)
        .values((sessions::id.eq(id), sessions::user_id.eq(user_id), sessions::expires_at.eq(session_end(now))))
        .execute(conn)?;
    insert_token(conn, id, hash, now)
}

fn session_end(now: DateTime<Utc>) -> DateTime<Utc> {
    now + TimeDelta::days(SESSION_DAYS)
}

fn insert_token(conn: &mut PgConnection, session_id: Uuid, hash: &[u8], now: DateTime<Utc>) -> Result<()> {
    diesel::insert_into(refresh_tokens::table)
        .values((
            refresh_tokens::token_hash.eq(hash),
            refresh_tokens::session_id.eq(session_id),
            refresh_tokens::issued_at.eq(now),
        ))
        .execute(conn)?;
    Ok(())
}

/// Spends one token and stores the next. A token spent before revokes its session; the caller must commit that.
pub(super) fn rotate(conn: &mut PgConnection, spent: &[u8], next: &[u8], now: DateTime<Utc>) -> Result<Rotation> {
    let found = refresh_tokens::table
        .inner_join(sessions::table.inner_join(users::table))
        .filter(refresh_tokens::token_hash.eq(spent))
        .for_update()
        .select((sessions::id, users::id, users::status, refresh_tokens::used_at, sessions::revoked_at, sessions::expires_at))
        .first::<(Uuid, Uuid, String, Option<DateTime<Utc>>, Option<DateTime<Utc>>, DateTime<Utc>)>(conn)
        .optional()?;
    let Some((session_id, user_id, status, used_at, revoked_at, expires_at)) = found else { return Ok(Rotation::Unknown) };
    if used_at.is_some() {
        revoke(conn, session_id, "token_reuse", now)?;
        return Ok(Rotation::Reused { session_id });
    }
    if revoked_at.is_some() || expires_at <= now || status != "active" {
        return Ok(Rotation::Unknown);
    }
    diesel::update(refresh_tokens::table.find(spent)).set(refresh_tokens::used_at.eq(now)).execute(conn)?;
    diesel::update(sessions::table.find(session_id)).set(sessions::expires_at.eq(session_end(now))).execute(conn)?;
    insert_token(conn, session_id, next, now)?;
    Ok(Rotation::Done(User { id: user_id, memberships: memberships(conn, user_id)?, expires_at: None }))
}

pub(super) fn close_session(conn: &mut PgConnection, hash: &[u8], now: DateTime<Utc>) -> Result<()> {
    let session = refresh_tokens::table.find(hash).select(refresh_tokens::session_id).first::<Uuid>(conn).optional()?;
    session.map_or(Ok(()), |id| revoke(conn, id, "logout", now))
}

fn revoke(conn: &mut PgConnection, session_id: Uuid, because: &str, now: DateTime<Utc>) -> Result<()> {
    diesel::update(sessions::table.find(session_id).filter(sessions::revoked_at.is_null()))
        .set((sessions::revoked_at.eq(now), sessions::revoked_because.eq(because)))
        .execute(conn)?;
    Ok(())
}

/// A counter and how far it may go. The key is a hash, so that the table holds no personal data.
fn attempt_key(kind: &str, value: &str, limit: i32) -> (String, i32) {
    (format!("{kind}:{}", hash_of(value.as_bytes(), 16)), limit)
}

/// The counters that a log-in touches: the account's from this address, the account's from everywhere, the address's.
pub(super) fn login_keys(email: &str, address: Option<IpAddr>) -> Vec<(String, i32)> {
    let address = address.map(|address| address.to_string()).unwrap_or_default();
    let mut keys = vec![
        attempt_key("account", &format!("{email} {address}"), ACCOUNT_ATTEMPTS),
        attempt_key("everywhere", email, ACCOUNT_EVERYWHERE_ATTEMPTS),
        attempt_key("address", &address, ADDRESS_ATTEMPTS),
    ];
    keys.sort();
    keys
}

pub(super) fn registration_keys(address: Option<IpAddr>) -> Vec<(String, i32)> {
    vec![attempt_key("register", &address.map(|address| address.to_string()).unwrap_or_default(), REGISTRATIONS)]
}

/// The address that a coupon is tried from.
pub(super) fn coupon_keys(address: Option<IpAddr>) -> Vec<(String, i32)> {
    vec![attempt_key("coupon", &address.map(|address| address.to_string()).unwrap_or_default(), COUPONS)]
}

/// Counts one try before the password is looked at, so that parallel guesses cannot slip through. Answers how many seconds
/// to wait when there were too many.
pub(super) fn count_attempt(conn: &mut PgConnection, keys: &[(String, i32)], now: DateTime<Utc>) -> Result<Option<u32>> {
    let names: Vec<&str> = keys.iter().map(|(key, _)| key.as_str()).collect();
    let counted = diesel::sql_query(
        "insert into login_attempts as a (key, attempts, window_started_at)
         select key, 1, $2 from unnest($1) as key
         on conflict (key) do update set
           attempts = case when a.window_started_at < $3 then 1 else a.attempts + 1 end,
           window_started_at = case when a.window_started_at < $3 then $2 else a.window_started_at end
         returning key, attempts, window_started_at",
    )
    .bind::<Array<Text>, _>(names)
    .bind::<Timestamptz, _>(now)
    .bind::<Timestamptz, _>(now - TimeDelta::minutes(WINDOW_MINUTES))
    .load::<Counted>(conn)?;
    let over = counted.iter().filter(|c| keys.iter().any(|(key, limit)| *key == c.key && c.attempts > *limit));
    let wait = over.map(|c| (c.window_started_at + TimeDelta::minutes(WINDOW_MINUTES) - now).num_seconds().max(1)).max();
    Ok(wait.and_then(|seconds| u32::try_from(seconds).ok()))
}

#[derive(QueryableByName)]
struct Counted {
    #[diesel(sql_type = Text)]
    key: String,
    #[diesel(sql_type = Integer)]
    attempts: i32,
    #[diesel(sql_type = Timestamptz)]
    window_started_at: DateTime<Utc>,
}

/// The try was good: it does not count, and the account begins anew.
pub(super) fn forget_attempt(conn: &mut PgConnection, keys: &[(String, i32)]) -> Result<()> {
    for (key, limit) in keys {
        let row = diesel::update(login_attempts::table.find(key));
        if *limit == ADDRESS_ATTEMPTS {
            row.set(login_attempts::attempts.eq(login_attempts::attempts - 1)).execute(conn)?;
        } else {
            row.set(login_attempts::attempts.eq(0)).execute(conn)?;
        }
    }
    Ok(())
}

/// Forgets sessions long over and log-in attempts of windows gone by.
pub fn purge(conn: &mut PgConnection, now: DateTime<Utc>) -> Result<usize> {
    let sessions = diesel::delete(sessions::table.filter(sessions::expires_at.lt(now))).execute(conn)?;
    let window = now - TimeDelta::minutes(WINDOW_MINUTES);
    let attempts = diesel::delete(login_attempts::table.filter(login_attempts::window_started_at.lt(window))).execute(conn)?;
    Ok(sessions + attempts)
}

/// Makes somebody group admin: a new account, or an existing one whose password is set anew.
pub fn create_superuser(conn: &mut PgConnection, email: &str, name: &str, password: &Secret) -> Result<()> {
    let email = email.trim().to_lowercase();
    let new = NewUser {
        id: Uuid::now_v7(),
        email: email.clone(),
        name: name.to_owned(),
        phone: None,
        password_hash: passwords::hash_here(password)?,
        language: Language::Fr.as_str(),
        is_demo: false,
    };
    diesel::insert_into(users::table)
        .values(&new)
        .on_conflict(users::email)
        .do_update()
        .set((users::password_hash.eq(&new.password_hash), users::is_demo.eq(false), users::status.eq("active")))
        .execute(conn)?;
    let id = users::table.filter(users::email.eq(&email)).select(users::id).first::<Uuid>(conn)?;
    diesel::insert_into(memberships::table)
        .values((memberships::id.eq(Uuid::now_v7()), memberships::user_id.eq(id), memberships::role.eq(Role::Admin.as_str())))
        .on_conflict_do_nothing()
        .execute(conn)?;
    Ok(())
}

/// What a user may change of the own profile.
#[derive(AsChangeset)]
#[diesel(table_name = users)]
pub(super) struct ProfileChange {
    pub(super) name: Option<String>,
    pub(super) phone: Option<Option<String>>,
    pub(super) language: Option<&'static str>,
    pub(super) updated_at: DateTime<Utc>,
}

pub(super) fn update_profile(conn: &mut PgConnection, id: Uuid, change: &ProfileChange) -> Result<UserRow> {
    let updated =
        diesel::update(users::table.find(id)).set(change).returning(UserRow::as_returning()).get_result(conn).optional()?;
    updated.ok_or_else(|| Error::not_found("account"))
}
