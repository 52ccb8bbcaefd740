//! A host is killed at every request of a lesson's start and of its end, in its cycles and in people's
//! orders: never two calls, never two announcements, never two farewells, and the pin as it should be.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::bell::{CHAT, DAY, lesson, school};
use crate::lives::{Death, Home};
use crate::office::{FoundBy, Manner, Office, Side};
use crate::screens::{CURATOR, GROUP, college};
use crate::support::Messenger;
use crate::tiny::{add, drop_row};

const TEACHER: &str = "teacher-111";
const LINK: &str = "https://max.ru/joincall/AbCdEf-1";
/// The title of the call that is looked at.
const TITLE: &str = "Алгебра: a";
/// More requests than a cycle of one lesson makes.
const MOST: usize = 60;

fn on_vk(messenger: &Messenger, state: PathBuf) -> Value {
    json!({"state": state, "profile": "paragraf", "guard": {"minimum": 1000, "chats": 100},
        "platform": {"kind": "vk", "token": messenger.token, "base_url": messenger.address,
            "community": messenger.community.to_string()}})
}

fn on_max(messenger: &Messenger, state: PathBuf) -> Value {
    json!({"state": state, "profile": "paragraf", "guard": {"minimum": 1000, "chats": 100},
        "platform": {"kind": "max", "token": messenger.max_token,
            "base_url": messenger.max_address, "requests_per_second": 30}})
}

fn in_college(messenger: &Messenger, state: PathBuf) -> Value {
    let mut config = on_vk(messenger, state);
    config["profile"] = json!("epos_spo");
    config
}

fn at(time: &str) -> String {
    format!("{DAY}T{time}:00+03:00")
}

fn order(actor: &str, method: &str, params: Value, time: &str) -> Value {
    json!({"method": method, "actor": actor, "params": params, "now": at(time)})
}

/// What the messenger has of the call with this title.
#[derive(Debug, Default, PartialEq)]
struct Came {
    /// Calls that VK has ever started, of whatever lesson.
    calls: usize,
    /// How many of them run.
    running: usize,
    announced: usize,
    over: usize,
    /// Whether its announcement is what is pinned.
    pinned: bool,
}

fn came(home: &Home, title: &str) -> Came {
    let max = home.config["platform"]["kind"] == "max";
    let state = home.messenger.look(if max { "max/state" } else { "state" });
    let chats = state["chats"].as_array().expect("chats").iter();
    let said = chats.flat_map(|chat| chat["messages"].as_array().into_iter().flatten());
    let said: Vec<&str> = said.filter_map(|one| one["text"].as_str()).collect();
    let count = |start: &str| {
        let start = format!("{start} {title}");
        said.iter().filter(|text| text.starts_with(&start)).count()
    };
    let calls = state["calls"].as_array().cloned().unwrap_or_default();
    let running = calls.iter().filter(|call| call["finished"].is_null()).count();
    let tally = home.messenger.look("tally");
    let chats = tally[if max { "max" } else { "vk" }].as_array().expect("chats").iter();
    let announcement = format!("Онлайн-занятие: {title}");
    let pins = chats.filter_map(|chat| chat["pinned"].as_str());
    Came {
        calls: calls.len(),
        running,
        announced: count("Онлайн-занятие:"),
        over: count("Онлайн-занятие завершено:"),
        pinned: pins.filter(|text| text.starts_with(&announcement)).count() == 1,
    }
}

/// What a killed host is to do, and what its messenger is like before.
struct Case<'a> {
    before: &'a Path,
    config: fn(&Messenger, PathBuf) -> Value,
    roster: &'a Value,
    /// The order that is given; `None`: a cycle.
    order: Option<&'a Value>,
    time: &'a str,
}

