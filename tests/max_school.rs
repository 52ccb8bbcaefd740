//! A school on MAX as it is: nobody can be added and no group be made but by people. The library
//! asks them, finds what they did, shows everybody the way in and keeps the door.
#![cfg(feature = "cli")]
#![allow(missing_docs, reason = "the names of the tests say it")]

mod support;

#[path = "support/crowd.rs"]
mod crowd;
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
#[path = "support/webhook.rs"]
mod webhook;

use std::sync::mpsc::Receiver;
use std::time::Duration;

use jiff::ToSpan;
use office::{FoundBy, Manner, Side};
use serde_json::{Value, json};
use support::Messenger;
use town::{Town, list};
use zvonok::error::Code;

/// A school in whose chats everybody is.
fn working(messenger: &Messenger, seed: u64) -> Town<'_> {
    let mut town = Town::open(messenger, Side::Max, seed);
    story::begin(&mut town);
    story::everybody_comes(&mut town);
    town
}

/// Does every `create_chat` with the code in the title, and waits until the groups are found.
fn groups_of(town: &mut Town, owner: u32) {
    town.sync();
    let manner = Manner::of(FoundBy::CodeInTitle, town.number(owner));
    town.do_tasks("create_chat", &manner);
    town.until("the groups are found", |town| town.tasks("create_chat").is_empty());
}

#[test]
fn x1_x2_people_make_the_groups_come_by_the_links_and_get_their_rights() {
    let messenger = Messenger::start_max();
    let mut town = Town::open(&messenger, Side::Max, 1);
    story::begin(&mut town);
    assert_eq!(messenger.look("counters")["by_method"].get("POST /chats"), None);
    story::people_come(&mut town);
    story::everybody_comes(&mut town);
    let teacher = town.number(2).to_string();
    for key in ["class:a", "class:b", "parents:a", "parents:b"] {
        assert!(town.group(key).admins.contains(&teacher), "{key}");
    }
    story::some_leave_and_come_back(&mut town);
}

#[test]
fn p4_i5_who_has_no_account_is_shown_so_and_is_shown_the_way_once_it_is_linked() {
    let messenger = Messenger::start_max();
    let mut town = Town::open(&messenger, Side::Max, 2);
    town.school.user(151)["userIds"] = json!([]);
    story::begin(&mut town);
    story::everybody_comes(&mut town);
    let member = |town: &mut Town, who: &str| {
        let (_, chat) = town.request("chats.get", json!({"chat": "parents:a"}));
        let mut rows = list(&chat, "members").into_iter();
        rows.find(|row| row["person"] == who).unwrap_or_else(|| panic!("{who}: {chat:#}"))
    };
    let without = member(&mut town, "p151");
    assert_eq!((&without["linked"], &without["state"]), (&json!(false), &json!("unlinked")));
    let with = member(&mut town, "p150");
    assert_eq!((&with["linked"], &with["joined"]), (&json!(true), &json!(true)));
    let open = town.chats_of("p151");
    assert_eq!((open.len(), &open[0]["link"]), (1, &Value::Null), "{open:?}");
    town.link("p151", "600151");
    town.settles("the link is shown");
    assert_eq!(town.chats_of("p151")[0]["link"], town.group("parents:a").link);
    assert_eq!(member(&mut town, "p151")["state"], "invited");
    story::everybody_comes(&mut town);
    assert!(town.is_in("parents:a", 600_151));
}

#[test]
fn x2_a_leaked_link_is_a_task_and_the_new_one_is_shown_to_those_who_are_still_to_come() {
    let messenger = Messenger::start_max();
    let mut town = Town::open(&messenger, Side::Max, 3);
    story::begin(&mut town);
    story::people_come(&mut town);
    story::a_leaked_link_is_met(&mut town);
    let new = town.group("class:a").link;
    town.crowd.leave(town.group("class:a").id, town.number(100));
    town.settles("one is to come again");
    let chats = town.chats_of("p100");
    assert_eq!((&chats[0]["link"], &chats[0]["may_join"]), (&json!(new), &json!(true)));
}

