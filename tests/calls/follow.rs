//! What a call has from its lesson and what from a person: hours that move, rooms, ends that go first,
//! ends that are refused, lessons without hours, and a school that moves in the middle of a lesson.

use serde_json::{Value, json};
use zvonok::error::Code;

use crate::bell::{Bell, CHAT, DAY, Place, everywhere, on_both};
use crate::office::{FoundBy, Manner, Office, Side};
use crate::screens::by_timetable;
use crate::tiny::enrolled;

const TEACHER: &str = "teacher-111";
const NEXT: &str = "2026-09-02";
const LINK: &str = "https://max.ru/joincall/AbCdEf-1";

/// A call of a lesson that a person makes.
fn made(bell: &mut Bell, lesson: &str, more: Value) -> Value {
    let mut params = json!({"chat": CHAT, "lesson": lesson});
    params.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    bell.does(TEACHER, "calls.create", params)
}

fn moved(bell: &mut Bell, lesson: &str, date: &str, period: u32) {
    let row = bell.row(lesson);
    (row["date"], row["period"]) = (date.into(), period.into());
}

/// Requests of the last cycle, in their order.
fn requests(bell: &Bell, since: usize) -> Vec<String> {
    let log = bell.messenger.look("requests");
    let methods = log.as_array().unwrap()[since..].iter();
    methods.map(|one| one["method"].as_str().unwrap_or_default().to_owned()).collect()
}

fn logged(bell: &Bell) -> usize {
    bell.messenger.look("requests").as_array().unwrap().len()
}

fn e11_a_call_made_by_hand_for_a_lesson_is_moved_with_the_lesson_and_keeps_its_own_name(
    place: Place,
) {
    let mut bell = by_timetable(place);
    let call = made(&mut bell, "a", json!({"title": "Контрольная"}));
    moved(&mut bell, "a", NEXT, 4);
    bell.at("07:30").sync();
    let now = bell.call("a").unwrap();
    assert_eq!((&now["id"], &now["title"]), (&call["id"], &json!("Контрольная")));
    let hours = (&now["starts"], &now["ends"]);
    assert_eq!(hours, (&json!("2026-09-02T12:00:00+03:00"), &json!("2026-09-02T12:45:00+03:00")));
    assert_eq!(now["state"], "created", "its publication stays the person's");
}

fn e11_a_running_call_of_a_lesson_that_is_put_off_ends_with_the_lesson(place: Place) {
    let mut bell = by_timetable(place);
    let call = made(&mut bell, "a", json!({}));
    bell.at("10:00");
    bell.does(TEACHER, "calls.publish", json!({"call": call["id"]}));
    moved(&mut bell, "a", DAY, 3);
    bell.at("11:10").sync();
    assert_eq!(bell.stands("a"), ("published".to_owned(), true));
    bell.at("12:10").sync();
    assert_eq!(bell.stands("a"), ("finished".to_owned(), false));
    bell.has_calls(1, 0);
}

fn e11_a_call_made_by_hand_is_over_with_its_lesson_cancelled_and_one_that_runs_is_ended(
    place: Place,
) {
    let mut bell = by_timetable(place);
    let running = made(&mut bell, "a", json!({}));
    made(&mut bell, "c", json!({}));
    bell.does(TEACHER, "calls.publish", json!({"call": running["id"]}));
    bell.has_calls(1, 1);
    bell.row("a")["status"] = "tobedeleted".into();
    bell.drop_lesson("c");
    bell.at("08:00").sync();
    for lesson in ["a", "c"] {
        let call = bell.call(lesson).unwrap();
        assert_eq!((&call["state"], &call["by"]), (&json!("finished"), &json!("system")));
    }
    bell.has_calls(1, 0);
}

