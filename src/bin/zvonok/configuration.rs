//! The library's configuration from a file and from arguments.

use std::path::{Path, PathBuf};

use serde_json::{Map, Value, json};
use zvonok::config::Config;
use zvonok::error::{Code, Error, Fault, Text};
use zvonok::session::{Cancel, Session};

use crate::console::Console;
use crate::terminal::Terminal;

/// Where the state, the profile and the messenger are. Arguments win over the file.
#[derive(clap::Args, Clone, Debug, Default)]
#[group(skip)]
pub(crate) struct Args {
    /// The configuration's file, JSON; paths in it are relative to it
    /// / Файл настроек, JSON; пути в нём считаются от него
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// The state file / Файл состояния
    #[arg(long, value_name = "FILE")]
    pub(crate) state: Option<PathBuf>,
    /// A built-in profile or the path of a script / Встроенный профиль или путь к скрипту
    #[arg(long, value_name = "NAME|FILE")]
    pub(crate) profile: Option<String>,
    /// The messenger / Мессенджер
    #[arg(long, value_parser = ["vk", "max"], value_name = "KIND")]
    pub(crate) platform: Option<String>,
    /// Address of the messenger's API, such as the sandbox's
    /// / Адрес API мессенджера, например песочницы
    #[arg(long, value_name = "URL")]
    pub(crate) base_url: Option<String>,
    /// The environment variable with the token / Переменная окружения с ключом
    #[arg(long, value_name = "NAME", conflicts_with = "token_file")]
    pub(crate) token_env: Option<String>,
    /// The file with the token / Файл с ключом
    #[arg(long, value_name = "FILE")]
    pub(crate) token_file: Option<PathBuf>,
    /// The community's number / Номер сообщества
    #[arg(long, value_name = "ID")]
    pub(crate) community: Option<String>,
    /// The school's time zone, such as Europe/Moscow / Часовой пояс школы, например Europe/Moscow
    #[arg(long, value_name = "ZONE")]
    pub(crate) timezone: Option<String>,
}

impl Args {
    /// The configuration's document, with absolute paths.
    ///
    /// # Errors
    /// [`Code::Config`] for a file that cannot be read or is no JSON object.
    pub(crate) fn document(&self) -> Result<Map<String, Value>, Error> {
        let mut document = match &self.config {
            Some(file) => read(file)?,
            None => Map::new(),
        };
        self.lay_over(&mut document);
        Ok(document)
    }

    fn lay_over(&self, document: &mut Map<String, Value>) {
        let mut put = |key: &str, value: Option<String>| {
            value.into_iter().for_each(|value| drop(document.insert(key.to_owned(), value.into())));
        };
        put("state", self.state.as_deref().map(absolute));
        put("profile", self.profile.as_deref().map(|name| profile(name, Path::new(""))));
        put("timezone", self.timezone.clone());
        let given = [
            ("kind", self.platform.clone()),
            ("base_url", self.base_url.clone()),
            ("token_env", self.token_env.clone()),
            ("token_file", self.token_file.as_deref().map(absolute)),
            ("community", self.community.clone()),
        ];
        if given.iter().all(|(_, value)| value.is_none()) {
            return;
        }
        let platform = document.entry("platform").or_insert_with(|| json!({}));
        let Some(platform) = platform.as_object_mut() else { return };
        if self.token_env.is_some() || self.token_file.is_some() {
            ["token", "token_env", "token_file"].iter().for_each(|key| drop(platform.remove(*key)));
        }
        for (key, value) in given {
            value.into_iter().for_each(|value| drop(platform.insert(key.to_owned(), value.into())));
        }
    }

    /// A session with this configuration.
    ///
    /// # Errors
    /// As [`Session::open`].
    pub(crate) fn open(&self, terminal: &Terminal) -> Result<Session, Error> {
        let config = Config::from_map(&self.document()?)?;
        let cancel = Cancel::default();
        crate::console::cancel_on_interrupt(&cancel, terminal);
        Session::with_config(config, Box::new(Console::new(terminal)), cancel)
    }
}

fn read(file: &Path) -> Result<Map<String, Value>, Error> {
    let text = std::fs::read_to_string(file).map_err(|error| unreadable(file, &error))?;
    let parsed = serde_json::from_str(text.strip_prefix('\u{feff}').unwrap_or(&text));
    let Ok(Value::Object(mut document)) = parsed else {
        // The library says best what is wrong with it.
        return Err(match Config::parse(&text) {
            Err(error) => error,
            Ok(_) => Error::new(Code::Config, "это не объект JSON", "this is no JSON object"),
        });
    };
    let folder = std::path::absolute(file).unwrap_or_else(|_| file.to_owned());
    let folder = folder.parent().unwrap_or(Path::new("/")).to_owned();
    resolve(&mut document, &["state", "ca_file"], &folder);
    for platform in ["platform", "previous_platform"] {
        if let Some(Value::Object(platform)) = document.get_mut(platform) {
            resolve(platform, &["token_file"], &folder);
        }
    }
    if let Some(Value::String(name)) = document.get_mut("profile") {
        *name = profile(name, &folder);
    }
    Ok(document)
}

fn unreadable(file: &Path, error: &std::io::Error) -> Error {
    let message = Text::new(
        format!("файл настроек не читается: {error}"),
        format!("the configuration's file cannot be read: {error}"),
    );
    let fault = Fault::new("config.unreadable", file.display().to_string(), "", message);
    Error::with_faults(Code::Config, vec![fault])
}

fn resolve(object: &mut Map<String, Value>, keys: &[&str], folder: &Path) {
    for key in keys {
        if let Some(Value::String(path)) = object.get_mut(*key)
            && !path.is_empty()
        {
            *path = folder.join(&*path).to_string_lossy().into_owned();
        }
    }
}

/// A profile's name stays; what looks like a path, by the library's own rule, becomes absolute.
pub(crate) fn profile(name: &str, folder: &Path) -> String {
    let path = name.contains(['/', '\\']) || name.ends_with(".lua") || name.ends_with(".luau");
    if path { absolute(&folder.join(name)) } else { name.to_owned() }
}

/// A path that does not depend on where the library looks from.
pub(crate) fn absolute(path: &Path) -> String {
    std::path::absolute(path).unwrap_or_else(|_| path.to_owned()).to_string_lossy().into_owned()
}
