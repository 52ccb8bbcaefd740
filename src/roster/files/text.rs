//! The bytes of a CSV file as text: UTF-8 with or without BOM, or windows-1251.

use std::borrow::Cow;

use encoding_rs::WINDOWS_1251;

use super::faults;
use crate::error::Fault;

const BOM: &[u8] = b"\xef\xbb\xbf";

/// Recognises the encoding. What is neither is refused rather than guessed: a title in the wrong
/// letters would rename every chat.
pub(super) fn decode<'a>(file: &str, bytes: &'a [u8]) -> Result<Cow<'a, str>, Fault> {
    if bytes.starts_with(b"\xff\xfe") || bytes.starts_with(b"\xfe\xff") || bytes.contains(&0) {
        return Err(faults::not_text(file));
    }
    let body = bytes.strip_prefix(BOM).unwrap_or(bytes);
    let error = match std::str::from_utf8(body) {
        Ok(text) => return Ok(Cow::Borrowed(text)),
        Err(error) => error,
    };
    let line = 1 + body[..error.valid_up_to()].iter().filter(|byte| **byte == b'\n').count();
    if body.len() < bytes.len() || is_mostly_utf8(body) || !may_be_1251(body) {
        return Err(faults::broken_encoding(file, line));
    }
    Ok(Cow::Owned(WINDOWS_1251.decode_without_bom_handling(body).0.into_owned()))
}

/// Whether most letters outside ASCII are UTF-8: then a few bytes of it are damaged.
fn is_mostly_utf8(bytes: &[u8]) -> bool {
    let (mut sound, mut damaged) = (0, 0);
    for chunk in bytes.utf8_chunks() {
        sound += chunk.valid().bytes().filter(|byte| !byte.is_ascii()).count();
        damaged += chunk.invalid().len();
    }
    sound > damaged
}

/// Whether at least half of what is not ASCII are letters in windows-1251, as in no other old
/// encoding of Russian but KOI8; one byte has no meaning there at all.
fn may_be_1251(bytes: &[u8]) -> bool {
    let (mut letters, mut others) = (0_usize, 0_usize);
    for byte in bytes.iter().filter(|byte| !byte.is_ascii()) {
        match byte {
            0x98 => return false,
            // А to я, Ё, ё, №, «, ».
            0xc0.. | 0xa8 | 0xb8 | 0xb9 | 0xab | 0xbb => letters += 1,
            _ => others += 1,
        }
    }
    letters >= others
}
