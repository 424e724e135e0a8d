//! The rules of the house, read from the text of the sources: which room may import which, who writes which table, what
//! is mounted, how long things may be. No compiler looks at these; a test that fails says file:line, the rule and why.

#![expect(clippy::expect_used, reason = "a source that cannot be read is a failed test")]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// The rooms of the house, lowest floor first: a file imports from lower floors and from its own room.
///
/// A ledger is a room of its own: carts and orders write through it and do not know the slice around it.
const LADDER: [&str; 10] = [
    "config openapi clock",
    "error telemetry embedded",
    "db events",
    "http jobs",
    "stores menu recipes stock accounts streams platform stock::ledger kitchen::ledger payments::ledger deliveries::ledger",
    "carts",
    "orders",
    "payments deliveries kitchen",
    "app worker load",
    "command main",
];

/// Imports on one floor that are meant: who, what, and why it does no harm.
const INTENDED: [(&str, &str, &str); 1] = [("embedded", "error", "the one error type of the house, which knows no neighbour")];

const DOMAIN_DEPENDENCIES: [&str; 6] = ["chrono", "chrono-tz", "serde", "thiserror", "utoipa", "uuid"];
const OUTSIDE_WORLD: [&str; 5] = ["env", "fs", "net", "time", "thread"];
const SAYS_NOTHING: [&str; 5] = ["utils", "util", "common", "helpers", "misc"];
const DIESEL_WRITES: [&str; 6] = ["insert_into", "insert_or_ignore_into", "replace_into", "copy_from", "update", "delete"];
const METHODS: [&str; 7] = ["get", "post", "put", "patch", "delete", "head", "route"];
const FILE_LINES: usize = 500;
const FUNCTION_LINES: usize = 60;

#[test]
fn every_room_imports_only_from_lower_floors() {
    verdict(api().iter().filter(|source| source.path != "api/lib.rs").flat_map(ladder_faults).collect());
}

#[test]
fn the_domain_knows_no_clock_and_no_outside_world() {
    let domain = sources("api/domain");
    let mut faults = forbid(&domain, &["Utc::now", "Local::now"], "`now` comes in as an argument");
    for source in &domain {
        for (offset, path) in paths(&source.code, "std::") {
            if OUTSIDE_WORLD.contains(&identifier(&path)) {
                faults.push(source.fault(offset, &format!("std::{path}: what the domain needs comes in as an argument")));
            }
        }
    }
    let mut section = "";
    for (line, text) in (1..).zip(read("api/domain/Cargo.toml").lines()) {
        section = if text.starts_with('[') { text } else { section };
        let key = match section.strip_prefix("[dependencies.") {
            Some(name) => name.trim_end_matches(']'),
            None => text.split([' ', '.', '=']).next().unwrap_or_default(),
        };
        let entry = section.starts_with("[dependencies") && !key.is_empty() && !key.starts_with(['[', '#']);
        if entry && !DOMAIN_DEPENDENCIES.contains(&key) {
            faults.push(format!("api/domain/Cargo.toml:{line}: depends on {key}: its short list is the proof that it is pure"));
        }
    }
    verdict(faults);
}

#[test]
fn only_its_owner_writes_a_table() {
    let owners = owners();
    verdict(api().iter().flat_map(|source| owner_faults(source, &owners)).collect());
}

#[test]
fn only_transition_updates_orders() {
    let (owners, mut faults) = (owners(), Vec::new());
    for source in api().iter().filter(|source| source.path != "api/orders/transition.rs") {
        for (offset, verb, _) in writes(source, &owners).into_iter().filter(|(_, _, table)| *table == "orders") {
            if verb == "update" {
                faults.push(source.fault(offset, "updates orders: only transition.rs does, or a status moves without its event"));
            }
        }
    }
    verdict(faults);
}

