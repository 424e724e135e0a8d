//! Where log lines go: sentences for people in a terminal, one JSON object a line elsewhere.

use std::io::IsTerminal;

use tracing_subscriber::EnvFilter;

use crate::config::{LogFormat, Logging};

pub fn start(logging: &Logging) {
    let filter = EnvFilter::try_new(&logging.filter).unwrap_or_else(|_| EnvFilter::new("info"));
    let human = logging.format.map_or_else(|| std::io::stdout().is_terminal(), |format| format == LogFormat::Human);
    let lines = tracing_subscriber::fmt().with_env_filter(filter).with_target(false);
    // A second subscriber in one process (tests) is no failure.
    let _ = if human { lines.compact().try_init() } else { lines.json().flatten_event(true).with_span_list(false).try_init() };
}
