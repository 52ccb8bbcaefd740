//! What a person is asked to do.

use std::io;

use serde_json::Value;

use super::{faults, moment, rows, table, text};
use crate::people::People;
use crate::terminal::{Terminal, Tone};

/// Tasks that a report shows; `zvonok tasks` has them all.
const MOST: usize = 10;

/// The open tasks of a report, a row for each, and where the steps are.
pub(crate) fn summary(terminal: &Terminal, tasks: &[Value]) -> io::Result<()> {
    if tasks.is_empty() {
        return Ok(());
    }
    let head = terminal.pick("Нужен человек, задач", "A person is needed, tasks");
    terminal.say(terminal.tone(Tone::Warning, format!("{head}: {}", tasks.len())))?;
    let heads = terminal.pick(["Задача", "Что", "Чат", "Код"], ["Task", "What", "Chat", "Code"]);
    let row = |task: &Value| {
        vec![
            text(task, "id").to_owned(),
            terminal.language.task(text(task, "kind")).to_owned(),
            format!("«{}»", text(task, "title")),
            text(task, "code").to_owned(),
        ]
    };
    terminal.say(table(terminal, &heads, tasks.iter().take(MOST).map(row).collect()))?;
    faults::more(terminal, tasks.len().saturating_sub(MOST))?;
    terminal.say(terminal.tone(
        Tone::Faint,
        terminal.pick("  Что делать, по шагам: zvonok tasks", "  Step by step: zvonok tasks"),
    ))
}

/// Tasks with their steps.
pub(crate) fn whole(terminal: &Terminal, tasks: &[Value], people: &People) -> io::Result<()> {
    tasks.iter().try_for_each(|task| one(terminal, task, people))
}

/// One task with its steps.
pub(crate) fn one(terminal: &Terminal, task: &Value, people: &People) -> io::Result<()> {
    terminal.say(heading(terminal, task))?;
    if let Some(whom) = whom(terminal, task, people) {
        terminal.say(format!("  {whom}"))?;
    }
    if let Some(closed) = task["closed"].as_str() {
        return terminal.say(closing(terminal, task, closed, people));
    }
    let steps = rows(&task["steps"], terminal.pick("ru", "en"));
    for (number, step) in steps.iter().filter_map(Value::as_str).enumerate() {
        terminal.say(format!("  {}. {step}", number + 1))?;
    }
    let since = moment(text(task, "since"));
    let since = terminal.pick(format!("  с {since}"), format!("  since {since}"));
    terminal.say(terminal.tone(Tone::Faint, since))
}

fn heading(terminal: &Terminal, task: &Value) -> String {
    let kind = terminal.language.task(text(task, "kind"));
    let head = format!("{}  {kind} «{}»", text(task, "id"), text(task, "title"));
    let tail = format!("{}  {}", text(task, "code"), text(task, "chat"));
    format!("{}  {}", terminal.tone(Tone::Head, head), terminal.tone(Tone::Faint, tail))
}

/// The people whom the task is about, if it is about any.
fn whom(terminal: &Terminal, task: &Value, people: &People) -> Option<String> {
    let account = task["account"].as_str()?;
    let ids = rows(task, "people").iter().filter_map(Value::as_str);
    let names: Vec<String> = ids.map(|id| people.name(id)).collect();
    let word = terminal.pick("учётная запись", "account");
    let of = if names.is_empty() { String::new() } else { format!(": {}", names.join(", ")) };
    Some(format!("{word} {account}{of}"))
}

fn closing(terminal: &Terminal, task: &Value, closed: &str, people: &People) -> String {
    let (at, by) = (moment(closed), text(task, "closed_by"));
    let by = if by == "system" {
        terminal.pick("система", "system").to_owned()
    } else {
        people.name(by)
    };
    let words = terminal.pick(format!("закрыта {at}, {by}"), format!("closed {at}, {by}"));
    format!("  {}", terminal.tone(Tone::Good, words))
}

/// What came of the word that a task is done.
pub(crate) fn done(terminal: &Terminal, result: &Value, people: &People) -> io::Result<()> {
    let task = &result["task"];
    if result["closed"] == true {
        let words = terminal.pick("сделана", "done");
        return terminal.say(format!(
            "{}: {}",
            heading(terminal, task),
            terminal.tone(Tone::Good, words)
        ));
    }
    one(terminal, task, people)?;
    let words = terminal.language.of(&result["message"]);
    terminal.say(terminal.tone(Tone::Warning, words))
}
