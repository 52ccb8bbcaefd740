//! The end of a cycle: who stands where now, what is remembered, what is told.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::side::lost_warning;
use super::{Reported, Run, lacking, moving, verify};
use crate::apply::{Ended, Outcome, Told};
use crate::config::{Detail, Old};
use crate::error::{Code, Error, Fault, Result, Text};
use crate::plan::{
    Allowed, Attempt, Cause, Census, ChatState, Kind, Known, KnownChat, MemberState, Operation,
    Plan, TaskKind, Waiting, WantedTask, census, wanted_accounts,
};
use crate::platform::Capability;
use crate::profile::{Desired, Existence};
use crate::report;
use crate::state::{Quiet, Task};
use crate::stop::Reason;
use crate::tasks::{self, Bot};

/// A year and a day: a school year of audit, and the one before its beginning.
const REMEMBERED: std::time::Duration = std::time::Duration::from_secs(366 * 24 * 3600);

/// How often it is looked whether a person has done what was asked for, where no event may tell.
const LOOK_EVERY: std::time::Duration = std::time::Duration::from_secs(60);

/// How often groups that fit no task are looked at: their titles may change.
const LOOK_AT_GROUPS_EVERY: std::time::Duration = std::time::Duration::from_secs(600);

/// Failures that wait: (chat, what, why).
pub(super) type Rows = Vec<(String, Attempt, Waiting)>;

/// Ends a cycle and makes its report; `outcome` is `None` for a dry run.
pub(super) fn finish(run: &mut Run, plan: &Plan, outcome: Option<Outcome>) -> Result<Reported> {
    let Some(outcome) = outcome else {
        run.tasks = task_rows(run, &run.state.open_tasks()?)?;
        return Ok(told(run, plan, None, &waiting(run)?));
    };
    remember(run, plan, &outcome)?;
    run.tasks = note_tasks(run, plan)?;
    let rows = waiting(run)?;
    let reported = told(run, plan, Some(&outcome), &rows);
    close(run, plan, &outcome, &rows, &reported)?;
    let lost = run.sides[0].lost.take();
    match failure_of(&outcome).or(lost) {
        Some(error) => Err(error),
        None => Ok(reported),
    }
}

/// What a cycle that ended early returns instead of a report.
fn failure_of(outcome: &Outcome) -> Option<Error> {
    match outcome.ended.as_ref()? {
        Ended::Unreachable(..) if !outcome.done.is_empty() => None,
        ended => ended.error(),
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
    note_emptying(run, outcome)?;
    remember_hold(run, plan, outcome)?;
    run.state.forget(crate::clock::earlier(run.cycle.clock.now(), REMEMBERED))
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

/// Opens and closes tasks as the plan has it, and tells the open ones.
fn note_tasks(run: &mut Run, plan: &Plan) -> Result<Vec<Value>> {
    let (known, desired, scope) = (&run.known, &run.desired, &run.scope);
    let inside = |chat: &str| {
        let kind = known.chats.get(chat).map(|chat| chat.kind.as_str());
        let kind = kind.or(desired.chats.get(chat).map(|chat| chat.kind.as_str()));
        scope.holds(chat, kind.unwrap_or_default())
    };
    let open = run.state.put_tasks(&plan.tasks, &inside, run.cycle.clock.now())?;
    task_rows(run, &open)
}

fn task_rows(run: &Run, tasks: &[Task]) -> Result<Vec<Value>> {
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
        !unmade || chat.state == unmade_state(plan, key)
    })
}

fn unmade_state(plan: &Plan, key: &str) -> ChatState {
    let asked = |task: &WantedTask| task.kind == TaskKind::CreateChat && task.chat == key;
    if plan.tasks.iter().any(asked) { ChatState::Task } else { ChatState::Planned }
}

