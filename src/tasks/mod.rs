//! What only a person can do, as reports and screens show it: each task with its exact steps.

use jiff::tz::TimeZone;
use serde_json::{Value, json};

use crate::clock::show;
use crate::error::Result;
use crate::platform::{Connection, Kind};
use crate::state::{State, Task};

mod steps;

pub(crate) use steps::right;

/// Who the library is on a messenger, as people find it there.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Bot {
    /// The short name by which it is searched (`id7700000000_bot`), where it has one.
    pub(crate) nick: Option<String>,
    /// Its name; empty where none was told yet.
    pub(crate) title: String,
}

impl Bot {
    /// What the last connection told.
    ///
    /// # Errors
    /// [`crate::error::Code::State`].
    pub(crate) fn known(state: &State, platform: Kind) -> Result<Bot> {
        let nick = state.meta(&nick_name(platform))?;
        let title = state.meta(&title_name(platform))?.unwrap_or_default();
        Ok(Bot { nick, title })
    }

    /// Remembers what a connection tells, for the time when the messenger is away.
    ///
    /// # Errors
    /// [`crate::error::Code::State`].
    pub(crate) fn remember(
        state: &mut State,
        platform: Kind,
        connection: &Connection,
    ) -> Result<()> {
        let known = Bot::known(state, platform)?;
        if let Some(nick) =
            connection.nick.as_ref().filter(|nick| known.nick.as_ref() != Some(nick))
        {
            state.put_meta(&nick_name(platform), nick)?;
        }
        if connection.title != known.title {
            state.put_meta(&title_name(platform), &connection.title)?;
        }
        Ok(())
    }
}

fn nick_name(platform: Kind) -> String {
    format!("nick.{}", platform.name())
}

fn title_name(platform: Kind) -> String {
    format!("bot.{}", platform.name())
}

/// One task as a row of `tasks`; `chat_link` is the chat's invite link, where there is one.
pub(crate) fn row(
    task: &Task,
    bot: &Bot,
    platform: Kind,
    chat_link: Option<&str>,
    zone: &TimeZone,
) -> Value {
    let steps = steps::of(task, bot, platform, chat_link);
    let (ru, en): (Vec<String>, Vec<String>) =
        steps.into_iter().map(|step| (step.ru, step.en)).unzip();
    let mut row = json!({
        "id": id(task),
        "code": task.code,
        "kind": task.kind.name(),
        "chat": task.chat,
        "title": task.title,
        "steps": {"ru": ru, "en": en},
        "since": show(task.since, zone),
        "account": (!task.account.is_empty()).then_some(&task.account),
        "people": task.details.people,
        "doubtful": task.details.doubtful,
    });
    if let Some((at, by)) = &task.closed {
        row["closed"] = json!(show(*at, zone));
        row["closed_by"] = json!(by);
    }
    row
}

/// The number of a task as people name it: `t3`.
pub(crate) fn id(task: &Task) -> String {
    format!("t{}", task.id)
}

/// The number behind `t3`.
pub(crate) fn number(id: &str) -> Option<i64> {
    let digits = id.strip_prefix('t')?;
    let plain = !digits.starts_with(['0', '+', '-']);
    digits.parse().ok().filter(|_| plain)
}

#[cfg(test)]
mod tests {
    use super::number;

    #[test]
    fn a_task_is_named_by_t_and_its_number() {
        assert_eq!(number("t3"), Some(3));
        for wrong in ["", "t", "3", "T3", "t03", "t-1", "t+1", "t3a", "t99999999999999999999"] {
            assert_eq!(number(wrong), None, "{wrong:?}");
        }
    }
}
