//! The messengers behind one trait. Only this module speaks HTTP.
//!
//! A driver turns platform-neutral [`Call`]s into requests, paces them, batches them where the
//! platform can, and classes every failure once. It decides nothing: what to call is the plan's,
//! what to do about a failure is `apply`'s.

use std::collections::BTreeSet;
use std::time::Duration;

use crate::error::Text;
use crate::secret::Secret;
use crate::stop::Stop;

pub(crate) mod http;
pub(crate) mod max;
pub(crate) mod pace;
mod pins;
pub(crate) mod vk;

pub(crate) use vk::id::{SignIn, signed_in};

/// A messenger.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize,
)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// VK Messenger.
    Vk,
    /// MAX.
    Max,
}

impl Kind {
    /// The name used in configuration, roster and reports.
    pub fn name(self) -> &'static str {
        match self {
            Kind::Vk => "vk",
            Kind::Max => "max",
        }
    }
}

/// One thing that a platform lets a token do (`interface.md`, ruling 13).
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum Capability {
    /// Make a chat.
    CreateChat,
    /// Put a person into a chat.
    AddMembers,
    /// Take a person out of a chat.
    RemoveMembers,
    /// Change a chat's title.
    RenameChat,
    /// Give and take admin rights.
    GrantAdmin,
    /// Read a chat's invite link.
    ReadLink,
    /// Make a new invite link and revoke the old one.
    RotateLink,
    /// Read who is in a chat.
    ListMembers,
    /// Find the account's own chats.
    ListChats,
    /// Post a message into a chat.
    SendMessage,
    /// Start and finish a call.
    StartCall,
}

impl Capability {
    /// Every capability, in the order of the documentation.
    pub const ALL: [Capability; 11] = [
        Capability::CreateChat,
        Capability::AddMembers,
        Capability::RemoveMembers,
        Capability::RenameChat,
        Capability::GrantAdmin,
        Capability::ReadLink,
        Capability::RotateLink,
        Capability::ListMembers,
        Capability::ListChats,
        Capability::SendMessage,
        Capability::StartCall,
    ];

    /// The name used in configuration and reports.
    pub fn name(self) -> &'static str {
        match self {
            Capability::CreateChat => "create_chat",
            Capability::AddMembers => "add_members",
            Capability::RemoveMembers => "remove_members",
            Capability::RenameChat => "rename_chat",
            Capability::GrantAdmin => "grant_admin",
            Capability::ReadLink => "read_link",
            Capability::RotateLink => "rotate_link",
            Capability::ListMembers => "list_members",
            Capability::ListChats => "list_chats",
            Capability::SendMessage => "send_message",
            Capability::StartCall => "start_call",
        }
    }
}

