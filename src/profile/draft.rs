//! A chat that somebody makes by hand: what it is where the maker does not say.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use mlua::{IntoLua, UserDataRef, Value as LuaValue};
use serde_json::{Map, Value};

use super::actor::{About, about};
use super::evaluate::{Room, apart, ground, open, schools, script};
use super::fault::said;
use super::global::{of_class, of_school};
use super::ground::Ground;
use super::objects::{Class, School};
use super::people::People;
use super::permit::Target;
use super::policy::{CustomKind, Per};
use super::room::Luau;
use super::settings::{self, Settings};
use super::source::Source;
use super::text::{fill, tidy_title, unknown};
use crate::error::{Code, Error, Fault, Result, Text};
use crate::roster::{ClassType, OrgIx, Roster};

/// What a chat made by hand is by its profile.
#[derive(Debug, Clone, PartialEq)]
pub struct Draft {
    /// The kind as the profile declares it.
    pub kind: CustomKind,
    /// `sourcedId` of the organisation.
    pub organization: String,
    /// The subject's title, where it has one.
    pub subject: Option<String>,
    /// The title where the maker gives none; empty where the profile has none either.
    pub title: String,
    /// Who administers it where the maker marks nobody, by `sourcedId`; none for the maker.
    pub admins: Option<BTreeSet<String>>,
}

/// Looks up what a chat of this kind is, for `chats.create`. Of the target, `kind`,
/// `organization`, `class` and `subject` are read.
///
/// # Errors
/// [`Code::Request`] at `params.kind`, `params.class` or `params.subject` where the profile lets
/// people make no such chat, or a class or subject is missing for it; else as
/// [`super::evaluate`].
pub fn draft(source: &Source, room: Room<'_>, target: &Target) -> Result<Draft> {
    let Room { roster, settings, organization, now, limits, stop, log } = room;
    let schools = schools(roster, organization)?;
    let (drafted, printed) = apart(|| match open(source, limits, stop.clone(), now) {
        Ok(luau) => {
            (drafted(&luau, source, roster, settings, &schools, target), luau.printed.take())
        }
        Err(error) => (Err(error), Vec::new()),
    })?;
    printed.iter().for_each(|line| log(line));
    drafted
}

fn drafted(
    luau: &Luau,
    source: &Source,
    roster: &Arc<Roster>,
    given: &Map<String, Value>,
    schools: &[OrgIx],
    target: &Target,
) -> Result<Draft> {
    let script = script(luau, source)?;
    let settings = settings::with_given(&script.settings, given)?;
    let ground = ground(&script, &settings, roster);
    let name = target.kind.as_deref().unwrap_or("custom");
    let kind = kind_of(&script.rules.policies.custom, name)?;
    let about = about(&ground, target, schools);
    let school =
        about.school.ok_or_else(|| lacking("organization", "организация", "organization"))?;
    let school = School::new(&ground, school);
    let class = class_for(kind.per, &ground, &about)?;
    let title = title(luau, &kind, &school, class.as_ref(), &about)?;
    let in_front = settings["organization_in_title"].as_bool().unwrap_or(false);
    let title = match in_front && !title.is_empty() {
        true => format!("{} - {title}", school.title()),
        false => title,
    };
    let organization = roster.org(school.org).id.to_string();
    let admins = match script.rules.custom_admins.get(name) {
        Some(admins) => Some(luau.call(Some(name), || {
            let object: LuaValue = match class {
                Some(class) => class.into_lua(&luau.lua)?,
                None => school.into_lua(&luau.lua)?,
            };
            let people: UserDataRef<People> = admins.call((object, Settings(settings)))?;
            let ids = people.entries().iter().map(|one| roster.person(one.person).id.to_string());
            Ok(ids.collect())
        })?),
        None => None,
    };
    let (title, subject) = (tidy_title(&title).0, about.subject);
    Ok(Draft { kind, organization, subject, title, admins })
}

fn kind_of(kinds: &BTreeMap<String, CustomKind>, name: &str) -> Result<CustomKind> {
    kinds.get(name).cloned().ok_or_else(|| {
        let known: Vec<&str> = kinds.keys().map(String::as_str).collect();
        let what = ("люди не создают чатов вида", "people make no chats of the kind");
        refused("request.unknown_kind", "kind", name, unknown(what, name, &known))
    })
}

/// The class that a chat of this kind belongs to. A subject of a homeroom will do for a journal.
fn class_for(per: Per, ground: &std::rc::Rc<Ground>, about: &About) -> Result<Option<Class>> {
    let class = about.class.map(|class| Class::new(ground, class));
    let is_homeroom = |class: &Class| class.row().class_type == ClassType::Homeroom;
    match per {
        Per::School => Ok(None),
        Per::Subject if about.subject.is_none() => Err(lacking("subject", "предмет", "subject")),
        Per::Subject => Ok(None),
        Per::Homeroom => match class.filter(is_homeroom) {
            None => Err(lacking("class", "класс", "class")),
            found => Ok(found),
        },
        Per::Class => match class.filter(|_| about.subject.is_some()) {
            None => Err(lacking("class", "предмет класса", "class with a subject")),
            found => Ok(found),
        },
    }
}

fn title(
    luau: &Luau,
    kind: &CustomKind,
    school: &School,
    class: Option<&Class>,
    about: &About,
) -> Result<String> {
    let Some(template) = &kind.title else { return Ok(String::new()) };
    let mut places = class.map_or_else(|| of_school(school), of_class);
    places.extend(about.subject.iter().map(|subject| ("subject".to_owned(), subject.clone())));
    luau.call(None, || fill(template, &places).map_err(said))
}

fn lacking(param: &str, ru: &str, en: &str) -> Error {
    let message = Text::new(
        format!("для чата этого вида нужен параметр «{param}»: {ru}"),
        format!("a chat of this kind needs the parameter \"{param}\": {en}"),
    );
    refused("request.missing_object", param, "", message)
}

fn refused(code: &str, param: &str, value: &str, message: Text) -> Error {
    let fault = Fault::new(code, format!("params.{param}"), value, message);
    Error::with_faults(Code::Request, vec![fault])
}
