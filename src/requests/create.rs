//! Chats made by hand (E6, E7, A5): what the profile lets whom make, with whom.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde_json::Value;

use super::change::title;
use super::people::{self, Named, must_be_there};
use super::{Ask, SYSTEM, act, chats, filter};
use crate::cycle::{Belonging, custom_chat};
use crate::document::{Faults, Form, Object};
use crate::error::{Code, Error, Fault, Result, Text};
use crate::fingerprint;
use crate::host::Level;
use crate::plan::{ChatState, KnownChat};
use crate::profile::{Draft, Limits, Room, Target, draft};
use crate::roster::{OrgIx, Roster};
use crate::state::{Change, Custom, Order, State, Wish};

/// What is asked for.
struct Wanted {
    id: Option<String>,
    kind: String,
    title: Option<String>,
    organization: Option<String>,
    class: Option<String>,
    subject: Option<String>,
    members: Named,
    admins: Vec<String>,
}

impl Wanted {
    fn read(params: &mut Object, faults: &mut Faults) -> Wanted {
        Wanted {
            id: id(params, faults),
            kind: params.text("kind", faults).unwrap_or_else(|| "custom".to_owned()),
            title: title(params, faults),
            organization: params.text("organization", faults),
            class: params.text("class", faults),
            subject: params.text("subject", faults),
            members: Named::read("members", params, faults),
            admins: params.texts("admins", faults).unwrap_or_default(),
        }
    }

    /// The school for which it is asked, by its name, by the class, or because the session serves no
    /// other.
    fn school(&self, roster: &Roster, only: Option<&str>) -> Option<OrgIx> {
        let class = self.class.as_deref().and_then(|id| roster.find_class(id));
        let named = self.organization.as_deref().and_then(|id| roster.find_org(id));
        named.or(class.map(|class| roster.class(class).school)).or_else(|| {
            let schools = roster.schools();
            let served = only.and_then(|id| roster.find_org(id));
            served.or((schools.len() == 1).then(|| schools[0]))
        })
    }

    fn class_elsewhere(&self, roster: &Roster) -> bool {
        let class = self.class.as_deref().and_then(|id| roster.find_class(id));
        let named = self.organization.as_deref().and_then(|id| roster.find_org(id));
        class.zip(named).is_some_and(|(class, named)| roster.class(class).school != named)
    }

    /// The school and class and subject that are named must be there.
    fn check(&self, roster: &Roster) -> Result<()> {
        let mut faults = Faults::new();
        let mut missing = |key: &str, id: &Option<String>, message: Text| {
            let id = id.clone().unwrap_or_default();
            let code = format!("request.unknown_{key}");
            faults.push(Fault::new(&code, format!("params.{key}"), &id, message));
        };
        if self.organization.as_deref().is_some_and(|id| roster.find_org(id).is_none()) {
            let ids = roster.orgs.iter().map(|org| &*org.id);
            let what = ("такой организации нет", "there is no such organisation");
            let id = self.organization.as_deref().unwrap_or_default();
            missing("organization", &self.organization, filter::unknown(what, id, ids));
        }
        if self.class.as_deref().is_some_and(|id| roster.find_class(id).is_none()) {
            let ids = roster.classes.iter().map(|class| &*class.id);
            let id = self.class.as_deref().unwrap_or_default();
            let what = ("такого класса нет", "there is no such class");
            missing("class", &self.class, filter::unknown(what, id, ids));
        }
        if self.class_elsewhere(roster) {
            let message = Text::new(
                "этот класс не той организации, что названа в organization",
                "this class is not of the organisation that is named",
            );
            missing("class", &self.class, message);
        }
        if let Some(Err(message)) =
            self.subject.as_ref().map(|one| filter::check_subject(roster, one))
        {
            missing("subject", &self.subject, message);
        }
        if faults.is_empty() { Ok(()) } else { Err(Error::with_faults(Code::Request, faults)) }
    }
}

/// The host's own id of a chat: with it the same order sent twice makes one chat.
fn id(params: &mut Object, faults: &mut Faults) -> Option<String> {
    params.read("id", faults, Form::Id, |value| {
        let id = value.as_str()?;
        let plain = |sign: char| sign.is_ascii_alphanumeric() || ".-_".contains(sign);
        (!id.is_empty() && id.len() <= 64 && id.chars().all(plain)).then(|| id.to_owned())
    })
}

