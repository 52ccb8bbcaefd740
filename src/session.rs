//! A session: a configuration, a messenger, and the document that the last call left.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use once_cell::sync::OnceCell;
use serde_json::Value;

use crate::clock::Clock;
use crate::config::{self, Config, Options};
use crate::cycle::{self, Cycle, From};
use crate::error::{Code, Result};
use crate::host::{Host, Silent};
use crate::platform::{self, Connection, Platform};
use crate::profile::{self, Policies, Source};
use crate::roster::Content;
use crate::state::State;
use crate::stop::Stop;

/// The connection to a messenger, made on first use and kept as long as it works.
#[derive(Debug, Default)]
pub(crate) struct Link(OnceCell<Connection>);

impl Link {
    /// Connects, or tells what the first connection told.
    pub(crate) fn connect(&self, platform: &dyn Platform, stop: &Stop) -> Result<&Connection> {
        let connect = || platform.connect(stop).map_err(|failure| cycle::error_of(&failure, stop));
        self.0.get_or_try_init(connect)
    }
}

/// One messenger of a session: how it is configured, its driver, the connection to it.
pub(crate) struct Messenger {
    /// Its part of the configuration.
    pub(crate) config: config::Platform,
    /// What speaks to it.
    pub(crate) driver: Box<dyn Platform>,
    /// Made on first use.
    pub(crate) link: Link,
}

impl Messenger {
    fn new(config: &config::Platform) -> Result<Messenger> {
        let driver = platform::driver(config.kind, config.access.clone())?;
        Ok(Messenger { config: config.clone(), driver, link: Link::default() })
    }
}

/// An open session. One call at a time; [`Cancel`] works from any thread.
pub struct Session {
    config: Config,
    source: Source,
    kinds: Vec<String>,
    policies: Policies,
    /// The current one first.
    messengers: Vec<Messenger>,
    host: Box<dyn Host + Send>,
    cancel: Cancel,
}

/// Ends the running call of a session, from any thread.
#[derive(Debug, Clone, Default)]
pub struct Cancel(Arc<AtomicBool>);

impl Cancel {
    /// Asks the running call to end soon.
    pub fn cancel(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// Forgets a cancel that came too late for the call before.
    pub fn reset(&self) {
        self.0.store(false, Ordering::Relaxed);
    }
}

impl Session {
    /// Opens a session: checks the configuration, the profile and the state file. The messenger is
    /// not asked anything yet.
    ///
    /// # Errors
    /// [`Code::Config`], [`Code::Profile`], [`Code::State`].
    pub fn open(config: &str, host: Box<dyn Host + Send>, cancel: Cancel) -> Result<Session> {
        Session::with_config(Config::parse(config)?, host, cancel)
    }

    /// Opens a session with a configuration that was read already.
    ///
    /// # Errors
    /// As [`Session::open`].
    pub fn with_config(
        config: Config,
        host: Box<dyn Host + Send>,
        cancel: Cancel,
    ) -> Result<Session> {
        let source = profile::source(&config.profile)?;
        let description = profile::describe(&source)?;
        description.settings_with(&config.settings)?;
        let messengers = std::iter::once(&config.platform).chain(&config.previous_platform);
        let messengers = messengers.map(Messenger::new).collect::<Result<Vec<_>>>()?;
        State::open(&config.state)?;
        let profile::Description { mut kinds, policies, .. } = description;
        kinds.extend(policies.custom.keys().cloned());
        Ok(Session { config, source, kinds, policies, messengers, host, cancel })
    }

    /// A session that can do nothing: requests are described on it.
    pub(crate) fn idle() -> Session {
        const NOWHERE: &str = if cfg!(windows) { r"C:\nowhere\z" } else { "/nowhere/z" };
        let config = serde_json::json!({
            "state": NOWHERE,
            "profile": "oneroster",
            "platform": {"kind": "max", "token": "none", "base_url": "http://127.0.0.1:1"},
        });
        let config = config.as_object().map(Config::from_map);
        let config = config.and_then(Result::ok).expect("a configuration that is always right");
        let source = profile::source(&config.profile).expect("a built-in profile");
        Session {
            config,
            source,
            kinds: Vec::new(),
            policies: Policies::default(),
            messengers: Vec::new(),
            host: Box::new(Silent),
            cancel: Cancel::default(),
        }
    }

