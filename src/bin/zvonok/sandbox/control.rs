//! The control interface under `/sandbox/`: what people in the messenger do, what goes wrong, and
//! a look at everything. See the module's documentation for the requests.

use std::time::Duration;

use axum::body::Bytes;
use axum::extract::{FromRequest, Query, Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::desk::{Desk, Papers, now_ms};
use super::faults::{Fault, Kill};
use super::people::Declaration;
use super::world::{Chat, Entry, Joined, Recipient, Refusal};

pub(crate) fn routes() -> Router<Desk> {
    Router::new()
        .route("/sandbox/state", get(state))
        .route("/sandbox/requests", get(requests))
        .route("/sandbox/tally", get(tally))
        .route("/sandbox/counters", get(counters))
        .route("/sandbox/counters/reset", post(reset_counters))
        .route("/sandbox/events", get(events))
        .route("/sandbox/people", post(people))
        .route("/sandbox/join", post(join))
        .route("/sandbox/add", post(add))
        .route("/sandbox/leave", post(leave))
        .route("/sandbox/remove", post(remove))
        .route("/sandbox/rotate", post(rotate))
        .route("/sandbox/promote", post(promote))
        .route("/sandbox/rename", post(rename))
        .route("/sandbox/delete_chat", post(delete_chat))
        .route("/sandbox/message", post(message))
        .route("/sandbox/pin", post(pin))
        .route("/sandbox/finish_call", post(finish_call))
        .route("/sandbox/faults", post(set_fault).delete(clear_faults))
        .route("/sandbox/kill_on", post(kill_on))
        .route("/sandbox/mode", post(mode))
        .route("/sandbox/token", post(token))
}

/// Refused: the status and a sentence.
pub(crate) struct No(StatusCode, String);

pub(crate) type Answer = Result<Json<Value>, No>;

impl No {
    pub(crate) fn no_chat() -> No {
        No(StatusCode::NOT_FOUND, "no such chat".to_owned())
    }

    pub(crate) fn no_message() -> No {
        No(StatusCode::NOT_FOUND, "no such message".to_owned())
    }

    /// Somebody did not get in.
    pub(crate) fn refusal(refusal: Refusal) -> No {
        conflict(json!(refusal).as_str().unwrap_or_default())
    }
}

impl IntoResponse for No {
    fn into_response(self) -> Response {
        (self.0, Json(json!({ "error": self.1 }))).into_response()
    }
}

/// A body of JSON whose faults are told in the same form as every other refusal.
pub(crate) struct Order<T>(pub(crate) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Order<T> {
    type Rejection = No;

    async fn from_request(request: Request, state: &S) -> Result<Order<T>, No> {
        match Json::from_request(request, state).await {
            Ok(Json(order)) => Ok(Order(order)),
            Err(rejection) => Err(No(rejection.status(), rejection.body_text())),
        }
    }
}

pub(crate) fn unwell(error: String) -> No {
    No(StatusCode::INTERNAL_SERVER_ERROR, error)
}

/// The messenger is not such that this can be done.
pub(crate) fn conflict(word: &str) -> No {
    No(StatusCode::CONFLICT, word.to_owned())
}

/// Done, and there is nothing to say.
pub(crate) fn done() -> Json<Value> {
    Json(json!({ "ok": true }))
}

pub(crate) fn wrong(error: impl Into<String>) -> No {
    No(StatusCode::BAD_REQUEST, error.into())
}

async fn state(State(desk): State<Desk>) -> Json<Value> {
    Json(desk.read(super::view::state))
}

async fn tally(State(desk): State<Desk>) -> Json<Value> {
    Json(desk.read(super::view::tally))
}

#[derive(Deserialize)]
struct Since {
    #[serde(default)]
    since: u64,
    limit: Option<usize>,
    wait: Option<u64>,
}

async fn requests(State(desk): State<Desk>, Query(asked): Query<Since>) -> Response {
    let limit = asked.limit.unwrap_or(usize::MAX);
    Json(desk.read(|papers| papers.log.since(asked.since, limit))).into_response()
}

async fn counters(State(desk): State<Desk>) -> Response {
    Json(desk.read(|papers| papers.log.counters().clone())).into_response()
}

/// The body says nothing, but one that is left unread costs the connection.
async fn reset_counters(State(desk): State<Desk>, _: Bytes) -> Answer {
    desk.note(|papers| papers.log.reset_counters());
    Ok(done())
}

async fn events(State(desk): State<Desk>, Query(asked): Query<Since>) -> Json<Value> {
    let wait = Duration::from_secs(asked.wait.unwrap_or(25).min(60));
    Json(json!({ "version": desk.news(asked.since, wait).await }))
}

async fn people(State(desk): State<Desk>, Order(said): Order<Declaration>) -> Answer {
    let person = desk.change(|papers| papers.people.declare(said)).map_err(unwell)?;
    Ok(Json(json!(person.map_err(wrong)?)))
}

/// A chat, by its number or by the link that leads to it, and a person.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Passage {
    chat_id: Option<i64>,
    link: Option<String>,
    user: i64,
    /// Who adds them; without it the owner does.
    by: Option<i64>,
}

async fn join(State(desk): State<Desk>, Order(passage): Order<Passage>) -> Answer {
    enter(&desk, passage, Joined::Link)
}

async fn add(State(desk): State<Desk>, Order(passage): Order<Passage>) -> Answer {
    enter(&desk, passage, Joined::Hand)
}

fn enter(desk: &Desk, passage: Passage, joined: Joined) -> Answer {
    let entered = desk.change(|papers| enter_now(papers, passage, joined)).map_err(unwell)?;
    entered.map(Json)
}

fn enter_now(papers: &mut Papers, passage: Passage, joined: Joined) -> Result<Value, No> {
    let removed_stay_out = papers.switches.removed_stay_out;
    let Papers { vk, people, .. } = papers;
    let chat = match (&passage.link, passage.chat_id) {
        (Some(link), None) => vk.chat_by_link(link),
        (None, Some(id)) => vk.chats.get_mut(&id),
        _ => return Err(wrong("either link or chat_id is needed")),
    };
    let chat = chat.ok_or_else(No::no_chat)?;
    let Passage { user, by, .. } = passage;
    let entry = Entry { user, by: by.unwrap_or(chat.owner), now: now_ms() / 1000, joined };
    let barred = joined == Joined::Link && removed_stay_out && chat.removed.contains(&user);
    let entered = if barred { Err(Refusal::Removed) } else { chat.enter(&entry, people) };
    match entered {
        Ok(()) => Ok(json!({ "ok": true, "chat_id": chat.id })),
        Err(refusal) => Err(No::refusal(refusal)),
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Leaving {
    chat_id: i64,
    user: i64,
}

async fn leave(State(desk): State<Desk>, Order(who): Order<Leaving>) -> Answer {
    with_chat(&desk, who.chat_id, |chat| chat.leave(who.user).then_some(()).ok_or_else(not_in))
}

async fn remove(State(desk): State<Desk>, Order(who): Order<Leaving>) -> Answer {
    with_chat(&desk, who.chat_id, |chat| chat.remove(who.user).then_some(()).ok_or_else(not_in))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Rotation {
    chat_id: i64,
}

async fn rotate(State(desk): State<Desk>, Order(order): Order<Rotation>) -> Answer {
    let act = |papers: &mut Papers| {
        let link = papers.vk.fresh_link(papers.community);
        let chat = papers.vk.chats.get_mut(&order.chat_id).ok_or_else(No::no_chat)?;
        chat.link.clone_from(&link);
        Ok(json!({ "ok": true, "link": link }))
    };
    desk.change(act).map_err(unwell)?.map(Json)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Promotion {
    chat_id: i64,
    user: i64,
    admin: bool,
}

async fn promote(State(desk): State<Desk>, Order(who): Order<Promotion>) -> Answer {
    with_chat(&desk, who.chat_id, |chat| {
        chat.promote(who.user, who.admin).then_some(()).ok_or_else(not_in)
    })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Renaming {
    chat_id: i64,
    title: String,
}

async fn rename(State(desk): State<Desk>, Order(new): Order<Renaming>) -> Answer {
    with_chat(&desk, new.chat_id, |chat| {
        chat.title = new.title;
        Ok(())
    })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Ending {
    chat_id: i64,
    /// The platform's code for what became of the chat; 0 brings it back.
    code: i64,
}

async fn delete_chat(State(desk): State<Desk>, Order(end): Order<Ending>) -> Answer {
    if ![0, 927, 945, 993, 1012, 1017].contains(&end.code) {
        return Err(wrong("code is one of 927, 945, 993, 1012, 1017, or 0 to bring the chat back"));
    }
    with_chat(&desk, end.chat_id, |chat| {
        chat.closed = Some(end.code).filter(|code| *code != 0);
        Ok(())
    })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Writing {
    chat_id: i64,
    user: i64,
    text: String,
}

async fn message(State(desk): State<Desk>, Order(said): Order<Writing>) -> Answer {
    let act = |papers: &mut Papers| {
        let Writing { chat_id: id, user: from, text } = &said;
        let chat = papers.vk.chats.get(id).ok_or_else(No::no_chat)?;
        chat.member(*from).filter(|member| member.id > 0).ok_or_else(not_in)?;
        if chat.closed.is_some() {
            return Err(No::refusal(Refusal::Closed));
        }
        let to = Recipient { chat: true, id: *id, from: *from };
        let written = papers.vk.write(to, text, 0, now_ms() / 1000);
        Ok(json!({ "ok": true, "cmid": written.number }))
    };
    desk.change(act).map_err(unwell)?.map(Json)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Pinning {
    chat_id: i64,
    /// Without one, whatever is pinned is taken down.
    cmid: Option<i64>,
}

async fn pin(State(desk): State<Desk>, Order(order): Order<Pinning>) -> Answer {
    with_chat(&desk, order.chat_id, |chat| {
        let is_there = |cmid| chat.talk.messages.iter().any(|message| message.number == cmid);
        if !order.cmid.is_none_or(is_there) {
            return Err(No::no_message());
        }
        chat.pinned = order.cmid;
        Ok(())
    })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Finish {
    call_id: String,
}

async fn finish_call(State(desk): State<Desk>, Order(order): Order<Finish>) -> Answer {
    let finish = |papers: &mut Papers| papers.vk.finish_call(&order.call_id, now_ms() / 1000);
    match desk.change(finish).map_err(unwell)? {
        true => Ok(done()),
        false => Err(conflict("not_running")),
    }
}

fn with_chat(desk: &Desk, id: i64, act: impl FnOnce(&mut Chat) -> Result<(), No>) -> Answer {
    let act = |papers: &mut Papers| act(papers.vk.chats.get_mut(&id).ok_or_else(No::no_chat)?);
    desk.change(act).map_err(unwell)??;
    Ok(done())
}

pub(crate) fn not_in() -> No {
    conflict("not_in")
}

async fn set_fault(State(desk): State<Desk>, Order(order): Order<Value>) -> Answer {
    let fault = Fault::read(order).map_err(wrong)?;
    desk.note(|papers| papers.faults.set(fault)).map_err(wrong)?;
    Ok(done())
}

async fn clear_faults(State(desk): State<Desk>) -> Answer {
    desk.note(|papers| papers.faults.clear());
    Ok(done())
}

async fn kill_on(State(desk): State<Desk>, Order(kill): Order<Kill>) -> Answer {
    kill.check().map_err(wrong)?;
    desk.note(|papers| papers.kill = Some(kill));
    Ok(done())
}

/// Sets the switches that are named and leaves the others.
async fn mode(State(desk): State<Desk>, Order(named): Order<Value>) -> Answer {
    let set = |papers: &mut Papers| {
        papers.switches = with_named(&papers.switches, &named)?;
        Ok(json!(papers.switches))
    };
    desk.note(set).map(Json)
}

/// The switches with those that are named set anew.
pub(crate) fn with_named<T>(switches: &T, named: &Value) -> Result<T, No>
where
    T: serde::Serialize + DeserializeOwned,
{
    let mut switches = json!(switches);
    let (Some(all), Some(named)) = (switches.as_object_mut(), named.as_object()) else {
        return Err(wrong("an object of switches is needed"));
    };
    all.extend(named.clone());
    serde_json::from_value(switches).map_err(|error| wrong(error.to_string()))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NewToken {
    token: String,
}

async fn token(State(desk): State<Desk>, Order(new): Order<NewToken>) -> Answer {
    desk.note(|papers| papers.token = new.token);
    Ok(done())
}
