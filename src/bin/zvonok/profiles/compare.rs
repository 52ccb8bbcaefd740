//! What two profiles make of one roster, chat by chat.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use serde_json::{Map, Value, json};
use zvonok::error::Fault;
use zvonok::profile::{
    Answer, Description, Desired, DesiredChat, DesiredMember, Existence, Reason,
};

/// A profile and what it makes of the roster.
pub(crate) struct Side {
    /// What the profile is called: its name, or its file.
    pub(crate) name: String,
    /// What it says about itself.
    pub(crate) about: Description,
    /// What it wants.
    pub(crate) desired: Desired,
    /// What it answers to requests of people of each sort.
    pub(crate) answers: Option<Vec<Answer>>,
}

/// What changes where one profile takes the place of another.
#[derive(Serialize)]
pub(crate) struct Comparison {
    format: &'static str,
    /// The profile that is looked at.
    pub(crate) profile: String,
    /// The one that it is compared with; none where all that it makes is shown.
    pub(crate) against: Option<String>,
    /// Counts.
    pub(crate) summary: Summary,
    /// What differs beside the chats: policies, settings.
    pub(crate) rules: Vec<Differing>,
    /// Requests that one allows and the other refuses; none where they were not compared, because
    /// asking all of them takes too long.
    pub(crate) requests: Option<Vec<Answered>>,
    /// Chats that differ, by key.
    pub(crate) chats: Vec<ChatChange>,
    /// Warnings that only the profile looked at gives.
    pub(crate) warnings: Vec<Fault>,
}

/// Counts of a comparison.
#[derive(Serialize, Default)]
pub(crate) struct Summary {
    /// Chats of the profile that is looked at.
    pub(crate) chats: usize,
    /// Chats that are the same in both.
    pub(crate) same: usize,
    /// Chats that both make, each its own way.
    pub(crate) differ: usize,
    /// Chats that only this profile makes.
    pub(crate) only_here: usize,
    /// Chats that only the other one makes.
    pub(crate) only_there: usize,
    /// People who come into chats of both.
    pub(crate) added: usize,
    /// People who go out of them.
    pub(crate) removed: usize,
    /// People who get admin rights in them.
    pub(crate) granted: usize,
    /// People who lose them.
    pub(crate) revoked: usize,
}

/// A request that only one of the two allows.
#[derive(Serialize)]
pub(crate) struct Answered {
    /// The request.
    pub(crate) method: String,
    /// Whether the profile that is looked at allows it; the other one does not say the same.
    pub(crate) allowed: bool,
    /// What it is about: a chat's key, `new:<kind>`, `made:<kind>`, `own` or `other` account.
    pub(crate) about: String,
    /// Somebody to whom it makes a difference.
    pub(crate) person: String,
    /// Their roles.
    pub(crate) roles: Vec<String>,
}

/// One thing with another value on either side.
#[derive(Serialize)]
pub(crate) struct Differing {
    /// What it is: `title`, `overrides.general`.
    pub(crate) field: String,
    /// Its value in the profile that is looked at.
    pub(crate) here: Value,
    /// Its value in the other one.
    pub(crate) there: Value,
}

/// Where a chat differs.
#[derive(Serialize, Clone, Copy, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Change {
    /// Only the profile that is looked at makes it.
    OnlyHere,
    /// Only the other one makes it.
    OnlyThere,
    /// Both do.
    Differs,
}

/// One chat that differs.
#[derive(Serialize)]
pub(crate) struct ChatChange {
    /// Its key.
    pub(crate) key: String,
    /// The kind of chat.
    pub(crate) kind: String,
    /// Its title, here if it is made here.
    pub(crate) title: String,
    /// Where it is.
    pub(crate) change: Change,
    /// Why the other side does not make it: `no_rule`, `not_yet`, `archived`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) because: Option<&'static str>,
    /// Title, type and the like, where they differ.
    pub(crate) fields: Vec<Differing>,
    /// People who are in here and not there, with why they are here.
    pub(crate) added: Vec<Who>,
    /// People who are in there and not here, with why they are there.
    pub(crate) removed: Vec<Who>,
    /// People who administer here and not there, with why they do.
    pub(crate) granted: Vec<Who>,
    /// People who administer there and not here, with why they do.
    pub(crate) revoked: Vec<Who>,
}

