//! The rules of the house, read from the text of the sources: which room may import which, who writes which table, what
//! is mounted, how long things may be. No compiler looks at these; a test that fails says file:line, the rule and why.

#![expect(clippy::expect_used, reason = "a source that cannot be read is a failed test")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// The rooms of the house, lowest floor first: a file imports from lower floors and from its own room.
///
/// A ledger is a room of its own: carts and orders write through it and do not know the slice around it.
const LADDER: [&str; 10] = [
    "config openapi clock",
    "error telemetry",
    "db events embedded audit",
    "http jobs catalogue recipes::ledger",
    "stores menu products recipes promotions stock accounts streams platform
     stock::ledger promotions::ledger kitchen::ledger payments::ledger deliveries::ledger",
    "carts",
    "orders",
    "payments deliveries kitchen",
    "app worker load",
    "command main",
];

/// Functions that may be long: where, which, and why.
const LONG: [(&str, &str, &str); 1] =
    [("api/http/sentences.rs", "of", "a table as one exhaustive match: no code compiles without its sentences")];

const DOMAIN_DEPENDENCIES: [&str; 6] = ["chrono", "chrono-tz", "serde", "thiserror", "utoipa", "uuid"];
const OUTSIDE_WORLD: [&str; 5] = ["env", "fs", "net", "time", "thread"];
const SAYS_NOTHING: [&str; 5] = ["utils", "util", "common", "helpers", "misc"];
const DIESEL_WRITES: [&str; 6] = ["insert_into", "insert_or_ignore_into", "replace_into", "copy_from", "update", "delete"];
const METHODS: [&str; 7] = ["get", "post", "put", "patch", "delete", "head", "route"];
const FILE_LINES: usize = 500;
const FUNCTION_LINES: usize = 60;

#[test]
fn every_room_imports_only_from_lower_floors() {
    check(api(), ladder_faults);
}

#[test]
fn the_domain_knows_no_clock_and_no_outside_world() {
    check(sources("api/domain"), |source| {
        let mut faults = forbid(source, &["Utc::now", "Local::now"], "asks the clock: `now` comes in as an argument");
        let outside = paths(&source.code, "std::").into_iter().filter(|(_, path)| OUTSIDE_WORLD.contains(&identifier(path)));
        faults.extend(outside.map(|(at, path)| (at, format!("std::{path}: what the domain needs comes in as an argument"))));
        faults
    });
    let manifest = read("api/domain/Cargo.toml");
    let lines = manifest.lines().zip(1..).skip_while(|(text, _)| *text != "[dependencies]").skip(1);
    for (text, line) in lines.take_while(|(text, _)| !text.starts_with('[')).filter(|(text, _)| !text.is_empty()) {
        let why = "the short list is the proof that the domain is pure";
        let known = DOMAIN_DEPENDENCIES.contains(&text.split(['.', ' ', '=']).next().unwrap_or_default());
        assert!(known, "api/domain/Cargo.toml:{line}: {text}: {why}");
    }
}

#[test]
fn only_its_owner_writes_a_table() {
    let tables = tables();
    check(api(), |source| owner_faults(source, &tables));
}

#[test]
fn only_transition_updates_orders() {
    let (tables, why) = (tables(), "updates orders: only transition.rs does, or a status moves without its event");
    check(api().filter(|source| source.path != "api/orders/transition.rs"), |source| {
        let updates = writes(source, &tables).into_iter().filter(|(_, verb, table)| (*verb, *table) == ("update", "orders"));
        updates.map(|(at, ..)| (at, why.to_owned())).collect()
    });
}

#[test]
fn nothing_is_served_without_being_documented() {
    let why = "serves past the document: use #[get(…)] and .service(…)";
    check(api(), |source| forbid(source, &[".route(", "web::resource("], why));
}

#[test]
fn every_handler_is_mounted() {
    check(api(), |source| {
        let (folder, stem) = source.place();
        let home = format!("{folder}/mod.rs");
        let mounts: String = keep(&read(&home), CODE).split_whitespace().collect();
        let code = production(&source.code);
        let macros = METHODS.iter().flat_map(|method| starts(code, &format!("{method}(")));
        let attributes = macros.filter(|at| code[..*at].trim_end_matches("actix_web::").ends_with("#["));
        let unmounted = attributes.filter_map(|at| {
            let handler = identifier(code[at..].split_once("fn ")?.1);
            let service = format!(".service({stem}::{handler})").replace("(mod::", "(");
            (!mounts.contains(&service)).then(|| (at, format!("{home} lacks {service}: this handler serves nobody")))
        });
        unmounted.collect()
    });
}

