//! The profiles against a second computation, and the cycle against both: whatever happens in a
//! school, exactly those are in a chat who belong there.
#![cfg(feature = "cli")]

mod support;

#[path = "support/mutate.rs"]
mod mutate;
#[path = "support/oracle.rs"]
mod oracle;
#[allow(dead_code, unused_imports, reason = "the binary uses what this test does not")]
#[path = "../src/bin/zvonok/school/mod.rs"]
mod school;
#[path = "support/school_day.rs"]
mod school_day;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::ToSpan;
use jiff::civil::Date;
use rand::seq::IndexedRandom;
use rand::{RngExt, SeedableRng};
use school::{Chance, Size, changes, generate};
use school_day::{Place, Seen};
use serde_json::{Map, Value, json};
use zvonok::error::Code;
use zvonok::profile::{self, Desired, DesiredChat, Existence, Limits, Room, Source};
use zvonok::roster::{Rules, read};
use zvonok::stop::Stop;

const ALL: [&str; 5] = ["paragraf", "oneroster", "epos_spo", "ais_poo", "it_school"];

fn chance(seed: u64) -> Chance {
    Chance::seed_from_u64(seed)
}

fn today(roster: &Value) -> Date {
    roster["generated"]["today"].as_str().unwrap().parse().unwrap()
}

// One evaluation.

fn evaluated(source: &Source, roster: &Value) -> Desired {
    let rules = Rules { today: today(roster), dangling_share: 0.02, minimum: 5, before: None };
    let read = read(roster.to_string().as_bytes(), &rules);
    let read = Arc::new(read.unwrap_or_else(|error| panic!("{error}: {:?}", error.faults)));
    let now = format!("{}T08:25:00+03:00[Europe/Moscow]", today(roster)).parse().unwrap();
    let (stop, log, settings) = (Stop::never(), |_: &str| {}, Map::new());
    let room = Room {
        roster: &read,
        settings: &settings,
        organization: None,
        now: &now,
        limits: Limits::default(),
        stop: &stop,
        log: &log,
    };
    profile::evaluate(source, room).unwrap()
}

/// What the library says otherwise than the plain loops, in words.
fn differences(desired: &Desired, roster: &Value) -> Vec<String> {
    let plain = oracle::chats(&desired.profile, roster, &today(roster).to_string());
    let keys: BTreeSet<&String> = plain.keys().chain(desired.chats.keys()).collect();
    let mut wrong = Vec::new();
    for key in keys {
        match (desired.chats.get(key), plain.get(key)) {
            (Some(library), Some(plain)) => compare(key, library, plain, roster, &mut wrong),
            (library, _) => wrong.push(format!("{key} is there only {:?}", library.is_some())),
        }
    }
    wrong
}

fn compare(
    key: &str,
    library: &DesiredChat,
    plain: &oracle::Chat,
    roster: &Value,
    wrong: &mut Vec<String>,
) {
    let mut say = |what: &str, library: &dyn std::fmt::Debug, plain: &dyn std::fmt::Debug| {
        let (library, plain) = (format!("{library:?}"), format!("{plain:?}"));
        if library != plain {
            wrong.push(format!("{key} {what}\n  library {library}\n  plain   {plain}"));
        }
    };
    let should = match library.existence {
        Existence::Wanted => oracle::Should::Be,
        Existence::NotYet => oracle::Should::Wait,
        Existence::Archived => oracle::Should::Rest,
    };
    say("existence", &should, &plain.should);
    if should == oracle::Should::Rest {
        return;
    }
    say("title", &library.title, &plain.title);
    let admins = library.members.iter().filter(|(_, member)| member.admin).map(|(who, _)| who);
    say("members", &library.members.keys().collect::<BTreeSet<_>>(), &plain.members);
    say("admins", &admins.collect::<BTreeSet<_>>(), &plain.admins);
    for (who, member) in &library.members {
        let mut accounts = member.accounts.iter();
        let account = accounts.find(|(kind, _)| kind == "vk").map(|(_, account)| account.clone());
        say(&format!("account of {who}"), &account, &oracle::account(roster, who, "vk"));
        assert!(!member.reasons.is_empty() && member.admin != member.admin_reasons.is_empty());
    }
}

