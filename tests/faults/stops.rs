//! The token dies, the messenger is away or silent, the time is over, somebody cancels.

use std::net::TcpListener;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use zvonok::error::Code;
use zvonok::host::Phase;
use zvonok::session::Cancel;

use crate::pupils::{School, account};
use crate::refusing::Refusing;
use crate::rig::{Rig, at, count, with_now};

fn finishes(rig: &mut Rig, roster: &Value, chats: usize) {
    let report = rig.expect(Code::Ok, roster, &at(1, "12:00"));
    assert_eq!(report["failed"], json!([]));
    assert_eq!(rig.world().len(), chats);
    let open = "SELECT count(*) FROM journal WHERE result IS NULL";
    assert_eq!(count(&rig.state_file(), open), 0);
    let chats = report["chats"].as_array().unwrap();
    let full = |chat: &Value| chat["members"]["joined"] == chat["members"]["desired"];
    assert!(chats.iter().all(full), "{report:#}");
}

#[test]
fn a_dead_token_is_told_and_a_new_one_goes_on() {
    let mut school = School::with_classes(&[3]);
    let mut rig = Rig::new();
    rig.expect(Code::Ok, &school.0, &at(1, "09:00"));
    rig.messenger.does("token", json!({"token": "another-token"}));
    // In the open session, with something to do; then in a new one.
    school.student(110, "a");
    let error = rig.expect_error(Code::Auth, &school.0, &at(1, "10:00"));
    assert!(!format!("{error:?}").contains("sandbox-token"));
    rig.reopen();
    rig.expect_error(Code::Auth, &school.0, &at(1, "10:10"));
    rig.set("/platform/token", json!("another-token"));
    finishes(&mut rig, &school.0, 3);
}

#[test]
fn a_token_that_dies_before_a_mere_check_is_told_too() {
    let School(roster) = School::with_classes(&[3]);
    let mut rig = Rig::new();
    rig.expect(Code::Ok, &roster, &at(1, "09:00"));
    rig.messenger.does("token", json!({"token": "another-token"}));
    rig.expect_error(Code::Auth, &roster, &at(2, "09:30"));
}

#[test]
fn a_messenger_that_is_down_loses_nothing() {
    let mut school = School::with_classes(&[3]);
    let mut rig = Rig::new();
    let good = rig.config["platform"]["base_url"].clone();
    let free = Refusing::new();
    rig.set("/platform/base_url", json!(free.url()));
    rig.expect_error(Code::Platform, &school.0, &at(1, "09:00"));
    rig.expect_error(Code::Platform, &school.0, &at(1, "09:10"));
    rig.set("/platform/base_url", good.clone());
    rig.expect(Code::Ok, &school.0, &at(1, "09:20"));
    // The same between two checks, and with somebody to remove.
    school.expel(100);
    rig.set("/platform/base_url", json!(free.url()));
    rig.expect_error(Code::Platform, &school.0, &at(1, "10:00"));
    rig.expect_error(Code::Platform, &school.0, &at(2, "10:00"));
    rig.set("/platform/base_url", good);
    rig.expect(Code::Ok, &school.0, &at(2, "10:10"));
    let report = rig.expect(Code::Ok, &school.0, &at(2, "10:20"));
    let class = rig.chat_id(&report, "class:a");
    assert!(!rig.people(class).contains(&account(100)));
}

#[test]
fn a_messenger_that_goes_away_in_an_open_session_leaves_nothing_waiting() {
    let mut school = School::with_classes(&[3]);
    let mut rig = Rig::new();
    rig.expect(Code::Ok, &school.0, &at(1, "09:00"));
    let Rig { messenger, .. } = &rig;
    let address = messenger.address.trim_start_matches("http://").to_owned();
    let gone = std::mem::replace(&mut rig.messenger, crate::support::Messenger::start(&[]));
    gone.cut_power();
    assert!(std::net::TcpStream::connect(address).is_err());
    school.student(110, "a");
    for minute in 0..4 {
        rig.expect_error(Code::Platform, &school.0, &at(1, &format!("10:{minute:02}")));
    }
    assert_eq!(count(&rig.state_file(), "SELECT count(*) FROM waiting"), 0);
    let open = "SELECT count(*) FROM journal WHERE result IS NULL";
    assert_eq!(count(&rig.state_file(), open), 0);
    rig.expect_error(Code::Platform, &school.0, &at(2, "10:00"));
}

