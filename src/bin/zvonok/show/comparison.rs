//! What changes where one profile takes the place of another, chat by chat.

use std::collections::{BTreeMap, BTreeSet};
use std::io;

use serde_json::Value;

use super::cases::because;
use super::faults;
use crate::people::People;
use crate::profiles::compare::{Answered, Change, ChatChange, Comparison, Differing, Who};
use crate::terminal::{Terminal, Tone};
use crate::words::grouped;

/// How much of a comparison is shown.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, clap::ValueEnum, Debug)]
pub(crate) enum Detail {
    /// Counts, and what differs beside the chats.
    Summary,
    /// A line for each chat.
    Chats,
    /// Everybody who comes, goes, gets or loses rights, and why.
    People,
    /// The people of chats that only one profile makes, too.
    All,
}

/// Shows a comparison.
pub(crate) fn show(
    terminal: &Terminal,
    comparison: &Comparison,
    people: &People,
    detail: Detail,
    most: usize,
) -> io::Result<()> {
    summary(terminal, comparison)?;
    rules(terminal, &comparison.rules)?;
    match &comparison.requests {
        Some(answered) => requests(terminal, answered)?,
        None if comparison.against.is_some() => terminal.say(terminal.pick(
            "Кому что можно — не сравнивалось: на такой выгрузке это слишком долго",
            "Who may do what was not compared: with such a roster it takes too long",
        ))?,
        None => {}
    }
    if detail > Detail::Summary {
        for chat in &comparison.chats {
            terminal.say(heading(terminal, chat))?;
            if detail > Detail::Chats {
                within(terminal, chat, people, detail, most)?;
            }
        }
    }
    faults::warnings(
        terminal,
        &comparison.warnings.iter().map(|w| serde_json::json!(w)).collect::<Vec<_>>(),
    )
}

fn summary(terminal: &Terminal, comparison: &Comparison) -> io::Result<()> {
    let name = terminal.tone(Tone::Head, &comparison.profile);
    let counts = &comparison.summary;
    let count = |number: usize| grouped(number as u64);
    let Some(against) = &comparison.against else {
        let all = count(counts.chats);
        return terminal.say(terminal.pick(
            format!("{name}, сравнивать не с чем, показано всё: чатов {all}"),
            format!("{name}, nothing to compare with, all is shown: {all} chats"),
        ));
    };
    terminal.say(
        terminal.pick(format!("{name} вместо {against}"), format!("{name} in place of {against}")),
    )?;
    let [all, same, differ, here, there] =
        [counts.chats, counts.same, counts.differ, counts.only_here, counts.only_there].map(count);
    terminal.say(terminal.pick(
        format!(
            "  Чаты  {all}: без изменений {same} · изменятся {differ} · появятся {here} · исчезнут {there}"
        ),
        format!("  Chats  {all}: {same} the same · {differ} change · {here} appear · {there} vanish"),
    ))?;
    let [added, removed, granted, revoked] =
        [counts.added, counts.removed, counts.granted, counts.revoked].map(count);
    terminal.say(terminal.pick(
        format!(
            "  Люди  войдут {added} · уйдут {removed} · получат права {granted} · лишатся прав {revoked}"
        ),
        format!("  People  {added} come · {removed} go · {granted} get rights · {revoked} lose rights"),
    ))
}

/// Policies and settings that differ.
fn rules(terminal: &Terminal, rules: &[Differing]) -> io::Result<()> {
    if rules.is_empty() {
        return Ok(());
    }
    let head = terminal.pick("Правила и настройки", "Rules and settings");
    terminal.say(terminal.tone(Tone::Head, head))?;
    rules.iter().try_for_each(|rule| terminal.say(differing(terminal, rule)))
}

/// Requests that are answered otherwise: for each method what became allowed or refused, to people
/// with which roles, about what.
fn requests(terminal: &Terminal, requests: &[Answered]) -> io::Result<()> {
    if requests.is_empty() {
        return Ok(());
    }
    let head = terminal.pick("Кому что можно, на пробу", "Who may do what, by samples");
    terminal.say(terminal.tone(Tone::Head, head))?;
    let mut lines: BTreeMap<(&str, bool), BTreeSet<String>> = BTreeMap::new();
    for one in requests {
        let kind = match one.about.split_once(':') {
            Some(("new" | "made", kind)) => kind,
            Some((kind, _)) => kind,
            None => &one.about,
        };
        let about = if kind.is_empty() { String::new() } else { format!(" ({kind})") };
        let line = format!("{}{about}", one.roles.join(" + "));
        lines.entry((&one.method, one.allowed)).or_default().insert(line);
    }
    lines.iter().try_for_each(|((method, allowed), who)| {
        let word = match allowed {
            true => terminal.tone(Tone::Good, terminal.pick("станет можно", "becomes allowed")),
            false => terminal.tone(Tone::Bad, terminal.pick("станет нельзя", "becomes refused")),
        };
        let who = who.iter().map(String::as_str).collect::<Vec<_>>().join(", ");
        terminal.say(format!("  · {method}: {word} — {who}"))
    })
}

