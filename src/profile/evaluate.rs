//! One evaluation: the script is asked about every school, homeroom and journal, and its answers
//! become the desired state.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;
use std::sync::Arc;

use jiff::{Timestamp, Zoned, tz::TimeZone};
use mlua::{Function, IntoLua, Lua, Result as LuaResult, UserDataRef, Value as LuaValue};
use serde::Serialize;
use serde_json::{Map, Value};

use super::fault::said;
use super::global;
use super::ground::Ground;
use super::objects::{Class, School};
use super::people::{Entry, People};
use super::room::{Limits, Room};
use super::settings::{self, Settings};
use super::shape::{ChatRule, Per, Script, Title};
use super::text::{fill, nearest, tidy_title};
use super::{Desired, DesiredChat, DesiredMember, Existence, Reason, Setting, Source};
use crate::error::{Code, Error, Fault, Result, Text};
use crate::roster::{ClassIx, ClassType, OrgIx, Roster};
use crate::stop::Stop;

/// What one evaluation works on.
pub struct Task<'a> {
    /// The accepted roster.
    pub roster: &'a Arc<Roster>,
    /// `settings` of the configuration.
    pub settings: &'a Map<String, Value>,
    /// `organization` of the configuration.
    pub organization: Option<&'a str>,
    /// The cycle's clock, in the school's zone.
    pub now: &'a Zoned,
    /// What the script may use up.
    pub limits: Limits,
    /// Ends the evaluation early.
    pub stop: &'a Stop,
    /// Takes the lines that the script prints, after the evaluation.
    pub log: &'a dyn Fn(&str),
}

/// What a profile says about itself.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Description {
    /// `name`
    pub name: String,
    /// `title`
    pub title: String,
    /// `version`
    pub version: u32,
    /// Every setting, those that all profiles have included, by name.
    pub settings: BTreeMap<String, Setting>,
    /// The kinds of chats, sorted.
    pub kinds: Vec<String>,
}

impl Description {
    /// The values of all settings: the defaults, with what the configuration gives instead.
    ///
    /// # Errors
    /// [`Code::Config`] with a fault at `settings.<name>` for each unknown name (and the nearest known
    /// one), wrong type or impossible value.
    pub fn settings_with(&self, given: &Map<String, Value>) -> Result<Map<String, Value>> {
        settings::with_given(&self.settings, given)
    }
}

/// Computes the state that should be.
///
/// # Errors
/// [`Code::Profile`] with file, line and object where the script fails or exceeds its limits;
/// [`Code::Config`] for settings or an organisation that do not exist; [`Code::Cancelled`] where
/// `stop` ended it, by cancel or by budget.
pub fn evaluate(source: &Source, task: Task<'_>) -> Result<Desired> {
    let Task { roster, settings, organization, now, limits, stop, log } = task;
    let schools = schools(roster, organization)?;
    let (desired, printed) = apart(|| {
        let room = open(source, limits, stop.clone(), now);
        match room {
            Ok(room) => (
                Evaluation::run(&room, source, roster, settings, limits, &schools),
                room.printed.take(),
            ),
            Err(error) => (Err(error), Vec::new()),
        }
    })?;
    printed.iter().for_each(|line| log(line));
    desired
}

/// What a profile says about itself, without a roster.
///
/// # Errors
/// [`Code::Profile`] where the script fails.
pub fn describe(source: &Source) -> Result<Description> {
    // A description must not depend on the day; the script sees the first one there is.
    let now = Timestamp::UNIX_EPOCH.to_zoned(TimeZone::UTC);
    apart(|| {
        let room = open(source, Limits::default(), Stop::never(), &now)?;
        let script = script(&room, source)?;
        let kinds = script.chats.keys().cloned().collect();
        let Script { name, title, version, settings, .. } = script;
        Ok(Description { name, title, version, settings, kinds })
    })?
}

