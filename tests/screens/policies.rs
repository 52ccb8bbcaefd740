//! What becomes of changes by hand where a profile keeps or reverts them, and what the guard
//! makes of them.

use serde_json::{Value, json};
use zvonok::error::Code;

use crate::college::{holds, next, started};
use crate::school_day::Place;
use crate::screen::{ADMIN, big_college, changing, denied, does, makes, open, try_as};
use crate::tiny::{add, drop_row, enrolled, person, role, row};

/// The college under a profile of its own that reverts changes of classes and forbids others.
pub(crate) fn reverting() -> (tempfile::TempDir, Place) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("own.lua");
    let script = std::fs::read_to_string("scripts/oneroster.lua").unwrap();
    let own = script.replace(
        "overrides = \"kept\"",
        "overrides = { class = \"reverted\", parents = \"forbidden\" }",
    );
    assert_ne!(own, script);
    std::fs::write(&path, own).unwrap();
    let place = started(path.to_str().unwrap(), big_college(), json!({}));
    (folder, place)
}

#[test]
fn reverted_changes_act_at_once_and_the_next_cycle_of_the_host_undoes_them() {
    let (_folder, mut place) = reverting();
    let order = |ids: &[&str]| json!({"chat": "class:7a", "people": ids});
    does(&mut place, ADMIN, "members.add", order(&["student-210"]));
    does(&mut place, ADMIN, "members.remove", order(&["child-200"]));
    does(&mut place, ADMIN, "chats.rename", json!({"chat": "class:7a", "title": "Иначе"}));
    holds(&place, "class:7a", &["110", "201", "202", "210"], &["110"]);
    assert_eq!(place.seen("class:7a").title, "Иначе");
    let plan = does(&mut place, ADMIN, "plan", json!({"detail": "operations"}));
    let planned = json!({"add_member": 1, "remove_member": 1, "rename_chat": 1});
    assert_eq!(plan["plan"]["operations"], planned, "the plan is what the next cycle would do");
    next(&mut place);
    holds(&place, "class:7a", &["110", "200", "201", "202"], &["110"]);
    assert_eq!(place.seen("class:7a").title, "ЭБ-23-1");
    let about = json!({"chat": "class:7a", "person": "student-210"});
    let told = does(&mut place, ADMIN, "explain", about);
    assert_eq!(told["overrides"][0]["ended_by"], "reverted");
    let reason = denied(
        &mut place,
        ADMIN,
        "members.add",
        json!({"chat": "parents:7a", "people": ["student-210"]}),
    );
    assert_eq!(reason, "профиль не разрешает менять автоматические чаты вручную");
}

#[test]
fn kept_changes_cost_nothing_in_cycles_in_which_nothing_changed() {
    let mut place = open("oneroster");
    makes(&mut place, ADMIN, json!({"title": "Кружок", "members": ["child-200"]}));
    let order = json!({"chat": "class:7a", "people": ["student-210"]});
    does(&mut place, ADMIN, "members.add", order.clone());
    next(&mut place);
    next(&mut place);
    place.messenger.does("counters/reset", json!({}));
    for _ in 0..3 {
        next(&mut place);
        assert_eq!(place.report["done"], json!({}));
    }
    assert_eq!(place.messenger.look("counters")["requests"], 0);
    let cycle = place.report["cycle"].clone();
    does(&mut place, ADMIN, "members.add", order);
    next(&mut place);
    assert_ne!(place.report["cycle"], cycle, "an order is news, also one that changed nothing");
    assert_eq!(changing(&place), 0);
}

/// A class so large that losing most of it would be held.
pub(crate) fn crowd() -> Value {
    let mut roster = big_college();
    for number in 220..240 {
        let who = format!("student-{number}");
        add(&mut roster, "users", person(&who));
        add(&mut roster, "roles", role(&who, "student"));
        add(&mut roster, "enrollments", enrolled("8b", &who, "student"));
    }
    roster
}

#[test]
fn what_a_person_orders_is_no_accident_that_the_guard_would_hold() {
    let mut place = started("oneroster", crowd(), json!({"grace": "24h"}));
    let all = json!({"chat": "class:8b", "filter": {"class": "8b", "role": "student"}});
    let told = does(&mut place, ADMIN, "members.remove", all);
    assert_eq!(told["done"], json!({"remove_member": 22}), "neither held nor in grace");
    next(&mut place);
    assert_eq!(place.seen("class:8b").members.len(), 0);
    // Nor does it make the guard's day fuller: a removal by the roster afterwards is let pass.
    drop_row(&mut place.roster, "enrollments", "7a-child-200-student");
    place.reopen(json!({"grace": "0s"}));
    next(&mut place);
    assert!(!place.seen("class:7a").members.contains("200"));
}

