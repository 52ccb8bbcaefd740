//! The shipped file as the linker and the loader see it.
#![cfg(target_os = "linux")]

#[path = "support/shipped.rs"]
mod shipped;

use std::collections::BTreeSet;
use std::process::Command;

fn ask(tool: &str, arguments: &[&str]) -> String {
    let done = Command::new(tool).args(arguments).arg(shipped::library()).output().expect(tool);
    assert!(done.status.success(), "{tool}: {}", String::from_utf8_lossy(&done.stderr));
    String::from_utf8(done.stdout).expect("UTF-8")
}

#[test]
fn the_library_exports_the_listed_functions_and_nothing_else() {
    let symbols = ask("nm", &["-D", "--defined-only"]);
    let exported: BTreeSet<&str> =
        symbols.lines().filter_map(|line| line.split_whitespace().nth(2)).collect();
    let listed = include_str!("../include/zvonok.exports");
    assert_eq!(exported, listed.lines().collect());
}

#[test]
fn the_library_needs_only_the_c_runtime() {
    let dynamic = ask("readelf", &["-d"]);
    let needed: BTreeSet<&str> = dynamic
        .lines()
        .filter(|line| line.contains("(NEEDED)"))
        .filter_map(|line| line.split(['[', ']']).nth(1))
        .collect();
    let runtime = ["libc.so.", "libm.so.", "libgcc_s.so.", "ld-linux"];
    for name in &needed {
        assert!(runtime.iter().any(|known| name.starts_with(known)), "{name}");
    }
    assert!(needed.iter().any(|name| name.starts_with("libc.so.")), "{needed:?}");
}

#[test]
fn the_soname_has_the_generation_and_the_library_stays_loaded() {
    let dynamic = ask("readelf", &["-d"]);
    let soname = format!("[libzvonok.so.{}]", zvonok::ffi::ZVONOK_ABI_VERSION);
    assert!(dynamic.lines().any(|line| line.contains("(SONAME)") && line.contains(&soname)));
    let stays = |line: &str| line.contains("(FLAGS_1)") && line.contains("NODELETE");
    assert!(dynamic.lines().any(stays));
}

#[test]
fn the_stack_is_not_executable_and_tables_are_read_only() {
    let segments = ask("readelf", &["-lW"]);
    let stack = segments.lines().find(|line| line.contains("GNU_STACK")).expect("a stack segment");
    assert!(stack.contains(" RW ") && !stack.contains("RWE"), "{stack}");
    assert!(segments.contains("GNU_RELRO"));
}
