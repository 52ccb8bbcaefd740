//! Random worlds for the planner's properties, and a model of what a cycle leaves behind.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use jiff::Timestamp;
use proptest::collection::{btree_set, vec};
use proptest::option::{of, weighted};
use proptest::prelude::*;
use proptest::sample::select;
use zvonok::config::{Guard, Leavers, Strangers};
use zvonok::error::Text;
use zvonok::plan::{
    Attempt, ChatState, Input, Invitation, Kind, Known, KnownChat, KnownMember, Lacking,
    MemberState, Operation, Plan, Policy, Present, Scope, Side, Waiting, census,
};
use zvonok::platform::{self, Capability, OwnRights};
use zvonok::profile::{Desired, DesiredChat, DesiredMember, Existence};
use zvonok::roster::{Frozen, Table};

pub(crate) const OWN: &str = "a13";
const KEYS: [&str; 5] = ["class:k1", "class:k2", "parents:k1", "subject:j1", "teachers:s1"];
const PLATFORMS: [platform::Kind; 2] = [platform::Kind::Vk, platform::Kind::Max];
const RIGHTS: [&str; 5] =
    ["read_all_messages", "add_remove_members", "add_admins", "change_chat_info", "pin_message"];
const PEOPLE: usize = 10;
const ACCOUNTS: usize = 14;

/// Everything that a plan is made from, owned. Chats live on either platform; everybody has the same
/// account on both.
#[derive(Debug, Clone)]
pub(crate) struct World {
    pub(crate) desired: Desired,
    pub(crate) known: Known,
    pub(crate) frozen: Frozen,
    pub(crate) lacking: Lacking,
    pub(crate) policy: Policy,
    pub(crate) platform: platform::Kind,
    pub(crate) able: BTreeSet<Capability>,
    pub(crate) scope: Scope,
    pub(crate) organizations: BTreeSet<String>,
}

impl World {
    pub(crate) fn plan(&self) -> Plan {
        self.plan_with(None)
    }

    pub(crate) fn plan_with(&self, approved: Option<&str>) -> Plan {
        let side = Side { able: self.able.clone(), own_account: OWN.to_owned() };
        let sides = PLATFORMS.map(|kind| (kind, side.clone())).into();
        zvonok::plan::plan(&Input {
            desired: &self.desired,
            known: &self.known,
            frozen: &self.frozen,
            lacking: &self.lacking,
            policy: &self.policy,
            scope: &self.scope,
            sides: &sides,
            platform: self.platform,
            organizations: &self.organizations,
            now: now(),
            approved,
        })
    }

    /// A world in which everything can be done at once: nothing is frozen, missing, waiting or
    /// held.
    pub(crate) fn unhindered(mut self) -> World {
        self.frozen = Frozen::default();
        self.lacking = Lacking::default();
        self.policy.guard.minimum = u32::MAX;
        self.policy.guard.chats = u32::MAX;
        for chat in self.known.chats.values_mut() {
            chat.waiting.clear();
        }
        self
    }

    /// Does the operations and ends the cycle, as the state file would have it.
    pub(crate) fn carry_out(&mut self, plan: &Plan) {
        for operation in &plan.operations {
            self.carry_out_one(operation);
            if !plan.approved {
                self.count(operation);
            }
        }
        for (chat, account, since) in &plan.leaving {
            if let Some(present) = self.chat(chat).present.get_mut(account) {
                present.gone_since = Some(*since);
            }
        }
        for (key, desired) in &self.desired.chats {
            let Some(known) = self.known.chats.get_mut(key) else { continue };
            let before = known.people.clone();
            let rows = census(desired, known, OWN).members.into_iter();
            let row = |(person, row): (String, zvonok::plan::MemberRow)| {
                let same = before.get(&person).filter(|before| before.account == row.account);
                let before = same.cloned().unwrap_or_default();
                (person, KnownMember { account: row.account, state: row.state, ..before })
            };
            known.people = rows.map(row).collect();
            mean(desired, known);
        }
        let hold = plan.hold.as_ref();
        self.known.hold = hold.map(|hold| hold.to_known());
    }

