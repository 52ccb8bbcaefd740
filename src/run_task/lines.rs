//! Settings as `key=value` lines, made into the configuration's fields, with the line of each.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use crate::document::nearest;
use crate::error::{Code, Error, Fault, Result, Text};
use crate::profile;

/// What a value is written as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Shape {
    Text,
    Number,
    /// 1 or 0.
    Flag,
}

use Shape::{Flag, Number, Text as Words};

/// Every key, the field that it stands for, and how its value is written.
const KEYS: [(&str, &str, Shape); 38] = [
    ("roster", "roster", Words),
    ("report", "report", Words),
    ("state", "state", Words),
    ("profile", "profile", Words),
    ("organization", "organization", Words),
    ("platform", "platform.kind", Words),
    ("token", "platform.token", Words),
    ("token_env", "platform.token_env", Words),
    ("token_file", "platform.token_file", Words),
    ("community", "platform.community", Words),
    ("base_url", "platform.base_url", Words),
    ("requests_per_second", "platform.requests_per_second", Number),
    ("requests_in_flight", "platform.requests_in_flight", Number),
    ("events", "platform.events", Words),
    ("events_secret", "platform.events_secret", Words),
    ("reads_per_cycle", "platform.reads_per_cycle", Number),
    ("proxy_server", "proxy.server", Words),
    ("proxy_port", "proxy.port", Number),
    ("proxy_username", "proxy.username", Words),
    ("proxy_password", "proxy.password", Words),
    ("proxy_auth", "proxy.auth", Flag),
    ("ca_file", "ca_file", Words),
    ("timezone", "timezone", Words),
    ("language", "language", Words),
    ("time_budget", "time_budget", Words),
    ("verify_every", "verify_every", Words),
    ("grace", "grace", Words),
    ("missing_after", "missing_after", Words),
    ("strangers", "strangers", Words),
    ("leavers", "leavers", Words),
    ("archive_members", "archive.members", Words),
    ("invitations_deliver", "invitations.deliver", Flag),
    ("invitations_expire_after", "invitations.expire_after", Words),
    ("guard_minimum", "guard.minimum", Number),
    ("guard_chat_share", "guard.chat_share", Number),
    ("guard_total_share", "guard.total_share", Number),
    ("guard_chats", "guard.chats", Number),
    ("guard_dangling_share", "guard.dangling_share", Number),
];

/// Begins the key of a profile's setting.
const SETTING: &str = "settings.";

/// On which line each field stands, and under which key.
#[derive(Debug, Default)]
pub(super) struct Lines {
    by_field: BTreeMap<String, (usize, String)>,
    text: bool,
}

impl Lines {
    /// Moves the faults of a configuration to the lines that they come from.
    pub(super) fn place(&self, error: Error) -> Error {
        if !self.text || error.code != Code::Config || error.faults.is_empty() {
            return error;
        }
        let faults = error.faults.into_iter().map(|fault| self.placed(fault)).collect();
        Error::with_faults(Code::Config, faults)
    }

    fn placed(&self, mut fault: Fault) -> Fault {
        if let Some((line, key)) = self.by_field.get(&fault.at) {
            fault.at = format!("settings:{line}");
            fault.message.ru = format!("{key}: {}", fault.message.ru);
            fault.message.en = format!("{key}: {}", fault.message.en);
        } else if let Some((key, ..)) = KEYS.iter().find(|row| row.1 == fault.at) {
            (*key).clone_into(&mut fault.at);
        }
        fault
    }
}

/// Reads the lines.
///
/// # Errors
/// [`Code::Config`] with the line of every unknown or repeated key and of every line that has none.
pub(super) fn read(text: &str) -> Result<(Map<String, Value>, Lines)> {
    let mut lines = Lines { text: true, ..Lines::default() };
    let (mut rows, mut faults) = (Vec::new(), Vec::new());
    for (number, line) in (1..).zip(text.lines()) {
        match split(number, line) {
            Ok(Some((key, value))) => match lines.note(number, key) {
                Ok(row) => rows.push((row, value)),
                Err(fault) => faults.push(fault),
            },
            Ok(None) => {}
            Err(fault) => faults.push(fault),
        }
    }
    if !faults.is_empty() {
        return Err(Error::with_faults(Code::Config, faults));
    }
    Ok((fields(&rows), lines))
}

