//! Tasks, pushed events and one-time links, as the host's screens ask for them.
#![cfg(feature = "cli")]

#[path = "support/rig.rs"]
mod rig;
mod support;
#[allow(dead_code, reason = "each file of tests needs its own part of this")]
#[path = "support/tiny.rs"]
mod tiny;

use serde_json::{Value, json};
use zvonok::error::{Code, Error};

use crate::rig::{Rig, at, count, database};
use crate::support::Messenger;
use crate::tiny::tiny;

const CHAT: &str = "class:7a";
const SECRET: &str = "webhook-secret-17";

/// The tiny school on MAX, where people make the chats, after its first cycle.
struct Place {
    rig: Rig,
}

impl Place {
    fn new() -> Place {
        Place::with(|_| {})
    }

    fn with(change: impl FnOnce(&mut Rig)) -> Place {
        let mut place = Place::unstarted(change);
        place.rig.expect(Code::Ok, &tiny(), &at(1, "09:00"));
        place
    }

    fn unstarted(change: impl FnOnce(&mut Rig)) -> Place {
        let messenger = Messenger::start_max();
        let folder = tempfile::tempdir().expect("a folder");
        let config = json!({
            "state": folder.path().join("zvonok.db"),
            "profile": "paragraf",
            "platform": {
                "kind": "max", "token": messenger.max_token, "base_url": messenger.max_address,
            },
        });
        let mut rig = Rig::on(messenger, folder, config);
        change(&mut rig);
        Place { rig }
    }

    fn ask(&self, method: &str, params: Value) -> Result<(Code, Value), Error> {
        let mut session = self.rig.open()?;
        let request = json!({"method": method, "params": params, "now": at(1, "10:00")});
        let (code, mut reply) = session.request(&request.to_string())?;
        Ok((code, reply["result"].take()))
    }

    fn ok(&self, method: &str, params: Value) -> Value {
        let (code, result) = self.ask(method, params).expect("an answer");
        assert_eq!(code, Code::Ok, "{result:#}");
        result
    }

    /// A refusal of this code; the first fault's code, or nothing.
    fn refused(&self, code: Code, method: &str, params: Value) -> String {
        let error = self.ask(method, params).expect_err("a refusal");
        assert_eq!(error.code, code, "{error:?}");
        error.faults.first().map(|fault| fault.code.clone()).unwrap_or_default()
    }

    /// The open task of this kind on the class's chat; its name and its code.
    fn task(&self, kind: &str, code: &str) -> (String, String) {
        let file = database(&self.rig.state_file());
        let text = "INSERT OR IGNORE INTO tasks (code, kind, chat, subject, title, details, since) \
                    VALUES (?1, ?2, ?3, '', '7А - Чат учеников', '{}', 1788242400)";
        file.execute(text, [code, kind, CHAT]).expect("a task");
        let text = "SELECT 't' || id, code FROM tasks \
                    WHERE kind = ? AND chat = ? AND closed_at IS NULL";
        file.query_row(text, [kind, CHAT], |row| Ok((row.get(0)?, row.get(1)?))).expect("a task")
    }

    fn write(&self, text: &str) {
        database(&self.rig.state_file()).execute_batch(text).expect("written");
    }

    /// Tells the library the bot's short name, as a connection does.
    fn introduce(&self) -> String {
        let me = self.rig.messenger.max_ok("GET", "/me", Value::Null);
        let nick = me["username"].as_str().expect("a short name").to_owned();
        self.write(&format!("INSERT OR REPLACE INTO meta VALUES ('nick.max', '{nick}')"));
        nick
    }

    /// Whether a text stands anywhere in the state file.
    fn keeps(&self, text: &str) -> bool {
        ["zvonok.db", "zvonok.db-wal"].into_iter().any(|name| {
            let bytes = std::fs::read(self.rig.folder.path().join(name)).unwrap_or_default();
            String::from_utf8_lossy(&bytes).contains(text)
        })
    }

    fn is_known_for(&self, group: i64, code: &str) -> bool {
        let query = format!(
            "SELECT (SELECT count(*) FROM groups WHERE platform_id = '{group}' AND code = '{code}') \
             + (SELECT count(*) FROM chats WHERE platform_id = '{group}' AND key = '{CHAT}')"
        );
        count(&self.rig.state_file(), &query) == 1
    }
}

