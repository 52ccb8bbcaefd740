//! Calls as documents show them.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::{Value, json};

use super::{Call, CallState};
use crate::clock::{later, show};

/// For so long a finished call stays in reports.
pub(crate) const SHOWN: Duration = Duration::from_secs(24 * 3600);

/// One call. The link of one that is not published is for nobody (P10).
pub(crate) fn row(call: &Call, zone: &TimeZone) -> Value {
    let link = call.join_url.as_ref().filter(|_| is_shared(call));
    let mut row = json!({
        "id": call.id,
        "chat": call.chat,
        "lesson": call.lesson,
        "title": call.title,
        "state": call.state.name(),
        "running": call.running,
        "join_url": link,
        "date": call.date.to_string(),
        "starts": call.starts.map(|at| show(at, zone)),
        "ends": call.ends.map(|at| show(at, zone)),
        "by": call.by,
        "at": show(call.at, zone),
        "maker": call.maker,
        "started": call.started.map(|at| show(at, zone)),
        "announced": call.announced.map(|at| show(at, zone)),
    });
    if call.doubtful {
        row["doubtful"] = json!(true);
    }
    if call.unended {
        row["unended"] = json!(true);
    }
    if let Some((wish, _)) = call.wish {
        row["pending"] = json!(wish);
    }
    row
}

/// Whether members may know the link: published, and not over.
fn is_shared(call: &Call) -> bool {
    call.state == CallState::Published && call.running
}

/// The calls of a report: what is open, and what was finished in the last day.
pub(crate) fn rows(calls: &[Call], now: Timestamp, zone: &TimeZone) -> Value {
    let shown = |call: &&Call| {
        !call.deleted && (call.is_open() || call.running || later(call.at, SHOWN) > now)
    };
    calls.iter().filter(shown).map(|call| row(call, zone)).collect()
}

/// The calls of chats that registries show (E5), by the chat's key: the one that runs, else the next
/// one published.
pub(crate) fn active(calls: &[Call]) -> BTreeMap<&str, &Call> {
    let mut found: BTreeMap<&str, &Call> = BTreeMap::new();
    let rank = |call: &Call| (!call.running, call.starts, call.id.clone());
    let open = |call: &&Call| call.is_open() && call.state == CallState::Published;
    for call in calls.iter().filter(open) {
        let first = found.entry(&call.chat).or_insert(call);
        if rank(call) < rank(first) {
            *first = call;
        }
    }
    found
}
