//! The profile: a Luau script of one kind of host says which chats must exist, who is in them and
//! who administers them. Only this module knows Luau.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::error::{Fault, Text};

mod actor;
mod ask;
mod calls;
mod draft;
#[cfg(test)]
mod editor;
mod evaluate;
mod fault;
mod global;
mod ground;
mod library;
mod lineage;
mod matching;
mod objects;
mod people;
mod permit;
mod policy;
mod room;
mod settings;
mod shape;
mod source;
mod survey;
mod text;
mod trial;
mod words;

pub(crate) use calls::PROVIDERS;
pub use calls::{Calls, Provider, Starts};
pub use draft::{Draft, draft};
pub use evaluate::{Description, Room, describe, evaluate};
pub use permit::{CallFacts, Permission, Request, Target, permits};
pub use policy::{
    CustomKind, Graduated, Guardians, Leavers, Lineage, Overrides, Per, PerKind, Policies, Rollover,
};
pub use room::Limits;
pub(crate) use source::looks_like_a_path;
pub use source::{BUILT_IN, Source, source};
pub use survey::{Survey, survey};
pub(crate) use text::{fill, tidy_title};
pub use trial::Answer;

/// The state that should be, computed from one roster.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Desired {
    /// The profile's `name`.
    pub profile: String,
    /// The profile's `version`.
    pub version: u32,
    /// Every chat that the profile speaks about, by key.
    pub chats: BTreeMap<String, DesiredChat>,
    /// What should be told to a person: a class teacher without a role, too many guardians, …
    pub warnings: Vec<Fault>,
    /// The names of metadata that the script read, or declared to read; the state file keeps these.
    pub reads: BTreeSet<String>,
    /// What happens to changes that people make by hand.
    pub overrides: PerKind<Overrides>,
    /// What is done about people who leave by themselves; the configuration decides where the
    /// profile says nothing.
    pub leavers: PerKind<Option<Leavers>>,
    /// What becomes of the chats of classes that finished school.
    pub graduated: Graduated,
    /// By what the profile knows classes again under another `sourcedId`, by that of the class.
    pub lineages: BTreeMap<String, String>,
    /// Chats that a class goes on with since this cycle, by key: the class before.
    pub continues: BTreeMap<String, String>,
    /// Keys of chats whose class finished school, and which live on.
    pub carried: BTreeSet<String>,
    /// The rights that admins are given on MAX (setting `admin_permissions`), in its own words.
    pub admin_permissions: BTreeSet<String>,
    /// How online lessons are held.
    pub calls: Calls,
    /// People whose account on a messenger, or that they have none there, is as they asked for
    /// themselves, not as the roster says.
    pub by_request: BTreeMap<crate::platform::Kind, BTreeMap<String, Option<String>>>,
    /// What people ordered otherwise than the profile says.
    pub ordered: Ordered,
}

/// What people ordered through the host's screens, as far as the chats themselves do not show it:
/// by the chat's key who ordered it, `sourcedId` or `system`.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Ordered {
    /// Chats made by hand.
    pub made: BTreeMap<String, String>,
    /// Chats with a title of their own.
    pub titled: BTreeMap<String, String>,
    /// Who was taken out, by the person's `sourcedId`.
    pub out: BTreeMap<String, BTreeMap<String, String>>,
    /// The accounts of these, by messenger and number: nobody may have meant them in the chat.
    pub out_accounts: BTreeMap<String, BTreeMap<(String, String), String>>,
    /// Whose rights were taken.
    pub unrighted: BTreeMap<String, BTreeMap<String, String>>,
    /// Chats that are no more.
    pub deleted: BTreeMap<String, String>,
}

impl Ordered {
    /// Who ordered that all of these people are not to be in a chat; none where nobody did of one.
    pub fn takes_out(&self, chat: &str, people: &[String]) -> Option<&String> {
        all_of(self.out.get(chat)?, people)
    }

    /// The same for an account that stands for nobody there.
    pub fn takes_account_out(&self, chat: &str, platform: &str, account: &str) -> Option<&String> {
        self.out_accounts.get(chat)?.get(&(platform.to_owned(), account.to_owned()))
    }

    /// The same for their rights.
    pub fn takes_rights(&self, chat: &str, people: &[String]) -> Option<&String> {
        all_of(self.unrighted.get(chat)?, people)
    }
}

