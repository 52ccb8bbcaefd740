//! «Инициализировать список»: chats of the kinds that somebody asks for, and of no others.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use zvonok::error::Code;

use crate::college::{DAY, holds};
use crate::school_day::Place;
use crate::screen::{ADMIN, big_college, denied, does, refresh};

/// The chats that there are in the messenger.
fn made(place: &mut Place) -> BTreeSet<String> {
    refresh(place);
    place.look().into_keys().collect()
}

fn keys(keys: &[&str]) -> BTreeSet<String> {
    keys.iter().map(|key| (*key).to_owned()).collect()
}

/// A college that has had nothing but the chat of its teachers until now.
fn with_teachers_only(profile: &str) -> Place {
    let mut place = Place::open(profile, "partner", big_college(), DAY, json!({}));
    assert_eq!(place.sync_with(json!({"kinds": ["teachers"]})), Code::Ok, "{}", place.report);
    assert_eq!(made(&mut place), keys(&["teachers:school"]), "{profile}");
    place
}

fn makes_by_kind(profile: &str) {
    let mut place = with_teachers_only(profile);
    denied(&mut place, "teacher-111", "chats.sync", json!({"kinds": ["class"]}));
    let of_classes = json!({"kinds": ["class"]});
    let report = does(&mut place, ADMIN, "chats.sync", of_classes.clone());
    assert_eq!(report["done"]["create_chat"], 2, "{profile}: {report:#}");
    let classes = ["class:7a", "class:8b", "teachers:school"];
    assert_eq!(made(&mut place), keys(&classes), "{profile}: no chat of parents");
    holds(&place, "class:7a", &["110", "200", "201", "202"], &["110"]);
    holds(&place, "class:8b", &["210", "211"], &[]);
    let again = does(&mut place, ADMIN, "chats.sync", of_classes);
    assert_eq!(again["done"], json!({}), "{profile}: a second press makes nothing twice");

    let report = does(&mut place, ADMIN, "chats.sync", json!({"kinds": ["parents", "teachers"]}));
    assert_eq!(report["done"]["create_chat"], 2, "{profile}: {report:#}");
    let mut all = keys(&classes);
    all.extend(keys(&["parents:7a", "parents:8b"]));
    assert_eq!(made(&mut place), all, "{profile}: and no chat of a subject");
    holds(&place, "parents:7a", &["110", "300", "301", "302"], &["110"]);
}

#[test]
fn a6_missing_chats_are_made_by_kind_in_ais_poo() {
    makes_by_kind("ais_poo");
}

#[test]
fn i2_missing_chats_are_made_by_kind_in_it_school() {
    makes_by_kind("it_school");
}

#[test]
fn a6_i2_a_kind_that_the_profile_does_not_have_is_refused_with_the_known_ones() {
    for profile in ["ais_poo", "it_school"] {
        let mut place = with_teachers_only(profile);
        let order = json!({"kinds": ["klass"]});
        let (at, said) = crate::screen::wrong(&mut place, ADMIN, "chats.sync", order);
        assert!(said.contains("class"), "{profile}: {at:?} {said}");
        assert_eq!(made(&mut place), keys(&["teachers:school"]), "{profile}");
        assert_ne!(place.report, Value::Null);
    }
}
