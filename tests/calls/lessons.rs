//! From the roster: P9 to P15, on every kind of messenger.

use serde_json::json;
use zvonok::error::Code;

use crate::bell::{Bell, CHAT, DAY, Place, everywhere, lesson, on_both, school};
use crate::tiny::add;

const TEACHER: &str = "teacher-111";
const PUPIL: &str = "child-200";
const NEXT: &str = "2026-09-02";

fn published(running: bool) -> (String, bool) {
    ("published".to_owned(), running)
}

fn finished() -> (String, bool) {
    ("finished".to_owned(), false)
}

/// A school whose journal has its chat already, and no call of today.
/// A school whose journal has its chat, with a link where it needs one, and no call yet.
pub(crate) fn begun(place: Place) -> Bell {
    let mut roster = school();
    add(&mut roster, "lessons", lesson("first", "2026-08-31", 1, "published"));
    let mut bell = Bell::at_place(place, "paragraf", roster);
    bell.give_link(CHAT);
    // Yesterday's lesson is not started.
    bell.has_calls(0, 0);
    bell
}

fn p9_the_chat_and_the_call_come_with_the_first_published_lesson(place: Place) {
    let mut bell = Bell::at_place(place, "paragraf", school());
    bell.hear_news();
    bell.lesson("a", DAY, 1, "draft");
    assert_eq!(bell.at("08:00").sync(), Code::Ok);
    assert_eq!(bell.stands("a"), ("created".to_owned(), false));
    let active = |bell: &Bell| {
        let chats = bell.report["chats"].as_array().unwrap().iter();
        chats.filter(|chat| chat["key"] == CHAT && chat["state"] == "active").count()
    };
    assert_eq!((active(&bell), bell.tasks("create_chat").len()), (0, 0));
    bell.row("a")["metadata"]["state"] = "published".into();
    assert_eq!(bell.at("08:30").sync(), Code::Ok);
    if place == Place::Max {
        // People are asked for the group now, and for the link only when there is a group.
        let tasks = bell.tasks("create_chat");
        assert_eq!((tasks.len(), &tasks[0]["chat"]), (1, &json!(CHAT)));
        assert!(bell.tasks("give_call_link").is_empty());
        bell.make_groups();
    }
    if place != Place::Vk {
        bell.at("08:31").sync();
        bell.bring_links();
    }
    assert_eq!((active(&bell), bell.stands("a")), (1, published(true)));
    assert_eq!(bell.said(CHAT).len(), 1);
    bell.has_calls(1, 1);
}

fn p9_neither_a_lesson_without_video_nor_a_journal_without_the_mode_makes_the_chat(place: Place) {
    for missing in ["online", "subjectChat", "generalEducation"] {
        let mut bell = Bell::at_place(place, "paragraf", school());
        bell.publish("a", DAY, 1);
        if missing == "online" {
            bell.row("a")["metadata"][missing] = false.into();
        } else {
            let journal = crate::tiny::row(&mut bell.roster, "classes", "7a-algebra");
            journal["metadata"][missing] = false.into();
        }
        assert_eq!(bell.at("08:00").sync(), Code::Ok);
        let chats = bell.report["chats"].as_array().unwrap().iter();
        assert_eq!(chats.filter(|chat| chat["key"] == CHAT).count(), 0, "{missing}");
        assert!(bell.tasks("create_chat").is_empty() && bell.call("a").is_none(), "{missing}");
    }
}

fn p10_a_lesson_without_video_or_in_a_journal_without_the_mode_has_no_call(place: Place) {
    let mut bell = begun(place);
    bell.publish("a", DAY, 2);
    bell.row("a")["metadata"]["online"] = false.into();
    bell.at("08:00").sync();
    assert!(bell.call("a").is_none());
    bell.row("a")["metadata"]["online"] = true.into();
    crate::tiny::row(&mut bell.roster, "classes", "7a-algebra")["metadata"]["subjectChat"] =
        false.into();
    bell.at("08:10").sync();
    assert!(bell.call("a").is_none());
    bell.has_calls(0, 0);
}

