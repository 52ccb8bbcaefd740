//! `zvonok schema`: the JSON Schemas of the library's documents.

use std::path::{Path, PathBuf};

use serde_json::Value;
use zvonok::error::{Code, Text};
use zvonok::schema::{Document, documents};

use crate::show;
use crate::terminal::Terminal;
use crate::trouble::{Outcome, Trouble};

/// What `zvonok schema` is told.
#[derive(clap::Args, Debug)]
#[group(skip)]
pub(crate) struct Args {
    /// config, options, roster, request, report, reply, error or check; without it, the list
    /// / config, options, roster, request, report, reply, error или check; без него — список
    name: Option<String>,
    /// Write all of them into a folder / Записать все в папку
    #[arg(long, value_name = "FOLDER", conflicts_with = "name")]
    all: Option<PathBuf>,
}

/// Prints one schema, or the list, or writes all.
pub(crate) fn run(terminal: &Terminal, args: &Args) -> Outcome {
    let all = documents();
    match (&args.name, &args.all) {
        (_, Some(folder)) => write(&all, folder)?,
        (None, None) => list(terminal, &all)?,
        (Some(name), None) => {
            let found = all.iter().find(|document| document.name == name);
            let document = found.ok_or_else(|| unknown(name, &all))?;
            terminal.document(&document.schema)?;
        }
    }
    Ok(Code::Ok)
}

fn write(all: &[Document], folder: &Path) -> Result<(), Trouble> {
    let unwritable = |path: &Path, error: std::io::Error| {
        Trouble::System(format!("{}: {error}", path.display()))
    };
    std::fs::create_dir_all(folder).map_err(|error| unwritable(folder, error))?;
    all.iter().try_for_each(|document| {
        let path = folder.join(document.file());
        let text = format!("{:#}\n", document.schema);
        std::fs::write(&path, text).map_err(|error| unwritable(&path, error))
    })
}

fn list(terminal: &Terminal, all: &[Document]) -> std::io::Result<()> {
    if terminal.json {
        let names: Vec<&str> = all.iter().map(|document| document.name).collect();
        return terminal.document(&Value::from(names));
    }
    let heads = terminal.pick(["Имя", "Файл", "Документ"], ["Name", "File", "Document"]);
    let row = |document: &Document| {
        let title = show::text(&document.schema, "title").to_owned();
        vec![document.name.to_owned(), document.file(), title]
    };
    terminal.say(show::table(terminal, &heads, all.iter().map(row).collect()))
}

fn unknown(name: &str, all: &[Document]) -> Trouble {
    let names: Vec<&str> = all.iter().map(|document| document.name).collect();
    let names = names.join(", ");
    Trouble::Usage(Text::new(
        format!("нет схемы «{name}»; есть {names}"),
        format!("there is no schema “{name}”; there are {names}"),
    ))
}
