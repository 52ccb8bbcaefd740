//! The profile room: the built-in profiles case by case (`tests/profile/cases`), what scripts can
//! say, and how their errors are told.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use serde_json::{Map, Value, json};
use zvonok::error::{Code, Result};
use zvonok::profile::{
    BUILT_IN, Desired, DesiredChat, Limits, Overrides, Source, describe, source,
};
use zvonok::roster::Roster;

#[path = "profile/algebra.rs"]
mod algebra;
#[path = "profile/messenger.rs"]
mod messenger;
#[path = "profile/policies.rs"]
mod policies;
#[path = "profile/requests.rs"]
mod requests;
#[path = "profile/support.rs"]
mod support;

use support::{evaluated_with, one_kind, roster};

/// Evaluates with the default limits, no settings and every school.
fn evaluated(source: &Source, roster: &Arc<Roster>) -> Result<Desired> {
    evaluated_with(source, roster, &Map::new(), None, Limits::default())
}

// The built-in profiles.

/// A case is a file: a roster, and what the named profile must make of it. Only the chats and the
/// parts of them that a case writes down are compared.
#[test]
fn every_case_comes_out_as_written() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/profile/cases");
    let mut files: Vec<_> = folder.read_dir().unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    assert!(files.len() >= 15, "cases are missing: {}", files.len());
    let wrong: Vec<String> = files.iter().flat_map(|file| differences(file)).collect();
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

fn differences(file: &Path) -> Vec<String> {
    let name = file.file_stem().unwrap().to_string_lossy().into_owned();
    let case: Value = serde_json::from_slice(&std::fs::read(file).unwrap()).unwrap();
    let profile = source(case["profile"].as_str().unwrap()).unwrap();
    let settings = case["settings"].as_object().cloned().unwrap_or_default();
    let organization = case["organization"].as_str();
    let roster = match case["roster"].as_str() {
        Some("college") => roster(&requests::college()),
        _ => roster(&case["roster"]),
    };
    let desired = evaluated_with(&profile, &roster, &settings, organization, Limits::default());
    let desired = desired.unwrap_or_else(|error| panic!("{name}: {error} {:?}", error.faults));
    let mut wrong = Vec::new();
    for (part, wanted) in case["expect"].as_object().unwrap() {
        let found = part_of(&desired, part, wanted);
        if found != *wanted {
            wrong.push(format!("{name}, {part}:\n  expected {wanted}\n  found    {found}"));
        }
    }
    assert!(case["expect"].as_object().is_some_and(|expect| !expect.is_empty()), "{name}");
    wrong
}

/// One part of the desired state in the form in which cases write it.
fn part_of(desired: &Desired, part: &str, wanted: &Value) -> Value {
    match part {
        "keys" => desired.chats.keys().cloned().collect(),
        "reads" => desired.reads.iter().cloned().collect(),
        "warnings" => {
            let line = |w: &zvonok::error::Fault| format!("{} {} {}", w.code, w.at, w.value);
            desired.warnings.iter().map(|w| line(w).trim_end().to_owned()).collect()
        }
        chat => match desired.chats.get(chat) {
            Some(chat) => {
                let fields = wanted.as_object().unwrap().keys();
                Value::Object(fields.map(|field| (field.clone(), field_of(chat, field))).collect())
            }
            None => Value::Null,
        },
    }
}

