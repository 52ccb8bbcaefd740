//! Whether a message arrived whose answer was lost: its dialog is read before anything is concluded.

use std::time::Duration;

use jiff::Timestamp;

use super::Work;
use super::pool::{self, Answers, Ledger};
use crate::clock::later;
use crate::error::Result;
use crate::host::Phase;
use crate::platform::{Answer, Call, Class, Failure, Platform};
use crate::stop::Stop;

/// So long a dialog that cannot be read for a passing reason is waited for, with everything else in
/// the chats concerned.
const PATIENCE: Duration = Duration::from_secs(3600);

/// A message that was sent.
pub(super) struct Question {
    /// To whom.
    pub(super) account: String,
    /// The chats, by key, whose links it held.
    pub(super) chats: Vec<String>,
    /// When it was meant to be sent.
    pub(super) at: Timestamp,
}

/// What reading the dialog showed.
#[derive(Debug, Clone)]
pub(super) enum Found {
    /// The message is there.
    Yes,
    /// It is not.
    No,
    /// The dialog cannot be read.
    Unknown,
    /// The dialog cannot be read now; with the failure, if it was asked for.
    Later(Option<Failure>),
}

/// Looks all of these up, as many at once as the platform lets. An older message with the same links
/// counts too: the person has them before their eyes.
///
/// # Errors
/// [`crate::error::Code::State`].
pub(super) fn look_up(work: &Work, questions: &[Question]) -> Result<Vec<Found>> {
    let mut found = vec![Found::Unknown; questions.len()];
    let mut calls = Vec::new();
    for (at, question) in questions.iter().enumerate() {
        // A chat without a link leaves nothing to look for.
        if let Some(call) = call(work, question)? {
            found[at] = Found::Later(None);
            calls.push((at, call));
        }
    }
    let size = calls.first().map_or(1, |(_, call)| work.platform.batch(call).max(1));
    let batches: Vec<Vec<(usize, Call)>> = calls.chunks(size).map(<[_]>::to_vec).collect();
    let (platform, stop): (&dyn Platform, &Stop) = (work.platform, work.stop);
    let count = batches.len();
    let mut reading = Reading { work, questions, batches, found, ended: false };
    pool::run(platform, stop, work.in_flight, count, &mut reading);
    Ok(reading.found)
}

fn call(work: &Work, question: &Question) -> Result<Option<Call>> {
    let link = |chat: &String| work.known.chats.get(chat).and_then(|chat| chat.link.clone());
    let parts: Option<Vec<String>> = question.chats.iter().map(link).collect();
    let Some(parts) = parts.filter(|parts| !parts.is_empty()) else { return Ok(None) };
    let account = question.account.clone();
    let dialog = work.state.dialog_id(work.platform.kind(), &account)?;
    Ok(Some(Call::FindMessage { account, dialog, parts }))
}

struct Reading<'r, 'a> {
    work: &'r Work<'a>,
    questions: &'r [Question],
    /// What is asked in one request each, with the question's place.
    batches: Vec<Vec<(usize, Call)>>,
    found: Vec<Found>,
    /// Nothing more can be asked.
    ended: bool,
}

impl Reading<'_, '_> {
    fn read(&mut self, answer: std::result::Result<Answer, Failure>, at: Timestamp) -> Found {
        let failure = match answer {
            Ok(Answer::Found(true)) => return Found::Yes,
            Ok(Answer::Found(false)) => return Found::No,
            Ok(_) => return Found::Unknown,
            Err(failure) => failure,
        };
        let over = matches!(failure.class, Class::TokenDead | Class::Unreachable | Class::Stopped);
        self.ended |= over;
        let passing = matches!(failure.class, Class::RetryNow | Class::Lost)
            && later(at, PATIENCE) > self.work.clock.now();
        if over || passing { Found::Later(Some(failure)) } else { Found::Unknown }
    }
}

impl Ledger for Reading<'_, '_> {
    fn before(&mut self, batch: usize) -> Option<Vec<Call>> {
        let calls = self.batches[batch].iter().map(|(_, call)| call.clone());
        (!self.ended && self.work.stop.reason().is_none()).then(|| calls.collect())
    }

    fn after(&mut self, batch: usize, answers: Answers) {
        let places: Vec<usize> = self.batches[batch].iter().map(|(at, _)| *at).collect();
        for (at, answer) in places.into_iter().zip(answers) {
            self.found[at] = self.read(answer, self.questions[at].at);
        }
        self.idle();
    }

    fn idle(&mut self) {
        let open = self.found.iter().filter(|one| matches!(one, Found::Later(None))).count();
        let all = self.found.len();
        self.work.tell(Phase::Checking, (all - open) as u32, all as u32);
    }
}
