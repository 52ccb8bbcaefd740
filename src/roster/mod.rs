//! The host's data for one cycle, checked and indexed: OneRoster 1.2 tables (`interface.md`,
//! "Roster fields", rulings 1 to 10).
//!
//! Ids are interned: inside a cycle a person is a [`PersonIx`], a position in [`Roster::people`].
//! Names, phones and e-mails of people are dropped at the door; titles of classes, courses and
//! organisations stay.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use jiff::civil::Date;
use serde_json::{Map, Value};

mod files;
mod index;
mod keep;
mod read;
mod years;

pub use files::{Content, File};
pub(crate) use read::{Column, Holds, REQUIRED, sketch};
pub use read::{Rules, read};

/// Position of an organisation in [`Roster::orgs`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OrgIx(pub u32);

/// Position of a class in [`Roster::classes`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ClassIx(pub u32);

/// Position of a person in [`Roster::people`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PersonIx(pub u32);

/// What a host knows beyond OneRoster's columns, by name.
pub type Metadata = Map<String, Value>;

/// A table of the roster.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Table {
    /// `orgs`
    Orgs,
    /// `academicSessions`
    AcademicSessions,
    /// `courses`
    Courses,
    /// `classes`
    Classes,
    /// `users`
    Users,
    /// `roles`
    Roles,
    /// `enrollments`
    Enrollments,
    /// `lessons`
    Lessons,
    /// `timetables`
    Timetables,
}

impl Table {
    /// Every table that is read, in the order of reading (what is referred to comes first).
    pub const ALL: [Table; 9] = [
        Table::Orgs,
        Table::AcademicSessions,
        Table::Courses,
        Table::Classes,
        Table::Users,
        Table::Roles,
        Table::Enrollments,
        Table::Lessons,
        Table::Timetables,
    ];

    /// The table's key in a roster document.
    pub fn name(self) -> &'static str {
        match self {
            Table::Orgs => "orgs",
            Table::AcademicSessions => "academicSessions",
            Table::Courses => "courses",
            Table::Classes => "classes",
            Table::Users => "users",
            Table::Roles => "roles",
            Table::Enrollments => "enrollments",
            Table::Lessons => "lessons",
            Table::Timetables => "timetables",
        }
    }

    /// The columns that are read; all others are ignored.
    pub fn columns(self) -> &'static [&'static str] {
        read::document::columns(self)
    }
}

/// Where a fact comes from: a row of the host's document or of one of its files.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Row {
    /// The table.
    pub table: Table,
    /// The row, counted from 0 as in the host's document; in a file the line, counted from 1.
    pub index: u32,
    /// The file; `None` for the JSON form.
    pub file: Option<&'static File>,
}

impl Row {
    /// The place of a column: `users[16].role`, `users.csv:17 role`.
    pub fn at(self, column: &str) -> String {
        match self.file {
            Some(file) => format!("{self} {}", file.header(column)),
            None => format!("{self}.{column}"),
        }
    }
}

impl std::fmt::Display for Row {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.file {
            Some(file) => write!(f, "{}:{}", file.name, self.index),
            None => write!(f, "{}[{}]", self.table.name(), self.index),
        }
    }
}

/// A span of days: the first counts, the last does not (ruling 1); an absent end is open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Span {
    /// First day.
    pub begin: Option<Date>,
    /// The day after the last.
    pub end: Option<Date>,
}

impl Span {
    /// Whether `day` lies in the span.
    pub fn holds(&self, day: Date) -> bool {
        self.begin.is_none_or(|begin| begin <= day) && self.end.is_none_or(|end| day < end)
    }
}

/// A row of `orgs`.
#[derive(Debug, Clone)]
pub struct Org {
    /// `sourcedId`
    pub id: Box<str>,
    /// `name`
    pub name: Box<str>,
    /// `type` (`school`, `district`, …); empty where the host gives none.
    pub kind: Box<str>,
    /// `metadata`
    pub metadata: Metadata,
    /// `status` is `tobedeleted`.
    pub absent: bool,
    /// Its row.
    pub row: Row,
}

/// A row of `courses`: a subject.
#[derive(Debug, Clone)]
pub struct Course {
    /// `sourcedId`
    pub id: Box<str>,
    /// `title`
    pub title: Box<str>,
    /// Its row.
    pub row: Row,
}

/// What a row of `classes` is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ClassType {
    /// `homeroom`: a class, a group, a «класс».
    Homeroom,
    /// `scheduled`: a journal, a discipline, a «предмет».
    Scheduled,
    /// Anything else: kept, never given a chat by the built-in profiles.
    Other,
}

