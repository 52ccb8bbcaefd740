//! The sandbox answers as MAX does to the token of a bot.
#![cfg(feature = "cli")]
#![allow(missing_docs, reason = "the names of the tests say it")]

mod support;

use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use support::{Messenger, agent, read};

const OWNER: i64 = 5_001;
const NOTHING: Value = Value::Null;

fn kinds(updates: &[Value]) -> Vec<&str> {
    updates.iter().map(|update| update["update_type"].as_str().expect("a kind")).collect()
}

fn word(status: u16, code: &str) -> (u16, String) {
    (status, code.to_owned())
}

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
fn a_pressed_button_is_answered() {
    let messenger = Messenger::start_max();
    messenger.does("max/start", json!({"user": 77}));
    let button = json!({"type": "callback", "text": "Да", "payload": "yes"});
    let keyboard = json!({"type": "inline_keyboard", "payload": {"buttons": [[button]]}});
    let body = json!({"text": "Идёте?", "attachments": [keyboard]});
    let sent = messenger.max_ok("POST", "/messages?user_id=77", body);
    let mid = &sent["message"]["body"]["mid"];
    messenger.does("max/press", json!({"mid": mid, "user": 77, "payload": "yes"}));
    let updates = messenger.max_updates();
    assert_eq!(updates[1]["callback"]["payload"], "yes");
    let id = updates[1]["callback"]["callback_id"].as_str().unwrap();
    let answer = json!({"message": {"text": "Ждём", "attachments": []}});
    messenger.max_ok("POST", &format!("/answers?callback_id={id}"), answer.clone());
    let path = format!("/messages/{}", mid.as_str().unwrap());
    let message = messenger.max_ok("GET", &path, NOTHING);
    assert_eq!(message["body"]["text"], "Ждём");
    assert_eq!(message["body"].get("attachments"), None);
    let (status, _) = messenger.max("POST", "/answers?callback_id=x", answer);
    assert_eq!(status, 404);
    let eight = vec![json!({"type": "callback", "text": "a", "payload": "a"}); 8];
    let wide = json!({"type": "inline_keyboard", "payload": {"buttons": [eight]}});
    let body = json!({"text": "a", "attachments": [wide]});
    assert_eq!(messenger.max("POST", "/messages?user_id=77", body).0, 400);
}

#[test]
fn updates_are_kept_until_they_are_acknowledged() {
    let messenger = Messenger::start_max();
    for user in 1..=3 {
        messenger.does("max/start", json!({"user": user}));
    }
    let ask = |query: &str| messenger.max_ok("GET", &format!("/updates?{query}"), NOTHING);
    let first = ask("timeout=0&limit=2");
    assert_eq!(first["updates"].as_array().unwrap().len(), 2);
    assert_eq!(ask("timeout=0&limit=2"), first, "nothing was acknowledged");
    let rest = ask(&format!("timeout=0&marker={}", first["marker"]));
    assert_eq!(rest["updates"][0]["user"]["user_id"], 3);
    assert_eq!(ask("timeout=0")["updates"].as_array().unwrap().len(), 1);
    let none = ask(&format!("timeout=0&marker={}", rest["marker"]));
    assert_eq!(none["updates"], json!([]));
    messenger.does("max/start", json!({"user": 4}));
    messenger.does("max/stop", json!({"user": 4}));
    let some = ask("timeout=0&types=bot_stopped,user_added");
    assert_eq!(kinds(some["updates"].as_array().unwrap()), ["bot_stopped"]);
    messenger.does("max/mode", json!({"poll_without_marker": "last"}));
    assert_eq!(kinds(ask("timeout=0")["updates"].as_array().unwrap()), ["bot_stopped"]);
    for query in ["types=fly", "limit=0", "timeout=91"] {
        assert_eq!(messenger.max("GET", &format!("/updates?{query}"), NOTHING).0, 400, "{query}");
    }
}

