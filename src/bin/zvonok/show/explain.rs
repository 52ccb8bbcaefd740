//! Why a person is, or is not, in a chat.

use std::io;

use serde_json::Value;

use super::{moment, number, rows, text};
use crate::people::People;
use crate::terminal::{Terminal, Tone};

/// Shows the answer of `explain`.
pub(crate) fn show(terminal: &Terminal, answer: &Value, people: &People) -> io::Result<()> {
    let language = terminal.language;
    let name = terminal.tone(Tone::Head, people.name(text(answer, "person")));
    terminal.say(format!("{name} · {}", text(answer, "chat")))?;
    terminal.say(format!("  {}", language.of(&answer["message"])))?;
    if let Some(state) = answer["state"].as_str() {
        line(terminal, ("Состояние", "State"), language.member_state(state))?;
        let since = moment(text(answer, "since"));
        let cycle = number(answer, "cycle");
        let since =
            terminal.pick(format!("{since}, цикл {cycle}"), format!("{since}, cycle {cycle}"));
        line(terminal, ("С", "Since"), &since)?;
    }
    if let Some(account) = answer["account"].as_str() {
        line(terminal, ("Аккаунт", "Account"), account)?;
    }
    reasons(terminal, ("Почему", "Why"), rows(answer, "reasons"))?;
    reasons(terminal, ("Админ", "Admin"), rows(answer, "admin_reasons"))?;
    facts(terminal, rows(answer, "facts"))?;
    history(terminal, rows(answer, "history"), people)
}

/// The rows that speak of the person and the chat, and whether they count.
fn facts(terminal: &Terminal, facts: &[Value]) -> io::Result<()> {
    if facts.is_empty() {
        return Ok(());
    }
    let head = terminal.pick("Что говорит выгрузка", "What the roster says");
    terminal.say(terminal.tone(Tone::Head, head))?;
    for fact in facts {
        let mark = match fact["counts"] == true {
            true => terminal.tone(Tone::Good, "✓"),
            false => terminal.tone(Tone::Bad, "✕"),
        };
        let (words, row) = (terminal.language.of(&fact["message"]), text(fact, "row"));
        terminal.say(format!("  {mark} {words} {}", terminal.tone(Tone::Faint, row)))?;
    }
    Ok(())
}

fn line(terminal: &Terminal, (ru, en): (&str, &str), value: &str) -> io::Result<()> {
    let name = format!("{:<10}", terminal.pick(ru, en));
    terminal.say(format!("  {} {value}", terminal.tone(Tone::Faint, name)))
}

fn reasons(terminal: &Terminal, name: (&str, &str), reasons: &[Value]) -> io::Result<()> {
    for reason in reasons {
        let [rule, because, row] = ["rule", "because", "row"].map(|key| text(reason, key));
        line(terminal, name, &format!("{because} · {rule} · {row}"))?;
    }
    Ok(())
}

fn history(terminal: &Terminal, entries: &[Value], people: &People) -> io::Result<()> {
    if entries.is_empty() {
        return Ok(());
    }
    terminal.say(terminal.tone(Tone::Head, terminal.pick("Что было сделано", "What was done")))?;
    for entry in entries {
        let what = terminal.language.operation(text(entry, "operation"));
        let at = moment(text(entry, "at"));
        let actor = match text(entry, "actor") {
            "system" => terminal.pick("система", "system").to_owned(),
            actor => people.name(actor),
        };
        let reason = terminal.language.of(&entry["reason"]);
        let result = match text(entry, "result") {
            "done" => terminal.pick("сделано", "done"),
            "accepted" => terminal.pick("принято", "accepted"),
            other => other,
        };
        let cycle = terminal.pick("цикл", "cycle");
        // An order is of no cycle.
        let cycle = match number(entry, "cycle") {
            0 => String::new(),
            number => format!("{cycle} {number}, "),
        };
        terminal.say(format!("  {at}  {cycle}{actor}: {what} — {result} · {reason}"))?;
    }
    Ok(())
}
