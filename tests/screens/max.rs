//! The same orders on MAX, where people make the groups and come by links.

use jiff::ToSpan;
use serde_json::{Value, json};
use zvonok::error::Code;

use crate::office::{FoundBy, Group, Manner, Office, Side};
use crate::school_day::Place;
use crate::screen::{ADMIN, big_college, does, try_as};

/// The college on MAX after its first cycle, of which nobody has made a group yet.
fn college() -> Place {
    let mut place = Place::open("ais_poo", "partner", big_college(), "2026-09-01", json!({}));
    let (token, address) = (&place.messenger.max_token, &place.messenger.max_address);
    let max = json!({"kind": "max", "token": token, "base_url": address});
    place.reopen(json!({"platform": max, "strangers": "remove"}));
    assert_eq!(place.sync(), Code::Ok, "{}", place.report);
    place
}

/// Makes the group that an order asks for; its number.
fn made(place: &mut Place, told: &Value) -> i64 {
    let task = told["tasks"].as_array().unwrap().iter().find(|task| task["kind"] == "create_chat");
    let manner = Manner::of(FoundBy::CodeInTitle, 9120);
    let id = Office::new(&place.messenger).carry_out(task.expect("a task"), &manner);
    sync(place);
    id
}

fn sync(place: &mut Place) {
    place.pass(10.minutes());
    let code = place.sync();
    assert!(matches!(code, Code::Ok | Code::Partial), "{}", place.report);
}

fn group(place: &Place, id: i64) -> Group {
    Side::Max.group(&place.messenger, id)
}

fn comes(place: &Place, id: i64, account: i64) {
    Side::Max.does(&place.messenger, "join", json!({"chat_id": id, "user": account}));
}

#[test]
fn a5_e14_a_made_chat_is_a_task_first_and_its_people_come_by_the_link() {
    let mut place = college();
    let order = json!({"id": "circle", "title": "Кружок", "members": ["child-200", "parent-300"],
        "admins": ["teacher-111"]});
    let told = does(&mut place, ADMIN, "chats.create", order.clone());
    assert_eq!((&told["state"], &told["pending"]), (&json!("task"), &json!(false)), "{told:#}");
    let again = does(&mut place, ADMIN, "chats.create", order);
    assert_eq!(again["tasks"][0]["code"], told["tasks"][0]["code"], "one task, not two");
    let id = made(&mut place, &told);
    let chat = place.chat("custom:circle").clone();
    assert_eq!((&chat["state"], &chat["title"]), (&json!("active"), &json!("Кружок")));
    assert_eq!(group(&place, id).title, "Кружок");
    for account in [9200, 9111, 9666] {
        comes(&place, id, account);
    }
    sync(&mut place);
    let now = group(&place, id);
    assert_eq!(now.members, ["9111", "9120", "9200"].map(str::to_owned).into(), "no strangers");
    assert!(now.admins.contains("9111"), "{now:?}");

    let order = |ids: &[&str]| json!({"chat": "custom:circle", "people": ids});
    let told = does(&mut place, ADMIN, "members.remove", order(&["child-200"]));
    assert_eq!(told["done"], json!({"remove_member": 1}), "{told:#}");
    assert!(!group(&place, id).members.contains("9200"));
    does(&mut place, ADMIN, "admins.revoke", order(&["teacher-111"]));
    assert!(!group(&place, id).admins.contains("9111"));
    let title = json!({"chat": "custom:circle", "title": "Кружок химии"});
    does(&mut place, ADMIN, "chats.rename", title);
    assert_eq!(group(&place, id).title, "Кружок химии");
    let told = does(&mut place, ADMIN, "members.add", order(&["child-201"]));
    assert_eq!(told["done"], json!({"invite_member": 1}), "{told:#}");
    let owner = try_as(&mut place, ADMIN, "members.remove", order(&[ADMIN])).unwrap().1;
    assert!(group(&place, id).members.contains("9120"), "owners stay: {owner:#}");
}

#[test]
fn a7_a_deleted_chat_of_max_is_kept_empty_though_its_link_cannot_be_replaced() {
    let mut place = college();
    let order = json!({"id": "circle", "title": "Кружок", "members": ["child-200", "child-201"]});
    let told = does(&mut place, ADMIN, "chats.create", order);
    let id = made(&mut place, &told);
    comes(&place, id, 9200);
    comes(&place, id, 9201);
    sync(&mut place);
    let told = does(&mut place, ADMIN, "chats.delete", json!({"chat": "custom:circle"}));
    assert_eq!(told["state"], "deleted", "{told:#}");
    let alone: std::collections::BTreeSet<String> = ["9120".to_owned()].into();
    assert_eq!(group(&place, id).members, alone, "only the owner of the group");
    comes(&place, id, 9201);
    place.pass(48.hours());
    sync(&mut place);
    assert_eq!(group(&place, id).members, alone);
    assert_eq!(place.chat("custom:circle")["state"], "deleted");
}

#[test]
fn a7_a_chat_that_nobody_has_made_yet_is_deleted_with_its_task() {
    let mut place = college();
    let told = does(&mut place, ADMIN, "chats.delete", json!({"chat": "class:7a"}));
    assert_eq!((&told["state"], &told["tasks"]), (&json!("deleted"), &json!([])), "{told:#}");
    for _ in 0..2 {
        sync(&mut place);
        let tasks = place.report["tasks"].as_array().unwrap();
        assert!(tasks.iter().all(|task| task["chat"] != "class:7a"), "{tasks:?}");
    }
    does(&mut place, ADMIN, "chats.sync", json!({"chats": ["class:7a"]}));
    sync(&mut place);
    assert_eq!(place.chat("class:7a")["state"], "task");
}

