//! MAX's Bot API of autumn 2026 for the token of one bot: JSON under `/max`, errors with a status
//! and `{"code", "message"}`.
//!
//! Where MAX's documents are silent, the answers are a choice that is as inconvenient as what they
//! allow: whom the interface cannot make an admin or remove gets status 200 and `success: false`,
//! an admin is not removed before the rights are taken, a group that was deleted is as if the bot
//! had never been in, and a webhook makes requests for updates fail with 405. The switches of
//! `POST /sandbox/max/mode` turn some of these around.

mod call;
mod chats;
pub(crate) mod control;
mod door;
mod error;
mod events;
mod launch;
mod members;
mod messages;
mod rights;
mod shapes;
mod switches;
mod talks;
mod text;
mod updates;
pub(crate) mod view;
mod webhook;
mod world;

use std::time::Duration;

use axum::Router;
use axum::extract::{Query, Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::any;
use serde_json::Value;

use super::Options;
use super::desk::{Desk, Papers, now_ms};
use super::exchange::{self, CarriedOut, Reply};
use super::faults::Deed;
use super::log::{Opening, Outcome};
use call::Call;
use door::Key;
use error::Error;
pub(crate) use launch::percent;
pub(crate) use switches::AddMembers;
pub(crate) use webhook::deliver;
pub(crate) use world::World;

/// Where the interface begins.
pub(crate) const ROOT: &str = "/max";
/// The bot that is served if no other is named.
pub(crate) const BOT: i64 = 190_000_001;

const PLATFORM: &str = "max";
const LARGEST_BODY: usize = 4 * 1024 * 1024;

pub(crate) fn routes() -> Router<Desk> {
    let all = any(request);
    Router::new().route("/max", all.clone()).route("/max/", all.clone()).route("/max/{*rest}", all)
}

type Handler = fn(&mut Papers, &Call) -> Result<Value, Error>;

/// A method of the interface.
struct Endpoint {
    /// `PUT /chats/{chatId}/pin`.
    template: &'static str,
    changes: bool,
    handler: Handler,
}

const fn reads(template: &'static str, handler: Handler) -> Endpoint {
    Endpoint { template, changes: false, handler }
}

const fn changes(template: &'static str, handler: Handler) -> Endpoint {
    Endpoint { template, changes: true, handler }
}

const UPDATES: &str = "GET /updates";

const ENDPOINTS: &[Endpoint] = &[
    reads("GET /me", chats::me),
    changes("PATCH /me/commands", chats::commands),
    reads("GET /chats/{chatId}", chats::get),
    changes("PATCH /chats/{chatId}", chats::patch),
    changes("DELETE /chats/{chatId}", chats::delete),
    changes("POST /chats/{chatId}/actions", chats::action),
    reads("GET /chats/{chatId}/pin", chats::pinned),
    changes("PUT /chats/{chatId}/pin", chats::pin),
    changes("DELETE /chats/{chatId}/pin", chats::unpin),
    reads("GET /chats/{chatId}/members/me", members::me),
    changes("DELETE /chats/{chatId}/members/me", members::leave),
    reads("GET /chats/{chatId}/members/admins", members::admins),
    changes("POST /chats/{chatId}/members/admins", members::promote),
    changes("DELETE /chats/{chatId}/members/admins/{userId}", members::demote),
    reads("GET /chats/{chatId}/members", members::list),
    changes("POST /chats/{chatId}/members", members::add),
    changes("DELETE /chats/{chatId}/members", members::remove),
    reads("GET /subscriptions", webhook::list),
    changes("POST /subscriptions", webhook::subscribe),
    changes("DELETE /subscriptions", webhook::unsubscribe),
    reads("GET /messages", messages::list),
    changes("POST /messages", messages::send),
    changes("PUT /messages", messages::edit),
    changes("DELETE /messages", messages::delete),
    reads("GET /messages/{messageId}", messages::get),
    changes("POST /answers", messages::answer),
    reads(UPDATES, updates::poll),
];

/// The method for this request, and what stands in the path where it has names.
fn find(method: &str, path: &str) -> Option<(&'static Endpoint, Vec<String>)> {
    ENDPOINTS.iter().find_map(|endpoint| {
        let names = matched(endpoint.template.strip_prefix(method)?.strip_prefix(' ')?, path)?;
        Some((endpoint, names))
    })
}

fn matched(template: &str, path: &str) -> Option<Vec<String>> {
    let mut names = Vec::new();
    let mut parts = path.split('/');
    for wanted in template.split('/') {
        let part = parts.next()?;
        if wanted.starts_with('{') {
            names.push(part.to_owned());
        } else if wanted != part {
            return None;
        }
    }
    parts.next().is_none().then_some(names)
}

async fn request(
    State(desk): State<Desk>,
    Query(query): Query<Vec<(String, String)>>,
    request: Request,
) -> Response {
    let (parts, body) = request.into_parts();
    let Ok(body) = axum::body::to_bytes(body, LARGEST_BODY).await else {
        return StatusCode::PAYLOAD_TOO_LARGE.into_response();
    };
    let path = parts.uri.path().strip_prefix(ROOT).unwrap_or_default();
    let path = if path.is_empty() { "/".to_owned() } else { path.to_owned() };
    let method = parts.method.as_str().to_owned();
    let (endpoint, names) = find(&method, &path).unzip();
    let call = Call { method, path, names: names.unwrap_or_default(), query, body };
    let key = Key::of(&parts.headers, &call);
    match answer(&desk, endpoint, &call, &key).await {
        Ok(response) => response,
        Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, error).into_response(),
    }
}

