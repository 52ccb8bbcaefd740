//! What a profile says beside its chats: what becomes of changes made by hand, which chats people
//! may make, who counts as a guardian, what the new school year and those who leave mean.

use std::collections::{BTreeMap, BTreeSet};

use mlua::{Function, Result as LuaResult, Table, Value};
use serde::{Deserialize, Serialize};

use super::calls::{Calls, calls};
use super::fault::Gathered;
use super::shape::{Node, is_kind};
use crate::roster::GUARDIAN;

/// What a profile says beside its chats.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Policies {
    /// What happens to changes that people make by hand.
    pub overrides: PerKind<Overrides>,
    /// What is done about people who leave by themselves; the configuration decides where the
    /// profile says nothing.
    pub leavers: PerKind<Option<Leavers>>,
    /// Who counts as a guardian.
    pub guardians: Guardians,
    /// The kinds of chats that people may make, by name.
    pub custom: BTreeMap<String, CustomKind>,
    /// What the new school year means.
    pub rollover: Rollover,
    /// How online lessons are held.
    pub calls: Calls,
}

/// A word for every kind of chat.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct PerKind<T> {
    /// For kinds that are not named.
    pub general: T,
    /// For the kinds that are.
    pub kinds: BTreeMap<String, T>,
}

impl<T: Copy> PerKind<T> {
    /// The word for a kind of chat.
    pub fn of(&self, kind: &str) -> T {
        self.kinds.get(kind).copied().unwrap_or(self.general)
    }
}

/// What happens to a change that a person makes through the host's screens.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Overrides {
    /// Refused.
    #[default]
    Forbidden,
    /// Kept across cycles.
    Kept,
    /// Undone by the next cycle.
    Reverted,
}

/// What is done about people who left a chat by themselves.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Leavers {
    /// They are invited again.
    #[default]
    Invite,
    /// They stay out.
    Respect,
}

/// Who counts as a guardian (ruling 7).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Guardians {
    /// The roles; none for all of `guardian`, `parent`, `relative`.
    pub roles: Option<BTreeSet<String>>,
    /// At most so many of one student, where the configuration's `max_guardians` does not say.
    pub most: Option<u32>,
}

/// What a chat belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Per {
    /// The school.
    School,
    /// A class with classType `homeroom`.
    Homeroom,
    /// A class with classType `scheduled`.
    Class,
    /// A subject of the school, in whichever classes it is taught; only of chats made by hand.
    Subject,
}

/// A kind of chat that people may make.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CustomKind {
    /// What the maker has to choose.
    pub per: Per,
    /// What registries show.
    #[serde(rename = "type")]
    pub chat_type: String,
    /// The title where the maker gives none: a template as of `zvonok.fill`.
    pub title: Option<String>,
    /// Whether its title may be changed afterwards.
    pub rename: bool,
    /// Whoever makes it administers it where the maker marks nobody; else the kind has a function
    /// that says who does.
    pub maker_is_admin: bool,
}

/// What the new school year means.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Rollover {
    /// How a class is known again under another `sourcedId`; none where it is not.
    pub lineage: Option<Lineage>,
    /// What becomes of the chats of classes that finished school.
    pub graduated: Graduated,
}

/// How a class is known again under another `sourcedId`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Lineage {
    /// By what its metadata says under this name.
    Metadata(String),
    /// By a function of the profile.
    Function,
}

/// What becomes of the chats of classes that finished school.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Graduated {
    /// They are archived.
    #[default]
    Archive,
    /// They live on.
    Carry,
}

/// The policies with the functions in them.
#[derive(Clone, Default)]
pub(super) struct Rules {
    pub(super) policies: Policies,
    /// `admins` of the kinds that people may make, where it is a function.
    pub(super) custom_admins: BTreeMap<String, Function>,
    /// `rollover.lineage`, where it is a function.
    pub(super) lineage: Option<Function>,
    pub(super) requests: Option<Function>,
}

