//! The registry: a row per chat, and under it the people with a mark for those who have linked an
//! account (E5, I3, I5).

use std::collections::BTreeSet;

use maud::{Markup, html};
use serde_json::Value;

use super::Page;
use crate::show::{moment, number, rows, text};

pub(super) fn section(page: &Page) -> Markup {
    let chats = &page.gathered.chats;
    let heads = page.pick(
        ["Чат", "Вид", "Состояние", "Привязали", "В чате", "Админы", "Ссылка"],
        ["Chat", "Type", "State", "Linked", "In the chat", "Admins", "Link"],
    );
    html! {
        section #chats {
            h2 { (page.pick("Чаты", "Chats")) " " span.count { (chats.len()) } }
            (filters(page))
            div.wide {
                table.registry {
                    thead {
                        tr {
                            @for (at, head) in heads.iter().enumerate() {
                                th scope="col" {
                                    button type="button" data-sort=(at) { (head) }
                                }
                            }
                        }
                    }
                    @for chat in chats { (row(page, &heads, chat)) }
                }
            }
            p.nothing hidden { (page.pick("Ничего не найдено.", "Nothing was found.")) }
        }
    }
}

/// What the chats can be narrowed by: only what there is.
fn filters(page: &Page) -> Markup {
    let words = |key: &str| -> BTreeSet<&str> {
        page.gathered.chats.iter().map(|chat| text(chat, key)).collect()
    };
    html! {
        div.filters {
            select #type aria-label=(page.pick("Вид чата", "Type of chat")) {
                option value="" { (page.pick("Все виды", "All types")) }
                @for kind in words("type") {
                    option value=(kind) { (page.language.chat_type(kind)) }
                }
            }
            select #state aria-label=(page.pick("Состояние чата", "State of the chat")) {
                option value="" { (page.pick("Все состояния", "All states")) }
                @for state in words("state") {
                    option value=(state) { (page.language.chat_state(state)) }
                }
            }
            label { input #unlinked type="checkbox";
                " " (page.pick("есть кому привязать аккаунт", "somebody has to link yet")) }
            span.buttons {
                button #open type="button" { (page.pick("Раскрыть людей", "Show people")) }
                button #shut type="button" { (page.pick("Скрыть", "Hide")) }
                button #print type="button" { (page.pick("Печать", "Print")) }
            }
        }
    }
}

fn row(page: &Page, heads: &[&str; 7], chat: &Value) -> Markup {
    let (kind, state) = (text(chat, "type"), text(chat, "state"));
    let counts = &chat["counts"];
    let [desired, linked, joined] = ["desired", "linked", "joined"].map(|key| number(counts, key));
    let admins = &chat["admins"];
    let [granted, wanted] = ["granted", "desired"].map(|key| number(admins, key));
    let strangers = rows(chat, "strangers").len();
    html! {
        tbody.chat data-type=(kind) data-state=(state) data-unlinked=(desired.saturating_sub(linked)) {
            tr.head {
                td.title data-value=(text(chat, "title")) {
                    button.toggle type="button" aria-expanded="false" { (text(chat, "title")) }
                    span.key { (text(chat, "key")) }
                }
                td data-head=(heads[1]) data-value=(kind) {
                    (page.language.chat_type(kind))
                    @let part = page.language.class_part(chat["whole_class"].as_bool());
                    @if !part.is_empty() { " " span.quiet { (part) } }
                }
                td data-head=(heads[2]) data-value=(state) {
                    span class={ "state " (state) } { (page.language.chat_state(state)) }
                }
                td data-head=(heads[3]) data-value=(share(linked, desired)) { (bar(linked, desired)) }
                td data-head=(heads[4]) data-value=(share(joined, desired)) {
                    (bar(joined, desired))
                    @if strangers > 0 {
                        " " span.bad title=(page.pick("посторонние", "strangers")) { "+" (strangers) }
                    }
                }
                td data-head=(heads[5]) data-value=(granted) {
                    span.bad[granted < wanted] { (granted) " / " (wanted) }
                }
                td data-head=(heads[6]) data-value=(text(chat, "link")) { (link(chat)) }
            }
            tr.people hidden { td colspan="7" { (people(page, chat)) } }
        }
    }
}

/// By what counts are sorted: the emptiest first.
fn share(part: u64, whole: u64) -> u64 {
    (part * 10_000).checked_div(whole).unwrap_or(10_000)
}

fn bar(part: u64, whole: u64) -> Markup {
    html! {
        span.bar.full[part >= whole] {
            meter min="0" max=(whole.max(1)) value=(part.min(whole)) {}
            " " (part) " / " (whole)
        }
    }
}

/// Only an address that a browser may follow is one to click.
fn link(chat: &Value) -> Markup {
    let link = text(chat, "link");
    html! {
        @if link.starts_with("https://") {
            a href=(link) rel="noreferrer" target="_blank" { (link.trim_start_matches("https://")) }
        } @else if !link.is_empty() {
            (link)
        } @else {
            span.quiet { "–" }
        }
    }
}

