//! The end of a cycle: who stands where now, what is remembered, what is told.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::remember::{note_tasks, remember, task_rows};
use super::side::lost_warning;
use super::summary::summary;
use super::{Reported, Run, lacking, moving, verify};
use crate::apply::{Ended, Outcome};
use crate::config::{Detail, Events};
use crate::error::{Code, Error, Fault, Result, Text};
use crate::plan::{
    Attempt, ChatState, Counts, Kind, KnownChat, MemberState, Plan, Waiting, census,
    wanted_accounts,
};
use crate::platform::Capability;
use crate::profile::Existence;
use crate::report;
use crate::state::Quiet;

/// How often it is looked whether a person has done what was asked for, where no event may tell.
const LOOK_EVERY: std::time::Duration = std::time::Duration::from_secs(60);

/// How long a host may wait at most where events are asked for.
const LISTEN_EVERY: std::time::Duration = std::time::Duration::from_secs(12 * 3600);

/// How soon it is asked again what happened, where the messenger did not tell.
const LISTEN_AGAIN: std::time::Duration = std::time::Duration::from_secs(300);

/// How often groups that fit no task are looked at: their titles may change.
const LOOK_AT_GROUPS_EVERY: std::time::Duration = std::time::Duration::from_secs(600);

/// Failures that wait: (chat, what, why).
pub(super) type Rows = Vec<(String, Attempt, Waiting)>;

