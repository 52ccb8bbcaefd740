//! The guard: holds a plan that would take suspiciously much away (`interface.md`, rulings 11, 12).

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use jiff::Timestamp;
use serde::Serialize;

use super::{Cause, ChatState, Input, Kind, KnownChat, KnownHold, Operation, Plan, Present};
use crate::clock::later;
use crate::error::Text;
use crate::fingerprint::Fingerprint;

/// How long a hold can be approved.
const EXPIRES_AFTER: Duration = Duration::from_secs(7 * 24 * 3600);

/// What waits for a person's approval.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hold {
    /// What the person approves.
    pub fingerprint: String,
    /// What is held, without the time.
    pub content: String,
    /// Since when exactly this is held.
    pub since: Timestamp,
    /// How many members all chats had then.
    pub of: u32,
    /// Until when it can be approved.
    pub expires: Timestamp,
}

impl Hold {
    /// What the state file remembers of it.
    pub fn to_known(&self) -> KnownHold {
        KnownHold { content: self.content.clone(), since: self.since, of: self.of }
    }
}

/// Why something is held: one row of the report's `held`.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct HeldRow {
    /// The chat, for a rule about one chat.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub chat: Option<String>,
    /// How many removals, roles lost and archivings are held, by operation.
    #[serde(flatten)]
    pub counts: BTreeMap<&'static str, u32>,
    /// Removals and lost roles of the last 24 hours that counted along.
    #[serde(skip_serializing_if = "is_zero")]
    pub lately: u32,
    /// Out of how many members, or chats.
    pub of: u32,
    /// `guard.chat_share`, `guard.total_share`, `guard.chats`.
    pub rule: &'static str,
    /// The limit of that rule.
    #[serde(serialize_with = "plain")]
    pub limit: f64,
    /// The accounts concerned, where the rule is about these and not about a number.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub who: Vec<String>,
    /// What it means and how to allow it.
    pub message: Text,
}

