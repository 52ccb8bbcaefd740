//! What the library tells while it works: a progress bar and a log on standard error.

use std::cell::Cell;
use std::io::{self, Write};

use indicatif::{ProgressBar, ProgressStyle};
use zvonok::host::{Host, Level, Phase};
use zvonok::session::Cancel;

use crate::terminal::Terminal;
use crate::words::Language;

/// The library's host on a terminal.
pub(crate) struct Console {
    language: Language,
    verbose: bool,
    bar: ProgressBar,
    phase: Cell<Option<Phase>>,
}

impl Console {
    /// A host for this terminal.
    pub(crate) fn new(terminal: &Terminal) -> Console {
        let bar = terminal.bar();
        let style = ProgressStyle::with_template("{msg} {wide_bar} {pos}/{len} {elapsed}");
        bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()).progress_chars("━╸─"));
        let Terminal { language, verbose, .. } = *terminal;
        Console { language, verbose, bar, phase: Cell::new(None) }
    }

    fn words(&self, phase: Phase) -> &'static str {
        match phase {
            Phase::Reading => self.language.pick("Чтение выгрузки", "Reading the roster"),
            Phase::Checking => self.language.pick("Сверка с мессенджером", "Reading the messenger"),
            Phase::Applying => {
                self.language.pick("Изменения в мессенджере", "Changing the messenger")
            }
        }
    }
}

impl Host for Console {
    fn log(&self, level: Level, text: &str) {
        if !self.verbose {
            return;
        }
        let word = match level {
            Level::Error => "error",
            Level::Warning => "warning",
            Level::Info => "info",
            Level::Debug => "debug",
        };
        // A log that nobody can read does not stop the work.
        let _ = writeln!(io::stderr(), "{word}: {text}");
    }

    fn progress(&self, phase: Phase, done: u32, total: u32) -> bool {
        if self.phase.replace(Some(phase)) != Some(phase) || self.bar.is_finished() {
            self.bar.reset();
            self.bar.set_message(self.words(phase));
        }
        self.bar.set_length(u64::from(total));
        self.bar.set_position(u64::from(done));
        if done >= total {
            self.bar.finish_and_clear();
        }
        true
    }
}

/// A line that a script printed, where the log is asked for.
pub(crate) fn log_line(terminal: &Terminal, line: &str) {
    if terminal.verbose {
        // A log that nobody can read does not stop the work.
        let _ = writeln!(io::stderr(), "info: {line}");
    }
}

/// Ctrl+C ends the running cycle in good order; pressed again, it ends the process.
pub(crate) fn cancel_on_interrupt(cancel: &Cancel, terminal: &Terminal) {
    let cancel = cancel.clone();
    let mut before = false;
    let told = terminal.pick(
        "\nОстанавливаюсь: сделанное сохранено. Ещё раз Ctrl+C — выйти сразу.",
        "\nStopping: what was done is kept. Ctrl+C again ends at once.",
    );
    on_interrupt(move || {
        if before {
            const INTERRUPTED: i32 = 130;
            #[allow(clippy::exit, reason = "a second Ctrl+C means at once")]
            std::process::exit(INTERRUPTED);
        }
        before = true;
        cancel.cancel();
        // A terminal that is gone needs no explanation.
        let _ = writeln!(io::stderr(), "{told}");
    });
}

/// Does something at every Ctrl+C.
pub(crate) fn on_interrupt(mut act: impl FnMut() + Send + 'static) {
    let wait = move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let Ok(runtime) = runtime else { return };
        while runtime.block_on(tokio::signal::ctrl_c()).is_ok() {
            act();
        }
    };
    // Without a thread Ctrl+C ends the process at once, which the state file survives.
    let _ = std::thread::Builder::new().name("interrupt".to_owned()).spawn(wait);
}
