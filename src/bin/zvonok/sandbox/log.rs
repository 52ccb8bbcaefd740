//! The request log and the counters, by which tests and people see what was asked of the messenger.

use std::collections::{BTreeMap, VecDeque};

use serde::Serialize;
use serde_json::{Map, Value};

/// Entries kept; older ones are forgotten.
const MOST_ENTRIES: usize = 10_000;
/// Characters kept of one parameter.
const LONGEST_VALUE: usize = 4_000;

/// The log, with the counters beside it.
#[derive(Default)]
pub(crate) struct Log {
    entries: VecDeque<Entry>,
    last: u64,
    counters: Counters,
}

/// One request, or one call inside a batch.
#[derive(Clone, Serialize)]
pub(crate) struct Entry {
    n: u64,
    platform: &'static str,
    method: String,
    /// As sent, without the token.
    params: Map<String, Value>,
    /// Whether this request asks for a change. A batch itself does not; its inner calls may.
    changing: bool,
    result: Outcome,
    #[serde(skip_serializing_if = "Option::is_none")]
    fault: Option<String>,
    /// The entry of the batch that this call was in.
    #[serde(skip_serializing_if = "Option::is_none")]
    batch: Option<u64>,
    /// Milliseconds since 1970.
    time: i64,
}

/// What became of a request.
#[derive(Clone, Serialize)]
#[serde(untagged)]
pub(crate) enum Outcome {
    /// `"ok"`, or `"not applied"` when a fault or a kill came first.
    Word(&'static str),
    /// The platform's error code.
    Code(i64),
    /// The same on a platform whose codes are words.
    Name(String),
}

/// What a request is before it was carried out.
pub(crate) struct Opening<'a> {
    pub(crate) platform: &'static str,
    pub(crate) method: &'a str,
    pub(crate) params: &'a [(String, String)],
    pub(crate) changing: bool,
    pub(crate) batch: Option<u64>,
    pub(crate) time: i64,
}

/// How much was asked since the start or the last reset.
#[derive(Clone, Default, Serialize)]
pub(crate) struct Counters {
    /// HTTP requests; a batch is one.
    requests: u64,
    /// Calls that ask for a change, those inside batches included.
    changing: u64,
    /// Calls by method, those inside batches included; unknown methods together as `?`.
    by_method: BTreeMap<String, u64>,
}

impl Log {
    pub(crate) fn last(&self) -> u64 {
        self.last
    }

    /// Enters a request as not applied and returns its number.
    pub(crate) fn open(&mut self, opening: &Opening<'_>, known: bool) -> u64 {
        self.last += 1;
        self.counters.requests += u64::from(opening.batch.is_none());
        self.counters.changing += u64::from(opening.changing);
        let name = if known { opening.method } else { "?" };
        *self.counters.by_method.entry(name.to_owned()).or_default() += 1;
        self.entries.push_back(Entry {
            n: self.last,
            platform: opening.platform,
            method: shortened(opening.method),
            params: opening
                .params
                .iter()
                .map(|(k, v)| (shortened(k), shortened(v).into()))
                .collect(),
            changing: opening.changing,
            result: Outcome::Word("not applied"),
            fault: None,
            batch: opening.batch,
            time: opening.time,
        });
        if self.entries.len() > MOST_ENTRIES {
            self.entries.pop_front();
        }
        self.last
    }

    /// Says what became of a request.
    pub(crate) fn close(&mut self, n: u64, result: Outcome) {
        if let Some(entry) = self.entry(n) {
            entry.result = result;
        }
    }

    /// Says which fault befell a request.
    pub(crate) fn fault(&mut self, n: u64, fault: &str) {
        if let Some(entry) = self.entry(n) {
            entry.fault = Some(fault.to_owned());
        }
    }

    /// The entries after `since`, at most `limit` newest of them, oldest first.
    pub(crate) fn since(&self, since: u64, limit: usize) -> Vec<Entry> {
        let newer: Vec<_> = self.entries.iter().filter(|entry| entry.n > since).collect();
        newer[newer.len().saturating_sub(limit)..].iter().map(|entry| (*entry).clone()).collect()
    }

    pub(crate) fn counters(&self) -> &Counters {
        &self.counters
    }

    pub(crate) fn reset_counters(&mut self) {
        self.counters = Counters::default();
    }

    fn entry(&mut self, n: u64) -> Option<&mut Entry> {
        let first = self.entries.front()?.n;
        self.entries.get_mut(usize::try_from(n.checked_sub(first)?).ok()?)
    }
}

fn shortened(text: &str) -> String {
    match text.char_indices().nth(LONGEST_VALUE) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}
