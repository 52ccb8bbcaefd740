//! Journals: a subject in a class, or in one half of it.

use jiff::civil::Date;
use rand::RngExt;
use serde_json::{Value, json};

use super::courses::{self, Course, Split};
use super::homerooms::{Homeroom, Student};
use super::names::Gender;
use super::people::{self, Who};
use super::staff::Staff;
use super::{Calendar, Chance, SCHOOL, Size};

pub(super) struct Journal {
    pub(super) id: String,
    pub(super) title: String,
    pub(super) course: &'static Course,
    homeroom: String,
    /// The first teacher is the primary one.
    teachers: Vec<Who>,
    /// Empty for the whole class, which then has no enrollments of its own.
    students: Vec<Student>,
    pub(super) subject_chat: bool,
}

/// Opens the journals of all classes.
pub(super) fn open(
    homerooms: &[Homeroom],
    staff: &Staff,
    size: Size,
    chance: &mut Chance,
) -> Vec<Journal> {
    let mut journals = Vec::new();
    for (at, homeroom) in homerooms.iter().enumerate() {
        let mut desk = Desk { homeroom, at, staff, size, chance: &mut *chance };
        let first = journals.len();
        for course in plan_of(homeroom.grade, at, size) {
            let parts = parts(course, homeroom).into_iter().enumerate();
            journals.extend(parts.map(|(part, students)| desk.journal(course, part, students)));
        }
        if size.few_journals() {
            journals[first].subject_chat = true;
        }
    }
    journals
}

/// The subjects of a class. In a small school every other class has a language in two halves, the
/// others two subjects for the whole class.
fn plan_of(grade: u8, at: usize, size: Size) -> Vec<&'static Course> {
    let taught = courses::ALL.iter().filter(move |course| course.taught_in(grade));
    if !size.few_journals() {
        return taught.collect();
    }
    match at % 2 {
        0 if grade > 1 => taught.take(1).collect(),
        _ => taught.filter(|course| course.split == Split::Whole).take(2).collect(),
    }
}

/// The groups into which a subject divides a class; one empty list for the whole class.
fn parts(course: &Course, homeroom: &Homeroom) -> Vec<Vec<Student>> {
    let all = homeroom.students.iter().copied();
    match course.split {
        Split::Whole => vec![Vec::new()],
        Split::Halves => {
            let middle = homeroom.students.len().div_ceil(2);
            vec![homeroom.students[..middle].to_vec(), homeroom.students[middle..].to_vec()]
        }
        Split::BoysAndGirls => {
            let (girls, boys): (Vec<_>, Vec<_>) =
                all.partition(|student| student.gender == Gender::Female);
            vec![girls, boys]
        }
    }
}

/// Where the journals of one class are opened; the class is the `at`th of the school.
struct Desk<'a> {
    homeroom: &'a Homeroom,
    at: usize,
    staff: &'a Staff,
    size: Size,
    chance: &'a mut Chance,
}

impl Desk<'_> {
    fn journal(&mut self, course: &'static Course, part: usize, students: Vec<Student>) -> Journal {
        let homeroom = self.homeroom;
        let mut id = format!("j-{}-{}", homeroom.key(), course.key);
        let mut title = format!("{} {}", course.title, homeroom.title());
        if !students.is_empty() {
            id.push_str(&format!("-{}", part + 1));
            title.push_str(&format!(", подгруппа {}", part + 1));
        }
        let teachers = self.teachers(course, part);
        // In a small school `open` decides, so that there are always two.
        let wished = homeroom.grade > 4 && self.chance.random_ratio(1, 10);
        let subject_chat = wished && !self.size.few_journals();
        Journal { id, title, course, homeroom: homeroom.id(), teachers, students, subject_chat }
    }

    /// The class's own teacher in grades 1 to 4, else one of the subject; rarely a second one.
    fn teachers(&mut self, course: &Course, part: usize) -> Vec<Who> {
        let grade = self.homeroom.grade;
        let turn = self.at + part;
        let teacher = match grade <= 4 && !course.never_by_class_teacher() {
            true => self.staff.class_teacher(self.at, grade),
            false => self.staff.specialist(course.speciality, turn),
        };
        let assistant = self.staff.specialist(course.speciality, turn + 1);
        match self.chance.random_ratio(1, 40) && assistant != teacher {
            true => vec![teacher, assistant],
            false => vec![teacher],
        }
    }
}

pub(super) fn rows(journals: &[Journal], calendar: Calendar) -> Vec<Value> {
    journals.iter().map(|journal| journal.row(calendar)).collect()
}

impl Journal {
    fn row(&self, calendar: Calendar) -> Value {
        let mut row = json!({"sourcedId": self.id, "status": "active", "title": self.title,
            "classType": "scheduled", "courseSourcedId": self.course.id(),
            "schoolSourcedId": SCHOOL, "termSourcedIds": [calendar.id()],
            "metadata": {"homeroom": self.homeroom, "generalEducation": self.course.general}});
        if self.subject_chat {
            row["metadata"]["subjectChat"] = true.into();
        }
        row
    }
}

/// All enrollments: homeroom by homeroom, then journal by journal.
pub(super) fn enrollments(
    homerooms: &[Homeroom],
    journals: &[Journal],
    calendar: Calendar,
) -> Vec<Value> {
    let mut book = Book { calendar, rows: Vec::new() };
    for homeroom in homerooms {
        let class = homeroom.id();
        homeroom.curators.iter().for_each(|who| book.teacher(&class, *who, true));
        homeroom.students.iter().for_each(|student| book.student(&class, student));
    }
    for journal in journals {
        for (at, who) in journal.teachers.iter().enumerate() {
            book.teacher(&journal.id, *who, at == 0);
        }
        journal.students.iter().for_each(|student| book.student(&journal.id, student));
    }
    book.rows
}

struct Book {
    calendar: Calendar,
    rows: Vec<Value>,
}

impl Book {
    fn teacher(&mut self, class: &str, who: Who, primary: bool) {
        let mut row = self.row(class, who, "teacher", false);
        row["primary"] = primary.into();
        self.rows.push(row);
    }

    fn student(&mut self, class: &str, student: &Student) {
        let mut row = self.row(class, student.who, "student", student.deleted);
        let date = |date: Date| Value::from(date.to_string());
        if student.begins != self.calendar.begins {
            row["beginDate"] = date(student.begins);
        }
        if let Some(ends) = student.ends {
            row["endDate"] = date(ends);
        }
        self.rows.push(row);
    }

    fn row(&self, class: &str, who: Who, role: &str, deleted: bool) -> Value {
        let status = if deleted { "tobedeleted" } else { "active" };
        json!({"sourcedId": format!("e-{:05}", self.rows.len() + 1), "status": status,
            "classSourcedId": class, "schoolSourcedId": SCHOOL, "userSourcedId": people::id(who),
            "role": role})
    }
}
