//! Why somebody is, or is not, in a chat.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::{Ask, chats, no_such};
use crate::clock::{later, show};
use crate::error::{Code, Result, Text};
use crate::plan::{Attempt, Kind, KnownChat, MemberState, Waiting};
use crate::profile::Target;
use crate::state::{MemberDetail, Override, State, Wish};

/// How many of the last operations are told.
const HISTORY: usize = 20;

/// `explain`
pub(super) fn explain(ask: &mut Ask) -> Result<(Code, Value)> {
    let (key, person) = ask.params(|params, faults| {
        (params.required("chat", faults), params.required("person", faults))
    })?;
    let target = Target { person: Some(person.clone()), ..ask.chat_target(&key)? };
    ask.permit(target)?;
    let state = ask.state()?;
    chats::find(&state, &key)?;
    let member = state.members(Some(&key), Some(&person))?.into_iter().next();
    let history = state.history(&key, &person, HISTORY)?;
    if member.is_none() && history.is_empty() && !is_known(&state, &person)? {
        return Err(no_such(("человек", "the person"), &person));
    }
    let known = state.known(ask.clock.now())?;
    let chat = known.chats.get(&key);
    let zone = ask.session.config().zone.clone();
    let mut result = match &member {
        Some(member) => belongs(member, &zone),
        None => does_not_belong(ask, chat, &person),
    };
    if member.is_none()
        && let Some(by) = taken_out(&state, &key, &person)?
    {
        result["message"] = json!(by);
    }
    result["chat"] = json!(key);
    result["person"] = json!(person);
    let overrides = state.overrides(&key, Some(&person))?;
    result["overrides"] = overrides.iter().map(|one| override_row(ask, one)).collect();
    result["history"] = history.iter().map(|entry| entry.to_json(&zone)).collect();
    Ok((Code::Ok, result))
}

/// One change by hand, in force or not: what, by whom, since when, until when and why no longer.
pub(super) fn override_row(ask: &Ask, one: &Override) -> Value {
    json!({
        "override": one.wish.name(),
        "person": (!one.person.is_empty()).then_some(&one.person),
        "title": match &one.wish {
            Wish::Title(title) => Some(title),
            _ => None,
        },
        "actor": one.actor,
        "at": ask.clock.show(one.at),
        "ended": one.closed.as_ref().map(|(at, _)| ask.clock.show(*at)),
        "ended_by": one.closed.as_ref().map(|(_, by)| by),
    })
}

/// That somebody is kept out by an order, where that is so.
fn taken_out(state: &State, key: &str, person: &str) -> Result<Option<Text>> {
    let rows = state.overrides(key, Some(person))?;
    let out = |one: &&Override| one.closed.is_none() && one.wish == Wish::Member(false);
    Ok(rows.iter().find(out).map(|one| {
        let by = &one.actor;
        Text::new(
            format!("исключён из чата вручную, распорядился {by}"),
            format!("was taken out of the chat by hand, ordered by {by}"),
        )
    }))
}

fn is_known(state: &State, person: &str) -> Result<bool> {
    let Some(accepted) = state.accepted()? else { return Ok(false) };
    let needle = json!(person).to_string();
    // A sourcedId stands in the kept roster as a JSON text of its own wherever the person is named.
    Ok(accepted.body.contains(&needle))
}

fn belongs(member: &MemberDetail, zone: &jiff::tz::TimeZone) -> Value {
    let mut row = chats::member_row(member, zone);
    row["member"] = json!(true);
    row["message"] = json!(words_for(member));
    row
}

fn words_for(member: &MemberDetail) -> Text {
    let because: Vec<String> =
        member.reasons.iter().map(|r| format!("{} ({})", r.because, r.row)).collect();
    let because = because.join("; ");
    let (ru, en) = match member.state {
        MemberState::Joined => ("состоит в чате", "is in the chat"),
        MemberState::Unlinked => (
            "должен быть в чате, но учётная запись не привязана",
            "belongs in, no account is linked",
        ),
        MemberState::Left => ("должен быть в чате, но вышел сам", "belongs in, left without us"),
        MemberState::Refused => {
            ("должен быть в чате, но мессенджер отказывает", "belongs in, the messenger refuses")
        }
        MemberState::Invited if member.delivered.is_none() => (
            "приглашён, дошло ли сообщение со ссылкой — неизвестно, ещё не вошёл",
            "is invited, whether the message with the link arrived is not known, has not come yet",
        ),
        MemberState::Invited if member.delivered == Some(true) => (
            "приглашён сообщением со ссылкой, ещё не вошёл",
            "was sent the link and has not come yet",
        ),
        MemberState::Invited => (
            "ссылка для него в отчёте, ещё не вошёл",
            "the link for them is in the report, they have not come yet",
        ),
        MemberState::Expired => (
            "приглашён давно и не вошёл: напомните ему о ссылке",
            "was invited long ago and has not come: remind them of the link",
        ),
        _ => ("должен быть в чате, ещё не вошёл", "belongs in and is not in yet"),
    };
    Text::new(format!("{ru}: {because}"), format!("{en}: {because}"))
}

/// Somebody whom the roster no longer names and who is still in: why.
fn still_in(ask: &Ask, since: Option<Timestamp>, failed: Option<&Waiting>) -> Text {
    let config = ask.session.config();
    let due = since.map(|since| later(since, config.grace)).filter(|due| *due > ask.clock.now());
    let (ru, en) = match (failed, due) {
        (Some(waiting), _) => (
            format!("исключить не удалось: {} ({})", waiting.message.ru, waiting.code),
            format!("removing failed: {} ({})", waiting.message.en, waiting.code),
        ),
        (None, Some(due)) => {
            let due = show(due, &config.zone);
            (format!("исключение не раньше {due}"), format!("to be removed not before {due}"))
        }
        (None, None) => (
            "исключит следующий цикл, если этого не удерживает предохранитель".to_owned(),
            "the next cycle removes them, unless the guard holds it".to_owned(),
        ),
    };
    Text::new(
        format!("данные школы больше не называют человека здесь; ещё в чате: {ru}"),
        format!("the school's data no longer names the person here; still in: {en}"),
    )
}

fn does_not_belong(ask: &Ask, chat: Option<&KnownChat>, person: &str) -> Value {
    let still = chat.and_then(|chat| {
        chat.present.iter().find(|(_, present)| present.people.iter().any(|one| one == person))
    });
    let failed = chat.zip(still).and_then(|(chat, (account, _))| {
        let attempt = Attempt { operation: Kind::RemoveMember, account: account.clone() };
        chat.waiting.get(&attempt)
    });
    let message = match still.map(|(_, present)| present.gone_since) {
        Some(since) => still_in(ask, since, failed),
        None => Text::new(
            "правила профиля не называют человека в этом чате",
            "no rule of the profile names the person in this chat",
        ),
    };
    json!({
        "member": false,
        "admin": false,
        "joined": still.is_some(),
        "account": still.map(|(account, _)| account),
        "reasons": [],
        "message": message,
    })
}
