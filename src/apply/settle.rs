//! An answer becomes a result: in the journal, in what is known, in the report.

use std::time::Duration;

use super::stage::{log, new_description};
use super::{Work, invite, notice, read};
use crate::clock::later;
use crate::error::{Result, Text};
use crate::host::Level;
use crate::plan::{Attempt, Cause, ChatState, Kind, KnownChat, Operation, Present, Waiting};
use crate::platform::{Answer, Capability, Class, Failure};
use crate::state::{Outcome as Row, Verdict};

/// What became of one operation.
#[derive(Debug)]
pub(super) enum Settled {
    /// Done.
    Done,
    /// Failed with this code; it waits.
    Failed(String),
    /// The platform does not let this token do it.
    Missing(Capability),
    /// The library's own account lacks the right in this chat; it waits.
    Unrighted(String),
    /// Not sent.
    Left,
}

/// How long an operation that keeps failing waits before each next try: the second time it is
/// simply the next cycle.
const PAUSES: [Duration; 5] = [
    Duration::ZERO,
    Duration::from_secs(60),
    Duration::from_secs(15 * 60),
    Duration::from_secs(3600),
    Duration::from_secs(6 * 3600),
];

/// What the platform refuses is tried again after a day: people change their settings.
const REFUSED_PAUSE: Duration = Duration::from_secs(24 * 3600);

/// Writes down what an answer means.
///
/// # Errors
/// [`crate::error::Code::State`].
pub(super) fn settle_one(
    work: &mut Work,
    intent: i64,
    operation: &Operation,
    answer: std::result::Result<Answer, Failure>,
) -> Result<Settled> {
    let failure = match answer {
        Ok(Answer::Created { chat }) => {
            made(work, intent, operation, chat)?;
            return Ok(Settled::Done);
        }
        Ok(Answer::Link(link)) => {
            rotated(work, intent, operation, link)?;
            return Ok(Settled::Done);
        }
        Ok(_) => {
            done(work, intent, operation)?;
            return Ok(Settled::Done);
        }
        Err(failure) => failure,
    };
    match failure.class {
        // Nothing was done and nothing can be until this is over: no failure of the operation.
        Class::Stopped | Class::TokenDead | Class::Unreachable => {
            record(work, intent, operation, Verdict::NotSent, None)?;
            Ok(Settled::Left)
        }
        Class::Missing => missing(work, intent, operation, &failure),
        Class::MissingHere => match fail(work, intent, operation, &failure)? {
            Settled::Failed(code) => Ok(Settled::Unrighted(code)),
            other => Ok(other),
        },
        Class::ChatGone => {
            read::mark_gone(work, &operation.chat, &failure)?;
            fail(work, intent, operation, &failure)
        }
        _ => fail(work, intent, operation, &failure),
    }
}

/// A made chat gets its key at once.
pub(super) fn made(
    work: &mut Work,
    intent: i64,
    operation: &Operation,
    platform_id: String,
) -> Result<()> {
    let now = work.clock.now();
    let Some(desired) = work.desired.chats.get(&operation.chat) else {
        return work.state.close_intent(intent, &Verdict::Failed("not_wanted".to_owned()), now);
    };
    let own = (work.own_account.clone(), Present::seen(true, true));
    let chat = KnownChat {
        title: operation.title.clone().unwrap_or_default(),
        platform_id: Some(platform_id),
        state: ChatState::Active,
        present: [own].into(),
        verified: Some(now),
        ..KnownChat::planned(desired, work.platform.kind())
    };
    work.state.chat_made(intent, &chat, now)?;
    log(work, Level::Info, operation, "done");
    work.known.chats.insert(chat.key.clone(), chat);
    Ok(())
}

/// A new link ends a leak, and whoever was invited by the old one is invited again.
pub(super) fn rotated(
    work: &mut Work,
    intent: i64,
    operation: &Operation,
    link: String,
) -> Result<()> {
    record(work, intent, operation, Verdict::Done, None)?;
    log(work, Level::Info, operation, "done");
    read::store_link(work, &operation.chat, link)
}

/// Whoever was taken out may come back by the link at once: the chat is looked at again soon.
const LOOKED_AT_AGAIN: Duration = Duration::from_secs(10 * 60);

fn look_again(work: &mut Work, chat: &str) -> Result<()> {
    let due = later(work.clock.now(), LOOKED_AT_AGAIN);
    work.state.put_due(chat, due)?;
    if let Some(chat) = work.chat(chat) {
        chat.due = Some(chat.due.map_or(due, |before| before.min(due)));
    }
    Ok(())
}

