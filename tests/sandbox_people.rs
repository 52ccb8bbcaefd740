//! The people of the sandbox, as tests have them: an office that does what tasks ask for, and a
//! crowd whose chance can be repeated.
#![cfg(feature = "cli")]
#![allow(missing_docs, reason = "the names of the tests say it")]

mod support;

#[path = "support/crowd.rs"]
mod crowd;
#[path = "support/office.rs"]
mod office;

use crowd::{Crowd, Way};
use office::{FoundBy, Manner, NEEDED, Office, Side};
use serde_json::{Value, json};
use support::{Messenger, kinds};

const OWNER: i64 = 5_001;

fn task(kind: &str, chat: &str, title: &str) -> Value {
    json!({"id": "t1", "code": "#7K2T", "kind": kind, "chat": chat, "title": title,
        "account": "77", "steps": {"ru": [], "en": []}})
}

#[test]
fn the_office_makes_a_group_in_each_manner() {
    let messenger = Messenger::start_max();
    let mut office = Office::new(&messenger);
    let manners = [
        (FoundBy::CodeInTitle, "7А #7K2T", 0),
        (FoundBy::CodeInMessage, "7А", 1),
        (FoundBy::CodeAlone, "Наша группа 3", 1),
        (FoundBy::ExactTitle, "7А", 0),
    ];
    for (at, (found_by, title, messages)) in manners.into_iter().enumerate() {
        let asked = task("create_chat", &format!("class:{at}"), "7А");
        let id = office.carry_out(&asked, &Manner::of(found_by, OWNER));
        let group = Side::Max.group(&messenger, id);
        assert_eq!((group.title.as_str(), group.owner), (title, OWNER.to_string()));
        let heard = messenger.max_updates();
        let written = kinds(&heard).iter().filter(|kind| **kind == "message_created").count();
        assert_eq!(written, messages, "{found_by:?}");
        let own = messenger.max_ok("GET", &format!("/chats/{id}/members/me"), Value::Null);
        assert_eq!(own["permissions"], json!(NEEDED));
    }
}

#[test]
fn the_office_does_everything_else_that_a_task_asks_for() {
    let messenger = Messenger::start_max();
    let mut office = Office::new(&messenger);
    let few = Manner { rights: &[], ..Manner::of(FoundBy::ExactTitle, OWNER) };
    let id = office.carry_out(&task("create_chat", "class:a", "7А"), &few);
    let path = format!("/chats/{id}");
    let own = || messenger.max_ok("GET", &format!("{path}/members/me"), Value::Null);
    assert_eq!(own()["is_admin"], false);
    let manner = Manner::of(FoundBy::ExactTitle, OWNER);
    office.carry_out(&task("give_rights", "class:a", "7А"), &manner);
    assert_eq!(own()["permissions"], json!(NEEDED));
    let link = Side::Max.group(&messenger, id).link;
    office.carry_out(&task("rotate_link", "class:a", "7А"), &manner);
    assert_ne!(Side::Max.group(&messenger, id).link, link);
    messenger.does("max/join", json!({"chat_id": id, "user": 77}));
    messenger.does("max/remove", json!({"chat_id": id, "user": 77, "block": true}));
    office.carry_out(&task("let_in", "class:a", "7А"), &manner);
    let new = Manner::of(FoundBy::ExactTitle, 5_002);
    office.carry_out(&task("transfer_ownership", "class:a", "7А"), &new);
    let group = Side::Max.group(&messenger, id);
    assert_eq!(group.owner, "5002");
    assert_eq!(group.members, ["5001", "5002", "77"].map(str::to_owned).into());
    messenger.does("max/remove", json!({"chat_id": id}));
    // An office that did not make the group itself goes by its title.
    let id_again = Office::new(&messenger).carry_out(&task("add_bot", "class:a", "7А"), &manner);
    assert_eq!((id_again, &own()["is_admin"]), (id, &json!(true)));
}

/// Who is where after a day of chance.
fn a_day(side: Side, seed: u64) -> (Vec<office::Group>, Value) {
    let messenger = match side {
        Side::Max => Messenger::start_max(),
        Side::Vk => Messenger::start(&[]),
    };
    let links: Vec<String> = ["7А", "7Б"]
        .iter()
        .map(|title| {
            let id = match side {
                Side::Max => messenger.max_group(title, OWNER),
                Side::Vk => messenger.chat(title).0,
            };
            side.group(&messenger, id).link
        })
        .collect();
    let mut crowd = Crowd::new(&messenger, side, seed);
    let each = |account| links.iter().map(move |link| Way { account, link: link.clone() });
    let ways: Vec<Way> = (1..40).flat_map(each).collect();
    let came = crowd.come(ways, 0.5);
    assert!((20..60).contains(&came), "{came} of 78");
    assert_eq!(crowd.some_leave(5, &[1, 2].into()).len(), 5);
    crowd.strangers_come(&links[0], 3);
    crowd.makes_trouble();
    let mut groups = side.groups(&messenger);
    groups.iter_mut().for_each(|group| group.link.clear());
    (groups, messenger.look("state")["faults"].clone())
}

#[test]
fn the_same_seed_makes_people_do_the_same() {
    for side in [Side::Max, Side::Vk] {
        let day = a_day(side, 7);
        assert_eq!(a_day(side, 7), day);
        assert_ne!(a_day(side, 8).0, day.0);
        let inside: usize = day.0.iter().map(|group| group.members.len()).sum();
        assert!(inside > 20, "{:?}", day.0);
    }
}
