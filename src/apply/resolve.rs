//! After a crash or a lost answer: what was meant to be done is looked up on the platform before
//! anything is done again.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::settle::{Settled, done, fail, made, rotated, unanswered, unconfirmed};
use super::stage::Pending;
use super::told::{self, Found, Question};
use super::{Outcome, Work, invite, notice, read};
use crate::error::Result;
use crate::host::Level;
use crate::plan::{Cause, Kind, Operation};
use crate::platform::{Answer, Call, Class, Failure, FoundChat, UNTOLD_RIGHTS};
use crate::state::{Intent, Verdict};

/// A platform may still be busy with a request whose answer was lost: it is given a moment before
/// it is asked what became of it.
pub(super) const SETTLING: Duration = Duration::from_millis(300);

/// What reading showed of each intent; an intent that is not in the map could not be looked up.
#[derive(Debug, Default)]
struct Findings {
    by_intent: BTreeMap<i64, Finding>,
    /// Why nothing can be looked up any more: nobody answers, or the token is refused.
    ended: Option<Failure>,
}

impl Findings {
    fn insert(&mut self, intent: i64, finding: Finding) {
        self.by_intent.insert(intent, finding);
    }

    fn note(&mut self, failure: &Failure) {
        if matches!(failure.class, Class::TokenDead | Class::Unreachable) {
            self.ended.get_or_insert_with(|| failure.clone());
        }
    }
}

/// What reading showed.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Finding {
    /// It was done.
    Done,
    /// The chat was made and has this id.
    Made(String),
    /// The chat has this new link.
    Rotated(String),
    /// It was not done.
    NotDone,
    /// Nobody will ever know.
    Unknown,
}

/// Looks up the intents that an earlier cycle left without a result. What could not be looked up
/// stays open, and its chats with it.
///
/// # Errors
/// [`crate::error::Code::State`].
pub(crate) fn resolve(work: &mut Work, intents: &[Intent]) -> Result<Resolved> {
    let findings = look_up(work, intents)?;
    for intent in intents {
        let Some(finding) = findings.by_intent.get(&intent.id) else { continue };
        let operation = operation_of(intent);
        let text =
            format!("{} {}: {finding:?} after a lost answer", intent.operation.name(), intent.chat);
        work.log(Level::Info, &text);
        match finding {
            Finding::Done => done(work, intent.id, &operation)?,
            Finding::Made(chat) => made(work, intent.id, &operation, chat.clone())?,
            Finding::Rotated(link) => rotated(work, intent.id, &operation, link.clone())?,
            Finding::Unknown => invite::given(work, intent.id, &operation, None)?,
            Finding::NotDone => {
                let verdict = Verdict::Failed("lost".to_owned());
                work.state.close_intent(intent.id, &verdict, work.clock.now())?;
            }
        }
    }
    Ok(Resolved { open: intents.len() - findings.by_intent.len(), ended: findings.ended })
}

/// What became of the intents that an earlier cycle left.
#[derive(Debug)]
pub(crate) struct Resolved {
    /// So many are still open.
    pub(crate) open: usize,
    /// Why nothing more could be read.
    pub(crate) ended: Option<Failure>,
}

/// Looks up operations of this cycle; returns those that must be sent again. In the `last` round
/// nothing is sent again: what was not done by then has failed.
///
/// # Errors
/// [`crate::error::Code::State`].
pub(super) fn pending(
    work: &mut Work,
    kind: Kind,
    pending: Vec<Pending>,
    last: bool,
    outcome: &mut Outcome,
) -> Result<Vec<Operation>> {
    if pending.iter().any(|one| !one.claimed) && work.stop.sleep(SETTLING).is_err() {
        outcome.leave(pending.into_iter().map(|one| one.operation));
        return Ok(Vec::new());
    }
    let intents: Vec<Intent> = {
        let now = work.clock.now();
        pending.iter().map(|one| one.intent(now)).collect()
    };
    let findings = look_up(work, &intents)?;
    if let Some(failure) = &findings.ended {
        outcome.end(failure);
    }
    let mut again = Vec::new();
    for one in pending {
        let operation = one.operation;
        match findings.by_intent.get(&one.intent) {
            Some(Finding::Done) => {
                done(work, one.intent, &operation)?;
                outcome.tell(operation, Settled::Done);
            }
            Some(Finding::Made(chat)) => {
                made(work, one.intent, &operation, chat.clone())?;
                outcome.tell(operation, Settled::Done);
            }
            Some(Finding::Rotated(link)) => {
                rotated(work, one.intent, &operation, link.clone())?;
                outcome.tell(operation, Settled::Done);
            }
            Some(Finding::NotDone) if one.claimed || last => {
                let failure = match one.claimed {
                    true => unconfirmed(work.platform.kind().name()),
                    false => unanswered(),
                };
                let failed = fail(work, one.intent, &operation, &failure)?;
                outcome.tell(operation, failed);
            }
            Some(Finding::NotDone) => {
                let verdict = Verdict::Failed("lost".to_owned());
                work.state.close_intent(one.intent, &verdict, work.clock.now())?;
                again.push(operation);
            }
            Some(Finding::Unknown) | None => outcome.leave([operation]),
        }
    }
    debug_assert!(again.iter().all(|operation| operation.kind == kind));
    Ok(again)
}

