//! What ЭПОС.СПО promises of its screens.

use serde_json::{Value, json};
use zvonok::error::Code;

use crate::college::{holds, next};
use crate::screen::{
    ADMIN, big_college, changing, denied, does, makes, member, open, refresh, try_as, wrong,
};
use crate::tiny::{add, drop_row, row};

#[test]
fn e3_obligatory_chats_are_changed_and_deleted_by_nobody() {
    let mut place = open("epos_spo");
    let before = (place.look(), changing(&place));
    for actor in [ADMIN, "teacher-110", "system"] {
        for chat in ["teachers:school", "class:7a", "parents:7a"] {
            let orders = [
                ("members.add", json!({"chat": chat, "people": ["student-210"]})),
                ("members.remove", json!({"chat": chat, "people": ["teacher-110"]})),
                ("admins.grant", json!({"chat": chat, "people": ["teacher-111"]})),
                ("admins.revoke", json!({"chat": chat, "people": ["teacher-110"]})),
                ("chats.rename", json!({"chat": chat, "title": "Наш"})),
                ("chats.delete", json!({"chat": chat})),
            ];
            for (method, params) in orders {
                let reason = denied(&mut place, actor, method, params);
                assert_eq!(reason, "обязательный чат нельзя ни менять, ни удалить");
            }
        }
    }
    assert_eq!((place.look(), changing(&place)), before);
}

#[test]
fn e5_the_registry_is_searched_sorted_and_paged_and_counts_linked_and_all() {
    let mut roster = big_college();
    row(&mut roster, "users", "child-201")["userIds"] = json!([]);
    let mut place = crate::college::started("epos_spo", roster, json!({}));
    let list = |place: &mut _, actor: &str, params: Value| does(place, actor, "chats.list", params);
    let all = list(&mut place, ADMIN, json!({"per_page": 2, "sort": "-linked"}));
    assert_eq!((&all["total"], &all["page"], &all["pages"]), (&json!(3), &json!(1), &json!(2)));
    assert_eq!(all["chats"][0]["key"], "teachers:school");
    let found = list(&mut place, "teacher-111", json!({"search": "групп"}));
    assert_eq!(found["total"], 1);
    let counts = &found["chats"][0]["members"];
    assert_eq!((&counts["linked"], &counts["desired"]), (&json!(3), &json!(4)), "{counts}");
    assert_eq!(list(&mut place, ADMIN, json!({"class": "7a"}))["total"], 2);
    for outsider in ["child-200", "parent-300"] {
        let reason = denied(&mut place, outsider, "chats.list", json!({}));
        assert_eq!(reason, "список чатов видят только сотрудники");
    }
}

#[test]
fn e5_each_order_of_the_registry_puts_every_chat_in_its_place() {
    let mut roster = big_college();
    row(&mut roster, "users", "child-201")["userIds"] = json!([]);
    add(&mut roster, "enrollments", crate::college::curator("8b", "teacher-112"));
    let mut place = crate::college::started("epos_spo", roster, json!({}));
    let discipline = json!({"id": "history", "kind": "subject", "subject": "history",
        "filter": {"subject": "История", "role": "student"}});
    assert_eq!(makes(&mut place, "teacher-112", discipline), "custom:history");
    let (c7, p7, c8, p8) = ("class:7a", "parents:7a", "class:8b", "parents:8b");
    let (history, staff) = ("custom:history", "teachers:school");
    let mut keys = |params: Value| -> Vec<String> {
        let list = does(&mut place, ADMIN, "chats.list", params);
        let rows = list["chats"].as_array().unwrap().iter();
        rows.map(|chat| chat["key"].as_str().unwrap().to_owned()).collect()
    };
    // The numbers of people: 1, thrice 3, 4, and the staff; where they are equal the title decides.
    for (sort, expected) in [
        ("title", [history, staff, c7, p7, c8, p8]),
        ("-title", [p8, c8, p7, c7, staff, history]),
        ("members", [p8, history, c7, c8, p7, staff]),
        ("-members", [staff, p7, history, c7, c8, p8]),
        ("class", [history, staff, c7, p7, c8, p8]),
        ("-class", [c8, p8, c7, p7, history, staff]),
        ("subject", [staff, c7, p7, c8, p8, history]),
        ("-subject", [history, staff, c7, p7, c8, p8]),
    ] {
        assert_eq!(keys(json!({"sort": sort})), expected, "{sort}");
    }
    assert_eq!(keys(json!({"subject": "История"})), [history]);
    assert_eq!(keys(json!({"subject": "Алгебра"})), [""; 0]);
    assert_eq!(keys(json!({"class": "8b", "sort": "-title"})), [p8, c8]);
}

