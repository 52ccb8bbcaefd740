//! Messages that invite people, while answers are lost and the host is killed: everybody with an open
//! dialog has each link in exactly one message, or somebody is told that it is not known.
#![cfg(feature = "cli")]

#[path = "support/office.rs"]
mod office;
#[path = "support/pupils.rs"]
mod pupils;
mod support;

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};

use office::{FoundBy, Manner, Office, Side};
use pupils::{School, account};
use serde_json::{Value, json};
use support::Messenger;
use tempfile::TempDir;
use zvonok::host::Silent;
use zvonok::session::{Cancel, Session};

/// What a child is told, in its environment.
const ORDERS: &str = "ZVONOK_TEST_INVITED";

/// Cases at once: they mostly wait.
const AT_ONCE: usize = 4;

/// More requests than any cycle here makes.
const MOST: usize = 100;

/// Children in the class, each with a parent; more than there are requests in flight.
const CHILDREN: u32 = 6;

/// Not a test by itself but the host that the tests kill: one cycle in a process of its own.
#[test]
#[ignore = "run by the other tests, in a process of its own"]
#[allow(clippy::disallowed_methods, reason = "a child gets its orders from its environment")]
fn child() {
    let orders: Value = serde_json::from_str(&std::env::var(ORDERS).expect("orders")).unwrap();
    std::io::stdin().read_exact(&mut [0]).unwrap();
    let told = match cycle(&orders["config"], &orders["roster"], &orders["options"]) {
        Ok((code, report)) => json!({"code": code, "report": report}),
        Err(error) => json!({"error": error}),
    };
    std::fs::write(orders["out"].as_str().unwrap(), told.to_string()).unwrap();
}

fn cycle(config: &Value, roster: &Value, options: &Value) -> Result<(i32, Value), String> {
    let session = Session::open(&config.to_string(), Box::new(Silent), Cancel::default());
    let result = session.unwrap().sync(roster.to_string().as_bytes(), &options.to_string());
    result.map(|(code, report)| (code as i32, report)).map_err(|error| format!("{error:?}"))
}

/// One installation in a folder of its own.
struct Place {
    folder: TempDir,
    messenger: Messenger,
    side: Side,
    roster: Value,
}

impl Place {
    /// Begins where `before` left off, or with nothing.
    fn new(side: Side, before: Option<&Path>) -> Place {
        let folder = tempfile::tempdir().unwrap();
        for name in ["world.json", "zvonok.db"] {
            let before = before.map(|folder| folder.join(name)).filter(|file| file.exists());
            if let Some(before) = before {
                std::fs::copy(before, folder.path().join(name)).unwrap();
            }
        }
        let world = folder.path().join("world.json");
        let state = ["--state", world.to_str().unwrap()];
        let free = ["--max-rate", "0", "--max-chat-rate", "0"];
        let messenger = Messenger::start(&[state.as_slice(), &free].concat());
        Place { folder, messenger, side, roster: roster(side) }
    }

    /// A place where everybody can be written to, and nobody was yet: on MAX with the groups made,
    /// on VK with nothing.
    fn ready(side: Side) -> Place {
        let place = Place::new(side, None);
        match side {
            Side::Max => place.open_dialogs_and_groups(),
            Side::Vk => place.accounts().into_iter().for_each(|account| {
                let allows = json!({"id": account, "allows_messages": true});
                place.messenger.does("people", allows);
            }),
        }
        place
    }

    fn open_dialogs_and_groups(&self) {
        let report = self.whole_cycle("09:00");
        let mut office = Office::new(&self.messenger);
        for task in report["tasks"].as_array().expect("tasks") {
            office.carry_out(task, &Manner::of(FoundBy::CodeInTitle, 77));
        }
        for account in self.accounts() {
            self.messenger.does("max/start", json!({"user": account}));
        }
    }

    fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn accounts(&self) -> Vec<i64> {
        let children = (0..CHILDREN).flat_map(|n| [account(100 + n), account(150 + n)]);
        [account(1), account(2)].into_iter().chain(children).collect()
    }

    fn config(&self) -> Value {
        let messenger = &self.messenger;
        let platform = match self.side {
            Side::Max => json!({
                "kind": "max", "token": messenger.max_token, "base_url": messenger.max_address,
                "requests_per_second": 30, "requests_in_flight": 8,
            }),
            Side::Vk => json!({
                "kind": "vk", "token": messenger.token, "base_url": messenger.address,
                "community": messenger.community.to_string(), "requests_per_second": 20,
            }),
        };
        json!({"state": self.file("zvonok.db"), "profile": "paragraf", "platform": platform})
    }