#[test]
fn x3_an_order_also_reaches_the_chat_that_was_left_behind_on_the_messenger_before() {
    let more = json!({"guard": {"minimum": 100}});
    let mut place = Place::open("ais_poo", "partner", big_college(), "2026-09-01", more);
    assert_eq!(place.sync(), Code::Ok, "{}", place.report);
    let order = json!({"id": "circle", "title": "Кружок", "members": ["child-200", "child-201"]});
    let told = does(&mut place, ADMIN, "chats.create", order);
    let id: i64 = told["platform_id"].as_str().unwrap().parse().unwrap();
    let messenger = &place.messenger;
    let vk = json!({"kind": "vk", "token": messenger.token, "base_url": messenger.address,
        "community": messenger.community.to_string()});
    let max = json!({"kind": "max", "token": messenger.max_token,
        "base_url": messenger.max_address});
    place.reopen(json!({"platform": max, "previous_platform": vk}));
    sync(&mut place);
    let old = |place: &Place| Side::Vk.group(&place.messenger, id).members;
    assert_eq!(old(&place), ["120", "200", "201"].map(str::to_owned).into());
    let order = json!({"chat": "custom:circle", "people": ["child-200"]});
    let kick = json!({"platform": "vk", "method": "messages.removeChatUser"});
    place.messenger.does("faults", json!({"match": kick, "do": "error", "code": 10}));
    let (code, told) = try_as(&mut place, ADMIN, "members.remove", order.clone()).unwrap();
    assert_eq!((code, &told["pending"]), (Code::Partial, &json!(true)), "{told:#}");
    assert_eq!(told["failed"][0]["chat"], "custom:circle@vk", "{told:#}");
    let (code, told) = try_as(&mut place, ADMIN, "members.remove", order.clone()).unwrap();
    assert_eq!(code, Code::Partial, "it waits for its next try: {told:#}");
    assert!(told["reason"]["ru"].is_string(), "{told:#}");
    place.messenger.clear_faults();
    place.pass(1.hour());
    let told = does(&mut place, ADMIN, "members.remove", order);
    assert_eq!(told["done"], json!({"remove_member": 1}), "{told:#}");
    assert_eq!(old(&place), ["120", "201"].map(str::to_owned).into());
    let told = does(&mut place, ADMIN, "chats.delete", json!({"chat": "custom:circle"}));
    assert_eq!(told["state"], "deleted", "{told:#}");
    assert!(old(&place).is_empty());
    sync(&mut place);
    assert_eq!(place.chat("custom:circle")["state"], "deleted");
}

#[test]
fn i4_a_chat_that_nobody_has_made_yet_is_renamed_in_the_registry_and_in_its_task() {
    let mut place = college();
    let order = json!({"id": "circle", "title": "Кружок", "members": ["child-200"]});
    does(&mut place, ADMIN, "chats.create", order);
    let title = json!({"chat": "custom:circle", "title": "Кружок химии"});
    let told = does(&mut place, ADMIN, "chats.rename", title);
    assert_eq!((&told["title"], &told["state"]), (&json!("Кружок химии"), &json!("task")));
    assert_eq!(told["tasks"][0]["title"], "Кружок химии");
    let id = made(&mut place, &told);
    assert_eq!(group(&place, id).title, "Кружок химии");
}

#[test]
fn a7_the_old_group_of_a_chat_that_is_made_again_is_kept_empty_beside_the_new_one() {
    let mut place = college();
    let of_class = |report: &Value| {
        let tasks = report["tasks"].as_array().unwrap();
        let task = tasks.iter().find(|task| task["chat"] == "class:7a").expect("a task");
        json!({"tasks": [task]})
    };
    let task = of_class(&place.report);
    let old = made(&mut place, &task);
    comes(&place, old, 9200);
    sync(&mut place);
    does(&mut place, ADMIN, "chats.delete", json!({"chat": "class:7a"}));
    let alone: std::collections::BTreeSet<String> = ["9120".to_owned()].into();
    assert_eq!(group(&place, old).members, alone);
    let told = does(&mut place, ADMIN, "chats.sync", json!({"chats": ["class:7a"]}));
    let new = made(&mut place, &of_class(&told));
    assert_ne!(new, old);
    comes(&place, old, 9201);
    comes(&place, new, 9201);
    place.pass(48.hours());
    sync(&mut place);
    assert_eq!(group(&place, old).members, alone, "whoever comes by the old link is taken out");
    assert!(group(&place, new).members.contains("9201"));
    let listed = does(&mut place, ADMIN, "chats.list", json!({"class": "7a", "per_page": 100}));
    let keys: Vec<&str> =
        listed["chats"].as_array().unwrap().iter().filter_map(|c| c["key"].as_str()).collect();
    assert_eq!(keys.iter().filter(|key| key.starts_with("class:7a")).count(), 1, "{keys:?}");
}

#[test]
fn a7_a_deleted_chat_stays_deleted_where_a_cycle_runs_while_it_is_asked_for() {
    let mut place = college();
    does(&mut place, ADMIN, "chats.delete", json!({"chat": "class:7a"}));
    let told = does(&mut place, "system", "diagnostics", json!({}));
    let path = format!("{}.lock", told["state"]["path"].as_str().unwrap());
    let lock = std::fs::File::options().write(true).open(path).expect("the lock's file");
    lock.try_lock().expect("no cycle runs");
    let ask = json!({"chats": ["class:7a"]});
    let error = try_as(&mut place, ADMIN, "chats.sync", ask).expect_err("a cycle runs");
    assert_eq!(error.code, Code::Locked);
    lock.unlock().unwrap();
    sync(&mut place);
    assert_eq!(place.chat("class:7a")["state"], "deleted");
}
