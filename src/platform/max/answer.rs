//! Reading what MAX answers, tolerantly: what is absent is null, unknown fields and words are
//! ignored, numbers may come as texts.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use serde_json::Value;

use super::error::MaxError;
use super::request::{EVENTS_AT_ONCE, Request};
use super::rights::NEEDED;
use crate::error::Text;
use crate::platform::{Answer, Call, Class, Failure, FoundChat, OwnRights, Presence};

/// The error of an answer; `None` where the body is not MAX's.
pub(super) fn error(status: u16, body: &Value) -> Option<MaxError> {
    let (key, message) = (text(body, "code"), text(body, "message"));
    key.or(message)?;
    let owned = |text: Option<&str>| text.unwrap_or_default().to_owned();
    Some(MaxError { status, key: owned(key), text: owned(message) })
}

/// The answer to a call that is one request and one page.
pub(super) fn of(call: &Call, request: &Request, value: &Value) -> Result<Answer, Failure> {
    match call {
        Call::ReadLink { .. } => link(request, value),
        Call::Events { .. } => events(request, value),
        Call::OwnRights { .. } => own_rights(request, value).map(Answer::Rights),
        Call::SendMessage { .. } => Ok(Answer::Message(posted(request, value)?.to_owned())),
        Call::Tell { .. } => {
            posted(request, value)?;
            let recipient = value.get("message").and_then(|message| message.get("recipient"));
            Ok(Answer::Told { dialog: recipient.and_then(super::events::dialog_id) })
        }
        // MAX answers with the whole chat here.
        Call::RenameChat { .. } if value.get("chat_id").is_some() => Ok(Answer::Done),
        _ if success(value) == Some(true) => Ok(Answer::Done),
        _ => Err(half_told(request, value)),
    }
}

/// The id of a message that was posted.
fn posted<'v>(request: &Request, value: &'v Value) -> Result<&'v str, Failure> {
    let body = value.get("message").and_then(|message| message.get("body"));
    body.and_then(|body| text(body, "mid")).ok_or_else(|| half_told(request, value))
}

/// Whether one of the bot's own messages holds all the parts; `own` is the bot's id.
pub(super) fn holds(
    request: &Request,
    value: &Value,
    own: i64,
    parts: &[String],
) -> Result<bool, Failure> {
    Ok(messages(request, value)?.iter().any(|message| is_post(message, own, parts)))
}

/// The messages of one answer, newest first.
pub(super) fn messages<'v>(request: &Request, value: &'v Value) -> Result<&'v Vec<Value>, Failure> {
    let messages = value.get("messages").and_then(Value::as_array);
    messages.ok_or_else(|| misread(request, value))
}

/// Whether the bot (`own`) wrote the message and it holds all the parts.
pub(super) fn is_post(message: &Value, own: i64, parts: &[String]) -> bool {
    let sender = message.get("sender").and_then(|sender| sender.get("user_id"));
    let text = message.get("body").and_then(|body| text(body, "text")).unwrap_or_default();
    sender.and_then(number) == Some(own) && parts.iter().all(|part| text.contains(part.as_str()))
}

/// A message's id.
pub(super) fn message_id(message: &Value) -> Option<String> {
    text(message.get("body")?, "mid").map(str::to_owned)
}

/// The message that is pinned; MAX leaves it out where none is.
pub(super) fn pinned(request: &Request, value: &Value) -> Result<Option<String>, Failure> {
    match value.as_object().map(|answer| answer.get("message")) {
        Some(None | Some(Value::Null)) if success(value).is_none() => Ok(None),
        Some(Some(message)) => message_id(message).map(Some).ok_or_else(|| misread(request, value)),
        _ => Err(misread(request, value)),
    }
}