#[test]
fn e6_the_administrator_makes_free_chats_with_people_picked_by_filters() {
    let mut place = open("epos_spo");
    let params = json!({"members": ["parent-300"], "filter": {"grade": "2", "role": "student"}});
    let free = makes(&mut place, ADMIN, params);
    holds(&place, &free, &["120", "210", "211", "300"], &["120"]);
    let chat = place.chat(&free).clone();
    assert_eq!((&chat["title"], &chat["type"]), (&json!("К1"), &json!("FREE")), "{chat}");
    assert_eq!((&chat["locked"], &chat["kind"]), (&json!(false), &json!("custom")));
    let reasons = member(&mut place, &free, "student-210").unwrap()["reasons"].clone();
    assert_eq!(reasons[0]["because"], "распоряжение: engineer-120");

    let marked = json!({"title": " Поход\n в горы ", "members": ["child-200"],
        "admins": ["teacher-111"]});
    let marked = makes(&mut place, ADMIN, marked);
    holds(&place, &marked, &["111", "200"], &["111"]);
    assert_eq!(place.chat(&marked)["title"], "Поход в горы");
    for actor in ["teacher-110", "teacher-111", "child-200"] {
        let reason = denied(&mut place, actor, "chats.create", json!({"members": ["child-200"]}));
        assert_eq!(reason, "свободный чат создаёт только администратор организации");
    }
    next(&mut place);
    assert_eq!(place.report["done"], json!({}), "what was ordered stays as it is");
    place.roster["users"].as_array_mut().unwrap().reverse();
    next(&mut place);
    holds(&place, &free, &["120", "210", "211", "300"], &["120"]);
}

#[test]
fn e7_discipline_chats_are_made_by_their_teachers_and_keep_their_titles() {
    let mut place = open("epos_spo");
    let discipline = json!({"kind": "subject", "subject": "history",
        "filter": {"subject": "История", "role": "student"}});
    let key = makes(&mut place, "teacher-112", discipline.clone());
    holds(&place, &key, &["112", "210", "211"], &["112"]);
    let chat = place.chat(&key).clone();
    assert_eq!((&chat["title"], &chat["subject"]), (&json!("История"), &json!("История")));
    let reason = denied(&mut place, "teacher-111", "chats.create", discipline.clone());
    assert_eq!(
        reason,
        "чат дисциплины создаёт администратор или преподаватель с группой по этой дисциплине"
    );
    makes(&mut place, ADMIN, discipline);
    for actor in [ADMIN, "teacher-112", "system"] {
        denied(&mut place, actor, "chats.rename", json!({"chat": key, "title": "Истерия"}));
    }
    assert_eq!(place.seen(&key).title, "История");
    let typo = json!({"kind": "subject", "subject": "Исторея"});
    let (at, said) = wrong(&mut place, ADMIN, "chats.create", typo);
    assert_eq!(at, ["params.subject"]);
    assert_eq!(said, "there is no such subject; did you mean История?");
}

#[test]
fn e8_made_chats_are_changed_by_the_administrator_and_by_their_own_admins() {
    let mut place = open("epos_spo");
    let key = makes(
        &mut place,
        ADMIN,
        json!({"title": "Кружок", "members": ["child-200"], "admins": ["teacher-111"]}),
    );
    let people = |ids: &[&str]| json!({"chat": key, "people": ids});
    for stranger in ["teacher-110", "child-200", "parent-300"] {
        for method in ["members.add", "members.remove", "admins.grant", "admins.revoke"] {
            let reason = denied(&mut place, stranger, method, people(&["child-200"]));
            assert_eq!(reason, "это может только администратор чата или администратор организации");
        }
    }
    does(&mut place, "teacher-111", "members.add", people(&["child-201", "parent-300"]));
    does(&mut place, "teacher-111", "admins.grant", people(&["child-201", "teacher-110"]));
    holds(&place, &key, &["110", "111", "200", "201", "300"], &["110", "111", "201"]);
    does(&mut place, ADMIN, "members.remove", people(&["parent-300", "child-201"]));
    does(&mut place, "teacher-110", "admins.revoke", people(&["teacher-111"]));
    holds(&place, &key, &["110", "111", "200"], &["110"]);
    let renamed = json!({"chat": key, "title": "Кружок робототехники"});
    does(&mut place, "teacher-110", "chats.rename", renamed);
    assert_eq!(place.seen(&key).title, "Кружок робототехники");
    denied(&mut place, "teacher-111", "members.add", people(&["child-202"]));
    let reason = denied(&mut place, "teacher-110", "audit", json!({"chat": key}));
    assert_eq!(reason, "это может только администратор");
    let audit = does(&mut place, ADMIN, "audit", json!({"chat": key, "person": "parent-300"}));
    let told = |entry: &Value| format!("{} {}", entry["operation"], entry["actor"]);
    let told: Vec<String> = audit["entries"].as_array().unwrap().iter().map(told).collect();
    let expected = [
        r#""remove_member" "engineer-120""#,
        r#""members.remove" "engineer-120""#,
        r#""add_member" "teacher-111""#,
        r#""members.add" "teacher-111""#,
    ];
    assert_eq!(told, expected);
}