/// Ends a cycle and makes its report; `outcome` is `None` for a dry run.
pub(super) fn finish(run: &mut Run, plan: &Plan, outcome: Option<Outcome>) -> Result<Reported> {
    let Some(outcome) = outcome else {
        run.tasks = task_rows(run, &run.state.open_tasks()?)?;
        return told(run, plan, None, &waiting(run)?);
    };
    remember(run, plan, &outcome)?;
    run.tasks = note_tasks(run, plan)?;
    let rows = waiting(run)?;
    let reported = told(run, plan, Some(&outcome), &rows)?;
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

/// The report. A dry run tells of what is planned; what was done is empty then.
fn told(run: &Run, plan: &Plan, outcome: Option<&Outcome>, rows: &Rows) -> Result<Reported> {
    let (cycle, clock) = (run.cycle, run.cycle.clock);
    let status = status(run, plan, outcome, rows);
    let mut document = report::head(status, run.number, clock, cycle.options.dry_run);
    document.extend(lasting(run, plan, outcome, rows));
    if let Some(held) = document.get_mut("held") {
        report::name_held(held, &run.names);
    }
    if cycle.options.detail != Detail::Summary {
        document.insert("chats".to_owned(), chats(run)?);
    }
    if cycle.options.detail == Detail::Operations {
        document.insert("operations".to_owned(), report::operations(plan, outcome));
    }
    let calls = crate::calls::rows(&run.lessons.calls, clock.now(), &cycle.config.zone);
    document.insert("calls".to_owned(), calls);
    let requests = report::requests(cycle, &run.counters);
    document.insert("requests".to_owned(), requests);
    Ok((status, Value::Object(document)))
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
    let mut shown = json!({"fingerprint": plan.fingerprint, "operations": planned});
    if let (None, Some(shown)) = (outcome, shown.as_object_mut()) {
        shown.extend(summary(run, plan));
    }
    put("plan", shown);
    put("done", done);
    let mut failed = report::failed(rows, clock);
    if let Some(failed) = failed.as_array_mut() {
        failed.extend(run.lessons.failed(|at| clock.show(at)));
    }
    put("failed", failed);
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
    warnings.extend(run.lessons.warnings.iter().cloned());
    let lost = run.sides.iter().filter_map(|side| Some((side, side.lost.as_ref()?)));
    warnings.extend(lost.map(|(side, error)| lost_warning(side, error)));
    warnings.extend(unknown_owners(run));
    // One that is not made anew and is there nevertheless needs somebody, too.
    let kept = run.desired.chats.values().filter(|chat| {
        let known = run.known.chats.get(&chat.key);
        chat.existence == Existence::NotYet
            && known.is_some_and(|known| known.state == ChatState::Active && !known.former)
    });
    warnings.extend(kept.filter_map(|chat| chat.unled("profile")));
    warnings.extend(run.known.chats.values().filter_map(unconfirmed));
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
    let served = |chat: &KnownChat| run.sides.iter().any(|side| side.kind() == chat.platform);
    // Nobody leads a chat that was left behind.
    let led = |chat: &&KnownChat| chat.state == ChatState::Active && !chat.former && served(chat);
    for chat in run.known.chats.values().filter(led) {
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

/// Messages with a link of which nobody knows whether they arrived: without a word these people might
/// be lost.
fn unconfirmed(chat: &KnownChat) -> Option<Fault> {
    let unknown = chat.people.values().filter(|member| {
        let unknown = member.invitation.as_ref().is_some_and(|one| one.delivered.is_none());
        unknown && member.state == MemberState::Invited
    });
    let count = unknown.count();
    let message = Text::new(
        format!(
            "неизвестно, дошла ли ссылка в чат до приглашённых ({count}): ответа мессенджера не было; \
             передайте ссылку сами"
        ),
        format!(
            "whether the link reached the people invited ({count}) is not known, the messenger did \
             not answer; give them the link yourselves"
        ),
    );
    let fault = Fault::new("invitation.unconfirmed", &chat.key, &count.to_string(), message);
    (chat.state == ChatState::Active && count > 0).then_some(fault)
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

fn chats(run: &Run) -> Result<Value> {
    let rows = run.state.chats()?;
    let before: BTreeMap<&str, &Counts> =
        rows.iter().map(|row| (row.chat.key.as_str(), &row.counts)).collect();
    let row = |chat: &KnownChat| match run.desired.chats.get(&chat.key) {
        Some(_) if chat.state == ChatState::Deleted => report::chat(chat, &Counts::default()),
        Some(desired) => report::chat(chat, &census(desired, chat, run.own(chat)).counts),
        // A chat of which nothing is said is left alone, and its numbers with it.
        None => {
            let counts = before.get(chat.key.as_str()).copied().copied();
            report::chat(chat, &counts.unwrap_or_default())
        }
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
    let mut rows: Vec<Value> = known.chain(unmade).collect();
    report::show_calls(&mut rows, &run.lessons.calls, &run.cycle.config.zone);
    Ok(Value::Array(rows))
}

fn status(run: &Run, plan: &Plan, outcome: Option<&Outcome>, rows: &Rows) -> Code {
    if plan.hold.is_some() {
        return Code::Held;
    }
    let partial = outcome.is_some_and(|outcome| outcome.left > 0 || outcome.ended.is_some());
    let retries = !rows.is_empty() || run.lessons.have_failed();
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
        let served = run.sides.iter().any(|side| side.kind() == chat.platform);
        let readable = !chat.unable().contains(&Capability::ListMembers);
        readable && served && verify::is_watched(chat)
    });
    let reading = living.map(|chat| verify::next(run, chat).max(now)).min();
    let retry = rows.iter().map(|(_, _, waiting)| waiting.next_try).min();
    let patience = run.cycle.config.missing_after;
    let lacking =
        run.school.lacking.tables.values().map(|since| crate::clock::later(*since, patience));
    let lacking = lacking.filter(|due| *due > now).min();
    let people = verify::waits_for_people(run).then(|| crate::clock::later(now, LOOK_EVERY));
    let groups = run.bound.unmatched.then(|| crate::clock::later(now, LOOK_AT_GROUPS_EVERY));
    // A messenger forgets what happened after a day.
    let polled = run.sides.iter().any(|side| side.messenger.config.events == Events::Poll);
    let unheard = run.warnings.iter().any(|one| one.code == "events.unheard");
    let listen = if unheard { LISTEN_AGAIN } else { LISTEN_EVERY };
    let events = polled.then(|| crate::clock::later(now, listen));
    let calls = run.lessons.due;
    let dues = [plan.next_due, reading, retry, lacking, people, groups, events, calls];
    let soonest = dues.into_iter().flatten().min();
    soonest.map(whole_second)
}

/// The state file knows no parts of a second: a cycle at this very time must find what is due.
fn whole_second(due: Timestamp) -> Timestamp {
    let begun = i64::from(due.subsec_nanosecond() > 0);
    Timestamp::from_second(due.as_second() + begun).unwrap_or(due)
}

/// Ends the cycle in the state file. One that is limited to a few chats, or was stopped, says
/// nothing about the rest, and one that a request ran on the kept roster nothing of the host's next
/// one, which also undoes what the profile wants undone: that one looks again.
fn close(
    run: &mut Run,
    plan: &Plan,
    outcome: &Outcome,
    rows: &Rows,
    reported: &Reported,
) -> Result<()> {
    let limited = !run.scope.kinds.is_empty() || !run.scope.chats.is_empty();
    let done = outcome.ended.is_none() && run.open_intents == 0;
    let whole = run.school.new && !limited && done;
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