fn link(request: &Request, value: &Value) -> Result<Answer, Failure> {
    chat_id(value).ok_or_else(|| misread(request, value))?;
    if let Some(link) = text(value, "link").filter(|link| !link.is_empty()) {
        return Ok(Answer::Link(link.to_owned()));
    }
    let why = ended(value).unwrap_or("no_link").to_owned();
    Err(MaxError { status: 200, key: why, text: String::new() }.failure(request.route))
}

/// What became of accounts that were to be added.
pub(super) enum Added {
    /// All were, or were in already, except these.
    Except(BTreeMap<i64, MaxError>),
    /// Nothing was done, and MAX does not tell of each: so it answers also where all were in
    /// already.
    Undone(MaxError),
}

/// The lists of the failed count and not `success`, which MAX sends both ways with them.
pub(super) fn added(request: &Request, value: &Value) -> Result<Added, Failure> {
    let said = text(value, "message").unwrap_or_default();
    let listed = |value: &Value, key| {
        let ids = value.get(key).and_then(Value::as_array).into_iter().flatten();
        ids.filter_map(number).collect::<Vec<_>>()
    };
    let mut failed = BTreeMap::new();
    for id in listed(value, "failed_user_ids") {
        failed.insert(id, MaxError::not_added("", said));
    }
    for detail in value.get("failed_user_details").and_then(Value::as_array).into_iter().flatten() {
        let error = MaxError::not_added(text(detail, "error_code").unwrap_or_default(), said);
        failed.extend(listed(detail, "user_ids").into_iter().map(|id| (id, error.clone())));
    }
    match success(value) {
        _ if !failed.is_empty() => Ok(Added::Except(failed)),
        Some(true) => Ok(Added::Except(failed)),
        Some(false) => Ok(Added::Undone(MaxError::undone(said))),
        None => Err(half_told(request, value)),
    }
}

/// Those of this page, and where the next one begins.
pub(super) fn members(
    request: &Request,
    value: &Value,
) -> Result<(Vec<Presence>, Option<i64>), Failure> {
    let items = value.get("members").and_then(Value::as_array);
    let page: Option<Vec<_>> = items.and_then(|items| items.iter().map(presence).collect());
    let page = page.ok_or_else(|| misread(request, value))?;
    Ok((page, value.get("marker").and_then(number)))
}

fn presence(item: &Value) -> Option<Presence> {
    let owner = flag(item, "is_owner");
    Some(Presence {
        account: number(item.get("user_id")?)?.to_string(),
        admin: owner || flag(item, "is_admin"),
        owner,
        bot: flag(item, "is_bot"),
        rights: rights(item),
        name: name(item),
    })
}

fn own_rights(request: &Request, value: &Value) -> Result<OwnRights, Failure> {
    value.get("user_id").and_then(number).ok_or_else(|| misread(request, value))?;
    let admin = flag(value, "is_owner") || flag(value, "is_admin");
    let told = value.get("permissions").is_some_and(Value::is_array);
    // An admin whose rights MAX does not tell is taken to have them: a refusal will say otherwise.
    let assumed = || NEEDED.iter().map(|right| (*right).to_owned()).collect();
    let rights = if admin && !told { assumed() } else { rights(value) };
    Ok(OwnRights { inside: true, admin, rights })
}

/// MAX still tells some rights by names that it once gave them.
const RENAMED: [(&str, &str); 3] =
    [("edit_message", "edit"), ("delete_message", "delete"), ("post_edit_delete_message", "write")];

/// An admin's rights, also those that this version does not know.
pub(super) fn rights(value: &Value) -> BTreeSet<String> {
    let told = value.get("permissions").and_then(Value::as_array).into_iter().flatten();
    let words = told.filter_map(Value::as_str);
    let now = |word| RENAMED.iter().find(|(old, _)| *old == word).map_or(word, |(_, new)| *new);
    words.map(|word| now(word).to_owned()).collect()
}

