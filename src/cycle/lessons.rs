//! Online lessons of a cycle: their calls follow the roster, and what is due is carried out.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use jiff::civil::Date;

use super::run::Run;
use super::side::is_of_one_side;
use crate::apply::{self, Desk, Ended, Outcome};
use crate::calls::{self, Call, CallState, Drawn, Ground, Hall, Journals, Source, Step};
use crate::clock::later;
use crate::error::{Code, Error, Fault, Result, Text};
use crate::plan::{ChatState, KnownChat, Operation, Plan, TaskDetails, TaskKind, WantedTask};
use crate::platform::Capability;
use crate::roster::{Lesson, Table};

/// One call after the other in a chat: its end, a word on it, the start of the next, a word on that;
/// and once more where something failed.
const ROUNDS: usize = 8;

/// What a cycle knows of the calls.
#[derive(Debug, Default)]
pub(super) struct Lessons {
    /// Every call.
    pub(super) calls: Vec<Call>,
    /// When something will be due.
    pub(super) due: Option<Timestamp>,
    /// What people should know.
    pub(super) warnings: Vec<Fault>,
    /// Things whose result could not be found out, by call.
    pub(super) open: BTreeSet<String>,
}

/// What is judged in a way of its own.
struct Aside {
    /// Missing and broken classes, which say nothing of their lessons (rulings 4 and 5).
    untouched: BTreeSet<String>,
    /// The keys of chats that were left behind.
    former: BTreeSet<String>,
}

impl Run<'_, '_> {
    /// Brings the calls in step with the roster, ends what is over, and, where nobody has to go, begins
    /// what is due in chats that are in order already: it must not wait while thousands of people are
    /// brought into others.
    ///
    /// # Errors
    /// [`Code::State`].
    pub(super) fn lessons_first(&mut self, plan: &Plan, outcome: &mut Outcome) -> Result<()> {
        let now = self.cycle.clock.started();
        let source = self.call_source();
        self.follow_lessons(now, true)?;
        self.look_back_on_calls(outcome)?;
        self.do_what_is_due(&source, Some(plan), now, outcome)
    }

    /// Does what else is due. Nothing here hinders the chats: they are in order by now, and nobody is
    /// told a link before strangers are out.
    ///
    /// # Errors
    /// [`Code::State`].
    pub(super) fn hold_lessons(&mut self, plan: &mut Plan, outcome: &mut Outcome) -> Result<()> {
        let now = self.cycle.clock.started();
        let source = self.call_source();
        if outcome.ended.is_none() {
            self.ask_about_calls(&source, now, outcome)?;
            self.do_what_is_due(&source, None, now, outcome)?;
        }
        self.conclude(&source, now, plan)
    }

    /// What would be done, as operations of the plan; the calls stay as they are.
    ///
    /// # Errors
    /// [`Code::State`].
    pub(super) fn plan_lessons(&mut self, plan: &mut Plan) -> Result<()> {
        let now = self.cycle.clock.started();
        let source = self.call_source();
        self.follow_lessons(now, false)?;
        for _ in 0..ROUNDS {
            let steps = self.due_steps(&source, now)?;
            if steps.is_empty() {
                break;
            }
            for step in steps {
                self.pretend(&step, &source, now, plan)?;
            }
        }
        self.lessons.calls = self.calls_at_work()?;
        Ok(())
    }

    fn pretend(
        &mut self,
        step: &Step,
        source: &Source,
        now: Timestamp,
        plan: &mut Plan,
    ) -> Result<()> {
        let links = self.state.call_links()?;
        let Some(call) = self.lessons.calls.iter_mut().find(|call| call.id == step.call()) else {
            return Ok(());
        };
        plan.operations.extend(apply::operation_of(step, call));
        let given = call.given_url.clone().or_else(|| source.link(call));
        let link = given.or_else(|| links.get(&call.chat).cloned()).unwrap_or_default();
        match step {
            Step::Start(_, why) => call.begin(&link, None, *why, now),
            Step::Announce(_) => call.announce(None, now),
            Step::Finish(_, why) => call.end(*why, now),
            Step::Farewell(..) => call.close(None, now),
        }
        Ok(())
    }

