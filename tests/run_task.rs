//! Settings of exchange tasks: what their lines mean, and what is said about wrong ones.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};
use zvonok::error::{Code, Error};
use zvonok::host::Silent;
use zvonok::run_task;
use zvonok::session::{Cancel, Session};

/// The session's configuration and how the cycle ended. No messenger listens on the discard port.
fn run(settings: &[u8]) -> (Result<Session, Error>, Result<(Code, Value), Error>) {
    run_task::run(settings, None, Box::new(Silent), Cancel::default())
}

fn refused(settings: &str) -> Error {
    run(settings.as_bytes()).1.expect_err("a refusal")
}

/// Each fault as `place: English sentence`.
fn faults(settings: &str) -> Vec<String> {
    let error = refused(settings);
    assert_eq!(error.code, Code::Config);
    error.faults.iter().map(|fault| format!("{}: {}", fault.at, fault.message.en)).collect()
}

/// Good settings below a folder, with further lines.
fn lines(folder: &Path, more: &str) -> String {
    let roster = folder.join("roster.json");
    fs::write(&roster, "{}").expect("a roster");
    format!(
        "roster={}\nstate={}\nprofile=paragraf\nplatform=vk\ntoken=t\ncommunity=1\n\
         base_url=http://127.0.0.1:9\n{more}",
        roster.display(),
        folder.join("zvonok.db").display(),
    )
}

#[test]
fn every_key_finds_its_field() {
    let folder = tempfile::tempdir().expect("a folder");
    let more = "organization = org-1\nrequests_per_second=3\nrequests_in_flight=2\n\
        proxy_server=proxy.school\nproxy_port=3128\nproxy_username=u\nproxy_password= a=b#c \n\
        proxy_auth=1\ntimezone=Asia/Yekaterinburg\nlanguage=en\ntime_budget=90s\nverify_every=2h\n\
        grace=1d\nreads_per_cycle=33\n\
        invitations_deliver=0\ninvitations_expire_after=3d\nmissing_after=5h\n\
        strangers=report\nleavers=respect\narchive_members=remove\n\
        guard_minimum=7\nguard_chat_share=0.25\nguard_total_share=0.5\nguard_chats=9\n\
        guard_dangling_share=0.1\nsettings.max_guardians=4\nsettings.organization_in_title=1\n\
        settings.admin_permissions=read_all_messages, can_call\n";
    let (session, outcome) = run(lines(folder.path(), more).as_bytes());
    // The roster is an empty document, which is told only after the settings were taken.
    assert_eq!(outcome.expect_err("a refusal").code, Code::Roster);
    let session = session.expect("a session");
    let config = session.config();
    assert_eq!(config.organization.as_deref(), Some("org-1"));
    assert_eq!(config.platform.access.requests_per_second, 3);
    assert_eq!(config.platform.requests_in_flight, 2);
    assert_eq!(config.platform.reads_per_cycle, 33);
    assert!(!config.invitations.deliver);
    assert_eq!(config.invitations.expire_after.as_secs(), 3 * 24 * 3600);
    let proxy = config.platform.access.proxy.as_ref().expect("a proxy");
    let (user, password) = proxy.login.as_ref().expect("a login");
    assert_eq!((&*proxy.server, proxy.port, &**user), ("proxy.school", 3128, "u"));
    assert_eq!(password.reveal(), "a=b#c");
    assert_eq!(config.zone.iana_name(), Some("Asia/Yekaterinburg"));
    assert_eq!(config.language, "en");
    let seconds = [config.time_budget, config.verify_every, config.grace, config.missing_after];
    assert_eq!(seconds.map(|time| time.as_secs()), [90, 7200, 86400, 18000]);
    assert_eq!(format!("{:?} {:?}", config.strangers, config.leavers), "Report Respect");
    assert!(!config.archive_keeps_members);
    let guard = config.guard;
    assert_eq!((guard.minimum, guard.chats), (7, 9));
    assert_eq!([guard.chat_share, guard.total_share, guard.dangling_share], [0.25, 0.5, 0.1]);
    let expected = json!({"max_guardians": 4, "organization_in_title": true,
        "admin_permissions": ["read_all_messages", "can_call"]});
    assert_eq!(Value::Object(config.settings.clone()), expected);
}

