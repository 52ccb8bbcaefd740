//! A whole school goes up: one plan that a person reads and lets go, after which everybody is where
//! they belong, nothing is lost and nothing made twice.

use std::collections::{BTreeMap, BTreeSet};

use jiff::ToSpan;
use jiff::civil::Date;
use rand::SeedableRng;
use serde_json::{Value, json};
use zvonok::error::Code;

use crate::college::ask;
use crate::school::{Chance, Size, changes, generate};
use crate::school_day::{Place, Seen};

const STUDENTS: usize = 300;

fn school() -> Value {
    let mut roster = generate(11, Size { students: STUDENTS }, Date::constant(2026, 9, 14));
    // Whatever their ids become, classes are known again.
    for class in roster["classes"].as_array_mut().unwrap() {
        if class["classType"] == "homeroom" {
            let id = class["sourcedId"].clone();
            class["metadata"]["lineage"] = id;
        }
    }
    roster
}

fn started(roster: Value) -> Place {
    started_as("paragraf", roster, json!({}))
}

fn started_as(profile: &str, roster: Value, more: Value) -> Place {
    let mut place = Place::open(profile, "partner", roster, "2026-09-14", more);
    assert_eq!(place.sync(), Code::Ok, "{:#}", place.report);
    place.must_agree("the old year");
    place
}

/// The first of September; tells which classes go up, and which leave.
fn go_up(place: &mut Place) -> (BTreeSet<String>, BTreeSet<String>) {
    let before = homerooms(&place.roster);
    changes::apply("next-school-year", &mut place.roster, &mut Chance::seed_from_u64(5)).unwrap();
    let today = place.roster["generated"]["today"].as_str().unwrap().to_owned();
    place.now = format!("{today}T09:00:00+03:00").parse().unwrap();
    let after = homerooms(&place.roster);
    (&before & &after, &before - &after)
}

/// The homerooms that are not struck out.
fn homerooms(roster: &Value) -> BTreeSet<String> {
    let classes = roster["classes"].as_array().unwrap().iter();
    let there = classes
        .filter(|class| class["classType"] == "homeroom" && class["status"] != "tobedeleted");
    there.map(|class| class["sourcedId"].as_str().unwrap().to_owned()).collect()
}

/// The same year as a host tells it whose classes get other ids every year.
fn with_other_ids(roster: &Value, classes: &BTreeSet<String>) -> Value {
    let mut roster = roster.clone();
    let other = |value: &mut Value| {
        let known = value.as_str().is_some_and(|id| classes.contains(id));
        if known {
            *value = format!("{}-next", value.as_str().unwrap()).into();
        }
    };
    for class in roster["classes"].as_array_mut().unwrap() {
        other(&mut class["sourcedId"]);
        other(&mut class["metadata"]["homeroom"]);
    }
    for row in roster["enrollments"].as_array_mut().unwrap() {
        other(&mut row["classSourcedId"]);
    }
    roster
}

/// Cycles on another roster than the one that the second computation is made from.
fn sync(place: &mut Place, roster: &Value, options: Value) -> Code {
    let own = std::mem::replace(&mut place.roster, roster.clone());
    let code = place.sync_with(options);
    place.roster = own;
    code
}

/// What the person is shown before anything is let go.
fn is_readable(plan: &Value, up: &BTreeSet<String>, gone: &BTreeSet<String>, before: &Looks) {
    let chats: BTreeMap<&str, &Value> = plan["plan"]["chats"]
        .as_array()
        .unwrap()
        .iter()
        .map(|chat| (chat["chat"].as_str().unwrap(), chat))
        .collect();
    for class in up {
        let row = chats[format!("class:{class}").as_str()];
        assert_eq!(row["title"], before[&format!("class:{class}")].title);
        assert_ne!((&row["becomes"], &row["becomes"]), (&row["title"], &Value::Null), "{row}");
    }
    for class in gone {
        let row = chats[format!("parents:{class}").as_str()];
        assert_eq!((&row["held"]["archive_chat"], &row["becomes"]), (&json!(1), &Value::Null));
    }
    let made = chats.values().filter(|row| row["operations"]["create_chat"] == 1).count();
    assert!(made >= 2, "the new first classes");
    let counted: u64 = chats.values().map(|row| total(&row["operations"])).sum();
    assert_eq!(counted, total(&plan["plan"]["operations"]), "every operation is in a chat's row");
}

fn total(counts: &Value) -> u64 {
    counts.as_object().unwrap().values().map(|count| count.as_u64().unwrap()).sum()
}

type Looks = BTreeMap<String, Seen>;

