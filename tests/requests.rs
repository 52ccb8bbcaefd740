//! Questions and orders from the host's screens.
#![cfg(feature = "cli")]

mod support;

use serde_json::{Value, json};
use support::Messenger;
use zvonok::error::{Code, Error};
use zvonok::host::Silent;
use zvonok::session::{Cancel, Session};

const MORNING: &str = "2026-09-01T09:00:00+03:00";
const SMALL: &str = include_str!("rosters/small.json");

struct School {
    messenger: Messenger,
    session: Session,
    _folder: tempfile::TempDir,
}

impl School {
    /// A session on a partner's token that has not run a cycle yet.
    fn new() -> School {
        let messenger = Messenger::start(&["--mode", "partner"]);
        let folder = tempfile::tempdir().unwrap();
        let config = json!({
            "state": folder.path().join("zvonok.db"),
            "profile": "paragraf",
            "platform": {
                "kind": "vk", "token": messenger.token, "base_url": messenger.address,
                "community": messenger.community.to_string(), "requests_per_second": 20,
            },
        });
        let host = Box::new(Silent);
        let session = Session::open(&config.to_string(), host, Cancel::default()).unwrap();
        School { messenger, session, _folder: folder }
    }

    /// The same after the small school's first cycle.
    fn started() -> School {
        let mut school = School::new();
        school.sync(SMALL, json!({"now": MORNING}));
        school
    }

    fn sync(&mut self, roster: &str, options: Value) -> (Code, Value) {
        self.session.sync(roster.as_bytes(), &options.to_string()).unwrap()
    }

    fn ask(&mut self, request: Value) -> Result<Value, Error> {
        let (_, mut reply) = self.session.request(&request.to_string())?;
        assert_eq!(reply["format"], "zvonok.reply/1");
        Ok(reply["result"].take())
    }
}

/// The small school's roster with one class emptied.
fn emptied(class: &str) -> String {
    let mut roster: Value = serde_json::from_str(SMALL).unwrap();
    let rows = roster["enrollments"].as_array_mut().unwrap();
    rows.retain(|row| row["classSourcedId"] != class || row["role"] != "student");
    roster.to_string()
}

#[test]
fn before_the_first_roster_only_diagnostics_answers() {
    let mut school = School::new();
    for method in ["chats.list", "plan", "audit", "tasks.list"] {
        let error = school.ask(json!({"method": method})).unwrap_err();
        assert_eq!(error.code, Code::Request, "{method}");
    }
    let told = school.ask(json!({"method": "diagnostics"})).unwrap();
    assert!(told["version"].as_str().unwrap().starts_with("zvonok 0.1.0 "));
    assert_eq!(told["state"]["roster"], Value::Null);
    assert!(!told.to_string().contains(&school.messenger.token));
}

#[test]
fn p8_the_registry_shows_every_chat_with_its_link() {
    let mut school = School::started();
    let list = school.ask(json!({"method": "chats.list", "params": {"sort": "title"}})).unwrap();
    assert_eq!(list["total"], 6);
    let titles: Vec<&str> =
        list["chats"].as_array().unwrap().iter().map(|c| c["title"].as_str().unwrap()).collect();
    assert_eq!(titles[0], "6А - Родительский чат", "6 comes before 11");
    assert!(list["chats"].as_array().unwrap().iter().all(|c| c["link"].is_string()));

    let page = json!({"per_page": 4, "page": 2, "sort": "-title"});
    let list = school.ask(json!({"method": "chats.list", "params": page})).unwrap();
    assert_eq!((&list["total"], &list["pages"], &list["page"]), (&json!(6), &json!(2), &json!(2)));
    assert_eq!(list["chats"].as_array().unwrap().len(), 2);

    let only = json!({"search": "родит", "class": "class-6a"});
    let list = school.ask(json!({"method": "chats.list", "params": only})).unwrap();
    assert_eq!(list["total"], 1);
    assert_eq!(list["chats"][0]["key"], "parents:class-6a");
}

