//! Where the messenger starts no calls: a standing link that a person gives once, a link per call, a
//! provider of the school's own.

use serde_json::json;
use zvonok::error::Code;

use crate::bell::{Bell, CHAT, DAY, school};
use crate::office::Side;

const TEACHER: &str = "teacher-111";
const LINK: &str = "https://max.ru/joincall/AbCdEf-1";

#[test]
fn p11_on_max_a_person_is_asked_once_for_a_link_and_then_lessons_go_by_themselves() {
    let mut bell = Bell::max();
    bell.publish("a", DAY, 2);
    bell.at("08:00").sync();
    assert!(bell.running().is_empty());
    let tasks = bell.tasks("give_call_link");
    assert_eq!((tasks.len(), &tasks[0]["chat"]), (1, &json!(CHAT)));
    let task = tasks[0]["id"].clone();
    bell.at("08:10").sync();
    assert_eq!(bell.tasks("give_call_link")[0]["id"], task, "asked once");
    // An invite link is the usual mistake.
    for wrong in ["https://max.ru/join/AbC", "http://max.ru/joincall/x", "joincall"] {
        let params = json!({"task": task, "link": wrong});
        bell.refused("system", "tasks.done", params, Code::Request);
    }
    let done = bell.does("system", "tasks.done", json!({"task": task, "link": LINK}));
    assert_eq!(done["closed"], true);
    bell.at("08:20").sync();
    assert_eq!(bell.running(), ["a"]);
    assert!(bell.tasks("give_call_link").is_empty());
    let said = bell.said(CHAT);
    assert!(said.len() == 1 && said[0].contains(LINK), "{said:?}");
    assert!(!bell.pinned(CHAT).is_null());
    assert_eq!(bell.call("a").unwrap()["join_url"], LINK);
    // P14: the end, in words and without the pin.
    bell.at("11:05").sync();
    assert!(bell.running().is_empty() && bell.pinned(CHAT).is_null());
    assert_eq!(bell.said(CHAT).len(), 2);
    // The next lesson has the same link and asks nobody.
    bell.publish("b", DAY, 4);
    bell.at("11:30").sync();
    assert_eq!(bell.running(), ["b"]);
    assert!(bell.tasks("give_call_link").is_empty());
    assert_eq!(
        (bell.said(CHAT).len(), bell.call("b").unwrap()["join_url"].clone()),
        (3, json!(LINK))
    );
}

#[test]
fn on_max_a_person_who_gives_no_link_is_not_asked_again_under_another_number() {
    let mut bell = Bell::max();
    bell.publish("a", DAY, 2);
    bell.at("08:00").sync();
    let task = bell.tasks("give_call_link")[0]["id"].clone();
    bell.at("2026-09-03 08:00").sync();
    assert_eq!(bell.tasks("give_call_link")[0]["id"], task, "no lesson is near, the task stays");
    bell.publish("b", "2026-09-03", 4);
    bell.at("2026-09-03 08:10").sync();
    assert_eq!(bell.tasks("give_call_link")[0]["id"], task);
}

#[test]
fn on_max_a_day_of_lessons_is_announced_and_ended_each_once() {
    let mut bell = Bell::max();
    for (id, period) in [("a", 1), ("b", 2), ("c", 4)] {
        bell.publish(id, DAY, period);
    }
    bell.at("07:10").sync();
    let task = bell.tasks("give_call_link")[0]["id"].clone();
    bell.does("system", "tasks.done", json!({"task": task, "link": LINK}));
    for quarter in 30..60 {
        bell.at(&format!("{:02}:{:02}", quarter / 4, 15 * (quarter % 4))).sync();
        assert!(bell.running().len() <= 1);
    }
    let said = bell.said(CHAT);
    assert_eq!(said.len(), 6, "{said:?}");
    let starts = said.iter().filter(|text| text.contains(LINK)).count();
    assert_eq!((starts, bell.pinned(CHAT).is_null()), (3, true));
}

#[test]
fn p10_on_max_a_call_started_before_publication_is_for_the_caller_only() {
    let mut bell = Bell::max();
    bell.lesson("a", DAY, 2, "draft");
    bell.at("09:00").sync();
    let params = json!({"lesson": "a", "join_url": LINK});
    let told = bell.does(TEACHER, "calls.start", params);
    assert_eq!(told["join_url"], LINK);
    bell.at("09:10").sync();
    assert!(bell.said(CHAT).is_empty() && bell.call("a").unwrap()["join_url"].is_null());
    bell.row("a")["metadata"]["state"] = "published".into();
    bell.at_each(&["09:20", "09:30"]);
    assert_eq!(bell.said(CHAT).len(), 1);
}