#[test]
fn nothing_is_served_without_being_documented() {
    verdict(forbid(&api(), &[".route(", "web::resource("], "serves past the document: use #[get(…)] and .service(…)"));
}

#[test]
fn every_handler_is_mounted() {
    let mut faults = Vec::new();
    for source in api() {
        let (folder, stem) = source.place();
        let home = format!("{folder}/mod.rs");
        let mounts: String =
            Source::of(&home, &fs::read_to_string(root(&home)).unwrap_or_default()).code.split_whitespace().collect();
        let code = production(&source.code);
        for (method, offset) in METHODS.iter().flat_map(|method| starts(code, &format!("{method}(")).map(move |at| (method, at)))
        {
            if code[..offset].trim_end_matches("actix_web::").ends_with("#[") {
                let handler = identifier(code[offset..].split_once("fn ").unwrap_or_default().1);
                let service = if stem == "mod" { format!(".service({handler})") } else { format!(".service({stem}::{handler})") };
                if !mounts.contains(&service) {
                    faults.push(source.fault(offset, &format!("{method} handler, but {home} lacks {service}: it serves nobody")));
                }
            }
        }
    }
    verdict(faults);
}

#[test]
fn every_schema_has_a_name_of_its_own() {
    let (mut seen, mut faults) = (BTreeMap::new(), Vec::new());
    for source in sources("api") {
        for (offset, name) in schema_names(production(&source.code)) {
            let place = source.fault(offset, &format!("schema {name}"));
            if let Some(first) = seen.insert(name.to_owned(), place.clone()) {
                faults.push(format!("{place} has the name of {first}: in the document the last one silently wins"));
            }
        }
    }
    verdict(faults);
}

#[test]
fn files_and_functions_stay_short_and_have_telling_names() {
    let mut faults = Vec::new();
    for source in written() {
        let lines = source.code.lines().count();
        if lines > FILE_LINES {
            faults.push(source.fault(0, &format!("{lines} lines, over {FILE_LINES}: it holds more than one thing")));
        }
        faults.extend(long_functions(&source));
        let words = words(&source.code);
        let modules = words.windows(2).filter(|pair| pair[0].1 == "mod").map(|pair| pair[1]);
        let parts = source.path.split(['/', '.']).map(|part| (0, part));
        for (offset, name) in parts.chain(modules).filter(|(_, name)| SAYS_NOTHING.contains(name)) {
            faults.push(source.fault(offset, &format!("«{name}» says nothing: such a place only grows")));
        }
    }
    verdict(faults);
}

#[test]
fn every_file_and_every_table_says_what_it_is() {
    let mut faults = Vec::new();
    for source in written().iter().filter(|source| source.path.starts_with("api/") && !read(&source.path).starts_with("//!")) {
        faults.push(source.fault(0, "does not begin with `//!`: the reader has to guess what it is for"));
    }
    for folder in migrations() {
        let missing = ["up.sql", "down.sql"].into_iter().filter(|name| !root(&folder).join(name).is_file());
        faults.extend(missing.map(|name| format!("{folder}/{name}:1: is missing: a migration goes both ways")));
        let uncommented = tables(&folder).into_iter().filter(|(_, _, comment)| comment.is_empty());
        faults.extend(uncommented.map(|(line, table, _)| {
            format!("{folder}/up.sql:{line}: no `comment on table {table}`: it says what the table is and who owns it")
        }));
    }
    verdict(faults);
}

#[test]
fn no_file_is_left_out_of_the_build() {
    let mut faults = Vec::new();
    for source in sources("api").into_iter().chain(sources("tests/api")) {
        let (parent, name) = match source.place() {
            (_, "lib" | "main") => continue,
            (folder, "mod") => folder.rsplit_once('/').unwrap_or_default(),
            place => place,
        };
        let parents = ["mod.rs", "lib.rs", "main.rs"].map(|file| format!("{parent}/{file}"));
        let parents = parents.iter().filter(|file| root(file).is_file()).map(|file| Source::of(file, &read(file)).code);
        let declares = |line: &str| line.trim().strip_suffix(&format!("mod {name};")).is_some_and(is_prefix);
        if !parents.into_iter().any(|code| code.lines().any(declares)) {
            faults.push(source.fault(0, &format!("no `mod {name};` in {parent}/: it is never compiled")));
        }
    }
    verdict(faults);
}

