//! The failures of requests that brought no answer of MAX's.

use std::time::Duration;

use super::request::{Nature, Request};
use crate::error::Text;
use crate::platform::http::{Kind, Reply, Trouble};
use crate::platform::{Class, Failure};
use crate::stop::Reason;

/// The failure of a request without an answer.
pub(super) fn unanswered(request: &Request, trouble: &Trouble) -> Failure {
    let (code, ru, en) = told(trouble.kind);
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

fn told(kind: Kind) -> (&'static str, &'static str, &'static str) {
    match kind {
        Kind::Dns => ("http.dns", "адрес MAX не найден в DNS", "MAX's address is not known to DNS"),
        Kind::Connect => ("http.connect", "соединиться с MAX не удалось", "no connection to MAX"),
        Kind::Proxy => {
            ("http.proxy", "прокси не пропустил к MAX", "the proxy did not let us through to MAX")
        }
        // MAX's certificate goes back to a root that no system has by itself.
        Kind::Tls => (
            "http.tls",
            "защищённое соединение с MAX не установлено: сертификат не принят; укажите в ca_file корневой сертификат Минцифры",
            "no secure connection to MAX: the certificate was not accepted; name the Russian Trusted Root CA in ca_file",
        ),
        Kind::Timeout => ("http.timeout", "MAX не ответил вовремя", "MAX did not answer in time"),
        Kind::Closed => {
            ("http.closed", "соединение оборвалось до конца ответа", "the connection broke off")
        }
        Kind::Broken => ("http.broken", "ответ не прочитался", "the answer could not be read"),
        Kind::Stopped => ("http.stopped", "запрос остановлен", "the request was stopped"),
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
