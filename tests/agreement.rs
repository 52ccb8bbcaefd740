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

use std::collections::BTreeSet;
use std::sync::Arc;

use jiff::civil::Date;
use rand::SeedableRng;
use school::{Chance, Size, changes, generate};
use serde_json::{Map, Value, json};
use zvonok::profile::{self, Desired, DesiredChat, Existence, Limits, Source, Task};
use zvonok::roster::{Rules, read};
use zvonok::stop::Stop;

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
    let task = Task {
        roster: &read,
        settings: &settings,
        organization: None,
        now: &now,
        limits: Limits::default(),
        stop: &stop,
        log: &log,
    };
    profile::evaluate(source, task).unwrap()
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
    say("title", &library.title, &plain.title);
    if should == oracle::Should::Rest {
        return;
    }
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
        }
    }
}

#[test]
fn paragraf_puts_everybody_where_plain_loops_do() {
    agree("paragraf", 0..40, 40);
}

#[test]
fn oneroster_puts_everybody_where_plain_loops_do() {
    agree("oneroster", 100..140, 40);
}

#[test]
fn a_larger_school_agrees_too() {
    for profile in ["paragraf", "oneroster"] {
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
