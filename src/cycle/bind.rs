//! A group that a person made finds the key that it was made for (ruling 16).

use std::collections::{BTreeMap, BTreeSet};

use super::run::Run;
use super::side::Side;
use crate::error::{Fault, Result, Text};
use crate::host::Level;
use crate::plan::{ChatState, KnownChat, Plan, Present, TaskKind, codes_in};
use crate::platform::{Answer, Call, FoundChat};
use crate::profile::Existence;
use crate::state::{Group, Task};

/// What binding came to in a cycle.
#[derive(Debug, Default)]
pub(super) struct Bound {
    /// Groups that nobody could tell apart, by the chat's key.
    doubtful: BTreeMap<String, BTreeSet<String>>,
    /// There are groups that no task fits yet: their titles may still change.
    pub(super) unmatched: bool,
}

impl Bound {
    /// Tells in the tasks which groups could not be told apart.
    pub(super) fn say_doubts(&self, plan: &mut Plan) {
        let doubts =
            |chat: &String| self.doubtful.get(chat).map(|ids| ids.iter().cloned().collect());
        plan.tasks = std::mem::take(&mut plan.tasks)
            .into_iter()
            .map(|mut task| {
                if task.kind == TaskKind::CreateChat {
                    task.details.doubtful = doubts(&task.chat).unwrap_or_default();
                }
                task
            })
            .collect();
    }
}

/// A group as it was looked at.
struct Seen {
    found: FoundChat,
    code: Option<String>,
    by: Option<String>,
}

impl Seen {
    /// Whether somebody said in its title or in a message that it was made for this task.
    fn names(&self, task: &Task) -> bool {
        let titled = codes_in(&self.found.title);
        let written = || codes_in(self.code.as_deref().unwrap_or_default());
        if titled.is_empty() { written().contains(&task.code) } else { titled.contains(&task.code) }
    }
}

impl Run<'_, '_> {
    /// Gives groups that people made to the chats that they were made for.
    ///
    /// # Errors
    /// What looking at the groups meets.
    pub(super) fn bind(&mut self, side: usize) -> Result<()> {
        if side != 0 {
            return Ok(());
        }
        let tasks = self.open_makings()?;
        let groups = self.state.groups(self.sides[side].kind())?;
        if tasks.is_empty() || groups.is_empty() {
            return Ok(());
        }
        self.connect(side)?;
        let seen = self.look_at(side, groups)?;
        self.bound.unmatched = !seen.is_empty();
        for (task, group, by_title) in self.matches(&tasks, seen) {
            self.bind_one(side, &task, group, by_title)?;
        }
        Ok(())
    }

    /// The tasks to make a chat that is still wanted and not made.
    fn open_makings(&self) -> Result<Vec<Task>> {
        let mut tasks = self.state.open_tasks()?;
        tasks.retain(|task| {
            let desired = self.desired.chats.get(&task.chat);
            let known = self.known.chats.get(&task.chat);
            task.kind == TaskKind::CreateChat
                && desired.is_some_and(|desired| {
                    desired.existence == Existence::Wanted
                        && self.scope.holds(&desired.key, &desired.kind)
                })
                && known.is_none_or(|known| known.platform_id.is_none())
        });
        Ok(tasks)
    }

    fn look_at(&mut self, side: usize, groups: Vec<Group>) -> Result<Vec<Seen>> {
        let ids: Vec<String> = groups.iter().map(|group| group.platform_id.clone()).collect();
        let one: &Side = &self.sides[side];
        let call = Call::Chats { only: Some(ids) };
        let answer = one.messenger.driver.perform(&[call], self.cycle.stop).into_iter().next();
        let found = match answer {
            Some(Ok(Answer::Chats(found))) => found,
            Some(Err(failure)) => {
                self.check(Some(&failure))?;
                return Ok(Vec::new());
            }
            _ => return Ok(Vec::new()),
        };
        let kind = self.sides[side].kind();
        let here = self.known.chats.values().filter(|chat| chat.platform == kind);
        let taken: BTreeSet<&String> = here.filter_map(|chat| chat.platform_id.as_ref()).collect();
        let mut seen = Vec::new();
        for group in groups {
            let found = found.iter().find(|found| found.chat == group.platform_id);
            let usable = found.filter(|found| found.gone.is_none() && !taken.contains(&found.chat));
            if let Some(found) = usable {
                seen.push(Seen { found: found.clone(), code: group.code, by: group.by });
            }
        }
        Ok(seen)
    }