/// Plans, reads, lets go; every old chat is still there and every new one there once.
fn goes_over(place: &mut Place, roster: &Value, up: &BTreeSet<String>, gone: &BTreeSet<String>) {
    let before = place.look();
    assert_eq!(sync(place, roster, json!({"dry_run": true})), Code::Held);
    let plan = place.report.clone();
    is_readable(&plan, up, gone, &before);
    assert_eq!(place.messenger.look("state")["chats"].as_array().unwrap().len(), before.len());

    place.pass(1.minute());
    assert_eq!(sync(place, roster, json!({})), Code::Held);
    let held = place.look();
    for class in gone {
        let key = format!("class:{class}");
        assert_eq!((&place.chat(&key)["state"], &held[&key]), (&json!("active"), &before[&key]));
    }
    for class in up {
        let key = format!("class:{class}");
        assert_eq!(held[&key].link, before[&key].link, "{key} is the same chat");
        assert_ne!(held[&key].title, before[&key].title, "{key} goes up without a person");
    }
    let fingerprint = place.report["hold"]["fingerprint"].clone();
    let again = ask(place, "plan", json!({}));
    assert_eq!(again["hold"]["fingerprint"], fingerprint, "one plan, one fingerprint");
    assert_eq!(again["plan"]["operations"], json!({}), "what waits is held, nothing else");
    let held: u64 =
        again["plan"]["chats"].as_array().unwrap().iter().map(|row| total(&row["held"])).sum();
    assert!(held > 0);
    ask(place, "guard.approve", json!({"fingerprint": fingerprint}));
    place.pass(1.minute());
    assert_eq!(sync(place, roster, json!({})), Code::Ok, "{:#}", place.report["held"]);
    is_over(place, roster, &before, gone);
}

fn is_over(place: &mut Place, roster: &Value, before: &Looks, gone: &BTreeSet<String>) {
    place.must_agree("the new year");
    let after = place.look();
    for (key, chat) in before {
        assert_eq!(after[key].link, chat.link, "{key}");
    }
    for class in gone {
        assert_eq!(place.chat(&format!("class:{class}"))["state"], "archived");
    }
    let titles: Vec<&String> = after
        .iter()
        .filter(|(key, _)| place.chat(key)["state"] == "active")
        .map(|(_, chat)| &chat.title)
        .collect();
    let distinct: BTreeSet<&&String> = titles.iter().collect();
    assert_eq!(distinct.len(), titles.len(), "no chat is there twice");
    place.messenger.does("counters/reset", json!({}));
    place.pass(1.minute());
    assert_eq!(sync(place, roster, json!({})), Code::Ok);
    assert_eq!(place.report["done"], json!({}));
    assert_eq!(place.messenger.look("counters")["changing"], 0);
}

#[test]
fn a_whole_school_that_goes_up_is_one_plan_that_a_person_lets_go() {
    let mut place = started(school());
    let (up, gone) = go_up(&mut place);
    assert!(up.len() > 5 && !gone.is_empty(), "{up:?} {gone:?}");
    let roster = place.roster.clone();
    goes_over(&mut place, &roster, &up, &gone);
}

/// A class has two chats there, and those who leave school are few: this school is more cautious
/// than the usual three chats in a cycle.
#[test]
fn a_whole_school_of_another_host_goes_up_as_one_plan_too() {
    let mut place = started_as("it_school", school(), json!({"guard": {"chats": 1}}));
    let (up, gone) = go_up(&mut place);
    let roster = place.roster.clone();
    goes_over(&mut place, &roster, &up, &gone);
}

#[test]
fn a_whole_school_whose_classes_all_get_other_ids_is_the_same_plan() {
    let mut place = started(school());
    let (up, gone) = go_up(&mut place);
    let roster = with_other_ids(&place.roster, &up);
    goes_over(&mut place, &roster, &up, &gone);
    for class in up {
        let row = place.chat(&format!("class:{class}"));
        assert_eq!(row["class"], format!("{class}-next"));
    }
}

/// A host whose ids are places: «7А» is whoever is in the seventh now, and says nothing of lines.
#[test]
fn ids_that_suddenly_hold_other_people_are_held_chat_by_chat() {
    let mut roster = generate(11, Size { students: STUDENTS }, Date::constant(2026, 9, 14));
    let mut place = started(roster.clone());
    let before = place.look();
    let classes: Vec<String> = homerooms(&roster).into_iter().collect();
    for row in roster["enrollments"].as_array_mut().unwrap() {
        let at = classes.iter().position(|class| row["classSourcedId"] == class.as_str());
        if let Some(at) = at {
            row["classSourcedId"] = classes[(at + 1) % classes.len()].as_str().into();
        }
    }
    for _ in 0..2 {
        place.pass(30.minutes());
        assert_eq!(sync(&mut place, &roster, json!({})), Code::Held);
        let rules: BTreeMap<&str, &str> = place.report["held"]
            .as_array()
            .unwrap()
            .iter()
            .filter_map(|row| Some((row["chat"].as_str()?, row["rule"].as_str().unwrap())))
            .collect();
        for class in &classes {
            let key = format!("class:{class}");
            assert_eq!(rules[key.as_str()], "guard.chat_share", "{key}");
            assert_eq!(place.look()[&key], before[&key], "{key}: nobody comes and nobody goes");
        }
    }
}
