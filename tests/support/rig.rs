//! A school, a messenger and a state file as tests of trouble have them.
#![allow(dead_code, reason = "each file of tests needs its own part of this")]

use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};
use tempfile::TempDir;
use zvonok::error::{Code, Error};
use zvonok::host::{Host, Level, Phase};
use zvonok::session::{Cancel, Session};

use crate::support::Messenger;

/// What a cycle came to.
pub(crate) type Outcome = Result<(Code, Value), Error>;

/// One installation: its messenger, its folder, its configuration.
pub(crate) struct Rig {
    pub(crate) messenger: Messenger,
    pub(crate) folder: TempDir,
    pub(crate) config: Value,
    /// Every line that the library logged.
    pub(crate) log: Arc<Mutex<String>>,
    session: Option<Session>,
}

impl Rig {
    /// A messenger of its own with the rights of a partner, where members can be added.
    pub(crate) fn new() -> Rig {
        Rig::with(&["--mode", "partner"])
    }

    pub(crate) fn with(arguments: &[&str]) -> Rig {
        let messenger = Messenger::start(arguments);
        let folder = tempfile::tempdir().expect("a folder");
        let config = config(&messenger, folder.path().join("zvonok.db"));
        Rig::on(messenger, folder, config)
    }

    /// A messenger and a folder that are there already.
    pub(crate) fn on(messenger: Messenger, folder: TempDir, config: Value) -> Rig {
        Rig { messenger, folder, config, log: Arc::default(), session: None }
    }

    /// Changes the configuration; the next cycle opens a new session.
    pub(crate) fn set(&mut self, pointer: &str, value: Value) {
        let (parent, key) = pointer.rsplit_once('/').expect("a pointer");
        self.config.pointer_mut(parent).expect("a place")[key] = value;
        self.session = None;
    }

    pub(crate) fn state_file(&self) -> PathBuf {
        PathBuf::from(self.config["state"].as_str().expect("a path"))
    }

    /// A session of the present configuration.
    pub(crate) fn open(&self) -> Result<Session, Error> {
        self.open_for(Cancel::default(), |_, _| true)
    }

    /// The same, with a say in whether it goes on.
    pub(crate) fn open_for(
        &self,
        cancel: Cancel,
        go_on: impl Fn(Phase, u32) -> bool + Send + 'static,
    ) -> Result<Session, Error> {
        let host = Listener { log: self.log.clone(), go_on: Box::new(go_on) };
        Session::open(&self.config.to_string(), Box::new(host), cancel)
    }

    /// Forgets the open session, as a host that ends does.
    pub(crate) fn reopen(&mut self) {
        self.session = None;
    }

    /// A cycle at `now` in the session that stays open between cycles.
    pub(crate) fn sync(&mut self, roster: &Value, now: &str) -> Outcome {
        self.sync_with(roster, now, json!({}))
    }

    pub(crate) fn sync_with(&mut self, roster: &Value, now: &str, options: Value) -> Outcome {
        if self.session.is_none() {
            self.session = Some(self.open()?);
        }
        let session = self.session.as_mut().expect("just opened");
        session.sync(roster.to_string().as_bytes(), &with_now(now, options))
    }

    /// A cycle that must end with this code.
    pub(crate) fn expect(&mut self, code: Code, roster: &Value, now: &str) -> Value {
        self.expect_with(code, roster, now, json!({}))
    }

    pub(crate) fn expect_with(
        &mut self,
        code: Code,
        roster: &Value,
        now: &str,
        options: Value,
    ) -> Value {
        match self.sync_with(roster, now, options) {
            Ok((found, report)) => {
                assert_eq!(found, code, "{report:#}\n{}", self.log.lock().unwrap());
                report
            }
            Err(error) => panic!("{error:?}\n{}", self.log.lock().unwrap()),
        }
    }

    /// A cycle that must end with an error of this code.
    pub(crate) fn expect_error(&mut self, code: Code, roster: &Value, now: &str) -> Error {
        let error = self.sync(roster, now).expect_err("an error");
        assert_eq!(error.code, code, "{error:?}");
        error
    }

    pub(crate) fn fault(&self, matching: Value, deed: Value) {
        let mut order = deed;
        order["match"] = matching;
        self.messenger.does("faults", order);
    }

    /// Who is in which chat, as the messenger sees it.
    pub(crate) fn world(&self) -> World {
        world(&self.messenger)
    }

