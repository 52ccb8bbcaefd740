//! What a cycle leaves in the state file: who is meant by whom, who is leaving, what is held, what
//! people are asked to do.

use std::collections::BTreeSet;

use serde_json::Value;

use super::Run;
use crate::apply::{Outcome, Told};
use crate::config::Old;
use crate::error::Result;
use crate::plan::{
    Allowed, Attempt, Cause, Census, ChatState, Kind, Known, KnownChat, MemberState, Operation,
    Plan, TaskKind, WantedTask, census,
};
use crate::profile::{Desired, Existence};
use crate::state::Task;
use crate::tasks::{self, Bot};

/// A year and a day: a school year of audit, and the one before its beginning.
const REMEMBERED: std::time::Duration = std::time::Duration::from_secs(366 * 24 * 3600);

/// Brings the state file in step with the roster: who is meant by whom, who is leaving, what is
/// held.
pub(super) fn remember(run: &mut Run, plan: &Plan, outcome: &Outcome) -> Result<()> {
    forget_stale(run, plan, outcome)?;
    note_planned(run, plan)?;
    follow(&run.desired, &mut run.known);
    expire(run);
    let censuses = censuses(run);
    let rows: Vec<_> = censuses
        .iter()
        .filter_map(|(key, census)| {
            Some((run.desired.chats.get(key)?, run.known.chats.get(key)?, census))
        })
        .filter(|(_, known, census)| known.digest != census.digest)
        .collect();
    run.state.put_census(&rows, run.number, run.cycle.clock.now())?;
    run.state.put_leaving(&plan.leaving)?;
    end_overrides(run, plan)?;
    note_emptying(run, outcome)?;
    remember_hold(run, plan, outcome)?;
    run.state.forget(crate::clock::earlier(run.cycle.clock.now(), REMEMBERED))
}

/// Ends the orders with which the roster agrees by now. One that the guard does not believe, or whose
/// losses are in grace, ends none: the next one may name again whom a person took out.
fn end_overrides(run: &mut Run, plan: &Plan) -> Result<()> {
    let held = plan.hold.is_some() || (is_limited(run) && run.known.hold.is_some());
    let doubted = |chat: &str| held || plan.leaving.iter().any(|(key, ..)| key == chat);
    let done = run.undone.done(&run.school.roster, &run.known, doubted);
    run.state.close_overrides(&done, run.cycle.clock.now())?;
    run.state.put_standings(&run.undone.standings)
}

fn is_limited(run: &Run) -> bool {
    !run.scope.kinds.is_empty() || !run.scope.chats.is_empty()
}

/// Chats whose emptying has begun are emptied to the end, without being counted once more.
fn note_emptying(run: &mut Run, outcome: &Outcome) -> Result<()> {
    if run.cycle.config.moving.old != Old::Empty {
        return Ok(());
    }
    let ended = outcome.results.iter().filter(|(operation, told)| {
        let archived = operation.kind == Kind::ArchiveChat && operation.cause == Cause::Moved;
        archived && *told == Told::Done
    });
    let ended: Vec<&str> = ended.map(|(operation, _)| operation.chat.as_str()).collect();
    if ended.is_empty() { Ok(()) } else { run.state.put_emptying(&ended) }
}

fn remember_hold(run: &mut Run, plan: &Plan, outcome: &Outcome) -> Result<()> {
    run.state.put_allowed(&still_allowed(run, plan, outcome)?)?;
    let limited = is_limited(run);
    match &plan.hold {
        // Nor may it put its own smaller hold in the place of one that a person was shown.
        Some(_) if limited && run.known.hold.is_some() => Ok(()),
        Some(hold) => run.state.put_hold(Some(&hold.to_known())),
        // A cycle limited to a few chats says nothing about what is held elsewhere.
        None if limited && !plan.approved => Ok(()),
        None => run.state.put_hold(None),
    }
}

/// An approval is used up by the cycle that carries it out: what was not reached, or failed and is
/// tried again, stays allowed.
fn still_allowed(run: &Run, plan: &Plan, outcome: &Outcome) -> Result<Vec<Allowed>> {
    let approver = run.approval()?.map_or_else(|| run.cycle.actor.to_owned(), |one| one.actor);
    let by = |operation: &Operation| {
        let before = run.known.allowed.iter().find(|one| one.is(operation));
        before.map_or_else(|| approver.clone(), |one| one.by.clone())
    };
    let undone = outcome
        .results
        .iter()
        .filter(|(operation, told)| *told != Told::Done && plan.released.contains(operation));
    let mut allowed: Vec<Allowed> =
        undone.map(|(operation, _)| Allowed::of(operation, by(operation))).collect();
    let waits = |one: &&Allowed| {
        plan.waiting.iter().any(|(chat, attempt)| {
            *chat == one.chat
                && attempt.account == one.account
                && attempt.operation.name() == one.operation
        })
    };
    allowed.extend(run.known.allowed.iter().filter(waits).cloned());
    Ok(allowed)
}

