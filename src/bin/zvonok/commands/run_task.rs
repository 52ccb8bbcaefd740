//! `zvonok run-task`: a scheduler's whole job.

use std::path::PathBuf;

use zvonok::run_task;
use zvonok::session::Cancel;

use crate::console::{Console, cancel_on_interrupt};
use crate::people::People;
use crate::show;
use crate::terminal::Terminal;
use crate::trouble::Outcome;

/// What `zvonok run-task` is told.
#[derive(clap::Args, Debug)]
#[group(skip)]
pub(crate) struct Args {
    /// The settings: lines of key=value in UTF-8 or windows-1251, or JSON; paths in them are
    /// relative to the file / Настройки: строки ключ=значение в UTF-8 или windows-1251 либо JSON;
    /// пути в них считаются от файла
    #[arg(value_name = "SETTINGS")]
    settings: PathBuf,
}

/// Runs the task and shows its report.
pub(crate) fn run(terminal: &Terminal, args: &Args) -> Outcome {
    let settings = std::path::absolute(&args.settings)?;
    let cancel = Cancel::default();
    cancel_on_interrupt(&cancel, terminal);
    let (_, outcome) = run_task::by_file(&settings, Box::new(Console::new(terminal)), cancel);
    let (code, report) = outcome?;
    if terminal.json {
        terminal.document(&report)?;
    } else {
        show::report::show(terminal, &report, &People::default())?;
    }
    Ok(code)
}
