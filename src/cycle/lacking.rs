//! What a roster lacks entirely though the last accepted one had it (ruling 5).

use std::collections::BTreeSet;

use jiff::Timestamp;

use crate::error::{Fault, Text};
use crate::plan::{Known, Lacking};
use crate::roster::{Roster, Table};

/// Compares a roster with the last accepted one; what was lacking before and still is keeps its
/// time.
pub(super) fn lacking(
    before: Option<&Roster>,
    last: &Lacking,
    roster: &Roster,
    known: &Known,
    now: Timestamp,
) -> Lacking {
    let mut lacking = Lacking::default();
    let Some(before) = before else { return lacking };
    for table in Table::ALL {
        let had = rows(before, table) > 0 || last.tables.contains_key(&table);
        if had && rows(roster, table) == 0 {
            lacking.tables.insert(table, last.tables.get(&table).copied().unwrap_or(now));
        }
    }
    let hangs_on = Hangs::new(known);
    let orgs = before.orgs.iter().map(|org| &*org.id).chain(last.orgs.keys().map(String::as_str));
    for id in orgs.filter(|id| roster.find_org(id).is_none() && hangs_on.orgs.contains(*id)) {
        if !roster.frozen.orgs.contains(id) {
            lacking.orgs.insert(id.to_owned(), last.orgs.get(id).copied().unwrap_or(now));
        }
    }
    let classes = before
        .classes
        .iter()
        .map(|class| &*class.id)
        .chain(last.classes.keys().map(String::as_str));
    for id in classes.filter(|id| roster.find_class(id).is_none() && hangs_on.classes.contains(*id))
    {
        if !roster.frozen.classes.contains(id) {
            lacking.classes.insert(id.to_owned(), last.classes.get(id).copied().unwrap_or(now));
        }
    }
    lacking
}

fn rows(roster: &Roster, table: Table) -> u32 {
    roster.rows.get(&table).copied().unwrap_or_default()
}

/// What living chats hang on; the rest may come and go unnoticed.
struct Hangs<'k> {
    orgs: BTreeSet<&'k str>,
    classes: BTreeSet<&'k str>,
}

impl<'k> Hangs<'k> {
    fn new(known: &'k Known) -> Hangs<'k> {
        let living =
            || known.chats.values().filter(|chat| chat.state == crate::plan::ChatState::Active);
        Hangs {
            orgs: living().map(|chat| chat.organization.as_str()).collect(),
            classes: living().flat_map(|c| c.depends_on.iter().map(String::as_str)).collect(),
        }
    }
}

/// One warning for each thing that is missing, for the report.
pub(super) fn warnings(lacking: &Lacking, show: impl Fn(Timestamp) -> String) -> Vec<Fault> {
    let tables = lacking.tables.iter().map(|(table, since)| {
        let ru = "таблица, в которой раньше были строки, пуста или отсутствует: из чатов никого не исключаем";
        let en = "a table that had rows is empty or absent: nobody is removed from chats";
        fault("roster.missing_table", table.name(), "", (ru, en), &show(*since))
    });
    let orgs = lacking.orgs.iter().map(|(org, since)| {
        let words = (
            "организации больше нет в выгрузке: её чаты не трогаем",
            "the organisation is missing: its chats are left alone",
        );
        fault("roster.missing_organization", "orgs", org, words, &show(*since))
    });
    let classes = lacking.classes.iter().map(|(class, since)| {
        let words = (
            "класса больше нет в выгрузке: его чаты не трогаем",
            "the class is missing: its chats are left alone",
        );
        fault("roster.missing_class", "classes", class, words, &show(*since))
    });
    tables.chain(orgs).chain(classes).collect()
}

fn fault(code: &str, at: &str, value: &str, (ru, en): (&str, &str), since: &str) -> Fault {
    let message = Text::new(format!("{ru} (с {since})"), format!("{en} (since {since})"));
    Fault::new(code, at, value, message)
}