pub(super) const CUSTOM: &[&str] = &["per", "type", "title", "rename", "admins"];
pub(super) const GUARDIANS: &[&str] = &["roles", "most"];
pub(super) const ROLLOVER: &[&str] = &["lineage", "graduated"];

const OVERRIDES: [(&str, Overrides); 3] = [
    ("forbidden", Overrides::Forbidden),
    ("kept", Overrides::Kept),
    ("reverted", Overrides::Reverted),
];
const LEAVERS: [(&str, Option<Leavers>); 2] =
    [("invite", Some(Leavers::Invite)), ("respect", Some(Leavers::Respect))];
const GRADUATED: [(&str, Graduated); 2] =
    [("archive", Graduated::Archive), ("carry", Graduated::Carry)];
const PER: [(&str, Per); 4] = [
    ("school", Per::School),
    ("homeroom", Per::Homeroom),
    ("class", Per::Class),
    ("subject", Per::Subject),
];

/// Reads what the profile's table says beside its chats, of which the kinds are known.
pub(super) fn rules(top: &Node, kinds: &[&str]) -> LuaResult<Rules> {
    let mut faults = Gathered::default();
    let requests = faults.keep(top.maybe("requests", "function")).flatten();
    let mut rules = Rules { requests, ..Rules::default() };
    faults.keep(custom(top, &mut rules));
    let made: Vec<String> = rules.policies.custom.keys().cloned().collect();
    let mut known: Vec<&str> =
        made.iter().map(String::as_str).chain(kinds.iter().copied()).collect();
    known.sort_unstable();
    known.dedup();
    let overrides = faults.keep(per_kind(top, "overrides", &OVERRIDES, &known)).flatten();
    rules.policies.overrides = overrides.unwrap_or_default();
    let leavers = faults.keep(per_kind(top, "leavers", &LEAVERS, &known)).flatten();
    rules.policies.leavers = leavers.unwrap_or_default();
    rules.policies.guardians = faults.keep(guardians(top)).unwrap_or_default();
    (rules.policies.rollover, rules.lineage) = faults.keep(rollover(top)).unwrap_or_default();
    rules.policies.calls = faults.keep(calls(top, &known)).unwrap_or_default();
    faults.done()?;
    Ok(rules)
}

/// A word for all kinds, or a table of kinds and words.
fn per_kind<T: Copy + Default>(
    top: &Node,
    key: &str,
    words: &[(&str, T)],
    kinds: &[&str],
) -> LuaResult<Option<PerKind<T>>> {
    match top.expect(key, &["string", "table"])? {
        Value::Table(table) => {
            let node = Node { table: &table, place: key, text: top.text };
            node.only(kinds)?;
            let mut all = PerKind::default();
            for pair in table.pairs::<String, Value>() {
                let kind = pair?.0;
                let word = node.word(&kind, words)?.unwrap_or_default();
                all.kinds.insert(kind, word);
            }
            Ok(Some(all))
        }
        _ => {
            let word = top.word(key, words)?;
            Ok(word.map(|general| PerKind { general, kinds: BTreeMap::new() }))
        }
    }
}

fn guardians(top: &Node) -> LuaResult<Guardians> {
    let Some(table) = top.maybe::<Table>("guardians", "table")? else {
        return Ok(Guardians::default());
    };
    let node = Node { table: &table, place: "guardians", text: top.text };
    let mut faults = Gathered::default();
    faults.keep(node.only(GUARDIANS));
    let named = faults.keep(node.maybe::<Table>("roles", "table")).flatten();
    let roles = named.and_then(|roles| faults.keep(guardian_roles(&node, &roles)));
    let most = faults.keep(most_guardians(&node)).flatten();
    faults.done()?;
    Ok(Guardians { roles, most })
}

