//! Methods about the bot, chats and the pinned message.

use serde::Deserialize;
use serde_json::{Value, json};

use super::super::desk::Papers;
use super::call::Call;
use super::error::{Error, done, refused};
use super::shapes;
use super::text::is_blank;
use super::world::{Chat, Over, World, chat_of};

/// Characters of a title and of a description.
const LONGEST_TITLE: usize = 200;
const LONGEST_DESCRIPTION: usize = 16_000;
const MOST_COMMANDS: usize = 32;

/// GET /me.
pub(super) fn me(papers: &mut Papers, _: &Call) -> Result<Value, Error> {
    let Papers { max, people, .. } = papers;
    let mut bot = shapes::user(max, people, max.bot.id);
    if !max.bot.commands.is_empty() {
        bot["commands"] = json!(max.bot.commands);
    }
    Ok(bot)
}

#[derive(Deserialize)]
struct Commands {
    commands: Vec<Command>,
}

#[derive(Deserialize, serde::Serialize)]
struct Command {
    name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<String>,
}

/// PATCH /me/commands.
pub(super) fn commands(papers: &mut Papers, call: &Call) -> Result<Value, Error> {
    let Commands { commands } = call.body()?;
    let length = |text: &str, most| (1..=most).contains(&text.chars().count());
    let fits = |each: &Command| {
        length(&each.name, 64) && each.description.as_deref().is_none_or(|text| length(text, 128))
    };
    if commands.len() > MOST_COMMANDS || !commands.iter().all(fits) {
        return Err(Error::payload("commands: 32 at most, of a name and a description"));
    }
    papers.max.bot.commands = commands.iter().map(|command| json!(command)).collect();
    Ok(json!({ "commands": papers.max.bot.commands }))
}

/// A group in which the bot is and which is not over.
pub(super) fn of_member(world: &mut World, id: i64) -> Result<&mut Chat, Error> {
    if id >= 0 {
        return Err(Error::payload(&format!("Method is not available for chat {id}")));
    }
    let bot = world.bot.id;
    let chat = world.chats.get_mut(&id);
    let chat = chat.filter(|chat| chat.member(bot).is_some() && chat.over.is_none());
    chat.ok_or_else(|| Error::denied("Bot is not a participant of the chat"))
}

/// A group in which the bot is an admin.
pub(super) fn of_admin(world: &mut World, id: i64) -> Result<&mut Chat, Error> {
    let bot = world.bot.id;
    let chat = of_member(world, id)?;
    if !chat.is_admin(bot) {
        return Err(Error::denied("Bot is not an administrator of the chat"));
    }
    Ok(chat)
}

/// A group in which the bot is an admin with this right.
pub(super) fn with_right<'a>(
    world: &'a mut World,
    id: i64,
    right: &str,
) -> Result<&'a mut Chat, Error> {
    let bot = world.bot.id;
    let chat = of_admin(world, id)?;
    if !chat.may(bot, right) {
        return Err(Error::no_right());
    }
    Ok(chat)
}

/// GET /chats/{chatId}: a group, or a dialog that somebody opened.
pub(super) fn get(papers: &mut Papers, call: &Call) -> Result<Value, Error> {
    let id = call.number(0)?;
    let Papers { max, people, .. } = papers;
    if id >= 0 {
        let user = max.dialog_user(id).ok_or_else(|| Error::no_chat("dialog.not.found"))?;
        return Ok(shapes::dialog(max, people, id, user, &max.dialogs[&user]));
    }
    let over = max.chats.get(&id).and_then(|chat| chat.over);
    if over.is_none_or(|over| over == Over::Denied) {
        of_member(max, id)?;
    }
    Ok(shapes::chat(max, people, &max.chats[&id]))
}

/// DELETE /chats/{chatId}: no bot may, and the platform says so with status 200.
pub(super) fn delete(_: &mut Papers, call: &Call) -> Result<Value, Error> {
    call.number(0)?;
    Ok(refused("Insufficient access rights to perform this action"))
}

#[derive(Deserialize)]
struct Patch {
    icon: Option<Value>,
    title: Option<String>,
    description: Option<String>,
    pin: Option<String>,
    notify: Option<bool>,
}

