//! Calls are started, announced and finished: the intent before, the confirmation after, and what was
//! lost is looked up before it is said again.

use super::settle::{Settled, capability_of, unanswered};
use super::{Outcome, Work, resolve};
use crate::calls::{self, Call as Lesson, Setback, Source, Step, Why};
use crate::clock::later;
use crate::error::{Result, Text};
use crate::host::Level;
use crate::plan::{Cause, Kind, Operation};
use crate::platform::{Answer, Call, Class, Failure};
use crate::profile::Calls;
use crate::state::{CallIntent, Verdict};

/// How often something is sent whose answer was lost.
const ROUNDS: usize = 3;

/// What carrying out needs beside the work.
pub(crate) struct Desk<'a> {
    /// The profile's rules.
    pub(crate) policy: &'a Calls,
    /// Where links come from.
    pub(crate) source: &'a Source,
    /// The chat's standing call link, where it has one.
    pub(crate) standing: Option<&'a str>,
    /// Whether the messenger starts calls for this token.
    pub(crate) starts_calls: bool,
    /// The school's zone.
    pub(crate) zone: &'a jiff::tz::TimeZone,
}

/// Does one thing about one call.
///
/// # Errors
/// [`crate::error::Code::State`].
pub(crate) fn carry_out(
    work: &mut Work,
    desk: &Desk,
    step: &Step,
    call: &mut Lesson,
    outcome: &mut Outcome,
) -> Result<()> {
    match step {
        Step::Start(_, why) => start(work, desk, *why, call, outcome),
        Step::Announce(_) => announce(work, desk, call, outcome),
        Step::Finish(_, why) => finish(work, *why, call, outcome),
        Step::Farewell(_, say) => farewell(work, desk, *say, call, outcome),
    }
}

/// One thing about a call as the report and the journal tell it.
pub(crate) fn operation(kind: Kind, call: &Lesson, why: Why) -> Operation {
    Operation {
        kind,
        chat: call.chat.clone(),
        account: String::new(),
        people: Vec::new(),
        title: Some(call.title.clone()),
        cause: Cause::Lesson(why),
    }
}

/// Which operation a step is.
pub(crate) fn operation_of(step: &Step, call: &Lesson) -> Option<Operation> {
    match step {
        Step::Start(_, why) => Some(operation(Kind::StartCall, call, *why)),
        Step::Announce(_) => Some(operation(Kind::PostMessage, call, Why::Started)),
        Step::Finish(_, why) => Some(operation(Kind::FinishCall, call, *why)),
        Step::Farewell(_, true) => Some(operation(Kind::PostMessage, call, Why::Ended)),
        Step::Farewell(_, false) => None,
    }
}

/// The link that needs nobody's answer, where there is one. A standing link is for a messenger that
/// starts no calls.
pub(crate) fn own_link(desk: &Desk, call: &Lesson) -> Option<String> {
    let standing = desk.standing.filter(|_| !desk.starts_calls).map(str::to_owned);
    call.given_url.clone().or_else(|| desk.source.link(call)).or(standing)
}

fn start(
    work: &mut Work,
    desk: &Desk,
    why: Why,
    call: &mut Lesson,
    outcome: &mut Outcome,
) -> Result<()> {
    let link = own_link(desk, call);
    let op = operation(Kind::StartCall, call, why);
    // A link that is there already needs no answer: then nothing can be lost.
    let intent = intend(work, &op, call, link.as_ref().map(|_| ""))?;
    let answer = match link {
        Some(join_url) => Ok(Answer::Call { id: String::new(), join_url }),
        None => ask(work, Call::StartCall),
    };
    let now = work.clock.now();
    match answer {
        Ok(Answer::Call { id, join_url }) => {
            call.begin(&join_url, Some(id).filter(|id| !id.is_empty()), why, now);
            settle(work, intent, &Verdict::Done, call)?;
            log(work, Level::Info, &op, call, "done");
            outcome.tell(op, Settled::Done);
        }
        Ok(_) => fail(work, intent, op, call, unanswered(), outcome)?,
        // Whether it runs nobody knows, and there is nothing to look it up by: a second one might be.
        Err(failure) if failure.class == Class::Lost => {
            call.doubt(now);
            settle(work, intent, &Verdict::Failed("lost".to_owned()), call)?;
            log(work, Level::Warning, &op, call, "no answer; it is not started again by itself");
            outcome.tell(op, Settled::Failed(failure.code));
        }
        Err(failure) => fail(work, intent, op, call, failure, outcome)?,
    }
    Ok(())
}

