//! What may be different from one export to the next, by chance: any row, any field that the rules
//! read. Only references to rows that are not there are left out, which other tests try.

use jiff::ToSpan;
use jiff::civil::Date;
use rand::RngExt;
use rand::seq::{IndexedRandom, SliceRandom};
use serde_json::{Value, json};

use crate::school::{Chance, changes};

const ROLES: [&str; 9] = [
    "teacher",
    "teacher",
    "student",
    "parent",
    "guardian",
    "relative",
    "principal",
    "siteAdministrator",
    "aide",
];
const ACCESS: [&str; 4] =
    ["Администратор", "Руководитель", "Преподаватель-предметник", "Администратор ПОО"];

type Mutation = fn(&mut Value, &mut Chance);

const MUTATIONS: [Mutation; 24] = [
    dates,
    dates,
    status,
    status,
    disable,
    role,
    held_elsewhere,
    no_rows,
    position,
    acting,
    access,
    emergency,
    links,
    links,
    accounts,
    accounts,
    enrollment,
    enrollment,
    class_card,
    curators,
    mode,
    lesson,
    journal_students,
    order,
];

/// Changes something, perhaps to what it was.
pub(crate) fn mutate(roster: &mut Value, chance: &mut Chance) {
    match chance.random_range(0..4) {
        0 => life(roster, chance),
        _ => MUTATIONS.choose(chance).expect("there are some")(roster, chance),
    }
}

/// One of the school's own changes, but no faulty export.
fn life(roster: &mut Value, chance: &mut Chance) {
    let usual = |named: &&changes::Named| {
        !named.name.ends_with("-export") && named.name != "next-school-year"
    };
    let all: Vec<&changes::Named> = changes::ALL.iter().filter(usual).collect();
    (all.choose(chance).expect("there are some").apply)(roster, chance);
}

fn dates(roster: &mut Value, chance: &mut Chance) {
    let today: Date = roster["generated"]["today"].as_str().unwrap().parse().unwrap();
    let table = ["roles", "enrollments"].choose(chance).unwrap();
    let begins = today.saturating_add([-30, -1, 0, 1].choose(chance).unwrap().days());
    let ends = begins.saturating_add([1, 2, 29, 30, 31].choose(chance).unwrap().days());
    let (with_begin, with_end) = (chance.random_bool(0.6), chance.random_bool(0.6));
    let Some(row) = any(roster, table, chance) else { return };
    set(row, "beginDate", with_begin.then(|| begins.to_string().into()));
    set(row, "endDate", with_end.then(|| ends.to_string().into()));
}

fn status(roster: &mut Value, chance: &mut Chance) {
    let table =
        ["users", "roles", "enrollments", "lessons", "classes", "courses"].choose(chance).unwrap();
    let status = ["active", "", "tobedeleted"].choose(chance).unwrap();
    let Some(row) = any(roster, table, chance) else { return };
    set(row, "status", Some((*status).into()));
}

fn disable(roster: &mut Value, chance: &mut Chance) {
    let enabled = chance.random_bool(0.5);
    set(any(roster, "users", chance).unwrap(), "enabledUser", Some(enabled.into()));
}

fn role(roster: &mut Value, chance: &mut Chance) {
    let role = *ROLES.choose(chance).unwrap();
    let user = id_of(any(roster, "users", chance).unwrap());
    if chance.random_bool(0.5) {
        set(any(roster, "roles", chance).unwrap(), "role", Some(role.into()));
        return;
    }
    let id = fresh(roster, "roles", chance);
    push(
        roster,
        "roles",
        json!({"sourcedId": id, "userSourcedId": user, "role": role,
        "roleType": "secondary", "orgSourcedId": "school-1"}),
    );
}

/// A role at an organisation that is no school counts for nothing in the school's own chats.
fn held_elsewhere(roster: &mut Value, chance: &mut Chance) {
    if !list(roster, "orgs").iter().any(|org| org["sourcedId"] == "district-1") {
        push(
            roster,
            "orgs",
            json!({"sourcedId": "district-1", "name": "Отдел образования",
            "type": "district"}),
        );
    }
    let org = *["district-1", "district-1", "school-1"].choose(chance).unwrap();
    set(any(roster, "roles", chance).unwrap(), "orgSourcedId", Some(org.into()));
}

