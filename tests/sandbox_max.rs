//! The sandbox answers as MAX does to the token of a bot.
#![cfg(feature = "cli")]
#![allow(missing_docs, reason = "the names of the tests say it")]

mod support;

use std::collections::BTreeSet;

use serde_json::{Value, json};
use support::{Messenger, agent, kinds, read, word};

const OWNER: i64 = 5_001;
const NOTHING: Value = Value::Null;

#[test]
fn the_token_stands_in_its_header_alone() {
    let messenger = Messenger::start(&["--max-token", "secret-max"]);
    let url = format!("{}/me", messenger.max_address);
    let with = |header: Option<&str>, query: &str| {
        let mut request = agent().get(format!("{url}{query}"));
        if let Some(header) = header {
            request = request.header("Authorization", header);
        }
        let (status, answer) = read(request.call().unwrap());
        (status, answer["code"].as_str().unwrap_or("fine").to_owned())
    };
    assert_eq!(with(Some("secret-max"), ""), word(200, "fine"));
    assert_eq!(with(Some("Bearer secret-max"), ""), word(401, "verify.token"));
    assert_eq!(with(Some("another"), ""), word(401, "verify.token"));
    assert_eq!(with(None, ""), word(401, "verify.token"));
    assert_eq!(with(None, "?access_token=secret-max"), word(403, "deprecated.token"));
    assert!(!messenger.look("requests").to_string().contains("secret-max"));
    assert!(!messenger.look("state").to_string().contains("secret-max"));
    messenger.does("max/token", json!({"token": "new"}));
    assert_eq!(with(Some("secret-max"), ""), word(401, "verify.token"));
    assert_eq!(with(Some("new"), ""), word(200, "fine"));
}

#[test]
fn what_is_gone_from_the_interface_is_not_found() {
    let messenger = Messenger::start_max();
    let id = messenger.max_group("7А", OWNER);
    let gone = [
        ("GET", "/chats".to_owned()),
        ("PATCH", "/me".to_owned()),
        ("GET", "/chats/school7".to_owned()),
        ("POST", format!("/chats/{id}/members")),
        ("POST", "/chats".to_owned()),
        ("POST", "/uploads?type=file".to_owned()),
        ("GET", "/".to_owned()),
    ];
    for (method, path) in gone {
        let error = messenger.max_error(method, &path, json!({"user_ids": [7]}));
        assert_eq!(error, word(404, "method.not.found"), "{method} {path}");
    }
    let delete = messenger.max("DELETE", &format!("/chats/{id}"), NOTHING);
    let message = "Insufficient access rights to perform this action";
    assert_eq!(delete, (200, json!({"success": false, "message": message})));
}

#[test]
fn a_group_shows_more_to_an_admin() {
    let messenger = Messenger::start_max();
    let made = messenger.does("max/create", json!({"title": "7А", "owner": OWNER}));
    let id = made["chat_id"].as_i64().unwrap();
    assert!(id < 0);
    let path = format!("/chats/{id}");
    assert_eq!(messenger.max_error("GET", &path, NOTHING), word(403, "chat.denied"));
    messenger.does("max/add", json!({"chat_id": id}));
    let chat = messenger.max_ok("GET", &path, NOTHING);
    assert_eq!(chat["participants_count"], 2);
    for hidden in ["owner_id", "participants", "link", "description", "icon", "pinned_message"] {
        assert_eq!(chat.get(hidden), None, "{hidden} is left out, not null");
    }
    for path in ["members", "members/admins", "pin"] {
        let path = format!("/chats/{id}/{path}");
        assert_eq!(messenger.max_error("GET", &path, NOTHING), word(403, "chat.denied"));
    }
    let own = messenger.max_ok("GET", &format!("/chats/{id}/members/me"), NOTHING);
    assert_eq!((&own["is_admin"], own.get("permissions")), (&json!(false), None));
    messenger.does("max/admin", json!({"chat_id": id, "permissions": ["change_chat_info"]}));
    let chat = messenger.max_ok("GET", &path, NOTHING);
    assert_eq!(chat["owner_id"], OWNER);
    assert_eq!(chat["link"], made["link"]);
    assert_eq!(chat["participants"].as_object().unwrap().len(), 2);
    let new = json!({"title": "7Б", "description": "Класс", "notify": false});
    let chat = messenger.max_ok("PATCH", &path, new);
    assert_eq!((&chat["title"], &chat["description"]), (&json!("7Б"), &json!("Класс")));
    assert_eq!(messenger.look("max/state")["chats"][0]["notices"], 0);
    let long = "я".repeat(201);
    for title in ["", " \u{200b}", &long] {
        let error = messenger.max_error("PATCH", &path, json!({"title": title}));
        assert_eq!(error, word(400, "proto.payload"));
    }
    let forbidden = format!("/chats/{id}/members?user_id={OWNER}");
    let (status, answer) = messenger.max("DELETE", &forbidden, NOTHING);
    assert_eq!((status, &answer["message"]), (403, &json!("permission.denied")));
    assert_eq!(messenger.max_error("GET", "/chats/-5", NOTHING), word(403, "chat.denied"));
    assert_eq!(messenger.max_error("GET", "/chats/5", NOTHING), word(404, "chat.not.found"));
    assert_eq!(messenger.max_error("GET", "/chats/5/pin", NOTHING), word(400, "proto.payload"));
}

