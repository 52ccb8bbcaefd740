//! Subscriptions, and the delivery of updates to them. Only addresses of this machine are called.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::super::desk::{Desk, Papers, now_ms};
use super::super::server::is_local;
use super::call::Call;
use super::error::{Error, done, refused};
use super::switches::Switches;
use super::updates;
use super::world::World;

const SECRET_HEADER: &str = "X-Max-Bot-Api-Secret";
const MOST_RETRIES: u32 = 10;
const MOST_PARCELS: usize = 10_000;
const MOST_SUBSCRIPTIONS: usize = 100;
/// A subscription without success ends after so many times the first pause: the platform's eight
/// hours, where the first pause is a minute.
const PATIENCE: i64 = 480;

/// A webhook.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Subscription {
    pub(crate) url: String,
    pub(crate) time: i64,
    pub(crate) update_types: Option<Vec<String>>,
    secret: Option<String>,
    pub(crate) failing_since: Option<i64>,
    /// What is on its way there waits.
    #[serde(default)]
    pub(crate) held_back: bool,
}

/// Updates on their way.
#[derive(Default)]
pub(crate) struct Outbox {
    last: u64,
    parcels: Vec<Parcel>,
    pub(crate) delivered: u64,
    pub(crate) failed: u64,
}

#[derive(Clone)]
struct Parcel {
    number: u64,
    url: String,
    secret: Option<String>,
    body: String,
    attempt: u32,
    /// Milliseconds since 1970.
    due: i64,
}

impl Outbox {
    /// Addresses an update to every subscription that takes its kind.
    pub(super) fn post(&mut self, update: &Value, to: &[Subscription], switches: &Switches) {
        let kind = update["update_type"].as_str().unwrap_or_default();
        let takes = |each: &&Subscription| {
            each.update_types.as_ref().is_none_or(|types| types.iter().any(|known| known == kind))
        };
        for subscription in to.iter().filter(takes) {
            self.last += 1;
            let held_back = if self.last % 2 == 1 { switches.webhook_reorder_ms } else { 0 };
            self.parcels.push(Parcel {
                number: self.last,
                url: subscription.url.clone(),
                secret: subscription.secret.clone(),
                body: update.to_string(),
                attempt: 0,
                due: now_ms().saturating_add_unsigned(held_back),
            });
        }
        let over = self.parcels.len().saturating_sub(MOST_PARCELS);
        self.parcels.drain(..over);
    }

    pub(crate) fn waiting(&self) -> usize {
        self.parcels.len()
    }

    /// The parcel to go next, its place first, but for those to addresses that are held back.
    fn next(&self, held_back: &[String]) -> Option<(usize, &Parcel)> {
        let may_go = |(_, parcel): &(usize, &Parcel)| !held_back.contains(&parcel.url);
        let parcels = self.parcels.iter().enumerate().filter(may_go);
        parcels.min_by_key(|(_, parcel)| (parcel.due, parcel.number))
    }

    fn take_due(&mut self, now: i64, held_back: &[String]) -> Option<Parcel> {
        let (at, _) = self.next(held_back).filter(|(_, parcel)| parcel.due <= now)?;
        Some(self.parcels.remove(at))
    }
}

impl World {
    /// The addresses to which nothing is sent for now.
    fn held_back(&self) -> Vec<String> {
        let held_back = self.subscriptions.iter().filter(|each| each.held_back);
        held_back.map(|each| each.url.clone()).collect()
    }

    /// When the next update is to be sent, if any may be.
    fn next_due(&self) -> Option<i64> {
        let next = self.outbox.next(&self.held_back()).filter(|_| self.switches.webhook);
        next.map(|(_, parcel)| parcel.due)
    }

    /// After a delivery: forgotten, or due again later; a subscription that fails for too long
    /// ends.
    fn settle(&mut self, mut parcel: Parcel, delivered: bool) {
        let now = now_ms();
        let first_pause = i64::try_from(self.switches.webhook_retry_ms).unwrap_or(i64::MAX);
        let subscription = self.subscriptions.iter_mut().find(|each| each.url == parcel.url);
        let Some(subscription) = subscription else { return };
        if delivered {
            self.outbox.delivered += 1;
            subscription.failing_since = None;
            return;
        }
        self.outbox.failed += 1;
        let since = *subscription.failing_since.get_or_insert(now);
        if now - since > first_pause.saturating_mul(PATIENCE) {
            self.subscriptions.retain(|each| each.url != parcel.url);
            self.outbox.parcels.retain(|each| each.url != parcel.url);
        } else if parcel.attempt < MOST_RETRIES {
            let pause = first_pause as f64 * 2.5_f64.powi(parcel.attempt.cast_signed());
            parcel.due = now.saturating_add(pause as i64);
            parcel.attempt += 1;
            self.outbox.parcels.push(parcel);
        }
    }
}

