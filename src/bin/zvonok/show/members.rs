//! One chat and its people.

use std::io;

use serde_json::Value;

use super::{number, rows, table, text};
use crate::people::People;
use crate::terminal::{Terminal, Tone};

/// Shows the answer of `chats.get`.
pub(crate) fn show(terminal: &Terminal, chat: &Value, people: &People) -> io::Result<()> {
    let language = terminal.language;
    let title = terminal.tone(Tone::Head, text(chat, "title"));
    let state = language.chat_state(text(chat, "state"));
    terminal.say(format!("{title} ({}), {state}", text(chat, "key")))?;
    if let Some(link) = chat["link"].as_str() {
        terminal.say(link)?;
    }
    terminal.say(counts(terminal, chat))?;
    let heads = terminal.pick(
        ["Привязан", "Кто", "Роль", "Админ", "Состояние", "Почему"],
        ["Linked", "Who", "Role", "Admin", "State", "Why"],
    );
    let members = rows(chat, "members").iter().map(|member| row(terminal, member, people));
    terminal.say(table(terminal, &heads, members.collect()))?;
    let strangers: Vec<&str> = rows(chat, "strangers").iter().filter_map(Value::as_str).collect();
    if strangers.is_empty() {
        return Ok(());
    }
    let head = terminal.pick("Посторонние", "Strangers");
    terminal.say(format!("{}: {}", terminal.tone(Tone::Warning, head), strangers.join(", ")))
}

fn counts(terminal: &Terminal, chat: &Value) -> String {
    let counts = &chat["counts"];
    let [desired, linked, joined] = ["desired", "linked", "joined"].map(|key| number(counts, key));
    terminal.pick(
        format!("Должно быть: {desired} · привязали аккаунт: {linked} · в чате: {joined}"),
        format!("Should be in: {desired} · linked an account: {linked} · are in: {joined}"),
    )
}

fn row(terminal: &Terminal, member: &Value, people: &People) -> Vec<String> {
    let language = terminal.language;
    let admin = match (member["admin"] == true, member["granted"] == true) {
        (true, true) => terminal.pick("да", "yes"),
        (true, false) => terminal.pick("ждёт", "waits"),
        (false, _) => "",
    };
    vec![
        if member["linked"] == true { "✓" } else { "✕" }.to_owned(),
        people.name(text(member, "person")),
        language.role(text(member, "role")).to_owned(),
        admin.to_owned(),
        language.member_state(text(member, "state")).to_owned(),
        because(member),
    ]
}

fn because(member: &Value) -> String {
    let reasons = rows(member, "reasons").iter().chain(rows(member, "admin_reasons"));
    let mut words: Vec<&str> = reasons.map(|reason| text(reason, "because")).collect();
    words.dedup();
    words.join("; ")
}
