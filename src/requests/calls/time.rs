//! When a call is held, as requests say it (ruling 24): a date and a time in the school's zone, a
//! beginning and an end, or a lesson.

use jiff::Timestamp;
use jiff::civil::{Date, Time};
use jiff::tz::TimeZone;

use super::refused;
use crate::calls::{self, day_of};
use crate::document::{Faults, Form, Object};
use crate::error::{Result, Text};
use crate::plan::KnownChat;
use crate::profile::Calls;
use crate::roster::{Lesson, Roster};

/// What a request says.
#[derive(Debug, Clone, Default)]
pub(super) struct Said {
    date: Option<Date>,
    time: Option<Time>,
    starts: Option<Timestamp>,
    ends: Option<Timestamp>,
    lesson: Option<String>,
}

/// What it means.
#[derive(Debug, Clone)]
pub(super) struct When {
    pub(super) date: Date,
    pub(super) starts: Option<Timestamp>,
    pub(super) ends: Option<Timestamp>,
    pub(super) lesson: Option<String>,
    /// The times are the lesson's.
    pub(super) by_lesson: bool,
}

impl Said {
    pub(super) fn read(params: &mut Object, faults: &mut Faults) -> Said {
        let said = Said {
            date: params.read("date", faults, Form::Date, |value| {
                Date::strptime("%Y-%m-%d", value.as_str()?).ok()
            }),
            time: params.read("time", faults, Form::Time, |value| {
                Time::strptime("%H:%M", value.as_str()?).ok()
            }),
            starts: params.moment("starts", faults),
            ends: params.moment("ends", faults),
            lesson: params.text("lesson", faults),
        };
        let by_clock = params.has("date") || params.has("time");
        if by_clock && (params.has("starts") || params.has("ends")) {
            let message = Text::new(
                "ожидается либо date и time, либо starts и ends",
                "expected either date and time, or starts and ends",
            );
            faults.push(params.fault("starts", "two_times", "", message));
        }
        said
    }

    /// Nothing was said.
    pub(super) fn is_empty(&self) -> bool {
        let Said { date, time, starts, ends, lesson } = self;
        date.is_none() && time.is_none() && starts.is_none() && ends.is_none() && lesson.is_none()
    }

    /// A time that is not the lesson's: its key and its value.
    pub(super) fn own_time(&self) -> Option<(&'static str, String)> {
        let time = self.time.map(|time| ("time", time.strftime("%H:%M").to_string()));
        let starts = self.starts.map(|at| ("starts", at.to_string()));
        time.or(starts).or(self.ends.map(|at| ("ends", at.to_string())))
    }

    /// What was said, for a call of this chat.
    ///
    /// # Errors
    /// [`crate::error::Code::Request`] for what cannot be: a lesson of another subject, an end before
    /// the beginning, a day without lessons where one is needed.
    pub(super) fn meant(
        &self,
        roster: &Roster,
        chat: &KnownChat,
        policy: &Calls,
        zone: &TimeZone,
    ) -> Result<When> {
        let by_lesson = policy.from_timetable.contains(&chat.kind);
        let lesson = match (&self.lesson, self.date) {
            (Some(id), _) => Some(self.named(roster, chat, id)?),
            (None, Some(date)) if by_lesson => Some(only_lesson(roster, chat, date)?),
            (None, _) if by_lesson => return Err(no_lesson(roster, chat)),
            _ => None,
        };
        let times = self.times(zone)?;
        let of_lesson = lesson.map(|lesson| (lesson, calls::slot(roster, lesson, zone)));
        match (of_lesson, times) {
            (Some((lesson, slot)), None) => Ok(When {
                date: lesson.date,
                starts: slot.starts,
                ends: slot.ends,
                lesson: Some(lesson.id.to_string()),
                by_lesson: true,
            }),
            (lesson, Some((starts, ends))) => Ok(When {
                date: day_of(starts, zone),
                starts: Some(starts),
                ends,
                lesson: lesson.map(|(lesson, _)| lesson.id.to_string()),
                by_lesson: false,
            }),
            (None, None) => Err(missing()),
        }
    }

