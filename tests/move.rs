//! A school that worked on VK moves to MAX: the chats get successors there, the old ones are told,
//! and come to their end as the school wants it.
#![cfg(feature = "cli")]
#![allow(missing_docs, reason = "the names of the tests say it")]

#[path = "support/office.rs"]
mod office;
#[path = "support/rig.rs"]
mod rig;
mod support;
#[allow(dead_code, reason = "each file of tests needs its own part of this")]
#[path = "support/tiny.rs"]
mod tiny;

use serde_json::{Value, json};
use zvonok::error::Code;

use crate::office::{FoundBy, Manner, Office};
use crate::rig::{Outcome, Rig, at, count};
use crate::tiny::{drop_row, row, tiny};

const KEYS: [&str; 3] = ["class:7a", "parents:7a", "teachers:school"];
/// Whoever makes the groups of MAX: the director.
const OWNER: i64 = 9100;

/// The tiny school, on its way.
struct School {
    rig: Rig,
    roster: Value,
    /// The VK chat of each of [`KEYS`].
    old: Vec<i64>,
    vk: Value,
    max: Value,
}

impl School {
    /// A school that worked on VK and has just configured MAX beside it.
    fn moving(how: Value) -> School {
        let arguments = ["--mode", "partner", "--max-rate", "0", "--max-chat-rate", "0"];
        let mut rig = Rig::with(&arguments);
        let roster = tiny();
        let report = rig.expect(Code::Ok, &roster, &at(1, "09:00"));
        assert_eq!(report["move"], Value::Null, "nobody moves yet");
        let old = KEYS.iter().map(|key| rig.chat_id(&report, key)).collect();
        let messenger = &rig.messenger;
        let max = json!({"kind": "max", "token": messenger.max_token,
            "base_url": messenger.max_address});
        let vk = rig.config["platform"].clone();
        let mut school = School { rig, roster, old, vk, max };
        school.configure(how);
        school
    }

    fn configure(&mut self, how: Value) {
        self.rig.set("/platform", self.max.clone());
        self.rig.set("/previous_platform", self.vk.clone());
        self.rig.set("/move", how);
    }

    /// A cycle that reads every chat, and must end with OK.
    fn sync(&mut self, day: u32, time: &str) -> Value {
        self.sync_as(Code::Ok, day, time)
    }

    fn sync_as(&mut self, code: Code, day: u32, time: &str) -> Value {
        let all = json!({"verify": "all"});
        self.rig.expect_with(code, &self.roster, &at(day, time), all)
    }

    fn try_sync(&mut self, day: u32, time: &str) -> Outcome {
        self.rig.sync_with(&self.roster, &at(day, time), json!({"verify": "all"}))
    }

    /// The office makes every group that is asked for.
    fn make_groups(&self, report: &Value) {
        let mut office = Office::new(&self.rig.messenger);
        for task in report["tasks"].as_array().unwrap() {
            office.carry_out(task, &Manner::of(FoundBy::CodeInMessage, OWNER));
        }
    }

    /// People follow the link of a chat on MAX.
    fn join(&self, report: &Value, key: &str, people: &[i64]) {
        let link = rig::chat(report, key)["link"].as_str().expect("a link").to_owned();
        for user in people {
            self.rig.messenger.does("max/join", json!({"link": link, "user": user}));
        }
    }

    fn old_chat(&self, key: &str) -> Value {
        let id = self.old[KEYS.iter().position(|one| *one == key).expect("a key")];
        let state = self.rig.messenger.look("state");
        let chats = state["chats"].as_array().unwrap();
        chats.iter().find(|chat| chat["chat_id"] == id).expect("the chat").clone()
    }

    /// What was said in an old chat.
    fn said(&self, key: &str) -> Vec<String> {
        let chat = self.old_chat(key);
        let texts = chat["messages"].as_array().unwrap().iter();
        texts.map(|one| one["text"].as_str().unwrap().to_owned()).collect()
    }

