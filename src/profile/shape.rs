//! The table that a script gives to `zvonok.profile`, checked.

use std::collections::{BTreeMap, BTreeSet};

use mlua::{Function, Result as LuaResult, Table, UserData, Value};

use super::fault::{Gathered, line_of_key, said_at};
use super::policy::{self, Lineage, Rules};
use super::source::BUILT_IN;
use super::text::unknown;
use super::{Setting, settings};
use crate::error::Text;

/// What a script returned, ready to be asked.
#[derive(Clone)]
pub(super) struct Script {
    pub(super) name: String,
    pub(super) title: String,
    pub(super) version: u32,
    pub(super) like: Option<String>,
    pub(super) settings: BTreeMap<String, Setting>,
    pub(super) chats: BTreeMap<String, ChatRule>,
    pub(super) rules: Rules,
    pub(super) reads: BTreeSet<String>,
}

impl UserData for Script {}

/// What a chat of this kind belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Per {
    School,
    Homeroom,
    Class,
}

/// One kind of chat.
#[derive(Clone)]
pub(super) struct ChatRule {
    pub(super) per: Per,
    pub(super) chat_type: String,
    pub(super) locked: bool,
    pub(super) title: Title,
    pub(super) description: Option<Title>,
    pub(super) members: Function,
    pub(super) admins: Option<Function>,
    pub(super) when: Option<Function>,
    pub(super) create_when: Option<Function>,
}

/// How a chat gets its title, or its description.
#[derive(Clone)]
pub(super) enum Title {
    /// `function(object, set)`
    Made(Function),
    /// A template for `zvonok.fill`.
    Template(String),
}

pub(super) const PROFILE: &[&str] = &[
    "name",
    "title",
    "version",
    "like",
    "settings",
    "chats",
    "custom",
    "guardians",
    "overrides",
    "leavers",
    "rollover",
    "requests",
    "reads",
    "calls",
];
pub(super) const CHAT: &[&str] =
    &["per", "type", "locked", "title", "description", "members", "admins", "when", "create_when"];
pub(super) const SETTING: &[&str] = &["default", "help"];

/// Reads the table; `text` is the script, for the lines of keys. All faults are told together.
pub(super) fn script(table: &Table, text: &str) -> LuaResult<Script> {
    let top = Node { table, place: "profile", text };
    let mut faults = Gathered::default();
    faults.keep(top.only(PROFILE));
    let name: Option<String> = faults.keep(top.need("name", "string"));
    let title = faults.keep(top.maybe("title", "string")).flatten();
    let version = faults.keep(version(&top));
    let like = faults.keep(like(&top)).flatten();
    let chats = faults.keep(chats(&top));
    let kinds = kinds(table);
    let kinds: Vec<&str> = kinds.iter().map(String::as_str).collect();
    let rules = faults.keep(policy::rules(&top, &kinds));
    let reads = faults.keep(reads(&top, rules.as_ref().unwrap_or(&Rules::default())));
    let settings = faults.keep(declared_settings(&top));
    faults.done()?;
    let (name, rules) = (name.unwrap_or_default(), rules.unwrap_or_default());
    let mut settings = settings.unwrap_or_default();
    if let Some(most) = rules.policies.guardians.most {
        settings.entry("max_guardians".to_owned()).and_modify(|one| one.default = most.into());
    }
    Ok(Script {
        title: title.unwrap_or_else(|| name.clone()),
        version: version.unwrap_or_default(),
        like,
        settings,
        reads: reads.unwrap_or_default(),
        chats: chats.unwrap_or_default(),
        rules,
        name,
    })
}

/// The kinds that the table names, sound or not.
fn kinds(table: &Table) -> Vec<String> {
    let Ok(chats) = table.get::<Table>("chats") else { return Vec::new() };
    chats.pairs::<String, Value>().filter_map(|pair| pair.ok().map(|(kind, _)| kind)).collect()
}

/// The built-in profile that this one grew from.
fn like(top: &Node) -> LuaResult<Option<String>> {
    let words: Vec<(&str, &str)> = BUILT_IN.iter().map(|(name, _)| (*name, *name)).collect();
    Ok(top.word("like", &words)?.map(str::to_owned))
}

fn version(top: &Node) -> LuaResult<u32> {
    let number: f64 = top.need("version", "number")?;
    if number < 1.0 || number.fract() != 0.0 || number > f64::from(u32::MAX) {
        return Err(top.bad(
            "version",
            "нужно целое число от 1",
            "a whole number from 1 is needed",
        ));
    }
    Ok(number as u32)
}

