//! Chats made by hand.

use jiff::Timestamp;
use rusqlite::{Connection, Row, params};

use super::State;
use super::known::moment;
use super::record::put_chat;
use crate::error::Result;
use crate::plan::KnownChat;

/// What the keys of chats made by hand begin with.
const PREFIX: &str = "custom:";

/// One chat made by hand, deleted or not.
#[derive(Debug, Clone)]
pub(crate) struct Custom {
    /// Its key is `custom:<id>`.
    pub(crate) id: String,
    /// The kind, of those that the profile lets people make.
    pub(crate) kind: String,
    /// What registries show.
    pub(crate) chat_type: String,
    /// `sourcedId` of the organisation.
    pub(crate) organization: String,
    /// `sourcedId` of the homeroom or journal that it was made for.
    pub(crate) class: Option<String>,
    /// The subject's title.
    pub(crate) subject: Option<String>,
    /// Its title.
    pub(crate) title: String,
    /// Who made it.
    pub(crate) maker: String,
    /// When.
    pub(crate) at: Timestamp,
    /// Digest of the order that made it.
    pub(crate) digest: String,
    /// Who renamed it last.
    pub(crate) retitled_by: Option<String>,
    /// How it is written down before it is made; none for one that is read.
    pub(crate) planned: Option<KnownChat>,
}

impl Custom {
    /// The chat's key.
    pub(crate) fn key(&self) -> String {
        format!("{PREFIX}{}", self.id)
    }

    fn read(row: &Row) -> rusqlite::Result<Custom> {
        Ok(Custom {
            id: row.get(0)?,
            kind: row.get(1)?,
            chat_type: row.get(2)?,
            organization: row.get(3)?,
            class: row.get(4)?,
            subject: row.get(5)?,
            title: row.get(6)?,
            maker: row.get(7)?,
            at: moment(row.get(8)?),
            digest: row.get(9)?,
            retitled_by: row.get(10)?,
            planned: None,
        })
    }
}

/// The id in the key of a chat made by hand; the chat that such a one left behind has none.
fn id_of(key: &str) -> Option<&str> {
    key.strip_prefix(PREFIX)
}

impl State {
    /// Every chat that was ever made by hand.
    ///
    /// # Errors
    /// [`crate::error::Code::State`].
    pub(crate) fn custom_chats(&self) -> Result<Vec<Custom>> {
        let query = "SELECT id, kind, type, organization, class, subject, title, maker, at, \
                     digest, retitled_by FROM custom ORDER BY number";
        self.rows(query, [], Custom::read)
    }

    /// One of them, by its key.
    ///
    /// # Errors
    /// [`crate::error::Code::State`].
    pub(crate) fn custom_chat(&self, key: &str) -> Result<Option<Custom>> {
        let Some(id) = id_of(key) else { return Ok(None) };
        Ok(self.custom_chats()?.into_iter().find(|custom| custom.id == id))
    }
}

pub(super) fn insert_custom(db: &Connection, custom: &Custom) -> rusqlite::Result<()> {
    let text = "INSERT INTO custom (id, kind, type, organization, class, subject, title, maker, \
                at, digest) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
    db.execute(
        text,
        params![
            custom.id,
            custom.kind,
            custom.chat_type,
            custom.organization,
            custom.class,
            custom.subject,
            custom.title,
            custom.maker,
            custom.at.as_second(),
            custom.digest,
        ],
    )?;
    custom.planned.iter().try_for_each(|chat| put_chat(db, chat, custom.at))
}

pub(super) fn retitle(
    db: &Connection,
    key: &str,
    title: &str,
    actor: &str,
) -> rusqlite::Result<()> {
    let text = "UPDATE custom SET title = ?, retitled_by = ? WHERE id = ?";
    db.execute(text, params![title, actor, id_of(key)]).map(drop)
}
