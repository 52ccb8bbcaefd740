//! What a profile's rules are asked about: schools, classes, single people. All read-only; a field
//! that does not exist is an error that names the nearest one, never a silent `nil`.

use std::rc::Rc;

use mlua::{
    IntoLua, Lua, MetaMethod, Result as LuaResult, Table, UserData, UserDataFields,
    UserDataMethods, Value, Variadic,
};

use super::fault::said;
use super::ground::Ground;
use super::matching::{Match, must_be_condition, texts_of};
use super::people::{Entry, People};
use super::text::unknown;
use super::words::Words;
use crate::error::Text;
use crate::roster::{
    Class as ClassRow, ClassIx, ClassType, Metadata as MetadataMap, NOT_STAFF, Org, OrgIx,
    PersonIx, Role, Roster,
};

/// Makes a type of userdata closed: unknown names and assignments are errors.
pub(super) fn closed<T: 'static, M: UserDataMethods<T>>(
    methods: &mut M,
    what: (&'static str, &'static str),
    known: &'static [&'static str],
) {
    methods.add_meta_function(
        MetaMethod::Index,
        move |_, (_, key): (Value, String)| -> LuaResult<Value> {
            Err(said(unknown(what, &key, known)))
        },
    );
    methods.add_meta_function(
        MetaMethod::NewIndex,
        |_, (_, key, _): (Value, Value, Value)| -> LuaResult<()> {
            let key = key.to_string().unwrap_or_default();
            Err(said(Text::new(
                format!("«{key}» нельзя менять: данные школы только для чтения"),
                format!("\"{key}\" cannot be set: the school's data is read-only"),
            )))
        },
    );
}

/// A school.
#[derive(Clone)]
pub(super) struct School {
    ground: Rc<Ground>,
    pub(super) org: OrgIx,
}

impl School {
    pub(super) fn new(ground: &Rc<Ground>, org: OrgIx) -> School {
        School { ground: ground.clone(), org }
    }

    fn row(&self) -> &Org {
        self.ground.roster.org(self.org)
    }

    /// The short name in metadata, else the name.
    pub(super) fn short_title(&self) -> String {
        let short = self.ground.metadata(&self.row().metadata, "shortName");
        let short = short.and_then(|value| value.as_str()).map(str::trim).filter(|s| !s.is_empty());
        short.unwrap_or(&self.row().name).to_owned()
    }

    pub(super) fn title(&self) -> &str {
        &self.row().name
    }

    /// People by their roles in force here.
    fn by_role(&self, lua: &Lua, test: impl Fn(&Role) -> bool) -> LuaResult<People> {
        let roster = &self.ground.roster;
        let mut words = Words::default();
        let roles =
            roster.roles_at(self.org).filter(|role| roster.role_in_force(role) && test(role));
        let mut rows: Vec<&Role> = roles.collect();
        // The primary role says what somebody is, where there are several.
        rows.sort_by_key(|role| !role.primary);
        let entries = rows.into_iter().map(|role| {
            let (name, word) = words.role(&role.role);
            Entry::new(role.person, name, word, role.row)
        });
        People::new(lua, &self.ground, entries.collect())
    }

    fn classes(&self, class_type: ClassType) -> Vec<Class> {
        let all = self.ground.roster.classes_of(self.org, class_type);
        all.filter(|(_, row)| !row.dissolved)
            .map(|(class, _)| Class::new(&self.ground, class))
            .collect()
    }
}

pub(super) const SCHOOL: &[&str] = &[
    "id",
    "title",
    "short_title",
    "metadata",
    "staff",
    "everyone",
    "homerooms",
    "journals",
    "people",
    "holding",
    "matches",
];

impl UserData for School {
    fn add_fields<F: UserDataFields<Self>>(fields: &mut F) {
        fields.add_field_method_get("id", |_, this| Ok(this.row().id.to_string()));
        fields.add_field_method_get("title", |_, this| Ok(this.row().name.to_string()));
        fields.add_field_method_get("short_title", |_, this| Ok(this.short_title()));
        fields.add_field_method_get("metadata", |_, this| {
            Ok(Metadata { ground: this.ground.clone(), place: Place::Org(this.org) })
        });
        fields.add_field_method_get("staff", |lua, this| this.by_role(lua, is_staff));
        fields.add_field_method_get("everyone", |lua, this| this.by_role(lua, |_| true));
        fields.add_field_method_get("homerooms", |_, this| Ok(this.classes(ClassType::Homeroom)));
        fields.add_field_method_get("journals", |_, this| Ok(this.classes(ClassType::Scheduled)));
    }