#[test]
fn x2_who_was_in_a_group_before_it_was_bound_is_held_until_a_person_lets_them_go() {
    let messenger = Messenger::start_max();
    let mut town = Town::open(&messenger, Side::Max, 4);
    town.school.user(151)["userIds"] = json!([]);
    town.sync();
    let tasks = town.tasks("create_chat");
    let task = tasks.iter().find(|task| task["chat"] == "parents:a").expect("a task");
    let manner = Manner::of(FoundBy::CodeInTitle, town.number(2));
    let id = town.office.carry_out(task, &manner);
    let link = town.side.group(&messenger, id).link;
    let strangers = town.crowd.strangers_come(&link, 3);
    town.crowd.is_added(id, town.number(150));
    town.crowd.is_added(id, 600_151);
    town.until("those whom nobody knows are held", |town| town.report["status"] == "HELD");
    let held = list(&town.report, "held");
    assert_eq!(held.len(), 1, "{held:#?}");
    assert_eq!((&held[0]["rule"], &held[0]["chat"]), (&json!("adopted"), &json!("parents:a")));
    assert_eq!((&held[0]["remove_member"], &held[0]["of"]), (&json!(4), &json!(5)));
    town.sync();
    for account in strangers.iter().chain(&[600_151]) {
        assert!(town.is_in("parents:a", *account), "{account} is held, not thrown out");
    }
    town.link("p151", "600151");
    town.until("who linked is held no more", |town| {
        list(&town.report, "held").first().is_some_and(|row| row["remove_member"] == 3)
    });
    let fingerprint = town.report["hold"]["fingerprint"].clone();
    let (code, _) = town.request("guard.approve", json!({"fingerprint": fingerprint}));
    assert_eq!(code, Code::Ok);
    town.until("let go", |town| town.report["status"] == "OK");
    assert!(strangers.iter().all(|account| !town.is_in("parents:a", *account)));
    assert!(town.is_in("parents:a", 600_151) && town.is_in("parents:a", town.number(150)));
    let late = town.crowd.strangers_come(&link, 1);
    town.until("who comes after is a stranger", |town| !town.is_in("parents:a", late[0]));
    assert_eq!(town.report["hold"], Value::Null);
}

#[test]
fn a9_p16_i1_unlinking_takes_out_of_all_chats_at_once_and_linking_shows_the_way_in_again() {
    let messenger = Messenger::start_max();
    let mut town = working(&messenger, 5);
    story::unlink_and_link_again(&mut town, 101);
    story::everybody_comes(&mut town);
    assert_eq!(town.chats_with(town.number(101)), 1);
}

#[test]
fn p16_who_is_not_enrolled_any_more_is_out_with_the_next_cycle() {
    let messenger = Messenger::start_max();
    let mut town = working(&messenger, 6);
    story::an_enrolment_ends(&mut town, 102);
}

#[test]
fn an_owner_who_left_the_school_is_asked_to_hand_the_group_over_and_is_then_let_go() {
    let messenger = Messenger::start_max();
    let mut town = Town::open(&messenger, Side::Max, 7);
    groups_of(&mut town, 2);
    story::everybody_comes(&mut town);
    let (old, new) = (town.number(2), town.number(1));
    for class in ["a", "b"] {
        let row = town.school.find("classes", class);
        row["metadata"]["classTeacherSourcedId"] = json!("p1");
    }
    town.until("a task for every group of the teacher's but the staff room", |town| {
        town.tasks("transfer_ownership").len() == 4
    });
    assert!(town.is_in("class:a", old), "the owner is never touched");
    town.do_tasks("transfer_ownership", &Manner::of(FoundBy::ExactTitle, new));
    town.settles("handed over");
    assert_eq!(town.report["tasks"], json!([]));
    assert_eq!((town.is_in("class:a", old), town.is_in("teachers:s", old)), (false, true));
    assert_eq!(town.group("class:a").owner, new.to_string());
}

#[test]
fn a_bot_that_was_taken_out_or_lost_its_rights_asks_for_them_and_goes_on() {
    let messenger = Messenger::start_max();
    let mut town = working(&messenger, 8);
    let (a, b) = (town.group("class:a").id, town.group("class:b").id);
    messenger.does("max/remove", json!({"chat_id": a}));
    let rights = json!(["read_all_messages", "add_remove_members"]);
    messenger.does("max/admin", json!({"chat_id": b, "permissions": rights}));
    town.until("two tasks", |town| {
        town.tasks("add_bot").len() == 1 && town.tasks("give_rights").len() == 1
    });
    assert_eq!(town.tasks("add_bot")[0]["chat"], "class:a");
    assert_eq!(town.tasks("give_rights")[0]["chat"], "class:b");
    assert_eq!(town.row("class:a")["state"], "active", "a chat is not given up for that");
    let told = town.request("diagnostics", json!({})).1["platform"]["chats"].clone();
    assert_eq!((&told[0]["chat"], &told[0]["inside"]), (&json!("class:a"), &json!(false)));
    let lacking = json!(["add_admins", "change_chat_info", "pin_message"]);
    assert_eq!((&told[1]["chat"], &told[1]["lacking"]), (&json!("class:b"), &lacking));
    let manner = Manner::of(FoundBy::ExactTitle, town.number(2));
    town.do_tasks("add_bot", &manner);
    town.do_tasks("give_rights", &manner);
    town.settles("both are kept in step again");
    assert_eq!(town.report["tasks"], json!([]));
    story::an_enrolment_ends(&mut town, 101);
}

