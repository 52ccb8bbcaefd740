//! An order acts at once: a cycle on the kept roster that is limited to its chats. What it could
//! not do is told, and the next cycle does it.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::{Ask, chats};
use crate::config::{Detail, Options, Verify};
use crate::cycle::From;
use crate::error::{Code, Error, Result, Text};
use crate::plan::{Attempt, ChatState, Kind, KnownChat, Present};
use crate::platform::Capability;
use crate::report;
use crate::state::{Change, Order, State, Wish};

/// What came of acting at once.
pub(super) enum Outcome {
    /// There was nothing to act upon.
    Nothing,
    /// A cycle's report.
    Report(Value),
    /// The cycle did not come to its end.
    Failed(Error),
}

/// Runs a cycle on the kept roster, limited to some chats, for an order about these people.
///
/// # Errors
/// [`Code::State`]. Whatever else ends the cycle is told in the answer: the order itself is stored.
pub(super) fn limited(
    ask: &mut Ask,
    chats: BTreeSet<String>,
    people: &[String],
) -> Result<Outcome> {
    // No chats would mean all chats.
    if chats.is_empty() {
        return Ok(Outcome::Nothing);
    }
    let options = Options {
        now: ask.now,
        chats,
        // Who came by the link since the last reading must be seen to be taken out.
        verify: Verify::All,
        detail: Detail::Operations,
        ..Options::default()
    };
    let actor = ask.actor.clone();
    match ask.session.cycle_about(From::Kept, &options, &actor, Some(people)) {
        Ok((_, report)) => Ok(Outcome::Report(report)),
        Err(error) if matches!(error.code, Code::State | Code::Internal) => Err(error),
        Err(error) => Ok(Outcome::Failed(error)),
    }
}

/// Writes an order about one chat down with what it changes, acts upon it, and tells the chat and
/// what was not done at once.
///
/// # Errors
/// As [`limited`].
pub(super) fn carry_out(
    ask: &mut Ask,
    state: &mut State,
    order: &Order,
    changes: &[Change],
) -> Result<(Code, Value)> {
    state.put_order(order, changes)?;
    let outcome = limited(ask, with_former(state, &order.chat)?, &order.people)?;
    let gone = |change: &Change| match change {
        Change::Want(person, Wish::Member(false)) => Some(person.clone()),
        _ => None,
    };
    let out: BTreeSet<String> = changes.iter().filter_map(gone).collect();
    // The cycle may be the first one after a move, and have left the chat behind.
    let chats = with_former(state, &order.chat)?;
    tell(ask, state, &About { order, chats }, &out, &outcome)
}

/// The chat and those that it left behind on another messenger.
fn with_former(state: &State, key: &str) -> Result<BTreeSet<String>> {
    let rows = state.chats()?.into_iter().map(|row| row.chat);
    let rows = rows.filter(|chat| chat.plain_key() == key);
    let mut keys: BTreeSet<String> = rows.map(|chat| chat.key).collect();
    keys.insert(key.to_owned());
    Ok(keys)
}

/// The chat after the order, with `done`, `pending` and `reason`, `failed`, `held`, `tasks`.
fn tell(
    ask: &Ask,
    state: &State,
    about: &About,
    out: &BTreeSet<String>,
    outcome: &Outcome,
) -> Result<(Code, Value)> {
    let order = about.order;
    let row = chats::find(state, &order.chat)?;
    let mut result = report::chat(&row.chat, &row.counts);
    let report = match outcome {
        Outcome::Report(report) => report,
        _ => &Value::Null,
    };
    let held = about.held(report);
    let failed: Vec<Value> = about.rows(report, "failed").cloned().collect();
    let stuck = stuck(ask, state, &about.chats, out)?;
    let reason = match outcome {
        Outcome::Failed(error) => Some(json!(error.message)),
        _ => held
            .first()
            .or(failed.first())
            .map(|row| row["message"].clone())
            .or_else(|| about.left(report))
            .or_else(|| about.warning(report))
            .or(stuck),
    };
    // A cycle that was cut short tells no numbers; the next one reports what was done.
    result["done"] = match outcome {
        Outcome::Failed(_) => Value::Null,
        _ => about.done(report),
    };
    result["pending"] = json!(reason.is_some());
    result["reason"] = json!(reason);
    result["failed"] = json!(failed);
    result["held"] = json!(held);
    let tasks = list(report, "tasks").filter(|row| about.is_of_chat(&row["chat"]));
    result["tasks"] = tasks.cloned().collect();
    result["people"] = json!(order.people);
    let code = match (held.is_empty(), reason.is_some()) {
        (false, _) => Code::Held,
        (true, true) => Code::Partial,
        (true, false) => Code::Ok,
    };
    Ok((code, result))
}

/// Which rows of a report an order is about: of its chat, and where it names people, of these.
struct About<'o> {
    order: &'o Order,
    /// The chat, and those that it left behind.
    chats: BTreeSet<String>,
}

