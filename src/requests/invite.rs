//! One-time links by which people link their accounts themselves (P4, A9).
//!
//! The word in the link is random and stands for one person; whoever opens the dialog by it first is
//! taken for that person. A link that was handed on therefore links the wrong account: hosts give it
//! to the person alone, name the `account` that it is for, or have the account confirmed
//! (`accounts.verify`).

use std::time::Duration;

use serde_json::{Value, json};

use super::accounts::some_account;
use super::{Ask, no_such};
use crate::clock::later;
use crate::document::{Faults, Object};
use crate::error::{Code, Error, Fault, Result, Text};
use crate::events::digest;
use crate::platform::Kind;
use crate::state::{Invite, State};
use crate::tasks::Bot;

/// How long a link works if nothing else is asked for.
const USUALLY: Duration = Duration::from_secs(72 * 3600);
/// How long one may work at most.
const LONGEST: Duration = Duration::from_secs(30 * 24 * 3600);
/// How long the messenger may take to tell the bot's name.
const PATIENCE: Duration = Duration::from_secs(10);
/// Bytes of a word: 160 bits, written in 40 of the 128 signs that MAX lets a link carry.
const WORD: usize = 20;

struct Wish {
    person: String,
    platform: Kind,
    /// Whose opening of the dialog alone uses the link.
    account: Option<String>,
    expires: Duration,
}

/// `accounts.invite`
pub(super) fn invite(ask: &mut Ask) -> Result<(Code, Value)> {
    let wish = ask.params(read)?;
    ask.permit_about(&wish.person)?;
    check_platform(ask, wish.platform)?;
    let mut state = ask.state()?;
    let roster = ask.roster()?;
    if !roster.is_there(&wish.person) {
        return Err(no_such(("человек", "the person"), &wish.person));
    }
    let nick = nick(ask, &mut state)?;
    let word = word()?;
    let now = ask.clock.now();
    let invite = Invite {
        digest: digest(&word, wish.account.as_deref()),
        person: wish.person,
        platform: wish.platform,
        actor: ask.actor.clone(),
        at: now,
        expires: later(now, wish.expires),
    };
    state.put_invite(&invite)?;
    let result = json!({
        "person": invite.person,
        "platform": invite.platform.name(),
        "account": wish.account,
        "link": format!("https://max.ru/{nick}?start={word}"),
        "expires": ask.clock.show(invite.expires),
    });
    Ok((Code::Ok, result))
}

fn read(params: &mut Object, faults: &mut Faults) -> Wish {
    let platforms = [("max", Kind::Max), ("vk", Kind::Vk)];
    Wish {
        person: params.required("person", faults),
        platform: params.one_of("platform", &platforms, faults).unwrap_or(Kind::Max),
        account: some_account(params, faults),
        expires: expires(params, faults),
    }
}

fn expires(params: &mut Object, faults: &mut Faults) -> Duration {
    let asked = params.duration("expires", faults).unwrap_or(USUALLY);
    if asked.is_zero() || asked > LONGEST {
        let message = Text::new("ожидается срок до 30d", "expected a time of up to 30d");
        let value = format!("{}s", asked.as_secs());
        faults.push(params.fault("expires", "bad_value", &value, message));
    }
    asked
}

/// Only MAX has links that open a dialog and carry a word of ours.
fn check_platform(ask: &Ask, platform: Kind) -> Result<()> {
    if platform == Kind::Max && ask.session.config().platform.kind == Kind::Max {
        return Ok(());
    }
    let message = match platform {
        Kind::Vk => Text::new(
            "одноразовые ссылки для привязки есть только у MAX; для VK есть accounts.link",
            "one-time links that link an account exist on MAX only; for VK there is accounts.link",
        ),
        Kind::Max => Text::new(
            "MAX в настройках не указан, а одноразовые ссылки ведут к боту MAX",
            "no MAX is configured, and one-time links lead to a bot of MAX",
        ),
    };
    let fault = Fault::new("request.no_invites", "params.platform", platform.name(), message);
    Err(Error::with_faults(Code::Request, vec![fault]))
}

/// The bot's short name: as the messenger tells it now, else as it told it last.
fn nick(ask: &Ask, state: &mut State) -> Result<String> {
    let told = ask.session.connect(&ask.session.stop_within(PATIENCE));
    if let Ok(connection) = &told {
        Bot::remember(state, Kind::Max, connection)?;
    }
    match (Bot::known(state, Kind::Max)?.nick, told) {
        (Some(nick), _) => Ok(nick),
        (None, Err(error)) => Err(error),
        (None, Ok(_)) => Err(Error::new(
            Code::Request,
            "у бота MAX нет короткого имени (ника), и ссылку на него составить нельзя",
            "the bot of MAX has no short name (nick), and no link to it can be made",
        )),
    }
}

/// A word that nobody can guess, of signs that a link may carry.
fn word() -> Result<String> {
    let bytes = crate::random::bytes(WORD)?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}
