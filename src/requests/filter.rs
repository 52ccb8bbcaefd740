//! People picked by what they are (E6), out of the last accepted roster, which has no names.
//!
//! Every key that is given must hold; a key takes a text, or a list of texts of which one must hold:
//!
//! | key | who |
//! |---|---|
//! | `role` | holds this role in force (`student`, `teacher`, `parent`, …); `staff`: any role of the staff |
//! | `grade` | is in a class of this grade or course |
//! | `class` | is in this class or group, or teaches one of its journals (`sourcedId`) |
//! | `subject` | studies or teaches this subject (title, or `sourcedId` of the course or journal) |
//! | `no_subject` | `true`: of the staff, and teaches nothing («без дисциплины») |
//! | `search` | has this text in the `sourcedId` |
//!
//! Guardians belong to a class, grade or subject through their children, and only where `role` asks
//! for guardians: nobody puts parents among the children by leaving a key out.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::cycle::Belonging;
use crate::document::{Faults, Form, Object, nearest};
use crate::error::{Code, Error, Fault, Result, Text};
use crate::roster::{ClassIx, ClassType, GUARDIAN, NOT_STAFF, OrgIx, PersonIx, Roster};

/// What is asked of people.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Filter {
    role: Option<Vec<String>>,
    grade: Option<Vec<String>>,
    class: Option<Vec<String>>,
    subject: Option<Vec<String>>,
    no_subject: bool,
    search: Option<String>,
}

impl Filter {
    /// Reads `filter`, where there is one. One that asks nothing would mean everybody: a fault.
    pub(super) fn read(params: &mut Object, faults: &mut Faults) -> Option<Filter> {
        let mut object = params.object("filter", faults)?;
        let before = faults.len();
        let filter = Filter {
            role: object.read("role", faults, Form::SomeTexts, texts),
            grade: object.read("grade", faults, Form::SomeTexts, texts),
            class: object.read("class", faults, Form::SomeTexts, texts),
            subject: object.read("subject", faults, Form::SomeTexts, texts),
            no_subject: object.flag("no_subject", faults).unwrap_or_default(),
            search: object.text("search", faults),
        };
        object.finish(faults);
        if filter == Filter::default() && faults.len() == before {
            let message = Text::new(
                "фильтр никого не отбирает: нужно хотя бы одно условие",
                "the filter asks nothing: at least one condition is needed",
            );
            faults.push(params.fault("filter", "empty_filter", "", message));
        }
        Some(filter)
    }

    /// Everybody at a school who meets it, by `sourcedId`, in the roster's order.
    ///
    /// # Errors
    /// [`Code::Request`] for a class or subject that does not exist, and where nobody meets it.
    pub(super) fn pick(
        &self,
        roster: &Roster,
        belonging: &Belonging,
        school: Option<OrgIx>,
    ) -> Result<Vec<String>> {
        let sieve = Sieve { roster, school, guardians: self.asks_for_guardians() };
        let mut sets: Vec<BTreeSet<PersonIx>> = Vec::new();
        if let Some(ids) = &self.class {
            sets.push(sieve.of_classes(&sieve.classes(ids)?));
        }
        if let Some(subjects) = &self.subject {
            sets.push(sieve.of_journals(&sieve.journals(subjects)?));
        }
        if let Some(grades) = &self.grade {
            sets.push(sieve.of_grades(grades));
        }
        let meets = |person: &PersonIx| {
            let id = &roster.person(*person).id;
            sets.iter().all(|set| set.contains(person))
                && belonging.find(school, id).is_some()
                && self.role.as_ref().is_none_or(|roles| sieve.holds(*person, roles))
                && (!self.no_subject || sieve.teaches_nothing(*person))
                && self.search.as_ref().is_none_or(|text| has(id, text))
        };
        let all = (0..roster.people.len() as u32).map(PersonIx);
        let picked: Vec<String> =
            all.filter(meets).map(|person| roster.person(person).id.to_string()).collect();
        if picked.is_empty() { Err(refused("nobody", "", "", nobody())) } else { Ok(picked) }
    }

