//! What a change of one person's account does at once in all chats of that person, and what is
//! left for the next cycle.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::Ask;
use super::act::{self, Outcome};
use crate::error::{Code, Result, Text};
use crate::plan::{ChatState, KnownChat, MemberState};
use crate::platform::Kind;
use crate::state::{Footing, Place, State};

/// Whose account changed where.
pub(super) struct Reach<'o> {
    pub(super) person: &'o str,
    pub(super) platform: Kind,
    /// The account that counted before.
    pub(super) before: Option<String>,
}

/// Runs a cycle on the kept roster, limited to the chats that the person belongs to or is in.
///
/// # Errors
/// [`Code::State`]. Whatever else ends the cycle is told in the answer: the order itself is stored.
pub(super) fn act(ask: &mut Ask, state: &State, reach: &Reach) -> Result<Outcome> {
    let chats = touched(ask, state, reach)?;
    act::limited(ask, chats, &[reach.person.to_owned()])
}

/// The keys of the chats that a cycle of this session can do something about.
fn touched(ask: &Ask, state: &State, reach: &Reach) -> Result<BTreeSet<String>> {
    let known = rows(state)?;
    let places = state.places(reach.person)?.into_iter().map(|place| place.chat);
    let footings = state.footings(reach.person, reach.before.as_deref())?;
    let mut chats: BTreeSet<String> =
        places.chain(footings.into_iter().map(|footing| footing.chat)).collect();
    let served = serves(ask, reach.platform);
    chats.retain(|key| {
        let chat = known.get(key).filter(|chat| chat.platform == reach.platform);
        served && chat.is_some_and(|chat| can_change(chat.state))
    });
    Ok(chats)
}

/// Whether a messenger is one of this session's: the current one, or the one moved away from.
fn serves(ask: &Ask, platform: Kind) -> bool {
    ask.session.messengers().iter().any(|one| one.config.kind == platform)
}

fn can_change(state: ChatState) -> bool {
    !matches!(state, ChatState::Gone | ChatState::Deleted)
}

fn rows(state: &State) -> Result<BTreeMap<String, KnownChat>> {
    Ok(state.chats()?.into_iter().map(|row| (row.chat.key.clone(), row.chat)).collect())
}

/// The chats that a person belongs in, on one messenger or on all, as the person may be shown them.
/// Only who has an account there is given the link.
pub(super) fn chats(state: &State, person: &str, platform: Option<Kind>) -> Result<Vec<Value>> {
    let known = rows(state)?;
    let mut found = Vec::new();
    for place in state.places(person)? {
        let Some(chat) = known.get(&place.chat) else { continue };
        // A chat that was left behind is nowhere that anybody should go.
        let here = platform.is_none_or(|platform| platform == chat.platform) && !chat.former;
        if here && can_change(chat.state) {
            found.push(chat_row(chat, &place));
        }
    }
    Ok(found)
}

fn chat_row(chat: &KnownChat, place: &Place) -> Value {
    let link = chat.link.as_ref().filter(|_| place.account.is_some());
    let may_join =
        link.is_some() && chat.state == ChatState::Active && place.state != MemberState::Joined;
    json!({
        "chat": chat.key,
        "title": chat.title,
        "platform": chat.platform.name(),
        "link": link,
        "state": place.state.name(),
        "chat_state": chat.state.name(),
        "may_join": may_join,
    })
}

/// Something that was not done at once.
struct Left {
    chat: String,
    /// The account that is in and should not be, or is not in and should be.
    account: String,
}

/// Adds to `result` the chats, what was done, and what was not and why.
///
/// # Errors
/// [`Code::State`].
pub(super) fn tell(
    ask: &Ask,
    state: &State,
    reach: &Reach,
    outcome: &Outcome,
    result: &mut Value,
) -> Result<Code> {
    let account = result["account"].as_str().map(str::to_owned);
    let mut left = still_in(state, reach, account.as_deref())?;
    left.extend(not_in_yet(state, reach, account.as_deref())?);
    let report = match outcome {
        Outcome::Report(report) => report,
        _ => &Value::Null,
    };
    let concerned: BTreeSet<&str> = left.iter().map(|one| one.chat.as_str()).collect();
    let held = if is_held(report, &left) { held_rows(report, &concerned) } else { Vec::new() };
    let failed = failed_rows(report, reach.person, &left);
    let reason = match outcome {
        Outcome::Failed(error) => Some(json!(error.message)),
        _ => left.first().map(|one| why(ask, state, report, &held, &failed, one)).transpose()?,
    };
    result["chats"] = json!(chats(state, reach.person, Some(reach.platform))?);
    // A cycle that was cut short tells no numbers; where the person stands is in `chats`.
    result["done"] = match outcome {
        Outcome::Failed(_) => Value::Null,
        _ => done(report, reach.person),
    };
    result["pending"] = json!(reason.is_some());
    result["pending_in"] = json!(concerned);
    result["reason"] = json!(reason);
    result["failed"] = json!(failed);
    result["held"] = json!(held);
    Ok(match (held.is_empty(), reason.is_some()) {
        (false, _) => Code::Held,
        (true, true) => Code::Partial,
        (true, false) => Code::Ok,
    })
}

