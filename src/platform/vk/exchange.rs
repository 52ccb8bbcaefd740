//! Requests that become answers: paced, in batches, with a few tries as long as repeating is
//! harmless. Every failure that leaves here is classed and holds no secret.

use std::time::Duration;

use serde_json::Value;

use super::answer::{Envelope, envelope};
use super::error::{VkError, redacted};
use super::execute::{self, Part};
use super::request::{Nature, Request};
use crate::error::{Result as Made, Text};
use crate::platform::http::Http;
use crate::platform::http::line::{Asked, End, Line, TRIES, pause, stopped};
use crate::platform::{Access, Class, Counters, Failure};
use crate::secret::Secret;
use crate::stop::Stop;

const VK: End = End { name: "VK", about_tls: ("", "") };

/// VK's error for too many requests a second.
const TOO_MANY: i64 = 6;

type Outcome = Result<Value, Failure>;

/// The one way to VK.
pub(super) struct Exchange {
    line: Line,
}

impl Exchange {
    pub(super) fn new(access: &Access) -> Made<Exchange> {
        Ok(Exchange { line: Line::new(access, VK)? })
    }

    /// One request, by itself.
    pub(super) fn ask(&self, request: &Request, stop: &Stop) -> Outcome {
        let outcome = self.tries(&[request], stop).pop();
        outcome.unwrap_or_else(|| Err(unclear(request)))
    }

    /// All of these, 25 in one HTTP request. Reads, what can be repeated and other changes do not
    /// share one, so that a lost answer leaves nothing in doubt but changes.
    pub(super) fn ask_all(&self, requests: &[Request], stop: &Stop) -> Vec<Outcome> {
        let mut outcomes: Vec<_> = requests.iter().map(|request| Err(unclear(request))).collect();
        let natures: [&[Nature]; 3] =
            [&[Nature::Read], &[Nature::Once], &[Nature::Set, Nature::Make]];
        for some in natures {
            let order = 0..requests.len();
            let these: Vec<_> = order.filter(|at| some.contains(&requests[*at].nature)).collect();
            for batch in these.chunks(execute::MOST) {
                let asked: Vec<_> = batch.iter().map(|at| &requests[*at]).collect();
                for (at, outcome) in batch.iter().zip(self.tries(&asked, stop)) {
                    outcomes[*at] = outcome;
                }
            }
        }
        outcomes
    }

    /// `text` without secrets.
    pub(super) fn redact(&self, text: &str) -> String {
        self.line.redact(text)
    }

    pub(super) fn counters(&self) -> Counters {
        self.line.counters()
    }

    /// Repeats what failed in passing, and only that.
    fn tries(&self, requests: &[&Request], stop: &Stop) -> Vec<Outcome> {
        let mut outcomes: Vec<Outcome> = requests.iter().map(|one| Err(unclear(one))).collect();
        let mut open: Vec<usize> = (0..requests.len()).collect();
        for turn in 0..TRIES {
            if turn > 0
                && let Err(reason) = stop.sleep(rest(turn, &outcomes))
            {
                for at in &open {
                    put(&mut outcomes[*at], Err(stopped(reason)));
                }
                break;
            }
            let asked: Vec<_> = open.iter().map(|at| requests[*at]).collect();
            for (at, outcome) in open.iter().zip(self.once(&asked, turn > 0, stop)) {
                match turn {
                    0 => outcomes[*at] = outcome,
                    _ => put(&mut outcomes[*at], outcome),
                }
            }
            open.retain(|at| is_passing(requests[*at], &outcomes[*at]));
            if open.is_empty() {
                break;
            }
        }
        outcomes
    }

    fn once(&self, requests: &[&Request], again: bool, stop: &Stop) -> Vec<Outcome> {
        match requests {
            [only] => vec![self.single(only, again, stop)],
            several => self.script(several, again, stop),
        }
    }

    fn single(&self, request: &Request, again: bool, stop: &Stop) -> Outcome {
        self.send(request, again, stop).map(|(value, _)| value)
    }

