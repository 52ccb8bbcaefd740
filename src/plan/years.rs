//! From one school year to the next: a class that comes under another `sourcedId` goes on with the
//! chats of the one that it continues (the profile's `rollover.lineage`). The keys stay.
//!
//! Nothing is guessed: where two classes could go on with the same chats, or one with those of two,
//! none does, and a warning says so.

use std::collections::{BTreeMap, BTreeSet};

use super::{Known, KnownChat};
use crate::error::{Fault, Text};
use crate::profile::Desired;

/// To which class the chats under a key belong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// The class whose `sourcedId` is in the keys.
    pub root: String,
    /// The class to which these chats belong now; at first the same.
    pub class: String,
    /// By what the class is known again; `None` where the profile says nothing of it.
    pub mark: Option<String>,
    /// It finished school, and its chats live on.
    pub finished: bool,
}

/// Where a class stands in a roster.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// It is there.
    Here,
    /// It is there, and its students come on a later day.
    Ahead,
    /// It is there, and the time of all its students is over.
    Left,
    /// Its row says `tobedeleted`.
    Dissolved,
    /// The roster lacks it.
    Missing,
    /// Its row is broken: nobody knows.
    Unsure,
}

impl Standing {
    /// Whether another class may go on with its chats.
    fn is_over(self) -> bool {
        matches!(self, Standing::Left | Standing::Dissolved | Standing::Missing)
    }
}

/// What the new school year is judged by.
pub struct Years<'a> {
    /// What the last cycle left.
    pub lines: &'a [Line],
    /// The marks of this roster's classes, by `sourcedId`.
    pub marks: &'a BTreeMap<String, String>,
    /// Where any class stands, by `sourcedId`.
    pub standing: &'a dyn Fn(&str) -> Standing,
    /// What the profile says of this roster's classes, by keys of their own.
    pub desired: &'a Desired,
}

impl Years<'_> {
    /// Whether a class may be the one whose chats these are: of those who are not its heads somebody
    /// was in them. Where nobody was, or nobody is to be, nothing speaks against it.
    fn knows(&self, known: &Known, root: &str, class: &str) -> bool {
        let (mut heads, mut others) = (BTreeSet::new(), BTreeSet::new());
        let chats = self.desired.chats.values().filter(|chat| object_in(&chat.key) == class);
        for (person, member) in chats.flat_map(|chat| &chat.members) {
            if member.admin {
                heads.insert(person)
            } else {
                others.insert(person)
            };
        }
        let chats = known.chats.values().filter(|chat| object_of(chat) == root);
        let people = chats.flat_map(|chat| {
            chat.people.keys().chain(chat.present.values().flat_map(|present| &present.people))
        });
        let before: BTreeSet<&String> = people.filter(|person| !heads.contains(person)).collect();
        before.is_empty() || others.is_empty() || !before.is_disjoint(&others)
    }
}

/// Which class goes on with which chats.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Turn {
    /// By the class in the keys.
    pub lines: BTreeMap<String, Line>,
    /// Classes that go on with others' chats since this cycle, by the class in the keys: the class
    /// before.
    pub taken: BTreeMap<String, String>,
    /// Classes that wait for the chats that they will go on with, or whose keys others have.
    pub without: BTreeSet<String>,
    /// The classes in the keys of chats that somebody waits for though their own class is over: they
    /// are left as they are.
    pub awaited: BTreeSet<String>,
    /// What a person should know.
    pub warnings: Vec<Fault>,
}

impl Turn {
    /// Judges which class goes on with which chats.
    pub fn new(years: &Years, known: &Known) -> Turn {
        let lines = years.lines.iter().map(|line| (line.root.clone(), line.clone())).collect();
        let mut turn = Turn { lines, ..Turn::default() };
        turn.give_back(years);
        let made = made(known);
        for (mark, group) in turn.groups(years, &made) {
            turn.settle(&mark, group, |root, class| years.knows(known, root, class));
        }
        let forgotten = |line: &Line| {
            (years.standing)(&line.class) == Standing::Missing && !made.contains(&line.root)
        };
        turn.lines.retain(|_, line| !forgotten(line));
        turn
    }

    /// The class whose `sourcedId` is in the keys of a class's chats.
    pub fn root_of<'t>(&'t self, class: &'t str) -> &'t str {
        if self.lines.get(class).is_some_and(|line| line.class == class) {
            return class;
        }
        let mut lines = self.lines.values();
        lines.find(|line| line.class == class).map_or(class, |line| &line.root)
    }

