//! What happens in a school between its first cycle and the end of the year, a chapter at a time:
//! the same on both messengers, but for what only a person can do on one of them.
#![allow(dead_code, reason = "each file of tests needs its own part of this")]

use std::collections::BTreeSet;

use serde_json::{Value, json};
use zvonok::error::Code;

use crate::crowd::Way;
use crate::office::{FoundBy, Manner, Side};
use crate::support::Messenger;
use crate::town::{Town, list};

/// The class teacher and the director own groups; the secretary is in no chat by the roster.
const TEACHER: u32 = 2;
const DIRECTOR: u32 = 1;
const SECRETARY: i64 = 888_001;

pub(crate) const CHATS: [&str; 5] = ["class:a", "class:b", "parents:a", "parents:b", "teachers:s"];

/// In how many chats a person should be.
pub(crate) fn places(town: &Town, person: &str) -> usize {
    town.plain().values().filter(|chat| chat.members.contains(person)).count()
}

/// From nothing to chats into which everybody was shown the way (X1, X2).
pub(crate) fn begin(town: &mut Town) {
    if town.side == Side::Max {
        tasks_appear(town);
        office_makes_the_groups(town);
    }
    town.until("every chat is there, and the way in is given", |town| {
        CHATS.iter().all(|key| is_open(town, key)) && town.report["tasks"] == json!([])
    });
    for key in CHATS {
        let (row, group) = (town.row(key), town.group(key));
        assert_eq!(row["link"], group.link, "{key}");
        assert_eq!(row["platform"], town.side.name());
        assert_eq!(group.title, town.plain()[key].title, "the code is gone from the title");
    }
}

fn is_open(town: &Town, key: &str) -> bool {
    let row = town.row(key);
    let count = |name: &str| row["members"][name].as_u64().unwrap_or_default();
    row["state"] == "active"
        && row["link"].is_string()
        && count("invited") + count("joined") == count("linked")
        && count("invited") > 0
}

/// One task for each chat, made once, with a code and steps in both languages.
fn tasks_appear(town: &mut Town) {
    town.until("a task for every chat", |town| town.tasks("create_chat").len() == CHATS.len());
    let tasks = town.tasks("create_chat");
    let field = |name: &str| -> BTreeSet<String> {
        tasks.iter().map(|task| task[name].as_str().expect(name).to_owned()).collect()
    };
    assert_eq!(field("chat"), CHATS.map(str::to_owned).into());
    assert_eq!((field("code").len(), field("id").len()), (CHATS.len(), CHATS.len()));
    for task in &tasks {
        assert_is_clear(task);
        let row = town.row(task["chat"].as_str().expect("a key"));
        assert_eq!((&row["state"], &row["platform_id"]), (&json!("task"), &Value::Null));
        assert_eq!(task["title"], row["title"]);
    }
    town.sync();
    assert_eq!(town.tasks("create_chat"), tasks, "asked for once");
    let (_, listed) = town.request("tasks.list", json!({}));
    assert_eq!(list(&listed, "tasks").len(), tasks.len());
}

/// The title and the code stand in the steps, in either language.
fn assert_is_clear(task: &Value) {
    let (code, title) = (task["code"].as_str().expect("a code"), task["title"].as_str().unwrap());
    assert!(code.starts_with('#') && code.chars().count() == 5, "{code}");
    for language in ["ru", "en"] {
        let steps = list(&task["steps"], language);
        let all = steps.iter().filter_map(Value::as_str).collect::<Vec<_>>().join("\n");
        assert!(steps.len() > 1 && all.contains(code) && all.contains(title), "{all}");
    }
}

