//! A roster document, checked: [`document`] takes it apart, [`tables`] types each row,
//! [`references`] follows what rows name. Faults of a whole step are collected before the roster is
//! refused.

use jiff::civil::Date;

use super::Roster;
use crate::error::{Code, Error, Result};

pub(super) mod document;
pub(super) mod findings;
mod references;
mod row;
mod sketch;
mod tables;

pub(crate) use sketch::{Column, Holds};
pub(crate) use tables::sketch;

pub(crate) use tables::REQUIRED;

/// How strictly a roster is read, and the day on which its dates are judged.
#[derive(Debug, Clone)]
pub struct Rules {
    /// Today in the school's zone.
    pub today: Date,
    /// Share of broken rows of a table above which the roster is refused (`guard.dangling_share`).
    pub dangling_share: f64,
    /// So many broken rows are always let pass (`guard.minimum`, less one).
    pub minimum: u32,
    /// The last accepted roster, for the guardians of people who are missing here.
    pub before: Option<std::sync::Arc<Roster>>,
}

/// Reads the JSON form of a roster: `{"format":"zvonok.roster/1","orgs":[…],…}` in UTF-8, with or
/// without BOM.
///
/// # Errors
/// [`Code::Roster`] with every fault found, at most 1,000 of them and a last one that counts the
/// rest. Broken JSON ends the reading at its place; too many references that lead nowhere are
/// looked for only where nothing else is wrong.
pub fn read(document: &[u8], rules: &Rules) -> Result<Roster> {
    let (tables, faults) = document::json_tables(document)
        .map_err(|fault| Error::with_faults(Code::Roster, vec![fault]))?;
    read_tables(tables, Vec::new(), faults, rules)
}

/// Reads the rows of every table, whatever form they came in; `faults` are those of that form.
pub(super) fn read_tables<'a>(
    tables: document::Tables<'a>,
    relations: Vec<document::Relation<'a>>,
    mut faults: findings::Findings,
    rules: &Rules,
) -> Result<Roster> {
    let mut warnings = findings::Findings::default();
    let typed = tables::typed(tables, relations, &mut faults, &mut warnings);
    if !faults.is_empty() {
        return Err(Error::with_faults(Code::Roster, faults.into_list()));
    }
    references::resolve(typed, rules, warnings)
        .map_err(|faults| Error::with_faults(Code::Roster, faults))
}
