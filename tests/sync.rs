//! One school, one messenger: the cycle from end to end.
#![cfg(feature = "cli")]

mod support;

use serde_json::{Value, json};
use support::Messenger;
use zvonok::host::Silent;
use zvonok::session::{Cancel, Session};

fn session(messenger: &Messenger, state: &std::path::Path) -> Session {
    let config = json!({
        "state": state,
        "profile": "paragraf",
        "platform": {
            "kind": "vk", "token": messenger.token, "base_url": messenger.address,
            "community": messenger.community.to_string(), "requests_per_second": 20,
        },
    });
    Session::open(&config.to_string(), Box::new(Silent), Cancel::default()).unwrap()
}

#[test]
fn a_small_school_gets_its_chats() {
    let messenger = Messenger::start(&["--mode", "partner"]);
    let folder = tempfile::tempdir().unwrap();
    let mut session = session(&messenger, &folder.path().join("zvonok.db"));
    let roster = std::fs::read("tests/rosters/small.json").unwrap();
    let (code, report) = session.sync(&roster, r#"{"now":"2026-09-01T09:00:00+03:00"}"#).unwrap();
    println!("{code:?} {}", serde_json::to_string_pretty(&report).unwrap());
    let (code, report) = session.sync(&roster, r#"{"now":"2026-09-01T09:30:00+03:00"}"#).unwrap();
    println!("{code:?} {}", serde_json::to_string_pretty(&report["requests"]).unwrap());
    let _: Value = report;
}
