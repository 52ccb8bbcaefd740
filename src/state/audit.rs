//! The journal as people read it.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use rusqlite::{Row, params};
use serde_json::{Value, json};

use super::State;
use super::journal::{parsed, sentence};
use super::known::moment;
use crate::clock::show;
use crate::error::{Result, Text};

/// What narrows the audit.
#[derive(Debug, Clone, Default)]
pub(crate) struct AuditFilter {
    /// Not before.
    pub(crate) since: Option<Timestamp>,
    /// Before.
    pub(crate) until: Option<Timestamp>,
    /// Only this chat.
    pub(crate) chat: Option<String>,
    /// Only this person.
    pub(crate) person: Option<String>,
}

/// One operation that was tried.
#[derive(Debug, Clone)]
pub(crate) struct AuditEntry {
    id: String,
    cycle: Option<i64>,
    at: Timestamp,
    operation: String,
    chat: String,
    account: String,
    call: Option<String>,
    people: Vec<String>,
    title: Option<String>,
    reason: Text,
    actor: String,
    result: Option<String>,
    code: Option<String>,
}

/// Operations with what became of them, and the orders that people gave.
const ENTRIES: &str = "SELECT CAST(id AS TEXT) AS id, cycle, at, operation, chat, account, people, \
    title, reason, actor, result, code, call, 0 AS rank, id AS number FROM journal \
    UNION ALL SELECT 'o' || id, NULL, at, method, chat, '', people, title, '', actor, 'accepted', \
    NULL, NULL, 1, id FROM orders";

impl AuditEntry {
    fn read(row: &Row) -> rusqlite::Result<AuditEntry> {
        Ok(AuditEntry {
            id: row.get(0)?,
            cycle: row.get(1)?,
            at: moment(row.get(2)?),
            operation: row.get(3)?,
            chat: row.get(4)?,
            account: row.get(5)?,
            people: parsed(&row.get::<_, String>(6)?),
            title: row.get(7)?,
            reason: match row.get::<_, String>(8)? {
                order if order.is_empty() => Text::new("распоряжение человека", "a person's order"),
                reason => sentence(&reason),
            },
            actor: row.get(9)?,
            result: row.get(10)?,
            code: row.get(11)?,
            call: row.get(12)?,
        })
    }

    /// The entry as a document; an operation whose answer is not known has the result `unknown`.
    pub(crate) fn to_json(&self, zone: &TimeZone) -> Value {
        let account = (!self.account.is_empty()).then_some(&self.account);
        json!({
            "id": self.id,
            "at": show(self.at, zone),
            "cycle": self.cycle,
            "operation": self.operation,
            "chat": self.chat,
            "person": self.people.first(),
            "people": self.people,
            "account": account,
            "call": self.call,
            "title": self.title,
            "reason": self.reason,
            "actor": self.actor,
            "result": self.result.as_deref().unwrap_or("unknown"),
            "code": self.code,
        })
    }
}

impl State {
    /// What was done, the newest first.
    ///
    /// # Errors
    /// [`crate::error::Code::State`].
    pub(crate) fn audit(&self, filter: &AuditFilter) -> Result<Vec<AuditEntry>> {
        let query = format!(
            "SELECT * FROM ({ENTRIES}) WHERE (?1 IS NULL OR at >= ?1) \
             AND (?2 IS NULL OR at < ?2) AND (?3 IS NULL OR chat = ?3) \
             AND (?4 IS NULL OR EXISTS (SELECT 1 FROM json_each(people) WHERE value = ?4)) \
             ORDER BY at DESC, rank, number DESC"
        );
        let since = filter.since.map(Timestamp::as_second);
        let until = filter.until.map(Timestamp::as_second);
        self.rows(&query, params![since, until, filter.chat, filter.person], AuditEntry::read)
    }

    /// The last operations on one person in one chat, the newest first.
    ///
    /// # Errors
    /// [`crate::error::Code::State`].
    pub(crate) fn history(&self, chat: &str, person: &str, most: usize) -> Result<Vec<AuditEntry>> {
        let filter = AuditFilter {
            chat: Some(chat.to_owned()),
            person: Some(person.to_owned()),
            ..AuditFilter::default()
        };
        let mut entries = self.audit(&filter)?;
        entries.truncate(most);
        Ok(entries)
    }
}
