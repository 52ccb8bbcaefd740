//! A school's year through C: a host in C does what this test orders, and the messenger is compared
//! with what the school's data says should be.
#![cfg(all(target_os = "linux", feature = "cli"))]

#[path = "c_school/expected.rs"]
mod expected;
#[allow(dead_code, unused_imports, reason = "the binary uses what this test does not")]
#[path = "../src/bin/zvonok/school/mod.rs"]
mod school;
#[path = "support/shipped.rs"]
mod shipped;
mod support;

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Stdio};

use expected::{Chat, expected};
use jiff::civil::Date;
use rand::SeedableRng;
use school::{Chance, Size, changes};
use serde_json::{Value, json};
use support::Messenger;
use tempfile::TempDir;

/// A host in C that waits for orders.
struct Host {
    child: Child,
    orders: ChildStdin,
    answers: BufReader<ChildStdout>,
}

impl Host {
    fn start(messenger: &Messenger, folder: &Path, profile: &str) -> Host {
        let mut child = shipped::start(&shipped::compile("school"))
            .arg(shipped::seen(shipped::library()))
            .arg(profile)
            .arg(shipped::seen(folder))
            .args([&messenger.address, &messenger.token, &messenger.community.to_string()])
            .arg("")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the host starts");
        let orders = child.stdin.take().expect("a pipe");
        let answers = BufReader::new(child.stdout.take().expect("a pipe"));
        Host { child, orders, answers }
    }

    /// The code and the reply to one order.
    fn order(&mut self, order: &str) -> (i32, Value) {
        writeln!(self.orders, "{order}").expect("the host listens");
        let mut line = String::new();
        self.answers.read_line(&mut line).expect("the host answers");
        let (code, reply) = line.split_once(' ').unwrap_or_else(|| panic!("{order}: {line:?}"));
        (code.parse().expect("a code"), serde_json::from_str(reply).expect("JSON"))
    }

    fn end(mut self) {
        drop(self.orders);
        assert!(self.child.wait().expect("it ends").success());
    }
}

/// A school, its messenger and its host.
struct Year {
    messenger: Messenger,
    folder: TempDir,
    host: Host,
    roster: Value,
    chance: Chance,
    today: Date,
    cycles: u32,
}

impl Year {
    fn begin(roster: Value) -> Year {
        Year::with("paragraf", roster)
    }

    fn with(profile: &str, roster: Value) -> Year {
        let today = "2026-09-01".parse().expect("a date");
        let messenger = Messenger::start(&["--mode", "partner"]);
        let folder = shipped::folder();
        let host = Host::start(&messenger, folder.path(), profile);
        let chance = Chance::seed_from_u64(13);
        Year { messenger, folder, host, roster, chance, today, cycles: 0 }
    }

    /// One cycle with the roster of the day, ten minutes after the one before.
    fn order(&mut self, kind: &str) -> (i32, Value) {
        self.cycles += 1;
        let file = self.folder.path().join("roster.json");
        fs::write(&file, school::to_text(&self.roster)).expect("a roster");
        let minutes = 8 * 60 + self.cycles * 10;
        let now = format!("{}T{:02}:{:02}:00+03:00", self.today, minutes / 60, minutes % 60);
        self.host.order(&format!("{kind} {} {now}", shipped::seen(&file)))
    }

    /// Something happens to the school; its `sourcedId`s.
    fn happens(&mut self, name: &str) -> Vec<String> {
        let change = changes::apply(name, &mut self.roster, &mut self.chance);
        change.unwrap_or_else(|| panic!("{name}: nobody to whom it could happen")).ids
    }

    /// A cycle that must bring the messenger to what the roster says.
    fn follows(&mut self, kind: &str, what: &str) -> Value {
        let (code, reply) = self.order(kind);
        assert_eq!(code, 0, "{what}: {reply}");
        assert_eq!(self.chats(), expected(&self.roster, self.today), "{what}");
        reply
    }

    /// The messenger's chats by title: who is in, who administers. The library's own account, which
    /// owns every chat, is left out.
    fn chats(&self) -> BTreeMap<String, Chat> {
        let state = self.messenger.look("state");
        let chats = state["chats"].as_array().expect("chats").iter();
        chats.filter(|chat| !subject(chat)).map(chat_of).collect()
    }

    fn changing(&self) -> u64 {
        self.messenger.look("counters")["changing"].as_u64().expect("a number")
    }

    fn account(&self, person: &str) -> String {
        let users = self.roster["users"].as_array().expect("users");
        let user = users.iter().find(|user| user["sourcedId"] == person).expect("the person");
        expected::account(user).unwrap_or_else(|| panic!("{person} has an account"))
    }
}