    fn options(time: &str) -> Value {
        json!({"now": format!("2026-09-01T{time}:00+03:00"), "detail": "chats"})
    }

    /// A cycle that comes to its end, whatever it could not do.
    fn whole_cycle(&self, time: &str) -> Value {
        let (code, report) = cycle(&self.config(), &self.roster, &Self::options(time)).unwrap();
        assert!(code >= 0, "{code}: {report:#}");
        report
    }

    /// Cycles until everything has been said.
    fn settle(&self) -> Value {
        let times = ["11:00", "12:00", "13:00", "14:00"];
        times.into_iter().fold(Value::Null, |_, time| self.whole_cycle(time))
    }

    /// Runs a cycle in a child that is killed at the nth request; whether it was.
    fn is_killed(&self, nth: usize, when: &str) -> bool {
        let out = self.file("told.json");
        let orders = json!({
            "config": self.config(), "roster": self.roster, "out": out,
            "options": Self::options("10:00"),
        });
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "child", "--ignored", "--nocapture"])
            .env(ORDERS, orders.to_string())
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let kill = json!({"pid": child.id(), "nth": nth, "when": when});
        self.messenger.does("kill_on", kill);
        child.stdin.take().unwrap().write_all(b"!").unwrap();
        child.wait().unwrap();
        !out.exists()
    }

    fn request(&self, method: &str, params: Value) -> Value {
        let config = self.config().to_string();
        let mut session = Session::open(&config, Box::new(Silent), Cancel::default()).unwrap();
        let request =
            json!({"method": method, "params": params, "now": "2026-09-01T15:00:00+03:00"});
        session.request(&request.to_string()).unwrap().1["result"].take()
    }

    fn fault(&self, method: &str, how_often: Value, deed: &Value) {
        let mut order = deed.clone();
        order["match"] = how_often;
        order["match"]["method"] = json!(method);
        self.messenger.does("faults", order);
    }

    /// What each person was written, by account.
    fn written(&self) -> BTreeMap<i64, Vec<String>> {
        let path = if self.side == Side::Max { "max/state" } else { "state" };
        let people = self.messenger.look(path)["people"].clone();
        let texts = |person: &Value| {
            let messages = person["messages"].as_array().into_iter().flatten();
            let text = |message: &Value| message["text"].as_str().unwrap_or_default().to_owned();
            messages.map(text).collect()
        };
        let people = people.as_array().unwrap().iter();
        people.map(|person| (person["id"].as_i64().unwrap(), texts(person))).collect()
    }

    /// How often each person was given each link that is theirs.
    fn given(&self) -> BTreeMap<(i64, String), usize> {
        let written = self.written();
        let groups = self.side.groups(&self.messenger);
        let mut given = BTreeMap::new();
        for account in self.accounts() {
            for group in groups.iter().filter(|group| belongs(account, &group.title)) {
                let texts = written.get(&account).into_iter().flatten();
                let count = texts.filter(|text| text.contains(&group.link)).count();
                given.insert((account, group.title.clone()), count);
            }
        }
        given
    }

    fn assert_everybody_was_told_once(&self, why: &str) {
        let given = self.given();
        assert!(given.len() > 2 * CHILDREN as usize, "{given:?}");
        assert!(given.values().all(|count| *count == 1), "{why}: {given:?}");
    }

    fn assert_all_delivered(&self) {
        let open = "SELECT count(*) FROM journal WHERE result IS NULL";
        let unsure = "SELECT count(*) FROM invitations WHERE delivered IS NOT 1";
        assert_eq!((self.count(open), self.count(unsure)), (0, 0));
    }

    fn count(&self, query: &str) -> i64 {
        let database = rusqlite::Connection::open(self.file("zvonok.db")).unwrap();
        database.query_row(query, [], |row| row.get(0)).unwrap()
    }
}

fn roster(side: Side) -> Value {
    let mut school = School::with_classes(&[CHILDREN]);
    if side == Side::Max {
        for user in school.0["users"].as_array_mut().unwrap() {
            user["userIds"][0]["type"] = json!("max");
        }
    }
    school.0
}

/// Children are in their class's chat, parents in the parents', the director in the staff's and the
/// teacher in all.
fn belongs(who: i64, title: &str) -> bool {
    let parents = title.contains("одител");
    match who - account(0) {
        1 => !parents && !title.starts_with("1a"),
        2 => true,
        100..150 => title.starts_with("1a") && !parents,
        _ => parents,
    }
}

