//! Walks through days of lessons with everything in play: a session with its state file, the sandbox
//! messenger, teachers who ask, journals that are edited, cycles that come when they come, answers that
//! are lost. After every step the messenger holds what a plain model of the rules says, and nothing
//! else.

use std::collections::BTreeMap;
use std::path::Path;

use proptest::prelude::*;
use proptest::test_runner::TestCaseError;
use serde_json::{Value, json};

use crate::bell::Bell;
use crate::chances::{Deed, Edit, Gap, Lost, Plan, Step, plans};
use crate::model::{Call, DAY, MINUTE, Mark, Model, Moment, Order, PERIODS};
use crate::model::{Row, School, State, Word};
use crate::office::Side;
use crate::support::Messenger;
use crate::tiny::{add, enrolled};

const TEACHER: &str = "teacher-111";
const PUPIL: &str = "child-200";
const JOURNALS: [&str; 2] = ["7a-algebra", "7a-physics"];
/// The day before the walk, on which the chats are made.
const EVE: &str = "2026-08-31";

type Checked = Result<(), TestCaseError>;

/// A messenger, and where the links of its calls come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// It starts calls.
    Vk,
    /// It starts none, and the chats have a standing link.
    Community,
    Max,
}

impl Kind {
    fn side(self) -> Side {
        if self == Kind::Max { Side::Max } else { Side::Vk }
    }

    fn link(self, journal: usize) -> String {
        match self {
            Kind::Max => format!("https://max.ru/joincall/AbC-{journal}"),
            _ => format!("https://vk.com/call/join/AbC-{journal}"),
        }
    }

    fn opens(self, folder: tempfile::TempDir, roster: Value) -> Bell {
        let world = folder.path().join("world.json");
        let mode = if self == Kind::Vk { "partner" } else { "standard" };
        let world = world.to_str().expect("a path");
        let messenger = Messenger::start(&[
            "--mode",
            mode,
            "--max-rate",
            "0",
            "--max-chat-rate",
            "0",
            "--state",
            world,
        ]);
        Bell::on(messenger, folder, self.side(), "paragraf", roster, json!({}))
    }
}

/// A time of a day, also over midnight.
fn clock(moment: Moment) -> String {
    let minutes = moment.rem_euclid(DAY) / MINUTE;
    format!("{:02}:{:02}", minutes / 60, minutes % 60)
}

fn day(day: i64) -> String {
    format!("2026-09-{:02}", day + 1)
}

fn moment(at: Moment) -> String {
    let text = format!("{}T{}", day(at.div_euclid(DAY)), clock(at));
    format!("{text}:{:02}+03:00", at.rem_euclid(MINUTE))
}

/// A moment of a document.
fn seconds(text: &str) -> Option<Moment> {
    let second = |text: &str| text.parse::<jiff::Timestamp>().ok().map(jiff::Timestamp::as_second);
    Some(second(text)? - second(&moment(0))?)
}

/// The tiny school with two journals that have lessons of the eve.
fn roster() -> Value {
    let mut roster = crate::bell::school();
    roster["timetables"] = json!([]);
    add(&mut roster, "courses", json!({"sourcedId": "physics", "title": "Физика"}));
    let mut second = crate::tiny::row(&mut roster, "classes", JOURNALS[0]).clone();
    second["sourcedId"] = JOURNALS[1].into();
    second["title"] = "Физика 7А".into();
    second["courseSourcedId"] = "physics".into();
    add(&mut roster, "classes", second);
    add(&mut roster, "enrollments", enrolled(JOURNALS[1], TEACHER, "teacher"));
    for (journal, class) in JOURNALS.into_iter().enumerate() {
        let id = format!("eve-{journal}");
        add(&mut roster, "lessons", row_of(&id, class, EVE, (540, 585), "published"));
    }
    roster
}

fn row_of(id: &str, class: &str, date: &str, hours: (i64, i64), state: &str) -> Value {
    json!({"sourcedId": id, "classSourcedId": class, "date": date, "title": format!("Урок {id}"),
        "startTime": clock(hours.0 * MINUTE), "endTime": clock(hours.1 * MINUTE),
        "metadata": {"online": true, "state": state}})
}

