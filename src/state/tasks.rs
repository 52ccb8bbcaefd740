//! What only a person can do: each task with its number and code, open and closed.

use std::collections::BTreeSet;

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::State;
use super::journal::{json, parsed};
use super::known::moment;
use crate::error::Result;
use crate::plan::{TaskDetails, TaskKind, WantedTask, task_code};

/// Who closes what is done or no longer needed.
const LIBRARY: &str = "library";

/// One task.
#[derive(Debug, Clone)]
pub(crate) struct Task {
    /// Its number, shown as `t<id>`.
    pub(crate) id: i64,
    /// Its code, such as `#7K2T`.
    pub(crate) code: String,
    /// What is to be done.
    pub(crate) kind: TaskKind,
    /// The chat's key.
    pub(crate) chat: String,
    /// The account concerned; empty where it is the chat itself.
    pub(crate) account: String,
    /// The chat's title, as it should be.
    pub(crate) title: String,
    /// What the steps name besides.
    pub(crate) details: TaskDetails,
    /// Since when it stands.
    pub(crate) since: Timestamp,
    /// When it was closed, and by whom: `library`, or an actor.
    pub(crate) closed: Option<(Timestamp, String)>,
}

impl Task {
    fn read(row: &Row) -> rusqlite::Result<Task> {
        let closed_at: Option<i64> = row.get(8)?;
        let closed_by: Option<String> = row.get(9)?;
        let kind = TaskKind::from_name(&row.get::<_, String>(2)?);
        Ok(Task {
            id: row.get(0)?,
            code: row.get(1)?,
            kind: kind.unwrap_or(TaskKind::CreateChat),
            chat: row.get(3)?,
            account: row.get(4)?,
            title: row.get(5)?,
            details: parsed(&row.get::<_, String>(6)?),
            since: moment(row.get(7)?),
            closed: closed_at.map(moment).zip(closed_by),
        })
    }

    fn is(&self, wanted: &WantedTask) -> bool {
        self.kind == wanted.kind && self.chat == wanted.chat && self.account == wanted.account
    }
}

const COLUMNS: &str = "id, code, kind, chat, subject, title, details, since, closed_at, closed_by";

impl State {
    /// What a person is asked to do now, in the order of the numbers.
    ///
    /// # Errors
    /// [`crate::error::Code::State`].
    pub(crate) fn open_tasks(&self) -> Result<Vec<Task>> {
        let query = format!("SELECT {COLUMNS} FROM tasks WHERE closed_at IS NULL ORDER BY id");
        self.rows(&query, [], Task::read)
    }

    /// Every task, the newest first.
    ///
    /// # Errors
    /// [`crate::error::Code::State`].
    pub(crate) fn all_tasks(&self) -> Result<Vec<Task>> {
        self.rows(&format!("SELECT {COLUMNS} FROM tasks ORDER BY id DESC"), [], Task::read)
    }

    /// Opens what is new, tells those that stand their present title and details, and closes those
    /// of the chats `inside` that nobody wants any more. Returns what is open then.
    ///
    /// # Errors
    /// [`crate::error::Code::State`].
    pub(crate) fn put_tasks(
        &mut self,
        wanted: &BTreeSet<WantedTask>,
        inside: &dyn Fn(&str) -> bool,
        at: Timestamp,
    ) -> Result<Vec<Task>> {
        let draws = crate::random::bytes(2 * wanted.len())?;
        let draws = draws.chunks_exact(2).map(|two| u16::from_le_bytes([two[0], two[1]]));
        let unwanted = |task: &Task| inside(&task.chat) && !wanted.iter().any(|one| task.is(one));
        let over: Vec<i64> =
            self.open_tasks()?.iter().filter(|task| unwanted(task)).map(|task| task.id).collect();
        self.transaction(|db| {
            over.iter().try_for_each(|id| close(db, *id, LIBRARY, at))?;
            wanted.iter().zip(draws).try_for_each(|(one, draw)| want(db, one, draw, at))
        })?;
        self.open_tasks()
    }

    /// Closes one that is open; `by` is `library` or an actor.
    ///
    /// # Errors
    /// [`crate::error::Code::State`].
    pub(crate) fn close_task(&mut self, id: i64, by: &str, at: Timestamp) -> Result<()> {
        self.transaction(|db| close(db, id, by, at))
    }
}

fn close(db: &Connection, id: i64, by: &str, at: Timestamp) -> rusqlite::Result<()> {
    let text = "UPDATE tasks SET closed_at = ?, closed_by = ? WHERE id = ? AND closed_at IS NULL";
    db.prepare_cached(text)?.execute(params![at.as_second(), by, id]).map(drop)
}

/// Tells the open task its present state, or opens one.
fn want(db: &Connection, wanted: &WantedTask, draw: u16, at: Timestamp) -> rusqlite::Result<()> {
    let (kind, details) = (wanted.kind.name(), json(&wanted.details));
    let text = "UPDATE tasks SET title = ?, details = ?, looked_at = ? \
                WHERE kind = ? AND chat = ? AND subject = ? AND closed_at IS NULL";
    let row = params![wanted.title, details, at.as_second(), kind, wanted.chat, wanted.account];
    if db.prepare_cached(text)?.execute(row)? > 0 {
        return Ok(());
    }
    let text = "INSERT INTO tasks (code, kind, chat, subject, title, details, since, looked_at) \
                VALUES (?, ?, ?, ?, ?, ?, ?7, ?7)";
    let code = free_code(db, draw)?;
    let row =
        params![code, kind, wanted.chat, wanted.account, wanted.title, details, at.as_second()];
    db.prepare_cached(text)?.execute(row).map(drop)
}

