//! A school with one journal whose lessons are held online, a messenger, and a clock that a test moves
//! through days and weeks.
#![allow(dead_code, reason = "each file of tests needs its own part of this")]

use serde_json::{Value, json};
use zvonok::error::{Code, Error};
use zvonok::host::Silent;
use zvonok::session::{Cancel, Session};

use crate::office::{FoundBy, Manner, Office, Side};
use crate::support::Messenger;
use crate::tiny::{add, row, tiny};

/// The chat of the journal.
pub(crate) const CHAT: &str = "subject:7a-algebra";
/// The first day.
pub(crate) const DAY: &str = "2026-09-01";

/// What a chat's call link looks like where a person gives it; one for each chat.
const STANDING: &str = "https://max.ru/joincall/standing";

/// The kinds of messengers, as far as calls are concerned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    /// VK with a token that starts calls.
    Vk,
    /// MAX, where nobody but people starts calls, in groups that people made.
    Max,
    /// VK with a community's own token, which starts no calls.
    Community,
}

/// Makes of each law, a function of the place, a test on every kind of messenger.
macro_rules! everywhere {
    ($($law:ident),* $(,)?) => { $(
        $crate::bell::law! { $law
            where_the_messenger_starts_calls: Vk,
            on_max_where_it_starts_none: Max,
            with_a_token_of_a_community_that_starts_none: Community,
        }
    )* };
}
pub(crate) use everywhere;

/// The same without the third kind, where it would show nothing new.
macro_rules! on_both {
    ($($law:ident),* $(,)?) => { $(
        $crate::bell::law! { $law
            where_the_messenger_starts_calls: Vk,
            on_max_where_it_starts_none: Max,
        }
    )* };
}
pub(crate) use on_both;

macro_rules! law {
    ($law:ident $($test:ident: $place:ident),* $(,)?) => {
        mod $law {
            $(
                #[test]
                fn $test() {
                    super::$law($crate::bell::Place::$place);
                }
            )*
        }
    };
}
pub(crate) use law;

/// A school, its messenger and its clock.
pub(crate) struct Bell {
    pub(crate) messenger: Messenger,
    pub(crate) side: Side,
    pub(crate) roster: Value,
    pub(crate) report: Value,
    pub(crate) config: Value,
    pub(crate) folder: tempfile::TempDir,
    session: Session,
    now: String,
    starts_calls: bool,
    links: u32,
}

/// The tiny school with a timetable of four lessons a day, and no lesson yet.
pub(crate) fn school() -> Value {
    let mut roster = tiny();
    roster["lessons"] = json!([]);
    let bells = [("09:00", "09:45"), ("10:00", "10:45"), ("11:00", "11:45"), ("12:00", "12:45")];
    let periods: Vec<Value> = bells
        .iter()
        .zip(1..)
        .map(|((starts, ends), number)| {
            json!({"period": number, "startTime": starts, "endTime": ends})
        })
        .collect();
    roster["timetables"] = json!([{"sourcedId": "grid", "classSourcedIds": ["7a-algebra"],
        "beginDate": DAY, "endDate": "2027-06-01", "periods": periods,
        "metadata": {"transferByDefault": true}}]);
    roster
}

/// A lesson of the journal by its number in the day's grid.
pub(crate) fn lesson(id: &str, date: &str, period: u32, state: &str) -> Value {
    json!({"sourcedId": id, "classSourcedId": "7a-algebra", "date": date, "period": period,
        "title": format!("Алгебра: {id}"), "metadata": {"online": true, "state": state}})
}

impl Bell {
    /// On VK, with a token that starts calls.
    pub(crate) fn vk() -> Bell {
        Bell::open(Side::Vk, "partner", "paragraf", school(), json!({}))
    }

    /// On MAX, where nobody but people starts calls. The groups are made already.
    pub(crate) fn max() -> Bell {
        let mut bell = Bell::open(Side::Max, "standard", "paragraf", school(), json!({}));
        bell.publish("first", "2026-08-31", 1);
        bell.make_groups();
        bell.drop_lesson("first");
        bell
    }

