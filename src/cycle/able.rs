//! What the token can do: fixed by the configuration, found out before, or asked now.

use std::collections::BTreeSet;
use std::time::Duration;

use jiff::Timestamp;

use crate::clock::later;
use crate::config;
use crate::error::{Code, Error, Fault, Result, Text};
use crate::plan::{Kind, Known, MemberState, Operation};
use crate::platform::{self, Capability, Class, Failure};
use crate::state::State;
use crate::stop::{Reason, Stop};

/// How long a no about the token is believed. A yes needs no second question: the first refusal
/// tells.
const BELIEVED: Duration = Duration::from_secs(24 * 3600);

/// What the token can do, and what of it is only assumed.
#[derive(Debug, Clone, Default)]
pub(crate) struct Able {
    /// What it can do, as far as known.
    pub(crate) set: BTreeSet<Capability>,
    /// What should be asked before anything is planned on it.
    pub(crate) unsure: BTreeSet<Capability>,
}

/// Only this is worth a question of its own: everything else shows with the first use.
const ASKED: [Capability; 1] = [Capability::AddMembers];

impl Able {
    /// Puts together what is known at `now`.
    pub(crate) fn known(config: &config::Platform, state: &State, now: Timestamp) -> Result<Able> {
        let fixed = &config.capabilities;
        let found = state.capabilities(config.kind.name())?;
        let mut able = Able::default();
        for capability in Capability::ALL {
            let can = match (fixed.get(&capability), found.get(&capability)) {
                (Some(can), _) | (None, Some((can @ true, _))) => *can,
                (None, Some((false, at))) if later(*at, BELIEVED) > now => false,
                (None, old) => able.guess(capability, old.is_some()),
            };
            if can {
                able.set.insert(capability);
            }
        }
        if config.kind == platform::Kind::Max {
            // Its bots start no calls, and there is nothing to ask (`platforms/max.md`, section 10).
            able.unsure.remove(&Capability::StartCall);
        }
        Ok(able)
    }

    /// What is taken for true until it is asked or tried: most things are simply tried again.
    fn guess(&mut self, capability: Capability, was_impossible: bool) -> bool {
        if ASKED.contains(&capability) {
            self.unsure.insert(capability);
            return !was_impossible;
        }
        // Whether calls can be started is asked when a lesson needs one.
        if capability == Capability::StartCall {
            self.unsure.insert(capability);
        }
        capability != Capability::StartCall
    }

    /// What a plan needs to be sure of and is not. Open invitations are asked about too: whom nobody
    /// could add yesterday may be added today.
    pub(crate) fn questions(
        &self,
        operations: &[&Operation],
        known: &Known,
        platform: platform::Kind,
    ) -> Vec<Capability> {
        let adds = |kind| matches!(kind, Kind::AddMember | Kind::InviteMember);
        let matters = |capability: &&Capability| {
            **capability == Capability::AddMembers
                && (operations.iter().any(|op| adds(op.kind)) || has_invitations(known, platform))
        };
        self.unsure.iter().filter(matters).copied().collect()
    }

    /// Takes over what was found out.
    pub(crate) fn learn(&mut self, found: &[(Capability, bool)]) {
        for (capability, can) in found {
            self.unsure.remove(capability);
            if *can {
                self.set.insert(*capability);
            } else {
                self.set.remove(capability);
            }
        }
    }
}

fn has_invitations(known: &Known, platform: platform::Kind) -> bool {
    let chats = known.chats.values().filter(|chat| chat.platform == platform);
    let people = chats.flat_map(|chat| chat.people.values());
    people.into_iter().any(|member| member.state == MemberState::Invited)
}

/// What a dry run says that rests on a guess: it asks the messenger nothing that looks like a
/// change.
pub(super) fn unasked() -> Fault {
    Fault::new(
        "plan.not_probed",
        Capability::AddMembers.name(),
        "",
        Text::new(
            "ещё не известно, может ли токен добавлять людей; если нет, вместо добавлений будут \
             приглашения по ссылке",
            "whether the token may add people is not known yet; if not, they will be invited by link",
        ),
    )
}

/// A failure of the whole connection as the error that a call returns; the end of the time budget
/// is [`Code::Partial`].
pub(crate) fn error_of(failure: &Failure, stop: &Stop) -> Error {
    let code = match failure.class {
        Class::TokenDead => Code::Auth,
        Class::Stopped => return stopped(stop.reason().unwrap_or(Reason::Cancelled)),
        Class::Never | Class::Missing => Code::Config,
        _ => Code::Platform,
    };
    let message = &failure.message;
    let told = Text::new(
        format!("{} ({})", message.ru, failure.code),
        format!("{} ({})", message.en, failure.code),
    );
    match code {
        Code::Config => {
            Error::with_faults(code, vec![Fault::new("config.refused", "platform", "", told)])
        }
        _ => Error::new(code, told.ru, told.en),
    }
}

/// The end of a call that was stopped before it was through.
pub(crate) fn stopped(reason: Reason) -> Error {
    match reason {
        Reason::Cancelled => Error::new(
            Code::Cancelled,
            "отменено; сделанное сохранено, остальное продолжит следующий цикл",
            "cancelled; what was done is kept, the next cycle goes on",
        ),
        Reason::Budget => Error::new(
            Code::Partial,
            "время вышло; остальное продолжит следующий цикл",
            "the time is over; the next cycle goes on",
        ),
    }
}
