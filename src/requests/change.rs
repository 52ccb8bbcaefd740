//! Orders that change one chat: its people, their rights, its title, its existence (E3, E8, E9, A4,
//! A7, I4).
//!
//! On an automatic chat they are overrides, which the profile forbids, keeps or reverts; a chat made
//! by hand is whatever was ordered. Its members stand in the same rows.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::people::{self, Named};
use super::{Ask, act, chats};
use crate::cycle::{Belonging, accounts_on};
use crate::document::Form;
use crate::error::{Code, Error, Fault, Result, Text};
use crate::plan::{ChatState, KnownChat};
use crate::profile::{Overrides, Target, tidy_title};
use crate::roster::Roster;
use crate::state::{Change, ChatRow, Custom, Lock, Order, State, Wish};

/// What is done to people of a chat.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Deed {
    Add,
    Remove,
    Grant,
    Revoke,
}

/// `members.add`
pub(super) fn add(ask: &mut Ask) -> Result<(Code, Value)> {
    change_people(ask, Deed::Add)
}

/// `members.remove`
pub(super) fn remove(ask: &mut Ask) -> Result<(Code, Value)> {
    change_people(ask, Deed::Remove)
}

/// `admins.grant`: who is not in the chat yet comes in.
pub(super) fn grant(ask: &mut Ask) -> Result<(Code, Value)> {
    change_people(ask, Deed::Grant)
}

/// `admins.revoke`: they stay members.
pub(super) fn revoke(ask: &mut Ask) -> Result<(Code, Value)> {
    change_people(ask, Deed::Revoke)
}

fn change_people(ask: &mut Ask, deed: Deed) -> Result<(Code, Value)> {
    let (key, named) = ask.params(|params, faults| {
        (params.required("chat", faults), Named::required("people", params, faults))
    })?;
    let roster = ask.roster()?;
    let target = ask.chat_target(&key)?;
    let school = target.organization.as_deref().and_then(|id| roster.find_org(id));
    let belonging = Belonging::new(&roster, &ask.lacking()?);
    let people = named.pick(&roster, &belonging, school)?;
    ask.permit(Target { people: people::known(&roster, &people), ..target })?;
    let mut state = ask.state()?;
    let subject = Subject::find(&state, &key)?;
    subject.may_change(ask)?;
    let now = Now::of(&state, &roster, &subject.row.chat)?;
    let also =
        if matches!(deed, Deed::Remove | Deed::Revoke) { now.anybody() } else { BTreeSet::new() };
    named.must_be_there(&roster, &belonging, school, &also)?;
    let changes = people.iter().flat_map(|person| now.changes(deed, person)).collect::<Vec<_>>();
    let order = order(ask, &key, people);
    act::carry_out(ask, &mut state, &order, &changes)
}

fn order(ask: &Ask, key: &str, people: Vec<String>) -> Order {
    Order {
        method: ask.method,
        actor: ask.actor.clone(),
        at: ask.clock.now(),
        chat: key.to_owned(),
        people,
        title: None,
    }
}

/// The chat that an order is about.
struct Subject {
    row: ChatRow,
    /// How it was made, where that was by hand.
    custom: Option<Custom>,
}

impl Subject {
    /// A chat of this key that is still one.
    fn find(state: &State, key: &str) -> Result<Subject> {
        let row = chats::find(state, key)?;
        let custom = state.custom_chat(key)?;
        let subject = Subject { row, custom };
        match subject.ended() {
            Some(message) => Err(refused("chat_ended", "chat", key, message)),
            None => Ok(subject),
        }
    }

    fn ended(&self) -> Option<Text> {
        let chat = &self.row.chat;
        if chat.former {
            return Some(Text::new(
                "чат остался в прежнем мессенджере; меняют тот, который его заменил",
                "the chat was left behind on the previous messenger; change its successor",
            ));
        }
        match chat.state {
            ChatState::Deleted => Some(Text::new("чат уже удалён", "the chat is deleted already")),
            _ => None,
        }
    }

    /// Whether people may change it at all, whoever asks.
    fn may_change(&self, ask: &Ask) -> Result<()> {
        self.must_be_open()?;
        let chat = &self.row.chat;
        match chat.state {
            ChatState::Gone => {
                let message = Text::new(
                    "чата больше нет в мессенджере; создать его заново можно через chats.sync",
                    "the chat is gone from the messenger; chats.sync makes it again",
                );
                return Err(refused("chat_ended", "chat", &chat.key, message));
            }
            ChatState::Archived => {
                let message = Text::new(
                    "чат в архиве, его не меняют",
                    "the chat is archived and is not changed",
                );
                return Err(refused("chat_ended", "chat", &chat.key, message));
            }
            _ => {}
        }
        let policy = ask.session.policies().overrides.of(&chat.kind);
        if self.custom.is_none() && policy == Overrides::Forbidden {
            return Err(Error::new(
                Code::Denied,
                "профиль не разрешает менять автоматические чаты вручную",
                "the profile does not let people change automatic chats by hand",
            ));
        }
        Ok(())
    }

