//! One cycle, from roster to report.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde_json::Value;

use crate::apply::{self, Ended, Outcome, Resolved, Told, Work};
use crate::clock::Clock;
use crate::config::{Config, Options};
use crate::error::{Code, Error, Fault, Result, Text};
use crate::host::{Host, Level, Phase};
use crate::plan::{
    ChatState, Input, Kind, Known, KnownChat, Lacking, Operation, Plan, Policy, Scope, Side,
};
use crate::platform::{Capability, Counters, Platform};
use crate::profile::{self, Desired, Source};
use crate::roster::{self, Roster};
use crate::state::{Accepted, Approval, Approved, Hand, Lock, State};
use crate::stop::{Reason, Stop};

mod able;
mod finish;
mod lacking;
mod links;
mod quiet;
mod verify;

pub(crate) use able::{Able, error_of};
pub(crate) use links::named as named_account;

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
    /// The messenger.
    pub(crate) platform: &'a dyn Platform,
    /// The session's connection to it, made on first use.
    pub(crate) link: &'a super::session::Link,
    /// The clock.
    pub(crate) clock: &'a Clock,
    /// When to end.
    pub(crate) stop: &'a Stop,
    /// Who is told.
    pub(crate) host: &'a dyn Host,
    /// The person at the screen, or `system`.
    pub(crate) actor: &'a str,
}