fn people(page: &Page, chat: &Value) -> Markup {
    let heads = page.pick(
        ["Аккаунт", "Кто", "Роль", "Админ", "Состояние", "Почему здесь"],
        ["Account", "Who", "Role", "Admin", "State", "Why here"],
    );
    let strangers: Vec<&str> = rows(chat, "strangers").iter().filter_map(Value::as_str).collect();
    html! {
        table.members {
            thead { tr { @for head in heads { th scope="col" { (head) } } } }
            tbody {
                @for member in rows(chat, "members") { (member_row(page, &heads, member)) }
                @for row in rows(chat, "leaving") { (leaving_row(page, &heads, row)) }
            }
        }
        @if rows(chat, "members").is_empty() {
            p.quiet { (page.pick("Людей нет.", "There is nobody.")) }
        }
        @for one in rows(chat, "overrides") { p.by-hand { (by_hand(page, one)) } }
        @if !strangers.is_empty() {
            p.bad {
                (page.pick("Посторонние учётные записи", "Accounts of strangers")) ": "
                (strangers.join(", "))
            }
        }
    }
}

/// A change that somebody made by hand, and who and when.
fn by_hand(page: &Page, one: &Value) -> String {
    let what = match text(one, "override") {
        "in" => page.pick("добавлен вручную", "let in by hand"),
        "out" => page.pick("исключён вручную", "kept out by hand"),
        "admin" => page.pick("администратор вручную", "made an admin by hand"),
        "no_admin" => page.pick("не администратор вручную", "kept from being an admin by hand"),
        "title" => page.pick("переименован вручную", "renamed by hand"),
        "deleted" => page.pick("удалён вручную", "deleted by hand"),
        other => other,
    };
    let whom = match (text(one, "person"), text(one, "title")) {
        ("", "") => page.pick("чат", "the chat").to_owned(),
        ("", title) => format!("«{title}»"),
        (person, _) => page.name(person),
    };
    let by = match text(one, "actor") {
        "system" => page.pick("система", "the host").to_owned(),
        actor => page.name(actor),
    };
    format!("{whom}: {what}, {by}, {}", moment(text(one, "at")))
}

/// ✓ or ✕, with a word for whoever cannot tell them apart.
pub(super) fn mark(page: &Page, linked: bool) -> Markup {
    let words = match linked {
        true => page.pick("привязан", "linked"),
        false => page.pick("не привязан", "not linked"),
    };
    html! {
        span class=(if linked { "mark yes" } else { "mark no" }) title=(words) {
            (if linked { "✓" } else { "✕" }) span.unseen { " " (words) }
        }
    }
}

fn member_row(page: &Page, heads: &[&str; 6], member: &Value) -> Markup {
    let linked = member["linked"] == true;
    let state = text(member, "state");
    let admin = match (member["admin"] == true, member["granted"] == true) {
        (true, true) => page.pick("да", "yes"),
        (true, false) => page.pick("ждёт прав", "waits for rights"),
        (false, _) => "",
    };
    let reasons = rows(member, "reasons").iter().chain(rows(member, "admin_reasons"));
    let reasons: BTreeSet<&str> = reasons.map(|reason| text(reason, "because")).collect();
    let reasons: Vec<&str> = reasons.into_iter().collect();
    html! {
        tr {
            td data-head=(heads[0]) { (mark(page, linked)) " " span.quiet { (text(member, "account")) } }
            td data-head=(heads[1]) { (page.name(text(member, "person"))) }
            td data-head=(heads[2]) { (page.language.role(text(member, "role"))) }
            td data-head=(heads[3]) { (admin) }
            td data-head=(heads[4]) { span class={ "state " (state) } {
                (page.language.member_state(state)) } }
            td data-head=(heads[5]) { span.quiet { (reasons.join("; ")) } }
        }
    }
}

/// Somebody who belongs there no longer and is still in.
fn leaving_row(page: &Page, heads: &[&str; 6], row: &Value) -> Markup {
    let people = rows(row, "people").iter().filter_map(Value::as_str);
    let names: Vec<String> = people.map(|id| page.name(id)).collect();
    html! {
        tr {
            td data-head=(heads[0]) { span.quiet { (text(row, "account")) } }
            td data-head=(heads[1]) { (names.join(", ")) }
            td data-head=(heads[2]) {}
            td data-head=(heads[3]) { @if row["admin"] == true { (page.pick("да", "yes")) } }
            td data-head=(heads[4]) { span.state.leaving { (page.pick("выбывает", "leaving")) } }
            td data-head=(heads[5]) {
                span.quiet {
                    (page.pick("данные школы больше не называют", "no longer named by the data"))
                    @if let Some(since) = row["since"].as_str() { " (" (moment(since)) ")" }
                }
            }
        }
    }
}
