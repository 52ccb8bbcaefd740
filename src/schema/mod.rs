//! JSON Schemas (draft 2020-12) of the documents that hosts write and read, as they are committed
//! under `include/schemas`.
//!
//! What goes in is described by its own readers, which are asked which keys they know and what each
//! may hold: [`input`] for configuration, options and requests, [`roster`] for rosters. What goes out
//! is written down in [`output`]; the tests hold it against real cycles in both directions. The
//! number in a name is the format's: it changes when a field loses its meaning, not when one is added.

use serde_json::{Value, json};

mod input;
mod output;
mod roster;
mod rules;
mod words;

/// One schema and the name that it is asked for by.
#[derive(Debug, Clone)]
pub struct Document {
    /// `config`, `options`, `request`, `roster`, `report`, `reply`, `error`, `check`.
    pub name: &'static str,
    /// The number of the format: `zvonok.report/1`.
    pub version: u32,
    /// The schema.
    pub schema: Value,
}

impl Document {
    /// The name of its file: `zvonok.report.1.schema.json`.
    pub fn file(&self) -> String {
        format!("zvonok.{}.{}.schema.json", self.name, self.version)
    }
}

/// Every schema, what goes in first.
pub fn documents() -> Vec<Document> {
    let all = [
        ("config", "Configuration of a session (zvonok_open, zvonok_check)", input::config()),
        ("options", "Options of a cycle (zvonok_sync)", input::options()),
        ("roster", "A roster in its JSON form (zvonok_sync, zvonok_check)", roster::roster()),
        ("request", "A question or an order (zvonok_request)", input::request()),
        ("report", "The report of a cycle", output::report()),
        ("reply", "The answer to a request", output::reply()),
        ("error", "Why a call was refused (every negative code)", output::error()),
        ("check", "Every fault that zvonok_check found", output::check()),
    ];
    all.into_iter().map(|(name, title, schema)| document(name, title, schema)).collect()
}

fn document(name: &'static str, title: &str, body: Value) -> Document {
    let mut document = Document { name, version: 1, schema: Value::Null };
    let mut schema = json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": document.file(),
        "title": title,
    });
    let fields = schema.as_object_mut().zip(body.as_object());
    fields.into_iter().for_each(|(all, own)| all.extend(own.clone()));
    document.schema = schema;
    document
}