#[test]
fn members_come_in_pages() {
    let messenger = Messenger::start_max();
    let id = messenger.max_group("Школа", OWNER);
    for user in 1..=230 {
        messenger.does("max/join", json!({"chat_id": id, "user": user}));
    }
    let path = format!("/chats/{id}/members");
    let mut seen = BTreeSet::new();
    let mut marker = String::new();
    for pages in 1.. {
        let answer = messenger.max_ok("GET", &format!("{path}?count=100{marker}"), NOTHING);
        for member in answer["members"].as_array().unwrap() {
            assert!(seen.insert(member["user_id"].as_i64().unwrap()));
            assert!(member["name"].is_string() && member["join_time"].is_i64());
        }
        let Some(next) = answer.get("marker") else {
            assert_eq!(pages, 3);
            break;
        };
        marker = format!("&marker={next}");
    }
    assert_eq!(seen.len(), 232);
    let some = messenger.max_ok("GET", &format!("{path}?user_ids=7,9,99999"), NOTHING);
    assert_eq!(some["members"].as_array().unwrap().len(), 2);
    assert_eq!(some.get("marker"), None);
    for query in ["count=101", "count=0", "user_ids=a", "marker=x"] {
        let error = messenger.max_error("GET", &format!("{path}?{query}"), NOTHING);
        assert_eq!(error, word(400, "proto.payload"), "{query}");
    }
}

#[test]
fn people_are_added_only_where_the_switch_says_so() {
    let messenger = Messenger::start_max();
    let id = messenger.max_group("7А", OWNER);
    let path = format!("/chats/{id}/members");
    messenger.does("people", json!({"id": 12, "privacy": true}));
    messenger.does("people", json!({"id": 13, "deactivated": true}));
    messenger.does("max/mode", json!({"add_members": "privacy"}));
    let (status, answer) = messenger.max("POST", &path, json!({"user_ids": [11, 12, 13]}));
    assert_eq!((status, &answer["success"]), (200, &json!(false)));
    assert_eq!(answer["failed_user_ids"], json!([12, 13]));
    assert_eq!(
        answer["failed_user_details"],
        json!([
            {"error_code": "add.participant.privacy", "user_ids": [12]},
            {"error_code": "add.participant.not.found", "user_ids": [13]},
        ])
    );
    for nobody_new in [json!([11]), json!([])] {
        let error = messenger.max_error("POST", &path, json!({"user_ids": nobody_new}));
        assert_eq!(error, word(200, "refused"));
    }
    messenger.does("max/mode", json!({"add_members": "open"}));
    messenger.max_ok("POST", &path, json!({"user_ids": [12]}));
    let many: Vec<_> = (1..=101).collect();
    let error = messenger.max_error("POST", &path, json!({"user_ids": many}));
    assert_eq!(error, word(400, "proto.payload"));
}

