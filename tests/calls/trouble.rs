//! Lost answers and failures at every step: never two calls for a lesson, never two announcements.

use serde_json::json;
use zvonok::error::Code;

use crate::bell::{Bell, CHAT, DAY};

const LINK: &str = "https://max.ru/joincall/AbCdEf-1";

fn fault(bell: &Bell, method: &str, deed: &str) {
    let matching = json!({"method": method, "nth": 1, "count": 1});
    bell.messenger.does("faults", json!({"match": matching, "do": deed}));
}

/// A school on VK whose journal has its chat.
pub(crate) fn begun() -> Bell {
    let mut bell = Bell::vk();
    bell.publish("first", "2026-08-31", 1);
    bell.at("07:00").sync();
    bell
}

#[test]
fn a_start_whose_answer_was_lost_is_never_sent_again_by_itself() {
    for (deed, calls) in [("drop_after", 1), ("drop_before", 0)] {
        let mut bell = begun();
        bell.publish("a", DAY, 2);
        bell.publish("b", DAY, 3);
        fault(&bell, "calls.start", deed);
        bell.at("09:00").sync();
        bell.at_each(&["09:10", "09:30", "10:00"]);
        assert_eq!(bell.vk_calls().0, calls, "{deed}");
        assert!(bell.running().is_empty() && bell.said(CHAT).is_empty(), "{deed}");
        assert_eq!(bell.warned("calls.doubtful").len(), 1, "{deed}");
        // A person may: it is their word against the doubt.
        let call = bell.call("a").unwrap()["id"].clone();
        bell.does("teacher-111", "calls.start", json!({"call": call}));
        bell.at("10:05").sync();
        assert_eq!((bell.running(), bell.said(CHAT).len()), (vec!["a".to_owned()], 1), "{deed}");
        assert!(bell.warned("calls.doubtful").is_empty(), "{deed}");
    }
}

#[test]
fn a_start_in_doubt_is_not_forgotten_with_its_day_though_the_lesson_was_never_published() {
    let mut bell = begun();
    bell.lesson("a", DAY, 2, "draft");
    bell.at("09:00").sync();
    fault(&bell, "calls.start", "drop_after");
    bell.asks("teacher-111", "calls.start", json!({"lesson": "a"})).expect("an answer");
    assert_eq!(bell.vk_calls(), (1, 1));
    bell.publish("b", "2026-09-02", 1);
    bell.at("2026-09-02 07:00").sync();
    // Put off and published: whether it was held a person must say.
    let row = bell.row("a");
    (row["date"], row["metadata"]["state"]) = ("2026-09-02".into(), "published".into());
    bell.drop_lesson("b");
    bell.at("2026-09-02 09:45").sync();
    assert_eq!((bell.running(), bell.vk_calls()), (vec![], (2, 1)));
}

#[test]
fn a_first_start_that_a_person_orders_for_a_lesson_days_ahead_is_carried_out() {
    let mut bell = begun();
    bell.lesson("a", "2026-09-04", 2, "draft");
    bell.at("08:00").sync();
    let params = json!({"chat": CHAT, "lesson": "a"});
    bell.does("teacher-111", "calls.create", params);
    let told = bell.does("teacher-111", "calls.start", json!({"lesson": "a"}));
    assert_eq!((&told["running"], bell.vk_calls()), (&json!(true), (1, 1)));
}

#[test]
fn an_announcement_whose_answer_was_lost_is_looked_up_and_said_once() {
    for deed in ["drop_after", "drop_before", "truncate"] {
        let mut bell = begun();
        bell.publish("a", DAY, 2);
        fault(&bell, "messages.send", deed);
        bell.at("09:00").sync();
        bell.at_each(&["09:10", "09:20"]);
        assert_eq!(bell.said(CHAT).len(), 1, "{deed}");
        assert!(!bell.pinned(CHAT).is_null(), "{deed}");
        fault(&bell, "messages.send", deed);
        bell.at_each(&["11:05", "11:10"]);
        assert_eq!((bell.said(CHAT).len(), bell.vk_calls()), (2, (1, 0)), "{deed}");
        assert!(bell.pinned(CHAT).is_null(), "{deed}");
    }
}

