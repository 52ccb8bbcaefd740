//! The registry of chats, and the people of one (P8, E5, I3, I5).

use std::cmp::Ordering;

use serde_json::{Value, json};

use super::explain::override_row;
use super::page::Page;
use super::{Ask, no_such};
use crate::clock::show;
use crate::error::{Code, Result};
use crate::plan::{ChatState, KnownChat, MemberState, Present};
use crate::report;
use crate::state::{ChatRow, MemberDetail, State};

/// By what the registry may be sorted; a minus in front turns the order round.
const ORDERS: [(&str, Order); 16] = [
    ("title", Order { by: By::Title, down: false }),
    ("-title", Order { by: By::Title, down: true }),
    ("kind", Order { by: By::Kind, down: false }),
    ("-kind", Order { by: By::Kind, down: true }),
    ("class", Order { by: By::Class, down: false }),
    ("-class", Order { by: By::Class, down: true }),
    ("state", Order { by: By::State, down: false }),
    ("-state", Order { by: By::State, down: true }),
    ("members", Order { by: By::Members, down: false }),
    ("-members", Order { by: By::Members, down: true }),
    ("linked", Order { by: By::Linked, down: false }),
    ("-linked", Order { by: By::Linked, down: true }),
    ("type", Order { by: By::Type, down: false }),
    ("-type", Order { by: By::Type, down: true }),
    ("subject", Order { by: By::Subject, down: false }),
    ("-subject", Order { by: By::Subject, down: true }),
];

#[derive(Debug, Clone, Copy)]
struct Order {
    by: By,
    down: bool,
}

#[derive(Debug, Clone, Copy)]
enum By {
    Title,
    Kind,
    Class,
    State,
    Members,
    Linked,
    Type,
    Subject,
}

/// What narrows the registry.
struct Filter {
    search: Option<String>,
    kind: Option<String>,
    chat_type: Option<String>,
    class: Option<String>,
    subject: Option<String>,
    organization: Option<String>,
    state: Option<ChatState>,
}

impl Filter {
    fn is_in_state(&self, state: ChatState) -> bool {
        self.state.map_or(state != ChatState::Deleted, |wanted| wanted == state)
    }

    fn holds(&self, row: &ChatRow) -> bool {
        let chat = &row.chat;
        let is = |wanted: &Option<String>, value: Option<&String>| {
            wanted.as_ref().is_none_or(|wanted| value == Some(wanted))
        };
        let found = |text: &String| chat.title.to_lowercase().contains(&text.to_lowercase());
        is(&self.kind, Some(&chat.kind))
            && is(&self.chat_type, Some(&chat.chat_type))
            && is(&self.class, chat.class.as_ref())
            && is(&self.subject, chat.subject.as_ref())
            && is(&self.organization, Some(&chat.organization))
            && self.is_in_state(chat.state)
            && self.search.as_ref().is_none_or(found)
    }
}

const STATES: [(&str, ChatState); 6] = [
    ("planned", ChatState::Planned),
    ("task", ChatState::Task),
    ("active", ChatState::Active),
    ("archived", ChatState::Archived),
    ("gone", ChatState::Gone),
    ("deleted", ChatState::Deleted),
];

