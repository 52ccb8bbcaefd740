//! A task that nobody watches: its settings in a file, its outcome in a log beside that file.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use jiff::tz::TimeZone;
use serde_json::Value;

use super::{Done, run};
use crate::clock::Clock;
use crate::error::{Code, Error, Fault, Text};
use crate::host::{Host, Level, Phase};
use crate::session::Cancel;

/// Runs the task of a settings file whose path is absolute. What happens is added, as it happens, to
/// the log beside it, `<settings file>.log`: the start, what the library tells its host, and the end
/// with every fault, in UTF-8 and UTC. A log that has grown to a mebibyte becomes `….log.old` first.
/// Where no log can be written, the report's file is all that is left.
pub fn unattended(settings: &Path) -> Code {
    let log = Log::open(settings);
    log.line("start", &format!("{}; {}", crate::version(), settings.display()));
    let (session, outcome) = by_file(settings, Box::new(log.clone()), Cancel::default());
    drop(session);
    let (code, text) = match outcome {
        Ok((code, report)) => (code, counts(&report)),
        Err(error) => {
            error.faults.iter().for_each(|fault| log.fault(fault));
            (error.code, both(&error.message))
        }
    };
    log.line("end", &format!("{} ({}), {}; {text}", code.name(), code as i32, code.text()));
    code
}

/// Runs the task of a settings file; relative paths in it are read from its folder.
///
/// # Errors
/// As [`run`]; [`Code::Config`] for a file that cannot be read.
pub fn by_file(settings: &Path, host: Box<dyn Host + Send>, cancel: Cancel) -> Done {
    match fs::read(settings) {
        Ok(bytes) => run(&bytes, settings.parent(), host, cancel),
        Err(error) => {
            let error = unreadable(settings, &error);
            (Err(error.clone()), Err(error))
        }
    }
}

fn unreadable(settings: &Path, error: &io::Error) -> Error {
    let message = Text::new(
        format!("файл настроек не читается: {error}"),
        format!("the settings file cannot be read: {error}"),
    );
    let at = settings.display().to_string();
    Error::with_faults(Code::Config, vec![Fault::new("settings.unreadable", at, "", message)])
}

/// What a finished cycle amounts to; the rest is in the report's file.
fn counts(report: &Value) -> String {
    let rows = |name: &str| report[name].as_array().map_or(0, Vec::len);
    format!("done: {}; failed: {}; held: {}", report["done"], rows("failed"), rows("held"))
}

fn both(text: &Text) -> String {
    format!("{} / {}", text.ru, text.en)
}

/// The log; without a file it says nothing.
#[derive(Clone)]
struct Log {
    file: Option<Arc<Mutex<File>>>,
    clock: Clock,
}

impl Log {
    fn open(settings: &Path) -> Log {
        let file = begin(&with_ending(settings, ".log")).ok();
        Log {
            file: file.map(|file| Arc::new(Mutex::new(file))),
            clock: Clock::new(None, TimeZone::UTC),
        }
    }

    fn fault(&self, fault: &Fault) {
        let value = if fault.value.is_empty() { "" } else { &format!(" [{}]", fault.value) };
        self.line("fault", &format!("{}{value}: {}", fault.at, both(&fault.message)));
    }

    /// Adds a line at once, whole, so that tasks which overlap do not mix theirs.
    fn line(&self, kind: &str, text: &str) {
        let Some(file) = &self.file else { return };
        let (now, process) = (self.clock.show(self.clock.now()), std::process::id());
        let line = format!("{now} [{process}] {kind}: {}\r\n", text.replace(['\r', '\n'], " "));
        let mut file = file.lock().unwrap_or_else(PoisonError::into_inner);
        // A full disk is told by the cycle itself, whose state lies on it.
        let _ = file.write_all(line.as_bytes());
    }
}

impl Host for Log {
    fn log(&self, level: Level, text: &str) {
        match level {
            Level::Error => self.line("error", text),
            Level::Warning => self.line("warning", text),
            Level::Info => self.line("info", text),
            Level::Debug => {}
        }
    }

    fn progress(&self, _phase: Phase, _done: u32, _total: u32) -> bool {
        true
    }
}

/// Opens a log for adding to it. A new one begins with the mark by which old editors know UTF-8.
fn begin(path: &Path) -> io::Result<File> {
    const LARGEST: u64 = 1024 * 1024;
    if fs::metadata(path).is_ok_and(|found| found.len() >= LARGEST) {
        // Another task may have it open; then it grows on.
        let _ = fs::rename(path, with_ending(path, ".old"));
    }
    let mut file = OpenOptions::new().append(true).create(true).open(path)?;
    if file.metadata()?.len() == 0 {
        file.write_all(b"\xef\xbb\xbf")?;
    }
    Ok(file)
}

fn with_ending(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    name.into()
}