fn field_of(chat: &DesiredChat, field: &str) -> Value {
    match field {
        "title" => chat.title.clone().into(),
        "type" => chat.chat_type.clone().into(),
        "class" => chat.class.clone().into(),
        "subject" => chat.subject.clone().into(),
        "locked" => chat.locked.into(),
        "existence" => serde_json::to_value(chat.existence).unwrap(),
        "depends_on" => chat.depends_on.iter().cloned().collect(),
        "members" => {
            chat.members.iter().map(|(id, m)| (id.clone(), Value::from(m.role.clone()))).collect()
        }
        "admins" => {
            chat.members.iter().filter(|(_, m)| m.admin).map(|(id, _)| id.clone()).collect()
        }
        "accounts" => {
            let lines = |accounts: &[(String, String)]| -> Value {
                accounts.iter().map(|(kind, id)| format!("{kind}:{id}")).collect()
            };
            chat.members.iter().map(|(id, m)| (id.clone(), lines(&m.accounts))).collect()
        }
        "why" => chat.members.iter().map(|(id, m)| (id.clone(), lines(&m.reasons))).collect(),
        "why_admin" => {
            let admins = chat.members.iter().filter(|(_, m)| m.admin);
            admins.map(|(id, m)| (id.clone(), lines(&m.admin_reasons))).collect()
        }
        other => panic!("a case asks for the unknown field {other}"),
    }
}

fn lines(reasons: &[zvonok::profile::Reason]) -> Value {
    reasons.iter().map(|r| format!("{}: {} ({})", r.rule, r.because, r.row)).collect()
}

#[test]
fn every_built_in_profile_describes_itself() {
    for (name, _) in BUILT_IN {
        let about = describe(&source(name).unwrap()).unwrap();
        assert_eq!(about.name, *name);
        let usual = ["class", "parents", "subject", "teachers"];
        assert!(about.kinds.iter().all(|kind| usual.contains(&kind.as_str())), "{name}");
        assert!(about.settings["max_guardians"].default == json!(6));
        assert!(about.settings.values().all(|setting| !setting.help.is_empty()));
    }
}

#[test]
fn paragraf_leaves_nothing_to_hands() {
    let desired = evaluated(&source("paragraf").unwrap(), &roster(&json!({}))).unwrap();
    assert_eq!(desired.overrides.of("class"), Overrides::Forbidden);
    assert_eq!((desired.profile.as_str(), desired.version), ("paragraf", 1));
}

#[test]
fn the_same_roster_gives_the_same_answer() {
    let fragment = school_of_everything();
    for (name, _) in BUILT_IN {
        let profile = source(name).unwrap();
        let first = evaluated(&profile, &roster(&fragment)).unwrap();
        assert_eq!(first, evaluated(&profile, &roster(&fragment)).unwrap());
    }
}

// Where a profile comes from.

#[test]
fn an_unknown_name_is_a_configuration_error_with_the_nearest() {
    let error = source("paragaf").unwrap_err();
    assert_eq!(error.code, Code::Config);
    assert_eq!(error.faults[0].at, "profile");
    let text = &error.faults[0].message.en;
    assert!(text.contains("did you mean \"paragraf\"") && text.contains("oneroster"), "{text}");
}

#[test]
fn a_path_overrides_and_a_missing_file_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("paragraf.lua");
    std::fs::write(&path, "\u{feff}return 1").unwrap();
    let own = source(path.to_str().unwrap()).unwrap();
    assert_eq!((own.text.as_str(), own.fingerprint.len()), ("return 1", 64));
    assert_eq!(source("/nowhere/mine.lua").unwrap_err().code, Code::Config);
}

// Settings and the organisation.

#[test]
fn settings_are_checked_by_name_type_and_sense() {
    let given =
        json!({"clas_title": "x", "class_title": 7, "max_guardians": -1, "admin_permissions": [1]});
    let empty = roster(&json!({}));
    let profile = source("paragraf").unwrap();
    let given = given.as_object().unwrap();
    let error = evaluated_with(&profile, &empty, given, None, Limits::default()).unwrap_err();
    assert_eq!(error.code, Code::Config);
    let faults: Vec<_> = error.faults.iter().map(|f| (f.code.as_str(), f.at.as_str())).collect();
    assert_eq!(
        faults,
        [
            ("config.unknown_setting", "settings.clas_title"),
            ("config.setting_type", "settings.class_title"),
            ("config.setting_value", "settings.max_guardians"),
            ("config.setting_type", "settings.admin_permissions"),
        ]
    );
    assert!(error.faults[0].message.en.contains("did you mean \"class_title\""));
}