    /// What ends this session's running call.
    pub fn canceller(&self) -> Cancel {
        self.cancel.clone()
    }

    /// One cycle with a roster in its JSON form.
    ///
    /// # Errors
    /// Every negative code but those about the session itself.
    pub fn sync(&mut self, roster: &[u8], options: &str) -> Result<(Code, Value)> {
        let options = Options::parse(options)?;
        self.cycle(From::Handed(&Content::document(roster)), &options, "system")
    }

    /// One cycle with a roster from a path: a JSON file, a folder with CSV files, or a zip of them.
    ///
    /// # Errors
    /// As [`Session::sync`]; what cannot be read is [`Code::Roster`], as [`Content::at`] tells.
    pub fn sync_path(&mut self, path: &Path, options: &str) -> Result<(Code, Value)> {
        let options = Options::parse(options)?;
        let roster = Content::at(path)?;
        self.cycle(From::Handed(&roster), &options, "system")
    }

    /// One cycle.
    ///
    /// # Errors
    /// As [`Session::sync`].
    pub(crate) fn cycle(
        &mut self,
        from: From,
        options: &Options,
        actor: &str,
    ) -> Result<(Code, Value)> {
        self.cycle_about(from, options, actor, None)
    }

    /// One cycle that somebody's order about these people began: what it does to others is not done
    /// in that name.
    ///
    /// # Errors
    /// As [`Session::sync`].
    pub(crate) fn cycle_about(
        &mut self,
        from: From,
        options: &Options,
        actor: &str,
        about: Option<&[String]>,
    ) -> Result<(Code, Value)> {
        let clock = Clock::new(options.now, self.config.zone.clone());
        let budget = options.time_budget.unwrap_or(self.config.time_budget);
        let stop = Stop::new(self.cancel.0.clone(), Instant::now().checked_add(budget));
        let done = cycle::run(
            &Cycle {
                config: &self.config,
                options,
                source: &self.source,
                kinds: &self.kinds,
                messengers: &self.messengers,
                clock: &clock,
                stop: &stop,
                host: &*self.host,
                actor,
                about,
            },
            from,
        );
        // A cancel belongs to the call that it ended.
        self.cancel.reset();
        done
    }

    /// One question or order from the host's screens.
    ///
    /// # Errors
    /// [`Code::Request`], [`Code::Denied`], and what the order itself meets.
    pub fn request(&mut self, request: &str) -> Result<(Code, Value)> {
        crate::requests::answer(self, request)
    }

    /// The configuration.
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// The profile's script.
    pub(crate) fn source(&self) -> &Source {
        &self.source
    }

    /// What the profile says beside its chats.
    pub(crate) fn policies(&self) -> &Policies {
        &self.policies
    }

    /// Who embeds the library.
    pub(crate) fn host(&self) -> &dyn Host {
        &*self.host
    }

    /// What ends a request that asks the messenger something: a cancel, or so much time.
    pub(crate) fn stop_within(&self, within: Duration) -> Stop {
        Stop::new(self.cancel.0.clone(), Instant::now().checked_add(within))
    }

    /// The connection to the current messenger, made where there is none yet.
    ///
    /// # Errors
    /// [`Code::Platform`], [`Code::Auth`], [`Code::Cancelled`].
    pub(crate) fn connect(&self, stop: &Stop) -> Result<&Connection> {
        let messenger = &self.messengers[0];
        messenger.link.connect(&*messenger.driver, stop)
    }

    /// The current messenger.
    pub(crate) fn platform(&self) -> &dyn Platform {
        &*self.messengers[0].driver
    }

    /// The messengers, the current one first.
    pub(crate) fn messengers(&self) -> &[Messenger] {
        &self.messengers
    }

    /// What ends a request that asks somebody else before it changes anything: a cancel. A cycle's
    /// time budget is not for it.
    pub(crate) fn stop(&self) -> Stop {
        Stop::new(self.cancel.0.clone(), None)
    }
}