    /// On any kind of messenger; on MAX the groups that are wanted now are made.
    pub(crate) fn at_place(place: Place, profile: &str, roster: Value) -> Bell {
        let (side, mode) = match place {
            Place::Vk => (Side::Vk, "partner"),
            Place::Max => (Side::Max, "standard"),
            Place::Community => (Side::Vk, "standard"),
        };
        let mut bell = Bell::open(side, mode, profile, roster, json!({}));
        if place == Place::Max {
            bell.make_groups();
            // Two questions for news a second are what MAX allows, and few tests are about news.
            bell.config["platform"]["events"] = "none".into();
            bell.reopen();
        } else {
            assert_eq!(bell.sync(), Code::Ok);
        }
        bell
    }

    /// Where the messenger starts no calls, a person gives the chat its standing link, at the only
    /// time when one is asked for: when a call is wanted. That call is deleted, nobody is told of it.
    #[track_caller]
    pub(crate) fn give_link(&mut self, chat: &str) {
        if self.starts_calls {
            return;
        }
        let params = json!({"chat": chat, "title": "Проба", "date": DAY, "time": "23:00"});
        let call = self.does("system", "calls.create", params);
        let id = json!({"call": call["id"]});
        self.asks("system", "calls.publish", id.clone()).expect("a publication");
        // The first cycle may have to try whether calls are started.
        self.sync();
        self.sync();
        assert!(self.tasks("give_call_link").iter().any(|task| task["chat"] == chat));
        self.does("system", "calls.delete", id);
        self.bring_links();
        assert_eq!((self.running().len(), self.said(chat).len()), (0, 0));
    }

    /// A person gives every standing link that was asked for.
    pub(crate) fn bring_links(&mut self) {
        let tasks: Vec<Value> =
            self.tasks("give_call_link").iter().map(|task| task["id"].clone()).collect();
        for task in tasks {
            let link = format!("{STANDING}-{}", self.links);
            self.links += 1;
            self.does("system", "tasks.done", json!({"task": task, "link": link}));
        }
        self.sync();
    }

    /// How many calls were started and how many of them run, by the messenger where it starts them,
    /// and in any case by the registry.
    #[track_caller]
    pub(crate) fn has_calls(&mut self, started: usize, running: usize) {
        let known = if self.starts_calls { (started, running) } else { (0, 0) };
        assert_eq!(self.vk_calls(), known, "by the messenger");
        let list = self.does("system", "calls.list", json!({"per_page": 100}));
        let rows = list["calls"].as_array().expect("calls").iter();
        assert_eq!(rows.filter(|row| row["running"] == true).count(), running, "by the registry");
    }

    /// With any profile, roster and lines of configuration, at seven in the morning of the first day.
    pub(crate) fn open(side: Side, mode: &str, profile: &str, roster: Value, more: Value) -> Bell {
        let messenger =
            Messenger::start(&["--mode", mode, "--max-rate", "0", "--max-chat-rate", "0"]);
        let folder = tempfile::tempdir().expect("a folder");
        let mut bell = Bell::on(messenger, folder, side, profile, roster, more);
        bell.starts_calls = mode == "partner";
        bell
    }

    /// The same on a messenger that runs, with a state file in a folder that may have one.
    pub(crate) fn on(
        messenger: Messenger,
        folder: tempfile::TempDir,
        side: Side,
        profile: &str,
        roster: Value,
        more: Value,
    ) -> Bell {
        let platform = match side {
            Side::Vk => json!({"kind": "vk", "token": messenger.token,
                "base_url": messenger.address, "community": messenger.community.to_string()}),
            Side::Max => json!({"kind": "max", "token": messenger.max_token,
                "base_url": messenger.max_address, "requests_per_second": 30}),
        };
        let mut config = json!({"state": folder.path().join("zvonok.db"), "profile": profile,
            "platform": platform});
        let more = more.as_object().expect("an object").clone();
        config.as_object_mut().expect("an object").extend(more);
        let session = opened(&config);
        let now = format!("{DAY}T07:00:00+03:00");
        let (report, starts_calls, links) = (Value::Null, false, 0);
        Bell { messenger, side, roster, report, config, folder, session, now, starts_calls, links }
    }