#[test]
fn an_unknown_organization_is_a_configuration_error() {
    let empty = roster(&json!({}));
    let profile = source("paragraf").unwrap();
    let error =
        evaluated_with(&profile, &empty, &Map::new(), Some("s2"), Limits::default()).unwrap_err();
    assert_eq!((error.code, error.faults[0].at.as_str()), (Code::Config, "organization"));
}

// What goes wrong in scripts.

/// The place and the English message of a script's error.
fn failure(script: &str) -> (String, String) {
    let error =
        evaluated(&Source::new("my.lua", script), &roster(&school_of_everything())).unwrap_err();
    assert_eq!(error.code, Code::Profile, "{error}");
    let fault = &error.faults[0];
    assert_ne!(fault.message.ru, fault.message.en);
    (fault.at.clone(), fault.message.en.clone())
}

fn rule(rule: &str) -> String {
    format!(
        "return zvonok.profile {{ name = \"my\", version = 1, chats = {{ class = {{\n\
         per = \"homeroom\", type = \"CLASS\", title = \"<class>\",\n\
         members = function(class) return class.students end,\n\
         {rule}\n}} }} }}"
    )
}

#[test]
fn an_error_names_file_line_and_object() {
    let cases: &[(&str, &str, &[&str])] = &[
        (
            "admins = function(class) return class.teecher end,",
            "my.lua:4",
            &["teecher", "did you mean \"teachers\"", "class:1a"],
        ),
        (
            "admins = function(class) return class:studentz() end,",
            "my.lua:4",
            &["studentz", "class:1a"],
        ),
        ("admins = function(class) return nothing.at_all end,", "my.lua:4", &["nil", "class:1a"]),
        ("admins = function(class) error('ох') end,", "my.lua:4", &["ох", "class:1a"]),
        (
            "admins = function(c)\nreturn c.students:where(function(p) return p.name end) end,",
            "my.lua:5",
            &["a person has no \"name\"", "class:1a"],
        ),
        ("admins = function(class) class.title = 'x' end,", "my.lua:4", &["read-only"]),
        (
            "admins = function(class) return class.students + 1 end,",
            "my.lua:4",
            &["sets of people"],
        ),
        (
            "admins = function(class) return class.students:where('actingHead') end,",
            "my.lua:4",
            &["metadata."],
        ),
        ("admins = function(class) class:has_lesson(1) end,", "my.lua:4", &["predicate"]),
        (
            "admins = function(class) local s = class.students end,",
            "my.lua:4",
            &["is a return missing", "class:1a"],
        ),
        (
            "admins = function(c)\nreturn c.students:where(function(p) return 'false' end) end,",
            "my.lua:5",
            &["where: the function must return true or false"],
        ),
        ("when = function(class) return 'false' end,", "my.lua:4", &["true or false", "class:1a"]),
        (
            "title = function(class) return zvonok.fill('<clas>', class) end,",
            "my.lua:4",
            &["did you mean \"class\"", "class:1a"],
        ),
        (
            "title = function(class, set) return set.clas_title end,",
            "my.lua:4",
            &["there is no setting \"clas_title\""],
        ),
    ];
    for (text, place, words) in cases {
        let (at, message) = failure(&rule(text));
        assert_eq!(at, *place, "{text}: {message}");
        words.iter().for_each(|word| assert!(message.contains(word), "{text}: {message}"));
    }
}

