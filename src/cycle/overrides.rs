//! What people ordered through the host's screens takes its place beside what the profile says,
//! between the profile and the plan, so that nothing after it need know: chats made by hand, who
//! is in or administers by order, titles, chats that are no more.

use std::collections::{BTreeMap, BTreeSet};

use super::belonging::{Belonging, Standing};
use super::{Cycle, School};
use crate::error::{Fault, Result, Text};
use crate::plan::{ChatState, Known};
use crate::platform;
use crate::profile::{Desired, DesiredChat, DesiredMember, Existence, Ordered, Overrides, Reason};
use crate::roster::{ClassType, PersonIx, Roster};
use crate::state::{Custom, End, Override, State, Wish};

/// Overrides that count no more, and what is to be remembered of others.
#[derive(Default)]
pub(super) struct Over {
    /// Those over which nothing is left to do.
    pub(super) now: Vec<(i64, End)>,
    /// Those of which only the whole cycle can tell.
    then: Vec<Ending>,
    /// As what people were brought in.
    pub(super) standings: Vec<(i64, String)>,
}

/// An override that ends once it is carried out, and once the roster is believed.
struct Ending {
    one: Override,
    why: Why,
}

/// Why an override ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Why {
    /// The roster names what was ordered.
    Same,
    /// The roster does not name what was ordered away: it may only have been cut short.
    Absent,
    /// It was carried out, in a chat that is made by orders alone.
    Done,
}

impl Why {
    fn end(self) -> End {
        if self == Why::Done { End::Done } else { End::Roster }
    }
}

impl Over {
    /// Of those that were to be carried out, the ones that have been; `doubted` tells of which chats
    /// the roster is not believed.
    pub(super) fn done(
        &self,
        roster: &Roster,
        known: &Known,
        doubted: impl Fn(&str) -> bool,
    ) -> Vec<(i64, End)> {
        let done = |ending: &&Ending| {
            let believed = ending.why != Why::Absent || !doubted(&ending.one.chat);
            believed && !is_so(roster, known, &ending.one)
        };
        self.then.iter().filter(done).map(|one| (one.one.id, one.why.end())).collect()
    }
}

/// Applies what is in force; `moved` tells by which classes others are gone on with. The cycle of a
/// host undoes what the profile wants undone; a request that runs a cycle does not.
///
/// # Errors
/// [`crate::error::Code::State`].
pub(super) fn apply(
    cycle: &Cycle,
    state: &State,
    school: &School,
    known: &Known,
    moved: &BTreeMap<String, String>,
    desired: &mut Desired,
) -> Result<Over> {
    let host = school.new || cycle.options.dry_run;
    let belonging = Belonging::new(&school.roster, &school.lacking);
    let mut ground = Ground { school, belonging, known, host, over: Over::default() };
    for mut custom in state.custom_chats()? {
        let class = custom.class.as_ref().and_then(|class| moved.get(class));
        custom.class = class.cloned().or(custom.class);
        make(cycle, &school.roster, custom, desired);
    }
    let overrides = state.open_overrides()?;
    let (undone, overrides): (Vec<_>, Vec<_>) =
        overrides.into_iter().partition(|one| host && is_undone(desired, one));
    ground.over.now.extend(undone.iter().map(|one| (one.id, End::Reverted)));
    let touched: BTreeSet<&String> = overrides.iter().map(|one| &one.chat).collect();
    // Rights are for those who are in: who is in is settled first.
    let rank = |one: &&Override| matches!(one.wish, Wish::Admin(_));
    for one in overrides.iter().filter(|one| !rank(one)) {
        ground.settle(one, desired);
    }
    for one in overrides.iter().filter(rank) {
        ground.settle(one, desired);
    }
    let changed = |chat: &&DesiredChat| {
        let by_hand = desired.ordered.made.contains_key(&chat.key);
        chat.existence == Existence::Wanted && (by_hand || touched.contains(&chat.key))
    };
    let changed = desired.chats.values().filter(changed);
    let leaderless: Vec<Fault> = changed.filter_map(|chat| chat.unled("override")).collect();
    let told: BTreeSet<String> = desired.warnings.iter().map(|one| one.at.clone()).collect();
    desired.warnings.extend(leaderless.into_iter().filter(|one| !told.contains(&one.at)));
    Ok(ground.over)
}

