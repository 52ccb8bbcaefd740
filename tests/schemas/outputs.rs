//! What goes out: real reports, replies and errors have every field that the schemas name and no
//! other.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use zvonok::error::Code;

use super::{assert_valid, schema, validator};
use crate::office::{FoundBy, Manner, Office};
use crate::rig::{Rig, at};
use crate::tiny::{drop_row, row, tiny};

/// Fields of which no document here has any: online lessons are not made yet in these tests.
const UNSEEN: &[&str] = &["/calls/items", "/chats/items/call"];

/// Documents of one format.
struct Corpus {
    name: &'static str,
    all: Vec<Value>,
}

impl Corpus {
    /// Every document is one by the schema as it is, and by the schema with all objects closed; every
    /// field of the schema stands in one of them.
    fn check(&self) {
        let schema = schema(self.name);
        let open = validator(&schema);
        let closed = validator(&closed(&schema));
        let mut seen = BTreeSet::new();
        for document in &self.all {
            assert_valid(&open, document, self.name);
            assert_valid(&closed, document, &format!("{} has an undescribed field", self.name));
            mark(&schema, &schema, document, "", &mut seen);
        }
        let mut known = BTreeSet::new();
        enumerate(&schema, &schema, "", &mut known);
        let unseen: Vec<&String> = known
            .iter()
            .filter(|field| !seen.contains(*field))
            .filter(|field| !UNSEEN.iter().any(|start| field.starts_with(start)))
            .collect();
        assert!(
            unseen.is_empty(),
            "no {} has these fields: {unseen:#?}\nof {:#?}",
            self.name,
            self.all.last()
        );
    }
}

/// The schema with no room for fields that it does not name.
fn closed(schema: &Value) -> Value {
    let mut schema = schema.clone();
    close(&mut schema);
    schema
}

fn close(schema: &mut Value) {
    match schema {
        Value::Object(map) => {
            if map.get("properties").is_some_and(Value::is_object) {
                map.insert("additionalProperties".to_owned(), json!(false));
            }
            map.values_mut().for_each(close);
        }
        Value::Array(items) => items.iter_mut().for_each(close),
        _ => {}
    }
}

fn resolved<'s>(root: &'s Value, schema: &'s Value) -> &'s Value {
    match schema["$ref"].as_str() {
        Some(reference) => root.pointer(reference.trim_start_matches('#')).expect("a definition"),
        None => schema,
    }
}

/// Counts by operation are numbers under words; which of them occur is another test's matter.
fn is_count(schema: &Value) -> bool {
    schema["properties"]["create_chat"].is_object()
}

/// Every place of a schema where a field stands.
fn enumerate(root: &Value, schema: &Value, at: &str, known: &mut BTreeSet<String>) {
    let schema = resolved(root, schema);
    for (key, value) in schema["properties"].as_object().into_iter().flatten() {
        if is_count(schema) && value["type"] == "integer" {
            continue;
        }
        let place = format!("{at}/{key}");
        enumerate(root, value, &place, known);
        known.insert(place);
    }
    if schema["items"].is_object() {
        enumerate(root, &schema["items"], &format!("{at}/items"), known);
    }
    for one in schema["anyOf"].as_array().into_iter().flatten() {
        enumerate(root, one, at, known);
    }
}

/// The places of a schema where a document has a field that is not null.
fn mark(root: &Value, schema: &Value, value: &Value, at: &str, seen: &mut BTreeSet<String>) {
    let schema = resolved(root, schema);
    for (key, inner) in schema["properties"].as_object().into_iter().flatten() {
        let Some(found) = value.get(key).filter(|found| !found.is_null()) else { continue };
        let place = format!("{at}/{key}");
        mark(root, inner, found, &place, seen);
        seen.insert(place);
    }
    for item in value.as_array().into_iter().flatten().filter(|_| schema["items"].is_object()) {
        mark(root, &schema["items"], item, &format!("{at}/items"), seen);
    }
    for one in schema["anyOf"].as_array().into_iter().flatten() {
        mark(root, one, value, at, seen);
    }
}

#[test]
fn reports_of_both_messengers_have_the_fields_of_their_schema_and_no_others() {
    let mut all = vk();
    all.extend(max());
    all.extend(moving());
    Corpus { name: "report", all }.check();
}

