//! Reading chats back from the platform: who is in, who administers, what the link is.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::Work;
use super::pool::{self, Answers, Ledger};
use crate::error::{Error, Fault, Result, Text};
use crate::host::{Level, Phase};
use crate::plan::{ChatState, KnownChat, Present, successor_key};
use crate::platform::{Answer, Call, Class, Failure, Kind, OwnRights, Presence};

/// How many members one request of many reads is expected to bring: a larger answer may be refused.
const MEMBERS_A_REQUEST: usize = 3000;

/// What reading came to.
#[derive(Debug, Default)]
pub(crate) struct Read {
    /// The keys that were read; the others could not be read now, or are gone.
    pub(crate) keys: BTreeSet<String>,
    /// The keys of chats in which the library's own account lacks the right, or is not any more.
    pub(crate) denied: Vec<String>,
    /// Why the others could not be read, as a report tells it.
    pub(crate) failed: Vec<Fault>,
    /// Why nothing more can be read: the token is dead, the messenger is away.
    pub(crate) ended: Option<Failure>,
}

/// Reads the members of chats and stores them.
///
/// # Errors
/// [`crate::error::Code::State`].
pub(crate) fn read_chats(work: &mut Work, keys: &[String]) -> Result<Read> {
    let mut reader = Reader::new(work, keys, |chat| Call::Members { chat });
    reader.run();
    reader.finish()
}

/// How many chats one request is asked about: the least of the platforms' limits.
const CHATS_A_REQUEST: usize = 100;

/// Reads the titles of chats, so that one that was renamed by hand gets its title back.
///
/// # Errors
/// [`crate::error::Code::State`].
pub(crate) fn read_titles(work: &mut Work, keys: &[String]) -> Result<()> {
    let addresses: BTreeMap<String, String> =
        keys.iter().filter_map(|key| Some((work.address(key)?, key.clone()))).collect();
    let chats: Vec<String> = addresses.keys().cloned().collect();
    for some in chats.chunks(CHATS_A_REQUEST) {
        if work.stop.reason().is_some() {
            return Ok(());
        }
        let answer = work.platform.perform(&[Call::Chats { only: Some(some.to_vec()) }], work.stop);
        let Some(Ok(Answer::Chats(found))) = answer.into_iter().next() else { return Ok(()) };
        for chat in &found {
            let Some(key) = addresses.get(&chat.chat) else { continue };
            if chat.gone.as_deref() == Some("max.closed") {
                mark_gone(work, key, &closed())?;
                continue;
            }
            if !chat.title.is_empty() {
                store_title(work, key, &chat.title)?;
            }
            if let Some(link) = &chat.link {
                store_link(work, key, link.clone())?;
            }
        }
    }
    Ok(())
}

fn store_title(work: &mut Work, key: &str, title: &str) -> Result<()> {
    let Some(chat) = work.chat(key).filter(|chat| chat.title != title) else { return Ok(()) };
    title.clone_into(&mut chat.title);
    work.state.put_title(key, title)
}

/// Reads the invite links of chats and stores them.
///
/// # Errors
/// [`crate::error::Code::State`].
pub(crate) fn read_links(work: &mut Work, keys: &[String]) -> Result<()> {
    let mut reader = Reader::new(work, keys, |chat| Call::ReadLink { chat });
    reader.run();
    reader.finish().map(drop)
}

/// Reads what the library's own account may do in chats, and stores it. Where it is told other
/// rights than before, what failed there is tried again.
///
/// # Errors
/// [`crate::error::Code::State`].
pub(crate) fn read_rights(work: &mut Work, keys: &[String]) -> Result<Read> {
    let mut reader = Reader::new(work, keys, |chat| Call::OwnRights { chat });
    reader.run();
    reader.finish()
}

/// Revokes the invite links of chats and stores the new ones: an emptied chat's old link must let
/// nobody in again.
///
/// # Errors
/// [`crate::error::Code::State`].
pub(crate) fn rotate_links(work: &mut Work, keys: &[String]) -> Result<()> {
    let mut reader = Reader::new(work, keys, |chat| Call::RotateLink { chat });
    reader.run();
    reader.finish().map(drop)
}

/// One kind of reading over many chats.
struct Reader<'w, 'a> {
    work: &'w mut Work<'a>,
    batches: Vec<Vec<(String, Call)>>,
    read: BTreeSet<String>,
    done: u32,
    total: u32,
    denied: Vec<String>,
    failed: Vec<Fault>,
    error: Option<Error>,
    ended: Option<Failure>,
}

impl<'w, 'a> Reader<'w, 'a> {
    fn new(work: &'w mut Work<'a>, keys: &[String], call: fn(String) -> Call) -> Reader<'w, 'a> {
        let calls: Vec<(String, Call)> =
            keys.iter().filter_map(|key| Some((key.clone(), call(work.address(key)?)))).collect();
        let total = calls.len() as u32;
        let batches = portions(work, calls);
        let read = BTreeSet::new();
        let (denied, failed) = (Vec::new(), Vec::new());
        Reader { work, batches, read, done: 0, total, denied, failed, error: None, ended: None }
    }

