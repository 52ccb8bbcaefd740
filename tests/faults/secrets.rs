//! Neither the token nor anybody's name, phone or e-mail is in anything that stays.

use serde_json::json;

use crate::pupils::{School, account};
use crate::rig::{Rig, at};

const TOKEN: &str = "vk1.a.Very-Secret-Token-0123456789";

/// Everything that a host gets to see or finds on its disk after `rig` was at work.
struct Traces(Vec<(String, String)>);

impl Traces {
    fn of(rig: &Rig, told: Vec<String>) -> Traces {
        let mut traces: Vec<_> = told.into_iter().map(|text| ("told".to_owned(), text)).collect();
        traces.push(("log".to_owned(), rig.log.lock().unwrap().clone()));
        for entry in std::fs::read_dir(rig.folder.path()).unwrap() {
            let path = entry.unwrap().path();
            let bytes = std::fs::read(&path).unwrap();
            let text = String::from_utf8_lossy(&bytes).into_owned();
            traces.push((path.display().to_string(), text));
        }
        Traces(traces)
    }

    fn lack(&self, what: &str) {
        for (place, text) in &self.0 {
            if let Some(found) = text.find(what) {
                let end = text.ceil_char_boundary((found + 200).min(text.len()));
                let begin = text.floor_char_boundary(found.saturating_sub(200));
                panic!("{what} in {place}: …{}…", &text[begin..end]);
            }
        }
    }

    fn have(&self, what: &str) -> bool {
        self.0.iter().any(|(_, text)| text.contains(what))
    }
}

#[test]
fn names_phones_mail_and_the_token_are_nowhere() {
    let mut school = School::with_classes(&[6, 6]);
    let mut rig = Rig::with(&["--mode", "partner", "--token", TOKEN]);
    let mut told = Vec::new();
    rig.messenger.does("people", json!({"id": account(101), "privacy": true}));
    let faults = [
        ("messages.createChat", json!({"do": "drop_after"})),
        ("execute", json!({"do": "truncate"})),
        (
            "messages.setMemberRole",
            json!({"do": "error", "code": 15, "message": format!("{TOKEN}?")}),
        ),
        ("messages.getInviteLink", json!({"do": "html"})),
    ];
    for (method, deed) in faults {
        rig.fault(json!({"method": method, "nth": 2}), deed);
    }
    for hour in 9..12 {
        let told_now = rig.sync_with(
            &school.0,
            &at(1, &format!("{hour}:00")),
            json!({"detail": "operations"}),
        );
        told.push(format!("{told_now:?}"));
    }
    // Rows that point nowhere, a roster that is refused, a token that is dead, a hold.
    school.drop("users", |row| row["sourcedId"] == "p103");
    told.push(format!("{:?}", rig.sync(&school.0, &at(1, "13:00"))));
    let mut bad = school.0.clone();
    bad["users"][3]["sourcedId"] = bad["users"][4]["sourcedId"].clone();
    bad["users"][5]["enabledUser"] = json!("maybe");
    told.push(format!("{:?}", rig.sync(&bad, &at(1, "13:10"))));
    for n in 200..206 {
        school.expel(n);
    }
    told.push(format!("{:?}", rig.sync(&school.0, &at(1, "13:20"))));
    rig.messenger.does("token", json!({"token": "another"}));
    rig.reopen();
    school.student(120, "a");
    told.push(format!("{:?}", rig.sync(&school.0, &at(1, "13:30"))));
    let traces = Traces::of(&rig, told);
    assert!(traces.have("class:a") && traces.have(&account(100).to_string()));
    for n in [1, 2, 100, 101, 103, 150, 153, 200] {
        traces.lack(&format!("Имярек{n}"));
        traces.lack(&format!("+7900000{n:04}"));
        traces.lack(&format!("post{n}@example.org"));
    }
    for what in ["Фамильев", "@example.org", "+7900000", TOKEN, "Secret-Token"] {
        traces.lack(what);
    }
}
