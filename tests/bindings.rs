//! Every binding holds the same conversation with the built library, by its real toolchain.
//!
//! `conversation/steps.json` is what a host says, `conversation/golden.json` what it is answered. The
//! sample hosts all print `conversation/sample.txt`. `ZVONOK_BLESS=1 cargo test --test bindings python`
//! writes both anew, by the hosts in Python.
//!
//! A step has a `name` and what to `do`: `about`, `describe` (a `code`), `check`, `open`, `run_task`, `sync`,
//! `sync_path`, `request`, `reply`, `cancel`, `close`; `on` names the session, `file` and `json` are what the
//! call takes. Steps under `during` are done in the first callback of their `phase`; there `stop` is an
//! answer that cancels, `throw` the host's own exception. Words in braces are filled in by `scene.rs`.
#![cfg(all(target_os = "linux", feature = "cli"))]

#[path = "conversation/golden.rs"]
mod golden;
#[path = "conversation/hosts.rs"]
mod hosts;
#[path = "conversation/scene.rs"]
mod scene;
#[path = "support/shipped.rs"]
mod shipped;
mod support;

use std::path::Path;
use std::process::Command;

use scene::Scene;
use serde_json::{Value, json};
use zvonok::error::Code;

const STEPS: &str = include_str!("conversation/steps.json");

/// Holds the conversation by a host that takes the library and the steps.
fn hold(host: Command) -> Vec<Value> {
    let scene = Scene::new();
    // The messenger refuses the only change of a title once.
    let once = json!({"match": {"method": "messages.editChat", "nth": 1},
        "do": "error", "code": 15});
    scene.messenger.does("faults", once);
    let names = [shipped::library(), &scene.steps(STEPS)].map(shipped::seen);
    let output = hosts::run(host, &names.each_ref().map(Path::new));
    golden::masked(&scene, &output)
}

/// …and compares it with the golden one.
fn goes_the_same_way(host: Command) {
    golden::same(&hold(host), &golden::golden());
}

#[test]
fn the_conversation_goes_the_same_way_in_python() {
    let host = hosts::python("tests/conversation/runners/runner.py");
    if golden::blessing() {
        golden::bless(&hold(host));
        return;
    }
    goes_the_same_way(host);
}

#[test]
fn the_conversation_goes_the_same_way_in_cpp() {
    goes_the_same_way(hosts::cpp("tests/conversation/runners/runner.cpp"));
}

#[test]
fn the_conversation_goes_the_same_way_in_csharp() {
    goes_the_same_way(hosts::csharp("tests/conversation/runners/Runner.cs"));
}

#[test]
fn the_conversation_goes_the_same_way_in_java() {
    goes_the_same_way(hosts::java("tests/conversation/runners/Runner.java", "Runner"));
}

#[test]
fn the_conversation_goes_the_same_way_in_pascal() {
    goes_the_same_way(hosts::pascal("tests/conversation/runners/runner.pas"));
}

#[test]
fn the_conversation_goes_the_same_way_in_php() {
    goes_the_same_way(hosts::php("tests/conversation/runners/runner.php"));
}

/// Runs a sample host on the demo school and a messenger of its own; what it shows.
fn show(host: Command) -> String {
    let scene = Scene::new();
    let roster = scene.at("школа.json");
    let (address, token) = (&scene.messenger.max_address, &scene.messenger.max_token);
    let words = ["max", address, token].map(Path::new);
    golden::plain(&hosts::run(host, &[&[roster.as_path()], &words[..]].concat()))
}

fn shows_the_same(host: Command) {
    let (found, expected) = (show(host), golden::sample());
    for (found, expected) in found.lines().zip(expected.lines()) {
        assert_eq!(found, expected);
    }
    assert_eq!(found.lines().count(), expected.lines().count());
}

/// Sample hosts are told where the library is, but the one that is linked with it.
fn with_library(mut host: Command) -> Command {
    host.arg(shipped::library());
    host
}

#[test]
fn the_sample_host_in_python_shows_the_demo_school() {
    let host = with_library(hosts::python("bindings/python/sample/host.py"));
    if golden::blessing() {
        golden::bless_sample(&show(host));
        return;
    }
    shows_the_same(host);
}

#[test]
fn the_sample_host_in_cpp_shows_the_demo_school() {
    shows_the_same(hosts::cpp("bindings/cpp/sample/host.cpp"));
}

#[test]
fn the_sample_host_in_csharp_shows_the_demo_school() {
    shows_the_same(with_library(hosts::csharp("bindings/csharp/sample/Host.cs")));
}

#[test]
fn the_sample_host_in_java_shows_the_demo_school() {
    shows_the_same(with_library(hosts::java("bindings/java/sample/Host.java", "Host")));
}

#[test]
fn the_sample_host_in_php_shows_the_demo_school() {
    shows_the_same(with_library(hosts::php("bindings/php/sample/host.php")));
}

#[test]
fn the_sample_host_in_pascal_shows_the_demo_school() {
    shows_the_same(with_library(hosts::pascal("bindings/pascal/sample/host.pas")));
}

/// As Delphi from 2009 on, where `string` is UTF-16.
#[test]
fn the_sample_host_in_pascal_with_unicode_strings_shows_the_demo_school() {
    shows_the_same(with_library(hosts::pascal_unicode("bindings/pascal/sample/host.pas")));
}

/// Every code of the library is an answer of the conversation, the codes of failures in an error
/// that tells the same as its document.
#[test]
fn the_conversation_meets_every_code() {
    let answers = golden::golden();
    for code in Code::ALL {
        let met = |answer: &&Value| answer["code"] == code as i32 && answer["reply"].is_object();
        let mut met = answers.iter().filter(met);
        assert!(met.next().is_some(), "{}", code.name());
    }
    let failed = |answer: &&Value| answer["error"].is_object();
    for answer in answers.iter().filter(failed) {
        assert!(answer["code"].as_i64() < Some(0), "{answer}");
        let (error, reply) = (&answer["error"], &answer["reply"]);
        assert_eq!(error["en"], reply["message"]["en"]);
        for field in ["name", "faults", "retryable"] {
            assert!(reply[field].is_null() || reply[field] == error[field], "{answer}");
        }
    }
}
