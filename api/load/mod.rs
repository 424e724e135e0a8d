//! Bringing in whole catalogues, stores and people from JSON: an operator's act, idempotent, all or nothing.
//!
//! The one stranger that writes tables of other slices; stock goes through its ledger all the same.

mod combos;
mod document;
mod ingredients;
mod modifiers;
mod people;
mod prices;
mod products;
mod promotions;
mod recipes;
mod stores;
mod values;
mod versions;
mod zones;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};
use diesel::pg::PgConnection;
use diesel::prelude::*;
use diesel::sql_types::Jsonb;
use domain::hours::Window;
use serde_json::Value;
use uuid::Uuid;

use crate::config::Environment;
use crate::error::{Error, Fault, Result};
use crate::http::receive::pointer;
use crate::stock::ledger;
use document::Document;

/// What was read, for people.
#[derive(Debug, Default)]
pub struct Loaded {
    pub stores: usize,
    pub ingredients: usize,
    pub products: usize,
    pub people: usize,
}

/// One file: its name opens every pointer in an error.
struct Source {
    name: String,
    document: Document,
}

/// Ids by slug of what is in the database, the loaded included.
type Ids = BTreeMap<String, Uuid>;

/// Collects what is wrong, each with `file#/pointer`.
struct Faults<'a> {
    source: &'a str,
    faults: Vec<Fault>,
}

