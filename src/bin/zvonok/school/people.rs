//! Everybody in the school, and what the `users` and `roles` tables say of them.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use rand::RngExt;
use serde_json::{Map, Value, json};

use super::names::Name;
use super::{Chance, SCHOOL};

/// An account: the messenger's name and the id there.
pub(super) type Account = (&'static str, u64);

/// A person's place in `People`, from which the `sourcedId` is made.
pub(super) type Who = usize;

pub(super) struct Person {
    pub(super) name: Name,
    pub(super) accounts: Vec<Account>,
    /// Guardians of a student, or students of a guardian.
    pub(super) agents: Vec<Who>,
    pub(super) enabled: bool,
    pub(super) deleted: bool,
    pub(super) grade: Option<u8>,
    /// OneRoster 1.1's column, for people without any position.
    pub(super) role: Option<&'static str>,
    pub(super) metadata: Map<String, Value>,
    reachable: bool,
}

/// A row of `roles`.
#[derive(Clone, Copy, Default)]
pub(super) struct Position {
    pub(super) role: &'static str,
    pub(super) begins: Option<Date>,
    pub(super) ends: Option<Date>,
    pub(super) level: Option<&'static str>,
    pub(super) title: Option<&'static str>,
}

#[derive(Default)]
pub(super) struct People {
    list: Vec<Person>,
    positions: Vec<(Who, Position)>,
    taken: BTreeSet<Account>,
}

pub(super) fn id(who: Who) -> String {
    format!("p-{:04}", who + 1)
}

impl People {
    /// Adds somebody who has accounts as most people have; about a third have a phone and mail.
    pub(super) fn add(&mut self, name: Name, chance: &mut Chance) -> Who {
        let accounts = self.usual_accounts(chance);
        self.list.push(Person {
            name,
            accounts,
            agents: Vec::new(),
            enabled: true,
            deleted: false,
            grade: None,
            role: None,
            metadata: Map::new(),
            reachable: chance.random_ratio(1, 3),
        });
        self.list.len() - 1
    }

    pub(super) fn get(&mut self, who: Who) -> &mut Person {
        &mut self.list[who]
    }

    pub(super) fn name(&self, who: Who) -> &Name {
        &self.list[who].name
    }

    pub(super) fn appoint(&mut self, who: Who, position: Position) {
        self.positions.push((who, position));
    }

    /// A new account that nobody else has. Some VK ids are above 2·10^11, where a 32-bit number
    /// of a careless reader ends.
    pub(super) fn account(&mut self, kind: &'static str, chance: &mut Chance) -> Account {
        loop {
            let id = match kind {
                "vk" if chance.random_ratio(1, 12) => {
                    chance.random_range(200_000_000_001u64..201_000_000_000)
                }
                "vk" => chance.random_range(1_000_000u64..850_000_000),
                _ => chance.random_range(1_000_000u64..300_000_000),
            };
            if self.taken.insert((kind, id)) {
                return (kind, id);
            }
        }
    }

    /// Gives somebody an account on both messengers, who may have had none.
    pub(super) fn ensure_accounts(&mut self, who: Who, chance: &mut Chance) {
        for kind in ["vk", "max"] {
            if self.list[who].accounts.iter().all(|account| account.0 != kind) {
                let account = self.account(kind, chance);
                self.list[who].accounts.push(account);
            }
        }
    }

    /// About 85 % of people have linked something, nearly all of them both messengers.
    fn usual_accounts(&mut self, chance: &mut Chance) -> Vec<Account> {
        let kinds: &[&'static str] = match chance.random_range(0..100u32) {
            0..78 => &["vk", "max"],
            78..82 => &["vk"],
            82..86 => &["max"],
            _ => &[],
        };
        kinds.iter().map(|kind| self.account(kind, chance)).collect()
    }

    pub(super) fn users(&self) -> Vec<Value> {
        self.list.iter().enumerate().map(|(who, person)| person.row(who)).collect()
    }

    pub(super) fn roles(&self) -> Vec<Value> {
        let mut seen: BTreeMap<Who, usize> = BTreeMap::new();
        let rows = self.positions.iter().map(|(who, position)| {
            let number = seen.entry(*who).or_default();
            *number += 1;
            position.row(*who, *number)
        });
        rows.collect()
    }
}

impl Person {
    fn row(&self, who: Who) -> Value {
        let status = if self.deleted { "tobedeleted" } else { "active" };
        let mut row = json!({"sourcedId": id(who), "status": status, "enabledUser": self.enabled,
            "givenName": self.name.given, "middleName": self.name.middle,
            "familyName": self.name.family, "primaryOrgSourcedId": SCHOOL});
        if let Some(role) = self.role {
            row["role"] = role.into();
        }
        if let Some(grade) = self.grade {
            row["grades"] = json!([format!("{grade:02}")]);
        }
        if self.reachable {
            row["phone"] = format!("+7900000{:04}", who + 1).into();
            row["email"] = format!("{}@example.org", id(who)).into();
        }
        if !self.accounts.is_empty() {
            row["userIds"] = self.accounts.iter().map(user_id).collect();
        }
        if !self.agents.is_empty() {
            row["agentSourcedIds"] = self.agents.iter().map(|agent| id(*agent)).collect();
        }
        if !self.metadata.is_empty() {
            row["metadata"] = self.metadata.clone().into();
        }
        row
    }
}

fn user_id(account: &Account) -> Value {
    json!({"type": account.0, "identifier": account.1.to_string()})
}

impl Position {
    /// The `number`th position of that person; the first is the primary one.
    fn row(&self, who: Who, number: usize) -> Value {
        let kind = if number == 1 { "primary" } else { "secondary" };
        let mut row = json!({"sourcedId": format!("role-{}-{number}", id(who)), "status": "active",
            "userSourcedId": id(who), "roleType": kind, "role": self.role, "orgSourcedId": SCHOOL});
        if let Some(begins) = self.begins {
            row["beginDate"] = begins.to_string().into();
        }
        if let Some(ends) = self.ends {
            row["endDate"] = ends.to_string().into();
        }
        if let Some(level) = self.level {
            row["metadata"]["positionLevel"] = level.into();
        }
        if let Some(title) = self.title {
            row["metadata"]["title"] = title.into();
        }
        row
    }
}