/// `chats.create`. With an `id` the order may be sent again, as a host does that lost the answer:
/// the same once more makes no second chat, another one under that id is refused.
pub(super) fn create(ask: &mut Ask) -> Result<(Code, Value)> {
    let wanted = ask.params(Wanted::read)?;
    let roster = ask.roster()?;
    let school = wanted.school(&roster, ask.session.config().organization.as_deref());
    let belonging = Belonging::new(&roster, &ask.lacking()?);
    let mut people = wanted.members.pick(&roster, &belonging, school)?;
    let admins = wanted.admins.iter().filter(|admin| !people.contains(admin));
    people.extend(admins.cloned().collect::<Vec<_>>());
    let target = target(ask, &wanted, people::known(&roster, &people));
    ask.permit(target.clone())?;
    wanted.check(&roster)?;
    let draft = drafted(ask, &roster, &target)?;
    let school = roster.find_org(&draft.organization);
    let nobody = BTreeSet::new();
    wanted.members.must_be_there(&roster, &belonging, school, &nobody)?;
    must_be_there(("admins", &wanted.admins), &roster, &belonging, school, &nobody)?;
    let mut state = ask.state()?;
    let custom = custom(ask, &wanted, &draft)?;
    let before = state.custom_chat(&custom.key())?;
    if let Some(before) = &before {
        check_repeated(&state, before, &custom)?;
    }
    let admins = admins_of(ask, &roster, &wanted, &draft);
    people.extend(admins.iter().filter(|admin| !wanted.admins.contains(admin)).cloned());
    people.sort();
    people.dedup();
    let order = Order {
        method: ask.method,
        actor: ask.actor.clone(),
        at: custom.at,
        chat: custom.key(),
        people,
        title: Some(custom.title.clone()),
    };
    let changes = match before {
        Some(_) => Vec::new(),
        None => changes(ask, &roster, custom, &order.people, &admins),
    };
    act::carry_out(ask, &mut state, &order, &changes)
}

fn target(ask: &Ask, wanted: &Wanted, people: Vec<String>) -> Target {
    let kind = ask.session.policies().custom.get(&wanted.kind);
    Target {
        kind: Some(wanted.kind.clone()),
        chat_type: kind.map(|kind| kind.chat_type.clone()),
        organization: wanted.organization.clone(),
        class: wanted.class.clone(),
        subject: wanted.subject.clone(),
        people,
        ..Target::default()
    }
}

/// What the chat is where its maker does not say.
fn drafted(ask: &Ask, roster: &Arc<Roster>, target: &Target) -> Result<Draft> {
    let config = ask.session.config();
    let log = |line: &str| ask.session.host().log(Level::Info, line);
    let room = Room {
        roster,
        settings: &config.settings,
        organization: config.organization.as_deref(),
        now: &ask.clock.zoned(),
        limits: Limits::default(),
        stop: &ask.session.stop(),
        log: &log,
    };
    draft(ask.session.source(), room, target)
}

/// The chat as it is written down.
fn custom(ask: &Ask, wanted: &Wanted, draft: &Draft) -> Result<Custom> {
    let title = wanted.title.clone().unwrap_or_else(|| draft.title.clone());
    if title.is_empty() {
        let message = Text::new(
            "у чата этого вида нет своего названия: укажите title",
            "a chat of this kind has no title of its own: give one",
        );
        let fault = Fault::new("request.missing_field", "params.title", "", message);
        return Err(Error::with_faults(Code::Request, vec![fault]));
    }
    Ok(Custom {
        id: match &wanted.id {
            Some(id) => id.clone(),
            None => some_id()?,
        },
        kind: wanted.kind.clone(),
        chat_type: draft.kind.chat_type.clone(),
        organization: draft.organization.clone(),
        class: wanted.class.clone(),
        subject: draft.subject.clone(),
        title,
        maker: ask.actor.clone(),
        at: ask.clock.now(),
        digest: digest(ask),
        retitled_by: None,
        planned: None,
    })
}

/// By what the same order is recognised, whichever way round its keys come.
fn digest(ask: &Ask) -> String {
    let mut params = Value::Object(ask.params.clone());
    params.sort_all_objects();
    fingerprint::of(params.to_string())
}

/// An id that no other chat has, where the host gives none.
fn some_id() -> Result<String> {
    Ok(crate::random::bytes(6)?.iter().map(|byte| format!("{byte:02x}")).collect())
}

/// The same order once more goes on with the chat that the first one made.
fn check_repeated(state: &State, before: &Custom, again: &Custom) -> Result<()> {
    let row = chats::find(state, &before.key())?;
    let same = before.digest == again.digest && before.maker == again.maker;
    if same && row.chat.state != ChatState::Deleted {
        return Ok(());
    }
    let message = Text::new(
        "под этим id уже создан другой чат, или он удалён",
        "another chat was made under this id, or it was deleted",
    );
    let fault = Fault::new("request.id_taken", "params.id", &before.id, message);
    Err(Error::with_faults(Code::Request, vec![fault]))
}

/// Who administers it: those who are marked; else whom the profile says, or who makes it.
fn admins_of(ask: &Ask, roster: &Roster, wanted: &Wanted, draft: &Draft) -> Vec<String> {
    if !wanted.admins.is_empty() {
        return wanted.admins.clone();
    }
    match &draft.admins {
        Some(admins) => admins.iter().cloned().collect(),
        None => Some(ask.actor.clone())
            .filter(|maker| maker != SYSTEM && roster.is_there(maker))
            .into_iter()
            .collect(),
    }
}

fn changes(
    ask: &Ask,
    roster: &Roster,
    mut custom: Custom,
    people: &[String],
    admins: &[String],
) -> Vec<Change> {
    let platform = ask.session.config().platform.kind;
    custom.planned = Some(KnownChat::planned(&custom_chat(&custom, roster), platform));
    let want = |person: &String, wish: Wish| Change::Want(person.clone(), wish);
    let mut changes = vec![Change::Make(Box::new(custom))];
    changes.extend(people.iter().map(|person| want(person, Wish::Member(true))));
    changes.extend(admins.iter().map(|person| want(person, Wish::Admin(true))));
    changes
}