fn p10_a_call_started_before_publication_gives_its_link_to_the_caller_only(place: Place) {
    let mut bell = begun(place);
    bell.lesson("a", DAY, 2, "draft");
    bell.at("09:50").sync();
    let started = bell.does(TEACHER, "calls.start", json!({"lesson": "a"}));
    let link = started["join_url"].as_str().expect("a link for the caller").to_owned();
    assert_eq!((&started["state"], &started["running"]), (&json!("created"), &json!(true)));
    let id = started["id"].clone();
    bell.at("09:55").sync();
    assert_eq!(bell.call("a").unwrap()["join_url"], json!(null));
    assert!(!bell.report.to_string().contains(&link), "a link before publication");
    assert!(bell.said(CHAT).is_empty());
    let told = bell.does(PUPIL, "calls.join", json!({"call": id}));
    assert_eq!((&told["allowed"], &told["join_url"]), (&json!(false), &json!(null)));
    assert_eq!(told["message"]["ru"], "Дистанционное занятие еще не началось");
    let told = bell.does(TEACHER, "calls.join", json!({"call": id}));
    assert_eq!(told["join_url"], json!(link));
    // Published, it is announced, and that is no second call.
    bell.row("a")["metadata"]["state"] = "published".into();
    bell.at_each(&["10:00", "10:05"]);
    assert_eq!(bell.call("a").unwrap()["join_url"], json!(link));
    assert_eq!(bell.said(CHAT).len(), 1);
    bell.has_calls(1, 1);
    assert_eq!(bell.does(PUPIL, "calls.join", json!({"call": id}))["join_url"], json!(link));
}

fn p10_a_conducted_lesson_is_published(place: Place) {
    let mut bell = begun(place);
    bell.lesson("a", DAY, 2, "conducted");
    bell.at("09:50").sync();
    assert_eq!(bell.stands("a"), published(true));
}

fn p11_the_nearest_of_today_or_tomorrow_is_started_by_itself(place: Place) {
    let mut bell = begun(place);
    bell.publish("later", NEXT, 3);
    bell.publish("sooner", NEXT, 2);
    bell.publish("far", "2026-09-03", 1);
    bell.at("15:00").sync();
    assert_eq!(bell.running(), ["sooner"]);
    assert!(bell.call("far").is_none(), "nothing is made of a lesson after tomorrow");
    bell.at("16:00").sync();
    assert_eq!(bell.running(), ["sooner"], "one call of a journal at a time");
    // Its time comes, it ends, and the next one of the day follows at once.
    bell.at(&format!("{NEXT} 11:05")).sync();
    assert_eq!(bell.running(), ["later"]);
    assert_eq!(bell.stands("sooner"), finished());
    bell.has_calls(2, 1);
}

fn p11_a_lesson_after_tomorrow_waits_for_its_eve_and_the_report_says_when(place: Place) {
    let mut bell = begun(place);
    bell.publish("far", "2026-09-03", 1);
    bell.at("15:00").sync();
    assert!(bell.running().is_empty());
    assert!(bell.next_due().as_str() <= "2026-09-02T00:00:00+03:00", "{}", bell.next_due());
    bell.at(&format!("{NEXT} 00:00")).sync();
    assert_eq!(bell.running(), ["far"]);
}

fn p11_a_lesson_is_not_started_by_itself_more_than_twenty_minutes_late_but_by_hand(place: Place) {
    for (time, starts) in [("09:20", true), ("09:21", false)] {
        let mut bell = begun(place);
        bell.publish("a", DAY, 1);
        bell.at(time).sync();
        assert_eq!(bell.stands("a"), published(starts), "{time}");
        if !starts {
            let call = bell.call("a").unwrap()["id"].clone();
            let told = bell.does(TEACHER, "calls.start", json!({"call": call}));
            assert!(told["join_url"].is_string());
            bell.at("09:22").sync();
            assert_eq!((bell.stands("a"), bell.said(CHAT).len()), (published(true), 1));
        }
    }
}

