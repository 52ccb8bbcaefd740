//! The host is killed at every request that it makes, and the next cycle finds out what happened:
//! nothing is lost and nothing is done twice.
#![cfg(feature = "cli")]

#[path = "support/pupils.rs"]
mod pupils;
#[path = "support/rig.rs"]
mod rig;
mod support;

use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};

use pupils::School;
use rig::{World, at, config, count, with_now, world};
use serde_json::{Value, json};
use support::Messenger;
use tempfile::TempDir;
use zvonok::host::Silent;
use zvonok::session::{Cancel, Session};

/// What a child is told, in its environment.
const ORDERS: &str = "ZVONOK_TEST_CYCLE";

/// Cases at once: they mostly wait for the messenger's rate.
const AT_ONCE: usize = 6;

/// More requests than any cycle here makes: a test that gets so far is wrong.
const MOST: usize = 200;

/// Not a test by itself but the host that the tests kill: one cycle in a process of its own. It
/// begins when its standard input says so and leaves code and report in a file.
#[test]
#[ignore = "run by the other tests, in a process of its own"]
#[allow(clippy::disallowed_methods, reason = "a child gets its orders from its environment")]
fn child() {
    let orders = std::env::var(ORDERS).expect("orders");
    let orders: Value = serde_json::from_str(&orders).unwrap();
    std::io::stdin().read_exact(&mut [0]).unwrap();
    let cancel = Cancel::default();
    let mut session =
        Session::open(&orders["config"].to_string(), Box::new(Silent), cancel).unwrap();
    let roster = std::fs::read(orders["roster"].as_str().unwrap()).unwrap();
    let told = match session.sync(&roster, orders["options"].as_str().unwrap()) {
        Ok((code, report)) => json!({"code": code as i32, "report": report}),
        Err(error) => json!({"code": error.code as i32, "error": format!("{error:?}")}),
    };
    std::fs::write(orders["out"].as_str().unwrap(), told.to_string()).unwrap();
}

/// When the host dies.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Death {
    nth: usize,
    when: &'static str,
}

/// One installation in a folder of its own.
struct Place {
    folder: TempDir,
    messenger: Messenger,
    in_flight: usize,
}

impl Place {
    /// Begins where `before` left off, or with nothing.
    fn new(before: Option<&Path>, in_flight: usize) -> Place {
        let folder = tempfile::tempdir().unwrap();
        for name in ["world.json", "zvonok.db"] {
            if let Some(before) = before.map(|folder| folder.join(name)) {
                std::fs::copy(before, folder.path().join(name)).unwrap();
            }
        }
        let world = folder.path().join("world.json");
        let messenger =
            Messenger::start(&["--mode", "partner", "--state", world.to_str().unwrap()]);
        Place { folder, messenger, in_flight }
    }

    fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Runs a cycle in a child; `None` where it was killed.
    fn cycle(&self, roster: &Value, now: &str, death: Option<Death>) -> Option<Value> {
        let (input, out) = (self.file("roster.json"), self.file("told.json"));
        std::fs::write(&input, roster.to_string()).unwrap();
        let _ = std::fs::remove_file(&out);
        let mut config = config(&self.messenger, self.file("zvonok.db"));
        config["platform"]["requests_in_flight"] = json!(self.in_flight);
        config["guard"] = json!({"minimum": 1000, "chats": 100});
        let orders = json!({
            "config": config, "roster": input, "out": out,
            "options": with_now(now, json!({"detail": "operations"})),
        });
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "child", "--ignored", "--nocapture"])
            .env(ORDERS, orders.to_string())
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        if let Some(Death { nth, when }) = death {
            let kill = json!({"pid": child.id(), "nth": nth, "when": when});
            self.messenger.does("kill_on", kill);
        }
        child.stdin.take().unwrap().write_all(b"!").unwrap();
        child.wait().unwrap();
        let told = std::fs::read_to_string(&out).ok()?;
        Some(serde_json::from_str(&told).unwrap())
    }

    /// A cycle that nothing disturbs and that does everything.
    fn whole_cycle(&self, roster: &Value, now: &str) -> Value {
        let told = self.cycle(roster, now, None).expect("nobody kills it");
        assert_eq!(told["code"], 0, "{told:#}");
        told
    }

    fn world(&self) -> World {
        world(&self.messenger)
    }
}

/// A day at a school: what was before, what is to be, by which clock.
struct Day<'a> {
    before: Option<&'a Path>,
    roster: &'a Value,
    day: u32,
    in_flight: usize,
}

