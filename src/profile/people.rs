//! Sets of people: the values that a profile's rules are made of. They live in Rust, sorted by
//! person, and each person carries why they are in.

use std::rc::Rc;

use mlua::{
    FromLua, Lua, MetaMethod, Result as LuaResult, UserData, UserDataFields, UserDataMethods, Value,
};

use super::ask::boolean_answer;
use super::fault::said;
use super::ground::{Charge, Ground};
use super::matching::condition;
use super::objects::{Person, closed};
use crate::error::Text;
use crate::roster::{PersonIx, Row};

/// Why somebody is in a set: a word for people and the roster's row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Why {
    pub(super) word: Rc<str>,
    pub(super) row: Row,
}

/// One person of a set.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Entry {
    pub(super) person: PersonIx,
    /// What the person is there, by the row that brought them in first.
    pub(super) role: Rc<str>,
    pub(super) reasons: Vec<Why>,
}

impl Entry {
    pub(super) fn new(person: PersonIx, role: Rc<str>, word: Rc<str>, row: Row) -> Entry {
        Entry { person, role, reasons: vec![Why { word, row }] }
    }

    /// What the entry takes at most: a word may be shared.
    fn bytes(&self) -> usize {
        let reason = |why: &Why| size_of::<Why>() + why.word.len();
        size_of::<Entry>() + self.reasons.iter().map(reason).sum::<usize>()
    }

    /// Takes over the reasons of the same person from elsewhere.
    fn absorb(&mut self, other: &Entry) {
        for reason in &other.reasons {
            if !self.reasons.contains(reason) {
                self.reasons.push(reason.clone());
            }
        }
    }
}

/// A set of people as scripts have it.
pub(super) struct People {
    ground: Rc<Ground>,
    entries: Vec<Entry>,
    _charge: Charge,
}

impl People {
    /// A set from entries in any order; a person who comes twice has the reasons of both.
    pub(super) fn new(
        lua: &Lua,
        ground: &Rc<Ground>,
        mut entries: Vec<Entry>,
    ) -> LuaResult<People> {
        entries.sort_by_key(|entry| entry.person);
        entries.dedup_by(|later, kept| {
            let same = later.person == kept.person;
            if same {
                kept.absorb(later);
            }
            same
        });
        People::of_sorted(lua, ground, entries)
    }

    fn of_sorted(lua: &Lua, ground: &Rc<Ground>, entries: Vec<Entry>) -> LuaResult<People> {
        let bytes: usize = entries.iter().map(Entry::bytes).sum();
        let charge = Charge::take(lua, bytes)?;
        Ok(People { ground: ground.clone(), entries, _charge: charge })
    }

    /// The people, sorted.
    pub(super) fn entries(&self) -> &[Entry] {
        &self.entries
    }

    fn find(&self, person: PersonIx) -> Option<&Entry> {
        self.entries
            .binary_search_by_key(&person, |entry| entry.person)
            .ok()
            .map(|at| &self.entries[at])
    }

    fn union(&self, lua: &Lua, other: &People) -> LuaResult<People> {
        let entries = self.entries.iter().chain(&other.entries).cloned().collect();
        People::new(lua, &self.ground, entries)
    }

    fn difference(&self, lua: &Lua, other: &People) -> LuaResult<People> {
        self.keep(lua, |entry| Ok(other.find(entry.person).is_none()))
    }

    fn intersection(&self, lua: &Lua, other: &People) -> LuaResult<People> {
        let both = self.entries.iter().filter_map(|entry| {
            let mut entry = entry.clone();
            entry.absorb(other.find(entry.person)?);
            Some(entry)
        });
        People::of_sorted(lua, &self.ground, both.collect())
    }

    fn keep(&self, lua: &Lua, test: impl Fn(&Entry) -> LuaResult<bool>) -> LuaResult<People> {
        let mut kept = Vec::new();
        for entry in &self.entries {
            if test(entry)? {
                kept.push(entry.clone());
            }
        }
        People::of_sorted(lua, &self.ground, kept)
    }

    /// Those who meet a condition: a path, a table, a predicate, or a function of one person.
    fn filtered(&self, lua: &Lua, test: Value) -> LuaResult<People> {
        let roster = &self.ground.roster;
        if let Some(wanted) = condition(&test)? {
            return self.keep(lua, |entry| {
                Ok(wanted.holds(&roster.person(entry.person).metadata, &self.ground))
            });
        }
        let Value::Function(test) = test else {
            return Err(said(Text::new(
                format!("where: нужны путь, условие или функция, а не {}", test.type_name()),
                format!(
                    "where: a path, a predicate or a function is needed, not {}",
                    test.type_name()
                ),
            )));
        };
        self.keep(lua, |entry| {
            let person = Person::new(&self.ground, entry.person, entry.role.clone());
            boolean_answer("where", &test.call(person)?).map_err(said)
        })
    }

    /// The same people, for a reason in the profile's words.
    fn because(&self, lua: &Lua, word: &str) -> LuaResult<People> {
        const LONGEST: usize = 200;
        let word: Rc<str> = word.chars().take(LONGEST).collect::<String>().into();
        let mut entries = self.entries.clone();
        for entry in &mut entries {
            let rows = std::mem::take(&mut entry.reasons);
            for Why { row, .. } in rows {
                let reason = Why { word: word.clone(), row };
                if !entry.reasons.contains(&reason) {
                    entry.reasons.push(reason);
                }
            }
        }
        People::of_sorted(lua, &self.ground, entries)
    }

