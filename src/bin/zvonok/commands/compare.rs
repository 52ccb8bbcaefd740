//! What one profile would change against another, on a roster alone: no state, no messenger.

use std::path::Path;

use serde_json::{Map, Value, json};
use zvonok::error::{Code, Error, Text};
use zvonok::profile::{BUILT_IN, Description, describe, source};

use super::plan::Args;
use crate::configuration;
use crate::people::People;
use crate::profiles::Export;
use crate::profiles::compare::{Comparison, Side};
use crate::show;
use crate::terminal::Terminal;
use crate::trouble::{Outcome, Trouble};

/// Compares and shows what differs.
pub(super) fn run(terminal: &Terminal, args: &Args, document: &Map<String, Value>) -> Outcome {
    let Some(roster) = &args.roster else {
        return Err(Trouble::Usage(Text::new(
            "чтобы сравнить профили без файла состояния, нужна выгрузка: --roster",
            "to compare profiles without a state file a roster is needed: --roster",
        )));
    };
    let Some(name) = document.get("profile").and_then(Value::as_str) else {
        return Err(Trouble::Usage(Text::new(
            "укажите профиль, который сравнить: --profile",
            "say which profile to compare: --profile",
        )));
    };
    let export = Export::at(roster, args.options.now.as_deref(), document)?;
    let given = document.get("settings").and_then(Value::as_object).cloned().unwrap_or_default();
    let about = describe(&source(name)?)?;
    let other = args.against.as_deref().map(|name| configuration::profile(name, Path::new("")));
    let other = other.or_else(|| grown_from(name, &about));
    let here = side(terminal, &export, name, about, &given)?;
    let there = match other {
        None => None,
        Some(name) => {
            let about = describe(&source(&name)?)?;
            let given = understood(&about, &given);
            Some(side(terminal, &export, &name, about, &given)?)
        }
    };
    let mut comparison = Comparison::new(&here, there.as_ref());
    comparison.only(&args.options.chat, &args.options.kind);
    if terminal.json {
        terminal.document(&json!(comparison))?;
    } else {
        let people = People::of_file(Some(roster));
        let most = args.most.unwrap_or(usize::MAX);
        show::comparison::show(terminal, &comparison, &people, args.detail, most)?;
    }
    Ok(Code::Ok)
}

fn side(
    terminal: &Terminal,
    export: &Export,
    name: &str,
    about: Description,
    settings: &Map<String, Value>,
) -> Result<Side, Error> {
    let survey = export.survey(&source(name)?, settings, terminal)?;
    let (desired, answers) = (survey.desired, survey.answers);
    let file = Path::new(name).file_name().map(|file| file.to_string_lossy().into_owned());
    Ok(Side { name: file.unwrap_or_else(|| name.to_owned()), about, desired, answers })
}

/// The built-in profile that a script grew from, or whose name it has.
fn grown_from(name: &str, about: &Description) -> Option<String> {
    let built_in = |name: &str| BUILT_IN.iter().any(|(known, _)| *known == name);
    let named = || built_in(&about.name).then(|| about.name.clone());
    about.like.clone().or_else(named).filter(|_| !built_in(name))
}

/// The settings that another profile has as well.
fn understood(about: &Description, given: &Map<String, Value>) -> Map<String, Value> {
    let one = |(key, value): (&String, &Value)| Map::from_iter([(key.clone(), value.clone())]);
    let known = |pair: &(&String, &Value)| about.settings_with(&one(*pair)).is_ok();
    given.iter().filter(known).map(|(key, value)| (key.clone(), value.clone())).collect()
}
