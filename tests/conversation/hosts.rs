//! How a host in each language is built and started.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

/// Runs a host to its end; what it wrote.
pub(crate) fn run(mut host: Command, arguments: &[&Path]) -> String {
    let done = host.args(arguments).output().expect("the host starts");
    let errors = String::from_utf8_lossy(&done.stderr);
    assert!(done.status.success(), "{host:?}: {}\n{errors}", done.status);
    assert_eq!(errors, "", "{host:?}");
    String::from_utf8(done.stdout).expect("UTF-8")
}

fn at(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// A folder for what a test builds, empty at first.
fn workshop(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).expect("a folder");
    folder
}

/// A step of building that must go without a word.
fn build(command: &mut Command) {
    let done = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    let said = [done.stdout, done.stderr].concat();
    assert!(done.status.success(), "{command:?}:\n{}", String::from_utf8_lossy(&said));
}

/// A Python host, with the binding from its wheel.
pub(crate) fn python(script: &str) -> Command {
    static INSTALLED: OnceLock<PathBuf> = OnceLock::new();
    let installed = INSTALLED.get_or_init(wheel);
    let mut host = Command::new("python3");
    host.arg("-B").arg(at("tests").join(script)).env("PYTHONPATH", installed);
    host
}

/// Builds the wheel and installs it into a folder.
fn wheel() -> PathBuf {
    let folder = workshop("python");
    // The build writes beside the sources; those of the repository stay clean.
    let sources = folder.join("sources");
    build(Command::new("cp").arg("-r").arg(at("bindings/python")).arg(&sources));
    let pip = || {
        let mut pip = Command::new("python3");
        pip.args(["-m", "pip", "--disable-pip-version-check", "--quiet"]);
        pip
    };
    let options = ["wheel", "--no-build-isolation", "--no-deps", "--no-index", "--wheel-dir"];
    build(pip().args(options).arg(&folder).arg(&sources));
    let wheel = folder.join("zvonok-0.1.0-py3-none-any.whl");
    let installed = folder.join("installed");
    build(pip().args(["install", "--no-deps", "--no-index", "--target"]).arg(&installed).arg(wheel));
    assert!(installed.join("zvonok/py.typed").exists(), "the types come along");
    installed
}
