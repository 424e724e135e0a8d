//! What is wrong, and what to do about it.

use std::process::ExitCode;

use chrono::{DateTime, Utc};
use diesel::pg::PgConnection;
use diesel::prelude::*;
use diesel::sql_types::{Integer, Text, Timestamptz};

use crate::clock;
use crate::command::connect;
use crate::config::{Config, Environment};
use crate::db;
use crate::error::Result;

struct Finding {
    ok: bool,
    what: String,
    todo: &'static str,
}

fn finding(ok: bool, what: impl Into<String>, todo: &'static str) -> Finding {
    Finding { ok, what: what.into(), todo }
}

#[derive(QueryableByName)]
struct Server {
    #[diesel(sql_type = Integer)]
    version: i32,
    #[diesel(sql_type = Text)]
    encoding: String,
    #[diesel(sql_type = Text)]
    durable: String,
    #[diesel(sql_type = Text)]
    messages: String,
    #[diesel(sql_type = Integer)]
    connections: i32,
    #[diesel(sql_type = Timestamptz)]
    clock: DateTime<Utc>,
}

/// Prints one line a finding; fails when something needs doing.
pub(super) fn examine(config: Config) -> ExitCode {
    let mut findings = configuration(&config);
    findings.extend(database(config));
    for finding in &findings {
        let todo = if finding.ok { String::new() } else { format!(" — {}", finding.todo) };
        println!("{} {}{todo}", if finding.ok { "ok  " } else { "FIX " }, finding.what);
    }
    if findings.iter().all(|finding| finding.ok) { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn configuration(config: &Config) -> Vec<Finding> {
    let production = config.environment == Environment::Production;
    let public = config.public_url.starts_with("https://") || !production;
    vec![
        finding(
            true,
            format!("configuration: {:?}, port {}, pool of {}", config.environment, config.port, config.database.pool_size),
            "",
        ),
        finding(
            public,
            format!("public URL: {}", config.public_url),
            "set OCPIZZA_PUBLIC_URL to the https:// address that clients use",
        ),
        finding(
            !production || config.trusted_proxy_hops > 0,
            format!("trusted proxies: {}", config.trusted_proxy_hops),
            "behind Heroku or nginx set OCPIZZA_TRUSTED_PROXY_HOPS=1, or every client shares one address",
        ),
        finding(true, "providers: none yet, payment is taken at hand-over", ""),
    ]
}

fn database(mut config: Config) -> Vec<Finding> {
    let (db, _server) = match connect(&mut config) {
        Ok(connected) => connected,
        Err(error) => return vec![finding(false, format!("database: {error}"), "see the message")],
    };
    match db.tx_here(look) {
        Ok(findings) => findings,
        Err(error) => {
            vec![finding(false, format!("database: does not answer ({error})"), "check DATABASE_URL, and that the server runs")]
        }
    }
}

fn look(conn: &mut PgConnection) -> Result<Vec<Finding>> {
    let server: Server = diesel::sql_query(
        "select current_setting('server_version_num')::int as version, current_setting('server_encoding') as encoding,
           current_setting('fsync') || '/' || current_setting('synchronous_commit') as durable,
           current_setting('lc_messages') as messages, current_setting('max_connections')::int as connections, clock_timestamp() as clock",
    )
    .get_result(conn)?;
    let pending: Vec<String> = db::migrations(conn)?.into_iter().filter(|(_, there)| !there).map(|(name, _)| name).collect();
    let apart = (clock::now() - server.clock).num_milliseconds().abs();
    Ok(vec![
        finding(server.version >= 140_000, format!("PostgreSQL {}", server.version / 10_000), "upgrade to 14 or later"),
        finding(server.encoding == "UTF8", format!("encoding {}", server.encoding), "create the database with encoding UTF8"),
        finding(
            server.durable == "on/on",
            format!("fsync/synchronous_commit {}", server.durable),
            "turn both on, or a power cut loses orders",
        ),
        finding(
            ["C", "POSIX", "en"].iter().any(|known| server.messages.starts_with(known)) || server.messages.is_empty(),
            format!("messages in {}", server.messages),
            "set lc_messages = 'C': deadlocks are recognised by PostgreSQL's English words",
        ),
        finding(server.connections >= 20, format!("{} connections allowed", server.connections), "raise max_connections to 20"),
        finding(pending.is_empty(), format!("{} migrations pending", pending.len()), "run `ocpizza migrate`"),
        finding(apart < 2_000, format!("clocks {apart} ms apart"), "synchronize the clocks of both machines (NTP)"),
    ])
}
