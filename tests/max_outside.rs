//! What somebody who knew only the documents found out about a school on MAX, and what is so since.
#![cfg(feature = "cli")]
#![allow(missing_docs, reason = "the names of the tests say it")]

mod support;

#[path = "support/crowd.rs"]
mod crowd;
#[path = "support/mirror.rs"]
mod mirror;
#[path = "support/office.rs"]
mod office;
#[allow(dead_code, reason = "each file of tests needs its own part of this")]
#[path = "support/oracle.rs"]
mod oracle;
#[path = "support/pupils.rs"]
mod pupils;
#[path = "support/story.rs"]
mod story;
#[path = "support/town.rs"]
mod town;

use std::collections::BTreeSet;

use jiff::{Timestamp, ToSpan};
use mirror::Mirror;
use office::{FoundBy, Manner, Side};
use pupils::School;
use serde_json::{Value, json};
use support::Messenger;
use town::{Town, list, on_both};
use zvonok::error::Code;
use zvonok::host::Silent;
use zvonok::session::{Cancel, Session};

/// A class of twelve and one of three, in whose chats everybody is.
fn full(messenger: &Messenger, seed: u64, more: Value) -> Town<'_> {
    let mut town = Town::with(messenger, Side::Max, seed, more);
    town.school = on_both(School::with_classes(&[12, 3]));
    found(&mut town);
    story::everybody_comes(&mut town);
    town
}

/// Every group is made by the teacher, who belongs into each, and found.
fn found(town: &mut Town) {
    town.sync();
    let manner = Manner::of(FoundBy::CodeInTitle, town.number(2));
    town.do_tasks("create_chat", &manner);
    town.until("the groups are found", |town| {
        town.tasks("create_chat").is_empty()
            && story::CHATS.iter().all(|key| town.row(key)["link"].is_string())
    });
}

/// The warnings of a kind, with what each is about.
fn warnings(town: &Town, code: &str) -> BTreeSet<String> {
    let mut warnings = list(&town.report["roster"], "warnings");
    warnings.retain(|one| one["code"] == code);
    warnings.iter().map(|one| one["at"].as_str().expect("a place").to_owned()).collect()
}

fn task_of(town: &Town, kind: &str, chat: &str) -> Value {
    let mut tasks = town.tasks(kind).into_iter();
    tasks.find(|task| task["chat"] == chat).unwrap_or_else(|| panic!("{chat}: {:#}", town.report))
}

/// A group of the teacher's in which the bot is an admin.
fn group(town: &Town, title: &str) -> i64 {
    town.messenger.max_group(title, town.number(2))
}

// The door.

#[test]
fn a_stranger_who_comes_into_a_chat_that_is_held_is_out_and_the_hold_stays() {
    let (chat, total) = ("guard.chat_share", "guard.total_share");
    keeps_its_door_while_held(&json!({"total_share": 1}), &[chat, chat]);
    keeps_its_door_while_held(&json!({}), &[chat, chat, total]);
}

fn keeps_its_door_while_held(guard: &Value, rules: &[&str]) {
    let messenger = Messenger::start_max();
    let mut town = full(&messenger, 31, json!({"guard": guard}));
    for n in 100..108 {
        town.school.expel(n);
    }
    assert_eq!(town.sync(), Code::Held);
    let held = list(&town.report, "held");
    assert_eq!(held.iter().map(|row| &row["rule"]).collect::<Vec<_>>(), rules, "{held:#?}");
    let hold = town.report["hold"].clone();
    let before = town.group("class:a").members;
    let link = town.group("class:a").link;
    let stranger = town.crowd.strangers_come(&link, 1)[0];
    town.until("the stranger is out", |town| !town.is_in("class:a", stranger));
    assert_eq!(town.report["status"], "HELD");
    assert_eq!(town.report["hold"]["fingerprint"], hold["fingerprint"]);
    assert_eq!(town.row("class:a")["members"]["strangers"], 0);
    assert_eq!(town.group("class:a").members, before, "those of whom it is asked are in");
}

