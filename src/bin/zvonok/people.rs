//! Names of people, joined from the roster: the library itself keeps only ids.

use std::collections::HashMap;
use std::path::Path;

use serde::Deserialize;

/// What people are called, by `sourcedId`.
#[derive(Default)]
pub(crate) struct People {
    names: HashMap<String, String>,
    classes: HashMap<String, String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct User {
    sourced_id: String,
    #[serde(default)]
    family_name: String,
    #[serde(default)]
    given_name: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Class {
    sourced_id: String,
    #[serde(default)]
    title: String,
}

#[derive(Deserialize)]
struct Document {
    #[serde(default)]
    users: Vec<User>,
    #[serde(default)]
    classes: Vec<Class>,
}

impl People {
    /// The names of a roster's file; nobody where it cannot be read, because the library then says
    /// why.
    pub(crate) fn of_file(file: Option<&Path>) -> People {
        let text = file.and_then(|file| std::fs::read(file).ok());
        text.map(|text| People::of(&text)).unwrap_or_default()
    }

    /// The names of a roster.
    pub(crate) fn of(roster: &[u8]) -> People {
        let text = roster.strip_prefix("\u{feff}".as_bytes()).unwrap_or(roster);
        let Ok(document) = serde_json::from_slice::<Document>(text) else {
            return People::default();
        };
        let name = |user: &User| format!("{} {}", user.family_name, user.given_name);
        People {
            names: document
                .users
                .iter()
                .map(|user| (user.sourced_id.clone(), name(user).trim().to_owned()))
                .collect(),
            classes: document.classes.into_iter().map(|row| (row.sourced_id, row.title)).collect(),
        }
    }

    /// `Иванова Анна (p17)`, or the id where no name is known.
    pub(crate) fn name(&self, id: &str) -> String {
        match self.names.get(id).filter(|name| !name.is_empty()) {
            Some(name) => format!("{name} ({id})"),
            None => id.to_owned(),
        }
    }

    /// A class's title.
    pub(crate) fn class(&self, id: &str) -> Option<&str> {
        self.classes.get(id).map(String::as_str).filter(|title| !title.is_empty())
    }
}