#[test]
fn a_silent_messenger_does_not_hold_a_cycle_beyond_its_time() {
    let School(roster) = School::with_classes(&[3]);
    let mut rig = Rig::new();
    let hole = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = hole.local_addr().unwrap();
    std::thread::spawn(move || {
        let mut held = Vec::new();
        while let Ok((connection, _)) = hole.accept() {
            held.push(connection);
        }
    });
    rig.set("/platform/base_url", json!(format!("http://{address}")));
    let begun = Instant::now();
    let told = rig.sync_with(&roster, &at(1, "09:00"), json!({"time_budget": "2s"}));
    let took = begun.elapsed();
    assert_eq!(told.unwrap().0, Code::Partial);
    assert!(took < Duration::from_secs(4), "{took:?}");
}

#[test]
fn a_messenger_that_falls_silent_in_the_middle_does_not_hold_a_cycle_either() {
    let School(roster) = School::with_classes(&[3]);
    let mut rig = Rig::new();
    let silence = json!({"do": "delay", "ms": 8000, "when": "after"});
    rig.fault(json!({"method": "messages.createChat", "nth": 2}), silence);
    let begun = Instant::now();
    let options = json!({"time_budget": "2s"});
    let report = rig.expect_with(Code::Partial, &roster, &at(1, "09:00"), options);
    let took = begun.elapsed();
    assert!(took < Duration::from_secs(4), "{took:?}");
    assert_eq!(report["status"], "PARTIAL");
    finishes(&mut rig, &roster, 3);
}

#[test]
fn a_cycle_whose_time_is_over_goes_on_in_the_next_ones() {
    let School(roster) = School::with_classes(&[2; 12]);
    let mut rig = Rig::new();
    rig.set("/platform/requests_per_second", json!(8));
    let mut partial = 0;
    for minute in 0..30 {
        let options = json!({"time_budget": "1s"});
        let told = rig.sync_with(&roster, &at(1, &format!("09:{minute:02}")), options);
        match told.unwrap().0 {
            Code::Partial => partial += 1,
            code => {
                assert_eq!(code, Code::Ok);
                break;
            }
        }
    }
    assert!(partial >= 2, "{partial} cycles were cut short");
    finishes(&mut rig, &roster, 25);
}

#[test]
fn a_cancel_from_another_thread_ends_the_cycle_and_only_it() {
    let School(roster) = School::with_classes(&[2; 8]);
    let mut rig = Rig::new();
    let cancel = Cancel::default();
    let from_outside = cancel.clone();
    let applying = Arc::new(AtomicBool::new(false));
    let seen = applying.clone();
    let go_on = move |phase, _| {
        seen.fetch_or(phase == Phase::Applying, Ordering::SeqCst);
        true
    };
    let mut session = rig.open_for(cancel, go_on).unwrap();
    let other = std::thread::spawn(move || {
        while !applying.load(Ordering::SeqCst) {
            std::thread::sleep(Duration::from_millis(5));
        }
        from_outside.cancel();
    });
    let bytes = roster.to_string();
    let told = session.sync(bytes.as_bytes(), &with_now(&at(1, "09:00"), json!({})));
    assert_eq!(told.unwrap_err().code, Code::Cancelled);
    other.join().unwrap();
    let (code, _) = session.sync(bytes.as_bytes(), &with_now(&at(1, "09:10"), json!({}))).unwrap();
    assert_eq!(code, Code::Ok, "the cancel was for the cycle before");
    finishes(&mut rig, &roster, 17);
}

#[test]
fn a_host_may_cancel_at_every_step_of_its_progress() {
    let School(roster) = School::with_classes(&[2; 4]);
    let mut cancelled = 0;
    for stop_at in 0..100_u32 {
        let mut rig = Rig::new();
        let told = Arc::new(AtomicU32::new(0));
        let go_on = move |_, _| told.fetch_add(1, Ordering::SeqCst) != stop_at;
        let mut session = rig.open_for(Cancel::default(), go_on).unwrap();
        let bytes = roster.to_string();
        let first = session.sync(bytes.as_bytes(), &with_now(&at(1, "09:00"), json!({})));
        let again = session.sync(bytes.as_bytes(), &with_now(&at(1, "09:10"), json!({})));
        assert_eq!(again.unwrap().0, Code::Ok, "a cancel is for one cycle only ({stop_at})");
        finishes(&mut rig, &roster, 9);
        match first {
            // There were no more steps to cancel at, or it was the last and all was done.
            Ok((code, _)) => {
                assert_eq!(code, Code::Ok, "at progress {stop_at}");
                break;
            }
            Err(error) => assert_eq!(error.code, Code::Cancelled, "at progress {stop_at}"),
        }
        cancelled += 1;
    }
    assert!(cancelled >= 8, "cancelled at {cancelled} steps");
}
