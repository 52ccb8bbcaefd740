//! `zvonok invite`: a one-time link by which a person links their account.

use std::path::PathBuf;

use serde_json::Map;

use super::{ask, put};
use crate::configuration;
use crate::people::People;
use crate::show::{moment, text};
use crate::terminal::{Terminal, Tone};
use crate::trouble::Outcome;

/// What `zvonok invite` is told.
#[derive(clap::Args, Debug)]
#[group(skip)]
pub(crate) struct Args {
    /// The person's sourcedId / sourcedId человека
    person: String,
    #[command(flatten)]
    configuration: configuration::Args,
    /// How long the link works: 72h, 30d at most / Сколько действует ссылка: 72h, не более 30d
    #[arg(long, value_name = "DURATION")]
    expires: Option<String>,
    /// The school's data, for the name / Данные школы, чтобы показать имя
    #[arg(long, value_name = "FILE")]
    roster: Option<PathBuf>,
}

/// Asks for the link and shows it.
pub(crate) fn run(terminal: &Terminal, args: &Args) -> Outcome {
    let mut session = args.configuration.open(terminal)?;
    let mut params = Map::new();
    put(&mut params, "person", Some(args.person.clone()));
    put(&mut params, "expires", args.expires.clone());
    let (code, reply) = ask(&mut session, "accounts.invite", &params)?;
    if terminal.json {
        terminal.document(&reply)?;
        return Ok(code);
    }
    let result = &reply["result"];
    let name = People::of_file(args.roster.as_deref()).name(text(result, "person"));
    let until = moment(text(result, "expires"));
    terminal.say(text(result, "link"))?;
    terminal.say(terminal.tone(
        Tone::Faint,
        terminal.pick(
            format!(
                "Одноразовая ссылка, до {until}. Отправьте её только этому человеку: {name}. Кто \
                 первым откроет по ней бота, того и учётная запись."
            ),
            format!(
                "Good once, until {until}. Give it to this person alone: {name}. Whoever opens the \
                 bot by it first is taken for them."
            ),
        ),
    ))?;
    Ok(code)
}
