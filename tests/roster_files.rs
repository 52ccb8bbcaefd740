//! Rosters in files. Each file of `tests/roster_files/cases` is a case with a sentence for a name:
//! one of `tests/roster_files/rosters`, how it is changed and written, and what must come of it.

#![cfg(feature = "cli")]

#[allow(dead_code, unused_imports, reason = "the binary uses what this test does not")]
#[path = "../src/bin/zvonok/school/mod.rs"]
mod school;
mod support;

use std::collections::{BTreeMap, BTreeSet};
use std::io::{Cursor, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use proptest::prelude::*;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use zip::write::SimpleFileOptions;
use zvonok::error::{Code, Fault, Result};
use zvonok::host::Silent;
use zvonok::profile::{self, Desired, Limits};
use zvonok::roster::{Content, Roster, Rules, read};
use zvonok::session::{Cancel, Session};
use zvonok::stop::Stop;

/// A case. Unless it has `faults` the roster must be accepted, and unless it has other
/// expectations it must be that of `same_as`, a JSON document among the rosters.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    base: String,
    #[serde(default)]
    add: BTreeMap<String, String>,
    #[serde(default)]
    remove: Vec<String>,
    #[serde(default)]
    rename: BTreeMap<String, String>,
    /// Parts of a file's text and what stands there instead; null empties the file.
    #[serde(default)]
    replace: BTreeMap<String, Option<Vec<[String; 2]>>>,
    delimiter: Option<char>,
    #[serde(default)]
    delimiters: BTreeMap<String, char>,
    encoding: Option<String>,
    #[serde(default)]
    encodings: BTreeMap<String, String>,
    #[serde(default)]
    quote_all: bool,
    line_end: Option<String>,
    /// Written as a zip, with this before each name.
    zip: Option<String>,
    faults: Option<Vec<String>>,
    warnings: Option<Vec<String>>,
    frozen: Option<BTreeSet<String>>,
    counts: Option<BTreeMap<String, usize>>,
    same_as: Option<String>,
}

/// Names and bytes.
type Files = BTreeMap<String, Vec<u8>>;

fn here(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/roster_files").join(path)
}

fn rules() -> Rules {
    let today = "2026-09-01".parse().unwrap();
    Rules { today, dangling_share: 0.02, minimum: 5, before: None }
}

#[test]
fn every_case_comes_out_as_it_says() {
    let mut failed = Vec::new();
    let mut cases = 0;
    for entry in std::fs::read_dir(here("cases")).unwrap() {
        let path = entry.unwrap().path();
        let case: Case = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
        cases += 1;
        if let Err(why) = std::panic::catch_unwind(|| check(&case)) {
            let why = why.downcast_ref::<String>().cloned().unwrap_or_default();
            failed.push(format!("{}: {why}", path.file_stem().unwrap().display()));
        }
    }
    failed.sort();
    assert!(cases > 40, "the cases were not found");
    assert!(failed.is_empty(), "{} failed\n{}", failed.len(), failed.join("\n"));
}

fn check(case: &Case) {
    let roster = written(&case.files(), case.zip.as_deref(), |path| {
        Content::at(path).and_then(|content| content.read(&rules()))
    });
    match (roster, &case.faults) {
        (Err(error), Some(faults)) => {
            assert_eq!(error.code, Code::Roster);
            assert_eq!(&told(&error.faults), faults);
        }
        (Err(error), None) => panic!("refused: {:?}", told(&error.faults)),
        (Ok(_), Some(faults)) => panic!("accepted, expected {faults:?}"),
        (Ok(roster), None) => case.check_accepted(&roster),
    }
}

