//! `zvonok chats`: the registry, or the people of one chat.

use std::path::PathBuf;

use serde_json::{Map, Value, json};
use zvonok::error::Error;
use zvonok::session::Session;

use super::{ask, put};
use crate::configuration;
use crate::people::People;
use crate::show::{self, number, rows};
use crate::terminal::{Terminal, Tone};
use crate::trouble::Outcome;

/// What `zvonok chats` is told.
#[derive(clap::Args, Debug)]
#[group(skip)]
pub(crate) struct Args {
    /// The key of a chat whose people are shown / Ключ чата, людей которого показать
    #[arg(value_name = "KEY")]
    chat: Option<String>,
    #[command(flatten)]
    configuration: configuration::Args,
    /// The school's data, for names of people and classes / Данные школы: имена людей и классов
    #[arg(long, value_name = "PATH")]
    roster: Option<PathBuf>,
    /// Only chats with this in their title / Только чаты с этим в названии
    #[arg(long, value_name = "TEXT")]
    search: Option<String>,
    /// Only chats of this kind / Только чаты этого вида
    #[arg(long)]
    kind: Option<String>,
    /// Only chats of this type: TEACHER, CLASS, PARENTS, SUBJECT
    /// / Только чаты этого типа: TEACHER, CLASS, PARENTS, SUBJECT
    #[arg(long = "type", value_name = "TYPE")]
    chat_type: Option<String>,
    /// Only chats of this class, by its sourcedId / Только чаты этого класса, по его sourcedId
    #[arg(long)]
    class: Option<String>,
    /// title, kind, class, state or members; with a minus, downwards
    /// / title, kind, class, state или members; с минусом — по убыванию
    #[arg(long, allow_hyphen_values = true)]
    sort: Option<String>,
    /// Which page, from 1 / Которая страница, с 1
    #[arg(long)]
    page: Option<u32>,
    /// Chats on a page / Чатов на странице
    #[arg(long, value_name = "N")]
    per_page: Option<u32>,
    /// A plain list instead of a row per class / Простой список вместо строки на класс
    #[arg(long)]
    list: bool,
}

/// Shows the registry, or one chat.
pub(crate) fn run(terminal: &Terminal, args: &Args) -> Outcome {
    let mut session = args.configuration.open(terminal)?;
    match &args.chat {
        Some(key) => one(terminal, &mut session, key, args),
        None => registry(terminal, &mut session, args),
    }
}

fn one(terminal: &Terminal, session: &mut Session, key: &str, args: &Args) -> Outcome {
    let mut params = Map::new();
    put(&mut params, "chat", Some(key));
    let (code, reply) = ask(session, "chats.get", &params)?;
    if terminal.json {
        terminal.document(&reply)?;
    } else {
        let people = People::of_file(args.roster.as_deref());
        show::members::show(terminal, &reply["result"], &people)?;
    }
    Ok(code)
}

fn registry(terminal: &Terminal, session: &mut Session, args: &Args) -> Outcome {
    let params = filter(args);
    let (code, reply) = ask(session, "chats.list", &params)?;
    if terminal.json {
        terminal.document(&reply)?;
        return Ok(code);
    }
    let result = &reply["result"];
    let paged = args.page.is_some() || args.per_page.is_some();
    let chats = match paged {
        true => rows(result, "chats").to_vec(),
        false => all(session, params)?,
    };
    if args.list {
        show::registry::list(terminal, &chats)?;
    } else {
        let people = People::of_file(args.roster.as_deref());
        show::registry::by_class(terminal, &chats, &people, usize::MAX)?;
    }
    let [total, page, pages] = ["total", "page", "pages"].map(|key| number(result, key));
    let mut words =
        terminal.pick(format!("Всего чатов: {total}"), format!("Chats in total: {total}"));
    if paged {
        words += &terminal
            .pick(format!(", страница {page} из {pages}"), format!(", page {page} of {pages}"));
    }
    terminal.say(terminal.tone(Tone::Faint, words))?;
    Ok(code)
}

fn filter(args: &Args) -> Map<String, Value> {
    let mut params = Map::new();
    put(&mut params, "search", args.search.clone());
    put(&mut params, "kind", args.kind.clone());
    put(&mut params, "type", args.chat_type.clone());
    put(&mut params, "class", args.class.clone());
    put(&mut params, "sort", args.sort.clone());
    put(&mut params, "page", args.page);
    put(&mut params, "per_page", args.per_page);
    params
}

/// Every page of the registry: a person at a terminal wants to see all of it.
pub(crate) fn all(
    session: &mut Session,
    mut params: Map<String, Value>,
) -> Result<Vec<Value>, Error> {
    const MOST: u32 = 1000;
    put(&mut params, "per_page", Some(MOST));
    let mut chats = Vec::new();
    for page in 1.. {
        params.insert("page".to_owned(), json!(page));
        let (_, reply) = ask(session, "chats.list", &params)?;
        chats.extend_from_slice(rows(&reply["result"], "chats"));
        if page >= number(&reply["result"], "pages") {
            break;
        }
    }
    Ok(chats)
}
