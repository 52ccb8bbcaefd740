//! People link and unlink their messenger account themselves, and the chats follow at once.
#![cfg(feature = "cli")]

#[path = "support/rig.rs"]
mod rig;
mod support;
#[allow(dead_code, reason = "each file of tests needs its own part of this")]
#[path = "support/tiny.rs"]
mod tiny;

use std::sync::{Arc, Mutex};

use ring::hmac;
use serde_json::{Value, json};
use zvonok::error::{Code, Error};
use zvonok::host::{Phase, Silent};
use zvonok::session::{Cancel, Session};

use crate::rig::{Rig, at, count};
use crate::tiny::{accounts, row, tiny};

const PARENTS: &str = "7А - Родительский чат";

/// The tiny school after its first cycle.
struct Place {
    rig: Rig,
    roster: Value,
}

impl Place {
    fn new() -> Place {
        Place::with(tiny(), |_| {})
    }

    /// With `parent-301` whom the roster gives no account.
    fn without_301() -> Place {
        let mut roster = tiny();
        row(&mut roster, "users", "parent-301")["userIds"] = json!([]);
        Place::with(roster, |_| {})
    }

    fn with(roster: Value, change: impl FnOnce(&mut Rig)) -> Place {
        Place::on(Rig::new(), roster, change)
    }

    fn on(mut rig: Rig, roster: Value, change: impl FnOnce(&mut Rig)) -> Place {
        change(&mut rig);
        rig.expect(Code::Ok, &roster, &at(1, "09:00"));
        Place { rig, roster }
    }

    fn ask(&self, method: &str, params: Value, time: &str) -> Result<(Code, Value), Error> {
        let mut session = self.rig.open().expect("a session");
        let request = json!({"method": method, "params": params, "now": at(1, time)});
        let (code, mut reply) = session.request(&request.to_string())?;
        Ok((code, reply["result"].take()))
    }

    /// A request that must be answered with OK.
    fn ok(&self, method: &str, params: Value, time: &str) -> Value {
        let (code, result) = self.ask(method, params, time).expect("an answer");
        assert_eq!(code, Code::Ok, "{result:#}");
        result
    }

    fn refused(&self, method: &str, params: Value) -> Error {
        let error = self.ask(method, params, "10:00").expect_err("a refusal");
        assert_eq!(error.code, Code::Request, "{error:?}");
        error
    }

    fn link(&self, person: &str, account: &str, time: &str) -> Value {
        let params = json!({"person": person, "platform": "vk", "account": account});
        self.ok("accounts.link", params, time)
    }

    fn unlink(&self, person: &str, time: &str) -> Value {
        self.ok("accounts.unlink", json!({"person": person, "platform": "vk"}), time)
    }

    /// What counts for a person on VK.
    fn status(&self, person: &str) -> Value {
        let mut told = self.ok("accounts.status", json!({"person": person}), "20:00");
        told["accounts"][0].take()
    }

    fn sync(&mut self, time: &str) -> Value {
        self.rig.expect(Code::Ok, &self.roster, &at(1, time))
    }

    fn name(&mut self, person: &str, user_ids: Value) {
        row(&mut self.roster, "users", person)["userIds"] = user_ids;
    }

    /// Whether a text stands anywhere in the state file.
    fn keeps(&self, text: &str) -> bool {
        ["zvonok.db", "zvonok.db-wal"].into_iter().any(|name| {
            let bytes = std::fs::read(self.rig.folder.path().join(name)).unwrap_or_default();
            String::from_utf8_lossy(&bytes).contains(text)
        })
    }

    /// In how many chats the messenger has an account.
    fn chats_of(&self, account: i64) -> usize {
        let has = |members: &Vec<(i64, bool)>| members.iter().any(|(id, _)| *id == account);
        self.rig.world().iter().filter(|(_, members)| has(members)).count()
    }

    fn is_parent(&self, account: i64) -> bool {
        let world = self.rig.world();
        let (_, members) = world.iter().find(|(title, _)| title == PARENTS).expect("the chat");
        members.iter().any(|(id, _)| *id == account)
    }
}

