//! The rules alone: random lessons, publications and cycles against a plain model, and times near
//! midnight and at the change of clocks.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;
use serde_json::{Value, json};
use zvonok::calls::{
    Call, CallState, Drawn, Ground, Hall, Journals, Source, Step, Wish, due, follow, next_due, slot,
};
use zvonok::profile::{Calls, Desired, DesiredChat, Existence, Starts};
use zvonok::roster::{Roster, Rules, read};

use crate::bell::{CHAT, school};

/// Minutes since the first midnight, in the school's zone.
type Minute = i64;

const DAYS: i64 = 3;
const LONG: Minute = 45;
/// Times are multiples of this.
const STEP: Minute = 15;

/// A lesson of the model.
#[derive(Debug, Clone)]
struct Plan {
    starts: Minute,
    /// From when on it is published; `None`: never.
    published: Option<Minute>,
    /// From when on it is cancelled.
    cancelled: Option<Minute>,
}

fn zone() -> TimeZone {
    jiff::tz::TimeZone::fixed(jiff::tz::offset(3))
}

fn moment(minute: Minute) -> Timestamp {
    let begin: Timestamp = "2026-09-01T00:00:00+03:00".parse().unwrap();
    begin.checked_add(SignedDuration::from_mins(minute)).unwrap()
}

fn document(lessons: &[Plan], now: Minute) -> Value {
    let mut roster = school();
    let row = |(number, lesson): (usize, &Plan)| {
        let zoned = moment(lesson.starts).to_zoned(zone());
        let ends = moment(lesson.starts + LONG).to_zoned(zone());
        let state = lesson.published.is_some_and(|at| at <= now);
        let gone = lesson.cancelled.is_some_and(|at| at <= now);
        json!({"sourcedId": number.to_string(), "classSourcedId": "7a-algebra",
            "date": zoned.date().to_string(), "startTime": zoned.strftime("%H:%M").to_string(),
            "endTime": ends.strftime("%H:%M").to_string(),
            "status": if gone { "tobedeleted" } else { "active" },
            "metadata": {"online": true, "state": if state { "published" } else { "draft" }}})
    };
    roster["lessons"] = lessons.iter().enumerate().map(row).collect();
    roster
}

fn roster(document: &Value, today: jiff::civil::Date) -> Roster {
    let rules = Rules { today, dangling_share: 0.02, minimum: 5, before: None };
    read(document.to_string().as_bytes(), &rules).expect("a roster")
}

fn desired() -> Desired {
    let chat = DesiredChat {
        key: CHAT.to_owned(),
        kind: "subject".to_owned(),
        chat_type: "SUBJECT".to_owned(),
        organization: "school".to_owned(),
        class: Some("7a".to_owned()),
        subject: Some("Алгебра".to_owned()),
        title: "7А/Алгебра".to_owned(),
        description: None,
        locked: true,
        existence: Existence::Wanted,
        members: BTreeMap::new(),
        depends_on: BTreeSet::from(["7a".to_owned(), "7a-algebra".to_owned()]),
        whole_class: None,
    };
    let calls = Calls {
        lessons: Some("subject".to_owned()),
        starts: Starts::Ahead,
        start_within: Some(20),
        finish_after: 20,
        needs_timetable: true,
        nightly: false,
        ..Calls::default()
    };
    Desired { chats: BTreeMap::from([(CHAT.to_owned(), chat)]), calls, ..Desired::default() }
}

/// A host with its state, whose messenger always succeeds.
struct Life {
    desired: Desired,
    hall: Hall,
    calls: Vec<Call>,
    made: u32,
    /// What happened: the lesson, what, when.
    log: Vec<(String, &'static str, Minute)>,
}

impl Life {
    fn new() -> Life {
        let hall = Hall { ready: true, starts_calls: true, ..Hall::default() };
        Life { desired: desired(), hall, calls: Vec::new(), made: 0, log: Vec::new() }
    }

