//! What somebody who knew only the documents found: one test for each defect.

use serde_json::{Value, json};
use zvonok::error::Code;

use crate::pupils::{School, account};
use crate::rig::{Rig, at, chat, count};

#[test]
fn a_change_that_is_never_answered_is_told_and_done_later() {
    let mut school = School::with_classes(&[4]);
    let mut rig = Rig::new();
    let report = rig.expect(Code::Ok, &school.0, &at(1, "09:00"));
    let class = rig.chat_id(&report, "class:a");
    rig.fault(json!({"method": "messages.removeChatUser"}), json!({"do": "drop_before"}));
    school.expel(101);
    let report = rig.expect(Code::Partial, &school.0, &at(1, "10:00"));
    let rows: Vec<&Value> = report["failed"].as_array().unwrap().iter().collect();
    assert!(rows.iter().any(|row| row["operation"] == "remove_member"), "{report:#}");
    assert!(rows.iter().all(|row| row["next_try"].is_string()), "{report:#}");
    assert!(rig.people(class).contains(&account(101)));
    rig.messenger.clear_faults();
    rig.expect(Code::Ok, &school.0, &at(1, "10:30"));
    assert!(!rig.people(class).contains(&account(101)));
}

#[test]
fn another_community_is_not_given_the_first_ones_chats() {
    let School(roster) = School::with_classes(&[3]);
    let mut rig = Rig::new();
    rig.expect(Code::Ok, &roster, &at(1, "09:00"));
    let other = crate::support::Messenger::start(&["--mode", "partner", "--community", "777"]);
    let made = other.ok("messages.createChat", &[("title", "чужой чат")]);
    let foreign = json!({"chat_id": made["chat_id"], "user": 5});
    other.does("add", foreign);
    rig.set("/platform/base_url", json!(other.address));
    rig.set("/platform/token", json!(other.token));
    rig.set("/platform/community", json!("777"));
    let error = rig.expect_error(Code::Config, &roster, &at(2, "18:00"));
    assert_eq!(error.faults[0].at, "platform.community", "{error:?}");
    let before = json!([-777, 5]);
    let members = other.look("state")["chats"][0]["members"].clone();
    let ids: Value = members.as_array().unwrap().iter().map(|m| m["id"].clone()).collect();
    assert_eq!(ids, before, "nobody was touched");
}

#[test]
fn an_approval_lasts_until_what_it_let_go_is_done() {
    let mut school = School::with_classes(&[12]);
    let mut rig = Rig::new();
    rig.set("/guard", json!({"total_share": 1.0, "chat_share": 0.5}));
    let report = rig.expect(Code::Ok, &school.0, &at(1, "09:00"));
    let class = rig.chat_id(&report, "class:a");
    for student in 100..109 {
        school.expel(student);
    }
    let held = rig.expect(Code::Held, &school.0, &at(1, "10:00"));
    let fingerprint = held["hold"]["fingerprint"].clone();
    rig.fault(
        json!({"method": "messages.removeChatUser", "every": 2}),
        json!({"do": "error", "code": 29}),
    );
    let approve = json!({"approve": fingerprint});
    let (code, report) = rig.sync_with(&school.0, &at(1, "10:30"), approve).unwrap();
    assert_eq!(code, Code::Partial, "{report:#}");
    rig.messenger.clear_faults();
    let report = rig.expect(Code::Ok, &school.0, &at(1, "14:00"));
    assert_eq!(report["held"], json!([]));
    assert_eq!(rig.people(class).len(), 4, "three students and the teacher are left");
    let allowed = "SELECT count(*) FROM meta WHERE name = 'allowed'";
    assert_eq!(count(&rig.state_file(), allowed), 0, "the approval is used up");
}

#[test]
fn a_table_that_is_missing_too_long_puts_its_chats_to_rest() {
    let School(roster) = School::with_classes(&[3]);
    let mut rig = Rig::new();
    let report = rig.expect(Code::Ok, &roster, &at(1, "09:00"));
    let class = rig.chat_id(&report, "class:a");
    let people = rig.people(class);
    let mut empty = roster.clone();
    empty["enrollments"] = json!([]);
    rig.expect(Code::Ok, &empty, &at(1, "10:00"));
    let report = rig.expect(Code::Ok, &empty, &at(5, "10:00"));
    assert_eq!(chat(&report, "class:a")["state"], "archived", "{report:#}");
    assert_eq!(rig.people(class), people, "nobody was removed");
    let report = rig.expect(Code::Ok, &roster, &at(5, "11:00"));
    assert_eq!(chat(&report, "class:a")["state"], "active");
}

