//! Who may do what: the profile's `requests` rule, asked about one request in a room of its own.

use std::collections::BTreeSet;
use std::sync::Arc;

use mlua::{Function, Result as LuaResult, Value as LuaValue};
use serde_json::{Map, Value};

use super::actor::{self, Actor, Aim, Petition};
use super::ask::boolean_answer;
use super::evaluate::{Room, apart, ground, open, schools, script};
use super::fault::said_at;
use super::room::Luau;
use super::settings::{self, Settings};
use super::source::Source;
use crate::error::{Result, Text};
use crate::roster::{OrgIx, PersonIx, Roster};

/// One question or order of a person at the host's screens.
#[derive(Debug, Clone)]
pub struct Request<'a> {
    /// `sourcedId` of the person. The host itself (`system`) may do everything and is not asked
    /// about.
    pub actor: &'a str,
    /// `chats.create`, `members.add`, …
    pub method: &'a str,
    /// The request's parameters as they came.
    pub params: &'a Map<String, Value>,
    /// Keys of the chats that the actor administers at present.
    pub administers: &'a BTreeSet<String>,
    /// What it is about.
    pub target: Target,
}

/// What a request is about; what it does not speak of is left out.
#[derive(Debug, Clone, Default)]
pub struct Target {
    /// The chat's key; none for one that is to be made.
    pub key: Option<String>,
    /// The chat's kind, of a chat made by hand as well: `class`, `subject`, `custom`.
    pub kind: Option<String>,
    /// What registries show: `CLASS`, …
    pub chat_type: Option<String>,
    /// `sourcedId` of the organisation.
    pub organization: Option<String>,
    /// `sourcedId` of the class, or of the journal, that the chat belongs to.
    pub class: Option<String>,
    /// The subject's title, or the `sourcedId` of its course or of a journal of it.
    pub subject: Option<String>,
    /// Users may not change the chat.
    pub locked: bool,
    /// `sourcedId` of who made the chat by hand.
    pub maker: Option<String>,
    /// Those who shall be in, go out, or get or lose rights.
    pub people: Vec<String>,
    /// The person of `accounts.*` and `explain`.
    pub person: Option<String>,
    /// The call.
    pub call: Option<CallFacts>,
}

/// What a rule can know of a call.
#[derive(Debug, Clone, Default)]
pub struct CallFacts {
    /// `created`, `published`, `finished`.
    pub state: String,
    /// Somebody may be in it now.
    pub running: bool,
    /// The time for which it was meant has passed.
    pub over: bool,
    /// `sourcedId` of who acted last on it, or `system`.
    pub by: String,
}

/// What the profile says to a request.
#[derive(Debug, Clone, PartialEq)]
pub struct Permission {
    /// Whether it may be done.
    pub allowed: bool,
    /// Why not.
    pub reason: Option<Text>,
}

impl Permission {
    fn refused(ru: impl Into<String>, en: impl Into<String>) -> Permission {
        Permission { allowed: false, reason: Some(Text::new(ru, en)) }
    }
}

/// Asks the profile whether a person may do something. The roster is the last accepted one.
///
/// Somebody who is not in the roster, or counts as absent, may do nothing; a profile without a
/// `requests` rule lets nobody but the host ask.
///
/// # Errors
/// As [`super::evaluate`].
pub fn permits(source: &Source, room: Room<'_>, request: &Request<'_>) -> Result<Permission> {
    let Room { roster, settings, organization, now, limits, stop, log } = room;
    let schools = schools(roster, organization)?;
    let people = match known(roster, request) {
        Ok(people) => people,
        Err(stranger) => {
            return Ok(Permission::refused(
                format!("человека {stranger} нет в данных школы"),
                format!("{stranger} is not in the school's data"),
            ));
        }
    };
    let (judged, printed) = apart(|| match open(source, limits, stop.clone(), now) {
        Ok(luau) => {
            let court = Court { luau: &luau, source, roster, schools: &schools, settings };
            (court.judge(request, people), luau.printed.take())
        }
        Err(error) => (Err(error), Vec::new()),
    })?;
    printed.iter().for_each(|line| log(line));
    judged
}

/// The people whom a request names.
struct Named {
    actor: PersonIx,
    people: Vec<PersonIx>,
}

/// Finds them; else who is not there.
fn known<'r>(roster: &Roster, request: &'r Request<'_>) -> std::result::Result<Named, &'r str> {
    let find = |id: &'r str| roster.find_person(id).ok_or(id);
    let actor = find(request.actor)?;
    if roster.person(actor).absent {
        return Err(request.actor);
    }
    let people = request.target.people.iter().map(|id| find(id));
    Ok(Named { actor, people: people.collect::<std::result::Result<_, _>>()? })
}

/// The room in which one request is judged.
struct Court<'a> {
    luau: &'a Luau,
    source: &'a Source,
    roster: &'a Arc<Roster>,
    schools: &'a [OrgIx],
    settings: &'a Map<String, Value>,
}

impl Court<'_> {
    fn judge(&self, request: &Request<'_>, named: Named) -> Result<Permission> {
        let script = script(self.luau, self.source)?;
        let settings = settings::with_given(&script.settings, self.settings)?;
        let ground = ground(&script, &settings, self.roster);
        let Some(rule) = script.rules.requests else {
            return Ok(Permission::refused(
                format!("профиль не разрешает запросы человеку {}", request.actor),
                format!("the profile lets {} ask nothing", request.actor),
            ));
        };
        let about = actor::about(&ground, &request.target, self.schools);
        let schools = about.school.map_or_else(|| self.schools.to_vec(), |school| vec![school]);
        let administers = request.administers.clone();
        let actor = Actor::new(&ground, named.actor, schools, administers);
        let petition = Petition::new(request.method, request.params);
        let target = Aim::new(&ground, request.target.clone(), about, named.people, named.actor);
        self.luau.call(Some(request.method), || {
            let arguments = (actor, petition, target, Settings(settings));
            let (answer, reason) = rule.call::<(LuaValue, LuaValue)>(arguments)?;
            self.permission(&rule, &answer, &reason)
        })
    }

    fn permission(
        &self,
        rule: &Function,
        answer: &LuaValue,
        reason: &LuaValue,
    ) -> LuaResult<Permission> {
        let wrong = |text| said_at("profile.script", text, self.luau.line_of(rule));
        if boolean_answer("requests", answer).map_err(wrong)? {
            return Ok(Permission { allowed: true, reason: None });
        }
        Ok(Permission { allowed: false, reason: Some(reason_of(reason).map_err(wrong)?) })
    }
}

/// The reason as the rule gave it: a text, or one in each language.
pub(super) fn reason_of(reason: &LuaValue) -> std::result::Result<Text, Text> {
    let text = |value: LuaValue| {
        const LONGEST: usize = 1000;
        let text = value.as_string().map(|text| text.to_string_lossy());
        text.map(|text| text.chars().take(LONGEST).collect::<String>())
    };
    let both = match reason {
        LuaValue::Nil => {
            Some(("профиль этого не разрешает".to_owned(), "the profile does not allow it".into()))
        }
        LuaValue::Table(table) => {
            let said = |language: &str| table.raw_get(language).ok().and_then(text);
            said("ru").zip(said("en"))
        }
        other => text(other.clone()).map(|said| (said.clone(), said)),
    };
    both.map(|(ru, en)| Text::new(ru, en)).ok_or_else(|| {
        let kind = reason.type_name();
        Text::new(
            format!("requests: причина должна быть текстом или {{ ru = …, en = … }}, а не {kind}"),
            format!("requests: a reason must be a text or {{ ru = …, en = … }}, not {kind}"),
        )
    })
}
