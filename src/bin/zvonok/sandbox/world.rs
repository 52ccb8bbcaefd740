//! The messenger as it is: chats, who is in them, what was written, which calls run.
//!
//! Nothing here knows a platform's methods or codes; a platform's module asks and answers in its
//! own words.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use serde::{Deserialize, Serialize};

use super::people::{People, scramble};

/// Members of one chat; VK's own figure for a community's chat.
pub(crate) const MOST_MEMBERS: usize = 3_000;
const MOST_CHATS: usize = 20_000;
/// Messages kept of one chat or dialog: as far as VK itself looks back for a repeated random_id.
const MOST_MESSAGES: usize = 100;
const MOST_DIALOGS: usize = 50_000;
const MOST_CALLS: usize = 1_000;

/// Everything of one platform that outlives a request.
#[derive(Clone, Default, Serialize, Deserialize)]
pub(crate) struct World {
    pub(crate) chats: BTreeMap<i64, Chat>,
    /// What the community wrote to people, by person.
    pub(crate) dialogs: BTreeMap<i64, Talk>,
    pub(crate) calls: VecDeque<Call>,
    made_chats: i64,
    made_links: u64,
    made_messages: i64,
    made_calls: u64,
}

/// A chat.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Chat {
    pub(crate) id: i64,
    pub(crate) title: String,
    pub(crate) owner: i64,
    pub(crate) link: String,
    pub(crate) members: Vec<Member>,
    /// Who was removed by somebody else and has not come back.
    pub(crate) removed: BTreeSet<i64>,
    /// The platform's error code for a chat that is over (deleted, moved, read-only).
    pub(crate) closed: Option<i64>,
    pub(crate) pinned: Option<i64>,
    pub(crate) talk: Talk,
}

/// A member of a chat.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Member {
    pub(crate) id: i64,
    pub(crate) admin: bool,
    pub(crate) invited_by: i64,
    pub(crate) join_date: i64,
    pub(crate) joined: Joined,
}

/// How a member came in.
#[derive(Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Joined {
    /// Was there when the chat was made.
    Created,
    /// Followed the link.
    Link,
    /// Was added through the API.
    Api,
    /// Was added by a person in the messenger.
    Hand,
}

/// The last messages of a chat or a dialog.
#[derive(Clone, Default, Serialize, Deserialize)]
pub(crate) struct Talk {
    /// The number of the newest message within this talk.
    pub(crate) last: i64,
    /// How many the community has ever written, also those that are kept no more.
    #[serde(default)]
    pub(crate) posted: u64,
    pub(crate) messages: VecDeque<Message>,
}

/// A message.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Message {
    pub(crate) id: i64,
    pub(crate) number: i64,
    pub(crate) random_id: i64,
    pub(crate) from: i64,
    pub(crate) date: i64,
    pub(crate) text: String,
}

/// An online lesson or any other call.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Call {
    pub(crate) call_id: String,
    pub(crate) join_link: String,
    pub(crate) started: i64,
    pub(crate) finished: Option<i64>,
}

/// Why somebody did not get into a chat.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Refusal {
    AlreadyIn,
    Full,
    Nobody,
    Deactivated,
    Privacy,
    Removed,
    Closed,
    Blocked,
}

/// Who comes in, by whom, when and how.
pub(crate) struct Entry {
    pub(crate) user: i64,
    pub(crate) by: i64,
    pub(crate) now: i64,
    pub(crate) joined: Joined,
}

impl World {
    /// Makes a chat in which only its owner is; `None` when there are too many chats.
    pub(crate) fn create_chat(&mut self, owner: i64, title: &str, now: i64) -> Option<&mut Chat> {
        if self.chats.len() >= MOST_CHATS {
            return None;
        }
        self.made_chats += 1;
        let chat = Chat {
            id: self.made_chats,
            title: title.to_owned(),
            owner,
            link: self.fresh_link(owner),
            members: vec![Member {
                id: owner,
                admin: true,
                invited_by: owner,
                join_date: now,
                joined: Joined::Created,
            }],
            removed: BTreeSet::new(),
            closed: None,
            pinned: None,
            talk: Talk::default(),
        };
        Some(self.chats.entry(chat.id).or_insert(chat))
    }

    /// A link that was never given before, in VK's form.
    pub(crate) fn fresh_link(&mut self, owner: i64) -> String {
        self.made_links += 1;
        let seed = scramble(owner.unsigned_abs()) ^ self.made_links;
        let code: String = (0..3).map(|part| letters(scramble(seed ^ (part << 56)))).collect();
        format!("https://vk.me/join/{code}=")
    }

    /// The chat that this link leads to now.
    pub(crate) fn chat_by_link(&mut self, link: &str) -> Option<&mut Chat> {
        self.chats.values_mut().find(|chat| chat.link == link)
    }

