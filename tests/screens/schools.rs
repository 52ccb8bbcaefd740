//! What АйТи Школа and Параграф promise of their screens.

use jiff::ToSpan;
use serde_json::{Value, json};

use crate::college::{everywhere, hands_on, holds, next};
use crate::school_day::Place;
use crate::screen::{
    ADMIN, big_college, changing, denied, does, makes, member, open, refresh, wrong,
};
use crate::tiny::{add, enrolled, person, role, row};

#[test]
fn i2_one_button_of_the_administrator_makes_and_refreshes_all_chats() {
    let mut place = open("it_school");
    hands_on(&place, "class:7a", 666, 201);
    for actor in ["teacher-110", "child-200"] {
        assert_eq!(
            denied(&mut place, actor, "chats.sync", json!({})),
            "это может только администратор"
        );
    }
    let report = does(&mut place, ADMIN, "chats.sync", json!({}));
    assert_eq!(report["status"], "OK", "{report}");
    holds(&place, "class:7a", &["110", "200", "201", "202"], &["110"]);
    let audit = does(&mut place, ADMIN, "audit", json!({"chat": "class:7a", "per_page": 1}));
    assert_eq!(audit["entries"][0]["actor"], ADMIN);
}

#[test]
fn i3_the_registry_shows_type_organisation_and_class_in_pages() {
    let mut place = open("it_school");
    let list = does(&mut place, ADMIN, "chats.list", json!({"per_page": 3, "sort": "type"}));
    assert_eq!((&list["total"], &list["page"], &list["pages"]), (&json!(5), &json!(1), &json!(2)));
    let types: Vec<&Value> = list["chats"].as_array().unwrap().iter().map(|c| &c["type"]).collect();
    assert_eq!(types, ["CLASS", "CLASS", "PARENTS"]);
    let only = json!({"type": "PARENTS", "class": "7a", "organization": "school"});
    let list = does(&mut place, ADMIN, "chats.list", only);
    assert_eq!(list["total"], 1);
    let chat = &list["chats"][0];
    assert_eq!((&chat["organization"], &chat["class"]), (&json!("school"), &json!("7a")));
    assert_eq!(does(&mut place, ADMIN, "chats.list", json!({"organization": "x"}))["total"], 0);
}

/// «Весь класс» or a subgroup of it; a chat of no class is neither.
#[test]
fn i3_the_registry_tells_the_whole_class_from_a_subgroup() {
    fn part(place: &mut Place, key: &str) -> Value {
        let list = does(place, ADMIN, "chats.list", json!({}));
        let chats = list["chats"].as_array().unwrap().iter();
        let row = chats.clone().find(|chat| chat["key"] == key).expect("the chat");
        assert_eq!(row["whole_class"], place.chat(key)["whole_class"], "the report says the same");
        row["whole_class"].clone()
    }
    let mut place = open("it_school");
    for (key, whole) in [("class:7a", json!(true)), ("parents:7a", json!(true))] {
        assert_eq!(part(&mut place, key), whole, "{key}");
    }
    assert_eq!(part(&mut place, "teachers:school"), Value::Null);

    let mut place = open("ais_poo");
    let algebra = "subject:7a-algebra";
    assert_eq!(part(&mut place, algebra), true, "the journal has no students of its own");
    add(&mut place.roster, "enrollments", enrolled("7a-algebra", "child-201", "student"));
    next(&mut place);
    assert_eq!(part(&mut place, algebra), false);
    assert_eq!(part(&mut place, "class:7a"), true);
    place.pass(30.minutes());
    place.sync();
    assert_eq!(place.report["roster"]["unchanged"], true);
    assert_eq!(part(&mut place, algebra), false, "a cycle with nothing new still tells it");
    for child in ["child-200", "child-202"] {
        add(&mut place.roster, "enrollments", enrolled("7a-algebra", child, "student"));
    }
    next(&mut place);
    assert_eq!(part(&mut place, algebra), true, "all of the class by name are the whole class");
    let by_hand = json!({"kind": "subject", "class": "8b-history", "members": ["student-210"]});
    let made = makes(&mut place, "teacher-112", by_hand);
    assert_eq!(part(&mut place, &made), Value::Null, "who is in it is up to people");
}

