//! The state file: read-only, full, newer, foreign, damaged, in use.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use serde_json::json;
use zvonok::error::{Code, Error};
use zvonok::session::Cancel;

use crate::pupils::School;
use crate::rig::{Rig, at, count, database, with_now};

fn refused(rig: &mut Rig) -> Error {
    let School(roster) = School::with_classes(&[2]);
    rig.reset_counters();
    let error = rig.expect_error(Code::State, &roster, &at(1, "09:00"));
    assert_eq!(rig.requests(), 0, "nothing is asked of the messenger");
    error
}

fn code_of(error: &Error) -> String {
    error.faults.first().map(|fault| fault.code.clone()).unwrap_or_default()
}

/// A file system of its own, as small as the test wants; only the superuser may make one.
struct Mount(PathBuf);

impl Mount {
    fn new(folder: &Path, kilobytes: u32) -> Mount {
        let size = format!("size={kilobytes}k");
        run("mount", &["-t", "tmpfs", "-o", &size, "tmpfs", folder.to_str().unwrap()]);
        Mount(folder.to_owned())
    }

    fn again(&self, options: &str) {
        run("mount", &["-o", &format!("remount,{options}"), self.0.to_str().unwrap()]);
    }
}

impl Drop for Mount {
    fn drop(&mut self) {
        run("umount", &["--lazy", self.0.to_str().unwrap()]);
    }
}

fn run(program: &str, arguments: &[&str]) {
    let status = Command::new(program).args(arguments).status();
    assert!(status.is_ok_and(|status| status.success()), "{program} {arguments:?}");
}

#[test]
fn a_folder_that_cannot_be_written_is_told_by_its_path() {
    let mut rig = Rig::new();
    let place = tempfile::tempdir().unwrap();
    let mount = Mount::new(place.path(), 4096);
    rig.set("/state", json!(place.path().join("zvonok.db")));
    let School(roster) = School::with_classes(&[2]);
    rig.expect(Code::Ok, &roster, &at(1, "09:00"));
    rig.reopen();
    mount.again("ro");
    let error = refused(&mut rig);
    let text = format!("{error:?}");
    assert!(text.contains(place.path().to_str().unwrap()), "{text}");
    mount.again("rw");
    rig.expect(Code::Ok, &roster, &at(1, "10:00"));
}

/// The disk fills up at each possible moment of a cycle: the free space grows from run to run until
/// the cycle comes to its end.
#[test]
fn a_full_disk_ends_the_cycle_and_nothing_is_asked_after_it() {
    let School(roster) = School::with_classes(&[5; 6]);
    let mut full = 0;
    for kilobytes in (4..2000).step_by(24) {
        let mut rig = Rig::new();
        let place = tempfile::tempdir().unwrap();
        let mount = Mount::new(place.path(), 8192);
        rig.set("/state", json!(place.path().join("zvonok.db")));
        drop(rig.open().unwrap());
        fill(place.path(), kilobytes);
        let told = rig.sync(&roster, &at(1, "09:00"));
        let Err(error) = told else { break };
        assert_eq!(error.code, Code::State, "{error:?}");
        assert_eq!(code_of(&error), "state.full", "{error:?}");
        full += 1;
        std::fs::remove_file(place.path().join("ballast")).unwrap();
        // The probe of addChatUser is no change.
        let (asked, written) = asked_and_written(&rig);
        assert!(asked <= written + 1, "{kilobytes} KB: {asked} asked, {written} written");
        rig.reopen();
        rig.expect(Code::Ok, &roster, &at(1, "09:10"));
        assert_eq!(rig.world().len(), 13, "{kilobytes} KB");
        drop(mount);
    }
    assert!(full >= 5, "the disk was full {full} times");
}

/// Leaves so much room in a file system.
fn fill(folder: &Path, kilobytes: usize) {
    let ballast = folder.join("ballast");
    let mut size = 8192 * 1024;
    while std::fs::write(&ballast, vec![0; size]).is_err() {
        size -= 4096;
    }
    let size = size.saturating_sub(kilobytes * 1024);
    std::fs::OpenOptions::new().write(true).open(ballast).unwrap().set_len(size as u64).unwrap();
}

