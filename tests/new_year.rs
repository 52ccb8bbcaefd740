//! The new school year on the sandbox's real state: classes go up, leave school and come, under the
//! same ids or others; what a person is shown of it, and what is held.
#![cfg(feature = "cli")]

mod support;

#[path = "support/college.rs"]
mod college;
#[path = "support/crowd.rs"]
mod crowd;
#[path = "support/office.rs"]
mod office;
#[allow(dead_code, reason = "each file of tests needs its own part of this")]
#[path = "support/oracle.rs"]
mod oracle;
#[path = "support/pupils.rs"]
mod pupils;
#[allow(dead_code, unused_imports, reason = "the binary uses what this test does not")]
#[path = "../src/bin/zvonok/school/mod.rs"]
mod school;
#[path = "support/school_day.rs"]
mod school_day;
#[path = "support/story.rs"]
mod story;
#[allow(dead_code, reason = "each file of tests needs its own part of this")]
#[path = "support/tiny.rs"]
mod tiny;
#[path = "support/town.rs"]
mod town;

#[path = "new_year/policies.rs"]
mod policies;
#[path = "new_year/public.rs"]
mod public;
#[path = "new_year/whole_school.rs"]
mod whole_school;

use college::{ask, holds, next, started};
use jiff::ToSpan;
use school_day::Place;
use serde_json::{Value, json};
use tiny::{add, child, drop_row, enrolled, person, role, row, tiny};
use zvonok::error::Code;

const CHILDREN: [&str; 3] = ["child-200", "child-201", "child-202"];

/// What becomes of the row of the class before, and of the rows of its students.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Before {
    Missing,
    StruckOut,
    Left,
}

/// The tiny school whose class is known again by its metadata.
fn with_lineage() -> Value {
    let mut roster = tiny();
    row(&mut roster, "classes", "7a")["metadata"]["lineage"] = "пришли в 2020".into();
    roster
}

/// The class that continues another one: its title, its children; the journal goes with it.
fn continued(roster: &mut Value, id: &str, title: &str, children: &[&str]) {
    let class = json!({"sourcedId": id, "title": title, "classType": "homeroom",
        "schoolSourcedId": "school",
        "metadata": {"classTeacherSourcedId": "teacher-110", "lineage": "пришли в 2020"}});
    add(roster, "classes", class);
    row(roster, "classes", "7a-algebra")["metadata"]["homeroom"] = id.into();
    for who in children {
        add(roster, "enrollments", enrolled(id, who, "student"));
    }
}

fn ends(roster: &mut Value, class: &str, before: Before) {
    for who in CHILDREN {
        let id = format!("{class}-{who}-student");
        match before {
            Before::Missing => drop_row(roster, "enrollments", &id),
            Before::Left => row(roster, "enrollments", &id)["endDate"] = "2026-09-01".into(),
            Before::StruckOut => {}
        }
    }
    match before {
        Before::Missing => drop_row(roster, "classes", class),
        Before::StruckOut => row(roster, "classes", class)["status"] = "tobedeleted".into(),
        Before::Left => {}
    }
}

fn warned(place: &Place, code: &str) -> Vec<String> {
    let warnings = place.report["roster"]["warnings"].as_array().unwrap().iter();
    let warnings = warnings.filter(|warning| warning["code"] == code);
    warnings.map(|warning| warning["value"].as_str().unwrap().to_owned()).collect()
}

fn next_is(place: &mut Place, code: Code) {
    place.pass(30.minutes());
    assert_eq!(place.sync(), code, "{:#}", place.report);
}

#[test]
fn a_class_that_goes_up_under_its_id_keeps_its_chats_and_changes_their_titles() {
    let mut place = started("paragraf", tiny(), json!({}));
    let links = ["class:7a", "parents:7a"].map(|key| place.seen(key).link);
    row(&mut place.roster, "classes", "7a")["title"] = "8А".into();
    next(&mut place);
    assert_eq!(place.report["done"], json!({"rename_chat": 2}));
    assert_eq!(["class:7a", "parents:7a"].map(|key| place.seen(key).link), links);
    assert_eq!(place.seen("class:7a").title, "8А - Чат учеников");
    holds(&place, "class:7a", &["110", "200", "201", "202"], &["110"]);
}

