//! `zvonok explain`: why a person is, or is not, in a chat.

use std::path::PathBuf;

use serde_json::{Map, Value, json};
use zvonok::error::{Code, Error, Text};
use zvonok::profile::source;

use super::{ask, put};
use crate::configuration;
use crate::people::People;
use crate::profiles::{Export, explain};
use crate::show;
use crate::terminal::Terminal;
use crate::trouble::{Outcome, Trouble};

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
    /// The school's data, for names; without a state file --profile is asked what it makes of them
    /// / Данные школы, чтобы показать имена; если файла состояния нет, о них спрашивается --profile
    #[arg(long, value_name = "PATH")]
    roster: Option<PathBuf>,
    /// Without a state file, take this for now: 2026-09-01T08:25:00+03:00
    /// / Без файла состояния считать, что сейчас: 2026-09-01T08:25:00+03:00
    #[arg(long, value_name = "TIME")]
    now: Option<String>,
}

/// Asks and shows the answer.
pub(crate) fn run(terminal: &Terminal, args: &Args) -> Outcome {
    let document = args.configuration.document()?;
    let stateless = !document.contains_key("state") && document.contains_key("profile");
    let (code, reply) = match stateless {
        true => (Code::Ok, offline(terminal, args, &document)?),
        false => asked(terminal, args)?,
    };
    if terminal.json {
        terminal.document(&reply)?;
    } else {
        let people = People::of_file(args.roster.as_deref());
        show::explain::show(terminal, &reply["result"], &people)?;
    }
    Ok(code)
}

/// What the state file tells.
fn asked(terminal: &Terminal, args: &Args) -> Result<(Code, Value), Error> {
    let mut session = args.configuration.open(terminal)?;
    let mut params = Map::new();
    put(&mut params, "chat", Some(args.chat.clone()));
    put(&mut params, "person", Some(args.person.clone()));
    ask(&mut session, "explain", &params)
}

/// What a profile makes of a roster.
fn offline(
    terminal: &Terminal,
    args: &Args,
    document: &Map<String, Value>,
) -> Result<Value, Trouble> {
    let Some(roster) = &args.roster else {
        return Err(Trouble::Usage(Text::new(
            "чтобы спросить профиль без файла состояния, нужна выгрузка: --roster",
            "to ask a profile without a state file a roster is needed: --roster",
        )));
    };
    let name = document.get("profile").and_then(Value::as_str).unwrap_or_default();
    let export = Export::at(roster, args.now.as_deref(), document)?;
    let given = document.get("settings").and_then(Value::as_object).cloned().unwrap_or_default();
    let desired = export.desired(&source(name)?, &given, terminal)?;
    let answer = explain::explain(&export.roster, &desired, &args.chat, &args.person)?;
    Ok(json!({"format": "zvonok.reply/1", "result": answer}))
}
