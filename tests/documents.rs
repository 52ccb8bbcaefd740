//! The documents for people: every command that stands in them is run, in the order of the page, in an
//! empty folder, with the built command line and a sandbox; every link leads somewhere; the pictures
//! are there and can be taken again (`ZVONOK_PICTURES=docs/pictures cargo test --test documents`).
#![cfg(feature = "cli")]
#![allow(missing_docs, reason = "the names of the tests say it")]
#![allow(clippy::disallowed_methods, reason = "a reader's shell has its own environment")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

#[path = "support/chromium.rs"]
mod chromium;
#[path = "documents/pictures.rs"]
mod pictures;
mod support;

use crate::support::Messenger;

const PAGES: [&str; 5] = [
    "README.md",
    "README.ru.md",
    "docs/admin.ru.md",
    "docs/operations.md",
    "docs/operations.ru.md",
];

/// Commands that are not run here, and why.
const ELSEWHERE: [(&str, &str); 4] = [
    ("cargo run --release -- demo", "builds everything anew; tests/demo.rs runs the demonstration"),
    ("cargo test", "is what runs this"),
    ("cargo build --release", "builds everything anew; .ci/run builds, and these tests use it"),
    (
        "cargo build --release --lib --no-default-features",
        "the same; the C tests load that library",
    ),
];

/// Where the pages let the sandbox listen; the tests take a free port instead.
const LISTENS: &str = "127.0.0.1:8700";
/// How the pages start the sandbox, in a window of its own.
const SANDBOX: &str = "zvonok sandbox --listen 127.0.0.1:8700";

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// The shell blocks of a page.
fn blocks(page: &str) -> Vec<String> {
    let mut blocks = Vec::new();
    let mut lines = page.lines();
    while let Some(line) = lines.next() {
        if line.trim() != "```sh" {
            continue;
        }
        let indent = line.len() - line.trim_start().len();
        let block: Vec<&str> = lines.by_ref().take_while(|line| line.trim() != "```").collect();
        let block = block.iter().map(|line| line.get(indent..).unwrap_or_default());
        blocks.push(block.collect::<Vec<_>>().join("\n"));
    }
    blocks
}

/// A folder as a reader has it: the command line in the path, the header and the library where a
/// build leaves them.
struct Desk {
    folder: tempfile::TempDir,
    messenger: Messenger,
}

impl Desk {
    fn new(page: &str) -> Desk {
        let folder = tempfile::tempdir().expect("a folder");
        // A page says how its sandbox is started; one that does not begins where an exchange runs.
        let started = blocks(page).into_iter().find(|block| block.starts_with(SANDBOX));
        let usual = format!("{SANDBOX} --mode partner --community 123456");
        let line = started.unwrap_or(usual);
        let arguments: Vec<&str> = line[SANDBOX.len()..].split_whitespace().collect();
        let desk = Desk { folder, messenger: Messenger::start(&arguments) };
        let at = |name: &str| desk.folder.path().join(name);
        fs::create_dir_all(at("bin")).unwrap();
        fs::create_dir_all(at("target/release")).unwrap();
        let link = |from: &Path, to: &str| std::os::unix::fs::symlink(from, at(to)).unwrap();
        link(Path::new(env!("CARGO_BIN_EXE_zvonok")), "bin/zvonok");
        link(&root().join("include"), "include");
        // The library that these tests are built with, in the place of the release build's.
        let library = Path::new(env!("CARGO_BIN_EXE_zvonok")).with_file_name("deps/libzvonok.so");
        link(&library, "target/release/libzvonok.so");
        desk
    }

    /// A school and an exchange that ran, for the pages about one that is there.
    fn with_an_exchange(&self) {
        let steps = blocks(&read("README.md"));
        let wanted = ["zvonok school", "zvonok plan"];
        for block in steps.iter().filter(|block| wanted.iter().any(|w| block.starts_with(w))) {
            self.obeys(block);
        }
    }

