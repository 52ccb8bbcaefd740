//! Who has left the school, or one of several, is in no chat by order either.

use serde_json::{Value, json};

use crate::college::{holds, next, started};
use crate::school_day::Place;
use crate::screen::{ADMIN, big_college, does, makes, open, wrong};
use crate::tiny::{add, drop_row, enrolled, person, role, row};

fn order(chat: &str, ids: &[&str]) -> Value {
    json!({"chat": chat, "people": ids})
}

#[test]
fn a2_a_departed_student_whose_role_stays_open_leaves_made_chats_and_others_classes() {
    let mut place = open("oneroster");
    let free = json!({"title": "Кружок", "members": ["child-200", "child-201", "student-210"]});
    let key = makes(&mut place, ADMIN, free);
    does(&mut place, ADMIN, "members.add", order("class:8b", &["child-200", "child-201"]));
    place.reopen(json!({"guard": {"minimum": 100}}));
    row(&mut place.roster, "enrollments", "7a-child-200-student")["endDate"] = json!("2026-09-01");
    drop_row(&mut place.roster, "enrollments", "7a-child-201-student");
    next(&mut place);
    holds(&place, &key, &["120", "210"], &["120"]);
    holds(&place, "class:8b", &["210", "211"], &[]);
    let filter = json!({"title": "Все", "filter": {"role": "student"}});
    let all = makes(&mut place, ADMIN, filter);
    holds(&place, &all, &["120", "202", "210", "211"], &["120"]);
    let (at, said) = wrong(&mut place, ADMIN, "members.add", order(&key, &["child-200"]));
    assert_eq!(
        (at[0].as_str(), said.as_str()),
        ("params.people[0]", "this person has left the school")
    );
}

#[test]
fn e6_a_dissolved_class_makes_nobody_a_student() {
    let mut place = open("oneroster");
    let key = makes(
        &mut place,
        ADMIN,
        json!({"title": "Кружок", "members": ["child-200", "student-210"]}),
    );
    place.reopen(json!({"guard": {"minimum": 100}}));
    row(&mut place.roster, "classes", "7a")["status"] = json!("tobedeleted");
    next(&mut place);
    holds(&place, &key, &["120", "210"], &["120"]);
}

#[test]
fn e6_a_parent_whose_only_child_left_leaves_with_the_child() {
    let mut place = open("oneroster");
    let free = json!({"title": "Родители", "members": ["parent-300", "parent-301"]});
    let key = makes(&mut place, ADMIN, free);
    place.reopen(json!({"guard": {"minimum": 100}}));
    drop_row(&mut place.roster, "enrollments", "7a-child-200-student");
    next(&mut place);
    holds(&place, &key, &["120", "300", "301"], &["120"]);
    drop_row(&mut place.roster, "enrollments", "7a-child-202-student");
    next(&mut place);
    holds(&place, &key, &["120", "301"], &["120"]);
    wrong(&mut place, ADMIN, "members.add", order(&key, &["parent-300"]));
}

/// Two schools; the teacher and the student of the tests are at the first.
fn two() -> Place {
    let mut roster = big_college();
    add(&mut roster, "orgs", json!({"sourcedId": "second", "name": "Школа № 2", "type": "school"}));
    add(
        &mut roster,
        "classes",
        json!({"sourcedId": "1b", "title": "1Б", "classType": "homeroom",
            "schoolSourcedId": "second"}),
    );
    add(&mut roster, "users", person("pupil-401"));
    add(&mut roster, "enrollments", enrolled("1b", "pupil-401", "student"));
    started("oneroster", roster, json!({"guard": {"minimum": 100}}))
}

