//! The rule `requests` tried on people and objects of each sort, so that a slip in it is found
//! before somebody at a screen meets it, and two rules can be compared by what they answer.

use std::collections::{BTreeMap, BTreeSet};

use mlua::{Function, Value as LuaValue};
use serde::Serialize;
use serde_json::Map;

use super::actor::{self, Actor, Aim, Petition};
use super::ask::boolean_answer;
use super::evaluate::Evaluation;
use super::fault::said_at;
use super::permit::{CallFacts, Target, reason_of};
use super::policy::{Per, Rules};
use super::{DesiredChat, Existence};
use crate::error::{Code, Fault, Result};
use crate::roster::{ClassType, OrgIx, PersonIx, Roster, texts};

/// What requests are about (`interface.md`, "Requests").
#[derive(Clone, Copy, PartialEq, Eq)]
enum About {
    Nothing,
    Account,
    New,
    Chat,
    Call,
}

const METHODS: [(About, &[&str]); 5] = [
    (
        About::Nothing,
        &[
            "chats.list",
            "chats.sync",
            "calls.list",
            "tasks.list",
            "tasks.done",
            "plan",
            "guard.approve",
            "audit",
            "diagnostics",
            "events.push",
        ],
    ),
    (
        About::Account,
        &[
            "accounts.link",
            "accounts.unlink",
            "accounts.status",
            "accounts.invite",
            "accounts.verify",
        ],
    ),
    (About::New, &["chats.create"]),
    (
        About::Chat,
        &[
            "chats.get",
            "chats.rename",
            "chats.delete",
            "members.add",
            "members.remove",
            "admins.grant",
            "admins.revoke",
            "calls.create",
            "explain",
        ],
    ),
    (
        About::Call,
        &[
            "calls.update",
            "calls.publish",
            "calls.start",
            "calls.finish",
            "calls.delete",
            "calls.join",
        ],
    ),
];

/// A school of thousands must not use up all of the script's time here.
const TIME: f64 = 0.6;

/// What the rule said to somebody.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Answer {
    /// The request.
    pub method: String,
    /// `sourcedId` of who asked.
    pub person: String,
    /// Their roles in force.
    pub roles: Vec<String>,
    /// What it was about: a chat's key, `new:<kind>`, `made:<kind>`, `own` or `other` account.
    pub about: String,
    /// Whether it may be done.
    pub allowed: bool,
}

/// What trying the rule gave.
#[derive(Default)]
pub(super) struct Tried {
    /// What is wrong with it, each place once.
    pub(super) faults: Vec<Fault>,
    /// Every answer; none where there was no time for all of them.
    pub(super) answers: Option<Vec<Answer>>,
}

/// Tries the rule.
pub(super) fn tried(
    evaluation: &Evaluation,
    rules: &Rules,
    schools: &[OrgIx],
    chats: &BTreeMap<String, DesiredChat>,
) -> Result<Tried> {
    let Some(rule) = &rules.requests else {
        return Ok(Tried { answers: Some(Vec::new()), ..Tried::default() });
    };
    let trial = Trial { evaluation, rule, schools, chats, samples: samples(chats) };
    let (mut faults, mut answers) = (BTreeMap::new(), Vec::new());
    let mut complete = true;
    for (person, roles) in trial.actors() {
        for (about, methods) in METHODS {
            for (label, target) in trial.targets(about, rules, person) {
                complete &= !evaluation.luau.has_used(TIME);
                for method in methods.iter().filter(|_| complete) {
                    match trial.asked(person, method, &target) {
                        Ok(allowed) => answers.push(Answer {
                            method: (*method).to_owned(),
                            person: trial.id(person),
                            roles: roles.clone(),
                            about: label.clone(),
                            allowed,
                        }),
                        Err(error) => note(error, &mut faults)?,
                    }
                }
            }
        }
    }
    let answers = (complete && faults.is_empty()).then_some(answers);
    Ok(Tried { faults: faults.into_values().collect(), answers })
}

/// Notes what the script did wrong, each place once; whatever else it is ends the trial.
fn note(error: crate::error::Error, found: &mut BTreeMap<(String, String), Fault>) -> Result<()> {
    let of_script = |fault: &Fault| fault.code == "profile.script";
    if error.code != Code::Profile || !error.faults.iter().all(of_script) {
        return Err(error);
    }
    for fault in error.faults {
        let text = fault.message.en.split(" (object ").next().unwrap_or_default();
        found.entry((fault.at.clone(), text.to_owned())).or_insert(fault);
    }
    Ok(())
}

/// The first chat of each kind.
fn samples(chats: &BTreeMap<String, DesiredChat>) -> Vec<&DesiredChat> {
    let mut kinds: BTreeMap<&str, &DesiredChat> = BTreeMap::new();
    for chat in chats.values().filter(|chat| chat.existence == Existence::Wanted) {
        kinds.entry(&chat.kind).or_insert(chat);
    }
    kinds.into_values().collect()
}

/// The rule, and what it is asked among.
struct Trial<'a> {
    evaluation: &'a Evaluation<'a>,
    rule: &'a Function,
    schools: &'a [OrgIx],
    chats: &'a BTreeMap<String, DesiredChat>,
    samples: Vec<&'a DesiredChat>,
}

