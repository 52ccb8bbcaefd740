//! What the state file keeps of an accepted roster: a roster document again, without anything
//! personal (ruling 22). Metadata is kept only under the names that the profile reads.

use std::collections::{BTreeSet, HashMap};

use jiff::civil::{Date, Time};
use serde::Serialize;

use super::{
    Account, Class, ClassType, Course, Enrollment, Lesson, Metadata, Org, Period, Person, PersonIx,
    Role, Roster, Span, Table, Timetable,
};

/// Metadata that the library itself reads.
const OWN: [&str; 4] = ["shortName", "homeroom", "emergencyContact", "classTeacherSourcedId"];

/// The same of lessons and of timetables: whether they are held online, and by themselves.
const OF_LESSONS: [&str; 2] = ["online", "state"];
const OF_TIMETABLES: [&str; 1] = ["transferByDefault"];

impl Roster {
    /// The `zvonok.roster/1` document of this roster without names, phones, e-mails and addresses:
    /// ids, statuses, roles, enrollments, links, accounts, titles of classes and courses, names of
    /// organisations, lessons, timetables, grades, and the metadata named in `reads`.
    ///
    /// Reading it gives an equal roster, but for the numbers of rows, the warnings and what was
    /// frozen: broken rows are not in it.
    pub fn keep(&self, reads: &BTreeSet<String>) -> String {
        let keeper = Keeper { roster: self, reads, own_roles: self.own_roles() };
        // Strings, numbers and maps with text keys cannot fail to become JSON.
        serde_json::to_string(&keeper.document()).unwrap_or_default()
    }

    /// The roles that stood in `users`, by person.
    fn own_roles(&self) -> HashMap<PersonIx, Vec<&Role>> {
        let mut roles: HashMap<PersonIx, Vec<&Role>> = HashMap::new();
        for role in self.roles.iter().filter(|role| role.row.table == Table::Users) {
            roles.entry(role.person).or_default().push(role);
        }
        roles
    }
}

