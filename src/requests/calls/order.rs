//! Orders about calls: stored at once, and carried out by a cycle that is limited to the chat.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::time::{Said, When};
use super::{Found, again, by_order, permitted, policy, refused};
use crate::calls::{self, Call, CallState, Drawn, Source, Wish};
use crate::config::{Detail, Options, Verify};
use crate::cycle::From;
use crate::document::{Faults, Form, Object};
use crate::error::{Code, Result, Text};
use crate::plan::{ChatState, KnownChat};
use crate::profile::{CallFacts, Starts};
use crate::requests::Ask;
use crate::state::{Lock, State};

/// The longest title of a call.
const LONGEST: usize = 200;

/// What is said of a call beside its time.
struct About {
    title: Option<String>,
    join_url: Option<String>,
}

impl About {
    fn read(params: &mut Object, faults: &mut Faults) -> About {
        let title = params.read("title", faults, Form::Title, |value| {
            let title = value.as_str()?.split_whitespace().collect::<Vec<_>>().join(" ");
            ((1..=LONGEST).contains(&title.chars().count())).then_some(title)
        });
        let join_url = About::read_link(params, faults);
        About { title, join_url }
    }
}

/// `calls.create`
pub(in crate::requests) fn create(ask: &mut Ask) -> Result<(Code, Value)> {
    let (key, about, said) = ask.params(|params, faults| {
        let chat = params.required("chat", faults);
        (chat, About::read(params, faults), Said::read(params, faults))
    })?;
    let policy = policy(ask)?;
    let zone = ask.session.config().zone.clone();
    let language = ask.session.config().language.clone();
    let now = ask.clock.now();
    let known = ask.look_up()?.chats()?.into_iter().find(|row| row.chat.key == key);
    let when = match &known {
        Some(row) => Some(said.meant(&*ask.roster()?, &row.chat, &policy, &zone)),
        None => None,
    };
    let over = |when: &When| call_of(&key, when, &ask.actor, now).is_over(now, &zone);
    let over = matches!(&when, Some(Ok(when)) if over(when));
    let mut target = ask.chat_target(&key)?;
    target.call = Some(CallFacts {
        state: CallState::Created.name().to_owned(),
        running: false,
        over,
        by: ask.actor.clone(),
    });
    ask.permit(target)?;
    let chat = super::super::chats::find(&ask.state()?, &key)?.chat;
    let when = when.transpose()?.ok_or_else(|| super::no_such(("чат", "the chat"), &key))?;
    usable(&chat)?;
    if over {
        return Err(too_late(&when));
    }
    let mut call = call_of(&key, &when, &ask.actor, now);
    let own_title = about.title.is_some();
    let usual = || calls::default_title(&policy, chat.subject.as_deref(), &language);
    call.title = about.title.unwrap_or_else(usual);
    call.given_url = about.join_url;
    if calls::adopt(&mut call, &chat, &*ask.roster()?, (&policy, &language), &zone) {
        only_the_lesson(own_title, &said)?;
    }
    let mut file = ask.state()?;
    let _lock = Lock::take(&ask.session.config().state)?;
    one_per_lesson(&file, &call)?;
    let drawn = Drawn::of(&crate::random::bytes(Drawn::BYTES)?);
    (call.id, call.room) = (drawn.id, drawn.room);
    let mut calls = succeeded(&file, &call)?;
    calls.push(call);
    file.put_calls(&calls, &[])?;
    Ok((Code::Ok, calls::row(&calls[calls.len() - 1], &zone)))
}

/// The roster's earlier calls of the lesson, which are over and stay as history: the new one is the
/// lesson's now.
fn succeeded(file: &State, call: &Call) -> Result<Vec<Call>> {
    let Some(lesson) = call.lesson.as_ref().filter(|_| call.by_roster) else {
        return Ok(Vec::new());
    };
    let mut before = file.calls_of_lesson(lesson)?;
    before.retain(|one| one.by_roster && one.chat == call.chat);
    before.iter_mut().for_each(|one| one.by_roster = false);
    Ok(before)
}