#[test]
fn p16_linking_puts_the_person_into_the_chats_at_once() {
    let mut place = Place::without_301();
    let told = place.link("parent-301", "5301", "10:00");
    assert!(place.is_parent(5301));
    assert_eq!(told["account"], "5301");
    assert_eq!((&told["source"], &told["proof"]), (&json!("request"), &json!("request")));
    assert_eq!(told["since"], at(1, "10:00"));
    assert_eq!(told["done"], json!({"add_member": 1}));
    assert_eq!((&told["pending"], &told["reason"]), (&json!(false), &Value::Null));
    let chat = &told["chats"][0];
    assert_eq!((&chat["chat"], &chat["state"]), (&json!("parents:7a"), &json!("joined")));
    assert_eq!(chat["title"], PARENTS);
    assert!(chat["link"].is_string());
    assert_eq!(told["chats"].as_array().unwrap().len(), 1, "only the chats of that person");

    let report = place.sync("11:00");
    assert_eq!(report["done"], json!({}), "the next cycle finds it done");
    assert!(place.is_parent(5301));
}

#[test]
fn p16_linking_another_account_takes_the_old_one_out() {
    let mut place = Place::new();
    let told = place.link("parent-301", "5301", "10:00");
    assert_eq!(told["done"], json!({"add_member": 1, "remove_member": 1}));
    assert!(place.is_parent(5301) && !place.is_parent(301));
    let told = place.link("parent-301", "5302", "10:05");
    assert_eq!(told["done"], json!({"add_member": 1, "remove_member": 1}));
    assert!(place.is_parent(5302) && !place.is_parent(5301));
    assert_eq!(place.sync("11:00")["done"], json!({}));
}

#[test]
fn p16_linking_the_same_account_twice_is_one_link() {
    let place = Place::without_301();
    place.link("parent-301", "5301", "10:00");
    let told = place.link("parent-301", "5301", "10:30");
    assert_eq!((&told["since"], &told["done"]), (&json!(at(1, "10:00")), &json!({})));
    assert_eq!(count(&place.rig.state_file(), "SELECT count(*) FROM links"), 1);
}

#[test]
fn a9_unlinking_takes_the_person_out_of_all_chats_at_once() {
    let mut place = Place::new();
    assert_eq!(place.chats_of(110), 3, "the class teacher is in three chats");
    let told = place.unlink("teacher-110", "10:00");
    assert_eq!(place.chats_of(110), 0);
    assert_eq!(told["account"], Value::Null);
    assert_eq!(told["done"], json!({"remove_member": 3}));
    assert_eq!((&told["pending"], &told["held"]), (&json!(false), &json!([])));
    let chats = told["chats"].as_array().unwrap();
    assert_eq!(chats.len(), 3, "where the person belongs is told all the same");
    assert!(chats.iter().all(|chat| chat["state"] == "unlinked" && chat["link"].is_null()));

    // The roster goes on naming the account, and the unlinking survives every cycle.
    assert_eq!(place.sync("11:00")["done"], json!({}));
    row(&mut place.roster, "users", "child-200")["userIds"] = accounts("2200");
    place.sync("12:00");
    assert_eq!(place.chats_of(110), 0);
    place.link("teacher-110", "110", "13:00");
    assert_eq!(place.chats_of(110), 3, "linked again at any time");
}

#[test]
fn a9_who_came_by_the_link_is_taken_out_though_strangers_are_kept() {
    let roster = tiny();
    let place = Place::with(roster, |rig| {
        rig.set("/strangers", json!("keep"));
        rig.set("/platform/capabilities", json!({"add_members": false}));
    });
    let id = |title: &str| {
        let state = place.rig.messenger.look("state");
        let chats = state["chats"].as_array().unwrap().clone();
        chats.iter().find(|chat| chat["title"] == title).unwrap()["chat_id"].clone()
    };
    place.rig.messenger.does("join", json!({"chat_id": id(PARENTS), "user": 301}));
    assert!(place.is_parent(301));
    let told = place.unlink("parent-301", "10:00");
    assert!(!place.is_parent(301), "{told:#}");
}

#[test]
fn a9_the_guard_does_not_doubt_a_persons_own_word() {
    let strict = json!({"minimum": 1, "chat_share": 0.0, "total_share": 0.0, "chats": 3});
    let place = Place::with(tiny(), |rig| rig.set("/guard", strict));
    let params = json!({"person": "parent-301", "platform": "vk"});
    let (code, told) = place.ask("accounts.unlink", params, "10:00").unwrap();
    assert_eq!(code, Code::Ok, "{told:#}");
    assert!(!place.is_parent(301));
    assert_eq!((&told["pending"], &told["done"]), (&json!(false), &json!({"remove_member": 1})));
}