/// What a host hands in.
fn push(secret: &str, events: Value) -> Value {
    json!({"platform": "max", "secret": secret, "events": events})
}

fn with_secret(rig: &mut Rig) {
    rig.set("/platform/events_secret", json!(SECRET));
}

#[test]
fn a_task_is_listed_with_its_steps_in_both_languages() {
    let place = Place::new();
    let (id, code) = place.task("create_chat", "#7K2T");
    let list = place.ok("tasks.list", json!({"kind": "create_chat", "chat": CHAT}));
    assert_eq!((&list["total"], &list["page"], &list["pages"]), (&json!(1), &json!(1), &json!(1)));
    let row = &list["tasks"][0];
    assert_eq!((&row["id"], &row["code"], &row["chat"]), (&json!(id), &json!(code), &json!(CHAT)));
    assert_eq!(row["kind"], "create_chat");
    assert_eq!((&row["account"], &row["people"]), (&Value::Null, &json!([])));
    let steps = row["steps"]["ru"].as_array().expect("steps");
    assert_eq!(steps.len(), row["steps"]["en"].as_array().expect("steps").len());
    let title = row["title"].as_str().expect("a title");
    assert!(steps.iter().any(|step| step.as_str().is_some_and(|step| step.contains(title))));
    assert!(row["since"].as_str().expect("a time").ends_with("+03:00"));
}

