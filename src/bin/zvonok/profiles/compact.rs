//! JSON that people read and change: what fits on a line stays on one.

use serde_json::Value;

const WIDEST: usize = 100;

/// A document with as few line breaks as fit into lines of a readable width.
pub(crate) fn compact(value: &Value) -> String {
    let mut text = String::new();
    put(&mut text, value, 0, 0);
    text.push('\n');
    text
}

/// The same inside a text whose lines stand so far in.
pub(crate) fn indented(value: &Value, indent: usize) -> String {
    let mut text = String::new();
    put(&mut text, value, indent, 2 * indent);
    text
}

/// Writes a value that begins at a column, inside lines indented by `indent`.
fn put(text: &mut String, value: &Value, indent: usize, column: usize) {
    let line = one_line(value);
    if column + line.chars().count() <= WIDEST && indent > 0 {
        text.push_str(&line);
        return;
    }
    let inner = indent + 2;
    match value {
        Value::Object(fields) if !fields.is_empty() => {
            text.push('{');
            for (at, (key, value)) in fields.iter().enumerate() {
                let key = format!("{}: ", Value::from(key.as_str()));
                begin(text, at, inner);
                text.push_str(&key);
                put(text, value, inner, inner + key.chars().count());
            }
            end(text, indent, '}');
        }
        Value::Array(items) if !items.is_empty() => {
            text.push('[');
            for (at, value) in items.iter().enumerate() {
                begin(text, at, inner);
                put(text, value, inner, inner);
            }
            end(text, indent, ']');
        }
        _ => text.push_str(&line),
    }
}

fn begin(text: &mut String, at: usize, indent: usize) {
    text.push_str(if at == 0 { "\n" } else { ",\n" });
    text.push_str(&" ".repeat(indent));
}

fn end(text: &mut String, indent: usize, bracket: char) {
    text.push('\n');
    text.push_str(&" ".repeat(indent));
    text.push(bracket);
}

fn one_line(value: &Value) -> String {
    match value {
        Value::Object(fields) => {
            let fields = fields.iter();
            let fields: Vec<String> = fields
                .map(|(key, value)| format!("{}: {}", Value::from(key.as_str()), one_line(value)))
                .collect();
            format!("{{{}}}", fields.join(", "))
        }
        Value::Array(items) => {
            format!("[{}]", items.iter().map(one_line).collect::<Vec<_>>().join(", "))
        }
        plain => plain.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_fits_stays_on_one_line_and_reads_back() {
        let long: Vec<String> = (0..40).map(|number| format!("p{number}")).collect();
        let value = serde_json::json!({"a": {"b": [1, 2]}, "long": long, "empty": {}});
        let text = compact(&value);
        assert!(
            text.starts_with("{\n  \"a\": {\"b\": [1, 2]},\n  \"long\": [\n    \"p0\",\n"),
            "{text}"
        );
        assert!(text.lines().all(|line| line.chars().count() <= WIDEST));
        assert_eq!(serde_json::from_str::<Value>(&text).unwrap(), value);
    }
}
