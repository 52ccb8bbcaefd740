//! A whole week of a host that runs its task when its data has changed or when a cycle is due, and at
//! no other time: what each chat is told, and when; where the messenger starts calls and on MAX.

use jiff::Timestamp;
use serde_json::{Value, json};
use zvonok::error::Code;

use crate::bell::{Bell, CHAT, Place, lesson, on_both, school};
use crate::own_profile::{PARAGRAF, written};
use crate::screens::{ais, epos};
use crate::tiny::add;

const CURATOR: &str = "teacher-110";
const TEACHER: &str = "teacher-111";
const PUPIL: &str = "child-200";
const GROUP: &str = "class:7a";

/// What a chat was told, each with the day and the time of the cycle that did it.
struct Listener {
    chat: &'static str,
    heard: usize,
    lines: Vec<String>,
}

impl Listener {
    fn new(chat: &'static str) -> Listener {
        Listener { chat, heard: 0, lines: Vec::new() }
    }

    /// After a cycle: what is new in the chat, and that the pin is there while a call goes on.
    #[track_caller]
    fn listen(&mut self, bell: &Bell, now: &str) {
        let said = bell.said(self.chat);
        for text in &said[self.heard..] {
            let (what, rest) = text.split_once(": ").expect("words");
            let sign = if what == "Онлайн-занятие" { '+' } else { '-' };
            assert_eq!(text.contains("https://"), sign == '+', "{text}");
            let name = rest.lines().next().expect("a title").trim_start_matches("Алгебра: ");
            self.lines.push(format!("{} {} {sign} {name}", &now[8..10], &now[11..16]));
        }
        self.heard = said.len();
        let running = bell.running().len();
        assert!(running <= 1, "{now}");
        assert_eq!(bell.pinned(self.chat).is_null(), running == 0, "{now}: the pin");
    }

    /// Runs a cycle whenever one is due, until a moment.
    #[track_caller]
    fn live_until(&mut self, bell: &mut Bell, last: &str) {
        let moment = |text: &str| text.parse::<Timestamp>().expect("a moment");
        for _ in 0..200 {
            let due = bell.next_due();
            if moment(&due) >= moment(last) {
                return;
            }
            bell.at_moment(&due).sync();
            self.listen(bell, &due);
        }
        panic!("it is due again and again: {}", bell.next_due());
    }
}

/// The lessons of the week, by the day and the period.
const LESSONS: [(&str, &str, u32, &str); 8] = [
    ("tue-10", "2026-09-01", 2, "published"),
    ("tue-12", "2026-09-01", 4, "draft"),
    ("wed-10", "2026-09-02", 2, "draft"),
    ("wed-12", "2026-09-02", 4, "published"),
    ("thu-10", "2026-09-03", 2, "published"),
    ("thu-12", "2026-09-03", 4, "published"),
    ("fri-10", "2026-09-04", 2, "published"),
    ("sat-10", "2026-09-05", 2, "draft"),
];

/// What happens in the journal: the moment, the lesson, what becomes of it.
fn changes() -> [(&'static str, &'static str, Value); 5] {
    [
        (
            "2026-09-01T11:30:00+03:00",
            "tue-12",
            json!({"metadata": {"online": true, "state": "published"}}),
        ),
        ("2026-09-02T08:00:00+03:00", "thu-12", json!({"date": "2026-09-04", "period": 1})),
        // Twenty-five minutes after its beginning: not by itself any more.
        (
            "2026-09-02T10:25:00+03:00",
            "wed-10",
            json!({"metadata": {"online": true, "state": "conducted"}}),
        ),
        ("2026-09-03T10:20:00+03:00", "thu-10", json!({"status": "tobedeleted"})),
        (
            "2026-09-05T09:00:00+03:00",
            "mon-10",
            json!({"metadata": {"online": true, "state": "published"}}),
        ),
    ]
}

/// The week of a journal; what its chat was told.
fn week(place: Place, profile: &str) -> (Bell, Vec<String>) {
    let mut roster = school();
    add(&mut roster, "lessons", lesson("first", "2026-08-31", 1, "published"));
    let mut bell = Bell::at_place(place, profile, roster);
    bell.give_link(CHAT);
    for (id, date, period, state) in LESSONS {
        bell.lesson(id, date, period, state);
    }
    bell.lesson("mon-10", "2026-09-07", 2, "draft");
    let mut chat = Listener::new(CHAT);
    bell.at("07:10").sync();
    chat.listen(&bell, "2026-09-01T07:10");
    for (moment, lesson, change) in changes() {
        chat.live_until(&mut bell, moment);
        let row = bell.row(lesson).as_object_mut().expect("a row");
        row.extend(change.as_object().expect("an object").clone());
        bell.at_moment(moment).sync();
        chat.listen(&bell, moment);
    }
    chat.live_until(&mut bell, "2026-09-08T00:00:00+03:00");
    (bell, chat.lines)
}

fn p9_to_p15_a_week_of_lessons_that_start_ahead_is_told_to_the_minute(place: Place) {
    let (mut bell, told) = week(place, "paragraf");
    let wanted = [
        "01 07:10 + tue-10",
        "01 11:05 - tue-10",
        // The later lesson was published first, and the order is not restored (P12).
        "01 11:05 + wed-12",
        "02 13:05 - wed-12",
        "02 13:05 + thu-10",
        // Cancelled while it ran; the next one was moved to the day after.
        "03 10:20 - thu-10",
        "03 10:20 + thu-12",
        "04 10:05 - thu-12",
        "04 10:05 + fri-10",
        "04 11:05 - fri-10",
        // The eve of the lesson.
        "06 00:00 + mon-10",
        "07 11:05 - mon-10",
    ];
    assert_eq!(told, wanted);
    bell.has_calls(6, 0);
}