/// A row of `classes`.
#[derive(Debug, Clone)]
pub struct Class {
    /// `sourcedId`
    pub id: Box<str>,
    /// `title`
    pub title: Box<str>,
    /// `classType`
    pub class_type: ClassType,
    /// `schoolSourcedId`
    pub school: OrgIx,
    /// The subject of a journal: the title of its course, else `subjects[0]`, else its own title.
    pub subject: Box<str>,
    /// `grades`
    pub grades: Vec<Box<str>>,
    /// `metadata.homeroom`, where that class exists.
    pub homeroom: Option<ClassIx>,
    /// `metadata`
    pub metadata: Metadata,
    /// `status` is `tobedeleted`: the class is dissolved.
    pub dissolved: bool,
    /// Its row.
    pub row: Row,
}

/// One account of a person as the roster names it (`userIds`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// `type`: `vk`, `max`, …
    pub kind: Box<str>,
    /// `identifier`
    pub identifier: Box<str>,
}

/// Whether a text is the id of an account on either messenger: a positive decimal number, written
/// plainly.
pub(crate) fn is_account(id: &str) -> bool {
    id.parse::<i64>().is_ok_and(|number| number > 0 && number.to_string() == id)
}

/// A row of `users`, without anything personal.
#[derive(Debug, Clone)]
pub struct Person {
    /// `sourcedId`
    pub id: Box<str>,
    /// `userIds` in the host's order.
    pub accounts: Vec<Account>,
    /// `metadata`
    pub metadata: Metadata,
    /// The users named in `agentSourcedIds`, in that order.
    pub agents: Vec<PersonIx>,
    /// `grades`
    pub grades: Vec<Box<str>>,
    /// `enabledUser` is false or `status` is `tobedeleted`: counts as absent everywhere.
    pub absent: bool,
    /// Its row.
    pub row: Row,
}

/// A row of `roles`, or OneRoster 1.1's `users.role` of a user without any row there.
#[derive(Debug, Clone)]
pub struct Role {
    /// `userSourcedId`
    pub person: PersonIx,
    /// `orgSourcedId`
    pub org: OrgIx,
    /// `role`: `teacher`, `student`, `guardian`, …
    pub role: Box<str>,
    /// `roleType` is `primary`.
    pub primary: bool,
    /// `beginDate`, `endDate`
    pub span: Span,
    /// `metadata`
    pub metadata: Metadata,
    /// `status` is `tobedeleted`.
    pub absent: bool,
    /// Its row.
    pub row: Row,
}

/// A row of `enrollments`.
#[derive(Debug, Clone)]
pub struct Enrollment {
    /// `classSourcedId`
    pub class: ClassIx,
    /// `userSourcedId`
    pub person: PersonIx,
    /// `role`: `student`, `teacher`, …
    pub role: Box<str>,
    /// `primary`
    pub primary: bool,
    /// `beginDate`, `endDate`
    pub span: Span,
    /// `status` is `tobedeleted`.
    pub absent: bool,
    /// Its row.
    pub row: Row,
}

/// A row of `lessons`.
#[derive(Debug, Clone)]
pub struct Lesson {
    /// `sourcedId`
    pub id: Box<str>,
    /// `classSourcedId`
    pub class: ClassIx,
    /// `date`
    pub date: Date,
    /// `startTime`, in the school's zone.
    pub start: Option<jiff::civil::Time>,
    /// `endTime`
    pub end: Option<jiff::civil::Time>,
    /// `period`: the number of the lesson in the day, as text.
    pub period: Option<Box<str>>,
    /// `title`
    pub title: Option<Box<str>>,
    /// `metadata`
    pub metadata: Metadata,
    /// `status` is `tobedeleted`.
    pub absent: bool,
    /// Its row.
    pub row: Row,
}

/// One line of a timetable's grid.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Period {
    /// `period`
    pub period: Box<str>,
    /// `startTime`
    pub start: Option<jiff::civil::Time>,
    /// `endTime`
    pub end: Option<jiff::civil::Time>,
}

/// A row of `timetables`.
#[derive(Debug, Clone)]
pub struct Timetable {
    /// `sourcedId`
    pub id: Box<str>,
    /// `classSourcedIds`
    pub classes: Vec<ClassIx>,
    /// `beginDate`, `endDate`
    pub span: Span,
    /// `periods`
    pub periods: Vec<Period>,
    /// `metadata`
    pub metadata: Metadata,
    /// `status` is `tobedeleted`.
    pub absent: bool,
    /// Its row.
    pub row: Row,
}