fn call_of(chat: &str, when: &When, by: &str, now: jiff::Timestamp) -> Call {
    let mut call = Call::made(Drawn::default(), chat, when.date, by, now);
    take_time(&mut call, when);
    call
}

fn take_time(call: &mut Call, when: &When) {
    (call.date, call.starts, call.ends) = (when.date, when.starts, when.ends);
    call.lesson.clone_from(&when.lesson);
    call.by_lesson = when.by_lesson;
}

fn usable(chat: &KnownChat) -> Result<()> {
    let open = matches!(chat.state, ChatState::Active | ChatState::Planned | ChatState::Task);
    if open && !chat.former {
        return Ok(());
    }
    let message = Text::new("чат больше не ведётся", "the chat is kept no more");
    Err(refused("chat_closed", "chat", &chat.key, message))
}

/// A10: a call is made only while its time has not passed.
fn too_late(when: &When) -> crate::error::Error {
    let message = Text::new("время этого занятия уже прошло", "the time of this lesson has passed");
    refused("call_over", "date", &when.date.to_string(), message)
}

/// The title and the times of a lesson's call are the lesson's (P10): others are not lost in silence.
fn only_the_lesson(own_title: bool, said: &Said) -> Result<()> {
    let (key, value) = match (own_title, said.own_time()) {
        (true, _) => ("title", String::new()),
        (false, Some(own)) => own,
        (false, None) => return Ok(()),
    };
    let message = Text::new(
        "это звонок урока: название и время он берёт у урока в журнале; ожидается только lesson",
        "this is a lesson's call: it has the lesson's title and time; expected lesson alone",
    );
    Err(refused("call_of_lesson", key, &value, message))
}

/// Never two calls for a lesson.
fn one_per_lesson(file: &State, call: &Call) -> Result<()> {
    let Some(lesson) = &call.lesson else { return Ok(()) };
    let all = file.calls_of_lesson(lesson)?;
    let same = |one: &&Call| one.id != call.id && (one.is_open() || one.running);
    let Some(other) = all.iter().find(same) else { return Ok(()) };
    let message = Text::new(
        format!("у этого занятия уже есть звонок: {}", other.id),
        format!("this lesson has a call already: {}", other.id),
    );
    Err(refused("lesson_has_call", "lesson", lesson, message))
}

/// `calls.update`
pub(in crate::requests) fn update(ask: &mut Ask) -> Result<(Code, Value)> {
    let (id, about, said) = ask.params(|params, faults| {
        let call = params.required("call", faults);
        (call, About::read(params, faults), Said::read(params, faults))
    })?;
    let Found { call, chat } = permitted(ask, &id)?;
    let zone = ask.session.config().zone.clone();
    let when = match said.is_empty() {
        true => None,
        false => Some(said.meant(&*ask.roster()?, &chat.chat, &policy(ask)?, &zone)?),
    };
    let mut file = ask.state()?;
    let lock = Lock::take(&ask.session.config().state)?;
    let mut call = again(&file, &call)?;
    let only_link = about.title.is_none() && when.is_none() && about.join_url.is_some();
    by_order(&call, calls::may_update(&call, only_link))?;
    if let Some(when) = &when {
        take_time(&mut call, when);
        one_per_lesson(&file, &call)?;
        if call.is_over(ask.clock.now(), &zone) {
            return Err(too_late(when));
        }
    }
    call.title = about.title.unwrap_or(call.title);
    call.given_url = about.join_url.or(call.given_url);
    call.act(&ask.actor, ask.clock.now());
    file.put_calls(std::slice::from_ref(&call), &[])?;
    drop(lock);
    // A link may be all that a published call waited for.
    match call.state {
        CallState::Published => act(ask, &call, false),
        _ => Ok((Code::Ok, calls::row(&call, &zone))),
    }
}