    fn run(&self, script: &str) -> Output {
        let address = self.messenger.address.trim_start_matches("http://");
        let path = std::env::var("PATH").unwrap();
        Command::new("sh")
            .args(["-e", "-c", &script.replace(LISTENS, address)])
            .current_dir(self.folder.path())
            .env("PATH", format!("{}:{path}", self.folder.path().join("bin").display()))
            .env("LC_ALL", "C.UTF-8")
            .output()
            .expect("a shell")
    }

    #[track_caller]
    fn obeys(&self, script: &str) -> String {
        let output = self.run(script);
        let (out, err) = (text(&output.stdout), text(&output.stderr));
        assert!(output.status.success(), "{script}\n{out}\n{err}");
        out
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// Runs a page; what its blocks printed.
fn follow(path: &str) -> (Desk, Vec<String>) {
    let page = read(path);
    let desk = Desk::new(&page);
    if path.starts_with("docs/") {
        desk.with_an_exchange();
    }
    let mut printed = Vec::new();
    for block in blocks(&page) {
        let elsewhere = ELSEWHERE.iter().any(|(command, _)| *command == block);
        if !elsewhere && !block.starts_with(SANDBOX) {
            printed.push(desk.obeys(&block));
        }
    }
    assert!(printed.len() >= 4, "the blocks of {path} were not found");
    (desk, printed)
}

#[test]
fn the_first_cycle_is_as_the_readme_says() {
    for path in ["README.md", "README.ru.md"] {
        let (desk, printed) = follow(path);
        let report = printed.iter().find(|text| text.contains("zvonok.report/1"));
        let report = report.unwrap_or_else(|| panic!("{path}: the C host printed no report"));
        let report: serde_json::Value = serde_json::from_str(report.trim()).expect("JSON");
        assert_eq!(report["status"], "OK", "{path}: {report}");
        let page = fs::read_to_string(desk.folder.path().join("chats.html")).expect("the page");
        assert!(page.contains("Учительская"), "{path}");
        assert!(printed.iter().any(|text| text.contains("\"total\"")), "{path}: chats.list");
    }
}

#[test]
fn the_administrators_guide_can_be_followed() {
    let (desk, printed) = follow("docs/admin.ru.md");
    let page = fs::read_to_string(desk.folder.path().join("chats.html")).expect("the page");
    assert!(page.contains("Нужен человек"));
    let person = printed.iter().find(|text| text.contains("p-0016"));
    assert!(person.is_some(), "explain and the list of a chat name the person: {printed:?}");
}

#[test]
fn operations_can_be_followed() {
    for path in ["docs/operations.md", "docs/operations.ru.md"] {
        let (desk, _) = follow(path);
        let at = |name: &str| desk.folder.path().join(name);
        let support = fs::read_to_string(at("support.txt")).expect("what is sent to support");
        assert!(support.contains("zvonok 0.") && support.contains("capabilities"), "{support}");
        assert!(!support.contains(&desk.messenger.token), "{path}: no token is sent");
        let names = names(&fs::read_to_string(at("roster.json")).unwrap());
        assert!(names.len() > 30, "the roster has names");
        let told = names.iter().find(|name| support.contains(*name));
        assert_eq!(told, None, "{path}: no name is sent");
        let log = fs::read_to_string(at("zvonok.log")).expect("a log");
        assert!(!log.contains(&desk.messenger.token), "{log}");
        assert!(at("backup/zvonok.db").exists());
    }
}

/// Family names in a roster that are no part of other words.
fn names(roster: &str) -> Vec<String> {
    let roster: serde_json::Value = serde_json::from_str(roster).expect("a roster");
    let users = roster["users"].as_array().expect("users").iter();
    let names = users.filter_map(|user| user["familyName"].as_str());
    names.filter(|name| name.chars().count() > 4).map(str::to_owned).collect()
}

/// A copy of the state file serves on another machine: nothing is left to do there.
#[test]
fn a_restored_copy_and_a_move_leave_nothing_to_do() {
    let (_, printed) = follow("docs/operations.md");
    let plans = printed.iter().filter(|text| text.contains("In total") || text.contains("Всего"));
    let plans: Vec<&String> = plans.collect();
    assert!(plans.len() >= 2, "{printed:?}");
    assert!(plans.iter().all(|plan| plan.contains("In total: nothing")), "{plans:?}");
}

#[test]
fn commands_that_are_not_run_here_stand_in_a_page_and_no_other_is_left_out() {
    let all: Vec<String> = PAGES.iter().flat_map(|path| blocks(&read(path))).collect();
    for (command, why) in ELSEWHERE {
        assert!(!why.is_empty() && all.iter().any(|block| block == command), "{command}");
    }
    for path in PAGES {
        let indented = read(path);
        let stray = indented.lines().find(|line| {
            ["    zvonok ", "    cargo ", "    cc "].iter().any(|start| line.starts_with(start))
        });
        assert_eq!(stray, None, "{path}: a command outside a block marked sh is not run");
    }
}

#[test]
fn every_link_of_the_pages_leads_somewhere() {
    let more = ["ARCHITECTURE.md", "CHANGELOG.md"];
    for path in PAGES.iter().chain(&more) {
        let page = read(path);
        let folder = root().join(path);
        let folder = folder.parent().unwrap();
        for target in page.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            if target.starts_with("https://") {
                continue;
            }
            let (file, anchor) = target.split_once('#').unwrap_or((target, ""));
            let file = if file.is_empty() { root().join(path) } else { folder.join(file) };
            assert!(file.exists(), "{path}: {target}");
            if !anchor.is_empty() {
                let text = fs::read_to_string(&file).unwrap();
                let found = text.lines().any(|line| line.starts_with('#') && slug(line) == anchor);
                assert!(found, "{path}: {target}");
            }
        }
    }
}

/// The anchor that a heading gets.
fn slug(heading: &str) -> String {
    let words = heading.trim_start_matches('#').trim().to_lowercase();
    let signs = words.chars().filter(|sign| sign.is_alphanumeric() || " -_".contains(*sign));
    signs.map(|sign| if sign == ' ' { '-' } else { sign }).collect()
}

/// Both readmes name every key of the configuration, every method and every command.
#[test]
fn the_readmes_leave_no_key_method_and_command_out() {
    let schema = |name: &str| {
        let all = zvonok::schema::documents();
        all.into_iter().find(|document| document.name == name).expect("a schema").schema
    };
    let mut words = Vec::new();
    for (key, value) in schema("config")["properties"].as_object().unwrap() {
        words.push(key.clone());
        let inner = value["properties"].as_object().into_iter().flatten();
        words.extend(inner.map(|(key, _)| key.clone()));
    }
    let methods = schema("request")["properties"]["method"]["enum"].clone();
    words.extend(methods.as_array().unwrap().iter().map(|one| one.as_str().unwrap().to_owned()));
    let help = Command::new(env!("CARGO_BIN_EXE_zvonok"))
        .args(["--lang", "en", "--help"])
        .output()
        .unwrap();
    let help = text(&help.stdout);
    let commands = help.lines().skip_while(|line| !line.starts_with("Commands")).skip(1);
    let commands: Vec<String> = commands
        .take_while(|line| line.starts_with("  "))
        .filter(|line| !line.starts_with("   "))
        .map(|line| format!("zvonok {}", line.split_whitespace().next().unwrap()))
        .collect();
    assert!(commands.len() > 8, "{help}");
    words.extend(commands);
    for path in ["README.md", "README.ru.md"] {
        let page = read(path);
        let missing: Vec<&String> = words.iter().filter(|word| !page.contains(*word)).collect();
        assert!(missing.is_empty(), "{path} does not name {missing:?}");
    }
}

#[test]
fn the_pictures_are_there_and_small() {
    let mut bytes = 0;
    let mut shown = 0;
    for entry in fs::read_dir(root().join("docs/pictures")).expect("docs/pictures") {
        let path: PathBuf = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        bytes += fs::metadata(&path).unwrap().len();
        let used = PAGES.iter().any(|page| read(page).contains(&format!("pictures/{name}")));
        assert!(used, "{name} is shown nowhere");
        shown += 1;
    }
    assert!(shown >= 3 && bytes < 1_000_000, "{shown} pictures of {bytes} bytes");
}
