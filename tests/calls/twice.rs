//! Answers that are lost twice in a row, before and after the messenger has done what it was asked:
//! never two calls, never two announcements, never two farewells, and what is in doubt is told.

use serde_json::{Value, json};

use crate::bell::{Bell, CHAT, DAY};
use crate::trouble::begun;

const LINK: &str = "https://max.ru/joincall/AbCdEf-1";
/// What becomes of the first request, and of the second.
const DEEDS: [[&str; 2]; 4] = [
    ["drop_after", "drop_after"],
    ["drop_before", "drop_before"],
    ["drop_after", "drop_before"],
    ["drop_before", "drop_after"],
];

/// A journal of MAX whose chat has its standing link.
fn linked() -> Bell {
    let mut bell = Bell::max();
    bell.publish("link", DAY, 1);
    bell.at("07:10").sync();
    let task = bell.tasks("give_call_link")[0]["id"].clone();
    bell.does("system", "tasks.done", json!({"task": task, "link": LINK}));
    bell.drop_lesson("link");
    bell.sync();
    bell
}

/// Each messenger, with its names for saying something, pinning it and taking the pin down.
fn schools() -> [(Bell, [&'static str; 3]); 2] {
    let max = ["POST /messages", "PUT /chats/{chatId}/pin", "DELETE /chats/{chatId}/pin"];
    [(begun(), ["messages.send", "messages.pin", "messages.unpin"]), (linked(), max)]
}

/// From now on the answers to the next requests of this method are lost so.
fn loses(bell: &Bell, method: &str, deeds: &[&str]) {
    bell.messenger.clear_faults();
    for (deed, nth) in deeds.iter().zip(1..) {
        let matching = json!({"method": method, "nth": nth, "count": 1});
        bell.messenger.does("faults", json!({"match": matching, "do": deed}));
    }
}

/// How often the method was asked for.
fn asked(bell: &Bell, method: &str) -> usize {
    let log = bell.messenger.look("requests");
    let log = log.as_array().expect("a log").iter();
    log.filter(|one| one["method"] == method).count()
}

/// How often the chat was told of this lesson, and not of the one for which the link was given.
fn said(bell: &Bell) -> usize {
    bell.said(CHAT).iter().filter(|text| text.contains("Алгебра: a\n")).count()
}

/// A report that has nothing to complain of.
fn is_content(bell: &Bell) -> bool {
    bell.report["failed"] == json!([]) && bell.warned("calls.doubtful").is_empty()
}

#[test]
fn a_start_that_nobody_answered_twice_is_in_doubt_twice_and_never_started_by_itself() {
    for deeds in DEEDS {
        let mut bell = begun();
        bell.publish("a", DAY, 2);
        loses(&bell, "calls.start", &deeds);
        bell.at("09:00").sync();
        bell.at_each(&["09:10", "09:30"]);
        assert_eq!(asked(&bell, "calls.start"), 1, "{deeds:?}");
        assert_eq!(bell.warned("calls.doubtful").len(), 1, "{deeds:?}");
        // A person's word goes against the doubt, once.
        let call = bell.call("a").unwrap()["id"].clone();
        let told = bell.asks("teacher-111", "calls.start", json!({"call": call})).unwrap().1;
        assert_eq!((&told["running"], &told["doubtful"]), (&json!(false), &json!(true)));
        assert!(told["message"]["ru"].as_str().unwrap().contains("не ответил"), "{told}");
        bell.at_each(&["10:00", "10:10", "11:00"]);
        assert_eq!(asked(&bell, "calls.start"), 2, "{deeds:?}");
        assert_eq!(bell.warned("calls.doubtful").len(), 1, "{deeds:?}");
        assert!(bell.running().is_empty() && bell.said(CHAT).is_empty(), "{deeds:?}");
    }
}

#[test]
fn an_announcement_and_a_farewell_that_nobody_answered_twice_are_said_once() {
    for deeds in DEEDS {
        for (mut bell, [say, ..]) in schools() {
            bell.publish("a", DAY, 2);
            loses(&bell, say, &deeds);
            bell.at("09:00").sync();
            bell.at_each(&["09:10", "09:20"]);
            assert_eq!(said(&bell), 1, "{say} {deeds:?}");
            assert!(!bell.pinned(CHAT).is_null() && is_content(&bell), "{say} {deeds:?}");
            loses(&bell, say, &deeds);
            bell.at_each(&["11:05", "11:10", "11:15"]);
            assert_eq!(said(&bell), 2, "{say} {deeds:?}");
            assert!(bell.pinned(CHAT).is_null() && is_content(&bell), "{say} {deeds:?}");
        }
    }
}

#[test]
fn a_message_that_nobody_ever_answered_is_said_once_when_the_messenger_is_back() {
    for deed in ["drop_after", "drop_before"] {
        for (mut bell, [say, ..]) in schools() {
            bell.publish("a", DAY, 2);
            for (times, count) in [(["09:00", "09:10"], 1), (["11:05", "11:10"], 2)] {
                let matching = json!({"method": say});
                bell.messenger.does("faults", json!({"match": matching, "do": deed}));
                bell.at(times[0]).sync();
                let there = usize::from(deed == "drop_after");
                assert_eq!(said(&bell), count - 1 + there, "{say} {deed}");
                bell.messenger.clear_faults();
                bell.at(times[1]).sync();
                assert_eq!(said(&bell), count, "{say} {deed}");
            }
            assert!(bell.pinned(CHAT).is_null() && is_content(&bell), "{say} {deed}");
        }
    }
}

#[test]
fn a_pin_and_its_taking_down_that_nobody_answered_twice_are_done_all_the_same() {
    for deeds in DEEDS {
        for (mut bell, [_, pin, unpin]) in schools() {
            bell.publish("a", DAY, 2);
            loses(&bell, pin, &deeds);
            bell.at("09:00").sync();
            bell.at("09:10").sync();
            assert!(!bell.pinned(CHAT).is_null() && is_content(&bell), "{pin} {deeds:?}");
            loses(&bell, unpin, &deeds);
            bell.at("11:05").sync();
            bell.at("11:10").sync();
            assert!(bell.pinned(CHAT).is_null() && is_content(&bell), "{unpin} {deeds:?}");
            assert_eq!(said(&bell), 2, "{unpin} {deeds:?}");
        }
    }
}

#[test]
fn an_end_that_nobody_answered_twice_is_an_end() {
    for deeds in DEEDS {
        let mut bell = begun();
        bell.publish("a", DAY, 2);
        bell.at("09:00").sync();
        loses(&bell, "calls.forceFinish", &deeds);
        bell.at("11:05").sync();
        bell.at("11:10").sync();
        assert_eq!((bell.vk_calls(), said(&bell)), ((1, 0), 2), "{deeds:?}");
        let call: &Value = bell.call("a").unwrap();
        assert!(call["unended"].is_null() && is_content(&bell), "{deeds:?}: {call}");
    }
}
