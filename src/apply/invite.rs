//! Invitations: one message to a person with every chat that waits for them, where the platform
//! can write to them; the host is given the links in any case.

use std::collections::BTreeMap;

use super::pool::{self, Answers, Ledger};
use super::resolve::SETTLING;
use super::settle::{Settled, fail, unanswered};
use super::stage::{ROUNDS, log};
use super::told::{self, Found, Question};
use super::{Ended, Outcome, Work};
use crate::error::Result;
use crate::host::{Level, Phase};
use crate::plan::{Attempt, Invitation, KnownChat, KnownMember, MemberState, Operation};
use crate::platform::{self, Answer, Call, Class, Failure};
use crate::state::Verdict;

/// The longest message, below what the platforms take (4000 signs on MAX, 4096 on VK).
const LONGEST: usize = 3500;

/// Gives people the way into chats. A message whose answer was lost is looked up, and sent again only
/// where it is not there.
pub(super) fn run(work: &mut Work, operations: &[&Operation], total: u32, outcome: &mut Outcome) {
    let (told, quiet): (Vec<&Operation>, Vec<&Operation>) =
        operations.iter().partition(|operation| can_be_told(work, &operation.account));
    let mut quiet: Vec<Operation> = quiet.into_iter().cloned().collect();
    let mut messages = by_account(work, &told);
    for round in 1..=ROUNDS {
        let mut stage = Invite {
            portions: portions(work, messages),
            quiet: std::mem::take(&mut quiet),
            intents: BTreeMap::new(),
            lost: Vec::new(),
            work,
            outcome,
            total,
        };
        stage.run();
        let lost = std::mem::take(&mut stage.lost);
        if lost.is_empty() {
            return;
        }
        messages = match look_back(work, lost, round == ROUNDS, outcome) {
            Ok(again) if !again.is_empty() => again,
            Ok(_) => return,
            Err(error) => {
                outcome.ended = Some(Ended::State(error));
                return;
            }
        };
    }
}

/// A message to an account about some chats.
struct Message {
    operations: Vec<Operation>,
    text: String,
}

/// A message whose answer was lost, and the journal's rows of its operations.
struct LostMessage {
    message: Message,
    intents: Vec<i64>,
}

struct Invite<'w, 'a> {
    work: &'w mut Work<'a>,
    outcome: &'w mut Outcome,
    /// What is sent in one request each.
    portions: Vec<Vec<Message>>,
    /// Invitations that only the host can hand over.
    quiet: Vec<Operation>,
    intents: BTreeMap<usize, Vec<i64>>,
    /// What must be looked up.
    lost: Vec<LostMessage>,
    total: u32,
}

/// Whether a message to an account is worth a try. Where events tell who has opened a dialog, only
/// those are written to.
fn can_be_told(work: &Work, account: &str) -> bool {
    let dialog = (work.platform.kind(), account.to_owned());
    match work.known.dialogs.get(&dialog) {
        Some(open) => work.deliver && *open,
        None => work.deliver && !work.hears_dialogs,
    }
}

fn by_account(work: &Work, operations: &[&Operation]) -> Vec<Message> {
    let mut by_account: BTreeMap<&str, Vec<&Operation>> = BTreeMap::new();
    for operation in operations {
        by_account.entry(&operation.account).or_default().push(operation);
    }
    by_account.into_values().flat_map(|operations| messages(work, &operations)).collect()
}

fn portions(work: &Work, mut messages: Vec<Message>) -> Vec<Vec<Message>> {
    let call = Call::Tell { account: String::new(), text: String::new(), once: 0 };
    let size = work.platform.batch(&call).max(1);
    let mut portions = Vec::new();
    while !messages.is_empty() {
        let rest = messages.split_off(size.min(messages.len()));
        portions.push(std::mem::replace(&mut messages, rest));
    }
    portions
}

