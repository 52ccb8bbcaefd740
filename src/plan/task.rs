//! What only a person can do, as the plan sees it: which task, about which chat and whom.

use serde::{Deserialize, Serialize};

/// What a person is asked to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TaskKind {
    /// Make the group, put the bot in, give it its rights.
    CreateChat,
    /// Put the bot into the chat again.
    AddBot,
    /// Give the bot the rights that it lacks in the chat.
    GiveRights,
    /// Make a new invite link: somebody who was taken out came in again by the old one.
    RotateLink,
    /// Hand the chat over: its owner does not belong there any more.
    TransferOwnership,
    /// Let somebody in by hand who was once taken out and does not get in by the link.
    LetIn,
}

impl TaskKind {
    /// Every kind.
    pub const ALL: [TaskKind; 6] = [
        TaskKind::CreateChat,
        TaskKind::AddBot,
        TaskKind::GiveRights,
        TaskKind::RotateLink,
        TaskKind::TransferOwnership,
        TaskKind::LetIn,
    ];

    /// The word in documents and in the state file.
    pub fn name(self) -> &'static str {
        match self {
            TaskKind::CreateChat => "create_chat",
            TaskKind::AddBot => "add_bot",
            TaskKind::GiveRights => "give_rights",
            TaskKind::RotateLink => "rotate_link",
            TaskKind::TransferOwnership => "transfer_ownership",
            TaskKind::LetIn => "let_in",
        }
    }

    /// The kind with this name.
    pub fn from_name(name: &str) -> Option<TaskKind> {
        TaskKind::ALL.into_iter().find(|kind| kind.name() == name)
    }
}

/// One task that the plan asks for. Kind, chat and account tell it from others; the rest is what its
/// steps name.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Wanted {
    /// What is to be done.
    pub kind: TaskKind,
    /// The chat's key.
    pub chat: String,
    /// The account concerned; empty where it is the chat itself.
    pub account: String,
    /// The chat's title, as it should be.
    pub title: String,
    /// What the steps name besides.
    pub details: Details,
}

/// What the steps of a task name besides the chat. No names of people.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(default)]
pub struct Details {
    /// The people behind the account, by `sourcedId`.
    pub people: Vec<String>,
    /// The rights that the bot lacks, in the platform's own words.
    pub rights: Vec<String>,
    /// Groups that would all fit, by their platform ids: the library does not guess between them.
    pub doubtful: Vec<String>,
}
