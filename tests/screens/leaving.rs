//! Who unlinks is out of every chat at once, whatever the roster lacks.

use serde_json::{Value, json};

use crate::college::{everywhere, holds, link, next, started};
use crate::screen::big_college;

/// The export of a system that has lost a group: its row and those that name it.
fn without_group(roster: &mut Value) {
    let classes = roster["classes"].as_array_mut().unwrap();
    classes.retain(|class| class["sourcedId"] != "7a");
    let rows = roster["enrollments"].as_array_mut().unwrap();
    rows.retain(|row| row["classSourcedId"] != "7a");
}

#[test]
fn a9_unlinking_takes_a_person_also_out_of_the_chats_of_a_group_that_the_export_lacks() {
    let mut place = started("ais_poo", big_college(), json!({}));
    let whole = place.roster.clone();
    without_group(&mut place.roster);
    next(&mut place);
    assert!(everywhere(&place, "200").contains(&"class:7a".to_owned()));
    let told = link(&mut place, "child-200", None);
    assert_eq!(told["pending"], false, "{told:#}");
    assert_eq!(everywhere(&place, "200"), [""; 0]);
    holds(&place, "class:7a", &["110", "201", "202"], &["110"]);
    link(&mut place, "child-201", Some("1201"));
    assert_eq!(everywhere(&place, "201"), [""; 0], "the account that was replaced");
    assert_eq!(everywhere(&place, "1201"), [""; 0], "nobody new comes in meanwhile");
    link(&mut place, "child-202", Some("202"));
    next(&mut place);
    holds(&place, "class:7a", &["110", "202"], &["110"]);
    place.roster = whole;
    next(&mut place);
    holds(&place, "class:7a", &["110", "1201", "202"], &["110"]);
}
