//! The document and the catalogues are up to date, complete and consistent.
//!
//! `UPDATE=1 cargo test --test api contract` writes what these tests compare.

use std::collections::BTreeSet;
use std::path::PathBuf;

use domain::machine::Transition;
use domain::{delivery, event::EventType, kitchen, order};
use ocpizza::config::VARIABLES;
use ocpizza::error::Code;
use ocpizza::http::sentences;
use serde_json::{Value, json};

use crate::support::document::{DOCUMENT, operations, validator};

fn path(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(name)
}

/// The committed file equals what the code says.
fn compare(name: &str, text: &str) {
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(path(name), text).expect("written");
    }
    let committed = std::fs::read_to_string(path(name)).unwrap_or_default();
    assert!(committed == text, "{name} is not up to date: run `make contract`, look at the difference, and commit it");
}

fn pretty(value: &Value) -> String {
    format!("{}\n", serde_json::to_string_pretty(value).expect("JSON"))
}

#[test]
fn the_committed_document_is_what_the_code_says() {
    compare("openapi/openapi.json", ocpizza::app::published_document());
}

#[test]
fn the_catalogue_of_errors_is_up_to_date() {
    let codes = Code::ALL.iter().map(|code| {
        json!({
            "code": code.word(),
            "status": code.status(),
            "title": sentences::title(*code, domain::language::Language::En),
            "advice": sentences::advice(*code),
        })
    });
    compare("frontend-contract/errors.json", &pretty(&json!({ "errors": codes.collect::<Vec<_>>() })));
}

#[test]
fn the_catalogue_of_states_is_up_to_date() {
    fn rows<S: Copy + Into<String>, C: Copy + Into<String>>(table: &[Transition<S, C>]) -> Value {
        let row = |t: &Transition<S, C>| {
            let (from, command, to): (String, String, String) = (t.from.into(), t.command.into(), t.to.into());
            let who: Vec<&str> = t.who.iter().map(|actor| actor.as_str()).collect();
            json!({ "from": from, "command": command, "to": to, "who": who })
        };
        table.iter().map(row).collect()
    }
    fn initial<S: Copy + Into<String>>(states: &[S]) -> Vec<String> {
        states.iter().map(|state| (*state).into()).collect()
    }
    let machines = json!({
        "order": { "initial": initial(order::INITIAL), "transitions": rows(order::TRANSITIONS) },
        "kitchenItem": { "initial": initial(kitchen::INITIAL), "transitions": rows(kitchen::TRANSITIONS) },
        "delivery": { "initial": initial(delivery::INITIAL), "transitions": rows(delivery::TRANSITIONS) },
    });
    compare("frontend-contract/states.json", &pretty(&machines));
}

#[test]
fn the_catalogue_of_events_is_up_to_date() {
    let events =
        EventType::ALL.iter().map(|event| json!({ "type": event.as_str(), "onOrderStreamOfCustomer": event.is_for_customer() }));
    compare("frontend-contract/events.json", &pretty(&json!({ "events": events.collect::<Vec<_>>() })));
}

#[test]
fn the_diagram_in_the_architecture_is_the_allow_list() {
    let page = std::fs::read_to_string(path("ARCHITECTURE.md")).expect("the page");
    let drawn = format!("```mermaid\n{}\n```", order::diagram());
    if std::env::var_os("UPDATE").is_some() && !page.contains(&drawn) {
        let (before, rest) = page.split_once("```mermaid\n").expect("a diagram");
        let (_, after) = rest.split_once("\n```").expect("its end");
        std::fs::write(path("ARCHITECTURE.md"), format!("{before}{drawn}{after}")).expect("written");
        return;
    }
    assert!(page.contains(&drawn), "the diagram has parted from domain::order::TRANSITIONS: run `make contract`");
}

#[test]
fn the_readme_names_every_variable() {
    let page = std::fs::read_to_string(path("README.md")).expect("the page");
    for variable in VARIABLES {
        let row = format!("| `{}` | {} | {} |", variable.name, variable.default, variable.meaning);
        assert!(page.contains(&row), "README.md lacks this row of its table:\n{row}");
    }
}

