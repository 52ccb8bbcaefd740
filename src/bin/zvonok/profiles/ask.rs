//! Questions of a case to the profile's rule `requests`.

use std::collections::BTreeSet;

use serde_json::{Map, Value};
use zvonok::error::Error;
use zvonok::profile::{
    CallFacts, Desired, DesiredChat, Permission, Request, Source, Target, permits,
};
use zvonok::roster::Roster;

use super::Export;
use super::case::{Aim, Call, Question, refused};
use super::suggestion;
use crate::terminal::Terminal;

/// What a profile answers to a question about chats as they should be.
///
/// # Errors
/// The profile's own, and a chat that the case does not have.
pub(crate) fn answer(
    source: &Source,
    export: &Export,
    settings: &Map<String, Value>,
    desired: &Desired,
    question: &Question,
    terminal: &Terminal,
) -> Result<Permission, Error> {
    let aim = &question.target;
    let target = target(aim, desired, &export.roster)?;
    let mut administers: BTreeSet<String> = desired
        .chats
        .values()
        .filter(|chat| chat.members.get(&question.actor).is_some_and(|member| member.admin))
        .map(|chat| chat.key.clone())
        .collect();
    administers.extend(target.key.clone().filter(|_| aim.administers));
    let request = Request {
        actor: &question.actor,
        method: &question.method,
        params: &question.params,
        administers: &administers,
        target,
    };
    export.with_room(settings, terminal, |room| permits(source, room, &request))
}

/// The target: what a chat of the case says about itself, and over it what the question says.
fn target(aim: &Aim, desired: &Desired, roster: &Roster) -> Result<Target, Error> {
    let chat = match &aim.chat {
        None => None,
        Some(key) => Some(desired.chats.get(key).ok_or_else(|| {
            let near = suggestion(key, desired.chats.keys().map(String::as_str));
            let why = (
                format!("в этом примере нет такого чата{}", near.ru),
                format!("this case has no such chat{}", near.en),
            );
            refused("case.unknown_chat", "target.chat", key, why)
        })?),
    };
    let or = |own: &Option<String>, of_chat: Option<&String>| own.clone().or(of_chat.cloned());
    Ok(Target {
        key: or(&aim.key, chat.map(|chat| &chat.key)),
        kind: or(&aim.kind, chat.map(|chat| &chat.kind)),
        chat_type: or(&aim.chat_type, chat.map(|chat| &chat.chat_type)),
        organization: or(&aim.organization, chat.map(|chat| &chat.organization)),
        class: or(&aim.class, chat.and_then(|chat| belongs_to(chat, roster)).as_ref()),
        subject: or(&aim.subject, chat.and_then(|chat| chat.subject.as_ref())),
        locked: aim.locked.unwrap_or(chat.is_some_and(|chat| chat.locked)),
        maker: aim.maker.clone(),
        people: aim.people.clone(),
        person: aim.person.clone(),
        call: aim.call.as_ref().map(call),
    })
}

/// The class or journal that a chat belongs to: a subject's chat is the journal's.
fn belongs_to(chat: &DesiredChat, roster: &Roster) -> Option<String> {
    let (_, id) = chat.key.split_once(':')?;
    roster.find_class(id).map(|_| id.to_owned())
}

fn call(call: &Call) -> CallFacts {
    let state = if call.state.is_empty() { "created" } else { &call.state };
    let (running, over) = (call.running, call.over);
    CallFacts { state: state.to_owned(), running, over, by: call.by.clone() }
}
