//! What a `requests` rule is asked about: who asks, what for, and about what.

use std::collections::BTreeSet;
use std::rc::Rc;

use mlua::{
    Function, Lua, Result as LuaResult, UserData, UserDataFields, UserDataMethods, UserDataRef,
    Value, Variadic,
};
use serde_json::Map;

use super::fault::said;
use super::ground::Ground;
use super::matching::{must_be_condition, texts_of};
use super::objects::{Class, Metadata, Place, School, closed, is_staff, owned, to_lua};
use super::people::{Entry, People};
use super::permit::Target;
use super::text::unknown;
use crate::error::Text;
use crate::roster::{ClassIx, ClassType, OrgIx, PersonIx, Role, Roster, texts};

/// What a request is about, found in the roster.
#[derive(Default)]
pub(super) struct About {
    pub(super) school: Option<OrgIx>,
    pub(super) class: Option<ClassIx>,
    pub(super) subject: Option<String>,
}

/// Finds what a request is about. Where it names neither a school nor a class, the only school that
/// is served is meant.
pub(super) fn about(ground: &Ground, target: &Target, schools: &[OrgIx]) -> About {
    let roster = &ground.roster;
    let class = target.class.as_deref().and_then(|id| roster.find_class(id));
    let named = target.organization.as_deref().and_then(|id| roster.find_org(id));
    let school = named.or(class.map(|class| roster.class(class).school));
    let only = || if let [only] = schools { Some(*only) } else { None };
    About { school: school.or_else(only), class, subject: subject(roster, target, class) }
}

/// The title of the subject: of a course, of a journal, or as it is said.
fn subject(roster: &Roster, target: &Target, class: Option<ClassIx>) -> Option<String> {
    let journal = |class: ClassIx| {
        let row = roster.class(class);
        (row.class_type == ClassType::Scheduled).then(|| row.subject.to_string())
    };
    let Some(said) = &target.subject else { return class.and_then(journal) };
    let course = roster.courses.iter().find(|course| *course.id == **said);
    let course = course.map(|course| course.title.to_string());
    let found = course.or_else(|| roster.find_class(said).and_then(journal));
    Some(found.unwrap_or_else(|| said.clone()))
}

/// The person at the screen, with their roles at the schools that the request is about.
pub(super) struct Actor {
    ground: Rc<Ground>,
    person: PersonIx,
    schools: Vec<OrgIx>,
    administers: BTreeSet<String>,
}

impl Actor {
    pub(super) fn new(
        ground: &Rc<Ground>,
        person: PersonIx,
        schools: Vec<OrgIx>,
        administers: BTreeSet<String>,
    ) -> Actor {
        Actor { ground: ground.clone(), person, schools, administers }
    }

    fn roles(&self) -> impl Iterator<Item = &Role> {
        let roster = &self.ground.roster;
        let held = roster.roles_of(self.person);
        held.filter(|role| roster.role_in_force(role) && self.schools.contains(&role.org))
    }

    fn is_staff(&self) -> bool {
        self.roles().any(is_staff)
    }

    /// Whether a list in the metadata of somebody of the staff has one of these texts.
    fn has_listed(&self, key: &str, wanted: &[String]) -> bool {
        let metadata = &self.ground.roster.person(self.person).metadata;
        let has = texts(self.ground.metadata(metadata, key));
        self.is_staff() && has.iter().any(|one| wanted.contains(one))
    }

    /// Classes in which the person is a teacher by an enrollment in force.
    fn taught(&self, only_primary: bool) -> impl Iterator<Item = ClassIx> {
        let roster = &self.ground.roster;
        let rows = roster.enrollments_of_person(self.person).filter(move |row| {
            roster.enrollment_in_force(row)
                && &*row.role == "teacher"
                && (row.primary || !only_primary)
        });
        rows.map(|row| row.class).filter(|class| !roster.class(*class).dissolved)
    }

    /// The journals of a subject that the person teaches, perhaps only those of one class.
    fn journals(&self, subject: Option<&str>, of: Option<ClassIx>) -> Vec<ClassIx> {
        let roster = &self.ground.roster;
        let journal = |class: &ClassIx| {
            let row = roster.class(*class);
            row.class_type == ClassType::Scheduled
                && self.schools.contains(&row.school)
                && subject.is_none_or(|subject| *row.subject == *subject)
                && of.is_none_or(|of| *class == of || row.homeroom == Some(of))
        };
        self.taught(false).filter(journal).collect()
    }

