//! Every fault that a configuration, its profile and a roster have, found without the state file
//! and without the network.

use std::sync::Arc;

use serde_json::{Map, Value, json};

use crate::clock::{self, Clock};
use crate::config::Config;
use crate::document::parse_object;
use crate::error::{Code, Error, Fault, Result, Text};
use crate::platform;
use crate::profile::{self, Limits, Room, Source};
use crate::roster::{Content, Roster, Rules};
use crate::stop::Stop;

/// Checks a configuration in JSON, and a roster in its JSON form where there is one. The code is the first of
/// [`Code::Config`], [`Code::Profile`], [`Code::Roster`] that a fault is of (ruling 20).
pub fn check(config: &str, roster: Option<&[u8]>) -> (Code, Value) {
    check_content(config, roster.map(Content::document).as_ref())
}

/// As [`check`], with a roster in any of its forms.
pub fn check_content(config: &str, roster: Option<&Content<'_>>) -> (Code, Value) {
    let mut found = Found::default();
    let map = parse_object("config", config);
    let map = found.keep(map.map_err(|fault| Error::with_faults(Code::Config, vec![fault])));
    let config = map.as_ref().and_then(|map| found.keep(Config::from_map(map)));
    if let Some(config) = &config {
        found.keep(platform::driver(config.platform.kind, config.platform.access.clone()));
    }
    let source = map.as_ref().and_then(|map| found.profile(map));
    let roster = roster.and_then(|roster| found.roster(roster, config.as_ref()));
    if let (Some(config), Some(source), Some(roster)) = (&config, &source, &roster) {
        found.evaluation(config, source, roster);
    }
    found.document()
}

/// The document of a check that could not begin.
pub(crate) fn refused(error: Error) -> (Code, Value) {
    let mut found = Found::default();
    found.keep::<()>(Err(error));
    found.document()
}

/// Faults by the code that they stand for, and warnings.
#[derive(Default)]
struct Found {
    faults: Vec<(Code, Fault)>,
    warnings: Vec<Fault>,
}

impl Found {
    /// Takes what an attempt gave, or its faults.
    fn keep<T>(&mut self, attempt: Result<T>) -> Option<T> {
        let error = match attempt {
            Ok(value) => return Some(value),
            Err(error) => error,
        };
        let mut faults = error.faults;
        if faults.is_empty() {
            let code = error.code.name().to_lowercase();
            faults.push(Fault::new(&format!("{code}.refused"), code.clone(), "", error.message));
        }
        for fault in faults {
            // A profile's settings are looked at twice, with and without a roster.
            if !self.faults.iter().any(|(_, known)| *known == fault) {
                self.faults.push((error.code, fault));
            }
        }
        None
    }

    /// The profile is looked at also where the rest of the configuration is refused.
    fn profile(&mut self, map: &Map<String, Value>) -> Option<Source> {
        let name = map.get("profile").and_then(Value::as_str).filter(|name| !name.is_empty())?;
        let source = self.keep(profile::source(name))?;
        let described = self.keep(profile::describe(&source))?;
        if let Some(Value::Object(given)) = map.get("settings") {
            self.keep(described.settings_with(given))?;
        }
        Some(source)
    }

    /// A roster is read by the rules of the configuration, or by the default ones.
    fn roster(&mut self, content: &Content<'_>, config: Option<&Config>) -> Option<Arc<Roster>> {
        let moscow = || clock::zone("Europe/Moscow").unwrap_or(jiff::tz::TimeZone::UTC);
        let zone = config.map_or_else(moscow, |config| config.zone.clone());
        let guard = config.map(|config| config.guard);
        let rules = Rules {
            today: Clock::new(None, zone).today(),
            dangling_share: guard.map_or(0.02, |guard| guard.dangling_share),
            minimum: guard.map_or(5, |guard| guard.minimum),
            before: None,
        };
        let roster = self.keep(content.read(&rules))?;
        self.warnings.extend(roster.warnings.iter().cloned());
        Some(Arc::new(roster))
    }

    fn evaluation(&mut self, config: &Config, source: &Source, roster: &Arc<Roster>) {
        let clock = Clock::new(None, config.zone.clone());
        let room = Room {
            roster,
            settings: &config.settings,
            organization: config.organization.as_deref(),
            now: &clock.zoned(),
            limits: Limits::default(),
            stop: &Stop::never(),
            log: &|_| {},
        };
        let Some(survey) = self.keep(profile::survey(source, room)) else { return };
        self.faults.extend(survey.faults.into_iter().map(|fault| (Code::Profile, fault)));
        if survey.more > 0 {
            let message = Text::new(
                format!("и ещё ошибок: {}", survey.more),
                format!("and {} more faults", survey.more),
            );
            let fault = Fault::new("profile.more", &source.name, "", message);
            self.faults.push((Code::Profile, fault));
        }
        self.warnings.extend(survey.desired.warnings);
    }

    fn document(self) -> (Code, Value) {
        let has = |code: &Code| self.faults.iter().any(|fault| fault.0 == *code);
        let order = [Code::Config, Code::Profile, Code::Roster];
        let other = self.faults.first().map_or(Code::Ok, |fault| fault.0);
        let code = order.into_iter().find(has).unwrap_or(other);
        let faults: Vec<Fault> = self.faults.into_iter().map(|(_, fault)| fault).collect();
        let warnings = self.warnings;
        (code, json!({"format": "zvonok.check/1", "faults": faults, "warnings": warnings}))
    }
}
