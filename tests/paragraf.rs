//! What «Параграф» promises its schools, line by line, on the sandbox's real state.
//!
//! P: the host's lines; X: what all hosts have in common. Calls have tests of their own.
#![cfg(feature = "cli")]

mod support;

#[allow(dead_code, reason = "each file of tests needs its own part of this")]
#[path = "support/oracle.rs"]
mod oracle;
#[path = "support/proxy.rs"]
mod proxy;
#[path = "support/school_day.rs"]
mod school_day;
#[path = "support/tiny.rs"]
mod tiny;

use std::collections::BTreeSet;

use jiff::ToSpan;
use school_day::Place;
use serde_json::{Value, json};
use support::Messenger;
use tiny::{accounts, add, child, director, drop_row, enrolled, person, role, row, tiny};
use zvonok::error::Code;
use zvonok::host::Silent;
use zvonok::run_task;
use zvonok::session::{Cancel, Session};

const DAY: &str = "2026-09-01";

fn partner(roster: Value) -> Place {
    Place::open("paragraf", "partner", roster, DAY, json!({}))
}

/// The tiny school after its first cycle.
fn started() -> Place {
    let mut place = partner(tiny());
    assert_eq!(place.sync(), Code::Ok, "{}", place.report);
    place
}

/// Half an hour passes and the task runs.
fn next(place: &mut Place) {
    place.pass(30.minutes());
    assert_eq!(place.sync(), Code::Ok, "{}", place.report);
}

/// The same with every chat read anew.
fn next_with_a_look(place: &mut Place) {
    place.pass(30.minutes());
    assert_eq!(place.sync_with(json!({"verify": "all"})), Code::Ok, "{}", place.report);
}

fn set(ids: &[&str]) -> BTreeSet<String> {
    ids.iter().map(|id| (*id).to_owned()).collect()
}

#[track_caller]
fn holds(place: &Place, key: &str, members: &[&str], admins: &[&str]) {
    let seen = place.seen(key);
    assert_eq!(seen.members, set(members), "members of {key}");
    assert_eq!(seen.admins, set(admins), "admins of {key}");
    let told = place.chat(key);
    assert_eq!(told["members"]["joined"], members.len(), "{told}");
    assert_eq!(told["admins"]["granted"], admins.len(), "{told}");
}

#[test]
fn p1_a_community_and_its_token_are_all_that_a_school_enters() {
    let folder = tempfile::tempdir().unwrap();
    let open = |platform: Value| {
        let state = folder.path().join("zvonok.db");
        let config = json!({"state": state, "profile": "paragraf", "platform": platform});
        Session::open(&config.to_string(), Box::new(Silent), Cancel::default())
    };
    let session = open(json!({"kind": "vk", "token": "t", "community": "230000001"})).unwrap();
    assert_eq!(session.config().platform.access.base_url, "https://api.vk.ru");
    for incomplete in
        [json!({"kind": "vk", "token": "t"}), json!({"kind": "vk", "community": "230000001"})]
    {
        assert_eq!(open(incomplete).err().map(|error| error.code), Some(Code::Config));
    }
    started().must_agree("with nothing else");
}

#[test]
fn p2_a_school_behind_a_proxy_gets_its_chats_through_it() {
    for login in [None, Some("c2Nob29sOtC/0LDRgNC+0LvRjA==")] {
        let mut place = partner(tiny());
        let address = place.messenger.address.trim_start_matches("http://").to_owned();
        let proxy = proxy::proxy(&address, login);
        let proxy_lines = json!({"server": "127.0.0.1", "port": proxy.port, "username": "school",
            "password": "пароль", "auth": login.is_some()});
        place.reopen(json!({"proxy": proxy_lines}));
        assert_eq!(place.sync(), Code::Ok, "{}", place.report);
        place.must_agree("behind a proxy");
        let heads = proxy.heads.lock().unwrap();
        let target = format!("CONNECT {address} ");
        assert!(!heads.is_empty() && heads.iter().all(|head| head.starts_with(&target)));
        let told = heads.iter().any(|head| head.to_lowercase().contains("proxy-authorization"));
        assert_eq!(told, login.is_some());
    }
}

