//! Accounts that people link and unlink themselves (P4, P16, A9, I1).
//!
//! A request is stored first and acted upon at once: a cycle on the kept roster, limited to the
//! chats of that person. What it could not do is told, and the next cycle does it.

use serde_json::{Value, json};

use super::proof::Flaw;
use super::reach::{self, Reach};
use super::{Ask, no_such};
use crate::cycle::{named_account, own_account_name};
use crate::document::{Faults, Form, Object};
use crate::error::{Code, Error, Fault, Result, Text};
use crate::platform::Kind;
use crate::roster::{Roster, is_account};
use crate::state::{Link, State};

/// The messengers by their names in requests.
pub(super) const PLATFORMS: [(&str, Kind); 2] = [("vk", Kind::Vk), ("max", Kind::Max)];

/// What is asked for: this account, or none, for this person.
pub(super) struct Order {
    pub(super) person: String,
    pub(super) platform: Kind,
    pub(super) account: Option<String>,
    /// How it is known whose the account is: `request` where only the host says so.
    pub(super) proof: &'static str,
    /// Digest of a proof that is good for one time.
    pub(super) once: Option<String>,
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
    ask.permit_about(&order.person)?;
    carry_out(ask, &order)
}

/// `accounts.unlink`; with an `account` only this one, so that a screen that is out of date does not
/// unlink what was linked since.
pub(super) fn unlink(ask: &mut Ask) -> Result<(Code, Value)> {
    let (order, account) = ask.params(|params, faults| {
        let order = Order {
            person: params.required("person", faults),
            platform: platform(params, faults),
            account: None,
            proof: "request",
            once: None,
        };
        (order, some_account(params, faults))
    })?;
    ask.permit_about(&order.person)?;
    if let Some(account) = account {
        must_count(ask, &order, &account)?;
    }
    carry_out(ask, &order)
}

/// Refuses an account in whose place another one counts. Where none counts, it is unlinked already.
fn must_count(ask: &mut Ask, order: &Order, account: &str) -> Result<()> {
    let state = ask.state()?;
    let roster = ask.roster()?;
    let named = named_account(&roster, &order.person, order.platform);
    let now = in_force(&state, &order.person, order.platform, named)?;
    let Some(other) = now.account.filter(|counts| counts != account) else { return Ok(()) };
    let message = Text::new(
        format!("к человеку привязана другая учётная запись: {other}"),
        format!("another account is linked to the person: {other}"),
    );
    let fault = Fault::new("request.not_linked", "params.account", account, message);
    Err(Error::with_faults(Code::Request, vec![fault]))
}

fn platform(params: &mut Object, faults: &mut Faults) -> Kind {
    params.demand("platform", faults);
    params.one_of("platform", &PLATFORMS, faults).unwrap_or(Kind::Vk)
}

/// An account's number in `account`.
pub(super) fn account(params: &mut Object, faults: &mut Faults) -> String {
    params.demand("account", faults);
    some_account(params, faults).unwrap_or_default()
}

/// The same where it may be absent.
pub(super) fn some_account(params: &mut Object, faults: &mut Faults) -> Option<String> {
    let number = |value: &Value| value.as_str().filter(|id| is_account(id)).map(str::to_owned);
    params.read("account", faults, Form::Account, number)
}

/// Stores an order, acts upon it, and tells what came of it.
pub(super) fn carry_out(ask: &mut Ask, order: &Order) -> Result<(Code, Value)> {
    let mut state = ask.state()?;
    let roster = ask.roster()?;
    // Who links must be in the school's data; who unlinks may have left them and still be in chats.
    let may = match order.account {
        Some(_) => roster.is_there(&order.person),
        None => is_known(&state, &roster, &order.person)?,
    };
    if !may {
        return Err(no_such(("человек", "the person"), &order.person));
    }
    let own = state.meta(&own_account_name(order.platform))?;
    if order.account.is_some() && order.account == own {
        return Err(Error::with_faults(Code::Request, vec![own_account(order)]));
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

/// Nobody is the bot or the community itself.
fn own_account(order: &Order) -> Fault {
    let message = Text::new(
        "это учётная запись самого бота или сообщества, а не человека",
        "this is the account of the bot or community itself, not a person's",
    );
    let account = order.account.as_deref().unwrap_or_default();
    Fault::new("request.own_account", "params.account", account, message)
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
    Err(Flaw::Used.refusal("init_data"))
}

/// Refuses, before a proof is used up, whatever [`carry_out`] would refuse to link afterwards.
pub(super) fn may_link(ask: &mut Ask, person: &str) -> Result<()> {
    match ask.roster()?.is_there(person) {
        true => Ok(()),
        false => Err(no_such(("человек", "the person"), person)),
    }
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

/// What a question about accounts is narrowed to.
struct Narrow {
    person: String,
    platform: Option<Kind>,
    account: Option<String>,
}

impl Narrow {
    fn read(params: &mut Object, faults: &mut Faults) -> Narrow {
        Narrow {
            person: params.required("person", faults),
            platform: params.one_of("platform", &PLATFORMS, faults),
            account: some_account(params, faults),
        }
    }

    fn is_about(&self, platform: Kind) -> bool {
        self.platform.is_none_or(|wanted| wanted == platform)
    }

    fn names(&self, account: Option<&str>) -> bool {
        self.account.is_none() || self.account.as_deref() == account
    }
}

/// `accounts.status`: the account in force on each messenger, and what the person may join; of one
/// messenger, and of one account, where they are named. Then `linked` says whether it counts.
pub(super) fn status(ask: &mut Ask) -> Result<(Code, Value)> {
    let narrow = ask.params(Narrow::read)?;
    ask.permit_about(&narrow.person)?;
    let state = ask.state()?;
    let roster = ask.roster()?;
    let person = narrow.person.as_str();
    if !is_known(&state, &roster, person)? {
        return Err(no_such(("человек", "the person"), person));
    }
    let mut accounts = Vec::new();
    for (name, platform) in PLATFORMS.into_iter().filter(|(_, kind)| narrow.is_about(*kind)) {
        let now = in_force(&state, person, platform, named_account(&roster, person, platform))?;
        if narrow.names(now.account.as_deref()) {
            accounts.push(account_row(ask, name, &now));
        }
    }
    let mut history = state.links_of(person)?;
    history.retain(|link| narrow.is_about(link.platform) && narrow.names(link.account.as_deref()));
    let mut result = json!({
        "person": person,
        "accounts": accounts,
        "chats": reach::chats(&state, person, narrow.platform)?,
        "history": history.iter().map(|link| history_row(ask, link)).collect::<Vec<_>>(),
    });
    if narrow.account.is_some() {
        result["linked"] = json!(!accounts.is_empty());
    }
    Ok((Code::Ok, result))
}

fn account_row(ask: &Ask, platform: &str, now: &InForce) -> Value {
    json!({
        "platform": platform,
        "account": now.account,
        "linked": now.account.is_some(),
        "source": now.source,
        "proof": now.proof,
        "since": now.since.map(|since| ask.clock.show(since)),
    })
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