impl<'a> Faults<'a> {
    fn of(source: &'a Source) -> Faults<'a> {
        Faults { source: &source.name, faults: Vec::new() }
    }

    fn add(&mut self, pointer: &str, reason: impl std::fmt::Display) {
        self.faults.push(Fault::new(format!("{}#{pointer}", self.source), "invalid_format").with("reason", reason));
    }

    /// The id behind a slug; a fault when there is none.
    fn resolve(&mut self, ids: &Ids, slug: &str, what: &str, pointer: &str) -> Option<Uuid> {
        let id = ids.get(slug).copied();
        if id.is_none() {
            self.add(pointer, format!("there is no {what} «{slug}»"));
        }
        id
    }

    /// What names a thing may come once: each with its pointer.
    fn distinct<K: Ord>(&mut self, keys: impl IntoIterator<Item = (K, String)>) {
        let mut seen = BTreeSet::new();
        for (key, pointer) in keys {
            if !seen.insert(key) {
                self.add(&pointer, "it is in the file twice");
            }
        }
    }

    /// A list has so many entries.
    fn length(&mut self, length: usize, bounds: std::ops::RangeInclusive<usize>, pointer: &str) {
        if !bounds.contains(&length) {
            self.add(pointer, format!("it has from {} to {} entries", bounds.start(), bounds.end()));
        }
    }

    fn windows(&mut self, windows: &[Window], at: &str) {
        self.length(windows.len(), 0..=20, at);
        for (index, _) in windows.iter().enumerate().filter(|(_, window)| window.weekdays.is_empty()) {
            self.add(&format!("{at}/{index}/weekdays"), "a window has at least one weekday");
        }
    }

    /// Ends here when something is wrong already.
    fn check(&mut self) -> Result<()> {
        if self.faults.is_empty() { Ok(()) } else { Err(Error::invalid(std::mem::take(&mut self.faults))) }
    }

    fn done(mut self) -> Result<()> {
        self.check()
    }

    /// Runs a statement that takes its rows as `$1`, one JSON array whose keys are the table's columns. When the database
    /// refuses, the transaction is lost: what comes after could not be judged.
    fn write(&mut self, conn: &mut PgConnection, pointer: &str, sql: &str, rows: Vec<Value>) -> Result<()> {
        if rows.is_empty() {
            return Ok(());
        }
        let written = diesel::sql_query(sql).bind::<Jsonb, _>(Value::Array(rows)).execute(conn);
        written.map(|_| ()).map_err(|error| self.refused(pointer, error))
    }

    /// What the database refused. The cause goes along: after a deadlock everything is done again.
    fn refused(&mut self, pointer: &str, error: diesel::result::Error) -> Error {
        self.add(pointer, &error);
        Error { source: Some(error.into()), ..Error::invalid(std::mem::take(&mut self.faults)) }
    }
}

/// Reads a JSON file, or every `*.json` of a folder.
pub fn read(path: &Path) -> Result<Files> {
    let mut files: Vec<PathBuf> = if path.is_dir() {
        let entries = std::fs::read_dir(path).map_err(|error| unreadable(path, error))?;
        entries.flatten().map(|entry| entry.path()).filter(|p| p.extension().is_some_and(|e| e == "json")).collect()
    } else {
        vec![path.to_owned()]
    };
    files.sort();
    if files.is_empty() {
        return Err(unreadable(path, "no .json file in it"));
    }
    let mut sources = Vec::new();
    for file in files {
        let name = file.display().to_string();
        let text = std::fs::read_to_string(&file).map_err(|error| unreadable(&file, error))?;
        sources.push(Source { document: parse(&name, &text)?, name });
    }
    Ok(Files(sources))
}

/// The demo chain, which is part of the program.
pub fn demo() -> Result<Files> {
    let files = [
        ("demo/ingredients.json", include_str!("../../demo/ingredients.json")),
        ("demo/menu.json", include_str!("../../demo/menu.json")),
        ("demo/people.json", include_str!("../../demo/people.json")),
        ("demo/prices.json", include_str!("../../demo/prices.json")),
        ("demo/promotions.json", include_str!("../../demo/promotions.json")),
        ("demo/stock.json", include_str!("../../demo/stock.json")),
        ("demo/stores.json", include_str!("../../demo/stores.json")),
        ("demo/tax-rates.json", include_str!("../../demo/tax-rates.json")),
    ];
    let sources = files.map(|(name, text)| Ok(Source { document: parse(name, text)?, name: name.to_owned() }));
    Ok(Files(sources.into_iter().collect::<Result<_>>()?))
}

/// Files that were read and understood.
pub struct Files(Vec<Source>);

fn parse(name: &str, text: &str) -> Result<Document> {
    let mut json = serde_json::Deserializer::from_str(text);
    let fault = |place: String, reason: &serde_json::Error| {
        Error::invalid(vec![Fault::new(format!("{name}#{place}"), "invalid_format").with("reason", reason)])
    };
    let document = serde_path_to_error::deserialize(&mut json).map_err(|error| fault(pointer(error.path()), error.inner()))?;
    json.end().map_err(|error| fault(String::new(), &error))?;
    Ok(document)
}

fn unreadable(path: &Path, reason: impl std::fmt::Display) -> Error {
    Error::invalid(vec![Fault::new(path.display().to_string(), "invalid_format").with("reason", reason)])
}

/// Loads everything, in the transaction of the caller: one fault, and nothing was loaded.
pub fn load(conn: &mut PgConnection, Files(sources): &Files, environment: Environment, now: DateTime<Utc>) -> Result<Loaded> {
    let mut loaded = Loaded::default();
    let before = versions::begin(conn)?;
    for source in sources {
        stores::stores(conn, source, now)?;
        prices::tax_rates(conn, source)?;
        prices::portion_policies(conn, source)?;
        ingredients::ingredients(conn, source)?;
        products::categories(conn, source)?;
        loaded.stores += source.document.stores.len();
        loaded.ingredients += source.document.ingredients.len();
    }
    for source in sources {
        modifiers::modifier_groups(conn, source, now)?;
    }
    for source in sources {
        products::products(conn, source, now)?;
        loaded.products += source.document.products.len();
    }
    for source in sources {
        combos::slots(conn, source)?;
        prices::price_overrides(conn, source)?;
        promotions::promotions(conn, source)?;
        people::people(conn, source, environment)?;
        stock(conn, source, now)?;
        loaded.people += source.document.people.len();
    }
    versions::move_on(conn, &before, now)?;
    Ok(loaded)
}

/// Opening stock of what a store does not count yet; counted stock stays as it is.
fn stock(conn: &mut PgConnection, source: &Source, now: DateTime<Utc>) -> Result<()> {
    let mut faults = Faults::of(source);
    let (store_ids, ingredient_ids) = (stores::ids(conn)?, ingredients::ids(conn)?);
    for (index, entry) in source.document.stock.iter().enumerate() {
        let store_id = faults.resolve(&store_ids, &entry.store, "store", &format!("/stock/{index}/store"));
        let mut levels = BTreeMap::new();
        for (slug, quantity) in &entry.levels {
            let pointer = format!("/stock/{index}/levels/{slug}");
            if quantity.0 < 0 {
                faults.add(&pointer, "stock is not below zero");
            }
            if let Some(id) = faults.resolve(&ingredient_ids, slug, "ingredient", &pointer) {
                levels.insert(id, *quantity);
            }
        }
        if let (Some(store_id), true) = (store_id, faults.faults.is_empty()) {
            ledger::open(conn, store_id, &levels, now)?;
        }
    }
    faults.done()
}

/// Whether anything was ever loaded.
pub fn is_empty(conn: &mut PgConnection) -> Result<bool> {
    Ok(schema::stores::table.count().get_result::<i64>(conn)? == 0)
}