/// What the requests and the new school year ask of metadata, beside what the profile declares.
fn reads(top: &Node, rules: &Rules) -> LuaResult<BTreeSet<String>> {
    let mut reads: BTreeSet<String> = match top.maybe::<Table>("reads", "table")? {
        Some(names) => names.sequence_values::<String>().collect::<LuaResult<_>>()?,
        None => BTreeSet::new(),
    };
    if rules.requests.is_some() {
        reads.extend(["accessRoles", "rights"].map(str::to_owned));
    }
    if let Some(Lineage::Metadata(name)) = &rules.policies.rollover.lineage {
        reads.insert(name.clone());
    }
    Ok(reads)
}

fn declared_settings(top: &Node) -> LuaResult<BTreeMap<String, Setting>> {
    let mut declared = settings::common();
    let Some(table) = top.maybe::<Table>("settings", "table")? else {
        return Ok(declared);
    };
    let outer = Node { table: &table, place: "settings", text: top.text };
    let mut faults = Gathered::default();
    for pair in table.pairs::<String, Value>() {
        let (name, _) = pair?;
        if let Some(setting) = faults.keep(declared_setting(&outer, &name, &declared)) {
            declared.insert(name, setting);
        }
    }
    faults.done()?;
    Ok(declared)
}

fn declared_setting(
    outer: &Node,
    name: &str,
    declared: &BTreeMap<String, Setting>,
) -> LuaResult<Setting> {
    let setting: Table = outer.need(name, "table")?;
    let place = format!("settings.{name}");
    let node = Node { table: &setting, place: &place, text: outer.text };
    let mut faults = Gathered::default();
    faults.keep(node.only(SETTING));
    let default = faults.keep(setting.get("default").and_then(|value| json(&node, value)));
    // A common setting may get another default, but not another type.
    let wrong = default.as_ref().filter(|_| declared.contains_key(name));
    if let Some(fault) = wrong.and_then(|default| settings::fault(declared, name, default)) {
        faults.keep::<()>(Err(node.bad("default", &fault.message.ru, &fault.message.en)));
    }
    let help = faults.keep(node.need("help", "string"));
    faults.made(default.zip(help).map(|(default, help)| Setting { default, help }))
}

/// A setting's default as JSON: a text, a number, a boolean or a list of these.
fn json(node: &Node, value: Value) -> LuaResult<serde_json::Value> {
    Ok(match value {
        Value::Boolean(yes) => yes.into(),
        Value::Integer(number) => number.into(),
        Value::Number(number) if number.fract() == 0.0 && number.abs() < 1e15 => {
            (number as i64).into()
        }
        Value::Number(number) => number.into(),
        Value::String(text) if text.as_bytes().len() > 1000 => {
            return Err(node.bad("default", "слишком длинный текст", "the text is too long"));
        }
        Value::String(text) => text.to_str()?.to_owned().into(),
        Value::Table(list) if (1..1000).contains(&list.raw_len()) => {
            let items = list.sequence_values::<Value>().map(|item| json(node, item?));
            serde_json::Value::Array(items.collect::<LuaResult<_>>()?)
        }
        _ => {
            let (ru, en) = (
                "нужен текст, число, true/false или список",
                "a text, number, boolean or list is needed",
            );
            return Err(node.bad("default", ru, en));
        }
    })
}

fn chats(top: &Node) -> LuaResult<BTreeMap<String, ChatRule>> {
    let table: Table = top.need("chats", "table")?;
    let outer = Node { table: &table, place: "chats", text: top.text };
    let mut chats = BTreeMap::new();
    let mut faults = Gathered::default();
    for pair in table.pairs::<String, Value>() {
        let (kind, _) = pair?;
        if let Some(rule) = faults.keep(chat(&outer, &kind)) {
            chats.insert(kind, rule);
        }
    }
    faults.done()?;
    Ok(chats)
}

fn chat(outer: &Node, kind: &str) -> LuaResult<ChatRule> {
    let place = format!("chats.{kind}");
    let about: Table = outer.need(kind, "table")?;
    let node = Node { table: &about, place: &place, text: outer.text };
    if !is_kind(kind) {
        return Err(node.bad(
            "",
            "вид чата пишется строчными латинскими буквами, цифрами и _ и не бывает «custom»",
            "a kind is written in small Latin letters, digits and _, and is not \"custom\"",
        ));
    }
    chat_rule(&node)
}

/// A kind is the first half of a chat's key, `class:1a`; `custom` is the library's own.
pub(super) fn is_kind(kind: &str) -> bool {
    kind != "custom"
        && kind.starts_with(|c: char| c.is_ascii_lowercase())
        && kind.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
}

