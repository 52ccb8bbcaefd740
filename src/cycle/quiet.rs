//! An unchanged cycle: recognised by fingerprints before the roster is read or the profile started.

use serde_json::{Value, json};

use super::{Cycle, From, Reported, no_roster};
use crate::config::{Detail, Verify};
use crate::error::{Code, Fault, Result};
use crate::fingerprint::Fingerprint;
use crate::platform::Counters;
use crate::report;
use crate::state::State;

/// By what a cycle's input is recognised.
#[derive(Debug, Clone)]
pub(super) struct Seen {
    /// The roster's fingerprint, as it was handed over.
    pub(super) roster: String,
    /// Roster, profile, configuration, day and linked accounts together.
    pub(super) input: String,
}

/// Takes the fingerprints. The day is one of them: dates are judged by it.
pub(super) fn fingerprint(cycle: &Cycle, from: From, state: &State) -> Result<Seen> {
    let roster = match from {
        From::Handed(content) => content.fingerprint(),
        From::Kept => state.accepted()?.ok_or_else(no_roster)?.fingerprint,
    };
    let mut input = Fingerprint::new();
    input
        .add(&roster)
        .add(&cycle.source.fingerprint)
        // A secret prints as dots, so a new token alone is no reason to do anything.
        .add(format!("{:?}", cycle.config))
        .add(cycle.clock.today().to_string())
        // What people link and order while a cycle runs is news to the next one.
        .add(state.last_link()?.to_string())
        .add(state.last_news()?.to_string())
        .add(state.last_order()?.to_string())
        .add(env!("CARGO_PKG_VERSION"));
    Ok(Seen { roster, input: input.hex() })
}

/// The report of a cycle that has nothing to do; `None` where there may be something.
pub(super) fn unchanged(
    cycle: &Cycle,
    state: &State,
    seen: &Seen,
    before: &[Counters],
    heard: &[Fault],
) -> Result<Option<Reported>> {
    let options = cycle.options;
    let asks_more = options.dry_run
        || options.verify == Verify::All
        || options.approve.is_some()
        || !options.kinds.is_empty()
        || !options.chats.is_empty();
    if asks_more {
        return Ok(None);
    }
    let Some(quiet) = state.quiet()? else { return Ok(None) };
    let now = cycle.clock.started().as_second();
    if quiet.input != seen.input || now >= quiet.next_due {
        return Ok(None);
    }
    let status = match quiet.status.as_str() {
        "HELD" => Code::Held,
        "PARTIAL" => Code::Partial,
        _ => Code::Ok,
    };
    let mut document = report::head(status, quiet.cycle, cycle.clock, false);
    document.extend(quiet.report);
    if let Some(Value::Object(roster)) = document.get_mut("roster") {
        roster.insert("unchanged".to_owned(), json!(true));
        // What the question for events met is of this cycle alone.
        if let Some(Value::Array(warnings)) = roster.get_mut("warnings") {
            warnings.retain(|one| !is_heard(one));
            warnings.extend(heard.iter().map(|fault| json!(fault)));
        }
    }
    if options.detail == Detail::Operations {
        document.insert("operations".to_owned(), json!([]));
    }
    let (calls, zone) = (state.calls_shown(cycle.clock.now())?, &cycle.config.zone);
    if options.detail != Detail::Summary {
        let rows = state.chats()?;
        let rows = rows.iter().filter(|row| !row.chat.former);
        let mut chats = rows.map(|row| report::chat(&row.chat, &row.counts)).collect::<Vec<_>>();
        report::show_calls(&mut chats, &calls, zone);
        document.insert("chats".to_owned(), json!(chats));
    }
    let rows = crate::calls::rows(&calls, cycle.clock.now(), zone);
    document.insert("calls".to_owned(), rows);
    document.insert("requests".to_owned(), report::requests(cycle, before));
    Ok(Some((status, Value::Object(document))))
}

fn is_heard(warning: &Value) -> bool {
    warning["code"].as_str().is_some_and(|code| code.starts_with("events."))
}