#[test]
fn who_was_blocked_cannot_come_back_and_who_was_removed_can() {
    let messenger = Messenger::start_max();
    let id = messenger.max_group("7А", OWNER);
    let link = messenger.max_ok("GET", &format!("/chats/{id}"), NOTHING)["link"].clone();
    for user in [11, 12] {
        messenger.does("max/join", json!({"link": link, "user": user}));
    }
    let path = |user: i64, block: bool| format!("/chats/{id}/members?user_id={user}&block={block}");
    messenger.max_ok("DELETE", &path(11, false), NOTHING);
    messenger.max_ok("DELETE", &path(12, true), NOTHING);
    assert_eq!(messenger.max_error("DELETE", &path(12, true), NOTHING), word(200, "refused"));
    assert_eq!(messenger.max_error("DELETE", &path(OWNER, false), NOTHING), word(200, "refused"));
    messenger.does("max/join", json!({"link": link, "user": 11}));
    let (status, answer) = messenger.order("max/join", &json!({"link": link, "user": 12}));
    assert_eq!((status, &answer["error"]), (409, &json!("blocked")));
    messenger.does("max/rotate", json!({"chat_id": id}));
    let (status, _) = messenger.order("max/join", &json!({"link": link, "user": 13}));
    assert_eq!(status, 404, "the old link leads nowhere");
    messenger.does("max/unblock", json!({"chat_id": id, "user": 12}));
    messenger.does("max/join", json!({"chat_id": id, "user": 12}));
    let updates = messenger.max_updates();
    let about = |kind: &str, user: i64| {
        let mine = |update: &&Value| update["update_type"] == kind && update["user_id"] == user;
        updates.iter().find(mine).unwrap_or_else(|| panic!("{kind} {user}: {updates:?}"))
    };
    assert_eq!(about("user_added", 11).get("inviter_id"), None, "the link invites nobody");
    assert_eq!(about("user_removed", 12)["admin_id"], messenger.bot);
}

#[test]
fn a_group_is_handed_over_to_a_member() {
    let messenger = Messenger::start_max();
    let id = messenger.max_group("7А", OWNER);
    let hand_over = json!({"chat_id": id, "user": 11});
    assert_eq!(messenger.order("max/transfer", &hand_over).0, 409, "not a member yet");
    messenger.does("max/join", json!({"chat_id": id, "user": 11}));
    messenger.does("max/transfer", hand_over);
    let to_the_bot = json!({"chat_id": id, "user": messenger.bot});
    assert_eq!(messenger.order("max/transfer", &to_the_bot).0, 409);
    let chat = messenger.max_ok("GET", &format!("/chats/{id}"), NOTHING);
    assert_eq!(chat["owner_id"], 11);
    let members =
        messenger.max_ok("GET", &format!("/chats/{id}/members?user_ids=11,{OWNER}"), NOTHING);
    for member in members["members"].as_array().unwrap() {
        assert_eq!(member["is_admin"], true, "{member}");
        assert_eq!(member["is_owner"], member["user_id"] == 11, "{member}");
    }
    messenger.max_ok("DELETE", &format!("/chats/{id}/members/admins/{OWNER}"), NOTHING);
    messenger.max_ok("DELETE", &format!("/chats/{id}/members?user_id={OWNER}"), NOTHING);
}

