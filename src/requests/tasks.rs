//! What only a person can do: the list, and a person's word that something was done.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use serde_json::{Value, json};

use super::page::Page;
use super::{Ask, no_such};
use crate::config::{Detail, Options, Verify};
use crate::cycle::From;
use crate::document::{Faults, Form, Object};
use crate::error::{Code, Error, Fault, Result, Text};
use crate::plan::TaskKind;
use crate::platform::{Answer, Call, Capability, FoundChat, Kind};
use crate::report;
use crate::state::{ChatRow, Group, State, Task};
use crate::tasks::{self, Bot};

/// How long the messenger may take to tell of one chat.
const PATIENCE: Duration = Duration::from_secs(20);
/// A longer link is none.
const LONGEST_LINK: usize = 2048;

const KINDS: [(&str, TaskKind); 7] = [
    ("create_chat", TaskKind::CreateChat),
    ("add_bot", TaskKind::AddBot),
    ("give_rights", TaskKind::GiveRights),
    ("rotate_link", TaskKind::RotateLink),
    ("transfer_ownership", TaskKind::TransferOwnership),
    ("let_in", TaskKind::LetIn),
    ("give_call_link", TaskKind::GiveCallLink),
];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Which {
    Open,
    Closed,
    All,
}

const WHICH: [(&str, Which); 3] =
    [("open", Which::Open), ("closed", Which::Closed), ("all", Which::All)];

/// `tasks.list`: what is open in the order of the numbers; what is closed, the newest first.
pub(super) fn list(ask: &mut Ask) -> Result<(Code, Value)> {
    let (filter, page) =
        ask.params(|params, faults| (Filter::read(params, faults), Page::read(params, faults)))?;
    let seen = ask.permit_somewhere()?;
    let state = ask.state()?;
    let mut found = match filter.which {
        Which::Open => state.open_tasks()?,
        Which::Closed | Which::All => state.all_tasks()?,
    };
    found.retain(|task| filter.holds(task));
    let shown = Shown::load(ask, &state)?;
    let sees = |task: &Task| {
        let chat = shown.chats.get(&task.chat).map(|row| &row.chat.organization);
        seen.as_ref().is_none_or(|seen| chat.is_some_and(|chat| seen.contains(chat)))
    };
    found.retain(sees);
    let rows = found.iter().map(|task| shown.row(ask, task)).collect();
    Ok((Code::Ok, page.of("tasks", rows)))
}

/// What narrows the list.
struct Filter {
    which: Which,
    task: Option<String>,
    kind: Option<TaskKind>,
    chat: Option<String>,
}

impl Filter {
    fn read(params: &mut Object, faults: &mut Faults) -> Filter {
        let task = params.text("task", faults);
        // Who names a task wants to see it, whatever became of it.
        let usual = if task.is_some() { Which::All } else { Which::Open };
        Filter {
            which: params.one_of("state", &WHICH, faults).unwrap_or(usual),
            task,
            kind: params.one_of("kind", &KINDS, faults),
            chat: params.text("chat", faults),
        }
    }

    fn holds(&self, task: &Task) -> bool {
        (self.which != Which::Closed || task.closed.is_some())
            && self.task.as_ref().is_none_or(|name| tasks::number(name) == Some(task.id))
            && self.kind.is_none_or(|kind| kind == task.kind)
            && self.chat.as_ref().is_none_or(|chat| *chat == task.chat)
    }
}

/// What rows of tasks are made from besides the tasks.
struct Shown {
    chats: BTreeMap<String, ChatRow>,
    bots: BTreeMap<Kind, Bot>,
    platform: Kind,
}

impl Shown {
    fn load(ask: &Ask, state: &State) -> Result<Shown> {
        let rows = state.chats()?.into_iter();
        let bot = |kind| Ok((kind, Bot::known(state, kind)?));
        Ok(Shown {
            chats: rows.map(|row| (row.chat.key.clone(), row)).collect(),
            bots: [Kind::Vk, Kind::Max].into_iter().map(bot).collect::<Result<_>>()?,
            platform: ask.session.config().platform.kind,
        })
    }

