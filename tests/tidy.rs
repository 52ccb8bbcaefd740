//! The project's own rules: walls between parts, sizes, what must never be written.

use std::path::{Path, PathBuf};

/// A word that only some places may use, and why.
struct Wall {
    word: &'static str,
    allowed: &'static [&'static str],
    why: &'static str,
}

const WALLS: &[Wall] = &[
    Wall { word: "unsafe ", allowed: &["src/ffi/"], why: "only the C border is unsafe" },
    Wall { word: "mlua::", allowed: &["src/profile/"], why: "only the room knows Luau" },
    Wall { word: "rusqlite::", allowed: &["src/state/"], why: "only the state speaks SQL" },
    Wall { word: "ureq::", allowed: &["src/platform/"], why: "only drivers speak HTTP" },
    Wall {
        word: "std::env::",
        allowed: &["src/config/platform.rs"],
        why: "a host's environment is its own",
    },
    Wall { word: "current_dir", allowed: &[], why: "a host's folder is its own" },
    Wall { word: "Timestamp::now", allowed: &["src/clock.rs"], why: "one reader of the clock" },
    Wall { word: "SystemTime", allowed: &["src/clock.rs"], why: "one reader of the clock" },
    Wall { word: "println!", allowed: &[], why: "a host's output is its own" },
    Wall { word: "process::exit", allowed: &[], why: "a host ends when it wants to" },
    Wall {
        word: "crate::state",
        allowed: &[
            "src/state/",
            "src/cycle/",
            "src/apply/",
            "src/requests/",
            "src/events.rs",
            "src/tasks/",
            "src/session.rs",
        ],
        why: "the plan, the room and the drivers know no state file",
    },
    Wall {
        word: "crate::platform::vk",
        allowed: &["src/platform/"],
        why: "the core knows no messenger by name",
    },
];

/// Words that no file may have.
const NEVER: &[&str] = &["TODO", "FIXME", "XXX", "todo!(", "unimplemented!("];

const LONGEST_LINE: usize = 110; // rustfmt keeps code to 100; texts and macros may run over
const LONGEST_FUNCTION: usize = 70;
const LONGEST_FILE: usize = 700;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Every file with this ending below some folders, with its path from the root.
fn files(folders: &[&str], ending: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut folders: Vec<PathBuf> = folders.iter().map(|folder| root().join(folder)).collect();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|found| found == ending) {
                let name = path.strip_prefix(root()).unwrap().to_string_lossy().into_owned();
                found.push((name.replace('\\', "/"), std::fs::read_to_string(&path).unwrap()));
            }
        }
    }
    found.sort();
    assert!(!found.is_empty(), "no {ending} files: the test looks in the wrong place");
    found
}

/// The part of a file that is not its unit tests.
fn shipped(text: &str) -> &str {
    text.split("#[cfg(test)]").next().unwrap_or(text)
}

fn report(faults: &[String]) {
    assert!(faults.is_empty(), "\n{}", faults.join("\n"));
}

/// The code of a line, without its comment.
fn code(line: &str) -> &str {
    if line.trim_start().starts_with("//") { "" } else { line }
}

#[test]
fn parts_keep_to_their_own_side_of_the_walls() {
    let mut faults = Vec::new();
    let library = files(&["src"], "rs");
    for (name, text) in library.iter().filter(|(name, _)| !name.starts_with("src/bin/")) {
        for wall in WALLS.iter().filter(|w| !w.allowed.iter().any(|a| name.starts_with(a))) {
            let lines = shipped(text).lines().enumerate();
            let crossing = lines.filter(|(_, line)| code(line).contains(wall.word));
            faults.extend(
                crossing.map(|(at, _)| format!("{name}:{}: {}: {}", at + 1, wall.word, wall.why)),
            );
        }
    }
    report(&faults);
}

