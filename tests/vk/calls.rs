//! Calls: each start makes another one, so nothing about them is repeated but what VK refused.

use std::io::BufReader;
use std::net::TcpListener;
use std::time::Duration;

use serde_json::json;
use zvonok::platform::{Access, Answer, Call, Capability, Class};
use zvonok::stop::Stop;

use crate::server::Reply::{Half, Nothing, Page};
use crate::server::{Server, access, driver, head, ok, refusal, reply_to, request};
use crate::words::{CALL, class, finish, one, s};

const GROUP_AUTH: &str = "Group authorization failed: method is unavailable with group auth.";

#[test]
fn a_call_is_started_in_the_name_of_the_community_that_the_key_belongs_to() {
    let server = Server::new(|seen| match seen.method.as_str() {
        "groups.getById" => ok(json!({ "groups": [{ "id": 77, "name": "Школа 5" }] })),
        _ => ok(json!({ "join_link": "https://vk.com/call/join/a", "ok_join_link": "…",
            "call_id": CALL, "short_credentials": { "id": "1", "password": "2" } })),
    });
    let unnamed = driver(Access { community: String::new(), ..server.access() });
    let started = Answer::Call { id: s(CALL), join_url: s("https://vk.com/call/join/a") };
    assert_eq!(one(&*unnamed, Call::StartCall), Ok(started.clone()));
    assert_eq!(one(&*unnamed, Call::StartCall), Ok(started), "and another one");
    assert_eq!(server.methods(), ["groups.getById", "calls.start", "calls.start"]);
    assert!(server.seen()[1..].iter().all(|seen| seen.get("group_id") == "-77"));
}

#[test]
fn a_call_has_a_link_and_may_have_no_id() {
    let server = Server::replies(vec![ok(json!({ "join_link": "https://vk.com/call/join/a" }))]);
    let started = Answer::Call { id: s(""), join_url: s("https://vk.com/call/join/a") };
    assert_eq!(one(&*server.vk(), Call::StartCall), Ok(started));
    for strange in [json!({ "call_id": CALL }), json!({ "join_link": "" }), json!(1), json!(null)] {
        let server = Server::replies(vec![ok(strange.clone())]);
        let outcome = one(&*server.vk(), Call::StartCall);
        assert_eq!(class(&outcome), Some(Class::Lost), "one runs, but where? {strange}");
        assert_eq!(server.seen().len(), 1);
    }
}

#[test]
fn calls_never_share_a_request() {
    let mut turn = 0;
    let server = Server::new(move |_| {
        turn += 1;
        if turn == 1 { Nothing } else { ok(json!({ "call_id": CALL, "join_link": "https://l" })) }
    });
    let vk = server.vk();
    assert_eq!((vk.batch(&Call::StartCall), vk.batch(&finish())), (1, 1));
    let answers = vk.perform(&[Call::StartCall, Call::StartCall], &Stop::never());
    assert_eq!((class(&answers[0]), answers[1].is_ok()), (Some(Class::Lost), true));
    assert_eq!(server.methods(), ["calls.start", "calls.start"]);
}

#[test]
fn a_connection_that_vk_closed_in_the_meantime_loses_no_call() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let vk = driver(access(&format!("http://{}", listener.local_addr().unwrap())));
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let stream = stream.unwrap();
            let mut reader = BufReader::new(&stream);
            let (target, headers) = head(&mut reader).unwrap();
            request(&mut reader, &target, headers).unwrap();
            reply_to(&stream, &ok(json!({ "call_id": CALL, "join_link": "https://l" }))).unwrap();
        }
    });
    for _ in 0..3 {
        let outcome = one(&*vk, Call::StartCall);
        assert!(outcome.is_ok(), "{outcome:?}");
        std::thread::sleep(Duration::from_millis(100));
    }
    assert_eq!(vk.counters().sent, 3);
}

#[test]
fn a_start_that_vk_did_not_take_is_tried_again() {
    let started = || ok(json!({ "call_id": CALL, "join_link": "https://l" }));
    let server = Server::replies(vec![refusal(6, "Too many requests per second"), started()]);
    assert!(one(&*server.vk(), Call::StartCall).is_ok());
    assert_eq!(server.seen().len(), 2);
}

#[test]
fn a_call_that_is_over_counts_as_finished() {
    for code in [100, 104] {
        let server = Server::new(move |_| refusal(code, "call_id is not a running call"));
        assert_eq!(one(&*server.vk(), finish()), Ok(Answer::Done));
        assert_eq!(server.seen().len(), 1);
    }
    let server = Server::replies(vec![Nothing, ok(json!(1))]);
    let vk = server.vk();
    assert_eq!(class(&one(&*vk, finish())), Some(Class::Lost));
    assert_eq!(one(&*vk, finish()), Ok(Answer::Done), "once more does no harm");
}

#[test]
fn calls_are_probed_with_a_request_that_can_change_nothing() {
    let probe = |server: &Server| server.vk().probe(Capability::StartCall, &Stop::never());
    for (code, says, open) in [
        (27, GROUP_AUTH, false),
        (5, "User authorization failed: method is unavailable with group auth.", false),
        (3, "Unknown method passed", false),
        (7, "Permission to perform this action is denied", false),
        (100, "One of the parameters specified was missing or invalid", true),
        (104, "Not found", true),
        (15, "Access denied", true),
    ] {
        let server = Server::new(move |_| refusal(code, says));
        assert_eq!(probe(&server), Ok(Some(open)), "{code}");
        assert_eq!(server.methods(), ["calls.forceFinish"]);
        assert_eq!(server.seen()[0].get("call_id"), "00000000-0000-0000-0000-000000000000");
    }
    assert_eq!(probe(&Server::replies(vec![ok(json!(1))])), Ok(Some(true)));
    let failure = probe(&Server::new(|_| refusal(5, "User authorization failed"))).unwrap_err();
    assert_eq!(failure.class, Class::TokenDead, "nothing was learned about calls");
    let server = Server::replies(vec![Half, Page(502, "<html>"), refusal(27, GROUP_AUTH)]);
    assert_eq!(probe(&server), Ok(Some(false)), "asking may be repeated");
}
