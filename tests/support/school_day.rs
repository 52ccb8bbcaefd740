//! A school with its messenger: cycles at a clock of the test's own, and a look at what the
//! messenger then really holds.
#![allow(dead_code, reason = "each file of tests needs its own part of this")]

use std::collections::{BTreeMap, BTreeSet};

use jiff::{Span, Timestamp};
use serde_json::{Value, json};
use zvonok::error::{Code, Error};
use zvonok::host::Silent;
use zvonok::session::{Cancel, Session};

use crate::oracle::{self, Should};
use crate::support::Messenger;

/// A school, its messenger, its session and its clock.
pub(crate) struct Place {
    pub(crate) messenger: Messenger,
    pub(crate) session: Session,
    pub(crate) roster: Value,
    pub(crate) now: Timestamp,
    pub(crate) report: Value,
    profile: String,
    config: Value,
    _folder: tempfile::TempDir,
}

/// One chat as the messenger has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Seen {
    pub(crate) title: String,
    pub(crate) link: String,
    /// Accounts, without the community.
    pub(crate) members: BTreeSet<String>,
    pub(crate) admins: BTreeSet<String>,
}

impl Place {
    /// A school on the morning of a day (`2026-09-01`), with a messenger in one of its modes and
    /// more lines of configuration.
    pub(crate) fn open(profile: &str, mode: &str, roster: Value, day: &str, more: Value) -> Place {
        let messenger = Messenger::start(&["--mode", mode]);
        let folder = tempfile::tempdir().unwrap();
        let mut config = json!({
            "state": folder.path().join("zvonok.db"),
            "profile": profile,
            "platform": {
                "kind": "vk", "token": messenger.token, "base_url": messenger.address,
                "community": messenger.community.to_string(),
            },
        });
        extend(&mut config, more);
        let session = opened(&config);
        let now = format!("{day}T08:00:00+03:00").parse().unwrap();
        let (profile, report) = (profile.to_owned(), Value::Null);
        Place { messenger, session, roster, now, report, profile, config, _folder: folder }
    }

    /// Opens the session anew with more lines of configuration.
    pub(crate) fn reopen(&mut self, more: Value) {
        extend(&mut self.config, more);
        self.session = opened(&self.config);
    }

    /// Time passes.
    pub(crate) fn pass(&mut self, span: Span) {
        self.now = self.now.checked_add(span).unwrap();
    }

    /// The day in the school's zone, Moscow.
    pub(crate) fn today(&self) -> String {
        let zone = jiff::tz::TimeZone::fixed(jiff::tz::offset(3));
        self.now.to_zoned(zone).date().to_string()
    }

    /// A cycle that must not fail.
    pub(crate) fn sync(&mut self) -> Code {
        self.sync_with(json!({}))
    }

    /// A cycle with options that must not fail; the report is kept.
    pub(crate) fn sync_with(&mut self, options: Value) -> Code {
        let result = self.try_sync(options);
        let (code, report) = result.unwrap_or_else(|e| panic!("{e}: {:?}", e.faults));
        self.report = report;
        code
    }

    /// A cycle.
    pub(crate) fn try_sync(&mut self, options: Value) -> Result<(Code, Value), Error> {
        let mut all = json!({"now": self.now.to_string()});
        extend(&mut all, options);
        self.session.sync(self.roster.to_string().as_bytes(), &all.to_string())
    }

    /// A chat in the report.
    pub(crate) fn chat(&self, key: &str) -> &Value {
        self.find_chat(key).unwrap_or_else(|| panic!("{key} is not in {}", self.report["chats"]))
    }

    pub(crate) fn find_chat(&self, key: &str) -> Option<&Value> {
        self.report["chats"].as_array().unwrap().iter().find(|chat| chat["key"] == key)
    }

    /// What the messenger holds, by the chat's key in the report; whatever has no key is an error.
    pub(crate) fn look(&self) -> BTreeMap<String, Seen> {
        let state = self.messenger.look("state");
        let own = (-self.messenger.community).to_string();
        let chats = state["chats"].as_array().unwrap().iter();
        chats.map(|chat| (self.key_of(chat), seen(chat, &own))).collect()
    }

