//! Accounts that people link and unlink themselves (P4, P16, A9, I1).
//!
//! A request is stored first and acted upon at once: a cycle on the kept roster, limited to the
//! chats of that person. What it could not do is told, and the next cycle does it.

use serde_json::{Value, json};

use super::proof::{self, Contact, Flaw};
use super::reach::{self, Reach};
use super::{Ask, no_such};
use crate::cycle::{kept_roster, named_account};
use crate::document::{Faults, Object};
use crate::error::{Code, Error, Fault, Result, Text};
use crate::platform::Kind;
use crate::roster::{Roster, is_account};
use crate::state::{Link, State};

const PLATFORMS: [(&str, Kind); 2] = [("vk", Kind::Vk), ("max", Kind::Max)];

/// What is asked for: this account, or none, for this person.
struct Order {
    person: String,
    platform: Kind,
    account: Option<String>,
    proof: &'static str,
    /// Digest of a proof that is good for one time.
    once: Option<String>,
}

/// `accounts.link`
pub(super) fn link(ask: &mut Ask) -> Result<(Code, Value)> {
    let order = ask.params(|params, faults| Order {
        person: params.required("person", faults),
        platform: platform(params, faults),
        account: Some(account(params, faults)),
        proof: "request",
        once: None,
    })?;
    carry_out(ask, &order)
}

/// `accounts.unlink`
pub(super) fn unlink(ask: &mut Ask) -> Result<(Code, Value)> {
    let order = ask.params(|params, faults| Order {
        person: params.required("person", faults),
        platform: platform(params, faults),
        account: None,
        proof: "request",
        once: None,
    })?;
    carry_out(ask, &order)
}

fn platform(params: &mut Object, faults: &mut Faults) -> Kind {
    if params.value("platform").is_none() {
        params.required("platform", faults);
    }
    params.one_of("platform", &PLATFORMS, faults).unwrap_or(Kind::Vk)
}

fn account(params: &mut Object, faults: &mut Faults) -> String {
    if params.value("account").is_none() {
        return params.required("account", faults);
    }
    let words = (
        "номер учётной записи: положительное десятичное число текстом",
        "an account's number: a positive decimal number as text",
    );
    let number = |value: &Value| value.as_str().filter(|id| is_account(id)).map(str::to_owned);
    params.read("account", faults, words, number).unwrap_or_default()
}

/// Stores an order, acts upon it, and tells what came of it.
fn carry_out(ask: &mut Ask, order: &Order) -> Result<(Code, Value)> {
    let mut state = ask.state()?;
    let roster = kept_roster(ask.session.config(), &ask.clock, &state)?;
    // Who links must be in the school's data; who unlinks may have left them and still be in chats.
    let may = match order.account {
        Some(_) => is_there(&roster, &order.person),
        None => is_known(&state, &roster, &order.person)?,
    };
    if !may {
        return Err(no_such(("человек", "the person"), &order.person));
    }
    let named = named_account(&roster, &order.person, order.platform);
    let before = in_force(&state, &order.person, order.platform, named)?.account;
    store(ask, &mut state, order, named)?;
    let reach = Reach { person: &order.person, platform: order.platform, before };
    let outcome = reach::act(ask, &state, &reach)?;
    let now = in_force(&state, &order.person, order.platform, named)?;
    let mut result = json!({
        "person": order.person,
        "platform": order.platform.name(),
        "account": now.account,
        "source": now.source,
        "proof": now.proof,
        "since": now.since.map(|since| ask.clock.show(since)),
    });
    let code = reach::tell(ask, &state, &reach, &outcome, &mut result)?;
    Ok((code, result))
}

fn store(ask: &Ask, state: &mut State, order: &Order, named: Option<&str>) -> Result<()> {
    let link = Link {
        id: 0,
        person: order.person.clone(),
        platform: order.platform,
        account: order.account.clone(),
        roster_account: named.map(str::to_owned),
        actor: ask.actor.clone(),
        at: ask.clock.now(),
        proof: order.proof.to_owned(),
        closed: None,
    };
    if state.put_account(&link, order.once.as_deref())? {
        return Ok(());
    }
    Err(refused("init_data", Flaw::Used))
}

/// In the last accepted roster and not struck out there.
fn is_there(roster: &Roster, person: &str) -> bool {
    roster.find_person(person).is_some_and(|person| !roster.person(person).absent)
}

fn is_known(state: &State, roster: &Roster, person: &str) -> Result<bool> {
    Ok(roster.find_person(person).is_some()
        || !state.links_of(person)?.is_empty()
        || !state.footings(person, None)?.is_empty())
}

/// The account that counts for a person on one messenger, and where it comes from.
struct InForce {
    account: Option<String>,
    /// `roster`, `request`, or nothing where neither names one.
    source: Option<&'static str>,
    proof: Option<String>,
    since: Option<jiff::Timestamp>,
}

fn in_force(state: &State, person: &str, platform: Kind, named: Option<&str>) -> Result<InForce> {
    let links = state.links_of(person)?.into_iter().filter(|link| link.platform == platform);
    let newest = links.max_by_key(|link| link.id);
    if let Some(link) = newest.as_ref().filter(|link| link.closed.is_none() && !link.is_over(named))
    {
        return Ok(InForce {
            account: link.account.clone(),
            source: Some("request"),
            proof: Some(link.proof.clone()),
            since: Some(link.at),
        });
    }
    Ok(InForce {
        account: named.map(str::to_owned),
        source: named.map(|_| "roster"),
        proof: None,
        // The roster does not tell since when it names an account; only that it overtook a request.
        since: newest.and_then(|link| link.closed).map(|(at, _)| at),
    })
}

