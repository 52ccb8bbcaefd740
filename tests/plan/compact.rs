//! The compact words in which the cases of the planner are written, and the types behind them.
//!
//! A desired member is `p1 101 admin`: the person, the accounts in the roster's order (`101,102`,
//! or `vk:7` for another platform than the case's; none where unlinked), and `admin`. An account in a
//! chat is `101 p1+p2 admin`: the account, the people whom the roster last meant by it (`?` for a
//! stranger), then any of `admin` (by the roster), `handmade` (admin by hand), `rights=a,b`,
//! `protected`, `owner` (protected too), `adopted`, `gone=<time>`. In both, `1..20` stands for the
//! people p1 to p20 with the accounts 1 to 20.
//!
//! A chat whose key has an `@` was left behind on the previous platform.
//!
//! A person of the last cycle is `p1 101 invited`, then any of `at=<time>` (the way in was given
//! then, by the present link, or with `old_link` by another; `delivered`: in a message,
//! `unconfirmed`: in a message that may not have arrived) and `removed` (was once taken out). What
//! waits is `add_member 101 <time>`, followed by `refused` where the platform will not do it.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde::Deserialize;
use zvonok::error::Text;
use zvonok::plan::{
    Allowed, Attempt, ChatState, Invitation, Kind, Known, KnownChat, KnownHold, KnownMember,
    MemberState, Notice, Present, Waiting,
};
use zvonok::platform::{self, OwnRights};
use zvonok::profile::{Desired, DesiredChat, DesiredMember, Existence, Ordered, Reason};

/// The invite link of every made chat that is given no other.
const LINK: &str = "https://example.org/join/present";
/// Stands for the digest of any other link.
const OTHER_DIGEST: &str = "other";

pub(crate) type Chats<T> = BTreeMap<String, T>;

#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Wish {
    title: Option<String>,
    description: Option<String>,
    existence: Option<Existence>,
    #[serde(default)]
    members: Vec<String>,
    depends_on: Option<BTreeSet<String>>,
}

#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Fact {
    title: Option<String>,
    description: Option<String>,
    state: Option<ChatState>,
    organization: Option<String>,
    platform: Option<platform::Kind>,
    #[serde(default)]
    present: Vec<String>,
    #[serde(default)]
    people: Vec<String>,
    #[serde(default)]
    waiting: Vec<String>,
    #[serde(default)]
    removed_lately: u32,
    #[serde(default)]
    archived_lately: bool,
    depends_on: Option<BTreeSet<String>>,
    /// Absent: a link; `null`: none.
    #[serde(default = "some_link")]
    link: Option<String>,
    own: Option<OwnRights>,
    leaked: Option<String>,
    #[serde(default)]
    sealed: bool,
    #[serde(default)]
    emptying: bool,
    /// Which link the chat was told: the `present` one, or an `old` one.
    noticed: Option<String>,
}

fn some_link() -> Option<String> {
    Some(LINK.to_owned())
}

pub(crate) fn desired(chats: &Chats<Wish>, platform: platform::Kind) -> Desired {
    let chats = chats.iter().map(|(key, wish)| (key.clone(), desired_chat(key, wish, platform)));
    Desired { chats: chats.collect(), ..Desired::default() }
}

pub(crate) fn known(
    chats: &Chats<Fact>,
    platform: platform::Kind,
    hold: Option<KnownHold>,
) -> Known {
    let chats = chats.iter().map(|(key, fact)| (key.clone(), known_chat(key, fact, platform)));
    Known { chats: chats.collect(), hold, ..Known::default() }
}

pub(crate) fn moment(text: &str) -> Timestamp {
    text.parse().unwrap_or_else(|_| panic!("{text:?} is no time"))
}

/// The kind, and the class where the chat belongs to one.
fn parts(key: &str) -> (String, Option<String>) {
    let (kind, id) = key.split_once(':').unwrap_or_else(|| panic!("{key:?} is no key"));
    (kind.to_owned(), (kind != "teachers").then(|| id.to_owned()))
}