    fn old_people(&self, key: &str) -> Vec<i64> {
        let id = self.old[KEYS.iter().position(|one| *one == key).expect("a key")];
        let mut people = self.rig.people(id);
        people.sort_unstable();
        people
    }

    /// Tasks, groups, notices: everything up to the people.
    fn with_groups(how: Value) -> (School, Value) {
        let mut school = School::moving(how);
        let report = school.sync(1, "10:00");
        school.make_groups(&report);
        let report = school.sync(1, "11:00");
        (school, report)
    }
}

/// A chat's row of the ledger.
fn entry<'r>(report: &'r Value, key: &str) -> &'r Value {
    let chats = report["move"]["chats"].as_array().unwrap_or_else(|| panic!("{report:#}"));
    chats.iter().find(|chat| chat["chat"] == key).unwrap_or_else(|| panic!("{key}: {report:#}"))
}

fn stands(report: &Value) -> Vec<&str> {
    KEYS.iter().map(|key| entry(report, key)["stands"].as_str().unwrap()).collect()
}

#[test]
fn x3_every_chat_gets_a_task_on_the_new_messenger_and_the_old_ones_go_on() {
    let mut school = School::moving(json!({}));
    let report = school.sync(1, "10:00");
    assert_eq!(stands(&report), ["waiting_for_group"; 3]);
    assert_eq!((&report["move"]["from"], &report["move"]["to"]), (&json!("vk"), &json!("max")));
    assert_eq!((&report["move"]["done"], &report["move"]["of"]), (&json!(0), &json!(3)));
    let codes: Vec<&str> =
        report["tasks"].as_array().unwrap().iter().map(|t| t["code"].as_str().unwrap()).collect();
    assert_eq!(codes.len(), 3);
    let row = entry(&report, "class:7a");
    assert!(codes.iter().any(|code| row["hinders"]["en"].as_str().unwrap().contains(code)));
    assert_eq!((&row["from"]["state"], &row["from"]["members"]), (&json!("active"), &json!(4)));
    assert_eq!((&row["to"]["state"], &row["noticed"]), (&json!("task"), &json!(false)));
    let keys: Vec<&str> =
        report["chats"].as_array().unwrap().iter().map(|c| c["key"].as_str().unwrap()).collect();
    assert_eq!(keys, KEYS, "the old chats are not listed beside");
    assert_eq!(report["done"], json!({}));
    assert_eq!(school.old_people("class:7a"), [110, 200, 201, 202]);
    drop_row(&mut school.roster, "enrollments", "7a-child-202-student");
    school.sync(1, "10:30");
    assert_eq!(school.old_people("class:7a"), [110, 200, 201], "who left the school is out");
    let mut session = school.rig.open().unwrap();
    let mut ask = |method: &str, params: Value| {
        let asked = json!({"method": method, "params": params, "now": at(1, "10:40")});
        session.request(&asked.to_string()).unwrap().1["result"].take()
    };
    let former = ask("chats.get", json!({"chat": "class:7a@vk"}));
    assert_eq!((&former["platform"], &former["former"]), (&json!("vk"), &json!(true)));
    assert_eq!(ask("chats.list", json!({}))["chats"].as_array().unwrap().len(), 3);
    let told = ask("diagnostics", json!({}));
    assert_eq!(told["platform"]["kind"], "max");
    assert_eq!(told["previous_platform"]["kind"], "vk");
}

#[test]
fn x3_the_old_chats_are_told_once_where_the_new_ones_are() {
    let (mut school, report) = School::with_groups(json!({}));
    assert_eq!(report["done"]["post_message"], 3);
    assert_eq!(report["done"]["invite_member"], 10, "all but the director, who made the groups");
    assert_eq!(stands(&report), ["inviting"; 3]);
    for key in KEYS {
        let said = school.said(key);
        let link = rig::chat(&report, key)["link"].as_str().unwrap();
        assert_eq!(said.len(), 1, "{said:?}");
        assert!(said[0].contains(link) && said[0].contains("MAX"), "{said:?}");
        let noticed = entry(&report, key)["noticed"].as_str().unwrap();
        assert!(noticed.starts_with("2026-09-01T11:00:"), "{noticed}");
        assert!(school.old_chat(key)["pinned"].is_number(), "{key}");
    }
    for time in ["12:00", "13:00"] {
        assert_eq!(school.sync(1, time)["done"].get("post_message"), None);
    }
    assert_eq!(school.said("class:7a").len(), 1);
}

