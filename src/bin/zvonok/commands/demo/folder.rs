//! The folder of a demonstration.

use std::path::PathBuf;

use crate::trouble::Trouble;

/// A folder for the state file that goes with the demonstration.
pub(super) struct Folder(pub(super) PathBuf);

impl Folder {
    /// Makes it, with the token of the messenger in a file.
    pub(super) fn make(token: &str) -> Result<Folder, Trouble> {
        let place = std::env::temp_dir().join(format!("zvonok-demo-{}", std::process::id()));
        std::fs::create_dir_all(&place)?;
        std::fs::write(place.join("token"), token)?;
        Ok(Folder(place))
    }

    /// Ctrl+C ends the demonstration without leaving the folder behind.
    pub(super) fn vanish_on_interrupt(&self) {
        let place = self.0.clone();
        crate::console::on_interrupt(move || {
            const INTERRUPTED: i32 = 130;
            let _ = std::fs::remove_dir_all(&place);
            #[allow(clippy::exit, reason = "Ctrl+C ends the demonstration at once")]
            std::process::exit(INTERRUPTED);
        });
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // What cannot be removed is left to the system's own cleaning.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
