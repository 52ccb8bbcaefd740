//! The part of the control interface under `/sandbox/max/` on what people say to the bot and in
//! groups, and what they open.

use serde::Deserialize;
use serde_json::{Value, json};

use super::super::control::{No, conflict, not_in, wrong};
use super::super::desk::{Papers, now_ms};
use super::control::{Deed, chat, ok, person};
use super::launch::{Launch, contact, percent};
use super::world::Words;
use super::{events, shapes};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Writing {
    /// A group; without it, the person's dialog with the bot.
    chat_id: Option<i64>,
    user: i64,
    text: String,
}

impl Deed for Writing {
    fn happen(self, papers: &mut Papers) -> Result<Value, No> {
        person(papers, self.user)?;
        let words = Words { text: Some(self.text), ..Words::default() };
        let place = match self.chat_id {
            Some(id) => {
                let chat = chat(papers, id)?;
                chat.member(self.user).ok_or_else(not_in)?;
                id
            }
            None => dialog(papers, self.user)?,
        };
        Ok(json!({ "ok": true, "mid": write(papers, place, self.user, words) }))
    }
}

/// The number of a dialog that is open.
fn dialog(papers: &Papers, user: i64) -> Result<i64, No> {
    let dialog = papers.max.dialogs.get(&user).ok_or_else(|| conflict("not_started"))?;
    if dialog.stopped { Err(conflict("stopped")) } else { Ok(papers.max.dialog_id(user)) }
}

fn write(papers: &mut Papers, chat_id: i64, from: i64, words: Words) -> String {
    let Papers { max, people, .. } = papers;
    let message = max.write(chat_id, from, words, now_ms());
    events::wrote(max, people, chat_id, &message);
    message.mid
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Pinning {
    chat_id: i64,
    /// Without one, whatever is pinned is taken down.
    mid: Option<String>,
}

impl Deed for Pinning {
    fn happen(self, papers: &mut Papers) -> Result<Value, No> {
        let chat = chat(papers, self.chat_id)?;
        let is_there = |mid: &String| chat.talk.messages.iter().any(|message| message.mid == *mid);
        if !self.mid.as_ref().is_none_or(is_there) {
            return Err(No::no_message());
        }
        chat.pinned = self.mid;
        ok()
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Press {
    mid: String,
    user: i64,
    payload: Option<String>,
}

impl Deed for Press {
    fn happen(self, papers: &mut Papers) -> Result<Value, No> {
        person(papers, self.user)?;
        let Papers { max, people, .. } = papers;
        let number = max.next();
        let found = max.message(&self.mid).map(|(id, message)| (id, message.clone()));
        let (chat_id, message) = found.ok_or_else(|| conflict("no_message"))?;
        let mut callback = json!({
            "timestamp": now_ms(),
            "callback_id": format!("{}/{number}", self.mid),
            "user": shapes::user(max, people, self.user),
        });
        if let Some(payload) = self.payload {
            callback["payload"] = json!(payload);
        }
        let id = callback["callback_id"].clone();
        let message = shapes::message(max, people, chat_id, &message);
        max.tell("message_callback", json!({ "callback": callback, "message": message }));
        Ok(json!({ "ok": true, "callback_id": id }))
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Start {
    user: i64,
    /// What the link `?start=` carried; more than 128 characters are dropped by the platform.
    payload: Option<String>,
}

impl Deed for Start {
    fn happen(self, papers: &mut Papers) -> Result<Value, No> {
        const LONGEST: usize = 128;
        person(papers, self.user)?;
        let Papers { max, people, .. } = papers;
        max.open_dialog(self.user);
        let payload = self.payload.filter(|payload| payload.chars().count() <= LONGEST);
        events::started(max, people, self.user, payload.as_deref());
        Ok(json!({ "ok": true, "chat_id": max.dialog_id(self.user) }))
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Stop {
    user: i64,
    /// The dialog is deleted, too: the platform tells both.
    #[serde(default)]
    remove: bool,
}

impl Deed for Stop {
    fn happen(self, papers: &mut Papers) -> Result<Value, No> {
        dialog(papers, self.user)?;
        let Papers { max, people, .. } = papers;
        max.dialogs.entry(self.user).or_default().stopped = true;
        events::stopped(max, people, self.user, self.remove);
        ok()
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Contact {
    user: i64,
    phone: String,
    /// Somebody else's contact, passed on: it proves nothing and has no hash.
    of: Option<i64>,
}

impl Deed for Contact {
    fn happen(self, papers: &mut Papers) -> Result<Value, No> {
        let whose = self.of.unwrap_or(self.user);
        let whose = person(papers, whose)?;
        let place = dialog(papers, self.user)?;
        let token = papers.max.door.token.clone();
        let token = self.of.is_none().then_some(token.as_str());
        let shown = shapes::user(&papers.max, &papers.people, whose.id);
        let attachments = vec![contact(&whose, shown, &self.phone, token)];
        let words = Words { attachments, ..Words::default() };
        Ok(json!({ "ok": true, "mid": write(papers, place, self.user, words) }))
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Opening {
    user: i64,
    start_param: Option<String>,
    /// The group that it is opened in; without it, the dialog.
    chat_id: Option<i64>,
    /// Seconds since 1970; without it, now.
    auth_date: Option<i64>,
}

impl Deed for Opening {
    fn happen(self, papers: &mut Papers) -> Result<Value, No> {
        let user = person(papers, self.user)?;
        let number = papers.max.next();
        let dialog = (papers.max.dialog_id(self.user), "DIALOG");
        let launch = Launch {
            query_id: format!("{:08x}-0000-4000-8000-{number:012x}", self.user & 0xFFFF_FFFF),
            auth_date: self.auth_date.unwrap_or_else(|| now_ms() / 1000),
            user: &user,
            chat: self.chat_id.map_or(dialog, |id| (id, "CHAT")),
            start_param: self.start_param.as_deref(),
        };
        let data = launch.sign(&papers.max.door.token);
        let encoded = percent(&data);
        let fragment = format!("#WebAppData={encoded}&WebAppPlatform=web&WebAppVersion=26.2.8");
        Ok(json!({ "ok": true, "init_data": data, "fragment": fragment }))
    }
}

/// Any update as it is, also one that nobody knows yet.
#[derive(Deserialize)]
pub(super) struct Update(serde_json::Map<String, Value>);

impl Deed for Update {
    fn happen(self, papers: &mut Papers) -> Result<Value, No> {
        let mut update = self.0;
        if !update.get("update_type").is_some_and(Value::is_string) {
            return Err(wrong("update_type is needed"));
        }
        update.entry("timestamp").or_insert_with(|| json!(now_ms()));
        papers.max.hand_over(Value::Object(update));
        ok()
    }
}
