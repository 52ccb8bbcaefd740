//! Lessons far from Moscow, on the nights when clocks change, and near midnight.

use serde_json::{Value, json};
use zvonok::error::Code;

use crate::bell::{Bell, CHAT, DAY, school};
use crate::office::Side;
use crate::own_profile::{PARAGRAF, written};
use crate::tiny::{add, enrolled, row};

const TEACHER: &str = "teacher-111";
const CURATOR: &str = "teacher-110";
const PUPIL: &str = "child-200";
const GROUP: &str = "class:7a";

/// A school in a zone with this profile, whose journal has its chat.
fn school_in(zone: &str, profile: &str, now: &str) -> Bell {
    let more = json!({"timezone": zone});
    let mut bell = Bell::open(Side::Vk, "partner", profile, school(), more);
    bell.publish("first", "2026-08-31", 1);
    assert_eq!(bell.at_moment(now).sync(), Code::Ok);
    assert_eq!(bell.vk_calls(), (0, 0));
    bell
}

#[test]
fn in_kamchatka_a_day_begins_and_lessons_are_held_by_kamchatkas_clock() {
    let mut bell = school_in("Asia/Kamchatka", "paragraf", "2026-09-01T07:00:00+12:00");
    bell.lesson("a", DAY, 2, "draft");
    bell.at_moment("2026-09-01T09:00:00+12:00").sync();
    assert_eq!(bell.stands("a"), ("created".to_owned(), false));
    bell.row("a")["metadata"]["state"] = "published".into();
    // The host's own clock may be another one: 09:50 in Kamchatka.
    bell.at_moment("2026-08-31T21:50:00Z").sync();
    assert_eq!(bell.stands("a"), ("published".to_owned(), true));
    let call = bell.call("a").unwrap().clone();
    assert_eq!(call["starts"], "2026-09-01T10:00:00+12:00");
    assert_eq!(call["at"].as_str().map(|at| &at[..16]), Some("2026-09-01T09:50"));
    assert!(bell.said(CHAT)[0].contains("01.09.2026, 10:00–10:45"), "{:?}", bell.said(CHAT));
    let told = bell.does(PUPIL, "calls.join", json!({"call": call["id"]}));
    assert_eq!(told["join_url"], call["join_url"]);
    assert_eq!(bell.next_due(), "2026-09-01T11:05:00+12:00");
    bell.at_moment("2026-09-01T02:04:00+03:00").sync();
    assert_eq!(bell.vk_calls(), (1, 1));
    bell.at_moment("2026-09-01T02:05:00+03:00").sync();
    assert_eq!((bell.vk_calls(), bell.said(CHAT).len()), ((1, 0), 2));
    // The day before a lesson begins at Kamchatka's midnight, at noon of Greenwich.
    bell.publish("far", "2026-09-03", 2);
    bell.at_moment("2026-09-01T11:59:00Z").sync();
    assert!(bell.running().is_empty());
    assert_eq!(bell.next_due(), "2026-09-02T00:00:00+12:00");
    bell.at_moment("2026-09-01T12:00:00Z").sync();
    assert_eq!(bell.running(), ["far"]);
}

/// A college with a curator, whose calls start with their publication.
fn college_in(zone: &str, now: &str) -> Bell {
    let mut roster = school();
    let mut curator = enrolled("7a", CURATOR, "teacher");
    curator["primary"] = true.into();
    add(&mut roster, "enrollments", curator);
    let mut bell = Bell::open(Side::Vk, "partner", "epos_spo", roster, json!({"timezone": zone}));
    assert_eq!(bell.at_moment(now).sync(), Code::Ok);
    bell
}

fn published(bell: &mut Bell, date: &str, time: &str) -> Value {
    let params = json!({"chat": GROUP, "title": "Сбор", "date": date, "time": time});
    let call = bell.does(CURATOR, "calls.create", params);
    bell.does(CURATOR, "calls.publish", json!({"call": call["id"]}))
}

/// A school's zone, the morning of a day, that day, and the first moment of the next one.
const NIGHTS: [(&str, &str, &str, &str); 6] = [
    ("Asia/Vladivostok", "2026-09-01T07:00:00+10:00", DAY, "2026-09-02T00:00:00+10:00"),
    ("Asia/Kamchatka", "2026-09-01T07:00:00+12:00", DAY, "2026-09-02T00:00:00+12:00"),
    // A day of twenty-five hours, one of twenty-three, and the one before it.
    ("Europe/Berlin", "2026-10-25T07:00:00+01:00", "2026-10-25", "2026-10-26T00:00:00+01:00"),
    ("Europe/Berlin", "2027-03-28T01:00:00+01:00", "2027-03-28", "2027-03-29T00:00:00+02:00"),
    ("Europe/Berlin", "2027-03-27T07:00:00+01:00", "2027-03-27", "2027-03-28T00:00:00+01:00"),
    // A night without a midnight.
    ("America/Santiago", "2026-09-05T07:00:00-04:00", "2026-09-05", "2026-09-06T01:00:00-03:00"),
];