    /// A class is there again whose chats another one goes on with. It gets them back where that one
    /// is over; else nobody can have the keys twice.
    fn give_back(&mut self, years: &Years) {
        for line in self.lines.values_mut().filter(|line| line.root != line.class) {
            if !matches!((years.standing)(&line.root), Standing::Here | Standing::Ahead) {
                continue;
            }
            let mark = years.marks.get(&line.root);
            let same = mark.is_none() || mark == line.mark.as_ref();
            if same && (years.standing)(&line.class).is_over() {
                line.class.clone_from(&line.root);
            } else {
                self.without.insert(line.root.clone());
                self.warnings.push(key_taken(&line.root, &line.class));
            }
        }
    }

    /// The classes that are known again by the same mark.
    fn groups(&self, years: &Years, made: &BTreeSet<String>) -> BTreeMap<String, Group> {
        let mut groups: BTreeMap<String, Group> = BTreeMap::new();
        let settled: BTreeMap<&str, &Line> =
            self.lines.values().map(|line| (line.class.as_str(), line)).collect();
        let continued = |class: &str| self.lines.get(class).is_some_and(|one| one.class != class);
        let counts = |class: &String| !self.without.contains(class) && !continued(class);
        for (class, mark) in years.marks.iter().filter(|(class, _)| counts(class)) {
            let line = settled.get(class.as_str());
            let root = line.map_or(class, |line| &line.root);
            let group = groups.entry(mark.clone()).or_default();
            let standing = (years.standing)(class);
            match standing {
                _ if standing.is_over() && made.contains(root) => group.over.push(root.clone()),
                Standing::Here | Standing::Ahead if line.is_none() && !made.contains(class) => {
                    group.new.push((class.clone(), standing));
                }
                _ if standing.is_over() => {}
                _ => group.settled.push((class.clone(), made.contains(root))),
            }
        }
        let absent = |line: &&Line| !years.marks.contains_key(&line.class);
        for line in self.lines.values().filter(absent) {
            let Some(mark) = &line.mark else { continue };
            let has_chats = made.contains(&line.root);
            match (years.standing)(&line.class) {
                standing if standing.is_over() && has_chats => {
                    groups.entry(mark.clone()).or_default().over.push(line.root.clone());
                }
                Standing::Unsure => {
                    let group = groups.entry(mark.clone()).or_default();
                    group.settled.push((line.class.clone(), has_chats));
                }
                _ => {}
            }
        }
        groups
    }

    fn settle(&mut self, mark: &str, group: Group, knows: impl Fn(&str, &str) -> bool) {
        match (group.new.as_slice(), group.settled.as_slice(), group.over.as_slice()) {
            ([(class, Standing::Here)], [], [root]) if !knows(root, class) => {
                self.warnings.push(other_people(class, root));
            }
            ([(class, Standing::Here)], [], [root]) => {
                let (class, root) = (class.clone(), root.clone());
                return self.take_over(mark, &root, class);
            }
            ([(class, _)], [], [root]) => {
                let before = self.lines.get(root).map_or(root, |line| &line.class).clone();
                self.awaited.insert(root.clone());
                return self.wait(class, &before);
            }
            ([(class, _)], [(before, true)], []) => {
                let (class, before) = (class.clone(), before.clone());
                self.mark(mark, &before);
                return self.wait(&class, &before);
            }
            ([], [_] | [], _) | ([_], [], []) => {}
            _ => self.warnings.push(several(&group)),
        }
        for (class, _) in &group.new {
            self.mark(mark, class);
        }
        for (class, _) in &group.settled {
            self.mark(mark, class);
        }
    }

    fn take_over(&mut self, mark: &str, root: &str, class: String) {
        let before = self.lines.get(root).map_or(root, |line| &line.class).to_owned();
        self.taken.insert(root.to_owned(), before);
        let (root, mark) = (root.to_owned(), Some(mark.to_owned()));
        self.lines.insert(root.clone(), Line { root, class, mark, finished: false });
    }

    fn wait(&mut self, class: &str, before: &str) {
        self.without.insert(class.to_owned());
        self.warnings.push(waits(class, before));
    }

    /// Remembers by what a class is to be known again.
    fn mark(&mut self, mark: &str, class: &str) {
        self.line_of(class).mark = Some(mark.to_owned());
    }

    /// Says that the chats of a class live on though it finished school.
    pub fn finish(&mut self, class: &str) {
        self.line_of(class).finished = true;
    }

    fn line_of(&mut self, class: &str) -> &mut Line {
        let root = self.root_of(class).to_owned();
        self.lines.entry(root.clone()).or_insert_with(|| Line {
            root,
            class: class.to_owned(),
            mark: None,
            finished: false,
        })
    }