#[test]
fn every_schema_has_a_name_of_its_own() {
    let mut seen = BTreeMap::new();
    check(sources("api"), |source| {
        let names = schema_names(production(&source.code)).into_iter();
        let again = names.filter_map(|(at, name)| {
            let first = seen.insert(name.to_owned(), format!("{}:{}", source.path, source.line(at)))?;
            Some((at, format!("schema {name} is in {first} as well: in the document the last one silently wins")))
        });
        again.collect()
    });
}

#[test]
fn files_and_functions_stay_short_and_have_telling_names() {
    check(written(), |source| {
        let mut faults = long_functions(source);
        let lines = source.code.lines().count();
        if lines > FILE_LINES {
            faults.push((0, format!("{lines} lines, over {FILE_LINES}: it holds more than one thing")));
        }
        let words = words(&source.code);
        let modules = words.windows(2).filter(|pair| pair[0].1 == "mod").map(|pair| pair[1]);
        let names = source.path.split(['/', '.']).map(|part| (0, part)).chain(modules);
        let empty = names.filter(|(_, name)| SAYS_NOTHING.contains(name));
        faults.extend(empty.map(|(at, name)| (at, format!("«{name}» says nothing: such a place only grows"))));
        faults
    });
}

#[test]
fn every_file_and_every_table_says_what_it_is() {
    let silent = written().filter(|source| source.path.starts_with("api/") && !read(&source.path).starts_with("//!"));
    check(silent, |_| vec![(0, "does not begin with `//!`: the reader has to guess what it is for".to_owned())]);
    for file in files("migrations", ".sql") {
        let both = ["up.sql", "down.sql"].iter().all(|name| root(&file).with_file_name(name).is_file());
        assert!(both, "{file}:1: up.sql or down.sql is missing beside it: a migration goes both ways");
    }
    for (table, (place, owner)) in tables() {
        assert!(!owner.is_empty(), "{place}: no `comment on table {table} is '… Owned by ….'`: nobody knows who may write it");
    }
}

#[test]
fn no_file_is_left_out_of_the_build() {
    let inner = sources("api").into_iter().chain(sources("tests/api"));
    check(inner.filter(|source| !["lib", "main"].contains(&source.place().1)), |source| {
        let (folder, stem) = source.place();
        let (parent, name) = if stem == "mod" { folder.rsplit_once('/').unwrap_or_default() } else { (folder, stem) };
        let parents = ["mod.rs", "lib.rs", "main.rs"].map(|file| keep(&read(&format!("{parent}/{file}")), CODE));
        let declares = |line: &str| line.trim().strip_suffix(&format!("mod {name};")).is_some_and(is_prefix);
        let named = parents.iter().any(|code| code.lines().any(declares));
        if named { vec![] } else { vec![(0, format!("no `mod {name};` in {parent}/: it is never compiled"))] }
    });
}

#[test]
fn only_config_reads_the_environment() {
    let why = "reads the environment: settings are read, checked and documented in config.rs";
    let others = sources("api").into_iter().filter(|source| source.path != "api/config.rs");
    check(others, |source| forbid(source, &["env::var", "env::{var"], why));
}

#[test]
fn lints_are_expected_with_a_reason_and_never_allowed() {
    check(written(), |source| {
        let mut faults =
            forbid(source, &["[allow(", ", allow("], "hides a lint for good: only `expect` tells when it is no longer needed");
        let expected = starts(&source.code, "[expect(").into_iter().filter(|at| !group(&source.code[*at..]).contains("reason ="));
        faults.extend(expected.map(|at| (at, "`expect` without a reason: the next reader cannot judge it".to_owned())));
        faults
    });
}

#[test]
fn the_ladder_sees_every_form_of_import() {
    let lines = |path: &str, text: &str| Source::of(path, text).lines(ladder_faults);
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
        diesel::insert_into(products::table);\n\"please update users soon\"; hash.update(x);";
    let lines = |path: &str| Source::of(path, text).lines(|source| owner_faults(source, &tables()));
    assert_eq!(lines("api/products/x.rs"), [1, 4, 5, 7, 8, 9]);
    assert_eq!(lines("api/load/x.rs"), [7, 8, 9]);
}