fn minute_before(moment: &str) -> String {
    let moment: jiff::Timestamp = moment.parse().expect("a moment");
    moment.checked_sub(jiff::SignedDuration::from_mins(1)).expect("a moment").to_string()
}

#[test]
fn e12_a_calls_day_ends_with_the_schools_own_midnight_whatever_the_clocks_do() {
    for (zone, morning, day, midnight) in NIGHTS {
        let mut bell = college_in(zone, morning);
        let call = published(&mut bell, day, "14:00");
        assert_eq!(call["running"], true, "{zone} {day}");
        bell.sync();
        bell.waits_until(midnight);
        bell.at_moment(&minute_before(midnight)).sync();
        assert_eq!(bell.report["calls"][0]["state"], "published", "{zone} {day}");
        bell.at_moment(midnight).sync();
        assert_eq!(bell.report["calls"][0]["state"], "finished", "{zone} {day}");
        assert_eq!(bell.vk_calls(), (1, 0), "{zone} {day}");
        assert!(bell.pinned(GROUP).is_null(), "{zone} {day}");
    }
}

#[test]
fn e12_a_call_of_yesterday_is_ended_by_the_first_cycle_of_the_day_in_any_zone() {
    for (zone, morning, day, midnight) in NIGHTS {
        let mut bell = college_in(zone, morning);
        let call = published(&mut bell, day, "14:00");
        // No cycle ran at midnight. Nobody gets in any more, and the first cycle ends it.
        let morrow = format!("{}T08:00:00{}", &midnight[..10], &midnight[19..]);
        bell.at_moment(&morrow);
        let told = bell.does(PUPIL, "calls.join", json!({"call": call["id"]}));
        assert_eq!(told["message"]["ru"], "Звонок завершен", "{zone} {day}");
        bell.sync();
        assert_eq!(bell.report["calls"][0]["state"], "finished", "{zone} {day}");
        assert_eq!((bell.vk_calls(), bell.said(GROUP).len()), ((1, 0), 1), "{zone} {day}");
    }
}

/// A lesson of the night when clocks change: its times in the journal, when it begins and ends.
const CHANGES: [(&str, &str, &str, &str, &str, &str); 3] = [
    // 02:30 comes twice; the first one is meant.
    (
        "2026-10-25",
        "02:30",
        "03:15",
        "2026-10-24T07:00:00+02:00",
        "2026-10-25T02:30:00+02:00",
        "2026-10-25T02:15:00+01:00",
    ),
    // 02:30 does not come at all: an hour later.
    (
        "2027-03-28",
        "02:30",
        "03:15",
        "2027-03-27T07:00:00+01:00",
        "2027-03-28T03:30:00+02:00",
        "2027-03-28T04:15:00+02:00",
    ),
    // The morning after.
    (
        "2027-03-28",
        "09:00",
        "09:45",
        "2027-03-27T07:00:00+01:00",
        "2027-03-28T09:00:00+02:00",
        "2027-03-28T09:45:00+02:00",
    ),
];

#[test]
fn a_lesson_of_the_night_when_clocks_change_is_held_once_and_for_its_whole_length() {
    let (_folder, profile) = written(
        PARAGRAF,
        &[("starts = \"ahead\"", "starts = \"time\""), ("finish_after = 20", "finish_after = 0")],
    );
    for (day, from, to, eve, starts, ends) in CHANGES {
        let mut bell = school_in("Europe/Berlin", &profile, eve);
        bell.publish("a", day, 1);
        bell.row("a")["startTime"] = from.into();
        bell.row("a")["endTime"] = to.into();
        bell.sync();
        bell.waits_until(starts);
        bell.at_moment(&minute_before(starts)).sync();
        assert_eq!(bell.vk_calls(), (0, 0), "{day} {from}");
        bell.at_moment(starts).sync();
        assert_eq!(bell.running(), ["a"], "{day} {from}");
        bell.waits_until(ends);
        bell.at_moment(&minute_before(ends)).sync();
        assert_eq!(bell.running(), ["a"], "{day} {from}");
        bell.at_moment(ends).sync();
        assert!(bell.running().is_empty(), "{day} {from}");
        // The hour that comes twice is no second lesson.
        let later: jiff::Timestamp = starts.parse().unwrap();
        for minutes in [60, 61, 120] {
            let then = later.checked_add(jiff::SignedDuration::from_mins(minutes)).unwrap();
            bell.at_moment(&then.to_string()).sync();
        }
        assert_eq!((bell.vk_calls(), bell.said(CHAT).len()), ((1, 0), 2), "{day} {from}");
    }
}

