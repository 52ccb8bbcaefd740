//! Calls and answers as the tests speak of them.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use zvonok::platform::{Answer, Call, Class, Failure, Platform};
use zvonok::stop::Stop;

pub(crate) const CHAT: &str = "-71000000000001";

pub(crate) fn one(max: &dyn Platform, call: Call) -> Result<Answer, Failure> {
    let mut answers = max.perform(&[call], &Stop::never());
    assert_eq!(answers.len(), 1);
    answers.remove(0)
}

pub(crate) fn class(outcome: &Result<Answer, Failure>) -> Option<Class> {
    outcome.as_ref().err().map(|failure| failure.class)
}

pub(crate) fn s(text: &str) -> String {
    text.to_owned()
}

pub(crate) fn create() -> Call {
    Call::CreateChat { title: s("5 «А» родители") }
}

pub(crate) fn add(account: &str) -> Call {
    Call::AddMember { chat: s(CHAT), account: s(account) }
}

pub(crate) fn remove(account: &str) -> Call {
    Call::RemoveMember { chat: s(CHAT), account: s(account) }
}

pub(crate) fn rename() -> Call {
    describe(None)
}

pub(crate) fn describe(description: Option<&str>) -> Call {
    let title = s("6 «А» \"родители\" \\ 😀");
    Call::RenameChat { chat: s(CHAT), title, description: description.map(s) }
}

pub(crate) fn role(admin: bool) -> Call {
    Call::SetAdmin { chat: s(CHAT), account: s("5002"), rights: admin.then(BTreeSet::new) }
}

/// Admin rights of just these words.
pub(crate) fn appoint(rights: &[&str]) -> Call {
    let rights = rights.iter().map(|right| s(right)).collect();
    Call::SetAdmin { chat: s(CHAT), account: s("5002"), rights: Some(rights) }
}

pub(crate) fn own_rights() -> Call {
    Call::OwnRights { chat: s(CHAT) }
}

pub(crate) fn tell(account: &str) -> Call {
    Call::Tell { account: s(account), text: s("Ссылка: https://max.ru/join/AbCdEf"), once: 7 }
}

/// Looks for [`tell`]'s link and another in a dialog.
pub(crate) fn find_message(dialog: Option<&str>) -> Call {
    let parts = vec![s("https://max.ru/join/AbCdEf"), s("https://max.ru/join/GhIjKl")];
    Call::FindMessage { account: s("5002"), dialog: dialog.map(s), parts }
}

pub(crate) fn events(marker: Option<&str>) -> Call {
    Call::Events { marker: marker.map(s) }
}

pub(crate) fn read_link() -> Call {
    Call::ReadLink { chat: s(CHAT) }
}

pub(crate) fn members() -> Call {
    Call::Members { chat: s(CHAT) }
}

pub(crate) fn chats(ids: &[&str]) -> Call {
    Call::Chats { only: Some(ids.iter().map(|id| s(id)).collect()) }
}

pub(crate) fn send() -> Call {
    Call::SendMessage { chat: s(CHAT), text: s("Урок: https://example.org/?a=1&b=2"), once: -5 }
}

pub(crate) const MID: &str = "mid.ffffbf6cd8a7dfff019d0000aabbccdd";

pub(crate) fn pin() -> Call {
    Call::Pin { chat: s(CHAT), message: s(MID) }
}

pub(crate) fn unpin(message: Option<&str>) -> Call {
    Call::Unpin { chat: s(CHAT), message: message.map(s) }
}

/// Looks for [`send`]'s text in the chat.
pub(crate) fn find_post() -> Call {
    Call::FindPost { chat: s(CHAT), parts: vec![s("Урок"), s("https://example.org/?a=1&b=2")] }
}

/// A group as an admin bot is told of it.
pub(crate) fn group(id: &str) -> Value {
    json!({
        "chat_id": id.parse::<i64>().unwrap(), "type": "chat", "status": "active",
        "title": "7Б · родители", "last_event_time": 1_790_000_000_000_i64,
        "participants_count": 3, "is_public": false, "owner_id": 5001,
        "participants": { "5001": 1_790_000_000_000_i64 },
        "link": "https://max.ru/join/AbCdEf", "messages_count": 12,
    })
}

pub(crate) fn person(id: i64, admin: bool) -> Value {
    json!({
        "user_id": id, "first_name": "Имя", "is_bot": false, "name": "Имя",
        "last_access_time": 1_790_000_000_000_i64, "join_time": 1_789_000_000_000_i64,
        "is_owner": false, "is_admin": admin,
    })
}

pub(crate) fn bot(id: i64) -> Value {
    let mut bot = person(id, true);
    bot["is_bot"] = json!(true);
    bot["permissions"] = json!(["add_remove_members", "write", "a_right_of_tomorrow"]);
    bot
}