/// A school on this messenger whose journals have their chats, and their links where they need one.
fn eve(kind: Kind) -> tempfile::TempDir {
    let mut bell = kind.opens(tempfile::tempdir().expect("a folder"), roster());
    bell.at(&format!("{EVE} 18:00"));
    bell.make_groups();
    if kind != Kind::Vk {
        for (journal, class) in JOURNALS.into_iter().enumerate() {
            let lesson = row_of(&format!("link-{journal}"), class, EVE, (1110, 1155), "published");
            add(&mut bell.roster, "lessons", lesson);
            add(&mut bell.roster, "timetables", timetable(journal, true, 45 * MINUTE));
        }
        bell.sync();
        for (journal, class) in JOURNALS.into_iter().enumerate() {
            let chat = format!("subject:{class}");
            let tasks = bell.tasks("give_call_link");
            let task = tasks.iter().find(|task| task["chat"] == *chat).expect("a task");
            let params = json!({"task": task["id"], "link": kind.link(journal)});
            bell.does("system", "tasks.done", params);
        }
        bell.roster = roster();
        bell.sync();
    }
    bell.leave()
}

fn timetable(journal: usize, passed_on: bool, length: Moment) -> Value {
    let periods = PERIODS.iter().enumerate().map(|(number, starts)| {
        let (starts, ends) = (starts * MINUTE, starts * MINUTE + length);
        json!({"period": number, "startTime": clock(starts), "endTime": clock(ends)})
    });
    json!({"sourcedId": format!("grid-{journal}"), "classSourcedIds": [JOURNALS[journal]],
        "beginDate": EVE, "endDate": "2027-06-01", "periods": periods.collect::<Vec<_>>(),
        "metadata": {"transferByDefault": passed_on}})
}

/// A walk that goes on.
struct Walk {
    kind: Kind,
    bell: Bell,
    model: Model,
    /// As the host has it now; the library has what the last cycle was given.
    school: School,
    timed: Vec<bool>,
    now: Moment,
    /// Messages of the eve, by journal.
    old: [usize; 2],
    /// How many calls people have made, by lesson.
    made: Vec<usize>,
    /// A pin was lost, which is a courtesy and is not tried again.
    unpinned: bool,
}

impl Walk {
    fn begin(kind: Kind, eve: &Path, plan: &Plan) -> Walk {
        let folder = tempfile::tempdir().expect("a folder");
        for name in ["zvonok.db", "world.json"] {
            std::fs::copy(eve.join(name), folder.path().join(name)).expect("a copy");
        }
        let mut bell = kind.opens(folder, roster());
        if kind == Kind::Max {
            // Nobody does anything in the groups, and asking for it is what takes the time.
            bell.config["platform"]["events"] = "none".into();
            bell.reopen();
        }
        bell.at("05:00").sync();
        let old = [0, 1].map(|journal| bell.said(&chat(journal)).len());
        let mut empty = School { passed_on: [true; 2], ..plan.school.clone() };
        empty.lessons.iter_mut().for_each(|lesson| lesson.row = Row::Gone);
        let (school, timed) = (plan.school.clone(), plan.timed.clone());
        Walk {
            kind,
            bell,
            model: Model::new(empty),
            made: vec![0; school.lessons.len()],
            school,
            timed,
            now: 5 * 60 * MINUTE,
            old,
            unpinned: false,
        }
    }

    fn goes(&mut self, step: &Step) -> Checked {
        let lesson = step.lesson % self.school.lessons.len();
        self.wait(lesson, step.gap);
        match step.deed {
            Deed::Edit(edit) => self.edit(lesson, edit),
            Deed::Reopen => self.bell.reopen(),
            Deed::Cycle(again) => self.cycle(step.lost, again)?,
            Deed::Ask(order) => self.ask(lesson, order, step.lost)?,
            Deed::Join => self.join(lesson)?,
        }
        Ok(())
    }

