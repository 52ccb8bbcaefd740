//! On MAX people make the groups: what they are asked for, how their groups are found, what they
//! forgot, and who was in a group before.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use zvonok::error::Code;

use super::crowd::{GUESTS, NEW};
use super::messenger::Places;
use super::office::{FoundBy, Manner, SECRETARY};
use super::stage::{Stage, expect};
use crate::show::{self, rows, text};
use crate::trouble::{Outcome, Trouble};

/// How many people are given a one-time link at first, and how many find the bot by themselves.
const INVITED: usize = 12;
const FINDERS: usize = 30;
/// The groups to which something happens.
const SPARING: &str = "class:";
const CROWDED: &str = "parents:";

/// The first cycle asks a person for every group.
pub(super) fn asked(stage: &mut Stage) -> Outcome {
    stage.heading(
        "Первый цикл: бот MAX не может создать группу, и об этом просят человека",
        "The first cycle: a bot of MAX cannot make a group, so a person is asked to",
    )?;
    let (code, report, _) = stage.next()?;
    stage.show(|terminal| show::report::head(terminal, &report))?;
    let tasks = rows(&report, "tasks");
    let Some(first) = tasks.first() else {
        return Err(Trouble::System("nobody was asked for anything".to_owned()));
    };
    let (count, more) = (tasks.len(), tasks.len() - 1);
    stage.tell(
        format!("\nЗадач для человека: {count}. Первая из них, целиком:"),
        format!("\nTasks for a person: {count}. The first of them, whole:"),
    )?;
    let people = stage.people();
    stage.show(|terminal| show::tasks::one(terminal, first, &people))?;
    stage.tell(
        format!("… и ещё {more} таких же; все — «zvonok tasks»."),
        format!("… and {more} more like it; `zvonok tasks` has them all."),
    )?;
    Ok(code)
}

/// The secretary makes the groups, some people open the bot's dialog, and the next cycle finds all
/// that.
pub(super) fn found(stage: &mut Stage) -> Outcome {
    stage.heading("Секретарь создаёт группы", "The secretary makes the groups")?;
    let (by_code, by_title) = make_groups(stage)?;
    let linked = first_people(stage)?;
    stage.tell(
        format!(
            "Создано групп: с кодом в названии — {by_code}, просто с точным названием — {by_title}."
        ),
        format!(
            "Groups made: {by_code} with the code in the title, {by_title} with the title alone."
        ),
    )?;
    let (code, report, took) = stage.next()?;
    expect(code == Code::Held, "nobody was found in a group before it was bound")?;
    stage.show(|terminal| show::report::head(terminal, &report))?;
    let sparing = sparing(&report).unwrap_or_default();
    titles_are_right(stage, &report, Some(sparing))?;
    let count = rows(&report, "chats").len();
    stage.confirm(
        format!(
            "групп найдено: {count}; коды из названий убраны, кроме одной, где бот ещё не вправе"
        ),
        format!(
            "groups found: {count}; the codes are gone but from one, where the bot may not yet"
        ),
    )?;
    accounts_are_linked(stage, &linked)?;
    let (written, seconds) = (stage.messenger.written_to()?, took.as_secs());
    expect(written > 0, "nobody was written to")?;
    stage.confirm(
        format!("за {seconds} с; бот написал ссылки в личные диалоги, человек: {written}"),
        format!("in {seconds} s; the bot wrote the links to {written} people in their dialogs"),
    )?;
    stage.show(|terminal| show::tasks::summary(terminal, rows(&report, "tasks")))?;
    Ok(Code::Ok)
}

/// Some people without an account press Start by their one-time links, others find the bot
/// themselves. Gives the accounts that are to be linked.
fn first_people(stage: &mut Stage) -> Result<BTreeMap<String, i64>, Trouble> {
    let (without, with) = by_account(stage)?;
    let mut linked = BTreeMap::new();
    // The last one is to link the account in another way.
    let invited = without.iter().filter(|person| Some(*person) != stage.late.as_ref());
    let invited: Vec<String> = invited.take(INVITED).cloned().collect();
    for (person, account) in invited.into_iter().zip(NEW..) {
        let (_, invite) = stage.request("accounts.invite", json!({"person": person}))?;
        let link = text(&invite, "link");
        let word = link.split_once("?start=").map(|(_, word)| word).unwrap_or_default();
        stage.name(&person, account)?;
        stage.messenger.does("start", &json!({"user": account, "payload": word}))?;
        linked.insert(person, account);
    }
    let finders: Vec<i64> = with.into_values().step_by(7).take(FINDERS).collect();
    for account in &finders {
        stage.messenger.does("start", &json!({"user": account}))?;
    }
    let (links, finders) = (linked.len(), finders.len());
    stage.tell(
        format!("По одноразовым ссылкам бота открыли {links} чел., сами нашли бота {finders}."),
        format!("{links} people opened the bot by one-time links, {finders} found it themselves."),
    )?;
    Ok(linked)
}

