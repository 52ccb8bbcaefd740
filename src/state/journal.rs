//! Intents and results: what makes a crash at any moment harmless.

use std::collections::BTreeSet;

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, params};

use super::State;
use super::known::moment;
use crate::error::{Result, Text};
use crate::plan::{Cause, Kind, Operation};

/// An operation that was about to be done when the library last wrote.
#[derive(Debug, Clone)]
pub(crate) struct Intent {
    /// Its number in the journal.
    pub(crate) id: i64,
    /// What was to be done.
    pub(crate) operation: Kind,
    /// The chat's key.
    pub(crate) chat: String,
    /// The account, or empty.
    pub(crate) account: String,
    /// The people behind the account.
    pub(crate) people: Vec<String>,
    /// The title that a new chat was to have.
    pub(crate) title: Option<String>,
    /// When it was meant.
    pub(crate) at: Timestamp,
}

/// What became of an intent.
#[derive(Debug, Clone)]
pub(crate) enum Verdict {
    /// Done.
    Done,
    /// Not done, for this reason.
    Failed(String),
    /// Not sent at all.
    NotSent,
}

impl Verdict {
    fn words(&self) -> (&'static str, Option<&str>) {
        match self {
            Verdict::Done => ("done", None),
            Verdict::Failed(code) => ("failed", Some(code)),
            Verdict::NotSent => ("not_sent", None),
        }
    }
}

/// Who and when, for every row written by one cycle or order.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Hand<'a> {
    /// The cycle's number.
    pub(crate) cycle: i64,
    /// The person at the screen, or `system`.
    pub(crate) actor: &'a str,
    /// The people whom the actor's order is about; none where the whole cycle is the actor's.
    pub(crate) about: Option<&'a [String]>,
    /// What a person let go that the guard held.
    pub(crate) approved: Option<Approved<'a>>,
}

/// Operations that a person approved: such losses do not count for the guard again.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Approved<'a> {
    /// The person.
    pub(crate) by: &'a str,
    /// The operations.
    pub(crate) operations: &'a BTreeSet<Operation>,
}

impl<'a> Hand<'a> {
    /// Who approved an operation, if it had to be approved.
    pub(crate) fn approval_of(&self, operation: &Operation) -> Option<&'a str> {
        self.approved.filter(|approved| approved.operations.contains(operation)).map(|one| one.by)
    }

    /// Whether an operation is what the actor asked for, and not what was due besides.
    fn asked_for(&self, operation: &Operation) -> bool {
        let named = |about: &[String]| operation.people.iter().any(|one| about.contains(one));
        self.about.is_none_or(named)
    }

    /// In whose name an operation is done: who let it go or ordered it, whenever that was; else who
    /// began the cycle, as far as it is theirs.
    fn in_whose_name(&self, db: &Connection, operation: &Operation) -> rusqlite::Result<String> {
        if let Some(by) = self.approval_of(operation) {
            return Ok(by.to_owned());
        }
        if let Cause::Ordered(by) = &operation.cause {
            return Ok(by.clone());
        }
        let asked = if self.asked_for(operation) { self.actor } else { SYSTEM };
        Ok(ordered_by(db, operation)?.unwrap_or_else(|| asked.to_owned()))
    }
}

/// Who the host itself is.
const SYSTEM: &str = "system";

/// Who ordered what brings an operation about: put somebody in or gave them rights by hand, or gave
/// up the account that goes.
fn ordered_by(db: &Connection, operation: &Operation) -> rusqlite::Result<Option<String>> {
    let wanted = "SELECT actor FROM overrides WHERE chat = ?1 AND aspect = ?2 AND value = 'yes' \
                  AND closed_at IS NULL AND person IN (SELECT value FROM json_each(?3)) \
                  ORDER BY id DESC LIMIT 1";
    let people = json(&operation.people);
    let by_hand = |aspect: &str| {
        let row = params![operation.chat, aspect, people];
        db.prepare_cached(wanted)?.query_row(row, |row| row.get(0)).optional()
    };
    match (operation.kind, &operation.cause) {
        (Kind::AddMember | Kind::InviteMember, _) => by_hand("member"),
        (Kind::GrantAdmin, _) => by_hand("admin"),
        (Kind::RemoveMember, Cause::AskedToLeave) => {
            let text = "SELECT links.actor FROM links JOIN chats ON chats.platform = links.platform \
                        WHERE chats.key = ?1 AND links.closed_at IS NULL \
                        AND links.person IN (SELECT value FROM json_each(?2)) \
                        ORDER BY links.id DESC LIMIT 1";
            let row = params![operation.chat, people];
            db.prepare_cached(text)?.query_row(row, |row| row.get(0)).optional()
        }
        _ => Ok(None),
    }
}

