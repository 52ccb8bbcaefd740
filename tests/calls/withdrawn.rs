//! What was open and is not any more: a lesson that is no longer published while its call runs, and a
//! pupil who has given up the account.

use serde_json::{Value, json};
use zvonok::error::Code;

use crate::bell::{Bell, CHAT, DAY, Place, on_both};

const TEACHER: &str = "teacher-111";
const PUPIL: &str = "child-200";

/// A school whose lesson's call runs and is announced; the call's id and link.
fn begun(place: Place) -> (Bell, Value, String) {
    let mut bell = crate::lessons::begun(place);
    bell.publish("a", DAY, 2);
    bell.at("09:30").sync();
    let call = bell.call("a").expect("its call").clone();
    let link = call["join_url"].as_str().expect("a link").to_owned();
    (bell, json!({"call": call["id"]}), link)
}

fn is_now(bell: &mut Bell, state: &str, time: &str) {
    bell.row("a")["metadata"]["state"] = state.into();
    assert_eq!(bell.at(time).sync(), Code::Ok);
}

fn p10_while_a_running_lesson_is_not_published_its_link_is_told_to_nobody(place: Place) {
    let (mut bell, id, link) = begun(place);
    is_now(&mut bell, "draft", "10:05");
    // The lesson goes on: a call may run before its lesson is published.
    assert_eq!(bell.stands("a"), ("created".to_owned(), true));
    bell.has_calls(1, 1);
    assert_eq!(bell.said(CHAT).len(), 1);
    assert!(!bell.report.to_string().contains(&link), "no report shows it");
    let told = bell.does(PUPIL, "calls.join", id.clone());
    assert_eq!((&told["allowed"], &told["join_url"]), (&json!(false), &Value::Null));
    assert_eq!(told["message"]["ru"], "Дистанционное занятие еще не началось");
    for who in ["system", TEACHER] {
        let list = bell.does(who, "calls.list", json!({"chat": CHAT}));
        let chat = bell.does(who, "chats.get", json!({"chat": CHAT}));
        assert!(!list.to_string().contains(&link), "{who}");
        assert!(!chat.to_string().contains(&link), "{who}");
    }
    // Whoever leads the lesson gets it by starting the call, and that is no second call.
    let told = bell.does(TEACHER, "calls.start", id.clone());
    assert_eq!(told["join_url"], json!(link));
    bell.has_calls(1, 1);
    // Published again, it is where it was, and nobody is told twice.
    is_now(&mut bell, "published", "10:20");
    assert_eq!(bell.call("a").unwrap()["join_url"], json!(link));
    assert_eq!(bell.does(PUPIL, "calls.join", id)["join_url"], json!(link));
    bell.has_calls(1, 1);
    assert_eq!(bell.said(CHAT).len(), 1);
}

fn p14_a_lesson_that_is_not_published_any_more_ends_in_its_time(place: Place) {
    let (mut bell, id, _) = begun(place);
    bell.hear_news();
    is_now(&mut bell, "draft", "10:05");
    assert_eq!(bell.next_due(), "2026-09-01T11:05:00+03:00");
    bell.at("11:05").sync();
    assert_eq!(bell.stands("a"), ("finished".to_owned(), false));
    bell.has_calls(1, 0);
    assert_eq!(bell.said(CHAT).len(), 2);
    assert!(bell.pinned(CHAT).is_null());
    assert_eq!(bell.does(PUPIL, "calls.join", id)["message"]["ru"], "Звонок завершен");
    // Published late, it has had its call.
    is_now(&mut bell, "published", "11:10");
    assert!(!bell.stands("a").1);
    bell.has_calls(1, 0);
}

#[test]
fn p10_a_lesson_that_is_withdrawn_before_its_chat_could_be_told_is_told_when_it_is_back() {
    let mut bell = Bell::vk();
    bell.publish("first", "2026-08-31", 1);
    bell.at("07:00").sync();
    bell.publish("a", DAY, 2);
    let matching = json!({"method": "messages.send"});
    bell.messenger.does("faults", json!({"match": matching, "do": "error", "code": 9}));
    assert_eq!(bell.at("09:30").sync(), Code::Partial);
    assert_eq!((bell.running().len(), bell.said(CHAT).len()), (1, 0));
    bell.messenger.clear_faults();
    is_now(&mut bell, "draft", "09:50");
    bell.at("10:00").sync();
    assert!(bell.said(CHAT).is_empty(), "{:?}", bell.said(CHAT));
    is_now(&mut bell, "published", "10:05");
    bell.at("10:10").sync();
    assert_eq!((bell.said(CHAT).len(), bell.vk_calls()), (1, (1, 1)));
}

fn a9_a10_whoever_gives_up_the_account_is_told_to_link_it_before_coming_in(place: Place) {
    let (mut bell, id, link) = begun(place);
    assert_eq!(bell.does(PUPIL, "calls.join", id.clone())["join_url"], json!(link));
    let (platform, own) = if place == Place::Max { ("max", "9200") } else { ("vk", "200") };
    let account = json!({"person": PUPIL, "platform": platform});
    bell.at("10:00").does("system", "accounts.unlink", account.clone());
    for time in ["10:00", "10:05"] {
        let told = bell.at(time).does(PUPIL, "calls.join", id.clone());
        assert_eq!((&told["allowed"], &told["join_url"]), (&json!(false), &Value::Null));
        let message = told["message"]["ru"].as_str().expect("a reason");
        assert!(message.contains("сначала привяжите учебный профиль"), "{time}: {message}");
        assert!(told["message"]["en"].as_str().is_some_and(|en| en.contains("link your account")));
        bell.sync();
    }
    assert_eq!(bell.running(), ["a"], "for the others it goes on");
    // Linked again, the same person comes in.
    let mut linked = account;
    linked["account"] = own.into();
    bell.at("10:10").does("system", "accounts.link", linked);
    assert_eq!(bell.does(PUPIL, "calls.join", id)["join_url"], json!(link));
}

on_both!(
    a9_a10_whoever_gives_up_the_account_is_told_to_link_it_before_coming_in,
    p10_while_a_running_lesson_is_not_published_its_link_is_told_to_nobody,
    p14_a_lesson_that_is_not_published_any_more_ends_in_its_time,
);