    /// Which group belongs to which task: by the code, else by a title that only one group and one
    /// task have. Where two fit, none is taken.
    fn matches(&mut self, tasks: &[Task], seen: Vec<Seen>) -> Vec<(Task, Seen, bool)> {
        let mut matches = Vec::new();
        let (named, unnamed): (Vec<Seen>, Vec<Seen>) =
            seen.into_iter().partition(|one| tasks.iter().any(|task| one.names(task)));
        let mut named: Vec<Option<Seen>> = named.into_iter().map(Some).collect();
        let mut unnamed: Vec<Option<Seen>> = unnamed.into_iter().map(Some).collect();
        for task in tasks {
            let by_code: Vec<usize> = positions(&named, |one| one.names(task));
            // A group that names two tasks says nothing of either.
            let sure = |one: &Seen| tasks.iter().filter(|task| one.names(task)).count() == 1;
            let sure = by_code.iter().all(|at| named[*at].as_ref().is_some_and(sure));
            let wanted = self.desired.chats.get(&task.chat).map(|chat| chat.title.trim());
            let titled = |one: &Seen| Some(one.found.title.trim()) == wanted;
            let by_title = positions(&unnamed, titled);
            let namesakes = tasks.iter().filter(|other| {
                self.desired.chats.get(&other.chat).map(|chat| chat.title.trim()) == wanted
            });
            let alone = namesakes.count() == 1;
            let taken = match (by_code.as_slice(), by_title.as_slice()) {
                ([only], _) if sure => named[*only].take().map(|one| (one, false)),
                ([], [only]) if alone => unnamed[*only].take().map(|one| (one, true)),
                _ => None,
            };
            match taken {
                Some((one, by_title)) => matches.push((task.clone(), one, by_title)),
                None => {
                    let fits = by_code.iter().filter_map(|at| named[*at].as_ref());
                    let fits = fits.chain(by_title.iter().filter_map(|at| unnamed[*at].as_ref()));
                    let fits: BTreeSet<String> = fits.map(|one| one.found.chat.clone()).collect();
                    if !fits.is_empty() {
                        self.bound.doubtful.insert(task.chat.clone(), fits);
                    }
                }
            }
        }
        matches
    }

    fn bind_one(&mut self, side: usize, task: &Task, group: Seen, by_title: bool) -> Result<()> {
        let Some(desired) = self.desired.chats.get(&task.chat) else { return Ok(()) };
        let now = self.cycle.clock.now();
        let side = &self.sides[side];
        let own = (side.own_account.clone(), Present::seen(false, true));
        let chat = KnownChat {
            title: group.found.title.clone(),
            platform_id: Some(group.found.chat.clone()),
            link: group.found.link.clone(),
            state: ChatState::Active,
            present: [own].into(),
            adopting: true,
            ..KnownChat::planned(desired, side.kind())
        };
        self.state.chat_bound(&chat, now)?;
        let text = format!("{}: bound to the group {}", chat.key, group.found.chat);
        self.cycle.host.log(Level::Info, &text);
        if by_title && !self.is_of_the_school(group.by.as_deref()) {
            self.warnings.push(bound_by_title(&chat, group.by.as_deref().unwrap_or_default()));
        }
        self.known.chats.insert(chat.key.clone(), chat);
        Ok(())
    }

    /// Whether the account is one that the school's data names anywhere.
    fn is_of_the_school(&self, account: Option<&str>) -> bool {
        let platform = self.sides[0].kind().name();
        let mut members = self.desired.chats.values().flat_map(|chat| chat.members.values());
        members.any(|member| {
            let mut accounts = member.accounts.iter();
            accounts.any(|(kind, id)| kind == platform && Some(id.as_str()) == account)
        })
    }
}

fn positions(seen: &[Option<Seen>], fits: impl Fn(&Seen) -> bool) -> Vec<usize> {
    let fitting = seen.iter().enumerate().filter(|(_, one)| one.as_ref().is_some_and(&fits));
    fitting.map(|(at, _)| at).collect()
}

/// Anybody may make a group with a school's title: whoever looks at the report should know.
fn bound_by_title(chat: &KnownChat, by: &str) -> Fault {
    Fault::new(
        "chat.bound_by_title",
        &chat.key,
        by,
        Text::new(
            "группа найдена только по названию, а кто добавил в неё бота, данным школы неизвестно: \
             проверьте, что это группа школы",
            "the group was found by its title alone, and the school's data does not know who put the \
             bot in: check that it is the school's group",
        ),
    )
}
