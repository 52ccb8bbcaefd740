//! One kind of operation in all chats at once.

use std::collections::BTreeSet;
use std::time::Duration;

use jiff::Timestamp;

use super::pool::{self, Answers, Ledger};
use super::settle::{Settled, settle_one};
use super::{Ended, Outcome, Told, Work, read, resolve};
use crate::clock::later;
use crate::error::Error;
use crate::host::{Level, Phase};
use crate::plan::{Kind, Operation};
use crate::platform::{Answer, Call, Class, Failure};
use crate::state::Intent;

/// How often an operation is sent whose answer was lost, and which turned out not to be done.
pub(super) const ROUNDS: usize = 3;

/// Does the operations of one kind.
pub(super) fn run(work: &mut Work, operations: &[&Operation], total: u32, outcome: &mut Outcome) {
    let mut rest: Vec<Operation> = operations.iter().map(|op| (*op).clone()).collect();
    for round in 1..=ROUNDS {
        let mut stage = Stage::new(work, rest, total, outcome);
        stage.run();
        let (pending, kind) = (stage.pending, operations[0].kind);
        if pending.is_empty() {
            break;
        }
        if matches!(
            outcome.ended,
            Some(Ended::State(_) | Ended::Token(..) | Ended::Unreachable(..))
        ) {
            // Nothing more may or can be asked; the intents stay open for the next cycle.
            outcome.leave(pending.into_iter().map(|one| one.operation));
            break;
        }
        match resolve::pending(work, kind, pending, round == ROUNDS, outcome) {
            Ok(again) if !again.is_empty() => rest = again,
            Ok(_) => break,
            Err(error) => {
                outcome.ended = Some(Ended::State(error));
                break;
            }
        }
    }
    if operations[0].kind == Kind::CreateChat {
        read_new_links(work, operations, outcome);
    }
}

/// A link belongs to a chat from its first minute: it is what people are given.
fn read_new_links(work: &mut Work, operations: &[&Operation], outcome: &mut Outcome) {
    let keys: Vec<String> = operations.iter().map(|op| op.chat.clone()).collect();
    if outcome.ended.is_none() {
        outcome.ended = read::read_links(work, &keys).err().map(Ended::State);
    }
}

/// An operation that was sent and whose effect must be read before it counts.
#[derive(Debug)]
pub(super) struct Pending {
    /// Its journal row.
    pub(super) intent: i64,
    /// The operation.
    pub(super) operation: Operation,
    /// The platform said that it was done; if reading shows otherwise, that is a failure of its
    /// own.
    pub(super) claimed: bool,
}

/// One round over the operations of one kind.
struct Stage<'w, 'a> {
    work: &'w mut Work<'a>,
    outcome: &'w mut Outcome,
    batches: Vec<Vec<Operation>>,
    intents: Vec<Vec<i64>>,
    pending: Vec<Pending>,
    missing: Vec<(i64, Operation, Failure)>,
    limit: Limit,
    total: u32,
}

/// How many batches in a row were refused whole, and with what: so the platform's limits show,
/// which are not about one chat or one person.
#[derive(Debug, Default)]
struct Limit {
    code: String,
    batches: usize,
    chats: BTreeSet<String>,
}

impl Limit {
    /// As many batches and as many chats refused alike are a limit.
    const ENOUGH: usize = 3;

    /// Takes in what a batch came to; tells the failure that is a limit.
    fn take<'f>(&mut self, batch: &[Operation], answers: &'f Answers) -> Option<&'f Failure> {
        let first = answers.first().and_then(|answer| answer.as_ref().err());
        let alike = |failure: &&Failure| {
            let passing = matches!(failure.class, Class::RetryLater | Class::RetryNow);
            let same = |a: &Result<Answer, Failure>| {
                a.as_ref().is_err_and(|other| other.code == failure.code)
            };
            passing && answers.iter().all(same)
        };
        let Some(failure) = first.filter(alike) else {
            *self = Limit::default();
            return None;
        };
        if self.code != failure.code {
            *self = Limit { code: failure.code.clone(), ..Limit::default() };
        }
        self.batches += 1;
        self.chats.extend(batch.iter().map(|operation| operation.chat.clone()));
        self.is_met().then_some(failure)
    }

    fn is_met(&self) -> bool {
        self.batches >= Limit::ENOUGH && self.chats.len() >= Limit::ENOUGH
    }
}

impl<'w, 'a> Stage<'w, 'a> {
    fn new(
        work: &'w mut Work<'a>,
        operations: Vec<Operation>,
        total: u32,
        outcome: &'w mut Outcome,
    ) -> Stage<'w, 'a> {
        let (ready, blocked): (Vec<_>, Vec<_>) =
            operations.into_iter().partition(|operation| is_ready(work, operation));
        outcome.leave(blocked);
        let batches = portions(work, ready);
        let intents = vec![Vec::new(); batches.len()];
        Stage {
            work,
            outcome,
            batches,
            intents,
            pending: Vec::new(),
            missing: Vec::new(),
            limit: Limit::default(),
            total,
        }
    }