/// What broken rows name (ruling 4): nobody is removed there, nobody loses a role.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Frozen {
    /// `sourcedId`s of organisations of which a row is broken.
    pub orgs: BTreeSet<String>,
    /// `sourcedId`s of classes of which a row is broken (the row's own class, the class it named).
    pub classes: BTreeSet<String>,
    /// `sourcedId`s of people of whom a row is broken, and of the guardians of such students.
    pub people: BTreeSet<String>,
}

impl Frozen {
    /// Whether nothing is frozen.
    pub fn is_empty(&self) -> bool {
        self.orgs.is_empty() && self.classes.is_empty() && self.people.is_empty()
    }
}

/// A roster that was accepted: every reference resolved, every index built.
#[derive(Debug, Clone, Default)]
pub struct Roster {
    /// `orgs`
    pub orgs: Vec<Org>,
    /// `courses`
    pub courses: Vec<Course>,
    /// `classes`
    pub classes: Vec<Class>,
    /// `users`
    pub people: Vec<Person>,
    /// `roles`
    pub roles: Vec<Role>,
    /// `enrollments`
    pub enrollments: Vec<Enrollment>,
    /// `lessons`
    pub lessons: Vec<Lesson>,
    /// `timetables`
    pub timetables: Vec<Timetable>,
    /// The day on which dates were judged, in the school's zone.
    pub today: Option<Date>,
    /// Rows each table had, broken ones included; a table that was not there is not in the map.
    pub rows: BTreeMap<Table, u32>,
    /// What broken rows name.
    pub frozen: Frozen,
    /// What was left out or looks wrong, for the report.
    pub warnings: Vec<crate::error::Fault>,
    index: index::Index,
}

impl Roster {
    /// The organisation.
    pub fn org(&self, org: OrgIx) -> &Org {
        &self.orgs[org.0 as usize]
    }

    /// The class.
    pub fn class(&self, class: ClassIx) -> &Class {
        &self.classes[class.0 as usize]
    }

    /// The person.
    pub fn person(&self, person: PersonIx) -> &Person {
        &self.people[person.0 as usize]
    }

    /// The day on which dates are judged.
    pub fn today(&self) -> Date {
        self.today.unwrap_or(Date::ZERO)
    }

    /// Whether a role is in force today: dates, status, and a person who is not absent.
    pub fn role_in_force(&self, role: &Role) -> bool {
        !role.absent && role.span.holds(self.today()) && !self.person(role.person).absent
    }

    /// Whether an enrollment is in force today.
    pub fn enrollment_in_force(&self, enrollment: &Enrollment) -> bool {
        !enrollment.absent
            && enrollment.span.holds(self.today())
            && !self.person(enrollment.person).absent
    }
}

/// Roles that make nobody staff (`interface.md`: "any role in force other than …").
pub const NOT_STAFF: [&str; 4] = ["student", "guardian", "parent", "relative"];

/// Roles that make somebody a guardian (ruling 7).
pub const GUARDIAN: [&str; 3] = ["guardian", "parent", "relative"];

/// Ids to positions; a detail of [`index`].
type ById = HashMap<Box<str>, u32>;

/// Whether a metadata value says yes: `true`, a number but 0, `"true"`, `"1"`, `"да"`; a CSV has
/// only texts.
pub fn truthy(value: Option<&Value>) -> bool {
    match value {
        Some(Value::Bool(yes)) => *yes,
        Some(Value::Number(number)) => number.as_f64() != Some(0.0),
        Some(Value::String(text)) => {
            matches!(text.trim().to_lowercase().as_str(), "true" | "1" | "yes" | "да")
        }
        _ => false,
    }
}

/// The texts of a metadata value: a JSON array, or a comma-separated text, or one value.
pub fn texts(value: Option<&Value>) -> Vec<String> {
    match value {
        Some(Value::Array(items)) => items.iter().filter_map(one_text).collect(),
        Some(Value::String(text)) => text
            .split(',')
            .map(|part| part.trim().to_owned())
            .filter(|part| !part.is_empty())
            .collect(),
        Some(other) => one_text(other).into_iter().collect(),
        None => Vec::new(),
    }
}

fn one_text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.trim().to_owned()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(yes) => Some(yes.to_string()),
        _ => None,
    }
}