/// One call on the platform. `chat` is the platform's own id of the chat (`platform_id`), `account`
/// the platform's id of a person, both as text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Call {
    /// Make an empty chat.
    CreateChat {
        /// The chat's title.
        title: String,
    },
    /// Change the title, and the description where one is given and the platform has one.
    RenameChat {
        /// The chat's platform id.
        chat: String,
        /// The chat's title.
        title: String,
        /// What the chat says about itself; empty takes it away, `None` leaves it.
        description: Option<String>,
    },
    /// Put an account in.
    AddMember {
        /// The chat's platform id.
        chat: String,
        /// The account's id.
        account: String,
    },
    /// Take an account out.
    RemoveMember {
        /// The chat's platform id.
        chat: String,
        /// The account's id.
        account: String,
    },
    /// Give or take admin rights of a member.
    SetAdmin {
        /// The chat's platform id.
        chat: String,
        /// The account's id.
        account: String,
        /// The rights to give, in the platform's own words, in the place of those that the admin
        /// has (VK knows one right only and ignores the words); `None` takes all rights.
        rights: Option<BTreeSet<String>>,
    },
    /// Read what the library's own account may do in the chat.
    OwnRights {
        /// The chat's platform id.
        chat: String,
    },
    /// Read the invite link.
    ReadLink {
        /// The chat's platform id.
        chat: String,
    },
    /// Revoke the invite link and make a new one.
    RotateLink {
        /// The chat's platform id.
        chat: String,
    },
    /// Read everybody who is in the chat, all pages.
    Members {
        /// The chat's platform id.
        chat: String,
    },
    /// Read title, owner and state of these chats (`None`: of every chat that the account has).
    Chats {
        /// These platform ids; `None`: every chat.
        only: Option<Vec<String>>,
    },
    /// Post a message. `once` makes a repeated post the same message where the platform can.
    SendMessage {
        /// The chat's platform id.
        chat: String,
        /// The text.
        text: String,
        /// The same number makes a repetition the same message.
        once: i32,
    },
    /// Pin a message, where the platform lets this token, without a word about it in the chat. That
    /// it cannot be pinned says nothing about whether messages can be posted.
    Pin {
        /// The chat's platform id.
        chat: String,
        /// The message's id in its chat.
        message: String,
    },
    /// Take the pin down. Done where nothing is pinned.
    Unpin {
        /// The chat's platform id.
        chat: String,
        /// Only where this message is the pinned one: what somebody has pinned since then stays.
        /// `None`: whatever is pinned.
        message: Option<String>,
    },
    /// Look for a recent message of the library's own account in a chat that holds all of these
    /// parts; the newest where there are several.
    FindPost {
        /// The chat's platform id.
        chat: String,
        /// What the text holds.
        parts: Vec<String>,
    },
    /// Start a call, which belongs to no chat: its link is posted where it is wanted. Each time
    /// another one, so after a lost answer nobody knows whether one runs. No platform tells of
    /// calls that run, nor of one that ended (`platforms/vk.md`, section 4.14).
    StartCall,
    /// Finish a call. Done where it had finished before, or is not known any more.
    FinishCall {
        /// The call's id, as [`Answer::Call`] told it.
        id: String,
    },
    /// Write to a person, who must have opened a dialog with the library's own account before.
    Tell {
        /// The person's account.
        account: String,
        /// The text.
        text: String,
        /// The same number makes a repetition the same message, where the platform can.
        once: i32,
    },
    /// Look whether a recent message of the library's own account to a person holds all of these
    /// parts.
    FindMessage {
        /// The person's account.
        account: String,
        /// The platform id of the dialog with the person, as far as it is known. MAX needs it.
        dialog: Option<String>,
        /// What the text holds.
        parts: Vec<String>,
    },
    /// Read what happened since `marker`; asking with a marker lets the platform forget everything
    /// before it.
    Events {
        /// The marker of the last answer; `None` for the first time.
        marker: Option<String>,
    },
}

impl Call {
    /// The capability that the call needs.
    pub fn capability(&self) -> Capability {
        match self {
            Call::CreateChat { .. } => Capability::CreateChat,
            Call::RenameChat { .. } => Capability::RenameChat,
            Call::AddMember { .. } => Capability::AddMembers,
            Call::RemoveMember { .. } => Capability::RemoveMembers,
            Call::SetAdmin { .. } => Capability::GrantAdmin,
            Call::ReadLink { .. } => Capability::ReadLink,
            Call::RotateLink { .. } => Capability::RotateLink,
            Call::Members { .. } => Capability::ListMembers,
            Call::Chats { .. } => Capability::ListChats,
            Call::SendMessage { .. }
            | Call::Tell { .. }
            | Call::FindMessage { .. }
            | Call::FindPost { .. }
            | Call::Pin { .. }
            | Call::Unpin { .. } => Capability::SendMessage,
            Call::StartCall | Call::FinishCall { .. } => Capability::StartCall,
            Call::OwnRights { .. } => Capability::ListMembers,
            Call::Events { .. } => Capability::ListChats,
        }
    }
}

/// What the platform answered to a [`Call`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// Done, nothing to tell. Also the answer where it had been done before (an absent member
    /// removed).
    Done,
    /// The new chat's platform id.
    Created {
        /// The chat's platform id.
        chat: String,
    },
    /// An invite link.
    Link(String),
    /// Everybody in the chat.
    Members(Vec<Presence>),
    /// Chats found; ids that were asked for and are missing here do not exist for this account.
    Chats(Vec<FoundChat>),
    /// A posted message's id in its chat, as text.
    Message(String),
    /// A person was written to.
    Told {
        /// The platform id of the dialog, where the platform tells it.
        dialog: Option<String>,
    },
    /// Whether there is such a message.
    Found(bool),
    /// The id of such a message in its chat, as [`Call::Pin`] wants it; `None` where there is none.
    Post(Option<String>),
    /// A call that runs.
    Call {
        /// Its id; empty where the platform tells none, and then only a person can finish it.
        id: String,
        /// The link by which people join it.
        join_url: String,
    },
    /// What the library's own account may do in a chat.
    Rights(OwnRights),
    /// What happened, oldest first, and the marker to ask with next; `more` where the platform has
    /// not told everything yet.
    Events {
        /// What happened.
        events: Vec<Event>,
        /// Where the next question begins; `None` where the platform gave none.
        marker: Option<String>,
        /// Whether there is more to be read at once.
        more: bool,
    },
}

