//! The audit names who ordered an operation, and nobody who did not.

use serde_json::{Value, json};
use zvonok::error::Code;

use crate::college::next;
use crate::school_day::Place;
use crate::screen::{ADMIN, big_college, does, makes, try_as};
use crate::tiny::drop_row;

/// An employee who holds nothing but the right to manage chats.
const MANAGER: &str = "secretary-121";

fn college() -> Place {
    let mut roster = big_college();
    crate::tiny::row(&mut roster, "users", MANAGER)["metadata"] =
        json!({"rights": ["Управление чатами"]});
    crate::college::started("ais_poo", roster, json!({}))
}

/// What was done in a chat, the oldest first: `operation account actor`.
fn done(place: &mut Place, chat: &str) -> Vec<String> {
    let audit = does(place, "system", "audit", json!({"chat": chat, "per_page": 100}));
    let entries = audit["entries"].as_array().unwrap().iter().rev();
    let done = entries.filter(|entry| entry["account"].is_string() && entry["result"] == "done");
    let word = |entry: &Value, name: &str| entry[name].as_str().unwrap().to_owned();
    done.map(|entry| ["operation", "account", "actor"].map(|name| word(entry, name)).join(" "))
        .collect()
}

#[test]
fn what_an_order_finds_to_do_besides_is_not_done_in_the_name_of_who_ordered() {
    let mut place = college();
    let before = done(&mut place, "class:7a").len();
    let id: i64 = place.chat("class:7a")["platform_id"].as_str().unwrap().parse().unwrap();
    place.messenger.does("add", json!({"chat_id": id, "user": 666, "by": 200}));
    place.messenger.does("leave", json!({"chat_id": id, "user": 202}));
    let order = json!({"chat": "class:7a", "people": ["student-210"]});
    does(&mut place, "teacher-110", "members.add", order.clone());
    does(&mut place, MANAGER, "admins.grant", order.clone());
    let mut told = done(&mut place, "class:7a").split_off(before);
    told.sort();
    let expected = [
        "add_member 202 system",
        "add_member 210 teacher-110",
        "grant_admin 210 secretary-121",
        "remove_member 666 system",
    ];
    assert_eq!(told, expected);
    does(&mut place, MANAGER, "members.remove", order);
    let told = done(&mut place, "class:7a");
    assert_eq!(told.last().unwrap(), "remove_member 210 secretary-121");
}

#[test]
fn an_order_that_the_hosts_cycle_carries_out_is_still_of_who_ordered_it() {
    let mut place = college();
    let before = done(&mut place, "class:7a").len();
    let order = |ids: &[&str]| json!({"chat": "class:7a", "people": ids});
    for method in ["messages.removeChatUser", "messages.addChatUser", "messages.setMemberRole"] {
        let fault = json!({"match": {"method": method}, "do": "error", "code": 10});
        place.messenger.does("faults", fault);
    }
    for (actor, method, people) in [
        (MANAGER, "members.remove", order(&["child-200"])),
        ("teacher-110", "members.add", order(&["student-210"])),
        (MANAGER, "admins.grant", order(&["child-201"])),
    ] {
        let (code, told) = try_as(&mut place, actor, method, people).unwrap();
        assert_eq!(code, Code::Partial, "{told:#}");
    }
    place.messenger.clear_faults();
    drop_row(&mut place.roster, "enrollments", "7a-child-202-student");
    next(&mut place);
    next(&mut place);
    let mut told = done(&mut place, "class:7a").split_off(before);
    told.sort();
    let expected = [
        "add_member 210 teacher-110",
        "grant_admin 201 secretary-121",
        "remove_member 200 secretary-121",
        "remove_member 202 system",
    ];
    assert_eq!(told, expected);
}

#[test]
fn a9_who_unlinks_is_named_at_once_and_when_the_hosts_cycle_does_it() {
    let mut place = college();
    let before = done(&mut place, "class:7a").len();
    let unlink = |who: &str| json!({"person": who, "platform": "vk"});
    does(&mut place, "child-200", "accounts.unlink", unlink("child-200"));
    let link = json!({"person": "child-200", "platform": "vk", "account": "1200"});
    does(&mut place, ADMIN, "accounts.link", link);
    let fault = json!({"match": {"method": "messages.removeChatUser"}, "do": "error", "code": 10});
    place.messenger.does("faults", fault);
    let unlinked = try_as(&mut place, "child-201", "accounts.unlink", unlink("child-201")).unwrap();
    assert_eq!(unlinked.0, Code::Partial);
    place.messenger.clear_faults();
    next(&mut place);
    let told = done(&mut place, "class:7a").split_off(before);
    let expected = [
        "remove_member 200 child-200",
        "add_member 1200 engineer-120",
        "remove_member 201 child-201",
    ];
    assert_eq!(told, expected);
}

#[test]
fn a_made_chat_is_all_of_who_made_it() {
    let mut place = college();
    let key = makes(&mut place, MANAGER, json!({"title": "Все", "members": ["child-200"]}));
    let told = done(&mut place, &key);
    let (adds, grants) = ("add_member 121 secretary-121", "grant_admin 121 secretary-121");
    assert!(told.iter().any(|one| one == adds) && told.iter().any(|one| one == grants), "{told:?}");
    assert!(told.iter().all(|one| one.ends_with(MANAGER)), "{told:?}");
}
