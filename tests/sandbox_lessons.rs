//! What online lessons ask of a messenger, the drivers against the sandbox: calls, posts and pins,
//! also with lost answers and full rates in between.
#![cfg(feature = "cli")]
#![allow(missing_docs, reason = "the names of the tests say it")]

mod support;

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use support::Messenger;
use zvonok::platform::{Access, Answer, Call, Capability, Class, Failure, Kind, Platform};
use zvonok::secret::Secret;
use zvonok::stop::Stop;

const TEXT: &str = "Урок «Алгебра» начался.\nhttps://vk.com/call/join/a";

fn driver(messenger: &Messenger, kind: Kind) -> Box<dyn Platform> {
    let (base_url, token, community) = match kind {
        Kind::Vk => (&messenger.address, &messenger.token, messenger.community.to_string()),
        Kind::Max => (&messenger.max_address, &messenger.max_token, String::new()),
    };
    let access = Access {
        base_url: base_url.clone(),
        token: Secret::new(token),
        community,
        requests_per_second: 1000,
        proxy: None,
        ca_file: None,
        connect_timeout: Duration::from_secs(5),
        request_timeout: Duration::from_secs(20),
    };
    zvonok::platform::driver(kind, access).unwrap()
}

fn one(driver: &dyn Platform, call: Call) -> Result<Answer, Failure> {
    driver.perform(&[call], &Stop::never()).remove(0)
}

fn class(outcome: &Result<Answer, Failure>) -> Option<Class> {
    outcome.as_ref().err().map(|failure| failure.class)
}

/// A messenger where a community may start calls.
fn partner() -> Messenger {
    let messenger = Messenger::start(&[]);
    messenger.does("mode", json!({"mode": "partner"}));
    messenger
}

fn started(outcome: Result<Answer, Failure>) -> (String, String) {
    match outcome {
        Ok(Answer::Call { id, join_url }) => (id, join_url),
        other => panic!("no call: {other:?}"),
    }
}

fn finish(id: &str) -> Call {
    Call::FinishCall { id: id.to_owned() }
}

#[test]
fn calls_are_started_one_by_one_and_ended_by_the_school_or_by_a_person() {
    let messenger = partner();
    let vk = driver(&messenger, Kind::Vk);
    assert_eq!(vk.probe(Capability::StartCall, &Stop::never()), Ok(Some(true)));
    assert_eq!(messenger.look("tally")["calls"], json!({"started": 0, "running": []}));
    let (first, link) = started(one(&*vk, Call::StartCall));
    let (second, other_link) = started(one(&*vk, Call::StartCall));
    assert!(link.starts_with("https://vk.com/call/join/") && link != other_link);
    assert_eq!((first.len(), first != second), (36, true));
    let running = || messenger.look("tally")["calls"]["running"].clone();
    assert_eq!(running(), json!([first, second]));
    assert_eq!(one(&*vk, finish(&first)), Ok(Answer::Done));
    assert_eq!(one(&*vk, finish(&first)), Ok(Answer::Done), "it is over already");
    messenger.does("finish_call", json!({"call_id": second}));
    let again = messenger.order("finish_call", &json!({"call_id": second}));
    assert_eq!(again, (409, json!({"error": "not_running"})));
    assert_eq!(one(&*vk, finish(&second)), Ok(Answer::Done), "a person ended it");
    assert_eq!(messenger.look("tally")["calls"], json!({"started": 2, "running": []}));
    assert_eq!(messenger.code("calls.forceFinish", &[("call_id", "5")]), 100);
}

#[test]
fn the_key_of_a_plain_community_starts_no_calls() {
    let messenger = Messenger::start(&[]);
    let vk = driver(&messenger, Kind::Vk);
    assert_eq!(vk.probe(Capability::StartCall, &Stop::never()), Ok(Some(false)));
    let failure = one(&*vk, Call::StartCall).unwrap_err();
    assert_eq!((failure.class, failure.code.as_str()), (Class::Missing, "vk.27"));
    assert_eq!(messenger.look("tally")["calls"]["started"], 0);
    let max = driver(&messenger, Kind::Max);
    assert_eq!(max.probe(Capability::StartCall, &Stop::never()), Ok(Some(false)));
    assert_eq!(class(&one(&*max, Call::StartCall)), Some(Class::Missing));
    let methods = messenger.look("counters")["by_method"].clone();
    assert_eq!(methods, json!({"calls.forceFinish": 1, "calls.start": 1}), "nothing of MAX");
}

