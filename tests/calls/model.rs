//! The rules of online lessons once more, as plainly as they can be said (P9 to P15, E10, A10), for a
//! walk through the sandbox to be held against. Nothing is lost here: a start that is answered by
//! silence is a doubt, and the rest of what a messenger does to a cycle must not be seen.

/// Seconds since the first midnight, in the school's zone.
pub(crate) type Moment = i64;

pub(crate) const MINUTE: Moment = 60;
pub(crate) const DAY: Moment = 24 * 60 * MINUTE;
/// P11: later than this it is not started by itself. P14: for so long it goes on after its end.
const TWENTY: Moment = 20 * MINUTE;

/// When the lessons of the grid begin, in minutes of the day; the last two go over midnight or follow
/// it.
pub(crate) const PERIODS: [Moment; 8] = [540, 600, 660, 720, 1290, 1380, 1420, 5];

/// «Урок проведен».
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mark {
    Draft,
    Published,
    Conducted,
}

/// What has become of a lesson's row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Row {
    There,
    Cancelled,
    Gone,
}

/// A lesson as the journal has it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Lesson {
    pub(crate) journal: usize,
    pub(crate) day: i64,
    pub(crate) period: usize,
    pub(crate) online: bool,
    pub(crate) mark: Mark,
    pub(crate) row: Row,
}

/// What the host exports.
#[derive(Debug, Clone)]
pub(crate) struct School {
    pub(crate) lessons: Vec<Lesson>,
    /// Whether a journal's timetable is marked to be passed on (P15).
    pub(crate) passed_on: [bool; 2],
    /// How long lessons are.
    pub(crate) length: Moment,
}

impl School {
    pub(crate) fn hours(&self, lesson: usize) -> (Moment, Moment) {
        let lesson = &self.lessons[lesson];
        let starts = lesson.day * DAY + PERIODS[lesson.period] * MINUTE;
        (starts, starts + self.length)
    }
}

/// What a person asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Order {
    Create,
    Publish,
    Start,
    Finish,
    Delete,
}

/// What a chat is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Word {
    Begun,
    Over,
}

/// «Создан», «Опубликован», «Завершён».
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum State {
    Created,
    Published,
    Finished,
}

#[derive(Debug, Clone)]
pub(crate) struct Call {
    pub(crate) lesson: usize,
    pub(crate) state: State,
    pub(crate) running: bool,
    pub(crate) doubtful: bool,
    day: i64,
    starts: Moment,
    ends: Moment,
    started: Moment,
    by_hand: bool,
    /// It was started, or a person ended or deleted it: the lesson has had its call.
    held: bool,
    deleted: bool,
    /// Its chat was told of it.
    pub(crate) told: bool,
    /// Its lesson is gone while it runs.
    off: bool,
}

impl Call {
    pub(crate) fn is_open(&self) -> bool {
        self.state != State::Finished
    }

    /// P14; one that was started after its lesson has its whole time.
    fn time_is_up_at(&self) -> Moment {
        let caught_up = self.started >= self.ends;
        let ends = if caught_up { self.started + self.ends - self.starts } else { self.ends };
        ends + TWENTY
    }
}

/// The school, its calls, and what the messenger has seen of them.
#[derive(Debug, Clone)]
pub(crate) struct Model {
    /// As the last cycle was given it.
    pub(crate) school: School,
    pub(crate) calls: Vec<Call>,
    /// The next start is answered by silence; whether it happened.
    pub(crate) silence: Option<bool>,
    /// Calls that were started, and those of which nobody knows.
    pub(crate) started: usize,
    pub(crate) lost: usize,
    /// What was said, by journal.
    pub(crate) said: [Vec<(Word, usize)>; 2],
    /// How much was done.
    deeds: usize,
}

impl Model {
    pub(crate) fn new(school: School) -> Model {
        let said = [Vec::new(), Vec::new()];
        Model { school, calls: Vec::new(), silence: None, started: 0, lost: 0, said, deeds: 0 }
    }

    /// The task runs.
    pub(crate) fn cycle(&mut self, now: Moment) {
        self.follow(now);
        for journal in 0..2 {
            self.act(journal, None, now);
        }
    }

    /// Calls that the report must show: those that run, and those whose time is ahead. What was missed
    /// is put away when there is something else to do.
    pub(crate) fn shown(&self, now: Moment) -> impl Iterator<Item = &Call> {
        self.calls.iter().filter(move |call| call.is_open() && (call.running || call.ends > now))
    }