/// The whole of an exchange task, as the host's scheduler has it: a text of lines.
#[test]
fn p2_the_lines_of_a_task_lead_through_the_proxy() {
    let (messenger, folder) =
        (Messenger::start(&["--mode", "partner"]), tempfile::tempdir().unwrap());
    let address = messenger.address.trim_start_matches("http://").to_owned();
    let proxy = proxy::proxy(&address, Some("c2Nob29sOtC/0LDRgNC+0LvRjA=="));
    let roster = folder.path().join("roster.json");
    std::fs::write(&roster, tiny().to_string()).unwrap();
    let lines = format!(
        "# Обмен с мессенджером\nroster={}\nstate={}\nprofile=paragraf\nplatform=vk\ntoken={}\n\
         community={}\nbase_url={}\nproxy_server=127.0.0.1\nproxy_port={}\n\
         proxy_username=school\nproxy_password=пароль\nproxy_auth=1\n",
        roster.display(),
        folder.path().join("zvonok.db").display(),
        messenger.token,
        messenger.community,
        messenger.address,
        proxy.port,
    );
    let (_, outcome) = run_task::run(lines.as_bytes(), None, Box::new(Silent), Cancel::default());
    let (code, report) = outcome.unwrap();
    assert_eq!((code, report["chats"].as_array().unwrap().len()), (Code::Ok, 3), "{report}");
    let heads = proxy.heads.lock().unwrap();
    assert!(heads.iter().all(|head| head.starts_with(&format!("CONNECT {address} "))));
    assert!(!heads.is_empty());
}

#[test]
fn p3_running_constantly_asks_nothing_while_nothing_changes() {
    let roster = serde_json::from_str(include_str!("rosters/small.json")).unwrap();
    let mut place = partner(roster);
    assert_eq!(place.sync(), Code::Ok);
    let counters = place.messenger.look("counters");
    for pause in [1.second(), 1.second(), 1.second(), 30.minutes(), 2.hours()] {
        place.pass(pause);
        assert_eq!(place.sync(), Code::Ok);
        assert_eq!(place.report["requests"]["sent"], 0);
        assert_eq!(place.report["roster"]["unchanged"], true);
    }
    assert_eq!(place.messenger.look("counters"), counters);
    row(&mut place.roster, "classes", "class-6a")["title"] = "6Б".into();
    place.pass(1.second());
    assert_eq!(place.sync(), Code::Ok);
    // The class's own two chats and the one of a journal of it.
    assert_eq!(place.report["done"], json!({"rename_chat": 3}));
    place.must_agree("renamed");
}

#[test]
fn p4_who_has_no_account_waits_and_is_in_when_it_arrives() {
    let mut roster = tiny();
    row(&mut roster, "users", "child-200")["userIds"] = json!([]);
    row(&mut roster, "users", "parent-300")["userIds"] =
        json!([{"type": "max", "identifier": "9300"}]);
    row(&mut roster, "users", "teacher-110").as_object_mut().unwrap().remove("userIds");
    let mut place = partner(roster);
    assert_eq!(place.sync(), Code::Ok);
    holds(&place, "class:7a", &["201", "202"], &[]);
    holds(&place, "parents:7a", &["301", "302"], &[]);
    let told = &place.chat("class:7a")["members"];
    assert_eq!((&told["desired"], &told["linked"]), (&json!(4), &json!(2)));
    for who in ["child-200", "parent-300", "teacher-110"] {
        let account = who.rsplit_once('-').unwrap().1;
        row(&mut place.roster, "users", who)["userIds"] = accounts(account);
    }
    next(&mut place);
    holds(&place, "class:7a", &["110", "200", "201", "202"], &["110"]);
    holds(&place, "parents:7a", &["110", "300", "301", "302"], &["110"]);
}

#[test]
fn p5_a_school_gets_its_chats_by_itself() {
    let place = started();
    assert_eq!(place.look().len(), 3, "a subject chat waits for its first lesson");
    let titles = ["teachers:school", "class:7a", "parents:7a"].map(|key| place.seen(key).title);
    assert_eq!(titles, ["Учительская", "7А - Чат учеников", "7А - Родительский чат"]);
    holds(&place, "teachers:school", &["100", "110", "111"], &["100"]);
    holds(&place, "class:7a", &["110", "200", "201", "202"], &["110"]);
    holds(&place, "parents:7a", &["110", "300", "301", "302"], &["110"]);
    let types = ["teachers:school", "class:7a", "parents:7a"].map(|key| &place.chat(key)["type"]);
    assert_eq!(types, ["TEACHER", "CLASS", "PARENTS"]);
}

