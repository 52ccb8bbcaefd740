//! From the host's screens: E10 to E13 in a college on ЭПОС.СПО, A10 on АИС ПОО, and who may do what.

use serde_json::{Value, json};
use zvonok::error::Code;

use crate::bell::{Bell, CHAT, DAY, Place, everywhere, lesson, on_both, school};
use crate::office::Side;
use crate::tiny::{add, enrolled, row};

const HEAD: &str = "engineer-120";
pub(crate) const CURATOR: &str = "teacher-110";
const TEACHER: &str = "teacher-111";
const PUPIL: &str = "child-200";
pub(crate) const GROUP: &str = "class:7a";
const NEXT: &str = "2026-09-02";

/// A college with one group, its curator and its administrator.
pub(crate) fn college() -> Value {
    let mut roster = school();
    row(&mut roster, "roles", "role-engineer-120-systemAdministrator")["role"] =
        "siteAdministrator".into();
    let mut curator = enrolled("7a", CURATOR, "teacher");
    curator["primary"] = true.into();
    add(&mut roster, "enrollments", curator);
    roster
}

/// On ЭПОС.СПО; where the messenger starts no calls, the class's two chats have their links.
pub(crate) fn epos(place: Place) -> Bell {
    let mut bell = Bell::at_place(place, "epos_spo", college());
    bell.give_link(GROUP);
    bell.give_link("parents:7a");
    bell
}

/// On АИС ПОО; where the messenger starts no calls, the subject's chat has its link.
pub(crate) fn ais(place: Place) -> Bell {
    let mut bell = Bell::at_place(place, "ais_poo", college());
    bell.give_link(CHAT);
    bell
}

fn made(bell: &mut Bell, chat: &str, title: &str, time: &str) -> Value {
    let params = json!({"chat": chat, "title": title, "date": DAY, "time": time});
    bell.does(CURATOR, "calls.create", params)
}

fn e10_a_call_is_created_published_finished_and_deleted_in_this_order(place: Place) {
    let mut bell = epos(place);
    let call = made(&mut bell, GROUP, "Собрание", "14:00");
    assert_eq!((&call["state"], &call["running"]), (&json!("created"), &json!(false)));
    assert_eq!(call["starts"], "2026-09-01T14:00:00+03:00");
    let id = json!({"call": call["id"]});
    // «Создан»: edit, publish, delete, and nothing to finish.
    let no = bell.refused(CURATOR, "calls.finish", id.clone(), Code::Request);
    assert!(no.message.ru.contains("ещё не опубликован"), "{}", no.message.ru);
    let params =
        json!({"call": call["id"], "title": "Собрание группы", "date": DAY, "time": "15:00"});
    let call = bell.does(CURATOR, "calls.update", params.clone());
    assert_eq!(
        (&call["title"], &call["starts"]),
        (&json!("Собрание группы"), &json!("2026-09-01T15:00:00+03:00"))
    );
    bell.has_calls(0, 0);
    // «Опубликован»: finish, delete.
    let call = bell.does(CURATOR, "calls.publish", id.clone());
    assert_eq!(call["state"], "published");
    let no = bell.refused(CURATOR, "calls.update", params, Code::Request);
    assert!(no.message.ru.contains("уже опубликован"), "{}", no.message.ru);
    // «Завершён»: delete.
    let call = bell.does(HEAD, "calls.finish", id.clone());
    assert_eq!((&call["state"], &call["by"]), (&json!("finished"), &json!(HEAD)));
    for method in ["calls.publish", "calls.start", "calls.finish", "calls.update"] {
        let mut params = id.clone();
        if method == "calls.update" {
            params["title"] = "Ещё раз".into();
        }
        let no = bell.refused(CURATOR, method, params, Code::Request);
        assert!(no.message.ru.contains("звонок завершён"), "{method}: {}", no.message.ru);
    }
    bell.does(CURATOR, "calls.delete", id.clone());
    let list = bell.does(CURATOR, "calls.list", json!({"chat": GROUP}));
    assert_eq!(list["total"], 0);
    bell.refused(CURATOR, "calls.publish", id, Code::Denied);
}