#[test]
fn x3_a_notice_whose_answers_are_lost_stands_there_once() {
    for deed in ["drop_after", "drop_before"] {
        let mut school = School::moving(json!({}));
        let report = school.sync(1, "10:00");
        school.make_groups(&report);
        let lost = json!({"platform": "vk", "method": "messages.send"});
        school.rig.fault(lost, json!({"do": deed}));
        let report = school.sync_as(Code::Partial, 1, "11:00");
        assert_eq!(report["done"].get("post_message"), None);
        assert_eq!(count(&school.rig.state_file(), OPEN), 3, "nobody knows");
        school.rig.messenger.clear_faults();
        school.rig.reopen();
        let report = school.sync(1, "11:10");
        assert_eq!(stands(&report), ["inviting"; 3]);
        for key in KEYS {
            assert_eq!(school.said(key).len(), 1, "{deed} {key}");
            let noticed = entry(&report, key)["noticed"].as_str().unwrap();
            assert!(noticed.starts_with("2026-09-01T11:10:"), "{noticed}");
        }
    }
}

const OPEN: &str = "SELECT count(*) FROM journal WHERE result IS NULL";

#[test]
fn x3_a_limit_of_the_messenger_is_no_storm_of_notices() {
    let mut school = School::moving(json!({}));
    let report = school.sync(1, "10:00");
    school.make_groups(&report);
    school.rig.fault(
        json!({"platform": "vk", "method": "messages.send"}),
        json!({"do": "error", "code": 9}),
    );
    let report = school.sync_as(Code::Partial, 1, "11:00");
    assert_eq!(report["failed"].as_array().unwrap().len(), 3);
    school.rig.messenger.clear_faults();
    let pause = "SELECT count(*) FROM meta WHERE name = 'pause.post_message'";
    assert_eq!(count(&school.rig.state_file(), pause), 1);
    let report = school.sync(1, "12:00");
    assert_eq!(report["done"]["post_message"], 3);
    assert!(KEYS.iter().all(|key| school.said(key).len() == 1));
}

#[test]
fn x3_a_school_that_wants_no_notice_gets_none() {
    let (mut school, _) = School::with_groups(json!({"notice": false}));
    school.sync(1, "12:00");
    assert!(KEYS.iter().all(|key| school.said(key).is_empty()));
}

#[test]
fn x3_whom_nobody_moves_stays_and_the_ledger_tells_who_has_come() {
    let (mut school, report) = School::with_groups(json!({}));
    school.join(&report, "class:7a", &[9110, 9200, 9201]);
    let report = school.sync(1, "12:00");
    let row = entry(&report, "class:7a");
    assert_eq!((&row["to"]["joined"], &row["to"]["of"]), (&json!(3), &json!(4)));
    assert_eq!(row["stands"], "inviting");
    school.join(&report, "class:7a", &[9202]);
    let report = school.sync(1, "13:00");
    assert_eq!(entry(&report, "class:7a")["stands"], "done");
    assert_eq!(report["move"]["done"], 1);
    assert_eq!(school.old_people("class:7a").len(), 4, "old: keep");
}

