//! Refusals, lost answers, silence, cancels and the rate.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use zvonok::platform::{Access, Answer, Call, Class};
use zvonok::stop::Stop;

use crate::refusing::Refusing;
use crate::server::Reply::{Half, Hang, Nothing, Page};
use crate::server::{Server, access, driver, ok, refusal};
use crate::words::{
    add, class, create, find_post, finish, members, one, pin, remove, rename, role, s, send, unpin,
};

#[test]
fn every_error_of_vk_comes_to_its_class() {
    let table: Value = serde_json::from_str(include_str!("errors.json")).unwrap();
    std::thread::scope(|scope| {
        for case in table["cases"].as_array().unwrap() {
            scope.spawn(move || must_come_to_its_class(case));
        }
    });
}

fn must_come_to_its_class(case: &Value) {
    let (code, says) = (case["code"].as_i64().unwrap(), s(case["says"].as_str().unwrap()));
    let said = says.clone();
    let server = Server::new(move |_| refusal(code, &said));
    let call = match case["call"].as_str().unwrap() {
        "add" => add("5"),
        "role" => role(true),
        "create" => create(),
        "rename" => rename(),
        "members" => members(),
        "start" => Call::StartCall,
        "finish" => finish(),
        "pin" => pin(),
        "post" => find_post(),
        _ => send(),
    };
    let failure = one(&*server.vk(), call).unwrap_err();
    assert_eq!(format!("{:?}", failure.class), case["class"].as_str().unwrap(), "{case}");
    assert_eq!(failure.code, format!("vk.{code}"));
    assert_eq!(failure.after.as_secs(), case["after"].as_u64().unwrap_or(0), "{case}");
    assert_eq!(server.seen().len() as u64, case["tries"].as_u64().unwrap(), "{case}");
    assert!(failure.message.en.contains(&says), "{failure:?}");
    assert!(failure.message.ru.chars().any(|c| ('а'..='я').contains(&c)), "{failure:?}");
}

#[test]
fn removing_somebody_who_is_not_there_is_done() {
    let server = Server::new(|_| refusal(935, "User not found in chat"));
    assert_eq!(one(&*server.vk(), remove("5")), Ok(Answer::Done));
}

#[test]
fn whatever_is_asked_of_a_chat_that_has_ended_it_is_gone() {
    let peer = || s("3");
    let calls = [
        rename(),
        add("5"),
        remove("5"),
        role(true),
        role(false),
        members(),
        send(),
        Call::ReadLink { chat: peer() },
        Call::RotateLink { chat: peer() },
        find_post(),
        pin(),
        unpin(None),
    ];
    for code in [993, 1012, 1017] {
        let server = Server::new(move |_| refusal(code, "It is over"));
        let vk = server.vk();
        for call in &calls {
            let failure = one(&*vk, call.clone()).unwrap_err();
            let told = (failure.class, failure.code);
            assert_eq!(told, (Class::ChatGone, format!("vk.{code}")), "{call:?}");
        }
        assert_eq!(server.seen().len(), calls.len(), "none is repeated");
        let chats = one(&*vk, Call::Chats { only: Some(vec![peer()]) });
        let Ok(Answer::Chats(found)) = chats else { panic!("{chats:?}") };
        assert_eq!(found[0].gone, Some(format!("vk.{code}")));
    }
}

#[test]
fn what_communities_have_no_method_for_is_missing_without_a_request() {
    let server = Server::new(|_| ok(json!(1)));
    for call in [Call::OwnRights { chat: s("3") }, Call::Events { marker: None }] {
        let failure = one(&*server.vk(), call).unwrap_err();
        assert_eq!((failure.class, failure.code.as_str()), (Class::Missing, "vk.not_offered"));
    }
    assert_eq!(server.seen().len(), 0);
}

#[test]
fn too_many_requests_are_repeated_a_second_later() {
    let server = Server::replies(vec![refusal(6, "Too many requests per second"), ok(json!(1))]);
    let (vk, begin) = (server.vk(), Instant::now());
    assert_eq!(one(&*vk, add("5")), Ok(Answer::Done));
    assert!(begin.elapsed() >= Duration::from_secs(1));
    assert_eq!((vk.counters().sent, vk.counters().retried), (2, 1));
}