/// Chats of a subject are titled `<class>/<subject>`; they have a test of their own elsewhere.
fn subject(chat: &Value) -> bool {
    chat["title"].as_str().expect("a title").contains('/')
}

fn chat_of(chat: &Value) -> (String, Chat) {
    let mut found = Chat::default();
    for member in chat["members"].as_array().expect("members") {
        if member["owner"] == true {
            continue;
        }
        let id = member["id"].as_i64().expect("an id").to_string();
        if member["admin"] == true {
            found.admins.insert(id.clone());
        }
        found.members.insert(id);
    }
    (chat["title"].as_str().expect("a title").to_owned(), found)
}

#[test]
fn a_small_schools_year_through_c() {
    let today = "2026-09-01".parse().expect("a date");
    live(school::generate(11, Size { students: 60 }, today));
}

/// The first cycle alone takes half a minute: the messenger's rate allows twenty requests a second.
#[test]
fn the_full_schools_year_through_c() {
    live(serde_json::from_str(include_str!("rosters/full.json")).expect("the committed school"));
}

fn live(roster: Value) {
    let mut year = Year::begin(roster);
    let report = year.follows("sync", "the first cycle");
    assert!(report["done"]["create_chat"].as_u64() >= Some(5), "{}", report["done"]);
    the_registry_shows_every_chat(&mut year);
    nothing_new_changes_nothing(&mut year);
    for name in
        ["enrol-student", "depart-student", "new-class-teacher", "new-director", "acting-head-on"]
    {
        year.happens(name);
        assert_ne!(year.chats(), expected(&year.roster, year.today), "{name} asks for a change");
        year.follows("sync", name);
    }
    a_parent_comes_and_goes(&mut year);
    a_move_is_given_up_and_caught_up_with(&mut year);
    year.happens("acting-head-off");
    year.follows("locked", "a second session at the same time");
    nothing_new_changes_nothing(&mut year);
    year.host.end();
}

fn the_registry_shows_every_chat(year: &mut Year) {
    let all = year.messenger.look("state")["chats"].as_array().expect("chats").len();
    let request = json!({"method": "chats.list", "actor": "system", "params": {"per_page": 2}});
    let (code, reply) = year.host.order(&format!("request {request}"));
    assert_eq!(code, 0, "{reply}");
    assert_eq!(reply["result"]["total"], all);
    assert_eq!(reply["result"]["pages"], all.div_ceil(2));
    assert_eq!(reply["result"]["chats"].as_array().map(Vec::len), Some(2));
}

fn nothing_new_changes_nothing(year: &mut Year) {
    let before = year.changing();
    let report = year.follows("sync", "nothing new");
    assert_eq!(report["roster"]["unchanged"], true);
    assert_eq!(report["done"], json!({}));
    assert_eq!(year.changing(), before, "changing requests");
}

fn a_parent_comes_and_goes(year: &mut Year) {
    let parent = year.happens("link-parent").remove(0);
    let account = year.account(&parent);
    let inside = |year: &Year| year.chats().values().any(|chat| chat.members.contains(&account));
    assert!(!inside(year));
    year.follows("sync", "a parent links an account");
    assert!(inside(year));
    year.happens("unlink-parent");
    year.follows("sync", "a parent unlinks");
}

fn a_move_is_given_up_and_caught_up_with(year: &mut Year) {
    let student = year.happens("move-student").remove(0);
    let before = year.chats();
    let (code, reply) = year.order("cancel");
    assert_eq!((code, &reply["name"]), (-13, &json!("CANCELLED")), "{reply}");
    let wanted = expected(&year.roster, year.today);
    assert!(before != wanted && year.chats() != wanted, "{student} is not all the way there yet");
    year.follows("sync", "the cycle after a cancelled one");
}

/// The school's head at a screen of the host.
struct Head<'y> {
    year: &'y mut Year,
    person: String,
}

impl Head<'_> {
    fn orders(&mut self, actor: &str, method: &str, params: Value) -> (i32, Value) {
        let now = "2026-09-01T12:00:00+03:00";
        let request = json!({"method": method, "actor": actor, "params": params, "now": now});
        let (code, mut reply) = self.year.host.order(&format!("request {request}"));
        if code == 0 { (code, reply["result"].take()) } else { (code, reply) }
    }

    fn does(&mut self, method: &str, params: Value) -> Value {
        let (code, told) = self.orders(&self.person.clone(), method, params);
        assert_eq!((code, &told["pending"]), (0, &json!(false)), "{method}: {told:#}");
        told
    }

    /// The chat of this title as the messenger has it.
    fn sees(&self, title: &str) -> Chat {
        let state = self.year.messenger.look("state");
        let mut chats = state["chats"].as_array().expect("chats").iter();
        let chat = chats.find(|chat| chat["title"] == title);
        chat_of(chat.unwrap_or_else(|| panic!("no {title}"))).1
    }
}

