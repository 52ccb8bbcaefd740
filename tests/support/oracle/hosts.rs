//! The colleges and «АйТи Школа», as the interface's table has them.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{Chat, Look, People, Should, chat, deleted, list, text};

type Chats = BTreeMap<String, Chat>;

impl Look<'_> {
    /// E1: all staff; each group that has a curator, and its parents. E2: no curator, no chats.
    pub(super) fn epos_spo(&self) -> Chats {
        let mut chats = Chats::new();
        let heads = self.with_role(&["siteAdministrator"]);
        let staff = chat("Преподаватели".to_owned(), Should::Be, self.staff(), heads);
        chats.insert(format!("teachers:{}", self.school), staff);
        for group in self.classes("homeroom") {
            let should = match self.curators(group).is_empty() {
                _ if deleted(group) => Should::Rest,
                true => Should::Wait,
                false => Should::Be,
            };
            self.two_chats(&mut chats, group, should, ["Группа", "Родители"]);
        }
        chats
    }

    /// A1, A3: whom the host itself calls a teacher of a subject, led by its own administrators;
    /// every group and its parents; every subject of a group.
    pub(super) fn ais_poo(&self) -> Chats {
        let mut chats = Chats::new();
        let members = self.staff_with_access("Преподаватель-предметник");
        let admins = self.staff_with_access("Администратор ПОО");
        let teachers = chat("Учительская".to_owned(), Should::Be, members, admins);
        chats.insert(format!("teachers:{}", self.school), teachers);
        for group in self.classes("homeroom") {
            self.two_chats(&mut chats, group, be_unless(deleted(group)), ["Группа", "Родители"]);
        }
        for journal in self.classes("scheduled") {
            let should = be_unless(deleted(journal) || self.homeroom(journal).is_none());
            let title = format!("{}/{}", self.journal_class(journal), self.subject(journal));
            let teachers = self.enrolled(journal, "teacher", false);
            let made = chat(title, should, self.students(journal), teachers);
            chats.insert(format!("subject:{}", text(journal, "sourcedId")), made);
        }
        chats
    }

    /// I3: the teachers, every class, its parents.
    pub(super) fn it_school(&self) -> Chats {
        let mut chats = Chats::new();
        let (members, admins) =
            (self.with_role(&["teacher"]), self.with_role(&["siteAdministrator"]));
        let teachers = chat("Учительский чат".to_owned(), Should::Be, members, admins);
        chats.insert(format!("teachers:{}", self.school), teachers);
        for class in self.classes("homeroom") {
            let names = ["Чат класса", "Родительский чат"];
            self.two_chats(&mut chats, class, be_unless(deleted(class)), names);
        }
        chats
    }

    /// A class's own chat and that of its parents, both led by its primary teachers.
    fn two_chats(&self, chats: &mut Chats, class: &Value, should: Should, names: [&str; 2]) {
        let (id, title) = (text(class, "sourcedId"), text(class, "title"));
        let (curators, students) = (self.curators(class), self.students(class));
        let guardians = self.guardians_of_all(&students);
        let [of_class, of_parents] = names.map(|name| format!("{title} - {name}"));
        let of_class = chat(of_class, should, students, curators.clone());
        let of_parents = chat(of_parents, should, guardians, curators);
        chats.insert(format!("class:{id}"), of_class);
        chats.insert(format!("parents:{id}"), of_parents);
    }

    fn curators(&self, class: &Value) -> People {
        self.enrolled(class, "teacher", true)
    }

    fn staff_with_access(&self, role: &str) -> People {
        let mut people = People::new();
        for who in self.staff() {
            let access = list(&self.users[who.as_str()]["metadata"]["accessRoles"]);
            if access.iter().any(|has| has == role) {
                people.insert(who);
            }
        }
        people
    }
}

fn be_unless(rests: bool) -> Should {
    if rests { Should::Rest } else { Should::Be }
}
