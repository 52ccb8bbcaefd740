//! MAX, by a bot's token.
//!
//! `request` turns a call into a request, `exchange` brings it to MAX and comes back with JSON or a
//! classed failure (`error`), `answer` reads the JSON, `events` what happened, `adding` puts people
//! in as far as MAX still lets bots do that, `posts` finds and unpins what was posted.
//!
//! MAX's bots can make no chats and list none: people make them, and their ids come with events.

use std::collections::{BTreeMap, BTreeSet};
use std::panic::resume_unwind;
use std::sync::{Mutex, PoisonError};

use once_cell::sync::OnceCell;

use super::{
    Access, Answer, Call, Capability, Class, Connection, Counters, Failure, FoundChat, Kind,
    OwnRights, Platform, Presence,
};
use crate::error::{Code, Error, Result as Made};
use crate::stop::Stop;

mod adding;
mod answer;
mod error;
mod events;
mod exchange;
mod posts;
mod request;
mod rights;

use answer::Me;
pub(super) use events::event;
use exchange::Exchange;
pub(super) use rights::{NEEDED, unable};

/// What MAX has no request for.
const NOT_OFFERED: [Capability; 4] =
    [Capability::CreateChat, Capability::RotateLink, Capability::ListChats, Capability::StartCall];

/// Chats that are asked about at once: enough to hide the way there and back.
const IN_FLIGHT: usize = 8;

/// The driver of MAX.
pub(crate) struct Max {
    link: Exchange,
    /// The bot's id, once known.
    own: OnceCell<i64>,
    /// A chat in which the bot was seen to be an admin who may add people.
    admin_in: Mutex<Option<i64>>,
}