    fn wait(&mut self, lesson: usize, gap: Gap) {
        let to = match gap {
            Gap::Minutes(minutes) => self.now + minutes * MINUTE,
            Gap::Due => self.due().unwrap_or(self.now),
            Gap::Lesson(which, _) => {
                let moments = self.moments(lesson);
                let ahead = |at: &&Moment| **at > self.now;
                let wanted = moments[which..].iter().find(ahead);
                *wanted.or(moments.iter().find(ahead)).unwrap_or(&self.now)
            }
        };
        // A jump over all the lessons shows little.
        if (self.now..=self.now + DAY).contains(&to) {
            self.now = to;
        }
        self.bell.at_moment(&moment(self.now));
        if let Gap::Lesson(_, true) = gap {
            self.edit(lesson, Edit::Mark(Mark::Published));
        }
    }

    /// When something may happen to a lesson's call, or does not happen any more.
    fn moments(&self, lesson: usize) -> [Moment; 7] {
        let (starts, ends) = self.school.hours(lesson);
        let eve = (self.school.lessons[lesson].day - 1) * DAY;
        let [late, late_end] = [starts, ends].map(|from| from + 20 * MINUTE);
        [eve, starts, late, late + MINUTE, ends, late_end - MINUTE, late_end]
    }

    fn due(&self) -> Option<Moment> {
        self.bell.report["next_due"].as_str().and_then(seconds)
    }

    fn edit(&mut self, lesson: usize, edit: Edit) {
        let row = self.school.lessons[lesson];
        let taken = |day, period| {
            let mut rows = self.school.lessons.iter();
            rows.any(|one| (one.journal, one.day, one.period) == (row.journal, day, period))
        };
        let place = matches!(edit, Edit::Move(day, period) if taken(day, period));
        let row = &mut self.school.lessons[lesson];
        match edit {
            Edit::Mark(mark) => row.mark = mark,
            Edit::Online(online) => row.online = online,
            // Which of two lessons at one time is the next one nobody says.
            Edit::Move(..) if place => {}
            Edit::Move(day, period) => (row.day, row.period) = (day, period),
            Edit::Row(what) => row.row = what,
            Edit::PassedOn(passed_on) => self.school.passed_on[row.journal] = passed_on,
        }
    }

    /// Writes what the host has into the roster.
    fn export(&mut self) {
        self.bell.roster = roster();
        for journal in 0..2 {
            let table = timetable(journal, self.school.passed_on[journal], self.school.length);
            add(&mut self.bell.roster, "timetables", table);
        }
        for (number, lesson) in self.school.lessons.iter().enumerate() {
            if lesson.row == Row::Gone {
                continue;
            }
            let (starts, ends) = self.school.hours(number);
            let mut row = json!({"sourcedId": format!("l{number}"), "date": day(lesson.day),
            "classSourcedId": JOURNALS[lesson.journal], "title": title(number),
            "status": if lesson.row == Row::There { "active" } else { "tobedeleted" },
            "metadata": {"online": lesson.online, "state": match lesson.mark {
                Mark::Draft => "draft",
                Mark::Published => "published",
                Mark::Conducted => "conducted",
            }}});
            if self.timed[number] {
                (row["startTime"], row["endTime"]) = (clock(starts).into(), clock(ends).into());
            } else {
                row["period"] = lesson.period.into();
            }
            add(&mut self.bell.roster, "lessons", row);
        }
    }

    fn cycle(&mut self, lost: Option<(Lost, bool)>, again: bool) -> Checked {
        self.export();
        self.lose(lost);
        self.model.school = self.school.clone();
        self.model.cycle(self.now);
        self.sync();
        self.find();
        self.holds()?;
        self.reports()?;
        if again {
            self.bell.messenger.does("counters/reset", json!({}));
            self.sync();
            let changing = self.bell.messenger.look("counters")["changing"].clone();
            prop_assert_eq!(changing, 0, "the same cycle once more changes something");
            self.holds()?;
            self.reports()?;
        }
        Ok(())
    }