    /// Ends the session and the messenger; what they have written down stays in the folder.
    pub(crate) fn leave(self) -> tempfile::TempDir {
        let Bell { folder, .. } = self;
        folder
    }

    /// Somebody makes the groups that the tasks ask for.
    pub(crate) fn make_groups(&mut self) {
        self.sync();
        {
            let mut office = Office::on(&self.messenger, self.side);
            for task in self.report["tasks"].as_array().expect("tasks") {
                office.carry_out(task, &Manner::of(FoundBy::CodeInTitle, 990));
            }
        }
        self.sync();
        self.sync();
    }

    /// From here on MAX is asked for news of its groups.
    pub(crate) fn hear_news(&mut self) {
        self.config["platform"].as_object_mut().expect("an object").remove("events");
        self.reopen();
    }

    /// Opens the session anew, as a host that ended does.
    pub(crate) fn reopen(&mut self) {
        self.session = opened(&self.config);
    }

    /// Moves the clock: a time of the first day, or a day and a time.
    pub(crate) fn at(&mut self, when: &str) -> &mut Bell {
        self.now = match when.split_once(' ') {
            Some((day, time)) => format!("{day}T{time}:00+03:00"),
            None => format!("{DAY}T{when}:00+03:00"),
        };
        self
    }

    /// Moves the clock to a moment that is written out, of whatever zone.
    pub(crate) fn at_moment(&mut self, moment: &str) -> &mut Bell {
        moment.clone_into(&mut self.now);
        self
    }

    /// A cycle that must not fail; its code, and the report is kept.
    pub(crate) fn sync(&mut self) -> Code {
        self.sync_with(json!({}))
    }

    pub(crate) fn sync_with(&mut self, mut options: Value) -> Code {
        options["now"] = json!(self.now);
        let told = self.session.sync(self.roster.to_string().as_bytes(), &options.to_string());
        let (code, report) = told.unwrap_or_else(|error| panic!("{error}: {:?}", error.faults));
        self.report = report;
        code
    }

    /// The task runs at these times.
    pub(crate) fn at_each(&mut self, times: &[&str]) {
        for time in times {
            self.at(time).sync();
        }
    }

    /// A request of somebody.
    pub(crate) fn asks(
        &mut self,
        actor: &str,
        method: &str,
        params: Value,
    ) -> Result<(Code, Value), Error> {
        let request = json!({"method": method, "actor": actor, "params": params, "now": self.now});
        let (code, mut reply) = self.session.request(&request.to_string())?;
        Ok((code, reply["result"].take()))
    }

    /// A request that must succeed.
    #[track_caller]
    pub(crate) fn does(&mut self, actor: &str, method: &str, params: Value) -> Value {
        let told = self.asks(actor, method, params.clone());
        match told {
            Ok((_, result)) => result,
            Err(error) => panic!("{method} {params}: {error} {:?}", error.faults),
        }
    }

    /// A request that must be refused with this code; the sentence.
    #[track_caller]
    pub(crate) fn refused(
        &mut self,
        actor: &str,
        method: &str,
        params: Value,
        code: Code,
    ) -> Error {
        match self.asks(actor, method, params.clone()) {
            Ok((_, result)) => panic!("{method} {params} is allowed: {result}"),
            Err(error) => {
                assert_eq!(error.code, code, "{error} {:?}", error.faults);
                error
            }
        }
    }

    /// Puts a published online lesson into the roster.
    pub(crate) fn publish(&mut self, id: &str, date: &str, period: u32) {
        self.lesson(id, date, period, "published");
    }

    pub(crate) fn lesson(&mut self, id: &str, date: &str, period: u32, state: &str) {
        add(&mut self.roster, "lessons", lesson(id, date, period, state));
    }