#[test]
fn comments_blank_lines_absent_values_and_line_ends_of_windows_are_fine() {
    let folder = tempfile::tempdir().expect("a folder");
    let more = "\n# настройки=1\n  # token=x\nproxy_server=\nproxy_port=\nproxy_auth=0\nca_file=\n";
    let text = format!("\u{feff}{}", lines(folder.path(), more).replace('\n', "\r\n"));
    assert_eq!(refused(&text).code, Code::Roster);
}

#[test]
fn settings_in_windows_1251_are_read() {
    let folder = tempfile::tempdir().expect("a folder");
    let school = folder.path().join("Школа");
    fs::create_dir(&school).expect("a folder");
    let text = lines(&school, "# настройки\n");
    let (bytes, _, lost) = encoding_rs::WINDOWS_1251.encode(&text);
    assert!(!lost && std::str::from_utf8(&bytes).is_err());
    assert_eq!(run(&bytes).1.expect_err("an empty roster").code, Code::Roster);
    assert!(school.join("zvonok.db").exists());
}

#[test]
fn a_wrong_line_is_told_by_its_number() {
    assert_eq!(
        faults("# a task\nroster=/r\ntokne=1\n\nstate\nroster=/q\n"),
        [
            "settings:3: unknown key; did you mean token?",
            "settings:5: expected key=value",
            "settings:6: the key is repeated, it was on line 2 already",
        ]
    );
    assert_eq!(faults("settings.=1"), ["settings:1: unknown key; did you mean strangers?"]);
}

#[test]
fn a_wrong_value_is_told_by_its_line_and_a_missing_one_by_its_key() {
    let found = faults("roster=r\nproxy_server=p\nproxy_port=big\nplatform=vk\nguard_chats=1.5\n");
    assert_eq!(
        found,
        [
            "settings:1: roster: expected an absolute path",
            "state: a required field is missing",
            "profile: a required field is missing",
            "settings:3: proxy_port: expected a whole number from 1 to 65535",
            "token: expected exactly one of token, token_env, token_file",
            "community: a required field is missing",
            "settings:5: guard_chats: expected a whole number from 0 to 1000000",
        ]
    );
}

#[test]
fn a_profiles_setting_is_told_by_its_line_too() {
    let folder = tempfile::tempdir().expect("a folder");
    let found = faults(&lines(folder.path(), "settings.max_guardian=4\nsettings.max_guardians=x"));
    assert_eq!(found.len(), 2, "{found:?}");
    assert!(found[0].starts_with("settings:8: settings.max_guardian: "), "{found:?}");
    assert!(found[1].starts_with("settings:9: settings.max_guardians: "), "{found:?}");
    assert!(found[0].contains("did you mean \"max_guardians\"?"), "{found:?}");
}

#[test]
fn no_fault_shows_the_token() {
    let error = refused("token=do-not-show\nroster=/r\ndo-not-show\nplatform=vk\n");
    assert!(!format!("{} {error:?}", error.to_json()).contains("do-not-show"));
}

#[test]
fn json_settings_are_the_configuration_and_three_fields_more() {
    let folder = tempfile::tempdir().expect("a folder");
    let at = |name: &str| folder.path().join(name);
    fs::write(at("roster.json"), "{}").expect("a roster");
    let good = json!({
        "roster": at("roster.json"), "report": at("report.json"), "options": {"dry_run": true},
        "state": at("zvonok.db"), "profile": "paragraf",
        "platform": {"kind": "vk", "token": "t", "community": "1"},
    });
    assert_eq!(refused(&good.to_string()).code, Code::Roster);
    let mut wrong = good.clone();
    wrong["roster"] = Value::Null;
    wrong["options"] = json!({"dry": true});
    wrong["platform"]["kind"] = json!("vkontakte");
    wrong["more"] = json!(1);
    let places: Vec<String> =
        refused(&wrong.to_string()).faults.into_iter().map(|fault| fault.at).collect();
    assert_eq!(places, ["roster", "dry", "platform.kind", "more"]);
    assert_eq!(run(b"{\"state\":\"\xff\"}").1.expect_err("not UTF-8").code, Code::BadArgument);
    assert_eq!(refused("{").code, Code::Config);
}

