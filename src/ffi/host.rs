//! The host's callbacks.

use std::ffi::{CString, c_char, c_void};
use std::mem::{offset_of, size_of};

use super::guard::in_host;
use super::text::refused;
use super::{ZVONOK_ABI_VERSION, zvonok_host, zvonok_log_fn, zvonok_progress_fn};
use crate::error::Result;
use crate::host::{Host, Level, Phase};
use crate::session::Cancel;

/// A host behind C callbacks.
pub(super) struct Callbacks {
    user_data: *mut c_void,
    log: zvonok_log_fn,
    progress: zvonok_progress_fn,
    cancel: Cancel,
}

// SAFETY: a session may be used from any thread by one call at a time, and the header says that the
// callbacks and `user_data` are then used on that thread; nothing here is shared between threads.
unsafe impl Send for Callbacks {}

/// The sizes that the struct has had, and those of its first members, which an older header may
/// have ended with.
const SIZES: [usize; 4] = [
    offset_of!(zvonok_host, user_data),
    offset_of!(zvonok_host, log),
    offset_of!(zvonok_host, progress),
    size_of::<zvonok_host>(),
];

/// A struct larger than this is a mistake; its tail is not even looked at.
const LARGEST: usize = 1024;

impl Callbacks {
    /// Copies the host's struct; NULL is a host that wants to hear nothing.
    ///
    /// # Errors
    /// [`crate::error::Code::BadArgument`]: an impossible size, members that this library does not
    /// know, or another generation of the interface.
    ///
    /// # Safety
    /// `host` is NULL or readable for as many bytes as its first member says.
    pub(super) unsafe fn read(host: *const zvonok_host, cancel: Cancel) -> Result<Callbacks> {
        if host.is_null() {
            return Ok(Callbacks { cancel, ..Callbacks::silent() });
        }
        // SAFETY: the caller promises the bytes; a packed record of the host's may be unaligned.
        let size = unsafe { host.cast::<u32>().read_unaligned() } as usize;
        if !SIZES.contains(&size) && !(size_of::<zvonok_host>()..=LARGEST).contains(&size) {
            let (ru, en) = ("такого размера не бывает", "there is no such size");
            return Err(refused("host.struct_size", &size.to_string(), ru, en));
        }
        // SAFETY: the caller promises `size` bytes, and bytes need no alignment.
        let bytes = unsafe { std::slice::from_raw_parts(host.cast::<u8>(), size) };
        let known = known(bytes)?;
        if known.abi_version != ZVONOK_ABI_VERSION {
            let shown = known.abi_version.to_string();
            let en = "compiled against another generation of the interface";
            return Err(refused("host.abi_version", &shown, "другое поколение интерфейса", en));
        }
        let zvonok_host { user_data, log, progress, .. } = known;
        Ok(Callbacks { user_data, log, progress, cancel })
    }

    fn silent() -> Callbacks {
        let user_data = std::ptr::null_mut();
        Callbacks { user_data, log: None, progress: None, cancel: Cancel::default() }
    }
}

/// The members that this library knows; what a smaller struct lacks is NULL.
fn known(bytes: &[u8]) -> Result<zvonok_host> {
    let (here, tail) = bytes.split_at(bytes.len().min(size_of::<zvonok_host>()));
    if tail.iter().any(|byte| *byte != 0) {
        let en = "has members that this version of the library does not know";
        return Err(refused("host", "", "есть поля, неизвестные этой версии", en));
    }
    let mut whole = [0; size_of::<zvonok_host>()];
    whole[..here.len()].copy_from_slice(here);
    // SAFETY: the array has the struct's size, and every pattern of bytes that a host may have
    // written is a value of it: integers, a pointer, and functions that may be NULL.
    Ok(unsafe { whole.as_ptr().cast::<zvonok_host>().read_unaligned() })
}

impl Host for Callbacks {
    fn log(&self, level: Level, text: &str) {
        let Some(log) = self.log else { return };
        let line = CString::new(text.replace('\0', "\u{fffd}")).unwrap_or_default();
        let (at, len): (*const c_char, usize) = (line.as_ptr(), line.as_bytes().len());
        // SAFETY: the host promised this function for the session's life, and the line outlives it.
        in_host(|| unsafe { log(self.user_data, level as i32, at, len) });
    }

    fn progress(&self, phase: Phase, done: u32, total: u32) -> bool {
        let Some(progress) = self.progress else { return true };
        // SAFETY: the host promised this function for the session's life.
        let answer = in_host(|| unsafe { progress(self.user_data, phase as i32, done, total) });
        if answer != 0 {
            self.cancel.cancel();
        }
        answer == 0
    }
}
