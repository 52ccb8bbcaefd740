//! Names of people, joined from the roster: the library itself keeps only ids.

use std::collections::HashMap;
use std::path::Path;

use serde::Deserialize;
use zvonok::roster::Content;

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
    /// The names of a roster at a path; nobody where it cannot be read, because the library then
    /// says why.
    pub(crate) fn of_file(path: Option<&Path>) -> People {
        let Some(content) = path.and_then(|path| Content::at(path).ok()) else {
            return People::default();
        };
        content.json().map_or_else(|| People::of_files(&content), People::of)
    }

    /// The names in OneRoster's files; of other forms ids are shown.
    fn of_files(content: &Content<'_>) -> People {
        let users = content.values("users.csv", ["sourcedId", "familyName", "givenName"]);
        let name = |family: &str, given: &str| format!("{family} {given}").trim().to_owned();
        let classes = content.values("classes.csv", ["sourcedId", "title"]);
        People {
            names: users
                .into_iter()
                .map(|[id, family, given]| (id, name(&family, &given)))
                .collect(),
            classes: classes.into_iter().map(|[id, title]| (id, title)).collect(),
        }
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

    /// Whether nobody's name is known.
    pub(crate) fn is_empty(&self) -> bool {
        self.names.values().all(String::is_empty)
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
