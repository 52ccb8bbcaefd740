//! The first of September: every class goes up, the 11th leave, the 1st come.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use serde_json::{Value, json};

use super::super::{Calendar, Chance, SCHOOL, courses};
use super::classes::dissolve;
use super::people::newcomer;
use super::table::{
    active, add, end_enrollments, enrol, holders, homerooms, in_force, row, row_mut, rows,
    rows_mut, text, title, today,
};
use super::{Change, set_today};

/// How many children come to each new first class.
const FIRST_CLASS: usize = 25;

/// Moves the school to the first of September of the next school year.
///
/// A class that goes up keeps its id and takes the next title, so that its chats go on. Its
/// journals are new ones under new ids, without a subject chat; the old ones are dissolved, and
/// the lessons of last year are gone. There are as many new 1st classes as 11th ones left, and
/// the teachers of those take them.
pub(crate) fn next_school_year(roster: &mut Value, chance: &mut Chance) -> Option<Change> {
    let next = Calendar::around(today(roster)?).begins.year() + 1;
    let calendar = Calendar::around(Date::new(next, 9, 1).ok()?);
    set_today(roster, calendar.today);
    let (leaving, staying): (Vec<String>, Vec<String>) =
        homerooms(roster).into_iter().partition(|class| grade(roster, class) >= 11);
    let teachers: Vec<String> = leaving.iter().map(|class| class_teacher(roster, class)).collect();
    leaving.iter().for_each(|class| leave(roster, class, calendar.today));
    renew_journals(roster, calendar);
    staying.iter().for_each(|class| go_up(roster, class, &calendar.id()));
    let mut ids = [leaving, staying].concat();
    for (letter, teacher) in teachers.iter().enumerate() {
        ids.push(first_class(roster, letter, teacher, calendar, chance)?);
    }
    roster["lessons"] = json!([]);
    if let Some(sessions) = roster["academicSessions"].as_array_mut() {
        sessions.extend(calendar.rows());
    }
    let (ru, en) = (
        format!("Наступил {next}/{} учебный год: классы перешли, 11-е выпустились.", next + 1),
        format!("The school year {next}/{} began: classes went up, the 11th left.", next + 1),
    );
    Some(Change { ru, en, ids })
}

fn grade(roster: &Value, class: &str) -> u8 {
    let class = row(roster, "classes", class);
    class.and_then(|class| class["grades"][0].as_str()?.parse().ok()).unwrap_or(0)
}

fn class_teacher(roster: &Value, class: &str) -> String {
    let class = row(roster, "classes", class).unwrap_or(&Value::Null);
    text(&class["metadata"], "classTeacherSourcedId").to_owned()
}

/// The class is dissolved, and nobody is enrolled in it any more.
fn leave(roster: &mut Value, class: &str, today: Date) {
    end_enrollments(roster, today, |row| row["classSourcedId"] == class);
    dissolve(roster, class);
}

fn go_up(roster: &mut Value, class: &str, term: &str) {
    let (old, new) = (grade(roster, class), grade(roster, class) + 1);
    let title = title(roster, class).replacen(&old.to_string(), &new.to_string(), 1);
    let grades = json!([format!("{new:02}")]);
    let Some(row) = row_mut(roster, "classes", class) else { return };
    row["title"] = title.into();
    row["grades"] = grades.clone();
    row["termSourcedIds"] = json!([term]);
    let in_class: BTreeSet<String> = rows(roster, "enrollments")
        .iter()
        .filter(|row| row["classSourcedId"] == class && row["role"] == "student")
        .map(|row| text(row, "userSourcedId").to_owned())
        .collect();
    for user in rows_mut(roster, "users") {
        if in_class.contains(text(user, "sourcedId")) {
            user["grades"] = grades.clone();
        }
    }
}

/// Ends every journal of last year, and opens the same one for the next grade where the subject
/// is still taught. Called while the classes still bear their old grades.
fn renew_journals(roster: &mut Value, calendar: Calendar) {
    let journals = rows(roster, "classes").iter();
    let old: Vec<Value> =
        journals.filter(|row| row["classType"] == "scheduled" && active(row)).cloned().collect();
    let mut renewed = BTreeMap::new();
    for journal in &old {
        let homeroom = text(&journal["metadata"], "homeroom").to_owned();
        let next = grade(roster, &homeroom) + 1;
        if next > 11 || !courses::taught_in(text(journal, "courseSourcedId"), next) {
            continue;
        }
        let next = renewed_journal(roster, journal, &homeroom, calendar);
        let id = text(&next, "sourcedId").to_owned();
        // A journal of the year before last that came back has its successor already.
        if row(roster, "classes", &id).is_none() {
            add(roster, "classes", next);
            renewed.insert(text(journal, "sourcedId").to_owned(), id);
        }
    }
    for journal in &old {
        if let Some(row) = row_mut(roster, "classes", text(journal, "sourcedId")) {
            row["status"] = "tobedeleted".into();
        }
    }
    renew_enrollments(roster, &renewed, calendar.today);
    renew_timetables(roster, &renewed, calendar);
}