#[test]
fn i4_renaming_in_the_host_renames_in_the_messenger_and_lasts() {
    let mut place = open("it_school");
    let rename = |title: Value| json!({"chat": "class:7a", "title": title});
    denied(&mut place, "teacher-110", "chats.rename", rename(json!("Наш")));
    let chat = does(&mut place, ADMIN, "chats.rename", rename(json!("Первоклассники")));
    assert_eq!(chat["title"], "Первоклассники");
    assert_eq!(place.seen("class:7a").title, "Первоклассники");
    row(&mut place.roster, "classes", "7a")["title"] = json!("ЭБ-23-1а");
    next(&mut place);
    assert_eq!(place.seen("class:7a").title, "Первоклассники");
    assert_eq!(place.seen("parents:7a").title, "ЭБ-23-1а - Родительский чат");
    let id: i64 = place.chat("class:7a")["platform_id"].as_str().unwrap().parse().unwrap();
    place.messenger.does("rename", json!({"chat_id": id, "title": "Наш чатик"}));
    does(&mut place, ADMIN, "chats.sync", json!({"chats": ["class:7a"]}));
    assert_eq!(place.seen("class:7a").title, "Первоклассники");
    does(&mut place, ADMIN, "chats.rename", rename(Value::Null));
    assert_eq!(place.seen("class:7a").title, "ЭБ-23-1а - Чат класса");
    next(&mut place);
    assert_eq!(place.seen("class:7a").title, "ЭБ-23-1а - Чат класса");
    let (long, empty) = ("ы".repeat(201), " \n ");
    for bad in [json!(long), json!(empty), json!(7)] {
        let (at, said) = wrong(&mut place, ADMIN, "chats.rename", rename(bad));
        assert_eq!(
            (at[0].as_str(), said.as_str()),
            ("params.title", "expected a title of up to 200 characters")
        );
    }
    let missing = json!({"chat": "class:7a"});
    assert_eq!(wrong(&mut place, ADMIN, "chats.rename", missing).0, ["params.title"]);
}

#[test]
fn i5_members_are_listed_with_role_mark_and_reasons() {
    let mut roster = big_college();
    row(&mut roster, "users", "child-201")["userIds"] = json!([]);
    let mut place = crate::college::started("it_school", roster, json!({}));
    let chat = does(&mut place, "teacher-110", "chats.get", json!({"chat": "class:7a"}));
    let row = |member: &Value| {
        let word = |name: &str| member[name].to_string().replace('"', "");
        format!("{} {} {} {}", word("person"), word("role"), word("linked"), word("admin"))
    };
    let rows: Vec<String> = chat["members"].as_array().unwrap().iter().map(row).collect();
    let expected = [
        "child-200 student true false",
        "child-201 student false false",
        "child-202 student true false",
        "teacher-110 teacher true true",
    ];
    assert_eq!(rows, expected);
    let teacher = member(&mut place, "class:7a", "teacher-110").unwrap();
    assert_eq!(teacher["admin_reasons"][0]["because"], "классный руководитель");
    denied(&mut place, "child-200", "chats.get", json!({"chat": "class:7a"}));
    assert_eq!(
        denied(&mut place, "child-200", "chats.get", json!({"chat": "no:such"})),
        "список чатов видят только сотрудники",
        "who may not ask does not learn what exists"
    );
}

#[test]
fn p6_nobody_adds_or_removes_members_by_hand() {
    let mut place = crate::college::started("paragraf", crate::tiny::tiny(), json!({}));
    let before = (place.look(), changing(&place));
    let reason = "состав, названия и права в чатах ведёт только «Параграф»";
    for method in ["members.add", "members.remove", "admins.grant", "admins.revoke"] {
        let order = json!({"chat": "class:7a", "people": ["teacher-111"]});
        for actor in ["director-100", "teacher-110"] {
            assert_eq!(denied(&mut place, actor, method, order.clone()), reason);
        }
        denied(&mut place, "system", method, order);
    }
    assert_eq!(denied(&mut place, "director-100", "chats.create", json!({"title": "x"})), reason);
    let (at, _) = wrong(&mut place, "system", "chats.create", json!({"title": "x"}));
    assert_eq!(at, ["params.kind"], "the profile lets people make no chats");
    next(&mut place);
    assert_eq!((place.look(), changing(&place)), before);
    hands_on(&place, "class:7a", 666, 201);
    does(&mut place, "director-100", "chats.sync", json!({"chats": ["class:7a"]}));
    assert_eq!(everywhere(&place, "666"), [""; 0]);
}

#[test]
fn p8_the_staff_sees_the_list_of_chats_with_their_links() {
    let mut place = crate::college::started("paragraf", crate::tiny::tiny(), json!({}));
    let list = does(&mut place, "teacher-111", "chats.list", json!({"class": "7a"}));
    let chats = list["chats"].as_array().unwrap();
    assert_eq!(chats.len(), 2);
    assert!(chats.iter().all(|chat| chat["link"].is_string()));
    denied(&mut place, "parent-300", "chats.list", json!({}));
    denied(&mut place, "nobody", "chats.list", json!({}));
    refresh(&mut place);
}

