//! The planner and the guard. Each file of `tests/plan` is a case with a sentence for a name: what
//! should be, what is known, and the plan that must come of it. `plan/compact.rs` has the words.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::Value;
use zvonok::clock;
use zvonok::config::{Guard, Leavers, Old, Strangers};
use zvonok::plan::{
    Accounts, Cause, HeldRow, Hold, Input, KnownHold, Lacking, Moving, Operation, Plan, Policy,
    Scope, Side, TaskKind, WantedTask, add_former, approves, plan,
};
use zvonok::platform::{self, Capability};
use zvonok::profile::{self, Desired};
use zvonok::roster::{Frozen, Table};

#[path = "plan/compact.rs"]
mod compact;

use compact::{Chats, Fact, Wish, moment};

/// What a plan is made from. Absent: nothing, or the configuration's default. `cannot` is about the
/// platform, `previous_cannot` about the previous one; `dialogs` lists who has a dialog,
/// `allowed` what a person let go and could not be done yet: `remove_member class:1a 101`, `ordered`
/// what a person, b1, ordered otherwise than the profile says: `out class:1a p1`. `leavers` is the
/// profile's word on kinds of chats, `carried` and `continues` what the new year left.
#[derive(Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Given {
    now: String,
    policy: PolicyWords,
    platform: platform::Kind,
    previous: Option<platform::Kind>,
    cannot: BTreeSet<Capability>,
    previous_cannot: BTreeSet<Capability>,
    admin_permissions: BTreeSet<String>,
    leavers: BTreeMap<String, profile::Leavers>,
    carried: BTreeSet<String>,
    continues: BTreeMap<String, String>,
    dialogs: BTreeSet<String>,
    allowed: Vec<String>,
    ordered: Vec<String>,
    desired: Chats<Wish>,
    known: Chats<Fact>,
    unlinked: BTreeSet<String>,
    named: BTreeSet<String>,
    frozen: FrozenLists,
    lacking: LackingLists,
    scope: ScopeLists,
    organizations: BTreeSet<String>,
}

impl Default for Given {
    fn default() -> Given {
        Given {
            now: "2026-09-10T08:00:00Z".to_owned(),
            policy: PolicyWords::default(),
            platform: platform::Kind::Vk,
            previous: None,
            cannot: BTreeSet::new(),
            previous_cannot: BTreeSet::new(),
            admin_permissions: BTreeSet::new(),
            leavers: BTreeMap::new(),
            carried: BTreeSet::new(),
            continues: BTreeMap::new(),
            dialogs: BTreeSet::new(),
            allowed: Vec::new(),
            ordered: Vec::new(),
            desired: Chats::new(),
            known: Chats::new(),
            unlinked: BTreeSet::new(),
            named: BTreeSet::new(),
            frozen: FrozenLists::default(),
            lacking: LackingLists::default(),
            scope: ScopeLists::default(),
            organizations: ["s1".to_owned()].into(),
        }
    }
}

#[derive(Deserialize)]
#[serde(default, deny_unknown_fields)]
struct PolicyWords {
    minimum: u32,
    chat_share: f64,
    total_share: f64,
    chats: u32,
    grace: String,
    missing_after: String,
    archive: String,
    protect: BTreeSet<String>,
    strangers: String,
    leavers: String,
    invitations_expire: String,
    moving: Option<MovingWords>,
}

/// The `move` of a configuration; `on` is a moment here.
#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct MovingWords {
    quiet: bool,
    old: String,
    share: Option<f64>,
    on: Option<String>,
}

impl Default for PolicyWords {
    fn default() -> PolicyWords {
        PolicyWords {
            minimum: 5,
            chat_share: 0.5,
            total_share: 0.2,
            chats: 3,
            grace: "0s".to_owned(),
            missing_after: "72h".to_owned(),
            archive: "keep".to_owned(),
            protect: BTreeSet::new(),
            strangers: "remove".to_owned(),
            leavers: "invite".to_owned(),
            invitations_expire: "336h".to_owned(),
            moving: None,
        }
    }
}

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct FrozenLists {
    orgs: BTreeSet<String>,
    classes: BTreeSet<String>,
    people: BTreeSet<String>,
}

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct LackingLists {
    tables: BTreeMap<String, String>,
    orgs: BTreeMap<String, String>,
    classes: BTreeMap<String, String>,
}

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct ScopeLists {
    kinds: BTreeSet<String>,
    chats: BTreeSet<String>,
}