    fn add_methods<M: UserDataMethods<Self>>(methods: &mut M) {
        closed(methods, ("у школы нет", "a school has no"), SCHOOL);
        methods.add_method("people", |lua, this, roles: Variadic<Value>| {
            let roles = texts_of(roles.iter().cloned().map(Ok))?;
            this.by_role(lua, |role| roles.iter().any(|name| **name == *role.role))
        });
        methods.add_method("holding", |lua, this, wanted: Table| {
            let wanted = Match::from_table(&wanted)?;
            this.by_role(lua, |role| is_staff(role) && wanted.holds(&role.metadata, &this.ground))
        });
        methods.add_method("matches", |_, this, wanted: Value| {
            Ok(must_be_condition(&wanted)?.holds(&this.row().metadata, &this.ground))
        });
        methods.add_meta_method(MetaMethod::ToString, |_, this, ()| {
            Ok(format!("school:{}", this.row().id))
        });
        methods.add_meta_method(MetaMethod::Eq, |_, this, other: mlua::UserDataRef<School>| {
            Ok(this.org == other.org)
        });
    }
}

pub(super) fn is_staff(role: &Role) -> bool {
    !NOT_STAFF.contains(&&*role.role)
}

/// A class: a homeroom or a journal.
#[derive(Clone)]
pub(super) struct Class {
    ground: Rc<Ground>,
    pub(super) class: ClassIx,
}

impl Class {
    pub(super) fn new(ground: &Rc<Ground>, class: ClassIx) -> Class {
        Class { ground: ground.clone(), class }
    }

    pub(super) fn row(&self) -> &ClassRow {
        self.ground.roster.class(self.class)
    }

    pub(super) fn school(&self) -> School {
        School::new(&self.ground, self.row().school)
    }

    pub(super) fn homeroom(&self) -> Option<Class> {
        self.ground.note_read("homeroom");
        self.row().homeroom.map(|class| Class::new(&self.ground, class))
    }

    /// The students that count (ruling 9).
    pub(super) fn students(&self, lua: &Lua) -> LuaResult<People> {
        self.ground.touch(self.class);
        let (role, word): (Rc<str>, Rc<str>) = ("student".into(), "ученик класса".into());
        let entries = self.ground.roster.student_enrollments(self.class).into_iter().map(|row| {
            self.ground.touch(row.class);
            Entry::new(row.person, role.clone(), word.clone(), row.row)
        });
        People::new(lua, &self.ground, entries.collect())
    }

    /// People with an enrollment in force here in one of these roles.
    fn enrolled(&self, lua: &Lua, roles: &[String], primary: Option<bool>) -> LuaResult<People> {
        self.ground.touch(self.class);
        let roster = &self.ground.roster;
        let mut words = Words::default();
        let rows = roster.enrollments_of(self.class).filter(|row| {
            roster.enrollment_in_force(row)
                && roles.iter().any(|role| **role == *row.role)
                && primary.is_none_or(|primary| row.primary == primary)
        });
        let entries = rows.map(|row| {
            let (role, word) = words.enrollment(&row.role);
            Entry::new(row.person, role, word, row.row)
        });
        People::new(lua, &self.ground, entries.collect())
    }

    /// The staff whose ids the class's metadata names. Anybody else who is named there is left out,
    /// with a warning (ruling 8).
    fn named(&self, lua: &Lua, key: &str) -> LuaResult<People> {
        let (ground, row) = (&self.ground, self.row());
        ground.touch(self.class);
        let word: Rc<str> = format!("указан в «{key}»").into();
        let mut entries = Vec::new();
        for id in crate::roster::texts(ground.metadata(&row.metadata, key)) {
            match ground
                .roster
                .find_person(&id)
                .and_then(|who| Some((who, staff_role(&ground.roster, who)?)))
            {
                Some((person, role)) => {
                    entries.push(Entry::new(person, (&*role.role).into(), word.clone(), row.row));
                }
                None => self.warn_not_staff(key, &id),
            }
        }
        People::new(lua, ground, entries)
    }

    fn warn_not_staff(&self, key: &str, id: &str) {
        let message = Text::new(
            format!("в «{key}» класса указан человек, у которого нет действующей роли сотрудника"),
            format!("the class's \"{key}\" names somebody without a staff role in force"),
        );
        let at = self.row().row.at(&format!("metadata.{key}"));
        self.ground.warn("profile.named_not_staff", at, id, message);
    }

