//! Methods that make chats and change who is in them.

use serde_json::{Value, json};

use super::super::desk::{ChatAnswer, UserIds, now_ms};
use super::super::world::{Chat, Entry, Joined, Refusal};
use super::CHAT_PEERS;
use super::error::Error;
use super::methods::Caller;
use super::params::{Params, undefined};

const MOST_CHAT_ID: i64 = 100_000_000;

/// What a chat is wanted for; a chat that is over still allows some of it.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Purpose {
    Read,
    Remove,
    Change,
}

impl Caller<'_> {
    /// The chat, if the community may read it or, for anything else, is its admin.
    pub(crate) fn chat(&mut self, id: i64, purpose: Purpose) -> Result<&mut Chat, Error> {
        let community = self.community();
        let chat = self.papers.vk.chats.get_mut(&id).ok_or_else(|| Error::of(927))?;
        if let Some(code) = chat.closed.filter(|code| forbids(*code, purpose)) {
            return Err(Error::of(code));
        }
        if chat.member(community).is_none() {
            return Err(Error::of(917));
        }
        if purpose != Purpose::Read && !chat.is_admin(community) {
            return Err(Error::of(925));
        }
        Ok(chat)
    }
}

/// A deleted chat is gone for everything; one that is read-only or disabled can be read, and a
/// read-only one can still be emptied.
fn forbids(code: i64, purpose: Purpose) -> bool {
    match purpose {
        Purpose::Read => matches!(code, 927 | 1017),
        Purpose::Remove => code != 1012,
        Purpose::Change => true,
    }
}

/// The chat's number from `chat_id`.
fn chat_id(params: &Params) -> Result<i64, Error> {
    let id = params.need_int("chat_id")?;
    if id > MOST_CHAT_ID {
        return Err(Error::param("chat_id should be less or equal to 100000000"));
    }
    Ok(id)
}

/// The chat's number from a peer id; ids outside the range of chats are people or communities.
pub(crate) fn chat_of_peer(peer: i64) -> Option<i64> {
    let chat = peer.checked_sub(CHAT_PEERS)?;
    (1..=MOST_CHAT_ID).contains(&chat).then_some(chat)
}

/// The chat's number from `peer_id`.
pub(crate) fn chat_by_peer(params: &Params) -> Result<i64, Error> {
    let peer = params.need_int("peer_id")?;
    chat_of_peer(peer).ok_or_else(|| Error::of(917))
}

/// messages.createChat.
pub(crate) fn create(caller: &mut Caller<'_>, params: &Params) -> Result<Value, Error> {
    caller.check_group(params)?;
    let asked = params.ints("user_ids")?;
    let title = params.get("title").ok_or_else(|| undefined("title"))?;
    let switches = caller.papers.switches;
    if switches.create_chat_user_ids == UserIds::Error && !asked.is_empty() {
        return Err(Error::of(936));
    }
    let owner = caller.community();
    let now = now_ms() / 1000;
    let chat = caller.papers.vk.create_chat(owner, title, now).ok_or_else(|| Error::of(103))?;
    let mut added = Vec::new();
    if switches.create_chat_user_ids == UserIds::Add {
        for user in asked {
            let entry = Entry { user, by: owner, now, joined: Joined::Created };
            if chat.enter(&entry, &caller.papers.people).is_ok() {
                added.push(user);
            }
        }
    }
    Ok(match switches.create_chat_answer {
        ChatAnswer::Object => json!({ "chat_id": chat.id, "peer_ids": added }),
        ChatAnswer::Int => json!(chat.id),
    })
}

/// messages.editChat.
pub(crate) fn edit(caller: &mut Caller<'_>, params: &Params) -> Result<Value, Error> {
    let chat = caller.chat(chat_id(params)?, Purpose::Change)?;
    if let Some(title) = params.get("title") {
        chat.title = title.to_owned();
    }
    Ok(json!(1))
}

/// messages.addChatUser, for a partner's token.
pub(crate) fn add_user(caller: &mut Caller<'_>, params: &Params) -> Result<Value, Error> {
    let user = params.need_int("user_id")?;
    add(caller, chat_id(params)?, user)?.map(|()| json!(1)).map_err(refused)
}