    /// Writes into a talk and returns the message, or the earlier one with this random id: the
    /// same within an hour and the last hundred messages, and not zero.
    pub(crate) fn write(&mut self, to: Recipient, text: &str, random_id: i64, now: i64) -> Message {
        let World { chats, dialogs, made_messages, .. } = self;
        let talk = match to.chat {
            true => chats.get_mut(&to.id).map(|chat| &mut chat.talk),
            false => Some(dialogs.entry(to.id).or_default()),
        };
        let mut nowhere = Talk::default();
        let talk = talk.unwrap_or(&mut nowhere);
        let same = |m: &&Message| random_id != 0 && m.random_id == random_id && now - m.date < 3600;
        if let Some(earlier) = talk.messages.iter().find(same) {
            return earlier.clone();
        }
        *made_messages += 1;
        let message = Message {
            id: if to.chat { 0 } else { *made_messages },
            number: talk.last + 1,
            random_id,
            from: to.from,
            date: now,
            text: text.to_owned(),
        };
        talk.push(message.clone());
        if dialogs.len() > MOST_DIALOGS {
            dialogs.pop_first();
        }
        message
    }

    /// How many calls were ever started.
    pub(crate) fn started_calls(&self) -> u64 {
        self.made_calls
    }

    /// Starts a call and returns it.
    pub(crate) fn start_call(&mut self, now: i64) -> Call {
        self.made_calls += 1;
        let dice = scramble(self.made_calls);
        let call = Call {
            call_id: format!("{:08x}-0000-4000-8000-{:012x}", dice as u32, self.made_calls),
            join_link: format!("https://vk.com/call/join/{}", letters(scramble(dice))),
            started: now,
            finished: None,
        };
        self.calls.push_back(call.clone());
        if self.calls.len() > MOST_CALLS {
            self.calls.pop_front();
        }
        call
    }

    /// Ends a call; false if it does not run.
    pub(crate) fn finish_call(&mut self, id: &str, now: i64) -> bool {
        let mut running = self.calls.iter_mut().filter(|call| call.finished.is_none());
        let call = running.find(|call| call.call_id == id);
        call.map(|call| call.finished = Some(now)).is_some()
    }
}

/// Where a message goes and from whom.
#[derive(Clone, Copy)]
pub(crate) struct Recipient {
    pub(crate) chat: bool,
    pub(crate) id: i64,
    pub(crate) from: i64,
}

impl Chat {
    pub(crate) fn member(&self, id: i64) -> Option<&Member> {
        self.members.iter().find(|member| member.id == id)
    }

    /// Whether this member may manage the chat.
    pub(crate) fn is_admin(&self, id: i64) -> bool {
        self.member(id).is_some_and(|member| member.admin)
    }

    /// Lets a person in, unless something forbids it. A link asks for no permission; being added
    /// does, and it also lifts an earlier removal.
    pub(crate) fn enter(&mut self, entry: &Entry, people: &People) -> Result<(), Refusal> {
        self.may_enter(entry, people)?;
        self.removed.remove(&entry.user);
        self.members.push(Member {
            id: entry.user,
            admin: false,
            invited_by: entry.by,
            join_date: entry.now,
            joined: entry.joined,
        });
        Ok(())
    }

    fn may_enter(&self, entry: &Entry, people: &People) -> Result<(), Refusal> {
        let person = people.get(entry.user).ok_or(Refusal::Nobody)?;
        let refusals = [
            (self.closed.is_some(), Refusal::Closed),
            (self.member(entry.user).is_some(), Refusal::AlreadyIn),
            (person.deactivated, Refusal::Deactivated),
            (person.privacy && entry.joined != Joined::Link, Refusal::Privacy),
            (self.members.len() >= MOST_MEMBERS, Refusal::Full),
        ];
        match refusals.into_iter().find(|(refused, _)| *refused) {
            Some((_, refusal)) => Err(refusal),
            None => Ok(()),
        }
    }

    /// Takes a member out; false if they were not in.
    pub(crate) fn leave(&mut self, id: i64) -> bool {
        let before = self.members.len();
        self.members.retain(|member| member.id != id);
        self.members.len() < before
    }

    /// Takes a member out against their will, and remembers it.
    pub(crate) fn remove(&mut self, id: i64) -> bool {
        let was_in = self.leave(id);
        if was_in && self.removed.len() < MOST_MEMBERS {
            self.removed.insert(id);
        }
        was_in
    }

    /// Gives or takes the right to manage the chat; false if they are not in.
    pub(crate) fn promote(&mut self, id: i64, admin: bool) -> bool {
        let member = self.members.iter_mut().find(|member| member.id == id);
        member.map(|member| member.admin = admin).is_some()
    }
}

impl Talk {
    fn push(&mut self, message: Message) {
        self.last = message.number;
        self.posted += u64::from(message.from < 0);
        self.messages.push_back(message);
        if self.messages.len() > MOST_MESSAGES {
            self.messages.pop_front();
        }
    }
}

/// Eight letters and digits that stand for a number.
pub(crate) fn letters(mut number: u64) -> String {
    const SIGNS: &[u8; 62] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    let mut text = String::new();
    for _ in 0..8 {
        text.push(char::from(SIGNS[(number % 62) as usize]));
        number /= 62;
    }
    text
}