impl Case<'_> {
    fn minutes_later(&self, more: u32) -> String {
        let (hour, minute) = self.time.split_once(':').expect("a time");
        let minute: u32 = minute.parse().expect("a number");
        at(&format!("{hour}:{:02}", minute + more))
    }

    fn live(&self, home: &Home, death: Option<Death>) -> Option<Value> {
        match self.order {
            Some(order) => home.order(order, death),
            None => home.cycle(self.roster, &at(self.time), death),
        }
    }

    /// Kills the host at every request, before and after it is applied, lets two cycles put in order
    /// what is left, and shows the third one's report, which finds nothing more to do; returns how many
    /// requests there were.
    fn kills(&self, check: &dyn Fn(&Home, Death, &Value)) -> usize {
        for nth in 1..MOST {
            for when in ["before", "after"] {
                let home = Home::new(Some(self.before), self.config);
                let death = Death { nth, when };
                if self.live(&home, Some(death)).is_some() {
                    return nth - 1;
                }
                for more in [1, 2] {
                    let told = home.cycle(self.roster, &self.minutes_later(more), None);
                    assert_eq!(told.as_ref().expect("it lives")["code"], 0, "{death:?}: {told:#?}");
                }
                self.is_quiet(&home, death, 3);
                let told = home.cycle(self.roster, &self.minutes_later(4), None);
                check(&home, death, &told.expect("it lives")["report"]);
            }
        }
        panic!("it never came to its end");
    }

    /// A cycle that changes nothing in the messenger.
    fn is_quiet(&self, home: &Home, death: Death, more: u32) {
        home.messenger.does("counters/reset", json!({}));
        let told = home.cycle(self.roster, &self.minutes_later(more), None);
        let changing = home.messenger.look("counters")["changing"].clone();
        assert_eq!(changing, 0, "{death:?}: {told:#?}");
    }

    /// A host that lost the answer gives the order again; then there is nothing more to do.
    fn again(&self, home: &Home, death: Death) -> Value {
        let mut order = self.order.expect("an order").clone();
        order["now"] = json!(self.minutes_later(5));
        let told = home.order(&order, None).expect("it lives");
        self.is_quiet(home, death, 6);
        told
    }
}

fn row<'r>(report: &'r Value, title: &str) -> &'r Value {
    let calls = report["calls"].as_array().expect("calls");
    calls.iter().find(|call| call["title"] == title).unwrap_or_else(|| panic!("{report:#}"))
}

/// The report says what the messenger has: a call that runs, was told of once and is pinned.
fn is_held(home: &Home, death: Death, report: &Value, title: &str, vk: usize) {
    let wanted = Came { calls: vk, running: vk, announced: 1, over: 0, pinned: true };
    assert_eq!(came(home, title), wanted, "{death:?}");
    let call = row(report, title);
    assert_eq!((&call["state"], &call["running"]), (&json!("published"), &json!(true)));
    assert!(call["announced"].is_string() && report["failed"] == json!([]), "{death:?}: {call:#}");
}

/// The report says what the messenger has: a call that is over, which was told once.
fn is_over(home: &Home, death: Death, report: &Value, title: &str, vk: usize) {
    let wanted = Came { calls: vk, running: 0, announced: 1, over: 1, pinned: false };
    assert_eq!(came(home, title), wanted, "{death:?}");
    let call = row(report, title);
    assert_eq!((&call["state"], &call["running"]), (&json!("finished"), &json!(false)));
    assert_eq!(report["failed"], json!([]), "{death:?}");
}

/// A start of which nothing is known is told nobody but the school; any other is held.
fn is_held_or_doubtful(home: &Home, death: Death, report: &Value, title: &str) -> bool {
    if row(report, title)["doubtful"] != true {
        is_held(home, death, report, title, 1);
        return false;
    }
    let found = came(home, title);
    assert!(found.calls <= 1, "{death:?}: {found:?}");
    let nothing = Came { calls: found.calls, running: found.calls, ..Came::default() };
    assert_eq!(found, nothing, "{death:?}");
    let warnings = report["roster"]["warnings"].as_array().expect("warnings");
    assert!(warnings.iter().any(|one| one["code"] == "calls.doubtful"), "{death:?}: {report:#}");
    true
}

