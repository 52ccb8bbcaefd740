//! Somebody at a screen of the host, and the college around them.

use jiff::ToSpan;
use serde_json::{Value, json};
use zvonok::error::{Code, Error};

use crate::college::{college, started};
use crate::school_day::Place;
use crate::tiny::{add, enrolled, person, role, row};

/// The college of the other tests with a second group and more subjects: 110 is curator of
/// «ЭБ-23-1» and teaches nothing, 111 teaches «Алгебра» there, 112 «История» in the group «ЭБ-23-2»
/// with the students 210 and 211 of the second year. 120 administers the host.
pub(crate) fn big_college() -> Value {
    let mut roster = college();
    row(&mut roster, "orgs", "school")["metadata"] = json!({"shortName": "К1"});
    row(&mut roster, "classes", "7a")["grades"] = json!(["1"]);
    add(&mut roster, "courses", json!({"sourcedId": "history", "title": "История"}));
    add(
        &mut roster,
        "classes",
        json!({"sourcedId": "8b", "title": "ЭБ-23-2", "classType": "homeroom",
            "schoolSourcedId": "school", "grades": ["2"]}),
    );
    add(
        &mut roster,
        "classes",
        json!({"sourcedId": "8b-history", "title": "История ЭБ-23-2", "classType": "scheduled",
            "schoolSourcedId": "school", "courseSourcedId": "history",
            "metadata": {"homeroom": "8b"}}),
    );
    for (who, what) in
        [("teacher-112", "teacher"), ("student-210", "student"), ("student-211", "student")]
    {
        add(&mut roster, "users", person(who));
        add(&mut roster, "roles", role(who, what));
    }
    crate::college::access(&mut roster, "teacher-112", &["Преподаватель-предметник"]);
    for student in ["student-210", "student-211"] {
        add(&mut roster, "enrollments", enrolled("8b", student, "student"));
    }
    add(&mut roster, "enrollments", enrolled("8b-history", "teacher-112", "teacher"));
    roster
}

pub(crate) const ADMIN: &str = "engineer-120";

/// A college after its first cycle.
pub(crate) fn open(profile: &str) -> Place {
    started(profile, big_college(), json!({}))
}

/// What a request came to, a minute after the one before.
pub(crate) fn try_as(
    place: &mut Place,
    actor: &str,
    method: &str,
    params: Value,
) -> Result<(Code, Value), Error> {
    place.pass(1.minute());
    let now = place.now.to_string();
    let request = json!({"method": method, "actor": actor, "params": params, "now": now});
    let (code, mut reply) = place.session.request(&request.to_string())?;
    assert_eq!(reply["format"], "zvonok.reply/1");
    Ok((code, reply["result"].take()))
}

/// The same for what must be done at once and whole.
#[track_caller]
pub(crate) fn does(place: &mut Place, actor: &str, method: &str, params: Value) -> Value {
    match try_as(place, actor, method, params.clone()) {
        Ok((Code::Ok, result)) => result,
        Ok((code, result)) => panic!("{actor} {method} {params}: {code:?} {result:#}"),
        Err(error) => panic!("{actor} {method} {params}: {error} {:?}", error.faults),
    }
}

/// What must be refused with a reason; the Russian one.
#[track_caller]
pub(crate) fn denied(place: &mut Place, actor: &str, method: &str, params: Value) -> String {
    let error = match try_as(place, actor, method, params.clone()) {
        Err(error) => error,
        Ok((_, result)) => panic!("{actor} {method} {params} was done: {result:#}"),
    };
    assert_eq!(error.code, Code::Denied, "{actor} {method} {params}: {error:?}");
    assert!(!error.message.en.is_empty());
    error.message.ru
}

/// What must not be understood; the places of the faults and the first one's sentence.
#[track_caller]
pub(crate) fn wrong(
    place: &mut Place,
    actor: &str,
    method: &str,
    params: Value,
) -> (Vec<String>, String) {
    let error = try_as(place, actor, method, params.clone()).expect_err("a fault");
    assert_eq!(error.code, Code::Request, "{method} {params}: {error:?}");
    let said = error.faults.first().map_or(error.message.en, |fault| fault.message.en.clone());
    (error.faults.iter().map(|fault| fault.at.clone()).collect(), said)
}

/// A chat made by hand, by its key.
#[track_caller]
pub(crate) fn makes(place: &mut Place, actor: &str, params: Value) -> String {
    let chat = does(place, actor, "chats.create", params);
    let key = chat["key"].as_str().unwrap().to_owned();
    assert!(key.starts_with("custom:"), "{key}");
    assert_eq!(chat["state"], "active", "{chat}");
    assert_eq!(chat["pending"], false, "{chat}");
    refresh(place);
    key
}

/// Has the report speak of the chats as they are, without a cycle.
pub(crate) fn refresh(place: &mut Place) {
    let all = json!({"per_page": 1000});
    let mut list = does(place, "system", "chats.list", all);
    let gone = json!({"per_page": 1000, "state": "deleted"});
    let deleted = does(place, "system", "chats.list", gone);
    let mut chats = list["chats"].take();
    chats.as_array_mut().unwrap().extend(deleted["chats"].as_array().unwrap().clone());
    place.report = json!({"chats": chats});
}

/// The rows of a chat's people, by person.
pub(crate) fn member(place: &mut Place, key: &str, person: &str) -> Option<Value> {
    let chat = does(place, "system", "chats.get", json!({"chat": key}));
    let members = chat["members"].as_array().unwrap();
    members.iter().find(|member| member["person"] == person).cloned()
}

/// How many requests that change something the messenger has had.
pub(crate) fn changing(place: &Place) -> u64 {
    place.messenger.look("counters")["changing"].as_u64().unwrap()
}
