//! The sandbox's control interface: rate, faults, kills, the state file, and who may connect.
#![cfg(feature = "cli")]
#![allow(missing_docs, reason = "the names of the tests say it")]

mod support;

use std::io::{Read, Write};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use support::{Messenger, agent};

#[test]
fn more_than_the_rate_within_a_second_is_6_and_a_batch_counts_once() {
    let messenger = Messenger::start(&["--rate", "5"]);
    let calls = vec!["API.utils.getServerTime()"; 20].join(",");
    let code = format!("return [{calls}];");
    messenger.ok("execute", &[("code", &code)]);
    let answers: Vec<_> = (0..6).map(|_| messenger.vk("utils.getServerTime", &[])).collect();
    let refused = answers.iter().filter(|answer| answer["error"]["error_code"] == 6).count();
    assert_eq!(refused, 2);
    std::thread::sleep(Duration::from_millis(1_050));
    messenger.ok("utils.getServerTime", &[]);
}

#[test]
fn lost_requests_and_lost_answers_look_the_same_to_the_client() {
    let messenger = Messenger::start(&[]);
    let titles = || -> Vec<String> {
        let state = messenger.look("state");
        let chats = state["chats"].as_array().unwrap().iter();
        chats.map(|chat| chat["title"].as_str().unwrap().to_owned()).collect()
    };
    let fails = |title: &str| {
        let lost = messenger.vk_text("messages.createChat", &[("title", title)]);
        assert!(lost.is_err(), "{lost:?}");
    };
    let fault = |deed: &str| {
        let matching = json!({"method": "messages.createChat", "nth": 1});
        messenger.does("faults", json!({"match": matching, "do": deed}));
    };
    fault("drop_before");
    fails("before");
    assert!(titles().is_empty());
    fault("drop_after");
    fails("after");
    fault("truncate");
    fails("cut");
    assert_eq!(titles(), ["after", "cut"]);
    messenger.chat("well");
    let log = messenger.look("requests");
    let told: Vec<_> =
        (0..4).map(|i| (log[i]["result"].clone(), log[i]["fault"].clone())).collect();
    let word = |result: &str, fault: &str| (json!(result), json!(fault));
    assert_eq!(told[0], word("not applied", "drop_before"));
    assert_eq!(told[1], word("ok", "drop_after"));
    assert_eq!(told[2], word("ok", "truncate"));
    assert_eq!(told[3], (json!("ok"), Value::Null));
}

#[test]
fn a_server_out_of_order_answers_anything_but_json() {
    let messenger = Messenger::start(&[]);
    let time = || messenger.vk_text("utils.getServerTime", &[]).unwrap();
    messenger.does("faults", json!({"match": {}, "do": "html"}));
    assert!(time().starts_with("<!doctype html>"));
    messenger.clear_faults();
    messenger.does("faults", json!({"do": "http_500", "applied": true}));
    messenger.vk_text("messages.createChat", &[("title", "a")]).unwrap();
    assert_eq!(time(), "");
    messenger.clear_faults();
    assert_eq!(messenger.look("state")["chats"].as_array().unwrap().len(), 1);
    messenger.does("faults", json!({"do": "error", "code": 9, "match": {"count": 1}}));
    assert_eq!(messenger.code("utils.getServerTime", &[]), 9);
    messenger.does("faults", json!({"do": "delay", "ms": 300, "match": {"count": 1}}));
    let start = Instant::now();
    messenger.ok("utils.getServerTime", &[]);
    assert!(start.elapsed() >= Duration::from_millis(300));
    let misspelt = json!({"match": {}, "do": "drop_after", "nth": 3});
    assert_eq!(messenger.order("faults", &misspelt).0, 400);
    assert_eq!(messenger.order("faults", &json!({"do": "explode"})).0, 400);
}

#[test]
fn faults_are_counted_from_when_they_were_set() {
    let messenger = Messenger::start(&[]);
    let codes = |n: usize| -> Vec<bool> {
        let call = || messenger.vk("utils.getServerTime", &[]).get("error").is_some();
        (0..n).map(|_| call()).collect()
    };
    let set = |matching: Value| {
        messenger.clear_faults();
        messenger.does("faults", json!({"match": matching, "do": "error", "code": 10}));
    };
    codes(2);
    set(json!({"method": "utils.getServerTime", "nth": 2}));
    assert_eq!(codes(4), [false, true, false, false]);
    set(json!({"method": "*", "every": 2}));
    assert_eq!(codes(4), [false, true, false, true]);
    set(json!({"nth": 1, "every": 3, "count": 2}));
    assert_eq!(codes(7), [true, false, false, true, false, false, false]);
    set(json!({"method": "users.get"}));
    assert_eq!(codes(2), [false, false]);
}

#[test]
fn faults_reach_into_batches() {
    let messenger = Messenger::start(&[]);
    let code = "return [API.messages.createChat({title: 1}), API.messages.createChat({title: 2})];";
    let run = || messenger.vk_text("execute", &[("code", code)]);
    let matching = json!({"method": "messages.createChat", "nth": 2});
    let chats = || messenger.look("state")["chats"].as_array().unwrap().len();
    messenger.does("faults", json!({"match": matching, "do": "error", "code": 29}));
    let answer: Value = serde_json::from_str(&run().unwrap()).unwrap();
    assert_eq!(answer["response"][1], false);
    assert_eq!(answer["execute_errors"][0]["error_code"], 29);
    assert_eq!(chats(), 1);
    messenger.does("faults", json!({"match": matching, "do": "drop_before"}));
    assert!(run().is_err());
    assert_eq!(chats(), 2, "what came before the cut is done");
    messenger.does("faults", json!({"match": matching, "do": "drop_after"}));
    assert!(run().is_err());
    assert_eq!(chats(), 4);
}

