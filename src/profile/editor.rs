//! The types for editors (`scripts/zvonok.d.luau`) say what the room has, and nothing else.

use std::collections::BTreeSet;

use super::{objects, people, shape};

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
    let cases: [(&str, &str, &[&str]); 6] = [
        ("extern type People with", "\nend", people::MEMBERS),
        ("extern type Person with", "\nend", objects::PERSON),
        ("extern type Class with", "\nend", objects::CLASS),
        ("extern type School with", "\nend", objects::SCHOOL),
        ("type Profile = {", "\n}", shape::PROFILE),
        ("type ChatRule<Object> = {", "\n}", shape::CHAT),
    ];
    for (start, end, known) in cases {
        let known: BTreeSet<String> = known.iter().map(|name| (*name).to_owned()).collect();
        assert_eq!(declared(start, end), known, "{start}");
    }
    let known = ["fill", "host_role", "list", "metadata", "now", "profile", "today", "yes"];
    let known: BTreeSet<String> = known.map(str::to_owned).into();
    assert_eq!(declared("declare zvonok: {", "\n}"), known);
}
