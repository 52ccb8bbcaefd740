//! Accounts that people linked and unlinked by request take the place of those that the roster
//! names (ruling 6), between the profile and the plan, so that nothing after it need know.

use std::collections::{BTreeSet, HashMap};

use crate::error::{Fault, Text};
use crate::plan::Accounts;
use crate::platform::Kind;
use crate::profile::Desired;
use crate::roster::Roster;
use crate::state::Link;

/// Puts the requested accounts in the place of the roster's. Returns the requests that are over,
/// because the roster names another account by now, and what else is known about accounts.
pub(super) fn apply(
    desired: &mut Desired,
    roster: &Roster,
    links: Vec<Link>,
) -> (Vec<i64>, Accounts) {
    let over = |link: &Link| link.is_over(named(roster, &link.person, link.platform));
    let (over, in_force): (Vec<Link>, Vec<Link>) = links.into_iter().partition(over);
    let mut by_person: HashMap<&str, Vec<&Link>> = HashMap::new();
    for link in &in_force {
        by_person.entry(&link.person).or_default().push(link);
    }
    for (person, member) in desired.chats.values_mut().flat_map(|chat| &mut chat.members) {
        for link in by_person.get(person.as_str()).into_iter().flatten() {
            replace(&mut member.accounts, link);
        }
    }
    for link in &in_force {
        let by_request = desired.by_request.entry(link.platform).or_default();
        by_request.insert(link.person.clone(), link.account.clone());
    }
    (over.iter().map(|link| link.id).collect(), accounts(roster, &in_force))
}

fn accounts(roster: &Roster, links: &[Link]) -> Accounts {
    let mut accounts = Accounts::default();
    for link in links {
        let (list, word) = match &link.account {
            Some(account) => (&mut accounts.named, account),
            None => (&mut accounts.unlinked, &link.person),
        };
        list.entry(link.platform).or_default().insert(word.clone());
    }
    for account in roster.people.iter().filter(|one| !one.absent).flat_map(|one| &one.accounts) {
        let kinds = [Kind::Vk, Kind::Max].into_iter();
        for kind in kinds.filter(|kind| kind.name() == &*account.kind) {
            accounts.named.entry(kind).or_default().insert(account.identifier.to_string());
        }
    }
    accounts
}

fn replace(accounts: &mut Vec<(String, String)>, link: &Link) {
    let platform = link.platform.name();
    accounts.retain(|(kind, _)| kind != platform);
    accounts.extend(link.account.iter().map(|account| (platform.to_owned(), account.clone())));
}

/// Takes the library's own account away from everybody to whom it was given by mistake.
pub(super) fn drop_own(desired: &mut Desired, platform: Kind, own: &str) -> Vec<Fault> {
    let is_own = |(kind, account): &(String, String)| kind == platform.name() && account == own;
    let mut people: BTreeSet<String> = BTreeSet::new();
    for (person, member) in desired.chats.values_mut().flat_map(|chat| &mut chat.members) {
        let before = member.accounts.len();
        member.accounts.retain(|one| !is_own(one));
        if member.accounts.len() < before {
            people.insert(person.clone());
        }
    }
    people.iter().map(|person| own_account(person, own)).collect()
}

fn own_account(person: &str, own: &str) -> Fault {
    let message = Text::new(
        format!("учётная запись {own} принадлежит самому боту или сообществу, а не человеку"),
        format!("the account {own} is the bot's or community's own, not a person's"),
    );
    Fault::new("account.own", person, own, message)
}

/// The account that the roster names for a person on a messenger.
pub(crate) fn named<'r>(roster: &'r Roster, person: &str, platform: Kind) -> Option<&'r str> {
    let accounts = &roster.person(roster.find_person(person)?).accounts;
    let found = accounts.iter().find(|account| &*account.kind == platform.name());
    found.map(|account| &*account.identifier)
}