/// As few messages as hold all chats of one account.
fn messages(work: &Work, operations: &[&Operation]) -> Vec<Message> {
    let mut messages: Vec<Message> = Vec::new();
    for operation in operations {
        let Some(chat) = work.known.chats.get(&operation.chat) else { continue };
        let Some(link) = &chat.link else { continue };
        let line = format!("\n\n{}\n{link}", chat.title);
        let fits = |message: &&mut Message| message.text.chars().count() + line.len() <= LONGEST;
        match messages.last_mut().filter(fits) {
            Some(message) => {
                message.text.push_str(&line);
                message.operations.push((*operation).clone());
            }
            None => messages.push(Message {
                operations: vec![(*operation).clone()],
                text: format!("{}{line}", greeting(work)),
            }),
        }
    }
    messages
}

fn greeting(work: &Work) -> &'static str {
    match work.language {
        "en" => "School chats that are waiting for you:",
        _ => "Вас ждут в школьных чатах:",
    }
}

impl Invite<'_, '_> {
    fn run(&mut self) {
        self.give_quietly();
        if self.outcome.ended.is_some() {
            self.leave_from(0);
            return;
        }
        let (platform, stop) = (self.work.platform, self.work.stop);
        let (in_flight, portions) = (self.work.in_flight, self.portions.len());
        pool::run(platform, stop, in_flight, portions, self);
    }

    fn give_quietly(&mut self) {
        let operations = std::mem::take(&mut self.quiet);
        if operations.is_empty() || self.stopped() {
            self.outcome.leave(operations);
            return;
        }
        let known = |operation: &&Operation| self.work.address(&operation.chat).is_some();
        let (ready, blocked): (Vec<&Operation>, Vec<&Operation>) =
            operations.iter().partition(known);
        self.outcome.leave(blocked.into_iter().cloned());
        let now = self.work.clock.now();
        let written = self.work.state.begin().and_then(|()| {
            let intents = self.work.state.intend(&ready, self.work.hand, now)?;
            let mut both = ready.iter().zip(intents);
            both.try_for_each(|(operation, intent)| self.give(intent, operation, false))
        });
        self.end_of(written);
    }

    fn end_of(&mut self, written: Result<()>) {
        if let Err(error) = whole(self.work, written) {
            self.end(Ended::State(error));
        }
    }

    fn give(&mut self, intent: i64, operation: &Operation, delivered: bool) -> Result<()> {
        given(self.work, intent, operation, Some(delivered))?;
        self.outcome.tell(operation.clone(), Settled::Done);
        Ok(())
    }

    fn stopped(&mut self) -> bool {
        if let Some(reason) = self.work.stop.reason() {
            self.end(Ended::Stopped(reason));
        }
        self.outcome.ended.is_some()
    }

    fn end(&mut self, ended: Ended) {
        self.outcome.ended.get_or_insert(ended);
    }

    fn leave_from(&mut self, portion: usize) {
        let rest = self.portions.split_off(portion.min(self.portions.len()));
        let operations = rest.into_iter().flatten().flat_map(|message| message.operations);
        self.outcome.leave(operations);
    }

    fn intend(&mut self, portion: usize) -> Result<Vec<Call>> {
        let operations: Vec<&Operation> =
            self.portions[portion].iter().flat_map(|message| &message.operations).collect();
        let now = self.work.clock.now();
        let intents = self.work.state.intend(&operations, self.work.hand, now)?;
        let mut at = 0;
        let mut calls = Vec::new();
        for message in &self.portions[portion] {
            calls.push(Call::Tell {
                account: message.operations[0].account.clone(),
                text: message.text.clone(),
                // The journal's number never comes again, so this message is the same only as itself.
                once: i32::try_from(intents[at] & 0x7fff_ffff).unwrap_or_default(),
            });
            at += message.operations.len();
        }
        self.intents.insert(portion, intents);
        Ok(calls)
    }

