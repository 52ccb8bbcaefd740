//! MAX as it is: the bot, groups with their members, dialogs, messages, and what the bot has yet
//! to hear of.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::super::people::{People, scramble};
use super::super::world::{Joined, Refusal, letters};
use super::door::Door;
use super::rights;
use super::switches::Switches;
use super::updates::Updates;
use super::webhook::{Outbox, Subscription};

const MOST_CHATS: usize = 20_000;
/// MAX publishes no figure; this one keeps the sandbox's memory in bounds.
const MOST_MEMBERS: usize = 10_000;
const MOST_MESSAGES: usize = 200;
const MOST_DIALOGS: usize = 50_000;
/// The first group's number is one below it; groups have negative numbers.
const GROUPS: i64 = -71_000_000_000_000;

/// Everything of the platform.
#[derive(Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct World {
    pub(crate) bot: Bot,
    pub(crate) chats: BTreeMap<i64, Chat>,
    /// Talks with single people, by person.
    pub(crate) dialogs: BTreeMap<i64, Dialog>,
    pub(crate) subscriptions: Vec<Subscription>,
    pub(crate) updates: Updates,
    made: u64,
    #[serde(skip)]
    pub(crate) outbox: Outbox,
    #[serde(skip)]
    pub(crate) switches: Switches,
    #[serde(skip)]
    pub(crate) door: Door,
}

/// The one bot.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Bot {
    pub(crate) id: i64,
    pub(crate) username: String,
    pub(crate) name: String,
    /// As `PATCH /me/commands` gave them.
    pub(crate) commands: Vec<Value>,
}

impl Default for Bot {
    fn default() -> Bot {
        Bot {
            id: super::BOT,
            username: "id7700000000_bot".to_owned(),
            name: "Школьный бот".to_owned(),
            commands: Vec::new(),
        }
    }
}

/// A group.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Chat {
    pub(crate) id: i64,
    pub(crate) title: String,
    pub(crate) description: Option<String>,
    pub(crate) icon: Option<String>,
    pub(crate) owner: i64,
    pub(crate) link: String,
    pub(crate) members: Vec<Member>,
    /// Who was removed with `block`: the link does not let them in again.
    pub(crate) blocked: BTreeSet<i64>,
    /// What became of the chat when it is over.
    pub(crate) over: Option<Over>,
    pub(crate) pinned: Option<String>,
    /// The platform's own lines in the chat: «the title was changed».
    pub(crate) notices: u64,
    pub(crate) talk: Talk,
}

/// How a chat that is over looks to the bot.
#[derive(Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Over {
    /// Every request about it is refused.
    Denied,
    /// It can be looked at and has this status; everything else is refused.
    Removed,
    Closed,
    Suspended,
}

/// A member of a group.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Member {
    pub(crate) id: i64,
    /// Milliseconds since 1970.
    pub(crate) join_time: i64,
    pub(crate) joined: Joined,
    pub(crate) invited_by: Option<i64>,
    /// An admin's rights; words that nobody knows are kept.
    pub(crate) rights: Option<Vec<String>>,
    pub(crate) alias: Option<String>,
}

/// The bot's talk with one person, once they have opened it.
#[derive(Clone, Default, Serialize, Deserialize)]
pub(crate) struct Dialog {
    pub(crate) stopped: bool,
    pub(crate) talk: Talk,
}

/// The last messages of a chat.
#[derive(Clone, Default, Serialize, Deserialize)]
pub(crate) struct Talk {
    /// How many there ever were.
    pub(crate) count: u64,
    /// How many of them the bot wrote.
    #[serde(default)]
    pub(crate) posted: u64,
    pub(crate) messages: VecDeque<Message>,
}

/// A message.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Message {
    pub(crate) mid: String,
    pub(crate) seq: u64,
    pub(crate) from: i64,
    /// Milliseconds since 1970.
    pub(crate) time: i64,
    pub(crate) edited: bool,
    pub(crate) text: Option<String>,
    pub(crate) attachments: Vec<Value>,
    pub(crate) link: Option<Value>,
}

/// What a message says.
#[derive(Clone, Default)]
pub(crate) struct Words {
    pub(crate) text: Option<String>,
    pub(crate) attachments: Vec<Value>,
    pub(crate) link: Option<Value>,
}

/// Who comes in, when and how.
pub(crate) struct Entry {
    pub(crate) user: i64,
    pub(crate) by: Option<i64>,
    pub(crate) now: i64,
    pub(crate) joined: Joined,
}

impl World {
    /// Makes a group with only its owner in; `None` when there are too many.
    pub(crate) fn create(&mut self, owner: i64, title: &str, now: i64) -> Option<&mut Chat> {
        if self.chats.len() >= MOST_CHATS {
            return None;
        }
        let id = GROUPS - 1 - self.next();
        let mut owner_in = Member::new(owner, None, now, Joined::Created);
        owner_in.rights = Some(rights::all());
        let chat = Chat {
            id,
            title: title.to_owned(),
            description: None,
            icon: None,
            owner,
            link: self.fresh_link(),
            members: vec![owner_in],
            blocked: BTreeSet::new(),
            over: None,
            pinned: None,
            notices: 0,
            talk: Talk::default(),
        };
        Some(self.chats.entry(id).or_insert(chat))
    }

    /// A link that was never given before.
    pub(crate) fn fresh_link(&mut self) -> String {
        let seed = scramble(self.bot.id.unsigned_abs()) ^ self.next().unsigned_abs();
        let code: String = (0..3).map(|part| letters(scramble(seed ^ (part << 56)))).collect();
        format!("https://max.ru/join/{code}")
    }

    pub(crate) fn chat_by_link(&self, link: &str) -> Option<i64> {
        self.chats.values().find(|chat| chat.link == link).map(|chat| chat.id)
    }