#[test]
fn a9_a_messenger_that_is_away_leaves_it_to_the_next_cycle() {
    let mut place = Place::new();
    place.rig.fault(json!({}), json!({"do": "drop_before"}));
    let params = json!({"person": "parent-301", "platform": "vk"});
    let (code, told) = place.ask("accounts.unlink", params, "10:00").unwrap();
    assert_eq!(code, Code::Partial, "{told:#}");
    assert_eq!(told["pending"], true);
    assert!(told["reason"]["ru"].is_string() && told["account"].is_null());
    assert!(place.is_parent(301));
    place.rig.messenger.clear_faults();
    assert_eq!(place.sync("10:10")["done"], json!({"remove_member": 1}));
    assert!(!place.is_parent(301));
}

#[test]
fn a9_an_unlinking_while_a_cycle_runs_is_done_by_the_next_one() {
    let mut place = Place::new();
    place.name("child-200", accounts("2200"));
    let config = place.rig.config.to_string();
    let told = Arc::new(Mutex::new(None));
    let kept = told.clone();
    let unlink = move || {
        let mut session = Session::open(&config, Box::new(Silent), Cancel::default()).unwrap();
        let request = json!({"method": "accounts.unlink", "now": at(1, "10:00"),
            "params": {"person": "parent-301", "platform": "vk"}});
        session.request(&request.to_string()).unwrap()
    };
    // The cycle has made its plan by then.
    let go_on = move |phase, _| {
        if phase == Phase::Applying {
            kept.lock().unwrap().get_or_insert_with(&unlink);
        }
        true
    };
    let mut session = place.rig.open_for(Cancel::default(), go_on).unwrap();
    let options = json!({"now": at(1, "10:00")}).to_string();
    session.sync(place.roster.to_string().as_bytes(), &options).unwrap();
    let (code, reply) = told.lock().unwrap().take().expect("a request meanwhile");
    assert_eq!((code, &reply["result"]["pending"]), (Code::Partial, &json!(true)));
    assert!(place.is_parent(301));
    assert_eq!(place.sync("10:30")["done"], json!({"remove_member": 1}), "no quiet cycle");
    assert_eq!(place.sync("11:00")["roster"]["unchanged"], true);
    assert!(!place.is_parent(301));
}

#[test]
fn p16_a_roster_that_names_another_account_has_the_last_word_again() {
    let mut place = Place::new();
    place.link("parent-301", "5301", "10:00");
    place.unlink("parent-300", "10:05");
    place.name("parent-301", accounts("6301"));
    place.name("parent-300", accounts("6300"));
    let report = place.sync("11:00");
    assert_eq!(report["done"], json!({"add_member": 2, "remove_member": 1}), "{report:#}");
    assert!(place.is_parent(6301) && !place.is_parent(5301) && place.is_parent(6300));
    let now = place.status("parent-301");
    assert_eq!((&now["account"], &now["source"]), (&json!("6301"), &json!("roster")));
    // A request that is over stays over, also when the roster goes back to the old account.
    place.name("parent-301", accounts("301"));
    place.sync("12:00");
    assert!(place.is_parent(301) && !place.is_parent(5301));
    let kept = "SELECT count(*) FROM links WHERE closed_by = 'roster'";
    assert_eq!(count(&place.rig.state_file(), kept), 2, "kept to be looked at");
    let told = place.ok("accounts.status", json!({"person": "parent-301"}), "13:00");
    assert_eq!(told["history"][0]["ended_by"], "roster");
}

#[test]
fn p16_a_roster_that_repeats_or_forgets_the_old_account_changes_nothing() {
    let mut place = Place::new();
    place.link("parent-301", "5301", "10:00");
    // Another roster, the same account in it; then none; then the same again.
    place.name("child-200", accounts("2200"));
    place.sync("11:00");
    assert!(place.is_parent(5301));
    place.name("parent-301", json!([]));
    place.sync("12:00");
    assert!(place.is_parent(5301));
    place.name("parent-301", accounts("301"));
    place.sync("13:00");
    assert!(place.is_parent(5301) && !place.is_parent(301));
    assert_eq!(place.status("parent-301")["source"], "request");
}