    fn script(&self, requests: &[&Request], again: bool, stop: &Stop) -> Vec<Outcome> {
        match self.send(&execute::request(requests), again, stop) {
            Ok((value, errors)) => {
                let parts = execute::parts(requests, value, errors);
                requests.iter().zip(parts).map(|(one, part)| self.outcome(one, part)).collect()
            }
            // The script as a whole did not work, or this token has no scripts: one by one then.
            Err(failure) if failure.class == Class::Missing || is_of_script(&failure) => {
                requests.iter().map(|one| self.single(one, true, stop)).collect()
            }
            Err(failure) => requests.iter().map(|_| Err(failure.clone())).collect(),
        }
    }

    fn outcome(&self, request: &Request, part: Part) -> Outcome {
        match part {
            Part::Done(value) => Ok(value),
            Part::Failed(error) => Err(self.refused(request, &error)),
            Part::Unclear => Err(unclear(request)),
        }
    }

    fn send(
        &self,
        request: &Request,
        again: bool,
        stop: &Stop,
    ) -> Result<(Value, Vec<(String, VkError)>), Failure> {
        let target = format!("/method/{}", request.method);
        let how =
            |http: &Http, url: &str, token: &Secret| http.post(url, token, &request.form(), stop);
        let reply = self.line.send(asked(request), &target, again, stop, how)?;
        match envelope(&reply.body) {
            Some(Envelope::Response { value, errors }) => Ok((value, errors)),
            Some(Envelope::Error(error)) => Err(self.refused(request, &error)),
            None => Err(self.line.foreign(asked(request), reply.status)),
        }
    }

    fn refused(&self, request: &Request, error: &VkError) -> Failure {
        /// After these nobody knows whether the thing was made.
        const DOUBTFUL: [i64; 3] = [1, 10, 36];
        if error.code == TOO_MANY {
            self.line.slow_down();
        }
        let mut failure = redacted(error.failure(request.method), |text| self.redact(text));
        if request.nature == Nature::Make && DOUBTFUL.contains(&error.code) {
            failure.class = Class::Lost;
        }
        failure
    }
}

fn is_passing(request: &Request, outcome: &Outcome) -> bool {
    match outcome.as_ref().err().map(|failure| failure.class) {
        Some(Class::RetryNow | Class::Unreachable) => true,
        Some(Class::Lost) => request.nature == Nature::Once,
        _ => false,
    }
}

/// Takes over what a repetition came to. Where it came to nothing, a lost answer stays in doubt.
fn put(before: &mut Outcome, now: Outcome) {
    let class = |outcome: &Outcome| outcome.as_ref().err().map(|failure| failure.class);
    let nothing =
        matches!(class(&now), Some(Class::RetryNow | Class::Unreachable | Class::Stopped));
    if !(nothing && class(before) == Some(Class::Lost)) {
        *before = now;
    }
}

fn is_of_script(failure: &Failure) -> bool {
    matches!(failure.code.as_str(), "vk.12" | "vk.13")
}

/// A second more after «too many».
fn rest(turn: u32, outcomes: &[Outcome]) -> Duration {
    let crowded = outcomes.iter().any(|o| o.as_ref().is_err_and(|failure| failure.code == "vk.6"));
    pause(turn) + Duration::from_secs(u64::from(crowded))
}

fn asked(request: &Request) -> Asked {
    Asked { what: request.method, nature: request.nature }
}

/// An answer that does not tell what became of this call.
pub(super) fn unclear(request: &Request) -> Failure {
    let class = if request.nature == Nature::Read { Class::RetryNow } else { Class::Lost };
    let method = request.method;
    Failure {
        class,
        code: "vk.execute".to_owned(),
        message: Text::new(
            format!("из ответа VK не видно, выполнен ли {method}"),
            format!("VK's answer does not tell what became of {method}"),
        ),
        after: Duration::ZERO,
    }
}
