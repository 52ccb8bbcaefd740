//! What the messenger refuses: one person, one chat, or everybody for a while.

use serde_json::{Value, json};
use zvonok::error::Code;

use crate::pupils::{School, account};
use crate::rig::{Rig, at, chat};

fn failed<'r>(report: &'r Value, operation: &str) -> Vec<&'r Value> {
    let rows = report["failed"].as_array().expect("a list");
    rows.iter().filter(|row| row["operation"] == operation).collect()
}

#[test]
fn a_person_who_refuses_stops_nobody_and_is_not_asked_again_and_again() {
    let mut school = School::with_classes(&[4]);
    let mut rig = Rig::new();
    rig.messenger.does("people", json!({"id": account(101), "privacy": true}));
    let report = rig.expect(Code::Partial, &school.0, &at(1, "09:00"));
    let class = rig.chat_id(&report, "class:a");
    assert_eq!(rig.people(class), [account(2), account(100), account(102), account(103)]);
    let told = |report: &Value| {
        let rows = failed(report, "add_member");
        assert_eq!(rows.len(), 1, "{report:#}");
        assert_eq!(rows[0]["person"], "p101");
        assert_eq!(rows[0]["account"], account(101).to_string());
        assert_eq!(rows[0]["code"], "vk.981");
        assert!(rows[0]["message"]["ru"].as_str().unwrap().contains("приватности"));
        assert!(rows[0]["next_try"].as_str().unwrap() >= at(2, "09:00").as_str(), "{rows:#?}");
    };
    told(&report);
    let stands = |rig: &Rig, state: &str| {
        let query = format!(
            "SELECT state = '{state}' FROM members WHERE chat = 'class:a' AND person = 'p101'"
        );
        crate::rig::count(&rig.state_file(), &query)
    };
    assert_eq!(stands(&rig, "refused"), 1);
    // Something changes in every later cycle, so that none of them is a quiet one.
    for n in 0..6 {
        school.student(110 + n, "a");
        rig.reset_counters();
        let report = rig.expect(Code::Ok, &school.0, &at(1, &format!("1{n}:00")));
        assert_eq!(report["failed"], json!([]), "an open invitation is no failure: {report:#}");
        let asked = rig.messenger.look("counters")["by_method"]["messages.addChatUser"].clone();
        assert_eq!(asked, 2, "the new student and the parent, cycle {n}");
        // Since the second cycle the person has the link, which is the way left to them.
        assert_eq!(stands(&rig, "invited"), 1, "cycle {n}");
    }
    // A day later the person is asked once more, and has changed their mind.
    rig.messenger.does("people", json!({"id": account(101), "privacy": false}));
    let report = rig.expect(Code::Ok, &school.0, &at(2, "10:00"));
    assert!(failed(&report, "add_member").is_empty(), "{report:#}");
    assert!(rig.people(class).contains(&account(101)));
}

#[test]
fn a_chat_without_rights_stops_no_other() {
    let mut school = School::with_classes(&[3, 3]);
    let mut rig = Rig::new();
    let report = rig.expect(Code::Ok, &school.0, &at(1, "09:00"));
    let (a, b) = (rig.chat_id(&report, "class:a"), rig.chat_id(&report, "class:b"));
    let own = -rig.messenger.community;
    rig.messenger.does("promote", json!({"chat_id": a, "user": own, "admin": false}));
    school.student(110, "a").student(210, "b");
    let report = rig.expect(Code::Partial, &school.0, &at(1, "10:00"));
    assert!(rig.people(b).contains(&account(210)));
    let rows = failed(&report, "add_member");
    assert_eq!((rows.len(), &rows[0]["code"]), (1, &json!("vk.925")), "{report:#}");
    assert_eq!(rows[0]["chat"], "class:a");
    rig.messenger.does("promote", json!({"chat_id": a, "user": own, "admin": true}));
    rig.expect(Code::Ok, &school.0, &at(2, "10:30"));
    assert!(rig.people(a).contains(&account(110)));
}

