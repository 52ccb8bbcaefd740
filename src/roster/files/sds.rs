//! Microsoft School Data Sync in CSV: the present form (v2 and v2.1: `orgs.csv`, `roles.csv`,
//! `relationships.csv` …) and the classic one (v1: `School.csv`, `Student.csv` …, in its general
//! and its British spelling).
//!
//! Sources: Microsoft's pages "SDS V2.1 CSV file format", "Default list of values" and "CSV files
//! for School Data Sync", and the samples that it publishes. Every class of these forms is a taught
//! one; homerooms they have none.

use std::borrow::Cow;
use std::collections::HashMap;

use super::File;
use super::form::{Column, Form, Value};
use crate::roster::read::document::{Cell, Record, Relation, Rows};
use crate::roster::read::findings::{self, Findings};
use crate::roster::{GUARDIAN, Row, Table};

const fn column(header: &'static str, column: &'static str, value: Value) -> Column {
    Column { header, column, value }
}

/// Every class is taught.
const TAUGHT: &[(&str, &str)] = &[("classType", "scheduled")];

/// The present form. `role` and `orgSourcedIds` in `users.csv` are v2's, before there were roles.
pub(super) static FILES: &[File] = &[
    File {
        name: "orgs.csv",
        table: Table::Orgs,
        columns: &[column("type", "type", Value::Word)],
        required: &["sourcedId", "name"],
        always: &[],
    },
    File {
        name: "courses.csv",
        table: Table::Courses,
        columns: &[],
        required: &["sourcedId"],
        always: &[],
    },
    File {
        name: "classes.csv",
        table: Table::Classes,
        columns: &[column("orgSourcedId", "schoolSourcedId", Value::Plain)],
        required: &["sourcedId", "title", "schoolSourcedId"],
        always: TAUGHT,
    },
    File {
        name: "users.csv",
        table: Table::Users,
        columns: &[column("grade", "grades", Value::Plain), column("role", "role", Value::Role)],
        required: &["sourcedId"],
        always: &[],
    },
    File {
        name: "roles.csv",
        table: Table::Roles,
        columns: &[
            column("role", "role", Value::Role),
            column("isPrimary", "roleType", Value::Primary),
            column("roleStartDate", "beginDate", Value::Day),
            column("roleEndDate", "endDate", Value::Day),
        ],
        required: &["userSourcedId", "orgSourcedId", "role"],
        always: &[],
    },
    File {
        name: "enrollments.csv",
        table: Table::Enrollments,
        columns: &[column("role", "role", Value::Teaching)],
        required: &["classSourcedId", "userSourcedId", "role"],
        always: &[],
    },
];

/// Students and their guardians in the present form.
pub(super) static RELATIONSHIPS: File = File {
    name: "relationships.csv",
    table: Table::Roles,
    columns: &[
        column("relationshipUserSourcedId", "agentSourcedIds", Value::Plain),
        column("relationshipRole", "role", Value::Role),
    ],
    required: &["userSourcedId", "agentSourcedIds", "role"],
    always: &[],
};

/// The classic files with the names that a spelling gives their ids: an own id, a school's, a
/// section's, and that of a school in its own file.
macro_rules! classic {
    ($own:literal, $school:literal, $section:literal, $of_school:literal) => {
        [
            File {
                name: "School.csv",
                table: Table::Orgs,
                columns: &[column($of_school, "sourcedId", Value::Plain)],
                required: &["sourcedId", "name"],
                always: &[("type", "school")],
            },
            File {
                name: "Section.csv",
                table: Table::Classes,
                columns: &[
                    column($own, "sourcedId", Value::Plain),
                    column($school, "schoolSourcedId", Value::Plain),
                    column("Section Name", "title", Value::Plain),
                    column("Course Name", "subjects", Value::Whole),
                    column("Status", "status", Value::Status),
                ],
                required: &["sourcedId", "schoolSourcedId", "title"],
                always: TAUGHT,
            },
            File {
                name: "Student.csv",
                table: Table::Users,
                columns: &[
                    column($own, "sourcedId", Value::Plain),
                    column($school, "orgSourcedIds", Value::Plain),
                    column("Grade", "grades", Value::Plain),
                    column("Status", "status", Value::Status),
                ],
                required: &["sourcedId", "orgSourcedIds"],
                always: &[("role", "student")],
            },
            File {
                name: "Teacher.csv",
                table: Table::Users,
                columns: &[
                    column($own, "sourcedId", Value::Plain),
                    column($school, "orgSourcedIds", Value::Plain),
                    column("Status", "status", Value::Status),
                ],
                required: &["sourcedId", "orgSourcedIds"],
                always: &[("role", "teacher")],
            },
            File {
                name: "StudentEnrollment.csv",
                table: Table::Enrollments,
                columns: &[
                    column($section, "classSourcedId", Value::Plain),
                    column($own, "userSourcedId", Value::Plain),
                ],
                required: &["classSourcedId", "userSourcedId"],
                always: &[("role", "student")],
            },
            File {
                name: "TeacherRoster.csv",
                table: Table::Enrollments,
                columns: &[
                    column($section, "classSourcedId", Value::Plain),
                    column($own, "userSourcedId", Value::Plain),
                ],
                required: &["classSourcedId", "userSourcedId"],
                always: &[("role", "teacher")],
            },
        ]
    };
}

