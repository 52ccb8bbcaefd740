//! `zvonok sync`: one cycle.

use std::path::PathBuf;

use serde_json::{Map, Value};

use super::put;
use crate::configuration;
use crate::people::People;
use crate::show;
use crate::terminal::Terminal;
use crate::trouble::Outcome;

/// What `zvonok sync` is told.
#[derive(clap::Args, Debug)]
#[group(skip)]
pub(crate) struct Args {
    /// The school's data: JSON, or a folder or a zip of CSV / Данные школы: JSON, папка или zip с CSV
    #[arg(long, value_name = "PATH")]
    roster: PathBuf,
    #[command(flatten)]
    configuration: configuration::Args,
    #[command(flatten)]
    options: Options,
    /// Plan and report, change nothing / Составить план и отчёт, ничего не менять
    #[arg(long)]
    dry_run: bool,
    /// How much the report tells / Насколько подробен отчёт
    #[arg(long, value_parser = ["summary", "chats", "operations"])]
    detail: Option<String>,
    /// Allow what is held under this fingerprint / Разрешить удержанное с этим отпечатком
    #[arg(long, value_name = "FINGERPRINT")]
    approve: Option<String>,
}

/// The options that a cycle and its plan share.
#[derive(clap::Args, Debug)]
#[group(skip)]
pub(crate) struct Options {
    /// Take this for now: 2026-09-01T08:25:00+03:00 / Считать, что сейчас:
    /// 2026-09-01T08:25:00+03:00
    #[arg(long, value_name = "TIME")]
    pub(super) now: Option<String>,
    /// How long it may take: 60s, 10m / Сколько может длиться: 60s, 10m
    #[arg(long, value_name = "DURATION")]
    time_budget: Option<String>,
    /// Which chats to read again in the messenger / Какие чаты перечитать в мессенджере
    #[arg(long, value_parser = ["due", "all", "none"])]
    verify: Option<String>,
    /// Only chats of this kind / Только чаты этого вида
    #[arg(long, value_name = "KIND")]
    pub(super) kind: Vec<String>,
    /// Only this chat / Только этот чат
    #[arg(long, value_name = "KEY")]
    pub(super) chat: Vec<String>,
}

impl Options {
    /// The options of a cycle as the library takes them.
    pub(crate) fn document(&self) -> Map<String, Value> {
        let mut options = Map::new();
        let some = |list: &[String]| (!list.is_empty()).then(|| list.to_vec());
        put(&mut options, "now", self.now.clone());
        put(&mut options, "time_budget", self.time_budget.clone());
        put(&mut options, "verify", self.verify.clone());
        put(&mut options, "kinds", some(&self.kind));
        put(&mut options, "chats", some(&self.chat));
        options
    }
}

/// Runs one cycle and shows its report.
pub(crate) fn run(terminal: &Terminal, args: &Args) -> Outcome {
    let mut options = args.options.document();
    put(&mut options, "dry_run", args.dry_run.then_some(true));
    put(&mut options, "detail", args.detail.clone());
    put(&mut options, "approve", args.approve.clone());
    let mut session = args.configuration.open(terminal)?;
    let (code, report) = session.sync_path(&args.roster, &Value::Object(options).to_string())?;
    if terminal.json {
        terminal.document(&report)?;
        return Ok(code);
    }
    let people = People::of_file(Some(&args.roster));
    if report["operations"].is_array() {
        show::plan::show(terminal, &report, &people, show::plan::Depth::WHOLE)?;
    }
    show::report::show(terminal, &report, &people)?;
    Ok(code)
}