fn differing(terminal: &Terminal, one: &Differing) -> String {
    let value = |value: &Value| match value {
        Value::Null => terminal.pick("нет", "none").to_owned(),
        Value::String(text) => format!("«{text}»"),
        other => other.to_string(),
    };
    let (here, there) = (value(&one.here), value(&one.there));
    let was = terminal.pick("было", "was");
    format!("  · {}: {here} {}", one.field, terminal.tone(Tone::Faint, format!("({was} {there})")))
}

fn heading(terminal: &Terminal, chat: &ChatChange) -> String {
    let (mark, tone) = match chat.change {
        Change::OnlyHere => ("+", Tone::Good),
        Change::OnlyThere => ("−", Tone::Bad),
        Change::Differs => ("~", Tone::Warning),
    };
    let counts = match chat.change {
        Change::OnlyHere => whole(terminal, &chat.added, &chat.granted),
        Change::OnlyThere => whole(terminal, &chat.removed, &chat.revoked),
        Change::Differs => [
            ("+", chat.added.len()),
            ("−", chat.removed.len()),
            ("★", chat.granted.len()),
            ("☆", chat.revoked.len()),
        ]
        .iter()
        .filter(|(_, count)| *count > 0)
        .map(|(mark, count)| format!("{mark}{count}"))
        .collect::<Vec<_>>()
        .join(" "),
    };
    let why = match chat.because {
        None => String::new(),
        Some(because) => format!(" ({})", why_not(terminal, chat.change, because)),
    };
    let title = terminal.tone(Tone::Head, &chat.title);
    let tail = terminal.tone(Tone::Faint, format!("{} {counts}{why}", chat.key));
    format!("{} {title} {tail}", terminal.tone(tone, mark))
}

fn whole(terminal: &Terminal, members: &[Who], admins: &[Who]) -> String {
    let (members, admins) = (members.len(), admins.len());
    terminal.pick(
        format!("людей {members}, админов {admins}"),
        format!("{members} people, {admins} admins"),
    )
}

/// Why the other side does not make the chat.
fn why_not(terminal: &Terminal, change: Change, because: &str) -> String {
    let side = match change {
        Change::OnlyHere => terminal.pick("там", "there"),
        _ => terminal.pick("здесь", "here"),
    };
    let why = match because {
        "not_yet" => terminal.pick("не выполнено create_when", "create_when does not hold"),
        "archived" => terminal.pick("не выполнено when", "when does not hold"),
        _ => terminal.pick("такого чата нет", "there is no such chat"),
    };
    format!("{side} {why}")
}

fn within(
    terminal: &Terminal,
    chat: &ChatChange,
    people: &People,
    detail: Detail,
    most: usize,
) -> io::Result<()> {
    for field in &chat.fields {
        terminal.say(format!("  {}", differing(terminal, field)))?;
    }
    let all = chat.change == Change::Differs || detail == Detail::All;
    let lists = [
        ("+", Tone::Good, &chat.added, &chat.granted, true),
        ("−", Tone::Bad, &chat.removed, &chat.revoked, true),
        ("★", Tone::Good, &chat.granted, &chat.added, false),
        ("☆", Tone::Bad, &chat.revoked, &chat.removed, false),
    ];
    for (mark, tone, who, other, membership) in lists {
        if membership && !all {
            continue;
        }
        // Whoever comes as an admin is told once, with both reasons.
        let told = |one: &&Who| !membership && all && other.iter().any(|o| o.person == one.person);
        let shown: Vec<&Who> = who.iter().filter(|one| !told(one)).collect();
        for one in shown.iter().take(most) {
            let admin = other.iter().find(|o| membership && o.person == one.person);
            terminal.say(person(terminal, (mark, tone), one, admin, people))?;
        }
        faults::more(terminal, shown.len().saturating_sub(most))?;
    }
    Ok(())
}

fn person(
    terminal: &Terminal,
    (mark, tone): (&str, Tone),
    who: &Who,
    admin: Option<&Who>,
    people: &People,
) -> String {
    let star = admin.map_or("", |_| " ★");
    let mut why = because(&who.reasons);
    if let Some(admin) = admin.filter(|admin| admin.reasons != who.reasons) {
        why.push_str(&format!("; ★ {}", because(&admin.reasons)));
    }
    let name = people.name(&who.person);
    let mark = terminal.tone(tone, format!("{mark}{star}"));
    format!("    {mark} {name} {}", terminal.tone(Tone::Faint, format!("— {why}")))
}
