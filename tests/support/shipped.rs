//! The library as hosts get it, and C programs that load it.
#![allow(dead_code, reason = "each file of tests needs its own part of this")]

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

/// The release library, built once for all test binaries.
pub(crate) fn library() -> &'static Path {
    static LIBRARY: OnceLock<PathBuf> = OnceLock::new();
    LIBRARY.get_or_init(|| {
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
    let program =
        Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{name}-{}", std::process::id()));
    let done = Command::new("cc")
        .args(["-std=c99", "-Wall", "-Wextra", "-Werror", "-g", "-I"])
        .arg(root.join("include"))
        .arg(root.join("tests/c").join(format!("{name}.c")))
        .arg("-o")
        .arg(&program)
        .args(["-ldl", "-lpthread", "-lm"])
        .output()
        .expect("cc runs");
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    program
}
