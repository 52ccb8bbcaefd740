//! The integrator's bench as it is met in a terminal: `check`, `plan`, `explain` and `profile` on a
//! script, without a messenger and without a state file.
#![cfg(feature = "cli")]

#[allow(dead_code, reason = "each file of tests needs its own part of this")]
#[path = "support/ran.rs"]
mod ran;

use std::path::Path;

use ran::{Ran, command, ran};
use serde_json::{Value, json};

const ROOT: &str = env!("CARGO_MANIFEST_DIR");
const NOW: [&str; 2] = ["--now", "2026-09-01T09:00:00+03:00"];

/// A folder with an export of a small school and scripts.
struct Bench(tempfile::TempDir);

impl Bench {
    fn new() -> Bench {
        let bench = Bench(tempfile::tempdir().unwrap());
        let school = ["school", "--seed", "7", "--students", "60", "--today", "2026-09-01"];
        assert_eq!(bench.run(&[&school[..], &["--output", "export.json"]].concat()).code, 0);
        bench
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    /// Runs a command in the folder, on a Russian system.
    fn run(&self, arguments: &[&str]) -> Ran {
        let mut command = command(arguments);
        ran(command.current_dir(self.path()).env("LANG", "ru_RU.UTF-8").output().unwrap())
    }

    fn json(&self, code: i32, arguments: &[&str]) -> Value {
        self.run(&[arguments, &["--json"]].concat()).json(code)
    }

    fn write(&self, name: &str, text: &str) {
        let path = self.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    /// Begins `okrug.lua` as `paragraf`.
    fn begin(&self) {
        self.run(&["profile", "new", "okrug", "--like", "paragraf"]).says(0, &["okrug.lua"]);
    }

    /// Replaces some text of `okrug.lua`, which is begun if it is not there.
    fn okrug(&self, from: &str, to: &str) {
        if !self.path().join("okrug.lua").exists() {
            self.begin();
        }
        let text = std::fs::read_to_string(self.path().join("okrug.lua")).unwrap();
        assert!(text.contains(from), "{from}");
        self.write("okrug.lua", &text.replacen(from, to, 1));
    }
}

fn texts<'v>(value: &'v Value, list: &str, key: &str) -> Vec<&'v str> {
    value[list].as_array().unwrap().iter().map(|one| one[key].as_str().unwrap()).collect()
}

// check

#[test]
fn all_faults_of_a_profiles_table_are_listed_with_their_lines() {
    let bench = Bench::new();
    let script = "return zvonok.profile {\n  nme = 'x',\n  version = 0,\n  chats = {\n    \
                  class = { per = 'homeroom',\n      type = 7,\n      members = 1 },\n    \
                  teachers = 5,\n  },\n  overrides = 'maybe',\n  guardians = { most = -1 },\n  \
                  settings = { a = { default = 1 } },\n}\n";
    bench.write("bad.lua", script);
    let found = bench.json(17, &["check", "bad.lua", "--roster", "export.json"]);
    let english: Vec<&str> = found["faults"]
        .as_array()
        .unwrap()
        .iter()
        .map(|fault| fault["message"]["en"].as_str().unwrap())
        .collect();
    let wanted = [
        "profile: unknown key \"nme\"; did you mean \"name\"?",
        "profile.name: is not given (string)",
        "profile.version: a whole number from 1 is needed",
        "chats.class.type: string is needed, not number",
        "chats.class.title: a text or a function is needed",
        "chats.class.members: function is needed, not number",
        "chats.teachers: table is needed, not number",
        "profile.overrides: may be: forbidden, kept, reverted",
        "guardians.most: a whole number from 0 is needed",
        "settings.a.help: is not given (string)",
    ];
    for wanted in wanted {
        assert!(english.contains(&wanted), "{wanted} in {english:?}");
    }
    assert_eq!(english.len(), wanted.len(), "{english:?}");
    let shown = bench.run(&["check", "bad.lua"]);
    shown.says(17, &["✕ bad.lua:2: ", "✕ bad.lua:6: chats.class.type: нужен string", "Ошибок: 10"]);
    bench.run(&["check", "bad.lua", "--language", "en"]).says(17, &["Faults: 10"]);
}