#[test]
fn one_right_that_is_refused_is_told_and_takes_no_other_right_away() {
    let School(roster) = School::with_classes(&[3, 3, 3]);
    let mut rig = Rig::new();
    let fault = json!({"do": "error", "code": 15});
    rig.fault(json!({"method": "messages.setMemberRole", "nth": 2}), fault);
    let report = rig.expect(Code::Partial, &roster, &at(1, "09:00"));
    assert_eq!(report["done"]["grant_admin"], 6, "{report:#}");
    let rows = failed(&report, "grant_admin");
    assert_eq!((rows.len(), &rows[0]["code"]), (1, &json!("vk.15")), "{report:#}");
    let report = rig.expect(Code::Ok, &roster, &at(2, "09:30"));
    assert_eq!(report["done"]["grant_admin"], 1, "{report:#}");
}

#[test]
fn somebody_who_is_in_already_is_no_failure() {
    let mut school = School::with_classes(&[3]);
    let mut rig = Rig::new();
    let report = rig.expect(Code::Ok, &school.0, &at(1, "09:00"));
    let class = rig.chat_id(&report, "class:a");
    school.student(110, "a");
    rig.messenger.does("add", json!({"chat_id": class, "user": account(110)}));
    let report = rig.expect(Code::Ok, &school.0, &at(1, "10:00"));
    assert_eq!(report["failed"], json!([]), "{report:#}");
    assert_eq!(chat(&report, "class:a")["members"]["joined"], 5);
}

/// A school of so many classes that each kind of work takes many requests.
fn large() -> Value {
    School::with_classes(&[2; 24]).0
}

fn limit_is_a_budget(code: i64, method: &str, most: u64) {
    let roster = large();
    let mut rig = Rig::new();
    rig.fault(json!({"method": method}), json!({"do": "error", "code": code}));
    let report = rig.expect(Code::Partial, &roster, &at(1, "09:00"));
    let asked = rig.messenger.look("counters")["by_method"][method].as_u64().unwrap();
    assert!(asked <= most, "{asked} requests against error {code} of {method}");
    assert_ne!(report["failed"], json!([]), "{report:#}");
    // The limit lasts: a host that calls all the time does not make it worse.
    rig.reset_counters();
    for minute in 1..5 {
        rig.expect(Code::Partial, &roster, &at(1, &format!("09:0{minute}")));
    }
    let again = rig.messenger.look("counters")["by_method"][method].as_u64().unwrap_or_default();
    assert!(again <= most, "{again} more requests against error {code} of {method}");
    rig.messenger.clear_faults();
    for hour in 12..16 {
        let (code, _) = rig.sync(&roster, &at(1, &format!("{hour}:30"))).unwrap();
        if code == Code::Ok {
            break;
        }
    }
    let report = rig.expect(Code::Ok, &roster, &at(1, "17:00"));
    let chats = report["chats"].as_array().unwrap();
    assert!(chats.iter().all(|chat| chat["state"] == "active"), "{report:#}");
    assert_eq!(rig.world().len(), 1 + 2 * 24);
}

#[test]
fn a_daily_limit_is_a_budget_and_not_a_storm() {
    limit_is_a_budget(29, "messages.createChat", 16);
}

#[test]
fn flood_control_is_not_argued_with() {
    limit_is_a_budget(9, "messages.createChat", 16);
}

#[test]
fn too_many_requests_slow_down_and_end() {
    limit_is_a_budget(6, "messages.createChat", 48);
}

#[test]
fn a_limit_on_adding_ends_the_adding_only() {
    let roster = large();
    let mut rig = Rig::new();
    rig.fault(
        json!({"method": "execute", "nth": 3, "every": 1}),
        json!({"do": "error", "code": 9}),
    );
    rig.expect(Code::Partial, &roster, &at(1, "09:00"));
    assert_eq!(rig.world().len(), 1 + 2 * 24, "every chat is made");
    rig.messenger.clear_faults();
    for hour in 10..13 {
        rig.sync(&roster, &at(1, &format!("{hour}:00"))).unwrap();
    }
    let report = rig.expect(Code::Ok, &roster, &at(1, "14:00"));
    let chats = report["chats"].as_array().unwrap();
    let full = |chat: &Value| chat["members"]["joined"] == chat["members"]["desired"];
    assert!(chats.iter().all(full), "{report:#}");
}
