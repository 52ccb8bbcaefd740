//! Online lessons: when a call may be published, started and finished, by a person and by itself.
//!
//! Pure like the plan: no clock, no network, no state file. [`follow`] brings the calls of lessons in
//! step with the roster, [`due`] says what is to be done now and when to look again, `order` what a
//! person may do in which state.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::clock::later;
use crate::error::Text;
use crate::profile::Calls;

mod change;
mod due;
mod follow;
mod lesson;
mod link;
mod order;
mod show;
mod text;

pub use due::{Ground, Hall, Step, Why, due, next_due};
pub use follow::{Followed, Journals, adopt, follow, journals_of};
pub(crate) use lesson::moment;
pub use lesson::{Condition, Slot, automatic, slot};
pub use link::{BigBlueButton, Source, check_link};
pub use order::{Refusal, may_delete, may_finish, may_publish, may_start, may_update};
pub(crate) use show::{SHOWN, active, row, rows};
pub(crate) use text::{Chat as Told, announcement, default_title, farewell};

/// Where a call stands (ruling 19); whether it runs is told beside it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum CallState {
    /// «Создан»: nobody but its makers knows of it.
    Created,
    /// «Опубликован»: its members may know of it.
    Published,
    /// «Завершён».
    Finished,
}

impl CallState {
    /// Every state.
    pub const ALL: [CallState; 3] = [CallState::Created, CallState::Published, CallState::Finished];

    /// The word in documents and in the state file.
    pub fn name(self) -> &'static str {
        match self {
            CallState::Created => "created",
            CallState::Published => "published",
            CallState::Finished => "finished",
        }
    }

    /// The state with this name.
    pub fn from_name(name: &str) -> Option<CallState> {
        CallState::ALL.into_iter().find(|state| state.name() == name)
    }
}

/// What a person asked for and is not done yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Wish {
    /// Start it, for the one who asked.
    Start,
    /// Finish it.
    Finish,
    /// Finish it and forget it.
    Delete,
    /// Finish it: its lesson is not held online any more. The roster's word, not a person's.
    Cancel,
}

/// A step that failed and is tried again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Setback {
    /// The operation's name.
    pub operation: String,
    /// The platform's code.
    pub code: String,
    /// Why.
    pub message: Text,
    /// How often it was tried.
    pub tries: u32,
    /// Not before; Unix seconds.
    pub next_try: i64,
    /// The messenger said no, not only that it could not now.
    #[serde(default)]
    pub refused: bool,
}

/// What is drawn for a new call, so that neither can be guessed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Drawn {
    /// Its id, by which documents name it.
    pub id: String,
    /// The name of its room, which only its link tells: whoever sees the id before publication cannot
    /// go in by it (P10).
    pub room: String,
}

impl Drawn {
    /// Random bytes that one takes.
    pub const BYTES: usize = 16;

    /// From this many random bytes.
    pub fn of(random: &[u8]) -> Drawn {
        let (id, room) = random.split_at(random.len() / 2);
        Drawn { id: word(id), room: word(room) }
    }
}

/// One call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call {
    /// Its id.
    pub id: String,
    /// The name of its room, where the school has rooms of its own. It goes out in links only.
    pub room: String,
    /// The chat's key.
    pub chat: String,
    /// The lesson's `sourcedId`, where it belongs to one.
    pub lesson: Option<String>,
    /// The roster made it; else a person did.
    pub by_roster: bool,
    /// Its day and times are the lesson's and move with it; else a person gave it its own.
    pub by_lesson: bool,
    /// What people see.
    pub title: String,
    /// Its day in the school's zone.
    pub date: Date,
    /// When it begins; `None` where the lesson has no time.
    pub starts: Option<Timestamp>,
    /// When it ends, where that is known.
    pub ends: Option<Timestamp>,
    /// Where it stands.
    pub state: CallState,
    /// People may be in it now.
    pub running: bool,
    /// The link that the host gave for it.
    pub given_url: Option<String>,
    /// The link by which people join it, once it was started.
    pub join_url: Option<String>,
    /// The messenger's own id of the call, where the messenger started it.
    pub platform_call: Option<String>,
    /// When it was started.
    pub started: Option<Timestamp>,
    /// Who started it.
    pub started_by: String,
    /// A start was sent and never answered: perhaps it runs. It is not started again by itself.
    pub doubtful: bool,
    /// The messenger refused to finish it: for the school it is over, and perhaps people are still in.
    pub unended: bool,
    /// When its chat was told of it.
    pub announced: Option<Timestamp>,
    /// The message that told so, in its chat, where it is known.
    pub message: Option<String>,
    /// When its chat was told of its end, or need not be told any more.
    pub closed: Option<Timestamp>,
    /// The message that told so, in its chat, where there is one and it is known.
    pub farewell: Option<String>,
    /// What somebody asked for and is not done yet, and when.
    pub wish: Option<(Wish, Timestamp)>,
    /// Who made it.
    pub maker: String,
    /// Who acted last on it: a `sourcedId`, or `system`.
    pub by: String,
    /// When.
    pub at: Timestamp,
    /// What failed last.
    pub setback: Option<Setback>,
    /// Deleted by somebody; kept so that its lesson does not get another one.
    pub deleted: bool,
}

