//! Who may still order what in a chat whose rights were taken, though the messenger does not know yet.

use jiff::ToSpan;
use serde_json::{Value, json};
use zvonok::error::Code;

use crate::college::curator;
use crate::school_day::Place;
use crate::screen::{ADMIN, big_college, denied, does, makes, open, try_as};
use crate::tiny::{drop_row, row};

/// The messenger lets nobody in: every cycle ends before it has done anything.
fn away(place: &Place) {
    place.messenger.does("faults", json!({"do": "error", "code": 5}));
}

/// An order that is stored, and of which nothing is done.
#[track_caller]
fn pending(place: &mut Place, actor: &str, method: &str, params: Value) {
    away(place);
    let (code, told) = try_as(place, actor, method, params).unwrap();
    assert_eq!((code, &told["done"]), (Code::Partial, &Value::Null), "{told:#}");
}

#[test]
fn e8_whose_rights_were_taken_orders_nothing_more_though_the_messenger_is_away() {
    let mut place = open("epos_spo");
    let circle = json!({"title": "Кружок", "members": ["child-200"],
        "admins": ["teacher-110", "teacher-111", "teacher-112"]});
    let key = makes(&mut place, ADMIN, circle);
    let people = |ids: &[&str]| json!({"chat": key, "people": ids});
    pending(&mut place, "teacher-111", "admins.revoke", people(&["teacher-110"]));
    denied(&mut place, "teacher-110", "admins.grant", people(&["teacher-110"]));
    pending(&mut place, ADMIN, "members.remove", people(&["teacher-112"]));
    denied(&mut place, "teacher-112", "members.add", people(&["teacher-112"]));
    place.messenger.clear_faults();
    denied(&mut place, "teacher-110", "members.remove", people(&["child-200"]));
    does(&mut place, "teacher-111", "admins.grant", people(&["teacher-110"]));
    does(&mut place, "teacher-110", "members.remove", people(&["child-200"]));
}

#[test]
fn a4_a_curator_whom_the_roster_replaced_rules_no_more_though_the_cycle_failed() {
    let mut place = crate::college::started("ais_poo", big_college(), json!({}));
    let add = |who: &str| json!({"chat": "class:7a", "people": [who]});
    does(&mut place, "teacher-110", "members.add", add("student-210"));
    let before = place.roster.clone();
    let rows = place.roster["enrollments"].as_array().unwrap();
    let old = rows.iter().find(|row| row["primary"] == true).unwrap()["sourcedId"].clone();
    drop_row(&mut place.roster, "enrollments", old.as_str().unwrap());
    crate::tiny::add(&mut place.roster, "enrollments", curator("7a", "teacher-112"));
    row(&mut place.roster, "classes", "7a")["title"] = json!("ЭБ-23-1а");
    away(&place);
    place.pass(30.minutes());
    place.try_sync(json!({"verify": "all"})).expect_err("nothing can be done");
    denied(&mut place, "teacher-110", "members.add", add("student-211"));
    place.roster = before;
    place.messenger.clear_faults();
    crate::college::next(&mut place);
    does(&mut place, "teacher-110", "members.add", add("student-211"));
}
