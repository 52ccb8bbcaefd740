//! Faults and warnings: place, value, expectation.

use std::io;

use serde_json::Value;
use zvonok::error::Fault;

use super::{number, rows, table, text};
use crate::people::People;
use crate::terminal::{Terminal, Tone};
use crate::words::grouped;

/// One fault on one line: `guard.minimum = "many": expected a number`.
pub(crate) fn line(terminal: &Terminal, fault: &Fault) -> String {
    let value = match fault.value.as_str() {
        "" => String::new(),
        value => terminal.tone(Tone::Faint, format!(" = «{value}»")),
    };
    format!("{}{value}: {}", terminal.tone(Tone::Head, &fault.at), terminal.text(&fault.message))
}

/// The warnings of a report: each kind once, with an example and how many more there are.
pub(crate) fn warnings(terminal: &Terminal, warnings: &[Value]) -> io::Result<()> {
    if warnings.is_empty() {
        return Ok(());
    }
    let count = grouped(warnings.len() as u64);
    let head = terminal.pick(format!("Предупреждения: {count}"), format!("Warnings: {count}"));
    terminal.say(terminal.tone(Tone::Warning, head))?;
    let mut kinds: Vec<(&str, &Value, usize)> = Vec::new();
    for warning in warnings {
        let code = text(warning, "code");
        match kinds.iter_mut().find(|(known, ..)| *known == code) {
            Some((.., count)) => *count += 1,
            None => kinds.push((code, warning, 0)),
        }
    }
    for (_, warning, more) in kinds {
        let more = match more {
            0 => String::new(),
            more => terminal.pick(format!(" (и ещё {more})"), format!(" (and {more} more)")),
        };
        let (at, message) = (text(warning, "at"), terminal.language.of(&warning["message"]));
        terminal.say(format!("  {at}: {message}{}", terminal.tone(Tone::Faint, more)))?;
    }
    Ok(())
}

/// Operations that failed and are tried again.
pub(crate) fn failed(terminal: &Terminal, report: &Value, people: &People) -> io::Result<()> {
    const MOST: usize = 20;
    let failed = rows(report, "failed");
    if failed.is_empty() {
        return Ok(());
    }
    let head = terminal.pick("Не удалось", "Failed");
    terminal.say(terminal.tone(Tone::Bad, format!("{head}: {}", failed.len())))?;
    let row = |row: &Value| {
        let language = terminal.language;
        vec![
            language.operation(text(row, "operation")).to_owned(),
            text(row, "chat").to_owned(),
            row["person"].as_str().map(|id| people.name(id)).unwrap_or_default(),
            format!("{} ({})", language.of(&row["message"]), text(row, "code")),
            super::moment(text(row, "next_try")),
        ]
    };
    let titles = terminal
        .pick(["Что", "Чат", "Кто", "Почему", "Снова"], ["What", "Chat", "Who", "Why", "Next try"]);
    terminal.say(table(terminal, &titles, failed.iter().take(MOST).map(row).collect()))?;
    more(terminal, failed.len().saturating_sub(MOST))
}

/// «… ещё 12», if there is any more.
pub(crate) fn more(terminal: &Terminal, more: usize) -> io::Result<()> {
    if more == 0 {
        return Ok(());
    }
    let more = terminal.pick(format!("… ещё {more}"), format!("… {more} more"));
    terminal.say(terminal.tone(Tone::Faint, more))
}

/// What the guard holds, why, and how to allow it; at most so many reasons.
pub(crate) fn held(terminal: &Terminal, report: &Value, most: usize) -> io::Result<()> {
    let held = rows(report, "held");
    if held.is_empty() {
        return Ok(());
    }
    let head = terminal.pick("Предохранитель удерживает:", "The guard holds:");
    terminal.say(terminal.tone(Tone::Warning, head))?;
    for row in held.iter().take(most) {
        terminal.say(format!("  • {}", held_line(terminal, report, row)))?;
    }
    more(terminal, held.len().saturating_sub(most))?;
    allow(terminal, report)
}

