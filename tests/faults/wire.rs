//! Lost, cut and foreign answers, for each method in turn.

use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::{Value, json};
use zvonok::error::Code;

use crate::pupils::School;
use crate::rig::{Rig, World, at, count};

const AT_ONCE: usize = 6;

fn before() -> Value {
    School::with_classes(&[4, 3]).0
}

/// Somebody is removed, somebody added, somebody becomes admin, a chat gets another title.
fn after() -> Value {
    let mut school = School::with_classes(&[4, 3]);
    school.expel(100);
    school.student(210, "b");
    school.person(3, "teacher");
    school.find("classes", "a")["title"] = json!("2a");
    school.find("classes", "b")["metadata"]["classTeacherSourcedId"] = json!("p3");
    school.0
}

fn deeds() -> Vec<Value> {
    vec![
        json!({"do": "drop_before"}),
        json!({"do": "drop_after"}),
        json!({"do": "truncate"}),
        json!({"do": "http_500"}),
        json!({"do": "http_500", "applied": true}),
        json!({"do": "html", "applied": true}),
        json!({"do": "error", "code": 10}),
        json!({"do": "error", "code": 1}),
    ]
}

/// The faults strike in the first cycle or on the day of changes.
#[derive(Debug, Clone)]
struct Case {
    later: bool,
    faults: Vec<(Value, Value)>,
}

fn cases() -> Vec<Case> {
    let first = [("messages.createChat", 1), ("messages.createChat", 3), ("execute", 1)];
    let first = first.into_iter().chain([("execute", 2), ("messages.addChatUser", 3)]);
    let first = first.chain([("messages.getInviteLink", 2), ("messages.setMemberRole", 1)]);
    let first = first.chain([("messages.getConversationMembers", 1), ("groups.getById", 1)]);
    let later = ["messages.removeChatUser", "messages.setMemberRole", "messages.editChat"];
    let later = later.into_iter().chain(["messages.addChatUser", "execute"]);
    let one = |later: bool, method: &str, nth: usize, deed: &Value| Case {
        later,
        faults: vec![(json!({"method": method, "nth": nth}), deed.clone())],
    };
    let mut cases = Vec::new();
    for deed in &deeds() {
        cases.extend(first.clone().map(|(method, nth)| one(false, method, nth, deed)));
        cases.extend(later.clone().map(|method| one(true, method, 1, deed)));
        // The answer of a making is lost, and then the looking up of what was made fails too, in
        // this cycle and in the next.
        for look_up in ["messages.getConversationsById", "messages.getConversationMembers"] {
            let lost =
                (json!({"method": "messages.createChat", "nth": 1}), json!({"do": "drop_after"}));
            let fails = (json!({"method": look_up, "count": 10}), deed.clone());
            cases.push(Case { later: false, faults: vec![lost, fails] });
        }
    }
    cases
}

fn undisturbed(later: bool) -> World {
    let mut rig = Rig::new();
    rig.expect(Code::Ok, &before(), &at(1, "09:00"));
    if later {
        rig.expect(Code::Ok, &after(), &at(2, "09:00"));
    }
    rig.world()
}

fn survives(case: &Case, expected: &World) {
    let mut rig = Rig::new();
    let (roster, day) = if case.later { (after(), 2) } else { (before(), 1) };
    if case.later {
        rig.expect(Code::Ok, &before(), &at(1, "09:00"));
    }
    for (matching, deed) in &case.faults {
        rig.fault(matching.clone(), deed.clone());
    }
    let mut codes = Vec::new();
    for hour in 9..13 {
        let told = rig.sync(&roster, &at(day, &format!("{hour:02}:00")));
        let code = told.as_ref().map_or_else(|error| error.code, |told| told.0);
        codes.push(code);
        if code == Code::Ok {
            break;
        }
    }
    assert_eq!(codes.last(), Some(&Code::Ok), "{case:?}: {codes:?}\n{}", rig.log.lock().unwrap());
    assert_eq!(&rig.world(), expected, "{case:?}: {codes:?}\n{}", rig.log.lock().unwrap());
    let open = "SELECT count(*) FROM journal WHERE result IS NULL";
    assert_eq!(count(&rig.state_file(), open), 0, "{case:?}");
    rig.reset_counters();
    rig.expect(Code::Ok, &roster, &at(day, "13:30"));
    assert_eq!(rig.changing(), 0, "{case:?}");
}

#[test]
fn no_lost_answer_loses_or_doubles_anything() {
    let expected = [undisturbed(false), undisturbed(true)];
    let (cases, next) = (cases(), AtomicUsize::new(0));
    let work = || {
        while let Some(case) = cases.get(next.fetch_add(1, Ordering::SeqCst)) {
            survives(case, &expected[usize::from(case.later)]);
        }
    };
    std::thread::scope(|scope| {
        let workers: Vec<_> = (0..AT_ONCE).map(|_| scope.spawn(work)).collect();
        let failed = workers.into_iter().filter_map(|worker| worker.join().err()).count();
        assert_eq!(failed, 0, "of {AT_ONCE} workers, each ending at its first failure");
    });
}
