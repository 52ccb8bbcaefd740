//! `zvonok demo`
use crate::terminal::Terminal;
use crate::trouble::Outcome;
/// What `zvonok demo` is told.
#[derive(clap::Args, Debug)]
#[group(skip)]
pub(crate) struct Args {}
pub(crate) fn run(_terminal: &Terminal, _args: &Args) -> Outcome {
    Ok(zvonok::error::Code::Ok)
}
