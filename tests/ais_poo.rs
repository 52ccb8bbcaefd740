//! What «АИС ПОО» promises its colleges, line by line, on the sandbox's real state.
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

use college::{access, ask, college, curator, everywhere, holds, link, next, started};
use jiff::ToSpan;
use school_day::Place;
use serde_json::{Value, json};
use tiny::{add, child, drop_row, enrolled, person, role, row};
use zvonok::error::Code;

const ALL: [&str; 4] = ["class:7a", "parents:7a", "subject:7a-algebra", "teachers:school"];

fn ais(roster: Value) -> Place {
    started("ais_poo", roster, json!({}))
}

#[test]
fn a1_a_college_gets_its_chats_by_itself() {
    let place = ais(college());
    assert_eq!(place.look().keys().collect::<Vec<_>>(), ALL);
    let titles = ALL.map(|key| place.seen(key).title);
    let wanted = ["ЭБ-23-1 - Группа", "ЭБ-23-1 - Родители", "ЭБ-23-1/Алгебра", "Учительская"];
    assert_eq!(titles, wanted);
    let types = ALL.map(|key| &place.chat(key)["type"]);
    assert_eq!(types, ["CLASS", "PARENTS", "SUBJECT", "TEACHER"]);
    holds(&place, "teachers:school", &["110", "111", "120"], &["120"]);
    holds(&place, "class:7a", &["110", "200", "201", "202"], &["110"]);
    holds(&place, "parents:7a", &["110", "300", "301", "302"], &["110"]);
    holds(&place, "subject:7a-algebra", &["111", "200", "201", "202"], &["111"]);
    place.must_agree("a college");
}

#[test]
fn a1_subgroups_are_respected() {
    let mut place = ais(college());
    add(&mut place.roster, "enrollments", enrolled("7a-algebra", "child-201", "student"));
    next(&mut place);
    holds(&place, "subject:7a-algebra", &["111", "201"], &["111"]);
    add(&mut place.roster, "enrollments", enrolled("7a-algebra", "teacher-110", "teacher"));
    next(&mut place);
    holds(&place, "subject:7a-algebra", &["110", "111", "201"], &["110", "111"]);
}

#[test]
fn a1_a_subject_without_a_group_has_no_chat() {
    let mut place = ais(college());
    let link = place.seen("subject:7a-algebra").link;
    let group = row(&mut place.roster, "classes", "7a-algebra")["metadata"].take();
    next(&mut place);
    assert_eq!(place.chat("subject:7a-algebra")["state"], "archived");
    row(&mut place.roster, "classes", "7a-algebra")["metadata"] = group;
    next(&mut place);
    assert_eq!(place.seen("subject:7a-algebra").link, link);
    place.must_agree("with its group again");
}

#[test]
fn a1_only_staff_whom_the_host_calls_teachers_are_in_the_teachers_room() {
    let mut place = ais(college());
    access(&mut place.roster, "secretary-121", &["Библиотекарь", "Преподаватель-предметник"]);
    access(&mut place.roster, "teacher-111", &[]);
    // Neither a parent's mark nor a former employee's counts.
    access(&mut place.roster, "parent-300", &["Преподаватель-предметник", "Администратор ПОО"]);
    access(&mut place.roster, "director-100", &["Администратор ПОО"]);
    row(&mut place.roster, "roles", "role-director-100-principal")["endDate"] = "2026-09-01".into();
    next(&mut place);
    holds(&place, "teachers:school", &["110", "120", "121"], &["120"]);
}

#[test]
fn a2_a_new_group_gets_its_two_chats_by_itself() {
    let mut place = ais(college());
    let group = json!({"sourcedId": "7b", "title": "ЭБ-26-1", "classType": "homeroom",
        "schoolSourcedId": "school"});
    add(&mut place.roster, "classes", group);
    add(&mut place.roster, "enrollments", curator("7b", "teacher-111"));
    next(&mut place);
    holds(&place, "class:7b", &["111"], &["111"]);
    holds(&place, "parents:7b", &["111"], &["111"]);
    assert_eq!(place.seen("parents:7b").title, "ЭБ-26-1 - Родители");
}

