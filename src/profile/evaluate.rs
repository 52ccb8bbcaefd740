//! One evaluation: the script is asked about every school, homeroom and journal, and its answers
//! become the desired state.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;
use std::sync::Arc;

use jiff::{Timestamp, Zoned, tz::TimeZone};
use mlua::{IntoLua, Value as LuaValue};
use serde::Serialize;
use serde_json::{Map, Value};

use super::ask::Asked;
use super::global;
use super::ground::Ground;
use super::objects::{Class, School};
use super::room::{Limits, Luau};
use super::settings::{self, Settings};
use super::shape::{ChatRule, Per, Script};
use super::survey::Failures;
use super::text::nearest;
use super::{Desired, DesiredChat, Existence, Ordered, Policies, Setting, Source};
use crate::error::{Code, Error, Fault, Result, Text};
use crate::roster::{ClassIx, ClassType, OrgIx, Roster};
use crate::stop::Stop;

/// What one evaluation works on, and within which limits.
pub struct Room<'a> {
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
    /// `like`: the built-in profile that it grew from.
    pub like: Option<String>,
    /// Every setting, those that all profiles have included, by name.
    pub settings: BTreeMap<String, Setting>,
    /// The kinds of chats, sorted.
    pub kinds: Vec<String>,
    /// What it says beside its chats.
    pub policies: Policies,
}

