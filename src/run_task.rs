//! A scheduler's whole job: settings, one cycle, a report in a file.
//!
//! The settings are the configuration's JSON with `roster`, `report` and `options` beside its
//! fields, or a text of `key=value` lines as the exchange tasks of school systems have them (ruling
//! 21): a line each, `#` starts a comment line, everything after the first `=` counts, trimmed,
//! without escapes; UTF-8 or windows-1251; a key without a value counts as absent.

use std::path::{Path, PathBuf};

use serde_json::{Map, Value};

use crate::config::{Config, Options};
use crate::cycle::From;
use crate::document::parse_object;
use crate::error::{Code, Error, Fault, Result, Text};
use crate::host::Host;
use crate::roster::Content;
use crate::session::{Cancel, Session};

mod lines;
mod report;
mod unattended;

use lines::Lines;

pub use unattended::{by_file, unattended};

/// What a task left: the session, where it could be opened, and how the cycle ended.
pub type Done = (Result<Session>, Result<(Code, Value)>);

/// Runs a task. Relative paths are resolved against `folder`, and are faults without it.
///
/// # Errors
/// In the second part: what [`Session::with_config`] and [`Session::sync_path`] fail with;
/// [`Code::BadArgument`] for JSON that is not UTF-8; [`Code::Config`] with the lines of a text. The
/// error is in the report's file, too, where the settings name one that can be written.
pub fn run(
    settings: &[u8],
    folder: Option<&Path>,
    host: Box<dyn Host + Send>,
    cancel: Cancel,
) -> Done {
    let mut settings = match Settings::read(settings) {
        Ok(settings) => settings,
        Err(error) => return (Err(error.clone()), Err(error)),
    };
    if let Some(folder) = folder {
        resolve(&mut settings.map, folder);
    }
    let report = settings.map.get("report").and_then(Value::as_str).map(PathBuf::from);
    let (session, outcome) = match settings.open(host, cancel) {
        Err(error) => (Err(error.clone()), Err(error)),
        Ok((mut session, job)) => {
            let outcome = job.cycle(&mut session).map_err(|error| settings.lines.place(error));
            (Ok(session), outcome)
        }
    };
    match report.filter(|path| path.is_absolute()) {
        Some(path) => (session, report::write(&path, outcome)),
        None => (session, outcome),
    }
}

/// Settings as they were written.
#[derive(Debug)]
struct Settings {
    map: Map<String, Value>,
    /// Where each field stands; empty for JSON, whose faults name the field.
    lines: Lines,
}

/// The cycle that the settings ask for.
#[derive(Debug)]
struct Job {
    roster: PathBuf,
    options: Options,
}

impl Settings {
    fn read(bytes: &[u8]) -> Result<Settings> {
        let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
        if bytes.trim_ascii_start().first() == Some(&b'{') {
            let map = parse_object("settings", utf8(bytes)?)
                .map_err(|fault| Error::with_faults(Code::Config, vec![fault]))?;
            return Ok(Settings { map, lines: Lines::default() });
        }
        let text = match std::str::from_utf8(bytes) {
            Ok(text) => text.into(),
            Err(_) => encoding_rs::WINDOWS_1251.decode_without_bom_handling(bytes).0,
        };
        let (map, lines) = lines::read(&text)?;
        Ok(Settings { map, lines })
    }

    /// Checks everything before anything is done.
    fn open(&self, host: Box<dyn Host + Send>, cancel: Cancel) -> Result<(Session, Job)> {
        let mut faults = Vec::new();
        let mut map = self.map.clone();
        let roster = path(&mut map, "roster", &mut faults);
        if roster.is_none() && faults.is_empty() {
            faults.push(fault(
                "roster",
                "missing_field",
                "",
                "обязательное поле отсутствует",
                "a required field is missing",
            ));
        }
        if let Some(report) = path(&mut map, "report", &mut faults)
            && let Err(error) = report::probe(&report)
        {
            faults.push(report::unwritable(&report, &error));
        }
        let options = options(&mut map, &mut faults);
        let config = match Config::from_map(&map) {
            Ok(config) => Some(config),
            Err(error) => {
                faults.extend(error.faults);
                None
            }
        };
        let (Some(config), Some(roster), true) = (config, roster, faults.is_empty()) else {
            return Err(self.lines.place(Error::with_faults(Code::Config, faults)));
        };
        let session = Session::with_config(config, host, cancel);
        Ok((session.map_err(|error| self.lines.place(error))?, Job { roster, options }))
    }
}

impl Job {
    fn cycle(&self, session: &mut Session) -> Result<(Code, Value)> {
        let roster = Content::at(&self.roster)?;
        session.cycle(From::Handed(&roster), &self.options, "system")
    }
}

fn utf8(bytes: &[u8]) -> Result<&str> {
    std::str::from_utf8(bytes).map_err(|error| {
        Error::new(
            Code::BadArgument,
            format!("настройки в JSON должны быть в UTF-8 (байт {})", error.valid_up_to()),
            format!("settings in JSON must be UTF-8 (byte {})", error.valid_up_to()),
        )
    })
}

fn fault(at: &str, kind: &str, value: &str, ru: &str, en: &str) -> Fault {
    Fault::new(&format!("config.{kind}"), at, value, Text::new(ru, en))
}

/// Takes an absolute path out of the settings.
fn path(map: &mut Map<String, Value>, key: &str, faults: &mut Vec<Fault>) -> Option<PathBuf> {
    let value = map.shift_remove(key).filter(|value| !value.is_null())?;
    let found = value.as_str().map(PathBuf::from).filter(|path| path.is_absolute());
    if found.is_none() {
        let shown = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        let (ru, en) = ("ожидается полный путь", "expected an absolute path");
        faults.push(fault(key, "bad_value", &shown, ru, en));
    }
    found
}

fn options(map: &mut Map<String, Value>, faults: &mut Vec<Fault>) -> Options {
    let read = match map.shift_remove("options") {
        None | Some(Value::Null) => return Options::default(),
        Some(Value::Object(options)) => Options::from_map(&options, "options", Code::Config),
        Some(other) => {
            let (ru, en) = ("ожидается объект", "expected an object");
            let fault = fault("options", "bad_value", &other.to_string(), ru, en);
            Err(Error::with_faults(Code::Config, vec![fault]))
        }
    };
    read.unwrap_or_else(|error| {
        faults.extend(error.faults);
        Options::default()
    })
}

/// Makes the paths of a configuration or of settings absolute: the command line reads them relative
/// to the file that they stand in.
pub fn resolve(map: &mut Map<String, Value>, folder: &Path) {
    for key in ["state", "roster", "report", "ca_file"] {
        against(folder, map.get_mut(key));
    }
    for key in ["platform", "previous_platform"] {
        against(folder, map.get_mut(key).and_then(|platform| platform.get_mut("token_file")));
    }
    // A bare word is the name of a built-in profile.
    let path = |profile: &&mut Value| {
        let text = profile.as_str().unwrap_or_default();
        text.contains(['/', '\\']) || text.ends_with(".lua") || text.ends_with(".luau")
    };
    against(folder, map.get_mut("profile").filter(path));
}

fn against(folder: &Path, value: Option<&mut Value>) {
    if let Some(Value::String(path)) = value
        && !path.is_empty()
    {
        *path = folder.join(&*path).to_string_lossy().into_owned();
    }
}