fn look_up(work: &mut Work, intents: &[Intent]) -> Result<Findings> {
    let mut findings = Findings::default();
    find_made(work, intents, &mut findings)?;
    find_members(work, intents, &mut findings)?;
    find_titles(work, intents, &mut findings);
    find_links(work, intents, &mut findings);
    find_messages(work, intents, &mut findings)?;
    find_invitations(work, intents, &mut findings)?;
    for intent in intents {
        if is_ours_alone(intent.operation) {
            findings.insert(intent.id, Finding::NotDone);
        }
    }
    Ok(findings)
}

/// Operations that change only what the library remembers: they were not, or they would be closed.
fn is_ours_alone(kind: Kind) -> bool {
    matches!(kind, Kind::ArchiveChat | Kind::RestoreChat | Kind::DeleteChat)
}

/// A chat whose making was answered by silence is one that the account owns, that no key has, that
/// is empty and has exactly the title; two such chats are interchangeable (ruling 14).
fn find_made(work: &mut Work, intents: &[Intent], findings: &mut Findings) -> Result<()> {
    let lost: Vec<&Intent> =
        intents.iter().filter(|intent| intent.operation == Kind::CreateChat).collect();
    if lost.is_empty() {
        return Ok(());
    }
    let found = match ask(work, Call::Chats { only: None }) {
        Some(Ok(Answer::Chats(found))) => found,
        Some(Err(failure)) => {
            findings.note(&failure);
            return Ok(());
        }
        _ => return Ok(()),
    };
    let kind = work.platform.kind();
    let here = work.known.chats.values().filter(|chat| chat.platform == kind);
    let taken: BTreeSet<String> = here.filter_map(|chat| chat.platform_id.clone()).collect();
    let mut free: Vec<FoundChat> = found
        .into_iter()
        .filter(|chat| chat.own && chat.gone.is_none() && !taken.contains(&chat.chat))
        .collect();
    for intent in lost {
        let already = work.known.chats.get(&intent.chat).is_some_and(|c| c.platform_id.is_some());
        let finding = match already {
            true => Some(Finding::NotDone),
            false => take_free(work, intent, &mut free),
        };
        if let Some(finding) = finding {
            findings.insert(intent.id, finding);
        }
    }
    Ok(())
}

/// `None` where a chat with the title might be the one and could not be looked into: taking it for
/// another would make it twice.
fn take_free(work: &Work, intent: &Intent, free: &mut Vec<FoundChat>) -> Option<Finding> {
    let title = intent.title.as_deref().unwrap_or_default();
    let mut doubtful = false;
    let mut at = 0;
    while at < free.len() {
        if free[at].title == title {
            match is_empty(work, &free[at]) {
                Some(true) => return Some(Finding::Made(free.remove(at).chat)),
                Some(false) => {}
                None => doubtful = true,
            }
        }
        at += 1;
    }
    (!doubtful).then_some(Finding::NotDone)
}

/// `None` where it could not be read.
fn is_empty(work: &Work, chat: &FoundChat) -> Option<bool> {
    let own = &work.own_account;
    match ask(work, Call::Members { chat: chat.chat.clone() })? {
        Ok(Answer::Members(members)) => Some(members.iter().all(|m| m.account == *own)),
        // A chat that has ended meanwhile is of no use to anybody.
        Err(failure) if failure.class == Class::ChatGone => Some(false),
        _ => None,
    }
}

fn find_members(work: &mut Work, intents: &[Intent], findings: &mut Findings) -> Result<()> {
    let about_people = |kind| {
        matches!(kind, Kind::AddMember | Kind::RemoveMember | Kind::GrantAdmin | Kind::RevokeAdmin)
    };
    let people: Vec<&Intent> =
        intents.iter().filter(|intent| about_people(intent.operation)).collect();
    let keys: BTreeSet<String> = people.iter().map(|intent| intent.chat.clone()).collect();
    let keys: Vec<String> = keys.into_iter().collect();
    if keys.is_empty() {
        return Ok(());
    }
    let read = read::read_chats(work, &keys)?;
    if let Some(failure) = &read.ended {
        findings.note(failure);
    }
    for intent in people {
        let usable = work.address(&intent.chat).is_some();
        if usable && !read.keys.contains(&intent.chat) {
            continue;
        }
        let done = usable && shows(work, intent);
        findings.insert(intent.id, if done { Finding::Done } else { Finding::NotDone });
    }
    Ok(())
}

