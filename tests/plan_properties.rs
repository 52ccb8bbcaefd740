//! What holds of every plan, whatever the roster, the chats and the policy are.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use proptest::strategy::ValueTree;
use zvonok::config::{Leavers, Strangers};
use zvonok::plan::{
    Cause, ChatState, Kind, KnownChat, MemberState, Operation, Plan, Present, TaskKind, census,
};
use zvonok::platform::Capability;
use zvonok::profile::Existence;

#[path = "plan/world.rs"]
mod world;

use world::{OWN, World, wanted, world};

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_same_input_gives_the_same_plan(world in world()) {
        prop_assert_eq!(format!("{:?}", world.plan()), format!("{:?}", world.clone().plan()));
    }

    #[test]
    fn nothing_is_left_to_do_after_a_plan_is_done(world in world()) {
        let mut world = world.unhindered();
        let first = unheld(&world)?;
        world.carry_out(&first);
        let second = world.plan();
        prop_assert!(second.hold.is_none());
        // Who was invited by a link that was replaced is given the new one.
        let left = |op: &&Operation| {
            op.kind != Kind::InviteMember || !rotates(&first, &op.chat)
        };
        let left: Vec<_> = second.operations.iter().filter(left).collect();
        prop_assert!(left.is_empty(), "{left:#?}\nfirst {first:#?}");
        world.carry_out(&second);
        let third = world.plan();
        prop_assert!(third.operations.is_empty(), "second {second:#?}\nthird {third:#?}");
    }

    #[test]
    fn after_a_plan_everybody_is_where_they_belong(world in world()) {
        let mut world = world.unhindered();
        world.able = Capability::ALL.into();
        world.known.chats.values_mut().for_each(|chat| chat.own = None);
        world.policy.strangers = Strangers::Remove;
        world.policy.leavers = Leavers::Invite;
        world.policy.grace = std::time::Duration::ZERO;
        let plan = unheld(&world)?;
        world.carry_out(&plan);
        for (key, desired) in &world.desired.chats {
            let Some(known) = world.known.chats.get(key) else {
                prop_assert!(desired.existence != Existence::Wanted, "{key} was not made");
                continue;
            };
            if known.state == ChatState::Active {
                is_as_wished(&world, key, known)?;
            }
        }
    }

    #[test]
    fn nothing_is_planned_that_the_rights_in_a_chat_forbid(world in world()) {
        for operation in all(&world.plan()) {
            let Some(known) = world.known.chats.get(&operation.chat) else { continue };
            let needs = match operation.kind {
                Kind::AddMember => Capability::AddMembers,
                Kind::RemoveMember => Capability::RemoveMembers,
                Kind::GrantAdmin | Kind::RevokeAdmin => Capability::GrantAdmin,
                Kind::RenameChat => Capability::RenameChat,
                Kind::RotateLink => Capability::RotateLink,
                _ => continue,
            };
            let able = world.able.contains(&needs) && !known.unable().contains(&needs);
            // A chat that is yet to be made has no rights to go by.
            let unmade = known.platform_id.is_none();
            prop_assert!(able || unmade, "{operation:?} {:?}", known.own);
        }
    }

    #[test]
    fn nobody_adopted_is_removed_without_approval(world in world()) {
        let plan = world.plan();
        let adopted = |op: &Operation| {
            let known = &world.known.chats[&op.chat];
            let present = known.present.get(&op.account);
            present.is_some_and(|present| present.adopted && present.people.is_empty())
        };
        for operation in plan.operations.iter().filter(|op| op.kind == Kind::RemoveMember) {
            let unseen = operation.cause != Cause::Emptied && adopted(operation);
            prop_assert!(!unseen, "{operation:?}");
        }
        for operation in all(&plan).iter().filter(|op| op.cause == Cause::Adopted) {
            prop_assert!(adopted(operation) && world.policy.strangers == Strangers::Remove);
            let named = plan.held_rows.iter().any(|row| {
                row.rule == "adopted"
                    && row.chat.as_ref() == Some(&operation.chat)
                    && row.who.contains(&operation.account)
            });
            prop_assert!(named, "{operation:?} {:?}", plan.held_rows);
        }
    }

    #[test]
    fn a_chat_that_lives_on_without_its_class_only_loses_strangers(world in world()) {
        let mut world = world;
        world.desired.carried = world.known.chats.keys().cloned().collect();
        for operation in all(&world.plan()) {
            let Some(known) = world.known.chats.get(&operation.chat) else { continue };
            let stranger = known.present.get(&operation.account).filter(|one| one.people.is_empty());
            let goes = operation.kind == Kind::RemoveMember && stranger.is_some();
            let there = matches!(known.state, ChatState::Active | ChatState::Archived);
            prop_assert!(goes && there, "{operation:?} in a chat that is {:?}", known.state);
        }
    }

    #[test]
    fn the_word_of_the_profile_on_who_left_is_the_last_one(world in world()) {
        let mut world = world;
        world.policy.leavers = Leavers::Invite;
        world.desired.leavers.general = Some(Leavers::Respect);
        let said = world.plan();
        world.policy.leavers = Leavers::Respect;
        prop_assert_eq!(format!("{said:?}"), format!("{:?}", world.plan()));
        world.desired.leavers.general = None;
        prop_assert_eq!(format!("{said:?}"), format!("{:?}", world.plan()));
    }

    #[test]
    fn a_task_is_asked_for_once_and_where_something_can_be_done(world in world()) {
        let plan = world.plan();
        let mut seen = BTreeSet::new();
        for task in &plan.tasks {
            prop_assert!(seen.insert((task.kind, &task.chat, &task.account)), "twice: {task:?}");
            let restored = |op: &Operation| op.kind == Kind::RestoreChat && op.chat == task.chat;
            let state = world.known.chats.get(&task.chat).map(|known| known.state);
            let fits = match state {
                Some(ChatState::Active) => task.kind != TaskKind::CreateChat,
                Some(ChatState::Archived) => all(&plan).iter().any(restored),
                Some(ChatState::Gone | ChatState::Deleted) => false,
                None | Some(ChatState::Planned | ChatState::Task) => {
                    task.kind == TaskKind::CreateChat
                }
            };
            prop_assert!(fits, "{task:?} of a chat that is {state:?}");
            prop_assert!(world.desired.chats.contains_key(&task.chat), "{task:?}");
        }
    }

    #[test]
    fn nobody_is_invited_without_a_link_or_twice_by_the_same(world in world()) {
        let mut world = world;
        let first = world.plan();
        let invites = |op: &&Operation| op.kind == Kind::InviteMember;
        for operation in first.operations.iter().filter(invites) {
            let Some(known) = world.known.chats.get(&operation.chat) else { continue };
            prop_assert!(known.link.is_some() || known.platform_id.is_none(), "{operation:?}");
        }
        world.carry_out(&first);
        let second = world.plan();
        for operation in second.operations.iter().filter(invites) {
            let before = first.operations.contains(operation);
            prop_assert!(!before || rotates(&first, &operation.chat), "{operation:?}");
        }
    }

    #[test]
    fn nothing_is_taken_from_the_protected_and_the_frozen(world in world()) {
        for operation in all(&world.plan()).iter().filter(|operation| takes(operation)) {
            let Some(known) = world.known.chats.get(&operation.chat) else {
                return Err(TestCaseError::fail("taken from a chat that is not there"));
            };
            prop_assert!(!is_frozen(&world, known), "{operation:?}");
            let Some(present) = known.present.get(&operation.account) else { continue };
            prop_assert!(!present.protected, "{operation:?}");
            let protect = &world.policy.protect;
            let elsewhere = known.platform != world.platform;
            prop_assert!(elsewhere || !protect.contains(&operation.account), "{operation:?}");
            prop_assert!(operation.account != OWN, "{operation:?}");
            let mut behind = present.people.iter().chain(&operation.people);
            prop_assert!(!behind.any(|one| world.frozen.people.contains(one)), "{operation:?}");
        }
    }

    #[test]
    fn only_those_who_are_meant_are_let_in_or_given_rights(world in world()) {
        for operation in all(&world.plan()) {
            if !matches!(operation.kind, Kind::AddMember | Kind::InviteMember | Kind::GrantAdmin) {
                continue;
            }
            let desired = &world.desired.chats[&operation.chat];
            let wanted = wanted(desired);
            prop_assert_eq!(Some(&operation.people), wanted.get(&operation.account));
            let admin = operation.people.iter().any(|person| desired.members[person].admin);
            prop_assert!(admin || operation.kind != Kind::GrantAdmin, "{operation:?}");
        }
    }

    #[test]
    fn only_those_who_are_not_meant_are_removed(world in world()) {
        for operation in all(&world.plan()) {
            if operation.kind != Kind::RemoveMember || operation.cause == Cause::Emptied {
                continue;
            }
            // A chat of which nothing is said any more means nobody.
            let Some(desired) = world.desired.chats.get(&operation.chat) else {
                let strange = matches!(operation.cause, Cause::Stranger | Cause::Misplaced);
                prop_assert!(strange, "{operation:?}");
                continue;
            };
            prop_assert!(!wanted(desired).contains_key(&operation.account), "{operation:?}");
        }
    }

    #[test]
    fn who_must_go_goes_first_and_rights_come_last(world in world()) {
        let rank = |operation: &Operation| match operation.kind {
            Kind::RevokeAdmin | Kind::RemoveMember => 0,
            Kind::ArchiveChat => 1,
            Kind::CreateChat | Kind::RestoreChat => 2,
            Kind::RenameChat => 3,
            Kind::RotateLink => 4,
            Kind::AddMember | Kind::InviteMember => 5,
            _ => 6,
        };
        prop_assert!(world.plan().operations.is_sorted_by_key(rank));
    }

    #[test]
    fn no_operation_is_planned_twice_or_while_it_waits(world in world()) {
        let plan = world.plan();
        let mut seen = BTreeSet::new();
        for operation in all(&plan) {
            let known = world.known.chats.get(&operation.chat);
            let waits = known.is_some_and(|known| {
                known.waiting.iter().any(|(attempt, waiting)| {
                    attempt.operation == operation.kind
                        && attempt.account == operation.account
                        && waiting.next_try > world::now()
                })
            });
            prop_assert!(!waits, "{operation:?}");
            let key = (operation.kind, operation.chat, operation.account);
            prop_assert!(seen.insert(key.clone()), "twice: {key:?}");
        }
        prop_assert!(plan.next_due.is_none_or(|due| due > world::now()));
    }

    #[test]
    fn what_is_let_pass_is_within_the_limits(world in world()) {
        let plan = world.plan();
        let mut total = 0;
        for (chat, losses) in losses(&plan.operations) {
            let known = &world.known.chats[chat];
            let of = inside(&world, known) + known.removed_lately;
            let losses_of_day = losses + known.removed_lately;
            prop_assert!(fits(&world, losses_of_day, of, world.policy.guard.chat_share), "{chat}");
            total += losses;
        }
        let chats = world.known.chats.values();
        let lately: u32 = chats.clone().map(|chat| chat.removed_lately).sum();
        let active = chats.clone().filter(|chat| chat.state == ChatState::Active);
        let of = active.map(|chat| inside(&world, chat)).sum::<u32>() + lately;
        let share = world.policy.guard.total_share;
        prop_assert!(total == 0 || fits(&world, total + lately, of, share));
        let archived = plan.operations.iter().filter(|op| op.kind == Kind::ArchiveChat).count();
        let lately = chats.filter(|chat| chat.archived_lately).count();
        let fits = archived == 0 || archived + lately <= world.policy.guard.chats as usize;
        prop_assert!(fits, "{archived} chats");
    }

    #[test]
    fn an_approval_releases_exactly_what_was_held_and_once(world in world()) {
        let mut world = world;
        let held = world.plan();
        let Some(hold) = held.hold.clone() else { return Ok(()) };
        world.known.hold = Some(hold.to_known());
        prop_assert!(!world.plan_with(Some("0123456789abcdef0123456789abcdef")).approved);
        let released = world.plan_with(Some(&hold.fingerprint));
        prop_assert!(released.approved && released.hold.is_none() && released.held.is_empty());
        let released_operations: BTreeSet<_> = released.operations.iter().cloned().collect();
        prop_assert_eq!(released_operations, all(&held).into_iter().collect::<BTreeSet<_>>());
        world.carry_out(&released);
        prop_assert!(!world.plan_with(Some(&hold.fingerprint)).approved);
    }

    #[test]
    fn what_is_held_stays_held_until_a_person_approves(world in world()) {
        let mut world = world;
        for chat in world.known.chats.values_mut() {
            chat.waiting.clear();
            // A link that is replaced is given to everybody who was invited, in the next cycle.
            chat.leaked = None;
        }
        // An account that passes to somebody frozen is no longer what was held.
        world.frozen.people.clear();
        let before = world.plan();
        let Some(hold) = &before.hold else { return Ok(()) };
        world.carry_out(&before);
        let after = world.plan();
        prop_assert_eq!(after.hold.map(|hold| hold.fingerprint), Some(hold.fingerprint.clone()));
        prop_assert_eq!(after.held.len(), before.held.len());
        prop_assert!(after.operations.is_empty(), "{:?}", after.operations);
    }

    #[test]
    fn a_hold_does_not_change_with_what_happens_elsewhere(world in world()) {
        let before = world.plan();
        let Some(hold) = before.hold else { return Ok(()) };
        let mut world = world;
        world.known.hold = Some(hold.to_known());
        let mut another = world.desired.chats.values().next().cloned();
        for chat in another.iter_mut() {
            (chat.key, chat.existence) = ("class:new".to_owned(), Existence::Wanted);
        }
        world.desired.chats.extend(another.map(|chat| (chat.key.clone(), chat)));
        let after = world.plan();
        prop_assert_eq!(after.hold.map(|hold| hold.fingerprint), Some(hold.fingerprint));
        prop_assert_eq!(after.held, before.held);
    }

    #[test]
    fn the_counts_of_a_chat_add_up(world in world()) {
        for (key, desired) in &world.desired.chats {
            let Some(known) = world.known.chats.get(key) else { continue };
            let census = census(desired, known, OWN);
            let counts = census.counts;
            prop_assert_eq!(counts.desired as usize, desired.members.len());
            prop_assert_eq!(census.members.len(), desired.members.len());
            prop_assert!(counts.joined + counts.invited <= counts.linked);
            prop_assert!(counts.linked <= counts.desired);
            prop_assert!(counts.admins_granted <= counts.admins_desired);
            let joined = census.members.values().filter(|row| row.state == MemberState::Joined);
            prop_assert_eq!(joined.count(), counts.joined as usize);
            let unprotected = known.present.values().filter(|present| !present.protected).count();
            prop_assert!(counts.strangers as usize <= unprotected);
        }
    }
}