#[test]
fn a_rule_that_fails_is_told_for_every_object_and_hides_no_other() {
    let bench = Bench::new();
    bench.okrug("class:named(\"classTeacherSourcedId\")", "class:namd(\"classTeacherSourcedId\")");
    bench.okrug("school:people(\"teacher\")", "school.stuff");
    bench.okrug("actor:among(heads)", "actor.stuff");
    let found = bench.json(17, &["check", "okrug.lua", "--roster", "export.json"]);
    let (objects, codes) = (texts(&found, "faults", "value"), texts(&found, "faults", "code"));
    for object in ["class:class-6a", "parents:class-11a", "teachers:school-1", "chats.list"] {
        assert!(objects.contains(&object), "{object} in {objects:?}");
    }
    assert!(codes.iter().all(|code| *code == "profile.script"), "{codes:?}");
    let shown = bench.run(&["check", "okrug.lua", "--roster", "export.json"]);
    let text =
        shown.says(17, &["у класса нет «namd»; может быть, «named»?", "«staff»?", "то же ещё"]);
    let place = text.lines().find(|line| line.contains("namd")).unwrap();
    let line: usize = place.split(':').nth(1).unwrap().split(' ').next().unwrap().parse().unwrap();
    let script = std::fs::read_to_string(bench.path().join("okrug.lua")).unwrap();
    assert!(script.lines().nth(line - 1).unwrap().contains("namd"), "{place}");
}

#[test]
fn faults_of_the_roster_stand_beside_those_of_the_profile() {
    let bench = Bench::new();
    bench.write("bad.lua", "return 1 +");
    bench.write("roster.json", r#"{"format": "zvonok.roster/1", "orgs": [], "users": [{}]}"#);
    let found = bench.json(17, &["check", "bad.lua", "--roster", "roster.json"]);
    let codes = texts(&found, "faults", "code");
    for area in ["profile.", "roster."] {
        assert!(codes.iter().any(|code| code.starts_with(area)), "{codes:?}");
    }
    bench.run(&["check", "bad.lua", "--profile", "paragraf"]).complains(64, &["--profile"]);
}

#[test]
fn every_built_in_profile_and_the_starting_script_have_no_fault_on_a_whole_school() {
    let bench = Bench::new();
    bench.run(&["profile", "new", "mine"]).says(0, &["mine.lua"]);
    for name in ["paragraf", "epos_spo", "ais_poo", "it_school", "oneroster", "mine.lua"] {
        let ran = bench.run(&["check", name, "--roster", "export.json"]);
        ran.says(0, &["Ошибок: 0"]);
    }
}

// plan and explain without a state file

/// The rule of the guide: who gets rights, where, and why.
fn with_deputies(bench: &Bench) {
    bench.okrug(
        "local by_hand",
        "local function parents_admins(class)\n  local grade = tonumber(class.grades[1]) or 0\n  \
         if grade < 5 or grade > 9 then return class_teacher(class) end\n  \
         return class_teacher(class)\n    \
         + class.school:holding { title = \"Заместитель директора\" }:because(\"завуч\")\nend\n\n\
         local by_hand",
    );
    bench.okrug(
        "parents = shared.parents_chat { leads = class_teacher,",
        "parents = shared.parents_chat { leads = class_teacher, admins = parents_admins,",
    );
}

fn plan<'a>(more: &[&'a str]) -> Vec<&'a str> {
    let plan = ["plan", "--profile", "okrug.lua", "--roster", "export.json"];
    [&plan[..], &NOW, more].concat()
}