#[test]
fn an_error_is_written_to_the_report_too() {
    let folder = tempfile::tempdir().expect("a folder");
    let report = folder.path().join("report.json");
    fs::write(&report, "the report of yesterday").expect("a file");
    let text = lines(folder.path(), &format!("report={}\n", report.display()));
    let error = refused(&text);
    let written: Value =
        serde_json::from_slice(&fs::read(&report).expect("a report")).expect("JSON");
    assert_eq!(written, error.to_json());
    assert_eq!(written["name"], "ROSTER");
    let refusal = refused(&format!("{text}strangers=eat\n"));
    let written: Value =
        serde_json::from_slice(&fs::read(&report).expect("a report")).expect("JSON");
    assert_eq!(written, refusal.to_json());
    let files = fs::read_dir(folder.path()).expect("a folder").count();
    assert!(files <= 6, "nothing half-written is left: {files} files");
}

#[test]
fn a_report_that_cannot_be_written_is_told_before_anything_is_done() {
    let folder = tempfile::tempdir().expect("a folder");
    for report in ["no/such/folder/report.json", "."] {
        let report = folder.path().join(report);
        let found = faults(&lines(folder.path(), &format!("report={}\n", report.display())));
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(found[0].starts_with("settings:8: report: the report cannot be written here: "));
        assert!(!folder.path().join("zvonok.db").exists());
    }
}

#[test]
fn relative_paths_are_read_from_the_folder_where_there_is_one() {
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("r.json"), "{}").expect("a roster");
    let text = b"roster=r.json\nstate=z.db\nprofile=paragraf\nplatform=vk\ntoken=t\ncommunity=1\n";
    let silent = || Box::new(Silent);
    let done = run_task::run(text, Some(folder.path()), silent(), Cancel::default());
    assert_eq!(done.1.expect_err("an empty roster").code, Code::Roster);
    assert!(folder.path().join("z.db").exists());
    assert_eq!(run(text).1.expect_err("relative paths").faults.len(), 2);
}

/// Settings in a folder, written as an old host writes them.
fn file(folder: &Path, text: &str) -> std::path::PathBuf {
    let file = folder.join("задание.txt");
    let (bytes, _, lost) = encoding_rs::WINDOWS_1251.encode(text);
    assert!(!lost);
    fs::write(&file, bytes).expect("settings");
    file
}

fn log_beside(settings: &Path) -> String {
    let mut name = settings.as_os_str().to_owned();
    name.push(".log");
    fs::read_to_string(name).expect("a log in UTF-8")
}

#[test]
fn a_task_that_nobody_watches_leaves_its_end_in_a_log_beside_its_settings() {
    let folder = tempfile::tempdir().expect("a folder");
    let settings = file(folder.path(), &lines(folder.path(), "report=отчёт.json\n"));
    assert_eq!(run_task::unattended(&settings), Code::Roster);
    assert_eq!(run_task::unattended(&settings), Code::Roster);
    let log = log_beside(&settings);
    assert!(log.starts_with("\u{feff}20") && log.ends_with("\r\n"), "{log}");
    assert_eq!(log.matches(" start: zvonok ").count(), 2, "{log}");
    assert_eq!(log.matches(" end: ROSTER (-6), roster refused, nothing changed; ").count(), 2);
    assert!(log.lines().any(|line| line.contains("fault: ") && line.contains(" / ")), "{log}");
    // A relative path of the settings is read from their own folder.
    let report = fs::read(folder.path().join("отчёт.json")).expect("a report");
    assert_eq!(serde_json::from_slice::<Value>(&report).expect("JSON")["name"], "ROSTER");
}

#[test]
fn settings_that_are_not_there_are_told_in_the_log_too() {
    let folder = tempfile::tempdir().expect("a folder");
    let settings = folder.path().join("no.txt");
    assert_eq!(run_task::unattended(&settings), Code::Config);
    let log = log_beside(&settings);
    assert!(log.contains("no.txt: файл настроек не читается"), "{log}");
    // A folder that is not there has room for no log; the code still tells.
    assert_eq!(run_task::unattended(&folder.path().join("no/no.txt")), Code::Config);
}

#[test]
fn a_log_never_shows_a_token_and_a_full_one_steps_aside() {
    let folder = tempfile::tempdir().expect("a folder");
    let settings = file(folder.path(), "token=do-not-show\ndo-not-show\n");
    let log = folder.path().join("задание.txt.log");
    fs::write(&log, vec![b'x'; 1024 * 1024]).expect("a log");
    assert_eq!(run_task::unattended(&settings), Code::Config);
    let told = log_beside(&settings);
    assert!(told.contains("settings:2") && !told.contains("do-not-show"), "{told}");
    let old = fs::metadata(folder.path().join("задание.txt.log.old")).expect("the full one");
    assert_eq!(old.len(), 1024 * 1024);
}