    /// A locked chat is nobody's to change (E3).
    fn must_be_open(&self) -> Result<()> {
        if !self.row.chat.locked {
            return Ok(());
        }
        Err(Error::new(
            Code::Denied,
            "обязательный чат нельзя ни менять, ни удалить",
            "an obligatory chat can neither be changed nor deleted",
        ))
    }
}

fn refused(code: &str, key: &str, value: &str, message: Text) -> Error {
    let fault = Fault::new(&format!("request.{code}"), format!("params.{key}"), value, message);
    Error::with_faults(Code::Request, vec![fault])
}

/// Who is in a chat at present, and what was ordered of whom.
struct Now {
    /// Who should be in, and whether as admin.
    members: BTreeMap<String, bool>,
    /// What is in force of each person: about being in, about rights.
    wishes: BTreeMap<String, (Option<bool>, Option<bool>)>,
    /// Who is in on the messenger.
    present: BTreeSet<String>,
}

impl Now {
    fn of(state: &State, roster: &Roster, chat: &KnownChat) -> Result<Now> {
        let key = chat.key.as_str();
        let members = state.members(Some(key), None)?;
        let mut wishes: BTreeMap<String, (Option<bool>, Option<bool>)> = BTreeMap::new();
        for one in state.overrides(key, None)?.into_iter().filter(|one| one.closed.is_none()) {
            let wish = wishes.entry(one.person).or_default();
            match one.wish {
                Wish::Member(is) => wish.0 = Some(is),
                Wish::Admin(is) => wish.1 = Some(is),
                Wish::Title(_) | Wish::Deleted => {}
            }
        }
        Ok(Now {
            members: members.into_iter().map(|one| (one.person, one.admin)).collect(),
            wishes,
            present: present(state, roster, chat)?,
        })
    }

    /// Everybody who has something to do with the chat, whether or not the school knows them still.
    fn anybody(&self) -> BTreeSet<String> {
        let people = self.members.keys().chain(self.wishes.keys());
        people.chain(&self.present).cloned().collect()
    }

    /// What an order changes for one person; nothing where all is as it should be already.
    fn changes(&self, deed: Deed, person: &str) -> Vec<Change> {
        let wish = self.wishes.get(person).copied().unwrap_or_default();
        let (member, admin) = (self.members.get(person), self.members.get(person).copied());
        let want = |wish: Wish| Change::Want(person.to_owned(), wish);
        let comes_in = member.is_none() || wish.0 == Some(false);
        match deed {
            Deed::Add if comes_in => vec![want(Wish::Member(true))],
            Deed::Add => Vec::new(),
            Deed::Remove => {
                let nowhere = member.is_none() && !self.present.contains(person);
                let drop = Change::Drop(person.to_owned(), Wish::Admin(true));
                if nowhere && wish.0.is_none() {
                    vec![]
                } else {
                    vec![drop, want(Wish::Member(false))]
                }
            }
            Deed::Grant => {
                let mut changes = Vec::new();
                if comes_in {
                    changes.push(want(Wish::Member(true)));
                }
                if comes_in || admin != Some(true) || wish.1 == Some(false) {
                    changes.push(want(Wish::Admin(true)));
                }
                changes
            }
            Deed::Revoke if admin == Some(true) || wish.1.is_some() => {
                vec![want(Wish::Admin(false))]
            }
            Deed::Revoke => Vec::new(),
        }
    }
}

/// Who is in a chat on the messenger: the people whom anybody meant by the accounts there, and of an
/// account that stands for nobody the one who has it.
fn present(state: &State, roster: &Roster, chat: &KnownChat) -> Result<BTreeSet<String>> {
    let accounts = state.present(&chat.key)?;
    let strange = |account: &str| accounts.get(account).is_some_and(Vec::is_empty);
    let people = roster.people.iter().map(|person| person.id.to_string());
    let unmeant =
        people.filter(|person| accounts_on(roster, person, chat.platform).into_iter().any(strange));
    Ok(unmeant.chain(accounts.values().flatten().cloned()).collect())
}