    fn call_source(&self) -> Source {
        let config = &self.cycle.config.calls;
        let given = (config.provider, config.url.as_deref(), config.secret.as_ref());
        Source::of(&self.desired.calls, given)
    }

    /// Makes, moves and cancels the calls of lessons as the roster has them; `keeps` writes it down.
    fn follow_lessons(&mut self, now: Timestamp, keeps: bool) -> Result<()> {
        self.lessons.calls = self.calls_at_work()?;
        let most = self.school.roster.lessons.len().min(4096);
        let random = crate::random::bytes(Drawn::BYTES * most)?;
        let mut drawn = random.chunks_exact(Drawn::BYTES).map(Drawn::of);
        let aside = self.aside();
        let journals = self.journals(&aside, now);
        let mut draw = || drawn.next().unwrap_or_default();
        let mut followed = calls::follow(&journals, &self.lessons.calls, &mut draw);
        // More lessons than ids in one cycle are made by the next one.
        followed.changed.retain(|call| !call.id.is_empty());
        if keeps {
            self.state.put_calls(&followed.changed, &followed.dropped)?;
        }
        let list = &mut self.lessons.calls;
        list.retain(|call| !followed.dropped.contains(&call.id));
        for changed in followed.changed {
            match list.iter_mut().find(|call| call.id == changed.id) {
                Some(call) => *call = changed,
                None => list.push(changed),
            }
        }
        list.sort_by(|a, b| (a.date, a.starts, &a.id).cmp(&(b.date, b.starts, &b.id)));
        Ok(())
    }

    /// Not the whole history: the calls that reports show, and those of which the roster has something
    /// to say.
    fn calls_at_work(&self) -> Result<Vec<Call>> {
        let clock = self.cycle.clock;
        let eve = clock.today().yesterday().unwrap_or(Date::MIN);
        let lessons = self.school.roster.lessons.iter().filter(|lesson| lesson.date >= eve);
        let lessons: Vec<&str> = lessons.map(|lesson| &*lesson.id).collect();
        self.state.calls_at_work(clock.now(), eve, &lessons)
    }

    fn journals<'r>(&'r self, aside: &'r Aside, now: Timestamp) -> Journals<'r> {
        Journals {
            roster: &self.school.roster,
            desired: &self.desired,
            former: &aside.former,
            untouched: &aside.untouched,
            no_lessons: self.school.lacking.tables.contains_key(&Table::Lessons),
            zone: &self.cycle.config.zone,
            language: &self.cycle.config.language,
            now,
        }
    }

    fn aside(&self) -> Aside {
        let lacking = self.school.lacking.classes.keys();
        let former = self.known.chats.values().filter(|chat| chat.former);
        Aside {
            untouched: lacking.chain(&self.school.roster.frozen.classes).cloned().collect(),
            former: former.map(|chat| chat.key.clone()).collect(),
        }
    }

    /// The chats of this cycle as far as calls are concerned.
    fn halls(&self) -> Result<BTreeMap<String, Hall>> {
        let links = self.state.call_links()?;
        let inside = |chat: &&KnownChat| {
            let side = self.sides.iter().find(|side| side.kind() == chat.platform);
            self.scope.holds(chat.plain_key(), &chat.kind)
                && side.is_some_and(|side| side.lost.is_none())
        };
        let hall = |chat: &KnownChat| {
            let side = self.sides.iter().find(|side| side.kind() == chat.platform);
            // A dry run asks the messenger nothing: what is not known is taken for possible.
            let guess = self.cycle.options.dry_run;
            let able = |one| {
                side.is_some_and(|side| {
                    side.able.set.contains(&one) || (guess && side.able.unsure.contains(&one))
                })
            };
            Hall {
                ready: chat.state == ChatState::Active && chat.platform_id.is_some(),
                // Nothing begins in a chat that was left behind.
                starts_calls: able(Capability::StartCall) && !chat.former,
                link: links.get(&chat.key).filter(|_| !chat.former).cloned(),
                closed: !self.desired.chats.contains_key(&chat.key) && chat.former
                    || matches!(
                        chat.state,
                        ChatState::Archived | ChatState::Deleted | ChatState::Gone
                    ),
            }
        };
        let chats = self.known.chats.values().filter(inside);
        Ok(chats.map(|chat| (chat.key.clone(), hall(chat))).collect())
    }