/// The office makes the groups in mixed manners and order, one with fewer rights than are needed
/// and one into which the bot is only put.
fn office_makes_the_groups(town: &mut Town) {
    let mut tasks = town.tasks("create_chat");
    town.crowd.shuffle(&mut tasks);
    let (teacher, director) = (town.number(TEACHER), town.number(DIRECTOR));
    let manners = [
        Manner::of(FoundBy::CodeInTitle, teacher),
        Manner::of(FoundBy::CodeInMessage, director),
        Manner { rights: &["read_all_messages"], ..Manner::of(FoundBy::ExactTitle, teacher) },
        Manner::of(FoundBy::CodeAlone, SECRETARY),
        Manner { rights: &[], ..Manner::of(FoundBy::CodeInTitle, SECRETARY) },
    ];
    let mut poor = BTreeSet::new();
    for (task, manner) in tasks.iter().zip(&manners) {
        // A group that someone of the school owns is one in which they belong.
        let chat = &town.plain()[task["chat"].as_str().expect("a key")];
        let belongs = |n: u32| chat.members.contains(&format!("p{n}"));
        let owner = match manner.owner {
            owner if owner == teacher && !belongs(TEACHER) => SECRETARY,
            owner if owner == director && !belongs(DIRECTOR) => SECRETARY,
            owner => owner,
        };
        let manner = Manner { owner, ..manner.clone() };
        town.office.carry_out(task, &manner);
        if manner.rights.len() < crate::office::NEEDED.len() {
            poor.insert(task["chat"].clone().to_string());
        }
    }
    town.until("the groups are found, two of them without rights", |town| {
        town.tasks("create_chat").is_empty() && town.tasks("give_rights").len() == poor.len()
    });
    let asked = town.tasks("give_rights");
    assert_eq!(asked.iter().map(|task| task["chat"].to_string()).collect::<BTreeSet<_>>(), poor);
    town.do_tasks("give_rights", &Manner::of(FoundBy::ExactTitle, teacher));
}

/// People come in any order, and admins get their rights as soon as they are in (X1, X2).
pub(crate) fn people_come(town: &mut Town) {
    for wave in 0..4 {
        let ways = town.ways();
        if ways.is_empty() {
            break;
        }
        let came = town.crowd.come(ways, 0.45);
        assert!(came > 0);
        town.settles(&format!("wave {wave}"));
    }
}

/// Everybody who still has a way in takes it.
pub(crate) fn everybody_comes(town: &mut Town) {
    let ways = town.ways();
    town.crowd.come(ways, 1.0);
    town.settles("everybody is in");
    assert_eq!(town.ways(), [], "nobody is left to come");
}

/// People leave by themselves, are given the way in again, and come back.
pub(crate) fn some_leave_and_come_back(town: &mut Town) {
    let owners: BTreeSet<i64> = [town.number(TEACHER), town.number(DIRECTOR)].into();
    let left = town.crowd.some_leave(3, &owners);
    assert!(!left.is_empty());
    town.settles("who left is told the way again");
    let ways = town.ways();
    for (chat, account) in &left {
        let link = town.side.group(town.messenger, *chat).link;
        assert!(ways.contains(&Way { account: *account, link }), "{account} may come back");
    }
    everybody_comes(town);
}

/// Strangers come by a link that was passed on, and go (X2: the library keeps the door).
pub(crate) fn strangers_come_and_go(town: &mut Town) -> Vec<i64> {
    let link = town.group("class:a").link;
    let strangers = town.crowd.strangers_come(&link, 6);
    let in_it = |town: &Town| strangers.iter().filter(|one| town.is_in("class:a", **one)).count();
    assert_eq!(in_it(town), 6);
    town.settles("strangers are out");
    assert_eq!(in_it(town), 0);
    assert_eq!(town.report["hold"], Value::Null, "strangers are no reason to ask anybody");
    assert_eq!(town.group("class:a").link, link, "coming once is no leak");
    strangers
}

/// One who was removed comes in again: the link leaked, and another takes its place.
pub(crate) fn a_leaked_link_is_met(town: &mut Town) {
    let strangers = strangers_come_and_go(town);
    let old = town.group("class:a").link;
    let again = Way { account: strangers[0], link: old.clone() };
    town.crowd.follow(&again).expect("the link is still good");
    if town.side == Side::Max {
        the_office_rotates(town, again.account);
    }
    town.until("another link, and the stranger out", |town| {
        town.row("class:a")["link"] != old.as_str()
            && !town.is_in("class:a", again.account)
            && town.report["tasks"] == json!([])
    });
    assert_eq!(town.row("class:a")["link"], town.group("class:a").link);
    assert_eq!(town.crowd.follow(&again), Err("no such chat".to_owned()));
    town.settles("after the leak");
    for way in town.ways() {
        assert_ne!(way.link, old, "nobody is shown the old link");
    }
}

/// Where only a person can make a new link, they are asked, once, and the library sees it done.
fn the_office_rotates(town: &mut Town, stranger: i64) {
    town.until("a task to make a new link", |town| {
        town.tasks("rotate_link").len() == 1 && !town.is_in("class:a", stranger)
    });
    let tasks = town.tasks("rotate_link");
    assert_eq!(tasks[0]["chat"], "class:a");
    assert!(list(&tasks[0]["steps"], "ru").len() > 1, "{}", tasks[0]);
    town.sync();
    assert_eq!(town.tasks("rotate_link"), tasks, "it waits for the person");
    town.do_tasks("rotate_link", &Manner::of(FoundBy::ExactTitle, town.number(TEACHER)));
}

