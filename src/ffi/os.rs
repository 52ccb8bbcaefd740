//! What only the operating system can tell.

use std::path::Path;

/// Whether a path lies on a network share, or on something that may be one. There, shared memory
/// does not work between machines.
pub(crate) fn on_network_share(path: &Path) -> bool {
    // The file may not be there yet; its folder is.
    std::iter::successors(Some(path), |path| path.parent())
        .find_map(system::remote)
        .unwrap_or(false)
}

/// Runs `work` with numbers written with a decimal point on this thread, whatever locale the host
/// has set for its process.
pub(crate) fn with_plain_numbers<T>(work: impl FnOnce() -> T) -> T {
    let _plain = locale::Plain::set();
    work()
}

#[cfg(any(target_os = "linux", target_os = "macos"))]
mod locale {
    /// The C locale's numbers on this thread, until dropped.
    pub(super) struct Plain {
        made: libc::locale_t,
        before: libc::locale_t,
    }

    impl Plain {
        /// `None` where the system has no memory for it: then the host's locale stays.
        pub(super) fn set() -> Option<Plain> {
            // SAFETY: the name ends with a NUL, and without a base a new locale is made.
            let made =
                unsafe { libc::newlocale(libc::LC_ALL_MASK, c"C".as_ptr(), std::ptr::null_mut()) };
            if made.is_null() {
                return None;
            }
            // SAFETY: the locale was just made and lives until this value is dropped.
            let before = unsafe { libc::uselocale(made) };
            Some(Plain { made, before })
        }
    }

    impl Drop for Plain {
        fn drop(&mut self) {
            // SAFETY: `before` is what the thread had; `made` is ours and no longer in use after
            // that.
            unsafe {
                libc::uselocale(self.before);
                libc::freelocale(self.made);
            }
        }
    }
}

#[cfg(windows)]
mod locale {
    use std::ffi::{CStr, CString, c_char, c_void};

    type OfThread = unsafe extern "C" fn(i32) -> i32;
    type Set = unsafe extern "C" fn(i32, *const c_char) -> *mut c_char;

    const ENABLE: i32 = 1;
    const LC_NUMERIC: i32 = 4;

    #[link(name = "kernel32")]
    unsafe extern "system" {
        fn GetModuleHandleW(name: *const u16) -> *mut c_void;
        fn GetProcAddress(module: *mut c_void, name: *const c_char) -> *mut c_void;
    }

    /// The C locale's numbers on this thread, until dropped. The C runtime that this library uses
    /// is the system's own, and old programs use the same one.
    pub(super) struct Plain {
        of_thread: OfThread,
        set: Set,
        /// Whether the thread had a locale of its own, and how it wrote numbers.
        before: (i32, CString),
    }

    impl Plain {
        /// `None` where the runtime knows one locale a process only: then the host's stays.
        pub(super) fn set() -> Option<Plain> {
            let name: Vec<u16> = "msvcrt.dll\0".encode_utf16().collect();
            // SAFETY: the name ends with a zero.
            let runtime = unsafe { GetModuleHandleW(name.as_ptr()) };
            let find = |name: &CStr| {
                // SAFETY: a NULL module finds nothing, and the name ends with a zero.
                let found = unsafe { GetProcAddress(runtime, name.as_ptr()) };
                (!runtime.is_null() && !found.is_null()).then_some(found)
            };
            let (of_thread, set) = (find(c"_configthreadlocale")?, find(c"setlocale")?);
            // SAFETY: the functions of these names have had these types since they exist.
            let (of_thread, set) = unsafe {
                (
                    std::mem::transmute::<*mut c_void, OfThread>(of_thread),
                    std::mem::transmute::<*mut c_void, Set>(set),
                )
            };
            // SAFETY: 1 asks for a locale of the thread; NULL asks for the present name, which is
            // copied before anything changes it.
            let before = unsafe {
                let own = of_thread(ENABLE);
                let name = set(LC_NUMERIC, std::ptr::null());
                (
                    own,
                    if name.is_null() { c"C".to_owned() } else { CStr::from_ptr(name).to_owned() },
                )
            };
            // SAFETY: the name ends with a zero.
            unsafe { set(LC_NUMERIC, c"C".as_ptr()) };
            Some(Plain { of_thread, set, before })
        }
    }

    impl Drop for Plain {
        fn drop(&mut self) {
            // SAFETY: the name came from the same function on the same thread.
            unsafe {
                (self.set)(LC_NUMERIC, self.before.1.as_ptr());
                (self.of_thread)(self.before.0);
            }
        }
    }
}

