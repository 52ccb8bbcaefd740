//! The roster reader. Each file of `tests/roster` is a case with a sentence for a name: a document
//! and what must come of it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use jiff::civil::Date;
use proptest::prelude::*;
use serde::Deserialize;
use serde_json::{Value, json};
use zvonok::error::{Code, Fault};
use zvonok::roster::{Frozen, Roster, Row, Rules, Table, read};

/// A case. A document is given as JSON or, where it is broken, as text. Findings are written
/// `code @ place = value`. What is not given is not looked at, except that a case without `faults`
/// must be accepted.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    today: Day,
    dangling_share: Option<f64>,
    minimum: Option<u32>,
    before: Option<Value>,
    roster: Option<Value>,
    text: Option<String>,
    faults: Option<Vec<String>>,
    warnings: Option<Vec<String>>,
    frozen: Option<FrozenLists>,
    counts: Option<BTreeMap<String, usize>>,
    absent: Option<Vec<String>>,
    subjects: Option<BTreeMap<String, String>>,
    role_list: Option<Vec<String>>,
    in_force: Option<BTreeMap<String, Vec<u32>>>,
    kept: Option<serde_json::Map<String, Value>>,
}

#[derive(Deserialize)]
#[serde(try_from = "String")]
struct Day(Date);

impl TryFrom<String> for Day {
    type Error = jiff::Error;

    fn try_from(text: String) -> Result<Day, jiff::Error> {
        text.parse().map(Day)
    }
}

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct FrozenLists {
    orgs: BTreeSet<String>,
    classes: BTreeSet<String>,
    people: BTreeSet<String>,
}

#[test]
fn every_case_comes_out_as_it_says() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/roster");
    let mut failed = Vec::new();
    let mut cases = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let case: Case = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
        cases += 1;
        if let Err(why) = std::panic::catch_unwind(|| check(&case)) {
            let why = why.downcast_ref::<String>().cloned().unwrap_or_default();
            failed.push(format!("{}: {why}", path.file_stem().unwrap().display()));
        }
    }
    assert!(cases > 40, "the cases were not found");
    assert!(failed.is_empty(), "{} failed\n{}", failed.len(), failed.join("\n"));
}

fn check(case: &Case) {
    let mut rules = rules();
    rules.today = case.today.0;
    rules.dangling_share = case.dangling_share.unwrap_or(rules.dangling_share);
    rules.minimum = case.minimum.unwrap_or(rules.minimum);
    if let Some(before) = &case.before {
        rules.before = Some(Arc::new(read(before.to_string().as_bytes(), &rules).unwrap()));
    }
    let document = match (&case.roster, &case.text) {
        (Some(roster), None) => roster.to_string(),
        (None, Some(text)) => text.clone(),
        _ => panic!("a case has either `roster` or `text`"),
    };
    match (read(document.as_bytes(), &rules), &case.faults) {
        (Ok(roster), None) => check_accepted(case, &roster, &rules),
        (Err(error), Some(faults)) => {
            assert_eq!(error.code, Code::Roster);
            assert_eq!(&written(&error.faults), faults);
        }
        (Ok(_), Some(faults)) => panic!("accepted, expected {faults:?}"),
        (Err(error), None) => panic!("refused: {:?}", written(&error.faults)),
    }
}

fn check_accepted(case: &Case, roster: &Roster, rules: &Rules) {
    if let Some(warnings) = &case.warnings {
        assert_eq!(&written(&roster.warnings), warnings);
    }
    if let Some(FrozenLists { orgs, classes, people }) = &case.frozen {
        let (orgs, classes, people) = (orgs.clone(), classes.clone(), people.clone());
        assert_eq!(roster.frozen, Frozen { orgs, classes, people });
    }
    for (table, count) in case.counts.iter().flatten() {
        assert_eq!(rows_in(roster, table), *count, "rows in {table}");
    }
    if let Some(absent) = &case.absent {
        let found = roster.people.iter().filter(|person| person.absent);
        let found: BTreeSet<String> = found.map(|person| person.id.to_string()).collect();
        assert_eq!(found, absent.iter().cloned().collect());
    }
    if let Some(subjects) = &case.subjects {
        let found = roster.classes.iter();
        let found = found.map(|class| (class.id.to_string(), class.subject.to_string()));
        assert_eq!(&found.collect::<BTreeMap<_, _>>(), subjects);
    }
    if let Some(roles) = &case.role_list {
        assert_eq!(&role_list(roster), roles);
    }
    if let Some(in_force) = &case.in_force {
        let rows = roster.enrollments.iter().filter(|row| roster.enrollment_in_force(row));
        let rows: Vec<u32> = rows.map(|row| row.row.index).collect();
        assert_eq!(rows, in_force["enrollments"]);
    }
    check_kept(case, roster, rules);
}

