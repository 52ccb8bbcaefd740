//! When a lesson is held, and whether its timetable lets its call start and end by itself (P15).

use jiff::civil::{Date, Time};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use crate::error::Text;
use crate::roster::{ClassIx, Lesson, Roster, Timetable, truthy};

/// From when to when something is held.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Slot {
    /// The beginning, where it is known.
    pub starts: Option<Timestamp>,
    /// The end, where it is known.
    pub ends: Option<Timestamp>,
}

/// When a lesson is held: by its own times, else by its period in the journal's timetable.
pub fn slot(roster: &Roster, lesson: &Lesson, zone: &TimeZone) -> Slot {
    let grid = period(roster, lesson);
    let start = lesson.start.or(grid.and_then(|(start, _)| start));
    let end = lesson.end.or(grid.and_then(|(_, end)| end));
    placed(lesson.date, start, end, zone)
}

/// Times of a day as moments. An end that is not after its beginning is on the next day. Where the
/// clocks are set forward a time that does not exist is as much later; where they are set back the
/// first of two is meant. A lesson is as long as its times say, whatever the clocks do meanwhile.
fn placed(date: Date, start: Option<Time>, end: Option<Time>, zone: &TimeZone) -> Slot {
    let starts = start.and_then(|time| moment(date, time, zone));
    let Some(end) = end else { return Slot { starts, ends: None } };
    let (Some(begin), Some(start)) = (starts, start) else {
        return Slot { starts, ends: moment(date, end, zone) };
    };
    let length = start.duration_until(end);
    let day = SignedDuration::from_hours(24);
    let length = if length <= SignedDuration::ZERO { length + day } else { length };
    Slot { starts, ends: begin.checked_add(length).ok() }
}

/// A time of a day as a moment.
pub(crate) fn moment(date: Date, time: Time, zone: &TimeZone) -> Option<Timestamp> {
    let zoned = date.to_datetime(time).to_zoned(zone.clone()).ok()?;
    Some(zoned.timestamp())
}

type Grid = (Option<Time>, Option<Time>);

fn period(roster: &Roster, lesson: &Lesson) -> Option<Grid> {
    let period = lesson.period.as_deref()?;
    let mut tables: Vec<&Timetable> = roster.timetables_of(lesson.class).collect();
    tables.retain(|table| table.span.holds(lesson.date));
    // The one that is passed on by default is the one that holds.
    tables.sort_by_key(|table| !is_default(table));
    let lines = tables.iter().flat_map(|table| &table.periods);
    let mut lines = lines.filter(|line| &*line.period == period);
    lines.next().map(|line| (line.start, line.end))
}

fn is_default(table: &Timetable) -> bool {
    truthy(table.metadata.get("transferByDefault"))
}

/// One of the four conditions under which a lesson's call starts and ends by itself (P15).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Condition {
    /// At least one lesson of the journal stands in the timetable.
    Lesson,
    /// The timetable has its first and last day, and the lesson lies between them.
    Dates,
    /// It is marked to be passed on by default.
    Default,
    /// Its grid has the times of its lessons.
    Grid,
}

impl Condition {
    /// The word in documents.
    pub fn name(self) -> &'static str {
        match self {
            Condition::Lesson => "lesson",
            Condition::Dates => "dates",
            Condition::Default => "default",
            Condition::Grid => "grid",
        }
    }

    /// What is missing, for people.
    pub fn text(self) -> Text {
        match self {
            Condition::Lesson => Text::new(
                "в шаблон расписания не добавлено ни одного урока этого журнала",
                "no lesson of this journal stands in a timetable",
            ),
            Condition::Dates => Text::new(
                "в шаблоне расписания не заполнены даты начала и окончания, или урок вне их",
                "the timetable's first and last day are not filled in, or the lesson is outside them",
            ),
            Condition::Default => Text::new(
                "шаблон расписания не отмечен как передаваемый на портал по умолчанию",
                "the timetable is not marked as the one that is passed on by default",
            ),
            Condition::Grid => Text::new(
                "в шаблоне расписания не заполнена сетка уроков с началом и концом",
                "the timetable's grid lacks the times at which lessons begin and end",
            ),
        }
    }
}

/// What hinders a journal's lesson of a day to start and end by itself; empty where nothing does.
/// Where several timetables hold, the one that lacks least is judged.
pub fn automatic(roster: &Roster, class: ClassIx, date: Date) -> Vec<Condition> {
    let missing = roster.timetables_of(class).map(|table| missing(table, date));
    missing.min_by_key(Vec::len).unwrap_or_else(|| vec![Condition::Lesson])
}

fn missing(table: &Timetable, date: Date) -> Vec<Condition> {
    let span = table.span;
    let dated = span.begin.is_some() && span.end.is_some() && span.holds(date);
    let full = |line: &crate::roster::Period| line.start.is_some() && line.end.is_some();
    let grid = !table.periods.is_empty() && table.periods.iter().all(full);
    let checked = [
        (Condition::Dates, dated),
        (Condition::Default, is_default(table)),
        (Condition::Grid, grid),
    ];
    checked.into_iter().filter(|(_, good)| !good).map(|(condition, _)| condition).collect()
}
