//! What every step stands on: a messenger, a school, a session and the clock of the story.

use std::io::{self, BufRead, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use jiff::civil::Date;
use rand::SeedableRng;
use serde_json::{Map, Value, json};
use zvonok::config::Config;
use zvonok::error::{Code, Error};
use zvonok::session::{Cancel, Session};

use super::Args;
use super::messenger::Messenger;
use crate::console::Console;
use crate::people::People;
use crate::sandbox::{self, Sandbox};
use crate::school::{self, Chance, Size};
use crate::show::text;
use crate::terminal::{Terminal, Tone};
use crate::trouble::Trouble;

/// The same school at every demonstration.
const SEED: u64 = 7;
/// The story begins on the first day of a school year, whatever the day of the demonstration is.
const BEGINS: Date = Date::constant(2026, 9, 1);

/// Everything that a step needs.
pub(super) struct Stage<'t> {
    /// Where it is shown.
    pub(super) terminal: &'t Terminal,
    /// The messenger, seen from outside.
    pub(super) messenger: Messenger,
    /// The school's data as it is now.
    pub(super) roster: Value,
    /// How the changes of a day are drawn.
    pub(super) chance: Chance,
    session: Session,
    sandbox: Sandbox,
    folder: Folder,
    moment: (Date, u8),
    step: u8,
    waits: bool,
}

/// One cycle: its code, its report and how long it took.
pub(super) type Cycle = (Code, Value, Duration);

