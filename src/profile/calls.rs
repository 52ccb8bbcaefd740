//! `calls` of a profile: which lessons become calls, when these start and end by themselves, where
//! their links come from, what is said in the chats.

use std::collections::{BTreeMap, BTreeSet};

use mlua::{Result as LuaResult, Table, Value};
use serde::{Deserialize, Serialize};

use super::shape::Node;
use super::text::fill;

/// How online lessons are held.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Calls {
    /// The kind of chats whose journals' online lessons become calls; none: calls are made by hand.
    pub lessons: Option<String>,
    /// When a published call starts by itself.
    pub starts: Starts,
    /// For so many minutes after its beginning a call still starts by itself; none: until its end.
    pub start_within: Option<u32>,
    /// So many minutes after its end a call is finished by itself.
    pub finish_after: u32,
    /// A lesson starts and ends by itself only with a timetable that fulfils P15.
    pub needs_timetable: bool,
    /// Calls whose day has passed are finished by themselves (E12).
    pub nightly: bool,
    /// A chat has one published call at most (E10).
    pub one_per_chat: bool,
    /// Kinds of chats whose calls take their date and lesson from the timetable (E11).
    pub from_timetable: BTreeSet<String>,
    /// The title of a call of a chat that has a subject, where none is given; a template.
    pub title: Option<String>,
    /// What the chat is told at the start; a template.
    pub announcement: Option<String>,
    /// What the chat is told at the end; a template.
    pub farewell: Option<String>,
    /// Where the links come from.
    pub provider: Provider,
    /// The provider's address; a template where [`Provider::Address`].
    pub url: Option<String>,
}

impl Default for Calls {
    fn default() -> Calls {
        Calls {
            lessons: None,
            starts: Starts::Time,
            start_within: None,
            finish_after: 0,
            needs_timetable: false,
            nightly: true,
            one_per_chat: true,
            from_timetable: BTreeSet::new(),
            title: None,
            announcement: None,
            farewell: None,
            provider: Provider::Messenger,
            url: None,
        }
    }
}

/// When a published call starts by itself.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Starts {
    /// At its beginning.
    #[default]
    Time,
    /// The nearest of today or tomorrow as soon as no other of its chat runs (P11).
    Ahead,
    /// When it is published (E13).
    Publication,
}

/// Where the links of calls come from, unless the host gives one.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Provider {
    /// The messenger starts a call, or the chat has a standing call link.
    #[default]
    Messenger,
    /// An address with the call's id in it.
    Address,
    /// A room of BigBlueButton, whose join address is signed.
    BigBlueButton,
}

/// The words of [`Provider`] in profiles and in the configuration.
pub(crate) const PROVIDERS: [(&str, Provider); 3] = [
    ("messenger", Provider::Messenger),
    ("address", Provider::Address),
    ("bigbluebutton", Provider::BigBlueButton),
];

const STARTS: [(&str, Starts); 3] =
    [("time", Starts::Time), ("ahead", Starts::Ahead), ("publication", Starts::Publication)];

pub(super) const CALLS: &[&str] = &[
    "lessons",
    "starts",
    "start_within",
    "finish_after",
    "needs_timetable",
    "nightly",
    "one_per_chat",
    "from_timetable",
    "title",
    "announcement",
    "farewell",
    "provider",
    "url",
];

/// What a template of the profile may name.
pub(crate) const PLACES: [&str; 7] = ["title", "subject", "chat", "date", "time", "when", "link"];

/// Reads the table; `kinds` are the profile's chats, those that people make among them.
pub(super) fn calls(top: &Node, kinds: &[&str]) -> LuaResult<Calls> {
    let Some(table) = top.maybe::<Table>("calls", "table")? else { return Ok(Calls::default()) };
    let node = Node { table: &table, place: "calls", text: top.text };
    node.only(CALLS)?;
    let usual = Calls::default();
    let lessons = node.maybe::<String>("lessons", "string")?;
    if let Some(kind) = lessons.as_deref().filter(|kind| !kinds.contains(kind)) {
        return Err(unknown_kind(&node, "lessons", kind, kinds));
    }
    Ok(Calls {
        lessons,
        starts: node.word("starts", &STARTS)?.unwrap_or_default(),
        start_within: minutes(&node, "start_within")?,
        finish_after: minutes(&node, "finish_after")?.unwrap_or(usual.finish_after),
        needs_timetable: node.maybe("needs_timetable", "boolean")?.unwrap_or_default(),
        nightly: node.maybe("nightly", "boolean")?.unwrap_or(usual.nightly),
        one_per_chat: node.maybe("one_per_chat", "boolean")?.unwrap_or(usual.one_per_chat),
        from_timetable: from_timetable(&node, kinds)?,
        title: template(&node, "title")?,
        announcement: template(&node, "announcement")?,
        farewell: template(&node, "farewell")?,
        provider: node.word("provider", &PROVIDERS)?.unwrap_or_default(),
        url: node.maybe("url", "string")?,
    })
}

fn unknown_kind(node: &Node, key: &str, kind: &str, kinds: &[&str]) -> mlua::Error {
    let known = kinds.join(", ");
    let ru = format!("нет чатов вида «{kind}»; есть: {known}");
    node.bad(key, &ru, &format!("there are no chats of the kind \"{kind}\"; there are: {known}"))
}

fn minutes(node: &Node, key: &str) -> LuaResult<Option<u32>> {
    const DAY: f64 = 24.0 * 60.0;
    match node.maybe::<f64>(key, "number")? {
        Some(number) if !(0.0..=DAY).contains(&number) || number.fract() != 0.0 => {
            let ru = "нужно целое число минут от 0 до 1440";
            Err(node.bad(key, ru, "a whole number of minutes from 0 to 1440 is needed"))
        }
        number => Ok(number.map(|number| number as u32)),
    }
}

fn from_timetable(node: &Node, kinds: &[&str]) -> LuaResult<BTreeSet<String>> {
    let Some(table) = node.maybe::<Table>("from_timetable", "table")? else {
        return Ok(BTreeSet::new());
    };
    let mut named = BTreeSet::new();
    for kind in table.sequence_values::<Value>() {
        let kind = kind?.as_string().map(|kind| kind.to_string_lossy()).unwrap_or_default();
        if !kinds.contains(&kind.as_str()) {
            return Err(unknown_kind(node, "from_timetable", &kind, kinds));
        }
        named.insert(kind);
    }
    Ok(named)
}

/// A template is tried at once: an unknown place would otherwise show at the first lesson.
fn template(node: &Node, key: &str) -> LuaResult<Option<String>> {
    let Some(template) = node.maybe::<String>(key, "string")? else { return Ok(None) };
    let places: BTreeMap<String, String> =
        PLACES.iter().map(|place| ((*place).to_owned(), String::new())).collect();
    match fill(&template, &places) {
        Ok(_) => Ok(Some(template)),
        Err(wrong) => Err(node.bad(key, &wrong.ru, &wrong.en)),
    }
}
