//! On MAX people come by links: as they please, also those who should not, and go when their account
//! is theirs no more.

use std::collections::BTreeMap;

use serde_json::json;
use zvonok::error::Code;

use super::crowd::{STRANGER, Wave};
use super::stage::{Stage, expect};
use super::steps;
use crate::show::{self, rows, text};
use crate::trouble::{Outcome, Trouble};

/// How many people come before each of the next cycles. MAX tells of two hundred people a second, and
/// every chat into which somebody came is looked at: a large school would keep the visitor waiting.
const WAVES: [Wave; 3] = [
    Wave { percent: 50, most: 1500 },
    Wave { percent: 50, most: 80 },
    Wave { percent: 50, most: 60 },
];

/// People follow their links in any order over some cycles; in the second a stranger is with them.
pub(super) fn come(stage: &mut Stage) -> Outcome {
    stage.heading("Люди входят по ссылкам", "People come by their links")?;
    let mut code = Code::Ok;
    for (number, wave) in WAVES.iter().enumerate() {
        let ways = stage.ways()?;
        let came = stage.crowd.come(&stage.messenger, ways, wave)?;
        if number == 1 {
            let (_, link) = leaking(stage)?;
            stage.messenger.declare(STRANGER, "Посторонний", "Человек")?;
            stage.messenger.join(&link, STRANGER)?;
        }
        let (ended, report, took) = stage.next()?;
        code = ended;
        let (seconds, done) = (took.as_secs(), stage.terminal.language.counts(&report["done"]));
        stage.tell(
            format!("  вошли: {came}; цикл за {seconds} с — {done}"),
            format!("  came: {came}; the cycle took {seconds} s: {done}"),
        )?;
    }
    let (_, places) = stage.messenger.places()?;
    expect(!places.iter().any(|(_, one)| *one == STRANGER), "the stranger is still in")?;
    stage.confirm(
        "права выданы тем, кто вошёл; посторонний исключён, свои остались",
        "rights were given to those who came; the stranger is out, the others stayed",
    )?;
    steps::registry(stage)?;
    Ok(code)
}

/// The chat whose link gets about: its key and the link.
fn leaking(stage: &mut Stage) -> Result<(String, String), Trouble> {
    let registry = stage.registry()?;
    let chat = registry.iter().find(|chat| text(chat, "key").starts_with("class:"));
    let chat = chat.ok_or_else(|| Trouble::System("there is no class".to_owned()))?;
    Ok((text(chat, "key").to_owned(), text(chat, "link").to_owned()))
}

/// The stranger comes by the same link again: only a new link helps, and only a person can make it.
pub(super) fn leak(stage: &mut Stage) -> Outcome {
    stage.heading(
        "Исключённый вернулся по той же ссылке: она утекла",
        "Who was removed came back by the same link: it leaked",
    )?;
    let (key, old) = leaking(stage)?;
    stage.messenger.join(&old, STRANGER)?;
    let (_, report, _) = stage.next()?;
    let mut tasks = rows(&report, "tasks").iter();
    let task = tasks.find(|task| task["kind"] == "rotate_link" && task["chat"] == key);
    let Some(task) = task else {
        return Err(Trouble::System("nobody is asked for a new link".to_owned()));
    };
    let people = stage.people();
    stage.show(|terminal| show::tasks::one(terminal, task, &people))?;
    stage.office.mend(&stage.messenger, task)?;
    stage.done(task)?;
    let (code, _, _) = stage.next()?;
    let (_, new) = leaking(stage)?;
    let (_, places) = stage.messenger.places()?;
    expect(!places.iter().any(|(_, one)| *one == STRANGER), "the stranger is still in")?;
    expect(stage.messenger.is_dead(&old, STRANGER) && new != old, "the old link still works")?;
    stage.confirm(
        "посторонний исключён, старая ссылка мертва, ещё не вошедшим показана новая",
        "the stranger is out, the old link is dead, those still to come are shown the new one",
    )?;
    Ok(code)
}

/// A parent unlinks the account and is out of every chat at once.
pub(super) fn unlink(stage: &mut Stage) -> Outcome {
    stage.heading("Родитель отвязал учётную запись", "A parent has unlinked the account")?;
    let Some((person, account)) = somebody(stage)? else {
        return Err(Trouble::System("no parent is in any chat".to_owned()));
    };
    let inside = |stage: &Stage| -> Result<usize, Trouble> {
        Ok(stage.messenger.places()?.1.iter().filter(|(_, one)| *one == account).count())
    };
    let (before, begun) = (inside(stage)?, std::time::Instant::now());
    let (code, _) =
        stage.request("accounts.unlink", json!({"person": person, "platform": "max"}))?;
    let ms = begun.elapsed().as_millis();
    expect(before > 0 && inside(stage)? == 0, "who unlinked is still in a chat")?;
    let name = stage.people().name(&person);
    stage.confirm(
        format!("{name}: чатов было {before}, стало 0; без цикла, за {ms} мс"),
        format!("{name}: was in {before} chats, is in none now; without a cycle, in {ms} ms"),
    )?;
    let (next, _, _) = stage.next()?;
    Ok(if code == Code::Ok { next } else { code })
}

/// The parent who is in the most chats with an account that is nobody else's.
fn somebody(stage: &mut Stage) -> Result<Option<(String, i64)>, Trouble> {
    let mut places: BTreeMap<i64, Vec<String>> = BTreeMap::new();
    for row in stage.registry()? {
        let chat = stage.chat(text(&row, "key"))?;
        for member in rows(&chat, "members").iter().filter(|member| member["joined"] == true) {
            if let Ok(account) = text(member, "account").parse() {
                let who = if text(&row, "key").starts_with("parents:") && member["admin"] == false {
                    text(member, "person")
                } else {
                    ""
                };
                places.entry(account).or_default().push(who.to_owned());
            }
        }
    }
    let alone = |people: &Vec<String>| {
        !people[0].is_empty() && people.iter().all(|person| *person == people[0])
    };
    let best = places.into_iter().filter(|(_, people)| alone(people));
    let best = best.max_by_key(|(_, people)| people.len());
    Ok(best.map(|(account, people)| (people[0].clone(), account)))
}
