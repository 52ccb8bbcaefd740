//! Rosters in their JSON form, as the readers of the tables describe them. Unknown tables and columns
//! are ignored, and null counts as absent.

use serde_json::{Map, Value, json};

use super::words;
use crate::roster::{Column, Holds, REQUIRED, Table, sketch};

pub(super) fn roster() -> Value {
    let mut properties = Map::new();
    properties.insert("format".to_owned(), json!({"const": "zvonok.roster/1"}));
    let mut rows = Map::new();
    for (table, columns) in sketch() {
        let name = table.name();
        let list =
            if REQUIRED.contains(&table) { json!("array") } else { json!(["array", "null"]) };
        let items = json!({"$ref": format!("#/$defs/{name}")});
        let about = words::about(&["roster"], name);
        properties
            .insert(name.to_owned(), json!({"description": about, "type": list, "items": items}));
        rows.insert(name.to_owned(), row(&columns));
    }
    let required: Vec<&str> = REQUIRED.into_iter().map(Table::name).collect();
    let required: Vec<&str> = ["format"].into_iter().chain(required).collect();
    json!({"type": "object", "required": required, "properties": properties, "$defs": rows})
}

fn row(columns: &[Column]) -> Value {
    let required = columns.iter().filter(|column| column.holds.is_required());
    let required: Vec<&str> = required.map(|column| column.name.as_str()).collect();
    let mut properties = Map::new();
    for column in columns {
        let schema = value(column.holds);
        match column.name.split_once('.') {
            Some((outer, inner)) => properties[outer]["properties"][inner] = schema,
            None => drop(properties.insert(column.name.clone(), schema)),
        }
    }
    json!({"type": "object", "required": required, "properties": properties})
}

const DAY: &str = r"^\s*[0-9]{4}-[0-9]{2}-[0-9]{2}\s*$";
const DAY_OR_EMPTY: &str = r"^\s*([0-9]{4}-[0-9]{2}-[0-9]{2}\s*)?$";
const TIME_OR_EMPTY: &str = r"^\s*([0-9]{2}:[0-9]{2}(:[0-9]{2})?\s*)?$";
const TRUTH: &str = r"^\s*([Tt][Rr][Uu][Ee]|[Ff][Aa][Ll][Ss][Ee]|0|1)?\s*$";

fn value(holds: Holds) -> Value {
    let list = |kinds: &[&str]| {
        let items = [kinds, &["null"]].concat();
        let whole = [kinds, &["array", "null"]].concat();
        json!({"type": whole, "items": {"type": items}})
    };
    match holds {
        Holds::Required => json!({"type": "string", "pattern": r"\S"}),
        Holds::RequiredDate => json!({"type": "string", "pattern": DAY}),
        Holds::Text => json!({"type": ["string", "null"]}),
        Holds::TextOrNumber => json!({"type": ["string", "number", "null"]}),
        Holds::Truth => json!({"type": ["boolean", "string", "null"], "pattern": TRUTH}),
        Holds::Date => json!({"type": ["string", "null"], "pattern": DAY_OR_EMPTY}),
        Holds::Time => json!({"type": ["string", "null"], "pattern": TIME_OR_EMPTY}),
        Holds::Ids => list(&["string"]),
        Holds::Words => list(&["string", "number"]),
        Holds::Metadata => metadata(),
        Holds::Accounts => accounts(),
        Holds::Periods => periods(),
    }
}

/// An empty text is what a CSV makes of no metadata.
fn metadata() -> Value {
    json!({"type": ["object", "string", "null"], "pattern": r"^\s*$"})
}

fn accounts() -> Value {
    let text = json!({"type": ["string", "null"]});
    json!({
        "description": "accounts on the messengers, vk and max; also as the text {vk:1},{max:2}",
        "type": ["array", "string", "null"],
        "items": {
            "type": ["object", "null"],
            "properties": {"type": text, "identifier": text},
        },
    })
}

fn periods() -> Value {
    let time = value(Holds::Time);
    json!({
        "type": ["array", "string", "null"],
        "pattern": r"^\s*$",
        "items": {
            "type": "object",
            "required": ["period"],
            "properties": {
                "period": {"type": ["string", "number"], "pattern": r"\S"},
                "startTime": time,
                "endTime": time,
            },
        },
    })
}