    fn run(&mut self) {
        if self.batches.first().is_some_and(|batch| call_of(self.work, &batch[0]).is_none()) {
            self.run_here();
            return;
        }
        let (platform, stop) = (self.work.platform, self.work.stop);
        let (in_flight, batches) = (self.work.in_flight, self.batches.len());
        pool::run(platform, stop, in_flight, batches, self);
        self.judge_missing();
    }

    /// A right that the token lacks is lacking everywhere: where the same was done for others, it
    /// is one chat or one person that refuses.
    fn judge_missing(&mut self) {
        for (intent, operation, failure) in std::mem::take(&mut self.missing) {
            let works = self.outcome.done.contains_key(&operation.kind)
                || self.pending.iter().any(|pending| pending.claimed);
            let class = if works { Class::Never } else { Class::Missing };
            self.settle(intent, operation, Err(Failure { class, ..failure }));
        }
    }

    /// Operations that change only what the library itself remembers.
    fn run_here(&mut self) {
        for batch in 0..self.batches.len() {
            if self.before(batch).is_some() {
                let answers = self.batches[batch].iter().map(|_| Ok(Answer::Done)).collect();
                self.after(batch, answers);
            }
        }
    }

    fn end(&mut self, ended: Ended) {
        self.outcome.ended.get_or_insert(ended);
    }

    fn intend(&mut self, batch: usize) -> Result<(), Error> {
        let operations: Vec<&Operation> = self.batches[batch].iter().collect();
        let now = self.work.clock.now();
        self.intents[batch] = self.work.state.intend(&operations, self.work.hand, now)?;
        Ok(())
    }

    fn take(&mut self, intent: i64, operation: Operation, answer: Result<Answer, Failure>) {
        if let Err(failure) = &answer {
            self.outcome.end(failure);
        }
        let lost = matches!(&answer, Err(failure) if failure.class == Class::Lost);
        // Who may be in and who may run a chat is believed only when reading shows it.
        let shown = matches!(operation.kind, Kind::GrantAdmin | Kind::RemoveMember);
        let claimed = answer.is_ok() && shown;
        if lost || claimed {
            self.pending.push(Pending { intent, operation, claimed });
            return;
        }
        match answer {
            Err(failure) if failure.class == Class::Missing => {
                self.missing.push((intent, operation, failure));
            }
            answer => self.settle(intent, operation, answer),
        }
    }

    fn settle(&mut self, intent: i64, operation: Operation, answer: Result<Answer, Failure>) {
        match settle_one(self.work, intent, &operation, answer) {
            Ok(result) => self.outcome.tell(operation, result),
            Err(error) => self.end(Ended::State(error)),
        }
    }
}

impl Ledger for Stage<'_, '_> {
    fn before(&mut self, batch: usize) -> Option<Vec<Call>> {
        if let Some(reason) = self.work.stop.reason() {
            self.end(Ended::Stopped(reason));
        }
        let limited = self.limit.is_met();
        if self.outcome.ended.is_none()
            && !limited
            && let Err(error) = self.intend(batch)
        {
            self.end(Ended::State(error));
        }
        if self.outcome.ended.is_some() || limited {
            let rest = self.batches.split_off(batch);
            self.outcome.leave(rest.into_iter().flatten());
            return None;
        }
        let calls = self.batches[batch].iter().filter_map(|op| call_of(self.work, op));
        Some(calls.collect())
    }

    fn after(&mut self, batch: usize, answers: Answers) {
        let operations = self.batches[batch].clone();
        let intents = std::mem::take(&mut self.intents[batch]);
        if let Err(error) = self.work.state.begin() {
            return self.end(Ended::State(error));
        }
        let paused = match self.limit.take(&operations, &answers) {
            Some(failure) => pause(self.work, operations[0].kind, failure),
            None => Ok(()),
        };
        for ((operation, intent), answer) in operations.into_iter().zip(intents).zip(answers) {
            self.take(intent, operation, answer);
        }
        let ended = match &self.outcome.ended {
            Some(Ended::State(_)) => self.work.state.roll_back(),
            _ => paused.and_then(|()| self.work.state.commit()),
        };
        if let Err(error) = ended {
            self.end(Ended::State(error));
        }
        self.work.tell(Phase::Applying, self.outcome.reached(), self.total);
    }

    fn idle(&mut self) {
        self.work.tell(Phase::Applying, self.outcome.reached(), self.total);
    }
}

/// A limit that is met again and again only lasts longer.
const SHORTEST_PAUSE: Duration = Duration::from_secs(600);

pub(super) fn pause(work: &mut Work, kind: Kind, failure: &Failure) -> Result<(), Error> {
    let until = later(work.clock.now(), failure.after.max(SHORTEST_PAUSE));
    let text = format!("{}: a limit, resting until {}", kind.name(), work.clock.show(until));
    work.log(Level::Warning, &text);
    work.state.put_pause(kind, until)
}

