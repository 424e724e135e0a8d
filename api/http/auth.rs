//! Who calls. Authority is an argument of the handler: one that did not ask for it does not have it.
//!
//! Access tokens are short JWTs that carry the roles, so that checking one costs no query; a role taken away works for at
//! most the 15 minutes a token lives.

use std::future::{Ready, ready};
use std::marker::PhantomData;

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest, web};
use chrono::{DateTime, Utc};
use domain::people::{Actor, Role};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::config::Secret;
use crate::error::{Code, Error, Result};

/// How long an access token lives.
pub const ACCESS_SECONDS: i64 = 15 * 60;
/// Clocks of two machines may differ by so much.
const LEEWAY_SECONDS: u64 = 30;
const ISSUER: &str = "ocpizza";
const AUDIENCE: &str = "ocpizza-api";
const TYPE: &str = "at+jwt";

/// A role at one store, or in the whole group when there is no store.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Membership {
    #[serde(rename = "s", skip_serializing_if = "Option::is_none")]
    pub store_id: Option<Uuid>,
    #[serde(rename = "r")]
    pub role: Role,
}

/// Whoever is logged in.
#[derive(Clone, Debug)]
pub struct User {
    pub id: Uuid,
    pub memberships: Vec<Membership>,
    /// When the access token ends, and with it what it opened. None before there is a token.
    pub expires_at: Option<DateTime<Utc>>,
}

impl User {
    /// The hats this user wears at a store: none for a customer.
    pub fn actors_at(&self, store_id: Uuid) -> Vec<Actor> {
        let here = |m: &&Membership| m.store_id.is_none_or(|store| store == store_id);
        self.memberships.iter().filter(here).map(|m| m.role.into()).collect()
    }
}

#[derive(Serialize, Deserialize)]
struct Claims {
    sub: Uuid,
    iss: String,
    aud: String,
    iat: i64,
    exp: i64,
    m: Vec<Membership>,
}

/// Issues and verifies access tokens (HS256). The key's id tells the present key from the previous one.
pub struct Tokens {
    keys: Vec<(String, EncodingKey, DecodingKey)>,
}

impl Tokens {
    pub fn new(present: &Secret, previous: Option<&Secret>) -> Tokens {
        let key = |secret: &Secret| {
            let bytes = secret.reveal().as_bytes();
            (fingerprint(bytes), EncodingKey::from_secret(bytes), DecodingKey::from_secret(bytes))
        };
        Tokens { keys: std::iter::once(present).chain(previous).map(key).collect() }
    }

    pub fn issue(&self, user: &User, now: DateTime<Utc>) -> Result<String> {
        let (id, key, _) = self.keys.first().ok_or_else(|| Error::internal("no signing key"))?;
        let header = Header { typ: Some(TYPE.to_owned()), kid: Some(id.clone()), ..Header::new(Algorithm::HS256) };
        let iat = now.timestamp();
        let claims = Claims {
            sub: user.id,
            iss: ISSUER.to_owned(),
            aud: AUDIENCE.to_owned(),
            iat,
            exp: iat + ACCESS_SECONDS,
            m: user.memberships.clone(),
        };
        jsonwebtoken::encode(&header, &claims, key).map_err(Error::internal)
    }

    pub fn verify(&self, token: &str) -> Result<User> {
        let refused = || Error::new(Code::Unauthenticated);
        let header = jsonwebtoken::decode_header(token).map_err(|_| refused())?;
        if header.typ.as_deref() != Some(TYPE) {
            return Err(refused());
        }
        let named = self.keys.iter().find(|(id, _, _)| header.kid.as_deref() == Some(id.as_str()));
        let (_, _, key) = named.ok_or_else(refused)?;
        let mut rules = Validation::new(Algorithm::HS256);
        rules.set_issuer(&[ISSUER]);
        rules.set_audience(&[AUDIENCE]);
        rules.leeway = LEEWAY_SECONDS;
        let claims = jsonwebtoken::decode::<Claims>(token, key, &rules).map_err(|error| match error.kind() {
            jsonwebtoken::errors::ErrorKind::ExpiredSignature => Error::new(Code::TokenExpired),
            _ => refused(),
        })?;
        let claims = claims.claims;
        Ok(User { id: claims.sub, memberships: claims.m, expires_at: DateTime::from_timestamp(claims.exp, 0) })
    }
}

