//! The demonstration's messenger as a person beside it sees it: who is really where.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use serde_json::{Value, json};

use crate::sandbox::Options;
use crate::show::{number, rows, text};
use crate::trouble::Trouble;

/// Which messenger a demonstration shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Side {
    Max,
    Vk,
}

impl Side {
    /// The name in documents.
    pub(super) fn name(self) -> &'static str {
        match self {
            Side::Max => "max",
            Side::Vk => "vk",
        }
    }

    /// The token that the sandbox takes.
    pub(super) fn token(self, options: &Options) -> &str {
        match self {
            Side::Max => &options.max_token,
            Side::Vk => &options.token,
        }
    }
}

/// The sandbox's control interface.
pub(super) struct Messenger {
    pub(super) side: Side,
    address: String,
    agent: ureq::Agent,
}

/// Who is in which chat: `(chat_id, account)`, the bot or the community left out.
pub(super) type Places = BTreeSet<(i64, i64)>;

impl Messenger {
    /// The messenger at this address.
    pub(super) fn at(address: &str, side: Side) -> Messenger {
        let config =
            ureq::Agent::config_builder().timeout_global(Some(Duration::from_secs(60))).proxy(None);
        Messenger { side, address: address.to_owned(), agent: config.build().new_agent() }
    }

    /// How many chats there are, and who is in them.
    pub(super) fn places(&self) -> Result<(usize, Places), Trouble> {
        self.those(|_| true)
    }

    /// Who has rights in which chat, its owner among them.
    pub(super) fn admins(&self) -> Result<Places, Trouble> {
        Ok(self.those(|member| member["admin"] == true || member["owner"] == true)?.1)
    }

    fn those(&self, such: fn(&Value) -> bool) -> Result<(usize, Places), Trouble> {
        let chats = self.chats()?;
        let chats = chats.as_array().map(Vec::as_slice).unwrap_or_default();
        let of = |chat: &Value| -> Vec<(i64, i64)> {
            let id = chat["chat_id"].as_i64().unwrap_or_default();
            let people = rows(chat, "members").iter().filter(|one| one["bot"] != true && such(one));
            let people = people.filter_map(|member| member["id"].as_i64());
            people.filter(|person| *person > 0).map(|person| (id, person)).collect()
        };
        Ok((chats.len(), chats.iter().flat_map(of).collect()))
    }

    /// Every chat with all that is in it.
    pub(super) fn chats(&self) -> Result<Value, Trouble> {
        Ok(self.state()?["chats"].take())
    }

    /// What each chat is called.
    pub(super) fn titles(&self) -> Result<BTreeMap<i64, String>, Trouble> {
        let state = self.state()?;
        let title =
            |chat: &Value| Some((chat["chat_id"].as_i64()?, text(chat, "title").to_owned()));
        Ok(rows(&state, "chats").iter().filter_map(title).collect())
    }

    /// To how many people the bot has written.
    pub(super) fn written_to(&self) -> Result<usize, Trouble> {
        let state = self.state()?;
        let bot = state["bot"]["user_id"].clone();
        let told = |one: &&Value| rows(one, "messages").iter().any(|said| said["from"] == bot);
        Ok(rows(&state, "people").iter().filter(told).count())
    }

    fn state(&self) -> Result<Value, Trouble> {
        self.look(&format!("{}state", self.prefix()))
    }

    fn prefix(&self) -> &'static str {
        if self.side == Side::Max { "max/" } else { "" }
    }

    /// How many requests there were so far, and how many of them have changed something.
    pub(super) fn requests(&self) -> Result<(u64, u64), Trouble> {
        let counters = self.look("counters")?;
        Ok((number(&counters, "requests"), number(&counters, "changing")))
    }

    /// How many requests have changed something so far.
    pub(super) fn changes(&self) -> Result<u64, Trouble> {
        Ok(self.requests()?.1)
    }

    /// Tells what a person is called.
    pub(super) fn declare(&self, person: i64, first: &str, last: &str) -> Result<(), Trouble> {
        self.order("people", &json!({"id": person, "first_name": first, "last_name": last}))?;
        Ok(())
    }

    /// Somebody follows a link.
    pub(super) fn join(&self, link: &str, person: i64) -> Result<(), Trouble> {
        self.does("join", &json!({"link": link, "user": person}))?;
        Ok(())
    }

    /// Whether a link leads nowhere.
    pub(super) fn is_dead(&self, link: &str, person: i64) -> bool {
        let order = json!({"link": link, "user": person}).to_string();
        let sent = self.send(&format!("{}join", self.prefix()), order);
        matches!(sent, Err(ureq::Error::StatusCode(404)))
    }

    /// Somebody does something that the control interface knows.
    pub(super) fn does(&self, deed: &str, order: &Value) -> Result<Value, Trouble> {
        self.order(&format!("{}{deed}", self.prefix()), order)
    }

    fn order(&self, path: &str, order: &Value) -> Result<Value, Trouble> {
        let tell = |error| Trouble::System(format!("sandbox: {path} {order}: {error}"));
        let mut answer = self.send(path, order.to_string()).map_err(tell)?;
        let body = answer.body_mut().read_to_string().map_err(tell)?;
        parsed(&body)
    }

    fn send(
        &self,
        path: &str,
        order: String,
    ) -> Result<ureq::http::Response<ureq::Body>, ureq::Error> {
        let request = self.agent.post(format!("{}/sandbox/{path}", self.address));
        request.header("Content-Type", "application/json").send(order)
    }

    fn look(&self, path: &str) -> Result<Value, Trouble> {
        let broken = |error: ureq::Error| Trouble::System(format!("sandbox: {path}: {error}"));
        let answer = self.agent.get(format!("{}/sandbox/{path}", self.address)).call();
        let mut answer = answer.map_err(broken)?;
        let body = answer.body_mut().with_config().limit(u64::MAX).read_to_string();
        parsed(&body.map_err(broken)?)
    }
}

fn parsed(body: &str) -> Result<Value, Trouble> {
    serde_json::from_str(body).map_err(|error| Trouble::System(format!("sandbox: {error}")))
}
