//! Which class goes on with which chats: the cases of a new school year, each a few words.
//!
//! A line of the state file is `7a`, `7a>8a` (8a goes on with the chats under 7a), with `=line` for
//! what the profile knew the class by, and ` finished`. A class of the roster is `8a=line standing`.

use std::collections::{BTreeMap, BTreeSet};

use rand::seq::IndexedRandom;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use zvonok::plan::{ChatState, Known, KnownChat, Line, Standing, Turn, Years};
use zvonok::platform::Kind;
use zvonok::profile::{Desired, DesiredChat, Existence};

/// What is known before, what the roster has, which chats were made; and what must come of it.
struct Case {
    name: &'static str,
    lines: &'static [&'static str],
    roster: &'static [&'static str],
    chats: &'static [&'static str],
    /// Lines after it.
    after: &'static [&'static str],
    /// The keys that the profile's chats have in the end; it has one for every class of the roster.
    keys: &'static [&'static str],
    warnings: &'static [&'static str],
}

const CASES: &[Case] = &[
    Case {
        name: "a class that stays under its id stays with its chats",
        lines: &["7a=x"],
        roster: &["7a=x here"],
        chats: &["7a"],
        after: &["7a=x"],
        keys: &["class:7a of 7a"],
        warnings: &[],
    },
    Case {
        name: "a class of which the profile says nothing leaves no trace",
        lines: &[],
        roster: &["7a here", "8a dissolved"],
        chats: &["7a"],
        after: &[],
        keys: &["class:7a of 7a", "class:8a of 8a"],
        warnings: &[],
    },
    Case {
        name: "a new class goes on with the chats of one that is missing",
        lines: &["7a=x"],
        roster: &["8a=x here"],
        chats: &["7a"],
        after: &["7a>8a=x"],
        keys: &["class:7a of 8a"],
        warnings: &[],
    },
    Case {
        name: "a new class goes on with the chats of one that is struck out, also in the first cycle",
        lines: &[],
        roster: &["7a=x dissolved", "8a=x here"],
        chats: &["7a"],
        after: &["7a>8a=x"],
        keys: &["class:7a of 8a"],
        warnings: &[],
    },
    Case {
        name: "a new class goes on with the chats of one that all students have left",
        lines: &["7a=x"],
        roster: &["7a=x left", "8a=x here"],
        chats: &["7a"],
        after: &["7a>8a=x"],
        keys: &["class:7a of 8a"],
        warnings: &[],
    },
    Case {
        name: "the next year goes on with the same keys",
        lines: &["7a>8a=x"],
        roster: &["7a=x dissolved", "8a=x dissolved", "9a=x here"],
        chats: &["7a"],
        after: &["7a>9a=x"],
        // The class of last year is struck out and has no chats under its own id.
        keys: &["class:7a of 9a", "class:8a of 8a"],
        warnings: &[],
    },
    Case {
        name: "what was taken over stays so whatever the profile says later",
        lines: &["7a>8a=x"],
        roster: &["8a here"],
        chats: &["7a"],
        after: &["7a>8a=x"],
        keys: &["class:7a of 8a"],
        warnings: &[],
    },
    Case {
        name: "a class that went on with chats and is struck out has them archived under their keys",
        lines: &["7a>8a=x"],
        roster: &["8a=x dissolved"],
        chats: &["7a"],
        after: &["7a>8a=x"],
        keys: &["class:7a of 8a"],
        warnings: &[],
    },
    Case {
        name: "while the class before is still there, the one that continues it waits",
        lines: &["7a=x"],
        roster: &["7a=x here", "8a=x here"],
        chats: &["7a"],
        after: &["7a=x"],
        keys: &["class:7a of 7a"],
        warnings: &["rollover.waits 8a"],
    },
    Case {
        name: "a class whose students begin later waits for their day",
        lines: &["7a=x"],
        roster: &["7a=x left", "8a=x ahead"],
        chats: &["7a"],
        after: &["7a=x"],
        // They are left as they are until then.
        keys: &["class:7a of 7a"],
        warnings: &["rollover.waits 8a"],
    },
    Case {
        name: "a class whose row is broken is not over",
        lines: &["7a=x"],
        roster: &["7a unsure", "8a=x here"],
        chats: &["7a"],
        after: &["7a=x"],
        keys: &[],
        warnings: &["rollover.waits 8a"],
    },
    Case {
        name: "of two classes that continue one, none takes its chats",
        lines: &["7a=x"],
        roster: &["8a=x here", "8b=x here"],
        chats: &["7a"],
        after: &["7a=x", "8a=x", "8b=x"],
        keys: &["class:8a of 8a", "class:8b of 8b"],
        warnings: &["rollover.several 8a, 8b"],
    },
    Case {
        name: "whoever was refused once is refused for good, though the other one is gone",
        lines: &["7a=x", "8a=x", "8b=x"],
        roster: &["8b=x here"],
        chats: &["7a"],
        after: &["7a=x", "8b=x"],
        keys: &["class:8b of 8b"],
        warnings: &[],
    },
    Case {
        name: "a class that continues two takes the chats of neither",
        lines: &["7a=x", "7b=x"],
        roster: &["8a=x here"],
        chats: &["7a", "7b"],
        after: &["7a=x", "7b=x", "8a=x"],
        keys: &["class:8a of 8a"],
        warnings: &["rollover.several 8a"],
    },
    Case {
        name: "classes that are known by the same are told, and each keeps its own",
        lines: &["7a=x", "7b=x"],
        roster: &["7a=x here", "7b=x here"],
        chats: &["7a", "7b"],
        after: &["7a=x", "7b=x"],
        keys: &["class:7a of 7a", "class:7b of 7b"],
        warnings: &["rollover.several 7a, 7b"],
    },
    Case {
        name: "a class that has chats of its own takes no others",
        lines: &["7a=x"],
        roster: &["8a=x here"],
        chats: &["7a", "8a"],
        after: &["7a=x", "8a=x"],
        keys: &["class:8a of 8a"],
        warnings: &[],
    },
    Case {
        name: "a class that is over and never had a chat is nobody's forerunner",
        lines: &["7a=x"],
        roster: &["7a=x dissolved", "8a=x here"],
        chats: &[],
        after: &["7a=x", "8a=x"],
        keys: &["class:7a of 7a", "class:8a of 8a"],
        warnings: &[],
    },
    Case {
        name: "a year that is taken back gives the chats back",
        lines: &["7a>8a=x"],
        roster: &["7a=x here", "8a=x dissolved"],
        chats: &["7a"],
        after: &["7a=x"],
        keys: &["class:7a of 7a", "class:8a of 8a"],
        warnings: &[],
    },
    Case {
        name: "an id that comes back while another class has its keys gets no chats",
        lines: &["7a>8a=x"],
        roster: &["7a=x here", "8a=x here"],
        chats: &["7a"],
        after: &["7a>8a=x"],
        keys: &["class:7a of 8a"],
        warnings: &["rollover.key_taken 7a"],
    },
    Case {
        name: "an id that comes back with other people does not get the chats of those before",
        lines: &["7a>8a=x"],
        roster: &["7a=y here", "8a=x dissolved"],
        chats: &["7a"],
        after: &["7a>8a=x"],
        keys: &["class:7a of 8a"],
        warnings: &["rollover.key_taken 7a"],
    },
];

