//! Somebody in the school's office who does in the messenger what the library cannot: a row of the
//! report's `tasks` at a time, by nothing but what the row says.
#![allow(dead_code, reason = "each file of tests needs its own part of this")]

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use crate::support::Messenger;

/// The rights without which the bot cannot lead a group of MAX.
pub(crate) const NEEDED: &[&str] =
    &["read_all_messages", "add_remove_members", "add_admins", "change_chat_info", "pin_message"];

/// One of the two messengers of a sandbox.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Side {
    Max,
    Vk,
}

/// One chat as the messenger has it; whoever it is run by is not among the members: the community
/// or the bot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Group {
    pub(crate) id: i64,
    pub(crate) title: String,
    pub(crate) link: String,
    /// An account; the community's is negative.
    pub(crate) owner: String,
    pub(crate) members: BTreeSet<String>,
    pub(crate) admins: BTreeSet<String>,
}

impl Side {
    /// The name in documents.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Side::Max => "max",
            Side::Vk => "vk",
        }
    }

    /// Lets people do something by the sandbox's control interface.
    pub(crate) fn order(self, messenger: &Messenger, action: &str, order: &Value) -> (u16, Value) {
        match self {
            Side::Max => messenger.order(&format!("max/{action}"), order),
            Side::Vk => messenger.order(action, order),
        }
    }

    /// The same for what must be possible.
    pub(crate) fn does(self, messenger: &Messenger, action: &str, order: Value) -> Value {
        let (status, answer) = self.order(messenger, action, &order);
        assert_eq!(status, 200, "{action} {order}: {answer}");
        answer
    }

    /// Every chat there is.
    pub(crate) fn groups(self, messenger: &Messenger) -> Vec<Group> {
        let path = if self == Side::Max { "max/state" } else { "state" };
        let own = if self == Side::Max { messenger.bot } else { -messenger.community };
        let state = messenger.look(path);
        state["chats"].as_array().expect("chats").iter().map(|chat| group(chat, own)).collect()
    }

    pub(crate) fn group(self, messenger: &Messenger, id: i64) -> Group {
        let mut groups = self.groups(messenger).into_iter();
        groups.find(|group| group.id == id).unwrap_or_else(|| panic!("no group {id}"))
    }
}

fn group(chat: &Value, own: i64) -> Group {
    let members = chat["members"].as_array().expect("members").iter();
    let people: Vec<&Value> = members.filter(|member| member["id"] != own).collect();
    let ids = |people: &[&Value]| people.iter().map(|member| member["id"].to_string()).collect();
    let admins: Vec<&Value> = people.iter().copied().filter(|m| m["admin"] == true).collect();
    Group {
        id: chat["chat_id"].as_i64().expect("a number"),
        title: chat["title"].as_str().expect("a title").to_owned(),
        link: chat["link"].as_str().expect("a link").to_owned(),
        owner: chat["owner"].to_string(),
        members: ids(&people),
        admins: ids(&admins),
    }
}

/// By what the library is to know whose group it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FoundBy {
    /// The code stands behind the title.
    CodeInTitle,
    /// The title is exact, and the code is written into the group.
    CodeInMessage,
    /// The title is some other, and the code is written into the group.
    CodeAlone,
    /// The title is exact, and nothing else is said.
    ExactTitle,
}

/// How a task is carried out.
#[derive(Clone, Debug)]
pub(crate) struct Manner {
    pub(crate) found_by: FoundBy,
    /// The account of the person who does it, and who owns what they make.
    pub(crate) owner: i64,
    /// What the bot is given; nothing leaves it an ordinary member.
    pub(crate) rights: &'static [&'static str],
}

impl Manner {
    /// With all the rights that are needed.
    pub(crate) fn of(found_by: FoundBy, owner: i64) -> Manner {
        Manner { found_by, owner, rights: NEEDED }
    }
}

/// The person in the office.
pub(crate) struct Office<'m> {
    messenger: &'m Messenger,
    side: Side,
    /// The groups made so far, by the key of the chat.
    made: BTreeMap<String, i64>,
}