    /// Who is in the chats nobody changes, and reading them again takes the time.
    fn sync(&mut self) {
        self.bell.sync_with(json!({"verify": "none"}));
    }

    /// From now on an answer is lost.
    fn lose(&mut self, lost: Option<(Lost, bool)>) {
        let Some((what, applied)) = lost else { return };
        let method = match (what, self.kind) {
            (Lost::Pin, Kind::Max) => "PUT /chats/{chatId}/pin",
            (_, Kind::Max) => "POST /messages",
            (Lost::Pin, _) => "messages.pin",
            (Lost::Start, Kind::Vk) => "calls.start",
            (Lost::End, Kind::Vk) => "calls.forceFinish",
            _ => "messages.send",
        };
        self.unpinned |= matches!(what, Lost::Pin);
        if method == "calls.start" {
            self.model.silence = Some(applied);
        }
        let matching = json!({"method": method, "nth": 1, "count": 1});
        let deed = if applied { "drop_after" } else { "drop_before" };
        self.bell.messenger.does("faults", json!({"match": matching, "do": deed}));
    }

    fn find(&mut self) {
        self.model.silence = None;
        self.bell.messenger.clear_faults();
    }

    fn ask(&mut self, lesson: usize, order: Order, lost: Option<(Lost, bool)>) -> Checked {
        let id = format!("l{lesson}");
        let Some(row) = self.row(lesson) else { return self.ask_of_none(lesson, order) };
        let (method, params) = match order {
            Order::Create => ("calls.create", self.wanted(lesson)),
            Order::Start => ("calls.start", json!({"lesson": id})),
            Order::Publish => ("calls.publish", json!({"call": row["id"]})),
            Order::Finish => ("calls.finish", json!({"call": row["id"]})),
            Order::Delete => ("calls.delete", json!({"call": row["id"]})),
        };
        // Whether what was missed is put away yet depends on what else there was to do.
        if self.is_past(&row) && row["date"].as_str() < Some(&*day(self.now.div_euclid(DAY))) {
            return Ok(());
        }
        self.lose(lost);
        let may = self.model.ask(lesson, order, self.now);
        let told = self.bell.asks(TEACHER, method, params);
        self.find();
        prop_assert_eq!(told.is_ok(), may, "{:?} of {}: {:?}", order, id, told);
        self.holds()
    }

    fn wanted(&self, lesson: usize) -> Value {
        let mut params = json!({"chat": chat(self.school.lessons[lesson].journal),
            "lesson": format!("l{lesson}")});
        if !self.model.school.lessons[lesson].online {
            params["title"] = title(lesson).into();
        }
        params
    }

    /// A lesson without an open call can only be given one.
    fn ask_of_none(&mut self, lesson: usize, order: Order) -> Checked {
        let (method, params) = match order {
            Order::Create => ("calls.create", self.wanted(lesson)),
            _ => ("calls.start", json!({"lesson": format!("l{lesson}")})),
        };
        let order = if order == Order::Create { Order::Create } else { Order::Start };
        let may = self.model.ask(lesson, order, self.now);
        self.made[lesson] += usize::from(may);
        let told = self.bell.asks(TEACHER, method, params);
        prop_assert_eq!(told.is_ok(), may, "{:?} of l{}: {:?}", order, lesson, told);
        self.holds()
    }

    /// P10: a pupil is let in while the call runs and its lesson is published.
    fn join(&mut self, lesson: usize) -> Checked {
        let (Some(row), Some(call)) = (self.row(lesson), self.model.open_call(lesson)) else {
            return Ok(());
        };
        let open = call.running && call.state == State::Published;
        let told = self.bell.does(PUPIL, "calls.join", json!({"call": row["id"]}));
        prop_assert_eq!(&told["allowed"], open, "{}", told);
        prop_assert_eq!(&told["join_url"], &row["join_url"]);
        Ok(())
    }