#[test]
fn whoever_went_to_another_school_of_the_roster_leaves_the_chats_of_the_first() {
    let mut place = two();
    let free = json!({"title": "Кружок", "organization": "school",
        "members": ["child-200", "child-201"], "admins": ["teacher-112"]});
    let key = makes(&mut place, ADMIN, free);
    does(&mut place, ADMIN, "members.add", order("class:7a", &["teacher-112"]));
    row(&mut place.roster, "roles", "role-teacher-112-teacher")["endDate"] = json!("2026-09-01");
    let mut now = role("teacher-112", "teacher");
    now["sourcedId"] = json!("role-teacher-112-second");
    now["orgSourcedId"] = json!("second");
    add(&mut place.roster, "roles", now);
    drop_row(&mut place.roster, "enrollments", "8b-history-teacher-112-teacher");
    drop_row(&mut place.roster, "enrollments", "7a-child-200-student");
    add(&mut place.roster, "enrollments", enrolled("1b", "child-200", "student"));
    next(&mut place);
    holds(&place, &key, &["201"], &[]);
    holds(&place, "class:7a", &["110", "201", "202"], &["110"]);
    for who in ["teacher-112", "child-200"] {
        let (_, said) = wrong(&mut place, ADMIN, "members.add", order(&key, &[who]));
        assert_eq!(said, "this person is not of the school that the chat belongs to");
    }
}

#[test]
fn a_class_that_is_missing_for_a_while_takes_nobody_out_of_made_chats() {
    let mut place = open("oneroster");
    let free = json!({"title": "Кружок", "members": ["child-200", "parent-300"]});
    let key = makes(&mut place, ADMIN, free);
    let classes = place.roster["classes"].as_array_mut().unwrap();
    classes.retain(|class| !class["sourcedId"].as_str().unwrap().starts_with("7a"));
    let rows = place.roster["enrollments"].as_array_mut().unwrap();
    rows.retain(|row| !row["classSourcedId"].as_str().unwrap().starts_with("7a"));
    let lessons = place.roster["lessons"].as_array_mut().unwrap();
    lessons.clear();
    next(&mut place);
    holds(&place, &key, &["120", "200", "300"], &["120"]);
}

#[test]
fn whoever_comes_back_as_somebody_else_is_not_put_among_the_children() {
    let mut place = open("oneroster");
    place.reopen(json!({"guard": {"minimum": 100}}));
    does(&mut place, ADMIN, "members.add", order("class:7a", &["student-210"]));
    next(&mut place);
    holds(&place, "class:7a", &["110", "200", "201", "202", "210"], &["110"]);
    drop_row(&mut place.roster, "enrollments", "8b-student-210-student");
    next(&mut place);
    holds(&place, "class:7a", &["110", "200", "201", "202"], &["110"]);
    row(&mut place.roster, "roles", "role-student-210-student")["role"] = json!("parent");
    row(&mut place.roster, "users", "student-210")["agentSourcedIds"] = json!(["child-201"]);
    next(&mut place);
    holds(&place, "class:7a", &["110", "200", "201", "202"], &["110"]);
    let about = json!({"chat": "class:7a", "person": "student-210"});
    let told = does(&mut place, ADMIN, "explain", about);
    assert_eq!(told["overrides"][0]["ended_by"], "roster");
}

#[test]
fn a_chat_made_by_hand_for_a_class_goes_along_when_the_class_comes_under_another_id() {
    let mut roster = big_college();
    for class in ["7a", "8b"] {
        row(&mut roster, "classes", class)["metadata"]["lineage"] = json!(format!("line {class}"));
    }
    let mut place = started("ais_poo", roster, json!({"guard": {"minimum": 100}}));
    let order = json!({"kind": "class", "class": "8b", "members": ["student-210"]});
    let key = makes(&mut place, ADMIN, order);
    for next_year in ["9b", "10b"] {
        let text = place.roster.to_string();
        let before = if next_year == "9b" { "\"8b\"" } else { "\"9b\"" };
        let text = text.replace(before, &format!("\"{next_year}\""));
        place.roster = serde_json::from_str(&text).unwrap();
        next(&mut place);
        assert_eq!(place.chat("class:8b")["class"], next_year, "{}", place.report);
        assert_eq!(place.chat(&key)["class"], next_year);
    }
    holds(&place, &key, &["120", "210"], &["120"]);
}
