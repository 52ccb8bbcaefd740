//! A school small enough to be checked by eye: one staff room and classes of students with a parent
//! each.
#![allow(dead_code, reason = "each file of tests needs its own part of this")]

use serde_json::{Value, json};

/// A roster under construction.
pub(crate) struct School(pub(crate) Value);

/// The account of the n-th person.
pub(crate) fn account(n: u32) -> i64 {
    i64::from(1000 + n)
}

impl School {
    /// A director (1), a teacher (2), and nobody else.
    pub(crate) fn new() -> School {
        let mut school = School(json!({
            "format": "zvonok.roster/1",
            "orgs": [{"sourcedId": "s", "name": "Школа", "type": "school"}],
            "users": [], "roles": [], "classes": [], "enrollments": [],
        }));
        school.person(1, "teacher");
        school.person(2, "teacher");
        school.row(
            "roles",
            json!({"sourcedId": "lead", "userSourcedId": "p1", "role": "principal",
            "orgSourcedId": "s", "metadata": {"positionLevel": "Руководитель 1 уровня"}}),
        );
        school
    }

    /// With classes `a`, `b`, … of so many students: 100, 101, … in the first, 200, … in the next.
    /// The parent of student 101 is 151.
    pub(crate) fn with_classes(sizes: &[u32]) -> School {
        let mut school = School::new();
        for (at, size) in sizes.iter().enumerate() {
            let letter = char::from(b'a' + at as u8);
            school.class(&letter.to_string(), 2);
            for n in 0..*size {
                school.student(100 * (at as u32 + 1) + n, &letter.to_string());
            }
        }
        school
    }

    pub(crate) fn row(&mut self, table: &str, row: Value) -> &mut School {
        self.0[table].as_array_mut().expect("a table").push(row);
        self
    }

    pub(crate) fn person(&mut self, n: u32, role: &str) -> &mut School {
        self.row(
            "users",
            json!({"sourcedId": format!("p{n}"), "givenName": format!("Имярек{n}"),
                "familyName": format!("Фамильев{n}"), "phone": format!("+7900000{n:04}"),
                "email": format!("post{n}@example.org"),
                "userIds": [{"type": "vk", "identifier": account(n).to_string()}]}),
        );
        self.row(
            "roles",
            json!({"sourcedId": format!("r{n}"), "userSourcedId": format!("p{n}"), "role": role,
                "orgSourcedId": "s"}),
        )
    }

    pub(crate) fn class(&mut self, id: &str, teacher: u32) -> &mut School {
        self.row(
            "classes",
            json!({"sourcedId": id, "title": format!("1{id}"), "classType": "homeroom",
                "schoolSourcedId": "s",
                "metadata": {"classTeacherSourcedId": format!("p{teacher}")}}),
        )
    }

    /// A student with a parent whose number is greater by 50.
    pub(crate) fn student(&mut self, n: u32, class: &str) -> &mut School {
        self.person(n, "student");
        self.person(n + 50, "parent");
        self.user(n)["agentSourcedIds"] = json!([format!("p{}", n + 50)]);
        self.row(
            "enrollments",
            json!({"sourcedId": format!("e{n}"), "classSourcedId": class,
                "userSourcedId": format!("p{n}"), "role": "student"}),
        )
    }

    pub(crate) fn user(&mut self, n: u32) -> &mut Value {
        self.find("users", &format!("p{n}"))
    }

    pub(crate) fn find(&mut self, table: &str, id: &str) -> &mut Value {
        let rows = self.0[table].as_array_mut().expect("a table");
        rows.iter_mut().find(|row| row["sourcedId"] == id).expect("a row")
    }

    /// The student leaves the school; the parent stays a user.
    pub(crate) fn expel(&mut self, n: u32) -> &mut School {
        self.drop("enrollments", |row| row["userSourcedId"] == format!("p{n}"))
    }

    pub(crate) fn drop(&mut self, table: &str, gone: impl Fn(&Value) -> bool) -> &mut School {
        self.0[table].as_array_mut().expect("a table").retain(|row| !gone(row));
        self
    }
}
