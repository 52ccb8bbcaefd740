//! What happened on a messenger, as the state file remembers it until the next cycle.
//!
//! Events may come twice, late and in any order, so nothing is concluded from them alone: a known
//! chat is read again, a group is remembered until it is looked at, and only what cannot be read
//! anywhere later (who can be written to, who followed a one-time link) is taken at its word.

use jiff::Timestamp;

use crate::cycle::named_account;
use crate::error::Result;
use crate::fingerprint::{self, Fingerprint};
use crate::platform::{Event, Kind, OwnRights};
use crate::roster::Roster;
use crate::state::{Group, Invite, Link, Met, State};

/// A person of the last accepted roster, who is not struck out there.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Named {
    /// The account that the roster names on the messenger.
    pub(crate) account: Option<String>,
}

impl Named {
    /// The person with this `sourcedId`, unless struck out or not in the roster at all.
    pub(crate) fn find(roster: &Roster, person: &str, platform: Kind) -> Option<Named> {
        let account = named_account(roster, person, platform).map(str::to_owned);
        roster.is_there(person).then_some(Named { account })
    }
}

/// What came of some events.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Recorded {
    /// How many told something that was not known.
    pub(crate) concerning: usize,
    /// The people who linked their accounts, by `sourcedId`.
    pub(crate) linked: Vec<String>,
}

/// By what a one-time link is known again: its word, and the account where it is for one alone. So
/// the state file tells neither.
pub(crate) fn digest(word: &str, account: Option<&str>) -> String {
    match account {
        None => fingerprint::of(word),
        Some(account) => Fingerprint::new().add(word).add(account).hex(),
    }
}

/// Writes down what happened and where the next question for events begins, all at once: after a
/// failure nothing of it is kept, and the same events may be recorded again.
///
/// `named` tells of a person by `sourcedId`; it is asked only where somebody followed a one-time
/// link.
///
/// # Errors
/// [`crate::error::Code::State`], and what `named` tells.
pub(crate) fn record(
    state: &mut State,
    platform: Kind,
    events: &[Event],
    marker: Option<&str>,
    named: &dyn Fn(&str) -> Result<Option<Named>>,
    now: Timestamp,
) -> Result<Recorded> {
    state.begin()?;
    let mut recorder = Recorder { state, platform, named, now, stirred: false, linked: Vec::new() };
    let done = recorder.record(events, marker);
    let linked = std::mem::take(&mut recorder.linked);
    let committed = done.and_then(|concerning| state.commit().map(|()| concerning));
    if committed.is_err() {
        // The first error says more than one about giving up.
        let _ = state.roll_back();
    }
    committed.map(|concerning| Recorded { concerning, linked })
}

struct Recorder<'r> {
    state: &'r mut State,
    platform: Kind,
    named: &'r dyn Fn(&str) -> Result<Option<Named>>,
    now: Timestamp,
    /// A chat that has a key is to be read again, maybe not for the first time.
    stirred: bool,
    linked: Vec<String>,
}