#[test]
fn every_operation_says_what_a_stranger_needs() {
    let mut ids = BTreeSet::new();
    let tags: Vec<&str> = DOCUMENT["tags"].as_array().unwrap().iter().map(|t| t["name"].as_str().unwrap()).collect();
    for operation in operations() {
        let name = format!("{} {}", operation.method, operation.path);
        let value = &operation.value;
        let id = value["operationId"].as_str().unwrap_or_else(|| panic!("{name} has no operationId"));
        assert!(ids.insert(id.to_owned()), "{id} stands twice");
        assert!(id.contains('_') && id.to_lowercase() == id, "{id} is not verb_resource");
        assert!(value["summary"].as_str().is_some_and(|s| !s.is_empty()), "{name} has no summary");
        let tag = value["tags"][0].as_str().unwrap_or_else(|| panic!("{name} has no tag"));
        assert!(tags.contains(&tag), "{name}: the tag {tag} is not described");
        assert!(value["security"].is_array(), "{name} does not say who may call");
        let kebab = operation.path.split('/').filter(|part| !part.starts_with('{'));
        assert!(kebab.into_iter().all(|part| !part.contains('_') && part.to_lowercase() == part), "{name} is not kebab-case");
        for parameter in value["parameters"].as_array().into_iter().flatten() {
            assert!(parameter["description"].is_string(), "{name}: {} is not described", parameter["name"]);
        }
        for (status, response) in value["responses"].as_object().unwrap() {
            for (media, content) in response["content"].as_object().into_iter().flatten() {
                let examples = content.get("example").is_some() || content.get("examples").is_some();
                assert!(examples, "{name}: the {media} of {status} has no example");
            }
        }
        if let Some(body) = value.pointer("/requestBody/content/application~1json") {
            assert!(body.get("example").is_some(), "{name}: the body has no example");
        }
    }
}

#[test]
fn every_example_validates_against_its_schema() {
    let mut seen = 0;
    for operation in operations() {
        let name = format!("{} {}", operation.method, operation.path);
        let mut bodies: Vec<&Value> = operation.value.pointer("/requestBody/content/application~1json").into_iter().collect();
        for response in operation.value["responses"].as_object().unwrap().values() {
            bodies.extend(["application/json", "application/problem+json"].iter().filter_map(|m| response["content"].get(m)));
        }
        for body in bodies {
            let many = body["examples"].as_object().into_iter().flatten().map(|(_, example)| &example["value"]);
            for example in body.get("example").into_iter().chain(many) {
                let faults: Vec<String> =
                    validator(&body["schema"]).iter_errors(example).map(|e| format!("{}: {e}", e.instance_path())).collect();
                assert!(faults.is_empty(), "{name}: {faults:#?}\n{example:#}");
                seen += 1;
            }
        }
    }
    assert!(seen > 300, "only {seen} examples were looked at");
}

#[test]
fn money_is_never_a_float() {
    fn walk(at: &str, value: &Value) {
        if let Some(object) = value.as_object() {
            let floats =
                object.get("type").is_some_and(|t| t == "number" || t.as_array().is_some_and(|t| t.contains(&json!("number"))));
            let may = at.ends_with("itude") || at.contains("Quantity") || at.contains("PolygonCorner");
            assert!(!floats || may, "{at} is a float");
        }
        match value {
            Value::Object(members) => members.iter().for_each(|(name, member)| walk(&format!("{at}/{name}"), member)),
            Value::Array(items) => items.iter().for_each(|item| walk(at, item)),
            _ => {}
        }
    }
    walk("", &DOCUMENT["components"]["schemas"]);
}

#[test]
fn inputs_refuse_unknown_fields() {
    let schemas = DOCUMENT["components"]["schemas"].as_object().unwrap();
    let mut todo: Vec<String> = operations()
        .iter()
        .filter_map(|o| o.value.pointer("/requestBody/content/application~1json/schema/$ref")?.as_str().map(str::to_owned))
        .collect();
    let mut seen = BTreeSet::new();
    while let Some(reference) = todo.pop() {
        let name = reference.rsplit('/').next().unwrap().to_owned();
        if !seen.insert(name.clone()) {
            continue;
        }
        let schema = &schemas[&name];
        if schema["type"] == "object" {
            assert_eq!(schema["additionalProperties"], json!(false), "{name} takes unknown fields");
        }
        let text = schema.to_string();
        todo.extend(text.split("\"$ref\":\"").skip(1).filter_map(|rest| rest.split('"').next()).map(str::to_owned));
    }
    assert!(seen.len() > 15, "{seen:?}");
}
