//! Keeps all threads together below a platform's rate: one evenly spaced slot for each request.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::stop::{Reason, Stop};

/// How long a messenger that said «too many» is asked at half the rate.
const SLOW_FOR: Duration = Duration::from_secs(10);

/// How much the way of a request may vary.
const JITTER: Duration = Duration::from_millis(50);

/// The slots of one driver.
pub(crate) struct Pace {
    began: Instant,
    slots: Mutex<Slots>,
    waited_ms: AtomicU64,
}

impl Pace {
    /// At most `requests_per_second` slots in any second; nought counts as one.
    pub(crate) fn new(requests_per_second: u32) -> Pace {
        Pace {
            began: Instant::now(),
            slots: Mutex::new(Slots::new(requests_per_second)),
            waited_ms: AtomicU64::new(0),
        }
    }

    /// Waits for this thread's slot; `Err` where `stop` ends first.
    pub(crate) fn wait(&self, stop: &Stop) -> Result<(), Reason> {
        if let Some(reason) = stop.reason() {
            return Err(reason);
        }
        let begin = Instant::now();
        let now = begin.duration_since(self.began);
        // A slot that comes too late is not taken: cycles that are cut short would fill the future
        // with slots that nobody uses, and no later cycle would get one in its time.
        let last = stop.left().map_or(Duration::MAX, |left| now.saturating_add(left));
        let slot = self.with(|slots| (slots.first(now) <= last).then(|| slots.take(now)));
        let wait = slot.ok_or(Reason::Budget)?.saturating_sub(now);
        let outcome = stop.sleep(wait);
        let waited = u64::try_from(begin.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.waited_ms.fetch_add(waited, Ordering::Relaxed);
        outcome
    }

    /// The platform said «too many»: half the rate for a while.
    pub(crate) fn slow_down(&self) {
        let until = self.began.elapsed() + SLOW_FOR;
        self.with(|slots| slots.slow_until = until);
    }

    /// Milliseconds that threads have waited here, added up.
    pub(crate) fn waited_ms(&self) -> u64 {
        self.waited_ms.load(Ordering::Relaxed)
    }

    fn with<T>(&self, what: impl FnOnce(&mut Slots) -> T) -> T {
        what(&mut self.slots.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// The slots of single targets, such as chats, where a platform limits those as well.
pub(crate) struct Paces<T> {
    per_second: u32,
    targets: Mutex<HashMap<T, Arc<Pace>>>,
}

impl<T: Eq + Hash> Paces<T> {
    /// At most `per_second` slots in any second for each target.
    pub(crate) fn new(per_second: u32) -> Paces<T> {
        Paces { per_second, targets: Mutex::default() }
    }

    /// Waits for this thread's slot of `target`; `Err` where `stop` ends first.
    pub(crate) fn wait(&self, target: T, stop: &Stop) -> Result<(), Reason> {
        let new = || {
            let pace = Pace::new(self.per_second);
            // So few in a second that one which travels faster than the one before is one too many.
            pace.with(|slots| slots.gap += JITTER);
            Arc::new(pace)
        };
        let pace = self.with(|targets| targets.entry(target).or_insert_with(new).clone());
        pace.wait(stop)
    }

    /// Milliseconds that threads have waited here, added up.
    pub(crate) fn waited_ms(&self) -> u64 {
        self.with(|targets| targets.values().map(|pace| pace.waited_ms()).sum())
    }

    fn with<R>(&self, what: impl FnOnce(&mut HashMap<T, Arc<Pace>>) -> R) -> R {
        what(&mut self.targets.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// The arithmetic alone; times count from any fixed moment.
#[derive(Debug)]
struct Slots {
    gap: Duration,
    next: Duration,
    slow_until: Duration,
}

impl Slots {
    fn new(per_second: u32) -> Slots {
        // Rounded up to a whole millisecond, so that a second never holds one slot too many.
        let gap = Duration::from_millis(1000_u64.div_ceil(u64::from(per_second.max(1))));
        Slots { gap, next: Duration::ZERO, slow_until: Duration::ZERO }
    }

    /// When the next free slot is.
    fn first(&self, now: Duration) -> Duration {
        self.next.max(now)
    }

    /// Takes the next free slot. Slots that nobody used are lost, they never add up to a burst.
    fn take(&mut self, now: Duration) -> Duration {
        let slot = self.first(now);
        let slow = if slot < self.slow_until { 2 } else { 1 };
        self.next = slot + self.gap * slow;
        slot
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn ms(millis: u64) -> Duration {
        Duration::from_millis(millis)
    }

    /// The most slots that any second beginning with a slot holds.
    fn busiest_second(slots: &[Duration]) -> usize {
        let within =
            |begin: Duration| slots.iter().filter(move |s| **s >= begin && **s < begin + ms(1000));
        slots.iter().map(|begin| within(*begin).count()).max().unwrap_or(0)
    }

    #[test]
    fn a_crowd_never_gets_more_than_the_rate_in_any_second() {
        for rate in [1, 3, 7, 15, 18, 20, 30] {
            let mut slots = Slots::new(rate);
            let taken: Vec<_> = (0..200).map(|_| slots.take(ms(0))).collect();
            assert!(busiest_second(&taken) <= rate as usize, "{rate} a second");
        }
    }

    #[test]
    fn a_pause_is_not_saved_up_for_a_burst() {
        let mut slots = Slots::new(10);
        slots.take(ms(0));
        let later: Vec<_> = (0..5).map(|_| slots.take(ms(60_000))).collect();
        assert_eq!(later, [60_000, 60_100, 60_200, 60_300, 60_400].map(ms));
    }

    #[test]
    fn a_slow_time_halves_the_rate_and_passes() {
        let mut slots = Slots::new(10);
        slots.slow_until = ms(400);
        let taken: Vec<_> = (0..5).map(|_| slots.take(ms(0))).collect();
        assert_eq!(taken, [0, 200, 400, 500, 600].map(ms));
    }

    #[test]
    fn threads_together_keep_the_rate_and_a_stop_ends_the_wait() {
        let pace = Pace::new(20);
        let begin = Instant::now();
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| (0..3).for_each(|_| pace.wait(&Stop::never()).unwrap()));
            }
        });
        assert!(begin.elapsed() >= ms(11 * 50), "twelve slots, eleven gaps");
        assert!(pace.waited_ms() >= 11 * 50);

        let slow = Pace::new(1);
        slow.wait(&Stop::never()).unwrap();
        let stop = Stop::new(std::sync::Arc::default(), Some(Instant::now() + ms(50)));
        assert_eq!(slow.wait(&stop), Err(Reason::Budget));
    }

    #[test]
    fn each_target_has_its_own_rate() {
        let (paces, stop) = (Paces::new(5), Stop::never());
        let begin = Instant::now();
        (1..=20).for_each(|target| paces.wait(target, &stop).unwrap());
        assert!(begin.elapsed() < ms(200), "different targets do not wait for one another");
        paces.wait(7, &stop).unwrap();
        assert!(begin.elapsed() >= ms(200), "the second slot of one target is waited for");
        assert!(paces.waited_ms() >= 150);
    }
}
