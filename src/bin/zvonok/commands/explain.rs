//! `zvonok explain`: why a person is, or is not, in a chat.

use std::path::PathBuf;

use serde_json::Map;

use super::{ask, put};
use crate::configuration;
use crate::people::People;
use crate::show;
use crate::terminal::Terminal;
use crate::trouble::Outcome;

/// What `zvonok explain` is told.
#[derive(clap::Args, Debug)]
#[group(skip)]
pub(crate) struct Args {
    /// The chat's key, such as class:1a / Ключ чата, например class:1a
    chat: String,
    /// The person's sourcedId / sourcedId человека
    person: String,
    #[command(flatten)]
    configuration: configuration::Args,
    /// The school's data, for names / Данные школы, чтобы показать имена
    #[arg(long, value_name = "PATH")]
    roster: Option<PathBuf>,
}

/// Asks and shows the answer.
pub(crate) fn run(terminal: &Terminal, args: &Args) -> Outcome {
    let mut session = args.configuration.open(terminal)?;
    let mut params = Map::new();
    put(&mut params, "chat", Some(args.chat.clone()));
    put(&mut params, "person", Some(args.person.clone()));
    let (code, reply) = ask(&mut session, "explain", &params)?;
    if terminal.json {
        terminal.document(&reply)?;
    } else {
        let people = People::of_file(args.roster.as_deref());
        show::explain::show(terminal, &reply["result"], &people)?;
    }
    Ok(code)
}