#[test]
fn a_process_is_killed_at_the_request_it_was_doomed_to() {
    let messenger = Messenger::start(&[]);
    for (when, chats) in [("before", 1), ("after", 3)] {
        let mut victim = Command::new("sleep").arg("60").stdin(Stdio::null()).spawn().unwrap();
        messenger.does("kill_on", json!({"pid": victim.id(), "nth": 2, "when": when}));
        messenger.chat("first");
        assert_eq!(victim.try_wait().unwrap(), None);
        assert!(messenger.vk_text("messages.createChat", &[("title", "second")]).is_err());
        assert!(!victim.wait().unwrap().success());
        assert_eq!(messenger.look("state")["chats"].as_array().unwrap().len(), chats);
    }
    let suicide = json!({"pid": 0, "nth": 1, "when": "after"});
    assert_eq!(messenger.order("kill_on", &suicide).0, 400);
}

#[test]
fn the_state_survives_a_power_cut_and_belongs_to_one_community() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("messenger.json");
    let state = ["--state", file.to_str().unwrap()];
    let messenger = Messenger::start(&[&state[..], &["--community", "77"]].concat());
    let (id, _) = messenger.chat("7А");
    messenger.does("join", json!({"chat_id": id, "user": 300_000_000_001_i64}));
    messenger.does("people", json!({"id": 5, "privacy": true}));
    let before = messenger.look("state");
    messenger.cut_power();
    let messenger = Messenger::start(&state);
    assert_eq!(messenger.community, 77);
    let after = messenger.look("state");
    assert_eq!(before["chats"], after["chats"]);
    assert_eq!(before["people"], after["people"]);
    assert_eq!(messenger.chat("8А").0, 2);
    drop(messenger);
    let mut other = Command::new(env!("CARGO_BIN_EXE_zvonok"));
    let other = other.args(["sandbox", "--until-eof", "--community", "78"]).args(state);
    let other = other.stdin(Stdio::null()).output().unwrap();
    assert!(!other.status.success());
    assert!(String::from_utf8_lossy(&other.stderr).contains("belongs to community 77"));
}

#[test]
fn it_serves_this_machine_only() {
    let mut outside = Command::new(env!("CARGO_BIN_EXE_zvonok"));
    let outside = outside.args(["sandbox", "--until-eof", "--listen", "0.0.0.0:0"]);
    let outside = outside.stdin(Stdio::null()).output().unwrap();
    assert!(!outside.status.success());
    assert!(outside.stdout.is_empty());
    let messenger = Messenger::start(&[]);
    let url = format!("{}/sandbox/state", messenger.address);
    let foreign = agent().get(&url).header("Host", "rebound.example").call().unwrap();
    assert_eq!(foreign.status(), 403);
    let foreign = agent().get(&url).header("Origin", "http://elsewhere.example").call().unwrap();
    assert_eq!(foreign.status(), 403);
    let url = format!("{}/sandbox/kill_on", messenger.address);
    let plain = agent().post(&url).content_type("text/plain").send("{}").unwrap();
    assert_eq!(plain.status(), 415);
}

#[test]
fn it_ends_with_its_standard_input() {
    let mut child = Command::new(env!("CARGO_BIN_EXE_zvonok"))
        .args(["sandbox", "--until-eof"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    std::thread::sleep(Duration::from_millis(200));
    assert_eq!(child.try_wait().unwrap(), None);
    drop(child.stdin.take());
    assert!(child.wait().unwrap().success());
}

#[test]
fn news_come_as_soon_as_something_happens() {
    let messenger = Messenger::start(&[]);
    let version = messenger.look("events?since=0")["version"].as_u64().unwrap();
    assert_eq!(messenger.look(&format!("events?since={version}&wait=0"))["version"], version);
    let start = Instant::now();
    std::thread::scope(|scope| {
        let waiting = scope.spawn(|| messenger.look(&format!("events?since={version}")));
        std::thread::sleep(Duration::from_millis(100));
        messenger.does("people", json!({"id": 5}));
        assert!(waiting.join().unwrap()["version"].as_u64().unwrap() > version);
    });
    assert!(start.elapsed() < Duration::from_secs(10));
}

#[test]
fn a_body_that_says_nothing_and_comes_late_does_not_end_the_connection() {
    let messenger = Messenger::start(&[]);
    let host = messenger.address.strip_prefix("http://").unwrap();
    let mut stream = std::net::TcpStream::connect(host).unwrap();
    let head = "POST /sandbox/counters/reset HTTP/1.1";
    write!(stream, "{head}\r\nHost: {host}\r\nContent-Length: 2\r\n\r\n").unwrap();
    std::thread::sleep(Duration::from_millis(200));
    let tail = "GET /sandbox/counters HTTP/1.1\r\nConnection: close";
    // Where the connection is closed already, the answers show it.
    let _ = write!(stream, "{{}}{tail}\r\nHost: {host}\r\n\r\n");
    let mut answers = String::new();
    let _ = stream.read_to_string(&mut answers);
    assert_eq!(answers.matches("HTTP/1.1 200 OK").count(), 2, "{answers}");
}
