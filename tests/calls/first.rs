//! What of a lesson waits for the chats' changes, and what does not.

use serde_json::json;
use zvonok::error::Code;

use crate::bell::{Bell, CHAT, DAY};
use crate::tiny::{add, drop_row, enrolled, person, role, row};
use crate::trouble::begun;

/// A cycle whose time is over as soon as the messenger is asked this.
fn cut_short_by(bell: &mut Bell, method: &str) {
    let matching = json!({"method": method, "nth": 1, "count": 1});
    let silence = json!({"match": matching, "do": "delay", "ms": 8000, "when": "after"});
    bell.messenger.does("faults", silence);
    let code = bell.at("10:30").sync_with(json!({"time_budget": "2s"}));
    assert_eq!(code, Code::Partial, "{:#}", bell.report);
    bell.messenger.clear_faults();
}

#[test]
fn p10_a_lesson_does_not_wait_while_another_chat_is_made_and_filled() {
    let mut bell = begun();
    // Since this one it is known that the messenger starts calls.
    bell.publish("earlier", DAY, 1);
    bell.at("09:00").sync();
    bell.publish("a", DAY, 3);
    other_group(&mut bell);
    cut_short_by(&mut bell, "messages.createChat");
    assert_eq!((bell.running(), bell.said(CHAT).len()), (vec!["a".to_owned()], 3));
    bell.at("10:35").sync();
    assert_eq!((bell.vk_calls().0, bell.said(CHAT).len()), (2, 3));
}

/// A second class, whose chats are none of the journal's.
fn other_group(bell: &mut Bell) {
    let mut class = row(&mut bell.roster, "classes", "7a").clone();
    class["sourcedId"] = "7b".into();
    class["title"] = "7Б".into();
    add(&mut bell.roster, "classes", class);
    for child in ["child-203", "child-204"] {
        add(&mut bell.roster, "users", person(child));
        add(&mut bell.roster, "roles", role(child, "student"));
        add(&mut bell.roster, "enrollments", enrolled("7b", child, "student"));
    }
}

#[test]
fn p10_whoever_must_go_from_any_chat_goes_before_a_lesson_begins() {
    let mut bell = begun();
    other_group(&mut bell);
    bell.at("08:00").sync();
    bell.publish("a", DAY, 3);
    drop_row(&mut bell.roster, "enrollments", "7b-child-204-student");
    cut_short_by(&mut bell, "messages.removeChatUser");
    assert_eq!((bell.vk_calls(), bell.said(CHAT)), ((0, 0), vec![]));
    bell.at("10:35").sync();
    assert_eq!((bell.running(), bell.said(CHAT).len()), (vec!["a".to_owned()], 1));
}

#[test]
fn whoever_must_go_goes_though_the_messenger_does_not_say_whether_it_starts_calls() {
    let mut bell = Bell::vk();
    other_group(&mut bell);
    bell.publish("first", "2026-08-31", 1);
    bell.at("07:00").sync();
    let matching = json!({"method": "calls.forceFinish"});
    bell.messenger.does("faults", json!({"match": matching, "do": "error", "code": 9}));
    bell.publish("a", DAY, 3);
    drop_row(&mut bell.roster, "enrollments", "7b-child-204-student");
    bell.at("10:30").sync();
    let chat = bell.chat("class:7b");
    assert!(!chat["members"].to_string().contains("204"), "{chat:#}");
    assert_eq!(bell.vk_calls(), (0, 0), "nobody knows yet whether it starts calls");
}

#[test]
fn p10_nobody_is_told_a_link_before_those_who_left_are_out_of_the_chat() {
    let mut bell = begun();
    bell.publish("a", DAY, 3);
    drop_row(&mut bell.roster, "enrollments", "7a-child-202-student");
    cut_short_by(&mut bell, "messages.removeChatUser");
    assert_eq!((bell.vk_calls(), bell.said(CHAT)), ((0, 0), vec![]));
    bell.at("10:35").sync();
    assert_eq!((bell.running(), bell.said(CHAT).len()), (vec!["a".to_owned()], 1));
}