    /// Brings what should be, and what the chats that are taken over belong to, in step: every chat
    /// under its own key, none for those that wait.
    pub fn rekey(&self, desired: &mut Desired, known: &mut Known) {
        let heirs = self.lines.values().filter(|line| line.root != line.class);
        let heirs: BTreeMap<&str, &str> =
            heirs.map(|line| (line.class.as_str(), line.root.as_str())).collect();
        if heirs.is_empty() && self.without.is_empty() {
            return;
        }
        let roots: BTreeSet<&str> = heirs.values().copied().collect();
        let mut moved: BTreeMap<String, String> = BTreeMap::new();
        desired.chats = std::mem::take(&mut desired.chats)
            .into_values()
            .filter_map(|mut chat| {
                let class = object_in(&chat.key).to_owned();
                if let Some(root) = heirs.get(class.as_str()) {
                    let key = format!("{}:{root}", chat.kind);
                    moved.insert(std::mem::replace(&mut chat.key, key.clone()), key);
                } else if roots.contains(class.as_str()) || self.without.contains(&class) {
                    return None;
                }
                Some((chat.key.clone(), chat))
            })
            .collect();
        for warning in &mut desired.warnings {
            if let Some(key) = moved.get(&warning.at) {
                warning.at.clone_from(key);
            }
        }
        for chat in known.chats.values_mut() {
            let wanted = desired.chats.get(chat.plain_key());
            if let Some(wanted) = wanted.filter(|_| self.taken.contains_key(object_of(chat))) {
                chat.follow(wanted);
            }
        }
        let taken = desired.chats.keys().filter_map(|key| {
            let before = self.taken.get(object_in(key))?;
            Some((key.clone(), before.clone()))
        });
        desired.continues = taken.collect();
    }
}

/// Classes that are known again by the same mark.
#[derive(Debug, Default)]
struct Group {
    /// There, and never seen before.
    new: Vec<(String, Standing)>,
    /// There, and seen before, with whether there are chats.
    settled: Vec<(String, bool)>,
    /// Over, with chats: the class in the keys.
    over: Vec<String>,
}

/// The classes in the keys of chats that were made.
fn made(known: &Known) -> BTreeSet<String> {
    let made = known.chats.values().filter(|chat| {
        let of_school = chat.class.is_none() && chat.subject.is_none();
        chat.platform_id.is_some() && !of_school
    });
    let objects = made.map(object_of).filter(|object| !object.is_empty());
    objects.map(str::to_owned).collect()
}

/// What stands in a chat's key: the `sourcedId` of a class or organisation; nothing for a chat that
/// somebody made by hand.
pub fn object_of(chat: &KnownChat) -> &str {
    object_in(chat.plain_key())
}

fn object_in(key: &str) -> &str {
    key.split_once(':').filter(|(kind, _)| *kind != "custom").map_or("", |(_, id)| id)
}

fn waits(class: &str, before: &str) -> Fault {
    Fault::new(
        "rollover.waits",
        "classes",
        class,
        Text::new(
            format!(
                "класс продолжает класс {before}, который ещё учится: своих чатов у него нет, чаты \
                 класса {before} перейдут к нему, когда тот закончится"
            ),
            format!(
                "the class continues {before}, which is not over yet: it has no chats of its own and \
                 goes on with those of {before} once that is over"
            ),
        ),
    )
}

fn key_taken(root: &str, class: &str) -> Fault {
    Fault::new(
        "rollover.key_taken",
        "classes",
        root,
        Text::new(
            format!(
                "класс снова в данных школы, но его чаты уже продолжает класс {class}: новых чатов у \
                 него не будет, пока у него не появится другой sourcedId"
            ),
            format!(
                "the class is in the school's data again, but {class} goes on with its chats: it gets \
                 none until it has another sourcedId"
            ),
        ),
    )
}

fn other_people(class: &str, root: &str) -> Fault {
    Fault::new(
        "rollover.other_people",
        "classes",
        class,
        Text::new(
            format!(
                "по rollover.lineage класс продолжает чаты класса {root}, но никого из них в этом \
                 классе нет: у него будут свои чаты"
            ),
            format!(
                "by rollover.lineage the class goes on with the chats of {root}, but nobody of them is \
                 in it: it has chats of its own"
            ),
        ),
    )
}

/// Two could go on with the same chats, or one with those of two.
fn several(group: &Group) -> Fault {
    let there = group.new.iter().map(|(class, _)| class.as_str());
    let there = there.chain(group.settled.iter().map(|(class, _)| class.as_str()));
    let there: Vec<&str> = there.collect();
    let (there, over) = (there.join(", "), group.over.join(", "));
    let (ru, en) = match over.is_empty() {
        true => (String::new(), String::new()),
        false => (format!("; прежние: {over}"), format!("; before: {over}")),
    };
    Fault::new(
        "rollover.several",
        "classes",
        &there,
        Text::new(
            format!(
                "одну и ту же линию (rollover.lineage) продолжает не один класс{ru}: никто не \
                 получает чатов другого, у каждого свои"
            ),
            format!(
                "more than one class has the same rollover.lineage{en}: none goes on with the chats \
                 of another, each has its own"
            ),
        ),
    )
}
