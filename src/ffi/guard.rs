//! What stands between every export and the host: floating point is calm, a panic becomes an error
//! with its message and place, nothing is printed.

use std::any::Any;
use std::cell::Cell;
use std::panic::{self, AssertUnwindSafe, PanicHookInfo};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, Once, PoisonError};
use std::thread::ThreadId;

use super::fp::{self, Calm, Words};
use crate::error::{Code, Error, Fault, Text};

/// Calls that are inside the library now, on all threads.
static INSIDE: AtomicUsize = AtomicUsize::new(0);

/// Panics that nobody has asked about yet: the thread, the place and the message.
static PANICS: Mutex<Vec<(ThreadId, String, String)>> = Mutex::new(Vec::new());

thread_local! {
    /// The floating point of the host that called on this thread.
    static HOST: Cell<Option<Words>> = const { Cell::new(None) };
}

/// Runs one export; `default` is answered where not even an error could be made of a panic.
pub(super) fn guarded<T>(default: T, work: impl FnOnce() -> T) -> T {
    let _entered = Entered::new();
    panic::catch_unwind(AssertUnwindSafe(work)).unwrap_or(default)
}

/// Runs what may panic; a panic is [`Code::Internal`].
pub(super) fn caught<T>(work: impl FnOnce() -> T) -> Result<T, Error> {
    panic::catch_unwind(AssertUnwindSafe(work)).map_err(|panic| defect(&*panic))
}

/// Calls the host back in the floating point that it called us with.
pub(super) fn in_host<T>(call: impl FnOnce() -> T) -> T {
    match HOST.get() {
        Some(words) => fp::with_host(words, call),
        None => call(),
    }
}

/// One call on its way through the library.
struct Entered {
    outer: Option<Words>,
    _calm: Calm,
}

impl Entered {
    fn new() -> Entered {
        let calm = Calm::begin();
        silence();
        INSIDE.fetch_add(1, Ordering::Relaxed);
        Entered { outer: HOST.replace(Some(calm.host())), _calm: calm }
    }
}

impl Drop for Entered {
    fn drop(&mut self) {
        INSIDE.fetch_sub(1, Ordering::Relaxed);
        HOST.set(self.outer);
    }
}

/// A shared library has a standard library of its own, and so a panic hook of its own; the host's
/// is not touched. In a Rust program that links this crate, panics outside our calls go on as
/// before.
fn silence() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let before = panic::take_hook();
        panic::set_hook(Box::new(move |info| match INSIDE.load(Ordering::Relaxed) {
            0 => before(info),
            _ => keep(info),
        }));
    });
}

fn keep(info: &PanicHookInfo) {
    const MOST: usize = 16;
    let place = info.location().map(ToString::to_string).unwrap_or_default();
    let row = (std::thread::current().id(), place, message(info.payload()));
    let mut panics = PANICS.lock().unwrap_or_else(PoisonError::into_inner);
    panics.truncate(MOST - 1);
    panics.insert(0, row);
}

fn message(payload: &(dyn Any + Send)) -> String {
    let text = payload.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| payload.downcast_ref::<String>().cloned()).unwrap_or_default()
}

/// The place of a panic: this thread's own, else the latest (a thread of ours handed it on).
fn place() -> String {
    let mut panics = PANICS.lock().unwrap_or_else(PoisonError::into_inner);
    let own = panics.iter().position(|panic| panic.0 == std::thread::current().id());
    let at = own.unwrap_or(0);
    if at < panics.len() { panics.remove(at).1 } else { String::new() }
}

fn defect(panic: &(dyn Any + Send)) -> Error {
    let (place, message) = (place(), message(panic));
    let text = Text::new(
        format!("ошибка в самой библиотеке: {message}"),
        format!("a defect of the library: {message}"),
    );
    Error::with_faults(Code::Internal, vec![Fault::new("internal.panic", place, "", text)])
}