#[test]
fn rights_are_replaced_and_depend_on_each_other() {
    let messenger = Messenger::start_max();
    let id = messenger.max_group("7А", OWNER);
    let path = format!("/chats/{id}/members/admins");
    let admin = |user: i64, permissions: &[&str]| json!({"admins": [{"user_id": user, "permissions": permissions}]});
    assert_eq!(messenger.max_error("POST", &path, admin(11, &[])), word(200, "refused"));
    messenger.does("max/join", json!({"chat_id": id, "user": 11}));
    for wrong in ["pin_message", "view_stats", "fly"] {
        let error = messenger.max_error("POST", &path, admin(11, &[wrong]));
        assert_eq!(error, word(400, "proto.payload"), "{wrong}");
    }
    messenger.max_ok("POST", &path, admin(11, &["read_all_messages", "pin_message"]));
    messenger.max_ok("POST", &path, admin(11, &["add_remove_members"]));
    let admins = messenger.max_ok("GET", &path, NOTHING);
    let members = admins["members"].as_array().unwrap();
    let one = members.iter().find(|member| member["user_id"] == 11).unwrap();
    assert_eq!(one["permissions"], json!(["add_remove_members", "can_call"]));
    let remove = format!("/chats/{id}/members?user_id=11");
    assert_eq!(messenger.max_error("DELETE", &remove, NOTHING), word(200, "refused"));
    let owner = messenger.max_error("POST", &path, admin(OWNER, &["can_call"]));
    assert_eq!(owner, word(403, "chat.denied"));
    messenger.max_ok("DELETE", &format!("{path}/11"), NOTHING);
    let again = messenger.max_error("DELETE", &format!("{path}/11"), NOTHING);
    assert_eq!(again, word(200, "refused"));
    for user in 100..150 {
        messenger.does("max/join", json!({"chat_id": id, "user": user}));
    }
    let many: Vec<_> = (100..149).map(|user| json!({"user_id": user, "permissions": []})).collect();
    let too_many = messenger.max_error("POST", &path, json!({"admins": many}));
    assert_eq!(too_many, word(200, "refused"), "49 beside the owner and the bot are over 50");
    messenger.max_ok("POST", &path, json!({"admins": many[..48]}));
}

#[test]
fn a_message_is_checked_before_its_recipient() {
    let messenger = Messenger::start_max();
    let id = messenger.max_group("7А", OWNER);
    let send =
        |query: &str, body: Value| messenger.max("POST", &format!("/messages?{query}"), body);
    let fails = |query: &str, body: Value| {
        let (status, answer) = send(query, body);
        (status, answer["message"].as_str().unwrap().to_owned())
    };
    let here = format!("chat_id={id}");
    assert_eq!(send(&here, json!({"text": "я".repeat(4_000)})).0, 200);
    for body in [
        json!({"text": "я".repeat(4_001)}),
        json!({"text": ""}),
        json!({"text": "<b></b>", "format": "html"}),
        json!({"text": "a", "format": "md"}),
        json!({}),
        json!([]),
    ] {
        assert_eq!(send("user_id=77", body.clone()).0, 400, "{body}");
    }
    let text = json!({"text": "a"});
    assert_eq!(fails("", text.clone()), word(400, "Unknown recipient"));
    assert_eq!(fails("user_id=77", text.clone()), word(404, "dialog.not.found"));
    assert_eq!(fails("chat_id=0", text.clone()), word(403, "Invalid chatId: 0"));
    let started = messenger.does("max/start", json!({"user": 77, "payload": "x7"}));
    let (_, sent) = send("user_id=77", json!({"text": "**Да**", "format": "Markdown"}));
    assert_eq!(sent["message"]["body"]["text"], "Да");
    assert_eq!(sent["message"]["recipient"]["chat_type"], "dialog");
    assert_eq!(fails(&format!("chat_id={}", started["chat_id"]), text.clone()).0, 404);
    messenger.does("max/stop", json!({"user": 77, "remove": true}));
    let stopped = "Key: error.dialog.suspended, args: [77,].";
    assert_eq!(fails("user_id=77", text), word(403, stopped));
    let updates = messenger.max_updates();
    let last = &kinds(&updates)[2..];
    assert_eq!(last, ["bot_started", "dialog_removed", "bot_stopped"]);
    assert_eq!(updates[2]["payload"], "x7");
}

