//! Methods that list conversations and members.

use serde_json::{Value, json};

use super::super::desk::Papers;
use super::super::world::{Chat, Member, Message, Talk, World};
use super::CHAT_PEERS;
use super::chats::{Purpose, chat_by_peer, chat_of_peer};
use super::error::Error;
use super::methods::Caller;
use super::params::{Params, undefined};
use super::smalls::profile;

const MOST_PEERS: usize = 100;

/// messages.getConversationMembers.
pub(crate) fn members(caller: &mut Caller<'_>, params: &Params) -> Result<Value, Error> {
    let old = caller.version < (5, 154);
    if let Some(new) =
        ["count", "offset", "extended"].iter().find(|name| params.get(name).is_some())
        && old
    {
        return Err(Error::param(&format!("{new} is accepted only from version 5.154")));
    }
    let (offset, count) = params.page(20, 1000)?;
    let community = caller.community();
    let chat = caller.chat(chat_by_peer(params)?, Purpose::Read)?;
    // Only admins see who is in; for all others VK answers as if they were not.
    if !chat.is_admin(community) {
        return Err(Error::of(917));
    }
    let count = if old { usize::MAX } else { count };
    let page: Vec<Member> = chat.members.iter().skip(offset).take(count).cloned().collect();
    let items: Vec<_> = page.iter().map(|member| member_item(chat, member, community)).collect();
    let total = chat.members.len();
    Ok(json!({
        "count": total,
        "items": items,
        "chat_restrictions": {
            "admins_promote_users": false,
            "only_admins_edit_info": false,
            "only_admins_edit_pin": false,
            "only_admins_invite": false,
            "only_admins_kick": false,
        },
        "profiles": profiles(caller.papers, page.iter().map(|member| member.id)),
        "groups": groups(caller.papers, page.iter().map(|member| member.id)),
    }))
}

/// Booleans that are false are left out, as VK leaves them out.
fn member_item(chat: &Chat, member: &Member, community: i64) -> Value {
    let mut item = json!({
        "member_id": member.id,
        "invited_by": member.invited_by,
        "join_date": member.join_date,
    });
    let flags = [
        ("is_admin", chat.is_admin(member.id)),
        ("is_owner", member.id == chat.owner),
        ("can_kick", member.id != chat.owner && member.id != community),
    ];
    for (name, _) in flags.into_iter().filter(|(_, is)| *is) {
        item[name] = json!(true);
    }
    item
}

fn profiles(papers: &Papers, ids: impl Iterator<Item = i64>) -> Vec<Value> {
    ids.filter_map(|id| papers.people.get(id)).map(|person| profile(&person)).collect()
}

fn groups(papers: &Papers, ids: impl Iterator<Item = i64>) -> Vec<Value> {
    let own = ids.filter(|id| *id == -papers.community);
    own.map(|_| super::smalls::group(papers)).collect()
}

/// messages.getConversationsById; unknown peers are left out.
pub(crate) fn conversations_by_id(
    caller: &mut Caller<'_>,
    params: &Params,
) -> Result<Value, Error> {
    caller.check_group(params)?;
    let peers = params.ints("peer_ids")?;
    if peers.is_empty() {
        return Err(undefined("peer_ids"));
    }
    if peers.len() > MOST_PEERS {
        return Err(Error::param("peer_ids should contain 100 items at most"));
    }
    let items: Vec<_> = peers.iter().filter_map(|peer| conversation(caller, *peer)).collect();
    Ok(json!({ "count": items.len(), "items": items, "profiles": [], "groups": [] }))
}

/// messages.getConversations, chats first.
pub(crate) fn conversations(caller: &mut Caller<'_>, params: &Params) -> Result<Value, Error> {
    caller.check_group(params)?;
    let (offset, count) = params.page(20, 200)?;
    let World { chats, dialogs, .. } = &caller.papers.vk;
    let peers = chats.keys().map(|chat| CHAT_PEERS + chat).chain(dialogs.keys().copied());
    let all: Vec<_> = peers.filter_map(|peer| Some((peer, conversation(caller, peer)?))).collect();
    let page = all.iter().skip(offset).take(count);
    let items: Vec<_> = page
        .map(|(peer, conversation)| {
            let last = talk(caller.papers, *peer).and_then(|talk| talk.messages.back());
            let last = last.map(|message| message_item(*peer, message));
            json!({ "conversation": conversation, "last_message": last })
        })
        .collect();
    Ok(json!({ "count": all.len(), "items": items, "unread_count": 0 }))
}

