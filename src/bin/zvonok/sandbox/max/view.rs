//! What the state shows of MAX: everything but the token and the webhooks' secrets.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::super::desk::Papers;
use super::super::people::Person;
use super::world::{Chat, Member, Message};

pub(crate) fn state(papers: &Papers) -> Value {
    let max = &papers.max;
    let chats: Vec<_> = max.chats.values().rev().map(|each| chat(papers, each)).collect();
    let subscriptions: Vec<_> = max
        .subscriptions
        .iter()
        .map(|each| {
            json!({
                "url": each.url,
                "update_types": each.update_types,
                "failing_since": each.failing_since,
                "held_back": each.held_back,
            })
        })
        .collect();
    json!({
        "root": super::ROOT,
        "bot": { "user_id": max.bot.id, "username": max.bot.username, "name": max.bot.name },
        "switches": max.switches,
        "chats": chats,
        "people": people(papers),
        "subscriptions": subscriptions,
        "webhook": {
            "waiting": max.outbox.waiting(),
            "delivered": max.outbox.delivered,
            "failed": max.outbox.failed,
        },
        "updates_waiting": max.updates.waiting(),
    })
}

/// What the bot has posted and what is pinned, group by group.
pub(crate) fn tally(papers: &Papers) -> Vec<Value> {
    let group = |chat: &Chat| {
        let pinned = chat.talk.messages.iter().find(|each| Some(&each.mid) == chat.pinned.as_ref());
        json!({
            "chat_id": chat.id,
            "title": chat.title,
            "posted": chat.talk.posted,
            "pinned": pinned.map(|message| &message.text),
        })
    };
    papers.max.chats.values().rev().map(group).collect()
}

fn chat(papers: &Papers, chat: &Chat) -> Value {
    let members: Vec<_> = chat.members.iter().map(|each| member(papers, chat, each)).collect();
    let messages: Vec<_> = chat.talk.messages.iter().map(message).collect();
    json!({
        "chat_id": chat.id,
        "title": chat.title,
        "description": chat.description,
        "owner": chat.owner,
        "link": chat.link,
        "over": chat.over,
        "members": members,
        "blocked": chat.blocked,
        "pinned": chat.pinned,
        "notices": chat.notices,
        "messages": messages,
    })
}

fn member(papers: &Papers, chat: &Chat, member: &Member) -> Value {
    let bot = member.id == papers.max.bot.id;
    let person = papers.people.get(member.id).filter(|_| !bot);
    let name = person.map(|person| person.full_name());
    json!({
        "id": member.id,
        "name": name.unwrap_or_else(|| papers.max.bot.name.clone()),
        "bot": bot,
        "owner": member.id == chat.owner,
        "admin": member.rights.is_some(),
        "permissions": member.rights,
        "alias": member.alias,
        "joined": member.joined,
        "invited_by": member.invited_by,
        "join_time": member.join_time,
    })
}

/// Whoever was declared, is in a group or has opened the dialog.
fn people(papers: &Papers) -> Vec<Value> {
    let max = &papers.max;
    let declared = papers.people.declared().map(|person| person.id);
    let members = max.chats.values().flat_map(|chat| &chat.members).map(|member| member.id);
    let ids: BTreeSet<i64> = declared.chain(members).chain(max.dialogs.keys().copied()).collect();
    let ids = ids.into_iter().filter(|id| *id != max.bot.id);
    ids.filter_map(|id| papers.people.get(id)).map(|each| person(papers, &each)).collect()
}

fn person(papers: &Papers, person: &Person) -> Value {
    let dialog = papers.max.dialogs.get(&person.id);
    let messages: Vec<_> =
        dialog.into_iter().flat_map(|dialog| &dialog.talk.messages).map(message).collect();
    json!({
        "id": person.id,
        "name": person.full_name(),
        "privacy": person.privacy,
        "deactivated": person.deactivated,
        "dialog": match dialog {
            None => "none",
            Some(dialog) if dialog.stopped => "stopped",
            Some(_) => "open",
        },
        "messages": messages,
    })
}

fn message(message: &Message) -> Value {
    json!({
        "mid": message.mid,
        "from": message.from,
        "time": message.time,
        "edited": message.edited,
        "text": message.text,
        "attachments": message.attachments,
    })
}