    /// What the guard counts along for a day.
    fn count(&mut self, operation: &Operation) {
        let chat = self.chat(&operation.chat);
        chat.removed_lately += u32::from(operation.cause.counts());
        chat.archived_lately |= operation.kind == Kind::ArchiveChat;
    }

    fn chat(&mut self, key: &str) -> &mut KnownChat {
        self.known.chats.get_mut(key).unwrap()
    }

    fn carry_out_one(&mut self, operation: &Operation) {
        let account = &operation.account;
        if operation.kind == Kind::CreateChat {
            let mut chat = made_from(&self.desired.chats[&operation.chat], self.platform);
            chat.present.insert(OWN.to_owned(), Present::seen(true, true));
            self.known.chats.insert(operation.chat.clone(), chat);
            return;
        }
        let wish = self.desired.chats.get(&operation.chat);
        let described = wish.and_then(|wish| wish.description.clone());
        let rights = self.desired.admin_permissions.clone();
        let dialogs = self.known.dialogs.clone();
        let chat = self.chat(&operation.chat);
        // What is done no longer waits.
        chat.waiting.remove(&Attempt { operation: operation.kind, account: account.clone() });
        match operation.kind {
            Kind::AddMember => {
                let mut present = Present::seen(false, false);
                present.people.clone_from(&operation.people);
                chat.present.insert(account.clone(), present);
            }
            Kind::RemoveMember => drop(chat.present.remove(account)),
            Kind::GrantAdmin | Kind::RevokeAdmin => {
                let present = chat.present.get_mut(account).unwrap();
                present.admin = operation.kind == Kind::GrantAdmin;
                present.meant_admin = present.admin;
                present.rights = if present.admin { rights } else { BTreeSet::new() };
            }
            Kind::InviteMember => {
                let open = dialogs.get(&(chat.platform, account.clone())) == Some(&true);
                let delivered = Some(open);
                let invitation = Invitation { at: now(), link: chat.link_digest(), delivered };
                for person in &operation.people {
                    let member = chat.people.entry(person.clone()).or_default();
                    member.account = Some(account.clone());
                    member.state = MemberState::Invited;
                    member.invitation = Some(invitation.clone());
                }
            }
            Kind::RenameChat => {
                chat.title = operation.title.clone().unwrap();
                chat.description = described.or(chat.description.take());
            }
            Kind::RotateLink => {
                chat.link = Some("https://example.org/join/replaced".to_owned());
                chat.leaked = None;
            }
            Kind::ArchiveChat => chat.state = ChatState::Archived,
            Kind::RestoreChat => chat.state = ChatState::Active,
            other => panic!("nobody plans {other:?}"),
        }
    }
}

fn mean(desired: &DesiredChat, known: &mut KnownChat) {
    for (account, people) in wanted(desired) {
        if let Some(present) = known.present.get_mut(&account) {
            let admin = people.iter().any(|person| desired.members[person].admin);
            // A right that the roster gave stays one until it is taken, also while that is held.
            present.meant_admin = admin || (present.meant_admin && present.admin);
            present.people = people;
            present.gone_since = None;
        }
    }
}

/// The accounts that a chat should hold, with the people behind each.
pub(crate) fn wanted(desired: &DesiredChat) -> BTreeMap<String, Vec<String>> {
    let mut wanted: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (person, member) in &desired.members {
        if let Some((_, account)) = member.accounts.first() {
            wanted.entry(account.clone()).or_default().push(person.clone());
        }
    }
    wanted
}

pub(crate) fn now() -> Timestamp {
    "2026-09-10T08:00:00Z".parse().unwrap()
}

fn hours(hours: i64) -> Timestamp {
    now().saturating_add(jiff::SignedDuration::from_hours(hours)).unwrap()
}

