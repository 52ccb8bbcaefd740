//! Profiles: the list of those that are built in, and the settings of one.

use std::io;

use serde_json::Value;

use super::{number, rows, table, text};
use crate::terminal::Terminal;

/// The built-in profiles, a row each.
pub(crate) fn list(terminal: &Terminal, profiles: &[Value]) -> io::Result<()> {
    let heads =
        terminal.pick(["Имя", "Система", "Чаты", "Строк"], ["Name", "System", "Chats", "Lines"]);
    let row = |about: &Value| {
        let kinds: Vec<&str> = rows(about, "kinds").iter().filter_map(Value::as_str).collect();
        vec![
            text(about, "name").to_owned(),
            text(about, "title").to_owned(),
            kinds.join(", "),
            number(about, "lines").to_string(),
        ]
    };
    terminal.say(table(terminal, &heads, profiles.iter().map(row).collect()))
}

/// The settings of a profile, each with its default and what it is for.
pub(crate) fn settings(terminal: &Terminal, about: &Value) -> io::Result<()> {
    let heads = terminal.pick(
        ["Настройка", "По умолчанию", "Что это"],
        ["Setting", "Default", "What it is (as the script says)"],
    );
    let settings = about["settings"].as_object().into_iter().flatten();
    let row = |(name, setting): (&String, &Value)| {
        let default = match &setting["default"] {
            Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        vec![name.clone(), default, text(setting, "help").to_owned()]
    };
    terminal.say(table(terminal, &heads, settings.map(row).collect()))
}
