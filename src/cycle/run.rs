//! A cycle that has something to do.

use std::collections::{BTreeMap, BTreeSet};

use super::bind::Bound;
use super::lessons::Lessons;
use super::side::{Side, is_of_one_side, own_account_name, stopped_early};
use super::{
    Cycle, Known, Reported, School, Told, finish, links, moving, overrides, quiet, verify, years,
};
use crate::apply::{self, Ended, Outcome, Told as Result_, Work};
use crate::config::{Config, Events};
use crate::error::{Code, Error, Fault, Result, Text};
use crate::plan::{Cause, ChatState, Input, Kind, Operation, Plan, Policy, Scope};
use crate::platform::{self, Capability, Counters};
use crate::profile::Desired;
use crate::roster::Roster;
use crate::state::{Accepted, Approval, Approved, Hand, State};

/// A cycle that has something to do.
pub(super) struct Run<'c, 'a> {
    pub(super) cycle: &'c Cycle<'a>,
    pub(super) state: &'c mut State,
    pub(super) school: School,
    pub(super) desired: Desired,
    pub(super) seen: quiet::Seen,
    pub(super) known: Known,
    pub(super) scope: Scope,
    /// The current messenger first.
    pub(super) sides: Vec<Side<'a>>,
    pub(super) number: i64,
    pub(super) open_intents: usize,
    pub(super) unread: usize,
    /// More chats were due than one cycle reads.
    pub(super) unreached: bool,
    pub(super) counters: Vec<Counters>,
    /// What the work itself has to tell, beside the plan.
    pub(super) warnings: Vec<Fault>,
    /// Names that the platform showed, by account; never stored.
    pub(super) names: BTreeMap<String, String>,
    pub(super) bound: Bound,
    pub(super) lessons: Lessons,
    /// Orders that count no more, or will not once they are carried out.
    pub(super) undone: overrides::Over,
    /// The open tasks, as reports show them.
    pub(super) tasks: Vec<serde_json::Value>,
}

impl<'c, 'a> Run<'c, 'a> {
    /// Accepts the roster and takes stock.
    ///
    /// # Errors
    /// [`Code::Config`] for options about chats that do not exist, [`Code::State`].
    pub(super) fn begin(
        cycle: &'c Cycle<'a>,
        state: &'c mut State,
        known: Known,
        school: School,
        mut desired: Desired,
        seen: quiet::Seen,
        told: Told,
    ) -> Result<Run<'c, 'a>> {
        let moved = match &told.lines {
            Some(lines) => years::moved(&state.lines()?, lines),
            None => BTreeMap::new(),
        };
        let undone = overrides::apply(cycle, state, &school, &known, &moved, &mut desired)?;
        let (over, accounts) = links::apply(&mut desired, &school.roster, state.open_links()?);
        let mut warnings = told.heard;
        for kind in cycle.messengers.iter().map(|one| one.config.kind) {
            let own = state.meta(&own_account_name(kind))?.unwrap_or_default();
            warnings.extend(links::drop_own(&mut desired, kind, &own));
        }
        let platforms: Vec<_> = cycle.messengers.iter().map(|one| one.config.kind).collect();
        crate::plan::add_former(&mut desired, &known, &platforms, &accounts);
        let now = cycle.clock.started();
        let scope =
            Scope { kinds: cycle.options.kinds.clone(), chats: cycle.options.chats.clone() };
        check_scope(&scope, cycle.kinds, &desired, &known)?;
        let mut number = state.last_cycle()?.map_or(0, |last| last.0) + 1;
        if !cycle.options.dry_run {
            // From here on the last quiet answer is no longer the whole truth.
            state.drop_meta(&["quiet"])?;
            if let Some(lines) = &told.lines {
                state.put_lines(lines, &moved)?;
            }
            if school.new {
                accept(cycle, state, &school, &desired)?;
                state.drop_lost_admins(&desired.chats)?;
            }
            state.close_links(&over, now)?;
            state.close_overrides(&undone.now, now)?;
            number = state.begin_cycle(&school.fingerprint, now)?;
        }
        let sides = cycle.messengers.iter().map(|one| Side::known(cycle, one, state));
        let sides = sides.collect::<Result<Vec<_>>>()?;
        Ok(Run {
            cycle,
            state,
            school,
            desired,
            seen,
            known,
            scope,
            sides,
            number,
            open_intents: 0,
            unread: 0,
            unreached: false,
            counters: told.before,
            warnings,
            names: BTreeMap::new(),
            bound: Bound::default(),
            lessons: Lessons::default(),
            undone,
            tasks: Vec::new(),
        })
    }

