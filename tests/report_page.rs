//! The page of `zvonok report --html`, opened in a headless Chromium from its file: it shows what the
//! library knows, asks for nothing, and says nothing but what it should.
#![cfg(feature = "cli")]
#![allow(missing_docs, reason = "the names of the tests say it")]

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};
use zvonok::error::Code;

#[path = "support/chromium.rs"]
mod chromium;
#[path = "support/rig.rs"]
mod rig;
mod support;
#[allow(dead_code, reason = "each file of tests needs its own part of this")]
#[path = "support/tiny.rs"]
mod tiny;

use crate::chromium::chromium;
use crate::rig::{Rig, at};
use crate::tiny::{drop_row, person, role, row, tiny};

/// A title that is markup to whoever forgets that it is a text.
const NASTY: &str = "<script>alert(1)</script> & «7Б»</title>";

/// The tiny school with names, a second class whose title is nasty, and somebody without an account.
fn roster() -> Value {
    let mut roster = tiny();
    let mut class = roster["classes"][0].clone();
    class["sourcedId"] = json!("7b");
    class["title"] = json!(NASTY);
    class["metadata"] = json!({"classTeacherSourcedId": "teacher-111"});
    roster["classes"].as_array_mut().unwrap().push(class);
    for id in ["child-210", "child-211", "child-212"] {
        roster["users"].as_array_mut().unwrap().push(person(id));
        roster["roles"].as_array_mut().unwrap().push(role(id, "student"));
        let enrolled = tiny::enrolled("7b", id, "student");
        roster["enrollments"].as_array_mut().unwrap().push(enrolled);
    }
    let names = [("child-200", "Кузнецова", "Алёна"), ("teacher-110", "<b>О’Нил</b>", "Пётр")];
    for (id, family, given) in names {
        let user = row(&mut roster, "users", id);
        user["familyName"] = json!(family);
        user["givenName"] = json!(given);
    }
    row(&mut roster, "users", "child-201")["userIds"] = json!([]);
    roster
}

/// A school on VK in which something is held, something failed, and a stranger came.
fn school() -> (Rig, PathBuf) {
    let mut rig = Rig::new();
    rig.set("/guard", json!({"minimum": 2, "chat_share": 0.3}));
    let mut roster = roster();
    let refused = json!({"do": "error", "code": 15});
    rig.fault(json!({"method": "messages.setMemberRole", "nth": 1}), refused);
    rig.expect(Code::Partial, &roster, &at(1, "09:00"));
    drop_row(&mut roster, "enrollments", "7b-child-211-student");
    drop_row(&mut roster, "enrollments", "7b-child-212-student");
    let report = rig.expect(Code::Held, &roster, &at(1, "10:00"));
    assert!(report["hold"]["fingerprint"].is_string());
    let file = rig.folder.path().join("roster.json");
    std::fs::write(&file, roster.to_string()).unwrap();
    std::fs::write(rig.folder.path().join("zvonok.json"), rig.config.to_string()).unwrap();
    rig.reopen();
    (rig, file)
}

/// Writes the page with further arguments.
fn written(rig: &Rig, arguments: &[&str]) -> PathBuf {
    let file = rig.folder.path().join("чаты.html");
    let output = Command::new(env!("CARGO_BIN_EXE_zvonok"))
        .args(["--lang", "en", "report", "--html"])
        .arg(&file)
        .arg("--config")
        .arg(rig.folder.path().join("zvonok.json"))
        .args(["--now", &at(1, "10:30")])
        .args(arguments)
        .output()
        .expect("it runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(String::from_utf8_lossy(&output.stdout).contains("Open the file in a browser"));
    file
}

/// What a person sees who opens the page and tries its search, filters and order.
fn looked_at(file: &Path) -> Value {
    let profile = tempfile::tempdir().unwrap();
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/clients/report.js");
    let output = Command::new("node")
        .arg("--experimental-websocket")
        .arg(script)
        .args([file, profile.path()])
        .output()
        .expect("node is installed");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).expect("JSON")
}

fn texts(value: &Value) -> Vec<&str> {
    value.as_array().expect("a list").iter().filter_map(Value::as_str).collect()
}

