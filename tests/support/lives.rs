//! A host that lives for one cycle or one order in a process of its own, so that it can be killed at any
//! request.
#![allow(dead_code, reason = "each file of tests needs its own part of this")]

use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::{Value, json};
use tempfile::TempDir;
use zvonok::host::Silent;
use zvonok::session::{Cancel, Session};

use crate::support::Messenger;

/// What a child is told, in its environment.
const ORDERS: &str = "ZVONOK_TEST_LIFE";

/// The life of a child: it begins when its standard input says so and leaves code and reply in a
/// file.
#[allow(clippy::disallowed_methods, reason = "a child gets its orders from its environment")]
pub(crate) fn live() {
    let orders = std::env::var(ORDERS).expect("orders");
    let orders: Value = serde_json::from_str(&orders).expect("JSON");
    std::io::stdin().read_exact(&mut [0]).expect("a word");
    let cancel = Cancel::default();
    let mut session =
        Session::open(&orders["config"].to_string(), Box::new(Silent), cancel).expect("a session");
    let done = match orders["order"].as_object() {
        Some(_) => session.request(&orders["order"].to_string()),
        None => {
            let roster = std::fs::read(orders["roster"].as_str().expect("a path"));
            let options = orders["options"].to_string();
            session.sync(&roster.expect("a roster"), &options)
        }
    };
    let told = match done {
        Ok((code, report)) => json!({"code": code as i32, "report": report}),
        Err(error) => json!({"code": error.code as i32, "error": format!("{error:?}")}),
    };
    std::fs::write(orders["out"].as_str().expect("a path"), told.to_string()).expect("a file");
}

/// When a host dies.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Death {
    pub(crate) nth: usize,
    pub(crate) when: &'static str,
}

/// One installation in a folder of its own.
pub(crate) struct Home {
    pub(crate) folder: TempDir,
    pub(crate) messenger: Messenger,
    pub(crate) config: Value,
}

impl Home {
    /// Begins where `before` left off, or with nothing.
    pub(crate) fn new(
        before: Option<&Path>,
        config: impl Fn(&Messenger, PathBuf) -> Value,
    ) -> Home {
        let folder = tempfile::tempdir().expect("a folder");
        for name in ["world.json", "zvonok.db"] {
            if let Some(before) = before.map(|folder| folder.join(name)) {
                std::fs::copy(before, folder.path().join(name)).expect("a copy");
            }
        }
        let world = folder.path().join("world.json");
        let messenger = Messenger::start(&[
            "--mode",
            "partner",
            "--max-rate",
            "0",
            "--max-chat-rate",
            "0",
            "--state",
            world.to_str().expect("a path"),
        ]);
        let config = config(&messenger, folder.path().join("zvonok.db"));
        Home { folder, messenger, config }
    }

    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Runs a cycle in a child; `None` where it was killed.
    pub(crate) fn cycle(&self, roster: &Value, now: &str, death: Option<Death>) -> Option<Value> {
        let input = self.file("roster.json");
        std::fs::write(&input, roster.to_string()).expect("a file");
        let options = json!({"now": now, "detail": "operations"});
        self.life(json!({"roster": input, "options": options}), death)
    }

    /// Gives an order in a child; `None` where it was killed.
    pub(crate) fn order(&self, order: &Value, death: Option<Death>) -> Option<Value> {
        self.life(json!({"order": order}), death)
    }

    fn life(&self, mut orders: Value, death: Option<Death>) -> Option<Value> {
        let out = self.file("told.json");
        let _ = std::fs::remove_file(&out);
        orders["config"] = self.config.clone();
        orders["out"] = json!(out);
        let mut child = Command::new(std::env::current_exe().expect("this program"))
            .args(["--exact", "child", "--ignored", "--nocapture"])
            .env(ORDERS, orders.to_string())
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("a child");
        if let Some(Death { nth, when }) = death {
            let kill = json!({"pid": child.id(), "nth": nth, "when": when});
            self.messenger.does("kill_on", kill);
        }
        child.stdin.take().expect("a pipe").write_all(b"!").expect("it listens");
        child.wait().expect("it ends");
        let told = std::fs::read_to_string(&out).ok()?;
        Some(serde_json::from_str(&told).expect("JSON"))
    }
}