/// The college and a second school, whose administrator is «alien».
pub(crate) fn two_schools() -> Value {
    let mut roster = big_college();
    let second = json!({"sourcedId": "second", "name": "Школа № 2", "type": "school"});
    add(&mut roster, "orgs", second);
    for (who, what) in [("alien-400", "siteAdministrator"), ("pupil-401", "student")] {
        add(&mut roster, "users", person(who));
        let mut held = role(who, what);
        held["orgSourcedId"] = json!("second");
        add(&mut roster, "roles", held);
    }
    roster
}

#[test]
fn in_a_session_of_several_schools_everybody_rules_in_the_own_one_only() {
    let mut place = crate::college::started("oneroster", two_schools(), json!({}));
    let total = |place: &mut Place, actor: &str| {
        does(place, actor, "chats.list", json!({}))["total"].as_u64().unwrap()
    };
    assert_eq!(total(&mut place, "system"), 8);
    assert_eq!((total(&mut place, ADMIN), total(&mut place, "alien-400")), (7, 1));
    let alien = "alien-400";
    for (method, params) in [
        ("chats.sync", json!({})),
        ("plan", json!({})),
        ("diagnostics", json!({})),
        ("guard.approve", json!({"fingerprint": "x"})),
        ("chats.sync", json!({"chats": ["class:7a"]})),
        ("chats.get", json!({"chat": "class:7a"})),
        ("audit", json!({"chat": "class:7a"})),
        ("explain", json!({"chat": "class:7a", "person": "child-200"})),
        ("accounts.status", json!({"person": "child-200"})),
        ("chats.rename", json!({"chat": "class:7a", "title": "x"})),
        ("chats.delete", json!({"chat": "class:7a"})),
        ("members.add", json!({"chat": "class:7a", "people": ["pupil-401"]})),
        ("chats.create", json!({"organization": "school", "members": ["child-200"]})),
    ] {
        denied(&mut place, alien, method, params);
    }
    does(&mut place, alien, "chats.sync", json!({"chats": ["teachers:second"]}));
    does(&mut place, alien, "accounts.status", json!({"person": "pupil-401"}));
    let made = |who: &str| json!({"organization": "second", "members": [who]});
    let (at, said) = wrong(&mut place, alien, "chats.create", made("child-200"));
    assert_eq!(at, ["params.members[0]"]);
    assert!(said.contains("not of the school"), "{said}");
    let foreign = json!({"organization": "second", "class": "7a", "members": ["pupil-401"]});
    let (at, _) = wrong(&mut place, alien, "chats.create", foreign);
    assert_eq!(at, ["params.class"]);
    let key = makes(&mut place, alien, made("pupil-401"));
    holds(&place, &key, &["400", "401"], &["400"]);
    let (at, _) = wrong(&mut place, ADMIN, "chats.create", json!({"title": "x"}));
    assert_eq!(at, ["params.organization"], "which school is meant must be said");
    denied(&mut place, ADMIN, "members.add", json!({"chat": key, "people": ["child-200"]}));
}

#[test]
fn a_session_of_one_school_among_several_needs_no_word_about_which() {
    let more = json!({"organization": "school"});
    let mut place = crate::college::started("oneroster", two_schools(), more);
    let filter = json!({"title": "Все студенты", "filter": {"role": "student"}});
    let key = makes(&mut place, ADMIN, filter);
    holds(&place, &key, &["120", "200", "201", "202", "210", "211"], &["120"]);
}

#[test]
fn a_chat_that_vanished_is_made_again_for_whoever_asks_for_it() {
    let mut place = open("it_school");
    let old = place.chat("class:7a")["platform_id"].clone();
    let id: i64 = old.as_str().unwrap().parse().unwrap();
    place.messenger.does("delete_chat", json!({"chat_id": id, "code": 1017}));
    place.sync_with(json!({"verify": "all", "chats": ["class:7a"]}));
    assert_eq!(place.chat("class:7a")["state"], "gone", "{}", place.report);
    next(&mut place);
    assert_eq!(place.chat("class:7a")["state"], "gone", "nobody asked");
    let order = json!({"chat": "class:7a", "people": ["teacher-111"]});
    let (at, said) = wrong(&mut place, ADMIN, "members.add", order);
    assert_eq!(at, ["params.chat"]);
    assert!(said.contains("chats.sync makes it again"), "{said}");
    denied(&mut place, "teacher-110", "chats.sync", json!({"chats": ["class:7a"]}));
    let report = does(&mut place, ADMIN, "chats.sync", json!({"chats": ["class:7a"]}));
    let made = json!({"create_chat": 1, "add_member": 4, "grant_admin": 1});
    assert_eq!(report["done"], made, "{report}");
    next(&mut place);
    assert_ne!(place.chat("class:7a")["platform_id"], old);
    assert_eq!(place.chat("class:7a")["state"], "active");
}