/// `chats.list`; what was deleted is listed only where it is asked for by its state.
pub(super) fn list(ask: &mut Ask) -> Result<(Code, Value)> {
    let (filter, order, page) = ask.params(|params, faults| {
        let filter = Filter {
            search: params.any_text("search", faults),
            kind: params.text("kind", faults),
            chat_type: params.text("type", faults),
            class: params.text("class", faults),
            subject: params.text("subject", faults),
            organization: params.text("organization", faults),
            state: params.one_of("state", &STATES, faults),
        };
        let order = params.one_of("sort", &ORDERS, faults).unwrap_or(ORDERS[0].1);
        (filter, order, Page::read(params, faults))
    })?;
    let seen = ask.permit_somewhere()?;
    let sees =
        |chat: &KnownChat| seen.as_ref().is_none_or(|seen| seen.contains(&chat.organization));
    let mut rows = ask.state()?.chats()?;
    rows.retain(|row| !row.chat.former && filter.holds(row) && sees(&row.chat));
    rows.sort_by(|a, b| compare(a, b, order));
    let mut rows = rows.iter().map(|row| report::chat(&row.chat, &row.counts)).collect::<Vec<_>>();
    let calls = ask.state()?.calls_shown(ask.clock.now())?;
    report::show_calls(&mut rows, &calls, &ask.session.config().zone);
    super::calls::conceal(ask, rows.iter_mut().map(|row| &mut row["call"]))?;
    Ok((Code::Ok, page.of("chats", rows)))
}

fn compare(a: &ChatRow, b: &ChatRow, order: Order) -> Ordering {
    let class = |row: &ChatRow| row.chat.class.clone().unwrap_or_default();
    let subject = |row: &ChatRow| row.chat.subject.clone().unwrap_or_default();
    let first = match order.by {
        By::Title => natural(&a.chat.title, &b.chat.title),
        By::Kind => a.chat.kind.cmp(&b.chat.kind),
        By::Class => natural(&class(a), &class(b)),
        By::State => a.chat.state.name().cmp(b.chat.state.name()),
        By::Members => a.counts.joined.cmp(&b.counts.joined),
        By::Linked => a.counts.linked.cmp(&b.counts.linked),
        By::Type => a.chat.chat_type.cmp(&b.chat.chat_type),
        By::Subject => natural(&subject(a), &subject(b)),
    };
    let first = if order.down { first.reverse() } else { first };
    first
        .then_with(|| natural(&a.chat.title, &b.chat.title))
        .then_with(|| a.chat.key.cmp(&b.chat.key))
}

/// Titles as people sort them: 2А before 10А, letters without regard to case, ё as е.
fn natural(a: &str, b: &str) -> Ordering {
    let (mut a, mut b) = (Parts::of(a), Parts::of(b));
    loop {
        match (a.next(), b.next()) {
            (None, None) => return Ordering::Equal,
            (None, _) => return Ordering::Less,
            (_, None) => return Ordering::Greater,
            (Some(a), Some(b)) => match a.cmp(&b) {
                Ordering::Equal => {}
                different => return different,
            },
        }
    }
}

#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Part {
    Number(u64),
    Letter(char),
}

struct Parts {
    letters: std::iter::Peekable<std::vec::IntoIter<char>>,
}

impl Parts {
    fn of(text: &str) -> Parts {
        let letters: Vec<char> = text.to_lowercase().replace('ё', "е").chars().collect();
        Parts { letters: letters.into_iter().peekable() }
    }
}

impl Iterator for Parts {
    type Item = Part;

    fn next(&mut self) -> Option<Part> {
        let first = self.letters.next()?;
        let Some(mut number) = first.to_digit(10).map(u64::from) else {
            return Some(Part::Letter(first));
        };
        while let Some(digit) = self.letters.peek().and_then(|letter| letter.to_digit(10)) {
            number = number.saturating_mul(10).saturating_add(u64::from(digit));
            self.letters.next();
        }
        Some(Part::Number(number))
    }
}