type Line<'t> = Option<(&'t str, &'t str)>;

fn split(number: usize, line: &str) -> std::result::Result<Line<'_>, Fault> {
    let line = line.trim();
    if line.is_empty() || line.starts_with('#') {
        return Ok(None);
    }
    match line.split_once('=') {
        Some((key, value)) => Ok(Some((key.trim(), value.trim()))),
        // The line is not shown: it may be a part of a token.
        None => {
            let message = Text::new("ожидается ключ=значение", "expected key=value");
            Err(wrong(number, "no_equals_sign", "", message))
        }
    }
}

fn wrong(number: usize, kind: &str, value: &str, message: Text) -> Fault {
    Fault::new(&format!("settings.{kind}"), format!("settings:{number}"), value, message)
}

impl Lines {
    /// Finds the field of a key and notes its line.
    fn note(&mut self, number: usize, key: &str) -> std::result::Result<(String, Shape), Fault> {
        let known = KEYS.iter().find(|row| row.0 == key).map(|row| (row.1.to_owned(), row.2));
        let own = key.strip_prefix(SETTING).filter(|name| !name.is_empty());
        let row = known.or_else(|| own.map(|_| (key.to_owned(), Words)));
        let row = row.ok_or_else(|| unknown(number, key))?;
        match self.by_field.insert(row.0.clone(), (number, key.to_owned())) {
            None => Ok(row),
            Some((first, _)) => {
                let ru = format!("ключ повторяется, он уже был в строке {first}");
                let en = format!("the key is repeated, it was on line {first} already");
                Err(wrong(number, "repeated_key", key, Text::new(ru, en)))
            }
        }
    }
}

fn unknown(number: usize, key: &str) -> Fault {
    let mut message = Text::new("неизвестный ключ", "unknown key");
    if let Some(near) = nearest(key, KEYS.iter().map(|row| row.0)) {
        message.ru.push_str(&format!("; возможно, имелось в виду {near}"));
        message.en.push_str(&format!("; did you mean {near}?"));
    }
    wrong(number, "unknown_key", key, message)
}

/// The configuration's fields. A value that is not written as its field demands stays a text, and
/// the configuration then says what it expected.
fn fields(rows: &[((String, Shape), &str)]) -> Map<String, Value> {
    let mut map = Map::new();
    for ((field, shape), value) in rows.iter().filter(|row| !row.1.is_empty()) {
        let value = match (shape, *value) {
            (Flag, "1") => Value::Bool(true),
            (Flag, "0") => Value::Bool(false),
            (Number, digits) => number(digits),
            (_, text) => Value::from(text),
        };
        match field.split_once('.') {
            None => map.insert(field.clone(), value),
            Some((outer, inner)) => map
                .entry(outer)
                .or_insert_with(|| Map::new().into())
                .as_object_mut()
                .and_then(|object| object.insert(inner.to_owned(), value)),
        };
    }
    shape_settings(&mut map);
    map
}

fn number(text: &str) -> Value {
    text.parse().map(Value::Number).unwrap_or_else(|_| Value::from(text))
}

/// Gives the profile's settings the types that the profile declares. A profile that cannot be asked
/// is refused later, with the reason.
fn shape_settings(map: &mut Map<String, Value>) {
    let profile = map.get("profile").and_then(Value::as_str).map(str::to_owned);
    let Some(Value::Object(settings)) = map.get_mut("settings") else { return };
    let Some(profile) = profile else { return };
    let Ok(described) = profile::source(&profile).and_then(|source| profile::describe(&source))
    else {
        return;
    };
    for (name, value) in settings {
        let (Some(setting), Some(text)) = (described.settings.get(name), value.as_str()) else {
            continue;
        };
        *value = as_default(&setting.default, text);
    }
}

fn as_default(default: &Value, text: &str) -> Value {
    match (default, text) {
        (Value::Bool(_), "1" | "true") => Value::Bool(true),
        (Value::Bool(_), "0" | "false") => Value::Bool(false),
        (Value::Number(_), digits) => number(digits),
        (Value::Array(_), list) => list.split(',').map(str::trim).map(Value::from).collect(),
        _ => Value::from(text),
    }
}
