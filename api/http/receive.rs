//! What a request carries, checked against the contract before a handler sees it.
//!
//! A body is validated with the very schema that the OpenAPI document shows, so the two cannot part, and every fault is
//! reported at once with its JSON pointer.

use std::any::TypeId;
use std::collections::BTreeMap;
use std::future::{Future, Ready, ready};
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};

use actix_web::dev::Payload;
use actix_web::error::PayloadError;
use actix_web::{FromRequest, HttpRequest, web};
use jsonschema::Validator;
use jsonschema::error::{ValidationError, ValidationErrorKind as Kind};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use utoipa::{IntoParams, ToSchema};

use crate::error::{Code, Error, Fault, Result};
use crate::http::auth::{MaybeSignedIn, hash_of, header};
use crate::http::idempotency::{Once, principal_of_user};

/// The largest JSON body, after decompression.
pub const BODY_LIMIT: usize = 64 * 1024;

/// A JSON body.
pub struct Body<T>(pub T);

/// The JSON body of a POST that may carry an `Idempotency-Key`.
pub struct Post<T> {
    pub body: T,
    pub once: Option<Once>,
}

/// The JSON body of a POST that moves money, orders or stock: without `Idempotency-Key` it is refused.
pub struct PostOnce<T> {
    pub body: T,
    pub once: Option<Once>,
}

/// Makes a retry safe.
#[derive(IntoParams)]
#[into_params(parameter_in = Header)]
#[expect(dead_code, reason = "it documents a header; Post reads it")]
pub struct IdempotencyHeader {
    /// Any printable ASCII of at most 255 characters that names this intent, such as a UUID. A repeated request with the same key gets the first
    /// answer for 24 hours.
    #[param(rename = "Idempotency-Key", min_length = 1, max_length = 255, pattern = "^[!-~]+$", required = false)]
    idempotency_key: Option<String>,
}

/// Makes a retry safe.
#[derive(IntoParams)]
#[into_params(parameter_in = Header)]
#[expect(dead_code, reason = "it documents a header; PostOnce reads it")]
pub struct RequiredIdempotencyHeader {
    /// Any printable ASCII of at most 255 characters that names this intent, such as a UUID. A repeated request with the same key gets the first
    /// answer for 24 hours.
    #[param(
        rename = "Idempotency-Key",
        min_length = 1,
        max_length = 255,
        pattern = "^[!-~]+$",
        example = "018f4e7c-52a1-7c3e-9b1a-6f0c2d3e4f50"
    )]
    idempotency_key: String,
}

/// A command that needs no further words: the body may be empty or `{}`.
#[derive(Debug, serde::Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NoBody {}

/// Tells an explicit null from an absent field: `#[serde(default, deserialize_with = "present")]`.
pub fn present<'de, T: serde::Deserialize<'de>, D: serde::Deserializer<'de>>(
    deserializer: D,
) -> std::result::Result<Option<Option<T>>, D::Error> {
    <Option<T> as serde::Deserialize>::deserialize(deserializer).map(Some)
}

type Reading<T> = Pin<Box<dyn Future<Output = Result<T>>>>;

impl<T: DeserializeOwned + ToSchema + 'static> FromRequest for Body<T> {
    type Error = Error;
    type Future = Reading<Self>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let bytes = web::Bytes::from_request(request, payload);
        let request = request.clone();
        Box::pin(async move { Ok(Body(parse(&request, &bytes.await.map_err(unreadable)?)?)) })
    }
}

impl<T: DeserializeOwned + ToSchema + 'static> FromRequest for Post<T> {
    type Error = Error;
    type Future = Reading<Self>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let bytes = web::Bytes::from_request(request, payload);
        let request = request.clone();
        Box::pin(async move {
            let bytes = bytes.await.map_err(unreadable)?;
            let once = read_once(&request, &bytes).await?;
            Ok(Post { body: parse(&request, &bytes)?, once })
        })
    }
}

impl<T: DeserializeOwned + ToSchema + 'static> FromRequest for PostOnce<T> {
    type Error = Error;
    type Future = Reading<Self>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let post = Post::<T>::from_request(request, payload);
        Box::pin(async move {
            let Post { body, once } = post.await?;
            if once.is_none() {
                return Err(Error::new(Code::IdempotencyKeyRequired));
            }
            Ok(PostOnce { body, once })
        })
    }
}