fn e10_a_chat_has_one_published_call_and_the_second_is_refused_with_the_reason(place: Place) {
    let mut bell = epos(place);
    let first = made(&mut bell, GROUP, "Первый", "14:00");
    let second = made(&mut bell, GROUP, "Второй", "16:00");
    bell.does(CURATOR, "calls.publish", json!({"call": first["id"]}));
    let before = bell.does(CURATOR, "calls.list", json!({}));
    let no = bell.refused(CURATOR, "calls.publish", json!({"call": second["id"]}), Code::Request);
    assert!(no.message.ru.contains("уже есть опубликованный звонок «Первый»"), "{}", no.message.ru);
    assert_eq!(bell.does(CURATOR, "calls.list", json!({})), before, "nothing has changed");
    bell.has_calls(1, 1);
    // Another chat has its own.
    let other = made(&mut bell, "parents:7a", "Родителям", "18:00");
    bell.does(CURATOR, "calls.publish", json!({"call": other["id"]}));
    bell.does(CURATOR, "calls.finish", json!({"call": first["id"]}));
    let second = bell.does(CURATOR, "calls.publish", json!({"call": second["id"]}));
    assert_eq!(second["state"], "published");
}

fn e10_a_call_may_be_deleted_in_any_state_and_one_that_runs_is_ended(place: Place) {
    for state in ["created", "published", "finished"] {
        let mut bell = epos(place);
        let call = made(&mut bell, GROUP, "Собрание", "14:00");
        let id = json!({"call": call["id"]});
        if state != "created" {
            bell.does(CURATOR, "calls.publish", id.clone());
        }
        if state == "finished" {
            bell.does(CURATOR, "calls.finish", id.clone());
        }
        let told = bell.does(CURATOR, "calls.delete", id.clone());
        assert_eq!(told["deleted"], true, "{state}");
        bell.has_calls(usize::from(state != "created"), 0);
        bell.at("08:00").sync();
        assert_eq!(bell.report["calls"], json!([]), "{state}");
        assert!(bell.pinned(GROUP).is_null(), "{state}");
    }
}

fn e10_the_administrator_makes_calls_in_any_chat_and_a_chat_admin_in_own_ones(place: Place) {
    let mut bell = epos(place);
    let params = |chat: &str| json!({"chat": chat, "title": "Сбор", "date": DAY, "time": "14:00"});
    bell.does(HEAD, "calls.create", params("parents:7a"));
    bell.does(HEAD, "calls.create", params("teachers:school"));
    bell.does(CURATOR, "calls.create", params(GROUP));
    for (who, chat) in [(CURATOR, "teachers:school"), (TEACHER, GROUP), (PUPIL, GROUP)] {
        let no = bell.refused(who, "calls.create", params(chat), Code::Denied);
        assert!(!no.message.ru.is_empty());
    }
    let call = bell.does(HEAD, "calls.create", params(GROUP));
    for method in ["calls.publish", "calls.start", "calls.finish", "calls.delete"] {
        bell.refused(PUPIL, method, json!({"call": call["id"]}), Code::Denied);
    }
    bell.refused(PUPIL, "calls.list", json!({}), Code::Denied);
}

/// A college whose chats of subjects take their calls from the timetable.
pub(crate) fn by_timetable(place: Place) -> Bell {
    let folder = tempfile::tempdir().unwrap().keep();
    let script = include_str!("../../scripts/ais_poo.lua");
    let calls = "calls = { starts = \"publication\", from_timetable = { \"subject\" } },";
    let at = script.find("  calls = {").expect("the profile's calls");
    let end = at + script[at..].find("},").expect("their end") + 2;
    let script = format!("{}{calls}{}", &script[..at], &script[end..]);
    let path = folder.join("own.lua");
    std::fs::write(&path, script).unwrap();
    let mut roster = college();
    for (id, date, period) in [("a", DAY, 2), ("b", NEXT, 1), ("c", NEXT, 3)] {
        add(&mut roster, "lessons", lesson(id, date, period, "draft"));
    }
    let profile = path.to_str().unwrap();
    let mut bell = Bell::at_place(place, profile, roster);
    bell.give_link(CHAT);
    bell
}

