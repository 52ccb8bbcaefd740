//! Who teaches which class, and who leads the school.

use serde_json::{Value, json};

use super::super::Chance;
use super::Change;
use super::table::{
    appoint, choose, end_enrollments, enrol, holders, homerooms, ids, in_force, row, row_mut, rows,
    rows_mut, text, title, today,
};

const DIRECTOR: &str = "Руководитель 1 уровня";

/// Another teacher takes over a class, in the class card and by enrollment.
pub(crate) fn new_class_teacher(roster: &mut Value, chance: &mut Chance) -> Option<Change> {
    let today = today(roster)?;
    let class = choose(&homerooms(roster), chance)?;
    let before =
        text(&row(roster, "classes", &class)?["metadata"], "classTeacherSourcedId").to_owned();
    let others = holders(roster, "teacher", today);
    let others: Vec<String> = others.into_iter().filter(|who| *who != before).collect();
    let teacher = choose(&others, chance)?;
    end_enrollments(roster, today, |row| {
        row["classSourcedId"] == class.as_str() && row["role"] == "teacher"
    });
    enrol(roster, &class, &teacher, "teacher")?["primary"] = true.into();
    row_mut(roster, "classes", &class)?["metadata"]["classTeacherSourcedId"] = json!(teacher);
    let title = title(roster, &class);
    Some(Change::new(
        format!("Классный руководитель {title} теперь {teacher}, прежде — {before}."),
        format!("{title} has a new class teacher, {teacher} instead of {before}."),
        &[&class, &teacher, &before],
    ))
}

/// The director's position ends, and a deputy's or a teacher's begins.
pub(crate) fn new_director(roster: &mut Value, chance: &mut Chance) -> Option<Change> {
    let today = today(roster)?;
    let leads = |row: &Value| row["metadata"]["positionLevel"] == DIRECTOR && in_force(row, today);
    let position = rows(roster, "roles").iter().find(|row| leads(row))?;
    let before = text(position, "userSourcedId").to_owned();
    let mut candidates = holders(roster, "siteAdministrator", today);
    if candidates.is_empty() {
        candidates = holders(roster, "teacher", today);
    }
    candidates.retain(|who| *who != before);
    let after = choose(&candidates, chance)?;
    for row in rows_mut(roster, "roles").iter_mut().filter(|row| leads(row)) {
        row["endDate"] = today.to_string().into();
    }
    appoint(roster, &after, "principal")?;
    rows_mut(roster, "roles").last_mut()?["metadata"] =
        json!({"positionLevel": DIRECTOR, "title": "Директор"});
    Some(Change::new(
        format!("Директор теперь {after}, полномочия {before} закончились."),
        format!("{after} is the director now, the term of {before} has ended."),
        &[&after, &before],
    ))
}

/// A teacher begins to stand in for the director.
pub(crate) fn acting_head_on(roster: &mut Value, chance: &mut Chance) -> Option<Change> {
    let mut candidates = holders(roster, "teacher", today(roster)?);
    candidates.retain(|who| row(roster, "users", who).is_some_and(|user| !acting(user)));
    let who = choose(&candidates, chance)?;
    row_mut(roster, "users", &who)?["metadata"]["actingHead"] = true.into();
    Some(Change::new(
        format!("{who} теперь исполняет обязанности руководителя."),
        format!("{who} is acting head now."),
        &[&who],
    ))
}

/// Somebody no longer stands in for the director.
pub(crate) fn acting_head_off(roster: &mut Value, chance: &mut Chance) -> Option<Change> {
    let who = choose(&ids(roster, "users", acting), chance)?;
    row_mut(roster, "users", &who)?["metadata"]["actingHead"] = false.into();
    Some(Change::new(
        format!("{who} больше не исполняет обязанности руководителя."),
        format!("{who} is no longer acting head."),
        &[&who],
    ))
}

fn acting(user: &Value) -> bool {
    user["metadata"]["actingHead"] == true
}
