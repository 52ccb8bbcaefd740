//! A plan, chat by chat: what would be done with whom, and why.

use std::collections::BTreeMap;
use std::io;

use serde_json::{Value, json};

use super::report::HELD;
use super::{faults, rows, text};
use crate::people::People;
use crate::terminal::{Terminal, Tone};

/// How much of a plan is shown.
#[derive(Clone, Copy)]
pub(crate) struct Depth {
    /// Chats.
    pub(crate) chats: usize,
    /// Operations in each.
    pub(crate) operations: usize,
}

impl Depth {
    /// All of it.
    pub(crate) const WHOLE: Depth = Depth { chats: usize::MAX, operations: usize::MAX };
}

/// Shows a report of a dry run that tells its operations.
pub(crate) fn show(
    terminal: &Terminal,
    report: &Value,
    people: &People,
    depth: Depth,
) -> io::Result<()> {
    let chats = by_chat(report);
    for (key, operations) in chats.iter().take(depth.chats) {
        terminal.say(heading(terminal, report, key))?;
        for operation in operations.iter().take(depth.operations) {
            terminal.say(line(terminal, operation, people))?;
        }
        let more = operations.len().saturating_sub(depth.operations);
        faults::more(terminal, more)?;
    }
    faults::more(terminal, chats.len().saturating_sub(depth.chats))?;
    faults::held(terminal, report, HELD)?;
    total(terminal, report)
}

/// The operations of each chat, chats in the order of their first operation.
fn by_chat(report: &Value) -> Vec<(&str, Vec<&Value>)> {
    let mut order: Vec<(&str, Vec<&Value>)> = Vec::new();
    let mut places: BTreeMap<&str, usize> = BTreeMap::new();
    for operation in rows(report, "operations") {
        let chat = text(operation, "chat");
        let place = *places.entry(chat).or_insert_with(|| {
            order.push((chat, Vec::new()));
            order.len() - 1
        });
        order[place].1.push(operation);
    }
    order
}

fn heading(terminal: &Terminal, report: &Value, key: &str) -> String {
    let chat = rows(report, "chats").iter().find(|chat| chat["key"] == key);
    let title = chat.map(|chat| text(chat, "title")).unwrap_or_default();
    format!("{} {}", terminal.tone(Tone::Head, title), terminal.tone(Tone::Faint, key))
}

fn line(terminal: &Terminal, operation: &Value, people: &People) -> String {
    let name = text(operation, "operation");
    let (mark, tone) = match name {
        "add_member" | "create_chat" | "restore_chat" | "invite_member" => ("+", Tone::Good),
        "remove_member" | "archive_chat" | "delete_chat" => ("−", Tone::Bad),
        "grant_admin" => ("★", Tone::Good),
        "revoke_admin" => ("☆", Tone::Bad),
        _ => ("·", Tone::Head),
    };
    let held = match text(operation, "result") {
        "held" => terminal.tone(Tone::Warning, terminal.pick(" [удержано]", " [held]")),
        _ => String::new(),
    };
    let what = terminal.tone(tone, format!("{mark} {}", terminal.language.operation(name)));
    let whom = whom(operation, people);
    let reason = terminal.language.of(&operation["reason"]);
    let fits = terminal.width().is_none_or(|width| {
        [mark, name, &whom, reason].iter().map(|part| part.chars().count()).sum::<usize>() + 16
            <= width
    });
    let gap = if fits { " — ".to_owned() } else { "\n      ".to_owned() };
    let reason = if reason.is_empty() { String::new() } else { gap + reason };
    format!("  {what}{held} {whom}{}", terminal.tone(Tone::Faint, reason))
}

/// The people behind the account and the account, or the new title.
fn whom(operation: &Value, people: &People) -> String {
    if let Some(title) = operation["title"].as_str() {
        return format!("«{title}»");
    }
    let names: Vec<String> = rows(operation, "people")
        .iter()
        .filter_map(Value::as_str)
        .map(|id| people.name(id))
        .collect();
    let account = text(operation, "account");
    match (names.is_empty(), account) {
        (true, account) => account.to_owned(),
        (false, "") => names.join(", "),
        (false, account) => format!("{}, {account}", names.join(", ")),
    }
}

fn total(terminal: &Terminal, report: &Value) -> io::Result<()> {
    let planned = terminal.language.counts(&report["plan"]["operations"]);
    let total = terminal.pick("Всего", "In total");
    terminal.say(format!("{}: {planned}", terminal.tone(Tone::Head, total)))?;
    let mut held: BTreeMap<&str, u64> = BTreeMap::new();
    for operation in rows(report, "operations").iter().filter(|row| row["result"] == "held") {
        *held.entry(text(operation, "operation")).or_default() += 1;
    }
    if held.is_empty() {
        return Ok(());
    }
    let word = terminal.tone(Tone::Warning, terminal.pick("Удержано", "Held"));
    terminal.say(format!("{word}: {}", terminal.language.counts(&json!(held))))
}
