//! The steps of the way on VK that differ: a community makes the chats itself.

use std::collections::BTreeMap;

use serde_json::json;
use zvonok::error::Code;

use super::crowd::{STRANGER, Way};
use super::stage::{Stage, expect};
use super::steps;
use crate::show::{self, text};
use crate::trouble::{Outcome, Trouble};
use crate::words::grouped;

/// The first cycle makes every chat.
pub(super) fn first(stage: &mut Stage) -> Outcome {
    stage.heading(
        "Первый цикл: чаты создаются по данным школы",
        "The first cycle makes the chats",
    )?;
    let (code, report, took) = stage.cycle(&stage.roster.clone(), json!({}))?;
    stage.show(|terminal| show::report::head(terminal, &report))?;
    let seconds = format!("{:.1}", took.as_secs_f64());
    let (chats, places) = stage.messenger.places()?;
    let places = grouped(places.len() as u64);
    stage.confirm(
        format!(
            "за {} с; в мессенджере чатов: {chats}, участников: {places} (двое с одной учётной \
             записью — один участник)",
            seconds.replace('.', ",")
        ),
        format!(
            "in {seconds} s; chats in the messenger: {chats}, members: {places} (two people who \
             share an account are one member)"
        ),
    )?;
    steps::registry(stage)?;
    Ok(code)
}

/// Where the token may not add people, they follow links, and strangers are shown the door.
pub(super) fn followers(stage: &mut Stage) -> Outcome {
    stage.heading(
        "Люди входят по ссылкам, и один посторонний",
        "People follow links, and a stranger",
    )?;
    let registry = stage.registry()?;
    let invited = invited(stage)?;
    for way in &invited {
        stage.messenger.join(&way.link, way.account)?;
    }
    let link = registry.iter().find_map(|chat| chat["link"].as_str()).unwrap_or_default();
    stage.messenger.join(link, STRANGER)?;
    let came = invited.len();
    stage.tell(
        format!("По ссылкам вошли: {came}; ещё один человек школе неизвестен."),
        format!("{came} people followed their links; one more is not known to the school."),
    )?;
    let (code, report, _) = stage.cycle(&stage.roster.clone(), json!({"verify": "all"}))?;
    stage.show(|terminal| show::report::head(terminal, &report))?;
    let (_, places) = stage.messenger.places()?;
    expect(!places.iter().any(|(_, person)| *person == STRANGER), "the stranger is still in")?;
    stage
        .confirm("посторонний исключён, свои остались", "the stranger is out, the others stayed")?;
    Ok(code)
}

/// Who follows which link: four of five of those who were invited.
fn invited(stage: &mut Stage) -> Result<Vec<Way>, Trouble> {
    // A set: parents may share an account.
    let all = stage.ways()?;
    Ok(all.into_iter().enumerate().filter(|(at, _)| at % 5 != 4).map(|(_, one)| one).collect())
}

/// Where everything stands at the end, from the library and from the messenger itself.
pub(super) fn summary(stage: &mut Stage) -> Outcome {
    stage.heading("Итог", "In the end")?;
    let registry = stage.registry()?;
    let mut states: BTreeMap<&str, u64> = BTreeMap::new();
    registry.iter().for_each(|chat| *states.entry(text(chat, "state")).or_default() += 1);
    let active = states.get("active").copied().unwrap_or_default();
    let (chats, places) = stage.messenger.places()?;
    let (members, changes) = (grouped(places.len() as u64), stage.messenger.changes()?);
    expect(active as usize == chats, "the registry and the messenger disagree")?;
    stage.tell(
        format!(
            "Чатов: {chats}, участников: {members}; изменяющих запросов за всё время: {changes}."
        ),
        format!("Chats: {chats}, members: {members}; changing requests in all: {changes}."),
    )?;
    stage.tell(
        "Дальше: zvonok check --help, zvonok plan --help, zvonok sync --help",
        "Next: zvonok check --help, zvonok plan --help, zvonok sync --help",
    )?;
    Ok(Code::Ok)
}
