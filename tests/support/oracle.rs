//! Who should be where, a second time: straight loops over the rows, written from the interface's
//! tables and rulings and not from the library. Slow and plain on purpose.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

#[path = "oracle/hosts.rs"]
mod hosts;

/// What should become of a chat.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Should {
    Be,
    /// Be made when its hour comes; stay if it is there already.
    Wait,
    Rest,
}

/// A chat as it should be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Chat {
    pub(crate) title: String,
    pub(crate) should: Should,
    /// By `sourcedId`, linked or not.
    pub(crate) members: BTreeSet<String>,
    pub(crate) admins: BTreeSet<String>,
}

impl Chat {
    /// The accounts of the members on a messenger.
    pub(crate) fn accounts(&self, roster: &Value, platform: &str) -> BTreeSet<String> {
        self.members.iter().filter_map(|who| account(roster, who, platform)).collect()
    }

    /// The accounts of the admins on a messenger.
    pub(crate) fn admin_accounts(&self, roster: &Value, platform: &str) -> BTreeSet<String> {
        self.admins.iter().filter_map(|who| account(roster, who, platform)).collect()
    }
}

/// The first account that the roster names for this person on this messenger.
pub(crate) fn account(roster: &Value, who: &str, platform: &str) -> Option<String> {
    for account in list(&find(roster, "users", who)?["userIds"]) {
        if account["type"] == platform {
            return account["identifier"].as_str().map(str::to_owned);
        }
    }
    None
}

/// Every chat of the first school, by key.
pub(crate) fn chats(profile: &str, roster: &Value, today: &str) -> BTreeMap<String, Chat> {
    let school = Look::new(roster, today);
    match profile {
        "paragraf" => school.paragraf(),
        "oneroster" => school.oneroster(),
        "epos_spo" => school.epos_spo(),
        "ais_poo" => school.ais_poo(),
        "it_school" => school.it_school(),
        other => panic!("nothing is written here about the profile {other}"),
    }
}

fn the_school(roster: &Value) -> &str {
    let schools: Vec<&Value> =
        rows(roster, "orgs").iter().filter(|org| org["type"] == "school").collect();
    assert_eq!(schools.len(), 1, "the tests have one school");
    text(schools[0], "sourcedId")
}

/// One school on one day.
struct Look<'r> {
    roster: &'r Value,
    today: &'r str,
    school: &'r str,
    /// Who is not absent.
    users: BTreeMap<&'r str, &'r Value>,
    held: Vec<Held>,
}

type People = BTreeSet<String>;