#[test]
fn a_lost_answer_leaves_one_call_and_never_a_second() {
    let messenger = partner();
    let vk = driver(&messenger, Kind::Vk);
    for deed in ["drop_after", "truncate"] {
        messenger.does("counters/reset", json!({}));
        let before = messenger.look("tally")["calls"]["started"].as_u64().unwrap();
        messenger.does("faults", json!({"match": {"method": "calls.start", "nth": 1}, "do": deed}));
        assert_eq!(class(&one(&*vk, Call::StartCall)), Some(Class::Lost), "{deed}");
        assert_eq!(messenger.look("tally")["calls"]["started"], before + 1, "{deed}");
        assert_eq!(messenger.look("counters")["requests"], 1, "{deed}");
    }
    let full = json!({"match": {"method": "calls.start", "nth": 1}, "do": "error", "code": 6});
    messenger.does("faults", full);
    let slow = json!({"match": {"method": "calls.start", "nth": 2}, "do": "delay", "ms": 300});
    messenger.does("faults", slow);
    let begin = Instant::now();
    started(one(&*vk, Call::StartCall));
    assert!(begin.elapsed() >= Duration::from_millis(1_300), "{:?}", begin.elapsed());
    assert_eq!(messenger.look("tally")["calls"]["started"], 3);
}

/// A chat in which a person is, too, and how tests speak of it.
struct Place<'m> {
    messenger: &'m Messenger,
    kind: Kind,
    chat: i64,
}

impl<'m> Place<'m> {
    fn both(messenger: &'m Messenger) -> [Place<'m>; 2] {
        let (vk, _) = messenger.chat("Алгебра, 7А");
        messenger.does("join", json!({"chat_id": vk, "user": 77}));
        let max = messenger.max_group("Алгебра, 7А", 77);
        [(Kind::Vk, vk), (Kind::Max, max)].map(|(kind, chat)| Place { messenger, kind, chat })
    }

    fn tally(&self) -> Value {
        let tally = self.messenger.look("tally");
        let chats = tally[self.kind.name()].as_array().unwrap().clone();
        chats.into_iter().find(|chat| chat["chat_id"] == self.chat).unwrap()
    }

    fn root(&self) -> &'static str {
        if self.kind == Kind::Vk { "" } else { "max/" }
    }

    /// A person writes; the message's id as the platform has it.
    fn says(&self, text: &str) -> Value {
        let said = json!({"chat_id": self.chat, "user": 77, "text": text});
        let answer = self.messenger.does(&format!("{}message", self.root()), said);
        answer.get("cmid").or(answer.get("mid")).unwrap().clone()
    }

    fn pins(&self, message: Option<&Value>) {
        let name = if self.kind == Kind::Vk { "cmid" } else { "mid" };
        let mut order = json!({"chat_id": self.chat});
        order[name] = json!(message);
        self.messenger.does(&format!("{}pin", self.root()), order);
    }

    fn fault(&self, methods: [&str; 2], deed: Value) {
        let mut fault = deed;
        let method = methods[usize::from(self.kind == Kind::Max)];
        fault["match"] = json!({"platform": self.kind.name(), "method": method, "nth": 1});
        self.messenger.does("faults", fault);
    }

    fn chat(&self) -> String {
        self.chat.to_string()
    }

    fn send(&self, once: i32) -> Call {
        Call::SendMessage { chat: self.chat(), text: TEXT.to_owned(), once }
    }

    fn find(&self) -> Call {
        let parts = vec!["«Алгебра»".to_owned(), "https://vk.com/call/join/a".to_owned()];
        Call::FindPost { chat: self.chat(), parts }
    }

    fn pin(&self, message: &str) -> Call {
        Call::Pin { chat: self.chat(), message: message.to_owned() }
    }

    fn unpin(&self, message: Option<&str>) -> Call {
        Call::Unpin { chat: self.chat(), message: message.map(str::to_owned) }
    }
}

fn posted(outcome: Result<Answer, Failure>) -> String {
    match outcome {
        Ok(Answer::Message(id)) => id,
        other => panic!("nothing posted: {other:?}"),
    }
}

#[test]
fn a_post_is_found_again_and_its_pin_taken_down() {
    let messenger = Messenger::start_max();
    for place in Place::both(&messenger) {
        let driver = driver(&messenger, place.kind);
        let none = Ok(Answer::Post(None));
        place.says(TEXT);
        assert_eq!(one(&*driver, place.find()), none, "a person's words");
        let id = posted(one(&*driver, place.send(7)));
        let word = place.says("А где урок?");
        place.says(TEXT);
        assert_eq!(one(&*driver, place.find()), Ok(Answer::Post(Some(id.clone()))));
        assert_eq!(place.tally()["posted"], 1);

        assert_eq!(one(&*driver, place.pin(&id)), Ok(Answer::Done));
        assert_eq!(one(&*driver, place.pin(&id)), Ok(Answer::Done), "twice is as good");
        assert_eq!(place.tally()["pinned"], TEXT);
        place.pins(Some(&word));
        assert_eq!(one(&*driver, place.unpin(Some(&id))), Ok(Answer::Done));
        assert_eq!(place.tally()["pinned"], "А где урок?", "somebody else's pin stays");
        assert_eq!(one(&*driver, place.unpin(None)), Ok(Answer::Done));
        for message in [None, Some(id.as_str())] {
            assert_eq!(one(&*driver, place.unpin(message)), Ok(Answer::Done), "{message:?}");
        }
        assert_eq!(place.tally()["pinned"], Value::Null);
        assert_eq!(place.messenger.look("max/state")["chats"][0]["notices"], 0, "no word of it");
    }
}

