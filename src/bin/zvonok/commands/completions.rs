//! `zvonok completions`: what a shell needs to complete commands.

use clap_complete::Shell;
use zvonok::error::Code;

use crate::help;
use crate::terminal::Terminal;
use crate::trouble::Outcome;

/// What `zvonok completions` is told.
#[derive(clap::Args, Debug)]
#[group(skip)]
pub(crate) struct Args {
    /// The shell / Оболочка
    #[arg(value_name = "SHELL", value_enum)]
    shell: Shell,
}

/// Prints the completions with the help texts of the terminal's language.
pub(crate) fn run(terminal: &Terminal, args: &Args) -> Outcome {
    let mut command = help::command(terminal.language);
    let mut text = Vec::new();
    clap_complete::generate(args.shell, &mut command, "zvonok", &mut text);
    terminal.say(String::from_utf8_lossy(&text).trim_end())?;
    Ok(Code::Ok)
}