fn finish(work: &mut Work, why: Why, call: &mut Lesson, outcome: &mut Outcome) -> Result<()> {
    let op = operation(Kind::FinishCall, call, why);
    let intent = intend(work, &op, call, None)?;
    let id = call.platform_call.clone().filter(|_| call.running);
    let answer = id.map_or(Ok(Answer::Done), |id| insist(work, &Call::FinishCall { id }));
    let refusal = match answer {
        Err(failure) if !is_refused(&failure) => {
            return fail(work, intent, op, call, failure, outcome);
        }
        answer => answer.err(),
    };
    // Refused or not, for the school it is over, and the next lesson is not kept waiting; but whether
    // people are still in, the messenger alone knows then.
    call.end(why, work.clock.now());
    call.unended = refusal.is_some();
    let Some(failure) = refusal else {
        settle(work, intent, &Verdict::Done, call)?;
        log(work, Level::Info, &op, call, "done");
        outcome.tell(op, Settled::Done);
        return Ok(());
    };
    settle(work, intent, &Verdict::Failed(failure.code.clone()), call)?;
    let told = format!("not finished: {} ({})", failure.message.en, failure.code);
    log(work, Level::Warning, &op, call, &told);
    outcome.tell(op, Settled::Failed(failure.code));
    Ok(())
}

/// What is done once when it is done twice, such as an end or a pin, is simply asked for again where the
/// answer is lost.
fn insist(work: &Work, order: &Call) -> std::result::Result<Answer, Failure> {
    let is_lost = |answer: &std::result::Result<Answer, Failure>| {
        answer.as_ref().is_err_and(|failure| failure.class == Class::Lost)
    };
    let mut answer = ask(work, order.clone());
    for _ in 1..ROUNDS {
        if !is_lost(&answer) {
            break;
        }
        answer = ask(work, order.clone());
    }
    answer
}

/// Whether asking again would be answered the same.
fn is_refused(failure: &Failure) -> bool {
    matches!(failure.class, Class::Never | Class::ChatGone | Class::Missing | Class::MissingHere)
}

fn announce(work: &mut Work, desk: &Desk, call: &mut Lesson, outcome: &mut Outcome) -> Result<()> {
    let text = calls::announcement(desk.policy, call, &told(work, desk, call), work.language);
    post(work, Why::Started, &text, call, outcome)
}

fn farewell(
    work: &mut Work,
    desk: &Desk,
    words: bool,
    call: &mut Lesson,
    outcome: &mut Outcome,
) -> Result<()> {
    unpin(work, call);
    if !words {
        call.close(None, work.clock.now());
        return work.state.put_calls(std::slice::from_ref(call), &[]);
    }
    let text = calls::farewell(desk.policy, call, &told(work, desk, call), work.language);
    post(work, Why::Ended, &text, call, outcome)
}

/// Says in the chat that a call has begun or ended, once.
fn post(
    work: &mut Work,
    why: Why,
    text: &str,
    call: &mut Lesson,
    outcome: &mut Outcome,
) -> Result<()> {
    let op = operation(Kind::PostMessage, call, why);
    let intent = intend(work, &op, call, Some(text))?;
    match say(work, call, text, intent)? {
        Said::Yes(message) => {
            let now = work.clock.now();
            match why {
                // Pinned before it counts as told: a host that dies between them finds both out.
                Why::Started => {
                    call.announce(message, now);
                    pin(work, call);
                }
                _ => call.close(message, now),
            }
            settle(work, intent, &Verdict::Done, call)?;
            log(work, Level::Info, &op, call, "done");
            outcome.tell(op, Settled::Done);
        }
        // The intent stays open; the next cycle looks it up.
        Said::Perhaps(failure) => {
            outcome.end(&failure);
            outcome.leave([op]);
        }
        Said::No(failure) => fail(work, intent, op, call, failure, outcome)?,
    }
    Ok(())
}

fn told<'w>(work: &'w Work, desk: &Desk<'w>, call: &Lesson) -> calls::Told<'w> {
    let chat = work.known.chats.get(&call.chat);
    calls::Told {
        title: chat.map_or("", |chat| chat.title.as_str()),
        subject: chat.and_then(|chat| chat.subject.as_deref()),
        zone: desk.zone,
    }
}