#[test]
fn a_farewell_that_was_lost_is_not_taken_for_yesterdays_of_the_same_title() {
    let mut bell = begun();
    for (id, day) in [("a", DAY), ("b", "2026-09-02")] {
        bell.publish(id, day, 2);
        bell.row(id)["title"] = "Алгебра".into();
    }
    bell.at_each(&["09:00", "11:05", "2026-09-02 09:00"]);
    assert_eq!(bell.said(CHAT).len(), 3);
    fault(&bell, "messages.send", "drop_before");
    bell.at("2026-09-02 11:05").sync();
    bell.at("2026-09-02 11:10").sync();
    let said = bell.said(CHAT);
    assert_eq!(said.len(), 4, "{said:?}");
    assert!(said[3].contains("завершено: Алгебра\n02.09.2026"), "{said:?}");
}

#[test]
fn an_end_whose_answer_was_lost_is_an_end() {
    for deed in ["drop_after", "drop_before"] {
        let mut bell = begun();
        bell.publish("a", DAY, 2);
        bell.at("09:00").sync();
        fault(&bell, "calls.forceFinish", deed);
        bell.at("11:05").sync();
        bell.at("11:10").sync();
        assert_eq!((bell.vk_calls(), bell.said(CHAT).len()), ((1, 0), 2), "{deed}");
    }
}

#[test]
fn a_pin_that_fails_harms_nothing() {
    let mut bell = begun();
    bell.publish("a", DAY, 2);
    let matching = json!({"method": "messages.pin"});
    bell.messenger.does("faults", json!({"match": matching, "do": "error", "code": 15}));
    assert_eq!(bell.at("09:00").sync(), Code::Ok);
    assert_eq!((bell.running(), bell.said(CHAT).len()), (vec!["a".to_owned()], 1));
}

#[test]
fn a_start_that_is_refused_for_now_is_tried_again_and_told() {
    let mut bell = begun();
    bell.publish("a", DAY, 2);
    let matching = json!({"method": "calls.start", "nth": 1, "count": 1});
    bell.messenger.does("faults", json!({"match": matching, "do": "error", "code": 9}));
    assert_eq!(bell.at("09:00").sync(), Code::Partial);
    let failed = &bell.report["failed"][0];
    assert_eq!((&failed["operation"], &failed["chat"]), (&json!("start_call"), &json!(CHAT)));
    bell.at("10:10").sync();
    assert_eq!((bell.running(), bell.report["failed"].clone()), (vec!["a".to_owned()], json!([])));
}

#[test]
fn a_start_that_failed_until_its_time_was_over_spoils_no_later_report() {
    let mut bell = begun();
    bell.publish("a", DAY, 2);
    let matching = json!({"method": "calls.start"});
    bell.messenger.does("faults", json!({"match": matching, "do": "error", "code": 9}));
    assert_eq!(bell.at("10:15").sync(), Code::Partial);
    assert_eq!(bell.report["failed"].as_array().map(Vec::len), Some(1));
    bell.messenger.clear_faults();
    for time in ["2026-09-01 13:00", "2026-09-02 08:00"] {
        assert_eq!(bell.at(time).sync(), Code::Ok, "{time}");
        assert_eq!(bell.report["failed"], json!([]), "{time}");
    }
    assert_eq!(bell.vk_calls(), (0, 0));
}

/// A lesson that starts when the one before it is over, in the five minutes that are left to it.
fn after_another() -> Bell {
    let mut bell = begun();
    bell.publish("a", DAY, 1);
    bell.publish("b", DAY, 2);
    bell.at("08:50").sync();
    assert_eq!(bell.running(), ["a"]);
    bell
}

#[test]
fn p11_a_lesson_that_failed_until_its_time_to_start_was_over_is_told_as_long_as_it_lasts() {
    let mut bell = after_another();
    let matching = json!({"method": "calls.start", "nth": 1, "count": 2});
    bell.messenger.does("faults", json!({"match": matching, "do": "error", "code": 9}));
    // Once in passing, and there is time to try it again.
    assert_eq!(bell.at("10:05").sync(), Code::Partial);
    assert!(bell.warned("calls.not_started").is_empty() && bell.running().is_empty());
    // Twice: the messenger's pause is longer than what is left, so people are told now.
    assert_eq!(bell.at("10:16").sync(), Code::Partial);
    let told = bell.warned("calls.not_started");
    assert_eq!((told.len(), &told[0]["at"]), (1, &json!(CHAT)), "{:#}", bell.report);
    assert!(told[0]["message"]["ru"].as_str().unwrap().contains("начните его вручную"));
    for time in ["10:30", "10:44"] {
        assert_eq!(bell.at(time).sync(), Code::Ok, "{time}");
        assert_eq!(bell.report["failed"], json!([]), "{time}");
        assert_eq!(bell.warned("calls.not_started").len(), 1, "{time}");
        assert!(bell.running().is_empty(), "{time}");
    }
    bell.at("10:46").sync();
    assert!(bell.warned("calls.not_started").is_empty(), "it is history");
    assert_eq!(bell.vk_calls(), (1, 0));
}

