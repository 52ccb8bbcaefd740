//! What a bot of the sandbox's MAX hears: updates asked for and sent to webhooks, and what people
//! prove to it.
#![cfg(feature = "cli")]
#![allow(missing_docs, reason = "the names of the tests say it")]

mod support;
#[path = "support/webhook.rs"]
mod webhook;

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use support::{Messenger, kinds, word};
use webhook::{next, webhook};

const OWNER: i64 = 5_001;
const NOTHING: Value = Value::Null;

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
fn what_waited_for_too_long_is_never_heard_and_the_marker_goes_on() {
    let messenger = Messenger::start_max();
    let ask = |query: &str| messenger.max_ok("GET", &format!("/updates?timeout=0{query}"), NOTHING);
    messenger.does("max/start", json!({"user": 1}));
    let marker = ask("")["marker"].as_u64().unwrap();
    messenger.does("max/start", json!({"user": 2}));
    messenger.does("max/mode", json!({"updates_kept_ms": 50}));
    std::thread::sleep(Duration::from_millis(100));
    let late = ask(&format!("&marker={marker}"));
    assert_eq!(late["updates"], json!([]));
    messenger.does("max/mode", json!({"updates_kept_ms": 86_400_000}));
    messenger.does("max/start", json!({"user": 3}));
    for start in ["".to_owned(), format!("&marker={marker}"), format!("&marker={}", late["marker"])]
    {
        let heard = ask(&start);
        let users: Vec<_> =
            heard["updates"].as_array().unwrap().iter().map(|u| &u["user"]["user_id"]).collect();
        assert_eq!(users, [3], "from «{start}»");
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
fn delivery_to_one_address_is_switched_on_and_off() {
    let messenger = Messenger::start_max();
    let (urls, hears): (Vec<_>, Vec<_>) = (0..2).map(|_| webhook(Vec::new())).unzip();
    let switch = |at: usize, on: bool| {
        messenger.does("max/webhook", json!({"url": urls[at], "on": on}));
    };
    let unknown = json!({"url": urls[0], "on": false});
    assert_eq!(messenger.order("max/webhook", &unknown).0, 409);
    let foreign = json!({"url": "http://school.example/hook", "on": true});
    assert_eq!(messenger.order("max/webhook", &foreign).0, 400);
    let secret = json!({"url": urls[0], "on": true, "secret": "school-7"});
    messenger.does("max/webhook", secret);
    switch(1, true);
    let all = messenger.max_ok("GET", "/subscriptions", NOTHING);
    assert_eq!(all["subscriptions"].as_array().unwrap().len(), 2);
    switch(0, false);
    messenger.does("max/start", json!({"user": 1}));
    assert_eq!(next(&hears[1]).1["user"]["user_id"], 1);
    assert!(hears[0].recv_timeout(Duration::from_millis(300)).is_err(), "held back");
    assert_eq!(messenger.look("max/state")["webhook"]["waiting"], 1);
    switch(0, true);
    let (said, update) = next(&hears[0]);
    assert_eq!((said.as_str(), &update["user"]["user_id"]), ("school-7", &json!(1)));
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
