//! `zvonok demo`: the whole way through in a made-up school, with a messenger on this machine.

mod crowd;
mod doors;
mod folder;
mod groups;
mod lesson;
mod messenger;
mod office;
mod stage;
mod steps;
mod totals;
mod vk;

use std::net::SocketAddr;

use messenger::Side;
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
    /// max: people make the groups and follow links; vk: a community makes the chats
    /// / max — группы создают люди, и люди входят по ссылкам; vk — чаты создаёт сообщество
    #[arg(long, value_enum, default_value_t = Side::Max)]
    platform: Side,
    /// On VK: standard, people follow links; partner, the library adds them
    /// / Для VK: standard — люди входят по ссылкам, partner — библиотека добавляет их сама
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
    let steps = of(args);
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

type Step = fn(&mut Stage) -> Outcome;

/// The steps of this demonstration, in their order.
fn of(args: &Args) -> Vec<Step> {
    let mut all: Vec<Step> = match (args.platform, args.mode) {
        (Side::Max, _) => vec![
            groups::asked,
            groups::found,
            groups::rights,
            groups::adopted,
            doors::come,
            doors::leak,
            doors::unlink,
        ],
        (Side::Vk, sandbox::Mode::Standard) => vec![vk::first, vk::followers],
        (Side::Vk, sandbox::Mode::Partner) => vec![vk::first],
    };
    all.push(steps::unchanged);
    // A community of VK starts no calls: there a person would have to give a link first.
    if args.platform == Side::Max || args.mode == sandbox::Mode::Partner {
        all.push(lesson::held);
    }
    all.extend([steps::day, steps::accidents] as [Step; 2]);
    all.push(if args.platform == Side::Max { totals::show } else { vk::summary });
    all
}