fn e11_a_call_of_a_discipline_has_its_name_and_takes_dates_and_lessons_of_the_timetable(
    place: Place,
) {
    let mut bell = by_timetable(place);
    let list = bell.does(TEACHER, "calls.list", json!({"chat": CHAT}));
    let offered: Vec<&str> = list["lessons"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["lesson"].as_str().unwrap())
        .collect();
    assert_eq!(offered, ["a", "b", "c"]);
    // The only lesson of a day is meant by the day.
    let call = bell.does(TEACHER, "calls.create", json!({"chat": CHAT, "date": DAY}));
    assert_eq!(call["title"], "Онлайн-занятие Алгебра");
    assert_eq!(
        (&call["lesson"], &call["starts"]),
        (&json!("a"), &json!("2026-09-01T10:00:00+03:00"))
    );
    // Several are told apart by the lesson.
    let no =
        bell.refused(TEACHER, "calls.create", json!({"chat": CHAT, "date": NEXT}), Code::Request);
    assert!(no.faults[0].message.ru.contains("b, c"), "{:?}", no.faults);
    let params = json!({"chat": CHAT, "date": NEXT, "lesson": "c", "title": "Контрольная"});
    let call = bell.does(TEACHER, "calls.create", params);
    assert_eq!(
        (&call["title"], &call["ends"]),
        (&json!("Контрольная"), &json!("2026-09-02T11:45:00+03:00"))
    );
    // Neither a day without lessons nor a lesson of somebody else.
    for (wrong, at) in [
        (json!({"date": "2026-09-05"}), "params.date"),
        (json!({"date": DAY, "time": "08:00"}), "params.lesson"),
        (json!({"lesson": "z"}), "params.lesson"),
        (json!({"lesson": "c", "date": DAY}), "params.date"),
        (json!({"lesson": "a"}), "params.lesson"),
        (json!({}), "params.lesson"),
    ] {
        let mut params = wrong.clone();
        params["chat"] = CHAT.into();
        match bell.asks(TEACHER, "calls.create", params) {
            // On a day with one lesson the hour is the caller's own.
            Ok((_, call)) => assert_eq!(wrong["time"], "08:00", "{call}"),
            Err(error) => {
                assert_eq!(
                    (error.code, error.faults[0].at.as_str()),
                    (Code::Request, at),
                    "{wrong}"
                );
            }
        }
    }
}

fn e11_a_discipline_chat_made_by_hand_takes_its_lessons_from_every_group_of_the_subject(
    place: Place,
) {
    let mut roster = college();
    add(&mut roster, "lessons", lesson("a", DAY, 2, "draft"));
    add(&mut roster, "lessons", lesson("b", NEXT, 1, "draft"));
    let mut bell = Bell::at_place(place, "epos_spo", roster);
    bell.hear_news();
    let params = json!({"kind": "subject", "subject": "Алгебра", "title": "Алгебра",
        "members": [PUPIL, TEACHER], "admins": [TEACHER]});
    let chat = bell.does(HEAD, "chats.create", params);
    let key = chat["key"].as_str().expect("a key").to_owned();
    assert!(key.starts_with("custom:"), "{chat}");
    if place == Place::Max {
        bell.make_groups();
    }
    let list = bell.does(TEACHER, "calls.list", json!({"chat": key}));
    assert_eq!(list["lessons"].as_array().map(Vec::len), Some(2));
    let day = json!({"chat": key, "date": "2026-09-05", "time": "10:00"});
    let no = bell.refused(TEACHER, "calls.create", day, Code::Request);
    assert!(
        no.faults[0].message.ru.contains("на эту дату занятий в расписании нет"),
        "{:?}",
        no.faults
    );
    let call = bell.does(TEACHER, "calls.create", json!({"chat": key, "date": NEXT}));
    assert_eq!((&call["title"], &call["lesson"]), (&json!("Онлайн-занятие Алгебра"), &json!("b")));
    bell.does(TEACHER, "calls.publish", json!({"call": call["id"]}));
    bell.at("07:20").sync();
    bell.bring_links();
    bell.at("07:30").sync();
    assert_eq!(bell.said(&key).len(), 1);
    // A chat that is deleted takes its call along.
    bell.does(HEAD, "chats.delete", json!({"chat": key}));
    bell.at("07:40").sync();
    bell.has_calls(1, 0);
    let told = bell.does(HEAD, "calls.join", json!({"call": call["id"]}));
    assert_eq!(told["allowed"], false);
}