#[test]
fn a_stranger_who_follows_the_link_of_an_archived_chat_is_out_at_the_next_daily_reading() {
    let messenger = Messenger::start_max();
    let mut town = full(&messenger, 32, json!({"guard": {"total_share": 1}}));
    let (id, before) = (town.group("class:a").id, town.group("class:a").members);
    let link = town.group("class:a").link;
    town.school.drop("enrollments", |row| row["classSourcedId"] == "a");
    town.school.drop("classes", |row| row["sourcedId"] == "a");
    let archived = |town: &Town| {
        let rows = list(&town.report, "chats");
        rows.iter().any(|row| row["key"] == "class:a" && row["state"] == "archived")
    };
    for _ in 0..5 {
        town.pass(24.hours());
        town.sync();
    }
    assert!(archived(&town), "{:#}", town.report);
    assert_eq!(town.side.group(&messenger, id).members, before, "its people keep it");
    let stranger = town.crowd.strangers_come(&link, 1)[0].to_string();
    let is_in = |town: &Town| town.side.group(&messenger, id).members.contains(&stranger);
    assert!(is_in(&town));
    town.pass(24.hours());
    town.until("the stranger is out", |town| !is_in(town));
    assert_eq!(town.side.group(&messenger, id).members, before);
}

#[test]
fn one_after_the_other_may_unlink_in_a_small_school_and_nobody_is_asked() {
    let messenger = Messenger::start_max();
    let mut town = full(&messenger, 33, json!({}));
    for n in 100..112 {
        let (person, account) = (format!("p{n}"), town.number(n));
        assert_eq!(town.chats_with(account), 1, "{person}");
        let (code, told) = town.unlink(&person);
        assert_eq!(code, Code::Ok, "{person}: {told:#}");
        assert_eq!(town.chats_with(account), 0, "{person} is out at once");
    }
    assert_eq!(town.sync(), Code::Ok, "{:#}", town.report["held"]);
    assert_eq!(town.report["hold"], Value::Null);
    assert_eq!(town.row("class:a")["members"]["linked"], 1, "the teacher");
}

// Accounts.

/// A one-time link's word.
fn invite(town: &mut Town, person: &str) -> String {
    let (_, told) = town.request("accounts.invite", json!({"person": person}));
    let link = told["link"].as_str().expect("a link");
    link.split_once("?start=").expect("a word").1.to_owned()
}

/// Somebody opens the dialog by a one-time link; whose account it then is.
fn starts(town: &mut Town, word: &str, account: i64, person: &str) -> Value {
    town.messenger.does("max/start", json!({"user": account, "payload": word}));
    town.sync();
    max_account(town, person)
}

fn max_account(town: &mut Town, person: &str) -> Value {
    let mut accounts = list(&town.status(person), "accounts").into_iter();
    accounts.find(|one| one["platform"] == "max").expect("MAX")["account"].clone()
}

#[test]
fn a_one_time_link_is_worth_nothing_after_a_newer_one_or_once_the_person_is_linked() {
    let messenger = Messenger::start_max();
    let mut town = Town::open(&messenger, Side::Max, 34);
    for n in [151, 152] {
        town.school.user(n)["userIds"] = json!([]);
    }
    found(&mut town);
    let (older, newer) = (invite(&mut town, "p151"), invite(&mut town, "p151"));
    assert_eq!(starts(&mut town, &older, 700_001, "p151"), Value::Null, "a newer one was given");
    assert_eq!(starts(&mut town, &newer, 600_151, "p151"), "600151");
    assert_eq!(starts(&mut town, &older, 700_002, "p151"), "600151");
    assert_eq!(starts(&mut town, &newer, 700_003, "p151"), "600151", "good once");
    let unused = invite(&mut town, "p152");
    town.link("p152", "600152");
    assert_eq!(starts(&mut town, &unused, 700_004, "p152"), "600152", "linked otherwise");
}

