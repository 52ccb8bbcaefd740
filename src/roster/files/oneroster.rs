//! OneRoster 1.1 and 1.2 in CSV. A 1.1 user's `role` and `orgSourcedIds` are read as in JSON.
//!
//! `manifest.csv` says of each file whether it is whole (`bulk`), not there (`absent`) or only what
//! changed (`delta`); without one, what is there counts as whole.

use super::csv::Rows;
use super::form::Form;
use super::{File, Named, faults, text};
use crate::roster::Table;
use crate::roster::read::findings::Findings;

/// The file that tells of the others.
pub(super) const MANIFEST: &str = "manifest.csv";

const fn file(name: &'static str, table: Table, required: &'static [&'static str]) -> File {
    File { name, table, columns: &[], required, always: &[] }
}

/// The files with the columns that ruling 2 asks for.
#[rustfmt::skip] // A file a line.
pub(super) static FILES: &[File] = &[
    file("orgs.csv", Table::Orgs, &["sourcedId", "name"]),
    file("academicSessions.csv", Table::AcademicSessions, &[]),
    file("courses.csv", Table::Courses, &["sourcedId"]),
    file("classes.csv", Table::Classes, &["sourcedId", "title", "classType", "schoolSourcedId"]),
    file("users.csv", Table::Users, &["sourcedId"]),
    file("roles.csv", Table::Roles, &["userSourcedId", "orgSourcedId", "role"]),
    file("enrollments.csv", Table::Enrollments, &["classSourcedId", "userSourcedId", "role"]),
    file("lessons.csv", Table::Lessons, &["sourcedId", "classSourcedId", "date"]),
    file("timetables.csv", Table::Timetables, &["sourcedId"]),
];

const REQUIRED: &[&str] = &["orgs.csv", "users.csv", "classes.csv", "enrollments.csv"];

/// The form as the manifest describes it; `None` where it cannot be read or names a version or a
/// way that is not read.
pub(super) fn form(files: &[Named], findings: &mut Findings) -> Option<Form> {
    let mut form =
        Form { files: FILES.iter().collect(), required: REQUIRED, relations: false, merges: false };
    let Some(manifest) = files.iter().find(|file| file.name == MANIFEST) else {
        return Some(form);
    };
    let before = findings.is_empty();
    let read = Manifest::read(&manifest.bytes, findings)?;
    for row in &read.0 {
        row.apply(files, &mut form, findings);
    }
    (before && findings.is_empty()).then_some(form)
}

struct Manifest(Vec<Property>);

struct Property {
    line: u32,
    name: String,
    value: String,
}

impl Manifest {
    fn read(bytes: &[u8], findings: &mut Findings) -> Option<Manifest> {
        let text = text::decode(MANIFEST, bytes).map_err(|fault| findings.push(fault)).ok()?;
        let rows = Rows::new(MANIFEST, &text).map_err(|fault| findings.push(fault));
        let mut rows = rows.ok()?;
        let mut list = Vec::new();
        while let Some((line, row)) = rows.next() {
            let field = |at: usize| row.get(at).unwrap_or_default().trim().to_owned();
            list.push(Property { line, name: field(0), value: field(1) });
        }
        Some(Manifest(list))
    }
}

impl Property {
    fn apply(&self, files: &[Named], form: &mut Form, findings: &mut Findings) {
        if self.name == "oneroster.version" && !self.value.starts_with("1.") {
            findings.push(faults::version(self.line, &self.value));
        }
        let Some(table) = self.name.strip_prefix("file.") else { return };
        let name = format!("{table}.csv");
        let Some(file) = FILES.iter().find(|file| file.name.eq_ignore_ascii_case(&name)) else {
            return;
        };
        match self.value.to_ascii_lowercase().as_str() {
            "bulk" => {
                let there = files.iter().any(|found| found.name.eq_ignore_ascii_case(file.name));
                if !there {
                    findings.push(faults::promised(self.line, file.name));
                }
            }
            "absent" if REQUIRED.contains(&file.name) => {
                findings.push(faults::absent(self.line, file.name));
            }
            "absent" => form.files.retain(|kept| kept.name != file.name),
            "delta" => findings.push(faults::delta(self.line, &self.name)),
            _ => findings.push(faults::manifest_word(self.line, &self.name, &self.value)),
        }
    }
}