#[test]
fn a_wrong_table_is_refused_with_the_nearest_key() {
    let cases: &[(&str, &str, &str)] = &[
        (
            "admns = function() end,",
            "my.lua:4",
            "chats.class: unknown key \"admns\"; did you mean \"admins\"?",
        ),
        ("admins = 'all',", "my.lua:4", "chats.class.admins: function is needed, not string"),
        (
            "create_when = true,",
            "my.lua:4",
            "chats.class.create_when: function is needed, not boolean",
        ),
    ];
    for (text, place, message) in cases {
        assert_eq!(failure(&rule(text)), ((*place).to_owned(), (*message).to_owned()));
    }
    let tops: &[(&str, &str)] = &[
        ("version = 1, chats = {}", "profile.name: is not given (string)"),
        ("name = 'x', version = 1.5, chats = {}", "a whole number from 1"),
        ("name = 'x', version = 1, chats = { custom = {} }", "is not \"custom\""),
        (
            "name = 'x', version = 1, chats = { a = { per = 'group' } }",
            "may be: school, homeroom, class",
        ),
        ("name = 'x', version = 1, chats = {}, overides = 'kept'", "did you mean \"overrides\"?"),
        ("name = 'x', version = 1, chats = {}, overrides = 'maybe'", "forbidden, kept, reverted"),
        ("name = 'x', version = 1, chats = {}, requests = {}", "function is needed"),
        (
            "name = 'x', version = 1, chats = {}, settings = { a = { default = 1, hlep = '' } }",
            "did you mean \"help\"?",
        ),
        (
            "name = 'x', version = 1, chats = {}, settings = { max_guardians = { default = 'all' } }",
            "settings.max_guardians.default: a number is needed",
        ),
    ];
    for (table, words) in tops {
        let (at, message) = failure(&format!("return zvonok.profile {{ {table} }}"));
        assert_eq!(at, "my.lua:1", "{message}");
        assert!(message.contains(words), "{message}");
    }
}

#[test]
fn a_script_that_is_no_profile_is_refused() {
    assert!(failure("return {}").1.contains("must end with return zvonok.profile"));
    let (at, message) = failure("local a = 1\nlocal = 2");
    assert_eq!(at, "my.lua:2", "{message}");
    assert!(failure("\u{1b}Lua").1.contains("profile error"));
}

// What scripts can say.

#[test]
fn a_script_sees_the_day_and_prints_to_the_log() {
    let script = r#"
        print(zvonok.today, zvonok.now, 0.5, tonumber("1.5"))
        print(string.format("%05.2f|%-4s|%03d", 0.5, "я", 7))
        return zvonok.profile { name = "p", version = 1, chats = {} }"#;
    let lines = std::cell::RefCell::new(Vec::new());
    let (now, stop) = (support::NOW.parse().unwrap(), zvonok::stop::Stop::never());
    let room = zvonok::profile::Room {
        roster: &roster(&json!({})),
        settings: &Map::new(),
        organization: None,
        now: &now,
        limits: Limits::default(),
        stop: &stop,
        log: &|line| lines.borrow_mut().push(line.to_owned()),
    };
    zvonok::profile::evaluate(&Source::new("p.lua", script), room).unwrap();
    let line = "2026-09-10\t2026-09-10T08:25:00+03:00\t0.5\t1.5";
    assert_eq!(lines.into_inner(), [line, "00.50|я   |007"]);
}

/// The members that an expression over `class` gives in the class 1a of [`school_of_everything`].
fn members(expression: &str) -> Vec<String> {
    let desired = evaluated(&one_kind(expression), &roster(&school_of_everything()));
    let desired = desired.unwrap_or_else(|error| panic!("{expression}: {:?}", error.faults));
    desired.chats["class:1a"].members.keys().cloned().collect()
}

