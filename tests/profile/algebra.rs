//! Sets of people agree with plain sets, whatever is done with them.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use serde_json::{Value, json};

use crate::evaluated;
use crate::support::{one_kind, roster};

/// An expression over sets, as a script writes it and as plain sets say it.
#[derive(Debug, Clone)]
enum Expr {
    Role(usize),
    Tagged(Box<Expr>, usize),
    Because(Box<Expr>),
    Two(Box<Expr>, char, Box<Expr>),
}

impl Expr {
    fn script(&self) -> String {
        match self {
            Expr::Role(role) => format!("class:enrolled('r{role}')"),
            Expr::Tagged(inner, tag) => format!("{}:where {{ tags = 'x{tag}' }}", inner.script()),
            Expr::Because(inner) => format!("{}:because('слово')", inner.script()),
            Expr::Two(left, sign, right) => {
                format!("({} {sign} {})", left.script(), right.script())
            }
        }
    }

    fn plain(&self, people: &[Plain]) -> BTreeSet<String> {
        match self {
            Expr::Role(role) => named(people, |person| person.roles[*role]),
            Expr::Tagged(inner, tag) => {
                &inner.plain(people) & &named(people, |person| person.tags[*tag])
            }
            Expr::Because(inner) => inner.plain(people),
            Expr::Two(left, sign, right) => {
                let (left, right) = (left.plain(people), right.plain(people));
                match sign {
                    '+' => &left | &right,
                    '-' => &left - &right,
                    _ => &left & &right,
                }
            }
        }
    }
}

#[derive(Debug, Clone)]
struct Plain {
    roles: [bool; 3],
    tags: [bool; 2],
}

fn named(people: &[Plain], test: impl Fn(&Plain) -> bool) -> BTreeSet<String> {
    let numbered = people.iter().enumerate();
    numbered.filter(|(_, person)| test(person)).map(|(at, _)| format!("p{at}")).collect()
}

fn school_of(people: &[Plain]) -> Value {
    let mut enrollments = Vec::new();
    let mut users = Vec::new();
    for (at, person) in people.iter().enumerate() {
        let id = format!("p{at}");
        let tags: Vec<String> =
            (0..2).filter(|&t| person.tags[t]).map(|t| format!("x{t}")).collect();
        users.push(json!({"sourcedId": id, "metadata": {"tags": tags}}));
        for role in (0..3).filter(|&role| person.roles[role]) {
            enrollments.push(
                json!({"classSourcedId": "1a", "userSourcedId": id, "role": format!("r{role}")}),
            );
        }
    }
    let classes = json!([{"sourcedId": "1a", "title": "1А"}]);
    json!({"users": users, "classes": classes, "enrollments": enrollments})
}

fn expressions() -> impl Strategy<Value = Expr> {
    let leaf = (0..3usize).prop_map(Expr::Role);
    leaf.prop_recursive(5, 24, 2, |inner| {
        let boxed = inner.clone().prop_map(Box::new);
        prop_oneof![
            (boxed.clone(), prop_oneof![Just('+'), Just('-'), Just('*')], boxed.clone())
                .prop_map(|(left, sign, right)| Expr::Two(left, sign, right)),
            (boxed.clone(), 0..2usize).prop_map(|(inner, tag)| Expr::Tagged(inner, tag)),
            boxed.prop_map(Expr::Because),
        ]
    })
}

fn anybody() -> impl Strategy<Value = Plain> {
    (any::<[bool; 3]>(), any::<[bool; 2]>()).prop_map(|(roles, tags)| Plain { roles, tags })
}

fn config() -> ProptestConfig {
    ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn sets_agree_with_plain_sets(
        people in prop::collection::vec(anybody(), 0..12),
        expression in expressions(),
    ) {
        let roster = roster(&school_of(&people));
        let desired = evaluated(&one_kind(&expression.script()), &roster).unwrap();
        let found = &desired.chats["class:1a"].members;
        prop_assert_eq!(found.keys().cloned().collect::<BTreeSet<_>>(), expression.plain(&people));
        // Each reason is a row of that very person.
        let rows: BTreeMap<String, &str> = roster.enrollments.iter()
            .map(|row| (row.row.to_string(), &*roster.person(row.person).id)).collect();
        for (id, member) in found {
            prop_assert!(!member.reasons.is_empty());
            prop_assert!(member.reasons.iter().all(|reason| rows[&reason.row] == id.as_str()));
        }
    }
}