#[test]
fn e9_a_deleted_chat_is_emptied_and_stays_empty() {
    let mut place = open("epos_spo");
    let free = json!({"title": "Поход", "members": ["child-200", "parent-300"],
        "admins": ["teacher-111"]});
    let key = makes(&mut place, ADMIN, free);
    let link = place.seen(&key).link;
    denied(&mut place, "teacher-110", "chats.delete", json!({"chat": key}));
    let deleted = does(&mut place, "teacher-111", "chats.delete", json!({"chat": key}));
    assert_eq!(deleted["state"], "deleted", "{deleted}");
    assert_eq!(deleted["done"], json!({"remove_member": 3, "rotate_link": 1, "delete_chat": 1}));
    refresh(&mut place);
    let seen = place.seen(&key);
    assert!(seen.members.is_empty() && seen.link != link, "{seen:?}");
    assert_eq!(does(&mut place, ADMIN, "chats.list", json!({"search": "поход"}))["total"], 0);
    assert_eq!(does(&mut place, ADMIN, "chats.get", json!({"chat": key}))["state"], "deleted");
    let groups = place.look().len();
    next(&mut place);
    place.messenger.does("counters/reset", json!({}));
    place.sync_with(json!({"verify": "all", "chats": [key]}));
    assert_eq!(place.messenger.look("counters")["requests"], 0, "its door is closed");
    next(&mut place);
    assert_eq!((place.report["done"].clone(), place.look().len()), (json!({}), groups));
    let again = json!({"chat": key, "people": ["child-200"]});
    let (at, _) = wrong(&mut place, ADMIN, "members.add", again);
    assert_eq!(at, ["params.chat"]);
    let (at, _) = wrong(&mut place, ADMIN, "chats.delete", json!({"chat": key}));
    assert_eq!(at, ["params.chat"]);
}

#[test]
fn e14_orders_go_to_the_messenger_at_once_or_say_what_is_left() {
    let mut place = open("epos_spo");
    let key = makes(&mut place, ADMIN, json!({"title": "Поход", "members": ["child-200"]}));
    let order = |ids: &[&str]| json!({"chat": key, "people": ids});
    place.messenger.does(
        "faults",
        json!({"match": {"method": "messages.removeChatUser"}, "do": "error", "code": 10}),
    );
    let (code, told) = try_as(&mut place, ADMIN, "members.remove", order(&["child-200"])).unwrap();
    assert_eq!((code, &told["pending"]), (Code::Partial, &json!(true)), "{told:#}");
    assert_eq!(told["failed"][0]["operation"], "remove_member");
    assert!(told["reason"]["ru"].is_string());
    place.messenger.clear_faults();
    next(&mut place);
    holds(&place, &key, &["120"], &["120"]);
    assert_eq!(place.report["done"], json!({"remove_member": 1}));
    let told = does(&mut place, ADMIN, "members.add", order(&["child-201"]));
    assert_eq!(told["done"], json!({"add_member": 1}));
    holds(&place, &key, &["120", "201"], &["120"]);
}

#[test]
fn whoever_leaves_the_college_is_taken_out_of_made_chats_and_whoever_returns_comes_back() {
    let mut place = open("epos_spo");
    place.reopen(json!({"guard": {"minimum": 100}}));
    let key = makes(
        &mut place,
        ADMIN,
        json!({"title": "Кружок", "members": ["child-200", "student-210", "teacher-111"],
            "admins": ["teacher-112"]}),
    );
    let before = place.roster.clone();
    row(&mut place.roster, "users", "child-200")["enabledUser"] = json!(false);
    row(&mut place.roster, "users", "teacher-112")["status"] = json!("tobedeleted");
    row(&mut place.roster, "roles", "role-teacher-111-teacher")["endDate"] = json!("2026-09-01");
    drop_row(&mut place.roster, "enrollments", "7a-algebra-teacher-111-teacher");
    next(&mut place);
    holds(&place, &key, &["210"], &[]);
    let warned = place.report["roster"]["warnings"].to_string();
    assert!(warned.contains("override.no_admin"), "{warned}");
    place.roster = before;
    next(&mut place);
    holds(&place, &key, &["111", "112", "200", "210"], &["112"]);
}

#[test]
fn the_same_order_sent_twice_makes_one_chat() {
    let mut place = open("epos_spo");
    let params = json!({"id": "trip-2026", "title": "Поход", "members": ["child-200"]});
    let key = makes(&mut place, ADMIN, params.clone());
    assert_eq!(key, "custom:trip-2026");
    assert_eq!(makes(&mut place, ADMIN, params.clone()), key);
    let turned = json!({"members": ["child-200"], "title": "Поход", "id": "trip-2026"});
    assert_eq!(makes(&mut place, ADMIN, turned), key, "the order of keys says nothing");
    assert_eq!(place.look().len(), 4);
    let other = json!({"id": "trip-2026", "title": "Другой", "members": ["child-200"]});
    let (at, said) = wrong(&mut place, ADMIN, "chats.create", other);
    assert_eq!((at[0].as_str(), said.contains("under this id")), ("params.id", true));
    does(&mut place, ADMIN, "chats.delete", json!({"chat": key}));
    wrong(&mut place, ADMIN, "chats.create", params);
    let (at, _) = wrong(&mut place, ADMIN, "chats.create", json!({"id": "a b", "titel": "x"}));
    assert_eq!(at, ["params.id", "params.titel"]);
}
