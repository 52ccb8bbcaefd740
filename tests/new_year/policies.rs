//! What a profile says of those who finish school, of those who leave a chat, and of guardians,
//! carried out in cycles.

use std::path::PathBuf;

use jiff::ToSpan;
use serde_json::{Value, json};
use zvonok::error::Code;

use super::{Before, CHILDREN, ends, next_is, warned};
use crate::college::{ask, holds, next, started};
use crate::school_day::Place;
use crate::tiny::{add, child, drop_row, enrolled, person, role, row, tiny};

/// The profile of «Параграф» with one policy written otherwise.
struct Own {
    file: PathBuf,
    _folder: tempfile::TempDir,
}

impl Own {
    fn with(policy: &str) -> Own {
        let text = include_str!("../../scripts/paragraf.lua");
        let usual = "  rollover = shared.rollover,\n";
        assert!(text.contains(usual));
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("own.lua");
        std::fs::write(&file, text.replace(usual, &format!("{policy},\n"))).unwrap();
        Own { file, _folder: folder }
    }

    fn started(&self, roster: Value) -> Place {
        started(self.file.to_str().unwrap(), roster, json!({}))
    }
}

fn by_hand(place: &Place, what: &str, key: &str, user: u32) {
    let id: i64 = place.chat(key)["platform_id"].as_str().unwrap().parse().unwrap();
    place.messenger.does(what, json!({"chat_id": id, "user": user}));
}

fn look_again(place: &mut Place) {
    place.pass(30.minutes());
    assert_eq!(place.sync_with(json!({"verify": "all"})), Code::Ok, "{:#}", place.report);
}

#[test]
fn a_class_that_finished_school_rests_and_comes_back_with_the_class() {
    let mut place = started("paragraf", tiny(), json!({}));
    let before = place.look();
    ends(&mut place.roster, "7a", Before::StruckOut);
    next(&mut place);
    for key in ["class:7a", "parents:7a"] {
        assert_eq!(place.chat(key)["state"], "archived");
        assert_eq!(place.seen(key).members, before[key].members, "its people stay by default");
    }
    place.pass(24.hours());
    row(&mut place.roster, "classes", "7a")["status"] = "active".into();
    drop_row(&mut place.roster, "enrollments", "7a-child-202-student");
    next(&mut place);
    assert_eq!(place.report["done"]["restore_chat"], 2);
    assert_eq!(place.seen("class:7a").link, before["class:7a"].link, "it is the same chat");
    holds(&place, "class:7a", &["110", "200", "201"], &["110"]);
}

#[test]
fn chats_of_a_class_that_finished_school_live_on_where_the_profile_says_so() {
    let own = Own::with("  rollover = { graduated = \"carry\" }");
    let mut place = own.started(tiny());
    let before = place.look();
    ends(&mut place.roster, "7a", Before::StruckOut);
    next(&mut place);
    assert_eq!(place.report["done"], json!({}));
    assert_eq!(place.look(), before);
    assert_eq!(place.chat("class:7a")["state"], "active");
    assert_eq!(place.chat("class:7a")["members"]["joined"], 4, "its numbers stay, too");
    // Strangers are kept out of it all the same.
    by_hand(&place, "add", "class:7a", 666);
    look_again(&mut place);
    assert_eq!(place.look(), before);
    // The host forgets the class and its students altogether.
    for who in CHILDREN {
        drop_row(&mut place.roster, "enrollments", &format!("7a-{who}-student"));
    }
    drop_row(&mut place.roster, "classes", "7a");
    row(&mut place.roster, "classes", "7a-algebra")["metadata"] = json!({});
    for _ in 0..2 {
        place.pass(96.hours());
        look_again(&mut place);
        assert_eq!(warned(&place, "roster.missing_class"), [""; 0]);
        assert_eq!(place.chat("class:7a")["state"], "active");
        assert_eq!(place.look(), before);
    }
}