/// So many rounds are a school year.
const ROUNDS_OF_A_YEAR: usize = 9;

/// One computation against the other, over schools to which things happen, years among them.
fn agree(profile: &str, seeds: std::ops::Range<u64>, rounds: usize) {
    let source = profile::source(profile).unwrap();
    for seed in seeds {
        let start = Date::constant(2026, 9, 1).saturating_add(jiff::Span::new().days(seed as i64));
        let mut roster = generate(seed, Size { students: 20 + seed as usize % 9 }, start);
        let chance = &mut chance(seed);
        for round in 0..rounds {
            let wrong = differences(&evaluated(&source, &roster), &roster);
            assert!(wrong.is_empty(), "seed {seed}, round {round}:\n{}", wrong.join("\n"));
            for _ in 0..4 {
                mutate::mutate(&mut roster, chance);
            }
            if round % ROUNDS_OF_A_YEAR == ROUNDS_OF_A_YEAR - 1 {
                changes::apply("next-school-year", &mut roster, chance).unwrap();
            }
        }
    }
}

#[test]
fn paragraf_puts_everybody_where_plain_loops_do() {
    agree("paragraf", 0..25, 25);
}

#[test]
fn oneroster_puts_everybody_where_plain_loops_do() {
    agree("oneroster", 100..125, 25);
}

#[test]
fn epos_spo_puts_everybody_where_plain_loops_do() {
    agree("epos_spo", 200..230, 20);
}

#[test]
fn ais_poo_puts_everybody_where_plain_loops_do() {
    agree("ais_poo", 300..330, 20);
}

#[test]
fn it_school_puts_everybody_where_plain_loops_do() {
    agree("it_school", 400..430, 20);
}

#[test]
fn a_larger_school_agrees_too() {
    for profile in ALL {
        let source = profile::source(profile).unwrap();
        let mut roster = generate(3, Size { students: 400 }, Date::constant(2026, 11, 20));
        let chance = &mut chance(3);
        for _ in 0..3 {
            assert_eq!(differences(&evaluated(&source, &roster), &roster), [""; 0]);
            (0..200).for_each(|_| mutate::mutate(&mut roster, chance));
            changes::apply("next-school-year", &mut roster, chance).unwrap();
        }
    }
}

// Cycle after cycle.

fn small(seed: u64) -> Value {
    generate(seed, Size { students: 70 }, Date::constant(2026, 9, 14))
}

/// The export is made on the clock's day.
fn begin_day(place: &mut Place) {
    let today = place.today().parse().unwrap();
    changes::set_today(&mut place.roster, today);
}

/// Hours pass and things happen; tells what.
fn live(place: &mut Place, chance: &mut Chance) -> String {
    place.pass(chance.random_range(1..9).hours());
    begin_day(place);
    let many = *[1, 1, 1, 3, 12].choose(chance).unwrap();
    let mut happened: Vec<String> = Vec::new();
    for _ in 0..many {
        // Two years in a turn would be longer than any invitation is good for.
        let same_year = !happened.iter().any(|what| what == "next-school-year");
        happened.push(happen(place, chance, same_year));
    }
    happened.join(", ")
}

fn happen(place: &mut Place, chance: &mut Chance, year_may_end: bool) -> String {
    let unusual = ["next-day", "next-school-year", "broken-export", "empty-export"];
    let usual = changes::ALL.iter().filter(|named| !unusual.contains(&named.name));
    let usual: Vec<&changes::Named> = usual.collect();
    match chance.random_range(0..90) {
        0 if year_may_end => {
            changes::apply("next-school-year", &mut place.roster, chance);
            place.now = format!("{}T09:00:00+03:00", today(&place.roster)).parse().unwrap();
            "next-school-year".to_owned()
        }
        1..=4 => {
            empty_a_class(&mut place.roster, chance);
            "a class empties".to_owned()
        }
        5..=45 => {
            mutate::mutate(&mut place.roster, chance);
            begin_day(place);
            "a mutation".to_owned()
        }
        _ => {
            let named = usual.choose(chance).unwrap();
            (named.apply)(&mut place.roster, chance);
            named.name.to_owned()
        }
    }
}

