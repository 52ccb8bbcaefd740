//! Reading what VK answers, tolerantly: both shapes of a method are accepted, unknown fields are
//! ignored, numbers may come as texts and truths as numbers.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use serde_json::Value;

use super::error::{VkError, ends_a_chat};
use super::request;
use crate::error::Text;
use crate::platform::{Answer, Call, Class, Failure, FoundChat, Presence};

/// The body of an HTTP answer.
pub(super) enum Envelope {
    Response { value: Value, errors: Vec<(String, VkError)> },
    Error(VkError),
}

/// `None` where the body is not VK's: an error page, half an answer.
pub(super) fn envelope(body: &[u8]) -> Option<Envelope> {
    let mut root: Value = serde_json::from_slice(body).ok()?;
    if let Some(error) = root.get("error").and_then(error) {
        return Some(Envelope::Error(error));
    }
    let listed = root.get("execute_errors").and_then(Value::as_array);
    let errors = listed.into_iter().flatten().filter_map(|one| {
        let method = one.get("method").and_then(Value::as_str).unwrap_or_default();
        Some((method.to_owned(), error(one)?))
    });
    let errors = errors.collect();
    Some(Envelope::Response { value: root.get_mut("response")?.take(), errors })
}

fn error(value: &Value) -> Option<VkError> {
    Some(VkError {
        code: number(value.get("error_code")?)?,
        text: text(value, "error_msg").unwrap_or_default().to_owned(),
        local: text(value, "error_text").map(str::to_owned),
    })
}

/// The answer to a call that is one request and one page.
pub(super) fn of(call: &Call, value: &Value) -> Result<Answer, Failure> {
    match call {
        Call::CreateChat { .. } => {
            let id = number(value).or_else(|| number(value.get("chat_id")?));
            let chat = id.filter(|id| *id > 0).ok_or_else(|| half_told("messages.createChat"))?;
            Ok(Answer::Created { chat: chat.to_string() })
        }
        Call::ReadLink { .. } => link(value).ok_or_else(|| misread("messages.getInviteLink")),
        Call::RotateLink { .. } => link(value).ok_or_else(|| half_told("messages.getInviteLink")),
        Call::SendMessage { .. } => message(value),
        Call::Tell { .. } => message(value).map(|_| Answer::Told { dialog: None }),
        Call::FindMessage { parts, .. } => holds(value, parts).map(Answer::Found),
        Call::StartCall => started(value),
        _ => done(value),
    }
}

fn done(value: &Value) -> Result<Answer, Failure> {
    let failed =
        |key| value.get(key).and_then(Value::as_array).is_some_and(|list| !list.is_empty());
    let refused = failed("failed_peer_ids") || failed("failed_member_ids");
    if !refused && (truth(value) || value.is_object()) {
        return Ok(Answer::Done);
    }
    Err(Failure {
        class: Class::RetryLater,
        code: "vk.undone".to_owned(),
        message: Text::new(
            "VK ответил, что ничего не сделал, и не сказал почему",
            "VK answered that it did nothing and did not say why",
        ),
        after: Duration::from_secs(3600),
    })
}

fn link(value: &Value) -> Option<Answer> {
    let listed = || text(value.get("items")?.get(0)?, "link");
    let found = text(value, "link").or_else(listed).filter(|link| !link.is_empty())?;
    Some(Answer::Link(found.to_owned()))
}

fn message(value: &Value) -> Result<Answer, Failure> {
    if let Some(id) = number(value) {
        return Ok(Answer::Message(id.to_string()));
    }
    let item = value.get(0).ok_or_else(|| half_told("messages.send"))?;
    if let Some(error) = item.get("error") {
        let code = error.get("code").or_else(|| error.get("error_code")).and_then(number);
        let said = text(error, "description").or_else(|| text(error, "error_msg"));
        let text = said.unwrap_or_default().to_owned();
        let error = VkError { code: code.unwrap_or_default(), text, local: None };
        return Err(error.failure("messages.send"));
    }
    let alone = || Some(number(item.get("message_id")?)?.to_string());
    let id = message_id(item).or_else(alone);
    Ok(Answer::Message(id.ok_or_else(|| half_told("messages.send"))?))
}