fn e12_calls_of_past_days_are_finished_also_when_no_cycle_ran_at_midnight(place: Place) {
    let mut bell = epos(place);
    let published = made(&mut bell, GROUP, "Собрание", "14:00");
    let created = made(&mut bell, "parents:7a", "Родителям", "14:00");
    bell.does(CURATOR, "calls.publish", json!({"call": published["id"]}));
    bell.at("23:59").sync();
    let state = |bell: &Bell, of: &Value| {
        let calls = bell.report["calls"].as_array().unwrap().iter();
        calls.clone().find(|call| call["id"] == of["id"]).map(|call| call["state"].clone())
    };
    assert_eq!(state(&bell, &published), Some(json!("published")));
    assert_eq!(bell.next_due(), "2026-09-02T00:00:00+03:00");
    bell.at("2026-09-03 08:00").sync();
    assert_eq!(state(&bell, &published), Some(json!("finished")));
    assert_eq!(state(&bell, &created), Some(json!("created")), "what was not published stays");
    bell.has_calls(1, 0);
    assert!(bell.pinned(GROUP).is_null());
    assert_eq!(bell.said(GROUP).len(), 1, "nobody is told days later");
    let no = bell.refused(CURATOR, "calls.publish", json!({"call": created["id"]}), Code::Request);
    assert!(no.message.ru.contains("время этого звонка уже прошло"), "{}", no.message.ru);
}

fn e12_a_call_of_yesterday_is_over_for_everybody_though_no_cycle_has_ended_it(place: Place) {
    let mut bell = epos(place);
    let old = made(&mut bell, GROUP, "Собрание", "14:00");
    bell.does(CURATOR, "calls.publish", json!({"call": old["id"]}));
    let join = json!({"call": old["id"]});
    bell.at("23:59");
    assert_eq!(bell.does(PUPIL, "calls.join", join.clone())["allowed"], true);
    bell.at(&format!("{NEXT} 08:00"));
    let told = bell.does(PUPIL, "calls.join", join);
    assert_eq!((&told["allowed"], &told["join_url"]), (&json!(false), &Value::Null));
    assert_eq!(told["message"]["ru"], "Звонок завершен");
    let params = json!({"chat": GROUP, "title": "Новое", "date": NEXT, "time": "14:00"});
    let new = bell.does(CURATOR, "calls.create", params);
    let new = bell.does(CURATOR, "calls.publish", json!({"call": new["id"]}));
    assert_eq!((&new["state"], &new["running"]), (&json!("published"), &json!(true)));
    bell.has_calls(2, 1);
}

fn a10_nobody_gets_in_after_the_end_though_no_cycle_has_ended_the_call(place: Place) {
    let mut bell = ais(place);
    bell.at("09:00");
    let params = json!({"chat": CHAT, "starts": "2026-09-01T10:00:00+03:00",
        "ends": "2026-09-01T10:45:00+03:00"});
    let call = bell.does(TEACHER, "calls.create", params);
    let id = json!({"call": call["id"]});
    bell.does(TEACHER, "calls.publish", id.clone());
    bell.at("10:00").sync();
    for (time, allowed) in [("10:44", true), ("10:45", false)] {
        let told = bell.at(time).does(PUPIL, "calls.join", id.clone());
        assert_eq!(told["allowed"], allowed, "{time}");
    }
}

