//! Students and their guardians, family by family.
//!
//! Ordinary families come by chance. Rare ones come by the family's number, so that even a small
//! school has one of each.

use jiff::ToSpan;
use rand::RngExt;
use serde_json::json;

use super::homerooms::{Homeroom, Student};
use super::names::{self, Gender, Man};
use super::people::{People, Position, Who};
use super::staff::Staff;
use super::{Calendar, Chance, Size};

/// Ruling 7 lets six guardians of one student in; this family has more.
const MANY_GUARDIANS: usize = 8;

struct Family {
    surname: String,
    /// Whose name gives the children's patronymic.
    father: &'static Man,
    guardians: Vec<Who>,
    children: usize,
    /// Where the youngest newcomer went, so that the next child goes elsewhere.
    homeroom: usize,
}

/// What settling needs all the time.
struct Town<'a> {
    people: &'a mut People,
    calendar: Calendar,
    chance: &'a mut Chance,
    families: Vec<Family>,
}

/// Fills the homerooms with students, and the school with their guardians.
pub(super) fn settle(
    people: &mut People,
    homerooms: &mut [Homeroom],
    staff: &Staff,
    size: Size,
    calendar: Calendar,
    chance: &mut Chance,
) {
    let mut town = Town { people, calendar, chance, families: Vec::new() };
    let teachers = staff.parents();
    let classes = homerooms.len();
    for (at, homeroom) in homerooms.iter_mut().enumerate() {
        let seats = size.students * at / classes..size.students * (at + 1) / classes;
        for seat in seats {
            let family = town.family(seat, at, &teachers);
            let student = town.child(family, seat, homeroom.grade);
            homeroom.students.push(student);
        }
    }
}

