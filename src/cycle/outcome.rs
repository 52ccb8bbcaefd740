//! What the work came to, put together from its rounds and sides.

use crate::apply::{Ended, Outcome, Told};
use crate::error::{Code, Error, Text};
use crate::plan::Plan;
use crate::stop::Reason;

impl Ended {
    /// What a call that ended so returns.
    pub(super) fn error(&self) -> Option<Error> {
        let told = |code: Code, (why, message): (&str, &Text)| {
            let text = |text: &str| format!("{text} ({why})");
            Some(Error::new(code, text(&message.ru), text(&message.en)))
        };
        match self {
            Ended::Stopped(Reason::Cancelled) => Some(super::able::stopped(Reason::Cancelled)),
            Ended::Stopped(Reason::Budget) => None,
            Ended::Token(code, message) => told(Code::Auth, (code, message)),
            Ended::Unreachable(code, message) => told(Code::Platform, (code, message)),
            Ended::State(error) => Some(error.clone()),
        }
    }
}

impl Outcome {
    /// Nothing of a plan was reached.
    pub(super) fn out_of_time(plan: &Plan) -> Outcome {
        let left = plan.operations.iter().map(|operation| (operation.clone(), Told::Left));
        Outcome {
            results: left.collect(),
            ended: Some(Ended::Stopped(Reason::Budget)),
            left: plan.operations.len() as u32,
            ..Outcome::default()
        }
    }

    /// Adds what a second round did.
    pub(super) fn merge(&mut self, other: Outcome) {
        for (kind, count) in other.done {
            *self.done.entry(kind).or_default() += count;
        }
        self.results.extend(other.results);
        self.missing.extend(other.missing);
        self.left += other.left;
        self.ended = other.ended.or(self.ended.take());
    }

    /// Forgets what was left over, because a new plan speaks of it.
    pub(super) fn replanned(&mut self) {
        self.left = 0;
        self.results.retain(|(_, told)| *told != Told::Left);
    }
}