/// The classic form.
pub(super) static CLASSIC: &[File] =
    &classic!("SIS ID", "School SIS ID", "Section SIS ID", "SIS ID");

/// The classic form as British schools have it.
static BRITISH: &[File] = &classic!("ID", "School DfE Number", "Section ID", "DfE Number");

/// The present form. Without classes and enrollments it tells of people only.
pub(super) fn current() -> Form {
    Form {
        files: FILES.iter().collect(),
        required: &["orgs.csv", "users.csv"],
        relations: true,
        merges: false,
    }
}

/// The classic form, of which every file must be there.
pub(super) fn classic(british: bool) -> Form {
    const REQUIRED: &[&str] = &[
        "School.csv",
        "Section.csv",
        "Student.csv",
        "Teacher.csv",
        "StudentEnrollment.csv",
        "TeacherRoster.csv",
    ];
    let files = if british { BRITISH } else { CLASSIC };
    Form { files: files.iter().collect(), required: REQUIRED, relations: false, merges: true }
}

/// Roles as OneRoster writes them; of others the letters stay as they are.
pub(super) fn role(text: &str) -> Cow<'_, str> {
    const KNOWN: [&str; 9] = [
        "student",
        "teacher",
        "guardian",
        "parent",
        "relative",
        "principal",
        "aide",
        "proctor",
        "siteAdministrator",
    ];
    let known = KNOWN.into_iter().find(|known| known.eq_ignore_ascii_case(text));
    Cow::Borrowed(known.unwrap_or(text))
}

/// Roles in a class: whatever a university calls those who teach there, they are its teachers.
pub(super) fn teaching(text: &str) -> Cow<'_, str> {
    const TEACH: [&str; 6] =
        ["professor", "lecturer", "faculty", "instructor", "adjunct", "substitute"];
    match TEACH.iter().any(|word| word.eq_ignore_ascii_case(text)) {
        true => Cow::Borrowed("teacher"),
        false => role(text),
    }
}

/// A row of `relationships.csv`; `None` where it makes nobody a guardian: a doctor, a helper.
pub(super) fn relation<'a>(mut record: Record<'a>, faults: &mut Findings) -> Option<Relation<'a>> {
    let row = Row { table: Table::Roles, index: record.index, file: record.file };
    let mut required = |column: &str| match record.take(column) {
        Cell::Text(text) => Some(text),
        _ => {
            faults.push(findings::missing_column(row.at(column)));
            None
        }
    };
    let [student, guardian, role] = ["userSourcedId", "agentSourcedIds", "role"].map(&mut required);
    let relation = Relation { row, student: student?, guardian: guardian?, role: role? };
    GUARDIAN.contains(&&*relation.role).then_some(relation)
}

/// Makes one row of those that a file has of a person with several schools.
pub(super) fn merge_schools(rows: &mut Rows<'_>) {
    let Rows::Listed(rows) = rows else { return };
    let mut first: HashMap<(Option<&'static File>, String), usize> = HashMap::new();
    let mut merged: Vec<Record<'_>> = Vec::with_capacity(rows.len());
    for mut row in rows.drain(..) {
        let Some(school) = text(&mut row, "orgSourcedIds") else {
            merged.push(row);
            continue;
        };
        let key = (row.file, text(&mut row, "sourcedId").unwrap_or_default());
        let known = first.get(&key).and_then(|at| merged[*at].cell_mut("orgSourcedIds"));
        match known {
            Some(Cell::Text(schools)) if !schools.split(',').any(|known| known == school) => {
                schools.to_mut().push_str(&format!(",{school}"));
            }
            // The same row twice is a fault, which the reader tells.
            _ => {
                first.entry(key).or_insert(merged.len());
                merged.push(row);
            }
        }
    }
    *rows = merged;
}

fn text(row: &mut Record<'_>, column: &str) -> Option<String> {
    match row.cell_mut(column)? {
        Cell::Text(text) => Some(text.to_string()),
        _ => None,
    }
}
