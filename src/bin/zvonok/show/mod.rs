//! The library's documents as people read them.

pub(crate) mod calls;
pub(crate) mod cases;
pub(crate) mod comparison;
pub(crate) mod explain;
pub(crate) mod faults;
pub(crate) mod members;
pub(crate) mod moving;
pub(crate) mod overview;
pub(crate) mod plan;
pub(crate) mod profiles;
pub(crate) mod registry;
pub(crate) mod report;
pub(crate) mod tasks;

use comfy_table::{ContentArrangement, Table, presets};
use serde_json::Value;

use crate::terminal::Terminal;

/// A table that fits the terminal; a pipe gets every cell whole.
pub(crate) fn table(terminal: &Terminal, head: &[&str], rows: Vec<Vec<String>>) -> String {
    let mut table = Table::new();
    table.load_style(presets::UTF8_FULL_CONDENSED);
    table.set_header(head.to_vec());
    table.add_rows(rows);
    match terminal.width() {
        Some(width) => {
            table.set_content_arrangement(ContentArrangement::Dynamic);
            table.set_width(u16::try_from(width).unwrap_or(u16::MAX));
        }
        None => drop(table.set_content_arrangement(ContentArrangement::Disabled)),
    }
    table.trim_fmt()
}

/// A text of a document; empty where there is none.
pub(crate) fn text<'v>(value: &'v Value, key: &str) -> &'v str {
    value[key].as_str().unwrap_or_default()
}

/// A number of a document.
pub(crate) fn number(value: &Value, key: &str) -> u64 {
    value[key].as_u64().unwrap_or_default()
}

/// The rows of a list in a document.
pub(crate) fn rows<'v>(value: &'v Value, key: &str) -> &'v [Value] {
    value[key].as_array().map(Vec::as_slice).unwrap_or_default()
}

/// A moment of a document, `2026-09-01 08:25`, as short as a person needs it.
pub(crate) fn moment(text: &str) -> String {
    text.get(..16).map_or_else(|| text.to_owned(), |short| short.replacen('T', " ", 1))
}