    fn has_lesson(&self, wanted: &Match) -> bool {
        self.ground.touch(self.class);
        let mut lessons = self.ground.roster.lessons_of(self.class);
        lessons.any(|lesson| wanted.holds(&lesson.metadata, &self.ground))
    }

    fn journals(&self) -> Vec<Class> {
        let roster = &self.ground.roster;
        let all =
            roster.journals_of(self.class).filter(|&journal| !roster.class(journal).dissolved);
        all.map(|journal| Class::new(&self.ground, journal)).collect()
    }

    fn kind(&self) -> &'static str {
        match self.row().class_type {
            ClassType::Homeroom => "homeroom",
            ClassType::Scheduled => "scheduled",
            ClassType::Other => "other",
        }
    }
}

/// The role that makes somebody staff, the primary one first.
fn staff_role(roster: &Roster, person: PersonIx) -> Option<&Role> {
    let staff = roster.roles_of(person).filter(|role| is_staff(role) && roster.role_in_force(role));
    staff.min_by_key(|role| !role.primary)
}

pub(super) const CLASS: &[&str] = &[
    "id",
    "title",
    "kind",
    "subject",
    "grades",
    "metadata",
    "homeroom",
    "school",
    "students",
    "teachers",
    "journals",
    "dissolved",
    "guardians",
    "enrolled",
    "named",
    "has_lesson",
    "matches",
];

impl UserData for Class {
    fn add_fields<F: UserDataFields<Self>>(fields: &mut F) {
        fields.add_field_method_get("id", |_, this| Ok(this.row().id.to_string()));
        fields.add_field_method_get("title", |_, this| Ok(this.row().title.to_string()));
        fields.add_field_method_get("kind", |_, this| Ok(this.kind()));
        fields.add_field_method_get("subject", |_, this| Ok(this.row().subject.to_string()));
        fields.add_field_method_get("grades", |_, this| Ok(owned(&this.row().grades)));
        fields.add_field_method_get("metadata", |_, this| {
            Ok(Metadata { ground: this.ground.clone(), place: Place::Class(this.class) })
        });
        fields.add_field_method_get("homeroom", |_, this| Ok(this.homeroom()));
        fields.add_field_method_get("school", |_, this| Ok(this.school()));
        fields.add_field_method_get("students", |lua, this| this.students(lua));
        fields.add_field_method_get("teachers", |lua, this| {
            this.enrolled(lua, &["teacher".to_owned()], None)
        });
        fields.add_field_method_get("journals", |_, this| Ok(this.journals()));
        fields.add_field_method_get("dissolved", |_, this| Ok(this.row().dissolved));
    }

    fn add_methods<M: UserDataMethods<Self>>(methods: &mut M) {
        closed(methods, ("у класса нет", "a class has no"), CLASS);
        methods.add_method("guardians", |lua, this, most: Option<usize>| {
            this.students(lua)?.guardians(lua, most)
        });
        methods.add_method("enrolled", |lua, this, words: Variadic<Value>| {
            let (roles, primary) = enrolled_words(&words)?;
            this.enrolled(lua, &roles, primary)
        });
        methods.add_method("named", |lua, this, key: String| this.named(lua, &key));
        methods.add_method("has_lesson", |_, this, wanted: Value| {
            Ok(this.has_lesson(&must_be_condition(&wanted)?))
        });
        methods.add_method("matches", |_, this, wanted: Value| {
            Ok(must_be_condition(&wanted)?.holds(&this.row().metadata, &this.ground))
        });
        methods.add_meta_method(MetaMethod::ToString, |_, this, ()| {
            Ok(format!("class:{}", this.row().id))
        });
        methods.add_meta_method(MetaMethod::Eq, |_, this, other: mlua::UserDataRef<Class>| {
            Ok(this.class == other.class)
        });
    }
}

/// The arguments of `enrolled`: roles, then perhaps `{ primary = true }`.
fn enrolled_words(words: &[Value]) -> LuaResult<(Vec<String>, Option<bool>)> {
    let (mut roles, mut primary) = (Vec::new(), None);
    for word in words {
        match word {
            Value::String(_) => roles.extend(texts_of([Ok(word.clone())].into_iter())?),
            Value::Table(options) => primary = primary_option(options)?,
            other => {
                return Err(said(Text::new(
                    format!("enrolled: нужны роли и {{ primary = … }}, а не {}", other.type_name()),
                    format!(
                        "enrolled: roles and {{ primary = … }} are needed, not {}",
                        other.type_name()
                    ),
                )));
            }
        }
    }
    Ok((roles, primary))
}