/// Delivers until the sandbox ends, one at a time.
pub(crate) async fn deliver(desk: Desk) {
    loop {
        let version = desk.version();
        let due = desk.read(|papers| papers.max.next_due());
        let pause = due.map_or(60_000, |due| due - now_ms());
        match u64::try_from(pause) {
            Ok(pause @ 1..) => drop(desk.news(version, Duration::from_millis(pause)).await),
            _ => deliver_next(&desk).await,
        }
    }
}

async fn deliver_next(desk: &Desk) {
    let take = |papers: &mut Papers| {
        let duplicates = papers.max.switches.webhook_duplicates;
        let held_back = papers.max.held_back();
        papers.max.outbox.take_due(now_ms(), &held_back).map(|parcel| (parcel, duplicates))
    };
    let Some((parcel, duplicates)) = desk.note(take) else { return };
    let sent = parcel.clone();
    let send = move || (0..=duplicates).fold(true, |well, _| send(&sent) && well);
    let delivered = tokio::task::spawn_blocking(send).await.unwrap_or(false);
    // A state file that cannot be written is told by the next request that changes something.
    let _ = desk.change(|papers| papers.max.settle(parcel, delivered));
}

/// Sends one update; success is status 200 within half a minute.
fn send(parcel: &Parcel) -> bool {
    if !parcel.url.parse().is_ok_and(|url| is_here(&url)) {
        return false;
    }
    let config = ureq::Agent::config_builder()
        .timeout_global(Some(Duration::from_secs(30)))
        .max_redirects(0)
        .proxy(None);
    let agent = config.build().new_agent();
    let mut request = agent.post(&parcel.url).header("Content-Type", "application/json");
    if let Some(secret) = &parcel.secret {
        request = request.header(SECRET_HEADER, secret);
    }
    request.send(&parcel.body).is_ok_and(|answer| answer.status() == 200)
}

fn is_here(url: &ureq::http::Uri) -> bool {
    url.host().is_some_and(is_local)
}

/// GET /subscriptions.
pub(super) fn list(papers: &mut Papers, _: &Call) -> Result<Value, Error> {
    let shown = papers.max.subscriptions.iter().map(|each| {
        let mut shown = json!({ "url": each.url, "time": each.time });
        if let Some(types) = &each.update_types {
            shown["update_types"] = json!(types);
        }
        shown
    });
    Ok(json!({ "subscriptions": shown.collect::<Vec<_>>() }))
}

/// What is subscribed.
#[derive(Deserialize)]
pub(super) struct Wanted {
    pub(super) url: String,
    pub(super) update_types: Option<Vec<String>>,
    pub(super) secret: Option<String>,
}

/// POST /subscriptions: a set by address, so that the same address again replaces its entry.
pub(super) fn subscribe(papers: &mut Papers, call: &Call) -> Result<Value, Error> {
    set(&mut papers.max, call.body()?, false)
}

/// Takes an address into the set.
pub(super) fn set(world: &mut World, wanted: Wanted, held_back: bool) -> Result<Value, Error> {
    let Wanted { url, update_types, secret } = wanted;
    check_url(&url)?;
    updates::known(update_types.iter().flatten())?;
    let signs = |text: &str| text.chars().all(|c| c.is_ascii_alphanumeric() || "_-".contains(c));
    let fits = |text: &String| (5..=256).contains(&text.len()) && signs(text);
    if !secret.as_ref().is_none_or(fits) {
        return Err(Error::payload("secret must be 5 to 256 of A-Z, a-z, 0-9, _ and -"));
    }
    let all = &mut world.subscriptions;
    all.retain(|each| each.url != url);
    if all.len() >= MOST_SUBSCRIPTIONS {
        return Ok(refused("Too many subscriptions"));
    }
    let update_types = update_types.filter(|types| !types.is_empty());
    let time = now_ms();
    all.push(Subscription { url, time, update_types, secret, failing_since: None, held_back });
    Ok(done())
}

/// The platform takes `https://` without a port only; the sandbox also takes any address of this
/// machine, because that is all it ever calls.
fn check_url(url: &str) -> Result<(), Error> {
    let parsed: Result<ureq::http::Uri, _> = url.parse();
    let well = parsed.is_ok_and(|url| {
        let public = url.scheme_str() == Some("https") && url.port().is_none();
        url.host().is_some() && (public || (url.scheme().is_some() && is_here(&url)))
    });
    well.then_some(()).ok_or_else(|| Error::payload("url must be https:// on port 443"))
}

/// DELETE /subscriptions.
pub(super) fn unsubscribe(papers: &mut Papers, call: &Call) -> Result<Value, Error> {
    let url = call.get("url").ok_or_else(|| Error::payload("url is required"))?;
    let all = &mut papers.max.subscriptions;
    let before = all.len();
    all.retain(|each| each.url != url);
    let was_there = all.len() < before;
    papers.max.outbox.parcels.retain(|each| each.url != url);
    Ok(if was_there { done() } else { refused("Subscription not found") })
}
