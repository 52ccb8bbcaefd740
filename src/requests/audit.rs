//! What was done, by whom, when and why.

use serde_json::Value;

use super::Ask;
use super::page::Page;
use crate::config::TIME_WORDS;
use crate::error::{Code, Result};
use crate::state::AuditFilter;

/// `audit`
pub(super) fn audit(ask: &mut Ask) -> Result<(Code, Value)> {
    let (filter, page) = ask.params(|params, faults| {
        let moment = |value: &Value| value.as_str().and_then(crate::clock::moment);
        let filter = AuditFilter {
            since: params.read("since", faults, TIME_WORDS, moment),
            until: params.read("until", faults, TIME_WORDS, moment),
            chat: params.text("chat", faults),
            person: params.text("person", faults),
        };
        (filter, Page::read(params, faults))
    })?;
    match &filter.chat {
        Some(chat) => {
            let target = ask.chat_target(chat)?;
            ask.permit(target)?;
        }
        None => ask.permit_everywhere()?,
    }
    let state = ask.state()?;
    let zone = &ask.session.config().zone;
    let rows = state.audit(&filter)?.iter().map(|entry| entry.to_json(zone)).collect();
    Ok((Code::Ok, page.of("entries", rows)))
}