/// `chats.get`
pub(super) fn get(ask: &mut Ask) -> Result<(Code, Value)> {
    let key = ask.params(|params, faults| params.required("chat", faults))?;
    let target = ask.chat_target(&key)?;
    ask.permit(target)?;
    let state = ask.state()?;
    let row = find(&state, &key)?;
    let zone = ask.session.config().zone.clone();
    let members = state.members(Some(&key), None)?;
    let mut chat = report::chat(&row.chat, &row.counts);
    report::show_calls(std::slice::from_mut(&mut chat), &state.calls_of_chat(&key)?, &zone);
    super::calls::conceal(ask, std::iter::once(&mut chat["call"]))?;
    // A report's `members` are numbers; of one chat it is the people, and the numbers are `counts`.
    chat["counts"] = chat["members"].take();
    chat["members"] = members.iter().map(|member| member_row(member, &zone)).collect();
    let still = Still::in_chat(&state, &row, ask)?;
    chat["strangers"] = json!(still.strangers(&members));
    chat["leaving"] = still.leaving(&members, &zone);
    let overrides = state.overrides(&key, None)?;
    let open = overrides.iter().filter(|one| one.closed.is_none());
    chat["overrides"] = open.map(|one| override_row(ask, one)).collect();
    chat["maker"] = json!(state.custom_chat(&key)?.map(|custom| custom.maker));
    Ok((Code::Ok, chat))
}

/// Who is in a chat beside those who should be.
struct Still(std::collections::BTreeMap<String, Present>);

impl Still {
    fn in_chat(state: &State, row: &ChatRow, ask: &Ask) -> Result<Still> {
        if row.counts.strangers == 0 && row.counts.leaving == 0 {
            return Ok(Still(std::collections::BTreeMap::new()));
        }
        let known = state.known(ask.clock.now())?.chats.remove(&row.chat.key);
        let present = known.map(|chat| chat.present).unwrap_or_default();
        Ok(Still(present.into_iter().filter(|(_, present)| !present.protected).collect()))
    }

    /// Accounts that nobody named.
    fn strangers(&self, members: &[MemberDetail]) -> Vec<&String> {
        let strange = self.0.iter().filter(|(_, present)| present.people.is_empty());
        strange.map(|(account, _)| account).filter(|account| !is_meant(members, account)).collect()
    }

    /// Accounts whose people the roster no longer names here: in grace, held, or not removed yet.
    fn leaving(&self, members: &[MemberDetail], zone: &jiff::tz::TimeZone) -> Value {
        let leaving = self
            .0
            .iter()
            .filter(|(account, present)| !present.people.is_empty() && !is_meant(members, account));
        let row = |(account, present): (&String, &Present)| {
            json!({
                "account": account,
                "people": present.people,
                "admin": present.admin,
                "since": present.gone_since.map(|since| show(since, zone)),
            })
        };
        leaving.map(row).collect()
    }
}

fn is_meant(members: &[MemberDetail], account: &str) -> bool {
    members.iter().any(|member| member.account.as_deref() == Some(account))
}

/// The chat with this key.
pub(super) fn find(state: &State, key: &str) -> Result<ChatRow> {
    let rows = state.chats()?;
    rows.into_iter()
        .find(|row| row.chat.key == key)
        .ok_or_else(|| no_such(("чат", "the chat"), key))
}

/// One person of a chat as screens show it.
pub(super) fn member_row(member: &MemberDetail, zone: &jiff::tz::TimeZone) -> Value {
    json!({
        "person": member.person,
        "role": member.role,
        "admin": member.admin,
        "granted": member.granted,
        "linked": member.account.is_some(),
        "joined": member.state == MemberState::Joined,
        "state": member.state.name(),
        "account": member.account,
        "reasons": member.reasons,
        "admin_reasons": member.admin_reasons,
        "since": show(member.since, zone),
        "cycle": member.cycle,
        "invited": member.invited.map(|at| json!({
            "at": show(at, zone),
            "delivered": member.delivered,
        })),
    })
}

#[cfg(test)]
mod tests {
    use super::natural;

    #[test]
    fn titles_are_sorted_as_people_do() {
        let mut titles = ["10А", "2б", "2А - Чат", "2А", "Учительская", "11А", "ёлка", "ежи"];
        titles.sort_by(|a, b| natural(a, b));
        assert_eq!(titles, ["2А", "2А - Чат", "2б", "10А", "11А", "ежи", "ёлка", "Учительская"]);
    }
}
