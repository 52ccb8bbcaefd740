//! Time: the only reader of the machine's clock, the school's zone, durations as texts.

use std::time::{Duration, Instant};

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, Zoned};

/// The clock of one cycle or request (ruling 17): the machine's, or the one handed in, which then
/// advances with the time spent.
#[derive(Debug, Clone)]
pub struct Clock {
    start: Timestamp,
    begun: Instant,
    zone: TimeZone,
}

impl Clock {
    /// A clock that shows `now`, or the machine's time where there is none.
    pub fn new(now: Option<Timestamp>, zone: TimeZone) -> Clock {
        Clock { start: now.unwrap_or_else(machine_time), begun: Instant::now(), zone }
    }

    /// The present moment.
    pub fn now(&self) -> Timestamp {
        self.start.saturating_add(span(self.begun.elapsed())).unwrap_or(Timestamp::MAX)
    }

    /// The moment at which the cycle began.
    pub fn started(&self) -> Timestamp {
        self.start
    }

    /// The day on which the cycle began, in the school's zone.
    pub fn today(&self) -> Date {
        self.start.to_zoned(self.zone.clone()).date()
    }

    /// The moment at which the cycle began, in the school's zone.
    pub fn zoned(&self) -> Zoned {
        self.start.to_zoned(self.zone.clone())
    }

    /// A moment as documents carry it: RFC 3339 with the zone's offset, whole seconds.
    pub fn show(&self, moment: Timestamp) -> String {
        show(moment, &self.zone)
    }
}

#[expect(clippy::disallowed_methods, reason = "this is the one place that reads the clock")]
fn machine_time() -> Timestamp {
    Timestamp::now()
}

fn span(time: Duration) -> jiff::SignedDuration {
    jiff::SignedDuration::try_from(time).unwrap_or(jiff::SignedDuration::MAX)
}

/// A moment in RFC 3339 with the zone's offset, whole seconds.
pub fn show(moment: Timestamp, zone: &TimeZone) -> String {
    let zoned = moment.to_zoned(zone.clone());
    jiff::fmt::strtime::format("%Y-%m-%dT%H:%M:%S%:z", &zoned)
        .unwrap_or_else(|_| moment.to_string())
}

/// A moment written in RFC 3339 with an offset.
pub fn moment(text: &str) -> Option<Timestamp> {
    text.parse().ok()
}

/// A zone by its IANA name, from the table built into the library: the machine's is not asked.
pub fn zone(name: &str) -> Option<TimeZone> {
    if name == "UTC" {
        return Some(TimeZone::UTC);
    }
    jiff::tz::TimeZoneDatabase::bundled().get(name).ok()
}

/// A duration written as a whole number and a unit: `90s`, `10m`, `24h`, `7d`.
pub fn duration(text: &str) -> Option<Duration> {
    const UNITS: [(char, u64); 4] = [('s', 1), ('m', 60), ('h', 3600), ('d', 86400)];
    const LONGEST: u64 = 366 * 86400;
    let unit = text.chars().next_back()?;
    let (_, seconds) = UNITS.into_iter().find(|(letter, _)| *letter == unit)?;
    let number: u64 = text.strip_suffix(unit)?.parse().ok()?;
    number.checked_mul(seconds).filter(|all| *all <= LONGEST).map(Duration::from_secs)
}

/// A moment so much later.
pub fn later(moment: Timestamp, time: Duration) -> Timestamp {
    moment.saturating_add(span(time)).unwrap_or(Timestamp::MAX)
}

/// A moment so much earlier.
pub fn earlier(moment: Timestamp, time: Duration) -> Timestamp {
    moment.saturating_sub(span(time)).unwrap_or(Timestamp::MIN)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_a_whole_number_and_a_unit() {
        assert_eq!(duration("90s"), Some(Duration::from_secs(90)));
        assert_eq!(duration("24h"), Some(Duration::from_secs(86400)));
        for wrong in ["", "s", "10", "-1m", "1.5h", "10 m", "м", "99999999999d"] {
            assert_eq!(duration(wrong), None, "{wrong:?}");
        }
    }

    #[test]
    fn the_school_day_is_judged_in_its_own_zone() {
        let clock = Clock::new(moment("2026-08-31T22:30:00Z"), zone("Europe/Moscow").unwrap());
        assert_eq!(clock.today().to_string(), "2026-09-01");
        assert_eq!(clock.show(clock.started()), "2026-09-01T01:30:00+03:00");
    }
}