    fn key_of(&self, chat: &Value) -> String {
        let id = chat["chat_id"].to_string();
        let mut rows = self.report["chats"].as_array().unwrap().iter();
        let row = rows.find(|row| row["platform_id"] == id.as_str());
        let row = row.unwrap_or_else(|| panic!("nobody knows of {id} in {}", self.report));
        row["key"].as_str().unwrap().to_owned()
    }

    /// The chat with this key as the messenger has it.
    pub(crate) fn seen(&self, key: &str) -> Seen {
        self.look().remove(key).unwrap_or_else(|| panic!("{key} is not in the messenger"))
    }

    /// Whom the messenger knows under this account: the person's first one there.
    pub(crate) fn account(&self, person: &str) -> String {
        oracle::account(&self.roster, person, "vk").unwrap_or_else(|| panic!("{person} has none"))
    }

    /// The accounts of people.
    pub(crate) fn accounts(&self, people: &[&str]) -> BTreeSet<String> {
        people.iter().map(|who| self.account(who)).collect()
    }

    /// What should be, by the second computation.
    pub(crate) fn plain(&self) -> BTreeMap<String, oracle::Chat> {
        oracle::chats(&self.profile, &self.roster, &self.today())
    }

    /// Asserts that every chat holds exactly those who belong there, with exactly their rights and
    /// its title, and that the report says so.
    pub(crate) fn must_agree(&self, case: &str) {
        let (plain, seen) = (self.plain(), self.look());
        for (key, chat) in &plain {
            let Some(found) = seen.get(key) else {
                assert_ne!(chat.should, Should::Be, "{case}: {key} was not made");
                continue;
            };
            let state = &self.chat(key)["state"];
            if chat.should == Should::Rest {
                assert_eq!(state, "archived", "{case}: {key}");
                continue;
            }
            assert_eq!(state, "active", "{case}: {key}");
            assert_eq!(found.title, chat.title, "{case}: {key}");
            same(&found.members, &chat.accounts(&self.roster, "vk"), &format!("{case}: {key}"));
            let admins = chat.admin_accounts(&self.roster, "vk");
            same(&found.admins, &admins, &format!("{case}: admins of {key}"));
            self.must_tell(key, chat, case);
        }
        for key in seen.keys().filter(|key| !plain.contains_key(*key)) {
            assert_eq!(self.chat(key)["state"], "archived", "{case}: {key}");
        }
    }

    /// The report counts people, not accounts: two who share a phone are two.
    fn must_tell(&self, key: &str, chat: &oracle::Chat, case: &str) {
        let linked = |people: &BTreeSet<String>| {
            people.iter().filter(|who| oracle::account(&self.roster, who, "vk").is_some()).count()
        };
        let (all, in_it) = (chat.members.len(), linked(&chat.members));
        let members = json!({"desired": all, "linked": in_it, "invited": 0, "joined": in_it,
            "strangers": 0});
        assert_eq!(self.chat(key)["members"], members, "{case}: {key}");
        let admins = json!({"desired": chat.admins.len(), "granted": linked(&chat.admins)});
        assert_eq!(self.chat(key)["admins"], admins, "{case}: {key}");
    }
}

fn opened(config: &Value) -> Session {
    let session = Session::open(&config.to_string(), Box::new(Silent), Cancel::default());
    session.unwrap_or_else(|error| panic!("{error}: {:?}", error.faults))
}

fn extend(object: &mut Value, more: Value) {
    let Value::Object(more) = more else { panic!("an object, not {more}") };
    object.as_object_mut().expect("an object").extend(more);
}

/// Compares sets of accounts and tells only the difference.
pub(crate) fn same(found: &BTreeSet<String>, wanted: &BTreeSet<String>, case: &str) {
    let (extra, missing) = (found - wanted, wanted - found);
    assert!(extra.is_empty() && missing.is_empty(), "{case}: extra {extra:?}, missing {missing:?}");
}

fn seen(chat: &Value, own: &str) -> Seen {
    let members = chat["members"].as_array().unwrap().iter();
    let id = |member: &Value| member["id"].to_string();
    let people: Vec<&Value> = members.filter(|member| id(member) != own).collect();
    let admins = people.iter().filter(|member| member["admin"] == true);
    Seen {
        title: chat["title"].as_str().unwrap().to_owned(),
        link: chat["link"].as_str().unwrap().to_owned(),
        members: people.iter().map(|member| id(member)).collect(),
        admins: admins.map(|member| id(member)).collect(),
    }
}
