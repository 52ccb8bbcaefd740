//! The subjects of a Russian school, by grade.

use serde_json::{Value, json};

use super::{Calendar, SCHOOL};

/// How a class is split for a subject.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Split {
    Whole,
    Halves,
    BoysAndGirls,
}

pub(super) struct Course {
    /// The word in ids.
    pub(super) key: &'static str,
    pub(super) title: &'static str,
    /// First and last grade, both inclusive.
    grades: (u8, u8),
    /// Whose subject it is from grade 5 on; the class's own teacher has the rest.
    pub(super) speciality: &'static str,
    pub(super) split: Split,
    /// False for what is taught beside the general-education plan.
    pub(super) general: bool,
}

impl Course {
    pub(super) fn taught_in(&self, grade: u8) -> bool {
        (self.grades.0..=self.grades.1).contains(&grade)
    }

    /// Whether the subject has its own teacher even in the primary school.
    pub(super) fn never_by_class_teacher(&self) -> bool {
        ["english", "sport", "arts"].contains(&self.speciality)
    }

    pub(super) fn id(&self) -> String {
        format!("course-{}", self.key)
    }
}

/// Whether the subject of that `sourcedId` is taught in that grade.
pub(super) fn taught_in(course: &str, grade: u8) -> bool {
    ALL.iter().any(|known| known.id() == course && known.taught_in(grade))
}

pub(super) fn rows(calendar: Calendar) -> Vec<Value> {
    let row = |course: &Course| {
        json!({"sourcedId": course.id(), "status": "active", "schoolYearSourcedId": calendar.id(),
            "title": course.title, "courseCode": course.key, "orgSourcedId": SCHOOL,
            "subjects": [course.title]})
    };
    ALL.iter().map(row).collect()
}

use Split::{BoysAndGirls, Halves, Whole};

pub(super) const ALL: [Course; 24] = [
    course("english", "Английский язык", (2, 11), "english", Halves),
    course("maths", "Математика", (1, 6), "maths", Whole),
    course("algebra", "Алгебра", (7, 11), "maths", Whole),
    course("physics", "Физика", (7, 11), "physics", Whole),
    course("geometry", "Геометрия", (7, 11), "maths", Whole),
    course("probability", "Вероятность и статистика", (7, 11), "maths", Whole),
    course("russian", "Русский язык", (1, 11), "russian", Whole),
    course("reading", "Литературное чтение", (1, 4), "russian", Whole),
    course("literature", "Литература", (5, 11), "russian", Whole),
    course("world", "Окружающий мир", (1, 4), "biology", Whole),
    course("informatics", "Информатика и ИКТ", (7, 11), "informatics", Halves),
    course("history", "История", (5, 11), "history", Whole),
    course("society", "Обществознание", (6, 11), "history", Whole),
    course("geography", "География", (5, 11), "geography", Whole),
    course("biology", "Биология", (5, 11), "biology", Whole),
    course("chemistry", "Химия", (8, 11), "chemistry", Whole),
    course("sport", "Физическая культура", (1, 11), "sport", Whole),
    course("music", "Музыка", (1, 8), "arts", Whole),
    course("art", "Изобразительное искусство", (1, 7), "arts", Whole),
    course("labour", "Труд (технология)", (1, 4), "labour", Whole),
    course("technology", "Труд (технология), мастерские", (5, 9), "labour", BoysAndGirls),
    course("safety", "Основы безопасности и защиты Родины", (8, 11), "safety", Whole),
    beside("talks", "Разговоры о важном", (1, 11), "russian"),
    beside("chess", "Шахматный кружок", (2, 3), "maths"),
];

const fn course(
    key: &'static str,
    title: &'static str,
    grades: (u8, u8),
    speciality: &'static str,
    split: Split,
) -> Course {
    Course { key, title, grades, speciality, split, general: true }
}

const fn beside(
    key: &'static str,
    title: &'static str,
    grades: (u8, u8),
    speciality: &'static str,
) -> Course {
    Course { key, title, grades, speciality, split: Whole, general: false }
}