    /// Judges the calls on what is known now.
    fn on_ground<T>(
        &self,
        source: &Source,
        now: Timestamp,
        judge: impl FnOnce(&Ground, &[Call]) -> T,
    ) -> Result<T> {
        let (halls, aside) = (self.halls()?, self.aside());
        let ground = Ground { journals: self.journals(&aside, now), source, halls: &halls };
        Ok(judge(&ground, &self.lessons.calls))
    }

    fn due_steps(&self, source: &Source, now: Timestamp) -> Result<Vec<Step>> {
        let mut steps = self.on_ground(source, now, calls::due)?;
        steps.retain(|step| !self.lessons.open.contains(step.call()));
        Ok(steps)
    }

    /// What an earlier cycle meant to do about calls and never heard back from.
    fn look_back_on_calls(&mut self, outcome: &mut Outcome) -> Result<()> {
        for intent in self.state.open_call_intents()? {
            let at = self.lessons.calls.iter().position(|call| call.id == intent.call);
            let chat = at.map_or(String::new(), |at| self.lessons.calls[at].chat.clone());
            let side = self.side_of(&chat);
            if !self.reach(side, outcome)? {
                self.lessons.open.insert(intent.call.clone());
                continue;
            }
            let mut call = at.map(|at| self.lessons.calls[at].clone());
            let known = self
                .with_work(side, None, |work| apply::resolve_call(work, &intent, call.as_mut()))?;
            if let (Some(at), Some(call)) = (at, call) {
                self.lessons.calls[at] = call;
            }
            if !known {
                self.lessons.open.insert(intent.call.clone());
            }
        }
        self.open_intents += self.lessons.open.len();
        Ok(())
    }

    /// Whether the messenger starts calls for this token, where a lesson needs to know.
    fn ask_about_calls(
        &mut self,
        source: &Source,
        now: Timestamp,
        outcome: &mut Outcome,
    ) -> Result<()> {
        for chat in self.chats_without_links(source, now)? {
            let side = self.side_of(&chat);
            let unsure = self.sides[side].able.unsure.contains(&Capability::StartCall);
            if !unsure || !self.reach(side, outcome)? {
                continue;
            }
            let one = &mut self.sides[side];
            match one.ask(self.cycle, self.state, &[Capability::StartCall]) {
                Err(error) if error.code == Code::State => return Err(error),
                // Nobody knows yet: the next cycle asks again, and no person is asked for a link.
                Err(error) => self.lose(side, error, outcome),
                Ok(()) => {}
            }
        }
        Ok(())
    }

    fn chats_without_links(&self, source: &Source, now: Timestamp) -> Result<BTreeSet<String>> {
        self.on_ground(source, now, |ground, calls| ground.lacking_links(calls))
    }

    /// `ahead` is the plan that has not been carried out yet.
    fn do_what_is_due(
        &mut self,
        source: &Source,
        ahead: Option<&Plan>,
        now: Timestamp,
        outcome: &mut Outcome,
    ) -> Result<()> {
        for _ in 0..ROUNDS {
            let mut steps = self.due_steps(source, now)?;
            steps.retain(|step| !self.stands_back(step, ahead));
            if steps.is_empty() {
                break;
            }
            for step in &steps {
                if !self.stands_back(step, ahead) {
                    self.do_step(step, source, outcome)?;
                }
            }
        }
        Ok(())
    }

