//! Text that the host hands in: a pointer and a length.

use std::ffi::{CStr, c_char};
use std::path::Path;

use crate::error::{Code, Error, Fault, Result, Text};

/// `len` for "up to the NUL".
const UP_TO_NUL: usize = usize::MAX;

/// The bytes behind an argument called `name`; NULL with length 0 is nothing.
///
/// # Errors
/// [`Code::BadArgument`]: NULL with a length, or a length that no memory has.
///
/// # Safety
/// `at` is NULL, or readable for `len` bytes, or up to a NUL where `len` is `(size_t)-1`, as long
/// as the result lives.
pub(super) unsafe fn bytes<'a>(name: &str, at: *const c_char, len: usize) -> Result<&'a [u8]> {
    match (at.is_null(), len) {
        (true, 0) => Ok(&[]),
        (true, _) => Err(refused(name, "NULL", "не может быть NULL", "cannot be NULL")),
        // SAFETY: not NULL, and the caller promises a NUL at the end.
        (false, UP_TO_NUL) => Ok(unsafe { CStr::from_ptr(at) }.to_bytes()),
        (false, _) if isize::try_from(len).is_err() => {
            let (ru, en) = ("такой длины не бывает", "there is no such length");
            Err(refused(name, &len.to_string(), ru, en))
        }
        // SAFETY: not NULL, and the caller promises `len` bytes.
        (false, _) => Ok(unsafe { std::slice::from_raw_parts(at.cast(), len) }),
    }
}

/// The text behind an argument called `name`.
///
/// # Errors
/// As [`bytes`]; not UTF-8.
///
/// # Safety
/// As [`bytes`].
pub(super) unsafe fn text<'a>(name: &str, at: *const c_char, len: usize) -> Result<&'a str> {
    // SAFETY: the caller promises what `bytes` asks for.
    utf8(name, unsafe { bytes(name, at, len) }?)
}

/// Bytes that must be UTF-8.
///
/// # Errors
/// [`Code::BadArgument`] with the place of the first byte that is not.
pub(super) fn utf8<'a>(name: &str, bytes: &'a [u8]) -> Result<&'a str> {
    std::str::from_utf8(bytes).map_err(|error| {
        let byte = error.valid_up_to();
        refused(&format!("{name}:{byte}"), "", "ожидается UTF-8", "expected UTF-8")
    })
}

/// A path, which must be absolute: the library never asks for the working directory.
///
/// # Errors
/// [`Code::Roster`].
pub(super) fn absolute(path: &str) -> Result<&Path> {
    let found = Path::new(path);
    if found.is_absolute() {
        return Ok(found);
    }
    let message = Text::new("ожидается полный путь", "expected an absolute path");
    let fault = Fault::new("roster.path", "path", path, message);
    Err(Error::with_faults(Code::Roster, vec![fault]))
}

/// [`Code::BadArgument`] about the argument `at`.
pub(super) fn refused(at: &str, value: &str, ru: &str, en: &str) -> Error {
    let fault = Fault::new("argument.refused", at, value, Text::new(ru, en));
    Error::with_faults(Code::BadArgument, vec![fault])
}