    fn row(&self, ask: &Ask, task: &Task) -> Value {
        let chat = self.chats.get(&task.chat).map(|row| &row.chat);
        // A chat is made where the session works, wherever one of that key may still be.
        let elsewhere = chat.filter(|_| task.kind != TaskKind::CreateChat);
        let platform = elsewhere.map_or(self.platform, |chat| chat.platform);
        let link = elsewhere.and_then(|chat| chat.link.as_deref());
        tasks::row(task, &self.bots[&platform], platform, link, &ask.session.config().zone)
    }

    fn chat(&self, key: &str) -> Value {
        self.chats.get(key).map_or(Value::Null, |row| report::chat(&row.chat, &row.counts))
    }
}

/// What a person says was done.
struct Word {
    task: String,
    platform_id: Option<String>,
    link: Option<String>,
}

/// `tasks.done`: looks at once whether it is so.
pub(super) fn done(ask: &mut Ask) -> Result<(Code, Value)> {
    let word = ask.params(|params, faults| Word {
        task: params.required("task", faults),
        platform_id: platform_id(params, faults),
        link: link(params, faults),
    })?;
    let number = tasks::number(&word.task);
    let named = ask.look_up()?.all_tasks()?.into_iter().find(|task| Some(task.id) == number);
    match named {
        Some(task) => {
            let target = ask.chat_target(&task.chat)?;
            ask.permit(target)?;
        }
        None => ask.permit_everywhere()?,
    }
    let mut state = ask.state()?;
    let task = find(ask, &state, &word)?;
    take_in(ask, &mut state, &task, &word)?;
    let failed = look(ask, &task)?;
    told(ask, &state, &task, failed)
}

fn platform_id(params: &mut Object, faults: &mut Faults) -> Option<String> {
    params.read("platform_id", faults, Form::ChatNumber, |value| {
        let number: i64 = value.as_str()?.parse().ok()?;
        // The same number must always be the same text: chats are told apart by it.
        (number != 0).then(|| number.to_string())
    })
}

fn link(params: &mut Object, faults: &mut Faults) -> Option<String> {
    params.read("link", faults, Form::Link, |value| {
        let link = value.as_str()?;
        let good = link.starts_with("https://")
            && link.len() <= LONGEST_LINK
            && !link.contains(|sign: char| sign.is_whitespace() || sign.is_control());
        good.then(|| link.to_owned())
    })
}

/// The task that somebody says was done: an open one, or the one by which a chat got its call link:
/// links stop working, and then there is another.
fn find(ask: &Ask, state: &State, word: &Word) -> Result<Task> {
    let (name, number) = (&word.task, tasks::number(&word.task));
    let task = state.all_tasks()?.into_iter().find(|task| Some(task.id) == number);
    let task = task.ok_or_else(|| no_such(("задача", "the task"), name))?;
    let Some((at, by)) = &task.closed else { return Ok(task) };
    let replaces = task.kind == TaskKind::GiveCallLink && word.link.is_some();
    if replaces && state.call_links()?.contains_key(&task.chat) {
        return Ok(task);
    }
    let at = ask.clock.show(*at);
    let message = Text::new(
        format!("задача уже закрыта ({at}, {by})"),
        format!("the task is closed already ({at}, {by})"),
    );
    Err(refused("task_closed", "task", name, message))
}

fn refused(code: &str, key: &str, value: &str, message: Text) -> Error {
    let fault = Fault::new(&format!("request.{code}"), format!("params.{key}"), value, message);
    Error::with_faults(Code::Request, vec![fault])
}

/// Stores what the person found.
fn take_in(ask: &Ask, state: &mut State, task: &Task, word: &Word) -> Result<()> {
    if let Some(id) = &word.platform_id {
        if !matches!(task.kind, TaskKind::CreateChat | TaskKind::AddBot) {
            return Err(not_wanted("platform_id", id));
        }
        take_group(ask, state, task, id)?;
    }
    if let Some(link) = &word.link {
        match task.kind {
            TaskKind::RotateLink => take_link(ask, state, task, link)?,
            TaskKind::GiveCallLink => take_call_link(ask, state, task, link)?,
            _ => return Err(not_wanted("link", link)),
        }
    }
    Ok(())
}