#[test]
fn only_config_reads_the_environment() {
    let why = "reads the environment: settings are read, checked and documented in config.rs";
    let others: Vec<Source> = sources("api").into_iter().filter(|source| source.path != "api/config.rs").collect();
    let mut faults = forbid(&others, &["env::var"], why);
    for source in &others {
        // An import in a group: `std::{env::{var}}`.
        let names = paths(&source.code, "std::").into_iter().filter(|(_, path)| path.starts_with("env::var"));
        faults.extend(names.map(|(offset, _)| source.fault(offset, &format!("`env::var` {why}"))));
    }
    verdict(faults);
}

#[test]
fn lints_are_expected_with_a_reason_and_never_allowed() {
    let mut faults = Vec::new();
    for source in written() {
        let allowed = starts(&source.code, "allow(").filter(|offset| source.code[..*offset].ends_with(['[', ',', ' ']));
        faults.extend(allowed.map(|offset| source.fault(offset, "`allow`: only `expect` tells when it is no longer needed")));
        for (offset, _) in source.code.match_indices("[expect(") {
            if !group(&source.code[offset..]).contains("reason =") {
                faults.push(source.fault(offset, "`expect` without a reason: the next reader cannot judge it"));
            }
        }
    }
    verdict(faults);
}

#[test]
fn the_ladder_sees_every_form_of_import() {
    let lines = |path: &str, text: &str| lines_of(ladder_faults(&Source::of(path, text)));
    let carts = "use crate::{clock, stock::ledger,\n orders::{self, view}};\nfn f() { crate::kitchen::ledger::g(crate::app::h) }";
    assert_eq!(lines("api/carts/x.rs", carts), [1, 1, 3]);
    let ledger = "// use crate::orders;\nuse super::view;\nuse crate::events::Fact;\nuse crate::stock::ledger;";
    assert_eq!(lines("api/kitchen/ledger.rs", ledger), [2, 4]);
    assert_eq!(lines("api/stores/x.rs", "use crate::menu;\nuse crate::*;\nuse super::super::app;"), [1, 2, 3]);
    assert!(lines("api/stock/levels.rs", "use crate::stock::ledger;\nuse super::ledger;\nuse super::*;").is_empty());
}

#[test]
fn the_owner_table_sees_every_form_of_write() {
    let text = "diesel::update(\n  kitchen_tickets::table.find(1));\nlet due = payments::table.find(1);\ndiesel::delete(due);
        \"with x as (select 1) insert into\\\n orders (id)\"; // update users set a = 1
        r#\"update stock_levels s set a = 1\"#;\ndiesel::update(&row);\ndiesel::insert_into(menu::table);
        diesel::insert_into(products::table);\n\"please update users and set\"; hash.update(x);";
    let lines = |path: &str| lines_of(owner_faults(&Source::of(path, text), &owners()));
    assert_eq!(lines("api/menu/x.rs"), [1, 4, 5, 7, 8, 9]);
    assert_eq!(lines("api/load/x.rs"), [7, 8, 9]);
}

#[test]
fn long_functions_are_seen_whatever_is_in_them() {
    let faults = |times: usize| {
        let body = "        f(\"\n}\n\"); // }\n".repeat(times);
        let text =
            format!("impl X {{\n    pub(crate) async fn f(\n        a: [u8; 2],\n    ) {{\n{body}    }}\n    fn h() {{}}\n}}\n");
        lines_of(long_functions(&Source::of("api/x.rs", &text)))
    };
    assert_eq!((faults(18), faults(19)), (vec![], vec![2]));
}

