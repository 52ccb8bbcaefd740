//! What waits for a person: holds of the guard, tasks with their steps, failures; and warnings.

use std::collections::BTreeMap;

use maud::{Markup, html};
use serde_json::Value;

use super::Page;
use crate::show::{moment, rows, text};

pub(super) fn section(page: &Page) -> Markup {
    let (held, tasks) = (rows(&page.gathered.plan, "held"), &page.gathered.tasks);
    let failed = page.gathered.failed();
    html! {
        section #attention {
            h2 { (page.pick("Нужен человек", "A person is needed")) }
            @if held.is_empty() && tasks.is_empty() && failed.is_empty() {
                p.good { (page.pick("Ничего не ждёт человека.", "Nothing waits for a person.")) }
            }
            @if !held.is_empty() { (holds(page, held)) }
            @if !tasks.is_empty() { (task_cards(page, tasks)) }
            @if !failed.is_empty() { (failures(page, &failed)) }
        }
    }
}

fn holds(page: &Page, held: &[Value]) -> Markup {
    html! {
        article.hold {
            h3 { (page.pick("Предохранитель удерживает", "The guard holds")) }
            ul {
                @for row in held {
                    li.find {
                        @if let Some(chat) = row["chat"].as_str() { strong { (page.title(chat)) } ": " }
                        (page.language.of(&row["message"]))
                        @let who = who(row);
                        @if !who.is_empty() { ": " (who) }
                    }
                }
            }
            (how_to_allow(page))
        }
    }
}

/// Accounts as the messenger names them.
fn who(row: &Value) -> String {
    let one = |who: &Value| match (text(who, "name"), text(who, "account")) {
        ("", account) => account.to_owned(),
        (name, account) => format!("{name} ({account})"),
    };
    rows(row, "who").iter().map(one).collect::<Vec<_>>().join(", ")
}

/// A hold that only this plan has seen gets its fingerprint from the cycle that meets it.
fn how_to_allow(page: &Page) -> Markup {
    let plan = &page.gathered.plan;
    let (hold, started) = (&plan["hold"], text(plan, "started"));
    let new = text(hold, "since").get(..19) >= started.get(..19);
    let print = text(hold, "fingerprint");
    html! {
        @if new {
            p { (page.pick(
                "Следующий цикл удержит это и назовёт отпечаток, которым это можно разрешить.",
                "The next cycle will hold this and name the fingerprint that allows it.",
            )) }
        } @else {
            p { (page.pick(
                "Проверьте выгрузку школы. Если так и должно быть, разрешите — запросом ",
                "Look at the school's export. If this is meant, allow it: by the request ",
            )) code { "guard.approve" } (page.pick(" с отпечатком ", " with the fingerprint "))
                code.print { (print) } (page.pick(" или командой ", " or by the command "))
                code { "zvonok sync … --approve " (print) } "."
            }
            p.quiet { (page.pick("Удержано с ", "Held since ")) (moment(text(hold, "since")))
                (page.pick(", разрешение действует до ", ", an approval counts until "))
                (moment(text(hold, "expires"))) "." }
        }
    }
}

/// So many tasks are shown with their steps at once; more are unfolded one by one.
const UNFOLDED: usize = 6;

fn task_cards(page: &Page, tasks: &[Value]) -> Markup {
    html! {
        h3 { (page.pick("Задачи, шаг за шагом", "Tasks, step by step")) " "
            span.count { (tasks.len()) } }
        div.cards { @for task in tasks { (task_card(page, task, tasks.len() <= UNFOLDED)) } }
    }
}

fn task_card(page: &Page, task: &Value, open: bool) -> Markup {
    let people = rows(task, "people").iter().filter_map(Value::as_str);
    let names: Vec<String> = people.map(|id| page.name(id)).collect();
    html! {
        details.card.find open[open] {
            summary {
                (page.language.task(text(task, "kind"))) " «" (text(task, "title")) "» "
                code { (text(task, "code")) }
            }
            @if let Some(account) = task["account"].as_str() {
                p { (page.pick("Учётная запись", "Account")) " " (account)
                    @if !names.is_empty() { ": " (names.join(", ")) } }
            }
            ol {
                @for step in rows(&task["steps"], page.pick("ru", "en")) {
                    li { (step.as_str().unwrap_or_default()) }
                }
            }
            p.quiet { (text(task, "id")) " · " (text(task, "chat")) " · "
                (page.pick("с ", "since ")) (moment(text(task, "since"))) }
        }
    }
}

fn failures(page: &Page, failed: &[&Value]) -> Markup {
    let heads = page
        .pick(["Что", "Чат", "Кто", "Почему", "Снова"], ["What", "Chat", "Who", "Why", "Next try"]);
    html! {
        h3 { (page.pick("Не удалось, будет повторено", "Failed, to be tried again")) " "
            span.count { (failed.len()) } }
        div.wide {
            table.failures {
                thead { tr { @for head in heads { th scope="col" { (head) } } } }
                tbody { @for row in failed { (failure(page, &heads, row)) } }
            }
        }
    }
}

fn failure(page: &Page, heads: &[&str; 5], row: &Value) -> Markup {
    let people = rows(row, "people").iter().filter_map(Value::as_str);
    let mut who: Vec<String> = people.map(|id| page.name(id)).collect();
    who.extend(row["account"].as_str().map(str::to_owned));
    html! {
        tr.find {
            td.title { (page.language.operation(text(row, "operation"))) }
            td data-head=(heads[1]) { (page.title(text(row, "chat"))) }
            td data-head=(heads[2]) { (who.join(", ")) }
            td data-head=(heads[3]) { (page.language.of(&row["message"])) " "
                span.key { (text(row, "code")) } }
            td data-head=(heads[4]) { (moment(text(row, "next_try"))) }
        }
    }
}

/// What was left out of the roster or looks wrong, by kind.
pub(super) fn warnings(page: &Page) -> Markup {
    let all = rows(&page.gathered.plan["roster"], "warnings");
    let mut kinds: BTreeMap<&str, Vec<&Value>> = BTreeMap::new();
    for warning in all {
        kinds.entry(text(warning, "code")).or_default().push(warning);
    }
    html! {
        section #warnings {
            h2 { (page.pick("Предупреждения", "Warnings")) " " span.count { (all.len()) } }
            @if all.is_empty() { p.quiet { (page.pick("Нет.", "None.")) } }
            @for (code, warnings) in kinds {
                details open[warnings.len() <= 5] {
                    summary { (page.language.of(&warnings[0]["message"])) " "
                        span.key { (code) } " " span.count { (warnings.len()) } }
                    ul {
                        @for warning in warnings {
                            li.find { code { (text(warning, "at")) } " "
                                (page.language.of(&warning["message"]))
                                @if !text(warning, "value").is_empty() {
                                    " " span.quiet { "«" (text(warning, "value")) "»" }
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}