#[test]
fn a_chat_shows_its_people_with_reasons_and_explain_agrees() {
    let mut school = School::started();
    let key = "class:class-6a";
    let chat = school.ask(json!({"method": "chats.get", "params": {"chat": key}})).unwrap();
    let members = chat["members"].as_array().unwrap().clone();
    assert_eq!(json!(members.len()), chat["counts"]["desired"]);
    let teacher = members.iter().find(|member| member["admin"] == true).unwrap();
    assert_eq!(teacher["granted"], true);
    assert_eq!(teacher["admin_reasons"][0]["because"], "классный руководитель");
    let params = json!({"chat": key, "person": teacher["person"]});
    let told = school.ask(json!({"method": "explain", "params": params})).unwrap();
    assert_eq!(told["member"], true);
    assert_eq!(told["reasons"], teacher["reasons"]);
    assert_eq!(told["history"][0]["operation"], "grant_admin");
    assert_eq!(told["cycle"], 1);

    let student = members.iter().find(|member| member["role"] == "student").unwrap();
    let params = json!({"chat": "teachers:school-1", "person": student["person"]});
    let told = school.ask(json!({"method": "explain", "params": params})).unwrap();
    assert_eq!(told["member"], false);
    let nobody = json!({"chat": key, "person": "nobody"});
    let error = school.ask(json!({"method": "explain", "params": nobody})).unwrap_err();
    assert_eq!(error.code, Code::Request);
}

#[test]
fn wrong_requests_name_the_place_the_value_and_the_nearest_word() {
    let mut school = School::started();
    let error = school.ask(json!({"method": "chats.lst"})).unwrap_err();
    assert_eq!(error.code, Code::Request);
    assert!(error.faults[0].message.en.contains("did you mean chats.list?"));
    let wrong = json!({"method": "chats.list", "params": {"serch": "1", "page": 0}});
    let error = school.ask(wrong).unwrap_err();
    let places: Vec<&str> = error.faults.iter().map(|fault| fault.at.as_str()).collect();
    assert_eq!(places, ["params.page", "params.serch"]);
    let denied = json!({"method": "chats.list", "actor": "nobody"});
    assert_eq!(school.ask(denied).unwrap_err().code, Code::Denied);
}

#[test]
fn a_hold_is_approved_by_its_fingerprint_once() {
    let mut school = School::started();
    let (code, report) =
        school.sync(&emptied("class-6a"), json!({"now": "2026-09-01T10:00:00+03:00"}));
    assert_eq!(code, Code::Held);
    let fingerprint = report["hold"]["fingerprint"].clone();
    let wrong = json!({"method": "guard.approve", "params": {"fingerprint": "00"},
                       "now": "2026-09-01T10:05:00+03:00"});
    let error = school.ask(wrong).unwrap_err();
    assert!(error.faults[0].message.en.contains(fingerprint.as_str().unwrap()));
    let right = json!({"method": "guard.approve", "params": {"fingerprint": fingerprint},
                       "now": "2026-09-01T10:05:00+03:00"});
    assert_eq!(school.ask(right).unwrap()["accepted"], true);
    let (code, report) =
        school.sync(&emptied("class-6a"), json!({"now": "2026-09-01T10:30:00+03:00"}));
    assert_eq!(code, Code::Ok, "{report}");
    assert!(report["done"]["remove_member"].as_u64().unwrap() >= 15);
    let (code, report) = school.sync(SMALL, json!({"now": "2026-09-01T11:00:00+03:00"}));
    assert_eq!(code, Code::Ok, "{report}");
    let (code, _) = school.sync(&emptied("class-6a"), json!({"now": "2026-09-01T11:30:00+03:00"}));
    assert_eq!(code, Code::Held, "an approval is used up by the cycle that carries it out");
}

#[test]
fn plan_says_what_the_next_cycle_would_do_and_changes_nothing() {
    let mut school = School::started();
    let (code, dry) = school.sync(&emptied("class-6a"), json!({"dry_run": true, "now": MORNING}));
    assert_eq!(code, Code::Held);
    assert_eq!(dry["done"], json!({}));
    let params = json!({"detail": "operations"});
    let plan = school.ask(json!({"method": "plan", "params": params, "now": MORNING})).unwrap();
    assert_eq!(plan["operations"], json!([]), "the dry run left the accepted roster alone");
    assert_eq!(plan["dry_run"], true);
    let report =
        school.ask(json!({"method": "chats.sync", "params": {"kinds": ["class"]}, "now": MORNING}));
    assert_eq!(report.unwrap()["done"], json!({}));
}