impl Trial<'_> {
    /// Somebody for each set of roles and rights at the schools, and an admin of each chat that is
    /// asked about; with their roles.
    fn actors(&self) -> Vec<(PersonIx, Vec<String>)> {
        const MOST: usize = 12;
        let roster = self.evaluation.roster;
        let mut roles: BTreeMap<PersonIx, BTreeSet<String>> = BTreeMap::new();
        for &school in self.schools {
            for role in roster.roles_at(school).filter(|role| roster.role_in_force(role)) {
                roles.entry(role.person).or_default().insert(role.role.to_string());
            }
        }
        let mut sorts: BTreeMap<(Vec<&String>, Vec<String>), PersonIx> = BTreeMap::new();
        for (person, roles) in &roles {
            let metadata = &roster.person(*person).metadata;
            let rights = ["accessRoles", "rights"].map(|key| texts(metadata.get(key)));
            sorts.entry((roles.iter().collect(), rights.concat())).or_insert(*person);
        }
        let mut actors: BTreeSet<PersonIx> = sorts.into_values().take(MOST).collect();
        for chat in &self.samples {
            let admin = chat.members.iter().find(|(_, member)| member.admin);
            actors.extend(admin.and_then(|(id, _)| roster.find_person(id)));
        }
        let of = |person| {
            let held = roles.get(&person).cloned().unwrap_or_default();
            (person, held.into_iter().collect())
        };
        actors.into_iter().map(of).collect()
    }

    fn targets(&self, about: About, rules: &Rules, person: PersonIx) -> Vec<(String, Target)> {
        let (nothing, roster) = (Target::default(), self.evaluation.roster);
        match about {
            About::Nothing => vec![(String::new(), nothing)],
            About::Account => {
                let own = Target { person: Some(self.id(person)), ..nothing.clone() };
                let other = Target { person: Some("somebody else".to_owned()), ..nothing };
                vec![("own".to_owned(), own), ("other".to_owned(), other)]
            }
            About::New => self.custom(rules, "new"),
            About::Chat => {
                let chats = self.samples.iter();
                let chats = chats.map(|chat| (chat.key.clone(), of_chat(chat, roster)));
                chats.chain(self.custom(rules, "made")).collect()
            }
            About::Call => {
                let call = CallFacts { state: "created".to_owned(), ..CallFacts::default() };
                let with_call = |chat: &&DesiredChat| {
                    let target = Target { call: Some(call.clone()), ..of_chat(chat, roster) };
                    (chat.key.clone(), target)
                };
                self.samples.iter().map(with_call).collect()
            }
        }
    }

    /// A chat of each kind that people may make, made already or to be made.
    fn custom(&self, rules: &Rules, word: &str) -> Vec<(String, Target)> {
        let class = |wanted: ClassType| {
            let mut classes = self.evaluation.roster.classes.iter();
            classes.find(|class| class.class_type == wanted).map(|class| class.id.to_string())
        };
        let kinds = rules.policies.custom.iter();
        let target = |(name, kind): (&String, &super::CustomKind)| {
            let target = Target {
                key: (word == "made").then(|| "custom:1".to_owned()),
                kind: Some(name.clone()),
                chat_type: Some(kind.chat_type.clone()),
                class: match kind.per {
                    Per::Homeroom => class(ClassType::Homeroom),
                    Per::Class | Per::Subject => class(ClassType::Scheduled),
                    Per::School => None,
                },
                ..Target::default()
            };
            (format!("{word}:{name}"), target)
        };
        kinds.map(target).collect()
    }

    fn asked(&self, person: PersonIx, method: &str, target: &Target) -> Result<bool> {
        let Evaluation { luau, ground, roster, settings, .. } = self.evaluation;
        let about = actor::about(ground, target, self.schools);
        let schools = about.school.map_or_else(|| self.schools.to_vec(), |school| vec![school]);
        let people: Vec<PersonIx> =
            target.people.iter().filter_map(|id| roster.find_person(id)).collect();
        let actor = Actor::new(ground, person, schools, self.administers(person));
        let aim = Aim::new(ground, target.clone(), about, people, person);
        let petition = Petition::new(method, &Map::new());
        luau.call(Some(method), || {
            let arguments = (actor, petition, aim, settings);
            let (answer, reason) = self.rule.call::<(LuaValue, LuaValue)>(arguments)?;
            let wrong = |text| said_at("profile.script", text, luau.line_of(self.rule));
            let allowed = boolean_answer("requests", &answer).map_err(wrong)?;
            if !allowed {
                reason_of(&reason).map_err(wrong)?;
            }
            Ok(allowed)
        })
    }

    fn administers(&self, person: PersonIx) -> BTreeSet<String> {
        let id = &*self.evaluation.roster.person(person).id;
        let own = |chat: &&DesiredChat| chat.members.get(id).is_some_and(|member| member.admin);
        self.chats.values().filter(own).map(|chat| chat.key.clone()).collect()
    }

    fn id(&self, person: PersonIx) -> String {
        self.evaluation.roster.person(person).id.to_string()
    }
}

/// A chat as a rule sees it; a subject's chat is the journal's.
fn of_chat(chat: &DesiredChat, roster: &Roster) -> Target {
    let (_, id) = chat.key.split_once(':').unwrap_or_default();
    Target {
        key: Some(chat.key.clone()),
        kind: Some(chat.kind.clone()),
        chat_type: Some(chat.chat_type.clone()),
        organization: Some(chat.organization.clone()),
        class: roster.find_class(id).map(|_| id.to_owned()),
        subject: chat.subject.clone(),
        locked: chat.locked,
        people: chat.members.keys().take(1).cloned().collect(),
        ..Target::default()
    }
}
