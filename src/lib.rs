//! A school's messenger chats follow the school's own data.

pub mod error;
pub mod platform;
pub mod secret;
pub mod stop;
