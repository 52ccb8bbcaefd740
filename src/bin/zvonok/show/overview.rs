//! A large plan at a glance, before its operations: which chats go on under another title, which
//! end, come back and begin, and how many people go from where to where.

use std::collections::BTreeMap;
use std::io;

use serde_json::Value;

use super::{faults, number, rows, text};
use crate::terminal::{Terminal, Tone};

/// From so many chats on a plan is too long to be taken in at once.
const LARGE: usize = 6;

/// Chats and moves of each kind that are named; `--json` has them all.
const MOST: usize = 15;

/// What becomes of chats: the operation, and the heading in both languages.
const FATES: [(&str, &str, &str); 4] = [
    ("rename_chat", "Получают другое название", "Go on under another title"),
    ("archive_chat", "Закрываются (в архив)", "End (archived)"),
    ("restore_chat", "Возвращаются из архива", "Come back from the archive"),
    ("create_chat", "Создаются", "Begin"),
];

/// Shows the overview of a dry run; nothing for a plan that is read at once.
pub(crate) fn show(terminal: &Terminal, report: &Value) -> io::Result<()> {
    let chats = rows(&report["plan"], "chats");
    if chats.len() < LARGE {
        return Ok(());
    }
    for (operation, ru, en) in FATES {
        let fate = |chat: &&Value| happens(chat, operation) > 0;
        let lines: Vec<String> =
            chats.iter().filter(fate).map(|chat| line(terminal, chat)).collect();
        list(terminal, terminal.pick(ru, en), &lines)?;
    }
    let titles: BTreeMap<&str, &str> =
        chats.iter().map(|chat| (text(chat, "chat"), text(chat, "title"))).collect();
    let title = |row: &Value, end: &str| {
        let key = text(row, end);
        titles.get(key).copied().unwrap_or(key).to_owned()
    };
    let moves = rows(&report["plan"], "moves").iter().map(|row| {
        let (from, to) = (title(row, "from"), title(row, "to"));
        let people = terminal.language.count(
            number(row, "people"),
            ["человек", "человека", "человек"],
            ["person", "people"],
        );
        format!("{from} → {to}: {people}")
    });
    let moves: Vec<String> = moves.collect();
    list(terminal, terminal.pick("Переходят", "Move"), &moves)
}

/// How often an operation is planned or held in a chat.
fn happens(chat: &Value, operation: &str) -> u64 {
    number(&chat["operations"], operation) + number(&chat["held"], operation)
}

fn line(terminal: &Terminal, chat: &Value) -> String {
    let title = text(chat, "title");
    let becomes = match chat["becomes"].as_str() {
        Some(becomes) => format!(" → {becomes}"),
        None => String::new(),
    };
    let held = match chat["held"].as_object().is_some_and(|held| !held.is_empty()) {
        true => terminal.tone(Tone::Warning, terminal.pick(" [удержано]", " [held]")),
        false => String::new(),
    };
    format!("{title}{becomes}{held}")
}

fn list(terminal: &Terminal, heading: &str, lines: &[String]) -> io::Result<()> {
    if lines.is_empty() {
        return Ok(());
    }
    terminal.say(terminal.tone(Tone::Head, format!("{heading}: {}", lines.len())))?;
    lines.iter().take(MOST).try_for_each(|line| terminal.say(format!("  {line}")))?;
    faults::more(terminal, lines.len().saturating_sub(MOST))
}
