//! `zvonok check`: every fault of a configuration, a profile and a roster, without state or network.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_json::{Map, Value, json};
use zvonok::clock::Clock;
use zvonok::config::Config;
use zvonok::error::{Code, Error, Fault, Text};
use zvonok::profile::{self, Source};
use zvonok::roster::{self, Roster, Rules};
use zvonok::stop::Stop;

use crate::configuration;
use crate::show;
use crate::terminal::{Terminal, Tone};
use crate::trouble::{Outcome, Trouble};
use crate::words::grouped;

/// What `zvonok check` is told.
#[derive(clap::Args, Debug)]
#[group(skip)]
pub(crate) struct Args {
    /// The configuration's file / Файл настроек
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// A built-in profile or the path of a script / Встроенный профиль или путь к скрипту
    #[arg(long, value_name = "NAME|FILE")]
    profile: Option<String>,
    /// The school's data, JSON / Данные школы, JSON
    #[arg(long, value_name = "FILE")]
    roster: Option<PathBuf>,
}

/// What was found, by whom it must be mended.
#[derive(Default)]
struct Findings {
    errors: Vec<(Code, Fault)>,
    warnings: Vec<Fault>,
}

/// Looks for every fault and shows them.
pub(crate) fn run(terminal: &Terminal, args: &Args) -> Outcome {
    if args.config.is_none() && args.profile.is_none() && args.roster.is_none() {
        return Err(Trouble::Usage(Text::new(
            "укажите, что проверить: --config, --profile или --roster",
            "say what to check: --config, --profile or --roster",
        )));
    }
    let findings = look(args);
    let code = findings.code();
    if terminal.json {
        terminal.document(&findings.document())?;
    } else {
        findings.show(terminal)?;
    }
    Ok(code)
}

fn look(args: &Args) -> Findings {
    let mut findings = Findings::default();
    let document = configured(args, &mut findings);
    let config =
        args.config.is_some().then(|| findings.take(Config::from_map(&document))).flatten();
    let settings = document.get("settings").and_then(Value::as_object).cloned().unwrap_or_default();
    let name = document.get("profile").and_then(Value::as_str);
    let source = name.and_then(|name| findings.take(profile::source(name)));
    let sound = source.filter(|source| script(source, &settings, &mut findings));
    let clock = Clock::new(None, zone(config.as_ref()));
    let roster = args.roster.as_deref().and_then(|file| {
        let read = data(file, &clock, config.as_ref());
        findings.take(read)
    });
    let Some(roster) = roster else { return findings };
    findings.warnings.extend(roster.warnings.iter().cloned());
    if let Some(source) = sound {
        let organization = config.as_ref().and_then(|config| config.organization.as_deref());
        try_out(&source, &Arc::new(roster), &settings, organization, &clock, &mut findings);
    }
    findings
}

/// The configuration's document; a profile named in the arguments wins.
fn configured(args: &Args, findings: &mut Findings) -> Map<String, Value> {
    let given = configuration::Args {
        config: args.config.clone(),
        profile: args.profile.clone(),
        ..configuration::Args::default()
    };
    if let Some(document) = findings.take(given.document()) {
        return document;
    }
    let without_file = configuration::Args { config: None, ..given };
    without_file.document().unwrap_or_default()
}

fn script(source: &Source, settings: &Map<String, Value>, findings: &mut Findings) -> bool {
    let described = profile::describe(source);
    let fits = described.and_then(|description| description.settings_with(settings));
    findings.take(fits).is_some()
}

fn zone(config: Option<&Config>) -> jiff::tz::TimeZone {
    let moscow = || zvonok::clock::zone("Europe/Moscow").unwrap_or(jiff::tz::TimeZone::UTC);
    config.map_or_else(moscow, |config| config.zone.clone())
}

fn data(file: &Path, clock: &Clock, config: Option<&Config>) -> Result<Roster, Error> {
    const DANGLING_SHARE: f64 = 0.02;
    const MINIMUM: u32 = 5;
    let guard = config.map(|config| config.guard);
    let document = std::fs::read(file).map_err(|error| unreadable(file, &error))?;
    let rules = Rules {
        today: clock.today(),
        dangling_share: guard.map_or(DANGLING_SHARE, |guard| guard.dangling_share),
        minimum: guard.map_or(MINIMUM, |guard| guard.minimum),
        before: None,
    };
    roster::read(&document, &rules)
}

fn unreadable(file: &Path, error: &std::io::Error) -> Error {
    let message = Text::new(
        format!("файл выгрузки не читается: {error}"),
        format!("the roster's file cannot be read: {error}"),
    );
    let at = file.display().to_string();
    Error::with_faults(Code::Roster, vec![Fault::new("roster.unreadable", at, "", message)])
}

/// Runs the profile over the roster: some faults show only at work.
fn try_out(
    source: &Source,
    roster: &Arc<Roster>,
    settings: &Map<String, Value>,
    organization: Option<&str>,
    clock: &Clock,
    findings: &mut Findings,
) {
    let now = clock.zoned();
    let room = profile::Room {
        roster,
        settings,
        organization,
        now: &now,
        limits: profile::Limits::default(),
        stop: &Stop::never(),
        log: &|_| {},
    };
    if let Some(desired) = findings.take(profile::evaluate(source, room)) {
        findings.warnings.extend(desired.warnings);
    }
}

impl Findings {
    /// What was made, or nothing and the faults of it kept.
    fn take<T>(&mut self, result: Result<T, Error>) -> Option<T> {
        let error = match result {
            Ok(made) => return Some(made),
            Err(error) => error,
        };
        if error.faults.is_empty() {
            let fault = Fault::new(&error.code.name().to_lowercase(), "", "", error.message);
            self.errors.push((error.code, fault));
        } else {
            self.errors.extend(error.faults.into_iter().map(|fault| (error.code, fault)));
        }
        None
    }

    /// The first class of faults in the order in which they must be mended.
    fn code(&self) -> Code {
        let order = [Code::Config, Code::Profile, Code::Roster];
        let found = |code: &Code| self.errors.iter().any(|(its, _)| its == code);
        let other = self.errors.first().map_or(Code::Ok, |(code, _)| *code);
        order.into_iter().find(found).unwrap_or(other)
    }

    fn document(&self) -> Value {
        let faults: Vec<&Fault> = self.errors.iter().map(|(_, fault)| fault).collect();
        json!({"format": "zvonok.check/1", "faults": faults, "warnings": self.warnings})
    }

    fn show(&self, terminal: &Terminal) -> std::io::Result<()> {
        for (code, fault) in &self.errors {
            let word = terminal.tone(Tone::Bad, code.name());
            terminal.say(format!("{word} {}", show::faults::line(terminal, fault)))?;
        }
        let word = terminal.tone(Tone::Warning, terminal.pick("предупреждение", "warning"));
        for fault in &self.warnings {
            terminal.say(format!("{word} {}", show::faults::line(terminal, fault)))?;
        }
        let [faults, warnings] =
            [self.errors.len(), self.warnings.len()].map(|count| grouped(count as u64));
        terminal.say(terminal.pick(
            format!("Ошибок: {faults}, предупреждений: {warnings}"),
            format!("Faults: {faults}, warnings: {warnings}"),
        ))
    }
}