#[test]
fn the_bots_own_account_is_nobodys() {
    let messenger = Messenger::start_max();
    let mut town = Town::open(&messenger, Side::Max, 35);
    let bot = messenger.bot.to_string();
    town.school.user(101)["userIds"][1]["identifier"] = json!(bot);
    found(&mut town);
    town.sync();
    assert_eq!(warnings(&town, "account.own"), ["p101".to_owned()].into());
    let members = &town.row("class:a")["members"];
    let counts = ["desired", "linked", "joined", "invited"].map(|name| &members[name]);
    assert_eq!(counts, [5, 4, 1, 3], "four pupils and the teacher, who alone came: {members}");
    let order = json!({"person": "p100", "platform": "max", "account": bot});
    let error = town.asks("accounts.link", order).expect_err("nobody is the bot");
    assert_eq!((error.code, &*error.faults[0].code), (Code::Request, "request.own_account"));
    assert_eq!(max_account(&mut town, "p100"), town.number(100).to_string());
}

// Groups.

fn is_bound(town: &Town, key: &str, id: i64) -> bool {
    town.row(key)["platform_id"].as_str() == Some(&id.to_string())
}

/// Both tasks are open, and tell of the group.
fn are_in_doubt(town: &mut Town, group: i64) -> [Value; 2] {
    town.sync();
    town.sync();
    ["class:a", "class:b"].map(|key| {
        assert_eq!(town.row(key)["platform_id"], Value::Null, "{key}");
        let task = task_of(town, "create_chat", key);
        for language in ["ru", "en"] {
            let steps = task["steps"][language].to_string();
            assert!(steps.contains(&group.to_string()), "{key}: {steps}");
        }
        task
    })
}

fn codes(town: &mut Town) -> [String; 2] {
    town.sync();
    ["class:a", "class:b"].map(|key| {
        let code = task_of(town, "create_chat", key)["code"].clone();
        code.as_str().expect("a code").to_owned()
    })
}

#[test]
fn two_codes_in_one_title_bind_neither_task() {
    let messenger = Messenger::start_max();
    let mut town = Town::open(&messenger, Side::Max, 36);
    let [a, b] = codes(&mut town);
    let id = group(&town, &format!("Наша {b} {a}"));
    are_in_doubt(&mut town, id);
    messenger.does("max/rename", json!({"chat_id": id, "title": format!("Наша {a}")}));
    town.until("one code is clear", |town| is_bound(town, "class:a", id));
    assert_eq!(town.row("class:b")["platform_id"], Value::Null);
}

#[test]
fn two_codes_in_one_message_bind_neither_task() {
    let messenger = Messenger::start_max();
    let mut town = Town::open(&messenger, Side::Max, 37);
    for turned in [false, true] {
        let mut codes = codes(&mut town);
        if turned {
            codes.reverse();
        }
        let id = group(&town, if turned { "Вторая" } else { "Первая" });
        let text = format!("{} и {}", codes[0], codes[1]);
        messenger.does("max/message", json!({"chat_id": id, "user": town.number(2), "text": text}));
        are_in_doubt(&mut town, id);
    }
}

#[test]
fn a_group_without_an_invite_link_is_a_task_and_people_are_invited_once_it_has_one() {
    let mut messenger = Messenger::start_max();
    let mirror = Mirror::before(&mut messenger);
    let mut town = Town::open(&messenger, Side::Max, 38);
    mirror.changes(|asked, answer| {
        if asked.starts_with("GET /chats/-") && !asked.contains("/members") {
            answer.as_object_mut().expect("a group").remove("link");
        }
    });
    town.sync();
    let manner = Manner::of(FoundBy::CodeInTitle, town.number(2));
    town.do_tasks("create_chat", &manner);
    town.until("a task for each", |town| town.tasks("rotate_link").len() == story::CHATS.len());
    let steps = &task_of(&town, "rotate_link", "class:a")["steps"];
    assert!(steps["ru"].to_string().contains("создайте ссылку-приглашение"), "{steps:#}");
    assert!(steps["en"].to_string().contains("make an invite link"), "{steps:#}");
    assert_eq!(town.row("class:a")["members"]["invited"], 0);
    assert_eq!(town.chats_of("p100")[0]["link"], Value::Null);
    mirror.is_clear();
    town.until("the link is given", |town| {
        town.tasks("rotate_link").is_empty() && town.row("class:a")["members"]["invited"] == 4
    });
    assert_eq!(town.chats_of("p100")[0]["link"], town.group("class:a").link);
}

