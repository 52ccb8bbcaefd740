//! Follows every reference. One that leads nowhere is left out and freezes what it names (ruling
//! 4); too many of them refuse the roster.
//!
//! A row that is deleted, or that also names something deleted, counts as absent: it is left out
//! silently and freezes nothing, since nobody is in a chat because of it. A row that points to a
//! class that was itself left out goes with it and freezes, but is neither reported nor counted:
//! its cause is.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use super::Rules;
use super::document::Relation;
use super::findings::{self, Findings};
use super::tables::{ClassRow, CourseRow, Linked, TimetableRow, Typed, UserRow};
use crate::error::Fault;
use crate::roster::{
    ClassIx, Enrollment, GUARDIAN, Lesson, Metadata, OrgIx, PersonIx, Role, Roster, Row, Span,
    Table,
};

/// Turns typed rows into a roster.
///
/// # Errors
/// The faults, where a table has too many broken references.
pub(super) fn resolve(
    typed: Typed<'_>,
    rules: &Rules,
    mut warnings: Findings,
) -> Result<Roster, Vec<Fault>> {
    let mut links = Links::default();
    links.roster.today = Some(rules.today);
    links.count_rows(&typed);
    links.number_orgs_and_people(&typed);
    links.roster.orgs = typed.orgs;
    links.classes(typed.classes, typed.courses);
    let with_roles = people_with_roles(&typed.roles);
    links.users(typed.users, &with_roles);
    typed.roles.into_iter().for_each(|row| links.role(row));
    links.relations(typed.relations);
    typed.enrollments.into_iter().for_each(|row| links.enrollment(row));
    typed.lessons.into_iter().for_each(|row| links.lesson(row));
    typed.timetables.into_iter().for_each(|row| links.timetable(row));
    links.roster.rows = typed.rows;
    links.refuse_too_many(rules)?;
    let mut roster = links.roster;
    roster.build_index();
    freeze_guardians(&mut roster, rules.before.as_deref());
    links.broken.into_iter().chain(links.doubts).for_each(|warning| warnings.push(warning));
    roster.warnings = warnings.into_list();
    Ok(roster)
}

/// The people for whom `users.role` does not count.
fn people_with_roles(roles: &[Linked<'_, Role, 2>]) -> HashSet<Box<str>> {
    roles.iter().map(|role| role.ids[0].as_ref().into()).collect()
}

/// Where a reference leads.
#[derive(Clone, Copy)]
enum Target<T> {
    Found(T),
    /// To a row that was itself left out.
    LeftOut,
    Missing,
}

impl<T> Target<T> {
    fn is_missing(&self) -> bool {
        matches!(self, Target::Missing)
    }
}

/// What the share of broken references is taken of: a table's rows, or the links between people.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Counted {
    Rows(Table),
    Agents,
}

impl Counted {
    fn name(self) -> &'static str {
        match self {
            Counted::Rows(table) => table.name(),
            Counted::Agents => "users.agentSourcedIds",
        }
    }
}

#[derive(Default)]
struct Links {
    roster: Roster,
    orgs: HashMap<Box<str>, OrgIx>,
    people: HashMap<Box<str>, PersonIx>,
    /// Every class of the document; without a position where its row was left out.
    classes: HashMap<Box<str>, Option<ClassIx>>,
    /// For what is counted: how many there are, and how many of them are broken.
    counts: BTreeMap<Counted, (u32, u32)>,
    /// Rows that were counted as broken.
    broken_rows: HashSet<Row>,
    broken: Vec<Fault>,
    doubts: Vec<Fault>,
}

impl Links {
    fn count_rows(&mut self, typed: &Typed<'_>) {
        for (table, rows) in &typed.rows {
            self.counts.insert(Counted::Rows(*table), (*rows, 0));
        }
        let links: u32 = typed.users.iter().map(|user| user.agents.len() as u32).sum();
        let links = links + typed.relations.len() as u32;
        self.counts.insert(Counted::Agents, (links, 0));
    }

    fn number_orgs_and_people(&mut self, typed: &Typed<'_>) {
        let orgs = typed.orgs.iter().zip(0..);
        self.orgs = orgs.map(|(org, at)| (org.id.clone(), OrgIx(at))).collect();
        let users = typed.users.iter().zip(0..);
        self.people = users.map(|(user, at)| (user.person.id.clone(), PersonIx(at))).collect();
    }

    fn org(&self, id: &str) -> Target<OrgIx> {
        self.orgs.get(id).map_or(Target::Missing, |org| Target::Found(*org))
    }