    fn run(&mut self) {
        let (platform, stop) = (self.work.platform, self.work.stop);
        let (in_flight, batches) = (self.work.in_flight, self.batches.len());
        pool::run(platform, stop, in_flight, batches, self);
    }

    fn finish(self) -> Result<Read> {
        match self.error {
            Some(error) => Err(error),
            None => Ok(Read {
                keys: self.read,
                denied: self.denied,
                failed: self.failed,
                ended: self.ended,
            }),
        }
    }

    fn store(&mut self, keys: &[String], answers: Answers) -> Result<()> {
        self.work.state.begin()?;
        for (key, answer) in keys.iter().zip(answers) {
            self.take(key, answer)?;
        }
        self.work.state.commit()
    }

    fn take(&mut self, key: &str, answer: std::result::Result<Answer, Failure>) -> Result<()> {
        match answer {
            Ok(Answer::Members(members)) if is_half(self.work, &members) => {
                return self.fail(key, &half_a_list());
            }
            Ok(Answer::Members(members)) => store_members(self.work, key, &members)?,
            Ok(Answer::Link(link)) => store_link(self.work, key, link)?,
            Ok(Answer::Rights(own)) => store_rights(self.work, key, own)?,
            Ok(_) => return Ok(()),
            Err(failure) => return self.fail(key, &failure),
        }
        self.read.insert(key.to_owned());
        Ok(())
    }

    fn fail(&mut self, key: &str, failure: &Failure) -> Result<()> {
        if failure.class == Class::ChatGone {
            return mark_gone(self.work, key, failure);
        }
        match failure.class {
            Class::MissingHere => self.denied.push(key.to_owned()),
            _ => self.failed.push(unread(key, failure)),
        }
        if matches!(failure.class, Class::TokenDead | Class::Unreachable) {
            self.ended.get_or_insert_with(|| failure.clone());
        }
        let text = format!("{key}: {} ({})", failure.message.en, failure.code);
        self.work.log(Level::Warning, &text);
        Ok(())
    }
}

impl Ledger for Reader<'_, '_> {
    fn before(&mut self, batch: usize) -> Option<Vec<Call>> {
        let go_on =
            self.work.stop.reason().is_none() && self.error.is_none() && self.ended.is_none();
        go_on.then(|| self.batches[batch].iter().map(|(_, call)| call.clone()).collect())
    }

    fn after(&mut self, batch: usize, answers: Answers) {
        let keys: Vec<String> = self.batches[batch].iter().map(|(key, _)| key.clone()).collect();
        if let Err(error) = self.store(&keys, answers) {
            self.error = Some(error);
        }
        self.done += keys.len() as u32;
        self.work.tell(Phase::Checking, self.done, self.total);
    }

    fn idle(&mut self) {
        self.work.tell(Phase::Checking, self.done, self.total);
    }
}

/// Packs calls so that neither their number nor the expected answer is too large for one request.
fn portions(work: &Work, calls: Vec<(String, Call)>) -> Vec<Vec<(String, Call)>> {
    let mut batches: Vec<Vec<(String, Call)>> = Vec::new();
    let mut weight = 0;
    for (key, call) in calls {
        let expected = work.known.chats.get(&key).map_or(0, |chat| chat.present.len());
        let room = batches.last().is_some_and(|batch| {
            batch.len() < work.platform.batch(&call) && weight + expected <= MEMBERS_A_REQUEST
        });
        if !room {
            batches.push(Vec::new());
            weight = 0;
        }
        weight += expected;
        if let Some(batch) = batches.last_mut() {
            batch.push((key, call));
        }
    }
    batches
}

fn store_members(work: &mut Work, key: &str, members: &[Presence]) -> Result<()> {
    let (own, now, began) = (work.own_account.clone(), work.clock.now(), work.clock.started());
    let Some(chat) = work.chat(key) else { return Ok(()) };
    let mut before = std::mem::take(&mut chat.present);
    let mut present = BTreeMap::new();
    let adopting = std::mem::take(&mut chat.adopting);
    let mut newcomers = Vec::new();
    for member in members {
        let known = before.remove(&member.account);
        if known.is_none() {
            newcomers.push(member.account.clone());
        }
        let mut one = known.unwrap_or_else(|| newcomer(chat, &member.account));
        one.admin = member.admin;
        one.owner = member.owner;
        one.rights.clone_from(&member.rights);
        one.protected = member.owner || member.bot || member.account == own;
        one.adopted |= adopting;
        present.insert(member.account.clone(), one);
    }
    chat.invitations.retain(|account, _| !present.contains_key(account));
    chat.verified = Some(now);
    chat.due = chat.due.filter(|due| *due > began);
    chat.present.clone_from(&present);
    work.state.verified(key, &present, began, now)?;
    note_names(work, members);
    note_own_rights(work, key, members)?;
    note_leak(work, key, &newcomers)
}

