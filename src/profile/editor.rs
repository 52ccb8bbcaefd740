//! The types for editors (`scripts/zvonok.d.luau`) say what the room has, and nothing else.

use std::collections::BTreeSet;

use super::{actor, calls, objects, people, policy, shape};

const TYPES: &str = include_str!("../../scripts/zvonok.d.luau");

/// The names that one declaration holds: its fields and functions, without metamethods.
fn declared(start: &str, end: &str) -> BTreeSet<String> {
    let (_, block) = TYPES.split_once(start).unwrap_or_else(|| panic!("no {start}"));
    let (block, _) = block.split_once(end).unwrap();
    let name = |line: &str| {
        let line = line.strip_prefix("    ")?;
        let line = line.strip_prefix("function ").unwrap_or(line);
        let (name, _) = line.split_once(['(', ':'])?;
        let plain = name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
        (plain && !name.starts_with("__")).then(|| name.to_owned())
    };
    block.lines().filter_map(name).collect()
}

#[test]
fn the_types_for_editors_are_complete() {
    let cases: [(&str, &str, &[&str]); 14] = [
        ("extern type People with", "\nend", people::MEMBERS),
        ("extern type Person with", "\nend", objects::PERSON),
        ("extern type Class with", "\nend", objects::CLASS),
        ("extern type School with", "\nend", objects::SCHOOL),
        ("type Profile = {", "\n}", shape::PROFILE),
        ("type ChatRule<Object> = {", "\n}", shape::CHAT),
        ("type CustomKind = {", "\n}", policy::CUSTOM),
        ("type Guardians = {", "\n}", policy::GUARDIANS),
        ("type Rollover = {", "\n}", policy::ROLLOVER),
        ("type Calls = {", "\n}", calls::CALLS),
        ("extern type Actor with", "\nend", actor::ACTOR),
        ("extern type Request with", "\nend", actor::REQUEST),
        ("extern type Target with", "\nend", actor::TARGET),
        ("extern type Call with", "\nend", actor::CALL),
    ];
    for (start, end, known) in cases {
        let known: BTreeSet<String> = known.iter().map(|name| (*name).to_owned()).collect();
        assert_eq!(declared(start, end), known, "{start}");
    }
    let known =
        ["fill", "host_role", "list", "metadata", "now", "profile", "shared", "today", "yes"];
    let known: BTreeSet<String> = known.map(str::to_owned).into();
    assert_eq!(declared("declare zvonok: {", "\n}"), known);
}

#[test]
fn the_types_know_what_profiles_share() {
    let lua = mlua::Lua::new();
    let shared: mlua::Table = lua.load(super::source::SHARED).eval().unwrap();
    let names = shared.pairs::<String, mlua::Value>().map(|pair| pair.unwrap().0);
    assert_eq!(declared("type Shared = {", "\n}"), names.collect::<BTreeSet<_>>());
}
