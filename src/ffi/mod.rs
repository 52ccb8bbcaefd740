//! zvonok: a school's messenger chats follow the school's own data.
//!
//! This header is the manual. `zvonok_open` opens a session from a configuration, `zvonok_sync` runs
//! one cycle with a roster, `zvonok_request` answers the host's screens, `zvonok_reply` gives the JSON
//! of the last call, `zvonok_close` ends the session. `zvonok_run_task` is a scheduler's whole job in
//! one call. What the JSON documents hold is in the README.
//!
//! Conventions, which hold for every function:
//!
//! 1. Codes. A function that does something returns an `int32_t`: 0 is done, a positive number is
//!    finished (look at the report), a negative one is failed. `code < 0` is the whole error check.
//!    Numbers are never given another meaning; later versions may add some.
//! 2. Replies. The call leaves a JSON document in the session, report, answer or error.
//!    `zvonok_reply` lends it: it is UTF-8, ends with a NUL, and is borrowed until the next call on
//!    this session or its close. A call that returns `ZVONOK_BUSY` or `ZVONOK_BAD_HANDLE` leaves
//!    nothing.
//! 3. Ownership. Only the session is the host's to end, with `zvonok_close`. Nothing else that the
//!    library hands out is to be freed. What the host hands in is copied or read during the call and
//!    stays the host's.
//! 4. Texts are a pointer and a length in bytes. `(size_t)-1` as the length means "up to the NUL".
//!    NULL with the length 0 is an empty text; NULL with any other length is
//!    `ZVONOK_BAD_ARGUMENT`. Texts are UTF-8, paths too, on every system; paths are absolute.
//!    A roster is bytes: in another encoding it is refused as `ZVONOK_ROSTER`.
//! 5. Handles are looked up and never followed. A handle that is NULL, closed, not ours, or
//!    inherited through fork is `ZVONOK_BAD_HANDLE`. A process that forks opens its sessions
//!    afterwards.
//! 6. Threads. A session may be used from any thread, by one call at a time; a second call returns
//!    `ZVONOK_BUSY` at once, it never waits. `zvonok_cancel`, `zvonok_abi_version`, `zvonok_version`
//!    and `zvonok_strerror` may be called at any time from any thread. Different sessions are
//!    independent. No thread of the library outlives a call.
//! 7. Callbacks run on the thread that made the call, during the call, with the host's own floating
//!    point settings. From inside one, `zvonok_cancel` and the three functions without a session work;
//!    any other call on the same session is `ZVONOK_BUSY`. A callback must return normally: no
//!    exception, no longjmp.
//! 8. Defects. A panic inside the library is caught: the call returns `ZVONOK_INTERNAL`, its message
//!    and place are in the reply, and from then on every call on that session returns the same; only
//!    `zvonok_reply` and `zvonok_close` still work. Other sessions go on.
//! 9. The library prints nothing, ends no process, installs no signal handler, does not read the
//!    working directory or the environment (but for the variable that `token_env` names), needs
//!    nothing initialised, and stays in memory once loaded. Its SQLite, Luau and TLS are inside and
//!    do not meet the host's own. The state file is opened by this library alone: do not open it
//!    with an SQLite of the host's.
//! 10. Floating point settings and signal dispositions of the host are as before after every call. A
//!     stack of 256 KiB is enough.
//! 11. On 32-bit Windows functions and callbacks are cdecl, their names without decoration. On
//!     Windows there is one export more, which is for `rundll32` alone and not declared here:
//!     `rundll32 zvonok.dll,run_task_settings C:\zvonok\settings.txt` is `zvonok_run_task` with the
//!     settings of that file; its outcome is in `settings.txt.log` beside it.

#![allow(unsafe_code, reason = "the border with C; no other module has any")]
#![allow(
    non_camel_case_types,
    non_upper_case_globals,
    reason = "the names are those of the header"
)]
#![allow(clippy::missing_safety_doc, reason = "the conventions above are what a caller must keep")]

use std::ffi::{CString, c_char, c_void};
use std::sync::{Arc, OnceLock};

use serde_json::Value;

use crate::error::{Code, Error, Result};
use crate::session::{Cancel, Session};
use crate::{check, run_task};