fn chat_rule(node: &Node) -> LuaResult<ChatRule> {
    let mut faults = Gathered::default();
    faults.keep(node.only(CHAT));
    let per = faults.keep(per(node));
    let chat_type = faults.keep(node.need("type", "string"));
    let locked = faults.keep(node.maybe("locked", "boolean")).flatten();
    let title = faults.keep(title(node));
    let description = faults.keep(description(node)).flatten();
    let members = faults.keep(node.need("members", "function"));
    let [admins, when, create_when] = ["admins", "when", "create_when"]
        .map(|key| faults.keep(node.maybe(key, "function")).flatten());
    let parts = per.zip(chat_type).zip(title).zip(members);
    faults.made(parts.map(|(((per, chat_type), title), members)| ChatRule {
        per,
        chat_type,
        locked: locked.unwrap_or(false),
        title,
        description,
        members,
        admins,
        when,
        create_when,
    }))
}

fn per(node: &Node) -> LuaResult<Per> {
    let words = [("school", Per::School), ("homeroom", Per::Homeroom), ("class", Per::Class)];
    match node.word("per", &words)? {
        Some(per) => Ok(per),
        None => Err(node.bad("per", "не задан (string)", "is not given (string)")),
    }
}

fn title(node: &Node) -> LuaResult<Title> {
    match node.table.get::<Value>("title")? {
        Value::String(template) => Ok(Title::Template(template.to_str()?.to_owned())),
        Value::Function(function) => Ok(Title::Made(function)),
        _ => Err(node.bad("title", "нужен текст или функция", "a text or a function is needed")),
    }
}

fn description(node: &Node) -> LuaResult<Option<Title>> {
    match node.table.get::<Value>("description")? {
        Value::Nil => Ok(None),
        Value::String(template) => Ok(Some(Title::Template(template.to_str()?.to_owned()))),
        Value::Function(function) => Ok(Some(Title::Made(function))),
        _ => Err(node.bad(
            "description",
            "нужен текст или функция",
            "a text or a function is needed",
        )),
    }
}

/// A table of the script with its place in the profile.
pub(super) struct Node<'a> {
    pub(super) table: &'a Table,
    pub(super) place: &'a str,
    pub(super) text: &'a str,
}

impl Node<'_> {
    /// Refuses keys that are not known, naming the nearest that is.
    pub(super) fn only(&self, known: &[&str]) -> LuaResult<()> {
        let mut faults = Gathered::default();
        for pair in self.table.pairs::<Value, Value>() {
            let (key, _) = pair?;
            let key = key.to_string()?;
            if !known.contains(&key.as_str()) {
                let ru = format!("{}: неизвестный ключ", self.place);
                let en = format!("{}: unknown key", self.place);
                faults.keep::<()>(Err(self.fault(&key, unknown((&ru, &en), &key, known))));
            }
        }
        faults.done()
    }

    /// A value of one of these types, or none.
    pub(super) fn expect(&self, key: &str, types: &[&str]) -> LuaResult<Value> {
        let value: Value = self.table.get(key)?;
        let kind = match &value {
            Value::Integer(_) => "number",
            other => other.type_name(),
        };
        if value.is_nil() || types.contains(&kind) {
            return Ok(value);
        }
        let types = types.join(" / ");
        Err(self.bad(
            key,
            &format!("нужен {types}, а не {kind}"),
            &format!("{types} is needed, not {kind}"),
        ))
    }

    pub(super) fn maybe<T: mlua::FromLua>(&self, key: &str, kind: &str) -> LuaResult<Option<T>> {
        match self.expect(key, &[kind])? {
            Value::Nil => Ok(None),
            _ => self.table.get(key),
        }
    }

    pub(super) fn need<T: mlua::FromLua>(&self, key: &str, kind: &str) -> LuaResult<T> {
        self.maybe(key, kind)?.ok_or_else(|| {
            self.bad(key, &format!("не задан ({kind})"), &format!("is not given ({kind})"))
        })
    }

    /// One of these words, or none.
    pub(super) fn word<T: Copy>(&self, key: &str, words: &[(&str, T)]) -> LuaResult<Option<T>> {
        let Some(given) = self.maybe::<String>(key, "string")? else { return Ok(None) };
        let found = words.iter().find(|(word, _)| *word == given).map(|(_, meaning)| *meaning);
        let known: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
        let known = known.join(", ");
        match found {
            Some(meaning) => Ok(Some(meaning)),
            None => Err(self.bad(key, &format!("бывает: {known}"), &format!("may be: {known}"))),
        }
    }

    pub(super) fn bad(&self, key: &str, ru: &str, en: &str) -> mlua::Error {
        let place = match key {
            "" => self.place.to_owned(),
            _ => format!("{}.{key}", self.place),
        };
        self.fault(key, Text::new(format!("{place}: {ru}"), format!("{place}: {en}")))
    }

    /// An error that points at the key's line where that is certain; else the call of
    /// `zvonok.profile` is the place.
    fn fault(&self, key: &str, text: Text) -> mlua::Error {
        let line =
            Some(key).filter(|key| !key.is_empty()).and_then(|key| line_of_key(self.text, key));
        said_at("profile.shape", text, line)
    }
}