/// `calls.publish`
pub(in crate::requests) fn publish(ask: &mut Ask) -> Result<(Code, Value)> {
    let id = ask.params(|params, faults| params.required("call", faults))?;
    let Found { call, .. } = permitted(ask, &id)?;
    let one_per_chat = policy(ask)?.one_per_chat;
    let changed = change(ask, &call, |ask, call, others| {
        let (now, zone) = (ask.clock.now(), &ask.session.config().zone);
        by_order(call, calls::may_publish(call, others, one_per_chat, now, zone))?;
        if call.state != CallState::Published {
            call.state = CallState::Published;
            call.act(&ask.actor, now);
        }
        Ok(())
    })?;
    act(ask, &changed, false)
}

/// `calls.start`: by hand, whether published or not. Before publication the link is for the caller
/// only (P10).
pub(in crate::requests) fn start(ask: &mut Ask) -> Result<(Code, Value)> {
    let (id, lesson, join_url) = ask.params(|params, faults| {
        let (call, lesson) = (params.text("call", faults), params.text("lesson", faults));
        if call.is_none() && lesson.is_none() {
            let message = Text::new("ожидается call или lesson", "expected call or lesson");
            faults.push(params.fault("call", "missing_field", "", message));
        }
        (call, lesson, About::read_link(params, faults))
    })?;
    let id = match id {
        Some(id) => id,
        None => of_lesson(ask, &lesson.unwrap_or_default())?,
    };
    let Found { call, .. } = permitted(ask, &id)?;
    let changed = change(ask, &call, |ask, call, others| {
        let (now, zone) = (ask.clock.now(), &ask.session.config().zone);
        by_order(call, calls::may_start(call, others, now, zone))?;
        if !call.running {
            call.given_url = join_url.clone().or(call.given_url.take());
            call.wish = Some((Wish::Start, now));
            call.setback = None;
            call.act(&ask.actor, now);
        }
        Ok(())
    })?;
    act(ask, &changed, true)
}

impl About {
    fn read_link(params: &mut Object, faults: &mut Faults) -> Option<String> {
        let url = params.text("join_url", faults)?;
        if let Err(expected) = calls::check_link(&url) {
            faults.push(params.fault("join_url", "bad_value", &url, expected));
        }
        Some(url)
    }
}

/// The call of a lesson.
fn of_lesson(ask: &Ask, lesson: &str) -> Result<String> {
    let calls = ask.look_up()?.calls_of_lesson(lesson)?;
    let mut of_it = calls.iter();
    let open = of_it.clone().find(|call| call.is_open());
    let found = open.or_else(|| of_it.find(|call| !call.deleted)).map(|call| call.id.clone());
    // Who may not ask about it learns only that there is nothing to be had.
    Ok(found.unwrap_or_else(|| lesson.to_owned()))
}

/// `calls.finish`
pub(in crate::requests) fn finish(ask: &mut Ask) -> Result<(Code, Value)> {
    let id = ask.params(|params, faults| params.required("call", faults))?;
    let Found { call, .. } = permitted(ask, &id)?;
    let changed = change(ask, &call, |ask, call, _| {
        by_order(call, calls::may_finish(call))?;
        wish(ask, call, Wish::Finish);
        Ok(())
    })?;
    act(ask, &changed, false)
}

/// `calls.delete`: in any state; one that runs is finished first.
pub(in crate::requests) fn delete(ask: &mut Ask) -> Result<(Code, Value)> {
    let id = ask.params(|params, faults| params.required("call", faults))?;
    let Found { call, .. } = permitted(ask, &id)?;
    let changed = change(ask, &call, |ask, call, _| {
        by_order(call, calls::may_delete(call))?;
        if call.running {
            wish(ask, call, Wish::Delete);
        } else {
            call.state = CallState::Finished;
            call.deleted = true;
            call.wish = None;
            call.setback = None;
            call.act(&ask.actor, ask.clock.now());
        }
        Ok(())
    })?;
    act(ask, &changed, false)
}

fn wish(ask: &Ask, call: &mut Call, wish: Wish) {
    call.wish = Some((wish, ask.clock.now()));
    call.setback = None;
    call.act(&ask.actor, ask.clock.now());
}

