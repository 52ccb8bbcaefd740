//! What the bot has posted and pinned in a chat.

use super::answer::{self, is_post, message_id, messages, number};
use super::request::{self, HISTORY};
use super::{Answer, Call, Failure, Max, may_be_so};
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

    /// MAX takes down whatever is pinned, so where one message is meant it is looked at first; and
    /// where nothing is pinned MAX says only that it did nothing.
    pub(super) fn unpin(
        &self,
        chat: &str,
        message: Option<&str>,
        stop: &Stop,
    ) -> Result<Answer, Failure> {
        let call = Call::Unpin { chat: chat.to_owned(), message: None };
        let request = request::of(&call)?;
        if message.is_some() && self.pinned(chat, stop)?.as_deref() != message {
            return Ok(Answer::Done);
        }
        let value = self.link.ask(&request, stop);
        value.and_then(|value| answer::of(&call, &request, &value)).or_else(|failure| {
            let nothing = may_be_so(&failure) && self.pinned(chat, stop) == Ok(None);
            if nothing { Ok(Answer::Done) } else { Err(failure) }
        })
    }

    /// The message that is pinned in a chat.
    fn pinned(&self, chat: &str, stop: &Stop) -> Result<Option<String>, Failure> {
        let request = request::pinned(chat)?;
        answer::pinned(&request, &self.link.ask(&request, stop)?)
    }
}