#[test]
fn long_functions_are_seen_whatever_is_in_them() {
    let lines = |times: usize| {
        let body = "        f(\"\n}\n\"); // }\n".repeat(times);
        let text = format!("impl X {{\n    pub(crate) fn f(\n        a: [u8; 2],\n    ) {{\n{body}    }}\n    fn h() {{}}\n}}\n");
        Source::of("api/x.rs", &text).lines(long_functions)
    };
    assert_eq!((lines(18), lines(19)), (vec![], vec![2]));
}

/// Where, and what is wrong there.
type Faults = Vec<(usize, String)>;

fn check(sources: impl IntoIterator<Item = Source>, mut rule: impl FnMut(&Source) -> Faults) {
    let mut faults = BTreeSet::new();
    for source in sources {
        faults.extend(rule(&source).into_iter().map(|(at, what)| format!("{}:{}: {what}", source.path, source.line(at))));
    }
    assert!(faults.is_empty(), "\n{}\n", faults.into_iter().collect::<Vec<_>>().join("\n"));
}

fn forbid(source: &Source, needles: &[&str], why: &str) -> Faults {
    let found = needles.iter().flat_map(|needle| source.code.match_indices(needle));
    found.map(|(at, needle)| (at, format!("`{needle}` {why}"))).collect()
}

fn ladder_faults(source: &Source) -> Faults {
    let module = source.path.trim_start_matches("api/").trim_end_matches(".rs").trim_end_matches("/mod").replace('/', "::");
    let (from, folder) = (room(&module), module.rsplit_once("::").map_or(String::new(), |(slice, _)| format!("{slice}::")));
    // In the unit tests `super` is the file itself.
    let above = paths(production(&source.code), "super::").into_iter().map(|(at, path)| (at, format!("{folder}{path}")));
    let named = paths(&source.code, "crate::").into_iter().chain(above).filter_map(|(at, path)| {
        let path = path.strip_prefix(&format!("{folder}super::")).unwrap_or(&path);
        let to = room(path);
        let (high, low) = (floor(&from), floor(&to));
        let own = from == to || to.strip_suffix("::ledger") == Some(&from);
        let rule = format!("{from} (floor {high:?}) names crate::{path} of {to} (floor {low:?})");
        let fine = own || low.is_some() && low < high;
        (!fine).then(|| (at, format!("{rule}: only lower floors may be imported, or changes run in circles")))
    });
    named.collect()
}

fn room(path: &str) -> String {
    let ledger = path.split("::").take(2).collect::<Vec<_>>().join("::");
    if floor(&ledger).is_some() { ledger } else { identifier(path).to_owned() }
}

fn floor(room: &str) -> Option<usize> {
    LADDER.iter().position(|rooms| rooms.split_whitespace().any(|name| name == room)).map(|index| index + 1)
}

/// The tables of the migrations: where each is created, and its owner if a comment names it.
fn tables() -> BTreeMap<String, (String, String)> {
    let mut tables = BTreeMap::new();
    for file in files("migrations", "up.sql") {
        let sql = read(&file);
        for (line, text) in (1..).zip(sql.lines()) {
            let header = ["create table ", "create unlogged table "].iter().find_map(|start| text.strip_prefix(start));
            let Some(table) = header.map(identifier) else { continue };
            let (_, comment) = sql.split_once(&format!("comment on table {table} is '")).unwrap_or_default();
            let (_, owner) = comment.split("';").next().and_then(|comment| comment.split_once("Owned by ")).unwrap_or_default();
            let owner = owner.split(|c| !is_word(c) && c != ':').next().unwrap_or_default();
            tables.insert(table.to_owned(), (format!("{file}:{line}"), owner.to_owned()));
        }
    }
    tables
}

fn owner_faults(source: &Source, tables: &BTreeMap<String, (String, String)>) -> Faults {
    let strange = writes(source, tables).into_iter().filter_map(|(at, verb, table)| {
        let owner = tables.get(table).map_or("nobody", |(_, owner)| owner);
        let home = format!("api/{}", owner.replace("::", "/"));
        let own = source.path == format!("{home}.rs") || source.path.starts_with(&format!("{home}/"));
        let loading = source.path.starts_with("api/load/") && !["stock::ledger", "nobody"].contains(&owner);
        let fault = format!("{verb} of «{table}», which {owner} owns: from elsewhere its invariants are not kept");
        (!own && !loading).then_some((at, fault))
    });
    strange.collect()
}

