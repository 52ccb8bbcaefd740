//! What АИС ПОО promises of its screens.

use serde_json::{Value, json};

use crate::college::{everywhere, holds, link, next};
use crate::screen::{big_college, denied, does, makes, member, refresh, try_as, wrong};
use crate::tiny::{add, drop_row, enrolled, row};

/// An employee who holds nothing but the right to manage chats.
const MANAGER: &str = "secretary-121";

fn college() -> crate::school_day::Place {
    let mut roster = big_college();
    row(&mut roster, "users", MANAGER)["metadata"] = json!({"rights": ["Управление чатами"]});
    crate::college::started("ais_poo", roster, json!({"guard": {"minimum": 100}}))
}

#[test]
fn a4_the_right_to_manage_chats_is_for_all_chats_and_an_admins_for_the_own() {
    let mut place = college();
    let order = |ids: &[&str]| json!({"chat": "class:7a", "people": ids});
    does(&mut place, MANAGER, "members.add", order(&["student-210"]));
    does(&mut place, MANAGER, "admins.grant", order(&["teacher-111"]));
    holds(&place, "class:7a", &["110", "111", "200", "201", "202", "210"], &["110", "111"]);
    does(&mut place, "teacher-110", "members.remove", order(&["child-202"]));
    does(&mut place, "teacher-111", "admins.revoke", order(&["teacher-110"]));
    holds(&place, "class:7a", &["110", "111", "200", "201", "210"], &["111"]);
    for actor in ["teacher-112", "child-200"] {
        denied(&mut place, actor, "members.add", order(&["student-211"]));
    }
    for _ in 0..2 {
        next(&mut place);
        holds(&place, "class:7a", &["110", "111", "200", "201", "210"], &["111"]);
    }
    let reason = denied(
        &mut place,
        "teacher-111",
        "chats.rename",
        json!({"chat": "class:7a", "title": "x"}),
    );
    assert_eq!(reason, "это может только администратор");
}

#[test]
fn a4_explain_and_the_chat_tell_who_is_there_by_hand_and_who_is_kept_out() {
    let mut place = college();
    let order = |ids: &[&str]| json!({"chat": "class:7a", "people": ids});
    does(&mut place, MANAGER, "members.add", order(&["student-210"]));
    does(&mut place, MANAGER, "members.remove", order(&["child-202"]));
    let by_hand = member(&mut place, "class:7a", "student-210").unwrap();
    assert_eq!(by_hand["reasons"][0]["rule"], "override");
    assert_eq!(by_hand["joined"], true);
    assert_eq!(member(&mut place, "class:7a", "child-202"), None);
    let chat = does(&mut place, "teacher-110", "chats.get", json!({"chat": "class:7a"}));
    let words = |one: &Value| (one["override"].clone(), one["person"].clone());
    let overrides: Vec<_> = chat["overrides"].as_array().unwrap().iter().map(words).collect();
    let expected = [(json!("out"), json!("child-202")), (json!("in"), json!("student-210"))];
    assert_eq!(overrides, expected);
    let about = json!({"chat": "class:7a", "person": "child-202"});
    let told = does(&mut place, MANAGER, "explain", about);
    assert_eq!(told["member"], false);
    let told_ru = told["message"]["ru"].as_str().unwrap();
    assert!(told_ru.contains("исключён из чата вручную, распорядился secretary-121"), "{told_ru}");
    assert_eq!(told["overrides"][0]["actor"], MANAGER);
    assert_eq!(told["overrides"][0]["ended"], Value::Null);
    assert_eq!(told["history"][0]["reason"]["ru"], "распоряжение человека secretary-121");
}