impl<'r> Look<'r> {
    /// A disabled user and a deleted row count as absent.
    fn new(roster: &'r Value, today: &'r str) -> Look<'r> {
        let mut users = BTreeMap::new();
        for user in rows(roster, "users") {
            if !deleted(user) && user["enabledUser"] != false {
                users.insert(text(user, "sourcedId"), user);
            }
        }
        let school = the_school(roster);
        let mut look = Look { roster, today, school, users, held: Vec::new() };
        look.held = look.roles();
        look
    }

    // The profiles.

    fn paragraf(&self) -> BTreeMap<String, Chat> {
        let mut chats = BTreeMap::new();
        let (members, admins) = (self.with_role(&["teacher"]), self.paragraf_heads());
        let teachers = chat("Учительская".to_owned(), Should::Be, members, admins);
        chats.insert(format!("teachers:{}", self.school), teachers);
        for class in self.classes("homeroom") {
            let (id, title) = (text(class, "sourcedId"), text(class, "title"));
            let should = if deleted(class) { Should::Rest } else { Should::Be };
            let teacher = self.class_teacher(class);
            let students = self.students(class);
            let guardians = self.guardians_of_all(&students);
            let title_of = |kind: &str| format!("{title} - {kind}");
            let of_class = chat(title_of("Чат учеников"), should, students, teacher.clone());
            let of_parents = chat(title_of("Родительский чат"), should, guardians, teacher);
            chats.insert(format!("class:{id}"), of_class);
            chats.insert(format!("parents:{id}"), of_parents);
        }
        for journal in self.classes("scheduled") {
            let teachers = self.enrolled(journal, "teacher", false);
            let should = self.paragraf_subject(journal);
            let title = format!("{}/{}", self.journal_class(journal), self.subject(journal));
            let made = chat(title, should, self.students(journal), teachers);
            chats.insert(format!("subject:{}", text(journal, "sourcedId")), made);
        }
        chats
    }

    fn oneroster(&self) -> BTreeMap<String, Chat> {
        let mut chats = BTreeMap::new();
        let heads = self.with_role(&["principal", "siteAdministrator"]);
        let staff = chat("Staff".to_owned(), Should::Be, self.staff(), heads);
        chats.insert(format!("teachers:{}", self.school), staff);
        for class in self.classes("homeroom") {
            let (id, title) = (text(class, "sourcedId"), text(class, "title"));
            let should = if deleted(class) { Should::Rest } else { Should::Be };
            let curators = self.enrolled(class, "teacher", true);
            let students = self.students(class);
            let guardians = self.guardians_of_all(&students);
            let of_class = chat(title.to_owned(), should, students, curators.clone());
            let of_parents = chat(format!("{title} - parents"), should, guardians, curators);
            chats.insert(format!("class:{id}"), of_class);
            chats.insert(format!("parents:{id}"), of_parents);
        }
        for journal in self.classes("scheduled") {
            let should = if deleted(journal) { Should::Rest } else { Should::Be };
            let all = self.enrolled(journal, "teacher", false);
            let first = self.enrolled(journal, "teacher", true);
            let leads = if first.is_empty() { all.clone() } else { first };
            let people = &self.students(journal) | &all;
            let made = chat(text(journal, "title").to_owned(), should, people, leads);
            chats.insert(format!("subject:{}", text(journal, "sourcedId")), made);
        }
        chats
    }

    /// P7: the director, whoever acts as head, and two host access roles.
    fn paragraf_heads(&self) -> People {
        let mut heads = People::new();
        for row in &self.held {
            let director = row.level == "Руководитель 1 уровня";
            if row.at_school && is_staff(&row.role) && director {
                heads.insert(row.who.clone());
            }
        }
        for who in self.staff() {
            let metadata = &self.users[who.as_str()]["metadata"];
            let named = |role: &str| list(&metadata["accessRoles"]).iter().any(|has| has == role);
            if metadata["actingHead"] == true || named("Администратор") || named("Руководитель")
            {
                heads.insert(who);
            }
        }
        heads
    }

    /// P7: only whom the class card names, and only with a staff role in force.
    fn class_teacher(&self, class: &Value) -> People {
        let named = text(&class["metadata"], "classTeacherSourcedId");
        let staff = self.held.iter().any(|row| row.who == named && is_staff(&row.role));
        if staff { People::from([named.to_owned()]) } else { People::new() }
    }

    /// P9: the mode of the journal decides whether, the first lesson decides from when.
    fn paragraf_subject(&self, journal: &Value) -> Should {
        let metadata = &journal["metadata"];
        if deleted(journal)
            || metadata["subjectChat"] != true
            || metadata["generalEducation"] != true
        {
            return Should::Rest;
        }
        for lesson in rows(self.roster, "lessons") {
            let (of, state) = (&lesson["classSourcedId"], text(&lesson["metadata"], "state"));
            let shown = state == "published" || state == "conducted";
            let online = lesson["metadata"]["online"] == true;
            if of == &journal["sourcedId"] && !deleted(lesson) && online && shown {
                return Should::Be;
            }
        }
        Should::Wait
    }

    // People.

    /// Every role in force. `users.role` counts only for who has no row in `roles`.
    fn roles(&self) -> Vec<Held> {
        let mut held = Vec::new();
        let mut with_rows = BTreeSet::new();
        for row in rows(self.roster, "roles") {
            let who = text(row, "userSourcedId");
            with_rows.insert(who);
            if self.in_force(row) && self.users.contains_key(who) {
                let level = text(&row["metadata"], "positionLevel").to_owned();
                let at_school = row["orgSourcedId"] == self.school;
                let role = text(row, "role").to_owned();
                held.push(Held { who: who.to_owned(), role, level, at_school });
            }
        }
        for (who, user) in &self.users {
            let role = text(user, "role").to_owned();
            if !role.is_empty() && !with_rows.contains(who) {
                let who = (*who).to_owned();
                held.push(Held { who, role, level: String::new(), at_school: true });
            }
        }
        held
    }

    fn with_role(&self, names: &[&str]) -> People {
        let here = self.held.iter().filter(|row| row.at_school);
        let held = here.filter(|row| names.contains(&row.role.as_str()));
        held.map(|row| row.who.clone()).collect()
    }

    fn staff(&self) -> People {
        let here = self.held.iter().filter(|row| row.at_school && is_staff(&row.role));
        here.map(|row| row.who.clone()).collect()
    }

    fn may_guard(&self, who: &str) -> bool {
        let guards = |row: &&Held| ["guardian", "parent", "relative"].contains(&row.role.as_str());
        self.held.iter().filter(guards).any(|row| row.who == who)
            && self.users[who]["metadata"]["emergencyContact"] != true
    }

    fn in_force(&self, row: &Value) -> bool {
        let (begins, ends) = (text(row, "beginDate"), text(row, "endDate"));
        !deleted(row)
            && (begins.is_empty() || begins <= self.today)
            && (ends.is_empty() || self.today < ends)
    }

    /// Ruling 7, with the default of six.
    fn guardians(&self, student: &str) -> Vec<String> {
        let agents = list(&self.users[student]["agentSourcedIds"]).iter();
        let named = agents.map(|agent| agent.as_str().expect("an id"));
        let names = |user: &Value| list(&user["agentSourcedIds"]).iter().any(|who| who == student);
        // A map of ids is sorted by them.
        let naming = self.users.iter().filter(|(_, user)| names(user)).map(|(who, _)| *who);
        let mut guardians: Vec<String> = Vec::new();
        for who in named.chain(naming) {
            if self.may_guard(who) && guardians.iter().all(|other| other != who) {
                guardians.push(who.to_owned());
            }
        }
        guardians.truncate(6);
        guardians
    }

    fn guardians_of_all(&self, students: &People) -> People {
        students.iter().flat_map(|student| self.guardians(student)).collect()
    }

    // Classes.

    fn classes(&self, class_type: &str) -> Vec<&'r Value> {
        let of_school = |class: &&Value| class["schoolSourcedId"] == self.school;
        let all = rows(self.roster, "classes").iter().filter(of_school);
        all.filter(|class| class["classType"] == class_type).collect()
    }

    /// The homeroom of a journal, if it is there.
    fn homeroom(&self, class: &Value) -> Option<&'r Value> {
        let home = find(self.roster, "classes", text(&class["metadata"], "homeroom"))?;
        (class["classType"] == "scheduled" && !deleted(home)).then_some(home)
    }

    /// Ruling 9: a journal without a single student row has its homeroom's students.
    fn students(&self, class: &Value) -> People {
        let id = &class["sourcedId"];
        let own = rows(self.roster, "enrollments")
            .iter()
            .any(|row| row["classSourcedId"] == *id && row["role"] == "student");
        match self.homeroom(class) {
            Some(home) if !own => self.enrolled(home, "student", false),
            _ => self.enrolled(class, "student", false),
        }
    }

    fn enrolled(&self, class: &Value, role: &str, only_primary: bool) -> People {
        let mut people = People::new();
        for row in rows(self.roster, "enrollments") {
            let who = text(row, "userSourcedId");
            let right = row["classSourcedId"] == class["sourcedId"] && row["role"] == role;
            let primary = !only_primary || row["primary"] == true;
            if right && primary && self.in_force(row) && self.users.contains_key(who) {
                people.insert(who.to_owned());
            }
        }
        people
    }

    fn journal_class(&self, journal: &'r Value) -> &'r str {
        text(self.homeroom(journal).unwrap_or(journal), "title")
    }

    /// The title of the course, else the first of `subjects`, else the journal's own title.
    fn subject(&self, journal: &'r Value) -> &'r str {
        let course = find(self.roster, "courses", text(journal, "courseSourcedId"));
        let course = course.filter(|course| !deleted(course)).map(|course| text(course, "title"));
        let first = list(&journal["subjects"]).first().and_then(Value::as_str);
        course.or(first).unwrap_or_else(|| text(journal, "title"))
    }
}

/// One role in force.
struct Held {
    who: String,
    role: String,
    level: String,
    at_school: bool,
}

fn is_staff(role: &str) -> bool {
    !["student", "guardian", "parent", "relative"].contains(&role)
}

/// Admins are always members.
fn chat(title: String, should: Should, members: People, admins: People) -> Chat {
    Chat { title, should, members: &members | &admins, admins }
}

fn deleted(row: &Value) -> bool {
    row["status"] == "tobedeleted"
}

fn find<'r>(roster: &'r Value, table: &str, id: &str) -> Option<&'r Value> {
    rows(roster, table).iter().find(|row| row["sourcedId"] == id)
}

fn rows<'r>(roster: &'r Value, table: &str) -> &'r [Value] {
    list(&roster[table])
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn text<'r>(row: &'r Value, column: &str) -> &'r str {
    row[column].as_str().unwrap_or_default()
}