/// Of the updates, those that concern the library; a half told one spoils no other.
fn events(request: &Request, value: &Value) -> Result<Answer, Failure> {
    let told = value.get("updates").and_then(Value::as_array);
    let told = told.ok_or_else(|| misread(request, value))?;
    Ok(Answer::Events {
        events: told.iter().flat_map(super::event).collect(),
        marker: value.get("marker").and_then(number).map(|marker| marker.to_string()),
        more: told.len() >= EVENTS_AT_ONCE,
    })
}

/// The chat that was asked for; `own` is the bot's id.
pub(super) fn chat(request: &Request, value: &Value, own: i64) -> Result<FoundChat, Failure> {
    let chat = chat_id(value).ok_or_else(|| misread(request, value))?;
    let members = value.get("participants_count").and_then(number);
    Ok(FoundChat {
        chat: chat.to_string(),
        title: text(value, "title").unwrap_or_default().to_owned(),
        // MAX tells who the owner is to admins only.
        own: value.get("owner_id").and_then(number) == Some(own),
        members: members.and_then(|count| count.try_into().ok()),
        gone: ended(value).or(no_group(value)).map(|why| format!("max.{why}")),
        link: text(value, "link").filter(|link| !link.is_empty()).map(str::to_owned),
    })
}

/// Channels and dialogs are no groups, whoever puts the bot in.
fn no_group(chat: &Value) -> Option<&str> {
    text(chat, "type").filter(|kind| matches!(*kind, "channel" | "dialog"))
}

/// Why the bot can do nothing in the chat, in MAX's word.
fn ended(chat: &Value) -> Option<&str> {
    text(chat, "status").filter(|s| matches!(*s, "removed" | "left" | "closed" | "suspended"))
}

/// The bot itself.
pub(super) struct Me {
    pub(super) id: i64,
    pub(super) name: String,
    /// By which links to it are made.
    pub(super) nick: Option<String>,
}

pub(super) fn me(request: &Request, value: &Value) -> Result<Me, Failure> {
    let id = value.get("user_id").and_then(number).ok_or_else(|| misread(request, value))?;
    let nick = text(value, "username").filter(|nick| !nick.is_empty()).map(str::to_owned);
    Ok(Me { id, name: name(value), nick })
}

/// What MAX shows as somebody's name: it may be in one piece or in two.
fn name(value: &Value) -> String {
    let pieces = ["first_name", "last_name"].into_iter().filter_map(|key| text(value, key));
    let whole = text(value, "name").filter(|name| !name.is_empty()).map(str::to_owned);
    whole.unwrap_or_else(|| pieces.collect::<Vec<_>>().join(" "))
}

fn chat_id(value: &Value) -> Option<i64> {
    number(value.get("chat_id")?)
}

fn success(value: &Value) -> Option<bool> {
    value.get("success")?.as_bool()
}

pub(super) fn number(value: &Value) -> Option<i64> {
    value.as_i64().or_else(|| value.as_str()?.parse().ok())
}

pub(super) fn text<'a>(value: &'a Value, key: &str) -> Option<&'a str> {
    value.get(key)?.as_str()
}

pub(super) fn flag(value: &Value, key: &str) -> bool {
    value.get(key).and_then(Value::as_bool).unwrap_or_default()
}

/// A read whose answer has another shape than any known, unless it says itself that it failed.
pub(super) fn misread(request: &Request, value: &Value) -> Failure {
    let route = request.route;
    if success(value) == Some(false) {
        return MaxError::undone(text(value, "message").unwrap_or_default()).failure(route);
    }
    Failure {
        class: Class::RetryLater,
        code: "max.shape".to_owned(),
        message: Text::new(
            format!("ответ MAX на {route} имеет незнакомый вид"),
            format!("MAX's answer to {route} has an unknown shape"),
        ),
        after: Duration::from_secs(600),
    }
}

/// The same of a change: it may have been done, which must be read.
fn half_told(request: &Request, value: &Value) -> Failure {
    let failure = misread(request, value);
    if failure.code != "max.shape" {
        return failure;
    }
    Failure { class: Class::Lost, after: Duration::ZERO, ..failure }
}
