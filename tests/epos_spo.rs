//! What «ЭПОС.СПО» promises its colleges, line by line, on the sandbox's real state.
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

use college::{college, curator, everywhere, hands_on, holds, link, next, started};
use jiff::ToSpan;
use school_day::Place;
use serde_json::{Value, json};
use tiny::{add, child, drop_row, enrolled, person, role, row};
use zvonok::error::Code;

const ALL: [&str; 3] = ["class:7a", "parents:7a", "teachers:school"];

fn epos(roster: Value) -> Place {
    started("epos_spo", roster, json!({}))
}

fn without_curator() -> Value {
    let mut roster = college();
    drop_row(&mut roster, "enrollments", "7a-teacher-110-teacher");
    roster
}

#[test]
fn e1_a_college_gets_its_obligatory_chats() {
    let place = epos(college());
    assert_eq!(place.look().keys().collect::<Vec<_>>(), ALL, "a discipline has no chat by itself");
    let titles = ALL.map(|key| place.seen(key).title);
    assert_eq!(titles, ["ЭБ-23-1 - Группа", "ЭБ-23-1 - Родители", "Преподаватели"]);
    let types = ALL.map(|key| &place.chat(key)["type"]);
    assert_eq!(types, ["CLASS", "PARENTS", "TEACHER"]);
    holds(&place, "teachers:school", &["100", "110", "111", "120", "121"], &["120"]);
    holds(&place, "class:7a", &["110", "200", "201", "202"], &["110"]);
    holds(&place, "parents:7a", &["110", "300", "301", "302"], &["110"]);
    place.must_agree("a college");
}

#[test]
fn e1_all_administrators_and_all_curators_are_admins() {
    let mut place = epos(college());
    add(&mut place.roster, "roles", role("director-100", "siteAdministrator"));
    add(&mut place.roster, "enrollments", curator("7a", "teacher-111"));
    // Teaching the group is not curating it.
    add(&mut place.roster, "enrollments", enrolled("7a", "secretary-121", "teacher"));
    next(&mut place);
    holds(&place, "teachers:school", &["100", "110", "111", "120", "121"], &["100", "120"]);
    holds(&place, "class:7a", &["110", "111", "200", "201", "202"], &["110", "111"]);
    holds(&place, "parents:7a", &["110", "111", "300", "301", "302"], &["110", "111"]);
    row(&mut place.roster, "roles", "role-engineer-120-systemAdministrator")["status"] =
        "tobedeleted".into();
    next(&mut place);
    holds(&place, "teachers:school", &["100", "110", "111", "121"], &["100"]);
}

/// The chats of which the report says that nobody administers them.
fn unled(place: &Place) -> Vec<&str> {
    let warnings = place.report["roster"]["warnings"].as_array().unwrap().iter();
    let unled = warnings.filter(|warning| warning["code"] == "profile.no_admin");
    unled.map(|warning| warning["at"].as_str().unwrap()).collect()
}

#[test]
fn e2_a_group_without_a_curator_waits_for_one() {
    let mut place = epos(without_curator());
    assert_eq!(place.look().len(), 1, "only the teachers' chat");
    assert_eq!(unled(&place), [""; 0], "what is not there yet needs nobody");
    // A teacher of the group is no curator, nor is one from tomorrow on.
    add(&mut place.roster, "enrollments", enrolled("7a", "teacher-111", "teacher"));
    let mut later = curator("7a", "teacher-110");
    later["beginDate"] = "2026-09-02".into();
    add(&mut place.roster, "enrollments", later);
    next(&mut place);
    assert_eq!(place.look().len(), 1, "{:?}", place.look());
    place.pass(24.hours());
    next(&mut place);
    holds(&place, "class:7a", &["110", "200", "201", "202"], &["110"]);
    holds(&place, "parents:7a", &["110", "300", "301", "302"], &["110"]);
}

#[test]
fn e2_a_group_whose_curator_left_keeps_its_chats() {
    let mut place = epos(college());
    let link = place.seen("class:7a").link;
    drop_row(&mut place.roster, "enrollments", "7a-teacher-110-teacher");
    next(&mut place);
    holds(&place, "class:7a", &["200", "201", "202"], &[]);
    holds(&place, "parents:7a", &["300", "301", "302"], &[]);
    // Ruling 10: a chat that is there and that nobody leads is told.
    assert_eq!(unled(&place), ["class:7a", "parents:7a"]);
    add(&mut place.roster, "users", child("child-203", &[]));
    add(&mut place.roster, "roles", role("child-203", "student"));
    add(&mut place.roster, "enrollments", enrolled("7a", "child-203", "student"));
    add(&mut place.roster, "enrollments", curator("7a", "teacher-111"));
    next(&mut place);
    holds(&place, "class:7a", &["111", "200", "201", "202", "203"], &["111"]);
    assert_eq!(place.seen("class:7a").link, link, "it is the same chat");
}

#[test]
fn e3_obligatory_chats_are_locked_and_put_right() {
    let mut place = epos(college());
    for key in ALL {
        assert_eq!(place.chat(key)["locked"], true, "{key}");
    }
    hands_on(&place, "class:7a", 666, 201);
    hands_on(&place, "parents:7a", 667, 301);
    place.pass(30.minutes());
    assert_eq!(place.sync_with(json!({"verify": "all"})), Code::Ok, "{}", place.report);
    place.must_agree("after hands");
}

#[test]
fn e4_membership_follows_day_by_day() {
    let mut place = epos(college());
    add(&mut place.roster, "users", person("engineer-122"));
    add(&mut place.roster, "roles", role("engineer-122", "aide"));
    row(&mut place.roster, "roles", "role-secretary-121-aide")["endDate"] = "2026-09-02".into();
    row(&mut place.roster, "enrollments", "7a-child-201-student")["endDate"] = "2026-09-02".into();
    next(&mut place);
    let today = ["100", "110", "111", "120", "121", "122"];
    holds(&place, "teachers:school", &today, &["120"]);
    holds(&place, "class:7a", &["110", "200", "201", "202"], &["110"]);
    place.now = "2026-09-02T00:00:00+03:00".parse().unwrap();
    assert_eq!(place.sync(), Code::Ok, "{}", place.report);
    holds(&place, "teachers:school", &["100", "110", "111", "120", "122"], &["120"]);
    holds(&place, "class:7a", &["110", "200", "202"], &["110"]);
    holds(&place, "parents:7a", &["110", "300"], &["110"]);
}

#[test]
fn e4_a_linked_account_is_passed_on_at_once() {
    let mut roster = college();
    for who in ["child-200", "teacher-110"] {
        row(&mut roster, "users", who)["userIds"] = json!([]);
    }
    let mut place = epos(roster);
    assert_eq!(everywhere(&place, "210"), [""; 0]);
    link(&mut place, "child-200", Some("210"));
    assert_eq!(everywhere(&place, "210"), ["class:7a"]);
    link(&mut place, "teacher-110", Some("119"));
    assert_eq!(everywhere(&place, "119"), ALL);
    holds(&place, "class:7a", &["119", "201", "202", "210"], &["119"]);
}