#[test]
fn a_class_that_comes_under_another_id_goes_on_with_the_chats_of_the_one_before() {
    for before in [Before::Missing, Before::StruckOut, Before::Left] {
        let mut place = started("paragraf", with_lineage(), json!({}));
        let links = ["class:7a", "parents:7a"].map(|key| place.seen(key).link);
        ends(&mut place.roster, "7a", before);
        continued(&mut place.roster, "8a", "8А", &CHILDREN);
        next(&mut place);
        assert_eq!(place.report["done"], json!({"rename_chat": 2}), "{before:?}");
        assert_eq!(warned(&place, "roster.missing_class"), [""; 0], "{before:?}");
        assert_eq!(["class:7a", "parents:7a"].map(|key| place.seen(key).link), links);
        assert_eq!(
            place.chat("class:7a")["class"],
            "8a",
            "the key stays, the class is the new one"
        );
        assert_eq!(place.seen("parents:7a").title, "8А - Родительский чат");
        holds(&place, "class:7a", &["110", "200", "201", "202"], &["110"]);
        follows_the_new_class(&mut place, before);
        is_told_of_both_years(&mut place);
    }
}

/// From the next cycle on the chats follow the class that goes on with them.
fn follows_the_new_class(place: &mut Place, before: Before) {
    next(place);
    assert_eq!(place.report["done"], json!({}), "{before:?}");
    drop_row(&mut place.roster, "enrollments", "8a-child-202-student");
    add(&mut place.roster, "users", child("child-203", &["parent-303"]));
    add(&mut place.roster, "users", person("parent-303"));
    add(&mut place.roster, "roles", role("child-203", "student"));
    add(&mut place.roster, "roles", role("parent-303", "parent"));
    add(&mut place.roster, "enrollments", enrolled("8a", "child-203", "student"));
    next(place);
    holds(place, "class:7a", &["110", "200", "201", "203"], &["110"]);
    holds(place, "parents:7a", &["110", "300", "301", "302", "303"], &["110"]);
}

/// The registry finds the chat by its class of now; explain and audit know both years.
fn is_told_of_both_years(place: &mut Place) {
    let listed = ask(place, "chats.list", json!({"class": "8a", "kind": "class"}));
    assert_eq!(listed["chats"][0]["key"], "class:7a", "{listed:#}");
    let told = ask(place, "explain", json!({"chat": "class:7a", "person": "child-200"}));
    assert!(told.to_string().contains("ученик класса"), "{told:#}");
    let audit = ask(place, "audit", json!({"chat": "class:7a"})).to_string();
    for word in ["create_chat", "rename_chat", "чат класса 7a продолжает класс 8a"]
    {
        assert!(audit.contains(word), "{word}: {audit}");
    }
}

/// What people ordered stays with the chat, whichever class goes on with it.
#[test]
fn what_was_ordered_by_hand_stays_with_the_chat_that_another_class_goes_on_with() {
    let mut roster = college::college();
    row(&mut roster, "classes", "7a")["metadata"]["lineage"] = "ЭБ-23".into();
    let mut place = started("ais_poo", roster, json!({}));
    let order = json!({"chat": "class:7a", "people": ["secretary-121"]});
    ask(&mut place, "members.add", order);
    holds(&place, "class:7a", &["110", "121", "200", "201", "202"], &["110"]);
    ends(&mut place.roster, "7a", Before::StruckOut);
    continued(&mut place.roster, "8a", "ЭБ-23-2", &CHILDREN);
    row(&mut place.roster, "classes", "8a")["metadata"]["lineage"] = "ЭБ-23".into();
    add(&mut place.roster, "enrollments", college::curator("8a", "teacher-110"));
    next(&mut place);
    assert_eq!(place.report["done"], json!({"rename_chat": 3}), "{:#}", place.report);
    assert_eq!(place.chat("class:7a")["class"], "8a");
    holds(&place, "class:7a", &["110", "121", "200", "201", "202"], &["110"]);
}

/// A journal of last year that is continued under another id goes on with its subject chat.
#[test]
fn a_journal_that_comes_under_another_id_goes_on_with_its_subject_chat() {
    let mut roster = with_lineage();
    row(&mut roster, "lessons", "lesson")["metadata"]["state"] = "published".into();
    row(&mut roster, "classes", "7a-algebra")["metadata"]["lineage"] = "алгебра".into();
    let mut place = started("paragraf", roster, json!({}));
    let link = place.seen("subject:7a-algebra").link;
    ends(&mut place.roster, "7a", Before::StruckOut);
    continued(&mut place.roster, "8a", "8А", &CHILDREN);
    let journal = row(&mut place.roster, "classes", "7a-algebra");
    journal["sourcedId"] = "8a-algebra".into();
    row(&mut place.roster, "enrollments", "7a-algebra-teacher-111-teacher")["classSourcedId"] =
        "8a-algebra".into();
    // Of the new year no lesson is published yet: a chat that is there stays.
    place.roster["lessons"] = json!([]);
    next(&mut place);
    assert_eq!(place.report["done"], json!({"rename_chat": 3}), "{:#}", place.report);
    let seen = place.seen("subject:7a-algebra");
    assert_eq!((seen.title.as_str(), &seen.link), ("8А/Алгебра", &link));
    assert_eq!(place.chat("subject:7a-algebra")["class"], "8a");
    holds(&place, "subject:7a-algebra", &["111", "200", "201", "202"], &["111"]);
}

