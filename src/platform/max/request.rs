//! From a platform-neutral [`Call`] to a request of MAX's Bot API, OpenAPI version 0.0.33.

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::json;

use crate::error::Text;
use crate::platform::http::Ask;
pub(super) use crate::platform::http::line::Nature;
use crate::platform::{Call, Class, Failure};

/// Accounts that one request can add or read.
pub(super) const MOST: usize = 100;

pub(super) const ADD: &str = "POST /chats/{chatId}/members";
pub(super) const REMOVE: &str = "DELETE /chats/{chatId}/members";
pub(super) const PROMOTE: &str = "POST /chats/{chatId}/members/admins";
pub(super) const DEMOTE: &str = "DELETE /chats/{chatId}/members/admins/{userId}";
pub(super) const RENAME: &str = "PATCH /chats/{chatId}";
pub(super) const TELL: &str = "POST /messages?user_id";
pub(super) const EVENTS: &str = "GET /updates";
pub(super) const PIN: &str = "PUT /chats/{chatId}/pin";
pub(super) const UNPIN: &str = "DELETE /chats/{chatId}/pin";

/// Messages of a dialog that are looked through.
const MESSAGES: usize = 50;

/// Messages of a chat in one answer, MAX's most.
pub(super) const HISTORY: usize = 100;

/// Events that MAX tells at once.
pub(super) const EVENTS_AT_ONCE: usize = 100;

/// What an admin whom the library appoints may do where nothing else is wished. Everything that keeps
/// a chat in order, but not appointing others. The rights to write and to pin need the right to read.
const RIGHTS: [&str; 6] = [
    "read_all_messages",
    "add_remove_members",
    "change_chat_info",
    "pin_message",
    "write",
    "can_call",
];

/// What MAX counts by itself, beside the requests in all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Counted {
    /// Messages to this chat.
    Chat(i64),
    /// Messages to this person.
    Person(i64),
    /// Questions about events.
    Events,
}

/// One request.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Request {
    /// Verb and path as MAX documents them; what is refused otherwise to a person than to a chat
    /// has its recipient with it.
    pub(super) route: &'static str,
    pub(super) nature: Nature,
    pub(super) ask: Ask,
    /// Path and query as they are sent.
    pub(super) target: String,
    /// What else MAX counts the request for.
    pub(super) counted: Option<Counted>,
}

impl Request {
    fn new(route: &'static str, nature: Nature, ask: Ask, target: String) -> Request {
        Request { route, nature, ask, target, counted: None }
    }
}

/// The request of a call that is one request by itself.
pub(super) fn of(call: &Call) -> Result<Request, Failure> {
    match call {
        Call::RenameChat { chat, title, description } => {
            rename(chat, title, description.as_deref())
        }
        Call::RemoveMember { chat, account } => remove(chat, account),
        Call::SetAdmin { chat, account, rights: Some(rights) } => promote(chat, account, rights),
        Call::SetAdmin { chat, account, rights: None } => demote(chat, account),
        Call::ReadLink { chat } => self::chat(chat),
        Call::Members { chat } => members(chat, None),
        Call::AddMember { chat, account } => Ok(add(chat_id(chat)?, &[account_id(account)?])),
        Call::SendMessage { chat, text, .. } => send(chat, text),
        Call::Tell { account, text, .. } => tell(account, text),
        Call::OwnRights { chat } => own_rights(chat),
        Call::Events { marker } => Ok(events(marker.as_deref())),
        Call::Pin { chat, message } => pin(chat, message),
        Call::Unpin { chat, .. } => unpin(chat),
        Call::FindPost { chat, .. } => history(chat, None),
        Call::CreateChat { .. }
        | Call::RotateLink { .. }
        | Call::StartCall
        | Call::FinishCall { .. }
        | Call::FindMessage { .. }
        | Call::Chats { .. } => Err(not_offered(call)),
    }
}

/// Who the token's bot is.
pub(super) fn me() -> Request {
    Request::new("GET /me", Nature::Read, Ask::Get, "/me".to_owned())
}

/// Title, owner, state and link of a chat.
pub(super) fn chat(chat: &str) -> Result<Request, Failure> {
    let target = format!("/chats/{}", chat_id(chat)?);
    Ok(Request::new("GET /chats/{chatId}", Nature::Read, Ask::Get, target))
}