fn renewed_journal(roster: &Value, journal: &Value, homeroom: &str, calendar: Calendar) -> Value {
    let (old, class) = (grade(roster, homeroom), title(roster, homeroom));
    let next = class.replacen(&old.to_string(), &(old + 1).to_string(), 1);
    let key = text(journal, "sourcedId");
    let key = key.rsplit_once("-y").map_or(key, |(plain, _)| plain);
    let mut row = journal.clone();
    row["sourcedId"] = format!("{key}-y{}", calendar.begins.year()).into();
    row["title"] = text(journal, "title").replacen(class, &next, 1).into();
    row["termSourcedIds"] = json!([calendar.id()]);
    if let Some(metadata) = row["metadata"].as_object_mut() {
        metadata.shift_remove("subjectChat");
    }
    row
}

/// Who is still enrolled in an old journal is enrolled in the one that follows it; the old
/// enrollments end.
fn renew_enrollments(roster: &mut Value, renewed: &BTreeMap<String, String>, today: Date) {
    let copied = rows(roster, "enrollments").iter().filter(|row| in_force(row, today));
    let copied: Vec<Value> =
        copied.filter(|row| renewed.contains_key(text(row, "classSourcedId"))).cloned().collect();
    end_enrollments(roster, today, |row| renewed.contains_key(text(row, "classSourcedId")));
    let mut number = rows(roster, "enrollments").len();
    let taken = rows(roster, "enrollments").iter();
    let taken = taken.filter_map(|row| text(row, "sourcedId").strip_prefix("e-")?.parse().ok());
    number = taken.fold(number, usize::max);
    for mut row in copied {
        number += 1;
        row["sourcedId"] = format!("e-{number:05}").into();
        row["classSourcedId"] = renewed[text(&row, "classSourcedId")].as_str().into();
        row["beginDate"] = today.to_string().into();
        add(roster, "enrollments", row);
    }
}

fn renew_timetables(roster: &mut Value, renewed: &BTreeMap<String, String>, calendar: Calendar) {
    let year = calendar.begins.year();
    for row in rows_mut(roster, "timetables") {
        let classes = row["classSourcedIds"].as_array().into_iter().flatten();
        let classes: Vec<&String> =
            classes.filter_map(|class| renewed.get(class.as_str()?)).collect();
        row["classSourcedIds"] = json!(classes);
        let short = row["metadata"]["transferByDefault"] == false;
        let (id, begins, ends) = match short {
            true => (
                format!("timetable-{year}-short"),
                Date::constant(year, 12, 25),
                Date::constant(year, 12, 30),
            ),
            false => (format!("timetable-{year}"), calendar.begins, calendar.ends),
        };
        row["sourcedId"] = id.into();
        row["beginDate"] = begins.to_string().into();
        row["endDate"] = ends.to_string().into();
    }
}

/// Opens a first class with its teacher and its children; gives its id.
fn first_class(
    roster: &mut Value,
    letter: usize,
    teacher: &str,
    calendar: Calendar,
    chance: &mut Chance,
) -> Option<String> {
    let (title, key) = super::super::homerooms::LETTERS.get(letter)?;
    let id = format!("class-1{key}-y{}", calendar.begins.year());
    let class = json!({"sourcedId": id, "status": "active", "title": format!("1{title}"),
        "grades": ["01"], "classType": "homeroom", "schoolSourcedId": SCHOOL,
        "termSourcedIds": [calendar.id()], "metadata": {"classTeacherSourcedId": teacher}});
    add(roster, "classes", class);
    if holders(roster, "teacher", calendar.today).iter().any(|holder| holder == teacher) {
        enrol(roster, &id, teacher, "teacher")?["primary"] = true.into();
    }
    for _ in 0..FIRST_CLASS {
        newcomer(roster, &id, chance)?;
    }
    Some(id)
}
