//! Who can be written to, and the one-time links by which people link their accounts.

use jiff::Timestamp;
use rusqlite::{OptionalExtension, params};

use super::State;
use super::known::{messenger, moment};
use crate::error::Result;
use crate::platform::Kind;

/// A one-time link for one person. Of its word only a digest is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Invite {
    /// Digest of the word that the link carries.
    pub(crate) digest: String,
    /// The person's `sourcedId`.
    pub(crate) person: String,
    /// On which messenger.
    pub(crate) platform: Kind,
    /// Who asked for it.
    pub(crate) actor: String,
    /// When.
    pub(crate) at: Timestamp,
    /// From when on it links nobody any more.
    pub(crate) expires: Timestamp,
}

impl State {
    /// Remembers whether somebody can be written to, and the dialog's own id where it is told.
    ///
    /// # Errors
    /// [`crate::error::Code::State`].
    pub(crate) fn put_dialog(
        &mut self,
        platform: Kind,
        account: &str,
        open: bool,
        chat: Option<&str>,
        at: Timestamp,
    ) -> Result<()> {
        self.transaction(|db| {
            let text = "INSERT INTO dialogs (platform, account, open, chat, at) \
                        VALUES (?, ?, ?, ?, ?) ON CONFLICT (platform, account) DO UPDATE SET \
                        open = excluded.open, chat = coalesce(excluded.chat, chat), \
                        at = excluded.at";
            let row = params![platform.name(), account, open, chat, at.as_second()];
            db.prepare_cached(text)?.execute(row).map(drop)
        })
    }

    /// Whether somebody can be written to; `None` where nothing was ever told.
    ///
    /// # Errors
    /// [`crate::error::Code::State`].
    pub(crate) fn dialog(&self, platform: Kind, account: &str) -> Result<Option<bool>> {
        let text = "SELECT open FROM dialogs WHERE platform = ? AND account = ?";
        let row = [platform.name(), account];
        let found = self
            .db
            .prepare_cached(text)
            .and_then(|mut one| one.query_row(row, |row| row.get(0)).optional());
        found.map_err(|error| self.failure(&error))
    }

    /// The id of the dialog with somebody, as far as it was told.
    ///
    /// # Errors
    /// [`crate::error::Code::State`].
    pub(crate) fn dialog_id(&self, platform: Kind, account: &str) -> Result<Option<String>> {
        let text = "SELECT chat FROM dialogs WHERE platform = ? AND account = ?";
        let rows = self.rows(text, [platform.name(), account], |row| row.get(0))?;
        Ok(rows.into_iter().next().flatten())
    }

    /// Remembers a one-time link, in the place of those that were made for the person before.
    ///
    /// # Errors
    /// [`crate::error::Code::State`].
    pub(crate) fn put_invite(&mut self, invite: &Invite) -> Result<()> {
        self.transaction(|db| {
            drop_invites(db, &invite.person, invite.platform)?;
            let text = "INSERT INTO invites (digest, person, platform, actor, at, expires) \
                        VALUES (?, ?, ?, ?, ?, ?)";
            let row = params![
                invite.digest,
                invite.person,
                invite.platform.name(),
                invite.actor,
                invite.at.as_second(),
                invite.expires.as_second(),
            ];
            db.prepare_cached(text)?.execute(row).map(drop)
        })
    }

    /// Uses a one-time link up. `None` where there is none with this digest, or it was used before,
    /// or it has expired.
    ///
    /// # Errors
    /// [`crate::error::Code::State`].
    pub(crate) fn take_invite(
        &mut self,
        platform: Kind,
        digest: &str,
        at: Timestamp,
    ) -> Result<Option<Invite>> {
        self.transaction(|db| {
            let text = "UPDATE invites SET used_at = ?1 WHERE digest = ?2 AND platform = ?3 \
                        AND used_at IS NULL AND expires > ?1 \
                        RETURNING digest, person, platform, actor, at, expires";
            let read = |row: &rusqlite::Row| {
                Ok(Invite {
                    digest: row.get(0)?,
                    person: row.get(1)?,
                    platform: messenger(&row.get::<_, String>(2)?),
                    actor: row.get(3)?,
                    at: moment(row.get(4)?),
                    expires: moment(row.get(5)?),
                })
            };
            let row = params![at.as_second(), digest, platform.name()];
            db.prepare_cached(text)?.query_row(row, read).optional()
        })
    }
}

/// Ends the one-time links of a person that nobody has used.
pub(super) fn drop_invites(
    db: &rusqlite::Connection,
    person: &str,
    platform: Kind,
) -> rusqlite::Result<()> {
    let text = "DELETE FROM invites WHERE person = ? AND platform = ? AND used_at IS NULL";
    db.prepare_cached(text)?.execute([person, platform.name()]).map(drop)
}
