//! A school's messenger chats follow the school's own data.

pub mod error;
#[cfg(any())]
pub mod platform;
pub mod profile;
pub mod roster;
pub mod secret;
pub mod stop;
