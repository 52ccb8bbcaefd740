//! A roster as tables of rows, before anything is judged: what the JSON form gives, and what every
//! other form of a roster has to give.
//!
//! Only columns that are read get a cell, so that names, phones and e-mails never leave the text.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

use serde::Deserialize;
use serde::de::value::{MapAccessDeserializer, SeqAccessDeserializer};
use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::{Number, Value};

use super::findings::{self, FORMAT, Findings};
use crate::error::{Fault, Text};
use crate::roster::{File, Row, Table};

/// The tables of a document by name; a table that is not there is not in the map.
pub(crate) type Tables<'a> = BTreeMap<Table, Rows<'a>>;

/// The rows of one table.
pub(crate) enum Rows<'a> {
    /// The rows in the host's order.
    Listed(Vec<Record<'a>>),
    /// What stood where an array should.
    Else(Kind),
}

/// One row: its number as in [`Row`], and its cells.
pub(crate) struct Record<'a> {
    pub(crate) index: u32,
    pub(crate) file: Option<&'static File>,
    cells: Vec<(&'static str, Cell<'a>)>,
    /// Columns that the row names more than once.
    pub(super) twice: Vec<&'static str>,
    /// What stood where an object should.
    pub(super) instead: Option<Kind>,
}

/// A row of a form of rosters that links a student and a guardian in a table of its own.
pub(crate) struct Relation<'a> {
    pub(crate) row: Row,
    pub(crate) student: Cow<'a, str>,
    pub(crate) guardian: Cow<'a, str>,
    /// `guardian`, `parent` or `relative`.
    pub(crate) role: Cow<'a, str>,
}

/// One value of a row.
#[derive(Debug, Clone)]
pub(crate) enum Cell<'a> {
    Null,
    Bool(bool),
    Number(Number),
    Text(Cow<'a, str>),
    /// A list or an object.
    Nested(Box<Value>),
}

/// The kind of a JSON value, for messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Null,
    Bool,
    Number,
    Text,
    List,
    Object,
}

impl Kind {
    pub(super) fn text(self) -> Text {
        match self {
            Kind::Null => Text::new("null", "null"),
            Kind::Bool => Text::new("true или false", "true or false"),
            Kind::Number => Text::new("число", "a number"),
            Kind::Text => Text::new("строка", "a text"),
            Kind::List => Text::new("массив", "an array"),
            Kind::Object => Text::new("объект", "an object"),
        }
    }

    pub(super) fn of(value: &Value) -> Kind {
        match value {
            Value::Null => Kind::Null,
            Value::Bool(_) => Kind::Bool,
            Value::Number(_) => Kind::Number,
            Value::String(_) => Kind::Text,
            Value::Array(_) => Kind::List,
            Value::Object(_) => Kind::Object,
        }
    }
}

impl Cell<'_> {
    pub(super) fn kind(&self) -> Kind {
        match self {
            Cell::Null => Kind::Null,
            Cell::Bool(_) => Kind::Bool,
            Cell::Number(_) => Kind::Number,
            Cell::Text(_) => Kind::Text,
            Cell::Nested(value) => Kind::of(value),
        }
    }
}

impl<'a> Record<'a> {
    /// A row without cells.
    pub(crate) fn new(index: u32) -> Record<'a> {
        Record { index, file: None, cells: Vec::new(), twice: Vec::new(), instead: None }
    }

    /// A row of a file, where each column stands once.
    pub(crate) fn of_file(
        file: &'static File,
        line: u32,
        cells: Vec<(&'static str, Cell<'a>)>,
    ) -> Record<'a> {
        Record { file: Some(file), cells, ..Record::new(line) }
    }

    /// The value of a column; `None` where there is none.
    pub(crate) fn cell_mut(&mut self, column: &str) -> Option<&mut Cell<'a>> {
        self.cells.iter_mut().find(|(name, _)| *name == column).map(|(_, cell)| cell)
    }

    /// Puts a value under a column of [`columns`]; a column named twice is remembered as a fault.
    fn put(&mut self, column: &'static str, cell: Cell<'a>) {
        if self.cells.iter().any(|(name, _)| *name == column) {
            self.twice.push(column);
        } else {
            self.cells.push((column, cell));
        }
    }

    /// Takes the value of a column out of the row.
    pub(crate) fn take(&mut self, column: &str) -> Cell<'a> {
        match self.cells.iter_mut().find(|(name, _)| *name == column) {
            Some((_, cell)) => std::mem::replace(cell, Cell::Null),
            None => Cell::Null,
        }
    }
}