fn e11_a_call_with_hours_of_its_own_keeps_them_whatever_becomes_of_the_lesson(place: Place) {
    let mut bell = by_timetable(place);
    let call = made(&mut bell, "a", json!({"date": DAY, "time": "18:00"}));
    assert_eq!(call["starts"], "2026-09-01T18:00:00+03:00");
    moved(&mut bell, "a", NEXT, 4);
    bell.at("08:00").sync();
    assert_eq!(bell.call("a").unwrap()["starts"], "2026-09-01T18:00:00+03:00");
    bell.drop_lesson("a");
    bell.at("08:10").sync();
    assert_eq!(bell.call("a").unwrap()["state"], "created");
    // The lesson's hours again, by the person's word.
    let params = json!({"call": call["id"], "lesson": "c"});
    bell.does(TEACHER, "calls.update", params);
    moved(&mut bell, "c", NEXT, 2);
    bell.at("08:20").sync();
    assert_eq!(bell.call("c").unwrap()["starts"], "2026-09-02T10:00:00+03:00");
}

#[test]
fn an_export_without_lessons_cancels_no_call_made_by_hand() {
    let mut bell = by_timetable(Place::Vk);
    made(&mut bell, "a", json!({}));
    bell.roster.as_object_mut().unwrap().remove("lessons");
    bell.at("08:00").sync();
    assert_eq!(bell.call("a").unwrap()["state"], "created");
}

fn p12_a_second_call_after_a_person_ended_the_first_leaves_the_first_in_the_history(place: Place) {
    let mut bell = crate::lessons::begun(place);
    bell.publish("a", DAY, 2);
    bell.at("08:00").sync();
    bell.at("10:05").sync();
    let first = bell.call("a").unwrap()["id"].clone();
    bell.does(TEACHER, "calls.finish", json!({"call": first}));
    let second = made(&mut bell, "a", json!({}));
    assert_ne!(second["id"], first);
    bell.at("10:10").sync();
    assert_eq!(bell.running(), ["a"]);
    bell.has_calls(2, 1);
    let list = bell.does("system", "calls.list", json!({"lesson": "a"}));
    let ids: Vec<&Value> = list["calls"].as_array().unwrap().iter().map(|one| &one["id"]).collect();
    assert!(ids.len() == 2 && ids.contains(&&first), "{list}");
}

#[test]
fn what_is_over_ends_before_people_are_brought_in_and_nothing_starts_before_strangers_are_out() {
    let mut bell = Bell::vk();
    bell.publish("a", DAY, 1);
    bell.publish("b", DAY, 3);
    bell.at("09:00").sync();
    assert_eq!(bell.running(), ["a"]);
    let begun = logged(&bell);
    crate::tiny::add(
        &mut bell.roster,
        "enrollments",
        enrolled("7a-algebra", "teacher-110", "teacher"),
    );
    crate::tiny::drop_row(&mut bell.roster, "enrollments", "7a-child-200-student");
    bell.at("11:00").sync();
    assert_eq!(bell.running(), ["b"]);
    let asked = requests(&bell, begun);
    let place = |method: &str| {
        let found = asked.iter().position(|one| one == method);
        found.unwrap_or_else(|| panic!("{method}: {asked:?}"))
    };
    assert!(place("calls.forceFinish") < place("messages.addChatUser"), "{asked:?}");
    assert!(place("messages.removeChatUser") < place("calls.start"), "{asked:?}");
}

#[test]
fn p11_a_lesson_that_is_not_published_has_its_call_the_day_before_for_a_host_that_runs_when_due() {
    let mut bell = Bell::vk();
    bell.publish("first", "2026-08-31", 1);
    bell.sync();
    bell.lesson("a", "2026-09-10", 2, "draft");
    bell.at("2026-09-08 23:30").sync();
    assert_eq!(bell.next_due(), "2026-09-09T00:00:00+03:00");
    bell.at("2026-09-09 00:00").sync();
    assert_eq!(bell.stands("a"), ("created".to_owned(), false));
    bell.at("2026-09-10 10:00");
    bell.does(TEACHER, "calls.start", json!({"lesson": "a"}));
    assert_eq!(bell.vk_calls(), (1, 1));
}

