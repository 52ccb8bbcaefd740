//! The configuration of a session and the options of a cycle (`interface.md`): what was written,
//! checked into what it means.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::time::Duration;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::{Map, Value};

use crate::document::{Faults, Form, Object, Shape, nearest, parse_object, sketch};
use crate::error::{Code, Error, Fault, Result, Text};
use crate::platform::{Access, Capability, Kind};
use crate::profile::Provider;
use crate::secret::Secret;

mod calls;
mod platform;

pub use crate::profile::Leavers;
use calls::read_calls;
use platform::{Network, read_platform, read_proxy};

/// A session's configuration, complete: every absent field has its default.
#[derive(Debug, Clone)]
pub struct Config {
    /// The state file.
    pub state: PathBuf,
    /// A built-in profile's name or a path.
    pub profile: String,
    /// Values for the profile's settings.
    pub settings: Map<String, Value>,
    /// The one organisation that the session serves; all schools of the roster where absent.
    pub organization: Option<String>,
    /// The messenger.
    pub platform: Platform,
    /// The messenger that the school moves away from.
    pub previous_platform: Option<Platform>,
    /// The school's zone.
    pub zone: TimeZone,
    /// The language of log lines and of texts that the library posts: `ru` or `en`.
    pub language: String,
    /// When the guard holds.
    pub guard: Guard,
    /// How long a person stays in a chat after leaving the roster.
    pub grace: Duration,
    /// How long what a roster lacks is left alone (ruling 5).
    pub missing_after: Duration,
    /// Whether archived chats keep their members.
    pub archive_keeps_members: bool,
    /// Account ids of the platform that are never removed.
    pub protect: BTreeSet<String>,
    /// What happens to people in a chat whom nobody named.
    pub strangers: Strangers,
    /// What happens to people who left by themselves.
    pub leavers: Leavers,
    /// Each chat is read again at least this often.
    pub verify_every: Duration,
    /// How long a cycle may take.
    pub time_budget: Duration,
    /// How people are given the way into chats.
    pub invitations: Invitations,
    /// What becomes of the chats on the previous platform.
    pub moving: Moving,
    /// Where the links of calls come from in this installation.
    pub calls: Calls,
}

/// Where the links of calls come from in one installation; what is not said here the profile says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Calls {
    /// Who gives the links.
    pub provider: Option<Provider>,
    /// The provider's address.
    pub url: Option<String>,
    /// What the provider's addresses are signed with.
    pub secret: Option<Secret>,
}

/// How people are given the way into chats.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Invitations {
    /// Also by a message from the bot or community, to those who have a dialog with it.
    pub deliver: bool,
    /// After how long an invitation that nobody followed counts as expired.
    pub expire_after: Duration,
}

/// What becomes of the chats on the previous platform.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Moving {
    /// Whether the old chat is told where the new one is.
    pub notice: bool,
    /// What is done with the old chat in the end.
    pub old: Old,
    /// The end has come for a chat when this share of its people is in the new one.
    pub share: Option<f64>,
    /// The end has come for all chats on this day.
    pub on: Option<jiff::civil::Date>,
}

/// What is done with a chat on the previous platform in the end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Old {
    /// Nothing: it is kept in step as long as both platforms are configured.
    Keep,
    /// Nobody is let in any more; those who are in stay.
    Freeze,
    /// Everybody is taken out.
    Empty,
}

/// How the library learns what happens on a platform (ruling 16).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Events {
    /// It asks in each cycle.
    Poll,
    /// The host hands in what its webhook received.
    Push,
    /// Not at all: chats are read when their turn comes.
    None,
}

impl Events {
    /// The word in configuration and reports.
    pub fn name(self) -> &'static str {
        match self {
            Events::Poll => "poll",
            Events::Push => "push",
            Events::None => "none",
        }
    }
}

/// The application by which people prove their VK accounts (VK ID): `platform.vk_id`, read for a
/// platform of the kind `vk`. Codes are taken of this application only, because a code of another
/// one was given for another purpose.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VkId {
    /// The application's number in VK ID's cabinet (`client_id`), required.
    pub client_id: String,
    /// The address that VK ID sends people's browsers back to with a code, exactly as it is
    /// registered with the application (`redirect_uri`), required. It is the host's own page.
    pub redirect_uri: String,
    /// VK ID's root without a path (`base_url`); `https://id.vk.ru` unless it is given. Reached
    /// through the same proxy and with the same CA file as the messenger.
    pub base_url: String,
}

