//! E10, E13: who acted last on a call and when, after every order and after what happens by itself.

use serde_json::{Value, json};
use zvonok::error::Code;

use crate::bell::{Bell, CHAT, DAY, Place, on_both};
use crate::screens::epos;

const HEAD: &str = "engineer-120";
const CURATOR: &str = "teacher-110";
const TEACHER: &str = "teacher-111";
const GROUP: &str = "class:7a";

/// Who acted last, and in which minute.
fn acted(call: &Value) -> (String, String) {
    let text = |key: &str| call[key].as_str().unwrap_or_else(|| panic!("{key}: {call}"));
    (text("by").to_owned(), text("at")[..16].to_owned())
}

fn by(who: &str, time: &str) -> (String, String) {
    (who.to_owned(), format!("{DAY}T{time}"))
}

/// An order, and who acted last by its reply and by the registry.
#[track_caller]
fn order(bell: &mut Bell, who: &str, method: &str, params: Value) -> (Value, (String, String)) {
    let call = bell.does(who, method, params);
    let list = bell.does("system", "calls.list", json!({"chat": call["chat"]}));
    let rows = list["calls"].as_array().expect("calls").iter();
    for row in rows.filter(|row| row["id"] == call["id"]) {
        assert_eq!(acted(row), acted(&call), "{method}: the registry says the same");
    }
    let last = acted(&call);
    (call, last)
}

fn e13_every_order_shows_who_gave_it_and_when(place: Place) {
    let mut bell = epos(place);
    let params = json!({"chat": GROUP, "title": "Сбор", "date": DAY, "time": "14:00"});
    let (call, last) = order(bell.at("08:00"), CURATOR, "calls.create", params);
    assert_eq!((last, &call["maker"]), (by(CURATOR, "08:00"), &json!(CURATOR)));
    let id = json!({"call": call["id"]});
    let renamed = json!({"call": call["id"], "title": "Собрание"});
    let (_, last) = order(bell.at("08:10"), HEAD, "calls.update", renamed);
    assert_eq!(last, by(HEAD, "08:10"));
    let (_, last) = order(bell.at("08:20"), CURATOR, "calls.start", id.clone());
    assert_eq!(last, by(CURATOR, "08:20"));
    let (_, last) = order(bell.at("08:30"), HEAD, "calls.publish", id.clone());
    assert_eq!(last, by(HEAD, "08:30"));
    // Neither what is refused nor what changes nothing is an act.
    let wrong = json!({"call": call["id"], "title": "Ещё раз"});
    bell.at("08:40").refused(CURATOR, "calls.update", wrong, Code::Request);
    bell.refused(TEACHER, "calls.finish", id.clone(), Code::Denied);
    let (_, last) = order(&mut bell, CURATOR, "calls.publish", id.clone());
    assert_eq!(last, by(HEAD, "08:30"));
    bell.at("08:45").sync();
    let (_, last) = order(bell.at("08:50"), CURATOR, "calls.finish", id.clone());
    assert_eq!(last, by(CURATOR, "08:50"));
    bell.at("08:55").sync();
    assert_eq!(acted(&bell.report["calls"][0]), by(CURATOR, "08:50"), "a farewell is no act");
    let (call, last) = order(bell.at("09:00"), HEAD, "calls.delete", id);
    assert_eq!((last, &call["maker"]), (by(HEAD, "09:00"), &json!(CURATOR)));
}

fn e13_whoever_published_a_call_is_shown_though_the_library_started_it_for_them(place: Place) {
    let mut bell = epos(place);
    let params = json!({"chat": GROUP, "title": "Сбор", "date": DAY, "time": "14:00"});
    let call = bell.does(CURATOR, "calls.create", params);
    let (call, last) =
        order(bell.at("08:20"), CURATOR, "calls.publish", json!({"call": call["id"]}));
    assert_eq!((&call["running"], last), (&json!(true), by(CURATOR, "08:20")));
    // The end of its day is nobody's order.
    bell.at("2026-09-02 00:00").sync();
    let last = acted(&bell.report["calls"][0]);
    assert_eq!(last, ("system".to_owned(), "2026-09-02T00:00".to_owned()));
}

#[test]
fn e13_what_the_lessons_and_the_clock_bring_is_the_systems() {
    let mut bell = Bell::vk();
    bell.publish("first", "2026-08-31", 1);
    bell.at("07:00").sync();
    let last = |bell: &Bell| acted(bell.call("a").expect("its call"));
    bell.lesson("a", DAY, 2, "draft");
    bell.at("08:00").sync();
    assert_eq!(last(&bell), by("system", "08:00"));
    assert_eq!(bell.call("a").unwrap()["maker"], "system");
    bell.row("a")["metadata"]["state"] = "published".into();
    bell.at("08:30").sync();
    assert_eq!((bell.stands("a").1, last(&bell)), (true, by("system", "08:30")));
    bell.at("09:00").sync();
    assert_eq!(last(&bell), by("system", "08:30"), "a cycle that does nothing is no act");
    bell.at("11:05").sync();
    assert_eq!((bell.stands("a").1, last(&bell)), (false, by("system", "11:05")));
}

#[test]
fn e13_a_teachers_start_is_the_teachers_and_its_end_by_the_clock_the_systems() {
    let mut bell = Bell::vk();
    bell.publish("first", "2026-08-31", 1);
    bell.at("07:00").sync();
    bell.publish("a", DAY, 2);
    bell.publish("b", DAY, 3);
    bell.at("07:30").sync();
    let call = bell.call("b").unwrap()["id"].clone();
    let a = bell.call("a").unwrap()["id"].clone();
    bell.at("07:40").does(TEACHER, "calls.finish", json!({"call": a}));
    let (_, last) = order(bell.at("07:45"), TEACHER, "calls.start", json!({"call": call}));
    // It was started by itself as soon as the other one was over.
    assert_eq!(last, by("system", "07:40"));
    bell.at("12:05").sync();
    assert_eq!(acted(bell.call("b").unwrap()), by("system", "12:05"));
    // By hand after the twenty minutes, and cancelled in the journal.
    bell.publish("c", DAY, 4);
    bell.at("12:30").sync();
    let call = bell.call("c").unwrap()["id"].clone();
    let (told, last) = order(bell.at("12:31"), TEACHER, "calls.start", json!({"call": call}));
    assert_eq!((&told["running"], last), (&json!(true), by(TEACHER, "12:31")));
    bell.row("c")["status"] = "tobedeleted".into();
    bell.at("12:40").sync();
    assert_eq!(acted(bell.call("c").unwrap()), by("system", "12:40"));
    assert_eq!(bell.said(CHAT).len(), 6);
}

on_both!(
    e13_every_order_shows_who_gave_it_and_when,
    e13_whoever_published_a_call_is_shown_though_the_library_started_it_for_them,
);