#[cfg(not(any(target_os = "linux", target_os = "macos", windows)))]
mod locale {
    /// Elsewhere a thread has no locale of its own.
    pub(super) struct Plain;

    impl Plain {
        pub(super) fn set() -> Option<Plain> {
            None
        }
    }
}

#[cfg(target_os = "linux")]
mod system {
    use std::ffi::CString;
    use std::os::unix::ffi::OsStrExt;
    use std::path::Path;

    /// The `f_type` of the file systems that keep their files on another machine (statfs(2)), and
    /// of FUSE, behind which sshfs and the like stand.
    const REMOTE: [u32; 12] = [
        0x0000_6969, // nfs
        0x0000_517b, // smb
        0xff53_4d42, // cifs
        0xfe53_4d42, // smb2
        0x6573_5546, // fuse
        0x0102_1997, // 9p
        0x5346_414f, // afs
        0x7375_7245, // coda
        0x00c3_6400, // ceph
        0x0bd0_0bd3, // lustre
        0x786f_4256, // vboxsf
        0xbacb_acbc, // vmhgfs
    ];

    pub(super) fn remote(path: &Path) -> Option<bool> {
        let path = CString::new(path.as_os_str().as_bytes()).ok()?;
        // SAFETY: all-zero is a value of this struct of integers.
        let mut answer: libc::statfs = unsafe { std::mem::zeroed() };
        // SAFETY: the path ends with a NUL, and the struct is ours to be written.
        let failed = unsafe { libc::statfs(path.as_ptr(), &raw mut answer) } != 0;
        // The kernel's numbers have 32 bits; the field is wider on some machines, and signed.
        (!failed).then(|| REMOTE.contains(&(answer.f_type as u32)))
    }
}

#[cfg(target_os = "macos")]
mod system {
    use std::ffi::CString;
    use std::os::unix::ffi::OsStrExt;
    use std::path::Path;

    pub(super) fn remote(path: &Path) -> Option<bool> {
        let path = CString::new(path.as_os_str().as_bytes()).ok()?;
        // SAFETY: all-zero is a value of this struct of integers.
        let mut answer: libc::statfs = unsafe { std::mem::zeroed() };
        // SAFETY: the path ends with a NUL, and the struct is ours to be written.
        let failed = unsafe { libc::statfs(path.as_ptr(), &raw mut answer) } != 0;
        (!failed).then(|| answer.f_flags & libc::MNT_LOCAL as u32 == 0)
    }
}

#[cfg(windows)]
mod system {
    use std::path::{Component, Path, Prefix};

    const DRIVE_REMOTE: u32 = 4;

    #[link(name = "kernel32")]
    unsafe extern "system" {
        fn GetDriveTypeW(root: *const u16) -> u32;
    }

    pub(super) fn remote(path: &Path) -> Option<bool> {
        let Some(Component::Prefix(prefix)) = path.components().next() else { return None };
        match prefix.kind() {
            Prefix::UNC(..) | Prefix::VerbatimUNC(..) => Some(true),
            Prefix::Disk(letter) | Prefix::VerbatimDisk(letter) => {
                let root = [u16::from(letter), u16::from(b':'), u16::from(b'\\'), 0];
                // SAFETY: the root ends with a zero.
                Some(unsafe { GetDriveTypeW(root.as_ptr()) } == DRIVE_REMOTE)
            }
            _ => None,
        }
    }
}

#[cfg(not(any(target_os = "linux", target_os = "macos", windows)))]
mod system {
    pub(super) fn remote(_path: &std::path::Path) -> Option<bool> {
        Some(false)
    }
}

/// Keeps the library in memory for the life of the process, as the linker's flag does on ELF.
#[cfg(all(windows, not(test)))]
pub(super) fn stay_loaded() {
    const PIN_BY_ADDRESS: u32 = 1 | 4;

    #[link(name = "kernel32")]
    unsafe extern "system" {
        fn GetModuleHandleExW(flags: u32, address: *const u16, module: *mut *mut u8) -> i32;
    }

    let mut module = std::ptr::null_mut();
    // SAFETY: with this flag the second argument is any address inside the module, and the third is
    // ours to be written. Where it fails the library stays unloadable, which is no reason to stop.
    unsafe { GetModuleHandleExW(PIN_BY_ADDRESS, stay_loaded as *const u16, &raw mut module) };
}

/// Keeps the library in memory: the linker's flag has seen to that.
#[cfg(not(all(windows, not(test))))]
pub(super) fn stay_loaded() {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_is_not_there_is_judged_by_its_folder() {
        assert!(!on_network_share(Path::new("/proc/self/no-such-file/at-all")));
        assert!(!on_network_share(Path::new("")));
    }
}
