//! The failures of requests that brought no answer of MAX's.

use std::time::Duration;

use super::request::{Nature, Request};
use crate::error::Text;
use crate::platform::http::{Kind, Reply, Trouble};
use crate::platform::{Class, Failure};
use crate::stop::Reason;

/// The failure of a request without an answer.
pub(super) fn unanswered(request: &Request, trouble: &Trouble) -> Failure {
    let (code, mut ru, mut en) = trouble.kind.told("MAX");
    let (hint_ru, hint_en) = hint(trouble.kind);
    ru.push_str(hint_ru);
    en.push_str(hint_en);
    let class = match (trouble.kind, trouble.sent, request.nature) {
        (_, true, Nature::Set | Nature::Make) => Class::Lost,
        (Kind::Stopped, ..) => Class::Stopped,
        (_, false, _) => Class::Unreachable,
        (_, true, Nature::Read) => Class::RetryNow,
    };
    let (route, detail) = (request.route, &trouble.detail);
    let message =
        Text::new(format!("{ru} ({route}: {detail})"), format!("{en} ({route}: {detail})"));
    Failure { class, code: code.to_owned(), message, after: Duration::ZERO }
}

/// MAX's certificate goes back to a root that no system has by itself.
fn hint(kind: Kind) -> (&'static str, &'static str) {
    match kind {
        Kind::Tls => (
            "; укажите в ca_file корневой сертификат Минцифры",
            "; name the Russian Trusted Root CA in ca_file",
        ),
        _ => ("", ""),
    }
}

/// The failure of an answer that is not MAX's: an error page, half an answer.
pub(super) fn foreign(request: &Request, reply: &Reply) -> Failure {
    let class = match (reply.status, request.nature) {
        (407, _) => Class::Unreachable,
        (408 | 429, _) => Class::RetryNow,
        (503, Nature::Read | Nature::Set) => Class::RetryNow,
        (300..=499, _) => Class::RetryLater,
        (_, Nature::Read) => Class::RetryNow,
        _ => Class::Lost,
    };
    let (route, status) = (request.route, reply.status);
    Failure {
        class,
        code: "http.status".to_owned(),
        message: Text::new(
            format!("вместо ответа MAX пришло что-то другое ({route}: HTTP {status})"),
            format!("something else came instead of MAX's answer ({route}: HTTP {status})"),
        ),
        after: Duration::from_secs(if class == Class::RetryLater { 600 } else { 0 }),
    }
}

/// The failure of a request that was not sent because work must end.
pub(super) fn stopped(reason: Reason) -> Failure {
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