mod fp;
mod guard;
mod host;
mod os;
mod registry;
mod reply;
#[cfg(windows)]
mod rundll;
mod text;

pub(crate) use os::{on_network_share, with_plain_numbers};

use host::Callbacks;
use registry::Slot;

/// The generation of this interface. A program is compiled against one, a library answers
/// `zvonok_abi_version` with its own; they must be equal.
pub const ZVONOK_ABI_VERSION: u32 = 1;

/// Done.
pub const ZVONOK_OK: i32 = 0;
/// Finished, not everything: the time budget is over, or operations failed and are tried again.
pub const ZVONOK_PARTIAL: i32 = 1;
/// Finished; the guard holds removals that a person must approve.
pub const ZVONOK_HELD: i32 = 2;
/// The session is NULL, closed, foreign, or was opened before a fork.
pub const ZVONOK_BAD_HANDLE: i32 = -1;
/// An argument is NULL or has a bad length; configuration, options or request are not UTF-8.
pub const ZVONOK_BAD_ARGUMENT: i32 = -2;
/// This session is inside a call.
pub const ZVONOK_BUSY: i32 = -3;
/// Another session or process runs a cycle on this state file; the reply has its process id.
pub const ZVONOK_LOCKED: i32 = -4;
/// Configuration or options refused.
pub const ZVONOK_CONFIG: i32 = -5;
/// Roster refused; nothing changed.
pub const ZVONOK_ROSTER: i32 = -6;
/// The profile failed; nothing changed.
pub const ZVONOK_PROFILE: i32 = -7;
/// State file unreadable, made by a newer version, or its disk full.
pub const ZVONOK_STATE: i32 = -8;
/// The messenger could not be reached.
pub const ZVONOK_PLATFORM: i32 = -9;
/// The messenger refused the token.
pub const ZVONOK_AUTH: i32 = -10;
/// This actor may not do this.
pub const ZVONOK_DENIED: i32 = -11;
/// Request not understood, or its object does not exist.
pub const ZVONOK_REQUEST: i32 = -12;
/// Cancelled; what was done is kept, the rest goes on next time.
pub const ZVONOK_CANCELLED: i32 = -13;
/// A defect of the library, caught; only zvonok_reply and zvonok_close still work.
pub const ZVONOK_INTERNAL: i32 = -14;

/// Level of a log line: something failed.
pub const ZVONOK_LOG_ERROR: i32 = 1;
/// Level of a log line: something a person should look at.
pub const ZVONOK_LOG_WARNING: i32 = 2;
/// Level of a log line: what was done.
pub const ZVONOK_LOG_INFO: i32 = 3;
/// Level of a log line: how it was done.
pub const ZVONOK_LOG_DEBUG: i32 = 4;

/// Phase of a cycle: reading the roster and running the profile.
pub const ZVONOK_PHASE_READING: i32 = 1;
/// Phase of a cycle: reading chats in the messenger.
pub const ZVONOK_PHASE_CHECKING: i32 = 2;
/// Phase of a cycle: changing chats in the messenger.
pub const ZVONOK_PHASE_APPLYING: i32 = 3;

/// An open session. Opaque: a handle to be handed back, not a pointer to anything.
pub struct zvonok_session {
    _opaque: (),
}

/// Takes a line for the host's log. `text` is UTF-8 of `len` bytes with a NUL after it, borrowed for
/// the time of the callback. It never holds a token, a name, a phone or an e-mail.
pub type zvonok_log_fn = Option<
    unsafe extern "C" fn(user_data: *mut c_void, level: i32, text: *const c_char, len: usize),
>;

/// Hears how far a phase is. An answer other than 0 cancels the call, as `zvonok_cancel` does.
pub type zvonok_progress_fn =
    Option<unsafe extern "C" fn(user_data: *mut c_void, phase: i32, done: u32, total: u32) -> i32>;

/// What the library calls. It is copied when a session is opened and need not live on; `user_data`
/// is handed back to each callback and never looked at. Later versions add members at the end: fill
/// the struct with zeros first and set `struct_size`, then a program works with older and newer
/// libraries. A smaller size means that the later callbacks are NULL; in a larger one, what this
/// version does not know must be zero.
#[repr(C)]
pub struct zvonok_host {
    /// `sizeof(zvonok_host)` of the caller.
    pub struct_size: u32,
    /// `ZVONOK_ABI_VERSION` of the caller's header.
    pub abi_version: u32,
    /// Handed back to the callbacks.
    pub user_data: *mut c_void,
    /// May be NULL.
    pub log: zvonok_log_fn,
    /// May be NULL.
    pub progress: zvonok_progress_fn,
}