fn ladder_faults(source: &Source) -> Vec<String> {
    let (folder, stem) = source.place();
    let slice = folder.trim_start_matches("api").trim_start_matches('/');
    let from = if slice.is_empty() { room(stem) } else { room(&format!("{slice}::{stem}")) };
    // `super` counts from here; in the unit tests it is the file itself.
    let own = if slice.is_empty() || stem == "mod" { "crate::".to_owned() } else { format!("crate::{slice}::") };
    let code = production(&source.code);
    let spelled = code.replace("super::super::", "crate::").replace("super::", &own) + &source.code[code.len()..];
    let source = Source { path: source.path.clone(), code: spelled, literals: String::new() };
    let mut faults = Vec::new();
    for (offset, path) in paths(&source.code, "crate::").into_iter().filter(|(_, path)| path != "self") {
        let to = room(&path);
        let intended = INTENDED.iter().any(|(who, what, _)| (*who, *what) == (&from, &to));
        let (high, low) = (floor(&from), floor(&to));
        let lower = low.is_some() && low < high;
        if !lower && !intended && from != to && to.strip_suffix("::ledger") != Some(&from) {
            let rule = format!("{from} (floor {high:?}) names crate::{path} of {to} (floor {low:?})");
            faults.push(source.fault(offset, &format!("{rule}: only lower floors may be imported, or changes run in circles")));
        }
    }
    faults
}

fn room(path: &str) -> String {
    let mut parts = path.splitn(3, "::");
    let slice = parts.next().unwrap_or_default();
    let ledger = format!("{slice}::ledger");
    if parts.next() == Some("ledger") && floor(&ledger).is_some() { ledger } else { slice.to_owned() }
}

fn floor(room: &str) -> Option<usize> {
    LADDER.iter().position(|rooms| rooms.split(' ').any(|name| name == room)).map(|index| index + 1)
}

/// The owner of each table, as the migrations say it.
fn owners() -> BTreeMap<String, String> {
    let tables = migrations().into_iter().flat_map(|folder| tables(&folder));
    let owner = |comment: &str| {
        let (_, rest) = comment.split_once("Owned by ").unwrap_or_default();
        rest.split(|c| !is_word(c) && c != ':').next().unwrap_or_default().to_owned()
    };
    tables.map(|(_, table, comment)| (table, owner(&comment))).collect()
}

/// The tables that a migration creates: line, name, comment.
fn tables(migration: &str) -> Vec<(usize, String, String)> {
    let up = read(&format!("{migration}/up.sql"));
    let created = (1..).zip(up.lines()).filter_map(|(line, text)| {
        let table = identifier(text.strip_prefix("create ")?.trim_start_matches("unlogged ").strip_prefix("table ")?);
        let comment = up.split_once(&format!("comment on table {table} is '")).and_then(|(_, rest)| rest.split_once("';"));
        Some((line, table.to_owned(), comment.unwrap_or_default().0.to_owned()))
    });
    created.collect()
}

fn owner_faults(source: &Source, owners: &BTreeMap<String, String>) -> Vec<String> {
    let mut faults = Vec::new();
    for (offset, verb, table) in writes(source, owners) {
        let owner = owners.get(table).map_or("", String::as_str);
        let place = format!("api/{}", owner.replace("::", "/"));
        let own = source.path == format!("{place}.rs") || source.path.starts_with(&format!("{place}/"));
        let loading = source.path.starts_with("api/load/") && owner != "stock::ledger";
        if owner.is_empty() {
            faults.push(source.fault(offset, &format!("{verb} of «{table}»: name an owned table there, or nobody can check it")));
        } else if !own && !loading {
            let rule = format!("{verb} of {table}, which {owner} owns: others go around its invariants");
            faults.push(source.fault(offset, &rule));
        }
    }
    faults
}