/// A move is a removal here and an addition there, in this order, and ends in one chat only.
#[test]
fn whoever_moves_between_classes_ends_in_one_of_them() {
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let mut moved = 0;
    for _ in 0..500 {
        let world = world().new_tree(&mut runner).unwrap().current();
        moved += moves(world.unhindered());
    }
    assert!(moved > 100, "only {moved} people moved");
}

/// Lets everybody of the first class move to the second; returns how many were moved.
fn moves(mut world: World) -> usize {
    world.able = Capability::ALL.into();
    world.known.chats.values_mut().for_each(|chat| chat.own = None);
    world.policy.protect.clear();
    world.policy.grace = std::time::Duration::ZERO;
    world.policy.leavers = Leavers::Invite;
    let Some(mut there) = world.desired.chats.remove("class:k2") else { return 0 };
    let Some(here) = world.desired.chats.get_mut("class:k1") else { return 0 };
    there.members.append(&mut here.members);
    (there.existence, here.existence) = (Existence::Wanted, Existence::Wanted);
    world.desired.chats.insert(there.key.clone(), there);
    let plan = world.plan();
    let place = |kind, chat: &str, account: &str| {
        let same = |op: &Operation| op.kind == kind && op.chat == chat && op.account == account;
        plan.operations.iter().position(same)
    };
    let mut moved = 0;
    for operation in plan.operations.iter().filter(|op| op.kind == Kind::AddMember) {
        let left = place(Kind::RemoveMember, "class:k1", &operation.account);
        let Some(left) = left.filter(|_| operation.chat == "class:k2") else { continue };
        assert!(place(Kind::AddMember, "class:k2", &operation.account).unwrap() > left);
        moved += 1;
        let mut after = world.clone();
        after.carry_out(&plan);
        assert!(!after.known.chats["class:k1"].present.contains_key(&operation.account));
        assert!(after.known.chats["class:k2"].present.contains_key(&operation.account));
    }
    moved
}

