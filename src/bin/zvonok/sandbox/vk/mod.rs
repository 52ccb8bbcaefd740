//! VK's API 5.199 for the token of a community: `/method/<name>`, form in, envelope out.
//!
//! Where VK's documents are silent, the answers are a choice that is as inconvenient as what they
//! allow: adding somebody who is in already is 15, somebody without rights gets 925, and a batch
//! of more than 25 calls has made the first 25 of them.

mod chats;
mod error;
mod lists;
mod messages;
mod methods;
mod params;
mod program;
mod script;
mod smalls;

use std::time::{Duration, Instant};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Path, Request, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use futures_util::{StreamExt, stream};
use serde_json::{Value, json};

use super::desk::{Desk, Papers, now_ms};
use super::faults::{Deed, When};
use super::log::{Opening, Outcome};
use super::server::dropped;
use error::Error;
use methods::Caller;
use params::Params;

/// What a chat's number is added to for its peer id.
pub(crate) const CHAT_PEERS: i64 = 2_000_000_000;

pub(crate) fn routes() -> Router<Desk> {
    Router::new().route("/method/{name}", get(method).post(method))
}

async fn method(State(desk): State<Desk>, Path(name): Path<String>, request: Request) -> Response {
    let (params, token) = match params::read(request).await {
        Ok(read) => read,
        Err(refusal) => return refusal,
    };
    match answer(&desk, &name, &params, token.as_deref()).await {
        Ok(response) => response,
        Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, error).into_response(),
    }
}

/// Carries a request out and lets its fault befall it. An error is the sandbox's own: its state
/// file cannot be written.
async fn answer(
    desk: &Desk,
    name: &str,
    params: &Params,
    token: Option<&str>,
) -> Result<Response, String> {
    let deed = desk.note(|papers| papers.faults.for_request(name));
    if let Some(Deed::Delay { ms, when: When::Before }) = deed {
        tokio::time::sleep(Duration::from_millis(ms)).await;
    }
    let carry_out = |papers: &mut Papers| carry_out(papers, name, params, token, deed);
    let reads = methods::find(name).is_some_and(|method| !method.changes(params));
    let carried_out = if reads { desk.note(carry_out) } else { desk.change(carry_out)? };
    if let Some(Deed::Delay { ms, when: When::After }) = carried_out.deed {
        tokio::time::sleep(Duration::from_millis(ms)).await;
    }
    Ok(carried_out.into_response())
}

/// A request that is over, but for its answer.
pub(super) struct CarriedOut {
    body: Value,
    deed: Option<Deed>,
}

/// One request from the log's first word to its last, with the kill that may be due at it.
fn carry_out(
    papers: &mut Papers,
    name: &str,
    params: &Params,
    token: Option<&str>,
    deed: Option<Deed>,
) -> CarriedOut {
    let n = enter(papers, name, params, None);
    let kill = papers.kill.take_if(|kill| kill.due());
    let killed = kill.is_some();
    let mut deed = deed;
    if let Some(kill) = kill.as_ref().filter(|kill| kill.when == When::Before) {
        kill.strike();
        deed = Some(Deed::DropBefore {});
    }
    let mut body = Value::Null;
    if !deed.as_ref().is_some_and(Deed::prevents) {
        let result = perform(papers, n, name, params, token, &mut deed);
        papers.log.close(n, outcome(&result));
        body = envelope(name, params, result);
    }
    if let Some(kill) = kill.filter(|kill| kill.when == When::After) {
        kill.strike();
        deed = Some(Deed::DropAfter {});
    }
    if let Some(deed) = &deed {
        papers.log.fault(n, if killed { "kill" } else { deed.name() });
    }
    CarriedOut { body, deed }
}

/// What a method answers: the response, and the errors of a batch's inner calls.
type Answer = Result<(Value, Vec<Value>), Error>;

fn perform(
    papers: &mut Papers,
    n: u64,
    name: &str,
    params: &Params,
    token: Option<&str>,
    deed: &mut Option<Deed>,
) -> Answer {
    if let Some(Deed::Error { code, message }) = deed {
        return Err(Error::ordered(*code, message.as_deref()));
    }
    admit(papers, name, params, token)?;
    if name != "execute" {
        let response = Caller { papers, version: params.version() }.call(name, params)?;
        return Ok((response, Vec::new()));
    }
    let ran = program::execute(papers, n, params);
    *deed = ran.deed.or(deed.take());
    ran.result.map(|response| (response, ran.errors))
}

/// The checks that come before any method.
fn admit(
    papers: &mut Papers,
    name: &str,
    params: &Params,
    token: Option<&str>,
) -> Result<(), Error> {
    if params.get("v").is_none() {
        return Err(Error::new(8, "Invalid request: v is required"));
    }
    if name != "execute" && methods::find(name).is_none() {
        return Err(Error::unknown_method());
    }
    match token {
        None => Err(Error::new(5, "User authorization failed: no access_token passed.")),
        Some(token) if token != papers.token => {
            Err(Error::new(5, "User authorization failed: invalid access_token (4)."))
        }
        Some(_) if !papers.pace.grant(Instant::now()) => {
            Err(Error::new(6, "Too many requests per second"))
        }
        Some(_) => Ok(()),
    }
}

/// Opens a log entry for a request or, with a batch's number, for a call inside it.
fn enter(papers: &mut Papers, method: &str, params: &Params, batch: Option<u64>) -> u64 {
    let known = methods::find(method);
    let changing = known.is_some_and(|known| known.changes(params));
    let opening = Opening { method, params: params.all(), changing, batch, time: now_ms() };
    papers.log.open(&opening, known.is_some() || method == "execute")
}

fn outcome<T>(result: &Result<T, Error>) -> Outcome {
    match result {
        Ok(_) => Outcome::Word("ok"),
        Err(error) => Outcome::Code(error.code),
    }
}

/// VK's envelope. The echo of the parameters leaves the token out, as VK's does now.
fn envelope(name: &str, params: &Params, answer: Answer) -> Value {
    match answer {
        Ok((response, errors)) if errors.is_empty() => json!({ "response": response }),
        Ok((response, errors)) => json!({ "response": response, "execute_errors": errors }),
        Err(error) => {
            let mut echo = vec![
                json!({ "key": "method", "value": name }),
                json!({ "key": "oauth", "value": "1" }),
            ];
            echo.extend(
                params.all().iter().map(|(key, value)| json!({ "key": key, "value": value })),
            );
            json!({ "error": {
                "error_code": error.code,
                "error_msg": error.text,
                "request_params": echo,
            } })
        }
    }
}

impl IntoResponse for CarriedOut {
    fn into_response(self) -> Response {
        let text = self.body.to_string();
        match self.deed {
            Some(Deed::DropBefore {} | Deed::DropAfter {}) => dropped(),
            Some(Deed::Http500 { .. }) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
            Some(Deed::Html { .. }) => axum::response::Html(
                "<!doctype html><title>Технические работы</title><h1>Скоро вернёмся</h1>",
            )
            .into_response(),
            Some(Deed::Truncate {}) => truncated(text),
            _ => json_text(Body::from(text)),
        }
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
