//! Several requests in flight, while one thread keeps the journal.
//!
//! Worker threads only speak to the platform. The calling thread writes each intent before it hands
//! a batch out and each result as it comes back; all workers are joined before it returns.

use std::sync::{Mutex, mpsc};
use std::time::Duration;

use crate::platform::{Answer, Call, Failure, Platform};
use crate::stop::Stop;

/// What each call of a batch came to.
pub(super) type Answers = Vec<Result<Answer, Failure>>;

/// The calling thread's side of a pool.
pub(super) trait Ledger {
    /// Called before batch number `batch` is sent; its calls, or `None` to send nothing more.
    fn before(&mut self, batch: usize) -> Option<Vec<Call>>;

    /// Called when a batch has been answered.
    fn after(&mut self, batch: usize, answers: Answers);

    /// Called while nothing happens, so that the host hears something and can cancel.
    fn idle(&mut self);
}

/// Sends `batches` batches, at most `in_flight` at once.
pub(super) fn run(
    platform: &dyn Platform,
    stop: &Stop,
    in_flight: usize,
    batches: usize,
    ledger: &mut dyn Ledger,
) {
    let (work, jobs) = mpsc::channel::<(usize, Vec<Call>)>();
    let (report, reports) = mpsc::channel::<(usize, Answers)>();
    let jobs = Mutex::new(jobs);
    std::thread::scope(|scope| {
        for _ in 0..in_flight.min(batches) {
            let (report, jobs) = (report.clone(), &jobs);
            scope.spawn(move || worker(platform, stop, jobs, &report));
        }
        drop(report);
        dispatch(in_flight, batches, &work, &reports, ledger);
        drop(work);
    });
}

fn worker(
    platform: &dyn Platform,
    stop: &Stop,
    jobs: &Mutex<mpsc::Receiver<(usize, Vec<Call>)>>,
    report: &mpsc::Sender<(usize, Answers)>,
) {
    loop {
        // A neighbour that panicked holds nothing that could be half done: the channel is intact.
        let job = jobs.lock().unwrap_or_else(std::sync::PoisonError::into_inner).recv();
        let Ok((batch, calls)) = job else { return };
        let answers = platform.perform(&calls, stop);
        if report.send((batch, answers)).is_err() {
            return;
        }
    }
}

fn dispatch(
    in_flight: usize,
    batches: usize,
    work: &mpsc::Sender<(usize, Vec<Call>)>,
    reports: &mpsc::Receiver<(usize, Answers)>,
    ledger: &mut dyn Ledger,
) {
    const TICK: Duration = Duration::from_millis(100);
    let (mut next, mut flying) = (0, 0);
    loop {
        while flying < in_flight && next < batches {
            let sent = ledger.before(next).map(|calls| work.send((next, calls)));
            if matches!(sent, Some(Ok(()))) {
                flying += 1;
            } else {
                next = batches;
            }
            next += 1;
        }
        if flying == 0 {
            return;
        }
        match reports.recv_timeout(TICK) {
            Ok((batch, answers)) => {
                flying -= 1;
                ledger.after(batch, answers);
            }
            Err(mpsc::RecvTimeoutError::Timeout) => ledger.idle(),
            Err(mpsc::RecvTimeoutError::Disconnected) => return,
        }
    }
}