/// The generation of the interface that the loaded library speaks; compare it with
/// `ZVONOK_ABI_VERSION` before anything else.
#[unsafe(no_mangle)]
pub extern "C" fn zvonok_abi_version() -> u32 {
    ZVONOK_ABI_VERSION
}

/// The library's version, target, SQLite and Luau in one line, for support:
/// `zvonok 0.1.0 x86_64-unknown-linux-gnu sqlite 3.x luau 0.x`. The text is constant and never NULL.
#[unsafe(no_mangle)]
pub extern "C" fn zvonok_version() -> *const c_char {
    static LINE: OnceLock<CString> = OnceLock::new();
    guard::guarded(c"zvonok".as_ptr(), || LINE.get_or_init(version_line).as_ptr())
}

/// One English sentence for a code. The text is constant and never NULL, for an unknown code too.
#[unsafe(no_mangle)]
pub extern "C" fn zvonok_strerror(code: i32) -> *const c_char {
    static TEXTS: OnceLock<Vec<(i32, CString)>> = OnceLock::new();
    guard::guarded(c"unknown code".as_ptr(), || {
        let texts = TEXTS.get_or_init(|| Code::ALL.map(sentence).into());
        let known = texts.iter().find(|text| text.0 == code);
        known.map_or(c"unknown code".as_ptr(), |text| text.1.as_ptr())
    })
}

/// Opens a session from a configuration in JSON. Checks the configuration, the profile and the state
/// file; the messenger is not asked yet.
///
/// `host` may be NULL. `*out` is set also on failure, so that `zvonok_reply` can tell the reason;
/// every other call on such a session returns the same code again. Close it in either case.
///
/// Codes: `ZVONOK_OK`, `ZVONOK_BAD_ARGUMENT` (with `out` NULL nothing is opened), `ZVONOK_CONFIG`,
/// `ZVONOK_PROFILE`, `ZVONOK_STATE`, `ZVONOK_INTERNAL`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zvonok_open(
    config: *const c_char,
    len: usize,
    host: *const zvonok_host,
    out: *mut *mut zvonok_session,
) -> i32 {
    let work = |cancel: Cancel| {
        // SAFETY: convention 4 for the text, the struct's own size for the host.
        let session = unsafe {
            text::text("config", config, len).and_then(|config| {
                let host = Callbacks::read(host, cancel.clone())?;
                Session::open(config, Box::new(host), cancel)
            })
        };
        let outcome = match &session {
            Ok(_) => Ok((Code::Ok, reply::opened())),
            Err(error) => Err(error.clone()),
        };
        Opened { session, outcome }
    };
    // SAFETY: `out` is NULL or writable.
    unsafe { open(out, work) }
}

/// One cycle with a roster in JSON: reads it, asks the profile what should be, does the difference
/// in the messenger, and reports. Returns when done, when the time budget is over, or when
/// cancelled. `options` is JSON or empty. The reply is the report.
///
/// Codes: `ZVONOK_OK`, `ZVONOK_PARTIAL`, `ZVONOK_HELD`, and every negative one but `ZVONOK_DENIED` and
/// `ZVONOK_REQUEST`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zvonok_sync(
    s: *mut zvonok_session,
    roster: *const c_char,
    len: usize,
    options: *const c_char,
    options_len: usize,
) -> i32 {
    call(s, |session| {
        // SAFETY: convention 4 for both.
        let (roster, options) = unsafe {
            (text::bytes("roster", roster, len)?, text::text("options", options, options_len)?)
        };
        session.sync(roster, options)
    })
}