#[test]
fn the_vocabulary_says_what_it_says() {
    let cases: &[(&str, &[&str])] = &[
        ("class.students", &["p1", "p2"]),
        ("class.teachers", &["t1"]),
        ("class:enrolled('teacher', 'aide')", &["t1", "t2"]),
        ("class:enrolled('teacher', { primary = false })", &[]),
        ("class:guardians()", &["g1", "g2"]),
        ("class:guardians(1)", &["g1"]),
        ("class.students:where('metadata.active'):guardians()", &["g1", "g2"]),
        ("class:named('classTeacherSourcedId')", &["t1"]),
        ("class.school.staff", &["d1", "t1", "t2"]),
        ("class.school.everyone * class.students", &["p1"]),
        ("class.school:people('principal', 'student')", &["d1", "p1"]),
        ("class.school:holding { positionLevel = 'Руководитель 1 уровня' }", &["d1"]),
        ("class.school.staff:where(zvonok.host_role('Завуч'))", &["t2"]),
        ("class.school.staff:where(zvonok.metadata 'accessRoles'('Завуч', 'Нет'))", &["t2"]),
        ("class.school.staff:where(zvonok.metadata 'actingHead')", &["t2"]),
        ("class.school.staff:where { actingHead = false }", &["d1", "t1"]),
        (
            "class.school.staff:where(function(p) return p.id == 't2' and p:has_role('aide') end)",
            &["t2"],
        ),
        ("class.school.staff:where(function(p) return p.metadata.actingHead end)", &["t2"]),
        ("class.school.homerooms[1].students", &["p1", "p2"]),
        ("class.journals[1].teachers", &["t2"]),
        ("class.journals[1].homeroom == class and class.students or class.teachers", &["p1", "p2"]),
        ("class.grades[1] == '1' and class.kind == 'homeroom' and class.students", &["p1", "p2"]),
        ("class.students:has('p2') and #class.students == 2 and class.teachers", &["t1"]),
        ("class.students.ids[2] == 'p2' and class.teachers", &["t1"]),
        (
            "zvonok.yes(class.metadata.flag) and class:matches { flag = true, level = { 2, 3 } } \
             and class.teachers",
            &["t1"],
        ),
        (
            "class.metadata.nothing == nil and class.metadata.list[2] == 'b' and class.teachers",
            &["t1"],
        ),
        ("class.school:matches('metadata.open') and class.teachers", &["t1"]),
        (
            "tostring(class.students) == 'people(2)' and tostring(class) == 'class:1a' \
             and class.teachers",
            &["t1"],
        ),
    ];
    for (expression, wanted) in cases {
        assert_eq!(members(expression), *wanted, "{expression}");
    }
}

/// A school with one of everything that scripts can ask for.
fn school_of_everything() -> Value {
    serde_json::from_str(include_str!("profile/school.json")).unwrap()
}

#[test]
fn a_chat_depends_on_every_class_that_decided_about_it() {
    let script = r#"return zvonok.profile { name = "p", version = 1, reads = { "rights" },
        chats = { leads = {
        per = "school", type = "LEADS", title = "Все",
        members = function(school) return school.homerooms[1]:named "classTeacherSourcedId" end,
    } } }"#;
    let desired =
        evaluated(&Source::new("p.lua", script), &roster(&school_of_everything())).unwrap();
    assert_eq!(desired.chats["leads:s1"].depends_on, BTreeSet::from(["1a".to_owned()]));
    let reads = ["classTeacherSourcedId", "rights", "shortName"].map(str::to_owned).into();
    assert_eq!(desired.reads, reads);
}

#[test]
fn reasons_merge_stay_and_take_a_new_word() {
    let expression = "(class.teachers + class:named('classTeacherSourcedId') - class.students)";
    let why = |expression: &str| {
        let desired = evaluated(&one_kind(expression), &roster(&school_of_everything())).unwrap();
        lines(&desired.chats["class:1a"].members["t1"].reasons)
    };
    assert_eq!(
        why(expression),
        json!([
            "class.members: учитель класса (enrollments[2])",
            "class.members: указан в «classTeacherSourcedId» (classes[0])",
        ])
    );
    assert_eq!(
        why(&format!("{expression}:because('своё слово')")),
        json!([
            "class.members: своё слово (enrollments[2])",
            "class.members: своё слово (classes[0])",
        ])
    );
}
