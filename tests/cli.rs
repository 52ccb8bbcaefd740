//! The command line as people and scripts meet it, against the sandbox messenger.
#![cfg(feature = "cli")]

#[path = "cli/new_year.rs"]
mod new_year;
#[path = "cli/on_max.rs"]
mod on_max;
#[path = "support/proxy.rs"]
mod proxy;
#[path = "support/ran.rs"]
mod ran;
mod support;
#[path = "cli/task.rs"]
mod task;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Stdio;

use ran::{Ran, command, ran, run};
use serde_json::{Value, json};
use support::Messenger;

/// A messenger, a folder with a configuration and the export of a small school.
struct School {
    messenger: Messenger,
    folder: tempfile::TempDir,
}

impl School {
    fn new() -> School {
        let messenger = Messenger::start(&["--mode", "partner"]);
        let platform = json!({
            "kind": "vk", "token_file": "token", "base_url": messenger.address,
            "community": messenger.community.to_string(), "requests_per_second": 20});
        let token = messenger.token.clone();
        School::with(messenger, &token, &platform)
    }

    /// A school whose configuration has every path relative to its file.
    fn with(messenger: Messenger, token: &str, platform: &Value) -> School {
        let school = School { messenger, folder: tempfile::tempdir().unwrap() };
        std::fs::write(school.path("token"), token).unwrap();
        let config = json!({"state": "zvonok.db", "profile": "paragraf", "platform": platform});
        school.write("zvonok.json", &config);
        school.make("roster.json", &[]);
        school
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn write(&self, name: &str, document: &Value) {
        std::fs::write(self.path(name), document.to_string()).unwrap();
    }

    /// Writes the school's export, after some changes.
    fn make(&self, name: &str, changes: &[&str]) -> Value {
        let output = self.path(name);
        let mut arguments = vec!["school", "--seed", "7", "--students", "60"];
        arguments.extend(["--today", "2026-09-01", "--output", output.to_str().unwrap()]);
        let changes = changes.join(",");
        if !changes.is_empty() {
            arguments.extend(["--changes", &changes]);
        }
        assert_eq!(run(&arguments).code, 0);
        serde_json::from_slice(&std::fs::read(output).unwrap()).unwrap()
    }

    /// Runs a command with this school's configuration.
    fn zvonok(&self, arguments: &[&str]) -> Ran {
        let config = self.path("zvonok.json");
        run(&[arguments, &["--config", config.to_str().unwrap()]].concat())
    }

    fn with_roster(&self, arguments: &[&str], roster: &str) -> Ran {
        let roster = self.path(roster);
        self.zvonok(&[arguments, &["--roster", roster.to_str().unwrap()]].concat())
    }

    /// A cycle at an hour of the story's first day.
    fn sync(&self, roster: &str, hour: u8, arguments: &[&str]) -> Ran {
        let now = format!("2026-09-01T{hour:02}:00:00+03:00");
        self.with_roster(&[&["sync", "--now", &now], arguments].concat(), roster)
    }

    /// Who is in which chat of the messenger, by the chat's title; the community left out.
    fn places(&self) -> BTreeMap<String, BTreeSet<i64>> {
        let state = self.messenger.look("state");
        let chats = state["chats"].as_array().unwrap().iter();
        let of = |chat: &Value| {
            let members = chat["members"].as_array().unwrap().iter();
            members.map(|member| member["id"].as_i64().unwrap()).filter(|id| *id > 0).collect()
        };
        chats.map(|chat| (chat["title"].as_str().unwrap().to_owned(), of(chat))).collect()
    }
}

fn number(value: &Value) -> usize {
    usize::try_from(value.as_u64().expect("a number")).unwrap()
}

#[test]
fn a_cycle_tells_what_was_done_and_the_next_one_does_nothing() {
    let school = School::new();
    let report = school.sync("roster.json", 9, &["--json"]).json(0);
    assert_eq!(report["format"], "zvonok.report/1");
    let places = school.places();
    assert_eq!(number(&report["done"]["create_chat"]), places.len());
    let members: usize = places.values().map(BTreeSet::len).sum();
    assert_eq!(number(&report["done"]["add_member"]), members);

    let before = school.messenger.look("counters");
    let quiet = school.sync("roster.json", 10, &["--lang", "ru"]);
    quiet.says(0, &["Цикл 1: сделано (OK)", "не изменилась", "Сделано    ничего", "Запросы    0"]);
    let quiet = school.sync("roster.json", 11, &["--lang", "en"]);
    quiet.says(0, &["Cycle 1: done (OK)", "unchanged", "Done       nothing", "Requests   0"]);
    assert_eq!(school.messenger.look("counters"), before);
}

#[test]
fn a_plan_names_people_accounts_and_reasons_and_changes_nothing() {
    let school = School::new();
    let plan = school.with_roster(&["plan", "--lang", "ru"], "roster.json");
    plan.says(0, &["6А - Чат учеников", "+ создать чат", "классный руководитель (classes["]);
    assert!(school.places().is_empty());

    school.sync("roster.json", 9, &[]);
    let changed = ["depart-student", "new-class-teacher"];
    let roster = school.make("changed.json", &changed);
    let now = ["plan", "--now", "2026-09-01T10:00:00+03:00"];
    let before = school.places();
    let report = school.with_roster(&[&now[..], &["--json"]].concat(), "changed.json").json(0);
    assert_eq!((&report["dry_run"], &report["done"]), (&json!(true), &json!({})));
    let shown = school.with_roster(&[&now[..], &["--lang", "en"]].concat(), "changed.json");
    let shown = shown.says(0, &["In total: ", "no longer names this person here"]);
    for operation in report["operations"].as_array().unwrap() {
        let id = operation["person"].as_str().unwrap();
        let users = roster["users"].as_array().unwrap();
        let user = users.iter().find(|user| user["sourcedId"] == id).unwrap();
        let name = format!("{} {} ({id})", user["familyName"], user["givenName"]);
        let name = name.replace('"', "");
        let account = operation["account"].as_str().unwrap();
        let line = shown.lines().find(|line| line.contains(&name) && line.contains(account));
        assert!(line.is_some(), "{name}, {account} in:\n{shown}");
    }
    assert_eq!(school.places(), before);
    let kept = school.zvonok(&[&now[..], &["--json"]].concat());
    assert_eq!(kept.json(0)["format"], "zvonok.reply/1");
}

#[test]
fn what_the_guard_holds_is_done_once_it_is_approved() {
    let school = School::new();
    school.sync("roster.json", 9, &[]);
    let before = school.places();
    let mut roster = school.make("lost.json", &[]);
    let lost = |row: &Value| row["role"] == "student" && row["classSourcedId"] == "class-11a";
    roster["enrollments"].as_array_mut().unwrap().retain(|row| !lost(row));
    school.write("lost.json", &roster);

    let plan = ["plan", "--lang", "en", "--now", "2026-09-01T10:00:00+03:00"];
    let plan = school.with_roster(&plan, "lost.json");
    plan.says(2, &["− remove [held]", "The guard holds:", "will hold this", "Held: removals: "]);
    let held = school.sync("lost.json", 10, &["--lang", "ru"]);
    let text =
        held.says(2, &["Предохранитель удерживает:", "11А - Чат учеников: исключить 25 из 26"]);
    let print = text.split("--approve ").nth(1).unwrap().split_whitespace().next().unwrap();
    assert_eq!(school.places(), before);
    let wrong = school.sync("lost.json", 11, &["--approve", "0123", "--json"]).json(2);
    assert_eq!(wrong["hold"]["fingerprint"], print);
    assert_eq!(school.places(), before);

    let report = school.sync("lost.json", 12, &["--approve", print, "--json"]).json(0);
    let after = school.places();
    assert_eq!(after["11А - Чат учеников"].len(), 1, "the class teacher stays");
    let members =
        |places: &BTreeMap<_, BTreeSet<i64>>| places.values().map(BTreeSet::len).sum::<usize>();
    assert_eq!(members(&before) - members(&after), number(&report["done"]["remove_member"]));
}

#[test]
fn the_registry_has_a_row_per_class_with_the_links_of_the_messenger() {
    let school = School::new();
    school.sync("roster.json", 9, &[]);
    let state = school.messenger.look("state");
    let link = |title: &str| {
        let chats = state["chats"].as_array().unwrap();
        let chat = chats.iter().find(|chat| chat["title"] == title).unwrap();
        chat["link"].as_str().unwrap().to_owned()
    };
    let registry = school.zvonok(&["chats", "--lang", "ru"]);
    let text = registry.says(0, &["Класс", "Родительский чат", "Чат учеников", "Всего чатов: 6"]);
    for class in ["6А", "11А"] {
        let row = text.lines().find(|line| line.starts_with(&format!("│ {class} "))).unwrap();
        let parents = row.find(&link(&format!("{class} - Родительский чат"))).unwrap();
        let students = row.find(&link(&format!("{class} - Чат учеников"))).unwrap();
        assert!(parents < students, "{row}");
    }
    assert!(text.lines().next().unwrap().contains(&link("Учительская")));

    let reply = school.zvonok(&["chats", "--json", "--type", "CLASS", "--sort", "-class"]).json(0);
    let keys = |reply: &Value| -> Vec<Value> {
        let chats = reply["result"]["chats"].as_array().unwrap();
        chats.iter().map(|chat| chat["key"].clone()).collect()
    };
    assert_eq!(keys(&reply), ["class:class-11a", "class:class-6a"]);
    let reply = school.zvonok(&["chats", "--json", "--search", "учитель"]).json(0);
    assert_eq!(keys(&reply), ["teachers:school-1"]);
    let page =
        school.zvonok(&["chats", "--list", "--lang", "en", "--per-page", "2", "--page", "3"]);
    page.says(0, &["teachers:school-1", "Chats in total: 6, page 3 of 3"]);
    assert!(!page.out.contains("class:class-6a"));
}

#[test]
fn the_people_of_a_chat_are_marked_by_whether_they_have_linked() {
    let school = School::new();
    school.sync("roster.json", 9, &[]);
    let chat = &school.zvonok(&["chats", "class:class-6a", "--json"]).json(0)["result"];
    let members = chat["members"].as_array().unwrap();
    let shown = school.with_roster(&["chats", "class:class-6a", "--lang", "ru"], "roster.json");
    let text =
        shown.says(0, &["6А - Чат учеников (class:class-6a), действует", "классный руководитель"]);
    for member in members {
        let id = format!("({})", member["person"].as_str().unwrap());
        let row = text.lines().find(|line| line.contains(&id)).unwrap();
        let mark = if member["linked"] == true { "✓" } else { "✕" };
        assert!(row.starts_with(&format!("│ {mark}")), "{row}");
    }
    assert!(members.iter().any(|member| member["linked"] == false), "else nothing is tested");
    let gone = school.zvonok(&["chats", "class:none", "--lang", "en"]);
    gone.complains(22, &["class:none does not exist"]);
}

#[test]
fn an_explanation_names_rule_row_and_history() {
    let school = School::new();
    school.sync("roster.json", 9, &[]);
    let ask = |language, person| {
        let ask = ["explain", "class:class-6a", person, "--lang", language];
        school.with_roster(&ask, "roster.json")
    };
    let parts = ["Цветкова Евгения (p-0007)", "class.members", "classes[", "Админ"];
    let in_russian = ask("ru", "p-0007");
    in_russian.says(0, &[&parts[..], &["дать права — сделано", "добавить — сделано"]].concat());
    ask("en", "p-0007").says(0, &["is in the chat", "grant admin — done"]);
    ask("en", "p-0001").says(0, &["no rule of the profile names the person"]);
    ask("en", "nobody").complains(22, &["nobody does not exist"]);
    let asked = school.zvonok(&["explain", "class:class-6a", "p-0007", "--json"]).json(0);
    assert_eq!(
        (&asked["result"]["member"], &asked["result"]["admin"]),
        (&json!(true), &json!(true))
    );
}

#[test]
fn a_check_finds_every_fault_with_its_place() {
    let school = School::new();
    let check = |arguments: &[&str]| {
        let mut command = command(&[&["check"], arguments].concat());
        ran(command.current_dir(school.folder.path()).output().unwrap())
    };
    check(&["--config", "zvonok.json", "--roster", "roster.json", "--lang", "ru"])
        .says(0, &["Ошибок: 0"]);
    std::fs::write(school.path("bad.lua"), "return zvonok.profile {\n  name = = 1,\n}").unwrap();
    check(&["--profile", "bad.lua", "--lang", "en"]).says(17, &["bad.lua:2: ", "Faults: 1"]);
    school.write("bad.json", &json!({"state": "a", "profle": "b", "guard": {"minimum": "many"}}));
    let faults = check(&["--config", "bad.json", "--profile", "bad.lua", "--json"]).json(15);
    let places: Vec<&str> =
        faults["faults"].as_array().unwrap().iter().map(|f| f["at"].as_str().unwrap()).collect();
    assert!(places.contains(&"guard.minimum") && places.contains(&"profle"), "{places:?}");
    assert!(places.iter().any(|place| place.ends_with("bad.lua:2")), "{places:?}");
    school.make("broken.json", &["broken-export"]);
    check(&["--roster", "broken.json", "--lang", "ru"]).says(16, &["✕ users", "Ошибок: "]);
    check(&["--roster", "no.json", "--lang", "ru"]).complains(16, &["не читается"]);
    check(&["--lang", "ru"]).complains(64, &["укажите, что проверить"]);
}

#[test]
fn each_kind_of_failure_has_its_exit_code_and_its_document() {
    let school = School::new();
    school.make("broken.json", &["broken-export"]);
    let refused = school.sync("broken.json", 9, &["--json"]).json(16);
    assert_eq!(
        (&refused["format"], &refused["name"]),
        (&json!("zvonok.error/1"), &json!("ROSTER"))
    );
    let refused = school.sync("broken.json", 9, &["--lang", "ru"]);
    refused.complains(16, &["ведут в никуда", "  … ещё ", "users["]);
    school.sync("roster.json", 9, &["--now", "soon"]).complains(64, &["--now"]);
    let bad = school.with_roster(&["sync", "--now", "soon", "--lang", "en"], "roster.json");
    bad.complains(15, &["now = «soon»: expected a time"]);
    school.sync("roster.json", 9, &["--profile", "nix"]).complains(15, &["profile = «nix»"]);
    let token = school.path("other");
    std::fs::write(&token, "another-token").unwrap();
    let dead = ["--token-file", token.to_str().unwrap()];
    school.sync("roster.json", 9, &dead).complains(20, &[]);
    school.zvonok(&["chats"]).says(0, &[]);
    let fresh = school.path("fresh.db");
    let early = school.zvonok(&["chats", "--lang", "ru", "--state", fresh.to_str().unwrap()]);
    early.complains(22, &["сначала нужен цикл"]);
    let folder = school.folder.path().to_str().unwrap();
    school.zvonok(&["chats", "--state", folder]).complains(18, &[]);
}

#[test]
fn arguments_alone_are_a_configuration_and_the_token_stays_secret() {
    let school = School::new();
    let (state, roster) = (school.path("own.db"), school.path("roster.json"));
    let community = school.messenger.community.to_string();
    let arguments = [
        &["sync", "--state", state.to_str().unwrap(), "--roster", roster.to_str().unwrap()][..],
        &["--profile", "paragraf", "--platform", "vk", "--base-url", &school.messenger.address],
        &["--community", &community, "--token-env", "SCHOOL_TOKEN", "--timezone", "Asia/Omsk"],
        &["--now", "2026-09-01T09:00:00+03:00", "--detail", "operations", "--verbose"],
    ];
    let token = &school.messenger.token;
    let run = |more: &[&str]| {
        let arguments = [&arguments.concat(), more].concat();
        ran(command(&arguments).env("SCHOOL_TOKEN", token).output().unwrap())
    };
    let done = run(&["--json"]);
    assert!(done.json(0)["started"].as_str().unwrap().ends_with("+06:00"));
    assert!(!done.out.contains(token) && !done.err.contains(token));
    let shown = run(&[]);
    assert!(!shown.out.contains(token) && !shown.err.contains(token));
    run(&["--token-file", "x"]).complains(64, &["--token-file"]);
}

#[test]
fn wrong_arguments_are_told_in_the_language_of_the_person() {
    run(&["--lang", "ru", "snyc"])
        .complains(64, &["нет команды «snyc»", "возможно, имелось в виду «sync»"]);
    run(&["--lang", "ru", "sync"]).complains(64, &["не хватает: --roster"]);
    run(&["--lang", "ru", "sync", "--verify", "yes"])
        .complains(64, &["недопустимое значение «yes»", "варианты: due, all, none"]);
    run(&["--lang", "en", "sync", "--rostr", "x"]).complains(64, &["unexpected argument"]);
    run(&["--lang", "ru"]).complains(64, &["укажите команду: demo, sync"]);
}

#[test]
fn help_speaks_one_language_and_knows_the_exit_codes() {
    let commands = [
        "demo", "sync", "plan", "chats", "tasks", "invite", "explain", "check", "profile",
        "request", "sandbox", "school",
    ];
    let (ru, en) = (run(&["--help", "--lang", "ru"]), run(&["--help", "--lang", "en"]));
    ru.says(0, &["Использование:", "Команды:", "Коды возврата:", "16 ROSTER"]);
    en.says(0, &["Usage:", "Commands:", "Exit codes:", "16 ROSTER"]);
    for name in commands {
        ru.says(0, &[name]);
        let of_one = run(&[name, "--help", "--lang", "ru"]);
        let text = of_one.says(0, &["Использование: zvonok", "Параметры:"]);
        assert!(!text.contains("possible values") && !text.contains("Options"), "{text}");
        let of_one = run(&[name, "--help", "--lang", "en"]);
        let text = of_one.says(0, &["Usage: zvonok", "Options:"]);
        assert!(!text.chars().any(|letter| ('а'..='я').contains(&letter)), "{text}");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn the_language_of_the_system_is_taken_unless_another_is_asked_for() {
    let said = |arguments: &[&str], locale: &str| {
        ran(command(arguments).env("LANG", locale).env("LC_ALL", locale).output().unwrap())
    };
    said(&["--help"], "ru_RU.UTF-8").says(0, &["Команды:"]);
    said(&["--help"], "C").says(0, &["Commands:"]);
    said(&["--help", "--lang=en"], "ru_RU.UTF-8").says(0, &["Commands:"]);
}

/// Runs a command whose output nobody reads.
fn unread(arguments: &[&str], folder: &Path) -> (i32, String) {
    let mut command = command(arguments);
    let mut child =
        command.current_dir(folder).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    (output.status.code().unwrap_or(-1), String::from_utf8(output.stderr).unwrap())
}

#[test]
fn a_reader_who_goes_away_stops_neither_the_work_nor_its_exit_code() {
    let school = School::new();
    let folder = school.folder.path();
    let sync = ["sync", "--config", "zvonok.json", "--roster", "roster.json"];
    let sync = [&sync[..], &["--now", "2026-09-01T09:00:00+03:00", "--json"]].concat();
    assert_eq!(unread(&sync, folder), (0, String::new()));
    assert_eq!(school.places().len(), 6);
    for arguments in [
        &["chats", "--config", "zvonok.json"][..],
        &["plan", "--config", "zvonok.json", "--roster", "roster.json"],
        &["check", "--roster", "roster.json"],
        &["school", "--students", "100"],
        &["--help"],
    ] {
        let (code, error) = unread(arguments, folder);
        assert_eq!((code, error.contains("panicked")), (0, false), "{arguments:?}: {error}");
    }
}
