//! The roster as text with a row per line, so that a change of a committed file can be read.

use serde_json::Value;

/// Writes the document's keys and the rows of its tables on lines of their own.
pub(crate) fn to_text(roster: &Value) -> String {
    let members = roster.as_object().into_iter().flatten();
    let members: Vec<String> = members
        .map(|(key, value)| format!("{}:{}", Value::from(key.as_str()), table(value)))
        .collect();
    format!("{{\n{}\n}}\n", members.join(",\n"))
}

fn table(value: &Value) -> String {
    match value.as_array() {
        Some(rows) if !rows.is_empty() => {
            let rows: Vec<String> = rows.iter().map(Value::to_string).collect();
            format!("[\n{}\n]", rows.join(",\n"))
        }
        _ => value.to_string(),
    }
}
