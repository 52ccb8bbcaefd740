//! People do things in the messenger by hand: join, leave, delete, rename, appoint.

use serde_json::{Value, json};
use zvonok::error::Code;

use crate::pupils::{School, account};
use crate::rig::{Rig, at, chat, count};

const STRANGER: i64 = 7_777_777;

struct Made {
    rig: Rig,
    school: School,
    class: i64,
}

fn made_with(change: impl FnOnce(&mut Rig)) -> Made {
    let school = School::with_classes(&[3]);
    let mut rig = Rig::new();
    change(&mut rig);
    let report = rig.expect(Code::Ok, &school.0, &at(1, "09:00"));
    let class = rig.chat_id(&report, "class:a");
    Made { rig, school, class }
}

fn made() -> Made {
    made_with(|_| {})
}

fn warned(report: &Value, code: &str) -> bool {
    let warnings = report["roster"]["warnings"].as_array().expect("a list");
    warnings.iter().any(|warning| warning["code"] == code && warning["at"] == "class:a")
}

/// The chat ends with `code`; the next change in it and the next check find nothing to work on.
fn a_chat_that_ends(code: i64) {
    let Made { mut rig, mut school, class } = made();
    rig.messenger.does("delete_chat", json!({"chat_id": class, "code": code}));
    school.student(110, "a");
    let all = json!({"verify": "all"});
    let report = rig.sync_with(&school.0, &at(1, "10:00"), all.clone()).unwrap().1;
    assert_eq!(chat(&report, "class:a")["state"], "gone", "{code}: {report:#}");
    assert!(warned(&report, "chat.gone"), "{code}: {report:#}");
    let parents = rig.chat_id(&report, "parents:a");
    assert!(rig.people(parents).contains(&account(160)), "{code}: the other chat goes on");
    let before = rig.world().len();
    for hour in 11..14 {
        school.student(100 + hour, "a");
        let now = at(1, &format!("{hour}:00"));
        let report = rig.expect_with(Code::Ok, &school.0, &now, all.clone());
        assert_eq!(chat(&report, "class:a")["state"], "gone", "{code}");
        assert!(warned(&report, "chat.gone"), "{code}: {report:#}");
    }
    assert_eq!(rig.world().len(), before, "{code}: it is not made again");
}

#[test]
fn a_chat_that_was_deleted_is_told_and_not_made_again() {
    for code in [1017, 927, 993, 945, 1012] {
        a_chat_that_ends(code);
    }
}

#[test]
fn a_chat_from_which_the_community_was_thrown_out_is_told_and_tried_again_later() {
    let Made { mut rig, mut school, class } = made();
    let own = -rig.messenger.community;
    rig.messenger.does("leave", json!({"chat_id": class, "user": own}));
    school.student(110, "a");
    let report = rig.expect(Code::Partial, &school.0, &at(1, "10:00"));
    let failed = report["failed"].as_array().unwrap();
    assert_eq!((failed.len(), &failed[0]["code"]), (1, &json!("vk.917")), "{report:#}");
    let parents = rig.chat_id(&report, "parents:a");
    assert!(rig.people(parents).contains(&account(160)));
    let before = rig.world().len();
    rig.expect(Code::Partial, &school.0, &at(1, "10:30"));
    assert_eq!(rig.world().len(), before);
}

#[test]
fn a_stranger_is_removed_at_the_next_check() {
    let Made { mut rig, school, class } = made();
    rig.messenger.does("add", json!({"chat_id": class, "user": STRANGER}));
    rig.expect(Code::Ok, &school.0, &at(1, "09:30"));
    assert!(rig.people(class).contains(&STRANGER), "nothing is read twice in half an hour");
    rig.expect(Code::Ok, &school.0, &at(2, "09:30"));
    assert!(!rig.people(class).contains(&STRANGER));
}

#[test]
fn strangers_are_only_told_or_kept_where_the_school_wants_that() {
    for policy in ["report", "keep"] {
        let Made { mut rig, school, class } = made_with(|rig| {
            rig.set("/strangers", json!(policy));
        });
        rig.messenger.does("add", json!({"chat_id": class, "user": STRANGER}));
        let report = rig.expect(Code::Ok, &school.0, &at(2, "09:30"));
        assert!(rig.people(class).contains(&STRANGER), "{policy}");
        assert_eq!(chat(&report, "class:a")["members"]["strangers"], 1, "{policy}");
    }
}

#[test]
fn the_protected_and_the_owner_who_is_the_own_account_are_never_touched() {
    let Made { mut rig, school, class } = made_with(|rig| {
        rig.set("/protect", json!([STRANGER.to_string()]));
    });
    rig.messenger.does("add", json!({"chat_id": class, "user": STRANGER}));
    rig.messenger.does("promote", json!({"chat_id": class, "user": STRANGER, "admin": true}));
    rig.expect(Code::Ok, &school.0, &at(2, "09:30"));
    let state = rig.messenger.look("state");
    let chats = state["chats"].as_array().unwrap();
    let members = &chats.iter().find(|chat| chat["chat_id"] == class).unwrap()["members"];
    let there = |id: i64| members.as_array().unwrap().iter().any(|member| member["id"] == id);
    assert!(there(STRANGER) && there(-rig.messenger.community), "{members:#}");
    assert!(rig.admins(class).contains(&STRANGER));
}

#[test]
fn somebody_who_left_is_added_again_or_left_alone_as_the_school_wants() {
    for (policy, back) in [("invite", true), ("respect", false)] {
        let Made { mut rig, school, class } = made_with(|rig| {
            rig.set("/leavers", json!(policy));
        });
        rig.messenger.does("leave", json!({"chat_id": class, "user": account(101)}));
        for day in 2..5 {
            rig.expect(Code::Ok, &school.0, &at(day, "09:30"));
        }
        assert_eq!(rig.people(class).contains(&account(101)), back, "{policy}");
        let left = "SELECT count(*) FROM members WHERE chat = 'class:a' AND state = 'left'";
        assert_eq!(count(&rig.state_file(), left), i64::from(!back), "{policy}");
    }
}

#[test]
fn an_admin_made_by_hand_is_one_no_longer_and_a_lost_right_is_given_back() {
    let Made { mut rig, school, class } = made();
    assert_eq!(rig.admins(class), [account(2)]);
    for (user, admin) in [(account(101), true), (account(2), false)] {
        rig.messenger.does("promote", json!({"chat_id": class, "user": user, "admin": admin}));
    }
    rig.expect(Code::Ok, &school.0, &at(2, "09:30"));
    assert_eq!(rig.admins(class), [account(2)]);
    assert!(rig.people(class).contains(&account(101)), "the student stays");
}

#[test]
fn a_title_changed_by_hand_is_given_back_at_the_next_check() {
    let Made { mut rig, school, class } = made();
    rig.messenger.does("rename", json!({"chat_id": class, "title": "Наш класс"}));
    let report = rig.expect(Code::Ok, &school.0, &at(2, "09:30"));
    assert_eq!(report["done"]["rename_chat"], 1, "{report:#}");
    assert!(rig.world().iter().any(|(title, _)| title == "1a - Чат учеников"));
    assert!(!rig.world().iter().any(|(title, _)| title == "Наш класс"));
}