/// Writes down that an operation was done.
pub(super) fn done(work: &mut Work, intent: i64, operation: &Operation) -> Result<()> {
    if operation.kind == Kind::InviteMember {
        // Only a message leaves this open.
        return invite::given(work, intent, operation, Some(true));
    }
    if operation.kind == Kind::PostMessage {
        return notice::told(work, intent, operation);
    }
    if operation.kind == Kind::RemoveMember {
        look_again(work, &operation.chat)?;
    }
    if operation.kind == Kind::RenameChat
        && let Some(description) = new_description(work, &operation.chat)
    {
        work.state.put_description(&operation.chat, &description)?;
        if let Some(chat) = work.chat(&operation.chat) {
            chat.description = Some(description);
        }
    }
    record(work, intent, operation, Verdict::Done, None)?;
    log(work, Level::Info, operation, "done");
    let Some(chat) = work.chat(&operation.chat) else { return Ok(()) };
    let account = &operation.account;
    match operation.kind {
        Kind::AddMember => {
            let mut present = Present::seen(false, false);
            present.people.clone_from(&operation.people);
            chat.present.insert(account.clone(), present);
        }
        Kind::RemoveMember => drop(chat.present.remove(account)),
        Kind::GrantAdmin | Kind::RevokeAdmin => {
            if let Some(present) = chat.present.get_mut(account) {
                present.admin = operation.kind == Kind::GrantAdmin;
                present.meant_admin = present.admin;
            }
        }
        Kind::RenameChat => chat.title = operation.title.clone().unwrap_or_default(),
        Kind::ArchiveChat => {
            chat.state = ChatState::Archived;
            chat.sealed = false;
            chat.emptying = operation.cause == Cause::Moved;
        }
        Kind::RestoreChat => chat.state = ChatState::Active,
        Kind::DeleteChat => chat.state = ChatState::Deleted,
        _ => {}
    }
    Ok(())
}

fn missing(
    work: &mut Work,
    intent: i64,
    operation: &Operation,
    failure: &Failure,
) -> Result<Settled> {
    let capability = capability_of(operation.kind);
    let now = work.clock.now();
    work.state.put_capabilities(work.platform.kind().name(), &[(capability, false)], now)?;
    record(work, intent, operation, Verdict::Failed(failure.code.clone()), None)?;
    log(work, Level::Warning, operation, &failure.message.en);
    Ok(Settled::Missing(capability))
}

pub(super) fn capability_of(kind: Kind) -> Capability {
    match kind {
        Kind::RevokeAdmin | Kind::GrantAdmin => Capability::GrantAdmin,
        Kind::RemoveMember => Capability::RemoveMembers,
        Kind::RenameChat => Capability::RenameChat,
        Kind::RotateLink => Capability::RotateLink,
        Kind::AddMember => Capability::AddMembers,
        Kind::PostMessage | Kind::InviteMember => Capability::SendMessage,
        Kind::StartCall | Kind::FinishCall => Capability::StartCall,
        _ => Capability::CreateChat,
    }
}

/// How long something that failed so often waits; what is refused is tried again after a day.
pub(super) fn pause_after(tries: u32, refused: bool) -> Duration {
    if refused { REFUSED_PAUSE } else { PAUSES[(tries as usize).min(4)] }
}

/// Writes down a failure and when it is tried again.
pub(super) fn fail(
    work: &mut Work,
    intent: i64,
    operation: &Operation,
    failure: &Failure,
) -> Result<Settled> {
    let attempt = Attempt { operation: operation.kind, account: operation.account.clone() };
    let known = work.known.chats.get(&operation.chat);
    let before = known.and_then(|chat| chat.waiting.get(&attempt)).map_or(0, |w| w.tries);
    let refused = matches!(failure.class, Class::Never | Class::ChatGone);
    // Other rights end the waiting for a right at once.
    let pause = pause_after(before, refused || failure.class == Class::MissingHere);
    let waiting = Waiting {
        code: failure.code.clone(),
        message: failure.message.clone(),
        tries: before + 1,
        next_try: later(work.clock.now(), pause.max(failure.after)),
        refused,
        people: operation.people.clone(),
    };
    record(work, intent, operation, Verdict::Failed(failure.code.clone()), Some(waiting.clone()))?;
    log(work, Level::Warning, operation, &format!("{} ({})", failure.message.en, failure.code));
    if let Some(chat) = work.chat(&operation.chat) {
        chat.waiting.insert(attempt, waiting);
    }
    Ok(Settled::Failed(failure.code.clone()))
}

/// The failure of an operation that was sent several times, never answered and never done.
pub(super) fn unanswered() -> Failure {
    Failure {
        class: Class::RetryNow,
        code: "http.lost".to_owned(),
        message: Text::new(
            "мессенджер несколько раз не ответил, и сделано не было",
            "the messenger did not answer several times, and it was not done",
        ),
        after: Duration::ZERO,
    }
}

/// The failure of an operation that the platform confirmed and that reading does not show.
pub(super) fn unconfirmed(kind: &str) -> Failure {
    Failure {
        class: Class::RetryLater,
        code: format!("{kind}.not_confirmed"),
        message: Text::new(
            "мессенджер ответил, что сделано, но при проверке этого не видно",
            "the messenger answered that it was done, but reading does not show it",
        ),
        after: Duration::from_secs(60),
    }
}

fn record(
    work: &mut Work,
    intent: i64,
    operation: &Operation,
    verdict: Verdict,
    waiting: Option<Waiting>,
) -> Result<()> {
    let row = Row {
        intent,
        operation,
        verdict,
        waiting,
        approved: work.hand.approval_of(operation).is_some(),
    };
    work.state.settle(&[row], work.clock.now())?;
    if let Some(chat) = work.known.chats.get_mut(&operation.chat) {
        let attempt = Attempt { operation: operation.kind, account: operation.account.clone() };
        chat.waiting.remove(&attempt);
    }
    Ok(())
}
