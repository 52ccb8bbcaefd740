//! What happened on the messengers since the last cycle, where they tell it.

use super::able::error_of;
use super::{Cycle, kept_roster};
use crate::config::Events;
use crate::error::{Code, Fault, Result};
use crate::events::{self, Named};
use crate::host::Level;
use crate::platform::{Answer, Call, Class, Event, Failure, Kind};
use crate::session::Messenger;
use crate::state::State;

/// How often a cycle asks for more at most: what is left is told to the next one.
const MOST_QUESTIONS: usize = 50;

/// Asks every messenger that is polled, and records what it tells. A messenger that cannot be
/// reached now is no reason to end an otherwise unchanged cycle; what needs it will say so.
///
/// # Errors
/// [`Code::Auth`]: the token is refused. [`Code::State`].
pub(super) fn hear(cycle: &Cycle, state: &mut State) -> Result<Vec<Fault>> {
    let mut warnings = Vec::new();
    if cycle.options.dry_run {
        return Ok(warnings);
    }
    let polled = |one: &&Messenger| one.config.events == Events::Poll;
    for messenger in cycle.messengers.iter().filter(polled) {
        if let Err(failure) = ask(cycle, state, messenger)? {
            let text = format!("events: {} ({})", failure.message.en, failure.code);
            cycle.host.log(Level::Warning, &text);
            if failure.class == Class::TokenDead {
                let error = error_of(&failure, cycle.stop);
                return if cycle.messengers.len() > 1 { Ok(warnings) } else { Err(error) };
            }
            let code = match failure.class {
                Class::Missing => "events.refused",
                _ => "events.unheard",
            };
            let kind = messenger.config.kind.name();
            warnings.push(Fault::new(code, kind, &failure.code, failure.message));
        }
    }
    Ok(warnings)
}

fn ask(
    cycle: &Cycle,
    state: &mut State,
    messenger: &Messenger,
) -> Result<std::result::Result<(), Failure>> {
    let platform = messenger.config.kind;
    for _ in 0..MOST_QUESTIONS {
        let call = Call::Events { marker: state.marker(platform)? };
        let answer = messenger.driver.perform(&[call], cycle.stop).into_iter().next();
        let (told, marker, more) = match answer {
            Some(Ok(Answer::Events { events, marker, more })) => (events, marker, more),
            Some(Err(failure)) => return Ok(Err(failure)),
            _ => return Ok(Ok(())),
        };
        take(cycle, state, messenger, &told, marker.as_deref())?;
        if !more || marker.is_none() || cycle.stop.reason().is_some() {
            break;
        }
    }
    Ok(Ok(()))
}

fn take(
    cycle: &Cycle,
    state: &mut State,
    messenger: &Messenger,
    told: &[Event],
    marker: Option<&str>,
) -> Result<()> {
    let platform = messenger.config.kind;
    if told.is_empty() && marker.map(str::to_owned) == state.marker(platform)? {
        return Ok(());
    }
    let named = named(cycle, platform);
    let recorded = events::record(state, platform, told, marker, &named, cycle.clock.started())?;
    if recorded.concerning > 0 {
        let text = format!("events: {} of {} concern the school", recorded.concerning, told.len());
        cycle.host.log(Level::Info, &text);
    }
    Ok(())
}

/// Tells of a person in the last accepted roster; it is read only when somebody followed a one-time
/// link.
fn named<'c>(cycle: &'c Cycle, platform: Kind) -> impl Fn(&str) -> Result<Option<Named>> + 'c {
    move |person| {
        let state = State::reopen(&cycle.config.state)?;
        let roster = match kept_roster(cycle.config, cycle.clock, &state) {
            Err(error) if error.code == Code::Request => return Ok(None),
            roster => roster?,
        };
        Ok(Named::find(&roster, person, platform))
    }
}
