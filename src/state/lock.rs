//! One cycle at a time on a state file: an OS lock on a file beside it, which the system releases
//! whatever becomes of the process.

use std::fs::{File, OpenOptions};
use std::io::{Seek, Write};
use std::path::{Path, PathBuf};

use crate::error::{Code, Error, Result};

/// Held for the length of a cycle or of an order; released when dropped.
#[derive(Debug)]
pub(crate) struct Lock {
    file: File,
}

impl Lock {
    /// Takes the lock of a state file without waiting.
    ///
    /// # Errors
    /// [`Code::Locked`] with the owner's process id; [`Code::State`] where the lock file cannot be
    /// made.
    pub(crate) fn take(state: &Path) -> Result<Lock> {
        let path = path_of(state);
        let mut file = match alone(&path) {
            Ok(Some(file)) => file,
            Ok(None) => return Err(locked(&path)),
            Err(error) => return Err(super::unusable(&path, &error.to_string())),
        };
        sign(&mut file).map_err(|error| match error.kind() {
            std::io::ErrorKind::StorageFull => super::full(&path),
            _ => super::unusable(&path, &error.to_string()),
        })?;
        Ok(Lock { file })
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        // The system releases the lock with the file; asking early only helps a waiting neighbour.
        let _ = self.file.unlock();
    }
}

fn path_of(state: &Path) -> PathBuf {
    let mut name = state.as_os_str().to_owned();
    name.push(".lock");
    PathBuf::from(name)
}

fn sign(file: &mut File) -> std::io::Result<()> {
    file.set_len(0)?;
    file.rewind()?;
    write!(file, "{}", std::process::id())
}

/// The file, opened so that nobody else can; `None` where somebody has.
#[cfg(not(windows))]
fn alone(path: &Path) -> std::io::Result<Option<File>> {
    use std::fs::TryLockError;

    let file = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path)?;
    match file.try_lock() {
        Ok(()) => Ok(Some(file)),
        Err(TryLockError::WouldBlock) => Ok(None),
        Err(TryLockError::Error(error)) => Err(error),
    }
}

/// The same where a lock would keep others from reading who holds it: not locked, but open for one
/// writer and any number of readers.
#[cfg(windows)]
fn alone(path: &Path) -> std::io::Result<Option<File>> {
    use std::os::windows::fs::OpenOptionsExt;

    const FILE_SHARE_READ: u32 = 1;
    const ERROR_SHARING_VIOLATION: i32 = 32;
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(false).share_mode(FILE_SHARE_READ);
    match options.open(path) {
        Ok(file) => Ok(Some(file)),
        Err(error) if error.raw_os_error() == Some(ERROR_SHARING_VIOLATION) => Ok(None),
        Err(error) => Err(error),
    }
}

fn locked(path: &Path) -> Error {
    // The owner may be between locking and signing.
    let owner = std::fs::read_to_string(path).unwrap_or_default();
    let owner = if owner.trim().is_empty() { "?" } else { owner.trim() };
    Error::new(
        Code::Locked,
        format!("другой цикл уже работает с этим файлом состояния (процесс {owner})"),
        format!("another cycle is at work on this state file (process {owner})"),
    )
}