fn p12_where_the_later_lesson_was_published_first_it_starts_and_the_order_is_not_restored(
    place: Place,
) {
    let mut bell = begun(place);
    bell.lesson("earlier", DAY, 2, "draft");
    bell.publish("later", DAY, 3);
    bell.at("08:00").sync();
    assert_eq!(bell.running(), ["later"]);
    bell.row("earlier")["metadata"]["state"] = "published".into();
    bell.at_each(&["09:00", "10:00", "10:30", "11:00"]);
    assert_eq!(bell.running(), ["later"]);
    let earlier = bell.call("earlier").unwrap()["id"].clone();
    let no = bell.refused(TEACHER, "calls.start", json!({"call": earlier}), Code::Request);
    assert!(no.message.ru.contains("уже идёт звонок «Алгебра: later»"), "{}", no.message.ru);
    bell.at("12:05").sync();
    assert!(bell.running().is_empty());
    assert_eq!((bell.stands("later"), bell.stands("earlier")), (finished(), published(false)));
    bell.has_calls(1, 0);
}

fn p13_the_link_is_in_the_chat_and_in_the_report_at_once_and_stays_there_for_nothing(place: Place) {
    let mut bell = begun(place);
    bell.hear_news();
    bell.publish("a", DAY, 2);
    bell.at("09:30").sync();
    let link = bell.call("a").unwrap()["join_url"].as_str().expect("a link").to_owned();
    let said = bell.said(CHAT);
    assert_eq!(said.len(), 1);
    let wanted =
        format!("Онлайн-занятие: Алгебра: a\n01.09.2026, 10:00–10:45\nПодключиться: {link}");
    assert_eq!(said[0], wanted);
    assert!(!bell.pinned(CHAT).is_null());
    let chats = bell.report["chats"].as_array().unwrap();
    let row = chats.iter().find(|row| row["key"] == CHAT).unwrap();
    assert_eq!(row["call"]["join_url"], json!(link));
    assert_eq!(bell.report["done"]["start_call"], 1);
    let before = bell.messenger.look("requests").as_array().unwrap().len();
    bell.at("09:40").sync();
    // An unchanged cycle asks nothing; on MAX, whether anything has happened.
    let log = bell.messenger.look("requests");
    let asked = log.as_array().unwrap()[before..].iter().map(|one| &one["method"]);
    let wanted = if place == Place::Max { vec!["GET /updates"] } else { Vec::new() };
    assert_eq!(asked.collect::<Vec<_>>(), wanted);
    assert_eq!(bell.call("a").unwrap()["join_url"], json!(link));
    assert_eq!(bell.report["done"], json!({}));
}

fn p14_a_call_ends_by_itself_twenty_minutes_after_its_lesson_and_the_chat_is_told(place: Place) {
    let mut bell = begun(place);
    bell.publish("a", DAY, 2);
    bell.at("09:30").sync();
    bell.waits_until("2026-09-01T11:05:00+03:00");
    bell.at("11:04").sync();
    assert_eq!(bell.stands("a"), published(true));
    bell.at("11:05").sync();
    assert_eq!(bell.stands("a"), finished());
    bell.has_calls(1, 0);
    assert_eq!(
        bell.said(CHAT)[1..],
        ["Онлайн-занятие завершено: Алгебра: a\n01.09.2026, 10:00–10:45"]
    );
    assert!(bell.pinned(CHAT).is_null());
    bell.at_each(&["11:10", "12:00"]);
    assert_eq!(bell.said(CHAT).len(), 2);
    bell.has_calls(1, 0);
}

