//! What to send to support: versions, limits, capabilities, the last errors. No secrets, no names.

use serde_json::{Map, Value, json};

use super::Ask;
use crate::clock::show;
use crate::config;
use crate::cycle::own_account_name;
use crate::error::{Code, Result};
use crate::plan::KnownChat;
use crate::platform::{Capability, OwnRights};
use crate::session::Messenger;
use crate::state::State;

/// `diagnostics`; the only request that needs no accepted roster.
pub(super) fn diagnostics(ask: &mut Ask) -> Result<(Code, Value)> {
    ask.params(|_, _| ())?;
    ask.permit_everywhere()?;
    let config = ask.session.config();
    let state = State::open(&config.state)?;
    let previous = ask.session.messengers().get(1);
    let result = json!({
        "version": crate::version(),
        "profile": {
            "name": config.profile,
            "fingerprint": ask.session.source().fingerprint,
        },
        "organization": config.organization,
        "platform": messenger(ask, &state, &ask.session.messengers()[0])?,
        "previous_platform": previous.map(|one| messenger(ask, &state, one)).transpose()?,
        "state": state_part(ask, &state)?,
        "time": {"now": ask.clock.show(ask.clock.now()), "today": ask.clock.today().to_string()},
        "errors": crate::report::failed(&state.waiting()?, &ask.clock),
    });
    Ok((Code::Ok, result))
}

/// What is known about one messenger.
fn messenger(ask: &Ask, state: &State, messenger: &Messenger) -> Result<Value> {
    let platform = &messenger.config;
    Ok(json!({
        "kind": platform.kind.name(),
        "base_url": platform.access.base_url,
        "community": platform.access.community,
        "own_account": state.meta(&own_account_name(platform.kind))?,
        "proxy": platform.access.proxy.as_ref().map(|proxy| proxy.server.clone()),
        "capabilities": capabilities(ask, state, platform)?,
        "requests_per_second": platform.access.requests_per_second,
        "requests_in_flight": platform.requests_in_flight,
        "requests": messenger.driver.counters(),
        "reads_per_cycle": platform.reads_per_cycle,
        "events": {
            "by": platform.events.name(),
            "marker": state.marker(platform.kind)?,
        },
        "chats": limited_chats(ask, state, platform)?,
    }))
}

/// The chats in which less can be done than the token can do elsewhere, and since when that is known.
fn limited_chats(ask: &Ask, state: &State, platform: &config::Platform) -> Result<Vec<Value>> {
    let zone = &ask.session.config().zone;
    let ours = |chat: &KnownChat| chat.platform == platform.kind && chat.platform_id.is_some();
    let rows = state.chats()?.into_iter().map(|row| row.chat).filter(ours);
    let told = rows.filter_map(|chat| Some((chat.own.clone()?, chat)));
    let limited = told.filter(|(own, chat)| !own.lacking(chat.platform).is_empty());
    let row = |(own, chat): (OwnRights, KnownChat)| {
        let unable: Vec<&str> = chat.unable().iter().map(|one| one.name()).collect();
        Ok(json!({
            "chat": chat.key,
            "inside": own.inside,
            "admin": own.admin,
            "lacking": own.lacking(chat.platform),
            "unable": unable,
            "at": state.own_at(&chat.key)?.map(|at| show(at, zone)),
        }))
    };
    limited.map(row).collect()
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

fn capabilities(
    ask: &Ask,
    state: &State,
    platform: &config::Platform,
) -> Result<Map<String, Value>> {
    let zone = &ask.session.config().zone;
    let found = state.capabilities(platform.kind.name())?;
    let mut rows = Map::new();
    for capability in Capability::ALL {
        let fixed = platform.capabilities.get(&capability);
        let row = match (fixed, found.get(&capability)) {
            (Some(able), _) => json!({"able": able, "by": "configuration"}),
            (None, Some((able, at))) => {
                json!({"able": able, "by": "probe", "at": show(*at, zone)})
            }
            (None, None) => json!({"able": null, "by": "unknown"}),
        };
        rows.insert(capability.name().to_owned(), row);
    }
    Ok(rows)
}