fn p9_to_p15_a_week_of_lessons_that_start_by_the_clock_is_told_to_the_minute(place: Place) {
    let (_folder, profile) = written(PARAGRAF, &[("starts = \"ahead\"", "starts = \"time\"")]);
    let (mut bell, told) = week(place, &profile);
    let wanted = [
        "01 10:00 + tue-10",
        "01 11:05 - tue-10",
        "01 12:00 + tue-12",
        "01 13:05 - tue-12",
        "02 12:00 + wed-12",
        "02 13:05 - wed-12",
        "03 10:00 + thu-10",
        "03 10:20 - thu-10",
        "04 09:00 + thu-12",
        // Within the twenty minutes, as soon as the other one is over.
        "04 10:05 - thu-12",
        "04 10:05 + fri-10",
        "04 11:05 - fri-10",
        "07 10:00 + mon-10",
        "07 11:05 - mon-10",
    ];
    assert_eq!(told, wanted);
    bell.has_calls(7, 0);
}

fn e10_to_e13_a_week_of_calls_from_the_screens_ends_each_night_by_itself(place: Place) {
    let mut bell = epos(place);
    let mut chat = Listener::new(GROUP);
    let made = |bell: &mut Bell, title: &str, day: u32| {
        let date = format!("2026-09-{day:02}");
        let params = json!({"chat": GROUP, "title": title, "date": date, "time": "14:00"});
        let call = bell.does(CURATOR, "calls.create", params);
        json!({"call": call["id"]})
    };
    for day in 1..=7 {
        let now = format!("2026-09-{day:02}T08:00:00+03:00");
        bell.at_moment(&now);
        let id = made(&mut bell, &format!("сбор {day}"), day);
        bell.does(CURATOR, "calls.publish", id.clone());
        bell.sync();
        chat.listen(&bell, &now);
        assert_eq!(bell.report["calls"].as_array().unwrap().len(), if day == 1 { 1 } else { 2 });
        // One published call: the second one is refused all day long.
        let second = made(&mut bell, "второй", day);
        let later = format!("2026-09-{day:02}T15:00:00+03:00");
        chat.live_until(&mut bell, &later);
        bell.at_moment(&later).refused(CURATOR, "calls.publish", second.clone(), Code::Request);
        bell.does(CURATOR, "calls.delete", second);
        assert_eq!(bell.does(PUPIL, "calls.join", id.clone())["allowed"], true, "{day}");
        if day == 3 {
            let told = bell.does(CURATOR, "calls.finish", id.clone());
            assert_eq!(told["by"], CURATOR);
            bell.sync();
            chat.listen(&bell, &later);
        }
        let midnight = format!("2026-09-{:02}T00:00:00+03:00", day + 1);
        chat.live_until(&mut bell, &format!("2026-09-{:02}T00:00:01+03:00", day + 1));
        let list = bell.does(CURATOR, "calls.list", json!({"chat": GROUP}));
        let rows = list["calls"].as_array().unwrap().iter();
        let row = rows.clone().find(|row| row["id"] == id["call"]).expect("the call");
        assert_eq!(row["state"], "finished", "{day}");
        let by = if day == 3 { (CURATOR, &*later) } else { ("system", &*midnight) };
        assert_eq!((&row["by"], &row["at"]), (&json!(by.0), &json!(by.1)), "{day}");
        let told = bell.does(PUPIL, "calls.join", id);
        assert_eq!(told["message"]["ru"], "Звонок завершен");
    }
    let mut wanted: Vec<String> =
        (1..=7).map(|day| format!("{day:02} 08:00 + сбор {day}")).collect();
    // At night nobody is told.
    wanted.insert(3, "03 15:00 - сбор 3".to_owned());
    assert_eq!(chat.lines, wanted);
    bell.has_calls(7, 0);
}

fn a10_a_week_of_remote_lessons_is_open_only_while_each_of_them_runs(place: Place) {
    let mut bell = ais(place);
    let mut chat = Listener::new(CHAT);
    for day in 1..=7 {
        let moment = |time: &str| format!("2026-09-{day:02}T{time}:00+03:00");
        bell.at_moment(&moment("08:00"));
        let params = json!({"chat": CHAT, "title": format!("тема {day}"),
            "starts": moment("10:00"), "ends": moment("10:45")});
        let call = bell.does(TEACHER, "calls.create", params);
        let id = json!({"call": call["id"]});
        bell.does(TEACHER, "calls.publish", id.clone());
        bell.sync();
        let mut answers = Vec::new();
        for time in ["09:59", "10:01", "10:44", "10:46"] {
            chat.live_until(&mut bell, &moment(time));
            let told = bell.at_moment(&moment(time)).does(PUPIL, "calls.join", id.clone());
            assert_eq!(told["join_url"].is_string(), told["allowed"] == true, "{day} {time}");
            answers.push(told["message"]["ru"].as_str().unwrap_or_default().to_owned());
        }
        let (early, late) = ("Дистанционное занятие еще не началось", "Звонок завершен");
        assert_eq!(answers, [early, "", "", late], "{day}");
    }
    let wanted = (1..=7).flat_map(|day| {
        [format!("{day:02} 10:00 + тема {day}"), format!("{day:02} 10:45 - тема {day}")]
    });
    assert_eq!(chat.lines, wanted.collect::<Vec<_>>());
    bell.has_calls(7, 0);
}

on_both!(
    p9_to_p15_a_week_of_lessons_that_start_ahead_is_told_to_the_minute,
    p9_to_p15_a_week_of_lessons_that_start_by_the_clock_is_told_to_the_minute,
    e10_to_e13_a_week_of_calls_from_the_screens_ends_each_night_by_itself,
    a10_a_week_of_remote_lessons_is_open_only_while_each_of_them_runs,
);
