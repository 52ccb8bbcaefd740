//! The widely used clients of both platforms talk to the sandbox unchanged. They are fetched from
//! their registries into a folder of the test's own.
#![cfg(feature = "cli")]
#![allow(missing_docs, reason = "the names of the tests say it")]

mod support;

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::json;
use support::Messenger;

fn script(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/clients").join(name)
}

/// Runs a program that must be installed and must succeed.
fn run(command: &mut Command) -> String {
    let output = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));
    said
}

#[test]
fn vk_api_for_python() {
    let folder = tempfile::tempdir().unwrap();
    let install = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check"];
    let target = ["--target", folder.path().to_str().unwrap(), "vk_api==11.10.1"];
    run(Command::new("python3").args(install).args(target));
    let messenger = Messenger::start(&[]);
    let said = run(Command::new("python3")
        .arg(script("vk.py"))
        .args([&messenger.address, &messenger.token])
        .env("PYTHONPATH", folder.path()));
    assert_eq!(said.trim(), "chat 1");
    let state = messenger.look("state");
    assert_eq!(state["chats"][0]["title"], "7Б, родители");
    assert_eq!(state["chats"][0]["messages"][0]["text"], "Собрание в среду");
}

#[test]
fn max_bot_api_for_node() {
    let folder = tempfile::tempdir().unwrap();
    let install = ["install", "--no-audit", "--no-fund", "--ignore-scripts"];
    let package = "@maxhub/max-bot-api@0.3.1";
    run(Command::new("npm").args(install).arg(package).current_dir(folder.path()));
    let messenger = Messenger::start(&[]);
    messenger.does("max/mode", json!({"echo": false}));
    let group = messenger.max_group("7А, родители", 5_001);
    messenger.does("max/join", json!({"chat_id": group, "user": 5_002}));
    let mut child = Command::new("node")
        .arg(script("max.js"))
        .args([&messenger.max_address, &messenger.max_token, &group.to_string()])
        .env("NODE_PATH", folder.path().join("node_modules"))
        .stdout(Stdio::piped())
        .spawn()
        .expect("node is installed");
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    assert_eq!(lines.next().expect("the client comes so far").unwrap(), "polling");
    messenger.does("max/start", json!({"user": 5_003, "payload": "7А-4711"}));
    assert_eq!(lines.next().expect("the client comes so far").unwrap(), "greeted");
    assert!(child.wait().unwrap().success());
    let state = messenger.look("max/state");
    let people = state["people"].as_array().unwrap().iter();
    let person = people.clone().find(|person| person["id"] == 5_003).unwrap();
    assert_eq!(person["messages"][0]["text"], "Код 7А-4711");
    assert_eq!(state["chats"][0]["members"].as_array().unwrap().len(), 2);
}
