//! `zvonok demo` keeps what it promises, in both languages and for both kinds of tokens.
#![cfg(feature = "cli")]

use std::process::{Command, Stdio};

use serde_json::Value;

/// Runs the demonstration to its end.
fn demo(arguments: &[&str]) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_zvonok"))
        .args(["demo", "--students", "40"])
        .args(arguments)
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let (out, err) =
        (String::from_utf8(output.stdout).unwrap(), String::from_utf8_lossy(&output.stderr));
    assert_eq!(output.status.code(), Some(0), "{out}{err}");
    out
}

/// The numbers of a line, in their order.
fn numbers(line: &str) -> Vec<u64> {
    let parts = line.split(|letter: char| !letter.is_ascii_digit());
    parts.filter_map(|part| part.parse().ok()).collect()
}

/// The one line with this in it.
fn line<'t>(text: &'t str, part: &str) -> &'t str {
    text.lines().find(|line| line.contains(part)).unwrap_or_else(|| panic!("{part}:\n{text}"))
}

#[test]
fn the_demonstration_shows_each_promise_and_keeps_it() {
    let text = demo(&["--lang", "ru"]);
    line(&text, "Страница мессенджера: http://127.0.0.1:");
    let cycle = numbers(line(&text, "Сделано    новые чаты"));
    let seen = line(&text, "в мессенджере чатов:");
    let (chats, members) = (cycle[0], cycle[1]);
    assert!(seen.contains(&format!("чатов: {chats}, участников: {members} (")), "{seen}");
    line(&text, "Родительский чат");
    assert_eq!(numbers(line(&text, "запросов: "))[..2], [0, 0], "the unchanged cycle");
    let planned = line(&text, "Всего: ").trim_start_matches("Всего: ");
    assert!(line(&text, "✓ сделано за").ends_with(planned), "{planned}");
    line(&text, "Выгрузка отклонена (ROSTER):");
    line(&text, "(guard.chat_share)");
    line(&text, "--approve ");
    let unharmed: Vec<&str> =
        text.lines().filter(|line| line.contains("никто не исключён")).collect();
    assert_eq!(unharmed.len(), 3, "{text}");
    let total = line(&text, "изменяющих запросов за всё время");
    assert_eq!(numbers(total)[1], *numbers(unharmed[2]).last().unwrap());
}

#[test]
fn with_an_ordinary_token_people_follow_links_and_strangers_go() {
    let text = demo(&["--lang", "en", "--mode", "standard"]);
    assert!(numbers(line(&text, "people followed their links"))[0] > 0);
    line(&text, "the stranger is out");
    line(&text, "The guard holds:");
    line(&text, "changing requests in all");
}

#[test]
fn in_json_it_is_the_documents_of_its_cycles() {
    let text = demo(&["--json"]);
    let documents: Vec<Value> =
        text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    let told: Vec<&str> = documents
        .iter()
        .map(|document| document["status"].as_str().or(document["name"].as_str()).unwrap())
        .collect();
    assert_eq!(told, ["OK", "OK", "OK", "OK", "ROSTER", "HELD", "OK"]);
    assert_eq!(documents[1]["requests"]["sent"], 0);
    assert_eq!(documents[2]["dry_run"], true);
}

#[test]
fn its_folder_goes_with_it() {
    let folder = tempfile::tempdir().unwrap();
    let done = Command::new(env!("CARGO_BIN_EXE_zvonok"))
        .args(["demo", "--students", "20", "--json"])
        .env("TMPDIR", folder.path())
        .env("TMP", folder.path())
        .stdin(Stdio::null())
        .output()
        .unwrap();
    assert_eq!(done.status.code(), Some(0));
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}