fn check_kept(case: &Case, roster: &Roster, rules: &Rules) {
    let reads = ["online".to_owned()].into();
    let text = roster.keep(&reads);
    let kept: Value = serde_json::from_str(&text).unwrap();
    for (table, rows) in case.kept.iter().flatten() {
        assert_eq!(&kept[table], rows, "{table} that were kept");
    }
    let again = read(text.as_bytes(), rules).unwrap();
    assert_eq!(facts(&again, &reads), facts(roster, &reads));
    assert!(again.frozen.is_empty());
}

/// Findings as cases write them, after a look at what every finding must have.
fn written(findings: &[Fault]) -> Vec<String> {
    let cyrillic = |letter: char| ('а'..='я').contains(&letter);
    for finding in findings {
        assert!(finding.message.ru.chars().any(cyrillic), "{finding:?}");
        assert!(!finding.message.en.is_empty() && !finding.message.en.contains(cyrillic));
    }
    findings
        .iter()
        .map(|found| format!("{} @ {} = {}", found.code, found.at, found.value))
        .collect()
}

fn rows_in(roster: &Roster, table: &str) -> usize {
    match table {
        "orgs" => roster.orgs.len(),
        "courses" => roster.courses.len(),
        "classes" => roster.classes.len(),
        "people" => roster.people.len(),
        "roles" => roster.roles.len(),
        "enrollments" => roster.enrollments.len(),
        "lessons" => roster.lessons.len(),
        "timetables" => roster.timetables.len(),
        other => panic!("no table {other}"),
    }
}

fn role_list(roster: &Roster) -> Vec<String> {
    let line = |role: &zvonok::roster::Role| {
        let (person, org) = (&roster.person(role.person).id, &roster.org(role.org).id);
        format!("{person} {} {org} @ {}", role.role, role.row)
    };
    roster.roles.iter().map(line).collect()
}

fn rules() -> Rules {
    let today = "2026-09-01".parse().unwrap();
    Rules { today, dangling_share: 0.02, minimum: 5, before: None }
}

/// Everything that is kept, with rows of one number and table and with the metadata that is kept.
fn facts(roster: &Roster, reads: &BTreeSet<String>) -> String {
    let mut roster = roster.clone();
    let own = ["shortName", "homeroom", "emergencyContact", "classTeacherSourcedId"];
    let nowhere = Row { table: Table::Orgs, index: 0, file: None };
    macro_rules! plain {
        ($($table:ident)*) => {
            $(for row in &mut roster.$table {
                row.metadata.retain(|name, _| own.contains(&name.as_str()) || reads.contains(name));
                row.row = nowhere;
            })*
        };
    }
    for row in &mut roster.lessons {
        // Whether a lesson is held online the library asks itself.
        let kept = |name: &str| own.contains(&name) || name == "online" || reads.contains(name);
        row.metadata.retain(|name, _| kept(name));
        row.row = nowhere;
    }
    plain!(orgs classes people roles timetables);
    roster.courses.iter_mut().for_each(|row| row.row = nowhere);
    roster.enrollments.iter_mut().for_each(|row| row.row = nowhere);
    let tables: Vec<_> = roster.rows.keys().filter(|t| **t != Table::AcademicSessions).collect();
    let things = (&roster.orgs, &roster.courses, &roster.classes, &roster.people);
    let rows = (&roster.roles, &roster.enrollments, &roster.lessons, &roster.timetables);
    format!("{things:#?} {rows:#?} {tables:?}")
}

const SMALL: &str = r#"{"format":"zvonok.roster/1","orgs":[{"sourcedId":"o","name":"О"}],
    "users":[{"sourcedId":"u","givenName":"Иван"}],"classes":[],"enrollments":[]}"#;