pub(crate) fn world() -> impl Strategy<Value = World> {
    let accounts = vec(vec(0..ACCOUNTS - 1, 0..3), PEOPLE);
    let chats = vec((weighted(0.85, wish()), weighted(0.85, fact())), KEYS.len());
    let messenger = (select(PLATFORMS.to_vec()), able(), dialogs(), admin_permissions());
    (accounts, chats, hindrances(), policy(), messenger).prop_map(
        |(accounts, chats, (frozen, lacking), policy, messenger)| {
            let (platform, able, dialogs, admin_permissions) = messenger;
            let mut desired = Desired { admin_permissions, ..Desired::default() };
            let mut known = Known { dialogs, ..Known::default() };
            for (key, (wish, fact)) in KEYS.into_iter().zip(chats) {
                let wish = wish.map(|wish| desired_chat(key, wish, &accounts));
                let fact = fact.map(|fact| known_chat(key, fact, &accounts));
                desired.chats.extend(wish.map(|chat| (key.to_owned(), chat)));
                known.chats.extend(fact.map(|chat| (key.to_owned(), chat)));
            }
            World {
                desired,
                known,
                frozen,
                lacking,
                policy,
                platform,
                able,
                scope: Scope::default(),
                organizations: ["s1".to_owned()].into(),
            }
        },
    )
}

fn dialogs() -> impl Strategy<Value = BTreeMap<(platform::Kind, String), bool>> {
    let dialog = (select(PLATFORMS.to_vec()), (0..ACCOUNTS).prop_map(account), any::<bool>());
    let told = |(kind, account, open)| ((kind, account), open);
    vec(dialog, 0..8).prop_map(move |dialogs| dialogs.into_iter().map(told).collect())
}

fn admin_permissions() -> impl Strategy<Value = BTreeSet<String>> {
    btree_set(select(vec!["write".to_owned(), "pin_message".to_owned()]), 0..3)
}

/// Existence, title, whether described, and of each person whether in and whether admin.
type Wish = (Existence, bool, bool, Vec<(bool, bool)>);

fn wish() -> impl Strategy<Value = Wish> {
    let existence = prop_oneof![
        6 => Just(Existence::Wanted),
        1 => Just(Existence::NotYet),
        1 => Just(Existence::Archived),
    ];
    (existence, any::<bool>(), weighted_bool(0.2), vec((any::<bool>(), weighted_bool(0.2)), PEOPLE))
}

fn weighted_bool(share: f64) -> impl Strategy<Value = bool> {
    weighted(share, Just(())).prop_map(|some| some.is_some())
}

/// Where a person stood; the invitation: its hour, whether by the present link, whether delivered; and
/// whether the person was removed before.
type Row = (MemberState, Option<(i64, bool, Option<bool>)>, bool);

#[derive(Debug, Clone)]
struct Fact {
    state: ChatState,
    other_title: bool,
    present: Vec<Option<(Present, usize)>>,
    people: Vec<Option<Row>>,
    messenger: (platform::Kind, bool, bool, Option<OwnRights>),
    waiting: Vec<(Kind, usize, i64, bool)>,
    lately: (u32, bool),
}

fn fact() -> impl Strategy<Value = Fact> {
    let state = prop_oneof![
        12 => Just(ChatState::Active),
        2 => Just(ChatState::Archived),
        1 => select(vec![ChatState::Planned, ChatState::Gone, ChatState::Deleted]),
    ];
    let states =
        [MemberState::Joined, MemberState::Left, MemberState::Invited, MemberState::Expired];
    let invitation = weighted(0.7, (-400..0_i64, weighted_bool(0.8), any::<Option<bool>>()));
    let person = (select(states.to_vec()), invitation, weighted_bool(0.2));
    // The platform, whether there is a link, and whether it leaked.
    let messenger = (
        select(PLATFORMS.to_vec()),
        weighted_bool(0.9),
        weighted_bool(0.1),
        weighted(0.6, own_rights()),
    );
    let kinds = [Kind::AddMember, Kind::InviteMember, Kind::RemoveMember, Kind::GrantAdmin];
    let waiting = (select(kinds.to_vec()), 0..ACCOUNTS, -3..3_i64, any::<bool>());
    (
        state,
        any::<bool>(),
        vec(of((present(), 0..PEOPLE)), ACCOUNTS),
        vec(of(person), PEOPLE),
        vec(waiting, 0..4),
        (0..4_u32, weighted_bool(0.2)),
        messenger,
    )
        .prop_map(|(state, other_title, present, people, waiting, lately, messenger)| Fact {
            state,
            other_title,
            present,
            people,
            messenger,
            waiting,
            lately,
        })
}

