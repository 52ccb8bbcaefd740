//! The updates about groups and dialogs, told to the bot where it may hear them.

use serde_json::{Value, json};

use super::super::people::People;
use super::shapes;
use super::world::{Message, World};

/// Somebody came in: `by` is who added them, nobody if they followed the link.
pub(crate) fn came(world: &mut World, people: &People, chat_id: i64, id: i64, by: Option<i64>) {
    if id == world.bot.id {
        let by = shapes::user(world, people, by.unwrap_or_default());
        return world.tell(
            "bot_added",
            json!({
                "chat_id": chat_id,
                "user": by,
                "is_channel": false,
            }),
        );
    }
    if !world.hears(chat_id) {
        return;
    }
    let mut update = about(world, people, chat_id, id);
    if let Some(by) = by {
        update["inviter_id"] = json!(by);
    }
    world.tell("user_added", update);
}

/// A person is out: `by` is who removed them, nobody if they left.
pub(crate) fn gone(world: &mut World, people: &People, chat_id: i64, id: i64, by: Option<i64>) {
    if !world.hears(chat_id) {
        return;
    }
    let mut update = about(world, people, chat_id, id);
    if let Some(by) = by {
        update["admin_id"] = json!(by);
    }
    world.tell("user_removed", update);
}

/// The bot is out of a group by somebody's hand.
pub(crate) fn bot_gone(world: &mut World, people: &People, chat_id: i64, by: i64) {
    let by = shapes::user(world, people, by);
    world.tell("bot_removed", json!({ "chat_id": chat_id, "user": by, "is_channel": false }));
}

/// The bot's own rights changed by somebody's hand.
pub(crate) fn rights_changed(world: &mut World, chat_id: i64, by: i64) {
    let bot = world.bot.id;
    let member = world.chats.get(&chat_id).and_then(|chat| chat.member(bot));
    let rights = member.and_then(|member| member.rights.clone());
    let mut update = json!({
        "chat_id": chat_id,
        "user_id": by,
        "bot_id": bot,
        "is_channel": false,
        "is_admin": rights.is_some(),
    });
    if let Some(rights) = rights {
        update["permissions"] = json!(rights);
    }
    world.tell("bot_admin_permissions_changed", update);
}

/// A group was renamed by somebody.
pub(crate) fn title_changed(world: &mut World, people: &People, chat_id: i64, by: i64) {
    if !world.hears(chat_id) {
        return;
    }
    let title = world.chats.get(&chat_id).map(|chat| chat.title.clone());
    let by = shapes::user(world, people, by);
    world.tell("chat_title_changed", json!({ "chat_id": chat_id, "user": by, "title": title }));
}

/// A person wrote. The bot does not hear itself.
pub(crate) fn wrote(world: &mut World, people: &People, chat_id: i64, message: &Message) {
    if chat_id < 0 && !world.hears(chat_id) {
        return;
    }
    let mut update = json!({ "message": shapes::message(world, people, chat_id, message) });
    if chat_id >= 0 {
        update["user_locale"] = json!("ru");
    }
    world.tell("message_created", update);
}

/// A person pressed Start, with what the link carried.
pub(crate) fn started(world: &mut World, people: &People, user: i64, payload: Option<&str>) {
    let mut update = in_dialog(world, people, user);
    update["user_locale"] = json!("ru");
    if let Some(payload) = payload {
        update["payload"] = json!(payload);
    }
    world.tell("bot_started", update);
}

/// A person stopped the bot, and perhaps deleted the dialog too.
pub(crate) fn stopped(world: &mut World, people: &People, user: i64, removed: bool) {
    let mut update = in_dialog(world, people, user);
    if removed {
        world.tell("dialog_removed", update.clone());
    }
    update["user_locale"] = json!("ru");
    world.tell("bot_stopped", update);
}

fn in_dialog(world: &World, people: &People, user: i64) -> Value {
    json!({ "chat_id": world.dialog_id(user), "user": shapes::user(world, people, user) })
}

/// A member of a group; the number stands beside the person, too, as the platform sends it.
fn about(world: &World, people: &People, chat_id: i64, id: i64) -> Value {
    json!({
        "chat_id": chat_id,
        "user_id": id,
        "user": shapes::user(world, people, id),
        "is_channel": false,
    })
}
