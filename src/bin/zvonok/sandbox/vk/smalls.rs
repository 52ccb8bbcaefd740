//! Methods about people, the community, calls and the time.

use serde_json::{Value, json};

use super::super::desk::{Papers, now_ms};
use super::super::people::Person;
use super::error::Error;
use super::methods::Caller;
use super::params::{Params, undefined};

const MOST_USERS: usize = 1_000;
/// Characters of a call's id.
const CALL_ID: usize = 36;

/// users.get; ids of nobody are left out.
pub(crate) fn users(caller: &mut Caller<'_>, params: &Params) -> Result<Value, Error> {
    let text = params.get("user_ids").ok_or_else(|| undefined("user_ids"))?;
    let names: Vec<&str> = text.split(',').map(str::trim).collect();
    if names.len() > MOST_USERS {
        return Err(Error::param("user_ids should contain 1000 items at most"));
    }
    let ids =
        names.into_iter().filter_map(|name| name.strip_prefix("id").unwrap_or(name).parse().ok());
    let people = ids.filter_map(|id: i64| caller.papers.people.get(id));
    Ok(people.map(|person| profile(&person)).collect())
}

/// A person as VK shows them.
pub(crate) fn profile(person: &Person) -> Value {
    let mut profile = json!({
        "id": person.id,
        "first_name": person.first_name,
        "last_name": person.last_name,
        "can_access_closed": true,
        "is_closed": false,
        "can_invite_to_chats": !person.privacy && !person.deactivated,
    });
    if person.deactivated {
        profile["deactivated"] = json!("deleted");
    }
    profile
}

/// messages.isMessagesFromGroupAllowed.
pub(crate) fn messages_allowed(caller: &mut Caller<'_>, params: &Params) -> Result<Value, Error> {
    caller.check_group(params)?;
    let person = caller.papers.people.get(params.need_int("user_id")?);
    let allowed = person.is_some_and(|person| person.allows_messages && !person.deactivated);
    Ok(json!({ "is_allowed": u8::from(allowed) }))
}

/// groups.getById; without ids the token's own community.
pub(crate) fn community(caller: &mut Caller<'_>, params: &Params) -> Result<Value, Error> {
    let asked = params.get("group_ids").or(params.get("group_id"));
    let own = caller.papers.community.to_string();
    let mut names = asked.unwrap_or(&own).split(',').map(str::trim);
    let is_own = |name: &str| name.trim_start_matches("club").trim_start_matches('-') == own;
    let groups: Vec<_> = names.by_ref().filter(|name| is_own(name)).collect();
    let groups: Vec<_> = groups.into_iter().map(|_| group(caller.papers)).collect();
    Ok(json!({ "groups": groups, "profiles": [] }))
}

/// The community as VK shows it.
pub(crate) fn group(papers: &Papers) -> Value {
    json!({
        "id": papers.community,
        "name": "Школа в песочнице",
        "screen_name": format!("club{}", papers.community),
        "is_closed": 1,
        "type": "group",
    })
}

/// groups.getTokenPermissions: messages and manage.
pub(crate) fn token_permissions(_: &mut Caller<'_>, _: &Params) -> Result<Value, Error> {
    let permissions = [("messages", 4_096), ("manage", 262_144)];
    let mask: i64 = permissions.iter().map(|(_, bit)| bit).sum();
    let permissions: Vec<_> =
        permissions.iter().map(|(name, bit)| json!({ "name": name, "setting": bit })).collect();
    Ok(json!({ "mask": mask, "permissions": permissions }))
}

/// utils.getServerTime.
pub(crate) fn server_time(_: &mut Caller<'_>, _: &Params) -> Result<Value, Error> {
    Ok(json!(now_ms() / 1000))
}

/// calls.start, for a partner's token.
pub(crate) fn start_call(caller: &mut Caller<'_>, params: &Params) -> Result<Value, Error> {
    caller.check_group(params)?;
    let call = caller.papers.vk.start_call(now_ms() / 1000);
    let ok_join_link = call.join_link.replace("vk.com", "ok.ru");
    Ok(json!({
        "call_id": call.call_id,
        "join_link": call.join_link,
        "ok_join_link": ok_join_link,
    }))
}

/// calls.forceFinish, for a partner's token. A call that is over or unknown is 100, as is an id of
/// another length than a UUID's.
pub(crate) fn finish_call(caller: &mut Caller<'_>, params: &Params) -> Result<Value, Error> {
    let id = params.get("call_id").ok_or_else(|| undefined("call_id"))?;
    if id.len() != CALL_ID {
        return Err(Error::param(&format!("call_id should be {CALL_ID} characters long")));
    }
    match caller.papers.vk.finish_call(id, now_ms() / 1000) {
        true => Ok(json!(1)),
        false => Err(Error::param("call_id is not a running call")),
    }
}
