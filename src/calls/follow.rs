//! The calls of lessons follow the roster: made, moved, published, cancelled with their lessons.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use super::{Call, CallState, Drawn, SYSTEM, Wish, day_of, default_title, slot, tomorrow};
use crate::plan::{KnownChat, successor_key};
use crate::profile::{Calls, Desired, DesiredChat, Existence};
use crate::roster::{ClassIx, ClassType, Lesson, Roster, truthy};

/// A longer title is cut, as people's are refused.
const LONGEST_TITLE: usize = 200;

/// What following comes to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Followed {
    /// Calls that are new or have changed.
    pub changed: Vec<Call>,
    /// Ids of calls that are forgotten: their lessons are gone, and they were never started.
    pub dropped: Vec<String>,
}

/// The lessons that calls follow.
#[derive(Debug, Clone, Copy)]
pub struct Journals<'a> {
    /// The roster.
    pub roster: &'a Roster,
    /// What the profile wants.
    pub desired: &'a Desired,
    /// The keys of chats that were left behind on another messenger: what runs there goes on there, and
    /// nothing new begins.
    pub former: &'a BTreeSet<String>,
    /// Classes of which nothing is concluded now: missing or broken ones (rulings 4 and 5).
    pub untouched: &'a BTreeSet<String>,
    /// The roster has no table of lessons though it had one: no lesson is taken for gone.
    pub no_lessons: bool,
    /// The school's zone.
    pub zone: &'a TimeZone,
    /// The language of what the library posts.
    pub language: &'a str,
    /// The present moment.
    pub now: Timestamp,
}

/// A lesson that is held online, with the chat of its journal.
struct Online<'a> {
    lesson: &'a Lesson,
    chat: String,
}

impl<'a> Journals<'a> {
    fn policy(&self) -> &'a Calls {
        &self.desired.calls
    }

    fn today(&self) -> Date {
        day_of(self.now, self.zone)
    }

    /// The online lessons of journals that have their chat, by `sourcedId`.
    fn online(&self) -> BTreeMap<&'a str, Online<'a>> {
        let mut found = BTreeMap::new();
        let halls = self.chats_of_journals();
        for lesson in self.roster.lessons.iter().filter(|lesson| is_online(lesson)) {
            if let Some(chat) = halls.get(&lesson.class) {
                found.insert(&*lesson.id, Online { lesson, chat: (*chat).to_owned() });
            }
        }
        found
    }

    /// The chat of each journal that has one. A journal that is continued under another `sourcedId`
    /// keeps the chat and its key.
    fn chats_of_journals(&self) -> BTreeMap<ClassIx, &'a str> {
        let Some(kind) = &self.policy().lessons else { return BTreeMap::new() };
        let kept = |chat: &&DesiredChat| {
            chat.kind == *kind
                && chat.existence != Existence::Archived
                && !self.former.contains(&chat.key)
        };
        let chats = self.desired.chats.values().filter(kept);
        let journals = |chat: &'a DesiredChat| {
            let classes = chat.depends_on.iter().filter_map(|id| self.roster.find_class(id));
            let scheduled = classes
                .filter(|class| self.roster.class(*class).class_type == ClassType::Scheduled);
            scheduled.map(|class| (class, chat.key.as_str()))
        };
        chats.flat_map(journals).collect()
    }

    /// The journal whose chat this is.
    pub(super) fn journal_of(&self, chat: &str) -> Option<ClassIx> {
        let (halls, chat) = (self.chats_of_journals(), self.home(chat));
        halls.into_iter().find(|(_, key)| *key == chat).map(|(class, _)| class)
    }

    /// The key by which the school calls a chat, wherever it is.
    pub(super) fn home<'k>(&self, chat: &'k str) -> &'k str {
        if self.former.contains(chat) { successor_key(chat) } else { chat }
    }

    /// Whether a call is one of this chat, or of the one that it has replaced.
    pub(super) fn is_at(&self, call: &Call, chat: &str) -> bool {
        self.home(&call.chat) == chat
    }

    /// Whether nothing is to be concluded from a lesson that is not there.
    fn knows_nothing_of(&self, call: &Call) -> bool {
        let chat = self.desired.chats.get(&call.chat);
        let broken =
            |chat: &DesiredChat| chat.depends_on.iter().any(|id| self.untouched.contains(id));
        self.no_lessons || chat.is_none_or(broken)
    }

    /// Whether a lesson of yesterday goes on over midnight.
    fn goes_on(&self, lesson: &Lesson) -> bool {
        let ends = || slot(self.roster, lesson, self.zone).ends;
        tomorrow(lesson.date) == self.today() && ends().is_some_and(|ends| ends > self.now)
    }

    /// The first day after tomorrow that has an online lesson: its call is made the day before, whether
    /// it is published by then or not.
    pub(super) fn next_lesson_day(&self) -> Option<Date> {
        let after = tomorrow(self.today());
        let online = self.online();
        let days = online.values().map(|one| one.lesson.date);
        days.filter(|day| *day > after).min()
    }

    /// Whether a journal is one of those that a call of this chat may be about.
    fn may_be_of(&self, call: &Call, journal: ClassIx) -> bool {
        let Some(chat) = self.desired.chats.get(&call.chat) else { return false };
        let about = About {
            organization: &chat.organization,
            class: chat.class.as_deref(),
            subject: chat.subject.as_deref(),
            depends_on: &chat.depends_on,
        };
        journals_about(self.roster, about).contains(&journal)
    }

    fn describe(&self, call: &mut Call, online: &Online) {
        let words = (self.policy(), self.language);
        describe(call, online.lesson, self.roster, words, self.zone);
    }
}

