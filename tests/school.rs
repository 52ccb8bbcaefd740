//! The made-up school: the committed rosters are what the generator makes, and what it makes has
//! every case that other tests count on.

#![cfg(feature = "cli")]

#[allow(dead_code, unused_imports, reason = "the binary uses what this test does not")]
#[path = "../src/bin/zvonok/school/mod.rs"]
mod school;

use std::collections::{BTreeMap, BTreeSet};

use rand::SeedableRng;
use school::{Chance, Size, changes, generate, to_text};
use serde_json::Value;

const SMALL: &str = include_str!("rosters/small.json");
const FULL: &str = include_str!("rosters/full.json");
const TODAY: &str = "2026-09-01";

fn committed() -> [Value; 2] {
    [SMALL, FULL].map(|text| serde_json::from_str(text).unwrap())
}

fn again(roster: &Value) -> Value {
    let made = &roster["generated"];
    let students = made["students"].as_u64().unwrap() as usize;
    let today = made["today"].as_str().unwrap().parse().unwrap();
    generate(made["seed"].as_u64().unwrap(), Size { students }, today)
}

fn rows<'a>(roster: &'a Value, table: &str) -> &'a Vec<Value> {
    roster[table].as_array().unwrap()
}

fn text<'a>(row: &'a Value, column: &str) -> &'a str {
    row[column].as_str().unwrap_or_default()
}

fn texts(value: &Value) -> impl Iterator<Item = &str> {
    value.as_array().into_iter().flatten().filter_map(Value::as_str)
}

fn row<'a>(roster: &'a Value, table: &str, id: &str) -> &'a Value {
    rows(roster, table).iter().find(|row| row["sourcedId"] == id).unwrap()
}

fn count(roster: &Value, table: &str, pass: impl Fn(&Value) -> bool) -> usize {
    rows(roster, table).iter().filter(|row| pass(row)).count()
}

fn ids<'a>(roster: &'a Value, table: &str) -> BTreeSet<&'a str> {
    rows(roster, table).iter().map(|row| text(row, "sourcedId")).collect()
}

/// In force today by status and dates.
fn in_force(row: &Value, today: &str) -> bool {
    let ends = text(row, "endDate");
    row["status"] == "active"
        && text(row, "beginDate") <= today
        && (ends.is_empty() || today < ends)
}

fn students_of<'a>(roster: &'a Value, class: &str, today: &str) -> BTreeSet<&'a str> {
    let there = rows(roster, "enrollments").iter().filter(|row| {
        row["classSourcedId"] == class && row["role"] == "student" && in_force(row, today)
    });
    there.map(|row| text(row, "userSourcedId")).collect()
}

/// Students with their guardians, from whichever side the link is named.
fn guardians(roster: &Value) -> BTreeMap<&str, BTreeSet<&str>> {
    let mut found: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    let students: BTreeSet<&str> = rows(roster, "roles")
        .iter()
        .filter(|row| row["role"] == "student")
        .map(|row| text(row, "userSourcedId"))
        .collect();
    for user in rows(roster, "users") {
        let id = text(user, "sourcedId");
        for agent in texts(&user["agentSourcedIds"]) {
            let (student, guardian) = if students.contains(id) { (id, agent) } else { (agent, id) };
            found.entry(student).or_default().insert(guardian);
        }
    }
    found
}

/// Every reference that names nobody, as `table: id`.
fn dangling(roster: &Value) -> Vec<String> {
    let tables = ["orgs", "academicSessions", "courses", "classes", "users"];
    let known: BTreeMap<&str, BTreeSet<&str>> =
        tables.iter().map(|table| (*table, ids(roster, table))).collect();
    let references = [
        ("classes", "courseSourcedId", "courses"),
        ("classes", "schoolSourcedId", "orgs"),
        ("users", "primaryOrgSourcedId", "orgs"),
        ("roles", "userSourcedId", "users"),
        ("roles", "orgSourcedId", "orgs"),
        ("enrollments", "userSourcedId", "users"),
        ("enrollments", "classSourcedId", "classes"),
        ("lessons", "classSourcedId", "classes"),
    ];
    let mut missing = Vec::new();
    let mut look = |from: &str, row: &Value, to: &str, id: &str| {
        if !id.is_empty() && !known[to].contains(id) {
            missing.push(format!("{from}.{}: {id}", text(row, "sourcedId")));
        }
    };
    for (from, column, to) in references {
        rows(roster, from).iter().for_each(|row| look(from, row, to, text(row, column)));
    }
    for class in rows(roster, "classes") {
        look("classes", class, "classes", text(&class["metadata"], "homeroom"));
        look("classes", class, "users", text(&class["metadata"], "classTeacherSourcedId"));
        texts(&class["termSourcedIds"])
            .for_each(|id| look("classes", class, "academicSessions", id));
    }
    for user in rows(roster, "users") {
        texts(&user["agentSourcedIds"]).for_each(|id| look("users", user, "users", id));
    }
    for row in rows(roster, "timetables") {
        texts(&row["classSourcedIds"]).for_each(|id| look("timetables", row, "classes", id));
    }
    missing
}

