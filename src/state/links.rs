//! Accounts that people linked and unlinked by request, and where a person stands in all chats.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use jiff::Timestamp;
use rusqlite::{Connection, Row, params};

use super::State;
use super::dialogs::drop_invites;
use super::journal::parsed;
use super::known::moment;
use crate::clock::earlier;
use crate::error::Result;
use crate::plan::MemberState;
use crate::platform::Kind;
use crate::profile::DesiredChat;

/// How long a used proof is remembered: longer than one is accepted.
const PROOFS_KEPT: Duration = Duration::from_secs(24 * 3600);

/// One link or unlink that was asked for.
#[derive(Debug, Clone)]
pub(crate) struct Link {
    /// Its number.
    pub(crate) id: i64,
    /// The person's `sourcedId`.
    pub(crate) person: String,
    /// On which messenger.
    pub(crate) platform: Kind,
    /// The account; `None` says that the person is unlinked.
    pub(crate) account: Option<String>,
    /// What the roster named for this person and messenger when the request came.
    pub(crate) roster_account: Option<String>,
    /// Who asked.
    pub(crate) actor: String,
    /// When.
    pub(crate) at: Timestamp,
    /// What stands behind it: `request`, `max.init_data`, `max.contact`.
    pub(crate) proof: String,
    /// When it stopped counting, and through what: `request` or `roster`.
    pub(crate) closed: Option<(Timestamp, String)>,
}

impl Link {
    /// Whether the roster has the last word again: it names another account than it did when the
    /// request came (ruling 6). Naming none is no other account.
    pub(crate) fn is_over(&self, named: Option<&str>) -> bool {
        named.is_some() && named != self.roster_account.as_deref()
    }

    fn read(row: &Row) -> rusqlite::Result<Link> {
        let platform: String = row.get(2)?;
        let closed_at: Option<i64> = row.get(8)?;
        let closed_by: Option<String> = row.get(9)?;
        Ok(Link {
            id: row.get(0)?,
            person: row.get(1)?,
            platform: if platform == Kind::Max.name() { Kind::Max } else { Kind::Vk },
            account: row.get(3)?,
            roster_account: row.get(4)?,
            actor: row.get(5)?,
            at: moment(row.get(6)?),
            proof: row.get(7)?,
            closed: closed_at.map(moment).zip(closed_by),
        })
    }

    fn says_the_same(&self, other: &Link) -> bool {
        self.account == other.account
            && self.roster_account == other.roster_account
            && self.proof == other.proof
    }
}

/// One person in one chat, on the chat's own messenger.
#[derive(Debug, Clone)]
pub(crate) struct Place {
    /// The chat's key.
    pub(crate) chat: String,
    /// The account by which the person is or will be in.
    pub(crate) account: Option<String>,
    /// Where the person stands.
    pub(crate) state: MemberState,
}

/// One account in one chat that stands, or stood, for a person.
#[derive(Debug, Clone)]
pub(crate) struct Footing {
    /// The chat's key.
    pub(crate) chat: String,
    /// The account.
    pub(crate) account: String,
    /// The people whom the school's data last meant by it.
    pub(crate) people: Vec<String>,
}

const COLUMNS: &str =
    "id, person, platform, account, roster_account, actor, at, proof, closed_at, closed_by";

impl State {
    /// The requests that are in force.
    ///
    /// # Errors
    /// [`crate::error::Code::State`].
    pub(crate) fn open_links(&self) -> Result<Vec<Link>> {
        let query = format!("SELECT {COLUMNS} FROM links WHERE closed_at IS NULL ORDER BY id");
        self.rows(&query, [], Link::read)
    }

    /// Every request about a person, the newest first.
    ///
    /// # Errors
    /// [`crate::error::Code::State`].
    pub(crate) fn links_of(&self, person: &str) -> Result<Vec<Link>> {
        let query = format!("SELECT {COLUMNS} FROM links WHERE person = ? ORDER BY id DESC");
        self.rows(&query, [person], Link::read)
    }

    /// Grows with every request, by which an unchanged cycle sees that there was one.
    ///
    /// # Errors
    /// [`crate::error::Code::State`].
    pub(crate) fn last_link(&self) -> Result<i64> {
        self.number("SELECT coalesce(max(id), 0) FROM links")
    }

    /// Stores a request in the place of the one that was in force; its number is given by the
    /// file. The same once more changes nothing. `proof` is the digest of what may be used once
    /// only: `false` where it was used before, and then nothing is stored.
    ///
    /// # Errors
    /// [`crate::error::Code::State`].
    pub(crate) fn put_account(&mut self, link: &Link, proof: Option<&str>) -> Result<bool> {
        let same = |one: &Link| one.person == link.person && one.platform == link.platform;
        let before = self.open_links()?.into_iter().find(same);
        self.transaction(|db| {
            if let Some(digest) = proof
                && !use_up(db, digest, link.at)?
            {
                return Ok(false);
            }
            if before.is_some_and(|before| before.says_the_same(link)) {
                return Ok(true);
            }
            replace(db, link).map(|()| true)
        })
    }

