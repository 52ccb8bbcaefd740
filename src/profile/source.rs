//! Where a profile's text comes from: the library itself, or a file.

use ring::digest::{Context, SHA256};

use super::text::nearest;
use crate::error::{Code, Error, Fault, Result, Text};

/// The profiles that are compiled into the library: name and text.
pub const BUILT_IN: &[(&str, &str)] = &[
    ("ais_poo", include_str!("../../scripts/ais_poo.lua")),
    ("epos_spo", include_str!("../../scripts/epos_spo.lua")),
    ("it_school", include_str!("../../scripts/it_school.lua")),
    ("oneroster", include_str!("../../scripts/oneroster.lua")),
    ("paragraf", include_str!("../../scripts/paragraf.lua")),
];

/// What all profiles share, which scripts see as `zvonok.shared`.
pub(super) const SHARED: &str = include_str!("../../scripts/shared.lua");

/// A script longer than this is no profile.
const LONGEST: u64 = 1024 * 1024;

/// A profile's text, not yet run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// What errors call it: `paragraf.lua`, or the path as given.
    pub name: String,
    /// The Luau text.
    pub text: String,
    /// SHA-256 of the text and of what profiles share, in hexadecimal digits.
    pub fingerprint: String,
}

impl Source {
    /// A profile from its text; `name` is what errors call it.
    pub fn new(name: impl Into<String>, text: impl Into<String>) -> Source {
        let text = text.into();
        let mut hash = Context::new(&SHA256);
        hash.update(SHARED.as_bytes());
        hash.update(text.as_bytes());
        let hash = hash.finish();
        let fingerprint = hash.as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
        Source { name: name.into(), text, fingerprint }
    }
}

/// Finds a profile: a built-in name, or the path of a script.
///
/// # Errors
/// [`Code::Config`] at `profile`, with the built-in names, where there is no such profile or the
/// file cannot be read as UTF-8 text.
pub fn source(name_or_path: &str) -> Result<Source> {
    if let Some((name, text)) = BUILT_IN.iter().find(|(name, _)| *name == name_or_path) {
        return Ok(Source::new(format!("{name}.lua"), *text));
    }
    if !looks_like_a_path(name_or_path) {
        return Err(no_such_profile(name_or_path));
    }
    read(name_or_path)
}

/// Whether a profile is named by the path of its script.
pub(crate) fn looks_like_a_path(text: &str) -> bool {
    text.contains(['/', '\\']) || text.ends_with(".lua") || text.ends_with(".luau")
}

fn read(path: &str) -> Result<Source> {
    let size = std::fs::metadata(path).map_err(|error| unreadable(path, &error.to_string()))?.len();
    if size > LONGEST {
        return Err(unreadable(path, &format!("{size} > {LONGEST} bytes")));
    }
    let text =
        std::fs::read_to_string(path).map_err(|error| unreadable(path, &error.to_string()))?;
    Ok(Source::new(path, text.strip_prefix('\u{feff}').unwrap_or(&text)))
}

fn no_such_profile(name: &str) -> Error {
    let known: Vec<&str> = BUILT_IN.iter().map(|(name, _)| *name).collect();
    let list = known.join(", ");
    let (ru, en) = match nearest(name, known.iter().copied()) {
        Some(near) => (format!("; может быть, «{near}»?"), format!("; did you mean \"{near}\"?")),
        None => Default::default(),
    };
    refused(
        name,
        Text::new(
            format!("нет такого профиля{ru} Есть: {list}; или укажите путь к файлу .lua"),
            format!(
                "there is no such profile{en} There are: {list}; or give the path of a .lua file"
            ),
        ),
    )
}

fn unreadable(path: &str, why: &str) -> Error {
    refused(
        path,
        Text::new(
            format!("файл профиля не читается: {why}"),
            format!("the profile's file cannot be read: {why}"),
        ),
    )
}

fn refused(value: &str, message: Text) -> Error {
    Error::with_faults(Code::Config, vec![Fault::new("config.profile", "profile", value, message)])
}