    pub(crate) fn open_call(&self, lesson: usize) -> Option<&Call> {
        self.calls.iter().find(|call| call.lesson == lesson && call.is_open())
    }

    pub(crate) fn running(&self, journal: usize) -> Vec<&Call> {
        self.calls.iter().filter(|call| call.running && self.journal(call) == journal).collect()
    }

    /// When something would be done though nobody does anything meanwhile.
    pub(crate) fn next(&self, now: Moment) -> Option<Moment> {
        let lessons = (0..self.school.lessons.len()).flat_map(|lesson| {
            let (starts, ends) = self.school.hours(lesson);
            let eve = (self.school.lessons[lesson].day - 1) * DAY;
            [eve, starts, ends, ends + TWENTY]
        });
        let calls = self.calls.iter().flat_map(|call| [call.time_is_up_at(), call.ends + TWENTY]);
        let mut moments: Vec<Moment> = lessons.chain(calls).filter(|at| *at > now).collect();
        moments.sort_unstable();
        moments.into_iter().find(|at| {
            let mut then = self.clone();
            then.cycle(*at);
            then.deeds != self.deeds
        })
    }

    /// Somebody who leads the lessons asks; whether they may.
    pub(crate) fn ask(&mut self, lesson: usize, order: Order, now: Moment) -> bool {
        let journal = self.school.lessons[lesson].journal;
        let at = self.calls.iter().position(|call| call.lesson == lesson && call.is_open());
        if order == Order::Create {
            return at.is_none() && self.create(lesson, now);
        }
        let Some(at) = at else { return false };
        let others = |taken: &dyn Fn(&Call) -> bool| {
            let mut calls = self.calls.iter().enumerate();
            calls.any(|(other, call)| other != at && self.journal(call) == journal && taken(call))
        };
        let call = &self.calls[at];
        let past = call.day < now.div_euclid(DAY) && call.ends <= now;
        let allowed = match order {
            Order::Start => call.running || (!past && !others(&|call| call.running)),
            // E10: one published call of a chat, where people publish.
            Order::Publish => {
                let taken =
                    |call: &Call| call.running || (call.state == State::Published && call.by_hand);
                let fresh = call.by_hand && call.ends > now && !others(&taken);
                call.state == State::Published || fresh
            }
            Order::Finish => call.state == State::Published || call.running,
            Order::Create | Order::Delete => true,
        };
        if !allowed {
            return false;
        }
        match order {
            Order::Publish => self.calls[at].state = State::Published,
            Order::Finish | Order::Delete => {
                self.calls[at].deleted = order == Order::Delete;
                self.end(at, true, now);
            }
            Order::Start | Order::Create => {}
        }
        self.follow(now);
        let asked = (order == Order::Start).then_some(lesson);
        self.act(journal, asked, now);
        true
    }

    /// A10: only while the lesson's time has not passed. What was before it is history.
    fn create(&mut self, lesson: usize, now: Moment) -> bool {
        let row = self.school.lessons[lesson];
        if row.row != Row::There || self.school.hours(lesson).1 <= now {
            return false;
        }
        let by_hand = !row.online;
        if !by_hand {
            self.calls.iter_mut().filter(|one| one.lesson == lesson).for_each(|one| {
                one.by_hand = true;
            });
        }
        self.make(lesson, by_hand);
        true
    }

    fn make(&mut self, lesson: usize, by_hand: bool) {
        let (starts, ends) = self.school.hours(lesson);
        let mut call = Call {
            lesson,
            state: State::Created,
            running: false,
            doubtful: false,
            day: self.school.lessons[lesson].day,
            starts,
            ends,
            started: Moment::MIN,
            by_hand,
            held: false,
            deleted: false,
            told: false,
            off: false,
        };
        if !by_hand {
            call.state = published(&self.school.lessons[lesson]);
        }
        self.calls.push(call);
    }

    fn journal(&self, call: &Call) -> usize {
        self.school.lessons[call.lesson].journal
    }

    /// P10: an online lesson of today or tomorrow is a call, which follows it from then on.
    fn follow(&mut self, now: Moment) {
        let (school, today) = (self.school.clone(), now.div_euclid(DAY));
        self.calls.retain_mut(|call| keep_up(call, &school, now));
        for (lesson, row) in school.lessons.iter().enumerate() {
            let goes_on = row.day + 1 == today && school.hours(lesson).1 > now;
            let near = (today..=today + 1).contains(&row.day) || goes_on;
            let counts = |call: &Call| !call.by_hand || call.is_open() || call.held;
            let has_one = self.calls.iter().any(|call| call.lesson == lesson && counts(call));
            if row.row == Row::There && row.online && near && !has_one {
                self.make(lesson, false);
            }
        }
    }

