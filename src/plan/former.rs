//! A chat that was left behind on the previous messenger: it only loses people, tells once where
//! its successor is, and comes to its end by the rules of `move`.
//!
//! The successor has the plain key; the chat left behind has that key and the messenger's name.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use super::chat::{self, operation, task};
use super::members::{self, account_on};
use super::{Attempt, Cause, ChatState, Input, Kind, Known, KnownChat, Operation, Plan, TaskKind};
use crate::config::Old;
use crate::platform::{self, Capability};
use crate::profile::{Desired, DesiredChat, Existence};

/// What becomes of the chats on the previous platform.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Moving {
    /// Whether the old chat is told where the new one is.
    pub notice: bool,
    /// What is done with the old chat in the end.
    pub old: Old,
    /// The end has come for a chat when this share of its people is in the new one.
    pub share: Option<f64>,
    /// The end has come for all chats at this moment.
    pub on: Option<Timestamp>,
}

/// A chat that gets another key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rekeyed {
    /// The key that it had.
    pub from: String,
    /// The key that it gets.
    pub to: String,
    /// Whether it is left behind from now on; `false`: it is taken up again.
    pub former: bool,
}

/// How far a chat's people have come.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Score {
    /// Who should be in and is in the new chat.
    pub joined: u32,
    /// Who should be in and is in either of the two.
    pub of: u32,
}

impl Score {
    /// Counts a chat that was left behind; `desired` is what [`add_former`] made of it. Who has left
    /// the old chat for the new one still counts, or the last to come would be the whole.
    pub fn of(desired: &DesiredChat, former: &KnownChat, successor: Option<&KnownChat>) -> Score {
        let mut score = Score::default();
        let is_in = |chat: &KnownChat, member| {
            account_on(member, chat.platform).is_some_and(|one| chat.present.contains_key(one))
        };
        for member in desired.members.values() {
            let joined = successor.is_some_and(|chat| is_in(chat, member));
            score.joined += u32::from(joined);
            score.of += u32::from(joined || is_in(former, member));
        }
        score
    }

    /// Whether this share has joined.
    pub fn reaches(self, share: f64) -> bool {
        f64::from(self.joined) >= share * f64::from(self.of)
    }
}

/// The key of the chat that takes the place of one that was left behind.
pub fn successor_key(former: &str) -> &str {
    former.rsplit_once('@').map_or(former, |(key, _)| key)
}

impl Known {
    /// Which chats get another key when a school moves: those on the previous platform are left
    /// behind, and what an earlier move left behind on the current one is taken up again.
    pub fn moves(&self, from: platform::Kind, to: platform::Kind) -> Vec<Rekeyed> {
        let lives = |chat: &KnownChat| {
            use ChatState::{Active, Archived, Gone};
            chat.platform_id.is_some() && matches!(chat.state, Active | Archived | Gone)
        };
        let left =
            self.chats.values().filter(|chat| !chat.former && chat.platform == from && lives(chat));
        let mut moves: Vec<Rekeyed> = left
            .map(|chat| Rekeyed {
                from: chat.key.clone(),
                to: self.former_key(&chat.key, from),
                former: true,
            })
            .collect();
        let mut free: BTreeSet<String> = moves.iter().map(|one| one.from.clone()).collect();
        let unmade = self.chats.values().filter(|chat| chat.platform_id.is_none());
        free.extend(unmade.map(|chat| chat.key.clone()));
        for chat in self.chats.values().filter(|chat| chat.former && chat.platform == to) {
            let plain = successor_key(&chat.key);
            let usable = lives(chat) && chat.state != ChatState::Gone;
            if usable && (free.remove(plain) || !self.chats.contains_key(plain)) {
                let (from, to) = (chat.key.clone(), plain.to_owned());
                moves.push(Rekeyed { from, to, former: false });
            }
        }
        moves
    }

    /// A school may leave the same messenger more than once.
    fn former_key(&self, key: &str, platform: platform::Kind) -> String {
        let first = format!("{key}@{}", platform.name());
        let further = (2..).map(|time| format!("{first}.{time}"));
        let mut keys = std::iter::once(first.clone()).chain(further);
        keys.find(|key| !self.chats.contains_key(key)).unwrap_or(first)
    }