#[test]
fn a_plan_without_state_shows_what_a_script_changes_against_the_one_it_is_like() {
    let bench = Bench::new();
    bench.okrug("version = 1", "version = 2");
    let same = bench.json(0, &plan(&[]));
    assert_eq!((&same["against"], &same["chats"]), (&json!("paragraf"), &json!([])));
    with_deputies(&bench);
    let found = bench.json(0, &plan(&[]));
    assert_eq!(found["format"], "zvonok.comparison/1");
    assert_eq!(texts(&found, "chats", "key"), ["parents:class-6a"]);
    let chat = &found["chats"][0];
    assert_eq!((&chat["change"], &chat["removed"]), (&json!("differs"), &json!([])));
    let added = chat["added"].as_array().unwrap();
    assert!(!added.is_empty());
    for who in added {
        let reason = &who["reasons"][0];
        assert_eq!(
            (&reason["rule"], &reason["because"]),
            (&json!("parents.admins"), &json!("завуч"))
        );
        assert!(reason["row"].as_str().unwrap().starts_with("roles["), "{reason}");
    }
    assert_eq!(chat["granted"].as_array().unwrap().len(), added.len());
    let changed = &found["summary"];
    assert_eq!((&changed["differ"], &changed["added"]), (&json!(1), &json!(added.len())));
    let shown = bench.run(&plan(&[]));
    let person = added[0]["person"].as_str().unwrap();
    shown.says(0, &["okrug.lua вместо paragraf", "изменятся 1", &format!("({person}) — завуч")]);
    let shown = bench.run(&plan(&["--detail", "summary"]));
    assert!(!shown.says(0, &["изменятся 1"]).contains("завуч"));
}

#[test]
fn a_plan_compares_with_any_profile_and_tells_policies_titles_and_missing_chats() {
    let bench = Bench::new();
    bench.begin();
    let found = bench.json(0, &plan(&["--against", "oneroster"]));
    let rules = texts(&found, "rules", "field");
    assert!(rules.contains(&"overrides.general") && rules.contains(&"custom.custom"), "{rules:?}");
    let chats = found["chats"].as_array().unwrap();
    let of = |key: &str| chats.iter().find(|chat| chat["key"] == key).unwrap();
    let class = of("class:class-6a");
    assert_eq!(class["fields"][0]["field"], "title");
    assert_eq!(
        (&class["fields"][0]["here"], &class["fields"][0]["there"]),
        (&json!("6А - Чат учеников"), &json!("6А"))
    );
    let gone = chats.iter().find(|chat| chat["change"] == "only_there").unwrap();
    assert_eq!((&gone["kind"], &gone["because"]), (&json!("subject"), &json!("not_yet")));
    let one = bench.json(0, &plan(&["--against", "oneroster", "--chat", "class:class-6a"]));
    assert_eq!(texts(&one, "chats", "key"), ["class:class-6a"]);
    let kind = bench.json(0, &plan(&["--against", "oneroster", "--kind", "teachers"]));
    assert_eq!(texts(&kind, "chats", "key"), ["teachers:school-1"]);
    let alone = ["plan", "--profile", "it_school", "--roster", "export.json"];
    bench.run(&[&alone[..], &NOW].concat()).says(0, &["сравнивать не с чем", "+ Учительский чат"]);
    bench.run(&["plan", "--profile", "okrug.lua"]).complains(64, &["--roster"]);
}

#[test]
fn a_comparison_takes_settings_and_school_from_a_configuration_without_a_state_file() {
    let bench = Bench::new();
    let mine = "return zvonok.profile { name = 'mine', version = 1, like = 'it_school',\n\
                settings = { word = { default = 'a', help = 'слово' } },\nchats = { teachers = {\n\
                per = 'school', type = 'TEACHER', title = function(_, set) return set.word end,\n\
                members = function(school) return school.staff end } } }";
    bench.write("mine.lua", mine);
    let config = json!({"profile": "mine.lua", "settings": {"word": "Из настроек"},
        "organization": "school-1"});
    bench.write("try.json", &config.to_string());
    let ask = ["plan", "--config", "try.json", "--roster", "export.json", "--kind", "teachers"];
    let found = bench.json(0, &[&ask[..], &NOW].concat());
    assert_eq!(found["chats"][0]["title"], "Из настроек");
    bench
        .write("try.json", &json!({"profile": "mine.lua", "organization": "school-9"}).to_string());
    bench.run(&ask).complains(15, &["organization", "school-1"]);
}

