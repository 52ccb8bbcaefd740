//! What the bot has posted and pinned in a chat.

use super::answer::{self, is_post, message_id, messages, number};
use super::request::{self, HISTORY};
use super::{Answer, Call, Failure, Max, may_be_so};
use crate::platform::pins::unpin;
use crate::stop::Stop;

/// Pages of a chat's history that are looked through for one message.
const PAGES: usize = 5;

impl Max {
    /// Goes back through a chat until the message is found, the chat begins, or what is left is too
    /// old to be meant.
    pub(super) fn find_post(
        &self,
        chat: &str,
        parts: &[String],
        stop: &Stop,
    ) -> Result<Answer, Failure> {
        let mut before = None;
        for _ in 0..PAGES {
            let request = request::history(chat, before)?;
            let own = self.own(stop)?;
            let value = self.link.ask(&request, stop)?;
            let page = messages(&request, &value)?;
            let found = page.iter().find(|message| is_post(message, own, parts));
            let times = page.iter().filter_map(|message| number(message.get("timestamp")?));
            // Whether `before` takes its own moment in is not documented, so it stands one later.
            let next = times.min().map(|oldest| oldest + 1);
            let goes_back = next.is_some() && before.is_none_or(|last| next < Some(last));
            if found.is_some() || page.len() < HISTORY || !goes_back {
                return Ok(Answer::Post(found.and_then(message_id)));
            }
            before = next;
        }
        Ok(Answer::Post(None))
    }

    /// Where nothing is pinned MAX says only that it did nothing.
    pub(super) fn unpin(
        &self,
        chat: &str,
        message: Option<&str>,
        stop: &Stop,
    ) -> Result<Answer, Failure> {
        let call = Call::Unpin { chat: chat.to_owned(), message: None };
        let request = request::of(&call)?;
        let down = || answer::of(&call, &request, &self.link.ask(&request, stop)?);
        unpin(message, || self.pinned(chat, stop), down, may_be_so)
    }

    /// The message that is pinned in a chat.
    fn pinned(&self, chat: &str, stop: &Stop) -> Result<Option<String>, Failure> {
        let request = request::pinned(chat)?;
        answer::pinned(&request, &self.link.ask(&request, stop)?)
    }
}