/// Whether the profile wants a change undone: it says so of an automatic chat, now or since.
fn is_undone(desired: &Desired, one: &Override) -> bool {
    let automatic = !desired.ordered.made.contains_key(&one.chat) && one.wish != Wish::Deleted;
    let chat = desired.chats.get(&one.chat).filter(|_| automatic);
    chat.is_some_and(|chat| desired.overrides.of(&chat.kind) != Overrides::Kept)
}

/// Puts a chat that was made by hand beside those of the profile, where its school is served.
fn make(cycle: &Cycle, roster: &Roster, custom: Custom, desired: &mut Desired) {
    let only = cycle.config.organization.as_deref();
    let here = |id: &str| id == custom.organization && only.is_none_or(|only| only == id);
    if !roster.schools().iter().any(|school| here(&roster.org(*school).id)) {
        return;
    }
    let key = custom.key();
    desired.ordered.made.insert(key.clone(), custom.maker.clone());
    if let Some(by) = custom.retitled_by.clone() {
        desired.ordered.titled.insert(key.clone(), by);
    }
    let chat = custom_chat(&custom, roster);
    desired.chats.insert(key, chat);
}

/// A chat made by hand before anybody is in it. It belongs to people, not to rows of the roster, so
/// nothing but its people's own rows decides about it.
pub(crate) fn custom_chat(custom: &Custom, roster: &Roster) -> DesiredChat {
    let class = custom.class.as_deref().and_then(|class| roster.find_class(class));
    let homeroom = class.map(|class| match roster.class(class).class_type {
        ClassType::Scheduled => roster.class(class).homeroom,
        _ => Some(class),
    });
    let homeroom = homeroom.flatten().map(|class| roster.class(class).id.to_string());
    DesiredChat {
        key: custom.key(),
        kind: custom.kind.clone(),
        chat_type: custom.chat_type.clone(),
        organization: custom.organization.clone(),
        class: homeroom.or_else(|| custom.class.clone()),
        subject: custom.subject.clone(),
        whole_class: None,
        title: custom.title.clone(),
        description: None,
        locked: false,
        existence: Existence::Wanted,
        members: BTreeMap::new(),
        depends_on: BTreeSet::new(),
    }
}

struct Ground<'a> {
    school: &'a School,
    belonging: Belonging<'a>,
    known: &'a Known,
    /// It is the host's own cycle, not that of a request.
    host: bool,
    over: Over,
}