async fn read_once(request: &HttpRequest, body: &[u8]) -> Result<Option<Once>> {
    let Some(sent) = request.headers().get("idempotency-key") else { return Ok(None) };
    let sent = sent.to_str().unwrap_or_default().to_owned();
    if !(1..=255).contains(&sent.len()) || !sent.bytes().all(|b| b.is_ascii_graphic()) {
        return Err(Error::invalid(vec![Fault::new("Idempotency-Key", "invalid_format")]));
    }
    // The draft's syntax is a quoted string, the field's habit a bare one: both name the same key.
    let key = sent.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or(&sent).to_owned();
    let MaybeSignedIn(user) = MaybeSignedIn::extract(request).await?;
    let guest = || {
        let secret = header(request, "cart-token").or_else(|| header(request, "tracking-token")).unwrap_or_default();
        format!("guest:{}", hash_of(secret.as_bytes(), 32))
    };
    let principal = user.map_or_else(guest, |user| principal_of_user(user.id));
    let mut fingerprint = Sha256::new();
    fingerprint.update(request.method().as_str());
    fingerprint.update(request.uri().path());
    fingerprint.update(body);
    Ok(Some(Once { principal, key, fingerprint: fingerprint.finalize().to_vec() }))
}

fn unreadable(error: actix_web::Error) -> Error {
    match error.as_error::<PayloadError>() {
        Some(PayloadError::Overflow) => Error::new(Code::PayloadTooLarge).with("limit", BODY_LIMIT),
        _ => Error::new(Code::MalformedRequest).with("reason", error),
    }
}

fn parse<T: DeserializeOwned + ToSchema + 'static>(request: &HttpRequest, bytes: &[u8]) -> Result<T> {
    let json = if bytes.is_empty() {
        json!({})
    } else {
        let media = header(request, "content-type").unwrap_or_default();
        let essence = media.split(';').next().unwrap_or("").trim().to_ascii_lowercase();
        if essence != "application/json" && !(essence.starts_with("application/") && essence.ends_with("+json")) {
            return Err(Error::new(Code::UnsupportedMediaType).with("sent", essence));
        }
        serde_json::from_slice::<Value>(bytes).map_err(malformed)?
    };
    validated(json)
}

fn malformed(error: serde_json::Error) -> Error {
    Error::new(Code::MalformedJson).with("line", error.line()).with("column", error.column()).with("reason", error)
}

/// Checks a value against the contract and reads it.
pub fn validated<T: DeserializeOwned + ToSchema + 'static>(mut json: Value) -> Result<T> {
    let validator = validator::<T>()?;
    let mut faults: Vec<Fault> = validator.iter_errors(&json).flat_map(|error| faults_of(&error)).collect();
    find_nul(&json, &mut String::new(), &mut faults);
    if !faults.is_empty() {
        return Err(Error::invalid(faults));
    }
    make_integral(&mut json);
    serde_path_to_error::deserialize(json)
        .map_err(|error| Error::invalid(vec![Fault::new(pointer(error.path()), "invalid_format").with("reason", error.inner())]))
}

/// The JSON pointer (RFC 6901) of the place where reading stopped.
pub fn pointer(path: &serde_path_to_error::Path) -> String {
    use serde_path_to_error::Segment;
    let part = |segment: &Segment| match segment {
        Segment::Seq { index } => format!("/{index}"),
        Segment::Map { key } => format!("/{}", key.replace('~', "~0").replace('/', "~1")),
        Segment::Enum { variant } => format!("/{variant}"),
        Segment::Unknown => String::new(),
    };
    path.iter().map(part).collect()
}

/// The validator of a body, compiled at its first use.
fn validator<T: ToSchema + 'static>() -> Result<Arc<Validator>> {
    static COMPILED: Mutex<BTreeMap<TypeId, Arc<Validator>>> = Mutex::new(BTreeMap::new());
    let id = TypeId::of::<T>();
    let mut compiled = COMPILED.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(validator) = compiled.get(&id) {
        return Ok(Arc::clone(validator));
    }
    let mut schemas = Vec::new();
    T::schemas(&mut schemas);
    schemas.push((T::name().into_owned(), T::schema()));
    let schemas: BTreeMap<String, _> = schemas.into_iter().collect();
    let reference = format!("#/components/schemas/{}", T::name());
    let schema = json!({ "$ref": reference, "components": { "schemas": serde_json::to_value(schemas)? } });
    let validator =
        jsonschema::options().should_validate_formats(true).build(&schema).map_err(|error| Error::internal(error.to_string()))?;
    let validator = Arc::new(validator);
    compiled.insert(id, Arc::clone(&validator));
    Ok(validator)
}