fn most_guardians(node: &Node) -> LuaResult<Option<u32>> {
    match node.maybe::<f64>("most", "number")? {
        Some(most) if most < 0.0 || most.fract() != 0.0 || most > 1000.0 => {
            Err(node.bad("most", "нужно целое число от 0", "a whole number from 0 is needed"))
        }
        most => Ok(most.map(|most| most as u32)),
    }
}

fn guardian_roles(node: &Node, roles: &Table) -> LuaResult<BTreeSet<String>> {
    let known = GUARDIAN.join(", ");
    let wrong = || {
        let (ru, en) = (format!("список из: {known}"), format!("a list of: {known}"));
        node.bad("roles", &ru, &en)
    };
    let mut named = BTreeSet::new();
    for role in roles.sequence_values::<Value>() {
        let role = role?;
        let role = role.as_string().map(|role| role.to_string_lossy()).unwrap_or_default();
        if !GUARDIAN.contains(&role.as_str()) {
            return Err(wrong());
        }
        named.insert(role);
    }
    if named.is_empty() { Err(wrong()) } else { Ok(named) }
}

fn rollover(top: &Node) -> LuaResult<(Rollover, Option<Function>)> {
    let Some(table) = top.maybe::<Table>("rollover", "table")? else {
        return Ok((Rollover::default(), None));
    };
    let node = Node { table: &table, place: "rollover", text: top.text };
    node.only(ROLLOVER)?;
    let (lineage, function) = match node.expect("lineage", &["string", "function"])? {
        Value::String(name) => (Some(Lineage::Metadata(name.to_str()?.to_owned())), None),
        Value::Function(function) => (Some(Lineage::Function), Some(function)),
        _ => (None, None),
    };
    let graduated = node.word("graduated", &GRADUATED)?.unwrap_or_default();
    Ok((Rollover { lineage, graduated }, function))
}

fn custom(top: &Node, rules: &mut Rules) -> LuaResult<()> {
    let Some(table) = top.maybe::<Table>("custom", "table")? else { return Ok(()) };
    let outer = Node { table: &table, place: "custom", text: top.text };
    let mut faults = Gathered::default();
    for pair in table.pairs::<String, Value>() {
        let (kind, _) = pair?;
        let Some((made, admins)) = faults.keep(one_custom(&outer, &kind)) else { continue };
        rules.custom_admins.extend(admins.map(|admins| (kind.clone(), admins)));
        rules.policies.custom.insert(kind, made);
    }
    faults.done()
}

fn one_custom(outer: &Node, kind: &str) -> LuaResult<(CustomKind, Option<Function>)> {
    if kind != "custom" && !is_kind(kind) {
        return Err(outer.bad(
            kind,
            "вид чата пишется строчными латинскими буквами, цифрами и _",
            "a kind is written in small Latin letters, digits and _",
        ));
    }
    let about: Table = outer.need(kind, "table")?;
    let place = format!("custom.{kind}");
    custom_kind(&Node { table: &about, place: &place, text: outer.text })
}

fn custom_kind(node: &Node) -> LuaResult<(CustomKind, Option<Function>)> {
    let mut faults = Gathered::default();
    faults.keep(node.only(CUSTOM));
    let admins = faults.keep(custom_admins(node)).flatten();
    let per = faults.keep(node.word("per", &PER)).flatten();
    let chat_type = faults.keep(node.need("type", "string"));
    let title = faults.keep(node.maybe("title", "string")).flatten();
    let rename = faults.keep(node.maybe("rename", "boolean")).flatten();
    faults.made(chat_type.map(|chat_type| {
        let kind = CustomKind {
            per: per.unwrap_or(Per::School),
            chat_type,
            title,
            rename: rename.unwrap_or(true),
            maker_is_admin: admins.is_none(),
        };
        (kind, admins)
    }))
}

/// A function that names them, or none for the maker.
fn custom_admins(node: &Node) -> LuaResult<Option<Function>> {
    match node.expect("admins", &["string", "function"])? {
        Value::Function(admins) => Ok(Some(admins)),
        _ => node.word("admins", &[("maker", ())]).map(|_| None),
    }
}
