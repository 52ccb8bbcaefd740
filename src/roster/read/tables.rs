//! Each table as typed rows. References are still ids; [`super::references`] follows them.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};

use super::document::{Record, Relation, Rows, Tables};
use super::findings::{self, Findings};
use super::row::Fields;
use super::sketch::Column;
use crate::error::Text;
use crate::roster::{
    Class, ClassIx, ClassType, Course, Enrollment, Lesson, Org, OrgIx, Person, PersonIx, Role, Row,
    Table, Timetable,
};

/// A text of the document, borrowed where it has no escapes.
pub(super) type Id<'a> = Cow<'a, str>;

/// A row whose positions are still placeholders, with the ids that they stand for.
pub(super) struct Linked<'a, T, const N: usize> {
    pub(super) row: T,
    pub(super) ids: [Id<'a>; N],
}

/// A row of `courses`; only one that is not deleted gives its title.
pub(super) struct CourseRow {
    pub(super) course: Course,
    pub(super) absent: bool,
}

/// A row of `classes`.
pub(super) struct ClassRow<'a> {
    pub(super) class: Class,
    pub(super) school: Id<'a>,
    pub(super) course: Option<Id<'a>>,
    pub(super) subject: Option<Box<str>>,
    pub(super) homeroom: Option<Box<str>>,
}

/// A row of `users`; a number before an id is its place in its list.
pub(super) struct UserRow {
    pub(super) person: Person,
    pub(super) agents: Vec<(usize, Box<str>)>,
    /// OneRoster 1.1's `role` and `orgSourcedIds`.
    pub(super) role: Option<Box<str>>,
    pub(super) orgs: Vec<(usize, Box<str>)>,
}

/// A row of `timetables`.
pub(super) struct TimetableRow {
    pub(super) timetable: Timetable,
    pub(super) classes: Vec<(usize, Box<str>)>,
}

/// Every table, typed.
pub(super) struct Typed<'a> {
    pub(super) orgs: Vec<Org>,
    pub(super) courses: Vec<CourseRow>,
    pub(super) classes: Vec<ClassRow<'a>>,
    pub(super) users: Vec<UserRow>,
    pub(super) roles: Vec<Linked<'a, Role, 2>>,
    pub(super) enrollments: Vec<Linked<'a, Enrollment, 2>>,
    pub(super) lessons: Vec<Linked<'a, Lesson, 1>>,
    pub(super) timetables: Vec<TimetableRow>,
    pub(super) relations: Vec<Relation<'a>>,
    pub(super) rows: BTreeMap<Table, u32>,
}

/// Reads every table, in the order of [`Table::ALL`].
pub(super) fn typed<'a>(
    mut tables: Tables<'a>,
    relations: Vec<Relation<'a>>,
    faults: &mut Findings,
    warnings: &mut Findings,
) -> Typed<'a> {
    let rows = BTreeMap::new();
    read_all(Reader { tables: &mut tables, faults, warnings, rows, sketch: None }, relations)
}

/// The columns of every table, as its reader asks for them.
pub(crate) fn sketch() -> Vec<(Table, Vec<Column>)> {
    let (mut faults, mut warnings) = (Findings::default(), Findings::default());
    let mut sketch = Vec::new();
    read_all(
        Reader {
            tables: &mut Tables::new(),
            faults: &mut faults,
            warnings: &mut warnings,
            rows: BTreeMap::new(),
            sketch: Some(&mut sketch),
        },
        Vec::new(),
    );
    sketch
}

fn read_all<'a>(mut reader: Reader<'_, 'a>, relations: Vec<Relation<'a>>) -> Typed<'a> {
    let orgs = reader.table(Table::Orgs, org);
    reader.table(Table::AcademicSessions, |_, _| ());
    Typed {
        orgs,
        courses: reader.table(Table::Courses, course),
        classes: reader.table(Table::Classes, class),
        users: reader.table(Table::Users, user),
        roles: reader.table(Table::Roles, role),
        enrollments: reader.table(Table::Enrollments, enrollment),
        lessons: reader.table(Table::Lessons, lesson),
        timetables: reader.table(Table::Timetables, timetable),
        relations,
        rows: reader.rows,
    }
}

