//! Who is where: the indexes over the tables, built once when a roster is accepted.

use super::{
    ById, Class, ClassIx, ClassType, Enrollment, GUARDIAN, Lesson, NOT_STAFF, OrgIx, PersonIx,
    Role, Roster, Timetable,
};

/// For each object the positions of the rows that name it.
#[derive(Debug, Clone, Default)]
pub(super) struct Index {
    orgs: ById,
    classes: ById,
    people: ById,
    lessons: ById,
    roles_of_person: Groups,
    roles_at_org: Groups,
    enrollments_of_class: Groups,
    enrollments_of_person: Groups,
    lessons_of_class: Groups,
    journals_of_homeroom: Groups,
    guardians: Groups,
}

/// Lists of positions, one for each object, in two flat arrays.
#[derive(Debug, Clone, Default)]
struct Groups {
    starts: Vec<u32>,
    items: Vec<u32>,
}

impl Groups {
    /// Collects `(group, item)` pairs; items keep their order inside a group.
    fn collect(groups: usize, pairs: impl Iterator<Item = (u32, u32)> + Clone) -> Groups {
        let mut starts = vec![0u32; groups + 1];
        for (group, _) in pairs.clone() {
            starts[group as usize + 1] += 1;
        }
        for at in 1..starts.len() {
            starts[at] += starts[at - 1];
        }
        let mut next = starts.clone();
        let mut items = vec![0u32; *starts.last().unwrap_or(&0) as usize];
        for (group, item) in pairs {
            let slot = &mut next[group as usize];
            items[*slot as usize] = item;
            *slot += 1;
        }
        Groups { starts, items }
    }

    fn of(&self, group: u32) -> &[u32] {
        let group = group as usize;
        if group + 1 >= self.starts.len() {
            return &[];
        }
        &self.items[self.starts[group] as usize..self.starts[group + 1] as usize]
    }
}

fn numbered<T>(rows: &[T]) -> impl Iterator<Item = (u32, &T)> + Clone {
    rows.iter().enumerate().map(|(at, row)| (at as u32, row))
}

impl Roster {
    /// Builds every index. Called once all rows are in and all references are positions.
    pub(crate) fn build_index(&mut self) {
        let people = self.people.len();
        let (classes, orgs) = (self.classes.len(), self.orgs.len());
        self.index = Index {
            orgs: numbered(&self.orgs).map(|(at, org)| (org.id.clone(), at)).collect(),
            classes: numbered(&self.classes).map(|(at, class)| (class.id.clone(), at)).collect(),
            people: numbered(&self.people).map(|(at, person)| (person.id.clone(), at)).collect(),
            lessons: numbered(&self.lessons).map(|(at, one)| (one.id.clone(), at)).collect(),
            roles_of_person: Groups::collect(
                people,
                numbered(&self.roles).map(|(at, role)| (role.person.0, at)),
            ),
            roles_at_org: Groups::collect(
                orgs,
                numbered(&self.roles).map(|(at, role)| (role.org.0, at)),
            ),
            enrollments_of_class: Groups::collect(
                classes,
                numbered(&self.enrollments).map(|(at, row)| (row.class.0, at)),
            ),
            enrollments_of_person: Groups::collect(
                people,
                numbered(&self.enrollments).map(|(at, row)| (row.person.0, at)),
            ),
            lessons_of_class: Groups::collect(
                classes,
                numbered(&self.lessons).map(|(at, lesson)| (lesson.class.0, at)),
            ),
            journals_of_homeroom: Groups::collect(
                classes,
                numbered(&self.classes)
                    .filter_map(|(at, class)| class.homeroom.map(|homeroom| (homeroom.0, at))),
            ),
            guardians: Groups::default(),
        };
        self.index.guardians = self.collect_guardians();
    }

    /// The guardians of each student, by ruling 7: those that the student names, in that order,
    /// then those who name the student, by `sourcedId`; only people with a guardian's role in
    /// force, without emergency contacts. The excess over `max_guardians` is the profile's to cut.
    fn collect_guardians(&self) -> Groups {
        let mut pairs: Vec<(u32, u32)> = Vec::new();
        for (student, person) in numbered(&self.people) {
            pairs.extend(person.agents.iter().map(|agent| (student, agent.0)));
        }
        let named = pairs.len();
        for (guardian, person) in numbered(&self.people) {
            pairs.extend(person.agents.iter().map(|student| (student.0, guardian)));
        }
        pairs[named..].sort_by(|a, b| {
            let id = |at: u32| &self.people[at as usize].id;
            a.0.cmp(&b.0).then_with(|| id(a.1).cmp(id(b.1)))
        });
        let mut seen = std::collections::HashSet::new();
        pairs.retain(|pair| self.may_guard(PersonIx(pair.1)) && seen.insert(*pair));
        Groups::collect(self.people.len(), pairs.iter().copied())
    }

    fn may_guard(&self, person: PersonIx) -> bool {
        let emergency = self.person(person).metadata.get("emergencyContact");
        !super::truthy(emergency)
            && self
                .roles_of(person)
                .any(|role| GUARDIAN.contains(&&*role.role) && self.role_in_force(role))
    }