    /// Requests that changed something since the counters were reset.
    pub(crate) fn changing(&self) -> u64 {
        self.messenger.look("counters")["changing"].as_u64().expect("a number")
    }

    pub(crate) fn requests(&self) -> u64 {
        self.messenger.look("counters")["requests"].as_u64().expect("a number")
    }

    pub(crate) fn reset_counters(&self) {
        self.messenger.does("counters/reset", json!({}));
    }

    /// The number by which the messenger knows the chat of a key.
    pub(crate) fn chat_id(&self, report: &Value, key: &str) -> i64 {
        let chat = chat(report, key);
        chat["platform_id"].as_str().and_then(|id| id.parse().ok()).unwrap_or_else(|| {
            panic!("{key} has no id: {chat}");
        })
    }

    /// The accounts in a chat but the community's.
    pub(crate) fn people(&self, chat_id: i64) -> Vec<i64> {
        let state = self.messenger.look("state");
        let chats = state["chats"].as_array().expect("a list");
        let chat = chats.iter().find(|chat| chat["chat_id"] == chat_id).expect("the chat");
        let ids = chat["members"].as_array().expect("a list").iter().map(|m| m["id"].as_i64());
        ids.flatten().filter(|id| *id > 0).collect()
    }

    pub(crate) fn admins(&self, chat_id: i64) -> Vec<i64> {
        let state = self.messenger.look("state");
        let chats = state["chats"].as_array().expect("a list");
        let chat = chats.iter().find(|chat| chat["chat_id"] == chat_id).expect("the chat");
        let members = chat["members"].as_array().expect("a list").iter();
        let admins = members.filter(|member| member["admin"] == true);
        admins.filter_map(|member| member["id"].as_i64()).filter(|id| *id > 0).collect()
    }
}

/// Title, then id and rights of each member, for every chat; two chats of one title are two rows.
pub(crate) type World = Vec<(String, Vec<(i64, bool)>)>;

pub(crate) fn world(messenger: &Messenger) -> World {
    let state = messenger.look("state");
    let member = |m: &Value| Some((m["id"].as_i64()?, m["admin"].as_bool()?));
    let chat = |chat: &Value| {
        let members = chat["members"].as_array().into_iter().flatten();
        let mut members: Vec<_> = members.filter_map(member).collect();
        members.sort_unstable();
        (chat["title"].as_str().unwrap_or_default().to_owned(), members)
    };
    let mut chats: World = state["chats"].as_array().into_iter().flatten().map(chat).collect();
    chats.sort();
    chats
}

pub(crate) fn config(messenger: &Messenger, state: PathBuf) -> Value {
    json!({
        "state": state,
        "profile": "paragraf",
        "platform": {
            "kind": "vk", "token": messenger.token, "base_url": messenger.address,
            "community": messenger.community.to_string(), "requests_per_second": 20,
        },
    })
}

pub(crate) fn with_now(now: &str, mut options: Value) -> String {
    options["now"] = json!(now);
    options.to_string()
}

/// A moment of September 2026 in Moscow.
pub(crate) fn at(day: u32, time: &str) -> String {
    format!("2026-09-{day:02}T{time}:00+03:00")
}

/// The chat of a key in a report.
pub(crate) fn chat<'r>(report: &'r Value, key: &str) -> &'r Value {
    let chats = report["chats"].as_array().expect("chats");
    chats.iter().find(|chat| chat["key"] == key).unwrap_or_else(|| panic!("{key}: {report:#}"))
}

/// A host that writes everything down.
struct Listener {
    log: Arc<Mutex<String>>,
    go_on: Box<dyn Fn(Phase, u32) -> bool + Send>,
}

impl Host for Listener {
    fn log(&self, level: Level, text: &str) {
        self.log.lock().unwrap().push_str(&format!("{level:?} {text}\n"));
    }

    fn progress(&self, phase: Phase, done: u32, _total: u32) -> bool {
        (self.go_on)(phase, done)
    }
}

/// Opens the state file beside the library, to look into it.
pub(crate) fn database(path: &std::path::Path) -> rusqlite::Connection {
    rusqlite::Connection::open(path).expect("the state file")
}

pub(crate) fn count(path: &std::path::Path, query: &str) -> i64 {
    database(path).query_row(query, [], |row| row.get(0)).expect("a number")
}