/// Parents without an account, and those with one.
fn by_account(stage: &mut Stage) -> Result<(Vec<String>, BTreeMap<String, i64>), Trouble> {
    let (mut without, mut with) = (Vec::new(), BTreeMap::new());
    for row in stage.registry()? {
        if !text(&row, "key").starts_with(CROWDED) {
            continue;
        }
        let chat = stage.chat(text(&row, "key"))?;
        for member in rows(&chat, "members") {
            let person = text(member, "person").to_owned();
            match text(member, "account").parse() {
                Ok(account) => drop(with.insert(person, account)),
                Err(_) => without.push(person),
            }
        }
    }
    without.sort();
    without.dedup();
    Ok((without, with))
}

/// Does every task; how many groups have the code in their title, and how many have not.
fn make_groups(stage: &mut Stage) -> Result<(usize, usize), Trouble> {
    stage.messenger.declare(SECRETARY, "Секретарь", "школы")?;
    let (_, listed) = stage.request("tasks.list", json!({"per_page": 1000}))?;
    let tasks = rows(&listed, "tasks");
    let mut namesakes: BTreeMap<&str, usize> = BTreeMap::new();
    tasks.iter().for_each(|task| *namesakes.entry(text(task, "title")).or_default() += 1);
    let guests = guests(stage, tasks)?;
    let of_kind = |kind: &str| tasks.iter().position(|task| text(task, "chat").starts_with(kind));
    let (sparing, crowded) = (of_kind(SPARING), of_kind(CROWDED));
    let mut by_title = 0;
    for (at, task) in tasks.iter().enumerate() {
        let alone = namesakes[text(task, "title")] == 1;
        let plain = alone && at % 3 == 2 && sparing != Some(at);
        let found_by = if plain { FoundBy::Title } else { FoundBy::Code };
        by_title += usize::from(found_by == FoundBy::Title);
        let guests: &[i64] = if crowded == Some(at) { &guests } else { &[] };
        let manner = Manner { found_by, guests, sparing: sparing == Some(at) };
        stage.office.make(&stage.messenger, task, &manner)?;
    }
    Ok((tasks.len() - by_title, by_title))
}

/// Who is in the first parents' group before the bot comes: two whom the school does not know, a
/// parent with an account, and one whose account nobody knows yet.
fn guests(stage: &mut Stage, tasks: &[Value]) -> Result<Vec<i64>, Trouble> {
    let names = [("Гость", "Первый"), ("Гость", "Второй")];
    for (guest, (first, last)) in GUESTS.into_iter().zip(names) {
        stage.messenger.declare(guest, first, last)?;
    }
    let mut guests = GUESTS.to_vec();
    let task = tasks.iter().find(|task| text(task, "chat").starts_with(CROWDED));
    let Some(task) = task else { return Ok(guests) };
    let chat = stage.chat(text(task, "chat"))?;
    let mut members = rows(&chat, "members").iter();
    guests.extend(members.find_map(|one| text(one, "account").parse::<i64>().ok()));
    let without = rows(&chat, "members").iter().find(|one| one["linked"] == false);
    stage.late = without.map(|one| text(one, "person").to_owned());
    if let Some(person) = stage.late.clone() {
        stage.name(&person, LATE)?;
        guests.push(LATE);
    }
    Ok(guests)
}

/// The account of the parent who links it last.
const LATE: i64 = NEW - 1;

/// Every group is called as it should be, and no title has a code any more.
fn titles_are_right(stage: &Stage, report: &Value, but: Option<&str>) -> Result<(), Trouble> {
    let titles = stage.messenger.titles()?;
    let chats = rows(report, "chats");
    let right = |chat: &Value| {
        let group = text(chat, "platform_id").parse().ok();
        let title = group.and_then(|group: i64| titles.get(&group));
        title.map(String::as_str) == Some(text(chat, "title"))
    };
    let wrong = chats.iter().find(|chat| !right(chat) && but != Some(text(chat, "key")));
    expect(wrong.is_none(), &format!("a group is not bound or not renamed: {wrong:?}"))?;
    Ok(())
}

/// Whoever pressed Start by a one-time link is linked now.
fn accounts_are_linked(stage: &mut Stage, linked: &BTreeMap<String, i64>) -> Result<(), Trouble> {
    for (person, account) in linked {
        let (_, status) = stage.request("accounts.status", json!({"person": person}))?;
        let account = account.to_string();
        let is_linked = rows(&status, "accounts").iter().any(|one| one["account"] == account);
        expect(is_linked, &format!("{person} followed the one-time link and is not linked"))?;
    }
    let count = linked.len();
    stage.confirm(
        format!("учётных записей привязано по одноразовым ссылкам: {count}"),
        format!("accounts linked by one-time links: {count}"),
    )?;
    Ok(())
}

