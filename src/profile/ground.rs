//! What every object of one evaluation stands on: the roster, and notes of what the script touched.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;
use std::sync::Arc;

use mlua::{Error as LuaError, Lua, Result as LuaResult};

use super::fault::said_as;
use crate::error::{Fault, Text};
use crate::roster::{ClassIx, Metadata, PersonIx, Roster};

/// The roster of one evaluation and the notes taken on the way.
pub(super) struct Ground {
    pub(super) roster: Arc<Roster>,
    /// The setting `max_guardians`.
    pub(super) max_guardians: Cell<usize>,
    /// The roles that make a guardian, where the profile wants fewer than all.
    pub(super) guardian_roles: RefCell<Option<BTreeSet<String>>>,
    reads: RefCell<BTreeSet<String>>,
    touched: RefCell<BTreeSet<ClassIx>>,
    warnings: RefCell<BTreeMap<(String, String, String), Fault>>,
}

impl Ground {
    pub(super) fn new(roster: Arc<Roster>) -> Rc<Ground> {
        Rc::new(Ground {
            roster,
            max_guardians: Cell::new(usize::MAX),
            guardian_roles: RefCell::default(),
            reads: RefCell::default(),
            touched: RefCell::default(),
            warnings: RefCell::default(),
        })
    }

    /// Whether somebody has one of the roles in force that the profile takes for a guardian's.
    pub(super) fn may_guard(&self, person: PersonIx) -> bool {
        let roles = self.guardian_roles.borrow();
        let Some(roles) = &*roles else { return true };
        let mut held = self.roster.roles_of(person);
        held.any(|role| roles.contains(&*role.role) && self.roster.role_in_force(role))
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

    /// Notes a name of metadata. Names beyond all reason are not kept: a script that makes them up
    /// by the thousand would fill the host's memory.
    pub(super) fn note_read(&self, key: &str) {
        const MOST: usize = 10_000;
        const LONGEST: usize = 200;
        let mut reads = self.reads.borrow_mut();
        if key.len() <= LONGEST && reads.len() < MOST && !reads.contains(key) {
            reads.insert(key.to_owned());
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
        self.take_up(Some(Fault::new(code, at, value, message)));
    }

    /// Adds a warning, if there is one.
    pub(super) fn take_up(&self, fault: Option<Fault>) {
        let Some(fault) = fault else { return };
        let key = (fault.code.clone(), fault.at.clone(), fault.value.clone());
        self.warnings.borrow_mut().entry(key).or_insert(fault);
    }

    pub(super) fn take_reads(&self) -> BTreeSet<String> {
        self.reads.take()
    }

    pub(super) fn take_warnings(&self) -> Vec<Fault> {
        self.warnings.take().into_values().collect()
    }
}

/// Counts memory that values of the script take outside Luau, against a limit of its own.
pub(super) struct Ledger {
    used: Cell<usize>,
    limit: usize,
}

impl Ledger {
    /// An empty ledger; the room keeps it beside its Luau state.
    pub(super) fn new(limit: usize) -> Rc<Ledger> {
        Rc::new(Ledger { used: Cell::new(0), limit })
    }

    fn has(&self, bytes: usize) -> bool {
        self.used.get().saturating_add(bytes) <= self.limit
    }
}

/// Memory taken from a [`Ledger`]; given back when dropped.
pub(super) struct Charge {
    ledger: Rc<Ledger>,
    bytes: usize,
}

impl Charge {
    /// Takes `bytes` from the room's ledger until the answer is dropped. Values that nobody holds
    /// any more are collected first when there is not enough.
    pub(super) fn take(lua: &Lua, bytes: usize) -> LuaResult<Charge> {
        let ledger = lua.app_data_ref::<Rc<Ledger>>().map(|ledger| ledger.clone());
        let ledger = ledger.ok_or_else(|| LuaError::runtime("the room has no ledger"))?;
        if !ledger.has(bytes) {
            lua.gc_collect()?;
        }
        if !ledger.has(bytes) {
            let text = Text::new(
                "множества и условия заняли всю отведённую память",
                "sets and predicates used up the memory",
            );
            return Err(said_as("profile.memory", text));
        }
        ledger.used.set(ledger.used.get() + bytes);
        Ok(Charge { ledger, bytes })
    }
}

impl Drop for Charge {
    fn drop(&mut self) {
        self.ledger.used.set(self.ledger.used.get() - self.bytes);
    }
}
