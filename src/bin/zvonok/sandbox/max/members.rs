//! Methods about who is in a group and who manages it.

use serde::Deserialize;
use serde_json::{Value, json};

use super::super::desk::{Papers, now_ms};
use super::super::people::People;
use super::super::world::{Joined, Refusal};
use super::call::Call;
use super::chats::{of_admin, of_member, with_right};
use super::error::{Error, done, refused};
use super::switches::AddMembers;
use super::world::{Chat, Entry, Member, World};
use super::{events, rights, shapes};

/// People in one request.
const MOST_IDS: usize = 100;
const MOST_ADMINS: usize = 50;

/// GET /chats/{chatId}/members, from the largest number down; the marker is the last one shown.
pub(super) fn list(papers: &mut Papers, call: &Call) -> Result<Value, Error> {
    let id = call.number(0)?;
    let count = call.within("count", 1, 100, 20)?;
    let marker = call.int("marker")?;
    let wanted = call.ints("user_ids")?;
    if wanted.as_ref().is_some_and(|ids| ids.len() > MOST_IDS) {
        return Err(Error::payload("user_ids: errors.maxRows"));
    }
    let Papers { max, people, .. } = papers;
    if max.switches.list_for_members {
        of_member(max, id)?
    } else {
        of_admin(max, id)?
    };
    let chat = &max.chats[&id];
    if let Some(ids) = wanted {
        let found = chat.members.iter().filter(|member| ids.contains(&member.id));
        return Ok(shown(max, people, chat, found));
    }
    let mut all: Vec<_> = chat.members.iter().collect();
    all.sort_by_key(|member| std::cmp::Reverse(member.id));
    all.retain(|member| marker.is_none_or(|marker| member.id < marker));
    let page = all.iter().take(count).copied();
    let mut answer = shown(max, people, chat, page);
    if let Some(last) = all.get(count - 1).filter(|_| all.len() > count) {
        answer["marker"] = json!(last.id);
    }
    Ok(answer)
}

fn shown<'a>(
    world: &World,
    people: &People,
    chat: &Chat,
    members: impl Iterator<Item = &'a Member>,
) -> Value {
    let members = members.map(|member| shapes::member(world, people, chat, member));
    json!({ "members": members.collect::<Vec<_>>() })
}

/// GET /chats/{chatId}/members/admins.
pub(super) fn admins(papers: &mut Papers, call: &Call) -> Result<Value, Error> {
    let Papers { max, people, .. } = papers;
    let id = of_admin(max, call.number(0)?)?.id;
    let chat = &max.chats[&id];
    let admins = chat.members.iter().filter(|member| member.rights.is_some());
    Ok(shown(max, people, chat, admins))
}

/// GET /chats/{chatId}/members/me.
pub(super) fn me(papers: &mut Papers, call: &Call) -> Result<Value, Error> {
    let Papers { max, people, .. } = papers;
    let id = of_member(max, call.number(0)?)?.id;
    let chat = &max.chats[&id];
    let own = chat.member(max.bot.id).ok_or_else(|| Error::denied(""))?;
    Ok(shapes::member(max, people, chat, own))
}

/// DELETE /chats/{chatId}/members/me: the bot leaves, and hears nothing of it.
pub(super) fn leave(papers: &mut Papers, call: &Call) -> Result<Value, Error> {
    let bot = papers.max.bot.id;
    of_member(&mut papers.max, call.number(0)?)?.leave(bot);
    Ok(done())
}

#[derive(Deserialize)]
struct UserIds {
    user_ids: Vec<i64>,
}

/// POST /chats/{chatId}/members, unless the method is gone.
pub(super) fn add(papers: &mut Papers, call: &Call) -> Result<Value, Error> {
    let mode = papers.max.switches.add_members;
    if mode == AddMembers::Public {
        return Err(Error::no_method(&call.path));
    }
    let id = call.number(0)?;
    let UserIds { user_ids } = call.body()?;
    if user_ids.len() > MOST_IDS {
        return Err(Error::payload("user_ids: errors.maxRows"));
    }
    let Papers { max, people, .. } = papers;
    with_right(max, id, "add_remove_members")?;
    let mut tally = Tally::default();
    for user in user_ids {
        tally.count(user, add_one(max, people, id, user, mode));
    }
    Ok(tally.answer(max.switches.partial_success))
}

fn add_one(
    world: &mut World,
    people: &People,
    id: i64,
    user: i64,
    mode: AddMembers,
) -> Result<(), Refusal> {
    let bot = world.bot.id;
    let private = people.get(user).is_some_and(|person| person.privacy);
    let entry = Entry { user, by: Some(bot), now: now_ms(), joined: Joined::Api };
    let Some(chat) = world.chats.get_mut(&id) else { return Err(Refusal::Closed) };
    if mode == AddMembers::Privacy && private && chat.member(user).is_none() {
        return Err(Refusal::Privacy);
    }
    chat.enter(&entry, people, bot)?;
    if world.switches.echo {
        events::came(world, people, id, user, Some(bot));
    }
    Ok(())
}