/// What a call is by its lesson.
fn describe(
    call: &mut Call,
    lesson: &Lesson,
    roster: &Roster,
    (policy, language): (&Calls, &str),
    zone: &TimeZone,
) {
    take_hours(call, lesson, roster, zone);
    call.title = match &lesson.title {
        Some(title) => title.trim().chars().take(LONGEST_TITLE).collect(),
        None => default_title(policy, Some(&roster.class(lesson.class).subject), language),
    };
    if call.state != CallState::Finished {
        call.state = if is_published(lesson) { CallState::Published } else { CallState::Created };
    }
}

fn take_hours(call: &mut Call, lesson: &Lesson, roster: &Roster, zone: &TimeZone) {
    let slot = slot(roster, lesson, zone);
    (call.date, call.starts, call.ends) = (lesson.date, slot.starts, slot.ends);
}

/// Makes a call that a person asks for the lesson's own, where the roster makes the calls of such
/// lessons: it is published with the lesson and not before (P10). Whether it did.
pub fn adopt(
    call: &mut Call,
    chat: &KnownChat,
    roster: &Roster,
    (policy, language): (&Calls, &str),
    zone: &TimeZone,
) -> bool {
    let by_hand = !chat.key.starts_with(&format!("{}:", chat.kind));
    if by_hand || policy.lessons.as_ref() != Some(&chat.kind) {
        return false;
    }
    let journals = journals_of(roster, chat);
    let mut lessons = journals.iter().flat_map(|class| roster.lessons_of(*class));
    let lesson = lessons.find(|lesson| call.lesson.as_deref() == Some(&*lesson.id));
    let Some(lesson) = lesson.filter(|lesson| is_online(lesson)) else { return false };
    (call.by_roster, call.by_lesson) = (true, true);
    describe(call, lesson, roster, (policy, language), zone);
    true
}

fn is_online(lesson: &Lesson) -> bool {
    !lesson.absent && truthy(lesson.metadata.get("online"))
}

/// «Урок проведен»: «Опубликован» or «Проведен» (P10).
fn is_published(lesson: &Lesson) -> bool {
    let state = lesson.metadata.get("state").and_then(serde_json::Value::as_str);
    matches!(state.map(str::trim), Some("published" | "conducted"))
}

/// Brings the calls of lessons in step with the roster. New ones are made of the lessons of today and
/// tomorrow, and of what goes on since yesterday; `draw` gives each its id and the name of its room.
pub fn follow(journals: &Journals, calls: &[Call], draw: &mut dyn FnMut() -> Drawn) -> Followed {
    let online = journals.online();
    let mut followed = Followed::default();
    let ours = |call: &&Call| call.by_roster;
    for call in calls.iter().filter(ours) {
        let lesson = call.lesson.as_deref().and_then(|lesson| online.get(lesson));
        match lesson.filter(|lesson| journals.is_at(call, &lesson.chat)) {
            Some(lesson) => keep_up(journals, call, lesson, &mut followed),
            None if journals.knows_nothing_of(call) => {}
            None => cancel(journals, call, &mut followed),
        }
    }
    let by_hand = |call: &&Call| !call.by_roster && call.by_lesson && call.is_open();
    for call in calls.iter().filter(by_hand).filter(|call| !journals.knows_nothing_of(call)) {
        follow_by_hand(journals, call, &mut followed);
    }
    make(journals, &online, calls, draw, &mut followed);
    followed
}

/// The calls of lessons that have none yet.
fn make(
    journals: &Journals,
    online: &BTreeMap<&str, Online>,
    calls: &[Call],
    draw: &mut dyn FnMut() -> Drawn,
    followed: &mut Followed,
) {
    let counts = |call: &&Call| call.by_roster || call.is_open() || was_held(call);
    let lesson_of = |call: &'_ Call| {
        let lesson = call.lesson.clone()?;
        Some((lesson, journals.home(&call.chat).to_owned()))
    };
    let taken: BTreeSet<_> = calls.iter().filter(counts).filter_map(lesson_of).collect();
    let today = journals.today();
    let near = |one: &&Online| {
        (today..=tomorrow(today)).contains(&one.lesson.date) || journals.goes_on(one.lesson)
    };
    for one in online.values().filter(near) {
        if !taken.contains(&(one.lesson.id.to_string(), one.chat.clone())) {
            let mut call = Call::made(draw(), &one.chat, one.lesson.date, SYSTEM, journals.now);
            (call.by_roster, call.by_lesson) = (true, true);
            call.lesson = Some(one.lesson.id.to_string());
            journals.describe(&mut call, one);
            followed.changed.push(call);
        }
    }
}

