//! Hosts in C that load the release library: every case of `tests/c/border.c`, in a process of its
//! own with a messenger and a folder of its own.
#![cfg(all(target_os = "linux", feature = "cli"))]

#[allow(dead_code, unused_imports, reason = "the binary uses what this test does not")]
#[path = "../src/bin/zvonok/school/mod.rs"]
mod school;
#[path = "support/shipped.rs"]
mod shipped;
mod support;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::OnceLock;

use serde_json::{Value, json};
use support::Messenger;
use tempfile::TempDir;

/// A messenger and a folder for one host.
struct Scene {
    messenger: Messenger,
    folder: TempDir,
}

fn border() -> &'static Path {
    static PROGRAM: OnceLock<PathBuf> = OnceLock::new();
    PROGRAM.get_or_init(|| shipped::compile("border"))
}

impl Scene {
    fn new() -> Scene {
        let messenger = Messenger::start(&["--mode", "partner"]);
        let folder = shipped::folder();
        let today = "2026-09-01".parse().expect("a date");
        let roster = school::generate(7, school::Size { students: 20 }, today);
        fs::write(folder.path().join("roster.json"), school::to_text(&roster)).expect("a roster");
        Scene { messenger, folder }
    }

    fn run(&self, case: &str) -> Output {
        self.under(shipped::start(border()), case)
    }

    /// Runs a case by a command that has the program already.
    fn under(&self, mut command: Command, case: &str) -> Output {
        let (messenger, folder) = (&self.messenger, self.folder.path());
        let done = command
            .arg(shipped::seen(shipped::library()))
            .arg(case)
            .arg(shipped::seen(folder))
            .args([&messenger.address, &messenger.token, &messenger.community.to_string()])
            .arg(shipped::seen(&folder.join("roster.json")))
            .output()
            .expect("the host runs");
        let errors = String::from_utf8_lossy(&done.stderr);
        assert!(done.status.success(), "{case}: {}\n{errors}", done.status);
        done
    }
}

/// Runs a case that must leave nothing on the host's output.
fn quiet(case: &str) {
    let done = Scene::new().run(case);
    assert_eq!(String::from_utf8_lossy(&done.stdout), "");
    assert_eq!(String::from_utf8_lossy(&done.stderr), "");
}

#[test]
fn the_version_names_what_is_inside() {
    let done = Scene::new().run("texts");
    let line = String::from_utf8(done.stdout).expect("UTF-8");
    let words: Vec<&str> = line.split_whitespace().collect();
    let ["zvonok", own, target, "sqlite", sqlite, "luau", luau] = words[..] else {
        panic!("{line}")
    };
    assert_eq!(own, env!("CARGO_PKG_VERSION"));
    let system = shipped::windows().map_or("linux", |_| "windows");
    assert!(target.contains(system), "{target}");
    let lock = include_str!("../Cargo.lock");
    let luau = luau.strip_prefix("0.").expect("0.x");
    assert!(lock.contains(&format!("+luau{luau}\"")), "Cargo.lock has no Luau {luau}");
    assert!(sqlite.starts_with("3."), "{sqlite}");
}

#[test]
fn a_session_that_cannot_be_opened_tells_why() {
    quiet("refusals");
}

#[test]
fn every_class_of_failure_has_its_code_and_its_document() {
    quiet("failures");
}

#[test]
fn null_and_bad_lengths_are_errors() {
    quiet("arguments");
}

#[test]
fn closed_foreign_and_null_handles_are_errors() {
    quiet("handles");
}

#[test]
fn a_callback_cannot_enter_its_own_session() {
    quiet("busy_callback");
}

#[test]
fn a_second_thread_is_told_busy_at_once() {
    quiet("busy_thread");
}

#[test]
fn a_second_thread_cancels() {
    quiet("cancel_thread");
}

#[test]
fn a_callback_cancels_and_an_idle_session_cannot_be_cancelled() {
    quiet("cancel_callback");
}

#[test]
fn a_second_session_on_one_state_file_is_locked_out() {
    quiet("locked");
}

#[test]
fn a_forked_child_has_no_sessions_and_can_open_its_own() {
    quiet("forked");
    quiet("forked_inside");
}

#[test]
fn a_defect_is_a_code_and_silent() {
    quiet("defect");
}

