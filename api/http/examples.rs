//! Examples of whole bodies, made of the examples that the fields carry: they cannot lag behind the schema.

use serde_json::{Map, Value, json};

/// An example that validates against the schema.
pub(crate) fn of(schema: &Value, schemas: &Value) -> Value {
    if let Some(example) = schema.get("example").or_else(|| schema.pointer("/examples/0")) {
        return example.clone();
    }
    if let Some(name) = schema.get("$ref").and_then(Value::as_str).and_then(|path| path.rsplit('/').next()) {
        return schemas.get(name).map_or(Value::Null, |schema| of(schema, schemas));
    }
    if let Some(first) = schema.pointer("/enum/0") {
        return first.clone();
    }
    // An optional object: the branch that is not null.
    for branches in ["oneOf", "anyOf"] {
        let branches = schema.get(branches).and_then(Value::as_array).into_iter().flatten();
        if let Some(branch) = branches.into_iter().find(|branch| branch["type"] != "null") {
            return of(branch, schemas);
        }
    }
    if let Some(parts) = schema.get("allOf").and_then(Value::as_array) {
        let objects = parts.iter().map(|part| of(part, schemas));
        return Value::Object(objects.filter_map(|object| object.as_object().cloned()).flatten().collect());
    }
    of_type(schema, schemas)
}

fn of_type(schema: &Value, schemas: &Value) -> Value {
    let is = |name: &str| {
        schema["type"] == name || schema["type"].as_array().is_some_and(|types| types.iter().any(|known| known == name))
    };
    if is("object") {
        let properties = schema.get("properties").and_then(Value::as_object).into_iter().flatten();
        return Value::Object(properties.map(|(name, part)| (name.clone(), of(part, schemas))).collect::<Map<_, _>>());
    }
    if is("array") {
        return json!([of(&schema["items"], schemas)]);
    }
    match schema["format"].as_str() {
        Some("uuid") => json!("018f4e7c-52a1-7c3e-9b1a-6f0c2d3e4f50"),
        Some("date-time") => json!("2026-11-27T19:30:00Z"),
        Some("date") => json!("2026-11-27"),
        _ if is("boolean") => json!(true),
        _ if is("integer") || is("number") => schema.get("minimum").cloned().unwrap_or(json!(1)),
        _ if is("string") => json!("…"),
        _ => Value::Null,
    }
}
