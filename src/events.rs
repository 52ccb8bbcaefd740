//! What happened on a messenger, as the state file remembers it until the next cycle.
//!
//! Events may come twice, late and in any order, so nothing is concluded from them alone: a known
//! chat is read again, a group is remembered until it is looked at, and only what cannot be read
//! anywhere later (who can be written to, who followed a one-time link) is taken at its word.

use jiff::Timestamp;

use crate::error::Result;
use crate::fingerprint;
use crate::platform::{Event, Kind, OwnRights};
use crate::state::{Group, Invite, Link, Met, State};

/// A person of the last accepted roster, who is not struck out there.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Named {
    /// The account that the roster names on the messenger.
    pub(crate) account: Option<String>,
}

/// What came of some events.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Recorded {
    /// How many told something that was not known.
    pub(crate) concerning: usize,
    /// The people who linked their accounts, by `sourcedId`.
    pub(crate) linked: Vec<String>,
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
    let mut recorder = Recorder { state, platform, named, now, linked: Vec::new() };
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
        if concerning > 0 {
            // What the last cycle left is no longer all that is known.
            self.state.drop_meta(&["quiet"])?;
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
            Event::Started { account, payload } => self.started(account, payload.as_deref()),
            Event::Wrote { account } => self.dialog(account, true),
            Event::Stopped { account } => self.dialog(account, false),
        }
    }

    /// A group of which only the id is known.
    fn group(&self, chat: &str) -> Group {
        Group { platform_id: chat.to_owned(), title: None, by: None, code: None, since: self.now }
    }

    fn entered(&mut self, chat: &str, by: Option<&str>) -> Result<bool> {
        let Some(met) = self.state.met(self.platform, chat, self.now)? else {
            let by = by.map(str::to_owned);
            return self.remember(&Group { by, ..self.group(chat) });
        };
        self.state.drop_own(self.platform, chat)?;
        self.state.mark_due(self.platform, chat, self.now)?;
        Ok(!met.due || met.own.is_some())
    }

    fn own(&mut self, chat: &str, own: &OwnRights) -> Result<bool> {
        match self.state.met(self.platform, chat, self.now)? {
            Some(met) => self.own_in_known(chat, &met, own),
            None if own.inside => self.remember(&self.group(chat)),
            None => self.state.drop_group(self.platform, chat),
        }
    }

    fn own_in_known(&mut self, chat: &str, met: &Met, own: &OwnRights) -> Result<bool> {
        self.state.put_own(self.platform, chat, own, self.now)?;
        self.state.mark_due(self.platform, chat, self.now)?;
        Ok(!met.due || met.own.as_ref() != Some(own))
    }

    /// Something happened in a chat that is seen by reading it.
    fn stirred(&mut self, chat: &str, always: bool, group: Group) -> Result<bool> {
        let Some(met) = self.state.met(self.platform, chat, self.now)? else {
            return self.remember(&group);
        };
        self.state.mark_due(self.platform, chat, self.now)?;
        Ok(always || !met.due)
    }

    /// A code tells only where a chat belongs that no key has.
    fn code(&mut self, chat: &str, code: &str) -> Result<bool> {
        if self.state.met(self.platform, chat, self.now)?.is_some() {
            return Ok(false);
        }
        self.remember(&Group { code: Some(code.to_owned()), ..self.group(chat) })
    }

    fn remember(&mut self, group: &Group) -> Result<bool> {
        self.state.put_group(self.platform, group)
    }

    fn started(&mut self, account: &str, payload: Option<&str>) -> Result<bool> {
        let opened = self.dialog(account, true)?;
        let Some(word) = payload else { return Ok(opened) };
        let invite = self.state.take_invite(self.platform, &fingerprint::of(word), self.now)?;
        let Some(invite) = invite else { return Ok(opened) };
        Ok(self.link(account, &invite)? || opened)
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
    fn dialog(&mut self, account: &str, open: bool) -> Result<bool> {
        let before = self.state.dialog(self.platform, account)?;
        if before == Some(open) {
            return Ok(false);
        }
        self.state.put_dialog(self.platform, account, open, self.now)?;
        Ok(open || before.is_some())
    }
}
