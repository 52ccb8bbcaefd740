//! What is to be done now, and when to look again.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use super::follow::Journals;
use super::{
    Call, CallState, Condition, Setback, Source, Wish, automatic, day_of, midnight, minutes_later,
    tomorrow,
};
use crate::clock::later;
use crate::error::Text;
use crate::plan::Kind;
use crate::profile::{Calls, Starts};
use crate::roster::Lesson;

/// For so long a person's order to start is carried out, if it could not be at once.
const PATIENCE: std::time::Duration = std::time::Duration::from_secs(30 * 60);

/// One thing to do about a call, by its id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// Finish it.
    Finish(String, Why),
    /// Say in the chat that it is over, or (`false`) only take the pin down.
    Farewell(String, bool),
    /// Start it.
    Start(String, Why),
    /// Tell the chat of it.
    Announce(String),
}

impl Step {
    /// Whether it is the end of something, which lets nobody in.
    pub fn is_an_end(&self) -> bool {
        matches!(self, Step::Finish(..) | Step::Farewell(..))
    }

    /// The call's id.
    pub fn call(&self) -> &str {
        match self {
            Step::Finish(id, _)
            | Step::Farewell(id, _)
            | Step::Start(id, _)
            | Step::Announce(id) => id,
        }
    }
}

/// Why a call is started or finished.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Why {
    /// Somebody asked for it.
    Asked,
    /// Its time has come.
    Time,
    /// It was published.
    Published,
    /// Its lesson is over.
    Over,
    /// Its day is over.
    DayOver,
    /// Its lesson is not held online any more.
    Cancelled,
    /// Its chat is kept no more.
    ChatClosed,
    /// It runs, and its members should know.
    Started,
    /// It has ended, and its members should know.
    Ended,
}

impl Why {
    /// The reason as a person reads it.
    pub fn text(self) -> Text {
        match self {
            Why::Asked => Text::new("по просьбе", "asked for"),
            Why::Time => Text::new("подошло время урока", "the lesson's time has come"),
            Why::Published => Text::new("звонок опубликован", "the call was published"),
            Why::Over => Text::new("время урока вышло", "the lesson's time is over"),
            Why::DayOver => Text::new("день звонка прошёл", "the call's day has passed"),
            Why::Cancelled => Text::new(
                "урок отменён, перенесён в другой журнал или больше не онлайн",
                "the lesson was cancelled, given to another journal, or is not online any more",
            ),
            Why::ChatClosed => Text::new("чат больше не ведётся", "the chat is kept no more"),
            Why::Started => Text::new("звонок начался", "the call has started"),
            Why::Ended => Text::new("звонок завершён", "the call has ended"),
        }
    }
}

/// What the chat of a call is, as far as its calls are concerned.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Hall {
    /// Messages can be posted there.
    pub ready: bool,
    /// The messenger can start calls.
    pub starts_calls: bool,
    /// Its standing call link.
    pub link: Option<String>,
    /// It was put to rest, deleted, or has vanished: no call goes on in it.
    pub closed: bool,
}

/// Everything that is judged.
#[derive(Debug, Clone, Copy)]
pub struct Ground<'a> {
    /// The roster, what the profile wants, the clock.
    pub journals: Journals<'a>,
    /// Where links come from.
    pub source: &'a Source,
    /// The chats, by key; one that is not in the map is left alone.
    pub halls: &'a BTreeMap<String, Hall>,
}