fn duplicates(roster: &Value) -> Vec<String> {
    let tables = roster.as_object().unwrap().iter().filter(|(_, table)| table.is_array());
    let twice =
        tables.filter(|(table, rows)| ids(roster, table).len() != rows.as_array().unwrap().len());
    twice.map(|(table, _)| table.clone()).collect()
}

fn accounts(user: &Value) -> impl Iterator<Item = (&str, &str)> {
    let accounts = user["userIds"].as_array().into_iter().flatten();
    accounts.map(|account| (text(account, "type"), text(account, "identifier")))
}

#[test]
fn committed_rosters_are_what_the_generator_makes() {
    for (name, text) in [("small", SMALL), ("full", FULL)] {
        let roster: Value = serde_json::from_str(text).unwrap();
        let made = &roster["generated"];
        assert!(
            to_text(&again(&roster)) == text.replace("\r\n", "\n"),
            "tests/rosters/{name}.json differs; write it again with `zvonok school --seed {} \
             --students {} --today {} --output tests/rosters/{name}.json`",
            made["seed"],
            made["students"],
            made["today"],
        );
        assert_eq!(made["today"], TODAY);
    }
}

#[test]
fn the_command_writes_the_roster_and_tells_its_changes() {
    let run = |arguments: &[&str]| {
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_zvonok"));
        command.args(["school", "--seed", "7", "--students", "45", "--today", TODAY]);
        command.args(arguments).output().unwrap()
    };
    let plain = run(&[]);
    assert!(plain.status.success() && plain.stderr.is_empty());
    assert!(plain.stdout == SMALL.replace("\r\n", "\n").as_bytes());
    let changed = run(&["--changes", "next-day", "enrol-student"]);
    let told = String::from_utf8(changed.stderr).unwrap();
    assert!(told.lines().count() == 2 && told.contains("2026-09-02"), "{told}");
    let roster: Value = serde_json::from_slice(&changed.stdout).unwrap();
    assert_eq!(count(&roster, "roles", |row| row["role"] == "student"), 46);
    assert_eq!(run(&["--changes", "no-such-change"]).status.code(), Some(64));
}

#[test]
fn another_seed_is_another_school() {
    let size = Size { students: 45 };
    let today = TODAY.parse().unwrap();
    assert_ne!(generate(1, size, today)["users"], generate(2, size, today)["users"]);
}

#[test]
fn ids_are_unique_and_references_resolve_for_every_size_and_season() {
    for students in [20, 45, 100, 101, 260, 320, 700] {
        for today in ["2026-09-01", "2027-01-31", "2028-02-29", "2026-06-30"] {
            let roster = generate(students as u64, Size { students }, today.parse().unwrap());
            let case = format!("{students} students on {today}");
            assert_eq!(duplicates(&roster), [""; 0], "{case}");
            assert_eq!(dangling(&roster), [""; 0], "{case}");
            let made = count(&roster, "roles", |row| row["role"] == "student");
            assert_eq!(made, students, "{case}");
        }
    }
}

#[test]
fn the_largest_school_has_letters_enough() {
    let roster = generate(1, Size { students: 4000 }, TODAY.parse().unwrap());
    assert_eq!(duplicates(&roster), [""; 0]);
    let titles: BTreeSet<&str> =
        rows(&roster, "classes").iter().map(|row| text(row, "title")).collect();
    assert!(titles.contains("1А") && titles.contains("11А"));
}

