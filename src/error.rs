//! What went wrong, in both languages, with its place: the one error type of every part.

use serde::Serialize;
use serde_json::{Value, json};

/// What a call returned, with the numbers of `include/zvonok.h`. Append-only.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(i32)]
pub enum Code {
    /// Done.
    Ok = 0,
    /// Finished, not everything: the time budget is over, or operations failed and will be retried.
    Partial = 1,
    /// Finished; the guard holds removals that a person must approve.
    Held = 2,
    /// A closed, foreign or forked session.
    BadHandle = -1,
    /// NULL, a bad length, or text that is not UTF-8.
    BadArgument = -2,
    /// The session is inside another call.
    Busy = -3,
    /// Another session or process runs a cycle on this state file.
    Locked = -4,
    /// Configuration or options refused.
    Config = -5,
    /// Roster refused; nothing changed.
    Roster = -6,
    /// The profile failed; nothing changed.
    Profile = -7,
    /// State file unreadable, newer than this library, or full.
    State = -8,
    /// The messenger could not be reached.
    Platform = -9,
    /// The token was refused.
    Auth = -10,
    /// This actor may not do this.
    Denied = -11,
    /// Request not understood, or its object does not exist.
    Request = -12,
    /// Cancelled; what was done is kept.
    Cancelled = -13,
    /// A defect of the library, caught.
    Internal = -14,
}

impl Code {
    /// Every code, for tables and tests.
    pub const ALL: [Code; 17] = [
        Code::Ok,
        Code::Partial,
        Code::Held,
        Code::BadHandle,
        Code::BadArgument,
        Code::Busy,
        Code::Locked,
        Code::Config,
        Code::Roster,
        Code::Profile,
        Code::State,
        Code::Platform,
        Code::Auth,
        Code::Denied,
        Code::Request,
        Code::Cancelled,
        Code::Internal,
    ];

    /// The symbolic name without its prefix, as documents carry it: `ROSTER`.
    pub fn name(self) -> &'static str {
        match self {
            Code::Ok => "OK",
            Code::Partial => "PARTIAL",
            Code::Held => "HELD",
            Code::BadHandle => "BAD_HANDLE",
            Code::BadArgument => "BAD_ARGUMENT",
            Code::Busy => "BUSY",
            Code::Locked => "LOCKED",
            Code::Config => "CONFIG",
            Code::Roster => "ROSTER",
            Code::Profile => "PROFILE",
            Code::State => "STATE",
            Code::Platform => "PLATFORM",
            Code::Auth => "AUTH",
            Code::Denied => "DENIED",
            Code::Request => "REQUEST",
            Code::Cancelled => "CANCELLED",
            Code::Internal => "INTERNAL",
        }
    }

    /// One English line for a code, as `zvonok_strerror` answers it.
    pub fn text(self) -> &'static str {
        match self {
            Code::Ok => "done",
            Code::Partial => "finished, not everything was done; the next cycle goes on",
            Code::Held => "finished, the guard holds removals that a person must approve",
            Code::BadHandle => "the session is closed, foreign or was opened before a fork",
            Code::BadArgument => "an argument is NULL, has a bad length or is not UTF-8",
            Code::Busy => "the session is inside another call",
            Code::Locked => "another session or process runs a cycle on this state file",
            Code::Config => "configuration or options refused",
            Code::Roster => "roster refused, nothing changed",
            Code::Profile => "the profile failed, nothing changed",
            Code::State => "the state file cannot be used",
            Code::Platform => "the messenger could not be reached",
            Code::Auth => "the messenger refused the token",
            Code::Denied => "this actor may not do this",
            Code::Request => "request not understood, or its object does not exist",
            Code::Cancelled => "cancelled; what was done is kept, the rest goes on next time",
            Code::Internal => "a defect of the library was caught; close the session",
        }
    }

    /// The code as a process returns it: a negative one becomes 10 and its number.
    pub fn exit_code(self) -> u8 {
        let number = self as i32;
        u8::try_from(if number < 0 { 10 - number } else { number }).unwrap_or(u8::MAX)
    }

    /// Whether the same call may succeed later without anybody changing its input.
    pub fn retryable(self) -> bool {
        matches!(self, Code::Busy | Code::Locked | Code::Platform | Code::Cancelled)
    }
}

/// One sentence in the two languages of the product.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, serde::Deserialize)]
pub struct Text {
    /// Russian.
    pub ru: String,
    /// English.
    pub en: String,
}

impl Text {
    /// A sentence from its two versions.
    pub fn new(ru: impl Into<String>, en: impl Into<String>) -> Text {
        Text { ru: ru.into(), en: en.into() }
    }
}

/// One thing that is wrong in an input: its kind, its place, the value found and what was expected.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, serde::Deserialize)]
pub struct Fault {
    /// Dotted kind: `roster.duplicate_id`.
    pub code: String,
    /// Place: `users[17].sourcedId`, `scripts/mine.lua:42`.
    pub at: String,
    /// The value found, shortened; empty where there is none to show.
    pub value: String,
    /// What is wrong and what was expected.
    pub message: Text,
}

impl Fault {
    /// A fault; a long value is cut to 80 characters so that documents stay readable.
    pub fn new(code: &str, at: impl Into<String>, value: &str, message: Text) -> Fault {
        Fault { code: code.to_owned(), at: at.into(), value: shortened(value), message }
    }
}

fn shortened(value: &str) -> String {
    const LONGEST: usize = 80;
    if value.chars().count() <= LONGEST {
        return value.to_owned();
    }
    value.chars().take(LONGEST).chain("…".chars()).collect()
}

/// Why a call failed: a code, a sentence, and every fault found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Error {
    /// What the call returns.
    pub code: Code,
    /// One sentence for a person.
    pub message: Text,
    /// Each fault with its place; may be empty.
    pub faults: Vec<Fault>,
}

/// The result of everything that can fail.
pub type Result<T> = std::result::Result<T, Error>;

impl Error {
    /// An error without a list of faults.
    pub fn new(code: Code, ru: impl Into<String>, en: impl Into<String>) -> Error {
        Error { code, message: Text::new(ru, en), faults: Vec::new() }
    }

    /// An error that lists faults; its sentence is the first fault's, with the number of the
    /// others.
    pub fn with_faults(code: Code, faults: Vec<Fault>) -> Error {
        let message = match faults.as_slice() {
            [] => Text::new(code.text(), code.text()),
            [only] => place(only),
            [first, rest @ ..] => {
                let place = place(first);
                Text::new(
                    format!("{} (и ещё: {})", place.ru, rest.len()),
                    format!("{} (and {} more)", place.en, rest.len()),
                )
            }
        };
        Error { code, message, faults }
    }

    /// The `zvonok.error/1` document.
    pub fn to_json(&self) -> Value {
        json!({
            "format": "zvonok.error/1",
            "code": self.code as i32,
            "name": self.code.name(),
            "message": self.message,
            "faults": self.faults,
            "retryable": self.code.retryable(),
        })
    }
}

fn place(fault: &Fault) -> Text {
    Text::new(
        format!("{}: {}", fault.at, fault.message.ru),
        format!("{}: {}", fault.at, fault.message.en),
    )
}

impl std::fmt::Display for Error {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", self.code.name(), self.message.en)
    }
}

impl std::error::Error for Error {}
