//! The token and the rates: what is checked before any method.

use std::collections::BTreeMap;
use std::time::Instant;

use axum::http::{HeaderMap, header};

use super::super::desk::Pace;
use super::call::Call;
use super::error::Error;
use super::switches::Switches;

/// Chats whose rate is remembered; beyond it all begin anew.
const MOST_PACES: usize = 50_000;

/// The one good token, and who came how often within the last second.
#[derive(Default)]
pub(crate) struct Door {
    pub(crate) token: String,
    pace: Pace,
    polls: Pace,
    chats: BTreeMap<i64, Pace>,
}

/// What a request brought for a token.
pub(crate) enum Key {
    /// The header's text; the platform wants it without `Bearer`.
    Header(String),
    /// It was put into the query, as was done until 2026.
    Query,
    Nothing,
}

impl Key {
    pub(crate) fn of(headers: &HeaderMap, call: &Call) -> Key {
        if call.get("access_token").is_some() {
            return Key::Query;
        }
        let header = headers.get(header::AUTHORIZATION);
        match header.and_then(|value| value.to_str().ok()) {
            Some(text) => Key::Header(text.to_owned()),
            None => Key::Nothing,
        }
    }
}

impl Door {
    /// Lets a request in that has the token and does not come too soon.
    pub(crate) fn admit(&mut self, key: &Key, rate: usize) -> Result<(), Error> {
        let refused = |message: &str| Err(Error::new(401, "verify.token", message));
        match key {
            Key::Query => {
                let message =
                    "Query parameter access_token is deprecated, use Authorization header";
                Err(Error::new(403, "deprecated.token", message))
            }
            Key::Header(text) if text.starts_with("Bearer ") => refused("Malformed access token"),
            Key::Header(text) if *text == self.token => {
                self.pace.grant(rate, Instant::now()).then_some(()).ok_or_else(Error::too_many)
            }
            Key::Header(_) | Key::Nothing => refused("Invalid access_token"),
        }
    }

    /// The same for requests for updates.
    pub(crate) fn admit_poll(&mut self, switches: &Switches) -> Result<(), Error> {
        let granted = self.polls.grant(switches.poll_rate, Instant::now());
        granted.then_some(()).ok_or_else(Error::too_many)
    }

    /// The same for what is written to one chat.
    pub(crate) fn admit_words(&mut self, chat_id: i64, switches: &Switches) -> Result<(), Error> {
        if self.chats.len() > MOST_PACES {
            self.chats.clear();
        }
        let pace = self.chats.entry(chat_id).or_default();
        let granted = pace.grant(switches.chat_rate, Instant::now());
        granted.then_some(()).ok_or_else(Error::too_many)
    }
}