/// messages.getHistory, newest first; a dialog that was never begun is empty.
pub(crate) fn history(caller: &mut Caller<'_>, params: &Params) -> Result<Value, Error> {
    caller.check_group(params)?;
    let (offset, count) = params.page(20, 200)?;
    let peer = params.need_int("peer_id")?;
    if chat_of_peer(peer).is_some() {
        caller.chat(chat_by_peer(params)?, Purpose::Read)?;
    }
    let messages = talk(caller.papers, peer).map(|talk| &talk.messages);
    let all: Vec<_> = messages.into_iter().flatten().rev().collect();
    let page = all.iter().skip(offset).take(count);
    let items: Vec<_> = page.map(|message| message_item(peer, message)).collect();
    Ok(json!({ "count": all.len(), "items": items }))
}

/// The talk with a peer, if there is one.
fn talk(papers: &Papers, peer: i64) -> Option<&Talk> {
    match chat_of_peer(peer) {
        Some(id) => papers.vk.chats.get(&id).map(|chat| &chat.talk),
        None => papers.vk.dialogs.get(&peer),
    }
}

/// A message as VK shows it.
pub(crate) fn message_item(peer: i64, message: &Message) -> Value {
    json!({
        "id": message.id,
        "conversation_message_id": message.number,
        "date": message.date,
        "from_id": message.from,
        "peer_id": peer,
        "random_id": message.random_id,
        "text": message.text,
        "out": u8::from(message.from < 0),
        "attachments": [],
    })
}

fn conversation(caller: &Caller<'_>, peer: i64) -> Option<Value> {
    let talk = talk(caller.papers, peer)?;
    let mut item = json!({
        "peer": { "id": peer, "type": "user", "local_id": peer },
        "last_message_id": talk.messages.back().map_or(0, |message| message.id),
        "last_conversation_message_id": talk.last,
        "in_read": 0,
        "out_read": 0,
        "can_write": { "allowed": true },
    });
    if let Some(id) = chat_of_peer(peer) {
        let chat = caller.papers.vk.chats.get(&id)?;
        if matches!(chat.closed, Some(927 | 1017)) {
            return None;
        }
        item["peer"] = json!({ "id": peer, "type": "chat", "local_id": id });
        item["can_write"] = can_write(chat, caller.community());
        item["chat_settings"] = chat_settings(chat, caller.community());
    }
    Some(item)
}

fn can_write(chat: &Chat, community: i64) -> Value {
    let out = chat.member(community).is_none().then_some(917);
    match chat.closed.or(out) {
        Some(reason) => json!({ "allowed": false, "reason": reason }),
        None => json!({ "allowed": true }),
    }
}

fn chat_settings(chat: &Chat, community: i64) -> Value {
    let admin = chat.is_admin(community);
    let admins: Vec<_> =
        chat.members.iter().map(|m| m.id).filter(|id| chat.is_admin(*id)).collect();
    let state = match (chat.member(community), chat.removed.contains(&community)) {
        (Some(_), _) => "in",
        (None, true) => "kicked",
        (None, false) => "left",
    };
    let pinned = chat.talk.messages.iter().find(|message| Some(message.number) == chat.pinned);
    json!({
        "owner_id": chat.owner,
        "title": chat.title,
        "members_count": chat.members.len(),
        "state": state,
        "admin_ids": admins,
        "active_ids": [],
        "pinned_message": pinned.map(|message| message_item(CHAT_PEERS + chat.id, message)),
        "acl": {
            "can_change_info": admin,
            "can_change_invite_link": admin,
            "can_change_pin": admin,
            "can_invite": admin,
            "can_promote_users": admin,
            "can_see_invite_link": admin,
            "can_moderate": admin,
            "can_copy_chat": admin,
            "can_call": false,
            "can_use_mass_mentions": admin,
        },
        "is_group_channel": false,
    })
}
