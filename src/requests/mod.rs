//! Questions and orders from the host's screens (`interface.md`, "Requests").
//!
//! They are judged by the last accepted roster, of which the state file keeps what is needed
//! without names (ruling 22). People are named by `sourcedId`; the host joins the names.

use std::cell::OnceCell;
use std::sync::Arc;

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use crate::clock::Clock;
use crate::config::unknown_name;
use crate::document::{Faults, Object, Shape, parse_object, sketch};
use crate::error::{Code, Error, Result};
use crate::plan::Lacking;
use crate::roster::Roster;
use crate::session::Session;
use crate::state::State;

mod accounts;
mod act;
mod audit;
mod calls;
mod change;
mod chats;
mod create;
mod diagnostics;
mod events;
mod explain;
mod filter;
mod invite;
mod orders;
mod page;
mod people;
mod permit;
mod proof;
mod reach;
mod tasks;
mod verify;

/// Every method that this version answers.
const METHODS: [(&str, Method); 31] = [
    ("accounts.invite", invite::invite),
    ("accounts.link", accounts::link),
    ("accounts.status", accounts::status),
    ("accounts.unlink", accounts::unlink),
    ("accounts.verify", verify::verify),
    ("admins.grant", change::grant),
    ("admins.revoke", change::revoke),
    ("audit", audit::audit),
    ("calls.create", calls::create),
    ("calls.delete", calls::delete),
    ("calls.finish", calls::finish),
    ("calls.join", calls::join),
    ("calls.list", calls::list),
    ("calls.publish", calls::publish),
    ("calls.start", calls::start),
    ("calls.update", calls::update),
    ("chats.create", create::create),
    ("chats.delete", change::delete),
    ("chats.get", chats::get),
    ("chats.list", chats::list),
    ("chats.rename", change::rename),
    ("chats.sync", orders::sync),
    ("diagnostics", diagnostics::diagnostics),
    ("events.push", events::push),
    ("explain", explain::explain),
    ("guard.approve", orders::approve),
    ("members.add", change::add),
    ("members.remove", change::remove),
    ("plan", orders::plan),
    ("tasks.done", tasks::done),
    ("tasks.list", tasks::list),
];

/// One method: the request in, a code and the result out.
type Method = fn(&mut Ask) -> Result<(Code, Value)>;

/// The host itself, as an actor.
const SYSTEM: &str = "system";

/// One request while it is answered.
pub(crate) struct Ask<'s> {
    session: &'s mut Session,
    method: &'static str,
    actor: String,
    params: Map<String, Value>,
    now: Option<Timestamp>,
    clock: Clock,
    /// The profile lets the actor do what the request asks for.
    permitted: bool,
    /// The last accepted roster, once it was read.
    kept: Option<Arc<Roster>>,
    /// Nothing is asked: the method is only to tell which parameters it reads.
    sketch: Option<OnceCell<Shape>>,
}

/// What stands around a method's parameters.
struct Envelope {
    method: String,
    actor: Option<String>,
    params: Map<String, Value>,
    now: Option<Timestamp>,
}

impl Envelope {
    fn read(root: &mut Object, faults: &mut Faults) -> Envelope {
        Envelope {
            method: root.required("method", faults),
            actor: root.text("actor", faults),
            params: root.map("params", faults).cloned().unwrap_or_default(),
            now: root.moment("now", faults),
        }
    }
}

/// Answers one request with a code and a `zvonok.reply/1` document.
///
/// # Errors
/// [`Code::Request`] for what is not understood or does not exist, [`Code::Denied`] for what the
/// actor may not do, and what the order itself meets.
pub(crate) fn answer(session: &mut Session, request: &str) -> Result<(Code, Value)> {
    let map = parse_object("request", request)
        .map_err(|fault| Error::with_faults(Code::Request, vec![fault]))?;
    let mut faults = Faults::new();
    let mut root = Object::new("request", "", &map);
    let Envelope { method: name, actor, params, now } = Envelope::read(&mut root, &mut faults);
    let actor = actor.unwrap_or_else(|| SYSTEM.to_owned());
    root.finish(&mut faults);
    let method = METHODS.iter().find(|(known, _)| *known == name);
    if method.is_none() && !name.is_empty() {
        let known: Vec<&str> = METHODS.iter().map(|(known, _)| *known).collect();
        faults.push(unknown_name("request.unknown_method", "method", &name, &known));
    }
    let Some((name, method)) = method.filter(|_| faults.is_empty()) else {
        return Err(Error::with_faults(Code::Request, faults));
    };
    let mut ask = Ask::new(session, name, actor, params, now);
    let (code, result) = method(&mut ask)?;
    Ok((code, json!({"format": "zvonok.reply/1", "result": result})))
}

/// The keys of a request, and those of each method's parameters.
///
/// # Panics
/// Where a method does something before it reads its parameters.
pub(crate) fn shapes() -> (Shape, Vec<(&'static str, Shape)>) {
    let mut session = Session::idle();
    let methods = METHODS.iter().map(|(name, method)| {
        let actor = SYSTEM.to_owned();
        let mut ask = Ask::new(&mut session, name, actor, Map::new(), None);
        ask.sketch = Some(OnceCell::new());
        // It ends where its parameters are read.
        let _ = method(&mut ask);
        let shape = ask.sketch.and_then(OnceCell::into_inner);
        (*name, shape.unwrap_or_else(|| panic!("{name} must read its parameters first")))
    });
    let methods = methods.collect();
    (sketch(Envelope::read), methods)
}

impl<'s> Ask<'s> {
    fn new(
        session: &'s mut Session,
        method: &'static str,
        actor: String,
        params: Map<String, Value>,
        now: Option<Timestamp>,
    ) -> Ask<'s> {
        let clock = Clock::new(now, session.config().zone.clone());
        let (permitted, kept, sketch) = (false, None, None);
        Ask { session, method, actor, params, now, clock, permitted, kept, sketch }
    }

    /// Reads the parameters; what `read` does not ask for is an unknown key.
    fn params<T>(&self, read: impl FnOnce(&mut Object, &mut Faults) -> T) -> Result<T> {
        if let Some(told) = &self.sketch {
            let _ = told.set(sketch(read));
            return Err(Error::new(Code::Request, "", ""));
        }
        let mut faults = Faults::new();
        let mut object = Object::new("request", "params", &self.params);
        let read = read(&mut object, &mut faults);
        object.finish(&mut faults);
        if faults.is_empty() { Ok(read) } else { Err(Error::with_faults(Code::Request, faults)) }
    }

    /// The state file, for a request that the profile was asked about and that needs an accepted
    /// roster.
    fn state(&self) -> Result<State> {
        if self.permitted { self.look_up() } else { Err(unasked(self.method)) }
    }

    /// What the kept roster lacks: by that it is judged how far it can be relied on.
    fn lacking(&self) -> Result<Lacking> {
        self.look_up()?.lacking()
    }
}

/// A method that forgot to ask the profile does nothing for anybody.
fn unasked(method: &str) -> Error {
    Error::new(
        Code::Internal,
        format!("{method}: профиль не спросили о разрешении"),
        format!("{method}: the profile was not asked for permission"),
    )
}

/// An object of a request that does not exist.
fn no_such(what: (&str, &str), id: &str) -> Error {
    let (ru, en) = what;
    Error::new(
        Code::Request,
        format!("{ru} {id} не существует"),
        format!("{en} {id} does not exist"),
    )
}