#[test]
fn everybody_is_told_once_where_nothing_goes_wrong() {
    for side in [Side::Max, Side::Vk] {
        let place = Place::ready(side);
        place.settle();
        place.assert_everybody_was_told_once(side.name());
    }
}

/// What can become of a message's answer.
fn deeds() -> Vec<Value> {
    vec![
        json!({"do": "drop_before"}),
        json!({"do": "drop_after"}),
        json!({"do": "http_500"}),
        json!({"do": "http_500", "applied": true}),
        json!({"do": "truncate"}),
    ]
}

fn in_parallel<T: Sync>(cases: &[T], test: impl Fn(&T) + Sync) {
    let next = AtomicUsize::new(0);
    let work = || {
        while let Some(case) = cases.get(next.fetch_add(1, Ordering::SeqCst)) {
            test(case);
        }
    };
    std::thread::scope(|scope| {
        let workers: Vec<_> = (0..AT_ONCE).map(|_| scope.spawn(work)).collect();
        let failed = workers.into_iter().filter_map(|worker| worker.join().err()).count();
        assert_eq!(failed, 0, "of {AT_ONCE} workers, each ending at its first failure");
    });
}

#[test]
fn a_lost_answer_loses_and_doubles_no_message() {
    let ready = Place::ready(Side::Max);
    let often = [json!({"nth": 1}), json!({"nth": 2, "every": 3}), json!({"nth": 1, "count": 20})];
    let case = |deed: &Value| often.clone().map(|often| (deed.clone(), often));
    let cases: Vec<_> = deeds().iter().flat_map(case).collect();
    in_parallel(&cases, |(deed, often)| {
        let place = Place::new(Side::Max, Some(ready.folder.path()));
        place.fault("POST /messages", often.clone(), deed);
        let report = place.settle();
        place.assert_everybody_was_told_once(&format!("{deed} {often}"));
        assert_eq!(report["failed"], json!([]), "{deed} {often}");
        place.assert_all_delivered();
    });
}

#[test]
fn on_vk_too_a_lost_answer_loses_and_doubles_no_message() {
    let ready = Place::ready(Side::Vk);
    let cases: Vec<_> =
        deeds().into_iter().flat_map(|deed| [(1, deed.clone()), (12, deed)]).collect();
    in_parallel(&cases, |(count, deed)| {
        let place = Place::new(Side::Vk, Some(ready.folder.path()));
        place.fault("messages.send", json!({"nth": 1, "count": count}), deed);
        place.settle();
        place.assert_everybody_was_told_once(&format!("{count} {deed}"));
        place.assert_all_delivered();
    });
}

#[test]
fn a_message_that_is_never_taken_has_failed_and_is_sent_later() {
    let ready = Place::ready(Side::Max);
    for deed in [json!({"do": "drop_before"}), json!({"do": "http_500"})] {
        let place = Place::new(Side::Max, Some(ready.folder.path()));
        place.fault("POST /messages", json!({}), &deed);
        let report = place.whole_cycle("10:00");
        let failed = report["failed"].as_array().expect("a list").clone();
        assert_eq!(failed.len(), place.given().len(), "{deed}: {report:#}");
        for row in &failed {
            assert_eq!(
                (&row["operation"], &row["code"]),
                (&json!("invite_member"), &json!("http.lost"))
            );
            assert!(row["next_try"].is_string(), "{row}");
        }
        assert!(place.given().values().all(|count| *count == 0), "{deed}");
        let links = place.count("SELECT count(*) FROM members WHERE state = 'invited'");
        assert_eq!(links as usize, failed.len(), "the host has the links all the same");
        place.messenger.clear_faults();
        assert_eq!(place.settle()["failed"], json!([]), "{deed}");
        place.assert_everybody_was_told_once(&deed.to_string());
        place.assert_all_delivered();
    }
}

