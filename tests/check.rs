//! `zvonok.check/1`: every fault of a configuration, its profile and a roster at once.

use std::fs;

use serde_json::{Value, json};
use zvonok::check::check;
use zvonok::error::Code;

const ROSTER: &[u8] = include_bytes!("rosters/small.json");

fn good() -> Value {
    json!({
        "state": "/no/such/folder/zvonok.db", "profile": "paragraf",
        "platform": {"kind": "vk", "token": "t", "community": "1"},
    })
}

/// The code, and the kinds of the faults.
fn found(config: &Value, roster: Option<&[u8]>) -> (Code, Vec<String>) {
    let (code, document) = check(&config.to_string(), roster);
    assert_eq!(document["format"], "zvonok.check/1");
    let kind = |fault: &Value| fault["code"].as_str().expect("a kind").to_owned();
    (code, document["faults"].as_array().expect("faults").iter().map(kind).collect())
}

#[test]
fn good_documents_have_warnings_at_most() {
    assert_eq!(found(&good(), None), (Code::Ok, vec![]));
    let (code, document) = check(&good().to_string(), Some(ROSTER));
    assert_eq!((code, &document["faults"]), (Code::Ok, &json!([])));
    assert!(document["warnings"].as_array().is_some_and(|warnings| !warnings.is_empty()));
}

#[test]
fn all_three_are_looked_at_whatever_the_first_one_has() {
    let folder = tempfile::tempdir().expect("a folder");
    let script = folder.path().join("mine.lua");
    fs::write(&script, "return 1 +").expect("a script");
    let mut config = good();
    config["profile"] = json!(script);
    let (code, kinds) = found(&config, Some(b"{}"));
    assert_eq!(code, Code::Profile);
    assert!(kinds[0].starts_with("profile.") && kinds.last().unwrap().starts_with("roster."));
    config["languge"] = json!("ru");
    let (code, kinds) = found(&config, Some(b"{}"));
    assert_eq!((code, &*kinds[0]), (Code::Config, "config.unknown_key"));
    for area in ["config.", "profile.", "roster."] {
        assert!(kinds.iter().any(|kind| kind.starts_with(area)), "{area} {kinds:?}");
    }
}

#[test]
fn the_code_is_the_first_class_in_the_order_of_the_interface() {
    assert_eq!(found(&good(), Some(b"")).0, Code::Roster);
    let mut config = good();
    config["profile"] = json!("paragraff");
    assert_eq!(found(&config, Some(b"")).0, Code::Config);
    config["profile"] = json!("/no/such/profile.lua");
    assert_eq!(found(&config, None).0, Code::Config);
}

#[test]
fn faults_that_show_only_with_a_roster_are_found() {
    let mut config = good();
    config["organization"] = json!("school-9");
    assert_eq!(found(&config, None), (Code::Ok, vec![]));
    assert_eq!(
        found(&config, Some(ROSTER)),
        (Code::Config, vec!["config.organization".to_owned()])
    );
    let folder = tempfile::tempdir().expect("a folder");
    let script = folder.path().join("mine.lua");
    let text = zvonok::profile::BUILT_IN.iter().find(|(name, _)| *name == "oneroster").unwrap().1;
    let broken = text.replacen("members = function(", "members = function(nobody, ", 1);
    assert_ne!(broken, text);
    fs::write(&script, broken).expect("a script");
    let mut config = good();
    config["profile"] = json!(script);
    assert_eq!(found(&config, None), (Code::Ok, vec![]));
    assert_eq!(found(&config, Some(ROSTER)).0, Code::Profile);
}

#[test]
fn a_rule_that_fails_for_hundreds_of_objects_is_told_for_so_many_and_counted() {
    let folder = tempfile::tempdir().expect("a folder");
    let script = folder.path().join("mine.lua");
    let text = "return zvonok.profile { name = 'p', version = 1, chats = { class = {\n\
                per = 'homeroom', type = 'CLASS', title = function(class) return class.titel end,\n\
                members = function(class) return class.students + 1 end } } }";
    fs::write(&script, text).expect("a script");
    let classes: Vec<Value> = (0..150)
        .map(|number| {
            json!({"sourcedId": format!("c{number}"), "title": "К", "classType": "homeroom",
                "schoolSourcedId": "s"})
        })
        .collect();
    let orgs = json!([{"sourcedId": "s", "name": "Школа", "type": "school"}]);
    let roster = json!({"format": "zvonok.roster/1", "orgs": orgs, "users": [],
        "classes": classes, "enrollments": []});
    let mut config = good();
    config["profile"] = json!(script);
    let (code, document) = check(&config.to_string(), Some(roster.to_string().as_bytes()));
    let faults = document["faults"].as_array().expect("faults");
    assert_eq!((code, faults.len()), (Code::Profile, 201));
    let last = faults.last().expect("a fault");
    assert_eq!(
        (&last["code"], &last["message"]["en"]),
        (&json!("profile.more"), &json!("and 100 more faults"))
    );
    let lines = |number: usize| faults[number]["at"].as_str().expect("a place").to_owned();
    assert!(lines(0).ends_with("mine.lua:2") && lines(1).ends_with("mine.lua:3"), "{faults:?}");
    assert_eq!(
        (&faults[0]["value"], &faults[2]["value"]),
        (&json!("class:c0"), &json!("class:c1"))
    );
}

#[test]
fn a_wrong_setting_is_told_once() {
    let mut config = good();
    config["settings"] = json!({"max_guardian": 4});
    let (code, kinds) = found(&config, Some(ROSTER));
    assert_eq!((code, kinds), (Code::Config, vec!["config.unknown_setting".to_owned()]));
}

#[test]
fn a_ca_file_that_cannot_be_read_is_found_without_a_network() {
    let mut config = good();
    config["ca_file"] = json!("/no/such/root.pem");
    let (code, kinds) = found(&config, None);
    assert_eq!((code, kinds.len()), (Code::Config, 1));
}
