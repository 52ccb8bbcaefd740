//! One chat's rules, asked about the object that the chat belongs to; answers of a wrong kind are
//! errors, never guesses.

use std::collections::BTreeMap;

use mlua::{Function, UserDataRef, Value};

use super::evaluate::{Evaluation, Object};
use super::fault::{said, said_at};
use super::global;
use super::people::{Entry, People, Why};
use super::shape::{ChatRule, Title};
use super::text::{fill, tidy_title};
use super::{DesiredMember, Existence, Reason};
use crate::error::{Result, Text};

/// The longest description that MAX takes (`platforms/max.md`, section 3).
const LONGEST_DESCRIPTION: usize = 16_000;

/// The rules of one chat, asked about its object.
pub(super) struct Asked<'a> {
    pub(super) evaluation: &'a Evaluation<'a>,
    pub(super) key: &'a str,
    pub(super) argument: Value,
}

impl Asked<'_> {
    /// Calls one function of the rule with the object and the settings. An answer of a wrong kind
    /// is told with the line where the function begins.
    fn call<T>(&self, function: &Function, take: impl FnOnce(&Value) -> Answer<T>) -> Result<T> {
        self.evaluation.luau.call(Some(self.key), || {
            let answer = function.call((&self.argument, &self.evaluation.settings))?;
            take(&answer).map_err(|text| {
                said_at("profile.script", text, self.evaluation.luau.line_of(function))
            })
        })
    }

    pub(super) fn title(&self, rule: &ChatRule, object: &Object) -> Result<String> {
        Ok(self.tidy(&self.written("title", &rule.title, object)?, object))
    }

    /// What the chat says about itself, where the profile has a rule for that.
    pub(super) fn description(&self, rule: &ChatRule, object: &Object) -> Result<Option<String>> {
        let Some(rule) = &rule.description else { return Ok(None) };
        let written = self.written("description", rule, object)?;
        Ok(Some(written.trim().chars().take(LONGEST_DESCRIPTION).collect()))
    }

    fn written(&self, name: &str, rule: &Title, object: &Object) -> Result<String> {
        match rule {
            Title::Made(function) => self.call(function, |answer| text_answer(name, answer)),
            Title::Template(template) => {
                let values = match object {
                    Object::School(school) => global::of_school(school),
                    Object::Class(class) => global::of_class(class),
                };
                self.evaluation.luau.call(Some(self.key), || fill(template, &values).map_err(said))
            }
        }
    }

    /// The title as it will be shown; one that had to be cut, or has nothing in it, is warned
    /// about.
    fn tidy(&self, made: &str, object: &Object) -> String {
        let ground = &self.evaluation.ground;
        let school = match object {
            Object::School(school) => school.title(),
            Object::Class(class) => &self.evaluation.roster.org(class.row().school).name,
        };
        let whole = match self.evaluation.organization_in_title {
            true => format!("{school} - {made}"),
            false => made.to_owned(),
        };
        let (title, cut) = tidy_title(&whole);
        if cut {
            let message = Text::new(
                "название длиннее 200 знаков, оно обрезано",
                "the title was longer than 200 characters and was cut",
            );
            ground.warn("profile.long_title", self.key.to_owned(), &whole, message);
        }
        if title.is_empty() {
            let message = Text::new(
                "название пустое, вместо него стоит ключ чата",
                "the title is empty, the chat's key stands in for it",
            );
            ground.warn("profile.empty_title", self.key.to_owned(), "", message);
            return self.key.to_owned();
        }
        title
    }

    /// Ruling 5: a dissolved class and a lost `when` archive, `create_when` only delays.
    pub(super) fn existence(&self, rule: &ChatRule, object: &Object) -> Result<Existence> {
        if matches!(object, Object::Class(class) if class.row().dissolved)
            || !self.holds(&rule.when)?
        {
            return Ok(Existence::Archived);
        }
        match self.holds(&rule.create_when)? {
            true => Ok(Existence::Wanted),
            false => Ok(Existence::NotYet),
        }
    }

    fn holds(&self, condition: &Option<Function>) -> Result<bool> {
        match condition {
            Some(condition) => self.call(condition, |answer| boolean_answer("when", answer)),
            None => Ok(true),
        }
    }

    pub(super) fn members(
        &self,
        kind: &str,
        rule: &ChatRule,
    ) -> Result<BTreeMap<String, DesiredMember>> {
        let mut members = BTreeMap::new();
        for entry in self.call(&rule.members, people_answer)?.entries() {
            let reasons = reasons(entry, &format!("{kind}.members"));
            members.insert(self.id(entry), self.member(entry, reasons));
        }
        Ok(members)
    }

    /// Marks the admins; they are always members.
    pub(super) fn admins(
        &self,
        kind: &str,
        rule: &ChatRule,
        members: &mut BTreeMap<String, DesiredMember>,
    ) -> Result<()> {
        let Some(admins) = &rule.admins else { return Ok(()) };
        for entry in self.call(admins, people_answer)?.entries() {
            let why = reasons(entry, &format!("{kind}.admins"));
            let member =
                members.entry(self.id(entry)).or_insert_with(|| self.member(entry, why.clone()));
            member.admin = true;
            member.admin_reasons = why;
        }
        Ok(())
    }

    fn id(&self, entry: &Entry) -> String {
        self.evaluation.roster.person(entry.person).id.to_string()
    }

    fn member(&self, entry: &Entry, reasons: Vec<Reason>) -> DesiredMember {
        let accounts = &self.evaluation.roster.person(entry.person).accounts;
        DesiredMember {
            role: entry.role.to_string(),
            admin: false,
            reasons,
            admin_reasons: Vec::new(),
            accounts: accounts
                .iter()
                .map(|account| (account.kind.to_string(), account.identifier.to_string()))
                .collect(),
        }
    }
}

fn reasons(entry: &Entry, rule: &str) -> Vec<Reason> {
    let reason = |why: &Why| Reason {
        rule: rule.to_owned(),
        because: why.word.to_string(),
        row: why.row.to_string(),
    };
    entry.reasons.iter().map(reason).collect()
}

type Answer<T> = std::result::Result<T, Text>;

fn text_answer(rule: &str, answer: &Value) -> Answer<String> {
    match answer {
        Value::String(text) => Ok(text.to_string_lossy()),
        other => Err(wrong_answer(rule, "текст", "a text", other)),
    }
}

/// A text such as "false" counts as true in Lua, and a CSV has only texts: so nothing but a boolean
/// (or nothing at all) will do.
pub(super) fn boolean_answer(rule: &str, answer: &Value) -> Answer<bool> {
    match answer {
        Value::Boolean(yes) => Ok(*yes),
        Value::Nil => Ok(false),
        other => Err(wrong_answer(
            rule,
            "true или false (metadata проверяет zvonok.yes)",
            "true or false (zvonok.yes tests metadata)",
            other,
        )),
    }
}

fn people_answer(answer: &Value) -> Answer<UserDataRef<People>> {
    let people = match answer {
        Value::UserData(data) => data.borrow::<People>().ok(),
        _ => None,
    };
    // A forgotten `return` must not empty a chat.
    people.ok_or_else(|| {
        let (ru, en) = (
            "множество людей (нет ли пропущенного return?)",
            "a set of people (is a return missing?)",
        );
        wrong_answer("members / admins", ru, en, answer)
    })
}

fn wrong_answer(rule: &str, ru: &str, en: &str, answer: &Value) -> Text {
    let kind = answer.type_name();
    Text::new(
        format!("{rule}: функция должна вернуть {ru}, а вернула {kind}"),
        format!("{rule}: the function must return {en}, it returned {kind}"),
    )
}