/// A call that a person made for a lesson and gave no time of its own: it is moved with the lesson,
/// whether that is held online or not, and over where the lesson is not held. Its title and its
/// publication stay the person's.
fn follow_by_hand(journals: &Journals, call: &Call, followed: &mut Followed) {
    let mut new = call.clone();
    let lesson = call.lesson.as_deref().and_then(|id| journals.roster.find_lesson(id));
    let lesson = lesson.filter(|lesson| !lesson.absent && journals.may_be_of(call, lesson.class));
    match lesson {
        Some(lesson) => take_hours(&mut new, lesson, journals.roster, journals.zone),
        // Lessons of past days may leave the roster; what is over was held.
        None if call.is_over(journals.now, journals.zone) => return,
        None if call.running => return cancel(journals, call, followed),
        None => {
            new.state = CallState::Finished;
            new.act(SYSTEM, journals.now);
        }
    }
    if new != *call {
        followed.changed.push(new);
    }
}

/// A call whose lesson is there.
fn keep_up(journals: &Journals, call: &Call, lesson: &Online, followed: &mut Followed) {
    let mut new = call.clone();
    let missed = call.state == CallState::Finished && !was_held(call);
    if missed && lesson.lesson.date >= journals.today() {
        // It was missed and then put off.
        new.state = CallState::Created;
    }
    if new.state == CallState::Finished || call.deleted {
        return;
    }
    journals.describe(&mut new, lesson);
    let past = new.date < journals.today() && new.is_over(journals.now, journals.zone);
    if past && !new.running {
        match new.state {
            CallState::Created if !was_held(call) => return forget(call, followed),
            _ => new.state = CallState::Finished,
        }
    }
    if new != *call {
        if new.state != call.state {
            new.act(SYSTEM, journals.now);
        }
        followed.changed.push(new);
    }
}

/// Whether a lesson has had its call: it was started, or a person ended or deleted it.
fn was_held(call: &Call) -> bool {
    call.started.is_some() || call.doubtful || call.deleted || call.closed.is_some()
}

/// A call whose lesson was cancelled, deleted, given to another journal, or is held in the school
/// again.
fn cancel(journals: &Journals, call: &Call, followed: &mut Followed) {
    if !call.is_open() {
        return;
    }
    let mut new = call.clone();
    if call.running {
        if call.wish.is_some_and(|(wish, _)| wish != Wish::Start) {
            return;
        }
        new.wish = Some((Wish::Cancel, journals.now));
    } else if call.doubtful {
        new.state = CallState::Finished;
    } else {
        return forget(call, followed);
    }
    new.act(SYSTEM, journals.now);
    followed.changed.push(new);
}

fn forget(call: &Call, followed: &mut Followed) {
    if call.deleted || call.announced.is_some() {
        return;
    }
    followed.dropped.push(call.id.clone());
}

/// What a chat is about.
#[derive(Debug, Clone, Copy)]
struct About<'a> {
    organization: &'a str,
    class: Option<&'a str>,
    subject: Option<&'a str>,
    depends_on: &'a BTreeSet<String>,
}

/// The journals whose lessons a chat's calls may be about: the one that it is of, or those of its
/// subject, in its class where it has one.
pub fn journals_of(roster: &Roster, chat: &KnownChat) -> Vec<ClassIx> {
    let about = About {
        organization: &chat.organization,
        class: chat.class.as_deref(),
        subject: chat.subject.as_deref(),
        depends_on: &chat.depends_on,
    };
    journals_about(roster, about)
}

fn journals_about(roster: &Roster, chat: About) -> Vec<ClassIx> {
    let scheduled = |class: &ClassIx| roster.class(*class).class_type == ClassType::Scheduled;
    let of_chat = chat.depends_on.iter().filter(|_| chat.subject.is_some());
    let own: Vec<ClassIx> =
        of_chat.filter_map(|id| roster.find_class(id)).filter(scheduled).collect();
    let named = chat.class.and_then(|id| roster.find_class(id));
    if !own.is_empty() {
        return own;
    }
    if let Some(journal) = named.filter(scheduled) {
        return vec![journal];
    }
    let (Some(subject), Some(school)) = (chat.subject, roster.find_org(chat.organization)) else {
        return Vec::new();
    };
    roster
        .classes_of(school, ClassType::Scheduled)
        .filter(|(_, class)| {
            let of_class = named.is_none_or(|home| class.homeroom == Some(home));
            !class.dissolved && *class.subject == *subject && of_class
        })
        .map(|(class, _)| class)
        .collect()
}
