//! `calls.join`: the visitor is the actor, and is told whether to come in, by which link, or why not.

use serde_json::{Value, json};

use super::{Found, permitted};
use crate::calls::{Call, CallState, Source};
use crate::clock::show;
use crate::document::Form;
use crate::error::{Code, Result, Text};
use crate::requests::{Ask, SYSTEM};
use crate::state::MemberDetail;

/// The longest name that a room is told.
const LONGEST: usize = 100;

/// `calls.join`
pub(in crate::requests) fn join(ask: &mut Ask) -> Result<(Code, Value)> {
    let (id, name) = ask.params(|params, faults| {
        let name = params.hidden("name", faults, Form::Name, |value| {
            let name = value.as_str()?.trim();
            (1..=LONGEST).contains(&name.chars().count()).then(|| name.to_owned())
        });
        (params.required("call", faults), name)
    })?;
    let Found { call, .. } = permitted(ask, &id)?;
    let members = ask.state()?.members(Some(&call.chat), Some(&ask.actor))?;
    let member = members.into_iter().next();
    let policy = super::policy(ask)?;
    let over = call.has_ended(&policy, ask.clock.now(), &ask.session.config().zone);
    let refusal = refusal(ask, &call, over, member.as_ref());
    let link = match refusal {
        Some(_) => None,
        None => link(ask, &call, member.as_ref(), name.as_deref())?,
    };
    Ok((
        Code::Ok,
        json!({
            "allowed": refusal.is_none(),
            "join_url": link,
            "message": refusal,
            "call": call.id,
            "title": call.title,
            "starts": call.starts.map(|at| show(at, &ask.session.config().zone)),
        }),
    ))
}

/// Why the visitor does not get in now.
fn refusal(ask: &Ask, call: &Call, over: bool, member: Option<&MemberDetail>) -> Option<Text> {
    let host = ask.actor == SYSTEM;
    if !host && member.is_none() {
        return Some(Text::new(
            "вы не состоите в чате этого звонка",
            "you do not belong to the chat of this call",
        ));
    }
    if over {
        return Some(Text::new("Звонок завершен", "The call is over"));
    }
    if !host && member.is_some_and(|member| member.account.is_none()) {
        return Some(Text::new(
            "Чтобы войти, сначала привяжите учебный профиль",
            "To come in, link your account first",
        ));
    }
    // Before publication only whoever started it may be in (ruling 24).
    let open = call.state == CallState::Published || call.started_by == ask.actor;
    (!call.running || !open).then(|| {
        Text::new("Дистанционное занятие еще не началось", "The online lesson has not begun yet")
    })
}

/// The link of the call; a room of BigBlueButton has one for each visitor.
fn link(
    ask: &Ask,
    call: &Call,
    member: Option<&MemberDetail>,
    name: Option<&str>,
) -> Result<Option<String>> {
    let common = || call.join_url.clone();
    Ok(match (super::source(ask)?, name) {
        (Source::BigBlueButton(room), Some(name)) if call.given_url.is_none() => {
            Some(room.join(call, name, member.is_some_and(|member| member.admin)))
        }
        _ => common(),
    })
}
