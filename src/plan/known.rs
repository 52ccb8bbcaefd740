//! What the state file knows: the other side of the difference.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::fingerprint;
use crate::platform::{Capability, Kind, OwnRights};
use crate::profile::DesiredChat;

/// Everything known to be so on the platform, last confirmed.
#[derive(Debug, Clone, Default)]
pub struct Known {
    /// Every chat that ever had a key.
    pub chats: BTreeMap<String, KnownChat>,
    /// The hold of the last cycle, if there is one.
    pub hold: Option<KnownHold>,
    /// What a person let go and could not be done yet.
    pub allowed: Vec<Allowed>,
    /// Whether somebody has a dialog with the library's own account, as far as known.
    pub dialogs: BTreeMap<(Kind, String), bool>,
}

/// An operation that a person let go: the guard does not ask about it again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Allowed {
    /// The operation's name.
    pub operation: String,
    /// The chat's key.
    pub chat: String,
    /// The account; empty for the chat itself.
    pub account: String,
    /// Who let it go.
    pub by: String,
}

impl Allowed {
    /// A person's word about one operation.
    pub fn of(operation: &super::Operation, by: String) -> Allowed {
        Allowed {
            operation: operation.kind.name().to_owned(),
            chat: operation.chat.clone(),
            account: operation.account.clone(),
            by,
        }
    }

    /// Whether it is about this operation.
    pub fn is(&self, operation: &super::Operation) -> bool {
        self.operation == operation.kind.name()
            && self.chat == operation.chat
            && self.account == operation.account
    }
}

/// Where a chat stands (ruling 19).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ChatState {
    /// Should be, is not made yet.
    Planned,
    /// A person must make it.
    Task,
    /// Kept in step.
    Active,
    /// Put to rest.
    Archived,
    /// Vanished on the platform, not by us; never made again by itself.
    Gone,
    /// Deleted by request.
    Deleted,
}

impl ChatState {
    /// The word in documents and in the state file.
    pub fn name(self) -> &'static str {
        match self {
            ChatState::Planned => "planned",
            ChatState::Task => "task",
            ChatState::Active => "active",
            ChatState::Archived => "archived",
            ChatState::Gone => "gone",
            ChatState::Deleted => "deleted",
        }
    }

    /// The state with this name.
    pub fn from_name(name: &str) -> Option<ChatState> {
        use ChatState::{Active, Archived, Deleted, Gone, Planned, Task};
        [Planned, Task, Active, Archived, Gone, Deleted].into_iter().find(|s| s.name() == name)
    }
}

/// One chat as it is known.
#[derive(Debug, Clone)]
pub struct KnownChat {
    /// Its key.
    pub key: String,
    /// The rule that made it.
    pub kind: String,
    /// What registries show.
    pub chat_type: String,
    /// `sourcedId` of its organisation.
    pub organization: String,
    /// `sourcedId` of its homeroom.
    pub class: Option<String>,
    /// Its subject.
    pub subject: Option<String>,
    /// `sourcedId`s of the classes whose rows decide about it.
    pub depends_on: BTreeSet<String>,
    /// Its title on the platform.
    pub title: String,
    /// What it says about itself, as the library last wrote it.
    pub description: Option<String>,
    /// Users may not change it.
    pub locked: bool,
    /// Where it lives.
    pub platform: Kind,
    /// Its id there; `None` until made.
    pub platform_id: Option<String>,
    /// Its invite link.
    pub link: Option<String>,
    /// Where it stands.
    pub state: ChatState,
    /// Who is in, by account, last read or confirmed.
    pub present: BTreeMap<String, Present>,
    /// The way in that accounts were given which have not come since, by account. It outlasts the
    /// person's row: an export that forgets somebody for a day is no reason to invite them again.
    pub invitations: BTreeMap<String, Invitation>,
    /// Who was meant to be in, by the person's `sourcedId`, as the last cycle left it.
    pub people: BTreeMap<String, KnownMember>,
    /// Operations that failed and wait.
    pub waiting: BTreeMap<Attempt, Waiting>,
    /// Removals and lost roles of the last 24 hours that nobody approved (ruling 11).
    pub removed_lately: u32,
    /// Archived in the last 24 hours without approval.
    pub archived_lately: bool,
    /// When its members were last read.
    pub verified: Option<Timestamp>,
    /// Something happened in it: from then on it is read again out of turn.
    pub due: Option<Timestamp>,
    /// Bound to its key, and its people were never read since: whoever is in then was in before.
    pub adopting: bool,
    /// What the library's own account may do in it; `None` where that was never told.
    pub own: Option<OwnRights>,
    /// Since when somebody who was taken out is known to have come in again by the link.
    pub leaked: Option<Timestamp>,
    /// Left behind on the previous platform: it only loses people.
    pub former: bool,
    /// Put to rest or deleted, and its link was replaced since: nobody gets in any more.
    pub sealed: bool,
    /// Its people are taken out because the school has moved.
    pub emptying: bool,
    /// What it was last told of its successor.
    pub notice: Option<Notice>,
    /// Digest of what its people's rows were last written from.
    pub digest: String,
}

impl KnownChat {
    /// A chat that should be, before it is made.
    pub fn planned(desired: &DesiredChat, platform: Kind) -> KnownChat {
        KnownChat {
            key: desired.key.clone(),
            kind: desired.kind.clone(),
            chat_type: desired.chat_type.clone(),
            organization: desired.organization.clone(),
            class: desired.class.clone(),
            subject: desired.subject.clone(),
            depends_on: desired.depends_on.clone(),
            title: desired.title.clone(),
            description: None,
            locked: desired.locked,
            platform,
            platform_id: None,
            link: None,
            state: ChatState::Planned,
            present: BTreeMap::new(),
            invitations: BTreeMap::new(),
            people: BTreeMap::new(),
            waiting: BTreeMap::new(),
            removed_lately: 0,
            archived_lately: false,
            verified: None,
            due: None,
            adopting: false,
            own: None,
            leaked: None,
            former: false,
            sealed: false,
            emptying: false,
            notice: None,
            digest: String::new(),
        }
    }

