//! The people of a school and others, who follow links, leave and come back by chance. The same
//! seed makes the same people do the same.
#![allow(dead_code, reason = "each file of tests needs its own part of this")]

use std::collections::BTreeSet;

use rand::seq::SliceRandom;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde_json::{Value, json};

use crate::office::Side;
use crate::support::Messenger;

/// Accounts from here on belong to nobody of the school.
const STRANGERS: i64 = 7_000_000;

/// A link that somebody was given.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Way {
    pub(crate) account: i64,
    pub(crate) link: String,
}

/// Everybody who may come, and who is where by their own will.
pub(crate) struct Crowd<'m> {
    messenger: &'m Messenger,
    side: Side,
    chance: ChaCha8Rng,
    /// The chat and the account of whoever came and did not leave.
    inside: BTreeSet<(i64, i64)>,
    strangers: i64,
}

impl<'m> Crowd<'m> {
    pub(crate) fn new(messenger: &'m Messenger, side: Side, seed: u64) -> Crowd<'m> {
        let chance = ChaCha8Rng::seed_from_u64(seed);
        Crowd { messenger, side, chance, inside: BTreeSet::new(), strangers: STRANGERS }
    }

    /// About this share of the people follow the links that they were given, in any order; at
    /// least one does, if there is any. The number of those who got in.
    pub(crate) fn come(&mut self, mut ways: Vec<Way>, share: f64) -> usize {
        ways.sort();
        ways.shuffle(&mut self.chance);
        let mut came = 0;
        for way in ways {
            if came == 0 || self.chance.random_bool(share) {
                self.follow(&way).unwrap_or_else(|why| panic!("{way:?}: {why}"));
                came += 1;
            }
        }
        came
    }

    /// One person follows one link: the chat, or why they did not get in.
    pub(crate) fn follow(&mut self, way: &Way) -> Result<i64, String> {
        let order = json!({"link": way.link, "user": way.account});
        let (status, answer) = self.side.order(self.messenger, "join", &order);
        if status != 200 {
            return Err(answer["error"].as_str().unwrap_or_default().to_owned());
        }
        let chat = answer["chat_id"].as_i64().expect("a number");
        self.inside.insert((chat, way.account));
        Ok(chat)
    }

    /// Somebody is added by hand by whoever owns the chat.
    pub(crate) fn is_added(&mut self, chat: i64, account: i64) {
        self.side.does(self.messenger, "add", json!({"chat_id": chat, "user": account}));
        self.inside.insert((chat, account));
    }

    /// Somebody was let in, however it came about.
    pub(crate) fn was_let_in(&mut self, chat: i64, account: i64) {
        self.inside.insert((chat, account));
    }

    /// Somebody was taken out of every chat.
    pub(crate) fn was_taken_out(&mut self, account: i64) {
        self.inside.retain(|(_, inside)| *inside != account);
    }

    /// Somebody leaves.
    pub(crate) fn leave(&mut self, chat: i64, account: i64) {
        self.side.does(self.messenger, "leave", json!({"chat_id": chat, "user": account}));
        self.inside.remove(&(chat, account));
    }

    /// Some of those who came by themselves leave: who, and which chat.
    pub(crate) fn some_leave(&mut self, most: usize, stay: &BTreeSet<i64>) -> Vec<(i64, i64)> {
        let here: BTreeSet<(i64, i64)> = self.present();
        let mut all: Vec<_> = self.inside.intersection(&here).copied().collect();
        all.retain(|(_, account)| !stay.contains(account));
        all.shuffle(&mut self.chance);
        all.truncate(most);
        for (chat, account) in &all {
            self.leave(*chat, *account);
        }
        all
    }

    fn present(&self) -> BTreeSet<(i64, i64)> {
        let groups = self.side.groups(self.messenger);
        let members = |group: &crate::office::Group| {
            let ids = group.members.iter().filter_map(|id| id.parse().ok());
            ids.map(|id| (group.id, id)).collect::<Vec<_>>()
        };
        groups.iter().flat_map(members).collect()
    }

    /// People whom the school does not know come by a link that was passed on: their accounts.
    pub(crate) fn strangers_come(&mut self, link: &str, count: usize) -> Vec<i64> {
        let mut came = Vec::new();
        for _ in 0..count {
            self.strangers += 1 + self.chance.random_range(0..1_000);
            let way = Way { account: self.strangers, link: link.to_owned() };
            self.follow(&way).expect("the link lets anybody in");
            came.push(way.account);
        }
        came
    }

    /// The accounts that came into a chat by themselves and did not leave it, whether or not they
    /// were let stay.
    pub(crate) fn inside(&self, chat: i64) -> BTreeSet<String> {
        let here = self.inside.iter().filter(|(id, _)| *id == chat);
        here.map(|(_, account)| account.to_string()).collect()
    }

    /// One of some, by chance.
    pub(crate) fn pick<T: Clone>(&mut self, of: &[T]) -> T {
        of[self.chance.random_range(0..of.len())].clone()
    }

    pub(crate) fn shuffle<T>(&mut self, of: &mut [T]) {
        of.shuffle(&mut self.chance);
    }

    /// Sets a few things to go wrong with requests soon to come: answers lost before and after the
    /// deed, and refusals for coming too often, with and without the word when to come again.
    pub(crate) fn makes_trouble(&mut self) {
        for _ in 0..self.chance.random_range(1..5) {
            let mut fault = self.trouble();
            let nth = self.chance.random_range(1..15);
            fault["match"] = json!({"platform": self.side.name(), "nth": nth});
            self.messenger.does("faults", fault);
        }
    }

    fn trouble(&mut self) -> Value {
        let too_often = match self.side {
            Side::Max => json!({"do": "error", "code": 429}),
            Side::Vk => json!({"do": "error", "code": 6}),
        };
        let again_at_once = match self.side {
            Side::Max => json!({"do": "error", "code": 429, "retry_after": 0}),
            Side::Vk => json!({"do": "error", "code": 10}),
        };
        let all = [
            json!({"do": "drop_before"}),
            json!({"do": "drop_after"}),
            json!({"do": "drop_after"}),
            json!({"do": "truncate"}),
            json!({"do": "http_500", "applied": true}),
            too_often,
            again_at_once,
        ];
        self.pick(&all)
    }
}