#[test]
fn a_channel_is_no_group_by_an_event_or_by_word() {
    let mut messenger = Messenger::start_max();
    let mirror = Mirror::before(&mut messenger);
    let mut town = Town::open(&messenger, Side::Max, 39);
    let [code, _] = codes(&mut town);
    mirror.changes(|asked, answer| {
        if asked.starts_with("GET /chats/-") && !asked.contains("/members") {
            answer["type"] = json!("channel");
        }
    });
    let id = group(&town, &format!("Наш канал {code}"));
    town.sync();
    town.sync();
    assert_eq!(town.row("class:a")["platform_id"], Value::Null);
    let task = task_of(&town, "create_chat", "class:a");
    let done = json!({"task": task["id"], "platform_id": id.to_string()});
    let error = town.asks("tasks.done", done.clone()).expect_err("a channel is no group");
    assert_eq!(error.code, Code::Request);
    town.sync();
    assert_eq!(town.row("class:a")["platform_id"], Value::Null);
    mirror.is_clear();
    town.request("tasks.done", done);
    town.until("a group is", |town| is_bound(town, "class:a", id));
}

// What is read and heard.

#[test]
fn a_list_of_members_without_the_bot_is_not_believed() {
    let mut messenger = Messenger::start_max();
    let mirror = Mirror::before(&mut messenger);
    let mut town = full(&messenger, 40, json!({}));
    let before: Vec<Value> =
        story::CHATS.iter().map(|key| town.row(key)["members"].clone()).collect();
    for everybody in [true, false] {
        let bot = messenger.bot;
        mirror.changes(move |asked, answer| {
            if asked.starts_with("GET /chats/-") && asked.ends_with("/members") {
                let members = answer["members"].as_array_mut().expect("members");
                members.retain(|member| !everybody && member["user_id"] != bot);
            }
        });
        town.pass(25.hours());
        assert_eq!(town.sync(), Code::Partial, "{:#}", town.report);
        assert_eq!(warnings(&town, "chat.unread"), story::CHATS.map(str::to_owned).into());
        let now: Vec<Value> =
            story::CHATS.iter().map(|key| town.row(key)["members"].clone()).collect();
        assert_eq!(now, before, "nobody left");
        assert_eq!(town.ways(), [], "and nobody is to come");
    }
    mirror.is_clear();
    town.settles("all of it is read");
    assert_eq!(warnings(&town, "chat.unread"), BTreeSet::new());
}

#[test]
fn a_messenger_that_does_not_tell_what_happened_is_warned_of_as_long_as_it_does_not() {
    let messenger = Messenger::start_max();
    let mut town = full(&messenger, 41, json!({}));
    for wrong in [json!({"do": "error", "code": 500}), json!({"do": "drop_before"})] {
        let mut fault = wrong.clone();
        fault["match"] = json!({"platform": "max", "method": "GET /updates"});
        messenger.does("faults", fault);
        town.sync();
        assert_eq!(warnings(&town, "events.unheard"), ["max".to_owned()].into(), "{wrong}");
    }
    assert_eq!(town.report["roster"]["unchanged"], true, "warned of in quiet cycles, too");
    town.sync();
    assert_eq!(town.report["roster"]["unchanged"], true);
    assert_eq!(warnings(&town, "events.unheard"), BTreeSet::new());
}

#[test]
fn what_is_no_answer_to_the_question_for_events_is_warned_of() {
    let mut messenger = Messenger::start_max();
    let mirror = Mirror::before(&mut messenger);
    let mut town = full(&messenger, 43, json!({}));
    for wrong in [json!({}), json!({"updates": null})] {
        let no_answer = wrong.clone();
        mirror.changes(move |asked, answer| {
            if asked == "GET /updates" {
                *answer = no_answer.clone();
            }
        });
        town.sync();
        assert_eq!(warnings(&town, "events.unheard"), ["max".to_owned()].into(), "{wrong}");
    }
    mirror.is_clear();
    town.sync();
    assert_eq!(warnings(&town, "events.unheard"), BTreeSet::new());
}

