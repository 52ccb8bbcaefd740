//! The life of one chat: made, renamed, put to rest, brought back. Its people are in `members`.

use std::collections::BTreeSet;

use super::{
    Attempt, Cause, ChatState, Input, Kind, KnownChat, Operation, Plan, TaskKind, WantedTask,
    former, members, unlinked,
};
use crate::clock::later;
use crate::config::Strangers;
use crate::error::{Fault, Text};
use crate::platform::Capability;
use crate::profile::{DesiredChat, Existence};
use crate::roster::Table;

/// Plans one chat.
pub(super) fn plan(input: &Input, key: &str, plan: &mut Plan) {
    let desired = input.desired.chats.get(key);
    let known = input.known.chats.get(key);
    let kind = desired.map(|chat| &chat.kind).or(known.map(|chat| &chat.kind));
    if !kind.is_some_and(|kind| input.scope.holds(key, kind)) {
        return;
    }
    if let Some(known) = known.filter(|known| lives_elsewhere(input, known)) {
        if desired.is_some() {
            plan.warnings.push(elsewhere(known));
        }
        return;
    }
    let plain = known.map_or(key, KnownChat::plain_key);
    let deleted = &input.desired.ordered.deleted;
    // A group whose successor was asked for goes on being deleted by itself.
    if let Some(by) = deleted.get(plain).or_else(|| deleted.get(key)) {
        return known.into_iter().for_each(|known| delete(input, known, by, plan));
    }
    let carried = input.desired.carried.contains(key);
    let resting = known.filter(|known| carried || is_at_rest(input, desired, known));
    let from = plan.operations.len();
    match (desired, known) {
        (_, Some(known)) if carried => carry(input, known, plan),
        (Some(desired), None) => make(input, desired, None, plan),
        (Some(desired), Some(known)) if known.former => former::plan(input, desired, known, plan),
        (Some(desired), Some(known)) => keep(input, desired, known, plan),
        (None, Some(known)) => unspoken(input, known, plan),
        (None, None) => {}
    }
    resting.into_iter().for_each(|known| members::obey(input, known, plan));
    if let Some(known) = known {
        unlinked::take_out(input, known, from, plan);
    }
}

/// Whether nothing is planned of a chat's people one by one: what people ordered of them is carried
/// out all the same.
fn is_at_rest(input: &Input, desired: Option<&DesiredChat>, known: &KnownChat) -> bool {
    let lost = table_lost(input, known.class.is_some());
    let meant = desired.is_some_and(|desired| desired.existence != Existence::Archived && !lost);
    !meant && is_ours(input, known)
}

pub(super) fn is_ours(input: &Input, known: &KnownChat) -> bool {
    input.organizations.contains(&known.organization)
        || input.lacking.orgs.contains_key(&known.organization)
}

/// A chat that is no more: everybody is taken out, its door is closed, and then it is forgotten but
/// for its key. Nothing of it is an accident that the guard would have to ask about.
fn delete(input: &Input, known: &KnownChat, by: &str, plan: &mut Plan) {
    let cause = Cause::Ordered(by.to_owned());
    let open = matches!(known.state, ChatState::Active | ChatState::Archived);
    let rotates = input.able_on(known.platform, Capability::RotateLink);
    if known.state == ChatState::Deleted {
        // Where the old link could not be replaced, whoever comes by it is taken out again.
        if !known.sealed {
            take_everybody_out(input, known, &cause, plan);
        }
        return;
    }
    if open && known.platform_id.is_some() {
        let planned = plan.operations.len();
        take_everybody_out(input, known, &cause, plan);
        let leaving = plan.operations.len() - planned;
        let inside = known.people_present();
        let inside = inside.filter(|(one, _)| !input.is_protected(known.platform, one)).count();
        if rotates && !waits(input, Some(known), Kind::RotateLink, plan) {
            plan.operations.push(operation(Kind::RotateLink, &known.key, cause.clone()));
        }
        if leaving < inside {
            plan.warnings.push(cannot_empty(known));
            return;
        }
    }
    if !waits(input, Some(known), Kind::DeleteChat, plan) {
        plan.operations.push(operation(Kind::DeleteChat, &known.key, cause));
    }
}

fn cannot_empty(known: &KnownChat) -> Fault {
    Fault::new(
        "plan.cannot_empty",
        &known.key,
        &known.title,
        Text::new(
            "чат удаляется, но исключить из него можно не всех; следующий цикл попробует снова",
            "the chat is being deleted, but not everybody in it can be removed; the next cycle tries \
             again",
        ),
    )
}

