//! Databases for tests: clones of one template that holds the migrated tables and the demo chain.

use std::hash::{Hash, Hasher};
use std::path::PathBuf;
use std::sync::{LazyLock, Mutex};

use diesel::pg::PgConnection;
use diesel::prelude::*;
use ocpizza::clock;
use ocpizza::config::{Database, Environment};
use ocpizza::db::Db;
use ocpizza::embedded::Embedded;
use ocpizza::load;

/// The server of this test run; it ends with the process.
pub struct Cluster {
    pub server: Embedded,
    template: String,
    _lock: std::fs::File,
    free: Mutex<Vec<String>>,
    made: Mutex<usize>,
}

pub static CLUSTER: LazyLock<Cluster> = LazyLock::new(|| {
    let settings = [("fsync", "off"), ("synchronous_commit", "off"), ("full_page_writes", "off"), ("autovacuum", "off")];
    let (folder, lock) = folder();
    let server = Embedded::start(&folder, &settings).expect("a PostgreSQL server");
    let template = make_template(&server);
    Cluster { server, template, _lock: lock, free: Mutex::new(Vec::new()), made: Mutex::new(0) }
});

/// A folder that no other test run uses now, the same from run to run. It lies outside of the checkout, because the server
/// may run as another user than the tests.
fn folder() -> (PathBuf, std::fs::File) {
    let checkout = env!("CARGO_MANIFEST_DIR").replace('/', "_");
    for n in 0.. {
        let folder = std::env::temp_dir().join(format!("ocpizza-test{checkout}-{n}"));
        let lock = std::fs::File::create(folder.with_extension("lock")).expect("a lock file");
        if lock.try_lock().is_ok() {
            return (folder, lock);
        }
    }
    unreachable!("there is always another number")
}

/// Migrates and fills a template once; it is made anew when the migrations or the demo chain have changed.
fn make_template(server: &Embedded) -> String {
    let mut state = std::hash::DefaultHasher::new();
    for folder in ["migrations", "demo", "api/load"] {
        hash_files(&PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(folder), &mut state);
    }
    let name = format!("template_{:x}", state.finish());
    let unfinished = format!("{name}_unfinished");
    let mut conn = PgConnection::establish(&server.url("postgres")).expect("the server");
    let there = diesel::sql_query(format!("select 1 from pg_database where datname = '{name}'")).execute(&mut conn);
    if there.expect("a look") > 0 {
        return name;
    }
    diesel::sql_query(format!("drop database if exists {unfinished}")).execute(&mut conn).expect("dropped");
    server.create_database(&unfinished).expect("the template");
    {
        let db = Db::new(&settings(server.url(&unfinished), 1));
        db.migrate().expect("migrations");
        let demo = load::demo().expect("the demo chain");
        db.tx_here(|conn| load::load(conn, &demo, Environment::Development, clock::now())).expect("the demo chain loaded");
    }
    let rename = format!("alter database {unfinished} rename to {name}");
    // The pool above closes its connections in its own time.
    while diesel::sql_query(&rename).execute(&mut conn).is_err() {
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    name
}

fn hash_files(folder: &std::path::Path, state: &mut std::hash::DefaultHasher) {
    let entries = std::fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path());
    let mut paths: Vec<PathBuf> = entries.collect();
    paths.sort();
    for path in paths {
        if path.is_dir() {
            hash_files(&path, state);
        } else {
            std::fs::read(&path).expect("a file").hash(state);
        }
    }
}

pub fn settings(url: String, pool_size: u32) -> Database {
    Database { url, direct_url: None, pool_size, statement_cache: true, embedded: None }
}

/// A database of one's own for the length of a test.
pub struct Lease {
    name: String,
}

impl Lease {
    /// A copy of the demo chain.
    pub fn demo() -> Lease {
        Lease::copy_of(&CLUSTER.template)
    }

    /// Nothing in it, not even tables.
    pub fn empty() -> Lease {
        Lease::copy_of("template1")
    }

    fn copy_of(template: &str) -> Lease {
        let name = CLUSTER.free.lock().unwrap().pop().unwrap_or_else(|| {
            let mut made = CLUSTER.made.lock().unwrap();
            *made += 1;
            format!("lease_{made}")
        });
        let mut conn = PgConnection::establish(&CLUSTER.server.url("postgres")).expect("the server");
        // What a failed test left stays readable until the name is needed again.
        diesel::sql_query(format!("drop database if exists {name} with (force)")).execute(&mut conn).expect("dropped");
        diesel::sql_query(format!("create database {name} template {template} strategy wal_log"))
            .execute(&mut conn)
            .expect("cloned");
        Lease { name }
    }

    pub fn url(&self) -> String {
        CLUSTER.server.url(&self.name)
    }

    pub fn connect(&self) -> PgConnection {
        PgConnection::establish(&self.url()).expect("the leased database")
    }

    pub fn db(&self, pool_size: u32) -> Db {
        Db::new(&settings(self.url(), pool_size))
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        CLUSTER.free.lock().unwrap().push(self.name.clone());
    }
}
