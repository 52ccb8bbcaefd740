//! Calls: the rows, and the journal of what was done about them.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use jiff::civil::Date;
use rusqlite::{Connection, Row, params};

use super::State;
use super::journal::{Hand, Verdict, close, json};
use super::known::moment;
use crate::calls::{Call, CallState, SHOWN, Wish};
use crate::clock::earlier;
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
                       announced, message, closed, wish, wished_at, maker, by, at, setback, deleted, \
                       room, by_lesson, unended, farewell";

/// The ids of calls that are open, or about which something is under way; by their indexes.
const OPEN: &str = "SELECT id FROM calls WHERE state <> 'finished' UNION \
                    SELECT id FROM calls WHERE running = 1 OR setback IS NOT NULL \
                    OR (announced IS NOT NULL AND closed IS NULL)";

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
        room: row.get(26)?,
        by_lesson: row.get(27)?,
        unended: row.get(28)?,
        farewell: row.get(29)?,
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
            call.room,
            call.by_lesson,
            call.unended,
            call.farewell,
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

    /// The calls that a report of this moment shows: the open ones, and those on which somebody acted
    /// not long ago.
    ///
    /// # Errors
    /// [`crate::error::Code::State`].
    pub(crate) fn calls_shown(&self, now: Timestamp) -> Result<Vec<Call>> {
        let query = format!(
            "SELECT {COLUMNS} FROM calls WHERE id IN ({OPEN} \
             UNION SELECT id FROM calls WHERE at > ?1) ORDER BY date, starts, id"
        );
        self.rows(&query, [earlier(now, SHOWN).as_second()], read)
    }

    /// The calls that can still matter to a cycle: those that a report shows, those from this day on,
    /// those of these lessons, and those about which something is under way.
    ///
    /// # Errors
    /// [`crate::error::Code::State`].
    pub(crate) fn calls_at_work(
        &self,
        now: Timestamp,
        from: Date,
        lessons: &[&str],
    ) -> Result<Vec<Call>> {
        let query = format!(
            "SELECT {COLUMNS} FROM calls WHERE id IN ({OPEN} \
             UNION SELECT id FROM calls WHERE at > ?1 \
             UNION SELECT id FROM calls WHERE date >= ?2 \
             UNION SELECT id FROM calls WHERE lesson IN (SELECT value FROM json_each(?3)) \
             UNION SELECT call FROM journal WHERE result IS NULL AND call IS NOT NULL) \
             ORDER BY date, starts, id"
        );
        let since = earlier(now, SHOWN).as_second();
        self.rows(&query, params![since, from.to_string(), json(&lessons)], read)
    }

    /// One call.
    ///
    /// # Errors
    /// [`crate::error::Code::State`].
    pub(crate) fn call(&self, id: &str) -> Result<Option<Call>> {
        let query = format!("SELECT {COLUMNS} FROM calls WHERE id = ?");
        Ok(self.rows(&query, [id], read)?.pop())
    }

    /// The calls of a chat, deleted ones too.
    ///
    /// # Errors
    /// [`crate::error::Code::State`].
    pub(crate) fn calls_of_chat(&self, chat: &str) -> Result<Vec<Call>> {
        let query = format!("SELECT {COLUMNS} FROM calls WHERE chat = ? ORDER BY date, starts, id");
        self.rows(&query, [chat], read)
    }

    /// The calls of a lesson, deleted ones too.
    ///
    /// # Errors
    /// [`crate::error::Code::State`].
    pub(crate) fn calls_of_lesson(&self, lesson: &str) -> Result<Vec<Call>> {
        let query =
            format!("SELECT {COLUMNS} FROM calls WHERE lesson = ? ORDER BY date, starts, id");
        self.rows(&query, [lesson], read)
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

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use jiff::civil::date;

    use super::{Call, CallState, State};
    use crate::calls::Drawn;

    const DAY: i64 = 24 * 3600;

    fn call(number: i64) -> Call {
        let drawn = Drawn { id: format!("c{number}"), room: format!("r{number}") };
        let at = Timestamp::from_second(number * DAY).unwrap();
        let mut call = Call::made(drawn, "chat", date(2026, 9, 1), "p", at);
        call.lesson = Some(format!("lesson-{number}"));
        call.state = CallState::Finished;
        call
    }

    /// A year of finished calls, and one of every kind that a cycle must see.
    fn year(folder: &tempfile::TempDir) -> State {
        let mut state = State::open(&folder.path().join("zvonok.db")).unwrap();
        let mut calls: Vec<Call> = (0..300).map(call).collect();
        calls[10].state = CallState::Published;
        calls[11].announced = Some(Timestamp::UNIX_EPOCH);
        calls[12].date = date(2026, 9, 30);
        state.put_calls(&calls, &[]).unwrap();
        state
    }

    fn ids(calls: &[Call]) -> Vec<&str> {
        let mut ids: Vec<&str> = calls.iter().map(|call| call.id.as_str()).collect();
        ids.sort_unstable();
        ids
    }

    #[test]
    fn a_cycle_sees_what_is_open_unsettled_near_recent_or_of_its_lessons_and_no_more() {
        let folder = tempfile::tempdir().unwrap();
        let state = year(&folder);
        let now = Timestamp::from_second(298 * DAY).unwrap();
        let shown = state.calls_shown(now).unwrap();
        assert_eq!(ids(&shown), ["c10", "c11", "c298", "c299"]);
        let work = state.calls_at_work(now, date(2026, 9, 29), &["lesson-20"]).unwrap();
        assert_eq!(ids(&work), ["c10", "c11", "c12", "c20", "c298", "c299"]);
        assert_eq!(ids(&state.calls_of_lesson("lesson-7").unwrap()), ["c7"]);
        assert_eq!(state.calls_of_chat("chat").unwrap(), state.calls().unwrap());
        assert_eq!(state.call("c10").unwrap().unwrap().room, "r10");
    }

    #[test]
    fn no_question_of_a_cycle_reads_the_whole_table() {
        let folder = tempfile::tempdir().unwrap();
        let state = year(&folder);
        let lessons = "SELECT id FROM calls WHERE lesson IN (SELECT value FROM json_each('[]'))";
        let questions = [
            super::OPEN,
            "SELECT id FROM calls WHERE at > 5",
            "SELECT id FROM calls WHERE date >= '2026-09-01'",
            lessons,
            "SELECT id FROM calls WHERE chat = 'x'",
        ];
        for question in questions {
            let plan = format!("EXPLAIN QUERY PLAN {question}");
            let steps: Vec<String> = state.rows(&plan, [], |row| row.get(3)).unwrap();
            let whole =
                steps.iter().find(|step| step.contains("SCAN calls") && !step.contains("INDEX"));
            assert_eq!(whole, None, "{question}: {steps:?}");
        }
    }
}
