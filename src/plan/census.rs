//! Who stands where after a cycle: the rows and counts that registries show.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::members::{account_on, wanted};
use super::{Attempt, ChatState, Kind, KnownChat, MemberState};
use crate::profile::{DesiredChat, DesiredMember};

/// One chat's people and counts.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Census {
    /// The report's numbers.
    pub counts: Counts,
    /// Everybody who should be in, by the person's `sourcedId`.
    pub members: BTreeMap<String, MemberRow>,
    /// Digest of all that the state file keeps of it.
    pub digest: String,
}

/// The report's `members` and `admins` of a chat.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// Who should be in, linked or not.
    pub desired: u32,
    /// Of these, with an account.
    pub linked: u32,
    /// Of these, given the way in and not in yet.
    pub invited: u32,
    /// Of these, in.
    pub joined: u32,
    /// Accounts in the chat that nobody named.
    pub strangers: u32,
    /// Accounts still in whom the roster no longer means here: in grace, held, or not removed yet.
    #[serde(default)]
    pub leaving: u32,
    /// Who should be admin, linked or not.
    pub admins_desired: u32,
    /// Of these, admin.
    pub admins_granted: u32,
    /// Whether the chat is for the whole class or a subgroup, where it is of a class.
    #[serde(default)]
    pub whole_class: Option<bool>,
}

/// One person's place in a chat.
#[derive(Debug, Clone, PartialEq)]
pub struct MemberRow {
    /// The account by which the person is or will be in.
    pub account: Option<String>,
    /// Where the person stands.
    pub state: MemberState,
    /// Has admin rights now.
    pub admin: bool,
}

/// Counts a chat. Somebody who left the roster and is still in (grace, hold, a failed removal) is
/// no stranger.
pub fn census(desired: &DesiredChat, known: &KnownChat, own_account: &str) -> Census {
    let mut census = Census::default();
    census.counts.whole_class = desired.whole_class;
    for (person, member) in &desired.members {
        let row = member_row(member, person, known);
        census.counts.count(member, &row);
        census.members.insert(person.clone(), row);
    }
    let wanted = wanted(desired, known.platform);
    let strange = |(account, present): &(&String, &super::Present)| {
        present.people.is_empty()
            && *account != own_account
            && !wanted.contains_key(account.as_str())
    };
    census.counts.strangers = known.people_present().filter(strange).count() as u32;
    let leaving = |(account, present): &(&String, &super::Present)| {
        !present.people.is_empty() && !wanted.contains_key(account.as_str())
    };
    census.counts.leaving = known.people_present().filter(leaving).count() as u32;
    census.digest =
        crate::fingerprint::of(format!("{desired:?}{:?}{:?}", census.counts, census.members));
    census
}

impl Counts {
    fn count(&mut self, member: &DesiredMember, row: &MemberRow) {
        self.desired += 1;
        self.linked += u32::from(row.account.is_some());
        self.invited += u32::from(row.state == MemberState::Invited);
        self.joined += u32::from(row.state == MemberState::Joined);
        self.admins_desired += u32::from(member.admin);
        self.admins_granted += u32::from(member.admin && row.admin);
    }
}

fn member_row(member: &DesiredMember, person: &str, known: &KnownChat) -> MemberRow {
    let account = account_on(member, known.platform).map(str::to_owned);
    let present = account.as_ref().and_then(|account| known.present.get(account));
    let before = known.people.get(person).filter(|before| before.account == account);
    let state = match (&account, present) {
        (None, _) => MemberState::Unlinked,
        (Some(_), Some(_)) => MemberState::Joined,
        (Some(account), None) => absent_state(account, before.map(|before| before.state), known),
    };
    MemberRow { account, state, admin: present.is_some_and(|present| present.admin) }
}

/// Where somebody stands who is not in: invited, refused by the platform, left by themselves, or
/// just linked.
fn absent_state(account: &str, before: Option<MemberState>, known: &KnownChat) -> MemberState {
    let attempt = Attempt { operation: Kind::AddMember, account: account.to_owned() };
    let refused = known.waiting.get(&attempt).is_some_and(|waiting| waiting.refused);
    let given = known.invitations.contains_key(account);
    match before {
        // Whom the platform refused to add has been given another way in since.
        Some(MemberState::Invited) => MemberState::Invited,
        _ if refused => MemberState::Refused,
        Some(MemberState::Joined) if known.state == ChatState::Active => MemberState::Left,
        Some(state @ (MemberState::Left | MemberState::Expired)) => state,
        _ if given => MemberState::Invited,
        _ => MemberState::Linked,
    }
}