fn p14_a_call_ends_by_the_hosts_button(place: Place) {
    let mut bell = begun(place);
    bell.publish("a", DAY, 2);
    bell.at("09:30").sync();
    let call = bell.call("a").unwrap()["id"].clone();
    bell.at("10:20");
    let told = bell.does(TEACHER, "calls.finish", json!({"call": call}));
    assert_eq!((&told["state"], &told["by"]), (&json!("finished"), &json!(TEACHER)));
    bell.has_calls(1, 0);
    let told = bell.does(PUPIL, "calls.join", json!({"call": call}));
    assert_eq!(told["message"]["ru"], "Звонок завершен");
    bell.at("10:30").sync();
    assert_eq!(bell.said(CHAT).len(), 2);
    bell.has_calls(1, 0);
}

#[test]
fn p14_a_call_that_people_ended_in_the_messenger_is_finished_without_an_error() {
    let mut bell = begun(Place::Vk);
    bell.publish("a", DAY, 2);
    bell.at("09:30").sync();
    let state = bell.messenger.look("state");
    let id = state["calls"][0]["call_id"].clone();
    bell.messenger.does("finish_call", json!({"call_id": id}));
    assert_eq!(bell.at("11:05").sync(), Code::Ok);
    assert_eq!(bell.stands("a"), finished());
}

/// What spoils a timetable, and the condition that is missing then.
const SPOILED: [(&str, &str); 5] = [
    ("beginDate", "dates"),
    ("endDate", "dates"),
    ("metadata", "default"),
    ("periods", "grid"),
    ("classSourcedIds", "lesson"),
];

fn p15_without_each_of_the_four_conditions_calls_are_started_and_ended_by_hand_only(place: Place) {
    for (column, condition) in SPOILED {
        let mut bell = begun(place);
        bell.publish("a", DAY, 2);
        // Its own times do not make up for the timetable.
        bell.row("a")["startTime"] = "10:00".into();
        bell.row("a")["endTime"] = "10:45".into();
        let grid = crate::tiny::row(&mut bell.roster, "timetables", "grid");
        match column {
            "metadata" => grid[column]["transferByDefault"] = false.into(),
            "periods" | "classSourcedIds" => grid[column] = json!([]),
            _ => drop(grid.as_object_mut().unwrap().remove(column)),
        }
        bell.at("09:50").sync();
        assert_eq!(bell.stands("a"), published(false), "{column}");
        let warned = bell.warned("calls.not_automatic");
        assert_eq!((warned.len(), &warned[0]["value"]), (1, &json!(condition)), "{column}");
        let call = bell.call("a").unwrap()["id"].clone();
        bell.does(TEACHER, "calls.start", json!({"call": call}));
        bell.at("09:55").sync();
        assert_eq!((bell.stands("a"), bell.said(CHAT).len()), (published(true), 1), "{column}");
        bell.at("12:00").sync();
        assert_eq!(bell.stands("a"), published(true), "{column}: it does not end by itself");
        bell.at(&format!("{NEXT} 08:00")).sync();
        assert_eq!(bell.running(), ["a"], "{column}");
        assert_eq!(bell.warned("calls.left_running").len(), 1, "{column}");
        bell.does(TEACHER, "calls.finish", json!({"call": call}));
        bell.has_calls(1, 0);
    }
}

#[test]
fn p15_a_lesson_before_or_after_the_dates_of_its_timetable_is_not_started_by_itself() {
    for (column, day, hinders) in [
        ("beginDate", NEXT, true),
        ("beginDate", DAY, false),
        // The day on which it ends is no day of it any more.
        ("endDate", DAY, true),
        ("endDate", NEXT, false),
    ] {
        let mut bell = begun(Place::Vk);
        bell.publish("a", DAY, 2);
        crate::tiny::row(&mut bell.roster, "timetables", "grid")[column] = day.into();
        bell.at("09:50").sync();
        let warned = bell.warned("calls.not_automatic");
        let conditions: Vec<_> = warned.iter().map(|one| one["value"].as_str().unwrap()).collect();
        let wanted = if hinders { vec!["dates"] } else { vec![] };
        assert_eq!((bell.running().is_empty(), conditions), (hinders, wanted), "{column} {day}");
    }
}

