//! From one school year to the next: to which class the chats under a key belong.

use rusqlite::params;

use super::State;
use crate::error::Result;
use crate::plan::Line;

impl State {
    /// What the last cycle left, by the class in the keys.
    ///
    /// # Errors
    /// [`crate::error::Code::State`].
    pub(crate) fn lines(&self) -> Result<Vec<Line>> {
        let query = "SELECT root, class, mark, finished FROM lines ORDER BY root";
        self.rows(query, [], |row| {
            let (root, class) = (row.get(0)?, row.get(1)?);
            Ok(Line { root, class, mark: row.get(2)?, finished: row.get(3)? })
        })
    }

    /// Remembers them, all or none.
    ///
    /// # Errors
    /// [`crate::error::Code::State`].
    pub(crate) fn put_lines(&mut self, lines: &[Line]) -> Result<()> {
        self.transaction(|db| {
            db.execute("DELETE FROM lines", [])?;
            let text = "INSERT INTO lines (root, class, mark, finished) VALUES (?, ?, ?, ?)";
            let mut insert = db.prepare_cached(text)?;
            lines.iter().try_for_each(|line| {
                let row = params![line.root, line.class, line.mark, line.finished];
                insert.execute(row).map(drop)
            })
        })
    }
}
