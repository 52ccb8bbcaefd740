//! Arguments, the choice of a command, and exit codes.

use std::ffi::OsString;
use std::io::ErrorKind;
use std::process::ExitCode;

use clap::{ArgAction, FromArgMatches, Parser, Subcommand};
use zvonok::error::Code;

use crate::commands::{
    calls, chats, check, completions, demo, explain, invite, manual, plan, profile, report,
    request, run_task, schema, sync, tasks,
};
use crate::terminal::Terminal;
use crate::trouble::{Outcome, Trouble};
use crate::words::{Language, decide};
use crate::{help, sandbox, school};

/// Wrong arguments; `EX_USAGE` of sysexits.h.
const BAD_USAGE: u8 = 64;
/// A file, the terminal or a local port could not be used; `EX_IOERR` of sysexits.h.
const NO_SYSTEM: u8 = 74;

/// A school's messenger chats follow the school's own data
/// / Чаты школы в мессенджере следуют за данными школы
#[derive(Parser)]
#[command(name = "zvonok", version)]
#[command(disable_help_flag = true, disable_version_flag = true, disable_help_subcommand = true)]
pub(crate) struct Cli {
    #[command(flatten)]
    common: Common,
    #[command(subcommand)]
    command: Command,
}

/// What every command understands.
#[derive(clap::Args)]
#[group(skip)]
struct Common {
    /// Print only the library's JSON document / Вывести только документ JSON библиотеки
    #[arg(long, global = true, display_order = 1000)]
    json: bool,
    /// Language of help and messages / Язык справки и сообщений
    #[arg(long, global = true, value_name = "LANG", alias = "language", display_order = 1001)]
    lang: Option<Language>,
    /// Show the library's log / Показывать журнал библиотеки
    #[arg(long, short, global = true, display_order = 1002)]
    verbose: bool,
    /// Print this help / Показать эту справку
    #[arg(long, short, global = true, action = ArgAction::Help, display_order = 1003)]
    help: Option<bool>,
    /// Print the version / Показать версию
    #[arg(long, short = 'V', action = ArgAction::Version, display_order = 1004)]
    version: Option<bool>,
}

#[derive(Subcommand)]
enum Command {
    /// See everything at work in a made-up school, without any settings
    /// / Показать всё в работе на вымышленной школе, без настроек
    Demo(demo::Args),
    /// Run one cycle: make the chats follow a roster
    /// / Выполнить цикл: привести чаты в соответствие с выгрузкой
    Sync(sync::Args),
    /// A scheduler's whole job by a settings file: one cycle, the report in a file
    /// / Всё задание планировщика по файлу настроек: цикл и отчёт в файле
    RunTask(run_task::Args),
    /// What a cycle would do, and why; changes nothing
    /// / Что сделал бы цикл и почему; ничего не меняет
    Plan(plan::Args),
    /// The registry of chats, or the people of one / Список чатов или люди одного чата
    Chats(chats::Args),
    /// The online lessons that are, will be and were / Онлайн-занятия: какие идут, будут и были
    Calls(calls::Args),
    /// What only a person can do, step by step / Что может сделать только человек, по шагам
    Tasks(tasks::Args),
    /// A one-time link by which a person links their account
    /// / Одноразовая ссылка, по которой человек привязывает учётную запись
    Invite(invite::Args),
    /// A page to look at: chats, people, plan, what waits for a person
    /// / Страница, чтобы посмотреть: чаты, люди, план, что ждёт человека
    Report(report::Args),
    /// Why a person is, or is not, in a chat / Почему человек состоит или не состоит в чате
    Explain(explain::Args),
    /// Every fault of a configuration, a profile and a roster
    /// / Все ошибки настроек, профиля и выгрузки
    Check(check::Args),
    /// Scripts: the built-in ones, a new one, cases beside one
    /// / Скрипты профилей: встроенные, новый, примеры к ним
    Profile(profile::Args),
    /// Any request to the library, and its reply / Любой запрос к библиотеке и её ответ
    Request(request::Args),
    /// JSON Schemas of the library's documents / Схемы JSON документов библиотеки
    Schema(schema::Args),
    /// A local messenger for trying things out / Местный мессенджер для проб
    Sandbox(sandbox::command::Args),
    /// Make the roster of a made-up school / Сделать выгрузку вымышленной школы
    School(school::command::Args),
    /// What a shell needs to complete commands, on standard output
    /// / Дополнение команд для оболочки, в стандартный вывод
    Completions(completions::Args),
    /// Write the manual pages, in both languages, into a folder
    /// / Записать страницы руководства man на обоих языках в папку
    Manual(manual::Args),
}

