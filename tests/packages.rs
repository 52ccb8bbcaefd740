//! What is installed: the tree under a prefix, found by the tools of C programmers; the package.
#![cfg(all(target_os = "linux", feature = "cli"))]

#[path = "support/shipped.rs"]
mod shipped;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

/// Every file and link of an installed tree that is not a manual page, below its prefix.
const TREE: &[&str] = &[
    "bin/zvonok",
    "include/zvonok.h",
    "lib/cmake/zvonok/zvonok-config-version.cmake",
    "lib/cmake/zvonok/zvonok-config.cmake",
    "lib/libzvonok.so",
    "lib/libzvonok.so.1",
    "lib/libzvonok.so.1.0.0",
    "lib/pkgconfig/zvonok.pc",
    "share/bash-completion/completions/zvonok",
    "share/fish/vendor_completions.d/zvonok.fish",
    "share/zsh/site-functions/_zvonok",
    "share/zvonok/profiles/paragraf.lua",
    "share/zvonok/profiles/shared.lua",
    "share/zvonok/profiles/zvonok.d.luau",
];

/// A host in the words of the README.
const HOST: &str = r#"
#include <stdio.h>
#include <zvonok.h>
int main(void) {
  printf("%u %s\n", (unsigned)zvonok_abi_version(), zvonok_version());
  return zvonok_abi_version() == ZVONOK_ABI_VERSION ? 0 : 1;
}
"#;

const CMAKE: &str = r"
cmake_minimum_required(VERSION 3.13)
project(host C)
find_package(zvonok 0.1 REQUIRED)
add_executable(host host.c)
target_link_libraries(host PRIVATE zvonok::zvonok)
";

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Runs a command, which must end well, and returns what it said.
fn run(command: &mut Command) -> String {
    let done = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    let said = String::from_utf8_lossy(&done.stdout).into_owned();
    assert!(done.status.success(), "{command:?}: {said}{}", String::from_utf8_lossy(&done.stderr));
    said
}

/// The library as hosts get it beside the command line of this build.
fn built() -> TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    fs::copy(shipped::library(), folder.path().join("libzvonok.so")).expect("the library");
    // Without what only debuggers read: packing that takes most of the time.
    let command = folder.path().join("zvonok");
    run(Command::new("strip").arg(env!("CARGO_BIN_EXE_zvonok")).arg("-o").arg(&command));
    folder
}

/// A tree under a prefix with this name.
fn installed(name: &str) -> (TempDir, PathBuf) {
    let (built, folder) = (built(), tempfile::tempdir().expect("a folder"));
    let prefix = folder.path().join(name);
    let mut install = Command::new(root().join("packaging/install"));
    run(install.arg("--prefix").arg(&prefix).arg("--built").arg(built.path()));
    (folder, prefix)
}

#[test]
fn the_tree_has_everything_in_the_usual_places_and_no_archive() {
    let (_folder, prefix) = installed("школа");
    for file in TREE {
        assert!(prefix.join(file).exists(), "{file}");
    }
    let link = |name: &str| fs::read_link(prefix.join("lib").join(name)).expect("a link");
    assert_eq!(link("libzvonok.so"), Path::new("libzvonok.so.1"));
    assert_eq!(link("libzvonok.so.1"), Path::new("libzvonok.so.1.0.0"));
    let archives = run(Command::new("find").arg(&prefix).args(["-name", "*.a"]));
    assert_eq!(archives, "");
}

#[test]
fn the_first_number_of_the_librarys_version_is_the_generation_of_the_interface() {
    let manifest = fs::read_to_string(root().join("Cargo.toml")).expect("the manifest");
    let (_, library) = manifest.split_once("[package.metadata.capi.library]").expect("metadata");
    let version = library.split('"').nth(3).expect("a version");
    let generation = version.split('.').next().expect("a number");
    assert_eq!(generation, zvonok::ffi::ZVONOK_ABI_VERSION.to_string());
}

/// `cargo cinstall` refuses a package without a feature of this name, and would make a header and an
/// archive of its own.
#[test]
fn cargo_c_is_told_to_lay_out_the_same_library_and_header() {
    let mut cargo = Command::new(env!("CARGO"));
    let told = run(cargo.args(["metadata", "--offline", "--no-deps", "--format-version", "1"]));
    let told: serde_json::Value = serde_json::from_str(&told).expect("JSON");
    let package = &told["packages"][0];
    assert_eq!(package["features"]["capi"], serde_json::json!([]));
    let capi = &package["metadata"]["capi"];
    assert_eq!(capi["header"]["generation"], false);
    assert_eq!(capi["install"]["include"]["asset"][0]["from"], "include/zvonok.h");
    let (_folder, prefix) = installed("prefix");
    let pkg_config = fs::read_to_string(prefix.join("lib/pkgconfig/zvonok.pc")).expect("a file");
    for key in ["name", "description"] {
        let value = capi["pkg_config"][key].as_str().expect("a text");
        assert!(
            pkg_config.to_lowercase().contains(&format!("{key}: {value}").to_lowercase()),
            "{key}"
        );
    }
}

