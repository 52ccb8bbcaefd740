//! Requests that become answers: paced, with a few tries as long as repeating is harmless. Every
//! failure that leaves here is classed and holds no secret.

use std::time::Duration;

use serde_json::Value;

use super::answer;
use super::error::MaxError;
use super::request::{Counted, Nature, Request};
use crate::error::Result as Made;
use crate::platform::http::line::{Asked, End, Line, TRIES, pause, stopped};
use crate::platform::http::{Http, Reply};
use crate::platform::pace::Paces;
use crate::platform::{Access, Class, Counters, Failure};
use crate::secret::Secret;
use crate::stop::{Reason, Stop};

/// Requests a second that MAX allows of each thing that it counts by itself.
const COUNTED_PER_SECOND: u32 = 2;

/// A longer pause than this is not waited for within a cycle.
const PATIENCE: Duration = Duration::from_secs(10);

/// MAX's certificate goes back to a root that no system has by itself.
const MAX: End = End {
    name: "MAX",
    about_tls: (
        "; укажите в ca_file корневой сертификат Минцифры",
        "; name the Russian Trusted Root CA in ca_file",
    ),
};

/// The one way to MAX.
pub(super) struct Exchange {
    line: Line,
    counted: Paces<Counted>,
}

impl Exchange {
    pub(super) fn new(access: &Access) -> Made<Exchange> {
        Ok(Exchange { line: Line::new(access, MAX)?, counted: Paces::new(COUNTED_PER_SECOND) })
    }

    /// The JSON that MAX answers, with what failed in passing repeated.
    pub(super) fn ask(&self, request: &Request, stop: &Stop) -> Result<Value, Failure> {
        let mut outcome = self.send(request, false, stop);
        for turn in 1..TRIES {
            let Err(failure) = &outcome else { break };
            if !matches!(failure.class, Class::RetryNow | Class::Unreachable) {
                break;
            }
            stop.sleep(failure.after + pause(turn)).map_err(stopped)?;
            outcome = self.send(request, true, stop);
        }
        outcome
    }

    pub(super) fn counters(&self) -> Counters {
        let counters = self.line.counters();
        Counters { waited_ms: counters.waited_ms + self.counted.waited_ms(), ..counters }
    }

    fn send(&self, request: &Request, again: bool, stop: &Stop) -> Result<Value, Failure> {
        self.wait(request, stop).map_err(stopped)?;
        let how = |http: &Http, url: &str, token: &Secret| http.ask(url, token, &request.ask, stop);
        let reply = self.line.send(asked(request), &request.target, again, stop, how)?;
        // Nothing that is read from here on, and may end in a report, holds what MAX was sent.
        let body = self.line.redact(&String::from_utf8_lossy(&reply.body));
        match serde_json::from_str(&body) {
            Ok(value) if matches!(reply.status, 200..=299) => Ok(value),
            told => Err(self.refused(request, &reply, told.ok().as_ref())),
        }
    }

    fn wait(&self, request: &Request, stop: &Stop) -> Result<(), Reason> {
        request.counted.map_or(Ok(()), |counted| self.counted.wait(counted, stop))
    }

    fn refused(&self, request: &Request, reply: &Reply, told: Option<&Value>) -> Failure {
        let error = told.and_then(|told| answer::error(reply.status, told));
        let mut failure = match error {
            Some(error) => error.failure(request.route),
            None => self.foreign(request, reply.status),
        };
        if reply.status == MaxError::TOO_MANY {
            self.line.slow_down();
            failure.after = Duration::from_secs(1);
        } else if reply.status >= 500 && request.nature == Nature::Make {
            // Nobody knows whether it was made.
            failure.class = Class::Lost;
        }
        told_to_wait(failure, reply.retry_after)
    }

    /// A server that is away has done nothing, and setting the same once more does no harm.
    fn foreign(&self, request: &Request, status: u16) -> Failure {
        let failure = self.line.foreign(asked(request), status);
        match (status, request.nature) {
            (503, Nature::Set) => Failure { class: Class::RetryNow, ..failure },
            _ => failure,
        }
    }
}

fn asked(request: &Request) -> Asked {
    Asked { what: request.route, nature: request.nature }
}

/// The failure with the pause that MAX asks for itself.
fn told_to_wait(failure: Failure, wait: Option<Duration>) -> Failure {
    match wait.filter(|_| matches!(failure.class, Class::RetryNow | Class::RetryLater)) {
        None => failure,
        Some(wait) if wait > PATIENCE => {
            Failure { class: Class::RetryLater, after: failure.after.max(wait), ..failure }
        }
        Some(wait) => Failure { after: failure.after.max(wait), ..failure },
    }
}