impl Patch {
    fn check(&self) -> Result<(), Error> {
        if let Some(title) = &self.title
            && (is_blank(title) || title.chars().count() > LONGEST_TITLE)
        {
            return Err(Error::payload("title: 1 to 200 characters are expected"));
        }
        let long = |text: &String| text.chars().count() > LONGEST_DESCRIPTION;
        if self.description.as_ref().is_some_and(long) {
            return Err(Error::payload("description: errors.maxRowSize"));
        }
        let source = |icon: &Value| {
            let text = |key: &str| icon[key].as_str().is_some_and(|text| !text.trim().is_empty());
            text("url") || text("token") || icon["photos"].is_object()
        };
        if self.icon.as_ref().is_some_and(|icon| !source(icon)) {
            return Err(Error::payload("icon: url, token or photos is expected"));
        }
        Ok(())
    }
}

/// PATCH /chats/{chatId}.
pub(super) fn patch(papers: &mut Papers, call: &Call) -> Result<Value, Error> {
    let id = call.number(0)?;
    let patch: Patch = call.body()?;
    patch.check()?;
    let Papers { max, people, .. } = papers;
    let chat = of_admin(max, id)?;
    let renamed = patch.title.as_ref().is_some_and(|title| *title != chat.title);
    if patch.icon.is_some() || patch.title.is_some() || patch.description.is_some() {
        with_right(max, id, "change_chat_info")?;
    }
    if let Some(mid) = &patch.pin {
        with_right(max, id, "pin_message")?;
        pin_here(max, id, mid)?;
    }
    let chat = of_admin(max, id)?;
    if let Some(icon) = patch.icon {
        let url = icon["url"].as_str().unwrap_or("https://i.oneme.ru/i?r=sandbox");
        chat.icon = Some(url.to_owned());
    }
    if let Some(text) = patch.description {
        chat.description = Some(text).filter(|text| !text.is_empty());
    }
    if let Some(title) = patch.title {
        chat.title = title;
    }
    chat.notices += u64::from(renamed && patch.notify.unwrap_or(true));
    if renamed && max.switches.echo {
        super::events::title_changed(max, people, id, max.bot.id);
    }
    Ok(shapes::chat(max, people, &max.chats[&id]))
}

#[derive(Deserialize)]
struct Action {
    action: String,
}

/// POST /chats/{chatId}/actions.
pub(super) fn action(papers: &mut Papers, call: &Call) -> Result<Value, Error> {
    const ACTIONS: [&str; 6] = [
        "typing_on",
        "sending_photo",
        "sending_video",
        "sending_audio",
        "sending_file",
        "mark_seen",
    ];
    let id = call.number(0)?;
    let Action { action } = call.body()?;
    if !ACTIONS.contains(&action.as_str()) {
        return Err(Error::payload(&format!("Unknown action: {action}")));
    }
    if papers.max.dialog_user(id).is_none() {
        of_member(&mut papers.max, id)?;
    }
    Ok(done())
}

/// GET /chats/{chatId}/pin.
pub(super) fn pinned(papers: &mut Papers, call: &Call) -> Result<Value, Error> {
    let id = call.number(0)?;
    let Papers { max, people, .. } = papers;
    of_admin(max, id)?;
    Ok(match shapes::pinned(max, people, &max.chats[&id]) {
        Some(message) => json!({ "message": message }),
        None => json!({}),
    })
}

#[derive(Deserialize)]
struct Pin {
    message_id: String,
    notify: Option<bool>,
}

/// PUT /chats/{chatId}/pin.
pub(super) fn pin(papers: &mut Papers, call: &Call) -> Result<Value, Error> {
    let id = call.number(0)?;
    let pin: Pin = call.body()?;
    with_right(&mut papers.max, id, "pin_message")?;
    pin_here(&mut papers.max, id, &pin.message_id)?;
    let chat = of_admin(&mut papers.max, id)?;
    chat.notices += u64::from(pin.notify.unwrap_or(true));
    Ok(done())
}

fn pin_here(world: &mut World, id: i64, mid: &str) -> Result<(), Error> {
    let chat_id = chat_of(mid).ok_or_else(|| Error::payload("Invalid message_id"))?;
    if chat_id != id || world.message(mid).is_none() {
        return Err(Error::not_found("Message"));
    }
    of_admin(world, id)?.pinned = Some(mid.to_owned());
    Ok(())
}

/// DELETE /chats/{chatId}/pin.
pub(super) fn unpin(papers: &mut Papers, call: &Call) -> Result<Value, Error> {
    let chat = with_right(&mut papers.max, call.number(0)?, "pin_message")?;
    Ok(match chat.pinned.take() {
        Some(_) => done(),
        None => refused("There is no pinned message"),
    })
}
