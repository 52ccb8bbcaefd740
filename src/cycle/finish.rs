//! The end of a cycle: who stands where now, what is remembered, what is told.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::{Reported, Run, lacking, verify};
use crate::apply::{Ended, Outcome, Told};
use crate::config::Detail;
use crate::error::{Code, Error, Fault, Result, Text};
use crate::plan::{
    Allowed, Attempt, Census, ChatState, Kind, Known, KnownChat, MemberState, Operation, Plan,
    Waiting, census,
};
use crate::profile::{Desired, DesiredChat, Existence};
use crate::report;
use crate::state::Quiet;
use crate::stop::Reason;

/// A year and a day: a school year of audit, and the one before its beginning.
const REMEMBERED: std::time::Duration = std::time::Duration::from_secs(366 * 24 * 3600);

/// Failures that wait: (chat, what, why).
type Rows = Vec<(String, Attempt, Waiting)>;

/// Ends a cycle and makes its report; `outcome` is `None` for a dry run.
pub(super) fn finish(run: &mut Run, plan: &Plan, outcome: Option<Outcome>) -> Result<Reported> {
    let Some(outcome) = outcome else { return Ok(told(run, plan, None, &waiting(run)?)) };
    remember(run, plan, &outcome)?;
    let rows = waiting(run)?;
    let reported = told(run, plan, Some(&outcome), &rows);
    close(run, plan, &outcome, &rows, &reported)?;
    match failure_of(&outcome) {
        Some(error) => Err(error),
        None => Ok(reported),
    }
}

/// What a cycle that ended early returns instead of a report.
fn failure_of(outcome: &Outcome) -> Option<Error> {
    match outcome.ended.as_ref()? {
        Ended::Stopped(Reason::Cancelled) => Some(super::able::stopped(Reason::Cancelled)),
        Ended::Token(code, message) => Some(Error::new(
            Code::Auth,
            format!("{} ({code})", message.ru),
            format!("{} ({code})", message.en),
        )),
        Ended::Unreachable(code, message) if outcome.done.is_empty() => Some(Error::new(
            Code::Platform,
            format!("{} ({code})", message.ru),
            format!("{} ({code})", message.en),
        )),
        _ => None,
    }
}

/// The failures that are still somebody's concern: whom the platform refused to add and who has been
/// given the way in since is an open invitation.
fn waiting(run: &Run) -> Result<Rows> {
    let mut rows = run.state.waiting()?;
    rows.retain(|(chat, attempt, waiting)| {
        let invited = |person: &String| {
            let member = run.known.chats.get(chat).and_then(|chat| chat.people.get(person));
            member.is_some_and(|member| member.state == MemberState::Invited)
        };
        attempt.operation != Kind::AddMember || !waiting.people.iter().any(invited)
    });
    Ok(rows)
}

/// Brings the state file in step with the roster: who is meant by whom, who is leaving, what is
/// held.
fn remember(run: &mut Run, plan: &Plan, outcome: &Outcome) -> Result<()> {
    forget_stale(run, plan, outcome)?;
    note_planned(run)?;
    follow(&run.desired, &mut run.known);
    let censuses = censuses(&run.desired, &run.known, &run.own_account);
    let rows: Vec<_> = censuses
        .iter()
        .filter(|(_, known, census)| known.digest != census.digest)
        .map(|(desired, known, census)| (*desired, *known, census))
        .collect();
    run.state.put_census(&rows, run.number, run.cycle.clock.now())?;
    run.state.put_leaving(&plan.leaving)?;
    remember_hold(run, plan, outcome)?;
    run.state.forget(crate::clock::earlier(run.cycle.clock.now(), REMEMBERED))
}

