//! The integrator's guide, `scripts/README.ru.md`: every command in it is run, in order, in an empty
//! folder, and what it shows is what comes out.
#![cfg(all(unix, feature = "cli"))]

use std::net::TcpListener;
use std::path::Path;
use std::process::{Command, Stdio};

const GUIDE: &str = include_str!("../scripts/README.ru.md");

/// The port of the sandbox that the guide names; another one is free here.
const PORT: &str = "8390";

/// One fenced block: the words after the fence, and the text.
struct Block {
    about: String,
    text: String,
}

fn blocks() -> Vec<Block> {
    let mut found = Vec::new();
    let mut lines = GUIDE.lines();
    while let Some(line) = lines.next() {
        let Some(about) = line.strip_prefix("```") else { continue };
        let text: Vec<&str> = lines.by_ref().take_while(|line| *line != "```").collect();
        found.push(Block { about: about.to_owned(), text: text.join("\n") });
    }
    found
}

fn free_port() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().port().to_string()
}

/// Runs a block in a shell, as a person with a Russian system would.
fn run(folder: &Path, script: &str) -> String {
    let program = Path::new(env!("CARGO_BIN_EXE_zvonok")).parent().unwrap();
    let script = format!("PATH='{}':$PATH\n{script}", program.display());
    let output = Command::new("sh")
        .args(["-e", "-c", &script])
        .current_dir(folder)
        .env("LANG", "ru_RU.UTF-8")
        .env_remove("LC_ALL")
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{script}\n{text}{error}");
    text
}

/// A line with its spaces and the marks of tables made alike.
fn plain(line: &str) -> String {
    line.replace('┆', "│").split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Whether a line is as shown; `…` in it stands for anything.
fn alike(shown: &str, line: &str) -> bool {
    let Some((head, rest)) = shown.split_once('…') else { return shown == line };
    let Some(mut line) = line.strip_prefix(head) else { return false };
    let parts: Vec<&str> = rest.split('…').collect();
    for part in &parts[..parts.len() - 1] {
        let Some(at) = line.find(part) else { return false };
        line = &line[at + part.len()..];
    }
    line.ends_with(parts[parts.len() - 1])
}

/// Every line that is shown is there, in this order; only a line `…` lets others stand between.
/// What is wrong, if anything.
fn shows(shown: &str, output: &str) -> Result<(), String> {
    let lines: Vec<String> = output.lines().map(plain).filter(|line| !line.is_empty()).collect();
    let ruled = |line: &&String| !line.starts_with(['┌', '╞', '└']);
    let mut lines = lines.iter().filter(ruled).peekable();
    let mut skipping = false;
    for shown in shown.lines().map(plain).filter(|line| !line.is_empty()) {
        if shown == "…" {
            skipping = true;
            continue;
        }
        let found = match skipping {
            true => lines.any(|line| alike(&shown, line)),
            false => lines.next().is_some_and(|line| alike(&shown, line)),
        };
        if !found {
            return Err(format!("not there: {shown}\nbut:\n{output}"));
        }
        skipping = false;
    }
    match skipping || lines.next().is_none() {
        true => Ok(()),
        false => Err(format!("more than is shown:\n{output}")),
    }
}

/// Does to the script what the guide asks the reader to do in an editor.
fn edit(folder: &Path, how: &str, text: &str) {
    let file = folder.join("okrug.lua");
    let script = std::fs::read_to_string(&file).unwrap();
    let (what, start) = how.split_once(": ").unwrap();
    let place = |line: &&str| line.trim_start().starts_with(start);
    assert_eq!(script.lines().filter(place).count(), 1, "{start} is there once");
    let edited = script.lines().map(|line| match (place(&line), what) {
        (true, "перед") => format!("{text}\n\n{line}"),
        (true, "вместо") => text.to_owned(),
        (true, other) => panic!("the guide says {other}"),
        (false, _) => line.to_owned(),
    });
    let edited: Vec<String> = edited.collect();
    std::fs::write(file, edited.join("\n") + "\n").unwrap();
}

#[test]
fn every_command_of_the_guide_does_what_the_guide_shows() {
    let folder = tempfile::tempdir().unwrap();
    let port = free_port();
    let (mut output, mut run_blocks, mut shown_blocks) = (None, 0, 0);
    for Block { about, text } in blocks() {
        match about.split_once(' ').unwrap_or((&about, "")) {
            ("sh", _) => {
                output = Some(run(folder.path(), &text.replace(PORT, &port)));
                run_blocks += 1;
            }
            ("text", _) => {
                let output = output.take().expect("shown after a command");
                shows(&text, &output).unwrap_or_else(|wrong| panic!("{wrong}"));
                shown_blocks += 1;
            }
            ("lua", how) => edit(folder.path(), how, &text),
            (other, _) => panic!("a block of {other}"),
        }
    }
    assert!(run_blocks >= 10 && shown_blocks >= 10, "{run_blocks} {shown_blocks}");
}

#[test]
fn what_is_shown_and_not_there_is_found() {
    let output = "one  1\n\ntwo 2\nthree 3\n";
    for good in ["one 1\ntwo 2\nthree 3", "one …\n…", "…\nthree 3", "one 1\n…\nth…e 3"] {
        assert_eq!(shows(good, output), Ok(()), "{good}");
    }
    for bad in ["one 1", "two 2\n…", "one 1\nthree 3", "…\ntwo 3\n…", "one 1\n…\nth…e 4"]
    {
        assert!(shows(bad, output).is_err(), "{bad}");
    }
}

#[test]
fn the_guide_has_ten_steps_and_the_rule_is_a_handful_of_lines() {
    let steps = GUIDE.lines().filter(|line| line.starts_with("## ")).take_while(|line| {
        line.strip_prefix("## ").is_some_and(|line| line.starts_with(|c: char| c.is_ascii_digit()))
    });
    assert_eq!(steps.count(), 10);
    let rule = blocks().into_iter().filter(|block| block.about.starts_with("lua "));
    let lines: usize = rule.map(|block| block.text.lines().count()).sum();
    assert!(lines <= 8, "{lines} lines");
}