#[test]
fn a_link_of_the_host_for_one_call_needs_no_person() {
    let mut bell = Bell::max();
    bell.lesson("a", DAY, 2, "draft");
    bell.at("08:00").sync();
    let call = bell.call("a").unwrap()["id"].clone();
    let wrong = json!({"call": call, "join_url": "https://max.ru/join/x"});
    let no = bell.refused("system", "calls.update", wrong, Code::Request);
    assert_eq!(no.faults[0].at, "params.join_url");
    bell.does("system", "calls.update", json!({"call": call, "join_url": LINK}));
    bell.row("a")["metadata"]["state"] = "published".into();
    bell.at("08:10").sync();
    assert_eq!(bell.running(), ["a"]);
    assert!(bell.tasks("give_call_link").is_empty());
}

#[test]
fn a_starting_order_that_has_no_link_says_so_and_asks_for_one() {
    let mut bell = Bell::max();
    bell.lesson("a", DAY, 2, "draft");
    bell.at("08:00").sync();
    let (code, told) = bell.asks(TEACHER, "calls.start", json!({"lesson": "a"})).unwrap();
    assert_eq!((code, &told["pending"]), (Code::Partial, &json!(true)));
    assert!(told["message"]["ru"].as_str().unwrap().contains("ссылки на звонок у чата нет"));
    bell.at("08:05").sync();
    let task = bell.tasks("give_call_link")[0]["id"].clone();
    bell.does("system", "tasks.done", json!({"task": task, "link": LINK}));
    bell.at("08:10").sync();
    assert_eq!(bell.running(), ["a"]);
}

#[test]
fn an_order_to_start_is_not_carried_out_an_hour_later() {
    let mut bell = Bell::max();
    bell.lesson("a", DAY, 2, "draft");
    bell.at("08:00").sync();
    bell.asks(TEACHER, "calls.start", json!({"lesson": "a"})).unwrap();
    bell.at("08:05").sync();
    let task = bell.tasks("give_call_link")[0]["id"].clone();
    bell.at("09:05");
    bell.does("system", "tasks.done", json!({"task": task, "link": LINK}));
    bell.at("09:10").sync();
    assert!(bell.running().is_empty());
}

#[test]
fn a_school_with_its_own_rooms_needs_nobody() {
    let calls = json!({"provider": "address", "url": "https://meet.school.ru/<call>"});
    let mut bell = Bell::open(Side::Vk, "standard", "paragraf", school(), json!({"calls": calls}));
    bell.lesson("a", DAY, 2, "draft");
    bell.at("08:00").sync();
    let id = bell.call("a").unwrap()["id"].as_str().expect("an id").to_owned();
    bell.row("a")["metadata"]["state"] = "published".into();
    bell.at("08:10").sync();
    assert_eq!(bell.running(), ["a"]);
    let link = bell.call("a").unwrap()["join_url"].as_str().expect("a link").to_owned();
    let room = link.strip_prefix("https://meet.school.ru/").expect("a room");
    assert!(room.len() == 12 && room != id, "who saw the id before publication: {room}, {id}");
    assert!(bell.said(CHAT)[0].contains(&link));
    bell.reopen();
    bell.at("08:20").sync();
    assert_eq!(bell.call("a").unwrap()["join_url"], json!(link));
    assert!(bell.tasks("give_call_link").is_empty());
    assert_eq!(bell.vk_calls(), (0, 0));
}

#[test]
fn a_room_of_bigbluebutton_is_joined_by_a_signed_address_and_the_secret_is_nowhere() {
    const SECRET: &str = "639259d4-9dd8-4b25-bf01-95f9567eaf4b";
    let url = "https://bbb.school.ru/bigbluebutton/api";
    let calls = json!({"provider": "bigbluebutton", "url": url, "secret": SECRET});
    let mut bell = Bell::open(Side::Vk, "standard", "paragraf", school(), json!({"calls": calls}));
    bell.publish("a", DAY, 2);
    bell.at("08:00").sync();
    bell.at("08:10").sync();
    let call = bell.call("a").unwrap().clone();
    let link = call["join_url"].as_str().expect("a link");
    assert!(link.starts_with(&format!("{url}/join?fullName=")), "{link}");
    assert_eq!(link.split("checksum=").nth(1).map(str::len), Some(64));
    let params = json!({"call": call["id"], "name": "Пётр"});
    let told = bell.does("child-200", "calls.join", params.clone());
    assert!(told["join_url"].as_str().unwrap().contains("role=VIEWER"), "{told}");
    let told = bell.does(TEACHER, "calls.join", params);
    assert!(told["join_url"].as_str().unwrap().contains("role=MODERATOR"), "{told}");
    let told = bell.does(TEACHER, "calls.start", json!({"call": call["id"]}));
    let open = told["open_url"].as_str().expect("an address that opens the room");
    assert!(open.starts_with(&format!("{url}/create?meetingID=")), "{open}");
    let file = std::fs::read(bell.folder.path().join("zvonok.db")).unwrap();
    let has = |bytes: &[u8]| bytes.windows(SECRET.len()).any(|part| part == SECRET.as_bytes());
    assert!(!has(&file) && !bell.report.to_string().contains(SECRET));
}

