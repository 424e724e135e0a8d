//! Registration, log-in and the rotation of refresh tokens.

use actix_web::{HttpRequest, post, web};
use chrono::{DateTime, Utc};
use domain::language::Language;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::accounts::{passwords, queries};
use crate::clock;
use crate::config::{Environment, Secret};
use crate::db::Db;
use crate::error::{Code, Error, Fault, OnConstraint, Result};
use crate::http::answer::Answer;
use crate::http::auth::{ACCESS_SECONDS, Tokens, User, random_token, sha256};
use crate::http::client;
use crate::http::receive::Body;

/// A new customer account.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Register {
    #[schema(format = "email", max_length = 254, example = "camille@example.org")]
    email: String,
    /// 8 to 128 characters; no rule of composition.
    #[schema(min_length = 8, max_length = 128, example = "une phrase facile à retenir")]
    password: String,
    #[schema(min_length = 1, max_length = 100, pattern = r"\S", example = "Camille Martin")]
    name: String,
    /// E.164.
    #[schema(pattern = r"^\+[1-9][0-9]{6,14}$", example = "+33639981234")]
    phone: Option<String>,
    /// The language of messages; that of the request when absent.
    language: Option<Language>,
}

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct LogIn {
    #[schema(max_length = 254, example = "customer@ocpizza.example")]
    email: String,
    #[schema(max_length = 128, example = "demo-pizza-2026")]
    password: String,
}

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RefreshToken {
    #[schema(max_length = 128, example = "2w8F0V4dXyq1m0m3dZ9k3m1t5x7b9c1e3g5i7k9m1o0")]
    refresh_token: String,
}

/// What a log-in gives.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Session {
    /// Send it as `Authorization: Bearer …`.
    access_token: String,
    /// Good once: exchange it at `POST /v1/auth/refresh` before the access token expires.
    refresh_token: String,
    /// Seconds that the access token lives.
    #[schema(example = 900)]
    expires_in: i64,
    #[schema(example = "Bearer")]
    token_type: &'static str,
}

/// Open a customer account
///
/// Answers the tokens of a first session. An address that has an account already is refused.
#[utoipa::path(tag = "auth", security(()), request_body = Register,
    responses((status = 201, description = "The account and its first session", body = Session),
        (status = 409, description = "email_taken"), (status = 429, description = "too_many_requests")))]
#[post("/v1/auth/register")]
pub(crate) async fn register_customer(
    request: HttpRequest,
    db: web::Data<Db>,
    tokens: web::Data<Tokens>,
    Body(body): Body<Register>,
) -> Result<Answer> {
    if passwords::is_too_weak(&body.password) {
        return Err(Error::invalid(vec![Fault::new("/password", "too_weak")]));
    }
    admit(&db, queries::registration_keys(client::address(&request)), clock::now()).await?;
    let language = body.language.unwrap_or(crate::http::problem::caller(&request).language);
    let password_hash = passwords::hash(Secret::new(body.password)).await?;
    let refresh_token = random_token();
    let hash = sha256(refresh_token.as_bytes());
    let now = clock::now();
    let user = db
        .tx(move |conn| {
            let new = queries::NewUser {
                id: uuid::Uuid::now_v7(),
                email: body.email.trim().to_lowercase(),
                name: body.name.clone(),
                phone: body.phone.clone(),
                password_hash: password_hash.clone(),
                language: language.as_str(),
                is_demo: false,
            };
            queries::insert_user(conn, &new).on_constraint("users_email_key", Code::EmailTaken)?;
            queries::open_session(conn, new.id, &hash, now)?;
            Ok(User { id: new.id, memberships: Vec::new(), expires_at: None })
        })
        .await?;
    Answer::created("/v1/me".to_owned(), &session(&tokens, &user, refresh_token, now)?)
}

/// Log in
///
/// For customers and staff alike. After five failures in 15 minutes the account is refused to that address for the rest of them.
#[utoipa::path(tag = "auth", security(()), request_body = LogIn,
    responses((status = 200, description = "A session", body = Session),
        (status = 401, description = "invalid_credentials"), (status = 429, description = "too_many_requests")))]
