//! `zvonok calls`: the online lessons that are, will be and were.

use serde_json::Map;
use zvonok::error::Code;

use super::{put, whole};
use crate::configuration;
use crate::show::{self, rows};
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
    let reply = whole(&mut session, "calls.list", "calls", params)?;
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