/// The members of the group's three chats.
fn of_group(place: &Place, students: &[&str], parents: &[&str]) {
    let with = |who: &'static str, rest: &[&'static str]| [&[who], rest].concat();
    let own = |ids: &[&str]| -> Vec<&'static str> {
        ids.iter().map(|id| &*Box::leak((*id).to_owned().into_boxed_str())).collect()
    };
    let (students, parents) = (own(students), own(parents));
    holds(place, "class:7a", &with("110", &students), &["110"]);
    holds(place, "parents:7a", &with("110", &parents), &["110"]);
    holds(place, "subject:7a-algebra", &with("111", &students), &["111"]);
}

#[test]
fn a2_orders_of_enrolment_and_departure_and_their_cancelling_correct_every_chat() {
    let mut place = ais(college());
    add(&mut place.roster, "users", child("child-203", &["parent-303"]));
    add(&mut place.roster, "users", person("parent-303"));
    add(&mut place.roster, "roles", role("child-203", "student"));
    add(&mut place.roster, "roles", role("parent-303", "parent"));
    add(&mut place.roster, "enrollments", enrolled("7a", "child-203", "student"));
    next(&mut place);
    of_group(&place, &["200", "201", "202", "203"], &["300", "301", "302", "303"]);
    // The order of enrolment is cancelled.
    row(&mut place.roster, "enrollments", "7a-child-203-student")["status"] = "tobedeleted".into();
    next(&mut place);
    of_group(&place, &["200", "201", "202"], &["300", "301", "302"]);
    // Another day: so many removals in one would be held in a college so small.
    place.pass(24.hours());
    // A departure, and its cancelling.
    row(&mut place.roster, "enrollments", "7a-child-201-student")["endDate"] = "2026-09-01".into();
    next(&mut place);
    of_group(&place, &["200", "202"], &["300"]);
    row(&mut place.roster, "enrollments", "7a-child-201-student")["endDate"] = Value::Null;
    next(&mut place);
    of_group(&place, &["200", "201", "202"], &["300", "301", "302"]);
}

#[test]
fn a3_curators_subject_teachers_and_the_hosts_administrator_are_admins() {
    let mut place = ais(college());
    access(&mut place.roster, "director-100", &["Администратор ПОО"]);
    drop_row(&mut place.roster, "enrollments", "7a-teacher-110-teacher");
    add(&mut place.roster, "enrollments", curator("7a", "teacher-111"));
    drop_row(&mut place.roster, "enrollments", "7a-algebra-teacher-111-teacher");
    add(&mut place.roster, "enrollments", enrolled("7a-algebra", "teacher-110", "teacher"));
    next(&mut place);
    holds(&place, "teachers:school", &["100", "110", "111", "120"], &["100", "120"]);
    holds(&place, "class:7a", &["111", "200", "201", "202"], &["111"]);
    holds(&place, "parents:7a", &["111", "300", "301", "302"], &["111"]);
    holds(&place, "subject:7a-algebra", &["110", "200", "201", "202"], &["110"]);
}

#[test]
fn a6_the_list_is_initialised_by_type() {
    let mut place = ais(college());
    for key in ["class:7a", "parents:7a"] {
        college::hands_on(&place, key, 666, 110);
    }
    let report = ask(&mut place, "chats.sync", json!({"kinds": ["class"]}));
    assert_eq!(report["status"], "OK", "{report}");
    holds(&place, "class:7a", &["110", "200", "201", "202"], &["110"]);
    assert_eq!(place.seen("parents:7a").title, "Наш чатик", "another type was not asked for");
    place.pass(30.minutes());
    assert_eq!(place.sync_with(json!({"verify": "all"})), Code::Ok);
    place.must_agree("after the next cycle");
}

#[test]
fn a8_the_communitys_identifier_can_be_copied() {
    let mut place = ais(college());
    let told = ask(&mut place, "diagnostics", json!({}));
    let community = place.messenger.community.to_string();
    assert_eq!(told["platform"]["community"], *community, "{told:#}");
}

#[test]
fn a9_who_unlinks_the_account_is_out_of_all_chats_at_once() {
    let mut place = ais(college());
    assert_eq!(everywhere(&place, "110"), ["class:7a", "parents:7a", "teachers:school"]);
    link(&mut place, "teacher-110", None);
    assert_eq!(everywhere(&place, "110"), [""; 0]);
    next(&mut place);
    assert_eq!(everywhere(&place, "110"), [""; 0], "the roster still names the account");
}
