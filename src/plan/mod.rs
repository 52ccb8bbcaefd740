//! The difference between what should be and what is known: pure, without clock, network or Luau.
//!
//! [`plan`] takes everything by reference and answers the same for the same input, byte for byte.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use jiff::Timestamp;

use crate::config::{Guard, Leavers, Strangers};
use crate::error::{Fault, Text};
use crate::fingerprint::Fingerprint;
use crate::platform::{self, Capability};
use crate::profile::Desired;
use crate::roster::{Frozen, Table};

mod census;
mod chat;
mod former;
mod guard;
mod known;
mod members;
mod task;
mod unlinked;
mod years;

pub use census::{Census, Counts, MemberRow, census};
pub use former::{
    Accounts, Moving, Rekeyed, Score, add_former, end_is_due, notice_is_due, successor,
    successor_key,
};
pub use guard::{HeldRow, Hold, approves, hold_fingerprint};
pub(crate) use members::wanted as wanted_accounts;

pub use known::{
    Allowed, Attempt, ChatState, Invitation, Known, KnownChat, KnownHold, KnownMember, MemberState,
    Notice, Present, Waiting,
};
pub use years::{Line, Standing, Turn, Years, object_of};

pub use task::{
    Details as TaskDetails, TaskKind, Wanted as WantedTask, code as task_code, codes_in,
};

/// What is done to a chat or a person in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// `revoke_admin`
    RevokeAdmin,
    /// `remove_member`
    RemoveMember,
    /// `archive_chat`
    ArchiveChat,
    /// `create_chat`
    CreateChat,
    /// `restore_chat`
    RestoreChat,
    /// `rename_chat`
    RenameChat,
    /// `rotate_link`
    RotateLink,
    /// `add_member`
    AddMember,
    /// `invite_member`
    InviteMember,
    /// `grant_admin`
    GrantAdmin,
    /// `delete_chat`
    DeleteChat,
    /// `post_message`
    PostMessage,
    /// `start_call`
    StartCall,
    /// `finish_call`
    FinishCall,
}

impl Kind {
    /// Every kind, in the order in which a cycle does them: who must go goes first.
    pub const ALL: [Kind; 14] = [
        Kind::RevokeAdmin,
        Kind::RemoveMember,
        Kind::ArchiveChat,
        Kind::CreateChat,
        Kind::RestoreChat,
        Kind::RenameChat,
        Kind::RotateLink,
        Kind::AddMember,
        Kind::InviteMember,
        Kind::GrantAdmin,
        Kind::DeleteChat,
        Kind::PostMessage,
        Kind::StartCall,
        Kind::FinishCall,
    ];

    /// The word in documents and in the state file.
    pub fn name(self) -> &'static str {
        match self {
            Kind::RevokeAdmin => "revoke_admin",
            Kind::RemoveMember => "remove_member",
            Kind::ArchiveChat => "archive_chat",
            Kind::CreateChat => "create_chat",
            Kind::RestoreChat => "restore_chat",
            Kind::RenameChat => "rename_chat",
            Kind::RotateLink => "rotate_link",
            Kind::AddMember => "add_member",
            Kind::InviteMember => "invite_member",
            Kind::GrantAdmin => "grant_admin",
            Kind::DeleteChat => "delete_chat",
            Kind::PostMessage => "post_message",
            Kind::StartCall => "start_call",
            Kind::FinishCall => "finish_call",
        }
    }

    /// Whether it takes away what somebody should not have.
    pub fn takes_away(self) -> bool {
        matches!(
            self,
            Kind::RevokeAdmin
                | Kind::RemoveMember
                | Kind::ArchiveChat
                | Kind::RotateLink
                | Kind::DeleteChat
        )
    }

    /// The kind with this name.
    pub fn from_name(name: &str) -> Option<Kind> {
        Kind::ALL.into_iter().find(|kind| kind.name() == name)
    }
}

/// One change on the platform, with its reason.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Operation {
    /// What is done.
    pub kind: Kind,
    /// The chat's key.
    pub chat: String,
    /// The account concerned; empty where the chat itself is.
    pub account: String,
    /// The people behind the account, by `sourcedId`; empty for a stranger.
    pub people: Vec<String>,
    /// The new title, for a chat that is made or renamed.
    pub title: Option<String>,
    /// Why.
    pub cause: Cause,
}

