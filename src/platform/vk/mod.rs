//! VK Messenger, by a community's key.
//!
//! `request` turns a call into a method and parameters, `exchange` brings them to VK in batches
//! (`execute`) and comes back with values or classed failures (`error`), `answer` reads the values,
//! `reading` does what takes several requests, `posts` and `calls` what VK answers in ways of their
//! own. `id` is VK ID, another server with no token of ours.

use std::time::Duration;

use once_cell::sync::OnceCell;

use super::{
    Access, Answer, Call, Capability, Class, Connection, Counters, Failure, Kind, Platform,
};
use crate::error::{Code, Error, Result as Made, Text};
use crate::stop::Stop;

mod answer;
mod calls;
mod error;
mod exchange;
mod execute;
pub(super) mod id;
mod posts;
mod reading;
mod request;

use answer::Community;
use exchange::Exchange;
use request::{Nature, Request};

/// The driver of VK.
pub(crate) struct Vk {
    link: Exchange,
    /// The community's number as configured.
    wanted: Option<i64>,
    /// The community's number as known.
    own: OnceCell<i64>,
}

impl Vk {
    /// A driver that has not spoken to VK yet.
    ///
    /// # Errors
    /// A community that is no number, a key that cannot be sent, and what [`super::driver`] tells.
    pub(crate) fn new(access: Access) -> Made<Vk> {
        let wanted = community(&access.community)?;
        if !access.token.reveal().bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(Error::new(
                Code::Config,
                "в ключе сообщества VK есть пробелы или посторонние знаки",
                "VK's community key has spaces or characters that no key has",
            ));
        }
        let own = wanted.map_or_else(OnceCell::new, OnceCell::with_value);
        Ok(Vk { link: Exchange::new(&access)?, wanted, own })
    }

    fn own(&self, stop: &Stop) -> Result<i64, Failure> {
        self.own.get_or_try_init(|| Ok(self.community(stop)?.id)).copied()
    }

    fn community(&self, stop: &Stop) -> Result<Community, Failure> {
        answer::community(&self.link.ask(&Request::new("groups.getById", Nature::Read), stop)?)
    }

    /// The request of a call that may share one; `None` where the call goes alone.
    fn shared(&self, call: &Call) -> Result<Option<Request>, Failure> {
        if self.batch(call) > 1 { request::of(call).map(Some) } else { Ok(None) }
    }

    /// A call that never shares a request.
    fn alone(&self, call: &Call, stop: &Stop) -> Result<Answer, Failure> {
        match call {
            Call::Chats { only: None } => {
                Ok(Answer::Chats(reading::scan(&self.link, self.own(stop)?, stop)?))
            }
            Call::Chats { only: Some(chats) } => {
                let ids = request::chat_ids(chats)?;
                Ok(Answer::Chats(reading::chats(&self.link, self.own(stop)?, &ids, stop)?))
            }
            Call::FindPost { chat, parts } => self.find_post(chat, parts, stop),
            Call::Unpin { chat, message } => self.unpin(chat, message.as_deref(), stop),
            Call::StartCall => self.start_call(stop),
            Call::FinishCall { .. } => self.finish_call(call, stop),
            call => answer::of(call, &self.link.ask(&request::of(call)?, stop)?),
        }
    }

    fn answered(
        &self,
        call: &Call,
        outcome: Result<serde_json::Value, Failure>,
        stop: &Stop,
    ) -> Result<Answer, Failure> {
        match (call, outcome) {
            (Call::Members { chat }, Ok(first)) => reading::members(&self.link, chat, &first, stop),
            (Call::Tell { .. } | Call::FindMessage { .. }, outcome) => {
                outcome.and_then(|value| answer::of(call, &value)).map_err(of_a_person)
            }
            (call, Ok(value)) => answer::of(call, &value),
            // The person is not there, which is all that was wanted.
            (Call::RemoveMember { .. }, Err(failure)) if failure.code == "vk.935" => {
                Ok(Answer::Done)
            }
            (Call::AddMember { .. }, Err(failure)) if is_in_already(&failure) => Ok(Answer::Done),
            (_, Err(failure)) => Err(failure),
        }
    }
}

/// A dialog that is no more can be opened again, but not by a community.
fn of_a_person(failure: Failure) -> Failure {
    match failure.class {
        Class::ChatGone => Failure { class: Class::Never, ..failure },
        _ => failure,
    }
}

/// VK has no code of its own for somebody who is in already, only the words of error 15.
fn is_in_already(failure: &Failure) -> bool {
    failure.code == "vk.15" && failure.message.en.contains("already in chat")
}

impl Platform for Vk {
    fn kind(&self) -> Kind {
        Kind::Vk
    }