#[test]
fn a_byte_order_mark_is_no_part_of_the_document() {
    assert!(read(SMALL.as_bytes(), &rules()).is_ok());
    assert!(read(format!("\u{feff}{SMALL}").as_bytes(), &rules()).is_ok());
}

#[test]
fn another_encoding_is_refused_with_its_place() {
    let cp1251 = [b"{\"format\":\"zvonok.roster/1\",\n\"x\":\"".as_slice(), &[0xcf, 0xf0]].concat();
    let error = read(&cp1251, &rules()).unwrap_err();
    assert_eq!(written(&error.faults), ["roster.not_utf8 @ document = "]);
    assert!(error.message.en.contains("line 2"), "{error}");
}

#[test]
fn a_thousand_faults_are_listed_and_the_rest_is_counted() {
    let users: Vec<Value> = (0..1_500).map(|_| json!({})).collect();
    let document = json!({"format": "zvonok.roster/1", "orgs": [], "users": users, "classes": [],
        "enrollments": []});
    let error = read(document.to_string().as_bytes(), &rules()).unwrap_err();
    let faults = written(&error.faults);
    assert_eq!(faults.len(), 1_001);
    assert_eq!(faults[999], "roster.missing_column @ users[999].sourcedId = ");
    assert_eq!(faults[1_000], "roster.more @ document = 500");
}

#[test]
fn deep_nesting_is_refused_and_not_followed() {
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    let read_column = SMALL.replace(r#""u","#, &format!(r#""u","metadata":{{"x":{deep}}},"#));
    let error = read(read_column.as_bytes(), &rules()).unwrap_err();
    assert_eq!(error.faults[0].code, "roster.broken_json");
    let ignored = SMALL.replace(r#""u","#, &format!(r#""u","other":{deep},"#));
    assert!(read(ignored.as_bytes(), &rules()).is_ok());
}

#[test]
fn nothing_personal_is_left_of_a_roster() {
    let secrets = ["Ivanova", "+79990001122", "mail@school.example", "Lesnaya 5"];
    let person = |id: &str| {
        json!({"sourcedId": id, "givenName": secrets[0], "familyName": secrets[0],
            "username": secrets[0], "phone": secrets[1], "sms": secrets[1], "email": secrets[2],
            "address": secrets[3], "userIds": [{"type": "vk", "identifier": secrets[1]},
            {"type": "mail", "identifier": secrets[2]}], "agentSourcedIds": ["nobody"]})
    };
    let mut document: Value = serde_json::from_str(SMALL).unwrap();
    document["users"] = json!([person("a")]);
    let roster = read(document.to_string().as_bytes(), &rules()).unwrap();
    let seen = format!("{roster:?} {}", roster.keep(&BTreeSet::new()));
    document["users"] = json!([person("a"), person("a"), person("")]);
    let error = read(document.to_string().as_bytes(), &rules()).unwrap_err();
    let seen = format!("{seen} {error:?} {}", error.to_json());
    assert_eq!(error.faults.len(), 2);
    for secret in secrets {
        assert!(!seen.contains(secret), "{secret} in {seen}");
    }
}

#[test]
fn a_table_that_was_not_there_is_not_kept_as_an_empty_one() {
    let roster = read(SMALL.as_bytes(), &rules()).unwrap();
    assert!(!roster.rows.contains_key(&Table::Lessons));
    let kept = read(roster.keep(&BTreeSet::new()).as_bytes(), &rules()).unwrap();
    assert_eq!(kept.rows, roster.rows);
}

/// One of a few ids, so that references meet; now and then one that no row has.
fn id(prefix: &'static str) -> impl Strategy<Value = String> {
    (0..6u8).prop_map(move |number| format!("{prefix}{number}"))
}

fn date() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Null),
        (1..=12u8, 1..=28u8).prop_map(|(month, day)| json!(format!("2026-{month:02}-{day:02}"))),
    ]
}

fn status() -> impl Strategy<Value = Value> {
    prop_oneof![Just(json!("active")), Just(Value::Null), Just(json!("tobedeleted"))]
}