impl Recorder<'_> {
    fn record(&mut self, events: &[Event], marker: Option<&str>) -> Result<usize> {
        let mut concerning = 0;
        for event in events {
            concerning += usize::from(self.take(event)?);
        }
        if let Some(marker) = marker {
            self.state.put_marker(self.platform, marker)?;
        }
        // A cycle that reads a chat at this moment leaves it as it was before: the next one must look.
        if concerning > 0 || self.stirred {
            self.state.note_news()?;
        }
        Ok(concerning)
    }

    /// Writes down one event; tells whether it was news.
    fn take(&mut self, event: &Event) -> Result<bool> {
        match event {
            Event::Entered { chat, by } => self.entered(chat, by.as_deref()),
            Event::Expelled { chat } => self.own(chat, &OwnRights::default()),
            Event::OwnRights { chat, rights } => self.own(chat, rights),
            Event::Joined { chat, .. } => self.stirred(chat, true, self.group(chat)),
            Event::Left { chat, .. } => self.stirred(chat, false, self.group(chat)),
            Event::Titled { chat, title } => {
                let group = Group { title: Some(title.clone()), ..self.group(chat) };
                self.stirred(chat, false, group)
            }
            Event::Code { chat, code } => self.code(chat, code),
            Event::Started { account, payload, dialog } => {
                self.started(account, payload.as_deref(), dialog.as_deref())
            }
            Event::Wrote { account, dialog } => self.dialog(account, true, dialog.as_deref()),
            Event::Stopped { account } => self.dialog(account, false, None),
        }
    }

    fn mark_due(&mut self, chat: &str) -> Result<()> {
        self.stirred = true;
        self.state.mark_due(self.platform, chat, self.now).map(drop)
    }

    fn met(&self, chat: &str) -> Result<Option<Met>> {
        self.state.met(self.platform, chat, self.now)
    }

    /// A group of which only the id is known.
    fn group(&self, chat: &str) -> Group {
        Group { platform_id: chat.to_owned(), title: None, by: None, code: None, since: self.now }
    }

    fn entered(&mut self, chat: &str, by: Option<&str>) -> Result<bool> {
        let Some(met) = self.met(chat)? else {
            let by = by.map(str::to_owned);
            return self.remember(&Group { by, ..self.group(chat) });
        };
        self.state.drop_own(self.platform, chat)?;
        self.mark_due(chat)?;
        Ok(!met.due || met.own.is_some())
    }

    fn own(&mut self, chat: &str, own: &OwnRights) -> Result<bool> {
        match self.met(chat)? {
            Some(met) => self.own_in_known(chat, &met, own),
            None if own.inside => self.remember(&self.group(chat)),
            None => self.state.drop_group(self.platform, chat),
        }
    }

    fn own_in_known(&mut self, chat: &str, met: &Met, own: &OwnRights) -> Result<bool> {
        let same = met.own.as_ref() == Some(own);
        let news = match own.inside {
            // Another bot's rights look the same in an event: only what is read of them counts.
            true => {
                self.state.drop_own(self.platform, chat)?;
                met.own.is_some() && !same
            }
            false => {
                self.state.put_own(self.platform, chat, own, self.now)?;
                !same
            }
        };
        self.mark_due(chat)?;
        Ok(!met.due || news)
    }

    /// Something happened in a chat that is seen by reading it.
    fn stirred(&mut self, chat: &str, always: bool, group: Group) -> Result<bool> {
        let Some(met) = self.met(chat)? else {
            return self.remember(&group);
        };
        self.mark_due(chat)?;
        Ok(always || !met.due)
    }

    /// A code tells only where a chat belongs that no key has.
    fn code(&mut self, chat: &str, code: &str) -> Result<bool> {
        if self.met(chat)?.is_some() {
            return Ok(false);
        }
        self.remember(&Group { code: Some(code.to_owned()), ..self.group(chat) })
    }

    fn remember(&mut self, group: &Group) -> Result<bool> {
        self.state.put_group(self.platform, group)
    }

    fn started(
        &mut self,
        account: &str,
        payload: Option<&str>,
        dialog: Option<&str>,
    ) -> Result<bool> {
        let opened = self.dialog(account, true, dialog)?;
        let Some(word) = payload else { return Ok(opened) };
        let Some(invite) = self.follow(account, word)? else { return Ok(opened) };
        Ok(self.link(account, &invite)? || opened)
    }

    /// The one-time link of this word, for anybody or for this account; then it is used up.
    fn follow(&mut self, account: &str, word: &str) -> Result<Option<Invite>> {
        for digest in [digest(word, None), digest(word, Some(account))] {
            let invite = self.state.take_invite(self.platform, &digest, self.now)?;
            if invite.is_some() {
                return Ok(invite);
            }
        }
        Ok(None)
    }

    /// Links the account to the person for whom the one-time link was made. Whoever is not in the
    /// school's data any more is not linked; the link is used up all the same.
    fn link(&mut self, account: &str, invite: &Invite) -> Result<bool> {
        let Some(named) = (self.named)(&invite.person)? else { return Ok(false) };
        let link = Link {
            id: 0,
            person: invite.person.clone(),
            platform: self.platform,
            account: Some(account.to_owned()),
            roster_account: named.account,
            actor: invite.actor.clone(),
            at: self.now,
            proof: "max.deep_link".to_owned(),
            closed: None,
        };
        self.state.put_account(&link, None)?;
        self.linked.push(invite.person.clone());
        Ok(true)
    }

    /// Whether somebody can be written to; of whom nothing was told counts as closed.
    fn dialog(&mut self, account: &str, open: bool, id: Option<&str>) -> Result<bool> {
        let before = self.state.dialog(self.platform, account)?;
        let known = self.state.dialog_id(self.platform, account)?;
        let same = before == Some(open);
        if same && (id.is_none() || known.as_deref() == id) {
            return Ok(false);
        }
        self.state.put_dialog(self.platform, account, open, id, self.now)?;
        Ok(!same && (open || before.is_some()))
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::collections::BTreeSet;
    use std::panic::{AssertUnwindSafe, catch_unwind};
    use std::time::Duration;

    use jiff::Timestamp;

    use super::{Event, Named, Recorded, record};
    use crate::clock::later;
    use crate::error::{Code, Error, Result};
    use crate::fingerprint;
    use crate::plan::{ChatState, KnownChat};
    use crate::platform::{Kind, OwnRights};
    use crate::profile::{DesiredChat, Existence};
    use crate::state::{Group, Invite, State};

    const KNOWN: &str = "-71";
    const NEW: &str = "-72";

    fn now() -> Timestamp {
        crate::clock::moment("2026-09-01T10:00:00+03:00").expect("a moment")
    }

    /// A state file with one chat, which has the id [`KNOWN`], and one invitation by the word
    /// `word`.
    struct Desk {
        folder: tempfile::TempDir,
        state: State,
    }

    impl Desk {
        fn new() -> Desk {
            let folder = tempfile::tempdir().expect("a folder");
            let mut state = State::open(&folder.path().join("zvonok.db")).expect("a state file");
            state.put_chat(&chat(), now()).expect("a chat");
            state.put_invite(&invite()).expect("an invitation");
            let mut desk = Desk { folder, state };
            desk.rest();
            desk
        }

        /// As after a cycle that has read everything.
        fn rest(&mut self) {
            let clear = |db: &rusqlite::Connection| db.execute("UPDATE chats SET due = 0", []);
            self.state.transaction(clear).expect("no chat is due");
            self.state.put_meta("quiet", "{}").expect("quiet");
        }

        /// Opens the file again, as another process does after this one died.
        fn reopen(&mut self) {
            self.state = State::open(&self.folder.path().join("zvonok.db")).expect("the file");
        }

        fn record(&mut self, events: &[Event]) -> Recorded {
            record(&mut self.state, Kind::Max, events, None, &there, now()).expect("recorded")
        }

        fn news(&mut self, event: Event) -> bool {
            let before = self.state.last_news().expect("a number");
            let told = self.record(&[event]).concerning > 0;
            let quiet = self.state.meta("quiet").expect("a value").is_some();
            let counted = self.state.last_news().expect("a number") > before;
            assert_eq!(counted, !quiet, "what is counted ends the quiet, and nothing else does");
            assert!(counted || !told, "what is news is counted");
            self.state.put_meta("quiet", "{}").expect("quiet");
            told
        }

        fn is_due(&self) -> bool {
            self.state.met(Kind::Max, KNOWN, now()).expect("an answer").expect("the chat").due
        }

        fn own(&self) -> Option<OwnRights> {
            self.state.met(Kind::Max, KNOWN, now()).expect("an answer").expect("the chat").own
        }

        fn groups(&self) -> Vec<Group> {
            self.state.groups(Kind::Max).expect("groups")
        }

        fn linked(&self) -> Vec<Option<String>> {
            let links = self.state.links_of("p7").expect("links");
            links.into_iter().map(|link| link.account).collect()
        }
    }

    fn chat() -> KnownChat {
        let desired = DesiredChat {
            key: "class:1a".to_owned(),
            kind: "class".to_owned(),
            chat_type: "CLASS".to_owned(),
            organization: "school".to_owned(),
            class: None,
            subject: None,
            whole_class: None,
            title: "1А".to_owned(),
            description: None,
            locked: true,
            existence: Existence::Wanted,
            members: Default::default(),
            depends_on: BTreeSet::new(),
        };
        let mut chat = KnownChat::planned(&desired, Kind::Max);
        chat.platform_id = Some(KNOWN.to_owned());
        chat.state = ChatState::Active;
        chat
    }

    fn invite() -> Invite {
        Invite {
            digest: fingerprint::of("word"),
            person: "p7".to_owned(),
            platform: Kind::Max,
            actor: "teacher-1".to_owned(),
            at: now(),
            expires: later(now(), Duration::from_secs(60)),
        }
    }

    fn there(_person: &str) -> Result<Option<Named>> {
        Ok(Some(Named { account: Some("4999".to_owned()) }))
    }

    fn started(account: &str, word: &str) -> Event {
        Event::Started { account: account.to_owned(), payload: Some(word.to_owned()), dialog: None }
    }

    fn entered(chat: &str) -> Event {
        Event::Entered { chat: chat.to_owned(), by: Some("5001".to_owned()) }
    }

    fn expelled(chat: &str) -> Event {
        Event::Expelled { chat: chat.to_owned() }
    }

    fn joined(chat: &str) -> Event {
        Event::Joined { chat: chat.to_owned(), account: "5002".to_owned() }
    }

    fn titled(chat: &str) -> Event {
        Event::Titled { chat: chat.to_owned(), title: "1Б".to_owned() }
    }

    fn coded(chat: &str) -> Event {
        Event::Code { chat: chat.to_owned(), code: "#7K2T".to_owned() }
    }

    fn may(chat: &str) -> Event {
        let rights = BTreeSet::from(["write".to_owned()]);
        let rights = OwnRights { inside: true, admin: true, rights };
        Event::OwnRights { chat: chat.to_owned(), rights }
    }

    fn wrote(account: &str) -> Event {
        Event::Wrote { account: account.to_owned(), dialog: None }
    }

    fn stopped(account: &str) -> Event {
        Event::Stopped { account: account.to_owned() }
    }

    /// Every order of some events.
    fn orders(events: &[Event]) -> Vec<Vec<Event>> {
        if events.is_empty() {
            return vec![Vec::new()];
        }
        let mut all = Vec::new();
        for at in 0..events.len() {
            let mut rest = events.to_vec();
            let first = rest.remove(at);
            all.extend(orders(&rest).into_iter().map(|tail| [vec![first.clone()], tail].concat()));
        }
        all
    }

    #[test]
    fn what_is_told_twice_is_no_news_but_for_somebody_coming_in() {
        let mut desk = Desk::new();
        for event in [entered(NEW), may(NEW), titled(NEW), coded(NEW), wrote("5002")] {
            let again = event.clone();
            assert_eq!(desk.news(event), !matches!(again, Event::OwnRights { .. }), "{again:?}");
            assert!(!desk.news(again.clone()), "{again:?}");
        }
        assert!(desk.news(entered(KNOWN)) && !desk.news(entered(KNOWN)));
        assert!(!desk.news(may(KNOWN)), "the chat is due, and its rights are read then");
        assert!(!desk.news(titled(KNOWN)), "the chat is due already");
        assert!(desk.news(joined(KNOWN)) && desk.news(joined(KNOWN)));
        assert!(desk.news(stopped("5002")) && !desk.news(stopped("5002")));
        assert!(!desk.news(stopped("5003")), "nobody would have written to them");
        assert!(!desk.news(coded(KNOWN)), "the chat has its key");
    }

    #[test]
    fn the_id_of_a_dialog_is_kept_and_is_no_news() {
        let mut desk = Desk::new();
        let wrote = |dialog: Option<&str>| Event::Wrote {
            account: "5002".to_owned(),
            dialog: dialog.map(str::to_owned),
        };
        let id = |desk: &Desk| desk.state.dialog_id(Kind::Max, "5002").expect("an answer");
        assert!(desk.news(wrote(None)) && id(&desk).is_none());
        assert!(!desk.news(wrote(Some("77"))));
        assert_eq!(id(&desk).as_deref(), Some("77"));
        assert!(desk.news(stopped("5002")) && desk.news(wrote(None)));
        assert_eq!(id(&desk).as_deref(), Some("77"), "another word about it takes nothing away");
    }

    #[test]
    fn an_open_dialog_leaves_the_quiet_and_a_stir_in_a_due_chat_ends_it() {
        let mut desk = Desk::new();
        desk.record(&[wrote("5002"), entered(KNOWN)]);
        let quiet = |desk: &Desk| desk.state.meta("quiet").expect("a value").is_some();
        desk.state.put_meta("quiet", "{}").expect("quiet");
        desk.record(&[wrote("5002"), started("5002", "unknown")]);
        assert!(quiet(&desk));
        desk.record(&[titled(KNOWN)]);
        assert!(!quiet(&desk), "a cycle may have read the chat a moment before");
    }

    #[test]
    fn a_group_is_known_the_same_in_whatever_order_it_is_told_of() {
        for events in orders(&[entered(NEW), may(NEW), titled(NEW), coded(NEW)]) {
            let mut desk = Desk::new();
            desk.record(&events);
            let expected = Group {
                platform_id: NEW.to_owned(),
                title: Some("1Б".to_owned()),
                by: Some("5001".to_owned()),
                code: Some("#7K2T".to_owned()),
                since: now(),
            };
            assert_eq!(desk.groups(), [expected], "{events:?}");
            assert!(!desk.is_due());
            desk.record(&[expelled(NEW)]);
            assert!(desk.groups().is_empty());
        }
    }

    #[test]
    fn a_known_chat_is_read_again_in_whatever_order_it_is_told_of() {
        for events in orders(&[entered(KNOWN), expelled(KNOWN), joined(KNOWN), titled(KNOWN)]) {
            let mut desk = Desk::new();
            desk.record(&events);
            assert!(desk.is_due(), "{events:?}");
            assert!(desk.groups().is_empty(), "{events:?}");
            let place = |event: &Event| events.iter().position(|one| one == event);
            let out = place(&expelled(KNOWN)) > place(&entered(KNOWN));
            assert_eq!(desk.own(), out.then(OwnRights::default), "{events:?}");
        }
    }

    #[test]
    fn a_one_time_link_links_one_account_once() {
        let mut desk = Desk::new();
        let told = desk.record(&[started("5002", "word"), started("5003", "word")]);
        assert_eq!(told.linked, ["p7"]);
        assert_eq!(desk.linked(), [Some("5002".to_owned())]);
        let link = desk.state.links_of("p7").expect("links").remove(0);
        assert_eq!((link.proof.as_str(), link.actor.as_str()), ("max.deep_link", "teacher-1"));
        assert_eq!(link.roster_account.as_deref(), Some("4999"));
        for account in ["5002", "5003"] {
            assert_eq!(desk.state.dialog(Kind::Max, account).expect("an answer"), Some(true));
        }
        assert!(desk.record(&[started("5003", "word")]).linked.is_empty());
    }

    #[test]
    fn a_word_that_is_unknown_or_too_old_only_opens_the_dialog() {
        let mut desk = Desk::new();
        let asked = Cell::new(0);
        let named = |person: &str| {
            asked.set(asked.get() + 1);
            there(person)
        };
        let at = later(now(), Duration::from_secs(60));
        let events = [started("5002", "word"), started("5003", "another")];
        let told = record(&mut desk.state, Kind::Max, &events, None, &named, at).expect("recorded");
        assert_eq!(told, Recorded { concerning: 2, linked: Vec::new() });
        assert_eq!(asked.get(), 0, "the roster is not needed for that");
        assert!(desk.linked().is_empty());
    }

    #[test]
    fn whoever_left_the_school_is_not_linked() {
        let mut desk = Desk::new();
        let nobody = |_: &str| Ok(None);
        let events = [started("5002", "word")];
        let told = record(&mut desk.state, Kind::Max, &events, None, &nobody, now());
        assert!(told.expect("recorded").linked.is_empty());
        assert!(desk.linked().is_empty());
    }

    #[test]
    fn after_a_failure_nothing_is_kept_and_the_same_events_count_again() {
        let mut desk = Desk::new();
        let events = [wrote("5009"), joined(KNOWN), started("5002", "word")];
        let fails = |_: &str| Err(Error::new(Code::State, "сбой", "a failure"));
        record(&mut desk.state, Kind::Max, &events, Some("7"), &fails, now())
            .expect_err("an error");
        assert!(!desk.is_due() && desk.linked().is_empty());
        assert_eq!(desk.state.dialog(Kind::Max, "5009").expect("an answer"), None);
        assert_eq!(desk.state.marker(Kind::Max).expect("an answer"), None);
        let told = record(&mut desk.state, Kind::Max, &events, Some("7"), &there, now());
        assert_eq!(told.expect("recorded").linked, ["p7"]);
        assert_eq!(desk.state.marker(Kind::Max).expect("an answer").as_deref(), Some("7"));
    }

    #[test]
    fn a_crash_between_keeps_the_one_time_link_and_the_marker() {
        let mut desk = Desk::new();
        let events = [joined(KNOWN), started("5002", "word")];
        let dies = |_: &str| -> Result<Option<Named>> { panic!("the process ends here") };
        let state = &mut desk.state;
        let dead = || record(state, Kind::Max, &events, Some("7"), &dies, now());
        catch_unwind(AssertUnwindSafe(dead)).expect_err("it died");
        desk.reopen();
        assert!(!desk.is_due() && desk.linked().is_empty());
        assert_eq!(desk.state.marker(Kind::Max).expect("an answer"), None);
        assert_eq!(desk.record(&events).linked, ["p7"]);
    }
}