fn standing(word: &str) -> Standing {
    match word {
        "here" => Standing::Here,
        "ahead" => Standing::Ahead,
        "left" => Standing::Left,
        "dissolved" => Standing::Dissolved,
        "unsure" => Standing::Unsure,
        other => panic!("{other:?}"),
    }
}

fn marked(text: &str) -> (&str, Option<String>) {
    let (plain, mark) = text.split_once('=').map_or((text, None), |(id, mark)| (id, Some(mark)));
    (plain, mark.map(str::to_owned))
}

fn line(text: &str) -> Line {
    let (classes, mark) = marked(text);
    let (root, class) = classes.split_once('>').unwrap_or((classes, classes));
    Line { root: root.to_owned(), class: class.to_owned(), mark, finished: false }
}

fn shown(line: &Line) -> String {
    let heir = if line.class == line.root { String::new() } else { format!(">{}", line.class) };
    let mark = line.mark.as_ref().map(|mark| format!("={mark}")).unwrap_or_default();
    format!("{}{heir}{mark}", line.root)
}

fn wish(class: &str, dissolved: bool) -> DesiredChat {
    DesiredChat {
        key: format!("class:{class}"),
        kind: "class".to_owned(),
        chat_type: "CLASS".to_owned(),
        organization: "s".to_owned(),
        class: Some(class.to_owned()),
        subject: None,
        whole_class: None,
        title: class.to_owned(),
        description: None,
        locked: false,
        existence: if dissolved { Existence::Archived } else { Existence::Wanted },
        members: BTreeMap::new(),
        depends_on: BTreeSet::from([class.to_owned()]),
    }
}