/// As `zvonok_sync`, with the absolute path of the roster: a JSON file, or a folder or a zip of CSV
/// files, in the form of OneRoster 1.1 or 1.2 or of Microsoft School Data Sync.
///
/// Codes: as `zvonok_sync`; what cannot be read is `ZVONOK_ROSTER`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zvonok_sync_path(
    s: *mut zvonok_session,
    path: *const c_char,
    len: usize,
    options: *const c_char,
    options_len: usize,
) -> i32 {
    call(s, |session| {
        // SAFETY: convention 4 for both.
        let (path, options) = unsafe {
            (text::text("path", path, len)?, text::text("options", options, options_len)?)
        };
        session.sync_path(text::absolute(path)?, options)
    })
}

/// One question or order from the host's screens, in JSON: `{"method","actor","params"}`. The reply
/// is the answer.
///
/// For the test of a host's own error path: `{"method":"selftest.panic"}` is a defect on purpose.
///
/// Codes: `ZVONOK_OK`, `ZVONOK_PARTIAL`, `ZVONOK_HELD`, and every negative one.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zvonok_request(
    s: *mut zvonok_session,
    request: *const c_char,
    len: usize,
) -> i32 {
    call(s, |session| {
        // SAFETY: convention 4.
        let request = unsafe { text::text("request", request, len)? };
        panic_if_asked(request);
        session.request(request)
    })
}

/// The JSON document of the last call on this session, and its length in bytes where `len` is not
/// NULL. Never NULL: for a handle that is none, and for a session inside a call, it is a constant
/// error document. Borrowed until the next call on this session or its close.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zvonok_reply(s: *mut zvonok_session, len: *mut usize) -> *const c_char {
    let (at, size) = guard::guarded((c"{}".as_ptr(), 2), || lent(s.addr()));
    if !len.is_null() {
        // SAFETY: not NULL, and the caller gives it to be written.
        unsafe { len.write_unaligned(size) };
    }
    at
}

/// Ends the running call of this session soon, with `ZVONOK_CANCELLED`; what was done is kept, and
/// the next cycle goes on. From any thread, at any time, also from a callback. Without effect while
/// no call runs.
///
/// Codes: `ZVONOK_OK`, `ZVONOK_BAD_HANDLE`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zvonok_cancel(s: *mut zvonok_session) -> i32 {
    guard::guarded(ZVONOK_INTERNAL, || match registry::find(s.addr()) {
        Some(slot) => {
            slot.cancel.cancel();
            ZVONOK_OK
        }
        None => ZVONOK_BAD_HANDLE,
    })
}

/// Ends a session and the life of its reply. NULL is fine. While a call runs nothing is ended.
///
/// Codes: `ZVONOK_OK`, `ZVONOK_BUSY`, `ZVONOK_BAD_HANDLE`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zvonok_close(s: *mut zvonok_session) -> i32 {
    guard::guarded(ZVONOK_INTERNAL, || match s.is_null() {
        true => ZVONOK_OK,
        false => close(s.addr()) as i32,
    })
}

/// A scheduler's whole job: settings, one cycle, the report as the reply and, where the settings
/// name one, in a file (an error goes there too). The settings are JSON, which is the configuration
/// with `roster`, `report` and `options` beside its fields, or a text of `key=value` lines in UTF-8
/// or windows-1251.
///
/// `*out` is set before the cycle begins, so that another thread or a callback may cancel it, and also
/// on failure. Afterwards it is a session like any other. Close it in either case.
///
/// Codes: as `zvonok_open` and `zvonok_sync`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zvonok_run_task(
    settings: *const c_char,
    len: usize,
    host: *const zvonok_host,
    out: *mut *mut zvonok_session,
) -> i32 {
    let work = |cancel: Cancel| {
        // SAFETY: convention 4 for the text, the struct's own size for the host.
        let given = unsafe {
            text::bytes("settings", settings, len)
                .and_then(|settings| Ok((settings, Callbacks::read(host, cancel.clone())?)))
        };
        match given {
            Ok((settings, host)) => {
                let (session, outcome) = run_task::run(settings, None, Box::new(host), cancel);
                Opened { session, outcome }
            }
            Err(error) => Opened::refused(error),
        }
    };
    // SAFETY: `out` is NULL or writable.
    unsafe { open(out, work) }
}

