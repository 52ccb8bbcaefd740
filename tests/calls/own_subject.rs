//! A10: a remote lesson is its own teacher's, and only until its time has passed.

use serde_json::{Value, json};
use zvonok::error::Code;

use crate::bell::{Bell, CHAT, DAY, Place, on_both, school};
use crate::tiny::{add, enrolled, person, role, row};

const HEAD: &str = "engineer-120";
const TEACHER: &str = "teacher-111";
const PUPIL: &str = "child-200";
/// Teaches another subject to the same group.
const PHYSICIST: &str = "teacher-112";
/// Teaches the same subject to another group.
const NEIGHBOUR: &str = "teacher-113";

/// A college of two groups; the first one has two subjects.
fn college() -> Value {
    let mut roster = school();
    row(&mut roster, "users", HEAD)["metadata"] = json!({"rights": ["Управление чатами"]});
    add(&mut roster, "courses", json!({"sourcedId": "physics", "title": "Физика"}));
    add(
        &mut roster,
        "classes",
        json!({"sourcedId": "7b", "title": "7Б", "classType": "homeroom",
            "schoolSourcedId": "school"}),
    );
    for (id, course, homeroom, teacher) in
        [("7a-physics", "physics", "7a", PHYSICIST), ("7b-algebra", "algebra", "7b", NEIGHBOUR)]
    {
        let mut journal = row(&mut roster, "classes", "7a-algebra").clone();
        journal["sourcedId"] = id.into();
        journal["title"] = id.into();
        journal["courseSourcedId"] = course.into();
        journal["metadata"]["homeroom"] = homeroom.into();
        add(&mut roster, "classes", journal);
        add(&mut roster, "users", person(teacher));
        add(&mut roster, "roles", role(teacher, "teacher"));
        add(&mut roster, "enrollments", enrolled(id, teacher, "teacher"));
    }
    add(&mut roster, "users", person("child-203"));
    add(&mut roster, "roles", role("child-203", "student"));
    add(&mut roster, "enrollments", enrolled("7b", "child-203", "student"));
    roster
}

fn begun(place: Place) -> Bell {
    let mut bell = Bell::at_place(place, "ais_poo", college());
    bell.give_link(CHAT);
    bell.at("09:00");
    bell
}

fn held(chat: &str, starts: &str, ends: &str) -> Value {
    json!({"chat": chat, "starts": format!("{DAY}T{starts}:00+03:00"),
        "ends": format!("{DAY}T{ends}:00+03:00")})
}