fn not_wanted(key: &str, value: &str) -> Error {
    let message =
        Text::new("к этой задаче это поле не относится", "this field does not belong to this task");
    refused("not_wanted", key, value, message)
}

/// A group that a person names by its id: it gets the task's code, by which the cycle binds it.
fn take_group(ask: &Ask, state: &mut State, task: &Task, id: &str) -> Result<()> {
    let platform = ask.session.config().platform.kind;
    let rows = state.chats()?;
    let has = |row: &&ChatRow| {
        row.chat.platform == platform && row.chat.platform_id.as_deref() == Some(id)
    };
    let bound = rows.iter().find(has).map(|row| row.chat.key.as_str());
    if let Some(other) = bound.filter(|key| *key != task.chat) {
        return Err(refused("group_taken", "platform_id", id, taken(other)));
    }
    let found = ask_about(ask, state, id)?;
    if bound.is_some() {
        state.drop_own(platform, id)?;
        return state.mark_due(platform, id, ask.clock.now()).map(drop);
    }
    let group = Group {
        platform_id: id.to_owned(),
        title: Some(found.title),
        by: None,
        code: Some(task.code.clone()),
        since: ask.clock.now(),
    };
    state.put_group(platform, &group).map(drop)
}

fn taken(key: &str) -> Text {
    Text::new(
        format!("эта группа уже служит чатом {key}"),
        format!("this group is the chat {key} already"),
    )
}

/// A group as the messenger tells of it; one of which it tells nothing is refused.
fn ask_about(ask: &Ask, state: &mut State, id: &str) -> Result<FoundChat> {
    let platform = ask.session.platform();
    let stop = ask.session.stop_within(PATIENCE);
    let connection = ask.session.connect(&stop)?;
    Bot::remember(state, platform.kind(), connection)?;
    let call = Call::Chats { only: Some(vec![id.to_owned()]) };
    let answer = platform.perform(&[call], &stop).into_iter().next();
    let found = match answer {
        Some(Ok(Answer::Chats(found))) => found.into_iter().find(|chat| chat.chat == id),
        Some(Err(failure)) => return Err(crate::cycle::error_of(&failure, &stop)),
        _ => None,
    };
    // A dialog has no title, and the bot is in no group of which it is told nothing.
    let good = found.filter(|chat| chat.gone.is_none() && !chat.title.is_empty());
    good.ok_or_else(|| refused("no_such_group", "platform_id", id, not_in_it()))
}

fn not_in_it() -> Text {
    Text::new(
        "группы с таким номером нет, или бот в неё не добавлен",
        "there is no group with this number, or the bot is not in it",
    )
}

/// A link that a person copied, where the library cannot read it itself: then the person's word is
/// all there is, and the task is done by it.
fn take_link(ask: &Ask, state: &mut State, task: &Task, link: &str) -> Result<()> {
    let rows = state.chats()?;
    let Some(row) = rows.iter().find(|row| row.chat.key == task.chat) else { return Ok(()) };
    if row.chat.link.as_deref() == Some(link) {
        let message = Text::new("это прежняя ссылка", "this is the old link");
        return Err(refused("old_link", "link", link, message));
    }
    match shows_links(ask, state, row)? {
        true => Ok(()),
        false => {
            state.put_link(&task.chat, link, ask.clock.now())?;
            state.close_task(task.id, &ask.actor, ask.clock.now())
        }
    }
}

/// The standing call link of a chat. Nobody can read it back: its shape and the person's word are all
/// there is.
fn take_call_link(ask: &Ask, state: &mut State, task: &Task, link: &str) -> Result<()> {
    if let Err(expected) = crate::calls::check_link(link) {
        return Err(refused("no_call_link", "link", link, expected));
    }
    state.put_call_link(&task.chat, link)?;
    state.close_task(task.id, &ask.actor, ask.clock.now())
}