    pub(crate) fn row(&mut self, id: &str) -> &mut Value {
        row(&mut self.roster, "lessons", id)
    }

    pub(crate) fn drop_lesson(&mut self, id: &str) {
        crate::tiny::drop_row(&mut self.roster, "lessons", id);
    }

    /// The call of a lesson in the last report.
    pub(crate) fn call(&self, lesson: &str) -> Option<&Value> {
        self.report["calls"].as_array().expect("calls").iter().find(|row| row["lesson"] == lesson)
    }

    /// How it stands: its state, and whether it runs.
    #[track_caller]
    pub(crate) fn stands(&self, lesson: &str) -> (String, bool) {
        let call = self.call(lesson).unwrap_or_else(|| panic!("{lesson}: {:#}", self.report));
        let state = call["state"].as_str().expect("a state").to_owned();
        (state, call["running"].as_bool().expect("a flag"))
    }

    /// The lessons whose calls run.
    pub(crate) fn running(&self) -> Vec<String> {
        let calls = self.report["calls"].as_array().expect("calls").iter();
        let running = calls.filter(|row| row["running"] == true);
        running.map(|row| row["lesson"].as_str().unwrap_or_default().to_owned()).collect()
    }

    /// What the library has said in a chat, in its order.
    pub(crate) fn said(&self, key: &str) -> Vec<String> {
        let chat = self.chat(key);
        let messages = chat["messages"].as_array().expect("messages").iter();
        messages.filter_map(|one| one["text"].as_str().map(str::to_owned)).collect()
    }

    /// What is pinned in a chat.
    pub(crate) fn pinned(&self, key: &str) -> Value {
        self.chat(key)["pinned"].clone()
    }

    pub(crate) fn chat(&self, key: &str) -> Value {
        let rows = self.report["chats"].as_array().expect("chats");
        let row = rows.iter().find(|row| row["key"] == key).expect("the chat");
        let id: Option<i64> = row["platform_id"].as_str().and_then(|id| id.parse().ok());
        let path = if self.side == Side::Max { "max/state" } else { "state" };
        let state = self.messenger.look(path);
        let chats = state["chats"].as_array().expect("chats");
        chats.iter().find(|chat| chat["chat_id"].as_i64() == id).expect("the chat").clone()
    }

    /// Calls that VK has started, and how many of them run.
    pub(crate) fn vk_calls(&self) -> (usize, usize) {
        let state = self.messenger.look("state");
        let calls = state["calls"].as_array().expect("calls");
        (calls.len(), calls.iter().filter(|call| call["finished"].is_null()).count())
    }

    /// When a cycle is due by the last report, as a time of the school's zone.
    pub(crate) fn next_due(&self) -> String {
        self.report["next_due"].as_str().expect("a moment").to_owned()
    }

    /// Runs whenever a cycle is due, until the next one is due at this moment, and not after it.
    #[track_caller]
    pub(crate) fn waits_until(&mut self, wanted: &str) {
        let moment = |text: &str| text.parse::<jiff::Timestamp>().expect("a moment");
        for _ in 0..20 {
            let due = self.next_due();
            if due == wanted {
                return;
            }
            assert!(moment(&due) < moment(wanted), "due at {due}, not at {wanted}");
            self.at_moment(&due).sync();
        }
        panic!("it is due again and again: {}", self.next_due());
    }

    pub(crate) fn warned(&self, code: &str) -> Vec<&Value> {
        let warnings = self.report["roster"]["warnings"].as_array().expect("warnings");
        warnings.iter().filter(|one| one["code"] == code).collect()
    }

    pub(crate) fn tasks(&self, kind: &str) -> Vec<&Value> {
        let tasks = self.report["tasks"].as_array().expect("tasks").iter();
        tasks.filter(|task| task["kind"] == kind).collect()
    }
}

fn opened(config: &Value) -> Session {
    let session = Session::open(&config.to_string(), Box::new(Silent), Cancel::default());
    session.unwrap_or_else(|error| panic!("{error}: {:?}", error.faults))
}
