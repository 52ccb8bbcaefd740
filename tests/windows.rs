//! `zvonok.dll` on a Windows that Wine plays. `.ci/windows` builds the library, makes that Windows and
//! runs these, once a processor; it runs the hosts in C of `c_api` and `c_school` there too.
#![cfg(all(target_os = "linux", feature = "cli"))]

#[path = "support/ministry.rs"]
mod ministry;
#[allow(dead_code, unused_imports, reason = "the binary uses what this test does not")]
#[path = "../src/bin/zvonok/school/mod.rs"]
mod school;
#[path = "support/shipped.rs"]
mod shipped;
mod support;

use std::collections::BTreeSet;
use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use ministry::Ministry;
use serde_json::{Value, json};
use shipped::{Windows, seen};
use support::Messenger;
use tempfile::TempDir;

fn windows() -> &'static Windows {
    shipped::windows().expect("ZVONOK_WINDOWS, as .ci/windows sets it")
}

/// A school whose export and settings lie in a folder with a Russian name.
struct School {
    messenger: Messenger,
    folder: TempDir,
}

impl School {
    fn new() -> School {
        let messenger = Messenger::start(&["--mode", "partner"]);
        let folder = shipped::folder();
        let today = "2026-09-01".parse().expect("a date");
        let roster = school::generate(7, school::Size { students: 20 }, today);
        fs::write(folder.path().join("выгрузка.json"), school::to_text(&roster)).expect("a roster");
        School { messenger, folder }
    }

