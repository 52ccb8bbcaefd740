//! The C interface of this tree against that of every release (`tests/abi/<version>/libzvonok.abi`),
//! compared by abidiff on what the compiler says about types. A release's file is never changed;
//! `ZVONOK_BLESS=<version> cargo test --test abi_baseline` writes the one of a new release.
#![cfg(all(target_os = "linux", target_arch = "x86_64"))]
#![allow(clippy::disallowed_methods, reason = "a test of a command has a process of its own")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

/// abidiff's exit code, bit by bit: its manual, "RETURN VALUES".
const CHANGED: i32 = 4;
const INCOMPATIBLE: i32 = 8;

fn releases() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/abi")
}

/// The library with what the compiler knows of types, built once.
fn library() -> &'static Path {
    static LIBRARY: OnceLock<PathBuf> = OnceLock::new();
    LIBRARY.get_or_init(|| {
        let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().expect("the target folder");
        let built = Command::new(env!("CARGO"))
            .current_dir(env!("CARGO_MANIFEST_DIR"))
            .args(["rustc", "--lib", "--crate-type", "cdylib", "--target-dir"])
            .arg(target)
            .args(["--", "-C", "debuginfo=2"])
            .output()
            .expect("cargo runs");
        assert!(built.status.success(), "{}", String::from_utf8_lossy(&built.stderr));
        let kept = Path::new(env!("CARGO_TARGET_TMPDIR")).join("libzvonok-types.so");
        fs::copy(target.join("debug/libzvonok.so"), &kept).expect("a copy");
        kept
    })
}

/// What abidiff says of two interfaces, and its exit code.
fn compared(before: &Path, after: &Path) -> (i32, String) {
    let done = Command::new("abidiff").args([before, after]).output().expect("abidiff");
    let said = String::from_utf8_lossy(&done.stdout).into_owned();
    (done.status.code().expect("an exit code"), said)
}

/// The interface as abidw tells it, without the parts that are not ours and where things stand on
/// this machine.
fn told() -> String {
    let done = Command::new("abidw")
        .args(["--no-show-locs", "--no-comp-dir-path", "--no-corpus-path"])
        .arg(library())
        .output()
        .expect("abidw");
    let text = String::from_utf8(done.stdout).expect("UTF-8");
    let (head, rest) = text.split_once("  <abi-instr").expect("types");
    let head = match (head.split_once("  <elf-needed>"), head.split_once("</elf-needed>\n")) {
        (Some((before, _)), Some((_, after))) => format!("{before}{after}"),
        _ => head.to_owned(),
    };
    let ours = rest.split("  <abi-instr").filter(|part| part.contains("elf-symbol-id='zvonok_"));
    let ours: Vec<String> = ours
        .map(|part| {
            let (instr, types) = part.split_once('\n').expect("lines");
            let unit = instr.split('\'').nth(3).expect("a unit");
            let part = format!("{}\n{types}", instr.replace(unit, "src/lib.rs"));
            format!("  <abi-instr{}", part.trim_end_matches("</abi-corpus>\n"))
        })
        .collect();
    format!("{head}{}</abi-corpus>\n", ours.concat())
}

#[test]
fn a_host_of_any_release_fits_the_library_of_this_tree() {
    if let Some(version) = std::env::var_os("ZVONOK_BLESS") {
        let folder = releases().join(version);
        fs::create_dir_all(&folder).expect("a folder");
        fs::write(folder.join("libzvonok.abi"), told()).expect("written");
    }
    let mut compared_ones = 0;
    for release in fs::read_dir(releases()).expect("releases") {
        let before = release.expect("a release").path().join("libzvonok.abi");
        if before.exists() {
            let (code, said) = compared(&before, library());
            assert_eq!(code & INCOMPATIBLE, 0, "{}: {said}", before.display());
            assert!(!said.contains("changed from"), "{}: {said}", before.display());
            compared_ones += 1;
        }
    }
    assert!(compared_ones > 0);
}

/// The comparison itself, tried on an interface that has changed.
#[test]
fn a_struct_that_grew_or_a_function_that_is_gone_would_be_seen() {
    let text = fs::read_to_string(releases().join("0.1.0/libzvonok.abi")).expect("the first one");
    let altered = Path::new(env!("CARGO_TARGET_TMPDIR")).join("altered.abi");
    let smaller = text
        .replace("name='zvonok_host' size-in-bits='256'", "name='zvonok_host' size-in-bits='192'");
    assert_ne!(smaller, text);
    fs::write(&altered, smaller).expect("written");
    let (code, said) = compared(&altered, library());
    assert_eq!(code & CHANGED, CHANGED, "{said}");
    assert!(said.contains("type size changed from 192 to 256"), "{said}");
    fs::write(&altered, text.replace("name='zvonok_cancel' type", "name='zvonok_stop' type"))
        .expect("written");
    let (code, said) = compared(&altered, library());
    assert_eq!(code & INCOMPATIBLE, INCOMPATIBLE, "{said}");
}