/// messages.addChatUsers, for a partner's token.
pub(crate) fn add_users(caller: &mut Caller<'_>, params: &Params) -> Result<Value, Error> {
    let chat_id = chat_id(params)?;
    let users = params.ints("user_ids")?;
    if users.is_empty() {
        return Err(undefined("user_ids"));
    }
    let mut failed = Vec::new();
    for user in users {
        if add(caller, chat_id, user)?.is_err() {
            failed.push(user);
        }
    }
    Ok(json!({ "failed_peer_ids": failed, "failed_phone_numbers": [], "invitees": [] }))
}

/// The outer error is the chat's, the inner one the person's.
fn add(caller: &mut Caller<'_>, chat_id: i64, user: i64) -> Result<Result<(), Refusal>, Error> {
    let by = caller.community();
    caller.chat(chat_id, Purpose::Change)?;
    let entry = Entry { user, by, now: now_ms() / 1000, joined: Joined::Api };
    let chat = caller.papers.vk.chats.get_mut(&chat_id).ok_or_else(|| Error::of(927))?;
    Ok(chat.enter(&entry, &caller.papers.people))
}

fn refused(refusal: Refusal) -> Error {
    match refusal {
        Refusal::AlreadyIn => Error::new(15, "Access denied: user already in chat"),
        Refusal::Full => Error::of(103),
        Refusal::Nobody => Error::of(936),
        Refusal::Deactivated => Error::of(18),
        Refusal::Privacy => Error::of(981),
        Refusal::Removed | Refusal::Blocked | Refusal::Closed => Error::of(945),
    }
}

/// messages.removeChatUser: removes a member, or lets the community leave.
pub(crate) fn remove_user(caller: &mut Caller<'_>, params: &Params) -> Result<Value, Error> {
    let id = chat_id(params)?;
    let member = match params.int("member_id")? {
        Some(member) => member,
        None => params.need_int("user_id")?,
    };
    let community = caller.community();
    let purpose = if member == community { Purpose::Read } else { Purpose::Remove };
    let chat = caller.chat(id, purpose)?;
    if member == community {
        chat.leave(member);
        return Ok(json!(1));
    }
    if member == chat.owner && chat.member(member).is_some() {
        return Err(Error::new(15, "Access denied: can't remove this user"));
    }
    match chat.remove(member) {
        true => Ok(json!(1)),
        false => Err(Error::of(935)),
    }
}

/// messages.getInviteLink.
pub(crate) fn invite_link(caller: &mut Caller<'_>, params: &Params) -> Result<Value, Error> {
    let id = chat_by_peer(params)?;
    let reset = params.flag("reset");
    let purpose = if reset { Purpose::Change } else { Purpose::Read };
    let community = caller.community();
    match caller.chat(id, purpose) {
        // This method has a word of its own for «not an admin».
        Err(error) if error.code == 925 => return Err(Error::of(931)),
        Err(error) => return Err(error),
        Ok(chat) if !chat.is_admin(community) => return Err(Error::of(919)),
        Ok(chat) if !reset => return Ok(json!({ "link": chat.link })),
        Ok(_) => {}
    }
    let link = caller.papers.vk.fresh_link(community);
    caller.chat(id, purpose)?.link.clone_from(&link);
    Ok(json!({ "link": link }))
}

/// messages.setMemberRole, which VK does not document.
pub(crate) fn set_role(caller: &mut Caller<'_>, params: &Params) -> Result<Value, Error> {
    let id = chat_by_peer(params)?;
    let member = params.need_int("member_id")?;
    let admin = match params.get("role") {
        Some("admin") => true,
        Some("member") => false,
        _ => return Err(Error::param("role should be one of admin, member")),
    };
    let chat = caller.chat(id, Purpose::Change)?;
    if member == chat.owner {
        return Err(Error::new(15, "Access denied: the owner's role stays"));
    }
    match chat.promote(member, admin) {
        true => Ok(json!(1)),
        false => Err(Error::of(935)),
    }
}