#[test]
fn lessons_get_their_times_from_themselves_or_from_the_grid() {
    let mut bell = begun(Place::Vk);
    bell.publish("own", DAY, 1);
    bell.row("own")["startTime"] = "13:00".into();
    bell.row("own")["endTime"] = "13:30".into();
    bell.publish("grid", DAY, 2);
    bell.at("08:00").sync();
    let times = |id: &str| {
        let call = bell.call(id).unwrap();
        [&call["starts"], &call["ends"]].map(|at| at.as_str().unwrap()[11..16].to_owned())
    };
    assert_eq!(times("own"), ["13:00", "13:30"]);
    assert_eq!(times("grid"), ["10:00", "10:45"]);
    assert_eq!(bell.running(), ["grid"]);
}

fn moved_cancelled_and_deleted_lessons_are_followed(place: Place) {
    let mut bell = begun(place);
    bell.hear_news();
    bell.publish("a", DAY, 2);
    bell.publish("b", DAY, 3);
    bell.at("08:00").sync();
    assert_eq!(bell.running(), ["a"]);
    // Moved while its call runs: the same call, and its end moves along.
    bell.row("a")["period"] = 4.into();
    bell.at("08:10").sync();
    assert_eq!(bell.running(), vec!["a".to_owned()]);
    bell.has_calls(1, 1);
    assert_eq!(bell.said(CHAT).len(), 1, "nothing is announced twice");
    // Before that the other one is missed, which people are told.
    assert_eq!(bell.next_due(), "2026-09-01T11:20:01+03:00");
    // Moved before it was started.
    bell.row("b")["date"] = NEXT.into();
    bell.at("08:20").sync();
    assert_eq!(bell.call("b").unwrap()["date"], NEXT);
    assert_eq!(bell.next_due(), "2026-09-01T13:05:00+03:00");
    // Cancelled while it runs: it ends at once, and the next one starts.
    bell.row("a")["status"] = "tobedeleted".into();
    bell.at("08:30").sync_with(json!({"detail": "operations"}));
    let ended = bell.report["operations"].as_array().unwrap().iter();
    let ended = ended.clone().find(|one| one["operation"] == "finish_call").unwrap();
    assert!(ended["reason"]["ru"].as_str().unwrap().contains("урок отменён"), "{ended}");
    assert_eq!((bell.stands("a"), bell.running()), (finished(), vec!["b".to_owned()]));
    // The video is switched off.
    bell.row("b")["metadata"]["online"] = false.into();
    bell.at("08:40").sync();
    assert_eq!(bell.stands("b"), finished());
    bell.has_calls(2, 0);
    // Deleted before it was started.
    bell.publish("c", NEXT, 1);
    bell.publish("d", NEXT, 2);
    bell.at("08:50").sync();
    bell.drop_lesson("d");
    bell.at("09:00").sync();
    assert!(bell.call("d").is_none());
    assert_eq!(bell.running(), ["c"]);
}

#[test]
fn a_roster_without_its_lessons_ends_no_call() {
    let mut bell = begun(Place::Vk);
    bell.publish("a", DAY, 2);
    bell.at("08:00").sync();
    let lessons = bell.roster.as_object_mut().unwrap().remove("lessons");
    bell.at("08:30").sync();
    assert_eq!(bell.running(), ["a"]);
    assert!(bell.warned("calls.not_automatic").is_empty(), "its timetable lacks nothing");
    bell.roster["lessons"] = lessons.clone().unwrap();
    bell.at("09:00").sync();
    assert_eq!((bell.running(), bell.vk_calls()), (vec!["a".to_owned()], (1, 1)));
    // Its end comes all the same.
    bell.roster.as_object_mut().unwrap().remove("lessons");
    bell.at("11:04").sync();
    assert_eq!(bell.running(), ["a"]);
    bell.at("11:05").sync();
    assert_eq!((bell.stands("a"), bell.vk_calls()), (finished(), (1, 0)));
}