/// Somebody, and why.
#[derive(Serialize)]
pub(crate) struct Who {
    /// `sourcedId`
    pub(crate) person: String,
    /// What they are in the chat.
    pub(crate) role: String,
    /// Why.
    pub(crate) reasons: Vec<Reason>,
}

impl Comparison {
    /// Compares a profile with another one, or with nothing.
    pub(crate) fn new(here: &Side, there: Option<&Side>) -> Comparison {
        let nothing = Desired::default();
        let other = there.map_or(&nothing, |there| &there.desired);
        let keys: BTreeSet<&String> = here.desired.chats.keys().chain(other.chats.keys()).collect();
        let mut summary = Summary::default();
        let mut chats = Vec::new();
        for key in keys {
            let (ours, theirs) = (here.desired.chats.get(key), other.chats.get(key));
            summary.chats += usize::from(made(ours).is_some());
            match chat(ours, theirs) {
                Some(change) => {
                    summary.count(&change);
                    chats.push(change);
                }
                None => summary.same += usize::from(made(ours).is_some()),
            }
        }
        let known = |warning: &&Fault| !other.warnings.contains(warning);
        Comparison {
            format: "zvonok.comparison/1",
            profile: here.name.clone(),
            against: there.map(|there| there.name.clone()),
            summary,
            rules: there.map(|there| rules(&here.about, &there.about)).unwrap_or_default(),
            requests: there.and_then(|there| requests(here, there)),
            chats,
            warnings: here.desired.warnings.iter().filter(known).cloned().collect(),
        }
    }

    /// Leaves only some chats, by key and by kind; empty lists leave all.
    pub(crate) fn only(&mut self, keys: &[String], kinds: &[String]) {
        let wanted = |list: &[String], word: &String| list.is_empty() || list.contains(word);
        self.chats.retain(|chat| wanted(keys, &chat.key) && wanted(kinds, &chat.kind));
    }
}

impl Summary {
    fn count(&mut self, chat: &ChatChange) {
        match chat.change {
            Change::OnlyHere => self.only_here += 1,
            Change::OnlyThere => self.only_there += 1,
            Change::Differs => {
                self.differ += 1;
                self.added += chat.added.len();
                self.removed += chat.removed.len();
                self.granted += chat.granted.len();
                self.revoked += chat.revoked.len();
            }
        }
    }
}

/// A chat that is made at once; one that waits or is archived counts as none.
fn made(chat: Option<&DesiredChat>) -> Option<&DesiredChat> {
    chat.filter(|chat| chat.existence == Existence::Wanted)
}

fn chat(ours: Option<&DesiredChat>, theirs: Option<&DesiredChat>) -> Option<ChatChange> {
    let any = ours.or(theirs)?;
    let (here, there) = (made(ours), made(theirs));
    let (change, because) = match (here, there) {
        (None, None) => return None,
        (Some(_), None) => (Change::OnlyHere, Some(why_not(theirs))),
        (None, Some(_)) => (Change::OnlyThere, Some(why_not(ours))),
        (Some(_), Some(_)) => (Change::Differs, None),
    };
    let change = ChatChange {
        key: any.key.clone(),
        kind: any.kind.clone(),
        title: here.or(there).map(|chat| chat.title.clone()).unwrap_or_default(),
        change,
        because,
        fields: here.zip(there).map(|(here, there)| fields(here, there)).unwrap_or_default(),
        added: extra(here, there, |_| true, |member| &member.reasons),
        removed: extra(there, here, |_| true, |member| &member.reasons),
        granted: extra(here, there, |member| member.admin, |member| &member.admin_reasons),
        revoked: extra(there, here, |member| member.admin, |member| &member.admin_reasons),
    };
    let nothing = change.change == Change::Differs
        && change.fields.is_empty()
        && [&change.added, &change.removed, &change.granted, &change.revoked]
            .iter()
            .all(|list| list.is_empty());
    (!nothing).then_some(change)
}

