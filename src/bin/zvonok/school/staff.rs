//! The people who work in the school, in the order of its list of posts.

use jiff::ToSpan;
use rand::RngExt;
use serde_json::{Value, json};

use super::homerooms::Homeroom;
use super::names::{self, Gender};
use super::people::{People, Position, Who};
use super::{Calendar, Chance};

pub(super) struct Staff {
    pub(super) former_director: Who,
    /// Teachers of grades 1 to 4, who teach nearly everything.
    primary: Vec<Who>,
    /// Teachers of subjects, each with the speciality.
    subject: Vec<(&'static str, Who)>,
}

/// Specialities in the order in which a growing school hires for them.
const SPECIALITIES: [&str; 20] = [
    "english",
    "maths",
    "physics",
    "russian",
    "history",
    "sport",
    "english",
    "maths",
    "russian",
    "biology",
    "informatics",
    "geography",
    "english",
    "chemistry",
    "labour",
    "russian",
    "maths",
    "arts",
    "safety",
    "labour",
];

/// Level 1 is the director, level 2 the deputies.
const LEVELS: [&str; 2] = ["Руководитель 1 уровня", "Руководитель 2 уровня"];

pub(super) fn hire(
    people: &mut People,
    homerooms: &[Homeroom],
    calendar: Calendar,
    chance: &mut Chance,
) -> Staff {
    let former_director = directors(people, calendar, chance);
    deputies(people, 2 + homerooms.len() / 16, calendar, chance);
    office(people, 1 + homerooms.len() / 14, chance);
    let primary_classes = homerooms.iter().filter(|homeroom| homeroom.grade <= 4).count();
    let subject_teachers = (homerooms.len() * 7 / 4).max(5) - primary_classes;
    let primary = (0..primary_classes)
        .map(|_| teacher(people, "Учитель начальных классов", calendar, chance));
    let primary = primary.collect();
    let subject = SPECIALITIES.iter().cycle().take(subject_teachers);
    let subject = subject.map(|of| (*of, teacher(people, "Учитель", calendar, chance))).collect();
    newcomer(people, calendar, chance);
    Staff { former_director, primary, subject }
}

impl Staff {
    pub(super) fn class_teacher(&self, homeroom: usize, grade: u8) -> Who {
        match self.primary.get(homeroom) {
            Some(teacher) if grade <= 4 => *teacher,
            _ => self.subject[homeroom % self.subject.len()].1,
        }
    }

    /// The `turn`th teacher of a speciality, or somebody else where the school has none.
    pub(super) fn specialist(&self, speciality: &str, turn: usize) -> Who {
        let of: Vec<Who> = self
            .subject
            .iter()
            .filter(|teacher| teacher.0 == speciality)
            .map(|(_, who)| *who)
            .collect();
        match of.len() {
            0 => self.subject[turn % self.subject.len()].1,
            teachers => of[turn % teachers],
        }
    }

    /// Teachers whose own children go to this school: one in a small school, six in a large one.
    pub(super) fn parents(&self) -> Vec<Who> {
        self.subject.iter().skip(1).step_by(12).take(6).map(|(_, who)| *who).collect()
    }
}

/// The director, and the one before, whose position is over. Returns the latter.
fn directors(people: &mut People, calendar: Calendar, chance: &mut Chance) -> Who {
    let handed_over = calendar.begins - 2.months();
    let director = Position {
        role: "principal",
        begins: Some(handed_over),
        level: Some(LEVELS[0]),
        title: Some("Директор"),
        ..Position::default()
    };
    let former =
        Position { begins: Some(handed_over - 9.years()), ends: Some(handed_over), ..director };
    let now = employee(people, Gender::Female, chance);
    people.appoint(now, director);
    let before = employee(people, Gender::Male, chance);
    people.appoint(before, former);
    before
}

/// Deputies administer, and most of them teach as well. The first is «Руководитель» in the host
/// and may manage chats, the last stands in for the director.
fn deputies(people: &mut People, count: usize, calendar: Calendar, chance: &mut Chance) {
    for number in 0..count {
        let deputy = employee(people, Gender::Female, chance);
        people.appoint(
            deputy,
            Position {
                role: "siteAdministrator",
                begins: Some(calendar.begins - 3.years()),
                level: Some(LEVELS[1]),
                title: Some("Заместитель директора"),
                ..Position::default()
            },
        );
        if number % 3 != 2 {
            people.appoint(deputy, teaching("Учитель", calendar));
        }
        if number == 0 {
            note(
                people,
                deputy,
                "accessRoles",
                json!(["Руководитель", "Преподаватель-предметник"]),
            );
            note(people, deputy, "rights", json!(["Управление чатами"]));
        }
        if number + 1 == count {
            note(people, deputy, "actingHead", json!(true));
        }
    }
}

/// The administrator of the host, and those who neither lead nor teach.
fn office(people: &mut People, count: usize, chance: &mut Chance) {
    let administrator = employee(people, Gender::Male, chance);
    note(people, administrator, "accessRoles", json!(["Администратор", "Администратор ПОО"]));
    let posts = [
        ("systemAdministrator", "Инженер"),
        ("aide", "Секретарь"),
        ("counselor", "Педагог-психолог"),
        ("aide", "Библиотекарь"),
        ("counselor", "Социальный педагог"),
    ];
    for (number, (role, title)) in posts.into_iter().cycle().take(count + 1).enumerate() {
        let who = match number {
            0 => administrator,
            _ => employee(people, Gender::Female, chance),
        };
        people.appoint(who, Position { role, title: Some(title), ..Position::default() });
    }
}

fn teacher(
    people: &mut People,
    title: &'static str,
    calendar: Calendar,
    chance: &mut Chance,
) -> Who {
    let gender = if chance.random_ratio(1, 7) { Gender::Male } else { Gender::Female };
    let teacher = employee(people, gender, chance);
    people.appoint(teacher, teaching(title, calendar));
    note(people, teacher, "accessRoles", json!(["Преподаватель-предметник"]));
    teacher
}

/// A teacher who is in the export already but begins only next month.
fn newcomer(people: &mut People, calendar: Calendar, chance: &mut Chance) {
    let newcomer = employee(people, Gender::Female, chance);
    let begins = Some(calendar.today + 1.month());
    people.appoint(newcomer, Position { begins, ..teaching("Учитель", calendar) });
}

fn teaching(title: &'static str, calendar: Calendar) -> Position {
    Position {
        role: "teacher",
        begins: Some(calendar.begins - 2.years()),
        title: Some(title),
        ..Position::default()
    }
}

fn employee(people: &mut People, gender: Gender, chance: &mut Chance) -> Who {
    let name = names::name(names::surname(chance), gender, names::man(chance), chance);
    people.add(name, chance)
}

fn note(people: &mut People, who: Who, key: &str, value: Value) {
    people.get(who).metadata.insert(key.to_owned(), value);
}
