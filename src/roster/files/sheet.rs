//! One file's rows as the records of a table. Only the fields of columns that are read are kept.

use std::borrow::Cow;
use std::ops::Range;

use super::csv::Rows;
use super::form::{Column, Value};
use super::{File, faults, text};
use crate::roster::Metadata;
use crate::roster::read::document::{self, Cell, Record};
use crate::roster::read::findings::Findings;

/// The fields of a file, all of them in one text.
pub(super) struct Sheet {
    file: &'static File,
    columns: Vec<(usize, Target)>,
    text: String,
    fields: Vec<Range<usize>>,
    lines: Vec<u32>,
}

/// Where a field goes.
#[derive(Debug, Clone, PartialEq)]
enum Target {
    Column(&'static str, Value),
    Metadata(String),
}

impl Sheet {
    /// Takes a file apart; `None` with a fault where nothing of it can be read.
    pub(super) fn read(
        file: &'static File,
        bytes: &[u8],
        findings: &mut Findings,
    ) -> Option<Sheet> {
        let text = text::decode(file.name, bytes).map_err(|fault| findings.push(fault)).ok()?;
        let rows = Rows::new(file.name, &text).map_err(|fault| findings.push(fault)).ok()?;
        let mut sheet = Sheet {
            file,
            columns: Vec::new(),
            text: String::new(),
            fields: Vec::new(),
            lines: Vec::new(),
        };
        sheet.fill(rows, findings).then_some(sheet)
    }

    fn fill(&mut self, mut rows: Rows, findings: &mut Findings) -> bool {
        let (line, header): (u32, Vec<String>) = match rows.next() {
            Some((line, header)) => (line, header.iter().map(str::to_owned).collect()),
            None => (1, Vec::new()),
        };
        if !self.take_header(line, &header, findings) {
            return false;
        }
        while let Some((line, row)) = rows.next() {
            let further = row.iter().skip(header.len()).any(|field| !field.trim().is_empty());
            if row.len() < header.len() || further {
                let (found, expected) = (row.len(), header.len());
                findings.push(faults::ragged_row(self.file.name, line, found, expected));
                continue;
            }
            self.lines.push(line);
            for (place, _) in &self.columns {
                let from = self.text.len();
                self.text.push_str(row.get(*place).unwrap_or_default().trim());
                self.fields.push(from..self.text.len());
            }
        }
        true
    }

    /// Finds the columns that are read; false where one is missing or there twice.
    fn take_header(&mut self, line: u32, header: &[String], findings: &mut Findings) -> bool {
        let mut sound = true;
        for (place, name) in header.iter().enumerate() {
            let Some(target) = target(self.file, name.trim()) else { continue };
            if self.columns.iter().any(|(_, known)| *known == target) {
                findings.push(faults::column_twice(self.file.name, line, name.trim()));
                sound = false;
            } else {
                self.columns.push((place, target));
            }
        }
        for required in self.file.required {
            let is_it = |target: &Target| matches!(target, Target::Column(c, _) if c == required);
            if !self.columns.iter().any(|(_, target)| is_it(target)) {
                let name = self.file.header(required);
                findings.push(faults::missing_column(self.file.name, line, &name, header));
                sound = false;
            }
        }
        sound
    }

    /// The rows as records.
    pub(super) fn records(&self) -> impl Iterator<Item = Record<'_>> {
        let rows = self.fields.chunks(self.columns.len().max(1));
        self.lines.iter().zip(rows).map(|(line, fields)| self.record(*line, fields))
    }

    fn record(&self, line: u32, fields: &[Range<usize>]) -> Record<'_> {
        let mut cells = Vec::with_capacity(self.columns.len() + self.file.always.len());
        let mut metadata = Metadata::new();
        for ((_, target), field) in self.columns.iter().zip(fields) {
            let text = &self.text[field.clone()];
            match target {
                _ if text.is_empty() => {}
                Target::Column(column, value) => cells.push((*column, value.cell(text))),
                Target::Metadata(name) => {
                    metadata.insert(name.clone(), text.into());
                }
            }
        }
        if !metadata.is_empty() {
            cells.push(("metadata", Cell::Nested(Box::new(metadata.into()))));
        }
        for (column, text) in self.file.always {
            cells.push((column, Cell::Text(Cow::Borrowed(text))));
        }
        Record::of_file(self.file, line, cells)
    }
}

/// Where the fields under a header go; `None` for columns that are not read.
fn target(file: &File, header: &str) -> Option<Target> {
    let is = |name: &str| name.eq_ignore_ascii_case(header);
    let of = |own: &Column| Target::Column(own.column, own.value);
    if let Some(own) = file.columns.iter().find(|own| is(own.header)) {
        return Some(of(own));
    }
    const METADATA: &str = "metadata.";
    if let Some(start) = header.get(..METADATA.len())
        && start.eq_ignore_ascii_case(METADATA)
    {
        return Some(Target::Metadata(header[METADATA.len()..].to_owned()));
    }
    let known = document::columns(file.table).iter();
    let mut known = known.filter(|column| **column != "metadata" && is(column));
    let value = |column: &str| if column == "periods" { Value::Json } else { Value::Plain };
    known.next().map(|column| Target::Column(column, value(column)))
}