#[test]
fn sizes_are_those_that_other_tests_count_on() {
    let sizes = committed().map(|roster| {
        let staff = [
            "principal",
            "siteAdministrator",
            "systemAdministrator",
            "teacher",
            "aide",
            "counselor",
        ];
        let staff: BTreeSet<&str> = rows(&roster, "roles")
            .iter()
            .filter(|row| staff.contains(&text(row, "role")))
            .map(|row| text(row, "userSourcedId"))
            .collect();
        let chatting = |row: &Value| row["metadata"]["subjectChat"] == true;
        [
            count(&roster, "roles", |row| row["role"] == "student"),
            count(&roster, "classes", |row| row["classType"] == "homeroom"),
            staff.len(),
            count(&roster, "classes", |row| row["classType"] == "scheduled"),
            count(&roster, "classes", chatting),
        ]
    });
    let [[students, homerooms, staff, journals, chatting], full] = sizes;
    assert_eq!([students, homerooms, staff, journals, chatting], [45, 2, 12, 4, 2]);
    assert_eq!(full[..2], [1500, 56]);
    assert!((100..=120).contains(&full[2]), "{} of the staff", full[2]);
    assert!((700..=1000).contains(&full[3]), "{} journals", full[3]);
    assert!((30..=100).contains(&full[4]), "{} journals with a chat", full[4]);
}

#[test]
fn most_people_have_accounts_and_some_share_one() {
    for roster in committed() {
        let users = rows(&roster, "users");
        let linked = count(&roster, "users", |user| accounts(user).next().is_some());
        let share = linked * 100 / users.len();
        assert!((80..=90).contains(&share), "{share} % have an account");
        let all: Vec<_> = users.iter().flat_map(accounts).collect();
        let large = |id: &str| id.parse::<u64>().unwrap() > 200_000_000_000;
        assert!(all.iter().any(|(kind, id)| *kind == "vk" && large(id)));
        let different: BTreeSet<_> = all.iter().collect();
        assert!(different.len() < all.len(), "nobody shares an account");
        let vk = |user: &Value| accounts(user).filter(|account| account.0 == "vk").count();
        assert_eq!(count(&roster, "users", |user| vk(user) == 2), 2);
    }
}

#[test]
fn every_rare_case_is_in_both_schools() {
    for roster in committed() {
        let families = guardians(&roster);
        let most = families.values().filter(|of| of.len() == 8).count();
        assert_eq!(most, 1, "students with eight guardians");
        let mut children: BTreeMap<&str, usize> = BTreeMap::new();
        families.values().flatten().for_each(|who| *children.entry(who).or_default() += 1);
        assert!(children.values().any(|number| *number > 1), "no siblings");
        let teaching_parent = |row: &Value| {
            row["role"] == "teacher" && children.contains_key(text(row, "userSourcedId"))
        };
        assert!(count(&roster, "roles", teaching_parent) > 0, "no teacher has a child here");
        assert!(count(&roster, "users", |user| user["enabledUser"] == false) > 0);
        assert!(count(&roster, "users", |user| user["status"] == "tobedeleted") > 0);
        assert!(count(&roster, "users", |user| user["metadata"]["emergencyContact"] == true) > 0);
        assert!(count(&roster, "users", |user| user["role"] == "parent") > 0, "no users.role");
        assert_eq!(count(&roster, "users", |user| user["metadata"]["actingHead"] == true), 1);
        assert!(count(&roster, "users", |user| user["phone"].is_string()) > 0);
        assert!(count(&roster, "enrollments", |row| row["status"] == "tobedeleted") > 0);
        assert!(count(&roster, "enrollments", |row| !text(row, "endDate").is_empty()) > 0);
        assert!(count(&roster, "enrollments", |row| text(row, "beginDate") > TODAY) > 0);
        let newcomer = |row: &Value| row["role"] == "teacher" && text(row, "beginDate") > TODAY;
        assert_eq!(count(&roster, "roles", newcomer), 1);
    }
}

#[test]
fn links_are_named_by_students_by_guardians_and_by_both() {
    for roster in committed() {
        let names = |who: &str, whom: &str| {
            texts(&row(&roster, "users", who)["agentSourcedIds"]).any(|agent| agent == whom)
        };
        let families = guardians(&roster);
        let links =
            families.iter().flat_map(|(student, of)| of.iter().map(move |who| (student, who)));
        let sides: BTreeSet<(bool, bool)> = links
            .take(200)
            .map(|(student, who)| (names(student, who), names(who, student)))
            .collect();
        assert_eq!(sides, [(true, false), (false, true), (true, true)].into());
    }
}

#[test]
fn one_director_is_in_force_and_one_is_not() {
    for roster in committed() {
        assert_eq!(directors(&roster, TODAY).len(), 1);
        let principals = count(&roster, "roles", |row| row["role"] == "principal");
        assert_eq!(principals, 2);
    }
}

fn directors<'a>(roster: &'a Value, today: &str) -> Vec<&'a str> {
    let first = "Руководитель 1 уровня";
    let leads = |row: &&Value| row["metadata"]["positionLevel"] == first && in_force(row, today);
    rows(roster, "roles").iter().filter(leads).map(|row| text(row, "userSourcedId")).collect()
}