/// Why an operation is planned.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Cause {
    /// The profile wants it: the words and rows of the reasons.
    Belongs(String),
    /// The profile has a chat of this kind here.
    Wanted(String),
    /// The roster no longer names the person here.
    LeftRoster,
    /// The person's account was unlinked or replaced.
    AccountChanged,
    /// The person asked for another account, or for none.
    AskedToLeave,
    /// Nobody named this account.
    Stranger,
    /// The school knows the person, and the profile does not name them in this chat.
    Misplaced,
    /// The person stays, the role is no longer theirs.
    RoleLost,
    /// A right that nobody gave through the roster.
    RoleUnknown,
    /// The chat is put to rest and emptied by policy.
    Emptied,
    /// The class is dissolved, or the mode that made the chat is off.
    NotWanted,
    /// The class or organisation has been missing for too long.
    MissingTooLong,
    /// The profile speaks of it again.
    WantedAgain,
    /// The title in the roster or in the profile's settings has changed.
    TitleChanged,
    /// Another class goes on with the chat: the class before, and the one now.
    Continues(String, String),
    /// Was in the group when it was bound to its key, and the roster does not name this account.
    Adopted,
    /// Somebody who was taken out came in again by the link.
    Leaked,
    /// The school has moved to another messenger.
    Moved,
    /// An online lesson begins or ends.
    Lesson(crate::calls::Why),
    /// A person ordered it through the host's screens: their `sourcedId`, or `system`.
    Ordered(String),
}

impl Cause {
    /// The reason as a person reads it.
    pub fn text(&self) -> Text {
        match self {
            Cause::Belongs(words) => Text::new(words.clone(), words.clone()),
            Cause::Wanted(kind) => wanted(kind),
            Cause::Misplaced => Text::new(
                "школа знает этого человека, но в этом чате его не должно быть",
                "the school knows this person, who does not belong into this chat",
            ),
            Cause::LeftRoster => Text::new(
                "данные школы больше не называют этого человека в этом чате",
                "the school's data no longer names this person here",
            ),
            Cause::AccountChanged => Text::new(
                "учётная запись отвязана или заменена",
                "the account was unlinked or replaced",
            ),
            Cause::AskedToLeave => Text::new(
                "человек отвязал или сменил учётную запись сам",
                "the person unlinked or replaced the account themselves",
            ),
            Cause::Stranger => Text::new(
                "этой учётной записи нет в данных школы",
                "the school's data does not know this account",
            ),
            Cause::RoleLost => Text::new(
                "данные школы больше не дают прав администратора",
                "the school's data no longer gives admin rights",
            ),
            Cause::RoleUnknown => Text::new(
                "права администратора выданы вручную",
                "the admin rights were given by hand",
            ),
            Cause::Emptied => Text::new(
                "чат отправлен в архив, участники исключаются по настройке archive.members",
                "the chat is archived and emptied by archive.members",
            ),
            Cause::NotWanted => Text::new(
                "класс расформирован или режим чата выключен",
                "the class is dissolved or the chat's mode is off",
            ),
            Cause::MissingTooLong => Text::new(
                "класса или организации нет в данных школы дольше missing_after",
                "the class or organisation has been missing for longer than missing_after",
            ),
            Cause::WantedAgain => {
                Text::new("чат снова предусмотрен профилем", "the profile wants the chat again")
            }
            Cause::TitleChanged => Text::new("название изменилось", "the title has changed"),
            Cause::Continues(before, now) => continues(before, now),
            Cause::Adopted => Text::new(
                "был в группе до её привязки, в данных школы этой учётной записи здесь нет",
                "was in the group before it was bound; the school's data does not name this account \
                 here",
            ),
            Cause::Lesson(why) => why.text(),
            Cause::Moved => Text::new(
                "школа перешла в другой мессенджер, вместо этого чата есть новый",
                "the school has moved to another messenger, a new chat takes this one's place",
            ),
            Cause::Ordered(by) => ordered_by(by),
            Cause::Leaked => Text::new(
                "исключённый вернулся по ссылке: прежняя ссылка больше не должна действовать",
                "somebody who was removed came back by the link: the old link must stop working",
            ),
        }
    }