/// Works on a thread of its own, joined at once: hosts call on stacks of any size, and a script may
/// nest calls as deep as Luau allows.
fn apart<T: Send>(work: impl FnOnce() -> T + Send) -> Result<T> {
    const STACK: usize = 8 * 1024 * 1024;
    std::thread::scope(|scope| {
        let thread =
            std::thread::Builder::new().name("zvonok profile".to_owned()).stack_size(STACK);
        let thread = thread.spawn_scoped(scope, work).map_err(|error| {
            Error::new(
                Code::Internal,
                format!("не удалось создать поток для профиля: {error}"),
                format!("no thread for the profile: {error}"),
            )
        })?;
        Ok(thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
    })
}

fn open(source: &Source, limits: Limits, stop: Stop, now: &Zoned) -> Result<Room> {
    Room::new(source, limits, stop, |lua| global::zvonok(lua, &source.text, now))
}

fn script(room: &Room, source: &Source) -> Result<Script> {
    match room.run(source)? {
        LuaValue::UserData(data) if data.is::<Script>() => {
            room.call(None, || Ok(data.borrow::<Script>()?.clone()))
        }
        other => {
            let kind = other.type_name();
            let message = Text::new(
                format!(
                    "скрипт должен кончаться на return zvonok.profile {{ … }}, а вернул {kind}"
                ),
                format!(
                    "the script must end with return zvonok.profile {{ … }}, it returned {kind}"
                ),
            );
            let fault = Fault::new("profile.shape", &source.name, kind, message);
            Err(Error::with_faults(Code::Profile, vec![fault]))
        }
    }
}

/// The schools that are served (ruling 3).
fn schools(roster: &Roster, organization: Option<&str>) -> Result<Vec<OrgIx>> {
    let all = roster.schools();
    let Some(wanted) = organization else { return Ok(all) };
    let found = all.iter().copied().find(|&school| &*roster.org(school).id == wanted);
    found.map(|school| vec![school]).ok_or_else(|| {
        let ids = all.iter().map(|&school| &*roster.org(school).id);
        let (ru, en) = match nearest(wanted, ids) {
            Some(near) => {
                (format!("; может быть, «{near}»?"), format!("; did you mean \"{near}\"?"))
            }
            None => Default::default(),
        };
        let message = Text::new(
            format!("в данных нет школы с таким sourcedId{ru}"),
            format!("the roster has no school with this sourcedId{en}"),
        );
        let fault = Fault::new("config.organization", "organization", wanted, message);
        Error::with_faults(Code::Config, vec![fault])
    })
}

/// What a chat belongs to.
enum Object {
    School(School),
    Class(Class),
}

/// The state of one evaluation.
struct Evaluation<'a> {
    room: &'a Room,
    roster: &'a Roster,
    ground: Rc<Ground>,
    settings: LuaValue,
    organization_in_title: bool,
    chats: BTreeMap<String, DesiredChat>,
}

impl<'a> Evaluation<'a> {
    fn run(
        room: &'a Room,
        source: &Source,
        roster: &'a Arc<Roster>,
        given: &Map<String, Value>,
        limits: Limits,
        schools: &[OrgIx],
    ) -> Result<Desired> {
        let script = script(room, source)?;
        let settings = settings::with_given(&script.settings, given)?;
        let ground = Ground::new(roster.clone(), limits.memory);
        if let Some(most) = settings["max_guardians"].as_u64() {
            ground.max_guardians.set(most as usize);
        }
        let organization_in_title = settings["organization_in_title"].as_bool().unwrap_or(false);
        let settings = room.call(None, || Settings(settings).into_lua(&room.lua))?;
        let chats = BTreeMap::new();
        let mut evaluation =
            Evaluation { room, roster, ground, settings, organization_in_title, chats };
        for &school in schools {
            evaluation.school(&script, school)?;
        }
        Ok(evaluation.finish(script))
    }

    fn finish(self, script: Script) -> Desired {
        let mut reads = self.ground.take_reads();
        reads.extend(script.reads);
        Desired {
            profile: script.name,
            version: script.version,
            chats: self.chats,
            warnings: self.ground.take_warnings(),
            reads,
            overrides: script.overrides,
        }
    }