    fn person(&self, id: &str) -> Target<PersonIx> {
        self.people.get(id).map_or(Target::Missing, |person| Target::Found(*person))
    }

    fn class(&self, id: &str) -> Target<ClassIx> {
        match self.classes.get(id) {
            Some(Some(class)) => Target::Found(*class),
            Some(None) => Target::LeftOut,
            None => Target::Missing,
        }
    }

    fn is_absent(&self, person: Target<PersonIx>) -> bool {
        matches!(person, Target::Found(person) if self.roster.person(person).absent)
    }

    /// Counts a broken row, once.
    fn count(&mut self, row: Row) {
        if self.broken_rows.insert(row) {
            self.counts.entry(Counted::Rows(row.table)).or_default().1 += 1;
        }
    }

    fn report(&mut self, row: Row, column: &str, id: &str) {
        self.broken.push(findings::dangling(row.at(column), id));
    }

    fn freeze_class(&mut self, id: &str) {
        self.roster.frozen.classes.insert(id.to_owned());
    }

    fn freeze_person(&mut self, id: &str) {
        self.roster.frozen.people.insert(id.to_owned());
    }

    fn freeze_org(&mut self, id: &str) {
        self.roster.frozen.orgs.insert(id.to_owned());
    }

    fn classes(&mut self, rows: Vec<ClassRow<'_>>, courses: Vec<CourseRow>) {
        let titles: HashMap<Box<str>, Option<Box<str>>> =
            courses.iter().map(|row| (row.course.id.clone(), row.title())).collect();
        let mut homerooms = Vec::with_capacity(rows.len());
        for row in rows {
            let homeroom = row.homeroom.clone();
            if self.add_class(row, &titles) {
                homerooms.push(homeroom);
            }
        }
        for (at, homeroom) in homerooms.into_iter().enumerate() {
            self.homeroom(at, homeroom);
            self.class_teacher(at);
        }
        self.roster.courses =
            courses.into_iter().filter(|row| !row.absent).map(|row| row.course).collect();
    }

    /// Adds a class whose school exists.
    fn add_class(
        &mut self,
        row: ClassRow<'_>,
        courses: &HashMap<Box<str>, Option<Box<str>>>,
    ) -> bool {
        let at = row.class.row;
        let course = row.course.as_deref().map(|id| (id, courses.get(id)));
        let school = self.org(&row.school);
        if school.is_missing() {
            self.report(at, "schoolSourcedId", &row.school);
            self.freeze_org(&row.school);
        }
        let lost_course = course.filter(|(_, course)| course.is_none() && !row.class.dissolved);
        if let Some((id, _)) = lost_course {
            self.report(at, "courseSourcedId", id);
        }
        if school.is_missing() || lost_course.is_some() {
            self.freeze_class(&row.class.id);
            self.count(at);
        }
        let Target::Found(school) = school else {
            self.classes.insert(row.class.id, None);
            return false;
        };
        let title = course.and_then(|(_, title)| title.cloned().flatten());
        let mut class = row.class;
        class.school = school;
        class.subject = title.or(row.subject).unwrap_or_else(|| class.title.clone());
        self.classes.insert(class.id.clone(), Some(ClassIx(self.roster.classes.len() as u32)));
        self.roster.classes.push(class);
        true
    }

    /// Finds a journal's homeroom; a journal without the one that it names stays, frozen.
    fn homeroom(&mut self, at: usize, homeroom: Option<Box<str>>) {
        let Some(homeroom) = homeroom else { return };
        let target = self.class(&homeroom);
        if let Target::Found(homeroom) = target {
            // A journal that outlives its homeroom has none: nobody of a dissolved class is in its
            // chat. One that is dissolved with it still belongs to it.
            let gone = self.roster.class(homeroom).dissolved;
            let class = &mut self.roster.classes[at];
            class.homeroom = (class.dissolved || !gone).then_some(homeroom);
            return;
        }
        let class = &mut self.roster.classes[at];
        class.metadata.shift_remove("homeroom");
        if class.dissolved {
            return;
        }
        let (id, row) = (class.id.clone(), class.row);
        self.freeze_class(&id);
        self.freeze_class(&homeroom);
        if target.is_missing() {
            self.report(row, "metadata.homeroom", &homeroom);
            self.count(row);
        }
    }

