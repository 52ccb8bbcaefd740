//! The host is killed at every request that it makes, and the next cycle finds out what happened:
//! nothing is lost and nothing is done twice.
#![cfg(feature = "cli")]

#[path = "support/lives.rs"]
mod lives;
#[path = "support/pupils.rs"]
mod pupils;
#[path = "support/rig.rs"]
mod rig;
mod support;

use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};

use lives::{Death, Home};
use pupils::School;
use rig::{World, at, config, count, world};
use serde_json::{Value, json};

/// Cases at once: they mostly wait for the messenger's rate.
const AT_ONCE: usize = 6;

/// More requests than any cycle here makes: a test that gets so far is wrong.
const MOST: usize = 200;

/// Not a test by itself but the host that the tests kill: one cycle in a process of its own.
#[test]
#[ignore = "run by the other tests, in a process of its own"]
fn child() {
    lives::live();
}

/// One installation in a folder of its own.
struct Place(Home);

impl Place {
    /// Begins where `before` left off, or with nothing.
    fn new(before: Option<&Path>, in_flight: usize) -> Place {
        Place(Home::new(before, |messenger, state| {
            let mut config = config(messenger, state);
            config["platform"]["requests_in_flight"] = json!(in_flight);
            config["guard"] = json!({"minimum": 1000, "chats": 100});
            config
        }))
    }

    /// A cycle that nothing disturbs and that does everything.
    fn whole_cycle(&self, roster: &Value, now: &str) -> Value {
        let told = self.0.cycle(roster, now, None).expect("nobody kills it");
        assert_eq!(told["code"], 0, "{told:#}");
        told
    }

    fn world(&self) -> World {
        world(&self.0.messenger)
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
        let killed = place.0.cycle(self.roster, &at(self.day, "09:00"), Some(death)).is_none();
        let told = place.whole_cycle(self.roster, &at(self.day, "09:10"));
        assert_eq!(&place.world(), expected, "{death:?}: {told:#}");
        let open = "SELECT count(*) FROM journal WHERE result IS NULL";
        assert_eq!(count(&place.0.file("zvonok.db"), open), 0, "{death:?}: open intents");
        place.0.messenger.does("counters/reset", json!({}));
        let third = place.whole_cycle(self.roster, &at(self.day, "09:20"));
        let changing = place.0.messenger.look("counters")["changing"].clone();
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
    let day = Day { before: Some(first.0.folder.path()), roster: &roster, day: 2, in_flight: 1 };
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
        if place.0.cycle(&roster, &now, Some(death)).is_some() {
            break;
        }
    }
    assert!(lives > 4, "it was killed {lives} times only");
    let told = place.whole_cycle(&roster, &at(1, "15:00"));
    assert_eq!(place.world(), expected, "{told:#}");
}
