//! `zvonok sandbox`: what it is told.

use std::net::SocketAddr;
use std::path::PathBuf;

use super::max::AddMembers;
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
    /// The file that keeps the messenger between runs / Файл, в котором мессенджер хранится между
    /// запусками
    #[arg(long)]
    state: Option<PathBuf>,
    /// Requests allowed in any second, 0 for no limit / Сколько запросов можно в секунду, 0 — без
    /// предела
    #[arg(long, default_value_t = Options::default().rate)]
    rate: usize,
    /// The one good token of MAX / Единственный годный ключ MAX
    #[arg(long, default_value_t = Options::default().max_token)]
    max_token: String,
    /// The number of the bot in MAX / Номер бота в MAX
    #[arg(long, value_parser = clap::value_parser!(i64).range(1..))]
    max_bot: Option<i64>,
    /// What becomes of adding people in MAX / Что будет с добавлением людей в MAX
    #[arg(long, value_enum, default_value_t = Options::default().max_mode)]
    max_mode: AddMembers,
    /// The same for requests to MAX / То же для запросов к MAX
    #[arg(long, default_value_t = Options::default().max_rate)]
    max_rate: usize,
    /// The same for messages to one chat of MAX / То же для сообщений в один чат MAX
    #[arg(long, default_value_t = Options::default().max_chat_rate)]
    max_chat_rate: usize,
    /// Stop when standard input ends / Остановиться, когда закончится стандартный ввод
    #[arg(long)]
    until_eof: bool,
}

impl From<Args> for Options {
    fn from(arguments: Args) -> Options {
        Options {
            listen: arguments.listen,
            mode: arguments.mode,
            token: arguments.token,
            community: arguments.community,
            state: arguments.state,
            rate: arguments.rate,
            max_token: arguments.max_token,
            max_bot: arguments.max_bot,
            max_mode: arguments.max_mode,
            max_rate: arguments.max_rate,
            max_chat_rate: arguments.max_chat_rate,
            until_eof: arguments.until_eof,
        }
    }
}