    fn at(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The settings of its exchange task, as lines, with further ones.
    fn settings(&self, more: &str) -> String {
        let Messenger { address, token, community, .. } = &self.messenger;
        format!(
            "# Настройки\r\nroster=выгрузка.json\r\nreport=отчёт.json\r\nstate=школа.db\r\n\
             profile=paragraf\r\nplatform=vk\r\ntoken={token}\r\ncommunity={community}\r\n\
             base_url={address}\r\nproxy_server=\r\nproxy_port=\r\nproxy_auth=0\r\n{more}"
        )
    }

    /// Writes settings as an old host does, in windows-1251, and runs their task by rundll32.
    fn task(&self, settings: &str) -> Output {
        let file = self.at("задание обмена.txt");
        let (bytes, _, lost) = encoding_rs::WINDOWS_1251.encode(settings);
        assert!(!lost, "{settings}");
        fs::write(&file, &bytes).expect("settings");
        // Spaces in the path need no quotes: rundll32 hands on all that follows the name.
        self.rundll32(&file)
    }

    fn rundll32(&self, settings: &Path) -> Output {
        let library = seen(shipped::library()).replace('/', "\\");
        let command = format!("{library},run_task_settings");
        let settings = seen(settings).replace('/', "\\");
        let mut rundll32 = windows().wine("rundll32");
        rundll32.arg(command).arg(settings).output().expect("wine runs")
    }

    fn log(&self) -> String {
        fs::read_to_string(self.at("задание обмена.txt.log")).expect("a log in UTF-8")
    }

    fn report(&self) -> Value {
        let report = fs::read(self.at("отчёт.json")).expect("a report");
        serde_json::from_slice(&report).expect("JSON")
    }

    fn chats(&self) -> usize {
        self.messenger.look("state")["chats"].as_array().expect("chats").len()
    }
}

fn ask(tool: &str, arguments: &[&str]) -> String {
    let done = Command::new(tool).args(arguments).arg(shipped::library()).output().expect(tool);
    assert!(done.status.success(), "{tool}: {}", String::from_utf8_lossy(&done.stderr));
    String::from_utf8_lossy(&done.stdout).into_owned()
}

#[test]
#[ignore = "needs Wine and zvonok.dll: .ci/windows"]
fn the_library_needs_nothing_but_windows_7() {
    let headers = ask(&format!("{}-w64-mingw32-objdump", windows().cpu), &["-p"]);
    let needed: BTreeSet<String> = headers
        .lines()
        .filter_map(|line| line.trim().strip_prefix("DLL Name: "))
        .map(str::to_lowercase)
        .collect();
    // Each is in the system folder of every Windows 7; no C++, gcc or Visual C++ runtime.
    let there = [
        "advapi32.dll",
        "bcrypt.dll",
        "crypt32.dll",
        "kernel32.dll",
        "msvcrt.dll",
        "ncrypt.dll",
        "ntdll.dll",
        "secur32.dll",
        "userenv.dll",
        "ws2_32.dll",
    ];
    let others: Vec<_> = needed.iter().filter(|name| !there.contains(&name.as_str())).collect();
    assert!(others.is_empty() && needed.contains("kernel32.dll"), "{needed:?}");
}

#[test]
#[ignore = "needs Wine and zvonok.dll: .ci/windows"]
fn the_exports_are_the_listed_functions_undecorated_and_rundll32s_own() {
    let headers = ask(&format!("{}-w64-mingw32-objdump", windows().cpu), &["-p"]);
    let table = headers.split("[Ordinal/Name Pointer] Table").nth(1).expect("an export table");
    let rows = table.lines().skip(1).take_while(|line| line.trim_start().starts_with('['));
    let exported: BTreeSet<&str> = rows.filter_map(|row| row.split_whitespace().last()).collect();
    let listed = include_str!("../include/zvonok.exports").lines();
    let own = ["run_task_settings", "run_task_settingsW"];
    assert_eq!(exported, listed.chain(own).collect());
}

#[test]
#[ignore = "needs Wine and zvonok.dll: .ci/windows"]
fn the_file_tells_its_version_to_windows() {
    let bytes = fs::read(shipped::library()).expect("the library");
    let wide = |text: &str| text.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<u8>>();
    for (name, value) in [
        ("FileVersion", env!("CARGO_PKG_VERSION")),
        ("ProductVersion", env!("CARGO_PKG_VERSION")),
        ("OriginalFilename", "zvonok.dll"),
    ] {
        let (name, value) = (wide(name), wide(value));
        let at = bytes.windows(name.len()).position(|found| found == name).expect("the name");
        let near = &bytes[at + name.len()..at + name.len() + 64];
        assert!(near.windows(value.len()).any(|found| found == value), "{near:?}");
    }
}

#[test]
#[ignore = "needs Wine and zvonok.dll: .ci/windows"]
fn a_scheduler_runs_the_whole_job_by_rundll32_with_paragrafs_settings() {
    let school = School::new();
    let done = school.task(&school.settings(""));
    let log = school.log();
    assert_eq!(done.status.code(), Some(0), "{log}");
    assert_eq!(school.report()["status"], "OK");
    assert!(school.chats() > 0 && school.at("школа.db").exists());
    assert!(log.contains(" start: zvonok ") && log.contains(" end: OK (0), done; "), "{log}");
    // Once more: what is unchanged costs no change, and the log grows on.
    assert_eq!(school.task(&school.settings("")).status.code(), Some(0));
    assert_eq!(school.log().matches(" end: OK (0)").count(), 2);
}

#[test]
#[ignore = "needs Wine and zvonok.dll: .ci/windows"]
fn a_job_that_fails_by_rundll32_tells_why_in_its_log_and_exit_code() {
    let school = School::new();
    let done = school.task(&school.settings("tokne=1\r\nguard_chats=много\r\n"));
    let log = school.log();
    assert_eq!(done.status.code(), Some(15), "{log}");
    assert!(log.contains("fault: settings:13 [tokne]: неизвестный ключ"), "{log}");
    assert!(log.contains("did you mean token?") && log.contains(" end: CONFIG (-5)"), "{log}");
    assert_eq!(school.chats(), 0);

    let done = school.task(&school.settings("guard_chats=много\r\n"));
    assert_eq!(done.status.code(), Some(15), "{}", school.log());
    assert_eq!(school.report()["name"], "CONFIG", "the report's file has the error, too");
}

#[test]
#[ignore = "needs Wine and zvonok.dll: .ci/windows"]
fn rundll32_with_settings_that_are_not_there_leaves_a_log() {
    let school = School::new();
    let done = school.rundll32(&school.at("задание обмена.txt"));
    let log = school.log();
    assert_eq!(done.status.code(), Some(15), "{log}");
    assert!(log.contains("файл настроек не читается"), "{log}");
}

/// The machine is told about a certificate, by a program that puts it into a store. It stays there: each
/// run has an authority of its own.
fn put_into(store: &str, school: &School, der: &[u8]) {
    let file = school.at("root.der");
    fs::write(&file, der).expect("a file");
    let mut program = shipped::start(&shipped::compile("trust"));
    let done = program.arg(store).arg(seen(&file)).output().expect("wine runs");
    assert!(done.status.success(), "{done:?}");
}

/// The sandbox behind the certificate of an authority that nobody knows yet.
fn secured(school: &School) -> Ministry {
    let upstream = school.messenger.address.trim_start_matches("http://").to_owned();
    Ministry::open(move |request| {
        let text = String::from_utf8_lossy(request);
        let (first, rest) = text.split_once("\r\n").expect("a request");
        let mut stream = TcpStream::connect(&upstream).expect("the sandbox");
        write!(stream, "{first}\r\nConnection: close\r\n{rest}").expect("it listens");
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).expect("it answers");
        answer
    })
}