/// One messenger of a configuration.
#[derive(Debug, Clone)]
pub struct Platform {
    /// Which one.
    pub kind: Kind,
    /// How to reach it.
    pub access: Access,
    /// Capabilities that the configuration fixes; the others are probed.
    pub capabilities: BTreeMap<Capability, bool>,
    /// Requests in flight at once.
    pub requests_in_flight: usize,
    /// How events come.
    pub events: Events,
    /// What a host must show to hand in events; without it nobody can.
    pub events_secret: Option<Secret>,
    /// How many chats one cycle reads again at most.
    pub reads_per_cycle: usize,
    /// VK ID, where it is set up (`vk_id`); without it `accounts.verify` takes no VK ID code.
    pub vk_id: Option<VkId>,
}

/// When the guard holds (ruling 11).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Guard {
    /// Fewer removals than this never hold anything.
    pub minimum: u32,
    /// Share of a chat's known members.
    pub chat_share: f64,
    /// Share of all known members.
    pub total_share: f64,
    /// Archivings and deletions in a cycle.
    pub chats: u32,
    /// Share of a table's rows that may be broken.
    pub dangling_share: f64,
}

/// What happens to people in a chat whom nobody named.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Strangers {
    /// Taken out.
    Remove,
    /// Told in the report.
    Report,
    /// Left, not told.
    Keep,
}

impl Config {
    /// Reads the JSON form.
    ///
    /// # Errors
    /// [`Code::Config`] with every fault found.
    pub fn parse(text: &str) -> Result<Config> {
        let map = parse_object("config", text)
            .map_err(|fault| Error::with_faults(Code::Config, vec![fault]))?;
        Config::from_map(&map)
    }

    /// Reads the document's fields.
    ///
    /// # Errors
    /// [`Code::Config`] with every fault found.
    pub fn from_map(map: &Map<String, Value>) -> Result<Config> {
        let mut faults = Faults::new();
        let mut root = Object::new("config", "", map);
        let config = read_config(&mut root, &mut faults);
        root.finish(&mut faults);
        match config {
            Some(config) if faults.is_empty() => Ok(config),
            _ => Err(Error::with_faults(Code::Config, faults)),
        }
    }
}

fn read_config(root: &mut Object, faults: &mut Faults) -> Option<Config> {
    let state = absolute(root, "state", true, faults);
    let profile = read_profile(root, faults);
    let settings = root.map("settings", faults).cloned().unwrap_or_default();
    let organization = root.text("organization", faults);
    let proxy = read_proxy(root, faults);
    let ca_file = absolute(root, "ca_file", false, faults);
    let network = Network { proxy, ca_file };
    root.demand("platform", faults);
    let platform = read_platform(root, "platform", &network, faults);
    let previous_platform = read_platform(root, "previous_platform", &network, faults);
    if let (Some(now), Some(before)) = (&platform, &previous_platform)
        && now.kind == before.kind
    {
        let message = Text::new(
            "ожидается другой мессенджер, чем в platform",
            "expected another messenger than in platform",
        );
        let kind = now.kind.name();
        faults.push(root.fault("previous_platform", "bad_value", kind, message));
    }
    let zone = read_zone(root, faults);
    let language = root.one_of("language", &[("ru", "ru"), ("en", "en")], faults).unwrap_or("ru");
    let guard = read_guard(root, faults);
    let grace = root.duration("grace", faults).unwrap_or_default();
    let missing_after = root.duration("missing_after", faults).unwrap_or(hours(72));
    let archive_keeps_members = read_archive(root, faults);
    let protect = read_protect(root, faults);
    let strangers = root
        .one_of(
            "strangers",
            &[
                ("remove", Strangers::Remove),
                ("report", Strangers::Report),
                ("keep", Strangers::Keep),
            ],
            faults,
        )
        .unwrap_or(Strangers::Remove);
    let leavers = root
        .one_of("leavers", &[("invite", Leavers::Invite), ("respect", Leavers::Respect)], faults)
        .unwrap_or(Leavers::Invite);
    let verify_every = root.duration("verify_every", faults);
    let time_budget = root.duration("time_budget", faults);
    let invitations = read_invitations(root, faults);
    let moving = read_moving(root, faults);
    let calls = read_calls(root, faults);
    // Everything is read before anything ends the reading: a key that was not asked for is unknown.
    Some(Config {
        state: state?,
        profile,
        settings,
        organization,
        platform: platform?,
        previous_platform,
        zone: zone?,
        language: language.to_owned(),
        guard,
        grace,
        missing_after,
        archive_keeps_members,
        protect,
        strangers,
        leavers,
        verify_every: verify_every.unwrap_or(hours(24)),
        time_budget: time_budget.unwrap_or(Duration::from_secs(600)),
        invitations,
        moving,
        calls,
    })
}

