//! The command-line host of zvonok.

mod school;

use clap::{Parser, Subcommand};

#[derive(Parser)]
#[command(name = "zvonok", version)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Make the roster of a made-up school / Сделать выгрузку вымышленной школы
    School(school::command::Args),
}

fn main() -> std::io::Result<()> {
    match Cli::parse().command {
        Command::School(args) => school::command::run(&args),
    }
}