#[post("/v1/auth/login")]
pub(crate) async fn log_in(
    request: HttpRequest,
    db: web::Data<Db>,
    tokens: web::Data<Tokens>,
    environment: web::Data<Environment>,
    Body(body): Body<LogIn>,
) -> Result<Answer> {
    let email = body.email.trim().to_lowercase();
    let keys = queries::login_keys(&email, client::address(&request));
    let now = clock::now();
    let counted = keys.clone();
    admit(&db, counted, now).await?;
    let found = db.run(move |conn| queries::find_by_email(conn, &email)).await?;
    let found = found.filter(|user| user.status == "active" && !(user.is_demo && **environment == Environment::Production));
    let matches = passwords::verify(Secret::new(body.password), found.as_ref().map(|u| u.password_hash.clone())).await?;
    let Some(found) = found.filter(|_| matches) else { return Err(Error::new(Code::InvalidCredentials)) };
    let refresh_token = random_token();
    let hash = sha256(refresh_token.as_bytes());
    let user = db
        .tx(move |conn| {
            queries::forget_attempt(conn, &keys)?;
            queries::open_session(conn, found.id, &hash, now)?;
            Ok(User { id: found.id, memberships: queries::memberships(conn, found.id)?, expires_at: None })
        })
        .await?;
    Answer::ok(&session(&tokens, &user, refresh_token, now)?)
}

/// Exchange a refresh token for new tokens
///
/// The token sent is spent. Sent a second time it was stolen or lost: the whole session ends.
#[utoipa::path(tag = "auth", security(()), request_body = RefreshToken,
    responses((status = 200, description = "New tokens of the same session", body = Session),
        (status = 401, description = "refresh_token_invalid")))]
#[post("/v1/auth/refresh")]
pub(crate) async fn refresh_session(
    db: web::Data<Db>,
    tokens: web::Data<Tokens>,
    Body(body): Body<RefreshToken>,
) -> Result<Answer> {
    let spent = sha256(body.refresh_token.as_bytes());
    let refresh_token = random_token();
    let hash = sha256(refresh_token.as_bytes());
    let now = clock::now();
    let rotated = db.tx(move |conn| queries::rotate(conn, &spent, &hash, now)).await?;
    match rotated {
        queries::Rotation::Done(user) => Answer::ok(&session(&tokens, &user, refresh_token, now)?),
        queries::Rotation::Reused { session_id } => {
            tracing::warn!(%session_id, "refresh token used twice: session {session_id} is revoked");
            Err(Error::new(Code::RefreshTokenInvalid))
        }
        queries::Rotation::Unknown => Err(Error::new(Code::RefreshTokenInvalid)),
    }
}

/// Log out
///
/// Ends the session of the refresh token; an unknown token is no error. Access tokens run out within 15 minutes.
#[utoipa::path(tag = "auth", security(()), request_body = RefreshToken,
    responses((status = 204, description = "The session has ended")))]
#[post("/v1/auth/logout")]
pub(crate) async fn log_out(db: web::Data<Db>, Body(body): Body<RefreshToken>) -> Result<Answer> {
    let hash = sha256(body.refresh_token.as_bytes());
    let now = clock::now();
    db.tx(move |conn| queries::close_session(conn, &hash, now)).await?;
    Ok(Answer::no_content())
}

/// Counts a try of a coupon from an address: codes are not to be guessed.
pub async fn admit_coupon(db: &Db, request: &HttpRequest, now: DateTime<Utc>) -> Result<()> {
    admit(db, queries::coupon_keys(client::address(request)), now).await
}

/// Counts a try and refuses it when there were too many.
async fn admit(db: &Db, keys: Vec<(String, i32)>, now: DateTime<Utc>) -> Result<()> {
    match db.tx(move |conn| queries::count_attempt(conn, &keys, now)).await? {
        None => Ok(()),
        Some(seconds) => Err(Error {
            retry_after_seconds: Some(seconds),
            ..Error::new(Code::TooManyRequests).with("minutes", seconds.div_ceil(60))
        }),
    }
}

fn session(tokens: &Tokens, user: &User, refresh_token: String, now: DateTime<Utc>) -> Result<Session> {
    let access_token = tokens.issue(user, now)?;
    Ok(Session { access_token, refresh_token, expires_in: ACCESS_SECONDS, token_type: "Bearer" })
}