/// What a file writes, through diesel and in SQL: offset, verb, table. The table is empty where the text does not tell.
fn writes<'a>(source: &'a Source, tables: &BTreeMap<String, (String, String)>) -> Vec<(usize, &'a str, &'a str)> {
    let code = source.code.as_str();
    let calls = DIESEL_WRITES.iter().flat_map(|verb| starts(code, &format!("{verb}(")).into_iter().map(move |at| (at, *verb)));
    let calls = calls.map(|(at, verb)| (at, verb, table_of(code, at + verb.len()).unwrap_or_default()));
    let method = |at: usize, verb: &str| code[..at].ends_with('.') && !verb.ends_with("into");
    let known = |at: usize, verb: &str, table: &str| !table.is_empty() && !method(at, verb);
    let mut writes: Vec<_> =
        calls.filter(|(at, verb, table)| code[..*at].ends_with("diesel::") || known(*at, verb, table)).collect();
    let words = words(&source.literals);
    for (index, (offset, verb)) in words.iter().enumerate() {
        let word = |ahead: usize| words.get(index + ahead).map_or("", |(_, word)| *word);
        let is = |ahead: usize, expected: &str| word(ahead).eq_ignore_ascii_case(expected);
        // `set` follows the table or its alias; without it this is a sentence.
        let update = is(0, "update") && (2..=4).any(|ahead| is(ahead, "set"));
        let table = if update { word(1) } else { word(2) };
        let other = is(0, "insert") && is(1, "into") || is(0, "delete") && is(1, "from");
        if (update || other) && tables.contains_key(table) {
            writes.push((*offset, if update { "update" } else { *verb }, table));
        }
    }
    writes
}

/// The `x` of the first `x::table` in the parentheses at `open`, or behind the variable that they name.
fn table_of(code: &str, open: usize) -> Option<&str> {
    let argument = group(&code[open..]);
    let variable = code[..open].rfind(&format!("let {} =", identifier(argument)));
    let variable = variable.and_then(|at| code[at..].split(';').next());
    let text = if argument.contains("::table") { argument } else { variable? };
    words(text.split_once("::table")?.0).last().map(|(_, table)| *table)
}

/// Names of the types that the document knows: derived, or declared by `words!`; in `macro_rules!` it is a `$variable`.
fn schema_names(code: &str) -> Vec<(usize, &str)> {
    let derives = starts(code, "#[derive(").into_iter().filter(|at| group(&code[at + 1..]).contains("ToSchema"));
    let derived = derives.filter_map(|at| {
        let items = ["struct ", "enum "].iter().filter_map(|item| Some(at + code[at..].find(item)? + item.len()));
        Some((at, identifier(&code[items.min()?..])))
    });
    let declared = starts(code, "words! {").into_iter();
    let declared = declared.filter_map(|at| Some((at, words(code[at..].split('{').nth(1)?).last()?.1)));
    derived.chain(declared).filter(|(_, name)| !name.is_empty()).collect()
}

fn long_functions(source: &Source) -> Faults {
    let code = source.code.as_str();
    let functions = starts(code, "fn ").into_iter().filter_map(|at| {
        let before = code[..at].rsplit('\n').next()?;
        let indent = &before[..before.len() - before.trim_start().len()];
        let signature = code[at..].lines().find(|line| line.trim_end().ends_with(['{', '}', ';']))?;
        let length = code[at..].split(&format!("\n{indent}}}")).next()?.lines().count() + 1;
        let long = is_prefix(before) && signature.trim_end().ends_with('{') && length > FUNCTION_LINES;
        let name = identifier(&code[at + "fn ".len()..]);
        let meant = LONG.iter().any(|(path, function, _)| (*path, *function) == (source.path.as_str(), name));
        (long && !meant).then(|| (at, format!("{name} has {length} lines, over {FUNCTION_LINES}: it does more than one thing")))
    });
    functions.collect()
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
        Self { path: path.to_owned(), code: keep(text, CODE), literals: keep(text, LITERAL) }
    }

    /// Folder and stem.
    fn place(&self) -> (&str, &str) {
        self.path.trim_end_matches(".rs").rsplit_once('/').unwrap_or_default()
    }

    fn line(&self, at: usize) -> usize {
        self.code[..at].matches('\n').count() + 1
    }

    fn lines(&self, rule: impl Fn(&Self) -> Faults) -> Vec<usize> {
        let faults: BTreeSet<_> = rule(self).into_iter().collect();
        faults.iter().map(|(at, _)| self.line(*at)).collect()
    }
}