/// What the bot itself is in a chat.
pub(super) fn own_rights(chat: &str) -> Result<Request, Failure> {
    let target = format!("/chats/{}/members/me", chat_id(chat)?);
    Ok(Request::new("GET /chats/{chatId}/members/me", Nature::Read, Ask::Get, target))
}

/// What happened after a marker. MAX keeps everything until it is asked with a later one, so the
/// same question can be repeated; a marker that is no number is none of MAX's, and without one MAX
/// tells all that it keeps.
pub(super) fn events(marker: Option<&str>) -> Request {
    let marker = marker.and_then(|marker| marker.parse::<i64>().ok());
    let marker = marker.map(|marker| format!("&marker={marker}")).unwrap_or_default();
    let types = super::events::TYPES.join(",");
    let target = format!("/updates?limit={EVENTS_AT_ONCE}&timeout=0&types={types}{marker}");
    let request = Request::new(EVENTS, Nature::Read, Ask::Get, target);
    Request { counted: Some(Counted::Events), ..request }
}

/// One page of members: the first, or that of a marker.
pub(super) fn members(chat: &str, marker: Option<i64>) -> Result<Request, Failure> {
    let marker = marker.map(|marker| format!("&marker={marker}")).unwrap_or_default();
    let target = format!("/chats/{}/members?count={MOST}{marker}", chat_id(chat)?);
    Ok(read_members(target))
}

/// Which of these accounts are members, [`MOST`] at most.
pub(super) fn these(chat: i64, accounts: &[i64]) -> Request {
    let accounts: Vec<_> = accounts.iter().map(i64::to_string).collect();
    read_members(format!("/chats/{chat}/members?user_ids={}", accounts.join(",")))
}

fn read_members(target: String) -> Request {
    Request::new("GET /chats/{chatId}/members", Nature::Read, Ask::Get, target)
}

/// Adds accounts, [`MOST`] at most and none of them twice.
pub(super) fn add(chat: i64, accounts: &[i64]) -> Request {
    let body = Ask::Post(json!({ "user_ids": accounts }));
    Request::new(ADD, Nature::Set, body, format!("/chats/{chat}/members"))
}

/// Adds the bot where it is already: this can be repeated, nothing comes of it.
pub(super) fn try_adding(chat: i64, own: i64) -> Request {
    Request { nature: Nature::Read, ..add(chat, &[own]) }
}

/// Without `block`: MAX has no call that would lift it again.
fn remove(chat: &str, account: &str) -> Result<Request, Failure> {
    let target = format!("/chats/{}/members?user_id={}", chat_id(chat)?, account_id(account)?);
    Ok(Request::new(REMOVE, Nature::Set, Ask::Delete, target))
}

/// The rights given replace those that the admin has.
fn promote(chat: &str, account: &str, rights: &BTreeSet<String>) -> Result<Request, Failure> {
    let target = format!("/chats/{}/members/admins", chat_id(chat)?);
    let rights = if rights.is_empty() { json!(RIGHTS) } else { json!(rights) };
    let admin = json!({ "user_id": account_id(account)?, "permissions": rights });
    let body = Ask::Post(json!({ "admins": [admin] }));
    Ok(Request::new(PROMOTE, Nature::Set, body, target))
}

fn demote(chat: &str, account: &str) -> Result<Request, Failure> {
    let target = format!("/chats/{}/members/admins/{}", chat_id(chat)?, account_id(account)?);
    Ok(Request::new(DEMOTE, Nature::Set, Ask::Delete, target))
}

/// Without the message that MAX would otherwise post into the chat about it.
fn rename(chat: &str, title: &str, description: Option<&str>) -> Result<Request, Failure> {
    let target = format!("/chats/{}", chat_id(chat)?);
    let mut body = json!({ "title": title, "notify": false });
    if let Some(description) = description {
        body["description"] = json!(description);
    }
    Ok(Request::new(RENAME, Nature::Set, Ask::Patch(body), target))
}

