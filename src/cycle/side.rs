//! One messenger while a cycle runs: who the library is there, what it can do, whether it can be
//! reached.

use crate::cycle::able::{Able, error_of};
use crate::cycle::{Cycle, Known};
use crate::error::{Code, Error, Fault, Result, Text};
use crate::plan::KnownChat;
use crate::platform::{Capability, Kind};
use crate::session::Messenger;
use crate::state::State;
use crate::stop::Stop;
use crate::tasks::Bot;

/// One messenger of a cycle.
pub(super) struct Side<'a> {
    /// Its configuration, driver and connection.
    pub(super) messenger: &'a Messenger,
    /// What the token can do.
    pub(super) able: Able,
    /// The library's own account; empty until it was ever connected.
    pub(super) own_account: String,
    /// Why nothing more can be done on it in this cycle.
    pub(super) lost: Option<Error>,
}

impl<'a> Side<'a> {
    /// What is known of a messenger before it is asked anything.
    pub(super) fn known(
        cycle: &Cycle<'a>,
        messenger: &'a Messenger,
        state: &State,
    ) -> Result<Side<'a>> {
        let able = Able::known(&messenger.config, state, cycle.clock.started())?;
        let own_account = state.meta(&own_account_name(messenger.config.kind))?.unwrap_or_default();
        Ok(Side { messenger, able, own_account, lost: None })
    }

    /// Which messenger.
    pub(super) fn kind(&self) -> Kind {
        self.messenger.config.kind
    }

    /// Connects, if this session has not yet, and takes over what that tells.
    ///
    /// # Errors
    /// [`Code::Platform`], [`Code::Auth`], [`Code::Config`] for another owner than the state file's,
    /// [`Code::State`].
    pub(super) fn connect(
        &mut self,
        cycle: &Cycle,
        state: &mut State,
        known: &Known,
    ) -> Result<()> {
        let messenger = self.messenger;
        let connection = messenger.link.connect(&*messenger.driver, cycle.stop)?;
        if self.own_account != connection.own_account {
            self.check_owner(known, &connection.own_account)?;
            state.put_meta(&own_account_name(self.kind()), &connection.own_account)?;
        }
        self.own_account.clone_from(&connection.own_account);
        Bot::remember(state, self.kind(), connection)?;
        let fixed = &messenger.config.capabilities;
        let found = connection.capabilities.iter();
        let found = found.filter(|(capability, _)| !fixed.contains_key(capability)).copied();
        self.learn(cycle, state, &found.collect::<Vec<_>>())
    }

    /// A state file's chats are those of one community or bot: the same numbers mean other chats for
    /// another one.
    fn check_owner(&self, known: &Known, connected: &str) -> Result<()> {
        let living = |chat: &KnownChat| chat.platform == self.kind() && chat.platform_id.is_some();
        if self.own_account.is_empty() || !known.chats.values().any(living) {
            return Ok(());
        }
        let message = Text::new(
            format!(
                "чаты этого файла состояния принадлежат учётной записи {}; для другого сообщества \
                 или бота укажите другой файл",
                self.own_account
            ),
            format!(
                "the chats of this state file belong to the account {}; name another file for \
                 another community or bot",
                self.own_account
            ),
        );
        let fault = Fault::new("config.other_owner", "platform.community", connected, message);
        Err(Error::with_faults(Code::Config, vec![fault]))
    }

    /// Asks whether the token can do something.
    ///
    /// # Errors
    /// As [`Side::connect`].
    pub(super) fn ask(
        &mut self,
        cycle: &Cycle,
        state: &mut State,
        questions: &[Capability],
    ) -> Result<()> {
        let mut found = Vec::new();
        for capability in questions {
            let answer = self.messenger.driver.probe(*capability, cycle.stop);
            match answer.map_err(|failure| error_of(&failure, cycle.stop))? {
                Some(able) => found.push((*capability, able)),
                // Nothing is planned on what could not be tried, and nothing believed of it either.
                None => self.able.learn(&[(*capability, false)]),
            }
        }
        self.learn(cycle, state, &found)
    }

    /// Takes over what was found out, and remembers it.
    ///
    /// # Errors
    /// [`Code::State`].
    pub(super) fn learn(
        &mut self,
        cycle: &Cycle,
        state: &mut State,
        found: &[(Capability, bool)],
    ) -> Result<()> {
        self.able.learn(found);
        if found.is_empty() {
            return Ok(());
        }
        state.put_capabilities(self.kind().name(), found, cycle.clock.now())
    }

    /// What the planner is told of it.
    pub(super) fn to_plan(&self) -> crate::plan::Side {
        crate::plan::Side { able: self.able.set.clone(), own_account: self.own_account.clone() }
    }
}

/// Whether an error concerns one messenger only, so that work on another one can go on.
pub(super) fn is_of_one_side(error: &Error) -> bool {
    matches!(error.code, Code::Platform | Code::Auth)
}

/// A failure of one messenger as a report tells it.
pub(super) fn lost_warning(side: &Side, error: &Error) -> Fault {
    Fault::new(
        "platform.lost",
        side.kind().name(),
        error.code.name(),
        Text::new(error.message.ru.clone(), error.message.en.clone()),
    )
}

/// Where the state file keeps who the library is on a messenger.
pub(crate) fn own_account_name(kind: Kind) -> String {
    format!("own_account.{}", kind.name())
}

/// What stopped before anything could be asked.
pub(super) fn stopped_early(stop: &Stop) -> Option<Error> {
    stop.reason().map(super::able::stopped)
}