impl<'t> Stage<'t> {
    /// Starts the messenger, makes the school and opens a session.
    pub(super) fn open(terminal: &'t Terminal, args: &Args) -> Result<Stage<'t>, Trouble> {
        let options = sandbox::Options {
            listen: args.listen,
            mode: args.mode,
            ..sandbox::Options::default()
        };
        let sandbox = Sandbox::start(&options).map_err(Trouble::System)?;
        let folder = Folder::make()?;
        folder.vanish_on_interrupt();
        let config = configuration(&sandbox, &options.token, &folder.0);
        let config = Config::from_map(&config)?;
        let console = Box::new(Console::new(terminal));
        let session = Session::with_config(config, console, Cancel::default())?;
        let size = Size { students: args.students() };
        let stage = Stage {
            terminal,
            messenger: Messenger::at(&sandbox.address),
            roster: school::generate(SEED, size, BEGINS),
            chance: Chance::seed_from_u64(SEED + 1),
            session,
            sandbox,
            folder,
            moment: (BEGINS, 9),
            step: 0,
            waits: args.pause && !terminal.json,
        };
        stage.introduce()?;
        Ok(stage)
    }

    /// The people of the school have their names in the messenger, too.
    fn introduce(&self) -> Result<(), Trouble> {
        for user in crate::show::rows(&self.roster, "users") {
            if let Some(account) = account(user) {
                let (first, last) = (text(user, "givenName"), text(user, "familyName"));
                self.messenger.declare(account, first, last)?;
            }
        }
        Ok(())
    }

    /// Where the messenger's page is.
    pub(super) fn address(&self) -> &str {
        &self.sandbox.address
    }

    /// The names of everybody in the school as it is now.
    pub(super) fn people(&self) -> People {
        People::of(self.roster.to_string().as_bytes())
    }

    /// The library's registry.
    pub(super) fn registry(&mut self) -> Result<Vec<Value>, Error> {
        crate::commands::chats::all(&mut self.session, Map::new())
    }

    /// One chat with its people.
    pub(super) fn chat(&mut self, key: &str) -> Result<Value, Error> {
        let params = Map::from_iter([("chat".to_owned(), json!(key))]);
        let (_, mut reply) = crate::commands::ask(&mut self.session, "chats.get", &params)?;
        Ok(reply["result"].take())
    }

    /// One cycle with a roster, an hour later.
    ///
    /// # Errors
    /// What the library refuses.
    pub(super) fn cycle(&mut self, roster: &Value, options: Value) -> Result<Cycle, Trouble> {
        let mut options = options;
        options["now"] = json!(self.now());
        let roster = roster.to_string();
        let begun = Instant::now();
        let result = self.session.sync(roster.as_bytes(), &options.to_string());
        let took = begun.elapsed();
        self.moment.1 += 1;
        let (code, report) = result?;
        if self.terminal.json {
            self.terminal.document(&report)?;
        }
        Ok((code, report, took))
    }

    /// The next morning.
    pub(super) fn sleep(&mut self) {
        let tomorrow = self.moment.0.tomorrow().unwrap_or(self.moment.0);
        self.moment = (tomorrow, 9);
        school::changes::set_today(&mut self.roster, tomorrow);
    }

    fn now(&self) -> String {
        let (day, hour) = self.moment;
        format!("{day}T{hour:02}:00:00+03:00")
    }

    /// The heading of the next step.
    pub(super) fn heading(&mut self, ru: &str, en: &str) -> io::Result<()> {
        self.step += 1;
        let words = format!("{}. {}", self.step, self.terminal.pick(ru, en));
        self.tell_toned(Tone::Head, "", &format!("\n{words}"))
    }

    /// A sentence of the story.
    pub(super) fn tell(&self, ru: impl AsRef<str>, en: impl AsRef<str>) -> io::Result<()> {
        self.tell_toned(Tone::Head, self.terminal.pick(ru.as_ref(), en.as_ref()), "")
    }

    /// What was looked up in the messenger itself and is as promised.
    pub(super) fn confirm(&self, ru: impl AsRef<str>, en: impl AsRef<str>) -> io::Result<()> {
        let words = format!("✓ {}", self.terminal.pick(ru.as_ref(), en.as_ref()));
        self.tell_toned(Tone::Good, "", &words)
    }

    fn tell_toned(&self, tone: Tone, plain: &str, toned: &str) -> io::Result<()> {
        if self.terminal.json {
            return Ok(());
        }
        let toned = if toned.is_empty() { String::new() } else { self.terminal.tone(tone, toned) };
        self.terminal.say(format!("{plain}{toned}"))
    }

    /// Shows something of the library's documents, unless the documents themselves are wanted.
    pub(super) fn show(&self, shown: impl FnOnce(&Terminal) -> io::Result<()>) -> io::Result<()> {
        if self.terminal.json { Ok(()) } else { shown(self.terminal) }
    }

    /// Waits for Enter, if that was wished.
    pub(super) fn pause(&self) -> io::Result<()> {
        if !self.waits {
            return Ok(());
        }
        write!(
            io::stderr(),
            "{}",
            self.terminal.pick("\n[Enter — дальше] ", "\n[Enter goes on] ")
        )?;
        io::stdin().lock().read_line(&mut String::new())?;
        Ok(())
    }

    /// Leaves the messenger running until the process is ended.
    pub(super) fn keep(&self) -> io::Result<()> {
        let (address, state) = (self.address(), self.folder.0.join("zvonok.db"));
        let (state, community) = (state.display(), self.sandbox.community);
        let token = self.folder.0.join("token");
        let options = format!(
            "--state {state} --profile paragraf --platform vk \\\n    --base-url {address} \
             --community {community} --token-file {}",
            token.display()
        );
        self.tell(
            format!("\nМессенджер работает: {address}  Закончить — Ctrl+C.\nВ другом окне:"),
            format!("\nThe messenger is running: {address}  Ctrl+C ends it.\nIn another window:"),
        )?;
        self.tell(format!("  zvonok chats {options}"), format!("  zvonok chats {options}"))?;
        loop {
            std::thread::park();
        }
    }
}

/// A person's account in the messenger of the demonstration.
pub(super) fn account(user: &Value) -> Option<i64> {
    let ids = crate::show::rows(user, "userIds").iter();
    let mut ids = ids.filter(|id| id["type"] == "vk");
    ids.next()?["identifier"].as_str()?.parse().ok()
}

fn configuration(sandbox: &Sandbox, token: &str, folder: &Path) -> Map<String, Value> {
    let platform = json!({
        "kind": "vk",
        "token": token,
        "base_url": sandbox.address,
        "community": sandbox.community.to_string(),
        "requests_per_second": 20,
    });
    let state = folder.join("zvonok.db").to_string_lossy().into_owned();
    [("state", json!(state)), ("profile", json!("paragraf")), ("platform", platform)]
        .into_iter()
        .map(|(key, value)| (key.to_owned(), value))
        .collect()
}

/// A folder for the state file that goes with the demonstration.
struct Folder(PathBuf);

impl Folder {
    fn make() -> Result<Folder, Trouble> {
        let place = std::env::temp_dir().join(format!("zvonok-demo-{}", std::process::id()));
        std::fs::create_dir_all(&place)?;
        std::fs::write(place.join("token"), sandbox::Options::default().token)?;
        Ok(Folder(place))
    }

    /// Ctrl+C ends the demonstration without leaving the folder behind.
    fn vanish_on_interrupt(&self) {
        let place = self.0.clone();
        crate::console::on_interrupt(move || {
            const INTERRUPTED: i32 = 130;
            let _ = std::fs::remove_dir_all(&place);
            #[allow(clippy::exit, reason = "Ctrl+C ends the demonstration at once")]
            std::process::exit(INTERRUPTED);
        });
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // What cannot be removed is left to the system's own cleaning.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