#[test]
fn an_explanation_without_state_tells_the_rule_and_the_rows_that_do_not_count() {
    let bench = Bench::new();
    let roster = json!({"format": "zvonok.roster/1",
        "orgs": [{"sourcedId": "s", "name": "Школа", "type": "school"}],
        "users": [{"sourcedId": "pupil", "agentSourcedIds": ["mother"]},
            {"sourcedId": "mother", "familyName": "Иванова", "givenName": "Анна"},
            {"sourcedId": "leader"}, {"sourcedId": "off", "enabledUser": false}],
        "roles": [
            {"userSourcedId": "pupil", "role": "student", "orgSourcedId": "s"},
            {"userSourcedId": "mother", "role": "parent", "orgSourcedId": "s", "endDate": "2026-08-01"},
            {"userSourcedId": "leader", "role": "teacher", "orgSourcedId": "s"}],
        "classes": [{"sourcedId": "7a", "title": "7А", "classType": "homeroom", "schoolSourcedId": "s",
            "metadata": {"classTeacherSourcedId": "leader"}}],
        "enrollments": [{"classSourcedId": "7a", "userSourcedId": "pupil", "role": "student"}]});
    bench.write("small.json", &roster.to_string());
    let ask = |chat: &'static str, person: &'static str| {
        let ask = ["explain", chat, person, "--profile", "paragraf", "--roster", "small.json"];
        bench.run(&[&ask[..], &NOW].concat())
    };
    ask("parents:7a", "leader").says(
        0,
        &["состоит в чате и администрирует его", "классный руководитель · parents.admins"],
    );
    ask("parents:7a", "mother").says(
        0,
        &[
            "Иванова Анна (mother) · parents:7a",
            "правила профиля не называют человека",
            "✕ роль parent: закончилась 2026-08-01 roles[1]",
            "связан с учеником pupil, но нет действующей роли guardian",
        ],
    );
    ask("class:7a", "pupil").says(0, &["✓ в классе 7А как student: действует enrollments[0]"]);
    ask("class:7a", "off").says(0, &["отключён (enabledUser)"]);
    ask("class:7b", "pupil").complains(22, &["возможно, имелось в виду class:7a"]);
    ask("class:7a", "pupl").complains(22, &["возможно, имелось в виду pupil"]);
}

#[test]
fn a_comparison_tells_who_may_do_more_or_less_than_before() {
    let bench = Bench::new();
    bench.okrug("[\"chats.rename\"] = by_hand", "[\"chats.rename\"] = shared.chat_admins");
    bench.okrug("[\"calls.*\"] = shared.chat_admins", "[\"calls.*\"] = by_hand");
    let found = bench.json(0, &plan(&[]));
    assert_eq!(found["chats"], json!([]));
    let requests = found["requests"].as_array().unwrap();
    let answered = |method: &str, about: &str| {
        requests.iter().find(|one| one["method"] == method && one["about"] == about)
    };
    assert_eq!(answered("chats.rename", "class:class-11a").unwrap()["allowed"], true);
    assert_eq!(answered("calls.start", "teachers:school-1").unwrap()["allowed"], false);
    assert!(answered("members.add", "class:class-11a").is_none(), "{requests:?}");
    let shown = bench.run(&plan(&["--detail", "summary"]));
    shown.says(
        0,
        &[
            "Кому что можно, на пробу",
            "· chats.rename: станет можно — ",
            "calls.start: станет нельзя",
        ],
    );
}

// profile new, list, show

#[test]
fn a_new_profile_runs_as_it_stands_and_nothing_is_written_over() {
    let bench = Bench::new();
    for like in [
        None,
        Some("paragraf"),
        Some("epos_spo"),
        Some("ais_poo"),
        Some("it_school"),
        Some("oneroster"),
    ] {
        let (name, file) = ("okrug", format!("{}/my.lua", like.unwrap_or("own")));
        bench.write(&file.replace("my.lua", "keep"), "");
        let mut arguments = vec!["profile", "new", name, "-o", &file];
        arguments.extend(like.into_iter().flat_map(|like| ["--like", like]));
        bench.run(&arguments).says(0, &[&file]);
        bench.run(&["profile", "test", &file]).says(0, &["Примеров: 1, не сошлись: 0"]);
        let shown = bench.json(0, &["profile", "show", &file]);
        let like = like.unwrap_or("oneroster");
        assert_eq!((&shown["name"], &shown["like"]), (&json!("okrug"), &json!(like)));
        let before = std::fs::read_to_string(bench.path().join(&file)).unwrap();
        bench.run(&arguments).complains(64, &["уже есть"]);
        assert_eq!(std::fs::read_to_string(bench.path().join(&file)).unwrap(), before);
    }
    bench.run(&["profile", "new", "paragraf"]).complains(64, &["занято встроенным"]);
    bench.run(&["profile", "new", "Мой профиль"]).complains(64, &["строчные латинские"]);
    bench.run(&["profile", "new", "x", "--like", "epos"]).complains(64, &["epos_spo"]);
}

