//! The demonstration's secretary, who does in the messenger what only a person can do.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::messenger::Messenger;
use crate::show::text;
use crate::trouble::Trouble;

/// The secretary's own account, which the school's data do not name: what they own is theirs to
/// keep.
pub(super) const SECRETARY: i64 = 999_999_901;
/// Too little for the bot to lead a group.
const TOO_LITTLE: [&str; 2] = ["read_all_messages", "add_remove_members"];

/// By what the library is to know for which chat a group was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum FoundBy {
    /// The code stands behind the title.
    Code,
    /// The title is exact, and nothing else is said.
    Title,
}

/// How a group is made.
pub(super) struct Manner<'m> {
    pub(super) found_by: FoundBy,
    /// People who are put in by hand before the bot is.
    pub(super) guests: &'m [i64],
    /// The bot is not given all the rights that it needs.
    pub(super) sparing: bool,
}

/// The secretary, and the groups that they made.
#[derive(Default)]
pub(super) struct Office {
    groups: BTreeMap<String, i64>,
}

impl Office {
    /// Does what a task of the kind `create_chat` asks for.
    pub(super) fn make(
        &mut self,
        messenger: &Messenger,
        task: &Value,
        manner: &Manner,
    ) -> Result<(), Trouble> {
        let (title, code) = (text(task, "title"), text(task, "code"));
        let title = match manner.found_by {
            FoundBy::Code => format!("{title} {code}"),
            FoundBy::Title => title.to_owned(),
        };
        let made = messenger.does("create", &json!({"title": title, "owner": SECRETARY}))?;
        let id = made["chat_id"].as_i64().unwrap_or_default();
        self.groups.insert(text(task, "chat").to_owned(), id);
        for guest in manner.guests {
            messenger.does("add", &json!({"chat_id": id, "user": guest}))?;
        }
        messenger.does("add", &json!({"chat_id": id}))?;
        let mut rights = json!({"chat_id": id});
        if manner.sparing {
            rights["permissions"] = json!(TOO_LITTLE);
        }
        messenger.does("admin", &rights)?;
        Ok(())
    }

    /// Does what a task about a group asks for: `give_rights` or `rotate_link`.
    pub(super) fn mend(&self, messenger: &Messenger, task: &Value) -> Result<(), Trouble> {
        let deed = match text(task, "kind") {
            "give_rights" => "admin",
            "rotate_link" => "rotate",
            other => return Err(Trouble::System(format!("an unexpected task: {other}"))),
        };
        messenger.does(deed, &json!({"chat_id": self.group(text(task, "chat"))}))?;
        Ok(())
    }

    /// The number of a chat's group.
    pub(super) fn group(&self, chat: &str) -> i64 {
        self.groups.get(chat).copied().unwrap_or_default()
    }
}
