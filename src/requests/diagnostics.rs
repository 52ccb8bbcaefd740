//! What to send to support: versions, limits, capabilities, the last errors. No secrets, no names.

use serde_json::{Map, Value, json};

use super::Ask;
use crate::clock::show;
use crate::error::{Code, Result};
use crate::platform::Capability;
use crate::state::State;

/// `diagnostics`; the only request that needs no accepted roster.
pub(super) fn diagnostics(ask: &mut Ask) -> Result<(Code, Value)> {
    ask.params(|_, _| ())?;
    let config = ask.session.config();
    let state = State::open(&config.state)?;
    let platform = &config.platform;
    let result = json!({
        "version": crate::version(),
        "profile": {
            "name": config.profile,
            "fingerprint": ask.session.source().fingerprint,
        },
        "organization": config.organization,
        "platform": {
            "kind": platform.kind.name(),
            "base_url": platform.access.base_url,
            "community": platform.access.community,
            "own_account": state.meta(&format!("own_account.{}", platform.kind.name()))?,
            "proxy": platform.access.proxy.as_ref().map(|proxy| proxy.server.clone()),
            "capabilities": capabilities(ask, &state)?,
            "requests_per_second": platform.access.requests_per_second,
            "requests_in_flight": platform.requests_in_flight,
            "requests": ask.session.messengers()[0].driver.counters(),
        },
        "state": state_part(ask, &state)?,
        "time": {"now": ask.clock.show(ask.clock.now()), "today": ask.clock.today().to_string()},
        "errors": crate::report::failed(&state.waiting()?, &ask.clock),
    });
    Ok((Code::Ok, result))
}

fn state_part(ask: &Ask, state: &State) -> Result<Value> {
    let path = &ask.session.config().state;
    let zone = &ask.session.config().zone;
    let last = state.last_cycle()?;
    let accepted = state.accepted()?;
    Ok(json!({
        "path": path.to_string_lossy(),
        "bytes": std::fs::metadata(path).map(|file| file.len()).ok(),
        "schema": state.schema()?,
        "chats": state.chats()?.len(),
        "open_intents": state.open_intents()?.len(),
        "last_cycle": last.map(|(number, finished, status)| {
            json!({"cycle": number, "finished": show(finished, zone), "status": status})
        }),
        "roster": accepted.map(|accepted| {
            json!({"fingerprint": accepted.fingerprint, "accepted": show(accepted.at, zone)})
        }),
    }))
}

fn capabilities(ask: &Ask, state: &State) -> Result<Map<String, Value>> {
    let config = ask.session.config();
    let found = state.capabilities(config.platform.kind.name())?;
    let mut rows = Map::new();
    for capability in Capability::ALL {
        let fixed = config.platform.capabilities.get(&capability);
        let row = match (fixed, found.get(&capability)) {
            (Some(able), _) => json!({"able": able, "by": "configuration"}),
            (None, Some((able, at))) => {
                json!({"able": able, "by": "probe", "at": show(*at, &config.zone)})
            }
            (None, None) => json!({"able": null, "by": "unknown"}),
        };
        rows.insert(capability.name().to_owned(), row);
    }
    Ok(rows)
}