#[test]
fn year_after_year_the_chats_keep_the_keys_of_the_first() {
    let mut place = started("paragraf", with_lineage(), json!({}));
    let link = place.seen("class:7a").link;
    for (before, id, title) in [("7a", "8a", "8А"), ("8a", "9a", "9А"), ("9a", "10a", "10А")] {
        ends(&mut place.roster, before, Before::Missing);
        continued(&mut place.roster, id, title, &CHILDREN);
        next(&mut place);
        assert_eq!(place.report["done"], json!({"rename_chat": 2}), "{id}");
        assert_eq!(place.chat("class:7a")["class"], id);
        assert_eq!(place.seen("class:7a").link, link);
    }
    assert_eq!(place.look().len(), 3, "nothing is made twice");
}

/// Archived in June, taken up again in September by the class that continues the one before.
#[test]
fn chats_that_rested_over_the_summer_come_back_with_the_class_that_continues_theirs() {
    let mut place = started("paragraf", with_lineage(), json!({}));
    let link = place.seen("class:7a").link;
    ends(&mut place.roster, "7a", Before::StruckOut);
    next(&mut place);
    assert_eq!(place.chat("class:7a")["state"], "archived");
    ends(&mut place.roster, "7a", Before::Missing);
    row(&mut place.roster, "classes", "7a-algebra")["metadata"] = json!({});
    place.pass((80 * 24).hours());
    next(&mut place);
    continued(&mut place.roster, "8a", "8А", &CHILDREN[..2]);
    next(&mut place);
    assert_eq!(place.report["done"]["restore_chat"], 2, "{:#}", place.report["done"]);
    assert_eq!(
        (place.seen("class:7a").link, &place.chat("class:7a")["class"]),
        (link, &json!("8a"))
    );
    holds(&place, "class:7a", &["110", "200", "201"], &["110"]);
}

#[test]
fn while_both_classes_are_there_the_new_one_waits_for_the_chats() {
    let mut place = started("paragraf", with_lineage(), json!({}));
    let before = place.look();
    continued(&mut place.roster, "8a", "8А", &[]);
    next(&mut place);
    assert_eq!(place.report["done"], json!({}));
    assert_eq!(warned(&place, "rollover.waits"), ["8a"]);
    assert_eq!(place.look(), before);
    ends(&mut place.roster, "7a", Before::StruckOut);
    for who in CHILDREN {
        add(&mut place.roster, "enrollments", enrolled("8a", who, "student"));
    }
    next(&mut place);
    assert_eq!(place.report["done"], json!({"rename_chat": 2}));
    assert_eq!(warned(&place, "rollover.waits"), [""; 0]);
    assert_eq!(place.look().len(), before.len());
}

/// The same word for other children: whoever is in the old chat would be thrown out, and strangers
/// could read what was said there.
#[test]
fn a_class_of_other_children_does_not_get_the_chats_though_its_lineage_fits() {
    let mut place = started("paragraf", with_lineage(), json!({}));
    let before = place.look();
    ends(&mut place.roster, "7a", Before::StruckOut);
    // The class teacher is the same, the child is another.
    continued(&mut place.roster, "1a", "1А", &["child-203"]);
    add(&mut place.roster, "users", child("child-203", &["parent-303"]));
    add(&mut place.roster, "users", person("parent-303"));
    add(&mut place.roster, "roles", role("child-203", "student"));
    add(&mut place.roster, "roles", role("parent-303", "parent"));
    next(&mut place);
    assert_eq!(warned(&place, "rollover.other_people"), ["1a"]);
    holds(&place, "class:1a", &["110", "203"], &["110"]);
    assert_eq!(place.chat("class:7a")["state"], "archived");
    assert_eq!(place.seen("class:7a"), before["class:7a"]);
}