impl<'a> Ground<'a> {
    fn policy(&self) -> &'a Calls {
        &self.journals.desired.calls
    }

    fn now(&self) -> Timestamp {
        self.journals.now
    }

    fn zone(&self) -> &'a TimeZone {
        self.journals.zone
    }

    fn today(&self) -> Date {
        day_of(self.now(), self.zone())
    }

    /// What hinders a call to start and end by itself (P15).
    pub fn hindered(&self, call: &Call) -> Vec<Condition> {
        let Some(lesson) = call.lesson.as_ref().filter(|_| self.policy().needs_timetable) else {
            return Vec::new();
        };
        let roster = self.journals.roster;
        let found = roster.find_lesson(lesson);
        let lost = || self.journals.journal_of(&call.chat).filter(|_| self.journals.no_lessons);
        match found.map(|lesson| (lesson.class, lesson.date)) {
            Some((class, date)) => automatic(roster, class, date),
            // While the table of lessons is missing, the journal and the day are known all the same.
            None => {
                lost().map_or(vec![Condition::Lesson], |class| automatic(roster, class, call.date))
            }
        }
    }

    /// Whether a running call goes on until somebody ends it.
    pub fn is_endless(&self, call: &Call) -> bool {
        !self.policy().nightly && self.ends_at(call).is_none()
    }

    /// The lesson of a call that has no time by which it would start, or end, by itself: neither its
    /// own, nor its period's in a grid (P15).
    pub fn lacks_hours(&self, call: &Call) -> Option<&'a Lesson> {
        let lesson = call.lesson.as_deref().filter(|_| call.by_lesson)?;
        let starts = call.started.is_some() || self.policy().starts == Starts::Publication;
        let ends = call.ends.is_some() || self.policy().nightly;
        let lacks = (call.starts.is_none() && !starts) || !ends;
        let found = self.journals.roster.find_lesson(lesson);
        found.filter(|_| lacks && self.hindered(call).is_empty())
    }

    /// When a running call is finished by itself, if ever.
    fn ends_at(&self, call: &Call) -> Option<Timestamp> {
        call.time_ends_at(self.policy()).filter(|_| self.hindered(call).is_empty())
    }

    fn day_ends_at(&self, call: &Call) -> Timestamp {
        call.day_ends_at(self.policy(), self.zone())
    }

    /// Until when a call of which it is not known whether it runs counts as running.
    fn doubt_ends_at(&self, call: &Call) -> Timestamp {
        match call.ends {
            Some(ends) => minutes_later(ends, self.policy().finish_after),
            None => midnight(tomorrow(call.date), self.zone()),
        }
    }

    fn is_busy(&self, call: &Call) -> bool {
        call.running || (call.doubtful && call.is_open() && self.doubt_ends_at(call) > self.now())
    }

    /// Whether a call may be started from a moment on, and still may now.
    fn is_in_time(&self, call: &Call) -> bool {
        self.is_in_time_at(call, self.now())
    }

    fn is_in_time_at(&self, call: &Call, moment: Timestamp) -> bool {
        let late = |starts| {
            let within = self.policy().start_within;
            within.is_some_and(|minutes| minutes_later(starts, minutes) < moment)
        };
        !call.is_over(moment, self.zone()) && !call.starts.is_some_and(late)
    }

    /// Whether a call's time runs, and only a person starts it now: the time to start by itself is over
    /// (P11), or will be when what failed is tried again.
    pub fn is_missed(&self, call: &Call) -> bool {
        let now = self.now();
        let meant = self.starts_at(call).is_some() && self.has_link(call);
        let runs =
            call.starts.is_some_and(|starts| starts <= now) && !call.is_over(now, self.zone());
        let failed = call.setback.as_ref().filter(|one| one.operation == Kind::StartCall.name());
        let next = failed.and_then(|one| Timestamp::from_second(one.next_try).ok());
        let next = next.map_or(now, |next| next.max(now));
        meant && runs && !self.is_asked_to_start(call) && !self.is_in_time_at(call, next)
    }

    /// When a call will be missed, or is so no more.
    fn missed_from_to(&self, call: &Call) -> Option<Timestamp> {
        self.starts_at(call).filter(|_| self.has_link(call))?;
        if self.is_missed(call) {
            return call.ends;
        }
        let last = minutes_later(call.starts?, self.policy().start_within?);
        let missed = later(last, std::time::Duration::from_secs(1));
        Some(missed).filter(|at| call.ends.is_none_or(|ends| *at < ends))
    }

    /// From when on a call starts by itself; `None`: not by itself at all.
    fn starts_at(&self, call: &Call) -> Option<(Timestamp, Why)> {
        let fresh = call.state == CallState::Published
            && call.started.is_none()
            && !call.doubtful
            && !call.deleted
            && call.wish.is_none_or(|(wish, _)| wish == Wish::Start);
        if !fresh || !self.hindered(call).is_empty() {
            return None;
        }
        let by = self.policy().starts;
        if by == Starts::Publication {
            // Also a lesson of which only the day is known.
            return Some((Timestamp::MIN, Why::Published));
        }
        let starts = call.starts?;
        match by {
            Starts::Ahead if call.by_roster => {
                let eve = call.date.yesterday().unwrap_or(Date::MIN);
                Some((midnight(eve, self.zone()), Why::Time))
            }
            _ => Some((starts, Why::Time)),
        }
    }

    /// Whether somebody's order to start is still fresh.
    fn is_asked_to_start(&self, call: &Call) -> bool {
        matches!(call.wish, Some((Wish::Start, at)) if later(at, PATIENCE) > self.now())
    }

    /// Whether a link can be had for a call.
    pub fn has_link(&self, call: &Call) -> bool {
        let hall = self.halls.get(&call.chat);
        call.given_url.is_some()
            || self.source.link(call).is_some()
            || hall.is_some_and(|hall| hall.starts_calls || hall.link.is_some())
    }

    /// The chats for which a person must give a standing link: a call of today or tomorrow that is
    /// wanted cannot be started without one.
    pub fn lacking_links(&self, calls: &[Call]) -> std::collections::BTreeSet<String> {
        let soon = tomorrow(self.today());
        let wanted = |call: &&Call| {
            let ready = self.halls.get(&call.chat).is_some_and(|hall| hall.ready);
            let by_itself = self.starts_at(call).is_some() && self.is_in_time(call);
            let asked = self.is_asked_to_start(call) || (call.doubtful && call.is_open());
            // Nothing begins in a chat that was left behind.
            let ready = ready && !self.journals.former.contains(&call.chat);
            // A person's order is for now, whenever the lesson is.
            let near = call.date <= soon || self.is_asked_to_start(call);
            ready && !call.running && (by_itself || asked) && near
        };
        let lacking = calls.iter().filter(wanted).filter(|call| !self.has_link(call));
        lacking.map(|call| call.chat.clone()).collect()
    }

    /// Whether what failed last is still to be done: a start whose time has passed, or a word about a
    /// call that is over, is nobody's concern any more.
    pub fn is_still_ahead(&self, failed: &Setback, call: &Call) -> bool {
        let is = |kind: Kind| failed.operation == kind.name();
        let by_itself = self.starts_at(call).is_some() && self.is_in_time(call);
        let starts = call.is_open() && (by_itself || self.is_asked_to_start(call));
        let told = call.announced.is_some();
        // A lesson that is not published any more is told of when it is again.
        let is_to_be_told = call.running && call.state == CallState::Published;
        (is(Kind::StartCall) && !call.running && starts)
            || (is(Kind::FinishCall) && (call.running || call.is_open()))
            || (is(Kind::PostMessage) && !told && is_to_be_told)
            || (is(Kind::PostMessage) && told && call.closed.is_none() && !call.running)
    }

    /// Whether the messenger will not start it, so that others need not wait for it.
    fn is_refused(&self, call: &Call) -> bool {
        let refused = call.setback.as_ref().is_some_and(|setback| setback.refused);
        refused && self.waits(call, Kind::StartCall)
    }

    fn waits(&self, call: &Call, kind: Kind) -> bool {
        let setback = call.setback.as_ref().filter(|one| one.operation == kind.name());
        setback.is_some_and(|one| one.next_try > self.now().as_second())
    }
}

