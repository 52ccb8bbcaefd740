//! Calls: the rows, and the journal of what was done about them.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use jiff::civil::Date;
use rusqlite::{Connection, Row, params};

use super::State;
use super::journal::{Hand, Verdict, close, json};
use super::known::moment;
use crate::calls::{Call, CallState, Wish};
use crate::error::{Result, Text};
use crate::plan::Kind;

/// Something about a call that was about to be done when the library last wrote.
#[derive(Debug, Clone)]
pub(crate) struct CallIntent {
    /// Its number in the journal.
    pub(crate) id: i64,
    /// What was to be done.
    pub(crate) operation: Kind,
    /// The call.
    pub(crate) call: String,
    /// What was to be said; of a start, something where no answer is needed.
    pub(crate) said: Option<String>,
    /// When it was meant.
    pub(crate) at: Timestamp,
}

const COLUMNS: &str = "id, chat, lesson, by_roster, title, date, starts, ends, state, running, \
                       given_url, join_url, platform_call, started, started_by, doubtful, \
                       announced, message, closed, wish, wished_at, maker, by, at, setback, deleted";

fn read(row: &Row) -> rusqlite::Result<Call> {
    let time = |at: Option<i64>| at.map(moment);
    let wish: Option<String> = row.get(19)?;
    let setback: Option<String> = row.get(24)?;
    Ok(Call {
        id: row.get(0)?,
        chat: row.get(1)?,
        lesson: row.get(2)?,
        by_roster: row.get(3)?,
        title: row.get(4)?,
        date: row.get::<_, String>(5)?.parse().unwrap_or(Date::ZERO),
        starts: time(row.get(6)?),
        ends: time(row.get(7)?),
        state: CallState::from_name(&row.get::<_, String>(8)?).unwrap_or(CallState::Finished),
        running: row.get(9)?,
        given_url: row.get(10)?,
        join_url: row.get(11)?,
        platform_call: row.get(12)?,
        started: time(row.get(13)?),
        started_by: row.get(14)?,
        doubtful: row.get(15)?,
        announced: time(row.get(16)?),
        message: row.get(17)?,
        closed: time(row.get(18)?),
        wish: wish.as_deref().and_then(wish_named).zip(time(row.get(20)?)),
        maker: row.get(21)?,
        by: row.get(22)?,
        at: moment(row.get(23)?),
        setback: setback.and_then(|text| serde_json::from_str(&text).ok()),
        deleted: row.get(25)?,
    })
}

fn wish_name(wish: Wish) -> &'static str {
    match wish {
        Wish::Start => "start",
        Wish::Finish => "finish",
        Wish::Delete => "delete",
        Wish::Cancel => "cancel",
    }
}

fn wish_named(name: &str) -> Option<Wish> {
    [Wish::Start, Wish::Finish, Wish::Delete, Wish::Cancel]
        .into_iter()
        .find(|wish| wish_name(*wish) == name)
}

fn put(db: &Connection, call: &Call) -> rusqlite::Result<()> {
    let marks = vec!["?"; COLUMNS.split(", ").count()].join(", ");
    let text = format!("INSERT OR REPLACE INTO calls ({COLUMNS}) VALUES ({marks})");
    let time = |at: Option<Timestamp>| at.map(Timestamp::as_second);
    db.prepare_cached(&text)?
        .execute(params![
            call.id,
            call.chat,
            call.lesson,
            call.by_roster,
            call.title,
            call.date.to_string(),
            time(call.starts),
            time(call.ends),
            call.state.name(),
            call.running,
            call.given_url,
            call.join_url,
            call.platform_call,
            time(call.started),
            call.started_by,
            call.doubtful,
            time(call.announced),
            call.message,
            time(call.closed),
            call.wish.map(|(wish, _)| wish_name(wish)),
            call.wish.map(|(_, at)| at.as_second()),
            call.maker,
            call.by,
            call.at.as_second(),
            call.setback.as_ref().map(json),
            call.deleted,
        ])
        .map(drop)
}

impl State {
    /// Every call, deleted ones too, in the order in which they begin.
    ///
    /// # Errors
    /// [`crate::error::Code::State`].
    pub(crate) fn calls(&self) -> Result<Vec<Call>> {
        let query = format!("SELECT {COLUMNS} FROM calls ORDER BY date, starts, id");
        self.rows(&query, [], read)
    }

