//! The classes 1А to 11Б, their teachers and their students.

use jiff::civil::Date;
use serde_json::{Value, json};

use super::names::Gender;
use super::people::{self, Who};
use super::staff::Staff;
use super::{Calendar, SCHOOL, Size};

pub(super) struct Homeroom {
    pub(super) grade: u8,
    letter: usize,
    /// Who stands in the class card's field «Классный руководитель».
    pub(super) teacher: Option<Who>,
    /// Who is curator by enrollment.
    pub(super) curators: Vec<Who>,
    pub(super) students: Vec<Student>,
}

#[derive(Clone, Copy)]
pub(super) struct Student {
    pub(super) who: Who,
    pub(super) gender: Gender,
    pub(super) begins: Date,
    pub(super) ends: Option<Date>,
    /// The row is there, but marked for deletion.
    pub(super) deleted: bool,
}

/// Letters of parallel classes, Russian and for ids. Ё, Й and the like are not used.
pub(super) const LETTERS: [(&str, &str); 16] = [
    ("А", "a"),
    ("Б", "b"),
    ("В", "v"),
    ("Г", "g"),
    ("Д", "d"),
    ("Е", "e"),
    ("Ж", "zh"),
    ("З", "z"),
    ("И", "i"),
    ("К", "k"),
    ("Л", "l"),
    ("М", "m"),
    ("Н", "n"),
    ("О", "o"),
    ("П", "p"),
    ("Р", "r"),
];

/// More students would need more letters than there are.
pub(super) const MOST_STUDENTS: usize = 4000;

/// The homerooms of a school of that size, by grade and letter, still empty.
pub(super) fn open(size: Size) -> Vec<Homeroom> {
    let parallels = parallels(size.homerooms());
    let classes = parallels.into_iter().flat_map(|(grade, classes)| {
        (0..classes).map(move |letter| Homeroom {
            grade,
            letter,
            teacher: None,
            curators: Vec::new(),
            students: Vec::new(),
        })
    });
    classes.collect()
}

/// How many classes each grade has. The two last grades are about half as large as the others; a
/// school with fewer classes than grades has some of the grades, the last one always.
fn parallels(homerooms: usize) -> Vec<(u8, usize)> {
    if homerooms < 11 {
        return (0..homerooms).rev().map(|i| (11 - (i * 11 / homerooms) as u8, 1)).collect();
    }
    let up_to = |weight: usize| (homerooms * weight + 51) / 102;
    let grades = (1..=11u8).map(|grade| {
        let before = usize::from(grade - 1) * 10 - if grade == 11 { 4 } else { 0 };
        let weight = if grade < 10 { 10 } else { 6 };
        (grade, (up_to(before + weight) - up_to(before)).max(1))
    });
    grades.collect()
}

/// Gives every homeroom its teacher. A large school has one without and one whose teacher left.
pub(super) fn appoint(homerooms: &mut [Homeroom], staff: &Staff, size: Size) {
    let large = !size.few_journals();
    for (at, homeroom) in homerooms.iter_mut().enumerate() {
        let teacher = staff.class_teacher(at, homeroom.grade);
        homeroom.teacher = Some(teacher);
        homeroom.curators = vec![teacher];
        if large && at % 20 == 10 {
            homeroom.curators.push(staff.class_teacher(at + 1, 5));
        }
        if large && at == 30 {
            homeroom.teacher = None;
            homeroom.curators.clear();
        }
        if large && at == 31 {
            homeroom.teacher = Some(staff.former_director);
        }
    }
}

impl Homeroom {
    /// The word in ids: `7a`.
    pub(super) fn key(&self) -> String {
        format!("{}{}", self.grade, LETTERS[self.letter].1)
    }

    pub(super) fn id(&self) -> String {
        format!("class-{}", self.key())
    }

    pub(super) fn title(&self) -> String {
        format!("{}{}", self.grade, LETTERS[self.letter].0)
    }
}

pub(super) fn rows(homerooms: &[Homeroom], calendar: Calendar) -> Vec<Value> {
    let row = |homeroom: &Homeroom| {
        let mut row = json!({"sourcedId": homeroom.id(), "status": "active",
            "title": homeroom.title(), "grades": [format!("{:02}", homeroom.grade)],
            "classType": "homeroom", "schoolSourcedId": SCHOOL, "termSourcedIds": [calendar.id()]});
        if let Some(teacher) = homeroom.teacher {
            row["metadata"] = json!({"classTeacherSourcedId": people::id(teacher)});
        }
        row
    };
    homerooms.iter().map(row).collect()
}
