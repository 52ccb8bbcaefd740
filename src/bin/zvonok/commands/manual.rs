//! `zvonok manual`: the manual pages, from the same description as the help.

use std::fs;
use std::path::{Path, PathBuf};

use zvonok::error::Code;

use crate::help;
use crate::trouble::{Outcome, Trouble};
use crate::words::Language;

/// What `zvonok manual` is told.
#[derive(clap::Args, Debug)]
#[group(skip)]
pub(crate) struct Args {
    /// The folder; English pages go into man1, Russian ones into ru/man1
    /// / Папка: английские страницы попадут в man1, русские — в ru/man1
    #[arg(value_name = "FOLDER")]
    folder: PathBuf,
}

/// Writes a page for each command.
pub(crate) fn run(args: &Args) -> Outcome {
    write(Language::En, &args.folder.join("man1"))?;
    write(Language::Ru, &args.folder.join("ru/man1"))?;
    Ok(Code::Ok)
}

fn write(language: Language, folder: &Path) -> Result<(), Trouble> {
    let fault = |error: std::io::Error| Trouble::System(format!("{}: {error}", folder.display()));
    fs::create_dir_all(folder).map_err(fault)?;
    clap_mangen::generate_to(help::command(language), folder).map_err(fault)
}