    /// Whether something begins only when the plan has been carried out: who must go goes first, a
    /// link is told to who is in the chat by then, and a messenger that leaves one thing unanswered may
    /// not cost the others their time.
    fn stands_back(&self, step: &Step, ahead: Option<&Plan>) -> bool {
        let Some(plan) = ahead.filter(|_| !step.is_an_end()) else { return false };
        let call = self.lessons.calls.iter().find(|call| call.id == step.call());
        let first = |operation: &Operation| {
            operation.kind.takes_away() || call.is_none_or(|call| call.chat == operation.chat)
        };
        !self.lessons.open.is_empty() || plan.operations.iter().any(first)
    }

    fn do_step(&mut self, step: &Step, source: &Source, outcome: &mut Outcome) -> Result<()> {
        let Some(at) = self.lessons.calls.iter().position(|call| call.id == step.call()) else {
            return Ok(());
        };
        let mut call = self.lessons.calls[at].clone();
        let side = self.side_of(&call.chat);
        if let Some(reason) = self.cycle.stop.reason() {
            outcome.ended.get_or_insert(Ended::Stopped(reason));
        }
        if outcome.ended.is_some() || !self.reach(side, outcome)? {
            // Left over: nothing of it is tried again in this cycle.
            self.lessons.open.insert(call.id.clone());
            outcome.leave(apply::operation_of(step, &call));
            return Ok(());
        }
        let links = self.state.call_links()?;
        let (desired, config) = (self.desired.calls.clone(), self.cycle.config);
        let desk = Desk {
            policy: &desired,
            source,
            standing: links.get(&call.chat).map(String::as_str),
            starts_calls: self.sides[side].able.set.contains(&Capability::StartCall),
            zone: &config.zone,
        };
        self.with_work(side, None, |work| apply::carry_out(work, &desk, step, &mut call, outcome))?;
        self.end_side(side, outcome);
        let missing: Vec<_> = outcome.missing.iter().map(|one| (*one, false)).collect();
        self.sides[side].able.learn(&missing);
        if self.left_open(&call)? {
            self.lessons.open.insert(call.id.clone());
        }
        self.lessons.calls[at] = call;
        Ok(())
    }

    /// Whether something about the call was sent and is not known to have been done.
    fn left_open(&self, call: &Call) -> Result<bool> {
        Ok(self.state.open_call_intents()?.iter().any(|intent| intent.call == call.id))
    }

    /// Connects to a messenger; `false` where nothing more can be done on it in this cycle.
    fn reach(&mut self, side: usize, outcome: &mut Outcome) -> Result<bool> {
        if self.sides[side].lost.is_some() || outcome.ended.is_some() {
            return Ok(false);
        }
        match self.connect(side) {
            Ok(()) => Ok(true),
            Err(error) if matches!(error.code, Code::State | Code::Config) => Err(error),
            Err(error) => {
                self.lose(side, error, outcome);
                Ok(false)
            }
        }
    }

    fn lose(&mut self, side: usize, error: Error, outcome: &mut Outcome) {
        if self.sides.len() > 1 && is_of_one_side(&error) {
            self.sides[side].lost = Some(error);
            return;
        }
        let code = error.code.name().to_lowercase();
        outcome.ended.get_or_insert(match error.code {
            Code::Auth => Ended::Token(code, error.message),
            Code::Partial => Ended::Stopped(crate::stop::Reason::Budget),
            Code::Cancelled => Ended::Stopped(crate::stop::Reason::Cancelled),
            _ => Ended::Unreachable(code, error.message),
        });
    }