/// Whether a message of the community holds all the parts. In a dialog with a person nobody else has
/// a negative number.
fn holds(value: &Value, parts: &[String]) -> Result<bool, Failure> {
    let own = |item: &&Value| sender(item).is_some_and(|from| from < 0);
    Ok(history(value)?.iter().filter(own).any(|item| has_all(item, parts)))
}

/// One page of a chat's messages, looked through for one of them.
pub(super) struct Page {
    /// Messages of this page.
    pub(super) told: usize,
    /// Messages of the chat.
    pub(super) count: usize,
    /// The id in its chat of the newest that fits.
    pub(super) found: Option<String>,
}

/// Looks for a message that the community (`own`) wrote and that holds all the parts. Other
/// communities may be in a chat, too.
pub(super) fn page(value: &Value, own: i64, parts: &[String]) -> Result<Page, Failure> {
    let items = history(value)?;
    let fits = |item: &&Value| sender(item) == Some(-own) && has_all(item, parts);
    let count = value.get("count").and_then(number).and_then(|count| count.try_into().ok());
    Ok(Page {
        told: items.len(),
        count: count.unwrap_or(usize::MAX),
        found: items.iter().filter(fits).find_map(message_id),
    })
}

fn history(value: &Value) -> Result<&Vec<Value>, Failure> {
    let items = value.get("items").and_then(Value::as_array);
    items.ok_or_else(|| misread("messages.getHistory"))
}

fn sender(item: &Value) -> Option<i64> {
    number(item.get("from_id")?)
}

fn has_all(item: &Value, parts: &[String]) -> bool {
    let text = text(item, "text").unwrap_or_default();
    parts.iter().all(|part| text.contains(part.as_str()))
}

/// The number of a message in its chat.
fn message_id(item: &Value) -> Option<String> {
    let id = item.get("conversation_message_id").or_else(|| item.get("cmid")).and_then(number)?;
    Some(id.to_string())
}

/// The message that is pinned in the one chat that was asked for.
pub(super) fn pinned(value: &Value) -> Result<Option<String>, Failure> {
    let items = value.get("items").and_then(Value::as_array);
    let items = items.ok_or_else(|| misread("messages.getConversationsById"))?;
    let settings = items.first().and_then(|item| item.get("chat_settings"));
    Ok(settings.and_then(|settings| settings.get("pinned_message")).and_then(message_id))
}

fn started(value: &Value) -> Result<Answer, Failure> {
    let link = text(value, "join_link").filter(|link| !link.is_empty());
    let link = link.ok_or_else(|| half_told("calls.start"))?;
    // The schema has the id optional; the method's page promises it.
    let id = text(value, "call_id").unwrap_or_default();
    Ok(Answer::Call { id: id.to_owned(), join_url: link.to_owned() })
}

/// How many members there are in all, and those of this page.
pub(super) fn members(value: &Value) -> Result<(usize, Vec<Presence>), Failure> {
    let wrong = || misread("messages.getConversationMembers");
    let items = value.get("items").and_then(Value::as_array).ok_or_else(wrong)?;
    let names = names(value);
    let page: Option<Vec<_>> = items.iter().map(|item| presence(item, &names)).collect();
    let page = page.ok_or_else(wrong)?;
    let count = value.get("count").and_then(number).and_then(|count| count.try_into().ok());
    Ok((count.unwrap_or(page.len()), page))
}

/// What VK tells beside the members about who they are; communities have negative numbers.
fn names(value: &Value) -> BTreeMap<i64, String> {
    let listed = |key| value.get(key).and_then(Value::as_array).into_iter().flatten();
    let person = |one: &Value| {
        let pieces = ["first_name", "last_name"].into_iter().filter_map(|key| text(one, key));
        Some((number(one.get("id")?)?, pieces.collect::<Vec<_>>().join(" ")))
    };
    let community = |one: &Value| Some((-number(one.get("id")?)?, text(one, "name")?.to_owned()));
    let people = listed("profiles").filter_map(person);
    people.chain(listed("groups").filter_map(community)).collect()
}