    /// The calls as the host's screens list them.
    fn list(&mut self) -> Vec<Value> {
        let list = self.bell.does("system", "calls.list", json!({"per_page": 100}));
        list["calls"].as_array().expect("calls").clone()
    }

    /// The open call of a lesson.
    fn row(&mut self, lesson: usize) -> Option<Value> {
        let id = format!("l{lesson}");
        self.list().into_iter().find(|row| row["lesson"] == *id && row["state"] != "finished")
    }

    /// What the messenger holds is what the model says, and the screens say so too.
    fn holds(&mut self) -> Checked {
        let rows = self.list();
        let at = moment(self.now);
        prop_assert_eq!(self.stand(&rows), self.meant(), "the list at {}", at);
        let running = self.model.running(0).len() + self.model.running(1).len();
        let wanted = match self.kind {
            Kind::Vk => (self.model.started + self.model.lost, running + self.model.lost),
            _ => (0, 0),
        };
        prop_assert_eq!(self.bell.vk_calls(), wanted, "calls of the messenger at {}", at);
        for journal in 0..2 {
            let on = |row: &&Value| row["chat"] == *chat(journal) && row["running"] == true;
            prop_assert!(rows.iter().filter(on).count() <= 1, "two at once at {}", at);
            prop_assert_eq!(&self.said(journal)?, &self.model.said[journal], "said at {}", at);
            let open = self.model.running(journal).iter().any(|call| call.told);
            let pinned = !self.bell.pinned(&chat(journal)).is_null();
            let right = pinned == open || (open && self.unpinned);
            prop_assert!(right, "a pin: {}, a call that was told: {}, at {}", pinned, open, at);
        }
        self.hides(&rows, &json!(rows))
    }

    /// P10: links of calls that are not open to members stand nowhere, and each is told once.
    fn hides(&self, rows: &[Value], document: &Value) -> Checked {
        if self.kind != Kind::Vk {
            return Ok(());
        }
        let (state, document) = (self.bell.messenger.look("state"), document.to_string());
        let (chats, mut told) = (state["chats"].to_string(), 0);
        for call in state["calls"].as_array().expect("calls") {
            let link = call["join_link"].as_str().expect("a link");
            let shared = rows.iter().any(|row| row["join_url"] == link);
            prop_assert!(shared || !document.contains(link), "{} is shown", link);
            let times = chats.matches(link).count();
            prop_assert!(times <= 1 && (times == 1 || !shared), "{} is told {} times", link, times);
            told += times;
        }
        let said = self.model.said.iter().flatten();
        prop_assert_eq!(told, said.filter(|(word, _)| *word == Word::Begun).count());
        Ok(())
    }

    /// Whether a call that does not run was for a time that has passed.
    fn is_past(&self, row: &Value) -> bool {
        let ends = row["ends"].as_str().and_then(seconds).expect("a moment");
        row["running"] == false && ends <= self.now
    }

    fn stand(&self, rows: &[Value]) -> Vec<Stand> {
        let ours = rows.iter().filter_map(|row| Some((row, stand(row)?)));
        let mut rows: Vec<Stand> =
            ours.filter(|(row, _)| !self.is_past(row)).map(|(_, stand)| stand).collect();
        rows.sort();
        rows
    }

    fn meant(&self) -> Vec<Stand> {
        let mut rows: Vec<Stand> = self.model.shown(self.now).map(meant).collect();
        rows.sort();
        rows
    }

    /// What a chat was told; only who is told of a beginning is told a link.
    fn said(&self, journal: usize) -> Result<Vec<(Word, usize)>, TestCaseError> {
        let texts = self.bell.said(&chat(journal)).split_off(self.old[journal]);
        let link = if self.kind == Kind::Vk { "https://".into() } else { self.kind.link(journal) };
        let words = texts.iter().map(|text| {
            let (word, rest) = match text.strip_prefix("Онлайн-занятие: Урок l") {
                Some(rest) => (Word::Begun, rest),
                None => (Word::Over, text.strip_prefix("Онлайн-занятие завершено: Урок l")?),
            };
            let fits = text.contains(&link) == (word == Word::Begun);
            Some((word, rest.lines().next().filter(|_| fits)?.parse().ok()?))
        });
        let words: Option<Vec<_>> = words.collect();
        words.ok_or_else(|| TestCaseError::fail(format!("other words: {texts:?}")))
    }

