//! What every request goes through, whichever platform it is for: the log, the kill and the fault
//! that may be due at it, and the answer as the fault leaves it.

use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use futures_util::{StreamExt, stream};
use serde_json::Value;

use super::desk::{Desk, Papers};
use super::faults::{Deed, When};
use super::log::{Opening, Outcome};
use super::server::dropped;

/// What a platform answers.
pub(crate) struct Reply {
    pub(crate) outcome: Outcome,
    pub(crate) status: u16,
    pub(crate) body: Value,
    /// Sent as `Retry-After`.
    pub(crate) retry_after: Option<u64>,
}

/// A request that is over, but for its answer.
pub(crate) struct CarriedOut {
    pub(crate) reply: Option<Reply>,
    deed: Option<Deed>,
}

/// Counts the request for the faults that name it, and waits out a delay that comes before it.
pub(crate) async fn fault(desk: &Desk, platform: &str, names: &[&str]) -> Option<Deed> {
    let deed = desk.note(|papers| papers.faults.for_request(platform, names));
    if let Some(Deed::Delay { ms, when: When::Before }) = deed {
        tokio::time::sleep(Duration::from_millis(ms)).await;
    }
    deed
}

/// One request from the log's first word to its last, with the kill that may be due at it. `act`
/// is told the log's number and the fault, which it may replace; it is not asked at all when the
/// fault prevents it.
pub(crate) fn carry_out(
    papers: &mut Papers,
    opening: &Opening<'_>,
    known: bool,
    mut deed: Option<Deed>,
    act: impl FnOnce(&mut Papers, u64, &mut Option<Deed>) -> Reply,
) -> CarriedOut {
    let n = papers.log.open(opening, known);
    let kill = papers.kill.take_if(|kill| kill.due());
    let killed = kill.is_some();
    if let Some(kill) = kill.as_ref().filter(|kill| kill.when == When::Before) {
        kill.strike();
        deed = Some(Deed::DropBefore {});
    }
    let mut reply = None;
    if !deed.as_ref().is_some_and(Deed::prevents) {
        let made = act(papers, n, &mut deed);
        papers.log.close(n, made.outcome.clone());
        reply = Some(made);
    }
    if let Some(kill) = kill.filter(|kill| kill.when == When::After) {
        kill.strike();
        deed = Some(Deed::DropAfter {});
    }
    if let Some(deed) = &deed {
        papers.log.fault(n, if killed { "kill" } else { deed.name() });
    }
    CarriedOut { reply, deed }
}

impl CarriedOut {
    /// Waits out a delay that comes after the request and makes the answer.
    pub(crate) async fn deliver(self) -> Response {
        if let Some(Deed::Delay { ms, when: When::After }) = self.deed {
            tokio::time::sleep(Duration::from_millis(ms)).await;
        }
        match (self.deed, self.reply) {
            (Some(Deed::DropBefore {} | Deed::DropAfter {}), _) => dropped(),
            (Some(Deed::Http500 { .. }), _) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
            (Some(Deed::Html { .. }), _) => axum::response::Html(
                "<!doctype html><title>Технические работы</title><h1>Скоро вернёмся</h1>",
            )
            .into_response(),
            (Some(Deed::Truncate {}), Some(reply)) => truncated(reply.body.to_string()),
            (_, Some(reply)) => reply.into_response(),
            (_, None) => dropped(),
        }
    }
}

impl IntoResponse for Reply {
    fn into_response(self) -> Response {
        let mut response = json_text(Body::from(self.body.to_string()));
        *response.status_mut() =
            StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        if let Some(seconds) = self.retry_after {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}

fn json_text(body: Body) -> Response {
    let kind = HeaderValue::from_static("application/json; charset=utf-8");
    ([(header::CONTENT_TYPE, kind)], body).into_response()
}

/// The whole length is promised, half of it is sent, and the connection breaks.
fn truncated(text: String) -> Response {
    let length = text.len();
    let mut half = Bytes::from(text);
    half.truncate(length / 2);
    let first = stream::once(async { Ok(half) });
    let break_off = stream::once(async {
        // Time for the half to be on its way; an error at once would take it along.
        tokio::time::sleep(Duration::from_millis(50)).await;
        Err(std::io::Error::other("the answer is to break off"))
    });
    let parts = first.chain(break_off);
    let mut response = json_text(Body::from_stream(parts));
    response.headers_mut().insert(header::CONTENT_LENGTH, HeaderValue::from(length));
    response
}
