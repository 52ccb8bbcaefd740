//! One page for a school's administrator, who would rather look than read: the chats with their
//! people, who has not linked an account yet, what the next cycle would do, what waits for a person.
//!
//! The file stands alone: no script, style or picture comes from outside, and the page forbids itself
//! to ask for any. It is written whole, so that it can be read and printed without its script too.

use base64::Engine;
use maud::{DOCTYPE, Markup, PreEscaped, html};
use ring::digest::{SHA256, digest};
use serde_json::Value;

use crate::people::People;
use crate::show::{moment, text};
use crate::words::Language;

mod attention;
mod chats;
mod gather;
mod missing;
mod plan;

pub(crate) use gather::Gathered;

const STYLE: &str = include_str!("style.css");
const SCRIPT: &str = include_str!("page.js");

/// What every part of the page is made from.
struct Page<'p> {
    gathered: &'p Gathered,
    people: &'p People,
    language: Language,
}

/// The whole file.
pub(crate) fn render(gathered: &Gathered, people: &People, language: Language) -> String {
    let page = Page { gathered, people, language };
    let title = page.pick("Чаты школы", "The school's chats");
    let markup = html! {
        (DOCTYPE)
        html lang=(page.pick("ru", "en")) {
            head {
                meta charset="utf-8";
                meta http-equiv="Content-Security-Policy" content=(policy());
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="referrer" content="no-referrer";
                title { (title) }
                style { (PreEscaped(STYLE)) }
            }
            body {
                (header(&page, title))
                (navigation(&page))
                main {
                    (attention::section(&page))
                    (chats::section(&page))
                    (missing::section(&page))
                    (plan::section(&page))
                    (attention::warnings(&page))
                }
                (footer(&page))
                script { (PreEscaped(SCRIPT)) }
            }
        }
    };
    markup.into_string()
}

/// Nothing is loaded, and no script runs but the one that was written in.
fn policy() -> String {
    let sum = base64::engine::general_purpose::STANDARD.encode(digest(&SHA256, SCRIPT.as_bytes()));
    format!("default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-{sum}'")
}

impl<'p> Page<'p> {
    fn pick<T>(&self, ru: T, en: T) -> T {
        self.language.pick(ru, en)
    }

    /// A person's name where it is known, else the id.
    fn name(&self, id: &str) -> String {
        self.people.name(id)
    }

    /// A chat's title, or its key where the title is not known.
    fn title<'k>(&'k self, key: &'k str) -> &'k str {
        let mut all = self.gathered.titles.iter();
        all.find(|(known, _)| known == key).map_or(key, |(_, title)| title)
    }
}

fn header(page: &Page, title: &str) -> Markup {
    let told = &page.gathered.diagnostics;
    let made = moment(text(&told["time"], "now"));
    let cycle = &told["state"]["last_cycle"];
    html! {
        header.top {
            h1 { (title) }
            p.about {
                (messenger(&told["platform"])) " · "
                (page.pick("профиль", "profile")) " " (text(&told["profile"], "name")) " · "
                (page.pick("страница от", "page of")) " " (made)
                @if cycle.is_object() {
                    " · " (page.pick("последний цикл", "last cycle")) " "
                    (moment(text(cycle, "finished")))
                }
            }
            (tiles(page))
        }
    }
}

fn messenger(platform: &Value) -> String {
    let kind = match text(platform, "kind") {
        "vk" => "ВКонтакте",
        "max" => "MAX",
        other => other,
    };
    match text(platform, "community") {
        "" => kind.to_owned(),
        community => format!("{kind} {community}"),
    }
}

/// The numbers that a glance is for.
fn tiles(page: &Page) -> Markup {
    let sums = page.gathered.sums();
    let tile = |class: &str, number: String, words: &str| {
        html! { div class={ "tile " (class) } { strong { (number) } span { (words) } } }
    };
    let alarm = |count: usize| if count > 0 { "alarm" } else { "calm" };
    html! {
        div.tiles {
            (tile("", sums.active.to_string(), page.pick("чатов действует", "chats are active")))
            (tile("", format!("{} / {}", sums.linked, sums.people),
                page.pick("привязали аккаунт", "have linked an account")))
            (tile("", format!("{} / {}", sums.joined, sums.desired),
                page.pick("мест в чатах занято", "places in chats taken")))
            (tile(alarm(sums.tasks), sums.tasks.to_string(),
                page.pick("задач человеку", "tasks for a person")))
            (tile(alarm(sums.held), sums.held.to_string(),
                page.pick("удержано", "held")))
            (tile(alarm(sums.failed), sums.failed.to_string(),
                page.pick("не удалось", "failed")))
        }
    }
}

fn navigation(page: &Page) -> Markup {
    let links = [
        ("attention", page.pick("Нужен человек", "A person is needed")),
        ("chats", page.pick("Чаты", "Chats")),
        ("missing", page.pick("Кто не привязал", "Who has not linked")),
        ("plan", page.pick("План", "Plan")),
        ("warnings", page.pick("Предупреждения", "Warnings")),
    ];
    html! {
        nav {
            label.search {
                span.unseen { (page.pick("Поиск", "Search")) }
                input #search type="search" autocomplete="off" spellcheck="false"
                    placeholder=(page.pick("Поиск: чат, человек, ключ", "Search: chat, person, key"));
            }
            @for (id, words) in links { a href={ "#" (id) } { (words) } }
            span #found aria-live="polite" data-words=(page.pick("найдено", "found")) {}
        }
    }
}

fn footer(page: &Page) -> Markup {
    html! {
        footer {
            @if !page.people.is_empty() {
                p.personal {
                    (page.pick(
                        "В этом файле имена людей: храните и передавайте его как выгрузку школы.",
                        "This file has names of people in it: keep it as you keep the roster.",
                    ))
                }
            }
            p { (text(&page.gathered.diagnostics, "version")) }
        }
    }
}