    /// One cycle; when the next one is due by the rules.
    fn cycle(&mut self, lessons: &[Plan], now: Minute) -> Option<Timestamp> {
        let zone = zone();
        let roster = roster(&document(lessons, now), moment(now).to_zoned(zone.clone()).date());
        let none = BTreeSet::new();
        let journals = Journals {
            roster: &roster,
            desired: &self.desired,
            former: &none,
            untouched: &none,
            no_lessons: false,
            zone: &zone,
            language: "ru",
            now: moment(now),
        };
        let made = &mut self.made;
        let mut draw = || {
            *made += 1;
            Drawn { id: format!("c{made:06}"), room: format!("r{made:06}") }
        };
        let followed = follow(&journals, &self.calls, &mut draw);
        self.calls.retain(|call| !followed.dropped.contains(&call.id));
        for changed in followed.changed {
            self.calls.retain(|call| call.id != changed.id);
            self.calls.push(changed);
        }
        let halls = BTreeMap::from([(CHAT.to_owned(), self.hall.clone())]);
        let ground = Ground { journals, source: &Source::Messenger, halls: &halls };
        loop {
            let steps = due(&ground, &self.calls);
            if steps.is_empty() {
                break;
            }
            steps.iter().for_each(|step| Life::take(&mut self.calls, &mut self.log, step, now));
        }
        next_due(&ground, &self.calls)
    }