#[test]
fn x3_when_the_share_has_come_the_old_chat_is_frozen() {
    let (mut school, report) = School::with_groups(json!({"old": "freeze", "share": 0.75}));
    let link = entry(&report, "class:7a")["from"]["link"].clone();
    school.join(&report, "class:7a", &[9110, 9200]);
    let report = school.sync(1, "12:00");
    assert_eq!(entry(&report, "class:7a")["stands"], "inviting");
    // Who has come and has left the old chat counts all the same.
    let old = school.old[0];
    school.rig.messenger.does("leave", json!({"chat_id": old, "user": 200}));
    school.join(&report, "class:7a", &[9201]);
    let report = school.sync(1, "13:00");
    let row = entry(&report, "class:7a");
    assert_eq!((&row["stands"], &row["from"]["state"]), (&json!("done"), &json!("archived")));
    assert_ne!(row["from"]["link"], link, "nobody gets in any more");
    assert_eq!(school.old_people("class:7a"), [110, 201, 202], "who is in stays");
    assert_eq!(entry(&report, "parents:7a")["stands"], "inviting");
    drop_row(&mut school.roster, "enrollments", "7a-child-202-student");
    let report = school.sync(2, "09:00");
    assert_eq!(school.old_people("class:7a"), [110, 201], "but not who left the school");
    assert_eq!(entry(&report, "class:7a")["stands"], "done");
    assert_eq!(school.sync(2, "10:00")["done"], json!({}));
}

#[test]
fn x3_on_the_day_the_old_chats_are_emptied_and_the_guard_counts_each_once() {
    let mut school = School::moving(json!({"old": "empty", "on": "2026-09-03"}));
    school.rig.set("/guard", json!({"chats": 2}));
    let report = school.sync(1, "10:00");
    assert!(report["next_due"].as_str().unwrap() <= at(3, "00:00").as_str());
    school.make_groups(&report);
    let report = school.sync(2, "10:00");
    assert_eq!(stands(&report), ["inviting"; 3]);
    let report = school.sync_as(Code::Held, 3, "08:00");
    assert_eq!(stands(&report), ["ending"; 3]);
    let rows = report["held"].as_array().unwrap();
    assert_eq!(rows.len(), 1, "{rows:?}");
    assert_eq!((&rows[0]["rule"], &rows[0]["archive_chat"]), (&json!("guard.chats"), &json!(3)));
    assert!(entry(&report, "class:7a")["hinders"]["en"].as_str().unwrap().contains("guard"));
    assert_eq!(school.old_people("class:7a").len(), 4);
    let approve = json!({"approve": report["hold"]["fingerprint"], "verify": "all"});
    let report = school.rig.expect_with(Code::Ok, &school.roster, &at(3, "09:00"), approve);
    assert_eq!(stands(&report), ["done"; 3]);
    assert_eq!((&report["move"]["done"], &report["move"]["of"]), (&json!(3), &json!(3)));
    assert!(KEYS.iter().all(|key| school.old_people(key).is_empty()));
    let report = school.sync(3, "10:00");
    assert_eq!((&report["done"], &report["hold"]), (&json!({}), &Value::Null));
}

#[test]
fn x3_nobody_is_cut_off_on_the_day_before_there_is_a_new_chat() {
    let mut school = School::moving(json!({"old": "empty", "on": "2026-09-01"}));
    let report = school.sync(1, "10:00");
    assert_eq!(stands(&report), ["waiting_for_group"; 3]);
    assert_eq!(school.old_people("parents:7a").len(), 4);
    school.make_groups(&report);
    let report = school.sync(1, "11:00");
    assert_eq!(stands(&report), ["ending"; 3], "told first");
    assert_eq!(school.old_people("parents:7a").len(), 4);
    let report = school.rig.expect(Code::Ok, &school.roster, &at(1, "11:01"));
    assert_eq!(stands(&report), ["done"; 3], "the next cycle is due at once");
    assert!(school.old_people("parents:7a").is_empty());
}

#[test]
fn x3_emptying_what_was_only_frozen_is_asked_about_again() {
    let (mut school, _) = School::with_groups(json!({"old": "freeze", "on": "2026-09-02"}));
    let report = school.sync(2, "10:00");
    assert_eq!(stands(&report), ["done"; 3]);
    school.configure(json!({"old": "empty", "on": "2026-09-02"}));
    school.rig.set("/guard", json!({"chats": 2}));
    let report = school.sync_as(Code::Held, 4, "10:00");
    assert_eq!(report["held"][0]["archive_chat"], 3);
    assert_eq!(school.old_people("class:7a").len(), 4);
}