#[test]
fn an_order_gets_through_while_the_guard_holds_the_chat() {
    let mut place = started("oneroster", crowd(), json!({}));
    let rows = place.roster["enrollments"].as_array_mut().unwrap();
    rows.retain(|row| row["classSourcedId"] != "8b" || row["userSourcedId"] == "student-239");
    place.pass(jiff::ToSpan::minutes(30));
    assert_eq!(place.sync(), Code::Held);
    let hold = place.report["hold"]["fingerprint"].clone();
    let one = json!({"chat": "class:8b", "people": ["student-239"]});
    let (code, told) = try_as(&mut place, ADMIN, "members.remove", one).unwrap();
    assert_eq!((code, &told["pending"]), (Code::Ok, &json!(false)), "{told:#}");
    assert!(!place.seen("class:8b").members.contains("239"));
    assert_eq!(place.seen("class:8b").members.len(), 21);
    place.pass(jiff::ToSpan::minutes(30));
    assert_eq!(place.sync(), Code::Held);
    assert_eq!(place.report["hold"]["fingerprint"], hold, "what is held is as it was");
}

#[test]
fn a_profile_that_forbids_changes_later_undoes_those_that_were_kept() {
    let mut place = open("oneroster");
    let order = json!({"chat": "class:7a", "people": ["student-210"]});
    does(&mut place, ADMIN, "members.add", order);
    let script = std::fs::read_to_string("scripts/oneroster.lua").unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("own.lua");
    std::fs::write(&path, script.replace("overrides = \"kept\",", "")).unwrap();
    place.reopen(json!({"profile": path}));
    next(&mut place);
    holds(&place, "class:7a", &["110", "200", "201", "202"], &["110"]);
}

#[test]
fn the_owner_of_a_chat_is_not_taken_out_by_an_order() {
    let mut place = open("oneroster");
    let key = makes(&mut place, ADMIN, json!({"title": "Кружок", "members": ["child-200"]}));
    place.reopen(json!({"protect": ["200"]}));
    let order = json!({"chat": key, "people": ["child-200"]});
    let (code, told) = try_as(&mut place, ADMIN, "members.remove", order).unwrap();
    assert_eq!((code, &told["pending"]), (Code::Partial, &json!(true)), "{told:#}");
    let reason = told["reason"]["en"].as_str().unwrap();
    assert!(reason.contains("child-200 is protected"), "{reason}");
    assert!(place.seen(&key).members.contains("200"));
    row(&mut place.roster, "users", "child-201")["userIds"] = json!([]);
}

#[test]
fn e14_an_order_while_a_cycle_runs_elsewhere_is_kept_for_the_next_one() {
    let mut place = open("oneroster");
    let told = does(&mut place, "system", "diagnostics", json!({}));
    let path = format!("{}.lock", told["state"]["path"].as_str().unwrap());
    let lock = std::fs::File::options().write(true).open(path).expect("the lock's file");
    lock.try_lock().expect("no cycle runs");
    let order = json!({"id": "circle", "title": "Кружок", "members": ["child-200"]});
    let (code, told) = try_as(&mut place, ADMIN, "chats.create", order).unwrap();
    assert_eq!((code, &told["pending"]), (Code::Partial, &json!(true)), "{told:#}");
    assert_eq!((&told["state"], &told["done"]), (&json!("planned"), &Value::Null));
    let remove = json!({"chat": "class:7a", "people": ["child-200"]});
    let (code, told) = try_as(&mut place, ADMIN, "members.remove", remove).unwrap();
    assert_eq!((code, &told["done"]), (Code::Partial, &Value::Null));
    lock.unlock().unwrap();
    next(&mut place);
    holds(&place, "custom:circle", &["120", "200"], &["120"]);
    holds(&place, "class:7a", &["110", "201", "202"], &["110"]);
}

#[test]
fn an_id_with_a_sign_of_moved_chats_in_it_is_an_id_like_any_other() {
    let mut roster = big_college();
    let odd = json!({"sourcedId": "7a@vk", "title": "7A@", "classType": "homeroom",
        "schoolSourcedId": "school"});
    add(&mut roster, "classes", odd);
    add(&mut roster, "enrollments", enrolled("7a@vk", "child-200", "student"));
    add(&mut roster, "enrollments", enrolled("7a@vk", "child-201", "student"));
    let mut place = started("oneroster", roster, json!({}));
    let order = |chat: &str| json!({"chat": chat, "people": ["child-200"]});
    does(&mut place, ADMIN, "members.remove", order("class:7a@vk"));
    holds(&place, "class:7a@vk", &["201"], &[]);
    holds(&place, "class:7a", &["110", "200", "201", "202"], &["110"]);
    does(&mut place, ADMIN, "chats.delete", json!({"chat": "class:7a"}));
    next(&mut place);
    holds(&place, "class:7a@vk", &["201"], &[]);
}

#[test]
fn an_order_also_takes_out_somebody_whom_nobody_meant_to_be_in() {
    let mut place = started("oneroster", big_college(), json!({"strangers": "keep"}));
    crate::screen::refresh(&mut place);
    let id: i64 = place.chat("class:7a")["platform_id"].as_str().unwrap().parse().unwrap();
    for account in [210, 666] {
        place.messenger.does("add", json!({"chat_id": id, "user": account, "by": 110}));
    }
    does(&mut place, ADMIN, "chats.sync", json!({"chats": ["class:7a"]}));
    assert!(place.seen("class:7a").members.contains("210"), "strangers are kept here");
    let order = json!({"chat": "class:7a", "people": ["student-210"]});
    let told = does(&mut place, ADMIN, "members.remove", order);
    assert_eq!(told["done"], json!({"remove_member": 1}), "{told:#}");
    holds(&place, "class:7a", &["110", "200", "201", "202", "666"], &["110"]);
}