    /// Gives chats their other keys.
    pub fn rekey(&mut self, moves: &[Rekeyed]) {
        for one in moves {
            let Some(mut chat) = self.chats.remove(&one.from) else { continue };
            chat.key.clone_from(&one.to);
            chat.former = one.former;
            chat.digest.clear();
            chat.notice = None;
            self.chats.insert(one.to.clone(), chat);
            for allowed in self.allowed.iter_mut().filter(|allowed| allowed.chat == one.from) {
                allowed.chat.clone_from(&one.to);
            }
        }
    }
}

/// What is known about accounts beside what the profile says.
#[derive(Debug, Clone, Default)]
pub struct Accounts {
    /// People who asked not to be anywhere on a messenger, by `sourcedId`.
    pub unlinked: BTreeMap<platform::Kind, BTreeSet<String>>,
    /// Accounts that stand for anybody now, in a chat or not.
    pub named: BTreeMap<platform::Kind, BTreeSet<String>>,
}

/// Adds to what should be the chats that were left behind on these platforms.
pub fn add_former(
    desired: &mut Desired,
    known: &Known,
    platforms: &[platform::Kind],
    accounts: &Accounts,
) {
    let nobody = BTreeSet::new();
    for platform in platforms {
        let unlinked = accounts.unlinked.get(platform).unwrap_or(&nobody);
        let named = accounts.named.get(platform).unwrap_or(&nobody);
        let left = known.chats.values().filter(|chat| chat.former && chat.platform == *platform);
        let added: Vec<DesiredChat> = left
            .filter_map(|chat| {
                let plain = desired.chats.get(successor_key(&chat.key))?;
                Some(people_of(plain, chat, unlinked, named))
            })
            .collect();
        desired.chats.extend(added.into_iter().map(|chat| (chat.key.clone(), chat)));
    }
}

/// What should be in a chat that was left behind: the people of its successor. Hosts stop sending
/// the accounts of a messenger that the school has left; who is in by such an account stays,
/// unless the person asked to be `unlinked` there or the account is `named` for somebody by now.
fn people_of(
    plain: &DesiredChat,
    known: &KnownChat,
    unlinked: &BTreeSet<String>,
    named: &BTreeSet<String>,
) -> DesiredChat {
    let mut chat = DesiredChat { key: known.key.clone(), ..plain.clone() };
    let mut seats: BTreeMap<&str, &String> = BTreeMap::new();
    for (account, present) in known.people_present().filter(|(one, _)| !named.contains(*one)) {
        for person in &present.people {
            seats.entry(person).or_insert(account);
        }
    }
    for (person, member) in &mut chat.members {
        let forgotten = account_on(member, known.platform).is_none() && !unlinked.contains(person);
        if let Some(account) = seats.get(person.as_str()).filter(|_| forgotten) {
            member.accounts.push((known.platform.name().to_owned(), (*account).clone()));
        }
    }
    chat
}

/// Plans a chat that was left behind and whose successor the profile speaks of.
pub(super) fn plan(input: &Input, desired: &DesiredChat, known: &KnownChat, plan: &mut Plan) {
    if chat::table_lost(input, known.class.is_some()) {
        if known.state == ChatState::Active && !chat::is_broken(input, known, &desired.depends_on) {
            chat::archive(input, known, Cause::MissingTooLong, plan);
        }
        return;
    }
    let frozen = chat::is_frozen(input, known, &desired.depends_on);
    match (known.state, desired.existence) {
        (ChatState::Active, Existence::Archived) if !frozen => {
            chat::archive(input, known, Cause::NotWanted, plan);
        }
        (ChatState::Archived, Existence::Archived) if !frozen => chat::empty(input, known, plan),
        (_, Existence::Archived) => {}
        (ChatState::Active | ChatState::Archived, _) => {
            Leaving { input, desired, known, frozen }.plan(plan);
        }
        _ => {}
    }
}

/// One chat on its way out.
struct Leaving<'a> {
    input: &'a Input<'a>,
    desired: &'a DesiredChat,
    known: &'a KnownChat,
    frozen: bool,
}

