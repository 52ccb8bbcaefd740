//! What the next cycle would do, chat by chat, and why.

use std::collections::BTreeMap;

use maud::{Markup, html};
use serde_json::Value;

use super::Page;
use crate::show::{rows, text};

pub(super) fn section(page: &Page) -> Markup {
    let plan = &page.gathered.plan;
    let operations = rows(plan, "operations");
    let held = operations.iter().filter(|row| row["result"] == "held").count();
    html! {
        section #plan {
            h2 {
                (page.pick("Что сделает следующий цикл", "What the next cycle will do"))
                " " span.count { (operations.len()) }
            }
            @if let Some(why) = &page.gathered.plan_failed {
                p.bad {
                    (page.pick("План не составлен", "No plan could be made")) ": "
                    (page.pick(&why.ru, &why.en))
                }
            } @else if operations.is_empty() {
                p.quiet { (page.pick("Ничего: всё так, как должно быть.", "Nothing: all is as it should be.")) }
            } @else {
                p.quiet {
                    (page.pick("По последней принятой выгрузке", "By the last roster accepted")) ": "
                    (page.language.counts(&plan["plan"]["operations"]))
                    @if held > 0 { "; " (page.pick("удержано", "held")) ": " (held) }
                    "."
                }
                (table(page, operations))
            }
        }
    }
}

fn table(page: &Page, operations: &[Value]) -> Markup {
    let heads = page.pick(["Что", "Кого", "Почему"], ["What", "Whom", "Why"]);
    let mut by_chat: BTreeMap<&str, Vec<&Value>> = BTreeMap::new();
    for operation in operations {
        by_chat.entry(text(operation, "chat")).or_default().push(operation);
    }
    html! {
        div.wide {
            table.operations {
                thead { tr { @for head in heads { th scope="col" { (head) } } } }
                @for (key, operations) in by_chat {
                    tbody.group {
                        tr.group { th colspan="3" scope="rowgroup" {
                            (page.title(key)) " " span.key { (key) } } }
                        @for operation in operations { (row(page, &heads, operation)) }
                    }
                }
            }
        }
    }
}

fn row(page: &Page, heads: &[&str; 3], operation: &Value) -> Markup {
    let name = text(operation, "operation");
    let (class, sign) = match name {
        "add_member" | "create_chat" | "restore_chat" | "invite_member" => ("good", "+"),
        "remove_member" | "archive_chat" | "delete_chat" => ("bad", "−"),
        "grant_admin" => ("good", "★"),
        "revoke_admin" => ("bad", "☆"),
        _ => ("", "·"),
    };
    html! {
        tr.find {
            td.title {
                span class=(class) { (sign) " " (page.language.operation(name)) }
                @if operation["result"] == "held" {
                    " " span.state.held { (page.pick("удержано", "held")) }
                }
            }
            td data-head=(heads[1]) { (whom(page, operation)) }
            td data-head=(heads[2]) { (page.language.of(&operation["reason"])) }
        }
    }
}

/// The people behind the account and the account, or the new title.
fn whom(page: &Page, operation: &Value) -> String {
    if let Some(title) = operation["title"].as_str() {
        return format!("«{title}»");
    }
    let people = rows(operation, "people").iter().filter_map(Value::as_str);
    let mut words: Vec<String> = people.map(|id| page.name(id)).collect();
    words.extend(operation["account"].as_str().map(str::to_owned));
    words.join(", ")
}
