//! `zvonok sandbox`: what it is told.

use std::net::SocketAddr;
use std::path::PathBuf;

use super::{Mode, Options};

/// What `zvonok sandbox` is told.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// A loopback address; port 0 takes a free one / Местный адрес; порт 0 — любой свободный
    #[arg(long, default_value_t = Options::default().listen)]
    listen: SocketAddr,
    /// What the token may do / Что позволено ключу
    #[arg(long, value_enum, default_value_t = Options::default().mode)]
    mode: Mode,
    /// The one good token / Единственный годный ключ
    #[arg(long, default_value_t = Options::default().token)]
    token: String,
    /// The community's positive id / Положительный номер сообщества
    #[arg(long, value_parser = clap::value_parser!(i64).range(1..))]
    community: Option<i64>,
    /// The file that keeps the messenger between runs / Файл, в котором мессенджер хранится между запусками
    #[arg(long)]
    state: Option<PathBuf>,
    /// Requests allowed in any second, 0 for no limit / Сколько запросов можно в секунду, 0 — без предела
    #[arg(long, default_value_t = Options::default().rate)]
    rate: usize,
    /// Stop when standard input ends / Остановиться, когда закончится стандартный ввод
    #[arg(long)]
    until_eof: bool,
}

impl From<Args> for Options {
    fn from(arguments: Args) -> Options {
        let Args { listen, mode, token, community, state, rate, until_eof } = arguments;
        Options { listen, mode, token, community, state, rate, until_eof }
    }
}