/// A year on VK: the first cycle, one that changes nothing, a dry run, a failure, a leaver in grace, a
/// hold, a stranger.
fn vk() -> Vec<Value> {
    let mut rig = Rig::new();
    rig.set("/grace", json!("30d"));
    rig.set("/guard", json!({"minimum": 1, "chat_share": 0.1, "dangling_share": 0.5}));
    let mut roster = tiny();
    let detailed = || json!({"detail": "operations"});
    let dry = json!({"detail": "operations", "dry_run": true});
    let mut all = vec![
        told(&mut rig, &roster, &at(1, "08:00"), dry),
        told(&mut rig, &roster, &at(1, "09:00"), detailed()),
        told(&mut rig, &roster, &at(1, "09:30"), json!({})),
        told(&mut rig, &roster, &at(1, "09:31"), json!({"detail": "summary"})),
    ];
    row(&mut roster, "classes", "7a")["title"] = json!("7Б");
    row(&mut roster, "lessons", "lesson")["date"] = json!("2026-09-02");
    row(&mut roster, "lessons", "lesson")["metadata"]["state"] = json!("published");
    row(&mut roster, "enrollments", "7a-child-202-student")["endDate"] = json!("2026-09-01");
    rig.messenger.does("people", json!({"id": 121, "privacy": true}));
    roster["roles"].as_array_mut().unwrap().push(crate::tiny::role("secretary-121", "teacher"));
    roster["enrollments"].as_array_mut().unwrap().push(json!({"sourcedId": "broken",
        "classSourcedId": "7a", "userSourcedId": "nobody", "role": "student"}));
    all.push(told(&mut rig, &roster, &at(2, "10:00"), detailed()));
    row(&mut roster, "users", "parent-301")["enabledUser"] = json!(false);
    drop_row(&mut roster, "enrollments", "broken");
    all.push(told(&mut rig, &roster, &at(2, "11:00"), detailed()));
    rig.set("/grace", json!("0s"));
    all.push(told(&mut rig, &roster, &at(2, "12:00"), detailed()));
    row(&mut roster, "users", "parent-300")["enabledUser"] = json!(false);
    all.push(told(&mut rig, &roster, &at(2, "13:00"), detailed()));
    all
}

/// A cycle's report, however it ended.
fn told(rig: &mut Rig, roster: &Value, now: &str, options: Value) -> Value {
    rig.sync_with(roster, now, options).unwrap_or_else(|error| panic!("{error:?}")).1
}

/// The tiny school on MAX, where everything waits for people.
fn max() -> Vec<Value> {
    let mut rig = Rig::with(&["--max-rate", "0", "--max-chat-rate", "0"]);
    let messenger = &rig.messenger;
    let platform = json!({"kind": "max", "token": messenger.max_token,
        "base_url": messenger.max_address});
    rig.set("/platform", platform);
    let roster = tiny();
    let first = rig.expect(Code::Ok, &roster, &at(1, "09:00"));
    let mut groups = Vec::new();
    let mut office = Office::new(&rig.messenger);
    for task in first["tasks"].as_array().unwrap() {
        let poor = Manner { rights: &[], ..Manner::of(FoundBy::CodeInMessage, 9110) };
        groups.push(office.carry_out(task, &poor));
    }
    // Somebody who is in before the group is bound.
    rig.messenger.does("max/join", json!({"chat_id": groups[0], "user": 555}));
    let all = json!({"verify": "all", "detail": "operations"});
    let second = rig.expect_with(Code::Ok, &roster, &at(1, "10:00"), all.clone());
    for task in second["tasks"].as_array().unwrap().iter().filter(|t| t["kind"] == "give_rights") {
        let id = rig.chat_id(&second, task["chat"].as_str().unwrap());
        let rights = json!({"chat_id": id, "permissions": crate::office::NEEDED});
        rig.messenger.does("max/admin", rights);
    }
    let third = rig.expect_with(Code::Held, &roster, &at(1, "11:00"), all.clone());
    // The owner of the groups leaves the school and must hand them over.
    let mut left = roster.clone();
    row(&mut left, "users", "teacher-110")["enabledUser"] = json!(false);
    let fourth = told(&mut rig, &left, &at(2, "11:00"), all);
    vec![first, second, third, fourth]
}

