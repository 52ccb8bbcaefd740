//! The command line of a school on MAX: what the administrator is asked to do, and says is done.

use std::io::Write;
use std::process::Stdio;

use serde_json::{Value, json};

use super::support::Messenger;
use super::{Ran, School, command, ran};

const SECRETARY: i64 = 888_001;

fn on_max() -> School {
    let messenger = Messenger::start_max();
    let platform = json!({"kind": "max", "token_file": "token", "base_url": messenger.max_address,
        "requests_per_second": 30});
    let token = messenger.max_token.clone();
    School::with(messenger, &token, &platform)
}

impl School {
    /// The open task about a chat.
    fn task(&self, chat: &str) -> Value {
        let reply = self.zvonok(&["tasks", "--chat", chat, "--json"]).json(0);
        assert_eq!(reply["result"]["total"], 1, "{reply}");
        reply["result"]["tasks"][0].clone()
    }

    /// Somebody makes a group with the bot as its admin; its number.
    fn group(&self, title: &str) -> i64 {
        let made = self.messenger.does("max/create", json!({"title": title, "owner": SECRETARY}));
        let id = made["chat_id"].as_i64().unwrap();
        self.messenger.does("max/add", json!({"chat_id": id}));
        self.messenger.does("max/admin", json!({"chat_id": id}));
        id
    }
}

fn field<'v>(value: &'v Value, name: &str) -> &'v str {
    value[name].as_str().unwrap_or_else(|| panic!("no {name} in {value}"))
}

#[test]
fn a_cycle_names_the_tasks_and_their_steps_stand_in_a_list_of_their_own() {
    let school = on_max();
    let report = school.sync("roster.json", 9, &["--json"]).json(0);
    let tasks = report["tasks"].as_array().unwrap();
    assert_eq!(tasks.len(), 6);
    let shown = school.sync("roster.json", 10, &["--lang", "ru"]);
    let text = shown.says(0, &["Нужен человек, задач: 6", "создать группу", "zvonok tasks"]);
    let list = school.zvonok(&["tasks", "--lang", "en"]);
    let list = list.says(0, &["make the group", "1. Open MAX", "Open tasks: 6"]);
    for task in tasks {
        let (id, code) = (field(task, "id"), field(task, "code"));
        assert!(text.lines().any(|line| line.contains(id) && line.contains(code)), "{text}");
        assert!(list.contains(&format!("The code {code} may be added")), "{list}");
    }
    let other = school.zvonok(&["tasks", "--kind", "let_in", "--lang", "en"]);
    assert_eq!(other.says(0, &["Open tasks: 0"]).lines().count(), 1);
}

#[test]
fn a_task_is_closed_by_the_word_that_it_is_done_once_it_is_so() {
    let school = on_max();
    school.sync("roster.json", 9, &[]);
    let task = school.task("class:class-6a");
    let id = field(&task, "id");
    let early = school.zvonok(&["tasks", "done", id, "--lang", "ru"]);
    early.says(1, &["подходящая группа пока не найдена", field(&task, "code")]);

    let group = school.group("Совсем другое название").to_string();
    let done = ["tasks", "done", id, "--platform-id", &group, "--lang", "ru"];
    school.zvonok(&done).says(0, &[id, "«6А - Чат учеников»", "сделана"]);
    let chat = school.zvonok(&["chats", "class:class-6a", "--json"]).json(0);
    assert_eq!(field(&chat["result"], "platform_id"), group);
    assert_eq!(school.messenger.look("max/state")["chats"][0]["title"], "6А - Чат учеников");

    school.zvonok(&done).complains(22, &["задача уже закрыта"]);
    let open = school.zvonok(&["tasks", "--lang", "ru"]);
    assert!(!open.says(0, &["Открытых задач: 5"]).contains("6А - Чат учеников"));
    let all = school.zvonok(&["tasks", "--all", "--lang", "ru"]);
    all.says(0, &["6А - Чат учеников", "закрыта 2", "Открытых задач: 5, закрытых: 1"]);
}

#[test]
fn a_person_links_the_account_by_the_link_that_an_administrator_asked_for() {
    let school = on_max();
    school.sync("roster.json", 9, &[]);
    let chat = school.zvonok(&["chats", "parents:class-6a", "--json"]).json(0);
    let members = chat["result"]["members"].as_array().unwrap();
    let without = members.iter().find(|member| member["linked"] == false).expect("a parent");
    let person = field(without, "person");

    let invite = school.with_roster(&["invite", person, "--lang", "ru"], "roster.json");
    let text = invite.says(0, &["Одноразовая ссылка", person]);
    let link = text.lines().next().unwrap();
    let (address, word) = link.split_once("?start=").expect("a link");
    assert!(address.starts_with("https://max.ru/id"), "{link}");
    school.messenger.does("max/start", json!({"user": 600_151, "payload": word}));
    school.sync("roster.json", 10, &[]);
    let status = json!({"method": "accounts.status", "params": {"person": person}}).to_string();
    let status = school.zvonok(&["request", &status, "--json"]).json(0);
    let accounts = status["result"]["accounts"].as_array().unwrap();
    let on_max = accounts.iter().find(|one| one["platform"] == "max").expect("a row");
    assert_eq!((&on_max["account"], &on_max["proof"]), (&json!("600151"), &json!("max.deep_link")));

    let reply = school.zvonok(&["invite", person, "--expires", "1h", "--json"]).json(0);
    assert_ne!(field(&reply["result"], "link"), link);
    school.zvonok(&["invite", "nobody", "--lang", "en"]).complains(22, &["nobody"]);
}

