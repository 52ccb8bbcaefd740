//! Classes whose time is over: what the rows of their students tell.

use super::{ClassIx, ClassType, Enrollment, Roster};

impl Roster {
    /// Whether a class had students and the time of all of them is over.
    pub fn is_left(&self, class: ClassIx) -> bool {
        let over = |row: &Enrollment| {
            let ended = row.span.end.is_some_and(|end| end <= self.today());
            row.absent || ended || self.person(row.person).absent
        };
        let mut students = self.students_ever(class).peekable();
        students.peek().is_some() && students.all(over)
    }

    /// Whether the students of a class are still to come: some begin on a later day, or a homeroom
    /// has none at all so far.
    pub fn is_ahead(&self, class: ClassIx) -> bool {
        let mut rows = self.students_ever(class).peekable();
        let awaited = rows.peek().is_some() || self.class(class).class_type == ClassType::Homeroom;
        awaited && !self.is_left(class) && !rows.any(|row| self.enrollment_in_force(row))
    }

    /// Whether a homeroom finished school: the host struck it out, and of those who studied in it
    /// nobody has a place in another one. A class whose students went on to other classes was
    /// dissolved.
    pub fn has_finished(&self, class: ClassIx) -> bool {
        let row = self.class(class);
        let mut students = self.students_ever(class).map(|row| row.person).peekable();
        row.dissolved
            && row.class_type == ClassType::Homeroom
            && students.peek().is_some()
            && !students
                .any(|student| self.enrollments_of_person(student).any(|row| self.is_a_place(row)))
    }

    fn is_a_place(&self, row: &Enrollment) -> bool {
        let class = self.class(row.class);
        &*row.role == "student"
            && class.class_type == ClassType::Homeroom
            && !class.dissolved
            && self.enrollment_in_force(row)
    }

    fn students_ever(&self, class: ClassIx) -> impl Iterator<Item = &Enrollment> {
        self.enrollments_of(class).filter(|row| &*row.role == "student")
    }
}