/// From VK to MAX.
fn moving() -> Vec<Value> {
    let mut rig = Rig::with(&["--mode", "partner", "--max-rate", "0", "--max-chat-rate", "0"]);
    let roster = tiny();
    rig.expect(Code::Ok, &roster, &at(1, "09:00"));
    let messenger = &rig.messenger;
    let max = json!({"kind": "max", "token": messenger.max_token,
        "base_url": messenger.max_address});
    let vk = rig.config["platform"].clone();
    rig.set("/platform", max);
    rig.set("/previous_platform", vk);
    let verify = || json!({"verify": "all"});
    let first = rig.expect_with(Code::Ok, &roster, &at(1, "10:00"), verify());
    let mut office = Office::new(&rig.messenger);
    for task in first["tasks"].as_array().unwrap() {
        office.carry_out(task, &Manner::of(FoundBy::CodeInMessage, 9100));
    }
    let second = rig.expect_with(Code::Ok, &roster, &at(1, "11:00"), verify());
    let mut session = rig.open().unwrap();
    // Closed tasks and former chats are in requests, in the form of the report's rows.
    let mut ask = |method: &str, params: Value| {
        let asked = json!({"method": method, "params": params, "now": at(1, "11:10")});
        session.request(&asked.to_string()).unwrap().1["result"].take()
    };
    let tasks = ask("tasks.list", json!({"state": "closed"}));
    let mut former = ask("chats.get", json!({"chat": "class:7a@vk"}));
    former["members"] = former["counts"].take();
    for more in ["counts", "strangers", "leaving"] {
        former.as_object_mut().unwrap().remove(more);
    }
    let mut rows = second.clone();
    rows["tasks"] = tasks["tasks"].clone();
    rows["chats"] = json!([former]);
    vec![first, second, rows]
}

#[test]
fn replies_errors_and_checks_have_the_fields_of_their_schemas_and_no_others() {
    let mut rig = Rig::new();
    let roster = tiny();
    rig.expect(Code::Ok, &roster, &at(1, "09:00"));
    let mut session = rig.open().unwrap();
    let mut replies = Vec::new();
    let mut errors = Vec::new();
    for (method, params) in [
        ("chats.list", json!({})),
        ("chats.get", json!({"chat": "class:7a"})),
        ("diagnostics", json!({})),
        ("tasks.list", json!({})),
        ("audit", json!({})),
        ("explain", json!({"chat": "class:7a", "person": "child-200"})),
        ("accounts.status", json!({"person": "child-200"})),
        ("plan", json!({})),
        ("chats.got", json!({})),
        ("chats.get", json!({"chat": "class:8a"})),
        ("chats.get", json!({"chart": "class:8a"})),
    ] {
        let asked = json!({"method": method, "params": params, "now": at(1, "09:10")});
        match session.request(&asked.to_string()) {
            Ok((_, reply)) => replies.push(reply),
            Err(error) => errors.push(error.to_json()),
        }
    }
    assert_eq!((replies.len(), errors.len()), (8, 3));
    let report = replies.last().unwrap()["result"].clone();
    assert_eq!(report["format"], "zvonok.report/1", "a plan is a report: {report}");
    assert_valid(&validator(&closed(&schema("report"))), &report, "plan");
    let mut broken = roster.clone();
    broken["users"][0]["sourcedId"] = broken["users"][1]["sourcedId"].clone();
    errors.push(rig.expect_error(Code::Roster, &broken, &at(1, "10:00")).to_json());
    Corpus { name: "reply", all: replies }.check();
    Corpus { name: "error", all: errors }.check();
    let mut dangling = roster.clone();
    dangling["enrollments"][0]["userSourcedId"] = json!("nobody");
    let checks = [(&broken, json!({"state": "relative"})), (&dangling, rig.config.clone())];
    let checks = checks.map(|(roster, config)| {
        zvonok::check::check(&config.to_string(), Some(roster.to_string().as_bytes())).1
    });
    Corpus { name: "check", all: checks.to_vec() }.check();
}