/// Somebody loses every row of `roles` and has perhaps OneRoster 1.1's `users.role` instead.
fn no_rows(roster: &mut Value, chance: &mut Chance) {
    let role = ROLES.choose(chance).filter(|_| chance.random_bool(0.8));
    let user = any(roster, "users", chance).unwrap();
    set(user, "role", role.map(|role| (*role).into()));
    let user = id_of(user);
    if chance.random_bool(0.8) {
        list_mut(roster, "roles").retain(|row| row["userSourcedId"] != user.as_str());
    }
}

fn position(roster: &mut Value, chance: &mut Chance) {
    let level = ["Руководитель 1 уровня", "Руководитель 2 уровня"].choose(chance);
    let level = level.filter(|_| chance.random_bool(0.6)).map(|level| json!(level));
    meta(any(roster, "roles", chance).unwrap(), "positionLevel", level);
}

fn acting(roster: &mut Value, chance: &mut Chance) {
    let acting = flag(chance);
    meta(any(roster, "users", chance).unwrap(), "actingHead", acting);
}

fn access(roster: &mut Value, chance: &mut Chance) {
    let roles: Vec<&str> = ACCESS.iter().filter(|_| chance.random_bool(0.3)).copied().collect();
    meta(any(roster, "users", chance).unwrap(), "accessRoles", Some(json!(roles)));
}

fn emergency(roster: &mut Value, chance: &mut Chance) {
    let emergency = flag(chance);
    meta(any(roster, "users", chance).unwrap(), "emergencyContact", emergency);
}

/// A link from either side; who is linked to whom is chance, not sense.
fn links(roster: &mut Value, chance: &mut Chance) {
    let other = id_of(any(roster, "users", chance).unwrap());
    let (add, front) = (chance.random_bool(0.7), chance.random_bool(0.3));
    let user = any(roster, "users", chance).unwrap();
    let mut agents = user["agentSourcedIds"].as_array().cloned().unwrap_or_default();
    match (add, front) {
        (true, true) => agents.insert(0, other.into()),
        (true, false) => agents.push(other.into()),
        (false, _) => drop(agents.pop()),
    }
    set(user, "agentSourcedIds", Some(agents.into()));
}

/// A phone that two share, a second account, none, a new one.
fn accounts(roster: &mut Value, chance: &mut Chance) {
    let others = any(roster, "users", chance).unwrap()["userIds"].clone();
    let new = json!({"type": "vk", "identifier": chance.random_range(1_000_000..90_000_000u32)
        .to_string()});
    let turn = chance.random_range(0..5);
    let user = any(roster, "users", chance).unwrap();
    let mut own = user["userIds"].as_array().cloned().unwrap_or_default();
    match turn {
        0 => own.clear(),
        1 => own.push(new),
        2 => own.insert(0, new),
        3 => own.reverse(),
        _ => own = others.as_array().cloned().unwrap_or_default(),
    }
    set(user, "userIds", Some(own.into()));
}

fn enrollment(roster: &mut Value, chance: &mut Chance) {
    let class = id_of(any(roster, "classes", chance).unwrap());
    let user = id_of(any(roster, "users", chance).unwrap());
    let role = *["student", "student", "teacher", "aide"].choose(chance).unwrap();
    let primary = chance.random_bool(0.5);
    match chance.random_range(0..5) {
        0 => set(any(roster, "enrollments", chance).unwrap(), "primary", Some(primary.into())),
        1 => set(any(roster, "enrollments", chance).unwrap(), "classSourcedId", Some(class.into())),
        2 => set(any(roster, "enrollments", chance).unwrap(), "role", Some(role.into())),
        3 => remove(roster, "enrollments", chance),
        _ => {
            let id = fresh(roster, "enrollments", chance);
            push(
                roster,
                "enrollments",
                json!({"sourcedId": id, "classSourcedId": class,
                "userSourcedId": user, "role": role, "primary": primary}),
            );
        }
    }
}

fn class_card(roster: &mut Value, chance: &mut Chance) {
    let user = id_of(any(roster, "users", chance).unwrap());
    let home = id_of(any_class(roster, "homeroom", chance));
    let some = chance.random_bool(0.8);
    match chance.random_range(0..4) {
        0 | 1 => meta(
            any_class(roster, "homeroom", chance),
            "classTeacherSourcedId",
            some.then(|| user.into()),
        ),
        2 => meta(any_class(roster, "scheduled", chance), "homeroom", some.then(|| home.into())),
        _ => {
            let journal = any_class(roster, "scheduled", chance);
            set(journal, "courseSourcedId", None);
            set(journal, "subjects", some.then(|| json!(["Лепка", "Резьба"])));
        }
    }
}