    /// Does everything and reports.
    ///
    /// # Errors
    /// Every negative code but the ones about the session itself.
    pub(super) fn work_through(&mut self) -> Result<Reported> {
        if self.cycle.options.dry_run {
            let mut plan = self.plan_dryly()?;
            self.plan_lessons(&mut plan)?;
            return finish::finish(self, &plan, None);
        }
        match self.prepare() {
            Ok(mut plan) => {
                let mut outcome = Outcome::default();
                self.lessons_first(&plan, &mut outcome)?;
                self.apply(&mut plan, &mut outcome)?;
                self.hold_lessons(&mut plan, &mut outcome)?;
                finish::finish(self, &plan, Some(outcome))
            }
            // Out of time before anything could be changed: the next cycle goes on.
            Err(error) if error.code == Code::Partial => {
                let plan = self.plan()?;
                let outcome = Outcome::out_of_time(&plan);
                self.lessons.calls = self.state.calls_shown(self.cycle.clock.now())?;
                finish::finish(self, &plan, Some(outcome))
            }
            Err(error) => Err(error),
        }
    }

    fn prepare(&mut self) -> Result<Plan> {
        self.on_each_side(Run::look_back)?;
        self.on_each_side(Run::bind)?;
        self.on_each_side(Run::look_around)?;
        match stopped_early(self.cycle.stop) {
            Some(error) => Err(error),
            None => self.plan_surely(),
        }
    }

    /// Does a job on every messenger. Where there are two, one that cannot be reached is no harm to
    /// the other.
    fn on_each_side(&mut self, job: fn(&mut Run<'c, 'a>, usize) -> Result<()>) -> Result<()> {
        for side in 0..self.sides.len() {
            if self.sides[side].lost.is_some() {
                continue;
            }
            match job(self, side) {
                Err(error) if self.sides.len() > 1 && is_of_one_side(&error) => {
                    self.sides[side].lost = Some(error);
                }
                done => done?,
            }
        }
        Ok(())
    }

    /// What an earlier cycle meant to do and never heard back from.
    fn look_back(&mut self, side: usize) -> Result<()> {
        let mut intents = self.state.open_intents()?;
        intents.retain(|intent| self.side_of(&intent.chat) == side);
        if intents.is_empty() {
            return Ok(());
        }
        self.connect(side)?;
        let resolved = self.with_work(side, None, |work| apply::resolve(work, &intents))?;
        self.open_intents += resolved.open;
        let stop = self.cycle.stop;
        resolved.ended.map_or(Ok(()), |failure| Err(super::error_of(&failure, stop)))
    }

    /// Chats whose turn it is to be read again.
    fn look_around(&mut self, side: usize) -> Result<()> {
        let rights = verify::unsure_of_rights(self, side);
        if !rights.is_empty() {
            self.connect(side)?;
            let read = self.with_work(side, None, |work| apply::read_rights(work, &rights))?;
            self.check(read.ended.as_ref())?;
        }
        let (due, unreached) = verify::due(self, side);
        self.unreached |= unreached;
        let doors = verify::doors(self, side);
        if due.is_empty() && doors.is_empty() {
            return Ok(());
        }
        self.connect(side)?;
        let read = self.with_work(side, None, |work| apply::read_chats(work, &due))?;
        self.check(read.ended.as_ref())?;
        self.warnings.extend(read.failed.iter().cloned());
        // No event may have told that the bot was put out, or lost its rights.
        let denied = self.with_work(side, None, |work| apply::read_rights(work, &read.denied))?;
        let lost = |key: &&String| {
            let chat = self.known.chats.get(*key);
            !denied.keys.contains(*key)
                && !read.keys.contains(*key)
                && chat.is_some_and(|chat| chat.state == ChatState::Active)
        };
        self.unread += due.iter().filter(lost).count();
        let titles: Vec<String> = match self.sides[side].kind() {
            // MAX tells the link with the title.
            platform::Kind::Max => due.iter().chain(&doors).cloned().collect(),
            platform::Kind::Vk => due,
        };
        let links = if self.sides[side].kind() == platform::Kind::Max { Vec::new() } else { doors };
        self.with_work(side, None, |work| {
            apply::read_titles(work, &titles)?;
            apply::read_links(work, &links)
        })
    }

