//! Online lessons: calls that follow the timetable, on a messenger that starts calls and on one that
//! does not, in quiet times and in troubled ones; P9 to P15, E10 to E13 and A10 by their numbers.
#![cfg(feature = "cli")]
#![allow(missing_docs, reason = "the names of the tests say it")]

#[path = "support/bell.rs"]
mod bell;
#[path = "calls/ends.rs"]
mod ends;
#[path = "calls/lessons.rs"]
mod lessons;
#[path = "support/lives.rs"]
mod lives;
#[path = "support/office.rs"]
mod office;
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

/// One cycle in a process of its own, for those who kill it.
#[test]
#[ignore = "run by the other tests, in a process of its own"]
fn child() {
    lives::live();
}
