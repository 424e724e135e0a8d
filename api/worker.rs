//! All background work: what is due is claimed, done, and forgotten; periodic work enqueues itself.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use diesel::pg::PgConnection;
use tokio::sync::watch;

use crate::catalogue::Catalogues;
use crate::db::Db;
use crate::error::Result;
use crate::jobs::{self, Claimed, Job};
use crate::{accounts, carts, clock, http, menu, orders};

/// How long an idle worker waits before it looks again.
const IDLE: Duration = Duration::from_millis(500);

/// What is done again and again, and how often (minutes).
const PERIODIC: &[(Job, &str, i64)] = &[(Job::Purge, "purge", 60)];

/// Works until shutdown.
pub async fn run(db: Db, mut shutdown: watch::Receiver<bool>) {
    tracing::info!("the worker looks for jobs");
    let catalogues = Catalogues::default();
    let mut planned: Option<DateTime<Utc>> = None;
    while !*shutdown.borrow() {
        let now = clock::now();
        if planned.is_none_or(|at| now - at > TimeDelta::minutes(1)) {
            match db.tx(move |conn| plan(conn, now)).await {
                Ok(()) => planned = Some(now),
                Err(error) => tracing::warn!("periodic jobs not planned: {error}"),
            }
        }
        let idle = match step(&db, &catalogues).await {
            Ok(worked) => !worked,
            Err(error) => {
                tracing::warn!("the worker could not reach its jobs: {error}");
                true
            }
        };
        if idle {
            let _ = tokio::time::timeout(IDLE, shutdown.wait_for(|over| *over)).await;
        }
    }
}

/// Does one due job, if there is one; answers whether there was.
pub async fn step(db: &Db, catalogues: &Catalogues) -> Result<bool> {
    let claimed = db.tx(|conn| jobs::claim(conn, clock::now())).await?;
    let Some(claimed) = claimed else { return Ok(false) };
    let (id, job, catalogues) = (claimed.id, claimed.job.clone(), catalogues.clone());
    let outcome = db
        .tx(move |conn| {
            perform(conn, &catalogues, &serde_json::from_value(job.clone())?, clock::now())?;
            jobs::finish(conn, id)
        })
        .await;
    if let Err(error) = outcome {
        give_up(db, claimed, error.to_string()).await?;
    }
    Ok(true)
}

async fn give_up(db: &Db, claimed: Claimed, error: String) -> Result<()> {
    let (id, attempts, job) = (claimed.id, claimed.attempts, claimed.job.clone());
    let said = error.clone();
    let dead = db.tx(move |conn| jobs::fail(conn, &claimed, &said, clock::now())).await?;
    if dead {
        tracing::error!(%id, "job {job} is given up after {attempts} attempts: {error}");
    } else {
        tracing::warn!(%id, "job {job} failed, attempt {attempts}: {error}");
    }
    Ok(())
}

/// The one place that knows what each job does.
fn perform(conn: &mut PgConnection, catalogues: &Catalogues, job: &Job, now: DateTime<Utc>) -> Result<()> {
    match job {
        Job::RejectUnaccepted { order_id } => orders::reject_unaccepted(conn, catalogues, *order_id, now),
        Job::EndSnooze { snooze_id } => menu::end_snooze(conn, catalogues, *snooze_id, now),
        Job::Purge => {
            let rows = accounts::purge(conn, now)? + carts::purge(conn, now)? + http::idempotency::purge(conn, now)?;
            tracing::info!("purged {rows} rows that nobody needs any more");
            Ok(())
        }
    }
}

/// Makes sure that the next run of each periodic job is there. The key names the period, so that many workers plan it once.
fn plan(conn: &mut PgConnection, now: DateTime<Utc>) -> Result<()> {
    for (job, name, minutes) in PERIODIC {
        let period = now.timestamp() / (minutes * 60) + 1;
        let Some(run_at) = DateTime::from_timestamp(period * minutes * 60, 0) else { continue };
        jobs::enqueue(conn, job, run_at, Some(&format!("{name}:{period}")))?;
    }
    Ok(())
}