fn known(chats: &[&str]) -> Known {
    let chat = |class: &&str| {
        let chat = KnownChat {
            platform_id: Some("1".to_owned()),
            state: ChatState::Active,
            ..KnownChat::planned(&wish(class, false), Kind::Vk)
        };
        (chat.key.clone(), chat)
    };
    Known { chats: chats.iter().map(chat).collect(), ..Known::default() }
}

/// The lines, the keys and the warnings that come of a case, and the chats that are known then.
fn outcome(case: &Case) -> ([Vec<String>; 3], Known) {
    let mut standings = BTreeMap::new();
    let mut marks = BTreeMap::new();
    let mut desired = Desired::default();
    for row in case.roster {
        let (class, word) = row.split_once(' ').unwrap();
        let (id, mark) = marked(class);
        standings.insert(id, standing(word));
        marks.extend(mark.map(|mark| (id.to_owned(), mark)));
        if word != "unsure" {
            let chat = wish(id, word == "dissolved");
            desired.chats.insert(chat.key.clone(), chat);
        }
    }
    let lines: Vec<Line> = case.lines.iter().map(|text| line(text)).collect();
    let of = |class: &str| standings.get(class).copied().unwrap_or(Standing::Missing);
    let mut known = known(case.chats);
    let years = Years { lines: &lines, marks: &marks, standing: &of, desired: &desired };
    let turn = Turn::new(&years, &known);
    turn.rekey(&mut desired, &mut known);
    let chat = |(key, chat): (&String, &DesiredChat)| {
        assert_eq!(*key, chat.key);
        format!("{key} of {}", chat.class.as_deref().unwrap())
    };
    let warnings = turn.warnings.iter().map(|fault| format!("{} {}", fault.code, fault.value));
    let found = [
        turn.lines.values().map(shown).collect(),
        desired.chats.iter().map(chat).collect(),
        warnings.collect(),
    ];
    (found, known)
}

#[test]
fn every_case_of_a_new_year_comes_out_as_it_says() {
    for case in CASES {
        let wanted = [case.after, case.keys, case.warnings];
        assert_eq!(outcome(case).0, wanted, "{}", case.name);
    }
}

/// A chat that is taken over hangs on the class that goes on with it from that very cycle on: what
/// is missing of the one before freezes it no longer.
#[test]
fn a_chat_that_is_taken_over_belongs_to_the_new_class_at_once() {
    let case = CASES.iter().find(|case| case.name.contains("is missing")).unwrap();
    let chat = &outcome(case).1.chats["class:7a"];
    assert_eq!(chat.class.as_deref(), Some("8a"));
    assert_eq!(chat.depends_on, BTreeSet::from(["8a".to_owned()]));
}

/// While a school moves to another messenger, the chats that it leaves behind are the ones that there
/// are: they go on, and so does the move.
#[test]
fn a_chat_that_was_left_behind_on_another_messenger_goes_on_too() {
    let chat = KnownChat {
        key: "class:7a@vk".to_owned(),
        platform_id: Some("1".to_owned()),
        former: true,
        ..KnownChat::planned(&wish("7a", false), Kind::Vk)
    };
    let mut known = Known { chats: [(chat.key.clone(), chat)].into(), ..Known::default() };
    let (lines, marks) = ([line("7a=x")], BTreeMap::from([("8a".to_owned(), "x".to_owned())]));
    let of = |id: &str| if id == "8a" { Standing::Here } else { Standing::Missing };
    let chats = [("class:8a".to_owned(), wish("8a", false))].into();
    let mut desired = Desired { chats, ..Desired::default() };
    let years = Years { lines: &lines, marks: &marks, standing: &of, desired: &desired };
    let turn = Turn::new(&years, &known);
    turn.rekey(&mut desired, &mut known);
    assert!(desired.chats.contains_key("class:7a"), "its successor has the plain key");
    assert_eq!(known.chats["class:7a@vk"].class.as_deref(), Some("8a"));
}