/// Failures of operations that this cycle neither tried nor waits for are history.
fn forget_stale(run: &mut Run, plan: &Plan, outcome: &Outcome) -> Result<()> {
    let attempt = |op: &crate::plan::Operation| {
        (op.chat.clone(), Attempt { operation: op.kind, account: op.account.clone() })
    };
    let mut alive: BTreeSet<(String, Attempt)> = plan.waiting.clone();
    alive.extend(outcome.results.iter().map(|(operation, _)| attempt(operation)));
    alive.extend(plan.held.iter().map(attempt));
    let inside = |chat: &str| {
        let kind = run.known.chats.get(chat).map(|chat| chat.kind.as_str());
        run.scope.holds(chat, kind.unwrap_or_default())
    };
    let stale: Vec<(String, Attempt)> = run
        .state
        .waiting()?
        .into_iter()
        .map(|(chat, attempt, _)| (chat, attempt))
        .filter(|one| inside(&one.0) && !alive.contains(one))
        .collect();
    run.state.drop_waiting(&stale)
}

/// Opens and closes tasks as the plan has it, and tells the open ones.
pub(super) fn note_tasks(run: &mut Run, plan: &Plan) -> Result<Vec<Value>> {
    let (known, desired, scope) = (&run.known, &run.desired, &run.scope);
    let inside = |chat: &str| {
        let kind = known.chats.get(chat).map(|chat| chat.kind.as_str());
        let kind = kind.or(desired.chats.get(chat).map(|chat| chat.kind.as_str()));
        scope.holds(chat, kind.unwrap_or_default())
    };
    let open = run.state.put_tasks(&plan.tasks, &inside, run.cycle.clock.now())?;
    task_rows(run, &open)
}

pub(super) fn task_rows(run: &Run, tasks: &[Task]) -> Result<Vec<Value>> {
    let zone = &run.cycle.config.zone;
    let row = |task: &Task| {
        let chat = run.known.chats.get(&task.chat);
        let platform = chat.map_or(run.sides[0].kind(), |chat| chat.platform);
        let link = chat.and_then(|chat| chat.link.as_deref());
        Ok(tasks::row(task, &Bot::known(run.state, platform)?, platform, link, zone))
    };
    tasks.iter().map(row).collect()
}

/// What a chat is by the roster follows the roster.
fn follow(desired: &Desired, known: &mut Known) {
    for chat in desired.chats.values() {
        if let Some(known) = known.chats.get_mut(&chat.key) {
            known.follow(chat);
        }
    }
}

/// Chats that should be and are not made yet have a row too, so that registries show them.
fn note_planned(run: &mut Run, plan: &Plan) -> Result<()> {
    let wanted: Vec<KnownChat> = run
        .desired
        .chats
        .values()
        .filter(|chat| chat.existence == Existence::Wanted)
        .filter(|chat| !is_noted(run, plan, &chat.key))
        .map(|chat| KnownChat {
            state: unmade_state(plan, &chat.key),
            ..KnownChat::planned(chat, run.sides[0].kind())
        })
        .collect();
    for chat in wanted {
        run.state.put_chat(&chat, run.cycle.clock.now())?;
        run.known.chats.insert(chat.key.clone(), chat);
    }
    let wanted = |chat: &KnownChat| {
        let desired = run.desired.chats.get(&chat.key);
        desired.is_some_and(|desired| desired.existence == Existence::Wanted)
    };
    let dropped: Vec<String> = run
        .known
        .chats
        .values()
        .filter(|chat| matches!(chat.state, ChatState::Planned | ChatState::Task) && !wanted(chat))
        .map(|chat| chat.key.clone())
        .collect();
    run.state.drop_planned(&dropped)?;
    run.known.chats.retain(|key, _| !dropped.contains(key));
    Ok(())
}

/// Whether a chat has a row that says how it comes to be.
fn is_noted(run: &Run, plan: &Plan, key: &str) -> bool {
    run.known.chats.get(key).is_some_and(|chat| {
        let unmade = matches!(chat.state, ChatState::Planned | ChatState::Task);
        let title = run.desired.chats.get(key).map(|desired| &desired.title);
        !unmade || (chat.state == unmade_state(plan, key) && title == Some(&chat.title))
    })
}

fn unmade_state(plan: &Plan, key: &str) -> ChatState {
    let asked = |task: &WantedTask| task.kind == TaskKind::CreateChat && task.chat == key;
    if plan.tasks.iter().any(asked) { ChatState::Task } else { ChatState::Planned }
}

fn censuses(run: &Run) -> Vec<(String, Census)> {
    let both = run.desired.chats.values();
    let both = both.filter_map(|chat| Some((chat, run.known.chats.get(&chat.key)?)));
    let both = both.filter(|(_, known)| known.state != ChatState::Deleted);
    both.map(|(chat, known)| (chat.key.clone(), census(chat, known, run.own(known)))).collect()
}

/// Invitations that nobody followed for too long.
fn expire(run: &mut Run) {
    let (now, patience) = (run.cycle.clock.now(), run.cycle.config.invitations.expire_after);
    let people = run.known.chats.values_mut().flat_map(|chat| chat.people.values_mut());
    for member in people.filter(|member| member.state == MemberState::Invited) {
        let given = member.invitation.as_ref().map(|invitation| invitation.at);
        if given.is_some_and(|given| crate::clock::later(given, patience) <= now) {
            member.state = MemberState::Expired;
        }
    }
}
