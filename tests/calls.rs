//! Online lessons: calls that follow the timetable, on a messenger that starts calls and on one that
//! does not, in quiet times and in troubled ones; P9 to P15, E10 to E13 and A10 by their numbers.
#![cfg(feature = "cli")]
#![allow(missing_docs, reason = "the names of the tests say it")]

#[path = "calls/acted.rs"]
mod acted;
#[path = "support/bell.rs"]
mod bell;
#[path = "calls/chances.rs"]
mod chances;
#[path = "calls/ends.rs"]
mod ends;
#[path = "calls/first.rs"]
mod first;
#[path = "calls/follow.rs"]
mod follow;
#[path = "calls/killed.rs"]
mod killed;
#[path = "calls/lessons.rs"]
mod lessons;
#[path = "support/lives.rs"]
mod lives;
#[path = "calls/locked.rs"]
mod locked;
#[path = "calls/model.rs"]
mod model;
#[path = "support/office.rs"]
mod office;
#[path = "calls/on_time.rs"]
mod on_time;
#[path = "calls/own_profile.rs"]
mod own_profile;
#[path = "calls/own_subject.rs"]
mod own_subject;
#[path = "calls/rules.rs"]
mod rules;
#[path = "calls/screens.rs"]
mod screens;
#[path = "calls/standing.rs"]
mod standing;
mod support;
#[path = "support/tiny.rs"]
mod tiny;
#[path = "calls/trouble.rs"]
mod trouble;
#[path = "calls/twice.rs"]
mod twice;
#[path = "calls/walks.rs"]
mod walks;
#[path = "calls/week.rs"]
mod week;
#[path = "calls/withdrawn.rs"]
mod withdrawn;
#[path = "calls/wording.rs"]
mod wording;
#[path = "calls/zones.rs"]
mod zones;

/// One cycle or order in a process of its own, for those who kill it.
#[test]
#[ignore = "run by the other tests, in a process of its own"]
fn child() {
    lives::live();
}