#[test]
fn a_community_of_vk_starts_no_calls_and_is_asked_about_it_once_a_day() {
    let mut bell = Bell::open(Side::Vk, "standard", "paragraf", school(), json!({}));
    bell.publish("a", DAY, 2);
    bell.at("08:00").sync();
    bell.at("08:10").sync();
    let task = bell.tasks("give_call_link")[0]["id"].clone();
    let link = "https://vk.com/call/join/AbC";
    bell.does("system", "tasks.done", json!({"task": task, "link": link}));
    bell.at("08:20").sync();
    assert_eq!(bell.call("a").unwrap()["join_url"], link);
    assert_eq!(bell.vk_calls(), (0, 0));
    let log = bell.messenger.look("requests");
    let asked =
        log.as_array().unwrap().iter().filter(|one| {
            one["method"].as_str().is_some_and(|method| method.starts_with("calls."))
        });
    assert_eq!(asked.count(), 1);
}

#[test]
fn what_a_configuration_says_of_calls_is_checked() {
    let base = |calls: serde_json::Value| {
        json!({"state": "/tmp/none.db", "profile": "paragraf", "calls": calls,
            "platform": {"kind": "max", "token": "x"}})
        .to_string()
    };
    let faults = |calls: serde_json::Value| -> Vec<String> {
        match zvonok::config::Config::parse(&base(calls)) {
            Ok(_) => Vec::new(),
            Err(error) => error.faults.iter().map(|fault| fault.at.clone()).collect(),
        }
    };
    assert!(faults(json!({"provider": "address", "url": "https://meet.school.ru"})).is_empty());
    assert_eq!(faults(json!({"provider": "address"})), ["calls.url"]);
    assert_eq!(faults(json!({"provider": "zoom", "url": "https://x.ru"})), ["calls.provider"]);
    assert_eq!(faults(json!({"provider": "address", "url": "meet"})), ["calls.url"]);
    assert_eq!(
        faults(json!({"provider": "bigbluebutton", "url": "https://x.ru"})),
        ["calls.secret"]
    );
    assert_eq!(faults(json!({"providr": "address"})), ["calls.providr"]);
}

#[test]
fn what_a_profile_says_of_calls_is_checked() {
    let folder = tempfile::tempdir().unwrap();
    let faults = |calls: &str| -> String {
        let script = include_str!("../../scripts/oneroster.lua");
        let script = script.replace("  overrides = \"kept\",", &format!("  calls = {calls},"));
        let path = folder.path().join("own.lua");
        std::fs::write(&path, script).unwrap();
        let source = zvonok::profile::source(path.to_str().unwrap()).unwrap();
        match zvonok::profile::describe(&source) {
            Ok(_) => String::new(),
            Err(error) => error.faults[0].message.en.clone(),
        }
    };
    assert_eq!(faults("{ lessons = \"subject\", start_within = 20, title = \"<subject>\" }"), "");
    for (calls, word) in [
        ("{ start_withn = 20 }", "did you mean \"start_within\"?"),
        ("{ start_within = -1 }", "a whole number of minutes"),
        ("{ start_within = 1.5 }", "a whole number of minutes"),
        ("{ lessons = \"subjekt\" }", "there are no chats of the kind \"subjekt\""),
        ("{ from_timetable = { \"x\" } }", "there are no chats of the kind \"x\""),
        ("{ starts = \"later\" }", "may be: time, ahead, publication"),
        ("{ announcement = \"<lnik>\" }", "did you mean \"link\"?"),
        ("{ provider = \"zoom\" }", "may be: messenger, address, bigbluebutton"),
    ] {
        let told = faults(calls);
        assert!(told.contains(word), "{calls}: {told}");
    }
}