#[test]
fn names_agree_in_gender() {
    for roster in committed() {
        for user in rows(&roster, "users") {
            let (family, middle) = (text(user, "familyName"), text(user, "middleName"));
            let wrong: &[&str] = match middle.ends_with("на") {
                true => &["ов", "ев", "ёв", "ин", "ий"],
                false => &["ова", "ева", "ёва", "ина", "ая"],
            };
            assert!(wrong.iter().all(|end| !family.ends_with(end)), "{family} {middle}");
        }
    }
}

#[test]
fn half_of_the_subject_chats_wait_for_their_first_lesson() {
    for roster in committed() {
        let online =
            |row: &&Value| row["metadata"]["online"] == true && row["metadata"]["state"] != "draft";
        let all: BTreeSet<&str> =
            rows(&roster, "lessons").iter().map(|row| text(row, "classSourcedId")).collect();
        let begun: BTreeSet<&str> = rows(&roster, "lessons")
            .iter()
            .filter(online)
            .map(|row| text(row, "classSourcedId"))
            .collect();
        assert_eq!(begun.len(), all.len().div_ceil(2));
        assert!(!begun.is_empty());
    }
}

#[test]
fn lessons_before_today_are_conducted() {
    let roster = generate(5, Size { students: 45 }, "2026-10-14".parse().unwrap());
    let past = |row: &Value| text(row, "date") < "2026-10-14";
    let conducted = |row: &Value| row["metadata"]["state"] == "conducted";
    assert!(count(&roster, "lessons", conducted) > 0);
    assert_eq!(count(&roster, "lessons", |row| conducted(row) && !past(row)), 0);
}

fn chance(seed: u64) -> Chance {
    Chance::seed_from_u64(seed)
}

fn changed(roster: &Value, name: &str) -> (Value, changes::Change) {
    let mut after = roster.clone();
    let change = changes::apply(name, &mut after, &mut chance(3)).unwrap();
    (after, change)
}

#[test]
fn every_change_changes_something_names_what_and_can_be_repeated() {
    for roster in committed() {
        for named in &changes::ALL {
            let (after, change) = changed(&roster, named.name);
            assert_ne!(after, roster, "{}", named.name);
            if roster["generated"]["students"] == 45 {
                assert_eq!(changed(&roster, named.name), (after.clone(), change.clone()));
            }
            assert_eq!(duplicates(&after), [""; 0], "{}", named.name);
            if named.name != "broken-export" {
                assert_eq!(dangling(&after), [""; 0], "{}", named.name);
            }
            let known: BTreeSet<&str> = ["users", "classes", "lessons"]
                .iter()
                .flat_map(|table| ids(&after, table))
                .collect();
            assert!(change.ids.iter().all(|id| known.contains(id.as_str())), "{change:?}");
            assert!(change.ru != change.en && !change.ru.is_empty(), "{change:?}");
        }
    }
}

#[test]
fn a_school_lives_through_years_of_changes() {
    let [mut roster, _] = committed();
    let chance = &mut chance(11);
    for turn in 0..6 {
        for named in changes::ALL.iter().filter(|named| !named.name.ends_with("-export")) {
            changes::apply(named.name, &mut roster, chance);
            assert_eq!(duplicates(&roster), [""; 0], "{} in turn {turn}", named.name);
            assert_eq!(dangling(&roster), [""; 0], "{} in turn {turn}", named.name);
        }
    }
    assert_eq!(roster["generated"]["today"], "2032-09-02");
}

#[test]
fn a_departed_student_is_in_no_class_and_a_moved_one_in_the_other() {
    let [roster, _] = committed();
    let (after, change) = changed(&roster, "depart-student");
    let student = change.ids[0].as_str();
    assert!(students_of(&roster, &change.ids[1], TODAY).contains(student));
    let enrolled = |row: &Value| row["userSourcedId"] == student && in_force(row, TODAY);
    assert_eq!(count(&after, "enrollments", enrolled), 0);

    let (after, change) = changed(&roster, "move-student");
    let [student, from, to] = [0, 1, 2].map(|at| change.ids[at].as_str());
    assert!(students_of(&roster, from, TODAY).contains(student));
    assert!(!students_of(&after, from, TODAY).contains(student));
    assert!(students_of(&after, to, TODAY).contains(student));
}