    /// A class teacher who is no user: the class stays without, frozen. Not counted, because only
    /// some profiles read this name.
    fn class_teacher(&mut self, at: usize) {
        const KEY: &str = "classTeacherSourcedId";
        let class = &mut self.roster.classes[at];
        let teacher = class.metadata.get(KEY).and_then(|id| id.as_str());
        let teacher = teacher.filter(|id| !id.trim().is_empty() && !self.people.contains_key(*id));
        let Some(teacher) = teacher.map(str::to_owned) else { return };
        class.metadata.shift_remove(KEY);
        if class.dissolved {
            return;
        }
        let (id, row) = (class.id.clone(), class.row);
        self.freeze_class(&id);
        self.freeze_person(&teacher);
        self.report(row, &format!("metadata.{KEY}"), &teacher);
    }

    fn role(&mut self, linked: Linked<'_, Role, 2>) {
        let [person_id, org_id] = linked.ids;
        let (person, org) = (self.person(&person_id), self.org(&org_id));
        if let (Target::Found(person), Target::Found(org)) = (person, org) {
            self.roster.roles.push(Role { person, org, ..linked.row });
            return;
        }
        let absent_org = matches!(org, Target::Found(org) if self.roster.org(org).absent);
        if linked.row.absent || absent_org || self.is_absent(person) {
            return;
        }
        self.freeze_person(&person_id);
        self.freeze_org(&org_id);
        self.count(linked.row.row);
        if person.is_missing() {
            self.report(linked.row.row, "userSourcedId", &person_id);
        }
        if org.is_missing() {
            self.report(linked.row.row, "orgSourcedId", &org_id);
        }
    }

    fn users(&mut self, users: Vec<UserRow>, with_roles: &HashSet<Box<str>>) {
        let schools = self.roster.schools();
        for (mut user, at) in users.into_iter().zip(0..) {
            if !with_roles.contains(&user.person.id) {
                self.own_role(PersonIx(at), &user, &schools);
            }
            user.person.agents = self.agents(&user);
            self.roster.people.push(user.person);
        }
    }

    /// OneRoster 1.1's `users.role` at each organisation of the user; at the only school where the
    /// user names none.
    fn own_role(&mut self, person: PersonIx, user: &UserRow, schools: &[OrgIx]) {
        let Some(role) = &user.role else { return };
        let row = user.person.row;
        if user.orgs.is_empty() {
            match schools {
                [only] => self.roster.roles.push(undated_role(person, *only, role, row)),
                _ if user.person.absent => {}
                _ => {
                    let at = row.at("orgSourcedIds");
                    self.doubts.push(findings::role_without_org(at, role));
                }
            }
        }
        for (place, id) in &user.orgs {
            match self.org(id) {
                Target::Found(org) => {
                    self.roster.roles.push(undated_role(person, org, role, row));
                }
                _ if user.person.absent => {}
                _ => {
                    self.report(row, &format!("orgSourcedIds[{place}]"), id);
                    self.freeze_person(&user.person.id);
                    self.freeze_org(id);
                    self.count(row);
                }
            }
        }
    }

    fn agents(&mut self, user: &UserRow) -> Vec<PersonIx> {
        let mut agents = Vec::with_capacity(user.agents.len());
        for (place, id) in &user.agents {
            match self.person(id) {
                Target::Found(agent) => agents.push(agent),
                _ if user.person.absent => {}
                _ => {
                    self.report(user.person.row, &format!("agentSourcedIds[{place}]"), id);
                    self.freeze_person(&user.person.id);
                    self.freeze_person(id);
                    self.counts.entry(Counted::Agents).or_default().1 += 1;
                }
            }
        }
        agents
    }

    /// Links students and guardians. A relation makes its guardian one at the student's
    /// organisations, because the forms that have relations list no roles of guardians.
    fn relations(&mut self, relations: Vec<Relation<'_>>) {
        if relations.is_empty() {
            return;
        }
        let roles = self.roster.roles.iter();
        let guards = roles.clone().filter(|role| GUARDIAN.contains(&&*role.role));
        let mut guards: HashSet<(PersonIx, OrgIx)> =
            guards.map(|role| (role.person, role.org)).collect();
        let mut orgs: HashMap<PersonIx, Vec<OrgIx>> = HashMap::new();
        for role in roles.filter(|role| !role.absent && &*role.role == "student") {
            orgs.entry(role.person).or_default().push(role.org);
        }
        for relation in relations {
            let (student, guardian) =
                (self.person(&relation.student), self.person(&relation.guardian));
            let (Target::Found(student), Target::Found(guardian)) = (student, guardian) else {
                self.lost_relation(&relation, student, guardian);
                continue;
            };
            let agents = &mut self.roster.people[student.0 as usize].agents;
            if !agents.contains(&guardian) {
                agents.push(guardian);
            }
            for &org in orgs.get(&student).into_iter().flatten() {
                if guards.insert((guardian, org)) {
                    let role = undated_role(guardian, org, &relation.role, relation.row);
                    self.roster.roles.push(role);
                }
            }
        }
    }

