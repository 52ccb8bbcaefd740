//! What the tests of the profile room share: small rosters and evaluations with everything default.

use std::sync::Arc;

use jiff::Zoned;
use serde_json::{Map, Value, json};
use zvonok::error::Result;
use zvonok::profile::{Desired, Limits, Room, Source, evaluate};
use zvonok::roster::{Roster, Rules, read};
use zvonok::stop::Stop;

/// The clock of every test here.
pub(crate) const NOW: &str = "2026-09-10T08:25:00+03:00[Europe/Moscow]";

/// A roster from a fragment: what a row must have and the test does not care about is filled in.
pub(crate) fn roster(fragment: &Value) -> Arc<Roster> {
    let mut document = json!({"format": "zvonok.roster/1"});
    let school = json!([{"sourcedId": "s1", "name": "Школа № 1", "type": "school"}]);
    document["orgs"] = fragment.get("orgs").unwrap_or(&school).clone();
    let defaults = json!({
        "users": {}, "courses": {}, "lessons": {}, "timetables": {},
        "classes": {"schoolSourcedId": "s1", "classType": "homeroom"},
        "roles": {"orgSourcedId": "s1", "role": "teacher", "roleType": "primary"},
        "enrollments": {"role": "student"},
    });
    for (table, default) in defaults.as_object().unwrap() {
        let rows = fragment.get(table).and_then(Value::as_array).cloned().unwrap_or_default();
        document[table] = rows.into_iter().map(|row| filled(row, default)).collect();
    }
    let now: Zoned = NOW.parse().unwrap();
    let rules = Rules { today: now.date(), dangling_share: 0.02, minimum: 5, before: None };
    Arc::new(
        read(document.to_string().as_bytes(), &rules).unwrap_or_else(|e| panic!("{:?}", e.faults)),
    )
}

fn filled(row: Value, default: &Value) -> Value {
    let mut whole = default.as_object().unwrap().clone();
    whole.extend(row.as_object().unwrap().clone());
    Value::Object(whole)
}

/// Evaluates with everything said.
pub(crate) fn evaluated_with(
    source: &Source,
    roster: &Arc<Roster>,
    settings: &Map<String, Value>,
    organization: Option<&str>,
    limits: Limits,
) -> Result<Desired> {
    let now: Zoned = NOW.parse().unwrap();
    let (stop, log) = (Stop::never(), |_: &str| {});
    evaluate(
        source,
        Room { roster, settings, organization, now: &now, limits, stop: &stop, log: &log },
    )
}

/// A profile with one kind of chat for each homeroom, of which the members are the test's.
pub(crate) fn one_kind(members: &str) -> Source {
    Source::new(
        "test.lua",
        format!(
            r#"
        return zvonok.profile {{ name = "test", version = 1, chats = {{ class = {{
            per = "homeroom", type = "CLASS", title = "<class>",
            members = function(class, set) return {members} end,
        }} }} }}"#
        ),
    )
}
