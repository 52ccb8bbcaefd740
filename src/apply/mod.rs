//! Operations become calls: intent, call, confirmation.
//!
//! Each stage does one kind of thing in all chats at once, in the order of [`Kind::ALL`]: who must
//! go goes first, rights come last. A failure stays with its own chat or person. A lost answer is
//! read back from the platform before anything is repeated.

use std::collections::{BTreeMap, BTreeSet};

use crate::clock::Clock;
use crate::error::{Result, Text};
use crate::host::{Host, Level, Phase};
use crate::plan::{ChatState, Kind, Known, KnownChat, Operation};
use crate::platform::{Capability, Platform};
use crate::profile::Desired;
use crate::state::{Hand, State};
use crate::stop::{Reason, Stop};

mod call;
mod invite;
mod notice;
mod pool;
mod read;
mod resolve;
mod settle;
mod stage;
mod told;

pub(crate) use call::{Desk, carry_out, operation_of, resolve_call};
pub(crate) use read::{read_chats, read_links, read_rights, read_titles, rotate_links};
pub(crate) use resolve::resolve;

/// Everything that one cycle's work on the platform needs.
pub(crate) struct Work<'a> {
    /// The messenger.
    pub(crate) platform: &'a dyn Platform,
    /// The state file.
    pub(crate) state: &'a mut State,
    /// What is known; kept in step with the state file.
    pub(crate) known: &'a mut Known,
    /// What the chats that may be made are.
    pub(crate) desired: &'a Desired,
    /// The library's own account.
    pub(crate) own_account: String,
    /// The cycle's clock.
    pub(crate) clock: &'a Clock,
    /// When to end.
    pub(crate) stop: &'a Stop,
    /// Requests in flight at once.
    pub(crate) in_flight: usize,
    /// Who does it.
    pub(crate) hand: Hand<'a>,
    /// Who is told.
    pub(crate) host: &'a dyn Host,
    /// Whether people may be written to.
    pub(crate) deliver: bool,
    /// Whether events tell who has a dialog with the library's own account.
    pub(crate) hears_dialogs: bool,
    /// The language of messages to people: `ru` or `en`.
    pub(crate) language: &'a str,
    /// Names that the platform showed in this cycle, by account; never stored.
    pub(crate) names: &'a mut BTreeMap<String, String>,
}

/// What became of the operations.
#[derive(Debug, Default)]
pub(crate) struct Outcome {
    /// Done, by kind.
    pub(crate) done: BTreeMap<Kind, u32>,
    /// Every operation that was tried, with its result.
    pub(crate) results: Vec<(Operation, Told)>,
    /// What the platform turned out not to let this token do.
    pub(crate) missing: BTreeSet<Capability>,
    /// Chats in which the library's own account turned out to lack a right.
    pub(crate) unrighted: BTreeSet<String>,
    /// Why the work ended early.
    pub(crate) ended: Option<Ended>,
    /// Operations that were not reached.
    pub(crate) left: u32,
}

/// The result of one operation as a report tells it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Told {
    /// Done.
    Done,
    /// Failed with this code.
    Failed(String),
    /// Not reached.
    Left,
}

/// Why the work ended early.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Ended {
    /// Cancelled or out of time.
    Stopped(Reason),
    /// The token was refused: code and sentence.
    Token(String, Text),
    /// The messenger was there at first and is no longer.
    Unreachable(String, Text),
    /// The state file cannot be written; nothing more may be asked of the platform.
    State(crate::error::Error),
}

/// Does the operations of a plan.
///
/// # Errors
/// [`crate::error::Code::State`]: the state file cannot be written. What was done until then is
/// kept.
pub(crate) fn run(work: &mut Work, operations: &[Operation]) -> Result<Outcome> {
    let mut outcome = Outcome::default();
    let total = operations.len() as u32;
    for kind in Kind::ALL {
        let stage: Vec<&Operation> = operations.iter().filter(|op| op.kind == kind).collect();
        match kind {
            _ if stage.is_empty() => {}
            Kind::DeleteChat => {
                let emptied = emptied(&stage, &mut outcome);
                if !emptied.is_empty() {
                    stage::run(work, &emptied, total, &mut outcome);
                }
            }
            Kind::InviteMember => invite::run(work, &stage, total, &mut outcome),
            Kind::PostMessage => notice::run(work, &stage, total, &mut outcome),
            _ => stage::run(work, &stage, total, &mut outcome),
        }
    }
    match outcome.ended.take() {
        Some(Ended::State(error)) => Err(error),
        ended => {
            outcome.ended = ended;
            Ok(outcome)
        }
    }
}

/// The chats of a stage of which nobody is left and whose door is closed: only these are deleted,
/// the others are left for the next cycle.
fn emptied<'o>(stage: &[&'o Operation], outcome: &mut Outcome) -> Vec<&'o Operation> {
    let undone = |chat: &str| {
        outcome.results.iter().any(|(operation, told)| {
            let first = matches!(operation.kind, Kind::RemoveMember | Kind::RotateLink);
            first && operation.chat == chat && *told != Told::Done
        })
    };
    let (left, emptied): (Vec<&Operation>, _) = stage.iter().partition(|op| undone(&op.chat));
    outcome.leave(left.into_iter().cloned());
    emptied
}

impl Work<'_> {
    /// Tells how far the work is; a host that wants to stop sets the stop.
    fn tell(&self, phase: Phase, done: u32, total: u32) {
        if !self.host.progress(phase, done, total) {
            self.stop.cancel();
        }
    }

    fn log(&self, level: Level, text: &str) {
        self.host.log(level, text);
    }

    /// The chat's platform id, where it can be worked on.
    fn address(&self, chat: &str) -> Option<String> {
        let known = self.known.chats.get(chat)?;
        known.platform_id.clone().filter(|_| known.state != ChatState::Gone)
    }

    fn chat(&mut self, chat: &str) -> Option<&mut KnownChat> {
        self.known.chats.get_mut(chat)
    }
}
