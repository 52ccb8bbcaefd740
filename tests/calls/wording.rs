//! What the chats are told: the profile's own words, the two languages, and never yesterday's words for
//! today's.

use serde_json::{Value, json};

use crate::bell::{Bell, CHAT, DAY, school};
use crate::office::Side;
use crate::own_profile::{PARAGRAF, written};

const TEACHER: &str = "teacher-111";
const NEXT: &str = "2026-09-02";
const LINK: &str = "https://max.ru/joincall/AbCdEf-1";

/// The profile of a school that has its own words.
fn own_words(announcement: &str, farewell: &str) -> (tempfile::TempDir, String) {
    let words = format!(
        "calls = {{\n    announcement = {announcement:?}, farewell = {farewell:?},\n    lessons ="
    );
    written(PARAGRAF, &[("calls = {\n    lessons =", &words)])
}

fn begun(profile: &str, more: Value) -> Bell {
    let mut bell = Bell::open(Side::Vk, "partner", profile, school(), more);
    bell.publish("first", "2026-08-31", 1);
    bell.at("07:00").sync();
    bell
}

#[test]
fn the_chat_is_told_in_the_profiles_own_words_with_lesson_time_and_link() {
    let (_folder, profile) = own_words(
        "«<title>» (<subject>, <chat>)\n<date> в <time>, то есть <when>\nВход: <link>",
        "Спасибо за урок «<title>» <date>, <time>!",
    );
    let mut bell = begun(&profile, json!({"language": "en"}));
    bell.publish("a", DAY, 2);
    bell.at("09:30").sync();
    let link = bell.call("a").unwrap()["join_url"].as_str().expect("a link").to_owned();
    let begin = format!(
        "«Алгебра: a» (Алгебра, 7А/Алгебра)\n01.09.2026 в 10:00–10:45, то есть \
         01.09.2026, 10:00–10:45\nВход: {link}"
    );
    assert_eq!(bell.said(CHAT), std::slice::from_ref(&begin));
    bell.at("11:05").sync();
    let end = "Спасибо за урок «Алгебра: a» 01.09.2026, 10:00–10:45!".to_owned();
    assert_eq!(bell.said(CHAT), [begin, end]);
}

#[test]
fn where_the_language_is_english_the_chat_is_told_in_english() {
    let mut bell = begun("paragraf", json!({"language": "en"}));
    bell.publish("a", DAY, 2);
    bell.publish("b", DAY, 3);
    // One whose lesson has a beginning only, and one of which only the day is known.
    bell.row("b").as_object_mut().unwrap().remove("period");
    bell.row("b")["startTime"] = "11:00".into();
    bell.lesson("c", DAY, 1, "published");
    bell.row("c").as_object_mut().unwrap().remove("period");
    bell.at("09:30").sync();
    let link = |bell: &mut Bell, lesson: &str, time: &str| {
        bell.at(time).sync();
        bell.call(lesson).unwrap()["join_url"].as_str().expect("a link").to_owned()
    };
    let first = link(&mut bell, "a", "09:31");
    let second = link(&mut bell, "b", "11:05");
    let id = bell.call("b").unwrap()["id"].clone();
    bell.at("11:30").does(TEACHER, "calls.finish", json!({"call": id}));
    bell.does(TEACHER, "calls.start", json!({"lesson": "c"}));
    let third = link(&mut bell, "c", "11:35");
    let said = bell.said(CHAT);
    let wanted = [
        format!("Online lesson: Алгебра: a\n01.09.2026, 10:00–10:45\nJoin: {first}"),
        "The online lesson is over: Алгебра: a\n01.09.2026, 10:00–10:45".to_owned(),
        format!("Online lesson: Алгебра: b\n01.09.2026, 11:00\nJoin: {second}"),
        "The online lesson is over: Алгебра: b\n01.09.2026, 11:00".to_owned(),
        format!("Online lesson: Алгебра: c\n01.09.2026\nJoin: {third}"),
    ];
    assert_eq!(said, wanted);
}

#[test]
fn a_call_to_which_nobody_gives_a_name_is_named_in_the_language_of_the_configuration() {
    for (language, of_lesson, of_chat) in [
        ("ru", "Онлайн-занятие Алгебра", "Онлайн-звонок"),
        ("en", "Online lesson Алгебра", "Online call"),
    ] {
        let mut bell = begun("paragraf", json!({"language": language}));
        bell.publish("a", DAY, 2);
        bell.row("a").as_object_mut().unwrap().remove("title");
        bell.publish("b", "2026-09-03", 3);
        bell.row("b").as_object_mut().unwrap().remove("title");
        bell.at("09:30").sync();
        assert_eq!(bell.call("a").unwrap()["title"], of_lesson);
        assert!(bell.said(CHAT)[0].contains(of_lesson), "{:?}", bell.said(CHAT));
        // Made by hand of a lesson, of the subject's chat, of another chat.
        for (params, title) in [
            (json!({"chat": CHAT, "lesson": "b"}), of_lesson),
            (json!({"chat": CHAT, "date": NEXT, "time": "14:00"}), of_lesson),
            (json!({"chat": "class:7a", "date": NEXT, "time": "14:00"}), of_chat),
        ] {
            assert_eq!(bell.does("system", "calls.create", params)["title"], title);
        }
    }
    // The profile's own words stay as they are.
    let mut bell = Bell::open(Side::Vk, "partner", "ais_poo", school(), json!({"language": "en"}));
    bell.sync();
    let call =
        bell.does("system", "calls.create", json!({"chat": CHAT, "date": NEXT, "time": "14:00"}));
    assert_eq!(call["title"], "Дистанционное занятие: Алгебра");
}

