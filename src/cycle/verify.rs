//! Whose turn it is to be read again: each chat at least every `verify_every`, spread over cycles.

use std::time::Duration;

use jiff::Timestamp;

use super::Run;
use crate::clock::later;
use crate::config::Verify;
use crate::fingerprint;
use crate::plan::{ChatState, KnownChat};

/// The chats to read in this cycle.
pub(super) fn due(run: &Run) -> Vec<String> {
    let options = run.cycle.options;
    if options.verify == Verify::None {
        return Vec::new();
    }
    let now = run.cycle.clock.started();
    let every = run.cycle.config.verify_every;
    living(run)
        .filter(|chat| options.verify == Verify::All || next(chat, every) <= now)
        .map(|chat| chat.key.clone())
        .collect()
}

/// Chats whose link was never read: the process died in between, or the platform refused.
pub(super) fn linkless(run: &Run) -> Vec<String> {
    if !run.able.set.contains(&crate::platform::Capability::ReadLink) {
        return Vec::new();
    }
    living(run).filter(|chat| chat.link.is_none()).map(|chat| chat.key.clone()).collect()
}

fn living<'r>(run: &'r Run) -> impl Iterator<Item = &'r KnownChat> {
    // An archived chat that is to be empty is kept empty.
    let emptied = !run.cycle.config.archive_keeps_members;
    let watched =
        move |state| state == ChatState::Active || (emptied && state == ChatState::Archived);
    let usable = move |chat: &&KnownChat| watched(chat.state) && chat.platform_id.is_some();
    let inside = |chat: &&KnownChat| run.scope.holds(&chat.key, &chat.kind);
    run.known.chats.values().filter(usable).filter(inside)
}

/// When a chat is read next. Chats that are made together would all be due together: each has its
/// own share of the period, from half of it to all of it, so that they spread and stay spread.
pub(super) fn next(chat: &KnownChat, every: Duration) -> Timestamp {
    let Some(verified) = chat.verified else { return Timestamp::MIN };
    later(verified, every.mul_f64(0.5 + 0.5 * own_share(&chat.key)))
}

fn own_share(key: &str) -> f64 {
    let digits = fingerprint::of(key);
    let number = u32::from_str_radix(&digits[..8], 16).unwrap_or_default();
    f64::from(number) / f64::from(u32::MAX)
}
