//! Accounts that their people gave up by request: they go at once, whatever the roster says of the
//! chat and the people, or lacks (P16, A9).

use super::chat::{is_ours, operation, waits_for};
use super::members::{cannot_remove, wanted};
use super::{Cause, ChatState, Input, Kind, KnownChat, Operation, Plan};
use crate::platform::Capability;

/// Whether everybody for whom an account stands in a chat has asked to be there by another one, or by
/// none. One that stands for nobody was given up by nobody.
pub(super) fn is_given_up(
    input: &Input,
    known: &KnownChat,
    account: &str,
    people: &[String],
) -> bool {
    let Some(asked) = input.desired.by_request.get(&known.platform) else { return false };
    let given_up = |person| asked.get(person).is_some_and(|now| now.as_deref() != Some(account));
    !people.is_empty() && people.iter().all(given_up)
}

/// Takes such accounts out of a chat of which everything else has been planned, from the operation
/// number `from` on.
pub(super) fn take_out(input: &Input, known: &KnownChat, from: usize, plan: &mut Plan) {
    let desired = input.desired.chats.get(&known.key);
    let ours = desired.is_some() || is_ours(input, known);
    if !ours || known.state != ChatState::Active {
        return;
    }
    let mut leavers = known.people_present().collect::<Vec<_>>();
    leavers.retain(|(account, present)| is_given_up(input, known, account, &present.people));
    if leavers.is_empty() {
        return;
    }
    // Somebody else may have asked for the account since.
    let wanted = desired.map(|desired| wanted(desired, known.platform)).unwrap_or_default();
    let emptied: Vec<String> = plan.operations[from..]
        .iter()
        .filter(|operation| operation.kind == Kind::RemoveMember)
        .map(|operation| operation.account.clone())
        .collect();
    leavers.retain(|(account, _)| {
        !wanted.contains_key(account.as_str())
            && !emptied.contains(account)
            && !input.is_protected(known.platform, account)
    });
    for (account, present) in leavers {
        remove(input, known, account, &present.people, plan);
    }
}

fn remove(input: &Input, known: &KnownChat, account: &str, people: &[String], plan: &mut Plan) {
    if waits_for(input, known, Kind::RemoveMember, account, plan) {
        return;
    }
    if input.can(known, Capability::RemoveMembers) {
        plan.operations.push(Operation {
            account: account.to_owned(),
            people: people.to_vec(),
            ..operation(Kind::RemoveMember, &known.key, Cause::AskedToLeave)
        });
    } else if !input.able_on(known.platform, Capability::RemoveMembers) {
        plan.warnings.push(cannot_remove(known, account));
    }
}