/// Carries a request out and lets its fault befall it. An error is the sandbox's own: its state
/// file cannot be written.
async fn answer(
    desk: &Desk,
    endpoint: Option<&'static Endpoint>,
    call: &Call,
    key: &Key,
) -> Result<Response, String> {
    let concrete = format!("{} {}", call.method, call.path);
    let name = endpoint.map_or(concrete.as_str(), |endpoint| endpoint.template);
    let deed = exchange::fault(desk, PLATFORM, &[name, &concrete]).await;
    let params = call.params();
    let carry_out = |papers: &mut Papers| {
        let changing = endpoint.is_some_and(|endpoint| endpoint.changes);
        let (platform, params) = (PLATFORM, params.as_slice());
        let opening =
            Opening { platform, method: name, params, changing, batch: None, time: now_ms() };
        exchange::carry_out(papers, &opening, endpoint.is_some(), deed, |papers, _, deed| {
            perform(papers, endpoint, call, key, deed.as_ref())
        })
    };
    let saves = endpoint.is_some_and(|endpoint| endpoint.changes);
    let mut carried_out = if saves { desk.change(carry_out)? } else { desk.note(carry_out) };
    if name == UPDATES {
        wait_for_updates(desk, call, &mut carried_out).await;
    }
    Ok(carried_out.deliver().await)
}

fn perform(
    papers: &mut Papers,
    endpoint: Option<&Endpoint>,
    call: &Call,
    key: &Key,
    deed: Option<&Deed>,
) -> Reply {
    let switches = papers.max.switches;
    let result = match deed {
        Some(Deed::Error { code, message, status, .. }) => {
            Err(Error::ordered(code, message.as_deref(), *status))
        }
        _ => papers.max.door.admit(key, switches.rate).and_then(|()| {
            let endpoint = endpoint.ok_or_else(|| Error::no_method(&call.path))?;
            (endpoint.handler)(papers, call)
        }),
    };
    match result {
        Ok(body) => {
            let refused = body["success"] == false;
            let outcome = Outcome::Word(if refused { "refused" } else { "ok" });
            Reply { outcome, status: 200, body, retry_after: None }
        }
        Err(error) => {
            let usual = (error.status == 429 && switches.retry_after).then_some(1);
            let retry_after = match deed {
                Some(Deed::Error { retry_after, .. }) => retry_after.or(usual),
                _ => usual,
            };
            let body = error.body();
            Reply { outcome: Outcome::Name(error.code), status: error.status, body, retry_after }
        }
    }
}

/// Holds an answer without updates back until there are some, or its time is over.
async fn wait_for_updates(desk: &Desk, call: &Call, carried_out: &mut CarriedOut) {
    let Some(reply) = carried_out.reply.as_mut().filter(|reply| reply.status == 200) else {
        return;
    };
    let Ok(asked) = updates::Asked::read(call) else { return };
    let deadline = tokio::time::Instant::now() + Duration::from_secs(asked.wait);
    while reply.body["updates"].as_array().is_some_and(Vec::is_empty) {
        let left = deadline.saturating_duration_since(tokio::time::Instant::now());
        if left.is_zero() {
            return;
        }
        let version = desk.version();
        reply.body = desk.quietly(|papers| {
            let start = papers.max.switches.poll_without_marker;
            let kept = papers.max.switches.updates_kept_ms;
            papers.max.updates.take(&asked, start, kept)
        });
        if reply.body["updates"].as_array().is_some_and(Vec::is_empty) {
            desk.news(version, left).await;
        }
    }
}

impl World {
    /// Takes from the options what is not in the state file, or is named anew.
    pub(crate) fn opened(mut self, options: &Options) -> World {
        self.door.token.clone_from(&options.max_token);
        self.bot.id = options.max_bot.unwrap_or(self.bot.id);
        self.switches.add_members = options.max_mode;
        self.switches.rate = options.max_rate;
        self.switches.chat_rate = options.max_chat_rate;
        if options.max_rate == 0 {
            self.switches.poll_rate = 0;
        }
        self
    }
}
