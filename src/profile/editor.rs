//! The types for editors (`scripts/zvonok.d.luau`) say what the room has, and nothing else. What it
//! has is asked of the room itself: of the tables that scripts get, and of what each kind of object
//! registers with Luau.

use std::collections::{BTreeMap, BTreeSet};

use mlua::{
    AnyUserData, FromLua, FromLuaMulti, IntoLua, IntoLuaMulti, Lua, Result as LuaResult, Table,
    UserData, UserDataFields, UserDataMethods, Value,
};

use super::{actor, calls, global, matching, objects, people, policy, shape};

const TYPES: &str = include_str!("../../scripts/zvonok.d.luau");

/// The names that one declaration holds: its fields and functions, metamethods only where they are
/// asked for.
fn declared(start: &str, end: &str, meta: bool) -> BTreeSet<String> {
    let (_, block) = TYPES.split_once(start).unwrap_or_else(|| panic!("no {start}"));
    let (block, _) = block.split_once(end).unwrap();
    let name = |line: &str| {
        let line = line.strip_prefix("    ")?;
        let line = line.strip_prefix("function ").unwrap_or(line);
        let (name, _) = line.split_once(['(', ':'])?;
        let plain = name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
        (plain && name.starts_with("__") == meta).then(|| name.to_owned())
    };
    block.lines().filter_map(name).collect()
}

fn names(names: &[&str]) -> BTreeSet<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

fn keys(table: &Table) -> BTreeSet<String> {
    table.pairs::<String, Value>().map(|pair| pair.unwrap().0).collect()
}

/// Writes down what a kind of object registers.
#[derive(Default)]
struct Registered {
    names: BTreeSet<String>,
    meta: BTreeSet<String>,
}

impl Registered {
    fn of<T: UserData>() -> Registered {
        let mut registered = Registered::default();
        T::add_fields(&mut registered);
        T::add_methods(&mut registered);
        registered
    }

    fn name(&mut self, name: impl Into<String>) {
        self.names.insert(name.into());
    }

    /// `__index` and `__newindex` only answer for names that there are not.
    fn meta(&mut self, name: impl Into<String>) {
        let name = name.into();
        if name != "__index" && name != "__newindex" {
            self.meta.insert(name);
        }
    }
}

#[rustfmt::skip] // Eight times the same in few lines.
impl<T> UserDataFields<T> for Registered {
    fn add_field<V: IntoLua + 'static>(&mut self, name: impl Into<String>, _: V) {
        self.name(name);
    }
    fn add_field_method_get<M, R>(&mut self, name: impl Into<String>, _: M)
    where M: Fn(&Lua, &T) -> LuaResult<R> + 'static, R: IntoLua {
        self.name(name);
    }
    fn add_field_method_set<M, A>(&mut self, name: impl Into<String>, _: M)
    where M: FnMut(&Lua, &mut T, A) -> LuaResult<()> + 'static, A: FromLua {
        self.name(name);
    }
    fn add_field_function_get<F, R>(&mut self, name: impl Into<String>, _: F)
    where F: Fn(&Lua, AnyUserData) -> LuaResult<R> + 'static, R: IntoLua {
        self.name(name);
    }
    fn add_field_function_set<F, A>(&mut self, name: impl Into<String>, _: F)
    where F: FnMut(&Lua, AnyUserData, A) -> LuaResult<()> + 'static, A: FromLua {
        self.name(name);
    }
    fn add_meta_field<V: IntoLua + 'static>(&mut self, name: impl Into<String>, _: V) {
        self.meta(name);
    }
    fn add_meta_field_with<F, R>(&mut self, name: impl Into<String>, _: F)
    where F: FnOnce(&Lua) -> LuaResult<R> + 'static, R: IntoLua {
        self.meta(name);
    }
}

#[rustfmt::skip] // Eight times the same in few lines.
impl<T> UserDataMethods<T> for Registered {
    fn add_method<M, A, R>(&mut self, name: impl Into<String>, _: M)
    where M: Fn(&Lua, &T, A) -> LuaResult<R> + 'static, A: FromLuaMulti, R: IntoLuaMulti {
        self.name(name);
    }
    fn add_method_mut<M, A, R>(&mut self, name: impl Into<String>, _: M)
    where M: FnMut(&Lua, &mut T, A) -> LuaResult<R> + 'static, A: FromLuaMulti, R: IntoLuaMulti {
        self.name(name);
    }
    fn add_function<F, A, R>(&mut self, name: impl Into<String>, _: F)
    where F: Fn(&Lua, A) -> LuaResult<R> + 'static, A: FromLuaMulti, R: IntoLuaMulti {
        self.name(name);
    }
    fn add_function_mut<F, A, R>(&mut self, name: impl Into<String>, _: F)
    where F: FnMut(&Lua, A) -> LuaResult<R> + 'static, A: FromLuaMulti, R: IntoLuaMulti {
        self.name(name);
    }
    fn add_meta_method<M, A, R>(&mut self, name: impl Into<String>, _: M)
    where M: Fn(&Lua, &T, A) -> LuaResult<R> + 'static, A: FromLuaMulti, R: IntoLuaMulti {
        self.meta(name);
    }
    fn add_meta_method_mut<M, A, R>(&mut self, name: impl Into<String>, _: M)
    where M: FnMut(&Lua, &mut T, A) -> LuaResult<R> + 'static, A: FromLuaMulti, R: IntoLuaMulti {
        self.meta(name);
    }
    fn add_meta_function<F, A, R>(&mut self, name: impl Into<String>, _: F)
    where F: Fn(&Lua, A) -> LuaResult<R> + 'static, A: FromLuaMulti, R: IntoLuaMulti {
        self.meta(name);
    }
    fn add_meta_function_mut<F, A, R>(&mut self, name: impl Into<String>, _: F)
    where F: FnMut(&Lua, A) -> LuaResult<R> + 'static, A: FromLuaMulti, R: IntoLuaMulti {
        self.meta(name);
    }
}

