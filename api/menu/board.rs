//! The menus of this process, ready to be sent: made once after a change, compressed, and served from memory.
//!
//! A menu is good until PostgreSQL says that its store or the catalogue has changed ([`Board::stale`]), until the next time
//! at which it changes by itself, and for at most [`MAX_AGE`]. One request makes it anew, the others wait for that one.

use std::collections::BTreeMap;
use std::io::Write;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use actix_web::web::Bytes;
use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::Tz;
use diesel::pg::PgConnection;
use domain::availability::{Servings, Shelf, count};
use domain::catalogue::Context;
use domain::hours::{local, next_edge};
use domain::language::Language;
use domain::order::{Channel, ServiceType};
use uuid::Uuid;

use crate::catalogue::Catalogues;
use crate::clock;
use crate::db::Db;
use crate::error::{Error, Fault, Result};
use crate::http::auth::hash_of;
use crate::http::store_path;
use crate::menu::queries;
use crate::menu::view::{Kitchen, menu};

/// What a broken line to PostgreSQL swallowed comes this late.
const MAX_AGE: Duration = Duration::from_secs(10);
/// A menu that nobody asks for stays so long.
const KEPT: TimeDelta = TimeDelta::minutes(5);

/// Which menu is asked for.
#[derive(Clone, Debug)]
pub(super) struct Asked {
    /// Id or slug of the store, as it stands in the path.
    pub(super) store: String,
    /// The store's first service when absent.
    pub(super) service: Option<ServiceType>,
    pub(super) channel: Channel,
    pub(super) language: Language,
}

/// One menu, whatever it was called.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Key {
    store_id: Uuid,
    service: ServiceType,
    channel: Channel,
    language: Language,
}

/// A store as paths name it.
#[derive(Clone)]
struct Named {
    store_id: Uuid,
    zone: Tz,
    services: Vec<ServiceType>,
    known_until: DateTime<Utc>,
}

/// A menu that can be sent.
pub(super) struct Ready {
    pub(super) etag: String,
    pub(super) plain: Bytes,
    pub(super) gzip: Bytes,
    pub(super) brotli: Bytes,
    store_id: Uuid,
    /// The state of changes that it was made in, or found unchanged in.
    seen: Seen,
    good_until: DateTime<Utc>,
}

/// Counts what PostgreSQL has told: of the whole catalogue, and of one store.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Seen {
    catalogue: u64,
    store: u64,
}

#[derive(Default)]
struct Changes {
    catalogue: u64,
    stores: BTreeMap<Uuid, u64>,
}

#[derive(Default)]
struct Place {
    ready: Mutex<Option<Arc<Ready>>>,
    making: tokio::sync::Mutex<()>,
}

/// What has changed.
#[derive(Clone, Copy, Debug)]
pub enum Notice {
    Store(Uuid),
    /// The catalogue, or nobody knows what.
    Everything,
}

pub struct Board {
    catalogues: Catalogues,
    changes: Mutex<Changes>,
    /// By slug or id: only names that exist, each spelt in one way.
    names: Mutex<BTreeMap<String, Named>>,
    places: Mutex<BTreeMap<Key, Arc<Place>>>,
}