#[test]
fn x3_max_away_is_no_harm_to_the_removals_on_vk() {
    let (mut school, _) = School::with_groups(json!({}));
    drop_row(&mut school.roster, "enrollments", "7a-child-202-student");
    school.rig.set("/platform/base_url", json!("http://127.0.0.1:1"));
    let error = school.try_sync(1, "12:00").expect_err("the new messenger is away");
    assert_eq!(error.code, Code::Platform);
    assert_eq!(school.old_people("class:7a"), [110, 200, 201]);
    school.configure(json!({}));
    let report = school.sync(1, "13:00");
    assert_eq!(stands(&report), ["inviting"; 3]);
}

#[test]
fn x3_vk_away_is_no_harm_to_the_new_chats() {
    let mut school = School::moving(json!({}));
    let report = school.sync(1, "10:00");
    school.make_groups(&report);
    school.rig.set("/previous_platform/base_url", json!("http://127.0.0.1:1"));
    let report = school.sync_as(Code::Partial, 1, "11:00");
    assert_eq!(stands(&report), ["inviting"; 3]);
    assert!(KEYS.iter().all(|key| rig::chat(&report, key)["state"] == "active"));
    assert_eq!(report["roster"]["warnings"][0]["code"], "platform.lost");
    assert!(entry(&report, "class:7a")["hinders"]["en"].as_str().unwrap().contains("vk"));
    school.configure(json!({}));
    let report = school.sync(1, "12:00");
    assert_eq!(report["done"]["post_message"], 3);
}

#[test]
fn x3_old_chats_that_are_gone_are_told_so_and_the_move_goes_on() {
    for code in [993, 1012, 1017] {
        let mut school = School::moving(json!({}));
        let method = json!({"platform": "vk", "method": "messages.getConversationMembers"});
        school.rig.fault(method, json!({"do": "error", "code": code}));
        let report = school.sync(1, "10:00");
        assert_eq!(stands(&report), ["gone"; 3], "{code}");
        assert_eq!(report["tasks"].as_array().unwrap().len(), 3, "the move goes on");
        let warned = report["roster"]["warnings"].as_array().unwrap();
        assert!(warned.iter().all(|one| one["code"] != "chat.gone"), "{warned:?}");
        school.make_groups(&report);
        let report = school.sync(1, "11:00");
        assert_eq!((&report["move"]["done"], &report["move"]["of"]), (&json!(3), &json!(3)));
        assert!(KEYS.iter().all(|key| rig::chat(&report, key)["state"] == "active"));
        assert_eq!(report["done"].get("post_message"), None, "nobody reads it there");
    }
}

#[test]
fn x3_an_old_chat_that_turns_out_to_be_gone_when_it_is_told_is_gone() {
    let mut school = School::moving(json!({"old": "empty", "on": "2026-09-01"}));
    let report = school.sync(1, "10:00");
    school.make_groups(&report);
    let method = json!({"platform": "vk", "method": "messages.send", "count": 1});
    school.rig.fault(method, json!({"do": "error", "code": 993}));
    let report = school.sync_as(Code::Partial, 1, "11:00");
    assert_eq!(stands(&report), ["gone", "ending", "ending"]);
    assert_eq!(report["failed"][0]["code"], "vk.993");
    let report = school.sync(1, "12:00");
    assert_eq!(stands(&report), ["gone", "done", "done"]);
    assert_eq!((&report["move"]["done"], &report["failed"]), (&json!(3), &json!([])));
}