    pub(super) fn check(&self, ended: Option<&platform::Failure>) -> Result<()> {
        ended.map_or(Ok(()), |failure| Err(super::error_of(failure, self.cycle.stop)))
    }

    /// A plan that rests on nothing that is only assumed about a token.
    fn plan_surely(&mut self) -> Result<Plan> {
        let plan = self.plan()?;
        let first = plan.clone();
        let mut asked = false;
        for side in 0..self.sides.len() {
            let questions = self.questions(&first, side);
            let idle = !first.operations.iter().any(|one| self.side_of(&one.chat) == side);
            if self.sides[side].lost.is_some() || (idle && questions.is_empty()) {
                continue;
            }
            let done = self.connect(side).and_then(|()| {
                let one = &mut self.sides[side];
                one.ask(self.cycle, self.state, &questions)
            });
            match done {
                Err(error) if self.sides.len() > 1 && is_of_one_side(&error) => {
                    self.sides[side].lost = Some(error);
                }
                done => done?,
            }
            asked = true;
        }
        if asked { self.plan() } else { Ok(plan) }
    }

    fn questions(&self, plan: &Plan, side: usize) -> Vec<Capability> {
        let kind = self.sides[side].kind();
        let ours = |operation: &&Operation| self.side_of(&operation.chat) == side;
        let operations: Vec<&Operation> = plan.operations.iter().filter(ours).collect();
        self.sides[side].able.questions(&operations, &self.known, kind)
    }

    /// A plan for a dry run: without the messenger, and with a word about what is guessed.
    fn plan_dryly(&mut self) -> Result<Plan> {
        let mut plan = self.plan()?;
        if !self.questions(&plan, 0).is_empty() {
            plan.warnings.push(super::able::unasked());
        }
        Ok(plan)
    }

    pub(super) fn connect(&mut self, side: usize) -> Result<()> {
        self.sides[side].connect(self.cycle, self.state, &self.known)
    }