#[test]
fn p16_a_dry_run_shows_what_a_roster_would_overtake_and_overtakes_nothing() {
    let mut place = Place::new();
    place.link("parent-301", "5301", "10:00");
    place.name("parent-301", accounts("6301"));
    let dry = json!({"dry_run": true});
    let report = place.rig.expect_with(Code::Ok, &place.roster, &at(1, "11:00"), dry);
    assert_eq!(report["plan"]["operations"], json!({"remove_member": 1, "add_member": 1}));
    assert_eq!(place.status("parent-301")["source"], "request");
}

#[test]
fn a9_a_phone_that_two_parents_share_stays_until_both_have_unlinked() {
    let mut roster = tiny();
    row(&mut roster, "users", "parent-302")["userIds"] = accounts("301");
    let place = Place::with(roster, |_| {});
    let told = place.unlink("parent-302", "10:00");
    assert!(place.is_parent(301), "the other parent's");
    assert_eq!((&told["pending"], &told["done"]), (&json!(false), &json!({})), "{told:#}");
    let told = place.unlink("parent-301", "10:05");
    assert!(!place.is_parent(301));
    assert_eq!(told["pending"], false);
    place.link("parent-302", "5300", "10:10");
    let told = place.link("parent-301", "5300", "10:15");
    assert_eq!((&told["pending"], place.is_parent(5300)), (&json!(false), true));
}

#[test]
fn i1_the_linked_id_is_seen_with_its_source_and_what_may_be_joined() {
    let place = Place::with(tiny(), |rig| {
        rig.set("/platform/capabilities", json!({"add_members": false}));
    });
    let told = place.ok("accounts.status", json!({"person": "parent-301"}), "10:00");
    assert_eq!(
        told["accounts"],
        json!([
            {"platform": "vk", "account": "301", "linked": true, "source": "roster",
                "proof": null, "since": null},
            {"platform": "max", "account": "9301", "linked": true, "source": "roster",
                "proof": null, "since": null},
        ])
    );
    let chat = &told["chats"][0];
    assert_eq!((&chat["may_join"], &chat["state"]), (&json!(true), &json!("invited")));
    assert!(chat["link"].is_string());
    place.unlink("parent-301", "10:05");
    let told = place.ok("accounts.status", json!({"person": "parent-301"}), "10:10");
    let vk = &told["accounts"][0];
    assert_eq!((&vk["linked"], &vk["source"]), (&json!(false), &json!("request")));
    assert_eq!(vk["since"], at(1, "10:05"));
    assert_eq!(told["chats"][0]["may_join"], false);
    assert_eq!(told["chats"][0]["link"], Value::Null, "no way in for who has no account");
    place.refused("accounts.status", json!({"person": "nobody"}));
}

