//! The move from one messenger to another: the chats of the previous one are left behind under
//! keys of their own, their successors are made under the plain keys, and a ledger tells where
//! each stands.

use serde_json::{Value, json};

use super::finish::Rows;
use super::run::Run;
use super::{Cycle, Known};
use crate::config::{Config, Old};
use crate::error::{Result, Text};
use crate::plan::{
    Attempt, ChatState, Kind, KnownChat, Moving, Plan, Score, end_is_due, notice_is_due, successor,
    successor_key,
};
use crate::platform::{self, Capability};
use crate::profile::{Desired, DesiredChat, Existence};
use crate::report;
use crate::state::State;

/// Gives the chats on the previous messenger their own keys, once. A dry run only sees it so.
///
/// # Errors
/// [`crate::error::Code::State`].
pub(super) fn leave_behind(cycle: &Cycle, state: &mut State, known: &mut Known) -> Result<()> {
    let Some((from, to)) = ends(cycle.config) else { return Ok(()) };
    let moves = known.moves(from, to);
    if moves.is_empty() {
        return Ok(());
    }
    known.rekey(&moves);
    if cycle.options.dry_run {
        return Ok(());
    }
    state.rekey(&moves, &known.allowed, cycle.clock.started())
}

/// From where to where the school moves.
fn ends(config: &Config) -> Option<(platform::Kind, platform::Kind)> {
    let previous = config.previous_platform.as_ref()?;
    Some((previous.kind, config.platform.kind)).filter(|(from, to)| from != to)
}

/// What becomes of the old chats, as the planner takes it.
pub(super) fn policy(config: &Config) -> Option<Moving> {
    ends(config)?;
    let moving = config.moving;
    let midnight = moving.on.and_then(|day| day.to_zoned(config.zone.clone()).ok());
    Some(Moving {
        notice: moving.notice,
        old: moving.old,
        share: moving.share,
        on: midnight.map(|midnight| midnight.timestamp()),
    })
}

/// Whether a chat that was left behind is one of the move: the profile wants its successor.
pub(super) fn is_moving(desired: &Desired, chat: &KnownChat) -> bool {
    let wanted = |desired: &DesiredChat| desired.existence != Existence::Archived;
    chat.former && desired.chats.get(&chat.key).is_some_and(wanted)
}

/// Whether a chat can be told of its successor since this very cycle.
pub(super) fn has_news(run: &Run) -> bool {
    let Some(moving) = policy(run.cycle.config) else { return false };
    let attempt = Attempt { operation: Kind::PostMessage, account: String::new() };
    run.known.chats.values().filter(|chat| is_moving(&run.desired, chat)).any(|chat| {
        let side = run.sides.iter().find(|side| side.kind() == chat.platform);
        let able = side.is_some_and(|side| side.able.set.contains(&Capability::SendMessage));
        let able = able && !chat.unable().contains(&Capability::SendMessage);
        able && !chat.waiting.contains_key(&attempt) && notice_is_due(&moving, &run.known, chat)
    })
}

/// The report's `move`: where each chat stands and what hinders it; null where nobody moves.
pub(super) fn ledger(run: &Run, plan: &Plan, rows: &Rows) -> Value {
    let config = run.cycle.config;
    let (Some((from, to)), Some(moving)) = (ends(config), policy(config)) else {
        return Value::Null;
    };
    let formers = run.known.chats.values().filter(|chat| chat.platform == from);
    let formers = formers.filter(|chat| is_moving(&run.desired, chat));
    let entries: Vec<Entry> = formers
        .filter_map(|former| {
            let desired = run.desired.chats.get(&former.key)?;
            Some(Entry::new(run, plan, rows, &moving, (from, to), desired, former))
        })
        .collect();
    json!({
        "from": from.name(),
        "to": to.name(),
        "chats": entries.iter().map(Entry::to_json).collect::<Vec<_>>(),
        "done": entries.iter().filter(|entry| entry.is_over()).count(),
        "of": entries.len(),
    })
}