    fn connect(&self, stop: &Stop) -> Result<Connection, Failure> {
        let permissions = Request::new("groups.getTokenPermissions", Nature::Read);
        let permissions = self.link.ask(&permissions, stop).map_err(no_community_key)?;
        if !answer::may_message(&permissions) {
            return Err(no_right());
        }
        let Community { id, name, nick } = self.community(stop)?;
        if self.wanted.is_some_and(|wanted| wanted != id) {
            return Err(other_community(self.wanted.unwrap_or_default(), id));
        }
        let own = self.own.get_or_init(|| id);
        Ok(Connection {
            own_account: format!("-{own}"),
            title: name,
            nick,
            capabilities: Vec::new(),
        })
    }

    /// Adding is tried on a chat that cannot exist, calls on one that cannot.
    fn probe(&self, capability: Capability, stop: &Stop) -> Result<Option<bool>, Failure> {
        match capability {
            Capability::AddMembers => self.may_add(stop).map(Some),
            Capability::StartCall => self.may_call(stop).map(Some),
            _ => Ok(Some(true)),
        }
    }

    fn batch(&self, call: &Call) -> usize {
        match call {
            Call::AddMember { .. }
            | Call::RemoveMember { .. }
            | Call::SetAdmin { .. }
            | Call::RenameChat { .. }
            | Call::ReadLink { .. }
            | Call::Tell { .. }
            | Call::FindMessage { .. }
            | Call::Members { .. } => execute::MOST,
            Call::CreateChat { .. }
            | Call::RotateLink { .. }
            | Call::Chats { .. }
            | Call::OwnRights { .. }
            | Call::Events { .. }
            | Call::Pin { .. }
            | Call::Unpin { .. }
            | Call::FindPost { .. }
            | Call::StartCall
            | Call::FinishCall { .. }
            | Call::SendMessage { .. } => 1,
        }
    }

    fn perform(&self, calls: &[Call], stop: &Stop) -> Vec<Result<Answer, Failure>> {
        let requests: Vec<_> = calls.iter().map(|call| self.shared(call)).collect();
        let sent: Vec<_> = requests.iter().flatten().flatten().cloned().collect();
        let mut outcomes = self.link.ask_all(&sent, stop).into_iter();
        let answer = |(call, request): (&Call, Result<Option<Request>, Failure>)| match request? {
            Some(request) => {
                let outcome = outcomes.next().unwrap_or_else(|| Err(exchange::unclear(&request)));
                self.answered(call, outcome, stop)
            }
            None => self.alone(call, stop),
        };
        let answers: Vec<_> = calls.iter().zip(requests).map(answer).collect();
        let clean = |failure| error::redacted(failure, |text| self.link.redact(text));
        answers.into_iter().map(|answer| answer.map_err(clean)).collect()
    }

    fn counters(&self) -> Counters {
        self.link.counters()
    }
}

impl Vk {
    /// Asks to add account 1 to the last possible chat id: nothing can come of it but an error that
    /// tells whether the method is open to this key.
    fn may_add(&self, stop: &Stop) -> Result<bool, Failure> {
        let request = Request::new("messages.addChatUser", Nature::Read)
            .with("chat_id", request::LAST_CHAT)
            .with("user_id", 1);
        let Err(failure) = self.link.ask(&request, stop) else { return Ok(true) };
        let about_chat = failure.code.len() == "vk.9xx".len() && failure.code.starts_with("vk.9");
        match failure.class {
            Class::Missing => Ok(false),
            _ if failure.code == "vk.15" => Ok(false),
            Class::Never | Class::ChatGone => Ok(true),
            Class::RetryLater if about_chat => Ok(true),
            _ => Err(failure),
        }
    }
}

fn community(text: &str) -> Made<Option<i64>> {
    if text.is_empty() {
        return Ok(None);
    }
    let number = text.parse().ok().filter(|id: &i64| *id > 0);
    number.map(Some).ok_or_else(|| {
        Error::new(
            Code::Config,
            format!("номер сообщества VK «{text}» не понят, ожидается целое положительное число"),
            format!("VK's community \"{text}\" not understood, expected a positive whole number"),
        )
    })
}

/// VK offers the method to community keys only, so a refusal tells that this is another kind of
/// key.
fn no_community_key(failure: Failure) -> Failure {
    if failure.class != Class::Missing {
        return failure;
    }
    let Text { ru, en } = failure.message;
    Failure {
        class: Class::TokenDead,
        message: Text::new(
            format!("это не ключ сообщества: {ru}"),
            format!("this is not a community key: {en}"),
        ),
        ..failure
    }
}

fn no_right() -> Failure {
    Failure {
        class: Class::TokenDead,
        code: "vk.permission".to_owned(),
        message: Text::new(
            "у ключа сообщества нет права «Сообщения сообщества» (messages): создайте ключ с этим правом",
            "the community key lacks the right \"messages\": create a key that has it",
        ),
        after: Duration::ZERO,
    }
}

fn other_community(wanted: i64, own: i64) -> Failure {
    Failure {
        class: Class::Never,
        code: "vk.community".to_owned(),
        message: Text::new(
            format!("ключ дан сообществом {own}, а в настройках указано {wanted}"),
            format!("the key belongs to community {own}, the configuration names {wanted}"),
        ),
        after: Duration::ZERO,
    }
}