/// What became of a message.
enum Said {
    /// It stands in the chat; with its id, where that is known.
    Yes(Option<String>),
    No(Failure),
    /// The answer was lost, and it could not be looked up either.
    Perhaps(Failure),
}

/// Posts a message once: where the answer is lost, the chat is read before it is said again.
fn say(work: &mut Work, call: &Lesson, text: &str, intent: i64) -> Result<Said> {
    let Some(chat) = work.address(&call.chat) else { return Ok(Said::No(no_chat())) };
    let mut lost = None;
    for _ in 0..ROUNDS {
        let message = Call::SendMessage {
            chat: chat.clone(),
            text: text.to_owned(),
            // The journal's number never comes again, so this message is the same only as itself.
            once: i32::try_from(intent & 0x7fff_ffff).unwrap_or_default(),
        };
        match ask(work, message) {
            Ok(Answer::Message(id)) => return Ok(Said::Yes(Some(id))),
            Ok(_) => return Ok(Said::Yes(None)),
            Err(failure) if failure.class != Class::Lost => return Ok(Said::No(failure)),
            Err(failure) => lost = Some(failure),
        }
        if work.stop.sleep(resolve::SETTLING).is_err() {
            break;
        }
        match find(work, call, &chat, text)? {
            Found::There(id) => return Ok(Said::Yes(Some(id))),
            Found::Not => {}
            Found::Never => return Ok(Said::Yes(None)),
            Found::Later(failure) => return Ok(Said::Perhaps(failure)),
        }
    }
    Ok(Said::Perhaps(lost.unwrap_or_else(unanswered)))
}

/// What reading a chat showed of a message.
enum Found {
    There(String),
    Not,
    /// The chat cannot be read at all: then it counts as said.
    Never,
    Later(Failure),
}

fn find(work: &mut Work, call: &Lesson, chat: &str, text: &str) -> Result<Found> {
    let parts = text.lines().map(str::trim).filter(|line| !line.is_empty());
    let parts = parts.map(str::to_owned).collect();
    Ok(match ask(work, Call::FindPost { chat: chat.to_owned(), parts }) {
        // A profile's own words may be the same each day.
        Ok(Answer::Post(Some(id))) if is_another(work, call, &id)? => Found::Not,
        Ok(Answer::Post(Some(id))) => Found::There(id),
        Ok(_) => Found::Not,
        Err(failure) if is_refused(&failure) => Found::Never,
        Err(failure) => Found::Later(failure),
    })
}

/// Whether a message of the chat is one whose answer came: it told of another call, or of this one's
/// start when its end is to be told.
fn is_another(work: &Work, call: &Lesson, message: &str) -> Result<bool> {
    let calls = work.state.calls_of_chat(&call.chat)?;
    let mut known = calls.iter().flat_map(|one| [&one.message, &one.farewell]).flatten();
    Ok(known.any(|known| known == message))
}

/// A pin is a courtesy: where it does not succeed, the message stands in the chat all the same.
fn pin(work: &Work, call: &Lesson) {
    let (Some(message), Some(chat)) = (call.message.clone(), work.address(&call.chat)) else {
        return;
    };
    courtesy(work, call, &Call::Pin { chat, message }, "pinned");
}

fn unpin(work: &Work, call: &Lesson) {
    let Some(chat) = work.address(&call.chat).filter(|_| call.message.is_some()) else { return };
    courtesy(work, call, &Call::Unpin { chat, message: call.message.clone() }, "unpinned");
}

fn courtesy(work: &Work, call: &Lesson, order: &Call, what: &str) {
    if let Err(failure) = insist(work, order) {
        let text = format!("{}: not {what}: {} ({})", call.chat, failure.message.en, failure.code);
        work.log(Level::Info, &text);
    }
}

