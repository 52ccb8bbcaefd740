//! How a host in each language is built and started.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use crate::shipped;

/// Runs a host to its end; what it wrote. Its locale has Cyrillic, without which Java opens no such
/// file.
pub(crate) fn run(mut host: Command, arguments: &[&Path]) -> String {
    host.args(arguments).env("LC_ALL", "C.UTF-8").env_remove("JAVA_TOOL_OPTIONS");
    let done = host.output().expect("the host starts");
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

/// A step of building; where it fails, all that it said.
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
    host.arg("-B").arg(at(script)).env("PYTHONPATH", installed);
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
    let wheel = folder.join(format!("zvonok-{}-py3-none-any.whl", env!("CARGO_PKG_VERSION")));
    let installed = folder.join("installed");
    build(
        pip().args(["install", "--no-deps", "--no-index", "--target"]).arg(&installed).arg(wheel),
    );
    assert!(installed.join("zvonok/py.typed").exists(), "the types come along");
    installed
}

/// The library under its names, for hosts that are linked with it.
fn linked() -> &'static Path {
    static FOLDER: OnceLock<PathBuf> = OnceLock::new();
    FOLDER.get_or_init(|| {
        let folder = workshop("linked");
        for name in ["libzvonok.so", "libzvonok.so.1"] {
            symlink(shipped::library(), folder.join(name)).expect("a link");
        }
        folder
    })
}

/// A C++ host, compiled as strict C++17 with warnings as errors, that ends where it touches memory
/// which is not its own.
pub(crate) fn cpp(source: &str) -> Command {
    let program = workshop(&name("cpp", source)).join("host");
    build(
        Command::new("g++")
            .args(["-std=c++17", "-Wall", "-Wextra", "-Werror", "-pedantic", "-g"])
            .args(["-fsanitize=address,undefined", "-fno-sanitize-recover=all"])
            .args([at_option("-I", "include"), at_option("-I", "bindings/cpp")])
            .arg(at(source))
            .arg(format!("-L{}", linked().display()))
            .arg(format!("-Wl,-rpath,{}", linked().display()))
            .arg("-lzvonok")
            .arg("-o")
            .arg(&program),
    );
    Command::new(program)
}

/// A C# host, compiled as C# 5 with warnings as errors and run by Mono.
pub(crate) fn csharp(source: &str) -> Command {
    let folder = workshop(&name("csharp", source));
    let compiler = || {
        let mut compiler = Command::new("mcs");
        compiler.args(["-langversion:5", "-warnaserror", "-warn:4"]).current_dir(&folder);
        compiler
    };
    let sources = files("bindings/csharp", "cs");
    build(compiler().args(["-target:library", "-out:Zvonok.dll"]).args(sources));
    fs::copy(at("bindings/csharp/Zvonok.dll.config"), folder.join("Zvonok.dll.config"))
        .expect("the configuration");
    build(compiler().args(["-r:Zvonok.dll", "-out:host.exe"]).arg(at(source)));
    let mut host = Command::new("mono");
    host.arg(folder.join("host.exe"));
    host
}

/// A Free Pascal host in Delphi mode, with warnings and notes as errors. For Windows `.ci/windows` has
/// compiled it the same way.
pub(crate) fn pascal(source: &str) -> Command {
    if let Some(windows) = shipped::windows() {
        let program = Path::new(source).with_extension("exe");
        return shipped::start(&windows.folder.join(program.file_name().expect("a name")));
    }
    let folder = workshop(&name("pascal", source));
    compile_pascal(&folder, &at(source), &["-Mdelphi", "-Sewn", "-vewn"]);
    Command::new(folder.join("host"))
}

/// A Free Pascal host whose strings are UTF-16; the compiler tells each place where one is made.
pub(crate) fn pascal_unicode(source: &str) -> Command {
    let folder = workshop(&(name("pascal", source) + "-unicode"));
    compile_pascal(&folder, &at(source), &["-Mdelphiunicode", "-dUNICODE", "-ve"]);
    Command::new(folder.join("host"))
}

fn compile_pascal(folder: &Path, source: &Path, options: &[&str]) {
    let folder = folder.display();
    build(
        Command::new("fpc")
            .args(options)
            .args(["-l-", "-ohost", &format!("-FE{folder}"), &format!("-FU{folder}")])
            .arg(at_option("-Fu", "bindings/pascal"))
            .arg(source),
    );
}

/// A Java host, compiled for Java 8, with the JNA of the system.
pub(crate) fn java(source: &str, class: &str) -> Command {
    const JNA: &str = "/usr/share/java/jna.jar";
    let folder = workshop(&name("java", source));
    build(
        Command::new("javac")
            .args(["--release", "8", "-Xlint:all,-options", "-Werror", "-cp", JNA, "-d"])
            .arg(&folder)
            .args(files("bindings/java/src/zvonok", "java"))
            .arg(at(source)),
    );
    let mut host = Command::new("java");
    host.args(["-XX:TieredStopAtLevel=1", "-cp"]).arg(format!("{JNA}:{}", folder.display()));
    host.arg(class);
    host
}

/// A PHP host.
pub(crate) fn php(source: &str) -> Command {
    let mut host = Command::new("php");
    host.args(["-d", "display_errors=stderr", "-d", "ffi.enable=true"]).arg(at(source));
    host.env("ZVONOK_PHP", at("bindings/php"));
    host
}

/// A name for what is built from a source.
fn name(language: &str, source: &str) -> String {
    let kind = if source.contains("sample") { "sample" } else { "runner" };
    format!("{language}-{kind}")
}

fn at_option(option: &str, path: &str) -> String {
    format!("{option}{}", at(path).display())
}

/// The sources of a folder.
pub(crate) fn files(folder: &str, ending: &str) -> Vec<PathBuf> {
    let entries = fs::read_dir(at(folder)).expect(folder);
    let paths = entries.map(|entry| entry.expect("an entry").path());
    let mut found: Vec<PathBuf> =
        paths.filter(|path| path.extension().is_some_and(|found| found == ending)).collect();
    found.sort();
    assert!(!found.is_empty(), "{folder}");
    found
}