    fn school(&mut self, script: &Script, school: OrgIx) -> Result<()> {
        for (kind, rule) in &script.chats {
            match rule.per {
                Per::School => {
                    let object = Object::School(School::new(&self.ground, school));
                    self.chat(kind, rule, object)?;
                }
                Per::Homeroom => self.classes(kind, rule, school, ClassType::Homeroom)?,
                Per::Class => self.classes(kind, rule, school, ClassType::Scheduled)?,
            }
        }
        Ok(())
    }

    fn classes(&mut self, kind: &str, rule: &ChatRule, school: OrgIx, of: ClassType) -> Result<()> {
        let roster = self.roster;
        for (class, _) in roster.classes_of(school, of) {
            self.chat(kind, rule, Object::Class(Class::new(&self.ground, class)))?;
        }
        Ok(())
    }

    fn chat(&mut self, kind: &str, rule: &ChatRule, object: Object) -> Result<()> {
        let mut chat = self.outline(kind, rule, &object);
        let key = chat.key.clone();
        let asked = Asked { evaluation: self, key: &key, argument: self.argument(&key, &object)? };
        chat.title = asked.title(rule, &object)?;
        chat.existence = asked.existence(rule, &object)?;
        if chat.existence != Existence::Archived {
            chat.members = asked.members(kind, rule)?;
        }
        if chat.existence == Existence::Wanted && !chat.members.values().any(|member| member.admin)
        {
            self.warn_no_admin(&key, &chat.title);
        }
        let touched = self.ground.take_touched();
        chat.depends_on.extend(touched.into_iter().map(|class| self.id_of(class)));
        self.chats.insert(key, chat);
        Ok(())
    }

    /// A chat without its title and people.
    fn outline(&self, kind: &str, rule: &ChatRule, object: &Object) -> DesiredChat {
        let (id, school, class, subject, depends_on) = match object {
            Object::School(school) => {
                (&self.roster.org(school.org).id, school.org, None, None, BTreeSet::new())
            }
            Object::Class(class) => self.outline_of_class(class),
        };
        DesiredChat {
            key: format!("{kind}:{id}"),
            kind: kind.to_owned(),
            chat_type: rule.chat_type.clone(),
            organization: self.roster.org(school).id.to_string(),
            class,
            subject,
            title: String::new(),
            locked: rule.locked,
            existence: Existence::Wanted,
            members: BTreeMap::new(),
            depends_on,
        }
    }

    #[allow(clippy::type_complexity, reason = "the parts of one outline, taken apart at once")]
    fn outline_of_class(
        &self,
        class: &Class,
    ) -> (&Box<str>, OrgIx, Option<String>, Option<String>, BTreeSet<String>) {
        let row = self.roster.class(class.class);
        let depends_on =
            row.homeroom.into_iter().chain([class.class]).map(|c| self.id_of(c)).collect();
        let (home, subject) = match row.class_type {
            ClassType::Homeroom => (Some(class.class), None),
            _ => (row.homeroom, Some(row.subject.to_string())),
        };
        (&row.id, row.school, home.map(|home| self.id_of(home)), subject, depends_on)
    }

    fn argument(&self, key: &str, object: &Object) -> Result<LuaValue> {
        let lua = &self.room.lua;
        self.room.call(Some(key), || match object {
            Object::School(school) => school.clone().into_lua(lua),
            Object::Class(class) => class.clone().into_lua(lua),
        })
    }

    fn id_of(&self, class: ClassIx) -> String {
        self.roster.class(class).id.to_string()
    }

    fn warn_no_admin(&self, key: &str, title: &str) {
        let message = Text::new(
            format!(
                "в чате «{title}» некому быть администратором, им остаётся учётная запись сервиса"
            ),
            format!("nobody administers the chat \"{title}\", it is left to the service's account"),
        );
        self.ground.warn("profile.no_admin", key.to_owned(), "", message);
    }
}