/// The library itself, as one who acts.
pub const SYSTEM: &str = "system";

impl Call {
    /// A call that was just made.
    pub fn made(drawn: Drawn, chat: &str, date: Date, by: &str, at: Timestamp) -> Call {
        let Drawn { id, room } = drawn;
        Call {
            id,
            room,
            chat: chat.to_owned(),
            lesson: None,
            by_roster: false,
            by_lesson: false,
            title: String::new(),
            date,
            starts: None,
            ends: None,
            state: CallState::Created,
            running: false,
            given_url: None,
            join_url: None,
            platform_call: None,
            started: None,
            started_by: String::new(),
            doubtful: false,
            unended: false,
            announced: None,
            message: None,
            closed: None,
            farewell: None,
            wish: None,
            maker: by.to_owned(),
            by: by.to_owned(),
            at,
            setback: None,
            deleted: false,
        }
    }

    /// Neither finished nor deleted.
    pub fn is_open(&self) -> bool {
        self.state != CallState::Finished && !self.deleted
    }

    /// Whether the time for which it was meant has passed: its end, or its day where it has none.
    pub fn is_over(&self, now: Timestamp, zone: &TimeZone) -> bool {
        match self.ends {
            Some(ends) => ends <= now,
            None => self.date < day_of(now, zone),
        }
    }

    /// Whether the rules have ended it by now, whether or not a cycle has seen to that yet: after its
    /// time where it ends by itself, and with its day (E12). A lesson that needs a timetable is left to
    /// the cycle, which knows whether it may end (P15).
    pub fn has_ended(&self, policy: &Calls, now: Timestamp, zone: &TimeZone) -> bool {
        let by_itself = self.running && !(policy.needs_timetable && self.lesson.is_some());
        let meant = self.running || self.state == CallState::Published;
        self.state == CallState::Finished
            || (by_itself && self.time_ends_at(policy).is_some_and(|end| end <= now))
            || (policy.nightly && meant && self.day_ends_at(policy, zone) <= now)
    }

    /// When its time is over. One that was started after its end has its whole time.
    fn time_ends_at(&self, policy: &Calls) -> Option<Timestamp> {
        let ends = self.ends?;
        let late = self.started.filter(|started| *started >= ends);
        let length = self.starts.map_or(SignedDuration::ZERO, |starts| ends.duration_since(starts));
        let ends = late.map_or(ends, |started| started.saturating_add(length).unwrap_or(ends));
        Some(minutes_later(ends, policy.finish_after))
    }

    /// From when on its day has passed (E12); one that goes on over midnight has its time.
    fn day_ends_at(&self, policy: &Calls, zone: &TimeZone) -> Timestamp {
        let night = midnight(tomorrow(self.date), zone);
        let ends = self.ends.map(|ends| minutes_later(ends, policy.finish_after));
        ends.map_or(night, |ends| ends.max(night))
    }

    /// Notes who acted.
    pub fn act(&mut self, by: &str, at: Timestamp) {
        by.clone_into(&mut self.by);
        self.at = at;
    }
}

/// The day of a moment in the school's zone.
pub fn day_of(moment: Timestamp, zone: &TimeZone) -> Date {
    moment.to_zoned(zone.clone()).date()
}

fn minutes_later(moment: Timestamp, minutes: u32) -> Timestamp {
    later(moment, std::time::Duration::from_secs(60 * u64::from(minutes)))
}

/// The first moment of a day in the school's zone.
pub fn midnight(day: Date, zone: &TimeZone) -> Timestamp {
    day.to_zoned(zone.clone()).map_or(Timestamp::MAX, |zoned| zoned.timestamp())
}

/// The day after.
pub fn tomorrow(day: Date) -> Date {
    day.tomorrow().unwrap_or(Date::MAX)
}

/// Twelve signs from eight random bytes.
fn word(random: &[u8]) -> String {
    const SIGNS: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";
    let number = random.iter().fold(0u64, |sum, byte| sum << 8 | u64::from(*byte));
    let sign = |place: u32| char::from(SIGNS[(number >> (5 * place) & 31) as usize]);
    (0..12).map(sign).collect()
}