fn open<T>(lock: &Mutex<T>) -> MutexGuard<'_, T> {
    lock.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Board {
    pub fn new(catalogues: Catalogues) -> Board {
        Board { catalogues, changes: Mutex::default(), names: Mutex::default(), places: Mutex::default() }
    }

    /// From now on the menus of this store, or all of them, are looked at again before they are sent.
    pub fn stale(&self, notice: Notice) {
        let mut changes = open(&self.changes);
        match notice {
            Notice::Store(id) => *changes.stores.entry(id).or_default() += 1,
            Notice::Everything => changes.catalogue += 1,
        }
    }

    fn seen(&self, store_id: Uuid) -> Seen {
        let changes = open(&self.changes);
        Seen { catalogue: changes.catalogue, store: changes.stores.get(&store_id).copied().unwrap_or(0) }
    }

    fn good(&self, ready: &Ready) -> bool {
        ready.seen == self.seen(ready.store_id) && clock::now() < ready.good_until
    }

    pub(super) async fn ready(self: Arc<Self>, db: &Db, asked: Asked) -> Result<Arc<Ready>> {
        let named = self.named(db, asked.store).await?;
        let service = asked.service.or(named.services.first().copied()).unwrap_or(ServiceType::Collection);
        if !named.services.contains(&service) {
            return Err(Error::invalid(vec![Fault::new("serviceType", "not_offered")]));
        }
        let (store_id, zone) = (named.store_id, named.zone);
        let key = Key { store_id, service, channel: asked.channel, language: asked.language };
        let place = Arc::clone(open(&self.places).entry(key).or_default());
        if let Some(ready) = open(&place.ready).clone().filter(|ready| self.good(ready)) {
            return Ok(ready);
        }
        let _only = place.making.lock().await;
        let before = open(&place.ready).clone();
        if let Some(ready) = before.clone().filter(|ready| self.good(ready)) {
            return Ok(ready);
        }
        let board = Arc::clone(&self);
        let ready = db.run(move |conn| board.make(conn, key, zone, before.as_deref())).await?;
        *open(&place.ready) = Some(Arc::clone(&ready));
        self.tidy();
        Ok(ready)
    }

    /// The store behind an id or a slug. What does not exist is not kept, so strangers cannot fill the board.
    async fn named(self: &Arc<Self>, db: &Db, store: String) -> Result<Named> {
        let name = Uuid::try_parse(&store).map_or(store, |id| id.to_string());
        let known = open(&self.names).get(&name).filter(|named| clock::now() < named.known_until).cloned();
        if let Some(named) = known {
            return Ok(named);
        }
        let asked = name.clone();
        let named = db.run(move |conn| {
            let store_id = store_path::resolve(conn, &asked)?;
            let (zone, services) = queries::store(conn, store_id)?;
            Ok(Named { store_id, zone, services, known_until: clock::now() + max_age() })
        });
        let named = named.await?;
        open(&self.names).insert(name, named.clone());
        Ok(named)
    }

    /// Lets go of menus that nobody has asked for lately: one that is asked for is made anew every few seconds.
    fn tidy(&self) {
        let long_ago = clock::now() - KEPT;
        let asked_for = |place: &Arc<Place>| open(&place.ready).as_ref().is_none_or(|ready| ready.good_until > long_ago);
        open(&self.places).retain(|_, place| asked_for(place));
    }

    fn make(&self, conn: &mut PgConnection, key: Key, zone: Tz, before: Option<&Ready>) -> Result<Arc<Ready>> {
        let Key { store_id, service, channel, language } = key;
        // What is told from here on makes the result old.
        let seen = self.seen(store_id);
        let now = clock::now();
        let (catalogue, snoozed) = self.catalogues.at(conn, store_id, now)?;
        let shelf = Shelf { available: queries::available(conn, store_id)?, snoozed };
        let at = local(now, zone);
        let context = Context { store: store_id, service, channel, at };
        let servings: Servings = count(&catalogue, &shelf);
        let kitchen = Kitchen { catalogue: &catalogue, servings: &servings, context, language };
        let body = serde_json::to_vec(&menu(&kitchen))?;
        let edge = next_edge(catalogue.categories.iter().flat_map(|category| &category.windows), at);
        let ends = [Some(now + (edge - at)), queries::next_end(conn, store_id, now)?, Some(now + max_age())];
        let good_until = ends.into_iter().flatten().min().unwrap_or(now);
        let etag = hash_of(&body, 12);
        let (plain, gzip, brotli) = match before {
            Some(before) if before.etag == etag => (before.plain.clone(), before.gzip.clone(), before.brotli.clone()),
            _ => (Bytes::from(body.clone()), gzipped(&body)?, brotlied(&body)?),
        };
        Ok(Arc::new(Ready { etag, plain, gzip, brotli, store_id, seen, good_until }))
    }
}

fn max_age() -> TimeDelta {
    TimeDelta::from_std(MAX_AGE).unwrap_or_default()
}

fn gzipped(body: &[u8]) -> Result<Bytes> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(body).map_err(Error::internal)?;
    Ok(encoder.finish().map_err(Error::internal)?.into())
}

/// Quality 5: nearly as small as the best, and made in a few milliseconds.
fn brotlied(body: &[u8]) -> Result<Bytes> {
    let mut out = Vec::new();
    brotli::CompressorWriter::new(&mut out, 4096, 5, 22).write_all(body).map_err(Error::internal)?;
    Ok(out.into())
}