fn e13_members_are_told_of_a_published_call_and_the_link_is_for_who_has_an_account(place: Place) {
    let mut bell = epos(place);
    row(&mut bell.roster, "users", "child-202")["userIds"] = json!([]);
    bell.at("07:10").sync();
    let call = made(&mut bell, GROUP, "Собрание", "14:00");
    let id = json!({"call": call["id"]});
    assert_eq!(call["by"], CURATOR);
    let told = bell.does(PUPIL, "calls.join", id.clone());
    assert_eq!(told["message"]["ru"], "Дистанционное занятие еще не началось");
    let call = bell.does(CURATOR, "calls.publish", id.clone());
    let said = bell.said(GROUP);
    assert!(said.len() == 1 && said[0].contains("01.09.2026, 14:00"), "{said:?}");
    let link = call["join_url"].clone();
    assert!(said[0].contains(link.as_str().expect("a link")));
    let told = bell.does(PUPIL, "calls.join", id.clone());
    assert_eq!((&told["allowed"], &told["join_url"]), (&json!(true), &link));
    let told = bell.does("child-202", "calls.join", id.clone());
    assert_eq!((&told["allowed"], &told["join_url"]), (&json!(false), &Value::Null));
    assert!(told["message"]["ru"].as_str().unwrap().contains("сначала привяжите учебный профиль"));
    // A parent does not belong to the students' chat.
    let told = bell.does("parent-300", "calls.join", id.clone());
    assert_eq!((&told["allowed"], &told["join_url"]), (&json!(false), &Value::Null));
    assert!(told["message"]["ru"].as_str().unwrap().contains("не состоите"));
    // E5: the registry shows the active call.
    let list = bell.does(HEAD, "chats.list", json!({"kind": "class"}));
    assert_eq!(list["chats"][0]["call"]["title"], "Собрание");
    bell.does(HEAD, "calls.finish", id.clone());
    let told = bell.does(PUPIL, "calls.join", id);
    assert_eq!(told["message"]["ru"], "Звонок завершен");
    let list = bell.does(HEAD, "chats.list", json!({"kind": "class"}));
    assert_eq!(list["chats"][0]["call"], Value::Null);
}

fn e13_a_list_shows_the_link_to_nobody_whom_the_call_would_not_let_in(place: Place) {
    let mut bell = epos(place);
    let call = made(&mut bell, GROUP, "Собрание", "14:00");
    let told = bell.does(HEAD, "calls.publish", json!({"call": call["id"]}));
    assert_eq!((&told["running"], &told["join_url"]), (&json!(true), &Value::Null));
    for (who, shown) in [(HEAD, false), (CURATOR, true), ("system", true)] {
        let calls = bell.does(who, "calls.list", json!({"chat": GROUP}));
        let chat = bell.does(who, "chats.get", json!({"chat": GROUP}));
        assert_eq!(calls["calls"][0]["join_url"].is_string(), shown, "{who}");
        assert_eq!(chat["call"]["join_url"].is_string(), shown, "{who}");
        if who != CURATOR {
            let chats = bell.does(who, "chats.list", json!({"kind": "class"}));
            assert_eq!(chats["chats"][0]["call"]["join_url"].is_string(), shown, "{who}");
        }
        assert_eq!(chat["call"]["title"], "Собрание", "{who}");
    }
}

#[test]
fn a_publication_that_could_not_start_the_call_says_that_it_is_pending_and_why() {
    let mut bell = epos(Place::Vk);
    let call = made(&mut bell, GROUP, "Собрание", "14:00");
    let matching = json!({"method": "calls.start", "nth": 1, "count": 1});
    bell.messenger.does("faults", json!({"match": matching, "do": "error", "code": 9}));
    let id = json!({"call": call["id"]});
    let (code, told) = bell.asks(CURATOR, "calls.publish", id.clone()).unwrap();
    assert_eq!((code, &told["state"]), (Code::Partial, &json!("published")));
    assert_eq!((&told["pending"], &told["running"]), (&json!(true), &json!(false)));
    assert!(told["message"]["ru"].is_string(), "{told}");
    assert_eq!(bell.at("08:30").sync(), Code::Ok);
    let (code, told) = bell.asks(CURATOR, "calls.publish", id).unwrap();
    assert_eq!((code, &told["pending"]), (Code::Ok, &json!(false)));
    assert_eq!(told["message"], Value::Null);
}

