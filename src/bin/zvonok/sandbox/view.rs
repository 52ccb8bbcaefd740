//! What `GET /sandbox/state` shows.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::desk::Papers;
use super::people::Person;
use super::world::{Chat, Member, Message};
use super::{max, vk};

/// The whole messenger but the tokens.
pub(crate) fn state(papers: &Papers) -> Value {
    let chats: Vec<_> = papers.vk.chats.values().map(|each| chat(papers, each)).collect();
    json!({
        "platform": "vk",
        "community": papers.community,
        "switches": papers.switches,
        "chats": chats,
        "calls": papers.vk.calls,
        "people": people(papers),
        "max": max::view::state(papers),
        "faults": papers.faults,
        "counters": papers.log.counters(),
        "last_request": papers.log.last(),
    })
}

/// What was started, posted and pinned, in numbers that never go down.
pub(crate) fn tally(papers: &Papers) -> Value {
    let calls = papers.vk.calls.iter().filter(|call| call.finished.is_none());
    let running: Vec<_> = calls.map(|call| &call.call_id).collect();
    let chats = papers.vk.chats.values().map(|chat| {
        let pinned = chat.talk.messages.iter().find(|message| Some(message.number) == chat.pinned);
        json!({
            "chat_id": chat.id,
            "title": chat.title,
            "posted": chat.talk.posted,
            "pinned": pinned.map(|message| &message.text),
        })
    });
    json!({
        "calls": { "started": papers.vk.started_calls(), "running": running },
        "vk": chats.collect::<Vec<_>>(),
        "max": max::view::tally(papers),
    })
}

fn chat(papers: &Papers, chat: &Chat) -> Value {
    let members: Vec<_> = chat.members.iter().map(|each| member(papers, chat, each)).collect();
    json!({
        "chat_id": chat.id,
        "peer_id": vk::CHAT_PEERS + chat.id,
        "title": chat.title,
        "owner": chat.owner,
        "link": chat.link,
        "code": chat.closed,
        "members": members,
        "removed": chat.removed,
        "pinned": chat.pinned,
        "messages": chat.talk.messages.iter().map(message).collect::<Vec<_>>(),
    })
}

fn member(papers: &Papers, chat: &Chat, member: &Member) -> Value {
    let person = papers.people.get(member.id);
    json!({
        "id": member.id,
        "name": person.map(|person| person.full_name()),
        "admin": chat.is_admin(member.id),
        "owner": member.id == chat.owner,
        "invited_by": member.invited_by,
        "join_date": member.join_date,
        "joined": member.joined,
    })
}

/// Whoever was declared, is in a chat or was written to.
fn people(papers: &Papers) -> Vec<Value> {
    let declared = papers.people.declared().map(|person| person.id);
    let members = papers.vk.chats.values().flat_map(|chat| &chat.members).map(|member| member.id);
    let ids: BTreeSet<i64> =
        declared.chain(members).chain(papers.vk.dialogs.keys().copied()).collect();
    let people = ids.into_iter().filter_map(|id| papers.people.get(id));
    people.map(|each| person(papers, &each)).collect()
}

fn person(papers: &Papers, person: &Person) -> Value {
    let talk = papers.vk.dialogs.get(&person.id);
    let messages: Vec<_> = talk.into_iter().flat_map(|talk| &talk.messages).map(message).collect();
    json!({
        "id": person.id,
        "name": person.full_name(),
        "privacy": person.privacy,
        "deactivated": person.deactivated,
        "allows_messages": person.allows_messages,
        "messages": messages,
    })
}

fn message(message: &Message) -> Value {
    json!({
        "cmid": message.number,
        "from": message.from,
        "date": message.date,
        "random_id": message.random_id,
        "text": message.text,
    })
}