fn all_of<'o>(orders: &'o BTreeMap<String, String>, people: &[String]) -> Option<&'o String> {
    let by: Option<Vec<&String>> = people.iter().map(|person| orders.get(person)).collect();
    by?.into_iter().next()
}

impl Desired {
    /// Says nothing any more of the chats of a class that finished school: those that there are, by
    /// these keys, are left as they are.
    pub(crate) fn carry(&mut self, class: &str, keys: impl Iterator<Item = String>) {
        self.carried.extend(keys);
        self.chats.retain(|key, chat| *key != format!("{}:{class}", chat.kind));
    }
}

/// One chat as it should be.
#[derive(Debug, Clone, PartialEq)]
pub struct DesiredChat {
    /// `<kind>:<sourcedId>` of the organisation or class that it belongs to.
    pub key: String,
    /// The name of the rule in the profile: `teachers`, `class`, `parents`, `subject`.
    pub kind: String,
    /// What registries show: `TEACHER`, `CLASS`, `PARENTS`, `SUBJECT`.
    pub chat_type: String,
    /// `sourcedId` of the organisation.
    pub organization: String,
    /// `sourcedId` of the homeroom that it belongs to: the class itself, or a journal's homeroom.
    pub class: Option<String>,
    /// The subject's title, for a journal's chat.
    pub subject: Option<String>,
    /// Whether its students are all of the class or a subgroup, for a rule's chat of a class.
    pub whole_class: Option<bool>,
    /// Title, at most 200 characters (MAX's limit, `platforms/max.md` section 3).
    pub title: String,
    /// What the chat says about itself, where the profile gives it a text and the platform has one.
    pub description: Option<String>,
    /// Users may not change it.
    pub locked: bool,
    /// Whether it should exist.
    pub existence: Existence,
    /// Who should be in, by the person's `sourcedId`. Admins are always members.
    pub members: BTreeMap<String, DesiredMember>,
    /// `sourcedId`s of the classes whose rows decide about this chat: broken or missing rows of any
    /// of them freeze it. The class itself and, for a journal, its homeroom.
    pub depends_on: BTreeSet<String>,
}

impl DesiredChat {
    /// What a person is told where nobody administers the chat (ruling 10); `area` is the fault's, by
    /// whose word it came to that: `profile` or `override`.
    pub(crate) fn unled(&self, area: &str) -> Option<Fault> {
        if self.members.values().any(|member| member.admin) {
            return None;
        }
        let title = &self.title;
        let message = Text::new(
            format!(
                "в чате «{title}» некому быть администратором, им остаётся учётная запись сервиса"
            ),
            format!("nobody administers the chat \"{title}\", it is left to the service's account"),
        );
        Some(Fault::new(&format!("{area}.no_admin"), &self.key, "", message))
    }
}

/// Whether a chat should exist (ruling 5).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Existence {
    /// It should.
    Wanted,
    /// `create_when` does not hold: not made yet; one that exists stays.
    NotYet,
    /// `when` does not hold, or the class is dissolved: archived in this cycle.
    Archived,
}

/// One person in one chat.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DesiredMember {
    /// What the person is there: `student`, `teacher`, `guardian`, `administrator`, … from the row
    /// that brought them in.
    pub role: String,
    /// Should have admin rights.
    pub admin: bool,
    /// Why the person is in.
    pub reasons: Vec<Reason>,
    /// Why the person is admin; empty where not.
    pub admin_reasons: Vec<Reason>,
    /// The accounts that the roster names, on every platform, in the host's order.
    pub accounts: Vec<(String, String)>,
}

/// Why somebody is in a set: the profile's word and the roster's row.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Reason {
    /// The rule: `class.members`, `teachers.admins`.
    pub rule: String,
    /// The word given with `:because`, or the room's own for the set (`student of the class`).
    pub because: String,
    /// The roster's row: `enrollments[17]`.
    pub row: String,
}

/// A setting as the profile declares it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Setting {
    /// Its value where the configuration gives none; its type is the setting's type.
    pub default: Value,
    /// What it does, for people.
    pub help: String,
}

/// The version of Luau that is built in, such as `0.740`.
pub fn luau_version() -> String {
    let name: String = mlua::Lua::new().globals().get("_VERSION").unwrap_or_default();
    name.trim_start_matches("Luau").trim().to_owned()
}
