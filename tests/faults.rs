//! What goes wrong on the way to the messenger, in the state file, in the roster and with people:
//! each trouble stays where it is, is told, and the next cycles come to the end all the same.
#![cfg(feature = "cli")]

#[path = "support/pupils.rs"]
mod pupils;
#[path = "support/refusing.rs"]
mod refusing;
#[path = "support/rig.rs"]
mod rig;
mod support;

#[path = "faults/drift.rs"]
mod drift;
#[path = "faults/files.rs"]
mod files;
#[path = "faults/guard.rs"]
mod guard;
#[path = "faults/outside.rs"]
mod outside;
#[path = "faults/refusals.rs"]
mod refusals;
#[path = "faults/rosters.rs"]
mod rosters;
#[path = "faults/secrets.rs"]
mod secrets;
#[path = "faults/stops.rs"]
mod stops;
#[path = "faults/wire.rs"]
mod wire;
