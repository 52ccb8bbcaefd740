//! `zvonok run-task`: the settings of an exchange task, as the host's manual prints them.

use serde_json::{Value, json};

use super::proxy::proxy;
use super::{School, run};

/// School's settings in windows-1251 with Windows' line ends, and the manual's five lines behind
/// them; what is behind a proxy is reached through it alone.
fn written(school: &School, proxy: u16) -> String {
    let text = format!(
        "# Задача обмена: чаты\r\nroster=roster.json\r\nreport=отчёт.json\r\nstate=школа.db\r\n\
         profile=paragraf\r\nplatform=vk\r\ntoken_file=token\r\ncommunity={}\r\nbase_url={}\r\n\
         proxy_server=127.0.0.1\r\nproxy_port={proxy}\r\nproxy_username=school\r\n\
         proxy_password=пароль\r\nproxy_auth=1\r\n",
        school.messenger.community, school.messenger.address,
    );
    let (bytes, _, lost) = encoding_rs::WINDOWS_1251.encode(&text);
    assert!(!lost && std::str::from_utf8(&bytes).is_err());
    std::fs::write(school.path("settings.txt"), bytes).unwrap();
    school.path("settings.txt").to_str().unwrap().to_owned()
}

#[test]
fn p2_a_job_without_code_runs_from_the_settings_text_as_the_manual_has_it() {
    let school = School::new();
    let address = school.messenger.address.trim_start_matches("http://").to_owned();
    let proxy = proxy(&address, Some("c2Nob29sOtC/0LDRgNC+0LvRjA=="));
    let settings = written(&school, proxy.port);
    let told = run(&["run-task", &settings, "--lang", "ru"]);
    told.says(0, &["Цикл 1: сделано (OK)", "Чаты"]);
    assert!(!school.places().is_empty() && !proxy.heads.lock().unwrap().is_empty());
    let report: Value =
        serde_json::from_slice(&std::fs::read(school.path("отчёт.json")).unwrap()).unwrap();
    assert_eq!((&report["format"], &report["status"]), (&json!("zvonok.report/1"), &json!("OK")));
    let again = run(&["run-task", &settings, "--json"]).json(0);
    assert_eq!(again["roster"]["unchanged"], true);
}

#[test]
fn a_job_with_wrong_settings_is_refused_line_by_line() {
    let school = School::new();
    let settings = school.path("settings.txt");
    std::fs::write(&settings, "roster=roster.json\nproxy_prot=3128\nstate\n").unwrap();
    let settings = settings.to_str().unwrap();
    let told = run(&["run-task", settings, "--lang", "en"]);
    told.complains(15, &["settings:2", "did you mean proxy_port?", "settings:3"]);
    let refused = run(&["run-task", settings, "--json"]).json(15);
    assert_eq!(refused["name"], "CONFIG");
    let missing = school.path("no.txt");
    let told = run(&["run-task", missing.to_str().unwrap(), "--lang", "ru"]);
    told.complains(15, &["no.txt", "файл настроек не читается"]);
}
