//! A school on VK with the token of a community: chats are made and led, but nobody can be added.
//! The library shows everybody the way in and keeps the door.
#![cfg(feature = "cli")]
#![allow(missing_docs, reason = "the names of the tests say it")]

mod support;

#[path = "support/crowd.rs"]
mod crowd;
#[path = "support/office.rs"]
mod office;
#[allow(dead_code, reason = "each file of tests needs its own part of this")]
#[path = "support/oracle.rs"]
mod oracle;
#[path = "support/pupils.rs"]
mod pupils;
#[path = "support/story.rs"]
mod story;
#[path = "support/town.rs"]
mod town;

use jiff::ToSpan;
use office::{FoundBy, Manner, Side};
use serde_json::{Value, json};
use support::Messenger;
use town::{Town, list};

/// A school in whose chats everybody is.
fn working(messenger: &Messenger, seed: u64) -> Town<'_> {
    let mut town = Town::open(messenger, Side::Vk, seed);
    story::begin(&mut town);
    story::everybody_comes(&mut town);
    town
}

#[test]
fn x1_x2_chats_are_made_people_come_by_the_links_and_get_their_rights() {
    let messenger = Messenger::start(&[]);
    let mut town = Town::open(&messenger, Side::Vk, 1);
    story::begin(&mut town);
    assert_eq!(town.report["tasks"], json!([]), "nobody has to do anything");
    story::people_come(&mut town);
    story::everybody_comes(&mut town);
    let (director, teacher) = (town.number(1).to_string(), town.number(2).to_string());
    assert!(town.group("teachers:s").admins.contains(&director));
    for key in ["class:a", "class:b", "parents:a", "parents:b"] {
        assert!(town.group(key).admins.contains(&teacher), "{key}");
    }
    story::some_leave_and_come_back(&mut town);
}

#[test]
fn p4_i5_who_has_no_account_is_shown_so_and_is_shown_the_way_once_it_is_linked() {
    let messenger = Messenger::start(&[]);
    let mut town = Town::open(&messenger, Side::Vk, 2);
    town.school.user(151)["userIds"] = json!([]);
    story::begin(&mut town);
    story::everybody_comes(&mut town);
    let (_, chat) = town.request("chats.get", json!({"chat": "parents:a"}));
    let rows = list(&chat, "members");
    let linked =
        |who: &str| rows.iter().find(|row| row["person"] == who).unwrap()["linked"].clone();
    assert_eq!((linked("p151"), linked("p150")), (json!(false), json!(true)));
    assert_eq!(town.chats_of("p151")[0]["link"], Value::Null);
    town.link("p151", "600151");
    town.settles("the link is shown");
    assert_eq!(town.chats_of("p151")[0]["link"], town.group("parents:a").link);
    story::everybody_comes(&mut town);
    assert!(town.is_in("parents:a", 600_151));
}

#[test]
fn x2_a_leaked_link_is_replaced_by_the_library_itself() {
    let messenger = Messenger::start(&[]);
    let mut town = Town::open(&messenger, Side::Vk, 3);
    story::begin(&mut town);
    story::people_come(&mut town);
    story::a_leaked_link_is_met(&mut town);
    assert_eq!(town.report["tasks"], json!([]));
    let new = town.group("class:a").link;
    town.crowd.leave(town.group("class:a").id, town.number(100));
    town.settles("one is to come again");
    let chats = town.chats_of("p100");
    assert_eq!((&chats[0]["link"], &chats[0]["may_join"]), (&json!(new), &json!(true)));
}

#[test]
fn a9_p16_i1_unlinking_takes_out_of_all_chats_at_once_and_linking_shows_the_way_in_again() {
    let messenger = Messenger::start(&[]);
    let mut town = working(&messenger, 4);
    story::unlink_and_link_again(&mut town, 101);
    story::everybody_comes(&mut town);
    assert_eq!(town.chats_with(town.number(101)), 1);
}

#[test]
fn who_was_taken_out_and_is_kept_out_by_the_messenger_is_let_in_by_hand() {
    let messenger = Messenger::start(&[]);
    messenger.does("mode", json!({"removed_stay_out": true}));
    let mut town = working(&messenger, 5);
    story::unlink_and_link_again(&mut town, 101);
    let account = town.number(101);
    let ways = town.ways();
    assert_eq!(ways.len(), 1, "{ways:?}");
    assert_eq!(town.crowd.follow(&ways[0]), Err("removed".to_owned()));
    town.pass(25.hours());
    town.until("a person is asked to let them in", |town| town.tasks("let_in").len() == 1);
    let task = &town.tasks("let_in")[0];
    assert_eq!((&task["chat"], &task["account"]), (&json!("class:a"), &json!(account.to_string())));
    let chat = town.office.carry_out(task, &Manner::of(FoundBy::ExactTitle, town.number(2)));
    town.crowd.was_let_in(chat, account);
    town.settles("let in");
    assert_eq!((town.chats_with(account), &town.report["tasks"]), (1, &json!([])));
}

#[test]
fn p16_who_is_not_enrolled_any_more_is_out_with_the_next_cycle() {
    let messenger = Messenger::start(&[]);
    let mut town = working(&messenger, 6);
    story::an_enrolment_ends(&mut town, 102);
}

#[test]
fn x2_strangers_are_seen_within_a_day_without_being_looked_for() {
    let messenger = Messenger::start(&[]);
    let mut town = working(&messenger, 7);
    let link = town.group("class:b").link;
    let strangers = town.crowd.strangers_come(&link, 2);
    town.pass(24.hours());
    town.sync_with(json!({"verify": "due"}));
    assert!(strangers.iter().all(|account| !town.is_in("class:b", *account)), "{:#}", town.report);
}

#[test]
fn an_admin_whom_the_roster_no_longer_names_loses_the_rights_and_is_out() {
    let messenger = Messenger::start(&[]);
    let mut town = Town::open(&messenger, Side::Vk, 8);
    story::begin(&mut town);
    story::an_admin_goes(&mut town);
}

#[test]
fn x1_x2_p16_a9_the_whole_story_with_answers_lost_and_too_many_requests() {
    story::in_troubled_times(Side::Vk, || Messenger::start(&[]));
}
