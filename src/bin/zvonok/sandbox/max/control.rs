//! The part of the control interface under `/sandbox/max/`: what people do in MAX.

use axum::extract::State;
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::Deserialize;
use serde_json::{Value, json};

use super::super::control::{Answer, No, Order, conflict, done, not_in, unwell, with_named, wrong};
use super::super::desk::{Desk, Papers, now_ms};
use super::super::people::Person;
use super::super::world::Joined;
use super::launch::{Launch, contact, percent};
use super::world::{Chat, Entry, Over, Words};
use super::{events, rights, shapes};

pub(crate) fn routes() -> Router<Desk> {
    Router::new()
        .route("/sandbox/max/state", get(state))
        .route("/sandbox/max/create", post(order::<Creation>))
        .route("/sandbox/max/add", post(order::<Addition>))
        .route("/sandbox/max/join", post(order::<Joining>))
        .route("/sandbox/max/leave", post(order::<Leaving>))
        .route("/sandbox/max/remove", post(order::<Removal>))
        .route("/sandbox/max/unblock", post(order::<Unblocking>))
        .route("/sandbox/max/admin", post(order::<Promotion>))
        .route("/sandbox/max/rename", post(order::<Renaming>))
        .route("/sandbox/max/rotate", post(order::<Rotation>))
        .route("/sandbox/max/delete", post(order::<Ending>))
        .route("/sandbox/max/message", post(order::<Writing>))
        .route("/sandbox/max/press", post(order::<Press>))
        .route("/sandbox/max/start", post(order::<Start>))
        .route("/sandbox/max/stop", post(order::<Stop>))
        .route("/sandbox/max/contact", post(order::<Contact>))
        .route("/sandbox/max/launch", post(order::<Opening>))
        .route("/sandbox/max/update", post(order::<Update>))
        .route("/sandbox/max/mode", post(mode))
        .route("/sandbox/max/token", post(token))
}

/// Something that a person does.
trait Deed: serde::de::DeserializeOwned + Send {
    fn happen(self, papers: &mut Papers) -> Result<Value, No>;
}

async fn order<D: Deed>(State(desk): State<Desk>, Order(deed): Order<D>) -> Answer {
    desk.change(|papers| deed.happen(papers)).map_err(unwell)?.map(Json)
}

async fn state(State(desk): State<Desk>) -> Json<Value> {
    Json(desk.read(super::view::state))
}

