//! People picked by filters (E6), out of the kept roster.

use serde_json::{Value, json};

use crate::screen::{ADMIN, does, open, wrong};

/// A filter, and whom it picks.
const PICKS: &[(&str, &[&str])] = &[
    (
        r#"{"role": "student"}"#,
        &["child-200", "child-201", "child-202", "student-210", "student-211"],
    ),
    (r#"{"role": "student", "grade": "2"}"#, &["student-210", "student-211"]),
    (
        r#"{"grade": ["1", "2"], "role": "student", "search": "CHILD-20"}"#,
        &["child-200", "child-201", "child-202"],
    ),
    (r#"{"class": "7a"}"#, &["child-200", "child-201", "child-202", "teacher-110", "teacher-111"]),
    (
        r#"{"class": ["7a", "8b"], "role": "teacher"}"#,
        &["teacher-110", "teacher-111", "teacher-112"],
    ),
    (
        r#"{"class": "7a", "role": ["parent", "guardian", "relative"]}"#,
        &["parent-300", "parent-301", "parent-302"],
    ),
    (r#"{"class": "7a", "role": "guardian"}"#, &["parent-301"]),
    (r#"{"subject": "История"}"#, &["student-210", "student-211", "teacher-112"]),
    (r#"{"subject": "history", "role": "student"}"#, &["student-210", "student-211"]),
    (r#"{"subject": "7a-algebra", "class": "7a", "role": "staff"}"#, &["teacher-111"]),
    (r#"{"no_subject": true}"#, &["director-100", "engineer-120", "secretary-121", "teacher-110"]),
    (r#"{"no_subject": true, "role": "teacher"}"#, &["teacher-110"]),
    (r#"{"search": "rent-30"}"#, &["parent-300", "parent-301", "parent-302"]),
];

#[test]
fn e6_people_are_picked_by_course_group_discipline_role_and_id() {
    let mut place = open("epos_spo");
    for (at, (filter, expected)) in PICKS.iter().enumerate() {
        let filter: Value = serde_json::from_str(filter).unwrap();
        let order =
            json!({"id": at.to_string(), "title": "Чат", "filter": filter, "admins": [ADMIN]});
        let chat = does(&mut place, ADMIN, "chats.create", order);
        let mut expected: Vec<&str> = expected.to_vec();
        expected.push(ADMIN);
        expected.sort_unstable();
        expected.dedup();
        assert_eq!(chat["people"], json!(expected), "{filter}");
    }
}

#[test]
fn filters_that_cannot_be_meant_are_refused_and_change_nothing() {
    let mut place = open("epos_spo");
    let before = place.look();
    let cases = [
        (json!({}), "params.filter", "at least one condition"),
        (json!({"roles": "student"}), "params.filter.roles", "did you mean role?"),
        (json!({"role": []}), "params.filter.role", "a text that is not empty, or a list of such"),
        (json!({"class": "7c"}), "params.filter.class", "there is no such class; did you mean"),
        (json!({"subject": "Алгебро"}), "params.filter.subject", "did you mean Алгебра?"),
        (json!({"role": "principal", "grade": "2"}), "params.filter", "nobody meets"),
        (json!({"grade": "9"}), "params.filter", "nobody meets"),
    ];
    for (filter, place_, words) in cases {
        let order = json!({"title": "Чат", "filter": filter});
        let (at, said) = wrong(&mut place, ADMIN, "chats.create", order);
        assert_eq!(at, [place_], "{filter}");
        assert!(said.contains(words), "{filter}: {said}");
    }
    let people = json!({"title": "Чат", "members": ["child-200", "nobody", "child-999"]});
    let (at, _) = wrong(&mut place, ADMIN, "chats.create", people);
    assert_eq!(at, ["params.members[1]", "params.members[2]"]);
    assert_eq!(place.look(), before);
}

/// A host may write guardians into the class itself.
#[test]
fn e6_guardians_in_the_lists_of_a_class_are_picked_only_by_role() {
    let mut roster = crate::screen::big_college();
    for (class, who, role) in [
        ("7a", "parent-300", "parent"),
        ("7a-algebra", "parent-301", "guardian"),
        ("8b-history", "parent-302", "relative"),
    ] {
        crate::tiny::add(&mut roster, "enrollments", crate::tiny::enrolled(class, who, role));
    }
    let mut place = crate::college::started("epos_spo", roster, json!({}));
    let cases: [(Value, &[&str]); 5] = [
        (
            json!({"class": "7a"}),
            &["child-200", "child-201", "child-202", "teacher-110", "teacher-111"],
        ),
        (json!({"grade": "2"}), &["student-210", "student-211", "teacher-112"]),
        (json!({"subject": "История"}), &["student-210", "student-211", "teacher-112"]),
        (json!({"subject": "Алгебра", "search": "-2"}), &["child-200", "child-201", "child-202"]),
        (json!({"subject": "История", "role": "relative"}), &["parent-302"]),
    ];
    for (filter, expected) in cases {
        let order = json!({"title": "Чат", "filter": filter, "admins": [ADMIN]});
        let chat = does(&mut place, ADMIN, "chats.create", order);
        let people = chat["people"].as_array().unwrap();
        let people: Vec<&Value> = people.iter().filter(|one| *one != ADMIN).collect();
        assert_eq!(json!(people), json!(expected), "{filter}");
    }
}