/// What the rosters of many years, by chance, make of a few classes: no key is there twice, no chat
/// has two classes, and looking at the same roster again changes nothing.
#[test]
fn whatever_comes_of_the_years_every_chat_has_one_class() {
    let mut chance = ChaCha8Rng::seed_from_u64(6);
    let mut taken = 0;
    for _ in 0..1000 {
        let (mut lines, mut known) = (Vec::new(), Known::default());
        for _ in 0..8 {
            let (standings, marks) = a_year(&mut chance);
            let of = |id: &str| standings.get(id).copied().unwrap_or(Standing::Missing);
            let mut desired = profile_of(&standings);
            let own = desired.clone();
            let years = Years { lines: &lines, marks: &marks, standing: &of, desired: &own };
            let turn = Turn::new(&years, &known);
            turn.rekey(&mut desired, &mut known);
            let owners: BTreeSet<&String> = turn.lines.values().map(|line| &line.class).collect();
            assert_eq!(owners.len(), turn.lines.len(), "{:?}", turn.lines);
            let classes: BTreeSet<_> = desired.chats.values().map(|chat| &chat.class).collect();
            assert_eq!(classes.len(), desired.chats.len(), "{:?}", desired.chats.keys());
            for (key, chat) in &desired.chats {
                assert_eq!(*key, format!("class:{}", turn.root_of(chat.class.as_ref().unwrap())));
            }
            taken += turn.taken.len();
            let after: Vec<Line> = turn.lines.values().cloned().collect();
            let again = Turn::new(&Years { lines: &after, ..years }, &known);
            assert_eq!((&again.lines, again.taken.len()), (&turn.lines, 0), "{marks:?}");
            lines = after;
            make(&desired, &mut known);
        }
    }
    assert!(taken > 100, "{taken} classes went on with others' chats");
}

type Year = (BTreeMap<&'static str, Standing>, BTreeMap<String, String>);

/// Where some of a few classes stand, and by what they are known.
fn a_year(chance: &mut ChaCha8Rng) -> Year {
    let all = ["here", "here", "here", "ahead", "left", "dissolved", "unsure", "missing"];
    let (mut standings, mut marks) = (BTreeMap::new(), BTreeMap::new());
    for class in ["1", "2", "3", "4", "5", "6"] {
        let word = *all.choose(chance).unwrap();
        if word == "missing" {
            continue;
        }
        standings.insert(class, standing(word));
        if word != "unsure" && chance.random_bool(0.8) {
            marks.insert(class.to_owned(), ["x", "y", "z"].choose(chance).unwrap().to_string());
        }
    }
    (standings, marks)
}

fn profile_of(standings: &BTreeMap<&str, Standing>) -> Desired {
    let there = standings.iter().filter(|(_, standing)| **standing != Standing::Unsure);
    let chats = there.map(|(class, standing)| wish(class, *standing == Standing::Dissolved));
    let chats = chats.map(|chat| (chat.key.clone(), chat)).collect();
    Desired { chats, ..Desired::default() }
}

/// The messenger makes what is wanted.
fn make(desired: &Desired, known: &mut Known) {
    for chat in desired.chats.values().filter(|chat| chat.existence == Existence::Wanted) {
        let made = KnownChat {
            platform_id: Some("1".to_owned()),
            state: ChatState::Active,
            ..KnownChat::planned(chat, Kind::Vk)
        };
        known.chats.insert(chat.key.clone(), made);
    }
}

/// The school's own chat and those that people made are no class's, whatever their ids are.
#[test]
fn only_chats_of_classes_are_taken_over() {
    let case = Case {
        name: "",
        lines: &["7a=x"],
        roster: &["8a=x here"],
        chats: &[],
        after: &[],
        keys: &[],
        warnings: &[],
    };
    for (kind, class) in [("custom", Some("7a".to_owned())), ("teachers", None)] {
        let key = format!("{kind}:7a");
        let wish = DesiredChat { key, kind: kind.to_owned(), class, ..wish("7a", false) };
        let chat =
            KnownChat { platform_id: Some("1".to_owned()), ..KnownChat::planned(&wish, Kind::Vk) };
        let known = Known { chats: [(chat.key.clone(), chat)].into(), ..Known::default() };
        let lines: Vec<Line> = case.lines.iter().map(|text| line(text)).collect();
        let marks = BTreeMap::from([("8a".to_owned(), "x".to_owned())]);
        let of = |id: &str| if id == "8a" { Standing::Here } else { Standing::Missing };
        let desired = Desired::default();
        let years = Years { lines: &lines, marks: &marks, standing: &of, desired: &desired };
        let turn = Turn::new(&years, &known);
        assert_eq!(turn.root_of("8a"), "8a", "{kind}");
        assert!(turn.taken.is_empty());
    }
}
