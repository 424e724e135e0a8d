//! The edge around every request: its id, its span, its deadline, and one shape for every failure (RFC 9457).

use std::panic::AssertUnwindSafe;
use std::time::{Duration, Instant};

use actix_web::body::{BoxBody, EitherBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderMap, HeaderName, HeaderValue};
use actix_web::middleware::Next;
use actix_web::{HttpRequest, HttpResponse, HttpResponseBuilder, ResponseError, web};
use domain::language::Language;
use futures_util::FutureExt;
use serde::Serialize;
use serde_json::{Map, Value};
use tracing::Instrument;
use utoipa::ToSchema;

use crate::error::{Code, Error};
use crate::http::client::request_id;
use crate::http::sentences;

/// Longer than any honest request takes, shorter than a router waits (Heroku: 30 s).
const DEADLINE: Duration = Duration::from_secs(15);

/// How the outside reaches us: problem types are URLs of the docs.
pub struct PublicUrl(pub String);

/// Why a request failed (RFC 9457).
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Problem {
    /// A page that explains the code.
    pub r#type: String,
    /// What kind of problem it is, in the caller's language.
    pub title: String,
    /// The HTTP status again.
    pub status: u16,
    /// What happened this time, in the caller's language.
    pub detail: String,
    /// The stable name of the problem: decide by this.
    pub code: String,
    /// Quote it when you ask us.
    pub request_id: String,
    /// Which parts of the request are wrong.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<ProblemPart>,
    /// Further members, by code.
    #[serde(flatten)]
    #[schema(ignore)]
    pub extensions: Map<String, Value>,
}

/// One thing that is wrong with the request.
#[derive(Serialize, ToSchema)]
pub struct ProblemPart {
    /// JSON pointer into the body, or the name of a parameter.
    pub pointer: String,
    /// The stable name of the fault.
    pub code: String,
    /// The same for people.
    pub detail: String,
}

/// What the edge knows of a request, for those inside.
#[derive(Clone)]
pub struct Caller {
    pub request_id: String,
    pub language: Language,
}

impl Problem {
    pub fn new(error: &Error, caller: &Caller, public_url: &str) -> Problem {
        let code = error.code;
        let errors = error.faults.iter().map(|fault| ProblemPart {
            pointer: fault.pointer.clone(),
            code: fault.code.to_owned(),
            detail: sentences::fill(sentences::fault(fault.code, caller.language), &fault.params),
        });
        Problem {
            r#type: format!("{public_url}/docs/problems/{}", code.word()),
            title: sentences::title(code, caller.language).to_owned(),
            status: code.status(),
            detail: sentences::fill(sentences::detail(code, caller.language), &error.params),
            code: code.word().to_owned(),
            request_id: caller.request_id.clone(),
            errors: errors.collect(),
            extensions: error.extensions.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect(),
        }
    }
}

/// Only the status leaves a handler; the text is made by [`edge`].
impl ResponseError for Error {
    fn status_code(&self) -> StatusCode {
        StatusCode::from_u16(self.code.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    fn error_response(&self) -> HttpResponse<BoxBody> {
        HttpResponse::new(self.status_code())
    }
}

/// A failure after which no request is left to answer to (a panic, the deadline): it carries its own answer.
#[derive(Debug)]
struct Lost {
    status: StatusCode,
    request_id: String,
    body: String,
}

impl std::fmt::Display for Lost {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "request {} lost", self.request_id)
    }
}

impl ResponseError for Lost {
    fn status_code(&self) -> StatusCode {
        self.status
    }

    fn error_response(&self) -> HttpResponse<BoxBody> {
        let mut response = HttpResponseBuilder::new(self.status);
        response.content_type("application/problem+json").insert_header(("x-request-id", self.request_id.as_str()));
        if self.status == StatusCode::SERVICE_UNAVAILABLE {
            response.insert_header((header::RETRY_AFTER, 1));
        }
        response.body(self.body.clone())
    }
}

/// The outermost middleware.
pub async fn edge<B: MessageBody + 'static>(
    mut request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<EitherBody<B>>, actix_web::Error> {
    use actix_web::HttpMessage;
    let caller = Caller { request_id: request_id(&request), language: language(request.headers()) };
    request.extensions_mut().insert(caller.clone());
    let (method, path) = (request.method().clone(), request.path().to_owned());
    let public_url = request.app_data::<web::Data<PublicUrl>>().map_or_else(String::new, |url| url.0.clone());
    ensure_host(&mut request);
    // A HEAD is a GET whose body the connection leaves out; a stream has no head worth asking for.
    if method == actix_web::http::Method::HEAD && !path.ends_with("/stream") {
        request.head_mut().method = actix_web::http::Method::GET;
    }
    let started = Instant::now();
    let span = tracing::info_span!("request", request_id = %caller.request_id);
    let work = AssertUnwindSafe(next.call(request)).catch_unwind();
    let outcome = tokio::time::timeout(DEADLINE, work).instrument(span.clone()).await;
    let _inside = span.enter();
    let lost = |error: Error| {
        log_failure(&error);
        let problem = Problem::new(&error, &caller, &public_url);
        let body = serde_json::to_string(&problem).unwrap_or_default();
        Lost { status: error.status_code(), request_id: caller.request_id.clone(), body }.into()
    };
    let mut response = match outcome {
        Ok(Ok(Ok(response))) => rendered(response, &caller, &public_url),
        Ok(Ok(Err(error))) => return Err(lost(foreign(error.as_response_error().status_code()))),
        Ok(Err(panic)) => return Err(lost(Error::internal(panic_message(&*panic)))),
        Err(_) => return Err(lost(Error::busy())),
    };
    decorate(&path, response.headers_mut(), &caller);
    let (status, millis) = (response.status().as_u16(), started.elapsed().as_millis());
    // The pattern, not the path: a path may hold the secret of an order.
    let route = response.request().match_pattern().unwrap_or_else(|| "an unknown path".to_owned());
    if path.starts_with("/health/") {
        tracing::debug!(status, "{method} {route} answered {status} in {millis} ms");
    } else {
        tracing::info!(status, "{method} {route} answered {status} in {millis} ms");
    }
    Ok(response)
}