    fn take(&mut self, message: Message, intents: &[i64], answer: Answered) -> Result<()> {
        let account = &message.operations[0].account;
        if let Some(open) = answer.open {
            let (platform, now) = (self.work.platform.kind(), self.work.clock.now());
            let dialog = answer.dialog.as_deref();
            self.work.state.put_dialog(platform, account, open, dialog, now)?;
            self.work.known.dialogs.insert((platform, account.clone()), open);
        }
        if matches!(answer.sent, Sent::Perhaps) {
            self.lost.push(LostMessage { message, intents: intents.to_vec() });
            return Ok(());
        }
        for (operation, intent) in message.operations.iter().zip(intents) {
            match &answer.sent {
                Sent::Yes => self.give(*intent, operation, true)?,
                Sent::No => self.give(*intent, operation, false)?,
                Sent::Failed(failure) if is_refusal(self.work, account, failure) => {
                    self.give(*intent, operation, false)?;
                }
                Sent::Failed(failure) => {
                    undelivered(self.work, *intent, operation, failure, self.outcome)?;
                }
                Sent::Perhaps | Sent::NotYet => {
                    let now = self.work.clock.now();
                    self.work.state.close_intent(*intent, &Verdict::NotSent, now)?;
                    self.outcome.leave([operation.clone()]);
                }
            }
        }
        Ok(())
    }
}

/// Where it is not known that somebody has opened the dialog, MAX may mean that by any refusal.
fn is_refusal(work: &Work, account: &str, failure: &Failure) -> bool {
    let kind = work.platform.kind();
    let open = work.known.dialogs.get(&(kind, account.to_owned())) == Some(&true);
    kind == platform::Kind::Max && !open && failure.class == Class::RetryLater
}

/// Ends what was begun in the state file: all of it is on the disk, or nothing.
fn whole(work: &mut Work, written: Result<()>) -> Result<()> {
    match written {
        Ok(()) => work.state.commit(),
        Err(error) => work.state.roll_back().and(Err(error)),
    }
}

/// Looks up messages whose answers were lost; returns those that are sent again. In the `last` round
/// what is not there has failed.
fn look_back(
    work: &mut Work,
    lost: Vec<LostMessage>,
    last: bool,
    outcome: &mut Outcome,
) -> Result<Vec<Message>> {
    if outcome.ended.is_some() || work.stop.sleep(SETTLING).is_err() {
        // The intents stay open for the next cycle.
        outcome.leave(lost.into_iter().flat_map(|one| one.message.operations));
        return Ok(Vec::new());
    }
    let at = work.clock.now();
    let question = |one: &LostMessage| {
        let operations = &one.message.operations;
        let chats = operations.iter().map(|operation| operation.chat.clone()).collect();
        Question { account: operations[0].account.clone(), chats, at }
    };
    let questions: Vec<Question> = lost.iter().map(question).collect();
    let found = told::look_up(work, &questions)?;
    work.state.begin()?;
    let mut again = Vec::new();
    let mut both = lost.into_iter().zip(found);
    let written = both.try_for_each(|(one, found)| {
        again.extend(conclude(work, one, found, last, outcome)?);
        Ok(())
    });
    whole(work, written)?;
    Ok(again)
}

/// Writes down what became of a message; returns it where it is to be sent again.
fn conclude(
    work: &mut Work,
    lost: LostMessage,
    found: Found,
    last: bool,
    outcome: &mut Outcome,
) -> Result<Option<Message>> {
    let LostMessage { message, intents } = lost;
    let again = matches!(found, Found::No) && !last;
    for (operation, intent) in message.operations.iter().zip(intents) {
        match &found {
            Found::Yes | Found::Unknown => {
                let delivered = matches!(found, Found::Yes).then_some(true);
                given(work, intent, operation, delivered)?;
                outcome.tell(operation.clone(), Settled::Done);
            }
            Found::No if last => undelivered(work, intent, operation, &unanswered(), outcome)?,
            Found::No => {
                let verdict = Verdict::Failed("lost".to_owned());
                work.state.close_intent(intent, &verdict, work.clock.now())?;
            }
            Found::Later(failure) => {
                failure.iter().for_each(|failure| outcome.end(failure));
                outcome.leave([operation.clone()]);
            }
        }
    }
    Ok(again.then_some(message))
}

/// Writes down that a message did not arrive and is sent again later: the link the host has.
fn undelivered(
    work: &mut Work,
    intent: i64,
    operation: &Operation,
    failure: &Failure,
    outcome: &mut Outcome,
) -> Result<()> {
    let attempt = Attempt { operation: operation.kind, account: operation.account.clone() };
    let before = work.chat(&operation.chat).and_then(|chat| chat.waiting.get(&attempt).cloned());
    given(work, intent, operation, Some(false))?;
    // Giving the way in ends all waiting, and how often it was tried must not be forgotten.
    if let (Some(before), Some(chat)) = (before, work.chat(&operation.chat)) {
        chat.waiting.insert(attempt, before);
    }
    let failed = fail(work, intent, operation, failure)?;
    outcome.tell(operation.clone(), failed);
    Ok(())
}

