//! Events that a host's webhook received (ruling 16). They are only written down: the next cycle
//! acts upon them, so that a webhook is answered at once, also while a cycle runs.

use ring::hmac;
use serde_json::{Value, json};

use super::Ask;
use crate::cycle::kept_roster;
use crate::document::{Faults, Form, Object};
use crate::error::{Code, Error, Fault, Result, Text};
use crate::events::{Named, record};
use crate::platform::{Event, Kind, read_events};

/// What a host hands in.
struct Push {
    platform: Kind,
    secret: String,
    events: Vec<Value>,
}

/// `events.push`
pub(super) fn push(ask: &mut Ask) -> Result<(Code, Value)> {
    let push = ask.params(read)?;
    ask.permit_everywhere()?;
    check_platform(ask, push.platform)?;
    check_secret(ask, &push.secret)?;
    let events: Vec<Vec<Event>> = push
        .events
        .iter()
        .map(|event| read_events(push.platform, std::slice::from_ref(event)))
        .collect();
    let accepted = events.iter().filter(|events| !events.is_empty()).count();
    let linked = store(ask, push.platform, &events.concat())?;
    let ignored = events.len() - accepted;
    Ok((Code::Ok, json!({"accepted": accepted, "ignored": ignored, "linked": linked})))
}

fn read(params: &mut Object, faults: &mut Faults) -> Push {
    let platforms = [("max", Kind::Max), ("vk", Kind::Vk)];
    params.demand("platform", faults);
    let platform = params.one_of("platform", &platforms, faults).unwrap_or(Kind::Max);
    params.demand("secret", faults);
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let secret = params.hidden("secret", faults, Form::AnyText, text);
    params.demand("events", faults);
    let list = |value: &Value| value.as_array().cloned();
    let events = params.hidden("events", faults, Form::Events, list);
    Push { platform, secret: secret.unwrap_or_default(), events: events.unwrap_or_default() }
}

fn check_platform(ask: &Ask, platform: Kind) -> Result<()> {
    let here = ask.session.config().platform.kind;
    if platform == here {
        return Ok(());
    }
    let message = Text::new(
        format!("этот сеанс обслуживает мессенджер {}", here.name()),
        format!("this session serves the messenger {}", here.name()),
    );
    let fault = Fault::new("request.other_platform", "params.platform", platform.name(), message);
    Err(Error::with_faults(Code::Request, vec![fault]))
}

/// The secret is compared in a time that tells nothing about it.
fn check_secret(ask: &Ask, given: &str) -> Result<()> {
    let Some(secret) = &ask.session.config().platform.events_secret else {
        return Err(Error::new(
            Code::Request,
            "события не принимаются: в настройках не указан platform.events_secret",
            "events are not accepted: platform.events_secret is not configured",
        ));
    };
    let key = hmac::Key::new(hmac::HMAC_SHA256, &crate::random::bytes(32)?);
    let expected = hmac::sign(&key, secret.reveal().as_bytes());
    hmac::verify(&key, given.as_bytes(), expected.as_ref()).map_err(|_| {
        Error::new(
            Code::Denied,
            "секрет не совпадает с указанным в platform.events_secret",
            "the secret is not the one of platform.events_secret",
        )
    })
}

/// Writes the events down; returns the people who linked their accounts by them.
fn store(ask: &Ask, platform: Kind, events: &[Event]) -> Result<Vec<String>> {
    let mut state = ask.state()?;
    // The roster is read through a connection of its own, while the first one writes.
    let reader = ask.state()?;
    let config = ask.session.config();
    let named = |person: &str| {
        let roster = kept_roster(config, &ask.clock, &reader)?;
        Ok(Named::find(&roster, person, platform))
    };
    let recorded = record(&mut state, platform, events, None, &named, ask.clock.now())?;
    Ok(recorded.linked)
}