#[test]
fn a4_a_change_of_the_roster_that_makes_an_override_pointless_ends_it() {
    let mut place = college();
    let order = |ids: &[&str]| json!({"chat": "class:7a", "people": ids});
    does(&mut place, MANAGER, "members.add", order(&["student-210"]));
    does(&mut place, MANAGER, "members.remove", order(&["child-202"]));
    does(&mut place, MANAGER, "admins.grant", order(&["teacher-111"]));
    next(&mut place);
    let ends = |place: &mut _, person: &str| {
        let about = json!({"chat": "class:7a", "person": person});
        let told = does(place, MANAGER, "explain", about);
        let rows = told["overrides"].as_array().unwrap().clone();
        rows.iter()
            .map(|row| format!("{} {}", row["override"], row["ended_by"]))
            .collect::<Vec<_>>()
    };
    assert_eq!(ends(&mut place, "student-210"), [r#""in" null"#]);
    add(&mut place.roster, "enrollments", enrolled("7a", "student-210", "student"));
    drop_row(&mut place.roster, "enrollments", "7a-child-202-student");
    add(&mut place.roster, "enrollments", crate::college::curator("7a", "teacher-111"));
    next(&mut place);
    assert_eq!(ends(&mut place, "student-210"), [r#""in" "roster""#]);
    assert_eq!(ends(&mut place, "child-202"), [r#""out" "roster""#]);
    let rights = ends(&mut place, "teacher-111");
    assert_eq!(rights, [r#""admin" "roster""#, r#""in" "roster""#]);
    drop_row(&mut place.roster, "enrollments", "7a-student-210-student");
    drop_row(&mut place.roster, "enrollments", "7a-teacher-111-teacher");
    add(&mut place.roster, "enrollments", enrolled("7a", "child-202", "student"));
    next(&mut place);
    holds(&place, "class:7a", &["110", "200", "201", "202"], &["110"]);
}

#[test]
fn a5_chats_are_made_by_the_right_people_with_the_right_limits() {
    let mut place = college();
    let any = json!({"title": "Все", "members": ["child-200", "parent-301", "teacher-112"]});
    let any = makes(&mut place, MANAGER, any);
    holds(&place, &any, &["112", "121", "200", "301"], &["121"]);
    let group =
        json!({"kind": "class", "class": "7a", "filter": {"class": "7a", "role": "student"}});
    let group = makes(&mut place, "teacher-110", group);
    holds(&place, &group, &["110", "200", "201", "202"], &["110"]);
    let chat = place.chat(&group).clone();
    assert_eq!((&chat["title"], &chat["type"]), (&json!("ЭБ-23-1 - Группа"), &json!("CLASS")));
    assert_eq!(chat["class"], "7a");
    let parents = json!({"kind": "parents", "class": "7a", "filter": {"class": "7a",
        "role": ["parent", "guardian", "relative"]}});
    let parents = makes(&mut place, "teacher-110", parents);
    holds(&place, &parents, &["110", "300", "301", "302"], &["110"]);
    let foreign = json!({"kind": "class", "class": "8b"});
    let reason = denied(&mut place, "teacher-110", "chats.create", foreign);
    assert_eq!(reason, "чаты «Группа» и «Родители» создаёт куратор этой группы");
    let own = json!({"kind": "subject", "class": "8b-history", "members": ["student-210"]});
    let own = makes(&mut place, "teacher-112", own);
    holds(&place, &own, &["112", "210"], &["112"]);
    assert_eq!(place.chat(&own)["title"], "ЭБ-23-2/История");
    let others = json!({"kind": "subject", "class": "8b-history",
        "members": ["student-210", "child-200"]});
    let reason = denied(&mut place, "teacher-112", "chats.create", others);
    assert_eq!(
        reason,
        "в свой «Предмет» преподаватель включает только студентов, которые у него учатся"
    );
    denied(&mut place, "teacher-112", "chats.create", json!({"title": "Все"}));
    let (at, _) = wrong(&mut place, MANAGER, "chats.create", json!({"kind": "class"}));
    assert_eq!(at, ["params.class"]);
    let (at, said) = wrong(&mut place, MANAGER, "chats.create", json!({"kind": "clas"}));
    assert_eq!((at[0].as_str(), said.contains("class")), ("params.kind", true), "{said}");
}

#[test]
fn a5_the_manager_makes_chats_of_a_group_and_a_subject_with_any_people() {
    let mut place = college();
    let group = json!({"kind": "class", "class": "7a", "members": ["student-210", "parent-301"]});
    let group = makes(&mut place, MANAGER, group);
    holds(&place, &group, &["121", "210", "301"], &["121"]);
    let chat = place.chat(&group).clone();
    assert_eq!((&chat["title"], &chat["type"]), (&json!("ЭБ-23-1 - Группа"), &json!("CLASS")));
    let subject = json!({"kind": "subject", "class": "8b-history", "admins": ["teacher-112"],
        "members": ["child-200", "teacher-110"]});
    let subject = makes(&mut place, MANAGER, subject);
    holds(&place, &subject, &["110", "112", "200"], &["112"]);
    let chat = place.chat(&subject).clone();
    assert_eq!((&chat["title"], &chat["type"]), (&json!("ЭБ-23-2/История"), &json!("SUBJECT")));
    next(&mut place);
    assert_eq!(place.report["done"], json!({}), "the rules of the groups leave them alone");
    holds(&place, &group, &["121", "210", "301"], &["121"]);
}

#[test]
fn a4_the_audit_tells_by_whose_order_somebody_was_taken_out() {
    let mut place = college();
    let order = json!({"chat": "class:7a", "people": ["child-202"]});
    does(&mut place, "teacher-110", "members.remove", order);
    let at = place.now;
    let about = json!({"chat": "class:7a", "person": "child-202", "page": 1, "per_page": 1});
    let told = does(&mut place, MANAGER, "audit", about);
    let entry = &told["entries"][0];
    let deed = ["operation", "person", "actor", "result"].map(|key| &entry[key]);
    assert_eq!(deed, ["remove_member", "child-202", "teacher-110", "done"]);
    assert_eq!(entry["reason"]["ru"], "распоряжение человека teacher-110");
    let told: jiff::Timestamp = entry["at"].as_str().unwrap().parse().unwrap();
    assert_eq!(told.as_second(), at.as_second());
}

#[test]
fn a6_the_list_is_made_anew_by_type_also_where_chats_are_made_by_hand() {
    let mut place = college();
    let own = json!({"kind": "subject", "class": "8b-history", "members": ["student-210"]});
    let own = makes(&mut place, "teacher-112", own);
    for key in [own.as_str(), "class:7a", "subject:8b-history"] {
        let id: i64 = place.chat(key)["platform_id"].as_str().unwrap().parse().unwrap();
        place.messenger.does("add", json!({"chat_id": id, "user": 666, "by": 110}));
    }
    denied(&mut place, "teacher-112", "chats.sync", json!({"kinds": ["subject"]}));
    let report = does(&mut place, MANAGER, "chats.sync", json!({"kinds": ["subject"]}));
    assert_eq!(report["done"], json!({"remove_member": 2}), "{report}");
    holds(&place, &own, &["112", "210"], &["112"]);
    assert_eq!(everywhere(&place, "666"), ["class:7a"]);
}

#[test]
fn a7_a_deleted_automatic_chat_is_made_again_only_when_asked_for() {
    let mut place = college();
    let made = makes(&mut place, "teacher-110", json!({"kind": "class", "class": "7a"}));
    let delete = |chat: &str| json!({"chat": chat});
    denied(&mut place, "teacher-112", "chats.delete", delete(&made));
    does(&mut place, MANAGER, "chats.delete", delete(&made));
    denied(&mut place, "teacher-110", "chats.delete", delete("class:7a"));
    let gone = does(&mut place, MANAGER, "chats.delete", delete("class:7a"));
    assert_eq!(gone["state"], "deleted");
    refresh(&mut place);
    assert!(place.seen("class:7a").members.is_empty());
    let groups = place.look().len();
    next(&mut place);
    place.roster["users"].as_array_mut().unwrap().reverse();
    next(&mut place);
    does(&mut place, MANAGER, "chats.sync", json!({"kinds": ["class"]}));
    assert_eq!(place.look().len(), groups, "nobody asked for it");
    let report = does(&mut place, MANAGER, "chats.sync", json!({"chats": ["class:7a"]}));
    assert_eq!(report["done"]["create_chat"], 1, "{report}");
    next(&mut place);
    let id: i64 = place.chat("class:7a")["platform_id"].as_str().unwrap().parse().unwrap();
    let state = place.messenger.look("state");
    let chats = state["chats"].as_array().unwrap();
    let chat = chats.iter().find(|chat| chat["chat_id"] == id).unwrap();
    assert_eq!(chat["members"].as_array().unwrap().len(), 5, "four people and the community");
    let (_, error) = (0, try_as(&mut place, MANAGER, "chats.sync", delete(&made)).unwrap_err());
    assert!(!error.faults.is_empty());
    wrong(&mut place, MANAGER, "chats.sync", json!({"chats": [made]}));
}

#[test]
fn a9_unlinking_takes_a_person_out_of_made_chats_too() {
    let mut place = college();
    let any = json!({"title": "Все", "members": ["child-200"]});
    let any = makes(&mut place, MANAGER, any);
    let mut keys = everywhere(&place, "200");
    keys.sort();
    assert!(keys.contains(&any) && keys.len() > 1, "{keys:?}");
    link(&mut place, "child-200", None);
    assert_eq!(everywhere(&place, "200"), [""; 0]);
    link(&mut place, "child-200", Some("200"));
    let mut back = everywhere(&place, "200");
    back.sort();
    assert_eq!(back, keys);
}

#[test]
fn a_failed_export_does_not_undo_what_people_ordered() {
    let mut place = college();
    let order = |ids: &[&str]| json!({"chat": "class:7a", "people": ids});
    does(&mut place, MANAGER, "members.remove", order(&["child-202"]));
    next(&mut place);
    let whole = place.roster.clone();
    let classes = place.roster["classes"].as_array_mut().unwrap();
    classes.retain(|class| class["sourcedId"] != "7a");
    let rows = place.roster["enrollments"].as_array_mut().unwrap();
    rows.retain(|row| row["classSourcedId"] != "7a");
    next(&mut place);
    place.roster = whole;
    next(&mut place);
    holds(&place, "class:7a", &["110", "200", "201"], &["110"]);
}