#[test]
fn the_audit_tells_who_did_what_when_and_why() {
    let mut school = School::started();
    let all = school.ask(json!({"method": "audit", "params": {"per_page": 1000}})).unwrap();
    let entries = all["entries"].as_array().unwrap();
    assert!(entries.iter().all(|entry| entry["actor"] == "system" && entry["result"] == "done"));
    let made = entries.iter().filter(|entry| entry["operation"] == "create_chat").count();
    assert_eq!(made, 6);
    let person =
        entries.iter().find(|e| e["operation"] == "grant_admin").unwrap()["person"].clone();
    let some = school.ask(json!({"method": "audit", "params": {"person": person}})).unwrap();
    assert!(
        some["entries"]
            .as_array()
            .unwrap()
            .iter()
            .all(|e| e["people"].to_string().contains(person.as_str().unwrap()))
    );
    let made = entries.iter().find(|entry| entry["operation"] == "create_chat").unwrap();
    assert_eq!(made["at"], MORNING);
    assert_eq!(made["cycle"], 1);
    for entry in entries {
        let reason = entry["reason"]["ru"].as_str().unwrap_or_default();
        assert!(reason.contains(|sign: char| ('а'..='я').contains(&sign)), "{entry:#}");
    }
    let mut within = |params: Value| {
        let told = school.ask(json!({"method": "audit", "params": params})).unwrap();
        told["total"].as_u64().unwrap() as usize
    };
    assert_eq!(within(json!({"since": "2026-09-02T00:00:00+03:00"})), 0);
    assert_eq!(within(json!({"since": MORNING})), entries.len(), "the first second counts");
    assert_eq!(within(json!({"until": MORNING})), 0, "the last one does not");
    assert_eq!(within(json!({"until": "2026-09-01T09:00:01+03:00"})), entries.len());
}

#[test]
fn the_audit_comes_in_pages_that_hold_every_entry_once() {
    let mut school = School::started();
    let mut page = |page: usize, per_page: usize| {
        let params = json!({"page": page, "per_page": per_page});
        school.ask(json!({"method": "audit", "params": params})).unwrap()
    };
    let all = page(1, 1000)["entries"].as_array().unwrap().clone();
    let size = all.len().div_ceil(2);
    let (first, second) = (page(1, size), page(2, size));
    assert_eq!((&second["page"], &second["pages"]), (&json!(2), &json!(2)));
    assert_eq!(second["total"], all.len());
    assert_eq!(first["entries"], json!(all[..size]));
    assert_eq!(second["entries"], json!(all[size..]));
    assert_eq!(page(3, size)["entries"], json!([]));
}

#[test]
fn what_a_broken_row_names_stays_frozen_when_the_kept_roster_is_used() {
    let mut school = School::started();
    let mut roster: Value = serde_json::from_str(SMALL).unwrap();
    let rows = roster["enrollments"].as_array_mut().unwrap();
    let student = |row: &Value| row["classSourcedId"] == "class-6a" && row["role"] == "student";
    let broken = rows.iter().position(|row| student(row) && row.get("endDate").is_none()).unwrap();
    rows[broken]["userSourcedId"] = json!("nobody");
    let now = json!({"now": "2026-09-01T10:00:00+03:00"});
    let (_, report) = school.sync(&roster.to_string(), now);
    let warnings = report["roster"]["warnings"].to_string();
    assert!(warnings.contains("roster.dangling_reference"), "{report}");
    assert_eq!(report["done"], json!({}));
    let sync = json!({"method": "chats.sync", "params": {"kinds": ["class", "parents"]},
                      "now": "2026-09-01T10:30:00+03:00"});
    assert_eq!(
        school.ask(sync).unwrap()["done"],
        json!({}),
        "nobody is removed by a request either"
    );
}
