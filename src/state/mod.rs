//! What is remembered between cycles, in one SQLite file. Only this module speaks SQL.
//!
//! Times are Unix seconds. The journal is written before the platform is asked and after it has
//! answered, each in a transaction of its own that is on the disk before the next step.

use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{Connection, ErrorCode, OpenFlags};

use crate::error::{Code, Error, Fault, Result, Text};

mod audit;
mod calls;
mod custom;
mod dialogs;
mod door;
mod groups;
mod journal;
mod known;
mod lines;
mod links;
mod lock;
mod moves;
mod overrides;
mod queries;
mod record;
mod tasks;

pub(crate) use audit::AuditFilter;
pub(crate) use calls::CallIntent;
pub(crate) use custom::Custom;
pub(crate) use dialogs::Invite;
pub(crate) use groups::{Group, Met};
pub(crate) use journal::{Approved, Hand, Intent, Verdict};
pub(crate) use known::ChatRow;
pub(crate) use links::{Footing, Link, Place};
pub(crate) use lock::Lock;
pub(crate) use overrides::{Change, End, Order, Override, Wish};
pub(crate) use queries::{Accepted, Approval, MemberDetail, Quiet};
pub(crate) use record::Outcome;
pub(crate) use tasks::Task;

/// Numbered steps; a file's `user_version` says how many it has taken.
const MIGRATIONS: [&str; 9] = [
    include_str!("migrations/0001.sql"),
    include_str!("migrations/0002.sql"),
    include_str!("migrations/0003.sql"),
    include_str!("migrations/0004.sql"),
    include_str!("migrations/0005.sql"),
    include_str!("migrations/0006.sql"),
    include_str!("migrations/0007.sql"),
    include_str!("migrations/0008.sql"),
    include_str!("migrations/0009.sql"),
];

/// `zvnk`: tells a state file from any other SQLite file.
const APPLICATION_ID: i32 = 0x7a76_6e6b;

/// An open state file.
#[derive(Debug)]
pub(crate) struct State {
    db: Connection,
    path: PathBuf,
}

impl State {
    /// Opens the file, makes it where there is none, and brings an older one up to date.
    ///
    /// # Errors
    /// [`Code::State`]: the folder or file cannot be used, it is not ours, or it is newer than this
    /// library.
    pub(crate) fn open(path: &Path) -> Result<State> {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE;
        let db = Connection::open_with_flags(path, flags | OpenFlags::SQLITE_OPEN_NO_MUTEX)
            .map_err(|error| failure(path, &error))?;
        let state = State { db, path: path.to_owned() };
        state.prepare()?;
        Ok(state)
    }

    /// Opens a file that an open session has used before. One that is gone by now is not made anew:
    /// every chat would be made a second time.
    ///
    /// # Errors
    /// As [`State::open`], and where the file is no longer there.
    pub(crate) fn reopen(path: &Path) -> Result<State> {
        match path.exists() {
            true => State::open(path),
            false => Err(gone(path)),
        }
    }

    fn prepare(&self) -> Result<()> {
        let busy = self.db.busy_timeout(Duration::from_secs(5));
        busy.map_err(|error| self.failure(&error))?;
        let version = self.number("PRAGMA user_version")?;
        let application = self.number("PRAGMA application_id")?;
        let tables = self.number("SELECT count(*) FROM sqlite_schema")?;
        if application != i64::from(APPLICATION_ID) && (tables != 0 || version != 0) {
            return Err(foreign(&self.path));
        }
        if version > MIGRATIONS.len() as i64 {
            return Err(newer(&self.path, version));
        }
        self.settings()?;
        if version < MIGRATIONS.len() as i64 { self.migrate(version as usize) } else { Ok(()) }
    }

    /// WAL costs a sixth of a rollback journal's commit and lets the registry be read during a
    /// cycle; it needs shared memory, which a network share has not.
    fn settings(&self) -> Result<()> {
        let shared = crate::ffi::on_network_share(&self.path);
        let journal = if shared { "DELETE" } else { "WAL" };
        let text = format!(
            "PRAGMA journal_mode = {journal}; PRAGMA synchronous = FULL; PRAGMA trusted_schema = OFF;"
        );
        self.db.execute_batch(&text).map_err(|error| self.failure(&error))
    }

    fn migrate(&self, from: usize) -> Result<()> {
        for (number, step) in MIGRATIONS.iter().enumerate().skip(from) {
            let text = format!(
                "BEGIN IMMEDIATE; {step} PRAGMA user_version = {}; \
                 PRAGMA application_id = {APPLICATION_ID}; COMMIT;",
                number + 1
            );
            if let Err(error) = self.db.execute_batch(&text) {
                // A neighbour may have taken the same step in between.
                let _ = self.db.execute_batch("ROLLBACK");
                if self.number("PRAGMA user_version")? <= number as i64 {
                    return Err(self.failure(&error));
                }
            }
        }
        Ok(())
    }

