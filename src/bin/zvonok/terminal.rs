//! Standard output: plain text for pipes, width and colours for people.

use std::cell::Cell;
use std::fmt::Display;
use std::io::{self, ErrorKind, IsTerminal, Write};

use indicatif::{ProgressBar, ProgressDrawTarget};
use serde_json::Value;
use zvonok::error::{Error, Text};

use crate::trouble::Trouble;
use crate::words::Language;
use crate::wrap::wrapped;

/// Where a command writes to, and how.
pub(crate) struct Terminal {
    /// The language of everything that is written.
    pub(crate) language: Language,
    /// Only the library's documents.
    pub(crate) json: bool,
    /// The library's log, too.
    pub(crate) verbose: bool,
    colours: bool,
    closed: Cell<bool>,
    bar: ProgressBar,
}

/// Faults of an error that are listed: who must mend a thousand begins with these.
const MOST_FAULTS: usize = 20;

/// How a piece of text stands out, where there are colours.
#[derive(Clone, Copy)]
pub(crate) enum Tone {
    /// A heading.
    Head,
    /// It went well.
    Good,
    /// A person should look at it.
    Warning,
    /// It went wrong.
    Bad,
    /// Less important than the rest.
    Faint,
}

impl Terminal {
    /// A terminal for this process.
    pub(crate) fn new(language: Language, json: bool, verbose: bool) -> Terminal {
        let plain = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        let dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
        let colours = !plain && !dumb && io::stdout().is_terminal();
        let watched = !json && io::stderr().is_terminal();
        let drawn =
            if watched { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
        let bar = ProgressBar::with_draw_target(None, drawn);
        Terminal { language, json, verbose, colours, closed: Cell::new(false), bar }
    }

    /// Columns of the terminal; `None` where nobody's terminal cuts the lines.
    pub(crate) fn width(&self) -> Option<usize> {
        let columns = comfy_table::Table::new().width().map(usize::from);
        columns.filter(|columns| *columns >= 40)
    }

    /// The bar that shows how far the work is, drawn only where people look; the next line that is
    /// written takes its place.
    pub(crate) fn bar(&self) -> ProgressBar {
        self.bar.clone()
    }

    /// Whether the reader has gone away, so that there is no use in going on.
    pub(crate) fn closed(&self) -> bool {
        self.closed.get()
    }

    /// The word of the chosen language.
    pub(crate) fn pick<T>(&self, ru: T, en: T) -> T {
        self.language.pick(ru, en)
    }

    /// The sentence of the chosen language.
    pub(crate) fn text<'t>(&self, text: &'t Text) -> &'t str {
        self.pick(&text.ru, &text.en)
    }

    /// Text that stands out.
    pub(crate) fn tone(&self, tone: Tone, text: impl Display) -> String {
        if !self.colours {
            return text.to_string();
        }
        let code = match tone {
            Tone::Head => "1",
            Tone::Good => "32",
            Tone::Warning => "33",
            Tone::Bad => "31",
            Tone::Faint => "2",
        };
        format!("\u{1b}[{code}m{text}\u{1b}[0m")
    }

    /// A line, or several, on standard output. A reader who has gone away is no failure: the work
    /// itself is done, and the exit code tells how.
    pub(crate) fn say(&self, text: impl Display) -> io::Result<()> {
        if self.closed.get() {
            return Ok(());
        }
        self.bar.finish_and_clear();
        let text = match self.width() {
            Some(width) if !self.json => wrapped(&text.to_string(), width),
            _ => text.to_string(),
        };
        self.written(&text)
    }

    fn written(&self, text: &str) -> io::Result<()> {
        let mut out = io::stdout().lock();
        match writeln!(out, "{text}").and_then(|()| out.flush()) {
            Err(error) if error.kind() == ErrorKind::BrokenPipe => {
                self.closed.set(true);
                Ok(())
            }
            told => told,
        }
    }

    /// A text as it is, for files and editors: no line of it is broken.
    pub(crate) fn plain(&self, text: &str) -> io::Result<()> {
        if self.closed.get() {
            return Ok(());
        }
        self.written(text)
    }

    /// A document of the library, as it is.
    pub(crate) fn document(&self, document: &Value) -> io::Result<()> {
        self.say(document)
    }

    /// Why the command could not go on: the library's document, or sentences on standard error.
    pub(crate) fn tell_trouble(&self, trouble: &Trouble) -> io::Result<()> {
        match trouble {
            Trouble::Library(error) if self.json => self.document(&error.to_json()),
            Trouble::Library(error) => self.complain(&self.sentences(error)),
            Trouble::Usage(text) => self.complain(self.text(text)),
            Trouble::System(text) => self.complain(text),
            Trouble::Io(error) => self.complain(&error.to_string()),
        }
    }

    fn complain(&self, text: &str) -> io::Result<()> {
        self.bar.finish_and_clear();
        writeln!(io::stderr(), "zvonok: {text}")
    }

    /// An error as a person reads it: the sentence, then every fault.
    fn sentences(&self, error: &Error) -> String {
        if let [only] = error.faults.as_slice() {
            return crate::show::faults::line(self, only);
        }
        let mut text = self.text(&error.message).to_owned();
        let most = if self.verbose { usize::MAX } else { MOST_FAULTS };
        for fault in error.faults.iter().take(most) {
            text.push_str(&format!("\n  {}", crate::show::faults::line(self, fault)));
        }
        let more = error.faults.len().saturating_sub(most);
        if more > 0 {
            text.push_str(&self.pick(
                format!("\n  … ещё {more}; все — с --verbose или --json"),
                format!("\n  … {more} more; --verbose or --json shows all"),
            ));
        }
        text
    }
}