fn remember_hold(run: &mut Run, plan: &Plan, outcome: &Outcome) -> Result<()> {
    run.state.put_allowed(&still_allowed(run, plan, outcome)?)?;
    let limited = !run.scope.kinds.is_empty() || !run.scope.chats.is_empty();
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

/// What a chat is by the roster follows the roster.
fn follow(desired: &Desired, known: &mut Known) {
    for chat in desired.chats.values() {
        if let Some(known) = known.chats.get_mut(&chat.key) {
            known.follow(chat);
        }
    }
}

/// Chats that should be and are not made yet have a row too, so that registries show them.
fn note_planned(run: &mut Run) -> Result<()> {
    let wanted: Vec<KnownChat> = run
        .desired
        .chats
        .values()
        .filter(|chat| chat.existence == Existence::Wanted)
        .filter(|chat| !run.known.chats.contains_key(&chat.key))
        .map(|chat| KnownChat::planned(chat, run.cycle.platform.kind()))
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
        .filter(|chat| chat.state == ChatState::Planned && !wanted(chat))
        .map(|chat| chat.key.clone())
        .collect();
    run.state.drop_planned(&dropped)?;
    run.known.chats.retain(|key, _| !dropped.contains(key));
    Ok(())
}

fn censuses<'r>(
    desired: &'r Desired,
    known: &'r Known,
    own_account: &str,
) -> Vec<(&'r DesiredChat, &'r KnownChat, Census)> {
    let both = desired.chats.values().filter_map(|chat| Some((chat, known.chats.get(&chat.key)?)));
    both.map(|(desired, known)| (desired, known, census(desired, known, own_account))).collect()
}

/// The report. A dry run tells of what is planned; what was done is empty then.
fn told(run: &Run, plan: &Plan, outcome: Option<&Outcome>, rows: &Rows) -> Reported {
    let (cycle, clock) = (run.cycle, run.cycle.clock);
    let status = status(run, plan, outcome, rows);
    let mut document = report::head(status, run.number, clock, cycle.options.dry_run);
    document.extend(lasting(run, plan, outcome, rows));
    if cycle.options.detail != Detail::Summary {
        document.insert("chats".to_owned(), chats(run));
    }
    if cycle.options.detail == Detail::Operations {
        document.insert("operations".to_owned(), report::operations(plan, outcome));
    }
    document.insert("calls".to_owned(), json!([]));
    let requests = report::requests(run.counters, cycle.platform.counters());
    document.insert("requests".to_owned(), requests);
    (status, Value::Object(document))
}

/// The parts of a report that an unchanged cycle says again.
fn lasting(run: &Run, plan: &Plan, outcome: Option<&Outcome>, rows: &Rows) -> Map<String, Value> {
    let clock = run.cycle.clock;
    let done = outcome.map(|outcome| report::numbers(&outcome.done)).unwrap_or(json!({}));
    let planned = match outcome {
        Some(outcome) => report::tally(outcome.results.iter().map(|(operation, _)| operation)),
        None => report::tally(plan.operations.iter()),
    };
    let mut document = Map::new();
    let mut put = |key: &str, value: Value| drop(document.insert(key.to_owned(), value));
    put(
        "roster",
        report::roster(
            &run.school.fingerprint,
            run.school.unchanged,
            &run.school.roster,
            &warnings(run, plan),
        ),
    );
    put("plan", json!({"fingerprint": plan.fingerprint, "operations": planned}));
    put("done", done);
    put("failed", report::failed(rows, clock));
    put("hold", report::hold(plan.hold.as_ref(), clock));
    put("held", report::held(&plan.held_rows));
    put("tasks", json!([]));
    put("next_due", report::moment(next_due(run, plan, outcome, rows), clock));
    document
}

fn warnings(run: &Run, plan: &Plan) -> Vec<Fault> {
    let clock = run.cycle.clock;
    let mut warnings = run.school.roster.warnings.clone();
    warnings.extend(lacking::warnings(&run.school.lacking, |moment| clock.show(moment)));
    warnings.extend(run.desired.warnings.iter().cloned());
    warnings.extend(plan.warnings.iter().cloned());
    let gone = run.known.chats.values().filter(|chat| chat.state == ChatState::Gone);
    warnings
        .extend(gone.filter(|chat| run.desired.chats.contains_key(&chat.key)).map(gone_warning));
    warnings
}

fn gone_warning(chat: &KnownChat) -> Fault {
    Fault::new(
        "chat.gone",
        &chat.key,
        &chat.title,
        Text::new(
            "чата больше нет в мессенджере; сам он заново не создаётся, только по просьбе",
            "the chat is gone from the messenger; it is made again only when asked for",
        ),
    )
}

