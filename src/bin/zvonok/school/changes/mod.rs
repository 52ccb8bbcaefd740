//! What happens to a school from one export to the next.
//!
//! A change is a pure function of a roster and of chance. It happens on the day that the roster's
//! `generated.today` says; `set_today` lets days pass between changes. A change gives `None`, and
//! leaves the roster as it was, where nobody is there to whom it could happen.

mod classes;
mod export;
mod people;
mod staff;
mod table;
mod year;

use jiff::civil::Date;
use serde_json::Value;

use super::Chance;

pub(crate) use classes::{dissolve_class, publish_lesson, rename_class, subject_chat_on};
pub(crate) use export::{broken_export, empty_export};
pub(crate) use people::{
    add_sibling, depart_student, enrol_student, link_parent, move_student, unlink_parent,
};
pub(crate) use staff::{acting_head_off, acting_head_on, new_class_teacher, new_director};
pub(crate) use year::next_school_year;

/// What was changed, told without names of people, and the `sourcedId`s that it concerns.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Change {
    pub(crate) ru: String,
    pub(crate) en: String,
    pub(crate) ids: Vec<String>,
}

impl Change {
    fn new(ru: impl Into<String>, en: impl Into<String>, ids: &[&str]) -> Change {
        let ids = ids.iter().map(|id| (*id).to_owned()).collect();
        Change { ru: ru.into(), en: en.into(), ids }
    }
}

/// A change under the name that the command line knows it by.
pub(crate) struct Named {
    pub(crate) name: &'static str,
    pub(crate) apply: fn(&mut Value, &mut Chance) -> Option<Change>,
}

/// All changes, in the order in which a demonstration shows them well.
pub(crate) const ALL: [Named; 18] = [
    Named { name: "enrol-student", apply: enrol_student },
    Named { name: "depart-student", apply: depart_student },
    Named { name: "move-student", apply: move_student },
    Named { name: "add-sibling", apply: add_sibling },
    Named { name: "link-parent", apply: link_parent },
    Named { name: "unlink-parent", apply: unlink_parent },
    Named { name: "new-class-teacher", apply: new_class_teacher },
    Named { name: "new-director", apply: new_director },
    Named { name: "acting-head-on", apply: acting_head_on },
    Named { name: "acting-head-off", apply: acting_head_off },
    Named { name: "subject-chat-on", apply: subject_chat_on },
    Named { name: "publish-lesson", apply: publish_lesson },
    Named { name: "rename-class", apply: rename_class },
    Named { name: "dissolve-class", apply: dissolve_class },
    Named { name: "next-school-year", apply: next_school_year },
    Named { name: "next-day", apply: next_day },
    Named { name: "broken-export", apply: broken_export },
    Named { name: "empty-export", apply: empty_export },
];

/// Applies the change of that name; `None` also for a name that is not in `ALL`.
pub(crate) fn apply(name: &str, roster: &mut Value, chance: &mut Chance) -> Option<Change> {
    let change = ALL.iter().find(|change| change.name == name)?;
    (change.apply)(roster, chance)
}

/// Sets the day of the export, on which the next changes happen.
pub(crate) fn set_today(roster: &mut Value, today: Date) {
    roster["generated"]["today"] = today.to_string().into();
}

/// A day passes.
pub(crate) fn next_day(roster: &mut Value, _chance: &mut Chance) -> Option<Change> {
    let tomorrow = table::today(roster)?.tomorrow().ok()?;
    set_today(roster, tomorrow);
    Some(Change::new(format!("Наступило {tomorrow}."), format!("It is now {tomorrow}."), &[]))
}
