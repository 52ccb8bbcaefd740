//! The host is killed in the middle of an order, at every request that the order makes: the next
//! cycle makes good what is left, and the order sent again makes nothing twice.

use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::{Value, json};
use tempfile::TempDir;
use zvonok::host::Silent;
use zvonok::session::{Cancel, Session};

use crate::rig::{World, at, config, count, with_now, world};
use crate::screen::big_college;
use crate::support::Messenger;

/// What a child is told, in its environment.
const ORDERS: &str = "ZVONOK_TEST_ORDER";

/// Not a test by itself but the host that the tests kill: one order in a process of its own.
#[test]
#[ignore = "run by the other tests, in a process of its own"]
#[allow(clippy::disallowed_methods, reason = "a child gets its orders from its environment")]
fn child() {
    let orders: Value = serde_json::from_str(&std::env::var(ORDERS).expect("orders")).unwrap();
    std::io::stdin().read_exact(&mut [0]).unwrap();
    let mut session = session(&orders["config"]);
    let told = session.request(&orders["order"].to_string()).map_or_else(
        |error| json!({"error": format!("{error:?}")}),
        |(code, reply)| json!({"code": code as i32, "reply": reply}),
    );
    std::fs::write(orders["out"].as_str().unwrap(), told.to_string()).unwrap();
}

fn session(config: &Value) -> Session {
    Session::open(&config.to_string(), Box::new(Silent), Cancel::default()).unwrap()
}

/// One installation in a folder of its own.
struct Host {
    folder: TempDir,
    messenger: Messenger,
}

impl Host {
    /// Begins where `before` left off, or with a college of which nothing is known yet.
    fn new(before: Option<&Path>) -> Host {
        let folder = tempfile::tempdir().unwrap();
        for name in ["world.json", "zvonok.db"] {
            if let Some(before) = before.map(|folder| folder.join(name)) {
                std::fs::copy(before, folder.path().join(name)).unwrap();
            }
        }
        let state = folder.path().join("world.json");
        let messenger =
            Messenger::start(&["--mode", "partner", "--state", state.to_str().unwrap()]);
        Host { folder, messenger }
    }

    fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn config(&self) -> Value {
        let mut config = config(&self.messenger, self.file("zvonok.db"));
        config["profile"] = json!("oneroster");
        config["platform"]["requests_in_flight"] = json!(1);
        config
    }

    fn cycle(&self, time: &str) {
        let options = with_now(&at(1, time), json!({}));
        let roster = big_college().to_string();
        let (code, report) = session(&self.config()).sync(roster.as_bytes(), &options).unwrap();
        assert_eq!(code as i32, 0, "{report:#}");
    }

    /// Gives an order in a child; `None` where it was killed.
    fn order(&self, order: &Value, death: Option<(usize, &str)>) -> Option<Value> {
        let out = self.file("told.json");
        let _ = std::fs::remove_file(&out);
        let orders = json!({"config": self.config(), "order": order, "out": out});
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "crash::child", "--ignored", "--nocapture"])
            .env(ORDERS, orders.to_string())
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        if let Some((nth, when)) = death {
            let kill = json!({"pid": child.id(), "nth": nth, "when": when});
            self.messenger.does("kill_on", kill);
        }
        child.stdin.take().unwrap().write_all(b"!").unwrap();
        child.wait().unwrap();
        let told = std::fs::read_to_string(&out).ok()?;
        Some(serde_json::from_str(&told).unwrap())
    }

    fn world(&self) -> World {
        world(&self.messenger)
    }
}

fn order(time: &str, method: &str, params: Value) -> Value {
    json!({"method": method, "actor": "engineer-120", "params": params, "now": at(1, time)})
}