/// On MAX, where every call of a chat has the same standing link.
fn on_max(profile: &str) -> Bell {
    let mut bell = Bell::open(Side::Max, "standard", profile, school(), json!({}));
    bell.publish("first", "2026-08-31", 1);
    bell.make_groups();
    for (id, day) in [("a", DAY), ("b", NEXT)] {
        bell.publish(id, day, 2);
        bell.row(id)["title"] = "Алгебра".into();
    }
    bell.at("08:00").sync();
    let task = bell.tasks("give_call_link")[0]["id"].clone();
    bell.does("system", "tasks.done", json!({"task": task, "link": LINK}));
    bell.at_each(&["08:10", "11:05"]);
    bell
}

#[test]
fn own_words_that_are_the_same_each_day_are_not_taken_for_yesterdays_when_an_answer_is_lost() {
    for deed in ["drop_before", "drop_after"] {
        let (_folder, profile) = own_words("<title>: <link>", "Урок окончен: <title>");
        let mut bell = on_max(&profile);
        assert_eq!(bell.said(CHAT).len(), 3, "the second lesson follows at once");
        bell.at("2026-09-02 11:05").sync();
        let before = bell.said(CHAT).len();
        let pinned = bell.pinned(CHAT);
        bell.publish("c", "2026-09-03", 2);
        bell.row("c")["title"] = "Алгебра".into();
        let matching = json!({"method": "POST /messages", "nth": 1, "count": 1});
        bell.messenger.does("faults", json!({"match": matching, "do": deed}));
        bell.at("2026-09-02 12:00").sync();
        bell.at("2026-09-02 12:10").sync();
        assert_eq!(bell.running(), ["c"], "{deed}");
        let said = bell.said(CHAT);
        assert_eq!(said.len(), before + 1, "{deed}: {said:?}");
        assert_eq!(said[before], format!("Алгебра: {LINK}"), "{deed}");
        assert_ne!(bell.pinned(CHAT), pinned, "{deed}: it is the new message that is pinned");
    }
}

/// Words that say neither lesson nor day, so that yesterday's are today's, and some are part of others.
const SAME: [(&str, &str); 3] = [
    ("Урок начался", "Урок окончен"),
    ("Урок алгебры", "Урок алгебры окончен"),
    ("Урок алгебры начался", "Урок алгебры"),
];

/// A journal whose lesson of the first day is over and was told of in words of its own.
fn yesterday(side: Side, profile: &str) -> Bell {
    let mut bell = match side {
        Side::Vk => begun(profile, json!({})),
        Side::Max => {
            let mut bell = Bell::open(Side::Max, "standard", profile, school(), json!({}));
            bell.publish("first", "2026-08-31", 1);
            bell.make_groups();
            bell
        }
    };
    bell.publish("a", DAY, 2);
    bell.at("08:00").sync();
    if let [task] = bell.tasks("give_call_link")[..] {
        let params = json!({"task": task["id"], "link": LINK});
        bell.does("system", "tasks.done", params);
    }
    bell.at_each(&["08:10", "11:05"]);
    bell
}

/// A cycle that never hears whether what it said was said, and the next one.
fn unheard(bell: &mut Bell, deed: &str, times: [&str; 2]) {
    let say = if bell.side == Side::Max { "POST /messages" } else { "messages.send" };
    bell.messenger.does("faults", json!({"match": {"method": say}, "do": deed}));
    bell.at(times[0]).sync();
    bell.messenger.clear_faults();
    bell.at(times[1]).sync();
}

#[test]
fn words_without_lesson_and_day_are_not_taken_for_others_when_all_answers_are_lost() {
    // At once, as they mostly wait for a messenger that does not answer.
    std::thread::scope(|scope| {
        for words in SAME {
            for (side, deed) in
                [(Side::Vk, "drop_before"), (Side::Max, "drop_before"), (Side::Max, "drop_after")]
            {
                scope.spawn(move || are_said_each_day(words, side, deed));
            }
        }
    });
}

fn are_said_each_day((begin, end): (&str, &str), side: Side, deed: &str) {
    let (_folder, profile) = own_words(begin, end);
    let mut bell = yesterday(side, &profile);
    assert_eq!(bell.said(CHAT), [begin, end]);
    bell.publish("b", NEXT, 2);
    unheard(&mut bell, deed, ["2026-09-02 08:00", "2026-09-02 08:10"]);
    assert_eq!(bell.said(CHAT), [begin, end, begin], "{side:?} {deed}");
    let chat = bell.chat(CHAT);
    let newest = &chat["messages"].as_array().unwrap()[2];
    let id = if side == Side::Max { &newest["mid"] } else { &newest["cmid"] };
    assert_eq!(&bell.pinned(CHAT), id, "{side:?} {deed}");
    unheard(&mut bell, deed, ["2026-09-02 11:05", "2026-09-02 11:10"]);
    assert_eq!(bell.said(CHAT), [begin, end, begin, end], "{side:?} {deed}");
    assert!(bell.pinned(CHAT).is_null(), "{side:?} {deed}");
}
