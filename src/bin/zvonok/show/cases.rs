//! Cases: which came out as written, and what did not.

use std::io;
use std::path::Path;

use serde_json::Value;
use zvonok::error::Error;

use super::faults;
use crate::people::People;
use crate::profiles::compact::indented;
use crate::profiles::expect::{Difference, Outcome, Somebody};
use crate::terminal::{Terminal, Tone};
use crate::words::grouped;

/// One case, its name and what it shows: a line where all is as written, else every difference.
pub(crate) fn one(
    terminal: &Terminal,
    (name, about): (&str, &str),
    ran: Result<&Outcome, &Error>,
    people: &People,
) -> io::Result<()> {
    let about = if about.is_empty() { String::new() } else { format!(" — {about}") };
    let good = ran.is_ok_and(|ran| ran.differences.is_empty());
    let mark = match good {
        true => terminal.tone(Tone::Good, "✓"),
        false => terminal.tone(Tone::Bad, "✕"),
    };
    terminal.say(format!("{mark} {}{about}", terminal.tone(Tone::Head, name)))?;
    match ran {
        Err(error) => error
            .faults
            .iter()
            .try_for_each(|fault| terminal.say(format!("    {}", faults::line(terminal, fault)))),
        Ok(ran) => ran.differences.iter().try_for_each(|one| difference(terminal, one, people)),
    }
}

/// How many cases there are and how many did not come out as written.
pub(crate) fn total(terminal: &Terminal, all: usize, wrong: usize) -> io::Result<()> {
    let [all, wrong] = [all, wrong].map(|count| grouped(count as u64));
    terminal.say(terminal.pick(
        format!("Примеров: {all}, не сошлись: {wrong}"),
        format!("Cases: {all}, not as written: {wrong}"),
    ))
}

/// A case that was written anew.
pub(crate) fn written(terminal: &Terminal, file: &Path) -> io::Result<()> {
    if terminal.json {
        return Ok(());
    }
    let file = file.display();
    terminal.say(terminal.pick(format!("Записан {file}"), format!("Written: {file}")))
}

fn difference(terminal: &Terminal, one: &Difference, people: &People) -> io::Result<()> {
    let field = one.field.as_deref().map(|field| format!(" · {field}")).unwrap_or_default();
    let at = terminal.tone(Tone::Head, format!("    {}{field}", one.at));
    if one.missing.is_empty() && one.unexpected.is_empty() {
        terminal.say(at)?;
        let [expected, found] = terminal.pick(["ожидалось", "получилось"], ["expected", "found"]);
        terminal.say(format!("      {expected}: {}", value(terminal, &one.expected)))?;
        return terminal.say(format!("      {found}: {}", value(terminal, &one.found)));
    }
    terminal.say(at)?;
    let words = terminal.pick(["нет", "лишний"], ["missing", "unexpected"]);
    for id in &one.missing {
        let mark = terminal.tone(Tone::Bad, "−");
        terminal.say(format!("      {mark} {}: {}", words[0], people.name(id)))?;
    }
    one.unexpected.iter().try_for_each(|who| unexpected(terminal, words[1], who, people))
}

fn unexpected(terminal: &Terminal, word: &str, who: &Somebody, people: &People) -> io::Result<()> {
    let mark = terminal.tone(Tone::Bad, "+");
    let because = because(&who.reasons);
    let because = terminal.tone(Tone::Faint, format!(" — {because}"));
    terminal.say(format!("      {mark} {word}: {}{because}", people.name(&who.person)))
}

/// The words and rows of reasons: «классный руководитель (classes[0])».
pub(crate) fn because(reasons: &[zvonok::profile::Reason]) -> String {
    let words: Vec<String> =
        reasons.iter().map(|reason| format!("{} ({})", reason.because, reason.row)).collect();
    words.join("; ")
}

fn value(terminal: &Terminal, value: &Value) -> String {
    match value {
        Value::Null => terminal.pick("ничего", "nothing").to_owned(),
        Value::String(text) => format!("«{text}»"),
        other => indented(other, 8),
    }
}