impl Ground<'_> {
    fn settle(&mut self, one: &Override, desired: &mut Desired) {
        if one.wish == Wish::Deleted {
            return self.delete(one, desired);
        }
        let made = desired.ordered.made.contains_key(&one.chat);
        let absent = if made { Why::Done } else { Why::Absent };
        self.note(one, &mut desired.ordered);
        let chat = desired.chats.get_mut(&one.chat);
        let Some(chat) = chat.filter(|chat| chat.existence != Existence::Archived) else {
            return self.wait(one, desired);
        };
        let (key, person, by) = (one.chat.clone(), one.person.clone(), one.actor.clone());
        match &one.wish {
            Wish::Member(true) => self.bring_in(one, chat),
            Wish::Member(false) => {
                if chat.members.remove(&person).is_none() {
                    self.end(one, chat, absent);
                }
            }
            Wish::Admin(true) => self.give_rights(one, chat),
            Wish::Admin(false) => {
                let member = chat.members.get_mut(&person);
                match member.filter(|member| member.admin) {
                    Some(member) => {
                        member.admin = false;
                        member.admin_reasons.clear();
                    }
                    None => self.end(one, chat, absent),
                }
            }
            Wish::Title(title) if chat.title == *title => self.end(one, chat, Why::Same),
            Wish::Title(title) => {
                chat.title.clone_from(title);
                desired.ordered.titled.insert(key, by);
            }
            Wish::Deleted => {}
        }
    }

    /// Writes down what is taken from people: that is done also where the chat is at rest.
    fn note(&self, one: &Override, ordered: &mut Ordered) {
        let (key, person, by) = (one.chat.clone(), one.person.clone(), one.actor.clone());
        match one.wish {
            Wish::Member(false) => {
                let accounts = self.accounts(&person).map(|account| (account, by.clone()));
                ordered.out_accounts.entry(key.clone()).or_default().extend(accounts);
                ordered.out.entry(key).or_default().insert(person, by);
            }
            Wish::Admin(false) => {
                ordered.unrighted.entry(key).or_default().insert(person, by);
            }
            _ => {}
        }
    }

    /// A chat at rest gains nothing; what was ordered waits until it comes back, which the person at
    /// the screen is told.
    fn wait(&self, one: &Override, desired: &mut Desired) {
        let gains = matches!(one.wish, Wish::Member(true) | Wish::Admin(true) | Wish::Title(_));
        let known = self.known.chats.get(&one.chat);
        let open = known.is_some_and(|chat| chat.state == ChatState::Active);
        if gains && open && !self.host {
            desired.warnings.push(waits(one));
        }
    }

    /// A deleted chat stays in view until it is: what was begun and never heard back from may be
    /// its making.
    fn delete(&self, one: &Override, desired: &mut Desired) {
        desired.ordered.deleted.insert(one.chat.clone(), one.actor.clone());
        let known = self.known.chats.get(&one.chat);
        if known.is_none_or(|chat| chat.state == ChatState::Deleted) {
            desired.chats.remove(&one.chat);
        }
    }

    /// A person's accounts, by messenger and number.
    fn accounts(&self, person: &str) -> impl Iterator<Item = (String, String)> {
        let roster = &self.school.roster;
        let found = roster.find_person(person).map(|found| roster.person(found));
        let accounts = found.into_iter().flat_map(|person| &person.accounts);
        accounts.map(|account| (account.kind.to_string(), account.identifier.to_string()))
    }

    fn bring_in(&mut self, one: &Override, chat: &mut DesiredChat) {
        if chat.members.contains_key(&one.person) {
            return self.end(one, chat, Why::Same);
        }
        let Some(person) = self.found(one, chat) else { return };
        if !self.is_still(one, chat, person) {
            return self.end(one, chat, Why::Absent);
        }
        let member = DesiredMember {
            role: role_of(&self.school.roster, person),
            admin: false,
            reasons: vec![reason(one)],
            admin_reasons: Vec::new(),
            accounts: self.accounts(&one.person).collect(),
        };
        chat.members.insert(one.person.clone(), member);
    }

    /// Whether somebody is still what they were when they were brought in. Who left as a student and
    /// comes back as a parent is not put among the children once more.
    fn is_still(&mut self, one: &Override, chat: &DesiredChat, person: PersonIx) -> bool {
        if !self.belonging.is_sure(person) {
            return true;
        }
        let school = self.school.roster.find_org(&chat.organization);
        let standings = self.belonging.standings(school, person);
        let names: Vec<&str> = standings.into_iter().map(Standing::name).collect();
        if one.standing.is_empty() {
            self.over.standings.push((one.id, names.join(" ")));
            return true;
        }
        one.standing.split(' ').any(|before| names.contains(&before))
    }

    /// The person, as long as they belong to the chat's school.
    fn found(&self, one: &Override, chat: &DesiredChat) -> Option<PersonIx> {
        let school = self.school.roster.find_org(&chat.organization);
        self.belonging.find(school, &one.person)
    }

    /// Rights do not keep anybody in: who is no longer a member has none.
    fn give_rights(&mut self, one: &Override, chat: &mut DesiredChat) {
        let found = self.found(one, chat);
        match chat.members.get_mut(&one.person) {
            Some(member) if member.admin => self.end(one, chat, Why::Same),
            Some(member) => {
                member.admin = true;
                member.admin_reasons = vec![reason(one)];
            }
            // Who was put in by order may come back to the school, and is admin again then.
            None if found.is_some() => self.end(one, chat, Why::Absent),
            None => {}
        }
    }

    /// Ends an override, unless what the roster says about its chat or person cannot be relied on:
    /// a failed export must not undo what people ordered.
    fn end(&mut self, one: &Override, chat: &DesiredChat, why: Why) {
        let School { roster, lacking, .. } = self.school;
        let broken = |class: &String| {
            roster.frozen.classes.contains(class) || lacking.classes.contains_key(class)
        };
        let doubtful = !lacking.tables.is_empty()
            || lacking.orgs.contains_key(&chat.organization)
            || roster.frozen.orgs.contains(&chat.organization)
            || roster.frozen.people.contains(&one.person)
            || chat.depends_on.iter().any(broken);
        let then = why == Why::Absent || (why == Why::Done && is_so(roster, self.known, one));
        match then {
            _ if doubtful => {}
            true => self.over.then.push(Ending { one: one.clone(), why }),
            false => self.over.now.push((one.id, why.end())),
        }
    }
}