    /// The guardians of these people (ruling 7), at most `most` of each.
    pub(super) fn guardians(&self, lua: &Lua, most: Option<usize>) -> LuaResult<People> {
        let ground = &self.ground;
        ground.note_read("emergencyContact");
        let most = most.unwrap_or(ground.max_guardians.get());
        let role: Rc<str> = "guardian".into();
        let mut entries = Vec::new();
        for student in self.entries.iter().map(|entry| entry.person) {
            let id = &ground.roster.person(student).id;
            let word: Rc<str> = format!("законный представитель ученика {id}").into();
            let all = ground.roster.guardians_of(student);
            let all: Vec<PersonIx> = all.filter(|&guardian| ground.may_guard(guardian)).collect();
            if all.len() > most {
                self.warn_too_many(student, all.len(), most);
            }
            self.warn_emergency(student);
            entries.extend(all.iter().take(most).map(|&guardian| {
                Entry::new(guardian, role.clone(), word.clone(), self.link(student, guardian))
            }));
        }
        People::new(lua, ground, entries)
    }

    /// The row that names the link between a student and a guardian.
    fn link(&self, student: PersonIx, guardian: PersonIx) -> Row {
        let student = self.ground.roster.person(student);
        match student.agents.contains(&guardian) {
            true => student.row,
            false => self.ground.roster.person(guardian).row,
        }
    }

    /// Contacts for emergencies are reported, not added (ruling 7).
    fn warn_emergency(&self, student: PersonIx) {
        let student = self.ground.roster.person(student);
        for agent in student.agents.iter().map(|agent| self.ground.roster.person(*agent)) {
            if crate::roster::truthy(agent.metadata.get("emergencyContact")) {
                let message = Text::new(
                    "контакт на экстренный случай не входит в чаты как законный представитель",
                    "a contact for emergencies is not in the chats as a guardian",
                );
                let at = agent.row.at("metadata.emergencyContact");
                self.ground.warn("profile.emergency_contact", at, &agent.id, message);
            }
        }
    }

    fn warn_too_many(&self, student: PersonIx, found: usize, most: usize) {
        let student = self.ground.roster.person(student);
        let message = Text::new(
            format!("у ученика {found} законных представителей, в чаты вошли первые {most}"),
            format!("the student has {found} guardians, the first {most} are in the chats"),
        );
        let at = student.row.at("agentSourcedIds");
        self.ground.warn("profile.too_many_guardians", at, &student.id, message);
    }
}

pub(super) const MEMBERS: &[&str] = &["where", "because", "guardians", "has", "ids"];

impl UserData for People {
    fn add_fields<F: UserDataFields<Self>>(fields: &mut F) {
        fields.add_field_method_get("ids", |_, this| {
            let roster = &this.ground.roster;
            Ok(this
                .entries
                .iter()
                .map(|e| roster.person(e.person).id.to_string())
                .collect::<Vec<_>>())
        });
    }

    fn add_methods<M: UserDataMethods<Self>>(methods: &mut M) {
        closed(methods, ("у множества людей нет", "a set of people has no"), MEMBERS);
        methods.add_method("where", |lua, this, test| this.filtered(lua, test));
        methods.add_method("because", |lua, this, word: String| this.because(lua, &word));
        methods.add_method("guardians", |lua, this, most| this.guardians(lua, most));
        methods.add_method("has", |_, this, id: String| {
            Ok(this.ground.roster.find_person(&id).and_then(|person| this.find(person)).is_some())
        });
        methods.add_meta_method(MetaMethod::Len, |_, this, ()| Ok(this.entries.len()));
        methods.add_meta_method(MetaMethod::ToString, |_, this, ()| {
            Ok(format!("people({})", this.entries.len()))
        });
        operator(methods, MetaMethod::Add, "+", People::union);
        operator(methods, MetaMethod::Sub, "-", People::difference);
        operator(methods, MetaMethod::Mul, "*", People::intersection);
    }
}

type Operation = fn(&People, &Lua, &People) -> LuaResult<People>;

fn operator<M: UserDataMethods<People>>(
    methods: &mut M,
    name: MetaMethod,
    sign: &'static str,
    operation: Operation,
) {
    methods.add_meta_function(name, move |lua, (left, right): (Value, Value)| {
        let (left, right) = (operand(lua, left, sign)?, operand(lua, right, sign)?);
        let right = right.borrow::<People>()?;
        operation(&*left.borrow::<People>()?, lua, &right)
    });
}

fn operand(lua: &Lua, value: Value, sign: &str) -> LuaResult<mlua::AnyUserData> {
    let kind = value.type_name();
    match mlua::AnyUserData::from_lua(value, lua) {
        Ok(data) if data.is::<People>() => Ok(data),
        _ => Err(said(Text::new(
            format!("по обе стороны «{sign}» нужны множества людей, а здесь {kind}"),
            format!("both sides of \"{sign}\" must be sets of people, here is {kind}"),
        ))),
    }
}
