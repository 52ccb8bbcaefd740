//! The integrator's bench: profiles tried on rosters and on cases, without state or messenger.

pub(crate) mod ask;
pub(crate) mod case;
pub(crate) mod compact;
pub(crate) mod compare;
pub(crate) mod expect;
pub(crate) mod explain;
pub(crate) mod start;

use std::path::Path;
use std::sync::Arc;

use jiff::Zoned;
use serde_json::{Map, Value};
use zvonok::clock::{self, Clock};
use zvonok::error::{Code, Error, Fault, Text};
use zvonok::profile::{Desired, Limits, Room, Source, Survey, evaluate, survey};
use zvonok::roster::{Content, Roster, Rules};
use zvonok::stop::Stop;

use crate::console;
use crate::terminal::Terminal;

/// A roster on its day, for any profile to be tried on.
pub(crate) struct Export {
    /// The roster.
    pub(crate) roster: Arc<Roster>,
    now: Zoned,
    organization: Option<String>,
}

impl Export {
    /// The roster at a path. The school's zone and organisation are those of a configuration's
    /// document; `now` is the machine's time where it is not given.
    ///
    /// # Errors
    /// [`Code::Config`] for a time or a zone that is none, [`Code::Roster`] as of reading it.
    pub(crate) fn at(
        path: &Path,
        now: Option<&str>,
        document: &Map<String, Value>,
    ) -> Result<Export, Error> {
        let clock = clock(now, document.get("timezone").and_then(Value::as_str))?;
        let organization = document.get("organization").and_then(Value::as_str).map(str::to_owned);
        Export::of(&Content::at(path)?, &clock, organization)
    }

    /// A roster in any form.
    ///
    /// # Errors
    /// [`Code::Roster`] as of reading it.
    pub(crate) fn of(
        content: &Content<'_>,
        clock: &Clock,
        organization: Option<String>,
    ) -> Result<Export, Error> {
        let rules = Rules { today: clock.today(), dangling_share: 0.02, minimum: 5, before: None };
        let roster = Arc::new(content.read(&rules)?);
        Ok(Export { roster, now: clock.zoned(), organization })
    }

    /// The state that a profile wants.
    ///
    /// # Errors
    /// As [`evaluate`].
    pub(crate) fn desired(
        &self,
        source: &Source,
        settings: &Map<String, Value>,
        terminal: &Terminal,
    ) -> Result<Desired, Error> {
        self.with_room(settings, terminal, |room| evaluate(source, room))
    }

    /// The same, with what the rule `requests` answers to people of each sort.
    ///
    /// # Errors
    /// As [`survey`]; [`Code::Profile`] with all that fails.
    pub(crate) fn survey(
        &self,
        source: &Source,
        settings: &Map<String, Value>,
        terminal: &Terminal,
    ) -> Result<Survey, Error> {
        let survey = self.with_room(settings, terminal, |room| survey(source, room))?;
        match survey.faults.is_empty() {
            true => Ok(survey),
            false => Err(Error::with_faults(Code::Profile, survey.faults)),
        }
    }

    /// Does something in a room with this roster; what the script prints goes to the log.
    pub(crate) fn with_room<T>(
        &self,
        settings: &Map<String, Value>,
        terminal: &Terminal,
        act: impl FnOnce(Room<'_>) -> T,
    ) -> T {
        act(Room {
            roster: &self.roster,
            settings,
            organization: self.organization.as_deref(),
            now: &self.now,
            limits: Limits::default(),
            stop: &Stop::never(),
            log: &|line| console::log_line(terminal, line),
        })
    }
}

/// A clock at a moment, in a zone; Moscow's where none is named.
///
/// # Errors
/// [`Code::Config`] at `now` or `timezone`.
pub(crate) fn clock(now: Option<&str>, zone: Option<&str>) -> Result<Clock, Error> {
    let name = zone.unwrap_or("Europe/Moscow");
    let zone = clock::zone(name).ok_or_else(|| {
        let (ru, en) = ("нет такого часового пояса", "there is no such time zone");
        refused("config.bad_value", "timezone", name, Text::new(ru, en))
    })?;
    let moment = |text| {
        clock::moment(text).ok_or_else(|| {
            let (ru, en) = (
                "ожидается время вида 2026-09-01T08:25:00+03:00",
                "expected a time such as 2026-09-01T08:25:00+03:00",
            );
            refused("config.bad_value", "now", text, Text::new(ru, en))
        })
    };
    Ok(Clock::new(now.map(moment).transpose()?, zone))
}

/// The error of something in the command's own documents.
pub(crate) fn refused(code: &str, at: &str, value: &str, message: Text) -> Error {
    Error::with_faults(Code::Config, vec![Fault::new(code, at, value, message)])
}

/// «…; возможно, имелось в виду x», or what there is.
pub(crate) fn suggestion<'a>(word: &str, known: impl Iterator<Item = &'a str> + Clone) -> Text {
    const NEAR: f64 = 0.5;
    const MOST: usize = 8;
    let likeness = |other: &&str| strsim::normalized_damerau_levenshtein(word, other);
    let nearest = known.clone().max_by(|a, b| likeness(a).total_cmp(&likeness(b)));
    match nearest.filter(|nearest| likeness(nearest) >= NEAR) {
        Some(near) => Text::new(
            format!("; возможно, имелось в виду {near}"),
            format!("; did you mean {near}?"),
        ),
        None => {
            let list = known.take(MOST).collect::<Vec<_>>().join(", ");
            Text::new(format!("; есть: {list}"), format!("; there are: {list}"))
        }
    }
}
