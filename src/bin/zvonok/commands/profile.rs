//! `zvonok profile`: what an integrator does with scripts before any school sees them.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use zvonok::error::{Code, Error, Fault};
use zvonok::profile::{BUILT_IN, Source, describe, source};

use crate::configuration;
use crate::people::People;
use crate::profiles::case::Case;
use crate::profiles::compact::compact;
use crate::profiles::expect::{self, Outcome as Ran};
use crate::profiles::{refused, start};
use crate::show;
use crate::terminal::Terminal;
use crate::trouble::{Outcome, Trouble};

/// What `zvonok profile` is told.
#[derive(clap::Args, Debug)]
#[group(skip)]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Action,
}

#[derive(clap::Subcommand, Debug)]
enum Action {
    /// The built-in profiles / Встроенные профили
    List,
    /// Print a built-in profile, or its settings / Показать встроенный профиль или его настройки
    Show(Show),
    /// Write a commented script that runs as it stands, and a case beside it
    /// / Записать готовый к работе скрипт с пояснениями и пример к нему
    New(New),
    /// Run the cases beside a script and show what is not as written
    /// / Прогнать примеры рядом со скриптом и показать, что не сошлось
    Test(Test),
}

#[derive(clap::Args, Debug)]
struct Show {
    /// A built-in profile or the path of a script / Встроенный профиль или путь к скрипту
    profile: String,
    /// Its settings instead of its text / Настройки вместо текста
    #[arg(long)]
    settings: bool,
}

#[derive(clap::Args, Debug)]
struct New {
    /// What it is called: small Latin letters, digits and _
    /// / Как его зовут: строчные латинские буквы, цифры и _
    name: String,
    /// The built-in profile to begin with / С какого встроенного профиля начать
    #[arg(long, value_name = "NAME")]
    like: Option<String>,
    /// The script's file; NAME.lua here if not told / Файл скрипта; если не указан, ИМЯ.lua здесь же
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
}

#[derive(clap::Args, Debug)]
struct Test {
    /// The path of a script or a built-in profile / Путь к скрипту или встроенный профиль
    profile: String,
    /// The folder of cases; for my.lua it is my.cases if not told
    /// / Папка с примерами; для my.lua, если не указана, — my.cases
    #[arg(long, value_name = "FOLDER")]
    cases: Option<PathBuf>,
    /// Only this case / Только этот пример
    #[arg(long, value_name = "NAME")]
    case: Vec<String>,
    /// Show what is not as written, and write into the cases what came out
    /// / Показать, что не сошлось, и записать в примеры то, что получилось
    #[arg(long, alias = "bless")]
    update: bool,
}

/// Does what the subcommand asks for.
pub(crate) fn run(terminal: &Terminal, args: &Args) -> Outcome {
    match &args.command {
        Action::List => list(terminal),
        Action::Show(args) => shown(terminal, args),
        Action::New(args) => new(terminal, args),
        Action::Test(args) => test(terminal, args),
    }
}

fn list(terminal: &Terminal) -> Outcome {
    let mut profiles = Vec::new();
    for (name, text) in BUILT_IN {
        let mut about = json!(describe(&source(name)?)?);
        about["lines"] = json!(text.lines().count());
        profiles.push(about);
    }
    match terminal.json {
        true => terminal.document(&json!({"format": "zvonok.profiles/1", "profiles": profiles}))?,
        false => show::profiles::list(terminal, &profiles)?,
    }
    Ok(Code::Ok)
}

fn shown(terminal: &Terminal, args: &Show) -> Outcome {
    let source = source(&configuration::profile(&args.profile, Path::new("")))?;
    if terminal.json {
        let mut about = json!(describe(&source)?);
        about["text"] = json!(source.text);
        terminal.document(&about)?;
    } else if args.settings {
        show::profiles::settings(terminal, &json!(describe(&source)?))?;
    } else {
        terminal.plain(source.text.trim_end())?;
    }
    Ok(Code::Ok)
}

fn new(terminal: &Terminal, args: &New) -> Outcome {
    let started = start::start(&args.name, args.like.as_deref(), args.output.as_deref())?;
    let [script, case, types] =
        [&started.script, &started.case, &started.types].map(|path| path.display().to_string());
    match terminal.json {
        true => terminal.document(&json!({"script": script, "case": case, "types": types}))?,
        false => terminal.say(terminal.pick(
            format!(
                "Записаны {script} и пример {case}; типы для редактора — {types}\n\
                 Дальше: zvonok profile test {script}"
            ),
            format!(
                "Written: {script} and the case {case}; types for editors: {types}\n\
                 Next: zvonok profile test {script}"
            ),
        ))?,
    }
    Ok(Code::Ok)
}

