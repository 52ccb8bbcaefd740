//! A case: a fragment of a roster and what the profile must make of it, in a JSON file beside the
//! script. `scripts/README.ru.md` describes the form.

use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde_json::{Map, Value, json};
use zvonok::error::{Code, Error, Fault, Text};
use zvonok::roster::{Content, Table};

use super::{Export, clock, suggestion};

/// The moment of a case that names none: what passes today must pass tomorrow.
const NOW: &str = "2026-09-01T12:00:00+03:00";

/// One file.
pub(crate) struct Case {
    /// The file.
    pub(crate) file: PathBuf,
    /// As it is written, for a file that is written anew.
    pub(crate) written: Value,
    /// As it is read.
    pub(crate) read: Document,
    /// The fragment with everything filled in.
    pub(crate) roster: Value,
}

/// What a file may say.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Document {
    /// What it shows, in a sentence.
    #[serde(default)]
    pub(crate) about: String,
    now: Option<String>,
    timezone: Option<String>,
    organization: Option<String>,
    /// Settings of the configuration.
    #[serde(default)]
    pub(crate) settings: Map<String, Value>,
    roster: Map<String, Value>,
    /// The chats and the warnings.
    pub(crate) expect: Option<Expect>,
    /// Who may do what.
    #[serde(default)]
    pub(crate) asks: Vec<Question>,
}

/// What must come out.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Expect {
    /// Chats by key, each with the fields that matter; null for one that must not be made.
    #[serde(default)]
    pub(crate) chats: Map<String, Value>,
    /// All chats that are made, where others would be wrong.
    pub(crate) keys: Option<Vec<String>>,
    /// All warnings, `code place`.
    pub(crate) warnings: Option<Vec<String>>,
}

/// One question to the rule `requests`, and the answer.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Question {
    /// `sourcedId` of who asks.
    pub(crate) actor: String,
    /// `chats.create`
    pub(crate) method: String,
    /// What it is about.
    #[serde(default)]
    pub(crate) target: Aim,
    /// The request's parameters, where the rule looks at them.
    #[serde(default)]
    pub(crate) params: Map<String, Value>,
    /// The answer.
    pub(crate) allowed: Option<bool>,
    /// Why not, where the words matter.
    pub(crate) reason: Option<String>,
}

/// What a request is about: a chat that the profile makes, or the facts one by one.
#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Aim {
    /// The key of a chat of this case: the rest follows from it.
    pub(crate) chat: Option<String>,
    pub(crate) key: Option<String>,
    pub(crate) kind: Option<String>,
    #[serde(rename = "type")]
    pub(crate) chat_type: Option<String>,
    pub(crate) organization: Option<String>,
    pub(crate) class: Option<String>,
    pub(crate) subject: Option<String>,
    pub(crate) locked: Option<bool>,
    pub(crate) maker: Option<String>,
    pub(crate) people: Vec<String>,
    pub(crate) person: Option<String>,
    pub(crate) call: Option<Call>,
    /// Whether the actor administers a chat that was made by hand.
    pub(crate) administers: bool,
}

/// A call, as a rule sees it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Call {
    #[serde(default)]
    pub(crate) state: String,
    #[serde(default)]
    pub(crate) running: bool,
    #[serde(default)]
    pub(crate) over: bool,
    #[serde(default)]
    pub(crate) by: String,
}

impl Case {
    /// Reads one file.
    ///
    /// # Errors
    /// [`Code::Config`] with the file, the line, and what was expected there.
    pub(crate) fn read(file: &Path) -> Result<Case, Error> {
        let shown = file.display().to_string();
        let text = std::fs::read_to_string(file).map_err(|error| {
            let why = (format!("не читается: {error}"), format!("cannot be read: {error}"));
            refused("case.unreadable", &shown, "", why)
        })?;
        let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
        let broken = |error: serde_json::Error| {
            let at = format!("{shown}:{}:{}", error.line(), error.column());
            let what = error.to_string();
            let what = what.split(" at line ").next().unwrap_or_default();
            let why = (format!("пример не разобран: {what}"), format!("no case: {what}"));
            refused("case.broken", &at, "", why)
        };
        let written: Value = serde_json::from_str(text).map_err(broken)?;
        let read: Document = serde_json::from_str(text).map_err(broken)?;
        let roster = filled(&shown, &read.roster)?;
        Ok(Case { file: file.to_owned(), written, read, roster })
    }