impl Town<'_> {
    /// The family of the student on that seat: for one in six one that has a child here already,
    /// unless it is the one with many guardians.
    fn family(&mut self, seat: usize, homeroom: usize, teachers: &[Who]) -> usize {
        if seat > 20 && self.chance.random_ratio(1, 6) {
            let any = self.chance.random_range(0..self.families.len() as u32) as usize;
            let Family { children, guardians, homeroom: last, .. } = &self.families[any];
            if *children < 3 && *last != homeroom && guardians.len() < MANY_GUARDIANS {
                self.families[any].homeroom = homeroom;
                return any;
            }
        }
        let number = self.families.len();
        let family = match number.checked_sub(4).map(|beyond| (beyond % 9, beyond / 9)) {
            Some((0, turn)) if turn < teachers.len() => self.family_of(teachers[turn]),
            _ => self.newcomers(),
        };
        self.families.push(Family { homeroom, ..family });
        self.make_rare(number);
        number
    }

    /// A family whose mother or father teaches here. The position here comes second.
    fn family_of(&mut self, teacher: Who) -> Family {
        let name = self.people.name(teacher).clone();
        let (surname, man) = match name.gender {
            Gender::Male => (name.family, names::man(self.chance)),
            Gender::Female => (masculine(&name.family), names::man(self.chance)),
        };
        self.people.appoint(teacher, guardian("parent"));
        Family { surname, father: man, guardians: vec![teacher], children: 0, homeroom: 0 }
    }

    /// A family with one guardian to three.
    fn newcomers(&mut self) -> Family {
        let (surname, father) = (names::surname(self.chance), names::man(self.chance));
        let mut family = Family {
            surname: surname.to_owned(),
            father,
            guardians: Vec::new(),
            children: 0,
            homeroom: 0,
        };
        let wanted = self.chance.random_range(0..100u32);
        family.guardians.push(self.relative(&family, "parent", Gender::Female));
        if wanted >= 30 {
            let name = names::father(surname, father, self.chance);
            let husband = self.people.add(name, self.chance);
            self.give_role(husband, "parent");
            family.guardians.push(husband);
        }
        if wanted >= 92 {
            let role = if wanted % 2 == 0 { "guardian" } else { "relative" };
            family.guardians.push(self.relative(&family, role, Gender::Female));
        }
        family
    }

    fn relative(&mut self, family: &Family, role: &'static str, gender: Gender) -> Who {
        let name = names::name(&family.surname, gender, names::man(self.chance), self.chance);
        let who = self.people.add(name, self.chance);
        self.give_role(who, role);
        who
    }

    /// A row of `roles`, or for every 20th person OneRoster 1.1's column, which counts as well.
    fn give_role(&mut self, who: Who, role: &'static str) {
        match who % 20 {
            7 => self.people.get(who).role = Some(role),
            _ => self.people.appoint(who, guardian(role)),
        }
    }

    fn make_rare(&mut self, number: usize) {
        match number % 37 {
            7 => self.share_phone(number),
            9 => self.add_relative(number, |relative| relative.deleted = true),
            11 | 12 if number < 37 => self.add_second_vk(number),
            14 => self.add_relative(number, |relative| {
                relative.metadata.insert("emergencyContact".into(), json!(true));
            }),
            16 if number < 37 => {
                while self.families[number].guardians.len() < MANY_GUARDIANS {
                    self.add_relative(number, |_| ());
                }
            }
            _ => (),
        }
    }

    /// Both parents have linked the account of the one phone that they have.
    fn share_phone(&mut self, number: usize) {
        if self.families[number].guardians.len() < 2 {
            self.add_relative(number, |_| ());
        }
        let (first, second) =
            (self.families[number].guardians[0], self.families[number].guardians[1]);
        self.share_account(first, second);
    }

    fn share_account(&mut self, owner: Who, other: Who) {
        self.people.ensure_accounts(owner, self.chance);
        self.people.get(other).accounts = self.people.get(owner).accounts.clone();
    }

    fn add_relative(&mut self, number: usize, mark: impl Fn(&mut super::people::Person)) {
        let name = self.families[number].surname.clone();
        let name = names::name(&name, Gender::Male, names::man(self.chance), self.chance);
        let who = self.people.add(name, self.chance);
        self.give_role(who, "relative");
        mark(self.people.get(who));
        self.families[number].guardians.push(who);
    }

    fn add_second_vk(&mut self, number: usize) {
        let who = self.families[number].guardians[0];
        self.people.ensure_accounts(who, self.chance);
        let second = self.people.account("vk", self.chance);
        self.people.get(who).accounts.push(second);
    }

    /// The next child of a family, who studies in that grade.
    fn child(&mut self, family: usize, seat: usize, grade: u8) -> Student {
        let gender = if self.chance.random_ratio(1, 2) { Gender::Female } else { Gender::Male };
        let Family { surname, father, .. } = &self.families[family];
        let name = names::name(surname, gender, father, self.chance);
        let who = self.people.add(name, self.chance);
        let student = self.people.get(who);
        student.grade = Some(grade);
        student.enabled = seat % 400 != 3;
        self.people.appoint(who, Position { role: "student", ..Position::default() });
        if family % 37 == 5 && self.families[family].children == 0 {
            self.share_account(self.families[family].guardians[0], who);
        }
        self.families[family].children += 1;
        self.link(family, who);
        self.enrolled(who, gender, seat)
    }

    /// Hosts name the link on the student's side, on the guardian's, or on both.
    fn link(&mut self, family: usize, student: Who) {
        let guardians = self.families[family].guardians.clone();
        let side = self.chance.random_range(0..10u32);
        if side >= 5 {
            for guardian in &guardians {
                self.people.get(*guardian).agents.push(student);
            }
        }
        if side < 7 {
            self.people.get(student).agents = guardians;
        }
    }

    /// One in 40 has left already; some others begin only next month or are marked for deletion.
    fn enrolled(&self, who: Who, gender: Gender, seat: usize) -> Student {
        let Calendar { today, begins, .. } = self.calendar;
        let mut student = Student { who, gender, begins, ends: None, deleted: seat % 300 == 30 };
        match seat % 200 {
            35 => student.begins = today + 1.month(),
            at if at % 40 == 20 => {
                student.begins = begins - 1.year();
                student.ends = Some(today - 3.days());
            }
            _ => (),
        }
        student
    }
}

fn guardian(role: &'static str) -> Position {
    Position { role, ..Position::default() }
}

/// The husband's form of a surname that `names` made feminine.
fn masculine(feminine: &str) -> String {
    if let Some(stem) = feminine.strip_suffix("ая") {
        return format!("{stem}ий");
    }
    feminine.strip_suffix('а').unwrap_or(feminine).to_owned()
}