#[test]
fn the_types_have_every_object_as_the_room_registers_it() {
    let cases: [(&str, Registered, &[&str]); 7] = [
        ("extern type People with", Registered::of::<people::People>(), people::MEMBERS),
        ("extern type Person with", Registered::of::<objects::Person>(), objects::PERSON),
        ("extern type Class with", Registered::of::<objects::Class>(), objects::CLASS),
        ("extern type School with", Registered::of::<objects::School>(), objects::SCHOOL),
        ("extern type Actor with", Registered::of::<actor::Actor>(), actor::ACTOR),
        ("extern type Request with", Registered::of::<actor::Petition>(), actor::REQUEST),
        ("extern type Target with", Registered::of::<actor::Aim>(), actor::TARGET),
    ];
    for (start, registered, suggested) in cases {
        assert_eq!(declared(start, "\nend", false), registered.names, "{start}");
        assert_eq!(declared(start, "\nend", true), registered.meta, "{start}");
        assert_eq!(names(suggested), registered.names, "what is suggested for {start}");
    }
    let key = Registered::of::<matching::MetadataKey>();
    let start = "extern type MetadataKey with";
    assert_eq!(declared(start, "\nend", true), key.meta);
    assert_eq!(declared(start, "\nend", false), key.names);
}

#[test]
fn the_types_have_every_field_that_the_tables_of_a_profile_may_have() {
    let cases: [(&str, &str, &[&str]); 7] = [
        ("type Profile = {", "\n}", shape::PROFILE),
        ("type ChatRule<Object> = {", "\n}", shape::CHAT),
        ("type CustomKind = {", "\n}", policy::CUSTOM),
        ("type Guardians = {", "\n}", policy::GUARDIANS),
        ("type Rollover = {", "\n}", policy::ROLLOVER),
        ("type Calls = {", "\n}", calls::CALLS),
        ("extern type Call with", "\nend", actor::CALL),
    ];
    for (start, end, known) in cases {
        assert_eq!(declared(start, end, false), names(known), "{start}");
    }
    let setting = TYPES.lines().find_map(|line| line.strip_prefix("export type Setting = { "));
    let fields = setting.unwrap().split(", ").map(|field| field.split(':').next().unwrap());
    assert_eq!(names(&fields.collect::<Vec<_>>()), names(shape::SETTING));
}

#[test]
fn the_types_have_every_global_of_the_room_and_what_profiles_share() {
    let lua = Lua::new();
    let zvonok = global::zvonok(&lua, "", &jiff::Zoned::default()).unwrap();
    assert_eq!(declared("declare zvonok: {", "\n}", false), keys(&zvonok));
    let shared: Table = zvonok.get("shared").unwrap();
    assert_eq!(declared("type Shared = {", "\n}", false), keys(&shared));
}

/// The fields of a declared table, each with its type.
fn types(start: &str) -> BTreeMap<&'static str, &'static str> {
    let (_, block) = TYPES.split_once(start).unwrap_or_else(|| panic!("no {start}"));
    let (block, _) = block.split_once("\n}").unwrap();
    let field = |line: &'static str| {
        let (name, kind) = line.strip_prefix("    ")?.split_once(": ")?;
        let kind = kind.split(" -- ").next()?;
        Some((name, kind.trim_end_matches(','))).filter(|_| !name.starts_with("--"))
    };
    block.lines().filter_map(field).collect()
}

/// What is said about a usual chat has the types of a chat's rule, but nothing of it must be said.
#[test]
fn the_usual_chats_take_the_fields_of_a_rule_and_who_leads() {
    let maybe = |kind: &str| match kind {
        _ if kind.ends_with('?') => kind.to_owned(),
        _ if kind.contains(' ') => format!("({kind})?"),
        _ => format!("{kind}?"),
    };
    let rule = types("type ChatRule<Object> = {");
    let mut fields: BTreeMap<&str, String> =
        rule.iter().map(|(name, kind)| (*name, maybe(kind))).collect();
    fields.insert("leads", "((object: Object) -> People)?".to_owned());
    let about = types("type About<Object> = {");
    assert_eq!(
        about.iter().map(|(name, kind)| (*name, (*kind).to_owned())).collect::<BTreeMap<_, _>>(),
        fields
    );
    let shared = types("type Shared = {");
    let chats: Vec<_> = shared.iter().filter(|(name, _)| name.ends_with("_chat")).collect();
    assert_eq!(chats.len(), 4);
    for (name, kind) in chats {
        let per = if *name == "teachers_chat" { "School" } else { "Class" };
        assert_eq!(*kind, format!("(about: About<{per}>) -> ChatRule<{per}>"), "{name}");
    }
}

