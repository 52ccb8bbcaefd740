//! An evaluation that goes on where a rule fails, so that whoever mends a script sees all that is
//! wrong with it at once.

use std::cell::RefCell;

use super::evaluate::{Room, evaluating};
use super::trial::{self, Answer, Tried};
use super::{Desired, Source};
use crate::error::{Fault, Result};

/// What a [`survey`] found.
#[derive(Debug, Clone)]
pub struct Survey {
    /// The state that should be, as far as the rules work.
    pub desired: Desired,
    /// What the rule `requests` says to people of each sort; none where it fails, or takes too long
    /// to be asked everything.
    pub answers: Option<Vec<Answer>>,
    /// What fails, each with file, line and object.
    pub faults: Vec<Fault>,
    /// Faults beyond those that are listed.
    pub more: usize,
}

/// Computes what can be computed where some rules fail: every chat is asked about, and every rule
/// of it, and the rule `requests` by people of each sort.
///
/// # Errors
/// As [`super::evaluate`], for what leaves nothing to ask: a script that does not give a profile,
/// unknown settings, the end of the script's time or memory.
pub fn survey(source: &Source, room: Room<'_>) -> Result<Survey> {
    evaluating(source, room, |mut evaluation, script, schools| {
        evaluation.failures = Some(RefCell::default());
        evaluation.schools(&script, schools)?;
        let lineages = evaluation.lineages(&script, schools)?;
        let Tried { faults, answers } =
            trial::tried(&evaluation, &script.rules, schools, &evaluation.chats)?;
        let mut failures = evaluation.failures.take().unwrap_or_default().take();
        failures.note(faults);
        let Failures { faults, more } = failures;
        Ok(Survey { desired: evaluation.finish(script, lineages), answers, faults, more })
    })
}

/// What failed so far.
#[derive(Default)]
pub(super) struct Failures {
    faults: Vec<Fault>,
    more: usize,
}

impl Failures {
    /// So many faults of rules are told; the rest is counted.
    const MOST: usize = 200;

    /// Notes faults; one that two rules of an object share is told once.
    pub(super) fn note(&mut self, faults: Vec<Fault>) {
        for fault in faults {
            if self.faults.contains(&fault) {
                continue;
            }
            match self.faults.len() < Self::MOST {
                true => self.faults.push(fault),
                false => self.more += 1,
            }
        }
    }
}