#[test]
fn a_request_for_updates_waits_for_one() {
    let messenger = Messenger::start_max();
    let start = Instant::now();
    std::thread::scope(|scope| {
        let asking = scope.spawn(|| messenger.max_ok("GET", "/updates?timeout=20", NOTHING));
        std::thread::sleep(Duration::from_millis(300));
        messenger.does("max/start", json!({"user": 77}));
        let answer = asking.join().unwrap();
        assert_eq!(kinds(answer["updates"].as_array().unwrap()), ["bot_started"]);
    });
    assert!(start.elapsed() < Duration::from_secs(10));
    let start = Instant::now();
    let marker = messenger.max_ok("GET", "/updates?timeout=0", NOTHING)["marker"].clone();
    let none = messenger.max_ok("GET", &format!("/updates?timeout=1&marker={marker}"), NOTHING);
    assert_eq!(none["updates"], json!([]));
    assert!(start.elapsed() >= Duration::from_secs(1));
}

#[test]
fn the_bot_hears_of_a_group_only_with_the_right_to_read() {
    let messenger = Messenger::start_max();
    let made = messenger.does("max/create", json!({"title": "7А", "owner": OWNER}));
    let id = &made["chat_id"];
    let stir = || {
        messenger.does("max/join", json!({"chat_id": id, "user": 11}));
        messenger.does("max/message", json!({"chat_id": id, "user": 11, "text": "Привет"}));
        messenger.does("max/rename", json!({"chat_id": id, "title": "7Б"}));
        messenger.does("max/leave", json!({"chat_id": id, "user": 11}));
    };
    messenger.does("max/add", json!({"chat_id": id}));
    stir();
    messenger.does("max/admin", json!({"chat_id": id, "permissions": ["add_remove_members"]}));
    stir();
    let updates = messenger.max_updates();
    assert_eq!(kinds(&updates), ["bot_added", "bot_admin_permissions_changed"]);
    assert_eq!(updates[0]["user"]["user_id"], OWNER);
    assert_eq!(updates[1]["permissions"], json!(["add_remove_members"]));
    messenger
        .does("max/admin", json!({"chat_id": id, "permissions": ["read_all_messages", "new"]}));
    stir();
    messenger.does("max/add", json!({"chat_id": id, "user": 12, "by": OWNER}));
    messenger.does("max/remove", json!({"chat_id": id, "user": 12}));
    messenger.does("max/remove", json!({"chat_id": id}));
    let updates = messenger.max_updates();
    let heard = [
        "bot_admin_permissions_changed",
        "user_added",
        "message_created",
        "chat_title_changed",
        "user_removed",
        "user_added",
        "user_removed",
        "bot_removed",
    ];
    assert_eq!(kinds(&updates), heard);
    assert_eq!(updates[5]["inviter_id"], OWNER);
    assert_eq!(updates[6]["admin_id"], OWNER);
    assert_eq!(updates[4].get("admin_id"), None, "who left was removed by nobody");
    let error = messenger.max_error("GET", &format!("/chats/{id}"), NOTHING);
    assert_eq!(error, word(403, "chat.denied"));
}

#[test]
fn a_group_that_ends_tells_nobody() {
    let messenger = Messenger::start_max();
    let id = messenger.max_group("7А", OWNER);
    let path = format!("/chats/{id}");
    messenger.max_updates();
    messenger.does("max/delete", json!({"chat_id": id, "status": "closed"}));
    assert_eq!(messenger.max_ok("GET", &path, NOTHING)["status"], "closed");
    let error = messenger.max_error("PATCH", &path, json!({"title": "7Б"}));
    assert_eq!(error, word(403, "chat.denied"));
    messenger.does("max/delete", json!({"chat_id": id}));
    assert_eq!(messenger.max_error("GET", &path, NOTHING), word(403, "chat.denied"));
    assert!(messenger.max_updates().is_empty());
    messenger.does("max/delete", json!({"chat_id": id, "back": true}));
    messenger.max_ok("DELETE", &format!("{path}/members/me"), NOTHING);
    assert_eq!(messenger.max_error("GET", &path, NOTHING), word(403, "chat.denied"));
    messenger.does("max/mode", json!({"bot_can_be_added": false}));
    let (status, answer) = messenger.order("max/add", &json!({"chat_id": id}));
    assert_eq!((status, &answer["error"]), (409, &json!("bot_not_addable")));
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

/// A webhook's other end: answers with the statuses it was given, then with 200, and passes on the
/// secret and the update of every request.
fn webhook(mut statuses: Vec<u16>) -> (String, Receiver<(String, Value)>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/hook", listener.local_addr().unwrap());
    let (heard, hears) = channel();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let request = read_request(&stream);
            let status = if statuses.is_empty() { 200 } else { statuses.remove(0) };
            let head = format!("HTTP/1.1 {status} x\r\nConnection: close\r\n");
            write!(stream, "{head}Content-Length: 0\r\n\r\n").unwrap();
            if heard.send(request).is_err() {
                return;
            }
        }
    });
    (url, hears)
}