/// `accounts.status`: the account in force on each messenger, and what the person may join.
pub(super) fn status(ask: &mut Ask) -> Result<(Code, Value)> {
    let person = ask.params(|params, faults| params.required("person", faults))?;
    let state = ask.state()?;
    let roster = kept_roster(ask.session.config(), &ask.clock, &state)?;
    if !is_known(&state, &roster, &person)? {
        return Err(no_such(("человек", "the person"), &person));
    }
    let mut accounts = Vec::new();
    for (name, platform) in PLATFORMS {
        let now = in_force(&state, &person, platform, named_account(&roster, &person, platform))?;
        accounts.push(json!({
            "platform": name,
            "account": now.account,
            "linked": now.account.is_some(),
            "source": now.source,
            "proof": now.proof,
            "since": now.since.map(|since| ask.clock.show(since)),
        }));
    }
    let history = state.links_of(&person)?;
    let history: Vec<Value> = history.iter().map(|link| history_row(ask, link)).collect();
    let result = json!({
        "person": person,
        "accounts": accounts,
        "chats": reach::chats(&state, &person, None)?,
        "history": history,
    });
    Ok((Code::Ok, result))
}

/// One request about the person, also one that counts no more.
fn history_row(ask: &Ask, link: &Link) -> Value {
    json!({
        "at": ask.clock.show(link.at),
        "platform": link.platform.name(),
        "account": link.account,
        "roster_account": link.roster_account,
        "actor": link.actor,
        "proof": link.proof,
        "ended": link.closed.as_ref().map(|(at, _)| ask.clock.show(*at)),
        "ended_by": link.closed.as_ref().map(|(_, by)| by),
    })
}

/// What is shown to prove an account.
enum Shown {
    Launch(String),
    Contact { contact: Contact, account: String, phone: String },
}

/// `accounts.verify`: links the account that a proof of MAX names.
pub(super) fn verify(ask: &mut Ask) -> Result<(Code, Value)> {
    let (person, shown) = ask.params(|params, faults| {
        let person = params.required("person", faults);
        let only = [("max", Kind::Max)];
        params.one_of("platform", &only, faults);
        (person, shown(params, faults))
    })?;
    let token = token(ask)?;
    // A session without a roster refuses before a proof is used up.
    ask.state()?;
    let now = ask.clock.now().as_second();
    let (account, proof, once) = match shown {
        Some(Shown::Launch(data)) => {
            let launch = proof::launch(&token, &data, now).map_err(|f| refused("init_data", f))?;
            (launch.account, "max.init_data", Some(launch.once))
        }
        Some(Shown::Contact { contact, account, phone }) => {
            let holds = proof::contact(&token, &contact, &account, &phone, now);
            holds.map_err(|flaw| refused("contact", flaw))?;
            (account, "max.contact", None)
        }
        None => return Err(Error::with_faults(Code::Request, vec![nothing_shown()])),
    };
    let order = Order { person, platform: Kind::Max, account: Some(account), proof, once };
    carry_out(ask, &order)
}

fn shown(params: &mut Object, faults: &mut Faults) -> Option<Shown> {
    let launch = hidden(params, "init_data", faults);
    if let Some(mut contact) = params.object("contact", faults) {
        let shown = Shown::Contact {
            contact: read_contact(&mut contact, faults),
            account: account(params, faults),
            phone: needed(params, "phone", faults),
        };
        contact.finish(faults);
        return match launch {
            Some(_) => {
                faults.push(nothing_shown());
                None
            }
            None => Some(shown),
        };
    }
    launch.map(Shown::Launch)
}

fn read_contact(contact: &mut Object, faults: &mut Faults) -> Contact {
    let hash = contact.required("hash", faults);
    match hidden(contact, "vcf_info", faults) {
        Some(vcf_info) => Contact::Card { vcf_info, hash },
        None => Contact::App {
            phone: needed(contact, "phone", faults),
            auth_date: needed(contact, "auth_date", faults),
            hash,
        },
    }
}

/// A text that is never shown again, not even in a fault: it holds names and phones.
fn hidden(params: &mut Object, key: &'static str, faults: &mut Faults) -> Option<String> {
    let text = params.value(key)?.as_str().map(str::to_owned);
    if text.is_none() {
        let message = Text::new("ожидается текст", "expected a text");
        faults.push(params.fault(key, "bad_value", "", message));
    }
    text
}

fn needed(params: &mut Object, key: &'static str, faults: &mut Faults) -> String {
    if params.value(key).is_none() {
        return params.required(key, faults);
    }
    hidden(params, key, faults).unwrap_or_default()
}

/// The token of the bot that the proofs were made for.
fn token(ask: &Ask) -> Result<String> {
    let config = ask.session.config();
    let platforms = std::iter::once(&config.platform).chain(&config.previous_platform);
    let max = platforms.into_iter().find(|platform| platform.kind == Kind::Max);
    let token = max.map(|max| max.access.token.reveal().to_owned());
    token.ok_or_else(|| {
        Error::new(
            Code::Request,
            "подтверждения MAX проверяются токеном бота, а MAX в настройках не указан",
            "proofs of MAX are checked with its bot's token, and no MAX is configured",
        )
    })
}

fn refused(key: &str, flaw: Flaw) -> Error {
    let fault =
        Fault::new(&format!("request.{}", flaw.code()), format!("params.{key}"), "", flaw.text());
    Error::with_faults(Code::Request, vec![fault])
}

fn nothing_shown() -> Fault {
    let message = Text::new(
        "нужно одно из полей init_data и contact (vk_code не поддерживается)",
        "one of init_data and contact is needed (vk_code is not supported)",
    );
    Fault::new("request.no_proof", "params", "", message)
}