    /// Each beginning has at most one end, after it; and a lesson begins once, and once more for each
    /// call that a person made for it.
    fn is_told_once(&self) -> Checked {
        for journal in 0..2 {
            let (mut begun, mut over) = (BTreeMap::new(), BTreeMap::new());
            for (word, lesson) in self.said(journal)? {
                let words = if word == Word::Begun { &mut begun } else { &mut over };
                *words.entry(lesson).or_insert(0) += 1;
                let (begun, over) = (begun.get(&lesson), over.get(&lesson));
                prop_assert!(over <= begun, "l{} ends before it begins", lesson);
                let may = 1 + self.made[lesson];
                prop_assert!(begun.is_none_or(|begun| *begun <= may), "l{} begins again", lesson);
            }
        }
        Ok(())
    }

    /// The report says what the messenger holds, and when to look again.
    fn reports(&self) -> Checked {
        let rows = self.bell.report["calls"].as_array().expect("calls");
        prop_assert_eq!(self.stand(rows), self.meant(), "the report at {}", moment(self.now));
        self.hides(rows, &self.bell.report)?;
        if let Some(next) = self.model.next(self.now) {
            let due = self.due();
            let told = due.map(moment);
            let late = due.is_none_or(|due| due > next);
            prop_assert!(!late, "due {:?}, wanted at {}", told, moment(next));
        }
        Ok(())
    }
}

/// How a call stands: its lesson, its state, whether it runs, has a link to show, is doubtful.
type Stand = (usize, &'static str, bool, bool, bool);

fn meant(call: &Call) -> Stand {
    let published = call.state == State::Published;
    let state = if published { "published" } else { "created" };
    (call.lesson, state, call.running, call.running && published, call.doubtful)
}

/// A call of the walk's lessons as a document shows it.
fn stand(row: &Value) -> Option<Stand> {
    let lesson = row["lesson"].as_str()?.strip_prefix('l')?.parse().ok()?;
    let state = match row["state"].as_str()? {
        "created" => "created",
        "published" => "published",
        _ if row["running"] == true => "finished and running",
        _ => return None,
    };
    let (link, doubtful) = (row["join_url"].is_string(), row["doubtful"] == true);
    Some((lesson, state, row["running"] == true, link, doubtful))
}

fn chat(journal: usize) -> String {
    format!("subject:{}", JOURNALS[journal])
}

fn title(lesson: usize) -> String {
    format!("Урок l{lesson}")
}

fn walk(kind: Kind, eve: &Path, plan: &Plan) -> Checked {
    let mut walk = Walk::begin(kind, eve, plan);
    for step in &plan.steps {
        walk.goes(step)?;
    }
    walk.is_told_once()
}

/// Walks of one messenger.
fn walks(kind: Kind, cases: u32) {
    let eve = eve(kind);
    let config = ProptestConfig {
        cases,
        failure_persistence: None,
        max_shrink_iters: 300,
        ..ProptestConfig::default()
    };
    let mut runner = proptest::test_runner::TestRunner::new(config);
    if let Err(error) = runner.run(&plans(), |plan| walk(kind, eve.path(), &plan)) {
        panic!("{error}");
    }
}

#[test]
fn p9_to_p15_on_vk_whatever_happens_the_messenger_holds_what_the_rules_say() {
    walks(Kind::Vk, 32);
}

#[test]
fn p9_to_p15_on_vk_with_a_standing_link_the_chats_are_told_what_the_rules_say() {
    walks(Kind::Community, 12);
}

#[test]
fn p9_to_p15_on_max_with_a_standing_link_the_chats_are_told_what_the_rules_say() {
    walks(Kind::Max, 10);
}
