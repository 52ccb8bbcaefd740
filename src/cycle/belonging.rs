//! Who is one of a school's people: for chats made by hand and for changes to automatic ones, of
//! which no rule of the profile says who leaves.

use std::cell::OnceCell;
use std::collections::{BTreeMap, BTreeSet};

use crate::plan::Lacking;
use crate::roster::{GUARDIAN, NOT_STAFF, OrgIx, PersonIx, Roster};

/// As what somebody belongs to a school.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Standing {
    /// A role of the staff, or a class that is taught or led.
    Staff,
    /// A place in a class.
    Student,
    /// A guardian's role, and a student.
    Guardian,
    /// Known by name only, where the host tells no more.
    Unnamed,
}

impl Standing {
    /// The word in the state file.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Standing::Staff => "staff",
            Standing::Student => "student",
            Standing::Guardian => "guardian",
            Standing::Unnamed => "unnamed",
        }
    }
}

/// Judges it by one roster.
pub(crate) struct Belonging<'r> {
    roster: &'r Roster,
    /// Something is missing from the roster: who has lost a class may have lost it with that.
    doubtful: bool,
    kin: OnceCell<BTreeMap<PersonIx, BTreeSet<PersonIx>>>,
    placing: OnceCell<BTreeSet<OrgIx>>,
}

impl<'r> Belonging<'r> {
    pub(crate) fn new(roster: &'r Roster, lacking: &Lacking) -> Belonging<'r> {
        let doubtful =
            !lacking.tables.is_empty() || !lacking.orgs.is_empty() || !lacking.classes.is_empty();
        Belonging { roster, doubtful, kin: OnceCell::new(), placing: OnceCell::new() }
    }

    /// The person, where the roster knows them as one of the school's; without a school, as one of
    /// any.
    pub(crate) fn find(&self, school: Option<OrgIx>, person: &str) -> Option<PersonIx> {
        let found = self.roster.find_person(person)?;
        (!self.standings(school, found).is_empty()).then_some(found)
    }

    /// Whether this can be relied on.
    pub(crate) fn is_sure(&self, person: PersonIx) -> bool {
        let id = &self.roster.person(person).id;
        !self.doubtful && !self.roster.frozen.people.contains(&**id)
    }

    /// As what somebody belongs there. A role alone makes nobody a student, as long as the host has
    /// its students in classes: hosts leave it to those who have left. Nor is anybody a guardian of
    /// nobody.
    pub(crate) fn standings(&self, school: Option<OrgIx>, person: PersonIx) -> BTreeSet<Standing> {
        let mut standings = BTreeSet::new();
        if self.roster.person(person).absent {
            return standings;
        }
        let mut put = |one: Standing, is: bool| is.then(|| standings.insert(one));
        put(Standing::Staff, self.works(school, person));
        put(Standing::Student, self.studies(school, person));
        put(Standing::Guardian, self.guards(school, person));
        put(Standing::Unnamed, self.is_unnamed(school, person));
        standings
    }

    fn works(&self, school: Option<OrgIx>, person: PersonIx) -> bool {
        self.has_role(school, person, |role| !NOT_STAFF.contains(&role))
            || self.has_class(school, person, |role| !NOT_STAFF.contains(&role))
    }

    fn studies(&self, school: Option<OrgIx>, person: PersonIx) -> bool {
        self.has_class(school, person, |role| role == "student")
            || (self.by_role_alone(school, person)
                && self.has_role(school, person, |role| role == "student"))
    }

    fn guards(&self, school: Option<OrgIx>, person: PersonIx) -> bool {
        if !self.has_role(school, person, |role| GUARDIAN.contains(&role)) {
            // The role may be at another school than the child, or told in a class only.
            return self.has_class(school, person, |role| GUARDIAN.contains(&role));
        }
        let kin = self.kin();
        !self.is_sure(person)
            || kin.is_empty()
            || kin.get(&person).into_iter().flatten().any(|child| self.studies(school, *child))
    }

    /// Of whom the host tells neither a role nor a class.
    fn is_unnamed(&self, school: Option<OrgIx>, person: PersonIx) -> bool {
        let roster = self.roster;
        let nothing_told = roster.roles.is_empty() || !self.is_sure(person);
        let only = school.is_none() || roster.schools().len() < 2 || self.doubtful;
        let rows = roster.roles_of(person).next().is_some()
            || roster.enrollments_of_person(person).next().is_some();
        nothing_told && only && !rows
    }

    fn has_role(&self, school: Option<OrgIx>, person: PersonIx, is: impl Fn(&str) -> bool) -> bool {
        let mut held = self.roster.roles_of(person);
        held.any(|one| {
            self.serves(school, one.org) && self.roster.role_in_force(one) && is(&one.role)
        })
    }

    fn has_class(
        &self,
        school: Option<OrgIx>,
        person: PersonIx,
        is: impl Fn(&str) -> bool,
    ) -> bool {
        let mut rows = self.roster.enrollments_of_person(person);
        rows.any(|row| {
            let class = self.roster.class(row.class);
            let here = !class.dissolved && self.serves(school, class.school);
            here && self.roster.enrollment_in_force(row) && is(&row.role)
        })
    }

    /// Where there is one school only, everything is its own.
    fn serves(&self, school: Option<OrgIx>, org: OrgIx) -> bool {
        school.is_none_or(|school| school == org) || self.roster.schools().len() < 2
    }

    /// Whether a student's role is all that can be asked for: the school's students are in no
    /// classes, or the class may be what is missing.
    fn by_role_alone(&self, school: Option<OrgIx>, person: PersonIx) -> bool {
        let placing = self.placing.get_or_init(|| {
            let rows = self.roster.enrollments.iter().filter(|row| &*row.role == "student");
            rows.map(|row| self.roster.class(row.class).school).collect()
        });
        !self.is_sure(person) || !placing.iter().any(|org| self.serves(school, *org))
    }

    /// Who is named as whose child or guardian, from either side.
    fn kin(&self) -> &BTreeMap<PersonIx, BTreeSet<PersonIx>> {
        self.kin.get_or_init(|| {
            let mut kin: BTreeMap<PersonIx, BTreeSet<PersonIx>> = BTreeMap::new();
            for person in (0..self.roster.people.len() as u32).map(PersonIx) {
                for agent in &self.roster.person(person).agents {
                    kin.entry(*agent).or_default().insert(person);
                    kin.entry(person).or_default().insert(*agent);
                }
            }
            kin
        })
    }
}