impl Day<'_> {
    /// What an undisturbed cycle makes of it.
    fn undisturbed(&self) -> World {
        let place = Place::new(self.before, self.in_flight);
        place.whole_cycle(self.roster, &at(self.day, "09:00"));
        place.world()
    }

    /// Kills at every request, before and after it is applied, and compares what becomes of it.
    fn survives(&self) -> usize {
        let expected = self.undisturbed();
        let (next, end) = (AtomicUsize::new(0), AtomicUsize::new(2 * MOST));
        let work = || loop {
            let case = next.fetch_add(1, Ordering::SeqCst);
            if case >= end.load(Ordering::SeqCst) {
                return;
            }
            let when = if case % 2 == 0 { "before" } else { "after" };
            if !self.survives_one(Death { nth: case / 2 + 1, when }, &expected) {
                end.fetch_min(case, Ordering::SeqCst);
            }
        };
        std::thread::scope(|scope| {
            let workers: Vec<_> = (0..AT_ONCE).map(|_| scope.spawn(work)).collect();
            workers.into_iter().for_each(|worker| worker.join().expect("no case fails"));
        });
        let cases = end.load(Ordering::SeqCst);
        assert!(cases < 2 * MOST, "the cycle never came to its end");
        cases
    }

    /// Whether the host was killed at all.
    fn survives_one(&self, death: Death, expected: &World) -> bool {
        let place = Place::new(self.before, self.in_flight);
        let killed = place.cycle(self.roster, &at(self.day, "09:00"), Some(death)).is_none();
        let told = place.whole_cycle(self.roster, &at(self.day, "09:10"));
        assert_eq!(&place.world(), expected, "{death:?}: {told:#}");
        let open = "SELECT count(*) FROM journal WHERE result IS NULL";
        assert_eq!(count(&place.file("zvonok.db"), open), 0, "{death:?}: open intents");
        place.messenger.does("counters/reset", json!({}));
        let third = place.whole_cycle(self.roster, &at(self.day, "09:20"));
        let changing = place.messenger.look("counters")["changing"].clone();
        assert_eq!(changing, 0, "{death:?}: {third:#}");
        assert_eq!(third["report"]["done"], json!({}), "{death:?}: {third:#}");
        killed
    }
}

/// Two classes, one of them twice the same title as the other's parents would not have.
fn september() -> School {
    let mut school = School::with_classes(&[4, 3]);
    school.person(3, "teacher");
    school.person(4, "teacher");
    school
}

/// A day on which somebody goes, moves, comes, gains and loses rights, and a class is renamed.
fn october() -> School {
    let mut school = september();
    school.expel(100);
    school.find("enrollments", "e101")["classSourcedId"] = json!("b");
    school.student(210, "b");
    school.find("classes", "a")["title"] = json!("2a");
    school.find("classes", "b")["metadata"]["classTeacherSourcedId"] = json!("p3");
    school.find("roles", "lead")["userSourcedId"] = json!("p4");
    school.drop("roles", |row| row["sourcedId"] == "r4");
    school.row(
        "roles",
        json!({"sourcedId": "r4b", "userSourcedId": "p4", "role": "teacher", "orgSourcedId": "s"}),
    );
    school.class("c", 3);
    school.student(300, "c");
    school
}

#[test]
fn the_first_cycle_survives_a_kill_at_every_request() {
    let School(roster) = september();
    let day = Day { before: None, roster: &roster, day: 1, in_flight: 8 };
    let cases = day.survives();
    assert!(cases >= 20, "only {cases} kills in a cycle that makes five chats");
}

#[test]
fn a_day_of_changes_survives_a_kill_at_every_request() {
    let first = Place::new(None, 1);
    first.whole_cycle(&september().0, &at(1, "09:00"));
    let School(roster) = october();
    let day = Day { before: Some(first.folder.path()), roster: &roster, day: 2, in_flight: 1 };
    let cases = day.survives();
    assert!(cases >= 16, "only {cases} kills on a day of changes");
}

#[test]
fn a_host_that_is_killed_again_and_again_comes_to_the_same_end() {
    let School(roster) = september();
    let day = Day { before: None, roster: &roster, day: 1, in_flight: 2 };
    let expected = day.undisturbed();
    let place = Place::new(None, 2);
    let mut lives = 0;
    // Each life is a few requests longer than what the one before must look up again.
    for nth in 1..=MOST {
        lives = nth;
        let when = if nth % 2 == 0 { "before" } else { "after" };
        let death = Death { nth: 2 + nth / 2, when };
        let now = at(1, &format!("{:02}:{:02}", 9 + nth / 60, nth % 60));
        if place.cycle(&roster, &now, Some(death)).is_some() {
            break;
        }
    }
    assert!(lives > 4, "it was killed {lives} times only");
    let told = place.whole_cycle(&roster, &at(1, "15:00"));
    assert_eq!(place.world(), expected, "{told:#}");
}
