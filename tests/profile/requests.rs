//! Who may do what, line by line (`tests/profile/requests`), and what a rule can ask.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use serde_json::{Map, Value, json};
use zvonok::error::{Code, Result};
use zvonok::profile::{
    CallFacts, Limits, Permission, Request, Room, Source, Target, permits, source,
};
use zvonok::roster::Roster;
use zvonok::stop::Stop;

use crate::support::{NOW, roster};

/// A college with everybody about whom the rules speak.
pub(crate) fn college() -> Value {
    serde_json::from_str(include_str!("college.json")).unwrap()
}

/// Asks about a target in the form in which cases write it.
fn asked(
    profile: &Source,
    roster: &Arc<Roster>,
    actor: &str,
    method: &str,
    about: &Value,
) -> Result<Permission> {
    let word = |field: &str| about[field].as_str().map(str::to_owned);
    let people = about["people"].as_array().into_iter().flatten();
    let call = about.get("call").map(|call| CallFacts {
        state: "created".to_owned(),
        over: call["over"] == true,
        ..CallFacts::default()
    });
    let target = Target {
        key: word("key"),
        kind: word("kind"),
        chat_type: word("type"),
        organization: word("organization"),
        class: word("class"),
        subject: word("subject"),
        locked: about["locked"] == true,
        maker: word("maker"),
        people: people.map(|id| id.as_str().unwrap().to_owned()).collect(),
        person: word("person"),
        call,
    };
    let administers: BTreeSet<String> =
        word("key").into_iter().filter(|_| about["administers"] == true).collect();
    let params = json!({"title": "Название"});
    let params = params.as_object().unwrap();
    let request = Request { actor, method, params, administers: &administers, target };
    let (now, stop, settings) = (NOW.parse().unwrap(), Stop::never(), Map::new());
    let limits = Limits { time: std::time::Duration::from_millis(500), ..Limits::default() };
    let room = Room {
        roster,
        settings: &settings,
        organization: None,
        now: &now,
        limits,
        stop: &stop,
        log: &|_| {},
    };
    permits(profile, room, &request)
}

/// `true`, or the Russian reason against it.
fn answer(permission: &Permission) -> Value {
    match &permission.reason {
        None => permission.allowed.into(),
        Some(reason) => {
            assert!(!permission.allowed);
            reason.ru.clone().into()
        }
    }
}

#[test]
fn every_case_of_requests_is_answered_as_written() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/profile/requests");
    let files: Vec<_> = folder.read_dir().unwrap().map(|entry| entry.unwrap().path()).collect();
    assert!(files.len() >= 20, "cases are missing: {}", files.len());
    let wrong: Vec<String> = files.iter().flat_map(|file| differences(file)).collect();
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

fn differences(file: &Path) -> Vec<String> {
    let name = file.file_stem().unwrap().to_string_lossy().into_owned();
    let case: Value = serde_json::from_slice(&std::fs::read(file).unwrap()).unwrap();
    let profile = source(case["profile"].as_str().unwrap()).unwrap();
    let roster = roster(&college());
    let asks = case["asks"].as_array().unwrap();
    assert!(!asks.is_empty(), "{name}");
    let check = |ask: &Value| {
        let (actor, method) = (ask[0].as_str().unwrap(), ask[1].as_str().unwrap());
        let permission = asked(&profile, &roster, actor, method, &ask[2]);
        let found =
            permission.map_or_else(|e| json!(format!("{e} {:?}", e.faults)), |p| answer(&p));
        (found != ask[3]).then(|| format!("{name}: {ask}\n  found {found}"))
    };
    asks.iter().filter_map(check).collect()
}

/// Every built-in profile has a word for every request, and strangers may do nothing in any.
#[test]
fn whoever_is_not_in_the_schools_data_may_do_nothing() {
    let roster = roster(&college());
    for (name, _) in zvonok::profile::BUILT_IN {
        let profile = source(name).unwrap();
        for method in ["chats.list", "chats.create", "members.add", "calls.join", "accounts.link"] {
            for actor in ["stranger", "disabled"] {
                let permission = asked(&profile, &roster, actor, method, &json!({})).unwrap();
                assert!(!permission.allowed, "{name}, {method}");
            }
        }
    }
}

#[test]
fn a_role_at_another_school_counts_for_nothing_here() {
    let mut two = college();
    two["orgs"].as_array_mut().unwrap().push(json!({"sourcedId": "s2", "name": "Колледж № 2",
        "type": "school"}));
    let metadata = json!({"rights": ["Управление чатами"]});
    two["users"].as_array_mut().unwrap().push(json!({"sourcedId": "alien", "metadata": metadata}));
    two["roles"].as_array_mut().unwrap().push(json!({"userSourcedId": "alien",
        "role": "siteAdministrator", "orgSourcedId": "s2"}));
    let roster = roster(&two);
    let chat = |school: &str| json!({"key": "custom:1", "kind": "custom", "organization": school});
    for profile in ["epos_spo", "ais_poo", "it_school", "oneroster"] {
        let profile = source(profile).unwrap();
        let ask = |about: Value| asked(&profile, &roster, "alien", "members.add", &about).unwrap();
        assert!(ask(chat("s2")).allowed);
        assert!(!ask(chat("s1")).allowed);
        assert!(!ask(json!({"key": "custom:1", "kind": "class", "class": "g1"})).allowed);
    }
}

// What a rule can say and ask.

fn ruled(requests: &str) -> Source {
    let script = format!(
        "return zvonok.profile {{ name = 'p', version = 1, chats = {{}},\nrequests = {requests} }}"
    );
    Source::new("p.lua", script)
}

