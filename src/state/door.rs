//! What concerns the door of a chat: its link, who is given the way in, what the library's own
//! account may do there.

use jiff::Timestamp;
use rusqlite::params;

use super::State;
use super::journal::{Verdict, close, json};
use super::known::moment;
use super::record::{put_chat, wait};
use crate::error::Result;
use crate::plan::{Attempt, Invitation, KnownChat, Operation};
use crate::platform::OwnRights;

impl State {
    /// Stores a chat's invite link; another one than before ends a leak.
    ///
    /// # Errors
    /// [`crate::error::Code::State`].
    pub(crate) fn put_link(&mut self, chat: &str, link: &str, at: Timestamp) -> Result<()> {
        self.transaction(|db| {
            let text = "UPDATE chats SET link = ?1, link_since = ?2, leaked = NULL \
                        WHERE key = ?3 AND link IS NOT ?1";
            db.prepare_cached(text)?.execute(params![link, at.as_second(), chat]).map(drop)
        })
    }

    /// Stores what the library's own account may do in a chat.
    ///
    /// # Errors
    /// [`crate::error::Code::State`].
    pub(crate) fn put_rights(&mut self, chat: &str, own: &OwnRights, at: Timestamp) -> Result<()> {
        self.transaction(|db| {
            let text = "UPDATE chats SET own = ?, own_at = ? WHERE key = ?";
            db.prepare_cached(text)?.execute(params![json(own), at.as_second(), chat]).map(drop)
        })
    }

    /// When it was last told what the library's own account may do in a chat.
    ///
    /// # Errors
    /// [`crate::error::Code::State`].
    pub(crate) fn own_at(&self, chat: &str) -> Result<Option<Timestamp>> {
        let text = "SELECT own_at FROM chats WHERE key = ?";
        let rows = self.rows(text, [chat], |row| row.get::<_, Option<i64>>(0))?;
        Ok(rows.into_iter().next().flatten().map(moment))
    }

    /// Forgets what failed in a chat: something has changed there that may let it succeed.
    ///
    /// # Errors
    /// [`crate::error::Code::State`].
    pub(crate) fn drop_chat_waiting(&mut self, chat: &str) -> Result<()> {
        self.transaction(|db| db.execute("DELETE FROM waiting WHERE chat = ?", [chat]).map(drop))
    }

    /// Stores what a chat says about itself.
    ///
    /// # Errors
    /// [`crate::error::Code::State`].
    pub(crate) fn put_description(&mut self, chat: &str, description: &str) -> Result<()> {
        self.transaction(|db| {
            let text = "UPDATE chats SET description = ? WHERE key = ?";
            db.execute(text, [description, chat]).map(drop)
        })
    }

    /// Remembers that somebody who was taken out came in again.
    ///
    /// # Errors
    /// [`crate::error::Code::State`].
    pub(crate) fn put_leaked(&mut self, chat: &str, at: Timestamp) -> Result<()> {
        self.transaction(|db| {
            let text = "UPDATE chats SET leaked = coalesce(leaked, ?) WHERE key = ?";
            db.execute(text, params![at.as_second(), chat]).map(drop)
        })
    }

    /// Remembers that a chat is to be read again from a time on.
    ///
    /// # Errors
    /// [`crate::error::Code::State`].
    pub(crate) fn put_due(&mut self, chat: &str, at: Timestamp) -> Result<()> {
        self.transaction(|db| {
            let text = "UPDATE chats SET due = ?1 WHERE key = ?2 AND (due = 0 OR due > ?1)";
            db.prepare_cached(text)?.execute(params![at.as_second(), chat]).map(drop)
        })
    }

    /// Stores that a group which a person made is the chat of a key from now on.
    ///
    /// # Errors
    /// [`crate::error::Code::State`].
    pub(crate) fn chat_bound(&mut self, chat: &KnownChat, at: Timestamp) -> Result<()> {
        self.transaction(|db| {
            put_chat(db, chat, at)?;
            let text = "UPDATE chats SET adopting = 1, link_since = ? WHERE key = ?";
            db.execute(text, params![at.as_second(), chat.key])?;
            let text = "DELETE FROM groups WHERE platform = ? AND platform_id = ?";
            db.execute(text, params![chat.platform.name(), chat.platform_id]).map(drop)
        })
    }

    /// Whether the library took an account out of a chat since the chat has its present link. It
    /// may have had the key `before` then.
    ///
    /// # Errors
    /// [`crate::error::Code::State`].
    pub(crate) fn was_taken_out(&self, chat: &str, before: &str, account: &str) -> Result<bool> {
        let text = "SELECT 1 FROM journal WHERE chat IN (?1, ?3) AND account = ?2 \
                    AND operation = 'remove_member' AND result = 'done' \
                    AND done_at >= coalesce((SELECT link_since FROM chats WHERE key = ?1), 0)";
        Ok(!self.rows(text, [chat, account, before], |_| Ok(()))?.is_empty())
    }

    /// Writes down that a way into a chat was given, and how.
    ///
    /// # Errors
    /// [`crate::error::Code::State`].
    pub(crate) fn invited(
        &mut self,
        intent: i64,
        operation: &Operation,
        invitation: &Invitation,
        cycle: i64,
    ) -> Result<()> {
        let at = invitation.at.as_second();
        self.transaction(|db| {
            close(db, intent, &Verdict::Done, invitation.at)?;
            let attempt = Attempt { operation: operation.kind, account: operation.account.clone() };
            wait(db, &operation.chat, &attempt, None)?;
            // In a chat that was made a moment ago nobody has a row yet; the cycle's end fills it.
            let mut insert = db.prepare_cached(
                "INSERT INTO members (chat, person, role, admin, granted, account, state, reasons, \
                 admin_reasons, since, cycle) \
                 VALUES (?1, ?2, '', 0, 0, ?3, 'invited', '[]', '[]', ?4, ?5) \
                 ON CONFLICT (chat, person) DO UPDATE SET account = excluded.account, \
                 state = excluded.state, since = excluded.since",
            )?;
            let (chat, account) = (&operation.chat, &operation.account);
            for person in &operation.people {
                insert.execute(params![chat, person, account, at, cycle])?;
            }
            let text = "INSERT OR REPLACE INTO invitations VALUES (?, ?, ?, ?, ?)";
            let row = params![chat, account, at, invitation.link, invitation.delivered];
            db.prepare_cached(text)?.execute(row).map(drop)
        })
    }
}
