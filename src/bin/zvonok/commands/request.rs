//! `zvonok request`: any request to the library, as it is, and its reply.

use std::io::Read;

use zvonok::session::Session;

use crate::configuration;
use crate::terminal::Terminal;
use crate::trouble::Outcome;

/// What `zvonok request` is told.
#[derive(clap::Args, Debug)]
#[group(skip)]
pub(crate) struct Args {
    /// The request, JSON, such as '{"method": "diagnostics"}'; from standard input without it
    /// / Запрос, JSON, например '{"method": "diagnostics"}'; если не указан — со стандартного ввода
    #[arg(value_name = "JSON")]
    request: Option<String>,
    #[command(flatten)]
    configuration: configuration::Args,
}

/// Asks and prints the reply: for people on many lines, with `--json` on one.
pub(crate) fn run(terminal: &Terminal, args: &Args) -> Outcome {
    let request = match args.request.as_deref() {
        Some(request) if request != "-" => request.to_owned(),
        _ => {
            let mut text = String::new();
            std::io::stdin().lock().read_to_string(&mut text)?;
            text
        }
    };
    let mut session: Session = args.configuration.open(terminal)?;
    let (code, reply) = session.request(&request)?;
    match terminal.json {
        true => terminal.document(&reply)?,
        false => terminal.say(format!("{reply:#}"))?,
    }
    Ok(code)
}