    /// The key under which people know the chat: one that was left behind has its successor's.
    pub fn plain_key(&self) -> &str {
        if self.former { super::successor_key(&self.key) } else { &self.key }
    }

    /// What the library's own account is known to be unable to do in this chat.
    pub fn unable(&self) -> BTreeSet<Capability> {
        self.own.as_ref().map(|own| own.unable(self.platform)).unwrap_or_default()
    }

    /// Digest of the link by which invitations to this chat are told apart; empty without a link.
    pub fn link_digest(&self) -> String {
        self.link.as_ref().map(fingerprint::of).unwrap_or_default()
    }

    /// Takes over what the chat is by the roster: its class may have moved to another school.
    pub fn follow(&mut self, desired: &DesiredChat) {
        self.kind.clone_from(&desired.kind);
        self.chat_type.clone_from(&desired.chat_type);
        self.organization.clone_from(&desired.organization);
        self.class.clone_from(&desired.class);
        self.subject.clone_from(&desired.subject);
        self.depends_on.clone_from(&desired.depends_on);
        self.locked = desired.locked;
    }

    /// Accounts in the chat that are people whom the roster decides about.
    pub fn people_present(&self) -> impl Iterator<Item = (&String, &Present)> {
        self.present.iter().filter(|(_, present)| !present.protected)
    }
}

/// One account in a chat.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Present {
    /// Has admin rights.
    pub admin: bool,
    /// Owner, bot, or the library's own account: never touched.
    pub protected: bool,
    /// Owns the chat.
    pub owner: bool,
    /// Admin rights in the platform's own words; empty where it tells none.
    pub rights: BTreeSet<String>,
    /// Was in already when the chat was bound to its key (ruling 16).
    pub adopted: bool,
    /// The people whom the roster last meant by this account here; empty for a stranger.
    pub people: Vec<String>,
    /// The roster last meant the account to be admin.
    pub meant_admin: bool,
    /// Since when the roster no longer means this account here.
    pub gone_since: Option<Timestamp>,
}

impl Present {
    /// Somebody just seen in a chat, about whom nothing else is known.
    pub fn seen(admin: bool, protected: bool) -> Present {
        Present { admin, protected, ..Present::default() }
    }
}

/// One person who is or was meant to be in a chat.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct KnownMember {
    /// The account by which the person was to be in, if any was linked.
    pub account: Option<String>,
    /// Where the person stood.
    pub state: MemberState,
    /// The way in that the person was last given.
    pub invitation: Option<Invitation>,
    /// The account was once taken out of this chat by the library.
    pub removed_before: bool,
}

/// A way into a chat that was given to a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invitation {
    /// When.
    pub at: Timestamp,
    /// Digest of the link; one that was replaced lets nobody in any more.
    pub link: String,
    /// It was told to the person by a message; `None`: it was sent, and nobody knows whether it
    /// arrived.
    pub delivered: Option<bool>,
}

/// What a chat that was left behind was told of its successor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// When.
    pub at: Timestamp,
    /// Digest of the link; one that was replaced leads nowhere.
    pub link: String,
}

/// Where a person stands in a chat (ruling 19).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum MemberState {
    /// No account of the person is known.
    Unlinked,
    /// An account is known, the person is not in.
    #[default]
    Linked,
    /// Was given the way in.
    Invited,
    /// Is in.
    Joined,
    /// Was in and left without us.
    Left,
    /// The platform or the person refuses.
    Refused,
    /// The invitation is too old.
    Expired,
    /// Is in, and nobody named them.
    Stranger,
}

impl MemberState {
    /// The word in documents and in the state file.
    pub fn name(self) -> &'static str {
        match self {
            MemberState::Unlinked => "unlinked",
            MemberState::Linked => "linked",
            MemberState::Invited => "invited",
            MemberState::Joined => "joined",
            MemberState::Left => "left",
            MemberState::Refused => "refused",
            MemberState::Expired => "expired",
            MemberState::Stranger => "stranger",
        }
    }

    /// The state with this name.
    pub fn from_name(name: &str) -> Option<MemberState> {
        use MemberState::{Expired, Invited, Joined, Left, Linked, Refused, Stranger, Unlinked};
        [Unlinked, Linked, Invited, Joined, Left, Refused, Expired, Stranger]
            .into_iter()
            .find(|state| state.name() == name)
    }
}

/// Which operation on which account of a chat; the account is empty for the chat itself.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Attempt {
    /// The operation.
    pub operation: super::Kind,
    /// The account, or empty.
    pub account: String,
}

/// An operation that failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Waiting {
    /// The platform's code: `vk.925`.
    pub code: String,
    /// Why it failed.
    pub message: crate::error::Text,
    /// How often it was tried.
    pub tries: u32,
    /// Not before.
    pub next_try: Timestamp,
    /// The platform will not do it as it stands; not a reason for a cycle to be partial.
    pub refused: bool,
    /// The people concerned.
    pub people: Vec<String>,
}

/// What the guard held, and since when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownHold {
    /// Fingerprint of what is held, without the time.
    pub content: String,
    /// Since when exactly this is held.
    pub since: Timestamp,
    /// How many members all chats had then: whom an open hold lets in does not outvote it.
    pub of: u32,
}