    /// The chats for which a person was asked for a link and has given none: asked once, it stays
    /// asked.
    fn asked_for_links(&self, source: &Source) -> Result<Vec<String>> {
        let halls = self.halls()?;
        let waits = |chat: &String| {
            let hall = halls.get(chat);
            hall.is_some_and(|hall| hall.ready && hall.link.is_none() && !hall.starts_calls)
        };
        let mut tasks = self.state.open_tasks()?;
        tasks.retain(|task| task.kind == TaskKind::GiveCallLink && waits(&task.chat));
        let needed = matches!(source, Source::Messenger);
        Ok(tasks.into_iter().filter(|_| needed).map(|task| task.chat).collect())
    }

    /// Failures of steps that are not to be done any more are told no longer.
    fn forget_setbacks(&mut self, source: &Source, now: Timestamp) -> Result<()> {
        let mut settled: Vec<Call> = self.on_ground(source, now, |ground, calls| {
            let past = |call: &&Call| {
                call.setback.as_ref().is_some_and(|failed| !ground.is_still_ahead(failed, call))
            };
            calls.iter().filter(past).cloned().collect()
        })?;
        settled.iter_mut().for_each(|call| call.setback = None);
        self.state.put_calls(&settled, &[])?;
        for call in settled {
            self.lessons.calls.iter_mut().filter(|one| one.id == call.id).for_each(|one| {
                one.setback = None;
            });
        }
        Ok(())
    }

    /// What only a person can do, what people should know, and when to look again.
    fn conclude(&mut self, source: &Source, now: Timestamp, plan: &mut Plan) -> Result<()> {
        self.forget_setbacks(source, now)?;
        let lacking = self.chats_without_links(source, now)?;
        for chat in lacking.into_iter().chain(self.asked_for_links(source)?) {
            let Some(known) = self.known.chats.get(&chat) else { continue };
            let sure =
                |side: &super::side::Side| !side.able.unsure.contains(&Capability::StartCall);
            if self.sides.iter().any(|side| side.kind() == known.platform && sure(side)) {
                plan.tasks.insert(WantedTask {
                    kind: TaskKind::GiveCallLink,
                    title: known.title.clone(),
                    chat,
                    account: String::new(),
                    details: TaskDetails::default(),
                });
            }
        }
        let (due, warnings) = self.on_ground(source, now, |ground, calls| {
            (calls::next_due(ground, calls), warnings(ground, calls, now))
        })?;
        (self.lessons.due, self.lessons.warnings) = (due, warnings);
        Ok(())
    }
}

/// What people should know of the calls: one warning of a kind for a chat.
fn warnings(ground: &Ground, calls: &[Call], now: Timestamp) -> Vec<Fault> {
    let mut found: BTreeMap<(&str, &str), Fault> = BTreeMap::new();
    let refused = |call: &&Call| call.unended && later(call.at, calls::SHOWN) > now;
    for call in calls.iter().filter(refused) {
        found.entry((&call.chat, "calls.not_ended")).or_insert_with(|| not_ended(call));
    }
    for call in calls.iter().filter(|call| call.is_open()) {
        let fresh = call.state == CallState::Published && call.started.is_none();
        let hindered = ground.hindered(call);
        if (fresh || call.running) && !hindered.is_empty() {
            let fault = not_by_itself(call, &hindered);
            found.entry((&call.chat, "calls.not_automatic")).or_insert(fault);
        }
        if call.doubtful {
            found.entry((&call.chat, "calls.doubtful")).or_insert_with(|| doubtful(call));
        }
        if ground.is_missed(call) {
            found.entry((&call.chat, "calls.not_started")).or_insert_with(|| not_started(call));
        }
        if let Some(lesson) = ground.lacks_hours(call).filter(|_| fresh || call.running) {
            found.entry((&call.chat, "calls.no_hours")).or_insert_with(|| no_hours(call, lesson));
        }
        let days = call.running && call.date < calls::day_of(now, ground.journals.zone);
        if days && ground.is_endless(call) {
            found.entry((&call.chat, "calls.left_running")).or_insert_with(|| left_running(call));
        }
    }
    found.into_values().collect()
}