fn read_request(stream: &TcpStream) -> (String, Value) {
    let mut reader = BufReader::new(stream);
    let mut headers = BTreeMap::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).unwrap();
        if line.trim().is_empty() {
            break;
        }
        let (name, value) = line.split_once(':').unwrap_or((&line, ""));
        headers.insert(name.to_lowercase(), value.trim().to_owned());
    }
    let mut body = vec![0; headers["content-length"].parse().unwrap()];
    reader.read_exact(&mut body).unwrap();
    let secret = headers.remove("x-max-bot-api-secret").unwrap_or_default();
    (secret, serde_json::from_slice(&body).unwrap())
}

fn next(hears: &Receiver<(String, Value)>) -> (String, Value) {
    hears.recv_timeout(Duration::from_secs(10)).expect("an update")
}

#[test]
fn a_webhook_gets_each_update_with_its_secret_and_again_when_it_fails() {
    let messenger = Messenger::start_max();
    messenger.does("max/mode", json!({"webhook_retry_ms": 50}));
    let (url, hears) = webhook(vec![500]);
    for wrong in [
        json!({"url": "http://school.example/hook"}),
        json!({"url": "https://school.example:8443/hook"}),
        json!({"url": url, "secret": "four"}),
        json!({"url": url, "update_types": ["fly"]}),
    ] {
        let error = messenger.max_error("POST", "/subscriptions", wrong.clone());
        assert_eq!(error, word(400, "proto.payload"), "{wrong}");
    }
    let body = json!({"url": url, "secret": "school-7", "update_types": ["bot_started"]});
    messenger.max_ok("POST", "/subscriptions", body.clone());
    messenger.max_ok("POST", "/subscriptions", body);
    let all = messenger.max_ok("GET", "/subscriptions", NOTHING);
    assert_eq!(all["subscriptions"].as_array().unwrap().len(), 1, "a set by address");
    assert!(!all.to_string().contains("school-7"));
    assert!(!messenger.look("requests").to_string().contains("school-7"));
    messenger.does("max/start", json!({"user": 77, "payload": "x"}));
    messenger.does("max/stop", json!({"user": 77}));
    let first = next(&hears);
    assert_eq!(first.0, "school-7");
    assert_eq!(first.1["payload"], "x");
    assert_eq!(next(&hears), first, "the first attempt was answered with 500");
    let error = messenger.max_error("GET", "/updates?timeout=0", NOTHING);
    assert_eq!(error, word(405, "method.not.allowed"));
    messenger.does("max/mode", json!({"webhook_duplicates": 1}));
    messenger.does("max/start", json!({"user": 78}));
    assert_eq!(next(&hears), next(&hears));
    let path = format!("/subscriptions?url={url}");
    messenger.max_ok("DELETE", &path, NOTHING);
    assert_eq!(messenger.max_error("DELETE", &path, NOTHING), word(200, "refused"));
    assert!(messenger.max_updates().is_empty(), "what a webhook could take is not kept");
    assert!(hears.try_recv().is_err());
}

#[test]
fn a_webhook_may_hear_things_late_and_in_another_order() {
    let messenger = Messenger::start_max();
    let (url, hears) = webhook(Vec::new());
    messenger.max_ok("POST", "/subscriptions", json!({"url": url}));
    messenger.does("max/mode", json!({"webhook_reorder_ms": 300}));
    for user in 1..=2 {
        messenger.does("max/start", json!({"user": user}));
    }
    let order = [next(&hears), next(&hears)].map(|(_, update)| update["user"]["user_id"].clone());
    assert_eq!(order, [2, 1]);
    messenger.does("max/mode", json!({"webhook_reorder_ms": 0, "webhook": false}));
    messenger.does("max/start", json!({"user": 3}));
    assert!(hears.recv_timeout(Duration::from_millis(300)).is_err());
    messenger.does("max/mode", json!({"webhook": true}));
    assert_eq!(next(&hears).1["user"]["user_id"], 3);
}

