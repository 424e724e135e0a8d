//! What the document says of every operation without each of them saying it, and which methods a path answers to.

use std::collections::BTreeMap;

use actix_web::dev::ResourceDef;
use actix_web::{HttpRequest, web};
use domain::language::Language;
use serde_json::{Value, json};
use utoipa::PartialSchema;
use utoipa::openapi::OpenApi;

use crate::error::{Code, Error, Fault};
use crate::http::examples;
use crate::http::problem::{Caller, Problem, ProblemPart};
use crate::http::sentences;

/// The paths we serve and their methods: for 405 with `Allow` where the framework would say 404.
pub struct Routes(Vec<(ResourceDef, Vec<String>)>);

impl Routes {
    pub fn of(document: &OpenApi) -> Routes {
        let document = serde_json::to_value(&document.paths).unwrap_or_default();
        let paths = document.as_object().into_iter().flatten();
        Routes(paths.map(|(path, item)| (ResourceDef::new(path.as_str()), methods(item))).collect())
    }
}

fn methods(item: &Value) -> Vec<String> {
    let verbs = ["get", "post", "put", "patch", "delete"];
    verbs.iter().filter(|verb| item.get(**verb).is_some()).map(|verb| verb.to_uppercase()).collect()
}

/// Answers whatever no handler wants.
pub async fn unrouted(request: HttpRequest) -> Result<actix_web::HttpResponse, Error> {
    let routes = request.app_data::<web::Data<Routes>>();
    let known = routes.and_then(|routes| routes.0.iter().find(|(path, _)| path.is_match(request.path())));
    Err(match known {
        Some((_, methods)) => Error::new(Code::MethodNotAllowed).with("allowed", methods.join(", ")),
        None => Error::not_found("route"),
    })
}

/// The document as it is published: with the problems that every operation of a kind can answer, and examples of each.
pub fn complete(document: &OpenApi) -> Value {
    let mut document = serde_json::to_value(document).unwrap_or_default();
    document["components"]["schemas"]["Problem"] = schema_of(Problem::schema());
    document["components"]["schemas"]["Problem"]["additionalProperties"] = json!(true);
    document["components"]["schemas"]["ProblemPart"] = schema_of(ProblemPart::schema());
    merge_parts(&mut document["components"]["schemas"]);
    let schemas = document["components"]["schemas"].clone();
    let paths = document.get_mut("paths").and_then(Value::as_object_mut).into_iter().flatten();
    for (_, item) in paths {
        for (_, operation) in item.as_object_mut().into_iter().flatten().filter(|(_, o)| o.get("operationId").is_some()) {
            // An empty list says «for everybody»; a list of nothing, as the macro writes it, says it less clearly.
            if operation["security"] == json!([{}]) {
                operation["security"] = json!([]);
            }
            let mut problems = standard_problems(operation);
            problems.extend(named_problems(operation));
            write_problems(operation, problems);
            write_examples(operation, &schemas);
            relax_body(operation, &schemas);
        }
    }
    with_named_pages(document)
}

/// A document that has what was sent in it is one object: the macro writes it as «all of» two, of which the one that was
/// sent refuses the fields of the other.
fn merge_parts(schemas: &mut Value) {
    let known = schemas.clone();
    for schema in schemas.as_object_mut().into_iter().flatten().map(|(_, schema)| schema) {
        let Some(parts) = schema.get("allOf").and_then(Value::as_array).cloned() else { continue };
        let resolved = parts.iter().map(|part| match part["$ref"].as_str().and_then(|path| path.rsplit('/').next()) {
            Some(name) => &known[name],
            None => part,
        });
        let (mut properties, mut required) = (serde_json::Map::new(), Vec::new());
        for part in resolved {
            properties.extend(part["properties"].as_object().cloned().unwrap_or_default());
            required.extend(part["required"].as_array().cloned().unwrap_or_default());
        }
        let description = schema.get("description").cloned();
        *schema = json!({ "type": "object", "properties": properties, "required": required });
        if let Some(description) = description {
            schema["description"] = description;
        }
    }
}

/// A page of orders is called `OrderPage` and refers to `Order`; the macro calls it `Page_Order` and repeats the order.
fn with_named_pages(document: Value) -> Value {
    let schemas = document["components"]["schemas"].as_object().cloned().unwrap_or_default();
    let items: Vec<String> = schemas.keys().filter_map(|name| name.strip_prefix("Page_")).map(str::to_owned).collect();
    let mut text = document.to_string();
    for item in &items {
        text = text.replace(&format!("\"#/components/schemas/Page_{item}\""), &format!("\"#/components/schemas/{item}Page\""));
    }
    let mut document: Value = serde_json::from_str(&text).unwrap_or(document);
    let Some(schemas) = document["components"]["schemas"].as_object_mut() else { return document };
    for item in items {
        if let Some(mut page) = schemas.remove(&format!("Page_{item}")) {
            page["properties"]["data"]["items"] = json!({ "$ref": format!("#/components/schemas/{item}") });
            schemas.insert(format!("{item}Page"), page);
        }
    }
    document
}