    /// The number of the bot's dialog with a person.
    pub(crate) fn dialog_id(&self, user: i64) -> i64 {
        self.bot.id ^ user
    }

    /// The person whose dialog has this number, if it was opened.
    pub(crate) fn dialog_user(&self, chat_id: i64) -> Option<i64> {
        let user = chat_id ^ self.bot.id;
        self.dialogs.contains_key(&user).then_some(user)
    }

    /// Opens a person's dialog, or takes up one that they had stopped. The bot has nobody to talk
    /// to beyond [`MOST_DIALOGS`]: the one with the smallest number is forgotten.
    pub(crate) fn open_dialog(&mut self, user: i64) {
        self.dialogs.entry(user).or_default().stopped = false;
        if self.dialogs.len() > MOST_DIALOGS {
            self.dialogs.pop_first();
        }
    }

    /// The messages of a group or of a dialog that was opened.
    pub(crate) fn talk(&mut self, chat_id: i64) -> Option<&mut Talk> {
        if chat_id < 0 {
            return self.chats.get_mut(&chat_id).map(|chat| &mut chat.talk);
        }
        self.dialogs.get_mut(&(chat_id ^ self.bot.id)).map(|dialog| &mut dialog.talk)
    }

    /// Writes into a group or a dialog, which must be there.
    pub(crate) fn write(&mut self, chat_id: i64, from: i64, words: Words, now: i64) -> Message {
        let seq = (now.unsigned_abs() << 16) | (self.next().unsigned_abs() & 0xFFFF);
        let message = Message {
            mid: mid(chat_id, seq),
            seq,
            from,
            time: now,
            edited: false,
            text: words.text,
            attachments: words.attachments,
            link: words.link,
        };
        let own = from == self.bot.id;
        if let Some(talk) = self.talk(chat_id) {
            talk.count += 1;
            talk.posted += u64::from(own);
            talk.messages.push_back(message.clone());
            if talk.messages.len() > MOST_MESSAGES {
                talk.messages.pop_front();
            }
        }
        message
    }

    /// The message with this id and the chat that it is in.
    pub(crate) fn message(&mut self, mid: &str) -> Option<(i64, &mut Message)> {
        let chat_id = chat_of(mid)?;
        let talk = self.talk(chat_id)?;
        let message = talk.messages.iter_mut().find(|message| message.mid == mid)?;
        Some((chat_id, message))
    }

    /// A number that was never given before.
    pub(crate) fn next(&mut self) -> i64 {
        self.made += 1;
        i64::try_from(self.made).unwrap_or(i64::MAX)
    }
}

/// `mid.`, the chat's number and the message's, in hexadecimal digits.
fn mid(chat_id: i64, seq: u64) -> String {
    format!("mid.{:016x}{seq:016x}", chat_id.cast_unsigned())
}

/// The chat whose number stands in a message's id.
pub(crate) fn chat_of(mid: &str) -> Option<i64> {
    let digits = mid.strip_prefix("mid.").filter(|digits| digits.len() == 32)?;
    let number = u64::from_str_radix(digits.get(..16)?, 16).ok()?;
    u64::from_str_radix(digits.get(16..)?, 16).ok()?;
    Some(number.cast_signed())
}

impl Member {
    fn new(id: i64, by: Option<i64>, now: i64, joined: Joined) -> Member {
        Member { id, join_time: now, joined, invited_by: by, rights: None, alias: None }
    }
}

impl Chat {
    pub(crate) fn member(&self, id: i64) -> Option<&Member> {
        self.members.iter().find(|member| member.id == id)
    }

    pub(crate) fn member_mut(&mut self, id: i64) -> Option<&mut Member> {
        self.members.iter_mut().find(|member| member.id == id)
    }

    pub(crate) fn is_admin(&self, id: i64) -> bool {
        self.member(id).is_some_and(|member| member.rights.is_some())
    }

    /// Whether this member is an admin with this right.
    pub(crate) fn may(&self, id: i64, right: &str) -> bool {
        let rights = self.member(id).and_then(|member| member.rights.as_ref());
        rights.is_some_and(|rights| rights.iter().any(|each| each == right))
    }

    /// Lets somebody in, unless something forbids it. The bot is nobody in `people`; whether it
    /// may be added is for its own switch to say.
    pub(crate) fn enter(
        &mut self,
        entry: &Entry,
        people: &People,
        bot: i64,
    ) -> Result<(), Refusal> {
        let known = people.get(entry.user);
        let person = known.filter(|_| entry.user != bot);
        let refusals = [
            (self.over.is_some(), Refusal::Closed),
            (person.is_none() && entry.user != bot, Refusal::Nobody),
            (self.member(entry.user).is_some(), Refusal::AlreadyIn),
            (person.as_ref().is_some_and(|person| person.deactivated), Refusal::Deactivated),
            (self.blocked.contains(&entry.user), Refusal::Blocked),
            (self.members.len() >= MOST_MEMBERS, Refusal::Full),
        ];
        if let Some((_, refusal)) = refusals.into_iter().find(|(refused, _)| *refused) {
            return Err(refusal);
        }
        self.members.push(Member::new(entry.user, entry.by, entry.now, entry.joined));
        Ok(())
    }

    /// Takes a member out; false if they were not in.
    pub(crate) fn leave(&mut self, id: i64) -> bool {
        let before = self.members.len();
        self.members.retain(|member| member.id != id);
        self.members.len() < before
    }

    /// When something last happened here that the bot can see.
    pub(crate) fn last_event(&self) -> i64 {
        let joined = self.members.iter().map(|member| member.join_time);
        joined.chain(self.talk.messages.iter().map(|message| message.time)).max().unwrap_or(0)
    }
}
