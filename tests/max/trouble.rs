//! Refusals, lost answers, silence, cancels and the rates.

use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use zvonok::platform::{Access, Answer, Call, Class};
use zvonok::stop::Stop;

use crate::refusing::Refusing;
use crate::server::Reply::{Half, Hang, Json, Nothing, Page, Wait};
use crate::server::{Reply, Server, access, done, driver, ok, refusal};
use crate::words::{
    CHAT, add, class, events, find_post, group, members, one, own_rights, pin, read_link, remove,
    rename, role, s, send, tell, unpin,
};

#[test]
fn every_error_of_max_comes_to_its_class() {
    let table: Value = serde_json::from_str(include_str!("errors.json")).unwrap();
    std::thread::scope(|scope| {
        for case in table["cases"].as_array().unwrap() {
            scope.spawn(move || must_come_to_its_class(case));
        }
    });
}

fn must_come_to_its_class(case: &Value) {
    let text = |name: &str| s(case[name].as_str().unwrap());
    let status = u16::try_from(case["status"].as_u64().unwrap()).unwrap();
    let reply = refusal(status, &text("code"), &text("says"));
    let server = Server::new(move |_| reply.clone());
    let call = match text("call").as_str() {
        "add" => add("5"),
        "remove" => remove("5"),
        "role" => role(true),
        "rename" => rename(),
        "members" => members(),
        "own" => own_rights(),
        "tell" => tell("5"),
        "events" => events(None),
        "pin" => pin(),
        "unpin" => unpin(None),
        "post" => find_post(),
        _ => send(),
    };
    let failure = one(&*server.max(), call).unwrap_err();
    assert_eq!(format!("{:?}", failure.class), text("class"), "{case}");
    let told = if case["told"].is_string() { text("told") } else { text("code") };
    assert_eq!(failure.code, format!("max.{told}"));
    assert_eq!(failure.after.as_secs(), case["after"].as_u64().unwrap_or(0), "{case}");
    // Where it may be so already, one read more looks.
    let looks = u64::from(case["checked"].as_bool().unwrap_or_default());
    assert_eq!(server.seen().len() as u64, case["tries"].as_u64().unwrap() + looks, "{case}");
    assert!(failure.message.en.contains(&text("says")), "{failure:?}");
    assert!(failure.message.ru.chars().any(|c| ('а'..='я').contains(&c)), "{failure:?}");
}

#[test]
fn too_many_requests_are_repeated_when_max_wants() {
    let many = json!({ "code": "too.many.requests", "message": "rate" });
    let cases = [
        (Json(429, many.clone()), 1000),
        (Page(429, "<html>too many"), 1000),
        (Wait(429, "2", many.clone()), 2000),
        (Wait(429, "Wed, 21 Oct 2026 07:28:00 GMT", many), 1000),
    ];
    std::thread::scope(|scope| {
        for (reply, least) in cases {
            scope.spawn(move || must_be_repeated_after(reply, Duration::from_millis(least)));
        }
    });
}

/// Not done is not done: even a message may be repeated.
fn must_be_repeated_after(reply: Reply, least: Duration) {
    let answer = json!({ "message": { "body": { "mid": "mid.1" } } });
    let server = Server::replies(vec![reply, ok(answer)]);
    let max = server.max();
    assert_eq!(one(&*max, send()), Ok(Answer::Message(s("mid.1"))));
    let seen = server.seen();
    assert!(seen[1].at - seen[0].at >= least);
    assert_eq!((max.counters().sent, max.counters().retried), (2, 1));
}

#[test]
fn a_long_pause_is_left_to_a_later_cycle() {
    let away = json!({ "code": "service.unavailable", "message": "maintenance" });
    for status in [429, 503] {
        let server = Server::replies(vec![Wait(status, "90", away.clone())]);
        let failure = one(&*server.max(), members()).unwrap_err();
        assert_eq!((failure.class, failure.after.as_secs()), (Class::RetryLater, 90));
        assert_eq!(server.seen().len(), 1);
    }
}

#[test]
fn a_change_without_an_answer_is_lost_and_never_repeated() {
    for fault in [Nothing, Half, Page(502, "<html>bad gateway</html>"), Page(200, "<html>")] {
        let calls = [rename(), add("5"), remove("5"), role(true), role(false), send(), tell("5")];
        for call in calls.into_iter().chain([pin(), unpin(None)]) {
            let fault = fault.clone();
            let server = Server::new(move |_| fault.clone());
            let outcome = one(&*server.max(), call.clone());
            assert_eq!(class(&outcome), Some(Class::Lost), "{call:?} {outcome:?}");
            assert_eq!(server.seen().len(), 1, "{call:?}");
        }
    }
}

#[test]
fn a_read_without_an_answer_is_repeated() {
    let server = Server::replies(vec![Nothing, Half, Page(500, "<html>"), ok(group(CHAT))]);
    let max = server.max();
    assert_eq!(one(&*max, read_link()), Ok(Answer::Link(s("https://max.ru/join/AbCdEf"))));
    assert_eq!((max.counters().sent, max.counters().retried), (4, 3));
}

