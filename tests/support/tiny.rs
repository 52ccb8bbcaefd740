//! A school small enough to be read: one class with three children, and everybody around it.

use serde_json::{Value, json};

/// Everybody's VK account is told by the name: the director is 100, the teachers 110 and on, the
/// other staff 120 and on, children 200 and on, guardians 300 and on.
pub(crate) fn tiny() -> Value {
    json!({
        "format": "zvonok.roster/1",
        "orgs": [{"sourcedId": "school", "name": "Школа", "type": "school"}],
        "courses": [{"sourcedId": "algebra", "title": "Алгебра"}],
        "classes": [
            {"sourcedId": "7a", "title": "7А", "classType": "homeroom", "schoolSourcedId": "school",
                "metadata": {"classTeacherSourcedId": "teacher-110"}},
            {"sourcedId": "7a-algebra", "title": "Алгебра 7А", "classType": "scheduled",
                "schoolSourcedId": "school", "courseSourcedId": "algebra",
                "metadata": {"homeroom": "7a", "generalEducation": true, "subjectChat": true}},
        ],
        "users": [
            person("director-100"), person("teacher-110"), person("teacher-111"),
            person("engineer-120"), person("secretary-121"),
            child("child-200", &["parent-300"]), child("child-201", &["parent-301"]),
            child("child-202", &["parent-300"]), person("parent-300"), person("parent-301"),
            child("parent-302", &["child-201"]),
        ],
        "roles": [
            director("director-100"), role("teacher-110", "teacher"), role("teacher-111", "teacher"),
            role("engineer-120", "systemAdministrator"), role("secretary-121", "aide"),
            role("child-200", "student"), role("child-201", "student"),
            role("child-202", "student"), role("parent-300", "parent"),
            role("parent-301", "guardian"), role("parent-302", "relative"),
        ],
        "enrollments": [
            enrolled("7a", "child-200", "student"), enrolled("7a", "child-201", "student"),
            enrolled("7a", "child-202", "student"),
            enrolled("7a-algebra", "teacher-111", "teacher"),
        ],
        "lessons": [{"sourcedId": "lesson", "classSourcedId": "7a-algebra", "date": "2026-09-01",
            "metadata": {"online": true, "state": "draft"}}],
    })
}

/// A person whose account is in the name.
pub(crate) fn person(id: &str) -> Value {
    json!({"sourcedId": id, "userIds": accounts(id.rsplit_once('-').unwrap().1)})
}

/// A person who names others: a child its guardians, or a guardian the children.
pub(crate) fn child(id: &str, agents: &[&str]) -> Value {
    let mut row = person(id);
    row["agentSourcedIds"] = json!(agents);
    row
}

/// The `userIds` of somebody with this account on VK.
pub(crate) fn accounts(vk: &str) -> Value {
    json!([{"type": "max", "identifier": format!("9{vk}")}, {"type": "vk", "identifier": vk}])
}

pub(crate) fn role(who: &str, role: &str) -> Value {
    json!({"sourcedId": format!("role-{who}-{role}"), "userSourcedId": who, "role": role,
        "roleType": "primary", "orgSourcedId": "school"})
}

pub(crate) fn director(who: &str) -> Value {
    let mut row = role(who, "principal");
    row["metadata"] = json!({"positionLevel": "Руководитель 1 уровня"});
    row
}

pub(crate) fn enrolled(class: &str, who: &str, role: &str) -> Value {
    json!({"sourcedId": format!("{class}-{who}-{role}"), "classSourcedId": class,
        "userSourcedId": who, "role": role})
}

/// A row, by its table and id.
pub(crate) fn row<'r>(roster: &'r mut Value, table: &str, id: &str) -> &'r mut Value {
    let rows = roster[table].as_array_mut().unwrap();
    rows.iter_mut().find(|row| row["sourcedId"] == id).unwrap_or_else(|| panic!("no {table} {id}"))
}

/// Adds a row.
pub(crate) fn add(roster: &mut Value, table: &str, row: Value) {
    roster[table].as_array_mut().unwrap().push(row);
}

/// Takes rows out by their ids.
pub(crate) fn drop_row(roster: &mut Value, table: &str, id: &str) {
    row(roster, table, id);
    roster[table].as_array_mut().unwrap().retain(|row| row["sourcedId"] != id);
}
