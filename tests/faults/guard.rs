//! The guard: what it holds, how it is approved, what adds up over a day.

use serde_json::{Value, json};
use zvonok::error::Code;

use crate::pupils::School;
use crate::rig::{Rig, at};

/// Two classes of ten, and seven of the first class about to go.
fn seven_go() -> (Rig, School, i64) {
    let mut school = School::with_classes(&[10, 10, 10]);
    let mut rig = Rig::new();
    let report = rig.expect(Code::Ok, &school.0, &at(1, "09:00"));
    let class = rig.chat_id(&report, "class:a");
    for n in 100..107 {
        school.expel(n);
    }
    (rig, school, class)
}

fn fingerprint(report: &Value) -> String {
    report["hold"]["fingerprint"].as_str().unwrap_or_else(|| panic!("{report:#}")).to_owned()
}

#[test]
fn a_hold_lasts_until_it_is_approved_and_an_approval_counts_once() {
    let (mut rig, mut school, class) = seven_go();
    let report = rig.expect(Code::Held, &school.0, &at(1, "10:00"));
    let print = fingerprint(&report);
    assert_eq!(rig.people(class).len(), 11);
    assert!(
        report["held"].as_array().unwrap().iter().any(|row| {
            row["chat"] == "class:a"
                && row["remove_member"] == 7
                && row["rule"] == "guard.chat_share"
        }),
        "{report:#}"
    );
    // Nothing changes, and it stays held under the same fingerprint, without a request.
    for minute in 1..4 {
        rig.reset_counters();
        let report = rig.expect(Code::Held, &school.0, &at(1, &format!("10:0{minute}")));
        assert_eq!(report["status"], "HELD");
        assert_eq!(fingerprint(&report), print);
        assert!(!report["held"].as_array().unwrap().is_empty());
        assert_eq!(rig.requests(), 0);
    }
    // Another change elsewhere is carried out and leaves the fingerprint as it is.
    school.student(310, "c");
    let report = rig.expect(Code::Held, &school.0, &at(1, "10:10"));
    assert_eq!(fingerprint(&report), print);
    let wrong = json!({"approve": "0123456789abcdef"});
    let report = rig.expect_with(Code::Held, &school.0, &at(1, "10:20"), wrong);
    assert_eq!(fingerprint(&report), print);
    assert_eq!(rig.people(class).len(), 11);
    let right = json!({"approve": print});
    let report = rig.expect_with(Code::Ok, &school.0, &at(1, "10:30"), right.clone());
    assert_eq!(report["hold"], Value::Null, "{report:#}");
    assert_eq!(rig.people(class).len(), 4);
    // The same approval does nothing for what comes later.
    for n in 200..207 {
        school.expel(n);
    }
    rig.expect_with(Code::Held, &school.0, &at(1, "10:40"), right);
}

#[test]
fn a_hold_that_is_over_by_itself_is_forgotten() {
    let (mut rig, school, class) = seven_go();
    let whole = School::with_classes(&[10, 10, 10]);
    let first = fingerprint(&rig.expect(Code::Held, &school.0, &at(1, "10:00")));
    let report = rig.expect(Code::Ok, &whole.0, &at(1, "11:00"));
    assert_eq!(report["hold"], Value::Null);
    let second = fingerprint(&rig.expect(Code::Held, &school.0, &at(1, "12:00")));
    assert_ne!(first, second, "an old approval must not fit a new hold");
    rig.expect_with(Code::Held, &school.0, &at(1, "12:10"), json!({"approve": first}));
    assert_eq!(rig.people(class).len(), 11);
}

#[test]
fn a_hold_expires_after_a_week_and_asks_anew() {
    let (mut rig, school, class) = seven_go();
    let first = fingerprint(&rig.expect(Code::Held, &school.0, &at(1, "10:00")));
    let report = rig.expect(Code::Held, &school.0, &at(8, "10:01"));
    assert_ne!(fingerprint(&report), first);
    rig.expect_with(Code::Held, &school.0, &at(8, "10:02"), json!({"approve": first}));
    assert_eq!(rig.people(class).len(), 11);
}

#[test]
fn small_steps_add_up_over_a_day() {
    let mut school = School::with_classes(&[10, 10, 10]);
    let mut rig = Rig::new();
    let report = rig.expect(Code::Ok, &school.0, &at(1, "09:00"));
    let class = rig.chat_id(&report, "class:a");
    // Of eleven in the chat, five may go in 24 hours; one goes each hour.
    let mut codes = Vec::new();
    for n in 0..7 {
        school.expel(100 + n);
        let told = rig.sync(&school.0, &at(1, &format!("{}:00", 10 + n)));
        codes.push(told.unwrap().0);
    }
    let (done, held) = codes.split_at(5);
    assert!(done.iter().all(|code| *code == Code::Ok), "{codes:?}");
    assert!(held.iter().all(|code| *code == Code::Held), "{codes:?}");
    assert_eq!(rig.people(class).len(), 6);
    // A day after the last of them the rest is ordinary again.
    rig.expect(Code::Ok, &school.0, &at(2, "18:00"));
    assert_eq!(rig.people(class).len(), 4);
}

#[test]
fn more_archivings_than_usual_are_held_and_approved() {
    let mut school = School::with_classes(&[3, 3, 3]);
    let mut rig = Rig::new();
    rig.expect(Code::Ok, &school.0, &at(1, "09:00"));
    for class in ["a", "b"] {
        school.find("classes", class)["status"] = json!("tobedeleted");
    }
    let report = rig.expect(Code::Held, &school.0, &at(1, "10:00"));
    let row = &report["held"][0];
    assert_eq!((&row["rule"], &row["archive_chat"]), (&json!("guard.chats"), &json!(4)));
    let approve = json!({"approve": fingerprint(&report)});
    let report = rig.expect_with(Code::Ok, &school.0, &at(1, "10:10"), approve);
    assert_eq!(report["done"]["archive_chat"], 4);
}

#[test]
fn an_approved_removal_that_is_cut_short_does_not_go_beyond_what_was_approved() {
    let (mut rig, mut school, class) = seven_go();
    let print = fingerprint(&rig.expect(Code::Held, &school.0, &at(1, "10:00")));
    let lost = json!({"do": "drop_after"});
    rig.fault(json!({"method": "execute", "nth": 1}), lost);
    let approve = json!({"approve": print});
    rig.sync_with(&school.0, &at(1, "10:10"), approve).unwrap();
    rig.expect(Code::Ok, &school.0, &at(1, "10:20"));
    assert_eq!(rig.people(class).len(), 4);
    for n in 200..207 {
        school.expel(n);
    }
    rig.expect(Code::Held, &school.0, &at(1, "10:30"));
}