#[test]
fn x3_a_new_link_is_told_in_the_old_chats_in_their_language() {
    let (mut school, report) = School::with_groups(json!({}));
    let group: i64 =
        rig::chat(&report, "class:7a")["platform_id"].as_str().unwrap().parse().unwrap();
    school.rig.messenger.does("max/rotate", json!({"chat_id": group}));
    school.rig.set("/language", json!("en"));
    let report = school.sync(1, "12:00");
    let said = school.said("class:7a");
    assert_eq!(said.len(), 2, "the first link leads nowhere any more");
    let link = rig::chat(&report, "class:7a")["link"].as_str().unwrap();
    assert!(said[1].contains(link) && !said[0].contains(link), "{said:?}");
    assert!(said[0].starts_with("Этот чат") && said[1].starts_with("This chat"), "{said:?}");
    assert_eq!(school.said("parents:7a").len(), 1);
}

#[test]
fn x3_a_roster_without_vk_accounts_throws_nobody_out_of_the_old_chats() {
    let mut school = School::moving(json!({}));
    school.sync(1, "10:00");
    for user in school.roster["users"].as_array_mut().unwrap() {
        let ids = user["userIds"].as_array_mut().unwrap();
        ids.retain(|id| id["type"] != "vk");
    }
    let report = school.sync(2, "10:00");
    assert_eq!((&report["done"], &report["hold"]), (&json!({}), &Value::Null));
    assert_eq!(school.old_people("class:7a"), [110, 200, 201, 202]);
    assert_eq!(school.old_people("teachers:school"), [100, 110, 111]);
    drop_row(&mut school.roster, "enrollments", "7a-child-202-student");
    school.sync(3, "10:00");
    assert_eq!(school.old_people("class:7a"), [110, 200, 201], "who left the school is out");
}

#[test]
fn x3_an_account_that_means_somebody_else_by_now_is_not_kept_for_the_one_it_meant() {
    let mut school = School::moving(json!({}));
    school.sync(1, "10:00");
    row(&mut school.roster, "users", "child-200")["userIds"] = json!([]);
    row(&mut school.roster, "users", "engineer-120")["userIds"] = tiny::accounts("200");
    school.sync(2, "10:00");
    assert_eq!(school.old_people("class:7a"), [110, 201, 202]);
}

#[test]
fn x3_a9_who_unlinks_on_vk_is_out_of_the_old_chats_at_once() {
    let mut school = School::moving(json!({}));
    school.sync(1, "10:00");
    row(&mut school.roster, "users", "teacher-110")["userIds"] =
        json!([{"type": "max", "identifier": "9110"}]);
    school.sync(1, "11:00");
    assert_eq!(school.old_people("class:7a")[0], 110);
    let mut session = school.rig.open().unwrap();
    let asked = json!({"method": "accounts.unlink", "now": at(1, "12:00"),
        "params": {"person": "teacher-110", "platform": "vk"}});
    let (code, told) = session.request(&asked.to_string()).unwrap();
    assert_eq!((code, &told["result"]["done"]), (Code::Ok, &json!({"remove_member": 3})));
    assert!(KEYS.iter().all(|key| !school.old_people(key).contains(&110)));
}

#[test]
fn x3_a_later_cycle_without_the_previous_messenger_leaves_its_chats_alone() {
    let (mut school, report) = School::with_groups(json!({"old": "empty", "share": 0.5}));
    school.join(&report, "class:7a", &[9110]);
    school.rig.config.as_object_mut().unwrap().remove("previous_platform");
    school.rig.set("/move", json!({}));
    drop_row(&mut school.roster, "enrollments", "7a-child-202-student");
    let report = school.sync(2, "10:00");
    assert_eq!(report["move"], Value::Null);
    let warnings = report["roster"]["warnings"].as_array().unwrap().iter();
    let warnings: Vec<_> = warnings.map(|one| (&one["code"], &one["value"])).collect();
    // Who made the new groups is not in the roster; of the old chats nothing is said.
    assert_eq!(warnings, [(&json!("chat.unknown_owner"), &json!("9100"))]);
    assert_eq!(report["chats"].as_array().unwrap().len(), 3);
    assert_eq!(school.old_people("class:7a").len(), 4);
    school.configure(json!({}));
    let report = school.sync(2, "11:00");
    assert_eq!(stands(&report), ["inviting"; 3], "and takes it up where it was left");
    assert_eq!(school.old_people("class:7a"), [110, 200, 201]);
}

