//! What all parts of the sandbox share: the state behind one lock, and the news that it changed.

use std::collections::VecDeque;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio::sync::watch;

use super::Options;
use super::faults::{Faults, Kill};
use super::log::Log;
use super::max;
use super::people::People;
use super::vk::id::Codes;
use super::world::World;

const FORMAT: &str = "zvonok.sandbox/1";

/// The sandbox's state for all of its tasks.
#[derive(Clone)]
pub(crate) struct Desk {
    papers: Arc<Mutex<Papers>>,
    news: watch::Sender<u64>,
}

/// Everything that the lock protects.
pub(crate) struct Papers {
    pub(crate) community: i64,
    pub(crate) token: String,
    pub(crate) switches: Switches,
    pub(crate) people: People,
    pub(crate) vk: World,
    pub(crate) max: max::World,
    pub(crate) codes: Codes,
    pub(crate) log: Log,
    pub(crate) faults: Faults,
    pub(crate) kill: Option<Kill>,
    pub(crate) rate: usize,
    pub(crate) pace: Pace,
    file: Option<PathBuf>,
}

/// How the messenger behaves where the platform's documents leave it open or a token decides.
#[derive(Clone, Copy, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Switches {
    pub(crate) mode: Mode,
    pub(crate) create_chat_answer: ChatAnswer,
    pub(crate) create_chat_user_ids: UserIds,
    /// Somebody who was removed cannot come back by the link.
    pub(crate) removed_stay_out: bool,
}

/// What the token may do.
#[derive(Clone, Copy, Debug, Default, PartialEq, clap::ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Mode {
    /// What the public interface allows a community.
    #[default]
    Standard,
    /// Also adding members and calls, as a partner's token might.
    Partner,
}

/// The shape of createChat's answer.
#[derive(Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum ChatAnswer {
    #[default]
    Object,
    Int,
}

/// What createChat does with `user_ids`.
#[derive(Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum UserIds {
    #[default]
    Ignore,
    Add,
    Error,
}

/// What was granted within the last second, for a platform's rate limit.
#[derive(Default)]
pub(crate) struct Pace {
    granted: VecDeque<Instant>,
}

impl Desk {
    /// Opens the state file, if there is one, and begins.
    pub(crate) fn open(options: &Options) -> Result<Desk, String> {
        let saved = match &options.state {
            Some(file) => Saved::read(file, options.community)?,
            None => Saved::default(),
        };
        let papers = Papers {
            community: options.community.or(saved.community).unwrap_or(super::COMMUNITY),
            token: options.token.clone(),
            switches: Switches { mode: options.mode, ..Switches::default() },
            people: saved.people,
            vk: saved.vk,
            max: saved.max.opened(options),
            codes: Codes::default(),
            log: Log::default(),
            faults: Faults::default(),
            kill: None,
            rate: options.rate,
            pace: Pace::default(),
            file: options.state.clone(),
        };
        Ok(Desk { papers: Arc::new(Mutex::new(papers)), news: watch::Sender::new(1) })
    }

    pub(crate) fn read<T>(&self, look: impl FnOnce(&Papers) -> T) -> T {
        look(&self.papers.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Lets one thing happen that the state file does not hold.
    pub(crate) fn note<T>(&self, act: impl FnOnce(&mut Papers) -> T) -> T {
        let result = act(&mut self.papers.lock().unwrap_or_else(PoisonError::into_inner));
        self.news.send_modify(|version| *version += 1);
        result
    }

    /// Lets something happen that is no news to anybody.
    pub(crate) fn quietly<T>(&self, act: impl FnOnce(&mut Papers) -> T) -> T {
        act(&mut self.papers.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Lets one thing happen and has it on disk before anybody is told of it.
    pub(crate) fn change<T>(&self, act: impl FnOnce(&mut Papers) -> T) -> Result<T, String> {
        self.note(|papers| {
            let result = act(papers);
            papers.save().map(|()| result)
        })
    }

    /// The number of changes so far.
    pub(crate) fn version(&self) -> u64 {
        *self.news.borrow()
    }

    /// The number of changes so far, as soon as it is over `since` or the wait is over.
    pub(crate) async fn news(&self, since: u64, wait: Duration) -> u64 {
        let mut news = self.news.subscribe();
        let newer = news.wait_for(|version| *version > since);
        // Neither a timeout nor a closed channel is a failure here: the number says it all.
        let _ = tokio::time::timeout(wait, newer).await;
        *self.news.borrow()
    }
}

impl Papers {
    fn save(&self) -> Result<(), String> {
        let Some(file) = &self.file else { return Ok(()) };
        let saved = json!({
            "format": FORMAT,
            "community": self.community,
            "people": self.people,
            "vk": self.vk,
            "max": self.max,
        });
        // Written aside and moved over, so that a kill leaves the old file or the new one.
        let aside = file.with_extension("new");
        std::fs::write(&aside, saved.to_string())
            .and_then(|()| std::fs::rename(&aside, file))
            .map_err(|error| format!("{} was not written: {error}", file.display()))
    }
}

impl Pace {
    /// Grants a request, or refuses it because `rate` were granted within the last second; 0 is
    /// no limit.
    pub(crate) fn grant(&mut self, rate: usize, now: Instant) -> bool {
        while self.granted.front().is_some_and(|at| now - *at >= Duration::from_secs(1)) {
            self.granted.pop_front();
        }
        if rate > 0 && self.granted.len() >= rate {
            return false;
        }
        if rate > 0 {
            self.granted.push_back(now);
        }
        true
    }
}

/// The state file.
#[derive(Default, Deserialize)]
struct Saved {
    #[serde(default)]
    format: String,
    community: Option<i64>,
    people: People,
    vk: World,
    /// Files from before the sandbox knew this platform do not have it.
    #[serde(default)]
    max: max::World,
}

impl Saved {
    /// Reads the file; one that does not exist yet is an empty messenger.
    fn read(file: &Path, community: Option<i64>) -> Result<Saved, String> {
        let place = file.display();
        let text = match std::fs::read_to_string(file) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                return Ok(Saved::default());
            }
            Err(error) => return Err(format!("{place} was not read: {error}")),
        };
        let document: Value = serde_json::from_str(&text).map_err(|e| format!("{place}: {e}"))?;
        let saved: Saved = serde_json::from_value(document).map_err(|e| format!("{place}: {e}"))?;
        if saved.format != FORMAT {
            return Err(format!("{place} is not a state of this sandbox ({FORMAT})"));
        }
        match (saved.community, community) {
            (Some(kept), Some(asked)) if kept != asked => {
                Err(format!("{place} belongs to community {kept}, not {asked}"))
            }
            _ => Ok(saved),
        }
    }
}

/// Now, in milliseconds since 1970. The clock is for dates and the rate limit only.
pub(crate) fn now_ms() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}
