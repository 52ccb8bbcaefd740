//! The report of a cycle: what was done, what was not and why, what a person must do.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::{Map, Value, json};

use crate::apply::{Outcome, Told};
use crate::calls::Call;
use crate::clock::Clock;
use crate::cycle::Cycle;
use crate::error::{Code, Fault};
use crate::plan::{Attempt, Counts, HeldRow, Hold, Kind, KnownChat, Operation, Plan, Waiting};
use crate::platform::Counters;
use crate::roster::{Roster, Table};

/// One chat as reports and registries show it.
pub(crate) fn chat(chat: &KnownChat, counts: &Counts) -> Value {
    let mut row = json!({
        "key": chat.key,
        "kind": chat.kind,
        "type": chat.chat_type,
        "organization": chat.organization,
        "class": chat.class,
        "subject": chat.subject,
        "whole_class": counts.whole_class,
        "title": chat.title,
        "platform": chat.platform.name(),
        "platform_id": chat.platform_id,
        "link": chat.link,
        "state": chat.state.name(),
        "locked": chat.locked,
        "members": {
            "desired": counts.desired,
            "linked": counts.linked,
            "invited": counts.invited,
            "joined": counts.joined,
            "strangers": counts.strangers,
        },
        "admins": {"desired": counts.admins_desired, "granted": counts.admins_granted},
        "call": null,
    });
    if chat.former {
        row["former"] = json!(true);
    }
    if counts.leaving > 0 {
        row["members"]["leaving"] = json!(counts.leaving);
    }
    row
}

/// Puts into rows of chats the call that runs there, or is published next (E5).
pub(crate) fn show_calls(rows: &mut [Value], calls: &[Call], zone: &TimeZone) {
    let active = crate::calls::active(calls);
    for row in rows {
        if let Some(call) = active.get(row["key"].as_str().unwrap_or_default()) {
            row["call"] = crate::calls::row(call, zone);
        }
    }
}

/// The report's part on the roster.
pub(crate) fn roster(
    fingerprint: &str,
    unchanged: bool,
    roster: &Roster,
    warnings: &[Fault],
) -> Value {
    let rows = |table: Table| roster.rows.get(&table).copied().unwrap_or_default();
    json!({
        "fingerprint": fingerprint,
        "unchanged": unchanged,
        "orgs": rows(Table::Orgs),
        "users": rows(Table::Users),
        "classes": rows(Table::Classes),
        "enrollments": rows(Table::Enrollments),
        "warnings": warnings,
    })
}

/// How many operations of each kind.
pub(crate) fn tally<'o>(operations: impl Iterator<Item = &'o Operation>) -> Value {
    let mut counts: BTreeMap<Kind, u32> = BTreeMap::new();
    for operation in operations {
        *counts.entry(operation.kind).or_default() += 1;
    }
    numbers(&counts)
}

/// Counts by kind as a document carries them.
pub(crate) fn numbers(counts: &BTreeMap<Kind, u32>) -> Value {
    Value::Object(counts.iter().map(|(kind, n)| (kind.name().to_owned(), json!(n))).collect())
}

/// Operations that failed and wait, a row for each.
pub(crate) fn failed(waiting: &[(String, Attempt, Waiting)], clock: &Clock) -> Value {
    let row = |(chat, attempt, waiting): &(String, Attempt, Waiting)| {
        json!({
            "operation": attempt.operation.name(),
            "chat": chat,
            "person": waiting.people.first(),
            "people": waiting.people,
            "account": some(&attempt.account),
            "code": waiting.code,
            "message": waiting.message,
            "tries": waiting.tries,
            "next_try": clock.show(waiting.next_try),
        })
    };
    waiting.iter().map(row).collect()
}

fn some(text: &str) -> Option<&str> {
    (!text.is_empty()).then_some(text)
}

/// The hold, and its rows.
pub(crate) fn hold(hold: Option<&Hold>, clock: &Clock) -> Value {
    hold.map_or(Value::Null, |hold| {
        json!({
            "fingerprint": hold.fingerprint,
            "since": clock.show(hold.since),
            "expires": clock.show(hold.expires),
        })
    })
}

/// The rows of `held`.
pub(crate) fn held(rows: &[HeldRow]) -> Value {
    let shown = |row: &HeldRow| {
        let mut shown = json!(row);
        if !row.who.is_empty() {
            shown["who"] = row.who.iter().map(|account| json!({"account": account})).collect();
        }
        shown
    };
    rows.iter().map(shown).collect()
}

/// Adds the names that the messenger showed in this cycle to the rows of `held`. They go to the host
/// and are not stored.
pub(crate) fn name_held(held: &mut Value, names: &BTreeMap<String, String>) {
    for row in held.as_array_mut().into_iter().flatten() {
        let who = row.get_mut("who").and_then(Value::as_array_mut);
        for one in who.into_iter().flatten() {
            if let Some(name) = one["account"].as_str().and_then(|account| names.get(account)) {
                one["name"] = json!(name);
            }
        }
    }
}

/// Every operation with its reason and what became of it; what is only planned has `planned`.
pub(crate) fn operations(plan: &Plan, outcome: Option<&Outcome>) -> Value {
    let mut rows: Vec<Value> = match outcome {
        Some(outcome) => {
            outcome.results.iter().map(|(op, told)| operation(op, &word(told))).collect()
        }
        None => plan.operations.iter().map(|op| operation(op, "planned")).collect(),
    };
    rows.extend(plan.held.iter().map(|op| operation(op, "held")));
    Value::Array(rows)
}

fn word(told: &Told) -> String {
    match told {
        Told::Done => "done".to_owned(),
        Told::Failed(code) => code.clone(),
        Told::Left => "left".to_owned(),
    }
}

fn operation(operation: &Operation, result: &str) -> Value {
    json!({
        "operation": operation.kind.name(),
        "chat": operation.chat,
        "person": operation.people.first(),
        "people": operation.people,
        "account": some(&operation.account),
        "title": operation.title,
        "reason": operation.cause.text(),
        "result": result,
    })
}

/// Requests to all messengers since their counters were `before`.
pub(crate) fn requests(cycle: &Cycle, before: &[Counters]) -> Value {
    let after = cycle.messengers.iter().map(|one| one.driver.counters());
    let mut sum = Counters::default();
    for (after, before) in after.zip(before) {
        sum.sent += after.sent - before.sent;
        sum.retried += after.retried - before.retried;
        sum.waited_ms += after.waited_ms - before.waited_ms;
    }
    json!(sum)
}

/// The outer part of every report.
pub(crate) fn head(status: Code, cycle: i64, clock: &Clock, dry_run: bool) -> Map<String, Value> {
    let mut head = Map::new();
    let mut put = |key: &str, value: Value| drop(head.insert(key.to_owned(), value));
    put("format", json!("zvonok.report/1"));
    put("status", json!(status.name()));
    put("cycle", json!(cycle));
    put("started", json!(clock.show(clock.started())));
    put("finished", json!(clock.show(clock.now())));
    put("dry_run", json!(dry_run));
    head
}

/// A moment, or null.
pub(crate) fn moment(moment: Option<Timestamp>, clock: &Clock) -> Value {
    moment.map_or(Value::Null, |moment| json!(clock.show(moment)))
}