fn presence(item: &Value, names: &BTreeMap<i64, String>) -> Option<Presence> {
    let id = number(item.get("member_id")?)?;
    let owner = flag(item, "is_owner");
    Some(Presence {
        account: id.to_string(),
        admin: owner || flag(item, "is_admin"),
        owner,
        bot: id < 0,
        rights: BTreeSet::new(),
        name: names.get(&id).cloned().unwrap_or_default(),
    })
}

/// The chats among the conversations of one answer; `own` is the community's number.
pub(super) fn chats(value: &Value, own: i64) -> Result<Vec<FoundChat>, Failure> {
    let items = value.get("items").and_then(Value::as_array);
    let items = items.ok_or_else(|| misread("messages.getConversationsById"))?;
    Ok(items.iter().filter_map(|item| chat(item, own)).collect())
}

fn chat(item: &Value, own: i64) -> Option<FoundChat> {
    let settings = item.get("chat_settings")?;
    let peer = item.get("peer")?;
    let id = request::chat_of_peer(number(peer.get("id")?)?)?;
    let members = settings.get("members_count").and_then(number);
    Some(FoundChat {
        chat: id.to_string(),
        title: text(settings, "title").unwrap_or_default().to_owned(),
        own: settings.get("owner_id").and_then(number) == Some(-own),
        members: members.and_then(|count| count.try_into().ok()),
        gone: gone(item, settings),
        link: None,
    })
}

fn gone(item: &Value, settings: &Value) -> Option<String> {
    let state = text(settings, "state").filter(|state| !matches!(*state, "in" | ""));
    if let Some(state) = state {
        return Some(format!("vk.{state}"));
    }
    let write =
        item.get("can_write").filter(|write| write.get("allowed").is_some_and(|a| !truth(a)))?;
    let reason = write.get("reason").and_then(number)?;
    ends_a_chat(reason).then(|| format!("vk.{reason}"))
}

/// Whether the token has the right to write messages, which everything of ours needs.
pub(super) fn may_message(value: &Value) -> bool {
    const MESSAGES: i64 = 4096;
    let listed = value.get("permissions").and_then(Value::as_array);
    let named = listed.into_iter().flatten().any(|one| text(one, "name") == Some("messages"));
    named || value.get("mask").and_then(number).is_some_and(|mask| mask & MESSAGES != 0)
}

/// The community that the token belongs to.
pub(super) struct Community {
    pub(super) id: i64,
    pub(super) name: String,
    /// By which links to it are made.
    pub(super) nick: Option<String>,
}

pub(super) fn community(value: &Value) -> Result<Community, Failure> {
    let group = value.get("groups").unwrap_or(value).get(0);
    let id = group.and_then(|group| number(group.get("id")?)).filter(|id| *id > 0);
    let id = id.ok_or_else(|| misread("groups.getById"))?;
    let told = |key| group.and_then(|group| text(group, key)).filter(|text| !text.is_empty());
    let name = told("name").unwrap_or_default().to_owned();
    Ok(Community { id, name, nick: told("screen_name").map(str::to_owned) })
}

fn number(value: &Value) -> Option<i64> {
    value.as_i64().or_else(|| value.as_str()?.parse().ok())
}

fn text<'a>(value: &'a Value, key: &str) -> Option<&'a str> {
    value.get(key)?.as_str()
}

fn flag(value: &Value, key: &str) -> bool {
    value.get(key).is_some_and(truth)
}

fn truth(value: &Value) -> bool {
    value.as_bool().unwrap_or_else(|| match value.as_str() {
        Some(text) => matches!(text, "1" | "true"),
        None => number(value).is_some_and(|number| number != 0),
    })
}

/// A read whose answer has another shape than any known.
fn misread(method: &str) -> Failure {
    Failure {
        class: Class::RetryLater,
        code: "vk.shape".to_owned(),
        message: Text::new(
            format!("ответ VK на {method} имеет незнакомый вид"),
            format!("VK's answer to {method} has an unknown shape"),
        ),
        after: Duration::from_secs(600),
    }
}

/// The same where something was made: it exists, but what it is must be read.
fn half_told(method: &str) -> Failure {
    Failure { class: Class::Lost, after: Duration::ZERO, ..misread(method) }
}