/// Whether the messenger still shows what is not to be: somebody who is in, or has rights.
fn is_so(roster: &Roster, known: &Known, one: &Override) -> bool {
    let Some(chat) = known.chats.get(&one.chat) else { return false };
    let accounts = accounts_on(roster, &one.person, chat.platform);
    let mut theirs = chat.people_present().filter(|(account, present)| {
        let unmeant = present.people.is_empty() && accounts.contains(account.as_str());
        present.people.contains(&one.person) || unmeant
    });
    match one.wish {
        Wish::Member(false) => theirs.next().is_some(),
        Wish::Admin(false) => theirs.any(|(_, present)| present.admin),
        _ => false,
    }
}

/// The accounts that the roster names for a person on a messenger.
pub(crate) fn accounts_on<'r>(
    roster: &'r Roster,
    person: &str,
    platform: platform::Kind,
) -> BTreeSet<&'r str> {
    let found = roster.find_person(person).map(|found| roster.person(found));
    let accounts = found.into_iter().flat_map(|person| &person.accounts);
    let here = accounts.filter(|account| &*account.kind == platform.name());
    here.map(|account| &*account.identifier).collect()
}

/// What somebody is: by the primary role in force, else by a class.
fn role_of(roster: &Roster, person: PersonIx) -> String {
    let held = roster.roles_of(person).filter(|role| roster.role_in_force(role));
    let role = held.min_by_key(|role| !role.primary).map(|role| &role.role);
    let rows =
        || roster.enrollments_of_person(person).filter(|row| roster.enrollment_in_force(row));
    role.or_else(|| rows().next().map(|row| &row.role))
        .map_or_else(String::new, |role| role.to_string())
}

fn reason(one: &Override) -> Reason {
    let because = match one.actor.as_str() {
        "system" => "распоряжение системы".to_owned(),
        actor => format!("распоряжение: {actor}"),
    };
    Reason { rule: "override".to_owned(), because, row: format!("overrides[{}]", one.id) }
}

fn waits(one: &Override) -> Fault {
    let message = Text::new(
        "сейчас данные школы об этом чате не говорят (класса нет в выгрузке, или он окончил учёбу): \
         распоряжение записано и будет выполнено, если чат вернётся",
        "the school's data does not speak of this chat now (its class is missing or finished): the \
         order is stored and is carried out if the chat comes back",
    );
    Fault::new("override.waits", &one.chat, &one.person, message)
}