#[test]
fn p6_chats_follow_arrivals_and_departures() {
    let mut place = started();
    // A child with a father, and a teacher, arrive.
    add(&mut place.roster, "users", child("child-203", &["parent-303"]));
    add(&mut place.roster, "users", person("parent-303"));
    add(&mut place.roster, "users", person("teacher-112"));
    for (who, what) in
        [("child-203", "student"), ("parent-303", "parent"), ("teacher-112", "teacher")]
    {
        add(&mut place.roster, "roles", role(who, what));
    }
    add(&mut place.roster, "enrollments", enrolled("7a", "child-203", "student"));
    next(&mut place);
    holds(&place, "class:7a", &["110", "200", "201", "202", "203"], &["110"]);
    holds(&place, "parents:7a", &["110", "300", "301", "302", "303"], &["110"]);
    holds(&place, "teachers:school", &["100", "110", "111", "112"], &["100"]);

    // The child leaves by a date, the father stays a parent of nobody here; the teacher is
    // dismissed.
    let departure = row(&mut place.roster, "enrollments", "7a-child-203-student");
    departure["endDate"] = "2026-09-02".into();
    row(&mut place.roster, "roles", "role-teacher-112-teacher")["endDate"] = "2026-09-02".into();
    next(&mut place);
    holds(&place, "class:7a", &["110", "200", "201", "202", "203"], &["110"]);
    place.pass(24.hours());
    next(&mut place);
    holds(&place, "class:7a", &["110", "200", "201", "202"], &["110"]);
    holds(&place, "parents:7a", &["110", "300", "301", "302"], &["110"]);
    holds(&place, "teachers:school", &["100", "110", "111"], &["100"]);
}

#[test]
fn p6_a_parent_of_two_stays_for_the_child_who_stays() {
    let mut place = started();
    drop_row(&mut place.roster, "enrollments", "7a-child-200-student");
    next(&mut place);
    holds(&place, "parents:7a", &["110", "300", "301", "302"], &["110"]);
    row(&mut place.roster, "users", "child-202")["enabledUser"] = false.into();
    next(&mut place);
    holds(&place, "parents:7a", &["110", "301", "302"], &["110"]);
    holds(&place, "class:7a", &["110", "201"], &["110"]);
}

#[test]
fn p6_nobody_changes_a_chat_by_hand() {
    let mut place = started();
    let id: i64 = place.chat("class:7a")["platform_id"].as_str().unwrap().parse().unwrap();
    let hands = |path: &str, order: Value| drop(place.messenger.does(path, order));
    hands("add", json!({"chat_id": id, "user": 666, "by": 200}));
    hands("leave", json!({"chat_id": id, "user": 201}));
    hands("promote", json!({"chat_id": id, "user": 202, "admin": true}));
    hands("promote", json!({"chat_id": id, "user": 110, "admin": false}));
    hands("rename", json!({"chat_id": id, "title": "Наш чатик"}));
    next_with_a_look(&mut place);
    holds(&place, "class:7a", &["110", "200", "201", "202"], &["110"]);
    assert_eq!(place.seen("class:7a").title, "7А - Чат учеников");
    assert_eq!(place.chat("class:7a")["locked"], true);
}

