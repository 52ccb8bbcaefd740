//! What a conversation should come to: `golden.json`, and what of it differs from run to run.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use ring::digest::{SHA256, digest};
use serde_json::{Map, Value, json};

use crate::scene::Scene;
use crate::shipped::windows;

/// Fields whose value is another one each time; it is there or null, which is compared.
const VOLATILE: &[&str] = &[
    "expires",
    "fingerprint",
    "finished",
    "link",
    "next_due",
    "next_try",
    "platform_id",
    "since",
    "started",
    "waited_ms",
    "sent",
    "reads",
    "invite_link",
    "retried",
];

/// The answers of a host, a line each, as they are compared.
pub(crate) fn masked(scene: &Scene, output: &str) -> Vec<Value> {
    let lines = output.lines().map(|line| {
        let line = scene.emptied(line);
        let mut answer = serde_json::from_str(&line).unwrap_or_else(|_| panic!("JSON: {line}"));
        mask(&mut answer);
        shorten(&mut answer);
        unordered(&mut answer);
        of_any_system(&mut answer);
        answer
    });
    lines.collect()
}

/// On Windows the system has other words for its errors and other numbers: neither is compared there.
fn of_any_system(value: &mut Value) {
    if windows().is_none() {
        return;
    }
    match value {
        Value::Array(items) => items.iter_mut().for_each(of_any_system),
        Value::Object(fields) => fields.values_mut().for_each(of_any_system),
        Value::String(text) => *text = without_system(text),
        _ => {}
    }
}

/// A text without what stands between a colon and the number of a system's error.
fn without_system(text: &str) -> String {
    let Some((before, after)) = text.split_once(" (os error ") else { return text.to_owned() };
    let start = before.rfind(": ").map_or(0, |colon| colon + 2);
    let rest = after.split_once(')').map_or("", |(_, rest)| rest);
    format!("{}…{}", &before[..start], without_system(rest))
}

fn mask(value: &mut Value) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(mask),
        Value::Object(fields) => {
            // A call's id is drawn.
            if fields.contains_key("join_url") && fields.contains_key("lesson") {
                fields.insert("id".to_owned(), json!("…"));
            }
            for (name, value) in fields {
                if VOLATILE.contains(&name.as_str()) && !value.is_null() {
                    *value = json!("…");
                }
                mask(value);
            }
        }
        Value::String(text) => *text = plain(text),
        _ => {}
    }
}

/// A text without numbers of processes, lines of source, versions and codes of tasks.
pub(crate) fn plain(text: &str) -> String {
    let lines = text.split_inclusive('\n').map(|line| {
        let end = if line.ends_with('\n') { "\n" } else { "" };
        match line.starts_with("zvonok ") && line.contains(" luau ") {
            true => format!("zvonok …{end}"),
            false => line.to_owned(),
        }
    });
    let text: String = lines.collect();
    let words = ["process ", "процесс ", "src/ffi/mod.rs:", "fingerprint: ", "отпечаток: "];
    codes(&words.iter().fold(text, |text, word| without_number(&text, word)))
}

/// A text without the numbers, in either base, that follow a word.
fn without_number(text: &str, word: &str) -> String {
    let mut parts = text.split(word);
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |text, part| {
        let rest = part.trim_start_matches(|c: char| c.is_ascii_hexdigit() || c == ':');
        let mark = if rest.len() < part.len() { "…" } else { "" };
        format!("{text}{word}{mark}{rest}")
    })
}

/// A task's code is a `#` and four letters or digits.
fn codes(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(at) = rest.find('#') {
        let code = rest[at + 1..].chars().take_while(char::is_ascii_alphanumeric).count();
        let end = if code == 4 { at + 5 } else { at + 1 };
        out.push_str(&rest[..=at]);
        if code == 4 {
            out.push('…');
        }
        rest = &rest[end..];
    }
    out + rest
}

/// The chats and calls of a large school: how many, and a digest over every letter of them. Calls that
/// begin together stand in the order of their ids.
fn shorten(answer: &mut Value) {
    for list in ["/reply/chats", "/reply/calls"] {
        let Some(rows) = answer.pointer_mut(list) else { continue };
        let all = rows.as_array_mut().expect("rows");
        if list.ends_with("calls") {
            all.sort_by_key(Value::to_string);
        }
        if all.len() > 40 {
            let (count, first) = (all.len(), all[0].clone());
            let sum = digest(&SHA256, rows.to_string().as_bytes());
            let hex: String = sum.as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
            *rows = json!({"all": count, "first": first, "sha256": hex});
        }
    }
}

/// Requests that are under way at the same time are told as they end.
fn unordered(answer: &mut Value) {
    for told in ["log", "phases"] {
        if let Some(lines) = answer.get_mut(told).and_then(Value::as_array_mut) {
            lines.sort_by_key(Value::to_string);
        }
    }
}

fn file(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/conversation").join(name)
}

/// Whether the golden conversation is to be written anew, by the Python host.
pub(crate) fn blessing() -> bool {
    std::env::var_os("ZVONOK_BLESS").is_some()
}

/// Writes the golden conversation.
pub(crate) fn bless(answers: &[Value]) {
    let text = serde_json::to_string_pretty(answers).expect("JSON");
    fs::write(file("golden.json"), text + "\n").expect("the golden conversation is written");
}

/// The golden conversation.
pub(crate) fn golden() -> Vec<Value> {
    let text = fs::read_to_string(file("golden.json")).expect("the golden conversation");
    let mut answers: Vec<Value> = serde_json::from_str(&text).expect("JSON");
    answers.iter_mut().for_each(of_any_system);
    answers
}

/// Writes what sample hosts show.
pub(crate) fn bless_sample(shown: &str) {
    fs::write(file("sample.txt"), shown).expect("the sample is written");
}

/// What sample hosts show.
pub(crate) fn sample() -> String {
    fs::read_to_string(file("sample.txt")).expect("the sample")
}

/// Compares step by step, so that the first difference is shown and not the whole.
pub(crate) fn same(answers: &[Value], golden: &[Value]) {
    for (found, expected) in answers.iter().zip(golden) {
        let step = &expected["step"];
        assert_eq!(found["step"], *step);
        if found != expected {
            let place = difference(found, expected, String::new());
            panic!("{step}: {place}\nthe host's answer: {found:#}");
        }
    }
    assert_eq!(answers.len(), golden.len(), "answers");
}

/// The first place where two documents differ.
fn difference(found: &Value, expected: &Value, at: String) -> String {
    if let (Value::Object(a), Value::Object(b)) = (found, expected) {
        let names: BTreeSet<&String> = a.keys().chain(b.keys()).collect();
        let name = names.into_iter().find(|name| a.get(*name) != b.get(*name)).expect("one");
        let of = |fields: &Map<String, Value>| fields.get(name).cloned().unwrap_or(json!("(none)"));
        return difference(&of(a), &of(b), format!("{at}/{name}"));
    }
    if let (Value::Array(a), Value::Array(b)) = (found, expected)
        && a.len() == b.len()
    {
        let place = a.iter().zip(b).position(|(a, b)| a != b).expect("one");
        return difference(&a[place], &b[place], format!("{at}/{place}"));
    }
    format!("{at}: {found} instead of {expected}")
}