impl About<'_> {
    fn is_of_chat(&self, key: &Value) -> bool {
        key.as_str().is_some_and(|key| self.chats.contains(key))
    }

    fn holds(&self, row: &Value) -> bool {
        let people = list(row, "people").filter_map(Value::as_str);
        let mut people = people.peekable();
        let of_chat = people.peek().is_none() || self.order.people.is_empty();
        let theirs = people.any(|one| self.order.people.iter().any(|person| person == one));
        self.is_of_chat(&row["chat"]) && (of_chat || theirs)
    }

    fn rows<'r>(&'r self, report: &'r Value, name: &'r str) -> impl Iterator<Item = &'r Value> {
        list(report, name).filter(|row| self.holds(row))
    }

    /// The guard's rows, where something that was ordered is held.
    fn held(&self, report: &Value) -> Vec<Value> {
        if !self.rows(report, "operations").any(|row| row["result"] == "held") {
            return Vec::new();
        }
        let concerned = |row: &&Value| row["chat"].is_null() || self.is_of_chat(&row["chat"]);
        list(report, "held").filter(concerned).cloned().collect()
    }

    fn done(&self, report: &Value) -> Value {
        let mut done: BTreeMap<&str, u32> = BTreeMap::new();
        for row in self.rows(report, "operations").filter(|row| row["result"] == "done") {
            *done.entry(row["operation"].as_str().unwrap_or_default()).or_default() += 1;
        }
        json!(done)
    }

    fn left(&self, report: &Value) -> Option<Value> {
        let mut left = self.rows(report, "operations").filter(|row| row["result"] == "left");
        left.next().map(|_| {
            json!(Text::new(
                "не всё успели сделать: остальное сделает следующий цикл",
                "there was no time for all of it: the next cycle does the rest",
            ))
        })
    }

    /// What the plan could not even try, in these chats.
    fn warning(&self, report: &Value) -> Option<Value> {
        let stands = |row: &&Value| {
            let code = row["code"].as_str().unwrap_or_default();
            let hinders = code.starts_with("plan.cannot_") || code == "plan.other_platform";
            // An older order that waits is no reason to call this one undone.
            let waits = code == "override.waits"
                && match self.order.people.as_slice() {
                    [] => row["value"] == "" && self.order.title.is_some(),
                    people => people.iter().any(|person| row["value"] == **person),
                };
            (hinders || waits) && self.is_of_chat(&row["at"])
        };
        list(&report["roster"], "warnings").find(stands).map(|row| row["message"].clone())
    }
}

fn list<'r>(report: &'r Value, name: &str) -> impl Iterator<Item = &'r Value> {
    report[name].as_array().into_iter().flatten()
}

/// Why somebody who was to go is still in though nothing failed: nobody may take them out.
fn stuck(
    ask: &Ask,
    state: &State,
    chats: &BTreeSet<String>,
    out: &BTreeSet<String>,
) -> Result<Option<Value>> {
    if out.is_empty() {
        return Ok(None);
    }
    let mut known = state.known(ask.clock.now())?.chats;
    known.retain(|key, chat| chats.contains(key) && chat.state == ChatState::Active);
    let inside = |(chat, person): (&KnownChat, &String)| {
        let mut present = chat.present.iter();
        let (account, present) = present.find(|(_, one)| one.people.contains(person))?;
        let attempt = Attempt { operation: Kind::RemoveMember, account: account.clone() };
        if let Some(waiting) = chat.waiting.get(&attempt) {
            return Some(json!(again(person, &ask.clock.show(waiting.next_try))));
        }
        let listed = ask.session.config().protect.contains(account);
        let able = !chat.unable().contains(&Capability::RemoveMembers);
        Some(json!(why_in(person, &Keeper { present, listed, able })))
    };
    let mut seats = known.values().flat_map(|chat| out.iter().map(move |person| (chat, person)));
    Ok(seats.find_map(inside))
}

fn again(person: &str, at: &str) -> Text {
    Text::new(
        format!("исключить {person} не получилось, следующая попытка не раньше {at}"),
        format!("{person} could not be removed, the next try is not before {at}"),
    )
}

/// What keeps an account in.
struct Keeper<'k> {
    present: &'k Present,
    /// The list `protect` names it.
    listed: bool,
    /// The bot may take people out of this chat.
    able: bool,
}

fn why_in(person: &str, keeper: &Keeper) -> Text {
    let Keeper { present, listed, able } = *keeper;
    if present.owner {
        return Text::new(
            format!("{person} — владелец чата: исключить его можно, когда чат передадут другому"),
            format!("{person} owns the chat and can be removed once it is handed to somebody else"),
        );
    }
    if present.protected || listed {
        return Text::new(
            format!("учётная запись {person} защищена (бот или список protect)"),
            format!("the account of {person} is protected (a bot, or the list protect)"),
        );
    }
    if present.people.len() > 1 {
        return Text::new(
            format!("учётной записью {person} пользуется ещё кто-то, кто состоит в чате"),
            format!("somebody else who is in the chat uses the account of {person} as well"),
        );
    }
    if !able {
        return Text::new(
            format!("у бота нет в этом чате права исключать участников, {person} пока в чате"),
            format!("the bot has no right to remove people in this chat, {person} is still in"),
        );
    }
    Text::new(
        format!("исключить {person} сейчас нельзя: это сделает один из следующих циклов"),
        format!("{person} cannot be removed now: one of the next cycles does it"),
    )
}