impl Max {
    /// A driver that has not spoken to MAX yet.
    ///
    /// # Errors
    /// A token that cannot be sent, and what [`super::driver`] tells.
    pub(crate) fn new(access: Access) -> Made<Max> {
        if !access.token.reveal().bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(Error::new(
                Code::Config,
                "в токене бота MAX есть пробелы или посторонние знаки",
                "MAX's bot token has spaces or characters that no token has",
            ));
        }
        let link = Exchange::new(&access)?;
        Ok(Max { link, own: OnceCell::new(), admin_in: Mutex::new(None) })
    }

    fn me(&self, stop: &Stop) -> Result<Me, Failure> {
        let request = request::me();
        answer::me(&request, &self.link.ask(&request, stop)?)
    }

    fn own(&self, stop: &Stop) -> Result<i64, Failure> {
        self.own.get_or_try_init(|| Ok(self.me(stop)?.id)).copied()
    }

    /// A call that never shares a request.
    fn alone(&self, call: &Call, stop: &Stop) -> Result<Answer, Failure> {
        match call {
            Call::Members { chat } => self.members(chat, stop).map(Answer::Members),
            Call::Chats { only: Some(chats) } => self.chats(chats, stop).map(Answer::Chats),
            Call::OwnRights { chat } => self.own_rights(chat, stop),
            Call::FindMessage { dialog, parts, .. } => {
                let request = request::messages(dialog.as_deref())?;
                let own = self.own(stop)?;
                let value = self.link.ask(&request, stop)?;
                answer::holds(&request, &value, own, parts).map(Answer::Found)
            }
            Call::FindPost { chat, parts } => self.find_post(chat, parts, stop),
            Call::Unpin { chat, message } => self.unpin(chat, message.as_deref(), stop),
            call => {
                let request = request::of(call)?;
                let value = self.link.ask(&request, stop);
                let outcome = value.and_then(|value| answer::of(call, &request, &value));
                outcome.or_else(|failure| self.unless_so(call, failure, stop))
            }
        }
    }

    /// Everybody in a chat, all pages.
    fn members(&self, chat: &str, stop: &Stop) -> Result<Vec<Presence>, Failure> {
        let (mut all, mut pages, mut marker) = (BTreeMap::new(), BTreeSet::new(), None);
        loop {
            let request = request::members(chat, marker)?;
            let value = self.link.ask(&request, stop)?;
            let (page, next) = answer::members(&request, &value)?;
            // Somebody who joins or leaves between two pages moves the others, and one is told
            // twice.
            all.extend(page.into_iter().map(|one| (one.account.clone(), one)));
            marker = next;
            match next {
                None => break,
                // A page that was read before would lead round for ever.
                Some(next) if !pages.insert(next) => return Err(answer::misread(&request, &value)),
                Some(_) => {}
            }
        }
        self.notice(chat, &all);
        Ok(all.into_values().collect())
    }

    /// What the bot may do in a chat; nothing where MAX tells it nothing of the chat.
    fn own_rights(&self, chat: &str, stop: &Stop) -> Result<Answer, Failure> {
        let call = Call::OwnRights { chat: chat.to_owned() };
        let request = request::of(&call)?;
        match self.link.ask(&request, stop) {
            Ok(value) => answer::of(&call, &request, &value),
            Err(failure) if is_outside(&failure) => Ok(Answer::Rights(OwnRights::default())),
            Err(failure) => Err(failure),
        }
    }

    /// Remembers where the bot is an admin who may add people, as far as MAX tells.
    fn notice(&self, chat: &str, members: &BTreeMap<String, Presence>) {
        let own = self.own.get().and_then(|own| members.get(&own.to_string()));
        let may_add = |own: &Presence| {
            own.admin && (own.rights.is_empty() || own.rights.contains("add_remove_members"))
        };
        if own.is_some_and(may_add) {
            *self.admin_in.lock().unwrap_or_else(PoisonError::into_inner) = chat.parse().ok();
        }
    }

    fn admin_in(&self) -> Option<i64> {
        *self.admin_in.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// MAX tells of one chat at a time, so several are asked at once.
    fn chats(&self, chats: &[String], stop: &Stop) -> Result<Vec<FoundChat>, Failure> {
        let own = self.own(stop)?;
        let portion = chats.len().div_ceil(IN_FLIGHT).max(1);
        let told: Result<Vec<_>, _> = std::thread::scope(|scope| {
            let read = |part| scope.spawn(move || self.chats_in_turn(part, own, stop));
            let readers: Vec<_> = chats.chunks(portion).map(read).collect();
            let joined = readers.into_iter().map(|reader| reader.join());
            joined.map(|told| told.unwrap_or_else(|panic| resume_unwind(panic))).collect()
        });
        Ok(told?.into_iter().flatten().collect())
    }

    fn chats_in_turn(
        &self,
        chats: &[String],
        own: i64,
        stop: &Stop,
    ) -> Result<Vec<FoundChat>, Failure> {
        let mut found = Vec::new();
        for chat in chats {
            let request = request::chat(chat)?;
            match self.link.ask(&request, stop) {
                Ok(value) => found.push(answer::chat(&request, &value, own)?),
                Err(failure) if failure.class == Class::ChatGone => {}
                Err(failure) if failure.class == Class::MissingHere || failure.code == DENIED => {
                    found.push(closed(chat, failure));
                }
                Err(failure) => return Err(failure),
            }
        }
        Ok(found)
    }

    /// The members among these accounts.
    fn these(&self, chat: i64, accounts: &[i64], stop: &Stop) -> Result<Vec<Presence>, Failure> {
        let request = request::these(chat, accounts);
        let value = self.link.ask(&request, stop)?;
        let (found, _) = answer::members(&request, &value)?;
        // Others would mean that the accounts were not looked at, and then absence means nothing.
        let asked = |one: &Presence| accounts.iter().any(|id| one.account == id.to_string());
        if found.iter().all(asked) { Ok(found) } else { Err(answer::misread(&request, &value)) }
    }

    /// MAX's errors do not tell what was already so from what may not be done: where a refusal may
    /// be the first, the member is read.
    fn unless_so(&self, call: &Call, failure: Failure, stop: &Stop) -> Result<Answer, Failure> {
        let (Call::RemoveMember { chat, account } | Call::SetAdmin { chat, account, .. }) = call
        else {
            return Err(failure);
        };
        if !may_be_so(&failure) {
            return Err(failure);
        }
        let ids = (request::chat_id(chat)?, request::account_id(account)?);
        let Ok(found) = self.these(ids.0, &[ids.1], stop) else { return Err(failure) };
        if let (Call::RemoveMember { .. }, Some(member)) = (call, found.first())
            && member.admin
            && !member.owner
        {
            return self.remove_admin(chat, account, stop);
        }
        let so = match (call, found.first()) {
            (Call::SetAdmin { rights: Some(rights), .. }, member) => {
                member.is_some_and(|one| has_exactly(one, rights))
            }
            (Call::SetAdmin { rights: None, .. }, member) => member.is_none_or(|one| !one.admin),
            (_, member) => member.is_none(),
        };
        if so { Ok(Answer::Done) } else { Err(failure) }
    }

    /// An admin may have to lose the rights before a bot can take them out.
    fn remove_admin(&self, chat: &str, account: &str, stop: &Stop) -> Result<Answer, Failure> {
        let (chat, account) = (chat.to_owned(), account.to_owned());
        let (plain, out) = (
            Call::SetAdmin { chat: chat.clone(), account: account.clone(), rights: None },
            Call::RemoveMember { chat, account },
        );
        for call in [plain, out] {
            let request = request::of(&call)?;
            let value = self.link.ask(&request, stop)?;
            answer::of(&call, &request, &value)?;
        }
        Ok(Answer::Done)
    }
}