/// A chat whose class finished school and that lives on: its people stay as they are, and nobody else
/// comes in.
fn carry(input: &Input, known: &KnownChat, plan: &mut Plan) {
    let there = matches!(known.state, ChatState::Active | ChatState::Archived);
    if there && !is_frozen(input, known, &known.depends_on) {
        keep_the_door(input, known, plan);
    }
}

fn make(input: &Input, desired: &DesiredChat, known: Option<&KnownChat>, plan: &mut Plan) {
    let lost = table_lost(input, desired.class.is_some());
    let wanted = desired.existence == Existence::Wanted && !lost;
    if !wanted || waits(input, known, Kind::CreateChat, plan) {
        return;
    }
    if !input.able_on(input.platform, Capability::CreateChat) {
        plan.tasks.insert(task(TaskKind::CreateChat, desired, ""));
        return;
    }
    plan.operations.push(Operation {
        title: Some(desired.title.clone()),
        ..operation(Kind::CreateChat, &desired.key, made_by(input, desired))
    });
    members::plan(input, desired, None, false, plan);
}

fn made_by(input: &Input, desired: &DesiredChat) -> Cause {
    match input.desired.ordered.made.get(&desired.key) {
        Some(by) => Cause::Ordered(by.clone()),
        None => Cause::Wanted(desired.kind.clone()),
    }
}

/// A chat on another platform than this cycle's: its id and its accounts mean nothing here.
fn lives_elsewhere(input: &Input, known: &KnownChat) -> bool {
    !input.sides.contains_key(&known.platform) && known.platform_id.is_some()
}

fn elsewhere(known: &KnownChat) -> Fault {
    Fault::new(
        "plan.other_platform",
        &known.key,
        &known.title,
        Text::new(
            "чат создан в другом мессенджере, чем указан в настройках: он не изменяется",
            "the chat was made on another platform than the configured one: it is left alone",
        ),
    )
}

fn cannot_rename(desired: &DesiredChat) -> Fault {
    Fault::new(
        "plan.cannot_rename",
        &desired.key,
        &desired.title,
        Text::new(
            "этот токен не позволяет переименовывать: название должен сменить человек",
            "this token may not rename: a person must change the title",
        ),
    )
}

fn keep(input: &Input, desired: &DesiredChat, known: &KnownChat, plan: &mut Plan) {
    if table_lost(input, known.class.is_some()) {
        if known.state == ChatState::Active && !is_broken(input, known, &desired.depends_on) {
            archive(input, known, Cause::MissingTooLong, plan);
        }
        return;
    }
    let frozen = is_frozen(input, known, &desired.depends_on);
    match (known.state, desired.existence) {
        (ChatState::Gone | ChatState::Deleted, _) => {}
        (ChatState::Planned | ChatState::Task, _) => make(input, desired, Some(known), plan),
        (ChatState::Archived, Existence::Archived) if !frozen => empty(input, known, plan),
        (ChatState::Archived, Existence::Archived) => {}
        (ChatState::Archived, _) => {
            plan.operations.push(operation(Kind::RestoreChat, &known.key, Cause::WantedAgain));
            adjust(input, desired, known, frozen, plan);
        }
        (ChatState::Active, Existence::Archived) if !frozen => {
            archive(input, known, Cause::NotWanted, plan);
        }
        (ChatState::Active, Existence::Archived) => {}
        (ChatState::Active, _) => adjust(input, desired, known, frozen, plan),
    }
}

fn adjust(input: &Input, desired: &DesiredChat, known: &KnownChat, frozen: bool, plan: &mut Plan) {
    ask_people(input, desired, known, frozen, plan);
    close_the_leak(input, desired, known, plan);
    let described = desired.description.is_some() && desired.description != known.description;
    let renamed = desired.title != known.title || described;
    if renamed && !input.able_on(known.platform, Capability::RenameChat) {
        plan.warnings.push(cannot_rename(desired));
    } else if renamed
        && input.can(known, Capability::RenameChat)
        && !waits(input, Some(known), Kind::RenameChat, plan)
    {
        plan.operations.push(Operation {
            title: Some(desired.title.clone()),
            ..operation(Kind::RenameChat, &known.key, renaming(input, desired))
        });
    }
    members::plan(input, desired, Some(known), frozen, plan);
}

fn renaming(input: &Input, desired: &DesiredChat) -> Cause {
    if let Some(by) = input.desired.ordered.titled.get(&desired.key) {
        return Cause::Ordered(by.clone());
    }
    match (input.desired.continues.get(&desired.key), &desired.class) {
        (Some(before), Some(now)) => Cause::Continues(before.clone(), now.clone()),
        _ => Cause::TitleChanged,
    }
}

