//! Orders about calls while another cycle is at work: refused or carried out later, never lost, never
//! twice.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use zvonok::error::Code;
use zvonok::host::Silent;
use zvonok::session::{Cancel, Session};

use crate::bell::{Bell, DAY, Place};
use crate::screens::epos;

const CURATOR: &str = "teacher-110";
const GROUP: &str = "class:7a";

fn create(title: &str) -> Value {
    json!({"chat": GROUP, "title": title, "date": DAY, "time": "14:00"})
}

fn list(bell: &mut Bell) -> Value {
    bell.does("system", "calls.list", json!({"chat": GROUP}))
}

#[test]
#[cfg(unix)]
fn an_order_that_meets_another_cycle_is_refused_whole_and_can_be_given_again() {
    let mut bell = epos(Place::Vk);
    let call = bell.does(CURATOR, "calls.create", create("Сбор"));
    let id = json!({"call": call["id"]});
    let renamed = json!({"call": call["id"], "title": "Собрание"});
    let link = json!({"call": call["id"]});
    for (method, params) in [
        ("calls.create", create("Второй")),
        ("calls.update", renamed),
        ("calls.start", link),
        ("calls.publish", id.clone()),
        ("calls.finish", id.clone()),
        ("calls.delete", id.clone()),
    ] {
        let before = list(&mut bell);
        let held = std::fs::File::options()
            .write(true)
            .open(bell.folder.path().join("zvonok.db.lock"))
            .expect("the lock");
        held.try_lock().expect("nobody holds it");
        let no = bell.refused(CURATOR, method, params.clone(), Code::Locked);
        assert!(no.message.ru.contains("другой цикл"), "{method}: {}", no.message.ru);
        // Questions wait for nobody, and nothing has changed.
        assert_eq!(list(&mut bell), before, "{method}");
        let told = bell.does(CURATOR, "calls.join", id.clone());
        assert!(told["allowed"].is_boolean(), "{method}");
        drop(held);
        bell.does(CURATOR, method, params);
        assert_ne!(list(&mut bell), before, "{method}");
    }
    assert_eq!((bell.vk_calls(), bell.said(GROUP).len()), ((1, 0), 2));
}

/// Stops the other host, also where this one fails.
struct Stopping<'a>(&'a AtomicBool);

impl Drop for Stopping<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// A host of the same school that runs one cycle after another until it is told to stop.
fn keeps_running(config: &str, roster: &str, now: &str, stop: &AtomicBool) -> u32 {
    let mut session =
        Session::open(config, Box::new(Silent), Cancel::default()).expect("a session");
    let options = json!({"now": now, "verify": "all"}).to_string();
    let mut cycles = 0;
    while !stop.load(Ordering::Relaxed) {
        match session.sync(roster.as_bytes(), &options) {
            Ok(_) => cycles += 1,
            Err(error) => assert_eq!(error.code, Code::Locked, "{error}"),
        }
        // An order does not wait for its turn: between two cycles there must be room for one.
        std::thread::sleep(Duration::from_millis(50));
    }
    cycles
}

/// Gives an order until it is accepted; how often another cycle was in its way, or took its place.
fn insist(bell: &mut Bell, method: &str, params: &Value) -> (Value, u32) {
    let until = Instant::now() + Duration::from_secs(60);
    let mut met = 0;
    loop {
        match bell.asks(CURATOR, method, params.clone()) {
            Ok((Code::Ok, call)) => return (call, met),
            // Stored; whoever is at work, or the next cycle, carries it out.
            Ok((code, call)) => {
                assert_eq!((code, &call["pending"]), (Code::Partial, &json!(true)), "{call}");
                assert!(call["message"]["ru"].is_string(), "{call}");
                return (call, met + 1);
            }
            Err(error) => assert_eq!(error.code, Code::Locked, "{method}: {error}"),
        }
        met += 1;
        assert!(Instant::now() < until, "{method} was never accepted");
    }
}

/// Waits until a call stands so.
fn becomes(bell: &mut Bell, id: &Value, state: &str, running: bool) {
    let until = Instant::now() + Duration::from_secs(60);
    loop {
        let list = list(bell);
        let rows = list["calls"].as_array().expect("calls").iter();
        let call = rows.clone().find(|row| row["id"] == *id).expect("the call");
        if (call["state"] == state) && (call["running"] == running) {
            return;
        }
        assert!(Instant::now() < until, "not {state}: {call}");
    }
}

#[test]
fn orders_in_the_midst_of_another_hosts_cycles_are_all_carried_out_and_each_once() {
    const CALLS: usize = 5;
    let mut bell = epos(Place::Vk);
    let now = format!("{DAY}T08:00:00+03:00");
    bell.at("08:00");
    let (config, roster) = (bell.config.to_string(), bell.roster.to_string());
    let stop = AtomicBool::new(false);
    let (met, cycles) = std::thread::scope(|scope| {
        let other = scope.spawn(|| keeps_running(&config, &roster, &now, &stop));
        let stopping = Stopping(&stop);
        let mut met = 0;
        for number in 0..CALLS {
            let (call, times) = insist(&mut bell, "calls.create", &create(&number.to_string()));
            met += times;
            for (method, state, running) in
                [("calls.publish", "published", true), ("calls.finish", "finished", false)]
            {
                met += insist(&mut bell, method, &json!({"call": call["id"]})).1;
                becomes(&mut bell, &call["id"], state, running);
            }
        }
        drop(stopping);
        (met, other.join().expect("the other host lives"))
    });
    assert!(met > 0 && cycles > 0, "they never met: {met}, {cycles}");
    assert_eq!(bell.sync(), Code::Ok);
    assert_eq!(bell.vk_calls(), (CALLS, 0));
    let said = bell.said(GROUP);
    for number in 0..CALLS {
        let told = |start: &str| {
            let first = format!("{start}: {number}\n");
            said.iter().filter(|text| text.starts_with(&first)).count()
        };
        let both = (told("Онлайн-занятие"), told("Онлайн-занятие завершено"));
        assert_eq!(both, (1, 1), "{number}: {said:?}");
    }
}