/// Writes down that the way into a chat was given; `delivered` is `None` where it was sent in a
/// message and nobody knows whether that arrived.
///
/// # Errors
/// [`crate::error::Code::State`].
pub(super) fn given(
    work: &mut Work,
    intent: i64,
    operation: &Operation,
    delivered: Option<bool>,
) -> Result<()> {
    let at = work.clock.now();
    let chat = work.known.chats.get(&operation.chat);
    let link = chat.map(KnownChat::link_digest).unwrap_or_default();
    let invitation = Invitation { at, link, delivered };
    work.state.invited(intent, operation, &invitation, work.hand.cycle)?;
    let word = match delivered {
        Some(true) => "told",
        Some(false) => "done",
        None => "done, the message is not confirmed",
    };
    log(work, Level::Info, operation, word);
    let Some(chat) = work.chat(&operation.chat) else { return Ok(()) };
    let attempt = Attempt { operation: operation.kind, account: operation.account.clone() };
    chat.waiting.remove(&attempt);
    chat.invitations.insert(operation.account.clone(), invitation.clone());
    for person in &operation.people {
        let removed_before = chat.people.get(person).is_some_and(|one| one.removed_before);
        let member = KnownMember {
            account: Some(operation.account.clone()),
            state: MemberState::Invited,
            invitation: Some(invitation.clone()),
            removed_before,
        };
        chat.people.insert(person.clone(), member);
    }
    Ok(())
}

/// What an answer says of a message.
struct Answered {
    sent: Sent,
    /// The person can be written to, where the answer tells.
    open: Option<bool>,
    /// The id of the dialog, where the answer tells.
    dialog: Option<String>,
}

enum Sent {
    /// It arrived.
    Yes,
    /// It was refused; only the host can give the link.
    No,
    /// It was refused for now.
    Failed(Failure),
    /// It was not sent, and is another time.
    NotYet,
    /// Whether it arrived must be looked up.
    Perhaps,
}

impl Answered {
    fn of(answer: std::result::Result<Answer, Failure>) -> Answered {
        let failure = match answer {
            Ok(Answer::Told { dialog }) => {
                return Answered { sent: Sent::Yes, open: Some(true), dialog };
            }
            Ok(_) => return Answered { sent: Sent::Yes, open: Some(true), dialog: None },
            Err(failure) => failure,
        };
        let open = (failure.class == Class::Never).then_some(false);
        let sent = match failure.class {
            Class::Lost => Sent::Perhaps,
            Class::Stopped | Class::TokenDead | Class::Unreachable => Sent::NotYet,
            Class::RetryNow | Class::RetryLater => Sent::Failed(failure),
            _ => Sent::No,
        };
        Answered { sent, open, dialog: None }
    }
}

impl Ledger for Invite<'_, '_> {
    fn before(&mut self, portion: usize) -> Option<Vec<Call>> {
        if self.stopped() {
            self.leave_from(portion);
            return None;
        }
        match self.intend(portion) {
            Ok(calls) => Some(calls),
            Err(error) => {
                self.end(Ended::State(error));
                self.leave_from(portion);
                None
            }
        }
    }

    fn after(&mut self, portion: usize, answers: Answers) {
        let messages = std::mem::take(&mut self.portions[portion]);
        let intents = self.intents.remove(&portion).unwrap_or_default();
        let mut at = 0;
        let mut written = self.work.state.begin();
        for (message, answer) in messages.into_iter().zip(answers) {
            if let Err(failure) = &answer {
                self.outcome.end(failure);
            }
            let some = &intents[at..at + message.operations.len()];
            at += some.len();
            written = written.and_then(|()| self.take(message, some, Answered::of(answer)));
        }
        self.end_of(written);
        self.idle();
    }

    fn idle(&mut self) {
        self.work.tell(Phase::Applying, self.outcome.results.len() as u32, self.total);
    }
}
