//! The plan of a new school year, as the person reads it who lets it go.

use super::School;

#[test]
fn a_whole_school_that_goes_up_is_read_at_a_glance() {
    let school = School::new();
    school.sync("roster.json", 9, &[]);
    school.make("year.json", &["next-school-year"]);
    let plan = ["plan", "--lang", "ru", "--now", "2027-09-01T09:00:00+03:00"];
    let plan = school.with_roster(&plan, "year.json");
    plan.says(
        plan.code,
        &[
            "Получают другое название: 2\n",
            "  6А - Чат учеников → 7А - Чат учеников\n",
            "Закрываются (в архив): ",
            "  11А - Родительский чат",
            "Создаются: 2\n",
            "  1А - Чат учеников\n",
        ],
    );
    let small = ["plan", "--lang", "ru", "--now", "2026-09-01T10:00:00+03:00"];
    school.make("changed.json", &["rename-class"]);
    let small = school.with_roster(&small, "changed.json");
    assert!(!small.out.contains("Получают другое название"), "{}", small.out);
}

/// Whoever goes to another class is counted from chat to chat.
#[test]
fn who_moves_where_is_told_with_a_plan_and_only_with_one() {
    let school = School::new();
    school.make("moved.json", &["move-student"]);
    let report = school.sync("roster.json", 9, &["--json"]).json(0);
    assert!(report["plan"].get("moves").is_none(), "only a plan is summed up");
    let plan = ["plan", "--json", "--now", "2026-09-01T11:00:00+03:00"];
    let plan = school.with_roster(&plan, "moved.json").json(0);
    let moves = plan["plan"]["moves"].as_array().unwrap();
    assert!(moves.iter().any(|row| row["people"] == 1), "{moves:?}");
    for row in moves {
        let kind = |end: &str| row[end].as_str().unwrap().split_once(':').unwrap().0.to_owned();
        assert_eq!(kind("from"), kind("to"), "{row}");
    }
}