/// `chats.rename`; a null title gives an automatic chat the profile's title again.
pub(super) fn rename(ask: &mut Ask) -> Result<(Code, Value)> {
    let (key, wanted) = ask.params(|params, faults| {
        let key = params.required("chat", faults);
        if !params.has("title") {
            params.required("title", faults);
        }
        (key, title(params, faults))
    })?;
    let target = ask.chat_target(&key)?;
    ask.permit(target)?;
    let mut state = ask.state()?;
    let subject = Subject::find(&state, &key)?;
    subject.may_change(ask)?;
    subject.may_rename(ask)?;
    let change = match (&subject.custom, &wanted) {
        (Some(_), Some(title)) => Change::Retitle(title.clone()),
        (Some(_), None) => {
            let message = Text::new(
                "у чата, созданного вручную, нет другого названия: укажите новое",
                "a chat made by hand has no other title: give a new one",
            );
            return Err(refused("missing_field", "title", "", message));
        }
        (None, Some(title)) => Change::Want(String::new(), Wish::Title(title.clone())),
        (None, None) => Change::Drop(String::new(), Wish::Title(String::new())),
    };
    let order = Order { title: wanted, ..order(ask, &key, Vec::new()) };
    act::carry_out(ask, &mut state, &order, &[change])
}

impl Subject {
    /// Some kinds of chats keep the title that they were made with (E7).
    fn may_rename(&self, ask: &Ask) -> Result<()> {
        let Some(custom) = &self.custom else { return Ok(()) };
        let kind = ask.session.policies().custom.get(&custom.kind);
        if kind.is_none_or(|kind| kind.rename) {
            return Ok(());
        }
        Err(Error::new(
            Code::Denied,
            "чаты этого вида не переименовывают",
            "chats of this kind are not renamed",
        ))
    }
}

/// A title as it will be shown: of one line, and not longer than a messenger takes.
pub(super) fn title(
    params: &mut crate::document::Object,
    faults: &mut crate::document::Faults,
) -> Option<String> {
    params.read("title", faults, Form::Title, |value| {
        let (title, cut) = tidy_title(value.as_str()?);
        Some(title).filter(|title| !title.is_empty() && !cut)
    })
}

/// `chats.delete`: everybody is taken out, the door is closed, and the chat is not made again by
/// itself. A `title` says which chat is meant: of another title it is not deleted.
pub(super) fn delete(ask: &mut Ask) -> Result<(Code, Value)> {
    let (key, meant) = ask
        .params(|params, faults| (params.required("chat", faults), params.text("title", faults)))?;
    let target = ask.chat_target(&key)?;
    ask.permit(target)?;
    let mut state = ask.state()?;
    let subject = Subject::find(&state, &key)?;
    subject.must_be_open()?;
    if let Some(meant) = meant {
        subject.must_be_called(&meant)?;
    }
    let change = Change::Want(String::new(), Wish::Deleted);
    let order = order(ask, &key, Vec::new());
    act::carry_out(ask, &mut state, &order, &[change])
}

impl Subject {
    fn must_be_called(&self, meant: &str) -> Result<()> {
        let title = &self.row.chat.title;
        if title == meant {
            return Ok(());
        }
        let message = Text::new(
            format!("чат называется иначе: «{title}»"),
            format!("the chat has another title: “{title}”"),
        );
        Err(refused("other_title", "title", meant, message))
    }
}

/// Lets chats be made again that vanished or were deleted, because somebody asks for exactly these:
/// all or none, and none while a cycle runs. One made by hand that was deleted is no more.
///
/// # Errors
/// [`Code::Request`] for a chat that cannot be made again, [`Code::Locked`], [`Code::State`].
pub(super) fn revive(ask: &Ask, keys: &[String]) -> Result<()> {
    let mut state = ask.state()?;
    let rows = state.chats()?;
    let ended = |chat: &KnownChat| matches!(chat.state, ChatState::Gone | ChatState::Deleted);
    let asked = rows.iter().map(|row| &row.chat).filter(|chat| keys.contains(&chat.key));
    let mut revived = Vec::new();
    for chat in asked.filter(|chat| ended(chat) && !chat.former) {
        if chat.state == ChatState::Deleted && state.custom_chat(&chat.key)?.is_some() {
            return Err(super::no_such(("чат", "the chat"), &chat.key));
        }
        let change = Change::Revive { grave: grave(&rows, chat) };
        revived.push((order(ask, &chat.key, Vec::new()), vec![change]));
    }
    if revived.is_empty() {
        return Ok(());
    }
    let _lock = Lock::take(&ask.session.config().state)?;
    state.put_orders(&revived)
}

/// The key under which a deleted group is still watched: where its link could not be replaced,
/// whoever comes by it is taken out again, also once there is another group.
fn grave(rows: &[ChatRow], chat: &KnownChat) -> Option<String> {
    let open = chat.state == ChatState::Deleted && chat.platform_id.is_some() && !chat.sealed;
    let first = format!("{}@deleted", chat.key);
    if !open {
        return None;
    }
    let mut keys = std::iter::once(first.clone()).chain((2..).map(|n| format!("{first}.{n}")));
    keys.find(|key| !rows.iter().any(|row| row.chat.key == *key))
}
