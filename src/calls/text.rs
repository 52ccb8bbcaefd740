//! What calls are called, and what is said of them in chats.

use std::collections::BTreeMap;

use jiff::Zoned;
use jiff::tz::TimeZone;

use super::Call;
use crate::profile::{Calls, fill};

/// A call of a chat that has a subject, where nothing else is said (E11).
const TITLE: (&str, &str) = ("Онлайн-занятие <subject>", "Online lesson <subject>");
/// A call of any other chat.
const UNTITLED: (&str, &str) = ("Онлайн-звонок", "Online call");

const ANNOUNCEMENT: (&str, &str) = (
    "Онлайн-занятие: <title>\n<when>\nПодключиться: <link>",
    "Online lesson: <title>\n<when>\nJoin: <link>",
);
/// With its time: after a lost answer it is looked up by its words, and titles come again.
const FAREWELL: (&str, &str) =
    ("Онлайн-занятие завершено: <title>\n<when>", "The online lesson is over: <title>\n<when>");

/// The title where nobody gives one; the chat is told of it, so it is in the same language.
pub(crate) fn default_title(policy: &Calls, subject: Option<&str>, language: &str) -> String {
    let Some(subject) = subject else { return spoken(UNTITLED, language).to_owned() };
    let template = policy.title.as_deref().unwrap_or(spoken(TITLE, language));
    filled(template, [("subject", subject.to_owned())])
}

/// Of the two languages the one of what the library posts.
fn spoken<'a>((ru, en): (&'a str, &'a str), language: &str) -> &'a str {
    if language == "en" { en } else { ru }
}

/// What a chat is told at the start.
pub(crate) fn announcement(policy: &Calls, call: &Call, chat: &Chat, language: &str) -> String {
    said(policy.announcement.as_deref(), ANNOUNCEMENT, call, chat, language)
}

/// What a chat is told at the end.
pub(crate) fn farewell(policy: &Calls, call: &Call, chat: &Chat, language: &str) -> String {
    said(policy.farewell.as_deref(), FAREWELL, call, chat, language)
}

/// What is said about the chat.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Chat<'a> {
    /// Its title.
    pub(crate) title: &'a str,
    /// Its subject, where it has one.
    pub(crate) subject: Option<&'a str>,
    /// The school's zone.
    pub(crate) zone: &'a TimeZone,
}

fn said(
    template: Option<&str>,
    usual: (&str, &str),
    call: &Call,
    chat: &Chat,
    language: &str,
) -> String {
    let usual = spoken(usual, language);
    let date = jiff::fmt::strtime::format("%d.%m.%Y", call.date).unwrap_or_default();
    let time = time_of(call, chat.zone);
    let when = if time.is_empty() { date.clone() } else { format!("{date}, {time}") };
    filled(
        template.unwrap_or(usual),
        [
            ("title", call.title.clone()),
            ("subject", chat.subject.unwrap_or_default().to_owned()),
            ("chat", chat.title.to_owned()),
            ("date", date),
            ("time", time),
            ("when", when),
            ("link", call.join_url.clone().unwrap_or_default()),
        ],
    )
}

/// From when to when by the school's clocks. Where they show one of the times twice in that night, by
/// which of the two: «02:30–02:15» is no time.
fn time_of(call: &Call, zone: &TimeZone) -> String {
    let Some(starts) = call.starts else { return String::new() };
    let times: Vec<_> = [Some(starts), call.ends]
        .into_iter()
        .flatten()
        .map(|at| at.to_zoned(zone.clone()))
        .collect();
    let twice = |at: &Zoned| zone.to_ambiguous_timestamp(at.datetime()).is_ambiguous();
    let format = if times.iter().any(twice) { "%H:%M (UTC%:z)" } else { "%H:%M" };
    let clock = |at| jiff::fmt::strtime::format(format, at).unwrap_or_default();
    times.iter().map(clock).collect::<Vec<_>>().join("–")
}

/// The templates were tried when the profile was read; one that fails all the same is said as it is.
fn filled<const N: usize>(template: &str, places: [(&str, String); N]) -> String {
    let places: BTreeMap<String, String> =
        places.into_iter().map(|(place, value)| (place.to_owned(), value)).collect();
    fill(template, &places).unwrap_or_else(|_| template.to_owned()).trim().to_owned()
}