impl Platform for Max {
    fn kind(&self) -> Kind {
        Kind::Max
    }

    fn connect(&self, stop: &Stop) -> Result<Connection, Failure> {
        let Me { id, name, nick } = self.me(stop)?;
        let own = self.own.get_or_init(|| id);
        Ok(Connection {
            own_account: own.to_string(),
            title: name,
            nick,
            capabilities: NOT_OFFERED.map(|capability| (capability, false)).to_vec(),
        })
    }

    /// Adding is tried with the bot itself in a chat where it is: whatever MAX answers, nobody
    /// joins.
    fn probe(&self, capability: Capability, stop: &Stop) -> Result<Option<bool>, Failure> {
        match capability {
            Capability::AddMembers => self.may_add(stop),
            other => Ok(Some(!NOT_OFFERED.contains(&other))),
        }
    }

    fn batch(&self, call: &Call) -> usize {
        if matches!(call, Call::AddMember { .. }) { request::MOST } else { 1 }
    }

    fn perform(&self, calls: &[Call], stop: &Stop) -> Vec<Result<Answer, Failure>> {
        let mut added = self.add_all(calls, stop);
        let places = calls.iter().enumerate();
        places
            .map(|(at, call)| added.remove(&at).unwrap_or_else(|| self.alone(call, stop)))
            .collect()
    }

    fn counters(&self) -> Counters {
        self.link.counters()
    }
}

/// Whether MAX may have refused because it was so already.
fn may_be_so(failure: &Failure) -> bool {
    matches!(failure.class, Class::Never | Class::RetryLater | Class::MissingHere)
        && failure.code != "http.status"
}

/// Whether the member is an admin with these rights and no others. Any rights do where none were
/// named, an owner has all, and the right to call comes with the office unasked.
fn has_exactly(member: &Presence, rights: &BTreeSet<String>) -> bool {
    let beside = member.rights.difference(rights).any(|right| right != "can_call");
    let all = rights.is_subset(&member.rights) && !beside;
    member.owner || (member.admin && (rights.is_empty() || all))
}

/// How MAX refuses what concerns a chat that the bot is not in.
const DENIED: &str = "max.chat.denied";

fn is_outside(failure: &Failure) -> bool {
    failure.code == DENIED || failure.class == Class::ChatGone
}

/// A chat of which the bot is told nothing: it is not in there, or there is none.
fn closed(chat: &str, failure: Failure) -> FoundChat {
    FoundChat {
        chat: chat.to_owned(),
        title: String::new(),
        own: false,
        members: None,
        gone: Some(failure.code),
        link: None,
    }
}
