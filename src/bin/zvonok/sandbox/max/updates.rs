//! What the bot hears: updates are handed over to webhooks, or wait to be asked for.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::super::desk::{Papers, now_ms};
use super::call::Call;
use super::error::Error;
use super::switches::{PollBesideWebhook, PollWithoutMarker, Switches};
use super::world::World;

/// Updates kept.
const MOST: usize = 10_000;
/// As many as the platform gives at a time, whatever the limit says.
const MOST_AT_ONCE: usize = 100;
const LONGEST_WAIT: usize = 30;

const KINDS: [&str; 20] = [
    "message_created",
    "message_callback",
    "message_edited",
    "message_removed",
    "bot_added",
    "bot_removed",
    "bot_admin_permissions_changed",
    "user_added",
    "user_removed",
    "bot_started",
    "bot_stopped",
    "chat_title_changed",
    "dialog_removed",
    "dialog_cleared",
    "dialog_muted",
    "dialog_unmuted",
    "comment_created",
    "comment_edited",
    "comment_removed",
    "message_chat_created",
];

/// What nobody has acknowledged yet.
#[derive(Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Updates {
    last: u64,
    waiting: VecDeque<Update>,
}

#[derive(Serialize, Deserialize)]
struct Update {
    number: u64,
    time: i64,
    body: Value,
}

/// A request for updates.
pub(super) struct Asked {
    marker: Option<u64>,
    limit: usize,
    types: Option<Vec<String>>,
    /// Seconds.
    pub(super) wait: u64,
}

impl World {
    /// Whether the bot hears what happens in this group: as an admin who may read everything.
    pub(crate) fn hears(&self, chat_id: i64) -> bool {
        let chat = self.chats.get(&chat_id);
        chat.is_some_and(|chat| chat.may(self.bot.id, "read_all_messages"))
    }

    /// Tells the bot that something happened now.
    pub(crate) fn tell(&mut self, kind: &str, fields: Value) {
        let mut update = json!({ "update_type": kind, "timestamp": now_ms() });
        if let (Some(all), Value::Object(fields)) = (update.as_object_mut(), fields) {
            all.extend(fields);
        }
        self.hand_over(update);
    }

    /// Hands any update over as it is. What a webhook takes is not kept for those who ask.
    pub(crate) fn hand_over(&mut self, update: Value) {
        if self.subscriptions.is_empty() {
            self.updates.push(update, self.switches.updates_kept_ms);
        } else {
            self.outbox.post(&update, &self.subscriptions, &self.switches);
        }
    }
}

impl Updates {
    /// How many nobody has acknowledged.
    pub(crate) fn waiting(&self) -> usize {
        self.waiting.len()
    }

    fn push(&mut self, body: Value, kept_ms: i64) {
        self.last += 1;
        self.waiting.push_back(Update { number: self.last, time: now_ms(), body });
        self.forget(kept_ms);
    }

    /// What waited for too long is gone, whether anybody heard of it or not.
    fn forget(&mut self, kept_ms: i64) {
        let oldest = now_ms().saturating_sub(kept_ms);
        let old = |update: &Update| update.time < oldest;
        while self.waiting.len() > MOST || self.waiting.front().is_some_and(old) {
            self.waiting.pop_front();
        }
    }

    /// The updates from the marker on, which acknowledges all before it, and the next marker.
    pub(super) fn take(&mut self, asked: &Asked, start: PollWithoutMarker, kept_ms: i64) -> Value {
        self.forget(kept_ms);
        let last = self.waiting.back().map_or(0, |update| update.number);
        let from = match (asked.marker, start) {
            (Some(marker), _) => marker,
            (None, PollWithoutMarker::Committed) => 0,
            (None, PollWithoutMarker::Last) => last,
        };
        while self.waiting.front().is_some_and(|update| update.number < from) {
            self.waiting.pop_front();
        }
        let wanted = |update: &&Update| {
            let kind = update.body["update_type"].as_str().unwrap_or_default();
            asked.types.as_ref().is_none_or(|types| types.iter().any(|each| each == kind))
        };
        let found: Vec<_> = self.waiting.iter().filter(wanted).take(asked.limit).collect();
        // A page that is not full has seen everything, also what its types left out.
        let full = found.last().filter(|_| found.len() == asked.limit);
        let next = full.map_or(self.last + 1, |update| update.number + 1);
        let bodies: Vec<_> = found.iter().map(|update| &update.body).collect();
        json!({ "updates": bodies, "marker": next })
    }
}

impl Asked {
    pub(super) fn read(call: &Call) -> Result<Asked, Error> {
        let marker = call.int("marker")?.map(|marker| u64::try_from(marker).unwrap_or_default());
        let limit = call.within("limit", 1, 1_000, 100)?.min(MOST_AT_ONCE);
        let wait = call.within("timeout", 0, 90, 30)?.min(LONGEST_WAIT) as u64;
        let types = call.get("types").filter(|types| !types.is_empty());
        let types: Option<Vec<_>> =
            types.map(|types| types.split(',').map(|kind| kind.trim().to_owned()).collect());
        known(types.iter().flatten())?;
        Ok(Asked { marker, limit, types, wait })
    }
}

/// Refuses a kind of update that the platform does not know.
pub(super) fn known<'a>(mut kinds: impl Iterator<Item = &'a String>) -> Result<(), Error> {
    match kinds.find(|kind| !KINDS.contains(&kind.as_str())) {
        Some(kind) => Err(Error::payload(&format!("Unknown update type: {kind}"))),
        None => Ok(()),
    }
}

/// GET /updates, but for the waiting, which is done where nothing is locked.
pub(super) fn poll(papers: &mut Papers, call: &Call) -> Result<Value, Error> {
    let asked = Asked::read(call)?;
    let world = &mut papers.max;
    world.door.admit_poll(&world.switches)?;
    if !world.subscriptions.is_empty() {
        return match world.switches.poll_beside_webhook {
            PollBesideWebhook::Empty => Ok(json!({ "updates": [] })),
            PollBesideWebhook::Error => {
                let message = "Long polling is not available: a webhook subscription is active";
                Err(Error::new(405, "method.not.allowed", message))
            }
        };
    }
    let Switches { poll_without_marker, updates_kept_ms, .. } = world.switches;
    Ok(world.updates.take(&asked, poll_without_marker, updates_kept_ms))
}
