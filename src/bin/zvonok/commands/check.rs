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
    /// The configuration's file / Файл настроек
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// A built-in profile or the path of a script; without a configuration, oneroster if not told
    /// / Встроенный профиль или путь к скрипту; без файла настроек, если не указан, — oneroster
    #[arg(long, value_name = "NAME|FILE")]
    profile: Option<String>,
    /// The school's data: JSON, or a folder or a zip of CSV / Данные школы: JSON, папка или zip с CSV
    #[arg(long, value_name = "PATH")]
    roster: Option<PathBuf>,
}

/// Looks for every fault and shows them.
pub(crate) fn run(terminal: &Terminal, args: &Args) -> Outcome {
    if args.config.is_none() && args.profile.is_none() && args.roster.is_none() {
        return Err(Trouble::Usage(Text::new(
            "укажите, что проверить: --config, --profile или --roster",
            "say what to check: --config, --profile or --roster",
        )));
    }
    let config = configuration(args)?;
    let roster = args.roster.as_deref().map(Content::at).transpose()?;
    let (code, document) = zvonok::check::check_content(&config, roster.as_ref());
    if terminal.json {
        terminal.document(&document)?;
    } else {
        tell(terminal, &document)?;
    }
    Ok(code)
}

/// The configuration's text; a file that is no JSON goes as it is, for the library to say why.
fn configuration(args: &Args) -> Result<String, Error> {
    let given = configuration::Args {
        config: args.config.clone(),
        profile: args.profile.clone(),
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

fn tell(terminal: &Terminal, document: &Value) -> io::Result<()> {
    let [faults, warnings] = ["faults", "warnings"].map(|key| rows(document, key));
    faults.iter().try_for_each(|fault| line(terminal, Tone::Bad, fault))?;
    warnings.iter().try_for_each(|warning| line(terminal, Tone::Warning, warning))?;
    let [faults, warnings] = [faults, warnings].map(|list| grouped(list.len() as u64));
    terminal.say(terminal.pick(
        format!("Ошибок: {faults}, предупреждений: {warnings}"),
        format!("Faults: {faults}, warnings: {warnings}"),
    ))
}

fn line(terminal: &Terminal, tone: Tone, fault: &Value) -> io::Result<()> {
    let Ok(parsed) = serde_json::from_value::<Fault>(fault.clone()) else {
        return terminal.say(fault);
    };
    let mark = terminal.tone(tone, if matches!(tone, Tone::Bad) { "✕" } else { "!" });
    let code = terminal.tone(Tone::Faint, format!("({})", text(fault, "code")));
    terminal.say(format!("{mark} {} {code}", show::faults::line(terminal, &parsed)))
}