    /// Stores calls, and forgets others. The next cycle has something to do: the one that an order
    /// begins itself may not come about.
    ///
    /// # Errors
    /// [`crate::error::Code::State`].
    pub(crate) fn put_calls(&mut self, calls: &[Call], dropped: &[String]) -> Result<()> {
        if calls.is_empty() && dropped.is_empty() {
            return Ok(());
        }
        self.transaction(|db| {
            calls.iter().try_for_each(|call| put(db, call))?;
            db.execute("DELETE FROM meta WHERE name = 'quiet'", [])?;
            let mut delete = db.prepare_cached("DELETE FROM calls WHERE id = ?")?;
            dropped.iter().try_for_each(|id| delete.execute([id]).map(drop))
        })
    }

    /// Writes down what is about to be done to a call; `said` is what is to be said, or, of a start,
    /// anything where it needs no answer.
    ///
    /// # Errors
    /// [`crate::error::Code::State`].
    pub(crate) fn intend_call(
        &mut self,
        operation: Kind,
        call: &Call,
        said: Option<&str>,
        reason: &Text,
        hand: Hand,
        at: Timestamp,
    ) -> Result<i64> {
        self.transaction(|db| {
            let insert = "INSERT INTO journal (cycle, at, operation, chat, account, people, title, \
                          reason, actor, counted, call, said) \
                          VALUES (?, ?, ?, ?, '', '[]', ?, ?, ?, 0, ?, ?)";
            db.prepare_cached(insert)?.insert(params![
                hand.cycle,
                at.as_second(),
                operation.name(),
                call.chat,
                call.title,
                json(reason),
                hand.actor,
                call.id,
                said,
            ])
        })
    }

    /// Writes down what came of it, and what the call is now, at once.
    ///
    /// # Errors
    /// [`crate::error::Code::State`].
    pub(crate) fn settle_call(
        &mut self,
        intent: i64,
        verdict: &Verdict,
        call: &Call,
        at: Timestamp,
    ) -> Result<()> {
        self.transaction(|db| {
            close(db, intent, verdict, at)?;
            put(db, call)
        })
    }

    /// What was meant to be done about calls and has no result.
    ///
    /// # Errors
    /// [`crate::error::Code::State`].
    pub(crate) fn open_call_intents(&self) -> Result<Vec<CallIntent>> {
        let query = "SELECT id, operation, call, said, at FROM journal \
                     WHERE result IS NULL AND call IS NOT NULL ORDER BY id";
        self.rows(query, [], |row| {
            let operation = Kind::from_name(&row.get::<_, String>(1)?);
            Ok(CallIntent {
                id: row.get(0)?,
                operation: operation.unwrap_or(Kind::PostMessage),
                call: row.get(2)?,
                said: row.get(3)?,
                at: moment(row.get(4)?),
            })
        })
    }

    /// The chats to which a person belongs with an account there: whose calls' links are theirs.
    ///
    /// # Errors
    /// [`crate::error::Code::State`].
    pub(crate) fn chats_of_member(&self, person: &str) -> Result<BTreeSet<String>> {
        let query = "SELECT chat FROM members WHERE person = ? AND account IS NOT NULL";
        Ok(self.rows(query, [person], |row| row.get(0))?.into_iter().collect())
    }

    /// The standing call links of chats, by key.
    ///
    /// # Errors
    /// [`crate::error::Code::State`].
    pub(crate) fn call_links(&self) -> Result<BTreeMap<String, String>> {
        let query = "SELECT key, call_link FROM chats WHERE call_link IS NOT NULL";
        Ok(self.rows(query, [], |row| Ok((row.get(0)?, row.get(1)?)))?.into_iter().collect())
    }

    /// Stores the standing call link that a person gave for a chat.
    ///
    /// # Errors
    /// [`crate::error::Code::State`].
    pub(crate) fn put_call_link(&mut self, chat: &str, link: &str) -> Result<()> {
        self.transaction(|db| {
            db.execute("UPDATE chats SET call_link = ? WHERE key = ?", [link, chat]).map(drop)
        })
    }
}