/// What the library cannot do in this chat until a person there has done something.
fn ask_people(
    input: &Input,
    desired: &DesiredChat,
    known: &KnownChat,
    frozen: bool,
    plan: &mut Plan,
) {
    if let Some(own) = &known.own {
        let lacking = own.lacking(known.platform);
        if !own.inside {
            plan.tasks.insert(task(TaskKind::AddBot, desired, ""));
        } else if !lacking.is_empty() {
            let mut task = task(TaskKind::GiveRights, desired, "");
            task.details.rights = lacking.into_iter().map(str::to_owned).collect();
            plan.tasks.insert(task);
        }
    }
    let wanted = members::wanted(desired, known.platform);
    let owns = |(account, present): &(&String, &super::Present)| {
        // Who is not to be removed has not left for certain.
        present.owner
            && !frozen
            && !present.people.is_empty()
            && !wanted.contains_key(account.as_str())
            && !input.is_protected(known.platform, account)
            && !present.people.iter().any(|person| input.frozen.people.contains(person))
    };
    for (account, present) in known.present.iter().filter(owns) {
        let since = present.gone_since.unwrap_or(input.now);
        plan.leaving.push((known.key.clone(), account.clone(), since));
        let due = later(since, input.policy.grace);
        if due > input.now {
            plan.due(due);
            continue;
        }
        let mut task = task(TaskKind::TransferOwnership, desired, account);
        task.details.people.clone_from(&present.people);
        plan.tasks.insert(task);
    }
}

/// Somebody who was taken out came in again by the link.
pub(super) fn close_the_leak(
    input: &Input,
    desired: &DesiredChat,
    known: &KnownChat,
    plan: &mut Plan,
) {
    if known.leaked.is_none() {
        return;
    }
    if !input.able_on(known.platform, Capability::RotateLink) {
        plan.tasks.insert(task(TaskKind::RotateLink, desired, ""));
    } else if !waits(input, Some(known), Kind::RotateLink, plan) {
        plan.operations.push(operation(Kind::RotateLink, &known.key, Cause::Leaked));
    }
}

/// A chat of which the profile no longer speaks: its class is missing, or the rule is gone.
fn unspoken(input: &Input, known: &KnownChat, plan: &mut Plan) {
    if !is_ours(input, known) || is_broken(input, known, &known.depends_on) {
        return;
    }
    let lacks = lacking_tables(input).next().is_some();
    match known.state {
        ChatState::Active => no_longer_meant(input, known, lacks, plan),
        ChatState::Archived if !lacks => empty(input, known, plan),
        _ => {}
    }
}

fn no_longer_meant(input: &Input, known: &KnownChat, lacks: bool, plan: &mut Plan) {
    let Some(since) = missing_since(input, known) else {
        if !lacks {
            archive(input, known, Cause::NotWanted, plan);
        }
        return;
    };
    let due = later(since, input.policy.missing_after);
    if due <= input.now {
        archive(input, known, Cause::MissingTooLong, plan);
    } else {
        plan.due(due);
    }
}

fn missing_since(input: &Input, known: &KnownChat) -> Option<jiff::Timestamp> {
    let class = known.depends_on.iter().filter_map(|class| input.lacking.classes.get(class)).min();
    class.or(input.lacking.orgs.get(&known.organization)).copied()
}

pub(super) fn archive(input: &Input, known: &KnownChat, cause: Cause, plan: &mut Plan) {
    plan.operations.push(operation(Kind::ArchiveChat, &known.key, cause));
    empty(input, known, plan);
}

/// An archived chat holds nobody where the policy says so; who could not be taken out with the
/// archiving is taken out by a later cycle.
pub(super) fn empty(input: &Input, known: &KnownChat, plan: &mut Plan) {
    if input.policy.archive_keeps_members {
        keep_the_door(input, known, plan);
    } else {
        take_everybody_out(input, known, &Cause::Emptied, plan);
    }
}

/// An archived chat that keeps its members keeps out whoever comes by its old link.
fn keep_the_door(input: &Input, known: &KnownChat, plan: &mut Plan) {
    let may = input.can(known, Capability::RemoveMembers);
    if !may || input.policy.strangers != Strangers::Remove {
        return;
    }
    let desired = input.desired.chats.get(&known.key);
    let wanted = desired.map(|desired| members::wanted(desired, known.platform));
    let wanted = wanted.unwrap_or_default();
    let strange = |(account, present): &(&String, &super::Present)| {
        present.people.is_empty()
            && !present.adopted
            && !wanted.contains_key(account.as_str())
            && !input.is_protected(known.platform, account)
    };
    for (account, _) in known.people_present().filter(strange) {
        if !waits_for(input, known, Kind::RemoveMember, account, plan) {
            plan.operations.push(Operation {
                account: account.clone(),
                ..operation(Kind::RemoveMember, &known.key, Cause::Stranger)
            });
        }
    }
}

