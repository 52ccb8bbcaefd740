//! The move from one messenger to another: where each chat stands, and what hinders it.

use std::io;

use serde_json::Value;

use super::{faults, number, rows, table, text};
use crate::terminal::{Terminal, Tone};

/// Chats that a report shows, those first that have not arrived; `--json` has them all.
const MOST: usize = 20;

/// The ledger of a report; nothing where nobody moves.
pub(crate) fn show(terminal: &Terminal, ledger: &Value) -> io::Result<()> {
    if !ledger.is_object() {
        return Ok(());
    }
    let (from, to) = (messenger(text(ledger, "from")), messenger(text(ledger, "to")));
    let (done, of) = (number(ledger, "done"), number(ledger, "of"));
    let words = terminal.pick(
        format!("Переезд {from} → {to}: готово {done} из {of}"),
        format!("The move {from} → {to}: {done} of {of} are done"),
    );
    terminal.say(terminal.tone(Tone::Head, words))?;
    let mut chats: Vec<&Value> = rows(ledger, "chats").iter().collect();
    chats.sort_by_key(|chat| chat["stands"] == "done");
    if chats.is_empty() {
        return Ok(());
    }
    let heads = terminal.pick(
        ["Чат", "Где он", "Было", "Перешли", "Объявлено", "Что мешает"],
        ["Chat", "Stands", "Were", "Came", "Told", "What hinders"],
    );
    let shown = chats.iter().take(MOST).map(|chat| row(terminal, chat)).collect();
    terminal.say(table(terminal, &heads, shown))?;
    faults::more(terminal, chats.len().saturating_sub(MOST))
}

fn row(terminal: &Terminal, chat: &Value) -> Vec<String> {
    let (from, to) = (&chat["from"], &chat["to"]);
    let name =
        if text(chat, "title").is_empty() { text(chat, "chat") } else { text(chat, "title") };
    let noticed = match &chat["noticed"] {
        Value::String(moment) => super::moment(moment),
        Value::Bool(true) => terminal.pick("да", "yes").to_owned(),
        _ => "–".to_owned(),
    };
    vec![
        name.to_owned(),
        terminal.language.stands(text(chat, "stands")).to_owned(),
        number(from, "members").to_string(),
        format!("{}/{}", number(to, "joined"), number(to, "of")),
        noticed,
        terminal.language.of(&chat["hinders"]).to_owned(),
    ]
}

fn messenger(kind: &str) -> String {
    kind.to_uppercase()
}
