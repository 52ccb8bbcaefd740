//! Pages of long lists: «Всего 30, страница 1 из 2» (E5, I3).

use serde_json::{Value, json};

use crate::document::{Faults, Object};

/// Which part of a list is asked for.
#[derive(Debug, Clone, Copy)]
pub(super) struct Page {
    number: usize,
    size: usize,
}

impl Page {
    /// Reads `page` (from 1) and `per_page` (50 where absent).
    pub(super) fn read(params: &mut Object, faults: &mut Faults) -> Page {
        let number = params.number("page", 1..=1_000_000, faults).unwrap_or(1);
        let size = params.number("per_page", 1..=1000, faults).unwrap_or(50);
        Page { number: number as usize, size: size as usize }
    }

    /// The rows of this page under `name`, with the totals. A list without rows has one empty page.
    pub(super) fn of(self, name: &str, rows: Vec<Value>) -> Value {
        let total = rows.len();
        let rows: Vec<Value> =
            rows.into_iter().skip((self.number - 1) * self.size).take(self.size).collect();
        json!({
            "total": total,
            "page": self.number,
            "pages": total.div_ceil(self.size).max(1),
            name: rows,
        })
    }
}
