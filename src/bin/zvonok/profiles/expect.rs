//! A case against what the profile makes of it: the differences, and the expectations anew.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::{Map, Value, json};
use zvonok::error::{Error, Fault};
use zvonok::profile::{Desired, DesiredChat, DesiredMember, Existence, Permission, Reason, Source};

use super::case::{Case, Question, refused};
use super::{Export, ask, suggestion};
use crate::terminal::Terminal;

/// The fields of a chat that a case may speak of.
const FIELDS: [&str; 10] = [
    "title",
    "description",
    "type",
    "class",
    "subject",
    "locked",
    "existence",
    "members",
    "admins",
    "why",
];

/// The same without those that a new expectation has no need of.
const USUAL: [&str; 3] = ["title", "members", "admins"];

/// What came out of one case.
#[derive(Serialize)]
pub(crate) struct Outcome {
    /// The case's name.
    pub(crate) case: String,
    /// What it shows.
    pub(crate) about: String,
    /// What is not as written.
    pub(crate) differences: Vec<Difference>,
    /// The file's document with everything as it came out.
    #[serde(skip)]
    pub(crate) renewed: Value,
}

/// One thing that is not as written.
#[derive(Serialize)]
pub(crate) struct Difference {
    /// The chat's key, `warnings`, or the question's number.
    pub(crate) at: String,
    /// The field of the chat.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) field: Option<String>,
    /// As written.
    pub(crate) expected: Value,
    /// As it came out.
    pub(crate) found: Value,
    /// People who are there and not written.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) unexpected: Vec<Somebody>,
    /// People who are written and not there.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) missing: Vec<String>,
}

/// Somebody who was not expected, and the profile's reasons.
#[derive(Serialize)]
pub(crate) struct Somebody {
    /// `sourcedId`
    pub(crate) person: String,
    /// Why they are there.
    pub(crate) reasons: Vec<Reason>,
}

/// Runs a case.
///
/// # Errors
/// What the fragment or the profile fails with; a field or a chat that there is not.
pub(crate) fn run(case: &Case, source: &Source, terminal: &Terminal) -> Result<Outcome, Error> {
    let export = case.export()?;
    let settings = &case.read.settings;
    let desired = export.desired(source, settings, terminal)?;
    let mut found = Found { desired: &desired, warnings: warnings(&export, &desired), case };
    let mut differences = found.chats()?;
    differences.extend(found.nothing_expected());
    differences.extend(found.keys());
    differences.extend(found.warnings());
    let mut answers = Vec::new();
    for (number, question) in case.read.asks.iter().enumerate() {
        let answer = ask::answer(source, &export, settings, &desired, question, terminal)?;
        differences.extend(answered(number, question, &answer));
        answers.push(answer);
    }
    let renewed = found.renewed(&answers);
    let name = case.file.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    Ok(Outcome { case: name, about: case.read.about.clone(), differences, renewed })
}

/// `code place value` of every warning of the roster and of the profile, sorted.
fn warnings(export: &Export, desired: &Desired) -> Vec<String> {
    let line = |one: &Fault| format!("{} {} {}", one.code, one.at, one.value).trim_end().to_owned();
    let all = export.roster.warnings.iter().chain(&desired.warnings);
    let mut lines: Vec<String> = all.map(line).collect();
    lines.sort();
    lines
}

struct Found<'a> {
    desired: &'a Desired,
    warnings: Vec<String>,
    case: &'a Case,
}