#[test]
fn p7_the_teachers_room_is_led_by_director_acting_head_and_host_roles() {
    let mut place = started();
    let before = place.seen("teachers:school");
    assert_eq!(before.admins, set(&["100"]));
    row(&mut place.roster, "users", "teacher-111")["metadata"] = json!({"actingHead": true});
    row(&mut place.roster, "users", "engineer-120")["metadata"] =
        json!({"accessRoles": ["Администратор"]});
    row(&mut place.roster, "users", "secretary-121")["metadata"] =
        json!({"accessRoles": ["Преподаватель-предметник", "Руководитель"]});
    // The same marks on somebody who is not of the staff mean nothing.
    row(&mut place.roster, "users", "parent-300")["metadata"] =
        json!({"actingHead": true, "accessRoles": ["Администратор"]});
    next(&mut place);
    let all = ["100", "110", "111", "120", "121"];
    holds(&place, "teachers:school", &all, &["100", "111", "120", "121"]);

    // The director's term ends; a deputy of the second level is no director.
    row(&mut place.roster, "roles", "role-director-100-principal")["endDate"] = DAY.into();
    row(&mut place.roster, "roles", "role-teacher-110-teacher")["metadata"] =
        json!({"positionLevel": "Руководитель 2 уровня"});
    row(&mut place.roster, "users", "teacher-111")["metadata"]["actingHead"] = false.into();
    next(&mut place);
    holds(&place, "teachers:school", &["110", "111", "120", "121"], &["120", "121"]);

    add(&mut place.roster, "roles", director("teacher-110"));
    next(&mut place);
    holds(&place, "teachers:school", &["110", "111", "120", "121"], &["110", "120", "121"]);
}

#[test]
fn p7_a_class_teacher_is_only_whom_the_class_card_names() {
    let mut place = started();
    // Chosen in a user's card: an enrollment as teacher, even a primary one.
    let mut other = enrolled("7a", "teacher-111", "teacher");
    other["primary"] = true.into();
    add(&mut place.roster, "enrollments", other);
    next(&mut place);
    holds(&place, "class:7a", &["110", "200", "201", "202"], &["110"]);
    holds(&place, "parents:7a", &["110", "300", "301", "302"], &["110"]);
    let card = |place: &mut Place, who: Value| {
        row(&mut place.roster, "classes", "7a")["metadata"]["classTeacherSourcedId"] = who;
        next(place);
    };
    card(&mut place, "teacher-111".into());
    holds(&place, "class:7a", &["111", "200", "201", "202"], &["111"]);
    holds(&place, "parents:7a", &["111", "300", "301", "302"], &["111"]);
    // Whoever is not of the staff does not count, and the report says so.
    card(&mut place, "parent-300".into());
    holds(&place, "class:7a", &["200", "201", "202"], &[]);
    holds(&place, "parents:7a", &["300", "301", "302"], &[]);
    let codes = place.report["roster"]["warnings"].to_string();
    assert!(codes.contains("profile.named_not_staff"), "{codes}");
    card(&mut place, Value::Null);
    holds(&place, "class:7a", &["200", "201", "202"], &[]);
}

#[test]
fn p7_a_subject_chat_is_led_by_the_subjects_teacher() {
    let mut place = started();
    publish(&mut place, "published");
    holds(&place, "subject:7a-algebra", &["111", "200", "201", "202"], &["111"]);
    drop_row(&mut place.roster, "enrollments", "7a-algebra-teacher-111-teacher");
    add(&mut place.roster, "enrollments", enrolled("7a-algebra", "teacher-110", "teacher"));
    next(&mut place);
    holds(&place, "subject:7a-algebra", &["110", "200", "201", "202"], &["110"]);
}

/// Rights that are held are not taken by the next cycle either.
#[test]
fn p7_many_rights_lost_at_once_wait_for_a_person_however_often_the_task_runs() {
    let mut roster = tiny();
    let heads = ["head-130", "head-131", "head-132", "head-133", "head-134", "head-135"];
    for who in heads {
        let mut head = person(who);
        head["metadata"] = json!({"accessRoles": ["Руководитель"]});
        add(&mut roster, "users", head);
        add(&mut roster, "roles", role(who, "teacher"));
    }
    let mut place = partner(roster);
    assert_eq!(place.sync(), Code::Ok);
    let before = place.seen("teachers:school");
    assert_eq!(before.admins.len(), 7);
    for who in heads {
        row(&mut place.roster, "users", who)["metadata"] = json!({});
    }
    for _ in 0..3 {
        place.pass(30.minutes());
        assert_eq!(place.sync(), Code::Held, "{}", place.report);
        assert_eq!(place.seen("teachers:school"), before);
        assert_eq!(place.report["held"][0]["revoke_admin"], 6, "{}", place.report["held"]);
    }
    let fingerprint = place.report["hold"]["fingerprint"].clone();
    assert_eq!(place.sync_with(json!({"approve": fingerprint})), Code::Ok);
    assert_eq!(place.seen("teachers:school").admins, set(&["100"]));
}

