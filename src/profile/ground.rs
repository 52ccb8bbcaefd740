//! What every object of one evaluation stands on: the roster, and notes of what the script touched.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;
use std::sync::Arc;

use mlua::{Lua, Result as LuaResult};

use super::fault::said_as;
use crate::error::{Fault, Text};
use crate::roster::{ClassIx, Metadata, Roster};

/// The roster of one evaluation and the notes taken on the way.
pub(super) struct Ground {
    pub(super) roster: Arc<Roster>,
    /// The setting `max_guardians`.
    pub(super) max_guardians: Cell<usize>,
    /// Memory that sets of people take; Luau does not see it.
    pub(super) ledger: Rc<Ledger>,
    reads: RefCell<BTreeSet<String>>,
    touched: RefCell<BTreeSet<ClassIx>>,
    warnings: RefCell<BTreeMap<(String, String, String), Fault>>,
}

impl Ground {
    pub(super) fn new(roster: Arc<Roster>, memory: usize) -> Rc<Ground> {
        Rc::new(Ground {
            roster,
            max_guardians: Cell::new(usize::MAX),
            ledger: Rc::new(Ledger { used: Cell::new(0), limit: memory }),
            reads: RefCell::default(),
            touched: RefCell::default(),
            warnings: RefCell::default(),
        })
    }

    /// A value of metadata; that the script asked for this name is noted.
    pub(super) fn metadata<'m>(
        &self,
        of: &'m Metadata,
        key: &str,
    ) -> Option<&'m serde_json::Value> {
        self.note_read(key);
        of.get(key)
    }

    pub(super) fn note_read(&self, key: &str) {
        if !self.reads.borrow().contains(key) {
            self.reads.borrow_mut().insert(key.to_owned());
        }
    }

    /// Notes that rows of this class decide about the chat at hand.
    pub(super) fn touch(&self, class: ClassIx) {
        self.touched.borrow_mut().insert(class);
    }

    /// The classes touched since this was last asked.
    pub(super) fn take_touched(&self) -> BTreeSet<ClassIx> {
        self.touched.take()
    }

    /// Adds a warning, once: two chats of a class find the same thing wrong.
    pub(super) fn warn(&self, code: &str, at: String, value: &str, message: Text) {
        let key = (code.to_owned(), at.clone(), value.to_owned());
        let fault = Fault::new(code, at, value, message);
        self.warnings.borrow_mut().entry(key).or_insert(fault);
    }

    pub(super) fn take_reads(&self) -> BTreeSet<String> {
        self.reads.take()
    }

    pub(super) fn take_warnings(&self) -> Vec<Fault> {
        self.warnings.take().into_values().collect()
    }
}

/// Counts memory outside Luau, against a limit of its own.
pub(super) struct Ledger {
    used: Cell<usize>,
    limit: usize,
}

impl Ledger {
    /// Takes `bytes` until the answer is dropped. Sets that nobody holds any more are collected first
    /// when there is not enough.
    pub(super) fn charge(self: &Rc<Self>, lua: &Lua, bytes: usize) -> LuaResult<Charge> {
        if self.used.get() + bytes > self.limit {
            lua.gc_collect()?;
        }
        if self.used.get() + bytes > self.limit {
            return Err(said_as(
                "profile.memory",
                Text::new(
                    "множества людей заняли всю отведённую память",
                    "sets of people used up the memory",
                ),
            ));
        }
        self.used.set(self.used.get() + bytes);
        Ok(Charge { ledger: self.clone(), bytes })
    }
}

/// Memory taken from a [`Ledger`]; given back when dropped.
pub(super) struct Charge {
    ledger: Rc<Ledger>,
    bytes: usize,
}

impl Drop for Charge {
    fn drop(&mut self) {
        self.ledger.used.set(self.ledger.used.get() - self.bytes);
    }
}
