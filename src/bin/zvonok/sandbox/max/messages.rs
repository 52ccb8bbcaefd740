//! Methods about messages and the answers to pressed buttons.

use serde::Deserialize;
use serde_json::{Value, json};

use super::super::desk::{Papers, now_ms};
use super::call::Call;
use super::chats::{of_admin, of_member};
use super::error::{Error, done};
use super::shapes;
use super::text::{NewMessage, Said};
use super::world::{World, chat_of};

/// POST /messages.
pub(super) fn send(papers: &mut Papers, call: &Call) -> Result<Value, Error> {
    let said = call.body::<NewMessage>()?.read()?;
    let to = (call.int("user_id")?, call.int("chat_id")?);
    let Papers { max, people, .. } = papers;
    let chat_id = match to {
        (Some(user), None) => dialog_of(max, user)?,
        (None, Some(chat_id)) => writable(max, chat_id)?,
        _ => return Err(Error::payload("Unknown recipient")),
    };
    let switches = max.switches;
    max.door.admit_words(chat_id, &switches)?;
    let words = with_origin(max, said)?.words;
    let message = max.write(chat_id, max.bot.id, words, now_ms());
    Ok(json!({ "message": shapes::message(max, people, chat_id, &message) }))
}

/// The dialog with a person, who must have opened it and not stopped the bot.
fn dialog_of(world: &World, user: i64) -> Result<i64, Error> {
    let dialog = world.dialogs.get(&user);
    match dialog.ok_or_else(|| Error::no_chat("dialog.not.found"))?.stopped {
        true => {
            let message = format!("Key: error.dialog.suspended, args: [{user},].");
            Err(Error::denied(&message))
        }
        false => Ok(world.dialog_id(user)),
    }
}

/// A chat that was named by its number.
fn writable(world: &mut World, chat_id: i64) -> Result<i64, Error> {
    match chat_id {
        0 => Err(Error::denied("Invalid chatId: 0")),
        1.. if world.switches.write_by_dialog_id => {
            let user = world.dialog_user(chat_id);
            dialog_of(world, user.ok_or_else(|| Error::no_chat("dialog.not.found"))?)
        }
        1.. => Err(Error::no_chat("chat.not.found")),
        _ if !world.chats.contains_key(&chat_id) => Err(Error::no_chat("chat.not.found")),
        _ => of_member(world, chat_id).map(|chat| chat.id),
    }
}

/// Puts the message that is answered or passed on beside the new one.
fn with_origin(world: &mut World, mut said: Said) -> Result<Said, Error> {
    let Some(link) = said.words.link.take() else { return Ok(said) };
    let mid = link["mid"].as_str().unwrap_or_default();
    let (chat_id, origin) = world.message(mid).ok_or_else(|| Error::not_found("Message"))?;
    let body = json!({ "mid": origin.mid, "seq": origin.seq, "text": origin.text });
    said.words.link = Some(json!({ "type": link["type"], "chat_id": chat_id, "message": body }));
    Ok(said)
}

/// The chat of a message in the query or the path.
fn place(mid: &str) -> Result<i64, Error> {
    chat_of(mid).ok_or_else(|| Error::payload("Invalid message_id"))
}

/// PUT /messages: the bot's own.
pub(super) fn edit(papers: &mut Papers, call: &Call) -> Result<Value, Error> {
    let said = call.body::<NewMessage>()?.read()?;
    let mid = call.get("message_id").ok_or_else(|| Error::payload("message_id is required"))?;
    edit_now(&mut papers.max, mid, said)
}

fn edit_now(world: &mut World, mid: &str, said: Said) -> Result<Value, Error> {
    let chat_id = place(mid)?;
    if chat_id < 0 {
        of_member(world, chat_id)?;
    }
    let bot = world.bot.id;
    let (_, message) = world.message(mid).ok_or_else(|| Error::not_found("Message"))?;
    if message.from != bot {
        return Err(Error::new(403, "access.denied", "Only own messages can be edited"));
    }
    let switches = world.switches;
    world.door.admit_words(chat_id, &switches)?;
    let said = with_origin(world, said)?;
    let (_, message) = world.message(mid).ok_or_else(|| Error::not_found("Message"))?;
    message.edited = true;
    message.text = said.words.text.or(message.text.take());
    message.link = said.words.link.or(message.link.take());
    if said.names_attachments {
        message.attachments = said.words.attachments;
    }
    Ok(done())
}