#[test]
fn two_groups_for_one_task_bind_none_until_a_person_says_which() {
    let messenger = Messenger::start_max();
    let mut town = Town::open(&messenger, Side::Max, 9);
    town.sync();
    let tasks = town.tasks("create_chat");
    let task = tasks.iter().find(|task| task["chat"] == "class:a").expect("a task");
    let manner = Manner::of(FoundBy::ExactTitle, town.number(2));
    let ids = [town.office.carry_out(task, &manner), town.office.carry_out(task, &manner)];
    town.sync();
    town.sync();
    let tasks = town.tasks("create_chat");
    let doubtful = tasks.iter().find(|task| task["chat"] == "class:a").expect("still open");
    assert_eq!(town.row("class:a")["platform_id"], Value::Null);
    for id in ids {
        assert!(doubtful["steps"].to_string().contains(&id.to_string()), "{doubtful:#}");
    }
    let found = json!({"task": doubtful["id"], "platform_id": ids[1].to_string()});
    town.request("tasks.done", found);
    town.until("the named one is bound", |town| town.row("class:a")["state"] == "active");
    assert_eq!(town.group("class:a").id, ids[1]);
}

#[test]
fn x2_without_any_event_the_host_names_the_groups_and_daily_reading_keeps_the_door() {
    let messenger = Messenger::start_max();
    let platform = json!({"kind": "max", "token": messenger.max_token,
        "base_url": messenger.max_address, "events": "none"});
    let mut town = Town::with(&messenger, Side::Max, 10, json!({"platform": platform}));
    town.sync();
    for task in town.tasks("create_chat") {
        let manner = Manner::of(FoundBy::CodeInTitle, town.number(1));
        let id = town.office.carry_out(&task, &manner);
        town.request("tasks.done", json!({"task": task["id"], "platform_id": id.to_string()}));
    }
    town.until("the named groups are bound", |town| {
        story::CHATS.iter().all(|key| town.row(key)["state"] == "active")
    });
    let link = town.group("class:a").link;
    let stranger = town.crowd.strangers_come(&link, 1)[0];
    town.pass(25.hours());
    town.until("the daily reading sees the stranger", |town| !town.is_in("class:a", stranger));
    messenger.does("max/remove", json!({"chat_id": town.group("class:a").id}));
    town.pass(25.hours());
    town.until("nobody told that the bot was put out, and it is seen", |town| {
        town.tasks("add_bot").len() == 1
    });
    assert_eq!(town.report["status"], "OK", "a person has something to do, no cycle has");
    assert_ne!(town.report["next_due"], town.report["finished"], "no host is to spin");
    assert!(!messenger.look("requests").to_string().contains("GET /updates"));
}

#[test]
fn x2_a_host_with_a_webhook_hands_events_in_twice_late_and_in_any_order() {
    let messenger = Messenger::start_max();
    let platform = json!({"kind": "max", "token": messenger.max_token,
        "base_url": messenger.max_address, "events": "push", "events_secret": "school-7"});
    let mut town = Town::with(&messenger, Side::Max, 11, json!({"platform": platform}));
    let (url, hears) = webhook::webhook(Vec::new());
    messenger.does("max/webhook", json!({"url": url, "on": true, "secret": "school-7"}));
    messenger.does("max/mode", json!({"webhook_duplicates": 1, "webhook_reorder_ms": 30}));
    town.sync();
    let manner = Manner::of(FoundBy::CodeInMessage, town.number(1));
    town.do_tasks("create_chat", &manner);
    hand_in(&mut town, &hears);
    town.until("the groups are found", |town| town.report["tasks"] == json!([]));
    let ways = town.ways();
    town.crowd.come(ways, 1.0);
    let link = town.group("class:a").link;
    let stranger = town.crowd.strangers_come(&link, 1)[0];
    hand_in(&mut town, &hears);
    town.settles("all are in and seen");
    assert!(!town.is_in("class:a", stranger));
    assert_eq!(town.report["tasks"], json!([]), "told twice is not come in twice");
    assert!(!messenger.look("requests").to_string().contains("GET /updates"));
}

/// Hands in what came, as a host does.
fn hand_in(town: &mut Town, hears: &Receiver<(String, Value)>) {
    let mut events = Vec::new();
    while let Ok((secret, event)) = hears.recv_timeout(Duration::from_secs(1)) {
        assert_eq!(secret, "school-7");
        events.push(event);
    }
    assert!(!events.is_empty());
    let params = json!({"platform": "max", "secret": "school-7", "events": events});
    assert_eq!(town.request("events.push", params).0, Code::Ok);
}

#[test]
fn an_admin_whom_the_roster_no_longer_names_loses_the_rights_and_is_out() {
    let messenger = Messenger::start_max();
    let mut town = Town::open(&messenger, Side::Max, 12);
    town.sync();
    let director = town.number(1);
    for task in town.tasks("create_chat") {
        town.office.carry_out(&task, &Manner::of(FoundBy::CodeInTitle, director));
    }
    town.until("the groups are found", |town| town.report["tasks"] == json!([]));
    story::an_admin_goes(&mut town);
}

#[test]
fn x1_x2_p16_a9_the_whole_story_with_answers_lost_and_too_many_requests() {
    story::in_troubled_times(Side::Max, Messenger::start_max);
}
