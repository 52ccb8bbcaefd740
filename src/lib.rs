//! A school's messenger chats follow the school's own data.
//!
//! ```text
//! host ──roster──▶ roster ──▶ profile (Luau) ──▶ plan ──▶ guard ──▶ apply ──▶ report ──▶ host
//!                     ▲             desired       ▲ known             │ confirmed
//!                     │                           └────── state (SQLite) ◀──┘
//! ```
//!
//! A host calls the C functions of [`ffi`]; a Rust program opens a [`session::Session`]. One cycle
//! is `cycle`: it reads the roster, asks the profile what should be, takes from the state file what
//! is, plans the difference, lets the guard hold what looks like an accident, does the rest through
//! a `platform`, and tells what happened. `ARCHITECTURE.md` has the map and the invariants.

mod apply;
pub mod calls;
pub mod check;
pub mod clock;
pub mod config;
mod cycle;
mod document;
pub mod error;
mod events;
pub mod ffi;
mod fingerprint;
pub mod host;
pub mod plan;
pub mod platform;
pub mod profile;
mod random;
mod report;
mod requests;
pub mod roster;
pub mod run_task;
pub mod schema;
pub mod secret;
pub mod session;
mod state;
pub mod stop;
mod tasks;

/// The library, its target and what is built into it, in one line for support.
pub fn version() -> String {
    format!(
        "zvonok {} {} sqlite {} luau {}",
        env!("CARGO_PKG_VERSION"),
        env!("ZVONOK_TARGET"),
        state::sqlite_version(),
        profile::luau_version(),
    )
}