/// Tables without which there is nothing to follow (ruling 2).
pub(crate) const REQUIRED: [Table; 4] =
    [Table::Orgs, Table::Users, Table::Classes, Table::Enrollments];

/// Tables whose rows nothing refers to: their `sourcedId` may be absent.
const NAMELESS: [Table; 3] = [Table::AcademicSessions, Table::Roles, Table::Enrollments];

struct Reader<'r, 'a> {
    tables: &'r mut Tables<'a>,
    faults: &'r mut Findings,
    warnings: &'r mut Findings,
    rows: BTreeMap<Table, u32>,
    /// Nothing is read: the columns of each table are written down.
    sketch: Option<&'r mut Vec<(Table, Vec<Column>)>>,
}

impl<'a> Reader<'_, 'a> {
    fn table<T>(
        &mut self,
        table: Table,
        read: impl Fn(&mut Fields<'_, 'a>, Id<'a>) -> T,
    ) -> Vec<T> {
        if let Some(sketch) = &mut self.sketch {
            sketch.push((table, columns_of(table, &read)));
            return Vec::new();
        }
        let records = self.records(table);
        let mut ids = HashMap::with_capacity(records.len());
        let mut rows = Vec::with_capacity(records.len());
        for mut record in records {
            let row = Row { table, index: record.index, file: record.file };
            if !self.well_formed(row, &record) {
                continue;
            }
            let (faults, warnings) = (&mut *self.faults, &mut *self.warnings);
            let mut fields = Fields { row, record: &mut record, faults, warnings, sketch: None };
            let id = sourced_id(&mut fields, &mut ids);
            rows.push(read(&mut fields, id));
        }
        rows
    }

    fn records(&mut self, table: Table) -> Vec<Record<'a>> {
        use super::document::Kind;
        match self.tables.remove(&table) {
            Some(Rows::Listed(records)) => {
                self.rows.insert(table, records.len() as u32);
                return records;
            }
            None | Some(Rows::Else(Kind::Null)) => {
                if REQUIRED.contains(&table) {
                    self.faults.push(findings::missing_table(table.name()));
                }
            }
            Some(Rows::Else(kind)) => {
                let expected = Text::new("массив строк таблицы", "an array of rows");
                let at = table.name().to_owned();
                self.faults.push(findings::wrong_type(at, "", kind, &expected));
            }
        }
        Vec::new()
    }

    fn well_formed(&mut self, row: Row, record: &Record<'_>) -> bool {
        for column in &record.twice {
            self.faults.push(findings::duplicate_key(row.at(column)));
        }
        if let Some(kind) = record.instead {
            let expected = Text::new("объект", "an object");
            self.faults.push(findings::wrong_type(row.to_string(), "", kind, &expected));
        }
        record.instead.is_none()
    }
}

/// The columns that a table's reader asks an empty row for.
fn columns_of<'a, T>(
    table: Table,
    read: &impl Fn(&mut Fields<'_, 'a>, Id<'a>) -> T,
) -> Vec<Column> {
    let (mut faults, mut warnings) = (Findings::default(), Findings::default());
    let mut columns = Vec::new();
    let mut fields = Fields {
        row: Row { table, index: 0, file: None },
        record: &mut Record::new(0),
        faults: &mut faults,
        warnings: &mut warnings,
        sketch: Some(&mut columns),
    };
    let id = sourced_id(&mut fields, &mut HashMap::new());
    read(&mut fields, id);
    columns
}

/// The row's id, which no other row of the table may have.
fn sourced_id<'a>(fields: &mut Fields<'_, 'a>, ids: &mut HashMap<Id<'a>, Row>) -> Id<'a> {
    let id = if NAMELESS.contains(&fields.row.table) {
        fields.text("sourcedId").unwrap_or_default()
    } else {
        fields.required("sourcedId")
    };
    if id.is_empty() {
        return id;
    }
    match ids.get(&id) {
        Some(first) => {
            let at = fields.row.at("sourcedId");
            fields.faults.push(findings::duplicate_id(at, &id, *first));
        }
        None => {
            ids.insert(id.clone(), fields.row);
        }
    }
    id
}

