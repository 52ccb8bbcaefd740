//! From a platform-neutral [`Call`] to a method and its parameters.

use std::time::Duration;

use serde_json::Value;

use crate::error::Text;
pub(super) use crate::platform::http::line::Nature;
use crate::platform::{Call, Class, Failure};

/// The newest version that VK has published.
const VERSION: &str = "5.199";

/// Chats' peers begin here: `peer_id = 2000000000 + chat_id`.
const CHATS_BEGIN: i64 = 2_000_000_000;

/// VK's greatest chat id; also an id that no chat has ever had.
pub(super) const LAST_CHAT: i64 = 100_000_000;

/// The method that ends a call.
pub(super) const FINISH: &str = "calls.forceFinish";

/// Messages of a dialog that are looked through.
const MESSAGES: usize = 50;

/// Messages of a chat in one answer, VK's most.
const HISTORY: usize = 200;

/// One method call.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Request {
    pub(super) method: &'static str,
    pub(super) nature: Nature,
    params: Vec<(&'static str, Value)>,
}

impl Request {
    pub(super) fn new(method: &'static str, nature: Nature) -> Request {
        Request { method, nature, params: Vec::new() }
    }

    pub(super) fn with(mut self, name: &'static str, value: impl Into<Value>) -> Request {
        self.params.push((name, value.into()));
        self
    }

    /// The parameters as a form, with the two that every request has.
    pub(super) fn form(&self) -> Vec<(String, String)> {
        let own = self.params.iter().map(|(name, value)| ((*name).to_owned(), plain(value)));
        own.chain([("lang".to_owned(), "ru".to_owned()), ("v".to_owned(), VERSION.to_owned())])
            .collect()
    }

    /// The call as an expression of VKScript, whose literals are JSON's.
    pub(super) fn script(&self) -> String {
        let pair =
            |(name, value): &(&str, Value)| format!("{}:{}", Value::from(*name), literal(value));
        let params: Vec<_> = self.params.iter().map(pair).collect();
        format!("API.{}({{{}}})", self.method, params.join(","))
    }
}

fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// JSON allows two line separators inside strings that JavaScript's family takes for line ends.
fn literal(value: &Value) -> String {
    value.to_string().replace('\u{2028}', "\\u2028").replace('\u{2029}', "\\u2029")
}

/// The request of a call that is one request; [`Call::Chats`] is not.
pub(super) fn of(call: &Call) -> Result<Request, Failure> {
    use Nature::{Make, Once, Read, Set};
    Ok(match call {
        Call::CreateChat { title } => {
            Request::new("messages.createChat", Make).with("title", title.as_str())
        }
        Call::RenameChat { chat, title, .. } => Request::new("messages.editChat", Set)
            .with("chat_id", chat_id(chat)?)
            .with("title", title.as_str()),
        Call::AddMember { chat, account } => Request::new("messages.addChatUser", Set)
            .with("chat_id", chat_id(chat)?)
            .with("user_id", account_id(account)?),
        Call::RemoveMember { chat, account } => Request::new("messages.removeChatUser", Set)
            .with("chat_id", chat_id(chat)?)
            .with("member_id", account_id(account)?),
        Call::SetAdmin { chat, account, rights } => Request::new("messages.setMemberRole", Set)
            .with("peer_id", peer_id(chat)?)
            .with("member_id", account_id(account)?)
            .with("role", if rights.is_some() { "admin" } else { "member" }),
        Call::ReadLink { chat } => Request::new("messages.getInviteLink", Read)
            .with("peer_id", peer_id(chat)?)
            .with("reset", 0),
        Call::RotateLink { chat } => Request::new("messages.getInviteLink", Set)
            .with("peer_id", peer_id(chat)?)
            .with("reset", 1),
        Call::Members { chat } => members(chat, 0)?,
        Call::Chats { only } => conversations(&chat_ids(only.as_deref().unwrap_or_default())?),
        Call::SendMessage { chat, text, once } => {
            send(if *once == 0 { Make } else { Set }, peer_id(chat)?, text, *once)
        }
        Call::Pin { chat, message } => Request::new("messages.pin", Set)
            .with("peer_id", peer_id(chat)?)
            .with("cmid", message_id(message)?),
        Call::Unpin { chat, .. } => {
            Request::new("messages.unpin", Set).with("peer_id", peer_id(chat)?)
        }
        Call::FinishCall { id } => finish_call(id)?,
        Call::Tell { account, text, once } => {
            send(if *once == 0 { Make } else { Once }, person_id(account)?, text, *once)
        }
        Call::FindMessage { account, .. } => Request::new("messages.getHistory", Read)
            .with("peer_id", person_id(account)?)
            .with("count", MESSAGES),
        Call::FindPost { chat, .. } => history(chat, 0)?,
        Call::OwnRights { .. } | Call::Events { .. } | Call::StartCall => {
            return Err(not_offered(call));
        }
    })
}

