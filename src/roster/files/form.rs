//! The forms of rosters in files: which files belong to one, and how their values are written.

use std::borrow::Cow;

use serde_json::Value as Json;

use super::sheet::Sheet;
use super::{File, Named, csv, faults, oneroster, sds, text};
use crate::error::{Code, Error, Result};
use crate::roster::read::document::{Cell, Record, Relation, Rows, Tables};
use crate::roster::read::findings::Findings;
use crate::roster::read::{REQUIRED, read_tables};
use crate::roster::{Roster, Rules};

/// A column that is called or written otherwise than in OneRoster.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Column {
    pub(crate) header: &'static str,
    pub(crate) column: &'static str,
    pub(crate) value: Value,
}

/// How a field is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Value {
    /// As in OneRoster.
    Plain,
    /// A JSON value, as far as it begins like a list.
    Json,
    /// One text, commas included, where OneRoster has a list.
    Whole,
    /// A word of a vocabulary in any letters: `School`.
    Word,
    /// A role in any letters: `Student`.
    Role,
    /// A role in a class, where everybody who teaches is a teacher.
    Teaching,
    /// True for a primary role.
    Primary,
    /// A day, also without dashes.
    Day,
    /// `Active`, or `Inactive` for a row that no longer counts.
    Status,
}

impl Value {
    /// The field as the reader of tables wants it.
    pub(super) fn cell(self, text: &str) -> Cell<'_> {
        let text = match self {
            Value::Plain => Cow::Borrowed(text),
            Value::Json => return json(text),
            Value::Whole => return Cell::Nested(Box::new(Json::from(vec![text]))),
            Value::Word => Cow::Owned(text.to_ascii_lowercase()),
            Value::Role => sds::role(text),
            Value::Teaching => sds::teaching(text),
            Value::Primary => Cow::Borrowed(match text.to_ascii_lowercase().as_str() {
                "true" | "1" => "primary",
                _ => "secondary",
            }),
            Value::Day => day(text),
            Value::Status => Cow::Borrowed(match text.to_ascii_lowercase().as_str() {
                "inactive" | "deleted" => "tobedeleted",
                _ => text,
            }),
        };
        Cell::Text(text)
    }
}

fn json(text: &str) -> Cell<'_> {
    match serde_json::from_str::<Json>(text) {
        Ok(value) if value.is_array() => Cell::Nested(Box::new(value)),
        _ => Cell::Text(Cow::Borrowed(text)),
    }
}

fn day(text: &str) -> Cow<'_, str> {
    match text.bytes().all(|byte| byte.is_ascii_digit()) && text.len() == 8 {
        true => Cow::Owned(format!("{}-{}-{}", &text[..4], &text[4..6], &text[6..])),
        false => Cow::Borrowed(text),
    }
}

/// Whether a file of this name, in lower case, belongs to some form.
pub(super) fn is_known(name: &str) -> bool {
    let all = oneroster::FILES.iter().chain(sds::FILES);
    let all = all.chain(sds::CLASSIC).chain([&sds::RELATIONSHIPS]);
    name == oneroster::MANIFEST || all.into_iter().any(|file| file.name.eq_ignore_ascii_case(name))
}

/// Recognises the form and reads it.
pub(super) fn read(files: &[Named], rules: &Rules) -> Result<Roster> {
    let mut findings = Findings::default();
    let form = match recognise(files, &mut findings) {
        Some(form) => form,
        None => return Err(Error::with_faults(Code::Roster, findings.into_list())),
    };
    let sheets: Vec<Sheets> =
        form.files.iter().map(|file| Sheets::read(file, files, &form, &mut findings)).collect();
    let links =
        form.relations.then(|| Sheets::read(&sds::RELATIONSHIPS, files, &form, &mut findings));
    let mut tables = Tables::new();
    for sheets in &sheets {
        sheets.add_to(&mut tables);
    }
    if form.merges {
        tables.values_mut().for_each(sds::merge_schools);
    }
    let links = links.iter().flat_map(Sheets::records);
    let relations: Vec<Relation> =
        links.filter_map(|record| sds::relation(record, &mut findings)).collect();
    read_tables(tables, relations, findings, rules)
}

/// A form of rosters as one set of files has it.
pub(super) struct Form {
    pub(super) files: Vec<&'static File>,
    /// Names of files that must be there.
    pub(super) required: &'static [&'static str],
    /// Students and guardians are linked in a file of their own.
    pub(super) relations: bool,
    /// Somebody with several schools has several rows.
    pub(super) merges: bool,
}

/// The form, by names of files and, where those are the same, by headers.
fn recognise(files: &[Named], findings: &mut Findings) -> Option<Form> {
    let has = |name: &str| files.iter().any(|file| file.name == name);
    if has(oneroster::MANIFEST) {
        return oneroster::form(files, findings);
    }
    if has("school.csv") || has("section.csv") || has("student.csv") {
        let uk = ["school.csv", "section.csv", "student.csv"].iter().any(|name| {
            let header = header(files, name);
            header.iter().any(|name| name.to_ascii_lowercase().ends_with("dfe number"))
        });
        return Some(sds::classic(uk));
    }
    let users = header(files, "users.csv");
    let names =
        |header: &[String], name: &str| header.iter().any(|own| own.eq_ignore_ascii_case(name));
    if names(&users, "user_id") && !names(&users, "sourcedId") {
        findings.push(faults::canvas());
        return None;
    }
    let (classes, roles) = (header(files, "classes.csv"), header(files, "roles.csv"));
    let org = names(&classes, "orgSourcedId") && !names(&classes, "schoolSourcedId");
    let no_classes = classes.is_empty() && names(&roles, "isPrimary");
    if org || no_classes {
        return Some(sds::current());
    }
    oneroster::form(files, findings)
}

/// The names of a file's columns; none where it cannot be read, of which its reading tells.
fn header(files: &[Named], name: &str) -> Vec<String> {
    let read = || {
        let file = files.iter().find(|file| file.name == name)?;
        let text = text::decode(name, &file.bytes).ok()?;
        let mut rows = csv::Rows::new(name, &text).ok()?;
        Some(rows.next()?.1.iter().map(|name| name.trim().to_owned()).collect())
    };
    read().unwrap_or_default()
}

/// A file of a form: what was read of it.
struct Sheets {
    file: &'static File,
    sheet: Option<Sheet>,
    /// The table counts as there, if only with no rows.
    there: bool,
}

impl Sheets {
    fn read(file: &'static File, files: &[Named], form: &Form, findings: &mut Findings) -> Sheets {
        let required = form.required.contains(&file.name);
        let named = files.iter().find(|named| named.name.eq_ignore_ascii_case(file.name));
        if named.is_none() && required {
            findings.push(faults::missing_file(file.name));
        }
        let sheet = named.and_then(|named| Sheet::read(file, &named.bytes, findings));
        Sheets { file, sheet, there: named.is_some() || required }
    }

    fn records(&self) -> impl Iterator<Item = Record<'_>> {
        self.sheet.iter().flat_map(Sheet::records)
    }

    fn add_to<'a>(&'a self, tables: &mut Tables<'a>) {
        let table = self.file.table;
        // What a form may leave out, the reader still asks for.
        if !self.there && !REQUIRED.contains(&table) {
            return;
        }
        if let Rows::Listed(rows) = tables.entry(table).or_insert_with(|| Rows::Listed(Vec::new()))
        {
            rows.extend(self.records());
        }
    }
}