/// What a file writes, through diesel and in SQL: offset, verb, table. The table is empty where the text does not tell.
fn writes<'a>(source: &'a Source, owners: &BTreeMap<String, String>) -> Vec<(usize, &'a str, &'a str)> {
    let (code, mut writes) = (source.code.as_str(), Vec::new());
    for verb in DIESEL_WRITES {
        for offset in starts(code, &format!("{verb}(")) {
            let table = table_of(code, offset + verb.len()).unwrap_or_default();
            let method = code[..offset].ends_with('.') && !verb.ends_with("into");
            if code[..offset].ends_with("diesel::") || !method && !table.is_empty() {
                writes.push((offset, verb, table));
            }
        }
    }
    let words = words(&source.literals);
    for (index, (offset, verb)) in words.iter().enumerate() {
        let word = |ahead: usize| words.get(index + ahead).map_or("", |(_, word)| *word);
        let is = |ahead: usize, expected: &str| word(ahead).eq_ignore_ascii_case(expected);
        // `set` follows the table or its alias; without it this is a sentence.
        let update = is(0, "update") && (2..=4).any(|ahead| is(ahead, "set"));
        let table = if update { word(1) } else { word(2) };
        let other = is(0, "insert") && is(1, "into") || is(0, "delete") && is(1, "from");
        if (update || other) && owners.contains_key(table) {
            writes.push((*offset, if update { "update" } else { *verb }, table));
        }
    }
    writes
}

/// The `x` of the first `x::table` in the parentheses at `open`, or behind the variable that they name.
fn table_of(code: &str, open: usize) -> Option<&str> {
    let argument = group(&code[open..]);
    before_table(argument).or_else(|| {
        let bound = code[..open].rfind(&format!("let {} =", identifier(argument)))?;
        before_table(code[bound..].split(';').next()?)
    })
}

fn before_table(text: &str) -> Option<&str> {
    text.split_once("::table").map(|(before, _)| last_identifier(before))
}

/// Names of the types that the document knows: derived, or declared by `words!`.
fn schema_names(code: &str) -> Vec<(usize, &str)> {
    let derives = code.match_indices("#[derive(").filter(|(offset, _)| group(&code[offset + 1..]).contains("ToSchema"));
    let derived = derives.filter_map(|(offset, _)| {
        let item = ["struct ", "enum "].iter().filter_map(|item| Some(offset + code[offset..].find(item)? + item.len())).min()?;
        Some((offset, identifier(&code[item..])))
    });
    let declared = code.match_indices("words! {").map(|(offset, start)| {
        let head = code[offset + start.len()..].split('{').next().unwrap_or_default();
        (offset, last_identifier(head.trim_end()))
    });
    // In `macro_rules!` the name is a `$variable`.
    derived.chain(declared).filter(|(_, name)| !name.is_empty()).collect()
}

fn long_functions(source: &Source) -> Vec<String> {
    let (lines, mut faults) = (source.code.lines().collect::<Vec<_>>(), Vec::new());
    let mut offset = 0;
    for (start, text) in lines.iter().enumerate() {
        let indent = text.len() - text.trim_start().len();
        let signature = lines[start..].iter().map(|text| text.trim_end()).find(|text| text.ends_with(['{', '}', ';']));
        if let Some((before, name)) = text.split_once("fn ").filter(|_| signature.is_some_and(|text| text.ends_with('{'))) {
            let closing = format!("{}}}", &text[..indent]);
            let length = lines[start..].iter().position(|text| text.starts_with(&closing)).map_or(0, |end| end + 1);
            if is_prefix(before) && length > FUNCTION_LINES {
                let rule = format!("{} has {length} lines, over {FUNCTION_LINES}: it does more than one thing", identifier(name));
                faults.push(source.fault(offset, &rule));
            }
        }
        offset += text.len() + 1;
    }
    faults
}