/// What an earlier cycle meant to do about calls and never heard back from; returns what could not be
/// found out now. `None` for a call that is there no more.
///
/// # Errors
/// [`crate::error::Code::State`].
pub(crate) fn resolve_call(
    work: &mut Work,
    intent: &CallIntent,
    call: Option<&mut Lesson>,
) -> Result<bool> {
    let now = work.clock.now();
    let lost = Verdict::Failed("lost".to_owned());
    let Some(call) = call else {
        return work.state.close_intent(intent.id, &lost, now).map(|()| true);
    };
    let text = intent.said.as_deref().unwrap_or_default();
    match intent.operation {
        Kind::StartCall if intent.said.is_none() && !call.running => call.doubt(now),
        Kind::PostMessage => {
            let Some(chat) = work.address(&call.chat) else {
                return work.state.close_intent(intent.id, &lost, now).map(|()| true);
            };
            let message = match find(work, call, &chat, text)? {
                Found::There(id) => Some(id),
                Found::Never => None,
                Found::Not => {
                    return work.state.close_intent(intent.id, &lost, now).map(|()| true);
                }
                Found::Later(_) => return Ok(false),
            };
            return said_before(work, intent, call, message).map(|()| true);
        }
        // A link that needed no answer, or an end: both are simply done again.
        _ => {}
    }
    settle(work, intent.id, &lost, call).map(|()| true)
}

/// A message of an earlier cycle stands in the chat.
fn said_before(
    work: &mut Work,
    intent: &CallIntent,
    call: &mut Lesson,
    message: Option<String>,
) -> Result<()> {
    let text = format!("post_message {}: it stands in the chat after a lost answer", call.chat);
    work.log(Level::Info, &text);
    if call.announced.is_some() {
        call.close(message, work.clock.now());
        return settle(work, intent.id, &Verdict::Done, call);
    }
    call.announce(message, intent.at);
    pin(work, call);
    settle(work, intent.id, &Verdict::Done, call)
}

fn intend(work: &mut Work, op: &Operation, call: &Lesson, said: Option<&str>) -> Result<i64> {
    let (reason, now) = (op.cause.text(), work.clock.now());
    work.state.intend_call(op.kind, call, said, &reason, work.hand, now)
}

fn settle(work: &mut Work, intent: i64, verdict: &Verdict, call: &Lesson) -> Result<()> {
    work.state.settle_call(intent, verdict, call, work.clock.now())
}

/// Writes down a failure and when the step is tried again.
fn fail(
    work: &mut Work,
    intent: i64,
    op: Operation,
    call: &mut Lesson,
    failure: Failure,
    outcome: &mut Outcome,
) -> Result<()> {
    outcome.end(&failure);
    if matches!(failure.class, Class::Stopped | Class::TokenDead | Class::Unreachable) {
        settle(work, intent, &Verdict::NotSent, call)?;
        outcome.leave([op]);
        return Ok(());
    }
    let verdict = Verdict::Failed(failure.code.clone());
    if failure.class == Class::Missing {
        let capability = capability_of(op.kind);
        let now = work.clock.now();
        work.state.put_capabilities(work.platform.kind().name(), &[(capability, false)], now)?;
        outcome.missing.insert(capability);
    }
    // What the messenger starts for nobody has another way at once: a standing link, or a task.
    if failure.class != Class::Missing || op.kind != Kind::StartCall {
        set_back(work, &op, call, &failure);
    }
    settle(work, intent, &verdict, call)?;
    log(work, Level::Warning, &op, call, &format!("{} ({})", failure.message.en, failure.code));
    outcome.tell(op, Settled::Failed(failure.code));
    Ok(())
}

fn set_back(work: &Work, op: &Operation, call: &mut Lesson, failure: &Failure) {
    let before = call.setback.as_ref().filter(|one| one.operation == op.kind.name());
    let tries = before.map_or(0, |one| one.tries);
    let refused = is_refused(failure);
    let pause = super::settle::pause_after(tries, refused).max(failure.after);
    call.setback = Some(Setback {
        operation: op.kind.name().to_owned(),
        code: failure.code.clone(),
        message: failure.message.clone(),
        tries: tries + 1,
        // A second later at least, so that this cycle does not try it for ever.
        next_try: later(work.clock.now(), pause).as_second() + 1,
        refused,
    });
}

fn no_chat() -> Failure {
    Failure {
        class: Class::RetryLater,
        code: "calls.no_chat".to_owned(),
        message: Text::new("чат ещё не создан", "the chat is not made yet"),
        after: std::time::Duration::ZERO,
    }
}

fn ask(work: &Work, call: Call) -> std::result::Result<Answer, Failure> {
    let answer = work.platform.perform(&[call], work.stop).into_iter().next();
    answer.unwrap_or_else(|| Err(unanswered()))
}

fn log(work: &Work, level: Level, op: &Operation, call: &Lesson, what: &str) {
    work.log(level, &format!("{} {} {}: {what}", op.kind.name(), op.chat, call.id));
}