/// Accounts that stood for the person and are still in chats, though another account or none
/// counts now. One that stands for somebody else as well is theirs.
fn still_in(state: &State, reach: &Reach, account: Option<&str>) -> Result<Vec<Left>> {
    let known = rows(state)?;
    let before = reach.before.as_deref();
    let theirs = |footing: &Footing| {
        footing.people.iter().any(|person| person == reach.person)
            || (footing.people.is_empty() && before == Some(footing.account.as_str()))
    };
    let here = |footing: &Footing| {
        let chat = known.get(&footing.chat);
        chat.is_some_and(|chat| chat.platform == reach.platform && can_change(chat.state))
    };
    let footings = state.footings(reach.person, before)?.into_iter();
    let left = footings
        .filter(|footing| account != Some(footing.account.as_str()))
        .filter(|footing| theirs(footing) && here(footing));
    Ok(left.map(|one| Left { chat: one.chat, account: one.account }).collect())
}

/// Chats that the account should be in and neither is nor was given the way into.
fn not_in_yet(state: &State, reach: &Reach, account: Option<&str>) -> Result<Vec<Left>> {
    let Some(account) = account else { return Ok(Vec::new()) };
    let known = rows(state)?;
    let waits = |place: &Place| {
        let chat = known.get(&place.chat);
        let chat = chat.filter(|chat| chat.platform == reach.platform && !chat.former);
        let state = chat.map(|chat| chat.state);
        let open = matches!(state, Some(ChatState::Active | ChatState::Planned | ChatState::Task));
        let outside = matches!(
            place.state,
            MemberState::Unlinked | MemberState::Linked | MemberState::Refused
        );
        open && outside
    };
    let places = state.places(reach.person)?.into_iter().filter(waits);
    Ok(places.map(|place| Left { chat: place.chat, account: account.to_owned() }).collect())
}

fn list<'r>(report: &'r Value, name: &str) -> impl Iterator<Item = &'r Value> {
    report[name].as_array().into_iter().flatten()
}

fn names(row: &Value, person: &str) -> bool {
    row["person"] == person || list(row, "people").any(|one| one == person)
}

fn is_about(row: &Value, left: &Left) -> bool {
    row["chat"] == left.chat.as_str() && row["account"] == left.account.as_str()
}

/// What the cycle did for this person, by operation.
fn done(report: &Value, person: &str) -> Value {
    let mut done: BTreeMap<&str, u32> = BTreeMap::new();
    for row in list(report, "operations").filter(|row| names(row, person)) {
        if let Some(operation) = row["operation"].as_str().filter(|_| row["result"] == "done") {
            *done.entry(operation).or_default() += 1;
        }
    }
    json!(done)
}

/// Whether the guard holds what was asked for.
fn is_held(report: &Value, left: &[Left]) -> bool {
    let mut held = list(report, "operations").filter(|row| row["result"] == "held");
    held.any(|row| left.iter().any(|one| is_about(row, one)))
}

/// The guard's rows on these chats, and on all chats together.
fn held_rows(report: &Value, chats: &BTreeSet<&str>) -> Vec<Value> {
    let concerned = |row: &&Value| row["chat"].as_str().is_none_or(|chat| chats.contains(chat));
    list(report, "held").filter(concerned).cloned().collect()
}

fn failed_rows(report: &Value, person: &str, left: &[Left]) -> Vec<Value> {
    let concerned = |row: &&Value| names(row, person) || left.iter().any(|one| is_about(row, one));
    list(report, "failed").filter(concerned).cloned().collect()
}

/// Why one thing was not done, in the words of whatever stood in the way.
fn why(
    ask: &Ask,
    state: &State,
    report: &Value,
    held: &[Value],
    failed: &[Value],
    left: &Left,
) -> Result<Value> {
    let warned = |row: &&Value| row["at"] == left.chat.as_str() && row["value"] == left.account;
    let words = held
        .first()
        .or_else(|| failed.iter().find(|row| is_about(row, left)))
        .or_else(|| list(&report["roster"], "warnings").find(warned));
    if let Some(row) = words {
        return Ok(row["message"].clone());
    }
    let chat = rows(state)?.remove(&left.chat);
    Ok(json!(by_state(ask, chat.as_ref())))
}

fn by_state(ask: &Ask, chat: Option<&KnownChat>) -> Text {
    match chat {
        Some(chat) if !serves(ask, chat.platform) => Text::new(
            "чат находится в мессенджере, который этот сеанс не обслуживает",
            "the chat is on a messenger that this session does not serve",
        ),
        Some(chat) if chat.state == ChatState::Archived => Text::new(
            "чат в архиве, и его участники оставлены в нём (archive.members: keep)",
            "the chat is archived and its members are kept (archive.members: keep)",
        ),
        Some(chat) if chat.state != ChatState::Active => {
            Text::new("чат ещё не создан", "the chat is not made yet")
        }
        _ => Text::new(
            "сейчас этого сделать нельзя: данные о человеке или чате неполны, не кончился срок \
             grace, или запись защищена; следующий цикл проверит снова",
            "not possible now: the data on the person or chat are incomplete, the grace is not \
             over, or the account is protected; the next cycle looks again",
        ),
    }
}
