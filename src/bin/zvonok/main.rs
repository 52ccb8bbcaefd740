//! The command-line host of zvonok.

mod sandbox;
mod school;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

#[derive(Parser)]
#[command(name = "zvonok", version)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// A local messenger for trying things out / Местный мессенджер для проб
    Sandbox(sandbox::command::Args),
    /// Make the roster of a made-up school / Сделать выгрузку вымышленной школы
    School(school::command::Args),
}

fn main() -> ExitCode {
    let done = match Cli::parse().command {
        Command::Sandbox(args) => sandbox::run(args.into()).map_err(|error| error.to_string()),
        Command::School(args) => school::command::run(&args).map_err(|error| error.to_string()),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            use std::io::Write;
            // Nobody left to read it is no reason to panic.
            let _ = writeln!(std::io::stderr(), "zvonok: {error}");
            ExitCode::FAILURE
        }
    }
}
