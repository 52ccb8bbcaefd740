//! The files of a folder. Only those of a roster are opened.

use std::fs;
use std::path::Path;

use super::{MOST_BYTES, Named, collected, faults, form};
use crate::error::Fault;

/// Reads the files of a roster that are in a folder; folders in it are not looked into.
pub(super) fn read(path: &Path) -> Result<Vec<Named>, Fault> {
    let unreadable = |error: std::io::Error| faults::unreadable(path, &error);
    let mut files = Vec::new();
    let mut left = MOST_BYTES;
    for entry in fs::read_dir(path).map_err(unreadable)? {
        let path = entry.map_err(unreadable)?.path();
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        let name = name.to_lowercase();
        if !form::is_known(&name) || path.is_dir() {
            continue;
        }
        let unreadable = |error: std::io::Error| faults::unreadable(&path, &error);
        let size = fs::metadata(&path).map_err(unreadable)?.len();
        left = left.checked_sub(size).ok_or_else(|| faults::too_large(&path))?;
        files.push(Named { name, bytes: fs::read(&path).map_err(unreadable)? });
    }
    collected(path, files)
}