/// Whether this may stand before `fn` or `mod`.
fn is_prefix(text: &str) -> bool {
    text.split_whitespace().all(|word| ["pub", "async", "const", "unsafe"].contains(&word) || word.starts_with("pub("))
}

struct Source {
    path: String,
    /// The text with comments and literals blanked, byte for byte.
    code: String,
    /// The text with all but literals blanked.
    literals: String,
}

impl Source {
    fn of(path: &str, text: &str) -> Self {
        Self { path: path.to_owned(), code: keep(text, Kind::Code), literals: keep(text, Kind::Literal) }
    }

    /// Folder and stem.
    fn place(&self) -> (&str, &str) {
        self.path.trim_end_matches(".rs").rsplit_once('/').unwrap_or_default()
    }

    fn fault(&self, offset: usize, rule: &str) -> String {
        format!("{}:{}: {rule}", self.path, self.code[..offset].matches('\n').count() + 1)
    }
}

fn verdict(mut faults: Vec<String>) {
    faults.sort();
    faults.dedup();
    assert!(faults.is_empty(), "\n{}\n", faults.join("\n"));
}

/// The lines that the faults name, in order.
fn lines_of(faults: Vec<String>) -> Vec<usize> {
    let mut lines: Vec<usize> = faults.iter().filter_map(|fault| fault.split(':').nth(1)?.parse().ok()).collect();
    lines.sort_unstable();
    lines
}

fn forbid(sources: &[Source], needles: &[&str], why: &str) -> Vec<String> {
    let pairs = sources.iter().flat_map(|source| needles.iter().map(move |needle| (source, needle)));
    let found =
        pairs.flat_map(|(source, needle)| source.code.match_indices(needle).map(move |(offset, _)| (source, offset, needle)));
    found.map(|(source, offset, needle)| source.fault(offset, &format!("`{needle}` {why}"))).collect()
}

fn root(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

fn read(path: &str) -> String {
    fs::read_to_string(root(path)).expect(path)
}

fn list(folder: &str) -> Vec<String> {
    let entries = fs::read_dir(root(folder)).expect(folder);
    let names = entries.map(|entry| entry.expect(folder).file_name().to_string_lossy().into_owned());
    let mut paths: Vec<String> = names.map(|name| format!("{folder}/{name}")).collect();
    paths.sort();
    paths
}

fn migrations() -> Vec<String> {
    list("migrations").into_iter().filter(|path| root(path).is_dir()).collect()
}

fn sources(folder: &str) -> Vec<Source> {
    let (folders, files): (Vec<String>, Vec<String>) = list(folder).into_iter().partition(|path| root(path).is_dir());
    let files = files.iter().filter(|path| path.ends_with(".rs")).map(|path| Source::of(path, &read(path)));
    files.chain(folders.iter().flat_map(|folder| sources(folder))).collect()
}

/// The API without the crates that live in its folder.
fn api() -> Vec<Source> {
    sources("api").into_iter().filter(|source| !["api/domain", "api/schema"].contains(&source.place().0)).collect()
}

/// All that is written by hand.
fn written() -> Vec<Source> {
    sources("api").into_iter().chain(sources("tests")).filter(|source| source.path != "api/schema/lib.rs").collect()
}

#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Code,
    Comment,
    Literal,
}

/// The text with everything of another kind blanked; offsets and lines stay.
fn keep(text: &str, kind: Kind) -> String {
    let (bytes, mut kept) = (text.as_bytes(), Vec::with_capacity(text.len()));
    while kept.len() < bytes.len() {
        let inside_word = kept.last().is_some_and(|_| is_word(char::from(bytes[kept.len() - 1])));
        let (length, found) = token(&bytes[kept.len()..], inside_word);
        let piece = bytes[kept.len()..].iter().take(length);
        kept.extend(piece.map(|byte| if found == kind || *byte == b'\n' { *byte } else { b' ' }).collect::<Vec<_>>());
    }
    String::from_utf8_lossy(&kept).into_owned()
}

