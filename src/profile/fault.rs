//! From an error of the script to a fault with its file, line and object.

use mlua::Error as LuaError;

use crate::error::{Code, Error, Fault, Text};

/// An error that the room raises inside a script, in both languages.
#[derive(Debug, Clone)]
pub(super) struct Said {
    code: &'static str,
    text: Text,
    line: Option<u32>,
}

impl std::fmt::Display for Said {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.text.en)
    }
}

impl std::error::Error for Said {}

/// The room's own error about what a script did.
pub(super) fn said(text: Text) -> LuaError {
    said_as("profile.script", text)
}

/// The same, under another fault code.
pub(super) fn said_as(code: &'static str, text: Text) -> LuaError {
    said_at(code, text, None)
}

/// The same, about a line that the room knows better than Luau.
pub(super) fn said_at(code: &'static str, text: Text, line: Option<u32>) -> LuaError {
    let text = Text::new(shortened(text.ru), shortened(text.en));
    LuaError::external(Said { code, text, line })
}

/// Several errors of one table, told together.
#[derive(Debug, Clone)]
struct Several(Vec<LuaError>);

impl std::fmt::Display for Several {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let texts: Vec<String> = self.0.iter().map(caught).collect();
        f.write_str(&texts.join("\n"))
    }
}

impl std::error::Error for Several {}

/// Gathers the errors of parts that can be looked at one without the other.
#[derive(Default)]
pub(super) struct Gathered(Vec<LuaError>);

impl Gathered {
    /// Takes what an attempt gave, or its errors.
    pub(super) fn keep<T>(&mut self, attempt: mlua::Result<T>) -> Option<T> {
        match attempt {
            Ok(value) => return Some(value),
            Err(error) => match several(&error) {
                Some(all) => self.0.extend_from_slice(all),
                None => self.0.push(error),
            },
        }
        None
    }

    /// # Errors
    /// All that were gathered.
    pub(super) fn done(self) -> mlua::Result<()> {
        self.made(Some(()))
    }

    /// What was made of the parts; it lacks a part only where that part's error was gathered.
    ///
    /// # Errors
    /// All that were gathered.
    pub(super) fn made<T>(mut self, whole: Option<T>) -> mlua::Result<T> {
        match (whole, self.0.len()) {
            (Some(whole), 0) => Ok(whole),
            (_, 1) => Err(self.0.remove(0)),
            _ => Err(LuaError::external(Several(self.0))),
        }
    }
}

/// The errors inside one that stands for several, whatever is wrapped around it.
fn several(error: &LuaError) -> Option<&[LuaError]> {
    match error {
        LuaError::CallbackError { cause, .. }
        | LuaError::WithContext { cause, .. }
        | LuaError::BadArgument { cause, .. } => several(cause),
        LuaError::ExternalError(inner) => {
            inner.downcast_ref::<Several>().map(|several| several.0.as_slice())
        }
        _ => None,
    }
}

/// A message short enough for a log: a script may raise an error as long as its memory.
fn shortened(text: String) -> String {
    const LONGEST: usize = 1000;
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}

/// The error as the text that a script's `pcall` gets.
pub(super) fn caught(error: &LuaError) -> String {
    match error {
        LuaError::CallbackError { cause, .. } => caught(cause),
        LuaError::RuntimeError(message) => {
            let message = message.split("\nstack traceback:").next().unwrap_or_default();
            shortened(message.to_owned())
        }
        other => shortened(other.to_string()),
    }
}

/// What a Lua error tells, taken out of mlua's wrapping.
struct Told {
    code: &'static str,
    text: Text,
    line: Option<u32>,
}

/// The error of a script as the library's own, with a fault for each that it stands for: `at` is
/// `file:line`, and the message names the object that the script was working on.
pub(super) fn profile_error(error: &LuaError, file: &str, object: Option<&str>) -> Error {
    let chunk = chunk_name(file);
    let whole = tell(error, chunk);
    let Some(all) = several(error) else {
        return Error::with_faults(Code::Profile, vec![fault(whole, file, object)]);
    };
    let each = all.iter().map(|one| tell(one, chunk));
    let each = each.map(|told| Told { line: told.line.or(whole.line), ..told });
    Error::with_faults(Code::Profile, each.map(|told| fault(told, file, object)).collect())
}

fn fault(told: Told, file: &str, object: Option<&str>) -> Fault {
    let at = match told.line {
        Some(line) => format!("{file}:{line}"),
        None => file.to_owned(),
    };
    let (ru, en) = match object {
        Some(object) => (format!(" (объект {object})"), format!(" (object {object})")),
        None => Default::default(),
    };
    let message = Text::new(told.text.ru + &ru, told.text.en + &en);
    Fault::new(told.code, at, object.unwrap_or_default(), message)
}

