//! Sessions by handle. A handle is a token that is looked up here and never followed as a pointer,
//! so that a closed, foreign or forked one is an error and not a crash. No token is used twice.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicPtr, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, TryLockError};

use super::guard::caught;
use super::reply::{self, Reply};
use crate::error::{Code, Error, Result};
use crate::session::{Cancel, Session};
use serde_json::Value;

/// A session as the host has it.
#[derive(Default)]
pub(super) struct Slot {
    /// Reached without the desk's lock, from any thread.
    pub(super) cancel: Cancel,
    desk: Mutex<Desk>,
}

/// What one call at a time works with.
pub(super) struct Desk {
    inside: Inside,
    pub(super) reply: Reply,
}

enum Inside {
    Open(Box<Session>),
    /// It could not be opened, or a defect was met: every call answers this.
    Refused(Error),
    Closed,
}

impl Default for Desk {
    fn default() -> Desk {
        Desk { inside: Inside::Closed, reply: Reply::default() }
    }
}

impl Slot {
    /// Takes the session for one call without waiting.
    ///
    /// # Errors
    /// [`Code::Busy`].
    pub(super) fn enter(&self) -> std::result::Result<MutexGuard<'_, Desk>, Code> {
        match self.desk.try_lock() {
            Ok(desk) => Ok(desk),
            Err(TryLockError::Poisoned(desk)) => Ok(desk.into_inner()),
            Err(TryLockError::WouldBlock) => Err(Code::Busy),
        }
    }
}

impl Desk {
    /// Fills a new session with what opening it gave.
    pub(super) fn open(&mut self, session: Result<Session>) {
        self.inside = match session {
            Ok(session) => Inside::Open(Box::new(session)),
            Err(error) => Inside::Refused(error),
        };
    }

    /// Leaves what a call ended with as the reply.
    pub(super) fn leave(&mut self, outcome: Result<(Code, Value)>) -> Code {
        let (code, reply) = reply::of(outcome);
        self.reply = reply;
        code
    }

    /// One call of an open session.
    pub(super) fn call(
        &mut self,
        work: impl FnOnce(&mut Session) -> Result<(Code, Value)>,
    ) -> Code {
        let outcome = match &mut self.inside {
            Inside::Closed => return Code::BadHandle,
            Inside::Refused(error) => Err(error.clone()),
            Inside::Open(session) => match caught(|| work(session)) {
                Ok(outcome) => outcome,
                Err(defect) => {
                    self.empty(Inside::Refused(defect.clone()));
                    Err(defect)
                }
            },
        };
        self.leave(outcome)
    }

    /// Ends the session; [`Code::BadHandle`] where another thread was quicker.
    pub(super) fn close(&mut self) -> Code {
        match self.inside {
            Inside::Closed => Code::BadHandle,
            _ => {
                self.empty(Inside::Closed);
                Code::Ok
            }
        }
    }

    fn empty(&mut self, next: Inside) {
        let before = std::mem::replace(&mut self.inside, next);
        // A defect may show again while its ruins are cleared away; the first one was told.
        let _ = caught(|| drop(before));
    }
}

/// The sessions of one process. A fork copies the parent's table, whose lock some thread that does
/// not exist in the child may hold; the child leaves it alone and begins its own.
struct Table {
    process: u32,
    slots: Mutex<BTreeMap<usize, Arc<Slot>>>,
}

static TABLE: AtomicPtr<Table> = AtomicPtr::new(std::ptr::null_mut());

/// Counts on across a fork, so that a child's tokens are never its parent's. Odd, so that no
/// aligned pointer of the host's is ever a token.
static NEXT: AtomicUsize = AtomicUsize::new(1);

fn table() -> &'static Table {
    loop {
        let now = TABLE.load(Ordering::Acquire);
        // SAFETY: a table, once stored here, is never freed or changed but behind its own lock.
        if let Some(table) = unsafe { now.as_ref() }
            && table.process == std::process::id()
        {
            return table;
        }
        let table = Table { process: std::process::id(), slots: Mutex::default() };
        let new = Box::into_raw(Box::new(table));
        let swap = TABLE.compare_exchange(now, new, Ordering::AcqRel, Ordering::Acquire);
        if swap.is_err() {
            // SAFETY: another thread stored its table first, so nobody has seen this one.
            drop(unsafe { Box::from_raw(new) });
        }
    }
}

fn slots() -> MutexGuard<'static, BTreeMap<usize, Arc<Slot>>> {
    table().slots.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Gives a session its token.
pub(super) fn insert(slot: Arc<Slot>) -> usize {
    let token = NEXT.fetch_add(2, Ordering::Relaxed);
    slots().insert(token, slot);
    token
}

/// The session behind a token.
pub(super) fn find(token: usize) -> Option<Arc<Slot>> {
    slots().get(&token).cloned()
}

/// Forgets a token.
pub(super) fn remove(token: usize) {
    slots().remove(&token);
}