/// Takes out everybody who may be, without the guard asking about each.
pub(super) fn take_everybody_out(input: &Input, known: &KnownChat, cause: &Cause, plan: &mut Plan) {
    if !input.can(known, Capability::RemoveMembers) {
        return;
    }
    // What broken rows name is left alone, but not by a person's order.
    let ordered = matches!(cause, Cause::Ordered(_));
    let frozen = |person: &String| !ordered && input.frozen.people.contains(person);
    for (account, present) in known.people_present() {
        let kept = input.is_protected(known.platform, account)
            || present.people.iter().any(frozen)
            || waits_for(input, known, Kind::RemoveMember, account, plan);
        if kept {
            continue;
        }
        plan.operations.push(Operation {
            account: account.clone(),
            people: present.people.clone(),
            ..operation(Kind::RemoveMember, &known.key, cause.clone())
        });
    }
}

/// Whether nobody may be removed from a chat in this cycle: one of its rows is broken (ruling 4),
/// or what it hangs on is missing from the roster (ruling 5).
pub(super) fn is_frozen(input: &Input, known: &KnownChat, depends_on: &BTreeSet<String>) -> bool {
    is_broken(input, known, depends_on)
        || missing_since(input, known).is_some()
        || lacking_tables(input).next().is_some()
}

pub(super) fn is_broken(input: &Input, known: &KnownChat, depends_on: &BTreeSet<String>) -> bool {
    let by_class = depends_on.iter().any(|class| input.frozen.classes.contains(class));
    by_class || (known.class.is_none() && input.frozen.orgs.contains(&known.organization))
}

/// Tables without which the roster says nothing about who belongs where, missing for not too long.
fn lacking_tables<'a>(input: &Input<'a>) -> impl Iterator<Item = Table> + 'a {
    let (now, patience) = (input.now, input.policy.missing_after);
    input
        .lacking
        .tables
        .iter()
        .filter(move |(table, since)| decides_membership(**table) && later(**since, patience) > now)
        .map(|(table, _)| *table)
}

/// Whether a table that the chat hangs on has been missing for too long: its people are not taken for
/// gone, the chat is put to rest (ruling 5).
pub(super) fn table_lost(input: &Input, of_a_class: bool) -> bool {
    let concerns = |table: Table| table != Table::Enrollments || of_a_class;
    input.lacking.tables.iter().any(|(table, since)| {
        decides_membership(*table)
            && concerns(*table)
            && later(*since, input.policy.missing_after) <= input.now
    })
}

fn decides_membership(table: Table) -> bool {
    matches!(table, Table::Orgs | Table::Classes | Table::Users | Table::Roles | Table::Enrollments)
}

/// Whether an operation on the chat itself failed and is not due yet.
pub(super) fn waits(
    input: &Input,
    known: Option<&KnownChat>,
    operation: Kind,
    plan: &mut Plan,
) -> bool {
    known.is_some_and(|known| waits_for(input, known, operation, "", plan))
}

/// Whether an operation on an account of a chat failed and is not due yet.
pub(super) fn waits_for(
    input: &Input,
    known: &KnownChat,
    operation: Kind,
    account: &str,
    plan: &mut Plan,
) -> bool {
    let attempt = Attempt { operation, account: account.to_owned() };
    let Some(waiting) = known.waiting.get(&attempt) else { return false };
    let waits = waiting.next_try > input.now;
    if waits {
        plan.waiting.insert((known.key.clone(), attempt));
        plan.due(waiting.next_try);
    }
    waits
}

/// An operation on the chat itself.
pub(super) fn operation(kind: Kind, chat: &str, cause: Cause) -> Operation {
    Operation {
        kind,
        chat: chat.to_owned(),
        account: String::new(),
        people: Vec::new(),
        title: None,
        cause,
    }
}

/// A task about a chat, and an account in it.
pub(super) fn task(kind: TaskKind, desired: &DesiredChat, account: &str) -> WantedTask {
    WantedTask {
        kind,
        chat: desired.key.clone(),
        account: account.to_owned(),
        title: desired.title.clone(),
        details: super::TaskDetails::default(),
    }
}
