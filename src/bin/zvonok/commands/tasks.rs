//! `zvonok tasks`: what only a person can do, step by step, and the word that it is done.

use std::path::PathBuf;

use serde_json::{Map, Value};
use zvonok::error::{Code, Error};
use zvonok::session::Session;

use super::{ask, put, whole};
use crate::configuration;
use crate::people::People;
use crate::show::{self, rows};
use crate::terminal::{Terminal, Tone};
use crate::trouble::Outcome;

/// What `zvonok tasks` is told.
#[derive(clap::Args, Debug)]
#[group(skip)]
#[command(args_conflicts_with_subcommands = true)]
pub(crate) struct Args {
    #[command(subcommand)]
    deed: Option<Deed>,
    #[command(flatten)]
    configuration: configuration::Args,
    /// The school's data, for names / Данные школы, чтобы показать имена
    #[arg(long, value_name = "FILE")]
    roster: Option<PathBuf>,
    /// Closed tasks, too / И закрытые задачи
    #[arg(long)]
    all: bool,
    /// Only tasks of this kind / Только задачи этого вида
    #[arg(long, value_parser = KINDS)]
    kind: Option<String>,
    /// Only tasks about this chat / Только задачи об этом чате
    #[arg(long, value_name = "KEY")]
    chat: Option<String>,
}

const KINDS: [&str; 7] = [
    "create_chat",
    "add_bot",
    "give_rights",
    "rotate_link",
    "transfer_ownership",
    "let_in",
    "give_call_link",
];

#[derive(clap::Subcommand, Debug)]
enum Deed {
    /// Say that a task is done; the library looks at once whether it is so
    /// / Сообщить, что задача сделана; библиотека сразу проверит
    Done(Done),
}

#[derive(clap::Args, Debug)]
#[group(skip)]
struct Done {
    /// The task, such as t3 / Задача, например t3
    task: String,
    #[command(flatten)]
    configuration: configuration::Args,
    /// The number of the group that was made / Номер созданной группы
    #[arg(long, value_name = "ID", allow_hyphen_values = true)]
    platform_id: Option<String>,
    /// The new invite link, or the call link / Новая ссылка-приглашение или ссылка на звонок
    #[arg(long, value_name = "URL")]
    link: Option<String>,
    /// The school's data, for names / Данные школы, чтобы показать имена
    #[arg(long, value_name = "FILE")]
    roster: Option<PathBuf>,
}

/// Shows the tasks, or takes a person's word for one.
pub(crate) fn run(terminal: &Terminal, args: &Args) -> Outcome {
    match &args.deed {
        Some(Deed::Done(word)) => done(terminal, word),
        None => list(terminal, args),
    }
}

fn done(terminal: &Terminal, word: &Done) -> Outcome {
    let mut session = word.configuration.open(terminal)?;
    let mut params = Map::new();
    put(&mut params, "task", Some(word.task.clone()));
    put(&mut params, "platform_id", word.platform_id.clone());
    put(&mut params, "link", word.link.clone());
    let (code, reply) = ask(&mut session, "tasks.done", &params)?;
    if terminal.json {
        terminal.document(&reply)?;
    } else {
        let people = People::of_file(word.roster.as_deref());
        show::tasks::done(terminal, &reply["result"], &people)?;
    }
    Ok(code)
}

fn list(terminal: &Terminal, args: &Args) -> Outcome {
    let mut session = args.configuration.open(terminal)?;
    let reply = all(&mut session, filter(args))?;
    if terminal.json {
        terminal.document(&reply)?;
        return Ok(Code::Ok);
    }
    let tasks = rows(&reply["result"], "tasks");
    let people = People::of_file(args.roster.as_deref());
    show::tasks::whole(terminal, tasks, &people)?;
    let open = tasks.iter().filter(|task| task["closed"].is_null()).count();
    let closed = tasks.len() - open;
    let mut words = terminal.pick(format!("Открытых задач: {open}"), format!("Open tasks: {open}"));
    if args.all {
        words += &terminal.pick(format!(", закрытых: {closed}"), format!(", closed: {closed}"));
    }
    terminal.say(terminal.tone(Tone::Faint, words))?;
    Ok(Code::Ok)
}

fn filter(args: &Args) -> Map<String, Value> {
    let mut params = Map::new();
    put(&mut params, "state", args.all.then_some("all"));
    put(&mut params, "kind", args.kind.clone());
    put(&mut params, "chat", args.chat.clone());
    params
}

/// The reply with every page of tasks in one.
fn all(session: &mut Session, params: Map<String, Value>) -> Result<Value, Error> {
    whole(session, "tasks.list", "tasks", params)
}
