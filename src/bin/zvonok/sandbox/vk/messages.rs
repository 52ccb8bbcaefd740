//! Methods that write, pin and forget messages.

use serde_json::{Value, json};

use super::super::desk::now_ms;
use super::super::world::{Message, Recipient};
use super::CHAT_PEERS;
use super::chats::{Purpose, chat_by_peer, chat_of_peer};
use super::error::Error;
use super::lists::message_item;
use super::methods::Caller;
use super::params::{Params, undefined};

const LONGEST_MESSAGE: usize = 9_000;
const MOST_PEERS: usize = 100;

/// messages.send: `peer_ids` gives a list with each peer's own error, anything else one number,
/// which is 0 for a chat.
pub(crate) fn send(caller: &mut Caller<'_>, params: &Params) -> Result<Value, Error> {
    caller.check_group(params)?;
    let draft = Draft::of(params)?;
    let peers = params.ints("peer_ids")?;
    if peers.len() > MOST_PEERS {
        return Err(Error::param("peer_ids should contain 100 items at most"));
    }
    if !peers.is_empty() {
        return Ok(peers.into_iter().map(|peer| sent(peer, draft.write(caller, peer))).collect());
    }
    Ok(json!(draft.write(caller, one_peer(params)?)?.id))
}

/// The one recipient, by whichever parameter names it.
fn one_peer(params: &Params) -> Result<i64, Error> {
    let chat = params.int("chat_id")?.map(|chat| CHAT_PEERS.saturating_add(chat));
    let peer = params.int("peer_id")?.or(params.int("user_id")?).or(chat);
    peer.ok_or_else(|| undefined("peer_id"))
}

fn sent(peer: i64, written: Result<Message, Error>) -> Value {
    match written {
        Ok(message) => json!({
            "peer_id": peer,
            "message_id": message.id,
            "conversation_message_id": message.number,
        }),
        Err(error) => json!({
            "peer_id": peer,
            "error": { "code": error.code, "description": error.text },
        }),
    }
}

/// A message before it has a recipient.
struct Draft<'a> {
    text: &'a str,
    random_id: i64,
}

impl Draft<'_> {
    fn of(params: &Params) -> Result<Draft<'_>, Error> {
        let random_id = params.need_int("random_id")?;
        if i32::try_from(random_id).is_err() {
            return Err(Error::param("random_id should be a 32-bit number"));
        }
        let text = params.get("message").unwrap_or_default();
        if text.is_empty() && params.get("attachment").is_none() {
            return Err(Error::param("message is empty or invalid"));
        }
        if text.chars().count() > LONGEST_MESSAGE {
            return Err(Error::of(914));
        }
        Ok(Draft { text, random_id })
    }

    fn write(&self, caller: &mut Caller<'_>, peer: i64) -> Result<Message, Error> {
        let chat = chat_of_peer(peer);
        match chat {
            Some(id) => may_write_to_chat(caller, id)?,
            None => may_write_to_person(caller, peer)?,
        }
        let id = chat.unwrap_or(peer);
        let to = Recipient { chat: chat.is_some(), id, from: caller.community() };
        Ok(caller.papers.vk.write(to, self.text, self.random_id, now_ms() / 1000))
    }
}

/// A member may write; being an admin is not needed.
fn may_write_to_chat(caller: &mut Caller<'_>, id: i64) -> Result<(), Error> {
    match caller.chat(id, Purpose::Read)?.closed {
        Some(code) => Err(Error::of(code)),
        None => Ok(()),
    }
}

fn may_write_to_person(caller: &Caller<'_>, peer: i64) -> Result<(), Error> {
    let person = caller.papers.people.get(peer).ok_or_else(|| Error::of(936))?;
    if person.deactivated {
        return Err(Error::of(18));
    }
    if !person.allows_messages {
        return Err(Error::of(901));
    }
    Ok(())
}

/// messages.pin.
pub(crate) fn pin(caller: &mut Caller<'_>, params: &Params) -> Result<Value, Error> {
    let peer = params.need_int("peer_id")?;
    let number = match params.int("cmid")? {
        Some(number) => number,
        None => params.need_int("conversation_message_id")?,
    };
    let chat = caller.chat(chat_by_peer(params)?, Purpose::Change)?;
    let found = chat.talk.messages.iter().find(|message| message.number == number);
    let message = found.ok_or_else(|| Error::param("cmid is not a message of this chat"))?;
    chat.pinned = Some(number);
    Ok(message_item(peer, message))
}

/// messages.unpin.
pub(crate) fn unpin(caller: &mut Caller<'_>, params: &Params) -> Result<Value, Error> {
    caller.chat(chat_by_peer(params)?, Purpose::Change)?.pinned = None;
    Ok(json!(1))
}

/// messages.deleteConversation: empties the community's own copy; the chat itself stays.
pub(crate) fn delete_conversation(
    caller: &mut Caller<'_>,
    params: &Params,
) -> Result<Value, Error> {
    let peer = one_peer(params)?;
    let talk = match chat_of_peer(peer) {
        Some(id) => &mut caller.chat(id, Purpose::Read)?.talk,
        None => caller.papers.vk.dialogs.get_mut(&peer).ok_or_else(|| Error::of(936))?,
    };
    let last = talk.messages.back().map_or(0, |message| message.id);
    talk.messages.clear();
    Ok(json!({ "last_deleted_id": last }))
}
