//! A school's messenger chats follow the school's own data.

mod apply;
pub mod clock;
pub mod config;
mod document;
pub mod error;
pub mod ffi;
mod fingerprint;
pub mod host;
pub mod plan;
pub mod platform;
pub mod profile;
pub mod roster;
pub mod secret;
mod state;
pub mod stop;
