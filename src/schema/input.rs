//! Configuration, options and requests, as their own readers describe them. An unknown key is
//! refused, and null counts as absent.

use serde_json::{Map, Value, json};

use super::{rules, words};
use crate::document::{Form, Key, Shape};
use crate::{config, requests};

pub(super) fn config() -> Value {
    let mut schema = object(&config::config_shape(), &["config"]);
    rules::apply(&mut schema, rules::CONFIG);
    schema
}

pub(super) fn options() -> Value {
    object(&config::options_shape(), &["options"])
}

/// A request: what stands around the parameters, and for each method the parameters.
pub(super) fn request() -> Value {
    let (envelope, methods) = requests::shapes();
    let mut schema = object(&envelope, &["request"]);
    let mut all = Vec::new();
    let mut shapes = Map::new();
    for (name, shape) in &methods {
        // Also where one of several must be there.
        let needs = shape.keys().iter().any(|key| key.required)
            || rules::of_method(name).iter().any(|(place, _)| place.is_empty());
        all.push(json!({
            "if": {"properties": {"method": {"const": name}}},
            "then": {
                "properties": {"params": {"$ref": format!("#/$defs/{name}")}},
                "required": if needs { json!(["params"]) } else { json!([]) },
            },
        }));
        shapes.insert((*name).to_owned(), params(name, shape, needs));
    }
    let names: Vec<&str> = methods.iter().map(|(name, _)| *name).collect();
    schema["properties"]["method"]["enum"] = json!(names);
    schema["allOf"] = json!(all);
    schema["$defs"] = Value::Object(shapes);
    schema
}

fn params(method: &str, shape: &Shape, needed: bool) -> Value {
    // A cycle's options are the parameters of a plan; a method's own words go before the common ones.
    let mut schema = object(shape, &[method, "params", "options"]);
    rules::apply(&mut schema, rules::of_method(method));
    if !needed {
        schema["type"] = json!(["object", "null"]);
    }
    if let Some(about) = words::about(&[method], "") {
        schema["description"] = json!(about);
    }
    schema
}

/// An object with these keys and no others.
fn object(shape: &Shape, areas: &[&str]) -> Value {
    object_at(shape, areas, "")
}

fn object_at(shape: &Shape, areas: &[&str], at: &str) -> Value {
    let keys = shape.keys();
    let required: Vec<&str> = keys.iter().filter(|key| key.required).map(|key| key.name).collect();
    let property = |key: &Key| (key.name.to_owned(), value(key, areas, at));
    let properties: Map<String, Value> = keys.iter().map(property).collect();
    let mut schema = json!({"type": "object", "properties": properties});
    if !required.is_empty() {
        schema["required"] = json!(required);
    }
    schema["additionalProperties"] = json!(false);
    schema
}

fn value(key: &Key, areas: &[&str], at: &str) -> Value {
    let place = if at.is_empty() { key.name.to_owned() } else { format!("{at}.{}", key.name) };
    let mut schema = match &key.form {
        Some(Form::Object(shape)) => object_at(shape, areas, &place),
        form => form.as_ref().and_then(Form::schema).unwrap_or_else(|| json!({})),
    };
    if !key.required {
        or_null(&mut schema);
    }
    if let Some(about) = words::about(areas, &place) {
        schema["description"] = json!(about);
    }
    if let Some(usual) = words::usual(areas, &place) {
        schema["default"] = usual;
    }
    schema
}

/// Null is as good as nothing.
fn or_null(schema: &mut Value) {
    match schema.get_mut("type") {
        Some(Value::Array(kinds)) => kinds.push(json!("null")),
        Some(kind) => *kind = json!([kind, "null"]),
        None => {}
    }
    if let Some(words) = schema.get_mut("enum").and_then(Value::as_array_mut) {
        words.push(Value::Null);
    }
}