/// What is to be done now: who is over ends first, then the next one starts. Carrying a step out may
/// make another one due, so the question is asked until nothing is left.
pub fn due(ground: &Ground, calls: &[Call]) -> Vec<Step> {
    let here = |call: &&Call| ground.halls.contains_key(&call.chat);
    let mut steps = Vec::new();
    for call in calls.iter().filter(here) {
        if let Some(why) = finish(ground, call) {
            steps.push(Step::Finish(call.id.clone(), why));
        }
        if let Some(say) = farewell(ground, call) {
            steps.push(Step::Farewell(call.id.clone(), say));
        }
    }
    // Whoever is to be finished is out of the way only when that is done.
    for call in starting(ground, calls) {
        steps.push(call);
    }
    for call in calls.iter().filter(here).filter(|call| is_unannounced(ground, call)) {
        steps.push(Step::Announce(call.id.clone()));
    }
    steps
}

fn finish(ground: &Ground, call: &Call) -> Option<Why> {
    ending(ground, call).filter(|_| !ground.waits(call, Kind::FinishCall))
}

/// Why a call is to be over, whether that can be tried now or not.
fn ending(ground: &Ground, call: &Call) -> Option<Why> {
    if !(call.running || call.is_open()) {
        return None;
    }
    let now = ground.now();
    match call.wish {
        Some((Wish::Finish | Wish::Delete, _)) => return Some(Why::Asked),
        Some((Wish::Cancel, _)) => return Some(Why::Cancelled),
        _ => {}
    }
    if call.running && ground.ends_at(call).is_some_and(|end| end <= now) {
        return Some(Why::Over);
    }
    let meant = call.running || call.state == CallState::Published;
    if meant && ground.halls.get(&call.chat).is_some_and(|hall| hall.closed) {
        return Some(Why::ChatClosed);
    }
    let over = ground.policy().nightly && meant && ground.day_ends_at(call) <= now;
    over.then_some(Why::DayOver)
}