/// Most of the rows of one class end today.
fn empty_a_class(roster: &mut Value, chance: &mut Chance) {
    let today = today(roster).to_string();
    let classes = roster["classes"].as_array().unwrap();
    let class = classes.choose(chance).unwrap()["sourcedId"].clone();
    for row in roster["enrollments"].as_array_mut().unwrap() {
        let began = row["beginDate"].as_str().is_none_or(|begins| begins < today.as_str());
        if row["classSourcedId"] == class && began && chance.random_bool(0.8) {
            row["endDate"] = today.as_str().into();
        }
    }
}

/// A cycle; what is held is seen to be untouched, also by the cycle after it, and then approved.
fn cycle(place: &mut Place, before: &BTreeMap<String, Seen>, case: &str) -> bool {
    let code = place.sync();
    if code == Code::Ok {
        return false;
    }
    assert_eq!(code, Code::Held, "{case}: {}", place.report);
    is_held(place, before, case);
    let first = (place.report["hold"].clone(), place.report["held"].clone());
    place.pass(1.minute());
    // Whoever asks for the operations gets a cycle that plans anew.
    let code = place.sync_with(json!({"detail": "operations"}));
    assert_eq!(code, Code::Held, "{case}: {first:?}");
    assert_eq!(place.report["hold"], first.0, "{case}: {first:?} {}", place.report["held"]);
    is_held(place, before, case);
    let fingerprint = place.report["hold"]["fingerprint"].clone();
    place.pass(1.minute());
    let code = place.sync_with(json!({"approve": fingerprint}));
    assert_eq!(code, Code::Ok, "{case}, approved {first:?}, now {}", place.report["held"]);
    true
}

fn is_held(place: &Place, before: &BTreeMap<String, Seen>, case: &str) {
    let after = place.look();
    for row in place.report["held"].as_array().unwrap() {
        match (row["chat"].as_str(), row["rule"].as_str().unwrap()) {
            (Some(chat), _) => assert_eq!(before[chat], after[chat], "{case}: {row}"),
            (None, "guard.total_share") => nobody_left(before, &after, case),
            (None, _) => {}
        }
    }
}

fn nobody_left(before: &BTreeMap<String, Seen>, after: &BTreeMap<String, Seen>, case: &str) {
    for (key, chat) in before {
        let gone = &chat.members - &after[key].members;
        let lost = &chat.admins - &after[key].admins;
        assert!(gone.is_empty() && lost.is_empty(), "{case}: {gone:?} left {key}, {lost:?} lost");
    }
}

/// What a person who was put to rest saw last stays: an archived chat gains nobody.
fn rests(place: &Place, before: &BTreeMap<String, Seen>, case: &str) {
    for (key, chat) in place.look() {
        if place.chat(&key)["state"] == "archived" {
            let came = &chat.members
                - &before.get(&key).map_or(BTreeSet::new(), |chat| chat.members.clone());
            assert!(came.is_empty(), "{case}: {came:?} came to {key}");
        }
    }
}

fn lives(profile: &str, seed: u64, turns: usize) -> usize {
    let mut place = Place::open(profile, "partner", small(seed), "2026-09-14", json!({}));
    let chance = &mut chance(seed);
    assert_eq!(place.sync(), Code::Ok, "{}", place.report);
    place.must_agree("at first");
    let mut holds = 0;
    for turn in 0..turns {
        let before = place.look();
        let happened = live(&mut place, chance);
        let case = format!("{profile}, seed {seed}, turn {turn}, {happened}");
        holds += usize::from(cycle(&mut place, &before, &case));
        place.must_agree(&case);
        rests(&place, &before, &case);
        place.pass(1.minute());
        assert_eq!(place.sync(), Code::Ok, "{case}, again");
        assert_eq!(place.report["done"], json!({}), "{case}, again");
    }
    holds
}