impl Case {
    fn check_accepted(&self, roster: &Roster) {
        let mut looked_at = false;
        if let Some(warnings) = &self.warnings {
            assert_eq!(&told(&roster.warnings), warnings);
            looked_at = true;
        }
        if let Some(frozen) = &self.frozen {
            assert_eq!(&roster.frozen.people, frozen);
        }
        if let Some(counts) = &self.counts {
            let all = [
                ("people", roster.people.len()),
                ("classes", roster.classes.len()),
                ("roles", roster.roles.len()),
            ];
            assert_eq!(&BTreeMap::from(all.map(|(name, count)| (name.to_owned(), count))), counts);
            looked_at = true;
        }
        if self.same_as.is_some() || !looked_at {
            let name = self.same_as.as_deref().unwrap_or("oneroster-1.2");
            let document = std::fs::read(here(&format!("rosters/{name}.json"))).unwrap();
            let expected = read(&document, &rules()).unwrap();
            assert_eq!(difference(&facts(roster), &facts(&expected)), None);
            assert_eq!(told(&roster.warnings), Vec::<String>::new());
        }
    }

    /// The base's files, changed and written as the case says.
    fn files(&self) -> Files {
        let mut files = Files::new();
        for entry in std::fs::read_dir(here("rosters").join(&self.base)).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_str().unwrap().to_owned();
            if self.remove.contains(&name) {
                continue;
            }
            let text = self.text(&name, std::fs::read_to_string(&path).unwrap());
            let encoding = self.encodings.get(&name).or(self.encoding.as_ref());
            let bytes = encode(&text, encoding.map_or("utf-8", String::as_str));
            files.insert(self.rename.get(&name).cloned().unwrap_or(name), bytes);
        }
        files.extend(self.add.iter().map(|(name, text)| (name.clone(), text.clone().into())));
        files
    }

    fn text(&self, name: &str, mut text: String) -> String {
        match self.replace.get(name) {
            Some(None) => return String::new(),
            Some(Some(pairs)) => {
                for [from, to] in pairs {
                    assert!(text.contains(from.as_str()), "{name} has no {from}");
                    text = text.replace(from.as_str(), to);
                }
            }
            None => {}
        }
        let delimiter = self.delimiters.get(name).copied().or(self.delimiter);
        if delimiter.is_none() && self.line_end.is_none() && !self.quote_all {
            return text;
        }
        let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(text.as_bytes());
        let rows = reader.records().map(|row| row.unwrap().iter().map(str::to_owned).collect());
        let style = Style {
            delimiter: delimiter.unwrap_or(','),
            windows: self.line_end.as_deref() == Some("\r\n"),
            quote_all: self.quote_all,
        };
        style.write(&rows.collect::<Vec<_>>())
    }
}

/// How rows are written as CSV.
#[derive(Debug, Clone, Copy)]
struct Style {
    delimiter: char,
    windows: bool,
    quote_all: bool,
}

impl Style {
    fn write(self, rows: &[Vec<String>]) -> String {
        let quote =
            if self.quote_all { csv::QuoteStyle::Always } else { csv::QuoteStyle::Necessary };
        let end = if self.windows { csv::Terminator::CRLF } else { csv::Terminator::Any(b'\n') };
        let mut writer = csv::WriterBuilder::new()
            .delimiter(self.delimiter as u8)
            .terminator(end)
            .quote_style(quote)
            .from_writer(Vec::new());
        rows.iter().for_each(|row| writer.write_record(row).unwrap());
        String::from_utf8(writer.into_inner().unwrap()).unwrap()
    }
}

fn encode(text: &str, encoding: &str) -> Vec<u8> {
    match encoding {
        "utf-8" => text.into(),
        "utf-8-bom" => format!("\u{feff}{text}").into(),
        "utf-16" => {
            let units = text.encode_utf16().flat_map(u16::to_le_bytes);
            [0xff, 0xfe].into_iter().chain(units).collect()
        }
        "utf-8-damaged" => {
            // Half of a letter is lost in the third line.
            let at = text.match_indices('\n').nth(1).unwrap().0;
            let letter = at + text[at..].find(|letter: char| !letter.is_ascii()).unwrap();
            [&text.as_bytes()[..letter], &text.as_bytes()[letter + 1..]].concat()
        }
        "windows-1251" => {
            let (bytes, _, lost) = encoding_rs::WINDOWS_1251.encode(text);
            assert!(!lost, "a letter that windows-1251 does not have");
            bytes.into_owned()
        }
        // The same letters as DOS had them.
        "ibm866" => encoding_rs::IBM866.encode(text).0.into_owned(),
        other => panic!("no encoding {other}"),
    }
}

