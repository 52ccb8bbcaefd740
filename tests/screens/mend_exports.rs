//! Orders and exports that are not believed, and orders beside a whole synchronisation.

use jiff::ToSpan;
use serde_json::{Value, json};
use zvonok::error::Code;

use crate::college::{curator, holds, next, started};
use crate::policies::{crowd, reverting};
use crate::school_day::Place;
use crate::screen::{ADMIN, changing, does, open, try_as};
use crate::tiny::add;

/// The group «ЭБ-23-2» with 22 students and two curators; one student is taken out, and one curator
/// has no rights any more.
fn ordered(more: Value) -> Place {
    let mut roster = crowd();
    add(&mut roster, "enrollments", curator("8b", "teacher-111"));
    add(&mut roster, "enrollments", curator("8b", "teacher-112"));
    let mut place = started("oneroster", roster, more);
    let order = |who: &str| json!({"chat": "class:8b", "people": [who]});
    does(&mut place, ADMIN, "members.remove", order("student-220"));
    does(&mut place, ADMIN, "admins.revoke", order("teacher-111"));
    next(&mut place);
    must_be_out(&place);
    place
}

fn must_be_out(place: &Place) {
    let seen = place.seen("class:8b");
    assert!(!seen.members.contains("220"), "{seen:?}");
    assert!(!seen.admins.contains("111") && seen.members.contains("111"), "{seen:?}");
    assert_eq!(seen.members.len(), 23, "{seen:?}");
}

/// An export in which a group has lost all but these.
fn cut(place: &mut Place, kept: &[&str]) {
    let rows = place.roster["enrollments"].as_array_mut().unwrap();
    let here = |row: &Value| kept.iter().any(|who| row["userSourcedId"] == *who);
    rows.retain(|row| row["classSourcedId"] != "8b" || here(row));
}

#[test]
fn a_short_export_that_the_guard_holds_ends_no_orders() {
    let mut place = ordered(json!({}));
    let whole = place.roster.clone();
    cut(&mut place, &["student-221", "student-222", "teacher-112"]);
    place.pass(30.minutes());
    assert_eq!(place.sync(), Code::Held);
    must_be_out(&place);
    place.roster = whole;
    next(&mut place);
    must_be_out(&place);
    let about = json!({"chat": "class:8b", "person": "student-220"});
    let told = does(&mut place, ADMIN, "explain", about);
    assert_eq!(told["overrides"][0]["ended"], Value::Null);
}

#[test]
fn a_short_export_whose_losses_are_in_grace_ends_no_orders() {
    let mut place = ordered(json!({"grace": "24h", "guard": {"minimum": 1000}}));
    let whole = place.roster.clone();
    let rows = place.roster["enrollments"].as_array_mut().unwrap();
    let lost = ["student-220", "student-221", "teacher-111"];
    rows.retain(|row| {
        row["classSourcedId"] != "8b" || !lost.iter().any(|one| row["userSourcedId"] == *one)
    });
    next(&mut place);
    must_be_out(&place);
    place.roster = whole;
    next(&mut place);
    must_be_out(&place);
}

#[test]
fn a_loss_that_is_believed_ends_the_order_about_it() {
    let mut place = ordered(json!({}));
    let rows = place.roster["enrollments"].as_array_mut().unwrap();
    rows.retain(|row| row["sourcedId"] != "8b-student-220-student");
    next(&mut place);
    let about = json!({"chat": "class:8b", "person": "student-220"});
    let told = does(&mut place, ADMIN, "explain", about);
    assert_eq!(told["overrides"][0]["ended_by"], "roster");
}

#[test]
fn i2_after_a_whole_synchronisation_the_hosts_next_cycle_is_a_real_one() {
    let (_folder, mut place) = reverting();
    let broken = json!({"sourcedId": "x", "classSourcedId": "7a", "userSourcedId": "nobody",
        "role": "student"});
    add(&mut place.roster, "enrollments", broken);
    next(&mut place);
    let warned = place.report["roster"].clone();
    let order = json!({"chat": "class:8b", "people": ["child-200"]});
    does(&mut place, ADMIN, "members.add", order);
    does(&mut place, ADMIN, "chats.sync", json!({}));
    holds(&place, "class:8b", &["200", "210", "211"], &[]);
    next(&mut place);
    holds(&place, "class:8b", &["210", "211"], &[]);
    assert_eq!(place.report["roster"]["warnings"], warned["warnings"]);
    assert_eq!(place.report["roster"]["rows"], warned["rows"]);
    place.messenger.does("counters/reset", json!({}));
    next(&mut place);
    assert_eq!(changing(&place), 0);
}

/// The class is missing from the export, with all that hangs on it.
fn without_class(place: &mut Place) {
    let of_class = |row: &Value, field: &str| row[field].as_str().unwrap().starts_with("7a");
    for (table, field) in
        [("classes", "sourcedId"), ("enrollments", "classSourcedId"), ("lessons", "classSourcedId")]
    {
        place.roster[table].as_array_mut().unwrap().retain(|row| !of_class(row, field));
    }
}

#[test]
fn an_order_about_a_chat_whose_class_is_missing_is_done_or_said_to_wait() {
    let mut place = open("oneroster");
    let whole = place.roster.clone();
    without_class(&mut place);
    next(&mut place);
    let order = |who: &str| json!({"chat": "class:7a", "people": [who]});
    let told = does(&mut place, ADMIN, "members.remove", order("child-200"));
    assert_eq!(told["done"], json!({"remove_member": 1}));
    let told = does(&mut place, ADMIN, "admins.revoke", order("teacher-110"));
    assert_eq!(told["done"], json!({"revoke_admin": 1}));
    holds(&place, "class:7a", &["110", "201", "202"], &[]);
    let orders = [
        ("members.add", order("teacher-112")),
        ("chats.rename", json!({"chat": "class:7a", "title": "Наш класс"})),
    ];
    for (method, params) in orders {
        let (code, told) = try_as(&mut place, ADMIN, method, params).unwrap();
        assert_eq!((code, &told["pending"]), (Code::Partial, &json!(true)), "{told:#}");
        let reason = told["reason"]["en"].as_str().unwrap();
        assert!(reason.contains("does not speak of this chat now"), "{reason}");
    }
    holds(&place, "class:7a", &["110", "201", "202"], &[]);
    place.roster = whole;
    next(&mut place);
    holds(&place, "class:7a", &["110", "112", "201", "202"], &[]);
    assert_eq!(place.seen("class:7a").title, "Наш класс");
}