/// Rights that a platform gives without being asked and does not always tell (MAX's `can_call`, by
/// `platforms/max.md`, section 4.3): their absence means nothing.
pub(crate) const UNTOLD_RIGHTS: [&str; 1] = ["can_call"];

/// What the library's own account may do in one chat.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct OwnRights {
    /// It is in the chat.
    pub inside: bool,
    /// It is an admin there.
    pub admin: bool,
    /// The admin rights that it has, in the platform's own words.
    pub rights: BTreeSet<String>,
}

impl OwnRights {
    /// What cannot be done in a chat with these rights.
    pub fn unable(&self, kind: Kind) -> BTreeSet<Capability> {
        match kind {
            Kind::Max => max::unable(self),
            Kind::Vk => BTreeSet::new(),
        }
    }

    /// The rights that the library needs for its work and has not, in the platform's own words.
    pub fn lacking(&self, kind: Kind) -> Vec<&'static str> {
        let has = |right: &&str| self.admin && self.rights.contains(*right);
        match kind {
            Kind::Max => max::NEEDED.into_iter().filter(|right| !has(right)).collect(),
            Kind::Vk => Vec::new(),
        }
    }
}

/// Something that happened on the platform, as far as the library cares. Texts that people wrote
/// never get here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// The library's own account was put into a chat.
    Entered {
        /// The chat's platform id.
        chat: String,
        /// Who did it.
        by: Option<String>,
    },
    /// The library's own account was taken out of a chat.
    Expelled {
        /// The chat's platform id.
        chat: String,
    },
    /// The rights of the library's own account in a chat have changed.
    OwnRights {
        /// The chat's platform id.
        chat: String,
        /// What it may do now.
        rights: OwnRights,
    },
    /// Somebody came in.
    Joined {
        /// The chat's platform id.
        chat: String,
        /// Who.
        account: String,
    },
    /// Somebody went out or was taken out.
    Left {
        /// The chat's platform id.
        chat: String,
        /// Who.
        account: String,
    },
    /// A chat has another title.
    Titled {
        /// The chat's platform id.
        chat: String,
        /// The new title.
        title: String,
    },
    /// Somebody wrote something in a chat that looks like a task's code (`#7K2Q`).
    Code {
        /// The chat's platform id.
        chat: String,
        /// The code, with its `#`, in capitals.
        code: String,
    },
    /// Somebody opened a dialog with the library's own account, maybe by a link that carried a
    /// payload.
    Started {
        /// Who.
        account: String,
        /// What the link carried.
        payload: Option<String>,
        /// The platform id of the dialog.
        dialog: Option<String>,
    },
    /// Somebody wrote in their dialog with the library's own account, so it is open.
    Wrote {
        /// Who.
        account: String,
        /// The platform id of the dialog.
        dialog: Option<String>,
    },
    /// Somebody stopped the library's own account: it cannot write to them any more.
    Stopped {
        /// Who.
        account: String,
    },
}

/// Reads events in the platform's own form, such as a host's webhook received them. What is unknown
/// or of no concern is left out.
pub(crate) fn read_events(kind: Kind, events: &[serde_json::Value]) -> Vec<Event> {
    match kind {
        Kind::Max => events.iter().flat_map(max::event).collect(),
        Kind::Vk => Vec::new(),
    }
}

/// One account seen in a chat.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Presence {
    /// The account's id on the platform.
    pub account: String,
    /// Has admin rights (an owner has them too).
    pub admin: bool,
    /// Owns the chat.
    pub owner: bool,
    /// Is not a person: a bot or a community.
    pub bot: bool,
    /// An admin's rights in the platform's own words, also those that this version does not know;
    /// empty where the platform tells none.
    pub rights: BTreeSet<String>,
    /// What the platform shows as the name; empty where it tells none. Never stored.
    pub name: String,
}

/// One chat of the library's own account as the platform tells it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FoundChat {
    /// The chat's id on the platform.
    pub chat: String,
    /// Its title.
    pub title: String,
    /// The library's own account owns it.
    pub own: bool,
    /// How many members it has, the library's own account included; `None` where unknown.
    pub members: Option<u32>,
    /// Why nothing can be done in it any more (`vk.993`), where the platform tells.
    pub gone: Option<String>,
    /// Its invite link, where the platform tells it along.
    pub link: Option<String>,
}