#[test]
fn a_new_student_has_a_guardian_and_a_sibling_has_the_same_ones() {
    let [roster, _] = committed();
    let (after, change) = changed(&roster, "enrol-student");
    let [student, parent, class] = [0, 1, 2].map(|at| change.ids[at].as_str());
    assert!(students_of(&after, class, TODAY).contains(student));
    assert_eq!(guardians(&after)[student], [parent].into());

    let (after, change) = changed(&roster, "add-sibling");
    let [sibling, child, class] = [0, 1, 2].map(|at| change.ids[at].as_str());
    assert!(students_of(&after, class, TODAY).contains(sibling));
    assert_eq!(guardians(&after)[sibling], guardians(&after)[child]);
}

#[test]
fn a_parent_links_and_unlinks_accounts() {
    let [roster, _] = committed();
    for (name, accounts_after) in [("link-parent", 2), ("unlink-parent", 0)] {
        let (after, change) = changed(&roster, name);
        let number = |roster| accounts(row(roster, "users", &change.ids[0])).count();
        assert_eq!(number(&after), accounts_after);
        assert_eq!(number(&roster) == 0, name == "link-parent");
    }
}

#[test]
fn leaders_and_class_teachers_change() {
    let [roster, _] = committed();
    let (after, change) = changed(&roster, "new-director");
    assert_eq!(directors(&roster, TODAY), [change.ids[1].as_str()]);
    assert_eq!(directors(&after, TODAY), [change.ids[0].as_str()]);

    let (after, change) = changed(&roster, "new-class-teacher");
    let class = row(&after, "classes", &change.ids[0]);
    assert_eq!(class["metadata"]["classTeacherSourcedId"], change.ids[1].as_str());
    let curates = |row: &Value| {
        row["classSourcedId"] == change.ids[0].as_str()
            && row["primary"] == true
            && in_force(row, TODAY)
    };
    assert_eq!(count(&after, "enrollments", curates), 1);

    let acting =
        |roster: &Value| count(roster, "users", |user| user["metadata"]["actingHead"] == true);
    assert_eq!(acting(&changed(&roster, "acting-head-on").0), 2);
    assert_eq!(acting(&changed(&roster, "acting-head-off").0), 0);
}

#[test]
fn faulty_exports_lose_what_they_say() {
    let [roster, _] = committed();
    assert!(rows(&changed(&roster, "empty-export").0, "enrollments").is_empty());
    let broken = changed(&roster, "broken-export").0;
    assert_eq!(rows(&broken, "users").len(), rows(&roster, "users").len() / 2);
    assert!(!dangling(&broken).is_empty());
}

#[test]
fn classes_go_up_in_the_next_school_year() {
    let [roster, _] = committed();
    let (after, _) = changed(&roster, "next-school-year");
    let [goes_up, leaves] = ["class-6a", "class-11a"].map(|id| row(&after, "classes", id));
    assert_eq!((text(goes_up, "title"), text(goes_up, "status")), ("7А", "active"));
    assert_eq!((text(leaves, "title"), text(leaves, "status")), ("11А", "tobedeleted"));
    let next = "2027-09-01";
    assert!(
        students_of(&after, "class-6a", next).is_superset(&students_of(&roster, "class-6a", TODAY))
    );
    assert_eq!(students_of(&after, "class-11a", next).len(), 0);
    assert_eq!(students_of(&after, "class-1a-y2027", next).len(), 25);
    let (old, new) = ("j-6a-english-1", "j-6a-english-1-y2027");
    assert_eq!(row(&after, "classes", new)["title"], "Английский язык 7А, подгруппа 1");
    assert_eq!(row(&after, "classes", old)["status"], "tobedeleted");
    assert!(students_of(&after, new, next).is_superset(&students_of(&roster, old, TODAY)));
}

#[test]
fn renaming_dissolving_and_publishing_touch_the_class_they_name() {
    let [roster, _] = committed();
    let (after, change) = changed(&roster, "rename-class");
    let [before, now] = [&roster, &after].map(|roster| row(roster, "classes", &change.ids[0]));
    assert_ne!(before["title"], now["title"]);

    let (after, change) = changed(&roster, "dissolve-class");
    assert_eq!(row(&after, "classes", &change.ids[0])["status"], "tobedeleted");

    let (after, change) = changed(&roster, "subject-chat-on");
    assert_eq!(row(&after, "classes", &change.ids[0])["metadata"]["subjectChat"], true);

    let (after, change) = changed(&roster, "publish-lesson");
    let lesson = row(&after, "lessons", &change.ids[1]);
    assert_eq!(lesson["metadata"]["state"], "published");
    assert_eq!(row(&roster, "lessons", &change.ids[1])["metadata"]["state"], "draft");
}
