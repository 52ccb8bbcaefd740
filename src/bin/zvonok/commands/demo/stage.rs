//! What every step stands on: a messenger, a school, a session and the clock of the story.

use std::collections::BTreeSet;
use std::io::{self, BufRead, Write};
use std::path::Path;
use std::time::{Duration, Instant};

use jiff::civil::Date;
use rand::SeedableRng;
use serde_json::{Map, Value, json};
use zvonok::config::Config;
use zvonok::error::{Code, Error};
use zvonok::session::{Cancel, Session};

use super::Args;
use super::crowd::{Crowd, Way};
use super::folder::Folder;
use super::messenger::{Messenger, Side};
use super::office::Office;
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
/// When each day of the story begins, and how long it is between two cycles, in minutes.
const MORNING: u16 = 9 * 60;
/// Requests a second that are left unused on MAX: whoever uses all of them is sent away at times.
const SPARE: usize = 3;
/// The second day begins so early that no chat is due to be looked at again yet.
const EARLY: u16 = 7 * 60;
const BETWEEN: u16 = 5;

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
    /// Somebody in the school's office.
    pub(super) office: Office,
    /// The people who follow links.
    pub(super) crowd: Crowd,
    /// The report of the last cycle.
    pub(super) last: Value,
    /// A parent who links an account only after having been found in a group.
    pub(super) late: Option<String>,
    session: Session,
    sandbox: Sandbox,
    folder: Folder,
    moment: (Date, u16),
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
        let side = args.platform;
        let sandbox = Sandbox::start(&options).map_err(Trouble::System)?;
        let folder = Folder::make(side.token(&options))?;
        folder.vanish_on_interrupt();
        let config = configuration(side, &sandbox, &options, &folder.0);
        let config = Config::from_map(&config)?;
        let console = Box::new(Console::new(terminal));
        let session = Session::with_config(config, console, Cancel::default())?;
        let size = Size { students: args.students() };
        let stage = Stage {
            terminal,
            messenger: Messenger::at(&sandbox.address, side),
            roster: school::generate(SEED, size, BEGINS),
            chance: Chance::seed_from_u64(SEED + 1),
            office: Office::default(),
            crowd: Crowd::new(SEED + 2),
            last: Value::Null,
            late: None,
            session,
            sandbox,
            folder,
            moment: (BEGINS, MORNING),
            step: 0,
            waits: args.pause && !terminal.json,
        };
        stage.introduce()?;
        Ok(stage)
    }

    /// The people of the school have their names in the messenger, too.
    fn introduce(&self) -> Result<(), Trouble> {
        for user in crate::show::rows(&self.roster, "users") {
            if let Some(account) = account(user, self.messenger.side) {
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

    /// Every way in that somebody was given and has not gone yet. A set: people may share an account.
    pub(super) fn ways(&mut self) -> Result<BTreeSet<Way>, Error> {
        let mut all = BTreeSet::new();
        for row in self.registry()? {
            let group = text(&row, "platform_id").parse();
            let (Some(link), Ok(group)) = (row["link"].as_str(), group) else { continue };
            let chat = self.chat(text(&row, "key"))?;
            let has_link = |member: &&Value| member["linked"] == true && member["joined"] == false;
            let accounts = crate::show::rows(&chat, "members").iter().filter(has_link);
            let accounts = accounts.filter_map(|member| text(member, "account").parse().ok());
            all.extend(accounts.map(|account| Way { group, link: link.to_owned(), account }));
        }
        Ok(all)
    }

    /// One chat with its people.
    pub(super) fn chat(&mut self, key: &str) -> Result<Value, Error> {
        let params = Map::from_iter([("chat".to_owned(), json!(key))]);
        let (_, mut reply) = crate::commands::ask(&mut self.session, "chats.get", &params)?;
        Ok(reply["result"].take())
    }

    /// A request, at the present moment of the story: its code and result.
    ///
    /// # Errors
    /// What the library refuses.
    pub(super) fn request(&mut self, method: &str, params: Value) -> Result<(Code, Value), Error> {
        self.request_of("system", method, params)
    }

    /// The same of somebody at the host's screens.
    ///
    /// # Errors
    /// As [`Stage::request`].
    pub(super) fn request_of(
        &mut self,
        actor: &str,
        method: &str,
        params: Value,
    ) -> Result<(Code, Value), Error> {
        let request = json!({
            "method": method, "actor": actor, "params": params, "now": self.now(),
        });
        let (code, mut reply) = self.session.request(&request.to_string())?;
        Ok((code, reply["result"].take()))
    }

    /// One cycle with the roster as it is now.
    pub(super) fn next(&mut self) -> Result<Cycle, Trouble> {
        self.cycle(&self.roster.clone(), json!({}))
    }

    /// The same a minute later: nothing becomes due in between, lessons begin and end on whole fives.
    pub(super) fn soon(&mut self) -> Result<Cycle, Trouble> {
        self.moment.1 = self.moment.1 + 1 - BETWEEN;
        self.next()
    }

    /// The minute of the day.
    pub(super) fn minute(&self) -> u16 {
        self.moment.1
    }

    /// The day.
    pub(super) fn today(&self) -> String {
        self.moment.0.to_string()
    }

    /// Time passes until this minute of the day.
    pub(super) fn wait_until(&mut self, minute: u16) {
        self.moment.1 = self.moment.1.max(minute);
    }

    /// One cycle with a roster, some time later.
    ///
    /// # Errors
    /// What the library refuses.
    pub(super) fn cycle(&mut self, roster: &Value, options: Value) -> Result<Cycle, Trouble> {
        self.moment.1 += BETWEEN;
        let mut options = options;
        options["now"] = json!(self.now());
        let roster = roster.to_string();
        let begun = Instant::now();
        let result = self.session.sync(roster.as_bytes(), &options.to_string());
        let took = begun.elapsed();
        let (code, report) = result?;
        if self.terminal.json {
            self.terminal.document(&report)?;
        }
        self.last = report.clone();
        Ok((code, report, took))
    }

    /// The next morning.
    pub(super) fn sleep(&mut self) {
        let tomorrow = self.moment.0.tomorrow().unwrap_or(self.moment.0);
        self.moment = (tomorrow, EARLY);
        school::changes::set_today(&mut self.roster, tomorrow);
    }

    fn now(&self) -> String {
        let (day, minutes) = self.moment;
        format!("{day}T{:02}:{:02}:00+03:00", minutes / 60, minutes % 60)
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
        let (state, token) = (state.display(), self.folder.0.join("token"));
        let side = match self.messenger.side {
            Side::Max => format!("max \\\n    --base-url {address}/max/"),
            Side::Vk => {
                format!("vk \\\n    --base-url {address} --community {}", self.sandbox.community)
            }
        };
        let options = format!(
            "--state {state} --profile paragraf --platform {side} --token-file {}",
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
fn account(user: &Value, side: Side) -> Option<i64> {
    let ids = crate::show::rows(user, "userIds").iter();
    let mut ids = ids.filter(|id| id["type"] == side.name());
    ids.next()?["identifier"].as_str()?.parse().ok()
}

fn configuration(
    side: Side,
    sandbox: &Sandbox,
    options: &sandbox::Options,
    folder: &Path,
) -> Map<String, Value> {
    let (address, token) = (&sandbox.address, side.token(options));
    let platform = match side {
        Side::Max => json!({
            "kind": "max", "token": token, "base_url": format!("{address}/max/"),
            "requests_per_second": options.max_rate - SPARE,
        }),
        Side::Vk => json!({
            "kind": "vk", "token": token, "base_url": address,
            "community": sandbox.community.to_string(), "requests_per_second": options.rate,
        }),
    };
    let state = folder.join("zvonok.db").to_string_lossy().into_owned();
    // MAX lets nobody but people start calls: this school has rooms of its own.
    let calls = match side {
        Side::Max => json!({"provider": "address", "url": "https://meet.school.example/<call>"}),
        Side::Vk => json!({}),
    };
    let lines = [("state", json!(state)), ("profile", json!("paragraf")), ("calls", calls)];
    lines
        .into_iter()
        .chain([("platform", platform)])
        .map(|(key, value)| (key.to_owned(), value))
        .collect()
}

/// A promise of the demonstration that does not hold ends it.
pub(super) fn expect(holds: bool, otherwise: &str) -> Result<(), Trouble> {
    if holds { Ok(()) } else { Err(Trouble::System(otherwise.to_owned())) }
}
