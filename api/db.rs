//! The only doors to the database: `run` for reads, `tx` for work that stands or falls as one.
//!
//! diesel is synchronous, so each door is one hop into the blocking pool, waiting for a connection included. The closure is
//! not async: nobody can await a provider while holding a connection.

use std::time::Duration;

use diesel::connection::CacheSize;
use diesel::pg::PgConnection;
use diesel::prelude::*;
use diesel::r2d2::{ConnectionManager, CustomizeConnection, Pool, PooledConnection};
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};

use crate::config::Database;
use crate::error::{Error, Result};

const MIGRATIONS: EmbeddedMigrations = embed_migrations!("migrations");

/// How often work is done again after a deadlock or a serialization failure before the client is told to come back.
const ATTEMPTS: u32 = 5;

/// Serializes concurrent `migrate` runs (any fixed number will do; this one is ours).
const MIGRATION_LOCK: i64 = 0x0C_5049_5A5A_4131;

#[derive(Clone)]
pub struct Db {
    pool: Pool<ConnectionManager<PgConnection>>,
    /// For what needs a session of its own, such as LISTEN: never a pooler.
    direct_url: String,
}

#[derive(Debug)]
struct Session {
    statement_cache: bool,
}

impl CustomizeConnection<PgConnection, diesel::r2d2::Error> for Session {
    fn on_acquire(&self, conn: &mut PgConnection) -> std::result::Result<(), diesel::r2d2::Error> {
        if !self.statement_cache {
            // Named prepared statements do not survive a pooler in transaction mode.
            conn.set_prepared_statement_cache_size(CacheSize::Disabled);
        }
        use diesel::connection::SimpleConnection;
        conn.batch_execute(
            "set statement_timeout = '8s'; set lock_timeout = '3s'; set idle_in_transaction_session_timeout = '10s'",
        )
        .map_err(diesel::r2d2::Error::QueryError)
    }
}

impl Db {
    /// Builds the pool without connecting: the server binds its port first and says in `/health/ready` what it lacks.
    pub fn new(database: &Database) -> Db {
        let pool = Pool::builder()
            .max_size(database.pool_size)
            .min_idle(Some(0))
            .test_on_check_out(true)
            .connection_timeout(Duration::from_secs(2))
            .connection_customizer(Box::new(Session { statement_cache: database.statement_cache }))
            .build_unchecked(ConnectionManager::new(&database.url));
        Db { pool, direct_url: database.direct_url.clone().unwrap_or_else(|| database.url.clone()) }
    }