impl Found<'_> {
    fn chats(&self) -> Result<Vec<Difference>, Error> {
        let mut differences = Vec::new();
        let Some(expect) = &self.case.read.expect else { return Ok(differences) };
        for (key, expected) in &expect.chats {
            let chat = self.desired.chats.get(key);
            match expected {
                Value::Null => {
                    let made = chat.filter(|chat| chat.existence == Existence::Wanted);
                    let whole = |chat| whole(chat, &USUAL);
                    differences
                        .extend(made.map(|chat| plain(key, None, &Value::Null, whole(chat))));
                }
                Value::Object(fields) => {
                    self.check_fields(key, fields)?;
                    match chat {
                        Some(chat) => differences.extend(in_chat(key, chat, fields)),
                        None => differences.push(plain(key, None, expected, Value::Null)),
                    }
                }
                _ => {
                    let why = ("нужен объект или null", "an object or null is needed");
                    return Err(self.refused("case.no_chat", key, "", why));
                }
            }
        }
        Ok(differences)
    }

    fn check_fields(&self, key: &str, fields: &Map<String, Value>) -> Result<(), Error> {
        let Some(unknown) = fields.keys().find(|field| !FIELDS.contains(&field.as_str())) else {
            return Ok(());
        };
        let near = suggestion(unknown, FIELDS.into_iter());
        let (ru, en) =
            (format!("нет такого поля{}", near.ru), format!("there is no such field{}", near.en));
        Err(self.refused("case.unknown_field", key, unknown, (&ru, &en)))
    }

    fn refused(&self, code: &str, key: &str, value: &str, (ru, en): (&str, &str)) -> Error {
        let at = format!("{} expect.chats.{key}", self.case.file.display());
        refused(code, &at, value, (ru.to_owned(), en.to_owned()))
    }

    fn made(&self) -> Vec<String> {
        let made = self.desired.chats.values().filter(|chat| chat.existence == Existence::Wanted);
        made.map(|chat| chat.key.clone()).collect()
    }

    fn keys(&self) -> Option<Difference> {
        let keys = self.case.read.expect.as_ref()?.keys.as_ref()?;
        let mut sorted = keys.clone();
        sorted.sort();
        let made = self.made();
        (sorted != made).then(|| plain("keys", None, &json!(keys), json!(made)))
    }

    /// Warnings as written; where none are, those of the fragment itself are slips of the pen.
    fn warnings(&self) -> Option<Difference> {
        let written = self.case.read.expect.as_ref().and_then(|expect| expect.warnings.clone());
        let found: Vec<&String> = match &written {
            Some(_) => self.warnings.iter().collect(),
            None => self.warnings.iter().filter(|line| line.starts_with("roster.")).collect(),
        };
        let mut written = written.unwrap_or_default();
        written.sort();
        let same = written.iter().eq(found.iter().copied());
        (!same).then(|| plain("warnings", None, &json!(written), json!(found)))
    }

    fn is_empty(&self) -> bool {
        self.case.read.expect.is_none() && self.case.read.asks.is_empty()
    }

    /// A case that expects nothing shows nothing, and is not good.
    fn nothing_expected(&self) -> Option<Difference> {
        self.is_empty().then(|| plain("expect", None, &Value::Null, self.everything()))
    }

    /// All that came out, in the form of an expectation.
    fn everything(&self) -> Value {
        let made = self.desired.chats.values();
        let made = made.filter(|chat| chat.existence == Existence::Wanted);
        let chats = made.map(|chat| (chat.key.clone(), whole(chat, &USUAL)));
        let chats: Map<String, Value> = chats.collect();
        json!({"chats": chats, "warnings": self.warnings})
    }

    /// The document with what came out in place of what was expected, in the same shape; a case
    /// without expectations gets all of them.
    fn renewed(&mut self, answers: &[Permission]) -> Value {
        let mut document = self.case.written.clone();
        if let Some(expect) = document.get_mut("expect").and_then(Value::as_object_mut) {
            self.renew(expect);
        } else if self.is_empty() {
            document["expect"] = self.everything();
        }
        let questions = document.get_mut("asks").and_then(Value::as_array_mut);
        for (question, answer) in questions.into_iter().flatten().zip(answers) {
            renew_question(question, answer);
        }
        document
    }

    fn renew(&self, expect: &mut Map<String, Value>) {
        let lists = [("keys", json!(self.made())), ("warnings", json!(self.warnings))];
        for (name, found) in lists {
            if let Some(expected) = expect.get_mut(name).filter(|it| !same(it, &found)) {
                *expected = found;
            }
        }
        let Some(Value::Object(chats)) = expect.get_mut("chats") else { return };
        for (key, expected) in chats {
            *expected = match (self.desired.chats.get(key), &*expected) {
                (Some(chat), Value::Object(fields)) => fields
                    .iter()
                    .map(|(name, like)| (name.clone(), anew(chat, name, like)))
                    .collect(),
                (Some(chat), _) if chat.existence == Existence::Wanted => whole(chat, &USUAL),
                _ => Value::Null,
            };
        }
    }
}

/// A field as it came out; in the order in which it is written, where that is the same.
fn anew(chat: &DesiredChat, name: &str, written: &Value) -> Value {
    let found = field(chat, name, written);
    if same(written, &found) { written.clone() } else { found }
}

fn renew_question(question: &mut Value, answer: &Permission) {
    let Some(question) = question.as_object_mut() else { return };
    let (silent, unchanged) =
        (!question.contains_key("reason"), question.get("allowed") == Some(&json!(answer.allowed)));
    question.insert("allowed".to_owned(), json!(answer.allowed));
    match &answer.reason {
        // Words that nobody asked about stay unsaid.
        Some(_) if silent && unchanged => {}
        Some(reason) => drop(question.insert("reason".to_owned(), json!(reason.ru))),
        None => drop(question.shift_remove("reason")),
    }
}