/// Our words for what a schema finds.
fn faults_of(error: &ValidationError<'_>) -> Vec<Fault> {
    let at = error.instance_path().as_str().to_owned();
    let fault = |code| vec![Fault::new(at.clone(), code)];
    let limited = |code, limit: &dyn std::fmt::Display| vec![Fault::new(at.clone(), code).with("limit", limit)];
    match error.kind() {
        Kind::Required { property } => {
            vec![Fault::new(format!("{at}/{}", property.as_str().unwrap_or_default()), "required")]
        }
        Kind::AdditionalProperties { unexpected } => {
            unexpected.iter().map(|name| Fault::new(format!("{at}/{name}"), "unknown_field")).collect()
        }
        Kind::Type { .. } => fault("wrong_type"),
        Kind::MinLength { limit } => limited("too_short", limit),
        Kind::MaxLength { limit } => limited("too_long", limit),
        Kind::MinItems { limit } => limited("too_few", limit),
        Kind::MaxItems { limit } => limited("too_many", limit),
        Kind::Minimum { limit } | Kind::ExclusiveMinimum { limit } => limited("too_small", limit),
        Kind::Maximum { limit } | Kind::ExclusiveMaximum { limit } => limited("too_large", limit),
        Kind::Enum { options } => limited("unknown_value", options),
        Kind::OneOfNotValid { context } | Kind::AnyOf { context } => {
            // An optional field is «this or null»: what is wrong lies in the branch that came furthest into the value.
            let depth = |branch: &&Vec<ValidationError<'_>>| branch.iter().map(|e| e.instance_path().as_str().len()).max();
            let inner: Vec<Fault> = context.iter().rev().max_by_key(depth).into_iter().flatten().flat_map(faults_of).collect();
            if inner.is_empty() { fault("invalid_format") } else { inner }
        }
        _ => fault("invalid_format"),
    }
}

/// `2.0` is an integer to JSON Schema, and so it is to us.
fn make_integral(value: &mut Value) {
    match value {
        Value::Number(number) => {
            // Below 2^53 every whole double is an exact integer.
            let whole = number.as_f64().filter(|n| number.is_f64() && n.fract() == 0.0 && n.abs() < 9_007_199_254_740_992.0);
            if let Some(whole) = whole {
                *value = json!(whole as i64);
            }
        }
        Value::Array(items) => items.iter_mut().for_each(make_integral),
        Value::Object(members) => members.values_mut().for_each(make_integral),
        _ => {}
    }
}

/// PostgreSQL keeps no NUL character in a text: better a clear fault than its error.
fn find_nul(value: &Value, at: &mut String, faults: &mut Vec<Fault>) {
    let length = at.len();
    match value {
        Value::String(text) if text.contains('\0') => faults.push(Fault::new(at.clone(), "invalid_character")),
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                at.push_str(&format!("/{index}"));
                find_nul(item, at, faults);
                at.truncate(length);
            }
        }
        Value::Object(members) => {
            for (name, member) in members {
                at.push_str(&format!("/{name}"));
                find_nul(member, at, faults);
                at.truncate(length);
            }
        }
        _ => {}
    }
}

/// Values of the path; one that cannot be read names nothing that exists.
pub struct Path<T>(pub T);

impl<T: DeserializeOwned + 'static> FromRequest for Path<T> {
    type Error = Error;
    type Future = Ready<Result<Self>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let path = web::Path::<T>::from_request(request, payload).into_inner();
        ready(path.map(|path| Path(path.into_inner())).map_err(|_| Error::not_found("resource")))
    }
}

/// Which parameter is wrong. serde tells it in the path, or, of one that is missing or unknown, in its words.
fn query_fault(error: &serde_path_to_error::Error<serde_urlencoded::de::Error>) -> Fault {
    let text = error.inner().to_string();
    let named = text.split('`').nth(1).unwrap_or("query");
    let code = [("missing field", "required"), ("unknown field", "unknown_field"), ("duplicate field", "duplicate")]
        .iter()
        .find(|(start, _)| text.starts_with(start));
    match code {
        Some((_, code)) => Fault::new(named, code),
        None => Fault::new(pointer(error.path()).trim_start_matches('/'), "invalid_format"),
    }
}

/// The query string.
pub struct Query<T>(pub T);

impl<T: DeserializeOwned + 'static> FromRequest for Query<T> {
    type Error = Error;
    type Future = Ready<Result<Self>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let pairs = serde_urlencoded::Deserializer::new(form_urlencoded::parse(request.query_string().as_bytes()));
        ready(serde_path_to_error::deserialize(pairs).map(Query).map_err(|error| Error::invalid(vec![query_fault(&error)])))
    }
}
