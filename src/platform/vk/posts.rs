//! What the community has posted and pinned in a chat.

use super::answer;
use super::request;
use super::{Answer, Call, Class, Failure, Vk};
use crate::platform::pins::unpin;
use crate::stop::Stop;

/// Pages of a chat's history that are looked through for one message.
const PAGES: usize = 5;

impl Vk {
    /// Goes back through a chat until the message is found, the chat begins, or what is left is too
    /// old to be meant.
    pub(super) fn find_post(
        &self,
        chat: &str,
        parts: &[String],
        stop: &Stop,
    ) -> Result<Answer, Failure> {
        let mut offset = 0;
        for _ in 0..PAGES {
            let request = request::history(chat, offset)?;
            let own = self.own(stop)?;
            let page = answer::page(&self.link.ask(&request, stop)?, own, parts)?;
            offset += page.told;
            if page.found.is_some() || page.told == 0 || offset >= page.count {
                return Ok(Answer::Post(page.found));
            }
        }
        Ok(Answer::Post(None))
    }

    /// What VK answers where nothing is pinned is not documented, so a refusal is looked into.
    pub(super) fn unpin(
        &self,
        chat: &str,
        message: Option<&str>,
        stop: &Stop,
    ) -> Result<Answer, Failure> {
        let call = Call::Unpin { chat: chat.to_owned(), message: None };
        let request = request::of(&call)?;
        let down = || answer::of(&call, &self.link.ask(&request, stop)?);
        unpin(message, || self.pinned(chat, stop), down, |failure| failure.class == Class::Never)
    }

    /// The message that is pinned in a chat.
    fn pinned(&self, chat: &str, stop: &Stop) -> Result<Option<String>, Failure> {
        let request = request::conversations(&request::chat_ids(&[chat.to_owned()])?);
        answer::pinned(&self.link.ask(&request, stop)?)
    }
}