#[test]
fn e5_i3_i5_the_page_shows_chats_and_people_finds_them_and_asks_for_nothing() {
    let (rig, roster) = school();
    let file = written(&rig, &["--roster", roster.to_str().unwrap()]);
    let seen = looked_at(&file);
    let requests = texts(&seen["requests"]);
    assert!(requests.len() == 1 && requests[0].starts_with("file://"), "{requests:?}");
    assert_eq!(seen["complaints"], json!([]));
    let nasty = format!("{NASTY} - Чат учеников");
    let parents = format!("{NASTY} - Родительский чат");
    let mut all = texts(&seen["all"]);
    assert_eq!(all.last(), Some(&"Учительская"), "by title, as the library sorts");
    all.sort_unstable();
    let downwards = ["Учительская", "7А - Чат учеников", "7А - Родительский чат", &nasty, &parents];
    assert_eq!(texts(&seen["downwards"]), downwards);
    let mut expected = downwards;
    expected.sort_unstable();
    assert_eq!(all, expected);
    assert_eq!(seen["shut"], json!([]), "people are shown when asked for");
    assert!(!seen["first"].as_array().unwrap().is_empty());
    let found = &seen["byPerson"];
    assert_eq!(found["chats"], json!(["7А - Чат учеников"]));
    assert_eq!(found["people"].as_array().unwrap().len(), 1, "the others are not shown: {found}");
    let row = texts(&found["people"][0]);
    assert!(row[0].starts_with('✓') && row[1] == "Кузнецова Алёна (child-200)", "{row:?}");
    assert_eq!((row[2], &found["count"]), ("в чате", &json!("найдено: 1 / 5")));
    assert_eq!(seen["nothing"], json!({"chats": [], "told": true}));
    assert_eq!(texts(&seen["parents"]).len(), 2);
    assert!(texts(&seen["unlinked"]).contains(&"7А - Чат учеников"));
    assert!(!texts(&seen["unlinked"]).contains(&nasty.as_str()));
    assert!(seen["missing"].as_str().unwrap().contains("child-201"));
    assert_eq!(seen["scripts"], 1, "a title is not markup");
    assert!(seen["narrow"].as_u64().unwrap() <= 390, "it fits a phone: {}", seen["narrow"]);
}

#[test]
fn it_tells_what_is_held_and_how_to_allow_it_and_what_failed() {
    let (rig, roster) = school();
    let file = written(&rig, &["--roster", roster.to_str().unwrap()]);
    let seen = looked_at(&file);
    let mut session = rig.open().unwrap();
    let asked = json!({"method": "plan", "now": at(1, "10:30")});
    let plan = session.request(&asked.to_string()).unwrap().1["result"].take();
    let print = plan["hold"]["fingerprint"].as_str().unwrap();
    let attention = seen["attention"].as_str().unwrap();
    for words in [print, "guard.approve", "guard.chat_share", "vk.15"] {
        assert!(attention.contains(words), "{words}: {attention}");
    }
    assert!(seen["plan"].as_str().unwrap().contains("удержано"), "{}", seen["plan"]);
}

#[test]
fn names_come_from_the_roster_alone_and_the_page_says_so() {
    let (rig, roster) = school();
    let with = std::fs::read_to_string(written(&rig, &["--roster", roster.to_str().unwrap()]));
    let with = with.unwrap();
    assert!(with.contains("Кузнецова") && with.contains("В этом файле имена людей"));
    assert!(with.contains("&lt;b&gt;О’Нил&lt;/b&gt; Пётр") && !with.contains("<b>О’Нил"));
    assert!(with.contains("&lt;script&gt;alert(1)") && !with.contains("<script>alert"));
    assert!(!with.contains(&rig.messenger.token), "no secrets");
    let without = std::fs::read_to_string(written(&rig, &[])).unwrap();
    assert!(without.contains("child-200") && !without.contains("Кузнецова"));
    assert!(!without.contains("имена людей"));
}

#[test]
fn one_chat_can_be_shown_alone_in_english_and_while_the_messenger_is_away() {
    let (rig, _) = school();
    let config = rig.folder.path().join("zvonok.json");
    let mut away = rig.config.clone();
    away["platform"]["base_url"] = json!("http://127.0.0.1:1");
    std::fs::write(&config, away.to_string()).unwrap();
    let file = written(&rig, &["--chat", "parents:7a", "--language", "en"]);
    let page = std::fs::read_to_string(file).unwrap();
    assert!(page.contains("parents:7a") && !page.contains("teachers:school"), "{page}");
    assert!(page.contains("A person is needed") && page.contains("lang=\"en\""));
    let html = rig.folder.path().join("x.html");
    let refused = |arguments: &[&str]| {
        let output = Command::new(env!("CARGO_BIN_EXE_zvonok"))
            .args(["report", "--lang", "en", "--config"])
            .args([&config, Path::new("--html"), &html])
            .args(arguments)
            .output()
            .unwrap();
        assert!(!html.exists(), "nothing is written");
        (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
    };
    let (code, why) = refused(&["--chat", "class:9z"]);
    assert!(code == Some(22) && why.contains("class:9z"), "{code:?} {why}");
    let (code, why) = refused(&["--roster", "/nowhere.json"]);
    assert!(code == Some(64) && why.contains("no names"), "{code:?} {why}");
}

#[test]
fn it_can_be_photographed_wide_and_narrow() {
    let (rig, roster) = school();
    let file = written(&rig, &["--roster", roster.to_str().unwrap()]);
    let folder = tempfile::tempdir().unwrap();
    let profile = tempfile::tempdir().unwrap();
    let keep = std::env::var_os("ZVONOK_SCREENSHOTS").map(PathBuf::from);
    let folder = keep.as_deref().unwrap_or(folder.path());
    let address = format!("file://{}", file.display());
    for (name, size) in [("wide", "1280,1500"), ("narrow", "500,2400")] {
        let picture = folder.join(format!("report-{name}.png"));
        let arguments =
            [format!("--screenshot={}", picture.display()), format!("--window-size={size}")];
        chromium(&address, profile.path(), &arguments.each_ref().map(String::as_str));
        let bytes = std::fs::metadata(&picture).expect("a picture").len();
        assert!(bytes > 20_000, "{name} is nearly empty: {bytes} bytes");
    }
}