#[test]
fn built_in_profiles_are_listed_and_shown_as_they_are() {
    let bench = Bench::new();
    let found = bench.json(0, &["profile", "list"]);
    let names = texts(&found, "profiles", "name");
    assert_eq!(names, ["ais_poo", "epos_spo", "it_school", "oneroster", "paragraf"]);
    for name in names {
        let text = std::fs::read_to_string(format!("{ROOT}/scripts/{name}.lua")).unwrap();
        assert_eq!(bench.run(&["profile", "show", name]).says(0, &[]), text);
    }
    bench
        .run(&["profile", "show", "paragraf", "--settings"])
        .says(0, &["max_guardians", "Учительская"]);
    bench.run(&["profile", "show", "paragaf"]).complains(15, &["paragraf"]);
}

// profile test

#[test]
fn the_cases_of_the_built_in_profiles_come_out_as_written() {
    let bench = Bench::new();
    for name in ["ais_poo", "epos_spo", "it_school", "oneroster", "paragraf", "start"] {
        let script = format!("{ROOT}/scripts/{name}.lua");
        let ran = bench.run(&["profile", "test", &script]);
        ran.says(0, &["✓ ", "не сошлись: 0"]);
    }
    let cases = format!("{ROOT}/scripts/paragraf.cases");
    bench.run(&["profile", "test", "paragraf", "--cases", &cases]).says(0, &["не сошлись: 0"]);
}

/// A class of one pupil with a mother, whose teacher nobody expects.
fn case(expect: &Value) -> Value {
    json!({"about": "родители", "roster": {
        "users": [{"sourcedId": "pupil", "role": "student", "agentSourcedIds": ["mother"]},
            {"sourcedId": "mother", "role": "parent", "familyName": "Иванова", "givenName": "Анна"},
            {"sourcedId": "leader", "role": "teacher"}],
        "classes": [{"sourcedId": "7a", "title": "7А", "metadata": {"classTeacherSourcedId": "leader"}}],
        "enrollments": [{"classSourcedId": "7a", "userSourcedId": "pupil"}]},
        "expect": expect})
}

#[test]
fn what_is_not_as_written_is_shown_with_reasons_and_fails() {
    let bench = Bench::new();
    bench.begin();
    let expect = json!({"chats": {
        "parents:7a": {"title": "7Б", "members": ["leader", "father"], "admins": ["leader"]},
        "class:7a": null, "subject:x": {"members": []}},
        "keys": ["class:7a", "parents:7a"], "warnings": []});
    bench.write("okrug.cases/wrong.json", &case(&expect).to_string());
    let ran = bench.run(&["profile", "test", "okrug.lua", "--case", "wrong"]);
    ran.says(
        17,
        &[
            "✕ wrong — родители",
            "parents:7a · title\n      ожидалось: «7Б»\n      получилось: «7А - Родительский чат»",
            "− нет: father",
            "+ лишний: Иванова Анна (mother) — законный представитель ученика pupil (users[0])",
            "profile.no_admin teachers:school",
            "Примеров: 1, не сошлись: 1",
        ],
    );
    let found = bench.json(17, &["profile", "test", "okrug.lua", "--case", "wrong"]);
    let places = texts(&found["cases"][0], "differences", "at");
    assert_eq!(places, ["parents:7a", "parents:7a", "class:7a", "subject:x", "keys", "warnings"]);
}

