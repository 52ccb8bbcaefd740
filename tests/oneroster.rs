//! What a host gets that hands over plain OneRoster, on the sandbox's real state.
#![cfg(feature = "cli")]

mod support;

#[allow(dead_code, reason = "each file of tests needs its own part of this")]
#[path = "support/oracle.rs"]
mod oracle;
#[path = "support/school_day.rs"]
mod school_day;
#[allow(dead_code, reason = "each file of tests needs its own part of this")]
#[path = "support/tiny.rs"]
mod tiny;

use std::collections::BTreeSet;

use jiff::ToSpan;
use school_day::Place;
use serde_json::{Value, json};
use tiny::{add, enrolled, row, tiny};
use zvonok::error::Code;

const DAY: &str = "2026-09-01";

/// The tiny school as a host without extensions knows it.
fn plain() -> Value {
    let mut roster = tiny();
    for table in ["classes", "roles", "lessons"] {
        for row in roster[table].as_array_mut().unwrap() {
            row.as_object_mut().unwrap().shift_remove("metadata");
        }
    }
    row(&mut roster, "classes", "7a-algebra")["metadata"] = json!({"homeroom": "7a"});
    add(&mut roster, "enrollments", curator("teacher-110"));
    roster
}

fn curator(who: &str) -> Value {
    let mut row = enrolled("7a", who, "teacher");
    row["primary"] = true.into();
    row
}

fn started(more: Value) -> Place {
    let mut place = Place::open("oneroster", "partner", plain(), DAY, more);
    assert_eq!(place.sync(), Code::Ok, "{}", place.report);
    place
}

fn next(place: &mut Place) {
    place.pass(30.minutes());
    assert_eq!(place.sync(), Code::Ok, "{}", place.report);
}

#[track_caller]
fn holds(place: &Place, key: &str, title: &str, members: &[&str], admins: &[&str]) {
    let set = |ids: &[&str]| ids.iter().map(|id| (*id).to_owned()).collect::<BTreeSet<_>>();
    let seen = place.seen(key);
    assert_eq!(seen.title, title);
    assert_eq!((seen.members, seen.admins), (set(members), set(admins)), "{key}");
}

#[test]
fn x1_every_class_and_journal_has_its_chats() {
    let place = started(json!({}));
    assert_eq!(place.look().len(), 4);
    holds(&place, "teachers:school", "Staff", &["100", "110", "111", "120", "121"], &["100"]);
    holds(&place, "class:7a", "7А", &["110", "200", "201", "202"], &["110"]);
    holds(&place, "parents:7a", "7А - parents", &["110", "300", "301", "302"], &["110"]);
    let subject = ["111", "200", "201", "202"];
    holds(&place, "subject:7a-algebra", "Алгебра 7А", &subject, &["111"]);
    place.must_agree("plain OneRoster");
}

#[test]
fn x1_several_curators_and_leading_teachers_administer() {
    let mut place = started(json!({}));
    add(&mut place.roster, "enrollments", curator("teacher-111"));
    add(&mut place.roster, "enrollments", enrolled("7a", "secretary-121", "teacher"));
    add(&mut place.roster, "enrollments", enrolled("7a-algebra", "teacher-110", "teacher"));
    next(&mut place);
    holds(&place, "class:7a", "7А", &["110", "111", "200", "201", "202"], &["110", "111"]);
    let subject = ["110", "111", "200", "201", "202"];
    holds(&place, "subject:7a-algebra", "Алгебра 7А", &subject, &["110", "111"]);
    // One of the two leads.
    row(&mut place.roster, "enrollments", "7a-algebra-teacher-110-teacher")["primary"] =
        true.into();
    next(&mut place);
    holds(&place, "subject:7a-algebra", "Алгебра 7А", &subject, &["110"]);
}

#[test]
fn x1_a_journal_with_students_of_its_own_has_only_these() {
    let mut place = started(json!({}));
    add(&mut place.roster, "enrollments", enrolled("7a-algebra", "child-201", "student"));
    next(&mut place);
    holds(&place, "subject:7a-algebra", "Алгебра 7А", &["111", "201"], &["111"]);
    // A row that is over is still a row: nobody of the class comes instead.
    row(&mut place.roster, "enrollments", "7a-algebra-child-201-student")["endDate"] = DAY.into();
    next(&mut place);
    holds(&place, "subject:7a-algebra", "Алгебра 7А", &["111"], &["111"]);
}

#[test]
fn x1_titles_are_the_schools_own() {
    let settings = json!({"settings": {"teachers_title": "Сотрудники",
        "parents_title": "Родители <class>"}});
    let mut place = started(settings);
    assert_eq!(place.seen("teachers:school").title, "Сотрудники");
    assert_eq!(place.seen("parents:7a").title, "Родители 7А");
    row(&mut place.roster, "classes", "7a")["title"] = "8А".into();
    next(&mut place);
    assert_eq!(place.seen("parents:7a").title, "Родители 8А");
}

#[test]
fn x1_a_dissolved_class_rests_and_its_journal_goes_on_without_its_students() {
    let mut place = started(json!({}));
    let before = place.look();
    row(&mut place.roster, "classes", "7a")["status"] = "tobedeleted".into();
    next(&mut place);
    for key in ["class:7a", "parents:7a"] {
        assert_eq!(place.chat(key)["state"], "archived");
        assert_eq!(place.seen(key).members, before[key].members, "archive.members is keep");
    }
    holds(&place, "subject:7a-algebra", "Алгебра 7А", &["111"], &["111"]);
    row(&mut place.roster, "classes", "7a")["status"] = "active".into();
    next(&mut place);
    place.must_agree("the class is back");
    assert_eq!(place.seen("class:7a").link, before["class:7a"].link, "it is the same chat");
}

#[test]
fn x2_nobody_is_where_the_roster_does_not_name_them() {
    let mut place = started(json!({}));
    for chat in place.messenger.look("state")["chats"].as_array().unwrap() {
        let stranger = json!({"chat_id": chat["chat_id"], "user": 666, "by": 110});
        place.messenger.does("add", stranger);
    }
    place.pass(30.minutes());
    assert_eq!(place.sync_with(json!({"verify": "all"})), Code::Ok);
    assert_eq!(place.report["done"], json!({"remove_member": 4}));
    place.must_agree("after strangers");
}