#[test]
fn x3_a_school_that_turns_back_finds_its_old_chats() {
    let (mut school, report) = School::with_groups(json!({"old": "freeze", "on": "2026-09-01"}));
    assert_eq!(stands(&report), ["ending"; 3]);
    let ids = KEYS.map(|key| (key, rig::chat(&report, key)["platform_id"].clone()));
    let made: std::collections::BTreeMap<&str, Value> = ids.into();
    let report = school.sync(1, "12:00");
    assert_eq!(stands(&report), ["done"; 3]);
    school.rig.set("/platform", school.vk.clone());
    school.rig.set("/previous_platform", school.max.clone());
    school.rig.set("/move", json!({}));
    let report = school.sync(2, "10:00");
    assert_eq!((&report["move"]["from"], &report["move"]["to"]), (&json!("max"), &json!("vk")));
    for (key, old) in KEYS.iter().zip(&school.old) {
        let chat = rig::chat(&report, key);
        assert_eq!((&chat["platform"], &chat["state"]), (&json!("vk"), &json!("active")));
        assert_eq!(chat["platform_id"], old.to_string());
    }
    assert_eq!(report["tasks"], json!([]));
    assert_eq!(school.old_people("class:7a"), [110, 200, 201, 202]);
    school.configure(json!({}));
    let again = school.sync(3, "10:00");
    assert_eq!(stands(&again), ["inviting"; 3], "and back again");
    for key in KEYS {
        assert_eq!(entry(&again, key)["to"]["platform_id"], made[key], "the groups of MAX");
        assert_eq!(entry(&again, key)["key"], format!("{key}@vk"));
    }
}

#[test]
fn x3_a_dry_run_shows_the_move_and_moves_nothing() {
    let mut school = School::moving(json!({}));
    let dry = json!({"dry_run": true});
    let report = school.rig.expect_with(Code::Ok, &school.roster, &at(1, "10:00"), dry);
    assert_eq!(stands(&report), ["waiting_for_group"; 3]);
    let former = "SELECT count(*) FROM chats WHERE former = 1";
    assert_eq!(count(&school.rig.state_file(), former), 0);
    school.sync(1, "11:00");
    assert_eq!(count(&school.rig.state_file(), former), 3);
    let past = "SELECT count(*) FROM journal WHERE chat LIKE '%@vk'";
    assert_eq!(count(&school.rig.state_file(), past), 0, "what is over keeps its key");
}

#[test]
fn x3_a_cycle_with_nothing_to_do_sends_nothing() {
    let (mut school, report) = School::with_groups(json!({"old": "freeze", "share": 0.8}));
    school.rig.expect(Code::Ok, &school.roster, &at(1, "11:10"));
    school.rig.reset_counters();
    let quiet = school.rig.expect(Code::Ok, &school.roster, &at(1, "11:11"));
    assert_eq!(school.rig.changing(), 0);
    assert_eq!(quiet["move"], report["move"], "and tells the same");
    assert_eq!(quiet["roster"]["unchanged"], true);
}

#[test]
fn swapping_the_messenger_without_the_previous_one_leaves_the_chats_alone() {
    let mut school = School::moving(json!({}));
    school.rig.config.as_object_mut().unwrap().remove("previous_platform");
    school.rig.set("/move", json!({}));
    let report = school.sync(1, "10:00");
    let codes: Vec<&Value> =
        report["roster"]["warnings"].as_array().unwrap().iter().map(|w| &w["code"]).collect();
    assert_eq!(codes, ["plan.other_platform"; 3]);
    assert_eq!((&report["move"], &report["tasks"]), (&Value::Null, &json!([])));
}
