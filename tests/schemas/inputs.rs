//! What goes in: the library and its schemas take and refuse the same documents.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};
use zvonok::config::{Config, Options};
use zvonok::error::{Code, Error};
use zvonok::host::Silent;
use zvonok::roster::{Rules, read};
use zvonok::session::{Cancel, Session};

use super::{assert_valid, at, schema, validator};

/// A configuration with every key but those that exclude each other.
fn whole_config() -> Value {
    let able = ["create_chat", "add_members", "remove_members", "rename_chat", "grant_admin"];
    let able = able.iter().chain(&["read_link", "rotate_link", "list_members", "list_chats"]);
    let able = able.chain(&["send_message", "start_call"]);
    let able: Map<String, Value> = able.map(|one| ((*one).to_owned(), json!("auto"))).collect();
    json!({
        "state": "/var/lib/school/zvonok.db", "profile": "paragraf", "settings": {"title": "7А"},
        "organization": "school", "ca_file": "/etc/ssl/ca.pem", "timezone": "Europe/Samara",
        "proxy": {"server": "proxy.school", "port": 3128, "username": "u", "password": "p",
            "auth": true},
        "platform": {"kind": "vk", "token": "vk1.a.x", "base_url": "https://api.vk.ru",
            "community": "123456", "capabilities": able, "requests_per_second": 12,
            "requests_in_flight": 4, "reads_per_cycle": 50,
            "vk_id": {"client_id": "7", "redirect_uri": "https://s.ru/", "base_url": "https://id"}},
        "previous_platform": {"kind": "max", "token": "f9", "events": "push",
            "events_secret": "a_secret", "requests_per_second": 30},
        "language": "en", "grace": "2d", "missing_after": "96h", "archive": {"members": "remove"},
        "guard": {"minimum": 4, "chat_share": 0.25, "total_share": 0.1, "chats": 2,
            "dangling_share": 0.01},
        "protect": ["77"], "strangers": "report", "leavers": "respect", "verify_every": "12h",
        "time_budget": "5m", "invitations": {"deliver": false, "expire_after": "7d"},
        "calls": {"provider": "bigbluebutton", "url": "https://bbb.school.ru/bigbluebutton/api",
            "secret": "a_secret"},
        "move": {"notice": false, "old": "empty", "share": 0.8, "on": "2026-12-01"},
    })
}

/// The shortest one.
fn least_config() -> Value {
    json!({
        "state": "/var/lib/school/zvonok.db", "profile": "paragraf",
        "platform": {"kind": "max", "token": "f9"},
    })
}

fn takes_config(document: &Value) -> bool {
    Config::parse(&document.to_string()).is_ok()
}

#[test]
fn configurations_are_judged_alike() {
    let whole = whole_config();
    Config::parse(&whole.to_string()).unwrap_or_else(|error| panic!("{:?}", error.faults));
    let pushed = json!({"state": "/s", "profile": "oneroster",
        "platform": {"kind": "max", "token": "f9", "events": "push", "events_secret": "abc_def"}});
    for document in [whole, least_config(), pushed] {
        judged_alike("config", &document, takes_config);
    }
    covers(
        "config",
        &[whole_config()],
        &["platform.token_env", "platform.token_file", "calls.secret_env", "calls.secret_file"],
    );
}

#[test]
fn the_way_to_a_token_is_one() {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), "f9").unwrap();
    let of_file = json!(file.path());
    let validator = validator(&schema("config"));
    for (given, taken) in [
        (json!({"token_file": of_file}), true),
        (json!({"token_file": of_file, "token": null}), true),
        (json!({"token_file": of_file, "token": "f9"}), false),
        (json!({"token_env": "PATH"}), true),
        (json!({"token_env": "PATH", "token": "f9"}), false),
        (json!({"token": null}), false),
        (json!({}), false),
    ] {
        let mut config = least_config();
        let mut platform = json!({"kind": "max"});
        platform.as_object_mut().unwrap().extend(given.as_object().unwrap().clone());
        config["platform"] = platform;
        assert_eq!(takes_config(&config), taken, "{given}");
        assert_eq!(validator.is_valid(&config), taken, "{given}");
        let error = Config::parse(&config.to_string()).err();
        assert!(error.is_none_or(|error| !error.faults.is_empty()), "{given}");
    }
}

/// Each default that a schema states is what the library takes where the key is absent.
#[test]
fn the_defaults_are_those_of_the_library() {
    let shown = |config: &Value| {
        let config = Config::parse(&config.to_string());
        format!("{:#?}", config.unwrap_or_else(|error| panic!("{:?}", error.faults)))
    };
    let mut spelled = least_config();
    lay_defaults(&schema("config"), &mut spelled);
    assert!(
        spelled["guard"]["chat_share"] == 0.5 && spelled["platform"]["requests_in_flight"] == 8
    );
    assert_eq!(shown(&spelled), shown(&least_config()));
    let mut spelled = json!({});
    lay_defaults(&schema("options"), &mut spelled);
    let shown = |text: &str| format!("{:#?}", Options::parse(text).expect("options"));
    assert_eq!(shown(&spelled.to_string()), shown("{}"));
}