/// Writes files into a folder or a zip for as long as something is done with its path.
fn written<T>(files: &Files, zip: Option<&str>, work: impl FnOnce(&Path) -> T) -> T {
    let folder = tempfile::tempdir().unwrap();
    let Some(prefix) = zip else {
        for (name, bytes) in files {
            std::fs::write(folder.path().join(name), bytes).unwrap();
        }
        return work(folder.path());
    };
    let path = folder.path().join("roster.zip");
    std::fs::write(&path, zipped(files, prefix)).unwrap();
    work(&path)
}

fn zipped(files: &Files, prefix: &str) -> Vec<u8> {
    let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in files {
        zip.start_file(format!("{prefix}{name}"), SimpleFileOptions::default()).unwrap();
        zip.write_all(bytes).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

/// What is kept of a roster, line by line; CSV has only texts in metadata.
fn facts(roster: &Roster) -> Vec<String> {
    let reads = ["title", "state"].map(str::to_owned).into();
    let mut kept: Value = serde_json::from_str(&roster.keep(&reads)).unwrap();
    let rows = kept.as_object_mut().unwrap().values_mut().filter_map(Value::as_array_mut);
    for metadata in rows.flatten().filter_map(|row| row.get_mut("metadata")) {
        for value in metadata.as_object_mut().unwrap().values_mut().filter(|it| it.is_boolean()) {
            *value = value.to_string().into();
        }
    }
    let facts = json!({"kept": kept, "lists": profile_lists(roster)});
    serde_json::to_string_pretty(&facts).unwrap().lines().map(str::to_owned).collect()
}

/// The first line in which two states differ, with those before it.
fn difference(found: &[String], expected: &[String]) -> Option<String> {
    let at = (0..found.len().max(expected.len())).find(|at| found.get(*at) != expected.get(*at))?;
    let before = found[at.saturating_sub(12)..at.min(found.len())].join("\n");
    Some(format!("{before}\nfound {:?}, expected {:?}", found.get(at), expected.get(at)))
}

/// Metadata that a profile reads as a list or as yes or no, whatever form it came in.
fn profile_lists(roster: &Roster) -> Value {
    let people = roster.people.iter().map(|person| {
        let rights = zvonok::roster::texts(person.metadata.get("rights"));
        (person.id.to_string(), json!(rights))
    });
    let lessons = roster.lessons.iter().map(|lesson| {
        let online = zvonok::roster::truthy(lesson.metadata.get("online"));
        (lesson.id.to_string(), json!(online))
    });
    Value::Object(people.chain(lessons).collect())
}

/// Findings as cases write them, after a look at what every finding must have. Folders of a path
/// are left out.
fn told(findings: &[Fault]) -> Vec<String> {
    let cyrillic = |letter: char| ('а'..='я').contains(&letter);
    let line = |found: &Fault| {
        assert!(found.message.ru.chars().any(cyrillic), "{found:?}");
        assert!(!found.message.en.is_empty() && !found.message.en.contains(cyrillic), "{found:?}");
        let at = found.at.rsplit(['/', '\\']).next().unwrap();
        format!("{} @ {at} = {}", found.code, found.value)
    };
    findings.iter().map(line).collect()
}

#[test]
fn nothing_personal_is_left_of_a_roster_in_files() {
    let secrets = ["Ёлкин", "Щукин", "Анна", "anna@example.org", "79000000000", "secret"];
    let content = Content::at(&here("rosters/oneroster-1.2")).unwrap();
    let roster = content.read(&rules()).unwrap();
    let seen = format!("{content:?} {roster:?} {}", roster.keep(&BTreeSet::new()));
    for secret in secrets {
        assert!(!seen.contains(secret), "{secret} is left");
    }
    let names = content.values("users.csv", ["sourcedId", "givenName"]);
    assert_eq!(names[0], ["p1", "Анна"], "whoever shows names to a person has them");
}

fn refused(bytes: &[u8], name: &str) -> Vec<String> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    std::fs::write(&path, bytes).unwrap();
    let error = Content::at(&path).unwrap_err();
    assert_eq!(error.code, Code::Roster);
    told(&error.faults)
}

fn small_zip() -> Vec<u8> {
    zipped(&[("users.csv".to_owned(), b"sourcedId\np1\n".to_vec())].into(), "")
}

#[test]
fn a_zip_that_unpacks_to_too_much_is_refused_before_it_fills_the_memory() {
    let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
    let zeros = vec![0; 1 << 20];
    for name in ["orgs.csv", "users.csv"] {
        zip.start_file(name, SimpleFileOptions::default()).unwrap();
        (0..130).for_each(|_| zip.write_all(&zeros).unwrap());
    }
    let bytes = zip.finish().unwrap().into_inner();
    assert!(bytes.len() < 1 << 20, "it is small as it lies there");
    assert_eq!(refused(&bytes, "roster.zip"), ["roster.too_large @ users.csv = "]);
}

#[test]
fn a_zip_of_too_many_files_is_refused() {
    let files = (0..1_001).map(|at| (format!("{at}.txt"), Vec::new())).collect();
    let found = refused(&zipped(&files, ""), "roster.zip");
    assert_eq!(found, ["roster.too_many_files @ roster.zip = 1001"]);
}

#[test]
fn a_zip_with_a_password_is_refused_as_such() {
    let mut bytes = small_zip();
    // The first bit of an entry's flags says that it is encrypted, in both its headers.
    bytes[6] |= 1;
    let central = bytes.windows(4).position(|part| part == b"PK\x01\x02").unwrap();
    bytes[central + 8] |= 1;
    assert_eq!(refused(&bytes, "a.zip"), ["roster.encrypted_zip @ a.zip = users.csv"]);
}

#[test]
fn a_broken_zip_is_refused_as_such() {
    let whole = small_zip();
    assert_eq!(refused(&whole[..whole.len() / 2], "a.zip"), ["roster.broken_zip @ a.zip = "]);
    let mut damaged = whole;
    let at = 30 + "users.csv".len();
    damaged[at..at + 4].fill(0xff);
    assert_eq!(refused(&damaged, "a.zip"), ["roster.broken_zip @ a.zip = users.csv"]);
}

#[test]
fn what_is_no_roster_is_refused_at_its_path() {
    let path_of = |found: Vec<String>| {
        let [found] = found.try_into().unwrap();
        found.split_once(" = ").unwrap().0.to_owned()
    };
    let one = path_of(refused(b"sourcedId\n", "users.csv"));
    assert_eq!(one, "roster.single_csv @ path");
    let none = zipped(&[("manifest.csv".to_owned(), Vec::new())].into(), "");
    assert_eq!(path_of(refused(&none, "a.zip")), "roster.no_files @ path");
    let folder = tempfile::tempdir().unwrap();
    let empty = Content::at(folder.path()).unwrap_err();
    assert_eq!(path_of(told(&empty.faults)), "roster.no_files @ path");
    let missing = Content::at(&folder.path().join("x")).unwrap_err();
    assert_eq!(path_of(told(&missing.faults)), "roster.unreadable @ path");
}

#[test]
fn an_unchanged_roster_is_recognised_in_a_folder_and_in_a_zip() {
    let messenger = support::Messenger::start(&["--mode", "partner"]);
    let place = tempfile::tempdir().unwrap();
    let config = json!({
        "state": place.path().join("zvonok.db"), "profile": "oneroster",
        "platform": {"kind": "vk", "token": messenger.token, "base_url": messenger.address,
                     "community": messenger.community.to_string(), "requests_per_second": 20},
    });
    let mut session =
        Session::open(&config.to_string(), Box::new(Silent), Cancel::default()).unwrap();
    let mut sync = |path: &Path| -> Result<bool> {
        let (code, report) = session.sync_path(path, r#"{"now":"2026-09-01T09:00:00+03:00"}"#)?;
        assert!(code as i32 >= 0);
        Ok(report["roster"]["unchanged"] == true)
    };
    let case = |replace: Value| -> Case {
        serde_json::from_value(json!({"base": "oneroster-1.2", "replace": replace})).unwrap()
    };
    let files = case(json!({})).files();
    assert!(!written(&files, None, &mut sync).unwrap());
    assert!(written(&files, None, &mut sync).unwrap(), "the same files in another folder");
    assert!(written(&files, Some("export/"), &mut sync).unwrap(), "the same files in a zip");
    let changed = case(json!({"users.csv": [["p4,active", "p5,active"], ["p2,p4", "p2,p5"]],
        "roles.csv": [["2026-08-30,p4", "2026-08-30,p5"]]}))
    .files();
    assert!(!written(&changed, None, &mut sync).unwrap());
    let broken = case(json!({"users.csv": [["sourcedId", "id"]]})).files();
    let error = written(&broken, None, &mut sync).unwrap_err();
    assert_eq!((error.code, &*error.faults[0].at), (Code::Roster, "users.csv:1 sourcedId"));
    assert!(written(&changed, Some(""), &mut sync).unwrap(), "a refused roster changed nothing");
}

#[test]
fn the_made_up_school_is_the_same_in_csv() {
    let folder = tempfile::tempdir().unwrap();
    let into = folder.path().join("csv");
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_zvonok"));
    let command = command.args(["school", "--seed", "3", "--students", "100", "--csv"]);
    assert!(command.arg(&into).status().unwrap().success());
    let document = school::generate(3, school::Size { students: 100 }, rules().today);
    let expected = read(document.to_string().as_bytes(), &rules()).unwrap();
    let found = Content::at(&into).unwrap().read(&rules()).unwrap();
    assert_eq!(difference(&facts(&found), &facts(&expected)), None);
    assert!(found.people.len() > 200);
}

#[test]
fn the_command_line_tells_the_line_of_a_fault_in_a_zip() {
    let case = json!({"base": "oneroster-1.2", "replace": {"users.csv": [["p3,active,2026-08-30,true",
        "p3,active,2026-08-30,maybe"]]}});
    let case: Case = serde_json::from_value(case).unwrap();
    let output = written(&case.files(), Some(""), |path| {
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_zvonok"));
        command.args(["check", "--json", "--roster"]).arg(path).output().unwrap()
    });
    assert_eq!(output.status.code(), Some(16));
    let document: Value = serde_json::from_slice(&output.stdout).unwrap();
    let faults = &document["faults"];
    assert_eq!(faults[0]["at"], "users.csv:4 enabledUser");
    assert_eq!((&faults[0]["value"], faults.as_array().unwrap().len()), (&json!("maybe"), 1));
}

/// How a whole roster is written, and where lines are empty.
#[derive(Debug, Clone)]
struct Dialect {
    style: Style,
    encoding: &'static str,
    zip: Option<&'static str>,
    manifest: bool,
    turn: usize,
    gap: usize,
}

fn dialect() -> impl Strategy<Value = Dialect> {
    let style = (prop_oneof![Just(','), Just(';')], any::<bool>(), any::<bool>());
    let style =
        style.prop_map(|(delimiter, windows, quote_all)| Style { delimiter, windows, quote_all });
    let encoding = prop_oneof![Just("utf-8"), Just("utf-8-bom"), Just("windows-1251")];
    let zip = prop_oneof![Just(None), Just(Some("")), Just(Some("a/b/"))];
    (style, encoding, zip, any::<bool>(), 0..9_usize, 1..40_usize).prop_map(
        |(style, encoding, zip, manifest, turn, gap)| Dialect {
            style,
            encoding,
            zip,
            manifest,
            turn,
            gap,
        },
    )
}

impl Dialect {
    /// The files of a roster, and the line of each row of each table.
    fn files(&self, roster: &Value) -> (Files, BTreeMap<String, Vec<usize>>) {
        let (mut files, mut lines) = (Files::new(), BTreeMap::new());
        for flat in school::flat::files(roster) {
            if flat.name == "manifest.csv" && !self.manifest {
                continue;
            }
            // The columns in another order, but for the manifest, whose order is fixed.
            let turn = if flat.name == "manifest.csv" { 0 } else { self.turn };
            let width = flat.rows[0].len();
            let mut rows = flat.rows;
            rows.iter_mut().for_each(|row| row.rotate_left(turn % width));
            let (mut text, mut at) = (String::new(), Vec::new());
            for (place, row) in rows.into_iter().enumerate() {
                if place > 0 && place % self.gap == 0 {
                    text.push_str(if self.style.windows { "\r\n" } else { "\n" });
                }
                at.push(1 + text.matches('\n').count());
                text.push_str(&self.style.write(&[row]));
            }
            lines.insert(flat.name.trim_end_matches(".csv").to_owned(), at[1..].to_vec());
            files.insert(flat.name, encode(&text, self.encoding));
        }
        (files, lines)
    }
}

fn desired(roster: &Arc<Roster>, profile: &str) -> Desired {
    let room = profile::Room {
        roster,
        settings: &Map::new(),
        organization: None,
        now: &"2026-09-01T09:00:00+03:00[Europe/Moscow]".parse().unwrap(),
        limits: Limits::default(),
        stop: &Stop::never(),
        log: &|_| {},
    };
    profile::evaluate(&profile::source(profile).unwrap(), room).unwrap()
}

/// `users[3].role` as files say it: `users.csv:5 role`.
fn in_files(at: &str, lines: &BTreeMap<String, Vec<usize>>) -> String {
    let parts = at.split_once('[').and_then(|(table, rest)| {
        let (index, column) = rest.split_once(']')?;
        let line = lines.get(table)?.get(index.parse::<usize>().ok()?)?;
        Some(format!("{table}.csv:{line}{}", column.replacen('.', " ", 1)))
    });
    parts.unwrap_or_else(|| at.to_owned())
}

/// A state with its places as files say them, and lists in one order.
fn comparable(mut desired: Desired, lines: Option<&BTreeMap<String, Vec<usize>>>) -> Desired {
    let place = |at: &mut String| {
        if let Some(lines) = lines {
            *at = in_files(at, lines);
        }
    };
    for member in desired.chats.values_mut().flat_map(|chat| chat.members.values_mut()) {
        for reasons in [&mut member.reasons, &mut member.admin_reasons] {
            reasons.iter_mut().for_each(|reason| place(&mut reason.row));
            reasons.sort();
        }
    }
    desired.warnings.iter_mut().for_each(|warning| place(&mut warning.at));
    desired.warnings.sort_by(|a, b| (&a.at, &a.code).cmp(&(&b.at, &b.code)));
    desired
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_same_school_in_json_and_in_any_dialect_of_csv_has_the_same_chats(
        seed in any::<u64>(),
        students in 20..80_usize,
        dialect in dialect(),
    ) {
        let document = school::generate(seed, school::Size { students }, rules().today);
        let (files, lines) = dialect.files(&document);
        let in_json = Arc::new(read(document.to_string().as_bytes(), &rules()).unwrap());
        let in_csv = written(&files, dialect.zip, |path| {
            Arc::new(Content::at(path).unwrap().read(&rules()).unwrap())
        });
        prop_assert_eq!(difference(&facts(&in_csv), &facts(&in_json)), None);
        for profile in ["paragraf", "oneroster"] {
            let expected = comparable(desired(&in_json, profile), Some(&lines));
            prop_assert!(expected.chats.values().any(|chat| !chat.members.is_empty()));
            let found = comparable(desired(&in_csv, profile), None);
            let [found, expected] = [found, expected]
                .map(|state| format!("{state:#?}").lines().map(str::to_owned).collect::<Vec<_>>());
            prop_assert_eq!(difference(&found, &expected), None);
        }
    }
}

/// The rosters that others publish, in the folder `shared` beside the project's.
fn published() -> PathBuf {
    let mut above = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().skip(1);
    let found = above.find_map(|folder| Some(folder.join("shared/rosters")).filter(|p| p.is_dir()));
    found.expect("the published rosters are in ../shared/rosters, beside the project's folder")
}

/// Organisations, classes, people, roles, enrollments, links to guardians.
fn size(roster: &Roster) -> [usize; 6] {
    let links = roster.people.iter().map(|person| person.agents.len()).sum();
    [
        roster.orgs.len(),
        roster.classes.len(),
        roster.people.len(),
        roster.roles.len(),
        roster.enrollments.len(),
        links,
    ]
}

#[test]
fn published_rosters_are_read_whole() {
    let samples = published().join("microsoft-sds-samples");
    let expected = [
        ("SDS_v2.1", [4, 2, 8, 9, 6, 3]),
        ("SDS_v2", [5, 4, 29, 29, 29, 0]),
        ("SDS_Format/100_Users", [2, 28, 98, 98, 630, 0]),
        ("SDS_Format/25_Users", [2, 2, 24, 24, 46, 0]),
        ("SDS_Format/Min_Required_Attributes", [2, 2, 24, 24, 46, 0]),
        ("UK_Format/100_Users", [2, 28, 98, 98, 630, 0]),
        ("UK_Format/25_Users", [2, 28, 24, 24, 158, 0]),
        ("UK_Format/Min_Required_Attributes", [2, 28, 24, 24, 158, 0]),
    ];
    for (name, expected) in expected {
        let content = Content::at(&samples.join(name)).unwrap();
        let roster = content.read(&rules()).unwrap_or_else(|error| panic!("{name}: {error:?}"));
        assert_eq!(size(&roster), expected, "{name}");
        assert_eq!(told(&roster.warnings), Vec::<String>::new(), "{name}");
        let desired = desired(&Arc::new(roster), "oneroster");
        assert!(desired.chats.len() > 1, "{name}");
    }
}

#[test]
fn a_published_canvas_import_is_refused_for_what_it_is() {
    let content = Content::at(&published().join("canvas-hydrationkit")).unwrap();
    let error = content.read(&rules()).unwrap_err();
    assert_eq!(told(&error.faults), ["roster.other_form @ users.csv:1 user_id = user_id"]);
}

/// A folder of files through a whole cycle.
struct Through {
    messenger: support::Messenger,
    session: Session,
    _place: tempfile::TempDir,
}

impl Through {
    fn new() -> Through {
        let messenger = support::Messenger::start(&["--mode", "partner"]);
        let place = tempfile::tempdir().unwrap();
        let config = json!({
            "state": place.path().join("zvonok.db"), "profile": "oneroster",
            "platform": {"kind": "vk", "token": messenger.token, "base_url": messenger.address,
                         "community": messenger.community.to_string(), "requests_per_second": 20},
        });
        let session =
            Session::open(&config.to_string(), Box::new(Silent), Cancel::default()).unwrap();
        Through { messenger, session, _place: place }
    }

    fn cycle(&mut self, path: &Path, now: &str) -> Value {
        let options = json!({"now": now}).to_string();
        let (code, report) = self.session.sync_path(path, &options).unwrap();
        assert_eq!(code, Code::Ok, "{report:#}");
        report
    }

    fn link(&mut self, person: &str, account: &str, now: &str) {
        let params = json!({"person": person, "platform": "vk", "account": account});
        let request = json!({"method": "accounts.link", "params": params, "now": now});
        assert_eq!(self.session.request(&request.to_string()).unwrap().0, Code::Ok);
    }

    /// The messenger's chats: the titles, and who is in but the community.
    fn chats(&self) -> BTreeMap<String, Vec<i64>> {
        let state = self.messenger.look("state");
        let chat = |chat: &Value| {
            let members = chat["members"].as_array().unwrap().iter();
            let ids = members.filter_map(|one| one["id"].as_i64()).filter(|id| *id > 0);
            (chat["title"].as_str().unwrap().to_owned(), ids.collect())
        };
        state["chats"].as_array().unwrap().iter().map(chat).collect()
    }
}

fn chats_of(chats: &[(&str, &[i64])]) -> BTreeMap<String, Vec<i64>> {
    chats.iter().map(|(title, people)| ((*title).to_owned(), people.to_vec())).collect()
}

/// The warnings about the files themselves; that nobody leads a chat is another matter.
fn of_the_roster(report: &Value) -> Vec<&str> {
    let warnings = report["roster"]["warnings"].as_array().unwrap().iter();
    let codes = warnings.map(|warning| warning["code"].as_str().unwrap());
    codes.filter(|code| *code != "profile.no_admin").collect()
}

/// Counts of a roster as a report tells them.
fn counts_of(report: &Value) -> [u64; 4] {
    ["orgs", "users", "classes", "enrollments"].map(|key| report["roster"][key].as_u64().unwrap())
}

#[test]
fn a_published_school_data_sync_folder_goes_through_a_whole_cycle() {
    let mut through = Through::new();
    let folder = published().join("microsoft-sds-samples/SDS_v2.1");
    let report = through.cycle(&folder, "2021-10-01T09:00:00+03:00");
    assert_eq!(counts_of(&report), [4, 8, 2, 6]);
    assert_eq!(of_the_roster(&report), [""; 0]);
    let made = through.chats();
    let nobody: &[i64] = &[];
    let all = chats_of(&[("Staff", nobody), ("Biology 10", nobody)]);
    assert_eq!(made, all, "of the school; nobody has an account in these files");
    assert_eq!(report["done"], json!({"create_chat": 2}));
    for (person, account) in [("114001", "5001"), ("114003", "5003"), ("114007", "5007")] {
        through.link(person, account, "2021-10-01T09:10:00+03:00");
    }
    let report = through.cycle(&folder, "2021-10-01T09:20:00+03:00");
    assert_eq!(report["roster"]["unchanged"], true);
    let all = chats_of(&[("Staff", &[5007]), ("Biology 10", &[5001, 5003, 5007])]);
    assert_eq!(through.chats(), all);
}

#[test]
fn a_folder_of_oneroster_1_1_goes_through_a_whole_cycle() {
    let mut through = Through::new();
    let folder = here("rosters/oneroster-1.1");
    let report = through.cycle(&folder, "2026-09-01T09:00:00+03:00");
    assert_eq!(counts_of(&report), [2, 3, 1, 2]);
    assert_eq!(of_the_roster(&report), [""; 0]);
    let nobody: &[i64] = &[];
    let all = chats_of(&[("Staff", nobody), ("1А", nobody), ("1А - parents", nobody)]);
    assert_eq!(through.chats(), all);
    for (person, account) in [("p1", "5001"), ("p2", "5002"), ("p3", "5003")] {
        through.link(person, account, "2026-09-01T09:10:00+03:00");
    }
    let all =
        chats_of(&[("Staff", &[5003]), ("1А", &[5001, 5003]), ("1А - parents", &[5002, 5003])]);
    assert_eq!(through.chats(), all);
    let report = through.cycle(&folder, "2026-09-01T09:20:00+03:00");
    assert_eq!(report["roster"]["unchanged"], true);
    assert_eq!(report["done"], json!({}));
}