    fn asks_for_guardians(&self) -> bool {
        let roles = self.role.iter().flatten();
        roles.into_iter().any(|role| GUARDIAN.contains(&role.as_str()))
    }
}

fn texts(value: &Value) -> Option<Vec<String>> {
    let text = |value: &Value| value.as_str().filter(|text| !text.is_empty()).map(str::to_owned);
    match value {
        Value::Array(items) if !items.is_empty() => items.iter().map(text).collect(),
        one => Some(vec![text(one)?]),
    }
}

fn has(id: &str, text: &str) -> bool {
    id.to_lowercase().contains(&text.to_lowercase())
}

fn nobody() -> Text {
    Text::new("под фильтр никто не подходит", "nobody meets the filter")
}

fn refused(code: &str, key: &str, value: &str, message: Text) -> Error {
    let place =
        if key.is_empty() { "params.filter".into() } else { format!("params.filter.{key}") };
    let fault = Fault::new(&format!("request.{code}"), place, value, message);
    Error::with_faults(Code::Request, vec![fault])
}

/// The people of one school while they are looked through.
struct Sieve<'r> {
    roster: &'r Roster,
    school: Option<OrgIx>,
    /// Guardians come with their children.
    guardians: bool,
}

impl Sieve<'_> {
    fn serves(&self, school: OrgIx) -> bool {
        self.school.is_none_or(|only| only == school)
    }

    fn holds(&self, person: PersonIx, wanted: &[String]) -> bool {
        let roster = self.roster;
        let is = |role: &str| {
            wanted.iter().any(|one| one == role || (one == "staff" && !NOT_STAFF.contains(&role)))
        };
        let mut roles = roster.roles_of(person);
        let mut rows = roster.enrollments_of_person(person);
        roles.any(|role| roster.role_in_force(role) && self.serves(role.org) && is(&role.role))
            // A host may name students in its classes only.
            || rows.any(|row| {
                &*row.role == "student" && roster.enrollment_in_force(row) && is(&row.role)
            })
    }

    fn teaches_nothing(&self, person: PersonIx) -> bool {
        let roster = self.roster;
        let teaches = roster.enrollments_of_person(person).any(|row| {
            let journal = roster.class(row.class).class_type == ClassType::Scheduled;
            journal && &*row.role == "teacher" && roster.enrollment_in_force(row)
        });
        !teaches && self.holds(person, &["staff".to_owned()])
    }

    fn classes(&self, ids: &[String]) -> Result<Vec<ClassIx>> {
        let here = |class: &ClassIx| self.serves(self.roster.class(*class).school);
        let find = |id: &String| {
            let found = self.roster.find_class(id).filter(here);
            found.ok_or_else(|| {
                let ids = self.roster.classes.iter().map(|class| &*class.id);
                let message = unknown(("такого класса нет", "there is no such class"), id, ids);
                refused("unknown_class", "class", id, message)
            })
        };
        ids.iter().map(find).collect()
    }

    fn journals(&self, subjects: &[String]) -> Result<Vec<ClassIx>> {
        let mut found = Vec::new();
        for subject in subjects {
            let journals = journals_of(self.roster, subject);
            if journals.is_empty() {
                let titles = subjects_of(self.roster);
                let titles = titles.keys().copied();
                let what = ("такого предмета нет", "there is no such subject");
                let message = unknown(what, subject, titles);
                return Err(refused("unknown_subject", "subject", subject, message));
            }
            let here = |class: &ClassIx| self.serves(self.roster.class(*class).school);
            found.extend(journals.into_iter().filter(here));
        }
        Ok(found)
    }

    /// Everybody enrolled in these, and who teaches a journal of a homeroom among them.
    fn of_classes(&self, classes: &[ClassIx]) -> BTreeSet<PersonIx> {
        let roster = self.roster;
        let mut people = self.of_journals(classes);
        for journal in classes.iter().flat_map(|class| roster.journals_of(*class)) {
            let rows = roster.enrollments_of(journal).filter(|row| &*row.role == "teacher");
            people.extend(rows.filter(|row| roster.enrollment_in_force(row)).map(|row| row.person));
        }
        people
    }

    /// Students (of a journal without any, those of its homeroom), and everybody else enrolled;
    /// guardians, also those whom a host enrols themselves, only where they are asked for.
    fn of_journals(&self, journals: &[ClassIx]) -> BTreeSet<PersonIx> {
        let roster = self.roster;
        let mut people = BTreeSet::new();
        for journal in journals {
            let students: Vec<PersonIx> =
                roster.student_enrollments(*journal).iter().map(|row| row.person).collect();
            if self.guardians {
                people.extend(students.iter().flat_map(|one| roster.guardians_of(*one)));
            }
            people.extend(students);
            let rows = roster.enrollments_of(*journal).filter(|row| {
                let guardian = GUARDIAN.contains(&&*row.role);
                roster.enrollment_in_force(row) && (self.guardians || !guardian)
            });
            people.extend(rows.map(|row| row.person));
        }
        people
    }

    fn of_grades(&self, grades: &[String]) -> BTreeSet<PersonIx> {
        let roster = self.roster;
        let is = |one: &[Box<str>]| one.iter().any(|grade| grades.iter().any(|g| **g == **grade));
        let classes = (0..roster.classes.len() as u32).map(ClassIx).filter(|class| {
            let row = roster.class(*class);
            row.class_type == ClassType::Homeroom && self.serves(row.school) && is(&row.grades)
        });
        let mut people = self.of_classes(&classes.collect::<Vec<_>>());
        for person in (0..roster.people.len() as u32).map(PersonIx) {
            if is(&roster.person(person).grades) {
                people.insert(person);
                let guardians = roster.guardians_of(person).filter(|_| self.guardians);
                people.extend(guardians);
            }
        }
        people
    }
}

