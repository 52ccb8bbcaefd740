//! Faults on order: what goes wrong, with which request, how often.

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Faults kept at a time.
const MOST: usize = 100;

/// A fault that was set.
#[derive(Clone, Serialize)]
pub(crate) struct Fault {
    #[serde(rename = "match")]
    matching: Matching,
    #[serde(flatten)]
    deed: Deed,
    seen: u64,
    fired: u64,
}

/// Which requests a fault befalls; requests are counted from the moment it was set.
#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Matching {
    /// `vk` or `max`; without it, both.
    platform: Option<String>,
    /// A method, also one inside a batch, or `PUT /chats/{chatId}/pin`, also with the chat's own
    /// number; without it, or as `*`, every HTTP request.
    method: Option<String>,
    /// The first request that is hit; 1 is the next one.
    nth: Option<u64>,
    /// From then on, each how-manieth.
    every: Option<u64>,
    /// How often at most. By default once with `nth` alone, else without end.
    count: Option<u64>,
}

/// What goes wrong.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "snake_case", deny_unknown_fields)]
pub(crate) enum Deed {
    /// The connection is closed without an answer, and nothing was applied.
    DropBefore {},
    /// It was applied, but the connection is closed without an answer.
    DropAfter {},
    /// The answer comes late; the change is made at the end of the wait or at its beginning.
    Delay {
        ms: u64,
        #[serde(default)]
        when: When,
    },
    /// The platform's own error, and nothing was applied.
    Error {
        code: Code,
        message: Option<String>,
        /// The HTTP status, on a platform whose errors have one.
        status: Option<u16>,
        /// Sent as `Retry-After`, in seconds; without it, as the platform's switch says.
        retry_after: Option<u64>,
    },
    /// HTTP 500 with an empty body.
    #[serde(rename = "http_500")]
    Http500 {
        #[serde(default)]
        applied: bool,
    },
    /// A page for people instead of JSON, with HTTP 200.
    Html {
        #[serde(default)]
        applied: bool,
    },
    /// It was applied, and the answer breaks off in the middle.
    Truncate {},
}

/// An error's code: a number on one platform, a word on the other.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub(crate) enum Code {
    Number(i64),
    Name(String),
}

impl Code {
    /// The number; a word stands for an error that nobody knows.
    pub(crate) fn number(&self) -> i64 {
        match self {
            Code::Number(number) => *number,
            Code::Name(_) => 1,
        }
    }
}

/// Before the change is made, or after.
#[derive(Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum When {
    Before,
    #[default]
    After,
}

/// The faults that are set.
#[derive(Default, Serialize)]
#[serde(transparent)]
pub(crate) struct Faults(Vec<Fault>);

impl Faults {
    pub(crate) fn set(&mut self, fault: Fault) -> Result<(), String> {
        if self.0.len() >= MOST {
            return Err(format!("more than {MOST} faults"));
        }
        if fault.matching.platform.as_deref().is_some_and(|word| !["vk", "max"].contains(&word)) {
            return Err("platform is vk or max".to_owned());
        }
        if fault.matching.every == Some(0) || fault.matching.nth == Some(0) {
            return Err("nth and every count from 1".to_owned());
        }
        self.0.push(fault);
        Ok(())
    }

    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }

    /// Counts an HTTP request, which goes by any of these names, and returns what shall go wrong.
    pub(crate) fn for_request(&mut self, platform: &str, names: &[&str]) -> Option<Deed> {
        self.next(platform, |wanted| wanted == "*" || names.contains(&wanted))
    }

    /// The same for a call inside a batch, which `*` does not match: a batch is one request.
    pub(crate) fn for_inner(&mut self, platform: &str, method: &str) -> Option<Deed> {
        self.next(platform, |wanted| wanted == method)
    }

    /// All matching faults count the request; the first one that is due befalls it.
    fn next(&mut self, platform: &str, matches: impl Fn(&str) -> bool) -> Option<Deed> {
        let mut deed = None;
        for fault in &mut self.0 {
            let here = fault.matching.platform.as_deref().is_none_or(|wanted| wanted == platform);
            if here && matches(fault.matching.method.as_deref().unwrap_or("*")) {
                let due = fault.due();
                deed = deed.or_else(|| due.then(|| fault.fire()));
            }
        }
        deed
    }
}

impl Fault {
    /// Reads a fault as `POST /sandbox/faults` takes it: `match` beside the deed's own fields.
    /// An unknown field is refused, because a misspelt fault would silently be another one.
    pub(crate) fn read(mut order: Value) -> Result<Fault, String> {
        let matching = order.as_object_mut().and_then(|fields| fields.remove("match"));
        let matching = matching.map(serde_json::from_value).transpose();
        let deed = serde_json::from_value(order);
        match (matching, deed) {
            (Ok(matching), Ok(deed)) => {
                Ok(Fault { matching: matching.unwrap_or_default(), deed, seen: 0, fired: 0 })
            }
            (Err(error), _) | (_, Err(error)) => Err(error.to_string()),
        }
    }

    fn due(&mut self) -> bool {
        self.seen += 1;
        let Matching { nth, every, count, .. } = self.matching;
        let first = nth.or(every).unwrap_or(1);
        let step = every.unwrap_or(1);
        let most = count.unwrap_or(if nth.is_some() && every.is_none() { 1 } else { u64::MAX });
        self.seen >= first && (self.seen - first).is_multiple_of(step) && self.fired < most
    }

    fn fire(&mut self) -> Deed {
        self.fired += 1;
        self.deed.clone()
    }
}

impl Deed {
    /// Its name as it is set and as it stands in the log.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Deed::DropBefore {} => "drop_before",
            Deed::DropAfter {} => "drop_after",
            Deed::Delay { .. } => "delay",
            Deed::Error { .. } => "error",
            Deed::Http500 { .. } => "http_500",
            Deed::Html { .. } => "html",
            Deed::Truncate {} => "truncate",
        }
    }

    /// Whether the request is not carried out at all.
    pub(crate) fn prevents(&self) -> bool {
        let not_applied = [Deed::DropBefore {}, Deed::Http500 { applied: false }];
        not_applied.contains(self) || *self == Deed::Html { applied: false }
    }
}

/// A process that is to be killed at a request, for tests of what survives it.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Kill {
    pub(crate) pid: u32,
    /// 1 is the next request.
    pub(crate) nth: u64,
    pub(crate) when: When,
}

impl Kill {
    /// Refuses what is not one other process.
    pub(crate) fn check(&self) -> Result<(), String> {
        if self.pid <= 1 || self.pid == std::process::id() {
            return Err(format!("{} is not a process that may be killed", self.pid));
        }
        if self.nth == 0 {
            return Err("nth counts from 1".to_owned());
        }
        Ok(())
    }

    /// Counts a request; true when it is the one.
    pub(crate) fn due(&mut self) -> bool {
        self.nth = self.nth.saturating_sub(1);
        self.nth == 0
    }

    /// Kills, by the shell's own `kill`, which is everywhere. A process that is gone already needs
    /// no killing, so the result does not matter.
    pub(crate) fn strike(&self) {
        let mut shell = std::process::Command::new("sh");
        let _ = shell.args(["-c", "kill -9 \"$0\"", &self.pid.to_string()]).status();
    }
}