#[test]
fn p11_a_lesson_that_was_not_started_is_started_by_hand_and_told_no_more() {
    let mut bell = after_another();
    // Nobody ran the task.
    bell.at("10:25").sync();
    assert_eq!(bell.warned("calls.not_started").len(), 1);
    assert!(bell.running().is_empty());
    let call = bell.call("b").unwrap()["id"].clone();
    bell.does("teacher-111", "calls.start", json!({"call": call}));
    bell.at("10:30").sync();
    assert_eq!(bell.running(), ["b"]);
    assert!(bell.warned("calls.not_started").is_empty());
}

#[test]
fn p11_a_lesson_that_is_not_to_start_or_has_ended_is_not_told_as_not_started() {
    let mut bell = after_another();
    bell.lesson("draft", DAY, 3, "draft");
    let call = bell.call("b").unwrap()["id"].clone();
    bell.does("teacher-111", "calls.finish", json!({"call": call}));
    for time in ["10:25", "11:30"] {
        bell.at(time).sync();
        assert!(bell.warned("calls.not_started").is_empty(), "{time}");
    }
}

#[test]
fn p11_a_passing_failure_does_not_give_the_turn_to_a_later_lesson() {
    let mut bell = begun();
    bell.publish("a", DAY, 2);
    bell.publish("b", DAY, 3);
    let matching = json!({"method": "calls.start", "nth": 1, "count": 1});
    bell.messenger.does("faults", json!({"match": matching, "do": "error", "code": 9}));
    assert_eq!(bell.at("09:40").sync(), Code::Partial);
    assert_eq!((bell.running(), bell.vk_calls()), (vec![], (0, 0)));
    // Against a person's word it waits no longer.
    let later = bell.call("b").unwrap()["id"].clone();
    let told = bell.does("teacher-111", "calls.start", json!({"call": later}));
    assert_eq!(told["running"], true);
}

#[test]
fn p11_a_lesson_whose_start_is_refused_gives_way_to_the_next_one() {
    let mut bell = begun();
    bell.publish("a", DAY, 2);
    bell.publish("b", DAY, 3);
    let matching = json!({"method": "calls.start", "nth": 1, "count": 1});
    bell.messenger.does("faults", json!({"match": matching, "do": "error", "code": 8}));
    bell.at("09:40").sync();
    assert_eq!(bell.running(), ["b"]);
}

#[test]
fn a_messenger_that_is_away_delays_a_lesson_and_doubles_nothing() {
    let mut bell = begun();
    bell.publish("a", DAY, 2);
    bell.at("09:00").sync();
    bell.publish("b", DAY, 3);
    bell.messenger.does("faults", json!({"match": {}, "do": "http_500"}));
    for time in ["11:05", "11:06"] {
        bell.at(time);
        let roster = bell.roster.clone();
        // Whatever becomes of this cycle, the next one goes on.
        let _ = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| bell.sync()));
        assert_eq!(roster, bell.roster);
    }
    bell.messenger.clear_faults();
    bell.at_each(&["11:10", "11:15", "11:30"]);
    assert_eq!(bell.running(), ["b"]);
    let said = bell.said(CHAT);
    let once = |text: &str| said.iter().filter(|one| one.starts_with(text)).count();
    assert_eq!(once("Онлайн-занятие: Алгебра: a"), 1, "{said:?}");
    assert_eq!(once("Онлайн-занятие: Алгебра: b"), 1, "{said:?}");
}

#[test]
fn on_max_answers_that_are_lost_double_no_announcement() {
    for deed in ["drop_after", "drop_before"] {
        let mut bell = Bell::max();
        bell.publish("a", DAY, 2);
        bell.at("08:00").sync();
        let task = bell.tasks("give_call_link")[0]["id"].clone();
        fault(&bell, "POST /messages", deed);
        bell.does("system", "tasks.done", json!({"task": task, "link": LINK}));
        bell.at_each(&["08:10", "08:20"]);
        assert_eq!((bell.running(), bell.said(CHAT).len()), (vec!["a".to_owned()], 1), "{deed}");
        fault(&bell, "POST /messages", deed);
        bell.at_each(&["11:05", "11:10", "11:15"]);
        assert_eq!((bell.said(CHAT).len(), bell.pinned(CHAT).is_null()), (2, true), "{deed}");
    }
}