    /// Ends requests that the roster has overtaken; they are kept to be looked at.
    ///
    /// # Errors
    /// [`crate::error::Code::State`].
    pub(crate) fn close_links(&mut self, links: &[i64], at: Timestamp) -> Result<()> {
        self.transaction(|db| {
            let text = "UPDATE links SET closed_at = ?, closed_by = 'roster' \
                        WHERE id = ? AND closed_at IS NULL";
            let mut update = db.prepare_cached(text)?;
            links.iter().try_for_each(|id| update.execute([at.as_second(), *id]).map(drop))
        })
    }

    /// The chats in which a person should be.
    ///
    /// # Errors
    /// [`crate::error::Code::State`].
    pub(crate) fn places(&self, person: &str) -> Result<Vec<Place>> {
        let query = "SELECT chat, account, state FROM members WHERE person = ? ORDER BY chat";
        self.rows(query, [person], |row| {
            let state = MemberState::from_name(&row.get::<_, String>(2)?);
            Ok(Place {
                chat: row.get(0)?,
                account: row.get(1)?,
                state: state.unwrap_or(MemberState::Linked),
            })
        })
    }

    /// Keys of the chats that a person administers or should, of those that are kept in step or are
    /// still to be made. Whose rights somebody ordered away has none, done or not.
    ///
    /// # Errors
    /// [`crate::error::Code::State`].
    pub(crate) fn administers(&self, person: &str) -> Result<BTreeSet<String>> {
        let query = "SELECT chat FROM members JOIN chats ON chats.key = members.chat \
                     WHERE person = ? AND members.admin = 1 AND chats.former = 0 \
                     AND chats.state IN ('active', 'planned', 'task') \
                     AND NOT EXISTS (SELECT 1 FROM overrides \
                     WHERE overrides.chat = members.chat AND overrides.person = members.person \
                     AND aspect IN ('member', 'admin') AND value = 'no' AND closed_at IS NULL)";
        Ok(self.rows(query, [person], |row| row.get(0))?.into_iter().collect())
    }

    /// Takes the rights of those who have them by an earlier roster and whom what should be now, by
    /// the chat's key, no longer names as admins: they order nothing more, however this cycle ends.
    ///
    /// # Errors
    /// [`crate::error::Code::State`].
    pub(crate) fn drop_lost_admins(
        &mut self,
        desired: &BTreeMap<String, DesiredChat>,
    ) -> Result<()> {
        let query = "SELECT chat, person FROM members WHERE admin = 1";
        let mut rows: Vec<(String, String)> =
            self.rows(query, [], |row| Ok((row.get(0)?, row.get(1)?)))?;
        rows.retain(|(chat, person)| {
            let admin = |chat: &DesiredChat| chat.members.get(person).is_some_and(|one| one.admin);
            desired.get(chat).is_some_and(|chat| !admin(chat))
        });
        if rows.is_empty() {
            return Ok(());
        }
        self.transaction(|db| {
            for (chat, person) in &rows {
                let text = "UPDATE members SET admin = 0 WHERE chat = ? AND person = ?";
                db.prepare_cached(text)?.execute([chat, person])?;
                // The rows no longer are what they were written from.
                let text = "UPDATE chats SET digest = '' WHERE key = ?";
                db.prepare_cached(text)?.execute([chat])?;
            }
            Ok(())
        })
    }

    /// The accounts in chats that stand for a person, or are this account.
    ///
    /// # Errors
    /// [`crate::error::Code::State`].
    pub(crate) fn footings(&self, person: &str, account: Option<&str>) -> Result<Vec<Footing>> {
        let query = "SELECT chat, account, people FROM presence WHERE account = ?2 \
                     OR EXISTS (SELECT 1 FROM json_each(people) WHERE value = ?1) \
                     ORDER BY chat, account";
        self.rows(query, params![person, account], |row| {
            Ok(Footing {
                chat: row.get(0)?,
                account: row.get(1)?,
                people: parsed(&row.get::<_, String>(2)?),
            })
        })
    }
}

fn replace(db: &Connection, link: &Link) -> rusqlite::Result<()> {
    // Whoever still holds a one-time link would silently take the place of this account.
    drop_invites(db, &link.person, link.platform)?;
    let text = "UPDATE links SET closed_at = ?, closed_by = 'request' \
                WHERE person = ? AND platform = ? AND closed_at IS NULL";
    db.execute(text, params![link.at.as_second(), link.person, link.platform.name()])?;
    let text = "INSERT INTO links (person, platform, account, roster_account, actor, at, proof) \
                VALUES (?, ?, ?, ?, ?, ?, ?)";
    let row = params![
        link.person,
        link.platform.name(),
        link.account,
        link.roster_account,
        link.actor,
        link.at.as_second(),
        link.proof,
    ];
    db.execute(text, row).map(drop)
}

/// Writes down that a proof was used; `false` where it had been.
fn use_up(db: &Connection, digest: &str, at: Timestamp) -> rusqlite::Result<bool> {
    db.execute("DELETE FROM proofs WHERE at < ?", [earlier(at, PROOFS_KEPT).as_second()])?;
    let text = "INSERT OR IGNORE INTO proofs VALUES (?, ?)";
    Ok(db.execute(text, params![digest, at.as_second()])? == 1)
}