#[test]
fn a_defect_is_survived_with_all_output_closed() {
    quiet("defect_closed");
}

#[test]
fn unmasked_floating_point_exceptions_are_kept_and_do_no_harm() {
    quiet("floating");
}

#[test]
fn a_thread_of_256_kib_is_enough() {
    quiet("small_stack");
}

#[test]
fn hosts_with_older_and_newer_structs_are_understood() {
    quiet("sizes");
}

#[test]
fn the_library_can_be_loaded_again_and_again() {
    quiet("reload");
}

#[test]
fn a_check_touches_neither_state_nor_network() {
    let scene = Scene::new();
    scene.run("check");
    assert_eq!(scene.messenger.look("counters")["requests"], 0);
}

#[test]
fn a_task_leaves_its_report_in_a_file() {
    let scene = Scene::new();
    scene.run("task");
    let names = |entry: std::io::Result<fs::DirEntry>| entry.expect("an entry").file_name();
    let left: Vec<_> = fs::read_dir(scene.folder.path()).expect("a folder").map(names).collect();
    assert!(left.iter().all(|name| !name.to_string_lossy().ends_with(".tmp")), "{left:?}");
    let report = fs::read(scene.folder.path().join("report.json")).expect("a report");
    let report: Value = serde_json::from_slice(&report).expect("JSON");
    assert_eq!((&report["format"], &report["status"]), (&json!("zvonok.report/1"), &json!("OK")));
}

#[test]
fn signals_are_left_alone_and_a_cut_connection_kills_nobody() {
    let scene = Scene::new();
    // Every third request is cut before its answer, so that there are closed sockets to write to.
    for how in ["drop_before", "drop_after"] {
        let fault = json!({"match": {"method": "*", "every": 3, "count": 4}, "do": how});
        scene.messenger.does("faults", fault);
    }
    let done = scene.run("signals");
    assert_eq!(String::from_utf8_lossy(&done.stderr), "");
    assert!(scene.messenger.look("counters")["requests"].as_u64() > Some(8));
}

#[test]
fn a_decimal_comma_of_the_host_changes_no_number() {
    let plain = report_in(shipped::start(border()));
    let mut german = shipped::start(border());
    let locales = match shipped::windows() {
        Some(_) => {
            german.env("HOST_LOCALE", "German");
            None
        }
        None => Some(german_locale()),
    };
    if let Some(locales) = &locales {
        german.env("LOCPATH", locales.path()).env("HOST_LOCALE", "de_DE.UTF-8");
    }
    assert_eq!(report_in(german), plain);
}

/// What a cycle reports, without what differs from run to run.
fn report_in(command: Command) -> Value {
    let scene = Scene::new();
    let done = scene.under(command, "in_locale");
    let mut report: Value = serde_json::from_slice(&done.stdout).expect("JSON");
    for field in ["requests", "finished", "next_due"] {
        report.as_object_mut().expect("an object").remove(field);
    }
    for chat in report["chats"].as_array_mut().expect("chats") {
        chat.as_object_mut().expect("an object").remove("link");
    }
    // The id of a call is drawn.
    for call in report["calls"].as_array_mut().expect("calls") {
        call["id"] = Value::Null;
    }
    for chat in report["chats"].as_array_mut().expect("chats") {
        if let Some(call) = chat["call"].as_object_mut() {
            call.remove("id");
        }
    }
    report
}

/// A German locale made for this test, by the Debian package `locales`.
fn german_locale() -> TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    let mut command = Command::new("localedef");
    command.args(["-i", "de_DE", "-f", "UTF-8"]).arg(folder.path().join("de_DE.UTF-8"));
    // It warns on its output and still makes the locale.
    command.output().expect("localedef");
    assert!(folder.path().join("de_DE.UTF-8/LC_NUMERIC").exists(), "no sources of de_DE");
    folder
}

#[test]
fn a_checker_of_memory_finds_nothing() {
    let mut command = Command::new("valgrind");
    command.args(["-q", "--leak-check=full", "--show-possibly-lost=no"]);
    command.args(["--errors-for-leak-kinds=definite", "--error-exitcode=9"]).arg(border());
    let done = Scene::new().under(command, "life");
    assert_eq!(String::from_utf8_lossy(&done.stderr), "");
}
