//! The messengers of a configuration: how to reach one, with which token, at which rate.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use serde_json::Value;

use super::{Events, Platform, VkId, absolute, missing};
use crate::document::{Faults, Form, Object};
use crate::error::Text;
use crate::platform::{Access, Capability, Kind, Proxy};
use crate::secret::Secret;

/// VK's published rate for a community token, requests a second (`platforms/vk.md`, section 7).
const VK_RATE: u32 = 20;
/// MAX's published rate for a bot (`platforms/max.md`, section 3).
const MAX_RATE: u32 = 30;
/// Below the published rate, because clients that use all of it still meet error 6.
const VK_DEFAULT_RATE: u32 = 16;
const MAX_DEFAULT_RATE: u32 = 20;

/// What the two platforms of a configuration share.
pub(super) struct Network {
    pub(super) proxy: Option<Proxy>,
    pub(super) ca_file: Option<PathBuf>,
}

pub(super) fn read_proxy(root: &mut Object, faults: &mut Faults) -> Option<Proxy> {
    let mut object = root.object("proxy", faults)?;
    let server = object.any_text("server", faults).unwrap_or_default();
    let port = object.number("port", 1..=65535, faults);
    let username = object.any_text("username", faults).unwrap_or_default();
    let password = Secret::new(object.any_text("password", faults).unwrap_or_default());
    let auth = object.flag("auth", faults).unwrap_or(false);
    let absent = server.is_empty();
    if !absent && port.is_none() && object.value("port").is_none() {
        faults.push(object.fault("port", "missing_field", "", missing()));
    }
    object.finish(faults);
    if absent {
        return None;
    }
    let login = auth.then_some((username, password));
    Some(Proxy { server, port: port? as u16, login })
}

pub(super) fn read_platform(
    root: &mut Object,
    key: &'static str,
    network: &Network,
    faults: &mut Faults,
) -> Option<Platform> {
    let mut object = root.object(key, faults)?;
    object.demand("kind", faults);
    let kind = object.one_of("kind", &[("vk", Kind::Vk), ("max", Kind::Max)], faults);
    let token = read_token(&mut object, faults);
    let base_url = read_base_url(&mut object, kind, faults);
    let community = read_community(&mut object, kind, faults);
    let capabilities = read_capabilities(&mut object, faults);
    let requests_per_second = read_rate(&mut object, kind, faults);
    let in_flight = object.number("requests_in_flight", 1..=64, faults).unwrap_or(8);
    let events = read_events(&mut object, kind, faults);
    let events_secret = read_events_secret(&mut object, events, faults);
    let reads_per_cycle = object.number("reads_per_cycle", 1..=100_000, faults).unwrap_or(200);
    let vk_id = read_vk_id(&mut object, faults);
    object.finish(faults);
    Some(Platform {
        kind: kind?,
        access: Access {
            base_url: base_url?,
            token: token?,
            community,
            requests_per_second,
            proxy: network.proxy.clone(),
            ca_file: network.ca_file.clone(),
            connect_timeout: Duration::from_secs(10),
            request_timeout: Duration::from_secs(30),
        },
        capabilities,
        requests_in_flight: in_flight as usize,
        events,
        events_secret,
        reads_per_cycle: reads_per_cycle as usize,
        vk_id,
    })
}

fn read_events(object: &mut Object, kind: Option<Kind>, faults: &mut Faults) -> Events {
    let ways = [("poll", Events::Poll), ("push", Events::Push), ("none", Events::None)];
    let usual = if kind == Some(Kind::Max) { Events::Poll } else { Events::None };
    let asked = object.one_of("events", &ways, faults).unwrap_or(usual);
    // A community's events are of no use here: its chats can be listed and read.
    if kind == Some(Kind::Vk) { Events::None } else { asked }
}

/// A host that hands events in shows a secret, in the signs that MAX takes for one
/// (`platforms/max.md`, section 3).
fn read_events_secret(object: &mut Object, events: Events, faults: &mut Faults) -> Option<Secret> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
    let fits = |text: &&str| (5..=256).contains(&text.len()) && text.bytes().all(plain);
    let parse = |value: &Value| value.as_str().filter(fits).map(Secret::new);
    let secret = object.hidden("events_secret", faults, Form::Password, parse);
    if object.value("events_secret").is_none() && events == Events::Push {
        faults.push(object.fault("events_secret", "missing_field", "", missing()));
    }
    secret
}

fn read_vk_id(object: &mut Object, faults: &mut Faults) -> Option<VkId> {
    let mut object = object.object("vk_id", faults)?;
    let base_url = object.text("base_url", faults);
    let read = VkId {
        client_id: object.required("client_id", faults),
        redirect_uri: object.required("redirect_uri", faults),
        base_url: base_url.unwrap_or_else(|| "https://id.vk.ru".to_owned()),
    };
    object.finish(faults);
    Some(read)
}

