//! Requests that become answers: paced, with a few tries as long as repeating is harmless. Every
//! failure that leaves here is classed and holds no secret.

use std::hash::{BuildHasher, Hasher, RandomState};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use serde_json::Value;

use super::answer;
use super::error::MaxError;
use super::request::{Counted, Nature, Request};
use super::silence::{foreign, stopped, unanswered};
use crate::error::Result as Made;
use crate::platform::http::{Http, Reply};
use crate::platform::pace::{Pace, Paces};
use crate::platform::{Access, Class, Counters, Failure};
use crate::secret::Secret;
use crate::stop::{Reason, Stop};

/// How often something passing is tried in all.
const TRIES: u32 = 4;

/// Requests a second that MAX allows of each thing that it counts by itself.
const COUNTED_PER_SECOND: u32 = 2;

/// A longer pause than this is not waited for within a cycle.
const PATIENCE: Duration = Duration::from_secs(10);

/// The one way to MAX.
pub(super) struct Exchange {
    http: Http,
    pace: Pace,
    counted: Paces<Counted>,
    base_url: String,
    token: Secret,
    sent: AtomicU64,
    retried: AtomicU64,
}

impl Exchange {
    pub(super) fn new(access: &Access) -> Made<Exchange> {
        Ok(Exchange {
            http: Http::new(access)?,
            pace: Pace::new(access.requests_per_second),
            counted: Paces::new(COUNTED_PER_SECOND),
            base_url: access.base_url.trim_end_matches('/').to_owned(),
            token: access.token.clone(),
            sent: AtomicU64::new(0),
            retried: AtomicU64::new(0),
        })
    }

    /// The JSON that MAX answers, with what failed in passing repeated.
    pub(super) fn ask(&self, request: &Request, stop: &Stop) -> Result<Value, Failure> {
        let mut outcome = self.send(request, false, stop);
        for turn in 1..TRIES {
            let Err(failure) = &outcome else { break };
            if !matches!(failure.class, Class::RetryNow | Class::Unreachable) {
                break;
            }
            stop.sleep(pause(turn, failure.after)).map_err(stopped)?;
            outcome = self.send(request, true, stop);
        }
        outcome
    }

    pub(super) fn counters(&self) -> Counters {
        Counters {
            sent: self.sent.load(Ordering::Relaxed),
            retried: self.retried.load(Ordering::Relaxed),
            waited_ms: self.pace.waited_ms() + self.counted.waited_ms(),
        }
    }

    fn send(&self, request: &Request, again: bool, stop: &Stop) -> Result<Value, Failure> {
        self.wait(request, stop).map_err(stopped)?;
        let url = format!("{}{}", self.base_url, request.target);
        let outcome = self.http.ask(&url, &self.token, &request.ask, stop);
        if outcome.as_ref().map_or_else(|trouble| trouble.sent, |_| true) {
            self.sent.fetch_add(1, Ordering::Relaxed);
            self.retried.fetch_add(u64::from(again), Ordering::Relaxed);
        }
        let reply = outcome.map_err(|trouble| unanswered(request, &trouble))?;
        // Nothing that is read from here on, and may end in a report, holds what MAX was sent.
        let body = self.http.redact(&String::from_utf8_lossy(&reply.body));
        match serde_json::from_str(&body) {
            Ok(value) if matches!(reply.status, 200..=299) => Ok(value),
            told => Err(self.refused(request, &reply, told.ok().as_ref())),
        }
    }

    fn wait(&self, request: &Request, stop: &Stop) -> Result<(), Reason> {
        if let Some(counted) = request.counted {
            self.counted.wait(counted, stop)?;
        }
        self.pace.wait(stop)
    }

    fn refused(&self, request: &Request, reply: &Reply, told: Option<&Value>) -> Failure {
        let error = told.and_then(|told| answer::error(reply.status, told));
        let mut failure = match error {
            Some(error) => error.failure(request.route),
            None => foreign(request, reply),
        };
        if reply.status == MaxError::TOO_MANY {
            self.pace.slow_down();
            failure.after = Duration::from_secs(1);
        } else if reply.status >= 500 && request.nature == Nature::Make {
            // Nobody knows whether it was made.
            failure.class = Class::Lost;
        }
        told_to_wait(failure, reply.retry_after)
    }
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

/// 0.3, 0.6, 1.2 s and up to half as much again, so that threads do not return together; never less
/// than `least`.
fn pause(turn: u32, least: Duration) -> Duration {
    let base = 150_u64 << turn.min(8);
    let jitter = RandomState::new().build_hasher().finish() % (base / 2 + 1);
    least + Duration::from_millis(base + jitter)
}