/// Whether the chat is to be told of the end, and in words or not: not in the middle of the night,
/// nor days later. A call of tomorrow that runs already may end today.
fn farewell(ground: &Ground, call: &Call) -> Option<bool> {
    let told = call.announced.is_some() && call.closed.is_none();
    let ready = ground.halls.get(&call.chat).is_some_and(|hall| hall.ready);
    if !told || !ready || call.state != CallState::Finished || call.running {
        return None;
    }
    if ground.waits(call, Kind::PostMessage) {
        return None;
    }
    let day = call.ends.map_or(call.date, |ends| day_of(ends, ground.zone()).max(call.date));
    Some(
        day >= ground.today()
            || (call.by != super::SYSTEM && day_of(call.at, ground.zone()) == ground.today()),
    )
}

/// In each chat the one call that is started now, if any.
fn starting(ground: &Ground, calls: &[Call]) -> Vec<Step> {
    let mut chosen: BTreeMap<&str, (bool, Option<Timestamp>, &Call, Why)> = BTreeMap::new();
    for call in calls.iter().filter(|call| ground.halls.contains_key(&call.chat)) {
        let Some((why, asked)) = start(ground, call) else { continue };
        // A person's order goes first, then whoever begins first.
        let rank = (!asked, call.starts, call, why);
        let first = chosen.get(call.chat.as_str());
        if first.is_none_or(|first| (rank.0, rank.1, &call.id) < (first.0, first.1, &first.2.id)) {
            chosen.insert(&call.chat, rank);
        }
    }
    // Against a doubt a person's word counts, but not against what is known to run. What runs in the
    // chat that this one has replaced counts too.
    let taken: Vec<&Call> = calls.iter().filter(|one| ground.is_busy(one)).collect();
    let busy = |call: &Call, asked: bool| {
        let chat = ground.journals.home(&call.chat);
        let mut others =
            taken.iter().filter(|one| one.id != call.id && ground.journals.is_at(one, chat));
        others.any(|one| one.running || !asked)
    };
    // Whoever only waits to be tried again keeps its turn: a later lesson does not take it (P11).
    let waits = |call: &Call| ground.waits(call, Kind::StartCall);
    let free = chosen.into_iter().filter(|(_, first)| !waits(first.2) && !busy(first.2, !first.0));
    free.map(|(_, (_, _, call, why))| Step::Start(call.id.clone(), why)).collect()
}

fn start(ground: &Ground, call: &Call) -> Option<(Why, bool)> {
    if call.running || !call.is_open() || ground.is_refused(call) || !ground.has_link(call) {
        return None;
    }
    if ground.is_asked_to_start(call) {
        return Some((Why::Asked, true));
    }
    let hall = ground.halls.get(&call.chat)?;
    // A link that somebody else gives is good without the chat.
    let ready = hall.ready || call.given_url.is_some() || ground.source.link(call).is_some();
    let (from, why) = ground.starts_at(call)?;
    (ready && from <= ground.now() && ground.is_in_time(call)).then_some((why, false))
}

/// Never before publication, and once (P10, P13); nor where it is to be over at the same time.
fn is_unannounced(ground: &Ground, call: &Call) -> bool {
    let ready = ground.halls.get(&call.chat).is_some_and(|hall| hall.ready);
    ready
        && call.running
        && call.state == CallState::Published
        && call.announced.is_none()
        && call.join_url.is_some()
        && ending(ground, call).is_none()
        && !ground.waits(call, Kind::PostMessage)
}

/// When something about the calls will be due though nothing changes.
pub fn next_due(ground: &Ground, calls: &[Call]) -> Option<Timestamp> {
    let now = ground.now();
    let eve = ground.journals.next_lesson_day().and_then(|day| day.yesterday().ok());
    let lessons = eve.map(|day| midnight(day, ground.zone()));
    let of_calls = calls.iter().filter(|call| ground.halls.contains_key(&call.chat));
    let moments = of_calls.flat_map(|call| moments(ground, call));
    lessons.into_iter().chain(moments).filter(|moment| *moment > now).min()
}

fn moments(ground: &Ground, call: &Call) -> Vec<Timestamp> {
    let mut found = Vec::new();
    if let Some(setback) = &call.setback {
        found.extend(Timestamp::from_second(setback.next_try));
    }
    if !call.running && !call.is_open() {
        return found;
    }
    if call.running {
        found.extend(ground.ends_at(call));
    } else if call.doubtful {
        found.push(ground.doubt_ends_at(call));
    }
    if ground.policy().nightly && (call.running || call.state == CallState::Published) {
        found.push(ground.day_ends_at(call));
    }
    found.extend(ground.starts_at(call).map(|(from, _)| from));
    found.extend(ground.missed_from_to(call));
    if let Some((Wish::Start, at)) = call.wish {
        found.push(later(at, PATIENCE));
    }
    found
}
