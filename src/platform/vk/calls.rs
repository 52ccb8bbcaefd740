//! Calls. VK's documents have them for people's tokens only (`platforms/vk.md`, section 4.14), so
//! whether a key may is what VK answers.

use super::answer;
use super::request::{self, Nature, Request};
use super::{Answer, Call, Class, Failure, Vk};
use crate::stop::Stop;

/// The id of no call.
const NO_CALL: &str = "00000000-0000-0000-0000-000000000000";

impl Vk {
    pub(super) fn start_call(&self, stop: &Stop) -> Result<Answer, Failure> {
        let request = request::start_call(self.own(stop)?);
        answer::of(&Call::StartCall, &self.link.ask(&request, stop)?)
    }

    /// VK has no code of its own for a call that is over: it counts as a parameter that is wrong,
    /// and nothing else of the request can be.
    pub(super) fn finish_call(&self, call: &Call, stop: &Stop) -> Result<Answer, Failure> {
        match self.link.ask(&request::of(call)?, stop) {
            Ok(value) => answer::of(call, &value),
            Err(failure) if is_over(&failure) => Ok(Answer::Done),
            Err(failure) => Err(failure),
        }
    }

    /// Asks to finish a call that cannot exist: nothing can come of it but an error that tells
    /// whether calls are open to this key.
    pub(super) fn may_call(&self, stop: &Stop) -> Result<bool, Failure> {
        let request = Request::new(request::FINISH, Nature::Read).with("call_id", NO_CALL);
        match self.link.ask(&request, stop) {
            Ok(_) => Ok(true),
            Err(failure) => match failure.class {
                Class::Missing => Ok(false),
                Class::Never => Ok(true),
                _ => Err(failure),
            },
        }
    }
}

fn is_over(failure: &Failure) -> bool {
    matches!(failure.code.as_str(), "vk.100" | "vk.104")
}
