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
use super::talks::{Contact, Opening, Pinning, Press, Start, Stop, Update, Writing};
use super::world::{Chat, Entry, Over};
use super::{events, rights, webhook};

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
        .route("/sandbox/max/transfer", post(order::<Transfer>))
        .route("/sandbox/max/rename", post(order::<Renaming>))
        .route("/sandbox/max/rotate", post(order::<Rotation>))
        .route("/sandbox/max/delete", post(order::<Ending>))
        .route("/sandbox/max/message", post(order::<Writing>))
        .route("/sandbox/max/pin", post(order::<Pinning>))
        .route("/sandbox/max/press", post(order::<Press>))
        .route("/sandbox/max/start", post(order::<Start>))
        .route("/sandbox/max/stop", post(order::<Stop>))
        .route("/sandbox/max/contact", post(order::<Contact>))
        .route("/sandbox/max/launch", post(order::<Opening>))
        .route("/sandbox/max/webhook", post(order::<Webhook>))
        .route("/sandbox/max/update", post(order::<Update>))
        .route("/sandbox/max/mode", post(mode))
        .route("/sandbox/max/token", post(token))
}

/// Something that a person does.
pub(super) trait Deed: serde::de::DeserializeOwned + Send {
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

pub(super) fn ok() -> Result<Value, No> {
    Ok(json!({ "ok": true }))
}

pub(super) fn chat(papers: &mut Papers, id: i64) -> Result<&mut Chat, No> {
    papers.max.chats.get_mut(&id).ok_or_else(No::no_chat)
}

/// A living person of the messenger.
pub(super) fn person(papers: &Papers, id: i64) -> Result<Person, No> {
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
struct Transfer {
    chat_id: i64,
    /// A member who is a person; the owner until now stays an admin with every right.
    user: i64,
}

impl Deed for Transfer {
    fn happen(self, papers: &mut Papers) -> Result<Value, No> {
        person(papers, self.user)?;
        let chat = chat(papers, self.chat_id)?;
        let member = chat.member_mut(self.user).ok_or_else(not_in)?;
        member.rights = Some(rights::all());
        chat.owner = self.user;
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

/// Updates go to an address, as if the bot had subscribed it, or are held back from it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Webhook {
    url: String,
    on: bool,
    secret: Option<String>,
    update_types: Option<Vec<String>>,
}

impl Deed for Webhook {
    fn happen(self, papers: &mut Papers) -> Result<Value, No> {
        let Webhook { url, on, secret, update_types } = self;
        let known = papers.max.subscriptions.iter_mut().find(|each| each.url == url);
        match known {
            // What was subscribed stays as it was, unless something else is said.
            Some(known) if secret.is_none() && update_types.is_none() => {
                known.held_back = !on;
                return ok();
            }
            None if !on => return Err(conflict("not_subscribed")),
            _ => {}
        }
        let wanted = webhook::Wanted { url, update_types, secret };
        let set = webhook::set(&mut papers.max, wanted, !on);
        let answer = set.map_err(|error| wrong(error.message))?;
        if answer["success"] == false { Err(conflict("full")) } else { ok() }
    }
}
