//! Who still has to link an account: the list that a class teacher goes through.

use std::collections::BTreeMap;

use maud::{Markup, html};

use super::Page;
use crate::show::{rows, text};

/// Somebody without an account, and the chats that wait for them.
#[derive(Default)]
struct Somebody<'g> {
    role: &'g str,
    chats: Vec<&'g str>,
}

pub(super) fn section(page: &Page) -> Markup {
    let missing = missing(page);
    let heads = page.pick(["Кто", "Роль", "Ждут в чатах"], ["Who", "Role", "Awaited in"]);
    html! {
        section #missing {
            h2 {
                (page.pick("Кто ещё не привязал аккаунт", "Who has not linked an account yet"))
                " " span.count { (missing.len()) }
            }
            @if missing.is_empty() {
                p.quiet { (page.pick("Привязали все.", "Everybody has.")) }
            } @else {
                div.wide {
                    table {
                        thead { tr { @for head in heads { th scope="col" { (head) } } } }
                        tbody {
                            @for (name, somebody) in &missing {
                                tr.find {
                                    td.title { (super::chats::mark(page, false)) " " (name) }
                                    td data-head=(heads[1]) { (page.language.role(somebody.role)) }
                                    td data-head=(heads[2]) { (somebody.chats.join(", ")) }
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}

/// Sorted by name, then by id.
fn missing<'p>(page: &Page<'p>) -> Vec<(String, Somebody<'p>)> {
    let people = page.gathered.people();
    let mut missing: BTreeMap<&str, Somebody> = BTreeMap::new();
    for chat in &page.gathered.chats {
        for member in rows(chat, "members") {
            let id = text(member, "person");
            if people.get(id) == Some(&false) {
                let somebody = missing.entry(id).or_default();
                somebody.role = text(member, "role");
                somebody.chats.push(text(chat, "title"));
            }
        }
    }
    let mut rows: Vec<(String, Somebody)> =
        missing.into_iter().map(|(id, somebody)| (page.name(id), somebody)).collect();
    rows.sort_by_key(|(name, _)| name.to_lowercase().replace('ё', "е"));
    rows
}