fn shows_links(ask: &Ask, state: &State, row: &ChatRow) -> Result<bool> {
    let config = &ask.session.config().platform;
    let found = state.capabilities(config.kind.name())?;
    let fixed = config.capabilities.get(&Capability::ReadLink).copied();
    let able = fixed.or(found.get(&Capability::ReadLink).map(|(able, _)| *able)).unwrap_or(true);
    Ok(able && !row.chat.unable().contains(&Capability::ReadLink))
}

/// A cycle on the kept roster, limited to the task's chat; why it did not come to its end, if so.
fn look(ask: &mut Ask, task: &Task) -> Result<Option<Text>> {
    let options = Options {
        now: ask.now,
        chats: BTreeSet::from([task.chat.clone()]),
        verify: Verify::All,
        detail: Detail::Summary,
        ..Options::default()
    };
    let actor = ask.actor.clone();
    match ask.session.cycle(From::Kept, &options, &actor) {
        Ok(_) => Ok(None),
        Err(error) if matches!(error.code, Code::State | Code::Internal) => Err(error),
        Err(error) => Ok(Some(error.message)),
    }
}

/// The task as it stands after looking, and why it is not done yet.
fn told(ask: &Ask, state: &State, task: &Task, failed: Option<Text>) -> Result<(Code, Value)> {
    let all = state.all_tasks()?;
    let now = all.into_iter().find(|one| one.id == task.id).unwrap_or_else(|| task.clone());
    let shown = Shown::load(ask, state)?;
    let closed = now.closed.is_some();
    let chat = shown.chats.get(&task.chat);
    let message = (!closed).then(|| failed.unwrap_or_else(|| not_yet(&now, chat)));
    let row = shown.row(ask, &now);
    let result = json!({
        "task": row,
        "tasks": [row],
        "closed": closed,
        "pending": !closed,
        "message": message,
        "chat": shown.chat(&task.chat),
    });
    Ok((if closed { Code::Ok } else { Code::Partial }, result))
}

/// Why a task still stands.
fn not_yet(task: &Task, chat: Option<&ChatRow>) -> Text {
    match task.kind {
        TaskKind::CreateChat => no_group(task),
        TaskKind::AddBot => Text::new(
            "бота в этом чате пока не видно",
            "the bot is not to be seen in this chat yet",
        ),
        TaskKind::GiveRights => lacking(task, chat),
        TaskKind::RotateLink => Text::new(
            "ссылка-приглашение пока прежняя, или новая ещё не прочитана",
            "the invite link is still the old one, or the new one was not read yet",
        ),
        TaskKind::TransferOwnership => {
            Text::new("у чата пока прежний владелец", "the chat still has the same owner")
        }
        TaskKind::LetIn => {
            Text::new("этого человека пока нет в чате", "the person is not in the chat yet")
        }
        TaskKind::GiveCallLink => Text::new(
            "впишите ссылку на звонок (поле link)",
            "enter the call link (the field link)",
        ),
    }
}

fn no_group(task: &Task) -> Text {
    let (title, code) = (&task.title, &task.code);
    Text::new(
        format!(
            "подходящая группа пока не найдена: проверьте название «{title}» или код {code} и \
             добавлен ли бот администратором"
        ),
        format!(
            "no fitting group was found yet: check the title “{title}” or the code {code}, and \
             whether the bot is an admin there"
        ),
    )
}

fn lacking(task: &Task, chat: Option<&ChatRow>) -> Text {
    let own = chat.and_then(|row| Some((row.chat.own.as_ref()?, row.chat.platform)));
    let seen = own.map(|(own, platform)| own.lacking(platform)).unwrap_or_default();
    let named = task.details.rights.iter().map(String::as_str);
    let lacking: Vec<&str> = if seen.is_empty() { named.collect() } else { seen };
    let rights: Vec<Text> = lacking.into_iter().map(tasks::right).collect();
    let ru: Vec<&str> = rights.iter().map(|right| right.ru.as_str()).collect();
    let en: Vec<&str> = rights.iter().map(|right| right.en.as_str()).collect();
    Text::new(
        format!("боту всё ещё не хватает прав: {}", ru.join(", ")),
        format!("the bot still lacks rights: {}", en.join(", ")),
    )
}
