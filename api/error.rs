//! What can go wrong, named once. No prose and no HTTP here but the status: `http::problem` makes the text.

use serde_json::Value;

pub type Result<T> = std::result::Result<T, Error>;

type Source = Box<dyn std::error::Error + Send + Sync>;

/// A refusal or a failure on its way to the edge.
#[derive(Debug)]
pub struct Error {
    pub code: Code,
    /// Values for the sentence that describes it.
    pub params: Vec<(&'static str, String)>,
    /// What is wrong with which part of the request.
    pub faults: Vec<Fault>,
    /// Further members of the problem document.
    pub extensions: Vec<(&'static str, Value)>,
    pub retry_after_seconds: Option<u32>,
    pub source: Option<Source>,
}

/// One thing that is wrong with the request.
#[derive(Debug, Clone)]
pub struct Fault {
    /// JSON pointer into the body (RFC 6901), or the name of a parameter.
    pub pointer: String,
    pub code: &'static str,
    pub params: Vec<(&'static str, String)>,
}

impl Fault {
    pub fn new(pointer: impl Into<String>, code: &'static str) -> Fault {
        Fault { pointer: pointer.into(), code, params: Vec::new() }
    }

    pub fn with(mut self, name: &'static str, value: impl ToString) -> Fault {
        self.params.push((name, value.to_string()));
        self
    }
}

/// Declares the stable codes of problems, each with its word and HTTP status.
macro_rules! codes {
    ($($(#[$doc:meta])* $code:ident = $word:literal $status:literal,)+) => {
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Code { $($(#[$doc])* $code,)+ }
        impl Code {
            pub const ALL: &'static [Code] = &[$(Code::$code),+];
            pub const fn word(self) -> &'static str { match self { $(Code::$code => $word),+ } }
            pub const fn status(self) -> u16 { match self { $(Code::$code => $status),+ } }
        }
    };
}

codes! {
    MalformedJson = "malformed_json" 400,
    MalformedRequest = "malformed_request" 400,
    IdempotencyKeyRequired = "idempotency_key_required" 400,
    Unauthenticated = "unauthenticated" 401,
    TokenExpired = "token_expired" 401,
    InvalidCredentials = "invalid_credentials" 401,
    RefreshTokenInvalid = "refresh_token_invalid" 401,
    Forbidden = "forbidden" 403,
    NotFound = "not_found" 404,
    MethodNotAllowed = "method_not_allowed" 405,
    InvalidTransition = "invalid_transition" 409,
    OutOfStock = "out_of_stock" 409,
    PriceChanged = "price_changed" 409,
    StoreClosed = "store_closed" 409,
    OutsideZone = "outside_zone" 409,
    CartOrdered = "cart_already_ordered" 409,
    CartEmpty = "cart_empty" 409,
    ProductUnavailable = "product_unavailable" 409,
    AlreadyClaimed = "already_claimed" 409,
    EmailTaken = "email_taken" 409,
    AlreadyExists = "already_exists" 409,
    InUse = "in_use" 409,
    BelowMinimum = "below_minimum" 409,
    OptionsInvalid = "options_invalid" 409,
    RequestedTimePassed = "requested_time_passed" 409,
    NotServedNow = "not_served_now" 409,
    AgeConfirmationRequired = "age_confirmation_required" 409,
    CouponInvalid = "coupon_invalid" 409,
    IdempotencyInFlight = "idempotency_in_flight" 409,
    VersionConflict = "version_conflict" 412,
    PayloadTooLarge = "payload_too_large" 413,
    UnsupportedMediaType = "unsupported_media_type" 415,
    InvalidRequest = "invalid_request" 422,
    IdempotencyMismatch = "idempotency_mismatch" 422,
    PreconditionRequired = "precondition_required" 428,
    TooManyRequests = "too_many_requests" 429,
    Internal = "internal_error" 500,
    Busy = "busy" 503,
}

impl Code {
    pub fn from_word(word: &str) -> Option<Code> {
        Self::ALL.iter().copied().find(|code| code.word() == word)
    }
}

impl Error {
    pub fn new(code: Code) -> Error {
        Error { code, params: vec![], faults: vec![], extensions: vec![], retry_after_seconds: None, source: None }
    }

    pub fn not_found(what: &'static str) -> Error {
        Error::new(Code::NotFound).with("what", what)
    }

    /// The state machine has no such move; the problem tells the present state.
    pub fn illegal_move(what: &str, state: &str, command: &str) -> Error {
        Error::new(Code::InvalidTransition)
            .with("what", what)
            .with("status", state)
            .with("command", command)
            .extend("currentState", Value::from(state))
    }

    pub fn invalid(faults: Vec<Fault>) -> Error {
        Error { faults, ..Error::new(Code::InvalidRequest) }
    }

    /// Somebody has changed it since the caller read it; the problem tells the present version.
    pub fn version_conflict(present: i32) -> Error {
        Error::new(Code::VersionConflict).with("version", present).extend("currentVersion", Value::from(present))
    }

    pub fn busy() -> Error {
        Error { retry_after_seconds: Some(1), ..Error::new(Code::Busy) }
    }

    pub fn internal(source: impl Into<Source>) -> Error {
        Error { source: Some(source.into()), ..Error::new(Code::Internal) }
    }

    pub fn with(mut self, name: &'static str, value: impl ToString) -> Error {
        self.params.push((name, value.to_string()));
        self
    }

    pub fn extend(mut self, name: &'static str, value: Value) -> Error {
        self.extensions.push((name, value));
        self
    }
}

/// One line for logs and for the command line.
impl std::fmt::Display for Error {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.code.word())?;
        for (name, value) in &self.params {
            write!(f, " {name}={value}")?;
        }
        let mut source = self.source.as_deref().map(|s| s as &dyn std::error::Error);
        while let Some(cause) = source {
            write!(f, ": {cause}")?;
            source = cause.source();
        }
        Ok(())
    }
}

impl std::error::Error for Error {}

/// A database error that nobody has given a meaning. A missing row or a violated constraint gets one where it is
/// expected (`.optional()?`, `on_constraint`): here it is ours.
impl From<diesel::result::Error> for Error {
    fn from(error: diesel::result::Error) -> Error {
        use diesel::result::{DatabaseErrorKind, Error as Diesel};
        let gone = matches!(
            &error,
            Diesel::BrokenTransactionManager
                | Diesel::DatabaseError(DatabaseErrorKind::ClosedConnection | DatabaseErrorKind::UnableToSendCommand, _)
        ) || matches!(&error, Diesel::DatabaseError(_, info) if is_passing(info.message()));
        if gone { Error { source: Some(error.into()), ..Error::busy() } } else { Error::internal(error) }
    }
}

/// The server is going away, coming up, or gave up waiting: worth a retry by the client, not an incident.
fn is_passing(message: &str) -> bool {
    ["terminating connection", "lock timeout", "statement timeout", "starting up", "shutting down", "closed the connection"]
        .iter()
        .any(|sign| message.contains(sign))
}

impl From<serde_json::Error> for Error {
    fn from(error: serde_json::Error) -> Error {
        Error::internal(error)
    }
}

/// Names a constraint that the database may refuse with, and what that means to the client.
pub trait OnConstraint<T> {
    fn on_constraint(self, name: &str, meaning: Code) -> Result<T>;
}

impl<T> OnConstraint<T> for std::result::Result<T, diesel::result::Error> {
    fn on_constraint(self, name: &str, meaning: Code) -> Result<T> {
        self.map_err(|error| match &error {
            diesel::result::Error::DatabaseError(_, info) if info.constraint_name() == Some(name) => Error::new(meaning),
            _ => error.into(),
        })
    }
}