impl Leaving<'_> {
    fn plan(&self, plan: &mut Plan) {
        let Leaving { input, desired, known, frozen } = *self;
        if self.notice_is_due() && !chat::waits(input, Some(known), Kind::PostMessage, plan) {
            plan.operations.push(self.notice());
        }
        let ends = input.policy.moving.filter(|moving| !frozen && self.ends(moving, plan));
        if let Some(moving) = ends {
            let planned = plan.operations.len();
            if moving.old == Old::Empty {
                chat::take_everybody_out(input, known, &Cause::Moved, plan);
            }
            self.end(plan.operations.len() > planned, plan);
            if moving.old == Old::Empty {
                return;
            }
        } else {
            chat::close_the_leak(input, desired, known, plan);
        }
        members::plan(input, desired, Some(known), frozen, plan);
    }

    fn notice_is_due(&self) -> bool {
        let Leaving { input, known, .. } = *self;
        let moving = input.policy.moving.as_ref();
        moving.is_some_and(|moving| notice_is_due(moving, input.known, known))
            && input.can(known, Capability::SendMessage)
    }

    fn notice(&self) -> Operation {
        let successor = successor(self.input.known, &self.known.key);
        Operation {
            title: successor.map(|chat| chat.title.clone()),
            ..operation(Kind::PostMessage, &self.known.key, Cause::Moved)
        }
    }

    /// Whether the end has come. Nobody is cut off before there is a new chat, nor before the old
    /// one was told of it.
    fn ends(&self, moving: &Moving, plan: &mut Plan) -> bool {
        let now = self.input.now;
        let watched = moving.old != Old::Keep && self.known.state == ChatState::Active;
        if let Some(on) = moving.on.filter(|on| watched && *on > now) {
            plan.due(on);
        }
        let successor = successor(self.input.known, &self.known.key);
        if !end_is_due(moving, self.desired, self.known, successor, now) {
            return false;
        }
        let told = self.is_told(moving);
        if !told && self.notice_is_due() {
            // The next cycle ends what this one announces.
            plan.due(now);
        }
        told
    }

    fn is_told(&self, moving: &Moving) -> bool {
        let attempt = Attempt { operation: Kind::PostMessage, account: String::new() };
        let refused = self.known.waiting.get(&attempt).is_some_and(|waiting| waiting.refused);
        !moving.notice
            || refused
            || self.known.state != ChatState::Active
            || self.known.notice.is_some()
            || !self.input.can(self.known, Capability::SendMessage)
    }

    /// Puts the chat to rest and closes its door. Emptying one that was only frozen so far counts
    /// as an archiving too.
    fn end(&self, emptied: bool, plan: &mut Plan) {
        let Leaving { input, desired, known, .. } = *self;
        if known.state == ChatState::Active || (emptied && !known.emptying) {
            plan.operations.push(operation(Kind::ArchiveChat, &known.key, Cause::Moved));
        }
        if known.sealed {
            return;
        }
        if !input.able_on(known.platform, Capability::RotateLink) {
            plan.tasks.insert(task(TaskKind::RotateLink, desired, ""));
        } else if !chat::waits(input, Some(known), Kind::RotateLink, plan) {
            plan.operations.push(operation(Kind::RotateLink, &known.key, Cause::Moved));
        }
    }
}

/// The chat that takes the place of one that was left behind, once it is there.
pub fn successor<'k>(known: &'k Known, former: &str) -> Option<&'k KnownChat> {
    let successor = known.chats.get(successor_key(former))?;
    let usable = successor.state == ChatState::Active && successor.platform_id.is_some();
    (usable && !successor.former).then_some(successor)
}

/// Whether the end has come for a chat: its share is in the new one, or the day is there.
pub fn end_is_due(
    moving: &Moving,
    desired: &DesiredChat,
    former: &KnownChat,
    successor: Option<&KnownChat>,
    now: Timestamp,
) -> bool {
    let Some(successor) = successor.filter(|_| moving.old != Old::Keep) else { return false };
    let score = Score::of(desired, former, Some(successor));
    // What was ended stays ended, also where people leave the new chat again.
    former.sealed
        || moving.on.is_some_and(|on| on <= now)
        || moving.share.is_some_and(|share| score.reaches(share))
}

/// Whether a chat that was left behind is still to be told where its successor is. Another link
/// is told too: the old one leads nowhere any more.
pub fn notice_is_due(moving: &Moving, known: &Known, former: &KnownChat) -> bool {
    let Some(successor) = successor(known, &former.key) else { return false };
    let told = former.notice.as_ref().map(|notice| notice.link.as_str());
    moving.notice
        && former.state == ChatState::Active
        && successor.link.is_some()
        && told != Some(successor.link_digest().as_str())
}
