//! Putting people in. MAX restricted this request of bots in September 2026 and announced its end
//! for the thirtieth, so it is used only where a trial shows that it works.

use std::collections::BTreeMap;

use super::answer::{self, Added};
use super::{Max, request};
use crate::platform::{Answer, Call, Class, Failure};
use crate::stop::Stop;

/// How MAX refuses a request that it cannot read.
const MALFORMED: &str = "max.proto.payload";

type Outcome = Result<Answer, Failure>;

impl Max {
    /// The outcomes of those calls that add somebody, by their place: one request for each chat as
    /// long as it holds.
    pub(super) fn add_all(&self, calls: &[Call], stop: &Stop) -> BTreeMap<usize, Outcome> {
        let (mut chats, mut outcomes) = (BTreeMap::<i64, Vec<_>>::new(), BTreeMap::new());
        for (at, call) in calls.iter().enumerate() {
            match wanted(call) {
                Some(Ok((chat, account))) => chats.entry(chat).or_default().push((at, account)),
                Some(Err(failure)) => drop(outcomes.insert(at, Err(failure))),
                None => {}
            }
        }
        for (chat, places) in chats {
            let mut accounts: Vec<i64> = places.iter().map(|(_, account)| *account).collect();
            accounts.sort_unstable();
            accounts.dedup();
            let portions = accounts.chunks(request::MOST);
            let told: BTreeMap<_, _> =
                portions.flat_map(|portion| self.add(chat, portion, stop)).collect();
            outcomes.extend(places.iter().map(|(at, account)| (*at, told[account].clone())));
        }
        outcomes
    }

    /// What became of each of these accounts.
    fn add(&self, chat: i64, accounts: &[i64], stop: &Stop) -> Vec<(i64, Outcome)> {
        let request = request::add(chat, accounts);
        let told = self.link.ask(&request, stop).and_then(|value| answer::added(&request, &value));
        let outcome = |id: &i64| match &told {
            Ok(Added::Except(failed)) => match failed.get(id) {
                Some(error) => Err(error.failure(request.route)),
                None => Ok(Answer::Done),
            },
            Ok(Added::Undone(error)) => Err(error.failure(request.route)),
            Err(failure) => Err(failure.clone()),
        };
        match &told {
            // One account that MAX cannot read spoils its request: it is found by halves.
            Err(failure) if failure.code == MALFORMED && accounts.len() > 1 => {
                let (one, other) = accounts.split_at(accounts.len() / 2);
                [self.add(chat, one, stop), self.add(chat, other, stop)].concat()
            }
            Ok(Added::Undone(_)) => {
                let present = self.these(chat, accounts, stop);
                let settled = |id: &i64| match &present {
                    Ok(all) if all.iter().any(|one| one.account == id.to_string()) => {
                        Ok(Answer::Done)
                    }
                    Ok(_) => outcome(id),
                    Err(failure) => Err(failure.clone()),
                };
                accounts.iter().map(|id| (*id, settled(id))).collect()
            }
            _ => accounts.iter().map(|id| (*id, outcome(id))).collect(),
        }
    }

    /// Asks to add the bot to a chat where it is an admin. Where no such chat has been read,
    /// nothing can be tried.
    pub(super) fn may_add(&self, stop: &Stop) -> Result<Option<bool>, Failure> {
        let (Some(chat), own) = (self.admin_in(), self.own(stop)?) else { return Ok(None) };
        let request = request::try_adding(chat, own);
        let told = self.link.ask(&request, stop).and_then(|value| answer::added(&request, &value));
        match told {
            Ok(Added::Except(_)) => Ok(Some(true)),
            Ok(Added::Undone(error)) => {
                Ok(Some(error.failure(request.route).class != Class::Missing))
            }
            Err(failure) => match failure.class {
                Class::Missing
                | Class::MissingHere
                | Class::Never
                | Class::ChatGone
                | Class::RetryLater => Ok(Some(false)),
                _ => Err(failure),
            },
        }
    }
}

/// Chat and account of a call that adds.
fn wanted(call: &Call) -> Option<Result<(i64, i64), Failure>> {
    let Call::AddMember { chat, account } = call else { return None };
    let ids = request::chat_id(chat).and_then(|chat| Ok((chat, request::account_id(account)?)));
    Some(ids)
}