#[test]
fn p15_a_lesson_whose_number_no_grid_has_is_told_and_not_only_left_alone() {
    let mut bell = Bell::vk();
    bell.publish("a", DAY, 9);
    bell.publish("b", NEXT, 1);
    bell.row("b")["period"] = Value::Null;
    bell.at("08:00").sync();
    assert!(bell.running().is_empty());
    let told = bell.warned("calls.no_hours");
    assert_eq!((told.len(), &told[0]["at"], &told[0]["value"]), (1, &json!(CHAT), &json!("9")));
    assert!(told[0]["message"]["ru"].as_str().unwrap().contains("номера нет в сетке"), "{told:?}");
    // By hand it starts, and the report goes on saying that nothing will end it.
    bell.does(TEACHER, "calls.start", json!({"lesson": "a"}));
    bell.at("08:10").sync();
    let told = bell.warned("calls.no_hours");
    assert_eq!(told.len(), 1, "{told:?}");
    bell.row("a")["startTime"] = "09:00".into();
    bell.row("a")["endTime"] = "09:45".into();
    bell.drop_lesson("b");
    bell.at("08:20").sync();
    assert!(bell.warned("calls.no_hours").is_empty());
    bell.at("10:06").sync();
    assert_eq!(bell.stands("a"), ("finished".to_owned(), false));
}

#[test]
fn p15_a_call_that_nothing_ends_is_told_when_its_day_has_passed() {
    let mut bell = Bell::vk();
    bell.publish("a", DAY, 9);
    bell.at("08:00").sync();
    bell.does(TEACHER, "calls.start", json!({"lesson": "a"}));
    bell.at(&format!("{NEXT} 08:00")).sync();
    assert_eq!(bell.warned("calls.left_running").len(), 1, "{:#}", bell.report["roster"]);
}

#[test]
fn an_end_that_the_messenger_refuses_is_told_as_refused_and_the_next_lesson_begins() {
    let mut bell = Bell::vk();
    bell.publish("a", DAY, 1);
    bell.publish("b", DAY, 3);
    bell.at("09:00").sync();
    let matching = json!({"method": "calls.forceFinish", "nth": 1, "count": 1});
    bell.messenger.does("faults", json!({"match": matching, "do": "error", "code": 15}));
    bell.at("10:06").sync();
    let call = bell.call("a").unwrap();
    assert_eq!((&call["state"], &call["unended"]), (&json!("finished"), &json!(true)));
    assert!(bell.report["done"].get("finish_call").is_none(), "{}", bell.report["done"]);
    let told = bell.warned("calls.not_ended");
    assert_eq!((told.len(), &told[0]["value"]), (1, &call["id"]));
    let audit = bell.does("system", "audit", json!({"chat": CHAT}));
    let entries = audit["entries"].as_array().expect("entries").iter();
    let ends: Vec<&Value> = entries.filter(|one| one["operation"] == "finish_call").collect();
    assert_eq!((ends.len(), &ends[0]["result"]), (1, &json!("failed")), "{audit:#}");
    bell.at("11:00").sync();
    assert_eq!((bell.running(), bell.warned("calls.not_ended").len()), (vec!["b".to_owned()], 1));
    bell.at("2026-09-02 10:30").sync();
    assert!(bell.warned("calls.not_ended").is_empty(), "a day later it is history");
}

#[test]
fn on_max_a_link_that_works_no_more_is_replaced_by_the_task_that_asked_for_it() {
    const OTHER: &str = "https://max.ru/joincall/Second-2";
    let mut bell = Bell::max();
    bell.publish("a", DAY, 1);
    bell.at("07:30").sync();
    let task = bell.tasks("give_call_link")[0]["id"].clone();
    bell.does("system", "tasks.done", json!({"task": task, "link": LINK}));
    bell.at_each(&["09:00", "10:06"]);
    let wrong = json!({"task": task, "link": "https://max.ru/join/AbC"});
    bell.refused("system", "tasks.done", wrong, Code::Request);
    bell.refused("system", "tasks.done", json!({"task": task}), Code::Request);
    bell.does("system", "tasks.done", json!({"task": task, "link": OTHER}));
    bell.publish("b", DAY, 3);
    bell.at("11:00").sync();
    assert_eq!(bell.call("b").unwrap()["join_url"], OTHER);
    assert!(bell.said(CHAT).last().unwrap().contains(OTHER));
    assert!(bell.tasks("give_call_link").is_empty());
}

