//! A profile of a school's own: a shipped one with some of its texts replaced.

use tempfile::TempDir;

pub(crate) const PARAGRAF: &str = include_str!("../../scripts/paragraf.lua");

/// Writes it down; its folder, and the path to it.
pub(crate) fn written(script: &str, changes: &[(&str, &str)]) -> (TempDir, String) {
    let mut script = script.to_owned();
    for (old, new) in changes {
        assert_eq!(script.matches(old).count(), 1, "{old}");
        script = script.replace(old, new);
    }
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("own.lua");
    std::fs::write(&path, script).expect("a file");
    let path = path.to_str().expect("a path").to_owned();
    (folder, path)
}