/// One reason of a hold, shorter than the library's sentence; a rule that is new here speaks for
/// itself.
fn held_line(terminal: &Terminal, report: &Value, row: &Value) -> String {
    if row["rule"] == ADOPTED {
        return adopted_line(terminal, report, row);
    }
    let [removed, lost, archived, lately, of] =
        ["remove_member", "revoke_admin", "archive_chat", "lately", "of"]
            .map(|key| number(row, key));
    let rule = text(row, "rule");
    let limit = row["limit"].as_f64().unwrap_or_default();
    let lately = match lately {
        0 => String::new(),
        lately => terminal
            .pick(format!(", за сутки уже {lately}"), format!(", {lately} in the last 24 hours")),
    };
    let parts = [
        (removed, terminal.pick("исключить", "remove")),
        (lost, terminal.pick("лишить прав", "take rights from")),
    ];
    let parts = parts.iter().filter(|(count, _)| *count > 0);
    let losses: Vec<String> = parts.map(|(count, word)| format!("{word} {count}")).collect();
    let (losses, percent) = (losses.join(", "), limit * 100.0);
    let losses = terminal.pick(
        format!("{losses} из {of}{lately}; предел {percent:.0} %"),
        format!("{losses} of {of}{lately}; the limit is {percent:.0} %"),
    );
    let what = match rule {
        "guard.chat_share" => format!("{}: {losses}", title_of(report, text(row, "chat"))),
        "guard.total_share" => format!("{}: {losses}", terminal.pick("все чаты", "all chats")),
        "guard.chats" => terminal.pick(
            format!("отправить в архив чатов: {archived} из {of}{lately}; предел {limit:.0}"),
            format!("archive {archived} chats of {of}{lately}; the limit is {limit:.0}"),
        ),
        _ => terminal.language.of(&row["message"]).to_owned(),
    };
    format!("{what} ({rule})")
}

/// People who were in a group before it was bound to its chat, and whom the school does not name
/// there.
const ADOPTED: &str = "adopted";

fn adopted_line(terminal: &Terminal, report: &Value, row: &Value) -> String {
    const MOST: usize = 10;
    let (title, count, of) =
        (title_of(report, text(row, "chat")), number(row, "remove_member"), number(row, "of"));
    let who = rows(row, "who");
    let mut names: Vec<String> = who.iter().take(MOST).map(member).collect();
    let more = who.len().saturating_sub(MOST);
    if more > 0 {
        names.push(terminal.pick(format!("ещё {more}"), format!("{more} more")));
    }
    let names = names.join(", ");
    terminal.pick(
        format!("{title}: были в группе раньше, школе здесь неизвестны: {count} из {of}: {names}"),
        format!(
            "{title}: were in the group before, the school does not name: {count} of {of}: {names}"
        ),
    ) + &format!(" ({ADOPTED})")
}

/// Somebody as the messenger tells of them: `Иванова Анна (5002)`, or the account alone.
fn member(one: &Value) -> String {
    match (text(one, "name"), text(one, "account")) {
        ("", account) => account.to_owned(),
        (name, account) => format!("{name} ({account})"),
    }
}

fn title_of<'r>(report: &'r Value, key: &'r str) -> &'r str {
    let chat = rows(report, "chats").iter().find(|chat| chat["key"] == key);
    chat.map_or(key, |chat| text(chat, "title"))
}

fn allow(terminal: &Terminal, report: &Value) -> io::Result<()> {
    let hold = &report["hold"];
    let (since, started) = (text(hold, "since"), text(report, "started"));
    // What no cycle has held yet gets its fingerprint from the cycle that does.
    if report["dry_run"] == true && since.get(..19) >= started.get(..19) {
        return terminal.say(terminal.pick(
            "  Цикл «zvonok sync» удержит это и назовёт отпечаток, которым его можно разрешить.",
            "  A cycle, `zvonok sync`, will hold this and name the fingerprint that allows it.",
        ));
    }
    let (print, until) = (text(hold, "fingerprint"), super::moment(text(hold, "expires")));
    let advice = match rows(report, "held").iter().all(|row| row["rule"] == ADOPTED) {
        true => terminal.pick(
            "Кто привяжет учётную запись, останется. Остальных исключить можно так",
            "Whoever links an account stays. To remove the others",
        ),
        false => terminal.pick(
            "Проверьте выгрузку. Если так и должно быть, разрешите",
            "Look at the export. If this is meant, allow it",
        ),
    };
    let until = terminal.pick(format!("до {until}"), format!("until {until}"));
    terminal.say(format!("  {advice} ({until}):\n    zvonok sync … --approve {print}"))
}