/// What Luau calls the chunk. It cuts names at 256 bytes, so a long path goes by its end.
pub(super) fn chunk_name(file: &str) -> &str {
    const LONGEST: usize = 200;
    let mut start = file.len().saturating_sub(LONGEST);
    while !file.is_char_boundary(start) {
        start += 1;
    }
    &file[start..]
}

fn tell(error: &LuaError, chunk: &str) -> Told {
    match error {
        LuaError::CallbackError { traceback, cause } => {
            let mut told = tell(cause, chunk);
            // The innermost place is where it went wrong; outer tracebacks say only who asked.
            told.line = told.line.or_else(|| line_in(traceback, chunk));
            told
        }
        LuaError::WithContext { cause, .. } => tell(cause, chunk),
        LuaError::BadArgument { cause, .. } => tell(cause, chunk),
        LuaError::ExternalError(inner) => match inner.downcast_ref::<Said>() {
            Some(said) => Told { code: said.code, text: said.text.clone(), line: said.line },
            None => plain(&inner.to_string(), "profile.script", chunk),
        },
        LuaError::SyntaxError { message, .. } => plain(message, "profile.syntax", chunk),
        LuaError::MemoryError(message) => too_much_memory(message),
        LuaError::RuntimeError(message) => plain(message, "profile.script", chunk),
        other => plain(&other.to_string(), "profile.script", chunk),
    }
}

fn too_much_memory(message: &str) -> Told {
    let text = Text::new(
        format!("скрипту не хватило отведённой памяти ({message})"),
        format!("the script used up its memory ({message})"),
    );
    Told { code: "profile.memory", text, line: None }
}

/// A message of Luau's own, `file:line: what`, perhaps with a traceback after it.
fn plain(message: &str, code: &'static str, chunk: &str) -> Told {
    let (head, traceback) = message.split_once("\nstack traceback:").unwrap_or((message, ""));
    if code == "profile.script" && head.ends_with("not enough memory") {
        return Told { line: line_in(traceback, chunk), ..too_much_memory("not enough memory") };
    }
    let line = line_in(head, chunk).or_else(|| line_in(traceback, chunk));
    let what = line.and_then(|line| head.strip_prefix(&format!("{chunk}:{line}: ")));
    let what = shortened(what.unwrap_or(head).to_owned());
    let text = Text::new(format!("ошибка профиля: {what}"), format!("profile error: {what}"));
    Told { code, text, line }
}

/// The first line number that follows the chunk's name.
fn line_in(text: &str, chunk: &str) -> Option<u32> {
    text.match_indices(chunk).find_map(|(at, _)| {
        let after = text[at + chunk.len()..].strip_prefix(':')?;
        let digits = after.find(|c: char| !c.is_ascii_digit()).unwrap_or(after.len());
        after[..digits].parse().ok()
    })
}

/// The only line of a script that assigns this key, for errors about a table's keys: Luau does not
/// remember where a table's key was written.
pub(super) fn line_of_key(script: &str, key: &str) -> Option<u32> {
    let mut lines = script.lines().zip(1..).filter(|(line, _)| {
        line.match_indices(key).any(|(at, _)| {
            let before = line[..at].chars().next_back();
            let after = line[at + key.len()..].trim_start();
            before.is_none_or(|c| !c.is_alphanumeric() && c != '_' && c != '.')
                && after.starts_with('=')
                && !after.starts_with("==")
        })
    });
    let (_, number) = lines.next()?;
    lines.next().is_none().then_some(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_of_a_key_is_told_only_where_it_is_certain() {
        let script = "return {\n  titel = 1,\n  per = 2,\n  per = 3,\n}";
        assert_eq!(line_of_key(script, "titel"), Some(2));
        assert_eq!(line_of_key(script, "per"), None);
        assert_eq!(line_of_key(script, "tit"), None);
    }

    #[test]
    fn a_path_with_a_colon_does_not_hide_the_line() {
        let error = LuaError::RuntimeError(r"C:\p\my.lua:42: attempt to call a nil value".into());
        let told = profile_error(&error, r"C:\p\my.lua", Some("class:1a"));
        assert_eq!(told.faults[0].at, r"C:\p\my.lua:42");
        assert_eq!(
            told.faults[0].message.en,
            "profile error: attempt to call a nil value (object class:1a)"
        );
    }
}
