//! Exports that are empty, half, cut, or lack a table or a class.

use serde_json::{Value, json};
use zvonok::error::Code;

use crate::pupils::School;
use crate::rig::{Rig, at, chat};

fn made(sizes: &[u32]) -> (Rig, School) {
    let school = School::with_classes(sizes);
    let mut rig = Rig::new();
    rig.expect(Code::Ok, &school.0, &at(1, "09:00"));
    (rig, school)
}

fn warned(report: &Value, code: &str, at: &str, value: &str) -> bool {
    let warnings = report["roster"]["warnings"].as_array().expect("a list");
    let fits = |w: &Value| w["code"] == code && w["at"] == at && w["value"] == value;
    warnings.iter().any(fits)
}

fn state<'r>(report: &'r Value, key: &str) -> &'r str {
    chat(report, key)["state"].as_str().expect("a state")
}

#[test]
fn a_table_that_is_empty_or_absent_removes_nobody() {
    for table in ["enrollments", "users", "roles", "classes", "orgs"] {
        let (mut rig, school) = made(&[6, 6]);
        let before = rig.world();
        let mut empty = school.0.clone();
        empty[table] = json!([]);
        let told = rig.sync(&empty, &at(1, "10:00"));
        assert_eq!(rig.world(), before, "{table}");
        // Tables that point into the lost one may make the whole roster too broken to be read.
        match told {
            Ok((_, report)) => {
                assert!(warned(&report, "roster.missing_table", table, ""), "{table}: {report:#}");
            }
            Err(error) => assert_eq!(error.code, Code::Roster, "{table}: {error:?}"),
        }
        rig.expect(Code::Ok, &school.0, &at(1, "11:00"));
        assert_eq!(rig.world(), before, "{table}, whole again");
    }
}

#[test]
fn an_empty_export_removes_nobody_and_closes_nothing() {
    let (mut rig, school) = made(&[6, 6]);
    let before = rig.world();
    let mut empty = School::new().0;
    for table in ["orgs", "users", "roles", "classes", "enrollments"] {
        empty[table] = json!([]);
    }
    for hour in 10..13 {
        rig.expect(Code::Ok, &empty, &at(1, &format!("{hour}:00")));
        assert_eq!(rig.world(), before);
    }
    // Even after so long that missing classes would be put to rest, the guard has its say.
    rig.set("/guard", json!({"chats": 3}));
    rig.expect(Code::Held, &empty, &at(8, "09:00"));
    assert_eq!(rig.world(), before);
    rig.expect(Code::Ok, &school.0, &at(8, "10:00"));
    assert_eq!(rig.world(), before);
}

#[test]
fn half_an_export_is_refused_or_held() {
    let (mut rig, school) = made(&[10, 10]);
    let before = rig.world();
    let mut half = school.0.clone();
    half["users"].as_array_mut().unwrap().truncate(20);
    let error = rig.expect_error(Code::Roster, &half, &at(1, "10:00"));
    assert!(!error.faults.is_empty());
    let mut half = school.0.clone();
    half["enrollments"].as_array_mut().unwrap().retain(|row| {
        row["sourcedId"].as_str().is_some_and(|id| id < "e103" || (id >= "e200" && id < "e203"))
    });
    let report = rig.expect(Code::Held, &half, &at(1, "11:00"));
    assert!(!report["held"].as_array().unwrap().is_empty());
    assert_eq!(rig.world(), before);
    rig.expect(Code::Ok, &school.0, &at(1, "12:00"));
    assert_eq!(rig.world(), before);
}

#[test]
fn a_document_that_breaks_off_changes_nothing_at_any_place() {
    let (mut rig, school) = made(&[3]);
    let before = rig.world();
    let text = school.0.to_string();
    rig.reset_counters();
    let mut session = rig.open().unwrap();
    for end in (0..text.len()).step_by(97).filter(|end| text.is_char_boundary(*end)) {
        let options = crate::rig::with_now(&at(1, "10:00"), json!({}));
        let error = session.sync(&text.as_bytes()[..end], &options).unwrap_err();
        assert_eq!(error.code, Code::Roster, "{end}: {error:?}");
    }
    assert_eq!(rig.requests(), 0);
    rig.expect(Code::Ok, &school.0, &at(1, "10:30"));
    assert_eq!(rig.world(), before);
}

