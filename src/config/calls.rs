//! `calls` of a configuration: the school's own system for calls, where it has one.

use super::Calls;
use super::platform::{Fields, read_secret};
use crate::document::{Faults, Form, Object};
use crate::profile::{PROVIDERS, Provider};

const SECRET: Fields = ["secret", "secret_env", "secret_file"];

pub(super) fn read_calls(root: &mut Object, faults: &mut Faults) -> Calls {
    let Some(mut object) = root.object("calls", faults) else { return Calls::default() };
    let provider = object.one_of("provider", &PROVIDERS, faults);
    let url = object.read("url", faults, Form::Address, |value| {
        value.as_str().filter(|url| is_address(url)).map(str::to_owned)
    });
    let signs = provider == Some(Provider::BigBlueButton);
    let secret = read_secret(&mut object, SECRET, signs, faults);
    let elsewhere = provider.is_some_and(|provider| provider != Provider::Messenger);
    if elsewhere && object.value("url").is_none() {
        faults.push(object.fault("url", "missing_field", "", super::missing()));
    }
    object.finish(faults);
    Calls { provider, url, secret }
}

fn is_address(url: &str) -> bool {
    let rest = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"));
    rest.is_some_and(|rest| !rest.is_empty() && !rest.contains(char::is_whitespace))
}
