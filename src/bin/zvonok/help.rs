//! Help in one language. Every text of the arguments is written «English / Русский», side by side
//! so that neither is forgotten; here the command gets its half, and clap's own words are replaced.

use std::io::Write;

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Arg, Command, CommandFactory};

use crate::cli::Cli;
use crate::words::Language;

/// The whole command line in one language.
pub(crate) fn command(language: Language) -> Command {
    let codes = language.pick(RU_CODES, EN_CODES);
    let root = localized(Cli::command(), language);
    with_usage(root.after_help(codes), language)
}

const EN_CODES: &str = "Exit codes:
  0  done
  1  PARTIAL: not everything; the next cycle goes on
  2  HELD: removals wait for approval
  10 + n  the library's error -n:
      14 LOCKED   15 CONFIG   16 ROSTER    17 PROFILE   18 STATE      19 PLATFORM
      20 AUTH     21 DENIED   22 REQUEST   23 CANCELLED 24 INTERNAL
  64  wrong arguments
  74  a file, a port or the output cannot be used";

const RU_CODES: &str = "Коды возврата:
  0  сделано
  1  PARTIAL: сделано не всё, следующий цикл продолжит
  2  HELD: исключения ждут подтверждения
  10 + n  ошибка библиотеки -n:
      14 LOCKED   15 CONFIG   16 ROSTER    17 PROFILE   18 STATE      19 PLATFORM
      20 AUTH     21 DENIED   22 REQUEST   23 CANCELLED 24 INTERNAL
  64  неверные аргументы
  74  не удалось использовать файл, порт или вывод";

/// One half of «English / Русский».
fn half(text: &str, language: Language) -> &str {
    match text.split_once(" / ") {
        Some((en, ru)) => language.pick(ru, en),
        None => text,
    }
}

fn localized(command: Command, language: Language) -> Command {
    let about = command.get_about().map(|about| half(&about.to_string(), language).to_owned());
    let names: Vec<String> =
        command.get_subcommands().map(|one| one.get_name().to_owned()).collect();
    let heading = language.pick("Использование:", "Usage:");
    let mut command = command
        .about(about.unwrap_or_default())
        .help_template(format!(
            "{{about-with-newline}}\n{heading} {{usage}}\n\n{{all-args}}{{after-help}}"
        ))
        .mut_args(|arg| argument(arg, language));
    for name in names {
        command = command.mut_subcommand(name, |one| localized(one, language));
    }
    command
        .subcommand_help_heading(language.pick("Команды", "Commands"))
        .subcommand_value_name(language.pick("КОМАНДА", "COMMAND"))
}

fn argument(arg: Arg, language: Language) -> Arg {
    let help = arg.get_help().map(ToString::to_string).unwrap_or_default();
    let mut text = half(&help, language).to_owned();
    let own_words = language == Language::Ru && arg.get_action().takes_values();
    if own_words {
        let values: Vec<String> =
            arg.get_possible_values().iter().map(|value| value.get_name().to_owned()).collect();
        if !values.is_empty() {
            text.push_str(&format!(" [варианты: {}]", values.join(", ")));
        }
        let defaults: Vec<_> =
            arg.get_default_values().iter().map(|value| value.to_string_lossy()).collect();
        if !defaults.is_empty() {
            text.push_str(&format!(" [по умолчанию: {}]", defaults.join(", ")));
        }
    }
    let heading = match arg.is_positional() {
        true => language.pick("Аргументы", "Arguments"),
        false => language.pick("Параметры", "Options"),
    };
    let arg = arg.help(text).help_heading(heading);
    if own_words { arg.hide_possible_values(true).hide_default_value(true) } else { arg }
}

/// The line of usage has one English word in it that clap does not let anybody choose.
fn with_usage(mut command: Command, language: Language) -> Command {
    if language == Language::En {
        return command;
    }
    command.build();
    with_russian_usage(command)
}

fn with_russian_usage(mut command: Command) -> Command {
    let names: Vec<String> =
        command.get_subcommands().map(|one| one.get_name().to_owned()).collect();
    for name in names {
        command = command.mut_subcommand(name, with_russian_usage);
    }
    let usage = command.render_usage().to_string();
    let usage = usage.trim_start_matches("Usage:").trim().replace("[OPTIONS]", "[ПАРАМЕТРЫ]");
    command.override_usage(usage)
}

/// What is wrong with the arguments, on standard error.
pub(crate) fn tell_usage_error(error: &clap::Error, language: Language) {
    let text = match language {
        Language::En => error.to_string(),
        Language::Ru => russian(error).unwrap_or_else(|| error.to_string()),
    };
    // Nobody left to read it is no reason to panic.
    let _ = write!(std::io::stderr(), "{text}");
}

fn russian(error: &clap::Error) -> Option<String> {
    let said = |kind| match error.get(kind) {
        Some(ContextValue::String(text)) => Some(text.clone()),
        Some(ContextValue::Strings(texts)) => Some(texts.join(", ")),
        Some(ContextValue::StyledStr(text)) => Some(text.to_string()),
        _ => None,
    };
    let argument = said(ContextKind::InvalidArg).unwrap_or_default();
    let value = said(ContextKind::InvalidValue).unwrap_or_default();
    let what = match error.kind() {
        ErrorKind::UnknownArgument => format!("неизвестный аргумент «{argument}»"),
        ErrorKind::MissingSubcommand => {
            format!("укажите команду: {}", said(ContextKind::ValidSubcommand)?)
        }
        ErrorKind::InvalidSubcommand => {
            format!("нет команды «{}»", said(ContextKind::InvalidSubcommand)?)
        }
        ErrorKind::MissingRequiredArgument => format!("не хватает: {argument}"),
        ErrorKind::InvalidValue if value.is_empty() => format!("«{argument}» требует значения"),
        ErrorKind::InvalidValue | ErrorKind::ValueValidation => {
            format!("недопустимое значение «{value}» для «{argument}»")
        }
        ErrorKind::ArgumentConflict => {
            let other = said(ContextKind::PriorArg).unwrap_or_default();
            format!("«{argument}» нельзя указывать вместе с «{other}»")
        }
        ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => return Some(error.to_string()),
        _ => return None,
    };
    let mut text = format!("zvonok: {what}\n");
    if let Some(values) = said(ContextKind::ValidValue).filter(|values| !values.is_empty()) {
        text.push_str(&format!("  варианты: {values}\n"));
    }
    let near =
        [ContextKind::SuggestedArg, ContextKind::SuggestedValue, ContextKind::SuggestedSubcommand];
    if let Some(near) = near.into_iter().find_map(said) {
        text.push_str(&format!("  возможно, имелось в виду «{near}»\n"));
    }
    text.push_str("Справка: zvonok --help\n");
    Some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn in_both(command: &Command) {
        let texts = command.get_arguments().map(|arg| (arg.get_id().to_string(), arg.get_help()));
        let texts = texts.chain([(command.get_name().to_owned(), command.get_about())]);
        for (name, text) in texts {
            let text = text.map(ToString::to_string).unwrap_or_default();
            let (_, ru) = text.split_once(" / ").unwrap_or_default();
            let cyrillic = ru.chars().any(|letter| ('а'..='я').contains(&letter));
            assert!(cyrillic, "{} {name}: {text}", command.get_name());
        }
        command.get_subcommands().for_each(in_both);
    }

    #[test]
    fn every_text_of_the_help_is_there_in_both_languages() {
        in_both(&Cli::command());
    }

    #[test]
    fn the_command_is_well_formed_in_both_languages() {
        command(Language::Ru).debug_assert();
        command(Language::En).debug_assert();
    }
}