/// Length and kind of what stands at the beginning.
fn token(rest: &[u8], inside_word: bool) -> (usize, Kind) {
    let until = |end: &[u8], from: usize| {
        let found = rest.windows(end.len()).skip(from).position(|window| window == end);
        found.map_or(rest.len(), |index| from + index + end.len())
    };
    match rest {
        [b'/', b'/', ..] => (until(b"\n", 0), Kind::Comment),
        [b'/', b'*', ..] => (until(b"*/", 2), Kind::Comment),
        [b'r', b'"' | b'#', ..] if !inside_word => {
            let hashes = rest[1..].iter().take_while(|byte| **byte == b'#').count();
            let end = [b"\"".as_slice(), &b"#".repeat(hashes)].concat();
            if rest.get(hashes + 1) == Some(&b'"') { (until(&end, hashes + 2), Kind::Literal) } else { (1, Kind::Code) }
        }
        [b'"', ..] => {
            let mut end = 1;
            while end < rest.len() && rest[end] != b'"' {
                end += if rest[end] == b'\\' { 2 } else { 1 };
            }
            (end + 1, Kind::Literal)
        }
        [b'\'', b'\\', ..] => (until(b"'", 3), Kind::Literal),
        // A character, and not a lifetime.
        [b'\'', _, b'\'', ..] | [b'\'', 0x80..=0xff, ..] => (until(b"'", 2), Kind::Literal),
        _ => (1, Kind::Code),
    }
}

/// The code before the unit tests at its end.
fn production(code: &str) -> &str {
    code.split("#[cfg(test)]\nmod ").next().unwrap_or_default()
}

fn is_word(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_'
}

fn identifier(text: &str) -> &str {
    text.split(|c| !is_word(c)).next().unwrap_or_default()
}

fn last_identifier(text: &str) -> &str {
    text.rsplit(|c| !is_word(c)).next().unwrap_or_default()
}

fn words(text: &str) -> Vec<(usize, &str)> {
    let mut offset = 0;
    let pieces = text.split_inclusive(|c| !is_word(c)).map(|piece| {
        offset += piece.len();
        (offset - piece.len(), piece.trim_end_matches(|c| !is_word(c)))
    });
    pieces.filter(|(_, word)| !word.is_empty()).collect()
}

/// Where a word begins with this.
fn starts(text: &str, needle: &str) -> std::vec::IntoIter<usize> {
    let found = text.match_indices(needle).map(|(offset, _)| offset);
    found.filter(|offset| !text[..*offset].ends_with(is_word)).collect::<Vec<_>>().into_iter()
}

/// What is between the bracket at the beginning and the one that closes it.
fn group(text: &str) -> &str {
    let mut depth = 0;
    let close = text.find(|c| {
        depth += i32::from("([{".contains(c)) - i32::from(")]}".contains(c));
        depth == 0
    });
    text.get(1..close.unwrap_or_default()).unwrap_or_default().trim_start()
}

/// Every path that goes on after `start`, with groups written out.
fn paths(code: &str, start: &str) -> Vec<(usize, String)> {
    let tails = |offset: usize| expand(&code[offset + start.len()..]).into_iter().map(move |path| (offset, path));
    starts(code, start).flat_map(tails).collect()
}

fn expand(tree: &str) -> Vec<String> {
    let tree = tree.trim_start();
    if !tree.starts_with('{') {
        let name = identifier(tree);
        return match tree[name.len()..].strip_prefix("::") {
            Some(rest) => expand(rest).iter().map(|path| format!("{name}::{path}")).collect(),
            None => vec![name.to_owned()],
        };
    }
    let mut depth = 0;
    let items = group(tree).split(|c| {
        depth += i32::from(c == '{') - i32::from(c == '}');
        c == ',' && depth == 0
    });
    items.filter(|item| !item.trim().is_empty()).flat_map(expand).collect()
}
