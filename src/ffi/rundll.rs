//! `rundll32 zvonok.dll,run_task_settings C:\zvonok\settings.txt`: a scheduler's whole job on
//! Windows, without a program around the library.
//!
//! These two have the shape that rundll32 prescribes, `void CALLBACK (HWND, HINSTANCE, LPSTR, int)`,
//! and are no part of the interface: the header does not declare them. rundll32 takes the one with
//! the `W`; the other is for programs that follow its rules for old systems.

use std::ffi::{CStr, OsString, c_char, c_void};
use std::os::windows::ffi::OsStringExt;
use std::path::Path;

use super::guard;
use crate::error::Code;
use crate::run_task;

#[link(name = "kernel32")]
unsafe extern "system" {
    fn ExitProcess(code: u32) -> !;
    fn GetModuleFileNameW(module: *mut c_void, name: *mut u16, size: u32) -> u32;
    fn MultiByteToWideChar(
        page: u32,
        flags: u32,
        bytes: *const c_char,
        length: i32,
        wide: *mut u16,
        size: i32,
    ) -> i32;
}

/// Runs the task of the settings file that the command line names.
#[unsafe(no_mangle)]
#[allow(non_snake_case, reason = "rundll32 looks for this name")]
unsafe extern "system" fn run_task_settingsW(
    _window: *mut c_void,
    _module: *mut c_void,
    command: *const u16,
    _show: i32,
) {
    if command.is_null() {
        return;
    }
    // SAFETY: not NULL, and rundll32 promises a zero at the end.
    let length = (0..).take_while(|at| unsafe { command.add(*at).read_unaligned() } != 0).count();
    // SAFETY: so many characters were just read.
    let letters = (0..length).map(|at| unsafe { command.add(at).read_unaligned() });
    run(&letters.collect::<Vec<u16>>());
}

/// The same with the command line in the machine's code page.
#[unsafe(no_mangle)]
unsafe extern "system" fn run_task_settings(
    _window: *mut c_void,
    _module: *mut c_void,
    command: *const c_char,
    _show: i32,
) {
    if command.is_null() {
        return;
    }
    // SAFETY: not NULL, and rundll32 promises a NUL at the end.
    let bytes = unsafe { CStr::from_ptr(command) }.to_bytes();
    let Ok(length) = i32::try_from(bytes.len()) else { return };
    // No character of a code page needs more words than it has bytes.
    let mut wide = vec![0; bytes.len()];
    // SAFETY: 0 is the machine's code page; the two sizes are those of the bytes and of the room.
    let written = unsafe { MultiByteToWideChar(0, 0, command, length, wide.as_mut_ptr(), length) };
    wide.truncate(usize::try_from(written).unwrap_or_default());
    run(&wide);
}

/// Only the exit code tells a scheduler that the task failed. rundll32 gives none of its own, and a
/// process of rundll32's has nothing else to do; another program is left alone.
fn run(command: &[u16]) {
    let code = guard::guarded(Code::Internal, || {
        let command = OsString::from_wide(command).to_string_lossy().into_owned();
        let settings = command.trim().trim_matches('"');
        match std::path::absolute(settings) {
            Ok(settings) => run_task::unattended(&settings),
            Err(_) => Code::BadArgument,
        }
    });
    if code != Code::Ok && inside_rundll32() {
        // SAFETY: the task is over, its session is dropped and its threads are joined.
        unsafe { ExitProcess(u32::from(code.exit_code())) };
    }
}

fn inside_rundll32() -> bool {
    let mut name = [0; 1024];
    // SAFETY: NULL is the program of this process, and the room has the size that is told.
    let length = unsafe { GetModuleFileNameW(std::ptr::null_mut(), name.as_mut_ptr(), 1024) };
    let name = OsString::from_wide(&name[..(length as usize).min(name.len())]);
    let program = Path::new(&name).file_name().map(|name| name.to_string_lossy().to_lowercase());
    program.as_deref() == Some("rundll32.exe")
}