    /// How many migrations the file has taken.
    ///
    /// # Errors
    /// [`Code::State`].
    pub(crate) fn schema(&self) -> Result<i64> {
        self.number("PRAGMA user_version")
    }

    fn number(&self, query: &str) -> Result<i64> {
        self.db.query_row(query, [], |row| row.get(0)).map_err(|error| self.failure(&error))
    }

    /// An SQL error as one of ours.
    fn failure(&self, error: &rusqlite::Error) -> Error {
        failure(&self.path, error)
    }

    /// Runs `work` in one transaction: all of it is on the disk afterwards, or nothing.
    ///
    /// # Errors
    /// [`Code::State`].
    pub(crate) fn transaction<T>(
        &mut self,
        work: impl FnOnce(&Connection) -> rusqlite::Result<T>,
    ) -> Result<T> {
        let path = &self.path;
        let failed = |error: rusqlite::Error| failure(path, &error);
        if !self.db.is_autocommit() {
            // Inside `begin`: the whole is on the disk with its `commit`.
            return work(&self.db).map_err(failed);
        }
        let behavior = rusqlite::TransactionBehavior::Immediate;
        let transaction = self.db.transaction_with_behavior(behavior).map_err(failed)?;
        let done = work(&transaction).map_err(failed)?;
        transaction.commit().map_err(failed)?;
        Ok(done)
    }

    /// Makes everything until [`State::commit`] one transaction: the results of one batch cost one
    /// write to the disk.
    ///
    /// # Errors
    /// [`Code::State`].
    pub(crate) fn begin(&mut self) -> Result<()> {
        self.db.execute_batch("BEGIN IMMEDIATE").map_err(|error| self.failure(&error))
    }

    /// Gives up what [`State::begin`] began: the intents stay open and are looked up.
    ///
    /// # Errors
    /// [`Code::State`].
    pub(crate) fn roll_back(&mut self) -> Result<()> {
        // A full disk may have rolled it back already.
        if self.db.is_autocommit() {
            return Ok(());
        }
        self.db.execute_batch("ROLLBACK").map_err(|error| self.failure(&error))
    }

    /// Ends what [`State::begin`] began. After an error within, nothing of it is kept: the intents
    /// stay open and are looked up.
    ///
    /// # Errors
    /// [`Code::State`].
    pub(crate) fn commit(&mut self) -> Result<()> {
        let done = self.db.execute_batch("COMMIT").map_err(|error| self.failure(&error));
        if done.is_err() {
            // Where even that fails the connection closes soon, and SQLite rolls back.
            let _ = self.db.execute_batch("ROLLBACK");
        }
        done
    }
}

/// SQLite's own version, for `zvonok_version`.
pub(crate) fn sqlite_version() -> &'static str {
    rusqlite::version()
}

fn failure(path: &Path, error: &rusqlite::Error) -> Error {
    match error.sqlite_error_code() {
        Some(ErrorCode::DiskFull) => full(path),
        _ if is_full(error) => full(path),
        Some(ErrorCode::NotADatabase) => foreign(path),
        _ => unusable(path, &error.to_string()),
    }
}

/// The memory that connections share lies on the same disk, and SQLite has words of its own for
/// that.
fn is_full(error: &rusqlite::Error) -> bool {
    let code = error.sqlite_error().map(|error| error.extended_code);
    code == Some(rusqlite::ffi::SQLITE_IOERR_SHMSIZE)
}

fn state_error(path: &Path, kind: &str, message: Text) -> Error {
    let fault = Fault::new(&format!("state.{kind}"), "state", &path.to_string_lossy(), message);
    Error::with_faults(Code::State, vec![fault])
}

/// The file or its folder cannot be used.
pub(crate) fn unusable(path: &Path, why: &str) -> Error {
    let message = Text::new(
        format!("файлом состояния нельзя пользоваться: {why}"),
        format!("the state file cannot be used: {why}"),
    );
    state_error(path, "unusable", message)
}

fn full(path: &Path) -> Error {
    let message = Text::new("на диске не осталось места", "there is no space left on the disk");
    state_error(path, "full", message)
}

fn gone(path: &Path) -> Error {
    let message = Text::new(
        "файл состояния исчез во время работы; верните его из копии",
        "the state file has vanished under an open session; bring it back from a copy",
    );
    state_error(path, "gone", message)
}

fn foreign(path: &Path) -> Error {
    let message = Text::new(
        "это не файл состояния zvonok; укажите другой путь",
        "this is not a state file of zvonok; name another path",
    );
    state_error(path, "foreign", message)
}

fn newer(path: &Path, version: i64) -> Error {
    let message = Text::new(
        format!("файл состояния сделан более новой версией библиотеки (схема {version})"),
        format!("the state file was made by a newer version of the library (schema {version})"),
    );
    state_error(path, "newer", message)
}