/// Kills an order at every request, before and after it is applied; `before` are the orders that
/// went well until then.
fn survives(before: &[Value], order: &Value) -> usize {
    let first = Host::new(None);
    first.cycle("09:00");
    for order in before {
        assert_eq!(first.order(order, None).unwrap()["code"], 0);
    }
    let start = first.folder.path();
    let undisturbed = Host::new(Some(start));
    assert_eq!(undisturbed.order(order, None).unwrap()["code"], 0);
    undisturbed.cycle("09:40");
    let expected = undisturbed.world();
    for nth in 1..100 {
        let mut killed = false;
        for when in ["before", "after"] {
            let host = Host::new(Some(start));
            let told = host.order(order, Some((nth, when)));
            killed |= told.is_none();
            host.cycle("09:40");
            assert_eq!(host.world(), expected, "{when} request {nth}");
            let open = "SELECT count(*) FROM journal WHERE result IS NULL";
            assert_eq!(count(&host.file("zvonok.db"), open), 0, "{when} request {nth}");
            // A host that lost the answer asks again.
            let again = host.order(order, None).expect("nobody kills it");
            assert_eq!(again["code"], 0, "{again:#}");
            host.cycle("10:10");
            assert_eq!(host.world(), expected, "again, {when} request {nth}");
        }
        if !killed {
            return nth - 1;
        }
    }
    panic!("the order never came to its end");
}

const CIRCLE: &str = "custom:circle";

fn circle() -> Value {
    let params = json!({"id": "circle", "title": "Кружок", "members": ["child-200", "student-210"],
        "admins": ["teacher-111"]});
    order("09:10", "chats.create", params)
}

#[test]
fn e6_e14_making_a_chat_survives_a_kill_at_every_request() {
    let kills = survives(&[], &circle());
    assert!(kills >= 4, "only {kills} requests were killed");
}

#[test]
fn e8_e14_taking_people_out_survives_a_kill_at_every_request() {
    let params = json!({"chat": CIRCLE, "people": ["child-200", "teacher-111"]});
    let kills = survives(&[circle()], &order("09:20", "members.remove", params));
    assert!(kills >= 3, "only {kills} requests were killed");
}

#[test]
fn e8_e14_letting_people_in_survives_a_kill_at_every_request() {
    let params = json!({"chat": CIRCLE, "people": ["child-201", "teacher-112"]});
    let kills = survives(&[circle()], &order("09:20", "members.add", params));
    assert!(kills >= 3, "only {kills} requests were killed");
}

#[test]
fn a4_e14_giving_rights_survives_a_kill_at_every_request() {
    let params = json!({"chat": CIRCLE, "people": ["child-200", "teacher-112"]});
    let kills = survives(&[circle()], &order("09:20", "admins.grant", params));
    assert!(kills >= 4, "only {kills} requests were killed: one comes in first, two get rights");
}

#[test]
fn e9_e14_renaming_survives_a_kill_at_every_request() {
    let params = json!({"chat": CIRCLE, "title": "Кружок робототехники"});
    let kills = survives(&[circle()], &order("09:20", "chats.rename", params));
    assert!(kills >= 2, "only {kills} requests were killed");
}

#[test]
fn a7_deleting_an_automatic_chat_survives_a_kill_at_every_request() {
    let first = Host::new(None);
    first.cycle("09:00");
    let delete = order("09:20", "chats.delete", json!({"chat": "class:7a"}));
    for nth in 1..100 {
        let host = Host::new(Some(first.folder.path()));
        let killed = host.order(&delete, Some((nth, "after"))).is_none();
        for time in ["09:40", "10:10"] {
            host.cycle(time);
            let world = host.world();
            let (_, members) = world.iter().find(|chat| chat.0 == "ЭБ-23-1").unwrap();
            assert_eq!(members.len(), 1, "only the community after request {nth}");
            assert_eq!(world.len(), first.world().len(), "request {nth}");
            let deleted = "SELECT count(*) FROM chats WHERE state = 'deleted'";
            assert_eq!(count(&host.file("zvonok.db"), deleted), 1, "request {nth}");
        }
        if !killed {
            assert!(nth > 3, "only {nth} requests were killed");
            return;
        }
    }
    panic!("the order never came to its end");
}