/// Changes that the messenger was asked for, and those that the journal knows of.
fn asked_and_written(rig: &Rig) -> (i64, i64) {
    let counters = rig.messenger.look("counters");
    let of = |method: &str| counters["by_method"][method].as_i64().unwrap_or_default();
    let methods = ["messages.createChat", "messages.addChatUser", "messages.setMemberRole"];
    let asked = methods.iter().map(|method| of(method)).sum();
    (asked, count(&rig.state_file(), "SELECT count(*) FROM journal"))
}

#[test]
fn a_file_of_a_newer_version_is_left_as_it_is() {
    let mut rig = Rig::new();
    drop(rig.open().unwrap());
    database(&rig.state_file()).pragma_update(None, "user_version", 999).unwrap();
    let before = std::fs::read(rig.state_file()).unwrap();
    let error = refused(&mut rig);
    assert_eq!(code_of(&error), "state.newer");
    assert!(format!("{error:?}").contains("999"), "{error:?}");
    assert_eq!(std::fs::read(rig.state_file()).unwrap(), before);
}

#[test]
fn another_programs_database_is_left_as_it_is() {
    let mut rig = Rig::new();
    let other = database(&rig.state_file());
    other.execute_batch("CREATE TABLE theirs (a); INSERT INTO theirs VALUES (1);").unwrap();
    drop(other);
    let before = std::fs::read(rig.state_file()).unwrap();
    assert_eq!(code_of(&refused(&mut rig)), "state.foreign");
    assert_eq!(std::fs::read(rig.state_file()).unwrap(), before);
}

#[test]
fn a_file_that_is_no_database_is_left_as_it_is() {
    for bytes in [&b"this is a letter to the headmaster\n".repeat(200)[..], &b"x".repeat(5000)] {
        let mut rig = Rig::new();
        std::fs::write(rig.state_file(), bytes).unwrap();
        assert_eq!(code_of(&refused(&mut rig)), "state.foreign");
        assert_eq!(std::fs::read(rig.state_file()).unwrap(), bytes);
    }
}

#[test]
fn a_state_file_that_was_damaged_is_refused() {
    let School(roster) = School::with_classes(&[5]);
    let mut rig = Rig::new();
    rig.expect(Code::Ok, &roster, &at(1, "09:00"));
    rig.reopen();
    let mut bytes = std::fs::read(rig.state_file()).unwrap();
    let length = bytes.len();
    bytes[4096..length].fill(0x5a);
    std::fs::write(rig.state_file(), bytes).unwrap();
    refused(&mut rig);
}

#[test]
fn a_folder_in_place_of_the_file_is_refused() {
    let mut rig = Rig::new();
    std::fs::create_dir(rig.state_file()).unwrap();
    refused(&mut rig);
    rig.set("/state", json!(rig.folder.path().join("nowhere/zvonok.db")));
    refused(&mut rig);
}

#[test]
fn a_second_session_is_told_who_is_at_work() {
    let School(roster) = School::with_classes(&[3]);
    let mut rig = Rig::new();
    let slow = json!({"do": "delay", "ms": 1500});
    rig.fault(json!({"method": "messages.createChat", "nth": 1}), slow);
    let busy = Arc::new(AtomicBool::new(false));
    let seen = busy.clone();
    let go_on = move |_, _| {
        seen.store(true, Ordering::SeqCst);
        true
    };
    let mut first = rig.open_for(Cancel::default(), go_on).unwrap();
    let bytes = roster.to_string();
    let at_work = std::thread::spawn(move || {
        first.sync(bytes.as_bytes(), &with_now(&at(1, "09:00"), json!({}))).unwrap().0
    });
    while !busy.load(Ordering::SeqCst) {
        std::thread::sleep(Duration::from_millis(5));
    }
    let error = rig.expect_error(Code::Locked, &roster, &at(1, "09:00"));
    assert!(format!("{error:?}").contains(&std::process::id().to_string()), "{error:?}");
    assert_eq!(at_work.join().unwrap(), Code::Ok);
    rig.expect(Code::Ok, &roster, &at(1, "09:10"));
    assert_eq!(rig.world().len(), 3);
}
