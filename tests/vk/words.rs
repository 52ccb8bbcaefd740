//! Calls as the tests speak of them.

use zvonok::platform::{Answer, Call, Class, Failure, Platform};
use zvonok::stop::Stop;

pub(crate) fn one(vk: &dyn Platform, call: Call) -> Result<Answer, Failure> {
    let mut answers = vk.perform(&[call], &Stop::never());
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
    Call::CreateChat { title: s("5 «А» \"родители\" \\ 😀") }
}

pub(crate) fn add(account: &str) -> Call {
    Call::AddMember { chat: s("3"), account: s(account) }
}

pub(crate) fn remove(account: &str) -> Call {
    Call::RemoveMember { chat: s("3"), account: s(account) }
}

pub(crate) fn rename() -> Call {
    let title = s("6 «А»\nновая \"строка\"");
    Call::RenameChat { chat: s("3"), title, description: Some(s("Класс")) }
}

pub(crate) fn role(admin: bool) -> Call {
    let rights = admin.then(|| ["pin_message".to_owned()].into());
    Call::SetAdmin { chat: s("3"), account: s("200000000001"), rights }
}

pub(crate) fn members() -> Call {
    Call::Members { chat: s("3") }
}

pub(crate) fn send() -> Call {
    Call::SendMessage { chat: s("3"), text: s("Урок: https://example.org/?a=1&b=2"), once: -5 }
}

pub(crate) fn pin() -> Call {
    Call::Pin { chat: s("3"), message: s("207") }
}

pub(crate) fn unpin(message: Option<&str>) -> Call {
    Call::Unpin { chat: s("3"), message: message.map(s) }
}

/// Looks for [`send`]'s link in the chat.
pub(crate) fn find_post() -> Call {
    Call::FindPost { chat: s("3"), parts: vec![s("Урок"), s("https://example.org/?a=1&b=2")] }
}

pub(crate) const CALL: &str = "0a1b2c3d-0000-4000-8000-0123456789ab";

pub(crate) fn finish() -> Call {
    Call::FinishCall { id: s(CALL) }
}

/// Looks for [`tell`]'s link in the dialog with a person.
pub(crate) fn find_message(account: &str) -> Call {
    Call::FindMessage {
        account: s(account),
        dialog: None,
        parts: vec![s("https://vk.me/join/abc")],
    }
}

pub(crate) fn tell(account: &str, once: i32) -> Call {
    Call::Tell { account: s(account), text: s("Ссылка: https://vk.me/join/abc"), once }
}