#[test]
fn the_plan_is_pure() {
    let impure = ["std::fs", "std::net", "std::thread", "std::time::Instant", "crate::host"];
    let mut faults = Vec::new();
    for (name, text) in files(&["src/plan"], "rs") {
        let found = impure.iter().filter(|word| text.contains(**word));
        faults.extend(found.map(|word| format!("{name}: {word}")));
    }
    report(&faults);
}

#[test]
fn lines_functions_and_files_stay_short() {
    let mut faults = Vec::new();
    for (name, text) in files(&["src", "tests"], "rs") {
        let lines: Vec<&str> = text.lines().collect();
        if name.starts_with("src") && lines.len() > LONGEST_FILE {
            faults.push(format!("{name}: {} lines", lines.len()));
        }
        for (at, line) in lines.iter().enumerate() {
            if line.chars().count() > LONGEST_LINE
                && !line.contains('"')
                && !line.starts_with("//! |")
            {
                faults.push(format!("{name}:{}: longer than {LONGEST_LINE}", at + 1));
            }
            if line.ends_with(' ') || line.contains('\t') {
                faults.push(format!("{name}:{}: trailing space or tab", at + 1));
            }
        }
        if name.starts_with("src") {
            faults.extend(long_functions(&name, &lines));
        }
    }
    report(&faults);
}

/// Functions over the limit, by the indentation that rustfmt gives.
fn long_functions(name: &str, lines: &[&str]) -> Vec<String> {
    let mut faults = Vec::new();
    let mut start: Option<(usize, usize)> = None;
    for (at, line) in lines.iter().enumerate() {
        let indent = line.len() - line.trim_start().len();
        let head = line.trim_start();
        let begins = ["fn ", "pub fn ", "pub(crate) fn ", "pub(super) fn ", "extern \"C\" fn "];
        if start.is_none()
            && begins.iter().any(|begin| head.starts_with(begin))
            && !head.ends_with(';')
        {
            start = Some((at, indent));
        } else if let Some((first, depth)) = start
            && indent == depth
            && head.starts_with('}')
        {
            if at - first > LONGEST_FUNCTION {
                faults.push(format!("{name}:{}: {} lines", first + 1, at - first));
            }
            start = None;
        }
    }
    faults
}

#[test]
fn nothing_unfinished_is_left_and_every_file_says_what_it_is() {
    let mut faults = Vec::new();
    for (name, text) in files(&["src", "tests"], "rs") {
        if name == "tests/tidy.rs" {
            continue;
        }
        faults.extend(NEVER.iter().filter(|w| text.contains(**w)).map(|w| format!("{name}: {w}")));
        if !text.starts_with("//!") {
            faults.push(format!("{name}: does not say what it is"));
        }
    }
    report(&faults);
}

#[test]
fn every_unsafe_block_says_why_it_is_sound() {
    let mut faults = Vec::new();
    for (name, text) in files(&["src/ffi"], "rs") {
        let lines: Vec<&str> = text.lines().collect();
        for (at, _) in lines.iter().enumerate().filter(|(_, l)| code(l).contains("unsafe {")) {
            let before = lines[at.saturating_sub(6)..at].iter();
            if !before.rev().any(|line| line.contains("SAFETY:")) {
                faults.push(format!("{name}:{}", at + 1));
            }
        }
    }
    report(&faults);
}

#[test]
fn every_dependency_has_its_reason() {
    let manifest = std::fs::read_to_string(root().join("Cargo.toml")).unwrap();
    let mut faults = Vec::new();
    let mut inside = false;
    for line in manifest.lines() {
        if line.starts_with('[') {
            inside = line.ends_with("dependencies]");
        } else if inside && line.contains(" = ") && !line.starts_with('#') && !line.contains(" # ")
        {
            faults.push(line.to_owned());
        }
    }
    report(&faults);
}

#[test]
fn the_code_is_formatted() {
    let cargo = option_env!("CARGO").unwrap_or("cargo");
    let check =
        std::process::Command::new(cargo).args(["fmt", "--check"]).current_dir(root()).output();
    let check = check.unwrap();
    assert!(check.status.success(), "{}", String::from_utf8_lossy(&check.stdout));
}