/// Whether what was read shows what was meant.
fn shows(work: &Work, intent: &Intent) -> bool {
    let Some(chat) = work.known.chats.get(&intent.chat) else { return false };
    let present = chat.present.get(&intent.account);
    match intent.operation {
        Kind::AddMember => present.is_some(),
        Kind::RemoveMember => present.is_none(),
        Kind::GrantAdmin => present.is_some_and(|present| {
            let mut asked = work.desired.admin_permissions.iter();
            let can_give =
                |right: &String| chat.own.as_ref().is_none_or(|own| own.rights.contains(right));
            let given = |right: &String| {
                present.rights.contains(right)
                    || UNTOLD_RIGHTS.contains(&right.as_str())
                    || !can_give(right)
            };
            present.admin && (present.rights.is_empty() || asked.all(given))
        }),
        _ => present.is_none_or(|present| !present.admin),
    }
}

fn find_titles(work: &mut Work, intents: &[Intent], findings: &mut Findings) {
    for intent in intents.iter().filter(|intent| intent.operation == Kind::RenameChat) {
        let Some(chat) = work.address(&intent.chat) else {
            findings.insert(intent.id, Finding::NotDone);
            continue;
        };
        let found = match ask(work, Call::Chats { only: Some(vec![chat]) }) {
            Some(Ok(Answer::Chats(found))) => found,
            Some(Err(failure)) => {
                findings.note(&failure);
                continue;
            }
            _ => continue,
        };
        let done = found.iter().any(|found| Some(&found.title) == intent.title.as_ref());
        findings.insert(intent.id, if done { Finding::Done } else { Finding::NotDone });
    }
}

/// A link that was replaced reads differently.
fn find_links(work: &mut Work, intents: &[Intent], findings: &mut Findings) {
    for intent in intents.iter().filter(|intent| intent.operation == Kind::RotateLink) {
        let Some(chat) = work.address(&intent.chat) else {
            findings.insert(intent.id, Finding::NotDone);
            continue;
        };
        let before = work.known.chats.get(&intent.chat).and_then(|chat| chat.link.clone());
        match ask(work, Call::ReadLink { chat }) {
            Some(Ok(Answer::Link(link))) if Some(&link) == before.as_ref() => {
                findings.insert(intent.id, Finding::NotDone);
            }
            Some(Ok(Answer::Link(link))) => findings.insert(intent.id, Finding::Rotated(link)),
            Some(Err(failure)) => findings.note(&failure),
            _ => {}
        }
    }
}

/// A message is looked up by saying it once more: the platform knows it again.
fn find_messages(work: &mut Work, intents: &[Intent], findings: &mut Findings) -> Result<()> {
    for intent in intents.iter().filter(|intent| intent.operation == Kind::PostMessage) {
        match notice::find_said(work, intent) {
            Some(Ok(true)) => findings.insert(intent.id, Finding::Done),
            Some(Ok(false)) => findings.insert(intent.id, Finding::NotDone),
            Some(Err(failure)) => match failure.class {
                Class::TokenDead | Class::Unreachable | Class::Stopped => findings.note(&failure),
                Class::ChatGone => {
                    read::mark_gone(work, &intent.chat, &failure)?;
                    findings.insert(intent.id, Finding::NotDone);
                }
                _ => findings.insert(intent.id, Finding::NotDone),
            },
            None => {}
        }
    }
    Ok(())
}

/// A message to a person stands in their dialog, if it arrived.
fn find_invitations(work: &mut Work, intents: &[Intent], findings: &mut Findings) -> Result<()> {
    let lost: Vec<&Intent> =
        intents.iter().filter(|intent| intent.operation == Kind::InviteMember).collect();
    // The last message of a process that was killed may still be on its way.
    if lost.is_empty() || work.stop.sleep(SETTLING).is_err() {
        return Ok(());
    }
    let question = |intent: &&Intent| Question {
        account: intent.account.clone(),
        chats: vec![intent.chat.clone()],
        at: intent.at,
    };
    let questions: Vec<Question> = lost.iter().map(question).collect();
    for (intent, found) in lost.iter().zip(told::look_up(work, &questions)?) {
        match found {
            Found::Yes => findings.insert(intent.id, Finding::Done),
            Found::No => findings.insert(intent.id, Finding::NotDone),
            Found::Unknown => findings.insert(intent.id, Finding::Unknown),
            Found::Later(failure) => failure.iter().for_each(|failure| findings.note(failure)),
        }
    }
    Ok(())
}

fn ask(work: &Work, call: Call) -> Option<std::result::Result<Answer, Failure>> {
    work.platform.perform(&[call], work.stop).into_iter().next()
}

fn operation_of(intent: &Intent) -> Operation {
    Operation {
        kind: intent.operation,
        chat: intent.chat.clone(),
        account: intent.account.clone(),
        people: intent.people.clone(),
        title: intent.title.clone(),
        cause: Cause::Belongs(String::new()),
    }
}