/// The rules of one chat, asked about its object.
struct Asked<'a> {
    evaluation: &'a Evaluation<'a>,
    key: &'a str,
    argument: LuaValue,
}

impl Asked<'_> {
    /// Calls one function of the rule with the object and the settings.
    fn call<T>(
        &self,
        function: &Function,
        take: impl FnOnce(&Lua, LuaValue) -> LuaResult<T>,
    ) -> Result<T> {
        let room = self.evaluation.room;
        room.call(Some(self.key), || {
            let answer = function.call((&self.argument, &self.evaluation.settings))?;
            take(&room.lua, answer)
        })
    }

    fn title(&self, rule: &ChatRule, object: &Object) -> Result<String> {
        let made = match &rule.title {
            Title::Made(function) => self.call(function, |_, answer| text_answer(&answer))?,
            Title::Template(template) => {
                let values = match object {
                    Object::School(school) => global::of_school(school),
                    Object::Class(class) => global::of_class(class),
                };
                self.evaluation
                    .room
                    .call(Some(self.key), || fill(template, &values).map_err(said))?
            }
        };
        Ok(self.tidy(&made, object))
    }

    /// The title as it will be shown; one that had to be cut, or has nothing in it, is warned about.
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
    fn existence(&self, rule: &ChatRule, object: &Object) -> Result<Existence> {
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
            Some(condition) => self.call(condition, |_, answer| boolean_answer(&answer)),
            None => Ok(true),
        }
    }

    fn members(&self, kind: &str, rule: &ChatRule) -> Result<BTreeMap<String, DesiredMember>> {
        let mut members = BTreeMap::new();
        for entry in self.call(&rule.members, |_, answer| people_answer(&answer))?.entries() {
            let reasons = reasons(entry, &format!("{kind}.members"));
            members.insert(self.id(entry), self.member(entry, reasons));
        }
        let Some(admins) = &rule.admins else { return Ok(members) };
        for entry in self.call(admins, |_, answer| people_answer(&answer))?.entries() {
            let why = reasons(entry, &format!("{kind}.admins"));
            let member =
                members.entry(self.id(entry)).or_insert_with(|| self.member(entry, why.clone()));
            member.admin = true;
            member.admin_reasons = why;
        }
        Ok(members)
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
    let reason = |why: &super::people::Why| Reason {
        rule: rule.to_owned(),
        because: why.word.to_string(),
        row: why.row.to_string(),
    };
    entry.reasons.iter().map(reason).collect()
}

fn text_answer(answer: &LuaValue) -> LuaResult<String> {
    match answer {
        LuaValue::String(text) => Ok(text.to_str()?.to_owned()),
        other => Err(wrong_answer("title", "текст", "a text", other)),
    }
}

/// A text such as "false" counts as true in Lua, and a CSV has only texts: so nothing but a boolean
/// (or nothing at all) will do.
fn boolean_answer(answer: &LuaValue) -> LuaResult<bool> {
    match answer {
        LuaValue::Boolean(yes) => Ok(*yes),
        LuaValue::Nil => Ok(false),
        other => Err(wrong_answer(
            "when",
            "true или false (metadata проверяет zvonok.yes)",
            "true or false (zvonok.yes tests metadata)",
            other,
        )),
    }
}

fn people_answer(answer: &LuaValue) -> LuaResult<UserDataRef<People>> {
    match answer {
        LuaValue::UserData(data) if data.is::<People>() => data.borrow::<People>(),
        // A forgotten `return` must not empty a chat.
        other => Err(wrong_answer(
            "members / admins",
            "множество людей (нет ли пропущенного return?)",
            "a set of people (is a return missing?)",
            other,
        )),
    }
}

fn wrong_answer(rule: &str, ru: &str, en: &str, answer: &LuaValue) -> mlua::Error {
    let kind = answer.type_name();
    said(Text::new(
        format!("{rule}: функция должна вернуть {ru}, а вернула {kind}"),
        format!("{rule}: the function must return {en}, it returned {kind}"),
    ))
}