#[test]
fn a_host_is_to_come_again_before_the_messenger_forgets_but_not_to_spin() {
    let messenger = Messenger::start_max();
    let mut town = Town::open(&messenger, Side::Max, 44);
    let soon = |town: &Town| {
        let (finished, due) = (time(&town.report, "finished"), time(&town.report, "next_due"));
        assert!(due > finished && due < finished + 24.hours(), "{finished} {due}");
    };
    town.sync();
    soon(&town);
    town.sync();
    soon(&town);
    found(&mut town);
    soon(&town);
    story::everybody_comes(&mut town);
    soon(&town);
    let (a, b) = (town.group("class:a").id, town.group("class:b").id);
    messenger.does("max/remove", json!({"chat_id": a}));
    messenger.does("max/admin", json!({"chat_id": b, "permissions": ["read_all_messages"]}));
    for _ in 0..4 {
        town.sync();
        soon(&town);
    }
    assert_eq!((town.tasks("add_bot").len(), town.tasks("give_rights").len()), (1, 1));
}

fn time(report: &Value, name: &str) -> Timestamp {
    report[name].as_str().and_then(|text| text.parse().ok()).unwrap_or_else(|| {
        panic!("no {name}: {report:#}");
    })
}

#[test]
fn a_cycle_at_the_very_moment_that_was_named_does_what_is_due() {
    let messenger = Messenger::start_max();
    let platform = json!({"kind": "max", "token": messenger.max_token,
        "base_url": messenger.max_address, "events": "none"});
    let mut town = Town::with(&messenger, Side::Max, 42, json!({"platform": platform}));
    town.sync();
    for task in town.tasks("create_chat") {
        let manner = Manner::of(FoundBy::CodeInTitle, town.number(2));
        let id = town.office.carry_out(&task, &manner);
        town.request("tasks.done", json!({"task": task["id"], "platform_id": id.to_string()}));
    }
    town.until("the groups are bound", |town| town.tasks("create_chat").is_empty());
    let mut read = BTreeSet::new();
    for turn in 0..12 {
        let due = time(&town.report, "next_due");
        assert!(due >= time(&town.report, "finished"), "{turn}: {:#}", town.report);
        messenger.does("counters/reset", json!({}));
        town.now = due;
        town.sync_with(json!({"now": due.to_string()}));
        town.now = due;
        let methods = &messenger.look("counters")["by_method"];
        assert!(methods["GET /chats/{chatId}/members"].as_u64() > Some(0), "{turn}: {methods}");
        assert!(time(&town.report, "next_due") > due, "{turn}: {:#}", town.report);
        read.insert(due);
    }
    assert_eq!(read.len(), 12, "no host is to spin");
}

// Configuration.

#[test]
fn a_configuration_that_cannot_be_meant_is_refused() {
    let max = |more: Value| {
        let mut platform = json!({"kind": "max", "token": "any-token"});
        platform.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        platform
    };
    let secret = |secret: &str| json!({"platform": max(json!({"events_secret": secret}))});
    let cases = [
        (json!({"previous_platform": max(json!({}))}), "previous_platform"),
        (json!({"protect": ["abc"]}), "protect"),
        (json!({"platform": max(json!({"events": "push"}))}), "platform.events_secret"),
        (secret("abc"), "platform.events_secret"),
        (secret(&"a".repeat(257)), "platform.events_secret"),
        (secret("с пробелом"), "platform.events_secret"),
    ];
    for (change, path) in cases {
        let folder = tempfile::tempdir().expect("a folder");
        let mut config = json!({
            "state": folder.path().join("zvonok.db"),
            "profile": "paragraf",
            "platform": max(json!({})),
        });
        config.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        let opened = Session::open(&config.to_string(), Box::new(Silent), Cancel::default());
        let Err(error) = opened else { panic!("{change} was taken") };
        let paths: Vec<&str> = error.faults.iter().map(|fault| &*fault.at).collect();
        assert_eq!((error.code, paths), (Code::Config, vec![path]), "{change}");
    }
}