/// Every order about a call that is there.
fn orders(call: &Value) -> [(&'static str, Value); 5] {
    let id = json!({"call": call["id"]});
    let renamed = json!({"call": call["id"], "title": "Другое"});
    [
        ("calls.update", renamed),
        ("calls.publish", id.clone()),
        ("calls.start", id.clone()),
        ("calls.finish", id.clone()),
        ("calls.delete", id),
    ]
}

fn list(bell: &mut Bell) -> Value {
    bell.does("system", "calls.list", json!({"chat": CHAT}))
}

fn a10_a_lesson_is_not_for_the_teacher_of_another_subject_or_of_another_group(place: Place) {
    let mut bell = begun(place);
    let call = bell.does(TEACHER, "calls.create", held(CHAT, "10:00", "10:45"));
    let before = list(&mut bell);
    for (who, own) in [(PHYSICIST, "subject:7a-physics"), (NEIGHBOUR, "subject:7b-algebra")] {
        let create = ("calls.create", held(CHAT, "12:00", "12:45"));
        for (method, params) in orders(&call).into_iter().chain([create]) {
            let no = bell.refused(who, method, params, Code::Denied);
            let reason = &no.message.ru;
            assert!(reason.contains("преподаватель этого предмета"), "{method}: {reason}");
        }
        assert_eq!(list(&mut bell), before, "{who}: nothing has changed");
        let call = bell.does(who, "calls.create", held(own, "10:00", "10:45"));
        assert_eq!((&call["chat"], &call["by"]), (&json!(own), &json!(who)));
    }
    bell.has_calls(0, 0);
    // The administrator may, as the lesson's own teacher may.
    bell.does(HEAD, "calls.publish", json!({"call": call["id"]}));
    bell.does(TEACHER, "calls.delete", json!({"call": call["id"]}));
    for (method, params) in orders(&call) {
        bell.refused(PUPIL, method, params, Code::Denied);
    }
}

fn a10_after_its_end_a_lesson_can_only_be_deleted(place: Place) {
    for who in [TEACHER, HEAD] {
        let mut bell = begun(place);
        let call = bell.does(who, "calls.create", held(CHAT, "10:00", "10:45"));
        let [update, publish, start, ..] = orders(&call);
        // The last moment at which it may be changed.
        let renamed = bell.at("10:44").does(who, update.0, update.1.clone());
        assert_eq!(renamed["title"], "Другое", "{who}");
        let before = list(&mut bell);
        bell.at("10:45");
        let create = ("calls.create", held(CHAT, "10:00", "10:45"));
        for (method, params) in [update, publish, start, create] {
            let no = bell.refused(who, method, params, Code::Denied);
            assert!(no.message.ru.contains("уже прошло"), "{method}: {}", no.message.ru);
        }
        assert_eq!(list(&mut bell), before, "{who}: nothing has changed");
        bell.at("10:50").sync();
        bell.has_calls(0, 0);
        let gone = bell.does(who, "calls.delete", json!({"call": call["id"]}));
        assert_eq!((&gone["deleted"], &gone["by"]), (&json!(true), &json!(who)));
    }
}

fn a10_after_its_end_a_lesson_that_ran_can_be_closed_and_not_started_again(place: Place) {
    let mut bell = begun(place);
    let call = bell.does(TEACHER, "calls.create", held(CHAT, "10:00", "10:45"));
    bell.does(TEACHER, "calls.publish", json!({"call": call["id"]}));
    bell.at("10:00").sync();
    bell.has_calls(1, 1);
    // No cycle has ended it yet.
    bell.at("10:46");
    let no = bell.refused(TEACHER, "calls.start", json!({"call": call["id"]}), Code::Denied);
    assert!(no.message.ru.contains("уже прошло"), "{}", no.message.ru);
    let told = bell.does(TEACHER, "calls.finish", json!({"call": call["id"]}));
    assert_eq!((&told["state"], &told["by"]), (&json!("finished"), &json!(TEACHER)));
    bell.has_calls(1, 0);
}

fn a10_the_host_itself_publishes_nothing_that_is_over_and_starts_nothing_of_another_day(
    place: Place,
) {
    let mut bell = begun(place);
    let call = bell.does("system", "calls.create", held(CHAT, "10:00", "10:45"));
    let [update, publish, start, ..] = orders(&call);
    bell.at("10:45");
    let no = bell.refused("system", publish.0, publish.1, Code::Request);
    assert_eq!(no.faults[0].code, "request.call_over");
    bell.at("2026-09-02 08:00");
    let no = bell.refused("system", start.0, start.1, Code::Request);
    assert_eq!(no.faults[0].code, "request.call_over");
    bell.has_calls(0, 0);
    // It may still be put off to a time that is to come, and not to one that has passed.
    let moved = |starts: &str, ends: &str| {
        let mut params = update.1.clone();
        params["starts"] = format!("2026-09-02T{starts}:00+03:00").into();
        params["ends"] = format!("2026-09-02T{ends}:00+03:00").into();
        params
    };
    let no = bell.refused("system", update.0, moved("07:00", "07:45"), Code::Request);
    assert_eq!(no.faults[0].code, "request.call_over");
    let call = bell.does("system", update.0, moved("10:00", "10:45"));
    assert_eq!((&call["date"], &call["state"]), (&json!("2026-09-02"), &json!("created")));
}

on_both!(
    a10_a_lesson_is_not_for_the_teacher_of_another_subject_or_of_another_group,
    a10_after_its_end_a_lesson_can_only_be_deleted,
    a10_after_its_end_a_lesson_that_ran_can_be_closed_and_not_started_again,
    a10_the_host_itself_publishes_nothing_that_is_over_and_starts_nothing_of_another_day,
);