fn all(plan: &Plan) -> Vec<Operation> {
    plan.operations.iter().chain(&plan.held).cloned().collect()
}

/// The plan of a world in which nobody holds anything but adopted people, and those are let go.
fn unheld(world: &World) -> Result<Plan, TestCaseError> {
    let plan = world.plan();
    let Some(hold) = plan.hold else { return Ok(plan) };
    prop_assert!(plan.held_rows.iter().all(|row| row.rule == "adopted"), "{:?}", plan.held_rows);
    let plan = world.plan_with(Some(&hold.fingerprint));
    prop_assert!(plan.approved && plan.hold.is_none());
    Ok(plan)
}

fn rotates(plan: &Plan, chat: &str) -> bool {
    plan.operations.iter().any(|op| op.kind == Kind::RotateLink && op.chat == chat)
}

fn takes(operation: &Operation) -> bool {
    matches!(operation.kind, Kind::RemoveMember | Kind::RevokeAdmin | Kind::ArchiveChat)
}

/// A broken row of the class, or, for a chat of no class, of the organisation.
fn is_frozen(world: &World, known: &KnownChat) -> bool {
    let desired = world.desired.chats.get(&known.key);
    let depends_on = desired.map_or(&known.depends_on, |desired| &desired.depends_on);
    !depends_on.is_disjoint(&world.frozen.classes)
        || (known.class.is_none() && world.frozen.orgs.contains(&known.organization))
}