#[test]
fn a_c_host_is_built_by_what_pkg_config_says_and_runs() {
    // pkg-config writes other letters the way a shell reads them.
    let (folder, prefix) = installed("school");
    let source = folder.path().join("host.c");
    fs::write(&source, HOST).expect("a source");
    let pkg_config = |what: &[&str]| {
        let mut asked = Command::new("pkg-config");
        asked.env("PKG_CONFIG_PATH", prefix.join("lib/pkgconfig")).args(what).arg("zvonok");
        run(&mut asked).trim().to_owned()
    };
    let host = folder.path().join("host");
    let flags = pkg_config(&["--cflags", "--libs"]);
    let mut cc = Command::new("cc");
    run(cc.arg(&source).arg("-o").arg(&host).args(flags.split_whitespace()));
    let said = run(Command::new(&host).env("LD_LIBRARY_PATH", prefix.join("lib")));
    let version = pkg_config(&["--modversion"]);
    assert!(said.starts_with(&format!("1 zvonok {version} ")), "{said}");
    // Loaded by its soname, not by the name that only builds use.
    let needs = run(Command::new("readelf").arg("-d").arg(&host));
    assert!(needs.contains("[libzvonok.so.1]"), "{needs}");
}

#[test]
fn a_c_host_is_built_by_cmake_also_after_the_tree_has_moved() {
    let (folder, prefix) = installed("школа");
    let moved = folder.path().join("moved");
    fs::rename(&prefix, &moved).expect("moved");
    let (source, build) = (folder.path().join("source"), folder.path().join("build"));
    fs::create_dir(&source).expect("a folder");
    fs::write(source.join("host.c"), HOST).expect("a source");
    fs::write(source.join("CMakeLists.txt"), CMAKE).expect("a project");
    let mut cmake = Command::new("cmake");
    run(cmake.arg("-S").arg(&source).arg("-B").arg(&build).arg({
        let mut option = std::ffi::OsString::from("-DCMAKE_PREFIX_PATH=");
        option.push(&moved);
        option
    }));
    run(Command::new("cmake").arg("--build").arg(&build));
    let said = run(&mut Command::new(build.join("host")));
    assert!(said.starts_with("1 zvonok "), "{said}");
}

#[test]
fn every_command_has_a_manual_page_in_both_languages() {
    let (_folder, prefix) = installed("школа");
    let help = run(Command::new(env!("CARGO_BIN_EXE_zvonok")).args(["--lang", "en", "--help"]));
    let commands = help.lines().skip_while(|line| *line != "Commands:").skip(1);
    let commands: Vec<&str> = commands
        .take_while(|line| line.starts_with("  "))
        .filter(|line| !line.starts_with("   "))
        .filter_map(|line| line.split_whitespace().next())
        .collect();
    assert!(commands.contains(&"sync") && commands.len() > 8, "{help}");
    for command in commands {
        for (folder, word) in [("man1", "Print this help"), ("ru/man1", "Показать эту справку")]
        {
            let page = prefix.join(format!("share/man/{folder}/zvonok-{command}.1"));
            let text = fs::read_to_string(&page).expect(command);
            assert!(text.contains(word), "{}", page.display());
        }
    }
}

#[test]
fn bash_completes_commands_and_their_options() {
    let (_folder, prefix) = installed("школа");
    let script = "source \"$1\"; COMP_WORDS=(zvonok \"$2\" \"$3\"); COMP_CWORD=$4; \
                  _zvonok zvonok \"${COMP_WORDS[$4]}\" x; echo \"${COMPREPLY[@]}\"";
    let completed = |words: [&str; 2], at: &str| {
        let file = prefix.join("share/bash-completion/completions/zvonok");
        let mut bash = Command::new("bash");
        run(bash.args(["-c", script, "bash"]).arg(file).args(words).arg(at))
    };
    assert_eq!(completed(["expl", ""], "1").trim(), "explain");
    assert!(completed(["sync", "--ros"], "2").contains("--roster"));
}

#[test]
fn a_package_says_what_it_needs_and_comes_out_the_same_twice() {
    let (built, out) = (built(), tempfile::tempdir().expect("a folder"));
    let make = |to: &str| {
        let folder = out.path().join(to);
        let mut deb = Command::new(root().join("packaging/deb"));
        deb.arg("--built").arg(built.path()).arg("--out").arg(&folder);
        PathBuf::from(run(deb.env("SOURCE_DATE_EPOCH", "1767225600")).trim())
    };
    let (first, second) = (make("first"), make("second"));
    assert!(fs::read(&first).expect("one") == fs::read(second).expect("two"), "they differ");
    let needs = run(Command::new("dpkg-deb").arg("-f").arg(&first).arg("Depends"));
    assert!(needs.starts_with("libc6 (>= 2."), "{needs}");
    let files = run(Command::new("dpkg-deb").arg("-c").arg(&first));
    for file in [
        "/usr/bin/zvonok",
        "/usr/include/zvonok.h",
        "-linux-gnu/libzvonok.so.1 -> libzvonok.so.1.0.0",
        "/usr/share/zvonok/profiles/paragraf.lua",
        "/usr/share/man/ru/man1/zvonok-sync.1.gz",
        "/usr/share/doc/zvonok/copyright",
    ] {
        assert!(files.contains(file), "{file}: {files}");
    }
    assert!(!files.contains("/tmp/"), "{files}");
}
