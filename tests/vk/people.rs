//! Writing to people: in batches, and as often as it takes, because VK knows a repetition.

use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use zvonok::platform::{Answer, Call, Class};
use zvonok::stop::Stop;

use crate::server::Reply::{Half, Hang, Json, Nothing, Page};
use crate::server::{Server, ok, refusal};
use crate::words::{add, class, find_message, members, one, s, tell};

/// What VK answers where a message arrived.
fn arrived(id: i64) -> Value {
    json!([{ "peer_id": 5, "message_id": id, "conversation_message_id": id }])
}

#[test]
fn people_are_written_to_in_batches() {
    let server = Server::new(|seen| {
        let ids = seen.calls().into_iter().map(|(_, call)| call["peer_ids"].parse().unwrap());
        ok(ids.map(arrived).collect())
    });
    let vk = server.vk();
    assert_eq!(vk.batch(&tell("1", 1)), 25);
    let calls: Vec<_> = (1..=30).map(|id| tell(&id.to_string(), 7)).collect();
    let answers = vk.perform(&calls, &Stop::never());
    let expected: Vec<_> = (1..=30).map(|_| Ok(Answer::Told { dialog: None })).collect();
    assert_eq!(answers, expected);
    let sizes: Vec<_> = server.seen().iter().map(|seen| seen.calls().len()).collect();
    assert_eq!(sizes, [25, 5]);
}

#[test]
fn who_cannot_be_written_to_is_refused_for_good() {
    for code in [18, 30, 900, 901, 902, 932, 936, 945, 950, 985, 987, 988, 1012, 1017, 1021] {
        let error = json!({ "code": code, "description": "no" });
        let inside = ok(json!([{ "peer_id": 5, "error": error }]));
        for reply in [refusal(code, "no"), inside] {
            let server = Server::replies(vec![reply]);
            let failure = one(&*server.vk(), tell("5", 7)).unwrap_err();
            assert_eq!((failure.class, failure.code), (Class::Never, format!("vk.{code}")));
            assert_eq!(server.seen().len(), 1);
        }
    }
}

#[test]
fn one_refusal_of_a_batch_is_of_one_person() {
    let server = Server::new(|_| {
        let error = json!({ "method": "messages.send", "error_code": 901, "error_msg": "no" });
        let refused = json!([{ "peer_id": 3, "error": { "code": 902, "description": "no" } }]);
        Json(json!({ "response": [arrived(1), false, refused], "execute_errors": [error] }))
    });
    let answers = server.vk().perform(&[tell("1", 7), tell("2", 7), tell("3", 7)], &Stop::never());
    assert_eq!(answers[0], Ok(Answer::Told { dialog: None }));
    let codes: Vec<_> = answers[1..].iter().map(|a| a.as_ref().unwrap_err().code.clone()).collect();
    assert_eq!(codes, ["vk.901", "vk.902"]);
}

#[test]
fn a_lost_message_is_sent_again_as_the_same_one() {
    for fault in [|| Nothing, || Half, || Page(502, "<html>"), || ok(json!(null))] {
        let mut turn = 0;
        let server = Server::new(move |_| {
            turn += 1;
            if turn == 1 { fault() } else { ok(json!([arrived(1), arrived(2)])) }
        });
        let answers = server.vk().perform(&[tell("1", 8), tell("2", 9)], &Stop::never());
        assert!(answers.iter().all(Result::is_ok), "{answers:?}");
        let seen = server.seen();
        assert_eq!(seen.len(), 2);
        assert_eq!(seen[0].calls(), seen[1].calls(), "with the same numbers");
    }
}

#[test]
fn messages_are_found_by_their_link_among_those_of_the_community() {
    let item = |from: i64, text: &str| json!({ "id": 1, "from_id": from, "text": text, "out": 1 });
    let ours = "1А\nhttps://vk.me/join/abc";
    let server = Server::new(move |seen| {
        let dialogs = seen.calls().into_iter().map(|(method, call)| {
            assert_eq!(method, "messages.getHistory");
            match call["peer_id"].as_str() {
                "1" => json!({ "count": 2, "items": [item(1, "спасибо"), item(-77, ours)] }),
                "2" => json!({ "count": 1, "items": [item(2, ours)] }),
                "3" => json!({ "count": 1, "items": [item(-77, "https://vk.me/join/ab")] }),
                "4" => json!({ "count": 1, "items": [{ "id": 1, "text": ours }] }),
                _ => json!({ "count": 0, "items": [] }),
            }
        });
        ok(dialogs.collect())
    });
    let calls: Vec<_> = (1..=5).map(|id| find_message(&id.to_string())).collect();
    let answers = server.vk().perform(&calls, &Stop::never());
    let expected = [true, false, false, false, false].map(|found| Ok(Answer::Found(found)));
    assert_eq!(answers, expected);
    assert_eq!(server.seen().len(), 1);
    for (reply, class_) in [
        (refusal(15, "Access denied"), Class::Never),
        (refusal(936, "Conversation does not exist"), Class::Never),
        (ok(json!({ "count": 0 })), Class::RetryLater),
    ] {
        let found = one(&*Server::replies(vec![reply]).vk(), find_message("5"));
        assert_eq!(class(&found), Some(class_), "{found:?}");
    }
}

#[test]
fn a_message_that_stays_lost_is_in_doubt() {
    let mut turn = 0;
    let server = Server::new(move |_| {
        turn += 1;
        if turn == 2 { refusal(10, "Internal server error") } else { Nothing }
    });
    assert_eq!(class(&one(&*server.vk(), tell("5", 7))), Some(Class::Lost));
    assert_eq!(server.seen().len(), 4);

    // Busy afterwards does not mean that it was not sent before.
    let mut turn = 0;
    let server = Server::new(move |_| {
        turn += 1;
        if turn == 1 { Nothing } else { refusal(10, "Internal server error") }
    });
    assert_eq!(class(&one(&*server.vk(), tell("5", 7))), Some(Class::Lost));
}

#[test]
fn a_message_without_a_number_is_never_repeated() {
    let post = || Call::SendMessage { chat: s("3"), text: s("!"), once: 0 };
    for call in [tell("5", 0), post()] {
        // An error inside VK does not tell whether the message was sent before it.
        for fault in [|| Nothing, || refusal(10, "Internal server error")] {
            let server = Server::new(move |_| fault());
            assert_eq!(class(&one(&*server.vk(), call.clone())), Some(Class::Lost), "{call:?}");
            assert_eq!(server.seen().len(), 1, "{call:?}");
        }
    }
}

#[test]
fn a_cancel_leaves_a_lost_message_in_doubt() {
    let server = Server::new(|_| Hang);
    let stop = Stop::new(Arc::default(), Some(Instant::now() + Duration::from_millis(300)));
    let answers = server.vk().perform(&[tell("5", 7)], &stop);
    assert_eq!(class(&answers[0]), Some(Class::Lost), "and not merely stopped");
}

#[test]
fn messages_reads_and_changes_share_no_request() {
    let server = Server::new(|seen| match seen.calls()[0].0.as_str() {
        "messages.send" => ok(arrived(1)),
        "messages.getConversationMembers" => ok(json!({ "count": 0, "items": [] })),
        _ => Nothing,
    });
    let answers = server.vk().perform(&[add("1"), tell("5", 7), members()], &Stop::never());
    let classes: Vec<_> = answers.iter().map(class).collect();
    assert_eq!(classes, [Some(Class::Lost), None, None]);
    let expected = ["messages.getConversationMembers", "messages.send", "messages.addChatUser"];
    assert_eq!(server.methods(), expected);
}