fn own_rights() -> impl Strategy<Value = OwnRights> {
    let rights: Vec<String> = RIGHTS.map(str::to_owned).into();
    let rights = btree_set(select(rights), 0..=RIGHTS.len());
    (weighted_bool(0.85), weighted_bool(0.85), rights).prop_map(|(inside, admin, rights)| {
        let admin = inside && admin;
        OwnRights { inside, admin, rights: if admin { rights } else { BTreeSet::new() } }
    })
}

fn present() -> impl Strategy<Value = Present> {
    let gone = of(-48..0_i64);
    let bits = (weighted_bool(0.3), weighted_bool(0.1), any::<bool>(), any::<bool>());
    (bits, weighted_bool(0.3), weighted_bool(0.3), admin_permissions(), gone).prop_map(
        |((admin, protected, meant, stranger), adopted, owner, rights, gone)| Present {
            admin,
            protected,
            owner: owner && protected,
            rights: if admin { rights } else { BTreeSet::new() },
            adopted,
            people: if stranger { Vec::new() } else { vec![String::new()] },
            meant_admin: admin && meant,
            gone_since: gone.map(hours),
        },
    )
}

fn hindrances() -> impl Strategy<Value = (Frozen, Lacking)> {
    let ids = |ids: &[&str], most| {
        let ids: Vec<String> = ids.iter().map(|id| (*id).to_owned()).collect();
        btree_set(select(ids), 0..=most)
    };
    let people: Vec<String> = (0..PEOPLE).map(|person| format!("p{person}")).collect();
    let frozen = (ids(&["s1"], 1), ids(&["k1", "k2", "j1"], 1), btree_set(select(people), 0..3))
        .prop_map(|(orgs, classes, people)| Frozen { orgs, classes, people });
    let table = weighted(0.2, (select(vec![Table::Users, Table::Lessons]), -96..0_i64));
    let class = weighted(0.2, (select(vec!["k1", "k2", "j1"]), -96..0_i64));
    let lacking = (table, class).prop_map(|(table, class)| Lacking {
        tables: table.into_iter().map(|(table, since)| (table, hours(since))).collect(),
        orgs: BTreeMap::new(),
        classes: class.into_iter().map(|(id, since)| (id.to_owned(), hours(since))).collect(),
    });
    (frozen, lacking)
}

fn policy() -> impl Strategy<Value = Policy> {
    let shares = || select(vec![0.0, 0.2, 0.5, 1.0]);
    let guard = (0..6_u32, shares(), shares(), 0..4_u32);
    let protect = btree_set((0..ACCOUNTS).prop_map(account), 0..3);
    let strangers = select(vec![Strangers::Remove, Strangers::Report, Strangers::Keep]);
    let leavers = select(vec![Leavers::Invite, Leavers::Respect]);
    (guard, select(vec![0, 24]), any::<bool>(), protect, strangers, leavers).prop_map(
        |((minimum, chat_share, total_share, chats), grace, keeps, protect, strangers, leavers)| {
            Policy {
                guard: Guard { minimum, chat_share, total_share, chats, dangling_share: 0.02 },
                grace: Duration::from_secs(grace * 3600),
                missing_after: Duration::from_secs(72 * 3600),
                archive_keeps_members: keeps,
                protect,
                strangers,
                leavers,
                invitations_expire: Duration::from_secs(336 * 3600),
                moving: None,
            }
        },
    )
}

fn able() -> impl Strategy<Value = BTreeSet<Capability>> {
    let lacks = btree_set(select(Capability::ALL.to_vec()), 0..3);
    lacks.prop_map(|lacks| Capability::ALL.into_iter().filter(|one| !lacks.contains(one)).collect())
}

