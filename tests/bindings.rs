//! Every binding holds the same conversation with the built library, by its real toolchain.
//!
//! `conversation/steps.json` is what a host says, `conversation/golden.json` what it is answered.
//! `ZVONOK_BLESS=1 cargo test --test bindings python` writes the latter, by the Python host.
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
    let steps = scene.at("steps.json");
    std::fs::write(&steps, scene.filled(STEPS)).expect("the steps");
    let output = hosts::run(host, &[shipped::library(), &steps]);
    golden::masked(&scene, &output)
}

/// …and compares it with the golden one.
fn goes_the_same_way(host: Command) {
    golden::same(&hold(host), &golden::golden());
}

#[test]
fn the_conversation_goes_the_same_way_in_python() {
    let host = hosts::python("conversation/runners/runner.py");
    if golden::blessing() {
        golden::bless(&hold(host));
        return;
    }
    goes_the_same_way(host);
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