/// What must come of it. An operation is `remove_member class:1a 101 (p1) left_roster`; a tally is
/// the number of operations of each kind, for the many. A task is `let_in class:1a 101 (p1)`. What is
/// not given must be empty. `hold` compares with the hold of `earlier`: `same` or `other`.
#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Expected {
    operations: Vec<String>,
    tally: Option<BTreeMap<String, u32>>,
    held: Vec<String>,
    held_tally: Option<BTreeMap<String, u32>>,
    rows: Vec<String>,
    tasks: Vec<String>,
    warnings: Vec<String>,
    next_due: Option<String>,
    leaving: Vec<String>,
    waiting: Vec<String>,
    approved: bool,
    hold: Option<String>,
}

#[test]
fn every_case_comes_out_as_it_says() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/plan");
    let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut cases: Vec<PathBuf> =
        files.filter(|path| path.extension().is_some_and(|ext| ext == "json")).collect();
    cases.sort();
    let mut failed = Vec::new();
    for path in &cases {
        let case: Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
        if let Err(why) = std::panic::catch_unwind(|| check(case)) {
            let why = why.downcast_ref::<String>().cloned().unwrap_or_default();
            failed.push(format!("{}: {why}", path.file_stem().unwrap().display()));
        }
    }
    assert!(cases.len() > 220, "the cases were not found");
    assert!(failed.is_empty(), "{} failed\n{}", failed.len(), failed.join("\n"));
}

/// A case is what is given, with `expect`; with `earlier` (what was different) a plan is made of
/// that first, and its hold is remembered; `approve` says that a person has approved that hold.
fn check(mut case: Value) {
    let fields = case.as_object_mut().unwrap();
    let expected: Expected = serde_json::from_value(fields.remove("expect").unwrap()).unwrap();
    let earlier = fields.remove("earlier");
    let approve = fields.remove("approve").is_some();
    let before = earlier.map(|changes| {
        let mut given = case.clone();
        given.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
        let plan = made(&serde_json::from_value(given).unwrap(), None, None);
        plan.hold.unwrap_or_else(|| panic!("nothing was held earlier"))
    });
    let given: Given = serde_json::from_value(case).unwrap();
    let approved = before.as_ref().filter(|_| approve).map(|hold| hold.fingerprint.as_str());
    let plan = made(&given, before.as_ref(), approved);
    compare(&expected, &plan);
    assert_eq!(hold_word(before.as_ref(), &plan), expected.hold, "hold");
    if let Some(hold) = &before {
        accepts_only_the_open_hold(hold, moment(&given.now));
    }
}

fn hold_word(before: Option<&Hold>, plan: &Plan) -> Option<String> {
    let (before, hold) = (before?, plan.hold.as_ref()?);
    let same = before.fingerprint == hold.fingerprint;
    Some(if same { "same" } else { "other" }.to_owned())
}

/// A request to approve is judged by the remembered hold alone.
fn accepts_only_the_open_hold(hold: &Hold, now: Timestamp) {
    let known = remembered(hold);
    assert_eq!(approves(&known, &hold.fingerprint, now), now < hold.expires);
    assert!(!approves(&known, "0123456789abcdef0123456789abcdef", hold.since));
}

fn remembered(hold: &Hold) -> KnownHold {
    hold.to_known()
}