/// The three fields in which a secret may stand: written, the name of a variable, a file.
pub(super) type Fields = [&'static str; 3];

const TOKEN: Fields = ["token", "token_env", "token_file"];

fn read_token(object: &mut Object, faults: &mut Faults) -> Option<Secret> {
    read_secret(object, TOKEN, true, faults)
}

/// A secret: written, or read from a named variable or file when the session is opened. One that is
/// not `needed` may be absent.
pub(super) fn read_secret(
    object: &mut Object,
    [plain, env, path]: Fields,
    needed: bool,
    faults: &mut Faults,
) -> Option<Secret> {
    let written = object.text(plain, faults);
    let variable = object.text(env, faults);
    let file = absolute(object, path, false, faults);
    let given = [written.is_some(), variable.is_some(), file.is_some()];
    if given.iter().filter(|given| **given).count() != 1 {
        let known = [plain, env, path].into_iter().any(|key| object.value(key).is_some());
        if (needed && !known) || given.iter().any(|given| *given) {
            let message = Text::new(
                format!("ожидается ровно одно из полей {plain}, {env}, {path}"),
                format!("expected exactly one of {plain}, {env}, {path}"),
            );
            faults.push(object.fault(plain, "missing_field", "", message));
        }
        return None;
    }
    let found = match (written, variable, file) {
        (Some(secret), _, _) => Some(secret),
        (_, Some(name), _) => from_environment(object, env, &name, faults),
        (_, _, Some(file)) => from_file(object, path, &file, faults),
        _ => None,
    };
    found.map(|secret| Secret::new(secret.trim()))
}

#[expect(clippy::disallowed_methods, reason = "the configuration itself names this one variable")]
fn from_environment(object: &Object, key: &str, name: &str, faults: &mut Faults) -> Option<String> {
    let found = std::env::var(name).ok().filter(|secret| !secret.trim().is_empty());
    if found.is_none() {
        let message =
            Text::new("такой переменной окружения нет", "there is no such environment variable");
        faults.push(object.fault(key, "bad_value", name, message));
    }
    found
}

fn from_file(
    object: &Object,
    key: &str,
    path: &std::path::Path,
    faults: &mut Faults,
) -> Option<String> {
    match std::fs::read_to_string(path) {
        Ok(secret) if !secret.trim().is_empty() => Some(secret),
        Ok(_) => {
            let message = Text::new("файл пуст", "the file is empty");
            faults.push(object.fault(key, "bad_value", &path.to_string_lossy(), message));
            None
        }
        Err(error) => {
            let message = Text::new(
                format!("файл не читается: {error}"),
                format!("the file cannot be read: {error}"),
            );
            faults.push(object.fault(key, "bad_value", &path.to_string_lossy(), message));
            None
        }
    }
}

fn read_base_url(object: &mut Object, kind: Option<Kind>, faults: &mut Faults) -> Option<String> {
    let default = match kind {
        Some(Kind::Vk) | None => "https://api.vk.ru",
        Some(Kind::Max) => "https://platform-api2.max.ru",
    };
    let url = object.text("base_url", faults).unwrap_or_else(|| default.to_owned());
    let rest = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"));
    if rest.is_some_and(|rest| !rest.is_empty() && !rest.contains(char::is_whitespace)) {
        return Some(url.trim_end_matches('/').to_owned());
    }
    let message = Text::new(
        "ожидается адрес вида https://api.vk.ru",
        "expected an address such as https://api.vk.ru",
    );
    faults.push(object.fault("base_url", "bad_value", &url, message));
    None
}

fn read_community(object: &mut Object, kind: Option<Kind>, faults: &mut Faults) -> String {
    let digits = |text: &str| {
        !text.is_empty() && text.len() <= 18 && text.bytes().all(|b| b.is_ascii_digit())
    };
    let parse = |value: &Value| {
        value.as_str().filter(|text| digits(text) || text.is_empty()).map(str::to_owned)
    };
    let community = object.read("community", faults, Form::Community, parse).unwrap_or_default();
    if kind == Some(Kind::Vk) && object.value("community").is_none() {
        faults.push(object.fault("community", "missing_field", "", missing()));
    }
    community
}

fn read_capabilities(object: &mut Object, faults: &mut Faults) -> BTreeMap<Capability, bool> {
    let mut fixed = BTreeMap::new();
    let Some(mut inner) = object.object("capabilities", faults) else { return fixed };
    for capability in Capability::ALL {
        let parse = |value: &Value| match value {
            Value::Bool(able) => Some(Some(*able)),
            Value::String(text) if text == "auto" => Some(None),
            _ => None,
        };
        if let Some(Some(able)) = inner.read(capability.name(), faults, Form::Able, parse) {
            fixed.insert(capability, able);
        }
    }
    inner.finish(faults);
    fixed
}

fn read_rate(object: &mut Object, kind: Option<Kind>, faults: &mut Faults) -> u32 {
    let (default, published) = match kind {
        Some(Kind::Vk) => (VK_DEFAULT_RATE, VK_RATE),
        _ => (MAX_DEFAULT_RATE, MAX_RATE),
    };
    object.number("requests_per_second", 1..=published, faults).unwrap_or(default)
}