/// DELETE /messages: the bot's own, and with `write` those of others in a group.
pub(super) fn delete(papers: &mut Papers, call: &Call) -> Result<Value, Error> {
    let mid = call.get("message_id").ok_or_else(|| Error::payload("message_id is required"))?;
    let chat_id = place(mid)?;
    let world = &mut papers.max;
    let bot = world.bot.id;
    let may = if chat_id < 0 { of_member(world, chat_id)?.may(bot, "write") } else { false };
    let (_, message) = world.message(mid).ok_or_else(|| Error::not_found("Message"))?;
    if message.from != bot && !may {
        return Err(Error::new(403, "access.denied", "No right to delete the message"));
    }
    if let Some(talk) = world.talk(chat_id) {
        talk.messages.retain(|message| message.mid != mid);
    }
    if let Some(chat) = world.chats.get_mut(&chat_id) {
        chat.pinned.take_if(|pinned| pinned == mid);
    }
    Ok(done())
}

/// GET /messages/{messageId}.
pub(super) fn get(papers: &mut Papers, call: &Call) -> Result<Value, Error> {
    let mid = call.names.first().map(String::as_str).unwrap_or_default();
    let Papers { max, people, .. } = papers;
    one(max, mid, |world, chat_id, message| shapes::message(world, people, chat_id, message))
}

fn one(
    world: &mut World,
    mid: &str,
    show: impl Fn(&World, i64, &super::world::Message) -> Value,
) -> Result<Value, Error> {
    let chat_id = place(mid)?;
    if chat_id < 0 && of_member(world, chat_id).is_err() {
        return Err(Error::not_found("Message"));
    }
    let found = world.message(mid).map(|(_, message)| message.clone());
    let message = found.ok_or_else(|| Error::not_found("Message"))?;
    Ok(show(world, chat_id, &message))
}

/// GET /messages: of one chat, newest first, or those that are named.
pub(super) fn list(papers: &mut Papers, call: &Call) -> Result<Value, Error> {
    let count = call.within("count", 1, 100, 50)?;
    let (before, after) = (call.int("before")?, call.int("after")?);
    let Papers { max, people, .. } = papers;
    if let Some(mids) = call.get("message_ids") {
        let show = |world: &World, chat_id: i64, message: &_| {
            shapes::message(world, people, chat_id, message)
        };
        let found = mids.split(',').filter_map(|mid| one(max, mid.trim(), show).ok());
        return Ok(json!({ "messages": found.collect::<Vec<_>>() }));
    }
    let chat_id = call.int("chat_id")?;
    let chat_id = chat_id.ok_or_else(|| Error::payload("chat_id or message_ids are required"))?;
    if max.dialog_user(chat_id).is_none() {
        of_admin(max, chat_id)?;
    }
    let talk = max.talk(chat_id).map(|talk| talk.messages.clone()).unwrap_or_default();
    let within = |time: i64| before.is_none_or(|b| time < b) && after.is_none_or(|a| time > a);
    let wanted = talk.iter().rev().filter(|message| within(message.time)).take(count);
    let shown = wanted.map(|message| shapes::message(max, people, chat_id, message));
    Ok(json!({ "messages": shown.collect::<Vec<_>>() }))
}

#[derive(Deserialize)]
struct Answer {
    message: Option<NewMessage>,
    notification: Option<String>,
}

/// POST /answers: to a button that somebody pressed.
pub(super) fn answer(papers: &mut Papers, call: &Call) -> Result<Value, Error> {
    let Answer { message, notification } = call.body()?;
    if message.is_none() && notification.is_none() {
        return Err(Error::payload("message or notification is expected"));
    }
    let said = message.map(NewMessage::read).transpose()?;
    let id = call.get("callback_id").ok_or_else(|| Error::payload("callback_id is required"))?;
    let world = &mut papers.max;
    let mid = id.split_once('/').map(|(mid, _)| mid.to_owned());
    let mid = mid.filter(|mid| world.message(mid).is_some());
    let mid = mid.ok_or_else(|| Error::not_found("Callback"))?;
    match said {
        Some(said) => edit_now(world, &mid, said),
        None => {
            let switches = world.switches;
            world.door.admit_words(place(&mid)?, &switches)?;
            Ok(done())
        }
    }
}