#[test]
fn messages_are_listed_edited_pinned_and_deleted() {
    let messenger = Messenger::start_max();
    let id = messenger.max_group("7А", OWNER);
    let theirs = messenger
        .does("max/message", json!({"chat_id": id, "user": OWNER, "text": "Код 4711"}))["mid"]
        .clone();
    let sent = messenger.max_ok("POST", &format!("/messages?chat_id={id}"), json!({"text": "1"}));
    let body = &sent["message"]["body"];
    let mid = body["mid"].as_str().unwrap();
    assert!(mid.starts_with("mid.") && mid.len() == 36);
    let number = u64::from_str_radix(&mid[4..20], 16).unwrap();
    assert_eq!(number.cast_signed(), id, "the chat stands in the message's id");
    assert_eq!(body["seq"].as_u64().unwrap() >> 16, sent["message"]["timestamp"].as_u64().unwrap());
    let one = format!("/messages?message_id={mid}");
    messenger.max_ok("PUT", &one, json!({"text": "2"}));
    assert_eq!(messenger.max_ok("GET", &format!("/messages/{mid}"), NOTHING)["body"]["text"], "2");
    let list = messenger.max_ok("GET", &format!("/messages?chat_id={id}"), NOTHING);
    assert_eq!(list["messages"][0]["body"]["text"], "2", "the newest comes first");
    assert_eq!(list["messages"][1]["body"]["mid"], theirs);
    let foreign = format!("/messages?message_id={}", theirs.as_str().unwrap());
    let error = messenger.max_error("PUT", &foreign, json!({"text": "3"}));
    assert_eq!(error, word(403, "access.denied"));
    let pin = format!("/chats/{id}/pin");
    assert_eq!(messenger.max_ok("GET", &pin, NOTHING), json!({}));
    assert_eq!(messenger.max_error("DELETE", &pin, NOTHING), word(200, "refused"));
    messenger.max_ok("PUT", &pin, json!({"message_id": mid, "notify": false}));
    assert_eq!(messenger.max_ok("GET", &pin, NOTHING)["message"]["body"]["mid"], mid);
    messenger.max_ok("DELETE", &one, NOTHING);
    assert_eq!(messenger.max_ok("GET", &pin, NOTHING), json!({}));
    assert_eq!(messenger.max("GET", &format!("/messages/{mid}"), NOTHING).0, 404);
    messenger.max_ok("DELETE", &foreign, NOTHING);
    let wrong = messenger.max_error("DELETE", "/messages?message_id=mid.5", NOTHING);
    assert_eq!(wrong, word(400, "proto.payload"));
}

#[test]
fn requests_and_messages_have_their_rates() {
    let messenger = Messenger::start(&["--max-rate", "5"]);
    let codes: Vec<_> = (0..8).map(|_| messenger.max("GET", "/me", NOTHING).0).collect();
    assert_eq!(codes.iter().filter(|code| **code == 429).count(), 3);
    messenger.does("max/mode", json!({"rate": 0, "retry_after": true}));
    let ids = [messenger.max_group("7А", OWNER), messenger.max_group("7Б", OWNER)];
    let send =
        |id: i64| messenger.max("POST", &format!("/messages?chat_id={id}"), json!({"text": "a"}));
    let sent = [send(ids[0]).0, send(ids[0]).0, send(ids[1]).0];
    assert_eq!(sent, [200; 3]);
    let (status, answer) = send(ids[0]);
    assert_eq!((status, &answer["code"]), (429, &json!("too.many.requests")));
    let polls: Vec<_> =
        (0..3).map(|_| messenger.max("GET", "/updates?timeout=0", NOTHING).0).collect();
    assert_eq!(polls, [200, 200, 429]);
    let request = agent().get(format!("{}/updates?timeout=0", messenger.max_address));
    let refused = request.header("Authorization", &messenger.max_token).call().unwrap();
    assert_eq!(refused.headers()["Retry-After"], "1");
}

#[test]
fn a_fault_says_when_to_come_again_or_does_not() {
    let messenger = Messenger::start_max();
    let asked = || {
        let request = agent().get(format!("{}/me", messenger.max_address));
        request.header("Authorization", &messenger.max_token).call().unwrap()
    };
    let fault = json!({"do": "error", "code": 429, "match": {"platform": "max", "nth": 1}});
    messenger.does("faults", fault.clone());
    let refused = asked();
    assert_eq!((refused.status().as_u16(), refused.headers().get("Retry-After")), (429, None));
    let mut later = fault;
    later["retry_after"] = json!(7);
    messenger.does("faults", later);
    let refused = asked();
    assert_eq!(refused.status(), 429);
    assert_eq!(refused.headers()["Retry-After"], "7");
    assert_eq!(asked().status(), 200);
}