#[test]
fn one_task_is_asked_for_by_its_name_whether_open_or_closed() {
    let place = Place::new();
    let (id, code) = place.task("create_chat", "#7K2T");
    place.task("give_rights", "#8888");
    let named = |params: Value| {
        let list = place.ok("tasks.list", params);
        let rows = list["tasks"].as_array().expect("rows").iter();
        rows.map(|row| row["code"].as_str().expect("a code").to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(named(json!({"task": id})), [code.as_str()]);
    place.write("UPDATE tasks SET closed_at = 2, closed_by = 'library'");
    assert_eq!(named(json!({"task": id})), [code.as_str()]);
    assert_eq!(named(json!({"task": id, "state": "open"})), [""; 0]);
    assert_eq!(named(json!({"task": "t999"})), [""; 0]);
}

#[test]
fn tasks_are_told_apart_by_state_and_kind_and_come_in_pages() {
    let place = Place::new();
    place.write(
        "INSERT INTO tasks (code, kind, chat, subject, title, details, since, closed_at, closed_by) \
         VALUES ('#2222', 'let_in', 'class:7a', '5', 'А', '{}', 1, 2, 'teacher-110'), \
                ('#3333', 'let_in', 'class:7a', '6', 'А', '{}', 1, 2, 'library')",
    );
    let list = place.ok("tasks.list", json!({"kind": "let_in"}));
    assert_eq!((&list["total"], &list["tasks"]), (&json!(0), &json!([])));
    let list = place.ok("tasks.list", json!({"kind": "let_in", "state": "closed", "per_page": 1}));
    assert_eq!((&list["total"], &list["pages"]), (&json!(2), &json!(2)));
    assert_eq!(list["tasks"][0]["code"], "#3333", "the newest first");
    assert_eq!(list["tasks"][0]["closed_by"], "library");
    let list = place.ok("tasks.list", json!({"kind": "let_in", "state": "all", "chat": "class:x"}));
    assert_eq!(list["total"], 0);
    place.refused(Code::Request, "tasks.list", json!({"state": "done"}));
    place.refused(Code::Request, "tasks.list", json!({"kind": "create"}));
}

#[test]
fn a_task_that_does_not_exist_or_is_closed_is_not_done_again() {
    let place = Place::new();
    for name in ["t999", "3", "#7K2T", "t-1"] {
        place.refused(Code::Request, "tasks.done", json!({"task": name}));
    }
    place.write(
        "INSERT INTO tasks (code, kind, chat, subject, title, details, since, closed_at, closed_by) \
         VALUES ('#2222', 'let_in', 'class:7a', '5', 'А', '{}', 1, 1788242400, 'teacher-110')",
    );
    let id = count(&place.rig.state_file(), "SELECT id FROM tasks WHERE code = '#2222'");
    let error = place.ask("tasks.done", json!({"task": format!("t{id}")})).expect_err("a refusal");
    assert_eq!(error.code, Code::Request);
    let message = &error.faults[0].message.en;
    assert!(message.contains("closed already") && message.contains("teacher-110"), "{message}");
}

#[test]
fn a_task_that_is_not_done_yet_says_what_is_missing() {
    let place = Place::new();
    let (id, code) = place.task("create_chat", "#7K2T");
    let (found, told) = place.ask("tasks.done", json!({"task": id})).expect("an answer");
    assert_eq!(found, Code::Partial, "{told:#}");
    assert_eq!((&told["closed"], &told["pending"]), (&json!(false), &json!(true)));
    assert_eq!(told["task"]["id"], id);
    assert!(told["message"]["ru"].as_str().expect("a reason").contains(&code), "{told:#}");
    assert_eq!(told["chat"]["key"], CHAT);
}

#[test]
fn a_group_that_a_person_names_is_remembered_for_its_task() {
    let place = Place::new();
    let (id, code) = place.task("create_chat", "#7K2T");
    let group = place.rig.messenger.max_group("Без названия", 9110);
    let params = json!({"task": id, "platform_id": group.to_string()});
    let (found, told) = place.ask("tasks.done", params).expect("an answer");
    assert!(place.is_known_for(group, &code), "{told:#}");
    assert_eq!(told["task"]["id"], *id);
    assert_eq!(told["tasks"], json!([told["task"]]), "a list, as of every method about tasks");
    assert_eq!(told["closed"] == true, found == Code::Ok, "{told:#}");
}

#[test]
fn a_group_without_the_bot_or_of_another_chat_is_refused() {
    let place = Place::new();
    let (id, code) = place.task("create_chat", "#7K2T");
    let order = json!({"title": "7А", "owner": 9110});
    let made = place.rig.messenger.does("max/create", order);
    let group = made["chat_id"].as_i64().expect("a number");
    let params = |number: i64| json!({"task": id, "platform_id": number.to_string()});
    let flaw = |number| place.refused(Code::Request, "tasks.done", params(number));
    assert_eq!(flaw(group), "request.no_such_group", "the bot is not in");
    assert_eq!(flaw(-5), "request.no_such_group", "there is none");
    let other = place.rig.messenger.max_group("Учительская", 9110);
    place.write(&format!(
        "UPDATE chats SET platform_id = '{other}', state = 'active' WHERE key = 'teachers:school'"
    ));
    assert_eq!(flaw(other), "request.group_taken");
    assert!(!place.is_known_for(group, &code) && !place.is_known_for(other, &code));
}

#[test]
fn what_does_not_belong_to_a_task_is_refused() {
    let place = Place::new();
    let (made, _) = place.task("create_chat", "#7K2T");
    let (rotated, _) = place.task("rotate_link", "#7K2X");
    let flaw = |params| place.refused(Code::Request, "tasks.done", params);
    let link = "https://max.ru/join/x";
    assert_eq!(flaw(json!({"task": made, "link": link})), "request.not_wanted");
    assert_eq!(flaw(json!({"task": rotated, "platform_id": "-5"})), "request.not_wanted");
    assert_eq!(flaw(json!({"task": rotated, "link": "max.ru/join/x"})), "request.bad_value");
    assert_eq!(flaw(json!({"task": made, "platform_id": "the group"})), "request.bad_value");
    place.write(&format!("UPDATE chats SET link = '{link}' WHERE key = '{CHAT}'"));
    assert_eq!(flaw(json!({"task": rotated, "link": link})), "request.old_link");
}

#[test]
fn a_link_is_taken_from_a_person_only_where_the_messenger_shows_none() {
    let done = |place: &Place| {
        let (id, _) = place.task("rotate_link", "#7K2X");
        let params = json!({"task": id, "link": "https://max.ru/join/fresh"});
        let (_, told) = place.ask("tasks.done", params).expect("an answer");
        let query = "SELECT count(*) FROM chats WHERE link = 'https://max.ru/join/fresh'";
        (count(&place.rig.state_file(), query), told["task"]["closed_by"].clone())
    };
    let (links, by) = done(&Place::new());
    assert_eq!(links, 0, "it is read from the messenger");
    assert_ne!(by, "system");
    let blind = |rig: &mut Rig| rig.set("/platform/capabilities", json!({"read_link": false}));
    assert_eq!(done(&Place::with(blind)), (1, json!("system")));
}

#[test]
fn events_are_taken_only_with_the_configured_secret() {
    let place = Place::with(with_secret);
    let stray = json!([{"update_type": "from_the_future"}, 7]);
    let told = place.ok("events.push", push(SECRET, stray.clone()));
    assert_eq!(told, json!({"accepted": 0, "ignored": 2, "linked": []}));
    for wrong in ["", "webhook-secret-18", "webhook-secret-1", "webhook-secret-171"] {
        let error = place.ask("events.push", push(wrong, stray.clone())).expect_err("a refusal");
        assert_eq!(error.code, Code::Denied);
        assert!(!format!("{error:?}").contains("webhook-secret"), "{error:?}");
    }
    let open = Place::new();
    let error = open.ask("events.push", push(SECRET, stray)).expect_err("a refusal");
    assert_eq!(error.code, Code::Request);
    assert!(error.message.en.contains("platform.events_secret"), "{error:?}");
}

#[test]
fn a_push_that_is_not_understood_shows_neither_secret_nor_events() {
    let place = Place::with(with_secret);
    let wrong = [
        json!({"platform": "vk", "secret": SECRET, "events": []}),
        json!({"secret": SECRET, "events": []}),
        json!({"platform": "max", "events": []}),
        json!({"platform": "max", "secret": [SECRET], "events": []}),
        json!({"platform": "max", "secret": SECRET, "events": "Мария Ивановна пишет"}),
        json!({"platform": "max", "secret": SECRET}),
    ];
    for params in wrong {
        let error = place.ask("events.push", params.clone()).expect_err("a refusal");
        assert_eq!(error.code, Code::Request, "{params}");
        let told = format!("{error:?}");
        assert!(!told.contains(SECRET) && !told.contains("Мария"), "{told}");
    }
}

#[test]
fn events_are_taken_while_a_cycle_runs_elsewhere() {
    let mut place = Place::with(with_secret);
    let lock = std::fs::File::options()
        .write(true)
        .open(place.rig.folder.path().join("zvonok.db.lock"))
        .expect("the lock's file");
    lock.try_lock().expect("no cycle runs");
    place.rig.expect_error(Code::Locked, &tiny(), &at(1, "11:00"));
    let told = place.ok("events.push", push(SECRET, json!([])));
    assert_eq!(told["ignored"], 0);
}

#[test]
fn before_the_first_roster_nothing_is_taken() {
    let place = Place::unstarted(with_secret);
    place.refused(Code::Request, "events.push", push(SECRET, json!([])));
    place.refused(Code::Request, "tasks.list", json!({}));
    place.refused(Code::Request, "tasks.done", json!({"task": "t1"}));
    place.refused(Code::Request, "accounts.invite", json!({"person": "parent-301"}));
}

#[test]
fn p4_a_one_time_link_leads_to_the_bot_and_only_its_digest_is_kept() {
    let place = Place::new();
    let nick = place.introduce();
    let told = place.ok("accounts.invite", json!({"person": "parent-301"}));
    assert_eq!((&told["person"], &told["platform"]), (&json!("parent-301"), &json!("max")));
    assert_eq!(told["expires"], at(4, "10:00"), "three days");
    let link = told["link"].as_str().expect("a link");
    let word = link.strip_prefix(&format!("https://max.ru/{nick}?start=")).expect("a word");
    assert!((32..=128).contains(&word.len()), "{word}");
    assert!(word.bytes().all(|sign| sign.is_ascii_alphanumeric()), "{word}");
    assert!(!place.keeps(word), "whoever reads the state file must not be able to link");
    let query = "SELECT count(*) FROM invites WHERE person = 'parent-301' AND used_at IS NULL";
    assert_eq!(count(&place.rig.state_file(), query), 1);
    let again = place.ok("accounts.invite", json!({"person": "parent-301"}));
    assert_ne!(again["link"], told["link"]);
}

#[test]
fn a_one_time_link_lasts_as_long_as_was_asked_and_thirty_days_at_most() {
    let place = Place::new();
    place.introduce();
    let invite = |expires: &str| json!({"person": "parent-301", "expires": expires});
    assert_eq!(place.ok("accounts.invite", invite("24h"))["expires"], at(2, "10:00"));
    assert_eq!(place.ok("accounts.invite", invite("30d"))["expires"], "2026-10-01T10:00:00+03:00");
    for wrong in ["31d", "0s", "soon"] {
        place.refused(Code::Request, "accounts.invite", invite(wrong));
    }
}

#[test]
fn one_time_links_are_for_people_of_the_school_and_for_max() {
    let place = Place::new();
    place.introduce();
    place.refused(Code::Request, "accounts.invite", json!({"person": "nobody-1"}));
    let on_vk = json!({"person": "parent-301", "platform": "vk"});
    assert_eq!(place.refused(Code::Request, "accounts.invite", on_vk), "request.no_invites");
    let mut rig = Rig::new();
    rig.expect(Code::Ok, &tiny(), &at(1, "09:00"));
    let vk = Place { rig };
    let params = json!({"person": "parent-301"});
    assert_eq!(vk.refused(Code::Request, "accounts.invite", params), "request.no_invites");
}

#[test]
fn a_one_time_link_is_made_also_while_the_messenger_is_away() {
    let mut place = Place::new();
    let nick = place.introduce();
    place.rig.set("/platform/base_url", json!("http://127.0.0.1:9"));
    let told = place.ok("accounts.invite", json!({"person": "parent-301"}));
    assert!(told["link"].as_str().expect("a link").contains(&format!("/{nick}?start=")));
    place.write("DELETE FROM meta WHERE name = 'nick.max'");
    place.refused(Code::Platform, "accounts.invite", json!({"person": "parent-301"}));
}

#[test]
fn p4_whoever_opens_the_dialog_by_a_one_time_link_is_linked_once() {
    let place = Place::with(with_secret);
    place.introduce();
    let told = place.ok("accounts.invite", json!({"person": "parent-301"}));
    let word = told["link"].as_str().and_then(|link| link.split("start=").nth(1)).expect("a word");
    let started = |account: i64| {
        json!({"update_type": "bot_started", "timestamp": 1_788_246_000_000_i64, "chat_id": account,
            "user": {"user_id": account, "first_name": "Мария", "is_bot": false,
                "last_activity_time": 0},
            "payload": word})
    };
    let told = place.ok("events.push", push(SECRET, json!([started(5301), started(5302)])));
    assert_eq!(told, json!({"accepted": 2, "ignored": 0, "linked": ["parent-301"]}));
    let status = place.ok("accounts.status", json!({"person": "parent-301"}));
    let accounts = status["accounts"].as_array().expect("a list");
    let max = accounts.iter().find(|one| one["platform"] == "max").expect("MAX");
    assert_eq!((&max["account"], &max["proof"]), (&json!("5301"), &json!("max.deep_link")));
    assert!(!place.keeps("Мария"));
}

#[test]
fn p4_a_one_time_link_for_one_account_links_no_other() {
    let place = Place::with(with_secret);
    place.introduce();
    let told = place.ok("accounts.invite", json!({"person": "parent-301", "account": "5301"}));
    assert_eq!(told["account"], "5301");
    let started = |account: i64| {
        let word = told["link"].as_str().and_then(|link| link.split("start=").nth(1));
        let event = json!({"update_type": "bot_started", "timestamp": 1_788_246_000_000_i64,
            "chat_id": account, "user": {"user_id": account, "first_name": "Мария", "is_bot": false,
                "last_activity_time": 0}, "payload": word.expect("a word")});
        place.ok("events.push", push(SECRET, json!([event])))["linked"].clone()
    };
    assert_eq!(started(5302), json!([]), "the link was handed on");
    assert_eq!(started(5301), json!(["parent-301"]), "and is still good for whom it is for");
    assert_eq!(started(5301), json!([]));
    place.refused(
        Code::Request,
        "accounts.invite",
        json!({"person": "parent-301", "account": "x"}),
    );
}
