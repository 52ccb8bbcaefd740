//! From one school year to the next: to which class the chats under a key belong.

use std::collections::BTreeMap;

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

    /// Remembers them, all or none. A chat that was made by hand for a class goes along with it, as
    /// `moved` tells.
    ///
    /// # Errors
    /// [`crate::error::Code::State`].
    pub(crate) fn put_lines(
        &mut self,
        lines: &[Line],
        moved: &BTreeMap<String, String>,
    ) -> Result<()> {
        let customs = self.custom_chats()?;
        self.transaction(|db| {
            for custom in &customs {
                if let Some(class) = custom.class.as_ref().and_then(|class| moved.get(class)) {
                    db.execute("UPDATE custom SET class = ? WHERE id = ?", [class, &custom.id])?;
                }
            }
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
