//! Every answer that a test gets is held against the published document: its status is listed, its body validates.

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock, Mutex};

use actix_web::dev::ResourceDef;
use jsonschema::Validator;
use reqwest::Method;
use serde_json::{Value, json};

use super::client::Answer;

pub static DOCUMENT: LazyLock<Value> =
    LazyLock::new(|| serde_json::from_str(ocpizza::app::published_document()).expect("the document"));

static PATHS: LazyLock<Vec<(ResourceDef, String)>> = LazyLock::new(|| {
    let paths = DOCUMENT["paths"].as_object().expect("paths");
    paths.keys().map(|path| (ResourceDef::new(path.as_str()), path.clone())).collect()
});

static VALIDATORS: Mutex<BTreeMap<String, Arc<Validator>>> = Mutex::new(BTreeMap::new());

/// An operation of the document.
pub struct Operation {
    pub path: String,
    pub method: String,
    pub value: Value,
}

pub fn operations() -> Vec<Operation> {
    let paths = DOCUMENT["paths"].as_object().expect("paths");
    let of_path = |(path, item): (&String, &Value)| {
        let operations = item.as_object().expect("a path item").iter().filter(|(_, o)| o.get("operationId").is_some());
        operations
            .map(|(method, value)| Operation { path: path.clone(), method: method.to_uppercase(), value: value.clone() })
            .collect::<Vec<_>>()
    };
    paths.iter().flat_map(of_path).collect()
}

/// Panics when the document does not know such an answer.
pub fn check(method: &Method, path: &str, answer: &Answer) {
    let Some((_, template)) = PATHS.iter().find(|(known, _)| known.is_match(path)) else { return };
    let verb = method.as_str().to_lowercase();
    let Some(operation) = DOCUMENT["paths"][template].get(&verb) else { return };
    let response = operation["responses"].get(answer.status.to_string());
    let response = response.unwrap_or_else(|| panic!("{} may not answer {}: {}", answer.request, answer.status, answer.text));
    let media = answer.header("content-type").unwrap_or_default();
    let media = media.split(';').next().unwrap_or("").to_owned();
    if media != "application/json" && media != "application/problem+json" {
        return;
    }
    let schema = response["content"].get(&media).map(|content| &content["schema"]);
    let schema = schema.unwrap_or_else(|| panic!("{} may not answer {media} with {}", answer.request, answer.status));
    let body: Value = serde_json::from_str(&answer.text).expect("JSON");
    let faults: Vec<String> = validator(schema).iter_errors(&body).map(|e| format!("{}: {e}", e.instance_path())).collect();
    assert!(faults.is_empty(), "{} answers what the document does not say: {faults:#?}\n{body:#}", answer.request);
    if media == "application/problem+json" {
        let listed = response["description"].as_str().unwrap_or("").split(", ").any(|code| body["code"] == code);
        assert!(listed, "{} does not document the problem {}", answer.request, body["code"]);
    }
}

pub fn validator(schema: &Value) -> Arc<Validator> {
    let mut validators = VALIDATORS.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let key = schema.to_string();
    Arc::clone(validators.entry(key).or_insert_with(|| {
        let mut whole = json!({ "components": DOCUMENT["components"] });
        for (name, value) in schema.as_object().expect("a schema") {
            whole[name] = value.clone();
        }
        let built = jsonschema::options().should_validate_formats(true).build(&whole);
        Arc::new(built.expect("a schema that compiles"))
    }))
}
