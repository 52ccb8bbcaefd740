//! What «АйТи Школа» promises its schools, line by line, on the sandbox's real state.
#![cfg(feature = "cli")]

mod support;

#[path = "support/college.rs"]
mod college;
#[allow(dead_code, reason = "each file of tests needs its own part of this")]
#[path = "support/oracle.rs"]
mod oracle;
#[path = "support/school_day.rs"]
mod school_day;
#[allow(dead_code, reason = "each file of tests needs its own part of this")]
#[path = "support/tiny.rs"]
mod tiny;

use college::{ask, college, curator, everywhere, hands_on, holds, link, next, started};
use school_day::Place;
use serde_json::{Value, json};
use tiny::{add, enrolled, role, row};

const ALL: [&str; 3] = ["class:7a", "parents:7a", "teachers:school"];

/// The school of «АйТи Школа»'s own example.
fn school() -> Value {
    let mut roster = college();
    row(&mut roster, "classes", "7a")["title"] = "1а".into();
    row(&mut roster, "orgs", "school")["name"] = "Демо школа".into();
    roster
}

fn it_school(more: Value) -> Place {
    started("it_school", school(), more)
}

#[test]
fn i1_a_user_links_and_unlinks_and_sees_the_linked_id() {
    let mut place = it_school(json!({}));
    let linked = |place: &mut Place| {
        let status = ask(place, "accounts.status", json!({"person": "child-200"}));
        let accounts = status["accounts"].as_array().unwrap().iter();
        let vk: Vec<&Value> = accounts.filter(|account| account["platform"] == "vk").collect();
        json!([vk[0]["account"], vk[0]["linked"]])
    };
    link(&mut place, "child-200", None);
    assert_eq!(everywhere(&place, "200"), [""; 0]);
    link(&mut place, "child-200", Some("748838410"));
    assert_eq!(everywhere(&place, "748838410"), ["class:7a"]);
    assert_eq!(linked(&mut place), json!(["748838410", true]));
    link(&mut place, "child-200", None);
    assert_eq!(everywhere(&place, "748838410"), [""; 0]);
    assert_eq!(linked(&mut place), json!([null, false]));
}

#[test]
fn i2_one_button_refreshes_all_chats_of_the_organisation() {
    let mut place = it_school(json!({}));
    hands_on(&place, "class:7a", 666, 201);
    hands_on(&place, "parents:7a", 667, 301);
    let report = ask(&mut place, "chats.sync", json!({}));
    assert_eq!(report["status"], "OK", "{report}");
    place.must_agree("after the button");
}

#[test]
fn i3_titles_types_and_classes_of_the_registry() {
    let mut place = it_school(json!({}));
    let registry = ask(&mut place, "chats.list", json!({"per_page": 2}));
    assert_eq!((&registry["total"], &registry["pages"]), (&json!(3), &json!(2)));
    let titles = ALL.map(|key| place.seen(key).title);
    assert_eq!(titles, ["1а - Чат класса", "1а - Родительский чат", "Учительский чат"]);
    let types = ALL.map(|key| &place.chat(key)["type"]);
    assert_eq!(types, ["CLASS", "PARENTS", "TEACHER"]);
    let classes = ALL.map(|key| &place.chat(key)["class"]);
    assert_eq!(classes, [&json!("7a"), &json!("7a"), &Value::Null]);
    assert_eq!(place.look().len(), 3, "a subject has no chat here");
    holds(&place, "teachers:school", &["110", "111", "120"], &["120"]);
    holds(&place, "class:7a", &["110", "200", "201", "202"], &["110"]);
    holds(&place, "parents:7a", &["110", "300", "301", "302"], &["110"]);
    place.must_agree("a school");
}

#[test]
fn i3_the_organisation_can_stand_in_front_of_every_title() {
    let place = it_school(json!({"settings": {"organization_in_title": true}}));
    let titles = ALL.map(|key| place.seen(key).title);
    let wanted = [
        "Демо школа - 1а - Чат класса",
        "Демо школа - 1а - Родительский чат",
        "Демо школа - Учительский чат",
    ];
    assert_eq!(titles, wanted);
}

#[test]
fn i3_only_teachers_and_administrators_are_in_the_teachers_chat() {
    let mut place = it_school(json!({}));
    add(&mut place.roster, "roles", role("secretary-121", "teacher"));
    row(&mut place.roster, "roles", "role-teacher-111-teacher")["endDate"] = "2026-09-01".into();
    next(&mut place);
    holds(&place, "teachers:school", &["110", "120", "121"], &["120"]);
}

#[test]
fn i3_the_class_teachers_are_those_marked_primary() {
    let mut place = it_school(json!({}));
    add(&mut place.roster, "enrollments", enrolled("7a", "teacher-111", "teacher"));
    next(&mut place);
    holds(&place, "class:7a", &["110", "200", "201", "202"], &["110"]);
    add(&mut place.roster, "enrollments", {
        let mut second = curator("7a", "secretary-121");
        second["sourcedId"] = "second".into();
        second
    });
    next(&mut place);
    holds(&place, "class:7a", &["110", "121", "200", "201", "202"], &["110", "121"]);
    holds(&place, "parents:7a", &["110", "121", "300", "301", "302"], &["110", "121"]);
}

#[test]
fn i5_a_chats_people_are_listed_with_their_role_and_mark() {
    let mut place = it_school(json!({}));
    row(&mut place.roster, "users", "child-202")["userIds"] = json!([]);
    next(&mut place);
    let chat = ask(&mut place, "chats.get", json!({"chat": "class:7a"}));
    let member = |who: &str| {
        let mut rows = chat["members"].as_array().unwrap().iter();
        let row = rows.find(|row| row["person"] == who).unwrap_or_else(|| panic!("{chat}"));
        json!([row["role"], row["admin"], row["linked"]])
    };
    assert_eq!(member("teacher-110"), json!(["teacher", true, true]));
    assert_eq!(member("child-201"), json!(["student", false, true]));
    assert_eq!(member("child-202"), json!(["student", false, false]));
}
