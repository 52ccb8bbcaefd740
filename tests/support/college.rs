//! A college of one group, with its people, as the hosts of colleges and schools know it.
#![allow(dead_code, reason = "each file of tests needs its own part of this")]

use std::collections::BTreeSet;

use jiff::ToSpan;
use serde_json::{Value, json};
use zvonok::error::Code;

use crate::school_day::Place;
use crate::tiny::{add, enrolled, row, tiny};

pub(crate) const DAY: &str = "2026-09-01";

/// The tiny school as a college: its group is «ЭБ-23-1», whose curator is 110; 111 teaches it one
/// subject; 120 administers the host; nobody is written into a class card.
pub(crate) fn college() -> Value {
    let mut roster = tiny();
    let group = row(&mut roster, "classes", "7a");
    group["title"] = "ЭБ-23-1".into();
    group["metadata"] = json!({});
    for teacher in ["teacher-110", "teacher-111"] {
        access(&mut roster, teacher, &["Преподаватель-предметник"]);
    }
    access(&mut roster, "engineer-120", &["Администратор ПОО"]);
    row(&mut roster, "roles", "role-engineer-120-systemAdministrator")["role"] =
        "siteAdministrator".into();
    add(&mut roster, "enrollments", curator("7a", "teacher-110"));
    roster
}

/// The host's own roles of a person.
pub(crate) fn access(roster: &mut Value, who: &str, roles: &[&str]) {
    row(roster, "users", who)["metadata"] = json!({"accessRoles": roles});
}

/// A primary teacher of a group.
pub(crate) fn curator(group: &str, who: &str) -> Value {
    let mut row = enrolled(group, who, "teacher");
    row["primary"] = true.into();
    row
}

/// After the first cycle, on a token that may add people.
pub(crate) fn started(profile: &str, roster: Value, more: Value) -> Place {
    let mut place = Place::open(profile, "partner", roster, DAY, more);
    assert_eq!(place.sync(), Code::Ok, "{}", place.report);
    place
}

/// Half an hour passes and the task runs.
pub(crate) fn next(place: &mut Place) {
    place.pass(30.minutes());
    assert_eq!(place.sync(), Code::Ok, "{}", place.report);
}

#[track_caller]
pub(crate) fn holds(place: &Place, key: &str, members: &[&str], admins: &[&str]) {
    let set = |ids: &[&str]| ids.iter().map(|id| (*id).to_owned()).collect::<BTreeSet<_>>();
    let seen = place.seen(key);
    assert_eq!(seen.members, set(members), "members of {key}");
    assert_eq!(seen.admins, set(admins), "admins of {key}");
}

/// What people do in the messenger to a chat that is not theirs to change.
pub(crate) fn hands_on(place: &Place, key: &str, comes: u32, leaves: u32) {
    let id: i64 = place.chat(key)["platform_id"].as_str().unwrap().parse().unwrap();
    let hands = |path: &str, order: Value| drop(place.messenger.does(path, order));
    hands("add", json!({"chat_id": id, "user": comes, "by": leaves}));
    hands("leave", json!({"chat_id": id, "user": leaves}));
    hands("rename", json!({"chat_id": id, "title": "Наш чатик"}));
}

/// An order or a question of the host, a minute later.
pub(crate) fn ask(place: &mut Place, method: &str, params: Value) -> Value {
    place.pass(1.minute());
    let request = json!({"method": method, "params": params, "now": place.now.to_string()});
    let (_, mut reply) = place
        .session
        .request(&request.to_string())
        .unwrap_or_else(|e| panic!("{e} {:?}", e.faults));
    reply["result"].take()
}

/// Links or unlinks an account by request.
pub(crate) fn link(place: &mut Place, person: &str, account: Option<&str>) -> Value {
    let mut params = json!({"person": person, "platform": "vk"});
    match account {
        Some(account) => {
            params["account"] = account.into();
            ask(place, "accounts.link", params)
        }
        None => ask(place, "accounts.unlink", params),
    }
}

/// In which chats the messenger has an account.
pub(crate) fn everywhere(place: &Place, account: &str) -> Vec<String> {
    let seen = place.look();
    seen.into_iter().filter(|(_, c)| c.members.contains(account)).map(|(key, _)| key).collect()
}
