//! Rows of a roster, found and added.

use jiff::civil::Date;
use rand::RngExt;
use rand::seq::IndexedRandom;
use serde_json::{Value, json};

use super::super::names::Name;
use super::super::{Chance, SCHOOL};

pub(super) fn today(roster: &Value) -> Option<Date> {
    roster["generated"]["today"].as_str()?.parse().ok()
}

/// The rows of a table, none where the roster has no such table.
pub(super) fn rows<'a>(roster: &'a Value, table: &str) -> &'a [Value] {
    roster[table].as_array().map_or(&[], Vec::as_slice)
}

pub(super) fn rows_mut<'a>(roster: &'a mut Value, table: &str) -> &'a mut [Value] {
    roster[table].as_array_mut().map_or(&mut [], Vec::as_mut_slice)
}

pub(super) fn add(roster: &mut Value, table: &str, row: Value) {
    if let Some(rows) = roster[table].as_array_mut() {
        rows.push(row);
    }
}

pub(super) fn row<'a>(roster: &'a Value, table: &str, id: &str) -> Option<&'a Value> {
    rows(roster, table).iter().find(|row| row["sourcedId"] == id)
}

pub(super) fn row_mut<'a>(roster: &'a mut Value, table: &str, id: &str) -> Option<&'a mut Value> {
    rows_mut(roster, table).iter_mut().find(|row| row["sourcedId"] == id)
}

/// A column's text, empty where there is none.
pub(super) fn text<'a>(row: &'a Value, column: &str) -> &'a str {
    row[column].as_str().unwrap_or_default()
}

pub(super) fn active(row: &Value) -> bool {
    row["status"] != "tobedeleted"
}

/// Whether a role or an enrollment is in force on that day. Dates of this form sort as text.
pub(super) fn in_force(row: &Value, today: Date) -> bool {
    let today = today.to_string();
    let (begins, ends) = (text(row, "beginDate"), text(row, "endDate"));
    active(row) && begins <= today.as_str() && (ends.is_empty() || today.as_str() < ends)
}

/// The ids of the rows that pass.
pub(super) fn ids(roster: &Value, table: &str, pass: impl Fn(&Value) -> bool) -> Vec<String> {
    let passing = rows(roster, table).iter().filter(|row| pass(row));
    passing.map(|row| text(row, "sourcedId").to_owned()).collect()
}

pub(super) fn choose(ids: &[String], chance: &mut Chance) -> Option<String> {
    ids.choose(chance).cloned()
}

pub(super) fn homerooms(roster: &Value) -> Vec<String> {
    ids(roster, "classes", |class| class["classType"] == "homeroom" && active(class))
}

/// The class's title, for the telling.
pub(super) fn title<'a>(roster: &'a Value, class: &'a str) -> &'a str {
    row(roster, "classes", class).map_or(class, |class| text(class, "title"))
}

/// Student and homeroom for every student who is in one today.
pub(super) fn seats(roster: &Value, today: Date) -> Vec<(String, String)> {
    let homerooms = homerooms(roster);
    let seats = rows(roster, "enrollments").iter().filter(|row| {
        row["role"] == "student"
            && in_force(row, today)
            && homerooms.iter().any(|homeroom| row["classSourcedId"] == homeroom.as_str())
    });
    let seat =
        |row: &Value| (text(row, "userSourcedId").into(), text(row, "classSourcedId").into());
    seats.map(seat).collect()
}

/// People with that role in force today.
pub(super) fn holders(roster: &Value, role: &str, today: Date) -> Vec<String> {
    let roles = rows(roster, "roles").iter();
    let held = roles.filter(|row| row["role"] == role && in_force(row, today));
    let mut holders: Vec<String> = held.map(|row| text(row, "userSourcedId").to_owned()).collect();
    holders.sort();
    holders.dedup();
    holders
}

/// The next id of the form `e-00017`.
fn next_id(roster: &Value, table: &str, prefix: &str, width: usize) -> String {
    let numbers = rows(roster, table).iter();
    let numbers = numbers
        .filter_map(|row| text(row, "sourcedId").strip_prefix(prefix)?.parse::<usize>().ok());
    format!("{prefix}{:0width$}", numbers.max().unwrap_or(0) + 1)
}

/// Enrols somebody as of today, and gives the enrollment's row for what is to be added.
pub(super) fn enrol<'a>(
    roster: &'a mut Value,
    class: &str,
    user: &str,
    role: &str,
) -> Option<&'a mut Value> {
    let id = next_id(roster, "enrollments", "e-", 5);
    let today = today(roster)?.to_string();
    let row = json!({"sourcedId": id, "status": "active", "classSourcedId": class,
        "schoolSourcedId": SCHOOL, "userSourcedId": user, "role": role, "beginDate": today});
    add(roster, "enrollments", row);
    rows_mut(roster, "enrollments").last_mut()
}

/// Ends the enrollments in force that pass, as of today.
pub(super) fn end_enrollments(roster: &mut Value, today: Date, pass: impl Fn(&Value) -> bool) {
    for row in rows_mut(roster, "enrollments") {
        if in_force(row, today) && pass(row) {
            row["endDate"] = today.to_string().into();
        }
    }
}

/// Gives somebody a position as of today.
pub(super) fn appoint(roster: &mut Value, user: &str, role: &str) -> Option<()> {
    let today = today(roster)?.to_string();
    let held = rows(roster, "roles").iter().filter(|row| row["userSourcedId"] == user).count();
    let kind = if held == 0 { "primary" } else { "secondary" };
    let row = json!({"sourcedId": format!("role-{user}-{}", held + 1), "status": "active",
        "userSourcedId": user, "roleType": kind, "role": role, "orgSourcedId": SCHOOL,
        "beginDate": today});
    add(roster, "roles", row);
    Some(())
}

/// Adds a user with that role and accounts on both messengers; gives the new id.
pub(super) fn admit(
    roster: &mut Value,
    name: &Name,
    role: &str,
    chance: &mut Chance,
) -> Option<String> {
    let id = next_id(roster, "users", "p-", 4);
    let accounts = accounts(roster, chance);
    let row = json!({"sourcedId": id, "status": "active", "enabledUser": true,
        "givenName": name.given, "middleName": name.middle, "familyName": name.family,
        "primaryOrgSourcedId": SCHOOL, "userIds": accounts});
    add(roster, "users", row);
    appoint(roster, &id, role)?;
    Some(id)
}

/// An account on each messenger that nobody in the roster has.
pub(super) fn accounts(roster: &Value, chance: &mut Chance) -> Value {
    let new = ["vk", "max"].map(|kind| {
        loop {
            let id = chance.random_range(1_000_000u64..300_000_000).to_string();
            let account = json!({"type": kind, "identifier": id});
            let has = |user: &Value| {
                user["userIds"].as_array().is_some_and(|accounts| accounts.contains(&account))
            };
            if !rows(roster, "users").iter().any(has) {
                return account;
            }
        }
    });
    new.to_vec().into()
}
