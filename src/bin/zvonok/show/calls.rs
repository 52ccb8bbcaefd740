//! Calls: the online lessons that are, will be and were.

use std::io;

use serde_json::Value;

use super::{moment, table, text};
use crate::terminal::Terminal;

/// A row for each call, in the library's order.
pub(crate) fn list(terminal: &Terminal, calls: &[Value]) -> io::Result<()> {
    let heads = terminal.pick(
        ["Начало", "Конец", "Название", "Чат", "Состояние", "Ссылка", "Звонок"],
        ["Starts", "Ends", "Title", "Chat", "State", "Link", "Call"],
    );
    let row = |call: &Value| {
        let starts = match text(call, "starts") {
            "" => text(call, "date").to_owned(),
            starts => moment(starts),
        };
        vec![
            starts,
            text(call, "ends").get(11..16).unwrap_or_default().to_owned(),
            text(call, "title").to_owned(),
            text(call, "chat").to_owned(),
            state(terminal, call).to_owned(),
            text(call, "join_url").to_owned(),
            text(call, "id").to_owned(),
        ]
    };
    terminal.say(table(terminal, &heads, calls.iter().map(row).collect()))
}

/// Where a call stands.
fn state<'t>(terminal: &Terminal, call: &Value) -> &'t str {
    match (text(call, "state"), call["running"] == true) {
        ("created", true) => terminal.pick("создан, идёт", "created, running"),
        ("created", false) => terminal.pick("создан", "created"),
        ("published", true) => terminal.pick("идёт", "running"),
        ("published", false) => terminal.pick("опубликован", "published"),
        _ => terminal.pick("завершён", "finished"),
    }
}