/// Whom the rows of a table name with this role for good, of people with an account.
fn holders(roster: &Value, table: &str, role: &str) -> Vec<String> {
    let users = roster["users"].as_array().expect("users");
    let linked = |id: &str| {
        let user = users.iter().find(|user| user["sourcedId"] == id);
        user.is_some_and(|user| user["enabledUser"] != false && expected::account(user).is_some())
    };
    let rows = roster[table].as_array().expect("rows").iter();
    let holders = rows.filter(|row| row["role"] == role && row["endDate"].is_null());
    let ids = holders.map(|row| row["userSourcedId"].as_str().expect("an id"));
    ids.filter(|id| linked(id)).map(str::to_owned).collect()
}

/// Each journal would have a chat, and the messenger takes its time for each.
fn without_journals(roster: &mut Value) {
    let rows = |roster: &mut Value, table: &str, keep: &dyn Fn(&Value) -> bool| {
        roster[table].as_array_mut().expect("rows").retain(keep);
    };
    rows(roster, "classes", &|class| class["classType"] == "homeroom");
    let classes = roster["classes"].clone();
    let ids: Vec<&Value> =
        classes.as_array().expect("rows").iter().map(|class| &class["sourcedId"]).collect();
    rows(roster, "enrollments", &|row| ids.contains(&&row["classSourcedId"]));
    rows(roster, "lessons", &|_| false);
    rows(roster, "timetables", &|_| false);
}

#[test]
fn a_chat_made_by_hand_lives_and_ends_through_c() {
    let today = "2026-09-01".parse().expect("a date");
    let mut roster = school::generate(11, Size { students: 20 }, today);
    without_journals(&mut roster);
    let mut year = Year::with("oneroster", roster);
    let (code, report) = year.order("sync");
    assert_eq!(code, 0, "{report}");
    // Who has only the role left is in no class any more.
    let students = holders(&year.roster, "enrollments", "student");
    let [first, second, third] = &students[..3] else { panic!("{students:?}") };
    let account = |who: &String| year.account(who);
    let [one, two, three] = [first, second, third].map(account);
    let set = |ids: &[&String]| ids.iter().map(|id| (*id).clone()).collect();
    let person = holders(&year.roster, "roles", "principal").remove(0);
    let mut head = Head { year: &mut year, person };

    let trip = json!({"id": "trip", "title": "Поход", "members": [first, second, third],
        "admins": [first]});
    let (code, refusal) = head.orders(second, "chats.create", trip.clone());
    assert_eq!((code, &refusal["name"]), (-11, &json!("DENIED")), "{refusal}");
    let made = head.does("chats.create", trip.clone());
    assert_eq!((&made["key"], &made["state"]), (&json!("custom:trip"), &json!("active")));
    let whole = Chat { members: set(&[&one, &two, &three]), admins: set(&[&one]) };
    assert_eq!(head.sees("Поход"), whole);
    let before = head.year.messenger.look("state")["chats"].as_array().map(Vec::len);
    assert_eq!(head.does("chats.create", trip)["key"], "custom:trip");
    let after = head.year.messenger.look("state")["chats"].as_array().map(Vec::len);
    assert_eq!(before, after, "the same order once more makes no second chat");

    let chat = "custom:trip";
    let told = head.does("members.remove", json!({"chat": chat, "people": [second]}));
    assert_eq!(told["done"], json!({"remove_member": 1}));
    assert_eq!(head.sees("Поход"), Chat { members: set(&[&one, &three]), admins: set(&[&one]) });

    let other = json!({"chat": chat, "title": "Пикник"});
    let (code, refusal) = head.orders(&head.person.clone(), "chats.delete", other);
    assert_eq!((code, &refusal["faults"][0]["at"]), (-12, &json!("params.title")), "{refusal}");
    assert_eq!(head.sees("Поход").members.len(), 2, "another chat was meant");
    let told = head.does("chats.delete", json!({"chat": chat, "title": "Поход"}));
    assert_eq!(told["state"], "deleted");
    assert_eq!(head.sees("Поход"), Chat::default());
    year.host.end();
}