#[test]
fn a_publication_without_a_link_says_that_one_is_wanted() {
    let mut bell = Bell::open(Side::Max, "standard", "epos_spo", college(), json!({}));
    bell.make_groups();
    let call = made(&mut bell, GROUP, "Собрание", "14:00");
    let id = json!({"call": call["id"]});
    let (code, told) = bell.asks(CURATOR, "calls.publish", id).unwrap();
    assert_eq!((code, &told["pending"]), (Code::Partial, &json!(true)));
    assert!(told["message"]["ru"].as_str().unwrap().contains("give_call_link"), "{told}");
    let link = "https://max.ru/joincall/AbCdEf-1";
    let params = json!({"call": call["id"], "join_url": link});
    let (code, told) = bell.asks(CURATOR, "calls.update", params).unwrap();
    assert_eq!((code, &told["pending"]), (Code::Ok, &json!(false)));
    assert_eq!(told["join_url"], link);
}

#[test]
fn e12_on_max_a_call_for_which_nobody_gave_a_link_is_finished_with_its_day_too() {
    let mut bell = Bell::at_place(Place::Max, "epos_spo", college());
    let call = made(&mut bell, GROUP, "Собрание", "14:00");
    let id = json!({"call": call["id"]});
    bell.asks(CURATOR, "calls.publish", id.clone()).unwrap();
    bell.at("14:00").sync();
    assert_eq!(bell.tasks("give_call_link").len(), 1);
    bell.at(&format!("{NEXT} 00:00")).sync();
    let row = bell.report["calls"][0].clone();
    assert_eq!((&row["state"], &row["running"]), (&json!("finished"), &json!(false)));
    let told = bell.does(PUPIL, "calls.join", id);
    assert_eq!(told["message"]["ru"], "Звонок завершен");
    // A link that comes now starts nothing of yesterday.
    bell.bring_links();
    bell.has_calls(0, 0);
    assert!(bell.said(GROUP).is_empty());
}

#[test]
fn a10_on_max_a_link_that_comes_late_opens_the_lesson_only_while_it_goes_on() {
    for (time, opens) in [("10:44", true), ("10:45", false)] {
        let mut bell = Bell::at_place(Place::Max, "ais_poo", college());
        let params = json!({"chat": CHAT, "starts": "2026-09-01T10:00:00+03:00",
            "ends": "2026-09-01T10:45:00+03:00"});
        let call = bell.does(TEACHER, "calls.create", params);
        let id = json!({"call": call["id"]});
        bell.asks(TEACHER, "calls.publish", id.clone()).unwrap();
        bell.at("10:00").sync();
        let told = bell.does(PUPIL, "calls.join", id.clone());
        assert_eq!(told["message"]["ru"], "Дистанционное занятие еще не началось");
        bell.at(time).bring_links();
        assert_eq!(bell.said(CHAT).len(), usize::from(opens), "{time}");
        bell.has_calls(usize::from(opens), usize::from(opens));
        assert_eq!(bell.does(PUPIL, "calls.join", id)["allowed"], opens, "{time}");
    }
}

fn e11_a_published_call_of_a_lesson_without_times_starts(place: Place) {
    let mut bell = by_timetable(place);
    row(&mut bell.roster, "lessons", "a").as_object_mut().unwrap().remove("period");
    bell.at("07:30").sync();
    let call = bell.does(TEACHER, "calls.create", json!({"chat": CHAT, "lesson": "a"}));
    assert_eq!(call["starts"], Value::Null);
    let id = json!({"call": call["id"]});
    bell.asks(TEACHER, "calls.publish", id.clone()).unwrap();
    bell.sync();
    bell.bring_links();
    let call = bell.does(TEACHER, "calls.publish", id);
    assert_eq!((&call["running"], &call["pending"]), (&json!(true), &json!(false)));
}

