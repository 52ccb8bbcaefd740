//! A chat that was left behind is told once where its successor is, and the message is pinned.

use std::time::Duration;

use super::settle::{Settled, settle_one};
use super::stage::{log, pause};
use super::{Ended, Outcome, Work};
use crate::clock::later;
use crate::error::Result;
use crate::host::{Level, Phase};
use crate::plan::{self, Notice, Operation, successor};
use crate::platform::{Answer, Call, Class, Failure, Kind};
use crate::state::Intent;

/// How often a message is sent whose answer was lost.
const ROUNDS: usize = 3;

/// So many refusals alike are a limit.
const LIMIT: usize = 3;

/// How long VK knows a message again by its number, with some room: it says an hour.
const KNOWN_AGAIN: Duration = Duration::from_secs(55 * 60);

/// Tells chats where their successors are.
pub(super) fn run(work: &mut Work, operations: &[&Operation], total: u32, outcome: &mut Outcome) {
    let mut limited = Vec::new();
    for operation in operations {
        if let Some(reason) = work.stop.reason() {
            outcome.ended.get_or_insert(Ended::Stopped(reason));
        }
        if outcome.ended.is_some() || limited.len() == LIMIT {
            outcome.leave([(*operation).clone()]);
            continue;
        }
        if let Err(error) = post(work, operation, &mut limited, outcome) {
            outcome.ended.get_or_insert(Ended::State(error));
        }
        work.tell(Phase::Applying, outcome.results.len() as u32, total);
    }
}

fn post(
    work: &mut Work,
    operation: &Operation,
    limited: &mut Vec<Failure>,
    outcome: &mut Outcome,
) -> Result<()> {
    if call(work, &operation.chat, 0).is_none() {
        outcome.leave([operation.clone()]);
        return Ok(());
    }
    let intents = work.state.intend(&[operation], work.hand, work.clock.now())?;
    let Some(intent) = intents.first().copied() else { return Ok(()) };
    match say(work, &operation.chat, intent) {
        Said::Yes => {
            limited.clear();
            told(work, intent, operation)?;
            outcome.tell(operation.clone(), Settled::Done);
        }
        // The intent stays open; the next cycle says the same again.
        Said::Perhaps(failure) => {
            outcome.end(&failure);
            outcome.leave([operation.clone()]);
        }
        Said::No(failure) => {
            outcome.end(&failure);
            meet_limit(work, limited, &failure)?;
            let settled = settle_one(work, intent, operation, Err(failure))?;
            outcome.tell(operation.clone(), settled);
        }
    }
    Ok(())
}

/// As many chats in a row that are refused for now with the same words are a limit of the platform.
fn meet_limit(work: &mut Work, limited: &mut Vec<Failure>, failure: &Failure) -> Result<()> {
    limited.retain(|before| before.code == failure.code);
    if failure.class != Class::RetryLater {
        return Ok(());
    }
    limited.push(failure.clone());
    if limited.len() < LIMIT { Ok(()) } else { pause(work, plan::Kind::PostMessage, failure) }
}

/// What became of a message.
enum Said {
    Yes,
    No(Failure),
    /// The answer was lost.
    Perhaps(Failure),
}

/// Posts the message of an intent. Where the platform knows a message again by its number, one
/// whose answer was lost is simply said once more; where it does not, it counts as said.
fn say(work: &mut Work, chat: &str, intent: i64) -> Said {
    let mut round = 1;
    loop {
        let Some(call) = call(work, chat, intent) else { return Said::Yes };
        match work.platform.perform(&[call], work.stop).into_iter().next() {
            Some(Ok(answer)) => {
                pin(work, chat, answer);
                return Said::Yes;
            }
            Some(Err(failure)) if failure.class != Class::Lost => return Said::No(failure),
            _ if !knows_again(work) => return Said::Yes,
            Some(Err(failure)) if round == ROUNDS => return Said::Perhaps(failure),
            _ => round += 1,
        }
    }
}

fn knows_again(work: &Work) -> bool {
    work.platform.kind() == Kind::Vk
}

/// A pin is a courtesy: where it does not succeed, the message stands in the chat all the same.
fn pin(work: &Work, chat: &str, answer: Answer) {
    let (Answer::Message(message), Some(address)) = (answer, work.address(chat)) else { return };
    let call = Call::Pin { chat: address, message };
    if let Some(Err(failure)) = work.platform.perform(&[call], work.stop).into_iter().next() {
        let text = format!("{chat}: not pinned: {} ({})", failure.message.en, failure.code);
        work.log(Level::Info, &text);
    }
}

/// The message, as it is said now.
fn call(work: &Work, chat: &str, intent: i64) -> Option<Call> {
    let successor = successor(work.known, chat)?;
    let (link, title) = (successor.link.as_ref()?, &successor.title);
    let messenger = match successor.platform {
        Kind::Max => "MAX",
        Kind::Vk => "VK",
    };
    let text = match work.language {
        "en" => format!("This chat moves to {messenger}. The new chat \"{title}\":\n{link}"),
        _ => format!("Этот чат переезжает в {messenger}. Новый чат «{title}»:\n{link}"),
    };
    Some(Call::SendMessage {
        chat: work.address(chat)?,
        text,
        // The journal's number never comes again, so this message is the same only as itself.
        once: i32::try_from(intent & 0x7fff_ffff).unwrap_or_default(),
    })
}

/// Writes down that a chat was told.
///
/// # Errors
/// [`crate::error::Code::State`].
pub(super) fn told(work: &mut Work, intent: i64, operation: &Operation) -> Result<()> {
    let link = successor(work.known, &operation.chat).map(|chat| chat.link_digest());
    let notice = Notice { at: work.clock.now(), link: link.unwrap_or_default() };
    work.state.noticed(intent, &operation.chat, &notice)?;
    log(work, Level::Info, operation, "done");
    if let Some(chat) = work.chat(&operation.chat) {
        chat.notice = Some(notice);
    }
    Ok(())
}

/// What became of a message whose answer an earlier cycle never heard; `None`: not known now.
pub(super) fn find_said(
    work: &mut Work,
    intent: &Intent,
) -> Option<std::result::Result<bool, Failure>> {
    if call(work, &intent.chat, intent.id).is_none() {
        return Some(Ok(false));
    }
    if !knows_again(work) {
        return Some(Ok(true));
    }
    if later(intent.at, KNOWN_AGAIN) <= work.clock.now() {
        return Some(Ok(false));
    }
    match say(work, &intent.chat, intent.id) {
        Said::Yes => Some(Ok(true)),
        Said::No(failure) => Some(Err(failure)),
        Said::Perhaps(_) => None,
    }
}