fn account(number: usize) -> String {
    format!("a{number}")
}

fn title(other: bool) -> String {
    if other { "other" } else { "title" }.to_owned()
}

fn desired_chat(
    key: &str,
    (existence, other, described, people): Wish,
    accounts: &[Vec<usize>],
) -> DesiredChat {
    let (kind, id) = key.split_once(':').unwrap();
    let class = (kind != "teachers").then(|| id.to_owned());
    let mut depends_on: BTreeSet<String> = class.iter().cloned().collect();
    if kind == "subject" {
        depends_on.insert("k1".to_owned());
    }
    let inside = people.into_iter().enumerate().filter(|(_, (inside, _))| *inside);
    let members = inside.map(|(person, (_, admin))| {
        let accounts = accounts[person]
            .iter()
            .flat_map(|one| PLATFORMS.map(|platform| (platform.name().to_owned(), account(*one))));
        let member = DesiredMember {
            role: "student".to_owned(),
            admin,
            reasons: Vec::new(),
            admin_reasons: Vec::new(),
            accounts: accounts.collect(),
        };
        (format!("p{person}"), member)
    });
    DesiredChat {
        key: key.to_owned(),
        kind: kind.to_owned(),
        chat_type: kind.to_uppercase(),
        organization: "s1".to_owned(),
        class,
        subject: None,
        whole_class: None,
        title: title(other),
        description: described.then(|| "what it is for".to_owned()),
        locked: true,
        existence,
        members: members.collect(),
        depends_on,
    }
}

fn known_chat(key: &str, fact: Fact, accounts: &[Vec<usize>]) -> KnownChat {
    let (platform, linked, leaked, own) = fact.messenger;
    let wish = (Existence::Wanted, false, false, Vec::new());
    let made = made_from(&desired_chat(key, wish, accounts), platform);
    let present = fact.present.into_iter().enumerate().filter_map(|(number, one)| {
        let (mut present, person) = one?;
        present.people.iter_mut().for_each(|name| *name = format!("p{person}"));
        Some((account(number), present))
    });
    if fact.state == ChatState::Planned {
        return KnownChat { state: fact.state, platform_id: None, link: None, ..made };
    }
    let digest = made.link_digest();
    let people = fact.people.into_iter().enumerate().filter_map(|(person, one)| {
        let (state, invitation, removed_before) = one?;
        // Who came needs no way in any more.
        let invitation = invitation.filter(|_| state != MemberState::Joined);
        let invitation = invitation.map(|(at, good, delivered)| {
            let link = if good { digest.clone() } else { "another".to_owned() };
            Invitation { at: hours(at), link, delivered }
        });
        let account = accounts[person].first().map(|one| account(*one));
        Some((format!("p{person}"), KnownMember { account, state, invitation, removed_before }))
    });
    let people = people.collect();
    KnownChat {
        title: title(fact.other_title),
        state: fact.state,
        link: made.link.clone().filter(|_| linked),
        own,
        leaked: leaked.then(|| hours(-1)),
        present: present.collect(),
        people,
        waiting: fact.waiting.into_iter().map(waiting).collect(),
        removed_lately: fact.lately.0,
        archived_lately: fact.lately.1 && fact.state == ChatState::Archived,
        ..made
    }
}

fn waiting((operation, number, due, refused): (Kind, usize, i64, bool)) -> (Attempt, Waiting) {
    let waiting = Waiting {
        code: "vk.1".to_owned(),
        message: Text::new("нельзя", "not allowed"),
        tries: 1,
        next_try: hours(due),
        refused,
        people: Vec::new(),
    };
    (Attempt { operation, account: account(number) }, waiting)
}

/// A chat just made, empty.
fn made_from(desired: &DesiredChat, platform: platform::Kind) -> KnownChat {
    KnownChat {
        platform_id: Some("1".to_owned()),
        link: Some("https://example.org/join/1".to_owned()),
        state: ChatState::Active,
        description: desired.description.clone(),
        ..KnownChat::planned(desired, platform)
    }
}
