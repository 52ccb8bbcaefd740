//! An online lesson: published late, announced, joined, ended; seen in the messenger itself.

use serde_json::{Value, json};
use zvonok::error::Code;

use super::stage::{Stage, expect};
use crate::show::{rows, text};
use crate::trouble::{Outcome, Trouble};

/// The lesson of this story, whichever journal it is of.
const LESSON: &str = "lesson-of-the-day";
/// How late the teacher publishes it, and how long it is, in minutes.
const LATE: u16 = 10;
const LONG: u16 = 45;

/// The whole life of one call.
pub(super) fn held(stage: &mut Stage) -> Outcome {
    stage
        .heading("Онлайн-урок, опубликованный с опозданием", "An online lesson, published late")?;
    let Some(chat) = hall(stage)? else {
        stage.tell("В этой школе нет предметных чатов.", "This school has no subject chats.")?;
        return Ok(Code::Ok);
    };
    let (key, group) = (text(&chat, "key").to_owned(), text(&chat, "platform_id").to_owned());
    let starts = stage.minute() - LATE;
    add_lesson(stage, &key, starts);
    let before = said(stage, &group)?.len();
    let (code, report, _) = stage.soon()?;
    let call = call(&report)?;
    let link = text(&call, "join_url").to_owned();
    expect(call["running"] == true && !link.is_empty(), "the lesson's call does not run")?;
    let texts = said(stage, &group)?;
    let told: Vec<&String> = texts[before..].iter().filter(|text| text.contains(&link)).collect();
    expect(told.len() == 1, &format!("the chat was told {} times", told.len()))?;
    let lines = told[0].replace('\n', "\n  │ ");
    stage.tell(format!("  │ {lines}"), format!("  │ {lines}"))?;
    stage.confirm(
        format!(
            "урок идёт уже {LATE} минут, звонок начат, чат «{}» узнал о нём",
            text(&chat, "title")
        ),
        format!(
            "{LATE} minutes of it have passed; its call runs, “{}” was told",
            text(&chat, "title")
        ),
    )?;
    join(stage, &key, &call, &link)?;
    end(stage, &group, starts)?;
    Ok(code)
}

/// A subject's chat of a journal with a timetable, in which nothing else goes on.
fn hall(stage: &mut Stage) -> Result<Option<Value>, Trouble> {
    let registry = stage.registry()?;
    let roster = &stage.roster;
    let tables = rows(roster, "timetables").iter();
    let timed: Vec<&str> = tables
        .filter(|table| table["metadata"]["transferByDefault"] == true)
        .flat_map(|table| rows(table, "classSourcedIds").iter().filter_map(Value::as_str))
        .collect();
    let fits = |chat: &&Value| {
        let journal = text(chat, "key").strip_prefix("subject:");
        chat["state"] == "active" && journal.is_some_and(|journal| timed.contains(&journal))
    };
    let Some(chat) = registry.iter().filter(fits).min_by_key(|chat| !chat["call"].is_null()) else {
        return Ok(None);
    };
    let busy = &chat["call"];
    if busy["running"] == true {
        stage.request("calls.finish", json!({"call": busy["id"]}))?;
    }
    Ok(Some(chat.clone()))
}

fn add_lesson(stage: &mut Stage, key: &str, starts: u16) {
    let clock = |minute: u16| format!("{:02}:{:02}", minute / 60, minute % 60);
    let lesson = json!({"sourcedId": LESSON, "status": "active",
        "classSourcedId": key.strip_prefix("subject:"), "date": stage.today(),
        "startTime": clock(starts), "endTime": clock(starts + LONG),
        "title": stage.terminal.pick("Урок этого дня", "The lesson of the day"),
        "metadata": {"online": true, "state": "published"}});
    if let Some(lessons) = stage.roster["lessons"].as_array_mut() {
        lessons.push(lesson);
    }
}

fn call(report: &Value) -> Result<Value, Trouble> {
    let found = rows(report, "calls").iter().find(|call| call["lesson"] == LESSON).cloned();
    found.ok_or_else(|| Trouble::System("the lesson has no call".to_owned()))
}

/// What the library has said in a group.
fn said(stage: &Stage, group: &str) -> Result<Vec<String>, Trouble> {
    let chats = stage.messenger.chats()?;
    let chats = chats.as_array().map(Vec::as_slice).unwrap_or_default();
    let number: Option<i64> = group.parse().ok();
    let chat = chats.iter().find(|chat| chat["chat_id"].as_i64() == number);
    let messages = chat.map(|chat| rows(chat, "messages")).unwrap_or_default();
    Ok(messages.iter().map(|message| text(message, "text").to_owned()).collect())
}

/// A pupil of the journal gets the link, somebody else does not.
fn join(stage: &mut Stage, key: &str, call: &Value, link: &str) -> Result<(), Trouble> {
    let members = stage.chat(key)?;
    let is_in = |person: &str| rows(&members, "members").iter().any(|one| one["person"] == person);
    let pupil = rows(&members, "members")
        .iter()
        .find(|one| one["role"] == "student" && one["linked"] == true)
        .map(|one| text(one, "person").to_owned());
    let users = rows(&stage.roster, "users").iter();
    let other = users.map(|user| text(user, "sourcedId")).find(|user| !is_in(user));
    let other = other.map(str::to_owned);
    let params = json!({"call": call["id"]});
    if let Some(pupil) = pupil {
        let (_, told) = stage.request_of(&pupil, "calls.join", params.clone())?;
        expect(told["join_url"] == link, "a pupil does not get in")?;
        let name = stage.people().name(&pupil);
        stage.confirm(format!("{name} входит: {link}"), format!("{name} comes in: {link}"))?;
    }
    if let Some(other) = other {
        let (_, told) = stage.request_of(&other, "calls.join", params)?;
        expect(told["allowed"] == false && told["join_url"].is_null(), "somebody else gets in")?;
        let name = stage.people().name(&other);
        let why = stage.terminal.language.of(&told["message"]).to_owned();
        stage.confirm(format!("{name} — нет: {why}"), format!("{name} does not: {why}"))?;
    }
    Ok(())
}

/// Twenty minutes after its end it is over by itself, and the chat is told so.
fn end(stage: &mut Stage, group: &str, starts: u16) -> Result<(), Trouble> {
    stage.wait_until(starts + LONG + 20);
    let (_, report, _) = stage.soon()?;
    expect(text(&call(&report)?, "state") == "finished", "the call does not end")?;
    let texts = said(stage, group)?;
    let told = texts.last().is_some_and(|last| last.starts_with("Онлайн-занятие завершено"));
    expect(told, "the chat was not told of the end")?;
    stage.confirm(
        "через 20 минут после конца урока звонок завершён сам, чат узнал и об этом",
        "20 minutes after the lesson the call has ended by itself, and the chat was told",
    )?;
    Ok(())
}