    /// Who is over ends; then one starts, where none runs (P12); and who may know is told (P13).
    fn act(&mut self, journal: usize, asked: Option<usize>, now: Moment) {
        let by_itself = self.school.passed_on[journal];
        let here: Vec<usize> =
            (0..self.calls.len()).filter(|at| self.journal(&self.calls[*at]) == journal).collect();
        for &at in &here {
            let call = &self.calls[at];
            let over = by_itself && call.time_is_up_at() <= now;
            if call.running && (call.off || over) {
                self.end(at, false, now);
            }
        }
        let mut asked = asked.and_then(|lesson| {
            let mut open = here.iter().filter(|at| self.calls[**at].is_open());
            open.find(|at| self.calls[**at].lesson == lesson).copied()
        });
        while let Some(at) = asked.take().or_else(|| self.turn(&here, by_itself, now)) {
            if !self.calls[at].running {
                self.start(at, now);
            }
        }
        for &at in &here {
            let call = &mut self.calls[at];
            if call.running && call.state == State::Published && !call.told {
                call.told = true;
                self.said[journal].push((Word::Begun, call.lesson));
                self.deeds += 1;
            }
        }
    }

    /// Whose turn it is to start by itself (P11).
    fn turn(&self, here: &[usize], by_itself: bool, now: Moment) -> Option<usize> {
        let calls = || here.iter().map(|at| (*at, &self.calls[*at]));
        let perhaps = |call: &Call| call.doubtful && call.is_open() && call.ends + TWENTY > now;
        if !by_itself || calls().any(|(_, call)| call.running || perhaps(call)) {
            return None;
        }
        let today = now.div_euclid(DAY);
        let due = calls().filter(|(_, call)| {
            let near = if call.by_hand { call.starts <= now } else { call.day <= today + 1 };
            let in_time = now <= call.starts + TWENTY && now < call.ends;
            call.state == State::Published && !call.held && near && in_time
        });
        due.min_by_key(|(_, call)| call.starts).map(|(at, _)| at)
    }

    fn start(&mut self, at: usize, now: Moment) {
        self.deeds += 1;
        let call = &mut self.calls[at];
        call.held = true;
        if let Some(happened) = self.silence.take() {
            call.doubtful = true;
            self.lost += usize::from(happened);
            return;
        }
        (call.running, call.doubtful, call.started) = (true, false, now);
        self.started += 1;
    }

    /// The chat is told in words on the lesson's day only, or when a person ends it.
    fn end(&mut self, at: usize, by_person: bool, now: Moment) {
        self.deeds += 1;
        let journal = self.journal(&self.calls[at]);
        let call = &mut self.calls[at];
        (call.running, call.off, call.held, call.state) = (false, false, true, State::Finished);
        let last_day = call.day.max(call.ends.div_euclid(DAY));
        if call.told && (by_person || last_day >= now.div_euclid(DAY)) {
            self.said[journal].push((Word::Over, call.lesson));
        }
    }
}

fn published(lesson: &Lesson) -> State {
    if lesson.mark == Mark::Draft { State::Created } else { State::Published }
}

/// Whether the call is still one, after what the roster says of its lesson.
fn keep_up(call: &mut Call, school: &School, now: Moment) -> bool {
    let (lesson, today) = (&school.lessons[call.lesson], now.div_euclid(DAY));
    let there = lesson.row == Row::There && (call.by_hand || lesson.online);
    let missed = call.state == State::Finished && !call.held && !call.by_hand;
    if missed && there && lesson.day >= today {
        call.state = State::Created;
    }
    if call.state == State::Finished {
        return true;
    }
    if !there {
        return lose_lesson(call, now);
    }
    call.day = lesson.day;
    (call.starts, call.ends) = school.hours(call.lesson);
    if call.by_hand {
        return true;
    }
    call.state = published(lesson);
    if call.day < today && call.ends <= now && !call.running {
        if call.state == State::Created && !call.held {
            return false;
        }
        call.state = State::Finished;
    }
    true
}

/// What was over before its lesson went was held.
fn lose_lesson(call: &mut Call, now: Moment) -> bool {
    match (call.running, call.by_hand) {
        (_, true) if call.ends <= now => true,
        (true, _) => {
            call.off = true;
            true
        }
        (false, by_hand) if by_hand || call.doubtful => {
            call.state = State::Finished;
            true
        }
        (false, _) => false,
    }
}