#[test]
fn p8_every_chat_is_listed_with_the_link_that_leads_there() {
    let place = started();
    let chats = place.report["chats"].as_array().unwrap();
    assert_eq!(chats.len(), 3);
    for (number, chat) in chats.iter().enumerate() {
        let (key, link) = (chat["key"].as_str().unwrap(), &chat["link"]);
        assert_eq!(*link, place.seen(key).link);
        let guest = 500 + number as i64;
        let joined = place.messenger.does("join", json!({"link": link, "user": guest}));
        assert_eq!(joined["chat_id"].to_string(), chat["platform_id"].as_str().unwrap());
    }
    let column = |kind: &str| chats.iter().filter(|chat| chat["kind"] == kind).count();
    assert_eq!(["teachers", "parents", "class"].map(column), [1, 1, 1]);
}

/// The lesson of the tiny school's journal gets this state, and the task runs.
fn publish(place: &mut Place, state: &str) {
    row(&mut place.roster, "lessons", "lesson")["metadata"]["state"] = state.into();
    next(place);
}

#[test]
fn p9_a_subject_chat_is_made_with_the_first_video_lesson() {
    for state in ["published", "conducted"] {
        let mut place = started();
        publish(&mut place, "draft");
        assert!(place.find_chat("subject:7a-algebra").is_none());
        row(&mut place.roster, "lessons", "lesson")["metadata"]["online"] = false.into();
        publish(&mut place, state);
        assert!(!place.look().contains_key("subject:7a-algebra"), "a lesson without video");
        row(&mut place.roster, "lessons", "lesson")["metadata"]["online"] = true.into();
        next(&mut place);
        holds(&place, "subject:7a-algebra", &["111", "200", "201", "202"], &["111"]);
        assert_eq!(place.seen("subject:7a-algebra").title, "7А/Алгебра");
    }
}

#[test]
fn p9_only_general_education_journals_with_the_mode_on_have_a_chat() {
    for off in ["subjectChat", "generalEducation"] {
        let mut place = partner(tiny());
        row(&mut place.roster, "classes", "7a-algebra")["metadata"][off] = false.into();
        assert_eq!(place.sync(), Code::Ok);
        publish(&mut place, "published");
        assert!(place.find_chat("subject:7a-algebra").is_none(), "{off}");
        row(&mut place.roster, "classes", "7a-algebra")["metadata"][off] = true.into();
        next(&mut place);
        assert_eq!(place.chat("subject:7a-algebra")["state"], "active");
    }
}

#[test]
fn p9_a_made_subject_chat_stays_until_the_mode_is_off_and_comes_back_with_it() {
    let mut place = started();
    publish(&mut place, "published");
    let link = place.seen("subject:7a-algebra").link;
    publish(&mut place, "draft");
    assert_eq!(place.chat("subject:7a-algebra")["state"], "active");
    let lesson = place.roster["lessons"].take();
    place.roster["lessons"] = json!([]);
    drop_row(&mut place.roster, "enrollments", "7a-child-202-student");
    next(&mut place);
    // «lessons» decides about no membership: the chat goes on, and its members follow.
    holds(&place, "subject:7a-algebra", &["111", "200", "201"], &["111"]);
    place.roster["lessons"] = lesson;
    row(&mut place.roster, "classes", "7a-algebra")["metadata"]["subjectChat"] = false.into();
    next(&mut place);
    assert_eq!(place.chat("subject:7a-algebra")["state"], "archived");
    assert_eq!(place.seen("subject:7a-algebra").members, set(&["111", "200", "201"]));
    row(&mut place.roster, "classes", "7a-algebra")["metadata"]["subjectChat"] = true.into();
    add(&mut place.roster, "enrollments", enrolled("7a", "child-202", "student"));
    next(&mut place);
    holds(&place, "subject:7a-algebra", &["111", "200", "201", "202"], &["111"]);
    assert_eq!(place.seen("subject:7a-algebra").link, link, "it is the same chat");
    assert_eq!(place.look().len(), 4);
}

