//! `zvonok report`: the registry, the people, the plan and what waits for a person, as one file to
//! look at.

use std::path::{Path, PathBuf};

use serde_json::json;
use zvonok::error::{Code, Text};

use crate::configuration;
use crate::page::{self, Gathered};
use crate::people::People;
use crate::terminal::{Terminal, Tone};
use crate::trouble::{Outcome, Trouble};
use crate::words::Language;

/// What `zvonok report` is told.
#[derive(clap::Args, Debug)]
#[group(skip)]
pub(crate) struct Args {
    /// The file to write: one page without anything from outside
    /// / Какой файл записать: одна страница, ничего извне ей не нужно
    #[arg(long, value_name = "FILE")]
    html: PathBuf,
    #[command(flatten)]
    configuration: configuration::Args,
    /// The school's data: names of people are written into the file
    /// / Данные школы: имена людей будут записаны в файл
    #[arg(long, value_name = "PATH")]
    roster: Option<PathBuf>,
    /// Only the chats of these keys / Только чаты с этими ключами
    #[arg(long, value_name = "KEY")]
    chat: Vec<String>,
    /// Language of the page / Язык страницы
    #[arg(long, value_name = "LANG", default_value = "ru")]
    language: Language,
    /// Take this for now: 2026-09-01T08:25:00+03:00 / Считать, что сейчас:
    /// 2026-09-01T08:25:00+03:00
    #[arg(long, value_name = "TIME")]
    now: Option<String>,
}

/// Asks the library for everything and writes the page.
pub(crate) fn run(terminal: &Terminal, args: &Args) -> Outcome {
    let people = names(args.roster.as_deref())?;
    let mut session = args.configuration.open(terminal)?;
    let gathered = Gathered::ask(&mut session, &args.chat, args.now.as_deref())?;
    let page = page::render(&gathered, &people, args.language);
    let file = &args.html;
    std::fs::write(file, &page)
        .map_err(|error| Trouble::System(format!("{}: {error}", file.display())))?;
    if terminal.json {
        let told = json!({"file": file, "bytes": page.len(), "chats": gathered.chats.len()});
        terminal.document(&told)?;
    } else {
        terminal.say(written(terminal, file, gathered.chats.len()))?;
        if let Some(why) = &gathered.plan_failed {
            let words = terminal.pick("План не составлен", "No plan was made");
            let line = format!("{words}: {}", terminal.text(why));
            terminal.say(terminal.tone(Tone::Warning, line))?;
        }
    }
    Ok(Code::Ok)
}

fn written(terminal: &Terminal, file: &Path, chats: usize) -> String {
    let file = file.display();
    terminal.pick(
        format!("{file}: чатов {chats}. Откройте файл в браузере."),
        format!("{file}: {chats} chats. Open the file in a browser."),
    )
}

/// Whoever asks for names should be told why there would be none.
fn names(roster: Option<&Path>) -> Result<People, Trouble> {
    let people = People::of_file(roster);
    match roster {
        Some(path) if people.is_empty() => {
            let path = path.display();
            Err(Trouble::Usage(Text::new(
                format!("в {path} не нашлось имён: это выгрузка?"),
                format!("there are no names in {path}: is it a roster?"),
            )))
        }
        _ => Ok(people),
    }
}
