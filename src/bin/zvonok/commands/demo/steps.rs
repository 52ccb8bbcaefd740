//! The steps that every messenger has, one function each.

use std::collections::BTreeSet;
use std::io;
use std::time::Duration;

use serde_json::{Value, json};
use zvonok::error::{Code, Error};

use super::messenger::{Places, Side};
use super::stage::{Stage, expect};
use crate::people::People;
use crate::school::changes;
use crate::show::plan::Depth;
use crate::show::{self, number, rows, text};
use crate::terminal::{Terminal, Tone};
use crate::trouble::{Outcome, Trouble};
use crate::words::grouped;

/// A day of changes in a plan.
const DAY: Depth = Depth { chats: 12, operations: 5 };

/// What there is to see, and where.
pub(super) fn welcome(stage: &Stage) -> io::Result<()> {
    let size = number(&stage.roster["generated"], "students");
    let (address, messenger) = (stage.address(), stage.messenger.side.name().to_uppercase());
    stage.tell(
        format!(
            "Вымышленная школа на {size} учеников, профиль «Параграф», {messenger} на этом компьютере.\n\
             Страница мессенджера: {address}\n\
             Быстрее — с --small, школа побольше — с --full, по шагам — с --pause."
        ),
        format!(
            "A made-up school of {size} students, the profile «paragraf», {messenger} on this machine.\n\
             The messenger's page: {address}\n\
             --small is quicker, --full is a larger school, --pause goes step by step."
        ),
    )
}

/// The registry as the library has it.
pub(super) fn registry(stage: &mut Stage) -> Result<(), Trouble> {
    const ROWS: usize = 10;
    let (registry, people) = (stage.registry()?, stage.people());
    stage.tell("\nСписок чатов (в чате/всего, ссылка):", "\nThe registry (in/of, link):")?;
    stage.show(|terminal| show::registry::by_class(terminal, &registry, &people, ROWS))?;
    Ok(())
}

/// The same data again cost nothing; on MAX one question, whether anything happened.
pub(super) fn unchanged(stage: &mut Stage) -> Outcome {
    stage.heading("Ничего не изменилось", "Nothing has changed")?;
    let questions = u64::from(stage.messenger.side == Side::Max);
    // Cycles are minutes apart; one right after another would wait until it may ask MAX again.
    std::thread::sleep(Duration::from_secs(questions));
    let before = stage.messenger.requests()?;
    let (code, report, took) = stage.soon()?;
    let after = stage.messenger.requests()?;
    let (sent, changing) = (after.0 - before.0, after.1 - before.1);
    let told = number(&report["requests"], "sent");
    expect(
        changing == 0 && sent == questions && told == sent,
        &format!("an unchanged cycle sent {sent} requests, of which {changing} changed something"),
    )?;
    let ms = took.as_millis();
    let [ru, en] = match stage.messenger.side {
        Side::Max => [" (вопрос, что произошло)", " (the question what happened)"],
        Side::Vk => ["", ""],
    };
    stage.confirm(
        format!("запросов: {sent}{ru}, изменяющих: {changing}; заняло {ms} мс"),
        format!("requests: {sent}{en}, changing: {changing}; it took {ms} ms"),
    )?;
    Ok(code)
}

/// What happens in a school on one day.
const HAPPENS: [&str; 7] = [
    "enrol-student",
    "depart-student",
    "move-student",
    "new-class-teacher",
    "acting-head-on",
    "link-parent",
    "unlink-parent",
];

/// A day of changes: the plan first, then the deed.
pub(super) fn day(stage: &mut Stage) -> Outcome {
    stage.heading("Назавтра в школе перемены", "The next day brings changes")?;
    stage.sleep();
    for name in HAPPENS {
        if let Some(change) = changes::apply(name, &mut stage.roster, &mut stage.chance) {
            let people = stage.people();
            let [ru, en] = [change.ru, change.en].map(|text| named(text, &change.ids, &people));
            stage.tell(format!("  • {ru}"), format!("  • {en}"))?;
        }
    }
    stage.tell("\nПлан, до всяких действий:", "\nThe plan, before anything is done:")?;
    let roster = stage.roster.clone();
    let before = stage.messenger.chats()?;
    let options = json!({"dry_run": true, "detail": "operations"});
    let (_, plan, _) = stage.cycle(&roster, options)?;
    expect(stage.messenger.chats()? == before, "a plan changed something")?;
    let people = stage.people();
    stage.show(|terminal| show::plan::show(terminal, &plan, &people, DAY))?;
    stage.pause()?;
    let (code, report, took) = stage.cycle(&roster, json!({}))?;
    let (done, ms) = (&report["done"], took.as_millis());
    expect(*done == plan["plan"]["operations"], "something else was done than planned")?;
    let [ru, en] = [crate::words::Language::Ru, crate::words::Language::En]
        .map(|language| language.counts(done));
    stage.confirm(format!("сделано за {ms} мс: {ru}"), format!("done in {ms} ms: {en}"))?;
    Ok(code)
}