#[test]
fn p16_who_unlinks_is_in_no_chat_and_who_links_again_is_back() {
    let mut place = started();
    publish(&mut place, "published");
    let everywhere = |place: &Place, account: &str| {
        let seen = place.look();
        seen.iter().filter(|(_, c)| c.members.contains(account)).map(|(k, _)| k.clone()).collect()
    };
    let chats: Vec<String> = everywhere(&place, "110");
    assert_eq!(chats, ["class:7a", "parents:7a", "teachers:school"]);
    row(&mut place.roster, "users", "teacher-110")["userIds"] = json!([]);
    next(&mut place);
    assert_eq!(everywhere(&place, "110"), [""; 0]);
    // Another account than before. So many removals in one day would be held in a school so small.
    place.pass(24.hours());
    row(&mut place.roster, "users", "teacher-110")["userIds"] = accounts("119");
    next(&mut place);
    assert_eq!(everywhere(&place, "119"), chats);
    assert_eq!(place.seen("class:7a").admins, set(&["119"]));
    // Changed without a pause: the old one goes, the new one comes.
    row(&mut place.roster, "users", "teacher-110")["userIds"] = accounts("118");
    next(&mut place);
    assert_eq!(everywhere(&place, "119"), [""; 0]);
    assert_eq!(everywhere(&place, "118"), chats);
    assert_eq!(place.seen("class:7a").admins, set(&["118"]));
}

#[test]
fn p16_a_shared_phone_stays_while_one_of_the_two_has_it() {
    let mut place = started();
    row(&mut place.roster, "users", "parent-302")["userIds"] = accounts("301");
    next(&mut place);
    assert_eq!(place.seen("parents:7a").members, set(&["110", "300", "301"]));
    row(&mut place.roster, "users", "parent-301")["userIds"] = json!([]);
    next(&mut place);
    assert_eq!(place.seen("parents:7a").members, set(&["110", "300", "301"]));
    row(&mut place.roster, "users", "parent-302")["userIds"] = json!([]);
    next(&mut place);
    assert_eq!(place.seen("parents:7a").members, set(&["110", "300"]));
}

#[test]
fn x1_a_whole_school_has_its_teachers_class_parents_and_subject_chats() {
    let mut place = partner(serde_json::from_str(include_str!("rosters/small.json")).unwrap());
    assert_eq!(place.sync(), Code::Ok, "{}", place.report);
    place.must_agree("a whole school");
    let kinds: BTreeSet<String> =
        place.look().into_keys().map(|key| key.split_once(':').unwrap().0.to_owned()).collect();
    assert_eq!(kinds, set(&["class", "parents", "subject", "teachers"]));
}

#[test]
fn x2_where_people_can_be_added_the_chats_appear_without_any_act_of_theirs() {
    let place = started();
    let state = place.messenger.look("state");
    for member in
        state["chats"].as_array().unwrap().iter().flat_map(|c| c["members"].as_array().unwrap())
    {
        let how = if member["owner"] == true { "created" } else { "api" };
        assert_eq!(member["joined"], how, "{member}");
    }
}

#[test]
fn x2_where_they_cannot_the_link_invites_and_the_library_keeps_the_door() {
    let mut place = Place::open("paragraf", "standard", tiny(), DAY, json!({}));
    assert_eq!(place.sync(), Code::Ok, "{}", place.report);
    for chat in place.report["chats"].as_array().unwrap() {
        let members = &chat["members"];
        assert_eq!((&members["invited"], &members["joined"]), (&members["linked"], &json!(0)));
        assert!(chat["link"].as_str().unwrap().starts_with("https://"));
        assert!(place.seen(chat["key"].as_str().unwrap()).members.is_empty());
    }
    let link = place.chat("class:7a")["link"].clone();
    for user in [110, 200, 201, 666] {
        place.messenger.does("join", json!({"link": link, "user": user}));
    }
    next_with_a_look(&mut place);
    holds(&place, "class:7a", &["110", "200", "201"], &["110"]);
    let told = json!({"desired": 4, "linked": 4, "invited": 1, "joined": 3, "strangers": 0});
    assert_eq!(place.chat("class:7a")["members"], told);
}