/// Whether what an operation needs is there: its chat on the platform, its person in the chat.
fn is_ready(work: &Work, operation: &Operation) -> bool {
    let chat = work.known.chats.get(&operation.chat);
    match operation.kind {
        Kind::CreateChat => chat.is_none_or(|chat| chat.platform_id.is_none()),
        // Also of one that was never made, or is gone.
        Kind::DeleteChat => chat.is_some(),
        Kind::GrantAdmin | Kind::RevokeAdmin => {
            let inside = chat.is_some_and(|chat| chat.present.contains_key(&operation.account));
            inside && work.address(&operation.chat).is_some()
        }
        _ => work.address(&operation.chat).is_some(),
    }
}

/// The call that does an operation; `None` where the library only changes what it remembers.
fn call_of(work: &Work, operation: &Operation) -> Option<Call> {
    let chat = work.address(&operation.chat).unwrap_or_default();
    let account = operation.account.clone();
    let title = operation.title.clone().unwrap_or_default();
    match operation.kind {
        Kind::RevokeAdmin => Some(Call::SetAdmin { chat, account, rights: None }),
        Kind::GrantAdmin => {
            let rights = Some(rights_for(work, operation));
            Some(Call::SetAdmin { chat, account, rights })
        }
        Kind::RemoveMember => Some(Call::RemoveMember { chat, account }),
        Kind::AddMember => Some(Call::AddMember { chat, account }),
        Kind::CreateChat => Some(Call::CreateChat { title }),
        Kind::RenameChat => {
            let description = new_description(work, &operation.chat);
            Some(Call::RenameChat { chat, title, description })
        }
        Kind::RotateLink => Some(Call::RotateLink { chat }),
        _ => None,
    }
}

/// What the profile's settings ask for, and what the admin has beside it: giving replaces.
fn rights_for(work: &Work, operation: &Operation) -> BTreeSet<String> {
    let chat = work.known.chats.get(&operation.chat);
    let present = chat.and_then(|chat| chat.present.get(&operation.account));
    let has = present.map(|present| present.rights.clone()).unwrap_or_default();
    work.desired.admin_permissions.union(&has).cloned().collect()
}

/// The description that the profile gives a chat, where it is not the one that the chat has.
pub(super) fn new_description(work: &Work, chat: &str) -> Option<String> {
    let wanted = work.desired.chats.get(chat)?.description.clone()?;
    let known = work.known.chats.get(chat).and_then(|chat| chat.description.as_ref());
    (known != Some(&wanted)).then_some(wanted)
}

fn portions(work: &Work, operations: Vec<Operation>) -> Vec<Vec<Operation>> {
    let Some(first) = operations.first() else { return Vec::new() };
    let size = call_of(work, first).map_or(500, |call| work.platform.batch(&call).max(1));
    operations.chunks(size).map(<[Operation]>::to_vec).collect()
}

impl Outcome {
    /// How many operations are behind us.
    fn reached(&self) -> u32 {
        self.results.len() as u32
    }

    /// Notes a failure that concerns everything that is still to come.
    pub(super) fn end(&mut self, failure: &Failure) {
        let (code, message) = (failure.code.clone(), failure.message.clone());
        match failure.class {
            Class::TokenDead => drop(self.ended.get_or_insert(Ended::Token(code, message))),
            Class::Unreachable => {
                self.ended.get_or_insert(Ended::Unreachable(code, message));
            }
            _ => {}
        }
    }

    /// Notes operations that were not reached.
    pub(crate) fn leave(&mut self, operations: impl IntoIterator<Item = Operation>) {
        for operation in operations {
            self.left += 1;
            self.results.push((operation, Told::Left));
        }
    }

    /// Notes what became of an operation.
    pub(super) fn tell(&mut self, operation: Operation, result: Settled) {
        match result {
            Settled::Done => {
                *self.done.entry(operation.kind).or_default() += 1;
                self.results.push((operation, Told::Done));
            }
            Settled::Failed(code) => self.results.push((operation, Told::Failed(code))),
            Settled::Missing(capability) => {
                self.missing.insert(capability);
                self.leave([operation]);
            }
            Settled::Unrighted(code) => {
                self.unrighted.insert(operation.chat.clone());
                self.results.push((operation, Told::Failed(code)));
            }
            Settled::Left => self.leave([operation]),
        }
    }
}

impl Pending {
    /// The journal's view of it.
    pub(super) fn intent(&self, at: Timestamp) -> Intent {
        Intent {
            id: self.intent,
            operation: self.operation.kind,
            chat: self.operation.chat.clone(),
            account: self.operation.account.clone(),
            people: self.operation.people.clone(),
            title: self.operation.title.clone(),
            at,
        }
    }
}

/// Logs what an operation came to.
pub(super) fn log(work: &Work, level: Level, operation: &Operation, what: &str) {
    let account = if operation.account.is_empty() { "" } else { " " };
    let text = format!(
        "{} {}{account}{}: {what}",
        operation.kind.name(),
        operation.chat,
        operation.account
    );
    work.log(level, &text);
}
