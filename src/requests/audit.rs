//! What was done, by whom, when and why.

use serde_json::Value;

use super::Ask;
use super::page::Page;
use crate::error::{Code, Result};
use crate::state::{AuditFilter, State};

/// `audit`
pub(super) fn audit(ask: &mut Ask) -> Result<(Code, Value)> {
    let (filter, page) = ask.params(|params, faults| {
        let filter = AuditFilter {
            since: params.moment("since", faults),
            until: params.moment("until", faults),
            chat: params.text("chat", faults),
            person: params.text("person", faults),
        };
        (filter, Page::read(params, faults))
    })?;
    let state: State = ask.state()?;
    let zone = &ask.session.config().zone;
    let rows = state.audit(&filter)?.iter().map(|entry| entry.to_json(zone)).collect();
    Ok((Code::Ok, page.of("entries", rows)))
}