/// P15: which of the four conditions are missing.
fn not_by_itself(call: &Call, hindered: &[calls::Condition]) -> Fault {
    let names: Vec<&str> = hindered.iter().map(|one| one.name()).collect();
    let texts: Vec<Text> = hindered.iter().map(|one| one.text()).collect();
    let ru: Vec<&str> = texts.iter().map(|text| text.ru.as_str()).collect();
    let en: Vec<&str> = texts.iter().map(|text| text.en.as_str()).collect();
    Fault::new(
        "calls.not_automatic",
        &call.chat,
        &names.join(", "),
        Text::new(
            format!("звонок урока начинают и заканчивают вручную: {}", ru.join("; ")),
            format!("the lesson's call is started and ended by hand: {}", en.join("; ")),
        ),
    )
}

/// A lesson without times, or whose number no grid has.
fn no_hours(call: &Call, lesson: &Lesson) -> Fault {
    let period = lesson.period.as_deref().unwrap_or_default();
    let (ru, en) = match (call.starts.is_none(), period.is_empty()) {
        (true, true) => {
            ("у урока нет ни времени, ни номера", "the lesson has no time and no period")
        }
        (true, false) => (
            "у урока нет времени, и его номера нет в сетке уроков",
            "the lesson has no time, and no grid has its period",
        ),
        (false, _) => ("у урока нет времени окончания", "the lesson has no time at which it ends"),
    };
    Fault::new(
        "calls.no_hours",
        &call.chat,
        period,
        Text::new(
            format!("звонок урока {} начинают и заканчивают вручную: {ru}", lesson.id),
            format!("the call of the lesson {} is started and ended by hand: {en}", lesson.id),
        ),
    )
}

fn not_ended(call: &Call) -> Fault {
    Fault::new(
        "calls.not_ended",
        &call.chat,
        &call.id,
        Text::new(
            "мессенджер отказался завершить звонок; если в нём ещё кто-то есть, завершите его вручную",
            "the messenger refused to finish the call; if anybody is still in it, end it by hand",
        ),
    )
}

fn doubtful(call: &Call) -> Fault {
    Fault::new(
        "calls.doubtful",
        &call.chat,
        &call.id,
        Text::new(
            "мессенджер не ответил, начался ли звонок; второй раз сам он не начинается: начните его \
             вручную или дайте ссылку",
            "the messenger did not answer whether the call has started; it is not started again by \
             itself: start it by hand or give a link",
        ),
    )
}

fn not_started(call: &Call) -> Fault {
    Fault::new(
        "calls.not_started",
        &call.chat,
        &call.id,
        Text::new(
            "урок идёт, а звонок сам не начался и уже не начнётся: начните его вручную или дайте ссылку",
            "the lesson goes on, and its call has not started by itself and will not any more: start it \
             by hand or give a link",
        ),
    )
}

fn left_running(call: &Call) -> Fault {
    Fault::new(
        "calls.left_running",
        &call.chat,
        &call.id,
        Text::new(
            "звонок прошедшего дня всё ещё идёт и мешает следующим: завершите его вручную",
            "a call of a past day is still running and hinders the next ones: finish it by hand",
        ),
    )
}

impl Lessons {
    /// The rows of the report's `failed` that are about calls.
    pub(super) fn failed(&self, show: impl Fn(Timestamp) -> String) -> Vec<serde_json::Value> {
        let setbacks = self.calls.iter().filter_map(|call| Some((call, call.setback.as_ref()?)));
        let row = |(call, one): (&Call, &calls::Setback)| {
            serde_json::json!({
                "operation": one.operation,
                "chat": call.chat,
                "call": call.id,
                "person": null,
                "people": [],
                "account": null,
                "code": one.code,
                "message": one.message,
                "tries": one.tries,
                "next_try": Timestamp::from_second(one.next_try).map(&show).ok(),
            })
        };
        setbacks.map(row).collect()
    }

    /// Whether a step failed that is tried again.
    pub(super) fn have_failed(&self) -> bool {
        self.calls.iter().any(|call| call.setback.is_some())
    }
}
