//! `next_due`: a host that runs its task only then is on time for every lesson, whatever the profile
//! starts calls by and whatever fails.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use zvonok::error::Code;

use crate::bell::{Bell, CHAT, DAY, Place, on_both, school};
use crate::office::Side;
use crate::own_profile::{PARAGRAF, written};

const TEACHER: &str = "teacher-111";

/// A school of a profile that starts calls so.
fn starting_by(starts: &str) -> (tempfile::TempDir, Bell) {
    let new = format!("starts = \"{starts}\"");
    let (folder, profile) = written(PARAGRAF, &[("starts = \"ahead\"", &new)]);
    let mut bell = Bell::open(Side::Vk, "partner", &profile, school(), json!({}));
    bell.publish("first", "2026-08-31", 1);
    assert_eq!(bell.at("07:00").sync(), Code::Ok);
    (folder, bell)
}

fn moment(text: &Value) -> Timestamp {
    text.as_str().and_then(|text| text.parse().ok()).unwrap_or_else(|| panic!("{text}"))
}

/// A call as the reports of a life showed it.
struct Seen {
    starts: Timestamp,
    ends: Timestamp,
    started: Option<Timestamp>,
    finished: Option<Timestamp>,
}

/// Runs a cycle whenever the last one said that one is due, and then only.
fn live_until(bell: &mut Bell, last: &str) -> BTreeMap<String, Seen> {
    let last: Timestamp = last.parse().expect("a moment");
    let mut seen = BTreeMap::new();
    for _ in 0..400 {
        for call in bell.report["calls"].as_array().expect("calls") {
            let lesson = call["lesson"].as_str().expect("a lesson").to_owned();
            let finished = (call["state"] == "finished").then(|| moment(&call["at"]));
            let started = call["started"].as_str().map(|_| moment(&call["started"]));
            let (starts, ends) = (moment(&call["starts"]), moment(&call["ends"]));
            seen.insert(lesson, Seen { starts, ends, started, finished });
        }
        let due = bell.next_due();
        if due.parse::<Timestamp>().expect("a moment") > last {
            return seen;
        }
        bell.at_moment(&due).sync();
    }
    panic!("it is due again and again: {}", bell.next_due());
}

/// Two lessons on each of five days.
fn week(bell: &mut Bell) {
    for day in 1..=5 {
        for period in [1, 3] {
            bell.publish(&format!("l{day}-{period}"), &format!("2026-09-{day:02}"), period);
        }
    }
    bell.at("07:30").sync();
}

fn minutes(from: Timestamp, to: Timestamp) -> i64 {
    to.duration_since(from).as_mins()
}

#[test]
fn calls_that_start_by_the_clock_are_on_time_through_a_week_of_a_host_that_runs_when_due() {
    let (_folder, mut bell) = starting_by("time");
    week(&mut bell);
    let seen = live_until(&mut bell, "2026-09-06T00:00:00+03:00");
    assert_eq!(seen.len(), 10);
    for (lesson, call) in &seen {
        let began = call.started.map(|at| minutes(call.starts, at));
        let ended = call.finished.map(|at| minutes(call.ends, at));
        assert_eq!((began, ended), (Some(0), Some(20)), "{lesson}");
    }
    assert_eq!((bell.vk_calls(), bell.said(CHAT).len()), ((10, 0), 20));
}

#[test]
fn calls_that_start_with_their_publication_run_at_every_lesson_of_a_week() {
    let (_folder, mut bell) = starting_by("publication");
    week(&mut bell);
    let seen = live_until(&mut bell, "2026-09-06T00:00:00+03:00");
    assert_eq!(seen.len(), 10);
    for (lesson, call) in &seen {
        assert!(call.started.is_some_and(|at| at <= call.starts), "{lesson}: {:?}", call.started);
        assert_eq!(call.finished.map(|at| minutes(call.ends, at)), Some(20), "{lesson}");
    }
    assert_eq!((bell.vk_calls(), bell.said(CHAT).len()), ((10, 0), 20));
}

#[test]
fn a_step_that_failed_is_due_again_when_it_is_tried_again() {
    for (method, operation, step) in [
        ("calls.start", "start_call", "10:00"),
        ("messages.send", "post_message", "10:00"),
        ("calls.forceFinish", "finish_call", "11:05"),
    ] {
        let (_folder, mut bell) = starting_by("time");
        bell.publish("a", DAY, 2);
        bell.at_each(&["08:00", "10:00"][..if step == "10:00" { 1 } else { 2 }]);
        let matching = json!({"method": method, "nth": 1, "count": 1});
        bell.messenger.does("faults", json!({"match": matching, "do": "error", "code": 9}));
        assert_eq!(bell.at(step).sync(), Code::Partial, "{method}");
        let mut tries = 1;
        while let Some(failed) = bell.report["failed"].get(0).cloned() {
            assert_eq!(failed["operation"], operation, "{method}");
            let due = bell.next_due();
            assert_eq!(json!(due), failed["next_try"], "{method}");
            bell.at_moment(&due).sync();
            tries += 1;
            assert!(tries < 10, "{method}: {failed}");
        }
        assert_eq!(tries, 2, "{method}");
        let begin: Timestamp = format!("{DAY}T{step}:00+03:00").parse().unwrap();
        let late = moment(&bell.report["started"]).duration_since(begin);
        assert!(late <= SignedDuration::from_mins(20), "{method}: {late:?}");
        let over = step != "10:00";
        assert_eq!(bell.vk_calls(), (1, usize::from(!over)), "{method}");
        assert_eq!(bell.said(CHAT).len(), if over { 2 } else { 1 }, "{method}");
    }
}

fn a10_a_call_without_an_end_starts_late_on_its_day_and_ends_with_it(place: Place) {
    let mut bell = Bell::at_place(place, "ais_poo", school());
    bell.give_link(CHAT);
    bell.hear_news();
    let params = json!({"chat": CHAT, "title": "Производная", "date": DAY, "time": "10:00"});
    let call = bell.does(TEACHER, "calls.create", params);
    assert_eq!(
        (&call["starts"], &call["ends"]),
        (&json!("2026-09-01T10:00:00+03:00"), &Value::Null)
    );
    let id = json!({"call": call["id"]});
    bell.does(TEACHER, "calls.publish", id.clone());
    bell.sync();
    assert_eq!(bell.next_due(), "2026-09-01T10:00:00+03:00");
    // The host was off until the afternoon; nobody knows that the lesson would be over.
    bell.at("13:00");
    let told = bell.does("child-200", "calls.join", id.clone());
    assert_eq!(told["message"]["ru"], "Дистанционное занятие еще не началось");
    bell.sync();
    bell.has_calls(1, 1);
    assert_eq!(bell.said(CHAT).len(), 1);
    assert!(bell.said(CHAT)[0].contains("Производная\n01.09.2026, 10:00\n"));
    bell.waits_until("2026-09-02T00:00:00+03:00");
    bell.at("23:59").sync();
    assert_eq!(bell.does("child-200", "calls.join", id.clone())["allowed"], true);
    bell.at("2026-09-02 00:00").sync();
    bell.has_calls(1, 0);
    assert_eq!(bell.said(CHAT).len(), 1, "no word at night");
    assert!(bell.pinned(CHAT).is_null());
    let told = bell.does("child-200", "calls.join", id);
    assert_eq!(told["message"]["ru"], "Звонок завершен");
}

on_both!(a10_a_call_without_an_end_starts_late_on_its_day_and_ends_with_it,);
