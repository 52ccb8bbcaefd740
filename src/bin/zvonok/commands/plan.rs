//! `zvonok plan`: what a cycle would do, chat by chat, or what one profile would change against
//! another; nothing is changed.

use std::path::PathBuf;

use serde_json::{Map, Value};
use zvonok::error::{Code, Error};
use zvonok::session::Session;

use super::sync::Options;
use super::{ask, compare, put};
use crate::configuration;
use crate::people::People;
use crate::show::comparison::Detail;
use crate::show::{self, plan::Depth};
use crate::terminal::Terminal;
use crate::trouble::Outcome;

/// What `zvonok plan` is told.
#[derive(clap::Args, Debug)]
#[group(skip)]
pub(crate) struct Args {
    /// The school's data; without it, the last that was accepted / Данные школы; без них —
    /// последние принятые
    #[arg(long, value_name = "PATH")]
    pub(super) roster: Option<PathBuf>,
    #[command(flatten)]
    pub(super) configuration: configuration::Args,
    #[command(flatten)]
    pub(super) options: Options,
    /// Only so many operations of each chat / Не больше стольких действий на чат
    #[arg(long, value_name = "N")]
    pub(super) most: Option<usize>,
    /// Compare with this profile, without state and messenger; without a state file --profile is
    /// compared with the built-in one that it is like
    /// / Сравнить с этим профилем, без файла состояния и мессенджера; если файла состояния нет,
    /// --profile сравнивается со встроенным, на который похож
    #[arg(long, value_name = "NAME|FILE")]
    pub(super) against: Option<String>,
    /// How much of a comparison to show / Насколько подробно показать сравнение
    #[arg(long, value_enum, default_value_t = Detail::People)]
    pub(super) detail: Detail,
}

/// Plans and shows the plan.
pub(crate) fn run(terminal: &Terminal, args: &Args) -> Outcome {
    let document = args.configuration.document()?;
    let stateless = !document.contains_key("state") && document.contains_key("profile");
    if args.against.is_some() || stateless {
        return compare::run(terminal, args, &document);
    }
    let mut options = args.options.document();
    put(&mut options, "detail", Some("operations"));
    let mut session = args.configuration.open(terminal)?;
    let (code, document) = plan(&mut session, args, options)?;
    if terminal.json {
        terminal.document(&document)?;
        return Ok(code);
    }
    let people = People::of_file(args.roster.as_deref());
    let report = document.get("result").unwrap_or(&document);
    show::overview::show(terminal, report)?;
    let operations = args.most.unwrap_or(usize::MAX);
    show::plan::show(terminal, report, &people, Depth { operations, ..Depth::WHOLE })?;
    show::faults::failed(terminal, report, &people)?;
    let warnings = show::rows(&report["roster"], "warnings");
    show::faults::warnings(terminal, warnings)?;
    Ok(code)
}

fn plan(
    session: &mut Session,
    args: &Args,
    mut options: Map<String, Value>,
) -> Result<(Code, Value), Error> {
    match &args.roster {
        Some(roster) => {
            put(&mut options, "dry_run", Some(true));
            session.sync_path(roster, &Value::Object(options).to_string())
        }
        None => ask(session, "plan", &options),
    }
}