/// A school on VK whose journal has its chat, and no lesson of today.
fn school_on_vk() -> (Home, Value) {
    let mut roster = school();
    add(&mut roster, "lessons", lesson("first", "2026-08-31", 1, "published"));
    let home = Home::new(None, on_vk);
    home.cycle(&roster, &at("07:00"), None).expect("it lives");
    (home, roster)
}

/// The same on MAX, with a standing link.
fn school_on_max() -> (Home, Value) {
    let mut roster = school();
    add(&mut roster, "lessons", lesson("first", DAY, 1, "published"));
    let home = Home::new(None, on_max);
    let lives = |roster: &Value, time: &str| {
        home.cycle(roster, &at(time), None).expect("it lives")["report"].take()
    };
    let report = lives(&roster, "06:40");
    let mut office = Office::on(&home.messenger, Side::Max);
    for task in report["tasks"].as_array().expect("tasks") {
        office.carry_out(task, &Manner::of(FoundBy::CodeInTitle, 990));
    }
    lives(&roster, "06:45");
    let report = lives(&roster, "06:50");
    let tasks = report["tasks"].as_array().expect("tasks");
    let task = tasks.iter().find(|task| task["kind"] == "give_call_link" && task["chat"] == CHAT);
    let params = json!({"task": task.expect("the task")["id"], "link": LINK});
    let told = home.order(&order("system", "tasks.done", params, "06:55"), None).expect("it lives");
    assert_eq!(told["code"], 0, "{told:#}");
    drop_row(&mut roster, "lessons", "first");
    lives(&roster, "07:00");
    (home, roster)
}

#[test]
fn a_lesson_survives_a_kill_at_every_request_of_its_start_and_of_its_end() {
    let (first, mut roster) = school_on_vk();
    add(&mut roster, "lessons", lesson("a", DAY, 2, "published"));
    let before = first.folder.path();
    let start = Case { before, config: on_vk, roster: &roster, order: None, time: "09:00" };
    let starts = start.kills(&|home, death, report| {
        is_held_or_doubtful(home, death, report, TITLE);
    });
    assert!(starts >= 3, "only {starts} requests");
    let running = Home::new(Some(before), on_vk);
    start.live(&running, None).expect("it lives");
    let end = Case { before: running.folder.path(), time: "11:05", ..start };
    let ends = end.kills(&|home, death, report| is_over(home, death, report, TITLE, 1));
    assert!(ends >= 3, "only {ends} requests");
}

#[test]
fn on_max_a_lesson_survives_a_kill_at_every_request_of_its_start_and_of_its_end() {
    let (first, mut roster) = school_on_max();
    add(&mut roster, "lessons", lesson("a", DAY, 2, "published"));
    let before = first.folder.path();
    let start = Case { before, config: on_max, roster: &roster, order: None, time: "09:00" };
    let starts = start.kills(&|home, death, report| {
        is_held(home, death, report, TITLE, 0);
        assert_eq!(row(report, TITLE)["join_url"], LINK, "{death:?}");
    });
    assert!(starts >= 2, "only {starts} requests");
    let running = Home::new(Some(before), on_max);
    start.live(&running, None).expect("it lives");
    let end = Case { before: running.folder.path(), time: "11:05", ..start };
    let ends = end.kills(&|home, death, report| is_over(home, death, report, TITLE, 0));
    assert!(ends >= 3, "only {ends} requests");
}

