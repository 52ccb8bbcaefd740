//! The demonstration's messenger as a person beside it sees it: who is really where.

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::{Value, json};

use crate::show::{number, rows};
use crate::trouble::Trouble;

/// The sandbox's control interface.
pub(super) struct Messenger {
    address: String,
    agent: ureq::Agent,
}

/// Who is in which chat: `(chat_id, account)`, the community left out.
pub(super) type Places = BTreeSet<(u64, i64)>;

impl Messenger {
    /// The messenger at this address.
    pub(super) fn at(address: &str) -> Messenger {
        let config =
            ureq::Agent::config_builder().timeout_global(Some(Duration::from_secs(60))).proxy(None);
        Messenger { address: address.to_owned(), agent: config.build().new_agent() }
    }

    /// Every chat that has anybody in it or was made, and who is in it.
    pub(super) fn places(&self) -> Result<(usize, Places), Trouble> {
        let state = self.look("state")?;
        let chats = rows(&state, "chats");
        let of = |chat: &Value| -> Vec<(u64, i64)> {
            let id = number(chat, "chat_id");
            let people = rows(chat, "members").iter().filter_map(|member| member["id"].as_i64());
            people.filter(|person| *person > 0).map(|person| (id, person)).collect()
        };
        Ok((chats.len(), chats.iter().flat_map(of).collect()))
    }

    /// Every chat with all that is in it.
    pub(super) fn chats(&self) -> Result<Value, Trouble> {
        Ok(self.look("state")?["chats"].take())
    }

    /// How many requests have changed something so far.
    pub(super) fn changes(&self) -> Result<u64, Trouble> {
        Ok(number(&self.look("counters")?, "changing"))
    }

    /// Tells what a person is called.
    pub(super) fn declare(&self, person: i64, first: &str, last: &str) -> Result<(), Trouble> {
        self.order("people", &json!({"id": person, "first_name": first, "last_name": last}))
    }

    /// Somebody follows a link.
    pub(super) fn join(&self, link: &str, person: i64) -> Result<(), Trouble> {
        self.order("join", &json!({"link": link, "user": person}))
    }

    fn order(&self, path: &str, order: &Value) -> Result<(), Trouble> {
        let request = self.agent.post(format!("{}/sandbox/{path}", self.address));
        let request = request.header("Content-Type", "application/json");
        request.send(order.to_string()).map_err(broken)?;
        Ok(())
    }

    fn look(&self, path: &str) -> Result<Value, Trouble> {
        let answer = self.agent.get(format!("{}/sandbox/{path}", self.address)).call();
        let mut answer = answer.map_err(broken)?;
        let body = answer.body_mut().with_config().limit(u64::MAX).read_to_string();
        serde_json::from_str(&body.map_err(broken)?)
            .map_err(|error| Trouble::System(format!("sandbox: {error}")))
    }
}

fn broken(error: ureq::Error) -> Trouble {
    Trouble::System(format!("sandbox: {error}"))
}