fn holds(actor: &str, about: &Value, expression: &str) -> Result<bool> {
    let rule = ruled(&format!("function(actor, request, target, set) return {expression} end"));
    let permission = asked(&rule, &roster(&college()), actor, "members.add", about)?;
    Ok(permission.allowed)
}

#[test]
fn a_rule_sees_who_asks_what_for_and_about_what() {
    let chat = json!({"key": "subject:g1-history", "kind": "subject", "type": "SUBJECT",
        "class": "g1-history", "people": ["a", "historian"], "administers": true,
        "call": {"over": false}, "maker": "curator", "person": "b"});
    let cases = [
        "actor.id == 'historian' and actor.staff and #actor.roles == 1 and actor.roles[1] == 'teacher'",
        "actor:is('aide', 'teacher') and not actor:is('aide') and not actor:is()",
        "actor:has_access('Преподаватель-предметник') and not actor:has_right('Управление чатами')",
        "actor:matches(zvonok.host_role('Преподаватель-предметник'))",
        "actor.metadata.accessRoles[1] == 'Преподаватель-предметник' and #actor.grades == 0",
        "actor:administers(target) and actor:administers('subject:g1-history')",
        "not actor:administers('class:g1') and not actor:administers(nil)",
        "actor:teaches(target.class) and not actor:teaches(target.class.homeroom)",
        "not actor:teaches(nil) and not actor:curates(target.class.homeroom)",
        "actor:teaches_subject('История') and not actor:teaches_subject('Математика')",
        "actor:teaches_subject('История', target.class.homeroom) and not actor:teaches_subject(nil)",
        "#actor:students() == 2 and #actor:students('Математика') == 0",
        "actor:among(function(school) return school.staff end)",
        "not actor:among(function(school) return school:people('aide') end)",
        "request.method == 'members.add' and request.group == 'members'",
        "request.params.title == 'Название' and request.params.nothing == nil",
        "target.key == 'subject:g1-history' and target.kind == 'subject' and target.type == 'SUBJECT'",
        "not target.locked and not target.custom and target.maker == 'curator'",
        "target.school.short_title == 'К1' and target.subject == 'История' and target.person == 'b'",
        "#target.people == 2 and #target.others == 1 and target.others:has('a')",
        "#(target.others - target.class.students) == 0",
        "target.call.state == 'created' and not target.call.over and not target.call.running",
        "set.max_guardians == 6",
    ];
    for expression in cases {
        assert!(holds("historian", &chat, expression).unwrap(), "{expression}");
    }
    for expression in [
        "actor:curates(target.class) and not actor:teaches_subject('История')",
        "target.custom and target.key == nil and target.call == nil and target.subject == nil",
    ] {
        let made = json!({"kind": "class", "class": "g1"});
        assert!(holds("curator", &made, expression).unwrap(), "{expression}");
    }
}

#[test]
fn a_wrong_word_in_a_rule_is_an_error_with_its_line() {
    let cases = [
        ("actor.role", "an actor has no \"role\"; did you mean \"roles\"?"),
        ("target.clas", "did you mean \"class\"?"),
        ("request.metod", "did you mean \"method\"?"),
        ("target.call.ovr", "a call has no \"ovr\"; did you mean \"over\"?"),
        ("actor:administers(7)", "administers: target or a chat's key is needed, not"),
        ("'false'", "requests: the function must return true or false"),
        ("false, 7", "requests: a reason must be a text"),
        ("nothing.at_all", "nil"),
    ];
    for (expression, words) in cases {
        let error = holds("historian", &json!({"call": {}}), expression).unwrap_err();
        assert_eq!(error.code, Code::Profile);
        let fault = &error.faults[0];
        assert_eq!((fault.at.as_str(), fault.value.as_str()), ("p.lua:2", "members.add"));
        assert!(fault.message.en.contains(words), "{}", fault.message.en);
    }
}

#[test]
fn a_reason_may_be_in_both_languages_and_may_be_missing() {
    let said = |requests: &str| {
        let roster = roster(&college());
        asked(&ruled(requests), &roster, "a", "chats.list", &json!({})).unwrap().reason.unwrap()
    };
    let both = said("function() return false, { ru = 'нельзя', en = 'no' } end");
    assert_eq!((both.ru.as_str(), both.en.as_str()), ("нельзя", "no"));
    let none = said("function() end");
    assert_eq!(none.en, "the profile does not allow it");
}

#[test]
fn a_profile_without_a_rule_lets_nobody_ask() {
    let source =
        Source::new("p.lua", "return zvonok.profile { name = 'p', version = 1, chats = {} }");
    let permission =
        asked(&source, &roster(&college()), "admin", "chats.list", &json!({})).unwrap();
    let reason = permission.reason.unwrap();
    assert_eq!(reason.en, "the profile lets admin ask nothing");
    assert!(!permission.allowed);
}

#[test]
fn an_endless_rule_is_ended() {
    let rule = ruled("function() while true do pcall(function() end) end end");
    let error = asked(&rule, &roster(&college()), "admin", "chats.list", &json!({})).unwrap_err();
    assert_eq!((error.code, error.faults[0].code.as_str()), (Code::Profile, "profile.time"));
}

#[test]
fn every_request_has_a_room_of_its_own() {
    let rule = ruled(
        "(function() local asked = 0\nreturn function() asked = asked + 1 return asked == 1 end end)()",
    );
    for _ in 0..2 {
        let permission = asked(&rule, &roster(&college()), "admin", "plan", &json!({})).unwrap();
        assert!(permission.allowed);
    }
}
