//! Exports that went wrong: the guard's reason to be.

use serde_json::{Value, json};

use super::super::Chance;
use super::Change;
use super::table::rows;

/// The table of enrollments is there, but empty.
pub(crate) fn empty_export(roster: &mut Value, _chance: &mut Chance) -> Option<Change> {
    let gone = rows(roster, "enrollments").len();
    roster["enrollments"] = json!([]);
    (gone > 0).then(|| {
        Change::new(
            format!("Сбой выгрузки: пропали все зачисления и назначения ({gone})."),
            format!("A faulty export: all {gone} enrollments are gone."),
            &[],
        )
    })
}

/// The table of users breaks off in the middle; all other tables still speak of everybody.
pub(crate) fn broken_export(roster: &mut Value, _chance: &mut Chance) -> Option<Change> {
    let users = roster["users"].as_array_mut().filter(|users| users.len() > 1)?;
    let (all, kept) = (users.len(), users.len() / 2);
    users.truncate(kept);
    Some(Change::new(
        format!("Сбой выгрузки: из {all} человек осталось {kept}."),
        format!("A faulty export: {kept} of {all} people are left."),
        &[],
    ))
}