impl Description {
    /// The values of all settings: the defaults, with what the configuration gives instead.
    ///
    /// # Errors
    /// [`Code::Config`] with a fault at `settings.<name>` for each unknown name (and the nearest
    /// known one), wrong type or impossible value.
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
pub fn evaluate(source: &Source, room: Room<'_>) -> Result<Desired> {
    evaluating(source, room, |mut evaluation, script, schools| {
        evaluation.schools(&script, schools)?;
        let lineages = evaluation.lineages(&script, schools)?;
        Ok(evaluation.finish(script, lineages))
    })
}

/// Opens a room, does something with an evaluation in it, and hands on what the script printed.
pub(super) fn evaluating<T: Send>(
    source: &Source,
    room: Room<'_>,
    act: impl FnOnce(Evaluation<'_>, Script, &[OrgIx]) -> Result<T> + Send,
) -> Result<T> {
    let Room { roster, settings, organization, now, limits, stop, log } = room;
    let schools = schools(roster, organization)?;
    let (done, printed) = apart(|| match open(source, limits, stop.clone(), now) {
        Ok(luau) => {
            let evaluation = Evaluation::new(&luau, source, roster, settings);
            let done =
                evaluation.and_then(|(evaluation, script)| act(evaluation, script, &schools));
            (done, luau.printed.take())
        }
        Err(error) => (Err(error), Vec::new()),
    })?;
    printed.iter().for_each(|line| log(line));
    done
}

/// What a profile says about itself, without a roster.
///
/// # Errors
/// [`Code::Profile`] where the script fails.
pub fn describe(source: &Source) -> Result<Description> {
    // A description must not depend on the day; the script sees the first one there is.
    let now = Timestamp::UNIX_EPOCH.to_zoned(TimeZone::UTC);
    apart(|| {
        let luau = open(source, Limits::default(), Stop::never(), &now)?;
        let script = script(&luau, source)?;
        let kinds = script.chats.keys().cloned().collect();
        let Script { name, title, version, like, settings, rules, .. } = script;
        Ok(Description { name, title, version, like, settings, kinds, policies: rules.policies })
    })?
}

/// What the objects of one evaluation stand on.
pub(super) fn ground(
    script: &Script,
    settings: &Map<String, Value>,
    roster: &Arc<Roster>,
) -> Rc<Ground> {
    let ground = Ground::new(roster.clone());
    if let Some(most) = settings["max_guardians"].as_u64() {
        ground.max_guardians.set(most as usize);
    }
    ground.guardian_roles.replace(script.rules.policies.guardians.roles.clone());
    ground
}

/// Works on a thread of its own, joined at once: hosts call on stacks of any size, and a script may
/// nest calls as deep as Luau allows.
pub(super) fn apart<T: Send>(work: impl FnOnce() -> T + Send) -> Result<T> {
    const STACK: usize = 8 * 1024 * 1024;
    std::thread::scope(|scope| {
        let thread =
            std::thread::Builder::new().name("zvonok profile".to_owned()).stack_size(STACK);
        // Luau's parser reads numbers as the locale of its thread writes them.
        let work = || crate::ffi::with_plain_numbers(work);
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

pub(super) fn open(source: &Source, limits: Limits, stop: Stop, now: &Zoned) -> Result<Luau> {
    Luau::new(source, limits, stop, |lua| global::zvonok(lua, &source.text, now))
}

pub(super) fn script(luau: &Luau, source: &Source) -> Result<Script> {
    match luau.run(source)? {
        LuaValue::UserData(data) if data.is::<Script>() => {
            luau.call(None, || Ok(data.borrow::<Script>()?.clone()))
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
pub(super) fn schools(roster: &Roster, organization: Option<&str>) -> Result<Vec<OrgIx>> {
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
pub(super) enum Object {
    School(School),
    Class(Class),
}

/// The state of one evaluation.
pub(super) struct Evaluation<'a> {
    pub(super) luau: &'a Luau,
    pub(super) roster: &'a Roster,
    pub(super) ground: Rc<Ground>,
    pub(super) settings: LuaValue,
    pub(super) organization_in_title: bool,
    admin_permissions: BTreeSet<String>,
    pub(super) chats: BTreeMap<String, DesiredChat>,
    /// Where failures are noted instead of ending the evaluation.
    pub(super) failures: Option<RefCell<Failures>>,
}

impl<'a> Evaluation<'a> {
    /// An evaluation in which nothing was asked yet, and the script to ask.
    fn new(
        luau: &'a Luau,
        source: &Source,
        roster: &'a Arc<Roster>,
        given: &Map<String, Value>,
    ) -> Result<(Evaluation<'a>, Script)> {
        let script = script(luau, source)?;
        let settings = settings::with_given(&script.settings, given)?;
        let ground = ground(&script, &settings, roster);
        let organization_in_title = settings["organization_in_title"].as_bool().unwrap_or(false);
        let rights = settings["admin_permissions"].as_array().into_iter().flatten();
        let admin_permissions = rights.filter_map(|one| one.as_str().map(str::to_owned)).collect();
        let settings = luau.call(None, || Settings(settings).into_lua(&luau.lua))?;
        let evaluation = Evaluation {
            luau,
            roster,
            ground,
            settings,
            organization_in_title,
            admin_permissions,
            chats: BTreeMap::new(),
            failures: None,
        };
        Ok((evaluation, script))
    }

    pub(super) fn schools(&mut self, script: &Script, schools: &[OrgIx]) -> Result<()> {
        schools.iter().try_for_each(|&school| self.school(script, school))
    }

    /// What a rule gave. In a survey a failure of the script itself is noted, and there is nothing.
    pub(super) fn attempt<T>(&self, given: Result<T>) -> Result<Option<T>> {
        let of_script = |fault: &Fault| fault.code == "profile.script";
        match (given, &self.failures) {
            (Err(error), Some(failures)) if error.faults.iter().any(of_script) => {
                failures.borrow_mut().note(error.faults);
                Ok(None)
            }
            (given, _) => given.map(Some),
        }
    }

    pub(super) fn finish(self, script: Script, lineages: BTreeMap<String, String>) -> Desired {
        let mut reads = self.ground.take_reads();
        reads.extend(script.reads);
        Desired {
            profile: script.name,
            version: script.version,
            chats: self.chats,
            warnings: self.ground.take_warnings(),
            reads,
            overrides: script.rules.policies.overrides,
            leavers: script.rules.policies.leavers,
            graduated: script.rules.policies.rollover.graduated,
            lineages,
            continues: BTreeMap::new(),
            carried: BTreeSet::new(),
            admin_permissions: self.admin_permissions,
            calls: script.rules.policies.calls,
            by_request: BTreeMap::new(),
            ordered: Ordered::default(),
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
        chat.title = self.attempt(asked.title(rule, &object))?.unwrap_or_default();
        chat.description = self.attempt(asked.description(rule, &object))?.flatten();
        chat.existence = self.attempt(asked.existence(rule, &object))?.unwrap_or(Existence::NotYet);
        let mut sound = true;
        if chat.existence != Existence::Archived {
            let members = self.attempt(asked.members(kind, rule))?;
            sound = members.is_some();
            chat.members = members.unwrap_or_default();
            sound &= self.attempt(asked.admins(kind, rule, &mut chat.members))?.is_some();
        }
        if sound && chat.existence == Existence::Wanted {
            self.ground.take_up(chat.unled("profile"));
        }
        let touched = self.ground.take_touched();
        chat.depends_on.extend(touched.into_iter().map(|class| self.id_of(class)));
        self.chats.insert(key, chat);
        Ok(())
    }

    /// A chat without its title and people.
    fn outline(&self, kind: &str, rule: &ChatRule, object: &Object) -> DesiredChat {
        let (id, school) = match object {
            Object::School(school) => (&self.roster.org(school.org).id, school.org),
            Object::Class(class) => (&class.row().id, class.row().school),
        };
        let mut chat = DesiredChat {
            key: format!("{kind}:{id}"),
            kind: kind.to_owned(),
            chat_type: rule.chat_type.clone(),
            organization: self.roster.org(school).id.to_string(),
            class: None,
            subject: None,
            whole_class: None,
            title: String::new(),
            description: None,
            locked: rule.locked,
            existence: Existence::Wanted,
            members: BTreeMap::new(),
            depends_on: BTreeSet::new(),
        };
        if let Object::Class(class) = object {
            self.belongs_to(&mut chat, class.class);
        }
        chat
    }

    /// A homeroom's chat belongs to it, a journal's to the journal's homeroom.
    fn belongs_to(&self, chat: &mut DesiredChat, class: ClassIx) {
        let row = self.roster.class(class);
        let home = match row.class_type {
            ClassType::Homeroom => Some(class),
            _ => row.homeroom,
        };
        chat.class = home.map(|home| self.id_of(home));
        chat.whole_class = home.map(|home| self.has_all_of(class, home));
        if row.class_type != ClassType::Homeroom {
            chat.subject = Some(row.subject.to_string());
        }
        chat.depends_on = home.into_iter().chain([class]).map(|class| self.id_of(class)).collect();
    }

    /// Whether a journal is for its whole class, not for a subgroup (ruling 9).
    fn has_all_of(&self, class: ClassIx, home: ClassIx) -> bool {
        let students = |class| self.roster.student_enrollments(class).into_iter();
        let inside: BTreeSet<_> = students(class).map(|row| row.person).collect();
        students(home).all(|row| inside.contains(&row.person))
    }

    pub(super) fn argument(&self, key: &str, object: &Object) -> Result<LuaValue> {
        let lua = &self.luau.lua;
        self.luau.call(Some(key), || match object {
            Object::School(school) => school.clone().into_lua(lua),
            Object::Class(class) => class.clone().into_lua(lua),
        })
    }

    fn id_of(&self, class: ClassIx) -> String {
        self.roster.class(class).id.to_string()
    }
}