/// Looks for every fault in a configuration, its profile and a roster, without the state file and
/// without the network. The roster may be NULL with the length 0.
///
/// The reply is `{"format":"zvonok.check/1","faults":[...],"warnings":[...]}` whatever the code. The
/// session in `*out` has no other use; close it.
///
/// Codes: `ZVONOK_OK`; else the first of `ZVONOK_CONFIG`, `ZVONOK_PROFILE`, `ZVONOK_ROSTER` that a
/// fault is of; `ZVONOK_BAD_ARGUMENT`, `ZVONOK_INTERNAL`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zvonok_check(
    config: *const c_char,
    len: usize,
    roster: *const c_char,
    roster_len: usize,
    out: *mut *mut zvonok_session,
) -> i32 {
    let work = |_| {
        // SAFETY: convention 4 for both.
        let given = unsafe {
            text::text("config", config, len)
                .and_then(|config| Ok((config, text::bytes("roster", roster, roster_len)?)))
        };
        let outcome = match given {
            Ok((config, bytes)) => check::check(config, (!roster.is_null()).then_some(bytes)),
            Err(error) => check::refused(error),
        };
        let en = "this session was made by zvonok_check and has a reply only";
        let ru = "этот сеанс сделан zvonok_check, в нём есть только ответ";
        Opened { session: Err(Error::new(Code::BadHandle, ru, en)), outcome: Ok(outcome) }
    };
    // SAFETY: `out` is NULL or writable.
    unsafe { open(out, work) }
}

/// What a function that makes a session comes to.
struct Opened {
    session: Result<Session>,
    outcome: Result<(Code, Value)>,
}

impl Opened {
    fn refused(error: Error) -> Opened {
        Opened { session: Err(error.clone()), outcome: Err(error) }
    }
}

/// Makes a session's handle, hands it out, then fills the session.
///
/// # Safety
/// `out` is NULL or writable.
unsafe fn open(out: *mut *mut zvonok_session, work: impl FnOnce(Cancel) -> Opened) -> i32 {
    guard::guarded(ZVONOK_INTERNAL, || {
        if out.is_null() {
            return ZVONOK_BAD_ARGUMENT;
        }
        os::stay_loaded();
        let slot = Arc::new(Slot::default());
        let Ok(mut desk) = slot.enter() else { return ZVONOK_INTERNAL };
        let token = registry::insert(slot.clone());
        // SAFETY: not NULL, and the caller gives it to be written.
        unsafe { out.write_unaligned(std::ptr::without_provenance_mut(token)) };
        let opened = guard::caught(|| work(slot.cancel.clone())).unwrap_or_else(Opened::refused);
        desk.open(opened.session);
        desk.leave(opened.outcome) as i32
    })
}

/// One call on a session.
fn call(s: *mut zvonok_session, work: impl FnOnce(&mut Session) -> Result<(Code, Value)>) -> i32 {
    guard::guarded(ZVONOK_INTERNAL, || {
        let Some(slot) = registry::find(s.addr()) else { return ZVONOK_BAD_HANDLE };
        let mut desk = match slot.enter() {
            Ok(desk) => desk,
            Err(code) => return code as i32,
        };
        // A cancel from before this call was meant for another one.
        slot.cancel.reset();
        desk.call(work) as i32
    })
}

fn close(token: usize) -> Code {
    let Some(slot) = registry::find(token) else { return Code::BadHandle };
    let code = match slot.enter() {
        Ok(mut desk) => desk.close(),
        Err(code) => return code,
    };
    registry::remove(token);
    code
}

/// The pointer outlives the lock: the document changes only by the next call on this session, which
/// ends the loan.
fn lent(token: usize) -> (*const c_char, usize) {
    let of = |reply: &reply::Reply| (reply.as_ptr(), reply.as_bytes().len());
    match registry::find(token) {
        None => of(reply::dead()),
        Some(slot) => slot.enter().map_or_else(|_| of(reply::busy()), |desk| of(&desk.reply)),
    }
}

/// The request that is a defect on purpose; it depends on nothing that a defect could be in.
fn panic_if_asked(request: &str) {
    let asked = request.contains("selftest.panic")
        && serde_json::from_str::<Value>(request)
            .is_ok_and(|request| request["method"] == "selftest.panic");
    if asked {
        panic!("asked for by selftest.panic");
    }
}

fn version_line() -> CString {
    CString::new(crate::version()).unwrap_or_default()
}

fn sentence(code: Code) -> (i32, CString) {
    (code as i32, CString::new(code.text()).unwrap_or_default())
}