    /// The students of those journals.
    fn students(&self, lua: &Lua, subject: Option<&str>) -> LuaResult<People> {
        let mut all = Vec::new();
        for journal in self.journals(subject, None) {
            all.extend_from_slice(Class::new(&self.ground, journal).students(lua)?.entries());
        }
        People::new(lua, &self.ground, all)
    }

    /// Whether the person is in a set that a function makes of a school.
    fn among(&self, set: &Function) -> LuaResult<bool> {
        for &school in &self.schools {
            let people: UserDataRef<People> = set.call(School::new(&self.ground, school))?;
            if people.entries().iter().any(|entry| entry.person == self.person) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Whether the person administers the chat of a target, or the chat with a key.
    fn administers(&self, chat: &Value) -> LuaResult<bool> {
        match chat {
            Value::Nil => Ok(false),
            Value::String(key) => Ok(self.administers.contains(&*key.to_str()?)),
            Value::UserData(data) if data.is::<Aim>() => {
                let target = data.borrow::<Aim>()?;
                Ok(target.target.key.as_ref().is_some_and(|key| self.administers.contains(key)))
            }
            other => Err(said(Text::new(
                format!("administers: нужны target или ключ чата, а не {}", other.type_name()),
                format!("administers: target or a chat's key is needed, not {}", other.type_name()),
            ))),
        }
    }
}

pub(super) const ACTOR: &[&str] = &[
    "id",
    "staff",
    "roles",
    "metadata",
    "grades",
    "is",
    "has_access",
    "has_right",
    "matches",
    "administers",
    "teaches",
    "teaches_subject",
    "curates",
    "students",
    "among",
];

type Which = Option<UserDataRef<Class>>;

impl UserData for Actor {
    fn add_fields<F: UserDataFields<Self>>(fields: &mut F) {
        fields.add_field_method_get("id", |_, this| {
            Ok(this.ground.roster.person(this.person).id.to_string())
        });
        fields.add_field_method_get("staff", |_, this| Ok(this.is_staff()));
        fields.add_field_method_get("roles", |_, this| {
            let names: BTreeSet<String> = this.roles().map(|role| role.role.to_string()).collect();
            Ok(Vec::from_iter(names))
        });
        fields.add_field_method_get("metadata", |_, this| {
            Ok(Metadata { ground: this.ground.clone(), place: Place::Person(this.person) })
        });
        fields.add_field_method_get("grades", |_, this| {
            Ok(owned(&this.ground.roster.person(this.person).grades))
        });
    }

    fn add_methods<M: UserDataMethods<Self>>(methods: &mut M) {
        closed(methods, ("у того, кто просит, нет", "an actor has no"), ACTOR);
        methods.add_method("is", |_, this, roles: Variadic<Value>| {
            let roles = words(&roles)?;
            Ok(this.roles().any(|role| roles.iter().any(|name| **name == *role.role)))
        });
        methods.add_method("has_access", |_, this, roles: Variadic<Value>| {
            Ok(this.has_listed("accessRoles", &words(&roles)?))
        });
        methods.add_method("has_right", |_, this, rights: Variadic<Value>| {
            Ok(this.has_listed("rights", &words(&rights)?))
        });
        methods.add_method("matches", |_, this, wanted: Value| {
            let person = this.ground.roster.person(this.person);
            Ok(must_be_condition(&wanted)?.holds(&person.metadata, &this.ground))
        });
        methods.add_method("administers", |_, this, chat: Value| this.administers(&chat));
        methods.add_method("teaches", |_, this, class: Which| {
            Ok(class.is_some_and(|class| this.taught(false).any(|one| one == class.class)))
        });
        methods.add_method("curates", |_, this, class: Which| {
            let homeroom = class.filter(|class| class.row().class_type == ClassType::Homeroom);
            Ok(homeroom.is_some_and(|class| this.taught(true).any(|one| one == class.class)))
        });
        methods.add_method(
            "teaches_subject",
            |_, this, (subject, class): (Option<String>, Which)| {
                let class = class.map(|class| class.class);
                Ok(subject.is_some_and(|subject| !this.journals(Some(&subject), class).is_empty()))
            },
        );
        methods.add_method("students", |lua, this, subject: Option<String>| {
            this.students(lua, subject.as_deref())
        });
        methods.add_method("among", |_, this, set: Function| this.among(&set));
    }
}

fn words(words: &[Value]) -> LuaResult<Vec<String>> {
    texts_of(words.iter().cloned().map(Ok))
}

/// What is asked for.
pub(super) struct Petition {
    method: String,
    params: Map<String, serde_json::Value>,
}

impl Petition {
    pub(super) fn new(method: &str, params: &Map<String, serde_json::Value>) -> Petition {
        Petition { method: method.to_owned(), params: params.clone() }
    }
}

pub(super) const REQUEST: &[&str] = &["method", "group", "params"];

impl UserData for Petition {
    fn add_fields<F: UserDataFields<Self>>(fields: &mut F) {
        fields.add_field_method_get("method", |_, this| Ok(this.method.clone()));
        fields.add_field_method_get("group", |_, this| {
            Ok(this.method.split('.').next().unwrap_or_default().to_owned())
        });
        fields.add_field_method_get("params", |lua, this| {
            to_lua(lua, &serde_json::Value::Object(this.params.clone()))
        });
    }

    fn add_methods<M: UserDataMethods<Self>>(methods: &mut M) {
        closed(methods, ("у запроса нет", "a request has no"), REQUEST);
    }
}

/// What a request is about.
pub(super) struct Aim {
    ground: Rc<Ground>,
    target: Target,
    about: About,
    people: Vec<PersonIx>,
    actor: PersonIx,
}

impl Aim {
    pub(super) fn new(
        ground: &Rc<Ground>,
        target: Target,
        about: About,
        people: Vec<PersonIx>,
        actor: PersonIx,
    ) -> Aim {
        Aim { ground: ground.clone(), target, about, people, actor }
    }

    /// Those people, all of them or without the one who asks.
    fn people(&self, lua: &Lua, with_actor: bool) -> LuaResult<People> {
        let roster = &self.ground.roster;
        let word: Rc<str> = "назван в запросе".into();
        let people = self.people.iter().filter(|&&one| with_actor || one != self.actor);
        let entries = people.map(|&person| {
            let held = roster.roles_of(person).filter(|role| roster.role_in_force(role));
            let role = held.min_by_key(|role| !role.primary).map_or("", |role| &role.role);
            Entry::new(person, role.into(), word.clone(), roster.person(person).row)
        });
        People::new(lua, &self.ground, entries.collect())
    }

    /// Made by hand, or to be made.
    fn custom(&self) -> bool {
        match &self.target.key {
            Some(key) => key.starts_with("custom:"),
            None => self.target.kind.is_some(),
        }
    }

    fn call(&self, lua: &Lua) -> LuaResult<Value> {
        let Some(call) = &self.target.call else { return Ok(Value::Nil) };
        let table = lua.create_table()?;
        table.set("state", call.state.as_str())?;
        table.set("running", call.running)?;
        table.set("over", call.over)?;
        table.set("by", call.by.as_str())?;
        // A misspelt name must not be a silent `nil` here either.
        let strict = lua.create_table()?;
        let missing = lua.create_function(|_, (_, key): (Value, String)| -> LuaResult<Value> {
            Err(said(unknown(("у звонка нет", "a call has no"), &key, CALL)))
        })?;
        strict.set("__index", missing)?;
        table.set_metatable(Some(strict))?;
        table.set_readonly(true);
        Ok(Value::Table(table))
    }
}

pub(super) const CALL: &[&str] = &["state", "running", "over", "by"];

pub(super) const TARGET: &[&str] = &[
    "key", "kind", "type", "locked", "custom", "maker", "school", "class", "subject", "people",
    "others", "person", "call",
];

impl UserData for Aim {
    fn add_fields<F: UserDataFields<Self>>(fields: &mut F) {
        fields.add_field_method_get("key", |_, this| Ok(this.target.key.clone()));
        fields.add_field_method_get("kind", |_, this| Ok(this.target.kind.clone()));
        fields.add_field_method_get("type", |_, this| Ok(this.target.chat_type.clone()));
        fields.add_field_method_get("locked", |_, this| Ok(this.target.locked));
        fields.add_field_method_get("custom", |_, this| Ok(this.custom()));
        fields.add_field_method_get("maker", |_, this| Ok(this.target.maker.clone()));
        fields.add_field_method_get("school", |_, this| {
            Ok(this.about.school.map(|school| School::new(&this.ground, school)))
        });
        fields.add_field_method_get("class", |_, this| {
            Ok(this.about.class.map(|class| Class::new(&this.ground, class)))
        });
        fields.add_field_method_get("subject", |_, this| Ok(this.about.subject.clone()));
        fields.add_field_method_get("people", |lua, this| this.people(lua, true));
        fields.add_field_method_get("others", |lua, this| this.people(lua, false));
        fields.add_field_method_get("person", |_, this| Ok(this.target.person.clone()));
        fields.add_field_method_get("call", |lua, this| this.call(lua));
    }

    fn add_methods<M: UserDataMethods<Self>>(methods: &mut M) {
        closed(methods, ("у того, о чём просят, нет", "a target has no"), TARGET);
    }
}