/// A case's file, and what came of it.
struct Attempt {
    file: PathBuf,
    /// The case, if the file is one.
    case: Option<Case>,
    ran: Result<Ran, Error>,
}

impl Attempt {
    fn at(file: PathBuf, script: &Source, terminal: &Terminal) -> Attempt {
        match Case::read(&file) {
            Ok(case) => {
                let ran = expect::run(&case, script, terminal);
                Attempt { file, case: Some(case), ran }
            }
            Err(error) => Attempt { file, case: None, ran: Err(error) },
        }
    }

    fn name(&self) -> String {
        self.file.file_stem().unwrap_or_default().to_string_lossy().into_owned()
    }

    fn is_good(&self) -> bool {
        self.ran.as_ref().is_ok_and(|ran| ran.differences.is_empty())
    }
}

fn test(terminal: &Terminal, args: &Test) -> Outcome {
    let script = source(&configuration::profile(&args.profile, Path::new("")))?;
    let script = Source { name: args.profile.clone(), ..script };
    // A script that gives no profile fails all cases alike; it is told once.
    describe(&script)?;
    let files = files(&folder(args)?, &args.case)?;
    let attempts: Vec<Attempt> =
        files.into_iter().map(|file| Attempt::at(file, &script, terminal)).collect();
    tell(terminal, &script, &attempts)?;
    if args.update {
        return update(terminal, &attempts);
    }
    Ok(if attempts.iter().all(Attempt::is_good) { Code::Ok } else { Code::Profile })
}

/// The folder of the cases: the one that is named, or the one beside the script.
fn folder(args: &Test) -> Result<PathBuf, Error> {
    let built_in = BUILT_IN.iter().any(|(name, _)| *name == args.profile);
    match &args.cases {
        Some(folder) => Ok(folder.clone()),
        None if !built_in => Ok(start::cases_of(Path::new(&args.profile))),
        None => {
            let text = zvonok::error::Text::new(
                "у встроенного профиля папки рядом нет: укажите --cases",
                "a built-in profile has no folder beside it: give --cases",
            );
            Err(refused("case.no_folder", "--cases", "", text))
        }
    }
}

/// The files of a folder in the order of their names, all or some.
fn files(folder: &Path, only: &[String]) -> Result<Vec<PathBuf>, Trouble> {
    let unreadable =
        |error: std::io::Error| Trouble::System(format!("{}: {error}", folder.display()));
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(unreadable)? {
        let path = entry.map_err(unreadable)?.path();
        let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let is_case = path.extension().is_some_and(|ending| ending == "json");
        if is_case && (only.is_empty() || only.contains(&name)) {
            found.push(path);
        }
    }
    found.sort();
    if found.is_empty() {
        let text = zvonok::error::Text::new("примеров нет", "there are no cases");
        let fault = Fault::new("case.none", folder.display().to_string(), &only.join(", "), text);
        return Err(Error::with_faults(Code::Config, vec![fault]).into());
    }
    Ok(found)
}

fn tell(terminal: &Terminal, script: &Source, attempts: &[Attempt]) -> std::io::Result<()> {
    if terminal.json {
        let cases: Vec<Value> = attempts.iter().map(row).collect();
        let name = &script.name;
        let document = json!({"format": "zvonok.cases/1", "profile": name, "cases": cases});
        return terminal.document(&document);
    }
    for attempt in attempts {
        let case = attempt.case.as_ref();
        let people = case.map(|case| People::of(case.roster.to_string().as_bytes()));
        let people = people.unwrap_or_default();
        let about = case.map_or("", |case| &case.read.about);
        show::cases::one(terminal, (&attempt.name(), about), attempt.ran.as_ref(), &people)?;
    }
    let wrong = attempts.iter().filter(|attempt| !attempt.is_good()).count();
    show::cases::total(terminal, attempts.len(), wrong)
}

fn row(attempt: &Attempt) -> Value {
    match &attempt.ran {
        Ok(ran) => {
            let mut row = json!(ran);
            row["ok"] = json!(attempt.is_good());
            row
        }
        Err(error) => json!({"case": attempt.name(), "ok": false, "error": error.to_json()}),
    }
}

/// Writes what came out into the files that differ; a case that did not run stays as it is.
fn update(terminal: &Terminal, attempts: &[Attempt]) -> Outcome {
    for attempt in attempts {
        let (Some(case), Ok(ran)) = (&attempt.case, &attempt.ran) else { continue };
        if ran.renewed != case.written {
            let file = &attempt.file;
            std::fs::write(file, compact(&ran.renewed))
                .map_err(|error| Trouble::System(format!("{}: {error}", file.display())))?;
            show::cases::written(terminal, file)?;
        }
    }
    Ok(if attempts.iter().all(|attempt| attempt.ran.is_ok()) { Code::Ok } else { Code::Profile })
}