/// Whose students go on to another class has not finished school.
#[test]
fn a_class_that_was_dissolved_rests_also_where_those_who_finish_school_live_on() {
    let own = Own::with("  rollover = { graduated = \"carry\" }");
    let mut place = own.started(tiny());
    let other = json!({"sourcedId": "7b", "title": "7Б", "classType": "homeroom",
        "schoolSourcedId": "school", "metadata": {"classTeacherSourcedId": "teacher-111"}});
    add(&mut place.roster, "classes", other);
    add(&mut place.roster, "enrollments", enrolled("7b", "child-200", "student"));
    ends(&mut place.roster, "7a", Before::StruckOut);
    next(&mut place);
    let link = place.seen("class:7a").link;
    for key in ["class:7a", "parents:7a"] {
        assert_eq!(place.chat(key)["state"], "archived", "{key}");
    }
    holds(&place, "class:7b", &["111", "200"], &["111"]);
    // The dissolving was a mistake, or is taken back: the same chats, for whoever is in it now.
    row(&mut place.roster, "classes", "7a")["status"] = "active".into();
    drop_row(&mut place.roster, "enrollments", "7a-child-200-student");
    next(&mut place);
    assert_eq!(place.report["done"]["restore_chat"], 2, "{:#}", place.report["done"]);
    for key in ["class:7a", "parents:7a"] {
        assert_eq!(place.chat(key)["state"], "active", "{key}");
    }
    assert_eq!(place.seen("class:7a").link, link, "it is the same chat");
    holds(&place, "class:7a", &["110", "201", "202"], &["110"]);
    holds(&place, "class:7b", &["111", "200"], &["111"]);
}

/// The profile's word on a kind of chat goes before the configuration's; for the others that one
/// counts.
#[test]
fn who_left_is_invited_again_or_not_by_the_kind_of_chat() {
    for (policy, configured, back) in [
        ("leavers = { class = 'respect' }", "invite", ["parents:7a", "teachers:school"].as_slice()),
        ("leavers = { class = 'invite' }", "respect", &["class:7a"]),
        ("leavers = 'respect'", "invite", &[]),
    ] {
        let own = Own::with(&format!("  {policy}"));
        let mut place = own.started(tiny());
        place.reopen(json!({"leavers": configured}));
        let leavers = [("class:7a", 200), ("parents:7a", 300), ("teachers:school", 111)];
        for (key, user) in leavers {
            by_hand(&place, "leave", key, user);
        }
        look_again(&mut place);
        look_again(&mut place);
        for (key, user) in leavers {
            let is_in = place.seen(key).members.contains(&user.to_string());
            assert_eq!(is_in, back.contains(&key), "{policy}, {configured}: {key}");
        }
        let told = ask(&mut place, "chats.get", json!({"chat": "class:7a"}));
        let members = told["members"].as_array().unwrap().iter();
        let left = members.filter(|member| member["state"] == "left").count();
        assert_eq!(left, usize::from(!back.contains(&"class:7a")), "{told:#}");
    }
}

/// Only the roles that the profile names, and not more of one student than it says, in the order of
/// the student's `agentSourcedIds`; who is left out is told.
#[test]
fn only_guardians_whom_the_profile_wants_are_in_the_parents_chat() {
    let own = Own::with("  guardians = { roles = { 'parent', 'guardian' }, most = 1 }");
    let mut roster = tiny();
    row(&mut roster, "users", "child-200")["agentSourcedIds"] = json!(["parent-303", "parent-300"]);
    add(&mut roster, "users", person("parent-303"));
    add(&mut roster, "roles", role("parent-303", "parent"));
    // Who names the child comes after those whom the child names.
    add(&mut roster, "users", child("parent-299", &["child-201"]));
    add(&mut roster, "roles", role("parent-299", "parent"));
    let mut place = own.started(roster);
    holds(&place, "parents:7a", &["110", "300", "301", "303"], &["110"]);
    assert_eq!(warned(&place, "profile.too_many_guardians"), ["child-200", "child-201"]);
    // What the school sets goes before the profile's default.
    place.reopen(json!({"settings": {"max_guardians": 2}}));
    next_is(&mut place, Code::Ok);
    holds(&place, "parents:7a", &["110", "299", "300", "301", "303"], &["110"]);
    assert_eq!(warned(&place, "profile.too_many_guardians"), [""; 0]);
}