fn a_call_that_was_deleted_does_not_come_back_by_itself(place: Place) {
    let mut bell = begun(place);
    bell.publish("a", DAY, 2);
    bell.at("08:00").sync();
    let call = bell.call("a").unwrap()["id"].clone();
    let told = bell.does(TEACHER, "calls.delete", json!({"call": call}));
    assert_eq!(told["deleted"], true);
    bell.at_each(&["08:10", "09:30"]);
    assert!(bell.call("a").is_none());
    bell.has_calls(1, 0);
    assert!(bell.pinned(CHAT).is_null());
}

#[test]
fn a_call_that_a_person_finished_before_it_began_does_not_come_back() {
    for who in [TEACHER, "system"] {
        let mut bell = begun(Place::Vk);
        bell.publish("a", DAY, 2);
        bell.publish("b", DAY, 3);
        bell.at("08:00").sync();
        assert_eq!(bell.running(), ["a"]);
        let call = bell.call("b").unwrap()["id"].clone();
        bell.does(who, "calls.finish", json!({"call": call}));
        bell.at_each(&["08:10", "11:05", "11:10"]);
        assert_eq!((bell.stands("b"), bell.vk_calls()), (finished(), (1, 0)), "{who}");
        assert_eq!(bell.said(CHAT).len(), 2, "{who}: nothing is said of it");
    }
}

fn p10_a_call_that_a_person_makes_of_a_lesson_is_published_with_the_lesson_only(place: Place) {
    let mut bell = begun(place);
    bell.lesson("far", "2026-09-03", 2, "draft");
    bell.at("08:00").sync();
    assert!(bell.call("far").is_none());
    for (key, value) in [("title", "Своё"), ("starts", "2026-09-03T12:00:00+03:00")] {
        let params = json!({"chat": CHAT, "lesson": "far", key: value});
        let no = bell.refused("system", "calls.create", params, Code::Request);
        assert_eq!(no.faults[0].at, format!("params.{key}"));
        assert_eq!(no.faults[0].code, "request.call_of_lesson");
    }
    let call = bell.does("system", "calls.create", json!({"chat": CHAT, "lesson": "far"}));
    assert_eq!((&call["state"], &call["title"]), (&json!("created"), &json!("Алгебра: far")));
    let id = json!({"call": call["id"]});
    let no = bell.refused("system", "calls.publish", id, Code::Request);
    assert_eq!(no.faults[0].code, "request.call_of_lesson");
    bell.at(&format!("{NEXT} 09:00")).sync();
    assert_eq!(bell.stands("far"), ("created".to_owned(), false));
    bell.row("far")["metadata"]["state"] = "published".into();
    bell.at(&format!("{NEXT} 09:10")).sync();
    assert_eq!(bell.stands("far"), published(true));
    bell.has_calls(1, 1);
    assert_eq!(bell.call("far").unwrap()["id"], call["id"]);
}

fn p12_a_lesson_whose_call_by_hand_was_held_gets_no_other(place: Place) {
    for ending in ["calls.finish", "calls.delete"] {
        let mut bell = begun(place);
        bell.publish("a", DAY, 2);
        bell.row("a")["metadata"]["online"] = false.into();
        bell.at("08:00").sync();
        let call = bell.does("system", "calls.create", json!({"chat": CHAT, "lesson": "a"}));
        let id = json!({"call": call["id"]});
        bell.does("system", "calls.start", id.clone());
        bell.does("system", ending, id);
        bell.row("a")["metadata"]["online"] = true.into();
        bell.at_each(&["08:30", "09:30"]);
        bell.has_calls(1, 0);
    }
}