    /// Whether the guard counts an operation with this cause: strangers, hand-made rights and the
    /// emptying of an archived chat are not losses of the school's people, and what a person orders
    /// is no accident of an export.
    pub fn counts(&self) -> bool {
        matches!(self, Cause::LeftRoster | Cause::AccountChanged | Cause::RoleLost)
    }
}

fn ordered_by(by: &str) -> Text {
    match by {
        "system" => Text::new("так распорядилась система школы", "the school's system ordered it"),
        by => Text::new(format!("распоряжение человека {by}"), format!("ordered by {by}")),
    }
}

fn wanted(kind: &str) -> Text {
    Text::new(
        format!("профиль предусматривает чат вида {kind}"),
        format!("the profile has a chat of the kind {kind} here"),
    )
}

fn continues(before: &str, now: &str) -> Text {
    Text::new(
        format!("новый учебный год: чат класса {before} продолжает класс {now}"),
        format!("the new school year: {now} goes on with the chat of {before}"),
    )
}

/// What the roster lacks entirely though it had it before, and since when (ruling 5).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Lacking {
    /// Whole tables.
    pub tables: BTreeMap<Table, Timestamp>,
    /// Organisations, by `sourcedId`.
    pub orgs: BTreeMap<String, Timestamp>,
    /// Classes, by `sourcedId`.
    pub classes: BTreeMap<String, Timestamp>,
}

/// The rules of the configuration that a plan follows.
#[derive(Debug, Clone)]
pub struct Policy {
    /// When the guard holds.
    pub guard: Guard,
    /// How long a person stays after leaving the roster.
    pub grace: Duration,
    /// How long what is missing is left alone.
    pub missing_after: Duration,
    /// Whether archived chats keep their members.
    pub archive_keeps_members: bool,
    /// Accounts never removed.
    pub protect: BTreeSet<String>,
    /// What happens to strangers.
    pub strangers: Strangers,
    /// What happens to people who left by themselves.
    pub leavers: Leavers,
    /// After how long an invitation that nobody followed counts as expired.
    pub invitations_expire: Duration,
    /// What becomes of the chats on the previous platform, where there is one.
    pub moving: Option<Moving>,
}

/// Which chats a cycle is limited to; empty sets limit nothing.
#[derive(Debug, Clone, Default)]
pub struct Scope {
    /// Kinds.
    pub kinds: BTreeSet<String>,
    /// Keys.
    pub chats: BTreeSet<String>,
}

impl Scope {
    /// Whether a chat is inside.
    pub fn holds(&self, key: &str, kind: &str) -> bool {
        let by_key = self.chats.is_empty() || self.chats.contains(key);
        let by_kind = self.kinds.is_empty() || self.kinds.contains(kind);
        by_key && by_kind
    }
}

/// What is known about one platform.
#[derive(Debug, Clone, Default)]
pub struct Side {
    /// What the token can do; what is not in the set it cannot.
    pub able: BTreeSet<Capability>,
    /// The library's own account.
    pub own_account: String,
}

/// Everything that a plan is made from.
#[derive(Debug, Clone, Copy)]
pub struct Input<'a> {
    /// What should be.
    pub desired: &'a Desired,
    /// What is known.
    pub known: &'a Known,
    /// What broken rows name.
    pub frozen: &'a Frozen,
    /// What the roster lacks.
    pub lacking: &'a Lacking,
    /// The rules.
    pub policy: &'a Policy,
    /// The limits of this cycle.
    pub scope: &'a Scope,
    /// Each platform that this cycle serves: the current one, and the one moved away from.
    pub sides: &'a BTreeMap<platform::Kind, Side>,
    /// The current platform, on which chats are made.
    pub platform: platform::Kind,
    /// The organisations that this session serves; chats of others are left alone.
    pub organizations: &'a BTreeSet<String>,
    /// The present moment.
    pub now: Timestamp,
    /// The fingerprint that a person approved, if any.
    pub approved: Option<&'a str>,
}

