//! The report of a cycle.

use std::io;

use serde_json::Value;

use super::{faults, moving, number, rows, tasks, text};
use crate::people::People;
use crate::terminal::{Terminal, Tone};
use crate::words::grouped;

/// So many reasons of a hold tell enough; `--json` has them all.
pub(crate) const HELD: usize = 20;

/// Shows a whole report.
pub(crate) fn show(terminal: &Terminal, report: &Value, people: &People) -> io::Result<()> {
    head(terminal, report)?;
    faults::failed(terminal, report, people)?;
    faults::held(terminal, report, HELD)?;
    tasks::summary(terminal, rows(report, "tasks"))?;
    moving::show(terminal, &report["move"])?;
    faults::warnings(terminal, rows(&report["roster"], "warnings"))
}

/// The summary: how it ended, what was read, done and asked.
pub(crate) fn head(terminal: &Terminal, report: &Value) -> io::Result<()> {
    terminal.say(status(terminal, report))?;
    line(terminal, ("Выгрузка", "Roster"), &roster(terminal, &report["roster"]))?;
    let done = terminal.language.counts(&report["done"]);
    line(terminal, ("Сделано", "Done"), &done)?;
    if let Some(chats) = report["chats"].as_array() {
        line(terminal, ("Чаты", "Chats"), &chats_line(terminal, chats))?;
    }
    if let Some(calls) = calls_line(terminal, rows(report, "calls")) {
        line(terminal, ("Звонки", "Calls"), &calls)?;
    }
    line(terminal, ("Запросы", "Requests"), &requests(terminal, &report["requests"]))
}

fn line(terminal: &Terminal, (ru, en): (&str, &str), value: &str) -> io::Result<()> {
    let name = format!("{:<9}", terminal.pick(ru, en));
    terminal.say(format!("  {}  {value}", terminal.tone(Tone::Faint, name)))
}

fn status(terminal: &Terminal, report: &Value) -> String {
    let (tone, words) = match text(report, "status") {
        "OK" => (Tone::Good, terminal.pick("сделано", "done")),
        "PARTIAL" => (
            Tone::Warning,
            terminal.pick(
                "сделано не всё, следующий цикл продолжит",
                "not everything was done, the next cycle goes on",
            ),
        ),
        _ => (
            Tone::Warning,
            terminal.pick("часть изменений ждёт подтверждения", "a part waits for approval"),
        ),
    };
    let cycle = terminal.pick("Цикл", "Cycle");
    let cycle = terminal.tone(Tone::Head, format!("{cycle} {}", number(report, "cycle")));
    format!("{cycle}: {} ({})", terminal.tone(tone, words), text(report, "status"))
}

fn roster(terminal: &Terminal, roster: &Value) -> String {
    let count = |key, ru, en| terminal.language.count(number(roster, key), ru, en);
    let mut words = [
        count("users", ["человек", "человека", "человек"], ["person", "people"]),
        count(
            "classes",
            ["класс или журнал", "класса и журнала", "классов и журналов"],
            ["class", "classes"],
        ),
        count(
            "enrollments",
            ["зачисление", "зачисления", "зачислений"],
            ["enrollment", "enrollments"],
        ),
    ]
    .join(" · ");
    if roster["unchanged"] == true {
        words.push_str(terminal.pick(" · не изменилась", " · unchanged"));
    }
    words
}

fn chats_line(terminal: &Terminal, chats: &[Value]) -> String {
    let living: Vec<&Value> = chats.iter().filter(|chat| chat["state"] == "active").collect();
    let sum =
        |part: &str, key: &str| -> u64 { living.iter().map(|chat| number(&chat[part], key)).sum() };
    let (joined, desired) = (grouped(sum("members", "joined")), grouped(sum("members", "desired")));
    let count = living.len() as u64;
    terminal.pick(
        format!("действуют: {count} · людей в них: {joined} из {desired}"),
        format!("active: {count} · people in them: {joined} of {desired}"),
    )
}

/// How many calls run and wait, where there are any.
fn calls_line(terminal: &Terminal, calls: &[Value]) -> Option<String> {
    let running = calls.iter().filter(|call| call["running"] == true).count();
    let waiting = calls.iter().filter(|call| call["running"] == false);
    let waiting = waiting.filter(|call| call["state"] == "published").count();
    (running + waiting > 0).then(|| {
        terminal.pick(
            format!("идут: {running} · ждут своего времени: {waiting}"),
            format!("running: {running} · waiting for their time: {waiting}"),
        )
    })
}

fn requests(terminal: &Terminal, requests: &Value) -> String {
    let (sent, retried) = (number(requests, "sent"), number(requests, "retried"));
    let mut words = grouped(sent);
    if retried > 0 {
        words.push_str(
            &terminal.pick(format!(", повторено {retried}"), format!(", {retried} repeated")),
        );
    }
    words
}