/// MAX has no number that would make a repeated message the same one.
fn send(chat: &str, text: &str) -> Result<Request, Failure> {
    let chat = chat_id(chat)?;
    let body = Ask::Post(json!({ "text": text }));
    let target = format!("/messages?chat_id={chat}");
    let request = Request::new("POST /messages", Nature::Make, body, target);
    Ok(Request { counted: Some(Counted::Chat(chat)), ..request })
}

/// The dialog is found by the person, whose id is known, and not by its own.
fn tell(account: &str, text: &str) -> Result<Request, Failure> {
    let account = account_id(account)?;
    let body = Ask::Post(json!({ "text": text }));
    let request = Request::new(TELL, Nature::Make, body, format!("/messages?user_id={account}"));
    Ok(Request { counted: Some(Counted::Person(account)), ..request })
}

/// Without the line that MAX would otherwise write into the chat about it.
fn pin(chat: &str, message: &str) -> Result<Request, Failure> {
    let body = Ask::Put(json!({ "message_id": message, "notify": false }));
    Ok(Request::new(PIN, Nature::Set, body, pin_of(chat)?))
}

fn unpin(chat: &str) -> Result<Request, Failure> {
    Ok(Request::new(UNPIN, Nature::Set, Ask::Delete, pin_of(chat)?))
}

/// Which message is pinned.
pub(super) fn pinned(chat: &str) -> Result<Request, Failure> {
    Ok(Request::new("GET /chats/{chatId}/pin", Nature::Read, Ask::Get, pin_of(chat)?))
}

fn pin_of(chat: &str) -> Result<String, Failure> {
    Ok(format!("/chats/{}/pin", chat_id(chat)?))
}

/// The newest messages of a chat, or those before a moment (milliseconds).
pub(super) fn history(chat: &str, before: Option<i64>) -> Result<Request, Failure> {
    let before = before.map(|moment| format!("&before={moment}")).unwrap_or_default();
    let target = format!("/messages?chat_id={}&count={HISTORY}{before}", chat_id(chat)?);
    Ok(Request::new("GET /messages", Nature::Read, Ask::Get, target))
}

/// The newest messages of the dialog with a person.
pub(super) fn messages(dialog: Option<&str>) -> Result<Request, Failure> {
    let dialog = chat_id(dialog.ok_or_else(no_dialog_id)?)?;
    let target = format!("/messages?chat_id={dialog}&count={MESSAGES}");
    Ok(Request::new("GET /messages", Nature::Read, Ask::Get, target))
}

/// MAX finds a dialog to write to by the person, and one to read by its own id only.
fn no_dialog_id() -> Failure {
    Failure {
        class: Class::Never,
        code: "max.no_dialog_id".to_owned(),
        message: Text::new(
            "номер диалога с человеком неизвестен, прочитать его нельзя",
            "the id of the dialog with the person is not known, so it cannot be read",
        ),
        after: Duration::ZERO,
    }
}

/// A chat's id: negative for groups, so any whole number but nought.
pub(super) fn chat_id(chat: &str) -> Result<i64, Failure> {
    let number = chat.parse().ok().filter(|id| *id != 0);
    number.ok_or_else(|| malformed("чата", "chat", chat))
}

pub(super) fn account_id(account: &str) -> Result<i64, Failure> {
    let number = account.parse().ok().filter(|id| *id > 0);
    number.ok_or_else(|| malformed("участника", "member", account))
}

fn malformed(ru: &str, en: &str, found: &str) -> Failure {
    let found: String = found.chars().take(40).collect();
    Failure {
        class: Class::Never,
        code: "max.id".to_owned(),
        message: Text::new(
            format!("номер {ru} «{found}» не годится для MAX: нужно целое число"),
            format!("{en} id \"{found}\" is no id of MAX: a whole number is needed"),
        ),
        after: Duration::ZERO,
    }
}

/// What MAX has no request for: people make chats and links, and chats are known from events.
fn not_offered(call: &Call) -> Failure {
    let name = call.capability().name();
    Failure {
        class: Class::Missing,
        code: "max.not_offered".to_owned(),
        message: Text::new(
            format!("MAX не даёт ботам этого делать ({name}): это может только человек"),
            format!("MAX does not let bots do this ({name}): only a person can"),
        ),
        after: Duration::ZERO,
    }
}
