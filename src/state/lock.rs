//! One cycle at a time on a state file: an OS lock on a file beside it, which the system releases
//! whatever becomes of the process.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read, Seek, Write};
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
        let open =
            OpenOptions::new().read(true).write(true).create(true).truncate(false).open(&path);
        let mut file = open.map_err(|error| super::unusable(&path, &error.to_string()))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(locked(&mut file)),
            Err(TryLockError::Error(error)) => {
                return Err(super::unusable(&path, &error.to_string()));
            }
        }
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

fn locked(file: &mut File) -> Error {
    let mut owner = String::new();
    // The owner may be between locking and signing, or the system may refuse to read a locked file.
    let _ = file.read_to_string(&mut owner);
    let owner = if owner.trim().is_empty() { "?" } else { owner.trim() };
    Error::new(
        Code::Locked,
        format!("другой цикл уже работает с этим файлом состояния (процесс {owner})"),
        format!("another cycle is at work on this state file (process {owner})"),
    )
}