/// The first code from a random one on that no task ever had: a code that still stands in some
/// group's title must not mean another chat.
fn free_code(db: &Connection, draw: u16) -> rusqlite::Result<String> {
    let mut taken = db.prepare_cached("SELECT 1 FROM tasks WHERE code = ?")?;
    for step in 0..=u16::MAX {
        let code = task_code(draw.wrapping_add(step));
        if taken.query_row([&code], |_| Ok(())).optional()?.is_none() {
            return Ok(code);
        }
    }
    // Every code is taken: the file refuses one twice, which is told as its own failure.
    Ok(task_code(draw))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use jiff::Timestamp;

    use super::{State, Task};
    use crate::plan::{TaskDetails, TaskKind, WantedTask, task_code};

    const NOW: Timestamp = Timestamp::UNIX_EPOCH;

    fn wanted(chat: &str, account: &str, title: &str) -> WantedTask {
        WantedTask {
            kind: TaskKind::LetIn,
            chat: chat.to_owned(),
            account: account.to_owned(),
            title: title.to_owned(),
            details: TaskDetails::default(),
        }
    }

    struct Desk {
        state: State,
        _folder: tempfile::TempDir,
    }

    impl Desk {
        fn new() -> Desk {
            let folder = tempfile::tempdir().expect("a folder");
            let state = State::open(&folder.path().join("zvonok.db")).expect("a state file");
            Desk { state, _folder: folder }
        }

        fn put(&mut self, wanted: &[WantedTask], inside: &str) -> Vec<Task> {
            let wanted: BTreeSet<WantedTask> = wanted.iter().cloned().collect();
            let inside = |chat: &str| chat.starts_with(inside);
            self.state.put_tasks(&wanted, &inside, NOW).expect("tasks")
        }
    }

    #[test]
    fn a_task_is_opened_once_and_told_its_present_title() {
        let mut desk = Desk::new();
        let first = desk.put(&[wanted("a", "1", "Old"), wanted("a", "2", "Old")], "");
        let again = desk.put(&[wanted("a", "1", "New"), wanted("a", "2", "Old")], "");
        assert_eq!(first.len(), 2);
        assert_ne!(first[0].code, first[1].code);
        assert_eq!((&again[0].code, again[0].id), (&first[0].code, first[0].id));
        assert_eq!((again[0].title.as_str(), again[1].title.as_str()), ("New", "Old"));
        assert_eq!(again.len(), 2);
    }

    #[test]
    fn a_task_of_one_account_in_two_shapes_is_one_task() {
        let mut desk = Desk::new();
        assert_eq!(desk.put(&[wanted("a", "1", "Old"), wanted("a", "1", "New")], "").len(), 1);
    }

    #[test]
    fn only_tasks_inside_the_limits_are_closed() {
        let mut desk = Desk::new();
        desk.put(&[wanted("a", "1", "A"), wanted("b", "1", "B")], "");
        let open = desk.put(&[], "a");
        assert_eq!(open.iter().map(|task| task.chat.as_str()).collect::<Vec<_>>(), ["b"]);
        let closed = desk.state.all_tasks().expect("tasks").remove(1);
        assert_eq!(closed.closed, Some((NOW, "library".to_owned())));
    }

    #[test]
    fn a_task_that_comes_back_has_another_number_and_code() {
        let mut desk = Desk::new();
        let first = desk.put(&[wanted("a", "1", "A")], "").remove(0);
        desk.state.close_task(first.id, "teacher-1", NOW).expect("closed");
        desk.state.close_task(first.id, "somebody else", NOW).expect("closed already");
        let second = desk.put(&[wanted("a", "1", "A")], "").remove(0);
        assert_ne!((first.id, &first.code), (second.id, &second.code));
        let all = desk.state.all_tasks().expect("tasks");
        assert_eq!(all.iter().map(|task| task.id).collect::<Vec<_>>(), [second.id, first.id]);
        assert_eq!(all[1].closed, Some((NOW, "teacher-1".to_owned())));
    }

    #[test]
    fn a_code_that_is_taken_is_passed_over() {
        let mut desk = Desk::new();
        let task = desk.put(&[wanted("a", "1", "A")], "").remove(0);
        let set = |code: String| {
            move |db: &rusqlite::Connection| {
                db.execute(
                    "UPDATE tasks SET code = ? WHERE id = ?",
                    rusqlite::params![code, task.id],
                )
            }
        };
        desk.state.transaction(set(task_code(u16::MAX))).expect("a code");
        let free = |db: &rusqlite::Connection| super::free_code(db, u16::MAX);
        assert_eq!(desk.state.transaction(free).expect("a code"), task_code(0));
    }
}