    fn named<'r>(&self, roster: &'r Roster, chat: &KnownChat, id: &str) -> Result<&'r Lesson> {
        let found = lessons(roster, chat).into_iter().find(|lesson| *lesson.id == *id);
        let found = found.ok_or_else(|| {
            let message = Text::new(
                "в расписании этого чата такого занятия нет",
                "the timetable of this chat has no such lesson",
            );
            refused("unknown_lesson", "lesson", id, message)
        })?;
        match self.date {
            Some(date) if date != found.date && self.time.is_none() => {
                let message = Text::new(
                    format!("это занятие назначено на {}", found.date),
                    format!("this lesson is held on {}", found.date),
                );
                Err(refused("other_day", "date", &date.to_string(), message))
            }
            _ => Ok(found),
        }
    }

    /// The beginning and the end, where either is said.
    fn times(&self, zone: &TimeZone) -> Result<Option<(Timestamp, Option<Timestamp>)>> {
        let starts = match (self.date, self.time) {
            (Some(date), Some(time)) => calls::moment(date, time, zone),
            // A date alone chooses among lessons.
            (Some(_), None) if self.lesson.is_some() => None,
            (None, Some(_)) => return Err(missing()),
            _ => self.starts,
        };
        match (starts, self.ends) {
            (None, Some(_)) => Err(missing()),
            (Some(starts), Some(ends)) if ends <= starts => {
                let message = Text::new(
                    "ожидается время позже начала",
                    "expected a time after the beginning",
                );
                Err(refused("bad_value", "ends", &ends.to_string(), message))
            }
            (starts, ends) => Ok(starts.map(|starts| (starts, ends))),
        }
    }
}

fn missing() -> crate::error::Error {
    let message = Text::new(
        "ожидаются date и time, или starts (и ends), или lesson",
        "expected date and time, or starts (and ends), or lesson",
    );
    refused("missing_field", "date", "", message)
}

fn lessons<'r>(roster: &'r Roster, chat: &KnownChat) -> Vec<&'r Lesson> {
    let journals = calls::journals_of(roster, chat);
    journals.into_iter().flat_map(|class| roster.lessons_of(class)).collect()
}

/// The one lesson of a day; which to choose from, where there are several or none (E11).
fn only_lesson<'r>(roster: &'r Roster, chat: &KnownChat, date: Date) -> Result<&'r Lesson> {
    let all = lessons(roster, chat);
    let there: Vec<&Lesson> = all.iter().copied().filter(|lesson| lesson.date == date).collect();
    match there.as_slice() {
        [only] => Ok(only),
        [] => Err(no_day(&all, date)),
        several => {
            let ids: Vec<&str> = several.iter().map(|lesson| &*lesson.id).collect();
            let ids = ids.join(", ");
            let message = Text::new(
                format!("в этот день несколько занятий, ожидается одно из: {ids}"),
                format!("there are several lessons on this day, expected one of: {ids}"),
            );
            Err(refused("missing_field", "lesson", "", message))
        }
    }
}

fn no_day(all: &[&Lesson], date: Date) -> crate::error::Error {
    let days: std::collections::BTreeSet<Date> = all.iter().map(|lesson| lesson.date).collect();
    let near: Vec<String> = days.range(date..).take(5).map(ToString::to_string).collect();
    let near = near.join(", ");
    let message = Text::new(
        format!("на эту дату занятий в расписании нет; ближайшие: {near}"),
        format!("the timetable has no lessons on this date; the next ones: {near}"),
    );
    refused("no_lessons", "date", &date.to_string(), message)
}

fn no_lesson(roster: &Roster, chat: &KnownChat) -> crate::error::Error {
    let count = lessons(roster, chat).len();
    let message = Text::new(
        format!("звонку этого чата нужно занятие из расписания (всего занятий: {count})"),
        format!("a call of this chat needs a lesson of the timetable ({count} lessons in all)"),
    );
    refused("missing_field", "lesson", "", message)
}