#[test]
fn an_update_writes_what_came_out_in_the_shape_that_is_there() {
    let bench = Bench::new();
    bench.begin();
    let example = std::fs::read_to_string(bench.path().join("okrug.cases/example.json")).unwrap();
    let expect = json!({"chats": {"parents:7a": {"members": [], "title": "?"}, "class:7b": null}});
    let mut with_question = case(&expect);
    with_question["asks"] = json!([
        {"actor": "mother", "method": "members.add", "target": {"chat": "parents:7a"}, "allowed": true}]);
    bench.write("okrug.cases/two.json", &with_question.to_string());
    let mut silent = case(&expect);
    silent.as_object_mut().unwrap().shift_remove("expect");
    bench.write("okrug.cases/silent.json", &silent.to_string());
    bench
        .run(&["profile", "test", "okrug.lua", "--update"])
        .says(0, &["✕ two", "✕ silent", "Записан"]);
    let read = |name: &str| -> Value {
        let text = std::fs::read_to_string(bench.path().join("okrug.cases").join(name)).unwrap();
        serde_json::from_str(&text).unwrap()
    };
    let two = read("two.json");
    assert_eq!(
        two["expect"],
        json!({"chats": {"parents:7a":
        {"members": ["leader", "mother"], "title": "7А - Родительский чат"}, "class:7b": null}})
    );
    assert_eq!(two["asks"][0]["allowed"], false);
    assert!(two["asks"][0]["reason"].as_str().unwrap().contains("только «Параграф»"));
    let all = &read("silent.json")["expect"]["chats"];
    assert_eq!(all["class:7a"]["members"], json!({"pupil": "student", "leader": "teacher"}));
    let after = std::fs::read_to_string(bench.path().join("okrug.cases/example.json")).unwrap();
    assert_eq!(after, example, "what comes out as written is left as it is");
    bench.run(&["profile", "test", "okrug.lua"]).says(0, &["не сошлись: 0"]);
}

#[test]
fn a_slip_in_a_case_is_told_with_its_place_and_is_no_success() {
    let bench = Bench::new();
    bench.begin();
    let slips = [
        (
            json!({"roster": {"clases": []}}),
            "«clases»: нет такой таблицы; возможно, имелось в виду classes",
        ),
        (
            json!({"roster": {"users": [{"sourcedId": "a", "rol": "x"}]}}),
            "users[0] = «rol»: неизвестная колонка",
        ),
        (json!({"roster": {}, "expct": {}}), "unknown field `expct`"),
        (
            json!({"roster": {}, "expect": {"chats": {"teachers:school": {"memers": []}}}}),
            "«memers»: нет такого поля",
        ),
        (
            json!({"roster": {"enrollments": [{"classSourcedId": "x", "userSourcedId": "y"}]},
            "expect": {}}),
            "roster.dangling_reference enrollments[0]",
        ),
        (json!({"roster": {"users": [{}]}, "expect": {}}), "users[0].sourcedId"),
        (json!({"roster": {}, "now": "вчера", "expect": {}}), "now = «вчера»"),
        (
            json!({"roster": {}, "asks": [{"actor": "a", "method": "plan", "target": {"chat": "class:1"}}]}),
            "в этом примере нет такого чата",
        ),
        (json!({"roster": {}}), "получилось: {"),
    ];
    for (document, words) in slips {
        bench.write("okrug.cases/slip.json", &document.to_string());
        let ran = bench.run(&["profile", "test", "okrug.lua"]);
        ran.says(17, &["✓ example", "✕ slip", words, "Примеров: 2, не сошлись: 1"]);
    }
    bench.write("okrug.cases/slip.json", "{\n  \"roster\": }");
    bench.run(&["profile", "test", "okrug.lua"]).says(17, &["slip.json:2:13"]);
    bench.run(&["profile", "test", "okrug.lua", "--case", "none"]).complains(15, &["примеров нет"]);
    bench.run(&["profile", "test", "nowhere.lua"]).complains(15, &["nowhere.lua"]);
    bench.write("okrug.lua", "return 1 +");
    bench.run(&["profile", "test", "okrug.lua"]).complains(17, &["okrug.lua:1"]);
}
