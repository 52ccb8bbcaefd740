//! Putting people in, and finding out whether MAX lets a bot do it.

use serde_json::{Value, json};
use zvonok::platform::{Answer, Call, Capability, Class};
use zvonok::stop::Stop;

use crate::server::{Reply, Server, done, ok, refusal, undone};
use crate::words::{CHAT, add, bot, class, members, person, read_link, remove, s};

const ADD: &str = "POST /chats/{chatId}/members";

#[test]
fn people_of_one_chat_share_a_request() {
    let server = Server::new(|_| done());
    let max = server.max();
    assert_eq!((max.batch(&add("1")), max.batch(&remove("1"))), (100, 1));
    let mut calls: Vec<_> = (1..=250).map(|id| add(&id.to_string())).collect();
    calls.push(add("7"));
    calls.push(Call::AddMember { chat: s("-5"), account: s("7") });
    calls.push(remove("3"));
    let answers = max.perform(&calls, &Stop::never());
    assert_eq!(answers, vec![Ok(Answer::Done); 253]);
    let sizes: Vec<_> = server
        .seen()
        .iter()
        .map(|seen| (seen.ids[0] == -5, seen.body["user_ids"].as_array().map_or(0, Vec::len)))
        .collect();
    assert_eq!(sizes, [(false, 100), (false, 100), (false, 50), (true, 1), (false, 0)]);
}

#[test]
fn the_lists_of_the_failed_are_the_truth() {
    for success in [true, false] {
        let server = Server::new(move |_| {
            ok(json!({
                "success": success, "message": "not all", "failed_user_ids": [2, 3, 4, 5],
                "failed_user_details": [
                    { "error_code": "add.participant.privacy", "user_ids": [2] },
                    { "error_code": "add.participant.not.found", "user_ids": [3] },
                    { "error_code": "an.error.of.tomorrow", "user_ids": [4] },
                ],
            }))
        });
        let calls = ["1", "2", "3", "4", "5"].map(add);
        let answers = server.max().perform(&calls, &Stop::never());
        assert_eq!(answers[0], Ok(Answer::Done));
        let told = |at: usize| {
            let failure = answers[at].as_ref().unwrap_err();
            (failure.class, failure.code.as_str())
        };
        assert_eq!(told(1), (Class::Never, "max.add.participant.privacy"));
        assert_eq!(told(2), (Class::Never, "max.add.participant.not.found"));
        assert_eq!(told(3), (Class::Never, "max.an.error.of.tomorrow"));
        assert_eq!(told(4), (Class::Never, "max.undone"));
        assert_eq!(server.seen().len(), 1);
    }
}

#[test]
fn a_no_without_lists_is_compared_with_who_is_in() {
    let server = Server::new(|seen| match seen.route.as_str() {
        ADD => undone("Nothing to do"),
        _ => ok(json!({ "members": [person(1, false)] })),
    });
    let answers = server.max().perform(&[add("1"), add("2")], &Stop::never());
    assert_eq!(answers[0], Ok(Answer::Done), "was in already");
    assert_eq!(class(&answers[1]), Some(Class::Never));
    assert_eq!(server.seen()[1].get("user_ids"), "1,2");
}

#[test]
fn who_may_be_in_already_is_not_refused_unseen() {
    let server = Server::new(|seen| match seen.route.as_str() {
        ADD => undone("Nothing to do"),
        _ => refusal(403, "chat.denied", "no"),
    });
    let answers = server.max().perform(&[add("1"), add("2")], &Stop::never());
    assert!(answers.iter().all(|answer| class(answer) == Some(Class::MissingHere)), "{answers:?}");
}

#[test]
fn one_account_that_max_cannot_read_does_not_keep_the_others_out() {
    let server = Server::new(|seen| {
        let ids = seen.body["user_ids"].as_array().unwrap();
        if ids.contains(&json!(5)) {
            refusal(400, "proto.payload", "Can't deserialize body")
        } else {
            done()
        }
    });
    let calls: Vec<_> = (1..=8).map(|id| add(&id.to_string())).collect();
    let answers = server.max().perform(&calls, &Stop::never());
    let failed: Vec<_> = (1..=8).filter(|id| answers[id - 1].is_err()).collect();
    assert_eq!(failed, [5]);
    assert_eq!(class(&answers[4]), Some(Class::Never));
}