impl Input<'_> {
    /// Whether something can be done in a chat: by the token, and by its rights there.
    fn can(&self, chat: &KnownChat, capability: Capability) -> bool {
        self.able_on(chat.platform, capability) && !chat.unable().contains(&capability)
    }

    /// Whether a platform lets the token do something at all.
    fn able_on(&self, platform: platform::Kind, capability: Capability) -> bool {
        self.sides.get(&platform).is_some_and(|side| side.able.contains(&capability))
    }

    /// Whether an account is never taken out or stripped of rights: the library's own, or one that
    /// the configuration protects.
    fn is_protected(&self, platform: platform::Kind, account: &str) -> bool {
        let own = self.sides.get(&platform).is_some_and(|side| side.own_account == account);
        own || (platform == self.platform && self.policy.protect.contains(account))
    }
}

/// What to do, what is held, and when to look again.
#[derive(Debug, Clone, Default)]
pub struct Plan {
    /// What to do, in order.
    pub operations: Vec<Operation>,
    /// What the guard holds back.
    pub held: Vec<Operation>,
    /// Why, a row for each rule that holds.
    pub held_rows: Vec<HeldRow>,
    /// The hold as a whole, to be approved by its fingerprint.
    pub hold: Option<Hold>,
    /// An approval that this plan carries out and that is then used up.
    pub approved: bool,
    /// The operations that the approval lets go; they count for the guard no further.
    pub released: BTreeSet<Operation>,
    /// Accounts that the roster no longer means: (chat, account, since).
    pub leaving: Vec<(String, String, Timestamp)>,
    /// Operations that are wanted and wait because they failed.
    pub waiting: std::collections::BTreeSet<(String, Attempt)>,
    /// What only a person can do.
    pub tasks: BTreeSet<WantedTask>,
    /// What a person should know.
    pub warnings: Vec<Fault>,
    /// When time alone will change the plan: a grace that ends, a retry that is due.
    pub next_due: Option<Timestamp>,
    /// Fingerprint of the operations.
    pub fingerprint: String,
}

impl Plan {
    /// Remembers that something will be due at `moment`.
    fn due(&mut self, moment: Timestamp) {
        self.next_due = Some(self.next_due.map_or(moment, |due| due.min(moment)));
    }
}

/// Makes the plan.
pub fn plan(input: &Input) -> Plan {
    let mut plan = Plan::default();
    let keys: BTreeSet<&String> =
        input.desired.chats.keys().chain(input.known.chats.keys()).collect();
    for key in keys {
        chat::plan(input, key, &mut plan);
    }
    name_strangers(input, &mut plan.operations);
    // A person whose row is broken is removed from nowhere (ruling 4), as a stranger neither.
    let frozen = |person: &String| input.frozen.people.contains(person);
    plan.operations.retain(|operation| {
        let unknown = matches!(operation.cause, Cause::Misplaced | Cause::Adopted);
        !unknown || !operation.people.iter().any(frozen)
    });
    guard::hold(input, &mut plan);
    plan.operations.sort();
    plan.fingerprint = fingerprint(&plan.operations);
    plan
}

/// A stranger in one chat may be somebody whom the school knows elsewhere: then the reason says so, and
/// the audit finds the person.
fn name_strangers(input: &Input, operations: &mut [Operation]) {
    let strange =
        |operation: &&mut Operation| matches!(operation.cause, Cause::Stranger | Cause::Adopted);
    let mut strangers = operations.iter_mut().filter(strange).peekable();
    if strangers.peek().is_none() {
        return;
    }
    let mut people: BTreeMap<(platform::Kind, &str), BTreeSet<&str>> = BTreeMap::new();
    for (person, member) in input.desired.chats.values().flat_map(|chat| &chat.members) {
        for platform in input.sides.keys() {
            if let Some(account) = members::account_on(member, *platform) {
                people.entry((*platform, account)).or_default().insert(person);
            }
        }
    }
    for stranger in strangers {
        let chat = input.known.chats.get(&stranger.chat);
        let platform = chat.map_or(input.platform, |chat| chat.platform);
        if let Some(people) = people.get(&(platform, stranger.account.as_str())) {
            stranger.people = people.iter().map(|person| (*person).to_owned()).collect();
            if stranger.cause == Cause::Stranger {
                stranger.cause = Cause::Misplaced;
            }
        }
    }
}

fn fingerprint(operations: &[Operation]) -> String {
    let mut fingerprint = Fingerprint::new();
    for operation in operations {
        fingerprint
            .add(operation.kind.name())
            .add(&operation.chat)
            .add(&operation.account)
            .add(operation.title.as_deref().unwrap_or_default());
    }
    fingerprint.hex()
}
