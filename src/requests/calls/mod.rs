//! Calls from the host's screens (E10 to E13, A10): the list, the orders, the way in.

use serde_json::{Value, json};

use super::page::Page;
use super::{Ask, SYSTEM, no_such};
use crate::calls::{self, Call, CallState, Refusal, Source};
use crate::clock::show;
use crate::error::{Code, Error, Fault, Result, Text};
use crate::plan::KnownChat;
use crate::profile::{CallFacts, Calls, Target};
use crate::state::{ChatRow, State};

mod join;
mod order;
mod time;

pub(super) use join::join;
pub(super) use order::{create, delete, finish, publish, start, update};

const STATES: [(&str, CallState); 3] = [
    ("created", CallState::Created),
    ("published", CallState::Published),
    ("finished", CallState::Finished),
];

/// Lessons that a screen offers at most.
const MOST_LESSONS: usize = 200;

/// `calls.list`: in the order in which they begin. Of one chat it also tells the lessons that a call
/// may be made for (E11).
pub(super) fn list(ask: &mut Ask) -> Result<(Code, Value)> {
    let (chat, state, lesson, search, page) = ask.params(|params, faults| {
        let chat = params.text("chat", faults);
        let state = params.one_of("state", &STATES, faults);
        let lesson = params.text("lesson", faults);
        (chat, state, lesson, params.any_text("search", faults), Page::read(params, faults))
    })?;
    let seen = match &chat {
        Some(chat) => {
            let target = ask.chat_target(chat)?;
            ask.permit(target)?;
            None
        }
        None => ask.permit_somewhere()?,
    };
    let file = ask.state()?;
    let chats = file.chats()?;
    let sees = |call: &Call| {
        let row = chats.iter().find(|row| row.chat.key == call.chat);
        let organization = row.map(|row| &row.chat.organization);
        let inside = |seen: &std::collections::BTreeSet<String>| {
            organization.is_some_and(|organization| seen.contains(organization))
        };
        seen.as_ref().is_none_or(inside)
    };
    let search = search.unwrap_or_default().to_lowercase();
    let wanted = |call: &Call| {
        !call.deleted
            && state.is_none_or(|state| state == call.state)
            && lesson.as_ref().is_none_or(|lesson| call.lesson.as_ref() == Some(lesson))
            && call.title.to_lowercase().contains(&search)
            && sees(call)
    };
    let zone = ask.session.config().zone.clone();
    let calls = match &chat {
        Some(chat) => file.calls_of_chat(chat)?,
        None => file.calls()?,
    };
    let rows = calls.iter().filter(|call| wanted(call)).map(|call| calls::row(call, &zone));
    let mut rows: Vec<Value> = rows.collect();
    conceal(ask, rows.iter_mut())?;
    let mut result = page.of("calls", rows);
    if let Some(row) = chats.iter().find(|row| Some(&row.chat.key) == chat.as_ref()) {
        result["lessons"] = lessons(ask, &row.chat)?;
    }
    Ok((Code::Ok, result))
}

/// Takes the links out of rows of calls whose chat the actor does not belong to with an account, or
/// to see a list would be to be let in (E13). The host itself is shown all.
pub(super) fn conceal<'v>(ask: &Ask, calls: impl Iterator<Item = &'v mut Value>) -> Result<()> {
    if ask.actor == SYSTEM {
        return Ok(());
    }
    let own = ask.state()?.chats_of_member(&ask.actor)?;
    let others = |row: &&mut Value| !row["chat"].as_str().is_some_and(|chat| own.contains(chat));
    for row in calls.filter(|row| row.is_object()).filter(others) {
        row["join_url"] = Value::Null;
    }
    Ok(())
}

/// The lessons from today on that a call of this chat may be made for.
fn lessons(ask: &mut Ask, chat: &KnownChat) -> Result<Value> {
    let (roster, zone) = (ask.roster()?, ask.session.config().zone.clone());
    let (today, journals) = (ask.clock.today(), calls::journals_of(&roster, chat));
    let mut lessons: Vec<_> = journals.iter().flat_map(|class| roster.lessons_of(*class)).collect();
    lessons.retain(|lesson| lesson.date >= today);
    lessons.sort_by_key(|lesson| (lesson.date, calls::slot(&roster, lesson, &zone).starts));
    let row = |lesson: &&crate::roster::Lesson| {
        let slot = calls::slot(&roster, lesson, &zone);
        json!({
            "lesson": lesson.id,
            "date": lesson.date.to_string(),
            "title": lesson.title,
            "period": lesson.period,
            "starts": slot.starts.map(|at| show(at, &zone)),
            "ends": slot.ends.map(|at| show(at, &zone)),
        })
    };
    Ok(lessons.iter().take(MOST_LESSONS).map(row).collect())
}

/// A call that is there, with its chat.
struct Found {
    call: Call,
    chat: ChatRow,
}

/// The profile's rules for calls.
fn policy(ask: &Ask) -> Result<Calls> {
    Ok(crate::profile::describe(ask.session.source())?.policies.calls)
}

/// Where the links of calls come from.
fn source(ask: &Ask) -> Result<Source> {
    let config = &ask.session.config().calls;
    let given = (config.provider, config.url.as_deref(), config.secret.as_ref());
    Ok(Source::of(&policy(ask)?, given))
}

/// The call with this id, after the profile was asked whether the actor may do this to it.
fn permitted(ask: &mut Ask, id: &str) -> Result<Found> {
    let file = ask.look_up()?;
    let call = file.call(id)?.filter(|call| !call.deleted);
    let target = match &call {
        Some(call) => target(ask, call)?,
        None => Target::default(),
    };
    ask.permit(target)?;
    let missing = || no_such(("звонок", "the call"), id);
    let call = call.ok_or_else(missing)?;
    let chat = super::chats::find(&file, &call.chat)?;
    Ok(Found { call, chat })
}

/// What the profile is told about a call.
fn target(ask: &mut Ask, call: &Call) -> Result<Target> {
    let mut target = ask.chat_target(&call.chat)?;
    target.call = Some(CallFacts {
        state: call.state.name().to_owned(),
        running: call.running,
        over: call.is_over(ask.clock.now(), &ask.session.config().zone),
        by: call.by.clone(),
    });
    Ok(target)
}

/// The call again, as the state file has it now.
fn again(file: &State, call: &Call) -> Result<Call> {
    file.call(&call.id)?.ok_or_else(|| no_such(("звонок", "the call"), &call.id))
}

fn refused(code: &str, key: &str, value: &str, message: Text) -> Error {
    let fault = Fault::new(&format!("request.{code}"), format!("params.{key}"), value, message);
    Error::with_faults(Code::Request, vec![fault])
}

/// What the life cycle does not let a person do.
fn by_order(call: &Call, allowed: std::result::Result<(), Refusal>) -> Result<()> {
    allowed.map_err(|refusal| {
        let message = refusal.message;
        let fault = Fault::new(
            &format!("request.{}", refusal.code),
            "params.call",
            &call.id,
            message.clone(),
        );
        Error { faults: vec![fault], ..Error::new(Code::Request, message.ru, message.en) }
    })
}
