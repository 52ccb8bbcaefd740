//! Students and parents come, move, link accounts and go.

use std::collections::{BTreeMap, BTreeSet};

use rand::seq::IndexedRandom;
use serde_json::{Value, json};

use super::super::Chance;
use super::super::names::{self, Gender, Name};
use super::Change;
use super::table::{
    accounts, active, admit, choose, end_enrollments, enrol, holders, homerooms, ids, row, row_mut,
    rows, seats, text, title, today,
};

/// A student comes to a class, with a mother whom the student's row names.
pub(crate) fn enrol_student(roster: &mut Value, chance: &mut Chance) -> Option<Change> {
    let class = choose(&homerooms(roster), chance)?;
    let (student, parent) = newcomer(roster, &class, chance)?;
    let title = title(roster, &class);
    Some(Change::new(
        format!("В {title} зачислен новый ученик {student}, его родитель — {parent}."),
        format!("A new student, {student}, with the parent {parent}, was enrolled in {title}."),
        &[&student, &parent, &class],
    ))
}

/// Admits a student and a mother; gives the two ids.
pub(super) fn newcomer(
    roster: &mut Value,
    class: &str,
    chance: &mut Chance,
) -> Option<(String, String)> {
    let surname = names::surname(chance);
    let parent = admit(roster, &anybody(surname, Gender::Female, chance), "parent", chance)?;
    let student = admit(roster, &anybody(surname, Gender::Male, chance), "student", chance)?;
    row_mut(roster, "users", &student)?["agentSourcedIds"] = json!([parent]);
    seat(roster, class, &student)?;
    Some((student, parent))
}

fn anybody(surname: &str, gender: Gender, chance: &mut Chance) -> Name {
    names::name(surname, gender, names::man(chance), chance)
}

/// Puts a student into a class, in its grade. Journals of a half class are left to the teacher.
fn seat(roster: &mut Value, class: &str, student: &str) -> Option<()> {
    let grades = row(roster, "classes", class)?["grades"].clone();
    row_mut(roster, "users", student)?["grades"] = grades;
    enrol(roster, class, student, "student").map(|_| ())
}

/// A student leaves the school.
pub(crate) fn depart_student(roster: &mut Value, chance: &mut Chance) -> Option<Change> {
    let (student, class) = somebody_seated(roster, chance)?;
    let today = today(roster)?;
    end_enrollments(roster, today, |row| row["userSourcedId"] == student.as_str());
    let title = title(roster, &class);
    Some(Change::new(
        format!("Ученик {student} выбыл из {title}."),
        format!("The student {student} left {title}."),
        &[&student, &class],
    ))
}

fn somebody_seated(roster: &Value, chance: &mut Chance) -> Option<(String, String)> {
    let seats = seats(roster, today(roster)?);
    seats.choose(chance).cloned()
}

/// A student goes to another class of the school, of the same grade where there is one.
pub(crate) fn move_student(roster: &mut Value, chance: &mut Chance) -> Option<Change> {
    let (student, from) = somebody_seated(roster, chance)?;
    let others = others(roster, &from);
    let grade = |class: &String| row(roster, "classes", class).map(|class| &class["grades"]);
    let parallel = others.iter().filter(|class| grade(class) == grade(&from)).cloned();
    let parallel: Vec<String> = parallel.collect();
    let to = choose(&parallel, chance).or_else(|| choose(&others, chance))?;
    let today = today(roster)?;
    end_enrollments(roster, today, |row| {
        row["userSourcedId"] == student.as_str() && row["role"] == "student"
    });
    seat(roster, &to, &student)?;
    let (old, new) = (title(roster, &from), title(roster, &to));
    Some(Change::new(
        format!("Ученик {student} переведён из {old} в {new}."),
        format!("The student {student} moved from {old} to {new}."),
        &[&student, &from, &to],
    ))
}

fn others(roster: &Value, class: &str) -> Vec<String> {
    homerooms(roster).into_iter().filter(|other| other != class).collect()
}

/// A brother comes to another class; both children have the same guardians.
pub(crate) fn add_sibling(roster: &mut Value, chance: &mut Chance) -> Option<Change> {
    let seats: Vec<(String, String)> = seats(roster, today(roster)?)
        .into_iter()
        .filter(|(student, _)| !agents(roster, student).is_empty())
        .collect();
    let (child, from) = seats.choose(chance)?.clone();
    let class = choose(&others(roster, &from), chance)?;
    let agents = row(roster, "users", &child)?["agentSourcedIds"].clone();
    let name = anybody(names::surname(chance), Gender::Male, chance);
    let sibling = admit(roster, &name, "student", chance)?;
    row_mut(roster, "users", &sibling)?["agentSourcedIds"] = agents;
    seat(roster, &class, &sibling)?;
    let title = title(roster, &class);
    Some(Change::new(
        format!("В {title} зачислен {sibling}, брат ученика {child}."),
        format!("{sibling}, a brother of {child}, was enrolled in {title}."),
        &[&sibling, &child, &class],
    ))
}

fn agents(roster: &Value, user: &str) -> Vec<String> {
    let agents = row(roster, "users", user).and_then(|user| user["agentSourcedIds"].as_array());
    let agents = agents.into_iter().flatten().filter_map(Value::as_str);
    agents.map(str::to_owned).collect()
}

/// A parent who had no account has linked one.
pub(crate) fn link_parent(roster: &mut Value, chance: &mut Chance) -> Option<Change> {
    let parent = choose(&parents(roster, false)?, chance)?;
    let accounts = accounts(roster, chance);
    row_mut(roster, "users", &parent)?["userIds"] = accounts;
    Some(Change::new(
        format!("Родитель {parent} привязал учётные записи мессенджеров."),
        format!("The parent {parent} linked messenger accounts."),
        &[&parent],
    ))
}

/// A parent has unlinked every account.
pub(crate) fn unlink_parent(roster: &mut Value, chance: &mut Chance) -> Option<Change> {
    let parent = choose(&parents(roster, true)?, chance)?;
    row_mut(roster, "users", &parent)?.as_object_mut()?.shift_remove("userIds");
    Some(Change::new(
        format!("Родитель {parent} отвязал учётные записи мессенджеров."),
        format!("The parent {parent} unlinked all messenger accounts."),
        &[&parent],
    ))
}

/// Parents of students who are here today, with or without accounts. Who shares a phone with
/// somebody is left alone, because the other one would keep the account in the chats.
fn parents(roster: &Value, linked: bool) -> Option<Vec<String>> {
    let today = today(roster)?;
    let seated: BTreeSet<String> = seats(roster, today).into_iter().map(|seat| seat.0).collect();
    let named: BTreeSet<String> =
        seated.iter().flat_map(|student| agents(roster, student)).collect();
    let holders = BTreeSet::from_iter(holders(roster, "parent", today));
    let phones = phones(roster);
    Some(ids(roster, "users", |user| {
        let id = text(user, "sourcedId");
        let has_child =
            || named.contains(id) || agents(roster, id).iter().any(|child| seated.contains(child));
        active(user)
            && user["enabledUser"] == true
            && user["userIds"].is_array() == linked
            && holders.contains(id)
            && has_child()
            && (!linked || phones[&user["userIds"].to_string()] == 1)
    }))
}

/// How many people have each set of accounts.
fn phones(roster: &Value) -> BTreeMap<String, usize> {
    let mut phones = BTreeMap::new();
    for user in rows(roster, "users") {
        *phones.entry(user["userIds"].to_string()).or_default() += 1;
    }
    phones
}