fn primary_option(options: &Table) -> LuaResult<Option<bool>> {
    for pair in options.pairs::<String, Value>() {
        let (key, _) = pair?;
        if key != "primary" {
            return Err(said(unknown(
                ("enrolled: неизвестное", "enrolled: unknown"),
                &key,
                &["primary"],
            )));
        }
    }
    options.get("primary")
}

/// One person, as a function given to `where` sees them.
pub(super) struct Person {
    ground: Rc<Ground>,
    person: PersonIx,
    role: Rc<str>,
}

impl Person {
    pub(super) fn new(ground: &Rc<Ground>, person: PersonIx, role: Rc<str>) -> Person {
        Person { ground: ground.clone(), person, role }
    }
}

pub(super) const PERSON: &[&str] = &["id", "role", "grades", "metadata", "has_role", "matches"];

impl UserData for Person {
    fn add_fields<F: UserDataFields<Self>>(fields: &mut F) {
        fields.add_field_method_get("id", |_, this| {
            Ok(this.ground.roster.person(this.person).id.to_string())
        });
        fields.add_field_method_get("role", |_, this| Ok(this.role.to_string()));
        fields.add_field_method_get("grades", |_, this| {
            Ok(owned(&this.ground.roster.person(this.person).grades))
        });
        fields.add_field_method_get("metadata", |_, this| {
            Ok(Metadata { ground: this.ground.clone(), place: Place::Person(this.person) })
        });
    }

    fn add_methods<M: UserDataMethods<Self>>(methods: &mut M) {
        closed(methods, ("у человека нет", "a person has no"), PERSON);
        methods.add_method("has_role", |_, this, name: String| {
            let roster = &this.ground.roster;
            Ok(roster
                .roles_of(this.person)
                .any(|role| *role.role == *name && roster.role_in_force(role)))
        });
        methods.add_method("matches", |_, this, wanted: Value| {
            let person = this.ground.roster.person(this.person);
            Ok(must_be_condition(&wanted)?.holds(&person.metadata, &this.ground))
        });
    }
}

/// Whose metadata.
#[derive(Clone, Copy)]
pub(super) enum Place {
    Org(OrgIx),
    Class(ClassIx),
    Person(PersonIx),
}

/// `object.metadata`: every name may be asked for; a name that is not there is `nil`.
pub(super) struct Metadata {
    pub(super) ground: Rc<Ground>,
    pub(super) place: Place,
}

impl Metadata {
    fn map(&self) -> &MetadataMap {
        let roster = &self.ground.roster;
        match self.place {
            Place::Org(org) => &roster.org(org).metadata,
            Place::Class(class) => &roster.class(class).metadata,
            Place::Person(person) => &roster.person(person).metadata,
        }
    }
}

impl UserData for Metadata {
    fn add_methods<M: UserDataMethods<Self>>(methods: &mut M) {
        methods.add_meta_method(MetaMethod::Index, |lua, this, key: String| {
            match this.ground.metadata(this.map(), &key) {
                Some(value) => to_lua(lua, value),
                None => Ok(Value::Nil),
            }
        });
        methods.add_meta_function(
            MetaMethod::NewIndex,
            |_, _: (Value, Value, Value)| -> LuaResult<()> {
                Err(said(Text::new("metadata только для чтения", "metadata is read-only")))
            },
        );
    }
}

/// A JSON value for a script. A number that a double cannot hold exactly is given as text.
pub(super) fn to_lua(lua: &Lua, value: &serde_json::Value) -> LuaResult<Value> {
    const EXACT: f64 = 9_007_199_254_740_992.0;
    match value {
        serde_json::Value::Null => Ok(Value::Nil),
        serde_json::Value::Bool(yes) => Ok(Value::Boolean(*yes)),
        serde_json::Value::Number(number) => match number.as_f64() {
            Some(float) if float.abs() < EXACT => Ok(Value::Number(float)),
            _ => number.to_string().into_lua(lua),
        },
        serde_json::Value::String(text) => text.as_str().into_lua(lua),
        serde_json::Value::Array(items) => {
            let items =
                items.iter().map(|item| to_lua(lua, item)).collect::<LuaResult<Vec<_>>>()?;
            Ok(Value::Table(lua.create_sequence_from(items)?))
        }
        serde_json::Value::Object(fields) => {
            let table = lua.create_table()?;
            for (key, value) in fields {
                table.set(key.as_str(), to_lua(lua, value)?)?;
            }
            Ok(Value::Table(table))
        }
    }
}

pub(super) fn owned(texts: &[Box<str>]) -> Vec<String> {
    texts.iter().map(|text| text.to_string()).collect()
}