/// The journals of a subject, by its title, by its course, or by one of them.
fn journals_of(roster: &Roster, subject: &str) -> Vec<ClassIx> {
    let course = roster.courses.iter().find(|course| *course.id == *subject);
    let title = course.map_or(subject, |course| &course.title);
    let all = (0..roster.classes.len() as u32).map(ClassIx);
    let of_it = |class: &ClassIx| {
        let row = roster.class(*class);
        let journal = row.class_type == ClassType::Scheduled;
        journal && (*row.subject == *title || *row.id == *subject)
    };
    all.filter(of_it).collect()
}

/// The titles of all subjects that are taught.
fn subjects_of(roster: &Roster) -> BTreeMap<&str, ()> {
    let journals = roster.classes.iter().filter(|class| class.class_type == ClassType::Scheduled);
    journals.map(|class| (&*class.subject, ())).collect()
}

/// Whether anybody teaches a subject of this title, course or journal; else the nearest title.
pub(super) fn check_subject(roster: &Roster, subject: &str) -> std::result::Result<(), Text> {
    let course = roster.courses.iter().any(|course| *course.id == *subject);
    if course || !journals_of(roster, subject).is_empty() {
        return Ok(());
    }
    let titles = subjects_of(roster);
    Err(unknown(
        ("такого предмета нет", "there is no such subject"),
        subject,
        titles.keys().copied(),
    ))
}

/// What does not exist, and what may have been meant.
pub(super) fn unknown<'k>(
    (ru, en): (&str, &str),
    word: &str,
    known: impl IntoIterator<Item = &'k str>,
) -> Text {
    match nearest(word, known) {
        Some(near) => Text::new(
            format!("{ru}; возможно, имелось в виду {near}"),
            format!("{en}; did you mean {near}?"),
        ),
        None => Text::new(ru, en),
    }
}