#[test]
fn a_webhook_that_never_answers_well_is_given_up() {
    let messenger = Messenger::start_max();
    messenger.does("max/mode", json!({"webhook_retry_ms": 1}));
    let (url, _hears) = webhook(vec![500; 1_000]);
    messenger.max_ok("POST", "/subscriptions", json!({"url": url}));
    messenger.does("max/start", json!({"user": 77}));
    let deadline = Instant::now() + Duration::from_secs(20);
    while messenger.look("max/state")["subscriptions"] != json!([]) {
        assert!(Instant::now() < deadline, "still subscribed");
        std::thread::sleep(Duration::from_millis(50));
    }
}

#[test]
fn an_update_that_nobody_knows_is_passed_on() {
    let messenger = Messenger::start_max();
    messenger.does("max/update", json!({"update_type": "moon_phase", "phase": 3}));
    let updates = messenger.max_updates();
    assert_eq!((&updates[0]["phase"], updates[0]["timestamp"].is_i64()), (&json!(3), true));
    assert_eq!(messenger.order("max/update", &json!({"a": 1})).0, 400);
}

fn mac(key: &[u8], message: &str) -> Vec<u8> {
    let key = ring::hmac::Key::new(ring::hmac::HMAC_SHA256, key);
    ring::hmac::sign(&key, message.as_bytes()).as_ref().to_vec()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn decoded(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut parts = text.split('%');
    bytes.extend(parts.next().unwrap().bytes());
    for part in parts {
        bytes.push(u8::from_str_radix(&part[..2], 16).unwrap());
        bytes.extend(part[2..].bytes());
    }
    String::from_utf8(bytes).unwrap()
}

/// The check of the platform's document on validating launch data, step by step.
fn launch(data: &str, token: &str) -> Option<BTreeMap<String, String>> {
    let pairs = data.split('&').map(|pair| pair.split_once('=').unwrap());
    let mut values: BTreeMap<String, String> =
        pairs.map(|(key, value)| (key.to_owned(), decoded(value))).collect();
    let hash = values.remove("hash")?;
    let lines: Vec<_> = values.iter().map(|(key, value)| format!("{key}={value}")).collect();
    let expected = mac(&mac(b"WebAppData", token), &lines.join("\n"));
    (hex(&expected) == hash).then_some(values)
}

#[test]
fn launch_data_are_signed_as_the_document_says() {
    let messenger = Messenger::start(&["--max-token", "secret-max"]);
    messenger.does("people", json!({"id": 77, "first_name": "Ада & Ко=", "last_name": "Я"}));
    let order = json!({"user": 77, "start_param": "class-7", "auth_date": 1_790_000_000});
    let made = messenger.does("max/launch", order);
    let data = made["init_data"].as_str().unwrap();
    let values = launch(data, "secret-max").expect("a good signature");
    assert_eq!(values["auth_date"], "1790000000");
    assert_eq!(values["start_param"], "class-7");
    let user: Value = serde_json::from_str(&values["user"]).unwrap();
    assert_eq!((&user["id"], &user["first_name"]), (&json!(77), &json!("Ада & Ко=")));
    assert!(launch(data, "another").is_none());
    let fragment = made["fragment"].as_str().unwrap();
    let inner = fragment.strip_prefix("#WebAppData=").unwrap().split('&').next().unwrap();
    assert_eq!(decoded(inner), data);
}

#[test]
fn ones_own_contact_has_a_hash_and_a_passed_on_one_has_none() {
    let messenger = Messenger::start(&["--max-token", "secret-max"]);
    let order = json!({"user": 77, "phone": "+79990000077"});
    assert_eq!(messenger.order("max/contact", &order).0, 409, "the dialog was never opened");
    messenger.does("max/start", json!({"user": 77}));
    messenger.does("max/contact", order);
    messenger.does("max/contact", json!({"user": 77, "phone": "+79990000078", "of": 78}));
    let updates = messenger.max_updates();
    let contact = |at: usize| {
        let attachment = &updates[at]["message"]["body"]["attachments"][0];
        assert_eq!(attachment["type"], "contact");
        attachment["payload"].clone()
    };
    let card = contact(1)["vcf_info"].as_str().unwrap().to_owned();
    assert!(card.contains("TEL;TYPE=cell:79990000077\r\n"));
    assert_eq!(contact(1)["hash"], hex(&mac(b"secret-max", &card)));
    assert_eq!(contact(2).get("hash"), None);
    assert_eq!(contact(2)["max_info"]["user_id"], 78);
}