#[test]
fn where_a_dialog_cannot_be_read_somebody_is_told_that_it_is_not_known() {
    let place = Place::ready(Side::Max);
    place.fault("POST /messages", json!({"nth": 1}), &json!({"do": "drop_before"}));
    let denied = json!({"do": "error", "status": 403, "code": "chat.denied"});
    place.fault("GET /messages", json!({}), &denied);
    let report = place.settle();
    let warnings = report["roster"]["warnings"].as_array().expect("warnings");
    let told: Vec<_> =
        warnings.iter().filter(|row| row["code"] == "invitation.unconfirmed").collect();
    assert_eq!(told.len(), 1, "{report:#}");
    assert_eq!(told[0]["value"], "1");
    assert_eq!(report["failed"], json!([]));
    assert_eq!(place.count("SELECT count(*) FROM invitations WHERE delivered IS NULL"), 1);
    assert_eq!(place.given().values().filter(|count| **count == 0).count(), 1, "and not again");
    assert!(place.given().values().all(|count| *count <= 1));
    let chat = told[0]["at"].as_str().expect("a key");
    let members = place.request("chats.get", json!({"chat": chat}))["members"].clone();
    let unknown: Vec<_> = members.as_array().expect("members").iter().collect();
    let unknown: Vec<_> =
        unknown.into_iter().filter(|row| row["invited"]["delivered"].is_null()).collect();
    assert_eq!(unknown.len(), 1, "{members:#}");
    let asked = json!({"chat": chat, "person": unknown[0]["person"]});
    let why = place.request("explain", asked);
    assert_eq!(why["invited"]["delivered"], Value::Null);
    assert!(why["message"]["ru"].as_str().unwrap().contains("неизвестно"), "{why:#}");
}

#[test]
fn the_id_of_a_dialog_is_learned_from_an_answer_and_without_it_nothing_can_be_known() {
    let place = Place::ready(Side::Max);
    place.settle();
    place.assert_everybody_was_told_once("nothing goes wrong");
    let forget = "UPDATE dialogs SET chat = NULL";
    rusqlite::Connection::open(place.file("zvonok.db")).unwrap().execute(forget, []).unwrap();
    let groups = place.side.groups(&place.messenger);
    let class = groups.iter().find(|group| group.title.contains("учеников")).expect("the class");
    place.messenger.does("max/rotate", json!({"chat_id": class.id}));
    place.fault("POST /messages", json!({"nth": 1}), &json!({"do": "drop_after"}));
    for time in ["15:00", "16:00"] {
        let config = place.config();
        let options = json!({"now": Place::options(time)["now"], "verify": "all"});
        cycle(&config, &place.roster, &options).unwrap();
    }
    let known = i64::from(CHILDREN);
    assert_eq!(place.count("SELECT count(*) FROM dialogs WHERE chat IS NOT NULL"), known);
    assert_eq!(place.count("SELECT count(*) FROM invitations WHERE delivered IS NULL"), 1);
    place.assert_everybody_was_told_once("by the new link");
}

#[test]
fn a_dialog_that_cannot_be_read_for_a_while_is_read_later() {
    let ready = Place::ready(Side::Max);
    for deed in [json!({"do": "drop_before"}), json!({"do": "drop_after"})] {
        let place = Place::new(Side::Max, Some(ready.folder.path()));
        place.fault("POST /messages", json!({"nth": 1}), &deed);
        place.fault("GET /messages", json!({}), &json!({"do": "http_500"}));
        place.whole_cycle("10:00");
        assert_eq!(place.count("SELECT count(*) FROM journal WHERE result IS NULL"), 1);
        place.messenger.clear_faults();
        place.settle();
        place.assert_everybody_was_told_once(&deed.to_string());
        place.assert_all_delivered();
    }
}

/// Kills the host at every request of the cycle that invites, before and after it is applied.
fn survives_a_kill(side: Side) {
    let ready = Place::ready(side);
    let cases: Vec<usize> = (0..2 * MOST).collect();
    let kills = AtomicUsize::new(0);
    let over = AtomicUsize::new(usize::MAX);
    in_parallel(&cases, |case| {
        if *case > over.load(Ordering::SeqCst) {
            return;
        }
        let (nth, when) = (case / 2 + 1, ["before", "after"][case % 2]);
        let place = Place::new(side, Some(ready.folder.path()));
        match place.is_killed(nth, when) {
            true => drop(kills.fetch_add(1, Ordering::SeqCst)),
            false => drop(over.fetch_min(*case, Ordering::SeqCst)),
        }
        place.settle();
        place.assert_everybody_was_told_once(&format!("{side:?} killed {when} {nth}"));
        place.assert_all_delivered();
    });
    let kills = kills.into_inner();
    assert!(over.into_inner() < 2 * MOST, "the cycle never came to its end");
    assert!(kills > 10, "only {kills} kills");
}

#[test]
fn a_killed_host_loses_and_doubles_no_message_on_max() {
    survives_a_kill(Side::Max);
}

#[test]
fn a_killed_host_loses_and_doubles_no_message_on_vk() {
    survives_a_kill(Side::Vk);
}
