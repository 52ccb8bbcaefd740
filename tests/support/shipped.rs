//! The library as hosts get it, and C programs that load it.
#![allow(dead_code, reason = "each file of tests needs its own part of this")]
#![allow(clippy::disallowed_methods, reason = "which Windows it is stands in the environment")]

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

/// A Windows that Wine plays, on which the hosts run instead of on this machine. `.ci/windows` says so
/// by `ZVONOK_WINDOWS`: the processor, the folder that is its root here, and the folder with
/// `zvonok.dll`, with colons between.
pub(crate) struct Windows {
    pub(crate) cpu: String,
    root: PathBuf,
    pub(crate) folder: PathBuf,
}

pub(crate) fn windows() -> Option<&'static Windows> {
    static WINDOWS: OnceLock<Option<Windows>> = OnceLock::new();
    let read = || {
        let named = std::env::var("ZVONOK_WINDOWS").ok()?;
        let [cpu, root, folder] = named.split(':').collect::<Vec<_>>()[..] else {
            panic!("ZVONOK_WINDOWS={named}")
        };
        Some(Windows { cpu: cpu.to_owned(), root: root.into(), folder: folder.into() })
    };
    WINDOWS.get_or_init(read).as_ref()
}

impl Windows {
    /// A program of Windows' own or of ours.
    pub(crate) fn wine(&self, program: &str) -> Command {
        let mut command = match self.root.parent() {
            None => Command::new("wine"),
            Some(_) => {
                let mut inside = Command::new("chroot");
                inside.env("TMPDIR", "/tmp").arg(&self.root).arg("wine");
                inside
            }
        };
        command.arg(program);
        command
    }
}

/// A path as hosts know it.
pub(crate) fn seen(path: &Path) -> String {
    let Some(windows) = windows() else { return path.display().to_string() };
    format!("Z:/{}", path.strip_prefix(&windows.root).expect("inside the root").display())
}

/// Starts a host.
pub(crate) fn start(program: &Path) -> Command {
    windows().map_or_else(|| Command::new(program), |windows| windows.wine(&seen(program)))
}

/// A folder for one host. Its name is not ASCII, as names on schools' machines are not.
pub(crate) fn folder() -> tempfile::TempDir {
    tempfile::Builder::new().prefix("школа-").tempdir().expect("a folder")
}

/// The release library, built once for all test binaries.
pub(crate) fn library() -> &'static Path {
    static LIBRARY: OnceLock<PathBuf> = OnceLock::new();
    LIBRARY.get_or_init(|| {
        if let Some(windows) = windows() {
            return windows.folder.join("zvonok.dll");
        }
        let target = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/shipped");
        fs::create_dir_all(&target).expect("a folder for the build");
        let lock = File::create(target.join("tests.lock")).expect("a lock file");
        lock.lock().expect("the lock");
        let built = Command::new(env!("CARGO"))
            .current_dir(env!("CARGO_MANIFEST_DIR"))
            .args(["build", "--release", "--lib", "--no-default-features", "--target-dir"])
            .arg(&target)
            .output()
            .expect("cargo runs");
        assert!(built.status.success(), "{}", String::from_utf8_lossy(&built.stderr));
        target.join("release/libzvonok.so")
    })
}

/// Compiles a program of `tests/c` as strict C99 with warnings as errors.
pub(crate) fn compile(name: &str) -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let folder =
        windows().map_or(Path::new(env!("CARGO_TARGET_TMPDIR")), |windows| &windows.folder);
    let program = folder.join(format!("{name}-{}.exe", std::process::id()));
    let mut compiler = match windows() {
        None => Command::new("cc"),
        Some(windows) => Command::new(format!("{}-w64-mingw32-gcc", windows.cpu)),
    };
    compiler
        .args(["-std=c99", "-Wall", "-Wextra", "-Werror", "-g", "-I"])
        .arg(root.join("include"))
        .arg(root.join("tests/c").join(format!("{name}.c")))
        .arg("-o")
        .arg(&program);
    match windows() {
        None => compiler.args(["-ldl", "-lpthread", "-lm"]),
        // On Windows the program says how large every stack is.
        Some(_) => compiler.args(["-static", "-lpthread", "-lcrypt32", "-Wl,--stack,262144"]),
    };
    let done = compiler.output().expect("the compiler runs");
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    program
}