/// The teachers of a class are its curators, all of them or none.
fn curators(roster: &mut Value, chance: &mut Chance) {
    let class = id_of(any_class(roster, "homeroom", chance));
    let primary = chance.random_bool(0.5);
    let of = |row: &Value| row["classSourcedId"] == class.as_str() && row["role"] == "teacher";
    for row in list_mut(roster, "enrollments").iter_mut().filter(|row| of(row)) {
        set(row, "primary", Some(primary.into()));
    }
}

fn mode(roster: &mut Value, chance: &mut Chance) {
    let word = *["subjectChat", "generalEducation"].choose(chance).unwrap();
    let on = flag(chance);
    meta(any_class(roster, "scheduled", chance), word, on);
}

fn lesson(roster: &mut Value, chance: &mut Chance) {
    let state = *["draft", "published", "conducted"].choose(chance).unwrap();
    let online = flag(chance);
    if chance.random_bool(0.2) {
        remove(roster, "lessons", chance);
    }
    let Some(lesson) = any(roster, "lessons", chance) else { return };
    meta(lesson, "state", Some(state.into()));
    meta(lesson, "online", online);
}

/// A journal has no student rows at all, or only rows that are over.
fn journal_students(roster: &mut Value, chance: &mut Chance) {
    let journal = id_of(any_class(roster, "scheduled", chance));
    let of = |row: &Value| row["classSourcedId"] == journal.as_str() && row["role"] == "student";
    if chance.random_bool(0.5) {
        list_mut(roster, "enrollments").retain(|row| !of(row));
        return;
    }
    for row in list_mut(roster, "enrollments").iter_mut().filter(|row| of(row)) {
        set(row, "status", Some("tobedeleted".into()));
    }
}

fn order(roster: &mut Value, chance: &mut Chance) {
    let table = ["users", "roles", "enrollments", "classes"].choose(chance).unwrap();
    list_mut(roster, table).shuffle(chance);
}

// Rows.

fn list<'r>(roster: &'r Value, table: &str) -> &'r Vec<Value> {
    roster[table].as_array().expect("a table")
}

fn list_mut<'r>(roster: &'r mut Value, table: &str) -> &'r mut Vec<Value> {
    roster[table].as_array_mut().expect("a table")
}

fn any<'r>(roster: &'r mut Value, table: &str, chance: &mut Chance) -> Option<&'r mut Value> {
    let rows = list_mut(roster, table);
    let at = chance.random_range(0..rows.len().max(1));
    rows.get_mut(at)
}

fn any_class<'r>(roster: &'r mut Value, class_type: &str, chance: &mut Chance) -> &'r mut Value {
    let rows = list_mut(roster, "classes").iter_mut();
    let mut of: Vec<&mut Value> = rows.filter(|row| row["classType"] == class_type).collect();
    let at = chance.random_range(0..of.len());
    of.swap_remove(at)
}

fn id_of(row: &Value) -> String {
    row["sourcedId"].as_str().expect("an id").to_owned()
}

fn fresh(roster: &Value, table: &str, chance: &mut Chance) -> String {
    format!("{table}-{}-{}", list(roster, table).len(), chance.random_range(0..u64::MAX))
}

fn push(roster: &mut Value, table: &str, row: Value) {
    list_mut(roster, table).push(row);
}

fn remove(roster: &mut Value, table: &str, chance: &mut Chance) {
    let rows = list_mut(roster, table);
    if rows.len() > 1 {
        rows.swap_remove(chance.random_range(0..rows.len()));
    }
}

fn flag(chance: &mut Chance) -> Option<Value> {
    [Some(json!(true)), Some(json!(true)), Some(json!(false)), None].choose(chance).unwrap().clone()
}

fn set(row: &mut Value, column: &str, value: Option<Value>) {
    let row = row.as_object_mut().expect("a row");
    match value {
        Some(value) => drop(row.insert(column.to_owned(), value)),
        None => drop(row.shift_remove(column)),
    }
}

fn meta(row: &mut Value, key: &str, value: Option<Value>) {
    if !row["metadata"].is_object() {
        row["metadata"] = json!({});
    }
    set(&mut row["metadata"], key, value);
}
