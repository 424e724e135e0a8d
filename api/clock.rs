//! The only place that reads the clock.

use chrono::{DateTime, DurationRound, TimeDelta, Utc};

/// Now, to the microsecond that PostgreSQL keeps: what is answered today equals what is read back tomorrow.
pub fn now() -> DateTime<Utc> {
    #[expect(clippy::disallowed_methods, reason = "this is the one place")]
    let now = Utc::now();
    now.duration_trunc(TimeDelta::microseconds(1)).unwrap_or(now)
}