fn schema_of(schema: impl serde::Serialize) -> Value {
    serde_json::to_value(schema).unwrap_or_default()
}

/// The problems that follow from what an operation takes.
fn standard_problems(operation: &Value) -> Vec<Code> {
    let mut codes = vec![Code::Internal, Code::Busy];
    let security = operation.get("security").and_then(Value::as_array).cloned().unwrap_or_default();
    if !security.is_empty() {
        codes.extend([Code::Unauthenticated, Code::TokenExpired]);
    }
    let names_roles = |way: &Value| way.get("bearer").and_then(Value::as_array).is_some_and(|roles| !roles.is_empty());
    if security.iter().any(names_roles) {
        codes.push(Code::Forbidden);
    }
    let parameters = operation.get("parameters").and_then(Value::as_array).cloned().unwrap_or_default();
    let any = |place: &str| parameters.iter().any(|p| p["in"] == place);
    if any("path") {
        codes.push(Code::NotFound);
    }
    if any("query") {
        codes.push(Code::InvalidRequest);
    }
    if let Some(key) = parameters.iter().find(|p| p["name"] == "Idempotency-Key") {
        codes.extend([Code::IdempotencyInFlight, Code::IdempotencyMismatch, Code::InvalidRequest]);
        if key["required"] == true {
            codes.push(Code::IdempotencyKeyRequired);
        }
    }
    if let Some(version) = parameters.iter().find(|p| p["name"] == "If-Match") {
        codes.extend([Code::VersionConflict, Code::InvalidRequest]);
        if version["required"] == true {
            codes.push(Code::PreconditionRequired);
        }
    }
    if operation.get("requestBody").is_some() {
        codes.extend([Code::MalformedJson, Code::PayloadTooLarge, Code::UnsupportedMediaType, Code::InvalidRequest]);
    }
    codes
}

/// The problems that the handler names: the description of an error response is a list of codes.
fn named_problems(operation: &Value) -> Vec<Code> {
    let responses = operation.get("responses").and_then(Value::as_object).into_iter().flatten();
    responses
        .filter(|(status, _)| status.as_str() >= "400")
        .flat_map(|(_, response)| response["description"].as_str().unwrap_or("").split(", "))
        .filter_map(Code::from_word)
        .collect()
}

fn write_problems(operation: &mut Value, mut codes: Vec<Code>) {
    codes.sort();
    codes.dedup();
    let mut by_status: BTreeMap<u16, Vec<Code>> = BTreeMap::new();
    for code in codes {
        by_status.entry(code.status()).or_default().push(code);
    }
    for (status, codes) in by_status {
        let words: Vec<&str> = codes.iter().map(|code| code.word()).collect();
        let examples: BTreeMap<&str, Value> = codes.iter().map(|code| (code.word(), example(*code))).collect();
        operation["responses"][status.to_string()] = json!({
            "description": words.join(", "),
            "content": { "application/problem+json": {
                "schema": { "$ref": "#/components/schemas/Problem" },
                "examples": examples,
            } },
        });
    }
}

/// A problem as a client would see it, with names for what differs each time.
fn example(code: Code) -> Value {
    let caller = Caller { request_id: "018f4e7c-52a1-7c3e-9b1a-6f0c2d3e4f50".to_owned(), language: Language::En };
    let mut error = Error { params: sentences::samples(), ..Error::new(code) };
    if code == Code::InvalidRequest {
        error.faults = vec![Fault::new("/quantity", "too_large").with("limit", 50)];
    }
    let problem = Problem::new(&error, &caller, "https://api.ocpizza.example");
    let title = sentences::title(code, Language::En);
    json!({ "summary": title, "value": schema_of(problem) })
}

/// An example of every body that is JSON, made of the examples of its parts.
fn write_examples(operation: &mut Value, schemas: &Value) {
    if let Some(body) = operation.pointer_mut("/requestBody/content/application~1json") {
        body["example"] = examples::of(&body["schema"], schemas);
    }
    let responses = operation.get_mut("responses").and_then(Value::as_object_mut).into_iter().flatten();
    for (_, response) in responses {
        if let Some(body) = response.pointer_mut("/content/application~1json") {
            body["example"] = examples::of(&body["schema"], schemas);
        }
    }
}

/// A body of which no field is required may be left out: it is read as `{}`.
fn relax_body(operation: &mut Value, schemas: &Value) {
    let reference = operation.pointer("/requestBody/content/application~1json/schema/$ref").and_then(Value::as_str);
    let name = reference.and_then(|path| path.rsplit('/').next()).unwrap_or_default();
    let needs = schemas[name]["required"].as_array().is_some_and(|required| !required.is_empty());
    if !name.is_empty() && !needs {
        operation["requestBody"]["required"] = json!(false);
    }
}
