//! The new year where nobody can be added: on VK with a community's token, on MAX with a bot. Who
//! goes up stays where they are and is asked for nothing; only the new class needs groups and links.

use std::collections::BTreeSet;

use serde_json::json;

use crate::office::{FoundBy, Group, Manner, Side};
use crate::pupils::School;
use crate::story;
use crate::support::Messenger;
use crate::town::{Town, on_both};

/// Classes a and b; a goes up under another id, b leaves school, c comes.
fn turn_the_year(school: School) -> School {
    let mut school = school;
    let lineage = school.find("classes", "a")["metadata"]["lineage"].clone();
    for class in ["a", "b"] {
        school.find("classes", class)["status"] = "tobedeleted".into();
    }
    school.class("a-next", 2);
    let next = school.find("classes", "a-next");
    next["title"] = "2a".into();
    next["metadata"]["lineage"] = lineage;
    for row in school.0["enrollments"].as_array_mut().unwrap() {
        match row["classSourcedId"].as_str().unwrap() {
            "a" => row["classSourcedId"] = "a-next".into(),
            _ => row["endDate"] = "2026-09-01".into(),
        }
    }
    school.class("c", 2);
    for n in 300..303 {
        school.student(n, "c");
    }
    on_both(school)
}

fn goes_up(messenger: &Messenger, side: Side) {
    let mut town = Town::open(messenger, side, 7);
    town.school.find("classes", "a")["metadata"]["lineage"] = json!("of 2026");
    story::begin(&mut town);
    story::everybody_comes(&mut town);
    let before = ["class:a", "parents:a", "class:b"].map(|key| town.group(key));
    let count = town.groups().len();
    let school = std::mem::replace(&mut town.school, School::new());
    town.school = turn_the_year(school);
    town.until("the year is turned", |town| {
        town.row("class:a")["class"] == "a-next" && town.row("class:b")["state"] == "archived"
    });
    if side == Side::Max {
        the_office_makes_what_is_new(&mut town);
    }
    town.until("the way into the new chats is given", |town| {
        ["class:c", "parents:c"].iter().all(|key| town.row(key)["members"]["invited"] != 0)
    });
    let ways = town.ways();
    // The teacher made the groups of MAX, and is in.
    let of_teacher = if side == Side::Max { 0 } else { 2 };
    assert_eq!(ways.len(), 6 + of_teacher, "three children, three parents");
    town.crowd.come(ways, 1.0);
    town.until("the new class is in", |town| town.row("class:c")["members"]["joined"] == 4);
    is_as_it_was(&town, &before);
    assert_eq!(town.groups().len(), count + 2, "nothing is made twice");
    messenger.does("counters/reset", json!({}));
    town.sync();
    assert_eq!((&town.report["done"], &town.report["tasks"]), (&json!({}), &json!([])));
    assert_eq!(messenger.look("counters")["changing"], 0);
}

/// Nobody is asked to make a group for a class that goes up.
fn the_office_makes_what_is_new(town: &mut Town) {
    let asked = town.tasks("create_chat").into_iter();
    let asked: BTreeSet<String> = asked.map(|task| task["chat"].as_str().unwrap().into()).collect();
    assert_eq!(asked, BTreeSet::from(["class:c", "parents:c"].map(str::to_owned)));
    let manner = Manner::of(FoundBy::CodeInTitle, town.number(2));
    town.do_tasks("create_chat", &manner);
    town.until("the groups are found", |town| town.tasks("create_chat").is_empty());
}

fn is_as_it_was(town: &Town, before: &[Group; 3]) {
    let [class, parents, gone] = before;
    for (key, group, title) in
        [("class:a", class, "2a - Чат учеников"), ("parents:a", parents, "2a - Родительский чат")]
    {
        let now = town.group(key);
        assert_eq!((now.id, now.title.as_str()), (group.id, title));
        assert_eq!(
            (&now.members, &now.admins, &now.link),
            (&group.members, &group.admins, &group.link)
        );
    }
    assert_eq!(&town.group("class:b"), gone, "who left school keeps the chat, at rest");
}

#[test]
fn on_vk_who_goes_up_stays_and_only_the_new_class_is_invited() {
    goes_up(&Messenger::start(&["--mode", "standard"]), Side::Vk);
}

#[test]
fn on_max_nobody_is_asked_to_make_anew_what_goes_up() {
    goes_up(&Messenger::start_max(), Side::Max);
}