/// A whole number without a fraction.
#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde asks for a reference")]
fn plain<S: serde::Serializer>(limit: &f64, serializer: S) -> Result<S::Ok, S::Error> {
    if limit.fract() == 0.0 && *limit >= 0.0 && *limit < f64::from(u32::MAX) {
        serializer.serialize_u32(*limit as u32)
    } else {
        serializer.serialize_f64(*limit)
    }
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde asks for a reference")]
fn is_zero(count: &u32) -> bool {
    *count == 0
}

/// Moves what must be held out of the plan's operations, unless a person approved exactly that.
pub(super) fn hold(input: &Input, plan: &mut Plan) {
    let mut rows = Vec::new();
    let mut held: BTreeSet<Operation> = BTreeSet::new();
    by_chat(input, plan, &mut rows, &mut held);
    adopted(input, plan, &mut rows, &mut held);
    let mut of_archivings = Vec::new();
    of_chats(input, plan, &mut of_archivings, &mut held);
    in_total(input, plan, &mut rows, &mut held);
    rows.append(&mut of_archivings);
    let allowed = |operation: &&Operation| is_allowed(input, operation);
    plan.released = plan.operations.iter().filter(allowed).cloned().collect();
    if held.is_empty() {
        return;
    }
    let hold = hold_of(input, &held);
    if input.approved == Some(hold.fingerprint.as_str()) {
        plan.approved = true;
        plan.released.extend(held);
        return;
    }
    plan.operations.retain(|operation| !held.contains(operation));
    plan.held = held.into_iter().collect();
    plan.held_rows = rows;
    plan.due(hold.expires);
    plan.hold = Some(hold);
}

/// Whether an operation is a loss that nobody has let go.
fn counts(input: &Input, operation: &Operation) -> bool {
    operation.cause.counts() && !is_allowed(input, operation)
}

fn is_allowed(input: &Input, operation: &Operation) -> bool {
    input.known.allowed.iter().any(|one| one.is(operation))
}

/// Whether a hold that the state file remembers has this fingerprint and is still open.
pub fn approves(hold: &KnownHold, fingerprint: &str, now: Timestamp) -> bool {
    now < later(hold.since, EXPIRES_AFTER)
        && fingerprint_of(&hold.content, hold.since) == fingerprint
}

/// What a person approves to let a remembered hold go.
pub fn hold_fingerprint(hold: &KnownHold) -> String {
    fingerprint_of(&hold.content, hold.since)
}

/// A chat that would lose too large a share of its people is held whole.
fn by_chat(input: &Input, plan: &Plan, rows: &mut Vec<HeldRow>, held: &mut BTreeSet<Operation>) {
    let limit = input.policy.guard.chat_share;
    let mut losses: BTreeMap<&str, Counts> = BTreeMap::new();
    for operation in plan.operations.iter().filter(|operation| counts(input, operation)) {
        *losses.entry(&operation.chat).or_default().entry(operation.kind.name()).or_default() += 1;
    }
    for (chat, counts) in losses {
        let Some(known) = input.known.chats.get(chat) else { continue };
        let lately = known.removed_lately;
        let of = members(input, known) + lately;
        if !exceeds(input, counts.values().sum::<u32>() + lately, of, limit) {
            continue;
        }
        // A stranger whom nobody ever named, and a person's word, are not what the doubt is about.
        let sure = |op: &Operation| {
            matches!(op.cause, Cause::Stranger | Cause::AskedToLeave | Cause::Ordered(_))
        };
        let doubtful = |op: &&Operation| op.chat == chat && !sure(op);
        held.extend(plan.operations.iter().filter(doubtful).cloned());
        let message = share_message(Some(chat), &counts, lately, of, limit, "guard.chat_share");
        rows.push(HeldRow {
            chat: Some(chat.to_owned()),
            counts,
            lately,
            of,
            rule: "guard.chat_share",
            limit,
            who: Vec::new(),
            message,
        });
    }
}

/// People who were in a group before it was bound to its key are not thrown out unseen: often they are
/// parents who have not linked an account yet (ruling 16).
fn adopted(input: &Input, plan: &Plan, rows: &mut Vec<HeldRow>, held: &mut BTreeSet<Operation>) {
    let mut by_chat: BTreeMap<&str, Vec<&Operation>> = BTreeMap::new();
    let unseen = |op: &&Operation| op.cause == Cause::Adopted && !is_allowed(input, op);
    for operation in plan.operations.iter().filter(unseen) {
        by_chat.entry(&operation.chat).or_default().push(operation);
    }
    for (chat, operations) in by_chat {
        let Some(known) = input.known.chats.get(chat) else { continue };
        let of = known.people_present().count() as u32;
        let count = operations.len() as u32;
        let who = operations.iter().map(|op| op.account.clone()).collect();
        held.extend(operations.into_iter().cloned());
        rows.push(HeldRow {
            chat: Some(chat.to_owned()),
            counts: Counts::from([(Kind::RemoveMember.name(), count)]),
            lately: 0,
            of,
            rule: "adopted",
            limit: 0.0,
            who,
            message: adopted_message(chat, count, of),
        });
    }
}

fn adopted_message(chat: &str, count: u32, of: u32) -> Text {
    Text::new(
        format!(
            "в чате {chat} людей: {of}; из них {count} были в группе ещё до её привязки, а данные школы \
             их здесь не называют. Кто из них привяжет учётную запись, выйдет из этого списка сам; \
             остальных исключит подтверждение удержания по его отпечатку"
        ),
        format!(
            "the chat {chat} has {of} people; {count} of them were in the group before it was bound \
             and are not named here by the school's data. Those who link an account drop out of this \
             list; approving the hold by its fingerprint removes the others"
        ),
    )
}

type Counts = BTreeMap<&'static str, u32>;

/// Too large a share of everybody. Those whom a chat's own hold has caught count along: an export
/// that empties most classes is not to be believed about the last one either.
fn in_total(input: &Input, plan: &Plan, rows: &mut Vec<HeldRow>, held: &mut BTreeSet<Operation>) {
    let limit = input.policy.guard.total_share;
    let losses: Vec<&Operation> =
        plan.operations.iter().filter(|operation| counts(input, operation)).collect();
    if losses.is_empty() {
        return;
    }
    let lately: u32 = input.known.chats.values().map(|chat| chat.removed_lately).sum();
    let content = content(held.iter().chain(losses.iter().copied()).collect());
    let of = all_members(input, &content);
    if !exceeds(input, losses.len() as u32 + lately, of, limit) {
        return;
    }
    let mut counts = Counts::new();
    for operation in &losses {
        *counts.entry(operation.kind.name()).or_default() += 1;
    }
    held.extend(losses.into_iter().cloned());
    let message = share_message(None, &counts, lately, of, limit, "guard.total_share");
    rows.push(HeldRow {
        chat: None,
        counts,
        lately,
        of,
        rule: "guard.total_share",
        limit,
        who: Vec::new(),
        message,
    });
}

/// How many in a chat the roster means or meant. Strangers are no members: whoever comes by a link
/// would make every loss look smaller.
fn members(input: &Input, known: &KnownChat) -> u32 {
    let desired = input.desired.chats.get(&known.key);
    let wanted = desired.map(|desired| super::members::wanted(desired, known.platform));
    let wanted = wanted.unwrap_or_default();
    let meant = |(account, present): &(&String, &Present)| {
        !present.people.is_empty() || wanted.contains_key(account.as_str())
    };
    known.people_present().filter(meant).count() as u32
}

fn exceeds(input: &Input, losses: u32, of: u32, limit: f64) -> bool {
    losses >= input.policy.guard.minimum && f64::from(losses) > limit * f64::from(of)
}

/// More chats put to rest at once than usual.
fn of_chats(input: &Input, plan: &Plan, rows: &mut Vec<HeldRow>, held: &mut BTreeSet<Operation>) {
    let ends = |op: &&Operation| {
        let ends = matches!(op.kind, Kind::ArchiveChat | Kind::DeleteChat);
        ends && !matches!(op.cause, Cause::Ordered(_)) && !is_allowed(input, op)
    };
    let chats: BTreeSet<&str> =
        plan.operations.iter().filter(ends).map(|op| op.chat.as_str()).collect();
    let lately = input.known.chats.values().filter(|chat| chat.archived_lately).count() as u32;
    let limit = input.policy.guard.chats;
    if chats.is_empty() || chats.len() as u32 + lately <= limit {
        return;
    }
    held.extend(plan.operations.iter().filter(|op| chats.contains(op.chat.as_str())).cloned());
    let count = chats.len() as u32;
    let active = |state| matches!(state, ChatState::Active);
    let of = input.known.chats.values().filter(|chat| active(chat.state)).count() as u32 + lately;
    rows.push(HeldRow {
        chat: None,
        counts: Counts::from([(Kind::ArchiveChat.name(), count)]),
        lately,
        of,
        rule: "guard.chats",
        limit: f64::from(limit),
        who: Vec::new(),
        message: chats_message(count, lately, of, limit),
    });
}

/// The members of all chats, those included whom the last 24 hours took. While exactly this is
/// held, the additions that the hold lets pass do not make its share smaller.
fn all_members(input: &Input, content: &str) -> u32 {
    let chats = || input.known.chats.values();
    let lately: u32 = chats().map(|chat| chat.removed_lately).sum();
    let active = chats().filter(|chat| chat.state == ChatState::Active);
    let now = active.map(|chat| members(input, chat)).sum::<u32>() + lately;
    let same = open_hold(input).filter(|hold| hold.content == content);
    same.map_or(now, |hold| hold.of.min(now))
}

/// The hold that the last cycle left, while it can still be approved.
fn open_hold<'a>(input: &Input<'a>) -> Option<&'a KnownHold> {
    let open = |hold: &&KnownHold| input.now < later(hold.since, EXPIRES_AFTER);
    input.known.hold.as_ref().filter(open)
}

