//! What the messenger should look like by the rules of «Параграф», written down a second time and
//! in another way than the library's: straight from the roster's rows.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use serde_json::Value;

/// Accounts in a chat.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Chat {
    pub(crate) members: BTreeSet<String>,
    pub(crate) admins: BTreeSet<String>,
}

/// The chats by title, those of subjects left out.
pub(crate) fn expected(roster: &Value, today: Date) -> BTreeMap<String, Chat> {
    let data = Data { roster, today: today.to_string() };
    let mut chats = BTreeMap::from([("Учительская".to_owned(), data.teachers())]);
    let homerooms = rows(roster, "classes").filter(|class| class["classType"] == "homeroom");
    for class in homerooms.filter(|class| active(class)) {
        let (students, parents) = data.class(class);
        chats.insert(format!("{} - Чат учеников", text(class, "title")), students);
        chats.insert(format!("{} - Родительский чат", text(class, "title")), parents);
    }
    chats
}

/// A person's first account.
pub(crate) fn account(user: &Value) -> Option<String> {
    let accounts = user["userIds"].as_array()?;
    let account = accounts.iter().find(|account| account["type"] == "vk")?;
    account["identifier"].as_str().map(str::to_owned)
}

struct Data<'a> {
    roster: &'a Value,
    today: String,
}

fn rows<'a>(roster: &'a Value, table: &str) -> impl Iterator<Item = &'a Value> {
    roster[table].as_array().into_iter().flatten()
}

fn text<'a>(row: &'a Value, column: &str) -> &'a str {
    row[column].as_str().unwrap_or_default()
}

fn texts(value: &Value) -> impl Iterator<Item = &str> {
    value.as_array().into_iter().flatten().filter_map(Value::as_str)
}

fn active(row: &Value) -> bool {
    row["status"] != "tobedeleted" && row["enabledUser"] != false
}

impl<'a> Data<'a> {
    /// ISO dates compare as texts: the first day counts, the last does not.
    fn in_force(&self, row: &Value) -> bool {
        let end = text(row, "endDate");
        active(row)
            && text(row, "beginDate") <= &*self.today
            && (end.is_empty() || *self.today < *end)
    }

    fn user(&self, id: &str) -> Option<&'a Value> {
        rows(self.roster, "users").find(|user| user["sourcedId"] == id).filter(|user| active(user))
    }

    /// The roles in force. A user without any row of roles has the one in the user's own row, as
    /// OneRoster 1.1 writes it.
    fn roles(&self, id: &'a str) -> impl Iterator<Item = &'a Value> {
        let own = |role: &&Value| role["userSourcedId"] == id;
        let mut roles: Vec<&Value> = rows(self.roster, "roles").filter(own).collect();
        if roles.is_empty() {
            roles.extend(self.user(id).filter(|user| user["role"].is_string()));
        }
        roles.into_iter().filter(|role| self.in_force(role))
    }

    fn is_staff(&self, id: &'a str) -> bool {
        let others = ["student", "guardian", "parent", "relative"];
        self.roles(id).any(|role| !others.contains(&text(role, "role")))
    }

    fn add(&self, chat: &mut Chat, id: &str, admin: bool) {
        let Some(account) = self.user(id).and_then(account) else { return };
        if admin {
            chat.admins.insert(account.clone());
        }
        chat.members.insert(account);
    }

    fn teachers(&self) -> Chat {
        let mut chat = Chat::default();
        for user in rows(self.roster, "users") {
            let id = text(user, "sourcedId");
            let head = |role: &Value| role["metadata"]["positionLevel"] == "Руководитель 1 уровня";
            let manages = user["metadata"]["actingHead"] == true
                || texts(&user["metadata"]["accessRoles"])
                    .any(|role| role == "Администратор" || role == "Руководитель");
            let admin = self.roles(id).any(head) || manages && self.is_staff(id);
            if admin || self.roles(id).any(|role| role["role"] == "teacher") {
                self.add(&mut chat, id, admin);
            }
        }
        chat
    }

    /// The students' and the parents' chat of a class.
    fn class(&self, class: &'a Value) -> (Chat, Chat) {
        let (mut students, mut parents) = (Chat::default(), Chat::default());
        let of_class = |row: &&Value| row["classSourcedId"] == class["sourcedId"];
        for row in rows(self.roster, "enrollments").filter(of_class) {
            let student = text(row, "userSourcedId");
            if row["role"] != "student" || !self.in_force(row) || self.user(student).is_none() {
                continue;
            }
            self.add(&mut students, student, false);
            self.guardians(student).iter().for_each(|id| self.add(&mut parents, id, false));
        }
        let teacher = text(&class["metadata"], "classTeacherSourcedId");
        if self.is_staff(teacher) {
            self.add(&mut students, teacher, true);
            self.add(&mut parents, teacher, true);
        }
        (students, parents)
    }

    /// Those whom the student names, in that order, then those who name the student, six at most.
    fn guardians(&self, student: &str) -> Vec<&'a str> {
        const MOST: usize = 6;
        let named = self.user(student).map(|user| texts(&user["agentSourcedIds"]).collect());
        let mut found: Vec<&str> = named.unwrap_or_default();
        let mut naming: Vec<&str> = rows(self.roster, "users")
            .filter(|user| texts(&user["agentSourcedIds"]).any(|id| id == student))
            .map(|user| text(user, "sourcedId"))
            .filter(|id| !found.contains(id))
            .collect();
        naming.sort_unstable();
        found.extend(naming);
        found.retain(|id| self.may_guard(id));
        found.truncate(MOST);
        found
    }

    fn may_guard(&self, id: &'a str) -> bool {
        let kin = |role: &Value| ["guardian", "parent", "relative"].contains(&text(role, "role"));
        let user = self.user(id);
        user.is_some_and(|user| user["metadata"]["emergencyContact"] != true)
            && self.roles(id).any(kin)
    }
}