    fn take(
        calls: &mut [Call],
        log: &mut Vec<(String, &'static str, Minute)>,
        step: &Step,
        now: Minute,
    ) {
        let call = calls.iter_mut().find(|call| call.id == step.call()).expect("the call");
        let lesson = call.lesson.clone().unwrap_or_default();
        match step {
            Step::Start(_, why) => {
                call.begin("https://vk.com/call/join/x", Some("x".to_owned()), *why, moment(now));
                log.push((lesson, "start", now));
            }
            Step::Announce(_) => {
                assert_eq!(call.state, CallState::Published, "announced before publication");
                call.announce(None, moment(now));
                log.push((lesson, "announce", now));
            }
            Step::Finish(_, why) => {
                call.end(*why, moment(now));
                log.push((lesson, "finish", now));
            }
            Step::Farewell(..) => call.close(None, moment(now)),
        }
    }
}

/// The rules once more, as plainly as they can be said.
#[derive(Default)]
struct Model {
    running: Option<usize>,
    held: BTreeSet<usize>,
    log: Vec<(String, &'static str, Minute)>,
}

impl Model {
    fn cycle(&mut self, lessons: &[Plan], now: Minute) {
        let gone = |lesson: &Plan| lesson.cancelled.is_some_and(|at| at <= now);
        if let Some(at) = self.running {
            let lesson = &lessons[at];
            if gone(lesson) || lesson.starts + LONG + 20 <= now {
                self.running = None;
                self.log.push((at.to_string(), "finish", now));
            }
        }
        if self.running.is_some() {
            return;
        }
        let day = |minute: Minute| minute.div_euclid(24 * 60);
        let candidates = lessons.iter().enumerate().filter(|(at, lesson)| {
            lesson.published.is_some_and(|at| at <= now)
                && !gone(lesson)
                && !self.held.contains(at)
                && day(lesson.starts) <= day(now) + 1
                // Over midnight as well.
                && now <= lesson.starts + 20
        });
        if let Some((at, _)) = candidates.min_by_key(|(_, lesson)| lesson.starts) {
            self.held.insert(at);
            self.running = Some(at);
            self.log.push((at.to_string(), "start", now));
            self.log.push((at.to_string(), "announce", now));
        }
    }
}

fn lessons() -> impl Strategy<Value = Vec<Plan>> {
    let last = DAYS * 24 * 60 / STEP;
    let time = move || (0..last).prop_map(|step| step * STEP);
    let lesson =
        (time(), prop::option::weighted(0.85, time()), prop::option::weighted(0.15, time()));
    prop::collection::vec(lesson, 1..7).prop_map(|rows| {
        let mut seen = BTreeSet::new();
        let rows = rows.into_iter().filter(|(starts, _, _)| seen.insert(*starts));
        rows.map(|(starts, published, cancelled)| Plan { starts, published, cancelled }).collect()
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    /// P11, P12, P14: whatever the lessons and whenever the cycles, what is done is what the rules say.
    #[test]
    fn calls_do_what_the_plain_rules_say(
        lessons in lessons(),
        cycles in prop::collection::btree_set(0..DAYS * 24 * 60 / STEP, 1..60),
    ) {
        let (mut life, mut model) = (Life::new(), Model::default());
        for now in cycles.into_iter().map(|step| step * STEP) {
            life.cycle(&lessons, now);
            model.cycle(&lessons, now);
            let running = life.calls.iter().filter(|call| call.running).count();
            prop_assert!(running <= 1);
        }
        prop_assert_eq!(&life.log, &model.log);
        let started: Vec<&String> =
            life.log.iter().filter(|(_, what, _)| *what == "start").map(|(lesson, ..)| lesson).collect();
        prop_assert_eq!(started.iter().collect::<BTreeSet<_>>().len(), started.len());
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 16, ..ProptestConfig::default() })]

    /// A host that runs only when the data has changed or a cycle is due does the same at the same
    /// time as one that runs all the time.
    #[test]
    fn a_host_that_runs_when_due_misses_nothing(lessons in lessons()) {
        let (mut always, mut rarely) = (Life::new(), Life::new());
        let changes: BTreeSet<Minute> =
            lessons.iter().flat_map(|one| [one.published, one.cancelled]).flatten().chain([0]).collect();
        let mut next = None;
        for now in (0..DAYS * 24 * 60).step_by(STEP as usize) {
            always.cycle(&lessons, now);
            if changes.contains(&now) || next.is_some_and(|due| due <= moment(now)) {
                next = rarely.cycle(&lessons, now);
            }
        }
        prop_assert_eq!(always.log, rarely.log);
    }
}

#[test]
fn an_order_to_start_that_waits_for_a_link_is_looked_at_again_when_its_half_hour_is_over() {
    let lessons = [Plan { starts: 540, published: Some(0), cancelled: None }];
    let mut life = Life::new();
    life.hall.starts_calls = false;
    life.cycle(&lessons, 545);
    life.calls[0].wish = Some((Wish::Start, moment(556)));
    assert_eq!(life.cycle(&lessons, 556), Some(moment(556 + 30)));
    assert!(life.log.is_empty(), "{:?}", life.log);
}

/// A lesson with these times in the zone; its beginning and its end there.
fn held(zone: &str, day: &str, start: &str, end: &str) -> [String; 2] {
    let zone = TimeZone::get(zone).or_else(|_| jiff::tz::TimeZoneDatabase::bundled().get(zone));
    let zone = zone.expect("a zone");
    let mut document = school();
    document["lessons"] = json!([{"sourcedId": "a", "classSourcedId": "7a-algebra", "date": day,
        "startTime": start, "endTime": end, "metadata": {"online": true}}]);
    let roster = roster(&document, date(2026, 9, 1));
    let slot = slot(&roster, &roster.lessons[0], &zone);
    [slot.starts, slot.ends].map(|at| at.expect("a time").to_string())
}

#[test]
fn times_that_the_clocks_skip_or_repeat_mean_one_moment_and_lessons_keep_their_length() {
    let berlin = |day: &str, start: &str, end: &str| held("Europe/Berlin", day, start, end);
    // 02:30 does not exist on that night: an hour later, for as long as the lesson is.
    assert_eq!(
        berlin("2027-03-28", "02:30", "03:15"),
        ["2027-03-28T01:30:00Z", "2027-03-28T02:15:00Z"]
    );
    // 02:30 comes twice: the first.
    assert_eq!(
        berlin("2026-10-25", "02:30", "03:15"),
        ["2026-10-25T00:30:00Z", "2026-10-25T01:15:00Z"]
    );
    // Over midnight.
    assert_eq!(
        berlin("2026-09-01", "23:30", "00:15"),
        ["2026-09-01T21:30:00Z", "2026-09-01T22:15:00Z"]
    );
    // A midnight that does not exist.
    assert_eq!(
        held("America/Santiago", "2026-09-06", "00:00", "00:45"),
        ["2026-09-06T04:00:00Z", "2026-09-06T04:45:00Z"]
    );
    assert_eq!(
        held("Asia/Vladivostok", "2026-09-01", "08:30", "09:15"),
        ["2026-08-31T22:30:00Z", "2026-08-31T23:15:00Z"]
    );
}
