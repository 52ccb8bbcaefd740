//! How dear the parts of a cycle are, each as a multiple of one yardstick in the same run: parsing
//! the same document with `serde_json` into plain values. `cargo bench` prints the table.

use std::collections::{BTreeMap, BTreeSet};
use std::hint::black_box;
use std::io::Write;
use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::civil::date;
use serde_json::{Map, Value};
use zvonok::config::{Guard, Leavers, Strangers};
use zvonok::host::Silent;
use zvonok::plan::{Input, Known, Lacking, Policy, Scope, Side};
use zvonok::platform::{Capability, Kind};
use zvonok::profile::{self, Limits};
use zvonok::roster::{self, Content, Frozen, Roster, Rules};
use zvonok::session::{Cancel, Session};
use zvonok::stop::Stop;

#[path = "../../src/bin/zvonok/school/flat.rs"]
mod flat;
#[path = "../support/mod.rs"]
mod support;

/// Each part runs so often; the shortest time counts.
const ROUNDS: usize = 7;

fn main() {
    let document = std::fs::read("tests/rosters/full.json").expect("the committed school");
    let yardstick = best(|| serde_json::from_slice::<Value>(&document).expect("JSON"));
    let mut table = Table::new(yardstick);
    table.row("parse the document into plain values (the yardstick)", yardstick);
    table.row("read the roster, checked and indexed", best(|| read(&document)));
    let files = tempfile::tempdir().expect("a folder");
    let json = serde_json::from_slice(&document).expect("JSON");
    flat::write(files.path(), &json).expect("files");
    let csv = Content::at(files.path()).expect("the same school in CSV");
    table.row("the same from CSV files in memory", best(|| csv.read(&rules()).expect("accepted")));
    let school = Arc::new(read(&document));
    let kept = BTreeSet::new();
    table.row("write down what is kept of it", best(|| school.keep(&kept)));
    table.row("run the profile", best(|| desired(&school)));
    let desired = desired(&school);
    table.row("plan a first cycle", best(|| plan(&desired)));
    table.row("an unchanged cycle, state file included", unchanged());
    // Nobody left to read it is no reason to fail.
    let _ = std::io::stdout().write_all(table.text.as_bytes());
}

struct Table {
    yardstick: Duration,
    text: String,
}

impl Table {
    fn new(yardstick: Duration) -> Table {
        Table { yardstick, text: format!("{:>8} {:>10}  part\n", "ratio", "ms") }
    }

    fn row(&mut self, part: &str, time: Duration) {
        let ratio = time.as_secs_f64() / self.yardstick.as_secs_f64();
        let line = format!("{ratio:>8.3} {:>10.3}  {part}\n", time.as_secs_f64() * 1000.0);
        self.text.push_str(&line);
    }
}

fn best<T>(mut work: impl FnMut() -> T) -> Duration {
    let mut once = || {
        let begun = Instant::now();
        black_box(work());
        begun.elapsed()
    };
    (0..ROUNDS).map(|_| once()).min().expect("at least one round")
}

fn read(document: &[u8]) -> Roster {
    roster::read(document, &rules()).expect("an accepted roster")
}

fn rules() -> Rules {
    Rules { today: date(2026, 9, 1), dangling_share: 0.02, minimum: 5, before: None }
}

fn desired(school: &Arc<Roster>) -> profile::Desired {
    let room = profile::Room {
        roster: school,
        settings: &Map::new(),
        organization: None,
        now: &"2026-09-01T09:00:00+03:00[Europe/Moscow]".parse().expect("a time"),
        limits: Limits::default(),
        stop: &Stop::never(),
        log: &|_| {},
    };
    profile::evaluate(&profile::source("paragraf").expect("built in"), room).expect("a state")
}

fn plan(desired: &profile::Desired) -> zvonok::plan::Plan {
    let policy = Policy {
        guard: Guard {
            minimum: 5,
            chat_share: 0.5,
            total_share: 0.2,
            chats: 3,
            dangling_share: 0.02,
        },
        grace: Duration::ZERO,
        missing_after: Duration::from_secs(72 * 3600),
        archive_keeps_members: true,
        protect: BTreeSet::new(),
        strangers: Strangers::Remove,
        leavers: Leavers::Invite,
        invitations_expire: Duration::from_secs(336 * 3600),
        moving: None,
    };
    let side = Side { able: Capability::ALL.into_iter().collect(), own_account: "-1".to_owned() };
    let sides = BTreeMap::from([(Kind::Vk, side)]);
    zvonok::plan::plan(&Input {
        desired,
        known: &Known::default(),
        frozen: &Frozen::default(),
        lacking: &Lacking::default(),
        policy: &policy,
        scope: &Scope::default(),
        sides: &sides,
        platform: Kind::Vk,
        organizations: &BTreeSet::from(["school-1".to_owned()]),
        now: "2026-09-01T06:00:00Z".parse().expect("a time"),
        approved: None,
    })
}

/// A cycle of the same size of document that finds nothing changed: the large document is told to
/// be the small school's, padded with blanks, so that the first cycle is short.
fn unchanged() -> Duration {
    let messenger = support::Messenger::start(&["--mode", "partner"]);
    let folder = tempfile::tempdir().expect("a folder");
    let config = serde_json::json!({
        "state": folder.path().join("zvonok.db"), "profile": "paragraf",
        "platform": {"kind": "vk", "token": messenger.token, "base_url": messenger.address,
                     "community": messenger.community.to_string(), "requests_per_second": 20},
    });
    let mut session =
        Session::open(&config.to_string(), Box::new(Silent), Cancel::default()).expect("a session");
    let mut small = std::fs::read("tests/rosters/small.json").expect("the committed school");
    small.resize(std::fs::metadata("tests/rosters/full.json").expect("it").len() as usize, b' ');
    let options = r#"{"now":"2026-09-01T09:00:00+03:00"}"#;
    session.sync(&small, options).expect("a first cycle");
    best(|| session.sync(&small, options).expect("an unchanged cycle"))
}