/// A change's words with names beside the ids.
fn named(text: String, ids: &[String], people: &People) -> String {
    ids.iter().fold(text, |text, id| text.replace(id.as_str(), &people.name(id)))
}

/// Two exports that went wrong: nobody is removed.
pub(super) fn accidents(stage: &mut Stage) -> Outcome {
    stage.heading("Сбои выгрузки", "Exports that went wrong")?;
    let (_, before) = stage.messenger.places()?;
    refused(stage)?;
    nobody_left(stage, &before)?;
    held(stage)?;
    nobody_left(stage, &before)?;
    stage.tell("\nСледующая выгрузка снова исправна:", "\nThe next export is sound again:")?;
    let (code, report, _) = stage.cycle(&stage.roster.clone(), json!({}))?;
    nobody_left(stage, &before)?;
    stage.show(|terminal| show::report::head(terminal, &report))?;
    Ok(code)
}

/// A table that breaks off: the roster is refused before anything is looked at.
fn refused(stage: &mut Stage) -> Result<(), Trouble> {
    let mut roster = stage.roster.clone();
    if let Some(change) = changes::broken_export(&mut roster, &mut stage.chance) {
        stage.tell(change.ru, change.en)?;
    }
    match stage.cycle(&roster, json!({})) {
        Err(Trouble::Library(error)) if error.code == Code::Roster => {
            let terminal = stage.terminal;
            if terminal.json {
                return Ok(terminal.document(&error.to_json())?);
            }
            Ok(show_refusal(terminal, &error)?)
        }
        Err(trouble) => Err(trouble),
        Ok(_) => Err(Trouble::System("the broken export was accepted".to_owned())),
    }
}

fn show_refusal(terminal: &Terminal, error: &Error) -> io::Result<()> {
    const MOST: usize = 3;
    let head = terminal.pick("Выгрузка отклонена (ROSTER):", "The export is refused (ROSTER):");
    terminal.say(terminal.tone(Tone::Warning, head))?;
    for fault in error.faults.iter().take(MOST) {
        terminal.say(format!("  {}", show::faults::line(terminal, fault)))?;
    }
    show::faults::more(terminal, error.faults.len().saturating_sub(MOST))
}

/// Students of most classes are missing from data that is otherwise in order: only the guard can
/// see that this is no ordinary day.
fn held(stage: &mut Stage) -> Result<(), Trouble> {
    let mut roster = stage.roster.clone();
    let (lost, all) = lose_students(&mut roster);
    stage.tell(
        format!("\nЕщё один сбой: пропали зачисления учеников {lost} классов из {all}."),
        format!("\nAnother fault: the enrollments of {lost} of {all} classes' students are gone."),
    )?;
    let (code, report, _) = stage.cycle(&roster, json!({}))?;
    expect(code == Code::Held, "the guard held nothing")?;
    stage.show(|terminal| show::faults::held(terminal, &report, 3))?;
    Ok(())
}

/// Drops the students of all homerooms but the first third; tells how many of how many.
fn lose_students(roster: &mut Value) -> (usize, usize) {
    let homerooms: Vec<String> = rows(roster, "classes")
        .iter()
        .filter(|class| class["classType"] == "homeroom")
        .map(|class| text(class, "sourcedId").to_owned())
        .collect();
    let kept = homerooms.len() / 3;
    let lost: BTreeSet<&str> = homerooms.iter().skip(kept).map(String::as_str).collect();
    if let Some(enrollments) = roster["enrollments"].as_array_mut() {
        enrollments
            .retain(|row| row["role"] != "student" || !lost.contains(text(row, "classSourcedId")));
    }
    (lost.len(), homerooms.len())
}

fn nobody_left(stage: &Stage, before: &Places) -> Result<(), Trouble> {
    let (_, now) = stage.messenger.places()?;
    let missing = before.difference(&now).count();
    expect(missing == 0, "somebody was removed")?;
    let count = grouped(now.len() as u64);
    stage.confirm(
        format!("никто не исключён: в мессенджере по-прежнему участников: {count}"),
        format!("nobody was removed: members in the messenger are still {count}"),
    )?;
    Ok(())
}