#[test]
fn a_deleted_organisation_puts_its_chats_to_rest() {
    let mut school = School::with_classes(&[3]);
    let mut rig = Rig::new();
    rig.expect(Code::Ok, &school.0, &at(1, "09:00"));
    for org in school.0["orgs"].as_array_mut().unwrap() {
        org["status"] = json!("tobedeleted");
    }
    let (_, report) = rig.sync(&school.0, &at(1, "10:00")).unwrap();
    assert_eq!(chat(&report, "class:a")["state"], "archived", "{report:#}");
}

#[test]
fn a_messenger_that_is_away_is_told_as_away() {
    let mut school = School::with_classes(&[3]);
    let mut rig = Rig::new();
    rig.expect(Code::Ok, &school.0, &at(1, "09:00"));
    rig.set("/platform/base_url", json!("http://127.0.0.1:9"));
    school.student(190, "a");
    rig.expect_error(Code::Platform, &school.0, &at(1, "10:00"));
}

#[test]
fn a_state_file_that_vanished_is_not_made_anew() {
    let School(roster) = School::with_classes(&[3]);
    let mut rig = Rig::new();
    rig.expect(Code::Ok, &roster, &at(1, "09:00"));
    let chats = rig.world().len();
    std::fs::remove_file(rig.state_file()).unwrap();
    let error = rig.expect_error(Code::State, &roster, &at(1, "10:00"));
    assert_eq!(error.faults[0].code, "state.gone");
    assert_eq!(rig.world().len(), chats, "no chat was made twice");
}

#[test]
fn who_is_leaving_is_shown_as_still_in() {
    let mut school = School::with_classes(&[4]);
    let mut rig = Rig::new();
    rig.set("/grace", json!("24h"));
    rig.expect(Code::Ok, &school.0, &at(1, "09:00"));
    school.expel(101);
    let report = rig.expect(Code::Ok, &school.0, &at(1, "10:00"));
    assert_eq!(chat(&report, "class:a")["members"]["leaving"], 1, "{report:#}");
    let mut session = rig.open().unwrap();
    let request = json!({"method": "chats.get", "params": {"chat": "class:a"}});
    let (_, reply) = session.request(&request.to_string()).unwrap();
    assert_eq!(reply["result"]["leaving"][0]["people"], json!(["p101"]), "{reply:#}");
}

#[test]
fn somebody_of_the_school_in_a_wrong_chat_is_named() {
    let School(roster) = School::with_classes(&[3, 3]);
    let mut rig = Rig::new();
    let report = rig.expect(Code::Ok, &roster, &at(1, "09:00"));
    let class = rig.chat_id(&report, "class:a");
    rig.messenger.does("add", json!({"chat_id": class, "user": account(200)}));
    let options = json!({"verify": "all", "detail": "operations"});
    let (_, report) = rig.sync_with(&roster, &at(1, "10:00"), options).unwrap();
    let row = &report["operations"][0];
    assert_eq!((&row["operation"], &row["person"]), (&json!("remove_member"), &json!("p200")));
    assert!(row["reason"]["en"].as_str().unwrap().contains("knows this person"), "{row:#}");
    assert!(!rig.people(class).contains(&account(200)));
}

#[test]
fn an_emptied_archive_keeps_its_door_shut() {
    let mut school = School::with_classes(&[3]);
    let mut rig = Rig::new();
    rig.set("/archive", json!({"members": "remove"}));
    let report = rig.expect(Code::Ok, &school.0, &at(1, "09:00"));
    let class = rig.chat_id(&report, "class:a");
    let link = chat(&report, "class:a")["link"].clone();
    school.find("classes", "a")["status"] = json!("tobedeleted");
    let (_, report) = rig.sync(&school.0, &at(1, "10:00")).unwrap();
    assert_eq!(chat(&report, "class:a")["state"], "archived", "{report:#}");
    assert_eq!(rig.people(class), [0i64; 0]);
    let late = json!({"link": link, "user": account(101)});
    assert_ne!(rig.messenger.order("join", &late).0, 200, "the old link lets nobody in");
}

#[test]
fn a_profile_is_named_by_a_built_in_name_or_a_full_path() {
    let mut rig = Rig::new();
    rig.set("/profile", json!("./mine.lua"));
    let error = rig.open().err().expect("a refusal");
    assert_eq!((error.code, error.faults[0].at.as_str()), (Code::Config, "profile"), "{error:?}");
}
