//! The report in a file: whoever reads it finds the old one or the new one, never a part.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use serde_json::{Value, json};

use crate::error::{Code, Fault, Result, Text};

/// Whether a report can be written there, asked before the cycle.
pub(super) fn probe(path: &Path) -> io::Result<()> {
    if path.is_dir() {
        return Err(io::ErrorKind::IsADirectory.into());
    }
    let beside = beside(path);
    File::create_new(&beside)?;
    fs::remove_file(&beside)
}

/// Says that a report cannot be written there.
pub(super) fn unwritable(path: &Path, error: &io::Error) -> Fault {
    let message = Text::new(
        format!("отчёт сюда не пишется: {error}"),
        format!("the report cannot be written here: {error}"),
    );
    Fault::new("config.bad_value", "report", &path.to_string_lossy(), message)
}

/// Writes what a cycle ended with. Where that fails after all, a finished cycle is
/// [`Code::Partial`], and its report says so in `report_file`.
pub(super) fn write(path: &Path, outcome: Result<(Code, Value)>) -> Result<(Code, Value)> {
    let text = match &outcome {
        Ok((_, report)) => report.to_string(),
        Err(error) => error.to_json().to_string(),
    };
    match (replace(path, &text), outcome) {
        (Err(error), Ok((code, mut report))) => {
            report["report_file"] = json!(unwritable(path, &error));
            Ok((if code == Code::Ok { Code::Partial } else { code }, report))
        }
        (_, outcome) => outcome,
    }
}

fn replace(path: &Path, text: &str) -> io::Result<()> {
    let beside = beside(path);
    let written = fill(&beside, text).and_then(|()| fs::rename(&beside, path));
    if written.is_err() {
        // It may not even exist; the first error is the one that tells.
        let _ = fs::remove_file(&beside);
    }
    written
}

fn fill(path: &Path, text: &str) -> io::Result<()> {
    let mut file = File::create_new(path)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()
}

/// A name in the same folder, and so on the same disk, that nobody else uses.
fn beside(path: &Path) -> PathBuf {
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    let mut name = path.as_os_str().to_owned();
    name.push(format!(".{}-{number}.tmp", std::process::id()));
    name.into()
}
