//! The move to another messenger: chats that are left behind get a key of their own.

use jiff::Timestamp;
use rusqlite::{Connection, params};

use super::State;
use super::journal::{Verdict, close, json};
use super::record::wait;
use crate::error::Result;
use crate::plan::{Allowed, Attempt, Kind, Notice, Rekeyed};

/// What goes with a chat to its other key. What is over keeps the key under which it was done.
const FOLLOWS: [&str; 6] = [
    "UPDATE presence SET chat = ?2 WHERE chat = ?1",
    "UPDATE members SET chat = ?2 WHERE chat = ?1",
    "UPDATE waiting SET chat = ?2 WHERE chat = ?1",
    "UPDATE journal SET chat = ?2 WHERE chat = ?1 AND result IS NULL",
    "UPDATE tasks SET chat = ?2 WHERE chat = ?1 AND closed_at IS NULL",
    // What has begun is ended where it was begun; what has not begins in the chat that has the key then.
    "UPDATE calls SET chat = ?2 WHERE chat = ?1 \
     AND (running = 1 OR doubtful = 1 OR (announced IS NOT NULL AND closed IS NULL))",
];

/// What stands under a key that is taken over: a chat that was never made.
const GIVES_WAY: [&str; 4] = [
    "DELETE FROM chats WHERE key = ?1 AND platform_id IS NULL",
    "DELETE FROM presence WHERE chat = ?1",
    "DELETE FROM members WHERE chat = ?1",
    "DELETE FROM waiting WHERE chat = ?1",
];

impl State {
    /// Gives chats their other keys, all or none; `allowed` is what a person let go, by the new
    /// keys.
    ///
    /// # Errors
    /// [`crate::error::Code::State`].
    pub(crate) fn rekey(
        &mut self,
        moves: &[Rekeyed],
        allowed: &[Allowed],
        at: Timestamp,
    ) -> Result<()> {
        self.transaction(|db| {
            moves.iter().try_for_each(|one| rekey(db, one, at))?;
            let text = "UPDATE meta SET value = ? WHERE name = 'allowed'";
            db.execute(text, [json(&allowed)]).map(drop)
        })
    }

    /// Writes down that a chat was told of its successor.
    ///
    /// # Errors
    /// [`crate::error::Code::State`].
    pub(crate) fn noticed(&mut self, intent: i64, chat: &str, notice: &Notice) -> Result<()> {
        self.transaction(|db| {
            close(db, intent, &Verdict::Done, notice.at)?;
            let attempt = Attempt { operation: Kind::PostMessage, account: String::new() };
            wait(db, chat, &attempt, None)?;
            let text = "UPDATE chats SET noticed_at = ?, notice_link = ? WHERE key = ?";
            db.execute(text, params![notice.at.as_second(), notice.link, chat]).map(drop)
        })
    }

    /// Remembers that the people of chats are taken out because the school has moved: who is left
    /// is taken out by later cycles.
    ///
    /// # Errors
    /// [`crate::error::Code::State`].
    pub(crate) fn put_emptying(&mut self, chats: &[&str]) -> Result<()> {
        self.transaction(|db| {
            let mut update = db.prepare_cached("UPDATE chats SET emptying = 1 WHERE key = ?")?;
            chats.iter().try_for_each(|chat| update.execute([chat]).map(drop))
        })
    }
}

pub(super) fn rekey(db: &Connection, one: &Rekeyed, at: Timestamp) -> rusqlite::Result<()> {
    for text in GIVES_WAY {
        db.prepare_cached(text)?.execute([&one.to])?;
    }
    let text = "UPDATE tasks SET closed_at = ?, closed_by = 'library' \
                WHERE chat = ? AND closed_at IS NULL";
    db.prepare_cached(text)?.execute(params![at.as_second(), one.to])?;
    let text = "UPDATE chats SET key = ?2, former = ?3, digest = '', noticed_at = NULL, \
                notice_link = NULL, emptying = 0 WHERE key = ?1";
    db.prepare_cached(text)?.execute(params![one.from, one.to, one.former])?;
    for text in FOLLOWS {
        db.prepare_cached(text)?.execute([&one.from, &one.to])?;
    }
    Ok(())
}