impl State {
    /// Writes down what is about to be done, all or none, and returns the rows' numbers.
    ///
    /// # Errors
    /// [`crate::error::Code::State`].
    pub(crate) fn intend(
        &mut self,
        operations: &[&Operation],
        hand: Hand,
        at: Timestamp,
    ) -> Result<Vec<i64>> {
        self.transaction(|db| {
            let mut insert = db.prepare_cached(
                "INSERT INTO journal (cycle, at, operation, chat, account, people, title, reason, \
                 actor, counted) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            )?;
            let mut row = |operation: &&Operation| {
                insert.insert(params![
                    hand.cycle,
                    at.as_second(),
                    operation.kind.name(),
                    operation.chat,
                    operation.account,
                    json(&operation.people),
                    operation.title,
                    json(&operation.cause.text()),
                    hand.in_whose_name(db, operation)?,
                    operation.cause.counts() && hand.approval_of(operation).is_none(),
                ])
            };
            operations.iter().map(&mut row).collect()
        })
    }

    /// The intents whose result is not known: the process died, or the answer was lost.
    ///
    /// # Errors
    /// [`crate::error::Code::State`].
    pub(crate) fn open_intents(&self) -> Result<Vec<Intent>> {
        self.rows(
            "SELECT id, operation, chat, account, people, title, at FROM journal \
             WHERE result IS NULL AND call IS NULL ORDER BY id",
            [],
            |row| {
                Ok(Intent {
                    id: row.get(0)?,
                    operation: Kind::from_name(&row.get::<_, String>(1)?)
                        .unwrap_or(Kind::PostMessage),
                    chat: row.get(2)?,
                    account: row.get(3)?,
                    people: parsed(&row.get::<_, String>(4)?),
                    title: row.get(5)?,
                    at: moment(row.get(6)?),
                })
            },
        )
    }

    /// Writes down what became of an intent, without anything else.
    ///
    /// # Errors
    /// [`crate::error::Code::State`].
    pub(crate) fn close_intent(&mut self, id: i64, verdict: &Verdict, at: Timestamp) -> Result<()> {
        self.transaction(|db| close(db, id, verdict, at))
    }

    /// Forgets what is older than `before`; the guard needs a day, people need a school year.
    ///
    /// # Errors
    /// [`crate::error::Code::State`].
    pub(crate) fn forget(&mut self, before: Timestamp) -> Result<()> {
        let before = before.as_second();
        self.transaction(|db| {
            db.execute("DELETE FROM journal WHERE at < ? AND result IS NOT NULL", [before])?;
            db.execute("DELETE FROM cycles WHERE started < ?", [before])?;
            db.execute("DELETE FROM links WHERE closed_at < ?", [before])?;
            db.execute("DELETE FROM tasks WHERE closed_at < ?", [before])?;
            db.execute("DELETE FROM overrides WHERE closed_at < ?", [before])?;
            db.execute("DELETE FROM orders WHERE at < ?", [before])?;
            db.execute("DELETE FROM invites WHERE expires < ?", [before])?;
            db.execute(
                "DELETE FROM calls WHERE at < ? AND (state = 'finished' OR deleted)",
                [before],
            )?;
            Ok(())
        })
    }
}

/// Writes a result into the journal inside a transaction that also writes what it means.
pub(super) fn close(
    db: &Connection,
    id: i64,
    verdict: &Verdict,
    at: Timestamp,
) -> rusqlite::Result<()> {
    let (result, code) = verdict.words();
    let text = "UPDATE journal SET result = ?, code = ?, done_at = ? WHERE id = ?";
    db.prepare_cached(text)?.execute(params![result, code, at.as_second(), id])?;
    Ok(())
}

/// A value as the JSON text of a column.
pub(super) fn json(value: &impl serde::Serialize) -> String {
    serde_json::to_string(value).unwrap_or_default()
}

/// A column's JSON text as a value; a damaged one as the default.
pub(super) fn parsed<T: serde::de::DeserializeOwned + Default>(text: &str) -> T {
    serde_json::from_str(text).unwrap_or_default()
}

/// A sentence from its column.
pub(super) fn sentence(text: &str) -> Text {
    serde_json::from_str(text).unwrap_or_else(|_| Text::new(text, text))
}
