//! What the library tells its host while it works.

/// How much a log line matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[repr(i32)]
pub enum Level {
    /// Something failed.
    Error = 1,
    /// Something a person should look at.
    Warning = 2,
    /// What was done.
    Info = 3,
    /// How it was done.
    Debug = 4,
}

/// What a cycle is busy with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[repr(i32)]
pub enum Phase {
    /// Reading the roster and running the profile.
    Reading = 1,
    /// Reading chats on the platform.
    Checking = 2,
    /// Changing chats on the platform.
    Applying = 3,
}

/// Whoever embeds the library. Every call comes on the thread that called the library.
pub trait Host {
    /// A line for the host's log; never holds a token, a name, a phone or an e-mail.
    fn log(&self, level: Level, text: &str);

    /// How far the work is; `false` asks to cancel it.
    fn progress(&self, phase: Phase, done: u32, total: u32) -> bool;
}

/// A host that wants to hear nothing.
#[derive(Debug, Clone, Copy, Default)]
pub struct Silent;

impl Host for Silent {
    fn log(&self, _level: Level, _text: &str) {}

    fn progress(&self, _phase: Phase, _done: u32, _total: u32) -> bool {
        true
    }
}