#[test]
fn what_befalls_other_requests_befalls_posts_and_pins() {
    let messenger = Messenger::start_max();
    for place in Place::both(&messenger) {
        let driver = driver(&messenger, place.kind);
        place.fault(["messages.send", "POST /messages"], json!({"do": "drop_after"}));
        assert_eq!(class(&one(&*driver, place.send(7))), Some(Class::Lost));
        let Ok(Answer::Post(Some(id))) = one(&*driver, place.find()) else {
            panic!("the message is there")
        };
        place.fault(["messages.send", "POST /messages"], json!({"do": "drop_before"}));
        assert_eq!(class(&one(&*driver, place.send(8))), Some(Class::Lost));
        assert_eq!(place.tally()["posted"], 1);

        let pin = ["messages.pin", "PUT /chats/{chatId}/pin"];
        place.fault(
            pin,
            json!({"do": "error", "code": if place.kind == Kind::Vk { 6 } else { 429 }}),
        );
        assert_eq!(one(&*driver, place.pin(&id)), Ok(Answer::Done), "a second later");
        place.fault(pin, json!({"do": "drop_after"}));
        assert_eq!(class(&one(&*driver, place.pin(&id))), Some(Class::Lost));

        let unpin = ["messages.unpin", "DELETE /chats/{chatId}/pin"];
        place.fault(unpin, json!({"do": "truncate"}));
        assert_eq!(class(&one(&*driver, place.unpin(Some(&id)))), Some(Class::Lost));
        assert_eq!(place.tally()["pinned"], Value::Null, "it was done all the same");
        assert_eq!(one(&*driver, place.unpin(Some(&id))), Ok(Answer::Done));

        let read = ["messages.getHistory", "GET /messages"];
        place.fault(read, json!({"do": "html"}));
        assert_eq!(one(&*driver, place.find()), Ok(Answer::Post(Some(id))), "a read is repeated");
    }
}

#[test]
fn without_the_right_to_pin_a_bot_still_posts() {
    let messenger = Messenger::start_max();
    let [vk, max] = Place::both(&messenger);
    let rights = json!(["read_all_messages", "add_remove_members"]);
    messenger.does("max/admin", json!({"chat_id": max.chat, "permissions": rights}));
    let own = json!({"chat_id": vk.chat, "user": -messenger.community, "admin": false});
    messenger.does("promote", own);
    for (place, refused) in [(vk, Class::Never), (max, Class::MissingHere)] {
        let driver = driver(&messenger, place.kind);
        let id = posted(one(&*driver, place.send(7)));
        assert_eq!(class(&one(&*driver, place.pin(&id))), Some(refused));
        assert_eq!(one(&*driver, place.unpin(Some(&id))), Ok(Answer::Done), "nothing is pinned");
        place.pins(Some(&if place.kind == Kind::Vk { json!(1) } else { json!(id) }));
        assert_eq!(class(&one(&*driver, place.unpin(Some(&id)))), Some(refused));
    }
}

#[test]
fn people_write_and_pin_only_where_they_can() {
    let messenger = Messenger::start_max();
    let [vk, max] = Place::both(&messenger);
    let refused = |path: &str, order: Value| messenger.order(path, &order).0;
    let stranger = json!({"chat_id": vk.chat, "user": 78, "text": "!"});
    assert_eq!(refused("message", stranger), 409);
    let community = json!({"chat_id": vk.chat, "user": -messenger.community, "text": "!"});
    assert_eq!(refused("message", community), 409, "it has an interface of its own");
    assert_eq!(refused("pin", json!({"chat_id": vk.chat, "cmid": 5})), 404);
    assert_eq!(refused("max/pin", json!({"chat_id": max.chat, "mid": "mid.5"})), 404);
    messenger.does("delete_chat", json!({"chat_id": vk.chat, "code": 1012}));
    assert_eq!(refused("message", json!({"chat_id": vk.chat, "user": 77, "text": "!"})), 409);
    assert_eq!(vk.tally()["posted"], 0);
}