fn fingerprint(secret: &[u8]) -> String {
    hash_of(secret, 4)
}

/// The hash under which secrets of ours (refresh, cart tokens) are stored: they are random, so no salt is needed.
pub fn sha256(bytes: &[u8]) -> Vec<u8> {
    Sha256::digest(bytes).to_vec()
}

/// The first bytes of a SHA-256 in hexadecimal: a name for something that is not to be told.
pub fn hash_of(bytes: &[u8], length: usize) -> String {
    sha256(bytes).iter().take(length).map(|byte| format!("{byte:02x}")).collect()
}

/// A fresh secret of 256 bits for a client to keep.
pub fn random_token() -> String {
    use base64::Engine;
    base64::prelude::BASE64_URL_SAFE_NO_PAD.encode(rand::random::<[u8; 32]>())
}

/// The bearer of the request: none without the header, an error with a bad one.
fn bearer(request: &HttpRequest) -> Result<Option<User>> {
    let Some(header) = request.headers().get("authorization") else { return Ok(None) };
    let text = header.to_str().unwrap_or("");
    let token = match text.split_once(' ') {
        Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") => token.trim(),
        _ => return Err(Error::new(Code::Unauthenticated)),
    };
    let tokens = request.app_data::<web::Data<Tokens>>().ok_or_else(|| Error::internal("no token keys"))?;
    tokens.verify(token).map(Some)
}

/// A caller who may or may not be logged in.
pub struct MaybeSignedIn(pub Option<User>);

impl FromRequest for MaybeSignedIn {
    type Error = Error;
    type Future = Ready<Result<Self>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(bearer(request).map(MaybeSignedIn))
    }
}

/// A caller who is logged in, as customer or staff.
pub struct SignedIn(pub User);

impl FromRequest for SignedIn {
    type Error = Error;
    type Future = Ready<Result<Self>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(bearer(request).and_then(|user| user.map(SignedIn).ok_or_else(|| Error::new(Code::Unauthenticated))))
    }
}

/// A set of roles that an operation is for.
pub trait Team {
    const ROLES: &'static [Role];
}

/// Those who make: cooks and managers.
pub struct Kitchen;
impl Team for Kitchen {
    const ROLES: &'static [Role] = &[Role::Cook, Role::Manager, Role::Admin];
}

/// Those behind the counter: counter, cooks and managers.
pub struct Shop;
impl Team for Shop {
    const ROLES: &'static [Role] = &[Role::Counter, Role::Cook, Role::Manager, Role::Admin];
}

/// Those on the road: drivers and managers.
pub struct Road;
impl Team for Road {
    const ROLES: &'static [Role] = &[Role::Driver, Role::Manager, Role::Admin];
}

/// Those who see to it that orders leave: they need names and addresses, cooks do not.
pub struct Dispatch;
impl Team for Dispatch {
    const ROLES: &'static [Role] = &[Role::Counter, Role::Driver, Role::Manager, Role::Admin];
}

/// Everybody who works for the chain.
pub struct Everybody;
impl Team for Everybody {
    const ROLES: &'static [Role] = &[Role::Counter, Role::Cook, Role::Driver, Role::Manager, Role::Admin];
}

/// Managers of a store and the group admin.
pub struct Managers;
impl Team for Managers {
    const ROLES: &'static [Role] = &[Role::Manager, Role::Admin];
}

/// The admins of the whole group: what binds every store, such as VAT.
pub struct Admins;
impl Team for Admins {
    const ROLES: &'static [Role] = &[Role::Admin];
}

/// A member of a team at some store; which store is asked with [`Staff::at`].
pub struct Staff<T> {
    pub user: User,
    team: PhantomData<T>,
}

impl<T: Team> Staff<T> {
    /// The hats worn at this store, or 403: stores are public, so their existence needs no hiding.
    pub fn at(&self, store_id: Uuid) -> Result<Vec<Actor>> {
        let here = |m: &Membership| m.store_id.is_none_or(|store| store == store_id) && T::ROLES.contains(&m.role);
        if self.user.memberships.iter().any(here) { Ok(self.user.actors_at(store_id)) } else { Err(Error::new(Code::Forbidden)) }
    }

    /// The same for a thing that belongs to a store: a foreign one is not found.
    pub fn owning(&self, store_id: Uuid, what: &'static str) -> Result<Vec<Actor>> {
        self.at(store_id).map_err(|_| Error::not_found(what))
    }