/// What to do about a failure. Each driver classes its platform's errors once, here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Class {
    /// Passing: try again after a short pause, in the same cycle.
    RetryNow,
    /// Try again in a later cycle, not before [`Failure::after`].
    RetryLater,
    /// Refused for good, as long as the call stays the same.
    Never,
    /// The chat exists no more, or nothing can be done in it any more.
    ChatGone,
    /// The token is refused: nothing will work until a person gives another one.
    TokenDead,
    /// The platform does not let this token do it.
    Missing,
    /// The library's own account lacks the right in this one chat; a person there can give it.
    MissingHere,
    /// No answer came: whether it was done must be read before it is repeated.
    Lost,
    /// The messenger cannot be reached at all; nothing was sent.
    Unreachable,
    /// Stopped by cancel or by the time budget before anything was sent.
    Stopped,
}

/// Why a call was not done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// What to do about it.
    pub class: Class,
    /// The platform's code with its name in front: `vk.925`; `http.timeout`, `http.connect`.
    pub code: String,
    /// One sentence for a person. Never holds a token.
    pub message: Text,
    /// For [`Class::RetryLater`]: how long to wait at least.
    pub after: Duration,
}

/// What a successful [`Platform::connect`] tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Connection {
    /// The library's own account on the platform, as it appears among members (`-42` on VK).
    pub own_account: String,
    /// The name of the community or bot, for diagnostics.
    pub title: String,
    /// The short name by which links to it are made (`id7700000000_bot`), where there is one.
    pub nick: Option<String>,
    /// What the connect itself showed to be impossible or possible; others are not in the list.
    pub capabilities: Vec<(Capability, bool)>,
}

/// How much was asked of the platform since the driver was made.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize)]
pub struct Counters {
    /// HTTP requests sent, retries included.
    pub sent: u64,
    /// Of these, repetitions.
    pub retried: u64,
    /// Milliseconds spent waiting for the platform's rate.
    pub waited_ms: u64,
}

/// A messenger's driver. Methods may be called from several threads at once; the driver keeps all
/// of them together below the platform's rate.
pub trait Platform: Send + Sync {
    /// Which messenger.
    fn kind(&self) -> Kind;

    /// Checks token and community, and tells who the library is there.
    fn connect(&self, stop: &Stop) -> Result<Connection, Failure>;

    /// Finds out whether this token can do it, without changing anything. Called only where
    /// [`connect`](Platform::connect) did not tell and the answer matters for a plan. `None`: it
    /// cannot be tried now, which says nothing.
    fn probe(&self, capability: Capability, stop: &Stop) -> Result<Option<bool>, Failure>;

    /// How many calls like this one may travel in one request.
    fn batch(&self, call: &Call) -> usize;

    /// Does the calls in one request where the platform can (the caller keeps to
    /// [`batch`](Platform::batch)) and answers each. Passing failures are retried inside as long as
    /// repeating is harmless; [`Class::Lost`] is never retried inside for a call that changes.
    fn perform(&self, calls: &[Call], stop: &Stop) -> Vec<Result<Answer, Failure>>;

    /// What was asked of the platform so far.
    fn counters(&self) -> Counters;
}

/// What a driver needs to reach its messenger.
#[derive(Debug, Clone)]
pub struct Access {
    /// The API's root without the method path (`https://api.vk.ru`).
    pub base_url: String,
    /// The token; sent in a header only.
    pub token: Secret,
    /// VK's positive group id; empty on platforms that have none, such as MAX.
    pub community: String,
    /// Requests a second at most, all threads together. Below the platform's published rate.
    pub requests_per_second: u32,
    /// How to get out, if not directly. Never taken from the environment.
    pub proxy: Option<Proxy>,
    /// PEM file of certificates trusted beside the public roots.
    pub ca_file: Option<std::path::PathBuf>,
    /// How long connecting may take.
    pub connect_timeout: Duration,
    /// How long one request may take in all.
    pub request_timeout: Duration,
}

/// An HTTP proxy (`proxy_server` … `proxy_auth` of a host's exchange task, P2).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proxy {
    /// Host name or address; may carry a scheme (`http://`, `socks5://`), `http` where it has none.
    pub server: String,
    /// Port.
    pub port: u16,
    /// User and password, where the proxy wants them.
    pub login: Option<(String, Secret)>,
}

/// The driver of a messenger.
///
/// # Errors
/// A CA file that cannot be read or holds no certificate, or a proxy that cannot be understood.
pub fn driver(kind: Kind, access: Access) -> crate::error::Result<Box<dyn Platform>> {
    match kind {
        Kind::Vk => Ok(Box::new(vk::Vk::new(access)?)),
        Kind::Max => Ok(Box::new(max::Max::new(access)?)),
    }
}
