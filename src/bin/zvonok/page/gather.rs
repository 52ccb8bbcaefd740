//! Everything the page shows, asked of the library by the same requests as any host asks.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};
use zvonok::error::{Code, Error, Text};
use zvonok::session::Session;

use crate::commands::{chats, put};
use crate::show::{number, rows, text};

/// The library's answers.
pub(crate) struct Gathered {
    /// Of `chats.get`, in the order of the registry.
    pub(crate) chats: Vec<Value>,
    /// Key and title of every chat, shown or not.
    pub(super) titles: Vec<(String, String)>,
    pub(super) tasks: Vec<Value>,
    pub(super) diagnostics: Value,
    /// The report of a dry run; null where none could be made.
    pub(super) plan: Value,
    /// Why there is no plan.
    pub(crate) plan_failed: Option<Text>,
    /// The keys that the page is limited to; empty for all.
    only: BTreeSet<String>,
}

/// What the tiles count.
pub(super) struct Sums {
    pub(super) active: usize,
    pub(super) people: usize,
    pub(super) linked: usize,
    pub(super) desired: u64,
    pub(super) joined: u64,
    pub(super) tasks: usize,
    pub(super) held: usize,
    pub(super) failed: usize,
}

impl Gathered {
    /// Asks for all chats, or only for those of these keys.
    ///
    /// # Errors
    /// What the requests fail with; a plan that cannot be made is none.
    pub(crate) fn ask(
        session: &mut Session,
        keys: &[String],
        now: Option<&str>,
    ) -> Result<Gathered, Error> {
        let listed = chats::all(session, Map::new())?;
        let key = |chat: &Value| text(chat, "key").to_owned();
        let titles = listed.iter().map(|chat| (key(chat), text(chat, "title").to_owned()));
        let titles = titles.collect();
        let keys: Vec<String> =
            if keys.is_empty() { listed.iter().map(key).collect() } else { keys.to_vec() };
        let mut asker = Asker { session, now };
        let chats = keys.iter().map(|key| asker.ask("chats.get", json!({ "chat": key })));
        let chats = chats.collect::<Result<Vec<Value>, Error>>()?;
        let only = if keys.len() < listed.len() { keys.into_iter().collect() } else { none() };
        let mut gathered = Gathered {
            chats,
            titles,
            tasks: asker.tasks()?,
            diagnostics: asker.ask("diagnostics", json!({}))?,
            plan: Value::Null,
            plan_failed: None,
            only,
        };
        gathered
            .tasks
            .retain(|task| gathered.only.is_empty() || gathered.only.contains(&key_of(task)));
        match asker.plan(&gathered.only) {
            Ok(plan) => gathered.plan = plan,
            // The page is worth looking at also while the messenger is away or a cycle runs.
            Err(error) => gathered.plan_failed = Some(error.message),
        }
        Ok(gathered)
    }

    /// Failures: as the plan tells them, or as the state file does where there is no plan.
    pub(super) fn failed(&self) -> Vec<&Value> {
        let all = match self.plan.is_null() {
            true => rows(&self.diagnostics, "errors"),
            false => rows(&self.plan, "failed"),
        };
        let shown = |row: &&Value| self.only.is_empty() || self.only.contains(&key_of(row));
        all.iter().filter(shown).collect()
    }

    /// Everybody who should be in a chat: id, and whether an account is linked on its messenger.
    pub(super) fn people(&self) -> BTreeMap<&str, bool> {
        let mut people = BTreeMap::new();
        for member in self.chats.iter().flat_map(|chat| rows(chat, "members")) {
            *people.entry(text(member, "person")).or_insert(false) |= member["linked"] == true;
        }
        people
    }

    pub(super) fn sums(&self) -> Sums {
        let people = self.people();
        let active = |chat: &&Value| chat["state"] == "active";
        let sum = |key: &str| self.chats.iter().map(|chat| number(&chat["counts"], key)).sum();
        Sums {
            active: self.chats.iter().filter(active).count(),
            people: people.len(),
            linked: people.values().filter(|linked| **linked).count(),
            desired: sum("desired"),
            joined: sum("joined"),
            tasks: self.tasks.len(),
            held: rows(&self.plan, "held").len(),
            failed: self.failed().len(),
        }
    }
}

fn none() -> BTreeSet<String> {
    BTreeSet::new()
}

fn key_of(row: &Value) -> String {
    text(row, "chat").to_owned()
}

/// Asks for the host itself, at one moment.
struct Asker<'s> {
    session: &'s mut Session,
    now: Option<&'s str>,
}

impl Asker<'_> {
    fn ask(&mut self, method: &str, params: Value) -> Result<Value, Error> {
        Ok(self.document(method, params)?.1["result"].take())
    }

    fn document(&mut self, method: &str, params: Value) -> Result<(Code, Value), Error> {
        let mut request = Map::new();
        put(&mut request, "method", Some(method));
        put(&mut request, "params", Some(params));
        put(&mut request, "now", self.now);
        self.session.request(&Value::Object(request).to_string())
    }

    fn tasks(&mut self) -> Result<Vec<Value>, Error> {
        const MOST: u32 = 1000;
        let mut tasks = Vec::new();
        for page in 1.. {
            let params = json!({"page": page, "per_page": MOST});
            let told = self.ask("tasks.list", params)?;
            tasks.extend_from_slice(rows(&told, "tasks"));
            if page >= number(&told, "pages") {
                break;
            }
        }
        Ok(tasks)
    }

    /// A plan reads no chat again: a page is no reason to ask the messenger for everything.
    fn plan(&mut self, only: &BTreeSet<String>) -> Result<Value, Error> {
        let mut params = json!({"detail": "operations", "verify": "none"});
        if !only.is_empty() {
            params["chats"] = json!(only);
        }
        let mut reply = self.document("plan", params)?.1;
        Ok(reply["result"].take())
    }
}