fn without_class(school: &School, class: &str) -> Value {
    let mut roster = school.0.clone();
    let drop = |roster: &mut Value, table: &str, column: &str| {
        roster[table].as_array_mut().unwrap().retain(|row| row[column] != class);
    };
    drop(&mut roster, "classes", "sourcedId");
    drop(&mut roster, "enrollments", "classSourcedId");
    roster
}

#[test]
fn a_missing_class_is_left_alone_then_put_to_rest_then_brought_back() {
    let (mut rig, school) = made(&[6, 6]);
    let before = rig.world();
    let missing = without_class(&school, "b");
    let report = rig.expect(Code::Ok, &missing, &at(1, "10:00"));
    assert!(warned(&report, "roster.missing_class", "classes", "b"), "{report:#}");
    for (day, time) in [(2, "10:00"), (3, "10:00"), (4, "09:59")] {
        let report = rig.expect(Code::Ok, &missing, &at(day, time));
        assert_eq!(state(&report, "class:b"), "active", "{day}");
        assert!(warned(&report, "roster.missing_class", "classes", "b"), "{day}: {report:#}");
    }
    // 72 hours, though nothing has changed since the last cycle.
    let report = rig.expect(Code::Ok, &missing, &at(4, "10:01"));
    assert_eq!(state(&report, "class:b"), "archived", "{report:#}");
    assert_eq!(state(&report, "parents:b"), "archived");
    assert_eq!(state(&report, "class:a"), "active");
    assert_eq!(rig.world(), before, "an archived chat keeps its members");
    let report = rig.expect(Code::Ok, &school.0, &at(5, "10:00"));
    assert_eq!(report["done"]["restore_chat"], 2, "{report:#}");
    assert_eq!(state(&report, "class:b"), "active");
    assert_eq!(rig.world(), before);
}

#[test]
fn a_class_that_is_missing_twice_for_a_while_is_not_put_to_rest() {
    let (mut rig, school) = made(&[6, 6]);
    let missing = without_class(&school, "b");
    for day in [1, 3, 5, 7] {
        rig.expect(Code::Ok, &missing, &at(day, "10:00"));
        let report = rig.expect(Code::Ok, &missing, &at(day + 1, "10:00"));
        assert_eq!(state(&report, "class:b"), "active");
        rig.expect(Code::Ok, &school.0, &at(day + 1, "11:00"));
    }
}

#[test]
fn a_dissolved_class_is_put_to_rest_at_once_and_may_come_back() {
    for (policy, left) in [("keep", 7), ("remove", 0)] {
        let mut school = School::with_classes(&[6, 6]);
        let mut rig = Rig::new();
        rig.set("/archive", json!({"members": policy}));
        let report = rig.expect(Code::Ok, &school.0, &at(1, "09:00"));
        let (class, before) = (rig.chat_id(&report, "class:b"), rig.world());
        school.find("classes", "b")["status"] = json!("tobedeleted");
        let report = rig.expect(Code::Ok, &school.0, &at(1, "10:00"));
        assert_eq!(state(&report, "class:b"), "archived", "{policy}: {report:#}");
        assert_eq!(rig.people(class).len(), left, "{policy}");
        school.find("classes", "b")["status"] = json!("active");
        let report = rig.expect(Code::Ok, &school.0, &at(1, "11:00"));
        assert_eq!(state(&report, "class:b"), "active", "{policy}: {report:#}");
        assert_eq!(rig.world(), before, "{policy}");
    }
}

#[test]
fn a_broken_row_protects_the_people_it_names() {
    let (mut rig, mut school) = made(&[6, 6]);
    let before = rig.world();
    // The student's own row is gone, the enrollment still names them.
    school.drop("users", |row| row["sourcedId"] == "p103");
    rig.expect(Code::Ok, &school.0, &at(1, "10:00"));
    assert_eq!(rig.world(), before);
}