fn metadata() -> impl Strategy<Value = Value> {
    let value = prop_oneof![any::<bool>().prop_map(Value::from), ".{0,4}".prop_map(Value::from)];
    let names = ["shortName", "emergencyContact", "read", "not", "online"];
    let names = proptest::sample::select(names.to_vec());
    proptest::collection::hash_map(names, value, 0..3).prop_map(|map| json!(map))
}

fn word() -> impl Strategy<Value = String> {
    prop_oneof![Just("student"), Just("teacher"), Just("guardian"), Just("q\"ё, ")]
        .prop_map(str::to_owned)
}

/// Rows with the ids `<prefix>0`, `<prefix>1`, …, fewer than [`id`] may name.
fn rows(
    prefix: &'static str,
    row: impl Strategy<Value = Value>,
) -> impl Strategy<Value = Vec<Value>> {
    proptest::collection::vec(row, 0..6).prop_map(move |mut rows| {
        for (at, row) in rows.iter_mut().enumerate() {
            row["sourcedId"] = json!(format!("{prefix}{at}"));
        }
        rows
    })
}

fn orgs() -> impl Strategy<Value = Vec<Value>> {
    let kind = prop_oneof![Just("school"), Just("district"), Just("")];
    let org = (kind, status(), metadata()).prop_map(|(kind, status, metadata)| {
        json!({"name": "School", "type": kind, "status": status, "metadata": metadata})
    });
    rows("o", org)
}

fn users() -> impl Strategy<Value = Vec<Value>> {
    let ids = |prefix| proptest::collection::vec(id(prefix), 0..3);
    let accounts = prop_oneof![Just("{vk:1},{max:2}"), Just("{vk:7},{vk:8}"), Just("")];
    let role = proptest::option::of(word());
    let user = (ids("u"), role, ids("o"), accounts, any::<bool>(), metadata());
    let user = user.prop_map(|(agents, role, orgs, accounts, enabled, metadata)| {
        json!({"agentSourcedIds": agents, "role": role, "orgSourcedIds": orgs,
            "userIds": accounts, "enabledUser": enabled, "grades": [1, "02"],
            "metadata": metadata})
    });
    rows("u", user)
}

fn classes() -> impl Strategy<Value = Vec<Value>> {
    let kind = prop_oneof![Just("homeroom"), Just("scheduled"), Just("club")];
    let some = |prefix| proptest::option::of(id(prefix));
    let class = (kind, id("o"), some("k"), some("c"), status(), metadata());
    let class = class.prop_map(|(kind, org, course, homeroom, status, mut metadata)| {
        metadata["homeroom"] = json!(homeroom);
        json!({"title": "T", "classType": kind, "schoolSourcedId": org, "status": status,
            "courseSourcedId": course, "subjects": "Algebra,Sets", "metadata": metadata})
    });
    rows("c", class)
}

fn courses() -> impl Strategy<Value = Vec<Value>> {
    let course =
        (".{0,5}", status()).prop_map(|(title, status)| json!({"title": title, "status": status}));
    rows("k", course)
}

fn roles() -> impl Strategy<Value = Vec<Value>> {
    let role = (id("u"), id("o"), word(), date(), date(), status(), metadata()).prop_map(
        |(user, org, role, begin, end, status, metadata)| {
            json!({"userSourcedId": user, "orgSourcedId": org, "role": role, "beginDate": begin,
                "endDate": end, "status": status, "metadata": metadata, "roleType": "primary"})
        },
    );
    rows("r", role)
}

fn enrollments() -> impl Strategy<Value = Vec<Value>> {
    let row = (id("u"), id("c"), word(), date(), date(), status(), any::<bool>()).prop_map(
        |(user, class, role, begin, end, status, primary)| {
            json!({"userSourcedId": user, "classSourcedId": class, "role": role,
                "beginDate": begin, "endDate": end, "status": status, "primary": primary})
        },
    );
    rows("e", row)
}

fn lessons() -> impl Strategy<Value = Vec<Value>> {
    let lesson =
        (id("c"), 0..24u8, status(), metadata()).prop_map(|(class, hour, status, data)| {
            json!({"classSourcedId": class, "date": "2026-09-02", "status": status,
            "startTime": format!("{hour:02}:05"), "period": hour, "metadata": data})
        });
    rows("l", lesson)
}