/// Accounts' numbers as text; a community's is negative on VK.
fn read_protect(root: &mut Object, faults: &mut Faults) -> BTreeSet<String> {
    let texts = |value: &Value| {
        value.as_array()?.iter().map(|item| item.as_str().map(str::to_owned)).collect()
    };
    let protect: BTreeSet<String> =
        root.read("protect", faults, Form::Accounts, texts).unwrap_or_default();
    let number = |text: &String| text.parse::<i64>().is_ok_and(|id| id != 0);
    for wrong in protect.iter().filter(|text| !number(text)) {
        let message = Text::new(
            "ожидаются номера учётных записей текстом",
            "expected accounts' numbers as text",
        );
        faults.push(root.fault("protect", "bad_value", wrong, message));
    }
    protect
}

fn read_invitations(root: &mut Object, faults: &mut Faults) -> Invitations {
    let usual = Invitations { deliver: true, expire_after: hours(14 * 24) };
    let Some(mut object) = root.object("invitations", faults) else { return usual };
    let read = Invitations {
        deliver: object.flag("deliver", faults).unwrap_or(usual.deliver),
        expire_after: object.duration("expire_after", faults).unwrap_or(usual.expire_after),
    };
    object.finish(faults);
    read
}

fn read_moving(root: &mut Object, faults: &mut Faults) -> Moving {
    let usual = Moving { notice: true, old: Old::Keep, share: None, on: None };
    let Some(mut object) = root.object("move", faults) else { return usual };
    let ends = [("keep", Old::Keep), ("freeze", Old::Freeze), ("empty", Old::Empty)];
    let read = Moving {
        notice: object.flag("notice", faults).unwrap_or(usual.notice),
        old: object.one_of("old", &ends, faults).unwrap_or(usual.old),
        share: object.share("share", faults),
        on: object.read("on", faults, Form::Date, |value| value.as_str()?.parse().ok()),
    };
    object.finish(faults);
    read
}

fn hours(count: u64) -> Duration {
    Duration::from_secs(count * 3600)
}

fn missing() -> Text {
    Text::new("обязательное поле отсутствует", "a required field is missing")
}

/// A path, which must be absolute: the library never asks for the host's working directory.
fn absolute(
    object: &mut Object,
    key: &'static str,
    required: bool,
    faults: &mut Faults,
) -> Option<PathBuf> {
    let text = if required { object.required(key, faults) } else { object.text(key, faults)? };
    if text.is_empty() {
        return None;
    }
    let path = PathBuf::from(&text);
    if path.is_absolute() {
        return Some(path);
    }
    let message = Text::new("ожидается полный путь", "expected an absolute path");
    faults.push(object.fault(key, "bad_value", &text, message));
    None
}

/// A built-in name, or an absolute path.
fn read_profile(root: &mut Object, faults: &mut Faults) -> String {
    let profile = root.required("profile", faults);
    if crate::profile::looks_like_a_path(&profile) && !std::path::Path::new(&profile).is_absolute()
    {
        let message = Text::new(
            "ожидается имя встроенного профиля или полный путь",
            "expected the name of a built-in profile or an absolute path",
        );
        faults.push(root.fault("profile", "bad_value", &profile, message));
    }
    profile
}

fn read_zone(root: &mut Object, faults: &mut Faults) -> Option<TimeZone> {
    let parse = |value: &Value| value.as_str().and_then(crate::clock::zone);
    let zone = root.read("timezone", faults, Form::Zone, parse);
    match root.value("timezone") {
        Some(_) => zone,
        None => crate::clock::zone("Europe/Moscow"),
    }
}

fn read_guard(root: &mut Object, faults: &mut Faults) -> Guard {
    let mut guard =
        Guard { minimum: 5, chat_share: 0.5, total_share: 0.2, chats: 3, dangling_share: 0.02 };
    let Some(mut object) = root.object("guard", faults) else { return guard };
    guard.minimum = object.number("minimum", 0..=1_000_000, faults).unwrap_or(guard.minimum);
    guard.chat_share = object.share("chat_share", faults).unwrap_or(guard.chat_share);
    guard.total_share = object.share("total_share", faults).unwrap_or(guard.total_share);
    guard.chats = object.number("chats", 0..=1_000_000, faults).unwrap_or(guard.chats);
    guard.dangling_share = object.share("dangling_share", faults).unwrap_or(guard.dangling_share);
    object.finish(faults);
    guard
}

