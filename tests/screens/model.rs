//! Orders and changes of the roster in any order, beside a second, plainly written idea of what
//! they come to: who is in and who administers, in an automatic chat whose changes are kept, and
//! in one made by hand.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use crate::college::{curator, next, started};
use crate::school_day::Place;
use crate::screen::{ADMIN, big_college, does, makes};
use crate::tiny::{add, enrolled, row};

const PEOPLE: [&str; 7] = [
    "child-200",
    "child-201",
    "child-202",
    "student-210",
    "teacher-110",
    "teacher-111",
    "teacher-112",
];
const STEPS: usize = 30;

/// A generator that is the same everywhere.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % sides
    }

    fn person(&mut self) -> &'static str {
        PEOPLE[self.roll(PEOPLE.len())]
    }
}

/// What the school's data says.
#[derive(Default)]
struct Rule {
    students: BTreeSet<&'static str>,
    curators: BTreeSet<&'static str>,
    absent: BTreeSet<&'static str>,
}

impl Rule {
    /// The children are in no other class: without theirs they are no students of the college.
    fn knows(&self, who: &str) -> bool {
        let placed = !who.starts_with("child") || self.students.contains(who);
        placed && !self.absent.contains(who)
    }
}

/// One chat: what is wanted by hand of each person.
#[derive(Default)]
struct Chat {
    automatic: bool,
    member: BTreeMap<&'static str, bool>,
    admin: BTreeMap<&'static str, bool>,
}

impl Chat {
    fn is_in(&self, rule: &Rule, who: &str) -> bool {
        let by_hand = self.member.get(who).copied();
        rule.knows(who) && by_hand.unwrap_or_else(|| self.by_rule(rule, who))
    }

    fn administers(&self, rule: &Rule, who: &str) -> bool {
        let by_hand = self.admin.get(who).copied();
        self.is_in(rule, who) && by_hand.unwrap_or_else(|| self.leads(rule, who))
    }

    fn by_rule(&self, rule: &Rule, who: &str) -> bool {
        let named = rule.students.contains(who) || rule.curators.contains(who);
        self.automatic && named && !rule.absent.contains(who)
    }

    fn leads(&self, rule: &Rule, who: &str) -> bool {
        self.automatic && rule.curators.contains(who) && !rule.absent.contains(who)
    }

    fn order(&mut self, rule: &Rule, method: &str, who: &'static str) {
        let inside = self.is_in(rule, who);
        match method {
            "members.add" => drop(self.member.insert(who, true)),
            "members.remove" => {
                self.admin.remove(who);
                self.member.insert(who, false);
            }
            "admins.grant" => {
                if !inside {
                    self.member.insert(who, true);
                }
                self.admin.insert(who, true);
            }
            _ => drop(self.admin.insert(who, false)),
        }
        self.settle(rule);
    }

    /// What says the same as the school's data is forgotten, and so are rights of who is out.
    fn settle(&mut self, rule: &Rule) {
        for who in PEOPLE {
            let (by_rule, leads) = (self.by_rule(rule, who), self.leads(rule, who));
            if self.member.get(who) == Some(&by_rule) {
                self.member.remove(who);
            }
            let out = rule.knows(who) && !self.is_in(rule, who);
            if self.admin.get(who) == Some(&leads) || out {
                self.admin.remove(who);
            }
        }
    }
}

fn agree(place: &Place, key: &str, chat: &Chat, rule: &Rule, step: &str) {
    let account = |who: &&str| who.rsplit_once('-').unwrap().1.to_owned();
    let set = |is: &dyn Fn(&str) -> bool| -> BTreeSet<String> {
        PEOPLE.iter().filter(|who| is(who)).map(account).collect()
    };
    let seen = place.seen(key);
    assert_eq!(seen.members, set(&|who| chat.is_in(rule, who)), "members of {key} after {step}");
    assert_eq!(
        seen.admins,
        set(&|who| chat.administers(rule, who)),
        "admins of {key} after {step}"
    );
}

/// Changes the school's data about somebody.
fn change(roster: &mut Value, rule: &mut Rule, who: &'static str, dice: &mut Dice) -> String {
    let toggle = |set: &mut BTreeSet<&'static str>| {
        let is = set.insert(who);
        if !is {
            set.remove(who);
        }
        is
    };
    if dice.roll(3) == 0 {
        let absent = toggle(&mut rule.absent);
        row(roster, "users", who)["enabledUser"] = json!(!absent);
        return format!("{who} absent: {absent}");
    }
    let teacher = who.starts_with("teacher");
    let set = if teacher { &mut rule.curators } else { &mut rule.students };
    let is = toggle(set);
    let new = if teacher { curator("7a", who) } else { enrolled("7a", who, "student") };
    if is {
        add(roster, "enrollments", new);
    } else {
        let id = new["sourcedId"].clone();
        roster["enrollments"].as_array_mut().unwrap().retain(|row| row["sourcedId"] != id);
    }
    format!("{who} in the class: {is}")
}

fn walk(profile: &str, seed: u64) {
    let mut dice = Dice(seed);
    let config = json!({"guard": {"minimum": 1000}});
    let mut place = started(profile, big_college(), config);
    let mut rule = Rule {
        students: ["child-200", "child-201", "child-202"].into(),
        curators: ["teacher-110"].into(),
        absent: BTreeSet::new(),
    };
    let mut made = Chat::default();
    let order = json!({"title": "Кружок", "members": ["child-200"], "admins": ["teacher-112"]});
    let key = makes(&mut place, ADMIN, order);
    made.member = [("child-200", true), ("teacher-112", true)].into();
    made.admin = [("teacher-112", true)].into();
    let class = Chat { automatic: true, ..Chat::default() };
    let mut chats = [("class:7a".to_owned(), class), (key, made)];
    for step in 0..STEPS {
        let who = dice.person();
        let told = if dice.roll(5) < 2 {
            let told = change(&mut place.roster, &mut rule, who, &mut dice);
            next(&mut place);
            chats.iter_mut().for_each(|(_, chat)| chat.settle(&rule));
            told
        } else if !rule.knows(who) {
            continue;
        } else {
            let methods = ["members.add", "members.remove", "admins.grant", "admins.revoke"];
            let method = methods[dice.roll(4)];
            let (key, chat) = &mut chats[dice.roll(2)];
            does(&mut place, ADMIN, method, json!({"chat": key, "people": [who]}));
            chat.order(&rule, method, who);
            format!("{method} {who} in {key}")
        };
        for (key, chat) in &chats {
            agree(
                &place,
                key,
                chat,
                &rule,
                &format!("step {step} of walk {seed}, {profile}: {told}"),
            );
        }
    }
}

fn walks(profile: &str) {
    std::thread::scope(|scope| {
        let walks: Vec<_> = (1..=6).map(|seed| scope.spawn(move || walk(profile, seed))).collect();
        walks.into_iter().for_each(|walk| walk.join().expect("no walk goes astray"));
    });
}

#[test]
fn orders_and_changes_of_the_roster_come_to_what_a_plain_reading_says() {
    walks("oneroster");
}

#[test]
fn a4_orders_and_changes_of_the_roster_come_to_what_a_plain_reading_says_in_ais_poo() {
    walks("ais_poo");
}