    /// The stores where they are in the team; None: every one.
    pub fn stores(&self) -> Option<Vec<Uuid>> {
        self.user.memberships.iter().filter(|m| T::ROLES.contains(&m.role)).map(|m| m.store_id).collect()
    }
}

impl<T: Team> FromRequest for Staff<T> {
    type Error = Error;
    type Future = Ready<Result<Self>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let staff = bearer(request).and_then(|user| match user {
            None => Err(Error::new(Code::Unauthenticated)),
            Some(user) if user.memberships.iter().any(|m| T::ROLES.contains(&m.role)) => Ok(Staff { user, team: PhantomData }),
            Some(_) => Err(Error::new(Code::Forbidden)),
        });
        ready(staff)
    }
}

/// A caller who is logged in, or who shows the secret of one order (`Tracking-Token`).
pub struct OrderCaller {
    pub user: Option<User>,
    tracking_token: Option<String>,
}

impl FromRequest for OrderCaller {
    type Error = Error;
    type Future = Ready<Result<Self>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let tracking_token = header(request, "tracking-token");
        ready(bearer(request).and_then(|user| {
            if user.is_none() && tracking_token.is_none() {
                return Err(Error::new(Code::Unauthenticated));
            }
            Ok(OrderCaller { user, tracking_token })
        }))
    }
}

impl OrderCaller {
    /// The hats the caller wears towards an order; who wears none cannot even know that it exists.
    pub fn actors(&self, store_id: Uuid, customer_id: Option<Uuid>, tracking_token: &str) -> Result<Vec<Actor>> {
        let mut actors = self.user.as_ref().map_or_else(Vec::new, |user| user.actors_at(store_id));
        let owns = self.user.as_ref().is_some_and(|user| Some(user.id) == customer_id);
        let follows = self.tracking_token.as_deref().is_some_and(|token| token == tracking_token);
        if owns || follows {
            actors.push(Actor::Customer);
        }
        if actors.is_empty() { Err(Error::not_found("order")) } else { Ok(actors) }
    }

    pub fn user_id(&self) -> Option<Uuid> {
        self.user.as_ref().map(|user| user.id)
    }
}

/// The value of a request header, if it was sent and is text.
pub fn header(request: &HttpRequest, name: &str) -> Option<String> {
    request.headers().get(name).and_then(|value| value.to_str().ok()).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn user() -> User {
        let cook = Membership { store_id: Some(Uuid::from_u128(7)), role: Role::Cook };
        User { id: Uuid::from_u128(1), memberships: vec![cook], expires_at: None }
    }

    #[test]
    fn a_token_is_good_under_the_present_and_the_previous_key() {
        let (old, new) = (Secret::new("o".repeat(32)), Secret::new("n".repeat(32)));
        let token = Tokens::new(&old, None).issue(&user(), crate::clock::now()).expect("issued");
        let rotated = Tokens::new(&new, Some(&old)).verify(&token).expect("the previous key is still good");
        assert_eq!((rotated.id, rotated.memberships), (user().id, user().memberships));
        assert!(Tokens::new(&new, None).verify(&token).is_err());
    }

    #[test]
    fn hostile_tokens_are_refused() {
        let key = Secret::new("k".repeat(32));
        let tokens = Tokens::new(&key, None);
        let good = tokens.issue(&user(), crate::clock::now()).expect("issued");
        let old = tokens.issue(&user(), crate::clock::now() - chrono::TimeDelta::hours(1)).expect("issued");
        assert_eq!(tokens.verify(&old).expect_err("expired").code, Code::TokenExpired);
        let parts: Vec<&str> = good.split('.').collect();
        let none = "eyJhbGciOiJub25lIiwidHlwIjoiYXQrand0In0";
        let hostile = [
            String::new(),
            "a.b".to_owned(),
            "a.b.c.d".to_owned(),
            format!("{none}.{}.", parts[1]),
            format!("{}.{}.{}", none, parts[1], parts[2]),
            format!("{}.{}.{}", parts[0], parts[1], &parts[2][1..]),
            good.replace('.', ".."),
            "x".repeat(65_536),
        ];
        for token in hostile {
            assert_eq!(tokens.verify(&token).expect_err("hostile").code, Code::Unauthenticated, "{token:.80}");
        }
    }
}