/// A group whose bot was given too few rights: a task says which, and is then done.
pub(super) fn rights(stage: &mut Stage) -> Outcome {
    stage.heading("В одной группе боту не хватает прав", "In one group the bot lacks rights")?;
    let (_, listed) = stage.request("tasks.list", json!({"kind": "give_rights"}))?;
    let tasks = rows(&listed, "tasks");
    expect(tasks.len() == 1, "there is no task to give rights")?;
    let people = stage.people();
    stage.show(|terminal| show::tasks::one(terminal, &tasks[0], &people))?;
    stage.office.mend(&stage.messenger, &tasks[0])?;
    stage.done(&tasks[0])?;
    let chats = stage.registry()?;
    titles_are_right(stage, &json!({"chats": chats}), None)?;
    stage.confirm("и эта группа названа как надо", "this group has its right title, too")?;
    Ok(Code::Ok)
}

/// People who were in a group before the library came are not thrown out unseen.
pub(super) fn adopted(stage: &mut Stage) -> Outcome {
    stage.heading(
        "Кто уже был в группе до бота, ждёт решения человека",
        "Who was in a group before the bot waits for a person's word",
    )?;
    let report = stage.last.clone();
    let Some(row) = rows(&report, "held").first() else {
        return Err(Trouble::System("nobody is held".to_owned()));
    };
    stage.show(|terminal| show::faults::held(terminal, &report, 3))?;
    let group = stage.office.group(text(row, "chat"));
    one_links(stage)?;
    let print = text(&stage.last["hold"], "fingerprint").to_owned();
    stage.tell(
        format!("Администратор подтверждает: {print}"),
        format!("The administrator approves: {print}"),
    )?;
    stage.request("guard.approve", json!({"fingerprint": print}))?;
    let (code, _, _) = stage.next()?;
    let (_, places) = stage.messenger.places()?;
    let (inside, outside): (Vec<i64>, Vec<i64>) = rows(row, "who")
        .iter()
        .filter_map(|one| text(one, "account").parse().ok())
        .partition(|account| places.contains(&(group, *account)));
    expect(GUESTS.iter().all(|guest| outside.contains(guest)), "the guests are still in")?;
    expect(!inside.iter().any(|one| *one != LATE), "somebody else is still in")?;
    stage.guests_stay(group, &places);
    let (gone, stayed) = (outside.len(), inside.len());
    stage.confirm(
        format!("исключены: {gone}; остались привязавшие учётную запись: {stayed}"),
        format!("removed: {gone}; stayed, having linked their accounts: {stayed}"),
    )?;
    Ok(code)
}

/// A parent who is held links the account and drops out of the hold.
fn one_links(stage: &mut Stage) -> Result<(), Trouble> {
    let Some(person) = stage.late.clone() else { return Ok(()) };
    let account = LATE.to_string();
    let params = json!({"person": person, "platform": "max", "account": account});
    stage.request("accounts.link", params)?;
    let (_, report, _) = stage.next()?;
    let mut held = rows(&report, "held").iter().flat_map(|row| rows(row, "who"));
    expect(!held.any(|one| one["account"] == account), "who linked the account is still held")?;
    let name = stage.people().name(&person);
    stage.tell(
        format!("{name} привязывает учётную запись и больше не удерживается."),
        format!("{name} links the account and is held no more."),
    )?;
    Ok(())
}

/// The chat in which the bot lacks rights.
fn sparing(report: &Value) -> Option<&str> {
    let mut tasks = rows(report, "tasks").iter();
    tasks.find(|task| task["kind"] == "give_rights").map(|task| text(task, "chat"))
}

impl Stage<'_> {
    /// Gives a person's account in the messenger the person's name.
    fn name(&self, person: &str, account: i64) -> Result<(), Trouble> {
        let mut users = rows(&self.roster, "users").iter();
        let user = users.find(|user| user["sourcedId"] == person);
        let [first, last] = ["givenName", "familyName"]
            .map(|key| user.map(|user| text(user, key)).unwrap_or_default());
        self.messenger.declare(account, first, last)
    }

    /// Remembers who of those put in by hand belongs to the group.
    fn guests_stay(&mut self, group: i64, places: &Places) {
        let inside =
            places.iter().filter(|(place, account)| *place == group && *account != SECRETARY);
        inside.for_each(|(group, account)| self.crowd.is_in(*group, *account));
    }

    /// Says that a task is done; the library looks at once.
    pub(super) fn done(&mut self, task: &Value) -> Result<(), Trouble> {
        let id = text(task, "id");
        let (_, result) = self.request("tasks.done", json!({"task": id}))?;
        let why = self.terminal.language.of(&result["message"]);
        expect(result["closed"] == true, &format!("{id} is not closed: {why}"))?;
        self.confirm(
            format!("секретарь сделал: «zvonok tasks done {id}» — проверено, задача закрыта"),
            format!(
                "the secretary did it: `zvonok tasks done {id}`: looked at, the task is closed"
            ),
        )?;
        Ok(())
    }
}