fn censuses(run: &Run) -> Vec<(String, Census)> {
    let both = run.desired.chats.values();
    let both = both.filter_map(|chat| Some((chat, run.known.chats.get(&chat.key)?)));
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

/// The report. A dry run tells of what is planned; what was done is empty then.
fn told(run: &Run, plan: &Plan, outcome: Option<&Outcome>, rows: &Rows) -> Reported {
    let (cycle, clock) = (run.cycle, run.cycle.clock);
    let status = status(run, plan, outcome, rows);
    let mut document = report::head(status, run.number, clock, cycle.options.dry_run);
    document.extend(lasting(run, plan, outcome, rows));
    if let Some(held) = document.get_mut("held") {
        report::name_held(held, &run.names);
    }
    if cycle.options.detail != Detail::Summary {
        document.insert("chats".to_owned(), chats(run));
    }
    if cycle.options.detail == Detail::Operations {
        document.insert("operations".to_owned(), report::operations(plan, outcome));
    }
    document.insert("calls".to_owned(), json!([]));
    let requests = report::requests(cycle, &run.counters);
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
    put("tasks", json!(run.tasks));
    put("move", moving::ledger(run, plan, rows));
    put("next_due", report::moment(next_due(run, plan, outcome, rows), clock));
    document
}

fn warnings(run: &Run, plan: &Plan) -> Vec<Fault> {
    let clock = run.cycle.clock;
    let mut warnings = run.school.roster.warnings.clone();
    warnings.extend(lacking::warnings(&run.school.lacking, |moment| clock.show(moment)));
    warnings.extend(run.desired.warnings.iter().cloned());
    warnings.extend(plan.warnings.iter().cloned());
    warnings.extend(run.warnings.iter().cloned());
    let lost = run.sides.iter().filter_map(|side| Some((side, side.lost.as_ref()?)));
    warnings.extend(lost.map(|(side, error)| lost_warning(side, error)));
    warnings.extend(unknown_owners(run));
    let gone = run.known.chats.values().filter(|chat| chat.state == ChatState::Gone);
    // What becomes of those that were left behind is told by the ledger.
    let gone = gone.filter(|chat| !chat.former);
    warnings
        .extend(gone.filter(|chat| run.desired.chats.contains_key(&chat.key)).map(gone_warning));
    warnings
}

/// Owners are never touched, so somebody whom the school does not know may own its groups: told once
/// for each account, and not for those that the configuration protects.
fn unknown_owners(run: &Run) -> Vec<Fault> {
    let mut owned: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for chat in run.known.chats.values().filter(|chat| chat.state == ChatState::Active) {
        let desired = run.desired.chats.get(&chat.key);
        let wanted = desired.map(|desired| wanted_accounts(desired, chat.platform));
        let wanted = wanted.unwrap_or_default();
        for (account, present) in chat.present.iter().filter(|(_, present)| present.owner) {
            let known = !present.people.is_empty()
                || wanted.contains_key(account.as_str())
                || run.own(chat) == account
                || run.cycle.config.protect.contains(account);
            if !known {
                owned.entry(account).or_default().push(&chat.key);
            }
        }
    }
    owned.into_iter().map(|(account, chats)| unknown_owner(account, &chats)).collect()
}

fn unknown_owner(account: &str, chats: &[&str]) -> Fault {
    let (count, some) = (chats.len(), chats[..chats.len().min(3)].join(", "));
    Fault::new(
        "chat.unknown_owner",
        chats.first().copied().unwrap_or_default(),
        account,
        Text::new(
            format!(
                "владелец чатов ({count}: {some}) — учётная запись, которой нет в данных школы; \
                 если это запись школы, внесите её в protect"
            ),
            format!(
                "the owner of {count} chats ({some}) is an account that the school's data does not \
                 know; if it is the school's own, put it into protect"
            ),
        ),
    )
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
        Some(desired) => report::chat(chat, &census(desired, chat, run.own(chat)).counts),
        None => empty(chat),
    };
    let known = run.known.chats.values().filter(|chat| !chat.former).map(row);
    // A dry run of the first cycle has no rows yet: what would be made is shown as planned.
    let unmade = run.desired.chats.values().filter(|chat| {
        chat.existence == Existence::Wanted && !run.known.chats.contains_key(&chat.key)
    });
    let unmade = unmade.map(|chat| {
        let known = KnownChat::planned(chat, run.sides[0].kind());
        report::chat(&known, &census(chat, &known, run.own(&known)).counts)
    });
    known.chain(unmade).collect()
}

fn status(run: &Run, plan: &Plan, outcome: Option<&Outcome>, rows: &Rows) -> Code {
    if plan.hold.is_some() {
        return Code::Held;
    }
    let partial = outcome.is_some_and(|outcome| outcome.left > 0 || outcome.ended.is_some());
    let retries = !rows.is_empty();
    let lost = run.sides.iter().any(|side| side.lost.is_some());
    if partial || retries || lost || run.open_intents > 0 || run.unread > 0 {
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
    let lost = run.sides.iter().any(|side| side.lost.is_some());
    let left = outcome.is_some_and(|outcome| outcome.left > 0);
    if refused || left || lost || run.unreached || run.open_intents > 0 || moving::has_news(run) {
        return Some(now);
    }
    let living = run.known.chats.values().filter(|chat| {
        let left = chat.state == ChatState::Archived && moving::is_moving(&run.desired, chat);
        let readable = !chat.unable().contains(&Capability::ListMembers);
        readable && (chat.state == ChatState::Active || left)
    });
    let reading = living.map(|chat| verify::next(run, chat).max(now)).min();
    let retry = rows.iter().map(|(_, _, waiting)| waiting.next_try).min();
    let patience = run.cycle.config.missing_after;
    let lacking =
        run.school.lacking.tables.values().map(|since| crate::clock::later(*since, patience));
    let lacking = lacking.filter(|due| *due > now).min();
    let people = verify::waits_for_people(run).then(|| crate::clock::later(now, LOOK_EVERY));
    let groups = run.bound.unmatched.then(|| crate::clock::later(now, LOOK_AT_GROUPS_EVERY));
    [plan.next_due, reading, retry, lacking, people, groups].into_iter().flatten().min()
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

impl Run<'_, '_> {
    /// The library's own account on a chat's messenger.
    pub(super) fn own(&self, chat: &KnownChat) -> &str {
        let side = self.sides.iter().find(|side| side.kind() == chat.platform);
        side.map_or("", |side| side.own_account.as_str())
    }
}

impl Ended {
    /// What a call that ended so returns.
    pub(super) fn error(&self) -> Option<Error> {
        let told = |code: Code, (why, message): (&str, &Text)| {
            let text = |text: &str| format!("{text} ({why})");
            Some(Error::new(code, text(&message.ru), text(&message.en)))
        };
        match self {
            Ended::Stopped(Reason::Cancelled) => Some(super::able::stopped(Reason::Cancelled)),
            Ended::Stopped(Reason::Budget) => None,
            Ended::Token(code, message) => told(Code::Auth, (code, message)),
            Ended::Unreachable(code, message) => told(Code::Platform, (code, message)),
            Ended::State(error) => Some(error.clone()),
        }
    }
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