fn a_week_without_cycles_starts_nothing_of_the_past_and_announces_nothing_twice(place: Place) {
    let mut bell = begun(place);
    bell.publish("a", DAY, 2);
    bell.publish("b", DAY, 3);
    for day in 2..=7 {
        bell.publish(&format!("l{day}"), &format!("2026-09-{day:02}"), 2);
    }
    bell.at("09:00").sync();
    assert_eq!(bell.running(), ["a"]);
    bell.publish("today", "2026-09-08", 3);
    bell.at("2026-09-08 10:30").sync();
    assert_eq!(bell.running(), ["today"]);
    bell.has_calls(2, 1);
    let said = bell.said(CHAT);
    assert_eq!(said.len(), 2, "no farewell a week later: {said:?}");
    assert!(said[1].contains("Алгебра: today"));
    bell.at("2026-09-08 10:40").sync();
    assert_eq!(bell.said(CHAT).len(), 2);
}

/// Two lessons each school day of a week; every second one is published on its own morning.
fn week(bell: &mut Bell) -> Vec<String> {
    let mut ids = Vec::new();
    for day in 1..=5 {
        for period in [1, 3] {
            let id = format!("l{day}-{period}");
            bell.lesson(&id, &format!("2026-09-{day:02}"), period, "published");
            ids.push(id);
        }
    }
    ids
}

#[test]
fn through_a_week_every_lesson_has_one_call_one_announcement_and_one_end() {
    let mut bell = begun(Place::Vk);
    let ids = week(&mut bell);
    for day in 1..=5 {
        for half in 0..48 {
            let time = format!("2026-09-{day:02} {:02}:{:02}", half / 2, 30 * (half % 2));
            bell.at(&time).sync();
            assert!(bell.running().len() <= 1, "{time}: {:?}", bell.running());
            assert_eq!(bell.vk_calls().1, bell.running().len(), "{time}");
        }
    }
    bell.at("2026-09-06 08:00").sync();
    let said = bell.said(CHAT);
    for id in &ids {
        let of_it = |start: &str| {
            said.iter().filter(|text| text.starts_with(&format!("{start}: Алгебра: {id}"))).count()
        };
        assert_eq!((of_it("Онлайн-занятие"), of_it("Онлайн-занятие завершено")), (1, 1), "{id}");
    }
    assert_eq!((said.len(), bell.vk_calls()), (2 * ids.len(), (ids.len(), 0)));
}

#[test]
fn a_host_that_runs_only_when_something_is_due_is_on_time() {
    let mut bell = begun(Place::Vk);
    bell.publish("a", DAY, 2);
    bell.publish("b", DAY, 3);
    bell.at("08:00").sync();
    let mut runs = Vec::new();
    for _ in 0..20 {
        let due = bell.next_due();
        if due.as_str() > "2026-09-01T13:00" {
            break;
        }
        runs.push(due[11..16].to_owned());
        bell.at(&due[11..16]).sync();
    }
    assert_eq!(runs, ["11:05", "12:05"]);
    assert_eq!((bell.stands("a"), bell.stands("b")), (finished(), finished()));
}

#[test]
fn a_plan_says_what_would_be_started_and_does_nothing() {
    let mut bell = begun(Place::Vk);
    bell.publish("a", DAY, 2);
    bell.at("09:00").sync_with(json!({"dry_run": true, "detail": "operations"}));
    let planned = bell.report["plan"]["operations"].clone();
    assert_eq!((&planned["start_call"], &planned["post_message"]), (&json!(1), &json!(1)));
    assert_eq!(bell.vk_calls(), (0, 0));
    assert_eq!(bell.report["calls"], json!([]), "it shows what is, not what would be");
    bell.at("09:01").sync();
    assert_eq!(bell.report["done"], planned);
    bell.at("11:05").sync_with(json!({"dry_run": true}));
    assert_eq!(bell.report["plan"]["operations"]["finish_call"], 1);
    assert_eq!(bell.stands("a"), published(true));
}