fn org(fields: &mut Fields<'_, '_>, id: Id<'_>) -> Org {
    Org {
        id: id.into(),
        name: fields.required("name").into(),
        kind: fields.word("type").unwrap_or_default(),
        metadata: fields.metadata(),
        absent: fields.deleted(),
        row: fields.row,
    }
}

fn course(fields: &mut Fields<'_, '_>, id: Id<'_>) -> CourseRow {
    let title = fields.text("title").unwrap_or_default().into();
    CourseRow { course: Course { id: id.into(), title, row: fields.row }, absent: fields.deleted() }
}

fn class<'a>(fields: &mut Fields<'_, 'a>, id: Id<'a>) -> ClassRow<'a> {
    let metadata = fields.metadata();
    let homeroom = fields.id_in(&metadata, "homeroom");
    let class = Class {
        id: id.into(),
        title: fields.required("title").into(),
        class_type: class_type(&fields.required("classType")),
        school: OrgIx(0),
        subject: "".into(),
        grades: fields.words("grades"),
        homeroom: None,
        metadata,
        dissolved: fields.deleted(),
        row: fields.row,
    };
    ClassRow {
        class,
        school: fields.required("schoolSourcedId"),
        course: fields.text("courseSourcedId"),
        subject: fields.words("subjects").into_iter().next(),
        homeroom,
    }
}

fn class_type(word: &str) -> ClassType {
    match word.trim().to_ascii_lowercase().as_str() {
        "homeroom" => ClassType::Homeroom,
        "scheduled" => ClassType::Scheduled,
        _ => ClassType::Other,
    }
}

fn user(fields: &mut Fields<'_, '_>, id: Id<'_>) -> UserRow {
    let deleted = fields.deleted();
    let person = Person {
        id: id.into(),
        accounts: fields.accounts(),
        metadata: fields.metadata(),
        agents: Vec::new(),
        grades: fields.words("grades"),
        absent: !fields.boolean("enabledUser", true) || deleted,
        row: fields.row,
    };
    UserRow {
        person,
        agents: fields.ids("agentSourcedIds"),
        role: fields.word("role"),
        orgs: fields.ids("orgSourcedIds"),
    }
}

fn role<'a>(fields: &mut Fields<'_, 'a>, _: Id<'a>) -> Linked<'a, Role, 2> {
    let ids = [fields.required("userSourcedId"), fields.required("orgSourcedId")];
    let row = Role {
        person: PersonIx(0),
        org: OrgIx(0),
        role: fields.required("role").trim().into(),
        primary: fields.says("roleType", "primary"),
        span: fields.span(),
        metadata: fields.metadata(),
        absent: fields.deleted(),
        row: fields.row,
    };
    Linked { row, ids }
}

fn enrollment<'a>(fields: &mut Fields<'_, 'a>, _: Id<'a>) -> Linked<'a, Enrollment, 2> {
    let ids = [fields.required("classSourcedId"), fields.required("userSourcedId")];
    let row = Enrollment {
        class: ClassIx(0),
        person: PersonIx(0),
        role: fields.required("role").trim().into(),
        primary: fields.boolean("primary", false),
        span: fields.span(),
        absent: fields.deleted(),
        row: fields.row,
    };
    Linked { row, ids }
}

fn lesson<'a>(fields: &mut Fields<'_, 'a>, id: Id<'a>) -> Linked<'a, Lesson, 1> {
    let ids = [fields.required("classSourcedId")];
    let row = Lesson {
        id: id.into(),
        class: ClassIx(0),
        date: fields.required_date("date"),
        start: fields.time("startTime"),
        end: fields.time("endTime"),
        period: fields.text_or_number("period"),
        title: fields.text("title").map(Into::into),
        metadata: fields.metadata(),
        absent: fields.deleted(),
        row: fields.row,
    };
    Linked { row, ids }
}

fn timetable(fields: &mut Fields<'_, '_>, id: Id<'_>) -> TimetableRow {
    let timetable = Timetable {
        id: id.into(),
        classes: Vec::new(),
        span: fields.span(),
        periods: fields.periods(),
        metadata: fields.metadata(),
        absent: fields.deleted(),
        row: fields.row,
    };
    TimetableRow { timetable, classes: fields.ids("classSourcedIds") }
}