/// Changes a call while no cycle runs; `change` sees the other calls of its chat, without those that
/// are over and only wait for a cycle to end them.
fn change(
    ask: &Ask,
    call: &Call,
    change: impl FnOnce(&Ask, &mut Call, &[&Call]) -> Result<()>,
) -> Result<Call> {
    let (policy, now) = (policy(ask)?, ask.clock.now());
    let mut file = ask.state()?;
    let _lock = Lock::take(&ask.session.config().state)?;
    let mut call = again(&file, call)?;
    let mut all = file.calls_of_chat(&call.chat)?;
    all.retain(|one| !one.deleted);
    all.retain(|one| !one.has_ended(&policy, now, &ask.session.config().zone));
    let others: Vec<&Call> = all.iter().collect();
    change(ask, &mut call, &others)?;
    file.put_calls(std::slice::from_ref(&call), &[])?;
    Ok(call)
}

/// A cycle on the kept roster, limited to the call's chat, and what the call is then. `to_caller`: the
/// caller is told the link though nobody else may know it yet.
fn act(ask: &mut Ask, call: &Call, to_caller: bool) -> Result<(Code, Value)> {
    let options = Options {
        now: ask.now,
        chats: BTreeSet::from([call.chat.clone()]),
        verify: Verify::None,
        detail: Detail::Summary,
        ..Options::default()
    };
    let actor = ask.actor.clone();
    let failed = match ask.session.cycle(From::Kept, &options, &actor) {
        Ok(_) => None,
        Err(error) if matches!(error.code, Code::State | Code::Internal) => return Err(error),
        Err(error) => Some(error.message),
    };
    let call = again(&ask.state()?, call)?;
    let mut row = calls::row(&call, &ask.session.config().zone);
    super::conceal(ask, std::iter::once(&mut row))?;
    if to_caller && call.running {
        row["join_url"] = json!(call.join_url);
        // A room of BigBlueButton is there once somebody has followed this.
        if let (Source::BigBlueButton(room), None) = (super::source(ask)?, &call.given_url) {
            row["open_url"] = json!(room.create(&call));
        }
    }
    if call.deleted {
        row["deleted"] = json!(true);
    }
    let left = failed.is_some() || call.setback.is_some() || waits_for_its_start(ask, &call)?;
    let pending = call.wish.is_some() || (call.is_open() && left);
    row["pending"] = json!(pending);
    let told = pending || call.doubtful;
    row["message"] = json!(if told { Some(why(ask, &call, failed)?) } else { None });
    let lost = to_caller && !call.running;
    Ok((if pending || lost { Code::Partial } else { Code::Ok }, row))
}

/// Whether publication should have started it, and has not.
fn waits_for_its_start(ask: &Ask, call: &Call) -> Result<bool> {
    let fresh = call.state == CallState::Published && !call.running && call.started.is_none();
    Ok(fresh && policy(ask)?.starts == Starts::Publication)
}

/// Why an order could not be carried out at once.
fn why(ask: &Ask, call: &Call, failed: Option<Text>) -> Result<Text> {
    if call.doubtful {
        return Ok(Text::new(
            "мессенджер не ответил, начался ли звонок; попробуйте ещё раз или дайте ссылку",
            "the messenger did not answer whether the call has started; try again or give a link",
        ));
    }
    let setback = call.setback.as_ref().map(|setback| setback.message.clone());
    if let Some(known) = setback.or(failed) {
        return Ok(known);
    }
    let calls = ask.state()?.calls_of_chat(&call.chat)?;
    if let Some(other) = calls.iter().find(|one| one.running) {
        return Ok(Text::new(
            format!("в этом чате ещё идёт звонок «{}» ({})", other.title, other.id),
            format!("the call “{}” ({}) is still running in this chat", other.title, other.id),
        ));
    }
    Ok(Text::new(
        "сам мессенджер звонков не начинает, а ссылки на звонок у чата нет: дайте её (join_url \
         или задача give_call_link)",
        "the messenger starts no calls, and the chat has no call link: give one (join_url or the \
         task give_call_link)",
    ))
}