/// Unlinking takes a person out of every chat at once; linking again shows the way in (A9, P16, I1).
pub(crate) fn unlink_and_link_again(town: &mut Town, n: u32) {
    let (person, account) = (format!("p{n}"), town.number(n));
    let places = places(town, &person);
    assert_eq!(town.chats_with(account), places, "{person} is in");
    let (code, told) = town.unlink(&person);
    town.crowd.was_taken_out(account);
    if !town.troubled {
        assert_eq!((code, &told["account"]), (Code::Ok, &Value::Null), "{told:#}");
        assert_eq!(town.chats_with(account), 0, "at once, without a cycle");
    }
    town.settles("who unlinked is in no chat");
    assert_eq!(town.chats_with(account), 0);
    let open = town.chats_of(&person);
    assert!(open.iter().all(|chat| chat["link"].is_null() && chat["state"] == "unlinked"));
    let (_, told) = town.link(&person, &account.to_string());
    assert_eq!(told["account"], account.to_string().as_str());
    town.settles("who linked is shown the way");
    let open = town.chats_of(&person);
    assert_eq!(open.iter().filter(|chat| chat["may_join"] == true).count(), places, "{open:#?}");
}

/// An enrolment ends: the student and the parent are out with the next cycle (P16).
pub(crate) fn an_enrolment_ends(town: &mut Town, n: u32) {
    let (student, parent) = (town.number(n), town.number(n + 50));
    assert_eq!((town.chats_with(student), town.chats_with(parent)), (1, 1));
    town.school.expel(n);
    if !town.troubled {
        assert_eq!(town.sync(), Code::Ok, "{:#}", town.report);
        assert_eq!((town.chats_with(student), town.chats_with(parent)), (0, 0));
    }
    town.settles("who left the class is out of its chats");
    assert_eq!((town.chats_with(student), town.chats_with(parent)), (0, 0));
}

/// The class teacher is another one; and somebody whom nobody named was made an admin by hand.
pub(crate) fn an_admin_goes(town: &mut Town) {
    everybody_comes(town);
    let (old, new) = (town.number(TEACHER), town.number(DIRECTOR));
    let group = town.group("class:b");
    assert!(group.admins.contains(&old.to_string()));
    let stranger = town.crowd.strangers_come(&group.link, 1)[0];
    let action = if town.side == Side::Max { "admin" } else { "promote" };
    let by_hand = json!({"chat_id": group.id, "user": stranger, "admin": true});
    town.side.does(town.messenger, action, by_hand);
    let class = town.school.find("classes", "b");
    class["metadata"]["classTeacherSourcedId"] = json!("p1");
    town.until("both admins are out", |town| {
        !town.is_in("class:b", old) && !town.is_in("class:b", stranger)
    });
    everybody_comes(town);
    assert!(town.group("class:b").admins.contains(&new.to_string()));
    assert!(town.is_in("class:a", old), "where the teacher still is one, nothing changes");
}

/// The whole story a few times over, each with other people's order and other trouble.
pub(crate) fn in_troubled_times(side: Side, start: impl Fn() -> Messenger + Sync) {
    std::thread::scope(|scope| {
        for seed in 20..23 {
            let start = &start;
            scope.spawn(move || {
                let messenger = start();
                let mut town = Town::open(&messenger, side, seed);
                town.troubled = true;
                the_whole_story(&mut town);
                assert_eq!(town.groups().len(), CHATS.len(), "seed {seed}: nothing is made twice");
                let log = messenger.look("requests");
                let befallen = list(&json!({ "log": log }), "log").into_iter();
                let befallen = befallen.filter(|entry| entry["fault"].is_string()).count();
                assert!(befallen >= 5, "seed {seed}: {befallen} requests met trouble");
            });
        }
    });
}

/// All of it, one thing after another.
pub(crate) fn the_whole_story(town: &mut Town) {
    begin(town);
    people_come(town);
    a_leaked_link_is_met(town);
    everybody_comes(town);
    some_leave_and_come_back(town);
    unlink_and_link_again(town, 101);
    everybody_comes(town);
    an_enrolment_ends(town, 102);
    town.settles("the end");
}
