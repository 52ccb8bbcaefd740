//! `zvonok check`: every fault of a configuration, a profile and a roster, without state or
//! network.

use std::io;
use std::path::{Path, PathBuf};

use serde_json::{Map, Value, json};
use zvonok::error::{Error, Fault, Text};
use zvonok::roster::Content;

use crate::configuration;
use crate::show::{self, rows, text};
use crate::terminal::{Terminal, Tone};
use crate::trouble::{Outcome, Trouble};
use crate::words::grouped;

/// What `zvonok check` is told.
#[derive(clap::Args, Debug)]
#[group(skip)]
pub(crate) struct Args {
    /// The profile to check: the path of a script, or a built-in one
    /// / Профиль, который проверить: путь к скрипту или встроенный
    #[arg(value_name = "PROFILE", conflicts_with = "profile")]
    script: Option<String>,
    /// The configuration's file / Файл настроек
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// A built-in profile or the path of a script; without a configuration, oneroster if not told
    /// / Встроенный профиль или путь к скрипту; без файла настроек, если не указан, — oneroster
    #[arg(long, value_name = "NAME|FILE", id = "profile")]
    profile: Option<String>,
    /// The school's data: JSON, or a folder or a zip of CSV / Данные школы: JSON, папка или zip с CSV
    #[arg(long, value_name = "PATH")]
    roster: Option<PathBuf>,
}

/// Looks for every fault and shows them.
pub(crate) fn run(terminal: &Terminal, args: &Args) -> Outcome {
    let nothing = args.config.is_none() && profile(args).is_none() && args.roster.is_none();
    if nothing {
        return Err(Trouble::Usage(Text::new(
            "укажите, что проверить: профиль, --config или --roster",
            "say what to check: a profile, --config or --roster",
        )));
    }
    let config = configuration(args)?;
    let roster = args.roster.as_deref().map(Content::at).transpose()?;
    let (code, document) = zvonok::check::check_content(&config, roster.as_ref());
    if terminal.json {
        terminal.document(&document)?;
    } else {
        tell(terminal, &as_given(args, document))?;
    }
    Ok(code)
}

fn profile(args: &Args) -> Option<&String> {
    args.script.as_ref().or(args.profile.as_ref())
}

/// The configuration's text; a file that is no JSON goes as it is, for the library to say why.
fn configuration(args: &Args) -> Result<String, Error> {
    let given = configuration::Args {
        config: args.config.clone(),
        profile: profile(args).cloned(),
        ..configuration::Args::default()
    };
    let written = |file: &Path| std::fs::read_to_string(file).ok();
    match (given.document(), &args.config) {
        (Ok(document), Some(_)) => Ok(Value::Object(document).to_string()),
        (Ok(document), None) => Ok(Value::Object(sound(document)).to_string()),
        (Err(error), file) => file.as_deref().and_then(written).ok_or(error),
    }
}

/// A configuration without faults around a profile and a roster that are checked by themselves.
fn sound(mut document: Map<String, Value>) -> Map<String, Value> {
    let state = configuration::absolute(Path::new("zvonok.db"));
    let platform = json!({"kind": "vk", "token": "none", "community": "1"});
    for (key, value) in [("state", json!(state)), ("platform", platform)] {
        document.insert(key.to_owned(), value);
    }
    document.entry("profile").or_insert_with(|| json!("oneroster"));
    document
}

/// The faults with the script's path as it was given: people know it by that.
fn as_given(args: &Args, mut document: Value) -> Value {
    let Some(given) = profile(args) else { return document };
    let absolute = configuration::profile(given, Path::new(""));
    for list in ["faults", "warnings"] {
        for fault in document[list].as_array_mut().into_iter().flatten() {
            let at = text(fault, "at").replacen(&absolute, given, 1);
            fault["at"] = json!(at);
        }
    }
    document
}

fn tell(terminal: &Terminal, document: &Value) -> io::Result<()> {
    let [faults, warnings] = ["faults", "warnings"].map(|key| rows(document, key));
    lines(terminal, Tone::Bad, faults)?;
    lines(terminal, Tone::Warning, warnings)?;
    let [faults, warnings] = [faults, warnings].map(|list| grouped(list.len() as u64));
    terminal.say(terminal.pick(
        format!("Ошибок: {faults}, предупреждений: {warnings}"),
        format!("Faults: {faults}, warnings: {warnings}"),
    ))
}

/// Faults in their order; where one line of a script fails for many objects, the first few and how
/// many more there are.
fn lines(terminal: &Terminal, tone: Tone, faults: &[Value]) -> io::Result<()> {
    const OBJECTS: usize = 3;
    let mut told: Vec<(&str, &str, usize)> = Vec::new();
    for fault in faults {
        let (code, at) = (text(fault, "code"), text(fault, "at"));
        let known = told.iter_mut().find(|(c, a, _)| (*c, *a) == (code, at));
        let count = match known {
            _ if code != "profile.script" => 1,
            Some((.., count)) => {
                *count += 1;
                *count
            }
            None => {
                told.push((code, at, 1));
                1
            }
        };
        if count <= OBJECTS {
            line(terminal, tone, fault)?;
        }
    }
    for (_, at, count) in told.into_iter().filter(|(.., count)| *count > OBJECTS) {
        let more = grouped((count - OBJECTS) as u64);
        let more = terminal.pick(
            format!("  {at}: то же ещё у {more} объектов; все — с --json"),
            format!("  {at}: the same for {more} more objects; --json shows all"),
        );
        terminal.say(terminal.tone(Tone::Faint, more))?;
    }
    Ok(())
}

fn line(terminal: &Terminal, tone: Tone, fault: &Value) -> io::Result<()> {
    let Ok(parsed) = serde_json::from_value::<Fault>(fault.clone()) else {
        return terminal.say(fault);
    };
    let mark = terminal.tone(tone, if matches!(tone, Tone::Bad) { "✕" } else { "!" });
    let code = terminal.tone(Tone::Faint, format!("({})", text(fault, "code")));
    terminal.say(format!("{mark} {} {code}", show::faults::line(terminal, &parsed)))
}
