//! Whose accounts whom may link and unlink, where a session serves several schools.

use serde_json::json;

use crate::schools::two_schools;
use crate::screen::{ADMIN, denied, does};
use crate::tiny::{add, enrolled, person};

#[test]
fn a_child_whom_only_a_class_names_is_of_the_school_of_that_class() {
    let mut roster = two_schools();
    add(&mut roster, "users", person("pupil-402"));
    add(&mut roster, "enrollments", enrolled("7a", "pupil-402", "student"));
    let mut place = crate::college::started("oneroster", roster, json!({}));
    let link = json!({"person": "pupil-402", "platform": "vk", "account": "777"});
    let unlink = json!({"person": "pupil-402", "platform": "vk"});
    let about = json!({"person": "pupil-402"});
    for (method, params) in [
        ("accounts.link", link.clone()),
        ("accounts.unlink", unlink.clone()),
        ("accounts.status", about.clone()),
        ("accounts.invite", unlink.clone()),
    ] {
        denied(&mut place, "alien-400", method, params);
    }
    does(&mut place, ADMIN, "accounts.link", link);
    assert_eq!(does(&mut place, "pupil-402", "accounts.status", about)["person"], "pupil-402");
    does(&mut place, "pupil-402", "accounts.unlink", unlink);
}

#[test]
fn the_account_of_somebody_of_no_school_is_changed_by_who_rules_in_all_of_them() {
    let mut roster = two_schools();
    add(&mut roster, "users", person("visitor-403"));
    let mut place = crate::college::started("oneroster", roster.clone(), json!({}));
    let link = json!({"person": "visitor-403", "platform": "vk", "account": "777"});
    for actor in ["alien-400", ADMIN] {
        denied(&mut place, actor, "accounts.link", link.clone());
        // Nobody learns here who exists.
        denied(&mut place, actor, "accounts.status", json!({"person": "no-such"}));
    }
    does(&mut place, "visitor-403", "accounts.link", link.clone());
    does(
        &mut place,
        "system",
        "accounts.unlink",
        json!({"person": "visitor-403", "platform": "vk"}),
    );
    let mut held = crate::tiny::role("alien-400", "siteAdministrator");
    held["sourcedId"] = json!("in-both");
    add(&mut roster, "roles", held);
    place.roster = roster;
    crate::college::next(&mut place);
    does(&mut place, "alien-400", "accounts.link", link);
}

#[test]
fn a_child_who_went_from_one_school_to_the_other_is_of_the_one_that_has_them_now() {
    let mut roster = two_schools();
    let mut class = crate::tiny::row(&mut roster, "classes", "8b").clone();
    (class["sourcedId"], class["schoolSourcedId"]) = (json!("9c"), json!("second"));
    add(&mut roster, "classes", class);
    crate::tiny::row(&mut roster, "roles", "role-student-211-student")["endDate"] =
        json!("2026-08-31");
    crate::tiny::drop_row(&mut roster, "enrollments", "8b-student-211-student");
    add(&mut roster, "enrollments", enrolled("9c", "student-211", "student"));
    let mut place = crate::college::started("oneroster", roster, json!({}));
    denied(&mut place, ADMIN, "accounts.status", json!({"person": "student-211"}));
    does(&mut place, "alien-400", "accounts.status", json!({"person": "student-211"}));
}