/// A lesson that was published too late to start by itself (P11), and a teacher who starts it.
fn starts_by_hand(first: &Home, roster: &mut Value, config: fn(&Messenger, PathBuf) -> Value) {
    add(roster, "lessons", lesson("a", DAY, 2, "published"));
    let late = first.cycle(roster, &at("10:30"), None).expect("it lives");
    assert_eq!(row(&late["report"], TITLE)["running"], false);
    let max = first.config["platform"]["kind"] == "max";
    let vk = usize::from(!max);
    let start = order(TEACHER, "calls.start", json!({"lesson": "a"}), "10:31");
    let before = first.folder.path();
    let case = Case { before, config, roster, order: Some(&start), time: "10:31" };
    let kills = case.kills(&|home, death, report| {
        let doubtful = !max && is_held_or_doubtful(home, death, report, TITLE);
        if doubtful {
            // A person's word goes against the doubt; what nobody was told of nobody is in.
            case.again(home, death);
            let found = came(home, TITLE);
            assert_eq!((found.announced, found.pinned), (1, true), "{death:?}");
            return;
        }
        is_held(home, death, report, TITLE, vk);
        let told = case.again(home, death);
        assert_eq!(
            (&told["code"], &told["report"]["result"]["running"]),
            (&json!(0), &json!(true))
        );
        is_held(home, death, report, TITLE, vk);
    });
    assert!(kills >= 2, "only {kills} requests");
    let id = row(&late["report"], TITLE)["id"].clone();
    let running = Home::new(Some(before), config);
    case.live(&running, None).expect("it lives");
    for (method, gone) in [("calls.finish", false), ("calls.delete", true)] {
        let end = order(TEACHER, method, json!({"call": id}), "10:40");
        let case = Case {
            before: running.folder.path(),
            order: Some(&end),
            time: "10:40",
            ..Case { roster, ..case }
        };
        let kills = case.kills(&|home, death, report| {
            let over = Came { calls: vk, announced: 1, over: 1, ..Came::default() };
            assert_eq!(came(home, TITLE), over, "{method} {death:?}");
            let rows = report["calls"].as_array().expect("calls");
            assert_eq!(rows.iter().all(|call| call["title"] != TITLE), gone, "{method} {death:?}");
            // It is over, or not there any more: that is what the order is told.
            assert_ne!(case.again(home, death)["code"], 0, "{method} {death:?}");
            assert_eq!(came(home, TITLE), over, "{method} again, {death:?}");
        });
        assert!(kills >= 3, "{method}: only {kills} requests");
    }
}

#[test]
fn a_persons_start_finish_and_delete_survive_a_kill_at_every_request() {
    let (first, mut roster) = school_on_vk();
    starts_by_hand(&first, &mut roster, on_vk);
}

#[test]
fn on_max_a_persons_start_finish_and_delete_survive_a_kill_at_every_request() {
    let (first, mut roster) = school_on_max();
    starts_by_hand(&first, &mut roster, on_max);
}

#[test]
fn e10_a_publication_survives_a_kill_at_every_request() {
    let (roster, title) = (college(), "Собрание");
    let first = Home::new(None, in_college);
    first.cycle(&roster, &at("09:00"), None).expect("it lives");
    let params = json!({"chat": GROUP, "title": title, "date": DAY, "time": "14:00"});
    let made = order(CURATOR, "calls.create", params, "09:05");
    let made = first.order(&made, None).expect("it lives");
    let id = made["report"]["result"]["id"].clone();
    let publish = order(CURATOR, "calls.publish", json!({"call": id}), "09:10");
    let case = Case {
        before: first.folder.path(),
        config: in_college,
        roster: &roster,
        order: Some(&publish),
        time: "09:10",
    };
    let kills = case.kills(&|home, death, report| {
        let doubtful = is_held_or_doubtful(home, death, report, title);
        let before = came(home, title);
        // Published it is, so to publish it once more is not to start it once more.
        let told = case.again(home, death);
        assert_eq!(told["report"]["result"]["state"], "published", "{death:?}: {told:#}");
        assert_eq!(came(home, title), before, "{death:?}");
        assert_eq!(told["report"]["result"]["message"].is_object(), doubtful, "{death:?}");
    });
    assert!(kills >= 3, "only {kills} requests");
}