#[test]
fn a_page_in_the_place_of_max_passes() {
    let server = Server::replies(vec![Page(403, "<html>blocked")]);
    let failure = one(&*server.max(), rename()).unwrap_err();
    assert_eq!((failure.class, failure.code.as_str()), (Class::RetryLater, "http.status"));
    let server = Server::replies(vec![Page(503, "<html>away"), done()]);
    assert_eq!(one(&*server.max(), remove("5")), Ok(Answer::Done));
    assert_eq!(server.seen().len(), 2);
}

#[test]
fn a_slow_answer_ends_at_the_time_limit() {
    let server = Server::new(|_| Hang);
    let max = driver(Access { request_timeout: Duration::from_millis(400), ..server.access() });
    let begin = Instant::now();
    let failure = one(&*max, remove("5")).unwrap_err();
    assert_eq!((failure.class, failure.code.as_str()), (Class::Lost, "http.timeout"));
    assert!(begin.elapsed() < Duration::from_secs(2), "{:?}", begin.elapsed());
}

#[test]
fn what_never_left_is_unreachable_even_for_a_change() {
    let closed = Refusing::new();
    let max = driver(access(&closed.url()));
    let failure = one(&*max, send()).unwrap_err();
    assert_eq!((failure.class, failure.code.as_str()), (Class::Unreachable, "http.connect"));
    assert_eq!(max.counters().sent, 0);
}

#[test]
fn a_hanging_request_ends_soon_after_a_cancel() {
    for (call, expected) in [(members(), Class::Stopped), (send(), Class::Lost)] {
        let server = Server::new(|_| Hang);
        let (max, stop) = (server.max(), Stop::never());
        std::thread::scope(|scope| {
            scope.spawn(|| {
                std::thread::sleep(Duration::from_millis(300));
                stop.cancel();
            });
            let begin = Instant::now();
            let outcome = max.perform(std::slice::from_ref(&call), &stop).remove(0);
            assert_eq!(class(&outcome), Some(expected), "{outcome:?}");
            assert!(begin.elapsed() < Duration::from_millis(1300), "{:?}", begin.elapsed());
        });
    }
}

#[test]
fn nothing_begins_after_the_budget_nor_waits_for_it() {
    let answer = json!({ "message": { "body": { "mid": "mid.1" } } });
    let server = Server::new(move |_| ok(answer.clone()));
    let max = server.max();
    let stop = Stop::new(Arc::default(), Some(Instant::now() + Duration::from_millis(300)));
    let answers = max.perform(&[send(), send()], &stop);
    assert!(answers[0].is_ok());
    assert_eq!(class(&answers[1]), Some(Class::Stopped), "its slot comes too late");
    assert_eq!(server.seen().len(), 1);
}

#[test]
fn one_chat_gets_two_messages_a_second_and_the_others_do_not_wait_for_it() {
    let answer = json!({ "message": { "body": { "mid": "mid.1" } } });
    let server = Server::new(move |_| ok(answer.clone()));
    let max = server.max();
    let to = |chat: i64| Call::SendMessage { chat: chat.to_string(), text: s("!"), once: 1 };
    let begin = Instant::now();
    let answers = max.perform(&(1..=9).map(|chat| to(-chat)).collect::<Vec<_>>(), &Stop::never());
    assert!(answers.iter().all(Result::is_ok));
    assert!(begin.elapsed() < Duration::from_millis(400), "{:?}", begin.elapsed());
    let begin = Instant::now();
    max.perform(&vec![to(-10); 4], &Stop::never());
    assert!(begin.elapsed() >= Duration::from_millis(1500), "{:?}", begin.elapsed());
    assert!(max.counters().waited_ms > 1000);
}

#[test]
fn one_person_gets_two_messages_a_second_and_the_others_do_not_wait_for_them() {
    let answer = json!({ "message": { "body": { "mid": "mid.1" } } });
    let server = Server::new(move |_| ok(answer.clone()));
    let max = server.max();
    let begin = Instant::now();
    let people: Vec<_> = (1..=9).map(|id| tell(&id.to_string())).collect();
    let answers = max.perform(&people, &Stop::never());
    assert!(answers.iter().all(Result::is_ok));
    assert!(begin.elapsed() < Duration::from_millis(400), "{:?}", begin.elapsed());
    let begin = Instant::now();
    max.perform(&vec![tell("10"); 3], &Stop::never());
    assert!(begin.elapsed() >= Duration::from_millis(1000), "{:?}", begin.elapsed());
}

#[test]
fn events_are_asked_for_twice_a_second_at_most() {
    let server = Server::new(|_| ok(json!({ "updates": [], "marker": 5 })));
    let (max, begin) = (server.max(), Instant::now());
    let answers = max.perform(&vec![events(Some("5")); 3], &Stop::never());
    assert!(answers.iter().all(Result::is_ok));
    assert!(begin.elapsed() >= Duration::from_millis(1000), "{:?}", begin.elapsed());
}

#[test]
fn threads_together_keep_the_rate() {
    let server = Server::new(|_| ok(group(CHAT)));
    let max = driver(Access { requests_per_second: 15, ..server.access() });
    let begin = Instant::now();
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| (0..4).for_each(|_| drop(one(&*max, read_link()).unwrap())));
        }
    });
    assert!(begin.elapsed() >= Duration::from_millis(15 * 67), "{:?}", begin.elapsed());
    assert_eq!(max.counters().sent, 16);
}
