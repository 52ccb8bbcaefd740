//! Two weeks of lessons of the journals with a subject chat, and the timetable templates.

use jiff::ToSpan;
use jiff::civil::{Date, Weekday};
use rand::RngExt;
use serde_json::{Value, json};

use super::journals::Journal;
use super::{Calendar, Chance};

/// Start and end of the day's lessons.
const BELLS: [(&str, &str); 8] = [
    ("08:30", "09:15"),
    ("09:25", "10:10"),
    ("10:30", "11:15"),
    ("11:35", "12:20"),
    ("12:35", "13:20"),
    ("13:30", "14:15"),
    ("14:25", "15:10"),
    ("15:20", "16:05"),
];

/// The same on a short day, ten minutes less each.
const SHORT_BELLS: [(&str, &str); 8] = [
    ("08:30", "09:05"),
    ("09:15", "09:50"),
    ("10:05", "10:40"),
    ("10:55", "11:30"),
    ("11:45", "12:20"),
    ("12:30", "13:05"),
    ("13:15", "13:50"),
    ("14:00", "14:35"),
];

/// Lessons from three days ago on, two or three a week per journal.
///
/// Every other journal has had no video lesson yet: all of its lessons are drafts, so that its
/// chat is still to be made.
pub(super) fn rows(journals: &[Journal], calendar: Calendar, chance: &mut Chance) -> Vec<Value> {
    let mut rows = Vec::new();
    let chatting = journals.iter().filter(|journal| journal.subject_chat && journal.course.general);
    for (at, journal) in chatting.enumerate() {
        let begun = at % 2 == 0;
        for (number, date) in dates(calendar, at).enumerate() {
            let (online, state) = match begun {
                true if number == 0 => (true, state(date, calendar.today).unwrap_or("published")),
                true => (chance.random_ratio(1, 2), state(date, calendar.today).unwrap_or("draft")),
                false => (false, "draft"),
            };
            let period = chance.random_range(0..BELLS.len() as u32) as usize;
            rows.push(lesson(journal, number + 1, date, period, online, state));
        }
    }
    rows
}

/// What the teacher has done with a lesson by today; nothing is certain about a later one.
fn state(date: Date, today: Date) -> Option<&'static str> {
    match date.cmp(&today) {
        std::cmp::Ordering::Less => Some("conducted"),
        std::cmp::Ordering::Equal => Some("published"),
        std::cmp::Ordering::Greater => None,
    }
}

/// Every third of the school days around today, for each journal a different third.
fn dates(calendar: Calendar, turn: usize) -> impl Iterator<Item = Date> {
    let first = calendar.begins.max(calendar.today - 3.days());
    let days = first.series(1.day()).take(14).filter(|day| day.weekday() != Weekday::Sunday);
    days.skip(turn / 2 % 3).step_by(3)
}

fn lesson(
    journal: &Journal,
    number: usize,
    date: Date,
    period: usize,
    online: bool,
    state: &str,
) -> Value {
    let (starts, ends) = BELLS[period];
    json!({"sourcedId": format!("l-{}-{number}", journal.id), "status": "active",
        "classSourcedId": journal.id, "date": date.to_string(), "startTime": starts,
        "endTime": ends, "period": (period + 1).to_string(),
        "title": format!("{}, урок {number}", journal.course.title),
        "metadata": {"online": online, "state": state}})
}

/// The year's template, which the host passes on by default, and that of the short days before the
/// New Year, which it does not. About every 20th journal is in no template.
pub(super) fn timetables(journals: &[Journal], calendar: Calendar) -> Vec<Value> {
    let placed = journals.iter().enumerate().filter(|(at, _)| at % 20 != 19);
    let placed: Vec<&str> = placed.map(|(_, journal)| journal.id.as_str()).collect();
    let year = calendar.begins.year();
    let (short, holidays) = (Date::constant(year, 12, 25), Date::constant(year, 12, 30));
    vec![
        json!({"sourcedId": format!("timetable-{year}"), "status": "active",
            "classSourcedIds": placed, "beginDate": calendar.begins.to_string(),
            "endDate": calendar.ends.to_string(), "periods": periods(&BELLS),
            "metadata": {"transferByDefault": true}}),
        json!({"sourcedId": format!("timetable-{year}-short"), "status": "active",
            "classSourcedIds": placed, "beginDate": short.to_string(),
            "endDate": holidays.to_string(), "periods": periods(&SHORT_BELLS),
            "metadata": {"transferByDefault": false}}),
    ]
}

fn periods(bells: &[(&str, &str)]) -> Vec<Value> {
    bells.iter().zip(1..).map(|(bell, number)| period(number, bell)).collect()
}

fn period(number: usize, (starts, ends): &(&str, &str)) -> Value {
    json!({"period": number.to_string(), "startTime": starts, "endTime": ends})
}