fn desired_chat(key: &str, wish: &Wish, platform: platform::Kind) -> DesiredChat {
    let (kind, class) = parts(key);
    let depends_on = wish.depends_on.clone();
    DesiredChat {
        key: key.to_owned(),
        chat_type: kind.to_uppercase(),
        kind,
        organization: "s1".to_owned(),
        subject: None,
        whole_class: None,
        title: wish.title.clone().unwrap_or_else(|| "T".to_owned()),
        description: wish.description.clone(),
        locked: true,
        existence: wish.existence.unwrap_or(Existence::Wanted),
        members: wish.members.iter().flat_map(|line| members(line, platform)).collect(),
        depends_on: depends_on.unwrap_or_else(|| class.iter().cloned().collect()),
        class,
    }
}

/// `1..20` as lines of one person each, made by `line`; any other line as it is.
fn spread(text: &str, line: impl Fn(u32) -> String) -> Vec<String> {
    let Some((first, last)) = text.split_once("..") else { return vec![text.to_owned()] };
    let (first, last): (u32, u32) = (first.parse().unwrap(), last.parse().unwrap());
    (first..=last).map(line).collect()
}

fn members(text: &str, platform: platform::Kind) -> Vec<(String, DesiredMember)> {
    let lines = spread(text, |number| format!("p{number} {number}"));
    lines.iter().map(|line| member(line, platform)).collect()
}

fn member(line: &str, platform: platform::Kind) -> (String, DesiredMember) {
    let mut words = line.split(' ');
    let person = words.next().unwrap().to_owned();
    let mut member = DesiredMember {
        role: "student".to_owned(),
        admin: false,
        reasons: vec![reason("student", &person)],
        admin_reasons: Vec::new(),
        accounts: Vec::new(),
    };
    for word in words {
        if word == "admin" {
            member.admin = true;
            member.admin_reasons = vec![reason("head", &person)];
        } else {
            member.accounts = word.split(',').map(|one| account(one, platform)).collect();
        }
    }
    (person, member)
}

fn reason(because: &str, person: &str) -> Reason {
    Reason { rule: "rule".to_owned(), because: because.to_owned(), row: person.to_owned() }
}

fn account(text: &str, platform: platform::Kind) -> (String, String) {
    let (platform, account) = text.split_once(':').unwrap_or((platform.name(), text));
    (platform.to_owned(), account.to_owned())
}

fn known_chat(key: &str, fact: &Fact, platform: platform::Kind) -> KnownChat {
    let (kind, class) = parts(key);
    let state = fact.state.unwrap_or(ChatState::Active);
    let made = !matches!(state, ChatState::Planned | ChatState::Task);
    let depends_on = fact.depends_on.clone();
    let mut chat = KnownChat {
        key: key.to_owned(),
        chat_type: kind.to_uppercase(),
        kind,
        organization: fact.organization.clone().unwrap_or_else(|| "s1".to_owned()),
        subject: None,
        depends_on: depends_on.unwrap_or_else(|| class.iter().cloned().collect()),
        class,
        title: fact.title.clone().unwrap_or_else(|| "T".to_owned()),
        description: fact.description.clone(),
        locked: true,
        platform: fact.platform.unwrap_or(platform),
        platform_id: made.then(|| "2000000001".to_owned()),
        link: fact.link.clone().filter(|_| made),
        state,
        present: fact.present.iter().flat_map(|line| presents(line)).collect(),
        invitations: BTreeMap::new(),
        people: BTreeMap::new(),
        waiting: fact.waiting.iter().map(|line| waiting(line)).collect(),
        removed_lately: fact.removed_lately,
        archived_lately: fact.archived_lately,
        verified: None,
        due: None,
        adopting: false,
        own: fact.own.clone(),
        leaked: fact.leaked.as_deref().map(moment),
        former: key.contains('@'),
        sealed: fact.sealed,
        emptying: fact.emptying,
        notice: None,
        digest: String::new(),
    };
    let link = chat.link_digest();
    chat.notice = fact.noticed.as_deref().map(|word| noticed(word, &link));
    chat.people = fact.people.iter().map(|line| known_member(line, &link)).collect();
    chat
}

fn noticed(word: &str, present: &str) -> Notice {
    let link = if word == "present" { present } else { OTHER_DIGEST };
    Notice { at: moment("2026-09-01T00:00:00Z"), link: link.to_owned() }
}

