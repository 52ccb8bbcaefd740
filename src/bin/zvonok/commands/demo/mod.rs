//! `zvonok demo`: the whole way through in a made-up school, with a messenger on this machine.

mod messenger;
mod stage;
mod steps;

use std::net::SocketAddr;

use stage::Stage;
use zvonok::error::Code;

use crate::sandbox;
use crate::terminal::Terminal;
use crate::trouble::Outcome;

/// As many as one school of a large town has; its first cycle takes about half a minute at the rate
/// that VK allows.
const STUDENTS: usize = 1500;
/// The largest school that can be made up.
const FULL: usize = 4000;
/// Enough for a class of each stage, and done in seconds.
const SMALL: usize = 100;

/// What `zvonok demo` is told.
#[derive(clap::Args, Debug)]
#[group(skip)]
pub(crate) struct Args {
    /// How many students the school has, from 20 to 4000; 1500 if not told
    /// / Сколько в школе учеников, от 20 до 4000; если не указано — 1500
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(20..=4000))]
    students: Option<u16>,
    /// A school of 100 students, some seconds / Школа на 100 учеников, несколько секунд
    #[arg(long, conflicts_with_all = ["students", "full"])]
    small: bool,
    /// A school of 4000 students, some minutes / Школа на 4000 учеников, несколько минут
    #[arg(long, conflicts_with = "students")]
    full: bool,
    /// standard: people follow links; partner: the library adds them
    /// / standard — люди входят по ссылкам, partner — библиотека добавляет их сама
    #[arg(long, value_enum, default_value_t = sandbox::Mode::Partner)]
    mode: sandbox::Mode,
    /// Wait for Enter between the steps / Ждать Enter между шагами
    #[arg(long)]
    pause: bool,
    /// Leave the messenger running at the end / Оставить мессенджер работать в конце
    #[arg(long)]
    keep: bool,
    /// Where the messenger listens; port 0 takes a free one
    /// / Где слушает мессенджер; порт 0 — любой свободный
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:0")]
    listen: SocketAddr,
}

impl Args {
    fn students(&self) -> usize {
        match self.students {
            Some(students) => usize::from(students),
            None if self.small => SMALL,
            None if self.full => FULL,
            None => STUDENTS,
        }
    }
}

/// Shows one step after another. A step that does not turn out as it should ends the demonstration
/// with its code.
pub(crate) fn run(terminal: &Terminal, args: &Args) -> Outcome {
    let mut stage = Stage::open(terminal, args)?;
    steps::welcome(&stage)?;
    let mut steps: Vec<fn(&mut Stage) -> Outcome> = vec![steps::first];
    if args.mode == sandbox::Mode::Standard {
        steps.push(steps::followers);
    }
    steps.extend([steps::unchanged, steps::day, steps::accidents, steps::summary]
        as [fn(&mut Stage) -> Outcome; 4]);
    for (at, step) in steps.into_iter().enumerate() {
        if at > 0 {
            stage.pause()?;
        }
        let code = step(&mut stage)?;
        if code != Code::Ok || terminal.closed() {
            return Ok(code);
        }
    }
    if args.keep {
        stage.keep()?;
    }
    Ok(Code::Ok)
}