async fn mode(State(desk): State<Desk>, Order(named): Order<Value>) -> Answer {
    let set = |papers: &mut Papers| {
        papers.max.switches = with_named(&papers.max.switches, &named)?;
        Ok(json!(papers.max.switches))
    };
    desk.note(set).map(Json)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NewToken {
    token: String,
}

async fn token(State(desk): State<Desk>, Order(new): Order<NewToken>) -> Answer {
    desk.note(|papers| papers.max.door.token = new.token);
    Ok(done())
}

fn ok() -> Result<Value, No> {
    Ok(json!({ "ok": true }))
}

fn chat(papers: &mut Papers, id: i64) -> Result<&mut Chat, No> {
    papers.max.chats.get_mut(&id).ok_or_else(No::no_chat)
}

/// A living person of the messenger.
fn person(papers: &Papers, id: i64) -> Result<Person, No> {
    let person = papers.people.get(id).filter(|_| id != papers.max.bot.id);
    let person = person.ok_or_else(|| conflict("nobody"))?;
    if person.deactivated { Err(conflict("deactivated")) } else { Ok(person) }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Creation {
    title: String,
    owner: i64,
    description: Option<String>,
}

impl Deed for Creation {
    fn happen(self, papers: &mut Papers) -> Result<Value, No> {
        person(papers, self.owner)?;
        let made = papers.max.create(self.owner, &self.title, now_ms());
        let chat = made.ok_or_else(|| conflict("full"))?;
        chat.description = self.description;
        Ok(json!({ "chat_id": chat.id, "link": chat.link }))
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Addition {
    chat_id: i64,
    /// The bot, if nobody is named.
    user: Option<i64>,
    by: Option<i64>,
}

impl Deed for Addition {
    fn happen(self, papers: &mut Papers) -> Result<Value, No> {
        let bot = papers.max.bot.id;
        let user = self.user.unwrap_or(bot);
        if user == bot && !papers.max.switches.bot_can_be_added {
            return Err(conflict("bot_not_addable"));
        }
        if user != bot && papers.people.get(user).is_some_and(|person| person.privacy) {
            return Err(conflict("privacy"));
        }
        let chat = chat(papers, self.chat_id)?;
        let by = Some(self.by.unwrap_or(chat.owner));
        let entry = Entry { user, by, now: now_ms(), joined: Joined::Hand };
        enter(papers, self.chat_id, &entry)
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Joining {
    chat_id: Option<i64>,
    link: Option<String>,
    user: i64,
}

impl Deed for Joining {
    fn happen(self, papers: &mut Papers) -> Result<Value, No> {
        person(papers, self.user)?;
        let id = match (self.chat_id, self.link) {
            (Some(id), None) => id,
            (None, Some(link)) => papers.max.chat_by_link(&link).ok_or_else(No::no_chat)?,
            _ => return Err(wrong("either link or chat_id is needed")),
        };
        let entry = Entry { user: self.user, by: None, now: now_ms(), joined: Joined::Link };
        enter(papers, id, &entry)
    }
}

fn enter(papers: &mut Papers, id: i64, entry: &Entry) -> Result<Value, No> {
    let Papers { max, people, .. } = papers;
    let bot = max.bot.id;
    let chat = max.chats.get_mut(&id).ok_or_else(No::no_chat)?;
    chat.enter(entry, people, bot).map_err(No::refusal)?;
    events::came(max, people, id, entry.user, entry.by);
    Ok(json!({ "ok": true, "chat_id": id }))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Leaving {
    chat_id: i64,
    user: i64,
}

impl Deed for Leaving {
    fn happen(self, papers: &mut Papers) -> Result<Value, No> {
        take_out(papers, self.chat_id, self.user, None)
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Removal {
    chat_id: i64,
    /// The bot, if nobody is named.
    user: Option<i64>,
    by: Option<i64>,
    #[serde(default)]
    block: bool,
}

impl Deed for Removal {
    fn happen(self, papers: &mut Papers) -> Result<Value, No> {
        let user = self.user.unwrap_or(papers.max.bot.id);
        let chat = chat(papers, self.chat_id)?;
        let by = self.by.unwrap_or(chat.owner);
        if self.block && chat.member(user).is_some() {
            chat.blocked.insert(user);
        }
        take_out(papers, self.chat_id, user, Some(by))
    }
}

fn take_out(papers: &mut Papers, id: i64, user: i64, by: Option<i64>) -> Result<Value, No> {
    if !chat(papers, id)?.leave(user) {
        return Err(not_in());
    }
    let Papers { max, people, .. } = papers;
    match by {
        Some(by) if user == max.bot.id => events::bot_gone(max, people, id, by),
        _ => events::gone(max, people, id, user, by),
    }
    ok()
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Unblocking {
    chat_id: i64,
    user: i64,
}

impl Deed for Unblocking {
    fn happen(self, papers: &mut Papers) -> Result<Value, No> {
        chat(papers, self.chat_id)?.blocked.remove(&self.user);
        ok()
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Promotion {
    chat_id: i64,
    /// The bot, if nobody is named.
    user: Option<i64>,
    by: Option<i64>,
    /// False takes the rights away.
    admin: Option<bool>,
    /// Any words; without them, every right of a group.
    permissions: Option<Vec<String>>,
    alias: Option<String>,
}

impl Deed for Promotion {
    fn happen(self, papers: &mut Papers) -> Result<Value, No> {
        let bot = papers.max.bot.id;
        let user = self.user.unwrap_or(bot);
        let chat = chat(papers, self.chat_id)?;
        let by = self.by.unwrap_or(chat.owner);
        let member = chat.member_mut(user).ok_or_else(not_in)?;
        let rights = self.permissions.unwrap_or_else(rights::all);
        member.rights = self.admin.unwrap_or(true).then_some(rights);
        member.alias = self.alias.filter(|_| member.rights.is_some());
        if user == bot {
            events::rights_changed(&mut papers.max, self.chat_id, by);
        }
        ok()
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Renaming {
    chat_id: i64,
    title: String,
    by: Option<i64>,
}

impl Deed for Renaming {
    fn happen(self, papers: &mut Papers) -> Result<Value, No> {
        let chat = chat(papers, self.chat_id)?;
        let by = self.by.unwrap_or(chat.owner);
        chat.title = self.title;
        let Papers { max, people, .. } = papers;
        events::title_changed(max, people, self.chat_id, by);
        ok()
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Rotation {
    chat_id: i64,
}

impl Deed for Rotation {
    fn happen(self, papers: &mut Papers) -> Result<Value, No> {
        let link = papers.max.fresh_link();
        chat(papers, self.chat_id)?.link.clone_from(&link);
        Ok(json!({ "ok": true, "link": link }))
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Ending {
    chat_id: i64,
    /// How it looks to the bot from now on; nobody is told.
    status: Option<Over>,
    /// Brings it back instead.
    #[serde(default)]
    back: bool,
}

impl Deed for Ending {
    fn happen(self, papers: &mut Papers) -> Result<Value, No> {
        let over = self.status.unwrap_or(Over::Denied);
        chat(papers, self.chat_id)?.over = (!self.back).then_some(over);
        ok()
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Writing {
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
struct Press {
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
struct Start {
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
struct Stop {
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
struct Contact {
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
struct Opening {
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
struct Update(serde_json::Map<String, Value>);

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