/// Does what the arguments ask for.
pub(crate) fn run(arguments: Vec<OsString>) -> ExitCode {
    let language = decide(&arguments);
    let command = help::command(language);
    let parsed = command
        .clone()
        .try_get_matches_from(arguments)
        .and_then(|mut matches| Cli::from_arg_matches_mut(&mut matches));
    let Cli { common, command } = match parsed {
        Ok(cli) => cli,
        Err(error) => return refused(&error, language),
    };
    let terminal = Terminal::new(language, common.json, common.verbose);
    let outcome = obey(&terminal, command, common.lang);
    ended(&terminal, outcome)
}

fn obey(terminal: &Terminal, command: Command, asked: Option<Language>) -> Outcome {
    match command {
        Command::Demo(args) => demo::run(terminal, &args),
        Command::Sync(args) => sync::run(terminal, &args),
        Command::RunTask(args) => run_task::run(terminal, &args),
        Command::Plan(args) => plan::run(terminal, &args),
        Command::Chats(args) => chats::run(terminal, &args),
        Command::Calls(args) => calls::run(terminal, &args),
        Command::Tasks(args) => tasks::run(terminal, &args),
        Command::Invite(args) => invite::run(terminal, &args),
        Command::Profile(args) => profile::run(terminal, &args),
        Command::Request(args) => request::run(terminal, &args),
        Command::Report(args) => report::run(terminal, &args, asked),
        Command::Schema(args) => schema::run(terminal, &args),
        Command::Explain(args) => explain::run(terminal, &args),
        Command::Check(args) => check::run(terminal, &args),
        Command::Sandbox(args) => {
            sandbox::run(args.into()).map_err(Trouble::System).map(|()| Code::Ok)
        }
        Command::School(args) => {
            Ok(school::command::run(&args, terminal.pick(true, false)).map(|()| Code::Ok)?)
        }
        Command::Completions(args) => completions::run(terminal, &args),
        Command::Manual(args) => manual::run(&args),
    }
}

/// Help and versions are answers; everything else that clap tells is bad usage.
fn refused(error: &clap::Error, language: Language) -> ExitCode {
    if !error.use_stderr() {
        // Nobody left to read the help is no failure.
        let _ = error.print();
        return ExitCode::SUCCESS;
    }
    help::tell_usage_error(error, language);
    ExitCode::from(BAD_USAGE)
}

fn ended(terminal: &Terminal, outcome: Outcome) -> ExitCode {
    let trouble = match outcome {
        Ok(code) => return ExitCode::from(code.exit_code()),
        // A reader who has gone away has seen enough.
        Err(Trouble::Io(error)) if error.kind() == ErrorKind::BrokenPipe => {
            return ExitCode::SUCCESS;
        }
        Err(trouble) => trouble,
    };
    // Whoever closed the pipe or pulled the disk cannot be told more.
    let _ = terminal.tell_trouble(&trouble);
    ExitCode::from(match trouble {
        Trouble::Library(error) => error.code.exit_code(),
        Trouble::Usage(_) => BAD_USAGE,
        Trouble::System(_) | Trouble::Io(_) => NO_SYSTEM,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_codes_of_the_library_share_an_exit_code() {
        let mut seen = std::collections::BTreeSet::from([BAD_USAGE, NO_SYSTEM]);
        assert!(Code::ALL.into_iter().all(|code| seen.insert(code.exit_code())));
        assert_eq!(Code::Roster.exit_code(), 16);
    }
}