impl<'m> Office<'m> {
    /// An office that works with groups of MAX.
    pub(crate) fn new(messenger: &'m Messenger) -> Office<'m> {
        Office::on(messenger, Side::Max)
    }

    pub(crate) fn on(messenger: &'m Messenger, side: Side) -> Office<'m> {
        Office { messenger, side, made: BTreeMap::new() }
    }

    /// Does what the row asks for and returns the group's number.
    pub(crate) fn carry_out(&mut self, task: &Value, manner: &Manner) -> i64 {
        let kind = text(task, "kind");
        if kind == "create_chat" {
            return self.create(task, manner);
        }
        let id = self.group_of(task);
        match kind {
            "add_bot" => self.add_bot(id, manner),
            "give_rights" => self.give_rights(id, manner),
            "rotate_link" => drop(self.does("rotate", json!({"chat_id": id}))),
            "transfer_ownership" => self.hand_over(id, manner.owner),
            "let_in" => self.let_in(id, number(task, "account")),
            other => panic!("nobody knows how to do {other}: {task}"),
        }
        id
    }

    fn does(&self, action: &str, order: Value) -> Value {
        self.side.does(self.messenger, action, order)
    }

    fn create(&mut self, task: &Value, manner: &Manner) -> i64 {
        let (title, code) = (text(task, "title"), text(task, "code"));
        let title = match manner.found_by {
            FoundBy::CodeInTitle => format!("{title} {code}"),
            FoundBy::CodeInMessage | FoundBy::ExactTitle => title.to_owned(),
            FoundBy::CodeAlone => format!("Наша группа {}", self.made.len() + 1),
        };
        let made = self.does("create", json!({"title": title, "owner": manner.owner}));
        let id = number(&made, "chat_id");
        self.made.insert(text(task, "chat").to_owned(), id);
        self.add_bot(id, manner);
        if matches!(manner.found_by, FoundBy::CodeInMessage | FoundBy::CodeAlone) {
            let said = json!({"chat_id": id, "user": manner.owner, "text": code.to_lowercase()});
            self.does("message", said);
        }
        id
    }

    /// Puts the bot in and makes it an admin, by two acts as in the messenger.
    fn add_bot(&self, id: i64, manner: &Manner) {
        self.does("add", json!({"chat_id": id, "by": manner.owner}));
        if !manner.rights.is_empty() {
            self.give_rights(id, manner);
        }
    }

    fn give_rights(&self, id: i64, manner: &Manner) {
        let (rights, by) = (manner.rights, manner.owner);
        self.does("admin", json!({"chat_id": id, "permissions": rights, "by": by}));
    }

    /// Hands the group over to somebody who comes in for it, if they are not in yet.
    fn hand_over(&self, id: i64, to: i64) {
        let order = json!({"chat_id": id, "user": to});
        if !self.side.group(self.messenger, id).members.contains(&to.to_string()) {
            self.does("join", order.clone());
        }
        self.does("transfer", order);
    }

    /// Lets somebody in by hand, whatever kept them out.
    fn let_in(&self, id: i64, account: i64) {
        let order = json!({"chat_id": id, "user": account});
        if self.side == Side::Max {
            self.does("unblock", order.clone());
        }
        self.does("add", order);
    }

    /// The group that a task is about: the one that was made for it, or the one with its title.
    fn group_of(&self, task: &Value) -> i64 {
        if let Some(id) = self.made.get(text(task, "chat")) {
            return *id;
        }
        let title = text(task, "title");
        let groups = self.side.groups(self.messenger);
        let found: Vec<_> = groups.iter().filter(|group| group.title == title).collect();
        assert_eq!(found.len(), 1, "one group is called «{title}»: {groups:?}");
        found[0].id
    }
}

fn text<'v>(row: &'v Value, field: &str) -> &'v str {
    row[field].as_str().unwrap_or_else(|| panic!("no {field} in {row}"))
}

/// A number, also one that is written as text.
fn number(row: &Value, field: &str) -> i64 {
    let field = &row[field];
    let number = field.as_i64().or_else(|| field.as_str()?.parse().ok());
    number.unwrap_or_else(|| panic!("not a number: {field} in {row}"))
}