#[test]
fn faults_befall_max_by_method_and_template() {
    let messenger = Messenger::start_max();
    let ids = [messenger.max_group("7А", OWNER), messenger.max_group("7Б", OWNER)];
    let rename = |at: usize, title: &str| {
        let path = format!("/chats/{}", ids[at]);
        messenger.max_text("PATCH", &path, &json!({"title": title}))
    };
    let titles = || {
        let state = messenger.look("max/state");
        let chats = state["chats"].as_array().unwrap().iter();
        chats.map(|chat| chat["title"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let once = json!({"method": "PATCH /chats/{chatId}", "nth": 1});
    messenger.does("faults", json!({"match": once, "do": "drop_before"}));
    assert!(rename(0, "8А").is_err());
    messenger.does("faults", json!({"match": once, "do": "drop_after"}));
    assert!(rename(1, "8Б").is_err());
    assert_eq!(titles(), ["7А", "8Б"]);
    messenger.does("faults", json!({"match": once, "do": "truncate"}));
    assert!(rename(0, "9А").is_err());
    assert_eq!(titles(), ["9А", "8Б"]);
    let one = json!({"method": format!("PATCH /chats/{}", ids[1])});
    messenger.does("faults", json!({"match": one, "do": "error", "code": 503}));
    assert_eq!(rename(0, "7А").unwrap().0, 200);
    let (status, text) = rename(1, "7Б").unwrap();
    assert_eq!((status, text.contains("service.unavailable")), (503, true));
    messenger.clear_faults();
    let vk_only = json!({"platform": "vk"});
    messenger.does("faults", json!({"match": vk_only, "do": "http_500"}));
    messenger.max_ok("GET", "/me", NOTHING);
    messenger.clear_faults();
    let word = json!({"do": "error", "code": "attachment.not.ready", "match": {"count": 1}});
    messenger.does("faults", word);
    assert_eq!(messenger.max("GET", "/me", NOTHING).0, 400);
    let log = messenger.look("requests");
    let last = log.as_array().unwrap().last().unwrap();
    assert_eq!((&last["platform"], &last["method"]), (&json!("max"), &json!("GET /me")));
    assert_eq!(last["result"], "attachment.not.ready");
    let patches: Vec<_> =
        log.as_array().unwrap().iter().filter(|e| e["method"] == once["method"]).collect();
    assert_eq!(patches[0]["result"], "not applied");
    assert_eq!(patches[0]["params"]["path"], format!("/chats/{}", ids[0]));
    assert_eq!(patches[0]["changing"], true);
}

#[test]
fn a_process_is_killed_at_a_request_to_either_platform() {
    let messenger = Messenger::start_max();
    let id = messenger.max_group("7А", OWNER);
    let mut victim = std::process::Command::new("sleep").arg("60").spawn().unwrap();
    messenger.does("kill_on", json!({"pid": victim.id(), "nth": 2, "when": "after"}));
    messenger.chat("7А в VK");
    assert_eq!(victim.try_wait().unwrap(), None);
    let lost = messenger.max_text("PATCH", &format!("/chats/{id}"), &json!({"title": "8А"}));
    assert!(lost.is_err(), "{lost:?}");
    assert!(!victim.wait().unwrap().success());
    assert_eq!(messenger.look("max/state")["chats"][0]["title"], "8А");
}

#[test]
fn both_platforms_stand_side_by_side_and_in_one_state_file() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("messenger.json");
    let state = ["--state", file.to_str().unwrap()];
    let messenger = Messenger::start(&[&state[..], &["--max-bot", "424242"]].concat());
    messenger.chat("7А в VK");
    messenger.max_group("7А в MAX", OWNER);
    messenger.does("max/start", json!({"user": 77}));
    let before = messenger.look("max/state");
    messenger.cut_power();
    let messenger = Messenger::start(&state);
    assert_eq!(messenger.bot, 424_242);
    assert_eq!(messenger.look("state")["chats"].as_array().unwrap().len(), 1);
    let after = messenger.look("max/state");
    assert_eq!(before["chats"], after["chats"]);
    assert_eq!(before["people"], after["people"]);
    assert_eq!(before["updates_waiting"], after["updates_waiting"]);
    assert_eq!(messenger.look("state")["max"], after);
}
