//! One reader a process: it listens to PostgreSQL, hands each store's new events to that store's open streams, and passes
//! on that something has changed.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use diesel::pg::PgConnection;
use diesel::prelude::*;
use tokio::sync::{broadcast, watch};
use uuid::Uuid;

use crate::catalogue;
use crate::db::Db;
use crate::error::Result;
use crate::events::{self, EventRow};

/// How often the listener looks whether PostgreSQL has said something. Looking costs no query.
const TICK: Duration = Duration::from_millis(10);
/// How often it asks the database even if nothing was said: what a broken line swallowed comes this late.
const SWEEP: Duration = Duration::from_secs(2);
/// A stream that falls so many events behind reads them from the database.
const BACKLOG: usize = 1024;

/// What PostgreSQL has said.
#[derive(Clone, Copy, Debug)]
pub enum Told {
    /// Something happened in this store.
    Store(Uuid),
    /// The catalogue has changed, or words may have been lost.
    Everything,
}

struct Store {
    /// Everything up to this number was handed out.
    last_seq: i64,
    sender: broadcast::Sender<Arc<EventRow>>,
}

/// The open streams of this process, by store.
pub struct Hub {
    stores: Mutex<BTreeMap<Uuid, Store>>,
    shutdown: watch::Receiver<bool>,
}

impl Hub {
    /// Starts the listening thread, which ends with the process's shutdown. `told` hears of everything that PostgreSQL says
    /// on the channels of events and of the catalogue.
    pub fn start(db: Db, shutdown: watch::Receiver<bool>, told: impl Fn(Told) + Send + 'static) -> Arc<Hub> {
        let hub = Arc::new(Hub { stores: Mutex::new(BTreeMap::new()), shutdown: shutdown.clone() });
        let listener = Arc::clone(&hub);
        std::thread::spawn(move || {
            while !*shutdown.borrow() {
                if let Err(error) = listener.listen(&db, &shutdown, &told) {
                    tracing::warn!("live events interrupted, listening again in a second: {error}");
                    std::thread::sleep(Duration::from_secs(1));
                }
            }
        });
        hub
    }

    /// Everything of a store from now on. Subscribe first, then read what came before: nothing falls between.
    pub fn subscribe(&self, store_id: Uuid, latest: i64) -> broadcast::Receiver<Arc<EventRow>> {
        let mut stores = self.stores.lock().unwrap_or_else(PoisonError::into_inner);
        let store = stores.entry(store_id).or_insert_with(|| Store { last_seq: latest, sender: broadcast::channel(BACKLOG).0 });
        store.sender.subscribe()
    }

    /// Becomes true when the process is about to end.
    pub fn shutdown(&self) -> watch::Receiver<bool> {
        self.shutdown.clone()
    }

    fn listen(&self, db: &Db, shutdown: &watch::Receiver<bool>, tell: &impl Fn(Told)) -> Result<()> {
        let mut conn = db.listener()?;
        for channel in [events::CHANNEL, catalogue::CHANNEL] {
            diesel::sql_query(format!("listen {channel}")).execute(&mut conn)?;
        }
        // What was said before, nobody heard.
        tell(Told::Everything);
        let mut swept = Instant::now();
        self.forward(&mut conn, None)?;
        while !*shutdown.borrow() {
            std::thread::sleep(TICK);
            let heard = conn.notifications_iter().collect::<QueryResult<Vec<_>>>()?;
            let mut told: Vec<Uuid> = heard.iter().filter_map(|heard| heard.payload.parse().ok()).collect();
            told.sort_unstable();
            told.dedup();
            told.iter().for_each(|store_id| tell(Told::Store(*store_id)));
            if heard.iter().any(|heard| heard.channel == catalogue::CHANNEL) {
                tell(Told::Everything);
            }
            if !told.is_empty() {
                self.forward(&mut conn, Some(&told))?;
            }
            if swept.elapsed() > SWEEP {
                self.forward(&mut conn, None)?;
                swept = Instant::now();
            }
        }
        Ok(())
    }

    /// Reads what is new in the stores that somebody watches (all of them, or those with news) and hands it out.
    fn forward(&self, conn: &mut PgConnection, told: Option<&[Uuid]>) -> Result<()> {
        for (store_id, mut last_seq) in self.watched(told) {
            loop {
                let rows = events::after(conn, store_id, None, last_seq, 500)?;
                let Some(newest) = rows.last().map(|row| row.seq) else { break };
                last_seq = newest;
                self.hand_out(store_id, rows);
            }
        }
        Ok(())
    }

    /// The watched stores and how far each is; a store that nobody watches any more is let go.
    fn watched(&self, told: Option<&[Uuid]>) -> Vec<(Uuid, i64)> {
        let mut stores = self.stores.lock().unwrap_or_else(PoisonError::into_inner);
        stores.retain(|_, store| store.sender.receiver_count() > 0);
        let named = |id: &Uuid| told.is_none_or(|told| told.contains(id));
        stores.iter().filter(|(id, _)| named(id)).map(|(id, store)| (*id, store.last_seq)).collect()
    }

    fn hand_out(&self, store_id: Uuid, rows: Vec<EventRow>) {
        let mut stores = self.stores.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(store) = stores.get_mut(&store_id) else { return };
        for row in rows {
            store.last_seq = store.last_seq.max(row.seq);
            // Nobody left to hear it is no failure.
            let _ = store.sender.send(Arc::new(row));
        }
    }
}