#[test]
fn a_paragraf_school_lives_through_thirty_turns() {
    assert!(lives("paragraf", 35, 30) > 0, "nothing was held");
}

#[test]
fn an_oneroster_school_lives_through_thirty_turns() {
    assert!(lives("oneroster", 35, 30) > 0, "nothing was held");
}

#[test]
fn an_epos_college_lives_on() {
    assert!(lives("epos_spo", 39, 12) > 0, "nothing was held");
}

#[test]
fn an_ais_college_lives_on() {
    assert!(lives("ais_poo", 35, 15) > 0, "nothing was held");
}

#[test]
fn an_it_school_lives_on() {
    assert!(lives("it_school", 38, 12) > 0, "nothing was held");
}

/// An export that broke changes nothing for anybody, and the next good one goes on.
#[test]
fn faulty_exports_take_nobody_out() {
    for profile in ["paragraf", "oneroster", "epos_spo"] {
        for name in ["broken-export", "empty-export"] {
            let mut place = Place::open(profile, "partner", small(8), "2026-09-14", json!({}));
            assert_eq!(place.sync(), Code::Ok);
            let (before, good) = (place.look(), place.roster.clone());
            changes::apply(name, &mut place.roster, &mut chance(8)).unwrap();
            for _ in 0..2 {
                place.pass(30.minutes());
                match place.try_sync(json!({})) {
                    Ok((_, report)) => assert_eq!(report["done"], json!({}), "{name}"),
                    Err(error) => assert_eq!(error.code, Code::Roster, "{name}"),
                }
                assert_eq!(place.look(), before, "{profile}, {name}");
            }
            place.roster = good;
            place.pass(30.minutes());
            assert_eq!(place.sync(), Code::Ok, "{profile}, {name}: {}", place.report);
            place.must_agree(name);
        }
    }
}

// Behind a door: nobody can be added, people come by the link.

/// Some who are invited come, some strangers come too, some leave.
fn visitors(place: &Place, chance: &mut Chance) {
    let plain = place.plain();
    for (key, seen) in place.look() {
        let wanted = plain.get(&key).map(|chat| chat.accounts(&place.roster, "vk"));
        let absent: Vec<String> =
            (&wanted.unwrap_or_default() - &seen.members).into_iter().collect();
        for account in absent.iter().filter(|_| chance.random_bool(0.4)) {
            let user: i64 = account.parse().unwrap();
            place.messenger.does("join", json!({"link": seen.link, "user": user}));
        }
        if chance.random_bool(0.5) {
            let stranger = chance.random_range(900_000_000..999_999_999u32);
            place.messenger.does("join", json!({"link": seen.link, "user": stranger}));
        }
        if let Some(leaver) = seen.members.iter().next().filter(|_| chance.random_bool(0.1)) {
            let id = place.chat(&key)["platform_id"].as_str().unwrap().parse::<i64>().unwrap();
            let user: i64 = leaver.parse().unwrap();
            place.messenger.does("leave", json!({"chat_id": id, "user": user}));
        }
    }
}

/// Nobody is in who does not belong there, everybody who belongs and came has stayed, and the
/// report tells who is still awaited.
fn door_is_kept(place: &Place, came: &BTreeMap<String, Seen>, case: &str) {
    let (plain, seen) = (place.plain(), place.look());
    for (key, chat) in plain.iter().filter(|(_, chat)| chat.should != oracle::Should::Rest) {
        let Some(found) = seen.get(key) else { continue };
        let wanted = chat.accounts(&place.roster, "vk");
        let stayed = came.get(key).map(|came| &came.members & &wanted).unwrap_or_default();
        school_day::same(&found.members, &stayed, &format!("{case}: {key}"));
        let admins = &chat.admin_accounts(&place.roster, "vk") & &stayed;
        school_day::same(&found.admins, &admins, &format!("{case}: admins of {key}"));
        let account = |who: &String| oracle::account(&place.roster, who, "vk");
        let in_it = |account: &String| stayed.contains(account);
        let linked = chat.members.iter().filter_map(account).count();
        let joined = chat.members.iter().filter_map(account).filter(in_it).count();
        let mut counted = place.chat(key)["members"].clone();
        // An invitation that is a year old has expired.
        let invited = counted["invited"].take().as_u64().unwrap() as usize;
        assert!(invited <= linked - joined, "{case}: {key}");
        let told = json!({"desired": chat.members.len(), "linked": linked, "invited": null,
            "joined": joined, "strangers": 0});
        assert_eq!(counted, told, "{case}: {key}");
        assert_eq!(place.chat(key)["link"], found.link.as_str(), "{case}: {key}");
    }
}