fn a10_a_remote_lesson_is_made_for_an_own_subject_while_its_time_has_not_passed(place: Place) {
    let mut bell = ais(place);
    bell.at("09:00");
    let params = |starts: &str, ends: &str| {
        json!({"chat": CHAT, "starts": format!("{DAY}T{starts}:00+03:00"),
            "ends": format!("{DAY}T{ends}:00+03:00")})
    };
    let call = bell.does(TEACHER, "calls.create", params("10:00", "10:45"));
    assert_eq!(call["title"], "Дистанционное занятие: Алгебра");
    let no = bell.refused(CURATOR, "calls.create", params("10:00", "10:45"), Code::Denied);
    assert!(no.message.ru.contains("преподаватель этого предмета"), "{}", no.message.ru);
    let no = bell.refused(TEACHER, "calls.create", params("08:00", "08:45"), Code::Denied);
    assert!(no.message.ru.contains("уже прошло"), "{}", no.message.ru);
    bell.refused("system", "calls.create", params("08:00", "08:45"), Code::Request);
    bell.does(TEACHER, "calls.create", params("08:30", "09:15"));
    let no = bell.refused("system", "calls.create", params("11:00", "10:00"), Code::Request);
    assert_eq!(no.faults[0].at, "params.ends");
}

fn a10_before_the_start_nobody_gets_in_and_at_the_end_everybody_is_told(place: Place) {
    let mut bell = ais(place);
    bell.at("09:00");
    let params = json!({"chat": CHAT, "title": "Производная", "starts": "2026-09-01T10:00:00+03:00",
        "ends": "2026-09-01T10:45:00+03:00"});
    let call = bell.does(TEACHER, "calls.create", params);
    let id = json!({"call": call["id"]});
    bell.does(TEACHER, "calls.publish", id.clone());
    bell.at("09:59").sync();
    bell.has_calls(0, 0);
    assert!(bell.said(CHAT).is_empty());
    assert_eq!(bell.next_due(), "2026-09-01T10:00:00+03:00");
    let told = bell.does(PUPIL, "calls.join", id.clone());
    assert_eq!(told["message"]["ru"], "Дистанционное занятие еще не началось");
    bell.at("10:00").sync();
    bell.has_calls(1, 1);
    assert_eq!(bell.does(PUPIL, "calls.join", id.clone())["allowed"], true);
    bell.waits_until("2026-09-01T10:45:00+03:00");
    bell.at("10:45").sync();
    bell.has_calls(1, 0);
    let over = "Онлайн-занятие завершено: Производная\n01.09.2026, 10:00–10:45";
    assert_eq!(bell.said(CHAT)[1], over);
    let told = bell.does(PUPIL, "calls.join", id);
    assert_eq!(told["message"]["ru"], "Звонок завершен");
}

fn a10_a_late_cycle_does_not_start_what_is_over(place: Place) {
    let mut bell = ais(place);
    bell.at("09:00");
    let params = json!({"chat": CHAT, "date": DAY, "time": "10:00"});
    let call = bell.does(TEACHER, "calls.create", params);
    bell.does(TEACHER, "calls.publish", json!({"call": call["id"]}));
    bell.at("2026-09-08 09:00").sync();
    bell.has_calls(0, 0);
    assert!(bell.said(CHAT).is_empty());
}