/// Where a chat stands in the move.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stands {
    WaitingForGroup,
    Inviting,
    Ending,
    Done,
    Gone,
}

impl Stands {
    fn name(self) -> &'static str {
        match self {
            Stands::WaitingForGroup => "waiting_for_group",
            Stands::Inviting => "inviting",
            Stands::Ending => "ending",
            Stands::Done => "done",
            Stands::Gone => "gone",
        }
    }
}

/// One chat of the ledger.
struct Entry<'r, 'c, 'a> {
    run: &'r Run<'c, 'a>,
    plan: &'r Plan,
    rows: &'r Rows,
    to: platform::Kind,
    desired: &'r DesiredChat,
    former: &'r KnownChat,
    successor: Option<&'r KnownChat>,
    score: Score,
    stands: Stands,
}

impl<'r, 'c, 'a> Entry<'r, 'c, 'a> {
    fn new(
        run: &'r Run<'c, 'a>,
        plan: &'r Plan,
        rows: &'r Rows,
        moving: &Moving,
        (_, to): (platform::Kind, platform::Kind),
        desired: &'r DesiredChat,
        former: &'r KnownChat,
    ) -> Entry<'r, 'c, 'a> {
        let successor = successor(&run.known, &former.key);
        let score = Score::of(desired, former, successor);
        let stands = Stands::Inviting;
        let mut entry = Entry { run, plan, rows, to, desired, former, successor, score, stands };
        entry.stands = entry.stands(moving);
        entry
    }

    fn stands(&self, moving: &Moving) -> Stands {
        if self.former.state == ChatState::Gone {
            return Stands::Gone;
        }
        if self.successor.is_none() {
            return Stands::WaitingForGroup;
        }
        if moving.old == Old::Keep {
            let all = self.score.reaches(moving.share.unwrap_or(1.0));
            return if all { Stands::Done } else { Stands::Inviting };
        }
        let now = self.run.cycle.clock.now();
        let due = end_is_due(moving, self.desired, self.former, self.successor, now);
        match (due, self.is_ended(moving)) {
            (true, true) => Stands::Done,
            (true, false) => Stands::Ending,
            (false, _) => Stands::Inviting,
        }
    }

    fn is_ended(&self, moving: &Moving) -> bool {
        let own = self.run.own(self.former);
        let emptied = moving.old != Old::Empty
            || self.former.people_present().all(|(account, _)| account == own);
        self.former.state == ChatState::Archived && self.former.sealed && emptied
    }

    fn is_over(&self) -> bool {
        let taken_up = self.stands == Stands::Gone && self.successor.is_some();
        self.stands == Stands::Done || taken_up
    }

    fn to_json(&self) -> Value {
        let (former, clock) = (self.former, self.run.cycle.clock);
        let notice = former.notice.as_ref();
        let successor = self.run.known.chats.get(successor_key(&former.key));
        json!({
            "chat": successor_key(&former.key),
            "key": former.key,
            "title": self.desired.title,
            "from": {
                "platform": former.platform.name(),
                "platform_id": former.platform_id,
                "link": former.link,
                "members": former.people_present().count(),
                "state": former.state.name(),
            },
            "to": {
                "platform": self.to.name(),
                "platform_id": successor.and_then(|chat| chat.platform_id.as_ref()),
                "link": successor.and_then(|chat| chat.link.as_ref()),
                "state": successor.map_or("planned", |chat| chat.state.name()),
                "joined": self.score.joined,
                "of": self.score.of,
            },
            "stands": self.stands.name(),
            "noticed": notice.map_or(json!(false), |one| report::moment(Some(one.at), clock)),
            "hinders": self.hinders(),
        })
    }

    /// What stands in the way of the next step, if anything does.
    fn hinders(&self) -> Option<Text> {
        if self.stands == Stands::Done || (self.stands == Stands::Gone && self.successor.is_some())
        {
            return None;
        }
        self.unreachable().or_else(|| match self.stands {
            Stands::WaitingForGroup | Stands::Gone => Some(self.no_group()),
            Stands::Inviting => {
                self.failed().or_else(|| self.unnoticed()).or_else(|| self.unlinked())
            }
            Stands::Ending => self
                .held()
                .or_else(|| self.failed())
                .or_else(|| self.unnoticed())
                .or_else(|| self.asked()),
            Stands::Done => None,
        })
    }

    fn unreachable(&self) -> Option<Text> {
        let concerned = |kind| kind == self.to || kind == self.former.platform;
        let lost = self.run.sides.iter().find(|side| side.lost.is_some() && concerned(side.kind()));
        let error = lost?.lost.as_ref()?;
        let name = lost?.kind().name();
        let message = &error.message;
        Some(Text::new(
            format!("{name} сейчас недоступен: {}", message.ru),
            format!("{name} cannot be reached now: {}", message.en),
        ))
    }

    fn no_group(&self) -> Text {
        let key = successor_key(&self.former.key);
        let known = self.run.known.chats.get(key);
        if known.is_some_and(|chat| matches!(chat.state, ChatState::Gone | ChatState::Deleted)) {
            return Text::new(
                "нового чата больше нет в мессенджере",
                "the new chat is gone from the messenger",
            );
        }
        let task =
            self.run.tasks.iter().find(|task| task["chat"] == key && task["kind"] == "create_chat");
        match task.and_then(|task| task["code"].as_str()) {
            Some(code) => Text::new(
                format!("человек ещё не создал группу: задача {code}"),
                format!("a person has not made the group yet: task {code}"),
            ),
            None => Text::new("новый чат ещё не создан", "the new chat is not made yet"),
        }
    }

    /// What the messenger refused in the old chat.
    fn failed(&self) -> Option<Text> {
        let steps = [Kind::PostMessage, Kind::ArchiveChat, Kind::RotateLink, Kind::RemoveMember];
        let ours = |chat: &String| *chat == self.former.key;
        let row = self
            .rows
            .iter()
            .find(|(chat, attempt, _)| ours(chat) && steps.contains(&attempt.operation));
        row.map(|(_, _, waiting)| waiting.message.clone())
    }

    fn unnoticed(&self) -> Option<Text> {
        let waits = self.run.cycle.config.moving.notice
            && self.former.notice.is_none()
            && self.former.state == ChatState::Active;
        let text = match self.successor.and_then(|chat| chat.link.as_ref()) {
            None => Text::new(
                "ссылка нового чата ещё не известна",
                "the new chat's link is not known yet",
            ),
            Some(_) => Text::new(
                "в старом чате ещё не объявлено о новом",
                "the old chat was not told of the new one yet",
            ),
        };
        waits.then_some(text)
    }

    fn unlinked(&self) -> Option<Text> {
        let without = self
            .desired
            .members
            .values()
            .filter(|member| !member.accounts.iter().any(|(kind, _)| kind == self.to.name()));
        let count = without.count();
        let name = self.to.name();
        (count > 0).then(|| {
            Text::new(
                format!("без учётной записи в {name}: {count}"),
                format!("without an account on {name}: {count}"),
            )
        })
    }

    fn held(&self) -> Option<Text> {
        let held = self.plan.held.iter().any(|one| one.chat == self.former.key);
        held.then(|| {
            Text::new(
                "предохранитель ждёт подтверждения человека",
                "the guard waits for a person's approval",
            )
        })
    }

    fn asked(&self) -> Option<Text> {
        let asked = self.run.tasks.iter().find(|task| task["chat"] == self.former.key.as_str());
        let code = asked?["code"].as_str()?;
        Some(Text::new(
            format!("остаётся задача для человека: {code}"),
            format!("a task is left for a person: {code}"),
        ))
    }
}