fn timetables() -> impl Strategy<Value = Vec<Value>> {
    let timetable = (proptest::collection::vec(id("c"), 0..3), date(), status()).prop_map(
        |(classes, begin, status)| {
            json!({"classSourcedIds": classes, "beginDate": begin, "status": status,
                "periods": [{"period": 1, "startTime": "08:30"}, {"period": "2"}]})
        },
    );
    rows("t", timetable)
}

fn roster() -> impl Strategy<Value = Value> {
    let optional = |rows: BoxedStrategy<Vec<Value>>| proptest::option::of(rows);
    let required = (orgs(), users(), classes(), enrollments());
    let others = (
        optional(courses().boxed()),
        optional(roles().boxed()),
        optional(lessons().boxed()),
        optional(timetables().boxed()),
    );
    (required, others).prop_map(|((orgs, users, classes, enrollments), others)| {
        let (courses, roles, lessons, timetables) = others;
        json!({"format": "zvonok.roster/1", "orgs": orgs, "users": users, "classes": classes,
            "enrollments": enrollments, "courses": courses, "roles": roles, "lessons": lessons,
            "timetables": timetables})
    })
}

/// Rules that let any number of broken references pass.
fn lenient() -> Rules {
    Rules { minimum: u32::MAX, ..rules() }
}

/// Replaces the value at a random place of a document.
fn replace(value: &mut Value, path: &[usize], by: &Value) {
    let count = match value {
        Value::Array(items) => items.len(),
        Value::Object(map) => map.len(),
        _ => 0,
    };
    match (path, count) {
        ([], _) | (_, 0) => *value = by.clone(),
        ([step, rest @ ..], _) => {
            let child = match value {
                Value::Array(items) => &mut items[step % count],
                Value::Object(map) => map.values_mut().nth(step % count).unwrap(),
                _ => return,
            };
            replace(child, rest, by);
        }
    }
}

proptest! {
    #[test]
    fn what_is_kept_reads_back_equal(document in roster()) {
        let roster = read(document.to_string().as_bytes(), &lenient()).unwrap();
        let reads = ["read".to_owned()].into();
        let kept = roster.keep(&reads);
        prop_assert!(!kept.contains("\"not\""));
        let strict = Rules { minimum: 1, dangling_share: 0.0, ..rules() };
        let again = read(kept.as_bytes(), &strict).unwrap();
        prop_assert_eq!(facts(&again, &reads), facts(&roster, &reads));
        prop_assert_eq!(again.keep(&reads), kept);
    }

    #[test]
    fn a_warning_of_a_broken_reference_always_freezes_or_drops(document in roster()) {
        let roster = read(document.to_string().as_bytes(), &lenient()).unwrap();
        let about_people = roster.warnings.iter().any(|warning| {
            warning.code == "roster.dangling_reference"
                && !warning.at.starts_with("lessons")
                && !warning.at.starts_with("timetables")
        });
        prop_assert_eq!(about_people, !roster.frozen.is_empty());
    }

    #[test]
    fn any_bytes_are_answered(document in proptest::collection::vec(any::<u8>(), 0..200)) {
        prop_assert_eq!(read(&document, &rules()).unwrap_err().code, Code::Roster);
    }

    #[test]
    fn a_document_with_changed_bytes_is_answered(
        document in roster(),
        changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
    ) {
        let mut bytes = document.to_string().into_bytes();
        for (at, byte) in changes {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        if let Err(error) = read(&bytes, &rules()) {
            prop_assert!(!error.faults.is_empty());
        }
    }

    #[test]
    fn a_document_with_a_changed_value_is_answered(
        mut document in roster(),
        path in proptest::collection::vec(any::<usize>(), 1..5),
        by in prop_oneof![
            Just(json!(null)), Just(json!(5)), Just(json!("x")), Just(json!([1])), Just(json!({"a": 1})),
        ],
    ) {
        replace(&mut document, &path, &by);
        match read(document.to_string().as_bytes(), &lenient()) {
            Ok(roster) => prop_assert!(read(roster.keep(&BTreeSet::new()).as_bytes(), &rules()).is_ok()),
            Err(error) => prop_assert!(!error.faults.is_empty()),
        }
    }
}