#[test]
fn i1_a_question_may_be_about_one_messenger_or_one_account() {
    let place = Place::new();
    place.link("parent-301", "5301", "10:00");
    let ask = |more: Value| {
        let mut params = json!({"person": "parent-301"});
        params.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        place.ok("accounts.status", params, "10:10")
    };
    let accounts = |told: &Value| -> Vec<String> {
        let rows = told["accounts"].as_array().unwrap().iter();
        rows.map(|row| row["account"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(accounts(&ask(json!({}))), ["5301", "9301"]);
    let max = ask(json!({"platform": "max"}));
    assert_eq!(accounts(&max), ["9301"]);
    assert_eq!((&max["chats"], &max["history"]), (&json!([]), &json!([])));
    assert_eq!(max["linked"], Value::Null, "no account was asked about");
    let vk = ask(json!({"platform": "vk"}));
    assert_eq!(vk["chats"][0]["platform"], "vk");
    assert_eq!(vk["history"].as_array().unwrap().len(), 1);
    let named = ask(json!({"account": "5301"}));
    assert_eq!((&named["linked"], accounts(&named)), (&json!(true), vec!["5301".to_owned()]));
    assert_eq!(named["history"][0]["account"], "5301");
    let before = ask(json!({"account": "301"}));
    assert_eq!((&before["linked"], &before["accounts"]), (&json!(false), &json!([])));
    assert_eq!(ask(json!({"account": "5301", "platform": "max"}))["linked"], false);
}

#[test]
fn a9_an_account_that_is_not_the_linked_one_is_not_unlinked() {
    let place = Place::new();
    let of = |account: &str| json!({"person": "parent-301", "platform": "vk", "account": account});
    place.link("parent-301", "5301", "10:00");
    let error = place.refused("accounts.unlink", of("301"));
    let fault = &error.faults[0];
    assert_eq!((&*fault.code, &*fault.at), ("request.not_linked", "params.account"));
    assert!(fault.message.ru.contains("5301"), "{:?}", fault.message);
    assert!(place.is_parent(5301));
    assert_eq!(place.ok("accounts.unlink", of("5301"), "10:10")["account"], Value::Null);
    assert!(!place.is_parent(5301));
    let again = place.ok("accounts.unlink", of("5301"), "10:20");
    assert_eq!((&again["account"], &again["done"]), (&Value::Null, &json!({})));
}

#[test]
fn i1_an_account_on_the_other_messenger_is_kept_for_it() {
    let place = Place::new();
    place.rig.reset_counters();
    let params = json!({"person": "parent-301", "platform": "max", "account": "99301"});
    let told = place.ok("accounts.link", params, "10:00");
    assert_eq!((&told["chats"], &told["pending"]), (&json!([]), &json!(false)));
    assert_eq!(place.rig.requests(), 0, "nothing to do on this one");
    assert!(place.is_parent(301));
}

#[test]
fn p4_who_is_not_in_the_data_links_nothing_and_a_bad_account_is_told() {
    let place = Place::new();
    let link = |person: &str, platform: &str, account: Value| {
        let params = json!({"person": person, "platform": platform, "account": account});
        place.refused("accounts.link", params)
    };
    link("nobody", "vk", json!("5301"));
    for bad in [json!("0"), json!("-5"), json!("05"), json!("+5"), json!("id5"), json!(5301)] {
        let error = link("parent-301", "vk", bad.clone());
        assert_eq!(error.faults[0].at, "params.account", "{bad}");
    }
    assert_eq!(link("parent-301", "vc", json!("1")).faults[0].at, "params.platform");
    let error = place.refused("accounts.link", json!({"person": "parent-301"}));
    assert_eq!(error.faults.len(), 2, "{error:?}");
    place.refused("accounts.unlink", json!({"person": "nobody", "platform": "vk"}));
    assert_eq!(count(&place.rig.state_file(), "SELECT count(*) FROM links"), 0);
}

#[test]
fn p16_everybody_links_the_own_account_and_the_administrator_any() {
    let place = Place::new();
    let mut session = place.rig.open().unwrap();
    let mut ask = |actor: &str, method: &str, person: &str| {
        let mut params = json!({"person": person, "platform": "vk", "account": "5301"});
        if method == "accounts.status" {
            params = json!({"person": person});
        }
        let request =
            json!({"method": method, "actor": actor, "params": params, "now": at(1, "10:00")});
        session.request(&request.to_string()).map_err(|error| (error.code, error.message.ru))
    };
    for (actor, person) in [("parent-301", "child-200"), ("teacher-111", "parent-301")] {
        for method in ["accounts.link", "accounts.status"] {
            let (code, reason) = ask(actor, method, person).unwrap_err();
            assert_eq!(code, Code::Denied);
            assert_eq!(
                reason,
                "чужую учётную запись привязывает и отвязывает только администратор"
            );
        }
    }
    assert_eq!(ask("nobody", "accounts.status", "nobody").unwrap_err().0, Code::Denied);
    assert_eq!(count(&place.rig.state_file(), "SELECT count(*) FROM links"), 0);
    ask("parent-301", "accounts.link", "parent-301").unwrap();
    ask("director-100", "accounts.status", "parent-301").unwrap();
    let by = "SELECT count(*) FROM links WHERE actor = 'parent-301' AND account = '5301'";
    assert_eq!(count(&place.rig.state_file(), by), 1, "the order carries the person's name");
}

#[test]
fn a9_who_has_left_the_school_can_still_unlink() {
    let mut place = Place::with(tiny(), |rig| rig.set("/grace", json!("24h")));
    tiny::drop_row(&mut place.roster, "users", "parent-302");
    tiny::drop_row(&mut place.roster, "roles", "role-parent-302-relative");
    place.sync("10:00");
    assert!(place.is_parent(302), "for the grace");
    let params = json!({"person": "parent-302", "platform": "vk"});
    let (code, told) = place.ask("accounts.unlink", params, "11:00").unwrap();
    assert_eq!((code, &told["pending"]), (Code::Ok, &json!(false)), "{told:#}");
    assert!(!place.is_parent(302), "the grace is for exports, not for a person's own word");
}

#[test]
fn a_state_file_of_the_first_schema_is_brought_up_to_date() {
    let mut place = Place::new();
    let back = include_str!("support/back_to_schema_1.sql");
    rig::database(&place.rig.state_file()).execute_batch(back).unwrap();
    place.rig.reopen();
    assert_eq!(place.sync("10:00")["roster"]["unchanged"], true);
    place.unlink("parent-301", "10:05");
    assert!(!place.is_parent(301));
}

const BOT: &str = "made-up-token-of-a-bot";

fn sign(key: &[u8], text: &str) -> hmac::Tag {
    hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), text.as_bytes())
}

fn hex(tag: &hmac::Tag) -> String {
    tag.as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Launch data of a mini-app, opened at ten o'clock on the first of September.
fn launched(account: i64, query: &str) -> String {
    let date = at(1, "10:00").parse::<jiff::Timestamp>().unwrap().as_second();
    let text = format!("auth_date={date}\nquery_id={query}\nuser={{\"id\":{account}}}");
    let hash = hex(&sign(sign(b"WebAppData", BOT).as_ref(), &text));
    format!("query_id={query}&user=%7B%22id%22%3A{account}%7D&auth_date={date}&hash={hash}")
}

fn with_bot(rig: &mut Rig) {
    rig.set("/previous_platform", json!({"kind": "max", "token": BOT}));
}

#[test]
fn p16_launch_data_of_max_link_the_account_that_they_prove_once() {
    let place = Place::with(tiny(), with_bot);
    let params = json!({"person": "parent-301", "platform": "max",
        "init_data": launched(99_301, "query-1")});
    let told = place.ok("accounts.verify", params.clone(), "10:05");
    assert_eq!((&told["account"], &told["proof"]), (&json!("99301"), &json!("max.init_data")));
    let error = place.refused("accounts.verify", params);
    assert_eq!(error.faults[0].code, "request.proof_used");
    assert!(!place.keeps("query-1"), "only a digest is kept");
    assert!(place.keeps("99301"), "the state file was looked into");

    let data = launched(99_301, "query-2").replace("99301", "99302");
    let error =
        place.refused("accounts.verify", json!({"person": "parent-301", "init_data": data}));
    assert_eq!(error.faults[0].code, "request.proof_forged");
    let late = json!({"person": "parent-301", "init_data": launched(99_301, "query-3")});
    let error = place.ask("accounts.verify", late, "11:01").unwrap_err();
    assert_eq!(error.faults[0].code, "request.proof_stale");
}

#[test]
fn p16_a_contact_links_when_its_phone_is_the_school_s_and_no_phone_is_kept() {
    let place = Place::with(tiny(), with_bot);
    let card = "BEGIN:VCARD\r\nVERSION:3.0\r\nTEL;TYPE=cell:79990000001\r\nEND:VCARD\r\n";
    let contact = json!({"vcf_info": card, "hash": hex(&sign(BOT.as_bytes(), card))});
    let params = |phone: &str| {
        json!({"person": "parent-301", "platform": "max", "contact": contact, "account": "99301",
            "phone": phone})
    };
    let error = place.refused("accounts.verify", params("+7 999 000-00-02"));
    assert_eq!(error.faults[0].code, "request.proof_other_phone");
    assert!(!format!("{error:?}").contains("00-02"));
    let told = place.ok("accounts.verify", params("8 (999) 000-00-01"), "10:05");
    assert_eq!((&told["account"], &told["proof"]), (&json!("99301"), &json!("max.contact")));
    assert!(!place.keeps("9990000001") && !place.keeps("VCARD"));
}

#[test]
fn p16_a_proof_needs_one_thing_shown_and_a_bot_to_check_it() {
    let place = Place::with(tiny(), with_bot);
    place.refused("accounts.verify", json!({"person": "parent-301"}));
    let both = json!({"person": "parent-301", "init_data": "a=1", "account": "1", "phone": "1",
        "contact": {"vcf_info": "", "hash": "00"}});
    assert_eq!(place.refused("accounts.verify", both).faults[0].code, "request.no_proof");
    let other = json!({"person": "parent-301", "platform": "vk", "init_data": "a=1"});
    place.refused("accounts.verify", other);
    let without = Place::new();
    let params = json!({"person": "parent-301", "init_data": launched(1, "q")});
    let error = without.refused("accounts.verify", params);
    assert!(error.message.en.contains("no MAX is configured"));
}
