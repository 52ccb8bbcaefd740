//! The people of the demonstration, who follow links in an order left to chance.

use std::collections::BTreeSet;

use rand::SeedableRng;
use rand::seq::SliceRandom;

use super::messenger::{Messenger, Places};
use crate::school::Chance;
use crate::trouble::Trouble;

/// Accounts of people whom the school does not know.
pub(super) const STRANGER: i64 = 999_999_937;
pub(super) const GUESTS: [i64; 2] = [999_999_911, 999_999_912];
/// Accounts that people make up their minds to link begin here.
pub(super) const NEW: i64 = 999_000_000;

/// A link that somebody was given: the group, its link, and the account.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Way {
    pub(super) group: i64,
    pub(super) link: String,
    pub(super) account: i64,
}

/// How many come at once.
pub(super) struct Wave {
    /// Of those who still have a way in.
    pub(super) percent: usize,
    /// No more than this.
    pub(super) most: usize,
}

/// Who came where by their own will. The same seed makes the same people do the same.
pub(super) struct Crowd {
    chance: Chance,
    came: Places,
}

impl Crowd {
    pub(super) fn new(seed: u64) -> Crowd {
        Crowd { chance: Chance::seed_from_u64(seed), came: Places::new() }
    }

    /// Some of the people follow the links that they were given, in any order; how many did.
    pub(super) fn come(
        &mut self,
        messenger: &Messenger,
        ways: BTreeSet<Way>,
        wave: &Wave,
    ) -> Result<usize, Trouble> {
        let mut ways: Vec<Way> = ways.into_iter().collect();
        ways.shuffle(&mut self.chance);
        ways.truncate((ways.len() * wave.percent).div_ceil(100).min(wave.most));
        for way in &ways {
            messenger.join(&way.link, way.account)?;
            self.is_in(way.group, way.account);
        }
        Ok(ways.len())
    }

    /// Somebody came in some other way.
    pub(super) fn is_in(&mut self, group: i64, account: i64) {
        self.came.insert((group, account));
    }

    /// Everybody who ever came, and where.
    pub(super) fn came(&self) -> &Places {
        &self.came
    }
}