    fn plan(&self) -> Result<Plan> {
        let (config, approval) = (self.cycle.config, self.approval()?);
        let policy = policy(config);
        let organizations = organizations(config, &self.school.roster);
        let sides: BTreeMap<_, _> =
            self.sides.iter().map(|side| (side.kind(), side.to_plan())).collect();
        let mut plan = crate::plan::plan(&Input {
            desired: &self.desired,
            known: &self.known,
            frozen: &self.school.roster.frozen,
            lacking: &self.school.lacking,
            policy: &policy,
            scope: &self.scope,
            sides: &sides,
            platform: self.sides[0].kind(),
            organizations: &organizations,
            now: self.cycle.clock.now(),
            approved: approval.as_ref().map(|approval| approval.fingerprint.as_str()),
        });
        self.bound.say_doubts(&mut plan);
        Ok(plan)
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

    /// Does the plan, one messenger after the other.
    fn apply(&mut self, plan: &mut Plan, all: &mut Outcome) -> Result<()> {
        for side in 0..self.sides.len() {
            let mut outcome = Outcome::default();
            if self.sides[side].lost.is_some() || all.ended.is_some() {
                outcome.leave(self.operations_of(plan, side));
            } else {
                self.apply_on(side, plan, &mut outcome)?;
            }
            all.merge(outcome);
        }
        if let Some(reason) = self.cycle.stop.reason().filter(|_| all.left > 0) {
            all.ended.get_or_insert(Ended::Stopped(reason));
        }
        Ok(())
    }

    fn operations_of(&self, plan: &Plan, side: usize) -> Vec<Operation> {
        let ours = |operation: &&Operation| self.side_of(&operation.chat) == side;
        plan.operations.iter().filter(ours).cloned().collect()
    }

    /// Does the plan on one messenger; what the token turns out not to be able to do, or to lack the
    /// rights for in one chat, is planned anew another way.
    fn apply_on(&mut self, side: usize, plan: &mut Plan, all: &mut Outcome) -> Result<()> {
        for _ in 0..Capability::ALL.len() {
            let operations = self.operations_of(plan, side);
            if operations.is_empty() {
                break;
            }
            let operations = self.possible(operations, all)?;
            let approver = self.approver(plan)?;
            let approved = Some(Approved { by: &approver, operations: &plan.released });
            let outcome = self.with_work(side, approved, |work| apply::run(work, &operations))?;
            let missing: Vec<_> = outcome.missing.iter().map(|one| (*one, false)).collect();
            let unrighted: Vec<String> = outcome.unrighted.iter().cloned().collect();
            // Whoever was invited by the old link is invited by the new one.
            let rotated = outcome.done.contains_key(&Kind::RotateLink);
            let ended = outcome.ended.is_some();
            all.merge(outcome);
            if ended || (missing.is_empty() && unrighted.is_empty() && !rotated) {
                break;
            }
            self.sides[side].able.learn(&missing);
            if !unrighted.is_empty() && self.sides[side].kind() == platform::Kind::Max {
                self.with_work(side, None, |work| apply::read_rights(work, &unrighted))?;
            }
            *plan = self.plan()?;
            all.replanned();
        }
        self.end_side(side, all);
        self.close_doors(side, all)
    }

    /// The end of the work on a messenger that others are worked on beside is no end of the cycle.
    pub(super) fn end_side(&mut self, side: usize, outcome: &mut Outcome) {
        let of_it = matches!(outcome.ended, Some(Ended::Token(..) | Ended::Unreachable(..)));
        if self.sides.len() > 1 && of_it {
            self.sides[side].lost = outcome.ended.take().and_then(|ended| ended.error());
        }
    }

    /// The links of chats that were archived and emptied stop working.
    fn close_doors(&mut self, side: usize, outcome: &Outcome) -> Result<()> {
        let able = self.sides[side].able.set.contains(&Capability::RotateLink);
        if self.cycle.config.archive_keeps_members || !able || outcome.ended.is_some() {
            return Ok(());
        }
        let archived: Vec<String> = outcome
            .results
            .iter()
            .filter(|(operation, told)| {
                operation.kind == Kind::ArchiveChat
                    && operation.cause != Cause::Moved
                    && *told == Result_::Done
            })
            .map(|(operation, _)| operation.chat.clone())
            .collect();
        match archived.is_empty() {
            true => Ok(()),
            false => self.with_work(side, None, |work| apply::rotate_links(work, &archived)),
        }
    }

    /// The operations that can be done now. A chat about which it is not known what became of the
    /// last operation is left alone, or it might be made twice; and a kind of work that met the
    /// platform's limit rests until the limit is over.
    fn possible(
        &self,
        operations: Vec<Operation>,
        outcome: &mut Outcome,
    ) -> Result<Vec<Operation>> {
        let open = self.state.open_intents()?;
        let open: BTreeSet<&str> = open.iter().map(|intent| intent.chat.as_str()).collect();
        let now = self.cycle.clock.now();
        let paused = self.state.pauses()?;
        let waits = |operation: &Operation| {
            open.contains(operation.chat.as_str())
                || paused.get(&operation.kind).is_some_and(|until| *until > now)
        };
        let (left, possible): (Vec<Operation>, _) = operations.into_iter().partition(waits);
        outcome.leave(left);
        Ok(possible)
    }

    /// Runs a job with everything that it needs on one messenger.
    pub(super) fn with_work<T>(
        &mut self,
        side: usize,
        approved: Option<Approved>,
        job: impl FnOnce(&mut Work) -> Result<T>,
    ) -> Result<T> {
        let cycle = self.cycle;
        let side = &self.sides[side];
        let config = &side.messenger.config;
        let mut work = Work {
            platform: &*side.messenger.driver,
            state: self.state,
            known: &mut self.known,
            desired: &self.desired,
            own_account: side.own_account.clone(),
            clock: cycle.clock,
            stop: cycle.stop,
            in_flight: config.requests_in_flight,
            hand: Hand { cycle: self.number, actor: cycle.actor, about: cycle.about, approved },
            host: cycle.host,
            deliver: cycle.config.invitations.deliver
                && side.able.set.contains(&Capability::SendMessage),
            hears_dialogs: config.events != Events::None,
            language: &cycle.config.language,
            names: &mut self.names,
        };
        job(&mut work)
    }

    /// The messenger that a chat lives on, by its place; the current one for a chat that is not made
    /// yet.
    pub(super) fn side_of(&self, chat: &str) -> usize {
        let known = self.known.chats.get(chat).filter(|chat| chat.platform_id.is_some());
        let kind = known.map(|chat| chat.platform);
        kind.and_then(|kind| self.sides.iter().position(|side| side.kind() == kind)).unwrap_or(0)
    }
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
        moving: moving::policy(config),
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