/// Writes every default into a document, also into objects that would be absent, but for those that
/// have something they cannot do without.
fn lay_defaults(schema: &Value, document: &mut Value) {
    for (key, value) in schema["properties"].as_object().into_iter().flatten() {
        let inner = value["properties"].is_object();
        let there = document.get(key).is_some();
        if inner && (there || value["default"].is_object()) {
            if !there {
                document[key] = json!({});
            }
            lay_defaults(value, &mut document[key]);
        } else if !there && !value["default"].is_null() {
            document[key] = value["default"].clone();
        }
    }
}

#[test]
fn a_refused_state_file_makes_no_other_key_unknown() {
    let mut config = whole_config();
    config["state"] = json!("relative.db");
    let error = Config::parse(&config.to_string()).expect_err("the path is relative");
    let places: Vec<&str> = error.faults.iter().map(|fault| fault.at.as_str()).collect();
    assert_eq!(places, ["state"]);
}

#[test]
fn options_are_judged_alike() {
    let whole = json!({
        "now": "2026-09-01T08:25:00+03:00", "dry_run": true, "time_budget": "60s", "verify": "all",
        "kinds": ["class"], "chats": ["class:7a"], "approve": "a1b2", "detail": "operations",
    });
    let takes = |document: &Value| Options::parse(&document.to_string()).is_ok();
    judged_alike("options", &whole, takes);
    judged_alike("options", &json!({}), takes);
    covers("options", &[whole], &[]);
}

/// Requests of every method, each key of whose parameters stands in one of them.
fn requests() -> Vec<Value> {
    let text = std::fs::read_to_string(at("tests/schemas/requests.json")).unwrap();
    serde_json::from_str::<Value>(&text).unwrap().as_array().unwrap().clone()
}

/// A request is read before anything is asked of the state file, which here has no roster yet.
fn is_understood(session: &mut Session, request: &Value) -> bool {
    let shape = |error: &Error| {
        let kinds = [
            "bad_value",
            "unknown_key",
            "missing_field",
            "unknown_method",
            "no_proof",
            "nobody",
            "empty_filter",
        ];
        let of_shape = |code: &str| kinds.iter().any(|kind| code == format!("request.{kind}"));
        error.code == Code::Request && error.faults.iter().any(|fault| of_shape(&fault.code))
    };
    session.request(&request.to_string()).err().is_none_or(|error| !shape(&error))
}

#[test]
fn requests_are_judged_alike() {
    let folder = tempfile::tempdir().unwrap();
    let config = json!({
        "state": folder.path().join("zvonok.db"), "profile": "paragraf",
        "platform": {"kind": "max", "token": "f9", "base_url": "http://127.0.0.1:1"},
    });
    let session = Session::open(&config.to_string(), Box::new(Silent), Cancel::default());
    let mut session = session.unwrap_or_else(|error| panic!("{error}"));
    let mut methods = BTreeSet::new();
    for request in requests() {
        methods.insert(request["method"].as_str().unwrap().to_owned());
        judged_alike("request", &request, |request| is_understood(&mut session, request));
    }
    let schema = schema("request");
    for method in schema["properties"]["method"]["enum"].as_array().unwrap() {
        let method = method.as_str().unwrap();
        assert!(methods.contains(method), "{method} has no request in tests/schemas/requests.json");
    }
}

#[test]
fn every_parameter_of_every_method_stands_in_a_sample() {
    let schema = schema("request");
    let mut lacking = Vec::new();
    for (method, shape) in schema["$defs"].as_object().unwrap() {
        let all = requests();
        let params = all.iter().filter(|request| request["method"] == *method);
        let mut seen = BTreeSet::new();
        params.for_each(|request| seen.extend(keys(&request["params"], "")));
        let known = schema_keys(shape, "");
        let unseen = known.iter().filter(|key| !seen.contains(*key));
        lacking.extend(unseen.map(|key| {
            format!("{method}: no request in tests/schemas/requests.json has the key {key}")
        }));
    }
    assert!(lacking.is_empty(), "\n{}", lacking.join("\n"));
}

#[test]
fn rosters_are_judged_alike() {
    let text = std::fs::read_to_string(at("tests/schemas/roster.json")).unwrap();
    let whole: Value = serde_json::from_str(&text).unwrap();
    let rules = Rules {
        today: "2026-09-01".parse().unwrap(),
        dangling_share: 1.0,
        minimum: 1_000,
        before: None,
    };
    let takes = |document: &Value| read(document.to_string().as_bytes(), &rules).is_ok();
    judged_alike("roster", &whole, takes);
    let schema = schema("roster");
    let seen = keys(&whole, "");
    for (table, shape) in schema["$defs"].as_object().unwrap() {
        for key in schema_keys(shape, "") {
            let key = format!("{table}.{key}");
            assert!(seen.contains(&key), "{key} stands in no row of tests/schemas/roster.json");
        }
    }
}