#[test]
#[ignore = "needs Wine and zvonok.dll: .ci/windows"]
fn the_machines_own_authorities_and_the_extra_file_are_trusted_and_no_others() {
    let school = School::new();
    let ministry = secured(&school);
    // Each with a state file of its own, so that each has something to ask the messenger.
    let task = |state: &str, more: &str| {
        let own = format!("base_url={}\r\n", school.messenger.address);
        let settings = school.settings(&format!("base_url={}\r\n{more}", ministry.address));
        let settings = settings.replace(&own, "").replace("школа.db", state);
        (school.task(&settings).status.code(), school.report().to_string())
    };
    let (code, report) = task("1.db", "");
    assert_eq!(code, Some(19), "{}", school.log());
    assert!(report.contains("сертификат"), "{report}");

    let (pem, der) = &ministry.root;
    fs::write(school.at("минцифры.pem"), pem).expect("a file");
    assert_eq!(task("2.db", "ca_file=минцифры.pem\r\n").0, Some(0), "{}", school.log());

    put_into("ROOT", &school, der);
    assert_eq!(task("3.db", "").0, Some(0), "{}", school.log());

    put_into("Disallowed", &school, der);
    let (code, report) = task("4.db", "ca_file=минцифры.pem\r\n");
    assert_eq!(code, Some(0), "the extra file is the school's own word: {report}");
    assert_eq!(task("5.db", "").0, Some(19), "{}", school.log());
}

/// The library, the configuration, the roster and the options, for a host that reads them from its input.
fn orders(school: &School) -> String {
    let Messenger { address, token, community, .. } = &school.messenger;
    let config = json!({
        "state": seen(&school.at("школа.db")), "profile": "paragraf",
        "platform": {"kind": "vk", "token": token, "community": community.to_string(),
            "base_url": address, "requests_per_second": 20},
    });
    let options = json!({"now": "2026-09-01T09:00:00+03:00"});
    let (library, roster) = (seen(shipped::library()), seen(&school.at("выгрузка.json")));
    format!("{library}\n{config}\n{roster}\n{options}\n")
}

fn tell(mut host: Command, orders: &str) -> Output {
    host.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = host.spawn().expect("the host starts");
    child.stdin.take().expect("a pipe").write_all(orders.as_bytes()).expect("it listens");
    child.wait_with_output().expect("it ends")
}

#[test]
#[ignore = "needs Wine and zvonok.dll: .ci/windows"]
fn a_host_in_delphis_pascal_runs_a_cycle_and_its_stack_does_not_drift() {
    let school = School::new();
    let host = windows().folder.join("host.exe");
    let done = tell(shipped::start(&host), &orders(&school));
    let told = String::from_utf8_lossy(&done.stdout).into_owned();
    let errors = String::from_utf8_lossy(&done.stderr).into_owned();
    assert!(done.status.success(), "{:?}\n{told}\n{errors}", done.status);
    let said = told.lines().map(str::trim).collect::<Vec<_>>();
    let steps = ["opened", "cancelled", "synced", "listed", "refused"];
    let ends = ["traps kept", "100000 calls", "closed"];
    assert_eq!(said, [&steps[..], &ends[..]].concat(), "{errors}");
    assert!(school.chats() > 0);
}

#[test]
#[ignore = "needs Wine and zvonok.dll: .ci/windows"]
fn programs_linked_with_either_import_library_or_by_pascal_start() {
    for program in ["linked-mingw.exe", "linked-msvc.exe", "linked.exe"] {
        let done = shipped::start(&windows().folder.join(program)).output().expect("wine runs");
        assert_eq!(done.status.code(), Some(7), "{program}: {done:?}");
    }
}