/// The columns of a table that are read; all others are ignored unseen.
#[rustfmt::skip] // A column a line would hide the tables.
pub(crate) fn columns(table: Table) -> &'static [&'static str] {
    match table {
        Table::Orgs => &["sourcedId", "status", "name", "type", "metadata"],
        Table::AcademicSessions => &["sourcedId"],
        Table::Courses => &["sourcedId", "status", "title"],
        Table::Classes => &[
            "sourcedId", "status", "title", "classType", "schoolSourcedId", "courseSourcedId",
            "subjects", "grades", "metadata",
        ],
        Table::Users => &[
            "sourcedId", "status", "enabledUser", "role", "orgSourcedIds", "userIds",
            "agentSourcedIds", "grades", "metadata",
        ],
        Table::Roles => &[
            "sourcedId", "status", "userSourcedId", "orgSourcedId", "role", "roleType",
            "beginDate", "endDate", "metadata",
        ],
        Table::Enrollments => &[
            "sourcedId", "status", "classSourcedId", "userSourcedId", "role", "primary",
            "beginDate", "endDate",
        ],
        Table::Lessons => &[
            "sourcedId", "status", "classSourcedId", "date", "startTime", "endTime", "period",
            "title", "metadata",
        ],
        Table::Timetables => &[
            "sourcedId", "status", "classSourcedIds", "beginDate", "endDate", "periods",
            "metadata",
        ],
    }
}

/// Takes the JSON form apart, with the faults of its top level.
///
/// # Errors
/// The one fault after which nothing can be read: another encoding, broken JSON, another format.
pub(super) fn json_tables(document: &[u8]) -> Result<(Tables<'_>, Findings), Fault> {
    let text = std::str::from_utf8(document)
        .map_err(|error| findings::not_utf8(document, error.valid_up_to()))?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    if !text.trim_start().starts_with('{') {
        serde_json::from_str::<IgnoredAny>(text).map_err(|error| findings::broken_json(&error))?;
        return Err(findings::not_an_object());
    }
    let mut json = serde_json::Deserializer::from_str(text);
    let document = json
        .deserialize_map(DocumentVisitor)
        .and_then(|document| json.end().map(|()| document))
        .map_err(|error| findings::broken_json(&error))?;
    document.checked()
}

/// The top level of the JSON form.
struct Document<'a> {
    format: Option<Cell<'a>>,
    tables: Tables<'a>,
    twice: Vec<&'static str>,
}

impl<'a> Document<'a> {
    fn checked(self) -> Result<(Tables<'a>, Findings), Fault> {
        let mut faults = Findings::default();
        match self.format {
            Some(Cell::Text(format)) if format == FORMAT => {}
            Some(Cell::Text(format)) => return Err(findings::format(&format)),
            _ => faults.push(findings::format("")),
        }
        for key in self.twice {
            faults.push(findings::duplicate_key(key.to_owned()));
        }
        Ok((self.tables, faults))
    }
}

struct DocumentVisitor;

impl<'de> Visitor<'de> for DocumentVisitor {
    type Value = Document<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a roster")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Document<'de>, A::Error> {
        let mut document = Document { format: None, tables: Tables::new(), twice: Vec::new() };
        while let Some(key) = map.next_key::<Cow<'de, str>>()? {
            let table = Table::ALL.into_iter().find(|table| table.name() == key);
            match table {
                Some(table) if document.tables.contains_key(&table) => {
                    document.twice.push(table.name());
                    map.next_value::<IgnoredAny>()?;
                }
                Some(table) => {
                    document.tables.insert(table, map.next_value_seed(RowsSeed(table))?);
                }
                None if key == "format" && document.format.is_some() => {
                    document.twice.push("format");
                    map.next_value::<IgnoredAny>()?;
                }
                None if key == "format" => document.format = Some(map.next_value()?),
                None => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(document)
    }
}