/// The office makes the groups on MAX that are asked for.
fn groups(bell: &mut Bell) {
    let mut office = Office::on(&bell.messenger, Side::Max);
    for task in bell.report["tasks"].as_array().expect("tasks") {
        office.carry_out(task, &Manner::of(FoundBy::CodeInTitle, 990));
    }
}

/// In the middle of a lesson.
fn moves_to_max(bell: &mut Bell) {
    let max = json!({"kind": "max", "token": bell.messenger.max_token,
        "base_url": bell.messenger.max_address});
    bell.config["previous_platform"] = bell.config["platform"].clone();
    bell.config["platform"] = max;
    bell.reopen();
    bell.at("09:20").sync();
    assert_eq!(bell.vk_calls(), (1, 1), "the lesson goes on");
    groups(bell);
    bell.at("09:30").sync();
    bell.at("09:35").sync();
}

#[test]
fn a_lesson_that_cannot_be_ended_in_the_old_messenger_keeps_nothing_from_the_new_ones_chats() {
    let mut bell = Bell::vk();
    bell.publish("a", DAY, 1);
    bell.at("09:00").sync();
    moves_to_max(&mut bell);
    let matching = json!({"method": "calls.forceFinish"});
    bell.messenger.does("faults", json!({"match": matching, "do": "error", "code": 5}));
    crate::tiny::row(&mut bell.roster, "courses", "algebra")["title"] = "Алгебра и анализ".into();
    bell.at("10:06").sync();
    bell.side = Side::Max;
    assert!(bell.chat(CHAT)["title"].as_str().unwrap().contains("Алгебра и анализ"));
    bell.messenger.clear_faults();
    bell.at("10:10").sync();
    assert_eq!((bell.stands("a"), bell.vk_calls()), (("finished".to_owned(), false), (1, 0)));
}

#[test]
fn a_lesson_that_runs_while_the_school_moves_ends_where_it_began_and_the_next_is_in_the_new_chat() {
    let mut bell = Bell::vk();
    bell.publish("a", DAY, 1);
    bell.publish("b", DAY, 3);
    bell.at("09:00").sync();
    assert_eq!((bell.running(), bell.vk_calls()), (vec!["a".to_owned()], (1, 1)));
    let old = bell.chat(CHAT)["chat_id"].clone();
    moves_to_max(&mut bell);
    let task = bell.tasks("give_call_link")[0].clone();
    assert_eq!(task["chat"], CHAT);
    bell.does("system", "tasks.done", json!({"task": task["id"], "link": LINK}));
    bell.at("10:06").sync();
    let calls = bell.report["calls"].as_array().unwrap().iter();
    assert_eq!(calls.filter(|one| one["lesson"] == "a").count(), 1, "never two calls for a lesson");
    assert_eq!((bell.stands("a"), bell.vk_calls()), (("finished".to_owned(), false), (1, 0)));
    let state = bell.messenger.look("state");
    let old = state["chats"].as_array().unwrap().iter().find(|chat| chat["chat_id"] == old);
    let texts = old.expect("the old chat")["messages"].as_array().unwrap().iter();
    let ends =
        texts.filter(|one| one["text"].as_str().is_some_and(|text| text.contains("завершено")));
    assert_eq!(ends.count(), 1, "it was told where it was held");
    bell.at("11:00").sync();
    assert_eq!(bell.running(), ["b"]);
    bell.side = Side::Max;
    let said = bell.said(CHAT);
    assert!(said.len() == 1 && said[0].contains(LINK), "{said:?}");
}

everywhere!(e11_a_running_call_of_a_lesson_that_is_put_off_ends_with_the_lesson,);

on_both!(
    e11_a_call_made_by_hand_for_a_lesson_is_moved_with_the_lesson_and_keeps_its_own_name,
    e11_a_call_made_by_hand_is_over_with_its_lesson_cancelled_and_one_that_runs_is_ended,
    e11_a_call_with_hours_of_its_own_keeps_them_whatever_becomes_of_the_lesson,
    p12_a_second_call_after_a_person_ended_the_first_leaves_the_first_in_the_history,
);
