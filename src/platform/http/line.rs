//! What every driver's way to its messenger has in common: the rate, the counting, and the failures
//! of requests that brought no answer of the messenger's own.

use std::hash::{BuildHasher, Hasher, RandomState};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use super::{Http, Kind, Reply, Trouble};
use crate::error::{Result as Made, Text};
use crate::platform::pace::Pace;
use crate::platform::{Access, Class, Counters, Failure};
use crate::secret::Secret;
use crate::stop::{Reason, Stop};

/// How often something passing is tried in all.
pub(crate) const TRIES: u32 = 4;

/// What repeating a request would do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Nature {
    /// Changes nothing.
    Read,
    /// Makes something that carries a number of its own: a repetition is taken for the same.
    Once,
    /// Sets a state: twice is as good as once, but whether it was done may matter.
    Set,
    /// Makes something new each time.
    Make,
}

/// A request as its failures speak of it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Asked {
    /// The method, or verb and path.
    pub(crate) what: &'static str,
    pub(crate) nature: Nature,
}

/// Whom a line leads to, in the failures' words.
#[derive(Debug, Clone, Copy)]
pub(crate) struct End {
    pub(crate) name: &'static str,
    /// What to do where its certificate is not accepted, Russian and English.
    pub(crate) about_tls: (&'static str, &'static str),
}

/// The one way to a messenger.
pub(crate) struct Line {
    end: End,
    http: Http,
    pace: Pace,
    base_url: String,
    token: Secret,
    sent: AtomicU64,
    retried: AtomicU64,
}

impl Line {
    /// Checks proxy and CA file; connects to nothing.
    pub(crate) fn new(access: &Access, end: End) -> Made<Line> {
        Ok(Line {
            end,
            http: Http::new(access)?,
            pace: Pace::new(access.requests_per_second),
            base_url: access.base_url.trim_end_matches('/').to_owned(),
            token: access.token.clone(),
            sent: AtomicU64::new(0),
            retried: AtomicU64::new(0),
        })
    }

    /// Sends one request to `target` when its turn has come; `again` where it is a repetition.
    pub(crate) fn send(
        &self,
        asked: Asked,
        target: &str,
        again: bool,
        stop: &Stop,
        how: impl FnOnce(&Http, &str, &Secret) -> Result<Reply, Trouble>,
    ) -> Result<Reply, Failure> {
        self.pace.wait(stop).map_err(stopped)?;
        let outcome = how(&self.http, &format!("{}{target}", self.base_url), &self.token);
        if outcome.as_ref().map_or_else(|trouble| trouble.sent, |_| true) {
            self.sent.fetch_add(1, Ordering::Relaxed);
            self.retried.fetch_add(u64::from(again), Ordering::Relaxed);
        }
        outcome.map_err(|trouble| self.unanswered(asked, &trouble))
    }

    /// `text` without secrets.
    pub(crate) fn redact(&self, text: &str) -> String {
        self.http.redact(text)
    }

    /// The messenger said «too many».
    pub(crate) fn slow_down(&self) {
        self.pace.slow_down();
    }

    pub(crate) fn counters(&self) -> Counters {
        Counters {
            sent: self.sent.load(Ordering::Relaxed),
            retried: self.retried.load(Ordering::Relaxed),
            waited_ms: self.pace.waited_ms(),
        }
    }

    /// The failure of a request without an answer.
    fn unanswered(&self, asked: Asked, trouble: &Trouble) -> Failure {
        let class = match (trouble.kind, trouble.sent, asked.nature) {
            (_, true, Nature::Once | Nature::Set | Nature::Make) => Class::Lost,
            (Kind::Stopped, ..) => Class::Stopped,
            (_, false, _) => Class::Unreachable,
            (_, true, Nature::Read) => Class::RetryNow,
        };
        let (code, mut ru, mut en) = trouble.kind.told(self.end.name);
        if trouble.kind == Kind::Tls {
            ru.push_str(self.end.about_tls.0);
            en.push_str(self.end.about_tls.1);
        }
        let (what, detail) = (asked.what, &trouble.detail);
        let message =
            Text::new(format!("{ru} ({what}: {detail})"), format!("{en} ({what}: {detail})"));
        Failure { class, code: code.to_owned(), message, after: Duration::ZERO }
    }

    /// The failure of an answer that is not the messenger's: an error page, half an answer.
    pub(crate) fn foreign(&self, asked: Asked, status: u16) -> Failure {
        let class = match (status, asked.nature) {
            (407, _) => Class::Unreachable,
            (408 | 429, _) => Class::RetryNow,
            (300..=499, _) => Class::RetryLater,
            (_, Nature::Read) => Class::RetryNow,
            _ => Class::Lost,
        };
        let (name, what) = (self.end.name, asked.what);
        Failure {
            class,
            code: "http.status".to_owned(),
            message: Text::new(
                format!("вместо ответа {name} пришло что-то другое ({what}: HTTP {status})"),
                format!("something else came instead of {name}'s answer ({what}: HTTP {status})"),
            ),
            after: Duration::from_secs(if class == Class::RetryLater { 600 } else { 0 }),
        }
    }
}

/// The failure of a request that was not sent because work must end.
pub(crate) fn stopped(reason: Reason) -> Failure {
    let (code, ru, en) = match reason {
        Reason::Cancelled => ("stop.cancelled", "работа отменена", "the work was cancelled"),
        Reason::Budget => ("stop.budget", "время вышло", "the time is over"),
    };
    Failure {
        class: Class::Stopped,
        code: code.to_owned(),
        message: Text::new(ru, en),
        after: Duration::ZERO,
    }
}

/// How long to wait before something is tried once more: 0.3, 0.6, 1.2 s and up to half as much
/// again, so that threads do not return together.
pub(crate) fn pause(turn: u32) -> Duration {
    let base = 150_u64 << turn.min(8);
    let jitter = RandomState::new().build_hasher().finish() % (base / 2 + 1);
    Duration::from_millis(base + jitter)
}