fn made(given: &Given, before: Option<&Hold>, approved: Option<&str>) -> Plan {
    let mut desired = compact::desired(&given.desired, given.platform);
    given.ordered.iter().for_each(|line| compact::order(line, &mut desired.ordered));
    desired.admin_permissions.clone_from(&given.admin_permissions);
    let said = given.leavers.iter().map(|(kind, word)| (kind.clone(), Some(*word)));
    desired.leavers.kinds = said.collect();
    desired.carried.clone_from(&given.carried);
    desired.continues.clone_from(&given.continues);
    let mut known = compact::known(&given.known, given.platform, before.map(remembered));
    let dialogs = given.dialogs.iter().map(|account| ((given.platform, account.clone()), true));
    known.dialogs = dialogs.collect();
    let both: Vec<_> = given.previous.into_iter().chain([given.platform]).collect();
    let asked = given.unlinked.iter().map(|person| (person.clone(), None));
    desired.by_request = both.iter().map(|kind| (*kind, asked.clone().collect())).collect();
    let accounts = accounts(given, &both, &desired);
    add_former(&mut desired, &known, &both, &accounts);
    known.allowed = given.allowed.iter().map(|line| compact::allowed(line)).collect();
    plan(&Input {
        desired: &desired,
        known: &known,
        frozen: &Frozen {
            orgs: given.frozen.orgs.clone(),
            classes: given.frozen.classes.clone(),
            people: given.frozen.people.clone(),
        },
        lacking: &lacking(&given.lacking),
        policy: &policy(&given.policy),
        scope: &Scope { kinds: given.scope.kinds.clone(), chats: given.scope.chats.clone() },
        sides: &sides(given),
        platform: given.platform,
        organizations: &given.organizations,
        now: moment(&given.now),
        approved,
    })
}

/// Every account of a member stands for somebody, and so do those that the case names.
fn accounts(given: &Given, platforms: &[platform::Kind], desired: &Desired) -> Accounts {
    let mut accounts = Accounts::default();
    let members = || desired.chats.values().flat_map(|chat| chat.members.values());
    for kind in platforms {
        accounts.unlinked.insert(*kind, given.unlinked.clone());
        let all = members().flat_map(|member| &member.accounts);
        let named = all.filter(|(platform, _)| platform == kind.name()).map(|(_, one)| one.clone());
        accounts.named.insert(*kind, named.chain(given.named.iter().cloned()).collect());
    }
    accounts
}

/// The own account is 900, on the previous platform 901.
fn sides(given: &Given) -> BTreeMap<platform::Kind, Side> {
    let side = |cannot: &BTreeSet<Capability>, own: &str| {
        let able = Capability::ALL.into_iter().filter(|one| !cannot.contains(one)).collect();
        Side { able, own_account: own.to_owned() }
    };
    let previous = given.previous.map(|kind| (kind, side(&given.previous_cannot, "901")));
    previous.into_iter().chain([(given.platform, side(&given.cannot, "900"))]).collect()
}

fn lacking(lists: &LackingLists) -> Lacking {
    let times = |list: &BTreeMap<String, String>| {
        list.iter().map(|(id, since)| (id.clone(), moment(since))).collect()
    };
    let table = |name: &str| Table::ALL.into_iter().find(|table| table.name() == name).unwrap();
    Lacking {
        tables: lists.tables.iter().map(|(name, since)| (table(name), moment(since))).collect(),
        orgs: times(&lists.orgs),
        classes: times(&lists.classes),
    }
}

fn policy(words: &PolicyWords) -> Policy {
    Policy {
        guard: Guard {
            minimum: words.minimum,
            chat_share: words.chat_share,
            total_share: words.total_share,
            chats: words.chats,
            dangling_share: 0.02,
        },
        grace: clock::duration(&words.grace).unwrap(),
        missing_after: clock::duration(&words.missing_after).unwrap(),
        archive_keeps_members: words.archive == "keep",
        protect: words.protect.clone(),
        strangers: match &*words.strangers {
            "remove" => Strangers::Remove,
            "report" => Strangers::Report,
            "keep" => Strangers::Keep,
            other => panic!("strangers: {other}"),
        },
        leavers: match &*words.leavers {
            "invite" => Leavers::Invite,
            "respect" => Leavers::Respect,
            other => panic!("leavers: {other}"),
        },
        invitations_expire: clock::duration(&words.invitations_expire).unwrap(),
        moving: words.moving.as_ref().map(moving),
    }
}

fn moving(words: &MovingWords) -> Moving {
    let old = match &*words.old {
        "" | "keep" => Old::Keep,
        "freeze" => Old::Freeze,
        "empty" => Old::Empty,
        other => panic!("old: {other}"),
    };
    let on = words.on.as_deref().map(moment);
    Moving { notice: !words.quiet, old, share: words.share, on }
}