/// What became of the people of one request.
#[derive(Default)]
struct Tally {
    added: usize,
    privacy: Vec<i64>,
    not_found: Vec<i64>,
}

impl Tally {
    fn count(&mut self, user: i64, result: Result<(), Refusal>) {
        match result {
            Ok(()) => self.added += 1,
            Err(Refusal::AlreadyIn) => {}
            Err(Refusal::Privacy | Refusal::Blocked) => self.privacy.push(user),
            Err(_) => self.not_found.push(user),
        }
    }

    fn answer(self, partial_success: bool) -> Value {
        let failed: Vec<_> = self.privacy.iter().chain(&self.not_found).copied().collect();
        if failed.is_empty() {
            return if self.added > 0 {
                done()
            } else {
                refused("No users were added to the chat")
            };
        }
        let details = [
            ("add.participant.privacy", self.privacy),
            ("add.participant.not.found", self.not_found),
        ];
        let details = details.iter().filter(|(_, ids)| !ids.is_empty());
        let details: Vec<_> =
            details.map(|(code, ids)| json!({ "error_code": code, "user_ids": ids })).collect();
        let mut answer = refused("Some users were not added to the chat");
        if partial_success && self.added > 0 {
            answer = done();
        }
        answer["failed_user_ids"] = json!(failed);
        answer["failed_user_details"] = json!(details);
        answer
    }
}

/// DELETE /chats/{chatId}/members: one person, named in the query.
pub(super) fn remove(papers: &mut Papers, call: &Call) -> Result<Value, Error> {
    let id = call.number(0)?;
    let user = call.int("user_id")?.ok_or_else(|| Error::payload("user_id is required"))?;
    let block = call.flag("block")?;
    let Papers { max, people, .. } = papers;
    let bot = max.bot.id;
    let chat = with_right(max, id, "add_remove_members")?;
    if chat.member(user).is_none() {
        return Ok(refused("User is not a participant of the chat"));
    }
    if user == bot || chat.is_admin(user) {
        return Ok(refused("Insufficient access rights to perform this action"));
    }
    chat.leave(user);
    if block {
        chat.blocked.insert(user);
    }
    if max.switches.echo {
        events::gone(max, people, id, user, Some(bot));
    }
    Ok(done())
}

#[derive(Deserialize)]
struct NewAdmins {
    admins: Vec<NewAdmin>,
}

#[derive(Deserialize)]
struct NewAdmin {
    user_id: i64,
    permissions: Vec<String>,
    alias: Option<String>,
}

/// POST /chats/{chatId}/members/admins: the rights that are named replace the earlier ones. If
/// anybody of the list cannot be an admin, nobody is made one.
pub(super) fn promote(papers: &mut Papers, call: &Call) -> Result<Value, Error> {
    let id = call.number(0)?;
    let NewAdmins { admins } = call.body()?;
    if admins.is_empty() {
        return Err(Error::payload("admins: at least one is expected"));
    }
    let granted: Result<Vec<_>, _> =
        admins.iter().map(|admin| rights::granted(&admin.permissions)).collect();
    let granted = granted?;
    let chat = with_right(&mut papers.max, id, "add_admins")?;
    if admins.iter().any(|admin| admin.user_id == chat.owner) {
        return Err(Error::no_right());
    }
    if admins.iter().any(|admin| chat.member(admin.user_id).is_none()) {
        return Ok(refused("User is not a participant of the chat"));
    }
    let now = chat.members.iter().filter(|member| member.rights.is_some()).count();
    let new = admins.iter().filter(|admin| !chat.is_admin(admin.user_id)).count();
    if now + new > MOST_ADMINS {
        return Ok(refused("Too many administrators in the chat"));
    }
    for (admin, rights) in admins.into_iter().zip(granted) {
        if let Some(member) = chat.member_mut(admin.user_id) {
            member.rights = Some(rights);
            member.alias = admin.alias;
        }
    }
    Ok(done())
}

/// DELETE /chats/{chatId}/members/admins/{userId}: they stay a member.
pub(super) fn demote(papers: &mut Papers, call: &Call) -> Result<Value, Error> {
    let user = call.number(1)?;
    let chat = with_right(&mut papers.max, call.number(0)?, "add_admins")?;
    if user == chat.owner {
        return Err(Error::no_right());
    }
    match chat.member_mut(user).filter(|member| member.rights.is_some()) {
        Some(member) => {
            member.rights = None;
            member.alias = None;
            Ok(done())
        }
        None => Ok(refused("User is not an administrator of the chat")),
    }
}
