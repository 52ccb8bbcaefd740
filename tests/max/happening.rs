//! What the bot may do in a chat, and what happened since the last question.

use serde_json::{Value, json};
use zvonok::platform::{Answer, Class, Event, OwnRights};

use crate::server::{Reply, Server, ok, refusal};
use crate::words::{CHAT, bot, class, events, one, own_rights, person, s};

fn rights(words: &[&str]) -> std::collections::BTreeSet<String> {
    words.iter().map(|word| s(word)).collect()
}

#[test]
fn own_rights_are_told_with_words_of_tomorrow() {
    let told = rights(&["a_right_of_tomorrow", "add_remove_members", "write"]);
    let mut owner = person(9001, false);
    owner["is_owner"] = json!(true);
    let mut old = person(9001, true);
    old["permissions"] = json!(["post_edit_delete_message", "delete_message", null]);
    for (me, admin, words) in [
        (bot(9001), true, told),
        (person(9001, false), false, rights(&[])),
        // An admin whose rights are not told is taken to have what a bot needs.
        (
            owner,
            true,
            rights(&[
                "add_admins",
                "add_remove_members",
                "change_chat_info",
                "pin_message",
                "read_all_messages",
            ]),
        ),
        (old, true, rights(&["delete", "write"])),
        (json!({ "user_id": "9001", "permissions": null }), false, rights(&[])),
    ] {
        let server = Server::replies(vec![ok(me)]);
        let expected = Answer::Rights(OwnRights { inside: true, admin, rights: words });
        assert_eq!(one(&*server.max(), own_rights()), Ok(expected));
        assert_eq!(server.seen()[0].ids, [CHAT.parse::<i64>().unwrap()]);
    }
}

#[test]
fn who_is_not_in_a_chat_has_no_rights_there() {
    for reply in [
        refusal(403, "chat.denied", "not a member"),
        refusal(403, "chat.denied", "permission.denied"),
        refusal(404, "chat.not.found", "no chat"),
    ] {
        let server = Server::replies(vec![reply]);
        let expected = Answer::Rights(OwnRights::default());
        assert_eq!(one(&*server.max(), own_rights()), Ok(expected));
    }
    for (reply, expected) in [
        (refusal(401, "verify.token", ""), Class::TokenDead),
        (refusal(404, "method.not.found", ""), Class::Missing),
        (Reply::Page(403, "<html>"), Class::RetryLater),
        (Reply::Nothing, Class::RetryNow),
    ] {
        let server = Server::new(move |_| reply.clone());
        assert_eq!(class(&one(&*server.max(), own_rights())), Some(expected), "nothing was told");
    }
}

fn user(id: i64) -> Value {
    json!({ "user_id": id, "first_name": "Имя", "is_bot": false, "name": "Имя" })
}

fn update(kind: &str, fields: Value) -> Value {
    let mut update = fields;
    update["update_type"] = json!(kind);
    update["timestamp"] = json!(1_790_000_000_000_i64);
    update
}

fn in_chat(kind: &str, fields: Value) -> Value {
    let mut update = update(kind, fields);
    update["chat_id"] = json!(-5);
    update["is_channel"] = json!(false);
    update
}

fn written(chat_type: &str, text: &str) -> Value {
    update(
        "message_created",
        json!({ "message": {
            "sender": user(7), "timestamp": 1, "body": { "mid": "mid.1", "seq": 1, "text": text },
            "recipient": { "chat_type": chat_type, "chat_id": -5, "user_id": 9001 },
        }}),
    )
}

fn told(updates: Vec<Value>) -> Vec<Event> {
    let server = Server::replies(vec![ok(json!({ "updates": updates, "marker": 8 }))]);
    match one(&*server.max(), events(None)) {
        Ok(Answer::Events { events, .. }) => events,
        other => panic!("{other:?}"),
    }
}