#[test]
fn a_call_says_its_time_in_one_way_and_every_fault_is_told() {
    let mut bell = epos(Place::Vk);
    for (params, at) in [
        (json!({"date": DAY}), "params.date"),
        (json!({"time": "10:00"}), "params.date"),
        (json!({"date": "1.9.2026", "time": "10:00"}), "params.date"),
        (json!({"date": DAY, "time": "25:00"}), "params.time"),
        (
            json!({"date": DAY, "time": "10:00", "starts": "2026-09-01T10:00:00+03:00"}),
            "params.starts",
        ),
        (json!({"starts": "10:00"}), "params.starts"),
        (json!({"date": DAY, "time": "10:00", "titel": "x"}), "params.titel"),
        (json!({"date": DAY, "time": "10:00", "title": ""}), "params.title"),
        (json!({"date": DAY, "time": "10:00", "join_url": "http://x"}), "params.join_url"),
    ] {
        let mut all = params.clone();
        all["chat"] = GROUP.into();
        let no = bell.refused(HEAD, "calls.create", all, Code::Request);
        assert_eq!(no.faults[0].at, at, "{params}: {:?}", no.faults);
        assert!(!no.faults[0].message.ru.is_empty() && !no.faults[0].message.en.is_empty());
    }
    let nowhere = json!({"chat": "class:none", "date": DAY, "time": "10:00"});
    bell.refused("system", "calls.create", nowhere, Code::Request);
    bell.refused("system", "calls.publish", json!({"call": "none"}), Code::Request);
}

#[test]
fn an_order_whose_own_cycle_does_not_come_about_is_carried_out_by_the_next_one() {
    let mut bell = epos(Place::Vk);
    let call = made(&mut bell, GROUP, "Собрание", "14:00");
    assert_eq!(bell.at("07:10").sync(), Code::Ok);
    let file = rusqlite::Connection::open(bell.folder.path().join("zvonok.db")).unwrap();
    let waits = || -> i64 {
        let query = "SELECT count(*) FROM meta WHERE name = 'quiet'";
        file.query_row(query, [], |row| row.get(0)).unwrap()
    };
    assert_eq!(waits(), 1, "the next unchanged cycle looks at nothing");
    // What an order stores before its cycle begins, as an update of what is only created does.
    let params = json!({"call": call["id"], "title": "Сбор"});
    bell.does(CURATOR, "calls.update", params);
    assert_eq!(waits(), 0, "the next cycle looks");
}

fn p12_a_lesson_has_one_call_whether_by_the_roster_or_by_hand(place: Place) {
    let mut bell = ais(place);
    add(&mut bell.roster, "lessons", lesson("a", DAY, 2, "published"));
    bell.at("07:30").sync();
    bell.does(TEACHER, "calls.create", json!({"chat": CHAT, "lesson": "a"}));
    let params = json!({"chat": CHAT, "lesson": "a"});
    let no = bell.refused(TEACHER, "calls.create", params, Code::Request);
    assert!(no.faults[0].message.ru.contains("уже есть звонок"), "{:?}", no.faults);
}

everywhere!(
    e10_a_call_is_created_published_finished_and_deleted_in_this_order,
    e10_a_chat_has_one_published_call_and_the_second_is_refused_with_the_reason,
    e11_a_discipline_chat_made_by_hand_takes_its_lessons_from_every_group_of_the_subject,
    e12_calls_of_past_days_are_finished_also_when_no_cycle_ran_at_midnight,
    e13_members_are_told_of_a_published_call_and_the_link_is_for_who_has_an_account,
    a10_before_the_start_nobody_gets_in_and_at_the_end_everybody_is_told,
);

on_both!(
    e10_a_call_may_be_deleted_in_any_state_and_one_that_runs_is_ended,
    e10_the_administrator_makes_calls_in_any_chat_and_a_chat_admin_in_own_ones,
    e11_a_call_of_a_discipline_has_its_name_and_takes_dates_and_lessons_of_the_timetable,
    e12_a_call_of_yesterday_is_over_for_everybody_though_no_cycle_has_ended_it,
    a10_nobody_gets_in_after_the_end_though_no_cycle_has_ended_the_call,
    e13_a_list_shows_the_link_to_nobody_whom_the_call_would_not_let_in,
    e11_a_published_call_of_a_lesson_without_times_starts,
    a10_a_remote_lesson_is_made_for_an_own_subject_while_its_time_has_not_passed,
    a10_a_late_cycle_does_not_start_what_is_over,
    p12_a_lesson_has_one_call_whether_by_the_roster_or_by_hand,
);
