//! What is said of a call that ends at an unusual time.

use serde_json::json;

use crate::bell::{CHAT, DAY};
use crate::trouble::begun;

const TEACHER: &str = "teacher-111";
const NEXT: &str = "2026-09-02";

#[test]
fn p14_the_chat_is_told_when_tomorrows_lesson_whose_call_runs_already_is_cancelled() {
    let mut bell = begun();
    bell.publish("a", NEXT, 2);
    bell.at("15:00").sync();
    assert_eq!((bell.running(), bell.said(CHAT).len()), (vec!["a".to_owned()], 1));
    bell.row("a")["status"] = "tobedeleted".into();
    bell.at("16:00").sync();
    let said = bell.said(CHAT);
    assert_eq!((said.len(), bell.pinned(CHAT).is_null()), (2, true), "{said:?}");
    assert!(said[1].contains("завершено: Алгебра: a\n02.09.2026, 10:00"), "{said:?}");
}

#[test]
fn p14_a_call_whose_lesson_is_published_when_it_is_over_is_not_announced_any_more() {
    let mut bell = begun();
    bell.lesson("a", DAY, 2, "draft");
    bell.at("09:55").sync();
    bell.does(TEACHER, "calls.start", json!({"lesson": "a"}));
    bell.row("a")["metadata"]["state"] = "conducted".into();
    bell.at("11:10").sync();
    assert_eq!((bell.running().len(), bell.vk_calls()), (0, (1, 0)));
    assert!(bell.said(CHAT).is_empty(), "{:?}", bell.said(CHAT));
    bell.at("11:20").sync();
    assert!(bell.said(CHAT).is_empty(), "{:?}", bell.said(CHAT));
}