/// A lesson's day, its times in the journal, and how the chat is told of them.
const TOLD: [(&str, &str, &str, &str); 6] = [
    ("2026-10-25", "02:30", "03:15", "02:30 (UTC+02:00)–02:15 (UTC+01:00)"),
    ("2026-10-25", "02:05", "02:50", "02:05 (UTC+02:00)–02:50 (UTC+02:00)"),
    ("2026-10-25", "01:30", "02:15", "01:30 (UTC+02:00)–02:15 (UTC+02:00)"),
    // Clocks that show every time once need no more words.
    ("2026-10-25", "03:00", "03:45", "03:00–03:45"),
    ("2027-03-28", "01:30", "02:15", "01:30–03:15"),
    ("2026-10-26", "02:30", "03:15", "02:30–03:15"),
];

#[test]
fn a_time_that_the_clocks_show_twice_is_told_with_its_offset() {
    for (day, from, to, told) in TOLD {
        let eve = day.parse::<jiff::civil::Date>().unwrap().yesterday().unwrap();
        let mut bell = school_in("Europe/Berlin", "paragraf", &format!("{eve}T12:00:00Z"));
        bell.publish("a", day, 1);
        bell.row("a")["startTime"] = from.into();
        bell.row("a")["endTime"] = to.into();
        bell.at_moment(&format!("{eve}T13:00:00Z")).sync();
        let said = bell.said(CHAT);
        let date = format!("{}.{}.{}", &day[8..], &day[5..7], &day[..4]);
        let line = said[0].lines().nth(1);
        assert_eq!((said.len(), line), (1, Some(&*format!("{date}, {told}"))), "{day} {from}");
    }
}

/// A school whose late lesson is published at `when`, between two cycles.
fn late(profile: &str, state: &str, times: (&str, &str)) -> Bell {
    let mut bell = school_in("Europe/Moscow", profile, "2026-09-01T07:00:00+03:00");
    bell.lesson("a", DAY, 1, state);
    bell.row("a")["startTime"] = times.0.into();
    bell.row("a")["endTime"] = times.1.into();
    bell
}

fn publish(bell: &mut Bell) {
    bell.row("a")["metadata"]["state"] = "published".into();
}

const EVENING: (&str, &str) = ("23:50", "00:35");

#[test]
fn p11_a_lesson_of_the_late_evening_still_starts_just_after_midnight() {
    let (_folder, by_time) = written(PARAGRAF, &[("starts = \"ahead\"", "starts = \"time\"")]);
    for profile in ["paragraf", &by_time] {
        for (time, starts) in [("00:05", true), ("00:10", true), ("00:11", false)] {
            let mut bell = late(profile, "draft", EVENING);
            bell.at("23:45").sync();
            assert_eq!(bell.stands("a"), ("created".to_owned(), false));
            publish(&mut bell);
            bell.at(&format!("2026-09-02 {time}")).sync();
            assert_eq!(bell.stands("a"), ("published".to_owned(), starts), "{profile} {time}");
            if !starts {
                // By hand it may be started as long as it goes on (P11).
                let call = bell.call("a").unwrap()["id"].clone();
                let told = bell.does(TEACHER, "calls.start", json!({"call": call}));
                assert!(told["join_url"].is_string());
            }
            bell.at("2026-09-02 00:54").sync();
            assert_eq!((bell.running(), bell.said(CHAT).len()), (vec!["a".to_owned()], 1));
            bell.at("2026-09-02 00:55").sync();
            assert_eq!((bell.vk_calls(), bell.said(CHAT).len()), ((1, 0), 2), "{time}");
        }
    }
}

#[test]
fn p11_a_lesson_that_is_first_seen_just_after_midnight_starts_while_it_goes_on() {
    let mut bell = late("paragraf", "published", EVENING);
    bell.at("2026-09-02 00:05").sync();
    assert_eq!(bell.stands("a"), ("published".to_owned(), true));
    bell.at("2026-09-02 00:55").sync();
    assert_eq!((bell.vk_calls(), bell.said(CHAT).len()), ((1, 0), 2));
}

#[test]
fn p10_a_lesson_of_the_late_evening_may_be_published_after_midnight() {
    let mut bell = late("paragraf", "draft", EVENING);
    bell.at_each(&["23:45", "2026-09-02 00:05"]);
    assert_eq!(bell.stands("a"), ("created".to_owned(), false));
    publish(&mut bell);
    bell.at("2026-09-02 00:08").sync();
    assert_eq!(bell.stands("a"), ("published".to_owned(), true));
}

#[test]
fn a_lesson_that_was_over_before_midnight_is_not_started_after_it() {
    for first in ["23:40", "2026-09-02 00:01"] {
        let mut bell = late("paragraf", "draft", ("23:45", "23:59"));
        bell.at(first).sync();
        publish(&mut bell);
        bell.at("2026-09-02 00:02").sync();
        bell.at("2026-09-02 00:05").sync();
        assert_eq!((bell.vk_calls(), bell.running().len()), ((0, 0), 0), "{first}");
    }
    // Nor one that nobody published: it is forgotten once it is over.
    let mut bell = late("paragraf", "draft", EVENING);
    bell.at_each(&["23:45", "2026-09-02 00:40"]);
    assert!(bell.call("a").is_none() && row(&mut bell.roster, "lessons", "a").is_object());
}