#[test]
fn a_refusal_of_all_is_asked_for_once() {
    for (status, code, expected) in [
        (403, "chat.denied", Class::Never),
        (404, "method.not.found", Class::Missing),
        (404, "chat.not.found", Class::ChatGone),
    ] {
        let server = Server::new(move |_| refusal(status, code, "permission.denied"));
        let calls: Vec<_> = (1..=8).map(|id| add(&id.to_string())).collect();
        let answers = server.max().perform(&calls, &Stop::never());
        assert!(answers.iter().all(|answer| class(answer) == Some(expected)), "{answers:?}");
        assert_eq!(server.seen().len(), 1);
    }
}

#[test]
fn a_lost_answer_leaves_all_of_its_request_in_doubt() {
    let server = Server::new(|_| Reply::Nothing);
    let answers = server.max().perform(&[add("1"), add("2")], &Stop::never());
    assert!(answers.iter().all(|answer| class(answer) == Some(Class::Lost)), "{answers:?}");
    assert_eq!(server.seen().len(), 1);
}

// The trial.

/// What a trial says where the request to add is answered so, after the members have been read.
fn trial(reply: Reply, in_chat: Value) -> (Result<Option<bool>, Class>, usize) {
    let server = Server::new(move |seen| match seen.route.as_str() {
        "GET /me" => ok(json!({ "user_id": 9001, "first_name": "Бот" })),
        ADD => {
            assert_eq!(seen.body, json!({ "user_ids": [9001] }), "nobody but the bot itself");
            assert_eq!(seen.ids[0].to_string(), CHAT);
            reply.clone()
        }
        _ => ok(json!({ "members": [in_chat] })),
    });
    let max = server.max();
    max.connect(&Stop::never()).unwrap();
    max.perform(&[members()], &Stop::never())[0].as_ref().unwrap();
    let outcome = max.probe(Capability::AddMembers, &Stop::never());
    let asked = server.routes().iter().filter(|route| *route == ADD).count();
    (outcome.map_err(|failure| failure.class), asked)
}

#[test]
fn adding_is_tried_with_the_bot_itself_in_a_chat_where_it_is() {
    let closed = "Insufficient access rights to perform this action";
    let details = json!([{ "error_code": "add.participant.privacy", "user_ids": [9001] }]);
    for (reply, open) in [
        (done(), true),
        (undone("Already a member"), true),
        (ok(json!({ "success": false, "message": "x", "failed_user_details": details })), true),
        (undone(closed), false),
        (refusal(404, "method.not.found", "Path is not recognized"), false),
        (refusal(403, "access.denied", "no more"), false),
        (refusal(403, "chat.denied", "permission.denied"), false),
        (refusal(405, "not.allowed", ""), false),
        (refusal(400, "proto.payload", ""), false),
        (Reply::Page(404, "<html>"), false),
    ] {
        assert_eq!(trial(reply, bot(9001)), (Ok(Some(open)), 1));
    }
    let (outcome, _) = trial(refusal(401, "verify.token", ""), bot(9001));
    assert_eq!(outcome, Err(Class::TokenDead), "nothing was learned about adding");
    let (outcome, tries) = trial(Reply::Nothing, bot(9001));
    assert_eq!((outcome, tries), (Err(Class::RetryNow), 4), "a trial may be repeated");
}

#[test]
fn without_a_chat_to_try_it_in_nothing_is_known() {
    assert_eq!(trial(done(), person(5002, true)), (Ok(None), 0), "the bot is not in there");
    assert_eq!(trial(done(), person(9001, false)), (Ok(None), 0), "the bot is no admin there");
    let mut lacking = bot(9001);
    lacking["permissions"] = json!(["write"]);
    assert_eq!(trial(done(), lacking), (Ok(None), 0), "a no would be about the right alone");
    let server = Server::new(|_| ok(json!({ "user_id": 9001, "first_name": "Бот" })));
    let max = server.max();
    assert_eq!(max.probe(Capability::AddMembers, &Stop::never()), Ok(None));
    assert!(max.perform(&[read_link()], &Stop::never())[0].is_err());
    assert!(!server.routes().iter().any(|route| route == ADD));
}