/// Where the roster comes from.
#[derive(Debug, Clone, Copy)]
pub(crate) enum From<'a> {
    /// A document that the host hands over.
    Document(&'a [u8]),
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
    let seen = quiet::fingerprint(cycle, from, &state)?;
    if let Some(report) = quiet::unchanged(cycle, &state, &seen)? {
        return Ok(report);
    }
    if !cycle.host.progress(Phase::Reading, 0, 1) {
        return Err(able::stopped(Reason::Cancelled));
    }
    let known = state.known(cycle.clock.started())?;
    let school = read(cycle, from, &state, &seen, &known)?;
    let desired = evaluate(cycle, &school.roster)?;
    let mut run = Run::begin(cycle, &mut state, known, school, desired, seen)?;
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
        (From::Document(document), _) => Arc::new(roster::read(document, &rules(before.clone()))?),
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

/// A cycle that has something to do.
struct Run<'c, 'a> {
    cycle: &'c Cycle<'a>,
    state: &'c mut State,
    school: School,
    desired: Desired,
    seen: quiet::Seen,
    known: Known,
    scope: Scope,
    able: Able,
    own_account: String,
    number: i64,
    open_intents: usize,
    unread: usize,
    counters: Counters,
}

impl<'c, 'a> Run<'c, 'a> {
    fn begin(
        cycle: &'c Cycle<'a>,
        state: &'c mut State,
        known: Known,
        school: School,
        mut desired: Desired,
        seen: quiet::Seen,
    ) -> Result<Run<'c, 'a>> {
        let over = links::apply(&mut desired, &school.roster, state.open_links()?);
        let now = cycle.clock.started();
        let scope =
            Scope { kinds: cycle.options.kinds.clone(), chats: cycle.options.chats.clone() };
        check_scope(&scope, cycle.kinds, &desired, &known)?;
        let mut number = state.last_cycle()?.map_or(0, |last| last.0) + 1;
        if !cycle.options.dry_run {
            // From here on the last quiet answer is no longer the whole truth.
            state.drop_meta(&["quiet"])?;
            if school.new {
                accept(cycle, state, &school, &desired)?;
            }
            state.close_links(&over, now)?;
            number = state.begin_cycle(&school.fingerprint, now)?;
        }
        let able = Able::known(cycle, state, now)?;
        let own_account = state.meta(&own_account_name(cycle))?.unwrap_or_default();
        let counters = cycle.platform.counters();
        Ok(Run {
            cycle,
            state,
            school,
            desired,
            seen,
            known,
            scope,
            able,
            own_account,
            number,
            open_intents: 0,
            unread: 0,
            counters,
        })
    }

    fn work_through(&mut self) -> Result<Reported> {
        if self.cycle.options.dry_run {
            let plan = self.plan_dryly()?;
            return finish::finish(self, &plan, None);
        }
        match self.prepare() {
            Ok(mut plan) => {
                let outcome = self.apply(&mut plan)?;
                finish::finish(self, &plan, Some(outcome))
            }
            // Out of time before anything could be changed: the next cycle goes on.
            Err(error) if error.code == Code::Partial => {
                let plan = self.plan()?;
                let outcome = Outcome::out_of_time(&plan);
                finish::finish(self, &plan, Some(outcome))
            }
            Err(error) => Err(error),
        }
    }

    fn prepare(&mut self) -> Result<Plan> {
        self.look_back()?;
        self.look_around()?;
        if let Some(reason) = self.cycle.stop.reason() {
            return Err(able::stopped(reason));
        }
        self.plan_surely()
    }

    /// What an earlier cycle meant to do and never heard back from.
    fn look_back(&mut self) -> Result<()> {
        let intents = self.state.open_intents()?;
        if intents.is_empty() {
            return Ok(());
        }
        self.connect()?;
        let resolved: Resolved = self.with_work(None, |work| apply::resolve(work, &intents))?;
        self.open_intents = resolved.open;
        resolved.ended.map_or(Ok(()), |failure| Err(error_of(&failure, self.cycle.stop)))
    }

    /// Chats whose turn it is to be read again.
    fn look_around(&mut self) -> Result<()> {
        let due = verify::due(self);
        let linkless = verify::linkless(self);
        if due.is_empty() && linkless.is_empty() {
            return Ok(());
        }
        self.connect()?;
        let read = self.with_work(None, |work| apply::read_chats(work, &due))?;
        if let Some(failure) = &read.ended {
            return Err(error_of(failure, self.cycle.stop));
        }
        let lost = |key: &&String| {
            let chat = self.known.chats.get(*key);
            !read.keys.contains(*key) && chat.is_some_and(|chat| chat.state == ChatState::Active)
        };
        self.unread = due.iter().filter(lost).count();
        self.with_work(None, |work| {
            apply::read_titles(work, &due)?;
            apply::read_links(work, &linkless)
        })
    }

    /// A plan that rests on nothing that is only assumed about the token.
    fn plan_surely(&mut self) -> Result<Plan> {
        let plan = self.plan()?;
        let questions = self.able.questions(&plan, &self.known);
        if plan.operations.is_empty() && questions.is_empty() {
            return Ok(plan);
        }
        self.connect()?;
        self.ask(&questions)?;
        self.plan()
    }

    /// A plan for a dry run: without the messenger, and with a word about what is guessed.
    fn plan_dryly(&mut self) -> Result<Plan> {
        let mut plan = self.plan()?;
        if !self.able.questions(&plan, &self.known).is_empty() {
            plan.warnings.push(able::unasked());
        }
        Ok(plan)
    }

    fn ask(&mut self, questions: &[Capability]) -> Result<()> {
        let mut found = Vec::new();
        for capability in questions {
            let answer = self.cycle.platform.probe(*capability, self.cycle.stop);
            found.push((
                *capability,
                answer.map_err(|failure| error_of(&failure, self.cycle.stop))?,
            ));
        }
        self.learn(&found)
    }

    fn learn(&mut self, found: &[(Capability, bool)]) -> Result<()> {
        self.able.learn(found);
        if found.is_empty() {
            return Ok(());
        }
        let platform = self.cycle.platform.kind().name();
        self.state.put_capabilities(platform, found, self.cycle.clock.now())
    }

    fn connect(&mut self) -> Result<()> {
        let connection = self.cycle.link.connect(self.cycle.platform, self.cycle.stop)?;
        if self.own_account != connection.own_account {
            self.check_owner(&connection.own_account)?;
            let name = own_account_name(self.cycle);
            self.state.put_meta(&name, &connection.own_account)?;
        }
        self.own_account.clone_from(&connection.own_account);
        let fixed = &self.cycle.config.platform.capabilities;
        let found: Vec<_> = connection
            .capabilities
            .iter()
            .filter(|(capability, _)| !fixed.contains_key(capability))
            .copied()
            .collect();
        self.learn(&found)
    }

    /// A state file's chats are those of one community or bot: the same numbers mean other chats for
    /// another one.
    fn check_owner(&self, connected: &str) -> Result<()> {
        let kind = self.cycle.platform.kind();
        let living = |chat: &KnownChat| chat.platform == kind && chat.platform_id.is_some();
        if self.own_account.is_empty() || !self.known.chats.values().any(living) {
            return Ok(());
        }
        let message = Text::new(
            format!(
                "чаты этого файла состояния принадлежат учётной записи {}; для другого сообщества \
                 или бота укажите другой файл",
                self.own_account
            ),
            format!(
                "the chats of this state file belong to the account {}; name another file for \
                 another community or bot",
                self.own_account
            ),
        );
        let fault = Fault::new("config.other_owner", "platform.community", connected, message);
        Err(Error::with_faults(Code::Config, vec![fault]))
    }

    fn plan(&self) -> Result<Plan> {
        let (config, approval) = (self.cycle.config, self.approval()?);
        let policy = policy(config);
        let organizations = organizations(config, &self.school.roster);
        let kind = self.cycle.platform.kind();
        let side = Side { able: self.able.set.clone(), own_account: self.own_account.clone() };
        let sides = BTreeMap::from([(kind, side)]);
        Ok(crate::plan::plan(&Input {
            desired: &self.desired,
            known: &self.known,
            frozen: &self.school.roster.frozen,
            lacking: &self.school.lacking,
            policy: &policy,
            scope: &self.scope,
            sides: &sides,
            platform: kind,
            organizations: &organizations,
            now: self.cycle.clock.now(),
            approved: approval.as_ref().map(|approval| approval.fingerprint.as_str()),
        }))
    }

    pub(super) fn approval(&self) -> Result<Option<Approval>> {
        let actor = self.cycle.actor.to_owned();
        match self.cycle.options.approve.clone() {
            Some(fingerprint) => Ok(Some(Approval { fingerprint, actor })),
            None => self.state.approval(),
        }
    }

    /// Who let go what the plan does though the guard counts it.
    fn approver(&self, plan: &Plan) -> Result<String> {
        let now = self.approval()?.filter(|_| plan.approved).map(|approval| approval.actor);
        let before = self.known.allowed.first().map(|allowed| allowed.by.clone());
        Ok(now.or(before).unwrap_or_else(|| self.cycle.actor.to_owned()))
    }

    /// Does the plan; what the token turns out not to be able to do is planned anew another way.
    fn apply(&mut self, plan: &mut Plan) -> Result<Outcome> {
        let mut all = Outcome::default();
        for _ in 0..Capability::ALL.len() {
            if plan.operations.is_empty() {
                break;
            }
            let operations = self.possible(plan, &mut all)?;
            let approver = self.approver(plan)?;
            let approved = Some(Approved { by: &approver, operations: &plan.released });
            let outcome = self.with_work(approved, |work| apply::run(work, &operations))?;
            let missing: Vec<_> = outcome.missing.iter().map(|one| (*one, false)).collect();
            let ended = outcome.ended.is_some();
            all.merge(outcome);
            if missing.is_empty() || ended {
                break;
            }
            self.able.learn(&missing);
            *plan = self.plan()?;
            all.replanned();
        }
        self.close_doors(&all)?;
        if let Some(reason) = self.cycle.stop.reason().filter(|_| all.left > 0) {
            all.ended.get_or_insert(Ended::Stopped(reason));
        }
        Ok(all)
    }

    /// The links of chats that were archived and emptied stop working.
    fn close_doors(&mut self, outcome: &Outcome) -> Result<()> {
        let able = self.able.set.contains(&Capability::RotateLink);
        if self.cycle.config.archive_keeps_members || !able || outcome.ended.is_some() {
            return Ok(());
        }
        let archived: Vec<String> = outcome
            .results
            .iter()
            .filter(|(operation, told)| operation.kind == Kind::ArchiveChat && *told == Told::Done)
            .map(|(operation, _)| operation.chat.clone())
            .collect();
        match archived.is_empty() {
            true => Ok(()),
            false => self.with_work(None, |work| apply::rotate_links(work, &archived)),
        }
    }

    /// The operations that can be done now. A chat about which it is not known what became of the
    /// last operation is left alone, or it might be made twice; and a kind of work that met the
    /// platform's limit rests until the limit is over.
    fn possible(&self, plan: &Plan, outcome: &mut Outcome) -> Result<Vec<Operation>> {
        let open = self.state.open_intents()?;
        let open: BTreeSet<&str> = open.iter().map(|intent| intent.chat.as_str()).collect();
        let now = self.cycle.clock.now();
        let paused = self.state.pauses()?;
        let waits = |operation: &&Operation| {
            open.contains(operation.chat.as_str())
                || paused.get(&operation.kind).is_some_and(|until| *until > now)
        };
        let (left, possible): (Vec<&Operation>, _) = plan.operations.iter().partition(waits);
        outcome.leave(left.into_iter().cloned());
        let possible: Vec<&Operation> = possible;
        Ok(possible.into_iter().cloned().collect())
    }

    fn with_work<T>(
        &mut self,
        approved: Option<Approved>,
        job: impl FnOnce(&mut Work) -> Result<T>,
    ) -> Result<T> {
        let cycle = self.cycle;
        let mut work = Work {
            platform: cycle.platform,
            state: self.state,
            known: &mut self.known,
            desired: &self.desired,
            own_account: self.own_account.clone(),
            clock: cycle.clock,
            stop: cycle.stop,
            in_flight: cycle.config.platform.requests_in_flight,
            hand: Hand { cycle: self.number, actor: cycle.actor, approved },
            host: cycle.host,
        };
        job(&mut work)
    }
}

fn own_account_name(cycle: &Cycle) -> String {
    format!("own_account.{}", cycle.platform.kind().name())
}

fn accept(cycle: &Cycle, state: &mut State, school: &School, desired: &Desired) -> Result<()> {
    let accepted = Accepted {
        fingerprint: school.fingerprint.clone(),
        body: school.roster.keep(&desired.reads),
        frozen: school.roster.frozen.clone(),
        at: cycle.clock.started(),
    };
    state.accept(&accepted, &school.lacking)
}

/// The configuration's rules as the planner takes them.
fn policy(config: &Config) -> Policy {
    Policy {
        guard: config.guard,
        grace: config.grace,
        missing_after: config.missing_after,
        archive_keeps_members: config.archive_keeps_members,
        protect: config.protect.clone(),
        strangers: config.strangers,
        leavers: config.leavers,
        invitations_expire: config.invitations.expire_after,
    }
}

/// The organisations whose chats this session looks after. One that is deleted or is no school any
/// more is among them: its chats are archived, as a dissolved class's are.
fn organizations(config: &Config, roster: &Roster) -> BTreeSet<String> {
    let ids = roster.orgs.iter().map(|org| org.id.to_string());
    ids.filter(|id| config.organization.as_ref().is_none_or(|only| only == id)).collect()
}

fn check_scope(scope: &Scope, kinds: &[String], desired: &Desired, known: &Known) -> Result<()> {
    let living = known.chats.values().map(|chat| chat.kind.as_str());
    let kinds: BTreeSet<&str> = kinds.iter().map(String::as_str).chain(living).collect();
    let kinds: Vec<&str> = kinds.into_iter().collect();
    let mut faults: Vec<Fault> = Vec::new();
    for kind in scope.kinds.iter().filter(|kind| !kinds.contains(&kind.as_str())) {
        faults.push(crate::config::unknown_name("options.unknown_kind", "kinds", kind, &kinds));
    }
    let there = |key: &String| desired.chats.contains_key(key) || known.chats.contains_key(key);
    for key in scope.chats.iter().filter(|key| !there(key)) {
        let message = Text::new("такого чата нет", "there is no such chat");
        faults.push(Fault::new("options.unknown_chat", "chats", key, message));
    }
    if faults.is_empty() { Ok(()) } else { Err(Error::with_faults(Code::Config, faults)) }
}