    fn lost_relation(
        &mut self,
        relation: &Relation<'_>,
        student: Target<PersonIx>,
        guardian: Target<PersonIx>,
    ) {
        if self.is_absent(student) || self.is_absent(guardian) {
            return;
        }
        self.freeze_person(&relation.student);
        self.freeze_person(&relation.guardian);
        if student.is_missing() {
            self.report(relation.row, "userSourcedId", &relation.student);
        }
        if guardian.is_missing() {
            self.report(relation.row, "agentSourcedIds", &relation.guardian);
        }
        self.counts.entry(Counted::Agents).or_default().1 += 1;
    }

    fn enrollment(&mut self, linked: Linked<'_, Enrollment, 2>) {
        let [class_id, person_id] = linked.ids;
        let (class, person) = (self.class(&class_id), self.person(&person_id));
        if let (Target::Found(class), Target::Found(person)) = (class, person) {
            self.roster.enrollments.push(Enrollment { class, person, ..linked.row });
            return;
        }
        let dissolved = matches!(class, Target::Found(class) if self.roster.class(class).dissolved);
        if linked.row.absent || dissolved || self.is_absent(person) {
            return;
        }
        self.freeze_class(&class_id);
        self.freeze_person(&person_id);
        if class.is_missing() {
            self.report(linked.row.row, "classSourcedId", &class_id);
        }
        if person.is_missing() {
            self.report(linked.row.row, "userSourcedId", &person_id);
        }
        if class.is_missing() || person.is_missing() {
            self.count(linked.row.row);
        }
    }

    fn lesson(&mut self, linked: Linked<'_, Lesson, 1>) {
        let [class_id] = linked.ids;
        match self.class(&class_id) {
            Target::Found(class) => self.roster.lessons.push(Lesson { class, ..linked.row }),
            Target::Missing if !linked.row.absent => {
                self.report(linked.row.row, "classSourcedId", &class_id);
                self.count(linked.row.row);
            }
            _ => {}
        }
    }

    fn timetable(&mut self, row: TimetableRow) {
        let mut timetable = row.timetable;
        for (place, id) in &row.classes {
            match self.class(id) {
                Target::Found(class) => timetable.classes.push(class),
                Target::Missing if !timetable.absent => {
                    self.report(timetable.row, &format!("classSourcedIds[{place}]"), id);
                    self.count(timetable.row);
                }
                _ => {}
            }
        }
        self.roster.timetables.push(timetable);
    }

    /// Refuses a roster of which more is broken than a few mistakes explain. The broken references
    /// follow, so that they can be found.
    fn refuse_too_many(&mut self, rules: &Rules) -> Result<(), Vec<Fault>> {
        let mut faults = Findings::default();
        for (what, &(of, broken)) in &self.counts {
            let over = f64::from(broken) > rules.dangling_share * f64::from(of);
            if over && broken >= rules.minimum.max(1) {
                let name = what.name();
                faults.push(findings::too_many_dangling(name, broken, of, rules.dangling_share));
            }
        }
        if faults.is_empty() {
            return Ok(());
        }
        std::mem::take(&mut self.broken).into_iter().for_each(|fault| faults.push(fault));
        Err(faults.into_list())
    }
}

impl CourseRow {
    /// The title that this course gives its journals, if any.
    fn title(&self) -> Option<Box<str>> {
        let filled = !self.absent && !self.course.title.is_empty();
        filled.then(|| self.course.title.clone())
    }
}

fn undated_role(person: PersonIx, org: OrgIx, role: &str, row: Row) -> Role {
    Role {
        person,
        org,
        role: role.into(),
        primary: true,
        span: Span::default(),
        metadata: Metadata::new(),
        absent: false,
        row,
    }
}

/// Freezes the guardians of frozen people, as this roster and the last accepted one know them. The
/// guardians found here freeze nobody.
fn freeze_guardians(roster: &mut Roster, before: Option<&Roster>) {
    let mut guardians = BTreeSet::new();
    for id in &roster.frozen.people {
        guardians.extend(guardians_in(roster, id));
        guardians.extend(before.into_iter().flat_map(|before| guardians_in(before, id)));
    }
    roster.frozen.people.extend(guardians);
}

fn guardians_in<'r>(roster: &'r Roster, id: &str) -> impl Iterator<Item = String> + 'r {
    let student = roster.find_person(id);
    student
        .into_iter()
        .flat_map(|student| roster.guardians_of(student))
        .map(|guardian| roster.person(guardian).id.to_string())
}
