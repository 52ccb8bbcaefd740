//! The command-line host of zvonok: the reference for every other host, on the same interface.
#![allow(clippy::disallowed_methods, reason = "the command line has a process of its own")]

mod cli;
mod commands;
mod configuration;
mod console;
mod help;
mod page;
mod people;
mod profiles;
mod sandbox;
mod school;
mod show;
mod terminal;
mod trouble;
mod words;
mod wrap;

use std::process::ExitCode;

fn main() -> ExitCode {
    cli::run(std::env::args_os().collect())
}
