//! A school whose people come into its chats by links, with its office, its crowd and its clock; on
//! either messenger, in quiet times and in troubled ones.
#![allow(dead_code, reason = "each file of tests needs its own part of this")]

use std::collections::{BTreeMap, BTreeSet};

use jiff::{Span, Timestamp, ToSpan};
use serde_json::{Value, json};
use zvonok::error::{Code, Error};
use zvonok::host::Silent;
use zvonok::session::{Cancel, Session};

use crate::crowd::{Crowd, Way};
use crate::office::{Group, Manner, Office, Side};
use crate::oracle;
use crate::pupils::School;
use crate::support::Messenger;

/// Cycles until what people did shows: one that hears of it, one that acts on what it then read.
const PATIENCE: usize = 2;
/// Further cycles where requests go wrong.
const MORE_PATIENCE: usize = 10;

/// A school, its messenger and its session.
pub(crate) struct Town<'m> {
    pub(crate) messenger: &'m Messenger,
    pub(crate) side: Side,
    pub(crate) school: School,
    pub(crate) report: Value,
    pub(crate) office: Office<'m>,
    pub(crate) crowd: Crowd<'m>,
    pub(crate) now: Timestamp,
    /// Things go wrong with requests.
    pub(crate) troubled: bool,
    session: Session,
    /// Accounts that were linked or unlinked by request.
    links: BTreeMap<String, Option<String>>,
    _folder: tempfile::TempDir,
}