fn compare(expected: &Expected, plan: &Plan) {
    match &expected.tally {
        Some(tally) => assert_eq!(&count(&plan.operations), tally, "operations"),
        None => assert_eq!(lines(&plan.operations), expected.operations, "operations"),
    }
    match &expected.held_tally {
        Some(tally) => assert_eq!(&count(&plan.held), tally, "held"),
        None => assert_eq!(lines(&plan.held), expected.held, "held"),
    }
    assert_eq!(plan.held_rows.iter().map(row).collect::<Vec<_>>(), expected.rows, "rows");
    assert_eq!(plan.tasks.iter().map(task).collect::<Vec<_>>(), expected.tasks, "tasks");
    let warnings: Vec<&str> = plan.warnings.iter().map(|warning| &*warning.code).collect();
    assert_eq!(warnings, expected.warnings, "warnings");
    assert_eq!(plan.next_due, expected.next_due.as_deref().map(moment), "next_due");
    let leaving = plan.leaving.iter().map(|(chat, account, at)| format!("{chat} {account} {at}"));
    assert_eq!(leaving.collect::<Vec<_>>(), expected.leaving, "leaving");
    let waiting = plan.waiting.iter().map(|(chat, attempt)| {
        format!("{} {chat} {}", attempt.operation.name(), attempt.account).trim_end().to_owned()
    });
    assert_eq!(waiting.collect::<Vec<_>>(), expected.waiting, "waiting");
    assert_eq!(plan.approved, expected.approved, "approved");
}

fn count(operations: &[Operation]) -> BTreeMap<String, u32> {
    let mut tally = BTreeMap::new();
    for operation in operations {
        *tally.entry(operation.kind.name().to_owned()).or_default() += 1;
    }
    tally
}

fn lines(operations: &[Operation]) -> Vec<String> {
    operations.iter().map(line).collect()
}

fn line(operation: &Operation) -> String {
    let mut words = vec![operation.kind.name().to_owned(), operation.chat.clone()];
    if !operation.account.is_empty() {
        words.push(format!("{} ({})", operation.account, operation.people.join("+")));
    }
    words.extend(operation.title.as_ref().map(|title| format!("«{title}»")));
    words.push(cause(&operation.cause));
    words.join(" ")
}

/// `Belongs` by its own words, every other cause by its name.
fn cause(cause: &Cause) -> String {
    let name = match cause {
        Cause::Belongs(words) => words,
        Cause::Wanted(kind) => kind,
        Cause::Misplaced => "misplaced",
        Cause::LeftRoster => "left_roster",
        Cause::AccountChanged => "account_changed",
        Cause::AskedToLeave => "asked_to_leave",
        Cause::Stranger => "stranger",
        Cause::RoleLost => "role_lost",
        Cause::RoleUnknown => "role_unknown",
        Cause::Emptied => "emptied",
        Cause::NotWanted => "not_wanted",
        Cause::MissingTooLong => "missing_too_long",
        Cause::WantedAgain => "wanted_again",
        Cause::TitleChanged => "title_changed",
        Cause::Continues(before, now) => return format!("continues {before} {now}"),
        Cause::Adopted => "adopted",
        Cause::Leaked => "leaked",
        Cause::Moved => "moved",
        Cause::Ordered(by) => return format!("ordered by {by}"),
        Cause::Lesson(_) => "lesson",
    };
    name.to_owned()
}

/// `let_in class:1a 101 (p1)`, `give_rights class:1a add_admins,pin_message`
fn task(task: &WantedTask) -> String {
    let mut words = vec![task.kind.name().to_owned(), task.chat.clone()];
    if !task.account.is_empty() {
        words.push(format!("{} ({})", task.account, task.details.people.join("+")));
    }
    if task.kind == TaskKind::GiveRights {
        words.push(task.details.rights.join(","));
    }
    assert_eq!(task.account.is_empty(), task.details.people.is_empty(), "{task:?}");
    assert!(task.details.doubtful.is_empty() && !task.title.is_empty(), "{task:?}");
    words.join(" ")
}

/// `guard.chat_share class:1a remove_member=6 lately=1 of=10 limit=0.5`, with `who=101,102` where the
/// row names accounts.
fn row(row: &HeldRow) -> String {
    let mut words = vec![row.rule.to_owned()];
    words.extend(row.chat.clone());
    words.extend(row.counts.iter().map(|(name, count)| format!("{name}={count}")));
    words.extend((row.lately > 0).then(|| format!("lately={}", row.lately)));
    words.push(format!("of={} limit={}", row.of, row.limit));
    words.extend((!row.who.is_empty()).then(|| format!("who={}", row.who.join(","))));
    words.join(" ")
}
