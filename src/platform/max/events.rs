//! What MAX tells of what happened (`platforms/max.md`, section 6.3): by asking for updates, or one
//! by one to a webhook.

use serde_json::Value;

use super::answer::{flag, number, rights, text};
use crate::platform::{Event, OwnRights};

/// The updates that concern the library.
pub(super) const TYPES: [&str; 10] = [
    "bot_added",
    "bot_removed",
    "bot_admin_permissions_changed",
    "user_added",
    "user_removed",
    "chat_title_changed",
    "message_created",
    "bot_started",
    "bot_stopped",
    "dialog_removed",
];

/// What one update means for the library; nothing where it is of no concern, as all of channels.
pub(in crate::platform) fn event(update: &Value) -> Vec<Event> {
    if flag(update, "is_channel") {
        return Vec::new();
    }
    match text(update, "update_type") {
        Some("message_created") => update.get("message").map(message).unwrap_or_default(),
        Some(kind) => {
            of_chat(kind, update).or_else(|| of_dialog(kind, update)).into_iter().collect()
        }
        None => Vec::new(),
    }
}

fn of_chat(kind: &str, update: &Value) -> Option<Event> {
    let chat = id(update, "chat_id")?;
    Some(match kind {
        "bot_added" => Event::Entered { chat, by: who(update) },
        "bot_removed" => Event::Expelled { chat },
        "bot_admin_permissions_changed" => {
            let admin = update.get("is_admin")?.as_bool()?;
            let rights = OwnRights { inside: true, admin, rights: rights(update) };
            Event::OwnRights { chat, rights }
        }
        "user_added" => Event::Joined { chat, account: who(update)? },
        "user_removed" => Event::Left { chat, account: who(update)? },
        "chat_title_changed" => Event::Titled { chat, title: text(update, "title")?.to_owned() },
        _ => return None,
    })
}

fn of_dialog(kind: &str, update: &Value) -> Option<Event> {
    let account = who(update)?;
    Some(match kind {
        "bot_started" => {
            let payload = text(update, "payload").filter(|payload| !payload.is_empty());
            let dialog = dialog_id(update);
            Event::Started { account, payload: payload.map(str::to_owned), dialog }
        }
        "bot_stopped" | "dialog_removed" => Event::Stopped { account },
        _ => return None,
    })
}

/// Of what people write, the codes of tasks in a group and the mere fact in a dialog. What bots
/// write, this one among them, concerns nobody.
fn message(message: &Value) -> Vec<Event> {
    let (Some(sender), Some(recipient)) = (message.get("sender"), message.get("recipient")) else {
        return Vec::new();
    };
    let chat_type = text(recipient, "chat_type").filter(|_| !flag(sender, "is_bot"));
    match (chat_type, id(recipient, "chat_id"), id(sender, "user_id")) {
        (Some("chat"), Some(chat), _) => codes(message, &chat),
        (Some("dialog"), _, Some(account)) => {
            vec![Event::Wrote { account, dialog: dialog_id(recipient) }]
        }
        _ => Vec::new(),
    }
}

fn codes(message: &Value, chat: &str) -> Vec<Event> {
    let written = message.get("body").and_then(|body| text(body, "text")).unwrap_or_default();
    let codes = crate::plan::codes_in(written).into_iter();
    codes.map(|code| Event::Code { chat: chat.to_owned(), code }).collect()
}

/// The dialog's id; MAX sometimes tells nought.
pub(super) fn dialog_id(value: &Value) -> Option<String> {
    id(value, "chat_id").filter(|id| id != "0")
}

/// Whom the update is about.
fn who(update: &Value) -> Option<String> {
    id(update.get("user")?, "user_id")
}

fn id(value: &Value, key: &str) -> Option<String> {
    Some(number(value.get(key)?)?.to_string())
}