impl<'m> Town<'m> {
    /// Two classes of four and three children, whose accounts are on both messengers. Nobody has
    /// heard of a chat yet.
    pub(crate) fn open(messenger: &'m Messenger, side: Side, seed: u64) -> Town<'m> {
        Town::with(messenger, side, seed, json!({}))
    }

    /// The same with more lines of configuration.
    pub(crate) fn with(messenger: &'m Messenger, side: Side, seed: u64, more: Value) -> Town<'m> {
        let folder = tempfile::tempdir().expect("a folder");
        let mut config = json!({
            "state": folder.path().join("zvonok.db"),
            "profile": "paragraf",
            "platform": platform(messenger, side),
        });
        let more = more.as_object().expect("an object").clone();
        config.as_object_mut().expect("an object").extend(more);
        let session = Session::open(&config.to_string(), Box::new(Silent), Cancel::default());
        Town {
            messenger,
            side,
            school: on_both(School::with_classes(&[4, 3])),
            report: Value::Null,
            office: Office::on(messenger, side),
            crowd: Crowd::new(messenger, side, seed),
            now: "2026-09-01T08:00:00+03:00".parse().expect("a moment"),
            troubled: false,
            session: session.unwrap_or_else(|error| panic!("{error}: {:?}", error.faults)),
            links: BTreeMap::new(),
            _folder: folder,
        }
    }

    // Time and cycles.

    pub(crate) fn pass(&mut self, span: Span) {
        self.now = self.now.checked_add(span).expect("a moment");
    }

    /// An hour later, a cycle. In quiet times it must not fail; in troubled ones it may find the
    /// messenger away, and the report before stays.
    pub(crate) fn sync(&mut self) -> Code {
        self.sync_with(json!({}))
    }

    pub(crate) fn sync_with(&mut self, options: Value) -> Code {
        self.pass(1.hours());
        let mut all = json!({"now": self.now.to_string()});
        if self.side == Side::Vk {
            // A community hears of nothing: its chats are read to see who came.
            all["verify"] = json!("all");
        }
        all.as_object_mut().unwrap().extend(options.as_object().expect("an object").clone());
        self.stir();
        let roster = self.school.0.to_string();
        let result = self.session.sync(roster.as_bytes(), &all.to_string());
        self.messenger.clear_faults();
        match result {
            Ok((code, report)) => {
                self.report = report;
                code
            }
            Err(error) if self.troubled && error.code == Code::Platform => error.code,
            Err(error) => panic!("{error}: {:?}", error.faults),
        }
    }

    fn stir(&mut self) {
        if self.troubled {
            self.crowd.makes_trouble();
        }
    }

    /// Cycles until something is so, and not many.
    pub(crate) fn until(&mut self, what: &str, is_so: impl Fn(&Town) -> bool) {
        let patience = PATIENCE + if self.troubled { MORE_PATIENCE } else { 0 };
        for _ in 0..patience {
            self.sync();
            if !self.report.is_null() && is_so(self) {
                return;
            }
        }
        let (report, groups, differs) = (&self.report, self.groups(), self.differs());
        panic!("{patience} cycles, and not yet: {what}\n{report:#}\n{groups:#?}\n{differs:?}");
    }

    // Requests.

    /// A request, which must be understood.
    pub(crate) fn request(&mut self, method: &str, params: Value) -> (Code, Value) {
        let answer = self.asks(method, params);
        answer.unwrap_or_else(|error| panic!("{method}: {error} {:?}", error.faults))
    }

    /// A request, which may be refused.
    pub(crate) fn asks(&mut self, method: &str, params: Value) -> Result<(Code, Value), Error> {
        let now = self.now.to_string();
        let request = json!({"method": method, "params": params, "now": now});
        let (code, mut reply) = self.session.request(&request.to_string())?;
        Ok((code, reply["result"].take()))
    }

    /// What a person is told of their accounts and of what they may join.
    pub(crate) fn status(&mut self, person: &str) -> Value {
        self.request("accounts.status", json!({"person": person})).1
    }

    /// The chats of this messenger in a person's status.
    pub(crate) fn chats_of(&mut self, person: &str) -> Vec<Value> {
        let mut chats = list(&self.status(person), "chats");
        chats.retain(|chat| chat["platform"] == self.side.name());
        chats
    }

    pub(crate) fn link(&mut self, person: &str, account: &str) -> (Code, Value) {
        self.links.insert(person.to_owned(), Some(account.to_owned()));
        self.order("accounts.link", person, json!({"account": account}))
    }

    pub(crate) fn unlink(&mut self, person: &str) -> (Code, Value) {
        self.links.insert(person.to_owned(), None);
        self.order("accounts.unlink", person, json!({}))
    }

    fn order(&mut self, method: &str, person: &str, mut params: Value) -> (Code, Value) {
        params["person"] = json!(person);
        params["platform"] = json!(self.side.name());
        self.stir();
        let answer = self.request(method, params);
        self.messenger.clear_faults();
        answer
    }

    /// Every way in that anybody of the school was given and has not gone yet.
    pub(crate) fn ways(&mut self) -> Vec<Way> {
        let people = list(&self.school.0, "users");
        let mut ways = Vec::new();
        for person in people.iter().map(|row| row["sourcedId"].as_str().expect("an id")) {
            let open = self.chats_of(person).into_iter().filter(|chat| chat["may_join"] == true);
            let open: Vec<Value> = open.collect();
            let Some(account) = self.account(person) else {
                assert!(open.is_empty(), "{person} has no account: {open:?}");
                continue;
            };
            let account = account.parse().expect("a number");
            let link = |chat: &Value| chat["link"].as_str().expect("a link").to_owned();
            ways.extend(open.iter().map(|chat| Way { account, link: link(chat) }));
        }
        ways
    }

    // What is there.

    pub(crate) fn groups(&self) -> Vec<Group> {
        self.side.groups(self.messenger)
    }

    /// The open tasks of a kind.
    pub(crate) fn tasks(&self, kind: &str) -> Vec<Value> {
        let mut tasks = list(&self.report, "tasks");
        tasks.retain(|task| task["kind"] == kind);
        tasks
    }

    pub(crate) fn row(&self, key: &str) -> &Value {
        let mut rows = self.report["chats"].as_array().expect("chats").iter();
        rows.find(|row| row["key"] == key).unwrap_or_else(|| panic!("{key}: {:#}", self.report))
    }

    /// The group of a chat that is bound.
    pub(crate) fn group(&self, key: &str) -> Group {
        let id = self.row(key)["platform_id"].as_str().and_then(|id| id.parse().ok());
        let id = id.unwrap_or_else(|| panic!("{key} has no group: {}", self.row(key)));
        self.side.group(self.messenger, id)
    }

    pub(crate) fn is_in(&self, key: &str, account: i64) -> bool {
        self.group(key).members.contains(&account.to_string())
    }

    /// In how many chats the messenger has an account.
    pub(crate) fn chats_with(&self, account: i64) -> usize {
        let account = account.to_string();
        self.groups().iter().filter(|group| group.members.contains(&account)).count()
    }

    // What should be.

    /// The chats by the second computation, with their people.
    pub(crate) fn plain(&self) -> BTreeMap<String, oracle::Chat> {
        let zone = jiff::tz::TimeZone::fixed(jiff::tz::offset(3));
        let today = self.now.to_zoned(zone).date().to_string();
        oracle::chats("paragraf", &self.school.0, &today)
    }

    /// The account that counts for a person.
    pub(crate) fn account(&self, person: &str) -> Option<String> {
        let ordered = self.links.get(person).cloned();
        ordered.unwrap_or_else(|| oracle::account(&self.school.0, person, self.side.name()))
    }

    fn accounts(&self, people: &BTreeSet<String>) -> BTreeSet<String> {
        people.iter().filter_map(|person| self.account(person)).collect()
    }

    /// The n-th person's account on this messenger.
    pub(crate) fn number(&self, n: u32) -> i64 {
        let account = self.account(&format!("p{n}")).unwrap_or_else(|| panic!("p{n} has none"));
        account.parse().expect("a number")
    }

    /// Whether every chat holds exactly those of the roster's people who came, with exactly their
    /// rights, and the report says so; the first difference if not.
    pub(crate) fn differs(&self) -> Option<String> {
        self.plain().into_iter().find_map(|(key, chat)| self.differs_in(&key, &chat))
    }

    fn differs_in(&self, key: &str, chat: &oracle::Chat) -> Option<String> {
        if self.row(key)["platform_id"].is_null() {
            return Some(format!("{key} has no group"));
        }
        let group = self.group(key);
        let should = self.accounts(&chat.members);
        let mut came = self.crowd.inside(group.id);
        came.insert(group.owner.clone());
        let people: BTreeSet<_> = should.intersection(&came).cloned().collect();
        let mut found = (group.members.clone(), group.admins.clone());
        if !should.contains(&group.owner) {
            found.0.remove(&group.owner);
            found.1.remove(&group.owner);
        }
        let mut admins: BTreeSet<_> =
            self.accounts(&chat.admins).intersection(&people).cloned().collect();
        // An owner has every right, whatever the roster says.
        admins.extend(people.get(&group.owner).cloned());
        if found != (people.clone(), admins.clone()) {
            return Some(format!("{key}: {found:?} and not {people:?} with {admins:?}"));
        }
        if group.title != chat.title {
            return Some(format!("{key} is called {}", group.title));
        }
        self.is_told_otherwise(key, chat, &found)
    }

    /// The report counts people, not accounts.
    fn is_told_otherwise(
        &self,
        key: &str,
        chat: &oracle::Chat,
        found: &(BTreeSet<String>, BTreeSet<String>),
    ) -> Option<String> {
        let of = |people: &BTreeSet<String>, among: Option<&BTreeSet<String>>| {
            let accounts = people.iter().filter_map(|person| self.account(person));
            accounts.filter(|one| among.is_none_or(|among| among.contains(one))).count()
        };
        let (linked, joined) = (of(&chat.members, None), of(&chat.members, Some(&found.0)));
        let told = &self.row(key)["members"];
        let numbers = [
            ("desired", chat.members.len()),
            ("linked", linked),
            ("joined", joined),
            ("invited", linked - joined),
            ("strangers", 0),
        ];
        let wrong = numbers.iter().find(|(name, number)| told[*name] != *number);
        let granted = of(&chat.admins, Some(&found.1));
        let admins = json!({"desired": chat.admins.len(), "granted": granted});
        let otherwise = wrong.is_some() || self.row(key)["admins"] != admins;
        otherwise.then(|| format!("{key} has {numbers:?} and {admins}, told as {}", self.row(key)))
    }

    /// Cycles until all is as it should be, after which another one changes nothing.
    pub(crate) fn settles(&mut self, case: &str) {
        self.until(case, |town| {
            let differs = town.differs();
            differs.is_none() && town.report["status"] == "OK"
        });
        self.rests();
    }

    /// A quiet cycle, which changes nothing.
    fn rests(&mut self) {
        let troubled = std::mem::take(&mut self.troubled);
        self.messenger.does("counters/reset", json!({}));
        self.sync();
        let changing = &self.messenger.look("counters")["changing"];
        assert_eq!(*changing, 0, "{:#}", self.messenger.look("requests"));
        self.troubled = troubled;
    }

    /// Does every open task of a kind in one manner.
    pub(crate) fn do_tasks(&mut self, kind: &str, manner: &Manner) {
        for task in self.tasks(kind) {
            self.office.carry_out(&task, manner);
        }
    }
}

fn platform(messenger: &Messenger, side: Side) -> Value {
    match side {
        Side::Max => json!({
            "kind": "max", "token": messenger.max_token, "base_url": messenger.max_address,
            "requests_per_second": 30,
        }),
        Side::Vk => json!({
            "kind": "vk", "token": messenger.token, "base_url": messenger.address,
            "community": messenger.community.to_string(), "requests_per_second": 20,
        }),
    }
}

/// Gives everybody an account on MAX, too: a 9 before the one on VK.
pub(crate) fn on_both(mut school: School) -> School {
    for user in school.0["users"].as_array_mut().expect("users") {
        let vk = user["userIds"][0].clone();
        let max = format!("9{}", vk["identifier"].as_str().expect("an account"));
        user["userIds"] = json!([vk, {"type": "max", "identifier": max}]);
    }
    school
}

pub(crate) fn list(of: &Value, name: &str) -> Vec<Value> {
    of[name].as_array().cloned().unwrap_or_default()
}
