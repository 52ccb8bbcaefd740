//! The command line of zvonok.

mod sandbox;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Messenger chats that follow the school's data.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// A local messenger for trying things out.
    Sandbox(SandboxArguments),
}

#[derive(clap::Args)]
struct SandboxArguments {
    /// A loopback address; port 0 takes a free one.
    #[arg(long, default_value_t = sandbox::Options::default().listen)]
    listen: SocketAddr,
    /// What the token may do.
    #[arg(long, value_enum, default_value_t = sandbox::Options::default().mode)]
    mode: sandbox::Mode,
    /// The one good token.
    #[arg(long, default_value_t = sandbox::Options::default().token)]
    token: String,
    /// The community's positive id.
    #[arg(long, value_parser = clap::value_parser!(i64).range(1..))]
    community: Option<i64>,
    /// The file that keeps the messenger between runs.
    #[arg(long)]
    state: Option<PathBuf>,
    /// Requests allowed in any second, 0 for no limit.
    #[arg(long, default_value_t = sandbox::Options::default().rate)]
    rate: usize,
    /// Stop when standard input ends.
    #[arg(long)]
    until_eof: bool,
}

fn main() -> ExitCode {
    let Command::Sandbox(arguments) = Arguments::parse().command;
    match sandbox::run(arguments.into()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            use std::io::Write;
            // Nobody left to read it is no reason to panic.
            let _ = writeln!(std::io::stderr(), "zvonok: {error}");
            ExitCode::FAILURE
        }
    }
}

impl From<SandboxArguments> for sandbox::Options {
    fn from(arguments: SandboxArguments) -> sandbox::Options {
        let SandboxArguments { listen, mode, token, community, state, rate, until_eof } = arguments;
        sandbox::Options { listen, mode, token, community, state, rate, until_eof }
    }
}
