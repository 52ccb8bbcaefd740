//! Orders that run a cycle or change how the next one runs.

use serde_json::{Value, json};

use super::{Ask, change};
use crate::config::{Options, read_options};
use crate::cycle::From;
use crate::error::{Code, Error, Fault, Result, Text};
use crate::plan::{approves, hold_fingerprint};
use crate::state::{Approval, Lock};

/// `plan`: what the next cycle would do with the last accepted roster.
pub(super) fn plan(ask: &mut Ask) -> Result<(Code, Value)> {
    let mut options = ask.params(read_options)?;
    options.dry_run = true;
    options.now = options.now.or(ask.now);
    ask.permit_everywhere()?;
    let actor = ask.actor.clone();
    ask.session.cycle(From::Kept, &options, &actor).map_err(as_request)
}

/// `chats.sync`: makes the missing chats of some kinds and corrects the members of the others («
/// Инициализировать список», A6, I2).
pub(super) fn sync(ask: &mut Ask) -> Result<(Code, Value)> {
    let (chats, kinds) = ask
        .params(|params, faults| (params.texts("chats", faults), params.texts("kinds", faults)))?;
    permit_sync(ask, chats.as_deref().unwrap_or_default())?;
    change::revive(ask, chats.as_deref().unwrap_or_default())?;
    let options = Options {
        now: ask.now,
        chats: chats.unwrap_or_default().into_iter().collect(),
        kinds: kinds.unwrap_or_default().into_iter().collect(),
        verify: crate::config::Verify::All,
        ..Options::default()
    };
    let actor = ask.actor.clone();
    ask.session.cycle(From::Kept, &options, &actor).map_err(as_request)
}

/// Some chats are the concern of their schools, all chats of a kind that of every school.
fn permit_sync(ask: &mut Ask, chats: &[String]) -> Result<()> {
    for key in chats {
        let target = ask.chat_target(key)?;
        ask.permit(target)?;
    }
    if chats.is_empty() { ask.permit_everywhere() } else { Ok(()) }
}

/// Faults of the options are faults of the request that carried them.
fn as_request(mut error: Error) -> Error {
    let by_options = error.faults.iter().any(|fault| fault.code.starts_with("options."));
    if error.code == Code::Config && by_options {
        error.code = Code::Request;
    }
    error
}

/// `guard.approve`: lets the next cycle carry out exactly what is held.
pub(super) fn approve(ask: &mut Ask) -> Result<(Code, Value)> {
    let fingerprint = ask.params(|params, faults| params.required("fingerprint", faults))?;
    ask.permit_everywhere()?;
    let mut state = ask.state()?;
    let now = ask.clock.now();
    let hold = state.known(now)?.hold;
    let open = hold.as_ref().is_some_and(|hold| approves(hold, &fingerprint, now));
    if !open {
        let present = hold.as_ref().map(hold_fingerprint).unwrap_or_default();
        return Err(Error::with_faults(Code::Request, vec![not_held(&fingerprint, &present)]));
    }
    let _lock = Lock::take(&ask.session.config().state)?;
    let approval = Approval { fingerprint: fingerprint.clone(), actor: ask.actor.clone() };
    state.put_approval(&approval)?;
    Ok((Code::Ok, json!({"accepted": true, "fingerprint": fingerprint})))
}

fn not_held(given: &str, present: &str) -> Fault {
    let message = match present {
        "" => Text::new("сейчас ничего не удерживается", "nothing is held now"),
        present => Text::new(
            format!("удерживается другое, его отпечаток: {present}"),
            format!("something else is held, its fingerprint: {present}"),
        ),
    };
    Fault::new("request.not_held", "params.fingerprint", given, message)
}