    /// The roster of the case, on its day.
    ///
    /// # Errors
    /// [`Code::Config`] for a time or zone that is none; [`Code::Roster`] for a fragment that is
    /// none.
    pub(crate) fn export(&self) -> Result<Export, Error> {
        let clock =
            clock(Some(self.read.now.as_deref().unwrap_or(NOW)), self.read.timezone.as_deref())?;
        let document = self.roster.to_string();
        let content = Content::document(document.as_bytes());
        Export::of(&content, &clock, self.read.organization.clone())
    }
}

/// A fragment as a whole roster: what a row must have and the case does not care about.
fn filled(file: &str, fragment: &Map<String, Value>) -> Result<Value, Error> {
    let tables = Table::ALL.iter().map(|table| table.name());
    for table in fragment.keys() {
        if !tables.clone().any(|known| known == table) {
            let near = suggestion(table, tables.clone());
            let why =
                (format!("нет такой таблицы{}", near.ru), format!("no such table{}", near.en));
            return Err(refused("case.unknown_table", &format!("{file} roster"), table, why));
        }
    }
    let mut roster = json!({"format": "zvonok.roster/1"});
    let school = json!([{"sourcedId": "school", "name": "Школа № 1", "type": "school"}]);
    roster["orgs"] = fragment.get("orgs").unwrap_or(&school).clone();
    let first = roster["orgs"][0]["sourcedId"].clone();
    for table in Table::ALL.into_iter().filter(|table| *table != Table::Orgs) {
        let usual = usual(table, &first);
        let rows = fragment.get(table.name()).cloned().unwrap_or_else(|| json!([]));
        let Value::Array(rows) = rows else {
            let why = ("нужен список строк".to_owned(), "a list of rows is needed".to_owned());
            return Err(refused("case.no_rows", &format!("{file} roster"), table.name(), why));
        };
        let rows = rows.into_iter().enumerate().map(|(at, row)| {
            let place = format!("{file} {}[{at}]", table.name());
            whole(&place, table, row, &usual)
        });
        roster[table.name()] = Value::Array(rows.collect::<Result<_, Error>>()?);
    }
    Ok(roster)
}

/// What rows of a table are where the case does not say.
fn usual(table: Table, school: &Value) -> Value {
    match table {
        Table::Classes => json!({"schoolSourcedId": school, "classType": "homeroom"}),
        Table::Users => json!({"orgSourcedIds": [school]}),
        Table::Roles => json!({"orgSourcedId": school, "role": "teacher", "roleType": "primary"}),
        Table::Enrollments => json!({"role": "student"}),
        _ => json!({}),
    }
}

fn whole(place: &str, table: Table, row: Value, usual: &Value) -> Result<Value, Error> {
    let (Value::Object(row), Value::Object(usual)) = (row, usual) else {
        let why = ("строка должна быть объектом".to_owned(), "a row must be an object".to_owned());
        return Err(refused("case.no_row", place, "", why));
    };
    misspelt(place, table, &row)?;
    let mut whole = usual.clone();
    whole.extend(row);
    if table == Table::Classes && !whole.contains_key("title") {
        whole.insert("title".to_owned(), whole.get("sourcedId").cloned().unwrap_or_default());
    }
    Ok(Value::Object(whole))
}

/// A roster may have any column; one that looks like a column that is read is a slip of the pen.
fn misspelt(place: &str, table: Table, row: &Map<String, Value>) -> Result<(), Error> {
    const NEAR: f64 = 0.75;
    let known = table.columns();
    for column in row.keys().filter(|column| !known.contains(&column.as_str())) {
        let likeness = |other: &str| {
            strsim::normalized_damerau_levenshtein(&column.to_lowercase(), &other.to_lowercase())
        };
        if let Some(near) = known.iter().find(|other| likeness(other) >= NEAR) {
            let why = (
                format!("неизвестная колонка; возможно, имелось в виду {near}"),
                format!("unknown column; did you mean {near}?"),
            );
            return Err(refused("case.unknown_column", place, column, why));
        }
    }
    Ok(())
}

/// The error of a case's file.
pub(super) fn refused(code: &str, at: &str, value: &str, (ru, en): (String, String)) -> Error {
    Error::with_faults(Code::Config, vec![Fault::new(code, at, value, Text::new(ru, en))])
}