/// The table of rules for requests is declared as [`shared.requests`] reads it: one function of its
/// own, and rules that are asked with the actor, the target and what that function said.
#[test]
fn the_rules_of_requests_are_declared_as_they_are_asked() {
    let shared = include_str!("../../scripts/shared.lua");
    let read: BTreeSet<&str> = shared
        .split("own.")
        .skip(1)
        .filter_map(|rest| rest.split(|sign: char| !sign.is_alphanumeric()).next())
        .collect();
    let (_, block) = TYPES.split_once("own: { [string]: MethodRule } & { ").expect("the table");
    let named = block.split(" }").next().unwrap().split(", ");
    let named: BTreeSet<&str> = named.filter_map(|field| field.split(':').next()).collect();
    assert_eq!(named, read);
    assert!(shared.contains("decide(actor, target, own.administrator(actor))"));
    let rule = "(actor: Actor, target: Target, administrator: boolean) -> (boolean?, string?)";
    assert!(TYPES.contains(&format!("export type MethodRule =\n    {rule}")));
}

/// The guide tells editors which of Luau's own globals scripts do not have.
#[test]
fn the_guide_disables_in_editors_what_the_room_leaves_out() {
    let guide = include_str!("../../scripts/README.ru.md");
    let (_, list) = guide.split_once("\"luau-lsp.types.disabledGlobals\": [").unwrap();
    let list = list.split(']').next().unwrap().split(',');
    let disabled: BTreeSet<String> =
        list.map(|name| name.trim().trim_matches('"').into()).collect();
    let source = super::Source::new("empty.lua", "");
    let stop = crate::stop::Stop::never();
    let room = super::room::Luau::new(&source, super::Limits::default(), stop, |lua| {
        global::zvonok(lua, "", &jiff::Zoned::default())
    });
    let room = room.unwrap().lua;
    let globals: Table = room.globals().metatable().unwrap().get("__index").unwrap();
    let luau = Lua::new();
    let whole = luau.globals();
    let mut left_out: BTreeSet<String> = &keys(&whole) - &keys(&globals);
    let of = |table: &Table| keys(&table.get("math").unwrap());
    left_out.extend((&of(&whole) - &of(&globals)).iter().map(|name| format!("math.{name}")));
    assert_eq!(disabled, left_out);
}

/// A field that is declared as a text, a boolean, a list, or people is one.
#[test]
fn the_types_of_simple_fields_are_what_scripts_get() {
    let checks = TYPES.split("declare extern type ").skip(1).filter_map(|block| {
        let (name, rest) = block.split_once(" with\n")?;
        let object = match name {
            "Class" => "school.homerooms[1]",
            "School" => "school",
            _ => return None,
        };
        Some((object, rest.split("\nend").next()?))
    });
    let mut script = String::new();
    for (object, block) in checks {
        for line in block.lines().filter(|line| !line.trim_start().starts_with("function")) {
            let Some((field, kind)) = line.trim().split_once(": ") else { continue };
            let kind = kind.split(" --").next().unwrap_or_default();
            let wanted = match kind {
                "string" | "boolean" => kind,
                "People" | "School" | "Metadata" => "userdata",
                _ if kind.starts_with('{') => "table",
                _ => continue,
            };
            script.push_str(&format!(
                "assert(type({object}.{field}) == '{wanted}', '{object}.{field}: ' \
                 .. type({object}.{field}))\n"
            ));
        }
    }
    assert!(script.lines().count() > 15, "{script}");
    let source = super::Source::new(
        "types.lua",
        format!(
            "return zvonok.profile {{ name = 'p', version = 1, chats = {{ a = {{ per = 'school', \
             type = 'A', title = 'a', members = function(school)\n{script}return school.staff end \
             }} }} }}"
        ),
    );
    let document = serde_json::json!({"format": "zvonok.roster/1",
        "orgs": [{"sourcedId": "s", "name": "S", "type": "school"}], "users": [],
        "enrollments": [], "classes": [
            {"sourcedId": "c", "title": "C", "classType": "homeroom", "schoolSourcedId": "s"}]});
    let now = jiff::Zoned::default();
    let rules =
        crate::roster::Rules { today: now.date(), dangling_share: 0.0, minimum: 1, before: None };
    let roster = crate::roster::read(document.to_string().as_bytes(), &rules).unwrap();
    let room = super::Room {
        roster: &std::sync::Arc::new(roster),
        settings: &serde_json::Map::new(),
        organization: None,
        now: &now,
        limits: super::Limits::default(),
        stop: &crate::stop::Stop::never(),
        log: &|_| {},
    };
    super::evaluate(&source, room).unwrap_or_else(|error| panic!("{:?}", error.faults));
}