/// `peer_ids` and not `peer_id`: only then a community is told the message's id in its chat. Nought
/// is the one number that VK does not compare, so such a message is another one each time.
fn send(nature: Nature, peer: i64, text: &str, once: i32) -> Request {
    Request::new("messages.send", nature)
        .with("peer_ids", peer)
        .with("random_id", once)
        .with("message", text)
}

/// What VK has no request for, or none that a community's token needs, or none without knowing
/// more than the call.
fn not_offered(call: &Call) -> Failure {
    let name = call.capability().name();
    Failure {
        class: Class::Missing,
        code: "vk.not_offered".to_owned(),
        message: Text::new(
            format!("VK не даёт сообществам этого делать ({name})"),
            format!("VK does not let communities do this ({name})"),
        ),
        after: Duration::ZERO,
    }
}

/// One page of members, 1000 at most.
pub(super) fn members(chat: &str, offset: usize) -> Result<Request, Failure> {
    Ok(Request::new("messages.getConversationMembers", Nature::Read)
        .with("peer_id", peer_id(chat)?)
        .with("offset", offset)
        .with("count", 1000))
}

/// The newest messages of a chat but so many.
pub(super) fn history(chat: &str, offset: usize) -> Result<Request, Failure> {
    Ok(Request::new("messages.getHistory", Nature::Read)
        .with("peer_id", peer_id(chat)?)
        .with("offset", offset)
        .with("count", HISTORY))
}

/// Starts a call in the name of the community, which has a negative number here.
pub(super) fn start_call(own: i64) -> Request {
    Request::new("calls.start", Nature::Make).with("group_id", -own)
}

/// VK's ids of calls are UUIDs.
fn finish_call(id: &str) -> Result<Request, Failure> {
    const LENGTH: usize = 36;
    let sound = id.len() == LENGTH && id.bytes().all(|b| b.is_ascii_hexdigit() || b == b'-');
    let request = || Request::new(FINISH, Nature::Set).with("call_id", id);
    sound.then(request).ok_or_else(|| not_a_call(id))
}

/// These chats, 100 at most.
pub(super) fn conversations(chats: &[i64]) -> Request {
    let peers: Vec<_> = chats.iter().map(|chat| (CHATS_BEGIN + chat).to_string()).collect();
    Request::new("messages.getConversationsById", Nature::Read).with("peer_ids", peers.join(","))
}

/// The chat of a peer; `None` where the peer is no chat. A user's id may be greater than any
/// chat's, so both borders count.
pub(super) fn chat_of_peer(peer: i64) -> Option<i64> {
    Some(peer - CHATS_BEGIN).filter(|chat| (1..=LAST_CHAT).contains(chat))
}

/// The platform's chat ids of their texts.
pub(super) fn chat_ids(chats: &[String]) -> Result<Vec<i64>, Failure> {
    chats.iter().map(|chat| chat_id(chat)).collect()
}

fn peer_id(chat: &str) -> Result<i64, Failure> {
    Ok(CHATS_BEGIN + chat_id(chat)?)
}

fn chat_id(chat: &str) -> Result<i64, Failure> {
    let number = chat.parse().ok().filter(|id| (1..=LAST_CHAT).contains(id));
    number.ok_or_else(|| malformed("чата", "chat", chat))
}

fn account_id(account: &str) -> Result<i64, Failure> {
    let number = account.parse().ok().filter(|id| *id != 0);
    number.ok_or_else(|| malformed("участника", "member", account))
}

fn message_id(message: &str) -> Result<i64, Failure> {
    let number = message.parse().ok().filter(|id| *id > 0);
    number.ok_or_else(|| malformed("сообщения", "message", message))
}

/// The account of somebody who can be written to: neither a community nor a chat.
fn person_id(account: &str) -> Result<i64, Failure> {
    let id = account_id(account)?;
    let person = id > 0 && chat_of_peer(id).is_none();
    if person { Ok(id) } else { Err(malformed("человека", "person", account)) }
}

fn malformed(ru: &str, en: &str, found: &str) -> Failure {
    let found: String = found.chars().take(40).collect();
    Failure {
        class: Class::Never,
        code: "vk.id".to_owned(),
        message: Text::new(
            format!("номер {ru} «{found}» не годится для VK: нужно целое число"),
            format!("{en} id \"{found}\" is no id of VK: a whole number is needed"),
        ),
        after: Duration::ZERO,
    }
}

fn not_a_call(found: &str) -> Failure {
    let found: String = found.chars().take(40).collect();
    Failure {
        message: Text::new(
            format!("«{found}» не номер звонка VK: нужен UUID из 36 знаков"),
            format!("\"{found}\" is no id of a call in VK: a UUID of 36 characters is needed"),
        ),
        ..malformed("звонка", "call", &found)
    }
}