#[test]
fn a_cycle_that_is_limited_to_other_chats_leaves_the_calls_alone() {
    let mut bell = begun(Place::Vk);
    bell.publish("a", DAY, 2);
    bell.at("09:00").sync_with(json!({"kinds": ["class"]}));
    assert_eq!((bell.stands("a"), bell.vk_calls()), (published(false), (0, 0)));
    bell.at("09:01").sync();
    assert_eq!(bell.running(), ["a"]);
}

#[test]
fn a_lesson_over_midnight_ends_on_the_next_day() {
    let mut bell = begun(Place::Vk);
    bell.publish("a", DAY, 1);
    bell.row("a")["startTime"] = "23:30".into();
    bell.row("a")["endTime"] = "00:15".into();
    bell.at("23:00").sync();
    assert_eq!(bell.call("a").unwrap()["ends"], "2026-09-02T00:15:00+03:00");
    bell.at(&format!("{NEXT} 00:30")).sync();
    assert_eq!(bell.running(), ["a"]);
    bell.at(&format!("{NEXT} 00:35")).sync();
    assert_eq!(bell.stands("a"), finished());
}

#[test]
fn a_lesson_that_goes_to_another_journal_takes_no_call_along() {
    let mut bell = begun(Place::Vk);
    let mut other = crate::tiny::row(&mut bell.roster, "classes", "7a-algebra").clone();
    other["sourcedId"] = "7a-other".into();
    crate::tiny::add(&mut bell.roster, "classes", other);
    let grid = crate::tiny::row(&mut bell.roster, "timetables", "grid");
    grid["classSourcedIds"] = json!(["7a-algebra", "7a-other"]);
    crate::tiny::add(&mut bell.roster, "lessons", lesson("a", DAY, 2, "published"));
    bell.at("08:00").sync();
    bell.row("a")["classSourcedId"] = "7a-other".into();
    bell.at("08:10").sync();
    let calls = bell.report["calls"].as_array().unwrap();
    let running: Vec<_> = calls.iter().filter(|call| call["running"] == true).collect();
    assert_eq!(running.len(), 1);
    assert_eq!(running[0]["chat"], "subject:7a-other");
    assert_eq!(bell.vk_calls(), (2, 1));
}

everywhere!(
    p9_the_chat_and_the_call_come_with_the_first_published_lesson,
    p11_the_nearest_of_today_or_tomorrow_is_started_by_itself,
    p12_where_the_later_lesson_was_published_first_it_starts_and_the_order_is_not_restored,
    p13_the_link_is_in_the_chat_and_in_the_report_at_once_and_stays_there_for_nothing,
    p14_a_call_ends_by_itself_twenty_minutes_after_its_lesson_and_the_chat_is_told,
    p15_without_each_of_the_four_conditions_calls_are_started_and_ended_by_hand_only,
);

on_both!(
    p9_neither_a_lesson_without_video_nor_a_journal_without_the_mode_makes_the_chat,
    p10_a_lesson_without_video_or_in_a_journal_without_the_mode_has_no_call,
    p10_a_call_started_before_publication_gives_its_link_to_the_caller_only,
    p10_a_conducted_lesson_is_published,
    p11_a_lesson_after_tomorrow_waits_for_its_eve_and_the_report_says_when,
    p11_a_lesson_is_not_started_by_itself_more_than_twenty_minutes_late_but_by_hand,
    p14_a_call_ends_by_the_hosts_button,
    moved_cancelled_and_deleted_lessons_are_followed,
    a_call_that_was_deleted_does_not_come_back_by_itself,
    p10_a_call_that_a_person_makes_of_a_lesson_is_published_with_the_lesson_only,
    p12_a_lesson_whose_call_by_hand_was_held_gets_no_other,
    a_week_without_cycles_starts_nothing_of_the_past_and_announces_nothing_twice,
);
