//! Hosts of earlier releases. `abi/<release>/` keeps each header as it was, with a program written
//! against it; `abi/sizes.json` keeps how large the struct was and where its members were. None of
//! these is ever changed; a release adds its own.
#![cfg(target_os = "linux")]

#[path = "support/shipped.rs"]
mod shipped;

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Map, Value};

fn at(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// The releases that have a folder, which is named by their number.
fn releases() -> Vec<String> {
    let entries = fs::read_dir(at("tests/abi")).expect("releases").map(|entry| entry.expect("one"));
    let folders = entries.filter(|entry| entry.path().is_dir());
    let names = folders.map(|entry| entry.file_name().into_string().expect("UTF-8"));
    let mut found: Vec<String> =
        names.filter(|name| name.starts_with(|c: char| c.is_ascii_digit())).collect();
    found.sort();
    assert!(found.contains(&"0.1.0".to_owned()), "the first release is kept for ever");
    found
}

/// For each release its generation of the interface and, by the width of a pointer, the layout.
fn layouts() -> BTreeMap<String, Map<String, Value>> {
    let text = fs::read_to_string(at("tests/abi/sizes.json")).expect("sizes");
    serde_json::from_str(&text).expect("JSON")
}

fn run(command: &mut Command) {
    let done = command.output().expect("it starts");
    let errors = String::from_utf8_lossy(&done.stderr);
    assert!(done.status.success() && errors.is_empty(), "{command:?}: {}\n{errors}", done.status);
}

#[test]
fn a_host_compiled_against_an_earlier_header_works_with_this_library() {
    let folder = tempfile::tempdir().expect("a folder");
    for name in ["libzvonok.so", "libzvonok.so.1"] {
        symlink(shipped::library(), folder.path().join(name)).expect("a link");
    }
    for release in releases() {
        let source = at("tests/abi").join(&release);
        let (program, own) = (folder.path().join(&release), folder.path().join("own"));
        fs::create_dir(&own).expect("a folder");
        run(Command::new("cc")
            .args(["-std=c99", "-Wall", "-Wextra", "-Werror", "-pedantic", "-I"])
            .arg(&source)
            .arg(source.join("host.c"))
            .arg("-L")
            .arg(folder.path())
            .args(["-lzvonok", "-o"])
            .arg(&program));
        run(Command::new(&program).arg(&own).env("LD_LIBRARY_PATH", folder.path()));
        fs::remove_dir_all(&own).expect("the folder goes");
    }
}

/// A text in C that does not compile where a layout is another one.
fn claims(layout: &Map<String, Value>) -> String {
    let claim = |(place, (name, value)): (usize, (&String, &Value))| {
        let found = match name.as_str() {
            "zvonok_host" => "sizeof(zvonok_host)".to_owned(),
            member => format!("offsetof(zvonok_host, {member})"),
        };
        format!("typedef char claim_{place}[{found} == {value} ? 1 : -1];\n")
    };
    layout.iter().enumerate().map(claim).collect()
}

fn compiles(header: &Path, width: &str, claims: &str) -> bool {
    let folder = tempfile::tempdir().expect("a folder");
    let source = folder.path().join("claims.c");
    let text = format!("#include \"zvonok.h\"\n{claims}int nothing;\n");
    fs::write(&source, text).expect("a source");
    // Freestanding, so that the headers of the compiler are enough for 32 bits.
    let mut compiler = Command::new("cc");
    compiler.args(["-std=c99", "-ffreestanding", "-fsyntax-only", &format!("-m{width}"), "-I"]);
    compiler.arg(header).arg(source).output().expect("cc").status.success()
}

#[test]
fn the_struct_has_the_sizes_that_were_written_down() {
    for (release, widths) in layouts() {
        let header = at("tests/abi").join(&release);
        for width in ["32", "64"] {
            let layout = widths[width].as_object().expect("a layout");
            assert!(compiles(&header, width, &claims(layout)), "{release}, {width} bits");
            let mut wrong = layout.clone();
            wrong["zvonok_host"] = 21.into();
            assert!(!compiles(&header, width, &claims(&wrong)), "a wrong size is noticed");
        }
    }
}

/// Within a generation members are only added, at the end.
#[test]
fn every_member_stays_where_it_was() {
    let mut all = layouts();
    all.retain(|_, widths| widths["generation"] == zvonok::ffi::ZVONOK_ABI_VERSION);
    assert!(!all.is_empty());
    for (release, widths) in all {
        for width in ["32", "64"] {
            let mut layout = widths[width].as_object().expect("a layout").clone();
            layout.shift_remove("zvonok_host");
            assert!(compiles(&at("include"), width, &claims(&layout)), "{release}, {width} bits");
        }
    }
}

#[test]
fn every_release_is_written_down() {
    let (layouts, releases) = (layouts(), releases());
    assert_eq!(layouts.keys().cloned().collect::<Vec<_>>(), releases);
    let own = env!("CARGO_PKG_VERSION");
    assert!(releases.iter().any(|release| release == own), "{own} has no folder in tests/abi");
    for (release, layout) in layouts {
        let header = at("tests/abi").join(&release).join("zvonok.h");
        let header = fs::read_to_string(header).expect("the header");
        let generation = format!("#define ZVONOK_ABI_VERSION {}\n", layout["generation"]);
        assert!(header.contains(&generation), "{release}");
    }
}