    /// The organisation with this `sourcedId`.
    pub fn find_org(&self, id: &str) -> Option<OrgIx> {
        self.index.orgs.get(id).copied().map(OrgIx)
    }

    /// The class with this `sourcedId`.
    pub fn find_class(&self, id: &str) -> Option<ClassIx> {
        self.index.classes.get(id).copied().map(ClassIx)
    }

    /// The lesson with this `sourcedId`, deleted or not.
    pub fn find_lesson(&self, id: &str) -> Option<&Lesson> {
        self.index.lessons.get(id).map(|&at| &self.lessons[at as usize])
    }

    /// The person with this `sourcedId`.
    pub fn find_person(&self, id: &str) -> Option<PersonIx> {
        self.index.people.get(id).copied().map(PersonIx)
    }

    /// Whether a person is in the roster and not struck out there.
    pub(crate) fn is_there(&self, person: &str) -> bool {
        self.find_person(person).is_some_and(|found| !self.person(found).absent)
    }

    /// The schools (ruling 3): organisations of type `school`, or, where no row has a type, all.
    pub fn schools(&self) -> Vec<OrgIx> {
        let untyped = self.orgs.iter().all(|org| org.kind.is_empty());
        numbered(&self.orgs)
            .filter(|(_, org)| !org.absent && (untyped || &*org.kind == "school"))
            .map(|(at, _)| OrgIx(at))
            .collect()
    }

    /// The classes of one type in one school, in the host's order, dissolved ones included.
    pub fn classes_of(
        &self,
        school: OrgIx,
        class_type: ClassType,
    ) -> impl Iterator<Item = (ClassIx, &Class)> {
        numbered(&self.classes)
            .filter(move |(_, class)| class.school == school && class.class_type == class_type)
            .map(|(at, class)| (ClassIx(at), class))
    }

    /// Every role row of a person, in force or not.
    pub fn roles_of(&self, person: PersonIx) -> impl Iterator<Item = &Role> {
        self.index.roles_of_person.of(person.0).iter().map(|&at| &self.roles[at as usize])
    }

    /// Every role row at an organisation, in force or not.
    pub fn roles_at(&self, org: OrgIx) -> impl Iterator<Item = &Role> {
        self.index.roles_at_org.of(org.0).iter().map(|&at| &self.roles[at as usize])
    }

    /// The roles at an organisation that make somebody its staff today.
    pub fn staff_roles_at(&self, org: OrgIx) -> impl Iterator<Item = &Role> {
        self.roles_at(org)
            .filter(|role| !NOT_STAFF.contains(&&*role.role) && self.role_in_force(role))
    }

    /// Every enrollment row of a class, in force or not.
    pub fn enrollments_of(&self, class: ClassIx) -> impl Iterator<Item = &Enrollment> {
        self.index.enrollments_of_class.of(class.0).iter().map(|&at| &self.enrollments[at as usize])
    }

    /// Every enrollment row of a person, in force or not.
    pub fn enrollments_of_person(&self, person: PersonIx) -> impl Iterator<Item = &Enrollment> {
        self.index
            .enrollments_of_person
            .of(person.0)
            .iter()
            .map(|&at| &self.enrollments[at as usize])
    }

    /// The lessons of a class that are not deleted.
    pub fn lessons_of(&self, class: ClassIx) -> impl Iterator<Item = &Lesson> {
        self.index
            .lessons_of_class
            .of(class.0)
            .iter()
            .map(|&at| &self.lessons[at as usize])
            .filter(|lesson| !lesson.absent)
    }

    /// The journals of a homeroom.
    pub fn journals_of(&self, homeroom: ClassIx) -> impl Iterator<Item = ClassIx> + '_ {
        self.index.journals_of_homeroom.of(homeroom.0).iter().map(|&at| ClassIx(at))
    }

    /// The timetables that name a class.
    pub fn timetables_of(&self, class: ClassIx) -> impl Iterator<Item = &Timetable> {
        self.timetables.iter().filter(move |row| !row.absent && row.classes.contains(&class))
    }

    /// The guardians of a student (ruling 7), all of them, in the order in which a limit cuts.
    pub fn guardians_of(&self, student: PersonIx) -> impl Iterator<Item = PersonIx> + '_ {
        self.index.guardians.of(student.0).iter().map(|&at| PersonIx(at))
    }

    /// The student enrollments that count for a class: its own in force, or, when it is a journal
    /// that has no student row at all, in force or not, those of its homeroom (ruling 9).
    pub fn student_enrollments(&self, class: ClassIx) -> Vec<&Enrollment> {
        let any = self.enrollments_of(class).any(|row| &*row.role == "student");
        let source = match self.class(class).homeroom {
            Some(homeroom) if !any => homeroom,
            _ => class,
        };
        self.enrollments_of(source)
            .filter(|row| &*row.role == "student" && self.enrollment_in_force(row))
            .collect()
    }
}