fn answered(number: usize, question: &Question, answer: &Permission) -> Option<Difference> {
    let reason = answer.reason.as_ref().map(|reason| reason.ru.as_str());
    let same = question.allowed == Some(answer.allowed)
        && question.reason.as_deref().is_none_or(|words| Some(words) == reason);
    let shown = |allowed: Value, reason: Option<&str>| match reason {
        Some(reason) => json!({"allowed": allowed, "reason": reason}),
        None => json!({"allowed": allowed}),
    };
    (!same).then(|| {
        let at = format!("asks[{number}] {} {}", question.actor, question.method);
        let expected = shown(json!(question.allowed), question.reason.as_deref());
        plain(&at, None, &expected, shown(json!(answer.allowed), reason))
    })
}

fn plain(at: &str, field: Option<&str>, expected: &Value, found: Value) -> Difference {
    Difference {
        at: at.to_owned(),
        field: field.map(str::to_owned),
        expected: expected.clone(),
        found,
        unexpected: Vec::new(),
        missing: Vec::new(),
    }
}

/// The fields of a chat that are not as written.
fn in_chat(key: &str, chat: &DesiredChat, fields: &Map<String, Value>) -> Vec<Difference> {
    let mut differences = Vec::new();
    // What is not made has no people; saying so once is enough.
    if chat.existence != Existence::Wanted && !fields.contains_key("existence") {
        let found = json!(chat.existence);
        return vec![plain(key, Some("existence"), &json!(Existence::Wanted), found)];
    }
    for (name, expected) in fields {
        let found = field(chat, name, expected);
        if same(expected, &found) {
            continue;
        }
        let mut difference = plain(key, Some(name), expected, found);
        if matches!(name.as_str(), "members" | "admins") {
            people(&mut difference, chat, name);
        }
        differences.push(difference);
    }
    differences
}

/// Lists of people are sets.
fn same(expected: &Value, found: &Value) -> bool {
    let sorted = |value: &Value| {
        let mut texts: Vec<String> = value.as_array()?.iter().map(Value::to_string).collect();
        texts.sort();
        Some(texts)
    };
    match (sorted(expected), sorted(found)) {
        (Some(expected), Some(found)) => expected == found,
        _ => expected == found,
    }
}

fn people(difference: &mut Difference, chat: &DesiredChat, field: &str) {
    let ids = |value: &Value| -> Vec<String> {
        match value {
            Value::Object(fields) => fields.keys().cloned().collect(),
            value => {
                let items = value.as_array().into_iter().flatten();
                items.filter_map(|id| id.as_str().map(str::to_owned)).collect()
            }
        }
    };
    let (expected, found) = (ids(&difference.expected), ids(&difference.found));
    difference.missing = expected.iter().filter(|id| !found.contains(id)).cloned().collect();
    let unexpected = found.into_iter().filter(|id| !expected.contains(id));
    let reasons = |id: &String| {
        let member = chat.members.get(id);
        let of = |member: &DesiredMember| match field {
            "admins" => member.admin_reasons.clone(),
            _ => member.reasons.clone(),
        };
        member.map(of).unwrap_or_default()
    };
    difference.unexpected =
        unexpected.map(|person| Somebody { reasons: reasons(&person), person }).collect();
}

fn whole(chat: &DesiredChat, fields: &[&str]) -> Value {
    let like = json!({});
    fields.iter().map(|name| ((*name).to_owned(), field(chat, name, &like))).collect()
}

/// A field of a chat in the shape in which a case writes it.
fn field(chat: &DesiredChat, name: &str, like: &Value) -> Value {
    match name {
        "title" => json!(chat.title),
        "description" => json!(chat.description),
        "type" => json!(chat.chat_type),
        "class" => json!(chat.class),
        "subject" => json!(chat.subject),
        "locked" => json!(chat.locked),
        "existence" => json!(chat.existence),
        "members" if like.is_array() => chat.members.keys().cloned().collect(),
        "members" => {
            chat.members.iter().map(|(id, member)| (id.clone(), json!(member.role))).collect()
        }
        "admins" => {
            let admins = chat.members.iter().filter(|(_, member)| member.admin);
            admins.map(|(id, _)| id.clone()).collect()
        }
        _ => why(chat, like),
    }
}

/// The words of the people whom the case asks about.
fn why(chat: &DesiredChat, like: &Value) -> Value {
    let asked = like.as_object().into_iter().flat_map(|fields| fields.keys());
    let words = |id: &String| {
        let member = chat.members.get(id)?;
        let all = member.reasons.iter().chain(&member.admin_reasons);
        let mut words: Vec<&str> = all.map(|reason| reason.because.as_str()).collect();
        words.dedup();
        Some(words.join("; "))
    };
    let words: BTreeMap<String, Option<String>> = asked.map(|id| (id.clone(), words(id))).collect();
    json!(words)
}