fn presents(text: &str) -> Vec<(String, Present)> {
    spread(text, |number| format!("{number} p{number}")).iter().map(|line| present(line)).collect()
}

fn present(line: &str) -> (String, Present) {
    let mut words = line.split(' ');
    let account = words.next().unwrap().to_owned();
    let people = words.next().unwrap_or_else(|| panic!("{line:?} names no people"));
    let mut present = Present::seen(false, false);
    present.people = people.split('+').filter(|p| *p != "?").map(str::to_owned).collect();
    for word in words {
        match word {
            "admin" => (present.admin, present.meant_admin) = (true, true),
            "handmade" => present.admin = true,
            "protected" => present.protected = true,
            "owner" => (present.owner, present.protected) = (true, true),
            "adopted" => present.adopted = true,
            rights if rights.starts_with("rights=") => {
                present.rights = rights["rights=".len()..].split(',').map(str::to_owned).collect();
            }
            _ => present.gone_since = Some(moment(word.strip_prefix("gone=").unwrap())),
        }
    }
    (account, present)
}

/// `p1 101 left`: where a person stood after the last cycle.
fn known_member(line: &str, present_link: &str) -> (String, KnownMember) {
    let mut words = line.split(' ');
    let mut word = || words.next().unwrap_or_else(|| panic!("{line:?} is too short"));
    let (person, account, state) = (word(), word(), word());
    let state = MemberState::from_name(state).unwrap_or_else(|| panic!("{line:?}"));
    let mut member =
        KnownMember { account: Some(account.to_owned()), state, ..KnownMember::default() };
    let (mut at, mut link, mut delivered) = (None, present_link, Some(false));
    for word in words {
        match word {
            "old_link" => link = OTHER_DIGEST,
            "delivered" => delivered = Some(true),
            "unconfirmed" => delivered = None,
            "removed" => member.removed_before = true,
            _ => at = Some(moment(word.strip_prefix("at=").unwrap())),
        }
    }
    member.invitation = at.map(|at| Invitation { at, link: link.to_owned(), delivered });
    (person.to_owned(), member)
}

fn waiting(line: &str) -> (Attempt, Waiting) {
    let (line, refused) = match line.strip_suffix(" refused") {
        Some(rest) => (rest, true),
        None => (line, false),
    };
    let [operation, account, next_try] = words(line);
    let account = if account == "-" { "" } else { account };
    let attempt =
        Attempt { operation: Kind::from_name(operation).unwrap(), account: account.to_owned() };
    let waiting = Waiting {
        code: "vk.1".to_owned(),
        message: Text::new("нельзя", "not allowed"),
        tries: 1,
        next_try: moment(next_try),
        refused,
        people: Vec::new(),
    };
    (attempt, waiting)
}

/// `out class:1a p1`, `no_admin class:1a p1`, `made custom:1`, `titled class:1a`, `deleted class:1a`.
pub(crate) fn order(line: &str, ordered: &mut Ordered) {
    let words: Vec<&str> = line.split(' ').collect();
    let (chat, by) = (words[1].to_owned(), "b1".to_owned());
    let person = || words[2].to_owned();
    let mut of_person =
        |people: fn(&mut Ordered) -> &mut BTreeMap<String, BTreeMap<String, String>>| {
            people(ordered).entry(chat.clone()).or_default().insert(person(), by.clone());
        };
    match words[0] {
        "out" => of_person(|ordered| &mut ordered.out),
        "no_admin" => of_person(|ordered| &mut ordered.unrighted),
        "made" => drop(ordered.made.insert(chat, by)),
        "titled" => drop(ordered.titled.insert(chat, by)),
        "deleted" => drop(ordered.deleted.insert(chat, by)),
        other => panic!("{other} is no order"),
    }
}

pub(crate) fn allowed(line: &str) -> Allowed {
    let [operation, chat, account] = words(line).map(str::to_owned);
    Allowed { operation, chat, account, by: "p9".to_owned() }
}

fn words(line: &str) -> [&str; 3] {
    let words: Vec<&str> = line.split(' ').collect();
    words.try_into().unwrap_or_else(|_| panic!("{line:?} has not three words"))
}
