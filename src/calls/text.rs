//! What calls are called, and what is said of them in chats.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::Call;
use crate::profile::{Calls, fill};

/// A call of a chat that has a subject, where nothing else is said (E11).
const TITLE: &str = "Онлайн-занятие <subject>";
/// A call of any other chat.
const UNTITLED: &str = "Онлайн-звонок";

const ANNOUNCEMENT: (&str, &str) = (
    "Онлайн-занятие: <title>\n<when>\nПодключиться: <link>",
    "Online lesson: <title>\n<when>\nJoin: <link>",
);
/// With its time: after a lost answer it is looked up by its words, and titles come again.
const FAREWELL: (&str, &str) =
    ("Онлайн-занятие завершено: <title>\n<when>", "The online lesson is over: <title>\n<when>");

/// The title where nobody gives one.
pub(crate) fn default_title(policy: &Calls, subject: Option<&str>) -> String {
    let Some(subject) = subject else { return UNTITLED.to_owned() };
    let template = policy.title.as_deref().unwrap_or(TITLE);
    filled(template, [("subject", subject.to_owned())])
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
    let usual = if language == "en" { usual.1 } else { usual.0 };
    let date = jiff::fmt::strtime::format("%d.%m.%Y", call.date).unwrap_or_default();
    let clock = |moment: Timestamp| {
        let zoned = moment.to_zoned(chat.zone.clone());
        jiff::fmt::strtime::format("%H:%M", &zoned).unwrap_or_default()
    };
    let time = match (call.starts, call.ends) {
        (Some(starts), Some(ends)) => format!("{}–{}", clock(starts), clock(ends)),
        (Some(starts), None) => clock(starts),
        (None, _) => String::new(),
    };
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

/// The templates were tried when the profile was read; one that fails all the same is said as it is.
fn filled<const N: usize>(template: &str, places: [(&str, String); N]) -> String {
    let places: BTreeMap<String, String> =
        places.into_iter().map(|(place, value)| (place.to_owned(), value)).collect();
    fill(template, &places).unwrap_or_else(|_| template.to_owned()).trim().to_owned()
}
