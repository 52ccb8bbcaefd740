//! MAX's objects as the interface shows them: what is empty is left out, never null.

use serde_json::{Map, Value, json};

use super::super::people::People;
use super::rights;
use super::world::{Chat, Dialog, Member, Message, Over, World};

/// People whose last activity stands in a chat; beyond it the list of members has to be read.
const MOST_PARTICIPANTS: usize = 100;

/// A person or the bot. `name` is out of the documents, but still sent.
pub(crate) fn user(world: &World, people: &People, id: i64) -> Value {
    if id == world.bot.id {
        let bot = &world.bot;
        return json!({
            "user_id": id,
            "first_name": bot.name,
            "username": bot.username,
            "is_bot": true,
            "last_activity_time": super::super::desk::now_ms(),
            "name": bot.name,
        });
    }
    match people.get(id).filter(|person| !person.deactivated) {
        None => json!({
            "user_id": id,
            "first_name": "DELETED USER",
            "is_bot": false,
            "last_activity_time": 0,
            "name": "DELETED USER",
        }),
        Some(person) => {
            let mut user = json!({
                "user_id": id,
                "first_name": person.first_name,
                "last_name": person.last_name,
                "is_bot": false,
                "name": person.full_name(),
            });
            if person.last_name.is_empty() {
                drop_key(&mut user, "last_name");
            }
            user
        }
    }
}

/// A member of a group.
pub(crate) fn member(world: &World, people: &People, chat: &Chat, member: &Member) -> Value {
    let mut shown = user(world, people, member.id);
    let owner = chat.owner == member.id;
    shown["last_access_time"] = json!(last_access(chat, member));
    shown["is_owner"] = json!(owner);
    shown["is_admin"] = json!(owner || member.rights.is_some());
    shown["join_time"] = json!(member.join_time);
    let rights = if owner { Some(rights::all()) } else { member.rights.clone() };
    if let Some(rights) = rights {
        shown["permissions"] = json!(rights);
    }
    if let Some(alias) = &member.alias {
        shown["alias"] = json!(alias);
    }
    shown
}

fn last_access(chat: &Chat, member: &Member) -> i64 {
    let wrote = chat.talk.messages.iter().filter(|message| message.from == member.id);
    wrote.map(|message| message.time).max().unwrap_or(member.join_time)
}

/// A group, with what only an admin sees if the bot is one.
pub(crate) fn chat(world: &World, people: &People, chat: &Chat) -> Value {
    let admin = chat.is_admin(world.bot.id);
    let mut shown = json!({
        "chat_id": chat.id,
        "type": "chat",
        "status": status(chat.over),
        "title": chat.title,
        "last_event_time": chat.last_event(),
        "participants_count": chat.members.len(),
        "is_public": false,
    });
    if let Some(icon) = &chat.icon {
        shown["icon"] = json!({ "url": icon });
    }
    if let Some(description) = &chat.description {
        shown["description"] = json!(description);
    }
    if admin {
        shown["owner_id"] = json!(chat.owner);
        shown["participants"] = participants(chat);
    }
    if admin || world.switches.link_for_members {
        shown["link"] = json!(chat.link);
    }
    shown["messages_count"] = json!(chat.talk.count);
    if let Some(pinned) = pinned(world, people, chat).filter(|_| admin) {
        shown["pinned_message"] = pinned;
    }
    shown
}

fn participants(chat: &Chat) -> Value {
    let first = chat.members.iter().take(MOST_PARTICIPANTS);
    let pairs = first.map(|member| (member.id.to_string(), json!(last_access(chat, member))));
    pairs.collect::<Map<_, _>>().into()
}

fn status(over: Option<Over>) -> &'static str {
    match over {
        None => "active",
        Some(Over::Denied | Over::Removed) => "removed",
        Some(Over::Closed) => "closed",
        Some(Over::Suspended) => "suspended",
    }
}

/// The pinned message, if there is one and it is still kept.
pub(crate) fn pinned(world: &World, people: &People, chat: &Chat) -> Option<Value> {
    let mid = chat.pinned.as_ref()?;
    let found = chat.talk.messages.iter().find(|message| message.mid == *mid)?;
    Some(message(world, people, chat.id, found))
}

/// A dialog with a person.
pub(crate) fn dialog(world: &World, people: &People, id: i64, with: i64, dialog: &Dialog) -> Value {
    let last = dialog.talk.messages.back().map_or(0, |message| message.time);
    json!({
        "chat_id": id,
        "type": "dialog",
        "status": if dialog.stopped { "suspended" } else { "active" },
        "last_event_time": last,
        "participants_count": 2,
        "is_public": false,
        "dialog_with_user": user(world, people, with),
        "messages_count": dialog.talk.count,
    })
}

/// A message in a group or a dialog.
pub(crate) fn message(world: &World, people: &People, chat_id: i64, message: &Message) -> Value {
    let mut recipient = json!({ "chat_id": chat_id });
    if chat_id < 0 {
        recipient["chat_type"] = json!("chat");
    } else {
        let person = chat_id ^ world.bot.id;
        let to = if message.from == world.bot.id { person } else { world.bot.id };
        recipient["chat_type"] = json!("dialog");
        recipient["user_id"] = json!(to);
    }
    let mut body = json!({ "mid": message.mid, "seq": message.seq });
    body["text"] = json!(message.text.as_deref().unwrap_or_default());
    if !message.attachments.is_empty() {
        body["attachments"] = json!(message.attachments);
    }
    let mut shown = json!({
        "sender": user(world, people, message.from),
        "recipient": recipient,
        "timestamp": message.time,
        "body": body,
    });
    if let Some(link) = &message.link {
        shown["link"] = link.clone();
    }
    shown
}

fn drop_key(value: &mut Value, key: &str) {
    if let Some(fields) = value.as_object_mut() {
        fields.shift_remove(key);
    }
}