/// A class that is entered before its children are goes on with nothing yet.
#[test]
fn a_class_without_children_so_far_waits_for_them() {
    let mut place = started("paragraf", with_lineage(), json!({}));
    let before = place.look();
    row(&mut place.roster, "classes", "7a")["status"] = "tobedeleted".into();
    continued(&mut place.roster, "8a", "8А", &[]);
    next(&mut place);
    assert_eq!(warned(&place, "rollover.waits"), ["8a"]);
    assert_eq!(place.look(), before, "nobody is taken out of what the class will go on with");
    assert_eq!(
        (&place.report["done"], &place.chat("class:7a")["state"]),
        (&json!({}), &json!("active"))
    );
    for who in CHILDREN {
        add(&mut place.roster, "enrollments", enrolled("8a", who, "student"));
    }
    next(&mut place);
    assert_eq!(place.report["done"], json!({"rename_chat": 2}));
    holds(&place, "class:7a", &["110", "200", "201", "202"], &["110"]);
}

/// Neither of the two is the class before, and nobody guesses.
#[test]
fn a_class_that_splits_leaves_its_chats_at_rest_and_each_half_gets_its_own() {
    let mut place = started("paragraf", with_lineage(), json!({}));
    ends(&mut place.roster, "7a", Before::StruckOut);
    continued(&mut place.roster, "8a", "8А", &CHILDREN[..2]);
    continued(&mut place.roster, "8b", "8Б", &CHILDREN[2..]);
    next(&mut place);
    assert_eq!(warned(&place, "rollover.several"), ["8a, 8b"]);
    for key in ["class:7a", "parents:7a"] {
        assert_eq!(place.chat(key)["state"], "archived");
    }
    holds(&place, "class:8a", &["110", "200", "201"], &["110"]);
    holds(&place, "parents:8b", &["110", "300"], &["110"]);
    // The halves stay apart also where one of them ends.
    place.pass(24.hours());
    row(&mut place.roster, "classes", "8b")["status"] = "tobedeleted".into();
    next(&mut place);
    assert_eq!(place.chat("class:7a")["state"], "archived");
    assert_eq!(place.chat("class:8a")["class"], "8a");
}

#[test]
fn a_dry_run_shows_who_goes_on_with_what_and_remembers_nothing() {
    let mut place = started("paragraf", with_lineage(), json!({}));
    let before = place.look();
    ends(&mut place.roster, "7a", Before::Missing);
    continued(&mut place.roster, "8a", "8А", &CHILDREN);
    for _ in 0..2 {
        place.pass(30.minutes());
        assert_eq!(place.sync_with(json!({"dry_run": true})), Code::Ok);
        let plan = &place.report["plan"];
        assert_eq!(plan["operations"], json!({"rename_chat": 2}));
        let row = json!({"chat": "class:7a", "title": "7А - Чат учеников",
            "becomes": "8А - Чат учеников", "class": "8a", "continues": "7a",
            "operations": {"rename_chat": 1}, "held": {}});
        assert_eq!(plan["chats"][0], row);
        assert_eq!(place.look(), before);
    }
    // What was only looked at binds nobody.
    let here = with_lineage();
    place.roster = here;
    next(&mut place);
    assert_eq!(
        (&place.report["done"], &place.chat("class:7a")["class"]),
        (&json!({}), &json!("7a"))
    );
}

/// A year that the host takes back gives the chats back, titles and all.
#[test]
fn a_year_that_is_taken_back_leaves_everything_as_it_was() {
    let mut place = started("paragraf", with_lineage(), json!({}));
    let (before, roster) = (place.look(), place.roster.clone());
    ends(&mut place.roster, "7a", Before::Missing);
    continued(&mut place.roster, "8a", "8А", &CHILDREN);
    next(&mut place);
    assert_ne!(place.look(), before);
    place.roster = roster;
    next(&mut place);
    assert_eq!(place.look(), before);
    assert_eq!(place.chat("class:7a")["class"], "7a");
}

/// A broken row is no sign that a class is over.
#[test]
fn a_class_whose_row_is_broken_is_not_taken_for_one_that_is_over() {
    let mut place = started("paragraf", with_lineage(), json!({}));
    let before = place.look();
    row(&mut place.roster, "classes", "7a")["schoolSourcedId"] = "nowhere".into();
    continued(&mut place.roster, "8a", "8А", &[]);
    next_is(&mut place, Code::Ok);
    assert_eq!(warned(&place, "rollover.waits"), ["8a"]);
    assert_eq!(place.look(), before);
}