fn losses(operations: &[Operation]) -> BTreeMap<&str, u32> {
    let mut losses = BTreeMap::new();
    for operation in operations {
        if matches!(operation.cause, Cause::LeftRoster | Cause::AccountChanged | Cause::RoleLost) {
            *losses.entry(operation.chat.as_str()).or_default() += 1;
        }
    }
    losses
}

/// The members of a chat: strangers, the owner and bots are none.
fn inside(world: &World, known: &KnownChat) -> u32 {
    let wanted = world.desired.chats.get(&known.key).map(wanted).unwrap_or_default();
    let member = |(account, present): &(&String, &Present)| {
        let meant = !present.people.is_empty() || wanted.contains_key(*account);
        !present.protected && meant
    };
    known.present.iter().filter(member).count() as u32
}

fn fits(world: &World, losses: u32, of: u32, share: f64) -> bool {
    losses < world.policy.guard.minimum || f64::from(losses) <= share * f64::from(of)
}

/// Exactly the wanted accounts are in and administer, besides those whom nobody may touch.
fn is_as_wished(world: &World, key: &str, known: &KnownChat) -> Result<(), TestCaseError> {
    let desired = &world.desired.chats[key];
    let wanted = wanted(desired);
    for account in wanted.keys() {
        prop_assert!(known.present.contains_key(account), "{account} is not in {key}");
    }
    for (account, present) in &known.present {
        let kept = present.protected || world.policy.protect.contains(account) || account == OWN;
        prop_assert!(kept || wanted.contains_key(account), "{account} is in {key}");
        let people = wanted.get(account).into_iter().flatten();
        let admin = people.into_iter().any(|person| desired.members[person].admin);
        prop_assert!(present.admin == admin || kept && !admin, "rights of {account} in {key}");
    }
    Ok(())
}