fn root(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// The text of a file; a file that is not there says nothing.
fn read(path: &str) -> String {
    fs::read_to_string(root(path)).unwrap_or_default()
}

fn files(folder: &str, end: &str) -> Vec<String> {
    let entries = fs::read_dir(root(folder)).expect(folder);
    let paths = entries.map(|entry| format!("{folder}/{}", entry.expect(folder).file_name().to_string_lossy()));
    let found = paths.flat_map(|path| if root(&path).is_dir() { files(&path, end) } else { vec![path] });
    found.filter(|path| path.ends_with(end)).collect()
}

fn sources(folder: &str) -> Vec<Source> {
    files(folder, ".rs").iter().map(|path| Source::of(path, &read(path))).collect()
}

/// The rooms: without the crates that live in their folder, and without the list of rooms.
fn api() -> impl Iterator<Item = Source> {
    let others = ["api/domain/", "api/schema/", "api/lib.rs"];
    sources("api").into_iter().filter(move |source| !others.iter().any(|other| source.path.starts_with(other)))
}

/// All that is written by hand.
fn written() -> impl Iterator<Item = Source> {
    sources("api").into_iter().chain(sources("tests")).filter(|source| source.path != "api/schema/lib.rs")
}

const CODE: &str = "code";
const COMMENT: &str = "comment";
const LITERAL: &str = "literal";

/// The text with everything of another kind blanked; offsets and lines stay.
fn keep(text: &str, kind: &str) -> String {
    let (bytes, mut kept) = (text.as_bytes(), Vec::with_capacity(text.len()));
    while kept.len() < bytes.len() {
        let (before, rest) = bytes.split_at(kept.len());
        let (length, found) = token(rest, before.last().is_some_and(|byte| is_word(char::from(*byte))));
        kept.extend(rest.iter().take(length).map(|byte| if found == kind || *byte == b'\n' { *byte } else { b' ' }));
    }
    String::from_utf8_lossy(&kept).into_owned()
}

/// Length and kind of what stands at the beginning.
fn token(rest: &[u8], inside_word: bool) -> (usize, &'static str) {
    let until = |end: &[u8], from: usize| {
        let found = rest.windows(end.len()).skip(from).position(|window| window == end);
        found.map_or(rest.len(), |index| from + index + end.len())
    };
    match rest {
        [b'/', b'/', ..] => (until(b"\n", 0), COMMENT),
        [b'/', b'*', ..] => (until(b"*/", 2), COMMENT),
        [b'r', b'"' | b'#', ..] if !inside_word => {
            let hashes = rest[1..].iter().take_while(|byte| **byte == b'#').count();
            let end = [b"\"".as_slice(), &b"#".repeat(hashes)].concat();
            if rest.get(hashes + 1) == Some(&b'"') { (until(&end, hashes + 2), LITERAL) } else { (1, CODE) }
        }
        [b'"', ..] => {
            let escaped = |at: usize| rest[..at].iter().rev().take_while(|byte| **byte == b'\\').count() % 2 == 1;
            let end = (1..rest.len()).find(|at| rest[*at] == b'"' && !escaped(*at));
            (end.map_or(rest.len(), |at| at + 1), LITERAL)
        }
        [b'\'', b'\\', ..] => (until(b"'", 3), LITERAL),
        // A character, and not a lifetime.
        [b'\'', _, b'\'', ..] | [b'\'', 0x80..=0xff, ..] => (until(b"'", 2), LITERAL),
        _ => (1, CODE),
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

fn words(text: &str) -> Vec<(usize, &str)> {
    let words = text.split(|c| !is_word(c)).filter(|word| !word.is_empty());
    words.map(|word| (word.as_ptr().addr() - text.as_ptr().addr(), word)).collect()
}

/// Where a word begins with this.
fn starts(text: &str, needle: &str) -> Vec<usize> {
    let found = text.match_indices(needle).map(|(at, _)| at);
    found.filter(|at| !text[..*at].ends_with(is_word)).collect()
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
    starts(code, start).into_iter().flat_map(tails).collect()
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
