//! How MAX behaves where its documents leave it open.

use serde::{Deserialize, Serialize};

/// The switches of `POST /sandbox/max/mode`.
#[derive(Clone, Copy, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Switches {
    /// What becomes of adding people through the interface.
    pub(crate) add_members: AddMembers,
    /// Whether an addition that failed for some says that it succeeded.
    pub(crate) partial_success: bool,
    /// Requests in any second, 0 for no limit.
    pub(crate) rate: usize,
    /// Messages, edits and answers in any second to one chat, 0 for no limit.
    pub(crate) chat_rate: usize,
    /// Requests for updates in any second, 0 for no limit.
    pub(crate) poll_rate: usize,
    /// Say `Retry-After` with 429.
    pub(crate) retry_after: bool,
    /// A request for updates while a webhook is set: refused with 405, or answered with nothing.
    pub(crate) poll_beside_webhook: PollBesideWebhook,
    /// What a request for updates without a marker begins with.
    pub(crate) poll_without_marker: PollWithoutMarker,
    /// How long an update waits for the bot; the platform keeps it for a day.
    pub(crate) updates_kept_ms: i64,
    /// The bot hears of its own removals and renamings.
    pub(crate) echo: bool,
    /// A bot that is no admin sees the invite link.
    pub(crate) link_for_members: bool,
    /// A bot that is no admin may list the members.
    pub(crate) list_for_members: bool,
    /// A message to a dialog may name the dialog's chat_id instead of the person.
    pub(crate) write_by_dialog_id: bool,
    /// People may add the bot to groups.
    pub(crate) bot_can_be_added: bool,
    /// Updates are sent to webhooks; otherwise they wait.
    pub(crate) webhook: bool,
    /// The pause before the first repetition; the platform's own is a minute.
    pub(crate) webhook_retry_ms: u64,
    /// How often each update is sent once more.
    pub(crate) webhook_duplicates: u64,
    /// How long every second update is held back, so that a later one overtakes it.
    pub(crate) webhook_reorder_ms: u64,
}

/// What becomes of `POST /chats/{chatId}/members`.
#[derive(Clone, Copy, Debug, Default, PartialEq, clap::ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum AddMembers {
    /// The method is gone.
    #[default]
    Public,
    /// It works, but not for people who forbid it.
    Privacy,
    /// It works for everybody.
    Open,
}

#[derive(Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum PollBesideWebhook {
    #[default]
    Error,
    Empty,
}

#[derive(Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum PollWithoutMarker {
    /// All that was not acknowledged.
    #[default]
    Committed,
    /// The last update only.
    Last,
}

impl Default for Switches {
    fn default() -> Switches {
        Switches {
            add_members: AddMembers::Public,
            partial_success: false,
            rate: 30,
            chat_rate: 2,
            poll_rate: 2,
            retry_after: false,
            poll_beside_webhook: PollBesideWebhook::Error,
            poll_without_marker: PollWithoutMarker::Committed,
            updates_kept_ms: 86_400_000,
            echo: true,
            link_for_members: false,
            list_for_members: false,
            write_by_dialog_id: false,
            bot_can_be_added: true,
            webhook: true,
            webhook_retry_ms: 200,
            webhook_duplicates: 0,
            webhook_reorder_ms: 0,
        }
    }
}