/// What is held, without the time.
fn content(held: BTreeSet<&Operation>) -> String {
    let mut content = Fingerprint::new();
    for operation in held {
        content
            .add(operation.kind.name())
            .add(&operation.chat)
            .add(&operation.account)
            .add(operation.title.as_deref().unwrap_or_default());
    }
    content.hex()
}

fn hold_of(input: &Input, held: &BTreeSet<Operation>) -> Hold {
    let content = content(held.iter().collect());
    let open = open_hold(input).filter(|known| known.content == content);
    let since = open.map_or(input.now, |known| known.since);
    let of = all_members(input, &content);
    let fingerprint = fingerprint_of(&content, since);
    Hold { fingerprint, content, since, of, expires: later(since, EXPIRES_AFTER) }
}

fn fingerprint_of(content: &str, since: Timestamp) -> String {
    let mut fingerprint = Fingerprint::new();
    fingerprint.add(content).add(since.as_second().to_string());
    fingerprint.hex()
}

fn share_message(
    chat: Option<&str>,
    counts: &Counts,
    lately: u32,
    of: u32,
    limit: f64,
    rule: &str,
) -> Text {
    let number = |kind: Kind| counts.get(kind.name()).copied().unwrap_or_default();
    let (removed, lost) = (number(Kind::RemoveMember), number(Kind::RevokeAdmin));
    let percent = limit * 100.0;
    let (place_ru, place_en) = match chat {
        Some(chat) => (format!("в чате {chat}"), format!("in the chat {chat}")),
        None => ("во всех чатах".to_owned(), "in all chats".to_owned()),
    };
    Text::new(
        format!(
            "{place_ru} было бы исключено: {removed}, лишено прав: {lost}, за последние сутки уже: \
             {lately}, всего участников: {of}; предел {percent:.0} % ({rule}). Если так и должно быть, \
             подтвердите удержание по его отпечатку; иначе проверьте выгрузку"
        ),
        format!(
            "{place_en} {removed} would be removed and {lost} would lose rights, {lately} were in the \
             last 24 hours, out of {of} members; the limit is {percent:.0} % ({rule}). If this is \
             meant, approve the hold by its fingerprint; if not, look at the export"
        ),
    )
}

fn chats_message(count: u32, lately: u32, of: u32, limit: u32) -> Text {
    Text::new(
        format!(
            "в архив ушло бы чатов: {count}, за последние сутки уже: {lately}, всего чатов: {of}; \
             предел {limit} (guard.chats). Если так и должно быть, подтвердите удержание по его \
             отпечатку"
        ),
        format!(
            "{count} chats would be archived, {lately} were in the last 24 hours, out of {of}; the \
             limit is {limit} (guard.chats). If this is meant, approve the hold by its fingerprint"
        ),
    )
}