#[test]
fn a_request_is_passed_on_as_it_is_from_an_argument_or_from_standard_input() {
    let school = on_max();
    school.sync("roster.json", 9, &[]);
    let request = r#"{"method": "tasks.list", "params": {"per_page": 2}}"#;
    let shown = school.zvonok(&["request", request]);
    assert!(shown.says(0, &["\n  \"result\": {"]).lines().count() > 10);
    let reply: Value = serde_json::from_str(&shown.out).expect("JSON");
    assert_eq!((&reply["result"]["total"], &reply["result"]["pages"]), (&json!(6), &json!(3)));
    assert_eq!(piped(&school, request).json(0), reply);
    school.zvonok(&["request", r#"{"method": "task.list"}"#]).complains(22, &["tasks.list"]);
    assert_eq!(piped(&school, "no JSON").json(22)["name"], "REQUEST");
}

/// The same on standard input.
fn piped(school: &School, request: &str) -> Ran {
    let config = school.path("zvonok.json");
    let mut command = command(&["request", "--json", "--config", config.to_str().unwrap()]);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    child.stdin.take().unwrap().write_all(request.as_bytes()).unwrap();
    ran(child.wait_with_output().unwrap())
}

#[test]
fn who_was_in_a_group_before_is_named_and_removed_once_it_is_approved() {
    let school = on_max();
    school.sync("roster.json", 9, &[]);
    let task = school.task("parents:class-6a");
    let guest = json!({"id": 700_001, "first_name": "Павел", "last_name": "Ухов"});
    school.messenger.does("people", guest);
    let title = format!("{} {}", field(&task, "title"), field(&task, "code"));
    let made = school.messenger.does("max/create", json!({"title": title, "owner": SECRETARY}));
    let id = &made["chat_id"];
    school.messenger.does("max/add", json!({"chat_id": id, "user": 700_001}));
    school.messenger.does("max/add", json!({"chat_id": id}));
    school.messenger.does("max/admin", json!({"chat_id": id}));
    let is_in = || {
        let state = school.messenger.look("max/state");
        let members = state["chats"][0]["members"].as_array().unwrap();
        members.iter().any(|member| member["id"] == 700_001)
    };
    let held = school.sync("roster.json", 10, &["--lang", "en"]);
    let text = held.says(2, &["Павел Ухов (700001)", "1 of 1", "(adopted)", "links an account"]);
    assert!(is_in());
    let print = text.split("--approve ").nth(1).unwrap().split_whitespace().next().unwrap();
    school.sync("roster.json", 11, &["--approve", print, "--lang", "en"]).says(0, &["removals: 1"]);
    assert!(!is_in());
}

#[test]
fn a_school_that_moves_is_told_where_each_chat_stands_and_what_hinders_it() {
    let school = School::new();
    school.sync("roster.json", 9, &[]);
    let messenger = &school.messenger;
    std::fs::write(school.path("max.token"), &messenger.max_token).unwrap();
    let mut config: Value =
        serde_json::from_slice(&std::fs::read(school.path("zvonok.json")).unwrap()).unwrap();
    config["previous_platform"] = config["platform"].take();
    config["platform"] = json!({"kind": "max", "token_file": "max.token",
        "base_url": messenger.max_address, "requests_per_second": 30});
    school.write("zvonok.json", &config);

    let report = school.sync("roster.json", 10, &["--json"]).json(0);
    assert_eq!((&report["move"]["done"], &report["move"]["of"]), (&json!(0), &json!(6)));
    let shown = school.sync("roster.json", 11, &["--lang", "ru"]);
    let text = shown.says(0, &["Переезд VK → MAX: готово 0 из 6", "ждёт группу"]);
    let task = school.task("class:class-6a");
    let row = text.lines().find(|line| line.contains("│ 6А - Чат учеников ")).expect("a row");
    assert!(row.contains(field(&task, "code")), "what hinders it: {row}");

    school.group(&format!("{} {}", field(&task, "title"), field(&task, "code")));
    let shown = school.sync("roster.json", 12, &["--lang", "en"]);
    let text = shown.says(0, &["The move VK → MAX: 0 of 6 are done"]);
    let row = text.lines().find(|line| line.contains("│ 6А - Чат учеников ")).expect("a row");
    assert!(row.contains("people are coming") && row.contains(" 0/"), "{row}");
}