#[test]
fn every_update_of_concern_is_an_event() {
    let (chat, account) = (s("-5"), s("7"));
    let own = |admin, words: &[&str]| Event::OwnRights {
        chat: s("-5"),
        rights: OwnRights { inside: true, admin, rights: rights(words) },
    };
    let code = |code: &str| Event::Code { chat: s("-5"), code: s(code) };
    let changed = "bot_admin_permissions_changed";
    let words =
        json!({ "bot_id": 9001, "user_id": 1, "is_admin": true, "permissions": ["write", "x"] });
    let none = json!({ "bot_id": 9001, "user_id": 1, "is_admin": false });
    let dialog = |fields: Value| json!({ "chat_id": 55, "user": user(7), "payload": fields });
    let started = |payload: Option<&str>| Event::Started {
        account: s("7"),
        payload: payload.map(s),
        dialog: Some(s("55")),
    };
    let user = json!({ "user": user(7) });
    for (update, expected) in [
        (
            in_chat("bot_added", user.clone()),
            vec![Event::Entered { chat: chat.clone(), by: Some(account.clone()) }],
        ),
        (in_chat("bot_added", json!({})), vec![Event::Entered { chat: chat.clone(), by: None }]),
        (in_chat("bot_removed", user.clone()), vec![Event::Expelled { chat: chat.clone() }]),
        (in_chat(changed, words), vec![own(true, &["write", "x"])]),
        (in_chat(changed, none), vec![own(false, &[])]),
        (
            in_chat("user_added", user.clone()),
            vec![Event::Joined { chat: chat.clone(), account: account.clone() }],
        ),
        (
            in_chat("user_removed", user.clone()),
            vec![Event::Left { chat: chat.clone(), account: account.clone() }],
        ),
        (
            in_chat("chat_title_changed", json!({ "user": null, "title": "7В" })),
            vec![Event::Titled { chat, title: s("7В") }],
        ),
        (written("chat", "7Б, #7к2т и ещё #7K2A."), vec![code("#7K2T"), code("#7K2A")]),
        (written("chat", "добрый день"), vec![]),
        (
            written("dialog", "#7K2T"),
            vec![Event::Wrote { account: account.clone(), dialog: Some(s("-5")) }],
        ),
        (update("bot_started", dialog(json!("p1"))), vec![started(Some("p1"))]),
        (update("bot_started", dialog(json!(""))), vec![started(None)]),
        (update("bot_started", dialog(Value::Null)), vec![started(None)]),
        (
            update("bot_stopped", dialog(Value::Null)),
            vec![Event::Stopped { account: account.clone() }],
        ),
        (update("dialog_removed", dialog(Value::Null)), vec![Event::Stopped { account }]),
    ] {
        assert_eq!(told(vec![update.clone()]), expected, "{update}");
    }
}

#[test]
fn ids_may_be_texts() {
    let update =
        json!({ "update_type": "user_added", "chat_id": "-5", "user": { "user_id": "7" } });
    assert_eq!(told(vec![update]), [Event::Joined { chat: s("-5"), account: s("7") }]);
}

#[test]
fn channels_bots_and_what_is_half_told_spoil_nothing() {
    let mut channel = in_chat("bot_added", json!({ "user": user(7) }));
    channel["is_channel"] = json!(true);
    let mut own = written("chat", "Напишите #7K2T");
    own["message"]["sender"]["is_bot"] = json!(true);
    let mut unsigned = written("dialog", "#7K2T");
    unsigned["message"]["sender"] = Value::Null;
    let updates = vec![
        channel,
        own,
        unsigned,
        written("channel", "#7K2T"),
        update("a_type_of_tomorrow", json!({ "chat_id": -5, "user": user(7) })),
        update("message_created", json!({ "message": null })),
        in_chat("user_added", json!({ "user": { "first_name": "Имя" } })),
        in_chat("bot_admin_permissions_changed", json!({ "permissions": ["write"] })),
        update("bot_started", json!({})),
        json!({ "chat_id": -5 }),
        json!("strange"),
        Value::Null,
        in_chat("bot_removed", json!({ "user": user(7) })),
    ];
    assert_eq!(told(updates), [Event::Expelled { chat: s("-5") }]);
}

#[test]
fn events_go_on_where_the_last_answer_ended() {
    let server = Server::new(|seen| match seen.get("marker") {
        "" => ok(json!({ "updates": vec![in_chat("bot_removed", json!({})); 100], "marker": 8 })),
        "8" => ok(json!({ "updates": vec![Value::Null; 99], "marker": "9" })),
        _ => ok(json!({ "updates": [] })),
    });
    let max = server.max();
    let mut read = Vec::new();
    for marker in [None, Some("8"), Some("9"), Some("none of MAX's")] {
        let Ok(Answer::Events { events, marker, more }) = one(&*max, events(marker)) else {
            panic!("{marker:?}")
        };
        read.push((events.len(), marker, more));
    }
    let expected = [
        (100, Some(s("8")), true),
        (0, Some(s("9")), false),
        (0, None, false),
        (100, Some(s("8")), true),
    ];
    assert_eq!(read, expected);
    let first = &server.seen()[0];
    assert_eq!((first.get("limit"), first.get("timeout")), ("100", "0"));
    assert!(first.get("types").split(',').any(|kind| kind == "bot_admin_permissions_changed"));
}

#[test]
fn a_question_about_events_without_an_answer_is_repeated() {
    let server = Server::replies(vec![Reply::Nothing, ok(json!({ "updates": [], "marker": 8 }))]);
    let expected = Answer::Events { events: vec![], marker: Some(s("8")), more: false };
    assert_eq!(one(&*server.max(), events(Some("7"))), Ok(expected));
    let markers: Vec<_> = server.seen().iter().map(|seen| s(seen.get("marker"))).collect();
    assert_eq!(markers, ["7", "7"], "nothing is forgotten before it is read");
}

#[test]
fn where_a_webhook_gets_the_events_the_way_is_named() {
    let server = Server::replies(vec![refusal(405, "method.not.allowed", "no")]);
    let failure = one(&*server.max(), events(None)).unwrap_err();
    assert_eq!(failure.class, Class::Missing);
    for text in [&failure.message.ru, &failure.message.en] {
        assert!(text.contains("platform.events") && text.contains("events.push"), "{text}");
    }
    assert!(failure.message.ru.contains("вебхук") && failure.message.en.contains("webhook"));
}
