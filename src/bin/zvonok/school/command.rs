//! `zvonok school`: writes a roster, if wished after some changes.

use std::io::{self, Write};
use std::path::PathBuf;

use jiff::civil::Date;
use rand::SeedableRng;
use serde_json::Value;

use super::{Chance, Size, changes, flat, generate, homerooms, to_text};

/// What `zvonok school` is told.
#[derive(clap::Args, Debug)]
pub(crate) struct Args {
    /// The same seed gives the same school / Одно зерно — одна и та же школа
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Students, from 20 to 4000 / Учеников, от 20 до 4000
    #[arg(long, default_value_t = 1500, value_parser = students)]
    students: usize,
    /// The day of the export / День выгрузки
    #[arg(long, default_value = "2026-09-01")]
    today: Date,
    /// What happens to the school, in this order / Что происходит в школе, по порядку
    #[arg(long, num_args = 1.., value_delimiter = ',', value_parser = known_change())]
    changes: Vec<String>,
    /// The file to write instead of standard output / Файл вместо стандартного вывода
    #[arg(long)]
    output: Option<PathBuf>,
    /// A folder to write OneRoster 1.2 CSV files into instead / Папка, в которую вместо этого
    /// записать файлы OneRoster 1.2 CSV
    #[arg(long, value_name = "FOLDER", conflicts_with = "output")]
    csv: Option<PathBuf>,
}

fn known_change() -> clap::builder::PossibleValuesParser {
    clap::builder::PossibleValuesParser::new(changes::ALL.iter().map(|change| change.name))
}

fn students(text: &str) -> Result<usize, String> {
    let range = 20..=homerooms::MOST_STUDENTS;
    text.parse().ok().filter(|number| range.contains(number)).ok_or_else(|| {
        format!("expected {} to {} / нужно число от {0} до {1}", range.start(), range.end())
    })
}

/// Writes the roster to the file, the folder or to standard output, and a line per change to standard error.
pub(crate) fn run(args: &Args, russian: bool) -> io::Result<()> {
    let mut roster = generate(args.seed, Size { students: args.students }, args.today);
    // The changes draw their own numbers, so that asking for them leaves the school as it is.
    let chance = &mut Chance::seed_from_u64(args.seed.wrapping_add(1));
    for name in &args.changes {
        tell(name, &mut roster, chance, russian)?;
    }
    if let Some(folder) = &args.csv {
        return flat::write(folder, &roster);
    }
    let text = to_text(&roster);
    match &args.output {
        Some(path) => std::fs::write(path, text),
        None => io::stdout().lock().write_all(text.as_bytes()),
    }
}

fn tell(name: &str, roster: &mut Value, chance: &mut Chance, russian: bool) -> io::Result<()> {
    let mut out = io::stderr().lock();
    match changes::apply(name, roster, chance) {
        Some(change) if russian => writeln!(out, "{}", change.ru),
        Some(change) => writeln!(out, "{}", change.en),
        None if russian => writeln!(out, "{name}: в этой школе не с кем этому случиться"),
        None => writeln!(out, "{name}: nobody in this school to whom it could happen"),
    }
}