    /// Reads that need no common snapshot.
    pub async fn run<T: Send + 'static>(&self, work: impl FnOnce(&mut PgConnection) -> Result<T> + Send + 'static) -> Result<T> {
        let db = self.clone();
        hop(move || work(&mut *db.connection()?)).await
    }

    /// One transaction. After a deadlock or a serialization failure the whole of `work` is done again.
    pub async fn tx<T: Send + 'static>(&self, work: impl FnMut(&mut PgConnection) -> Result<T> + Send + 'static) -> Result<T> {
        let db = self.clone();
        hop(move || db.tx_here(work)).await
    }

    /// The same on the caller's own thread: for commands and tests.
    pub fn tx_here<T>(&self, mut work: impl FnMut(&mut PgConnection) -> Result<T>) -> Result<T> {
        let mut conn = self.connection()?;
        let mut attempt = 1;
        loop {
            #[expect(clippy::disallowed_methods, reason = "this is the door")]
            let outcome = conn.transaction(|conn| work(conn));
            match outcome {
                Err(error) if attempt < ATTEMPTS && is_worth_repeating(&error) => {
                    tracing::debug!(attempt, "transaction repeated: {error}");
                    attempt += 1;
                }
                Err(error) if is_worth_repeating(&error) => return Err(Error { source: error.source, ..Error::busy() }),
                outcome => return outcome,
            }
        }
    }

    /// A connection of its own beside the pool, for LISTEN.
    pub fn listener(&self) -> Result<PgConnection> {
        PgConnection::establish(&self.direct_url).map_err(Error::internal)
    }

    fn connection(&self) -> Result<PooledConnection<ConnectionManager<PgConnection>>> {
        #[expect(clippy::disallowed_methods, reason = "this is the door")]
        let connection = self.pool.get();
        connection.map_err(|error| Error { source: Some(error.into()), ..Error::busy() })
    }

    /// Runs pending migrations, one process at a time, and names those it ran.
    pub fn migrate(&self) -> Result<Vec<String>> {
        self.with_migration_lock(|conn| {
            let ran = conn.run_pending_migrations(MIGRATIONS).map_err(Error::internal)?;
            Ok(ran.iter().map(ToString::to_string).collect())
        })
    }

    /// Takes the latest migration back and names it.
    pub fn migrate_down(&self) -> Result<String> {
        self.with_migration_lock(|conn| {
            conn.revert_last_migration(MIGRATIONS).map(|version| version.to_string()).map_err(Error::internal)
        })
    }

    /// Every migration of this binary, and whether the database has it.
    pub fn migrations(&self) -> Result<Vec<(String, bool)>> {
        migrations(&mut *self.connection()?)
    }

    fn with_migration_lock<T>(&self, work: impl FnOnce(&mut PgConnection) -> Result<T>) -> Result<T> {
        let mut conn = self.listener()?;
        // Another process's migrations may take their time, but not for ever.
        diesel::sql_query("set lock_timeout = '10min'").execute(&mut conn)?;
        let lock = |conn: &mut PgConnection, query: &str| {
            diesel::sql_query(query).bind::<diesel::sql_types::BigInt, _>(MIGRATION_LOCK).execute(conn)
        };
        lock(&mut conn, "select pg_advisory_lock($1)")?;
        let outcome = work(&mut conn);
        lock(&mut conn, "select pg_advisory_unlock($1)")?;
        outcome
    }
}

/// Every migration of this binary, and whether the database has it. Only reads: readiness asks with few rights.
pub fn migrations(conn: &mut PgConnection) -> Result<Vec<(String, bool)>> {
    use diesel::migration::{Migration, MigrationSource};
    #[derive(QueryableByName)]
    struct Ran {
        #[diesel(sql_type = diesel::sql_types::Text)]
        version: String,
    }
    let there = diesel::sql_query("select 1 where to_regclass('__diesel_schema_migrations') is not null").execute(conn)?;
    let ran: Vec<Ran> = match there {
        0 => Vec::new(),
        _ => diesel::sql_query("select version::text from __diesel_schema_migrations").load(conn)?,
    };
    let all: Vec<Box<dyn Migration<diesel::pg::Pg>>> = MIGRATIONS.migrations().map_err(Error::internal)?;
    let known = |migration: &dyn Migration<diesel::pg::Pg>| {
        let version = migration.name().version().to_string();
        (migration.name().to_string(), ran.iter().any(|ran| ran.version == version))
    };
    let mut migrations: Vec<(String, bool)> = all.iter().map(|migration| known(migration.as_ref())).collect();
    migrations.sort();
    Ok(migrations)
}

async fn hop<T: Send + 'static>(work: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
    #[expect(clippy::disallowed_methods, reason = "this is the one hop into the blocking pool")]
    let outcome = actix_web::web::block(work).await;
    outcome.unwrap_or_else(|blocking| Err(Error::internal(blocking)))
}

/// PostgreSQL chose this transaction as the victim; done again, it will most likely pass.
fn is_worth_repeating(error: &Error) -> bool {
    use diesel::result::{DatabaseErrorKind, Error as Diesel};
    match error.source.as_ref().and_then(|source| source.downcast_ref::<Diesel>()) {
        Some(Diesel::DatabaseError(DatabaseErrorKind::SerializationFailure, _)) => true,
        // diesel has no kind for 40P01.
        Some(Diesel::DatabaseError(_, info)) => info.message().contains("deadlock"),
        _ => false,
    }
}
