//! Classes are renamed and dissolved, journals begin to have chats.

use serde_json::{Value, json};

use super::super::Chance;
use super::Change;
use super::table::{
    active, add, choose, homerooms, ids, row_mut, rows, rows_mut, text, title, today,
};

/// A class and all of its journals are dissolved.
pub(crate) fn dissolve_class(roster: &mut Value, chance: &mut Chance) -> Option<Change> {
    let class = choose(&homerooms(roster), chance)?;
    let title = title(roster, &class).to_owned();
    dissolve(roster, &class);
    Some(Change::new(
        format!("{title} расформирован вместе с журналами."),
        format!("{title} was dissolved together with its journals."),
        &[&class],
    ))
}

/// Marks a homeroom and its journals for deletion.
pub(super) fn dissolve(roster: &mut Value, class: &str) {
    for row in rows_mut(roster, "classes") {
        if row["sourcedId"] == class || row["metadata"]["homeroom"] == class {
            row["status"] = "tobedeleted".into();
        }
    }
}

/// A class gets another title under the same id.
pub(crate) fn rename_class(roster: &mut Value, chance: &mut Chance) -> Option<Change> {
    let class = choose(&homerooms(roster), chance)?;
    let before = title(roster, &class).to_owned();
    let after = match before.strip_suffix(" (инженерный)") {
        Some(plain) => plain.to_owned(),
        None => format!("{before} (инженерный)"),
    };
    row_mut(roster, "classes", &class)?["title"] = after.as_str().into();
    Some(Change::new(
        format!("{before} теперь называется {after}."),
        format!("{before} is now called {after}."),
        &[&class],
    ))
}

/// «Чат по предмету» is switched on in a general-education journal.
pub(crate) fn subject_chat_on(roster: &mut Value, chance: &mut Chance) -> Option<Change> {
    let journals = ids(roster, "classes", |class| {
        let metadata = &class["metadata"];
        active(class)
            && class["classType"] == "scheduled"
            && metadata["generalEducation"] == true
            && metadata["subjectChat"] != true
    });
    let journal = choose(&journals, chance)?;
    row_mut(roster, "classes", &journal)?["metadata"]["subjectChat"] = true.into();
    let title = title(roster, &journal);
    Some(Change::new(
        format!("В журнале «{title}» включён чат по предмету."),
        format!("The subject chat of the journal «{title}» was switched on."),
        &[&journal],
    ))
}

/// A journal with the subject chat on has its first video lesson published.
pub(crate) fn publish_lesson(roster: &mut Value, chance: &mut Chance) -> Option<Change> {
    let journals = ids(roster, "classes", |class| {
        let metadata = &class["metadata"];
        active(class)
            && metadata["generalEducation"] == true
            && metadata["subjectChat"] == true
            && !begun(roster, text(class, "sourcedId"))
    });
    let journal = choose(&journals, chance)?;
    let lesson =
        match ids(roster, "lessons", |row| row["classSourcedId"] == journal.as_str()).first() {
            Some(first) => first.clone(),
            None => lesson_of_today(roster, &journal)?,
        };
    let metadata = json!({"online": true, "state": "published"});
    row_mut(roster, "lessons", &lesson)?["metadata"] = metadata;
    let title = title(roster, &journal);
    Some(Change::new(
        format!("В журнале «{title}» опубликован первый видеоурок {lesson}."),
        format!("The first video lesson of the journal «{title}», {lesson}, was published."),
        &[&journal, &lesson],
    ))
}

fn begun(roster: &Value, journal: &str) -> bool {
    rows(roster, "lessons").iter().any(|row| {
        row["classSourcedId"] == journal
            && row["metadata"]["online"] == true
            && row["metadata"]["state"] != "draft"
    })
}

fn lesson_of_today(roster: &mut Value, journal: &str) -> Option<String> {
    let id = format!("l-{journal}-1");
    let today = today(roster)?.to_string();
    let row = json!({"sourcedId": id, "status": "active", "classSourcedId": journal, "date": today,
        "startTime": "12:35", "endTime": "13:20", "period": "5",
        "title": format!("{}, урок 1", title(roster, journal))});
    add(roster, "lessons", row);
    Some(id)
}