fn chats(run: &Run) -> Value {
    let empty = |chat: &KnownChat| report::chat(chat, &crate::plan::Counts::default());
    let row = |chat: &KnownChat| match run.desired.chats.get(&chat.key) {
        Some(desired) => report::chat(chat, &census(desired, chat, &run.own_account).counts),
        None => empty(chat),
    };
    let known = run.known.chats.values().map(row);
    // A dry run of the first cycle has no rows yet: what would be made is shown as planned.
    let unmade = run.desired.chats.values().filter(|chat| {
        chat.existence == Existence::Wanted && !run.known.chats.contains_key(&chat.key)
    });
    let unmade = unmade.map(|chat| {
        let known = KnownChat::planned(chat, run.cycle.platform.kind());
        report::chat(&known, &census(chat, &known, &run.own_account).counts)
    });
    known.chain(unmade).collect()
}

fn status(run: &Run, plan: &Plan, outcome: Option<&Outcome>, rows: &Rows) -> Code {
    if plan.hold.is_some() {
        return Code::Held;
    }
    let partial = outcome.is_some_and(|outcome| outcome.left > 0 || outcome.ended.is_some());
    let retries = !rows.is_empty();
    if partial || retries || run.open_intents > 0 || run.unread > 0 {
        Code::Partial
    } else {
        Code::Ok
    }
}

/// When a cycle will have something to do though nothing changes; `None`: only a change can tell.
fn next_due(run: &Run, plan: &Plan, outcome: Option<&Outcome>, rows: &Rows) -> Option<Timestamp> {
    let now = run.cycle.clock.now();
    // Whom the platform refused to add is given another way in by the very next cycle.
    let refused = rows
        .iter()
        .any(|(_, attempt, waiting)| attempt.operation == Kind::AddMember && waiting.refused);
    if refused || outcome.is_some_and(|outcome| outcome.left > 0) || run.open_intents > 0 {
        return Some(now);
    }
    let every = run.cycle.config.verify_every;
    let living = run.known.chats.values().filter(|chat| chat.state == ChatState::Active);
    let reading = living.map(|chat| verify::next(chat, every).max(now)).min();
    let retry = rows.iter().map(|(_, _, waiting)| waiting.next_try).min();
    let patience = run.cycle.config.missing_after;
    let lacking =
        run.school.lacking.tables.values().map(|since| crate::clock::later(*since, patience));
    let lacking = lacking.filter(|due| *due > now).min();
    [plan.next_due, reading, retry, lacking].into_iter().flatten().min()
}

/// Ends the cycle in the state file. One that is limited to a few chats, or was stopped, says
/// nothing about the rest: the next one looks again.
fn close(
    run: &mut Run,
    plan: &Plan,
    outcome: &Outcome,
    rows: &Rows,
    reported: &Reported,
) -> Result<()> {
    let limited = !run.scope.kinds.is_empty() || !run.scope.chats.is_empty();
    let whole = !limited && outcome.ended.is_none() && run.open_intents == 0;
    let due = next_due(run, plan, Some(outcome), rows).map_or(i64::MAX, Timestamp::as_second);
    let mut report = lasting(run, plan, Some(outcome), rows);
    // An unchanged cycle plans and does nothing; what failed or is held it says again.
    report.insert("plan".to_owned(), json!({"fingerprint": plan.fingerprint, "operations": {}}));
    report.insert("done".to_owned(), json!({}));
    let quiet = Quiet {
        input: run.seen.input.clone(),
        next_due: if whole { due } else { 0 },
        cycle: run.number,
        status: reported.0.name().to_owned(),
        report,
    };
    run.state.end_cycle(&quiet, run.cycle.clock.now())
}

impl Outcome {
    /// Nothing of a plan was reached.
    pub(super) fn out_of_time(plan: &Plan) -> Outcome {
        let left = plan.operations.iter().map(|operation| (operation.clone(), Told::Left));
        Outcome {
            results: left.collect(),
            ended: Some(Ended::Stopped(Reason::Budget)),
            left: plan.operations.len() as u32,
            ..Outcome::default()
        }
    }

    /// Adds what a second round did.
    pub(super) fn merge(&mut self, other: Outcome) {
        for (kind, count) in other.done {
            *self.done.entry(kind).or_default() += count;
        }
        self.results.extend(other.results);
        self.missing.extend(other.missing);
        self.left += other.left;
        self.ended = other.ended.or(self.ended.take());
    }

    /// Forgets what was left over, because a new plan speaks of it.
    pub(super) fn replanned(&mut self) {
        self.left = 0;
        self.results.retain(|(_, told)| *told != Told::Left);
    }
}
