//! The files of a zip. Nothing is written anywhere, and of an entry's path only the last part
//! counts, so that a path can lead nowhere; sizes are measured while unpacking, not believed.

use std::io::{Cursor, Read};
use std::path::Path;

use zip::ZipArchive;
use zip::result::ZipError;

use super::{MOST_BYTES, Named, collected, faults, form};
use crate::error::Fault;

/// So many entries a zip may have: a roster has about a dozen files.
const MOST_ENTRIES: usize = 1_000;

/// Whether this is a zip, by how each begins: with an entry, or empty with its end.
pub(super) fn is_zip(bytes: &[u8]) -> bool {
    bytes.starts_with(b"PK\x03\x04") || bytes.starts_with(b"PK\x05\x06")
}

/// Unpacks the files of a roster.
pub(super) fn read(path: &Path, bytes: &[u8]) -> Result<Vec<Named>, Fault> {
    let mut zip = ZipArchive::new(Cursor::new(bytes))
        .map_err(|error| faults::broken_zip(path, "", &error.to_string()))?;
    if zip.len() > MOST_ENTRIES {
        return Err(faults::too_many_entries(path, zip.len(), MOST_ENTRIES));
    }
    let mut files = Vec::new();
    let mut left = MOST_BYTES;
    for at in 0..zip.len() {
        let Some(name) = wanted(path, &mut zip, at)? else { continue };
        let bytes = unpack(path, &mut zip, at, &name, left)?;
        left -= bytes.len() as u64;
        files.push(Named { name, bytes });
    }
    collected(path, files)
}

/// The name of an entry that is a file of a roster.
fn wanted(
    path: &Path,
    zip: &mut ZipArchive<Cursor<&[u8]>>,
    at: usize,
) -> Result<Option<String>, Fault> {
    let entry = zip.by_index_raw(at);
    let entry = entry.map_err(|error| faults::broken_zip(path, "", &error.to_string()))?;
    // A name that is no text is none that a roster has.
    let Ok(full) = entry.name() else { return Ok(None) };
    let name = full.rsplit(['/', '\\']).next().unwrap_or_default().to_lowercase();
    // A Mac puts a shadow of each file beside it.
    if !entry.is_file() || !form::is_known(&name) || full.starts_with("__MACOSX/") {
        return Ok(None);
    }
    if entry.encrypted() {
        return Err(faults::encrypted(path, &name));
    }
    Ok(Some(name))
}

fn unpack(
    path: &Path,
    zip: &mut ZipArchive<Cursor<&[u8]>>,
    at: usize,
    name: &str,
    left: u64,
) -> Result<Vec<u8>, Fault> {
    let entry = zip.by_index(at).map_err(|error| match error {
        ZipError::UnsupportedArchive(_) => faults::unsupported_zip(path, name),
        error => faults::broken_zip(path, name, &error.to_string()),
    })?;
    let mut bytes = Vec::new();
    entry
        .take(left + 1)
        .read_to_end(&mut bytes)
        .map_err(|error| faults::broken_zip(path, name, &error.to_string()))?;
    if bytes.len() as u64 > left {
        return Err(faults::too_large(&path.join(name)));
    }
    Ok(bytes)
}