#[test]
fn every_roster_that_the_cases_accept_is_one_by_the_schema() {
    let validator = validator(&schema("roster"));
    let mut accepted = 0;
    for entry in std::fs::read_dir(at("tests/roster")).unwrap() {
        let path = entry.unwrap().path();
        let case: Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
        if case["faults"].is_null() && !case["roster"].is_null() {
            assert_valid(&validator, &case["roster"], &path.display().to_string());
            accepted += 1;
        }
    }
    assert!(accepted > 20, "the cases were not found");
    assert_valid(&validator, &crate::tiny::tiny(), "the tiny school");
}

/// Whether the library and the schema take and refuse the same: the document, and every document
/// that comes of it by spoiling one place.
#[track_caller]
fn judged_alike(name: &str, document: &Value, mut takes: impl FnMut(&Value) -> bool) {
    let schema = validator(&schema(name));
    assert_valid(&schema, document, name);
    assert!(takes(document), "{document:#}");
    let mut refused = 0;
    for (what, spoiled) in spoiled(document) {
        let (library, by_schema) = (takes(&spoiled), schema.is_valid(&spoiled));
        let words = |taken: bool| if taken { "takes" } else { "refuses" };
        assert_eq!(
            library,
            by_schema,
            "{name}: {what}: the library {} it, the schema {} it\n{spoiled:#}",
            words(library),
            words(by_schema),
        );
        refused += usize::from(!library);
    }
    assert!(refused > 0, "nothing that was spoiled was refused: {document:#}");
}

/// Documents with one place spoiled each, and what was done.
fn spoiled(document: &Value) -> Vec<(String, Value)> {
    let mut all = Vec::new();
    for pointer in pointers(document, "") {
        let found = document.pointer(&pointer).unwrap();
        let others = [
            json!(null),
            json!(""),
            json!(true),
            json!(-1),
            json!(7.5),
            json!(10_000_001),
            json!([7]),
            json!([]),
            json!({"чужое": 1}),
            json!([null]),
        ];
        for other in others.iter().filter(|other| *other != found && !pointer.is_empty()) {
            let mut spoiled = document.clone();
            *spoiled.pointer_mut(&pointer).unwrap() = other.clone();
            all.push((format!("{pointer} = {other}"), spoiled));
        }
        if found.is_object() {
            let mut spoiled = document.clone();
            spoiled.pointer_mut(&pointer).unwrap()["чужое"] = json!(1);
            all.push((format!("{pointer} with an unknown key"), spoiled));
        }
        let (parent, key) = pointer.rsplit_once('/').unwrap_or_default();
        if let Some(Value::Object(_)) = document.pointer(parent).filter(|_| !pointer.is_empty()) {
            let mut spoiled = document.clone();
            let parent = spoiled.pointer_mut(parent).unwrap().as_object_mut().unwrap();
            parent.remove(key);
            all.push((format!("without {pointer}"), spoiled));
        }
    }
    all
}

fn pointers(value: &Value, at: &str) -> Vec<String> {
    let mut all = vec![at.to_owned()];
    match value {
        Value::Object(map) => {
            map.iter().for_each(|(key, value)| all.extend(pointers(value, &format!("{at}/{key}"))));
        }
        Value::Array(items) => {
            let items = items.iter().enumerate();
            items.for_each(|(n, value)| all.extend(pointers(value, &format!("{at}/{n}"))));
        }
        _ => {}
    }
    all
}

/// Every key of a document, with those before it; places in lists do not count.
fn keys(value: &Value, at: &str) -> BTreeSet<String> {
    match value {
        Value::Object(map) => map
            .iter()
            .flat_map(|(key, value)| {
                let place = if at.is_empty() { key.clone() } else { format!("{at}.{key}") };
                let mut all = keys(value, &place);
                all.insert(place);
                all
            })
            .collect(),
        Value::Array(items) => items.iter().flat_map(|item| keys(item, at)).collect(),
        _ => BTreeSet::new(),
    }
}

/// Every key that a schema knows, likewise.
fn schema_keys(schema: &Value, at: &str) -> BTreeSet<String> {
    let mut all = BTreeSet::new();
    for (key, value) in schema["properties"].as_object().into_iter().flatten() {
        let place = if at.is_empty() { key.clone() } else { format!("{at}.{key}") };
        all.extend(schema_keys(value, &place));
        all.extend(schema_keys(&value["items"], &place));
        all.insert(place);
    }
    all
}

/// Whether every key of a schema stands in a sample.
#[track_caller]
fn covers(name: &str, samples: &[Value], excluded: &[&str]) {
    let seen: BTreeSet<String> = samples.iter().flat_map(|sample| keys(sample, "")).collect();
    let excluded = |key: &str| {
        // The keys of one messenger are those of the other.
        let key = key.replace("previous_platform.", "platform.");
        excluded.contains(&key.as_str()) || seen.contains(&key) || {
            key.starts_with("platform.") && seen.contains(&format!("previous_{key}"))
        }
    };
    for key in schema_keys(&schema(name), "") {
        assert!(seen.contains(&key) || excluded(&key), "{name}: {key} stands in no sample");
    }
}
