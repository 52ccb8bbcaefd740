//! A new profile: a script that runs as it stands, and a folder with a case beside it.

use std::fs::OpenOptions;
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

use zvonok::error::Text;
use zvonok::profile::BUILT_IN;

use crate::trouble::Trouble;

/// The script of a new profile that is like no other: its words explain everything.
const START: &str = include_str!("../../../../scripts/start.lua");
const START_CASE: &str = include_str!("../../../../scripts/start.cases/class_and_parents.json");

/// A case of each built-in profile, for scripts that begin as one of them.
const CASES: [(&str, &str); 5] = [
    ("ais_poo", include_str!("../../../../scripts/ais_poo.cases/group_and_parents.json")),
    ("epos_spo", include_str!("../../../../scripts/epos_spo.cases/group_and_parents.json")),
    ("it_school", include_str!("../../../../scripts/it_school.cases/class_and_parents.json")),
    ("oneroster", include_str!("../../../../scripts/oneroster.cases/class_and_parents.json")),
    ("paragraf", include_str!("../../../../scripts/paragraf.cases/class_and_parents.json")),
];

/// The types for editors.
const TYPES: &str = include_str!("../../../../scripts/zvonok.d.luau");

/// What was written.
pub(crate) struct Started {
    /// The script.
    pub(crate) script: PathBuf,
    /// The case.
    pub(crate) case: PathBuf,
    /// The types for editors.
    pub(crate) types: PathBuf,
}

/// The folder of the cases that belong to a script: `my.lua` has `my.cases`.
pub(crate) fn cases_of(script: &Path) -> PathBuf {
    script.with_extension("cases")
}

/// Writes a new profile. No file is written over another one; types that are there stay.
///
/// # Errors
/// A name that is none or is taken, a built-in profile that there is not, a file that is there.
pub(crate) fn start(
    name: &str,
    like: Option<&str>,
    output: Option<&Path>,
) -> Result<Started, Trouble> {
    check_name(name)?;
    let (text, case) = texts(name, like)?;
    let script = output.map_or_else(|| PathBuf::from(format!("{name}.lua")), Path::to_owned);
    let folder = cases_of(&script);
    let started = Started {
        case: folder.join("example.json"),
        types: script.with_file_name("zvonok.d.luau"),
        script,
    };
    for file in [&started.script, &started.case] {
        if file.exists() {
            return Err(taken(file));
        }
    }
    write(&started.script, &text)?;
    std::fs::create_dir_all(&folder).map_err(|error| unwritten(&folder, &error))?;
    write(&started.case, case)?;
    if !started.types.exists() {
        write(&started.types, TYPES)?;
    }
    Ok(started)
}

fn check_name(name: &str) -> Result<(), Trouble> {
    let sound = name.starts_with(|c: char| c.is_ascii_lowercase())
        && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_');
    if !sound {
        return Err(Trouble::Usage(Text::new(
            format!(
                "имя профиля «{name}»: нужны строчные латинские буквы, цифры и _, начиная с буквы"
            ),
            format!("the name \"{name}\": small Latin letters, digits and _, a letter first"),
        )));
    }
    if BUILT_IN.iter().any(|(known, _)| *known == name) {
        return Err(Trouble::Usage(Text::new(
            format!("имя «{name}» занято встроенным профилем; назовите свой иначе"),
            format!("the name \"{name}\" is a built-in profile's; choose another"),
        )));
    }
    Ok(())
}

/// The script under its new name, and the case that goes with it.
fn texts(name: &str, like: Option<&str>) -> Result<(String, &'static str), Trouble> {
    let Some(like) = like else { return Ok((START.replace("my_profile", name), START_CASE)) };
    let (_, script) = BUILT_IN.iter().find(|(known, _)| *known == like).ok_or_else(|| {
        let near = super::suggestion(like, BUILT_IN.iter().map(|(name, _)| *name));
        Trouble::Usage(Text::new(
            format!("нет встроенного профиля «{like}»{}", near.ru),
            format!("there is no built-in profile \"{like}\"{}", near.en),
        ))
    })?;
    let case = CASES.iter().find(|(known, _)| *known == like).map_or(START_CASE, |(_, case)| case);
    let named = format!("  name = \"{name}\",\n  like = \"{like}\",\n");
    let script = script.replacen(&format!("  name = \"{like}\",\n"), &named, 1);
    Ok((format!("{}{script}", header(name, like)), case))
}

fn header(name: &str, like: &str) -> String {
    format!(
        "-- Свой профиль на основе встроенного {like}. Проверка, сравнение и примеры:\n\
         --   zvonok check {name}.lua --roster ВЫГРУЗКА\n\
         --   zvonok plan --profile {name}.lua --roster ВЫГРУЗКА\n\
         --   zvonok profile test {name}.lua\n\n"
    )
}

fn write(file: &Path, text: &str) -> Result<(), Trouble> {
    let opened = OpenOptions::new().write(true).create_new(true).open(file);
    opened.and_then(|mut file| file.write_all(text.as_bytes())).map_err(|error| {
        if error.kind() == ErrorKind::AlreadyExists { taken(file) } else { unwritten(file, &error) }
    })
}

fn taken(file: &Path) -> Trouble {
    let file = file.display();
    Trouble::Usage(Text::new(
        format!("{file} уже есть; чужое не переписывается: назовите профиль иначе или укажите -o"),
        format!("{file} is there and is not written over: choose another name, or -o"),
    ))
}

fn unwritten(file: &Path, error: &std::io::Error) -> Trouble {
    Trouble::System(format!("{}: {error}", file.display()))
}
