//! Whose turn it is to be read again: whoever has a reason, and everybody at least every
//! `verify_every`, spread over cycles and never more than the budget of a cycle.

use std::time::Duration;

use jiff::Timestamp;

use super::run::Run;
use crate::clock::later;
use crate::config::{Events, Verify};
use crate::fingerprint;
use crate::plan::{ChatState, KnownChat, MemberState};
use crate::platform::{self, Capability};

/// How often chats with open invitations are read where no events tell who joined.
const WITHOUT_EVENTS: u32 = 24;

/// For how long after an invitation its chat is read so often: who comes, comes soon.
const AWAITED: Duration = Duration::from_secs(24 * 3600);

/// The chats of a messenger to read in this cycle, and whether there would have been more.
pub(super) fn due(run: &Run, side: usize) -> (Vec<String>, bool) {
    let options = run.cycle.options;
    if options.verify == Verify::None {
        return (Vec::new(), false);
    }
    let now = run.cycle.clock.started();
    let readable = |chat: &&KnownChat| !chat.unable().contains(&Capability::ListMembers);
    let mut due: Vec<(Timestamp, &KnownChat)> = living(run, side)
        .chain(open_graves(run, side))
        .filter(readable)
        .map(|chat| (next(run, chat), chat))
        .filter(|(next, _)| options.verify == Verify::All || *next <= now)
        .collect();
    due.sort_by_key(|(next, chat)| (*next, chat.key.clone()));
    let budget = run.sides[side].messenger.config.reads_per_cycle;
    let unreached = due.len() > budget && options.verify != Verify::All;
    let most = if unreached { budget } else { due.len() };
    (due[..most].iter().map(|(_, chat)| chat.key.clone()).collect(), unreached)
}

/// Chats of MAX in which it must be asked what the bot may do: it was never told, or something is
/// lacking that a person was asked to give.
pub(super) fn unsure_of_rights(run: &Run, side: usize) -> Vec<String> {
    if run.sides[side].kind() != platform::Kind::Max || run.cycle.options.verify == Verify::None {
        return Vec::new();
    }
    let unsure = |chat: &&KnownChat| match &chat.own {
        None => true,
        Some(own) => !own.inside || !own.lacking(chat.platform).is_empty(),
    };
    living(run, side).filter(unsure).map(|chat| chat.key.clone()).collect()
}

/// Chats whose link was never read, because the process died in between or the platform refused, or
/// whose link a person was asked to replace.
pub(super) fn doors(run: &Run, side: usize) -> Vec<String> {
    if !run.sides[side].able.set.contains(&Capability::ReadLink) {
        return Vec::new();
    }
    let rotates = run.sides[side].able.set.contains(&Capability::RotateLink);
    let open = |chat: &&KnownChat| {
        let readable = !chat.unable().contains(&Capability::ReadLink);
        readable && (chat.link.is_none() || (chat.leaked.is_some() && !rotates))
    };
    living(run, side).filter(open).map(|chat| chat.key.clone()).collect()
}

/// When something is waited for that a person does and no event tells.
pub(super) fn waits_for_people(run: &Run) -> bool {
    (0..run.sides.len()).any(|side| {
        !unsure_of_rights(run, side).is_empty()
            || living(run, side).any(|chat| chat.leaked.is_some())
    })
}

fn living<'r>(run: &'r Run, side: usize) -> impl Iterator<Item = &'r KnownChat> {
    let kind = run.sides[side].kind();
    let usable = move |chat: &&KnownChat| {
        is_living(chat) && chat.platform == kind && chat.platform_id.is_some()
    };
    let inside = |chat: &&KnownChat| run.scope.holds(&chat.key, &chat.kind);
    run.known.chats.values().filter(usable).filter(inside)
}

/// Deleted chats whose link could not be replaced: people may still come in by it.
fn open_graves<'r>(run: &'r Run, side: usize) -> impl Iterator<Item = &'r KnownChat> {
    let kind = run.sides[side].kind();
    let deleted = move |chat: &&KnownChat| {
        chat.state == ChatState::Deleted && chat.platform == kind && is_watched(chat)
    };
    let inside = |chat: &&KnownChat| run.scope.holds(&chat.key, &chat.kind);
    run.known.chats.values().filter(deleted).filter(inside)
}

/// Whether somebody who comes into a chat is seen. One that was put to rest, left behind or
/// deleted is no open house either.
pub(super) fn is_watched(chat: &KnownChat) -> bool {
    let open = chat.state == ChatState::Deleted && !chat.sealed;
    is_living(chat) || (open && chat.platform_id.is_some())
}

fn is_living(chat: &KnownChat) -> bool {
    matches!(chat.state, ChatState::Active | ChatState::Archived)
}

/// When a chat is read next. Chats that are made together would all be due together: each has its
/// own share of the period, from half of it to all of it, so that they spread and stay spread.
pub(super) fn next(run: &Run, chat: &KnownChat) -> Timestamp {
    let Some(verified) = chat.verified else { return Timestamp::MIN };
    let every = run.cycle.config.verify_every;
    let every = if is_blind(run, chat) { every / WITHOUT_EVENTS } else { every };
    let turn = later(verified, spread(every, &chat.key));
    chat.due.map_or(turn, |due| due.min(turn))
}

/// Whether people are awaited whose coming no event tells.
fn is_blind(run: &Run, chat: &KnownChat) -> bool {
    let side = run.sides.iter().find(|side| side.kind() == chat.platform);
    let polled = side.is_some_and(|side| side.messenger.config.events != Events::None);
    let told = |own: &platform::OwnRights| own.rights.contains("read_all_messages");
    let hears = polled && chat.own.as_ref().is_some_and(told);
    let now = run.cycle.clock.started();
    let awaited = chat.people.values().any(|member| {
        let given = member.invitation.as_ref().map(|invitation| invitation.at);
        let fresh = given.is_some_and(|given| later(given, AWAITED) > now);
        member.state == MemberState::Invited && fresh
    });
    // Nobody is awaited where the school has moved away.
    awaited && !hears && !chat.former
}

fn spread(every: Duration, key: &str) -> Duration {
    // Whole seconds, as the state file keeps them.
    Duration::from_secs(every.mul_f64(0.5 + 0.5 * own_share(key)).as_secs())
}

fn own_share(key: &str) -> f64 {
    let digits = fingerprint::of(key);
    let number = u32::from_str_radix(&digits[..8], 16).unwrap_or_default();
    f64::from(number) / f64::from(u32::MAX)
}