fn read_archive(root: &mut Object, faults: &mut Faults) -> bool {
    let Some(mut object) = root.object("archive", faults) else { return true };
    let keeps = object.one_of("members", &[("keep", true), ("remove", false)], faults);
    object.finish(faults);
    keeps.unwrap_or(true)
}

/// The keys of a configuration.
pub(crate) fn config_shape() -> Shape {
    sketch(read_config)
}

/// The keys of the options.
pub(crate) fn options_shape() -> Shape {
    sketch(read_options)
}

/// The options of one cycle.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// Replaces the clock.
    pub now: Option<Timestamp>,
    /// Plan and report, change nothing.
    pub dry_run: bool,
    /// Overrides the configuration's.
    pub time_budget: Option<Duration>,
    /// Which chats are read again.
    pub verify: Verify,
    /// Only these kinds of chats; all where empty.
    pub kinds: BTreeSet<String>,
    /// Only these chats; all where empty.
    pub chats: BTreeSet<String>,
    /// The fingerprint of a hold that a person approved.
    pub approve: Option<String>,
    /// How much the report tells.
    pub detail: Detail,
}

/// Which chats a cycle reads again.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Verify {
    /// Those whose turn it is.
    #[default]
    Due,
    /// Every one.
    All,
    /// None but those that must be read to go on after a lost answer.
    None,
}

/// How much a report tells (ruling 18).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Detail {
    /// Without `chats`.
    Summary,
    /// With `chats`.
    #[default]
    Chats,
    /// With `chats` and `operations`.
    Operations,
}

impl Options {
    /// Reads the JSON form; an empty text has every default.
    ///
    /// # Errors
    /// [`Code::Config`] with every fault found.
    pub fn parse(text: &str) -> Result<Options> {
        if text.trim().is_empty() {
            return Ok(Options::default());
        }
        let map = parse_object("options", text)
            .map_err(|fault| Error::with_faults(Code::Config, vec![fault]))?;
        Options::from_map(&map, "options", Code::Config)
    }

    /// Reads the document's fields; faults carry the code of whoever hands the options in.
    ///
    /// # Errors
    /// `code` with every fault found.
    pub fn from_map(map: &Map<String, Value>, area: &'static str, code: Code) -> Result<Options> {
        let mut faults = Faults::new();
        let mut root = Object::new(area, "", map);
        let options = read_options(&mut root, &mut faults);
        root.finish(&mut faults);
        if faults.is_empty() { Ok(options) } else { Err(Error::with_faults(code, faults)) }
    }
}

/// What is expected where a time stands.
pub(crate) const TIME_WORDS: Form = Form::Moment;

pub(crate) fn read_options(root: &mut Object, faults: &mut Faults) -> Options {
    let details = [
        ("summary", Detail::Summary),
        ("chats", Detail::Chats),
        ("operations", Detail::Operations),
    ];
    let verify = [("due", Verify::Due), ("all", Verify::All), ("none", Verify::None)];
    Options {
        now: root.moment("now", faults),
        dry_run: root.flag("dry_run", faults).unwrap_or(false),
        time_budget: root.duration("time_budget", faults),
        verify: root.one_of("verify", &verify, faults).unwrap_or_default(),
        kinds: root.texts("kinds", faults).unwrap_or_default().into_iter().collect(),
        chats: root.texts("chats", faults).unwrap_or_default().into_iter().collect(),
        approve: root.text("approve", faults),
        detail: root.one_of("detail", &details, faults).unwrap_or_default(),
    }
}

/// Checks names that only a roster or a profile can tell, such as the kinds of a cycle's limits.
pub(crate) fn unknown_name(code: &str, at: &str, name: &str, known: &[&str]) -> Fault {
    let list = known.join(", ");
    let mut message =
        Text::new(format!("ожидается одно из: {list}"), format!("expected one of: {list}"));
    if let Some(near) = nearest(name, known.iter().copied()) {
        message.ru.push_str(&format!("; возможно, имелось в виду {near}"));
        message.en.push_str(&format!("; did you mean {near}?"));
    }
    Fault::new(code, at, name, message)
}