/// Answers every scalar with its kind, where an array or an object is awaited.
macro_rules! scalars {
    ($self:ident => $answer:expr) => {
        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a JSON value")
        }

        fn visit_unit<E>($self) -> Result<Self::Value, E> {
            Ok($answer(Kind::Null))
        }

        fn visit_bool<E>($self, _: bool) -> Result<Self::Value, E> {
            Ok($answer(Kind::Bool))
        }

        fn visit_i64<E>($self, _: i64) -> Result<Self::Value, E> {
            Ok($answer(Kind::Number))
        }

        fn visit_u64<E>($self, _: u64) -> Result<Self::Value, E> {
            Ok($answer(Kind::Number))
        }

        fn visit_f64<E>($self, _: f64) -> Result<Self::Value, E> {
            Ok($answer(Kind::Number))
        }

        fn visit_str<E>($self, _: &str) -> Result<Self::Value, E> {
            Ok($answer(Kind::Text))
        }
    };
}

/// The value of a table's key.
struct RowsSeed(Table);

impl<'de> DeserializeSeed<'de> for RowsSeed {
    type Value = Rows<'de>;

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<Rows<'de>, D::Error> {
        json.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for RowsSeed {
    type Value = Rows<'de>;

    scalars!(self => Rows::Else);

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Rows<'de>, A::Error> {
        let mut rows = Vec::new();
        while let Some(row) =
            items.next_element_seed(RecordSeed { table: self.0, index: rows.len() as u32 })?
        {
            rows.push(row);
        }
        Ok(Rows::Listed(rows))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Rows<'de>, A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Rows::Else(Kind::Object))
    }
}

/// One row of a table.
struct RecordSeed {
    table: Table,
    index: u32,
}

impl RecordSeed {
    fn instead<'de>(&self, kind: Kind) -> Record<'de> {
        Record { instead: Some(kind), ..Record::new(self.index) }
    }
}

impl<'de> DeserializeSeed<'de> for RecordSeed {
    type Value = Record<'de>;

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<Record<'de>, D::Error> {
        json.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for RecordSeed {
    type Value = Record<'de>;

    scalars!(self => |kind| self.instead(kind));

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Record<'de>, A::Error> {
        let columns = columns(self.table);
        let mut record = Record::new(self.index);
        record.cells.reserve_exact(columns.len());
        while let Some(column) = map.next_key_seed(ColumnSeed(columns))? {
            match column {
                Some(column) => record.put(column, map.next_value()?),
                None => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(record)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Record<'de>, A::Error> {
        while items.next_element::<IgnoredAny>()?.is_some() {}
        Ok(self.instead(Kind::List))
    }
}

/// A key of a row: the column, or nothing where the column is not read.
struct ColumnSeed(&'static [&'static str]);

impl<'de> DeserializeSeed<'de> for ColumnSeed {
    type Value = Option<&'static str>;

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<Self::Value, D::Error> {
        json.deserialize_str(self)
    }
}

impl Visitor<'_> for ColumnSeed {
    type Value = Option<&'static str>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a column")
    }

    fn visit_str<E>(self, key: &str) -> Result<Self::Value, E> {
        Ok(self.0.iter().copied().find(|column| *column == key))
    }
}

impl<'de> Deserialize<'de> for Cell<'de> {
    fn deserialize<D: Deserializer<'de>>(json: D) -> Result<Cell<'de>, D::Error> {
        json.deserialize_any(CellVisitor)
    }
}

struct CellVisitor;

impl<'de> Visitor<'de> for CellVisitor {
    type Value = Cell<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E>(self) -> Result<Cell<'de>, E> {
        Ok(Cell::Null)
    }

    fn visit_bool<E>(self, yes: bool) -> Result<Cell<'de>, E> {
        Ok(Cell::Bool(yes))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Cell<'de>, E> {
        Ok(Cell::Number(number.into()))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Cell<'de>, E> {
        Ok(Cell::Number(number.into()))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Cell<'de>, E> {
        Ok(Number::from_f64(number).map_or(Cell::Null, Cell::Number))
    }

    fn visit_str<E>(self, text: &str) -> Result<Cell<'de>, E> {
        Ok(Cell::Text(Cow::Owned(text.to_owned())))
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Cell<'de>, E> {
        Ok(Cell::Text(Cow::Borrowed(text)))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, items: A) -> Result<Cell<'de>, A::Error> {
        Value::deserialize(SeqAccessDeserializer::new(items)).map(Box::new).map(Cell::Nested)
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Cell<'de>, A::Error> {
        Value::deserialize(MapAccessDeserializer::new(map)).map(Box::new).map(Cell::Nested)
    }
}
