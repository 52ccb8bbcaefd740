//! A made-up school, the same for one seed on every machine.
//!
//! A roster of it has every case that a real export has and that the rules speak of: people without
//! accounts, a phone shared by two parents, a director whose term is over, a student with eight
//! guardians. Nobody in it exists. Phones begin with +7900000 and mail ends in `@example.org`, so
//! that a test can look for them where they must not be.

pub(crate) mod changes;
pub(crate) mod command;
mod courses;
mod families;
pub(crate) mod flat;
mod homerooms;
mod journals;
mod lessons;
mod names;
mod people;
mod staff;
mod text;

use jiff::civil::Date;
use rand::SeedableRng;
use serde_json::{Value, json};

pub(crate) use text::to_text;

/// The only source of chance here. ChaCha gives the same numbers everywhere, which `StdRng` does
/// not promise.
pub(crate) type Chance = rand_chacha::ChaCha8Rng;

/// The school that every table refers to.
const SCHOOL: &str = "school-1";

/// How large the school is; all other numbers follow from its students.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Size {
    pub(crate) students: usize,
}

impl Size {
    /// A homeroom has about 27 students.
    fn homerooms(self) -> usize {
        ((self.students * 10 + 134) / 268).max(1)
    }

    /// A school of up to 100 students has two journals per homeroom, so that a test that kills and
    /// restarts many cycles of it stays quick.
    fn few_journals(self) -> bool {
        self.students <= 100
    }
}

/// The school year around the day for which the roster is made.
#[derive(Clone, Copy)]
struct Calendar {
    today: Date,
    begins: Date,
    ends: Date,
}

impl Calendar {
    fn around(today: Date) -> Calendar {
        let year = if today.month() >= 8 { today.year() } else { today.year() - 1 };
        Calendar { today, begins: Date::constant(year, 9, 1), ends: Date::constant(year + 1, 6, 1) }
    }

    fn id(self) -> String {
        format!("year-{}", self.begins.year())
    }

    /// The school year and its four quarters.
    fn rows(self) -> Vec<Value> {
        let (first, second) = (self.begins.year(), self.ends.year());
        let school_year = second.to_string();
        let quarter = |number: u8, begins: Date, ends: Date| {
            json!({"sourcedId": format!("{}-q{number}", self.id()), "status": "active",
                "title": format!("{number} четверть"), "type": "gradingPeriod",
                "startDate": begins.to_string(), "endDate": ends.to_string(),
                "parentSourcedId": self.id(), "schoolYear": school_year})
        };
        vec![
            json!({"sourcedId": self.id(), "status": "active",
                "title": format!("{first}/{second} учебный год"), "type": "schoolYear",
                "startDate": self.begins.to_string(), "endDate": self.ends.to_string(),
                "schoolYear": school_year}),
            quarter(1, self.begins, Date::constant(first, 10, 26)),
            quarter(2, Date::constant(first, 11, 5), Date::constant(first, 12, 30)),
            quarter(3, Date::constant(second, 1, 12), Date::constant(second, 3, 28)),
            quarter(4, Date::constant(second, 4, 6), self.ends),
        ]
    }
}

/// Makes a roster in the JSON form `zvonok.roster/1`.
///
/// `generated` in it, which readers of a roster ignore, records what it was made from; the changes
/// take their date from there.
pub(crate) fn generate(seed: u64, size: Size, today: Date) -> Value {
    let chance = &mut Chance::seed_from_u64(seed);
    let calendar = Calendar::around(today);
    let mut people = people::People::default();
    let mut homerooms = homerooms::open(size);
    let staff = staff::hire(&mut people, &homerooms, calendar, chance);
    homerooms::appoint(&mut homerooms, &staff, size);
    families::settle(&mut people, &mut homerooms, &staff, size, calendar, chance);
    let journals = journals::open(&homerooms, &staff, size, chance);
    let classes =
        [homerooms::rows(&homerooms, calendar), journals::rows(&journals, calendar)].concat();
    json!({
        "format": "zvonok.roster/1",
        "generated": {"seed": seed, "students": size.students, "today": today.to_string()},
        "orgs": [school()],
        "academicSessions": calendar.rows(),
        "courses": courses::rows(calendar),
        "classes": classes,
        "users": people.users(),
        "roles": people.roles(),
        "enrollments": journals::enrollments(&homerooms, &journals, calendar),
        "lessons": lessons::rows(&journals, calendar, chance),
        "timetables": lessons::timetables(&journals, calendar),
    })
}

fn school() -> Value {
    json!({
        "sourcedId": SCHOOL, "status": "active",
        "name": "Государственное бюджетное общеобразовательное учреждение \
                 средняя общеобразовательная школа № 1009 Заречного района",
        "type": "school", "identifier": "1009",
        "metadata": {"shortName": "ГБОУ СОШ № 1009"},
    })
}
