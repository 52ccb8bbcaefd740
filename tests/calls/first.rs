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
    let code = bell.at("09:45").sync_with(json!({"time_budget": "2s"}));
    assert_eq!(code, Code::Partial, "{:#}", bell.report);
    bell.messenger.clear_faults();
}

#[test]
fn p10_a_lesson_does_not_wait_while_another_chat_is_made_and_filled() {
    let mut bell = begun();
    bell.publish("a", DAY, 2);
    let mut class = row(&mut bell.roster, "classes", "7a").clone();
    class["sourcedId"] = "7b".into();
    class["title"] = "7Б".into();
    add(&mut bell.roster, "classes", class);
    add(&mut bell.roster, "users", person("child-203"));
    add(&mut bell.roster, "roles", role("child-203", "student"));
    add(&mut bell.roster, "enrollments", enrolled("7b", "child-203", "student"));
    cut_short_by(&mut bell, "messages.createChat");
    assert_eq!((bell.running(), bell.said(CHAT).len()), (vec!["a".to_owned()], 1));
    bell.at("09:50").sync();
    assert_eq!((bell.vk_calls().0, bell.said(CHAT).len()), (1, 1));
}

#[test]
fn p10_nobody_is_told_a_link_before_those_who_left_are_out_of_the_chat() {
    let mut bell = begun();
    bell.publish("a", DAY, 2);
    drop_row(&mut bell.roster, "enrollments", "7a-child-202-student");
    cut_short_by(&mut bell, "messages.removeChatUser");
    assert_eq!((bell.vk_calls(), bell.said(CHAT)), ((0, 0), vec![]));
    bell.at("09:50").sync();
    assert_eq!((bell.running(), bell.said(CHAT).len()), (vec!["a".to_owned()], 1));
}
