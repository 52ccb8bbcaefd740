//! `zvonok demo` keeps what it promises, on both messengers, in both languages and for both kinds of
//! tokens.
#![cfg(feature = "cli")]

use std::process::{Command, Stdio};

use serde_json::{Value, json};

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

/// A lesson was published late, announced, joined and ended.
fn lesson(text: &str) {
    line(text, "✓ урок идёт уже 10 минут, звонок начат");
    line(text, "│ Подключиться: https://");
    line(text, " входит: https://");
    line(text, "вы не состоите в чате этого звонка");
    line(text, "✓ через 20 минут после конца урока звонок завершён сам");
}

#[test]
fn on_max_people_make_the_groups_and_come_and_exactly_they_are_in() {
    let text = demo(&["--lang", "ru"]);
    line(&text, "Страница мессенджера: http://127.0.0.1:");
    let tasks = numbers(line(&text, "Задач для человека: "))[0];
    let made = numbers(line(&text, "Создано групп"));
    assert_eq!(made.iter().sum::<u64>(), tasks);
    assert!(made[0] > 0 && made[1] > 0, "by the code and by the title: {made:?}");
    line(&text, &format!("✓ групп найдено: {tasks};"));
    assert!(numbers(line(&text, "привязано по одноразовым ссылкам"))[0] > 0);
    assert!(numbers(line(&text, "бот написал ссылки"))[1] > 0);
    line(&text, "(add_admins)");
    line(&text, "Гость Первый (999999911)");
    line(&text, "✓ исключены: 2; остались привязавшие учётную запись: 1");
    let came: Vec<u64> = text
        .lines()
        .filter(|line| line.starts_with("  вошли: "))
        .map(|line| numbers(line)[0])
        .collect();
    assert!(came.len() == 3 && came.iter().all(|came| *came > 0), "{came:?}");
    line(&text, "старая ссылка мертва");
    assert!(line(&text, "чатов было").contains("стало 0"));
    assert_eq!(numbers(line(&text, "запросов: "))[..2], [1, 0], "the unchanged cycle");
    lesson(&text);
    let unharmed = text.lines().filter(|line| line.contains("никто не исключён")).count();
    assert_eq!(unharmed, 3, "{text}");
    let chats = line(&text, "│ Чаты ");
    assert_eq!(numbers(chats), [tasks]);
    assert_eq!(numbers(line(&text, "│ Посторонние")), [0]);
    assert_eq!(numbers(line(&text, "│ Задачи человеку")), [0, tasks + 2]);
    assert!(numbers(line(&text, "✓ в группах MAX ровно те"))[0] >= came.iter().sum::<u64>() / 2);
}

#[test]
fn on_max_in_json_it_is_the_documents_of_its_cycles() {
    let told = documents(&["--json", "--lang", "en"]);
    let tasks = told[0]["tasks"].as_array().unwrap();
    assert!(!tasks.is_empty() && told[0]["done"] == json!({}), "{}", told[0]);
    assert_eq!(told[1]["status"], "HELD");
    assert_eq!(told[1]["held"][0]["rule"], "adopted");
    let plan = told.iter().position(|one| one["dry_run"] == true).expect("a plan");
    let quiet = &told[plan - 3];
    assert_eq!(
        (&quiet["roster"]["unchanged"], &quiet["requests"]["sent"]),
        (&json!(true), &json!(1))
    );
    let ends: Vec<&str> = told[told.len() - 3..].iter().map(status).collect();
    assert_eq!(ends, ["ROSTER", "HELD", "OK"]);
}

fn documents(arguments: &[&str]) -> Vec<Value> {
    demo(arguments).lines().map(|line| serde_json::from_str(line).expect("JSON")).collect()
}

fn status(document: &Value) -> &str {
    document["status"].as_str().or(document["name"].as_str()).unwrap()
}

#[test]
fn on_vk_the_demonstration_shows_each_promise_and_keeps_it() {
    let text = demo(&["--platform", "vk", "--lang", "ru"]);
    line(&text, "Страница мессенджера: http://127.0.0.1:");
    let cycle = numbers(line(&text, "Сделано    новые чаты"));
    let seen = line(&text, "в мессенджере чатов:");
    let (chats, members) = (cycle[0], cycle[1]);
    assert!(seen.contains(&format!("чатов: {chats}, участников: {members} (")), "{seen}");
    line(&text, "Родительский чат");
    assert_eq!(numbers(line(&text, "запросов: "))[..2], [0, 0], "the unchanged cycle");
    lesson(&text);
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
fn on_vk_with_an_ordinary_token_people_follow_links_and_strangers_go() {
    let text = demo(&["--platform", "vk", "--lang", "en", "--mode", "standard"]);
    assert!(numbers(line(&text, "people followed their links"))[0] > 0);
    line(&text, "the stranger is out");
    line(&text, "The guard holds:");
    line(&text, "changing requests in all");
}

#[test]
fn on_vk_in_json_it_is_the_documents_of_its_cycles() {
    let documents = documents(&["--platform", "vk", "--json"]);
    let told: Vec<&str> = documents.iter().map(status).collect();
    assert_eq!(told, ["OK", "OK", "OK", "OK", "OK", "OK", "ROSTER", "HELD", "OK"]);
    assert_eq!(documents[1]["requests"]["sent"], 0);
    assert_eq!(documents[4]["dry_run"], true);
}

#[test]
fn its_folder_goes_with_it() {
    let folder = tempfile::tempdir().unwrap();
    let done = Command::new(env!("CARGO_BIN_EXE_zvonok"))
        .args(["demo", "--students", "20", "--platform", "vk", "--json"])
        .env("TMPDIR", folder.path())
        .env("TMP", folder.path())
        .stdin(Stdio::null())
        .output()
        .unwrap();
    assert_eq!(done.status.code(), Some(0));
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}
