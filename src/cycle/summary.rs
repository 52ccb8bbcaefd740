//! A plan as a person reads it before letting it go: what becomes of which chat, and how many people
//! go from where to where.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use super::run::Run;
use crate::plan::{Cause, Kind, Operation, Plan};
use crate::report;

/// `chats` and `moves` of a plan: the operations that will be done and those that are held, counted
/// by chat; and the people who leave one chat for another of its kind.
pub(super) fn summary(run: &Run, plan: &Plan) -> Map<String, Value> {
    let mut by_chat: BTreeMap<&str, Both> = BTreeMap::new();
    for operation in &plan.operations {
        by_chat.entry(&operation.chat).or_default().planned.push(operation);
    }
    for operation in &plan.held {
        by_chat.entry(&operation.chat).or_default().held.push(operation);
    }
    let chats = by_chat.iter().map(|(key, both)| row(run, key, both));
    let mut summary = Map::new();
    summary.insert("chats".to_owned(), chats.collect());
    summary.insert("moves".to_owned(), moves(run, plan));
    summary
}

/// What is done in one chat.
#[derive(Default)]
struct Both<'p> {
    planned: Vec<&'p Operation>,
    held: Vec<&'p Operation>,
}

fn row(run: &Run, key: &str, both: &Both) -> Value {
    let (known, desired) = (run.known.chats.get(key), run.desired.chats.get(key));
    let title = known.map(|chat| &chat.title).or(desired.map(|chat| &chat.title));
    let mut all = both.planned.iter().chain(&both.held);
    let becomes = all.find(|one| one.kind == Kind::RenameChat).and_then(|one| one.title.as_ref());
    let class = desired.map(|chat| &chat.class).or(known.map(|chat| &chat.class));
    json!({
        "chat": key,
        "title": title,
        "becomes": becomes.filter(|becomes| title != Some(*becomes)),
        "class": class,
        "continues": run.desired.continues.get(key),
        "operations": report::tally(both.planned.iter().copied()),
        "held": report::tally(both.held.iter().copied()),
    })
}

fn moves(run: &Run, plan: &Plan) -> Value {
    let all = || plan.operations.iter().chain(&plan.held);
    let mut left: BTreeMap<(&str, &str), BTreeSet<&str>> = BTreeMap::new();
    let leaves =
        |one: &&Operation| one.kind == Kind::RemoveMember && one.cause == Cause::LeftRoster;
    for operation in all().filter(leaves) {
        for person in &operation.people {
            let from = left.entry((kind(run, &operation.chat), person)).or_default();
            from.insert(&operation.chat);
        }
    }
    let mut moves: BTreeMap<(&str, &str), BTreeSet<&str>> = BTreeMap::new();
    let comes = |one: &&Operation| matches!(one.kind, Kind::AddMember | Kind::InviteMember);
    for operation in all().filter(comes) {
        for person in &operation.people {
            let from = left.get(&(kind(run, &operation.chat), person.as_str()));
            for from in from.into_iter().flatten() {
                moves.entry((from, &operation.chat)).or_default().insert(person);
            }
        }
    }
    let row = |((from, to), people): (&(&str, &str), &BTreeSet<&str>)| json!({"from": from, "to": to, "people": people.len()});
    moves.iter().map(row).collect()
}

fn kind<'r>(run: &'r Run, key: &str) -> &'r str {
    let known = run.known.chats.get(key).map(|chat| chat.kind.as_str());
    known.or(run.desired.chats.get(key).map(|chat| chat.kind.as_str())).unwrap_or_default()
}
