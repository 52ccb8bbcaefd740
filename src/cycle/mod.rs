//! One cycle, from roster to report.

use std::sync::Arc;

use serde_json::Value;

use crate::clock::Clock;
use crate::config::{Config, Options};
use crate::error::{Code, Error, Fault, Result};
use crate::host::{Host, Level, Phase};
use crate::plan::{Known, Lacking, Line};
use crate::platform::Counters;
use crate::profile::{self, Desired, Source};
use crate::roster::{self, Content, Roster};
use crate::session::Messenger;
use crate::state::{Accepted, Lock, State};
use crate::stop::{Reason, Stop};

mod able;
mod belonging;
mod bind;
mod finish;
mod hear;
mod lacking;
mod lessons;
mod links;
mod moving;
mod outcome;
mod overrides;
mod quiet;
mod remember;
mod run;
mod side;
mod summary;
mod verify;
mod years;

use run::Run;

pub(crate) use able::error_of;
pub(crate) use belonging::Belonging;
pub(crate) use links::named as named_account;
pub(crate) use overrides::{accounts_on, custom_chat};
pub(crate) use side::own_account_name;

/// What a cycle is given besides the roster.
pub(crate) struct Cycle<'a> {
    /// The session's configuration.
    pub(crate) config: &'a Config,
    /// The cycle's options.
    pub(crate) options: &'a Options,
    /// The profile's script.
    pub(crate) source: &'a Source,
    /// The kinds of chats that the profile knows.
    pub(crate) kinds: &'a [String],
    /// The messengers: the current one first, then the one moved away from, if there is one.
    pub(crate) messengers: &'a [Messenger],
    /// The clock.
    pub(crate) clock: &'a Clock,
    /// When to end.
    pub(crate) stop: &'a Stop,
    /// Who is told.
    pub(crate) host: &'a dyn Host,
    /// The person at the screen, or `system`.
    pub(crate) actor: &'a str,
    /// The people whom the actor's order is about, where it is an order and not the whole cycle.
    pub(crate) about: Option<&'a [String]>,
}

/// Where the roster comes from.
#[derive(Debug, Clone, Copy)]
pub(crate) enum From<'a> {
    /// A roster that the host hands over.
    Handed(&'a Content<'a>),
    /// The last accepted one.
    Kept,
}

/// A code and the report.
pub(crate) type Reported = (Code, Value);

/// Runs one cycle.
///
/// # Errors
/// Every negative code but the ones about the session itself. What was done before an error is
/// kept.
pub(crate) fn run(cycle: &Cycle, from: From) -> Result<Reported> {
    let _lock = Lock::take(&cycle.config.state)?;
    let mut state = State::reopen(&cycle.config.state)?;
    let before: Vec<Counters> = cycle.messengers.iter().map(|one| one.driver.counters()).collect();
    let heard = hear::hear(cycle, &mut state)?;
    let seen = quiet::fingerprint(cycle, from, &state)?;
    if let Some(report) = quiet::unchanged(cycle, &state, &seen, &before, &heard)? {
        return Ok(report);
    }
    if !cycle.host.progress(Phase::Reading, 0, 1) {
        return Err(able::stopped(Reason::Cancelled));
    }
    let mut known = state.known(cycle.clock.started())?;
    moving::leave_behind(cycle, &mut state, &mut known)?;
    let mut school = read(cycle, from, &state, &seen, &known)?;
    let mut desired = evaluate(cycle, &school.roster)?;
    let lines = years::turn(cycle, &state, &mut known, &mut school, &mut desired)?;
    let told = Told { heard, before, lines };
    let mut run = Run::begin(cycle, &mut state, known, school, desired, seen, told)?;
    run.work_through()
}

/// A roster with what it lacks, and by which fingerprint it is known.
struct School {
    roster: Arc<Roster>,
    fingerprint: String,
    lacking: Lacking,
    /// The same document as the last accepted one.
    unchanged: bool,
    /// Handed over in this cycle, so that it is accepted; not the one that is kept.
    new: bool,
}

fn read(
    cycle: &Cycle,
    from: From,
    state: &State,
    seen: &quiet::Seen,
    known: &Known,
) -> Result<School> {
    let now = cycle.clock.started();
    let accepted = state.accepted()?;
    let rules = |before| rules(cycle.config, cycle.clock, before);
    let before = match &accepted {
        Some(accepted) => Some(Arc::new(kept(accepted, &rules(None))?)),
        None => None,
    };
    let fingerprint = seen.roster.clone();
    let unchanged = accepted.is_some_and(|accepted| accepted.fingerprint == fingerprint);
    let last = state.lacking()?;
    let roster = match (from, &before) {
        (From::Handed(content), _) => Arc::new(content.read(&rules(before.clone()))?),
        (From::Kept, Some(before)) => {
            let roster = before.clone();
            return Ok(School { roster, fingerprint, lacking: last, unchanged, new: false });
        }
        (From::Kept, None) => return Err(no_roster()),
    };
    let lacking = lacking::lacking(before.as_deref(), &last, &roster, known, now);
    Ok(School { roster, fingerprint, lacking, unchanged, new: true })
}

fn rules(config: &Config, clock: &Clock, before: Option<Arc<Roster>>) -> roster::Rules {
    roster::Rules {
        today: clock.today(),
        dangling_share: config.guard.dangling_share,
        minimum: config.guard.minimum,
        before,
    }
}

/// The last accepted roster, for a request that is judged by it.
///
/// # Errors
/// [`Code::Request`] before the first one, [`Code::State`].
pub(crate) fn kept_roster(config: &Config, clock: &Clock, state: &State) -> Result<Roster> {
    let accepted = state.accepted()?.ok_or_else(no_roster)?;
    kept(&accepted, &rules(config, clock, None))
}

/// The last accepted roster. What cannot be read again is a damaged state file: without it nobody
/// could tell a missing class from a new one.
fn kept(accepted: &Accepted, rules: &roster::Rules) -> Result<Roster> {
    let mut roster = roster::read(accepted.body.as_bytes(), rules)
        .map_err(|error| Error { code: Code::State, ..error })?;
    // What is kept has no broken rows any more; what they named stays frozen all the same.
    roster.frozen.clone_from(&accepted.frozen);
    Ok(roster)
}

/// Requests are judged by the last accepted roster (ruling 22).
pub(crate) fn no_roster() -> Error {
    Error::new(
        Code::Request,
        "ещё не принято ни одной выгрузки: сначала нужен цикл с данными школы",
        "no roster was accepted yet: a cycle with the school's data comes first",
    )
}

/// Runs the profile over a roster.
pub(crate) fn evaluate(cycle: &Cycle, roster: &Arc<Roster>) -> Result<Desired> {
    let log = |line: &str| cycle.host.log(Level::Info, line);
    profile::evaluate(
        cycle.source,
        profile::Room {
            roster,
            settings: &cycle.config.settings,
            organization: cycle.config.organization.as_deref(),
            now: &cycle.clock.zoned(),
            limits: profile::Limits::default(),
            stop: &cycle.stop.without_deadline(),
            log: &log,
        },
    )
}

/// What was known before the work began.
struct Told {
    /// What the question for events left to be told.
    heard: Vec<Fault>,
    /// The messengers' counters.
    before: Vec<Counters>,
    /// To which classes chats belong since this cycle, where that has changed.
    lines: Option<Vec<Line>>,
}
