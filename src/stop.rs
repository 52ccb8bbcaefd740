//! When work must end: cancel from any thread, or the cycle's time budget.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// Why work must end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    /// `zvonok_cancel`, or a progress callback that answered non-zero.
    Cancelled,
    /// The time budget is over.
    Budget,
}

/// Asked between steps by everything that takes time. Cheap to clone and to ask.
#[derive(Debug, Clone)]
pub struct Stop {
    cancelled: Arc<AtomicBool>,
    deadline: Option<Instant>,
}

impl Stop {
    /// Ends when `cancelled` is set or `deadline` has come.
    pub fn new(cancelled: Arc<AtomicBool>, deadline: Option<Instant>) -> Stop {
        Stop { cancelled, deadline }
    }

    /// Never ends by itself.
    pub fn never() -> Stop {
        Stop::new(Arc::default(), None)
    }

    /// The same cancel without the deadline, for work that has a limit of its own.
    pub fn without_deadline(&self) -> Stop {
        Stop::new(self.cancelled.clone(), None)
    }

    /// Whether work must end now, and why.
    pub fn reason(&self) -> Option<Reason> {
        if self.cancelled.load(Ordering::Relaxed) {
            return Some(Reason::Cancelled);
        }
        self.deadline.is_some_and(|end| Instant::now() >= end).then_some(Reason::Budget)
    }

    /// Ends the work as `zvonok_cancel` does.
    pub fn cancel(&self) {
        self.cancelled.store(true, Ordering::Relaxed);
    }

    /// Time left before the deadline; `None` where there is none.
    pub fn left(&self) -> Option<Duration> {
        self.deadline.map(|end| end.saturating_duration_since(Instant::now()))
    }

    /// Sleeps, in slices short enough for a cancel to be felt; `Err` where work must end.
    pub fn sleep(&self, time: Duration) -> Result<(), Reason> {
        const SLICE: Duration = Duration::from_millis(20);
        let end = Instant::now() + time;
        loop {
            if let Some(reason) = self.reason() {
                return Err(reason);
            }
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Ok(());
            }
            std::thread::sleep(left.min(SLICE));
        }
    }
}
