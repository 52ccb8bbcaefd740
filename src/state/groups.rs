//! Groups that no key has yet, and what happened to chats that have one: what events tell.

use jiff::Timestamp;
use rusqlite::{OptionalExtension, params};

use super::State;
use super::journal::{json, parsed};
use super::known::moment;
use crate::error::Result;
use crate::platform::{Kind, OwnRights};

/// A group into which somebody put the library's own account, and which no key has yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Group {
    /// Its id on the platform.
    pub(crate) platform_id: String,
    /// Its title; `None` where it was not read yet.
    pub(crate) title: Option<String>,
    /// Who put the library's own account in, as far as told.
    pub(crate) by: Option<String>,
    /// The tasks' codes that people wrote there.
    pub(crate) code: Option<String>,
    /// Since when it is known.
    pub(crate) since: Timestamp,
}

/// A chat that a key has, as an event meets it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Met {
    /// It is read in the next cycle already.
    pub(crate) due: bool,
    /// What the library's own account is known to be allowed there.
    pub(crate) own: Option<OwnRights>,
}

impl State {
    /// The groups of a platform that no key has yet, by id.
    ///
    /// # Errors
    /// [`crate::error::Code::State`].
    pub(crate) fn groups(&self, platform: Kind) -> Result<Vec<Group>> {
        let query = "SELECT platform_id, title, by_account, code, since FROM groups \
                     WHERE platform = ? ORDER BY platform_id";
        self.rows(query, [platform.name()], |row| {
            Ok(Group {
                platform_id: row.get(0)?,
                title: row.get(1)?,
                by: row.get(2)?,
                code: row.get(3)?,
                since: moment(row.get(4)?),
            })
        })
    }

    /// Remembers a group, or what is newly known about it; an absent title, author or code keeps
    /// what is there, and so does `since`. Tells whether anything was new.
    ///
    /// # Errors
    /// [`crate::error::Code::State`].
    pub(crate) fn put_group(&mut self, platform: Kind, group: &Group) -> Result<bool> {
        self.transaction(|db| {
            let text = "INSERT INTO groups VALUES (?, ?, ?, ?, ?, ?) \
                        ON CONFLICT (platform, platform_id) DO UPDATE SET \
                        title = coalesce(excluded.title, title), \
                        by_account = coalesce(excluded.by_account, by_account), \
                        code = CASE WHEN code IS NULL OR excluded.code IS NULL \
                        THEN coalesce(excluded.code, code) \
                        WHEN instr(code, excluded.code) > 0 THEN code \
                        ELSE code || ' ' || excluded.code END \
                        WHERE coalesce(excluded.title, title) IS NOT title \
                        OR coalesce(excluded.by_account, by_account) IS NOT by_account \
                        OR (excluded.code IS NOT NULL AND \
                        (code IS NULL OR instr(code, excluded.code) = 0))";
            let since = group.since.as_second();
            let row = params![
                platform.name(),
                group.platform_id,
                group.title,
                group.by,
                group.code,
                since
            ];
            Ok(db.prepare_cached(text)?.execute(row)? > 0)
        })
    }

    /// Forgets a group: a key has it now, or the library's own account is out. Tells whether it
    /// was known.
    ///
    /// # Errors
    /// [`crate::error::Code::State`].
    pub(crate) fn drop_group(&mut self, platform: Kind, platform_id: &str) -> Result<bool> {
        self.transaction(|db| {
            let text = "DELETE FROM groups WHERE platform = ? AND platform_id = ?";
            Ok(db.prepare_cached(text)?.execute([platform.name(), platform_id])? > 0)
        })
    }

    /// The chat with this id on a platform as it stands at `at`, if a key has one.
    ///
    /// # Errors
    /// [`crate::error::Code::State`].
    pub(crate) fn met(
        &self,
        platform: Kind,
        platform_id: &str,
        at: Timestamp,
    ) -> Result<Option<Met>> {
        let text = "SELECT due <> 0 AND due <= ?3, own FROM chats \
                    WHERE platform = ?1 AND platform_id = ?2";
        let read = |row: &rusqlite::Row| {
            let own: Option<String> = row.get(1)?;
            Ok(Met { due: row.get(0)?, own: own.map(|text| parsed(&text)) })
        };
        let row = params![platform.name(), platform_id, at.as_second()];
        let found =
            self.db.prepare_cached(text).and_then(|mut one| one.query_row(row, read).optional());
        found.map_err(|error| self.failure(&error))
    }

    /// Has the chat with this id read in the next cycle; tells whether a key has one. A reading
    /// that began before `at` does not count for it.
    ///
    /// # Errors
    /// [`crate::error::Code::State`].
    pub(crate) fn mark_due(
        &mut self,
        platform: Kind,
        platform_id: &str,
        at: Timestamp,
    ) -> Result<bool> {
        self.transaction(|db| {
            let text = "UPDATE chats SET due = ? WHERE platform = ? AND platform_id = ?";
            let row = params![at.as_second(), platform.name(), platform_id];
            Ok(db.prepare_cached(text)?.execute(row)? > 0)
        })
    }

    /// Stores what the library's own account may do in the chat with this id; tells whether a key
    /// has one.
    ///
    /// # Errors
    /// [`crate::error::Code::State`].
    pub(crate) fn put_own(
        &mut self,
        platform: Kind,
        platform_id: &str,
        own: &OwnRights,
        at: Timestamp,
    ) -> Result<bool> {
        self.transaction(|db| {
            let text = "UPDATE chats SET own = ?, own_at = ? \
                        WHERE platform = ? AND platform_id = ?";
            let row = params![json(own), at.as_second(), platform.name(), platform_id];
            Ok(db.prepare_cached(text)?.execute(row)? > 0)
        })
    }

    /// Forgets what the library's own account may do in the chat with this id: it was put in anew.
    ///
    /// # Errors
    /// [`crate::error::Code::State`].
    pub(crate) fn drop_own(&mut self, platform: Kind, platform_id: &str) -> Result<()> {
        self.transaction(|db| {
            let text = "UPDATE chats SET own = NULL, own_at = NULL \
                        WHERE platform = ? AND platform_id = ?";
            db.prepare_cached(text)?.execute([platform.name(), platform_id]).map(drop)
        })
    }

    /// Grows with everything new that events told, by which a cycle that runs meanwhile does not
    /// hide it from the next one.
    ///
    /// # Errors
    /// [`crate::error::Code::State`].
    pub(crate) fn last_news(&self) -> Result<i64> {
        Ok(self.meta("news")?.and_then(|text| text.parse().ok()).unwrap_or(0))
    }

    /// Remembers that events told something new: the next cycle has something to do.
    ///
    /// # Errors
    /// [`crate::error::Code::State`].
    pub(crate) fn note_news(&mut self) -> Result<()> {
        let next = self.last_news()? + 1;
        self.put_meta("news", &next.to_string())?;
        self.drop_meta(&["quiet"])
    }

    /// Where the next question for events begins.
    ///
    /// # Errors
    /// [`crate::error::Code::State`].
    pub(crate) fn marker(&self, platform: Kind) -> Result<Option<String>> {
        self.meta(&format!("marker.{}", platform.name()))
    }

    /// Remembers where the next question for events begins.
    ///
    /// # Errors
    /// [`crate::error::Code::State`].
    pub(crate) fn put_marker(&mut self, platform: Kind, marker: &str) -> Result<()> {
        self.put_meta(&format!("marker.{}", platform.name()), marker)
    }
}