fn language(headers: &HeaderMap) -> Language {
    Language::accepted(headers.get(header::ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok()))
}

/// HTTP/1.0 probes send no Host; the CORS middleware needs one.
fn ensure_host(request: &mut ServiceRequest) {
    if !request.headers().contains_key(header::HOST) {
        request.headers_mut().insert(header::HOST, HeaderValue::from_static("localhost"));
    }
}

/// Turns an error answer of any kind into a problem document; everything else passes as it is.
fn rendered<B: MessageBody>(response: ServiceResponse<B>, caller: &Caller, public_url: &str) -> ServiceResponse<EitherBody<B>> {
    let status = response.status();
    let own = response.response().error().and_then(|error| error.as_error::<Error>());
    if own.is_none() && (status.as_u16() < 400 || is_problem(response.headers())) {
        return response.map_into_left_body();
    }
    let stranger;
    let error = match own {
        Some(error) => error,
        None => {
            stranger = foreign(status);
            &stranger
        }
    };
    log_failure(error);
    let mut answer = HttpResponse::build(error.status_code());
    answer.content_type("application/problem+json");
    // What CORS and others said stays said.
    for (name, value) in response.headers() {
        if *name != header::CONTENT_TYPE && *name != header::CONTENT_LENGTH {
            answer.append_header((name.clone(), value.clone()));
        }
    }
    if let Some(seconds) = error.retry_after_seconds {
        answer.insert_header((header::RETRY_AFTER, seconds));
    }
    if error.code.status() == 401 {
        answer.insert_header((header::WWW_AUTHENTICATE, "Bearer"));
    }
    if let Some((_, allowed)) = error.params.iter().find(|(name, value)| *name == "allowed" && !value.is_empty()) {
        answer.insert_header((header::ALLOW, allowed.as_str()));
    }
    let answer = answer.json(Problem::new(error, caller, public_url));
    response.into_response(answer).map_into_boxed_body().map_into_right_body()
}

fn is_problem(headers: &HeaderMap) -> bool {
    headers.get(header::CONTENT_TYPE).is_some_and(|value| value.as_bytes().starts_with(b"application/problem+json"))
}

/// A failure that the framework answered on its own.
fn foreign(status: StatusCode) -> Error {
    let code = match status.as_u16() {
        401 => Code::Unauthenticated,
        403 => Code::Forbidden,
        404 => return Error::not_found("route"),
        405 => Code::MethodNotAllowed,
        413 => Code::PayloadTooLarge,
        415 => Code::UnsupportedMediaType,
        429 => Code::TooManyRequests,
        503 => return Error::busy(),
        400..=499 => Code::MalformedRequest,
        _ => Code::Internal,
    };
    Error::new(code)
        .with("reason", status.canonical_reason().unwrap_or(""))
        .with("limit", "")
        .with("allowed", "")
        .with("sent", "")
}

/// Once, here, with the whole chain of causes. What the client did wrong is no incident.
fn log_failure(error: &Error) {
    match error.code.status() {
        500 => tracing::error!(code = error.code.word(), "request failed: {error}"),
        503 => tracing::warn!(code = error.code.word(), "request put off: {error}"),
        _ => tracing::debug!(code = error.code.word(), "request refused: {error}"),
    }
}

fn panic_message(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|s| (*s).to_owned()).or_else(|| panic.downcast_ref::<String>().cloned());
    format!("panic: {}", text.unwrap_or_default())
}

/// Headers of every answer.
fn decorate(path: &str, headers: &mut HeaderMap, caller: &Caller) {
    let mut set = |name: &'static str, value: &str| {
        if let Ok(value) = HeaderValue::from_str(value) {
            headers.insert(HeaderName::from_static(name), value);
        }
    };
    set("x-request-id", &caller.request_id);
    set("x-content-type-options", "nosniff");
    set("referrer-policy", "no-referrer");
    if !path.starts_with("/docs") {
        set("content-security-policy", "default-src 'none'; frame-ancestors 'none'");
    }
    if !headers.contains_key(header::CACHE_CONTROL) {
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
}

/// The caller's language, as the edge read it.
pub fn caller(request: &HttpRequest) -> Caller {
    use actix_web::HttpMessage;
    let known = request.extensions().get::<Caller>().cloned();
    known.unwrap_or_else(|| Caller { request_id: String::new(), language: Language::Fr })
}

/// Extracts the language for handlers that answer texts.
pub struct Speaks(pub Language);

impl actix_web::FromRequest for Speaks {
    type Error = Error;
    type Future = std::future::Ready<Result<Self, Error>>;

    fn from_request(request: &HttpRequest, _: &mut actix_web::dev::Payload) -> Self::Future {
        std::future::ready(Ok(Speaks(caller(request).language)))
    }
}