fn why_not(chat: Option<&DesiredChat>) -> &'static str {
    match chat.map(|chat| chat.existence) {
        None => "no_rule",
        Some(Existence::NotYet) => "not_yet",
        Some(_) => "archived",
    }
}

/// Those of the first chat who count and do not count in the second.
fn extra(
    first: Option<&DesiredChat>,
    second: Option<&DesiredChat>,
    counts: impl Fn(&DesiredMember) -> bool,
    why: impl Fn(&DesiredMember) -> &Vec<Reason>,
) -> Vec<Who> {
    let all = first.into_iter().flat_map(|chat| &chat.members).filter(|(_, member)| counts(member));
    let other = |id: &String| second.and_then(|chat| chat.members.get(id)).is_some_and(&counts);
    let who = |(id, member): (&String, &DesiredMember)| Who {
        person: id.clone(),
        role: member.role.clone(),
        reasons: why(member).clone(),
    };
    all.filter(|(id, _)| !other(id)).map(who).collect()
}

fn fields(here: &DesiredChat, there: &DesiredChat) -> Vec<Differing> {
    let of = |chat: &DesiredChat| {
        [
            ("title", json!(chat.title)),
            ("description", json!(chat.description)),
            ("type", json!(chat.chat_type)),
            ("locked", json!(chat.locked)),
        ]
    };
    let pairs = of(here).into_iter().zip(of(there));
    let differing = pairs.filter(|((_, here), (_, there))| here != there);
    differing
        .map(|((field, here), (_, there))| Differing { field: field.to_owned(), here, there })
        .collect()
}

/// Requests of the same people about the same things that are answered otherwise.
fn requests(here: &Side, there: &Side) -> Option<Vec<Answered>> {
    let (ours, theirs) = (here.answers.as_ref()?, there.answers.as_ref()?);
    let key = |one: &Answer| (one.method.clone(), one.about.clone(), one.person.clone());
    let theirs: BTreeMap<_, bool> = theirs.iter().map(|one| (key(one), one.allowed)).collect();
    let mut found: Vec<Answered> = ours
        .iter()
        .filter(|one| theirs.get(&key(one)).is_some_and(|allowed| *allowed != one.allowed))
        .map(|one| Answered {
            method: one.method.clone(),
            allowed: one.allowed,
            about: one.about.clone(),
            person: one.person.clone(),
            roles: one.roles.clone(),
        })
        .collect();
    found.sort_by(|a, b| (&a.method, a.allowed, &a.about).cmp(&(&b.method, b.allowed, &b.about)));
    Some(found)
}

/// Policies and the defaults of settings that differ.
fn rules(here: &Description, there: &Description) -> Vec<Differing> {
    let mut found = Vec::new();
    differing("", &whole(here), &whole(there), &mut found);
    found
}

fn whole(about: &Description) -> Value {
    let settings = about.settings.iter();
    let settings: Map<String, Value> =
        settings.map(|(name, setting)| (name.clone(), setting.default.clone())).collect();
    let mut rules = json!(about.policies);
    rules["settings"] = Value::Object(settings);
    rules
}

/// Goes down as long as both sides have fields; what only one side has is told as a whole.
fn differing(place: &str, here: &Value, there: &Value, found: &mut Vec<Differing>) {
    let (Value::Object(ours), Value::Object(theirs)) = (here, there) else {
        if here != there {
            let (here, there) = (here.clone(), there.clone());
            found.push(Differing { field: place.to_owned(), here, there });
        }
        return;
    };
    let names: BTreeSet<&String> = ours.keys().chain(theirs.keys()).collect();
    for name in names {
        let dot = if place.is_empty() { "" } else { "." };
        let place = format!("{place}{dot}{name}");
        let of = |side: &Map<String, Value>| side.get(name).cloned().unwrap_or_default();
        differing(&place, &of(ours), &of(theirs), found);
    }
}
