//! `zvonok calls`: the online lessons that are, will be and were.

use serde_json::{Map, Value, json};
use zvonok::error::{Code, Error};
use zvonok::session::Session;

use super::{ask, put};
use crate::configuration;
use crate::show::{self, number, rows};
use crate::terminal::{Terminal, Tone};
use crate::trouble::Outcome;

/// What `zvonok calls` is told.
#[derive(clap::Args, Debug)]
#[group(skip)]
pub(crate) struct Args {
    #[command(flatten)]
    configuration: configuration::Args,
    /// Only calls of this chat / Только звонки этого чата
    #[arg(long, value_name = "KEY")]
    chat: Option<String>,
    /// Only calls that stand so / Только звонки в этом состоянии
    #[arg(long, value_parser = ["created", "published", "finished"])]
    only: Option<String>,
    /// Only calls with this in their title / Только звонки с этим в названии
    #[arg(long, value_name = "TEXT")]
    search: Option<String>,
}

/// Shows the calls in the order in which they begin.
pub(crate) fn run(terminal: &Terminal, args: &Args) -> Outcome {
    let mut session = args.configuration.open(terminal)?;
    let mut params = Map::new();
    put(&mut params, "chat", args.chat.clone());
    put(&mut params, "state", args.only.clone());
    put(&mut params, "search", args.search.clone());
    let reply = all(&mut session, params)?;
    if terminal.json {
        terminal.document(&reply)?;
        return Ok(Code::Ok);
    }
    let calls = rows(&reply["result"], "calls");
    if !calls.is_empty() {
        show::calls::list(terminal, calls)?;
    }
    let count = calls.len();
    let words =
        terminal.pick(format!("Всего звонков: {count}"), format!("Calls in total: {count}"));
    terminal.say(terminal.tone(Tone::Faint, words))?;
    Ok(Code::Ok)
}

/// The reply with every page of calls in one.
fn all(session: &mut Session, mut params: Map<String, Value>) -> Result<Value, Error> {
    const MOST: u32 = 1000;
    put(&mut params, "per_page", Some(MOST));
    let (_, mut whole) = ask(session, "calls.list", &params)?;
    for page in 2..=number(&whole["result"], "pages") {
        params.insert("page".to_owned(), json!(page));
        let (_, mut reply) = ask(session, "calls.list", &params)?;
        if let (Some(calls), Some(more)) =
            (whole["result"]["calls"].as_array_mut(), reply["result"]["calls"].as_array_mut())
        {
            calls.append(more);
        }
    }
    Ok(whole)
}