struct Keeper<'r> {
    roster: &'r Roster,
    reads: &'r BTreeSet<String>,
    own_roles: HashMap<PersonIx, Vec<&'r Role>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Document<'r> {
    format: &'static str,
    orgs: Vec<KeptOrg<'r>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    courses: Option<Vec<KeptCourse<'r>>>,
    classes: Vec<KeptClass<'r>>,
    users: Vec<KeptUser<'r>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    roles: Option<Vec<KeptRole<'r>>>,
    enrollments: Vec<KeptEnrollment<'r>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    lessons: Option<Vec<KeptLesson<'r>>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    timetables: Option<Vec<KeptTimetable<'r>>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct KeptOrg<'r> {
    sourced_id: &'r str,
    #[serde(flatten)]
    status: Status,
    name: &'r str,
    r#type: &'r str,
    #[serde(skip_serializing_if = "Metadata::is_empty")]
    metadata: Metadata,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct KeptCourse<'r> {
    sourced_id: &'r str,
    title: &'r str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct KeptClass<'r> {
    sourced_id: &'r str,
    #[serde(flatten)]
    status: Status,
    title: &'r str,
    class_type: &'static str,
    school_sourced_id: &'r str,
    subjects: [&'r str; 1],
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    grades: &'r [Box<str>],
    #[serde(skip_serializing_if = "Metadata::is_empty")]
    metadata: Metadata,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct KeptUser<'r> {
    sourced_id: &'r str,
    #[serde(flatten)]
    status: Status,
    #[serde(skip_serializing_if = "Option::is_none")]
    role: Option<&'r str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    org_sourced_ids: Vec<&'r str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    user_ids: Vec<KeptAccount<'r>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    agent_sourced_ids: Vec<&'r str>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    grades: &'r [Box<str>],
    #[serde(skip_serializing_if = "Metadata::is_empty")]
    metadata: Metadata,
}

#[derive(Serialize)]
struct KeptAccount<'r> {
    r#type: &'r str,
    identifier: &'r str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct KeptRole<'r> {
    user_sourced_id: &'r str,
    org_sourced_id: &'r str,
    role: &'r str,
    role_type: &'static str,
    #[serde(flatten)]
    span: KeptSpan,
    #[serde(flatten)]
    status: Status,
    #[serde(skip_serializing_if = "Metadata::is_empty")]
    metadata: Metadata,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct KeptEnrollment<'r> {
    class_sourced_id: &'r str,
    user_sourced_id: &'r str,
    role: &'r str,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    primary: bool,
    #[serde(flatten)]
    span: KeptSpan,
    #[serde(flatten)]
    status: Status,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct KeptLesson<'r> {
    sourced_id: &'r str,
    #[serde(flatten)]
    status: Status,
    class_sourced_id: &'r str,
    date: Shown<Date>,
    #[serde(skip_serializing_if = "Option::is_none")]
    start_time: Option<Shown<Time>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    end_time: Option<Shown<Time>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    period: Option<&'r str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    title: Option<&'r str>,
    #[serde(skip_serializing_if = "Metadata::is_empty")]
    metadata: Metadata,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct KeptTimetable<'r> {
    sourced_id: &'r str,
    #[serde(flatten)]
    status: Status,
    class_sourced_ids: Vec<&'r str>,
    #[serde(flatten)]
    span: KeptSpan,
    periods: Vec<KeptPeriod<'r>>,
    #[serde(skip_serializing_if = "Metadata::is_empty")]
    metadata: Metadata,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct KeptPeriod<'r> {
    period: &'r str,
    #[serde(skip_serializing_if = "Option::is_none")]
    start_time: Option<Shown<Time>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    end_time: Option<Shown<Time>>,
}

/// A date or a time as people and rosters write it.
struct Shown<T>(T);

impl<T: std::fmt::Display> Serialize for Shown<T> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

#[derive(Serialize)]
struct Status {
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<&'static str>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct KeptSpan {
    #[serde(skip_serializing_if = "Option::is_none")]
    begin_date: Option<Shown<Date>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    end_date: Option<Shown<Date>>,
}

impl<'r> Keeper<'r> {
    fn document(&self) -> Document<'r> {
        let roster = self.roster;
        let roles = roster.roles.iter().filter(|role| role.row.table == Table::Roles);
        Document {
            format: "zvonok.roster/1",
            orgs: roster.orgs.iter().map(|org| self.org(org)).collect(),
            courses: self.optional(Table::Courses, roster.courses.iter().map(course)),
            classes: roster.classes.iter().map(|class| self.class(class)).collect(),
            users: roster.people.iter().zip(0..).map(|(row, at)| self.user(row, at)).collect(),
            roles: self.optional(Table::Roles, roles.map(|role| self.role(role))),
            enrollments: roster.enrollments.iter().map(|row| self.enrollment(row)).collect(),
            lessons: self
                .optional(Table::Lessons, roster.lessons.iter().map(|row| self.lesson(row))),
            timetables: self.optional(
                Table::Timetables,
                roster.timetables.iter().map(|row| self.timetable(row)),
            ),
        }
    }

    /// The rows of a table that a roster may lack: one that was not there stays away, because a
    /// table that disappears means something (ruling 5).
    fn optional<T>(&self, table: Table, rows: impl Iterator<Item = T>) -> Option<Vec<T>> {
        self.roster.rows.contains_key(&table).then(|| rows.collect())
    }

    fn org(&self, org: &'r Org) -> KeptOrg<'r> {
        KeptOrg {
            sourced_id: &org.id,
            status: status(org.absent),
            name: &org.name,
            r#type: &org.kind,
            metadata: self.metadata(&org.metadata),
        }
    }

    fn class(&self, class: &'r Class) -> KeptClass<'r> {
        KeptClass {
            sourced_id: &class.id,
            status: status(class.dissolved),
            title: &class.title,
            class_type: match class.class_type {
                ClassType::Homeroom => "homeroom",
                ClassType::Scheduled => "scheduled",
                ClassType::Other => "other",
            },
            school_sourced_id: &self.roster.org(class.school).id,
            // The subject as it was found, whether by a course or not.
            subjects: [&class.subject],
            grades: &class.grades,
            metadata: self.metadata(&class.metadata),
        }
    }

    fn user(&self, person: &'r Person, at: u32) -> KeptUser<'r> {
        let own = self.own_roles.get(&PersonIx(at)).map(Vec::as_slice).unwrap_or_default();
        KeptUser {
            sourced_id: &person.id,
            status: status(person.absent),
            role: own.first().map(|role| &*role.role),
            org_sourced_ids: own.iter().map(|role| &*self.roster.org(role.org).id).collect(),
            user_ids: person.accounts.iter().map(account).collect(),
            agent_sourced_ids: person.agents.iter().map(|agent| self.person_id(*agent)).collect(),
            grades: &person.grades,
            metadata: self.metadata(&person.metadata),
        }
    }

    fn role(&self, role: &'r Role) -> KeptRole<'r> {
        KeptRole {
            user_sourced_id: self.person_id(role.person),
            org_sourced_id: &self.roster.org(role.org).id,
            role: &role.role,
            role_type: if role.primary { "primary" } else { "secondary" },
            span: span(role.span),
            status: status(role.absent),
            metadata: self.metadata(&role.metadata),
        }
    }

    fn enrollment(&self, row: &'r Enrollment) -> KeptEnrollment<'r> {
        KeptEnrollment {
            class_sourced_id: &self.roster.class(row.class).id,
            user_sourced_id: self.person_id(row.person),
            role: &row.role,
            primary: row.primary,
            span: span(row.span),
            status: status(row.absent),
        }
    }

    fn lesson(&self, lesson: &'r Lesson) -> KeptLesson<'r> {
        KeptLesson {
            sourced_id: &lesson.id,
            status: status(lesson.absent),
            class_sourced_id: &self.roster.class(lesson.class).id,
            date: Shown(lesson.date),
            start_time: lesson.start.map(Shown),
            end_time: lesson.end.map(Shown),
            period: lesson.period.as_deref(),
            title: lesson.title.as_deref(),
            metadata: self.with_own(&lesson.metadata, &OF_LESSONS),
        }
    }

    fn timetable(&self, row: &'r Timetable) -> KeptTimetable<'r> {
        let classes = row.classes.iter();
        KeptTimetable {
            sourced_id: &row.id,
            status: status(row.absent),
            class_sourced_ids: classes.map(|class| &*self.roster.class(*class).id).collect(),
            span: span(row.span),
            periods: row.periods.iter().map(period).collect(),
            metadata: self.with_own(&row.metadata, &OF_TIMETABLES),
        }
    }

    fn person_id(&self, person: PersonIx) -> &'r str {
        &self.roster.person(person).id
    }

    fn metadata(&self, metadata: &Metadata) -> Metadata {
        self.with_own(metadata, &[])
    }

    /// What the profile reads, and what the library itself does: everywhere, and in this table.
    fn with_own(&self, metadata: &Metadata, own: &[&str]) -> Metadata {
        metadata
            .iter()
            .filter(|(name, _)| {
                OWN.iter().chain(own).any(|one| one == name) || self.reads.contains(*name)
            })
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect()
    }
}

fn course(course: &Course) -> KeptCourse<'_> {
    KeptCourse { sourced_id: &course.id, title: &course.title }
}

fn account(account: &Account) -> KeptAccount<'_> {
    KeptAccount { r#type: &account.kind, identifier: &account.identifier }
}

fn period(period: &Period) -> KeptPeriod<'_> {
    let (start_time, end_time) = (period.start.map(Shown), period.end.map(Shown));
    KeptPeriod { period: &period.period, start_time, end_time }
}

fn status(absent: bool) -> Status {
    Status { status: absent.then_some("tobedeleted") }
}

fn span(span: Span) -> KeptSpan {
    KeptSpan { begin_date: span.begin.map(Shown), end_date: span.end.map(Shown) }
}