#[test]
fn a_change_without_an_answer_is_lost_and_never_repeated() {
    for fault in
        [|| Nothing, || Half, || Page(502, "<html>bad gateway</html>"), || Page(200, "<html>")]
    {
        let calls = [create(), add("5"), remove("5"), send(), Call::RotateLink { chat: s("3") }];
        for call in calls.into_iter().chain([Call::StartCall, finish(), pin(), unpin(None)]) {
            let server = Server::new(move |_| fault());
            let outcome = one(&*server.vk(), call.clone());
            assert_eq!(class(&outcome), Some(Class::Lost), "{call:?} {outcome:?}");
            assert_eq!(server.seen().len(), 1, "{call:?}");
        }
    }
}

#[test]
fn a_read_without_an_answer_is_repeated() {
    let server =
        Server::replies(vec![Nothing, Half, Page(500, "<html>"), ok(json!({ "link": "l" }))]);
    let vk = server.vk();
    assert_eq!(one(&*vk, Call::ReadLink { chat: s("3") }), Ok(Answer::Link(s("l"))));
    assert_eq!((vk.counters().sent, vk.counters().retried), (4, 3));
}

#[test]
fn a_slow_answer_ends_at_the_time_limit() {
    let server = Server::new(|_| Hang);
    let vk = driver(Access { request_timeout: Duration::from_millis(400), ..server.access() });
    let begin = Instant::now();
    let failure = one(&*vk, add("5")).unwrap_err();
    assert_eq!((failure.class, failure.code.as_str()), (Class::Lost, "http.timeout"));
    assert!(begin.elapsed() < Duration::from_secs(2), "{:?}", begin.elapsed());
}

/// The https address of a server that speaks no TLS.
fn not_tls() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").unwrap();
            // What cannot be read is left to the caller to notice.
            let _ = stream.read_to_end(&mut Vec::new());
        }
    });
    format!("https://{address}")
}

#[test]
fn what_never_left_is_unreachable_even_for_a_change() {
    let closed = Refusing::new();
    let places = [
        (closed.url(), "http.connect"),
        (s("http://no-such-host.invalid"), "http.dns"),
        (not_tls(), "http.tls"),
    ];
    std::thread::scope(|scope| {
        for (url, code) in &places {
            scope.spawn(move || {
                let vk = driver(access(url));
                let failure = one(&*vk, create()).unwrap_err();
                assert_eq!((failure.class, failure.code.as_str()), (Class::Unreachable, *code));
                assert_eq!(vk.counters().sent, 0);
            });
        }
    });
}

#[test]
fn a_hanging_request_ends_soon_after_a_cancel() {
    for (call, expected) in [(members(), Class::Stopped), (add("5"), Class::Lost)] {
        let server = Server::new(|_| Hang);
        let (vk, stop) = (server.vk(), Stop::never());
        let cancelled = std::thread::scope(|scope| {
            let canceller = scope.spawn(|| {
                std::thread::sleep(Duration::from_millis(300));
                stop.cancel();
                Instant::now()
            });
            let outcome = vk.perform(std::slice::from_ref(&call), &stop).remove(0);
            let ended = Instant::now();
            assert_eq!(class(&outcome), Some(expected), "{outcome:?}");
            ended.duration_since(canceller.join().unwrap())
        });
        assert!(cancelled < Duration::from_secs(1), "{cancelled:?}");
    }
}

#[test]
fn no_request_takes_longer_than_the_budget_and_none_begins_after_it() {
    let server = Server::new(|_| Hang);
    let (vk, begin) = (server.vk(), Instant::now());
    let stop = Stop::new(Arc::default(), Some(begin + Duration::from_millis(500)));
    assert_eq!(class(&vk.perform(&[members()], &stop)[0]), Some(Class::Stopped));
    assert!(begin.elapsed() < Duration::from_millis(1500));
    assert_eq!(class(&vk.perform(&[create()], &stop)[0]), Some(Class::Stopped));
    assert_eq!(server.seen().len(), 1);
}

#[test]
fn threads_together_keep_the_rate() {
    let server = Server::new(|_| ok(json!({ "link": "l" })));
    let vk = driver(Access { requests_per_second: 15, ..server.access() });
    let begin = Instant::now();
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for _ in 0..5 {
                    one(&*vk, Call::ReadLink { chat: s("3") }).unwrap();
                }
            });
        }
    });
    assert!(begin.elapsed() >= Duration::from_millis(19 * 67), "{:?}", begin.elapsed());
    assert!(vk.counters().waited_ms > 1000);
    assert_eq!(vk.counters().sent, 20);
}