/// MAX lists the bot among the members: a list without it is not the whole list.
fn is_half(work: &Work, members: &[Presence]) -> bool {
    work.platform.kind() == Kind::Max
        && !work.own_account.is_empty()
        && !members.iter().any(|member| member.account == work.own_account)
}

fn half_a_list() -> Failure {
    Failure {
        class: Class::RetryLater,
        code: "max.half_a_list".to_owned(),
        message: Text::new(
            "в списке участников нет самого бота: такому списку верить нельзя",
            "the list of members lacks the bot itself: such a list is not to be believed",
        ),
        after: Duration::from_secs(600),
    }
}

fn closed() -> Failure {
    Failure {
        class: Class::ChatGone,
        code: "max.closed".to_owned(),
        message: Text::new("чат закрыт", "the chat was closed"),
        after: Duration::ZERO,
    }
}

fn unread(key: &str, failure: &Failure) -> Fault {
    let told = |text: &str| format!("чат не прочитан: {text} ({})", failure.code);
    let message = Text::new(
        told(&failure.message.ru),
        format!("the chat could not be read: {} ({})", failure.message.en, failure.code),
    );
    Fault::new("chat.unread", key, &failure.code, message)
}

/// What a report may show of those whom the school does not know.
fn note_names(work: &mut Work, members: &[Presence]) {
    let named = members.iter().filter(|member| !member.name.is_empty() && !member.bot);
    work.names.extend(named.map(|member| (member.account.clone(), member.name.clone())));
}

/// The list of members tells the library's own rights along.
fn note_own_rights(work: &mut Work, key: &str, members: &[Presence]) -> Result<()> {
    let own = members.iter().find(|member| member.account == work.own_account);
    let told = |own: &&Presence| {
        work.platform.kind() == Kind::Max && (!own.admin || !own.rights.is_empty())
    };
    let Some(own) = own.filter(told) else { return Ok(()) };
    let rights = OwnRights { inside: true, admin: own.admin, rights: own.rights.clone() };
    store_rights(work, key, rights)
}

fn store_rights(work: &mut Work, key: &str, own: OwnRights) -> Result<()> {
    let now = work.clock.now();
    let Some(chat) = work.chat(key) else { return Ok(()) };
    if chat.own.as_ref() == Some(&own) {
        return Ok(());
    }
    chat.own = Some(own.clone());
    chat.waiting.clear();
    work.state.drop_chat_waiting(key)?;
    work.state.put_rights(key, &own, now)
}

/// Somebody who was taken out and is in again came by the link, for the library did not let them in.
fn note_leak(work: &mut Work, key: &str, newcomers: &[String]) -> Result<()> {
    let Some(chat) = work.known.chats.get(key).filter(|chat| chat.leaked.is_none()) else {
        return Ok(());
    };
    let before = if chat.former { successor_key(key) } else { key };
    let desired = work.desired.chats.get(key);
    let wanted = desired.map(|desired| crate::plan::wanted_accounts(desired, chat.platform));
    let wanted = wanted.unwrap_or_default();
    for account in newcomers.iter().filter(|account| !wanted.contains_key(account.as_str())) {
        if work.state.was_taken_out(key, before, account)? {
            let now = work.clock.now();
            work.state.put_leaked(key, now)?;
            work.log(Level::Warning, &format!("{key}: {account} was taken out and came in again"));
            if let Some(chat) = work.chat(key) {
                chat.leaked = Some(now);
            }
            return Ok(());
        }
    }
    Ok(())
}

/// Somebody who came since the last reading, such as by the link: no stranger where the last cycle
/// meant the account here.
fn newcomer(chat: &KnownChat, account: &str) -> Present {
    let meant = chat.people.iter().filter(|(_, one)| one.account.as_deref() == Some(account));
    let people = meant.map(|(person, _)| person.clone()).collect();
    Present { people, ..Present::seen(false, false) }
}

/// Stores a chat's link; another one than before ends a leak.
pub(super) fn store_link(work: &mut Work, key: &str, link: String) -> Result<()> {
    let now = work.clock.now();
    let Some(chat) = work.chat(key).filter(|chat| chat.link.as_ref() != Some(&link)) else {
        return Ok(());
    };
    chat.leaked = None;
    chat.sealed = chat.state == ChatState::Archived;
    chat.link = Some(link.clone());
    work.state.put_link(key, &link, now)
}

/// Remembers that nothing can be done in a chat any more; it is never made again by itself.
pub(super) fn mark_gone(work: &mut Work, key: &str, failure: &Failure) -> Result<()> {
    work.log(Level::Warning, &format!("{key}: {} ({})", failure.message.en, failure.code));
    if work.chat(key).is_some_and(|chat| chat.state == ChatState::Deleted) {
        return Ok(());
    }
    work.state.put_chat_state(key, ChatState::Gone)?;
    if let Some(chat) = work.chat(key) {
        chat.state = ChatState::Gone;
    }
    Ok(())
}