/// A cycle that reads every chat; whatever is held is approved at once.
fn doorkeeper(place: &mut Place, case: &str) {
    let mut code = place.sync_with(json!({"verify": "all"}));
    if code == Code::Held {
        let approve = place.report["hold"]["fingerprint"].clone();
        code = place.sync_with(json!({"verify": "all", "approve": approve}));
    }
    assert_eq!(code, Code::Ok, "{case}: {}", place.report);
}

fn keeps_the_door(profile: &str, seed: u64, turns: usize) {
    // Years go by here; how invitations expire is a matter of the plan's own cases.
    let patient = json!({"invitations": {"expire_after": "366d"}});
    let mut place = Place::open(profile, "standard", small(seed), "2026-09-14", patient);
    let chance = &mut chance(seed);
    assert_eq!(place.sync(), Code::Ok, "{}", place.report);
    door_is_kept(&place, &BTreeMap::new(), "at first");
    for turn in 0..turns {
        visitors(&place, chance);
        let came = place.look();
        let happened = live(&mut place, chance);
        let case = format!("{profile}, seed {seed}, turn {turn}, {happened}");
        doorkeeper(&mut place, &case);
        door_is_kept(&place, &came, &case);
    }
}

#[test]
fn a_paragraf_school_keeps_its_doors() {
    keeps_the_door("paragraf", 4, 10);
}

#[test]
fn an_oneroster_school_keeps_its_doors() {
    keeps_the_door("oneroster", 5, 10);
}

// By hand: whatever people do in the messenger, the next look puts right.

/// People do what the messenger lets them do.
fn hands(place: &Place, chance: &mut Chance) {
    for (key, seen) in place.look() {
        if place.chat(&key)["state"] != "active" {
            continue;
        }
        let id: i64 = place.chat(&key)["platform_id"].as_str().unwrap().parse().unwrap();
        let members: Vec<i64> = seen.members.iter().map(|one| one.parse().unwrap()).collect();
        let Some(user) = members.choose(chance).copied() else { continue };
        let stranger = chance.random_range(900_000_000..999_999_999i64);
        let admin = chance.random_bool(0.5);
        let (path, order) = match chance.random_range(0..6) {
            0 => ("add", json!({"chat_id": id, "user": stranger, "by": user})),
            1 => ("leave", json!({"chat_id": id, "user": user})),
            2 => ("promote", json!({"chat_id": id, "user": user, "admin": admin})),
            3 => ("rename", json!({"chat_id": id, "title": format!("Чатик {stranger}")})),
            4 => {
                place.messenger.does("add", json!({"chat_id": id, "user": stranger, "by": user}));
                ("promote", json!({"chat_id": id, "user": stranger, "admin": true}))
            }
            _ => continue,
        };
        place.messenger.does(path, order);
    }
}

fn withstands(profile: &str, seed: u64, turns: usize) {
    let mut place = Place::open(profile, "partner", small(seed), "2026-09-14", json!({}));
    let chance = &mut chance(seed);
    assert_eq!(place.sync(), Code::Ok, "{}", place.report);
    for turn in 0..turns {
        hands(&place, chance);
        let happened = live(&mut place, chance);
        let case = format!("{profile}, seed {seed}, turn {turn}, {happened}");
        doorkeeper(&mut place, &case);
        place.must_agree(&case);
    }
}

#[test]
fn what_people_do_by_hand_is_put_right() {
    withstands("paragraf", 6, 8);
    withstands("oneroster", 7, 8);
    withstands("ais_poo", 9, 3);
}
