//! VK's API 5.199 for the token of a community: `/method/<name>`, form in, envelope out.
//!
//! Where VK's documents are silent, the answers are a choice that is as inconvenient as what they
//! allow: adding somebody who is in already is 15, somebody without rights gets 925, and a batch
//! of more than 25 calls has made the first 25 of them. VK ID, beside it, is in [`id`].

mod chats;
mod error;
pub(crate) mod id;
mod lists;
mod messages;
mod methods;
mod params;
mod program;
mod script;
mod smalls;

use std::time::Instant;

use axum::Router;
use axum::extract::{Path, Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use serde_json::{Value, json};

use super::desk::{Desk, Papers, now_ms};
use super::exchange::{self, Reply};
use super::faults::Deed;
use super::log::{Opening, Outcome};
use error::Error;
use methods::Caller;
use params::Params;

const PLATFORM: &str = "vk";

/// What a chat's number is added to for its peer id.
pub(crate) const CHAT_PEERS: i64 = 2_000_000_000;

pub(crate) fn routes() -> Router<Desk> {
    Router::new().route("/method/{name}", get(method).post(method)).merge(id::routes())
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
    let deed = exchange::fault(desk, PLATFORM, &[name]).await;
    let act = |papers: &mut Papers, n: u64, deed: &mut Option<Deed>| {
        let result = perform(papers, n, name, params, token, deed);
        let outcome = outcome(&result);
        let body = envelope(name, params, result);
        Reply { outcome, status: 200, body, retry_after: None }
    };
    let carry_out = |papers: &mut Papers| {
        let opening = opening(name, params, None);
        exchange::carry_out(papers, &opening, known(name), deed, act)
    };
    let reads = methods::find(name).is_some_and(|method| !method.changes(params));
    let carried_out = if reads { desk.note(carry_out) } else { desk.change(carry_out)? };
    Ok(carried_out.deliver().await)
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
    if let Some(Deed::Error { code, message, .. }) = deed {
        return Err(Error::ordered(code.number(), message.as_deref()));
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
    if !known(name) {
        return Err(Error::unknown_method());
    }
    match token {
        None => Err(Error::new(5, "User authorization failed: no access_token passed.")),
        Some(token) if token != papers.token => {
            Err(Error::new(5, "User authorization failed: invalid access_token (4)."))
        }
        Some(_) if !papers.pace.grant(papers.rate, Instant::now()) => {
            Err(Error::new(6, "Too many requests per second"))
        }
        Some(_) => Ok(()),
    }
}

/// The log's entry for a request or, with a batch's number, for a call inside it.
fn opening<'a>(method: &'a str, params: &'a Params, batch: Option<u64>) -> Opening<'a> {
    let changing = methods::find(method).is_some_and(|known| known.changes(params));
    let params = params.all();
    Opening { platform: PLATFORM, method, params, changing, batch, time: now_ms() }
}

/// Whether there is such a method, or it is a batch.
fn known(method: &str) -> bool {
    method == "execute" || methods::find(method).is_some()
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
